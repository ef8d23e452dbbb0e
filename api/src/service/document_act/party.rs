//! Whom a document is with, and which deals are theirs.

use finbridge_domain::record::{CrmRecordType, RecordKind};
use finbridge_domain::{DocumentKind, PartyKind};
use finbridge_entity::types::{LinkState, RecordType};
use finbridge_entity::{Scoped, account, contact, deal, record_link, vendor};
use finbridge_sync::act::PartyRef;
use sea_orm::{ActiveEnum, ColumnTrait, ConnectionTrait, QueryFilter};
use uuid::Uuid;

use super::content::key;
use super::through::Through;
use crate::service::Services;
use crate::service::error::{ErrorCode, ServiceResult};
use crate::service::record;
use crate::service::validate::Check;

/// Whom a document shall be with: one of these.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// The customer that an account is, or becomes.
    pub account_id: Option<Uuid>,
    /// The customer that a contact is, becomes, or belongs to.
    pub contact_id: Option<Uuid>,
    /// The vendor that a vendor of the CRM is, or becomes.
    pub vendor_id: Option<Uuid>,
    /// A customer or vendor, by its id in the finance app.
    pub remote_key: Option<String>,
}

/// Whom it is with; nobody where something is wrong, which is noted.
pub(super) async fn settle(
    services: &Services,
    db: &impl ConnectionTrait,
    check: &mut Check,
    kind: DocumentKind,
    wanted: Option<&Wanted>,
) -> ServiceResult<PartyRef> {
    let field = "party";
    let Some(wanted) = wanted else {
        if !matches!(kind, DocumentKind::Expense | DocumentKind::ExpenseReport) {
            check.fault(ErrorCode::Required, field, "Say whom the document is with");
        }
        return Ok(PartyRef::Nobody);
    };
    if kind == DocumentKind::ExpenseReport {
        check.fault(ErrorCode::Invalid, field, "An expense report is with nobody; leave `party` out");
        return Ok(PartyRef::Nobody);
    }
    let is_with_vendor = kind.party() == PartyKind::Vendor;
    let crm = |record_type, id| PartyRef::Crm { record_type, id };
    let (party, is_vendor) =
        match (wanted.account_id, wanted.contact_id, wanted.vendor_id, &wanted.remote_key) {
            (Some(id), None, None, None) => {
                record::refer::<account::Entity>(services, db, check, "party.accountId", Some(id)).await?;
                (crm(CrmRecordType::Account, id), Some(false))
            }
            (None, Some(id), None, None) => {
                record::refer::<contact::Entity>(services, db, check, "party.contactId", Some(id)).await?;
                (crm(CrmRecordType::Contact, id), Some(false))
            }
            (None, None, Some(id), None) => {
                record::refer::<vendor::Entity>(services, db, check, "party.vendorId", Some(id)).await?;
                (crm(CrmRecordType::Vendor, id), Some(true))
            }
            (None, None, None, Some(remote)) => match key(check, "party.remoteKey", remote) {
                Some(remote) => (PartyRef::Remote(remote), None),
                None => (PartyRef::Nobody, None),
            },
            (None, None, None, None) => {
                check.fault(ErrorCode::Required, field, "Say whom the document is with");
                (PartyRef::Nobody, None)
            }
            _ => {
                check.fault(
                    ErrorCode::Invalid,
                    field,
                    "A document is with one; name an account, a contact, a vendor or a remote key",
                );
                (PartyRef::Nobody, None)
            }
        };
    if is_vendor.is_some_and(|is_vendor| is_vendor != is_with_vendor) {
        let whom = if is_with_vendor { "a vendor" } else { "an account or a contact" };
        let message = format!("A document of this kind ({}) is with {whom}; name one", kind.noun());
        check.fault(ErrorCode::Invalid, field, message);
    }
    Ok(party)
}

/// The deal, where documents of this kind belong to deals (R136) and it is one of the customer's (R137).
pub(super) async fn deal(
    services: &Services,
    db: &impl ConnectionTrait,
    check: &mut Check,
    (through, kind): (&Through, DocumentKind),
    customer: &PartyRef,
    deal_id: Uuid,
) -> ServiceResult<Option<deal::Model>> {
    let field = "dealId";
    if !takes_deal(through, kind) {
        check.fault(ErrorCode::LinkNotSupported, field, not_linked(kind));
        return Ok(None);
    }
    let found = record::living::<deal::Entity>(services).filter(deal::Column::Id.eq(deal_id)).one(db).await?;
    let Some(found) = found else {
        record::absent::<deal::Entity>(check, field);
        return Ok(None);
    };
    let account = account_of(services, db, through.integration.finance_organization_id, customer).await?;
    if account.is_none() || found.account_id != account {
        let message = match account {
            Some(_) => {
                "The deal is another account's than the document; choose one of `account { deals }`, or change the deal's account"
            }
            None => {
                "The customer is no account of this CRM, so no deal is theirs; link the two first, or leave the deal out"
            }
        };
        check.fault(ErrorCode::DealCustomerMismatch, field, message);
        return Ok(None);
    }
    Ok(Some(found))
}

/// Whether documents of this kind are linked to deals there (R136).
pub(super) fn takes_deal(through: &Through, kind: DocumentKind) -> bool {
    kind.takes_deal() && through.profile.is_deal_link_offered && through.abilities.links_deals
}

/// Why there is no deal for a document of this kind.
pub(super) fn not_linked(kind: DocumentKind) -> String {
    format!(
        "A document of this kind ({}) is linked to no deal in this integration; estimates, sales orders and invoices are where `profile {{ isDealLinkOffered }}` says so",
        kind.noun()
    )
}

/// The account whose deals are the customer's: the one that the customer is, or the contact belongs to.
async fn account_of(
    services: &Services,
    db: &impl ConnectionTrait,
    finance_organization_id: Uuid,
    customer: &PartyRef,
) -> ServiceResult<Option<Uuid>> {
    let contact_id = match customer {
        PartyRef::Crm { record_type: CrmRecordType::Account, id } => return Ok(Some(*id)),
        PartyRef::Crm { record_type: CrmRecordType::Contact, id } => *id,
        PartyRef::Crm { .. } | PartyRef::Nobody => return Ok(None),
        PartyRef::Remote(remote_id) => {
            let link = record_link::Entity::of(services.organization_id())
                .filter(record_link::Column::FinanceOrganizationId.eq(finance_organization_id))
                .filter(record_link::Column::Kind.eq(RecordKind::Customer.as_str()))
                .filter(record_link::Column::RemoteId.eq(remote_id))
                .filter(record_link::Column::State.ne(LinkState::Deleted))
                .one(db)
                .await?;
            match link {
                Some(link) if link.record_type == RecordType::Account.to_value() => {
                    return Ok(Some(link.record_id));
                }
                Some(link) => link.record_id,
                None => return Ok(None),
            }
        }
    };
    let contact = contact::Entity::one_of(services.organization_id(), contact_id).one(db).await?;
    Ok(contact.and_then(|contact| contact.account_id))
}
