//! With what something is asked, as it is stored with the act.

use finbridge_contract::{DocumentDraft, Mail};
use finbridge_domain::DocumentAct;
use finbridge_domain::record::CrmRecordType;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ActInput {
    /// Make a document.
    Create {
        /// Whom it is with; takes the place of the draft's `party_id`.
        party: PartyRef,
        /// What it is made of. A reference of the asker's own is written last: until the document is there, it carries the one by
        /// which it is found again.
        draft: Box<DocumentDraft>,
        /// The mail that follows once it is there, as an act of its own.
        mail: Option<Mail>,
    },
    /// Edit it: what the draft tells, and nothing else (R129).
    Update {
        /// What it tells.
        draft: Box<DocumentDraft>,
    },
    /// Change how it stands.
    Status {
        /// How.
        act: DocumentAct,
    },
    /// Link it to a deal, or with none take the link away (R136, R139).
    Link {
        /// The deal.
        deal: Option<Uuid>,
    },
    /// Mail it (R135).
    Mail {
        /// To whom, and with what words.
        mail: Mail,
    },
    /// Read it again.
    Refresh,
}

/// Whom a document is with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum PartyRef {
    /// A customer or vendor of the finance side, by its id there.
    Remote(String),
    /// A record of the CRM. It becomes a customer or vendor first where it is none (R144).
    Crm {
        /// Account or contact for customers, vendor for vendors.
        record_type: CrmRecordType,
        /// The record.
        id: Uuid,
    },
    /// Nobody, as expenses and reports may have it.
    Nobody,
}
