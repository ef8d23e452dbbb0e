//! Planting a seed into an empty state.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::change::Change;
use super::records::{Client, Currency, Organization, User};
use super::{State, Transaction};
use crate::engine::desk::Desk;
use crate::error::ApiError;
use crate::json::Json;
use crate::random::Random;
use crate::request::Query;
use crate::resource::custom_field::CustomField;
use crate::resource::field::Members;
use crate::resource::{account, currency, user};
use crate::seed::{Seed, SeedCustomField};

/// Currencies that every new organization starts with, besides its base currency.
const STARTING_CURRENCIES: [&str; 10] =
    ["AUD", "CAD", "CNY", "EUR", "GBP", "INR", "JPY", "SAR", "USD", "ZAR"];

/// A state that holds nothing but `seed`; ids are assigned in the order of its entries.
pub(crate) fn planted(seed: &Seed, now: DateTime<Utc>, random: &Arc<Random>) -> State {
    let mut transaction =
        Transaction { state: State::default(), random: Arc::clone(random), changes: Vec::new() };
    if let Err(error) = plant(&mut transaction, seed, now) {
        // The seed was rehearsed before the start, so this is a fault of the emulator.
        tracing::error!(%error, "a part of the seed was refused");
    }
    transaction.state
}

/// Applies `seed`, assigning ids in the order of its entries. Errors: what the rules of its records refuse.
pub(crate) fn plant(transaction: &mut Transaction, seed: &Seed, now: DateTime<Utc>) -> Result<(), ApiError> {
    for client in &seed.clients {
        transaction.apply(Change::Client(Arc::new(Client {
            client_id: client.client_id.clone(),
            client_secret: client.client_secret.clone(),
            redirect_uris: client.redirect_uris.clone(),
            data_centre: client.data_centre,
            multi_dc: client.multi_dc,
        })));
    }
    for user in &seed.users {
        let user_id = transaction.next_id();
        transaction.apply(Change::User(Arc::new(User {
            user_id,
            email: user.email.clone(),
            name: user.name.clone(),
            zsc_key: user.zsc_key.clone(),
            organizations: user.organizations.clone(),
            data_centre: user.data_centre,
            created: now,
        })));
    }
    for organization in &seed.organizations {
        let currencies = currencies(transaction, &organization.currency_code, now);
        let contact_name = seed
            .users
            .iter()
            .find(|user| user.organizations.contains(&organization.organization_id))
            .map_or(String::new(), |user| user.name.clone());
        let planted = Arc::new(Organization {
            organization_id: organization.organization_id.clone(),
            name: organization.name.clone(),
            email: organization.email.clone(),
            contact_name,
            country: organization.country.clone(),
            time_zone: organization.time_zone.clone(),
            plan_name: organization.plan_name.clone(),
            apps: organization.apps.clone(),
            crm_link: organization.crm_link,
            sales_tax: organization.sales_tax,
            currencies,
            created: now,
            members: Members::new(),
        });
        transaction.apply(Change::Organization(Arc::clone(&planted)));
        furnish(transaction, &planted, &organization.custom_fields, now)?;
    }
    Ok(())
}

/// Gives a new organization its accounts, its users and its custom fields.
pub(crate) fn furnish(
    transaction: &mut Transaction,
    organization: &Arc<Organization>,
    custom_fields: &[SeedCustomField],
    now: DateTime<Utc>,
) -> Result<(), ApiError> {
    let query = Query::default();
    let system = Arc::new(User::system(now));
    let staff: Vec<Arc<User>> = transaction.state.users.values().cloned().collect();
    let (user, caller, query) = ("", &system, &query);
    let mut desk = Desk { transaction, organization, now, user, caller, query, contact_quota: None };
    account::stand(&mut desk)?;
    let belongs = |person: &&Arc<User>| person.organizations.contains(&organization.organization_id);
    for (at, person) in staff.iter().filter(belongs).enumerate() {
        user::join(&mut desk, person, at == 0)?;
    }
    for field in custom_fields {
        let body = Json::object([
            ("entity", field.entity.as_str().into()),
            ("label", field.label.as_str().into()),
            ("api_name", field.api_name.as_str().into()),
            ("data_type", field.data_type.as_str().into()),
            ("is_unique", field.is_unique.into()),
            ("is_mandatory", field.is_mandatory.into()),
            ("values", field.values.iter().map(|name| name.as_str().into()).collect::<Vec<_>>().into()),
        ]);
        desk.create(&CustomField, &body)?;
    }
    Ok(())
}

/// The currencies of a new organization, base currency first.
pub(crate) fn currencies(transaction: &mut Transaction, base: &str, now: DateTime<Utc>) -> Vec<Currency> {
    let others = STARTING_CURRENCIES.iter().copied().filter(|code| *code != base);
    std::iter::once(base)
        .chain(others)
        .map(|code| currency::of_code(transaction.next_id(), code, now))
        .collect()
}
