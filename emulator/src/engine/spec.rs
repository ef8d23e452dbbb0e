//! The description of a resource, from which its calls, its lists, its indexes and its documentation are made.

use crate::engine::desk::Desk;
use crate::engine::reader::Reader;
use crate::error::{ApiError, Code};
use crate::json::Json;
use crate::resource::field::{self, Fields};
use crate::store::kind::Kind;
use crate::store::record::Record;

/// Facts about a resource that need no code.
#[derive(Debug)]
pub(crate) struct Spec {
    pub(crate) kind: Kind,
    /// Key of one record in answers, such as `invoice`.
    pub(crate) singular: &'static str,
    /// Key of a list in answers; part of the contract, and not always the path's word.
    pub(crate) plural: &'static str,
    /// Member that shows the record's id.
    pub(crate) id: &'static str,
    /// Name in sentences: "Invoice does not exist."
    pub(crate) label: &'static str,
    /// `report_name` of the page context.
    pub(crate) report: &'static str,
    /// Members a client may write.
    pub(crate) fields: Fields,
    /// Members that the service computes and stores.
    pub(crate) computed: Fields,
    /// Members that must hold something after every write (code 2, naming the first that is missing).
    pub(crate) required: &'static [&'static str],
    /// Members of the detail after the id, in order; `custom_fields` and the times follow by themselves.
    pub(crate) detail: &'static [&'static str],
    /// Members of a list row after the id, in order; the times follow by themselves.
    pub(crate) row: &'static [&'static str],
    /// The member that is numbered automatically.
    pub(crate) number: Option<Series>,
    pub(crate) unique: &'static [Unique],
    /// Members that hold the id of another record, or a list of ids; `bills.bill_id` names the ids in the entries of a
    /// list. The ids in line items count without being named.
    pub(crate) references: &'static [&'static str],
    pub(crate) filters: Filters,
    /// Columns a list may be sorted by; `created_time` and `last_modified_time` are always among them.
    pub(crate) sorts: &'static [&'static str],
    /// Stored columns with an index, so that sorting by them costs the page and not the table.
    pub(crate) indexed: &'static [&'static str],
    /// The order without a wish: a column, and whether it descends.
    pub(crate) order: (&'static str, bool),
    pub(crate) messages: Messages,
    /// Entity name of its custom fields, such as `invoice`; empty when it has none.
    pub(crate) entity: &'static str,
}

/// Automatic numbers: a prefix and a zero-padded counter per organization.
#[derive(Debug)]
pub(crate) struct Series {
    pub(crate) member: &'static str,
    pub(crate) prefix: &'static str,
    pub(crate) digits: usize,
    /// Whether a number of the client's own needs `ignore_auto_number_generation=true`.
    pub(crate) guarded: bool,
}

/// A member whose values differ between records of one organization, compared trimmed and without case.
#[derive(Debug)]
pub(crate) struct Unique {
    pub(crate) name: &'static str,
    /// The refusal; the value is the subject of its sentence.
    pub(crate) code: Code,
    /// The member within whose value the values differ: a bill's number is unique for its vendor.
    pub(crate) scope: Option<&'static str>,
}

impl Unique {
    /// What the index holds for a record: the value, after the scope's when there is one; empty without a value.
    pub(crate) fn key(&self, record: &Record) -> String {
        let value = record.text(self.name).trim();
        match self.scope {
            Some(scope) if !value.is_empty() => format!("{}\u{1f}{value}", record.text(scope)),
            _ => value.to_owned(),
        }
    }
}

/// What a list can be narrowed by.
#[derive(Debug)]
pub(crate) struct Filters {
    /// `<name>`, `<name>_startswith`, `<name>_contains`.
    pub(crate) texts: &'static [&'static str],
    /// `<name>`, `_less_than`, `_less_equals`, `_greater_than`, `_greater_equals`, `_start`, `_end`.
    pub(crate) numbers: &'static [&'static str],
    /// `<name>`, `_start`, `_end`, `_before`, `_after`.
    pub(crate) dates: &'static [&'static str],
    /// Exact values: ids, words, flags.
    pub(crate) exact: &'static [&'static str],
    /// Values of `status`.
    pub(crate) statuses: &'static [&'static str],
    /// Values of `filter_by`; the first is the default.
    pub(crate) filter_by: &'static [&'static str],
    /// Members that `search_text` looks at.
    pub(crate) search: &'static [&'static str],
    /// Members that `response_option` sums.
    pub(crate) sums: &'static [&'static str],
}

impl Filters {
    /// No filters but those every list has.
    pub(crate) const NONE: Self = Self {
        texts: &[],
        numbers: &[],
        dates: &[],
        exact: &[],
        statuses: &[],
        filter_by: &["Status.All"],
        search: &[],
        sums: &[],
    };
}

/// The fixed sentences of writes.
#[derive(Debug)]
pub(crate) struct Messages {
    pub(crate) created: &'static str,
    pub(crate) updated: &'static str,
    pub(crate) deleted: &'static str,
}

impl Spec {
    /// The ids of other records that a record names.
    pub(crate) fn references(&self, record: &Record) -> Vec<u64> {
        const OF_LINES: [&str; 4] = ["item_id", "tax_id", "account_id", "expense_id"];
        let read = |value: &Json| value.as_id_text()?.parse::<u64>().ok();
        let mut ids: Vec<u64> = Vec::new();
        for name in self.references {
            match name.split_once('.') {
                Some((list, member)) => {
                    ids.extend(record.list(list).iter().filter_map(|entry| read(entry.get(member)?)));
                }
                None => {
                    ids.extend(record.reference(name));
                    ids.extend(record.list(name).iter().filter_map(read));
                }
            }
        }
        for line in record.list("line_items") {
            ids.extend(OF_LINES.iter().filter_map(|name| read(line.get(name)?)));
        }
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// The stored value of a member, or the empty value of its kind.
    pub(crate) fn stored(&self, record: &Record, name: &str) -> Json {
        record.members.get(name).cloned().unwrap_or_else(|| {
            let known = self.fields.iter().chain(self.computed).find(|(field, _)| *field == name);
            known.map_or_else(|| Json::from(""), |(_, kind)| kind.empty())
        })
    }
}

/// A resource: its description and the rules that need code. The defaults suit a plain record without any.
pub(crate) trait Resource: Sync {
    /// The description.
    fn spec(&self) -> &'static Spec;

    /// Gives a new record its first members, before the body is taken.
    fn begin(&self, _desk: &mut Desk<'_>, _record: &mut Record) -> Result<(), ApiError> {
        Ok(())
    }

    /// Takes the body into the record. `before` is the record as it was, absent on creation.
    fn take(
        &self,
        desk: &mut Desk<'_>,
        record: &mut Record,
        _before: Option<&Record>,
        body: &Json,
    ) -> Result<(), ApiError> {
        field::take(&mut record.members, self.spec().fields, body, desk.places())
    }

    /// Checks and computes after the body was taken, before the record is stored.
    fn complete(
        &self,
        _desk: &mut Desk<'_>,
        _record: &mut Record,
        _before: Option<&Record>,
    ) -> Result<(), ApiError> {
        Ok(())
    }

    /// What follows from the stored record for others.
    fn written(
        &self,
        _desk: &mut Desk<'_>,
        _record: &Record,
        _before: Option<&Record>,
    ) -> Result<(), ApiError> {
        Ok(())
    }

    /// Refuses a deletion. Without rules of its own a record that others name stays (code 36).
    fn deletable(&self, desk: &Desk<'_>, record: &Record) -> Result<(), ApiError> {
        if desk.books().naming(record.id).next().is_some() {
            return Err(ApiError::about(Code::HasDependents, self.spec().label));
        }
        Ok(())
    }

    /// What follows from the deletion for others.
    fn deleted(&self, _desk: &mut Desk<'_>, _record: &Record) -> Result<(), ApiError> {
        Ok(())
    }

    /// What follows from sending the record by e-mail, a draft becoming sent for example.
    fn mailed(&self, _desk: &mut Desk<'_>, _record: &Record) -> Result<(), ApiError> {
        Ok(())
    }

    /// The status at this moment. Statuses that follow from the clock are derived here.
    fn status(&self, record: &Record, _reader: &Reader<'_>) -> String {
        record.text("status").to_owned()
    }

    /// The value of a member in a detail or a row.
    fn show(&self, name: &str, record: &Record, reader: &Reader<'_>) -> Json {
        if name == "status" { self.status(record, reader).into() } else { self.spec().stored(record, name) }
    }

    /// The member that shows when a record was last changed.
    fn changed_member(&self) -> &'static str {
        "last_modified_time"
    }

    /// The value of a member in a row of a list, where it differs from the detail's.
    fn cell(&self, name: &str, record: &Record, reader: &Reader<'_>) -> Json {
        self.show(name, record, reader)
    }

    /// The value that a list sorted by `name` compares, where it differs from what is shown.
    fn sort_value(&self, name: &str, record: &Record, reader: &Reader<'_>) -> Json {
        self.show(name, record, reader)
    }

    /// The texts that a text filter or a search on `name` looks at.
    fn texts(&self, name: &str, record: &Record, reader: &Reader<'_>) -> Vec<String> {
        match self.show(name, record, reader) {
            Json::Text(text) | Json::Number(text) => vec![text],
            _ => Vec::new(),
        }
    }

    /// Whether a record passes one value of `filter_by`. Without rules of its own `Status.PartiallyPaid` asks for the
    /// status `partially_paid`.
    fn passes(&self, filter: &str, record: &Record, reader: &Reader<'_>) -> bool {
        is_status(filter, &self.status(record, reader))
    }

    /// Whether a record passes `status=<word>`.
    fn has_status(&self, word: &str, record: &Record, reader: &Reader<'_>) -> bool {
        word == "all" || word == self.status(record, reader)
    }
}

/// Whether a value of `filter_by` such as `Status.PartiallyPaid` asks for `status`, or for all.
pub(crate) fn is_status(filter: &str, status: &str) -> bool {
    let word = filter.split_once('.').map_or(filter, |(_, word)| word);
    let plain = |text: &str| text.replace('_', "").to_ascii_lowercase();
    word == "All" || plain(word) == plain(status)
}
