use finbridge_emulator::*;
use reqwest::redirect::Policy;
use reqwest::{Client, Response, Url};
use serde_json::{Value, json};

use crate::world::*;

const BACK: &str = "http://app.test/cb?from=a%20b";

/// The parameters of a good request.
fn request() -> Vec<(&'static str, String)> {
    [
        ("response_type", "code"),
        ("client_id", DEMO_CLIENT_ID),
        ("scope", "ZohoBooks.contacts.ALL,ZohoBooks.settings.READ"),
        ("redirect_uri", BACK),
        ("access_type", "offline"),
        ("prompt", "consent"),
        ("state", " s 1&2 "),
    ]
    .map(|(name, value)| (name, value.to_owned()))
    .to_vec()
}

fn with(name: &'static str, value: &str) -> Vec<(&'static str, String)> {
    let mut request = request();
    request.retain(|(known, _)| *known != name);
    request.push((name, value.to_owned()));
    request
}

fn browser() -> Client {
    http();
    Client::builder().redirect(Policy::none()).build().unwrap()
}

async fn visit(w: &World, query: &[(&str, String)]) -> Response {
    browser().get(format!("{}/oauth/v2/auth", w.api.url)).query(query).send().await.unwrap()
}

fn redirect(response: &Response) -> (String, Vec<(String, String)>) {
    assert_eq!(response.status(), 302);
    let url: Url = response.headers()["location"].to_str().unwrap().parse().unwrap();
    let base = format!("{}{}", url.origin().ascii_serialization(), url.path());
    (base, url.query_pairs().into_owned().collect())
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

async fn exchange(w: &World, code: &str, redirect_uri: &str) -> Value {
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", redirect_uri),
        ("client_id", DEMO_CLIENT_ID),
        ("client_secret", DEMO_CLIENT_SECRET),
    ];
    let (status, answer) = send(w.api.http.post(format!("{}/oauth/v2/token", w.api.url)).form(&form)).await;
    assert_eq!(status, 200, "{answer}");
    answer
}

#[tokio::test]
async fn a_person_accepts_on_the_page() {
    let w = world_with(two_tenants()).await;
    let page = visit(&w, &request()).await;
    assert_eq!(page.status(), 200);
    assert!(page.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
    assert!(page.headers()["content-security-policy"].to_str().unwrap().starts_with("default-src 'none'"));
    let page = page.text().await.unwrap();
    for shown in [
        "ZohoBooks.contacts.ALL",
        "while you are away",
        "<form method=\"post\" action=\"/oauth/v2/auth\">",
        "<option value=\"admin@example.com\">",
        "<option value=\"second@example.com\">",
        "name=\"state\" value=\" s 1&amp;2 \"",
        "name=\"emulator_consent\" value=\"accept\"",
        "name=\"emulator_consent\" value=\"deny\"",
    ] {
        assert!(page.contains(shown), "{shown} in {page}");
    }
    assert!(!page.contains("<script") && !page.contains("src=") && !page.contains("href="));

    let mut form = request();
    form.push(("emulator_user", "SECOND@example.com".to_owned()));
    form.push(("emulator_consent", "accept".to_owned()));
    let answer = browser().post(format!("{}/oauth/v2/auth", w.api.url)).form(&form).send().await.unwrap();
    let (base, members) = redirect(&answer);
    assert_eq!(base, "http://app.test/cb");
    let code = members[2].1.clone();
    assert_eq!(
        members,
        pairs(&[
            ("from", "a b"),
            ("state", " s 1&2 "),
            ("code", &code),
            ("location", "us"),
            ("accounts-server", &w.api.url)
        ])
    );
    assert_eq!(code.split('.').map(str::len).collect::<Vec<_>>(), [4, 32, 32]);

    assert_eq!(exchange(&w, &code, "http://app.test/cb").await, json!({"error": "invalid_redirect_uri"}));
    let answer = exchange(&w, &code, BACK).await;
    assert_eq!(answer["scope"], "ZohoBooks.contacts.ALL ZohoBooks.settings.READ");
    w.api.access_token(answer["refresh_token"].as_str().unwrap()).await;
    let api = Api { token: answer["access_token"].as_str().unwrap().to_owned(), ..w.api.clone() };
    assert_eq!(api.get("organizations").await["organizations"][0]["organization_id"], "60012345");
    assert_eq!(exchange(&w, &code, BACK).await, json!({"error": "invalid_code"}));
    let journal = serde_json::to_string(&w.emulator.journal()).unwrap();
    assert!(!journal.contains(&code), "{journal}");
}

#[tokio::test]
async fn scripts_answer_by_query_and_online_access_has_no_refresh_token() {
    let w = world_with(two_tenants()).await;
    let mut query = with("access_type", "");
    query.push(("emulator_consent", "accept".to_owned()));
    query.retain(|(name, _)| *name != "state");
    let (_, members) = redirect(&visit(&w, &query).await);
    assert_eq!(members[1].0, "code");
    let answer = exchange(&w, &members[1].1, BACK).await;
    assert!(answer.get("refresh_token").is_none(), "{answer}");
    let api = Api { token: answer["access_token"].as_str().unwrap().to_owned(), ..w.api.clone() };
    assert_eq!(
        api.get("organizations").await["organizations"][0]["organization_id"],
        DEMO_ORGANIZATION_ID,
        "the first user answers when none is named"
    );

    let mut query = request();
    query.push(("emulator_consent", "deny".to_owned()));
    let denied = visit(&w, &query).await;
    assert!(denied.headers()["location"].to_str().unwrap().contains("&error=access_denied"));
    let (_, members) = redirect(&denied);
    assert_eq!(members, pairs(&[("from", "a b"), ("error", "access_denied"), ("state", " s 1&2 ")]));
}

#[tokio::test]
async fn a_mistaken_request_is_a_page_and_never_redirects() {
    let w = world().await;
    let mut cases = vec![
        (with("client_id", "1000.NOBODY"), "invalid_client"),
        (with("client_id", ""), "invalid_client"),
        (with("response_type", "token"), "invalid_response_type"),
        (with("response_type", ""), "invalid_response_type"),
        (with("scope", ""), "INVALID_OAUTH_SCOPE"),
        (with("scope", "ZohoBooks.contacts.READ,ZohoBooks.nope.READ"), "INVALID_OAUTH_SCOPE"),
        (with("emulator_consent", "maybe"), "invalid_request"),
    ];
    for uri in [
        "",
        "javascript:alert(1)",
        "javascript://app.test/%0aalert(1)",
        "data:text/html,x",
        "ftp://app.test/",
        "//app.test/cb",
        "/cb",
        "app.test",
        "http://",
        "http:///cb",
        "http://app.test/cb#part",
        "http://app.test/a b",
        "http://app.test/\r\nSet-Cookie: a=b",
        "http://app.test/ä",
    ] {
        cases.push((with("redirect_uri", uri), "invalid_redirect_uri"));
    }
    let mut stranger = with("emulator_user", "nobody@example.com");
    stranger.push(("emulator_consent", "accept".to_owned()));
    cases.push((stranger, "invalid_user"));
    for (mut query, word) in cases {
        for consent in [None, Some("accept")] {
            if let Some(consent) = consent.filter(|_| !query.iter().any(|it| it.0 == "emulator_consent")) {
                query.push(("emulator_consent", consent.to_owned()));
            }
            let response = visit(&w, &query).await;
            assert_eq!(response.status(), 400, "{query:?}");
            assert!(response.headers().get("location").is_none(), "{query:?}");
            let page = response.text().await.unwrap();
            assert!(page.contains(&format!("<code>{word}</code>")), "{query:?}: {page}");
        }
    }
    assert_eq!(w.api.call("PUT", "/oauth/v2/auth", Value::Null).await.0, 405);
}

#[tokio::test]
async fn everything_shown_is_escaped() {
    let mut seed = Seed::demo();
    seed.users[0].name = "<script>alert('n')</script>".to_owned();
    seed.users[0].email = "\"><script>e</script>@example.com".to_owned();
    seed.clients[0].client_id = "<script>c</script>".to_owned();
    let emulator = Emulator::builder().seed(seed).start().await.unwrap();
    let mut query = with("state", "\"><script>alert(1)</script>");
    query[0].1 = "code".to_owned();
    query.retain(|(name, _)| *name != "client_id");
    query.push(("client_id", "<script>c</script>".to_owned()));
    query.push(("redirect_uri", "http://app.test/".to_owned()));
    let url = format!("{}/oauth/v2/auth", emulator.url());
    let page = browser().get(url).query(&query).send().await.unwrap();
    assert_eq!(page.status(), 200);
    let page = page.text().await.unwrap();
    assert!(!page.contains("<script"), "{page}");
    assert!(page.contains("value=\"&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;\""), "{page}");
}

#[tokio::test]
async fn registered_redirects_are_the_only_ones() {
    let mut seed = Seed::demo();
    seed.clients[0].redirect_uris = vec!["https://app.test/cb".to_owned(), "http://l:1/cb".to_owned()];
    let w = world_with(seed.clone()).await;
    for (uri, status) in [
        ("https://app.test/cb", 200),
        ("http://l:1/cb", 200),
        ("https://app.test/cb/", 400),
        ("https://app.test/cb?x=1", 400),
        ("https://APP.test/cb", 400),
        (BACK, 400),
    ] {
        assert_eq!(visit(&w, &with("redirect_uri", uri)).await.status(), status, "{uri}");
    }
    for bad in ["javascript:alert(1)", "app://cb", "http://a b/"] {
        seed.clients[0].redirect_uris = vec![bad.to_owned()];
        let started = Emulator::builder().seed(seed.clone()).start().await;
        assert!(matches!(started, Err(StartError::Seed { reason }) if reason.contains(bad)), "{bad}");
    }
}

#[tokio::test]
async fn self_clients_choose_a_lifetime_and_need_no_redirect() {
    let w = world().await;
    let mint = async |expires_in: Value, redirect_uri: &str| {
        let body = json!({"client_id": DEMO_CLIENT_ID, "email": DEMO_EMAIL, "scope": "ZohoBooks.contacts.READ",
            "redirect_uri": redirect_uri, "expires_in": expires_in});
        w.api.call("POST", "/_emulator/oauth/codes", body).await
    };
    for seconds in [180, 600] {
        let (status, body) = mint(seconds.into(), "").await;
        assert_eq!(status, 201, "{body}");
        let code = body["code"].as_str().unwrap().to_owned();
        let (_, late) = mint(seconds.into(), "").await;
        w.clock.advance(chrono::TimeDelta::seconds(seconds - 1));
        // Any redirect may come along, as none was given before.
        assert!(exchange(&w, &code, "http://anything/").await["refresh_token"].is_string());
        w.clock.advance(chrono::TimeDelta::seconds(1));
        let late = late["code"].as_str().unwrap();
        assert_eq!(exchange(&w, late, "").await, json!({"error": "invalid_code"}));
    }
    for (expires_in, redirect_uri) in
        [(json!(179), ""), (json!(601), ""), (json!("300"), ""), (json!(-1), ""), (json!(300), "http://l/cb")]
    {
        assert_eq!(mint(expires_in.clone(), redirect_uri).await.0, 400, "{expires_in} {redirect_uri}");
    }
}

#[tokio::test]
async fn codes_that_nobody_exchanges_are_bounded() {
    let w = world().await;
    let mut query = with("redirect_uri", BACK);
    query.extend([("emulator_user", DEMO_EMAIL.to_owned()), ("emulator_consent", "accept".to_owned())]);
    let (browser, url) = (browser(), format!("{}/oauth/v2/auth", w.api.url));
    let mut codes = Vec::new();
    for _ in 0..1001 {
        let (_, members) = redirect(&browser.get(&url).query(&query).send().await.unwrap());
        codes.push(members.into_iter().find(|(name, _)| name == "code").unwrap().1);
    }
    assert_eq!(exchange(&w, &codes[0], BACK).await, json!({"error": "invalid_code"}));
    for code in [&codes[1], &codes[1000]] {
        assert!(exchange(&w, code, BACK).await["access_token"].is_string());
    }
}
