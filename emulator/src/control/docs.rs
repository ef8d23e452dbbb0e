//! The page that lists the control calls.

use std::fmt::Write;

use super::{Call, Refusal, Route, route, routes};
use crate::envelope::Reply;
use crate::status_page::{STYLE, escaped};

pub(super) static ROUTES: &[Route] = &[route("GET", "docs", "This page.", page)];

fn page(_: &Call<'_>) -> Result<Reply, Refusal> {
    let mut page = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>Control surface</title><style>{STYLE}td{{white-space:normal;\
         vertical-align:top}}</style></head><body><h1>Control surface</h1><p>For tests and people. These calls need \
         no token and are not recorded. A refusal is <code>{{\"error\":\"…\"}}</code>. <a href=\"/_emulator\">Status \
         page</a></p><table><tr><th>Call<th>What it does</tr>"
    );
    for route in routes() {
        let path = format!("/_emulator/{}", route.path.replace('*', "{id}"));
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
