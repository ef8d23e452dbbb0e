//! The journal as a file.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;

use serde_json::{Value, json};

use super::{Journal, JournalFilter, Kept, Recorded};
use crate::journal::JournalEntry;

/// Calls whose host names are looked at for one archive: nobody has that many, and each costs a look at the whole text.
const MOST_HOSTS: usize = 1_000;

/// One JSON object per line. Without `timing`, two runs of one script on frozen clocks give the same bytes: real
/// durations are left out, and so is the emulator's port.
pub(crate) fn lines(
    journal: &Journal,
    filter: &JournalFilter,
    addresses: &[SocketAddr],
    timing: bool,
) -> String {
    let mut text = String::new();
    for kept in journal.select(filter) {
        // An entry holds nothing that cannot be written as JSON.
        let mut line = serde_json::to_value(kept.entry()).unwrap_or_default();
        if let (false, Some(members)) = (timing, line.as_object_mut()) {
            members.remove("duration_ms");
        }
        text.push_str(&portless(line.to_string(), std::iter::once(kept.entry()), addresses, timing));
        text.push('\n');
    }
    text
}

/// An HTTP archive (HAR 1.2), which browsers and proxies can show. Answers' headers are not recorded, but for the content
/// type; durations are 0 without `timing`.
pub(crate) fn har(
    journal: &Journal,
    filter: &JournalFilter,
    url: &str,
    addresses: &[SocketAddr],
    timing: bool,
) -> String {
    let calls: Vec<Arc<Kept>> = journal.select(filter).collect();
    let entries: Vec<Value> =
        calls.iter().map(|kept| har_entry(&kept.call, kept.entry(), url, timing)).collect();
    let archive = json!({ "log": {
        "version": "1.2",
        "creator": { "name": env!("CARGO_PKG_NAME"), "version": env!("CARGO_PKG_VERSION") },
        "entries": entries,
    }});
    let entries = calls.iter().map(|kept| kept.entry());
    portless(archive.to_string(), entries, addresses, timing)
}

fn har_entry(call: &Recorded, entry: &JournalEntry, url: &str, timing: bool) -> Value {
    let pair = |name: &str, value: &str| json!({ "name": name, "value": value });
    let headers: Vec<Value> = entry.headers.iter().map(|(name, value)| pair(name, value)).collect();
    let query: Vec<Value> =
        form_urlencoded::parse(entry.query.as_bytes()).map(|(name, value)| pair(&name, &value)).collect();
    let mark = if entry.query.is_empty() { "" } else { "?" };
    let mut request = json!({
        "method": entry.method,
        "url": format!("{url}{}{mark}{}", entry.path, entry.query),
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": headers,
        "queryString": query,
        "headersSize": -1,
        "bodySize": call.request_body.len(),
    });
    if !entry.request_body.is_empty() {
        let sent = entry.headers.get("content-type").map_or("", String::as_str);
        request["postData"] = json!({ "mimeType": sent, "text": entry.request_body });
    }
    let ms = if timing { entry.duration_ms } else { 0 };
    // The format has no word for a call without an answer; status 0 is what browsers write.
    json!({
        "startedDateTime": entry.time,
        "time": ms,
        "request": request,
        "response": {
            "status": entry.status.unwrap_or(0),
            "statusText": "",
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": [pair("content-type", &call.content_type)],
            "content": {
                "size": call.response_body.len(),
                "mimeType": call.content_type,
                "text": entry.response_body,
            },
            "redirectURL": "",
            "headersSize": -1,
            "bodySize": call.response_body.len(),
        },
        "cache": {},
        "timings": { "send": 0, "wait": ms, "receive": 0 },
    })
}

/// Leaves out the ports that the system chose, which differ from run to run, after every name that means this machine and
/// after those that the calls were addressed to.
fn portless<'a>(
    mut text: String,
    entries: impl Iterator<Item = &'a JournalEntry>,
    addresses: &[SocketAddr],
    timing: bool,
) -> String {
    if timing {
        return text;
    }
    let mut hosts: BTreeSet<String> = ["localhost", "127.0.0.1", "[::1]"].map(str::to_owned).into();
    hosts.extend(addresses.iter().map(|address| address.ip().to_string()));
    let called = entries.filter_map(|entry| entry.headers.get("host")?.rsplit_once(':'));
    let ours = |port: &str| addresses.iter().any(|address| address.port().to_string() == port);
    hosts.extend(called.filter(|(_, port)| ours(port)).map(|(name, _)| name.to_owned()).take(MOST_HOSTS));
    for address in addresses {
        for host in &hosts {
            let full = format!("{host}:{}", address.port());
            if text.contains(&full) {
                text = text.replace(&full, host);
            }
        }
    }
    text
}
