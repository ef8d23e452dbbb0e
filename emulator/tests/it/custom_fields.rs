use finbridge_emulator::{Seed, SeedCustomField};
use serde_json::{Value, json};

use crate::calls::*;
use crate::world::*;

const FIELDS: &str = "/integration/v1/customfields";

async fn define(api: &Api, body: Value) -> Value {
    done(api, 201, "POST", FIELDS, body).await["custom_field"].clone()
}

async fn item(api: &Api, name: &str, fields: Value) -> Value {
    let body = json!({"name": name, "rate": 1, "custom_fields": fields});
    done(api, 201, "POST", "items", body).await["item"].clone()
}

#[tokio::test]
async fn definitions_are_made_listed_changed_and_removed() {
    let w = world().await;
    let color = define(&w.api, json!({"entity": "item", "label": "Main Color", "show_on_pdf": true})).await;
    assert_eq!(
        (&color["api_name"], &color["index"], &color["data_type"], &color["entity"], &color["is_active"]),
        (&json!("cf_main_color"), &json!(1), &json!("string"), &json!("item"), &json!(true))
    );
    let size = define(
        &w.api,
        json!({"entity": "ITEM", "label": "Größe", "data_type": "dropdown", "values": ["S", {"name": "L"}]}),
    )
    .await;
    assert_eq!((&size["api_name"], &size["index"]), (&json!("cf_gr__e"), &json!(2)));
    assert_eq!(size["values"], json!([{"name": "S", "order": 1}, {"name": "L", "order": 2}]));
    let again = define(&w.api, json!({"entity": "item", "label": "Main-Color"})).await;
    assert_eq!(again["api_name"], "cf_main_color_1");
    define(&w.api, json!({"entity": "contact", "label": "Main Color"})).await;

    let list = w.api.get("settings/fields?entity=item").await;
    assert_eq!(column(&list, "fields", "label"), ["Main Color", "Größe", "Main-Color"]);
    assert_eq!(
        (&list["fields"][0]["field_id"], &list["fields"][0]["is_custom_field"]),
        (&color["customfield_id"], &json!(true))
    );
    let lists = w.api.get("settings/preferences/customfields").await;
    assert_eq!(column(&lists["customfields"], "contact", "label"), ["Main Color"]);
    assert_eq!(lists["customfields"]["item"].as_array().unwrap().len(), 3);
    let one = w.api.get("settings/preferences/customfields?entity=contact").await;
    assert_eq!(one["customfields"].as_object().unwrap().len(), 1);
    invalid(&w.api, "GET", "settings/fields", Value::Null, "entity").await;
    invalid(&w.api, "GET", "settings/fields?entity=planet", Value::Null, "entity").await;

    for (body, name) in [
        (json!({"entity": "planet", "label": "x"}), "entity"),
        (json!({"label": "x"}), "entity"),
        (json!({"entity": "item"}), "label"),
        (json!({"entity": "item", "label": "x", "data_type": "poem"}), "data_type"),
        (json!({"entity": "item", "label": "x", "api_name": "color"}), "api_name"),
        (json!({"entity": "item", "label": "x", "api_name": "cf_Ä"}), "api_name"),
        (json!({"entity": "item", "label": "x", "data_type": "date", "is_unique": true}), "is_unique"),
        (json!({"entity": "item", "label": "x", "data_type": "dropdown"}), "values"),
        (json!({"entity": "item", "label": "x", "data_type": "multiselect", "values": ["a", "a"]}), "values"),
    ] {
        invalid(&w.api, "POST", FIELDS, body, name).await;
    }
    let taken = "MAIN COLOR already exists.";
    refused(&w.api, "POST", FIELDS, json!({"entity": "item", "label": "MAIN COLOR"}), 400, 4, taken).await;
    let taken = json!({"entity": "item", "label": "x", "api_name": "cf_main_color"});
    refused(&w.api, "POST", FIELDS, taken, 400, 4, "cf_main_color already exists.").await;

    let path = format!("{FIELDS}/{}", text(&color, "customfield_id"));
    for (body, name) in [
        (json!({"entity": "contact"}), "entity"),
        (json!({"data_type": "number"}), "data_type"),
        (json!({"api_name": "cf_other"}), "api_name"),
    ] {
        invalid(&w.api, "PUT", &path, body, name).await;
    }
    // A renamed field is renamed in what was stored, and a removed one is removed.
    let stored =
        item(&w.api, "Chair", json!([{"label": "main color", "value": "red"}, {"index": 2, "value": "l"}]))
            .await;
    let shown = format!("items/{}", text(&stored, "item_id"));
    done(&w.api, 200, "PUT", &path, json!({"label": "Hue"})).await;
    assert_eq!(column(&w.api.get(&shown).await["item"], "custom_fields", "label"), ["Hue", "Größe"]);
    assert_eq!(w.api.get(&path).await["custom_field"]["api_name"], "cf_main_color");
    done(&w.api, 200, "DELETE", &path, Value::Null).await;
    let left = w.api.get(&shown).await["item"].clone();
    assert_eq!(column(&left, "custom_fields", "value"), ["L"]);
    assert_eq!(left["last_modified_time"], stored["last_modified_time"]);
    refused(&w.api, "GET", &path, Value::Null, 404, 1002, "Custom field does not exist.").await;
}

#[tokio::test]
async fn only_an_organization_with_the_link_service_may_define_fields() {
    let w = world_with(two_tenants()).await;
    let other = Api::login_as(&w.api.url, "second@example.com", "second-key", None).await;
    let sentence = "The organization 60012345 does not offer the capability crm_link.";
    refused(&other, "POST", FIELDS, json!({"entity": "item", "label": "x"}), 400, 900_005, sentence).await;
    let own = define(&w.api, json!({"entity": "item", "label": "x"})).await;
    assert_eq!(other.get("settings/fields?entity=item").await["fields"], json!([]));
    let path = format!("{FIELDS}/{}", text(&own, "customfield_id"));
    refused(&other, "PUT", &path, json!({"label": "y"}), 400, 900_005, sentence).await;
}

#[tokio::test]
async fn a_field_is_addressed_by_any_of_its_names() {
    let w = world().await;
    let field = define(&w.api, json!({"entity": "item", "label": "Grade", "show_on_pdf": true})).await;
    let id = text(&field, "customfield_id");
    let created = item(&w.api, "A", json!([])).await;
    let path = format!("items/{}", text(&created, "item_id"));
    let number: u64 = id.parse().unwrap();
    for (at, address) in [
        json!({"customfield_id": id}),
        json!({"customfield_id": number}),
        json!({"api_name": "cf_grade"}),
        json!({"label": " GRADE"}),
        json!({"index": 1}),
        json!({"customfield_id": "", "api_name": "cf_grade"}),
        json!({"customfield_id": id, "label": "wrong", "index": 99}),
    ]
    .into_iter()
    .enumerate()
    {
        let mut entry = address.clone();
        entry["value"] = json!(format!("v{at}"));
        let shown = done(&w.api, 200, "PUT", &path, json!({"custom_fields": [entry]})).await["item"].clone();
        assert_eq!(
            shown["custom_fields"],
            json!([{"customfield_id": id, "index": 1, "label": "Grade", "value_formatted": format!("v{at}"), "value": format!("v{at}"),
                "data_type": "string", "api_name": "cf_grade", "placeholder": "cf_grade", "show_on_pdf": true,
                "show_in_all_pdf": false, "is_active": true, "is_unique": false}]),
            "{address}"
        );
    }
    // What is left out stays, and an empty value takes the entry away.
    let kept = done(&w.api, 200, "PUT", &path, json!({"rate": 2})).await;
    assert_eq!(kept["item"]["custom_field_hash"], json!({"cf_grade": "v6", "cf_grade_unformatted": "v6"}));
    item(&w.api, "B", json!([{"label": "Grade", "value": "Very Good"}])).await;
    for (query, names) in [
        ("custom_field=V6", vec!["A"]),
        ("custom_field=v", vec![]),
        ("custom_field_startswith=v", vec!["A", "B"]),
        ("custom_field_contains=good", vec!["B"]),
        ("custom_field_contains=grade", vec![]),
    ] {
        assert_eq!(column(&w.api.get(&format!("items?{query}")).await, "items", "name"), names, "{query}");
    }
    let row = w.api.get("items").await["items"][0].clone();
    assert_eq!((&row["cf_grade"], &row["custom_field_hash"]["cf_grade"]), (&json!("v6"), &json!("v6")));
    assert_eq!(row["custom_fields"][0]["value"], "v6");
    let call = format!("item/{}/customfields", text(&created, "item_id"));
    for (body, value) in [
        (json!({"custom_fields": [{"api_name": "cf_grade", "value": "x"}]}), json!("x")),
        (json!([{"customfield_id": id, "value": "y"}]), json!("y")),
    ] {
        let answer = done(&w.api, 200, "PUT", &call, body).await;
        assert_eq!(answer["message"], "Custom Fields Updated Successfully");
        assert_eq!(w.api.get(&path).await["item"]["custom_fields"][0]["value"], value);
    }
    for (body, name) in [
        (json!([{"customfield_id": "99", "value": "y"}]), "customfield_id"),
        (json!([{"api_name": "cf_x", "value": "y"}]), "api_name"),
        (json!([{"label": "x", "value": "y"}]), "label"),
        (json!([{"index": 7, "value": "y"}]), "index"),
        (json!([{"value": "y"}]), "custom_fields"),
        (json!(["y"]), "custom_fields"),
        (json!({"custom_fields": "y"}), "custom_fields"),
        (json!({"fields": []}), "custom_fields"),
    ] {
        invalid(&w.api, "PUT", &call, body, name).await;
    }
    refused(&w.api, "PUT", &call, Value::Null, 400, 11, "JSONString is missing or empty").await;
    refused(&w.api, "PUT", "item/99/customfields", json!([]), 404, 1002, "Item does not exist.").await;
    let cleared =
        done(&w.api, 200, "PUT", &path, json!({"custom_fields": [{"index": 1, "value": ""}]})).await;
    assert_eq!(
        (&cleared["item"]["custom_fields"], &cleared["item"]["custom_field_hash"]),
        (&json!([]), &json!({}))
    );
}

#[tokio::test]
async fn values_are_checked_by_type() {
    let w = world().await;
    let item = item(&w.api, "A", json!([])).await;
    let path = format!("items/{}", text(&item, "item_id"));
    for (kind, good, bad) in [
        (
            "string",
            vec![(json!(" a "), json!("a")), (json!(7), json!("7"))],
            vec![json!(true), json!({}), json!(["a"])],
        ),
        (
            "number",
            vec![(json!("12"), json!(12)), (json!(-3.0), json!(-3))],
            vec![json!(1.5), json!("x"), json!(1e30), json!(true)],
        ),
        ("decimal", vec![(json!("1.25"), json!(1.25)), (json!(3), json!(3.0))], vec![json!("x"), json!([1])]),
        ("percent", vec![(json!(12.5), json!(12.5))], vec![json!("12%")]),
        ("amount", vec![(json!(1.005), json!(1.01)), (json!("-2.345"), json!(-2.35))], vec![json!("1,5")]),
        (
            "date",
            vec![(json!("2026-02-28"), json!("2026-02-28"))],
            vec![json!("2026-02-30"), json!("28.02.2026"), json!(5)],
        ),
        (
            "datetime",
            vec![
                (json!("2026-02-28 10:30"), json!("2026-02-28 10:30")),
                (json!("2026-02-28T10:30:59+0530"), json!("2026-02-28 10:30")),
            ],
            vec![json!("2026-02-28"), json!("10:30")],
        ),
        (
            "check_box",
            vec![(json!(true), json!(true)), (json!("false"), json!(false))],
            vec![json!("yes"), json!(1)],
        ),
        (
            "email",
            vec![(json!("a@b.test"), json!("a@b.test"))],
            vec![json!("a@b"), json!("@b.test"), json!("a b@c.test"), json!("x")],
        ),
        (
            "url",
            vec![(json!("https://a.test/x"), json!("https://a.test/x"))],
            vec![json!("a"), json!("https://a b")],
        ),
        ("phone", vec![(json!("+49 (30) 1-2"), json!("+49 (30) 1-2"))], vec![json!("call me")]),
        (
            "lookup",
            vec![(json!(460000000000000001u64), json!("460000000000000001"))],
            vec![json!("abc"), json!(1.5)],
        ),
        ("multiline", vec![(json!("a\nb"), json!("a\nb"))], vec![json!(false)]),
    ] {
        let field = define(&w.api, json!({"entity": "item", "label": kind, "data_type": kind})).await;
        let entry = |value: &Value| json!({"custom_fields": [{"customfield_id": field["customfield_id"], "value": value}]});
        for (value, stored) in good {
            let shown = done(&w.api, 200, "PUT", &path, entry(&value)).await["item"].clone();
            let own = shown["custom_fields"]
                .as_array()
                .unwrap()
                .iter()
                .find(|it| it["label"] == kind)
                .unwrap()
                .clone();
            assert_eq!((&own["value"], &own["data_type"]), (&stored, &json!(kind)), "{value}");
        }
        for value in bad {
            invalid(&w.api, "PUT", &path, entry(&value), kind).await;
        }
    }
    let long = json!({"custom_fields": [{"label": "string", "value": "x".repeat(256)}]});
    refused(
        &w.api,
        "PUT",
        &path,
        long,
        400,
        15,
        "Please ensure that the string has less than 255 characters.",
    )
    .await;

    define(
        &w.api,
        json!({"entity": "item", "label": "Pick", "data_type": "dropdown", "values": ["Red", "Blue"]}),
    )
    .await;
    define(
        &w.api,
        json!({"entity": "item", "label": "Many", "data_type": "multiselect", "values": ["Red", "Blue"]}),
    )
    .await;
    let body = json!({"custom_fields": [{"label": "Pick", "value": "red"}, {"label": "Many", "value": ["blue", "red", "Blue"]}]});
    let shown = done(&w.api, 200, "PUT", &path, body).await["item"].clone();
    assert_eq!(shown["custom_field_hash"]["cf_pick"], "Red");
    assert_eq!(
        (&shown["custom_field_hash"]["cf_many"], &shown["custom_field_hash"]["cf_many_unformatted"]),
        (&json!("Blue, Red"), &json!(["Blue", "Red"]))
    );
    for (label, value) in
        [("Pick", json!("Green")), ("Pick", json!(["Red"])), ("Many", json!(["Green"])), ("Many", json!([1]))]
    {
        invalid(&w.api, "PUT", &path, json!({"custom_fields": [{"label": label, "value": value}]}), label)
            .await;
    }
}

#[tokio::test]
async fn unique_and_mandatory_fields() {
    let w = world().await;
    let field =
        define(&w.api, json!({"entity": "item", "label": "Code", "data_type": "number", "is_unique": true}))
            .await;
    let first = item(&w.api, "A", json!([{"label": "Code", "value": "7"}])).await;
    let second = item(&w.api, "B", json!([{"label": "Code", "value": 8}])).await;
    let taken = json!({"name": "C", "rate": 1, "custom_fields": [{"label": "Code", "value": 7}]});
    refused(&w.api, "POST", "items", taken.clone(), 400, 4, "Code already exists.").await;
    let path = format!("items/{}", text(&second, "item_id"));
    refused(
        &w.api,
        "PUT",
        &path,
        json!({"custom_fields": [{"label": "Code", "value": "7"}]}),
        400,
        4,
        "Code already exists.",
    )
    .await;
    let call = format!("item/{}/customfields", text(&second, "item_id"));
    refused(&w.api, "PUT", &call, json!([{"label": "Code", "value": 7}]), 400, 4, "Code already exists.")
        .await;
    assert_eq!(w.api.get(&path).await["item"]["custom_fields"][0]["value"], 8);
    // The value is free once its holder lets it go.
    done(&w.api, 200, "DELETE", &format!("items/{}", text(&first, "item_id")), Value::Null).await;
    done(&w.api, 201, "POST", "items", taken).await;

    // A field with equal values cannot become unique.
    let plain = define(&w.api, json!({"entity": "item", "label": "Plain"})).await;
    let set = json!([{"label": "Plain", "value": "same"}]);
    done(&w.api, 200, "PUT", &call, set.clone()).await;
    item(&w.api, "D", set).await;
    let definition = format!("{FIELDS}/{}", text(&plain, "customfield_id"));
    refused(&w.api, "PUT", &definition, json!({"is_unique": true}), 400, 4, "Plain already exists.").await;
    done(&w.api, 200, "PUT", &call, json!([{"label": "Plain", "value": "other"}])).await;
    done(&w.api, 200, "PUT", &definition, json!({"is_unique": true})).await;
    refused(
        &w.api,
        "PUT",
        &call,
        json!([{"label": "Plain", "value": "SAME"}]),
        400,
        4,
        "Plain already exists.",
    )
    .await;

    done(
        &w.api,
        200,
        "PUT",
        &format!("{FIELDS}/{}", text(&field, "customfield_id")),
        json!({"is_mandatory": true}),
    )
    .await;
    invalid(&w.api, "POST", "items", json!({"name": "E", "rate": 1}), "Code").await;
    done(&w.api, 200, "PUT", &path, json!({"rate": 3})).await;
    done(&w.api, 200, "PUT", &definition, json!({"is_active": false})).await;
    invalid(&w.api, "PUT", &call, json!([{"label": "Plain", "value": "x"}]), "label").await;
}

#[tokio::test]
async fn the_seed_defines_fields() {
    let field = |label: &str, kind: &str| SeedCustomField {
        entity: "item".to_owned(),
        label: label.to_owned(),
        api_name: String::new(),
        data_type: kind.to_owned(),
        is_unique: true,
        is_mandatory: false,
        values: Vec::new(),
    };
    let mut seed = Seed::demo();
    seed.organizations[0].custom_fields = vec![field("Finbridge Id", "string")];
    let w = world_with(seed.clone()).await;
    let list = w.api.get("settings/fields?entity=item").await;
    assert_eq!(
        (&list["fields"][0]["api_name"], &list["fields"][0]["is_unique"]),
        (&json!("cf_finbridge_id"), &json!(true))
    );
    seed.organizations[0].custom_fields.push(field("Day", "date"));
    let refused = finbridge_emulator::Emulator::builder().seed(seed).start().await.err().unwrap();
    assert!(refused.to_string().contains("is_unique"), "{refused}");
}
