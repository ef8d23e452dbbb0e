use serde_json::{Value, json};

use crate::sales::*;

const OPEN: &str = "Status of the credit note has been changed to open.";
const VOID: &str = "The credit note has been marked as void.";
const DRAFT: &str = "The credit note has been marked as Draft.";
const APPLIED: &str = "Credits have been applied to the invoice(s).";

fn path(note: &Value) -> String {
    format!("creditnotes/{}", note["creditnote_id"].as_str().unwrap())
}

async fn shown(shop: &Shop, note: &Value) -> Value {
    only(&shop.api().get(&path(note)).await)
}

async fn in_state(shop: &Shop, state: &str) -> Value {
    let draft = !["open", "closed", "applied"].contains(&state);
    let note = shop.create("creditnotes", json!({"is_draft": draft})).await;
    for step in match state {
        "void" => vec!["status/void"],
        "pending_approval" => vec!["submit"],
        "approved" => vec!["submit", "approve"],
        _ => vec![],
    } {
        let (status, answer) = shop.call("POST", &format!("{}/{step}", path(&note)), Value::Null).await;
        assert_eq!(status, 200, "{answer}");
    }
    if state == "closed" {
        let invoice = shop.invoice(json!(100)).await;
        let body = json!({"invoices": [{"invoice_id": invoice["invoice_id"], "amount_applied": 100}]});
        shop.done("POST", &format!("{}/invoices", path(&note)), body, 200, APPLIED).await;
    }
    note
}

const fn step(path: &'static str, message: &'static str, verb: &'static str) -> Step {
    Step { path, status: 200, message, verb }
}

const STEPS: [Step; 5] = [
    step("status/open", OPEN, "opened"),
    step("status/void", VOID, "voided"),
    step("status/draft", DRAFT, "changed to draft"),
    step("submit", "The Credit Note has been successfully submitted for approval.", "submitted for approval"),
    step("approve", "You have approved the Credit Note.", "approved"),
];

const ALLOWED: [Allowed; 14] = [
    ("draft", "status/open", "open"),
    ("draft", "status/void", "void"),
    ("draft", "status/draft", "draft"),
    ("draft", "submit", "pending_approval"),
    ("open", "status/open", "open"),
    ("open", "status/void", "void"),
    ("closed", "status/open", "closed"),
    ("void", "status/open", "open"),
    ("void", "status/void", "void"),
    ("void", "status/draft", "draft"),
    ("pending_approval", "submit", "pending_approval"),
    ("pending_approval", "approve", "approved"),
    ("approved", "approve", "approved"),
    ("approved", "status/open", "open"),
];

#[tokio::test]
async fn every_transition_is_allowed_or_refused_as_described() {
    let shop = shop().await;
    for from in ["draft", "open", "closed", "void", "pending_approval", "approved"] {
        for step in STEPS {
            let note = in_state(&shop, from).await;
            assert_eq!(shown(&shop, &note).await["status"], from);
            if (from, step.path) == ("closed", "status/void") {
                let before = shown(&shop, &note).await;
                let call = format!("{}/status/void", path(&note));
                let sentence = shop.refused("POST", &call, Value::Null, 400, 4018).await;
                assert_eq!(sentence, "Credit note has payments or credits applied. Remove them first.");
                assert_eq!(shown(&shop, &note).await, before);
                continue;
            }
            let id = id_of(&note, "creditnote_id");
            shop.step("creditnotes", &id, "A credit note", from, step, &ALLOWED).await;
        }
    }
}

#[tokio::test]
async fn credits_are_applied_and_taken_back_from_either_side() {
    let shop = shop().await;
    let (a, b) = (shop.invoice(json!(60)).await, shop.invoice(json!(70)).await);
    let note = in_state(&shop, "open").await;
    let apply = |invoice: &Value, amount: Value| json!({"invoice_id": invoice["invoice_id"], "amount_applied": amount});
    let invoices = format!("{}/invoices", path(&note));
    let body = json!({"invoices": [apply(&a, json!(60)), apply(&b, json!(10.5))]});
    shop.done("POST", &invoices, body, 200, APPLIED).await;
    shop.refused("POST", &invoices, apply(&a, json!(0.01)), 400, 4017).await;
    shop.refused("POST", &invoices, apply(&b, json!(29.51)), 400, 4017).await;
    let shown_note = shown(&shop, &note).await;
    assert_eq!((&shown_note["balance"], &shown_note["total_credits_used"]), (&json!(29.5), &json!(70.5)));
    assert_eq!(shown_note["invoices"][1]["amount"], 10.5);
    let a = shop.get("invoices", a["invoice_id"].as_str().unwrap()).await;
    assert_eq!((&a["status"], &a["credits_applied"]), (&json!("paid"), &json!(60.0)));
    for (method, to, code) in [
        ("DELETE", path(&note), 4018),
        ("DELETE", format!("invoices/{}", a["invoice_id"].as_str().unwrap()), 4018),
    ] {
        shop.refused(method, &to, Value::Null, 400, code).await;
    }
    let void = format!("invoices/{}/status/void", a["invoice_id"].as_str().unwrap());
    shop.refused("POST", &void, Value::Null, 400, 4018).await;
    let body = json!({"line_items": [{"name": "x", "rate": 70.49}]});
    shop.refused("PUT", &path(&note), body, 400, 4017).await;

    // From the side of the invoice.
    let b_path = format!("invoices/{}", b["invoice_id"].as_str().unwrap());
    let body =
        json!({"apply_creditnotes": [{"creditnote_id": note["creditnote_id"], "amount_applied": 29.5}]});
    shop.done("POST", &format!("{b_path}/credits"), body, 200, APPLIED).await;
    assert_eq!(shown(&shop, &note).await["status"], "closed");
    let credits = shop.api().get(&format!("{b_path}/creditsapplied")).await;
    let credit = &credits["credits"][0];
    assert_eq!(
        (&credit["amount_applied"], &credit["creditnotes_number"]),
        (&json!(40.0), &json!("CN-00001"))
    );
    let taken = format!("{b_path}/creditsapplied/{}", credit["creditnotes_invoice_id"].as_str().unwrap());
    let message = "Credits applied to an invoice have been deleted.";
    shop.done("DELETE", &taken, Value::Null, 200, message).await;
    shop.refused("DELETE", &taken, Value::Null, 404, 1002).await;
    assert_eq!(only(&shop.api().get(&b_path).await)["balance"], 70.0);
    let list = shop.api().get(&invoices).await;
    let row = &list["invoices_credited"][0];
    assert_eq!((&row["credited_amount"], &row["invoice_number"]), (&json!(60.0), &a["invoice_number"]));
    let taken = format!("{invoices}/{}", row["creditnote_invoice_id"].as_str().unwrap());
    shop.done("DELETE", &taken, Value::Null, 200, message).await;
    let shown_note = shown(&shop, &note).await;
    assert_eq!((&shown_note["balance"], &shown_note["status"]), (&json!(100.0), &json!("open")));
    shop.done("DELETE", &path(&note), Value::Null, 200, "The credit note has been deleted.").await;
}

#[tokio::test]
async fn drafts_foreign_invoices_and_numbers() {
    let shop = shop().await;
    let invoice = shop.invoice(json!(60)).await;
    let other = shop.api().named("Other").await;
    let theirs = shop.create("invoices?send=true", json!({"customer_id": other})).await;
    let apply = |invoice: &Value| json!({"invoice_id": invoice["invoice_id"], "amount_applied": 1});
    let draft = in_state(&shop, "draft").await;
    shop.refused("POST", &format!("{}/invoices", path(&draft)), apply(&invoice), 400, 4098).await;
    let open = in_state(&shop, "open").await;
    shop.refused("POST", &format!("{}/invoices", path(&open)), apply(&theirs), 400, 6).await;

    // Applied at once, as far as both reach.
    let at_once = format!("creditnotes?invoice_id={}", invoice["invoice_id"].as_str().unwrap());
    let note = shop.create(&at_once, json!({})).await;
    assert_eq!((&note["balance"], &note["invoices"][0]["amount"]), (&json!(40.0), &json!(60.0)));
    let line = json!([{"name": "x", "rate": 1}]);
    let body = json!({"customer_id": shop.customer, "line_items": line, "creditnote_number": "G-1"});
    shop.refused("POST", "creditnotes", body.clone(), 400, 4097).await;
    let mut allowed = body.clone();
    allowed["ignore_auto_number_generation"] = true.into();
    let message = "The credit note has been created.";
    shop.done("POST", "creditnotes", allowed.clone(), 201, message).await;
    shop.refused("POST", "creditnotes", allowed, 400, 4).await;
    assert_eq!(shop.listed("creditnotes", "creditnote_number=G-1", "total").await, [json!(1.0)]);
    let query = "filter_by=Status.Open&sort_column=creditnote_number";
    let numbers = shop.listed("creditnotes", query, "creditnote_number").await;
    assert_eq!(numbers, [json!("CN-00002"), json!("CN-00003"), json!("G-1")]);
    let row = &shop.api().get("creditnotes?status=draft").await["creditnotes"][0];
    assert_eq!((&row["balance"], &row["is_emailed"]), (&json!(100.0), &json!(false)));
}

#[tokio::test]
async fn refunds_take_from_the_balance() {
    let shop = shop().await;
    let note = in_state(&shop, "open").await;
    let refunds = format!("{}/refunds", path(&note));
    let body = |amount: Value| json!({"date": "2026-01-06", "amount": amount, "refund_mode": "cash"});
    shop.refused("POST", &refunds, body(json!(100.01)), 400, 4017).await;
    let draft = in_state(&shop, "draft").await;
    shop.refused("POST", &format!("{}/refunds", path(&draft)), body(json!(1)), 400, 4098).await;
    let message = "The credit note amount is refunded successfully.";
    let answer = shop.done("POST", &refunds, body(json!(100)), 200, message).await;
    let one = format!("{refunds}/{}", answer["creditnote_refund"]["creditnote_refund_id"].as_str().unwrap());
    assert_eq!(shown(&shop, &note).await["status"], "closed");
    shop.refused("POST", &format!("{}/status/void", path(&note)), Value::Null, 400, 4018).await;
    shop.refused("DELETE", &path(&note), Value::Null, 400, 4018).await;
    let message = "The credit note refund is updated successfully.";
    shop.done("PUT", &one, json!({"amount": 30}), 200, message).await;
    assert_eq!(shown(&shop, &note).await["balance"], 70.0);
    let all = shop.api().call("GET", "creditnotes/refunds", Value::Null).await.1;
    assert_eq!(all["creditnote_refunds"][0]["amount_fcy"], 30.0);
    assert_eq!(all["creditnote_refunds"][0]["creditnote_number"], "CN-00001");
    shop.done("GET", &one, Value::Null, 200, "The refund of the credit note is displayed successfully.")
        .await;
    shop.done("DELETE", &one, Value::Null, 200, "The refund has been successfully deleted.").await;
    assert_eq!(shown(&shop, &note).await["balance"], 100.0);
}
