//! The connector of Zoho Books.

use std::sync::Arc;

use async_trait::async_trait;
use finbridge_contract::{
    Connector, Credential, CustomerAdapter, Failure, FailureKind, Grant, Manifest, RemoteOrganization,
};
use finbridge_domain::Clock;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use crate::adapter::customer::Customers;
use crate::auth::credential;
use crate::client::{Call, Caller, Client};
use crate::envelope::Answer;
use crate::product::{BOOKS, INTEGRATION, Product};
use crate::wire::organization::{Capabilities, Exchanged, OrganizationList};

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
}

/// Zoho Books v3.
pub struct Books {
    client: Arc<Client>,
    customers: Customers,
    product: &'static Product,
}

impl Books {
    /// A connector with its own connection pool and token cache; make one and share it.
    ///
    /// The process must have installed a rustls crypto provider before
    /// (`rustls::crypto::ring::default_provider().install_default()`); without one the HTTP client panics here.
    ///
    /// # Errors
    /// When the HTTP client cannot be set up on this machine.
    pub fn new(config: ZohoConfig, clock: Arc<dyn Clock>) -> Result<Self, Failure> {
        let product = &BOOKS;
        let client = Arc::new(Client::new(config, clock, product.manifest.name)?);
        let customers = Customers::new(Arc::clone(&client), product);
        Ok(Self { client, customers, product })
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
impl Connector for Books {
    fn manifest(&self) -> &Manifest {
        &self.product.manifest
    }

    async fn authorize(&self, grant: Grant) -> Result<Credential, Failure> {
        let Grant::ServiceKey { email, key } = grant;
        let config = self.client.config();
        let call = Call::post(format!("{INTEGRATION}/zsc/exchange")).bare().with_body(json!({
            "client_id": config.client_id,
            "client_secret": config.client_secret.expose_secret(),
            "email": email,
            "zsc_key": key.expose_secret(),
        }));
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
        let list = Call::get(format!("{}/organizations", self.product.root));
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

    fn customers(&self) -> Option<&dyn CustomerAdapter> {
        Some(&self.customers)
    }
}
