//! The fields that every organization has.

use sea_orm::ColumnTrait;

use super::field::{At, Field, FieldKind, Place, Reference};
use super::text::TextShape;
use crate::types::RecordType;
use crate::{account, contact, deal, product, vendor};

/// The parts of an address: member in the schema, member in the column, name for people.
const PARTS: [(&str, &str, &str); 5] = [
    ("street", "street", "street"),
    ("city", "city", "city"),
    ("state", "state", "state or province"),
    ("postalCode", "postal_code", "postal code"),
    ("country", "country", "country"),
];

struct Catalogue(Vec<Field>);

impl Catalogue {
    fn add(mut self, key: &'static str, label: &'static str, kind: FieldKind, place: Place) -> Self {
        let (key, label) = (key.into(), label.into());
        self.0.push(Field { key, label, kind, options: Vec::new(), refers_to: None, place });
        self
    }

    fn text(self, key: &'static str, label: &'static str, column: impl ColumnTrait) -> Self {
        self.add(key, label, FieldKind::Text, Place::Text(column.as_column_ref(), TextShape::Plain))
    }

    fn key(self, key: &'static str, label: &'static str, column: impl ColumnTrait) -> Self {
        self.add(key, label, FieldKind::Text, Place::Text(column.as_column_ref(), TextShape::Key))
    }

    fn integer(self, key: &'static str, label: &'static str, column: impl ColumnTrait) -> Self {
        self.add(key, label, FieldKind::Integer, Place::Integer(column.as_column_ref()))
    }

    fn amount(self, key: &'static str, label: &'static str, column: impl ColumnTrait) -> Self {
        self.add(key, label, FieldKind::Decimal, Place::Units(column.as_column_ref()))
    }

    fn boolean(self, key: &'static str, label: &'static str, column: impl ColumnTrait) -> Self {
        self.add(key, label, FieldKind::Boolean, Place::Boolean(column.as_column_ref()))
    }

    fn day(self, key: &'static str, label: &'static str, column: impl ColumnTrait) -> Self {
        self.add(key, label, FieldKind::Date, Place::Day(column.as_column_ref()))
    }

    fn instant(self, key: &'static str, label: &'static str, column: impl ColumnTrait) -> Self {
        self.add(key, label, FieldKind::DateTime, Place::Instant(column.as_column_ref()))
    }

    fn record(
        mut self,
        key: &'static str,
        label: &'static str,
        reference: Reference,
        column: impl ColumnTrait,
    ) -> Self {
        self = self.add(key, label, FieldKind::Record, Place::Record(column.as_column_ref()));
        if let Some(field) = self.0.last_mut() {
            field.refers_to = Some(reference);
        }
        self
    }

    fn address(mut self, key: &'static str, label: &'static str, column: impl ColumnTrait) -> Self {
        for (member, part, name) in PARTS {
            self.0.push(Field {
                key: format!("{key}.{member}").into(),
                label: format!("{label}: {name}").into(),
                kind: FieldKind::Text,
                options: Vec::new(),
                refers_to: None,
                place: Place::Part(column.as_column_ref(), part),
            });
        }
        self
    }

    fn stage_kind(mut self, column: impl ColumnTrait) -> Self {
        let place = Place::StageKind(column.as_column_ref());
        self = self.add("stage.kind", "Open, won or lost", FieldKind::PickList, place);
        if let Some(field) = self.0.last_mut() {
            field.options = ["OPEN", "WON", "LOST"].map(str::to_owned).into();
        }
        self
    }
}

/// The fields that all records have, around those of their kind.
macro_rules! of_kind {
    ($entity:ident, $own:expr) => {{
        use $entity::Column;
        let own: fn(Catalogue) -> Catalogue = $own;
        own(Catalogue(Vec::new()).key("name", "Name", Column::NameKey))
            .record("owner", "Owner", Reference::User, Column::OwnerId)
            .add("tags", "Tags", FieldKind::Tag, Place::Tags(Column::Id.as_column_ref()))
            .text("description", "Description", Column::Description)
            .instant("createdAt", "Made", Column::CreatedAt)
            .instant("updatedAt", "Last changed", Column::UpdatedAt)
            .0
    }};
}

pub(super) fn of(record_type: RecordType) -> Vec<Field> {
    match record_type {
        RecordType::Account => of_kind!(account, |fields| fields
            .key("industry", "Industry", Column::IndustryKey)
            .text("website", "Website", Column::Website)
            .text("phone", "Telephone", Column::Phone)
            .integer("yearEstablished", "Year of foundation", Column::YearEstablished)
            .integer("employeeCount", "Employees", Column::EmployeeCount)
            .amount("annualRevenue", "Annual revenue", Column::AnnualRevenueUnits)
            .text(
                "annualRevenue.currencyCode",
                "Currency of the annual revenue",
                Column::AnnualRevenueCurrencyCode
            )
            .address("billingAddress", "Billing address", Column::BillingAddress)
            .address("shippingAddress", "Shipping address", Column::ShippingAddress)
            .record("parent", "Parent account", Reference::Account, Column::ParentId)),
        RecordType::Contact => of_kind!(contact, |fields| fields
            .text("firstName", "Given name", Column::FirstName)
            .text("lastName", "Family name", Column::LastName)
            .key("email", "E-mail", Column::EmailKey)
            .text("phone", "Telephone", Column::Phone)
            .text("title", "Position", Column::Title)
            .address("mailingAddress", "Postal address", Column::MailingAddress)
            .record("account", "Account", Reference::Account, Column::AccountId)),
        RecordType::Vendor => of_kind!(vendor, |fields| fields
            .text("email", "E-mail", Column::Email)
            .text("phone", "Telephone", Column::Phone)
            .text("website", "Website", Column::Website)
            .address("address", "Address", Column::Address)),
        RecordType::Product => of_kind!(product, |fields| fields
            .key("code", "Product code", Column::CodeKey)
            .key("family", "Product line", Column::FamilyKey)
            .amount("unitPrice", "List price", Column::UnitPriceUnits)
            .text("unitPrice.currencyCode", "Currency of the list price", Column::UnitPriceCurrencyCode)
            .text("unit", "Unit", Column::Unit)
            .boolean("isActive", "Sold", Column::IsActive)
            .boolean("isTaxable", "Taxed", Column::IsTaxable)),
        RecordType::Deal => of_kind!(deal, |fields| fields
            .record("account", "Account", Reference::Account, Column::AccountId)
            .record("stage", "Stage", Reference::Stage, Column::StageId)
            .stage_kind(Column::StageId)
            .amount("amount", "Amount", Column::AmountUnits)
            .text("amount.currencyCode", "Currency", Column::CurrencyCode)
            .day("openedOn", "Opened", Column::OpenedOn)
            .day("closedOn", "Closed", Column::ClosedOn)),
    }
}

pub(super) fn record_id(record_type: RecordType) -> At {
    match record_type {
        RecordType::Account => account::Column::Id.as_column_ref(),
        RecordType::Contact => contact::Column::Id.as_column_ref(),
        RecordType::Vendor => vendor::Column::Id.as_column_ref(),
        RecordType::Product => product::Column::Id.as_column_ref(),
        RecordType::Deal => deal::Column::Id.as_column_ref(),
    }
}
