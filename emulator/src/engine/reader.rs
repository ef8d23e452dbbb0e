//! Where a read works: the records of one organization at one moment, and how they are shown.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};

use crate::auth::Context;
use crate::engine::spec::Resource;
use crate::error::ApiError;
use crate::format;
use crate::json::Json;
use crate::resource::extra;
use crate::store::books::Books;
use crate::store::kind::Kind;
use crate::store::record::Record;
use crate::store::records::Organization;

/// An organization's records at one moment.
pub(crate) struct Reader<'a> {
    pub(crate) books: Arc<Books>,
    pub(crate) organization: &'a Arc<Organization>,
    pub(crate) now: DateTime<Utc>,
    /// The day in the organization's zone, by which documents become overdue and expire.
    pub(crate) today: NaiveDate,
    /// The calling user, where a call is answered.
    pub(crate) caller: Option<u64>,
}

impl<'a> Reader<'a> {
    /// The records of the organization that the call selected.
    pub(crate) fn new(context: &'a Context<'_>) -> Result<Self, ApiError> {
        let organization = context.organization()?;
        let books = context.state.books(&organization.organization_id);
        Ok(Self { caller: Some(context.user.user_id), ..Self::over(books, organization, context.now) })
    }

    /// A reader over given records.
    pub(crate) fn over(books: Arc<Books>, organization: &'a Arc<Organization>, now: DateTime<Utc>) -> Self {
        let today = now.with_timezone(&organization.zone()).date_naive();
        Self { books, organization, now, today, caller: None }
    }

    /// An instant as answers show it.
    pub(crate) fn timestamp(&self, instant: DateTime<Utc>) -> Json {
        format::timestamp(instant, self.organization.zone()).into()
    }

    /// Whether files are attached to a record.
    pub(crate) fn has_attachment(&self, id: u64) -> bool {
        self.books.naming_as(id, Kind::Attachment).next().is_some()
    }

    /// The record with all its members.
    pub(crate) fn detail(&self, resource: &dyn Resource, record: &Record) -> Json {
        let show = |name: &'static str| resource.show(name, record, self);
        let mut object = members(resource, record, resource.spec().detail, show);
        if !resource.spec().entity.is_empty() {
            let fields = record.list("custom_fields").to_vec();
            object.push(("custom_fields".to_owned(), fields.into()));
            object.push(("custom_field_hash".to_owned(), custom_field_hash(record.list("custom_fields"))));
        }
        extra::complete(&mut object, record, self, true);
        self.times(&mut object, resource, record);
        Json::Object(object)
    }

    /// The record as a row of a list.
    pub(crate) fn row(&self, resource: &dyn Resource, record: &Record) -> Json {
        let cell = |name: &'static str| resource.cell(name, record, self);
        let mut object = members(resource, record, resource.spec().row, cell);
        if !resource.spec().entity.is_empty() {
            let fields = record.list("custom_fields");
            for entry in fields {
                if let Some(name) = entry.get("api_name").and_then(Json::as_str) {
                    object.push((name.to_owned(), entry.get("value").cloned().unwrap_or(Json::Null)));
                }
            }
            object.push(("custom_fields".to_owned(), fields.to_vec().into()));
            object.push(("custom_field_hash".to_owned(), custom_field_hash(fields)));
        }
        extra::complete(&mut object, record, self, false);
        self.times(&mut object, resource, record);
        Json::Object(object)
    }

    fn times(&self, object: &mut Vec<(String, Json)>, resource: &dyn Resource, record: &Record) {
        object.push(("created_time".to_owned(), self.timestamp(record.created)));
        object.push((resource.changed_member().to_owned(), self.timestamp(record.modified)));
    }
}

fn members(
    resource: &dyn Resource,
    record: &Record,
    names: &[&'static str],
    show: impl Fn(&'static str) -> Json,
) -> Vec<(String, Json)> {
    let mut object = Vec::with_capacity(names.len() + 5);
    object.push((resource.spec().id.to_owned(), Json::id(record.id)));
    object.extend(names.iter().map(|name| ((*name).to_owned(), show(name))));
    object
}

/// `{cf_name: value, cf_name_unformatted: value}` of a record's custom fields; the first is the text that is displayed.
pub(crate) fn custom_field_hash(fields: &[Json]) -> Json {
    let entries = fields.iter().filter_map(|entry| {
        let name = entry.get("api_name")?.as_str()?.to_owned();
        let value = entry.get("value").cloned().unwrap_or(Json::Null);
        Some([
            (name.clone(), entry.get("value_formatted").cloned().unwrap_or_else(|| value.clone())),
            (format!("{name}_unformatted"), value),
        ])
    });
    Json::Object(entries.flatten().collect())
}
