//! Paging of lists.

use crate::error::ApiError;
use crate::json::Json;
use crate::request::Query;

/// The most rows one page may carry; larger wishes are cut down to it.
pub(crate) const MAX_PER_PAGE: usize = 200;

/// The effective page and page size, both from 1.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Page {
    pub(crate) page: usize,
    pub(crate) per_page: usize,
}

impl Page {
    /// Reads `page` and `per_page`. Zero counts as absent, because clients in production send `page=0`.
    pub(crate) fn read(query: &Query) -> Result<Self, ApiError> {
        let number = |name: &str| match query.get(name) {
            None => Ok(0),
            Some(text) => text.parse::<usize>().map_err(|_| ApiError::invalid(name)),
        };
        let per_page = match number("per_page")? {
            0 => MAX_PER_PAGE,
            wished => wished.min(MAX_PER_PAGE),
        };
        Ok(Self { page: number("page")?.max(1), per_page })
    }

    /// The rows of this page and whether more follow. A page beyond the end is empty, never an error.
    pub(crate) fn take<T>(self, rows: impl Iterator<Item = T>) -> (Vec<T>, bool) {
        let mut rows = rows.skip((self.page - 1).saturating_mul(self.per_page));
        let page: Vec<T> = rows.by_ref().take(self.per_page).collect();
        let more = rows.next().is_some();
        (page, more)
    }

    /// The `page_context` member; `extra` follows the three members every list has.
    pub(crate) fn context<const N: usize>(self, more: bool, extra: [(&str, Json); N]) -> Json {
        let mut members = vec![
            ("page".to_owned(), Json::Number(self.page.to_string())),
            ("per_page".to_owned(), Json::Number(self.per_page.to_string())),
            ("has_more_page".to_owned(), more.into()),
        ];
        members.extend(extra.into_iter().map(|(name, value)| (name.to_owned(), value)));
        Json::Object(members)
    }
}
