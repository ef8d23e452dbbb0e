//! Documentation made from the table of operations: OpenAPI 3.1, pages to read offline, and the coverage list.

mod coverage;
mod openapi;
mod page;
mod schema;
mod section;

use crate::envelope::Reply;
use crate::product::Product;
use crate::routes::{Handler, Operation, Served, operations};

/// The list of apps.
pub(crate) fn index() -> Reply {
    Reply::html(page::index())
}

/// The page of one app; nothing for a name that is none.
pub(crate) fn app(name: &str) -> Option<Reply> {
    product(name).map(|it| Reply::html(page::product(it)))
}

/// `<app>.json`: OpenAPI 3.1 of one app, called at `url`; nothing for a name that is none.
pub(crate) fn openapi(name: &str, url: &str) -> Option<Reply> {
    product(name.strip_suffix(".json")?).map(|it| Reply::json(200, &openapi::document(it, url)))
}

/// `COVERAGE.md`.
pub(crate) fn coverage() -> Reply {
    Reply::file("text/markdown; charset=utf-8".into(), coverage::markdown().into())
}

fn product(name: &str) -> Option<Product> {
    Product::ALL.into_iter().find(|it| it.app() == name)
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
