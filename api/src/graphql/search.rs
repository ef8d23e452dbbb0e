//! Searching records of every kind by name.

use async_graphql::{Context, Object, Result};

use super::connection::Count;
use super::context::Asked;
use super::error::top_level;
use super::record::{CrmRecord, RecordType};
use crate::service::page::Page;
use crate::service::search::find::Search;

super::connection::connection!(SearchConnection, SearchEdge, CrmRecord, CrmRecord, "records that were found");

/// Searching.
#[derive(Default)]
pub struct SearchQuery;

#[Object]
impl SearchQuery {
    /// Records whose names have, for every word of the query, a word that begins with it. Letter case does not matter, nor
    /// does the order of the words. Names that begin with the whole query come first, by name, so that an exact name is at
    /// the top; then the others, those with the whole word before those in which it goes on. Deleted records are not found.
    async fn search(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to look for: 1 to 10 beginnings of words, 200 characters in all.")]
        query: String,
        #[graphql(
            desc = "Only records of these kinds; of every kind when not given.",
            validator(min_items = 1, max_items = 5)
        )]
        types: Option<Vec<RecordType>>,
        #[graphql(desc = "So many from the start; 1 to 100, 25 when not given.")] first: Option<i32>,
        #[graphql(desc = "Only records after this cursor, which is of the same query.")] after: Option<
            String,
        >,
    ) -> Result<Option<SearchConnection>> {
        let services = ctx.services()?;
        let types: Vec<_> = types.unwrap_or_default().into_iter().map(Into::into).collect();
        let search = Search::new(&query, &types).map_err(top_level)?;
        let page = search.page(services, first, after.as_deref()).await.map_err(top_level)?;
        let records = page.rows.into_iter().map(async |(cursor, found)| {
            let record = CrmRecord::load(ctx, found.record_type, found.id).await?;
            Ok::<_, async_graphql::Error>(record.map(|record| (cursor, record)))
        });
        let records = futures::future::try_join_all(records).await?;
        let page = Page {
            // One that was deleted since it was found is left out.
            rows: records.into_iter().flatten().collect(),
            has_next: page.has_next,
            has_previous: page.has_previous,
        };
        let services = services.clone();
        let count = Count::new(move || {
            let (services, search) = (services.clone(), search.clone());
            async move { search.count(&services).await }
        });
        Ok(Some(SearchConnection::new(page, count)))
    }
}
