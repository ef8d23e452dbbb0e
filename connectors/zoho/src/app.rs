//! The connector of one app.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use finbridge_contract::{
    Connection, Connector, Credential, DocumentAdapter, ExpenseCategory, Failure, FailureKind, Grant,
    Manifest, Party, PartyTerms, Quota, RecordAdapter, RemoteOrganization, Shared, Stock, WebhookDelivery,
    WebhookNotice, WebhookRefusal,
};
use finbridge_domain::record::RecordKind;
use finbridge_domain::{Clock, CrmModule, DocumentKind, PartyKind};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};

use crate::adapter::contact::Contacts;
use crate::adapter::item::Items;
use crate::adapter::person::Persons;
use crate::adapter::table::{acknowledged, can_link};
use crate::adapter::user;
use crate::auth::credential;
use crate::client::{Call, Caller, Client};
use crate::document::{self, Documents, Lookup};
use crate::envelope::Answer;
use crate::lenient::as_text;
use crate::product::{BILLING, BOOKS, ERP, EXPENSE, INTEGRATION, INVOICE, Product};
use crate::webhook;
use crate::wire::organization::{Capabilities, Exchanged, OrganizationList};
use crate::wire::row::Row;

/// Where the vendor is, and as whom this server is registered there.
#[derive(Debug, Clone)]
pub struct ZohoConfig {
    /// The OAuth server, without a slash at the end: `https://accounts.zoho.com`.
    pub accounts_url: String,
    /// The host of all APIs, without a slash at the end: `https://www.zohoapis.com`.
    pub api_url: String,
    /// Id of the registered client.
    pub client_id: String,
    /// Its secret.
    pub client_secret: SecretString,
    /// What the vendor lets an organization ask.
    pub quota: Quota,
}

/// The vendor's finance apps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum App {
    /// Zoho Books v3.
    Books,
    /// Zoho Invoice v3.
    Invoice,
    /// Zoho ERP v3.
    Erp,
    /// Zoho Expense v1.
    Expense,
    /// Zoho Billing v1.
    Billing,
}

impl App {
    /// Every app.
    pub const ALL: &'static [Self] = &[Self::Books, Self::Invoice, Self::Erp, Self::Expense, Self::Billing];

    fn product(self) -> &'static Product {
        match self {
            Self::Books => &BOOKS,
            Self::Invoice => &INVOICE,
            Self::Erp => &ERP,
            Self::Expense => &EXPENSE,
            Self::Billing => &BILLING,
        }
    }
}

/// One of the vendor's apps.
pub struct ZohoApp {
    client: Arc<Client>,
    customers: Contacts,
    persons: Persons,
    vendors: Option<Contacts>,
    items: Option<Items>,
    documents: Vec<Documents>,
    lookup: Arc<Lookup>,
}

impl ZohoApp {
    /// A connector with its own connection pool and token cache; make one and share it.
    ///
    /// The process must have installed a rustls crypto provider before
    /// (`rustls::crypto::ring::default_provider().install_default()`); without one the HTTP client panics here.
    ///
    /// # Errors
    /// When the HTTP client cannot be set up on this machine.
    pub fn new(app: App, config: ZohoConfig, clock: Arc<dyn Clock>) -> Result<Self, Failure> {
        Client::new(config, clock, app.product()).map(Self::over)
    }

    /// Connectors of every app. They share connections and tokens, because the vendor throttles renewals per
    /// credential and not per app.
    ///
    /// # Errors
    /// As [`ZohoApp::new`].
    pub fn all(config: ZohoConfig, clock: Arc<dyn Clock>) -> Result<Vec<Self>, Failure> {
        let client = Client::new(config, clock, &BOOKS)?;
        Ok(App::ALL.iter().map(|app| Self::over(client.to(app.product()))).collect())
    }

    fn over(client: Client) -> Self {
        let client = Arc::new(client);
        let product = client.product();
        let contacts = |kind| Contacts::new(Arc::clone(&client), kind);
        let lookup = Arc::new(Lookup::new(Arc::clone(&client)));
        let documents = |words| Documents::new(Arc::clone(&client), words, Arc::clone(&lookup));
        Self {
            customers: contacts(RecordKind::Customer),
            persons: Persons::new(Arc::clone(&client)),
            vendors: product.has_vendors.then(|| contacts(RecordKind::Vendor)),
            documents: product.documents.iter().map(documents).collect(),
            items: product.has_items.then(|| Items::new(Arc::clone(&client))),
            lookup,
            client,
        }
    }

    fn product(&self) -> &'static Product {
        self.client.product()
    }

    async fn capabilities(&self, caller: Caller<'_>) -> Result<Value, Failure> {
        let call = Call::get(format!("{INTEGRATION}/capabilities")).bare();
        let answer: Result<Answer<Capabilities>, Failure> = self.client.call(caller, call).await;
        match answer {
            Ok(answer) => Ok(Value::Object(answer.body.capabilities.unwrap_or_default())),
            // The public API alone: nothing is declared.
            Err(failure) if matches!(failure.kind, FailureKind::NotFound | FailureKind::NotSupported) => {
                Ok(json!({}))
            }
            Err(failure) => Err(failure),
        }
    }
}

#[async_trait]
impl Connector for ZohoApp {
    fn manifest(&self) -> &Manifest {
        &self.product().manifest
    }

    async fn authorize(&self, grant: Grant) -> Result<Credential, Failure> {
        let Grant::ServiceKey { email, key } = grant;
        let config = self.client.config();
        let mut body = json!({
            "client_id": config.client_id,
            "client_secret": config.client_secret.expose_secret(),
            "email": email,
            "zsc_key": key.expose_secret(),
        });
        if let Some(scope) = self.product().scope {
            body["scope"] = scope.into();
        }
        let call = Call::post(format!("{INTEGRATION}/zsc/exchange")).bare().with_body(body);
        let answer: Result<Answer<Exchanged>, Failure> = self.client.call_without_token(call).await;
        let refresh_token = match answer {
            Ok(answer) => answer.body.refresh_token.filter(|token| !token.is_empty()),
            // Which part is wrong is not passed on: it would tell strangers which keys and addresses exist.
            Err(failure) if failure.is_transient() || failure.kind == FailureKind::NotSupported => {
                return Err(failure);
            }
            Err(_) => None,
        };
        match refresh_token {
            Some(refresh_token) => credential(refresh_token),
            None => Err(Failure::new(
                FailureKind::Unauthorized,
                "Zoho does not accept this e-mail address and service key",
            )),
        }
    }

    async fn organizations(&self, credential: &Credential) -> Result<Vec<RemoteOrganization>, Failure> {
        let caller = Caller::without_organization(credential);
        let list = Call::get(format!("{}/organizations", self.product().root));
        let answer: Answer<OrganizationList> = self.client.call(caller, list).await?;
        let told = |text: Option<String>| text.filter(|text| !text.is_empty());
        let mut organizations = Vec::with_capacity(answer.body.organizations.len());
        for row in answer.body.organizations {
            let capabilities = self.capabilities(caller.within(&row.organization_id)).await?;
            organizations.push(RemoteOrganization {
                name: told(row.name).unwrap_or_else(|| row.organization_id.clone()),
                remote_id: row.organization_id,
                base_currency_code: row.currency_code,
                country: told(row.country),
                time_zone: told(row.time_zone),
                capabilities,
            });
        }
        Ok(organizations)
    }

    fn records(&self, kind: RecordKind) -> Option<&dyn RecordAdapter> {
        match kind {
            RecordKind::Customer => Some(&self.customers),
            RecordKind::ContactPerson => Some(&self.persons),
            RecordKind::Vendor => self.vendors.as_ref().map(|vendors| vendors as &dyn RecordAdapter),
            RecordKind::Item => self.items.as_ref().map(|items| items as &dyn RecordAdapter),
        }
    }

    fn documents(&self, kind: DocumentKind) -> Option<&dyn DocumentAdapter> {
        let known = self.documents.iter().find(|documents| documents.kind() == kind);
        known.map(|documents| documents as &dyn DocumentAdapter)
    }

    async fn party_terms(
        &self,
        connection: &Connection,
        party: &Party,
        base: &str,
    ) -> Result<PartyTerms, Failure> {
        let contacts = match party.kind {
            PartyKind::Customer => Some(&self.customers),
            PartyKind::Vendor => self.vendors.as_ref(),
        };
        let contacts =
            contacts.ok_or_else(|| Failure::new(FailureKind::NotSupported, "the app has no vendors"))?;
        contacts.terms(connection, &party.remote_id, &self.lookup, base).await
    }

    async fn expense_categories(&self, connection: &Connection) -> Result<Vec<ExpenseCategory>, Failure> {
        document::categories(&self.client, connection).await
    }

    async fn stock(&self, connection: &Connection, item_id: &str) -> Result<Option<Stock>, Failure> {
        document::stock(&self.client, connection, item_id).await
    }

    /// Says what is synchronised where the vendor's integration knows it otherwise: what it may import follows from it.
    async fn prepare(&self, connection: &Connection, settings: &Shared) -> Result<(), Failure> {
        if !can_link(connection) {
            return Ok(());
        }
        let path = format!("{INTEGRATION}/settings");
        let answer: Answer<Row> = self.client.call(connection, Call::get(path.clone())).await?;
        let known = answer.body.record("settings")?;
        let mut wanted = Map::new();
        if let Some(module) = settings.customers {
            wanted.insert("customers".to_owned(), module_word(module).into());
            wanted.insert("include_unassociated_contacts".to_owned(), settings.include_unassociated.into());
        }
        wanted.insert("vendors".to_owned(), settings.vendors.into());
        wanted.insert("items".to_owned(), settings.items.into());
        let same = wanted.iter().all(|(name, value)| known.text(name) == as_text(value));
        if same { Ok(()) } else { acknowledged(&self.client, connection, Call::put(path, wanted)).await }
    }

    async fn users(&self, connection: &Connection) -> Result<BTreeSet<String>, Failure> {
        user::addresses(&self.client, connection).await
    }

    async fn invite(&self, connection: &Connection, email: &str, name: &str) -> Result<(), Failure> {
        user::invite(&self.client, connection, email, name).await
    }

    fn quota(&self) -> Quota {
        self.client.config().quota
    }

    fn has_webhooks(&self) -> bool {
        true
    }

    fn read_webhook(
        &self,
        secret: &SecretString,
        delivery: &WebhookDelivery<'_>,
    ) -> Result<WebhookNotice, WebhookRefusal> {
        webhook::read(secret, delivery)
    }
}

fn module_word(module: CrmModule) -> &'static str {
    match module {
        CrmModule::Accounts => "accounts",
        CrmModule::Contacts => "contacts",
        CrmModule::AccountsAndContacts => "accounts_and_contacts",
    }
}
