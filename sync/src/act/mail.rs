//! Mailing a document (R135). A mail cannot be taken back and leaves nothing by which it could be found again, so it is asked for
//! once at most: where nobody knows whether it went out, a person has to look.

use finbridge_contract::{FailureKind, Mail};
use finbridge_domain::DocumentKind;

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
    match target.adapter.mail(&remote.connection, &target.row.remote_id, mail).await {
        Err(failure) if matches!(failure.kind, FailureKind::OutcomeUnknown | FailureKind::Malformed) => {
            Err(ActError::after(Code::MailOutcomeUnknown, failure))
        }
        mailed => target.end(held, mailed).await,
    }
}
