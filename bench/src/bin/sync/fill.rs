//! A CRM full of records, connected.

use finbridge_domain::{Clock as _, name_key};
use finbridge_entity::{account, contact};
use finbridge_tests::TestWorld;
use sea_orm::prelude::Uuid;
use sea_orm::{EntityTrait, Set};
use serde_json::json;

use finbridge_bench::Failure;

/// Rows of one statement: SQLite takes 32,766 parameters.
const CHUNK: usize = 1_000;

/// Contacts of each account, where there are any.
pub const PERSONS: usize = 2;

/// The fields of the account of this number: name and website.
pub fn account_of(n: usize) -> (String, String) {
    (format!("Account {n:07}"), format!("https://account{n}.example"))
}

/// The fields of a contact: given name, family name, e-mail address.
pub fn person_of(n: usize, place: usize) -> (String, String, String) {
    (format!("First{place}"), format!("Last{n}"), format!("person{place}@account{n}.example"))
}

/// Connects Books, one way, with accounts as customers, and with their contacts as persons where wished. Runs start only
/// when they are asked for. Returns the module's id.
pub async fn connect(world: &TestWorld, with_persons: bool) -> Result<Uuid, Failure> {
    let integration = world.connect().await;
    let configure = "mutation($input: SyncModuleConfigureInput!) { syncModuleConfigure(input: $input) {
        userErrors { message } } }";
    let input = json!({
        "integrationId": integration, "module": "CUSTOMERS",
        "crmModule": if with_persons { "ACCOUNTS_AND_CONTACTS" } else { "ACCOUNTS" },
        "direction": "FETCH_FROM_CRM", "duplicatePolicy": "SKIP", "isAutomatic": false, "start": false,
    });
    let configured = world.data(configure, json!({ "input": input })).await;
    if configured["syncModuleConfigure"]["userErrors"] != json!([]) {
        return Err(format!("the module cannot be configured: {configured}").into());
    }
    Ok(world.module_id(world.viewer.organization_id, &integration, "CUSTOMERS").await)
}

/// Writes so many accounts, each with its contacts where wished, and returns the accounts' ids.
pub async fn fill(world: &TestWorld, accounts: usize, with_persons: bool) -> Result<Vec<Uuid>, Failure> {
    let engine = &world.app.engine;
    let (organization_id, now) = (world.viewer.organization_id, world.clock.now());
    let persons = if with_persons { PERSONS } else { 0 };
    let mut ids = Vec::with_capacity(accounts);
    let mut from = 0;
    while from < accounts {
        let to = (from + CHUNK).min(accounts);
        let (mut rows, mut people) = (Vec::with_capacity(CHUNK), Vec::new());
        for n in from..to {
            let ((name, website), id) = (account_of(n), engine.ids.uuid());
            ids.push(id);
            rows.push(account::ActiveModel {
                organization_id: Set(organization_id),
                id: Set(id),
                wire_id: Set(engine.ids.wire_id().0),
                name_key: Set(name_key(&name)),
                name: Set(name),
                website: Set(Some(website)),
                version: Set(1),
                created_at: Set(now),
                updated_at: Set(now),
                ..Default::default()
            });
            for place in 0..persons {
                let (first_name, last_name, email) = person_of(n, place);
                let name = format!("{first_name} {last_name}");
                people.push(contact::ActiveModel {
                    organization_id: Set(organization_id),
                    id: Set(engine.ids.uuid()),
                    wire_id: Set(engine.ids.wire_id().0),
                    name_key: Set(name_key(&name)),
                    name: Set(name),
                    first_name: Set(Some(first_name)),
                    last_name: Set(last_name),
                    email_key: Set(Some(name_key(&email))),
                    email: Set(Some(email)),
                    account_id: Set(Some(id)),
                    version: Set(1),
                    created_at: Set(now),
                    updated_at: Set(now),
                    ..Default::default()
                });
            }
        }
        account::Entity::insert_many(rows).exec_without_returning(&engine.db).await?;
        while !people.is_empty() {
            let rest = people.split_off(people.len().min(CHUNK));
            contact::Entity::insert_many(people).exec_without_returning(&engine.db).await?;
            people = rest;
        }
        from = to;
    }
    Ok(ids)
}
