//! Records in numbers: realistic, repeatable, made by the same rules as records that come by calls.

mod document;
mod item;
mod party;
mod place;
mod words;

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};

use crate::engine::desk::Desk;
use crate::error::{ApiError, Code};
use crate::request::Query;
use crate::resource::invoice::Invoice;
use crate::resource::item::Item;
use crate::store::records::{Organization, User};
use crate::store::{State, Store};

/// The most records of one order.
const MOST: u64 = 1_000_000;
/// Records written together.
const BATCH: u64 = 1_000;
/// Names that are tried for one record before it is given up.
const TRIES: u64 = 10_000;

/// An order for records. The same order on the same state makes the same records.
///
/// As text for the command line: `contacts=1000,items=200,seed=7`, with `organization_id` as a further name.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Generate {
    /// The organization; without one the first user's default one.
    pub organization_id: Option<String>,
    /// Customers and vendors, four to one.
    pub contacts: u64,
    /// Items.
    pub items: u64,
    /// Invoices for the organization's active customers over its active items, dated within the last year.
    pub invoices: u64,
    /// The number that the choice of names, places and amounts follows from.
    pub seed: u64,
}

impl FromStr for Generate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut order = Self::default();
        for part in text.split(',') {
            let (name, value) =
                part.split_once('=').ok_or_else(|| format!("\"{part}\" is no name=number"))?;
            let slot = match name.trim() {
                "organization_id" => {
                    order.organization_id = Some(value.trim().to_owned());
                    continue;
                }
                "contacts" => &mut order.contacts,
                "items" => &mut order.items,
                "invoices" => &mut order.invoices,
                "seed" => &mut order.seed,
                _ => {
                    return Err(format!(
                        "\"{name}\" is none of contacts, items, invoices, seed, organization_id"
                    ));
                }
            };
            *slot = value.trim().parse().map_err(|_| format!("\"{value}\" is no whole number"))?;
        }
        Ok(order)
    }
}

/// Why records were not generated. Whole batches that were written before stay.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GenerateError {
    /// More records than one order may ask for.
    #[error("One order makes at most 1,000,000 records. Split it.")]
    TooMany,
    /// There is no such organization.
    #[error("organization_id names no organization of the emulator.")]
    Organization,
    /// Invoices need customers and items.
    #[error("{0} need a customer and an item. Generate contacts and items, too.")]
    NothingToSell(&'static str),
    /// A rule of the API refuses a generated record.
    #[error("A generated record was refused with code {code}: {message}")]
    Refused {
        /// The API's code.
        code: u32,
        /// The API's sentence.
        message: String,
    },
}

impl From<ApiError> for GenerateError {
    fn from(error: ApiError) -> Self {
        Self::Refused { code: error.code(), message: error.message }
    }
}

/// What was made.
#[derive(Debug, Default)]
pub(crate) struct Made {
    /// Records by the plural key of their kind.
    pub(crate) created: BTreeMap<&'static str, u64>,
    pub(crate) first_id: Option<u64>,
    pub(crate) last_id: Option<u64>,
}

/// Makes the records of an order, contacts first, then items, then invoices.
pub(crate) fn run(store: &Store, now: DateTime<Utc>, order: &Generate) -> Result<Made, GenerateError> {
    let counts = [order.contacts, order.items, order.invoices];
    let all = counts.iter().try_fold(0u64, |sum, count| sum.checked_add(*count));
    if all.is_none_or(|all| all > MOST) {
        return Err(GenerateError::TooMany);
    }
    let state = store.read();
    let (organization, user) = whose(&state, order).ok_or(GenerateError::Organization)?;
    // Everything that can be refused is refused before the first batch.
    if order.invoices > 0 {
        let stock = document::Stock::of(&state.books(&organization.organization_id));
        if !stock.will_do(order.contacts, order.items) {
            return Err(GenerateError::NothingToSell("invoices"));
        }
    }
    let mut run = Run { store, now, organization, user, made: Made::default() };
    let mut chance = chance(order.seed, 1);
    run.batches("contacts", order.contacts, |desk, serial| party::create(desk, &mut chance, serial))?;
    if order.items > 0 {
        let (resource, mut chance) = (&Item, self::chance(order.seed, 2));
        run.batches("items", order.items, |desk, serial| item::create(desk, resource, &mut chance, serial))?;
    }
    if order.invoices > 0 {
        let (resource, mut chance) = (&Invoice, self::chance(order.seed, 3));
        let stock = document::Stock::of(&store.read().books(&run.organization.organization_id));
        run.batches("invoices", order.invoices, |desk, _| {
            document::create(desk, resource, &mut chance, &stock)
        })?;
    }
    Ok(run.made)
}

/// The organization of an order and the name of its first user.
fn whose(state: &State, order: &Generate) -> Option<(Arc<Organization>, String)> {
    let first = || state.users.values().find_map(|user| user.organizations.first().cloned());
    let id = order.organization_id.clone().or_else(first)?;
    let organization = state.organizations.get(&id).cloned()?;
    let user = state.users.values().find(|user| user.organizations.contains(&id));
    Some((organization, user.map_or_else(String::new, |user| user.name.clone())))
}

struct Run<'a> {
    store: &'a Store,
    now: DateTime<Utc>,
    organization: Arc<Organization>,
    user: String,
    made: Made,
}

impl Run<'_> {
    fn batches(
        &mut self,
        plural: &'static str,
        count: u64,
        mut create: impl FnMut(&mut Desk<'_>, u64) -> Result<u64, ApiError>,
    ) -> Result<(), GenerateError> {
        let query = Query::default();
        let caller = Arc::new(User::system(self.now));
        let mut serial = 0;
        while serial < count {
            let end = count.min(serial + BATCH);
            let ids = self.store.write(|transaction| {
                let mut desk = Desk {
                    transaction,
                    organization: &self.organization,
                    now: self.now,
                    user: &self.user,
                    caller: &caller,
                    query: &query,
                    contact_quota: None,
                };
                (serial..end).map(|serial| create(&mut desk, serial)).collect::<Result<Vec<u64>, _>>()
            })?;
            self.made.first_id = self.made.first_id.or(ids.first().copied());
            self.made.last_id = ids.last().copied().or(self.made.last_id);
            *self.made.created.entry(plural).or_default() += end - serial;
            serial = end;
        }
        Ok(())
    }
}

/// A generator of its own for each kind, so that more contacts do not change the items.
fn chance(seed: u64, kind: u64) -> StdRng {
    StdRng::seed_from_u64(seed.wrapping_mul(31).wrapping_add(kind))
}

/// One of several.
fn pick<T: Copy>(chance: &mut StdRng, from: &[T]) -> T {
    from[chance.random_range(0..from.len())]
}

/// True in `percent` of a hundred cases.
fn percent(chance: &mut StdRng, percent: u32) -> bool {
    chance.random_range(0..100) < percent
}

/// Creates under `name`, and under the name with a number behind it when the name is taken.
fn under_free_name<T>(
    name: &str,
    serial: u64,
    mut create: impl FnMut(&str) -> Result<T, ApiError>,
) -> Result<T, ApiError> {
    let mut outcome = create(name);
    for more in 1..TRIES {
        match outcome {
            Err(ApiError { kind: Code::DuplicateName | Code::ItemNameTaken, .. }) => {
                outcome = create(&format!("{name} {}", serial + more));
            }
            settled => return settled,
        }
    }
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_the_command_line() {
        let order: Generate = "contacts=1000, items=200,seed=7".parse().unwrap();
        assert_eq!((order.contacts, order.items, order.invoices, order.seed), (1000, 200, 0, 7));
        for wrong in ["contacts", "contacts=many", "planets=8", ""] {
            assert!(wrong.parse::<Generate>().is_err(), "{wrong}");
        }
    }
}
