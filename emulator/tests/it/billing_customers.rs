use serde_json::{Value, json};

use crate::billing_world::*;

#[tokio::test]
async fn customers_are_contacts_in_another_shape() {
    let b = billing().await;
    let body = json!({"display_name": "Acme", "salutation": "Ms.", "first_name": "Ann", "last_name": "Bee", "email": "ann@acme.test",
        "phone": "1", "mobile": "2", "company_name": "Acme Ltd", "department": "IT", "designation": "CTO", "website": "acme.test",
        "currency_code": "eur", "payment_terms": 15, "payment_terms_label": "Net 15", "notes": "n",
        "billing_address": {"attention": "Ann", "street": "1 Road", "street2": "Floor 2", "city": "Bonn", "state": "NRW", "zip": "53111", "country": "Germany", "fax": "9"},
        "shipping_address": {"street": "2 Road"}, "custom_fields": [{"label": "Tier", "value": "A"}]});
    let made = b.created("customers", body).await;
    assert_eq!(made["message"], "The customer has been created");
    let customer = &made["customer"];
    let id = text(&customer["customer_id"]);
    for (name, value) in [
        ("display_name", json!("Acme")),
        ("first_name", json!("Ann")),
        ("email", json!("ann@acme.test")),
        ("mobile", json!("2")),
        ("department", json!("IT")),
        ("designation", json!("CTO")),
        ("company_name", json!("Acme Ltd")),
        ("currency_code", json!("EUR")),
        ("payment_terms", json!(15)),
        ("status", json!("active")),
        ("outstanding", json!(0.0)),
        ("unused_credits", json!(0.0)),
        ("zcrm_account_id", json!("")),
        ("is_linked_with_zohocrm", json!(false)),
    ] {
        assert_eq!(customer[name], value, "{name}");
    }
    assert_eq!(customer["billing_address"]["street"], "1 Road");
    assert_eq!(
        (&customer["billing_address"]["zip"], &customer["shipping_address"]["street"]),
        (&json!("53111"), &json!("2 Road"))
    );
    assert!(customer["billing_address"].get("address").is_none());
    assert_eq!(customer["contactpersons"][0]["contactperson_id"], customer["primary_contactperson_id"]);
    let contact = b.world.api.get(&format!("contacts/{id}")).await["contact"].clone();
    assert_eq!(
        (&contact["contact_name"], &contact["billing_address"]["address"]),
        (&json!("Acme"), &json!("1 Road"))
    );
    assert_eq!(contact["contact_persons"][0]["email"], "ann@acme.test");
    assert_eq!((&contact["currency_code"], &contact["contact_type"]), (&json!("EUR"), &json!("customer")));

    let contact = b.world.api.create(json!({"contact_name": "From Books", "contact_persons": [{"first_name": "Zed", "email": "zed@x.test"}]})).await;
    let books = text(&contact["contact_id"]);
    assert_eq!(b.get(&format!("customers/{books}")).await["customer"]["first_name"], "Zed");
    let vendor = b.world.api.create(json!({"contact_name": "Vendor", "contact_type": "vendor"})).await;
    b.refused(
        "GET",
        &format!("customers/{}", text(&vendor["contact_id"])),
        Value::Null,
        404,
        1002,
        "Customer does not exist.",
    )
    .await;

    let path = format!("customers/{id}");
    let message = "The customer details have been updated.";
    let changed = b.done("PUT", &path, json!({"display_name": "Acme 2", "email": "new@acme.test", "billing_address": {"street": "3 Road"}}), message).await;
    let customer = &changed["customer"];
    assert_eq!(
        (&customer["display_name"], &customer["email"], &customer["first_name"]),
        (&json!("Acme 2"), &json!("new@acme.test"), &json!("Ann"))
    );
    assert_eq!(
        (&customer["billing_address"]["street"], &customer["billing_address"]["city"]),
        (&json!("3 Road"), &json!("Bonn"))
    );
    assert_eq!(customer["contactpersons"].as_array().unwrap().len(), 1);
    b.refused(
        "PUT",
        &path,
        json!({"display_name": "from books"}),
        400,
        3062,
        "The customer \"from books\" already exists. Please specify a different name.",
    )
    .await;
    b.refused("PUT", &path, json!({"email": " "}), 400, 2, "Invalid value passed for email").await;
    assert_eq!(b.get(&path).await["customer"]["display_name"], "Acme 2");
    for (body, name) in [
        (json!({"email": "x@x.test"}), "display_name"),
        (json!({"display_name": "X"}), "email"),
        (json!({"display_name": "X", "email": "x@x.test", "currency_code": "QQQ"}), "currency_code"),
    ] {
        b.refused("POST", "customers", body, 400, 2, &format!("Invalid value passed for {name}")).await;
    }
    b.done(
        "POST",
        &format!("{path}/markasinactive"),
        Value::Null,
        "The customer has been marked as inactive.",
    )
    .await;
    assert_eq!(b.get(&path).await["customer"]["status"], "inactive");
    b.done("POST", &format!("{path}/markasactive"), Value::Null, "The customer has been marked as active.")
        .await;
    b.done("DELETE", &path, Value::Null, "The customer has been deleted.").await;
    b.refused("GET", &path, Value::Null, 404, 1002, "Customer does not exist.").await;
    assert_eq!(
        b.events().await,
        ["customer_created", "customer_updated", "customer_updated", "customer_updated", "customer_deleted"]
    );
}

#[tokio::test]
async fn lists_and_references() {
    let b = billing().await;
    for name in ["Beta", "alpha", "Gamma"] {
        b.customer(name).await;
    }
    b.world.api.create(json!({"contact_name": "Vendor", "contact_type": "vendor"})).await;
    let gamma = b.get("customers?email=GAMMA@x.test").await["customers"][0].clone();
    assert_eq!(gamma["display_name"], "Gamma");
    let (status, _) = b
        .call(
            "PUT",
            &format!("/integration/v1/contacts/{}/link", text(&gamma["customer_id"])),
            json!({"zcrm_account_id": "0042"}),
        )
        .await;
    assert_eq!(status, 200);
    b.done(
        "POST",
        &format!("customers/{}/markasinactive", text(&gamma["customer_id"])),
        Value::Null,
        "The customer has been marked as inactive.",
    )
    .await;
    for (query, expected) in [
        ("", vec!["alpha", "Beta", "Gamma"]),
        ("sort_order=D", vec!["Gamma", "Beta", "alpha"]),
        ("sort_column=created_time", vec!["Beta", "alpha", "Gamma"]),
        ("email=beta@x.test", vec!["Beta"]),
        ("email_contains=a@x", vec!["alpha", "Beta", "Gamma"]),
        ("display_name_startswith=AL", vec!["alpha"]),
        ("search_text=amm", vec!["Gamma"]),
        ("filter_by=CustomerStatus.ACTIVE", vec!["alpha", "Beta"]),
        ("filter_by=Status.Inactive", vec!["Gamma"]),
        ("filter_by=Status.Crm", vec!["Gamma"]),
        ("zcrm_account_id=0042", vec!["Gamma"]),
        ("zcrm_contact_id=0042", vec![]),
        ("last_modified_time=2027-01-01", vec![]),
        ("page=2&per_page=2", vec!["Gamma"]),
        ("page=9", vec![]),
    ] {
        let list = b.get(&format!("customers?{query}")).await;
        let names: Vec<String> =
            list["customers"].as_array().unwrap().iter().map(|it| text(&it["display_name"])).collect();
        assert_eq!(names, expected, "{query}");
    }
    for query in ["filter_by=x", "sort_column=x", "sort_order=x", "page=x", "last_modified_time=x"] {
        let name = query.split('=').next().unwrap();
        b.refused(
            "GET",
            &format!("customers?{query}"),
            Value::Null,
            400,
            2,
            &format!("Invalid value passed for {name}"),
        )
        .await;
    }
    let found = b.get("customers/reference/0042").await["customer"].clone();
    assert_eq!(
        (&found["display_name"], &found["zcrm_account_id"], &found["is_linked_with_zohocrm"]),
        (&json!("Gamma"), &json!("0042"), &json!(true))
    );
    assert_eq!(
        b.get("customers/reference/0042?reference_id_type=zcrm_account_id").await["customer"]["display_name"],
        "Gamma"
    );
    b.refused(
        "GET",
        "customers/reference/0042?reference_id_type=zcrm_contact_id",
        Value::Null,
        404,
        1002,
        "Customer does not exist.",
    )
    .await;
    b.refused(
        "GET",
        "customers/reference/0042?reference_id_type=x",
        Value::Null,
        400,
        2,
        "Invalid value passed for reference_id_type",
    )
    .await;
}

#[tokio::test]
async fn contact_persons() {
    let b = billing().await;
    let customer = b.customer("Acme").await;
    let path = format!("customers/{customer}/contactpersons");
    let made = b.created(&path, json!({"first_name": "Bo", "email": "bo@x.test", "phone": "7"})).await;
    assert_eq!(made["message"], "The contactperson has been Created");
    let id = text(&made["contact_person"]["contactperson_id"]);
    assert_eq!(made["contact_person"]["customer_id"], json!(customer));
    b.refused("POST", &path, json!({"first_name": "Cy"}), 400, 2, "Invalid value passed for email").await;
    let one = format!("{path}/{id}");
    let message = "The contactperson details has been updated.";
    b.done("PUT", &one, json!({"email": "bob@x.test"}), message).await;
    assert_eq!(b.get(&one).await["contact_person"]["email"], "bob@x.test");
    assert_eq!(b.get(&one).await["contact_person"]["phone"], "7");
    assert_eq!(b.get(&path).await["contact_persons"].as_array().unwrap().len(), 2);
    assert_eq!(
        b.world.api.get(&format!("contacts/{customer}")).await["contact"]["contact_persons"][1]["email"],
        "bob@x.test"
    );
    b.refused("PUT", &one, json!({"email": ""}), 400, 2, "Invalid value passed for email").await;
    b.done("DELETE", &one, Value::Null, "The contact person has been deleted.").await;
    b.refused("GET", &one, Value::Null, 404, 1002, "Contact person does not exist.").await;
    b.refused("DELETE", &one, Value::Null, 404, 1002, "Contact person does not exist.").await;
    b.refused("GET", "customers/1/contactpersons", Value::Null, 404, 1002, "Customer does not exist.").await;
}

#[tokio::test]
async fn books_and_billing_show_one_contact_alike() {
    let b = billing().await;
    let made = b.world.api.create(json!({"contact_name": "A"})).await;
    let customer = b.get(&format!("customers/{}", text(&made["contact_id"]))).await["customer"].clone();
    for name in ["is_taxable", "language_code", "payment_terms", "credit_limit", "default_templates", "tags"]
    {
        assert_eq!(customer[name], made[name], "{name}");
    }
    assert_eq!((&customer["is_taxable"], &customer["language_code"]), (&json!(true), &json!("en")));
    // What waits for its first transaction in Books is active here.
    let push = json!({"record": {"contact_name": "From CRM"}});
    b.call("PUT", "/integration/v1/crm/accounts/7", push).await;
    let imported = b.call("POST", "/books/v3/crm/account/7/import", Value::Null).await.1;
    let id = text(&imported["data"]["customer_id"]);
    assert_eq!(
        b.call("GET", &format!("/books/v3/contacts/{id}"), Value::Null).await.1["contact"]["status"],
        "crm"
    );
    assert_eq!(b.get(&format!("customers/{id}")).await["customer"]["status"], "active");
    b.call("POST", &format!("/books/v3/contacts/{id}/inactive"), Value::Null).await;
    assert_eq!(b.get(&format!("customers/{id}")).await["customer"]["status"], "inactive");
}
