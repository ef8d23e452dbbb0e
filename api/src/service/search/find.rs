//! Finding records by the beginnings of words of their names.
//!
//! What is found comes in two parts, each in the order of an index, so that a page is read from where the one before it
//! ended, and no more than a page is ever sorted:
//!
//! 1. names that begin with the whole query, by name; a name that is exactly the query is the first of these;
//! 2. the others that have every word of the query, by the word that the longest word of the query begins. A whole word
//!    stands before the longer ones that begin with it; of one word, the record that was made first comes first.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use finbridge_domain::{name_key, name_words};
use finbridge_entity::record_word::{self, Column};
use finbridge_entity::types::RecordType;
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Func, Query, SelectStatement, UnionType};
use sea_orm::{
    ActiveEnum, ColumnTrait, Condition, EntityTrait, FromQueryResult, Iterable, Order, QueryFilter,
    QuerySelect, QueryTrait,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::service::Services;
use crate::service::error::{ServiceError, ServiceResult};
use crate::service::page::{Page, size};
use crate::service::record::any::{Being, for_kind, record_is};
use crate::service::record::{Record, living};

/// Longest query, in characters: as long as names may be.
const LONGEST: usize = 200;
/// Most words of a query. Each is looked up on its own.
const MOST_WORDS: usize = 10;
/// After everything that begins with a text: no name has a character beyond this one.
const LAST: char = '\u{10FFFF}';

/// What somebody looks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    /// The query as names are compared.
    key: String,
    /// Its longest word, which is likely the rarest.
    word: String,
    /// Its other words.
    others: Vec<String>,
    types: Vec<RecordType>,
}

/// A record that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// Its kind.
    pub record_type: RecordType,
    /// Its id.
    pub id: Uuid,
}

/// A row of either part: what it is ordered by, and what was found.
#[derive(Debug, FromQueryResult)]
struct Row {
    place: String,
    record_id: Uuid,
    record_type: RecordType,
}

/// Which part of the list a place is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Part {
    Names,
    Words,
}

/// A place in the list of one query.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cursor {
    q: String,
    p: Part,
    v: String,
    i: Uuid,
}

impl Search {
    /// Reads a query; among records of these kinds, or of every kind when none is named.
    ///
    /// # Errors
    /// Queries without a word, or with too much to look for.
    pub fn new(query: &str, types: &[RecordType]) -> ServiceResult<Self> {
        let length = query.chars().count();
        if length > LONGEST {
            return Err(bad(format!("`query` takes {LONGEST} characters and this has {length}; shorten it")));
        }
        if query.contains('\0') {
            return Err(bad("`query` holds the character U+0000, which no name has; remove it"));
        }
        let key = name_key(query);
        let mut words: Vec<String> =
            name_words(&key).map(str::to_owned).collect::<BTreeSet<_>>().into_iter().collect();
        words.sort_by_key(|word| std::cmp::Reverse(word.len()));
        if words.len() > MOST_WORDS {
            let message =
                format!("`query` takes {MOST_WORDS} words and this has {}; leave some out", words.len());
            return Err(bad(message));
        }
        let mut words = words.into_iter();
        let Some(word) = words.next() else {
            return Err(bad("Give `query` at least one letter or digit, such as the beginning of a name"));
        };
        let types = RecordType::iter().filter(|kind| types.is_empty() || types.contains(kind)).collect();
        Ok(Self { key, word, others: words.collect(), types })
    }

    /// A page of what is found.
    ///
    /// # Errors
    /// Bad page arguments.
    pub async fn page(
        &self,
        services: &Services,
        first: Option<i32>,
        after: Option<&str>,
    ) -> ServiceResult<Page<Found>> {
        let size = size(first, None)?;
        let after = after.map(|text| self.cursor(text)).transpose()?;
        let has_previous = after.is_some();
        let mut rows = Vec::new();
        let after_word = match after {
            Some(Cursor { p: Part::Words, v, i, .. }) => Some((v, i)),
            other => {
                let name = other.map(|cursor| (cursor.v, cursor.i));
                let names = self.names(services, name.as_ref(), size + 1);
                rows.extend(self.read(services, Part::Names, names).await?);
                None
            }
        };
        let read = u64::try_from(rows.len()).unwrap_or(u64::MAX);
        if let Some(missing @ 1..) = (size + 1).checked_sub(read) {
            let words = self.words(services, after_word.as_ref(), missing);
            rows.extend(self.read(services, Part::Words, words).await?);
        }
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        let has_next = rows.len() > size;
        rows.truncate(size);
        Ok(Page { rows, has_next, has_previous })
    }

    async fn read(
        &self,
        services: &Services,
        part: Part,
        statement: SelectStatement,
    ) -> ServiceResult<Vec<(String, Found)>> {
        let statement = services.db().get_database_backend().build(&statement);
        let rows = Row::find_by_statement(statement).all(services.db()).await?;
        rows.into_iter()
            .map(|row| {
                let cursor = Cursor { q: self.key.clone(), p: part, v: row.place, i: row.record_id };
                let cursor = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&cursor)?);
                Ok((cursor, Found { record_type: row.record_type, id: row.record_id }))
            })
            .collect()
    }

    /// How many records are found.
    ///
    /// # Errors
    /// The database's.
    pub async fn count(&self, services: &Services) -> ServiceResult<u64> {
        let count = Func::count_distinct(Expr::col(Column::RecordId.as_column_ref()));
        let statement = record_word::Entity::find()
            .select_only()
            .expr_as(count, "n")
            .filter(self.matching(services.organization_id()))
            .filter(Column::Word.gte(self.word.as_str()));
        let n: Option<i64> = statement.into_tuple().one(services.db()).await?;
        Ok(n.and_then(|n| u64::try_from(n).ok()).unwrap_or_default())
    }

    fn cursor(&self, text: &str) -> ServiceResult<Cursor> {
        let cursor: Cursor = URL_SAFE_NO_PAD
            .decode(text)
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .ok_or_else(|| bad("`after` is not a cursor; pass one exactly as a page returned it"))?;
        let start = match cursor.p {
            Part::Names => &self.key,
            Part::Words => &self.word,
        };
        if cursor.q != self.key || !cursor.v.starts_with(start) || cursor.v.contains('\0') {
            return Err(bad("`after` is a cursor of another query; start again without it"));
        }
        Ok(cursor)
    }

    /// The first part: the start of one index range for each kind of record, merged. Each is cut before the merge, since
    /// PostgreSQL would otherwise read all of them to sort them.
    fn names(&self, services: &Services, after: Option<&(String, Uuid)>, limit: u64) -> SelectStatement {
        let mut kinds = self
            .types
            .iter()
            .map(|kind| for_kind!(*kind, E => in_order(self.names_of::<E>(services, after), limit)))
            .map(|kind| {
                let mut start = Query::select();
                start.columns(["place", "record_id", "record_type"]).from_subquery(kind, "start").take()
            });
        // Every search has at least one kind.
        let mut union = kinds.next().unwrap_or_default();
        union.unions(kinds.map(|kind| (UnionType::All, kind)));
        in_order(union, limit)
    }

    fn names_of<E: Record>(&self, services: &Services, after: Option<&(String, Uuid)>) -> SelectStatement {
        let (name, id) = (E::name_key_column(), E::id_column());
        let rows = living::<E>(services)
            .select_only()
            .column_as(name, "place")
            .column_as(id, "record_id")
            .expr_as(Expr::val(E::TYPE.to_value()), "record_type");
        let rows = match after {
            None => rows.filter(name.gte(self.key.as_str())),
            Some((place, record)) => rows.filter(
                Expr::tuple([Expr::col(name.as_column_ref()), Expr::col(id.as_column_ref())])
                    .gt(Expr::tuple([Expr::value(place.as_str()), Expr::value(*record)])),
            ),
        };
        rows.filter(name.lt(beyond(&self.key))).into_query()
    }

    /// The second part: the index range of the longest word, looked at row by row until the page is full.
    fn words(&self, services: &Services, after: Option<&(String, Uuid)>, limit: u64) -> SelectStatement {
        let here = services.organization_id();
        let end = beyond(&self.key);
        let named = Being::Named(&self.key, &end);
        let in_first_part =
            record_is::<record_word::Entity>(here, Column::RecordType, Column::RecordId, named);
        let rows = record_word::Entity::find()
            .select_only()
            .column_as(Column::Word, "place")
            .column(Column::RecordId)
            .column(Column::RecordType)
            .filter(self.matching(here))
            // A record with two words that fit stands where the first of them is.
            .filter(other_word(here, &self.word, Some(Column::Word)).not())
            .filter(in_first_part.not());
        let rows = match after {
            None => rows.filter(Column::Word.gte(self.word.as_str())),
            Some((place, record)) => rows.filter(
                Expr::tuple([
                    Expr::col(Column::Word.as_column_ref()),
                    Expr::col(Column::RecordId.as_column_ref()),
                ])
                .gt(Expr::tuple([Expr::value(place.as_str()), Expr::value(*record)])),
            ),
        };
        in_order(rows.into_query(), limit)
    }

    /// Words of records that have every word of the query, without the lower end of the longest one's range.
    fn matching(&self, organization_id: Uuid) -> Condition {
        let mut condition = Condition::all()
            .add(Column::OrganizationId.eq(organization_id))
            .add(Column::Word.lt(beyond(&self.word)));
        for word in &self.others {
            condition = condition.add(other_word(organization_id, word, None));
        }
        if self.types.len() < RecordType::iter().count() {
            condition = condition.add(Column::RecordType.is_in(self.types.iter().copied()));
        }
        condition
    }
}

/// Whether the record of a word has one that begins so; one that stands before the word itself, if that is named.
fn other_word(organization_id: Uuid, beginning: &str, before: Option<Column>) -> Expr {
    let other = Alias::new("other");
    let column = |column: Column| Expr::col((other.clone(), column));
    let mut words = Query::select();
    words
        .expr(Expr::cust("1"))
        .from_as(record_word::Entity, other.clone())
        .and_where(column(Column::OrganizationId).eq(organization_id))
        .and_where(column(Column::RecordId).equals(Column::RecordId.as_column_ref()))
        .and_where(column(Column::Word).gte(beginning));
    match before {
        Some(word) => words.and_where(column(Column::Word).lt(Expr::col(word.as_column_ref()))),
        None => words.and_where(column(Column::Word).lt(beyond(beginning))),
    };
    Expr::exists(words.take())
}

/// The first of these rows in the order of the list.
fn in_order(mut rows: SelectStatement, limit: u64) -> SelectStatement {
    rows.order_by("place", Order::Asc).order_by("record_id", Order::Asc).limit(limit).take()
}

/// What comes after everything that begins with this.
pub(in crate::service) fn beyond(beginning: &str) -> String {
    format!("{beginning}{LAST}")
}

fn bad(message: impl Into<String>) -> ServiceError {
    ServiceError::BadInput(message.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_word_leads_and_repeats_are_dropped() {
        let search = Search::new("  Co Acme,  CO & müller ", &[]).unwrap();
        assert_eq!((search.key.as_str(), search.word.as_str()), ("co acme, co & müller", "müller"));
        assert_eq!(search.others, ["acme", "co"]);
        assert_eq!(search.types.len(), 5);
    }

    #[test]
    fn a_query_needs_a_word_and_has_an_end() {
        for query in ["", "  ", "&-/", "a\0", &"a".repeat(201), "a b c d e f g h i j k"] {
            assert!(matches!(Search::new(query, &[]), Err(ServiceError::BadInput(_))), "{query}");
        }
    }
}
