//! A customer: who is billed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::FieldChange;

/// What a customer is: a company or a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CustomerKind {
    /// A company; made from a CRM account (R061).
    Business,
    /// A person; made from a CRM contact (R062).
    Individual,
}

macro_rules! customer_fields {
    ($($(#[$doc:meta])* $field:ident => $name:literal,)+) => {
        /// A field of a customer that can be synchronised.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum CustomerField { $($(#[$doc])* #[serde(rename = $name)] $field,)+ }

        impl CustomerField {
            /// Every field.
            pub const ALL: &'static [Self] = &[$(Self::$field,)+];

            /// The field's name in settings, differences and history.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$field => $name,)+ }
            }
        }
    };
}

customer_fields! {
    /// The unique name under which the customer is listed.
    DisplayName => "displayName",
    /// The legal or trading name.
    CompanyName => "companyName",
    /// Address on the web.
    Website => "website",
    /// Street and house number of the billing address.
    BillingStreet => "billingAddress.street",
    /// City of the billing address.
    BillingCity => "billingAddress.city",
    /// State or province of the billing address.
    BillingState => "billingAddress.state",
    /// Postal code of the billing address.
    BillingPostalCode => "billingAddress.postalCode",
    /// Country of the billing address, by name.
    BillingCountry => "billingAddress.country",
    /// Telephone number, kept with the billing address.
    BillingPhone => "billingAddress.phone",
    /// Street and house number of the shipping address.
    ShippingStreet => "shippingAddress.street",
    /// City of the shipping address.
    ShippingCity => "shippingAddress.city",
    /// State or province of the shipping address.
    ShippingState => "shippingAddress.state",
    /// Postal code of the shipping address.
    ShippingPostalCode => "shippingAddress.postalCode",
    /// Country of the shipping address, by name.
    ShippingCountry => "shippingAddress.country",
}

/// Values of the fields that travel. A field that is absent here is not mapped and is never written.
pub type CustomerValues = BTreeMap<CustomerField, String>;

/// A customer as one side has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Customer {
    /// Company or person.
    pub kind: CustomerKind,
    /// Values of the mapped fields.
    pub values: CustomerValues,
}

impl Customer {
    /// The name under which the customer is listed; empty when the field is not mapped.
    pub fn display_name(&self) -> &str {
        self.values.get(&CustomerField::DisplayName).map_or("", String::as_str)
    }
}

/// What has to be written so that `base` becomes `wanted`. Fields that `wanted` does not name are left alone.
pub fn changes(base: &CustomerValues, wanted: &CustomerValues) -> Vec<FieldChange> {
    wanted
        .iter()
        .filter_map(|(field, after)| {
            let before = base.get(field).map_or("", String::as_str);
            (before != after).then(|| FieldChange {
                field: field.as_str().to_owned(),
                before: Some(before.to_owned()),
                after: Some(after.clone()),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_mapped_fields_that_differ_are_changes() {
        let base = CustomerValues::from([
            (CustomerField::DisplayName, "Acme".to_owned()),
            (CustomerField::Website, "https://acme.example".to_owned()),
            (CustomerField::BillingCity, "Oslo".to_owned()),
        ]);
        let wanted = CustomerValues::from([
            (CustomerField::DisplayName, "Acme".to_owned()),
            (CustomerField::Website, String::new()),
            (CustomerField::BillingCountry, "Norway".to_owned()),
        ]);
        let changed: Vec<_> = changes(&base, &wanted)
            .into_iter()
            .map(|change| (change.field, change.before, change.after))
            .collect();
        assert_eq!(
            changed,
            [
                ("website".to_owned(), Some("https://acme.example".to_owned()), Some(String::new())),
                ("billingAddress.country".to_owned(), Some(String::new()), Some("Norway".to_owned())),
            ]
        );
    }
}
