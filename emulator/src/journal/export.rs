//! The journal as a file.

use std::net::SocketAddr;

use serde_json::{Value, json};

use super::{Journal, JournalFilter, Recorded};
use crate::journal::JournalEntry;

/// One JSON object per line. Without `timing`, two runs of one script on frozen clocks give the same bytes: real
/// durations are left out, and so is the emulator's port.
pub(crate) fn lines(journal: &Journal, filter: &JournalFilter, address: SocketAddr, timing: bool) -> String {
    let mut text = String::new();
    for kept in journal.select(filter) {
        // An entry holds nothing that cannot be written as JSON.
        let mut line = serde_json::to_value(kept.entry()).unwrap_or_default();
        if let (false, Some(members)) = (timing, line.as_object_mut()) {
            members.remove("duration_ms");
        }
        text.push_str(&portless(line.to_string(), address, timing));
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
    address: SocketAddr,
    timing: bool,
) -> String {
    let entries: Vec<Value> =
        journal.select(filter).map(|kept| har_entry(&kept.call, kept.entry(), url, timing)).collect();
    let archive = json!({ "log": {
        "version": "1.2",
        "creator": { "name": env!("CARGO_PKG_NAME"), "version": env!("CARGO_PKG_VERSION") },
        "entries": entries,
    }});
    portless(archive.to_string(), address, timing)
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

/// Leaves out the port that the system chose, which differs from run to run.
fn portless(text: String, address: SocketAddr, timing: bool) -> String {
    if timing {
        return text;
    }
    let mut text = text;
    for host in ["localhost".to_owned(), "127.0.0.1".to_owned(), "[::1]".to_owned(), address.ip().to_string()]
    {
        text = text.replace(&format!("{host}:{}", address.port()), &host);
    }
    text
}
