//! Lists of transactions: pages, orders, filters, and what the calendar says.

use chrono::TimeDelta;
use finbridge_contract::RemoteDocument;
use finbridge_domain::{DocumentKind, PartyKind};
use finbridge_tests::{TestWorld, both_databases};
use serde_json::{Value, json};

use super::kept::{Kept, absent, day, decimal, document, each, id_of, number, party};
use super::seen::{customer, fetch, invoice, made, transactions, with};
use crate::graphql::organization;

/// Documents of which some lack what lists are ordered by, each with other values.
fn mixed(world: &TestWorld) -> Vec<RemoteDocument> {
    (0..23_u32)
        .map(|n| {
            let place = n * 7 % 23;
            let month = place % 12 + 1;
            let has = |every: u32| place % every != 0;
            RemoteDocument {
                number: has(5).then(|| format!("N-{place:03}")),
                dated_on: has(4).then(|| day(&format!("2025-{month:02}-11"))),
                due_on: has(6).then(|| day(&format!("2025-{month:02}-21"))),
                balance: has(7).then(|| decimal(&(place * 3).to_string())),
                parties: Vec::from_iter(
                    has(3).then(|| party(PartyKind::Customer, "C1", &format!("Party {}", place % 9))),
                ),
                modified_at: "2026-01-04T00:00:00Z"
                    .parse::<chrono::DateTime<chrono::Utc>>()
                    .expect("an instant")
                    + TimeDelta::seconds(place.into()),
                ..document(world, &format!("M{n:02}"), &(place * 2).to_string())
            }
        })
        .collect()
}

const PAGE: &str = "query($order: TransactionOrder, $first: Int, $after: String, $last: Int, $before: String, $filter: TransactionFilter) {
    transactions(orderBy: $order, first: $first, after: $after, last: $last, before: $before, filter: $filter) {
      totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      nodes { id number datedOn dueOn total { amount } balance { amount } customer { name } remoteModifiedAt } } }";

/// The whole list, page by page from its beginning or its end, in the order of the list.
async fn paged(world: &TestWorld, order: &Value, from_end: bool) -> Vec<Value> {
    let mut nodes: Vec<Value> = Vec::new();
    let mut cursor = Value::Null;
    for _ in 0..50 {
        let variables = match from_end {
            false => json!({ "order": order, "first": 4, "after": cursor }),
            true => json!({ "order": order, "last": 4, "before": cursor }),
        };
        let mut data = world.data(PAGE, variables).await;
        let page = data["transactions"]["nodes"].as_array_mut().expect("nodes").drain(..).collect::<Vec<_>>();
        let info = data["transactions"]["pageInfo"].clone();
        let (more, next) = match from_end {
            false => (&info["hasNextPage"], &info["endCursor"]),
            true => (&info["hasPreviousPage"], &info["startCursor"]),
        };
        match from_end {
            false => nodes.extend(page),
            true => nodes.splice(0..0, page).for_each(drop),
        }
        if *more != true {
            return nodes;
        }
        cursor = next.clone();
    }
    panic!("the pages have no end");
}

/// The names and numbers of what a filter leaves, in the order in which they changed.
async fn left(world: &TestWorld, filter: &str) -> Vec<String> {
    let query = format!(
        "{{ transactions(first: 100, filter: {{ {filter} }}, orderBy: {{ field: MODIFIED_AT }}) {{ totalCount nodes {{ remoteKey }} }} }}"
    );
    let data = world.data(&query, json!({})).await;
    let mut keys: Vec<_> = each(&data["transactions"]["nodes"], "remoteKey")
        .iter()
        .map(|key| key.as_str().expect("a key").to_owned())
        .collect();
    assert_eq!(data["transactions"]["totalCount"], json!(keys.len()), "{filter}");
    keys.sort();
    keys
}

both_databases! {
    async fn every_order_pages_both_ways_with_what_is_missing_last(world: &TestWorld) {
        let kept = Kept::new(world, "USD", "UTC").await;
        let documents = mixed(world);
        kept.keep(DocumentKind::Invoice, &documents).await;
        let value = |node: &Value, field: &str| match field {
            "DATED_ON" => node["datedOn"].clone(),
            "DUE_ON" => node["dueOn"].clone(),
            "NUMBER" => node["number"].clone(),
            "PARTY" => node["customer"]["name"].clone(),
            "TOTAL" => node["total"]["amount"].clone(),
            "BALANCE" => node["balance"]["amount"].clone(),
            _ => node["remoteModifiedAt"].clone(),
        };
        for field in ["DATED_ON", "DUE_ON", "NUMBER", "PARTY", "TOTAL", "BALANCE", "MODIFIED_AT"] {
            for direction in ["ASC", "DESC"] {
                let order = json!({ "field": field, "direction": direction });
                let forth = paged(world, &order, false).await;
                assert_eq!(forth.len(), documents.len(), "{order}");
                assert_eq!(paged(world, &order, true).await, forth, "{order}");
                let values: Vec<_> = forth.iter().map(|node| value(node, field)).collect();
                let filled = values.iter().take_while(|value| !value.is_null()).count();
                assert!(values[filled..].iter().all(Value::is_null), "{order}: {values:?}");
                let is_number = ["TOTAL", "BALANCE"].contains(&field);
                for pair in values[..filled].windows(2) {
                    let text = |value: &Value| value.as_str().expect("a text").to_owned();
                    let in_order = match is_number {
                        true => decimal(&text(&pair[0])) <= decimal(&text(&pair[1])),
                        false => text(&pair[0]) <= text(&pair[1]),
                    };
                    let is_same = pair[0] == pair[1];
                    assert!(is_same || in_order == (direction == "ASC"), "{order}: {pair:?}");
                }
            }
        }
        let foreign = world.data(PAGE, json!({ "first": 1, "order": { "field": "NUMBER" } })).await;
        let cursor = &foreign["transactions"]["pageInfo"]["endCursor"];
        let answer = world.send(PAGE, json!({ "first": 1, "after": cursor, "order": { "field": "TOTAL" } })).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "a cursor of another order: {answer:#}");
    }

    async fn filters_hold_together(world: &TestWorld) {
        let kept = Kept::new(world, "USD", "UTC").await;
        let other = Kept::new(world, "USD", "UTC").await;
        let invoices = [
            RemoteDocument { number: Some("INV-0001".to_owned()), reference: Some("PO 7".to_owned()), ..document(world, "a", "10") },
            RemoteDocument { number: Some("INV-0002".to_owned()), dated_on: Some(day("2026-01-03")), ..document(world, "b", "20") },
            RemoteDocument { number: Some("inv_02".to_owned()), balance: Some(decimal("0")), status: "paid".to_owned(), ..document(world, "c", "30") },
        ];
        kept.keep(DocumentKind::Invoice, &invoices).await;
        kept.keep(DocumentKind::Estimate, &[document(world, "d", "20")]).await;
        kept.keep(DocumentKind::Bill, &[RemoteDocument { parties: vec![party(PartyKind::Vendor, "V1", "Tea Estate")], status: "open".to_owned(), ..document(world, "e", "5") }]).await;
        other.keep(DocumentKind::Invoice, &[document(world, "f", "20")]).await;
        for (filter, wanted) in [
            ("", "abcdef"),
            ("kind: { eq: INVOICE }", "abcf"),
            ("kind: { in: [ESTIMATE, BILL] }", "de"),
            ("kind: { eq: INVOICE, in: [ESTIMATE] }", ""),
            ("status: { eq: PAID }", "c"),
            ("status: { in: [SENT, OPEN] }", "abdef"),
            ("kind: { eq: INVOICE }, total: { gte: \"20\" }", "bcf"),
            ("balance: { gt: \"0\", lt: \"20\" }", "ae"),
            ("datedOn: { gt: \"2026-01-01\" }", "b"),
            ("dueOn: { lte: \"2026-01-31\" }", ""),
            ("number: { startsWith: \"INV-\" }", "ab"),
            ("number: { startsWith: \"inv_\" }", "c"),
            ("number: { eq: \"inv-0002\" }", "b"),
            ("reference: { eq: \"PO 7\" }", "a"),
            ("total: { eq: \"20\" }, kind: { eq: ESTIMATE }", "d"),
        ] {
            assert_eq!(left(world, filter).await.concat(), wanted, "{filter}");
        }
        // What an integration shows: of its organization, and of the kinds that its profile has.
        let query = "query($id: ID!) { transactions(integrationId: $id, orderBy: { field: TOTAL }) { totalCount nodes { remoteKey } } }";
        let data = world.data(query, json!({ "id": kept.integration })).await;
        let keys: Vec<_> = each(&data["transactions"]["nodes"], "remoteKey").iter().map(|key| key.as_str().unwrap_or_default().to_owned()).collect();
        assert_eq!((keys.len(), keys.contains(&"e".to_owned())), (4, false), "{keys:?}");
        let absent = world.send(query, json!({ "id": absent(world) })).await;
        assert_eq!(absent["errors"][0]["extensions"]["code"], "BAD_USER_INPUT");
    }

    async fn what_is_overdue_or_expired_follows_the_calendar_of_its_finance_organization(world: &TestWorld) {
        // It is noon of the fifth by UTC: early on the fifth in California, already the sixth on Kiritimati.
        let (west, east) = (Kept::new(world, "USD", "America/Los_Angeles").await, Kept::new(world, "USD", "Pacific/Kiritimati").await);
        let due = |id: &str, status: &str, balance: &str| RemoteDocument {
            status: status.to_owned(),
            due_on: Some(day("2026-01-05")),
            balance: Some(decimal(balance)),
            ..document(world, id, "10")
        };
        for (kept, side) in [(&west, "w"), (&east, "e")] {
            let invoices = [due(&format!("{side}-open"), "overdue", "10"), due(&format!("{side}-part"), "partially_paid", "4"), due(&format!("{side}-paid"), "paid", "0"), due(&format!("{side}-draft"), "draft", "10")];
            kept.keep(DocumentKind::Invoice, &invoices).await;
            kept.keep(DocumentKind::Estimate, &[due(&format!("{side}-offer"), "sent", "0")]).await;
            kept.keep(DocumentKind::SalesOrder, &[due(&format!("{side}-order"), "open", "0")]).await;
        }
        assert_eq!(left(world, "status: { eq: OVERDUE }").await, ["e-open", "e-order", "e-part"]);
        assert_eq!(left(world, "status: { eq: EXPIRED }").await, ["e-offer"]);
        assert_eq!(left(world, "status: { in: [SENT, OPEN, PARTIALLY_PAID] }").await, ["w-offer", "w-open", "w-order", "w-part"]);
        assert_eq!(left(world, "status: { in: [OVERDUE, SENT] }, kind: { eq: INVOICE }").await, ["e-open", "e-part", "w-open"]);
        let every = "{ transactions(first: 100) { nodes { remoteKey status remoteStatus } } }";
        for moved in [false, true] {
            if moved {
                world.advance(TimeDelta::hours(24));
            }
            let data = world.data(every, json!({})).await;
            for node in data["transactions"]["nodes"].as_array().expect("nodes") {
                let key = node["remoteKey"].as_str().expect("a key");
                let is_past = moved || key.starts_with('e');
                let wanted = match (&key[2..], is_past) {
                    ("paid", _) => "PAID",
                    ("draft", _) => "DRAFT",
                    ("offer", true) => "EXPIRED",
                    ("offer", false) => "SENT",
                    (_, true) => "OVERDUE",
                    ("open", false) => "SENT",
                    ("part", false) => "PARTIALLY_PAID",
                    (_, false) => "OPEN",
                };
                assert_eq!(node["status"], wanted, "{node:#}");
                // The filter says the same as the field.
                assert!(left(world, &format!("status: {{ eq: {wanted} }}")).await.contains(&key.to_owned()), "{node:#}");
            }
        }
        assert_eq!(left(world, "status: { eq: OVERDUE }").await.len(), 6);
    }

    async fn another_organization_sees_nothing_of_them(world: &TestWorld) {
        let kept = Kept::new(world, "USD", "UTC").await;
        let id = id_of(&kept.keep(DocumentKind::Invoice, &[document(world, "a", "10")]).await[0]);
        let query = "query($id: ID!, $integration: ID!) { transaction(id: $id) { id } node(id: $id) { id } transactions { totalCount }
            transactionFeeds(integrationId: $integration) { kind } exchangeRates { rate } }";
        let variables = json!({ "id": id, "integration": kept.integration });
        let ours = world.data(query, variables.clone()).await;
        assert_eq!((&ours["transaction"]["id"], &ours["node"]["id"], &ours["transactions"]["totalCount"]), (&json!(id), &json!(id), &json!(1)));
        let stranger = organization(world, "Others", "others@example.com").await;
        let theirs = world.send_as(&stranger.token, query, variables).await;
        assert_eq!(theirs["data"], json!({ "transaction": null, "node": null, "transactions": { "totalCount": 0 }, "transactionFeeds": null, "exchangeRates": [] }), "{theirs:#}");
        let fetch = "mutation($id: ID!) { transactionsFetch(input: { integrationId: $id }) { feeds { kind } userErrors { code } } }";
        let refused = world.send_as(&stranger.token, fetch, json!({ "id": kept.integration })).await;
        assert_eq!(refused["data"]["transactionsFetch"], json!({ "feeds": null, "userErrors": [{ "code": "NOT_FOUND" }] }), "{refused:#}");
    }

    async fn r114_the_list_shows_the_main_things_and_one_shows_its_details(world: &TestWorld) {
        let integration = world.connect().await;
        let acme = customer(world, "Acme", None).await;
        let lines = json!([{ "name": "Tea", "description": "Green", "quantity": 2, "rate": 12.5 }, { "name": "Cup", "quantity": 1, "rate": 7 }]);
        let there = invoice(world, &acme, json!({ "line_items": lines, "notes": "Thank you", "terms": "Net 30", "due_date": "2026-02-04", "reference_number": "PO 7" })).await;
        let offer = made(world, "/estimates", "estimate", with(&acme, json!({}))).await;
        fetch(world, &integration, &["INVOICE", "ESTIMATE"]).await;
        let listed = transactions(world, 2, "id kind number reference datedOn dueOn total { amount currencyCode } balance { amount } status remoteStatus isWhole lines { name } customer { name remoteKey }").await;
        let of = |kind: &str| listed.iter().find(|one| one["kind"] == kind).unwrap_or_else(|| panic!("{listed:#?}"));
        let one = of("INVOICE");
        assert_eq!((&one["number"], &one["reference"]), (&there["invoice_number"], &json!("PO 7")));
        assert_eq!((&one["datedOn"], &one["dueOn"]), (&json!("2026-01-05"), &json!("2026-02-04")));
        assert_eq!((&one["total"]["amount"], &one["balance"]["amount"], &one["status"]), (&json!("32"), &json!("32"), &json!("DRAFT")), "{one:#}");
        assert_eq!((&one["remoteStatus"], &one["customer"]), (&there["status"], &json!({ "name": "Acme", "remoteKey": acme })));
        assert_eq!(of("ESTIMATE")["number"], offer["estimate_number"]);

        let detail = "query($id: ID!) { transaction(id: $id) { isWhole notes terms subTotal { amount } taxes { name }
            lines { id name description quantity unitPrice { amount } total { amount } } } }";
        let mut data = world.data(detail, json!({ "id": one["id"] })).await;
        let mut whole = data["transaction"].take();
        assert_eq!((&whole["isWhole"], &whole["notes"], &whole["terms"], &whole["subTotal"]["amount"]), (&json!(true), &json!("Thank you"), &json!("Net 30"), &json!("32")), "{whole:#}");
        let lines = whole["lines"].as_array_mut().expect("lines");
        let ids: Vec<_> = lines.iter_mut().map(|line| line["id"].take()).collect();
        for (line, (name, quantity, price, total)) in lines.iter().zip([("Tea", "2", "12.5", "25"), ("Cup", "1", "7", "7")]) {
            assert_eq!(line["name"], name);
            let numbers = [&line["quantity"], &line["unitPrice"]["amount"], &line["total"]["amount"]].map(number);
            assert_eq!(numbers, [quantity, price, total].map(decimal), "{line:#}");
        }
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0]["description"], "Green");
        // What was read stays read, also for lists, and every line can be found by its id.
        let again = transactions(world, 2, "kind isWhole lines { name }").await;
        let again = again.iter().find(|one| one["kind"] == "INVOICE").expect("the invoice");
        assert_eq!((&again["isWhole"], each(&again["lines"], "name")), (&json!(true), vec![json!("Tea"), json!("Cup")]), "{again:#}");
        let nodes = world.data("query($ids: [ID!]!) { nodes(ids: $ids) { id ... on TransactionLine { name } } }", json!({ "ids": ids })).await;
        assert_eq!(each(&nodes["nodes"], "name"), [json!("Tea"), json!("Cup")]);
    }

    async fn the_export_has_a_row_for_each(world: &TestWorld) {
        let kept = Kept::new(world, "USD", "UTC").await;
        let foreign = RemoteDocument {
            currency_code: "INR".to_owned(),
            exchange_rate: Some(decimal("0.015")),
            reference: Some("=1+1".to_owned()),
            due_on: Some(day("2026-01-04")),
            ..document(world, "a", "100.5")
        };
        let rows = kept.keep(DocumentKind::Invoice, &[foreign]).await;
        kept.keep(DocumentKind::Estimate, &[document(world, "b", "7")]).await;
        let get = async |parameters: &str| {
            let url = format!("{}/export/transactions.csv{parameters}", world.url);
            let answer = world.http().get(url).bearer_auth(&world.token).send().await.expect("an answer");
            (answer.status().as_u16(), answer.text().await.expect("a text"))
        };
        let (status, text) = get("").await;
        assert_eq!((status, text.lines().count()), (200, 3), "{text}");
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let header = reader.headers().expect("a header").clone();
        let invoice = reader.records().map(|row| row.expect("a row")).find(|row| row.get(1) == Some("INVOICE")).expect("the invoice");
        let cell = |name: &str| invoice.get(header.iter().position(|one| one == name).expect("a column")).expect("a cell");
        let wanted = [
            ("id", id_of(&rows[0])), ("number", "N-a".to_owned()), ("reference", "'=1+1".to_owned()), ("status", "OVERDUE".to_owned()),
            ("currency", "INR".to_owned()), ("total", "100.5".to_owned()), ("exchangeRate", "0.015".to_owned()),
            ("homeCurrency", "USD".to_owned()), ("homeTotal", "1.5075".to_owned()), ("party", "Acme".to_owned()), ("dueOn", "2026-01-04".to_owned()),
        ];
        for (column, value) in wanted {
            assert_eq!(cell(column), value, "{column}");
        }
        assert_eq!(get("?kind=ESTIMATE").await.1.lines().count(), 2);
        assert_eq!(get(&format!("?kind=ESTIMATE&integration={}", kept.integration)).await.1.lines().count(), 2);
        assert_eq!(get("?kind=QUANTUM").await.0, 400);
        assert_eq!(get("?nothing=1").await.0, 400);
    }
}
