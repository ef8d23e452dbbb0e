//! The page that lists the control calls.

use std::fmt::Write;

use super::{Call, Refusal, Route, route, routes};
use crate::docs;
use crate::envelope::Reply;
use crate::status_page::{STYLE, escaped};

pub(super) static ROUTES: &[Route] = &[
    route("GET", "docs", "Documentation of the emulated apps, readable offline.", index),
    route("GET", "docs/control", "This page.", page),
    route("GET", "docs/app/@", "Documentation of one app: books, invoice, erp, expense, billing.", app),
    route("GET", "openapi/@", "OpenAPI 3.1 of one app, such as openapi/books.json.", openapi),
    route("GET", "coverage.md", "What is emulated, operation by operation, in Markdown.", coverage),
];

fn page(_: &Call<'_>) -> Result<Reply, Refusal> {
    let mut page = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>Control surface</title><style>{STYLE}td{{white-space:normal;\
         vertical-align:top}}</style></head><body><h1>Control surface</h1><p>For tests and people. These calls need \
         no token and are not recorded. A refusal is <code>{{\"error\":\"…\"}}</code>. <a href=\"/_emulator\">Status \
         page</a></p><table><tr><th>Call<th>What it does</tr>"
    );
    for route in routes() {
        let path = format!("/_emulator/{}", route.path.replace('*', "{id}").replace('@', "{name}"));
        // Writing to a string cannot fail.
        let _ = write!(
            page,
            "<tr><td><code>{} {}</code><td>{}</tr>",
            route.method,
            escaped(path.trim_end_matches('/')),
            escaped(route.summary),
        );
    }
    page.push_str("</table></body></html>");
    Ok(Reply::html(page))
}

fn known(page: Option<Reply>) -> Result<Reply, Refusal> {
    page.ok_or_else(|| {
        Refusal(404, "There is no such app; books, invoice, erp, expense and billing exist.".to_owned())
    })
}

fn index(_: &Call<'_>) -> Result<Reply, Refusal> {
    Ok(docs::index())
}

fn app(call: &Call<'_>) -> Result<Reply, Refusal> {
    known(docs::app(call.id))
}

fn openapi(call: &Call<'_>) -> Result<Reply, Refusal> {
    known(docs::openapi(call.id, &call.app.url))
}

fn coverage(_: &Call<'_>) -> Result<Reply, Refusal> {
    Ok(docs::coverage())
}
