//! Watching transactions and deals.

use std::time::Duration;

use chrono::TimeDelta;
use finbridge_contract::{DealMark, RemoteDocument};
use finbridge_domain::{DocumentKind, PartyKind};
use finbridge_tests::acts::tea;
use finbridge_tests::{TestWorld, both_databases};
use serde_json::{Value, json};

use super::kept::{Kept, decimal, document, mark, party, stage};
use super::seen;

/// Longest wait for an event.
const PATIENCE: Duration = Duration::from_secs(60);

/// A subscription over Server-Sent Events.
struct Events {
    response: reqwest::Response,
    text: String,
}

impl Events {
    /// Subscribes. The answer begins before the subscription stands: see [`Events::stand`].
    async fn of(world: &TestWorld, query: &str, variables: Value) -> Self {
        let request = world.http().post(format!("{}/graphql", world.url)).bearer_auth(&world.token);
        let body = json!({ "query": query, "variables": variables });
        let response =
            request.header("accept", "text/event-stream").json(&body).send().await.expect("an answer");
        assert_eq!(response.status(), 200);
        Self { response, text: String::new() }
    }

    /// The answer that comes next; none at the end of the stream.
    async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some((frame, rest)) = self.text.split_once("\n\n") {
                let event = frame.lines().find_map(|line| line.strip_prefix("event: ")).map(str::to_owned);
                let data = frame.lines().find_map(|line| line.strip_prefix("data: ")).map(str::to_owned);
                self.text = rest.to_owned();
                match (event.as_deref(), data) {
                    (Some("next"), Some(data)) => return Some(serde_json::from_str(&data).expect("JSON")),
                    (Some("complete"), _) => return None,
                    _ => continue,
                }
            }
            let chunk =
                tokio::time::timeout(PATIENCE, self.response.chunk()).await.expect("something in time");
            let chunk = chunk.expect("a stream")?;
            self.text.push_str(std::str::from_utf8(&chunk).expect("UTF-8"));
        }
    }

    /// Changes a document until that is heard: from then on every change is.
    async fn stand(&mut self, kept: &Kept<'_>, probe: &RemoteDocument) {
        for n in 1..60 {
            let changed = RemoteDocument {
                total: n.into(),
                modified_at: probe.modified_at + TimeDelta::seconds(n),
                ..probe.clone()
            };
            kept.keep(DocumentKind::CreditNote, &[changed]).await;
            if tokio::time::timeout(Duration::from_secs(1), self.next()).await.is_ok() {
                return;
            }
        }
        panic!("the subscription does not stand");
    }

    /// The next transaction other than the probe.
    async fn transaction(&mut self) -> Value {
        loop {
            let event = self.field("transactionChanged").await;
            if event["remoteKey"] != "probe" {
                return event;
            }
        }
    }

    /// The field of the answer that comes next.
    async fn field(&mut self, name: &str) -> Value {
        let mut answer = self.next().await.expect("an event");
        assert!(answer.get("errors").is_none(), "{answer:#}");
        answer["data"][name].take()
    }

    /// Whether nothing comes for a while that is longer than a look takes.
    async fn is_silent(&mut self) -> bool {
        tokio::time::timeout(Duration::from_millis(1_200), self.next()).await.is_err()
    }
}

async fn deal_named(world: &TestWorld, name: &str) -> (String, DealMark) {
    let stage = stage(world, "Open", "OPEN").await;
    let query = "mutation($name: String!, $stage: ID!) { dealCreate(input: { name: $name, stageId: $stage }) { deal { id } userErrors { message } } }";
    let data = world.data(query, json!({ "name": name, "stage": stage })).await;
    let id = data["dealCreate"]["deal"]["id"].as_str().unwrap_or_else(|| panic!("{data:#}")).to_owned();
    let mark = mark(world, &id).await;
    (id, mark)
}

const CHANGED: &str =
    "subscription($deal: ID, $account: ID) { transactionChanged(dealId: $deal, accountId: $account) {
    remoteKey status total { amount } deletedAt } }";

both_databases! {
    async fn changed_transactions_come_as_they_are_read(world: &TestWorld) {
        let kept = Kept::new(world, "USD", "UTC").await;
        let acme = world.account("Acme").await;
        kept.link(&acme, "CUSTOMER", "C1", None).await;
        let (big, mark) = deal_named(world, "Big").await;
        kept.keep(DocumentKind::Invoice, &[document(world, "before", "1")]).await;

        let mut all = Events::of(world, CHANGED, json!({})).await;
        let mut of_deal = Events::of(world, CHANGED, json!({ "deal": big })).await;
        let mut of_account = Events::of(world, CHANGED, json!({ "account": acme })).await;
        let probe = RemoteDocument { deal: Some(mark.clone()), ..document(world, "probe", "0") };
        for events in [&mut all, &mut of_deal, &mut of_account] {
            events.stand(&kept, &probe).await;
        }
        let ours = RemoteDocument { deal: Some(mark), ..document(world, "ours", "10") };
        let foreign = RemoteDocument { parties: vec![party(PartyKind::Customer, "C9", "Other")], ..document(world, "foreign", "5") };
        kept.keep(DocumentKind::Invoice, std::slice::from_ref(&ours)).await;
        kept.keep(DocumentKind::Estimate, &[foreign]).await;
        let mut heard = Vec::new();
        for _ in 0..2 {
            heard.push(all.transaction().await["remoteKey"].as_str().expect("a key").to_owned());
        }
        heard.sort();
        assert_eq!(heard, ["foreign", "ours"], "what was there before is no change");
        for events in [&mut of_deal, &mut of_account] {
            assert_eq!(events.transaction().await["remoteKey"], "ours");
        }
        // The same again is no change; another amount is.
        kept.keep(DocumentKind::Invoice, std::slice::from_ref(&ours)).await;
        world.advance(TimeDelta::seconds(5));
        let paid = RemoteDocument { status: "paid".to_owned(), balance: Some(decimal("0")), modified_at: ours.modified_at + TimeDelta::seconds(5), ..ours };
        kept.keep(DocumentKind::Invoice, &[paid]).await;
        for events in [&mut all, &mut of_deal, &mut of_account] {
            assert_eq!(events.transaction().await, json!({ "remoteKey": "ours", "status": "PAID", "total": { "amount": "10" }, "deletedAt": null }));
        }
        assert!(of_deal.is_silent().await && all.is_silent().await, "nothing more has happened");
    }

    async fn nobody_watches_what_is_not_there(world: &TestWorld) {
        let absent = |kind| finbridge_domain::NodeId::new(kind, world.app.engine.ids.uuid()).to_string();
        let wishes = [
            (CHANGED, json!({ "deal": absent(finbridge_domain::NodeKind::Deal) })),
            (CHANGED, json!({ "account": absent(finbridge_domain::NodeKind::Account) })),
            ("subscription($deal: ID!) { dealChanged(dealId: $deal) { id } }", json!({ "deal": absent(finbridge_domain::NodeKind::Deal) })),
        ];
        for (query, variables) in wishes {
            let mut events = Events::of(world, query, variables).await;
            let answer = events.next().await.expect("an answer");
            assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{answer:#}");
        }
    }

    async fn a_deal_is_followed_to_its_end(world: &TestWorld) {
        let (big, _) = deal_named(world, "Big").await;
        let won = stage(world, "Won", "WON").await;
        let query = "subscription($deal: ID!) { dealChanged(dealId: $deal) { name stage { kind } deletedAt } }";
        let mut events = Events::of(world, query, json!({ "deal": big })).await;
        let first = events.field("dealChanged").await;
        assert_eq!((&first["name"], &first["stage"]["kind"]), (&json!("Big"), &json!("OPEN")), "at once how it stands");
        let moved = "mutation($id: ID!, $stage: ID!) { dealMoveToStage(input: { id: $id, stageId: $stage }) { userErrors { message } } }";
        let data = world.data(moved, json!({ "id": big, "stage": won })).await;
        assert_eq!(data["dealMoveToStage"]["userErrors"], json!([]), "{data:#}");
        assert_eq!(events.field("dealChanged").await["stage"]["kind"], "WON");
        let data = world.data("mutation($id: ID!) { dealDelete(input: { id: $id }) { userErrors { message } } }", json!({ "id": big })).await;
        assert_eq!(data["dealDelete"]["userErrors"], json!([]), "{data:#}");
        assert!(events.field("dealChanged").await["deletedAt"].is_string());
        assert_eq!(events.next().await, None, "it ends with the deal");
    }

    async fn a_job_is_followed_to_its_end(world: &TestWorld) {
        let integration = world.connect().await;
        let customer = seen::customer(world, "Followed Ltd", None).await;
        let job = world.asked("transactionCreate", tea(&integration, "INVOICE", json!({ "remoteKey": customer }))).await;
        let query = "subscription($job: ID!) { transactionJobChanged(id: $job) { id state act transaction { kind } error { code } } }";
        let mut events = Events::of(world, query, json!({ "job": job })).await;
        let mut last = Value::Null;
        while let Some(mut answer) = events.next().await {
            assert!(answer.get("errors").is_none(), "{answer:#}");
            last = answer["data"]["transactionJobChanged"].take();
        }
        let wanted = json!({ "id": job, "state": "SUCCEEDED", "act": "CREATE", "transaction": { "kind": "INVOICE" }, "error": null });
        assert_eq!(last, wanted, "the last state is never left out");
        let stranger = crate::graphql::organization(world, "Other", "otto@example.com").await;
        let request = world.http().post(format!("{}/graphql", world.url)).bearer_auth(&stranger.token);
        let request = request.header("accept", "text/event-stream").json(&json!({ "query": query, "variables": { "job": job } }));
        let text = request.send().await.expect("an answer").text().await.expect("a text");
        assert!(text.contains("BAD_USER_INPUT"), "{text}");
    }
}
