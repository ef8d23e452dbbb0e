//! What can be done, whoever asks: validation, rights, writes, and the jobs that follow from them.
//!
//! Resolvers and the command line call services; services know nothing of GraphQL beyond the shape of a user error.

pub mod account;
pub mod contact;
pub mod crm;
pub mod custom_field;
pub mod customer_merge;
pub mod deal;
pub mod document;
pub mod document_act;
pub mod document_changes;
pub mod document_feed;
pub mod error;
pub mod exchange_rate;
pub mod expense;
pub mod export;
pub mod failures;
pub mod finance_party;
pub mod follow;
pub mod idempotency;
pub mod integration;
pub mod layout;
pub mod leave;
pub mod link;
pub mod link_map;
pub mod mapping;
pub mod note;
mod one_way;
pub mod page;
pub mod party_search;
pub mod pdf;
pub mod permit;
pub mod pipeline;
pub mod plan;
pub mod product;
pub mod product_name;
pub mod progress;
pub mod record;
mod remote;
pub mod report;
pub mod search;
pub mod stage;
pub mod stock;
pub mod summary;
pub mod sync;
pub mod sync_control;
pub mod tag;
pub mod tenant;
pub mod token;
pub mod trigger;
pub mod undo;
pub mod user;
pub mod validate;
pub mod vendor;
pub mod view;
pub mod webhook;

pub use error::{ErrorCode, ServiceError, ServiceResult, UserError};

use std::sync::Arc;

use finbridge_domain::{Clock, Ids};
use finbridge_sync::Engine;
use sea_orm::DatabaseConnection;
use uuid::Uuid;

use crate::auth::Viewer;

/// Seals secrets so that they can be stored.
pub trait Sealer: Send + Sync {
    /// The encrypted secret.
    ///
    /// # Errors
    /// When the cipher fails, which it does for no input of ours.
    fn seal(&self, secret: &str) -> ServiceResult<String>;
}

/// What every service works with: the viewer whose tenant and rights apply, and the engine.
#[derive(Clone)]
pub struct Services {
    /// Who asks.
    pub viewer: Viewer,
    /// Database, clock, ids, queue and finance apps.
    pub engine: Engine,
    /// Encrypts what must not be readable in the database.
    pub sealer: Arc<dyn Sealer>,
}

impl Services {
    /// The tenant.
    pub fn organization_id(&self) -> Uuid {
        self.viewer.organization_id
    }

    /// The database.
    pub fn db(&self) -> &DatabaseConnection {
        &self.engine.db
    }

    /// Ids.
    pub fn ids(&self) -> &Ids {
        &self.engine.ids
    }

    /// Time.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.engine.clock
    }
}
