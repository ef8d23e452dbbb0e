//! Documents and deals: linked while they are made, later, and not any more.

use finbridge_tests::acts::tea;
use finbridge_tests::{TestWorld, both_databases};
use serde_json::{Value, json};

use super::kept::stage;
use super::seen;
use crate::sync::support::make;

/// A customer of the CRM with two deals, somebody else with another one, and what is connected.
struct Table {
    integration: String,
    acme: String,
    big: String,
    small: String,
    other: String,
    others: String,
}

impl Table {
    async fn of(world: &TestWorld) -> Self {
        let integration = world.connect().await;
        world.configure(&integration, "SKIP", false).await;
        let (acme, other) = (world.account("Acme").await, world.account("Other").await);
        let open = stage(world, "Talks", "OPEN").await;
        let deal = async |name: &str, account: &str| {
            make(world, "deal", &format!("name: \"{name}\", stageId: \"{open}\", accountId: \"{account}\""))
                .await
        };
        let (big, small, others) =
            (deal("Big", &acme).await, deal("Small", &acme).await, deal("Theirs", &other).await);
        Self { integration, acme, big, small, other, others }
    }

    /// What asks for a document with Acme, and this deal.
    fn wish(&self, kind: &str, deal: &str) -> Value {
        let mut wish = tea(&self.integration, kind, json!({ "accountId": self.acme }));
        wish["dealId"] = json!(deal);
        wish
    }
}

/// The number by which finance apps know a deal.
async fn number(world: &TestWorld, deal: &str) -> Value {
    let mut data = world.data("query($id: ID!) { deal(id: $id) { wireId } }", json!({ "id": deal })).await;
    data["deal"]["wireId"].take()
}

/// The code of the one fault.
async fn fault(world: &TestWorld, mutation: &str, wish: Value) -> (Value, Value) {
    let mut payload = world.ask(mutation, wish).await;
    assert_eq!(payload["userErrors"].as_array().map(Vec::len), Some(1), "{payload:#}");
    (payload["userErrors"][0]["code"].take(), payload["userErrors"][0]["field"].take())
}

/// The names of the deals that may be chosen for a document: those of its customer.
async fn offered(world: &TestWorld, document: &Value) -> Vec<Value> {
    let query = "query($id: ID!) { transaction(id: $id) { customer { account { deals(first: 10) { nodes { name } } } } } }";
    let data = world.data(query, json!({ "id": document })).await;
    let nodes = data["transaction"]["customer"]["account"]["deals"]["nodes"].as_array().expect("deals");
    nodes.iter().map(|one| one["name"].clone()).collect()
}

both_databases! {
    async fn r136_an_estimate_an_order_and_an_invoice_are_linked_to_a_deal_while_they_are_made(world: &TestWorld) {
        let table = Table::of(world).await;
        let big = number(world, &table.big).await;
        for (kind, list, key) in [("ESTIMATE", "/estimates", "estimate"), ("SALES_ORDER", "/salesorders", "salesorder"), ("INVOICE", "/invoices", "invoice")] {
            let job = world.done("transactionCreate", table.wish(kind, &table.big)).await;
            assert_eq!(job["transaction"]["deal"]["id"], json!(table.big), "{job:#}");
            let listed = world.listed(list).await;
            let path = format!("{list}/{}", listed[0][format!("{key}_id")].as_str().expect("an id"));
            let there = world.books("GET", &path, None).await;
            assert_eq!(there[key]["zcrm_potential_id"], big, "{there:#}");
        }
        let data = world.data("query($id: ID!) { deal(id: $id) { transactions { totalCount } } }", json!({ "id": table.big })).await;
        assert_eq!(data["deal"]["transactions"]["totalCount"], 3);
        // Other kinds belong to no deal.
        let link = (json!("LINK_NOT_SUPPORTED"), json!(["dealId"]));
        assert_eq!(fault(world, "transactionCreate", table.wish("CREDIT_NOTE", &table.big)).await, link);
        let expense = json!({ "integrationId": table.integration, "kind": "EXPENSE", "party": { "accountId": table.acme },
            "dealId": table.big, "amount": "5", "categoryKey": "1" });
        assert_eq!(fault(world, "transactionCreate", expense).await, link);
        let mut payment = json!({ "integrationId": table.integration, "kind": "CUSTOMER_PAYMENT", "party": { "accountId": table.acme }, "amount": "5" });
        payment["dealId"] = json!(table.big);
        assert_eq!(fault(world, "transactionCreate", payment).await, link);
        assert_eq!(world.listed("/creditnotes").await.len(), 0);
    }

    async fn r136_a_document_is_linked_later_and_has_one_deal_at_most(world: &TestWorld) {
        let table = Table::of(world).await;
        let made = world.done("transactionCreate", tea(&table.integration, "INVOICE", json!({ "accountId": table.acme }))).await;
        let id = made["transaction"]["id"].clone();
        assert_eq!(made["transaction"]["deal"], Value::Null);
        for deal in [&table.big, &table.small] {
            let job = world.done("transactionLinkDeal", json!({ "id": id, "dealId": deal })).await;
            assert_eq!((&job["act"], &job["transaction"]["deal"]["id"]), (&json!("LINK"), &json!(deal)), "{job:#}");
        }
        let linked = async |deal: &str| {
            let data = world.data("query($id: ID!) { deal(id: $id) { transactions { totalCount } } }", json!({ "id": deal })).await;
            data["deal"]["transactions"]["totalCount"].clone()
        };
        assert_eq!((linked(&table.big).await, linked(&table.small).await), (json!(0), json!(1)));
        let credit = world.done("transactionCreate", tea(&table.integration, "CREDIT_NOTE", json!({ "accountId": table.acme }))).await;
        let wish = json!({ "id": credit["transaction"]["id"], "dealId": table.big });
        assert_eq!(fault(world, "transactionLinkDeal", wish).await, (json!("LINK_NOT_SUPPORTED"), json!(["id"])));
    }

    async fn r137_only_deals_of_the_customer_are_offered_and_taken(world: &TestWorld) {
        let table = Table::of(world).await;
        let made = world.done("transactionCreate", table.wish("INVOICE", &table.big)).await;
        let id = made["transaction"]["id"].clone();
        let mut names = offered(world, &id).await;
        names.sort_by_key(ToString::to_string);
        assert_eq!(names, ["Big", "Small"]);
        let mismatch = (json!("DEAL_CUSTOMER_MISMATCH"), json!(["dealId"]));
        assert_eq!(fault(world, "transactionLinkDeal", json!({ "id": id, "dealId": table.others })).await, mismatch);
        assert_eq!(fault(world, "transactionCreate", table.wish("ESTIMATE", &table.others)).await, mismatch);
        // The same customer by its id there.
        let customer = made["transaction"]["customer"]["remoteKey"].clone();
        let mut remote = tea(&table.integration, "ESTIMATE", json!({ "remoteKey": customer }));
        remote["dealId"] = json!(table.others);
        assert_eq!(fault(world, "transactionCreate", remote.clone()).await, mismatch);
        remote["dealId"] = json!(table.small);
        world.done("transactionCreate", remote).await;
        // Of a customer that the CRM does not know no deal is theirs.
        let stranger = seen::customer(world, "Stranger Ltd", None).await;
        let mut strange = tea(&table.integration, "ESTIMATE", json!({ "remoteKey": stranger }));
        strange["dealId"] = json!(table.big);
        assert_eq!(fault(world, "transactionCreate", strange).await, mismatch);
        // A contact's deals are those of its account.
        let person = make(world, "contact", &format!("lastName: \"Person\", accountId: \"{}\"", table.other)).await;
        let mut of_person = tea(&table.integration, "ESTIMATE", json!({ "contactId": person }));
        of_person["dealId"] = json!(table.big);
        assert_eq!(fault(world, "transactionCreate", of_person).await, mismatch);
        let gone = json!({ "id": id, "dealId": table.small });
        let query = "mutation($id: ID!) { dealDelete(input: { id: $id }) { userErrors { message } } }";
        world.data(query, json!({ "id": table.small })).await;
        assert_eq!(fault(world, "transactionLinkDeal", gone).await, (json!("NOT_FOUND"), json!(["dealId"])));
    }

    async fn r139_a_document_is_taken_off_its_deal_on_both_sides_and_both_stay(world: &TestWorld) {
        let table = Table::of(world).await;
        let made = world.done("transactionCreate", table.wish("INVOICE", &table.big)).await;
        let id = made["transaction"]["id"].clone();
        let job = world.done("transactionUnlinkDeal", json!({ "id": id })).await;
        assert_eq!((&job["transaction"]["id"], &job["transaction"]["deal"]), (&id, &Value::Null), "{job:#}");
        let listed = world.listed("/invoices").await;
        assert_eq!(listed.len(), 1);
        let path = format!("/invoices/{}", listed[0]["invoice_id"].as_str().expect("an id"));
        let there = world.books("GET", &path, None).await;
        assert_eq!(there["invoice"]["zcrm_potential_id"], "", "{there:#}");
        let data = world.data("query($id: ID!) { deal(id: $id) { name transactions { totalCount } } }", json!({ "id": table.big })).await;
        assert_eq!(data["deal"], json!({ "name": "Big", "transactions": { "totalCount": 0 } }));
        // Once more changes nothing.
        world.done("transactionUnlinkDeal", json!({ "id": id })).await;
    }
}
