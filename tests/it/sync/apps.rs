//! What differs between finance apps, between the versions of one, and between the organizations that one is connected to.

use chrono::TimeDelta;
use finbridge::service::tenant::{self, Administrator, Tenant};
use finbridge_domain::CurrencyCode;
use finbridge_emulator::{DEMO_EMAIL, DEMO_ZSC_KEY, FaultAction, FaultRule};
use finbridge_entity::types::RunState;
use finbridge_tests::{TestWorld, both_databases};
use serde_json::{Value, json};

use super::support::{change_account, configure, make, run, settings, take_profile};

/// Each app, and the root of its own API.
const APPS: [(&str, &str); 5] = [
    ("books", "/books/v3/"),
    ("invoice", "/invoice/v3/"),
    ("erp", "/erp/v3/"),
    ("expense", "/expense/v1/"),
    ("billing", "/billing/v1/"),
];

const CONNECT: &str = "mutation($input: IntegrationConnectInput!) { integrationConnect(input: $input) {
    integration { id isOneWay transactionSync } userErrors { code message } } }";

/// Sends a GraphQL request with this token, which must succeed.
async fn ask(world: &TestWorld, token: &str, query: &str, variables: Value) -> Value {
    let mut answer = world.send_as(token, query, variables).await;
    assert!(answer.get("errors").is_none(), "{query}\n{answer:#}");
    answer["data"].take()
}

/// What came of connecting an app, with this organization or the only one.
async fn connect(world: &TestWorld, token: &str, app: &str, organization: Option<&str>) -> Value {
    let input = json!({ "app": app, "email": DEMO_EMAIL, "zscKey": DEMO_ZSC_KEY, "financeOrganization": organization, "transactionKinds": [] });
    ask(world, token, CONNECT, json!({ "input": input })).await["integrationConnect"].take()
}

fn integration_of(connected: &Value) -> String {
    connected["integration"]["id"].as_str().unwrap_or_else(|| panic!("{connected:#}")).to_owned()
}

/// The names in a list of records, in order.
fn names(rows: &Value, member: &str) -> Vec<String> {
    let rows = rows.as_array().unwrap_or_else(|| panic!("{rows:#}"));
    let mut names: Vec<_> = rows.iter().map(|row| row[member].as_str().expect("a name").to_owned()).collect();
    names.sort();
    names
}

/// The customer of this name, whole.
async fn customer(world: &TestWorld, name: &str) -> Value {
    let contacts = world.contacts().await;
    let row = contacts.iter().find(|row| row["contact_name"] == name);
    let id = row.unwrap_or_else(|| panic!("no {name}: {contacts:#?}"))["contact_id"]
        .as_str()
        .expect("an id")
        .to_owned();
    world.books("GET", &format!("/contacts/{id}"), None).await["contact"].take()
}

fn persons(customer: &Value) -> &Vec<Value> {
    customer["contact_persons"].as_array().expect("persons")
}

/// The given names of the primary persons at a customer.
fn primary(customer: &Value) -> Vec<&str> {
    let marked = persons(customer).iter().filter(|person| person["is_primary_contact"] == true);
    marked.map(|person| person["first_name"].as_str().expect("a name")).collect()
}

/// Another person of the organization.
async fn member(world: &TestWorld, email: &str, name: &str) {
    let engine = &world.app.engine;
    let wish = Tenant { name: "Test", home_currency: CurrencyCode::USD, time_zone: "America/Los_Angeles" };
    let person = Administrator { email, name };
    tenant::ensure(&engine.db, world.clock.as_ref(), &engine.ids, wish, person).await.expect("a member");
}

/// The users that the finance side has, with their states.
async fn users(world: &TestWorld) -> Vec<(String, String)> {
    let listed = world.books("GET", "/users?filter_by=Status.All", None).await;
    let text = |row: &Value, member: &str| row[member].as_str().expect("a text").to_owned();
    let rows = listed["users"].as_array().unwrap_or_else(|| panic!("{listed:#}"));
    let mut users: Vec<_> = rows.iter().map(|row| (text(row, "email"), text(row, "status"))).collect();
    users.sort();
    users
}

/// What a run tells of CRM users.
async fn crm_users(world: &TestWorld, run: &Value) -> Value {
    let query = "query($id: ID!) { syncRun(id: $id) { crmUsers { invited failed failures { email error { code } } } } }";
    world.data(query, json!({ "id": run["id"] })).await["syncRun"]["crmUsers"].take()
}

both_databases! {
    async fn r050_r051_accounts_and_contacts_go_to_every_app_and_its_customers_come_back(world: &TestWorld) {
        for (app, root) in APPS {
            world.emulator.reset().expect("the emulator forgets the app before");
            let (viewer, token) = world.tenant(&format!("With {app}")).await;
            let integration = integration_of(&connect(world, &token, app, None).await);
            let wish = "mutation($id: ID!) { syncModuleConfigure(input: { integrationId: $id, module: CUSTOMERS, crmModule: ACCOUNTS_AND_CONTACTS,
                direction: BOTH_WAYS, duplicatePolicy: SKIP, isAutomatic: false, start: false }) { userErrors { code message } } }";
            let configured = ask(world, &token, wish, json!({ "id": integration })).await;
            assert_eq!(configured["syncModuleConfigure"]["userErrors"], json!([]), "{app}");
            let made = ask(world, &token, "mutation { accountCreate(input: { name: \"Acme\", website: \"https://acme.example\" }) { account { id } } }", json!({})).await;
            let account = made["accountCreate"]["account"]["id"].clone();
            let contact = "mutation($account: ID!) { contactCreate(input: { firstName: \"Ada\", lastName: \"Byron\", email: \"ada@acme.example\", accountId: $account }) { contact { id } } }";
            assert_ne!(ask(world, &token, contact, json!({ "account": account })).await["contactCreate"]["contact"], Value::Null);
            let born = json!({ "contact_name": "Born there", "customer_sub_type": "business", "website": "https://born.example" });
            assert_eq!(world.books("POST", "/contacts", Some(born)).await["code"], 0);

            let module = world.module_id(viewer.organization_id, &integration, "CUSTOMERS").await;
            let run = world.driven(viewer.organization_id, module).await;
            assert_eq!(run.state, RunState::Succeeded, "{app}: {run:#?}");
            assert_eq!(names(&json!(world.contacts().await), "contact_name"), ["Acme", "Born there"], "{app}");
            let acme = customer(world, "Acme").await;
            assert_eq!((&acme["customer_sub_type"], &acme["website"]), (&json!("business"), &json!("https://acme.example")), "{app}");
            assert_ne!(acme["zcrm_account_id"], "", "{app}");
            let [ada] = persons(&acme).as_slice() else { panic!("{app}: {acme:#}") };
            assert_eq!((&ada["first_name"], &ada["email"]), (&json!("Ada"), &json!("ada@acme.example")), "{app}");
            assert_ne!(ada["zcrm_contact_id"], "", "{app}");
            let accounts = "{ accounts { nodes { name website syncState } } }";
            let came = ask(world, &token, accounts, json!({})).await["accounts"]["nodes"].take();
            assert!(came.as_array().expect("accounts").contains(&json!({ "name": "Born there", "website": "https://born.example", "syncState": "LINKED" })), "{app}: {came:#}");
            let own = world.emulator.journal().into_iter().filter(|entry| entry.path.starts_with(root)).count();
            assert!(own > 0, "{app} is asked by its own API");

            world.emulator.clear_journal();
            world.driven(viewer.organization_id, module).await;
            assert_eq!(world.finance_writes(), [""; 0], "{app}: nothing is left to do");
            // A change there comes by the app's own list of changes.
            world.advance(TimeDelta::minutes(1));
            let id = acme["contact_id"].as_str().expect("an id");
            assert_eq!(world.books("PUT", &format!("/contacts/{id}"), Some(json!({ "website": "https://new.example" }))).await["code"], 0);
            let run = world.driven(viewer.organization_id, module).await;
            assert_eq!(run.state, RunState::Succeeded, "{app}: {run:#?}");
            let came = ask(world, &token, accounts, json!({})).await["accounts"]["nodes"].take();
            assert!(came.as_array().expect("accounts").iter().any(|account| account["website"] == "https://new.example"), "{app}: {came:#}");
        }
    }

    async fn x04_what_connecting_shares_differs_by_profile(world: &TestWorld) {
        let read = world.data("{ capabilityProfiles { key sharedData } }", json!({})).await;
        for profile in read["capabilityProfiles"].as_array().expect("profiles") {
            let key = profile["key"].as_str().expect("a key");
            let people = if ["BOOKS_2013", "SUITE"].contains(&key) { "CONTACTS" } else { "USERS" };
            assert_eq!(profile["sharedData"], json!(["ORGANIZATION_NAME", "EMAIL", "COUNTRY", people]), "{key}");
        }
    }

    async fn x05_a_further_organization_only_takes_and_may_have_another_currency_but_then_no_items(world: &TestWorld) {
        let first = world.connect().await;
        let token = world.books_token().await;
        let members = json!({ "name": "Second", "currency_code": "INR", "time_zone": "Asia/Kolkata", "apps": ["books"] });
        let made = world.http().post(format!("{}/integration/v1/organizations", world.emulator.url()))
            .header("Authorization", format!("Zoho-oauthtoken {token}")).json(&members).send().await.expect("an answer");
        let made: Value = made.json().await.expect("JSON");
        let there = made["organization"]["organization_id"].as_str().unwrap_or_else(|| panic!("{made:#}"));
        // The first organization of a CRM has to have its currency.
        let (_, stranger) = world.tenant("Elsewhere").await;
        let refused = connect(world, &stranger, "books", Some(there)).await;
        assert_eq!((&refused["integration"], &refused["userErrors"][0]["code"]), (&Value::Null, &json!("BASE_CURRENCY_MISMATCH")), "{refused:#}");
        assert_eq!(ask(world, &stranger, "{ integrations { id } }", json!({})).await["integrations"], json!([]));

        let connected = connect(world, &world.token, "books", Some(there)).await;
        let second = integration_of(&connected);
        assert_eq!((&connected["integration"]["isOneWay"], &connected["integration"]["transactionSync"]), (&json!(true), &json!("NONE")));
        let query = "query($id: ID!) { integration(id: $id) { isOneWay transactionSync } }";
        let before = world.data(query, json!({ "id": first })).await;
        assert_eq!(before["integration"], json!({ "isOneWay": false, "transactionSync": "INSTANT" }));

        for (wish, code) in [
            ("module: ITEMS, duplicatePolicy: SKIP", "BASE_CURRENCY_MISMATCH"),
            ("module: CUSTOMERS, crmModule: ACCOUNTS, direction: BOTH_WAYS, duplicatePolicy: SKIP", "POLICY_NOT_ALLOWED"),
        ] {
            let refused = configure(world, &second, wish, false).await;
            assert_eq!((&refused["userErrors"][0]["code"], &refused["syncModule"]), (&json!(code), &Value::Null), "{wish}: {refused:#}");
        }
        settings(world, &first, "module: ITEMS, direction: BOTH_WAYS, duplicatePolicy: SKIP", false).await;
        settings(world, &second, "module: CUSTOMERS, crmModule: ACCOUNTS, duplicatePolicy: SKIP, isAutomatic: false", false).await;
        let stored = world.data("query($id: ID!) { integration(id: $id) { modules { direction } } }", json!({ "id": second })).await;
        assert_eq!(stored["integration"]["modules"], json!([{ "direction": "FETCH_FROM_CRM" }]), "without a wish, too");

        world.account("Acme").await;
        let list = format!("/contacts?organization_id={there}");
        assert_eq!(world.books("POST", &list, Some(json!({ "contact_name": "Only there", "customer_sub_type": "business" }))).await["code"], 0);
        let ended = run(world, &second, "CUSTOMERS").await;
        assert_eq!((&ended["state"], &ended["totals"]["added"]), (&json!("SUCCEEDED"), &json!(1)), "{ended:#}");
        assert_eq!(names(&world.books("GET", &list, None).await["contacts"], "contact_name"), ["Acme", "Only there"]);
        assert_eq!(world.contacts().await.len(), 0, "the first organization has no customers yet");
        assert_eq!(world.data("{ accounts { totalCount } }", json!({})).await["accounts"]["totalCount"], 1, "nothing comes from the second");
        // Connecting it again changes nothing of that.
        assert_eq!(connect(world, &world.token, "books", Some(there)).await["integration"], connected["integration"]);
    }

    async fn x08_accounts_are_contact_persons_too_where_the_profile_says_so(world: &TestWorld) {
        let integration = world.connect().await;
        let wish = "module: CUSTOMERS, crmModule: ACCOUNTS, direction: FETCH_FROM_CRM, duplicatePolicy: SKIP";
        settings(world, &integration, wish, false).await;
        make(world, "account", "name: \"Plain\", phone: \"1 555 0100\"").await;
        world.synced(&integration).await;
        assert!(persons(&customer(world, "Plain").await).is_empty(), "without the key accounts are customers alone");

        take_profile(world, "BOOKS_ACCOUNT_PERSONS").await;
        settings(world, &integration, wish, false).await;
        let acme = make(world, "account", "name: \"Acme\", phone: \"1 555 0199\"").await;
        world.synced(&integration).await;
        let there = customer(world, "Acme").await;
        let [person] = persons(&there).as_slice() else { panic!("{there:#}") };
        assert_eq!((&person["last_name"], &person["phone"]), (&json!("Acme"), &json!("1 555 0199")));
        assert_eq!(world.synced(&integration).await["totals"]["planned"], 0);
        change_account(world, &acme, "name: \"Acme Ltd\"").await;
        world.synced(&integration).await;
        let there = customer(world, "Acme Ltd").await;
        let [person] = persons(&there).as_slice() else { panic!("{there:#}") };
        assert_eq!((&person["last_name"], &person["phone"]), (&json!("Acme Ltd"), &json!("1 555 0199")));
        assert_eq!(world.synced(&integration).await["totals"]["planned"], 0);
    }

    async fn x11_crm_users_become_users_of_expense_where_that_is_chosen(world: &TestWorld) {
        let books = world.connect().await;
        let wish = "module: CUSTOMERS, crmModule: ACCOUNTS, direction: FETCH_FROM_CRM, duplicatePolicy: SKIP";
        let refused = configure(world, &books, &format!("{wish}, syncCrmUsers: true"), false).await;
        assert_eq!(refused["userErrors"][0]["code"], "SETTING_NOT_SUPPORTED", "{refused:#}");
        let expense = integration_of(&connect(world, &world.token, "expense", None).await);
        for (email, name) in [("cyd@crm.example", "Cyd"), ("gone@crm.example", "Gone"), ("broken@localhost", "Broken")] {
            member(world, email, name).await;
        }
        // Somebody was removed there by hand.
        assert_eq!(world.books("POST", "/users", Some(json!({ "name": "Gone", "email": "gone@crm.example" }))).await["code"], 0);
        let listed = world.books("GET", "/users?filter_by=Status.All", None).await;
        let gone = listed["users"].as_array().expect("users").iter().find(|user| user["email"] == "gone@crm.example").expect("it was invited");
        let id = gone["user_id"].as_str().expect("an id").to_owned();
        assert_eq!(world.books("DELETE", &format!("/users/{id}"), None).await["code"], 0);
        let admin = (DEMO_EMAIL.to_owned(), "active".to_owned());

        settings(world, &expense, wish, false).await;
        let ended = run(world, &expense, "CUSTOMERS").await;
        assert_eq!((&ended["state"], crm_users(world, &ended).await), (&json!("SUCCEEDED"), Value::Null), "{ended:#}");
        assert_eq!(users(world).await, std::slice::from_ref(&admin), "nobody is invited unasked");

        settings(world, &expense, &format!("{wish}, syncCrmUsers: true"), false).await;
        world.account("Acme").await;
        let ended = run(world, &expense, "CUSTOMERS").await;
        assert_eq!((&ended["state"], &ended["totals"]["added"], &ended["totals"]["failed"]), (&json!("PARTIAL"), &json!(1), &json!(0)), "{ended:#}");
        let failed = json!([{ "email": "broken@localhost", "error": { "code": "FINANCE_REFUSED" } }]);
        assert_eq!(crm_users(world, &ended).await, json!({ "invited": 1, "failed": 1, "failures": failed }));
        let cyd = ("cyd@crm.example".to_owned(), "invited".to_owned());
        assert_eq!(users(world).await, [admin, cyd], "who was removed there stays removed");
        // Once is enough.
        world.emulator.clear_journal();
        let ended = run(world, &expense, "CUSTOMERS").await;
        assert_eq!(crm_users(world, &ended).await, json!({ "invited": 0, "failed": 1, "failures": failed }));
        let invited = world.emulator.journal().into_iter().filter(|entry| entry.method == "POST" && entry.path.ends_with("/users"));
        assert_eq!(invited.count(), 1, "only whoever was refused is tried again");
        let stored = world.data("query($id: ID!) { integration(id: $id) { modules { syncCrmUsers } } }", json!({ "id": expense })).await;
        assert_eq!(stored["integration"]["modules"], json!([{ "syncCrmUsers": true }]));
    }

    async fn x12_the_oldest_contact_becomes_the_primary_person_and_then_the_finance_side_chooses(world: &TestWorld) {
        let integration = world.connect().await;
        settings(world, &integration, "module: CUSTOMERS, crmModule: ACCOUNTS_AND_CONTACTS, direction: FETCH_FROM_CRM, duplicatePolicy: SKIP, isAutomatic: false", false).await;
        let account = world.account("Acme").await;
        let add = async |name: &str| make(world, "contact", &format!("firstName: \"{name}\", lastName: \"Smith\", accountId: \"{account}\"")).await;
        for name in ["Ada", "Bob", "Cyd", "Dan"] {
            add(name).await;
        }
        // The others are there before her, and the finance side takes the first that comes.
        let late = FaultRule::new(FaultAction::Delay { ms: 1_500 });
        world.emulator.fault(late.method("POST").path_contains("/contactpersons").body_contains("Ada"));
        assert_eq!(world.synced(&integration).await["state"], "SUCCEEDED");
        world.emulator.clear_faults();
        let acme = customer(world, "Acme").await;
        assert_eq!((persons(&acme).len(), primary(&acme)), (4, vec!["Ada"]), "{acme:#}");

        let bob = persons(&acme).iter().find(|person| person["first_name"] == "Bob").expect("Bob");
        let id = bob["contact_person_id"].as_str().expect("an id");
        world.advance(TimeDelta::minutes(1));
        assert_eq!(world.books("POST", &format!("/contacts/contactpersons/{id}/primary"), None).await["code"], 0);
        add("Eve").await;
        assert_eq!(world.synced(&integration).await["totals"]["added"], 1);
        let acme = customer(world, "Acme").await;
        assert_eq!((persons(&acme).len(), primary(&acme)), (5, vec!["Bob"]), "{acme:#}");
    }

    async fn a17_27_currency_and_terms_of_customers_are_left_to_the_finance_side_for_documents_to_find(world: &TestWorld) {
        let integration = world.connect().await;
        settings(world, &integration, "module: CUSTOMERS, crmModule: ACCOUNTS, direction: BOTH_WAYS, duplicatePolicy: SKIP, isAutomatic: false", false).await;
        let account = make(world, "account", "name: \"Acme\"").await;
        world.synced(&integration).await;
        let acme = customer(world, "Acme").await;
        assert_eq!((&acme["currency_code"], &acme["payment_terms"]), (&json!("USD"), &json!(0)), "those of the organization at first");
        let currencies = world.books("GET", "/settings/currencies", None).await;
        let euro = currencies["currencies"].as_array().expect("currencies").iter().find(|row| row["currency_code"] == "EUR").expect("euros");
        let own = json!({ "currency_id": euro["currency_id"], "payment_terms": 30, "payment_terms_label": "Net 30" });
        world.advance(TimeDelta::minutes(1));
        let id = acme["contact_id"].as_str().expect("an id");
        let changed = world.books("PUT", &format!("/contacts/{id}"), Some(own)).await;
        assert_eq!(changed["code"], 0, "{changed:#}");

        change_account(world, &account, "name: \"Acme Ltd\", website: \"https://acme.example\"").await;
        assert_eq!(world.synced(&integration).await["totals"]["updated"], 1);
        let acme = customer(world, "Acme Ltd").await;
        assert_eq!(
            (&acme["currency_code"], &acme["payment_terms"], &acme["payment_terms_label"], &acme["website"]),
            (&json!("EUR"), &json!(30), &json!("Net 30"), &json!("https://acme.example"))
        );
        assert_eq!(world.synced(&integration).await["totals"]["planned"], 0);
    }

    async fn a17_11_names_that_differ_in_letter_case_are_one_and_abbreviations_are_another(world: &TestWorld) {
        let integration = world.connect().await;
        settings(world, &integration, "module: CUSTOMERS, crmModule: ACCOUNTS, direction: FETCH_FROM_CRM, duplicatePolicy: OVERWRITE", false).await;
        for name in ["Acme", "Widget Limited"] {
            assert_eq!(world.books("POST", "/contacts", Some(json!({ "contact_name": name, "customer_sub_type": "business" }))).await["code"], 0);
        }
        for name in ["ACME", "Widget Ltd"] {
            world.account(name).await;
        }
        let query = "query($id: ID!) { syncPlan(integrationId: $id, module: CUSTOMERS) { items { nodes { recordName action rule } } } }";
        let plan = world.data(query, json!({ "id": integration })).await["syncPlan"]["items"]["nodes"].take();
        assert_eq!(plan, json!([
            { "recordName": "ACME", "action": "OVERWRITE", "rule": "DUPLICATE" },
            { "recordName": "Widget Ltd", "action": "CREATE", "rule": "NEW" },
        ]));
        assert_eq!(world.synced(&integration).await["state"], "SUCCEEDED");
        assert_eq!(names(&json!(world.contacts().await), "contact_name"), ["ACME", "Widget Limited", "Widget Ltd"]);
    }
}
