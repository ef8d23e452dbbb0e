//! Mails of documents under Billing's paths: they reach the outbox as those of Books do.

use serde_json::{Value, json};

use crate::billing_world::*;

async fn document(b: &Billing, customer: &str, kind: &str, query: &str) -> String {
    let line = json!([{"name": "Work", "rate": 5, "price": 5, "quantity": 3}]);
    let (path, singular, lines) = match kind {
        "invoice" => ("invoices", "invoice", "invoice_items"),
        "estimate" => ("estimates", "estimate", "line_items"),
        _ => ("creditnotes", "creditnote", "creditnote_items"),
    };
    let mut body = json!({"customer_id": customer, "date": "2026-01-05"});
    body[lines] = line;
    let made = b.created(&format!("{path}{query}"), body).await;
    text(&made[singular][format!("{singular}_id")])
}

#[tokio::test]
async fn an_email_goes_to_the_outbox_with_recipients_subject_and_paper() {
    let b = billing().await;
    let customer = b.customer("Acme").await;
    for (kind, path, sent) in [
        ("invoice", "invoices", "Your invoice has been sent."),
        ("estimate", "estimates", "Your Estimate has been sent."),
        ("creditnote", "creditnotes", "Your creditnote has been sent."),
    ] {
        let id = document(&b, &customer, kind, "").await;
        let mail = json!({"to_mail_ids": ["a@x.test"], "cc_mail_ids": ["c@x.test"], "subject": "Yours", "body": "Words"});
        b.done("POST", &format!("{path}/{id}/email"), mail, sent).await;
        let mails = b.world.api.outbox(&format!("?document_id={id}")).await;
        assert_eq!(mails.len(), 1, "{kind}");
        let mail = &mails[0];
        assert_eq!((&mail["to"], &mail["cc"]), (&json!(["a@x.test"]), &json!(["c@x.test"])), "{kind}");
        assert_eq!((&mail["subject"], &mail["body"]), (&json!("Yours"), &json!("Words")), "{kind}");
        assert!(text(&mail["attachments"][0]["name"]).ends_with(".pdf"), "{kind}: {mail}");
        assert!(mail["attachments"][0]["size"].as_u64().unwrap() > 500, "{kind}: {mail}");
        b.refused(
            "POST",
            &format!("{path}/{id}/email"),
            json!({"to_mail_ids": ["nobody"], "subject": "s", "body": "b"}),
            400,
            2,
            "Invalid value passed for to_mail_ids",
        )
        .await;
        assert_eq!(b.world.api.outbox(&format!("?document_id={id}")).await.len(), 1, "{kind}");
    }
}

#[tokio::test]
async fn send_true_mails_a_new_document() {
    let b = billing().await;
    let customer = b.customer("Acme").await;
    for (kind, path, status) in [
        ("invoice", "invoices", "sent"),
        ("estimate", "estimates", "sent"),
        ("creditnote", "creditnotes", "open"),
    ] {
        let id = document(&b, &customer, kind, "?send=true").await;
        let mails = b.world.api.outbox(&format!("?document_id={id}")).await;
        assert_eq!(mails.len(), 1, "{kind}");
        assert_eq!(mails[0]["to"], json!(["acme@x.test"]), "{kind}");
        let shown = b.get(&format!("{path}/{id}")).await;
        assert_eq!(shown[kind]["status"], status, "{kind}");
        let id = document(&b, &customer, kind, "").await;
        assert!(b.world.api.outbox(&format!("?document_id={id}")).await.is_empty(), "{kind}");
    }
}

#[tokio::test]
async fn quotes_are_mailed_printed_and_commented() {
    let b = billing().await;
    let customer = b.customer("Acme").await;
    let id = document(&b, &customer, "estimate", "").await;
    let path = format!("estimates/{id}");
    let letter = b.get(&format!("{path}/email")).await;
    assert_eq!(letter["to_contacts"][0]["email"], "acme@x.test");
    let sent = "Mission accomplished! We've sent all the quotes.";
    b.done("POST", &format!("estimates/email?estimate_ids={id}"), Value::Null, sent).await;
    assert_eq!(b.world.api.outbox(&format!("?document_id={id}")).await.len(), 1);
    assert_eq!(b.get(&path).await["estimate"]["status"], "sent");
    for paper in ["pdf", "print"] {
        let (kind, _, bytes) =
            b.world.api.download(&format!("/billing/v1/estimates/{paper}?estimate_ids={id}")).await;
        assert!(kind.starts_with("application/pdf") && bytes.starts_with(b"%PDF-"), "{paper}: {kind}");
    }
    let comments = format!("{path}/comments");
    let added = b.done("POST", &comments, json!({"description": "Good"}), "Comments added").await;
    let comment = format!("{comments}/{}", text(&added["comment"]["comment_id"]));
    b.done("PUT", &comment, json!({"description": "Better"}), "Comment has been updated successfully.").await;
    assert_eq!(b.get(&comments).await["comments"][0]["description"], "Better");
    b.done("DELETE", &comment, Value::Null, "The comment has been deleted.").await;
    assert_ne!(b.get(&comments).await["comments"][0]["description"], "Better");
}

#[tokio::test]
async fn a_file_is_attached_to_an_invoice() {
    let b = billing().await;
    let customer = b.customer("Acme").await;
    let id = document(&b, &customer, "invoice", "").await;
    let path = format!("/billing/v1/invoices/{id}/attachment");
    let (status, answer) =
        b.world.api.upload("POST", &path, &[("attachment", "scan.pdf", b"%PDF-1.4")], Value::Null).await;
    assert_eq!(
        (status, &answer["message"]),
        (200, &json!("Your file has been successfully attached to the invoice."))
    );
    let shown = b.get(&format!("invoices/{id}")).await;
    assert_eq!(shown["invoice"]["documents"][0]["file_name"], "scan.pdf");
    assert_eq!(b.get("invoices").await["invoices"][0]["has_attachment"], true);
}
