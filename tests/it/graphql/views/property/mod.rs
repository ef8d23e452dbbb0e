//! Criteria in SQL mean what a plain reading of them says: random criteria over random accounts, evaluated by the database
//! and by hand.

mod insert;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use finbridge_domain::{Amount, Clock, NodeId, NodeKind};
use finbridge_entity::criteria::{Comparison, Criteria, Frame, Operator, VIEWER};
use finbridge_entity::types::{RecordType, Role};
use finbridge_entity::{Scoped, account};
use finbridge_tests::both_databases;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use sea_orm::QueryFilter;
use sea_orm::prelude::Uuid;

use super::super::{colleague, db};

/// The zone of the test's organization.
const ZONE: Tz = chrono_tz::America::Los_Angeles;

const TEXTS: [&str; 16] = [
    "Acme",
    "ACME corp",
    "acme corp ltd",
    "100%",
    "1000",
    "a_b",
    "axb",
    "MÜLLER",
    "müller gmbh",
    "ÖSTERREICH",
    "Österreich",
    "ß",
    "Straße",
    "STRAẞE 1",
    "ΟΔΟΣ",
    "Οδοςα",
];

/// No two of them are the same but for letter case.
const TAGS: [&str; 4] = ["Acme", "ACME corp", "acme corp ltd", "ÖSTERREICH"];

/// What a field holds.
#[derive(Debug, Clone, PartialEq)]
enum Held {
    Text(String),
    /// In ten-thousandths.
    Number(i64),
    Boolean(bool),
    Day(NaiveDate),
    Instant(DateTime<Utc>),
    Id(Uuid),
    Tags(Vec<String>),
}

/// The kinds of fields that are tried, with what their operators and values are drawn from.
const FIELDS: [(&str, Kind); 15] = [
    ("name", Kind::Text),
    ("industry", Kind::Text),
    ("billingAddress.country", Kind::Text),
    ("customFields.tier", Kind::Text),
    ("customFields.note", Kind::Text),
    ("employeeCount", Kind::Whole),
    ("customFields.seats", Kind::Whole),
    ("annualRevenue", Kind::Exact),
    ("customFields.score", Kind::Exact),
    ("customFields.vip", Kind::Boolean),
    ("customFields.due", Kind::Day),
    ("createdAt", Kind::Instant),
    ("customFields.seen", Kind::Instant),
    ("owner", Kind::Person),
    ("tags", Kind::Tags),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Whole,
    Exact,
    Boolean,
    Day,
    Instant,
    Person,
    Tags,
}

type Row = BTreeMap<&'static str, Held>;

fn now() -> DateTime<Utc> {
    "2026-01-05T12:00:00Z".parse().unwrap()
}

fn instant() -> impl Strategy<Value = DateTime<Utc>> {
    // Close to the present day and its ends in the zone, and far from it.
    prop_oneof![
        (-30_i64..30).prop_map(|hours| now() + TimeDelta::hours(hours)),
        (-400_i64..400).prop_map(|days| now() + TimeDelta::days(days)),
        (-3_i64..3).prop_map(|days| begin_of("2026-01-05".parse().unwrap()) + TimeDelta::days(days)),
    ]
}

fn begin_of(day: NaiveDate) -> DateTime<Utc> {
    day.and_hms_opt(0, 0, 0).unwrap().and_local_timezone(ZONE).unwrap().with_timezone(&Utc)
}

fn held(kind: Kind, people: [Uuid; 2]) -> BoxedStrategy<Held> {
    match kind {
        Kind::Text => select(&TEXTS[..]).prop_map(|text| Held::Text(text.to_owned())).boxed(),
        Kind::Whole => (-3_i64..4).prop_map(|n| Held::Number(n * 10_000)).boxed(),
        Kind::Exact => (-30_000_i64..30_000).prop_map(|n| Held::Number(n / 5_000 * 5_000)).boxed(),
        Kind::Boolean => any::<bool>().prop_map(Held::Boolean).boxed(),
        Kind::Day => instant().prop_map(|at| Held::Day(at.date_naive())).boxed(),
        Kind::Instant => instant().prop_map(Held::Instant).boxed(),
        Kind::Person => select(people.to_vec()).prop_map(Held::Id).boxed(),
        Kind::Tags => proptest::sample::subsequence(TAGS.to_vec(), 1..=2)
            .prop_map(|tags| Held::Tags(tags.into_iter().map(str::to_owned).collect()))
            .boxed(),
    }
}

/// A value as criteria write it.
fn written(kind: Kind, people: [Uuid; 2]) -> BoxedStrategy<String> {
    match kind {
        Kind::Text | Kind::Tags => prop_oneof![
            select(&TEXTS[..]),
            select(&["acm", "CORP", "%", "_", "10", "Ü", "öst", "SS", "STRASSE", "οδοσ", "\u{212A}"][..])
        ]
        .prop_map(str::to_owned)
        .boxed(),
        Kind::Person => {
            let users = people.map(|id| NodeId::new(NodeKind::User, id).to_string());
            select(vec![VIEWER.to_owned(), users[0].clone(), users[1].clone()]).boxed()
        }
        _ => held(kind, people)
            .prop_map(|held| match held {
                Held::Number(units) => Amount::from_units(units).to_decimal().to_string(),
                Held::Boolean(yes) => yes.to_string(),
                Held::Day(day) => day.to_string(),
                Held::Instant(at) => at.to_rfc3339(),
                other => panic!("{other:?}"),
            })
            .boxed(),
    }
}

fn operators(kind: Kind) -> Vec<Operator> {
    use Operator::*;
    let mut all = match kind {
        Kind::Text => vec![Eq, Ne, In, NotIn, Contains, StartsWith],
        Kind::Whole | Kind::Exact | Kind::Day => vec![Eq, Ne, In, NotIn, Gt, Gte, Lt, Lte, Between],
        Kind::Boolean => vec![Eq, Ne],
        Kind::Instant => vec![Gt, Gte, Lt, Lte, Between],
        Kind::Person | Kind::Tags => vec![Eq, Ne, In, NotIn],
    };
    if matches!(kind, Kind::Day | Kind::Instant) {
        all.extend([Today, Yesterday, Tomorrow, ThisWeek, ThisMonth, ThisYear, LastNDays, NextNDays]);
    }
    all.extend([IsEmpty, IsNotEmpty]);
    all
}

fn comparison(people: [Uuid; 2]) -> impl Strategy<Value = Criteria> {
    select(&FIELDS[..]).prop_flat_map(move |(field, kind)| {
        select(operators(kind)).prop_flat_map(move |operator| {
            use Operator::*;
            let values = match operator {
                IsEmpty | IsNotEmpty | Today | Yesterday | Tomorrow | ThisWeek | ThisMonth | ThisYear => {
                    Just(Vec::new()).boxed()
                }
                LastNDays | NextNDays => (1..40_i32).prop_map(|n| vec![n.to_string()]).boxed(),
                Between => proptest::collection::vec(written(kind, people), 2).boxed(),
                In | NotIn => proptest::collection::vec(written(kind, people), 1..4).boxed(),
                _ => proptest::collection::vec(written(kind, people), 1).boxed(),
            };
            values.prop_map(move |values| {
                Criteria::Condition(Comparison { field: field.to_owned(), operator, values })
            })
        })
    })
}

fn criteria(people: [Uuid; 2]) -> impl Strategy<Value = Criteria> {
    comparison(people).prop_recursive(4, 20, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 1..4).prop_map(Criteria::All),
            proptest::collection::vec(inner.clone(), 1..4).prop_map(Criteria::Any),
            inner.prop_map(|part| Criteria::Not(Box::new(part))),
        ]
    })
}

fn row(people: [Uuid; 2]) -> impl Strategy<Value = Row> {
    let fields: Vec<_> = FIELDS
        .iter()
        .map(|(field, kind)| {
            let held = held(*kind, people);
            let held = match *field {
                "name" | "createdAt" => held.prop_map(Some).boxed(),
                _ => proptest::option::weighted(0.6, held).boxed(),
            };
            held.prop_map(|held| (*field, held))
        })
        .collect();
    fields.prop_map(|fields| fields.into_iter().filter_map(|(field, held)| Some((field, held?))).collect())
}

/// The plain reading.
fn matches(criteria: &Criteria, row: &Row, me: Uuid) -> bool {
    match criteria {
        Criteria::All(parts) => parts.iter().all(|part| matches(part, row, me)),
        Criteria::Any(parts) => parts.iter().any(|part| matches(part, row, me)),
        Criteria::Not(part) => !matches(part, row, me),
        Criteria::Condition(comparison) => compares(comparison, row.get(comparison.field.as_str()), me),
    }
}

fn compares(comparison: &Comparison, held: Option<&Held>, me: Uuid) -> bool {
    use Operator::*;
    let is_any = || comparison.values.iter().any(|value| held.is_some_and(|held| equal(held, value, me)));
    match comparison.operator {
        IsEmpty => return held.is_none(),
        Ne | NotIn => return !is_any(),
        Eq | In => return is_any(),
        _ => {}
    }
    let Some(held) = held else { return false };
    let value = |place: usize| comparison.values[place].as_str();
    match comparison.operator {
        IsNotEmpty => true,
        Contains => {
            matches!(held, Held::Text(text) if small(text).contains(&small(value(0))))
        }
        StartsWith => {
            matches!(held, Held::Text(text) if small(text).starts_with(&small(value(0))))
        }
        Gt => order(held, value(0)).is_gt(),
        Gte => order(held, value(0)).is_ge(),
        Lt => order(held, value(0)).is_lt(),
        Lte => order(held, value(0)).is_le(),
        Between => order(held, value(0)).is_ge() && order(held, value(1)).is_le(),
        relative => {
            let today = now().with_timezone(&ZONE).date_naive();
            let day = match held {
                Held::Day(day) => *day,
                Held::Instant(at) => at.with_timezone(&ZONE).date_naive(),
                other => panic!("{other:?}"),
            };
            let ago = (today - day).num_days();
            let n = || value(0).parse::<i64>().unwrap();
            match relative {
                Today => ago == 0,
                Yesterday => ago == 1,
                Tomorrow => ago == -1,
                ThisWeek => day.iso_week() == today.iso_week(),
                ThisMonth => (day.year(), day.month()) == (today.year(), today.month()),
                ThisYear => day.year() == today.year(),
                LastNDays => (0..n()).contains(&ago),
                NextNDays => (0..n()).contains(&-ago),
                other => panic!("{other:?}"),
            }
        }
    }
}

/// Without regard to letter case, by a list of what the texts above have.
fn small(text: &str) -> String {
    text.to_lowercase().replace('ς', "σ").replace('ß', "ss")
}

fn equal(held: &Held, value: &str, me: Uuid) -> bool {
    match held {
        Held::Text(text) => small(text) == small(value),
        Held::Tags(tags) => tags.iter().any(|tag| small(tag) == small(value)),
        Held::Boolean(yes) => yes.to_string() == value,
        Held::Id(id) if value == VIEWER => *id == me,
        Held::Id(id) => NodeId::new(NodeKind::User, *id).to_string() == value,
        _ => order(held, value).is_eq(),
    }
}

fn order(held: &Held, value: &str) -> std::cmp::Ordering {
    match held {
        Held::Number(units) => {
            let (whole, fraction) = value.split_once('.').unwrap_or((value, ""));
            units.cmp(&format!("{whole}{fraction:0<4}").parse().unwrap())
        }
        Held::Day(day) => day.cmp(&value.parse().unwrap()),
        Held::Instant(at) => at.cmp(&DateTime::parse_from_rfc3339(value).unwrap().with_timezone(&Utc)),
        other => panic!("{other:?} has no order"),
    }
}

both_databases! {
    async fn criteria_find_in_sql_what_a_plain_reading_finds(world: &TestWorld) {
        assert_eq!(world.clock.now(), now());
        let carl = colleague(world, "Carl", Role::Standard).await.viewer.user_id;
        let me = world.viewer.user_id;
        let people = [me, carl];
        let mut rows = TestRunner::deterministic();
        let rows = proptest::collection::vec(row(people), 60).new_tree(&mut rows).unwrap().current();
        let made = insert::rows(world, &rows).await;
        let here = world.viewer.organization_id;
        let frame = Frame::load(db(world), here, RecordType::Account, me, now()).await.unwrap();
        let runtime = tokio::runtime::Handle::current();
        let tried = std::cell::Cell::new((0, 0));
        let config = Config { cases: 600, failure_persistence: None, ..Config::default() };
        let outcome = tokio::task::block_in_place(|| {
            TestRunner::new(config).run(&criteria(people), |criteria| {
                let condition = frame.condition(&criteria).unwrap();
                let select = account::Entity::of(here).filter(condition);
                let found: Vec<account::Model> = runtime.block_on(select.all(db(world))).unwrap();
                let found: BTreeSet<_> = found.into_iter().map(|row| row.id).collect();
                let pairs = made.iter().zip(&rows);
                let wanted: BTreeSet<_> =
                    pairs.filter(|(_, row)| matches(&criteria, row, me)).map(|(id, _)| *id).collect();
                for id in found.symmetric_difference(&wanted) {
                    let row = &rows[made.iter().position(|one| one == id).unwrap()];
                    prop_assert!(false, "SQL says {}, by hand {}: {row:?}", found.contains(id), wanted.contains(id));
                }
                let (cases, partial) = tried.get();
                tried.set((cases + 1, partial + usize::from(!wanted.is_empty() && wanted.len() < rows.len())));
                Ok(())
            })
        });
        if let Err(error) = outcome {
            panic!("{error}");
        }
        let (cases, partial) = tried.get();
        assert!(partial * 2 > cases, "most criteria find some accounts and leave others: {partial} of {cases}");
    }
}
