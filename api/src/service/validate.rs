//! Checks that many inputs share. They collect every fault, so that a form shows all of them at once.

use async_graphql::MaybeUndefined;
use finbridge_domain::{Amount, CurrencyCode, name_key};
use finbridge_entity::types::Address;
use rust_decimal::Decimal;
use sea_orm::{ActiveValue, Set};

use super::error::{ErrorCode, ServiceError, UserError};

/// Longest name, in characters; the finance side takes no longer ones.
pub const NAME_LENGTH: usize = 200;
/// Longest telephone number.
pub const PHONE_LENGTH: usize = 50;
/// Longest one-line text.
pub const LINE_LENGTH: usize = 250;
/// Longest free text.
pub const TEXT_LENGTH: usize = 10_000;

/// Collects faults.
#[derive(Debug, Default)]
pub struct Check {
    errors: Vec<UserError>,
}

impl Check {
    /// Notes a fault.
    pub fn fault(&mut self, code: ErrorCode, field: &str, message: impl Into<String>) {
        self.errors.push(UserError::of(code, field, message));
    }

    /// A text that must be there. Blanks around it go.
    pub fn required(&mut self, field: &str, value: &str, longest: usize) -> String {
        let value = value.trim();
        if value.is_empty() {
            self.fault(ErrorCode::Required, field, format!("Give `{field}` a value"));
        }
        self.storable(field, value, longest);
        value.to_owned()
    }

    /// A text that may be absent; empty is absent.
    pub fn optional(&mut self, field: &str, value: Option<&str>, longest: usize) -> Option<String> {
        let value = value.map(str::trim).filter(|value| !value.is_empty())?;
        self.storable(field, value, longest);
        Some(value.to_owned())
    }

    /// A change of a required text: absent leaves it, null is a fault.
    pub fn required_change(
        &mut self,
        field: &str,
        value: &MaybeUndefined<String>,
        longest: usize,
    ) -> ActiveValue<String> {
        match value {
            MaybeUndefined::Undefined => ActiveValue::NotSet,
            MaybeUndefined::Null => Set(self.required(field, "", longest)),
            MaybeUndefined::Value(value) => Set(self.required(field, value, longest)),
        }
    }

    /// A change of an optional text: absent leaves it, null clears it.
    pub fn optional_change(
        &mut self,
        field: &str,
        value: &MaybeUndefined<String>,
        longest: usize,
    ) -> ActiveValue<Option<String>> {
        change(value, |value| self.optional(field, Some(value), longest))
    }

    /// An e-mail address, as far as a server can tell one.
    pub fn email(&mut self, field: &str, value: Option<&str>) -> Option<String> {
        let value = self.optional(field, value, LINE_LENGTH)?;
        let (local, host) = value.split_once('@').unwrap_or_default();
        if local.is_empty()
            || !host.contains('.')
            || value.contains(char::is_whitespace)
            || host.contains('@')
        {
            self.fault(
                ErrorCode::Invalid,
                field,
                format!("`{value}` is not an e-mail address; write it as name@example.com"),
            );
        }
        Some(value)
    }

    /// An amount that can be kept exactly.
    pub fn amount(&mut self, field: &str, value: Decimal) -> Option<i64> {
        match Amount::try_from(value) {
            Ok(amount) => Some(amount.units()),
            Err(error) => {
                self.fault(ErrorCode::AmountInvalid, field, error.to_string());
                None
            }
        }
    }

    /// An amount with its currency.
    pub fn money(
        &mut self,
        field: &str,
        value: Option<(Decimal, CurrencyCode)>,
    ) -> (Option<i64>, Option<String>) {
        match value {
            None => (None, None),
            Some((amount, currency)) => (self.amount(field, amount), Some(currency.as_str().to_owned())),
        }
    }

    /// A postal address; an empty one is absent.
    pub fn address(&mut self, field: &str, address: Option<&Address>) -> Option<Address> {
        let address = address?;
        let mut part = |name: &str, value: &Option<String>| {
            self.optional(&format!("{field}.{name}"), value.as_deref(), LINE_LENGTH)
        };
        let checked = Address {
            street: part("street", &address.street),
            city: part("city", &address.city),
            state: part("state", &address.state),
            postal_code: part("postalCode", &address.postal_code),
            country: part("country", &address.country),
        };
        (checked != Address::default()).then_some(checked)
    }

    /// The faults, if there are any.
    ///
    /// # Errors
    /// All faults found.
    pub fn finish(self) -> Result<(), ServiceError> {
        if self.errors.is_empty() { Ok(()) } else { Err(ServiceError::Refused(self.errors)) }
    }

    fn storable(&mut self, field: &str, value: &str, longest: usize) {
        if value.contains('\0') {
            self.fault(
                ErrorCode::Invalid,
                field,
                format!("`{field}` holds the character U+0000, which no text may; remove it"),
            );
        }
        let length = value.chars().count();
        if length > longest {
            self.fault(
                ErrorCode::TooLong,
                field,
                format!("`{field}` takes {longest} characters and this has {length}; shorten it"),
            );
        }
    }
}

/// The form in which a text is compared, where the text was just set.
pub fn key_of(text: &ActiveValue<Option<String>>) -> ActiveValue<Option<String>> {
    match text {
        Set(text) => Set(text.as_deref().map(name_key)),
        _ => ActiveValue::NotSet,
    }
}

/// A change of an optional field: absent leaves it, null clears it.
pub fn change<I, T>(value: &MaybeUndefined<I>, set: impl FnOnce(&I) -> Option<T>) -> ActiveValue<Option<T>>
where
    Option<T>: Into<sea_orm::Value>,
{
    match value {
        MaybeUndefined::Undefined => ActiveValue::NotSet,
        MaybeUndefined::Null => Set(None),
        MaybeUndefined::Value(value) => Set(set(value)),
    }
}
