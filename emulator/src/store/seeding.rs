//! Planting a seed into an empty state.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use iso_currency::Currency as Iso;
use rust_decimal::Decimal;

use super::change::Change;
use super::records::{Client, Currency, Organization, User};
use super::{State, Transaction};
use crate::random::Random;
use crate::resource::field::Members;
use crate::seed::Seed;

/// Currencies that every new organization starts with, besides its base currency.
const STARTING_CURRENCIES: [&str; 10] =
    ["AUD", "CAD", "CNY", "EUR", "GBP", "INR", "JPY", "SAR", "USD", "ZAR"];

/// A state that holds nothing but `seed`; ids are assigned in the order of its entries.
pub(crate) fn planted(seed: &Seed, now: DateTime<Utc>, random: &Arc<Random>) -> State {
    let mut transaction =
        Transaction { state: State::default(), random: Arc::clone(random), changes: Vec::new() };
    plant(&mut transaction, seed, now);
    transaction.state
}

fn plant(transaction: &mut Transaction, seed: &Seed, now: DateTime<Utc>) {
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
        let currencies = currencies(transaction, &organization.currency_code);
        let contact_name = seed
            .users
            .iter()
            .find(|user| user.organizations.contains(&organization.organization_id))
            .map_or(String::new(), |user| user.name.clone());
        transaction.apply(Change::Organization(Arc::new(Organization {
            organization_id: organization.organization_id.clone(),
            name: organization.name.clone(),
            email: organization.email.clone(),
            contact_name,
            country: organization.country.clone(),
            time_zone: organization.time_zone.clone(),
            plan_name: organization.plan_name.clone(),
            apps: organization.apps.clone(),
            crm_link: organization.crm_link,
            currencies,
            created: now,
            members: Members::new(),
        })));
    }
}

/// The currencies of a new organization, base currency first.
pub(crate) fn currencies(transaction: &mut Transaction, base: &str) -> Vec<Currency> {
    let others = STARTING_CURRENCIES.iter().copied().filter(|code| *code != base);
    std::iter::once(base)
        .chain(others)
        .map(|code| {
            let known = Iso::from_code(code);
            Currency {
                currency_id: transaction.next_id(),
                code: code.to_owned(),
                symbol: known.map_or_else(|| code.to_owned(), |iso| iso.symbol().to_string()),
                precision: known.and_then(Iso::exponent).map_or(2, u32::from),
                exchange_rate: Decimal::ONE,
            }
        })
        .collect()
}
