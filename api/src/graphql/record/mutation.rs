//! Acts that every kind of record has: delete, restore, and creates and updates of many at once.

use async_graphql::ID;
use finbridge_domain::NodeKind;

use crate::graphql::context::uuid;
use crate::service::record::merge::Wish;

/// Declares `…Delete` and `…Restore` of a kind of record.
macro_rules! delete_and_restore {
    ($name:literal, $entity:ident, $kind:ident, $type:ty, $gone:literal, $back:literal,
     $delete:ident { $delete_act:ident, $delete_input:ident, $delete_payload:ident, $deleted:ident },
     $restore:ident { $restore_act:ident, $restore_input:ident, $restore_payload:ident, $restored:ident }) => {
        #[doc = concat!("Which ", $name, " to delete.")]
        #[derive(async_graphql::InputObject)]
        pub struct $delete_input {
            #[doc = concat!("Which ", $name, ".")]
            id: async_graphql::ID,
            /// The version that is to be deleted; refused with VERSION_CONFLICT when the record has a newer one.
            version: Option<i32>,
        }

        $crate::graphql::error::payload! {
            #[doc = concat!("What came of deleting a ", $name, ".")]
            $delete_payload {
                #[doc = concat!("Id of the ", $name, " that was deleted; null when there are user errors.")]
                $deleted: async_graphql::ID
            }
        }

        #[doc = concat!("`", stringify!($delete_act), "`.")]
        #[derive(Default)]
        pub struct $delete;

        #[async_graphql::Object]
        impl $delete {
            #[doc = concat!("Deletes a ", $name, ". It can be restored. ", $gone)]
            async fn $delete_act(
                &self,
                ctx: &async_graphql::Context<'_>,
                #[graphql(desc = "Which record to delete.")] input: $delete_input,
            ) -> async_graphql::Result<Option<$delete_payload>> {
                use $crate::graphql::context::Asked as _;
                let id = $crate::graphql::context::uuid(finbridge_domain::NodeKind::$kind, &input.id)?;
                let result = $crate::service::record::write::delete::<finbridge_entity::$entity::Entity>(
                    ctx.services()?,
                    id,
                    input.version.map(i64::from),
                )
                .await;
                $delete_payload::of(result, |_| input.id).map(Some)
            }
        }

        #[doc = concat!("Which ", $name, " to restore.")]
        #[derive(async_graphql::InputObject)]
        pub struct $restore_input {
            #[doc = concat!("Which deleted ", $name, ".")]
            id: async_graphql::ID,
        }

        $crate::graphql::error::payload! {
            #[doc = concat!("What came of restoring a ", $name, ".")]
            $restore_payload {
                #[doc = concat!("The ", $name, " as it was; null when there are user errors.")]
                $restored: $type
            }
        }

        #[doc = concat!("`", stringify!($restore_act), "`.")]
        #[derive(Default)]
        pub struct $restore;

        #[async_graphql::Object]
        impl $restore {
            #[doc = concat!("Brings a deleted ", $name, " back with everything that it had. ", $back)]
            async fn $restore_act(
                &self,
                ctx: &async_graphql::Context<'_>,
                #[graphql(desc = "Which record to restore.")] input: $restore_input,
            ) -> async_graphql::Result<Option<$restore_payload>> {
                use $crate::graphql::context::Asked as _;
                let id = $crate::graphql::context::uuid(finbridge_domain::NodeKind::$kind, &input.id)?;
                let result = $crate::service::record::write::restore::<finbridge_entity::$entity::Entity>(
                    ctx.services()?,
                    id,
                )
                .await;
                $restore_payload::of(result, <$type>::from).map(Some)
            }
        }
    };
}
pub(crate) use delete_and_restore;

/// Declares `…BulkCreate` or `…BulkUpdate` of a kind of record: the single act, done for each item.
macro_rules! bulk {
    ($name:literal, $doc:literal, $field:ident: $item:ty, $one:path, $act_type:ident { $act:ident, $input:ident, $payload:ident -> $single:ty }) => {
        #[doc = concat!("The ", $name, " of one request.")]
        #[derive(async_graphql::InputObject)]
        pub struct $input {
            #[doc = concat!("The ", $name, ", 1 to 100.")]
            #[graphql(validator(min_items = 1, max_items = 100))]
            $field: Vec<$item>,
        }

        #[doc = concat!("What came of each of the ", $name, ".")]
        #[derive(async_graphql::SimpleObject)]
        pub struct $payload {
            /// One answer for each item, in the order of the input; an item with user errors does not stop the others. One that
            /// failed on our side has the user error FAILED.
            results: Option<Vec<$single>>,
            /// What is wrong with the request as a whole; always empty, because every item has its own.
            user_errors: Vec<$crate::service::UserError>,
        }

        #[doc = concat!("`", stringify!($act), "`.")]
        #[derive(Default)]
        pub struct $act_type;

        #[async_graphql::Object]
        impl $act_type {
            #[doc = $doc]
            async fn $act(
                &self,
                ctx: &async_graphql::Context<'_>,
                #[graphql(desc = "The items.")] input: $input,
            ) -> async_graphql::Result<Option<$payload>> {
                let wishes =
                    input.$field.into_iter().map(<$item>::read).collect::<async_graphql::Result<Vec<_>>>()?;
                use $crate::graphql::context::Asked as _;
                let services = ctx.services()?;
                let mut items = $crate::graphql::record::items::Items::default();
                let mut results = Vec::with_capacity(wishes.len());
                for wish in wishes {
                    let done = items.attempt($one(services, wish)).await;
                    results.push(<$single>::of(done, std::convert::identity)?);
                }
                Ok(Some($payload { results: Some(results), user_errors: Vec::new() }))
            }
        }
    };
}
pub(crate) use bulk;

/// Which records to merge, as the services take it.
///
/// # Errors
/// Ids of another kind.
pub fn merge_wish(
    kind: NodeKind,
    id: &ID,
    merged_ids: &[ID],
    version: Option<i32>,
) -> async_graphql::Result<Wish> {
    Ok(Wish {
        id: uuid(kind, id)?,
        merged_ids: merged_ids.iter().map(|id| uuid(kind, id)).collect::<async_graphql::Result<_>>()?,
        version: version.map(i64::from),
    })
}

/// Declares the input of `…Merge` of a kind of record.
macro_rules! merge_input {
    ($name:literal, $kind:ident, $input:ident) => {
        #[doc = concat!("Which ", $name, "s to merge.")]
        #[derive(async_graphql::InputObject)]
        pub struct $input {
            #[doc = concat!("The ", $name, " that stays.")]
            id: async_graphql::ID,
            #[doc = concat!("The ", $name, "s that go up in it, 1 to 10. Where several could fill an empty field, the first does.")]
            #[graphql(validator(min_items = 1, max_items = 10))]
            merged_ids: Vec<async_graphql::ID>,
            #[doc = concat!("The version of the ", $name, " that stays on which the merge is based; refused with VERSION_CONFLICT when it has a newer one.")]
            version: Option<i32>,
        }

        impl $input {
            fn read(&self) -> async_graphql::Result<$crate::service::record::merge::Wish> {
                $crate::graphql::record::mutation::merge_wish(
                    finbridge_domain::NodeKind::$kind,
                    &self.id,
                    &self.merged_ids,
                    self.version,
                )
            }
        }
    };
}
pub(crate) use merge_input;

/// Declares `…Merge` of a kind of record.
macro_rules! merge {
    ($name:literal, $entity:ident, $kind:ident, $type:ty, $doc:literal,
     $act_type:ident { $act:ident, $input:ident, $payload:ident }) => {
        $crate::graphql::record::mutation::merge_input!($name, $kind, $input);

        $crate::graphql::error::payload! {
            #[doc = concat!("What came of merging ", $name, "s.")]
            $payload {
                #[doc = concat!("The ", $name, " that stayed; null when there are user errors.")]
                $entity: $type
            }
        }

        #[doc = concat!("`", stringify!($act), "`.")]
        #[derive(Default)]
        pub struct $act_type;

        #[async_graphql::Object]
        impl $act_type {
            #[doc = $doc]
            async fn $act(
                &self,
                ctx: &async_graphql::Context<'_>,
                #[graphql(desc = "Which records to merge.")] input: $input,
            ) -> async_graphql::Result<Option<$payload>> {
                use $crate::graphql::context::Asked as _;
                use $crate::service::record::merge;
                let wish = input.read()?;
                let merged = merge::merge::<finbridge_entity::$entity::Entity>(ctx.services()?, &wish).await;
                $payload::of(merged, |merged| <$type>::from(merged.record)).map(Some)
            }
        }
    };
}
pub(crate) use merge;
