//! The page at `/_emulator` for people.

use std::fmt::Write;

use chrono::{DateTime, Utc};

use crate::format;
use crate::journal::JournalFilter;
use crate::server::App;

/// Calls shown on the page.
const SHOWN: usize = 20;

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222;\
background:#fff}h1{font-size:1.4rem;margin-bottom:.2rem}h2{font-size:1.05rem;margin-top:2rem}p{color:#555;margin-top:0}\
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.35rem .8rem .35rem 0;\
border-bottom:1px solid #e5e5e5;white-space:nowrap}th{font-weight:600;color:#555}.number{text-align:right}\
code{font:13px ui-monospace,monospace}.bad{color:#b3261e}";

/// The whole page, self-contained.
pub(crate) fn render(app: &App, now: DateTime<Utc>) -> String {
    let state = app.store.read();
    let mut page = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>Finbridge emulator</title><style>{STYLE}</style></head><body>\
         <h1>Finbridge emulator</h1><p>Zoho Books v3 at <code>{}/books/v3</code>. It is {} on the emulator's clock.</p>\
         <h2>Organizations</h2><div class=\"wide\"><table><tr><th>Name<th>Id<th>Currency<th>Time zone\
         <th class=\"number\">Contacts<th class=\"number\">Linked</tr>",
        escaped(&app.url),
        format::timestamp(now, chrono_tz::Tz::UTC),
    );
    for organization in state.organizations.values() {
        let books = state.books(&organization.organization_id);
        // Writing to a string cannot fail.
        let _ = write!(
            page,
            "<tr><td>{}<td><code>{}</code><td>{}<td>{}<td class=\"number\">{}<td class=\"number\">{}</tr>",
            escaped(&organization.name),
            escaped(&organization.organization_id),
            escaped(organization.currencies.first().map_or("", |currency| currency.code.as_str())),
            escaped(&organization.time_zone),
            books.contacts.len(),
            books.by_link.len(),
        );
    }
    page.push_str("</table></div><h2>Last requests</h2>");
    let entries = app.journal.list(&JournalFilter::default());
    if entries.is_empty() {
        page.push_str("<p>None yet.</p>");
    } else {
        page.push_str(
            "<div class=\"wide\"><table><tr><th>Time<th>Method<th>Path<th class=\"number\">Status\
             <th class=\"number\">Code<th class=\"number\">ms</tr>",
        );
        for entry in entries.iter().rev().take(SHOWN) {
            let bad = if entry.status.is_none_or(|status| status >= 400) { " bad" } else { "" };
            let _ = write!(
                page,
                "<tr><td>{}<td>{}<td><code>{}</code><td class=\"number{bad}\">{}<td class=\"number\">{}\
                 <td class=\"number\">{}</tr>",
                entry.time.format("%H:%M:%S"),
                escaped(&entry.method),
                escaped(&entry.path),
                entry.status.map_or_else(|| "closed".to_owned(), |status| status.to_string()),
                entry.code.map_or_else(String::new, |code| code.to_string()),
                entry.duration_ms,
            );
        }
        page.push_str("</table></div>");
    }
    page.push_str("</body></html>");
    page
}

/// Text as it may stand in an element or in a quoted attribute.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
