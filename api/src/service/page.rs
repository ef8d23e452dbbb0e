//! Keyset pages: stable under inserts, and page 1,000 costs what page 1 costs.

use std::cmp::Ordering;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, NaiveDate, Utc};
use finbridge_entity::TenantOwned;
use sea_orm::sea_query::{Condition, Expr, ExprTrait, SimpleExpr};
use sea_orm::{
    ColumnTrait, ColumnType, ConnectionTrait, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect,
    Select, Value,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::error::{ServiceError, ServiceResult};

/// Records in a page when nobody says how many.
pub const DEFAULT_SIZE: u64 = 25;
/// Records in the largest page.
pub const LARGEST: u64 = 100;

/// The arguments of a list, as a client gave them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct PageArgs {
    /// So many from the start.
    pub first: Option<i32>,
    /// After this cursor.
    pub after: Option<String>,
    /// So many from the end.
    pub last: Option<i32>,
    /// Before this cursor.
    pub before: Option<String>,
}

/// What a list can be ordered by.
pub struct SortKey<E: EntityTrait> {
    /// Name, part of every cursor.
    pub name: &'static str,
    /// The column. Its index ends in `id`.
    pub column: E::Column,
    /// Whether the column may be empty; empty values come last in both directions.
    pub nullable: bool,
    /// The value of a row, and how it is read back from a cursor.
    pub value: fn(&E::Model) -> SortValue,
}

impl<E: EntityTrait> SortKey<E> {
    /// Whether the column can be compared with this value.
    fn takes(&self, value: &SortValue) -> bool {
        let kind = self.column.def();
        let comparable = match (value, kind.get_column_type()) {
            (
                SortValue::Text(text) | SortValue::Words(Some(text)),
                ColumnType::String(_) | ColumnType::Text,
            ) => !text.contains('\0'),
            (SortValue::Int(_), ColumnType::Integer | ColumnType::BigInteger)
            | (SortValue::Words(None), ColumnType::String(_) | ColumnType::Text)
            | (SortValue::Time(_), ColumnType::TimestampWithTimeZone)
            | (SortValue::Date(_), ColumnType::Date)
            | (SortValue::Id(_), ColumnType::Uuid) => true,
            _ => false,
        };
        comparable && (self.nullable || !value.is_empty())
    }
}

/// A value that rows are ordered by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SortValue {
    /// Text, by bytes.
    Text(String),
    /// Text that may be missing, in the order that the database has for it.
    Words(Option<String>),
    /// A whole number.
    Int(Option<i64>),
    /// An instant.
    Time(DateTime<Utc>),
    /// A day.
    Date(Option<NaiveDate>),
    /// The id alone: the order in which rows were made.
    Id(Uuid),
}

impl SortValue {
    fn is_empty(&self) -> bool {
        matches!(self, Self::Words(None) | Self::Int(None) | Self::Date(None))
    }
}

impl From<SortValue> for Value {
    fn from(value: SortValue) -> Self {
        match value {
            SortValue::Text(text) => text.into(),
            SortValue::Words(text) => text.into(),
            SortValue::Int(number) => number.into(),
            SortValue::Time(instant) => instant.into(),
            SortValue::Date(day) => day.into(),
            SortValue::Id(id) => id.into(),
        }
    }
}

/// A list and its order.
pub struct Listing<E: EntityTrait> {
    /// Name of the list, part of every cursor.
    pub name: &'static str,
    /// What it is ordered by.
    pub key: SortKey<E>,
    /// Whether the largest comes first.
    pub descending: bool,
}

/// A page of rows, each with its cursor.
#[derive(Debug, Clone)]
pub struct Page<M> {
    /// The rows and their cursors, in the order of the list.
    pub rows: Vec<(String, M)>,
    /// Whether there are rows after this page.
    pub has_next: bool,
    /// Whether there are rows before this page.
    pub has_previous: bool,
}

impl<M> Page<M> {
    /// A page without rows.
    pub fn empty() -> Self {
        Self { rows: Vec::new(), has_next: false, has_previous: false }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cursor {
    l: String,
    k: String,
    d: bool,
    v: SortValue,
    i: Uuid,
}

/// The two parts of a list whose order may be empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Filled,
    Empty,
}

/// A checked window on a list.
pub struct Window<'a, E: EntityTrait> {
    listing: &'a Listing<E>,
    size: u64,
    from_end: bool,
    after: Option<Cursor>,
    before: Option<Cursor>,
}

impl<E: TenantOwned> Listing<E>
where
    E::Model: Identified,
{
    /// Checks the arguments of a list.
    ///
    /// # Errors
    /// Sizes out of range, `first` and `last` together, cursors that are not of this list and order.
    pub fn window(&self, args: &PageArgs) -> ServiceResult<Window<'_, E>> {
        let size = size(args.first, args.last)?;
        Ok(Window {
            listing: self,
            size,
            from_end: args.last.is_some(),
            after: args.after.as_deref().map(|text| self.cursor(text, "after")).transpose()?,
            before: args.before.as_deref().map(|text| self.cursor(text, "before")).transpose()?,
        })
    }

    fn cursor(&self, text: &str, argument: &str) -> ServiceResult<Cursor> {
        let cursor: Cursor = URL_SAFE_NO_PAD
            .decode(text)
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .ok_or_else(|| {
                bad(format!("`{argument}` is not a cursor; pass one exactly as a page returned it"))
            })?;
        let here = cursor.l == self.name && cursor.k == self.key.name && cursor.d == self.descending;
        if !(here && self.key.takes(&cursor.v)) {
            return Err(bad(format!(
                "`{argument}` is a cursor of another list or order; start again without it, or keep the order it was made for"
            )));
        }
        Ok(cursor)
    }

    fn cursor_of(&self, row: &E::Model) -> ServiceResult<String> {
        let cursor = Cursor {
            l: self.name.to_owned(),
            k: self.key.name.to_owned(),
            d: self.descending,
            v: (self.key.value)(row),
            i: row.id(),
        };
        Ok(URL_SAFE_NO_PAD.encode(serde_json::to_vec(&cursor)?))
    }
}

/// A row with an id.
pub trait Identified {
    /// The id.
    fn id(&self) -> Uuid;
}

impl<E: TenantOwned> Window<'_, E>
where
    E::Model: Identified,
{
    /// The window on these rows.
    ///
    /// A column that may be empty is read in two parts, filled rows and empty ones: one condition over both would have
    /// to be an OR, for which no database seeks in an index, and far pages would cost more than near ones.
    ///
    /// # Errors
    /// The database's.
    pub async fn read(&self, db: &impl ConnectionTrait, rows: Select<E>) -> ServiceResult<Page<E::Model>> {
        let order = self.order();
        let ordered = |rows: Select<E>| {
            rows.order_by(self.listing.key.column, order.clone()).order_by(E::id_column(), order.clone())
        };
        if !self.listing.key.nullable {
            let rows = ordered(self.bounded(rows)).limit(self.limit()).all(db).await?;
            return self.page(rows);
        }
        let mut read = Vec::new();
        for part in if self.from_end { [Part::Empty, Part::Filled] } else { [Part::Filled, Part::Empty] } {
            let left = self.limit().saturating_sub(u64::try_from(read.len()).unwrap_or(u64::MAX));
            if let Some(within) = self.part(part).filter(|_| left > 0) {
                read.extend(ordered(rows.clone().filter(within)).limit(left).all(db).await?);
            }
        }
        self.page(read)
    }

    /// The rows of a part that lie between the cursors; none where the cursors leave no room for it.
    fn part(&self, part: Part) -> Option<Condition> {
        let (column, id, descending) = (self.listing.key.column, E::id_column(), self.listing.descending);
        let mut within = Condition::all();
        within = within.add(if part == Part::Filled { column.is_not_null() } else { column.is_null() });
        for (cursor, onwards) in [(&self.after, true), (&self.before, false)] {
            let Some(cursor) = cursor else { continue };
            let larger = onwards != descending;
            match (part, cursor.v.is_empty()) {
                (Part::Filled, false) => within = within.add(self.past(cursor, larger)),
                (Part::Empty, true) => {
                    within = within.add(if larger { id.gt(cursor.i) } else { id.lt(cursor.i) });
                }
                // Filled rows come first: they are before every empty one, and empty ones after every filled one.
                (Part::Filled, true) if onwards => return None,
                (Part::Empty, false) if !onwards => return None,
                _ => {}
            }
        }
        Some(within)
    }

    /// Rows whose value and id are larger, or smaller, than the cursor's.
    fn past(&self, cursor: &Cursor, larger: bool) -> SimpleExpr {
        let row = Expr::tuple([Expr::col(self.listing.key.column), Expr::col(E::id_column())]);
        let mark = Expr::tuple([Expr::value(cursor.v.clone()), Expr::value(cursor.i)]);
        if larger { row.gt(mark) } else { row.lt(mark) }
    }

    /// The rows of this select that lie between the window's cursors.
    pub fn bounded(&self, mut rows: Select<E>) -> Select<E> {
        if let Some(cursor) = &self.after {
            rows = rows.filter(self.beyond(cursor, self.listing.descending));
        }
        if let Some(cursor) = &self.before {
            rows = rows.filter(self.ahead_of(cursor));
        }
        rows
    }

    /// Rows to be read: one more than the page holds, to know whether there are more.
    pub fn limit(&self) -> u64 {
        self.size + 1
    }

    /// The order in which the rows are read: backwards when the window counts from the end.
    pub fn order(&self) -> Order {
        if self.listing.descending == self.from_end { Order::Asc } else { Order::Desc }
    }

    /// Rows after the cursor. Empty values come last, so they are after every other one.
    fn beyond(&self, cursor: &Cursor, descending: bool) -> Condition {
        let (column, id) = (self.listing.key.column, E::id_column());
        if !self.listing.key.nullable {
            return Condition::all().add(self.past(cursor, !descending));
        }
        let further_id = if descending { id.lt(cursor.i) } else { id.gt(cursor.i) };
        if cursor.v.is_empty() {
            return Condition::all().add(column.is_null()).add(further_id);
        }
        let value: Value = cursor.v.clone().into();
        let further = if descending { column.lt(value.clone()) } else { column.gt(value.clone()) };
        Condition::any()
            .add(further)
            .add(Condition::all().add(column.eq(value)).add(further_id))
            .add(column.is_null())
    }

    fn ahead_of(&self, cursor: &Cursor) -> Condition {
        let (column, id, descending) = (self.listing.key.column, E::id_column(), self.listing.descending);
        if !self.listing.key.nullable {
            return self.beyond(cursor, !descending);
        }
        let nearer_id = if descending { id.gt(cursor.i) } else { id.lt(cursor.i) };
        if cursor.v.is_empty() {
            return Condition::any()
                .add(column.is_not_null())
                .add(Condition::all().add(column.is_null()).add(nearer_id));
        }
        let value: Value = cursor.v.clone().into();
        let nearer = if descending { column.gt(value.clone()) } else { column.lt(value.clone()) };
        Condition::any().add(nearer).add(Condition::all().add(column.eq(value)).add(nearer_id))
    }

    /// The page made of the rows that were read with [`Window::limit`] and [`Window::order`].
    ///
    /// # Errors
    /// A cursor that cannot be written.
    pub fn page(&self, mut rows: Vec<E::Model>) -> ServiceResult<Page<E::Model>> {
        let size = usize::try_from(self.size).unwrap_or(usize::MAX);
        let more = rows.len().cmp(&size) == Ordering::Greater;
        rows.truncate(size);
        if self.from_end {
            rows.reverse();
        }
        let rows = rows
            .into_iter()
            .map(|row| Ok((self.listing.cursor_of(&row)?, row)))
            .collect::<ServiceResult<Vec<_>>>()?;
        Ok(Page {
            rows,
            has_next: if self.from_end { self.before.is_some() } else { more },
            has_previous: if self.from_end { more } else { self.after.is_some() },
        })
    }

    /// The column of the order.
    pub fn column(&self) -> E::Column {
        self.listing.key.column
    }
}

/// How many records a page holds, by what a client asked for.
///
/// # Errors
/// Sizes out of range, `first` and `last` together.
pub fn size(first: Option<i32>, last: Option<i32>) -> ServiceResult<u64> {
    match (first, last) {
        (Some(_), Some(_)) => Err(bad("Pass `first` or `last`, not both")),
        (Some(n), None) | (None, Some(n)) => {
            u64::try_from(n).ok().filter(|n| (1..=LARGEST).contains(n)).ok_or_else(|| {
                bad(format!("`first` and `last` take 1 to {LARGEST}, not {n}; page on with `after`"))
            })
        }
        (None, None) => Ok(DEFAULT_SIZE),
    }
}

fn bad(message: impl Into<String>) -> ServiceError {
    ServiceError::BadInput(message.into())
}

macro_rules! identified {
    ($($entity:ident),+ $(,)?) => {
        $(impl Identified for finbridge_entity::$entity::Model {
            fn id(&self) -> Uuid {
                self.id
            }
        })+
    };
}

identified!(
    account,
    api_token,
    contact,
    crm_exchange_rate,
    custom_field,
    deal,
    deal_line,
    document,
    document_act,
    document_line,
    field_lineage,
    finance_organization,
    integration,
    layout,
    membership,
    note,
    pipeline,
    product,
    record_link,
    remote_record,
    stage,
    sync_conflict,
    sync_run,
    sync_run_item,
    tag,
    trigger_log,
    vendor,
    view,
);
