//! Document amounts in the home currency: nine decimals, exact.

use rust_decimal::Decimal;

use crate::money::Amount;

/// Nano-units in a whole unit of the home currency.
const NANOS: i128 = 1_000_000_000;

/// Decimals of a home amount.
const SCALE: u32 = 9;

/// An amount in the home currency, as a whole number of billionths (10⁻⁹) of its unit (R179).
///
/// The database keeps it as two whole numbers, [`HomeAmount::whole`] and [`HomeAmount::nano`], which sort as a pair and are
/// summed each for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct HomeAmount(i128);

/// An amount that has no exact home amount of nine decimals within range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ConversionError {
    /// A rate of zero or below.
    #[error("the exchange rate {0} is not above zero; correct it on the document")]
    Rate(Decimal),
    /// Beyond what can be kept.
    #[error("the amount is beyond what can be kept in the home currency")]
    OutOfRange,
}

impl HomeAmount {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// An amount of a document in the home currency, by the document's own rate: 1 unit of the document's currency = `rate`
    /// units of the home currency (R178). Rounded to nine decimals, half up: ties go away from zero (A17.22).
    ///
    /// # Errors
    /// A rate that is not above zero; a result beyond ±9.2 × 10¹⁸.
    pub fn convert(amount: Amount, rate: Decimal) -> Result<Self, ConversionError> {
        if rate <= Decimal::ZERO {
            return Err(ConversionError::Rate(rate));
        }
        let rate = rate.normalize();
        // Ten-thousandths times the rate's mantissa: a whole number of units of 10^-(4 + scale of the rate).
        let exact =
            i128::from(amount.units()).checked_mul(rate.mantissa()).ok_or(ConversionError::OutOfRange)?;
        let digits = 4 + rate.scale();
        let nanos = if digits <= SCALE {
            exact.checked_mul(10_i128.pow(SCALE - digits)).ok_or(ConversionError::OutOfRange)?
        } else {
            let unit = 10_i128.pow(digits - SCALE);
            let (quotient, rest) = (exact / unit, exact % unit);
            // Twice the rest would not overflow: the unit has 24 digits at most.
            if rest.abs() * 2 >= unit { quotient + exact.signum() } else { quotient }
        };
        Self(nanos).checked()
    }

    /// The amount of an equal currency: exact.
    pub const fn of(amount: Amount) -> Self {
        Self(amount.units() as i128 * 100_000)
    }

    /// From the two numbers that the database keeps, or their sums.
    pub const fn from_parts(whole: i64, nano: i64) -> Self {
        Self(whole as i128 * NANOS + nano as i128)
    }

    /// Whole units, rounded down.
    pub const fn whole(self) -> i64 {
        self.0.div_euclid(NANOS) as i64
    }

    /// Billionths above [`HomeAmount::whole`]: from 0 to 999,999,999.
    pub const fn nano(self) -> i64 {
        self.0.rem_euclid(NANOS) as i64
    }

    /// The exact decimal value without trailing zeros.
    pub fn to_decimal(self) -> Decimal {
        Decimal::try_from_i128_with_scale(self.0, SCALE).unwrap_or_default().normalize()
    }

    /// The sum.
    ///
    /// # Errors
    /// Beyond ±9.2 × 10¹⁸.
    pub fn plus(self, other: Self) -> Result<Self, ConversionError> {
        Self(self.0 + other.0).checked()
    }

    /// The opposite.
    #[must_use]
    pub const fn negated(self) -> Self {
        Self(-self.0)
    }

    fn checked(self) -> Result<Self, ConversionError> {
        match i64::try_from(self.0.div_euclid(NANOS)) {
            Ok(_) => Ok(self),
            Err(_) => Err(ConversionError::OutOfRange),
        }
    }
}

/// Whether a document's rate (1 foreign = `document_rate` home) looks as if it had been written the other way round, judged by
/// the CRM's own rate (1 home = `crm_rate` foreign). Only a warning follows from it: no amount is ever derived (R176).
pub fn is_rate_inverted(document_rate: Decimal, crm_rate: Decimal) -> bool {
    if document_rate <= Decimal::ZERO || crm_rate <= Decimal::ZERO {
        return false;
    }
    // How far two numbers are apart, as the larger divided by the smaller.
    let apart = |one: Decimal, other: Decimal| one.max(other).checked_div(one.min(other));
    let right = document_rate.checked_mul(crm_rate).and_then(|product| apart(product, Decimal::ONE));
    let inverted = apart(document_rate, crm_rate);
    match (right, inverted) {
        // Near parity both readings are alike, and nothing can be said.
        (Some(right), Some(inverted)) => right > Decimal::TWO && inverted < right,
        (None, Some(_)) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    fn home(amount: &str, rate: &str) -> String {
        HomeAmount::convert(Amount::try_from(decimal(amount)).unwrap(), decimal(rate))
            .unwrap()
            .to_decimal()
            .to_string()
    }

    #[test]
    fn r178_the_rate_on_the_document_decides() {
        assert_eq!(home("100000", "0.015"), "1500");
        assert_eq!(home("1", "0.0166666666"), "0.016666667");
    }

    #[test]
    fn a17_22_ties_go_up_and_away_from_zero() {
        assert_eq!(home("1", "0.0000000005"), "0.000000001");
        assert_eq!(home("1", "0.0000000004999"), "0");
        assert_eq!(home("-1", "0.0000000005"), "-0.000000001");
        assert_eq!(home("0.5", "0.000000001"), "0.000000001");
        assert_eq!(home("1.5", "0.000000003"), "0.000000005");
    }

    #[test]
    fn a17_21_no_rate_is_no_rate_of_one() {
        for rate in ["0", "-1"] {
            let outcome = HomeAmount::convert(Amount::from_units(10_000), decimal(rate));
            assert_eq!(outcome, Err(ConversionError::Rate(decimal(rate))));
        }
    }

    #[test]
    fn r176_an_inverted_rate_is_noticed() {
        assert!(!is_rate_inverted(decimal("0.015"), decimal("60")));
        assert!(is_rate_inverted(decimal("60"), decimal("60")));
        assert!(is_rate_inverted(decimal("58.3"), decimal("60")));
        assert!(!is_rate_inverted(decimal("1.08"), decimal("0.92")));
        assert!(!is_rate_inverted(decimal("0"), decimal("60")));
    }

    proptest! {
        #[test]
        fn r179_home_amounts_are_the_exact_product_rounded_half_up(units in -10_i64.pow(15)..10_i64.pow(15), mantissa in 1_i64..10_i64.pow(12), scale in 0_u32..12) {
            let rate = Decimal::new(mantissa, scale);
            let amount = Amount::from_units(units);
            let Ok(home) = HomeAmount::convert(amount, rate) else { return Ok(()) };
            let exact = i128::from(units) * i128::from(mantissa);
            let unit = 10_i128.pow(4 + scale);
            // |home - exact| <= half a billionth, and a tie lies farther from zero.
            let nanos = i128::from(home.whole()) * 1_000_000_000 + i128::from(home.nano());
            let difference = nanos * unit - exact * 1_000_000_000;
            prop_assert!(2 * difference.abs() <= unit);
            if 2 * difference.abs() == unit {
                prop_assert_eq!(difference.signum(), exact.signum());
            }
            prop_assert_eq!(HomeAmount::from_parts(home.whole(), home.nano()), home);
        }
    }
}
