//! From the text of a cell to a typed value, exactly or not at all.

use std::borrow::Cow;

use chrono::{Datelike, NaiveDate};
use finbridge_domain::{Amount, AmountError, CurrencyCode};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use uuid::Uuid;

use super::fields::Kind;
use super::note::Reason;

/// The longest e-mail address that mail systems carry.
const EMAIL_LENGTH: usize = 254;

/// The longest key of a source row, in characters.
pub(super) const KEY_LENGTH: usize = 255;

/// The value of a field.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    /// Nothing.
    Empty,
    /// Text.
    Text(String),
    /// A whole number.
    Whole(i32),
    /// Money.
    Amount(Amount),
    /// A decimal number.
    Decimal(Decimal),
    /// A day.
    Date(NaiveDate),
    /// Yes or no.
    Boolean(bool),
    /// Another record: its key in the source and, once found, its id.
    Reference { key: String, id: Option<Uuid> },
}

impl Value {
    pub(super) fn text(&self) -> Option<String> {
        if let Self::Text(text) = self { Some(text.clone()) } else { None }
    }

    pub(super) fn whole(&self) -> Option<i32> {
        if let Self::Whole(number) = self { Some(*number) } else { None }
    }

    pub(super) fn units(&self) -> Option<i64> {
        if let Self::Amount(amount) = self { Some(amount.units()) } else { None }
    }

    pub(super) fn decimal(&self) -> Option<Decimal> {
        if let Self::Decimal(number) = self { Some(*number) } else { None }
    }

    pub(super) fn date(&self) -> Option<NaiveDate> {
        if let Self::Date(date) = self { Some(*date) } else { None }
    }

    pub(super) fn boolean(&self) -> Option<bool> {
        if let Self::Boolean(yes) = self { Some(*yes) } else { None }
    }

    pub(super) fn reference(&self) -> Option<Uuid> {
        if let Self::Reference { id, .. } = self { *id } else { None }
    }

    /// The form that is hashed: equal values have equal forms, however the file wrote them.
    pub(super) fn canonical(&self) -> Cow<'_, str> {
        match self {
            Self::Empty => "-".into(),
            Self::Text(text) => format!("t{text}").into(),
            Self::Whole(number) => format!("n{number}").into(),
            Self::Amount(amount) => format!("a{}", amount.units()).into(),
            Self::Decimal(number) => format!("d{}", number.normalize()).into(),
            Self::Date(date) => format!("D{date}").into(),
            Self::Boolean(yes) => format!("b{yes}").into(),
            Self::Reference { key, id: Some(_) } => format!("r{key}").into(),
            // A reference that could not be followed hashes differently, so that it is set once its record exists.
            Self::Reference { key, id: None } => format!("?{key}").into(),
        }
    }
}

/// How the text of a cell is to be read.
#[derive(Debug, Clone)]
pub(super) struct Format {
    /// Factor for numbers.
    pub scale: Option<Decimal>,
    /// What separates whole and fraction.
    pub decimal_mark: char,
    /// How dates are written.
    pub date: String,
}

impl Default for Format {
    fn default() -> Self {
        Self { scale: None, decimal_mark: '.', date: "%Y-%m-%d".to_owned() }
    }
}

/// Reads a text that is not empty.
pub(super) fn read(kind: Kind, text: &str, format: &Format) -> Result<Value, Reason> {
    match kind {
        Kind::Text(longest) => bounded(text, longest).map(|()| Value::Text(text.to_owned())),
        Kind::Reference(_) => {
            bounded(text, KEY_LENGTH).map(|()| Value::Reference { key: text.to_owned(), id: None })
        }
        Kind::Email => email(text).map(Value::Text),
        Kind::Whole => {
            let exact = number(text, format)?.normalize();
            if exact.scale() > 0 {
                return Err(Reason::NotWhole);
            }
            exact.to_i32().filter(|whole| *whole >= 0).map(Value::Whole).ok_or(Reason::OutOfRange)
        }
        Kind::Amount => {
            Amount::try_from(number(text, format)?).map(Value::Amount).map_err(|error| match error {
                AmountError::TooPrecise(_) => Reason::TooPrecise,
                AmountError::OutOfRange(_) => Reason::OutOfRange,
            })
        }
        Kind::Decimal => number(text, format).map(|number| Value::Decimal(number.normalize())),
        Kind::Date => date(text, &format.date).map(Value::Date),
        Kind::Boolean => match text.to_ascii_lowercase().as_str() {
            "true" | "yes" | "y" | "1" => Ok(Value::Boolean(true)),
            "false" | "no" | "n" | "0" => Ok(Value::Boolean(false)),
            _ => Err(Reason::NotABoolean),
        },
        Kind::Currency => text
            .parse::<CurrencyCode>()
            .map(|code| Value::Text(code.as_str().to_owned()))
            .map_err(|_| Reason::NotACurrency),
    }
}

fn bounded(text: &str, longest: usize) -> Result<(), Reason> {
    // Bytes are never fewer than characters, so most texts are settled without counting.
    if text.len() > longest && text.chars().count() > longest {
        return Err(Reason::TooLong(longest));
    }
    Ok(())
}

fn number(text: &str, format: &Format) -> Result<Decimal, Reason> {
    let plain: Cow<'_, str> = if format.decimal_mark == '.' {
        text.into()
    } else if text.contains('.') {
        return Err(Reason::NotANumber);
    } else {
        text.replace(format.decimal_mark, ".").into()
    };
    let digits = plain.strip_prefix(['-', '+']).unwrap_or(&plain);
    // The parser is more generous than a reader of files should be: it takes underscores for nothing.
    let plausible = digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        && digits.bytes().any(|byte| byte.is_ascii_digit());
    if !plausible || digits.bytes().filter(|byte| *byte == b'.').count() > 1 {
        return Err(Reason::NotANumber);
    }
    let number = Decimal::from_str_exact(&plain).map_err(|_| Reason::OutOfRange)?;
    match format.scale {
        Some(scale) => number.checked_mul(scale).ok_or(Reason::OutOfRange),
        None => Ok(number),
    }
}

fn date(text: &str, format: &str) -> Result<NaiveDate, Reason> {
    NaiveDate::parse_from_str(text, format)
        .ok()
        // Years of four digits: both databases keep and order them alike.
        .filter(|date| (1000..=9999).contains(&date.year()))
        .ok_or_else(|| Reason::NotADate(format.to_owned()))
}

/// One `@` with something on both sides and no blanks: typing mistakes are caught, addresses are not judged.
fn email(text: &str) -> Result<String, Reason> {
    bounded(text, EMAIL_LENGTH)?;
    match text.split_once('@') {
        Some((local, host))
            if !local.is_empty()
                && !host.is_empty()
                && !host.contains('@')
                && !text.contains(|letter: char| letter.is_whitespace() || letter.is_control()) =>
        {
            Ok(text.to_owned())
        }
        _ => Err(Reason::NotAnEmail),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(kind: Kind, text: &str) -> Result<Value, Reason> {
        read(kind, text, &Format::default())
    }

    fn amount(text: &str, format: &Format) -> Result<i64, Reason> {
        read(Kind::Amount, text, format).map(|value| value.units().unwrap())
    }

    #[test]
    fn amounts_are_exact_or_refused() {
        let millions = Format { scale: Some(Decimal::from(1_000_000)), ..Format::default() };
        assert_eq!(amount("1100.04", &millions), Ok(11_000_400_000_000));
        assert_eq!(amount("-0.0001", &Format::default()), Ok(-1));
        assert_eq!(amount("0.00001", &Format::default()), Err(Reason::TooPrecise));
        assert_eq!(amount("0.00001", &millions), Ok(100_000));
        assert_eq!(amount("99999999999999999", &Format::default()), Err(Reason::OutOfRange));
        assert_eq!(amount(&"9".repeat(60), &Format::default()), Err(Reason::OutOfRange));
        for text in ["", "-", ".", "1_000", "1e3", "1,5", "1.2.3", "٣", "$5", "1 000", "+-1", "NaN"] {
            assert_eq!(amount(text, &Format::default()), Err(Reason::NotANumber), "{text}");
        }
    }

    #[test]
    fn a_decimal_comma_is_an_option_and_then_the_point_is_none() {
        let comma = Format { decimal_mark: ',', ..Format::default() };
        assert_eq!(amount("1054,5", &comma), Ok(10_545_000));
        assert_eq!(amount("1054.5", &comma), Err(Reason::NotANumber));
    }

    #[test]
    fn whole_numbers_may_be_written_with_an_empty_fraction() {
        assert_eq!(plain(Kind::Whole, "2822.0"), Ok(Value::Whole(2822)));
        assert_eq!(plain(Kind::Whole, "2822.5"), Err(Reason::NotWhole));
        assert_eq!(plain(Kind::Whole, "-1"), Err(Reason::OutOfRange));
        assert_eq!(plain(Kind::Whole, "3000000000"), Err(Reason::OutOfRange));
    }

    #[test]
    fn dates_follow_their_format() {
        let day = Value::Date(NaiveDate::from_ymd_opt(2017, 3, 1).unwrap());
        assert_eq!(plain(Kind::Date, "2017-03-01"), Ok(day.clone()));
        let format = Format { date: "%d/%m/%Y %H:%M".to_owned(), ..Format::default() };
        assert_eq!(read(Kind::Date, "01/03/2017 09:30", &format), Ok(day));
        for text in ["2017-02-29", "17-03-01", "+12017-03-01", "yesterday"] {
            assert!(matches!(plain(Kind::Date, text), Err(Reason::NotADate(_))), "{text}");
        }
    }

    #[test]
    fn other_kinds_refuse_what_they_cannot_hold() {
        assert_eq!(plain(Kind::Text(3), "äöü"), Ok(Value::Text("äöü".to_owned())));
        assert_eq!(plain(Kind::Text(3), "äöüß"), Err(Reason::TooLong(3)));
        assert_eq!(plain(Kind::Email, "a@b"), Ok(Value::Text("a@b".to_owned())));
        for text in ["a", "@b", "a@", "a@b@c", "a b@c"] {
            assert_eq!(plain(Kind::Email, text), Err(Reason::NotAnEmail), "{text}");
        }
        assert_eq!(plain(Kind::Boolean, "YES"), Ok(Value::Boolean(true)));
        assert_eq!(plain(Kind::Boolean, "maybe"), Err(Reason::NotABoolean));
        assert_eq!(plain(Kind::Currency, "US$"), Err(Reason::NotACurrency));
    }
}
