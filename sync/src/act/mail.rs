//! Mailing a document (R135). A mail cannot be taken back and leaves nothing by which it could be found again, so it is asked for
//! once at most: where nobody knows whether it went out, a person has to look.

use finbridge_contract::{FailureKind, Mail};
use finbridge_domain::DocumentKind;
use finbridge_entity::begin_write;

use super::claim::Held;
use super::error::{ActError, Code};
use super::existing::Target;
use crate::engine::Remote;

pub(super) async fn send(
    held: &Held<'_>,
    remote: &Remote,
    kind: DocumentKind,
    mail: &Mail,
) -> Result<(), ActError> {
    if held.was_cut_off {
        return Err(ActError::refused(Code::MailOutcomeUnknown));
    }
    let target = Target::of(held, remote, kind).await?;
    // Somebody who took the act over has said by now that nobody knows of the mail.
    held.renew().await?;
    match target.adapter.mail(&remote.connection, &target.row.remote_id, mail).await {
        Err(failure) if matches!(failure.kind, FailureKind::OutcomeUnknown | FailureKind::Malformed) => {
            Err(ActError::after(Code::MailOutcomeUnknown, failure))
        }
        Ok(now) => {
            let transaction = begin_write(&held.engine.db).await?;
            // The mail went out, also of a document that cannot be kept as it is now.
            let row = target.kept(held, &transaction, &now).await?;
            held.succeed(transaction, row.as_ref().unwrap_or(&target.row)).await
        }
        Err(failure) => Err(target.failed(held, failure).await?),
    }
}
