//! Lines of documents.

use sea_orm::entity::prelude::*;

use crate::types::ExactDecimal;

/// A row of `document_line`.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "document_line")]
pub struct Model {
    /// The tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub organization_id: Uuid,
    /// UUID v7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The document.
    pub document_id: Uuid,
    /// Place among its lines, from 0.
    pub position: i32,
    /// Its id on the finance side.
    pub remote_id: Option<String>,
    /// The item, by its id on the finance side.
    pub item_id: Option<String>,
    /// What it is called.
    pub name: String,
    /// What is said about it.
    pub description: Option<String>,
    /// How many.
    pub quantity: ExactDecimal,
    /// Of what unit.
    pub unit: Option<String>,
    /// Price of one, in the document's currency.
    pub unit_price: ExactDecimal,
    /// What is taken off, as the finance app writes it: an amount, or per cent.
    pub discount: Option<String>,
    /// The tax on it, by name.
    pub tax_name: Option<String>,
    /// The tax on it, in per cent.
    pub tax_percent: Option<ExactDecimal>,
    /// What it comes to before tax, in ten-thousandths of the currency unit.
    pub total_units: i64,
}

/// No relations: related rows are read by loaders, in batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::scope::tenant_owned!();
