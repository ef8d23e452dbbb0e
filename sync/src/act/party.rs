//! Whom a document is with.

use finbridge_domain::record::CrmRecordType;
use finbridge_domain::{DocumentKind, PartyKind};
use finbridge_entity::types::DocumentActState;
use finbridge_entity::{Scoped, contact, document_act};
use sea_orm::{ColumnTrait, QueryFilter};
use uuid::Uuid;

use super::error::{ActError, Code};
use super::input::{ActInput, PartyRef};
use crate::apply::alone::{self, By};
use crate::engine::{Engine, Remote};
use crate::error::SyncError;
use crate::trigger;

/// The customer or vendor of an act, by its id on the finance side. A CRM record becomes one first where it is none (R144); `by`
/// is the act for which it does, and has to be under way: by it others see that the record is being worked on.
///
/// # Errors
/// [`ActError::Refused`] where there is none and none is made, [`ActError::Waits`] while somebody else makes one, and the finance
/// app's failure where it failed.
pub async fn customer_of(
    engine: &Engine,
    remote: &Remote,
    party: &PartyRef,
    by: &document_act::Model,
) -> Result<String, ActError> {
    match party {
        PartyRef::Remote(remote_id) => Ok(remote_id.clone()),
        PartyRef::Crm { record_type, id } => {
            alone::take(engine, remote, (*record_type, *id), By::act(by)).await
        }
        PartyRef::Nobody => Err(ActError::refused(Code::WrongParty)),
    }
}

/// The same for a document of this kind; none where it is with nobody.
pub(super) async fn resolve(
    engine: &Engine,
    remote: &Remote,
    kind: DocumentKind,
    party: &PartyRef,
    by: &document_act::Model,
) -> Result<Option<String>, ActError> {
    let may_lack = matches!(kind, DocumentKind::Expense | DocumentKind::ExpenseReport);
    match party {
        PartyRef::Nobody if may_lack => return Ok(None),
        PartyRef::Crm { record_type, .. } => {
            let is_vendor = *record_type == CrmRecordType::Vendor;
            if is_vendor != (kind.party() == PartyKind::Vendor) {
                return Err(ActError::refused(Code::WrongParty));
            }
        }
        PartyRef::Remote(_) | PartyRef::Nobody => {}
    }
    customer_of(engine, remote, party, by).await.map(Some)
}

/// Whether an act or trigger other than this one is making the finance record of this CRM record, or may be about to.
///
/// # Errors
/// The database's, or an act that cannot be read.
pub(crate) async fn is_making(
    engine: &Engine,
    organization_id: Uuid,
    record_type: CrmRecordType,
    record_id: Uuid,
    except: Option<Uuid>,
) -> Result<bool, SyncError> {
    if record_type == CrmRecordType::Account
        && trigger::is_making(engine, organization_id, record_id, except).await?
    {
        return Ok(true);
    }
    let now = engine.clock.now();
    let under_way = document_act::Entity::of(organization_id)
        .filter(document_act::Column::FinishedAt.is_null())
        .filter(document_act::Column::ResumeAt.gt(now))
        .filter(document_act::Column::State.eq(DocumentActState::Running))
        .filter(document_act::Column::LeaseUntil.gt(now))
        .all(&engine.db)
        .await?;
    let mut contacts = Vec::new();
    for act in under_way.into_iter().filter(|act| Some(act.id) != except) {
        let input: ActInput = serde_json::from_value(act.input)
            .map_err(|source| SyncError::Corrupt { what: "what is asked about a document", source })?;
        match input {
            ActInput::Create { party: PartyRef::Crm { record_type: of, id }, .. } => {
                if of == record_type && id == record_id {
                    return Ok(true);
                }
                if of == CrmRecordType::Contact {
                    contacts.push(id);
                }
            }
            _ => continue,
        }
    }
    if record_type != CrmRecordType::Account || contacts.is_empty() {
        return Ok(false);
    }
    // Where a contact is a person of its account, the account becomes the customer.
    let through_contact = contact::Entity::of(organization_id)
        .filter(contact::Column::Id.is_in(contacts))
        .filter(contact::Column::AccountId.eq(record_id))
        .one(&engine.db)
        .await?;
    Ok(through_contact.is_some())
}
