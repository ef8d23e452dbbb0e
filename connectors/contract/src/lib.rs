//! What any finance app must be able to do for the sync engine.
//!
//! The engine sees only this crate. A finance app is a folder beside it that implements [`Connector`], and one line in
//! the registry that the server composes.

pub mod adapter;
pub mod budget;
pub mod conformance;
pub mod connector;
pub mod cost;
pub mod cursor;
pub mod document;
pub mod failure;
pub mod webhook;

pub use adapter::{CrmReference, NewRecord, RecordAdapter, RemoteRecord, Removal, listed_name};
pub use budget::{Alone, Budget, IssuedToken, Limit, Permit, Quota, RenewalRight, TokenLookup, TokenStore};
pub use connector::{
    Connection, Connector, Credential, Grant, Manifest, Registry, RemoteOrganization, Shared,
};
pub use cost::{Act, Cost};
pub use cursor::{ChangePage, Cursor, IdPage};
pub use document::{
    Application, DealMark, DocumentAbilities, DocumentAdapter, DocumentDraft, ExpenseCategory, Mail,
    NewDealMark, NewLine, Party, PartyTerms, RemoteDocument, RemoteLine, RemoteTax, Stock, SubscriptionTerm,
};
pub use failure::{Failure, FailureKind};
pub use webhook::{DocumentNotice, WebhookDelivery, WebhookNotice, WebhookRefusal};
