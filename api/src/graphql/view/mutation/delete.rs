//! `viewDelete`.

use async_graphql::{Context, ID, InputObject, Object, Result};
use finbridge_domain::NodeKind;

use crate::graphql::context::{self, Asked, uuid};
use crate::graphql::error::payload;
use crate::service::view::write;

/// Which view to remove.
#[derive(InputObject)]
pub struct ViewDeleteInput {
    /// Which view.
    id: ID,
    /// The version that is to be removed; refused with VERSION_CONFLICT when the view has a newer one.
    version: Option<i32>,
}

payload! {
    /// What came of removing a view.
    ViewDeletePayload {
        /// Id of the view that was removed; null when there are user errors.
        deleted_view: ID
    }
}

/// `viewDelete`.
#[derive(Default)]
pub struct ViewDelete;

#[Object]
impl ViewDelete {
    /// Removes a view for good; the records in it stay. Refused with VIEW_IN_USE while a sync is limited by it. For its owner;
    /// shared views also for administrators.
    async fn view_delete(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which view to remove.")] input: ViewDeleteInput,
    ) -> Result<Option<ViewDeletePayload>> {
        let id = uuid(NodeKind::View, &input.id)?;
        let deleted = write::delete(ctx.services()?, id, input.version.map(i64::from)).await;
        ViewDeletePayload::of(deleted, |uuid| context::id(NodeKind::View, uuid)).map(Some)
    }
}
