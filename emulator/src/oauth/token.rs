//! `POST /oauth/v2/token`.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::{ACCESS_SECONDS, Failure, Grant, issue_access, issue_refresh, reply};
use crate::envelope::Reply;
use crate::host::{DataCentre, Site};
use crate::json::Json;
use crate::product::Product;
use crate::request::Query;
use crate::resource::user::works_for;
use crate::scope;
use crate::store::change::Change;
use crate::store::records::{Client, User};
use crate::store::{State, Store};

/// A call to the token endpoint.
struct Exchange<'a> {
    store: &'a Store,
    now: DateTime<Utc>,
    site: &'a Site,
    client: Arc<Client>,
    parameters: &'a Query,
}

/// What the reply tells.
struct Granted {
    access_token: String,
    refresh_token: Option<String>,
    scopes: Vec<String>,
    data_centre: DataCentre,
}

/// Answers the three grants; `parameters` are those of the query and of the form body together. Failures are HTTP 200.
pub(crate) fn token(store: &Store, now: DateTime<Utc>, site: &Site, parameters: &Query) -> Reply {
    let outcome = client(&store.read(), site, parameters).and_then(|client| {
        let exchange = Exchange { store, now, site, client, parameters };
        let granted = match parameters.get("grant_type") {
            Some("refresh_token") => exchange.refresh(),
            Some("authorization_code") => exchange.code(),
            Some("client_credentials") => exchange.credentials(),
            _ => Err(Failure::Named("unsupported_grant_type")),
        };
        granted.map(|granted| granted.show(site))
    });
    reply(outcome, 200)
}

fn client(state: &State, site: &Site, parameters: &Query) -> Result<Arc<Client>, Failure> {
    let known = parameters.get("client_id").and_then(|id| state.clients.get(id));
    let here = known.filter(|client| site.data_centre().is_none_or(|here| client.serves(here)));
    let client = here.ok_or(Failure::Named("invalid_client"))?;
    if parameters.get("client_secret") == Some(client.client_secret.as_str()) {
        Ok(Arc::clone(client))
    } else {
        Err(Failure::Named("invalid_client_secret"))
    }
}

impl Exchange<'_> {
    fn refresh(&self) -> Result<Granted, Failure> {
        let wanted = self.parameters.get("refresh_token").unwrap_or_default();
        self.store.write(|transaction| {
            let known = transaction.state.refresh_tokens.get(wanted);
            let Some(refresh) = known.filter(|it| it.client_id == self.client.client_id).cloned() else {
                return Ok(Err(Failure::Named("invalid_code")));
            };
            let Some(user) = self.user(&transaction.state, refresh.user_id) else {
                return Ok(Err(Failure::Named("invalid_code")));
            };
            let grant = Grant {
                user_id: user.user_id,
                client_id: &refresh.client_id,
                scopes: &refresh.scopes,
                refresh_token: Some(wanted.to_owned()),
                organization_id: None,
            };
            Ok(Ok(Granted {
                access_token: issue_access(transaction, self.now, grant),
                refresh_token: None,
                scopes: refresh.scopes.clone(),
                data_centre: user.data_centre,
            }))
        })?
    }

    fn code(&self) -> Result<Granted, Failure> {
        let wanted = self.parameters.get("code").unwrap_or_default();
        let redirect = self.parameters.get("redirect_uri");
        self.store.write(|transaction| {
            let known = transaction.state.codes.get(wanted);
            let Some(code) = known.filter(|it| it.client_id == self.client.client_id).cloned() else {
                return Ok(Err(Failure::Named("invalid_code")));
            };
            let Some(user) = self.user(&transaction.state, code.user_id) else {
                return Ok(Err(Failure::Named("invalid_code")));
            };
            if code.redirect_uri.is_some() && code.redirect_uri.as_deref() != redirect {
                return Ok(Err(Failure::Named("invalid_redirect_uri")));
            }
            transaction.apply(Change::CodeDeleted(code.code.clone()));
            if code.expires <= self.now {
                return Ok(Err(Failure::Named("invalid_code")));
            }
            let refresh_token =
                code.offline.then(|| issue_refresh(transaction, user.user_id, &code.client_id, &code.scopes));
            let grant = Grant {
                user_id: user.user_id,
                client_id: &code.client_id,
                scopes: &code.scopes,
                refresh_token: refresh_token.clone(),
                organization_id: None,
            };
            Ok(Ok(Granted {
                access_token: issue_access(transaction, self.now, grant),
                refresh_token,
                scopes: code.scopes.clone(),
                data_centre: user.data_centre,
            }))
        })?
    }

    /// A client acts for the first user of the organization that `soid` names, `<Service>.<organization id>`, and only
    /// there; without `soid` it acts for the first user it can reach.
    fn credentials(&self) -> Result<Granted, Failure> {
        let scopes = self.parameters.get("scope").and_then(scope::parse);
        let scopes = scopes.ok_or(Failure::Named("invalid_scope"))?;
        let organization_id = match self.parameters.get("soid") {
            None => None,
            Some(soid) => Some(organization(soid).ok_or(Failure::Named("invalid_soid"))?.to_owned()),
        };
        self.store.write(|transaction| {
            let member = transaction.state.users.values().find(|user| {
                self.site.reaches(user.data_centre)
                    && organization_id.as_ref().is_none_or(|id| works_for(&transaction.state, user, id))
            });
            let Some(user) = member.cloned() else { return Ok(Err(Failure::Named("invalid_soid"))) };
            let grant = Grant {
                user_id: user.user_id,
                client_id: &self.client.client_id,
                scopes: &scopes,
                refresh_token: None,
                organization_id,
            };
            Ok(Ok(Granted {
                access_token: issue_access(transaction, self.now, grant),
                refresh_token: None,
                scopes,
                data_centre: user.data_centre,
            }))
        })?
    }

    /// The user, if this data centre holds them.
    fn user(&self, state: &State, user_id: u64) -> Option<Arc<User>> {
        state.users.get(&user_id).filter(|user| self.site.reaches(user.data_centre)).cloned()
    }
}

fn organization(soid: &str) -> Option<&str> {
    let (service, id) = soid.split_once('.')?;
    let mut services = Product::ALL.into_iter().map(Product::service);
    services.any(|known| service.eq_ignore_ascii_case(known)).then_some(id)
}

impl Granted {
    fn show(self, site: &Site) -> Json {
        let mut members = vec![("access_token".to_owned(), self.access_token.into())];
        if let Some(refresh) = self.refresh_token {
            members.push(("refresh_token".to_owned(), refresh.into()));
        }
        members.extend([
            ("scope".to_owned(), self.scopes.join(" ").into()),
            ("api_domain".to_owned(), site.api_domain(self.data_centre).into()),
            ("token_type".to_owned(), "Bearer".into()),
            ("expires_in".to_owned(), Json::Number(ACCESS_SECONDS.to_string())),
        ]);
        Json::Object(members)
    }
}
