//! Documents that are made from here: every kind, of what somebody writes or of a deal, and what is refused.

use finbridge_tests::acts::tea;
use finbridge_tests::{TestWorld, both_databases};
use serde_json::{Value, json};

use super::kept::stage;
use super::seen;
use crate::sync::support::make;

/// Connected, with customers synchronised from accounts.
async fn connected(world: &TestWorld) -> String {
    let integration = world.connect().await;
    world.configure(&integration, "SKIP", false).await;
    integration
}

/// The wish with these members.
fn with(mut wish: Value, members: Value) -> Value {
    for (name, value) in members.as_object().expect("members") {
        wish[name] = value.clone();
    }
    wish
}

/// Makes a deal of these members and returns its id.
async fn deal(world: &TestWorld, input: Value) -> String {
    let query = "mutation($input: DealCreateInput!) { dealCreate(input: $input) { deal { id } userErrors { message } } }";
    let data = world.data(query, json!({ "input": input })).await;
    data["dealCreate"]["deal"]["id"].as_str().unwrap_or_else(|| panic!("{data:#}")).to_owned()
}

/// Code and field of each fault.
async fn faults(world: &TestWorld, mutation: &str, wish: Value) -> Vec<(String, String)> {
    let payload = world.ask(mutation, wish).await;
    assert_eq!(payload["job"], Value::Null, "{payload:#}");
    let path = |field: &Value| {
        let parts = field.as_array().map(Vec::as_slice).unwrap_or_default().iter();
        parts.map(|part| part.as_str().expect("a part")).collect::<Vec<_>>().join(".")
    };
    let errors = payload["userErrors"].as_array().expect("errors").iter();
    errors.map(|one| (one["code"].as_str().expect("a code").to_owned(), path(&one["field"]))).collect()
}

/// One fault of this code, at this field.
fn one(code: &str, field: &str) -> Vec<(String, String)> {
    vec![(code.to_owned(), field.to_owned())]
}

/// The document as the finance app has it.
async fn there(world: &TestWorld, list: &str, key: &str) -> Value {
    let listed = world.listed(list).await;
    assert_eq!(listed.len(), 1, "{listed:#?}");
    let id = listed[0][format!("{key}_id")].as_str().expect("an id").to_owned();
    world.books("GET", &format!("{list}/{id}"), None).await[key].take()
}

/// Numbers of finance apps come with and without zeros after the point.
fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("a number, not {value}"))
}

both_databases! {
    async fn documents_of_every_kind_are_made_from_here(world: &TestWorld) {
        let integration = connected(world).await;
        let customer = json!({ "remoteKey": seen::customer(world, "Buyer Ltd", None).await });
        let vendor = json!({ "remoteKey": seen::party(world, "Seller Ltd", "vendor", None).await });
        for kind in ["ESTIMATE", "SALES_ORDER", "INVOICE", "CREDIT_NOTE"] {
            let job = world.done("transactionCreate", tea(&integration, kind, customer.clone())).await;
            assert_eq!((&job["act"], &job["transaction"]["kind"], &job["transaction"]["customer"]["name"]), (&json!("CREATE"), &json!(kind), &json!("Buyer Ltd")), "{job:#}");
        }
        for kind in ["PURCHASE_ORDER", "BILL"] {
            let wish = with(tea(&integration, kind, vendor.clone()), json!({ "datedOn": "2026-01-05", "dueOn": "2026-02-04" }));
            let job = world.done("transactionCreate", wish).await;
            assert_eq!((&job["transaction"]["kind"], &job["transaction"]["customer"]), (&json!(kind), &Value::Null), "{job:#}");
        }
        let payment = json!({ "integrationId": integration, "kind": "CUSTOMER_PAYMENT", "party": customer, "amount": "12.50", "paymentMode": "cash" });
        let job = world.done("transactionCreate", payment).await;
        assert_eq!(job["transaction"]["kind"], "CUSTOMER_PAYMENT");
        let accounts = world.books("GET", "/chartofaccounts", None).await;
        let of_expenses = accounts["chartofaccounts"].as_array().expect("accounts").iter().find(|one| one["account_type"] == "expense").expect("an account of expenses");
        let expense = json!({ "integrationId": integration, "kind": "EXPENSE", "amount": "9.99", "categoryKey": of_expenses["account_id"], "notes": "Taxi" });
        let job = world.done("transactionCreate", expense).await;
        assert_eq!((&job["transaction"]["kind"], &job["transaction"]["customer"]), (&json!("EXPENSE"), &Value::Null), "{job:#}");
        for list in ["/estimates", "/salesorders", "/invoices", "/creditnotes", "/customerpayments", "/purchaseorders", "/bills", "/expenses"] {
            assert_eq!(world.listed(list).await.len(), 1, "{list}");
        }
    }

    async fn a17_6_the_lines_of_a_deal_become_those_of_a_document(world: &TestWorld) {
        let integration = connected(world).await;
        let account = world.account("Acme").await;
        let open = stage(world, "Talks", "OPEN").await;
        let (tea, tin) = (make(world, "product", "name: \"Tea\", unit: \"kg\"").await, make(world, "product", "name: \"Tin\"").await);
        let lines = json!([{ "productId": tea, "quantity": "2.5", "unitPrice": "3.20" }, { "productId": tin, "quantity": "1", "unitPrice": "4" }]);
        let lined = deal(world, json!({ "name": "Lined", "stageId": open, "accountId": account, "amount": "999", "lines": lines })).await;
        let wish = json!({ "integrationId": integration, "kind": "ESTIMATE", "party": { "accountId": account }, "dealId": lined, "fromDeal": true });
        let job = world.done("transactionCreate", wish.clone()).await;
        assert_eq!((&job["transaction"]["deal"]["id"], &job["transaction"]["total"]["amount"]), (&json!(lined), &json!("12")), "{job:#}");
        let estimate = there(world, "/estimates", "estimate").await;
        let told: Vec<_> = estimate["line_items"].as_array().expect("lines").iter()
            .map(|line| (line["name"].as_str().expect("a name").to_owned(), number(&line["quantity"]), number(&line["rate"]))).collect();
        assert_eq!(told, [("Tea".to_owned(), 2.5, 3.2), ("Tin".to_owned(), 1.0, 4.0)], "{estimate:#}");

        // Without lines it is one line of the deal's name and amount.
        let plain = deal(world, json!({ "name": "Plain", "stageId": open, "accountId": account, "amount": "250.50" })).await;
        let invoice = with(wish.clone(), json!({ "kind": "INVOICE", "dealId": plain }));
        world.done("transactionCreate", invoice).await;
        let invoice = there(world, "/invoices", "invoice").await;
        let lines = invoice["line_items"].as_array().expect("lines");
        assert_eq!((lines.len(), &lines[0]["name"], number(&lines[0]["rate"])), (1, &json!("Plain"), 250.5), "{invoice:#}");

        let blank = deal(world, json!({ "name": "Blank", "stageId": open, "accountId": account })).await;
        assert_eq!(faults(world, "transactionCreate", with(wish.clone(), json!({ "dealId": blank }))).await, one("REQUIRED", "fromDeal"));
        let unpriced = json!([{ "productId": tea, "quantity": "1", "unitPrice": null }]);
        let unpriced = deal(world, json!({ "name": "Unpriced", "stageId": open, "accountId": account, "lines": unpriced })).await;
        assert_eq!(faults(world, "transactionCreate", with(wish.clone(), json!({ "dealId": unpriced }))).await, one("REQUIRED", "fromDeal"));
        assert_eq!(faults(world, "transactionCreate", with(wish.clone(), json!({ "currencyCode": "EUR" }))).await, one("CURRENCY_DIFFERS", "currencyCode"));
        let lines = json!({ "lines": [{ "name": "Tea", "quantity": "1", "unitPrice": "1" }] });
        assert_eq!(faults(world, "transactionCreate", with(wish.clone(), lines)).await, one("INVALID", "fromDeal"));
        assert_eq!(faults(world, "transactionCreate", with(wish, json!({ "dealId": null }))).await, one("REQUIRED", "dealId"));
        assert_eq!((world.listed("/estimates").await.len(), world.listed("/invoices").await.len()), (1, 1));
    }

    async fn what_cannot_be_made_is_refused_before_anybody_is_asked(world: &TestWorld) {
        let integration = connected(world).await;
        let account = world.account("Acme").await;
        let vendor = make(world, "vendor", "name: \"Seller\"").await;
        world.emulator.clear_journal();
        let good = tea(&integration, "INVOICE", json!({ "accountId": account }));
        let line = |members: Value| json!({ "lines": [with(json!({ "name": "Tea", "quantity": "1", "unitPrice": "1" }), members)] });
        let many: Vec<Value> = (0..101).map(|n| json!({ "name": format!("Line {n}"), "quantity": "1", "unitPrice": "1" })).collect();
        let nobody = "account_00000000000000000000000000";
        let refused = [
            (json!({ "kind": "SUBSCRIPTION" }), "MODULE_NOT_SUPPORTED", "kind"),
            (json!({ "lines": [] }), "REQUIRED", "lines"),
            (json!({ "lines": null }), "REQUIRED", "lines"),
            (json!({ "lines": many }), "INVALID", "lines"),
            (line(json!({ "quantity": "0" })), "INVALID", "lines.0.quantity"),
            (line(json!({ "quantity": "-1" })), "INVALID", "lines.0.quantity"),
            (line(json!({ "name": " " })), "REQUIRED", "lines.0.name"),
            (line(json!({ "name": "x".repeat(201) })), "TOO_LONG", "lines.0.name"),
            (line(json!({ "itemKey": "../contacts" })), "INVALID", "lines.0.itemKey"),
            (json!({ "party": null }), "REQUIRED", "party"),
            (json!({ "party": {} }), "REQUIRED", "party"),
            (json!({ "party": { "accountId": account, "remoteKey": "1" } }), "INVALID", "party"),
            (json!({ "party": { "vendorId": vendor } }), "INVALID", "party"),
            (json!({ "kind": "BILL" }), "INVALID", "party"),
            (json!({ "party": { "remoteKey": "1/../2" } }), "INVALID", "party.remoteKey"),
            (json!({ "amount": "5" }), "INVALID", "amount"),
            (json!({ "exchangeRate": "0" }), "INVALID", "exchangeRate"),
            (json!({ "datedOn": "2026-01-05", "dueOn": "2026-01-04" }), "INVALID", "dueOn"),
            (json!({ "reference": "x".repeat(51) }), "TOO_LONG", "reference"),
            (json!({ "send": { "to": [] } }), "REQUIRED", "send.to"),
            (json!({ "send": { "to": ["a@example.com", "nobody"] } }), "INVALID", "send.to.1"),
        ];
        for (members, code, field) in refused {
            let found = faults(world, "transactionCreate", with(good.clone(), members.clone())).await;
            assert_eq!(found, one(code, field), "{members}");
        }
        // A form gets all its faults at once.
        let wish = with(good.clone(), json!({ "party": null, "lines": [{ "quantity": "0", "unitPrice": "1" }], "paymentMode": "cash" }));
        let mut found = faults(world, "transactionCreate", wish).await;
        found.sort();
        let wanted = [("INVALID", "lines.0.quantity"), ("INVALID", "paymentMode"), ("REQUIRED", "lines.0.name"), ("REQUIRED", "party")];
        assert_eq!(found, wanted.map(|(code, field)| (code.to_owned(), field.to_owned())));
        // An id that is none, or of something else, is a mistake of the program.
        for wrong in [nobody, vendor.as_str()] {
            let query = "mutation($input: TransactionCreateInput!) { transactionCreate(input: $input) { job { id } } }";
            let answer = world.send(query, json!({ "input": with(good.clone(), json!({ "party": { "accountId": wrong } })) })).await;
            let has_error = answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT" || answer["data"]["transactionCreate"]["job"].is_null();
            assert!(has_error, "{answer:#}");
        }
        assert_eq!(world.emulator.journal().len(), 0);
        let count = world.data("{ transactions { totalCount } }", json!({})).await;
        assert_eq!(count["transactions"]["totalCount"], 0);
    }

    async fn a_wish_that_is_sent_again_with_its_key_is_one_wish(world: &TestWorld) {
        let integration = connected(world).await;
        let customer = seen::customer(world, "Twice Ltd", None).await;
        let wish = with(tea(&integration, "INVOICE", json!({ "remoteKey": customer })), json!({ "idempotencyKey": "one" }));
        let first = world.done("transactionCreate", wish.clone()).await;
        let second = world.done("transactionCreate", wish.clone()).await;
        assert_eq!((&first["id"], &first["transaction"]["id"]), (&second["id"], &second["transaction"]["id"]));
        assert_eq!(world.listed("/invoices").await.len(), 1);
        let other = with(wish, json!({ "notes": "Another" }));
        assert_eq!(faults(world, "transactionCreate", other).await, one("IDEMPOTENCY_KEY_REUSED", "idempotencyKey"));

        let id = first["transaction"]["id"].clone();
        let mail = json!({ "id": id, "to": ["buyer@example.com"], "subject": "Your invoice", "body": "Thank you.", "idempotencyKey": "two" });
        let first = world.done("transactionMail", mail.clone()).await;
        let second = world.done("transactionMail", mail).await;
        assert_eq!((&first["id"], world.mails().await.len()), (&second["id"], 1));
    }

    async fn a_disabled_integration_is_asked_for_nothing(world: &TestWorld) {
        let integration = connected(world).await;
        let customer = seen::customer(world, "Resting Ltd", None).await;
        let wish = tea(&integration, "INVOICE", json!({ "remoteKey": customer }));
        let job = world.done("transactionCreate", wish.clone()).await;
        let query = "mutation($id: ID!) { integrationDisable(input: { integrationId: $id, confirm: true }) { userErrors { code message } } }";
        let data = world.data(query, json!({ "id": integration })).await;
        assert_eq!(data["integrationDisable"]["userErrors"], json!([]), "{data:#}");
        world.emulator.clear_journal();
        let id = job["transaction"]["id"].clone();
        let asked = [
            ("transactionCreate", "TransactionCreateInput", wish),
            ("transactionMarkSent", "TransactionMarkSentInput", json!({ "id": id })),
            ("transactionRefresh", "TransactionRefreshInput", json!({ "id": id })),
            ("transactionMail", "TransactionMailInput", json!({ "id": id, "to": ["buyer@example.com"] })),
        ];
        for (mutation, input, wish) in asked {
            let query = format!("mutation($input: {input}!) {{ {mutation}(input: $input) {{ job {{ id }} userErrors {{ code }} }} }}");
            let answer = world.send(&query, json!({ "input": wish })).await;
            assert_eq!(answer["errors"][0]["extensions"]["code"], "INTEGRATION_INACTIVE", "{mutation}: {answer:#}");
        }
        assert_eq!(world.emulator.journal().len(), 0);
        let data = world.data("query($id: ID!) { transaction(id: $id) { allowedActs } }", json!({ "id": id })).await;
        assert_eq!(data["transaction"]["allowedActs"], json!([]));
    }

    async fn what_may_be_done_follows_from_how_a_document_stands(world: &TestWorld) {
        let integration = connected(world).await;
        let customer = seen::customer(world, "Standing Ltd", None).await;
        let party = json!({ "remoteKey": customer });
        let allowed = async |id: &Value| {
            let mut data = world.data("query($id: ID!) { transaction(id: $id) { allowedActs } }", json!({ "id": id })).await;
            let mut acts: Vec<String> = serde_json::from_value(data["transaction"]["allowedActs"].take()).expect("acts");
            acts.sort();
            acts
        };
        let estimate = world.done("transactionCreate", tea(&integration, "ESTIMATE", party.clone())).await["transaction"]["id"].take();
        assert_eq!(allowed(&estimate).await, ["ACCEPT", "DECLINE", "MARK_SENT"]);
        for mutation in ["transactionVoid", "transactionCancel", "transactionOpen", "transactionReopen"] {
            assert_eq!(faults(world, mutation, json!({ "id": estimate })).await, one("NOT_SUPPORTED", "id"), "{mutation}");
        }
        let invoice = world.done("transactionCreate", tea(&integration, "INVOICE", party.clone())).await["transaction"]["id"].take();
        assert_eq!(allowed(&invoice).await, ["MARK_SENT", "VOID"]);
        assert_eq!(faults(world, "transactionReopen", json!({ "id": invoice })).await, one("ACT_NOT_ALLOWED", "id"));
        let job = world.done("transactionVoid", json!({ "id": invoice })).await;
        assert_eq!((&job["act"], &job["transaction"]["status"]), (&json!("STATUS"), &json!("VOID")), "{job:#}");
        assert_eq!(allowed(&invoice).await, ["REOPEN"]);
        assert_eq!(faults(world, "transactionMarkSent", json!({ "id": invoice })).await, one("ACT_NOT_ALLOWED", "id"));
        let job = world.done("transactionReopen", json!({ "id": invoice })).await;
        assert_eq!(job["transaction"]["status"], "DRAFT");
        // What is under way may change how it stands, so the next wish is not judged by what was read before.
        let first = world.asked("transactionVoid", json!({ "id": invoice })).await;
        let second = world.ask("transactionReopen", json!({ "id": invoice })).await;
        assert_eq!(world.job_ended(&first).await["state"], "SUCCEEDED");
        if let Some(second) = second["job"]["id"].as_str() {
            assert_eq!(world.job_ended(second).await["state"], "SUCCEEDED");
        }
        let order = world.done("transactionCreate", tea(&integration, "SALES_ORDER", party)).await["transaction"]["id"].take();
        let job = world.done("transactionOpen", json!({ "id": order })).await;
        assert_eq!(job["transaction"]["status"], "OPEN");

        assert_eq!(faults(world, "transactionUpdate", json!({ "id": order })).await, one("REQUIRED", ""));
        assert_eq!(faults(world, "transactionUpdate", json!({ "id": order, "paymentMode": "cash" })).await, one("INVALID", "paymentMode"));
        let nothing = "mutation($id: ID!) { transactionVoid(input: { id: $id }) { job { id } userErrors { code field } } }";
        let other = json!({ "id": integration });
        assert_eq!(world.send(nothing, other).await["errors"][0]["extensions"]["code"], "BAD_USER_INPUT");
    }

    async fn a_job_is_followed_until_its_end_and_found_by_its_id(world: &TestWorld) {
        let integration = connected(world).await;
        let customer = seen::customer(world, "Followed Ltd", None).await;
        let job = world.done("transactionCreate", tea(&integration, "INVOICE", json!({ "remoteKey": customer }))).await;
        assert!(job["createdAt"].is_string() && job["finishedAt"].is_string(), "{job:#}");
        let query = "query($id: ID!) { node(id: $id) { id __typename } }";
        let found = world.data(query, json!({ "id": job["id"] })).await;
        assert_eq!(found["node"], json!({ "id": job["id"], "__typename": "TransactionJob" }));
        let refreshed = world.done("transactionRefresh", json!({ "id": job["transaction"]["id"] })).await;
        assert_eq!((&refreshed["act"], &refreshed["transaction"]["id"]), (&json!("REFRESH"), &job["transaction"]["id"]));
        // Nobody else's.
        let stranger = crate::graphql::organization(world, "Other", "otto@example.com").await;
        let foreign = "query($job: ID!, $id: ID!) { transactionJob(id: $job) { id } transaction(id: $id) { id } }";
        let seen = world.send_as(&stranger.token, foreign, json!({ "job": job["id"], "id": job["transaction"]["id"] })).await;
        assert_eq!(seen["data"], json!({ "transactionJob": null, "transaction": null }), "{seen:#}");
        let void = "mutation($id: ID!) { transactionVoid(input: { id: $id }) { job { id } userErrors { code } } }";
        let refused = world.send_as(&stranger.token, void, json!({ "id": job["transaction"]["id"] })).await;
        assert_eq!(refused["data"]["transactionVoid"]["userErrors"], json!([{ "code": "NOT_FOUND" }]), "{refused:#}");
    }
}
