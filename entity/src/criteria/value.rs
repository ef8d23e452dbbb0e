//! What fields are compared with: texts of a form that the field's kind tells.

use std::str::FromStr;

use chrono::{DateTime, Datelike, DurationRound, NaiveDate, TimeDelta, Utc};
use finbridge_domain::{Amount, NodeId};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::MOST_DAYS;
use super::field::{Field, FieldKind};
use super::operator::{Arity, Operator};

/// Stands for the person who asks, where a field refers to a person.
pub const VIEWER: &str = "VIEWER";

/// Longest text to compare with, in characters.
const LONGEST: usize = 250;

/// A value to compare with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Operand {
    /// A text, a tag, or what is chosen from a list.
    Text(String),
    /// A number, in ten-thousandths.
    Number(i64),
    /// Yes or no.
    Boolean(bool),
    /// A day.
    Day(NaiveDate),
    /// An instant.
    Instant(DateTime<Utc>),
    /// A record.
    Record(Uuid),
    /// Whoever asks.
    Viewer,
    /// A number of days.
    Days(i64),
}

impl Operand {
    /// Whether it comes before the other in the order of their kind.
    pub(super) fn is_before(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Number(one), Self::Number(other)) => one < other,
            (Self::Day(one), Self::Day(other)) => one < other,
            (Self::Instant(one), Self::Instant(other)) => one < other,
            _ => false,
        }
    }
}

/// Reads a value.
///
/// # Errors
/// What is wrong with it, as a sentence that tells the right form.
pub(super) fn read(field: &Field, operator: Operator, text: &str) -> Result<Operand, String> {
    let wrong = |wanted: &str| format!("`{}` takes {wanted}, not `{}`", field.key, shortened(text));
    if operator.arity() == Arity::Days {
        let days = text.parse().ok().filter(|days| (1..=MOST_DAYS).contains(days));
        let wanted = format!("with {} a number of days from 1 to {MOST_DAYS}", operator.as_str());
        return days.map(Operand::Days).ok_or_else(|| wrong(&wanted));
    }
    match field.kind {
        FieldKind::Text | FieldKind::Tag | FieldKind::PickList => {
            if text.chars().count() > LONGEST {
                return Err(wrong(&format!("texts of at most {LONGEST} characters")));
            }
            if text.trim().is_empty() || text.contains('\0') {
                return Err(wrong("a text that is not blank; IS_EMPTY finds what holds nothing"));
            }
            Ok(Operand::Text(text.to_owned()))
        }
        FieldKind::Integer => number(text)
            .filter(|(number, _)| number.is_integer())
            .map(|(_, units)| Operand::Number(units))
            .ok_or_else(|| wrong("whole numbers such as 12")),
        FieldKind::Decimal => number(text)
            .map(|(_, units)| Operand::Number(units))
            .ok_or_else(|| wrong("numbers with at most four digits after the point, such as 1054.5")),
        FieldKind::Boolean => match text {
            "true" => Ok(Operand::Boolean(true)),
            "false" => Ok(Operand::Boolean(false)),
            _ => Err(wrong("true or false")),
        },
        FieldKind::Date => NaiveDate::from_str(text)
            .ok()
            .filter(|day| (1..=9999).contains(&day.year()))
            .map(Operand::Day)
            .ok_or_else(|| wrong("days such as 2026-01-05")),
        FieldKind::DateTime => DateTime::parse_from_rfc3339(text)
            .ok()
            .map(|instant| instant.with_timezone(&Utc))
            .and_then(|instant| instant.duration_trunc(TimeDelta::microseconds(1)).ok())
            .map(Operand::Instant)
            .ok_or_else(|| wrong("RFC 3339 instants such as 2026-01-05T12:06:10Z")),
        FieldKind::Record => record(field, text).ok_or_else(|| match field.refers_to {
            Some(reference) if reference.is_person() => wrong("ids of users, or VIEWER for whoever asks"),
            Some(reference) => wrong(&format!("ids of {}", reference.plural())),
            None => wrong("ids"),
        }),
    }
}

fn record(field: &Field, text: &str) -> Option<Operand> {
    let reference = field.refers_to?;
    if text == VIEWER && reference.is_person() {
        return Some(Operand::Viewer);
    }
    let id: NodeId = text.parse().ok()?;
    (id.kind == reference.node_kind()).then_some(Operand::Record(id.uuid))
}

/// The number that the text writes out, and its ten-thousandths. Exponents and digits beyond the fourth are refused.
fn number(text: &str) -> Option<(Decimal, i64)> {
    let plain = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'-'));
    let number = Decimal::from_str_exact(text).ok().filter(|_| plain)?;
    Some((number, Amount::try_from(number).ok()?.units()))
}

fn shortened(text: &str) -> String {
    text.chars().take(64).collect()
}
