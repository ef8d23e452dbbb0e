//! What was asked of a finance app about a document, and what came of it.

use sea_orm::entity::prelude::*;

use crate::types::{DocumentActKind, DocumentActState};

/// A row of `document_act`.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "document_act")]
pub struct Model {
    /// The tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub organization_id: Uuid,
    /// UUID v7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The connection.
    pub integration_id: Uuid,
    /// What kind of document.
    pub kind: String,
    /// The document; null until one that is to be made is there.
    pub document_id: Option<Uuid>,
    /// The deal that it is made for or linked to.
    pub deal_id: Option<Uuid>,
    /// What is asked.
    pub act: DocumentActKind,
    /// With what.
    pub input: Json,
    /// By what a repetition finds what was made.
    pub reference: Option<String>,
    /// How it stands.
    pub state: DocumentActState,
    /// How often it was begun; whoever goes on with another number has lost it.
    pub attempts: i32,
    /// Until when nobody else goes on with it.
    pub lease_until: Option<DateTimeUtc>,
    /// When it is tried again; null when nothing is to be waited for.
    pub resume_at: Option<DateTimeUtc>,
    /// Why it failed.
    pub error_code: Option<String>,
    /// The same, for people.
    pub error_message: Option<String>,
    /// The finance app's code.
    pub remote_code: Option<String>,
    /// The finance app's words.
    pub remote_message: Option<String>,
    /// Who asked; null: a trigger.
    pub actor_id: Option<Uuid>,
    /// When it was asked.
    pub created_at: DateTimeUtc,
    /// When it ended.
    pub finished_at: Option<DateTimeUtc>,
}

/// No relations: related rows are read by loaders, in batches.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::scope::tenant_owned!();
