//! Documents.

use finbridge_contract::{Connector, DocumentAdapter, DocumentDraft, FailureKind, Party};
use finbridge_domain::{DocumentAct, DocumentKind, PartyKind};
use finbridge_zoho::App;
use serde_json::{Value, json};
use wiremock::matchers::{method, path};
use wiremock::{Mock, ResponseTemplate};

use crate::support::{World, done, failure};

const INVOICES: &str = "/books/v3/invoices";
const INVOICE: &str = "/books/v3/invoices/46";

fn invoices(world: &World) -> &dyn DocumentAdapter {
    world.books.documents(DocumentKind::Invoice).unwrap()
}

fn invoice(status: &str, reference: &str) -> Value {
    json!({ "invoice_id": "46", "status": status, "reference_number": reference, "customer_id": "7", "total": 100,
        "currency_code": "USD", "last_modified_time": "2026-01-05T12:06:10+0530" })
}

fn told(status: &str) -> Value {
    json!({ "code": 0, "invoice": invoice(status, "FB-1") })
}

fn list(plural: &str, rows: &[Value]) -> Value {
    json!({ "code": 0, plural: rows, "page_context": { "has_more_page": false } })
}

#[tokio::test]
async fn what_may_have_been_made_is_not_taken_for_a_refusal() {
    let world = World::start().await;
    let draft = DocumentDraft { reference: Some("FB-1".to_owned()), ..DocumentDraft::default() };
    world.answer_once("POST", INVOICES, 504, json!({})).await;
    let lost = failure(invoices(&world).create(&world.connection, &draft).await);
    assert_eq!(lost.kind, FailureKind::OutcomeUnknown);
    world.answer("POST", INVOICES, 201, json!({ "code": 0, "invoice": { "invoice_id": "46" } })).await;
    world.answer("GET", INVOICE, 500, json!({ "code": 1000, "message": "Internal error" })).await;
    let unread = failure(invoices(&world).create(&world.connection, &draft).await);
    assert_eq!(unread.kind, FailureKind::OutcomeUnknown, "it was made, and only its reading failed");
}

#[tokio::test]
async fn an_ignored_filter_makes_no_stranger_ours() {
    let world = World::start().await;
    world
        .answer("GET", INVOICES, 200, list("invoices", &[invoice("sent", "FB-10"), invoice("sent", "")]))
        .await;
    let found = invoices(&world).find_by_reference(&world.connection, "FB-1").await.unwrap();
    assert_eq!(found, None);
    assert_eq!(world.lines().await, [format!("GET {INVOICES}?reference_number=FB-1&per_page=200")]);
}

#[tokio::test]
async fn an_act_that_was_done_already_succeeds() {
    let world = World::start().await;
    let refusal = json!({ "code": 4098, "message": "An invoice in the status void cannot be voided." });
    world.answer("POST", &format!("{INVOICE}/status/void"), 400, refusal).await;
    world.answer_once("GET", INVOICE, 200, told("void")).await;
    let void = invoices(&world).act(&world.connection, "46", DocumentAct::Void).await.unwrap();
    assert_eq!(void.status, "void");
    world.answer("GET", INVOICE, 200, told("paid")).await;
    let paid = failure(invoices(&world).act(&world.connection, "46", DocumentAct::Void).await);
    assert_eq!((paid.kind, paid.remote_code.as_deref()), (FailureKind::Refused, Some("4098")));
}

#[tokio::test]
async fn only_a_pdf_is_taken_for_one() {
    let answers: [(u16, &[u8], &str, Option<FailureKind>); 5] = [
        (200, b"%PDF-1.7 ...", "application/pdf;charset=UTF-8", None),
        (200, b"<html>", "text/html", Some(FailureKind::Malformed)),
        (200, b"<html>", "application/pdf", Some(FailureKind::Malformed)),
        (200, br#"{"code":0,"invoice":{}}"#, "application/json", Some(FailureKind::Malformed)),
        (
            404,
            br#"{"code":1002,"message":"Invoice does not exist."}"#,
            "application/json",
            Some(FailureKind::NotFound),
        ),
    ];
    for (status, body, content_type, wanted) in answers {
        let world = World::start().await;
        let template = ResponseTemplate::new(status).set_body_raw(body, content_type);
        Mock::given(method("GET")).and(path(INVOICE)).respond_with(template).mount(&world.server).await;
        let answer = invoices(&world).pdf(&world.connection, "46").await;
        match wanted {
            None => assert_eq!(answer.unwrap(), body),
            Some(kind) => assert_eq!(failure(answer).kind, kind, "{content_type}"),
        }
        assert_eq!(world.lines().await, [format!("GET {INVOICE}?accept=pdf")]);
    }
}

#[tokio::test]
async fn a_deal_is_taken_away_by_empty_members() {
    let world = World::start().await;
    world.answer("PUT", INVOICE, 200, done()).await;
    world.answer("GET", INVOICE, 200, told("draft")).await;
    invoices(&world).set_deal(&world.connection, "46", None).await.unwrap();
    let body = json!({ "zcrm_potential_id": "", "zcrm_potential_name": "" });
    assert_eq!(world.calls().await[0], (format!("PUT {INVOICE}"), body));
}

#[tokio::test]
async fn lists_begin_with_the_day_that_was_asked_for() {
    let world = World::start().await;
    world.answer("GET", INVOICES, 200, list("invoices", &[])).await;
    let from = "2026-01-01".parse().ok();
    let page = invoices(&world).list_changed(&world.connection, None, from).await.unwrap();
    assert!(page.records.is_empty() && !page.more);
    invoices(&world).list_changed(&world.connection, Some(&page.next), None).await.unwrap();
    let order = "sort_column=last_modified_time&sort_order=A&per_page=200&page=1";
    let wanted = [format!("GET {INVOICES}?date_start=2026-01-01&{order}"), format!("GET {INVOICES}?{order}")];
    assert_eq!(world.lines().await, wanted);
}

#[tokio::test]
async fn expenses_of_everybody_are_listed() {
    let world = World::start().await;
    let at = "/expense/v1/reports/expensedetails";
    world.answer("GET", at, 200, list("expenses", &[])).await;
    let app = world.app(App::Expense);
    let expenses = app.documents(DocumentKind::Expense).unwrap();
    expenses.list_changed(&world.connection, None, None).await.unwrap();
    let customer = Party { kind: PartyKind::Customer, remote_id: "7".to_owned(), name: None };
    expenses.list_of_party(&world.connection, &customer, None).await.unwrap();
    for line in world.lines().await {
        assert!(line.starts_with(&format!("GET {at}?filter_by=ExpenseDate.All&")), "{line}");
    }
}

/// Lists of payments do not tell the currency. That of many customers is read from their list, that of others one by one,
/// and neither twice.
#[tokio::test]
async fn payments_are_in_the_currency_of_their_customer() {
    let world = World::start().await;
    let payment = |number: u32| {
        json!({ "payment_id": format!("9{number}"), "customer_id": number.to_string(), "amount": 10, "unused_amount": 0,
            "payment_status": "success", "last_modified_time": "2026-01-05T12:06:10+0530" })
    };
    let payments: Vec<Value> = (1..=5).map(payment).collect();
    world.answer("GET", "/books/v3/customerpayments", 200, list("customerpayments", &payments)).await;
    let contact = |number: u32| json!({ "contact_id": number.to_string(), "currency_code": "USD" });
    let contacts: Vec<Value> = (1..=4).map(contact).collect();
    world.answer("GET", "/books/v3/contacts", 200, list("contacts", &contacts)).await;
    let fifth = json!({ "code": 0, "contact": { "contact_id": "5", "currency_code": "EUR" } });
    world.answer("GET", "/books/v3/contacts/5", 200, fifth).await;
    let adapter = world.books.documents(DocumentKind::CustomerPayment).unwrap();
    for requests in [3, 4] {
        let page = adapter.list_changed(&world.connection, None, None).await.unwrap();
        let codes: Vec<&str> = page.records.iter().map(|one| one.currency_code.as_str()).collect();
        assert_eq!(codes, ["USD", "USD", "USD", "USD", "EUR"]);
        assert_eq!(world.lines().await.len(), requests);
    }
}

#[tokio::test]
async fn today_is_a_day_where_the_organization_is() {
    let world = World::start().await;
    let organization = json!({ "code": 0, "organization": { "time_zone": "Pacific/Auckland" } });
    world.answer("GET", "/books/v3/organizations/10234695", 200, organization).await;
    let payments = "/books/v3/customerpayments";
    let made = json!({ "payment_id": "46", "amount": 10, "last_modified_time": "2026-01-05T12:06:10+0530" });
    world.answer("POST", payments, 201, json!({ "code": 0, "payment": made })).await;
    world.answer("GET", &format!("{payments}/46"), 200, json!({ "code": 0, "payment": made })).await;
    let draft = DocumentDraft {
        party_id: Some("7".to_owned()),
        amount: Some("12.50".parse().unwrap()),
        ..DocumentDraft::default()
    };
    let adapter = world.books.documents(DocumentKind::CustomerPayment).unwrap();
    adapter.create(&world.connection, &draft).await.unwrap();
    let calls = world.calls().await;
    let (_, body) = calls.iter().find(|(line, _)| line.starts_with("POST")).unwrap();
    let wanted = json!({ "customer_id": "7", "date": "2026-01-06", "payment_mode": "others", "invoices": [], "amount": 12.5 });
    assert_eq!(*body, wanted);
}
