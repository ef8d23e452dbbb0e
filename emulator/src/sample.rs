//! Contacts in any number, for measurements.

use std::sync::Arc;

use crate::emulator::{Emulator, StateError};
use crate::engine::desk::Desk;
use crate::error::{ApiError, Code};
use crate::json::Json;
use crate::request::Query;
use crate::resource::contact::rules;
use crate::store::records::User;

/// Contacts in one write.
const CHUNK: usize = 1_000;

impl Emulator {
    /// Adds `count` contacts to the first organization, by the rules that hold for `POST /contacts`. Each has a company, a
    /// person and an address, and all of them follow from its number, so that two emulators get the same. Errors: the
    /// names are taken, there is no organization, or the state file cannot be written.
    pub fn add_sample_contacts(&self, count: usize) -> Result<(), StateError> {
        let mut numbers = 0..count;
        loop {
            let chunk: Vec<usize> = numbers.by_ref().take(CHUNK).collect();
            if chunk.is_empty() {
                return Ok(());
            }
            let added = self.app.store.write(|transaction| {
                let organization = transaction.state.organizations.values().next().cloned();
                let organization = organization.ok_or(ApiError::from(Code::NoOrganization))?;
                let (now, query) = (self.app.clock.now(), Query::default());
                let caller = Arc::new(User::system(now));
                let desk = &mut Desk {
                    transaction,
                    organization: &organization,
                    now,
                    user: "Sample",
                    caller: &caller,
                    query: &query,
                    contact_quota: None,
                };
                for number in chunk {
                    let mut contact = rules::blank(desk);
                    rules::take(desk, &mut contact, &body(number, count))?;
                    rules::save(desk, contact)?;
                }
                Ok(())
            });
            added.map_err(|error| StateError(error.to_string()))?;
        }
    }
}

/// The contact of a number. Names come in no order, as they do in life.
fn body(number: usize, count: usize) -> Json {
    let mixed = number.wrapping_mul(7_919) % count.max(1);
    let text = |text: String| Json::from(text);
    let person = Json::object([
        ("first_name", text(format!("First{}", mixed % 500))),
        ("last_name", text(format!("Last{mixed}"))),
        ("email", text(format!("person{mixed}@company{number}.example"))),
        ("phone", text(format!("+1 555 {number:07}"))),
    ]);
    let address = Json::object([
        ("address", text(format!("{number} Main Street"))),
        ("city", "Springfield".into()),
        ("zip", text(format!("{:05}", number % 100_000))),
        ("country", "United States".into()),
    ]);
    Json::object([
        ("contact_name", text(format!("Contact {mixed:07}-{number}"))),
        ("company_name", text(format!("Company {number}"))),
        ("contact_persons", vec![person].into()),
        ("billing_address", address),
    ])
}
