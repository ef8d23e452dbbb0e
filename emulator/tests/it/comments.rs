use chrono::Duration;
use serde_json::{Value, json};

use crate::papers::*;
use crate::world::*;

#[tokio::test]
async fn comments_of_a_contact_are_written_changed_and_deleted() {
    let w = world().await;
    let contact = w.api.customer("Buyer").await;
    let path = format!("contacts/{contact}/comments");
    let (status, body) = w.api.call("POST", &path, json!({"description": " Call her "})).await;
    assert_eq!((status, &body["message"]), (200, &json!("Comments added.")));
    let comment = body["comment"]["comment_id"].as_str().unwrap().to_owned();
    let listed = w.api.get(&path).await;
    assert_eq!(
        listed["contact_comments"][0],
        json!({"comment_id": comment, "contact_id": contact, "contact_name": "Buyer", "description": "Call her",
            "commented_by_id": listed["contact_comments"][0]["commented_by_id"], "commented_by": finbridge_emulator::DEMO_USER_NAME,
            "comment_type": "internal", "date": "2026-01-05", "date_description": "today", "time": "12:06 PM",
            "operation_type": "Added", "transaction_id": contact, "transaction_type": "contact",
            "is_entity_deleted": false})
    );
    assert_eq!(listed["page_context"]["has_more_page"], false);
    let me = w.api.get("users/me").await;
    assert_eq!(listed["contact_comments"][0]["commented_by_id"], me["user"]["user_id"]);
    assert_eq!(listed["contact_comments"][0]["commented_by"], me["user"]["name"]);

    w.clock.advance(Duration::days(1));
    let w = World { api: Api::login(&w.emulator.url()).await, ..w };
    let one = format!("{path}/{comment}");
    let change = json!({"description": "Called", "show_comment_to_clients": true});
    let (status, body) = w.api.call("PUT", &one, change).await;
    assert_eq!((status, &body["message"]), (200, &json!("Comment has been updated.")));
    assert_eq!(body["comment"]["comment_type"], "client");
    assert_eq!(body["comment"]["date_description"], "yesterday");
    let (status, body) = w.api.call("DELETE", &one, Value::Null).await;
    assert_eq!((status, &body["message"]), (200, &json!("The comment has been deleted.")));
    assert_eq!(w.api.get(&path).await["contact_comments"], json!([]));
    assert_eq!(
        refusal(w.api.call("DELETE", &one, Value::Null).await, 404),
        (1002, "Comment does not exist.".into())
    );
}

#[tokio::test]
async fn comments_that_cannot_be_written_change_nothing() {
    let w = world().await;
    let contact = w.api.customer("Buyer").await;
    let path = format!("contacts/{contact}/comments");
    for body in
        [json!({}), json!({"description": " "}), json!({"description": 5}), json!({"description": null})]
    {
        let refused = refusal(w.api.call("POST", &path, body).await, 400);
        assert_eq!(refused, (2, "Invalid value passed for description".into()));
    }
    let long = "x".repeat(5001);
    assert_eq!(refusal(w.api.call("POST", &path, json!({"description": long})).await, 400).0, 15);
    assert_eq!(
        refusal(
            w.api.call("POST", &path, json!({"description": "x", "show_comment_to_clients": 1})).await,
            400
        )
        .0,
        2
    );
    assert_eq!(refusal(w.api.call("POST", &path, Value::Null).await, 400).0, 11);
    assert_eq!(
        refusal(w.api.call("POST", "contacts/1/comments", json!({"description": "x"})).await, 404).0,
        1002
    );
    assert_eq!(w.api.get(&path).await["contact_comments"], json!([]));

    // A comment of one contact is not found under another.
    let other = w.api.named("Other").await;
    let (_, body) = w.api.call("POST", &path, json!({"description": "x"})).await;
    let comment = body["comment"]["comment_id"].as_str().unwrap();
    let foreign = format!("contacts/{other}/comments/{comment}");
    assert_eq!(refusal(w.api.call("PUT", &foreign, json!({"description": "y"})).await, 404).0, 1002);
    assert_eq!(refusal(w.api.call("DELETE", &foreign, Value::Null).await, 404).0, 1002);
}

#[tokio::test]
async fn the_history_of_a_contact_is_paged_and_its_own_entries_stay() {
    let w = world().await;
    let contact = w.api.customer("Buyer").await;
    let path = format!("contacts/{contact}/comments");
    for n in 0..5 {
        w.api.call("POST", &path, json!({"description": format!("n{n}")})).await;
    }
    let switch = format!("contacts/{contact}/paymentreminder/disable");
    assert_eq!(w.api.call("POST", &switch, Value::Null).await.0, 200);
    let listed = w.api.get(&format!("{path}?per_page=2")).await;
    assert_eq!(each(&listed["contact_comments"], "description"), ["Payment reminders stopped.", "n4"]);
    assert_eq!(listed["contact_comments"][0]["comment_type"], "system");
    assert_eq!(listed["page_context"]["has_more_page"], true);
    let last = w.api.get(&format!("{path}?per_page=2&page=3")).await;
    assert_eq!(each(&last["contact_comments"], "description"), ["n1", "n0"]);
    let own = format!("{path}/{}", listed["contact_comments"][0]["comment_id"].as_str().unwrap());
    for (method, body) in [("PUT", json!({"description": "mine"})), ("DELETE", Value::Null)] {
        assert_eq!(refusal(w.api.call(method, &own, body).await, 400).0, 4098);
    }
    let (status, body) = w.api.call("DELETE", &format!("contacts/{contact}"), Value::Null).await;
    assert_eq!(status, 200, "comments do not keep a contact: {body}");
}

// From here on documents are needed.

#[tokio::test]
async fn a_document_tells_its_own_history() {
    let w = world().await;
    let contact = w.api.customer("Buyer").await;
    let invoice = w.api.invoice(&contact).await;
    let path = format!("invoices/{invoice}/comments");
    let (status, body) = w.api.call("POST", &format!("invoices/{invoice}/status/sent"), Value::Null).await;
    assert_eq!(status, 200, "{body}");
    w.api.call("PUT", &format!("invoices/{invoice}"), json!({"notes": "n"})).await;
    let body = json!({"description": "Promised", "payment_expected_date": "2026-02-01"});
    let (status, body) = w.api.call("POST", &path, body).await;
    assert_eq!((status, &body["message"]), (200, &json!("Comments added.")));
    let listed = w.api.get(&path).await;
    assert_eq!(
        each(&listed["comments"], "description"),
        ["Promised", "Invoice updated.", "Invoice marked as Sent.", "Invoice created for $200.00."]
    );
    assert_eq!(each(&listed["comments"], "comment_type"), ["internal", "system", "system", "system"]);
    assert_eq!(each(&listed["comments"], "operation_type"), ["Added", "Updated", "Updated", "Added"]);
    assert_eq!(listed["comments"][3]["invoice_id"], invoice.as_str());
    assert_eq!(listed["comments"][3]["transaction_type"], "invoice");
    let shown = w.api.get(&format!("invoices/{invoice}")).await;
    assert_eq!(shown["invoice"]["payment_expected_date"], "2026-02-01");
    let bad = json!({"description": "x", "payment_expected_date": "soon"});
    assert_eq!(refusal(w.api.call("POST", &path, bad).await, 400).0, 2);

    // The contact's history holds its documents' and keeps it when they go.
    let of_contact = format!("contacts/{contact}/comments");
    let before = w.api.get(&of_contact).await;
    assert_eq!(before["contact_comments"].as_array().unwrap().len(), 4);
    assert_eq!(before["contact_comments"][0]["is_entity_deleted"], false);
    let (status, body) = w.api.call("DELETE", &format!("invoices/{invoice}"), Value::Null).await;
    assert_eq!(status, 200, "comments do not keep a document: {body}");
    assert_eq!(refusal(w.api.call("GET", &path, Value::Null).await, 404).0, 1002);
    let after = w.api.get(&of_contact).await;
    assert_eq!(after["contact_comments"][0]["is_entity_deleted"], true);
}

#[tokio::test]
async fn each_kind_of_document_has_its_own_sentences() {
    let w = world().await;
    let customer = w.api.customer("Buyer").await;
    let say = json!({"description": "x"});
    for (path, singular, added, updated) in [
        ("estimates", "estimate", "Comments added", "Comment has been updated successfully."),
        ("salesorders", "salesorder", "Comments added.", "Comment has been updated."),
        ("invoices", "invoice", "Comments added.", "Comment has been updated."),
        ("creditnotes", "creditnote", "Comments added.", "Comment has been updated."),
    ] {
        let id = w.api.document(path, singular, &customer, "").await;
        let comments = format!("{path}/{id}/comments");
        let (status, body) = w.api.call("POST", &comments, say.clone()).await;
        assert_eq!((status, &body["message"]), (200, &json!(added)), "{path}");
        let list = path == "salesorders";
        let comment = if list { &body["comment"][0] } else { &body["comment"] };
        let one = format!("{comments}/{}", comment["comment_id"].as_str().unwrap());
        let (_, body) = w.api.call("PUT", &one, say.clone()).await;
        assert_eq!(body["message"], updated, "{path}");
        let (_, body) = w.api.call("DELETE", &one, Value::Null).await;
        assert_eq!(body["message"], "The comment has been deleted.", "{path}");
    }
}

#[tokio::test]
async fn the_history_of_a_busy_document_is_bounded() {
    let w = world().await;
    let customer = w.api.customer("Buyer").await;
    let id = w.api.invoice(&customer).await;
    let comments = format!("invoices/{id}/comments");
    w.api.call("POST", &comments, json!({"description": "mine"})).await;
    for n in 0..205 {
        w.api.call("PUT", &format!("invoices/{id}"), json!({"notes": format!("n{n}")})).await;
    }
    let listed = w.api.get(&comments).await;
    let said = each(&listed["comments"], "description");
    assert_eq!(said.len(), 200);
    assert_eq!(said.last().unwrap(), "mine");
}
