//! Who calls, with which right, for which organization.

use std::sync::Arc;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use chrono::{DateTime, Utc};

use crate::error::{ApiError, Code};
use crate::host::DataCentre;
use crate::limit::Caller;
use crate::product::Product;
use crate::request::Query;
use crate::resource::user::{organizations, works_for};
use crate::scope;
use crate::store::records::{AccessToken, Organization, User};
use crate::store::{State, Store};

/// The module and operation whose scope a call needs, in lower case.
pub(crate) type Need = (&'static str, &'static str);

/// A call whose token is good, before it is known what it needs.
pub(crate) struct Admitted {
    state: State,
    now: DateTime<Utc>,
    user: Arc<User>,
    token: Arc<AccessToken>,
    product: Option<Product>,
    /// The organization that the call works with, if it works with one.
    organization: Result<Arc<Organization>, ApiError>,
}

/// What an authenticated call works with.
pub(crate) struct Context<'a> {
    pub(crate) store: &'a Store,
    /// The state as it was when the call was admitted.
    pub(crate) state: State,
    pub(crate) now: DateTime<Utc>,
    pub(crate) user: Arc<User>,
    /// The app whose API is called; `None` on `/integration/v1`.
    pub(crate) product: Option<Product>,
    organization: Option<Arc<Organization>>,
    /// The one organization that the token is good for, if it was issued for one.
    only: Option<String>,
}

impl<'a> Context<'a> {
    /// The context of a call that was admitted. A call of no product needs scopes of Books. Errors: 57 for a missing scope;
    /// for a call with the records of an organization (`scoped`), why it may not work with the one it names.
    pub(crate) fn resume(
        store: &'a Store,
        admitted: Admitted,
        need: Option<Need>,
        scoped: bool,
    ) -> Result<Self, ApiError> {
        let Admitted { state, now, user, token, product, organization } = admitted;
        let service = product.unwrap_or(Product::Books).service();
        if need.is_some_and(|(module, operation)| !scope::covers(&token.scopes, service, module, operation)) {
            return Err(Code::NotAuthorized.into());
        }
        let organization = if scoped { Some(organization?) } else { None };
        let only = token.organization_id.clone();
        Ok(Self { store, state, now, user, product, organization, only })
    }

    /// A call without a token, for a user who may do everything in their organizations.
    pub(crate) fn of(
        store: &'a Store,
        now: DateTime<Utc>,
        user: Arc<User>,
        product: Option<Product>,
    ) -> Self {
        Self { store, state: store.read(), now, user, product, organization: None, only: None }
    }

    /// Selects one organization (code 6041 when the call may not work with it).
    pub(crate) fn choose(&mut self, id: &str) -> Result<(), ApiError> {
        let chosen = choose(&self.state, &self.user, self.only.as_deref(), self.product, id)?;
        self.organization = Some(chosen);
        Ok(())
    }

    /// The selected organization.
    pub(crate) fn organization(&self) -> Result<&Arc<Organization>, ApiError> {
        self.organization.as_ref().ok_or_else(|| Code::NoOrganization.into())
    }

    /// An organization the user belongs to and the token is good for (code 6041 otherwise).
    pub(crate) fn own_organization(&self, id: &str) -> Result<&Arc<Organization>, ApiError> {
        own(&self.state, &self.user, self.only.as_deref(), id)
    }
}

impl Admitted {
    /// Admits a call and selects its organization: query, then a header of the product, then a header of another one,
    /// then the token's own, then the user's default one. Errors: 14 for a malformed token and for one that is unknown in
    /// the data centre of the host, 57 for an expired or revoked one. Whether the call may work with the organization is
    /// kept for later, because not every call needs one: 6041 for an organization that the user does not belong to, that
    /// the token is not good for, or that has not joined the product; 9017 for a user without any.
    pub(crate) fn of(
        store: &Store,
        now: DateTime<Utc>,
        query: &Query,
        headers: &HeaderMap,
        product: Option<Product>,
    ) -> Result<Self, ApiError> {
        let state = store.read();
        let token = presented(headers).and_then(|token| state.access_tokens.get(token)).cloned();
        let token = token.ok_or(Code::InvalidToken)?;
        let user = state.users.get(&token.user_id).cloned().ok_or(Code::InvalidToken)?;
        if DataCentre::of(headers).is_some_and(|here| here != user.data_centre) {
            return Err(Code::InvalidToken.into());
        }
        if token.revoked || token.expires <= now {
            return Err(Code::NotAuthorized.into());
        }
        let only = token.organization_id.as_deref();
        let default = || organizations(&state, &user).next().map(String::as_str);
        let id = named(query, headers, product).or(only).or_else(default);
        let organization = match id {
            Some(id) => choose(&state, &user, only, product, id),
            None => Err(Code::NoOrganization.into()),
        };
        Ok(Self { state, now, user, token, product, organization })
    }

    /// Whom the quotas count the call for; `None` for a call without an organization.
    pub(crate) fn caller(&self) -> Option<Caller> {
        let organization = self.organization.as_ref().ok()?;
        Some(Caller {
            user_id: self.user.user_id,
            organization_id: organization.organization_id.clone(),
            plan: organization.plan_name.clone(),
        })
    }
}

/// The organization that a call names.
fn named<'a>(query: &'a Query, headers: &'a HeaderMap, product: Option<Product>) -> Option<&'a str> {
    query.get("organization_id").or_else(|| {
        let product = product.unwrap_or(Product::Books);
        let others = Product::ALL.into_iter().flat_map(|it| it.organization_headers());
        let mut names = product.organization_headers().iter().chain(others);
        names.find_map(|name| {
            let id = headers.get(*name)?.to_str().ok()?.trim();
            (!id.is_empty()).then_some(id)
        })
    })
}

fn own<'a>(
    state: &'a State,
    user: &User,
    only: Option<&str>,
    id: &str,
) -> Result<&'a Arc<Organization>, ApiError> {
    let own = works_for(state, user, id) && only.is_none_or(|only| only == id);
    let organization = state.organizations.get(id).filter(|_| own);
    organization.ok_or_else(|| ApiError::about(Code::WrongOrganization, id))
}

fn choose(
    state: &State,
    user: &User,
    only: Option<&str>,
    product: Option<Product>,
    id: &str,
) -> Result<Arc<Organization>, ApiError> {
    let organization = own(state, user, only, id)?;
    if !organization.joined(product.unwrap_or(Product::Books).app()) {
        return Err(ApiError::about(Code::WrongOrganization, id));
    }
    Ok(Arc::clone(organization))
}

/// The token of either scheme; scheme words are compared without case. An `authtoken` parameter counts for nothing: the
/// service has given it up.
fn presented(headers: &HeaderMap) -> Option<&str> {
    let header = headers.get(AUTHORIZATION)?.to_str().ok()?.trim();
    let (scheme, token) = header.split_once(char::is_whitespace)?;
    let known = ["zoho-oauthtoken", "bearer"].iter().any(|it| scheme.eq_ignore_ascii_case(it));
    known.then_some(token.trim())
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};
    use chrono::TimeDelta;

    use super::*;
    use crate::random::Random;
    use crate::seed::{DEMO_ORGANIZATION_ID, Seed};
    use crate::store::change::Change;
    use crate::store::seeding;

    const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;

    /// A store whose organization has joined `apps`, and headers with a token that has `scope`.
    fn store(apps: &[&str], scope: &str) -> (Store, HeaderMap) {
        let mut seed = Seed::demo();
        seed.organizations[0].apps = apps.iter().map(|app| (*app).to_owned()).collect();
        let store = {
            let random = Arc::new(Random::default());
            let state = seeding::planted(&seed, NOW, &random);
            Store::in_memory(state, random)
        };
        let issued = store.write(|transaction| {
            let user_id = transaction.state.users.values().next().map_or(0, |user| user.user_id);
            transaction.apply(Change::AccessToken(Arc::new(AccessToken {
                token: "t".to_owned(),
                serial: 1,
                user_id,
                client_id: String::new(),
                refresh_token: None,
                scopes: scope::parse(scope).unwrap_or_default(),
                organization_id: None,
                expires: NOW + TimeDelta::hours(1),
                revoked: false,
            })));
            Ok(())
        });
        issued.unwrap();
        (store, HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_static("Bearer t"))]))
    }

    fn admit<'a>(
        store: &'a Store,
        headers: &HeaderMap,
        product: Option<Product>,
        need: Option<Need>,
    ) -> Result<Context<'a>, ApiError> {
        let admitted = Admitted::of(store, NOW, &Query::default(), headers, product)?;
        Context::resume(store, admitted, need, false)
    }

    fn select<'a>(store: &'a Store, headers: &HeaderMap, product: Product) -> Result<Context<'a>, ApiError> {
        let admitted = Admitted::of(store, NOW, &Query::default(), headers, Some(product)).unwrap();
        Context::resume(store, admitted, None, true)
    }

    #[test]
    fn every_product_asks_for_scopes_of_its_own() {
        for (scope, own) in [
            ("ZohoBooks.settings.READ", Product::Books),
            ("ZohoInvoice.settings.ALL", Product::Invoice),
            ("ERP.fullaccess.all", Product::Erp),
            ("ZohoSubscriptions.settings.READ", Product::Billing),
            ("ZohoExpense.fullaccess.ALL", Product::Expense),
        ] {
            let (store, headers) = store(&["books"], scope);
            for product in Product::ALL {
                let need = Some(("settings", "read"));
                let admitted = admit(&store, &headers, Some(product), need);
                assert_eq!(admitted.is_ok(), product == own, "{scope} for {product:?}");
            }
            let unneeded = admit(&store, &headers, Some(Product::Books), None);
            assert!(unneeded.is_ok_and(|context| context.product == Some(Product::Books)), "{scope}");
            let without = admit(&store, &headers, None, Some(("settings", "read")));
            assert_eq!(without.is_ok(), own == Product::Books, "{scope}");
        }
    }

    #[test]
    fn every_product_takes_every_header_and_only_organizations_that_joined_it() {
        let scopes = "ZohoBooks.settings.READ ZohoInvoice.settings.READ ERP.settings.READ \
            ZohoSubscriptions.settings.READ ZohoExpense.orgsettings.READ";
        for joined in Product::ALL {
            let (store, headers) = store(&[&joined.app().to_uppercase()], scopes);
            for product in Product::ALL {
                let select = |name: Option<&'static str>, id: &'static str| {
                    let mut headers = headers.clone();
                    if let Some(name) = name {
                        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(id));
                    }
                    select(&store, &headers, product).map(|_| ()).map_err(|error| error.code())
                };
                let expected = if product == joined { Ok(()) } else { Err(6041) };
                assert_eq!(select(None, ""), expected, "{product:?} of {joined:?}");
                for name in Product::ALL.into_iter().flat_map(|it| it.organization_headers()) {
                    assert_eq!(select(Some(name), DEMO_ORGANIZATION_ID), expected, "{name}");
                    assert_eq!(select(Some(name), "99999999"), Err(6041), "{name}");
                }
            }
        }
    }

    #[test]
    fn the_products_own_header_wins_over_that_of_another() {
        for product in Product::ALL {
            let (store, mut headers) = store(&[product.app()], "ZohoBooks.settings.READ");
            for name in Product::ALL.into_iter().flat_map(|it| it.organization_headers()) {
                headers.insert(HeaderName::from_static(name), HeaderValue::from_static("99999999"));
            }
            let own = product.organization_headers()[0];
            headers.insert(HeaderName::from_static(own), HeaderValue::from_static(DEMO_ORGANIZATION_ID));
            let context = select(&store, &headers, product).unwrap();
            assert_eq!(context.organization().unwrap().organization_id, DEMO_ORGANIZATION_ID);
        }
    }
}
