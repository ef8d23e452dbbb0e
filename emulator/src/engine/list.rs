//! Lists: candidates from the narrowest index, conditions, order, pages.

use std::sync::Arc;

use rust_decimal::Decimal;

use crate::auth::Context;
use crate::engine::criteria::{Criteria, known};
use crate::engine::reader::Reader;
use crate::engine::spec::Resource;
use crate::envelope::Reply;
use crate::error::ApiError;
use crate::json::Json;
use crate::page::Page;
use crate::request::{Call, Query};
use crate::store::record::Record;
use crate::store::table::{Key, Table};

/// Columns every list can be sorted by, whether documented there or not.
const TIMES: [&str; 3] = ["created_time", "last_modified_time", "updated_time"];

type Row = Arc<Record>;

/// `GET /x`.
pub(crate) fn list(context: &Context<'_>, call: &Call, resource: &dyn Resource) -> Result<Reply, ApiError> {
    narrowed(context, call, resource, |_| true)
}

/// `GET /x` over the records that `among` admits besides the call's own conditions.
pub(crate) fn narrowed(
    context: &Context<'_>,
    call: &Call,
    resource: &dyn Resource,
    among: impl Fn(&Record) -> bool,
) -> Result<Reply, ApiError> {
    let spec = resource.spec();
    let reader = Reader::new(context)?;
    let criteria = Criteria::read(resource, &call.query, &reader)?;
    let page = Page::read(&call.query)?;
    let (column, descending) = order(resource, &call.query)?;
    let table = reader.books.table(spec.kind);
    let passing = |row: &Row| among(row) && criteria.pass(resource, row, &reader);
    let option = call.query.get("response_option").unwrap_or("0");
    if !["0", "1", "2", "3", "4"].contains(&option) {
        return Err(ApiError::invalid("response_option"));
    }
    let counted = option != "0";
    let rows = candidates(resource, &reader, &table, &criteria, column, descending).filter(passing);
    let (mut count, mut sums) = (0u64, vec![Decimal::ZERO; spec.filters.sums.len()]);
    let (shown, more) = if counted {
        let all: Vec<Row> = rows.collect();
        count = u64::try_from(all.len()).unwrap_or(u64::MAX);
        for row in &all {
            for (sum, name) in sums.iter_mut().zip(spec.filters.sums) {
                *sum += resource.show(name, row, &reader).as_decimal().unwrap_or_default();
            }
        }
        page.take(all.into_iter())
    } else {
        page.take(rows)
    };
    let rows: Vec<Json> = shown.iter().map(|record| reader.row(resource, record)).collect();
    let mut page_context = page.context(
        more,
        [
            ("report_name", spec.report.into()),
            ("applied_filter", criteria.filter_by.into()),
            ("custom_fields", Vec::new().into()),
            ("sort_column", column.into()),
            ("sort_order", if descending { "D" } else { "A" }.into()),
        ],
    );
    let searched = criteria.searched(&call.query);
    if let Json::Object(members) = &mut page_context {
        if !searched.is_empty() {
            members.push(("search_criteria".to_owned(), searched.into()));
        }
        if counted {
            members.push(("response_option".to_owned(), option.into()));
            members.push(("total".to_owned(), count.into()));
        }
        if option == "1" || option == "3" {
            let sums =
                spec.filters.sums.iter().zip(sums).map(|(name, sum)| ((*name).to_owned(), Json::amount(sum)));
            members.push(("sum_columns".to_owned(), Json::Object(sums.collect())));
        }
    }
    let without_rows = option == "2" || option == "3";
    let rows = if without_rows { Vec::new() } else { rows };
    Ok(Reply::read([(spec.plural, rows.into()), ("page_context", page_context)]))
}

/// The wanted order. Errors: code 2 for a column or a direction that is not known.
fn order(resource: &dyn Resource, query: &Query) -> Result<(&'static str, bool), ApiError> {
    let spec = resource.spec();
    let column = match query.get("sort_column") {
        None => spec.order.0,
        Some(name) => {
            known(&TIMES, name, "sort_column").or_else(|_| known(spec.sorts, name, "sort_column"))?
        }
    };
    let descending = match query.get("sort_order").map(str::to_ascii_lowercase).as_deref() {
        // A direction goes with its column, so another column starts ascending.
        None => column == spec.order.0 && spec.order.1,
        Some("a" | "asc" | "ascending") => false,
        Some("d" | "desc" | "descending") => true,
        Some(_) => return Err(ApiError::invalid("sort_order")),
    };
    Ok((column, descending))
}

/// The rows worth looking at, in the wanted order. Orders that an index serves are walked, not sorted.
fn candidates<'a>(
    resource: &'a dyn Resource,
    reader: &'a Reader<'_>,
    table: &'a Table,
    criteria: &Criteria,
    column: &'static str,
    descending: bool,
) -> Box<dyn Iterator<Item = Row> + 'a> {
    let spec = resource.spec();
    let row = |id: u64| table.get(id).cloned();
    let unique = criteria.texts.iter().find_map(|filter| {
        let known = spec.unique.iter().any(|it| it.name == filter.field && it.scope.is_none());
        filter.exact().filter(|_| known).map(|value| table.holder(filter.field, value))
    });
    if let Some(holder) = unique {
        return Box::new(holder.and_then(row).into_iter());
    }
    let referring = criteria.exact.iter().find_map(|(name, id)| {
        let known = spec.references.contains(name) || *name == "item_id";
        id.parse::<u64>().ok().filter(|_| known)
    });
    if let Some(target) = referring {
        let rows = reader.books.naming_as(target, spec.kind).filter_map(row).collect();
        return sorted(resource, reader, rows, column, descending);
    }
    let texts = criteria.texts.iter().filter_map(|filter| Some((filter.field, filter.exact()?)));
    let exact = criteria.exact.iter().map(|(name, value)| (*name, value.as_str()));
    let held = texts.chain(exact).find_map(|(name, value)| {
        let ids = spec.indexed.contains(&name).then(|| table.holding(name, value)).flatten()?;
        Some(ids.filter_map(row).collect())
    });
    if let Some(rows) = held {
        return sorted(resource, reader, rows, column, descending);
    }
    let changed = || criteria.since.map(|since| table.changed(since));
    match column {
        "last_modified_time" | "updated_time" => {
            let from = criteria.since.unwrap_or(chrono::DateTime::<chrono::Utc>::MIN_UTC);
            turned(table.changed(from), descending, row)
        }
        // Few changed rows are quicker sorted than found by walking the whole order.
        _ => match changed().map(|ids| ids.take(table.len() / 8 + 2).collect::<Vec<_>>()) {
            Some(ids) if ids.len() <= table.len() / 8 + 1 => {
                sorted(resource, reader, ids.into_iter().filter_map(row).collect(), column, descending)
            }
            _ => match table.ordered(column) {
                Some(ids) => turned(ids, descending, row),
                None if column == "created_time" => turned(table.created(), descending, row),
                None => sorted(resource, reader, table.rows().cloned().collect(), column, descending),
            },
        },
    }
}

fn turned<'a>(
    ids: impl DoubleEndedIterator<Item = u64> + 'a,
    descending: bool,
    row: impl Fn(u64) -> Option<Row> + 'a,
) -> Box<dyn Iterator<Item = Row> + 'a> {
    if descending { Box::new(ids.rev().filter_map(row)) } else { Box::new(ids.filter_map(row)) }
}

/// Sorts by what the column shows; ties go by id, so that pages neither lose nor repeat rows.
fn sorted(
    resource: &dyn Resource,
    reader: &Reader<'_>,
    mut rows: Vec<Row>,
    column: &str,
    descending: bool,
) -> Box<dyn Iterator<Item = Row> + 'static> {
    match column {
        "created_time" => rows.sort_by_key(|row| (row.created, row.id)),
        "last_modified_time" | "updated_time" => rows.sort_by_key(|row| (row.modified, row.id)),
        _ => rows.sort_by_cached_key(|row| (Key::of(&resource.sort_value(column, row, reader)), row.id)),
    }
    if descending {
        rows.reverse();
    }
    Box::new(rows.into_iter())
}
