//! Acts that every kind of record has: delete, restore, and creates and updates of many at once.

/// Most records that one request creates or updates.
pub const MOST: usize = 100;

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
            /// One answer for each item, in the order of the input; an item with user errors does not stop the others.
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
                let mut results = Vec::with_capacity(wishes.len());
                for wish in wishes {
                    results.push($one(ctx, wish).await?);
                }
                Ok(Some($payload { results: Some(results), user_errors: Vec::new() }))
            }
        }
    };
}
pub(crate) use bulk;
