//! Every code that a client can meet, with its HTTP status and its whole sentence.

use finbridge_emulator::{DEMO_CLIENT_ID, DEMO_CLIENT_SECRET, DEMO_EMAIL, DEMO_ZSC_KEY};
use serde_json::{Value, json};

use crate::calls::*;
use crate::sales::{id_of, shop};
use crate::world::*;

/// A call and the refusal it must meet.
type Row<'a> = (&'a str, &'a str, Value, u16, u32, &'a str);

async fn provoke(api: &Api, rows: Vec<Row<'_>>) {
    for (method, path, body, status, code, message) in rows {
        refused(api, method, path, body, status, code, message).await;
    }
}

#[tokio::test]
async fn platform_codes() {
    let w = world_with(two_tenants()).await;
    let send_raw = async |kind: &str, body: Vec<u8>| {
        send(w.api.request("POST", "contacts").header("Content-Type", kind).body(body)).await
    };
    provoke(
        &w.api,
        vec![
            ("POST", "contacts", json!({}), 400, 2, "Invalid value passed for contact_name"),
            ("GET", "nonsense", Value::Null, 404, 5, "Invalid URL Passed"),
            (
                "POST",
                "contacts",
                json!({"contact_name": "x", "currency_id": "12"}),
                400,
                6,
                "Invalid reference passed for currency_id",
            ),
            ("POST", "contacts", Value::Null, 400, 11, "JSONString is missing or empty"),
            (
                "POST",
                "contacts",
                json!({"contact_name": "x".repeat(201)}),
                400,
                15,
                "Please ensure that the contact_name has less than 200 characters.",
            ),
            (
                "PATCH",
                "contacts",
                Value::Null,
                405,
                37,
                "The HTTP method is not allowed for the requested resource",
            ),
            (
                "POST",
                "recurringinvoices",
                json!({}),
                501,
                501,
                "Create a recurring invoice is not emulated yet",
            ),
            ("GET", "contacts/1", Value::Null, 404, 1002, "Contact does not exist."),
            (
                "GET",
                "contacts?organization_id=60012345",
                Value::Null,
                400,
                6041,
                "This user is not associated with the CompanyID/CompanyName:60012345.",
            ),
        ],
    )
    .await;
    let alone = Api::login_as(&w.api.url, "alone@example.com", "alone-key", None).await;
    let nowhere = "This user is not associated with any organization.";
    provoke(&alone, vec![("GET", "contacts", Value::Null, 400, 9017, nowhere)]).await;
    let malformed = (400, json!({"code": 1038, "message": "JSON is not well formed"}));
    assert_eq!(send_raw("application/json", b"{".to_vec()).await, malformed);
    let large = (413, json!({"code": 413, "message": "The request body is larger than 10 MiB."}));
    assert_eq!(send_raw("application/json", vec![b' '; 10 * 1024 * 1024 + 1]).await, large);
    w.api.call("POST", "/_emulator/faults", json!({"action": {"kind": "server_error", "status": 500}})).await;
    provoke(&w.api, vec![("GET", "contacts", Value::Null, 500, 1000, "Internal error")]).await;
}

#[tokio::test]
async fn token_codes() {
    let w = world().await;
    let unknown = Api { token: "nonsense".to_owned(), ..w.api.clone() };
    let rows = vec![("GET", "contacts", Value::Null, 401, 14, "Invalid value passed for authtoken.")];
    provoke(&unknown, rows).await;
    let reader = Api::login_as(&w.api.url, DEMO_EMAIL, DEMO_ZSC_KEY, Some("ZohoBooks.invoices.READ")).await;
    let unauthorized = "You are not authorized to perform this operation";
    provoke(&reader, vec![("GET", "contacts", Value::Null, 401, 57, unauthorized)]).await;
    for (client, key, code, message) in [
        (DEMO_CLIENT_ID, "wrong", 900_001, "The e-mail address or the ZSC key is not valid."),
        ("wrong", DEMO_ZSC_KEY, 900_002, "The client id or the client secret is not valid."),
    ] {
        let body = json!({"client_id": client, "client_secret": DEMO_CLIENT_SECRET, "email": DEMO_EMAIL, "zsc_key": key});
        let rows = vec![("POST", "/integration/v1/zsc/exchange", body, 401, code, message)];
        provoke(&w.api, rows).await;
    }
}

#[tokio::test]
async fn limit_codes() {
    let blocked = "For security reasons you have been blocked for some time as you have exceeded the maximum number of \
                   requests per minute.";
    let organization = "For security reasons your organization has been blocked as it have exceeded the maximum number \
                        of requests per minute that can originate from an organization.";
    let busy = "You have reached the maximum number of in process requests allowed. Kindly try again after some time.";
    for (limits, code, message) in [
        (json!({"enforced": true, "user_minute": 1}), 43, blocked),
        (json!({"enforced": true, "organization_minute": 1}), 44, organization),
    ] {
        let w = world().await;
        let (status, answer) = w.api.call("PUT", "/_emulator/limits", limits).await;
        assert_eq!(status, 200, "{answer}");
        w.api.get("contacts").await;
        provoke(&w.api, vec![("GET", "contacts", Value::Null, 429, code, message)]).await;
    }
    let w = world().await;
    for (limit, code, message) in [
        ("day", 45, "The API call for this organization has exceeded the maximum call rate limit of 10,000."),
        ("concurrency", 1070, busy),
    ] {
        let rule = json!({"action": {"kind": "exceeded", "limit": limit}, "count": 1});
        let (status, answer) = w.api.call("POST", "/_emulator/faults", rule).await;
        assert!(status < 300, "{answer}");
        provoke(&w.api, vec![("GET", "contacts", Value::Null, 429, code, message)]).await;
    }
}

#[tokio::test]
async fn record_codes() {
    let w = world().await;
    let first = w.api.create(json!({"contact_name": "Acme"})).await;
    let usd = text(&first, "currency_id");
    let eur = (usd.parse::<u64>().unwrap() + 1).to_string();
    w.api.create(json!({"contact_name": "Euro", "currency_id": eur})).await;
    let code = text(&w.api.get(&format!("settings/currencies/{eur}")).await["currency"], "currency_code");
    done(&w.api, 201, "POST", "items", json!({"name": "Nut", "rate": 1, "sku": "N1"})).await;
    done(
        &w.api,
        201,
        "POST",
        "/integration/v1/customfields",
        json!({"entity": "item", "label": "Ref", "is_unique": true}),
    )
    .await;
    let taken = |what: &str| format!("The {what} already exists. Please specify a different name.");
    let used = format!("{code} is used by other records and cannot be deleted.");
    let customer = taken("customer \"ACME\"");
    provoke(
        &w.api,
        vec![
            ("POST", "settings/currencies", json!({"currency_code": "USD"}), 400, 4, "USD already exists."),
            ("DELETE", &format!("settings/currencies/{eur}"), Value::Null, 400, 36, &used),
            (
                "DELETE",
                &format!("settings/currencies/{usd}"),
                Value::Null,
                400,
                4099,
                "The base currency cannot be deleted.",
            ),
            (
                "POST",
                "items",
                json!({"name": "nut", "rate": 1}),
                400,
                1001,
                "The item \"nut\" already exists. Please specify a different name.",
            ),
            (
                "POST",
                "items",
                json!({"name": "Bolt", "rate": 1, "sku": "n1"}),
                400,
                1001,
                "The SKU \"n1\" already exists. Please specify a different SKU.",
            ),
            ("POST", "contacts", json!({"contact_name": "ACME"}), 400, 3062, &customer),
        ],
    )
    .await;
    let upsert = w
        .api
        .request("PUT", "items")
        .header("X-Unique-Identifier-Key", "cf_ref")
        .header("X-Unique-Identifier-Value", "R-1")
        .json(&json!({"name": "x", "rate": 1}));
    let message = "No record has the value R-1 in its unique custom field.";
    assert_eq!(send(upsert).await, (404, json!({"code": 1003, "message": message})));
}

#[tokio::test]
async fn transaction_codes() {
    let shop = shop().await;
    let api = shop.api();
    let invoice = shop.invoice(json!(100)).await;
    let (number, id) = (text(&invoice, "invoice_number"), id_of(&invoice, "invoice_id"));
    let apply = |amount: u32| {
        json!({"customer_id": shop.customer, "payment_mode": "cash", "amount": amount, "date": "2026-01-05",
            "invoices": [{"invoice_id": id, "amount_applied": amount}]})
    };
    done(&api, 201, "POST", "customerpayments", apply(60)).await;
    let estimate = id_of(&shop.create("estimates", json!({})).await, "estimate_id");
    let sleeper = api.named("Sleeper").await;
    done(&api, 200, "POST", &format!("contacts/{sleeper}/inactive"), Value::Null).await;
    let vendor = api.create(json!({"contact_name": "Steel", "contact_type": "vendor"})).await;
    let lines = json!([{"name": "Work", "rate": 1}]);
    let bill = json!({"vendor_id": vendor["contact_id"], "bill_number": "B-1", "line_items": lines});
    done(&api, 201, "POST", "bills", bill.clone()).await;
    let over = format!("The amount applied to {number} is more than its balance.");
    provoke(
        &api,
        vec![
            (
                "POST",
                "invoices",
                json!({"customer_id": shop.customer, "line_items": lines, "invoice_number": "X"}),
                400,
                4097,
                "invoice_number is generated automatically. Send ignore_auto_number_generation=true to choose one.",
            ),
            (
                "DELETE",
                &format!("contacts/{}", shop.customer),
                Value::Null,
                400,
                1004,
                "The customer \"Bowman\" has transactions and cannot be deleted. It can only be marked as inactive.",
            ),
            (
                "POST",
                "invoices",
                json!({"customer_id": sleeper, "line_items": lines}),
                400,
                1005,
                "The contact \"Sleeper\" is inactive. Mark it as active first.",
            ),
            (
                "POST",
                "invoices",
                json!({"customer_id": shop.customer, "line_items": []}),
                400,
                4016,
                "Please add at least one line item.",
            ),
            (
                "POST",
                &format!("estimates/{estimate}/approve"),
                Value::Null,
                400,
                4098,
                "An estimate in the status draft cannot be approved.",
            ),
            ("POST", "customerpayments", apply(41), 400, 4017, &over),
            (
                "DELETE",
                &format!("invoices/{id}"),
                Value::Null,
                400,
                4018,
                "Invoice has payments or credits applied. Remove them first.",
            ),
            (
                "POST",
                "bills",
                bill,
                400,
                13011,
                "The bill number \"B-1\" has already been used for this vendor.",
            ),
        ],
    )
    .await;
    let mut form = String::new();
    for _ in 0..11 {
        form +=
            "--b1\r\nContent-Disposition: form-data; name=\"attachment\"; filename=\"a.pdf\"\r\n\r\nx\r\n";
    }
    let upload = api
        .request("POST", &format!("invoices/{id}/attachment"))
        .header("Content-Type", "multipart/form-data; boundary=b1")
        .body(form + "--b1--\r\n");
    let many = json!({"code": 1009, "message": "A document may have at most 10 files."});
    assert_eq!(send(upload).await, (400, many));
}

#[tokio::test]
async fn link_service_codes() {
    const HERE: &str = "/integration/v1";
    let mut seed = two_tenants();
    seed.organizations[0].plan_name = "FREE".to_owned();
    seed.organizations[0].apps = vec!["books".to_owned()];
    let w = world_with(seed).await;
    let (a, b) = (w.api.named("A").await, w.api.named("B").await);
    let (link_a, link_b) = (format!("{HERE}/contacts/{a}/link"), format!("{HERE}/contacts/{b}/link"));
    done(&w.api, 200, "PUT", &link_a, json!({"zcrm_account_id": "42"})).await;
    let dollar = text(&w.api.get(&format!("contacts/{a}")).await["contact"], "currency_id");
    let euro = (dollar.parse::<u64>().unwrap() + 1).to_string();
    let foreign = id(&w.api.create(json!({"contact_name": "F", "currency_id": euro})).await);
    let mut items = Vec::new();
    for name in ["Nut", "Bolt"] {
        let item = done(&w.api, 201, "POST", "items", json!({"name": name, "rate": 1})).await;
        items.push(format!("{HERE}/items/{}/link", text(&item["item"], "item_id")));
    }
    done(&w.api, 200, "PUT", &items[0], json!({"zcrm_product_id": "7"})).await;
    let record = json!({"record": {"contact_name": "V"}});
    let (status, answer) = w.api.call("PUT", &format!("{HERE}/crm/vendors/3"), record).await;
    assert!(status < 300, "{answer}");
    done(&w.api, 200, "PUT", &format!("{HERE}/settings"), json!({"vendors": false})).await;
    let grant = |email: &str, app: &str| json!({"email": email, "app": app, "module": "invoices", "operations": ["read"]});
    let elsewhere = format!("The CRM record is already linked to the contact {a}.");
    let currency =
        format!("The contact {foreign} has another currency. Only contacts of one currency can be merged.");
    provoke(
        &w.api,
        vec![
            (
                "DELETE",
                &format!("contacts/{a}"),
                Value::Null,
                400,
                36,
                "The contact \"A\" is linked with Zoho CRM and cannot be deleted. Remove the link first.",
            ),
            ("PUT", &link_b, json!({"zcrm_account_id": "42"}), 400, 900_003, &elsewhere),
            (
                "PUT",
                &link_a,
                json!({"zcrm_account_id": "43"}),
                400,
                900_004,
                "The contact is already linked to the CRM record 42.",
            ),
            (
                "PUT",
                &items[1],
                json!({"zcrm_product_id": "7"}),
                400,
                900_003,
                "The CRM record 7 is already linked to another record.",
            ),
            (
                "POST",
                "crm/vendor/3/import",
                Value::Null,
                400,
                900_006,
                "The integration is not set to synchronize vendors.",
            ),
            (
                "POST",
                &format!("{HERE}/contacts/{a}/merge"),
                json!({"contact_ids": [foreign]}),
                400,
                900_007,
                &currency,
            ),
            (
                "POST",
                &format!("{HERE}/users"),
                json!({"email": "n@x.test", "name": "N", "user_type": "licensed"}),
                400,
                900_008,
                "All 1 licences of the organization are in use. Buy more, or remove a user.",
            ),
            (
                "POST",
                &format!("{HERE}/grants"),
                grant("x@x.test", "books"),
                400,
                900_009,
                "x@x.test is neither a user nor an integration user of the organization.",
            ),
            (
                "POST",
                &format!("{HERE}/grants"),
                json!({"email": DEMO_EMAIL, "app": "expense", "module": "reports", "operations": ["read"]}),
                400,
                900_010,
                "The organization has not been added to the app expense.",
            ),
        ],
    )
    .await;
    let other = Api::login_as(&w.api.url, "second@example.com", "second-key", None).await;
    let message = "The organization 60012345 does not offer the capability crm_link.";
    let settings = format!("{HERE}/crm/accounts/1");
    let body = json!({"record": {"contact_name": "x"}});
    provoke(&other, vec![("PUT", &settings, body, 400, 900_005, message)]).await;
}
