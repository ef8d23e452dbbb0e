//! Every line of section 8 on items, which stand for all resources of the engine.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::calls::*;
use crate::world::*;

async fn filled() -> World {
    let w = world().await;
    for body in [
        json!({"name": "Beta", "rate": 20, "sku": "S-2", "description": "red wood", "item_type": "purchases", "product_type": "service"}),
        json!({"name": "alpha", "rate": 10, "sku": "S-1"}),
        json!({"name": "Ärger", "rate": 30, "item_type": "inventory"}),
        json!({"name": "gamma", "rate": 9.5, "item_type": "sales_and_purchases", "product_type": "digital_service"}),
    ] {
        w.clock.advance(TimeDelta::seconds(60));
        done(&w.api, 201, "POST", "items", body).await;
    }
    w
}

#[tokio::test]
async fn filters_and_orders() {
    let w = filled().await;
    let gamma = w.api.get("items?name=gamma").await["items"][0].clone();
    done(&w.api, 200, "POST", &format!("items/{}/inactive", text(&gamma, "item_id")), Value::Null).await;
    let all = vec!["alpha", "Beta", "gamma", "Ärger"];
    for (query, expected) in [
        ("", all.clone()),
        (
            "status=&customview_id=&last_modified_time=&created_date_start=&page=&per_page=&sort_column=&filter_by=",
            all.clone(),
        ),
        ("page=0", all.clone()),
        ("page=0&per_page=0", all.clone()),
        ("page=200", vec![]),
        ("page=18446744073709551615&per_page=200", vec![]),
        ("customview_id=99", all.clone()),
        ("undocumented=1", all.clone()),
        ("name=BETA", vec!["Beta"]),
        ("name=nothing", vec![]),
        ("name_startswith=%C3%A4r", vec!["Ärger"]),
        ("name_contains=A", vec!["alpha", "Beta", "gamma"]),
        ("name_in=beta, ALPHA,zeta", vec!["alpha", "Beta"]),
        ("name_not_in=beta,alpha", vec!["gamma", "Ärger"]),
        ("sku=s-1", vec!["alpha"]),
        ("sku_startswith=S&description_contains=WOOD", vec!["Beta"]),
        ("rate=20.00", vec!["Beta"]),
        ("rate_less_than=10", vec!["gamma"]),
        ("rate_less_equals=10", vec!["alpha", "gamma"]),
        ("rate_greater_than=20", vec!["Ärger"]),
        ("rate_greater_equals=20", vec!["Beta", "Ärger"]),
        ("rate_start=10&rate_end=20", vec!["alpha", "Beta"]),
        ("item_type=inventory", vec!["Ärger"]),
        ("product_type=service", vec!["Beta"]),
        ("is_taxable=true", all.clone()),
        ("is_taxable=false", vec![]),
        ("tax_id=12", vec![]),
        ("status=active", vec!["alpha", "Beta", "Ärger"]),
        ("status=all", all.clone()),
        ("filter_by=Status.All", all.clone()),
        ("filter_by=status.inactive", vec!["gamma"]),
        ("filter_by=Status.Sales", vec!["alpha", "gamma", "Ärger"]),
        ("filter_by=Status.Purchases", vec!["Beta", "gamma", "Ärger"]),
        ("filter_by=Status.SalesAndPurchases", vec!["gamma"]),
        ("filter_by=Status.Inventory", vec!["Ärger"]),
        ("filter_by=Status.Goods", vec!["alpha", "Ärger"]),
        ("filter_by=Status.Services", vec!["Beta", "gamma"]),
        ("filter_by=Status.Crm", vec![]),
        ("search_text=WOOD", vec!["Beta"]),
        ("search_text=s-", vec!["alpha", "Beta"]),
        ("sort_column=name&sort_order=D", vec!["Ärger", "gamma", "Beta", "alpha"]),
        ("sort_order=descending", vec!["Ärger", "gamma", "Beta", "alpha"]),
        ("sort_order=ascending", all.clone()),
        ("sort_order=desc", vec!["Ärger", "gamma", "Beta", "alpha"]),
        ("sort_column=rate", vec!["gamma", "alpha", "Beta", "Ärger"]),
        ("sort_column=rate&sort_order=d", vec!["Ärger", "Beta", "alpha", "gamma"]),
        ("sort_column=sku&name_contains=a&sort_order=D", vec!["Beta", "alpha", "gamma"]),
        ("sort_column=created_time", vec!["Beta", "alpha", "Ärger", "gamma"]),
        ("sort_column=created_time&sort_order=D", vec!["gamma", "Ärger", "alpha", "Beta"]),
        ("sort_column=tax_name", vec!["Beta", "alpha", "Ärger", "gamma"]),
        ("sort_column=last_modified_time&sort_order=D", vec!["gamma", "Ärger", "alpha", "Beta"]),
        // Rows changed at or after the instant, in five spellings and on a day of the organization's zone.
        ("last_modified_time=2026-01-05T12:09:10-0800", vec!["gamma", "Ärger"]),
        ("last_modified_time=2026-01-05T20:09:10%2B0000", vec!["gamma", "Ärger"]),
        ("last_modified_time=2026-01-05T20:09:10+0000", vec!["gamma", "Ärger"]),
        ("last_modified_time=2026-01-06T01:39:10%2B05:30", vec!["gamma", "Ärger"]),
        ("last_modified_time=2026-01-05T20:09:10Z", vec!["gamma", "Ärger"]),
        ("last_modified_time=2026-01-05T20:09:11Z", vec!["gamma"]),
        ("last_modified_time=2026-01-05", all.clone()),
        ("last_modified_time=2026-01-06", vec![]),
    ] {
        let list = w.api.get(&format!("items?{query}")).await;
        assert_eq!(column(&list, "items", "name"), expected, "{query}");
        assert_eq!(list["page_context"]["has_more_page"], false, "{query}");
    }
    let nine = "x".repeat(100);
    assert_eq!(w.api.get(&format!("items?search_text={nine}")).await["items"], json!([]));
    for name in ["search_text", "name", "name_contains", "sku_startswith"] {
        let long = format!("Please ensure that the {name} has less than 100 characters.");
        refused(&w.api, "GET", &format!("items?{name}={nine}x"), Value::Null, 400, 15, &long).await;
    }
    for query in [
        "sort_column=nope",
        "sort_column=description",
        "sort_order=X",
        "filter_by=Status.Nope",
        "filter_by=Active",
        "status=gone",
        "page=x",
        "page=-1",
        "per_page=1.5",
        "rate=cheap",
        "rate_less_than=x",
        "last_modified_time=yesterday",
        "response_option=5",
        "response_option=x",
    ] {
        let name = query.split('=').next().unwrap();
        invalid(&w.api, "GET", &format!("items?{query}"), Value::Null, name).await;
    }
}

#[tokio::test]
async fn the_page_context_says_what_was_asked() {
    let w = filled().await;
    let list = w.api.get("items").await;
    assert_eq!(
        list["page_context"],
        json!({"page": 1, "per_page": 200, "has_more_page": false, "report_name": "Items", "applied_filter": "Status.All",
            "custom_fields": [], "sort_column": "name", "sort_order": "A"})
    );
    let list = w
        .api
        .get("items?page=2&per_page=3&sort_column=rate&sort_order=descending&filter_by=status.active")
        .await;
    assert_eq!(column(&list, "items", "name"), ["gamma"]);
    let context = &list["page_context"];
    assert_eq!((&context["page"], &context["per_page"]), (&json!(2), &json!(3)));
    assert_eq!((&context["sort_column"], &context["sort_order"]), (&json!("rate"), &json!("D")));
    assert_eq!(context["applied_filter"], "Status.Active");
    assert_eq!(w.api.get("items?per_page=3").await["page_context"]["has_more_page"], true);
    assert_eq!(w.api.get("items?per_page=4").await["page_context"]["has_more_page"], false);
    let list = w.api.get("items?per_page=1000&name_contains=a&search_text=ph").await;
    assert_eq!(list["page_context"]["per_page"], 200);
    let criteria = list["page_context"]["search_criteria"].as_array().unwrap();
    let named: Vec<_> = criteria
        .iter()
        .map(|it| {
            (
                it["column_name"].as_str().unwrap(),
                it["search_text"].as_str().unwrap(),
                it["comparator"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(named, [("name", "a", "contains"), ("search_text", "ph", "contains")]);
}

#[tokio::test]
async fn response_options() {
    let w = filled().await;
    for (option, rows, total, sums) in [
        ("0", 3, None, false),
        ("1", 3, Some(4), true),
        ("2", 0, Some(4), false),
        ("3", 0, Some(4), true),
        ("4", 3, Some(4), false),
    ] {
        let list = w.api.get(&format!("items?response_option={option}&per_page=3")).await;
        assert_eq!(list["items"].as_array().unwrap().len(), rows, "{option}");
        assert_eq!(list["page_context"]["total"].as_i64(), total, "{option}");
        assert_eq!(list["page_context"].get("sum_columns").is_some(), sums, "{option}");
    }
}

#[tokio::test]
async fn a_cursor_sees_every_change_once() {
    let w = filled().await;
    let newest = w.api.get("items?sort_column=last_modified_time&sort_order=D&per_page=1").await;
    let cursor = text(&newest["items"][0], "last_modified_time");
    w.clock.advance(TimeDelta::seconds(1));
    let beta = text(&w.api.get("items?name=Beta").await["items"][0], "item_id");
    done(&w.api, 200, "PUT", &format!("items/{beta}"), json!({"rate": 21})).await;
    let list = w.api.get(&format!("items?last_modified_time={cursor}&sort_column=last_modified_time")).await;
    assert_eq!(column(&list, "items", "name"), ["gamma", "Beta"], "the row at the cursor comes again");
}

#[tokio::test]
async fn pages_neither_lose_nor_repeat_rows() {
    let w = world().await;
    let vat = json!({"tax_name": "VAT", "tax_percentage": 1});
    let vat = text(&done(&w.api, 201, "POST", "settings/taxes", vat).await["tax"], "tax_id");
    let mut all = Vec::new();
    for n in 0..9 {
        // Three share an instant, a rate and a tax, so that every order needs its tie-break.
        if n % 3 == 0 {
            w.clock.advance(TimeDelta::seconds(1));
        }
        let body = json!({"name": format!("N{}", n * 7 % 9), "rate": n % 3, "tax_id": if n % 3 == 0 { &vat } else { "" }});
        all.push(text(&done(&w.api, 201, "POST", "items", body).await["item"], "item_id"));
    }
    all.sort();
    for column_name in ["name", "sku", "rate", "tax_name", "created_time", "last_modified_time"] {
        for order in ["A", "D"] {
            for (per_page, since) in
                [(1, ""), (2, "2026-01-05T20:06:00Z"), (4, "2026-01-05T00:00:00Z"), (9, "")]
            {
                let (mut seen, mut page) = (Vec::new(), 1);
                loop {
                    let query = format!(
                        "page={page}&per_page={per_page}&sort_column={column_name}&sort_order={order}&last_modified_time={since}"
                    );
                    let list = w.api.get(&format!("items?{query}")).await;
                    let rows = column(&list, "items", "item_id");
                    let more = list["page_context"]["has_more_page"].as_bool().unwrap();
                    assert!(rows.len() == per_page || !more && rows.len() < per_page, "{query}");
                    seen.extend(rows);
                    if !more {
                        break;
                    }
                    page += 1;
                }
                seen.sort();
                assert_eq!(seen, all, "{column_name} {order} {per_page}");
            }
        }
    }
}
