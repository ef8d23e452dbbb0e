//! A finance app.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use finbridge_domain::record::RecordKind;
use finbridge_domain::{CrmModule, DocumentKind};
use secrecy::SecretString;
use serde_json::Value;

use crate::adapter::RecordAdapter;
use crate::budget::{Budget, Quota, TokenStore};
use crate::document::{DocumentAdapter, ExpenseCategory, Party, PartyTerms, Stock};
use crate::failure::{Failure, FailureKind};
use crate::webhook::{WebhookDelivery, WebhookNotice, WebhookRefusal};

/// What a finance app is called and how it behaves.
#[derive(Debug, Clone)]
pub struct Manifest {
    /// Stable key of the app, such as `books`.
    pub app_key: &'static str,
    /// Name for people.
    pub name: &'static str,
    /// The vendor, whose apps share organizations and contacts.
    pub vendor: &'static str,
    /// The capability profile that new connections get.
    pub profile_key: &'static str,
}

/// What a person hands over to let Finbridge in.
#[derive(Debug, Clone)]
pub enum Grant {
    /// An e-mail address and the service key that the finance app issued to that person (R014).
    ServiceKey {
        /// Whose access it is.
        email: String,
        /// The key.
        key: SecretString,
    },
}

/// The lasting secret by which a connector gets in: opaque, encrypted at rest, never logged.
#[derive(Debug, Clone)]
pub struct Credential(pub SecretString);

/// An organization on the finance side.
#[derive(Debug, Clone)]
pub struct RemoteOrganization {
    /// Its id there.
    pub remote_id: String,
    /// Its name.
    pub name: String,
    /// ISO 4217 code of its base currency.
    pub base_currency_code: String,
    /// Its country, as the app writes it.
    pub country: Option<String>,
    /// Its IANA time zone.
    pub time_zone: Option<String>,
    /// What it declares beyond the public API; stored and handed back in [`Connection::capabilities`].
    pub capabilities: Value,
}

/// Everything a call needs: whose credential, which organization, and how long a caller waits.
#[derive(Debug, Clone)]
pub struct Connection {
    /// The credential.
    pub credential: Credential,
    /// The organization's id on the finance side.
    pub organization_id: String,
    /// What the organization declared when it was connected.
    pub capabilities: Value,
    /// Longest wait for one answer.
    pub timeout: Duration,
    /// What may be asked.
    pub budget: Arc<dyn Budget>,
    /// The access token that all processes share.
    pub tokens: Arc<dyn TokenStore>,
}

/// What of the CRM is synchronised with an organization, over all modules.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shared {
    /// Which CRM module feeds customers; none while customers are not synchronised.
    pub customers: Option<CrmModule>,
    /// Whether contacts without an account become customers (R065).
    pub include_unassociated: bool,
    /// Whether vendors are synchronised.
    pub vendors: bool,
    /// Whether items are synchronised.
    pub items: bool,
}

/// A finance app, as the engine sees it.
#[async_trait]
pub trait Connector: Send + Sync {
    /// Name and behaviour.
    fn manifest(&self) -> &Manifest;

    /// Turns what a person handed over into a credential.
    ///
    /// # Errors
    /// [`crate::FailureKind::Unauthorized`] when the grant is not accepted; the message is the same whatever part is wrong.
    async fn authorize(&self, grant: Grant) -> Result<Credential, Failure>;

    /// The organizations that this credential reaches.
    ///
    /// # Errors
    /// As any call.
    async fn organizations(&self, credential: &Credential) -> Result<Vec<RemoteOrganization>, Failure>;

    /// Records of this kind, where the app has them.
    fn records(&self, kind: RecordKind) -> Option<&dyn RecordAdapter>;

    /// Documents of this kind, where the app has them.
    fn documents(&self, kind: DocumentKind) -> Option<&dyn DocumentAdapter> {
        let _ = kind;
        None
    }

    /// What new documents of this customer or vendor begin with. The rate is asked for where its currency is another than the
    /// organization's `base` currency.
    ///
    /// # Errors
    /// [`FailureKind::NotFound`] when it is gone.
    async fn party_terms(
        &self,
        connection: &Connection,
        party: &Party,
        base: &str,
    ) -> Result<PartyTerms, Failure> {
        let _ = (connection, party, base);
        Err(Failure::new(FailureKind::NotSupported, "the app has no terms of customers and vendors"))
    }

    /// The categories that a new expense can have.
    ///
    /// # Errors
    /// As any call; [`FailureKind::NotSupported`] where the app has no expenses.
    async fn expense_categories(&self, connection: &Connection) -> Result<Vec<ExpenseCategory>, Failure> {
        let _ = connection;
        Err(Failure::new(FailureKind::NotSupported, "the app has no expenses"))
    }

    /// How much of an item is there; none where nobody counts it (X01).
    ///
    /// # Errors
    /// [`FailureKind::NotFound`] when it is gone; [`FailureKind::NotSupported`] where the app has no items.
    async fn stock(&self, connection: &Connection, item_id: &str) -> Result<Option<Stock>, Failure> {
        let _ = (connection, item_id);
        Err(Failure::new(FailureKind::NotSupported, "the app has no items"))
    }

    /// Tells the app what is synchronised, before records are made there. May be repeated.
    ///
    /// # Errors
    /// As any call.
    async fn prepare(&self, connection: &Connection, settings: &Shared) -> Result<(), Failure>;

    /// The e-mail addresses, in lower case, of everybody who is a user of the app in this organization, was invited to it or
    /// was removed from it (X11).
    ///
    /// # Errors
    /// As any call; [`crate::FailureKind::NotSupported`] where the app takes no users from a CRM.
    async fn users(&self, connection: &Connection) -> Result<BTreeSet<String>, Failure> {
        let _ = connection;
        Err(Failure::new(FailureKind::NotSupported, "the app takes no users from a CRM"))
    }

    /// Invites a person to the app as its user. Whoever repeats it looks at [`Connector::users`] first.
    ///
    /// # Errors
    /// As any call; [`crate::FailureKind::Refused`] when the app does not take this person.
    async fn invite(&self, connection: &Connection, email: &str, name: &str) -> Result<(), Failure> {
        let _ = (connection, email, name);
        Err(Failure::new(FailureKind::NotSupported, "the app takes no users from a CRM"))
    }

    /// What the app lets one organization ask.
    fn quota(&self) -> Quota {
        Quota::UNLIMITED
    }

    /// Whether the app can tell of changes by itself.
    fn has_webhooks(&self) -> bool {
        false
    }

    /// Checks the signature of a delivery against the secret that was given to the app, and reads what it is about.
    ///
    /// # Errors
    /// Why it is not read.
    fn read_webhook(
        &self,
        secret: &SecretString,
        delivery: &WebhookDelivery<'_>,
    ) -> Result<WebhookNotice, WebhookRefusal> {
        let _ = (secret, delivery);
        Err(WebhookRefusal::NotSupported)
    }
}

/// The finance apps of this server, by key. Composed once, at start.
#[derive(Clone, Default)]
pub struct Registry(BTreeMap<&'static str, Arc<dyn Connector>>);

impl Registry {
    /// A registry of these apps.
    pub fn of(connectors: impl IntoIterator<Item = Arc<dyn Connector>>) -> Self {
        Self(connectors.into_iter().map(|connector| (connector.manifest().app_key, connector)).collect())
    }

    /// The app of this key.
    pub fn get(&self, app_key: &str) -> Option<&Arc<dyn Connector>> {
        self.0.get(app_key)
    }

    /// Every app, by key.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<dyn Connector>> {
        self.0.values()
    }
}
