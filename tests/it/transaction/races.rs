//! Two who do the same at the same moment: neither fails, and what is there in the end is there once.

use std::time::Duration;

use chrono::TimeDelta;
use finbridge_contract::{RemoteDocument, RemoteLine};
use finbridge_domain::{DocumentKind, NodeId};
use finbridge_emulator::{FaultAction, FaultRule};
use finbridge_entity::types::{DocumentActState, LinkState, Origin};
use finbridge_entity::{
    Scoped, begin_write, document, document_act, document_line, integration, record_link,
};
use finbridge_tests::acts::tea;
use finbridge_tests::{TestWorld, both_databases};
use sea_orm::prelude::Decimal;
use sea_orm::{ActiveModelTrait, ColumnTrait, QueryFilter, QueryOrder, Set};
use serde_json::json;
use tokio::time::sleep;

use super::kept::{Kept, decimal, document as listed, uuid_of};
use super::seen;

/// How long the first of two holds on to what it has written.
const HOLD: Duration = Duration::from_millis(400);

/// A document that was read whole, in a state so many seconds from now: it comes to as much as it has lines.
fn whole(world: &TestWorld, remote_id: &str, lines: u32, seconds: i64) -> RemoteDocument {
    let line = |n: u32| RemoteLine {
        remote_id: None,
        item_id: None,
        name: format!("Line {n} of {lines}"),
        description: None,
        quantity: Decimal::ONE,
        unit: None,
        unit_price: Decimal::ONE,
        discount: None,
        tax_name: None,
        tax_percent: None,
        total: Decimal::ONE,
    };
    let told = listed(world, remote_id, &lines.to_string());
    RemoteDocument {
        modified_at: told.modified_at + TimeDelta::seconds(seconds),
        lines: (0..lines).map(line).collect(),
        is_whole: true,
        ..told
    }
}

/// The mirrored documents: their ids on the finance side, what they come to, and the names of their lines.
async fn mirrored(world: &TestWorld) -> Vec<(String, Decimal, Vec<String>)> {
    let (db, here) = (&world.app.engine.db, world.viewer.organization_id);
    let rows = document::Entity::of(here).order_by_asc(document::Column::RemoteId).all(db).await;
    let mut seen = Vec::new();
    for row in rows.expect("documents") {
        let lines = document_line::Entity::of(here)
            .filter(document_line::Column::DocumentId.eq(row.id))
            .order_by_asc(document_line::Column::Position)
            .all(db)
            .await
            .expect("lines");
        let names = lines.into_iter().map(|line| line.name).collect();
        seen.push((row.remote_id, Decimal::new(row.total_units, 4).normalize(), names));
    }
    seen
}

/// What [`mirrored`] tells of documents with so many lines each.
fn as_read(documents: &[(&str, u32)]) -> Vec<(String, Decimal, Vec<String>)> {
    let names = |lines: u32| (0..lines).map(|n| format!("Line {n} of {lines}")).collect();
    documents
        .iter()
        .map(|(id, lines)| ((*id).to_owned(), decimal(&lines.to_string()), names(*lines)))
        .collect()
}

both_databases! {
    async fn r144_a_claim_that_another_one_makes_at_this_moment_is_found(world: &TestWorld) {
        let integration = world.connect().await;
        world.configure(&integration, "SKIP", false).await;
        let account = world.account("Claimed Ltd").await;
        let (engine, here) = (&world.app.engine, world.viewer.organization_id);
        let connected = integration::Entity::one_of(here, uuid_of(&integration)).one(&engine.db).await;
        let connected = connected.expect("the database answers").expect("the integration");
        // As a worker leaves it that claims the account and dies.
        let now = engine.clock.now();
        let claim = record_link::ActiveModel {
            organization_id: Set(here),
            id: Set(engine.ids.uuid()),
            finance_organization_id: Set(connected.finance_organization_id),
            kind: Set("CUSTOMER".to_owned()),
            record_type: Set("ACCOUNT".to_owned()),
            record_id: Set(uuid_of(&account)),
            state: Set(LinkState::Claimed),
            origin: Set(Origin::Crm),
            synced_version: Set(record_link::NEVER_WRITTEN),
            is_remote_dirty: Set(false),
            created_at: Set(now),
            updated_at: Set(now),
            ..Default::default()
        };
        let transaction = begin_write(&engine.db).await.expect("a transaction");
        claim.insert(&transaction).await.expect("a claim");
        let wish = tea(&integration, "INVOICE", json!({ "accountId": account }));
        let committed = async {
            sleep(Duration::from_secs(1)).await;
            transaction.commit().await.expect("a commit");
        };
        let (job, ()) = tokio::join!(world.asked("transactionCreate", wish), committed);
        let job = world.job_ended(&job).await;
        assert_eq!(job["state"], "SUCCEEDED", "{job:#}");
        let links = record_link::Entity::of(here).filter(record_link::Column::Kind.eq("CUSTOMER")).all(&engine.db).await;
        let states: Vec<_> = links.expect("links").into_iter().map(|link| link.state).collect();
        assert_eq!(states, [LinkState::Linked]);
        assert_eq!((world.contacts().await.len(), world.listed("/invoices").await.len()), (1, 1));
    }

    async fn r132_whoever_is_overtaken_before_it_makes_a_document_makes_none(world: &TestWorld) {
        let integration = world.connect().await;
        let customer = seen::customer(world, "Slow Ltd", None).await;
        // What is asked right before the document is made takes its time.
        let slow = FaultRule::new(FaultAction::Delay { ms: 3_000 }).method("GET").path_contains("/contacts/");
        world.emulator.fault(slow.count(1));
        let job = world.asked("transactionCreate", tea(&integration, "INVOICE", json!({ "remoteKey": customer }))).await;
        let act = job.parse::<NodeId>().expect("an id").uuid;
        let is_begun = async || {
            let act = document_act::Entity::one_of(world.viewer.organization_id, act).one(&world.app.engine.db).await;
            act.expect("the database answers").expect("the act").state == DocumentActState::Running
        };
        seen::until(is_begun, "the act began").await;
        sleep(HOLD).await;
        world.advance(TimeDelta::seconds(46));
        let job = world.job_ended(&job).await;
        assert_eq!(job["state"], "SUCCEEDED", "{job:#}");
        sleep(Duration::from_secs(4)).await;
        assert_eq!(world.listed("/invoices").await.len(), 1);
    }

    async fn r133_two_readings_of_the_same_documents_leave_the_newer_state_of_each(world: &TestWorld) {
        let kept = Kept::new(world, "USD", "UTC").await;
        let db = &world.app.engine.db;
        // First neither is there, then both are.
        for seconds in [0, 10] {
            let first = [whole(world, "A", 3, seconds + 2), whole(world, "B", 1, seconds)];
            let second = [whole(world, "B", 4, seconds + 1), whole(world, "A", 2, seconds + 1)];
            let begun = begin_write(db).await.expect("a transaction");
            kept.keep_within(&begun, DocumentKind::Invoice, &first).await;
            let held = async {
                sleep(HOLD).await;
                begun.commit().await.expect("a commit");
            };
            let other = async {
                let other = begin_write(db).await.expect("a transaction");
                let rows = kept.keep_within(&other, DocumentKind::Invoice, &second).await;
                other.commit().await.expect("a commit");
                rows.into_iter().map(|one| (one.row.remote_id, one.is_changed)).collect::<Vec<_>>()
            };
            let ((), mut told) = tokio::join!(held, other);
            told.sort();
            assert_eq!(told, [("A".to_owned(), false), ("B".to_owned(), true)], "{seconds}");
            assert_eq!(mirrored(world).await, as_read(&[("A", 3), ("B", 4)]), "{seconds}");
        }
    }

    async fn r133_two_connections_that_read_the_same_pages_do_not_wait_for_each_other_for_ever(world: &TestWorld) {
        let kept = Kept::new(world, "USD", "UTC").await;
        let ids: Vec<String> = (0..30).map(|n| format!("D{n:02}")).collect();
        for (round, size) in [10, 14, 18, 22, 26, 30].into_iter().enumerate() {
            let seconds = i64::try_from(round).expect("a small number");
            let page = |lines: u32| -> Vec<RemoteDocument> {
                ids.iter().take(size).map(|id| whole(world, id, lines, seconds)).collect()
            };
            let (forwards, mut backwards) = (page(2), page(3));
            backwards.reverse();
            tokio::join!(
                kept.keep(DocumentKind::Invoice, &forwards),
                kept.keep(DocumentKind::Invoice, &backwards),
            );
            let seen = mirrored(world).await;
            assert_eq!(seen.len(), forwards.len());
            for (id, total, lines) in seen {
                // Both were read at the same second: whichever was kept last counts, as a whole.
                assert_eq!(Decimal::from(lines.len()), total, "{id}: {lines:?}");
            }
        }
    }
}
