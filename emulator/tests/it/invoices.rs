use serde_json::{Value, json};

use crate::sales::*;

const SENT: &str = "Invoice status has been changed to Sent.";
const VOID: &str = "Invoice status has been changed to Void.";
const DRAFT: &str = "Status of invoice changed from void to draft";
const SUBMITTED: &str = "The invoice has been submitted for approval successfully.";
const APPROVED: &str = "You have approved the invoice.";
const WRITTEN_OFF: &str = "Invoice has been written off";
const CANCELLED: &str = "The write off done for this invoice has been cancelled.";

async fn in_state(shop: &Shop, state: &str) -> String {
    let created = shop.create("invoices", json!({"due_date": "2026-01-10"})).await;
    let id = id_of(&created, "invoice_id");
    for step in match state {
        "draft" => vec![],
        "void" => vec!["status/void"],
        "pending_approval" => vec!["submit"],
        "approved" => vec!["submit", "approve"],
        "written off" => vec!["status/sent", "writeoff"],
        _ => vec!["status/sent"],
    } {
        let (status, answer) = shop.call("POST", &format!("invoices/{id}/{step}"), Value::Null).await;
        assert_eq!(status, 200, "{step}: {answer}");
    }
    if state == "partially_paid" {
        shop.paid(json!(40), json!([{"invoice_id": id, "amount_applied": 40}])).await;
    }
    if state == "paid" {
        shop.paid(json!(100), json!([{"invoice_id": id, "amount_applied": 100}])).await;
    }
    if state == "overdue" {
        shop.at(11, 0).await;
    }
    id
}

const fn step(path: &'static str, message: &'static str, verb: &'static str) -> Step {
    Step { path, status: 200, message, verb }
}

const STEPS: [Step; 6] = [
    step("status/sent", SENT, "sent"),
    step("status/void", VOID, "voided"),
    step("status/draft", DRAFT, "changed to draft"),
    step("submit", SUBMITTED, "submitted for approval"),
    step("approve", APPROVED, "approved"),
    step("writeoff", WRITTEN_OFF, "written off"),
];

const ALLOWED: [Allowed; 19] = [
    ("draft", "status/sent", "sent"),
    ("draft", "status/void", "void"),
    ("draft", "status/draft", "draft"),
    ("draft", "submit", "pending_approval"),
    ("sent", "status/sent", "sent"),
    ("sent", "status/void", "void"),
    ("sent", "writeoff", "paid"),
    ("overdue", "status/sent", "overdue"),
    ("overdue", "status/void", "void"),
    ("overdue", "writeoff", "paid"),
    ("partially_paid", "status/sent", "partially_paid"),
    ("partially_paid", "writeoff", "paid"),
    ("paid", "status/sent", "paid"),
    ("void", "status/void", "void"),
    ("void", "status/draft", "draft"),
    ("pending_approval", "submit", "pending_approval"),
    ("pending_approval", "approve", "approved"),
    ("approved", "approve", "approved"),
    ("approved", "status/sent", "sent"),
];

#[tokio::test]
async fn every_transition_is_allowed_or_refused_as_described() {
    let common = shop().await;
    for from in ["draft", "sent", "overdue", "partially_paid", "paid", "void", "pending_approval", "approved"]
    {
        for step in STEPS {
            // What follows from the clock has a clock of its own.
            let own = if from == "overdue" { Some(shop().await) } else { None };
            let shop = own.as_ref().unwrap_or(&common);
            let id = in_state(shop, from).await;
            assert_eq!(shop.status("invoices", &id).await, from);
            if step.path == "status/void" && ["partially_paid", "paid"].contains(&from) {
                let before = shop.get("invoices", &id).await;
                let path = format!("invoices/{id}/status/void");
                let sentence = shop.refused("POST", &path, Value::Null, 400, 4018).await;
                assert_eq!(sentence, "Invoice has payments or credits applied. Remove them first.");
                assert_eq!(shop.get("invoices", &id).await, before);
                continue;
            }
            // Nothing was written off before the last of the steps, whatever the status.
            let path = format!("invoices/{id}/writeoff/cancel");
            let sentence = shop.refused("POST", &path, Value::Null, 400, 4098).await;
            assert_eq!(sentence, "The invoice was not written off.", "{from}");
            shop.step("invoices", &id, "An invoice", from, step, &ALLOWED).await;
        }
    }
}

#[tokio::test]
async fn a_write_off_gives_up_the_balance_and_can_be_cancelled() {
    let shop = shop().await;
    let id = in_state(&shop, "partially_paid").await;
    let path = format!("invoices/{id}/writeoff");
    for _ in 0..2 {
        shop.done("POST", &path, Value::Null, 200, WRITTEN_OFF).await;
        let invoice = shop.get("invoices", &id).await;
        assert_eq!((&invoice["balance"], &invoice["write_off_amount"]), (&json!(0.0), &json!(60.0)));
    }
    for _ in 0..2 {
        shop.done("POST", &format!("{path}/cancel"), Value::Null, 200, CANCELLED).await;
        let invoice = shop.get("invoices", &id).await;
        assert_eq!((&invoice["balance"], &invoice["write_off_amount"]), (&json!(60.0), &json!(0.0)));
        assert_eq!(invoice["status"], "partially_paid");
    }
    let whole = in_state(&shop, "written off").await;
    let refusal =
        shop.refused("POST", &format!("invoices/{whole}/status/void"), Value::Null, 400, 4098).await;
    assert_eq!(refusal, "An invoice that was written off cannot be voided. Cancel the write-off first.");
    let body = json!([{"invoice_id": whole, "amount_applied": 1}]);
    assert_eq!(shop.pay(json!(1), body).await.1["code"], 4017);
}

#[tokio::test]
async fn overdue_wins_over_partially_paid_from_the_organizations_next_day_on() {
    let shop = shop().await;
    let id = in_state(&shop, "partially_paid").await;
    let member = async |name: &str| shop.get("invoices", &id).await[name].clone();
    assert_eq!(
        (member("status").await, member("due_days").await),
        (json!("partially_paid"), json!("Due in 5 days"))
    );
    shop.at(10, 23).await;
    assert_eq!(
        (member("status").await, member("due_days").await),
        (json!("partially_paid"), json!("Due Today"))
    );
    shop.at(11, 0).await;
    assert_eq!(
        (member("status").await, member("due_days").await),
        (json!("overdue"), json!("Overdue by 1 day"))
    );
    shop.paid(json!(60), json!([{"invoice_id": id, "amount_applied": 60}])).await;
    assert_eq!((member("status").await, member("due_days").await), (json!("paid"), json!("")));
    assert_eq!(member("last_payment_date").await, "2026-01-05");
}

#[tokio::test]
async fn payments_keep_an_invoice_from_deletion_and_from_shrinking_below_them() {
    let shop = shop().await;
    let id = in_state(&shop, "partially_paid").await;
    let path = format!("invoices/{id}");
    let other = shop.api().named("Other").await;
    let before = shop.get("invoices", &id).await;
    shop.refused("DELETE", &path, Value::Null, 400, 4018).await;
    shop.refused("PUT", &path, json!({"customer_id": other}), 400, 4018).await;
    shop.refused("PUT", &path, json!({"line_items": [{"name": "x", "rate": 39.99}]}), 400, 4017).await;
    assert_eq!(shop.get("invoices", &id).await, before);
    let body = json!({"line_items": [{"name": "x", "rate": 40}]});
    shop.done("PUT", &path, body, 200, "Invoice information has been updated.").await;
    let invoice = shop.get("invoices", &id).await;
    assert_eq!((&invoice["status"], &invoice["balance"]), (&json!("paid"), &json!(0.0)));
    let body = json!({"line_items": [{"name": "x", "rate": 50}]});
    shop.done("PUT", &path, body, 200, "Invoice information has been updated.").await;
    let invoice = shop.get("invoices", &id).await;
    assert_eq!((&invoice["status"], &invoice["balance"]), (&json!("partially_paid"), &json!(10.0)));
}

#[tokio::test]
async fn bulk_calls_answer_for_each_record() {
    let shop = shop().await;
    let (a, b) = (in_state(&shop, "draft").await, in_state(&shop, "void").await);
    let answer =
        shop.api().call("POST", &format!("invoices/status/sent?invoice_ids={a},{b},12"), Value::Null).await;
    assert_eq!(answer.0, 200);
    let rows = answer.1["results"].as_array().unwrap().clone();
    let row = |at: usize| (rows[at]["id"].clone(), rows[at]["code"].clone(), rows[at]["message"].clone());
    assert_eq!(row(0), (json!(a), json!(0), json!(SENT)));
    assert_eq!(row(1), (json!(b), json!(4098), json!("An invoice in the status void cannot be sent.")));
    assert_eq!(row(2), (json!("12"), json!(1002), json!("Invoice does not exist.")));
    assert_eq!(
        (shop.status("invoices", &a).await, shop.status("invoices", &b).await),
        ("sent".into(), "void".into())
    );
    let paid = in_state(&shop, "paid").await;
    let answer = shop.call("DELETE", &format!("invoices?invoice_ids={a},{paid}"), Value::Null).await.1;
    assert_eq!(answer["results"][0]["message"], "The invoice has been deleted.");
    assert_eq!(answer["results"][1]["code"], 4018);
    shop.refused("GET", &format!("invoices/{a}"), Value::Null, 404, 1002).await;
    assert_eq!(shop.status("invoices", &paid).await, "paid");
    shop.refused("POST", "invoices/status/sent", Value::Null, 400, 2).await;
}

#[tokio::test]
async fn batch_payments_are_recorded_with_the_invoice_or_nothing_is() {
    let shop = shop().await;
    let lines = json!([{"name": "x", "rate": 100}]);
    let payments = json!([{"payment_mode": "cash", "amount": "30"}, {"payment_mode": "check", "amount": 50}]);
    let body = json!({"customer_id": shop.customer, "line_items": lines, "batch_payments": payments});
    let answer =
        shop.done("POST", "invoices?batch_payments=true", body, 201, "The invoice has been created.").await;
    let invoice = &answer["invoice"];
    assert_eq!((&invoice["status"], &invoice["balance"]), (&json!("partially_paid"), &json!(20.0)));
    assert_eq!(
        shop.listed("customerpayments", "sort_column=amount", "amount").await,
        [json!(30.0), json!(50.0)]
    );
    let body = json!({"customer_id": shop.customer, "line_items": lines,
        "batch_payments": [{"payment_mode": "cash", "amount": 30}, {"payment_mode": "cash", "amount": 71}]});
    shop.refused("POST", "invoices", body, 400, 4017).await;
    assert_eq!(shop.listed("invoices", "", "invoice_id").await.len(), 1);
    assert_eq!(shop.listed("customerpayments", "", "payment_id").await.len(), 2);
}

#[tokio::test]
async fn rows_lists_and_sums() {
    let shop = shop().await;
    let paid = in_state(&shop, "paid").await;
    let (draft, void) = (in_state(&shop, "draft").await, in_state(&shop, "void").await);
    let (part, pending) =
        (in_state(&shop, "partially_paid").await, in_state(&shop, "pending_approval").await);
    let other = shop.api().named("Anderson").await;
    let body = json!({"customer_id": other, "due_date": "2026-02-01", "reference_number": "PO 1",
        "zcrm_potential_id": "9", "payment_expected_date": "2026-01-20"});
    let sent = id_of(&shop.create("invoices?send=true", body).await, "invoice_id");
    for (query, expected) in [
        ("filter_by=Status.Paid".to_owned(), vec![&paid]),
        ("filter_by=Status.Unpaid".to_owned(), vec![&part, &sent]),
        ("status=unpaid".to_owned(), vec![&part, &sent]),
        ("filter_by=Status.PartiallyPaid".to_owned(), vec![&part]),
        ("filter_by=Status.Sent".to_owned(), vec![&sent]),
        ("filter_by=Status.PendingApproval".to_owned(), vec![&pending]),
        ("filter_by=Status.Void".to_owned(), vec![&void]),
        ("filter_by=Status.Draft".to_owned(), vec![&draft]),
        ("filter_by=Status.OverDue".to_owned(), vec![]),
        ("filter_by=Status.Viewed".to_owned(), vec![]),
        ("filter_by=Date.PaymentExpectedDate".to_owned(), vec![&sent]),
        ("status=partially_paid".to_owned(), vec![&part]),
        ("zcrm_potential_id=9".to_owned(), vec![&sent]),
        ("reference_number=po 1".to_owned(), vec![&sent]),
        (format!("customer_id={other}"), vec![&sent]),
        ("balance_less_than=61&balance_greater_than=0".to_owned(), vec![&part]),
        ("due_date=2026-02-01".to_owned(), vec![&sent]),
        ("due_date_after=2026-01-10".to_owned(), vec![&sent]),
        (
            "created_date_start=2026-01-05&created_date_end=2026-01-05&search_text=anders".to_owned(),
            vec![&sent],
        ),
        ("invoice_number=INV-000002".to_owned(), vec![&draft]),
        ("sort_column=due_date&sort_order=D&per_page=1".to_owned(), vec![&sent]),
        ("sort_column=customer_name&per_page=1".to_owned(), vec![&sent]),
        ("sort_column=balance&per_page=1".to_owned(), vec![&paid]),
    ] {
        let query = format!(
            "{query}{}sort_column=invoice_number",
            if query.contains("sort_column") { "&x_" } else { "&" }
        );
        let expected: Vec<Value> = expected.into_iter().map(|id| json!(id)).collect();
        assert_eq!(shop.listed("invoices", &query, "invoice_id").await, expected, "{query}");
    }
    let item = json!({"name": "Lamp", "rate": 12});
    let item =
        shop.done("POST", "items", item, 201, "The item has been added.").await["item"]["item_id"].clone();
    let lamp = shop.create("invoices", json!({"line_items": [{"item_id": item, "quantity": 2}]})).await;
    assert_eq!((&lamp["total"], &lamp["line_items"][0]["name"]), (&json!(24.0), &json!("Lamp")));
    let by_item = format!("item_id={}", item.as_str().unwrap());
    assert_eq!(shop.listed("invoices", &by_item, "invoice_id").await, [lamp["invoice_id"].clone()]);
    assert_eq!(shop.listed("invoices", "item_name=lamp", "invoice_id").await, [lamp["invoice_id"].clone()]);
    shop.refused("DELETE", &format!("items/{}", item.as_str().unwrap()), Value::Null, 400, 1004).await;

    for (option, rows, total, sums) in [
        ("0", 7, false, false),
        ("1", 7, true, true),
        ("2", 0, true, false),
        ("3", 0, true, true),
        ("4", 7, true, false),
    ] {
        let list = shop.api().get(&format!("invoices?response_option={option}")).await;
        let context = &list["page_context"];
        assert_eq!(list["invoices"].as_array().unwrap().len(), rows, "{option}");
        assert_eq!(context.get("total"), total.then_some(&json!(7)), "{option}");
        let expected = json!({"total": 624.0, "balance": 484.0});
        assert_eq!(context.get("sum_columns"), sums.then_some(&expected), "{option}");
    }
    let list = shop.api().get("invoices").await;
    let mut names: Vec<&str> = list["invoices"][0].as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    let mut expected: Vec<&str> = "invoice_id invoice_number type transaction_type ach_payment_initiated \
        zcrm_potential_id zcrm_potential_name customer_name customer_id company_name email phone country status \
        color_code current_sub_status current_sub_status_id reference_number date due_date due_days currency_id \
        currency_code currency_symbol schedule_time is_viewed_by_client has_attachment client_viewed_time invoice_url \
        project_name billing_address shipping_address created_by total balance created_time updated_time \
        last_modified_time is_emailed reminders_sent last_reminder_sent_date payment_expected_date last_payment_date \
        template_id template_type documents salesperson_id salesperson_name shipping_charge adjustment \
        write_off_amount exchange_rate unprocessed_payment_amount custom_fields custom_field_hash no_of_copies \
        show_no_of_copies location_id location_name"
        .split_whitespace()
        .collect();
    expected.sort_unstable();
    assert_eq!(names, expected);
}
