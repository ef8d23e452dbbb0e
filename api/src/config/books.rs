//! The Books app, and with it the vendor's other apps.

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::hidden;

/// The Books app.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Books {
    /// Where tokens come from, without a trailing slash.
    pub accounts_url: String,
    /// Where the API is, without a trailing slash.
    pub api_url: String,
    /// OAuth client id of this installation.
    pub client_id: String,
    /// Its secret.
    #[serde(serialize_with = "hidden")]
    pub client_secret: SecretString,
    /// Requests of a finance organization in any sixty seconds; 0: no limit.
    pub requests_per_minute: u32,
    /// Requests of a finance organization in a day; 0: no limit.
    pub requests_per_day: u32,
    /// Requests of a finance organization at the same time; 0: no limit.
    pub concurrent_requests: u32,
    /// Access tokens that one connection may be given in any ten minutes; 0: no limit.
    pub token_renewals: u32,
}

impl Books {
    /// Nothing is counted: for an emulator that counts nothing either.
    #[must_use]
    pub fn without_limits(self) -> Self {
        Self {
            requests_per_minute: 0,
            requests_per_day: 0,
            concurrent_requests: 0,
            token_renewals: 0,
            ..self
        }
    }
}

impl Default for Books {
    fn default() -> Self {
        Self {
            accounts_url: "https://accounts.zoho.com".to_owned(),
            api_url: "https://www.zohoapis.com".to_owned(),
            client_id: String::new(),
            client_secret: SecretString::default(),
            requests_per_minute: 100,
            requests_per_day: 10_000,
            concurrent_requests: 10,
            // The vendor gives ten. One is left for connecting, which happens before there is anything to count by.
            token_renewals: 9,
        }
    }
}
