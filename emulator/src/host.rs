//! What the `Host` of a call means: the data centre it reaches, the canonical path, and the addresses answers name.

use axum::http::HeaderMap;
use axum::http::header::HOST;
use serde::{Deserialize, Serialize};

use crate::product::Product;

/// A data centre of the vendor. Each holds users, organizations and tokens of its own (API facts, section 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum DataCentre {
    /// United States, `com`.
    #[default]
    #[serde(rename = "com")]
    Us,
    /// Europe, `eu`.
    #[serde(rename = "eu")]
    Eu,
    /// India, `in`.
    #[serde(rename = "in")]
    In,
    /// Australia, `com.au`.
    #[serde(rename = "com.au")]
    Au,
    /// Japan, `jp`.
    #[serde(rename = "jp")]
    Jp,
    /// Saudi Arabia, `sa`.
    #[serde(rename = "sa")]
    Sa,
    /// Canada, `ca`.
    #[serde(rename = "ca")]
    Ca,
    /// China, `com.cn`.
    #[serde(rename = "com.cn")]
    Cn,
}

impl DataCentre {
    pub(crate) const ALL: [Self; 8] =
        [Self::Us, Self::Eu, Self::In, Self::Au, Self::Jp, Self::Sa, Self::Ca, Self::Cn];

    /// The `location` of a redirect from the consent page.
    pub(crate) fn location(self) -> &'static str {
        match self {
            Self::Us => "us",
            Self::Eu => "eu",
            Self::In => "in",
            Self::Au => "au",
            Self::Jp => "jp",
            Self::Sa => "sa",
            Self::Ca => "ca",
            Self::Cn => "cn",
        }
    }

    /// The domains below which its hosts live: of the apps, of the API, and a further one that Canada has.
    pub(crate) fn zones(self) -> &'static [&'static str] {
        match self {
            Self::Us => &["zoho.com", "zohoapis.com"],
            Self::Eu => &["zoho.eu", "zohoapis.eu"],
            Self::In => &["zoho.in", "zohoapis.in"],
            Self::Au => &["zoho.com.au", "zohoapis.com.au"],
            Self::Jp => &["zoho.jp", "zohoapis.jp"],
            Self::Sa => &["zoho.sa", "zohoapis.sa"],
            Self::Ca => &["zoho.ca", "zohoapis.ca", CANADA],
            Self::Cn => &["zoho.com.cn", "zohoapis.com.cn"],
        }
    }

    fn accounts_zone(self) -> &'static str {
        if self == Self::Ca { CANADA } else { self.zones()[0] }
    }

    fn api_zone(self) -> &'static str {
        self.zones()[1]
    }

    /// The data centre that the `Host` of a call belongs to; `None` for names that are not the vendor's.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        vendor_host(&Authority::of(headers).name).map(|(_, data_centre)| data_centre)
    }
}

/// Canada signs in here.
const CANADA: &str = "zohocloud.ca";

/// What a host of the vendor serves.
enum Role {
    /// The present roots of all products.
    Api,
    /// The OAuth server.
    Accounts,
    /// One product, under its older root `from`, which stands for `to`.
    Product { from: String, to: &'static str },
    /// Nothing that is emulated.
    Nothing,
}

/// The product without an emulation that still has hosts: its calls must be named, not called unknown.
const INVENTORY: (&str, &str) = ("inventory", "inventory/v1");

/// `Host` without case, trailing dot and port.
struct Authority {
    name: String,
    port: Option<String>,
}

impl Authority {
    fn of(headers: &HeaderMap) -> Self {
        let host = headers.get(HOST).and_then(|value| value.to_str().ok()).unwrap_or_default().trim();
        let (name, port) = match host.rsplit_once(':') {
            Some((name, port)) if port.parse::<u16>().is_ok() => (name, Some(port.to_owned())),
            _ => (host, None),
        };
        Self { name: name.trim_end_matches('.').to_ascii_lowercase(), port }
    }
}

fn vendor_host(name: &str) -> Option<(Role, DataCentre)> {
    let (label, zone) = name.split_once('.')?;
    let data_centre = DataCentre::ALL.into_iter().find(|it| it.zones().contains(&zone))?;
    let role = if zone == data_centre.api_zone() {
        if label == "www" { Role::Api } else { Role::Nothing }
    } else if label == "accounts" {
        if zone == data_centre.accounts_zone() { Role::Accounts } else { Role::Nothing }
    } else {
        let product = Product::ALL.into_iter().find(|it| it.host_labels().contains(&label));
        let root = product.map(Product::root).or((label == INVENTORY.0).then_some(INVENTORY.1));
        match root.and_then(|root| Some((root, root.split_once('/')?.1))) {
            Some((to, version)) => Role::Product { from: format!("api/{version}"), to },
            None => Role::Nothing,
        }
    };
    Some((role, data_centre))
}

/// The canonical path: one slash between segments, none at the ends, and the present root for an older one. A path
/// that its host does not serve keeps the host in front, so that it matches no operation. The emulator's own surfaces
/// are served on every host.
pub(crate) fn canonical(path: &str, headers: &HeaderMap) -> String {
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let path = segments.join("/");
    let name = Authority::of(headers).name;
    let Some((role, _)) = vendor_host(&name) else { return path };
    let under = |root: &str| {
        let rest = path.strip_prefix(root)?;
        (rest.is_empty() || rest.starts_with('/')).then(|| rest.to_owned())
    };
    let own = ["_emulator", "integration/v1"].iter().any(|root| under(root).is_some());
    let served = match role {
        _ if own => Some(path.clone()),
        Role::Api => {
            let mut roots = Product::ALL.iter().map(|product| product.root()).chain([INVENTORY.1]);
            roots.any(|root| under(root).is_some()).then(|| path.clone())
        }
        Role::Accounts => under("oauth/v2").map(|_| path.clone()),
        Role::Product { from, to } => under(&from).map(|rest| format!("{to}{rest}")),
        Role::Nothing => None,
    };
    served.unwrap_or_else(|| format!("{name}/{path}"))
}

/// Which addresses a call must be told, so that it goes on where it began: the vendor's own names when it came by one
/// of them over TLS, the emulator's url otherwise.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    own_url: String,
    data_centre: Option<DataCentre>,
    /// `:8443` or nothing; `None` when the vendor's names must not be told.
    port: Option<String>,
}

impl Site {
    /// `tls_url` is the emulator's url on the TLS port when the call came in there.
    pub(crate) fn of(tls_url: Option<&str>, plain_url: &str, headers: &HeaderMap) -> Self {
        let data_centre = DataCentre::of(headers);
        let port = || Authority::of(headers).port.map_or_else(String::new, |port| format!(":{port}"));
        Self {
            own_url: tls_url.unwrap_or(plain_url).to_owned(),
            data_centre,
            port: (tls_url.is_some() && data_centre.is_some()).then(port),
        }
    }

    /// Whether something that lives in `data_centre` can be reached here. The emulator's own address reaches all.
    pub(crate) fn reaches(&self, data_centre: DataCentre) -> bool {
        self.data_centre.is_none_or(|here| here == data_centre)
    }

    /// The data centre named by the host.
    pub(crate) fn data_centre(&self) -> Option<DataCentre> {
        self.data_centre
    }

    /// `api_domain` of a token.
    pub(crate) fn api_domain(&self, data_centre: DataCentre) -> String {
        self.url(&format!("www.{}", data_centre.api_zone()))
    }

    /// `accounts-server` of a redirect.
    pub(crate) fn accounts_server(&self, data_centre: DataCentre) -> String {
        self.url(&format!("accounts.{}", data_centre.accounts_zone()))
    }

    fn url(&self, host: &str) -> String {
        self.port.as_ref().map_or_else(|| self.own_url.clone(), |port| format!("https://{host}{port}"))
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn headers(host: &str) -> HeaderMap {
        HeaderMap::from_iter([(HOST, HeaderValue::from_str(host).unwrap())])
    }

    #[test]
    fn every_host_and_data_centre_leads_to_its_root() {
        for data_centre in DataCentre::ALL {
            let dc = data_centre.zones()[0].trim_start_matches("zoho.");
            let accounts =
                if dc == "ca" { "accounts.zohocloud.ca".into() } else { format!("accounts.zoho.{dc}") };
            for (host, path, canonical_path) in [
                (format!("books.zoho.{dc}"), "/api/v3/contacts", "books/v3/contacts"),
                (format!("BOOKS.Zoho.{dc}:8081"), "//api//v3/contacts/", "books/v3/contacts"),
                (format!("invoice.zoho.{dc}."), "/api/v3", "invoice/v3"),
                (format!("expense.zoho.{dc}"), "/api/v1/trips", "expense/v1/trips"),
                (format!("subscriptions.zoho.{dc}"), "/api/v1/plans", "billing/v1/plans"),
                (format!("billing.zoho.{dc}"), "/api/v1/plans", "billing/v1/plans"),
                (format!("inventory.zoho.{dc}"), "/api/v1/items", "inventory/v1/items"),
                (format!("www.zohoapis.{dc}"), "/erp/v3/items", "erp/v3/items"),
                (format!("www.zohoapis.{dc}:443"), "/inventory/v1/items", "inventory/v1/items"),
                (accounts, "/oauth/v2/token", "oauth/v2/token"),
            ] {
                assert_eq!(canonical(path, &headers(&host)), canonical_path, "{host}");
                assert_eq!(DataCentre::of(&headers(&host)), Some(data_centre), "{host}");
            }
        }
    }

    #[test]
    fn hosts_serve_nothing_that_is_not_theirs() {
        for (host, path) in [
            ("books.zoho.com", "/api/v1/contacts"),
            ("books.zoho.com", "/books/v3/contacts"),
            ("books.zoho.com", "/api/v33"),
            ("accounts.zoho.com", "/books/v3/contacts"),
            ("accounts.zoho.ca", "/oauth/v2/token"),
            ("www.zohoapis.com", "/oauth/v2/token"),
            ("www.zohoapis.com", "/api/v3/contacts"),
            ("zohoapis.zoho.com", "/books/v3/contacts"),
            ("api.zohoapis.eu", "/books/v3/contacts"),
        ] {
            assert!(canonical(path, &headers(host)).starts_with(host), "{host}{path}");
        }
        for host in
            ["localhost", "127.0.0.1:80", "[::1]:80", "books.zoho.example", "books.zoho.com.evil.test", ""]
        {
            assert_eq!(canonical("/api/v3/contacts", &headers(host)), "api/v3/contacts", "{host}");
            assert_eq!(DataCentre::of(&headers(host)), None, "{host}");
        }
        assert_eq!(canonical("/_emulator/health", &headers("books.zoho.com")), "_emulator/health");
    }
}
