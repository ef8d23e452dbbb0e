//! What is random about a world, and what its number decides.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::subsequence;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

/// Worlds in all. Twice the number of shapes: each goes both ways once and one way once.
pub const WORLDS: u64 = 24;

/// What is synchronised, and by which settings.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// Key of the finance app.
    pub app: &'static str,
    /// A profile other than the app's own.
    pub profile: Option<&'static str>,
    /// The module, as GraphQL and the database name it.
    pub module: &'static str,
    /// The CRM module that feeds customers.
    pub crm_module: Option<&'static str>,
    /// Whether records travel both ways.
    pub is_both_ways: bool,
    /// The duplicate policy.
    pub duplicates: &'static str,
    /// The policy for fields that both sides changed.
    pub both_modified: &'static str,
}

/// App, module and the CRM module that feeds it. There are twelve, so that each meets another pair of the three duplicate
/// policies and the four policies for what both sides changed.
const SHAPES: [(&str, &str, Option<&str>); 12] = [
    ("books", "CUSTOMERS", Some("ACCOUNTS")),
    ("books", "CUSTOMERS", Some("CONTACTS")),
    ("books", "CUSTOMERS", Some("ACCOUNTS_AND_CONTACTS")),
    ("books", "VENDORS", None),
    ("books", "ITEMS", None),
    ("erp", "CUSTOMERS", Some("ACCOUNTS")),
    ("erp", "VENDORS", None),
    ("erp", "ITEMS", None),
    ("invoice", "ITEMS", None),
    // Billing makes no customer without an e-mail address, and a copy of one that has none is one; so this place, whose
    // policy keeps no copies.
    ("billing", "CUSTOMERS", Some("ACCOUNTS")),
    ("expense", "CUSTOMERS", Some("ACCOUNTS")),
    // Under the profiles that no app has of its own.
    ("books", "CUSTOMERS", Some("ACCOUNTS")),
];

const DUPLICATES: [&str; 3] = ["SKIP", "OVERWRITE", "CLONE"];
const BOTH_MODIFIED: [&str; 4] = ["OVERWRITE", "SKIP", "CLONE", "ASK"];

impl Shape {
    /// The shape of a world.
    pub fn of(number: u64) -> Self {
        let place = usize::try_from(number).unwrap();
        let (app, module, crm_module) = SHAPES[place % SHAPES.len()];
        let is_both_ways = place < SHAPES.len();
        let foreign = if is_both_ways { "SUITE" } else { "BOOKS_2013" };
        Self {
            app,
            profile: (place % SHAPES.len() == SHAPES.len() - 1).then_some(foreign),
            module,
            crm_module,
            is_both_ways,
            duplicates: DUPLICATES[place % DUPLICATES.len()],
            both_modified: BOTH_MODIFIED[place % BOTH_MODIFIED.len()],
        }
    }

    /// Whether contacts become persons of their accounts' customers.
    pub fn has_persons(self) -> bool {
        self.crm_module == Some("ACCOUNTS_AND_CONTACTS")
    }
}

/// A record that is there before the first run. Records of one number are the same thing by name.
#[derive(Debug, Clone, Copy)]
pub struct Born {
    /// What it is named after.
    pub number: usize,
    /// Whether its name is in capital letters, which makes no difference.
    pub is_loud: bool,
}

impl Born {
    /// Its two names, as a person has them.
    pub fn names(self) -> (String, &'static str) {
        if self.is_loud {
            (format!("NO{}", self.number), "LAST")
        } else {
            (format!("No{}", self.number), "Last")
        }
    }
}

/// What is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// The first of the fields that are watched.
    First,
    /// The second.
    Second,
    /// The name, where the other side can follow.
    Name,
    /// The record is deleted. Only in the CRM.
    Delete,
}

/// Something that somebody does between two runs.
#[derive(Debug, Clone, Copy)]
pub struct Edit {
    /// In the CRM, or in the finance app.
    pub is_crm: bool,
    /// To which record, by its place among those that are there.
    pub whom: usize,
    /// What.
    pub what: What,
}

/// What happens in a world.
#[derive(Debug, Clone)]
pub struct Story {
    /// Records of the CRM; two may have one name.
    pub crm: Vec<Born>,
    /// Records of the finance side, where names are unique.
    pub finance: Vec<usize>,
    /// Edits between two runs.
    pub rounds: Vec<Vec<Edit>>,
}

/// The story of a world. It follows from the number alone, so a failure comes again.
pub fn story(number: u64) -> Story {
    let mut seed = [0; 32];
    seed[..8].copy_from_slice(&number.to_le_bytes());
    let random = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
    let mut runner = TestRunner::new_with_rng(Config::default(), random);
    let born = (0..6_usize, any::<bool>()).prop_map(|(number, is_loud)| Born { number, is_loud });
    let what = prop_oneof![
        3 => Just(What::First),
        3 => Just(What::Second),
        1 => Just(What::Name),
        1 => Just(What::Delete),
    ];
    // Few records and many edits, so that both sides often change the same one.
    let edit = (any::<bool>(), 0..6_usize, what).prop_map(|(is_crm, whom, what)| Edit { is_crm, whom, what });
    let finance = subsequence((0..6).collect::<Vec<_>>(), 1..=4);
    let rounds = vec(vec(edit, 2..=7), 2..=3);
    let story =
        (vec(born, 2..=5), finance, rounds).prop_map(|(crm, finance, rounds)| Story { crm, finance, rounds });
    story.new_tree(&mut runner).unwrap().current()
}
