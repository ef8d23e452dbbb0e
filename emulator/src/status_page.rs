//! The page at `/_emulator` for people.

use std::fmt::Write;

use chrono::{DateTime, Utc};

use crate::clock::ClockMode;
use crate::format;
use crate::journal::JournalFilter;
use crate::limit::Limits;
use crate::server::App;
use crate::store::State;

/// Calls shown on the page.
const SHOWN: usize = 20;

/// The look of every page of the control surface.
pub(crate) const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;\
padding:0 1rem;color:#222;background:#fff}h1{font-size:1.4rem;margin-bottom:.2rem}h2{font-size:1.05rem;\
margin-top:2rem}p{color:#555;margin-top:0}.wide{overflow-x:auto}table{border-collapse:collapse;width:100%}\
th,td{text-align:left;padding:.35rem .8rem .35rem 0;border-bottom:1px solid #e5e5e5;white-space:nowrap}\
th{font-weight:600;color:#555}.number{text-align:right}code{font:13px ui-monospace,monospace}.bad{color:#b3261e}\
a{color:#1a56b0}";

/// The whole page, self-contained.
pub(crate) fn render(app: &App, now: DateTime<Utc>) -> String {
    let mut page = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>Finbridge emulator</title><style>{STYLE}</style></head><body>\
         <h1>Finbridge emulator</h1><p>Zoho Books v3 at <code>{}/books/v3</code>. It is {} on the emulator's clock, \
         {}.</p><p><a href=\"/_emulator/docs\">Documentation</a> · <a href=\"/_emulator/journal?order=desc&amp;limit=100\">\
         Journal</a> · <a href=\"/_emulator/faults\">Faults</a> · <a href=\"/_emulator/limits\">Limits</a> · <a href=\"/_emulator/outbox\">Outbox</a></p>",
        escaped(&app.url),
        format::timestamp(now, chrono_tz::Tz::UTC),
        clock_mode(app),
    );
    organizations(&mut page, &app.store.read());
    limits(&mut page, &app.limiter.limits());
    faults(&mut page, app);
    calls(&mut page, app);
    page.push_str("</body></html>");
    page
}

fn clock_mode(app: &App) -> &'static str {
    match app.steered.as_ref().map(|clock| clock.mode()) {
        Some(ClockMode::Real) => "the machine's time",
        Some(ClockMode::Manual) => "which runs from a chosen instant",
        Some(ClockMode::Frozen) => "which stands still",
        None => "which the embedding program moves",
    }
}

/// How many records of each kind an organization has, in the order of the columns.
fn record_counts(state: &State, organization_id: &str) -> Vec<(&'static str, usize)> {
    let books = state.books(organization_id);
    vec![("Contacts", books.contacts.len()), ("Linked", books.by_link.len())]
}

// Writing to a string cannot fail, so the results of `write!` below are dropped.

fn organizations(page: &mut String, state: &State) {
    page.push_str(
        "<h2>Organizations</h2><div class=\"wide\"><table><tr><th>Name<th>Id<th>Plan<th>Currency<th>Time zone<th>Records</tr>",
    );
    for organization in state.organizations.values() {
        let counts: Vec<String> = record_counts(state, &organization.organization_id)
            .into_iter()
            .map(|(kind, count)| format!("{kind} {count}"))
            .collect();
        let _ = write!(
            page,
            "<tr><td>{}<td><code>{}</code><td>{}<td>{}<td>{}<td>{}</tr>",
            escaped(&organization.name),
            escaped(&organization.organization_id),
            escaped(&organization.plan_name),
            escaped(organization.currencies.first().map_or("", |currency| currency.code.as_str())),
            escaped(&organization.time_zone),
            counts.join(", "),
        );
    }
    page.push_str("</table></div>");
}

fn limits(page: &mut String, limits: &Limits) {
    page.push_str("<h2>Limits</h2>");
    if !limits.enforced {
        page.push_str("<p>Off: no call is refused.</p>");
        return;
    }
    let shown = |number: Option<u64>| number.map_or_else(|| "off".to_owned(), |number| number.to_string());
    let day =
        limits.day.map(|it| format!("{}, {}, {}, {}", it.free, it.standard, it.professional, it.premium));
    let concurrent = limits.concurrent.map(|it| format!("{}, {}", it.free, it.paid));
    let _ = write!(
        page,
        "<p>Per organization and minute {}, per user and minute {} (then blocked for {} s), per day {} (Free, \
         Standard, Professional, others), at once {} (Free, paid), tokens {} in {} s, contacts {}.</p>",
        shown(limits.organization_minute),
        shown(limits.user_minute),
        limits.user_block_seconds,
        day.unwrap_or_else(|| "off".to_owned()),
        concurrent.unwrap_or_else(|| "off".to_owned()),
        shown(limits.tokens),
        limits.token_seconds,
        shown(limits.contacts),
    );
}

fn faults(page: &mut String, app: &App) {
    page.push_str("<h2>Faults in force</h2>");
    let faults = app.faults.list();
    if faults.is_empty() {
        page.push_str("<p>None.</p>");
        return;
    }
    page.push_str(
        "<div class=\"wide\"><table><tr><th class=\"number\">Id<th class=\"number\">Matched<th class=\"number\">Fired\
         <th>Rule</tr>",
    );
    for fault in faults {
        let rule = serde_json::to_string(&fault.rule).unwrap_or_default();
        let _ = write!(
            page,
            "<tr><td class=\"number\">{}<td class=\"number\">{}<td class=\"number\">{}<td><code>{}</code></tr>",
            fault.id,
            fault.matched,
            fault.fired,
            escaped(&rule),
        );
    }
    page.push_str("</table></div>");
}

fn calls(page: &mut String, app: &App) {
    page.push_str("<h2>Last requests</h2>");
    let newest = JournalFilter { limit: Some(SHOWN), newest_first: true, ..JournalFilter::default() };
    let entries = app.journal.list(&newest);
    if entries.is_empty() {
        page.push_str("<p>None yet.</p>");
        return;
    }
    page.push_str(
        "<div class=\"wide\"><table><tr><th>Time<th>Method<th>Path<th class=\"number\">Status\
         <th class=\"number\">Code<th class=\"number\">ms</tr>",
    );
    for entry in entries {
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

pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
