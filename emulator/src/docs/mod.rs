//! Documentation made from the table of operations: OpenAPI 3.1, pages to read offline, and the coverage list.

mod coverage;
mod openapi;
mod page;
mod schema;

use crate::envelope::Reply;
use crate::json::Json;
use crate::product::Product;
use crate::routes::{Handler, Operation, Served, operations};

/// Answers `GET /_emulator/docs`, `/docs/{app}`, `/openapi`, `/openapi/{app}.json` and `/coverage.md`; nothing for any
/// other path.
pub(crate) fn handle(method: &str, path: &str, url: &str) -> Option<Reply> {
    if method != "GET" && method != "HEAD" {
        return None;
    }
    let product = |app: &str| Product::ALL.into_iter().find(|it| it.app() == app);
    match path {
        "docs" => Some(Reply::html(page::index())),
        "openapi" => Some(Reply::json(200, &index())),
        "coverage.md" => {
            Some(Reply::file("text/markdown; charset=utf-8".into(), coverage::markdown().into()))
        }
        _ => {
            if let Some(app) = path.strip_prefix("docs/") {
                return product(app).map(|it| Reply::html(page::product(it)));
            }
            let app = path.strip_prefix("openapi/")?.strip_suffix(".json")?;
            product(app).map(|it| Reply::json(200, &openapi::document(it, url)))
        }
    }
}

fn index() -> Json {
    let files = Product::ALL.map(|it| (it.app(), format!("/_emulator/openapi/{}.json", it.app()).into()));
    Json::object(files)
}

/// The operations of one app, by path and then by method, as documents show them.
fn operations_of(product: Product) -> Vec<&'static Operation> {
    let mut found: Vec<&Operation> = operations()
        .filter(|it| matches!(it.served, Served::By(products) if products.contains(&product)))
        .collect();
    found.sort_by_key(|it| (it.path, rank(it.method)));
    found
}

fn rank(method: &str) -> usize {
    ["GET", "POST", "PUT", "DELETE"].iter().position(|it| *it == method).unwrap_or(9)
}

/// The chapter of an operation: the first word of its path that is no id, and a second one below `settings`.
fn chapter(path: &str) -> String {
    let mut words = path.split('/');
    match (words.next().unwrap_or_default(), words.next()) {
        ("settings", Some(second)) => format!("settings/{second}"),
        (first, _) => first.to_owned(),
    }
}

/// Whether the call writes a body.
fn has_body(operation: &Operation) -> bool {
    match operation.handler {
        Handler::Create(_) | Handler::Update(_) | Handler::Upsert(_) => true,
        Handler::List(_) | Handler::Read(_) | Handler::Delete(_) | Handler::DeleteMany(_) => false,
        Handler::Plain(_) | Handler::Of(..) | Handler::Missing => ["POST", "PUT"].contains(&operation.method),
    }
}
