//! Transactions where they belong: at customers, vendors and deals.

use finbridge_contract::{DealMark, RemoteDocument, RemoteLine, RemoteTax};
use finbridge_domain::{DocumentKind, PartyKind};
use finbridge_entity::types::RecordType;
use finbridge_tests::{TestWorld, both_databases};
use serde_json::{Value, json};

use super::kept::{Kept, day, decimal, document, each, id_of, mark, party, stage};

/// Makes a record of the CRM and returns its id.
async fn make(world: &TestWorld, kind: RecordType, members: &str) -> String {
    let name = match kind {
        RecordType::Account => "account",
        RecordType::Contact => "contact",
        RecordType::Vendor => "vendor",
        RecordType::Product => "product",
        RecordType::Deal => "deal",
    };
    let query = format!(
        "mutation {{ {name}Create(input: {{ {members} }}) {{ {name} {{ id }} userErrors {{ message }} }} }}"
    );
    let data = world.data(&query, json!({})).await;
    data[format!("{name}Create")][name]["id"].as_str().unwrap_or_else(|| panic!("{data:#}")).to_owned()
}

/// A deal, and how the finance side names it.
async fn deal_of(world: &TestWorld, name: &str, account: &str) -> (String, DealMark) {
    let stage = stage(world, "Open", "OPEN").await;
    let members = format!("name: \"{name}\", accountId: \"{account}\", stageId: \"{stage}\"");
    let id = make(world, RecordType::Deal, &members).await;
    let mark = mark(world, &id).await;
    (id, mark)
}

/// The keys of the transactions of a record, with how many there are in all.
async fn of(world: &TestWorld, list: &str, id: &str, arguments: &str) -> (i64, Vec<String>) {
    let query = format!(
        "query($id: ID!) {{ {list}(id: $id) {{ transactions{arguments} {{ totalCount nodes {{ remoteKey }} }} }} }}"
    );
    let data = world.data(&query, json!({ "id": id })).await;
    let page = &data[list]["transactions"];
    let keys = each(&page["nodes"], "remoteKey");
    let keys = keys.iter().map(|key| key.as_str().expect("a key").to_owned()).collect();
    (page["totalCount"].as_i64().expect("a number"), keys)
}

both_databases! {
    async fn records_show_their_own_documents_newest_first(world: &TestWorld) {
        let kept = Kept::new(world, "USD", "UTC").await;
        let other = Kept::new(world, "USD", "UTC").await;
        let acme = make(world, RecordType::Account, "name: \"Acme\"").await;
        let ada = make(world, RecordType::Contact, &format!("lastName: \"Ada\", accountId: \"{acme}\"")).await;
        let solo = make(world, RecordType::Contact, "lastName: \"Solo\"").await;
        let estate = make(world, RecordType::Vendor, "name: \"Tea Estate\"").await;
        let stranger = make(world, RecordType::Account, "name: \"Stranger\"").await;
        let (big, mark) = deal_of(world, "Big", &acme).await;
        kept.link(&acme, "CUSTOMER", "C1", None).await;
        kept.link(&ada, "CONTACT_PERSON", "P1", Some("C1")).await;
        kept.link(&solo, "CUSTOMER", "C2", None).await;
        kept.link(&estate, "VENDOR", "V1", None).await;
        // The same number names somebody else in another organization; the account is a customer there too, under its own.
        other.link(&acme, "CUSTOMER", "C9", None).await;
        let dated = |id: &str, on: Option<&str>| RemoteDocument { dated_on: on.map(day), ..document(world, id, "10") };
        let invoices = [
            dated("old", Some("2025-01-01")),
            dated("none", None),
            RemoteDocument { deal: Some(mark.clone()), ..dated("new", Some("2026-01-04")) },
            RemoteDocument { parties: vec![party(PartyKind::Customer, "C2", "Solo")], ..dated("hers", Some("2025-05-05")) },
        ];
        kept.keep(DocumentKind::Invoice, &invoices).await;
        kept.keep(DocumentKind::Estimate, &[RemoteDocument { deal: Some(mark), ..dated("offer", Some("2025-06-01")) }]).await;
        let bought = RemoteDocument {
            parties: vec![party(PartyKind::Customer, "C1", "Acme"), party(PartyKind::Vendor, "V1", "Tea Estate")],
            ..dated("spent", Some("2025-07-01"))
        };
        kept.keep(DocumentKind::Expense, &[bought]).await;
        let there = |id: &str, customer: &str| RemoteDocument { parties: vec![party(PartyKind::Customer, customer, "x")], ..dated(id, Some("2025-12-01")) };
        other.keep(DocumentKind::Invoice, &[there("elsewhere", "C9"), there("namesake", "C1")]).await;

        let all = ["new", "elsewhere", "spent", "offer", "old", "none"].map(str::to_owned).to_vec();
        assert_eq!(of(world, "account", &acme, "").await, (6, all.clone()));
        let persons = ["new", "spent", "offer", "old", "none"].map(str::to_owned).to_vec();
        assert_eq!(of(world, "contact", &ada, "").await, (5, persons), "a contact person sees the documents of the customer");
        assert_eq!(of(world, "contact", &solo, "").await, (1, vec!["hers".to_owned()]));
        assert_eq!(of(world, "vendor", &estate, "").await, (1, vec!["spent".to_owned()]));
        assert_eq!(of(world, "deal", &big, "").await, (2, vec!["new".to_owned(), "offer".to_owned()]));
        assert_eq!(of(world, "account", &stranger, "").await, (0, Vec::new()));
        assert_eq!(of(world, "account", &acme, "(kinds: [ESTIMATE, EXPENSE])").await, (2, vec!["spent".to_owned(), "offer".to_owned()]));
        assert_eq!(of(world, "account", &acme, "(kinds: INVOICE, statuses: [PAID])").await, (0, Vec::new()));
        assert_eq!(of(world, "account", &acme, "(last: 2)").await.1, ["old", "none"]);

        // Several records at once have the same pages as each by itself.
        let query = "{ accounts { nodes { name first: transactions(first: 2) { totalCount pageInfo { hasNextPage endCursor } nodes { remoteKey } }
            last: transactions(last: 2) { nodes { remoteKey } pageInfo { hasPreviousPage } } } } }";
        let data = world.data(query, json!({})).await;
        let nodes = data["accounts"]["nodes"].as_array().expect("accounts");
        let of_acme = nodes.iter().find(|one| one["name"] == "Acme").expect("Acme");
        assert_eq!((each(&of_acme["first"]["nodes"], "remoteKey"), &of_acme["first"]["totalCount"]), (vec![json!("new"), json!("elsewhere")], &json!(6)));
        assert_eq!(each(&of_acme["last"]["nodes"], "remoteKey"), [json!("old"), json!("none")], "what has no day comes last");
        assert_eq!((&of_acme["first"]["pageInfo"]["hasNextPage"], &of_acme["last"]["pageInfo"]["hasPreviousPage"]), (&json!(true), &json!(true)));
        let cursor = of_acme["first"]["pageInfo"]["endCursor"].as_str().expect("a cursor");
        let next = format!("{{ accounts {{ nodes {{ name transactions(first: 3, after: \"{cursor}\") {{ nodes {{ remoteKey }} }} }} }} }}");
        let data = world.data(&next, json!({})).await;
        let nodes = data["accounts"]["nodes"].as_array().expect("accounts");
        let of_acme = nodes.iter().find(|one| one["name"] == "Acme").expect("Acme");
        assert_eq!(each(&of_acme["transactions"]["nodes"], "remoteKey"), [json!("spent"), json!("offer"), json!("old")]);

        // The same by filters of the whole list.
        let filtered = async |filter: &str, id: &str| {
            let query = format!("query($id: ID!) {{ transactions(filter: {{ {filter}: $id }}) {{ totalCount }} }}");
            world.data(&query, json!({ "id": id })).await["transactions"]["totalCount"].clone()
        };
        for (filter, id, wanted) in [("accountId", &acme, 6), ("contactId", &ada, 5), ("vendorId", &estate, 1), ("dealId", &big, 2)] {
            assert_eq!(filtered(filter, id).await, json!(wanted), "{filter}");
        }
    }

    async fn a_transaction_leads_to_all_that_it_is_about(world: &TestWorld) {
        let kept = Kept::new(world, "USD", "UTC").await;
        let acme = make(world, RecordType::Account, "name: \"Acme\"").await;
        let solo = make(world, RecordType::Contact, "lastName: \"Solo\"").await;
        let estate = make(world, RecordType::Vendor, "name: \"Tea Estate\"").await;
        let tea = make(world, RecordType::Product, "name: \"Tea\"").await;
        let (big, mark) = deal_of(world, "Big", &acme).await;
        for (record, kind, remote) in [(&acme, "CUSTOMER", "C1"), (&solo, "CUSTOMER", "C2"), (&estate, "VENDOR", "V1"), (&tea, "ITEM", "I1")] {
            kept.link(record, kind, remote, None).await;
        }
        let line = |item: Option<&str>| RemoteLine {
            remote_id: None,
            item_id: item.map(str::to_owned),
            name: "Tea".to_owned(),
            description: None,
            quantity: decimal("0.333"),
            unit: Some("kg".to_owned()),
            unit_price: decimal("12.345678"),
            discount: Some("5%".to_owned()),
            tax_name: Some("VAT".to_owned()),
            tax_percent: Some(decimal("19")),
            total: decimal("4.11"),
        };
        let whole = RemoteDocument {
            deal: Some(mark),
            lines: vec![line(Some("I1")), line(None)],
            taxes: vec![RemoteTax { name: "VAT".to_owned(), amount: decimal("1.56") }],
            is_whole: true,
            ..document(world, "a", "9.78")
        };
        let to_solo = RemoteDocument { parties: vec![party(PartyKind::Customer, "C2", "Solo")], ..document(world, "b", "1") };
        let rows = kept.keep(DocumentKind::Invoice, &[whole, to_solo]).await;
        let bill = RemoteDocument { parties: vec![party(PartyKind::Vendor, "V1", "Tea Estate")], ..document(world, "c", "1") };
        let bills = kept.keep(DocumentKind::Bill, &[bill]).await;
        let query = "query($id: ID!) { transaction(id: $id) { customer { name remoteKey account { id } contact { id } }
            vendor { name remoteKey vendor { id } } deal { id } integration { id } organization { baseCurrencyCode }
            lines { product { id } itemKey quantity unit unitPrice { amount currencyCode } discount taxName taxPercent }
            taxes { name amount { amount } } } }";
        let row = |key: &str| rows.iter().chain(&bills).find(|row| row.remote_id == key).map(id_of).expect("a row");
        let of_acme = world.data(query, json!({ "id": row("a") })).await["transaction"].take();
        assert_eq!(of_acme["customer"], json!({ "name": "Acme", "remoteKey": "C1", "account": { "id": acme }, "contact": null }));
        assert_eq!((&of_acme["vendor"], &of_acme["deal"]["id"], &of_acme["integration"]["id"]), (&Value::Null, &json!(big), &json!(kept.integration)));
        assert_eq!(of_acme["organization"]["baseCurrencyCode"], "USD");
        assert_eq!(of_acme["lines"][0], json!({ "product": { "id": tea }, "itemKey": "I1", "quantity": "0.333", "unit": "kg",
            "unitPrice": { "amount": "12.345678", "currencyCode": "USD" }, "discount": "5%", "taxName": "VAT", "taxPercent": "19" }));
        assert_eq!((&of_acme["lines"][1]["product"], &of_acme["lines"][1]["itemKey"]), (&Value::Null, &Value::Null));
        assert_eq!(of_acme["taxes"], json!([{ "name": "VAT", "amount": { "amount": "1.56" } }]));
        let parties = "query($id: ID!) { transaction(id: $id) { customer { account { id } contact { id } } vendor { name vendor { id } } } }";
        let of_solo = world.data(parties, json!({ "id": row("b") })).await["transaction"].take();
        assert_eq!(of_solo["customer"], json!({ "account": null, "contact": { "id": solo } }));
        let of_estate = world.data(parties, json!({ "id": row("c") })).await["transaction"].take();
        assert_eq!(of_estate, json!({ "customer": null, "vendor": { "name": "Tea Estate", "vendor": { "id": estate } } }));
        // A deleted record is not shown, the document stays.
        let deleted = world.data("mutation($id: ID!) { accountDelete(input: { id: $id }) { userErrors { message } } }", json!({ "id": acme })).await;
        assert_eq!(deleted["accountDelete"]["userErrors"], json!([]));
        let after = world.data(query, json!({ "id": row("a") })).await["transaction"].take();
        assert_eq!(after["customer"], json!({ "name": "Acme", "remoteKey": "C1", "account": null, "contact": null }));
    }
}
