//! Documents over the organization's own customers and items.

use chrono::Days;
use rand::Rng;
use rand::rngs::StdRng;

use super::pick;
use crate::engine::desk::Desk;
use crate::engine::spec::Resource;
use crate::error::ApiError;
use crate::json::Json;
use crate::resource::contact::model::ContactType;
use crate::store::books::Books;
use crate::store::kind::Kind;

/// Documents are dated within so many days before the clock.
const DAYS: u64 = 365;

/// Whom to sell to, and what.
pub(super) struct Stock {
    customers: Vec<u64>,
    items: Vec<u64>,
}

impl Stock {
    /// Active customers and items.
    pub(super) fn of(books: &Books) -> Self {
        let customers = books
            .contacts
            .values()
            .filter(|contact| contact.active && contact.contact_type == ContactType::Customer)
            .map(|contact| contact.contact_id);
        let items = books.table(Kind::Item);
        let items = items.rows().filter(|item| item.text("status") == "active").map(|item| item.id);
        Self { customers: customers.collect(), items: items.collect() }
    }

    /// Whether there is somebody to sell to and something to sell, once further contacts and items are made.
    pub(super) fn will_do(&self, contacts: u64, items: u64) -> bool {
        (contacts > 0 || !self.customers.is_empty()) && (items > 0 || !self.items.is_empty())
    }
}

/// Creates one document with one to five lines and gives back its id.
pub(super) fn create(
    desk: &mut Desk<'_>,
    resource: &dyn Resource,
    chance: &mut StdRng,
    stock: &Stock,
) -> Result<u64, ApiError> {
    let today = desk.today();
    let date = today.checked_sub_days(Days::new(chance.random_range(0..DAYS))).unwrap_or(today);
    let mut lines = Vec::new();
    for _ in 0..chance.random_range(1..=5) {
        lines.push(Json::object([
            ("item_id", Json::id(pick(chance, &stock.items))),
            ("quantity", chance.random_range(1..=20u64).into()),
        ]));
    }
    let body = Json::object([
        ("customer_id", Json::id(pick(chance, &stock.customers))),
        ("date", date.to_string().into()),
        ("line_items", lines.into()),
    ]);
    desk.create(resource, &body).map(|record| record.id)
}
