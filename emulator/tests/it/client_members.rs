//! Members that published clients read without a default, and calls that they make.

use serde_json::{Value, json};

use crate::sales::*;
use crate::world::*;

fn has(shown: &Value, names: &[&str]) {
    for name in names {
        assert!(shown.get(name).is_some(), "{name} is missing in {shown}");
    }
}

#[tokio::test]
async fn contact_persons_are_listed_and_read_without_their_contact() {
    let w = world().await;
    let (acme, bolt) = (w.api.named("Acme").await, w.api.named("Bolt").await);
    let mut ids = Vec::new();
    for (contact, name) in [(&acme, "Ann"), (&bolt, "Bob"), (&acme, "Cid")] {
        let body = json!({"contact_id": contact, "first_name": name});
        let (status, made) = w.api.call("POST", "contacts/contactpersons", body).await;
        assert_eq!((status, &made["contact_person"]["first_name"]), (201, &json!(name)));
        assert_eq!(made["contact_person"]["contact_id"], json!(contact));
        ids.push(made["contact_person"]["contact_person_id"].as_str().unwrap().to_owned());
    }
    let page = async |query: &str| {
        let list = w.api.get(&format!("contacts/contactpersons{query}")).await;
        let rows = list["contact_persons"].as_array().unwrap().clone();
        let rows: Vec<_> =
            rows.iter().map(|it| (it["first_name"].clone(), it["contact_id"].clone())).collect();
        (rows, list["page_context"]["has_more_page"].clone())
    };
    let all = [(json!("Ann"), json!(acme)), (json!("Bob"), json!(bolt)), (json!("Cid"), json!(acme))];
    assert_eq!(page("").await, (all.to_vec(), json!(false)));
    assert_eq!(page("?per_page=2").await, (all[..2].to_vec(), json!(true)));
    assert_eq!(page("?per_page=2&page=2").await, (all[2..].to_vec(), json!(false)));
    let one = w.api.get(&format!("contacts/contactpersons/{}", ids[1])).await;
    assert_eq!(
        (&one["contact_person"]["first_name"], &one["contact_person"]["contact_id"]),
        (&json!("Bob"), &json!(bolt))
    );
    w.api.call("DELETE", &format!("contacts/contactpersons/{}", ids[1]), Value::Null).await;
    for path in [format!("contacts/contactpersons/{}", ids[1]), "contacts/contactpersons/1".to_owned()] {
        let (status, refused) = w.api.call("GET", &path, Value::Null).await;
        assert_eq!((status, &refused["code"]), (404, &json!(1002)), "{path}");
    }
    assert_eq!(page("").await.0.len(), 2);
}

#[tokio::test]
async fn contacts_show_salutation_link_tax_members_and_default_templates() {
    let w = world().await;
    let body = json!({"contact_name": "Acme", "gst_no": "22AAAAA0000A1Z5", "gst_treatment": "business_gst", "place_of_contact": "TN",
        "contact_persons": [{"salutation": "Ms", "first_name": "Ann"}],
        "default_templates": {"invoice_template_id": "460000000000002", "estimate_email_template_id": "77"}});
    let made = w.api.create(body).await;
    assert_eq!((&made["contact_salutation"], &made["is_crm_customer"]), (&json!("Ms"), &json!(false)));
    let templates = &made["default_templates"];
    assert_eq!(templates["invoice_template_id"], "460000000000002");
    assert_eq!(templates["invoice_template_name"], "Spreadsheet Template");
    assert_eq!(
        (&templates["estimate_email_template_id"], &templates["estimate_email_template_name"]),
        (&json!("77"), &json!(""))
    );
    has(templates, &["creditnote_template_id", "creditnote_email_template_name", "bill_template_id"]);
    let row = w.api.get("contacts").await["contacts"][0].clone();
    for name in ["gst_no", "gst_treatment", "place_of_contact"] {
        assert_eq!(row[name], made[name], "{name}");
    }
    let plain = w.api.create(json!({"contact_name": "Bolt"})).await;
    assert_eq!(
        (&plain["contact_salutation"], &plain["default_templates"]["invoice_template_id"]),
        (&json!(""), &json!(""))
    );
}

#[tokio::test]
async fn organizations_show_their_portal_basis_and_whole_address() {
    let w = world().await;
    let path = format!("organizations/{}", finbridge_emulator::DEMO_ORGANIZATION_ID);
    let shown = w.api.get(&path).await["organization"].clone();
    assert_eq!((&shown["tax_basis"], &shown["is_portal_enabled"]), (&json!("accrual"), &json!(false)));
    assert_eq!(shown["is_new_customer_custom_fields"], false);
    has(&shown["address"], &["street_address1", "street_address2", "city", "state", "zip"]);
    assert_eq!(shown["address"]["country"], shown["country"]);
    has(&w.api.get("organizations").await["organizations"][0], &["version"]);
    let body = json!({"tax_basis": "cash", "portal_name": "demo", "address": {"city": "Pune", "lane": "3"}});
    let (status, saved) = w.api.call("PUT", &path, body).await;
    assert_eq!(status, 200, "{saved}");
    let saved = &saved["organization"];
    assert_eq!((&saved["tax_basis"], &saved["is_portal_enabled"]), (&json!("cash"), &json!(true)));
    assert_eq!(
        (&saved["address"]["city"], &saved["address"]["zip"], &saved["address"]["lane"]),
        (&json!("Pune"), &json!(""), &json!("3"))
    );
    let (status, refused) = w.api.call("PUT", &path, json!({"tax_basis": "barter"})).await;
    assert_eq!((status, &refused["code"]), (400, &json!(2)));
}

#[tokio::test]
async fn quota_headers_come_with_organizations_and_an_authtoken_beside_the_header_is_nothing() {
    let w = world().await;
    for path in ["organizations", "organizations?authtoken=wrong", "contacts?authtoken=wrong"] {
        let answer = w.api.request("GET", path).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        for name in ["x-rate-limit-limit", "x-rate-limit-remaining", "x-rate-limit-reset"] {
            let number = answer.headers()[name].to_str().unwrap().parse::<u64>();
            assert!(number.is_ok(), "{path} {name}");
        }
    }
}

#[tokio::test]
async fn accounts_say_whether_a_transaction_names_them() {
    let shop = shop().await;
    let account = async || {
        let list = shop.api().get("chartofaccounts?account_name=Lodging").await;
        list["chartofaccounts"][0].clone()
    };
    let before = account().await;
    assert_eq!(before["is_involved_in_transaction"], false);
    let mut body =
        json!({"account_id": before["account_id"], "date": "2026-01-05", "amount": 10, "hsn_or_sac": 0.5});
    let (status, refused) = shop.call("POST", "expenses", body.clone()).await;
    assert_eq!((status, refused["message"].as_str()), (400, Some("Invalid value passed for hsn_or_sac")));
    body["hsn_or_sac"] = 9983.into();
    let (status, made) = shop.call("POST", "expenses", body).await;
    assert_eq!((status, &made["expense"]["hsn_or_sac"]), (201, &json!("9983")), "{made}");
    has(&made["expense"], &["expense_item_id", "project_name"]);
    assert_eq!(account().await["is_involved_in_transaction"], true);
}

#[tokio::test]
async fn invoices_and_payments_show_what_clients_look_for() {
    let shop = shop().await;
    let api = shop.api();
    let body = json!({"contact_id": shop.customer, "first_name": "Ann", "last_name": "Lee"});
    let (_, person) = shop.call("POST", "contacts/contactpersons", body).await;
    let person = person["contact_person"]["contact_person_id"].clone();
    let (_, item) = shop.call("POST", "items", json!({"name": "Chair", "rate": 5})).await;
    assert_eq!(item["item"]["name"], "Chair");
    assert_eq!(api.get("items").await["items"][0]["item_tax_preferences"], json!([]));
    let accounts = api.get("chartofaccounts?account_name=Advance%20Tax").await;
    let account = accounts["chartofaccounts"][0]["account_id"].clone();

    let body = json!({"customer_id": shop.customer, "contact_persons": [person], "due_date": "2026-02-05", "line_items": [{"name": "Chair", "rate": 100}]});
    let (status, made) = shop.call("POST", "invoices?send=true", body).await;
    assert_eq!(status, 201, "{made}");
    let invoice = &made["invoice"];
    assert_eq!(invoice["payment_options"], json!({"payment_gateways": []}));
    assert_eq!(invoice["contact_persons_details"][0]["last_name"], "Lee");
    has(invoice, &["gst_no", "attachment_name", "can_send_in_mail"]);
    let line = &invoice["line_items"][0];
    for (name, value) in [
        ("project_id", json!("")),
        ("time_entry_ids", json!([])),
        ("expense_id", json!("")),
        ("expense_receipt_name", json!("")),
        ("hsn_or_sac", json!("")),
    ] {
        assert_eq!(line[name], value, "{name}");
    }
    let path = format!("invoices/{}", invoice["invoice_id"].as_str().unwrap());
    let (status, saved) = shop.call("PUT", &path, invoice.clone()).await;
    assert_eq!(
        (status, &saved["invoice"]["line_items"]),
        (200, &invoice["line_items"]),
        "sent back as it was read"
    );

    let body = json!({"customer_id": shop.customer, "payment_mode": "cash", "amount": 60, "date": "2026-01-05", "tax_account_id": account,
        "invoices": [{"invoice_id": invoice["invoice_id"], "amount_applied": 60, "tax_amount_withheld": 10}]});
    let (status, paid) = shop.call("POST", "customerpayments", body).await;
    assert_eq!(status, 201, "{paid}");
    let payment = &paid["payment"];
    assert_eq!((&payment["tax_account_id"], &payment["tax_account_name"]), (&account, &json!("Advance Tax")));
    assert_eq!(payment["tax_amount_withheld"], 10.0);
    let applied = &payment["invoices"][0];
    assert_eq!(
        (&applied["total"], &applied["balance"], &applied["due_date"]),
        (&json!(100.0), &json!(30.0), &json!("2026-02-05"))
    );
    assert_eq!(api.get("customerpayments").await["customerpayments"][0]["tax_account_name"], "Advance Tax");
    let of_invoice = api.get(&format!("{path}/payments")).await;
    assert_eq!(of_invoice["payments"][0]["is_single_invoice_payment"], true);
}
