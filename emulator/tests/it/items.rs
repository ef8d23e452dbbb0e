use serde_json::{Value, json};

use crate::calls::*;
use crate::world::*;

async fn item(api: &Api, body: Value) -> Value {
    done(api, 201, "POST", "items", body).await["item"].clone()
}

#[tokio::test]
async fn an_item_lives_from_creation_to_deletion() {
    let w = world().await;
    let created = done(
        &w.api,
        201,
        "POST",
        "items",
        json!({"name": " Chair ", "rate": 120.5, "sku": "C-1", "unit": "pcs", "description": "oak", "item_id": "1",
            "status": "inactive", "item_type": "sales_and_purchases", "purchase_rate": "80", "unknown": 1}),
    )
    .await;
    assert_eq!(created["message"], "The item has been added.");
    let created = &created["item"];
    let path = format!("items/{}", text(created, "item_id"));
    for (name, value) in [
        ("name", json!("Chair")),
        ("item_name", json!("Chair")),
        ("rate", json!(120.5)),
        ("purchase_rate", json!(80.0)),
        ("status", json!("active")),
        ("source", json!("user")),
        ("is_linked_with_zohocrm", json!(false)),
        ("zcrm_product_id", json!("")),
        ("product_type", json!("goods")),
        ("item_type", json!("sales_and_purchases")),
        ("account_name", json!("Sales")),
        ("purchase_account_name", json!("Cost of Goods Sold")),
        ("inventory_account_name", json!("")),
        ("reorder_level", json!("")),
        ("stock_on_hand", json!("")),
        ("tax_id", json!("")),
        ("tax_percentage", json!(0.0)),
        ("is_taxable", json!(true)),
        ("has_attachment", json!(false)),
        ("custom_fields", json!([])),
        ("created_time", json!("2026-01-05T12:06:10-0800")),
        ("last_modified_time", json!("2026-01-05T12:06:10-0800")),
    ] {
        assert_eq!(created[name], value, "{name}");
    }
    assert!(created.get("unknown").is_none());
    assert_eq!(w.api.get(&path).await["item"], *created);

    w.clock.advance(chrono::TimeDelta::seconds(5));
    let updated = done(&w.api, 200, "PUT", &path, json!({"rate": 99, "reorder_level": 5})).await;
    assert_eq!(updated["message"], "Item details have been saved.");
    let updated = &updated["item"];
    assert_eq!((&updated["name"], &updated["sku"]), (&json!("Chair"), &json!("C-1")));
    assert_eq!((&updated["rate"], &updated["reorder_level"]), (&json!(99.0), &json!(5.0)));
    assert_eq!(updated["last_modified_time"], "2026-01-05T12:06:15-0800");
    let cleared = done(&w.api, 200, "PUT", &path, json!({"reorder_level": ""})).await;
    assert_eq!(cleared["item"]["reorder_level"], "");

    for (word, status) in
        [("inactive", "inactive"), ("inactive", "inactive"), ("active", "active"), ("active", "active")]
    {
        let answer = done(&w.api, 200, "POST", &format!("{path}/{word}"), Value::Null).await;
        assert_eq!(answer["message"], format!("The item has been marked as {word}."));
        assert_eq!(w.api.get(&path).await["item"]["status"], status);
    }
    let answer = done(&w.api, 200, "DELETE", &path, Value::Null).await;
    assert_eq!(answer["message"], "The item has been deleted.");
    for (method, path) in [
        ("GET", path.clone()),
        ("PUT", path.clone()),
        ("DELETE", path.clone()),
        ("POST", format!("{path}/active")),
    ] {
        let body = if method == "PUT" { json!({"rate": 1}) } else { Value::Null };
        refused(&w.api, method, &path, body, 404, 1002, "Item does not exist.").await;
    }
    // Name and SKU are free again.
    item(&w.api, json!({"name": "chair", "rate": 1, "sku": "c-1"})).await;
}

#[tokio::test]
async fn what_an_item_must_obey() {
    let w = world().await;
    let first = item(&w.api, json!({"name": "First", "rate": 1, "sku": "S1"})).await;
    let second = item(&w.api, json!({"name": "Second", "rate": 1, "sku": "S2"})).await;
    let customer = w.api.named("A customer").await;
    let path = format!("items/{}", text(&second, "item_id"));
    let name = "The item \"FIRST\" already exists. Please specify a different name.";
    for (method, path) in [("POST", "items"), ("PUT", path.as_str())] {
        refused(&w.api, method, path, json!({"name": " FIRST", "rate": 1}), 400, 1001, name).await;
        let sku = "The SKU \"s1\" already exists. Please specify a different SKU.";
        refused(&w.api, method, path, json!({"name": "x", "rate": 1, "sku": "s1"}), 400, 1001, sku).await;
        let long = "Please ensure that the name has less than 100 characters.";
        refused(&w.api, method, path, json!({"name": "x".repeat(101), "rate": 1}), 400, 15, long).await;
        for (body, member) in [
            (json!({"name": "", "rate": 1}), "name"),
            (json!({"name": "x", "rate": ""}), "rate"),
            (json!({"name": "x", "rate": "cheap"}), "rate"),
            (json!({"name": "x", "rate": 1e30}), "rate"),
            (json!({"name": 5, "rate": 1}), "name"),
            (json!({"name": "x", "rate": 1, "item_type": "thing"}), "item_type"),
            (json!({"name": "x", "rate": 1, "product_type": "thing"}), "product_type"),
            (
                json!({"name": "x", "rate": 1, "product_type": "service", "item_type": "inventory"}),
                "item_type",
            ),
            (json!({"name": "x", "rate": 1, "initial_stock": -1}), "initial_stock"),
            (json!({"name": "x", "rate": 1, "reorder_level": -1}), "reorder_level"),
            (json!({"name": "x", "rate": 1, "tax_id": "abc"}), "tax_id"),
            (json!({"name": "x", "rate": 1, "vendor_id": customer}), "vendor_id"),
            (json!({"name": "x", "rate": 1, "tax_percentage": 77}), "tax_percentage"),
            (json!({"name": "x", "rate": 1, "tax_percentage": "lots"}), "tax_percentage"),
            (json!({"name": "x", "rate": 1, "is_taxable": "perhaps"}), "is_taxable"),
            (
                json!({"name": "x", "rate": 1, "custom_fields": [{"api_name": "cf_none", "value": "1"}]}),
                "api_name",
            ),
        ] {
            invalid(&w.api, method, path, body, member).await;
        }
        for member in [
            "tax_id",
            "account_id",
            "purchase_account_id",
            "inventory_account_id",
            "vendor_id",
            "tax_exemption_id",
        ] {
            let body = json!({"name": "x", "rate": 1, member: "460000000000000999"});
            refused(&w.api, method, path, body, 400, 6, &format!("Invalid reference passed for {member}"))
                .await;
        }
    }
    invalid(&w.api, "POST", "items", json!({"name": "x"}), "rate").await;
    invalid(&w.api, "POST", "items", json!({"rate": 1}), "name").await;
    refused(&w.api, "POST", "items", Value::Null, 400, 11, "JSONString is missing or empty").await;
    // Nothing of what was refused has happened, and an item may keep its own name in another case.
    assert_eq!(w.api.get(&path).await["item"], second);
    assert_eq!(column(&w.api.get("items").await, "items", "name"), ["First", "Second"]);
    let path = format!("items/{}", text(&first, "item_id"));
    assert_eq!(done(&w.api, 200, "PUT", &path, json!({"name": "FIRST"})).await["item"]["name"], "FIRST");
}

#[tokio::test]
async fn an_item_takes_the_tax_of_a_percentage() {
    let w = world().await;
    let tax =
        done(&w.api, 201, "POST", "settings/taxes", json!({"tax_name": "VAT", "tax_percentage": 12.5})).await;
    let tax = text(&tax["tax"], "tax_id");
    for percentage in [json!(12.5), json!("12.50"), json!("12.5%")] {
        let name = format!("By {percentage}");
        let created = item(&w.api, json!({"name": name, "rate": 1, "tax_percentage": percentage})).await;
        assert_eq!((&created["tax_id"], &created["tax_name"]), (&json!(tax), &json!("VAT")), "{percentage}");
        assert_eq!((&created["tax_percentage"], &created["tax_type"]), (&json!(12.5), &json!("tax")));
        // What was read can be sent back, and zero takes the tax away.
        let path = format!("items/{}", text(&created, "item_id"));
        assert_eq!(done(&w.api, 200, "PUT", &path, created.clone()).await["item"], created);
        let bare = done(&w.api, 200, "PUT", &path, json!({"tax_percentage": 0})).await;
        assert_eq!((&bare["item"]["tax_id"], &bare["item"]["tax_percentage"]), (&json!(""), &json!(0.0)));
    }
}

#[tokio::test]
async fn an_inventory_item_shows_its_stock() {
    let w = world().await;
    let created = item(
        &w.api,
        json!({"name": "Box", "rate": 1, "item_type": "inventory", "initial_stock": 12,
        "initial_stock_rate": 2.5, "reorder_level": "3"}),
    )
    .await;
    for name in ["stock_on_hand", "available_stock", "actual_available_stock"] {
        assert_eq!(created[name], json!(12.0), "{name}");
    }
    assert_eq!((&created["reorder_level"], &created["initial_stock_rate"]), (&json!(3.0), &json!(2.5)));
    assert_eq!(created["inventory_account_name"], "Inventory Asset");
    let vendor = w.api.create(json!({"contact_name": "Maker", "contact_type": "vendor"})).await;
    let path = format!("items/{}", text(&created, "item_id"));
    let updated = done(&w.api, 200, "PUT", &path, json!({"vendor_id": vendor["contact_id"]})).await;
    assert_eq!(updated["item"]["vendor_name"], "Maker");
}

#[tokio::test]
async fn several_items_are_read_and_deleted_at_once() {
    let w = world().await;
    let mut ids = Vec::new();
    for name in ["A", "B", "C"] {
        ids.push(text(&item(&w.api, json!({"name": name, "rate": 1})).await, "item_id"));
    }
    let list = w.api.get(&format!("itemdetails?item_ids={}, {},999,x", ids[2], ids[0])).await;
    assert_eq!(column(&list, "items", "name"), ["C", "A"]);
    assert!(list["items"][0].get("package_details").is_some(), "details, not rows");
    assert_eq!(
        (&list["page_context"]["has_more_page"], &list["page_context"]["report_name"]),
        (&json!(false), &json!("Items"))
    );
    let first = w.api.get(&format!("itemdetails?item_ids={}&per_page=2", ids.join(","))).await;
    assert_eq!(
        (first["items"].as_array().unwrap().len(), &first["page_context"]["has_more_page"]),
        (2, &json!(true))
    );
    for query in ["itemdetails", "itemdetails?item_ids=", "itemdetails?item_ids=,"] {
        invalid(&w.api, "GET", query, Value::Null, "item_ids").await;
    }
    let many = vec!["1"; 201].join(",");
    invalid(&w.api, "GET", &format!("itemdetails?item_ids={many}"), Value::Null, "item_ids").await;
    assert_eq!(w.api.get(&format!("itemdetails?item_ids={}", &many[2..])).await["items"], json!([]));

    let answer = done(&w.api, 200, "DELETE", &format!("items?item_ids={},7", ids[0]), Value::Null).await;
    let codes: Vec<_> =
        answer["results"].as_array().unwrap().iter().map(|it| it["code"].as_i64().unwrap()).collect();
    assert_eq!(codes, [0, 1002]);
    assert_eq!(column(&w.api.get("items").await, "items", "name"), ["B", "C"]);
}

fn file(field: &str, name: &str, kind: &str, content: &[u8]) -> (String, Vec<u8>) {
    let mut body = format!(
        "--edge\r\nContent-Disposition: form-data; name=\"{field}\"; filename=\"{name}\"\r\nContent-Type: {kind}\r\n\r\n"
    )
    .into_bytes();
    body.extend_from_slice(content);
    body.extend_from_slice(b"\r\n--edge--\r\n");
    ("multipart/form-data; boundary=edge".to_owned(), body)
}

#[tokio::test]
async fn an_item_has_one_image() {
    let w = world().await;
    let created = item(&w.api, json!({"name": "Lamp", "rate": 1})).await;
    let path = format!("items/{}", text(&created, "item_id"));
    let image = format!("{path}/image");
    let post = |(kind, body): (String, Vec<u8>)| {
        w.api.request("POST", &image).header("Content-Type", kind).body(body)
    };
    refused(&w.api, "GET", &image, Value::Null, 404, 1002, "Image does not exist.").await;
    refused(&w.api, "DELETE", &image, Value::Null, 404, 1002, "Image does not exist.").await;
    for bad in [
        file("picture", "a.png", "image/png", b"x"),
        file("image", "a.png", "image/png", b""),
        file("image", "a.pdf", "application/pdf", b"x"),
        file("image", "a.exe", "application/octet-stream", b"x"),
        file("image", "a.png", "image/png", &vec![0; 5 * 1024 * 1024 + 1]),
    ] {
        let (status, body) = send(post(bad)).await;
        assert_eq!((status, body), (400, json!({"code": 2, "message": "Invalid value passed for image"})));
    }
    refused(&w.api, "POST", "items/999/image", json!({}), 400, 2, "Invalid value passed for image").await;

    let bytes: Vec<u8> = (0..=255).collect();
    for (upload, name, word) in [
        (file("image", "lamp.png", "image/png", b"old"), "lamp.png", "png"),
        (file("image", "LAMP.JPG", "application/octet-stream", &bytes), "LAMP.JPG", "jpeg"),
    ] {
        let (status, body) = send(post(upload)).await;
        assert_eq!((status, &body["code"]), (200, &json!(0)), "{body}");
        let shown = w.api.get(&path).await["item"].clone();
        assert_eq!((&shown["image_name"], &shown["image_type"]), (&json!(name), &json!(word)));
        assert_eq!(shown["has_attachment"], true);
        assert!(text(&shown, "image_document_id").parse::<u64>().is_ok());
    }
    let answer = w.api.request("GET", &image).send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "image/jpeg");
    assert_eq!(answer.bytes().await.unwrap(), bytes);
    done(&w.api, 200, "DELETE", &image, Value::Null).await;
    let shown = w.api.get(&path).await["item"].clone();
    assert_eq!(
        (&shown["image_name"], &shown["image_document_id"], &shown["has_attachment"]),
        (&json!(""), &json!(""), &json!(false))
    );
    refused(&w.api, "GET", &image, Value::Null, 404, 1002, "Image does not exist.").await;
}
