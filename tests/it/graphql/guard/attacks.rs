//! Requests that would hurt: each is refused before anything is executed, with an error of its own.

use finbridge::config::Limits;
use finbridge_tests::{Backend, TestWorld};
use serde_json::{Value, json};

use super::{answered, ask, guarded, head, heard, limit, post, raw, send};

/// Twenty spreads of the next fragment in each of seven: 20 to the power of 7 fields in less than a kilobyte.
fn bomb() -> String {
    let mut text = format!("{{{}}}", "...A ".repeat(20));
    for (name, next) in ["A", "B", "C", "D", "E", "F"].iter().zip(["B", "C", "D", "E", "F", "G"]) {
        text += &format!("fragment {name} on Query{{{}}}", format!("...{next} ").repeat(20));
    }
    text + "fragment G on Query{viewer{user{id}}}"
}

fn attacks() -> Vec<(&'static str, String, &'static str, &'static str)> {
    let many = |text: &str, number: usize| text.repeat(number);
    let aliases = |number: usize| (0..number).map(|n| format!("a{n}:__typename ")).collect::<String>();
    let operations: String = (0..1_000).map(|n| format!("query Q{n}{{viewer{{user{{id}}}}}}")).collect();
    let circle = "query{...A}fragment A on Query{...B}fragment B on Query{...A}";
    let own_circle = "{viewer{user{id}}}fragment A on Query{...A}";
    let unused: String = (0..400).map(|n| format!("fragment F{n} on Query{{...F{}}}", n + 1)).collect();
    let deep = format!("{{node(id:\"a\"){}{{id}}{}}}", many("{...on Account{parent", 16), many("}}", 16));
    let fields = format!("{{{}}}", many("viewer{user{id}}", 21));
    let introspection = format!("{{__schema{{types{{{}name{}}}}}}}", many("fields{type{", 6), many("}}", 6));
    let deep_introspection =
        format!("{{__type(name:\"Query\"){{{}name{}}}}}", many("ofType{", 21), many("}", 21));
    let spread_aliases =
        format!("{{viewer{{{}}}}}fragment F on Viewer{{a:__typename b:__typename}}", many("...F ", 16));
    let typenames = format!("{{{}}}", many("__typename ", 20));
    let typenames_below = format!("{{viewer{{{}}}}}", many("__typename ", 40));
    let directives = format!("{{viewer {}{{user{{id}}}}}}", many("@include(if:true)", 31));
    let unclosed = format!("{{node(id:[\"\"\"\" {}{}]){{id}}}}", many("[", 400), many("]", 400));
    let of_one_word = |value: &str| format!("{{node(id:[{}]){{id}}}}", many(&many(value, 40), 100));
    let beside = |fragments: &str| format!("{{viewer{{user{{id}}}}}}{fragments}");
    let deep_fragment =
        beside(&format!("fragment F on Account{{{}id{}}}", many("parent{", 16), many("}", 16)));
    let directives_beside =
        beside(&format!("fragment F on Viewer{{user {}{{id}}}}", many("@include(if:true)", 31)));
    let bomb_beside = beside(&bomb()[bomb().find("fragment A").unwrap()..]);
    vec![
        ("a block string that does not end", unclosed, "GRAPHQL_PARSE_FAILED", ""),
        ("numbers without anything between", of_one_word("0"), "COST_LIMIT", "TOKENS"),
        ("negative numbers without anything between", of_one_word("-1"), "COST_LIMIT", "TOKENS"),
        (
            "constants without anything between",
            format!("{{node(id:[{}]){{id}}}}", many(&(many("true", 40) + ","), 100)),
            "COST_LIMIT",
            "TOKENS",
        ),
        ("a deep fragment that nobody spreads", deep_fragment, "COST_LIMIT", "DEPTH"),
        ("directives in a fragment that nobody spreads", directives_beside, "COST_LIMIT", "DIRECTIVES"),
        ("a fragment bomb that nobody spreads", bomb_beside, "COST_LIMIT", "TOKENS"),
        ("a fragment bomb", bomb(), "COST_LIMIT", "ROOT_FIELDS"),
        (
            "a fragment bomb within a field",
            bomb().replacen('{', "{viewer{", 1).replacen('}', "}}", 1),
            "COST_LIMIT",
            "TOKENS",
        ),
        ("a circle of fragments", circle.to_owned(), "GRAPHQL_VALIDATION_FAILED", ""),
        ("a circle of fragments that nobody spreads", own_circle.to_owned(), "GRAPHQL_VALIDATION_FAILED", ""),
        ("a long chain of fragments", format!("{{...F0}}{unused}"), "COST_LIMIT", "TOKENS"),
        ("10,000 aliases", format!("{{{}}}", aliases(10_000)), "COST_LIMIT", "TOKENS"),
        ("31 aliases", format!("{{viewer{{{}}}}}", aliases(31)), "COST_LIMIT", "ALIASES"),
        ("aliases by fragments", spread_aliases, "COST_LIMIT", "ALIASES"),
        (
            "10,000 repeated fields",
            format!("{{viewer{{{}}}}}", many("user{id}", 10_000)),
            "COST_LIMIT",
            "TOKENS",
        ),
        ("21 root fields", fields, "COST_LIMIT", "ROOT_FIELDS"),
        ("repeated __typename", typenames_below, "COST_LIMIT", "ALIASES"),
        (
            "10,000 directives",
            directives.replace("@include(if:true)", &many("@include(if:true)", 400)),
            "COST_LIMIT",
            "TOKENS",
        ),
        ("31 directives", directives, "COST_LIMIT", "DIRECTIVES"),
        ("1,000 operations", operations, "COST_LIMIT", "TOKENS"),
        ("fields 18 deep", deep, "COST_LIMIT", "DEPTH"),
        ("lists within lists", format!("{{node(id:{})}}", many("[", 100_000)), "COST_LIMIT", "NESTING"),
        (
            "lists within lists that end",
            format!("{{node(id:{}{}){{id}}}}", many("[", 1_000), many("]", 1_000)),
            "COST_LIMIT",
            "NESTING",
        ),
        ("objects within objects", format!("{{node(id:{}", many("{a:", 80_000)), "COST_LIMIT", "NESTING"),
        ("selections within selections", many("{a", 100_000), "COST_LIMIT", "NESTING"),
        ("a very long name", format!("{{{}}}", many("a", 200_000)), "COST_LIMIT", "NAME_LENGTH"),
        ("introspection of everything by everything", introspection, "COST_LIMIT", "INTROSPECTION_OBJECTS"),
        ("deep introspection", deep_introspection, "COST_LIMIT", "INTROSPECTION_DEPTH"),
        (
            "lists within lists of records",
            "{accounts(first:100){nodes{deals(first:100){nodes{id}}}}}".to_owned(),
            "COST_LIMIT",
            "COST",
        ),
        (
            "the same dear list again and again",
            format!("{{{}}}", many("accounts(first:100){nodes{owner{id}parent{id}}}", 20)),
            "COST_LIMIT",
            "COST",
        ),
        ("20 __typename", typenames, "", ""),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_attack_is_refused_with_its_own_error_and_nothing_is_executed() {
    let world = TestWorld::start(Backend::Sqlite).await;
    let server = guarded(&world, Limits::default()).await;
    assert!(bomb().len() < 1_024, "{}", bomb().len());
    for (name, query, code, of) in attacks() {
        let (status, answer) = ask(&world, &server, &query, json!({})).await;
        if code.is_empty() {
            assert_eq!(status, 200, "{name}: {answer:#}");
            continue;
        }
        assert_eq!(limit(&answer), (code.to_owned(), of.to_owned()), "{name}: {answer:#}");
        assert_eq!(status, 400, "{name}");
        let error = &answer["errors"][0];
        if !of.is_empty() {
            let (found, maximum) = (&error["extensions"]["found"], &error["extensions"]["maximum"]);
            assert!(found.as_u64() > maximum.as_u64() && maximum.is_u64(), "{name}: {answer:#}");
            let message = error["message"].as_str().unwrap();
            assert!(message.contains(of) && message.contains(&maximum.to_string()), "{name}: {message}");
        }
        let older = world.http().post(format!("{}/graphql", server.url)).bearer_auth(&world.token);
        assert_eq!(
            answered(older.json(&json!({ "query": query }))).await.0,
            200,
            "{name}: for clients of the older media type"
        );
    }
    server.finish().await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_that_would_hurt_are_refused() {
    let world = TestWorld::start(Backend::Sqlite).await;
    let server = guarded(&world, Limits::default()).await;
    let json = |body: String| post(&world, &server).header("content-type", "application/json").body(body);

    let one = json!({ "query": "{ viewer { user { id } } }" });
    let batch = Value::Array(vec![one; 1_000]).to_string();
    let (status, answer) = answered(json(batch)).await;
    assert_eq!((status, limit(&answer)), (400, ("BAD_USER_INPUT".to_owned(), "BATCH".to_owned())));

    let brackets = "[".repeat(100_000) + &"]".repeat(100_000);
    let deep = format!(
        r#"{{"query":"query($a:ID!){{node(id:$a){{id}}}}","variables":{{"a":{}}}}}"#,
        &brackets[50_000..150_000]
    );
    for deep in [deep, format!(r#"{{"query":"{{a}}","variables":{{"a":{}"#, "[".repeat(100_000))] {
        let (status, answer) = answered(json(deep)).await;
        assert_eq!((status, limit(&answer).1.as_str()), (400, "VARIABLES_DEPTH"), "{answer:#}");
    }
    let shallow = format!(
        r#"{{"query":"{{viewer{{user{{id}}}}}}","variables":{{"a":{}1{}}}}}"#,
        "[".repeat(30),
        "]".repeat(30)
    );
    assert_eq!(answered(json(shallow)).await.0, 200);
    let text = json!({ "query": "{ viewer { user { id } } }", "variables": { "a": "[".repeat(1_000) } });
    assert_eq!(
        answered(post(&world, &server).json(&text)).await.0,
        200,
        "brackets in a text are no brackets"
    );

    let values = |number: usize| {
        format!(
            r#"{{"query":"{{viewer{{user{{id}}}}}}","variables":{{"a":[{}]}}}}"#,
            vec!["{}"; number].join(",")
        )
    };
    // The body, its query, its variables, and the list in them are values, too.
    assert_eq!(answered(json(values(4_996))).await.0, 200);
    for number in [4_997, 80_000] {
        let (status, answer) = answered(json(values(number))).await;
        assert_eq!((status, limit(&answer).1.as_str()), (400, "VARIABLES_VALUES"), "{answer:#}");
    }

    let large = "x".repeat(50 * 1024 * 1024);
    let (status, answer) = answered(json(large)).await;
    assert_eq!(
        (status, limit(&answer).1.as_str()),
        (413, "BODY_BYTES"),
        "a client that sends all of it hears why"
    );

    let mut declared = raw(&server).await;
    send(&mut declared, head(&world, "content-length: 52428800").as_bytes()).await;
    let answer = heard(&mut declared).await;
    assert!(
        answer.starts_with("HTTP/1.1 413") && answer.contains("BODY_BYTES"),
        "before a byte is sent: {answer}"
    );

    let mut chunked = raw(&server).await;
    send(&mut chunked, head(&world, "transfer-encoding: chunked").as_bytes()).await;
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
    for _ in 0..5 {
        send(&mut chunked, chunk.as_bytes()).await;
    }
    let answer = heard(&mut chunked).await;
    assert!(answer.starts_with("HTTP/1.1 413") && answer.contains("BODY_BYTES"), "after 256 KiB: {answer}");
    server.finish().await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_people_send_passes() {
    let world = TestWorld::start(Backend::Sqlite).await;
    let server = guarded(&world, Limits::default()).await;
    let (status, answer) = ask(&world, &server, INTROSPECTION, json!({})).await;
    assert_eq!((status, answer.get("errors")), (200, None), "what tools ask: {:#}", answer["errors"]);
    assert!(answer["data"]["__schema"]["types"].as_array().is_some_and(|types| types.len() > 50));
    let cost = &answer["extensions"]["cost"];
    assert!(cost["requestedQueryCost"].as_u64() > Some(0), "{cost:#}");
    server.finish().await;
    world.finish().await;
}

/// The query that GraphiQL and code generators send.
const INTROSPECTION: &str = "query IntrospectionQuery { __schema { description
    queryType { name kind } mutationType { name kind } subscriptionType { name kind }
    types { ...FullType }
    directives { name description isRepeatable locations args(includeDeprecated: true) { ...InputValue } } } }
  fragment FullType on __Type { kind name description specifiedByURL isOneOf
    fields(includeDeprecated: true) { name description args(includeDeprecated: true) { ...InputValue }
      type { ...TypeRef } isDeprecated deprecationReason }
    inputFields(includeDeprecated: true) { ...InputValue }
    interfaces { ...TypeRef }
    enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason }
    possibleTypes { ...TypeRef } }
  fragment InputValue on __InputValue { name description type { ...TypeRef } defaultValue isDeprecated deprecationReason }
  fragment TypeRef on __Type { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name
    ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } } } } } } }";
