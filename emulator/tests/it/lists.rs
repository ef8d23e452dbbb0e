use std::collections::BTreeSet;

use chrono::TimeDelta;
use finbridge_emulator::Seed;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::world::*;

async fn filled() -> World {
    let w = world().await;
    for (name, kind, notes) in [
        ("Beta", "customer", "red"),
        ("alpha", "vendor", "blue"),
        ("Ärger", "customer", ""),
        ("gamma", "customer", ""),
    ] {
        w.clock.advance(TimeDelta::seconds(60));
        w.api.create(json!({"contact_name": name, "contact_type": kind, "notes": notes, "company_name": format!("{name} Co"),
            "billing_address": {"city": "Bonn"}, "contact_persons": [{"first_name": name, "email": format!("{name}@x.test"), "phone": "123"}]})).await;
    }
    w
}

#[tokio::test]
async fn filters() {
    let w = filled().await;
    for (query, expected) in [
        ("", vec!["alpha", "Beta", "gamma", "Ärger"]),
        ("status=&customview_id=&last_modified_time=&page=0", vec!["alpha", "Beta", "gamma", "Ärger"]),
        ("contact_name=BETA", vec!["Beta"]),
        ("contact_name_startswith=%C3%A4R", vec!["Ärger"]),
        ("contact_name_contains=A&contact_type=customer", vec!["Beta", "gamma"]),
        ("company_name_contains=beta", vec!["Beta"]),
        ("email=beta@X.test", vec!["Beta"]),
        ("phone=123&first_name_startswith=g", vec!["gamma"]),
        ("address_contains=bonn&contact_type=vendor", vec!["alpha"]),
        ("search_text=BLUE", vec!["alpha"]),
        ("filter_by=ContactType.Vendor", vec!["alpha"]),
        ("filter_by=Status.Inactive", vec![]),
        ("filter_by=Status.Crm", vec![]),
        ("filter_by=Invoice.OverDue", vec![]),
        ("status=active&sort_order=D", vec!["Ärger", "gamma", "Beta", "alpha"]),
        ("sort_column=created_time&sort_order=descending", vec!["gamma", "Ärger", "alpha", "Beta"]),
        ("sort_column=last_modified_time", vec!["Beta", "alpha", "Ärger", "gamma"]),
        ("sort_column=email", vec!["alpha", "Beta", "gamma", "Ärger"]),
        ("last_modified_time=2026-01-05T12:09:10-0800", vec!["gamma", "Ärger"]),
        ("last_modified_time=2026-01-05T20:09:10+0000", vec!["gamma", "Ärger"]),
        (
            "last_modified_time=2026-01-05T20:09:10Z&sort_column=last_modified_time&sort_order=D",
            vec!["gamma", "Ärger"],
        ),
        ("last_modified_time=2026-01-06T01:39:10%2B05:30", vec!["gamma", "Ärger"]),
        ("last_modified_time=2026-01-05T20:09:11Z", vec!["gamma"]),
        ("contact_name_in=beta, GAMMA", vec!["Beta", "gamma"]),
        ("contact_name_in=nobody", vec![]),
        ("contact_name_not_in=beta,gamma", vec!["alpha", "Ärger"]),
        ("company_name_in=beta%20co,alpha%20co&contact_type=vendor", vec!["alpha"]),
        ("company_name_not_in=beta%20co&contact_name_startswith=b", vec![]),
        ("email_in=beta@x.test,gamma@x.test", vec!["Beta", "gamma"]),
        ("email_not_in=beta@x.test,gamma@x.test", vec!["alpha", "Ärger"]),
        ("phone_not_in=123", vec![]),
        ("first_name_not_in=Beta&sort_column=first_name", vec!["alpha", "gamma", "Ärger"]),
        ("contact_number_not_in=7", vec!["alpha", "Beta", "gamma", "Ärger"]),
        ("zcrm_account_id=123", vec![]),
        ("zcrm_vendor_id=123", vec![]),
        ("page=200", vec![]),
    ] {
        let list = w.api.get(&format!("contacts?{query}")).await;
        assert_eq!(names(&list), expected, "{query}");
        assert_eq!(list["page_context"]["has_more_page"], false, "{query}");
    }
    assert_eq!(names(&w.api.get("vendors").await), ["alpha"]);
    assert_eq!(names(&w.api.get("customers").await).len(), 3);
    let list = w.api.get("contacts?per_page=1000&contact_name_contains=a").await;
    let context = &list["page_context"];
    assert_eq!((&context["page"], &context["per_page"]), (&json!(1), &json!(200)));
    assert_eq!(context["search_criteria"][0]["comparator"], "contains");
    assert_eq!(
        (&context["report_name"], &context["applied_filter"]),
        (&json!("Contacts"), &json!("Status.All"))
    );
    assert_eq!((&context["sort_column"], &context["sort_order"]), (&json!("contact_name"), &json!("A")));
    let row = &list["contacts"][0];
    assert_eq!(row["customer_name"], row["contact_name"]);
    assert_eq!(row["phone"], "123");
}

/// Finding and sorting by an index sees every change, and every person where people are looked at.
#[tokio::test]
async fn indexes_follow_every_change() {
    let w = world().await;
    let person = |first: &str, email: &str| json!({"first_name": first, "last_name": first, "email": email});
    let a = w.api.create(json!({"contact_name": "A", "company_name": "Co", "contact_number": "N-1", "contact_persons": [person("Zoe", "z@x.test"), person("Ann", "a@x.test")]})).await;
    let b = w.api.create(json!({"contact_name": "B", "contact_persons": [person("Bob", "A@X.test")]})).await;
    w.api.named("C").await;
    let list = async |query: &str| names(&w.api.get(&format!("contacts?{query}")).await);
    for (query, expected) in [
        ("email=a@x.test", vec!["A", "B"]),
        ("email_startswith=A@", vec!["A", "B"]),
        ("email_startswith=z&sort_order=D", vec!["A"]),
        ("email=nobody@x.test", vec![]),
        ("first_name=ann", vec!["A"]),
        ("last_name_startswith=b", vec!["B"]),
        ("contact_number=n-1", vec!["A"]),
        ("contact_number_startswith=N", vec!["A"]),
        ("company_name_startswith=c", vec!["A"]),
        ("contact_name_startswith=b&sort_column=email", vec!["B"]),
        ("filter_by=Status.Duplicate", vec!["A", "B"]),
        ("status=duplicate&contact_name=b", vec!["B"]),
        // The primary person's value decides the order, and who has none comes first.
        ("sort_column=first_name", vec!["C", "B", "A"]),
        ("sort_column=email&sort_order=D", vec!["A", "B", "C"]),
        ("sort_column=first_name&email=a@x.test", vec!["B", "A"]),
        ("sort_column=created_time&sort_order=D&per_page=2", vec!["C", "B"]),
        ("per_page=2&page=2", vec!["C"]),
        ("contact_name_startswith=&sort_order=D", vec!["C", "B", "A"]),
    ] {
        assert_eq!(list(query).await, expected, "{query}");
    }
    let ann = a["contact_persons"][1]["contact_person_id"].as_str().unwrap();
    w.api.call("POST", &format!("contacts/contactpersons/{ann}/primary"), Value::Null).await;
    assert_eq!(list("sort_column=first_name").await, ["C", "A", "B"]);
    assert_eq!(list("first_name=zoe").await, ["A"]);
    w.api.call("DELETE", &format!("contacts/contactpersons/{ann}"), Value::Null).await;
    assert_eq!(list("email=a@x.test").await, ["B"]);
    assert_eq!(list("filter_by=Status.Duplicate").await, [""; 0]);
    let path = format!("contacts/{}", id(&a));
    w.api.call("PUT", &path, json!({"contact_name": "D", "company_name": "", "contact_persons": []})).await;
    assert_eq!(list("").await, ["B", "C", "D"]);
    assert_eq!(list("company_name=co").await, [""; 0]);
    assert_eq!(list("email_startswith=z").await, [""; 0]);
    assert_eq!(list("sort_column=email").await, ["D", "C", "B"]);
    w.api.call("DELETE", &format!("contacts/{}", id(&b)), Value::Null).await;
    assert_eq!(list("sort_column=email&sort_order=D").await, ["C", "D"]);
    assert_eq!(list("email_startswith=a").await, [""; 0]);
    assert_eq!(list("contact_name_startswith=b").await, [""; 0]);
}

#[tokio::test]
async fn bad_list_parameters() {
    let w = world().await;
    for query in [
        "filter_by=Status.Nope",
        "sort_column=nope",
        "sort_order=X",
        "page=x",
        "per_page=-1",
        "contact_type=x",
        "status=x",
        "last_modified_time=yesterday",
    ] {
        let name = query.split('=').next().unwrap();
        let (status, body) = w.api.call("GET", &format!("contacts?{query}"), Value::Null).await;
        assert_eq!(
            (status, body),
            (400, json!({"code": 2, "message": format!("Invalid value passed for {name}")}))
        );
    }
    let (status, body) =
        w.api.call("GET", &format!("contacts?search_text={}", "x".repeat(101)), Value::Null).await;
    assert_eq!((status, body["code"].as_i64()), (400, Some(15)));
}

#[tokio::test]
async fn organizations_do_not_see_each_other() {
    let w = world_with(two_tenants()).await;
    w.api.named("Mine").await;
    let other = Api::login_as(&w.api.url, "second@example.com", "second-key", None).await;
    assert!(names(&other.get("contacts").await).is_empty());
    let theirs = other.create(json!({"contact_name": "Mine"})).await;
    assert_eq!(theirs["created_time"], "2026-01-06T01:36:10+0530");
    assert_eq!(theirs["currency_code"], "INR");
    let (status, _) = w.api.call("GET", &format!("contacts/{}", id(&theirs)), Value::Null).await;
    assert_eq!(status, 404);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn pages_partition_the_rows(
        rows in 0usize..40, per_page in 1usize..12,
        column in prop::sample::select(vec!["contact_name", "first_name", "email", "last_modified_time", "created_time", "outstanding_receivable_amount"]),
        order in prop::sample::select(vec!["A", "D"]), since in prop::option::of(0i64..40),
    ) {
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(async {
            let w = world_with(Seed::demo()).await;
            let mut expected = BTreeSet::new();
            for n in 0..rows {
                // Pairs share an instant, so that the order needs its tie-break.
                if n % 2 == 0 { w.clock.advance(TimeDelta::seconds(2)); }
                let created = w.api.create(json!({"contact_name": format!("N{}", (n * 7919) % 1000), "contact_persons": [{"first_name": "same"}]})).await;
                if since.is_none_or(|since| (n as i64 / 2 + 1) * 2 >= since) { expected.insert(id(&created)); }
            }
            let since = since.map(|it| format!("&last_modified_time={}", (start_time() + TimeDelta::seconds(it)).format("%Y-%m-%dT%H:%M:%SZ"))).unwrap_or_default();
            let (mut seen, mut page) = (Vec::new(), 1);
            loop {
                let list = w.api.get(&format!("contacts?page={page}&per_page={per_page}&sort_column={column}&sort_order={order}{since}")).await;
                let rows = list["contacts"].as_array().unwrap();
                assert!(rows.len() <= per_page);
                seen.extend(rows.iter().map(id));
                if list["page_context"]["has_more_page"] == false { break; }
                assert_eq!(rows.len(), per_page);
                page += 1;
            }
            assert_eq!(seen.len(), expected.len(), "no row twice");
            assert_eq!(seen.into_iter().collect::<BTreeSet<_>>(), expected);
        });
    }
}
