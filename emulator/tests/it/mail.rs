use serde_json::{Value, json};

use crate::papers::*;
use crate::world::*;

fn letter(to: &[&str]) -> Value {
    json!({"to_mail_ids": to, "subject": "Hello", "body": "Some <b>words</b>"})
}

#[tokio::test]
async fn a_mail_to_a_contact_goes_to_the_outbox() {
    let w = world().await;
    let contact = w.api.customer("Buyer").await;
    let path = format!("contacts/{contact}/email");
    let body = json!({"to_mail_ids": ["Ada@Buyer.example", "ada@buyer.example"], "cc_mail_ids": ["c@d.example"],
        "bcc_mail_ids": ["e@f.example"], "subject": "Hello", "body": "Words", "send_from_org_email_id": false});
    let (status, body) = w.api.upload("POST", &path, &[("attachments", "list.xls", b"cells")], body).await;
    assert_eq!((status, &body["message"]), (200, &json!("Email has been sent.")));
    let mails = w.api.outbox("").await;
    assert_eq!(mails.len(), 1);
    let mail = &mails[0];
    assert_eq!(mail["to"], json!(["Ada@Buyer.example"]));
    assert_eq!((&mail["cc"], &mail["bcc"]), (&json!(["c@d.example"]), &json!(["e@f.example"])));
    assert_eq!((&mail["subject"], &mail["body"]), (&json!("Hello"), &json!("Words")));
    assert_eq!(mail["from"], finbridge_emulator::DEMO_EMAIL);
    assert_eq!(mail["user"], finbridge_emulator::DEMO_USER_NAME);
    assert_eq!(mail["organization_id"], finbridge_emulator::DEMO_ORGANIZATION_ID);
    assert_eq!(mail["time"], "2026-01-05T20:06:10Z");
    assert_eq!(mail["document"], json!({"kind": "contact", "id": contact}));
    assert_eq!(
        (&mail["attachments"][0]["name"], &mail["attachments"][0]["size"]),
        (&json!("list.xls"), &json!(5))
    );
    let file = format!("/_emulator/outbox/{}/attachments/0", mail["id"].as_str().unwrap());
    let (kind, disposition, bytes) = w.api.download(&file).await;
    assert_eq!((kind.as_str(), bytes.as_slice()), ("application/vnd.ms-excel", &b"cells"[..]));
    assert!(disposition.contains("filename=\"list.xls\""));
    let history = w.api.get(&format!("contacts/{contact}/comments")).await;
    assert_eq!(history["contact_comments"][0]["description"], "Mail emailed to Ada@Buyer.example.");
    assert_eq!(history["contact_comments"][0]["operation_type"], "Mailed");
}

#[tokio::test]
async fn mails_that_cannot_be_sent_leave_no_trace() {
    let w = world().await;
    let contact = w.api.customer("Buyer").await;
    let path = format!("contacts/{contact}/email");
    let with = |name: &str, value: Value| {
        let mut body = letter(&["ada@buyer.example"]);
        body[name] = value;
        body
    };
    for (body, message) in [
        (json!({}), "Invalid value passed for to_mail_ids"),
        (with("to_mail_ids", json!([])), "Invalid value passed for to_mail_ids"),
        (with("to_mail_ids", json!("ada@buyer.example")), "Invalid value passed for to_mail_ids"),
        (with("to_mail_ids", json!(["nobody"])), "Invalid value passed for to_mail_ids"),
        (with("to_mail_ids", json!(["a@b.co\r\nBcc: x@y.zz"])), "Invalid value passed for to_mail_ids"),
        (with("to_mail_ids", json!([7])), "Invalid value passed for to_mail_ids"),
        (with("cc_mail_ids", json!(["x"])), "Invalid value passed for cc_mail_ids"),
        (with("bcc_mail_ids", json!(["x"])), "Invalid value passed for bcc_mail_ids"),
        (with("subject", json!("")), "Invalid value passed for subject"),
        (with("body", json!(null)), "Invalid value passed for body"),
        (with("send_from_org_email_id", json!("yes")), "Invalid value passed for send_from_org_email_id"),
    ] {
        assert_eq!(refusal(w.api.call("POST", &path, body).await, 400), (2, message.to_owned()));
    }
    let long = with("subject", json!("s".repeat(1001)));
    assert_eq!(refusal(w.api.call("POST", &path, long).await, 400).0, 15);
    let many: Vec<String> = (0..101).map(|n| format!("p{n}@b.co")).collect();
    assert_eq!(refusal(w.api.call("POST", &path, with("to_mail_ids", json!(many))).await, 400).0, 2);
    let file = [("attachments", "run.sh", &b"x"[..])];
    assert_eq!(refusal(w.api.upload("POST", &path, &file, letter(&["a@b.co"])).await, 400).0, 2);
    assert_eq!(refusal(w.api.call("POST", "contacts/1/email", letter(&["a@b.co"])).await, 404).0, 1002);
    assert!(w.api.outbox("").await.is_empty());
    assert_eq!(w.api.get(&format!("contacts/{contact}/comments")).await["contact_comments"], json!([]));
}

#[tokio::test]
async fn the_statement_of_a_contact_is_offered_and_mailed() {
    let w = world().await;
    let contact = w.api.customer("Buyer <i>").await;
    let path = format!("contacts/{contact}/statements/email");
    let offered =
        w.api.get(&format!("{path}?start_date=2026-01-01&end_date=2026-01-31")).await["data"].clone();
    assert_eq!(offered["subject"], "Account Statement from 2026-01-01 to 2026-01-31");
    assert!(offered["body"].as_str().unwrap().contains("Buyer &lt;i&gt;"));
    assert_eq!(each(&offered["to_contacts"], "email"), ["ada@buyer.example", "ben@buyer.example"]);
    assert_eq!(offered["to_contacts"][0]["selected"], true);
    assert_eq!(offered["to_contacts"][1]["selected"], false);
    assert_eq!(offered["from_emails"][0]["email"], finbridge_emulator::DEMO_EMAIL);
    assert_eq!(offered["contact_id"], contact.as_str());
    let (status, body) = w.api.call("POST", &path, letter(&["ada@buyer.example"])).await;
    assert_eq!((status, &body["message"]), (200, &json!("Statement has been sent to the Customer.")));
    let mail = &w.api.outbox("").await[0];
    assert_eq!(mail["attachments"][0]["content_type"], "application/pdf");
    let file = format!("/_emulator/outbox/{}/attachments/0", mail["id"].as_str().unwrap());
    let text = pdf_text(&w.api.download(&file).await.2);
    for expected in
        ["(STATEMENT OF ACCOUNTS)", "(Finbridge Demo Inc.)", "(2026-01-01)", "(2026-01-05)", "($0.00)"]
    {
        assert!(text.contains(expected), "{expected} in {text}");
    }
    for bad in ["?start_date=x", "?end_date=2026-13-01", "?start_date=2026-02-01&end_date=2026-01-01"] {
        assert_eq!(refusal(w.api.call("GET", &format!("{path}{bad}"), Value::Null).await, 400).0, 2);
        assert_eq!(refusal(w.api.call("POST", &format!("{path}{bad}"), letter(&["a@b.co"])).await, 400).0, 2);
    }
    let plain = format!("contacts/{contact}/email?send_customer_statement=true");
    assert_eq!(w.api.call("POST", &plain, letter(&["ada@buyer.example"])).await.0, 200);
    assert_eq!(w.api.outbox("?limit=1").await[0]["attachments"][0]["name"], "statement_Buyer_<i>.pdf");
}

#[tokio::test]
async fn portal_reminders_and_1099_are_real_switches() {
    let w = world().await;
    let contact = w.api.customer("Buyer").await;
    let shown = || async { w.api.get(&format!("contacts/{contact}")).await["contact"].clone() };
    let post = |path: String, body: Value| {
        let api = w.api.clone();
        async move { api.call("POST", &path, body).await }
    };
    let before = shown().await;
    assert_eq!(
        (&before["portal_status"], &before["payment_reminder_enabled"]),
        (&json!("disabled"), &json!(true))
    );
    let person = before["contact_persons"][1]["contact_person_id"].clone();
    let portal = format!("contacts/{contact}/portal/enable");
    let (status, body) =
        post(portal.clone(), json!({"contact_persons": [{"contact_person_id": person}]})).await;
    assert_eq!((status, &body["message"]), (200, &json!("Client Portal preferences have been updated")));
    let after = shown().await;
    assert_eq!((&after["portal_status"], &after["is_portal_enabled"]), (&json!("enabled"), &json!(true)));
    assert_eq!(after["contact_persons"][0]["is_added_in_portal"], false);
    assert_eq!(after["contact_persons"][1]["is_added_in_portal"], true);
    assert_eq!(w.api.outbox("").await[0]["to"], json!(["ben@buyer.example"]));
    post(portal.clone(), json!({"contact_persons": [{"contact_person_id": person}]})).await;
    assert_eq!(w.api.outbox("").await.len(), 1, "nobody is invited twice");
    for body in
        [json!({}), json!({"contact_persons": []}), json!({"contact_persons": [{"contact_person_id": "1"}]})]
    {
        assert_eq!(refusal(post(portal.clone(), body).await, 400).0, 2);
    }
    let silent =
        w.api.create(json!({"contact_name": "Silent", "contact_persons": [{"first_name": "S"}]})).await;
    let body = json!({"contact_persons": [{"contact_person_id": silent["contact_persons"][0]["contact_person_id"]}]});
    assert_eq!(refusal(post(format!("contacts/{}/portal/enable", id(&silent)), body).await, 400).0, 4098);

    for (word, enabled, message) in [
        ("disable", false, "All reminders associated with this contact have been stopped."),
        ("disable", false, "All reminders associated with this contact have been stopped."),
        ("enable", true, "All reminders associated with this contact have been enabled."),
    ] {
        let (status, body) = post(format!("contacts/{contact}/paymentreminder/{word}"), Value::Null).await;
        assert_eq!((status, &body["message"]), (200, &json!(message)));
        assert_eq!(shown().await["payment_reminder_enabled"], enabled);
    }
    let vendor = id(&w.api.create(json!({"contact_name": "Seller", "contact_type": "vendor"})).await);
    for (word, tracked, message) in [
        ("track1099", true, "1099 tracking is enabled."),
        ("untrack1099", false, "1099 tracking is disabled."),
    ] {
        let (_, body) = post(format!("contacts/{vendor}/{word}"), Value::Null).await;
        assert_eq!(body["message"], message);
        assert_eq!(w.api.get(&format!("contacts/{vendor}")).await["contact"]["track_1099"], tracked);
        assert_eq!(refusal(post(format!("contacts/{contact}/{word}"), Value::Null).await, 400).0, 4098);
        assert_eq!(refusal(post(format!("contacts/1/{word}"), Value::Null).await, 404).0, 1002);
    }
    let refunds = w.api.get(&format!("contacts/{contact}/refunds")).await;
    assert_eq!(refunds["creditnote_refunds"], json!([]));
    assert_eq!(refunds["page_context"]["page"], 1);
}

// From here on documents are needed.

#[tokio::test]
async fn a_mailed_invoice_becomes_sent_and_carries_its_pdf() {
    let w = world().await;
    let customer = w.api.customer("Buyer").await;
    let id = w.api.invoice(&customer).await;
    let path = format!("invoices/{id}/email");
    let offered = w.api.get(&path).await["data"].clone();
    let number =
        w.api.get(&format!("invoices/{id}")).await["invoice"]["invoice_number"].as_str().unwrap().to_owned();
    assert_eq!(offered["subject"], format!("Invoice - {number} from Finbridge Demo Inc."));
    assert_eq!(offered["to_mails_str"], "ada@buyer.example");
    assert_eq!(offered["file_name"], format!("{number}.pdf"));
    assert_eq!(offered["entity_id"], id.as_str());
    assert_eq!(offered["customer_id"], customer.as_str());
    assert!(offered["body"].as_str().unwrap().contains("$200.00"));
    assert_eq!(refusal(w.api.call("POST", &path, json!({})).await, 400).0, 2);
    let file = [("attachment", "terms.pdf", &b"terms"[..])];
    w.api
        .upload("POST", &format!("invoices/{id}/attachment?can_send_in_mail=true"), &file, Value::Null)
        .await;
    let (status, body) = w.api.call("POST", &path, json!({"to_mail_ids": ["ada@buyer.example"]})).await;
    assert_eq!((status, &body["message"]), (200, &json!("Your invoice has been sent.")));
    let invoice = w.api.get(&format!("invoices/{id}")).await["invoice"].clone();
    assert_eq!((&invoice["status"], &invoice["is_emailed"]), (&json!("sent"), &json!(true)));
    let mail = w.api.outbox(&format!("?document_id={id}")).await[0].clone();
    assert_eq!(mail["subject"], offered["subject"]);
    assert_eq!(mail["document"]["kind"], "invoice");
    assert_eq!(each(&mail["attachments"], "name"), [format!("{number}.pdf"), "terms.pdf".to_owned()]);
    let history = w.api.get(&format!("invoices/{id}/comments")).await;
    assert_eq!(history["comments"][0]["description"], "Invoice emailed to ada@buyer.example.");
    let plain = format!("{path}?send_attachment=false&send_customer_statement=true");
    assert_eq!(w.api.call("POST", &plain, letter(&["b@c.co"])).await.0, 200);
    let files = w.api.outbox("?limit=1").await[0]["attachments"].clone();
    assert_eq!(each(&files, "name"), ["statement_Buyer.pdf", "terms.pdf"]);
    assert_eq!(refusal(w.api.call("POST", "invoices/1/email", letter(&["b@c.co"])).await, 404).0, 1002);
}

#[tokio::test]
async fn each_kind_of_document_is_mailed_with_its_own_sentence() {
    let w = world().await;
    let customer = w.api.customer("Buyer").await;
    for (path, singular, expected, message) in [
        ("estimates", "estimate", 200, "Your estimate has been sent."),
        ("salesorders", "salesorder", 201, "Your Sales Order has been sent."),
        ("creditnotes", "creditnote", 200, "Your creditnote has been sent."),
    ] {
        let id = w.api.document(path, singular, &customer, "").await;
        let mail = format!("{path}/{id}/email");
        let offered = w.api.get(&mail).await;
        let content = if path == "estimates" { &offered } else { &offered["data"][0] };
        assert_eq!(
            each(&content["to_contacts"], "email"),
            ["ada@buyer.example", "ben@buyer.example"],
            "{path}"
        );
        let (status, body) = w.api.call("POST", &mail, letter(&["ada@buyer.example"])).await;
        assert_eq!((status, &body["message"]), (expected, &json!(message)), "{path}");
        if path == "creditnotes" {
            let history = w.api.get(&format!("{path}/{id}/emailhistory")).await["email_history"].clone();
            assert_eq!(each(&history, "subject"), ["Hello"]);
            assert_eq!(
                (&history[0]["to_mail_ids"], &history[0]["date"]),
                (&json!(["ada@buyer.example"]), &json!("2026-01-05"))
            );
        }
    }
    let order = w.api.document("salesorders", "salesorder", &customer, "").await;
    let bare = json!({"to_mail_ids": ["a@b.co"], "body": "b"});
    assert_eq!(
        refusal(w.api.call("POST", &format!("salesorders/{order}/email"), bare).await, 400),
        (2, "Invalid value passed for subject".to_owned())
    );
}

#[tokio::test]
async fn many_documents_are_mailed_together_or_not_at_all() {
    let w = world().await;
    let customer = w.api.customer("Buyer").await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(w.api.document("estimates", "estimate", &customer, "").await);
    }
    let call = |ids: String| {
        let api = w.api.clone();
        async move { api.call("POST", &format!("estimates/email?estimate_ids={ids}"), Value::Null).await }
    };
    let eleven = [ids[0].as_str(); 11].join(",");
    assert_eq!(refusal(call(eleven).await, 400), (2, "Invalid value passed for estimate_ids".to_owned()));
    assert_eq!(refusal(call(String::new()).await, 400).0, 2);
    assert_eq!(refusal(call(format!("{},1", ids[0])).await, 404).0, 1002);
    let silent = w.api.named("Silent").await;
    let unsendable = w.api.document("estimates", "estimate", &silent, "").await;
    assert_eq!(refusal(call(format!("{},{unsendable}", ids[0])).await, 400).0, 2);
    assert!(w.api.outbox("").await.is_empty());
    let (status, body) = call(ids.join(",")).await;
    assert_eq!(
        (status, &body["message"]),
        (200, &json!("Mission accomplished! We've sent all the estimates."))
    );
    assert_eq!(w.api.outbox("").await.len(), 3);
    let estimate = w.api.get(&format!("estimates/{}", ids[2])).await;
    assert_eq!(estimate["estimate"]["status"], "sent");
}

#[tokio::test]
async fn a_document_created_with_send_is_mailed() {
    let w = world().await;
    let customer = w.api.customer("Buyer").await;
    let id = w.api.document("estimates", "estimate", &customer, "?send=true").await;
    let mails = w.api.outbox(&format!("?document_id={id}")).await;
    assert_eq!(mails[0]["to"], json!(["ada@buyer.example"]));
    assert_eq!(w.api.get(&format!("estimates/{id}")).await["estimate"]["status"], "sent");
}

#[tokio::test]
async fn invoices_and_credit_notes_are_mailed_and_keep_their_files_from_the_start() {
    let w = world().await;
    let customer = w.api.customer("Buyer").await;
    let body = json!({"customer_id": customer, "line_items": [{"name": "Work", "rate": 100}]});
    let files = [("attachment", "terms.pdf", &b"%PDF-1.4"[..])];
    for (plural, singular, status) in [("invoices", "invoice", "sent"), ("creditnotes", "creditnote", "open")]
    {
        let path = format!("{plural}?send=true&can_send_in_mail=true");
        let (code, made) = w.api.upload("POST", &path, &files, body.clone()).await;
        assert_eq!(code, 201, "{made}");
        let made = &made[singular];
        let id = made[format!("{singular}_id")].as_str().unwrap();
        assert_eq!((&made["status"], &made["is_emailed"]), (&json!(status), &json!(true)), "{plural}");
        assert_eq!(each(&made["documents"], "file_name"), ["terms.pdf"], "{plural}");
        let mails = w.api.outbox(&format!("?document_id={id}")).await;
        assert_eq!((mails.len(), &mails[0]["to"]), (1, &json!(["ada@buyer.example"])), "{plural}");
        let names = each(&mails[0]["attachments"], "name");
        assert_eq!((names.len(), names[1].as_str()), (2, "terms.pdf"), "{plural}: {names:?}");
    }
    // With payments of its own an invoice is mailed as well, and without `send` nothing is.
    let mut paid = body.clone();
    paid["batch_payments"] = json!([{"payment_mode": "cash", "amount": 100}]);
    for (path, mails) in [("invoices?send=true", 1), ("invoices", 0), ("creditnotes", 0)] {
        let body = if path.starts_with("invoices") { &paid } else { &body };
        let (code, made) = w.api.call("POST", path, body.clone()).await;
        assert_eq!(code, 201, "{made}");
        let made = made.get("invoice").or_else(|| made.get("creditnote")).unwrap();
        let id = made.get("invoice_id").or_else(|| made.get("creditnote_id")).unwrap().as_str().unwrap();
        assert_eq!(w.api.outbox(&format!("?document_id={id}")).await.len(), mails, "{path}");
    }
}

#[tokio::test]
async fn an_upsert_mails_what_it_creates_and_attaches_its_files() {
    let w = world().await;
    let customer = w.api.customer("Buyer").await;
    let field = json!({"entity": "invoice", "label": "Ref", "is_unique": true});
    assert_eq!(w.api.call("POST", "/integration/v1/customfields", field).await.0, 201);
    let form = |name: &str| {
        let body = json!({"customer_id": customer, "line_items": [{"name": "Work", "rate": 100}]});
        format!(
            "--b1\r\nContent-Disposition: form-data; name=\"JSONString\"\r\n\r\n{body}\r\n--b1\r\n\
             Content-Disposition: form-data; name=\"attachment\"; filename=\"{name}\"\r\n\r\nx\r\n--b1--\r\n"
        )
    };
    for (name, status, files) in [("a.pdf", 201, vec!["a.pdf"]), ("b.pdf", 200, vec!["a.pdf", "b.pdf"])] {
        let request = w
            .api
            .request("PUT", "invoices?send=true")
            .header("X-Unique-Identifier-Key", "cf_ref")
            .header("X-Unique-Identifier-Value", "R-1")
            .header("X-Upsert", "true")
            .header("Content-Type", "multipart/form-data; boundary=b1");
        let (got, answer) = send(request.body(form(name))).await;
        assert_eq!((got, &answer["invoice"]["status"]), (status, &json!("sent")), "{answer}");
        assert_eq!(each(&answer["invoice"]["documents"], "file_name"), files);
        assert_eq!(w.api.outbox("").await.len(), 1, "only what is new is mailed");
    }
}

#[tokio::test]
async fn reminders_go_out_for_open_invoices_only() {
    let w = world().await;
    let customer = w.api.customer("Buyer").await;
    let (draft, open) = (w.api.invoice(&customer).await, w.api.invoice(&customer).await);
    assert_eq!(w.api.call("POST", &format!("invoices/{open}/status/sent"), Value::Null).await.0, 200);
    let path = |id: &str| format!("invoices/{id}/paymentreminder");
    assert_eq!(refusal(w.api.call("POST", &path(&draft), json!({})).await, 400).0, 4098);
    let offered = w.api.get(&path(&open)).await["data"].clone();
    assert!(offered["subject"].as_str().unwrap().starts_with("Payment Reminder for "));
    let (status, body) =
        w.api.call("POST", &path(&open), json!({"cc_mail_ids": ["boss@buyer.example"]})).await;
    assert_eq!((status, &body["message"]), (200, &json!("Your payment reminder has been sent.")));
    let mail = w.api.outbox("?limit=1").await[0].clone();
    assert_eq!((&mail["to"], &mail["cc"]), (&json!(["ada@buyer.example"]), &json!(["boss@buyer.example"])));
    let (status, body) = w
        .api
        .call("POST", &format!("invoices/paymentreminder?invoice_ids={open},{draft},1"), Value::Null)
        .await;
    assert_eq!(status, 201, "{body}");
    assert_eq!(body["info"]["email_success_info"]["sent_count"], 1);
    assert_eq!(body["info"]["email_errors_info"][0]["ids"], json!([draft]));
    assert_eq!(body["info"]["email_errors_info"][1]["ids"], json!(["1"]));
    let invoice = w.api.get(&format!("invoices/{open}")).await["invoice"].clone();
    assert_eq!(invoice["reminders_sent"], 2);
    assert_eq!(invoice["last_reminder_sent_date"], "2026-01-05");
}

#[tokio::test]
async fn a_statement_adds_up_what_was_invoiced() {
    let w = world().await;
    let customer = w.api.customer("Buyer").await;
    for _ in 0..2 {
        let id = w.api.invoice(&customer).await;
        assert_eq!(w.api.call("POST", &format!("invoices/{id}/status/sent"), Value::Null).await.0, 200);
    }
    w.api.invoice(&customer).await;
    let path = format!("contacts/{customer}/statements/email");
    for (query, expected) in
        [("", "($400.00)"), ("?start_date=2026-01-06&end_date=2026-01-31", "(Opening Balance)")]
    {
        assert_eq!(
            w.api.call("POST", &format!("{path}{query}"), letter(&["ada@buyer.example"])).await.0,
            200
        );
        let mail = w.api.outbox("?limit=1").await[0].clone();
        let file = format!("/_emulator/outbox/{}/attachments/0", mail["id"].as_str().unwrap());
        let text = pdf_text(&w.api.download(&file).await.2);
        assert!(text.contains(expected), "{text}");
        assert_eq!(
            text.matches("(Invoice INV-").count(),
            if query.is_empty() { 2 } else { 0 },
            "a draft owes nothing"
        );
        assert_eq!(text.matches("($400.00)").count(), if query.is_empty() { 1 } else { 2 });
    }
}
