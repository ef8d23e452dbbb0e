use finbridge_emulator::*;
use serde_json::{Value, json};

use crate::world::*;

async fn scoped(w: &World, scope: &str) -> Api {
    Api::login_as(&w.api.url, DEMO_EMAIL, DEMO_ZSC_KEY, Some(scope)).await
}

fn refused() -> (u16, Value) {
    (401, json!({"code": 57, "message": "You are not authorized to perform this operation"}))
}

#[tokio::test]
async fn each_operation_needs_its_scope() {
    let w = world().await;
    let calls = [
        ("READ", "GET", "contacts"),
        ("READ", "GET", "contacts/1"),
        ("READ", "GET", "contacts/1/address"),
        ("CREATE", "POST", "contacts"),
        ("CREATE", "POST", "contacts/1/active"),
        ("CREATE", "POST", "contacts/1/inactive"),
        ("CREATE", "POST", "crm/account/1/import"),
        ("UPDATE", "PUT", "contacts/1"),
        ("DELETE", "DELETE", "contacts/1"),
    ];
    for operation in ["READ", "CREATE", "UPDATE", "DELETE", "ALL"] {
        let api = scoped(&w, &format!("zohobooks.Contacts.{operation}")).await;
        for (needed, method, path) in calls {
            let answer = api.call(method, path, Value::Null).await;
            let allowed = operation == "ALL" || operation == needed;
            assert_eq!(answer.0 != 401, allowed, "{operation}: {method} {path}: {answer:?}");
            assert!(allowed || answer == refused(), "{answer:?}");
        }
        assert_eq!(api.call("GET", "organizations", Value::Null).await, refused());
    }
    let settings = scoped(&w, "ZohoBooks.settings.READ").await;
    assert_eq!(settings.call("GET", "organizations", Value::Null).await.0, 200);
    assert_eq!(settings.call("GET", "users/me", Value::Null).await.0, 200);
    assert_eq!(settings.call("GET", "contacts", Value::Null).await, refused());
}

#[tokio::test]
async fn scopes_of_one_product_open_no_other() {
    let w = world().await;
    for scope in [
        "ZohoInvoice.fullaccess.all",
        "ZohoInvoice.contacts.ALL",
        "ERP.contacts.ALL,ERP.fullaccess.all",
        "ZohoSubscriptions.fullaccess.all ZohoExpense.fullaccess.ALL",
    ] {
        let api = scoped(&w, scope).await;
        assert_eq!(api.call("GET", "contacts", Value::Null).await, refused(), "{scope}");
        assert_eq!(
            api.call("PUT", "/integration/v1/contacts/1/link", json!({"zcrm_account_id": "1"})).await,
            refused(),
            "the link service needs scopes of Books"
        );
    }
    let both = scoped(&w, "ZohoExpense.trip.READ,ZOHOBOOKS.FULLACCESS.ALL").await;
    assert_eq!(both.call("GET", "contacts", Value::Null).await.0, 200);
    assert_eq!(both.call("POST", "contacts", json!({"contact_name": "x"})).await.0, 201);
}

#[tokio::test]
async fn the_organization_is_selected_by_query_header_or_default() {
    let mut seed = two_tenants();
    seed.users[0].organizations.push("60012345".to_owned());
    let mut invoice_only = seed.organizations[0].clone();
    invoice_only.organization_id = "70012345".to_owned();
    invoice_only.apps = vec!["invoice".to_owned()];
    seed.organizations.push(invoice_only);
    seed.users[0].organizations.push("70012345".to_owned());
    let w = world_with(seed).await;
    w.api.named("American").await;
    let indian = w.api.request("POST", "contacts?organization_id=60012345");
    assert_eq!(send(indian.json(&json!({"contact_name": "Indian"}))).await.0, 201);

    let seen = async |path: &str, headers: &[(&str, &str)]| {
        let mut request = w.api.request("GET", path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (status, body) = send(request).await;
        assert_eq!(status, 200, "{path} {headers:?}: {body}");
        names(&body)[0].clone()
    };
    assert_eq!(seen("contacts", &[]).await, "American");
    assert_eq!(seen("contacts?organization_id=", &[]).await, "American");
    for product in ["books", "invoice", "expense", "subscriptions", "billing"] {
        for name in
            [format!("X-com-zoho-{product}-organizationid"), format!("x-COM-zoho-{product}-OrganizationId")]
        {
            assert_eq!(seen("contacts", &[(&name, " 60012345 ")]).await, "Indian", "{name}");
            assert_eq!(seen("contacts", &[(&name, "")]).await, "American", "{name}");
        }
    }
    let (books, invoice) = ("x-com-zoho-books-organizationid", "x-com-zoho-invoice-organizationid");
    assert_eq!(seen("contacts", &[(invoice, "60012345"), (books, DEMO_ORGANIZATION_ID)]).await, "American");
    assert_eq!(
        seen(&format!("contacts?organization_id={DEMO_ORGANIZATION_ID}"), &[(books, "60012345")]).await,
        "American"
    );

    for id in ["999", "70012345", "x"] {
        let message = format!("This user is not associated with the CompanyID/CompanyName:{id}.");
        let refused = (400, json!({"code": 6041, "message": message}));
        let path = format!("contacts?organization_id={id}");
        assert_eq!(w.api.call("GET", &path, Value::Null).await, refused);
        assert_eq!(send(w.api.request("GET", "contacts").header(books, id)).await, refused);
    }
    let alone = Api::login_as(&w.api.url, "alone@example.com", "alone-key", None).await;
    assert_eq!(
        alone.call("GET", "contacts", Value::Null).await,
        (400, json!({"code": 9017, "message": "This user is not associated with any organization."}))
    );
}

#[tokio::test]
async fn a_token_for_one_organization_opens_no_other() {
    let mut seed = two_tenants();
    seed.users[0].organizations.push("60012345".to_owned());
    let w = world_with(seed).await;
    let form = [
        ("grant_type", "client_credentials"),
        ("scope", "ZohoBooks.fullaccess.all"),
        ("soid", "zohobooks.60012345"),
        ("client_id", DEMO_CLIENT_ID),
        ("client_secret", DEMO_CLIENT_SECRET),
    ];
    let (_, answer) = send(w.api.http.post(format!("{}/oauth/v2/token", w.api.url)).form(&form)).await;
    let api = Api { token: answer["access_token"].as_str().unwrap().to_owned(), ..w.api.clone() };
    api.named("Indian").await;
    assert_eq!(names(&w.api.get("contacts?organization_id=60012345").await), ["Indian"]);
    let (status, body) = api.call("GET", "contacts?organization_id=10234695", Value::Null).await;
    assert_eq!((status, &body["code"]), (400, &json!(6041)));
    let (status, body) = api.call("GET", "organizations/10234695", Value::Null).await;
    assert_eq!((status, &body["code"]), (400, &json!(6041)));
}
