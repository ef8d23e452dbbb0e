//! A row of an export in the making.

use std::fmt::Display;

use chrono::{DateTime, Utc};
use finbridge_entity::types::Address;

use super::written;
use crate::service::custom_field::value::number;
use crate::service::error::{ServiceError, ServiceResult};

/// Whether texts are kept from being run by the spreadsheet that opens the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Guard {
    /// A text that begins like a formula gets an apostrophe in front.
    #[default]
    Formulas,
    /// Every text is as it is stored.
    Nothing,
}

impl Guard {
    fn keep(self, text: &str) -> String {
        let runs = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
        if runs && self == Self::Formulas { format!("'{text}") } else { text.to_owned() }
    }
}

/// A row in the making.
pub(super) struct Row {
    cells: Vec<String>,
    guard: Guard,
}

impl Row {
    pub(super) fn new(guard: Guard) -> Self {
        Self { cells: Vec::new(), guard }
    }

    pub(super) fn cells(&self) -> &[String] {
        &self.cells
    }

    /// What a person or another system wrote.
    pub(super) fn text(&mut self, text: Option<&str>) -> &mut Self {
        self.cells.push(text.map(|text| self.guard.keep(text)).unwrap_or_default());
        self
    }

    /// What this program writes: numbers, days, ids. None of it can be a formula, and a minus must stay a minus.
    pub(super) fn plain(&mut self, value: impl Display) -> &mut Self {
        self.cells.push(value.to_string());
        self
    }

    pub(super) fn maybe(&mut self, value: Option<impl Display>) -> &mut Self {
        self.cells.push(value.map(|value| value.to_string()).unwrap_or_default());
        self
    }

    pub(super) fn time(&mut self, instant: DateTime<Utc>) -> &mut Self {
        self.plain(written(instant))
    }

    /// An amount, and the currency where there is an amount.
    pub(super) fn money(&mut self, units: Option<i64>, currency: Option<&str>) -> &mut Self {
        self.maybe(units.map(number)).text(units.and(currency))
    }

    pub(super) fn address(&mut self, address: Option<&Address>) -> &mut Self {
        let nothing = Address::default();
        let Address { street, city, state, postal_code, country } = address.unwrap_or(&nothing);
        for part in [street, city, state, postal_code, country] {
            self.text(part.as_deref());
        }
        self
    }

    /// Several texts in one cell, which is a line of CSV itself, so that a comma within a text splits nothing.
    pub(super) fn list(&mut self, texts: impl Iterator<Item = String>) -> ServiceResult<&mut Self> {
        let texts: Vec<String> = texts.collect();
        let mut line = csv::Writer::from_writer(Vec::new());
        if !texts.is_empty() {
            line.write_record(&texts)?;
        }
        let line = line.into_inner().map_err(|error| ServiceError::Internal(Box::new(error.into_error())))?;
        let line = String::from_utf8_lossy(&line);
        Ok(self.text(Some(line.trim_end_matches('\n'))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_begin_like_formulas_are_kept_from_running_and_numbers_are_not_touched() {
        let mut row = Row::new(Guard::Formulas);
        for text in ["=1+1", "+49 30", "-x", "@SUM(A1)", "\tx", "\rx", "a=b", "'=1"] {
            row.text(Some(text));
        }
        row.money(Some(-125_000), Some("USD")).maybe(None::<i32>);
        let wanted =
            ["'=1+1", "'+49 30", "'-x", "'@SUM(A1)", "'\tx", "'\rx", "a=b", "'=1", "-12.5", "USD", ""];
        assert_eq!(row.cells(), wanted);
        let mut raw = Row::new(Guard::Nothing);
        raw.text(Some("=1+1"));
        assert_eq!(raw.cells(), ["=1+1"]);
    }

    #[test]
    fn a_list_is_a_line_of_csv() {
        let mut row = Row::new(Guard::Formulas);
        let texts = ["VIP", "a, b", "say \"x\""].map(str::to_owned);
        row.list(texts.into_iter()).unwrap().list(std::iter::empty()).unwrap();
        assert_eq!(row.cells(), [r#"VIP,"a, b","say ""x""""#, ""]);
    }
}
