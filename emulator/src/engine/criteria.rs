//! The conditions that a list's parameters set.

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;

use crate::engine::reader::Reader;
use crate::engine::spec::Resource;
use crate::error::ApiError;
use crate::filter::{TextFilter, fold, limited};
use crate::format::parse_instant;
use crate::json::Json;
use crate::request::Query;
use crate::resource::custom_field;
use crate::store::record::Record;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Relation {
    Is,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
}

impl Relation {
    const OF_NUMBERS: [(&'static str, Self); 7] = [
        ("", Self::Is),
        ("_less_than", Self::Less),
        ("_less_equals", Self::LessEqual),
        ("_greater_than", Self::Greater),
        ("_greater_equals", Self::GreaterEqual),
        ("_start", Self::GreaterEqual),
        ("_end", Self::LessEqual),
    ];
    const OF_DATES: [(&'static str, Self); 5] = [
        ("", Self::Is),
        ("_start", Self::GreaterEqual),
        ("_end", Self::LessEqual),
        ("_before", Self::Less),
        ("_after", Self::Greater),
    ];

    fn holds<T: PartialOrd>(self, left: &T, right: &T) -> bool {
        match self {
            Self::Is => left == right,
            Self::Less => left < right,
            Self::LessEqual => left <= right,
            Self::Greater => left > right,
            Self::GreaterEqual => left >= right,
        }
    }
}

/// All conditions of one list call; a row must pass every one.
pub(crate) struct Criteria {
    pub(crate) texts: Vec<TextFilter>,
    numbers: Vec<(&'static str, Relation, Decimal)>,
    dates: Vec<(&'static str, Relation, NaiveDate)>,
    pub(crate) exact: Vec<(&'static str, String)>,
    search: Option<String>,
    status: Option<&'static str>,
    pub(crate) filter_by: &'static str,
    pub(crate) since: Option<DateTime<Utc>>,
}

impl Criteria {
    /// Reads the parameters. Errors: code 2 for a value that cannot be, 15 for a text that is too long.
    pub(crate) fn read(
        resource: &dyn Resource,
        query: &Query,
        reader: &Reader<'_>,
    ) -> Result<Self, ApiError> {
        let filters = &resource.spec().filters;
        let zone = reader.organization.zone();
        let since = query
            .get("last_modified_time")
            .map(|text| parse_instant(text, zone).ok_or_else(|| ApiError::invalid("last_modified_time")));
        let mut numbers = Vec::new();
        for &field in filters.numbers {
            for (suffix, relation) in Relation::OF_NUMBERS {
                let name = format!("{field}{suffix}");
                if let Some(text) = query.get(&name) {
                    let number = text.parse().map_err(|_| ApiError::invalid(&name))?;
                    numbers.push((field, relation, number));
                }
            }
        }
        let mut dates = Vec::new();
        for &field in filters.dates {
            for (suffix, relation) in Relation::OF_DATES {
                let name = format!("{field}{suffix}");
                if let Some(text) = query.get(&name) {
                    let day =
                        NaiveDate::parse_from_str(text, "%Y-%m-%d").map_err(|_| ApiError::invalid(&name))?;
                    dates.push((field, relation, day));
                }
            }
        }
        let mut texts = TextFilter::read(query, filters.texts)?;
        if !resource.spec().entity.is_empty() {
            texts.extend(TextFilter::read(query, &["custom_field"])?);
        }
        let exact = filters.exact.iter().filter_map(|name| Some((*name, query.get(name)?.to_owned())));
        Ok(Self {
            texts,
            numbers,
            dates,
            exact: exact.collect(),
            search: query.get("search_text").map(|it| limited("search_text", it).map(fold)).transpose()?,
            status: match query.get("status") {
                None => None,
                Some(word) if word.eq_ignore_ascii_case("all") => None,
                Some(word) => Some(known(filters.statuses, word, "status")?),
            },
            filter_by: match query.get("filter_by") {
                None => filters.filter_by.first().copied().unwrap_or("Status.All"),
                Some(name) => known(filters.filter_by, name, "filter_by")?,
            },
            since: since.transpose()?,
        })
    }

    /// Whether a record passes.
    pub(crate) fn pass(&self, resource: &dyn Resource, record: &Record, reader: &Reader<'_>) -> bool {
        self.since.is_none_or(|since| record.modified >= since)
            && self.exact.iter().all(|(name, wanted)| {
                is(&resource.show(name, record, reader), wanted)
                    || resource
                        .texts(name, record, reader)
                        .iter()
                        .any(|text| text.eq_ignore_ascii_case(wanted))
            })
            && self.numbers.iter().all(|(name, relation, wanted)| {
                let value = resource.show(name, record, reader).as_decimal();
                value.is_some_and(|value| relation.holds(&value, wanted))
            })
            && self.dates.iter().all(|(name, relation, wanted)| {
                day(resource, name, record, reader).is_some_and(|day| relation.holds(&day, wanted))
            })
            && self.status.is_none_or(|word| resource.has_status(word, record, reader))
            && resource.passes(self.filter_by, record, reader)
            && self.texts.iter().all(|filter| {
                let texts = match filter.field {
                    "custom_field" => custom_field::value::texts(record.list("custom_fields")),
                    name => resource.texts(name, record, reader),
                };
                filter.admits(texts.iter().map(String::as_str))
            })
            && self.search.as_ref().is_none_or(|needle| {
                resource.spec().filters.search.iter().any(|name| {
                    resource.texts(name, record, reader).iter().any(|text| fold(text).contains(needle))
                })
            })
    }

    /// Rows of `search_criteria` in the page context.
    pub(crate) fn searched(&self, query: &Query) -> Vec<Json> {
        let mut rows: Vec<Json> = self.texts.iter().map(TextFilter::criterion).collect();
        if let Some(search) = query.get("search_text") {
            rows.push(Json::object([
                ("column_name", "search_text".into()),
                ("search_text", search.into()),
                ("search_text_formatted", search.into()),
                ("comparator", "contains".into()),
            ]));
        }
        rows
    }
}

/// The spelling of `wanted` in a table, compared without case (code 2 when it is not there).
pub(crate) fn known(table: &[&'static str], wanted: &str, name: &str) -> Result<&'static str, ApiError> {
    table.iter().copied().find(|it| it.eq_ignore_ascii_case(wanted)).ok_or_else(|| ApiError::invalid(name))
}

fn is(value: &Json, wanted: &str) -> bool {
    match value {
        Json::Text(text) => text.eq_ignore_ascii_case(wanted),
        Json::Number(_) => value.as_decimal() == wanted.parse().ok(),
        Json::Bool(flag) => flag.to_string().eq_ignore_ascii_case(wanted),
        _ => false,
    }
}

/// The day of a date member; `created_date` and `created_time` are the day of creation in the organization's zone.
fn day(resource: &dyn Resource, name: &str, record: &Record, reader: &Reader<'_>) -> Option<NaiveDate> {
    if name == "created_date" {
        return Some(record.created.with_timezone(&reader.organization.zone()).date_naive());
    }
    match resource.show(name, record, reader) {
        Json::Text(text) => NaiveDate::parse_from_str(text.get(..10)?, "%Y-%m-%d").ok(),
        _ => None,
    }
}
