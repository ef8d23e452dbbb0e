//! Filters: input objects whose conditions must all hold.

use async_graphql::{ID, InputObject};
use finbridge_domain::{Amount, NodeKind};
pub use finbridge_entity::criteria::TextShape;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition};

use super::context;
use super::error::coded;
use super::scalar::{Date, DateTime, Decimal};

/// Longest text to filter by, in characters: no name is longer, and databases refuse patterns that are much longer.
const LONGEST: usize = 250;

/// Conditions on a text. Letter case and surrounding blanks do not matter. Each text takes 250 characters.
#[derive(InputObject, Debug, Clone, Default)]
pub struct StringFilter {
    /// Is this.
    pub eq: Option<String>,
    /// Is one of these.
    #[graphql(name = "in", validator(max_items = 100))]
    pub any_of: Option<Vec<String>>,
    /// Begins with this.
    pub starts_with: Option<String>,
    /// Has this somewhere.
    pub contains: Option<String>,
}

impl StringFilter {
    fn check_lengths(&self, name: &str) -> async_graphql::Result<()> {
        let many = self.any_of.iter().flatten().map(|text| ("in", text));
        let single = [("eq", &self.eq), ("startsWith", &self.starts_with), ("contains", &self.contains)];
        let single = single.into_iter().filter_map(|(operator, text)| Some((operator, text.as_ref()?)));
        for (operator, text) in single.chain(many) {
            let length = text.chars().count();
            if length > LONGEST {
                let message = format!(
                    "`{name}.{operator}` takes texts of {LONGEST} characters and this has {length}; give a part of it"
                );
                return Err(coded("BAD_USER_INPUT", message));
            }
        }
        Ok(())
    }
}

/// Conditions on an id.
#[derive(InputObject, Debug, Clone, Default)]
pub struct IdFilter {
    /// Is this.
    pub eq: Option<ID>,
    /// Is one of these.
    #[graphql(name = "in", validator(max_items = 100))]
    pub any_of: Option<Vec<ID>>,
    /// True: is empty. False: is not empty.
    pub is_null: Option<bool>,
}

/// Conditions on an amount of money or another exact number.
#[derive(InputObject, Debug, Clone, Default)]
pub struct DecimalFilter {
    /// Is exactly this.
    pub eq: Option<Decimal>,
    /// Is more than this.
    pub gt: Option<Decimal>,
    /// Is this or more.
    pub gte: Option<Decimal>,
    /// Is less than this.
    pub lt: Option<Decimal>,
    /// Is this or less.
    pub lte: Option<Decimal>,
    /// True: is empty. False: is not empty.
    pub is_null: Option<bool>,
}

/// Conditions on a day.
#[derive(InputObject, Debug, Clone, Default)]
pub struct DateFilter {
    /// Is this day.
    pub eq: Option<Date>,
    /// Is after this day.
    pub gt: Option<Date>,
    /// Is this day or later.
    pub gte: Option<Date>,
    /// Is before this day.
    pub lt: Option<Date>,
    /// Is this day or earlier.
    pub lte: Option<Date>,
    /// True: is empty. False: is not empty.
    pub is_null: Option<bool>,
}

/// Conditions on an instant.
#[derive(InputObject, Debug, Clone, Default)]
pub struct DateTimeFilter {
    /// Is after this instant.
    pub gt: Option<DateTime>,
    /// Is this instant or later.
    pub gte: Option<DateTime>,
    /// Is before this instant.
    pub lt: Option<DateTime>,
    /// Is this instant or earlier.
    pub lte: Option<DateTime>,
}

/// Conditions on yes or no.
#[derive(InputObject, Debug, Clone, Default)]
pub struct BooleanFilter {
    /// Is this.
    pub eq: Option<bool>,
}

/// Adds conditions to a query.
pub trait Conditions: Sized {
    /// A text; `name` is the filter's member, for the message.
    ///
    /// # Errors
    /// Texts that are too long.
    fn text(
        self,
        name: &str,
        column: impl ColumnTrait,
        shape: TextShape,
        filter: Option<&StringFilter>,
    ) -> async_graphql::Result<Self>;
    /// An id of this kind.
    ///
    /// # Errors
    /// Ids that are not of this kind.
    fn id(
        self,
        column: impl ColumnTrait,
        kind: NodeKind,
        filter: Option<&IdFilter>,
    ) -> async_graphql::Result<Self>;
    /// An amount kept in ten-thousandths.
    ///
    /// # Errors
    /// Amounts that cannot be kept exactly.
    fn amount(self, column: impl ColumnTrait, filter: Option<&DecimalFilter>) -> async_graphql::Result<Self>;
    /// A day.
    fn date(self, column: impl ColumnTrait, filter: Option<&DateFilter>) -> Self;
    /// An instant.
    fn time(self, column: impl ColumnTrait, filter: Option<&DateTimeFilter>) -> Self;
    /// Yes or no.
    fn boolean(self, column: impl ColumnTrait, filter: Option<&BooleanFilter>) -> Self;
}

impl Conditions for Condition {
    fn text(
        mut self,
        name: &str,
        column: impl ColumnTrait,
        shape: TextShape,
        filter: Option<&StringFilter>,
    ) -> async_graphql::Result<Self> {
        let Some(filter) = filter else { return Ok(self) };
        filter.check_lengths(name)?;
        let value = || Expr::col(column.as_column_ref());
        if let Some(text) = &filter.eq {
            self = self.add(shape.is_in(value(), [text.as_str()]));
        }
        if let Some(texts) = &filter.any_of {
            self = self.add(shape.is_in(value(), texts.iter().map(String::as_str)));
        }
        if let Some(text) = &filter.starts_with {
            self = self.add(shape.starts_with(&value(), text));
        }
        if let Some(text) = &filter.contains {
            self = self.add(shape.contains(&value(), text));
        }
        Ok(self)
    }

    fn id(
        mut self,
        column: impl ColumnTrait,
        kind: NodeKind,
        filter: Option<&IdFilter>,
    ) -> async_graphql::Result<Self> {
        let Some(filter) = filter else { return Ok(self) };
        if let Some(id) = &filter.eq {
            self = self.add(column.eq(context::uuid(kind, id)?));
        }
        if let Some(ids) = &filter.any_of {
            let ids: Vec<_> = ids.iter().map(|id| context::uuid(kind, id)).collect::<Result<_, _>>()?;
            self = self.add(column.is_in(ids));
        }
        Ok(null(self, column, filter.is_null))
    }

    fn amount(
        mut self,
        column: impl ColumnTrait,
        filter: Option<&DecimalFilter>,
    ) -> async_graphql::Result<Self> {
        let Some(filter) = filter else { return Ok(self) };
        let units = |value: Decimal| {
            Amount::try_from(value.0)
                .map(Amount::units)
                .map_err(|error| coded("BAD_USER_INPUT", error.to_string()))
        };
        if let Some(value) = filter.eq {
            self = self.add(column.eq(units(value)?));
        }
        if let Some(value) = filter.gt {
            self = self.add(column.gt(units(value)?));
        }
        if let Some(value) = filter.gte {
            self = self.add(column.gte(units(value)?));
        }
        if let Some(value) = filter.lt {
            self = self.add(column.lt(units(value)?));
        }
        if let Some(value) = filter.lte {
            self = self.add(column.lte(units(value)?));
        }
        Ok(null(self, column, filter.is_null))
    }

    fn date(self, column: impl ColumnTrait, filter: Option<&DateFilter>) -> Self {
        let Some(filter) = filter else { return self };
        let bounds = self
            .add_option(filter.eq.map(|day| column.eq(day.0)))
            .add_option(filter.gt.map(|day| column.gt(day.0)))
            .add_option(filter.gte.map(|day| column.gte(day.0)))
            .add_option(filter.lt.map(|day| column.lt(day.0)))
            .add_option(filter.lte.map(|day| column.lte(day.0)));
        null(bounds, column, filter.is_null)
    }

    fn time(self, column: impl ColumnTrait, filter: Option<&DateTimeFilter>) -> Self {
        let Some(filter) = filter else { return self };
        self.add_option(filter.gt.map(|instant| column.gt(instant.0)))
            .add_option(filter.gte.map(|instant| column.gte(instant.0)))
            .add_option(filter.lt.map(|instant| column.lt(instant.0)))
            .add_option(filter.lte.map(|instant| column.lte(instant.0)))
    }

    fn boolean(self, column: impl ColumnTrait, filter: Option<&BooleanFilter>) -> Self {
        self.add_option(filter.and_then(|filter| filter.eq).map(|yes| column.eq(yes)))
    }
}

fn null(condition: Condition, column: impl ColumnTrait, is_null: Option<bool>) -> Condition {
    match is_null {
        Some(true) => condition.add(column.is_null()),
        Some(false) => condition.add(column.is_not_null()),
        None => condition,
    }
}
