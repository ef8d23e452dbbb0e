//! Documents of finance apps, as last read.

use sea_orm::entity::prelude::*;

use crate::types::ExactDecimal;

/// A row of `document`.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "document")]
pub struct Model {
    /// The tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub organization_id: Uuid,
    /// UUID v7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Whose document.
    pub finance_organization_id: Uuid,
    /// The connection through which it was first read.
    pub integration_id: Uuid,
    /// What it is.
    pub kind: String,
    /// Its id on the finance side.
    pub remote_id: String,
    /// Its number, for people.
    pub number: Option<String>,
    /// The number that whoever made it gave it.
    pub reference: Option<String>,
    /// How it stands, without what the calendar decides.
    pub status: String,
    /// The finance app's own word for that.
    pub remote_status: String,
    /// The customer, by its id on the finance side.
    pub customer_id: Option<String>,
    /// The vendor, by its id on the finance side.
    pub vendor_id: Option<String>,
    /// Name of the customer, or else of the vendor.
    pub party_name: Option<String>,
    /// The name as it is compared and ordered.
    pub party_key: Option<String>,
    /// The deal that it belongs to, where it is one of ours.
    pub deal_id: Option<Uuid>,
    /// The CRM's number of the deal, as the finance side has it.
    pub deal_wire_id: Option<i64>,
    /// Its currency.
    pub currency_code: String,
    /// 1 unit of its currency = so many of the home currency, as the finance app has it (R176). Null when not told.
    pub exchange_rate: Option<ExactDecimal>,
    /// Its day.
    pub dated_on: Option<Date>,
    /// The day by which it is due; of estimates the last day on which they hold, of orders the day of shipment or delivery.
    pub due_on: Option<Date>,
    /// What the lines come to, in ten-thousandths of the currency unit, as all amounts here.
    pub sub_total_units: Option<i64>,
    /// What is taken off the whole.
    pub discount_units: Option<i64>,
    /// Taxes.
    pub tax_units: Option<i64>,
    /// Shipping.
    pub shipping_units: Option<i64>,
    /// Put right by hand.
    pub adjustment_units: Option<i64>,
    /// What it comes to.
    pub total_units: i64,
    /// What of it is open; null where the kind has no balance.
    pub balance_units: Option<i64>,
    /// The home currency of its finance organization.
    pub home_currency_code: String,
    /// The total in the home currency, by its own rate: whole units, rounded down. Null without a rate (A17.21).
    pub home_total_whole: Option<i64>,
    /// The same: the billionths above.
    pub home_total_nano: Option<i64>,
    /// What is open, in the home currency: whole units, rounded down.
    pub home_balance_whole: Option<i64>,
    /// The same: the billionths above.
    pub home_balance_nano: Option<i64>,
    /// What else is known of it: taxes, notes, terms, applications, subscription.
    pub detail: Json,
    /// Why something of it cannot be told, as a code.
    pub problem: Option<String>,
    /// Whether lines and detail were read, not just what lists tell.
    pub is_whole: bool,
    /// When it was made there.
    pub remote_created_at: Option<DateTimeUtc>,
    /// When it last changed there.
    pub remote_modified_at: DateTimeUtc,
    /// When it was last read.
    pub read_at: DateTimeUtc,
    /// When it was found to be gone; null while it is there.
    pub deleted_at: Option<DateTimeUtc>,
    /// The last sweep that saw it.
    pub seen_in_sweep: Option<String>,
    /// Ascends with every change.
    pub version: i64,
    /// When it was first read.
    pub created_at: DateTimeUtc,
    /// When something of it last changed here.
    pub updated_at: DateTimeUtc,
}

/// No relations: related rows are read by loaders, in batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::scope::tenant_owned!();
