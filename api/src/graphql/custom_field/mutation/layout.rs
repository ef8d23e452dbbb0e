//! `layoutCreate`, `layoutUpdate`, `layoutDelete`.

use async_graphql::{Context, ID, InputObject, Object, Result};
use finbridge_domain::NodeKind;

use crate::graphql::context::{self, Asked, uuid};
use crate::graphql::custom_field::Layout;
use crate::graphql::error::payload;
use crate::graphql::record::RecordType;
use crate::service::idempotency::Idempotency;
use crate::service::layout::{self, NewLayout};

/// What a layout is made of.
#[derive(InputObject)]
pub struct LayoutCreateInput {
    /// Which records can have it.
    record_type: RecordType,
    /// Name; no two layouts of a kind of record have the same.
    name: String,
    /// The custom fields that it shows, in this order.
    #[graphql(validator(max_items = 200))]
    field_ids: Vec<ID>,
    /// A text of your choice, such as a UUID, under which the same request can be sent again without a second effect, for 24
    /// hours. The same key with another input is refused.
    idempotency_key: Option<String>,
}

payload! {
    /// What came of making a layout.
    LayoutCreatePayload {
        /// The new layout; null when there are user errors.
        layout: Layout
    }
}

/// What changes in a layout: members that are left out stay as they are.
#[derive(InputObject)]
pub struct LayoutUpdateInput {
    /// Which layout.
    id: ID,
    /// The version the change is based on; refused with VERSION_CONFLICT when the layout has a newer one.
    version: Option<i32>,
    /// Name; no two layouts of a kind of record have the same.
    name: Option<String>,
    /// The custom fields that it shows, in this order; they replace those it shows now.
    #[graphql(validator(max_items = 200))]
    field_ids: Option<Vec<ID>>,
}

payload! {
    /// What came of changing a layout.
    LayoutUpdatePayload {
        /// The layout as it is now; null when there are user errors.
        layout: Layout
    }
}

/// Which layout to remove.
#[derive(InputObject)]
pub struct LayoutDeleteInput {
    /// Which layout; not the standard one.
    id: ID,
    /// The version that is to be removed; refused with VERSION_CONFLICT when the layout has a newer one.
    version: Option<i32>,
}

payload! {
    /// What came of removing a layout.
    LayoutDeletePayload {
        /// Id of the layout that was removed; null when there are user errors.
        deleted_layout: ID
    }
}

/// Changing layouts.
#[derive(Default)]
pub struct LayoutMutation;

#[Object]
impl LayoutMutation {
    /// Makes a layout. For administrators.
    async fn layout_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What the layout is made of.")] input: LayoutCreateInput,
    ) -> Result<Option<LayoutCreatePayload>> {
        let new = NewLayout {
            idempotency: Idempotency::of("layoutCreate", input.idempotency_key.as_deref(), &input),
            record_type: input.record_type.into(),
            field_ids: fields(&input.field_ids)?,
            name: input.name,
        };
        LayoutCreatePayload::of(layout::create(ctx.services()?, new).await, Layout::from).map(Some)
    }

    /// Changes the name of a layout, or which fields it shows. What records hold in a field that it shows no more stays
    /// with them. For administrators.
    async fn layout_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which layout, and what changes.")] input: LayoutUpdateInput,
    ) -> Result<Option<LayoutUpdatePayload>> {
        let id = uuid(NodeKind::Layout, &input.id)?;
        let fields = input.field_ids.as_deref().map(fields).transpose()?;
        let version = input.version.map(i64::from);
        let services = ctx.services()?;
        let changed = layout::update(services, id, version, input.name.as_deref(), fields.as_deref()).await;
        LayoutUpdatePayload::of(changed, Layout::from).map(Some)
    }

    /// Removes a layout. Records that have it get the standard one. For administrators.
    async fn layout_delete(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which layout to remove.")] input: LayoutDeleteInput,
    ) -> Result<Option<LayoutDeletePayload>> {
        let id = uuid(NodeKind::Layout, &input.id)?;
        let deleted = layout::delete(ctx.services()?, id, input.version.map(i64::from)).await;
        LayoutDeletePayload::of(deleted, |uuid| context::id(NodeKind::Layout, uuid)).map(Some)
    }
}

fn fields(ids: &[ID]) -> Result<Vec<uuid::Uuid>> {
    ids.iter().map(|id| uuid(NodeKind::CustomField, id)).collect()
}
