//! What the guard of the GraphQL door refuses, and what it reports. Each test talks real HTTP.

mod answers;
mod attacks;
mod connections;
mod costs;
mod repeated;
mod settings;

use std::time::Duration;

use finbridge::config::{self, Limits};
use finbridge::http::GraphiqlPage;
use finbridge_entity::account;
use finbridge_tests::TestWorld;
use reqwest::RequestBuilder;
use sea_orm::EntityTrait;
use sea_orm::sea_query::Expr;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::Server;

const GRAPHQL: &str = "application/graphql-response+json";

/// Longest that a closing connection or a prompt answer may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// A second server on the world's database, with limits of its own.
async fn guarded(world: &TestWorld, limits: Limits) -> Server {
    configured(world, config::Server::default(), limits).await
}

async fn configured(world: &TestWorld, server: config::Server, limits: Limits) -> Server {
    let config = config::Config { server, limits, ..config::Config::default() };
    Server::with(world.app.clone(), GraphiqlPage::default(), &config).await
}

fn post(world: &TestWorld, server: &Server) -> RequestBuilder {
    let request = world.http().post(format!("{}/graphql", server.url));
    request.bearer_auth(&world.token).header("accept", GRAPHQL)
}

async fn ask(world: &TestWorld, server: &Server, query: &str, variables: Value) -> (u16, Value) {
    answered(post(world, server).json(&json!({ "query": query, "variables": variables }))).await
}

async fn answered(request: RequestBuilder) -> (u16, Value) {
    let response = request.send().await.expect("an answer");
    let status = response.status().as_u16();
    (status, response.json().await.expect("JSON"))
}

/// Makes so many accounts with descriptions of 30 kB.
async fn long_texts(world: &TestWorld, accounts: usize) {
    for n in 0..accounts {
        world.account(&format!("Long {n}")).await;
    }
    account::Entity::update_many()
        .col_expr(account::Column::Description, Expr::value("€".repeat(10_000)))
        .exec(&world.app.engine.db)
        .await
        .expect("descriptions");
}

/// The code and the limit of an answer's only error, whose message must tell the maximum and name the limit.
fn limit(answer: &Value) -> (String, String) {
    let errors = answer["errors"].as_array().unwrap_or_else(|| panic!("no error in {answer:#}"));
    assert_eq!(errors.len(), 1, "{answer:#}");
    assert!(answer["data"].is_null(), "{answer:#}");
    let extensions = &errors[0]["extensions"];
    assert!(extensions["requestId"].is_string(), "{answer:#}");
    let text = |name: &str| extensions[name].as_str().unwrap_or_default().to_owned();
    (text("code"), text("limit"))
}

/// A connection to the server without a client that would make its requests whole.
async fn raw(server: &Server) -> TcpStream {
    let address = server.url.trim_start_matches("http://");
    TcpStream::connect(address).await.expect("a connection")
}

fn head(world: &TestWorld, length: &str) -> String {
    format!(
        "POST /graphql HTTP/1.1\r\nhost: test\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\naccept: {GRAPHQL}\r\n{length}\r\n\r\n",
        world.token
    )
}

/// What comes until the connection is closed or has been silent after an answer.
async fn heard(stream: &mut TcpStream) -> String {
    let mut all = Vec::new();
    let mut buffer = vec![0; 64 * 1024];
    let reading = async {
        loop {
            let quiet = if all.is_empty() { PATIENCE } else { Duration::from_millis(300) };
            match tokio::time::timeout(quiet, stream.read(&mut buffer)).await {
                Ok(Ok(read)) if read > 0 => all.extend_from_slice(&buffer[..read]),
                _ => break,
            }
        }
    };
    tokio::time::timeout(PATIENCE, reading).await.expect("an answer or an end in time");
    String::from_utf8_lossy(&all).into_owned()
}

/// Waits until the server closes the connection, and returns what it said before.
async fn until_closed(stream: &mut TcpStream) -> String {
    let mut all = Vec::new();
    let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut all)).await;
    // Being cut off is an end, too.
    let _ = read.expect("the server closes the connection");
    String::from_utf8_lossy(&all).into_owned()
}

async fn send(stream: &mut TcpStream, bytes: &[u8]) {
    stream.write_all(bytes).await.expect("sent");
}
