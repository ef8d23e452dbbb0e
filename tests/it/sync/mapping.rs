//! Field maps, held against both sides as they are, and what matching by SKU takes.

use chrono::TimeDelta;
use finbridge_emulator::{FaultAction, FaultRule};
use finbridge_tests::{TestWorld, both_databases};
use serde_json::{Value, json};

use super::support::{
    account_named, configure, items_of, make, map, names_unique, run, settings, take_profile,
};

const ACCOUNTS: &str =
    "module: CUSTOMERS, crmModule: ACCOUNTS, direction: FETCH_FROM_CRM, duplicatePolicy: SKIP";
const ITEMS: &str = "module: ITEMS, direction: FETCH_FROM_CRM, duplicatePolicy: SKIP";

/// The name of an account, and one pair more.
fn named(crm: &str, finance: &str) -> String {
    map("ACCOUNT", "CUSTOMER", &[("name", "displayName"), (crm, finance)])
}

/// The code of the only user error of a mutation that saves settings.
async fn refusal(world: &TestWorld, integration: &str, wish: &str) -> Value {
    let mut answer = configure(world, integration, wish, false).await;
    assert_eq!(answer["userErrors"].as_array().map(Vec::len), Some(1), "{wish}: {answer:#}");
    assert_eq!(answer["syncModule"], Value::Null);
    answer["userErrors"][0]["code"].take()
}

/// What can be mapped, map by map.
async fn mappable(world: &TestWorld, integration: &str, of: &str) -> Vec<Value> {
    let query = format!(
        "query($id: ID!) {{ mappableFields(integrationId: $id, {of}) {{ key
           crmFields {{ key label type options isRequired isUnique isReadOnly isCustom }}
           financeFields {{ key label type options maxLength isRequired isUnique isReadOnly isCustom }} }} }}"
    );
    let mut data = world.data(&query, json!({ "id": integration })).await;
    match data["mappableFields"].take() {
        Value::Array(maps) => maps,
        other => panic!("{other:#}"),
    }
}

fn field<'a>(fields: &'a Value, key: &str) -> Option<&'a Value> {
    fields.as_array().expect("fields").iter().find(|field| field["key"] == key)
}

/// Adds a field on the finance side.
async fn define(world: &TestWorld, body: Value) {
    let url = format!("{}/integration/v1/customfields", world.emulator.url());
    let token = world.books_token().await;
    let asked =
        world.http().post(url).header("Authorization", format!("Zoho-oauthtoken {token}")).json(&body);
    let answer: Value = asked.send().await.expect("an answer").json().await.expect("JSON");
    assert_eq!(answer["code"], 0, "{answer:#}");
}

/// Adds a field in the CRM.
async fn add_field(world: &TestWorld, record_type: &str, key: &str, more: &str) {
    let query = format!(
        "mutation {{ customFieldCreate(input: {{ recordType: {record_type}, key: \"{key}\", label: \"{key}\", {more} }}) {{ customField {{ id }} userErrors {{ code message }} }} }}"
    );
    let data = world.data(&query, json!({})).await;
    assert_eq!(data["customFieldCreate"]["userErrors"], json!([]), "{data:#}");
}

async fn product(world: &TestWorld, name: &str, more: &str) -> String {
    make(world, "product", &format!("name: \"{name}\"{more}")).await
}

/// The item of this name, whole.
async fn item(world: &TestWorld, name: &str) -> Value {
    let list = world.books("GET", &format!("/items?name={name}"), None).await;
    let id = list["items"][0]["item_id"].as_str().unwrap_or_else(|| panic!("no {name}: {list:#}")).to_owned();
    world.books("GET", &format!("/items/{id}"), None).await["item"].take()
}

both_databases! {
    async fn r093_default_maps_are_shown_and_saving_without_maps_keeps_them(world: &TestWorld) {
        let integration = world.connect().await;
        settings(world, &integration, ACCOUNTS, false).await;
        let read = world.data("query($id: ID!) { capabilityProfile(app: \"books\") { defaultFieldMaps(module: CUSTOMERS, crmModule: ACCOUNTS) { pairs { crm finance comesBack } } }
            integration(id: $id) { modules { fieldMaps { pairs { crm finance comesBack } } } } }", json!({ "id": integration })).await;
        let default = &read["capabilityProfile"]["defaultFieldMaps"];
        assert!(default[0]["pairs"].as_array().unwrap().contains(&json!({ "crm": "name", "finance": "displayName", "comesBack": true })), "{read:#}");
        assert_eq!(&read["integration"]["modules"][0]["fieldMaps"], default);
    }

    async fn r094_a_field_made_in_the_finance_app_is_offered_at_once_and_one_that_is_not_there_is_refused(world: &TestWorld) {
        let integration = world.connect().await;
        let wish = format!("{ACCOUNTS}, {}", named("industry", "customFields.cf_region"));
        assert_eq!(refusal(world, &integration, &wish).await, "FIELD_NOT_FOUND");
        assert_eq!(refusal(world, &integration, &format!("{ACCOUNTS}, {}", named("customFields.nope", "notes"))).await, "FIELD_NOT_FOUND");
        assert_eq!(refusal(world, &integration, &format!("{ACCOUNTS}, {}", named("industy", "notes"))).await, "FIELD_NOT_FOUND");
        let modules = world.data("{ integrations { modules { module } } }", json!({})).await;
        assert_eq!(modules["integrations"][0]["modules"], json!([]), "nothing was saved");
        assert!(field(&mappable(world, &integration, "module: CUSTOMERS, crmModule: ACCOUNTS").await[0]["financeFields"], "customFields.cf_region").is_none());

        define(world, json!({ "entity": "contact", "label": "Region", "data_type": "dropdown", "values": ["North", "South"] })).await;
        let offered = mappable(world, &integration, "module: CUSTOMERS, crmModule: ACCOUNTS").await;
        let region = field(&offered[0]["financeFields"], "customFields.cf_region").unwrap_or_else(|| panic!("{offered:#?}"));
        assert_eq!((&region["label"], &region["type"], &region["options"], &region["isCustom"]), (&json!("Region"), &json!("CHOICE"), &json!(["North", "South"]), &json!(true)));
        settings(world, &integration, &wish, false).await;
        make(world, "account", "name: \"Acme\", industry: \"North\"").await;
        assert_eq!(world.synced(&integration).await["state"], "SUCCEEDED");
        let id = world.contacts().await[0]["contact_id"].as_str().unwrap().to_owned();
        let acme = world.books("GET", &format!("/contacts/{id}"), None).await;
        assert_eq!(acme["contact"]["custom_fields"][0]["value"], "North", "{acme:#}");
    }

    async fn r095_the_fields_offered_depend_on_the_crm_module(world: &TestWorld) {
        let integration = world.connect().await;
        let keys = async |crm: &str| {
            let maps = mappable(world, &integration, &format!("module: CUSTOMERS, crmModule: {crm}")).await;
            maps.iter().map(|map| (map["key"].as_str().unwrap().to_owned(), field(&map["crmFields"], "industry").is_some())).collect::<Vec<_>>()
        };
        let (account, contact, person) = (("ACCOUNT:CUSTOMER".to_owned(), true), ("CONTACT:CUSTOMER".to_owned(), false), ("CONTACT:CONTACT_PERSON".to_owned(), false));
        assert_eq!(keys("ACCOUNTS").await, std::slice::from_ref(&account));
        assert_eq!(keys("CONTACTS").await, std::slice::from_ref(&contact));
        assert_eq!(keys("ACCOUNTS_AND_CONTACTS").await, [account, contact, person]);
        let contacts = mappable(world, &integration, "module: CUSTOMERS, crmModule: CONTACTS").await;
        let crm = &contacts[0]["crmFields"];
        assert_eq!((&field(crm, "name").unwrap()["isReadOnly"], &field(crm, "lastName").unwrap()["isRequired"]), (&json!(true), &json!(true)));
        assert_eq!(field(&contacts[0]["financeFields"], "displayName").unwrap()["isUnique"], true);
        for wrong in ["module: CUSTOMERS", "module: ITEMS, crmModule: ACCOUNTS"] {
            let query = format!("query($id: ID!) {{ mappableFields(integrationId: $id, {wrong}) {{ key }} }}");
            let answer = world.send(&query, json!({ "id": integration })).await;
            assert!(answer["errors"][0]["message"].as_str().unwrap().contains("crmModule"), "{answer:#}");
        }
    }

    async fn r096_x07_only_fields_of_the_standard_layout_are_offered_in_every_module(world: &TestWorld) {
        let integration = world.connect().await;
        for (record_type, of, name) in [
            ("ACCOUNT", "module: CUSTOMERS, crmModule: ACCOUNTS", "displayName"),
            ("VENDOR", "module: VENDORS", "displayName"),
            ("PRODUCT", "module: ITEMS", "name"),
        ] {
            let query = format!("mutation {{ layoutCreate(input: {{ recordType: {record_type}, name: \"Partner\", fieldIds: [] }}) {{ layout {{ id }} userErrors {{ message }} }} }}");
            let layout = world.data(&query, json!({})).await["layoutCreate"]["layout"]["id"].as_str().expect("a layout").to_owned();
            add_field(world, record_type, "partner_only", &format!("kind: TEXT, layoutIds: [\"{layout}\"]")).await;
            add_field(world, record_type, "for_all", "kind: TEXT").await;
            let offered = mappable(world, &integration, of).await;
            let crm = &offered[0]["crmFields"];
            assert!(field(crm, "customFields.for_all").is_some() && field(crm, "customFields.partner_only").is_none(), "{crm:#}");
            let kind = if record_type == "ACCOUNT" { "CUSTOMER" } else if record_type == "PRODUCT" { "ITEM" } else { record_type };
            let free = if record_type == "PRODUCT" { "unit" } else { "notes" };
            let wish = |key: &str| format!("{of}, direction: FETCH_FROM_CRM, duplicatePolicy: SKIP, {}", map(record_type, kind, &[("name", name), (key, free)]));
            assert_eq!(refusal(world, &integration, &wish("customFields.partner_only")).await, "FIELD_NOT_MAPPABLE");
            settings(world, &integration, &wish("customFields.for_all"), false).await;
        }
        // A profile without that rule offers both.
        take_profile(world, "SUITE").await;
        let offered = mappable(world, &integration, "module: VENDORS").await;
        assert!(field(&offered[0]["crmFields"], "customFields.partner_only").is_some());
    }

    async fn r092_types_have_to_fit_and_a_finance_app_that_cannot_be_asked_saves_nothing(world: &TestWorld) {
        let integration = world.connect().await;
        let wish = |direction: &str, crm: &str, finance: &str| format!("module: ITEMS, direction: {direction}, duplicatePolicy: SKIP, {}", map("PRODUCT", "ITEM", &[("name", "name"), (crm, finance)]));
        assert_eq!(refusal(world, &integration, &wish("FETCH_FROM_CRM", "family", "rate")).await, "FIELD_TYPE_MISMATCH");
        assert_eq!(refusal(world, &integration, &wish("BOTH_WAYS", "unitPrice", "description")).await, "FIELD_TYPE_MISMATCH");
        settings(world, &integration, &wish("FETCH_FROM_CRM", "unitPrice", "description"), false).await;

        let body = json!({ "code": 1000, "message": "Internal error" });
        world.emulator.fault(FaultRule::new(FaultAction::Respond { status: 500, body, headers: Default::default() }).path_contains("/settings/fields"));
        assert_eq!(refusal(world, &integration, &wish("FETCH_FROM_CRM", "family", "unit")).await, "FINANCE_UNAVAILABLE");
        let query = "query($id: ID!) { mappableFields(integrationId: $id, module: ITEMS) { key } }";
        let answer = world.send(query, json!({ "id": integration })).await;
        assert!(answer["errors"][0]["message"].as_str().unwrap().contains("could not be read"), "{answer:#}");
        // Without a map nobody is asked.
        settings(world, &integration, ITEMS, false).await;
        let version = world.data("{ integrations { modules { settingsVersion } } }", json!({})).await;
        assert_eq!(version["integrations"][0]["modules"], json!([{ "settingsVersion": 2 }]));
    }

    async fn r056_r097_books_of_2013_takes_a_fixed_list_and_nothing_else(world: &TestWorld) {
        let integration = world.connect().await;
        take_profile(world, "BOOKS_2013").await;
        let wish = "module: CUSTOMERS, crmModule: CONTACTS, duplicatePolicy: SKIP";
        let map = map("CONTACT", "CUSTOMER", &[("name", "displayName")]);
        assert_eq!(refusal(world, &integration, &format!("{wish}, {map}")).await, "MAPPING_FIXED");
        assert_eq!(refusal(world, &integration, "module: VENDORS, duplicatePolicy: SKIP").await, "MODULE_NOT_SUPPORTED");
        settings(world, &integration, wish, false).await;
        let read = world.data("query($id: ID!) { integration(id: $id) { profile { mapping account: fixedFields(recordType: ACCOUNT) contact: fixedFields(recordType: CONTACT) }
            modules { fieldMaps { pairs { crm } } } } }", json!({ "id": integration })).await;
        let profile = &read["integration"]["profile"];
        assert_eq!(profile["mapping"], "FIXED");
        let fixed = |of: &str| profile[of].as_array().unwrap().iter().map(|key| key.as_str().unwrap().to_owned()).collect::<Vec<_>>();
        assert!(fixed("account").contains(&"description".to_owned()) && !fixed("account").contains(&"industry".to_owned()));
        let mut mapped: Vec<_> = read["integration"]["modules"][0]["fieldMaps"][0]["pairs"].as_array().unwrap().iter().map(|pair| pair["crm"].as_str().unwrap().to_owned()).collect();
        mapped.sort();
        assert_eq!(mapped, fixed("contact"));
    }

    async fn x06_an_eleventh_custom_field_of_vendors_is_refused(world: &TestWorld) {
        let integration = world.connect().await;
        let free = ["companyName", "website", "notes", "mobile", "billingAddress.phone", "billingAddress.fax", "billingAddress.city", "shippingAddress.city", "shippingAddress.phone", "shippingAddress.fax", "shippingAddress.state"];
        for n in 0..free.len() {
            add_field(world, "VENDOR", &format!("f{n}"), "kind: TEXT").await;
        }
        let keys: Vec<_> = (0..free.len()).map(|n| format!("customFields.f{n}")).collect();
        let pairs: Vec<_> = [("name", "displayName")].into_iter().chain(keys.iter().map(String::as_str).zip(free)).collect();
        let wish = |count: usize| format!("module: VENDORS, direction: FETCH_FROM_CRM, duplicatePolicy: OVERWRITE, {}", map("VENDOR", "VENDOR", &pairs[..=count]));
        assert_eq!(refusal(world, &integration, &wish(11)).await, "CUSTOM_FIELD_LIMIT");
        settings(world, &integration, &wish(10), false).await;
    }

    async fn r087_r088_r089_matching_by_sku_takes_a_map_unique_names_and_no_clones(world: &TestWorld) {
        let integration = world.connect().await;
        let by_sku = format!("{ITEMS}, itemMatchKey: SKU");
        assert_eq!(refusal(world, &integration, &by_sku).await, "PRODUCT_NAME_NOT_UNIQUE");
        let (tent, twin) = (product(world, "Tent", "").await, product(world, "TENT", "").await);
        let refused = names_unique(world, true).await;
        assert_eq!((&refused["userErrors"][0]["code"], &refused["organization"]), (&json!("NOT_UNIQUE"), &Value::Null), "{refused:#}");
        let deleted = world.data("mutation($id: ID!) { productDelete(input: { id: $id }) { userErrors { message } } }", json!({ "id": twin })).await;
        assert_eq!(deleted["productDelete"]["userErrors"], json!([]));
        assert_eq!(names_unique(world, true).await["organization"]["isProductNameUnique"], true);
        settings(world, &integration, &by_sku, false).await;

        // From now on no write makes two of one name.
        let taken = json!([{ "code": "NOT_UNIQUE" }]);
        let made = world.data("mutation { productCreate(input: { name: \"tent\" }) { userErrors { code } } }", json!({})).await;
        assert_eq!(made["productCreate"]["userErrors"], taken);
        let restored = world.data("mutation($id: ID!) { productRestore(input: { id: $id }) { userErrors { code } } }", json!({ "id": twin })).await;
        assert_eq!(restored["productRestore"]["userErrors"], taken);
        let other = product(world, "Rope", "").await;
        let rename = "mutation($id: ID!, $name: String!) { productUpdate(input: { id: $id, name: $name }) { userErrors { code } } }";
        assert_eq!(world.data(rename, json!({ "id": other, "name": "Tent" })).await["productUpdate"]["userErrors"], taken);
        assert_eq!(world.data(rename, json!({ "id": tent, "name": "TENT" })).await["productUpdate"]["userErrors"], json!([]), "its own name in other letters");

        let unmapped = map("PRODUCT", "ITEM", &[("name", "name"), ("family", "sku")]);
        assert_eq!(refusal(world, &integration, &format!("{by_sku}, {unmapped}")).await, "SKU_NOT_MAPPED");
        let clone = |key: &str| format!("module: ITEMS, direction: FETCH_FROM_CRM, duplicatePolicy: CLONE, itemMatchKey: {key}");
        assert_eq!(refusal(world, &integration, &clone("SKU")).await, "POLICY_NOT_ALLOWED");
        assert_eq!(names_unique(world, false).await["userErrors"][0]["code"], "PRODUCT_NAME_NOT_UNIQUE");
        settings(world, &integration, &clone("NAME"), false).await;
        assert_eq!(names_unique(world, false).await["organization"]["isProductNameUnique"], false);
    }

    async fn r089_of_many_products_that_take_a_name_at_once_one_gets_it(world: &TestWorld) {
        names_unique(world, true).await;
        let creates = (0..6).map(|_| world.data("mutation { productCreate(input: { name: \"Lamp\" }) { userErrors { code } } }", json!({})));
        let answers = futures::future::join_all(creates).await;
        let made = answers.iter().filter(|answer| answer["productCreate"]["userErrors"] == json!([])).count();
        assert_eq!(made, 1, "{answers:#?}");
    }

    async fn r090_goods_and_services_come_from_a_custom_field_and_other_values_fail_alone(world: &TestWorld) {
        let integration = world.connect().await;
        add_field(world, "PRODUCT", "cf_kind", "kind: PICK_LIST, options: [\"Goods\", \"Services\", \"Rental\"]").await;
        let of = |kind: &str| format!(", customFields: [{{ key: \"cf_kind\", text: \"{kind}\" }}]");
        product(world, "Tent", &of("Goods")).await;
        product(world, "Advice", &of("Services")).await;
        let boat = product(world, "Boat", &of("Rental")).await;
        let map = map("PRODUCT", "ITEM", &[("name", "name"), ("unitPrice", "rate"), ("customFields.cf_kind", "productType")]);
        settings(world, &integration, &format!("module: ITEMS, direction: BOTH_WAYS, duplicatePolicy: SKIP, {map}"), false).await;
        let first = run(world, &integration, "ITEMS").await;
        assert_eq!((&first["state"], &first["totals"]["added"], &first["totals"]["failed"]), (&json!("PARTIAL"), &json!(2), &json!(1)), "{first:#}");
        let failed = items_of(&first).iter().find(|item| item["outcome"] == "FAILED").unwrap();
        assert_eq!((&failed["recordName"], &failed["error"]["code"]), (&json!("Boat"), &json!("INVALID_ENUM_VALUE")));
        assert!(failed["error"]["message"].as_str().unwrap().contains("goods or service"), "{failed:#}");
        assert_eq!((&item(world, "Tent").await["product_type"], &item(world, "Advice").await["product_type"]), (&json!("goods"), &json!("service")));

        // Corrected, it goes; what changes there comes back in the CRM's words.
        let correct = "mutation($id: ID!) { productUpdate(input: { id: $id, customFields: [{ key: \"cf_kind\", text: \"Services\" }] }) { userErrors { message } } }";
        world.data(correct, json!({ "id": boat })).await;
        let second = run(world, &integration, "ITEMS").await;
        assert_eq!((&second["state"], &second["totals"]["planned"]), (&json!("SUCCEEDED"), &json!(1)), "{second:#}");
        let id = item(world, "Boat").await["item_id"].as_str().unwrap().to_owned();
        world.advance(TimeDelta::minutes(1));
        assert_eq!(world.books("PUT", &format!("/items/{id}"), Some(json!({ "product_type": "goods" }))).await["code"], 0);
        run(world, &integration, "ITEMS").await;
        let read = world.data("query($id: ID!) { product(id: $id) { customFields { text } } }", json!({ "id": boat })).await;
        assert_eq!(read["product"]["customFields"], json!([{ "text": "Goods" }]));
        assert_eq!(run(world, &integration, "ITEMS").await["totals"]["planned"], 0);
    }

    async fn r085_items_one_way_let_nothing_flow_back_and_keep_what_came(world: &TestWorld) {
        let integration = world.connect().await;
        let born = world.books("POST", "/items", Some(json!({ "name": "Gadget", "rate": 12.5 }))).await;
        let id = born["item"]["item_id"].as_str().unwrap().to_owned();
        settings(world, &integration, "module: ITEMS, direction: BOTH_WAYS, duplicatePolicy: SKIP", false).await;
        assert_eq!(run(world, &integration, "ITEMS").await["totals"]["added"], 1);
        settings(world, &integration, ITEMS, false).await;
        world.advance(TimeDelta::minutes(1));
        world.books("PUT", &format!("/items/{id}"), Some(json!({ "rate": 99 }))).await;
        world.books("POST", "/items", Some(json!({ "name": "Later", "rate": 1 }))).await;
        let run = run(world, &integration, "ITEMS").await;
        assert_eq!((&run["state"], &run["totals"]["planned"]), (&json!("SUCCEEDED"), &json!(0)), "{run:#}");
        let products = world.data("{ products { nodes { name unitPrice { amount } } } }", json!({})).await;
        assert_eq!(products["products"]["nodes"], json!([{ "name": "Gadget", "unitPrice": { "amount": "12.5" } }]));
    }

    async fn r065_contacts_without_an_account_become_individuals_only_when_that_is_ticked(world: &TestWorld) {
        let integration = world.connect().await;
        let wish = "module: CUSTOMERS, crmModule: ACCOUNTS_AND_CONTACTS, direction: FETCH_FROM_CRM, duplicatePolicy: SKIP";
        make(world, "contact", "firstName: \"Orphan\", lastName: \"Annie\"").await;
        settings(world, &integration, wish, false).await;
        assert_eq!(world.synced(&integration).await["totals"]["skipped"], 1);
        assert_eq!(world.contacts().await.len(), 0);
        settings(world, &integration, &format!("{wish}, includeUnassociated: true"), false).await;
        assert_eq!(world.synced(&integration).await["totals"]["added"], 1);
        assert_eq!(world.contacts().await[0]["customer_sub_type"], "individual");
    }

    async fn a_custom_field_maps_both_ways(world: &TestWorld) {
        let integration = world.connect().await;
        define(world, json!({ "entity": "contact", "label": "Grade", "data_type": "string" })).await;
        add_field(world, "ACCOUNT", "grade", "kind: TEXT").await;
        let wish = format!("module: CUSTOMERS, crmModule: ACCOUNTS, direction: BOTH_WAYS, duplicatePolicy: SKIP, {}", named("customFields.grade", "customFields.cf_grade"));
        settings(world, &integration, &wish, false).await;
        make(world, "account", "name: \"Acme\", customFields: [{ key: \"grade\", text: \"A\" }]").await;
        assert_eq!(world.synced(&integration).await["state"], "SUCCEEDED");
        let id = world.contacts().await[0]["contact_id"].as_str().unwrap().to_owned();
        world.advance(TimeDelta::minutes(1));
        let changed = json!({ "custom_fields": [{ "api_name": "cf_grade", "value": "B" }] });
        assert_eq!(world.books("PUT", &format!("/contacts/{id}"), Some(changed)).await["code"], 0);
        world.synced(&integration).await;
        assert_eq!(account_named(world, "Acme", "customFields { text }").await, json!({ "customFields": [{ "text": "B" }] }));
    }
}
