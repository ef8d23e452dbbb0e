//! Exact money: decimals in code, 64-bit ten-thousandths in the database.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use crate::currency::CurrencyCode;

/// Digits after the decimal point that an [`Amount`] keeps.
const SCALE: u32 = 4;

/// An amount of money as the database keeps it: a whole number of ten-thousandths (10⁻⁴) of the currency unit.
///
/// The fixed scale makes amounts of every currency sortable and summable in SQL. The range is ±922 trillion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(i64);

/// An amount that cannot be kept exactly. Amounts are never rounded silently.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// More than four digits after the decimal point.
    #[error("{0} has more than {SCALE} digits after the decimal point; round it before sending")]
    TooPrecise(Decimal),
    /// Outside ±922,337,203,685,477.5807.
    #[error("{0} is beyond the largest amount, 922337203685477.5807")]
    OutOfRange(Decimal),
}

impl Amount {
    /// The amount of this many ten-thousandths, as read from the database.
    pub const fn from_units(units: i64) -> Self {
        Self(units)
    }

    /// Ten-thousandths, as written to the database.
    pub const fn units(self) -> i64 {
        self.0
    }

    /// The exact decimal value without trailing zeros.
    pub fn to_decimal(self) -> Decimal {
        Decimal::new(self.0, SCALE).normalize()
    }
}

impl TryFrom<Decimal> for Amount {
    type Error = AmountError;

    fn try_from(value: Decimal) -> Result<Self, Self::Error> {
        let exact = value.normalize();
        if exact.scale() > SCALE {
            return Err(AmountError::TooPrecise(value));
        }
        exact
            .checked_mul(Decimal::from(10_i64.pow(SCALE)))
            .and_then(|units| units.to_i64())
            .map(Self)
            .ok_or(AmountError::OutOfRange(value))
    }
}

/// An amount in a currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Money {
    /// How much.
    pub amount: Amount,
    /// Of what.
    pub currency: CurrencyCode,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn amounts_are_exact_or_refused() {
        for text in ["0", "1054", "-0.0001", "26768.5", "922337203685477.5807", "-922337203685477.5808"] {
            assert_eq!(Amount::try_from(decimal(text)).unwrap().to_decimal(), decimal(text));
        }
        assert_eq!(Amount::try_from(decimal("1.50000000")).unwrap().units(), 15_000);
        assert!(matches!(Amount::try_from(decimal("0.00001")), Err(AmountError::TooPrecise(_))));
        assert!(matches!(Amount::try_from(decimal("922337203685477.5808")), Err(AmountError::OutOfRange(_))));
        assert!(matches!(Amount::try_from(Decimal::MAX), Err(AmountError::OutOfRange(_))));
    }
}
