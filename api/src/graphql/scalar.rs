//! Scalars. Each says where its form is specified.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use chrono::{NaiveDate, SecondsFormat, Utc};
use finbridge_domain::Amount;
use std::str::FromStr;

fn text(value: &Value) -> Option<&str> {
    match value {
        Value::String(text) => Some(text),
        _ => None,
    }
}

/// An instant in UTC, as RFC 3339 text with up to six decimals of a second: `2026-01-05T12:06:10.5Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DateTime(pub chrono::DateTime<Utc>);

/// An instant in UTC, as RFC 3339 text with up to six decimals of a second: `2026-01-05T12:06:10.5Z`.
#[Scalar(specified_by_url = "https://www.rfc-editor.org/rfc/rfc3339")]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        text(&value)
            .and_then(|text| chrono::DateTime::parse_from_rfc3339(text).ok())
            .map(|instant| Self(instant.with_timezone(&Utc)))
            .ok_or_else(|| {
                InputValueError::custom("expected an RFC 3339 instant such as \"2026-01-05T12:06:10Z\"")
            })
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

/// A calendar day without a time zone, as ISO 8601 text: `2026-01-05`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Date(pub NaiveDate);

/// A calendar day without a time zone, as ISO 8601 text: `2026-01-05`.
#[Scalar(specified_by_url = "https://www.rfc-editor.org/rfc/rfc3339#section-5.6")]
impl ScalarType for Date {
    fn parse(value: Value) -> InputValueResult<Self> {
        text(&value)
            .and_then(|text| NaiveDate::from_str(text).ok())
            .map(Self)
            .ok_or_else(|| InputValueError::custom("expected a day such as \"2026-01-05\""))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// An exact decimal number, as text so that no client rounds it: `"1054.00"`. Whole numbers may be sent bare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decimal(pub rust_decimal::Decimal);

/// An exact decimal number, as text so that no client rounds it: `"1054.00"`. Whole numbers may be sent bare.
#[Scalar(specified_by_url = "https://www.w3.org/TR/xmlschema-2/#decimal")]
impl ScalarType for Decimal {
    fn parse(value: Value) -> InputValueResult<Self> {
        let number = match &value {
            Value::String(text) => exact(text),
            Value::Number(number) if number.is_i64() || number.is_u64() => exact(&number.to_string()),
            _ => None,
        };
        number
            .map(Self)
            .ok_or_else(|| InputValueError::custom("expected an exact decimal as text, such as \"1054.50\""))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// The number that the text writes out; none where it would have to be rounded. Exponents are not written out.
fn exact(text: &str) -> Option<rust_decimal::Decimal> {
    let plain = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'-' | b'+'));
    rust_decimal::Decimal::from_str_exact(text).ok().filter(|_| plain)
}

impl Decimal {
    /// The exact value of an amount in ten-thousandths.
    pub fn of_units(units: i64) -> Self {
        Self(Amount::from_units(units).to_decimal())
    }
}

/// A currency by its ISO 4217 code: `USD`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CurrencyCode(pub finbridge_domain::CurrencyCode);

/// A currency by its ISO 4217 code: `USD`.
#[Scalar(specified_by_url = "https://www.iso.org/iso-4217-currency-codes.html")]
impl ScalarType for CurrencyCode {
    fn parse(value: Value) -> InputValueResult<Self> {
        text(&value)
            .and_then(|text| text.parse().ok())
            .map(Self)
            .ok_or_else(|| InputValueError::custom("expected an ISO 4217 currency code such as \"USD\""))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.as_str().to_owned())
    }
}
