//! Many writers at once: the sums of the books stay consistent, and no lock stays held.

use std::time::Duration;

use serde_json::{Value, json};

use crate::sales::{Shop, id_of, shop};

const WRITERS: u32 = 32;

/// What one writer does: creates, changes, pays in part, and now and then takes something back.
async fn write(shop: &Shop, writer: u32) {
    for round in 0..4 {
        let invoice = shop.invoice(json!(100 + writer)).await;
        let id = id_of(&invoice, "invoice_id");
        let path = format!("invoices/{id}");
        let lines = json!({"line_items": [{"name": "Work", "rate": format!("{}.25", 200 + writer)}]});
        assert_eq!(shop.call("PUT", &path, lines).await.0, 200);
        let paid = shop.paid(json!(50), json!([{"invoice_id": id, "amount_applied": 50}])).await;
        let payment = format!("customerpayments/{}", id_of(&paid, "payment_id"));
        match (writer + round) % 4 {
            0 => assert_eq!(shop.call("DELETE", &payment, Value::Null).await.0, 200),
            1 => {
                shop.refused("DELETE", &path, Value::Null, 400, 4018).await;
            }
            2 => {
                assert_eq!(shop.call("DELETE", &payment, Value::Null).await.0, 200);
                assert_eq!(shop.call("DELETE", &path, Value::Null).await.0, 200);
            }
            _ => {
                let rest = format!("{}.25", 150 + writer);
                shop.paid(json!(rest), json!([{"invoice_id": id, "amount_applied": rest}])).await;
            }
        }
    }
}

fn cents(value: &Value) -> i64 {
    let text = value.to_string();
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    format!("{whole}{part:0<2}").parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn parallel_writers_leave_consistent_sums() {
    let shop = shop().await;
    let all = futures::future::join_all((0..WRITERS).map(|writer| write(&shop, writer)));
    tokio::time::timeout(Duration::from_secs(120), all).await.unwrap();
    let (mut open, mut expected, mut page) = (0, 0, 1);
    loop {
        let list = shop.api().get(&format!("invoices?per_page=50&page={page}")).await;
        for row in list["invoices"].as_array().unwrap() {
            open += cents(&row["balance"]);
            assert!(cents(&row["balance"]) >= 0, "{row}");
        }
        if list["page_context"]["has_more_page"] == false {
            break;
        }
        page += 1;
    }
    // Of each writer's four rounds one leaves the whole invoice, one all but 50, and two leave nothing.
    for writer in 0..WRITERS {
        expected += 2 * (i64::from(200 + writer) * 100 + 25) - 5000;
    }
    assert_eq!(open, expected);
    let contact = shop.get("contacts", &shop.customer).await;
    assert_eq!(cents(&contact["outstanding_receivable_amount"]), open);
    assert_eq!(cents(&contact["unused_credits_receivable_amount"]), 0);
    shop.api().named("The next").await;
}
