//! Reading custom fields and layouts.

use async_graphql::{Context, Object, Result};

use super::{CustomField, Layout};
use crate::graphql::context::Asked;
use crate::graphql::error::top_level;
use crate::graphql::record::RecordType;
use crate::service::{custom_field::definition, layout};

/// Reading custom fields and layouts.
#[derive(Default)]
pub struct CustomFieldQuery;

#[Object]
impl CustomFieldQuery {
    /// The organization's own fields on one kind of record, in their order; at most 200, so they come without pages.
    async fn custom_fields(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of which kind of record.")] record_type: RecordType,
    ) -> Result<Option<Vec<CustomField>>> {
        let fields = definition::list(ctx.services()?, record_type.into()).await.map_err(top_level)?;
        Ok(Some(fields.into_iter().map(CustomField::from).collect()))
    }

    /// The layouts of one kind of record, the standard one first. Empty until the first custom field is made.
    async fn layouts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of which kind of record.")] record_type: RecordType,
    ) -> Result<Option<Vec<Layout>>> {
        let layouts = layout::list(ctx.services()?, record_type.into()).await.map_err(top_level)?;
        Ok(Some(layouts.into_iter().map(Layout::from).collect()))
    }
}
