use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::world::*;

#[tokio::test]
async fn lifecycle_of_a_contact() {
    let w = world().await;
    let field = json!({"entity": "contact", "label": "X"});
    assert_eq!(w.api.call("POST", "/integration/v1/customfields", field).await.0, 201);
    let created = w.api.create(json!({
        "contact_name": " Ä Straße GmbH 株式会社 ", "company_name": "Acme", "credit_limit": 1000.005,
        "payment_terms": 15, "payment_terms_label": "Net 15", "owner_id": 460000000000000001u64, "unknown_member": {"a": 1},
        "billing_address": {"address": "1 Main St", "city": "Köln", "zip": "50667"},
        "contact_persons": [{"first_name": "A", "email": "a@x.test"}, {"first_name": "B", "is_primary_contact": true}],
        "custom_fields": [{"api_name": "cf_x", "value": "1"}], "status": "inactive", "created_time": "2001-01-01"
    })).await;
    assert_eq!(created["contact_name"], "Ä Straße GmbH 株式会社");
    assert_eq!(created["status"], "active");
    assert_eq!(created["created_time"], "2026-01-05T12:06:10-0800");
    assert_eq!(created["owner_id"], "460000000000000001");
    assert_eq!(created["source"], "api");
    assert!(created.get("unknown_member").is_none());
    assert_eq!(created["contact_persons"][1]["is_primary_contact"], true);
    assert_eq!(created["primary_contact_id"], created["contact_persons"][1]["contact_person_id"]);
    assert_eq!(created["currency_code"], "USD");
    assert!((17..=19).contains(&id(&created).len()));
    let text = w
        .api
        .request("GET", &format!("contacts/{}", id(&created)))
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(text.contains("\"credit_limit\":1000.01,"), "{text}");
    assert!(text.contains("\"outstanding_receivable_amount\":0.0,"), "{text}");

    w.clock.advance(TimeDelta::seconds(5));
    let path = format!("contacts/{}", id(&created));
    let kept = created["contact_persons"][0]["contact_person_id"].clone();
    let (status, body) = w
        .api
        .call(
            "PUT",
            &path,
            json!({
                "contact_name": "Renamed", "billing_address": {"city": "Bonn"},
                "contact_persons": [{"contact_person_id": kept, "last_name": "L"}, {"first_name": "New"}],
                "custom_fields": [{"api_name": "cf_x", "value": "2"}]
            }),
        )
        .await;
    assert_eq!((status, body["message"].as_str()), (200, Some("Contact has been updated successfully")));
    let updated = &body["contact"];
    assert_eq!(updated["company_name"], "Acme");
    assert_eq!(updated["billing_address"]["address"], "1 Main St");
    assert_eq!(updated["billing_address"]["city"], "Bonn");
    assert_eq!(updated["contact_persons"].as_array().unwrap().len(), 2);
    assert_eq!(updated["contact_persons"][0]["first_name"], "A");
    assert_eq!(updated["contact_persons"][0]["is_primary_contact"], true);
    assert_eq!(updated["custom_field_hash"]["cf_x"], "2");
    assert_eq!(updated["last_modified_time"], "2026-01-05T12:06:15-0800");

    for (act, message) in [
        ("inactive", "The contact has been marked as inactive."),
        ("active", "The contact has been marked as active."),
    ] {
        for _ in 0..2 {
            let (status, body) = w.api.call("POST", &format!("{path}/{act}"), Value::Null).await;
            assert_eq!((status, body["message"].as_str()), (200, Some(message)));
        }
        assert_eq!(w.api.get(&path).await["contact"]["status"], act);
    }
    let (status, body) = w.api.call("DELETE", &path, Value::Null).await;
    assert_eq!((status, body), (200, json!({"code": 0, "message": "The contact has been deleted."})));
    assert_eq!(w.api.call("GET", &path, Value::Null).await.0, 404);
    // The name is free again.
    w.api.named("renamed").await;
}

#[tokio::test]
async fn names_are_unique_over_customers_and_vendors_and_on_put() {
    let w = world().await;
    w.api.named("Straße AG").await;
    let (status, body) = w
        .api
        .call("POST", "contacts", json!({"contact_name": " STRASSE ag", "contact_type": "vendor"}))
        .await;
    assert_eq!((status, body["code"].as_i64()), (400, Some(3062)));
    assert_eq!(body["message"], "The vendor \"STRASSE ag\" already exists. Please specify a different name.");
    let other = w.api.named("Other").await;
    let (status, body) =
        w.api.call("PUT", &format!("contacts/{other}"), json!({"contact_name": "straße AG"})).await;
    assert_eq!((status, body["code"].as_i64()), (400, Some(3062)));
    assert_eq!(
        body["message"],
        "The customer \"straße AG\" already exists. Please specify a different name."
    );
    assert_eq!(w.api.get(&format!("contacts/{other}")).await["contact"]["contact_name"], "Other");
    let (status, _) = w.api.call("PUT", &format!("contacts/{other}"), json!({"contact_name": "OTHER"})).await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn parallel_writers_of_one_name_have_one_winner() {
    let w = world().await;
    let tasks: Vec<_> = (0..24)
        .map(|n| {
            let api = w.api.clone();
            tokio::spawn(async move {
                let name = if n % 2 == 0 { "Same Name" } else { " same NAME " };
                api.call("POST", "contacts", json!({"contact_name": name})).await.0
            })
        })
        .collect();
    let mut won = 0;
    for task in tasks {
        match task.await.unwrap() {
            201 => won += 1,
            status => assert_eq!(status, 400),
        }
    }
    assert_eq!(won, 1);
    assert_eq!(names(&w.api.get("contacts").await).len(), 1);
}

#[tokio::test]
async fn bulk_delete_reports_each_contact() {
    let w = world().await;
    let (a, b) = (w.api.named("A").await, w.api.named("B").await);
    let (status, body) =
        w.api.call("DELETE", &format!("contacts?contact_ids={a},999,{b}"), Value::Null).await;
    assert_eq!(status, 200);
    let codes: Vec<_> =
        body["results"].as_array().unwrap().iter().map(|it| it["code"].as_i64().unwrap()).collect();
    assert_eq!(codes, [0, 1002, 0]);
    assert!(names(&w.api.get("contacts").await).is_empty());
}

#[tokio::test]
async fn contact_persons_keep_exactly_one_primary() {
    let w = world().await;
    let contact = w.api.named("Acme").await;
    let person = |name: &str, primary: bool| json!({"contact_id": contact, "first_name": name, "is_primary_contact": primary});
    let (status, first) = w.api.call("POST", "contacts/contactpersons", person("Ann", false)).await;
    assert_eq!((status, first["message"].as_str()), (201, Some("The contactperson has been Created")));
    let first = first["contact_person"].clone();
    assert_eq!(first["is_primary_contact"], true);
    let (_, second) = w.api.call("POST", "contacts/contactpersons", person("Bea", false)).await;
    let second = second["contact_person"]["contact_person_id"].as_str().unwrap().to_owned();
    let primaries = async || {
        let list = w.api.get(&format!("contacts/{contact}/contactpersons")).await;
        list["contact_persons"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|it| it["is_primary_contact"] == true)
            .map(|it| it["first_name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(primaries().await, ["Ann"]);
    let (status, body) =
        w.api.call("POST", &format!("contacts/contactpersons/{second}/primary"), Value::Null).await;
    assert_eq!(
        (status, body["message"].as_str()),
        (200, Some("This contact person has been marked as your primary contact person."))
    );
    assert_eq!(primaries().await, ["Bea"]);
    let (status, body) = w.api.call("PUT", &format!("contacts/contactpersons/{second}"), json!({"contact_id": contact, "first_name": "Bea", "email": "b@x.test", "communication_preference": {"is_sms_enabled": true}})).await;
    assert_eq!(
        (status, body["message"].as_str()),
        (200, Some("The contactperson details has been updated."))
    );
    assert_eq!(body["contact_person"]["communication_preference"]["is_sms_enabled"], true);
    let one = w.api.get(&format!("contacts/{contact}/contactpersons/{second}")).await;
    assert_eq!(one["contact_person"]["email"], "b@x.test");
    assert_eq!(w.api.get("contacts").await["contacts"][0]["email"], "b@x.test");
    let (status, body) =
        w.api.call("DELETE", &format!("contacts/contactpersons/{second}"), Value::Null).await;
    assert_eq!((status, body["message"].as_str()), (200, Some("The contact person has been deleted.")));
    assert_eq!(primaries().await, ["Ann"]);
    let (status, _) = w.api.call("DELETE", &format!("contacts/contactpersons/{second}"), Value::Null).await;
    assert_eq!(status, 404);
    let (status, body) = w.api.call("POST", "contacts/contactpersons", json!({"contact_id": contact})).await;
    assert_eq!((status, body["message"].as_str()), (400, Some("Invalid value passed for first_name")));
}

#[tokio::test]
async fn addresses() {
    let w = world().await;
    let path = format!("contacts/{}/address", w.api.named("Acme").await);
    let (status, body) = w.api.call("POST", &path, json!({"attention": "Yard", "city": "Bonn"})).await;
    assert_eq!((status, body["message"].as_str()), (200, Some("The address has been created.")));
    let one = format!("{path}/{}", body["address_info"]["address_id"].as_str().unwrap());
    let (_, body) = w.api.call("PUT", &one, json!({"city": "Köln"})).await;
    assert_eq!(body["message"], "The address has been updated.");
    assert_eq!(
        (&body["address_info"]["city"], &body["address_info"]["attention"]),
        (&json!("Köln"), &json!("Yard"))
    );
    assert_eq!(w.api.get(&path).await["addresses"].as_array().unwrap().len(), 3);
    let (_, body) = w.api.call("DELETE", &one, Value::Null).await;
    assert_eq!(body["message"], "The address has been deleted.");
    assert_eq!(w.api.call("DELETE", &one, Value::Null).await.0, 404);
}
