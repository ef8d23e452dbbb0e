//! What was asked of finance apps about transactions, and what came of it.

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};
use finbridge_domain::{DocumentKind, NodeKind};
use finbridge_entity::{document_act, types};
use uuid::Uuid;

use super::{Transaction, TransactionKind};
use crate::graphql::context::{Asked, id, uuid};
use crate::graphql::error::top_level;
use crate::graphql::loader::failed;
use crate::graphql::scalar::DateTime;
use crate::service::{ServiceError, document_act as service};

/// How far something has come that was asked of a finance app.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "types::DocumentActState")]
pub enum TransactionJobState {
    /// It waits: for its turn, or until the finance app can be asked again.
    Queued,
    /// It is being done.
    Running,
    /// It was done.
    Succeeded,
    /// It was not done; `error` tells why. Nothing goes on by itself.
    Failed,
}

/// What was asked of a finance app.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "types::DocumentActKind")]
pub enum TransactionJobAct {
    /// To make a transaction: `transactionCreate`, or the payment of `transactionRecordPayment`.
    Create,
    /// To edit it: `transactionUpdate`.
    Update,
    /// To change how it stands, as one of `TransactionAct`.
    Status,
    /// To link it to a deal or take the link away: `transactionLinkDeal`, `transactionUnlinkDeal`.
    Link,
    /// To mail it: `transactionMail`, or what follows a `transactionCreate` with `send`.
    Mail,
    /// To read it again: `transactionRefresh`.
    Refresh,
}

/// Why something that was asked of a finance app was not done.
#[derive(SimpleObject)]
pub struct TransactionJobError {
    /// Stable code, for programs: one of the codes of transaction jobs in docs/errors.md.
    code: String,
    /// Why, and what to do next; for people.
    message: String,
    /// The finance app's own code; null when it gave none.
    remote_code: Option<String>,
    /// The finance app's own words; null when it gave none.
    remote_message: Option<String>,
}

/// Something that was asked of a finance app about a transaction. It is carried out in the background, mostly within a second, and
/// goes on by itself after a failure that may pass.
pub struct TransactionJob(document_act::Model);

impl From<document_act::Model> for TransactionJob {
    fn from(row: document_act::Model) -> Self {
        Self(row)
    }
}

/// Something that was asked of a finance app about a transaction.
#[Object]
impl TransactionJob {
    /// Global id.
    pub async fn id(&self) -> ID {
        id(NodeKind::TransactionJob, self.0.id)
    }

    /// How far it has come.
    async fn state(&self) -> TransactionJobState {
        self.0.state.into()
    }

    /// What was asked.
    async fn act(&self) -> TransactionJobAct {
        self.0.act.into()
    }

    /// What kind of transaction it is about; CUSTOMER_PAYMENT where a payment of an invoice is recorded.
    async fn kind(&self) -> Result<TransactionKind> {
        let unknown = || top_level(ServiceError::Internal("a job about documents of an unknown kind".into()));
        DocumentKind::by_name(&self.0.kind).map(TransactionKind::from).ok_or_else(unknown)
    }

    /// The transaction, also one that is gone by now; null until one that is to be made is there, and when the viewer may not see it.
    async fn transaction(&self, ctx: &Context<'_>) -> Result<Option<Transaction>> {
        match self.0.document_id {
            Some(document) => Transaction::load_even_gone(ctx, document).await,
            None => Ok(None),
        }
    }

    /// Why it was not done; null unless `state` is FAILED.
    async fn error(&self) -> Option<TransactionJobError> {
        Some(TransactionJobError {
            code: self.0.error_code.clone()?,
            message: self.0.error_message.clone().unwrap_or_default(),
            remote_code: self.0.remote_code.clone(),
            remote_message: self.0.remote_message.clone(),
        })
    }

    /// When it was asked.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When it ended; null while it has not.
    async fn finished_at(&self) -> Option<DateTime> {
        self.0.finished_at.map(DateTime)
    }
}

impl TransactionJob {
    /// The job of this id; none when it is another tenant's, about what the viewer may not see, or older than history is kept.
    ///
    /// # Errors
    /// The database's.
    pub async fn load(ctx: &Context<'_>, uuid: Uuid) -> Result<Option<Self>> {
        let row = ctx.loaders()?.document_acts().load_one(uuid).await.map_err(failed)?;
        let services = ctx.services()?;
        Ok(row.filter(|row| service::is_visible(services, row)).map(Self))
    }
}

/// Looking at what was asked of finance apps.
#[derive(Default)]
pub struct TransactionJobQuery;

#[Object]
impl TransactionJobQuery {
    /// How something stands that was asked of a finance app; null when there is no such job in this organization, or it ended longer
    /// ago than history is kept. `transactionJobChanged` tells it without being asked again.
    async fn transaction_job(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Id of a job, as a mutation on transactions returned it.")] id: ID,
    ) -> Result<Option<TransactionJob>> {
        TransactionJob::load(ctx, uuid(NodeKind::TransactionJob, &id)?).await
    }
}
