//! Reading tags.

use async_graphql::{Context, InputObject, Object, Result};
use finbridge_entity::tag::Column;
use sea_orm::Condition;

use super::TagConnection;
use crate::graphql::connection::{Count, page_args};
use crate::graphql::context::Asked;
use crate::graphql::error::top_level;
use crate::graphql::filter::{Conditions, StringFilter, TextShape};
use crate::service::tag;

/// Which tags to list.
#[derive(InputObject, Debug, Clone, Default)]
pub struct TagFilter {
    /// What they say.
    name: Option<StringFilter>,
}

/// Reading tags.
#[derive(Default)]
pub struct TagQuery;

#[Object]
impl TagQuery {
    /// The tags of this organization, by name. A tag that is on no record any more stays until it is deleted.
    async fn tags(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the start; 1 to 100, 25 when neither `first` nor `last` is given.")]
        first: Option<i32>,
        #[graphql(desc = "Only records after this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end; 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only records before this cursor.")] before: Option<String>,
        #[graphql(desc = "Only tags for which all of this holds.")] filter: Option<TagFilter>,
    ) -> Result<Option<TagConnection>> {
        let services = ctx.services()?;
        let filter = filter.unwrap_or_default();
        let condition =
            Condition::all().text("name", Column::NameKey, TextShape::Key, filter.name.as_ref())?;
        let args = page_args(first, after, last, before);
        let page = tag::page(services, condition.clone(), &args).await.map_err(top_level)?;
        let services = services.clone();
        let count = Count::new(move || {
            let (services, condition) = (services.clone(), condition.clone());
            async move { tag::count(&services, condition).await }
        });
        Ok(Some(TagConnection::new(page, count)))
    }
}
