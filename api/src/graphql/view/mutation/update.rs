//! `viewUpdate`.

use async_graphql::{Context, ID, InputObject, Object, Result};
use finbridge_domain::NodeKind;

use crate::graphql::context::{Asked, uuid};
use crate::graphql::error::payload;
use crate::graphql::view::View;
use crate::graphql::view::criteria::ViewCriteriaInput;
use crate::service::view::write::{self, ViewChange};

/// What changes in a view: members that are left out stay as they are.
#[derive(InputObject)]
pub struct ViewUpdateInput {
    /// Which view.
    id: ID,
    /// The version the change is based on; refused with VERSION_CONFLICT when the view has a newer one.
    version: Option<i32>,
    /// Name; up to 250 characters.
    name: Option<String>,
    /// Which records are in it; replaces the criteria as a whole. A sync that is limited by the view goes by the new ones in
    /// its next plan.
    criteria: Option<ViewCriteriaInput>,
    /// Whether everybody in the organization sees it.
    is_shared: Option<bool>,
}

payload! {
    /// What came of changing a view.
    ViewUpdatePayload {
        /// The view as it is now; null when there are user errors.
        view: View
    }
}

/// `viewUpdate`.
#[derive(Default)]
pub struct ViewUpdate;

#[Object]
impl ViewUpdate {
    /// Changes a view. For its owner; shared views also for administrators. Predefined views stay as they are.
    async fn view_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which view, and what changes.")] input: ViewUpdateInput,
    ) -> Result<Option<ViewUpdatePayload>> {
        let id = uuid(NodeKind::View, &input.id)?;
        let change = ViewChange {
            version: input.version.map(i64::from),
            name: input.name,
            criteria: input.criteria.map(Into::into),
            is_shared: input.is_shared,
        };
        ViewUpdatePayload::of(write::update(ctx.services()?, id, change).await, View::from).map(Some)
    }
}
