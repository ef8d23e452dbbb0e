//! Documents that are in the mirror without a finance app having been asked: put there by the same code that readings use, for tests
//! of what is read out of it.

use chrono::NaiveDate;
use finbridge_contract::{DealMark, Party, RemoteDocument};
use finbridge_domain::{Clock, DocumentKind, NodeId, NodeKind, PartyKind, WireId};
use finbridge_entity::types::{IntegrationState, LinkState, Origin};
use finbridge_entity::{begin_write, deal, document, finance_organization, integration, record_link};
use finbridge_sync::document::store;
use finbridge_sync::engine::Remote;
use finbridge_sync::event::{Subject, Topic};
use finbridge_tests::TestWorld;
use sea_orm::prelude::{Decimal, Uuid};
use sea_orm::{ActiveModelTrait, ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, Set};
use serde_json::{Value, json};

/// A finance organization whose documents nobody reads by themselves.
pub struct Kept<'a> {
    world: &'a TestWorld,
    remote: Remote,
    /// Id of the integration.
    pub integration: String,
}

impl<'a> Kept<'a> {
    /// One with this base currency and time zone, connected by an integration that reads on demand only.
    pub async fn new(world: &'a TestWorld, currency: &str, time_zone: &str) -> Self {
        let (engine, now, here) = (&world.app.engine, world.clock.now(), world.viewer.organization_id);
        let organization = finance_organization::ActiveModel {
            organization_id: Set(here),
            id: Set(engine.ids.uuid()),
            vendor: Set("zoho".to_owned()),
            remote_id: Set(engine.ids.uuid().simple().to_string()),
            name: Set(format!("Kept in {time_zone}")),
            base_currency_code: Set(currency.to_owned()),
            country: Set(None),
            time_zone: Set(Some(time_zone.to_owned())),
            capabilities: Set(json!({})),
            created_at: Set(now),
            updated_at: Set(now),
        };
        let organization = organization.insert(&engine.db).await.expect("an organization");
        let integration = integration::ActiveModel {
            organization_id: Set(here),
            id: Set(engine.ids.uuid()),
            app_key: Set("books".to_owned()),
            profile_key: Set("BOOKS_2013".to_owned()),
            is_one_way: Set(false),
            state: Set(IntegrationState::Active),
            finance_organization_id: Set(organization.id),
            connected_email: Set("kept@example.com".to_owned()),
            sealed_credential: Set(engine.vault.seal("nothing").expect("a seal")),
            version: Set(1),
            created_at: Set(now),
            updated_at: Set(now),
        };
        let integration = integration.insert(&engine.db).await.expect("an integration");
        let remote = engine.remote(&engine.db, here, integration.id).await.expect("a connection");
        let id = NodeId::new(NodeKind::Integration, integration.id).to_string();
        Self { world, remote, integration: id }
    }

    /// Keeps documents as a reading does, in somebody's transaction.
    pub async fn keep_within(
        &self,
        transaction: &DatabaseTransaction,
        kind: DocumentKind,
        documents: &[RemoteDocument],
    ) -> Vec<store::Kept> {
        let engine = &self.world.app.engine;
        store::keep(engine, transaction, &self.remote, kind, documents).await.expect("they are kept")
    }

    /// Keeps documents as a reading does, and announces them.
    pub async fn keep(&self, kind: DocumentKind, documents: &[RemoteDocument]) -> Vec<document::Model> {
        let engine = &self.world.app.engine;
        let transaction = begin_write(&engine.db).await.expect("a transaction");
        let kept = self.keep_within(&transaction, kind, documents).await;
        let here = self.world.viewer.organization_id;
        let topics: Vec<_> =
            kept.iter().map(|kept| Topic::one(here, Subject::Transaction, kept.row.id)).collect();
        engine.events.commit(transaction, &topics).await.expect("a commit");
        kept.into_iter().map(|kept| kept.row).collect()
    }

    /// Links a CRM record to a party or item of the organization.
    pub async fn link(&self, record: &str, kind: &str, remote_id: &str, parent: Option<&str>) {
        let engine = &self.world.app.engine;
        let node: NodeId = record.parse().expect("an id");
        let record_type = node.kind.prefix().to_ascii_uppercase();
        let now = self.world.clock.now();
        let link = record_link::ActiveModel {
            organization_id: Set(self.world.viewer.organization_id),
            id: Set(engine.ids.uuid()),
            finance_organization_id: Set(self.remote.organization.id),
            kind: Set(kind.to_owned()),
            record_type: Set(record_type),
            record_id: Set(node.uuid),
            remote_id: Set(Some(remote_id.to_owned())),
            remote_parent_id: Set(parent.map(str::to_owned)),
            state: Set(LinkState::Linked),
            origin: Set(Origin::Crm),
            synced_version: Set(1),
            created_at: Set(now),
            updated_at: Set(now),
            ..Default::default()
        };
        link.insert(&engine.db).await.expect("a link");
    }
}

/// A document of the customer `C1` in dollars, as lists tell it.
pub fn document(world: &TestWorld, remote_id: &str, total: &str) -> RemoteDocument {
    RemoteDocument {
        remote_id: remote_id.to_owned(),
        number: Some(format!("N-{remote_id}")),
        reference: None,
        status: "sent".to_owned(),
        parties: vec![party(PartyKind::Customer, "C1", "Acme")],
        deal: None,
        currency_code: "USD".to_owned(),
        exchange_rate: None,
        dated_on: Some(day("2026-01-01")),
        due_on: Some(day("2026-02-01")),
        sub_total: None,
        discount_total: None,
        tax_total: None,
        shipping: None,
        adjustment: None,
        total: decimal(total),
        balance: Some(decimal(total)),
        lines: Vec::new(),
        taxes: Vec::new(),
        applications: Vec::new(),
        notes: None,
        terms: None,
        subscription: None,
        created_at: None,
        modified_at: world.clock.now(),
        is_whole: false,
        request_id: None,
    }
}

pub fn party(kind: PartyKind, remote_id: &str, name: &str) -> Party {
    Party { kind, remote_id: remote_id.to_owned(), name: Some(name.to_owned()) }
}

pub fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

pub fn decimal(text: &str) -> Decimal {
    text.parse().expect("a number")
}

/// The exact number in an answer, whether it came as text or bare.
pub fn number(value: &Value) -> Decimal {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    text.parse().unwrap_or_else(|_| panic!("a number, not {value}"))
}

/// The id of a kept document, as clients see it.
pub fn id_of(row: &document::Model) -> String {
    NodeId::new(NodeKind::Transaction, row.id).to_string()
}

/// The UUID of an outside id.
pub fn uuid_of(id: &str) -> Uuid {
    id.parse::<NodeId>().expect("an id").uuid
}

/// The values of a field of each node.
pub fn each(nodes: &Value, field: &str) -> Vec<Value> {
    nodes
        .as_array()
        .unwrap_or_else(|| panic!("nodes, not {nodes}"))
        .iter()
        .map(|node| node[field].clone())
        .collect()
}

/// The id of an integration that nobody has.
pub fn absent(world: &TestWorld) -> String {
    NodeId::new(NodeKind::Integration, world.app.engine.ids.uuid()).to_string()
}

/// Makes a stage and returns its id.
pub async fn stage(world: &TestWorld, name: &str, kind: &str) -> String {
    let query = format!(
        "mutation {{ stageCreate(input: {{ name: \"{name}\", kind: {kind} }}) {{ stage {{ id }} userErrors {{ message }} }} }}"
    );
    let data = world.data(&query, json!({})).await;
    data["stageCreate"]["stage"]["id"].as_str().unwrap_or_else(|| panic!("{data:#}")).to_owned()
}

/// How the finance side names a deal.
pub async fn mark(world: &TestWorld, deal: &str) -> DealMark {
    let row = deal::Entity::find().filter(deal::Column::Id.eq(uuid_of(deal))).one(&world.app.engine.db).await;
    let row = row.expect("an answer").expect("the deal");
    DealMark { wire_id: WireId(row.wire_id), name: Some(row.name) }
}
