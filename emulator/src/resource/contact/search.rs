//! Which contacts a list looks at, in which order. Orders and conditions that an index serves are walked.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::criteria::Criteria;
use super::model::Contact;
use crate::filter::fold;
use crate::store::books::{Books, CrmKind};

/// The order of a list.
#[derive(Clone, Copy)]
pub(super) struct Order {
    pub(super) column: &'static str,
    pub(super) descending: bool,
}

impl Order {
    /// Whether this is the order that the condition on the time of change follows.
    pub(super) fn by_change(self) -> bool {
        self.column == "last_modified_time"
    }
}

/// The ids worth looking at, in the wanted order. `wanted` is how many rows the call needs, those of earlier pages
/// included: a narrow condition is sorted, a wide one is met soon enough while the order is walked.
pub(super) fn candidates<'a>(
    books: &'a Books,
    criteria: &Criteria,
    order: Order,
    wanted: usize,
) -> Box<dyn Iterator<Item = u64> + 'a> {
    let narrowest = |limit| narrowed(books, criteria, order, limit);
    // Few rows are sorted, whatever the order.
    match narrowest(wanted) {
        Narrowed::Unasked => return walked(books, criteria, order),
        Narrowed::To(ids) => return sorted(books, ids, order),
        Narrowed::TooWide => {}
    }
    // A condition that most rows pass is met at once.
    let first = walked(books, criteria, order).take(wanted.saturating_mul(PATIENCE));
    let met = first.filter_map(|id| books.contacts.get(&id)).filter(|contact| criteria.pass(contact, books));
    if met.take(wanted).count() == wanted {
        return walked(books, criteria, order);
    }
    // Sorting n rows costs n; walking until `wanted` rows were met costs wanted * all / n. They meet at this n.
    match narrowest(wanted.saturating_mul(books.contacts.len()).isqrt()) {
        Narrowed::To(ids) => sorted(books, ids, order),
        Narrowed::Unasked | Narrowed::TooWide => walked(books, criteria, order),
    }
}

/// How many rows are walked for each wanted one before a condition counts as narrow.
const PATIENCE: usize = 3;

/// What the conditions that have an index leave.
enum Narrowed {
    /// There is none, or only such as the order itself follows.
    Unasked,
    To(Vec<u64>),
    TooWide,
}

/// The smallest set of ids that one indexed condition leaves, unless every one leaves more than `limit`. The conditions
/// that [`walked`] follows are left to it.
fn narrowed(books: &Books, criteria: &Criteria, order: Order, limit: usize) -> Narrowed {
    if let Some(link) = criteria.links.first() {
        let person = || books.linked_person(&link.id).map(|(_, contact)| contact.contact_id);
        let person = (link.kind == CrmKind::Contact).then(person).flatten();
        let ids = books.by_link.get(link).copied().into_iter().chain(person);
        return Narrowed::To(unique(ids.collect()));
    }
    let mut best = match criteria.filter_by {
        // Whoever passes owes something, however many there are.
        "Status.CreditLimitExceed" | "Invoice.OverDue" | "Invoice.Unpaid" => {
            Narrowed::To(unique(books.owing().collect()))
        }
        _ => Narrowed::Unasked,
    };
    let mut offer = |ids: &mut dyn Iterator<Item = u64>| {
        let most = if let Narrowed::To(best) = &best { best.len().min(limit) } else { limit };
        let ids: Vec<u64> = ids.take(most.saturating_add(1)).collect();
        if ids.len() <= most {
            best = Narrowed::To(unique(ids));
        } else if matches!(best, Narrowed::Unasked) {
            best = Narrowed::TooWide;
        }
    };
    let followed = prefix(criteria, order);
    for filter in &criteria.texts {
        let Some((needle, begins)) = filter.anchored() else { continue };
        match filter.field {
            "contact_name" if !begins => offer(&mut books.contacts.named(needle).into_iter()),
            "contact_name" if followed == Some(needle) => {}
            "contact_name" => offer(&mut books.contacts.in_order_of_names(needle)),
            // Who has no such value is in no index.
            _ if needle.is_empty() => {}
            member => {
                if let Some(mut ids) = books.contacts.found(member, needle, begins) {
                    offer(&mut ids);
                }
            }
        }
    }
    if let Some(since) = criteria.since.filter(|_| !order.by_change()) {
        offer(&mut books.contacts.changed(since));
    }
    best
}

/// The beginning of names that an order by name begins and ends with.
fn prefix(criteria: &Criteria, order: Order) -> Option<&str> {
    let named = criteria.texts.iter().filter(|filter| filter.field == "contact_name");
    let prefix = named.filter_map(|filter| filter.anchored()).find(|(_, begins)| *begins);
    prefix.map(|(needle, _)| needle).filter(|_| order.column == "contact_name")
}

fn unique(mut ids: Vec<u64>) -> Vec<u64> {
    ids.sort_unstable();
    ids.dedup();
    ids
}

fn sorted(books: &Books, ids: Vec<u64>, order: Order) -> Box<dyn Iterator<Item = u64>> {
    let mut rows: Vec<&Arc<Contact>> = ids.iter().filter_map(|id| books.contacts.get(id)).collect();
    match order.column {
        "created_time" => rows.sort_by_key(|it| (it.created, it.contact_id)),
        "last_modified_time" => rows.sort_by_key(|it| (it.modified, it.contact_id)),
        "contact_name" => rows.sort_by_cached_key(|it| fold(&it.contact_name)),
        "outstanding_receivable_amount" => {
            rows.sort_by_cached_key(|it| (books.balance(it.contact_id).receivable.own, it.contact_id));
        }
        member => rows.sort_by_cached_key(|it| {
            (it.primary().map_or(String::new(), |person| fold(person.text(member))), it.contact_id)
        }),
    }
    let ids: Vec<u64> = rows.iter().map(|contact| contact.contact_id).collect();
    turned(ids.into_iter(), order.descending)
}

/// Every contact in the wanted order; the order by change begins at the wanted instant, the one by name has only names
/// that begin as wanted.
fn walked<'a>(books: &'a Books, criteria: &Criteria, order: Order) -> Box<dyn Iterator<Item = u64> + 'a> {
    let contacts = &books.contacts;
    match order.column {
        "contact_name" => {
            let prefix = prefix(criteria, order).unwrap_or_default();
            turned(contacts.in_order_of_names(prefix), order.descending)
        }
        "last_modified_time" => {
            let since = criteria.since.unwrap_or(DateTime::<Utc>::MIN_UTC);
            turned(contacts.changed(since), order.descending)
        }
        "outstanding_receivable_amount" => {
            let even = contacts.values().map(|contact| contact.contact_id);
            let even = even.filter(|id| books.balance(*id).receivable.own.is_zero());
            turned(even.chain(books.owing()), order.descending)
        }
        member => match contacts.in_order_of(member) {
            Some(ids) => turned(ids, order.descending),
            None => turned(contacts.in_order_of_creation(), order.descending),
        },
    }
}

fn turned<'a>(
    ids: impl DoubleEndedIterator<Item = u64> + 'a,
    descending: bool,
) -> Box<dyn Iterator<Item = u64> + 'a> {
    if descending { Box::new(ids.rev()) } else { Box::new(ids) }
}
