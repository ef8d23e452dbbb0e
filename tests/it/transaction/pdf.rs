//! Documents as the finance app prints them.

use finbridge_domain::{NodeId, NodeKind};
use finbridge_emulator::{FaultAction, FaultRule};
use finbridge_entity::types::Role;
use finbridge_tests::{TestWorld, both_databases};
use reqwest::Response;
use serde_json::{Value, json};

use super::seen::{customer, fetch, invoice, made, transactions};
use crate::graphql::colleague;

/// An invoice that was read, as GraphQL tells it, and its id on the finance side.
async fn printed(world: &TestWorld) -> (String, Value, String) {
    let integration = world.connect().await;
    let customer = customer(world, "Acme", None).await;
    let there = invoice(world, &customer, json!({})).await;
    fetch(world, &integration, &["INVOICE"]).await;
    let row = transactions(world, 1, "id number pdfPath").await.remove(0);
    (integration, row, there["invoice_id"].as_str().expect("an id").to_owned())
}

async fn get(world: &TestWorld, token: Option<&str>, path: &str) -> Response {
    let request = world.http().get(format!("{}{path}", world.url));
    let request = match token {
        Some(token) => request.bearer_auth(token),
        None => request,
    };
    request.send().await.expect("an answer")
}

/// Status and code of a refusal.
async fn refusal(response: Response) -> (u16, String) {
    let status = response.status().as_u16();
    assert_eq!(response.headers()["content-type"], "application/json; charset=utf-8");
    let body: Value = response.json().await.expect("JSON");
    let error = &body["errors"][0];
    assert!(error["message"].as_str().is_some_and(|message| message.len() > 20), "{body:#}");
    assert!(error["extensions"]["requestId"].is_string(), "{body:#}");
    (status, error["extensions"]["code"].as_str().expect("a code").to_owned())
}

fn told(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

both_databases! {
    async fn x09_a_document_is_had_as_the_finance_app_prints_it(world: &TestWorld) {
        let (_, row, _) = printed(world).await;
        let path = row["pdfPath"].as_str().expect("a path");
        assert_eq!(path, format!("/transactions/{}/pdf", row["id"].as_str().expect("an id")));
        let member = colleague(world, "Stan Standard", Role::Standard).await;
        for token in [&world.token, &member.token] {
            let response = get(world, Some(token), path).await;
            assert_eq!(response.status(), 200);
            let headers = response.headers().clone();
            let file = format!("attachment; filename=\"{}.pdf\"", row["number"].as_str().expect("a number"));
            for (name, wanted) in [("content-type", "application/pdf"), ("content-disposition", &file), ("cache-control", "no-store"), ("x-content-type-options", "nosniff")] {
                assert_eq!(headers[name], *wanted, "{name}");
            }
            let length: usize = headers["content-length"].to_str().expect("text").parse().expect("a number");
            let bytes = response.bytes().await.expect("a whole file");
            assert!(bytes.starts_with(b"%PDF-") && bytes.len() == length, "{} bytes", bytes.len());
        }
    }

    async fn a_document_that_cannot_be_had_as_a_pdf_says_why(world: &TestWorld) {
        let (integration, row, remote_id) = printed(world).await;
        let path = row["pdfPath"].as_str().expect("a path");
        let own = Some(world.token.as_str());
        assert_eq!(refusal(get(world, None, path).await).await, told(401, "UNAUTHENTICATED"));
        let (_, stranger) = world.tenant("Other").await;
        assert_eq!(refusal(get(world, Some(&stranger), path).await).await, told(404, "BAD_USER_INPUT"), "another tenant's is not there");
        let ids = &world.app.engine.ids;
        for id in [NodeId::new(NodeKind::Transaction, ids.uuid()), NodeId::new(NodeKind::Account, ids.uuid())] {
            assert_eq!(refusal(get(world, own, &format!("/transactions/{id}/pdf")).await).await, told(404, "BAD_USER_INPUT"));
        }
        assert_eq!(refusal(get(world, own, "/transactions/nonsense/pdf").await).await, told(404, "BAD_USER_INPUT"));

        let fault = FaultRule::new(FaultAction::ServerError { status: 503 }).method("GET").path_contains(&remote_id);
        world.emulator.fault(fault.count(1));
        assert_eq!(refusal(get(world, own, path).await).await, told(503, "UNAVAILABLE"));
        assert_eq!(get(world, own, path).await.status(), 200);

        let switched = async |on: &str| {
            let query = format!("mutation($id: ID!) {{ integration{on}(input: {{ integrationId: $id, confirm: true }}) {{ userErrors {{ code }} }} }}");
            world.data(&query, json!({ "id": integration })).await;
        };
        switched("Disable").await;
        world.emulator.clear_journal();
        assert_eq!(refusal(get(world, own, path).await).await, told(409, "INTEGRATION_INACTIVE"));
        let asked = world.emulator.journal().into_iter().filter(|entry| entry.path.contains(&remote_id)).count();
        assert_eq!(asked, 0, "nothing is asked of the finance app");
        switched("Enable").await;
        let answer = world.books("DELETE", &format!("/invoices/{remote_id}"), None).await;
        assert_eq!(answer["code"], 0, "{answer:#}");
        assert_eq!(refusal(get(world, own, path).await).await, told(404, "BAD_USER_INPUT"));
    }

    async fn what_the_finance_app_does_not_print_has_no_path(world: &TestWorld) {
        let integration = world.connect().await;
        let accounts = world.books("GET", "/chartofaccounts", None).await;
        let account = accounts["chartofaccounts"].as_array().expect("accounts").iter().find(|one| one["account_type"] == "expense").expect("an account of expenses");
        made(world, "/expenses", "expense", json!({ "account_id": account["account_id"], "date": "2026-01-05", "amount": 12 })).await;
        fetch(world, &integration, &["EXPENSE"]).await;
        let row = transactions(world, 1, "id pdfPath").await.remove(0);
        assert_eq!(row["pdfPath"], Value::Null);
        let path = format!("/transactions/{}/pdf", row["id"].as_str().expect("an id"));
        assert_eq!(refusal(get(world, Some(&world.token), &path).await).await, told(400, "BAD_USER_INPUT"));
    }
}
