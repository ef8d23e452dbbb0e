//! Asking finance apps to do something about documents: to make, edit, mail and link them, and to change how they stand.
//!
//! Here it is seen whether it may be asked at all; what is asked then stands as a job, which the engine carries out. Nothing here
//! waits for a finance app, so what is checked of a document is what was last read of it. The engine looks again before it acts.

mod content;
mod create;
mod existing;
mod letter;
mod lines;
mod party;
mod payment;
mod through;

pub use content::Content;
pub use create::{NewDocument, create};
pub use existing::{allowed, change_status, link, mail, refresh, unlink, update};
pub use letter::Letter;
pub use lines::Line;
pub use party::Wanted as WantedParty;
pub use payment::{NewPayment, record_payment};
pub(in crate::service) use through::Through;

use finbridge_domain::DocumentKind;
use finbridge_entity::{Scoped, document_act};
use finbridge_sync::act::{self, Wish};
use futures::Stream;
use sea_orm::DatabaseTransaction;
use uuid::Uuid;

use super::error::{ErrorCode, ServiceResult, UserError};
use super::idempotency::{self, Claim};
use super::{Services, document, follow};

/// Whether the viewer may look at this job: whoever may see documents of its kind.
pub fn is_visible(services: &Services, row: &document_act::Model) -> bool {
    DocumentKind::by_name(&row.kind).is_some_and(|kind| document::is_visible(services, kind))
}

/// How a job stands: at once, then each change, until it has ended.
///
/// # Errors
/// None of this id in this organization; kinds that the viewer may not see. In the stream: a database that stays away.
pub async fn watch(
    services: &Services,
    id: Uuid,
) -> ServiceResult<impl Stream<Item = ServiceResult<document_act::Model>> + Send + 'static + use<>> {
    let row = document_act::Entity::one_of(services.organization_id(), id).one(services.db()).await?;
    if let Some(kind) = row.and_then(|row| DocumentKind::by_name(&row.kind)) {
        document::expect_visible(services, &[kind])?;
    }
    follow::document_act(services, id).await
}

/// Asks for it, and notes under which key; the last thing in the transaction, which it commits.
async fn ask(
    services: &Services,
    transaction: DatabaseTransaction,
    claim: Option<Claim>,
    wish: Wish,
) -> ServiceResult<document_act::Model> {
    let row = act::ask(&services.engine, &transaction, wish).await?;
    idempotency::complete(services, &transaction, claim, row.id).await?;
    transaction.commit().await?;
    Ok(row)
}

/// What was asked under an idempotency key.
async fn asked(services: &Services, id: Uuid) -> ServiceResult<document_act::Model> {
    let row = document_act::Entity::one_of(services.organization_id(), id).one(services.db()).await?;
    idempotency::removed_since(row, "job")
}

/// The app does not do it with documents of this kind.
fn not_supported(field: &str, what: &str, kind: DocumentKind) -> UserError {
    let message = format!(
        "The finance app does not {what} a document of this kind ({}); do it there, or leave it",
        kind.noun()
    );
    UserError::of(ErrorCode::NotSupported, field, message)
}
