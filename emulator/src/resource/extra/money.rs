//! Amounts as people read them.

use rust_decimal::Decimal;

use crate::json::round_money;
use crate::store::record::Record;
use crate::store::records::{Currency, Organization};

/// `1,234.50`: rounded half up to `places`, thousands in groups of three.
pub(crate) fn grouped(amount: Decimal, places: u32) -> String {
    let mut amount = round_money(amount, places);
    amount.rescale(places);
    let text = amount.abs().to_string();
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let mut shown = String::with_capacity(text.len() + 8);
    if amount.is_sign_negative() && !amount.is_zero() {
        shown.push('-');
    }
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    if !fraction.is_empty() {
        shown.push('.');
        shown.push_str(fraction);
    }
    shown
}

/// The currency of a document; the base currency when it names none.
pub(crate) fn currency<'a>(organization: &'a Organization, record: &Record) -> Option<&'a Currency> {
    let own = record.reference("currency_id").and_then(|id| organization.currency(id));
    own.or_else(|| organization.currencies.first())
}

/// `$1,234.50`: the amount with its currency's symbol.
pub(crate) fn shown(amount: Decimal, currency: Option<&Currency>) -> String {
    let (symbol, places) = currency.map_or(("", 2), |it| (it.symbol.as_str(), it.precision));
    let number = grouped(amount.abs(), places);
    if amount < Decimal::ZERO { format!("-{symbol}{number}") } else { format!("{symbol}{number}") }
}

#[cfg(test)]
mod tests {
    use rust_decimal::dec;

    use super::*;

    #[test]
    fn amounts_are_grouped_and_rounded_half_up() {
        for (amount, places, expected) in [
            (dec!(0), 2, "0.00"),
            (dec!(999.995), 2, "1,000.00"),
            (dec!(-1234567.891), 2, "-1,234,567.89"),
            (dec!(1234.5), 0, "1,235"),
            (dec!(-0.001), 2, "0.00"),
            (dec!(12.3456), 3, "12.346"),
        ] {
            assert_eq!(grouped(amount, places), expected);
        }
    }
}
