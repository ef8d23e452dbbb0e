use chrono::TimeDelta;
use finbridge_emulator::*;
use serde_json::{Value, json};

use crate::world::*;

async fn token(api: &Api, form: &[(&str, &str)]) -> Value {
    let url = format!("{}/oauth/v2/token", api.url);
    let (status, by_form) = send(api.http.post(url).form(form)).await;
    assert_eq!(status, 200);
    by_form
}

const ID: (&str, &str) = ("client_id", DEMO_CLIENT_ID);
const SECRET: (&str, &str) = ("client_secret", DEMO_CLIENT_SECRET);

#[tokio::test]
async fn grants_by_form_and_by_query() {
    let w = world().await;
    let refresh = w.api.refresh_token(DEMO_EMAIL, DEMO_ZSC_KEY, None).await;
    let form = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str()), ID, SECRET];
    let by_form = token(&w.api, &form).await;
    let (_, by_query) = send(w.api.http.post(format!("{}/oauth/v2/token", w.api.url)).query(&form)).await;
    for answer in [by_form, by_query] {
        assert_eq!(answer["token_type"], "Bearer");
        assert_eq!(answer["expires_in"], 3600);
        assert_eq!(answer["api_domain"], w.api.url);
        assert!(answer.get("refresh_token").is_none());
        let parts: Vec<_> = answer["access_token"].as_str().unwrap().split('.').map(str::len).collect();
        assert_eq!(parts, [4, 32, 32]);
    }
    let answer = token(
        &w.api,
        &[
            ("grant_type", "client_credentials"),
            ("scope", "ZohoBooks.contacts.READ"),
            ("soid", "ZohoBooks.10234695"),
            ID,
            SECRET,
        ],
    )
    .await;
    assert_eq!(answer["scope"], "ZohoBooks.contacts.READ");
    let api = Api { token: answer["access_token"].as_str().unwrap().into(), ..w.api.clone() };
    assert_eq!(api.call("GET", "contacts", Value::Null).await.0, 200);
}

#[tokio::test]
async fn failures_are_http_200_with_an_error() {
    let w = world().await;
    for (form, error) in [
        (vec![("grant_type", "refresh_token"), ("refresh_token", "1000.a.b"), ID, SECRET], "invalid_code"),
        (vec![("grant_type", "authorization_code"), ("code", "1000.a.b"), ID, SECRET], "invalid_code"),
        (vec![("grant_type", "refresh_token"), ("client_id", "x"), SECRET], "invalid_client"),
        (vec![("grant_type", "refresh_token"), ID, ("client_secret", "x")], "invalid_client_secret"),
        (vec![("grant_type", "password"), ID, SECRET], "unsupported_grant_type"),
        (
            vec![("grant_type", "client_credentials"), ("scope", "ZohoBooks.nope.READ"), ID, SECRET],
            "invalid_scope",
        ),
    ] {
        assert_eq!(token(&w.api, &form).await, json!({"error": error}));
    }
}

#[tokio::test]
async fn grant_codes_work_once_and_expire() {
    let w = world().await;
    let mint = async || {
        let body = json!({"client_id": DEMO_CLIENT_ID, "email": DEMO_EMAIL, "scope": "ZohoBooks.fullaccess.all", "redirect_uri": "http://l/cb"});
        let (status, body) = w.api.call("POST", "/_emulator/oauth/codes", body).await;
        assert_eq!(status, 201, "{body}");
        body["code"].as_str().unwrap().to_owned()
    };
    let code = mint().await;
    let form = |code: &str, uri: &'static str| {
        [
            ("grant_type", "authorization_code".to_owned()),
            ("code", code.to_owned()),
            ("redirect_uri", uri.to_owned()),
        ]
    };
    let exchange = async |code: &str, uri: &'static str| {
        let mut form = form(code, uri).to_vec();
        form.extend([(ID.0, ID.1.to_owned()), (SECRET.0, SECRET.1.to_owned())]);
        send(w.api.http.post(format!("{}/oauth/v2/token", w.api.url)).form(&form)).await.1
    };
    assert_eq!(exchange(&code, "http://other").await, json!({"error": "invalid_redirect_uri"}));
    let answer = exchange(&code, "http://l/cb").await;
    w.api.access_token(answer["refresh_token"].as_str().unwrap()).await;
    assert_eq!(exchange(&code, "http://l/cb").await, json!({"error": "invalid_code"}));
    let late = mint().await;
    w.clock.advance(TimeDelta::seconds(121));
    assert_eq!(exchange(&late, "http://l/cb").await, json!({"error": "invalid_code"}));
}

#[tokio::test]
async fn tokens_expire_are_revoked_and_need_scopes() {
    let w = world().await;
    let unauthorized =
        (401, json!({"code": 57, "message": "You are not authorized to perform this operation"}));
    let unknown = (401, json!({"code": 14, "message": "Invalid value passed for authtoken."}));
    w.clock.advance(TimeDelta::seconds(3599));
    assert_eq!(w.api.call("GET", "contacts", Value::Null).await.0, 200);
    w.clock.advance(TimeDelta::seconds(1));
    assert_eq!(w.api.call("GET", "contacts", Value::Null).await, unauthorized);

    let refresh = w.api.refresh_token(DEMO_EMAIL, DEMO_ZSC_KEY, None).await;
    let api = Api { token: w.api.access_token(&refresh).await, ..w.api.clone() };
    let revoke =
        || w.api.http.post(format!("{}/oauth/v2/token/revoke", w.api.url)).query(&[("token", &refresh)]);
    assert_eq!(send(revoke()).await, (200, json!({"status": "success"})));
    assert_eq!(api.call("GET", "contacts", Value::Null).await, unauthorized);
    assert_eq!(send(revoke()).await, (400, json!({"error": "invalid_code"})));

    for header in [None, Some("Bearer"), Some("Basic abc"), Some("Bearer nonsense")] {
        let mut request = w.api.http.get(format!("{}/books/v3/contacts?authtoken={}", w.api.url, api.token));
        if let Some(header) = header {
            request = request.header("Authorization", header);
        }
        assert_eq!(send(request).await, unknown, "{header:?}");
    }

    let reader = Api::login_as(&w.api.url, DEMO_EMAIL, DEMO_ZSC_KEY, Some("zohobooks.CONTACTS.read")).await;
    assert_eq!(reader.call("GET", "contacts", Value::Null).await.0, 200);
    for (method, path) in [
        ("POST", "contacts"),
        ("PUT", "contacts/1"),
        ("DELETE", "contacts/1"),
        ("POST", "contacts/1/active"),
        ("GET", "organizations"),
        ("GET", "users/me"),
        ("PUT", "/integration/v1/contacts/1/link"),
    ] {
        assert_eq!(reader.call(method, path, Value::Null).await, unauthorized, "{method} {path}");
    }
    let writer = Api::login_as(
        &w.api.url,
        DEMO_EMAIL,
        DEMO_ZSC_KEY,
        Some("ZohoBooks.contacts.ALL, ZohoBooks.settings.READ"),
    )
    .await;
    assert_eq!(writer.call("POST", "contacts", json!({"contact_name": "x"})).await.0, 201);
    assert_eq!(writer.call("GET", "organizations", Value::Null).await.0, 200);
}

#[tokio::test]
async fn the_oldest_tokens_are_dropped() {
    let w = world().await;
    let refresh = w.api.refresh_token(DEMO_EMAIL, DEMO_ZSC_KEY, None).await;
    let mut tokens = Vec::new();
    for _ in 0..16 {
        tokens.push(w.api.access_token(&refresh).await);
    }
    for (token, status) in [(&tokens[0], 401), (&tokens[1], 200), (&tokens[15], 200)] {
        let api = Api { token: token.clone(), ..w.api.clone() };
        assert_eq!(api.call("GET", "contacts", Value::Null).await.0, status);
    }
    for _ in 0..20 {
        w.api.refresh_token(DEMO_EMAIL, DEMO_ZSC_KEY, None).await;
    }
    let answer =
        token(&w.api, &[("grant_type", "refresh_token"), ("refresh_token", &refresh), ID, SECRET]).await;
    assert_eq!(answer, json!({"error": "invalid_code"}));
}

#[tokio::test]
async fn parameters_come_by_form_by_query_or_mixed() {
    let w = world().await;
    let refresh = w.api.refresh_token(DEMO_EMAIL, DEMO_ZSC_KEY, None).await;
    let url = format!("{}/oauth/v2/token", w.api.url);
    let grant = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
    let client = [ID, SECRET];
    let multipart = format!(
        "--b\r\nContent-Disposition: form-data; name=\"client_id\"\r\n\r\n{}\r\n\
         --b\r\nContent-Disposition: form-data; name=\"client_secret\"\r\n\r\n{}\r\n--b--\r\n",
        ID.1, SECRET.1
    );
    for request in [
        w.api.http.post(&url).query(&grant).form(&client),
        w.api.http.post(&url).query(&client).form(&grant),
        w.api.http.post(&url).query(&grant).query(&client).query(&[("redirect_url", "http://ignored")]),
        w.api.http.post(&url).query(&grant).body(format!("client_id={}&client_secret={}", ID.1, SECRET.1)),
        w.api
            .http
            .post(&url)
            .query(&grant)
            .header("Content-Type", "multipart/form-data; boundary=b")
            .body(multipart),
    ] {
        let (status, answer) = send(request).await;
        assert_eq!(status, 200);
        let members: Vec<&String> = answer.as_object().unwrap().keys().collect();
        assert_eq!(members, ["access_token", "api_domain", "expires_in", "scope", "token_type"], "{answer}");
    }
    for path in ["/oauth/v2/token", "/oauth/v2/token/revoke"] {
        let (status, body) = w.api.call("GET", path, Value::Null).await;
        assert_eq!((status, &body["code"]), (405, &json!(37)), "{path}");
    }
}

#[tokio::test]
async fn one_access_token_can_be_revoked_alone() {
    let w = world().await;
    let refresh = w.api.refresh_token(DEMO_EMAIL, DEMO_ZSC_KEY, None).await;
    let (one, two) = (w.api.access_token(&refresh).await, w.api.access_token(&refresh).await);
    let url = format!("{}/oauth/v2/token/revoke", w.api.url);
    assert_eq!(
        send(w.api.http.post(&url).form(&[("token", &one)])).await,
        (200, json!({"status": "success"}))
    );
    for (token, status) in [(one.clone(), 401), (two, 200)] {
        let api = Api { token, ..w.api.clone() };
        assert_eq!(api.call("GET", "contacts", Value::Null).await.0, status);
    }
    w.api.access_token(&refresh).await;
    for token in [one.as_str(), "1000.a.b", ""] {
        let answer = send(w.api.http.post(&url).form(&[("token", token)])).await;
        assert_eq!(answer, (400, json!({"error": "invalid_code"})), "{token}");
    }
    assert_eq!(send(w.api.http.post(&url)).await.0, 400);
}

#[tokio::test]
async fn client_credentials_name_an_organization_of_a_service() {
    let w = world().await;
    let ask = async |soid: &str, scope: &str| {
        token(&w.api, &[("grant_type", "client_credentials"), ("scope", scope), ("soid", soid), ID, SECRET])
            .await
    };
    let read = "ZohoBooks.contacts.READ";
    for soid in ["ZohoBooks.10234695", "zohoinvoice.10234695", "ERP.10234695", ""] {
        let answer = ask(soid, read).await;
        assert!(
            answer["access_token"].is_string() && answer.get("refresh_token").is_none(),
            "{soid}: {answer}"
        );
    }
    for soid in ["10234695", "ZohoBooks.1", "ZohoBooks.", "Nope.10234695"] {
        assert_eq!(ask(soid, read).await, json!({"error": "invalid_soid"}), "{soid}");
    }
    for scope in ["", "ZohoBooks.contacts", "ZohoBooks.contacts.READ,nope"] {
        assert_eq!(ask("ZohoBooks.10234695", scope).await, json!({"error": "invalid_scope"}), "{scope}");
    }
}

#[tokio::test]
async fn another_client_cannot_use_a_token_or_a_code() {
    let mut seed = Seed::demo();
    let mut other = seed.clients[0].clone();
    other.client_id = "1000.OTHER".to_owned();
    seed.clients.push(other);
    let w = world_with(seed).await;
    let refresh = w.api.refresh_token(DEMO_EMAIL, DEMO_ZSC_KEY, None).await;
    let stolen =
        [("grant_type", "refresh_token"), ("refresh_token", &refresh), ("client_id", "1000.OTHER"), SECRET];
    assert_eq!(token(&w.api, &stolen).await, json!({"error": "invalid_code"}));
    let body = json!({"client_id": DEMO_CLIENT_ID, "email": DEMO_EMAIL, "scope": "ZohoBooks.contacts.READ"});
    let (_, minted) = w.api.call("POST", "/_emulator/oauth/codes", body).await;
    let code = minted["code"].as_str().unwrap();
    let stolen = [("grant_type", "authorization_code"), ("code", code), ("client_id", "1000.OTHER"), SECRET];
    assert_eq!(token(&w.api, &stolen).await, json!({"error": "invalid_code"}));
    // The attempt did not use the code up.
    let own = [("grant_type", "authorization_code"), ("code", code), ID, SECRET];
    assert!(token(&w.api, &own).await["refresh_token"].is_string());
}

#[tokio::test]
async fn only_the_two_schemes_carry_a_token() {
    let w = world().await;
    let unknown = (401, json!({"code": 14, "message": "Invalid value passed for authtoken."}));
    let url = format!("{}/books/v3/contacts", w.api.url);
    for header in [
        format!("Zoho-authtoken {}", w.api.token),
        format!("Token {}", w.api.token),
        w.api.token.clone(),
        "Zoho-oauthtoken ".to_owned(),
        format!("Bearer {}x", w.api.token),
    ] {
        assert_eq!(send(w.api.http.get(&url).header("Authorization", &header)).await, unknown, "{header}");
    }
    for header in [format!("BEARER   {}", w.api.token), format!("zoho-OAUTHtoken\t{} ", w.api.token)] {
        assert_eq!(send(w.api.http.get(&url).header("Authorization", &header)).await.0, 200, "{header}");
    }
    let form = [("authtoken", w.api.token.as_str()), ("JSONString", "{\"contact_name\":\"x\"}")];
    assert_eq!(send(w.api.http.post(&url).form(&form)).await, unknown);
}
