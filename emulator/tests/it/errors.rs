use finbridge_emulator::{DEMO_EMAIL, DEMO_ZSC_KEY};
use serde_json::{Value, json};

use crate::world::*;

#[tokio::test]
async fn routes_that_do_not_exist_or_are_not_emulated() {
    let w = world().await;
    for (method, path, status, code, message) in [
        ("GET", "nonsense", 404, 5, "Invalid URL Passed"),
        ("GET", "/", 404, 5, "Invalid URL Passed"),
        ("GET", "/books/v2/contacts", 404, 5, "Invalid URL Passed"),
        ("PATCH", "contacts", 405, 37, "The HTTP method is not allowed for the requested resource"),
        ("POST", "vendors", 405, 37, "The HTTP method is not allowed for the requested resource"),
        ("PATCH", "invoices", 405, 37, "The HTTP method is not allowed for the requested resource"),
        ("GET", "/oauth/v2/token", 405, 37, "The HTTP method is not allowed for the requested resource"),
        ("POST", "recurringinvoices", 501, 501, "Create a recurring invoice is not emulated yet"),
        ("GET", "bankaccounts/12", 501, 501, "Get a bank account is not emulated yet"),
        ("GET", "/inventory/v1/items", 501, 501, "Zoho Inventory v1 is not emulated yet"),
    ] {
        let (got, body) = w.api.call(method, path, Value::Null).await;
        assert_eq!((got, body), (status, json!({"code": code, "message": message})), "{method} {path}");
    }
}

/// Invoice is a subset of Books, and ERP has a warehouse beside it.
#[tokio::test]
async fn what_invoice_and_erp_have_and_is_not_emulated_names_itself() {
    let mut w = world().await;
    let scopes = "ZohoBooks.fullaccess.all,ZohoInvoice.fullaccess.all,ERP.fullaccess.all";
    w.api = Api::login_as(&w.api.url, DEMO_EMAIL, DEMO_ZSC_KEY, Some(scopes)).await;
    for (method, path, status, code, message) in [
        ("GET", "/invoice/v3/recurringinvoices", 501, 501, "List recurring invoices is not emulated yet"),
        ("PUT", "/invoice/v3/retainerinvoices/12", 501, 501, "Update a retainer invoice is not emulated yet"),
        ("GET", "/invoice/v3/projects", 501, 501, "List projects is not emulated yet"),
        ("POST", "/invoice/v3/tasks", 501, 501, "Create a task is not emulated yet"),
        ("GET", "/invoice/v3/projects/12/tasks", 501, 501, "List tasks of a project is not emulated yet"),
        ("GET", "/invoice/v3/projects/timeentries", 501, 501, "List time entries is not emulated yet"),
        ("GET", "/invoice/v3/expensecategories", 501, 501, "List expense categories is not emulated yet"),
        ("GET", "/invoice/v3/journals", 404, 5, "Invalid URL Passed"),
        ("GET", "/erp/v3/packages", 501, 501, "List packages is not emulated yet"),
        (
            "POST",
            "/erp/v3/inventoryadjustments",
            501,
            501,
            "Create an inventory adjustment is not emulated yet",
        ),
        ("GET", "/erp/v3/transferorders/12", 501, 501, "Get a transfer order is not emulated yet"),
        ("GET", "packages", 404, 5, "Invalid URL Passed"),
    ] {
        let (got, body) = w.api.call(method, path, Value::Null).await;
        assert_eq!((got, body), (status, json!({"code": code, "message": message})), "{method} {path}");
    }
}

#[tokio::test]
async fn missing_records() {
    let w = world().await;
    for (method, path, message) in [
        ("GET", "contacts/460000000000000999", "Contact does not exist."),
        ("GET", "contacts/abc", "Contact does not exist."),
        ("PUT", "contacts/460000000000000999", "Contact does not exist."),
        ("DELETE", "contacts/460000000000000999", "Contact does not exist."),
        ("POST", "contacts/99999999999999999999999/active", "Contact does not exist."),
        ("DELETE", "contacts/contactpersons/1", "Contact person does not exist."),
        ("GET", "contacts/1/address", "Contact does not exist."),
        ("POST", "crm/account/1/import", "CRM record does not exist."),
    ] {
        let (status, body) =
            w.api.call(method, path, if method == "PUT" { json!({}) } else { Value::Null }).await;
        assert_eq!((status, body), (404, json!({"code": 1002, "message": message})), "{method} {path}");
    }
}

#[tokio::test]
async fn organizations_are_selected_checked_and_written() {
    let w = world_with(two_tenants()).await;
    let wrong = json!({"code": 6041, "message": "This user is not associated with the CompanyID/CompanyName:60012345."});
    assert_eq!(
        w.api.call("GET", "contacts?organization_id=60012345", Value::Null).await,
        (400, wrong.clone())
    );
    let by_header = w.api.request("GET", "contacts").header("x-COM-zoho-books-organizationid", "60012345");
    assert_eq!(send(by_header).await, (400, wrong));
    assert_eq!(w.api.call("GET", "contacts?organization_id=10234695", Value::Null).await.0, 200);
    let alone = Api::login_as(&w.api.url, "alone@example.com", "alone-key", None).await;
    let (status, body) = alone.call("GET", "contacts", Value::Null).await;
    assert_eq!((status, body["code"].as_i64()), (400, Some(9017)));
    assert_eq!(alone.get("organizations").await["organizations"], json!([]));

    let list = w.api.get("organizations").await;
    assert!(list.get("page_context").is_none());
    let row = &list["organizations"][0];
    assert_eq!(
        (&row["name"], &row["is_default_org"], &row["currency_code"]),
        (&json!("Finbridge Demo Inc."), &json!(true), &json!("USD"))
    );
    assert_eq!(
        (&row["currency_symbol"], &row["country_code"], &row["price_precision"]),
        (&json!("$"), &json!("US"), &json!(2))
    );
    assert_eq!(w.api.get("organizations?page=2").await["organizations"], json!([]));

    let new =
        json!({"name": "Neu", "currency_code": "EUR", "time_zone": "Europe/Berlin", "portal_name": "neu"});
    let (status, body) = w.api.call("POST", "organizations", new).await;
    assert_eq!(status, 201, "{body}");
    let new = body["organization"]["organization_id"].as_str().unwrap().to_owned();
    let (_, body) =
        w.api.call("PUT", &format!("organizations/{new}"), json!({"name": "Neuer", "phone": "1"})).await;
    assert_eq!(
        (&body["organization"]["name"], &body["organization"]["phone"]),
        (&json!("Neuer"), &json!("1"))
    );
    assert_eq!(w.api.get(&format!("organizations/{new}")).await["organization"]["is_default_org"], false);
    assert_eq!(names(&w.api.get(&format!("contacts?organization_id={new}")).await).len(), 0);
    assert_eq!(w.api.call("GET", "organizations/60012345", Value::Null).await.0, 400);
    let (status, _) = w
        .api
        .call("POST", "organizations", json!({"name": "x", "currency_code": "QQQ", "time_zone": "UTC"}))
        .await;
    assert_eq!(status, 400);

    let me = w.api.get("users/me").await;
    assert_eq!(
        (&me["user"]["name"], &me["user"]["email"]),
        (&json!("Demo Administrator"), &json!("admin@example.com"))
    );
}
