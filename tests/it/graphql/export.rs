//! Lists as CSV files.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::TimeDelta;
use finbridge::config;
use finbridge::http::GraphiqlPage;
use finbridge_domain::{Clock, NodeId, NodeKind, name_key};
use finbridge_entity::account;
use finbridge_entity::types::{Role, StageKind};
use finbridge_tests::{TestWorld, both_databases};
use sea_orm::{ConnectionTrait, EntityTrait, Set};
use serde_json::{Value, json};

use super::{Server, absent, colleague, db, done, organization, stage_of, text};

/// A file as its reader sees it: rows by column.
struct File {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl File {
    fn parse(body: &str) -> Self {
        assert!(
            body.ends_with("\r\n") && !body.replace("\r\n", "").contains('\r'),
            "lines end as RFC 4180 says"
        );
        let mut reader = csv::Reader::from_reader(body.as_bytes());
        let header = reader.headers().expect("a header").iter().map(str::to_owned).collect();
        let rows =
            reader.records().map(|row| row.expect("a row").iter().map(str::to_owned).collect()).collect();
        Self { header, rows }
    }

    fn cell(&self, row: usize, column: &str) -> &str {
        let place = self.header.iter().position(|name| name == column);
        &self.rows[row][place.unwrap_or_else(|| panic!("no column {column} in {:?}", self.header))]
    }

    fn column(&self, column: &str) -> Vec<&str> {
        (0..self.rows.len()).map(|row| self.cell(row, column)).collect()
    }
}

async fn get(world: &TestWorld, token: &str, path: &str) -> reqwest::Response {
    world
        .http()
        .get(format!("{}/export/{path}", world.url))
        .bearer_auth(token)
        .send()
        .await
        .expect("an answer")
}

async fn file(world: &TestWorld, path: &str) -> File {
    let response = get(world, &world.token, path).await;
    assert_eq!(response.status(), 200, "{path}");
    File::parse(&response.text().await.expect("a whole file"))
}

/// The code of a refusal.
async fn refusal(response: reqwest::Response) -> (u16, String, Value) {
    let (status, id) = (response.status().as_u16(), response.headers().get("x-request-id").cloned());
    let body: Value = response.json().await.expect("JSON");
    let error = &body["errors"][0];
    assert_eq!(
        Some(text(&error["extensions"]["requestId"])),
        id.and_then(|id| id.to_str().map(str::to_owned).ok())
    );
    assert!(error["message"].as_str().is_some_and(|message| message.len() > 20), "{body:#}");
    (status, text(&error["extensions"]["code"]), error["extensions"]["reason"].clone())
}

/// So many accounts with so long descriptions.
async fn accounts(world: &TestWorld, count: usize, length: usize) {
    let (here, now, ids) = (world.viewer.organization_id, world.clock.now(), &world.app.engine.ids);
    let description = "x".repeat(length);
    let rows: Vec<_> = (0..count)
        .map(|n| {
            let name = format!("Account {n}");
            account::ActiveModel {
                organization_id: Set(here),
                id: Set(ids.uuid()),
                wire_id: Set(ids.wire_id().0),
                name_key: Set(name_key(&name)),
                name: Set(name),
                description: Set(Some(description.clone())),
                version: Set(1),
                created_at: Set(now),
                updated_at: Set(now),
                ..Default::default()
            }
        })
        .collect();
    for rows in rows.chunks(500) {
        account::Entity::insert_many(rows.to_vec())
            .exec_without_returning(db(world))
            .await
            .expect("accounts");
    }
}

const ACCOUNT: &str = "mutation($input: AccountCreateInput!) { accountCreate(input: $input) { account { id wireId } userErrors { code field message } } }";

both_databases! {
    async fn a_file_holds_every_field_and_runs_no_formula(world: &TestWorld) {
        for (key, kind, options) in [("terms", "PICK_LIST", json!(["Net 30", "=Now"])), ("score", "DECIMAL", Value::Null), ("hot", "BOOLEAN", Value::Null), ("since", "DATE", Value::Null)] {
            let input = json!({ "recordType": "ACCOUNT", "key": key, "label": key, "kind": kind, "options": options });
            done(world, "mutation($input: CustomFieldCreateInput!) { customFieldCreate(input: $input) { customField { id } userErrors { message } } }", json!({ "input": input })).await;
        }
        let parent = world.account("Parent").await;
        let made = done(world, ACCOUNT, json!({ "input": {
            "name": "=HYPERLINK(\"http://x\")", "phone": "+49 30", "description": "Two\nlines, \"quoted\"", "yearEstablished": 1999,
            "annualRevenue": { "amount": "-12.50", "currencyCode": "EUR" }, "billingAddress": { "city": "Köln", "postalCode": "-1" },
            "parentId": parent, "tags": ["VIP", "a, b"],
            "customFields": [{ "key": "terms", "text": "=Now" }, { "key": "score", "number": "-1.5" }, { "key": "hot", "boolean": true }],
        } })).await;
        let response = get(world, &world.token, "accounts.csv").await;
        let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
        assert_eq!(header("content-type"), "text/csv; charset=utf-8; header=present");
        assert_eq!(header("content-disposition"), "attachment; filename=\"accounts-2026-01-05.csv\"");
        assert_eq!((header("cache-control"), header("content-length")), ("no-store".to_owned(), String::new()));
        let sheet = File::parse(&response.text().await.expect("a file"));
        assert_eq!(sheet.header[..3], ["id", "wireId", "name"]);
        assert_eq!(sheet.header[sheet.header.len() - 5..], ["updatedAt", "cf_terms", "cf_score", "cf_hot", "cf_since"]);
        assert_eq!(sheet.column("name"), ["Parent", "'=HYPERLINK(\"http://x\")"]);
        for (column, wanted) in [
            ("id", made["account"]["id"].as_str().unwrap_or_default()),
            ("wireId", made["account"]["wireId"].as_str().unwrap_or_default()),
            ("phone", "'+49 30"),
            ("description", "Two\nlines, \"quoted\""),
            ("yearEstablished", "1999"),
            ("employeeCount", ""),
            ("annualRevenue", "-12.5"),
            ("annualRevenueCurrency", "EUR"),
            ("billingCity", "Köln"),
            ("billingPostalCode", "'-1"),
            ("shippingCity", ""),
            ("parentId", &parent),
            ("parent", "Parent"),
            ("ownerEmail", finbridge_emulator::DEMO_EMAIL),
            ("tags", "\"a, b\",VIP"),
            ("version", "1"),
            ("createdAt", "2026-01-05T12:00:00Z"),
            ("cf_terms", "'=Now"),
            ("cf_score", "-1.5"),
            ("cf_hot", "true"),
            ("cf_since", ""),
        ] {
            assert_eq!(sheet.cell(1, column), wanted, "{column}");
        }
        let raw = file(world, "accounts.csv?raw=true").await;
        assert_eq!((raw.cell(1, "name"), raw.cell(1, "phone"), raw.cell(1, "cf_terms")), ("=HYPERLINK(\"http://x\")", "+49 30", "=Now"));
    }

    async fn every_kind_of_record_is_exported(world: &TestWorld) {
        let stage = stage_of(world, world.viewer.organization_id, "Offer", StageKind::Open, 1).await;
        let account = world.account("Acme").await;
        done(world, "mutation($account: ID!) { contactCreate(input: { firstName: \"Max\", lastName: \"Muster\", email: \"m@example.com\", accountId: $account }) { contact { id } userErrors { code } } }", json!({ "account": account })).await;
        done(world, "mutation { vendorCreate(input: { name: \"Paper\", website: \"https://p.example\" }) { vendor { id } userErrors { code } } }", json!({})).await;
        done(world, "mutation { productCreate(input: { name: \"Chair\", unitPrice: { amount: \"10\", currencyCode: \"EUR\" } }) { product { id } userErrors { code } } }", json!({})).await;
        done(world, "mutation($account: ID!, $stage: ID!) { dealCreate(input: { name: \"Big\", accountId: $account, stageId: $stage, amount: \"99.99\", closedOn: \"2026-02-01\" }) { deal { id } userErrors { code } } }", json!({ "account": account, "stage": stage })).await;
        let contacts = file(world, "contacts.csv").await;
        assert_eq!((contacts.cell(0, "firstName"), contacts.cell(0, "email"), contacts.cell(0, "account")), ("Max", "m@example.com", "Acme"));
        let vendors = file(world, "vendors.csv").await;
        assert_eq!((vendors.cell(0, "name"), vendors.cell(0, "website")), ("Paper", "https://p.example"));
        let products = file(world, "products.csv").await;
        assert_eq!((products.cell(0, "unitPrice"), products.cell(0, "unitPriceCurrency"), products.cell(0, "isActive")), ("10", "EUR", "true"));
        let deals = file(world, "deals.csv").await;
        assert_eq!((deals.cell(0, "stage"), deals.cell(0, "stageId"), deals.cell(0, "accountId")), ("Offer", &*stage, &*account));
        assert_eq!((deals.cell(0, "amount"), deals.cell(0, "currency"), deals.cell(0, "closedOn")), ("99.99", "USD", "2026-02-01"));
        done(world, "mutation($id: ID!) { accountDelete(input: { id: $id }) { deletedAccount userErrors { code } } }", json!({ "id": account })).await;
        let (accounts, deals) = (file(world, "accounts.csv").await, file(world, "deals.csv").await);
        assert_eq!((accounts.rows.len(), deals.cell(0, "accountId"), deals.cell(0, "account")), (0, "", ""), "deleted accounts are gone");
    }

    async fn a_file_is_narrowed_by_owner_tag_and_change(world: &TestWorld) {
        let anna = colleague(world, "Anna", Role::Standard).await;
        let anna = NodeId::new(NodeKind::User, anna.viewer.user_id).to_string();
        done(world, ACCOUNT, json!({ "input": { "name": "One", "tags": ["VIP"] } })).await;
        done(world, ACCOUNT, json!({ "input": { "name": "Two", "ownerId": anna } })).await;
        world.advance(TimeDelta::hours(1));
        done(world, ACCOUNT, json!({ "input": { "name": "Three", "ownerId": anna, "tags": ["vip"] } })).await;
        for (parameters, wanted) in [
            ("", vec!["One", "Two", "Three"]),
            (&*format!("owner={anna}"), vec!["Two", "Three"]),
            ("tag=%20vIp", vec!["One", "Three"]),
            ("updatedAfter=2026-01-05T12:00:00Z", vec!["Three"]),
            (&*format!("owner={anna}&tag=VIP&updatedAfter=2026-01-05T12:00:00.5%2B00:00&raw=false"), vec!["Three"]),
            (&*format!("owner={}", absent(world, NodeKind::User)), vec![]),
            ("tag=%00", vec![]),
        ] {
            assert_eq!(file(world, &format!("accounts.csv?{parameters}")).await.column("name"), wanted, "{parameters}");
        }
    }

    async fn a_refusal_is_json_with_its_status(world: &TestWorld) {
        let user = NodeId::new(NodeKind::User, world.viewer.user_id);
        for (path, status) in [
            ("notes.csv", 404),
            ("accounts", 404),
            ("accounts.csv?owner=x", 400),
            (&*format!("accounts.csv?owner={}", absent(world, NodeKind::Account)), 400),
            ("accounts.csv?updatedAfter=yesterday", 400),
            ("accounts.csv?raw=maybe", 400),
            ("accounts.csv?limit=5", 400),
            (&*format!("accounts.csv?owner={user}&owner={user}"), 400),
        ] {
            assert_eq!(refusal(get(world, &world.token, path).await).await, (status, "BAD_USER_INPUT".to_owned(), Value::Null), "{path}");
        }
        let unsigned = world.http().get(format!("{}/export/accounts.csv", world.url)).send().await.expect("an answer");
        assert_eq!(unsigned.headers()["www-authenticate"], "Bearer realm=\"finbridge\"");
        assert_eq!(refusal(unsigned).await, (401, "UNAUTHENTICATED".to_owned(), json!("TOKEN_MISSING")));
        let unknown = get(world, "fbt_nobody", "accounts.csv").await;
        assert_eq!(refusal(unknown).await, (401, "UNAUTHENTICATED".to_owned(), json!("TOKEN_UNKNOWN")));
    }

    async fn many_records_come_whole_and_only_to_their_own_organization(world: &TestWorld) {
        accounts(world, 2_500, 10).await;
        let file = file(world, "accounts.csv").await;
        let wanted: Vec<_> = (0..2_500).map(|n| format!("Account {n}")).collect();
        assert_eq!(file.column("name"), wanted, "each once, in the order in which they were made");
        let stranger = organization(world, "Other", "other@example.com").await;
        let theirs = get(world, &stranger.token, "accounts.csv").await.text().await.expect("a file");
        assert_eq!(File::parse(&theirs).rows.len(), 0);
    }

    async fn nothing_is_read_for_a_client_that_has_gone(world: &TestWorld) {
        // Three full pages of 10 MB each: more than the buffers on the way take.
        accounts(world, 3_000, 10_000).await;
        let pages = Arc::new(Mutex::new(0));
        let mut app = world.app.clone();
        let witness = pages.clone();
        app.engine.db.set_metric_callback(move |info| {
            if info.statement.sql.contains("FROM \"account\"") {
                *witness.lock().expect("a number") += 1;
            }
        });
        let server = Server::start(app, GraphiqlPage::default()).await;
        let url = format!("{}/export/accounts.csv", server.url);
        let begin = async || world.http().get(&url).bearer_auth(&world.token).send().await.expect("an answer");
        let mut response = begin().await;
        assert!(response.chunk().await.expect("a chunk").is_some());
        drop(response);
        tokio::time::sleep(Duration::from_secs(2)).await;
        let read = *pages.lock().expect("a number");
        assert!((1..=2).contains(&read), "{read} of 4 pages were read");
        // Somebody who stays gets all of them.
        *pages.lock().expect("a number") = 0;
        let whole = begin().await.text().await.expect("a file");
        assert_eq!((File::parse(&whole).rows.len(), *pages.lock().expect("a number")), (3_000, 4));
        server.finish().await;
    }

    async fn only_so_many_exports_are_written_at_once(world: &TestWorld) {
        accounts(world, 2_000, 10_000).await;
        let limits = config::Limits { concurrent_exports: 1, ..config::Limits::default() };
        let config = config::Config { limits, ..config::Config::default() };
        let server = Server::with(world.app.clone(), GraphiqlPage::default(), &config).await;
        let begin = async || {
            let request = world.http().get(format!("{}/export/accounts.csv", server.url));
            request.bearer_auth(&world.token).send().await.expect("an answer")
        };
        let first = begin().await;
        let second = begin().await;
        assert_eq!(second.headers()["retry-after"], "1");
        assert_eq!(refusal(second).await, (503, "UNAVAILABLE".to_owned(), Value::Null));
        assert_eq!(File::parse(&first.text().await.expect("a whole file")).rows.len(), 2_000);
        assert_eq!(begin().await.status(), 200, "afterwards there is room");
        server.finish().await;
    }

    async fn a_failure_midway_breaks_the_file_off(world: &TestWorld) {
        accounts(world, 3_000, 10_000).await;
        let mut response = get(world, &world.token, "accounts.csv").await;
        assert_eq!(response.status(), 200);
        let mut read = response.chunk().await.expect("a chunk").map_or(0, |chunk| chunk.len());
        db(world).execute_unprepared("ALTER TABLE account RENAME TO account_away").await.expect("away");
        let broken = loop {
            match response.chunk().await {
                Ok(Some(chunk)) => read += chunk.len(),
                Ok(None) => break false,
                Err(_) => break true,
            }
        };
        db(world).execute_unprepared("ALTER TABLE account_away RENAME TO account").await.expect("back");
        assert!(broken, "{read} bytes look like a whole file");
        // What cannot be begun has a status.
        db(world).execute_unprepared("ALTER TABLE account RENAME TO account_away").await.expect("away");
        let failed = refusal(get(world, &world.token, "accounts.csv").await).await;
        db(world).execute_unprepared("ALTER TABLE account_away RENAME TO account").await.expect("back");
        assert_eq!(failed, (500, "INTERNAL_SERVER_ERROR".to_owned(), Value::Null));
    }
}
