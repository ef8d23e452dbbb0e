//! Every fault of the finance side in every phase of a run: what both sides have in the end is what they have without it.

use chrono::TimeDelta;
use finbridge_emulator::{ExceededLimit, FaultAction, FaultRule};
use finbridge_entity::types::RunState;
use finbridge_tests::{TestWorld, both_databases};
use sea_orm::prelude::Uuid;
use serde_json::{Value, json};

use super::support::{account_named, change_account, settings};

/// Runs after a fault until nothing is wrong any more.
const MOST_RUNS: usize = 3;

/// Where a fault strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Reading what changed.
    Read,
    /// Making a finance record.
    Create,
    /// Writing into one.
    Update,
    /// Linking a finance record with the CRM record that was made of it.
    Link,
    /// Removing a finance record.
    Delete,
    /// Looking for finance records that are gone.
    Sweep,
}

const PHASES: [Phase; 6] =
    [Phase::Read, Phase::Create, Phase::Update, Phase::Link, Phase::Delete, Phase::Sweep];

const LIST: &str = "/books/v3/contacts";
const ONE: &str = "/books/v3/contacts/*";

impl Phase {
    /// The rule that strikes the phase's own call, once.
    fn strike(self, action: FaultAction) -> FaultRule {
        let is_throttle = matches!(action, FaultAction::Exceeded { limit: ExceededLimit::Tokens, .. });
        let is_stale = matches!(action, FaultAction::StaleRead { .. });
        let rule = FaultRule::new(action).count(1);
        match self {
            // A day has passed, so that every run begins with a new token.
            _ if is_throttle => rule.path("/oauth/v2/token"),
            Self::Read => rule.method("GET").path(LIST),
            // The first look at the list is the reading.
            Self::Sweep => rule.method("GET").path(LIST).skip(1),
            // Writes are never stale; what is read back after them may be. A removal reads nothing back.
            Self::Delete if is_stale => rule.method("GET").path(LIST),
            _ if is_stale => rule.method("GET").path(ONE),
            Self::Create => rule.method("POST").path("/books/v3/crm/account/*/import"),
            Self::Update => rule.method("PUT").path(ONE),
            Self::Link => rule.method("PUT").path("/integration/v1/contacts/*/link"),
            Self::Delete => rule.method("DELETE").path(ONE),
        }
    }
}

/// An integration both ways, and records of one name for each fault.
struct Stage<'a> {
    world: &'a TestWorld,
    module: Uuid,
}

impl<'a> Stage<'a> {
    /// A world in which both sides agree about what the steps are going to change.
    async fn open(world: &'a TestWorld, faults: &[(&str, FaultAction)]) -> Self {
        let integration = world.connect().await;
        let wish = "module: CUSTOMERS, crmModule: ACCOUNTS, direction: BOTH_WAYS, duplicatePolicy: SKIP, isAutomatic: false";
        settings(world, &integration, wish, false).await;
        let module = world.module_id(world.viewer.organization_id, &integration, "CUSTOMERS").await;
        let stage = Self { world, module };
        for (fault, _) in faults {
            world.account(&format!("{fault} Base")).await;
            world.account(&format!("{fault} Doomed")).await;
            stage.customer(&format!("{fault} Elder")).await;
            stage.customer(&format!("{fault} Leaver")).await;
        }
        assert_eq!(stage.run().await, RunState::Succeeded);
        stage
    }

    async fn run(&self) -> RunState {
        self.world.driven(self.world.viewer.organization_id, self.module).await.state
    }

    async fn customer(&self, name: &str) {
        let body = json!({ "contact_name": name, "customer_sub_type": "business" });
        let answer = self.world.books("POST", "/contacts", Some(body)).await;
        assert_eq!(answer["code"], 0, "{answer:#}");
    }

    /// The id of a finance record by its name.
    async fn customer_id(&self, name: &str) -> String {
        let contacts = self.world.contacts().await;
        let row = contacts.iter().find(|row| row["contact_name"] == name);
        row.unwrap_or_else(|| panic!("no {name}"))["contact_id"].as_str().unwrap().to_owned()
    }

    async fn account_id(&self, name: &str) -> String {
        account_named(self.world, name, "id").await["id"].as_str().unwrap().to_owned()
    }

    /// What somebody does, so that the next run has to go through this phase.
    async fn change(&self, phase: Phase, fault: &str) {
        match phase {
            Phase::Read => {
                let id = self.customer_id(&format!("{fault} Elder")).await;
                let body = json!({ "website": "https://elder.example" });
                assert_eq!(self.world.books("PUT", &format!("/contacts/{id}"), Some(body)).await["code"], 0);
            }
            Phase::Create => {
                self.world.account(&format!("{fault} Fresh")).await;
            }
            Phase::Update => {
                let account = self.account_id(&format!("{fault} Base")).await;
                let members = "website: \"https://base.example\", billingAddress: { city: \"Bergen\" }";
                change_account(self.world, &account, members).await;
            }
            Phase::Link => self.customer(&format!("{fault} Late")).await,
            Phase::Delete => {
                let account = self.account_id(&format!("{fault} Doomed")).await;
                let delete =
                    "mutation($id: ID!) { accountDelete(input: { id: $id }) { userErrors { message } } }";
                let data = self.world.data(delete, json!({ "id": account })).await;
                assert_eq!(data["accountDelete"]["userErrors"], json!([]));
            }
            Phase::Sweep => {
                let id = self.customer_id(&format!("{fault} Leaver")).await;
                // A linked customer cannot be deleted there; somebody unlinks it first.
                let link = format!("{}/integration/v1/contacts/{id}/link", self.world.emulator.url());
                let token = self.world.books_token().await;
                let unlinked = self
                    .world
                    .http()
                    .delete(link)
                    .header("Authorization", format!("Bearer {token}"))
                    .send()
                    .await;
                assert!(unlinked.unwrap().status().is_success());
                assert_eq!(self.world.books("DELETE", &format!("/contacts/{id}"), None).await["code"], 0);
            }
        }
    }

    /// Goes through all phases, each with this fault.
    async fn suffer(&self, fault: &str, action: &FaultAction) {
        for phase in PHASES {
            println!("{fault} in {phase:?}");
            self.world.advance(TimeDelta::hours(25));
            self.change(phase, fault).await;
            self.world.advance(TimeDelta::minutes(2));
            let rule = self.world.emulator.fault(phase.strike(action.clone()));
            let mut state = self.run().await;
            let struck = self.world.emulator.faults();
            let fired = struck.iter().find(|state| state.id == rule).map(|state| state.fired);
            assert_eq!(fired, Some(1), "{fault} never came to pass in {phase:?}");
            self.world.emulator.clear_faults();
            for _ in 0..MOST_RUNS {
                if state == RunState::Succeeded {
                    break;
                }
                state = self.run().await;
            }
            assert_eq!(state, RunState::Succeeded, "{fault} in {phase:?} is never got over");
        }
        // What a stale list told of removals is put right by the next sweep.
        self.world.advance(TimeDelta::hours(25));
        assert_eq!(self.run().await, RunState::Succeeded);
        self.check(fault).await;
        self.world.emulator.clear_journal();
        assert_eq!(self.run().await, RunState::Succeeded);
        assert_eq!(self.world.finance_writes(), [""; 0], "{fault} leaves something to do");
    }

    /// Both sides have what they would have without the fault.
    async fn check(&self, fault: &str) {
        let expected: Vec<[String; 3]> = [
            ["Base", "https://base.example", "Bergen"],
            ["Elder", "https://elder.example", ""],
            ["Fresh", "", ""],
            ["Late", "", ""],
        ]
        .map(|[name, website, city]| [format!("{fault} {name}"), website.to_owned(), city.to_owned()])
        .into();
        let begins = format!("{fault} ");
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();

        let query = "query($name: String!) { accounts(first: 100, filter: { name: { startsWith: $name } }) {
            nodes { name website billingAddress { city } externalReferences { remoteKey } } } }";
        let data = self.world.data(query, json!({ "name": begins })).await;
        let mut nodes = data["accounts"]["nodes"].as_array().unwrap().clone();
        // The filter takes no notice of the blank at the end.
        nodes.retain(|node| text(&node["name"]).starts_with(&begins));
        let mut crm: Vec<_> = nodes
            .iter()
            .map(|node| [text(&node["name"]), text(&node["website"]), text(&node["billingAddress"]["city"])])
            .collect();
        crm.sort();
        assert_eq!(crm, expected, "the CRM after {fault}");
        let mut linked: Vec<_> = nodes
            .iter()
            .map(|node| {
                let references = node["externalReferences"].as_array().unwrap();
                assert_eq!(references.len(), 1, "{node:#}");
                text(&references[0]["remoteKey"])
            })
            .collect();
        linked.sort();

        let (mut finance, mut ids) = (Vec::new(), Vec::new());
        for row in self.world.contacts().await {
            if !text(&row["contact_name"]).starts_with(&begins) {
                continue;
            }
            let id = text(&row["contact_id"]);
            let mut answer = self.world.books("GET", &format!("/contacts/{id}"), None).await;
            let contact = answer["contact"].take();
            assert_ne!(contact["zcrm_account_id"], "", "{contact:#}");
            let city = text(&contact["billing_address"]["city"]);
            finance.push([text(&contact["contact_name"]), text(&contact["website"]), city]);
            ids.push(id);
        }
        finance.sort();
        ids.sort();
        assert_eq!(finance, expected, "the finance side after {fault}");
        assert_eq!(ids, linked, "each is linked with its own");
    }
}

async fn suffer(world: &TestWorld, faults: &[(&str, FaultAction)]) {
    let stage = Stage::open(world, faults).await;
    for (fault, action) in faults {
        stage.suffer(fault, action).await;
    }
}

fn exceeded(limit: ExceededLimit) -> FaultAction {
    FaultAction::Exceeded { limit, retry_after: None, bare: false }
}

both_databases! {
    async fn limits_and_expired_tokens_change_nothing_in_the_end(world: &TestWorld) {
        let silent = FaultAction::Exceeded { limit: ExceededLimit::OrganizationMinute, retry_after: None, bare: true };
        suffer(world, &[
            ("UserMinute", exceeded(ExceededLimit::UserMinute)),
            ("OrganizationMinute", exceeded(ExceededLimit::OrganizationMinute)),
            ("WithoutRetryAfter", silent),
            ("Day", exceeded(ExceededLimit::Day)),
            ("Concurrency", exceeded(ExceededLimit::Concurrency)),
            ("TokenThrottle", exceeded(ExceededLimit::Tokens)),
            ("ExpiredToken", FaultAction::ExpiredToken),
        ]).await;
    }

    async fn lost_connections_change_nothing_in_the_end(world: &TestWorld) {
        suffer(world, &[
            ("Delay", FaultAction::Delay { ms: 20 }),
            ("Hang", FaultAction::Hang { ms: 100 }),
            ("Close", FaultAction::CloseBeforeCommit),
            ("CloseAfterCommit", FaultAction::CloseAfterCommit),
            ("Reset", FaultAction::ResetBeforeCommit),
            ("ResetAfterCommit", FaultAction::ResetAfterCommit),
            ("CutBody", FaultAction::CutBody { keep: None }),
            ("SlowBody", FaultAction::SlowBody { bytes: 512, ms: 2 }),
        ]).await;
    }

    async fn broken_answers_change_nothing_in_the_end(world: &TestWorld) {
        suffer(world, &[
            ("500", FaultAction::ServerError { status: 500 }),
            ("502", FaultAction::ServerError { status: 502 }),
            ("503", FaultAction::ServerError { status: 503 }),
            ("504", FaultAction::ServerError { status: 504 }),
            ("Html", FaultAction::Html { status: 200 }),
            ("Garbage", FaultAction::Garbage { bytes: 512 }),
            ("TruncatedJson", FaultAction::TruncateBody { keep: None }),
            ("StaleRead", FaultAction::StaleRead { seconds: Some(3600) }),
            ("PartialBatch", FaultAction::PartialBatch),
        ]).await;
    }
}
