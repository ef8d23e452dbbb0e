//! What a mapping can fill: the kinds of records, their fields, and what each field holds.

use std::fmt;

use serde::Deserialize;

/// A kind of record that an import makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RecordType {
    /// A stage of deals; comes from the mapping itself, never from a file.
    Stage,
    /// A person with a place in the organization.
    User,
    /// A company.
    Account,
    /// A person at a company.
    Contact,
    /// A supplier.
    Vendor,
    /// A product.
    Product,
    /// An opportunity and its line.
    Deal,
}

impl RecordType {
    /// The name in mappings, reports and the memory of earlier imports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stage => "stage",
            Self::User => "user",
            Self::Account => "account",
            Self::Contact => "contact",
            Self::Vendor => "vendor",
            Self::Product => "product",
            Self::Deal => "deal",
        }
    }

    /// The fields that a mapping can fill.
    pub(super) const fn fields(self) -> &'static [Field] {
        match self {
            Self::Stage => &[],
            Self::User => USER,
            Self::Account => ACCOUNT,
            Self::Contact => CONTACT,
            Self::Vendor => VENDOR,
            Self::Product => PRODUCT,
            Self::Deal => DEAL,
        }
    }
}

impl fmt::Display for RecordType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Text of at most so many characters.
    Text(usize),
    /// An e-mail address.
    Email,
    /// A whole number, zero or more.
    Whole,
    /// Money with up to four digits after the decimal point.
    Amount,
    /// An exact decimal number.
    Decimal,
    /// A day.
    Date,
    /// Yes or no.
    Boolean,
    /// An ISO 4217 code.
    Currency,
    /// The key of another record.
    Reference(RecordType),
}

impl Kind {
    /// Whether the options for numbers apply.
    pub(super) const fn is_number(self) -> bool {
        matches!(self, Self::Whole | Self::Amount | Self::Decimal)
    }
}

/// A field that a mapping can fill.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Field {
    /// Name in mappings.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether a record cannot be without it.
    pub required: bool,
    /// A field that has to be mapped along with it.
    pub along_with: Option<&'static str>,
}

const NAME: Kind = Kind::Text(200);
const SHORT: Kind = Kind::Text(250);
const URL: Kind = Kind::Text(250);
const LONG: Kind = Kind::Text(10_000);

const fn field(name: &'static str, kind: Kind) -> Field {
    Field { name, kind, required: false, along_with: None }
}

const fn required(name: &'static str, kind: Kind) -> Field {
    Field { name, kind, required: true, along_with: None }
}

const fn with(name: &'static str, kind: Kind, companion: &'static str) -> Field {
    Field { name, kind, required: false, along_with: Some(companion) }
}

const OWNER: Field = field("owner", Kind::Reference(RecordType::User));

const USER: &[Field] = &[required("email", Kind::Email), required("name", NAME), field("team", SHORT)];

const ACCOUNT: &[Field] = &[
    required("name", NAME),
    OWNER,
    field("industry", SHORT),
    field("website", URL),
    field("phone", SHORT),
    field("description", LONG),
    field("year_established", Kind::Whole),
    field("employee_count", Kind::Whole),
    with("annual_revenue", Kind::Amount, "annual_revenue_currency"),
    with("annual_revenue_currency", Kind::Currency, "annual_revenue"),
    field("billing_street", SHORT),
    field("billing_city", SHORT),
    field("billing_state", SHORT),
    field("billing_postal_code", SHORT),
    field("billing_country", SHORT),
    field("shipping_street", SHORT),
    field("shipping_city", SHORT),
    field("shipping_state", SHORT),
    field("shipping_postal_code", SHORT),
    field("shipping_country", SHORT),
    field("parent", Kind::Reference(RecordType::Account)),
];

const CONTACT: &[Field] = &[
    field("first_name", NAME),
    required("last_name", NAME),
    OWNER,
    field("email", Kind::Email),
    field("phone", SHORT),
    field("title", SHORT),
    field("mailing_street", SHORT),
    field("mailing_city", SHORT),
    field("mailing_state", SHORT),
    field("mailing_postal_code", SHORT),
    field("mailing_country", SHORT),
    field("account", Kind::Reference(RecordType::Account)),
];

const VENDOR: &[Field] = &[
    required("name", NAME),
    OWNER,
    field("email", Kind::Email),
    field("phone", SHORT),
    field("website", URL),
    field("address_street", SHORT),
    field("address_city", SHORT),
    field("address_state", SHORT),
    field("address_postal_code", SHORT),
    field("address_country", SHORT),
];

const PRODUCT: &[Field] = &[
    required("name", NAME),
    OWNER,
    field("code", SHORT),
    field("family", SHORT),
    with("unit_price", Kind::Amount, "unit_price_currency"),
    with("unit_price_currency", Kind::Currency, "unit_price"),
    field("is_active", Kind::Boolean),
];

const DEAL: &[Field] = &[
    required("name", NAME),
    required("stage", Kind::Reference(RecordType::Stage)),
    required("currency", Kind::Currency),
    OWNER,
    field("account", Kind::Reference(RecordType::Account)),
    field("amount", Kind::Amount),
    field("opened_on", Kind::Date),
    field("closed_on", Kind::Date),
    field("line_product", Kind::Reference(RecordType::Product)),
    with("line_quantity", Kind::Decimal, "line_product"),
    with("line_unit_price", Kind::Decimal, "line_product"),
];
