//! From which web pages a browser may open a WebSocket. Browsers do not keep pages from that by themselves, as they do
//! with other requests; they only say whose page it is.

use axum::http::{HeaderMap, header};

/// Whether the request comes from no web page, from one of this server, or from one of these origins.
pub(super) fn is_allowed(headers: &HeaderMap, allowed: &[String]) -> bool {
    let mut origins = headers.get_all(header::ORIGIN).iter();
    let Some(origin) = origins.next() else { return true };
    let Ok(origin) = origin.to_str() else { return false };
    if origins.next().is_some() {
        return false;
    }
    // The scheme says nothing here: whoever ends TLS before the server changes it.
    let own = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let is_own = origin
        .split_once("://")
        .is_some_and(|(_, host)| own.is_some_and(|own| !own.is_empty() && own.eq_ignore_ascii_case(host)));
    is_own || allowed.iter().any(|allowed| allowed.eq_ignore_ascii_case(origin))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asks(headers: &[(&'static str, &'static str)]) -> bool {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        is_allowed(&map, &["https://app.example.com".to_owned(), "http://localhost:5173".to_owned()])
    }

    #[test]
    fn pages_of_this_server_and_of_listed_origins_may() {
        let host = ("host", "crm.example.com:8080");
        assert!(asks(&[host]), "no web page");
        for origin in [
            "http://crm.example.com:8080",
            "https://CRM.example.com:8080",
            "https://app.example.com",
            "https://APP.example.com",
            "http://localhost:5173",
        ] {
            assert!(asks(&[host, ("origin", origin)]), "{origin}");
        }
        for origin in [
            "null",
            "",
            "http://crm.example.com",
            "http://crm.example.com:80801",
            "https://evil.example/crm.example.com:8080",
            "https://app.example.com.evil.example",
            "http://app.example.com",
            "http://localhost:5174",
            "http://",
        ] {
            assert!(!asks(&[host, ("origin", origin)]), "{origin}");
        }
        assert!(!asks(&[("host", ""), ("origin", "http://")]));
        assert!(!asks(&[host, ("origin", "http://crm.example.com:8080"), ("origin", "http://evil.example")]));
    }
}
