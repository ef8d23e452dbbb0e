//! Values of custom fields: how writes address them, what each type admits, and how they are stored (section 9).

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, NaiveDateTime};
use rust_decimal::Decimal;

use super::of_entity;
use crate::error::{ApiError, Code};
use crate::filter::fold;
use crate::json::{Json, round_money};
use crate::store::books::Books;
use crate::store::record::Record;

/// The longest text of a single line, in characters [?].
const MAX_TEXT: usize = 255;
/// The longest text of several lines, in characters [?].
const MAX_LINES: usize = 10_000;
/// The largest number, so that no sum can overflow.
const LARGEST: Decimal = rust_decimal::dec!(1_000_000_000_000);

/// Takes `custom_fields` of a body into the entries that a record stores, and gives back all of them in the order of
/// their index. Entries that the body leaves out stay, null and empty values are removed. `fresh` says that the record
/// is being created, so that mandatory fields must hold something. `places` is the precision of the base currency.
///
/// Errors: code 2 for an entry that names no field or holds a value that its field does not admit, 15 for excess
/// length. That unique values differ is checked where the record is stored.
pub(crate) fn take(
    books: &Books,
    entity: &str,
    places: u32,
    stored: &[Json],
    fresh: bool,
    body: &Json,
) -> Result<Vec<Json>, ApiError> {
    let entries = match body.get("custom_fields") {
        None | Some(Json::Null) => &[],
        Some(Json::List(entries)) => entries.as_slice(),
        Some(_) => return Err(ApiError::invalid("custom_fields")),
    };
    if entries.is_empty() && !fresh {
        return Ok(stored.to_vec());
    }
    let fields: Vec<Arc<Record>> = of_entity(books, entity).filter(|field| field.flag("is_active")).collect();
    let mut kept = stored.to_vec();
    for entry in entries {
        let field = addressed(&fields, entry)?;
        let value = accept(field, entry.get("value").unwrap_or(&Json::Null), places)?;
        kept.retain(|known| !same(known, field));
        kept.extend(value.map(|value| shown(field, value)));
    }
    let held = |field: &Record| kept.iter().any(|known| same(known, field));
    if let Some(field) = fields.iter().find(|field| fresh && field.flag("is_mandatory") && !held(field)) {
        return Err(ApiError::invalid(field.text("label")));
    }
    kept.sort_by_key(|entry| entry.get("index").and_then(Json::as_decimal));
    Ok(kept)
}

/// Whether a stored entry belongs to a field.
pub(crate) fn same(entry: &Json, field: &Record) -> bool {
    entry.get("customfield_id").and_then(Json::as_id_text) == Some(field.id.to_string().as_str())
}

/// Whether an entry of a body names the field, by the first of the names that it carries.
pub(crate) fn addresses(entry: &Json, field: &Record) -> bool {
    address(entry).is_some_and(|(name, text)| named(field, name, &text))
}

/// The name that an entry is addressed by, and its text; an id wins over the API name, that over label and index.
fn address(entry: &Json) -> Option<(&'static str, String)> {
    ["customfield_id", "api_name", "label", "index"].into_iter().find_map(|name| {
        let text = match entry.get(name)? {
            Json::Text(text) | Json::Number(text) => text.trim().to_owned(),
            _ => return None,
        };
        (!text.is_empty()).then_some((name, text))
    })
}

fn named(field: &Record, name: &str, text: &str) -> bool {
    match name {
        "customfield_id" => text.parse() == Ok(field.id),
        "index" => text.parse() == Ok(field.decimal("index")),
        "label" => fold(text) == fold(field.text("label")),
        _ => text == field.text("api_name"),
    }
}

fn addressed<'a>(fields: &'a [Arc<Record>], entry: &Json) -> Result<&'a Arc<Record>, ApiError> {
    let (name, text) = address(entry).ok_or_else(|| ApiError::invalid("custom_fields"))?;
    fields.iter().find(|field| named(field, name, &text)).ok_or_else(|| ApiError::invalid(name))
}

/// The value as it is stored, nothing for an empty one.
fn accept(field: &Record, value: &Json, places: u32) -> Result<Option<Json>, ApiError> {
    let label = field.text("label");
    let wrong = || ApiError::invalid(label);
    let text = match value {
        Json::Null => return Ok(None),
        Json::Text(text) if text.trim().is_empty() => return Ok(None),
        Json::List(items) if items.is_empty() => return Ok(None),
        Json::Text(text) | Json::Number(text) => text.trim().to_owned(),
        Json::Bool(flag) => flag.to_string(),
        Json::List(_) | Json::Object(_) => String::new(),
    };
    let limited = |max: usize| match value {
        Json::Text(_) | Json::Number(_) if text.chars().count() > max => Err(ApiError::too_long(label, max)),
        Json::Text(_) | Json::Number(_) => Ok(Json::from(text.as_str())),
        _ => Err(wrong()),
    };
    let number = || {
        let number = value.as_decimal().filter(|it| it.abs() <= LARGEST).ok_or_else(wrong)?;
        Ok::<_, ApiError>(number.round_dp(10))
    };
    Ok(Some(match field.text("data_type") {
        "multiline" => limited(MAX_LINES)?,
        "number" => {
            let whole = number()?;
            if !whole.fract().is_zero() {
                return Err(wrong());
            }
            Json::Number(whole.trunc().normalize().to_string())
        }
        "decimal" | "percent" => Json::amount(number()?),
        "amount" => Json::amount(round_money(number()?, places)),
        "date" => {
            let day = NaiveDate::parse_from_str(&text, "%Y-%m-%d").map_err(|_| wrong())?;
            day.to_string().into()
        }
        "datetime" | "date_time" => moment(&text).ok_or_else(wrong)?.into(),
        "check_box" => match text.as_str() {
            "true" => true.into(),
            "false" => false.into(),
            _ => return Err(wrong()),
        },
        "dropdown" => choice(field, value.as_str().ok_or_else(wrong)?)?,
        "multiselect" => choices(field, value)?,
        "email" => {
            let parts = text.split_once('@').filter(|(name, host)| !name.is_empty() && host.contains('.'));
            parts.filter(|_| !text.contains(char::is_whitespace)).ok_or_else(wrong)?;
            limited(MAX_TEXT)?
        }
        "url" => {
            let web = ["http://", "https://", "www."].iter().any(|start| text.starts_with(start));
            if !web || text.contains(char::is_whitespace) {
                return Err(wrong());
            }
            limited(MAX_LINES)?
        }
        "phone" => {
            if !text.chars().all(|it| it.is_ascii_digit() || "+-() ./x".contains(it)) {
                return Err(wrong());
            }
            limited(50)?
        }
        "lookup" => value.as_id_text().ok_or_else(wrong)?.into(),
        _ => limited(MAX_TEXT)?,
    }))
}

/// A local date and time, stored as `yyyy-MM-dd HH:mm`; an offset is dropped, as the field has no zone.
fn moment(text: &str) -> Option<String> {
    let plain = ["%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"];
    let local = plain.iter().find_map(|format| NaiveDateTime::parse_from_str(text, format).ok());
    let zoned = || DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%z").ok().map(|it| it.naive_local());
    local.or_else(zoned).map(|it| it.format("%Y-%m-%d %H:%M").to_string())
}

fn choice(field: &Record, wanted: &str) -> Result<Json, ApiError> {
    let mut names = field.list("values").iter().filter_map(|value| value.get("name")?.as_str());
    let known = names.find(|name| fold(name) == fold(wanted));
    known.map(Json::from).ok_or_else(|| ApiError::invalid(field.text("label")))
}

/// Several choices, as a list or as a text with commas.
fn choices(field: &Record, value: &Json) -> Result<Json, ApiError> {
    let wrong = || ApiError::invalid(field.text("label"));
    let wanted: Vec<&str> = match value {
        Json::Text(text) => text.split(',').collect(),
        Json::List(items) => {
            items.iter().map(|item| item.as_str().ok_or_else(wrong)).collect::<Result<_, _>>()?
        }
        _ => return Err(wrong()),
    };
    let mut chosen = Vec::new();
    for name in wanted {
        let name = choice(field, name)?;
        if !chosen.contains(&name) {
            chosen.push(name);
        }
    }
    Ok(chosen.into())
}

/// The entry of a value, with everything that answers show of its field.
pub(crate) fn shown(field: &Record, value: Json) -> Json {
    let flag = |name: &str| Json::from(field.flag(name));
    Json::object([
        ("customfield_id", Json::id(field.id)),
        ("index", field.members.get("index").cloned().unwrap_or_else(|| Json::from(0))),
        ("label", field.text("label").into()),
        ("value_formatted", formatted(&value).into()),
        ("value", value),
        ("data_type", field.text("data_type").into()),
        ("api_name", field.text("api_name").into()),
        ("placeholder", field.text("api_name").into()),
        ("show_on_pdf", flag("show_on_pdf")),
        ("show_in_all_pdf", flag("show_in_all_pdf")),
        ("is_active", flag("is_active")),
        ("is_unique", flag("is_unique")),
    ])
}

fn formatted(value: &Json) -> String {
    match value {
        Json::Text(text) | Json::Number(text) => text.clone(),
        Json::Bool(flag) => flag.to_string(),
        Json::List(items) => items.iter().filter_map(Json::as_str).collect::<Vec<_>>().join(", "),
        Json::Null | Json::Object(_) => String::new(),
    }
}

/// API name and value of an entry that must differ from those of other records; values compare as names do.
pub(crate) fn unique_value(entry: &Json) -> Option<(&str, &str)> {
    if entry.get("is_unique") != Some(&Json::Bool(true)) {
        return None;
    }
    match (entry.get("api_name")?.as_str()?, entry.get("value")?) {
        (name, Json::Text(text) | Json::Number(text)) => Some((name, text)),
        _ => None,
    }
}

/// The spelling in which a unique field stores `text` (code 2 when the field does not admit it).
pub(crate) fn canonical(field: &Record, text: &str) -> Result<String, ApiError> {
    let accepted = accept(field, &text.into(), 0).ok().flatten();
    let accepted =
        accepted.ok_or_else(|| ApiError::about(Code::InvalidValue, "X-Unique-Identifier-Value"))?;
    Ok(formatted(&accepted))
}

/// The texts that the filter `custom_field` looks at.
pub(crate) fn texts(entries: &[Json]) -> Vec<String> {
    entries.iter().filter_map(|entry| entry.get("value")).map(formatted).collect()
}
