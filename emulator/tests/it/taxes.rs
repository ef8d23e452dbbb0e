use serde_json::{Value, json};

use crate::calls::*;
use crate::world::*;

const ALL: &str = "settings/taxes";
const GROUPS: &str = "settings/taxgroups";

async fn tax(api: &Api, body: Value) -> String {
    text(&done(api, 201, "POST", ALL, body).await["tax"], "tax_id")
}

#[tokio::test]
async fn a_tax_is_made_changed_and_removed() {
    let w = world().await;
    let authority =
        done(&w.api, 201, "POST", "settings/taxauthorities", json!({"tax_authority_name": "IRS"})).await;
    assert_eq!(authority["message"], "Tax Authority has been added.");
    let authority = text(&authority["tax_authority"], "tax_authority_id");
    let body = json!({"tax_name": "Sales tax", "tax_percentage": "8.875", "tax_authority_id": authority, "is_value_added": false, "update_draft_invoice": true});
    let made = done(&w.api, 201, "POST", ALL, body).await;
    assert_eq!(made["message"], "The tax has been added.");
    let made = &made["tax"];
    for (name, value) in [
        ("tax_name", json!("Sales tax")),
        ("tax_percentage", json!(8.875)),
        ("tax_type", json!("tax")),
        ("tax_authority_name", json!("IRS")),
        ("is_default_tax", json!(false)),
        ("is_editable", json!(true)),
        ("status", json!("Active")),
    ] {
        assert_eq!(made[name], value, "{name}");
    }
    let path = format!("{ALL}/{}", text(made, "tax_id"));
    let saved = done(&w.api, 200, "PUT", &path, json!({"tax_percentage": 9, "is_default_tax": true})).await;
    assert_eq!(
        (&saved["message"], &saved["tax"]["tax_percentage"]),
        (&json!("Tax information has been saved."), &json!(9.0))
    );
    // One tax at most is the default one.
    let other = tax(
        &w.api,
        json!({"tax_name": "Other", "tax_percentage": 0, "tax_type": "compound_tax", "is_default_tax": true}),
    )
    .await;
    assert_eq!(w.api.get(&path).await["tax"]["is_default_tax"], false);
    let list = w.api.get(ALL).await;
    assert_eq!(column(&list, "taxes", "tax_name"), ["Sales tax", "Other"]);
    assert_eq!(
        (&list["taxes"][1]["is_default_tax"], &list["page_context"]["report_name"]),
        (&json!(true), &json!("Taxes"))
    );
    for (method, path) in [("POST", ALL.to_owned()), ("PUT", format!("{ALL}/{other}"))] {
        for (body, name) in [
            (json!({"tax_name": "", "tax_percentage": 1}), "tax_name"),
            (json!({"tax_name": "x", "tax_percentage": 101}), "tax_percentage"),
            (json!({"tax_name": "x", "tax_percentage": -1}), "tax_percentage"),
            (json!({"tax_name": "x", "tax_percentage": "much"}), "tax_percentage"),
            (json!({"tax_name": "x", "tax_percentage": 1, "tax_type": "tax_group"}), "tax_type"),
            (json!({"tax_name": "x", "tax_percentage": 1, "tax_factor": "none"}), "tax_factor"),
        ] {
            invalid(&w.api, method, &path, body, name).await;
        }
        let taken = json!({"tax_name": "sales TAX", "tax_percentage": 1});
        refused(&w.api, method, &path, taken, 400, 4, "sales TAX already exists.").await;
        let body = json!({"tax_name": "x", "tax_percentage": 1, "tax_authority_id": "99"});
        refused(&w.api, method, &path, body, 400, 6, "Invalid reference passed for tax_authority_id").await;
    }
    invalid(&w.api, "POST", ALL, json!({"tax_name": "x"}), "tax_percentage").await;
    let used = format!("settings/taxauthorities/{authority}");
    refused(
        &w.api,
        "DELETE",
        &used,
        Value::Null,
        400,
        36,
        "Tax authority is used by other records and cannot be deleted.",
    )
    .await;
    let locked = tax(&w.api, json!({"tax_name": "Fixed", "tax_percentage": 1, "is_editable": false})).await;
    refused(
        &w.api,
        "PUT",
        &format!("{ALL}/{locked}"),
        json!({"tax_percentage": 2}),
        400,
        4098,
        "The tax cannot be edited.",
    )
    .await;
    let answer = done(&w.api, 200, "DELETE", &path, Value::Null).await;
    assert_eq!(answer["message"], "The record has been deleted.");
    done(&w.api, 200, "DELETE", &used, Value::Null).await;
    for method in ["GET", "DELETE"] {
        refused(&w.api, method, &path, Value::Null, 404, 1002, "Tax does not exist.").await;
    }
}

#[tokio::test]
async fn a_group_sums_its_members() {
    let w = world().await;
    let state = tax(&w.api, json!({"tax_name": "State", "tax_percentage": 9})).await;
    let city =
        tax(&w.api, json!({"tax_name": "City", "tax_percentage": 2.5, "tax_type": "compound_tax"})).await;
    let made = done(
        &w.api,
        201,
        "POST",
        GROUPS,
        json!({"tax_group_name": "Both", "taxes": format!("{state}, {city}")}),
    )
    .await;
    let group = &made["tax_group"];
    assert_eq!((&group["tax_group_name"], &group["tax_group_percentage"]), (&json!("Both"), &json!(11.5)));
    assert_eq!(column(group, "taxes", "tax_name"), ["State", "City"]);
    assert_eq!(group["taxes"][1]["tax_type"], "compound_tax");
    let id = text(group, "tax_group_id");
    let path = format!("{GROUPS}/{id}");
    // A group is listed among the taxes and can be read and named as one, yet has its own calls for writes.
    let list = w.api.get(ALL).await;
    assert_eq!(column(&list, "taxes", "tax_type"), ["tax", "compound_tax", "tax_group"]);
    assert_eq!(w.api.get(&format!("{ALL}/{id}")).await["tax"]["tax_percentage"], 11.5);
    for (method, body) in [("PUT", json!({"tax_percentage": 1})), ("DELETE", Value::Null)] {
        refused(&w.api, method, &format!("{ALL}/{id}"), body, 404, 1002, "Tax does not exist.").await;
    }
    for method in ["GET", "DELETE"] {
        refused(
            &w.api,
            method,
            &format!("{GROUPS}/{state}"),
            Value::Null,
            404,
            1002,
            "Tax group does not exist.",
        )
        .await;
    }
    // It follows its members.
    done(&w.api, 200, "PUT", &format!("{ALL}/{state}"), json!({"tax_percentage": 10})).await;
    assert_eq!(w.api.get(&path).await["tax_group"]["tax_group_percentage"], 12.5);
    let saved = done(&w.api, 200, "PUT", &path, json!({"tax_group_name": "One", "taxes": [state]})).await;
    assert_eq!(
        (&saved["tax_group"]["tax_group_name"], &saved["tax_group"]["tax_group_percentage"]),
        (&json!("One"), &json!(10.0))
    );
    for (method, path) in [("POST", GROUPS), ("PUT", path.as_str())] {
        for (body, name) in [
            (json!({"tax_group_name": "", "taxes": state}), "tax_group_name"),
            (json!({"tax_group_name": 1, "taxes": state}), "tax_group_name"),
            (json!({"tax_group_name": "x", "taxes": ""}), "taxes"),
            (json!({"tax_group_name": "x", "taxes": 5.5}), "taxes"),
            (json!({"tax_group_name": "x", "taxes": format!("{state},{state}")}), "taxes"),
            (json!({"tax_group_name": "x", "taxes": id}), "taxes"),
        ] {
            invalid(&w.api, method, path, body, name).await;
        }
        let unknown = json!({"tax_group_name": "x", "taxes": "99"});
        refused(&w.api, method, path, unknown, 400, 6, "Invalid reference passed for taxes").await;
        let taken = json!({"tax_group_name": "CITY", "taxes": state});
        refused(&w.api, method, path, taken, 400, 4, "CITY already exists.").await;
    }
    invalid(&w.api, "POST", GROUPS, json!({"tax_group_name": "x"}), "taxes").await;
    // Members, and taxes that an item or a contact names, stay.
    let used = |name: &str| format!("{name} is used by other records and cannot be deleted.");
    refused(&w.api, "DELETE", &format!("{ALL}/{state}"), Value::Null, 400, 36, &used("State")).await;
    let item = done(&w.api, 201, "POST", "items", json!({"name": "A", "rate": 1, "tax_id": id})).await;
    assert_eq!(
        (&item["item"]["tax_percentage"], &item["item"]["tax_type"]),
        (&json!(10.0), &json!("tax_group"))
    );
    refused(&w.api, "DELETE", &path, Value::Null, 400, 36, &used("One")).await;
    w.api.create(json!({"contact_name": "C", "tax_id": city})).await;
    refused(&w.api, "DELETE", &format!("{ALL}/{city}"), Value::Null, 400, 36, &used("City")).await;
    done(&w.api, 200, "DELETE", &format!("items/{}", text(&item["item"], "item_id")), Value::Null).await;
    let answer = done(&w.api, 200, "DELETE", &path, Value::Null).await;
    assert_eq!(answer["message"], "The tax group has been deleted.");
    done(&w.api, 200, "DELETE", &format!("{ALL}/{state}"), Value::Null).await;
}

#[tokio::test]
async fn exemptions() {
    let w = world().await;
    let all = "settings/taxexemptions";
    let made = done(
        &w.api,
        200,
        "POST",
        all,
        json!({"tax_exemption_code": "RESALE", "type": "customer", "description": "d"}),
    )
    .await;
    assert_eq!(made["message"], "Tax Exemption has been added.");
    let path = format!("{all}/{}", text(&made["tax_exemption"], "tax_exemption_id"));
    let saved = done(&w.api, 200, "PUT", &path, json!({"type": "item"})).await;
    assert_eq!(
        (&saved["message"], &saved["tax_exemption"]["type"]),
        (&json!("Tax Exemption has been updated."), &json!("item"))
    );
    assert_eq!(column(&w.api.get(all).await, "tax_exemptions", "tax_exemption_code"), ["RESALE"]);
    invalid(&w.api, "POST", all, json!({"tax_exemption_code": "x"}), "type").await;
    invalid(&w.api, "POST", all, json!({"tax_exemption_code": "x", "type": "planet"}), "type").await;
    refused(
        &w.api,
        "POST",
        all,
        json!({"tax_exemption_code": "resale", "type": "item"}),
        400,
        4,
        "resale already exists.",
    )
    .await;
    let id = made["tax_exemption"]["tax_exemption_id"].clone();
    let item = json!({"name": "A", "rate": 1, "is_taxable": false, "tax_exemption_id": id});
    done(&w.api, 201, "POST", "items", item).await;
    let used = "Tax exemption is used by other records and cannot be deleted.";
    refused(&w.api, "DELETE", &path, Value::Null, 400, 36, used).await;
}
