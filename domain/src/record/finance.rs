//! Records of the finance side and the fields that each kind has in every organization.

use serde::{Deserialize, Serialize};

use super::values::{FieldKey, Values};

/// Kinds of finance records that are kept in step with the CRM.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RecordKind {
    /// Who is billed: a company or a person.
    Customer,
    /// A person at a customer.
    ContactPerson,
    /// A supplier.
    Vendor,
    /// A good or a service.
    Item,
}

impl RecordKind {
    /// Every kind.
    pub const ALL: &'static [Self] = &[Self::Customer, Self::ContactPerson, Self::Vendor, Self::Item];

    /// The stored and spoken name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "CUSTOMER",
            Self::ContactPerson => "CONTACT_PERSON",
            Self::Vendor => "VENDOR",
            Self::Item => "ITEM",
        }
    }

    /// The kind of this stored name.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|one| one.as_str() == name)
    }

    /// The field under which records of this kind are listed and found again; persons are listed by both of their names.
    pub const fn name_field(self) -> FieldKey {
        match self {
            Self::Customer | Self::Vendor => DISPLAY_NAME,
            Self::ContactPerson => LAST_NAME,
            Self::Item => NAME,
        }
    }
}

/// What a customer is: a company or a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CustomerKind {
    /// A company; made from a CRM account (R061).
    Business,
    /// A person; made from a CRM contact (R062).
    Individual,
}

/// What a field holds. Values travel as text: numbers without trailing zeros, `true` and `false`, days as `2026-01-05`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FieldType {
    /// Text.
    Text,
    /// One of a list of texts.
    Choice,
    /// An exact number.
    Decimal,
    /// Yes or no.
    Boolean,
    /// A day.
    Date,
}

impl FieldType {
    /// Whether every value of this type is one of `other`. Anything can be written down as text; the reverse is a guess.
    pub fn fits(self, other: Self) -> bool {
        self == other || other == Self::Text || (self == Self::Text && other == Self::Choice)
    }

    /// What it holds, in the middle of a sentence.
    pub const fn spoken(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Choice => "one of a list",
            Self::Decimal => "a number",
            Self::Boolean => "yes or no",
            Self::Date => "a day",
        }
    }
}

/// A field of a finance record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FinanceField {
    /// Its name for programs.
    pub key: FieldKey,
    /// Its name for people.
    pub label: String,
    /// What it holds.
    pub field_type: FieldType,
    /// What can be chosen; only for choices.
    pub options: Vec<String>,
    /// Most characters, where the app says so.
    pub max_length: Option<u32>,
    /// Whether a record cannot be without it.
    pub is_required: bool,
    /// Whether no two records may hold the same.
    pub is_unique: bool,
    /// Whether the app fills it itself and takes no values for it.
    pub is_read_only: bool,
}

macro_rules! keys {
    ($($(#[$doc:meta])* $name:ident = $key:literal,)+) => {
        $($(#[$doc])* pub const $name: FieldKey = FieldKey::of($key);)+
    };
}

keys! {
    /// The unique name under which customers and vendors are listed.
    DISPLAY_NAME = "displayName",
    /// The legal or trading name.
    COMPANY_NAME = "companyName",
    /// The unique name of an item.
    NAME = "name",
    /// Given name of a person, or of the person whom the customer is.
    FIRST_NAME = "firstName",
    /// Family name of a person, or of the person whom the customer is.
    LAST_NAME = "lastName",
    /// E-mail address of a person, or of the first person at a customer or vendor.
    EMAIL = "email",
    /// Telephone number, likewise.
    PHONE = "phone",
    /// What a person does there.
    DESIGNATION = "designation",
    /// The code under which an item is stocked.
    SKU = "sku",
    /// The price of one unit, in the organization's base currency.
    RATE = "rate",
    /// `goods` or `service`.
    PRODUCT_TYPE = "productType",
    /// Whether the record can be used in new documents.
    IS_ACTIVE = "isActive",
}

/// The parts of an address: key, name for people, most characters.
pub const ADDRESS_PARTS: [(&str, &str, u32); 7] = [
    ("street", "street", 500),
    ("city", "city", 100),
    ("state", "state or province", 100),
    ("postalCode", "postal code", 50),
    ("country", "country", 100),
    ("phone", "telephone", 50),
    ("fax", "fax", 50),
];

fn field(key: &'static str, label: &str, field_type: FieldType, max_length: u32) -> FinanceField {
    let max_length = (max_length > 0).then_some(max_length);
    FinanceField {
        key: FieldKey::of(key),
        label: label.to_owned(),
        field_type,
        options: Vec::new(),
        max_length,
        is_required: false,
        is_unique: false,
        is_read_only: false,
    }
}

fn text(key: &'static str, label: &str, max_length: u32) -> FinanceField {
    field(key, label, FieldType::Text, max_length)
}

fn required(field: FinanceField) -> FinanceField {
    FinanceField { is_required: true, ..field }
}

fn unique(field: FinanceField) -> FinanceField {
    FinanceField { is_unique: true, ..field }
}

fn address(key: &'static str, label: &str) -> impl Iterator<Item = FinanceField> {
    ADDRESS_PARTS.into_iter().map(move |(part, name, max_length)| FinanceField {
        key: FieldKey::from(format!("{key}.{part}")),
        ..text("", &format!("{label}: {name}"), max_length)
    })
}

fn person() -> Vec<FinanceField> {
    vec![
        text("firstName", "Given name", 100),
        text("lastName", "Family name", 100),
        text("email", "E-mail", 100),
        text("phone", "Telephone", 50),
        text("mobile", "Mobile telephone", 50),
    ]
}

/// The fields that records of this kind have in every organization (finance-apis sections 10.1 and 10.3). An app may have
/// more, and an organization may add its own.
pub fn standard_fields(kind: RecordKind) -> Vec<FinanceField> {
    match kind {
        RecordKind::Customer | RecordKind::Vendor => {
            let mut fields = vec![
                unique(required(text("displayName", "Display name", 200))),
                text("companyName", "Company name", 200),
                text("website", "Website", 0),
                text("notes", "Notes", 0),
            ];
            fields.extend(person());
            fields.extend(address("billingAddress", "Billing address"));
            fields.extend(address("shippingAddress", "Shipping address"));
            fields
        }
        RecordKind::ContactPerson => {
            let mut fields = person();
            fields[1].is_required = true;
            fields.push(text("designation", "Position", 50));
            fields.push(text("department", "Department", 50));
            fields
        }
        RecordKind::Item => vec![
            unique(required(text("name", "Name", 100))),
            required(field("rate", "Price of one unit", FieldType::Decimal, 0)),
            text("description", "Description", 2000),
            text("unit", "Unit", 100),
            unique(text("sku", "SKU", 0)),
            FinanceField {
                options: PRODUCT_TYPES.map(|(there, _)| there.to_owned()).to_vec(),
                ..field("productType", "Goods or service", FieldType::Choice, 0)
            },
            field("isActive", "Can be used in new documents", FieldType::Boolean, 0),
        ],
    }
}

/// What an item can be: on the finance side, and as the CRM's pick lists write it (R090).
const PRODUCT_TYPES: [(&str, &str); 2] = [("goods", "Goods"), ("service", "Services")];

/// A value of the CRM in the finance side's words. What it has no word for stays as it is, and is refused when it is to be
/// written.
pub(super) fn in_finance_words(field: &FieldKey, value: &str) -> String {
    let same = |word: &str| value.trim().eq_ignore_ascii_case(word);
    let known = PRODUCT_TYPES.iter().find(|(there, here)| same(there) || same(here));
    match known {
        Some((there, _)) if *field == PRODUCT_TYPE => (*there).to_owned(),
        _ => value.to_owned(),
    }
}

/// A value of the finance side in the CRM's words.
pub(super) fn in_crm_words(field: &FieldKey, value: &str) -> String {
    let known = PRODUCT_TYPES.iter().find(|(there, _)| *there == value);
    match known {
        Some((_, here)) if *field == PRODUCT_TYPE => (*here).to_owned(),
        _ => value.to_owned(),
    }
}

/// A value that is none of those that a field takes in every organization.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{field}` takes {}, and the CRM has `{value}`; correct it there, or map another field",
    options.join(" or ")
)]
pub struct NoSuchOption {
    /// The finance field.
    pub field: FieldKey,
    /// What the CRM has.
    pub value: String,
    /// What the field takes.
    pub options: Vec<String>,
}

/// Whether the fields that are one of a list in every organization get one of it. Empty ones get nothing.
///
/// # Errors
/// The first value that is none of them.
pub fn check_options(kind: RecordKind, values: &Values) -> Result<(), NoSuchOption> {
    for field in standard_fields(kind).into_iter().filter(|field| field.field_type == FieldType::Choice) {
        let given = values.get(&field.key).filter(|value| !value.is_empty());
        if let Some(value) = given.filter(|value| !field.options.contains(value)) {
            return Err(NoSuchOption { field: field.key, value: value.clone(), options: field.options });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_fields_of_distinct_names_and_one_it_is_listed_by() {
        for kind in RecordKind::ALL {
            let fields = standard_fields(*kind);
            let mut keys: Vec<_> = fields.iter().map(|field| field.key.as_str()).collect();
            keys.sort_unstable();
            keys.dedup();
            assert_eq!(keys.len(), fields.len(), "{kind:?}");
            let listed = fields.iter().find(|field| field.key == kind.name_field());
            assert!(listed.is_some_and(|field| field.is_required), "{kind:?}");
            assert_eq!(RecordKind::by_name(kind.as_str()), Some(*kind));
        }
    }

    #[test]
    fn r090_goods_and_services_are_told_apart_in_the_words_of_either_side() {
        for (here, there) in [("Goods", "goods"), (" SERVICES ", "service"), ("service", "service")] {
            assert_eq!(in_finance_words(&PRODUCT_TYPE, here), there);
        }
        assert_eq!(in_finance_words(&NAME, "Goods"), "Goods", "only where the type is meant");
        assert_eq!(in_crm_words(&PRODUCT_TYPE, "service"), "Services");
        let typed = |value: &str| Values::from([(PRODUCT_TYPE, value.to_owned())]);
        assert_eq!(check_options(RecordKind::Item, &typed("goods")), Ok(()));
        assert_eq!(check_options(RecordKind::Item, &typed("")), Ok(()));
        let fault = check_options(RecordKind::Item, &typed("Rental")).unwrap_err();
        assert_eq!(
            fault.to_string(),
            "`productType` takes goods or service, and the CRM has `Rental`; correct it there, or map another field"
        );
    }
}
