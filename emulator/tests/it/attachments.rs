//! Every test here needs documents.

use serde_json::{Value, json};

use crate::papers::*;
use crate::world::*;

const PDF: &[u8] = b"%PDF-1.4 scan\xff\x00";

#[tokio::test]
async fn files_are_attached_given_back_and_detached() {
    let w = world().await;
    let customer = w.api.customer("Buyer").await;
    let id = w.api.invoice(&customer).await;
    let path = format!("invoices/{id}/attachment");
    assert_eq!(
        refusal(w.api.call("GET", &path, Value::Null).await, 404),
        (1002, "Attachment does not exist.".into())
    );
    let (status, body) = w
        .api
        .upload(
            "POST",
            &format!("{path}?can_send_in_mail=true"),
            &[("attachment", "..\\dir\\Scan é.PDF", PDF)],
            Value::Null,
        )
        .await;
    assert_eq!(
        (status, &body["message"]),
        (200, &json!("Your file has been successfully attached to the invoice."))
    );
    let (status, _) = w.api.upload("POST", &path, &[("attachment", "b.png", b"png")], Value::Null).await;
    assert_eq!(status, 200);
    let invoice = w.api.get(&format!("invoices/{id}")).await["invoice"].clone();
    assert_eq!(each(&invoice["documents"], "file_name"), ["Scan é.PDF", "b.png"]);
    assert_eq!(each(&invoice["documents"], "file_type"), ["pdf", "png"]);
    assert_eq!(invoice["documents"][0]["file_size"], PDF.len());
    assert_eq!(invoice["documents"][0]["can_send_in_mail"], true);
    assert_eq!(invoice["documents"][1]["can_send_in_mail"], false);
    assert_eq!(invoice["attachment_name"], "Scan é.PDF");
    assert_eq!(w.api.get("invoices").await["invoices"][0]["has_attachment"], true);

    let (kind, disposition, bytes) = w.api.download(&path).await;
    assert_eq!((kind.as_str(), bytes.as_slice()), ("application/pdf", PDF));
    assert_eq!(disposition, "attachment; filename=\"Scan _.PDF\"; filename*=UTF-8''Scan%20%C3%A9.PDF");
    let second = invoice["documents"][1]["document_id"].as_str().unwrap();
    let (kind, disposition, bytes) =
        w.api.download(&format!("invoices/{id}/documents/{second}?inline=true")).await;
    assert_eq!((kind.as_str(), bytes.as_slice()), ("image/png", &b"png"[..]));
    assert!(disposition.starts_with("inline;"));
    let about = w.api.get(&format!("invoices/{id}/documents/{second}?responseformat=json")).await;
    assert_eq!(about["document"]["document_name"], "b.png");

    let (_, body) = w.api.call("PUT", &format!("{path}?can_send_in_mail=false"), Value::Null).await;
    assert_eq!(body["message"], "Invoice information has been updated.");
    assert_eq!(w.api.get(&format!("invoices/{id}")).await["invoice"]["can_send_in_mail"], false);
    assert_eq!(refusal(w.api.call("PUT", &path, Value::Null).await, 400).0, 2);
    let (_, body) = w.api.call("DELETE", &format!("invoices/{id}/documents/{second}"), Value::Null).await;
    assert_eq!(body["message"], "The document has been deleted successfully.");
    let (_, body) = w.api.call("DELETE", &path, Value::Null).await;
    assert_eq!(body["message"], "Your file is no longer attached to the invoice.");
    assert_eq!(refusal(w.api.call("DELETE", &path, Value::Null).await, 404).0, 1002);
    assert_eq!(w.api.get("invoices").await["invoices"][0]["has_attachment"], false);
}

#[tokio::test]
async fn files_that_are_not_allowed_are_refused_and_nothing_stays() {
    let w = world().await;
    let customer = w.api.customer("Buyer").await;
    let id = w.api.invoice(&customer).await;
    let path = format!("invoices/{id}/attachment");
    let big = vec![7u8; 10_000_001];
    for (files, code) in [
        (vec![("attachment", "a.exe", PDF)], 2),
        (vec![("attachment", "noending", PDF)], 2),
        (vec![("attachment", "empty.pdf", &b""[..])], 2),
        (vec![("receipt", "a.pdf", PDF)], 2),
        (vec![("attachment", "fine.pdf", PDF), ("attachment", "a.html", PDF)], 2),
        (vec![("attachment", "big.pdf", big.as_slice())], 1009),
        (vec![("attachment", "a.pdf", PDF); 11], 1009),
        (vec![], 2),
    ] {
        assert_eq!(
            refusal(w.api.upload("POST", &path, &files, Value::Null).await, 400).0,
            code,
            "{:?}",
            files.first().map(|it| it.1)
        );
    }
    let files = [("attachment", "a.pdf", PDF)];
    assert_eq!(
        refusal(w.api.upload("POST", "invoices/1/attachment", &files, Value::Null).await, 404).0,
        1002
    );
    assert_eq!(
        refusal(
            w.api.upload("POST", &format!("{path}?can_send_in_mail=maybe"), &files, Value::Null).await,
            400
        )
        .0,
        2
    );
    assert_eq!(w.api.get(&format!("invoices/{id}")).await["invoice"]["documents"], json!([]));
    let (status, _) =
        w.api.upload("POST", &path, &[("attachment", "a.pdf", &big[..10_000_000])], Value::Null).await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn a_purchase_order_takes_files_on_creation() {
    let w = world().await;
    let vendor = id(&w.api.create(json!({"contact_name": "Seller", "contact_type": "vendor"})).await);
    let body = json!({"vendor_id": vendor, "line_items": [{"name": "Steel", "rate": 5}]});
    let (status, body) =
        w.api.upload("POST", "purchaseorders", &[("attachment", "offer.docx", PDF)], body).await;
    assert_eq!(status, 201, "{body}");
    assert_eq!(body["purchaseorder"]["documents"][0]["file_name"], "offer.docx");
    let id = body["purchaseorder"]["purchaseorder_id"].as_str().unwrap();
    let path = format!("purchaseorders/{id}/attachment");
    let (status, body) = w.api.upload("POST", &path, &[("attachment", "b.gif", PDF)], Value::Null).await;
    assert_eq!((status, &body["message"]), (201, &json!("The document has been attached.")));
    let (_, body) = w.api.call("DELETE", &path, Value::Null).await;
    assert_eq!(body["message"], "The attachment has been deleted.");
}

#[tokio::test]
async fn an_attached_file_survives_a_restart_and_goes_with_its_document() {
    let state = crate::durability::scratch("attachments");
    let start = || finbridge_emulator::Emulator::builder().state_file(state.clone()).start();
    let emulator = start().await.unwrap();
    let api = Api::login(&emulator.url()).await;
    let customer = api.customer("Buyer").await;
    let (first, second) = (api.invoice(&customer).await, api.invoice(&customer).await);
    let path = |id: &str| format!("invoices/{id}/attachment");
    for id in [&first, &second] {
        let (status, _) = api.upload("POST", &path(id), &[("attachment", "a.pdf", PDF)], Value::Null).await;
        assert_eq!(status, 200);
    }
    assert_eq!(api.call("DELETE", &format!("invoices/{first}"), Value::Null).await.0, 200);
    emulator.shutdown().await;
    let emulator = start().await.unwrap();
    let api = Api { url: emulator.url(), ..api };
    assert_eq!(api.download(&path(&second)).await.2, PDF);
    assert_eq!(refusal(api.call("GET", &path(&first), Value::Null).await, 404).0, 1002);
}

#[tokio::test]
async fn orders_and_bills_of_vendors_are_discussed_and_mailed() {
    let w = world().await;
    let vendor = id(&w
        .api
        .create(json!({"contact_name": "Seller", "contact_type": "vendor",
            "contact_persons": [{"first_name": "Sam", "email": "sam@seller.example"}]}))
        .await);
    for (path, key) in [("purchaseorders", "purchaseorder"), ("bills", "bill")] {
        let body = json!({"vendor_id": vendor, "bill_number": "B-7", "date": "2026-01-05",
            "line_items": [{"name": "Steel", "rate": 5}]});
        let (status, body) = w.api.call("POST", path, body).await;
        assert_eq!(status, 201, "{body}");
        let id = body[key][format!("{key}_id")].as_str().unwrap().to_owned();
        let comments = format!("{path}/{id}/comments");
        let (status, body) = w.api.call("POST", &comments, json!({"description": "Late"})).await;
        assert_eq!((status, &body["message"]), (201, &json!("Comments added.")), "{path}");
        let said = each(&w.api.get(&comments).await["comments"], "description");
        assert_eq!(said[0], "Late");
        assert!(said.last().unwrap().ends_with(" created for $5.00."), "{said:?}");
        let file = [("attachment", "scan.jpg", PDF)];
        let (status, _) = w.api.upload("POST", &format!("{path}/{id}/attachment"), &file, Value::Null).await;
        assert_eq!(status, 201, "{path}");
        let text = pdf_text(&w.api.download(&format!("{path}/{id}?accept=pdf")).await.2);
        assert!(text.contains("(Seller)") && text.contains("(Steel)") && text.contains("($5.00)"), "{text}");
        if path == "purchaseorders" {
            let mail = format!("{path}/{id}/email");
            assert_eq!(w.api.get(&mail).await["data"]["to_mails_str"], "sam@seller.example");
            let body = json!({"to_mail_ids": ["sam@seller.example"]});
            assert_eq!(
                refusal(w.api.call("POST", &mail, body).await, 400).1,
                "Invalid value passed for body"
            );
            let body = json!({"to_mail_ids": ["sam@seller.example"], "body": "Please deliver"});
            let (status, body) = w.api.call("POST", &mail, body).await;
            assert_eq!((status, &body["message"]), (201, &json!("Your purchase order has been sent.")));
        }
    }
    let history = w.api.get(&format!("contacts/{vendor}/comments")).await;
    let kinds = each(&history["contact_comments"], "transaction_type");
    assert!(kinds.contains(&"bill".to_owned()) && kinds.contains(&"purchaseorder".to_owned()), "{kinds:?}");
}

#[tokio::test]
async fn an_expense_has_a_receipt_and_files_beside_it() {
    let w = world().await;
    let accounts = w.api.get("chartofaccounts").await;
    let account = accounts["chartofaccounts"][0]["account_id"].clone();
    let body = json!({"account_id": account, "date": "2026-01-05", "amount": 12.5});
    let (status, body) = w.api.call("POST", "expenses", body).await;
    assert_eq!(status, 201, "{body}");
    let id = body["expense"]["expense_id"].as_str().unwrap().to_owned();
    let receipt = [("receipt", "taxi.pdf", PDF)];
    let (status, body) = w.api.upload("POST", &format!("expenses/{id}/receipt"), &receipt, Value::Null).await;
    assert_eq!(status, 200, "{body}");
    let file = [("attachment", "map.png", PDF)];
    let (status, body) = w.api.upload("POST", &format!("expenses/{id}/attachment"), &file, Value::Null).await;
    assert_eq!((status, &body["message"]), (200, &json!("The expense attachment has been attached.")));
    assert_eq!(each(&body["documents"], "file_name"), ["map.png"]);
    let expense = w.api.get(&format!("expenses/{id}")).await["expense"].clone();
    assert_eq!(
        (&expense["has_attachment"], &expense["expense_receipt_name"]),
        (&json!(true), &json!("taxi.pdf"))
    );
    assert!(each(&expense["documents"], "file_name").contains(&"map.png".to_owned()));
    assert_eq!(w.api.call("DELETE", &format!("expenses/{id}/attachment"), Value::Null).await.0, 200);
    assert_eq!(
        w.api.get(&format!("expenses/{id}")).await["expense"]["has_attachment"],
        true,
        "the receipt is left"
    );
    let comments = w.api.get(&format!("expenses/{id}/comments")).await;
    assert_eq!(each(&comments["comments"], "description").last().unwrap(), "Expense created for $12.50.");
}
