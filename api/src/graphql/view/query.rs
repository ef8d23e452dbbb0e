//! Reading views.

use async_graphql::{Context, ID, Object, Result};
use finbridge_domain::NodeKind;

use super::View;
use super::field::ViewField;
use crate::graphql::context::{Asked, uuid};
use crate::graphql::error::top_level;
use crate::graphql::record::RecordType;
use crate::service::view;

/// Reading views.
#[derive(Default)]
pub struct ViewQuery;

#[Object]
impl ViewQuery {
    /// The views on one kind of record: the predefined ones, then shared ones and the viewer's own by name. At most 200, so
    /// they come without pages.
    async fn views(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "On which kind of record.")] record_type: RecordType,
    ) -> Result<Option<Vec<View>>> {
        let views = view::list(ctx.services()?, record_type.into()).await.map_err(top_level)?;
        Ok(Some(views.into_iter().map(View::from).collect()))
    }

    /// The view of this id; null when there is none in this organization, or it is somebody else's and not shared.
    async fn view(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Id of a view.")] id: ID,
    ) -> Result<Option<View>> {
        let view = view::find(ctx.services()?, uuid(NodeKind::View, &id)?).await.map_err(top_level)?;
        Ok(view.map(View::from))
    }

    /// What criteria on one kind of record can be about, the organization's own fields last: all that an editor of views
    /// needs to know. At most some 250, so they come without pages.
    async fn view_fields(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "On which kind of record.")] record_type: RecordType,
    ) -> Result<Option<Vec<ViewField>>> {
        let fields = view::fields(ctx.services()?, record_type.into()).await.map_err(top_level)?;
        Ok(Some(fields.into_iter().map(ViewField::from).collect()))
    }
}
