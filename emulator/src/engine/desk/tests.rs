//! Writes beside others.

use super::*;
use crate::fault::Age;
use crate::random::Random;
use crate::request::Settings;
use crate::seed::{DEMO_ORGANIZATION_ID, Seed};
use crate::store::{Store, seeding};

const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;

fn store() -> Store {
    let random = Arc::new(Random::default());
    Store::in_memory(seeding::planted(&Seed::demo(), NOW, &random), random)
}

/// A call that was admitted now.
fn admitted(store: &Store) -> Context<'_> {
    let user = store.read().users.values().next().map(Arc::clone).unwrap();
    let mut context = Context::of(store, NOW, user, None);
    context.choose(DEMO_ORGANIZATION_ID).unwrap();
    context
}

fn call() -> Call {
    let (query, settings) = (Query::default(), Settings::default());
    Call { ids: Vec::new(), query, headers: Arc::default(), files: Vec::new(), body: Ok(None), settings }
}

/// Stores a comment, which no rule keeps out, and gives back its id.
fn comment(context: &Context<'_>) -> u64 {
    write(context, &call(), |desk| {
        let record = desk.blank(Kind::Comment);
        desk.put(record).map(|record| record.id)
    })
    .unwrap()
}

#[test]
fn a_write_works_with_the_organization_as_it_is_then() {
    let store = store();
    let context = admitted(&store);
    write(&admitted(&store), &call(), |desk| {
        let mut organization = (**desk.organization).clone();
        organization.currencies.truncate(1);
        desk.transaction.apply(Change::Organization(Arc::new(organization)));
        Ok(())
    })
    .unwrap();
    assert!(context.organization().unwrap().currencies.len() > 1);
    let known = write(&context, &call(), |desk| Ok(desk.organization.currencies.len()));
    assert_eq!(known.unwrap(), 1);
}

#[test]
fn stale_reads_show_what_the_last_of_several_writers_found() {
    let store = store();
    let (one, other) = (admitted(&store), admitted(&store));
    let (first, second) = (comment(&one), comment(&other));
    let reader = admitted(&store);
    let found = |state: crate::store::State| {
        let books = state.books(DEMO_ORGANIZATION_ID);
        [first, second].map(|id| books.record(Kind::Comment, id).is_some())
    };
    let stale =
        |context: &Context<'_>| found(store.history().earlier(Age::OneWrite, NOW, context.state.clone()));
    assert_eq!(stale(&reader), [true, false]);
    // Who was admitted before a write does not see past it either.
    let third = comment(&admitted(&store));
    assert_eq!(stale(&reader), [true, false]);
    assert_eq!(stale(&admitted(&store)), [true, true]);
    assert!(reader.state.books(DEMO_ORGANIZATION_ID).record(Kind::Comment, third).is_none());
}
