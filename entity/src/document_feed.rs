//! Where the reading of one kind of document of an integration stands.

use sea_orm::entity::prelude::*;

/// A row of `document_feed`.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "document_feed")]
pub struct Model {
    /// The tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub organization_id: Uuid,
    /// UUID v7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The connection.
    pub integration_id: Uuid,
    /// What is read.
    pub kind: String,
    /// Documents dated before it are not read at first; null: all are.
    pub history_from: Option<Date>,
    /// Where to read on.
    pub cursor: Option<String>,
    /// Whether the first reading has ended (R113).
    pub is_fetched: bool,
    /// When a reading last ended.
    pub fetched_at: Option<DateTimeUtc>,
    /// When to read next; null while nobody asks for it.
    pub due_at: Option<DateTimeUtc>,
    /// When it was last looked for what is gone.
    pub swept_at: Option<DateTimeUtc>,
    /// A sweep that is under way.
    pub sweep: Option<Json>,
    /// Who reads it at this moment.
    pub lease_owner: Option<Uuid>,
    /// Until when nobody else does.
    pub lease_until: Option<DateTimeUtc>,
    /// Readings that failed in a row.
    pub failures: i32,
    /// Why the last reading failed.
    pub error_code: Option<String>,
    /// The same, for people.
    pub error_message: Option<String>,
}

/// No relations: related rows are read by loaders, in batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::scope::tenant_owned!();
