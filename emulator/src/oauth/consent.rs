//! The pages of the authorization endpoint. They need neither scripts nor anything from elsewhere.

use std::fmt::Write;

use super::authorize::{ANSWER, CARRIED, Mistake, Request, USER, users};
use crate::envelope::Reply;
use crate::request::Query;
use crate::status_page::escaped;
use crate::store::State;

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;max-width:30rem;margin:3rem auto;padding:0 1rem;color:#222;\
background:#fff}h1{font-size:1.3rem}code{font:13px ui-monospace,monospace;overflow-wrap:anywhere}li{margin:.2rem 0}\
select,button{font:inherit;padding:.4rem .8rem;margin:.3rem .5rem .3rem 0;max-width:100%}.small{color:#555;\
font-size:.85rem}";

/// Asks one of the users for consent.
pub(super) fn page(state: &State, request: &Request, parameters: &Query) -> Reply {
    let mut main = format!(
        "<h1>Allow access?</h1><p>The client <code>{}</code> asks for:</p><ul>",
        escaped(&request.client.client_id)
    );
    // Writing to a string cannot fail.
    for scope in &request.scopes {
        let _ = write!(main, "<li><code>{}</code></li>", escaped(scope));
    }
    main.push_str("</ul>");
    if request.offline {
        main.push_str("<p>It may also use them while you are away.</p>");
    }
    main.push_str("<form method=\"post\" action=\"/oauth/v2/auth\">");
    for name in CARRIED {
        if let Some(value) = parameters.exact(name) {
            let _ = write!(main, "<input type=\"hidden\" name=\"{name}\" value=\"{}\">", escaped(value));
        }
    }
    let _ = write!(main, "<p><label>You are <select name=\"{USER}\">");
    for user in users(state, request) {
        let chosen = parameters.get(USER).is_some_and(|email| user.email.eq_ignore_ascii_case(email));
        let _ = write!(
            main,
            "<option value=\"{email}\"{}>{} ({email})</option>",
            if chosen { " selected" } else { "" },
            escaped(&user.name),
            email = escaped(&user.email),
        );
    }
    let _ = write!(
        main,
        "</select></label></p><p><button name=\"{ANSWER}\" value=\"accept\">Accept</button>\
         <button name=\"{ANSWER}\" value=\"deny\">Deny</button></p></form>\
         <p class=\"small\">You will be sent back to <code>{}</code>.</p>",
        escaped(&request.redirect_uri)
    );
    document("Allow access?", &main)
}

/// Names what is wrong with the request, HTTP 400.
pub(super) fn refused(mistake: &Mistake) -> Reply {
    let main = format!(
        "<h1>This request cannot be granted</h1><p>{}</p><p>Error: <code>{}</code></p>",
        escaped(&mistake.explanation),
        escaped(mistake.word)
    );
    Reply { status: 400, ..document("This request cannot be granted", &main) }
}

fn document(title: &str, main: &str) -> Reply {
    let mut reply = Reply::html(format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>{title}</title><style>{STYLE}</style></head><body>{main}\
         <p class=\"small\">Finbridge emulator: nobody has to prove who they are.</p></body></html>"
    ));
    // Nothing a request says can run or load anything, even if the escaping had a hole.
    let policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'";
    reply.headers.push(("Content-Security-Policy".to_owned(), policy.to_owned()));
    reply
}
