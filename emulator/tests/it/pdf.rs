//! Every test here needs documents.

use serde_json::{Value, json};

use crate::papers::*;
use crate::world::*;

#[tokio::test]
async fn a_detail_is_given_as_pdf_html_csv_and_spreadsheet() {
    let w = world().await;
    let customer = w.api.customer("Buyer & Sons").await;
    let id = w.api.invoice(&customer).await;
    let number =
        w.api.get(&format!("invoices/{id}")).await["invoice"]["invoice_number"].as_str().unwrap().to_owned();
    let path = |wish: &str| format!("invoices/{id}?{wish}");
    let (kind, disposition, bytes) = w.api.download(&path("accept=pdf")).await;
    assert!(kind.starts_with("application/pdf"), "{kind}");
    assert!(disposition.starts_with(&format!("attachment; filename=\"{number}.pdf\"")), "{disposition}");
    let text = pdf_text(&bytes);
    for expected in [
        "(INVOICE)",
        &format!("({number})"),
        "(Finbridge Demo Inc.)",
        "(Buyer & Sons)",
        "(2026-01-05)",
        "(100.00)",
        "(200.00)",
        "($200.00)",
    ] {
        assert!(text.contains(expected), "{expected} in {text}");
    }
    assert_eq!(w.api.download(&path("accept=pdf")).await.2, bytes, "the same record gives the same bytes");
    let (_, disposition, printed) = w.api.download(&path("accept=pdf&print=true")).await;
    assert!(disposition.starts_with("inline;"));
    assert_eq!(printed, bytes);

    let (kind, _, html) = w.api.download(&path("accept=html")).await;
    let html = String::from_utf8(html).unwrap();
    assert!(kind.starts_with("text/html"));
    assert!(
        html.contains("Work &lt;b&gt;") && html.contains("Buyer &amp; Sons") && !html.contains("<b>"),
        "{html}"
    );
    let (kind, _, csv) = w.api.download(&path("accept=csv")).await;
    let csv = String::from_utf8(csv).unwrap();
    assert!(kind.starts_with("text/csv"));
    assert_eq!(csv.lines().count(), 2, "{csv}");
    assert!(csv.lines().nth(1).unwrap().contains("Work <b> - by the hour"));
    let (kind, _, xls) = w.api.download(&path("accept=XLS")).await;
    assert!(kind.starts_with("application/vnd.ms-excel"));
    assert!(String::from_utf8(xls).unwrap().contains("Buyer &amp; Sons"));
    for wish in ["accept=json", "accept=", "print=false"] {
        assert_eq!(w.api.get(&path(wish)).await["invoice"]["invoice_id"], id.as_str(), "{wish}");
    }
    let refused = refusal(w.api.call("GET", &path("accept=odt"), Value::Null).await, 400);
    assert_eq!(refused, (2, "Invalid value passed for accept".to_owned()));
    assert_eq!(refusal(w.api.call("GET", "invoices/1?accept=pdf", Value::Null).await, 404).0, 1002);
}

#[tokio::test]
async fn many_documents_make_one_pdf() {
    let w = world().await;
    let customer = w.api.customer("Buyer").await;
    for (path, singular) in
        [("invoices", "invoice"), ("estimates", "estimate"), ("salesorders", "salesorder")]
    {
        let first = w.api.document(path, singular, &customer, "").await;
        let second = w.api.document(path, singular, &customer, "").await;
        let (_, disposition, bytes) =
            w.api.download(&format!("{path}/pdf?{singular}_ids={first},{second}")).await;
        assert!(disposition.starts_with(&format!("attachment; filename=\"{path}.pdf\"")));
        let text = pdf_text(&bytes);
        assert_eq!(text.matches("/MediaBox").count(), 2);
        let (_, disposition, printed) = w.api.download(&format!("{path}/print?{singular}_ids={first}")).await;
        assert!(disposition.starts_with("inline;"));
        assert_eq!(pdf_text(&printed).matches("/MediaBox").count(), 1);
        let name = format!("{singular}_ids");
        for ids in [String::new(), vec![first.as_str(); 26].join(",")] {
            let refused =
                refusal(w.api.call("GET", &format!("{path}/pdf?{name}={ids}"), Value::Null).await, 400);
            assert_eq!(refused, (2, format!("Invalid value passed for {name}")));
        }
        assert_eq!(
            refusal(w.api.call("GET", &format!("{path}/pdf?{name}={first},x"), Value::Null).await, 404).0,
            1002
        );
    }
}

#[tokio::test]
async fn a_long_document_has_several_pages() {
    let w = world().await;
    let customer = w.api.customer("Buyer").await;
    let lines: Vec<Value> = (0..150).map(|n| json!({"name": format!("Line {n}"), "rate": 1})).collect();
    let (status, body) = w
        .api
        .call(
            "POST",
            "estimates",
            json!({"customer_id": customer, "line_items": lines, "notes": "Thanks. ".repeat(300)}),
        )
        .await;
    assert_eq!(status, 201, "{body}");
    let id = body["estimate"]["estimate_id"].as_str().unwrap();
    let text = pdf_text(&w.api.download(&format!("estimates/{id}?accept=pdf")).await.2);
    assert!(text.contains("(Line 0)") && text.contains("(Line 149)") && text.contains("($150.00)"));
    assert!(text.matches("/MediaBox").count() >= 4);
}
