//! Records that belong to no organization's books.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::host::DataCentre;
use crate::resource::field::Members;

/// A person.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct User {
    pub(crate) user_id: u64,
    pub(crate) email: String,
    pub(crate) name: String,
    pub(crate) zsc_key: String,
    /// The first one is the default organization.
    pub(crate) organizations: Vec<String>,
    /// Where the user, their organizations and their tokens live.
    #[serde(default)]
    pub(crate) data_centre: DataCentre,
    pub(crate) created: DateTime<Utc>,
}

impl User {
    /// Who writes what no person wrote: the accounts and fields that an organization starts with.
    pub(crate) fn system(now: DateTime<Utc>) -> Self {
        Self {
            user_id: 0,
            email: String::new(),
            name: String::new(),
            zsc_key: String::new(),
            organizations: Vec::new(),
            created: now,
            data_centre: DataCentre::default(),
        }
    }
}

/// A registered OAuth client.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Client {
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    /// Redirects that consent may end with; empty allows any web address.
    #[serde(default)]
    pub(crate) redirect_uris: Vec<String>,
    #[serde(default)]
    pub(crate) data_centre: DataCentre,
    /// Whether the client works in every data centre.
    #[serde(default)]
    pub(crate) multi_dc: bool,
}

impl Client {
    /// Whether the client is known in `data_centre`.
    pub(crate) fn serves(&self, data_centre: DataCentre) -> bool {
        self.multi_dc || self.data_centre == data_centre
    }
}

/// A currency of one organization.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Currency {
    pub(crate) currency_id: u64,
    pub(crate) code: String,
    /// Such as `AUD- Australian Dollar`.
    #[serde(default)]
    pub(crate) name: String,
    pub(crate) symbol: String,
    /// Decimal places of an amount.
    pub(crate) precision: u32,
    /// A sample of how amounts are written, such as `1,234,567.89`.
    #[serde(default)]
    pub(crate) format: String,
    /// Base currency units that one unit of this currency is worth on a day without a recorded exchange rate.
    pub(crate) exchange_rate: Decimal,
    #[serde(default)]
    pub(crate) modified: DateTime<Utc>,
}

/// An organization.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Organization {
    pub(crate) organization_id: String,
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) contact_name: String,
    pub(crate) country: String,
    /// A name that `chrono-tz` knows; checked when the organization is written.
    pub(crate) time_zone: String,
    pub(crate) plan_name: String,
    pub(crate) apps: Vec<String>,
    pub(crate) crm_link: bool,
    /// Whether taxes can be written.
    #[serde(default = "switched_on")]
    pub(crate) sales_tax: bool,
    /// The base currency comes first.
    pub(crate) currencies: Vec<Currency>,
    pub(crate) created: DateTime<Utc>,
    /// Members that the emulator stores and gives back without reading them.
    pub(crate) members: Members,
}

fn switched_on() -> bool {
    true
}

impl Organization {
    /// The zone of every timestamp in this organization's answers.
    pub(crate) fn zone(&self) -> Tz {
        self.time_zone.parse().unwrap_or(Tz::UTC)
    }

    /// The currency with this id.
    pub(crate) fn currency(&self, currency_id: u64) -> Option<&Currency> {
        self.currencies.iter().find(|currency| currency.currency_id == currency_id)
    }

    /// Whether the organization was added to the app.
    pub(crate) fn joined(&self, app: &str) -> bool {
        self.apps.iter().any(|joined| joined.eq_ignore_ascii_case(app))
    }
}

/// A refresh token.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct RefreshToken {
    pub(crate) token: String,
    /// Order of issue; the oldest goes first.
    pub(crate) serial: u64,
    pub(crate) user_id: u64,
    pub(crate) client_id: String,
    pub(crate) scopes: Vec<String>,
}

/// An access token. Revoked and expired ones are kept for a while, because they answer another code than unknown ones.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct AccessToken {
    pub(crate) token: String,
    pub(crate) serial: u64,
    pub(crate) user_id: u64,
    pub(crate) client_id: String,
    /// `None` for client credentials.
    pub(crate) refresh_token: Option<String>,
    pub(crate) scopes: Vec<String>,
    /// The organization named by `soid`, the only one the token is good for.
    pub(crate) organization_id: Option<String>,
    pub(crate) expires: DateTime<Utc>,
    pub(crate) revoked: bool,
}

/// A grant code, good for one exchange.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct GrantCode {
    pub(crate) code: String,
    /// Codes are numbered together with tokens.
    #[serde(default)]
    pub(crate) serial: u64,
    pub(crate) user_id: u64,
    pub(crate) client_id: String,
    pub(crate) scopes: Vec<String>,
    pub(crate) redirect_uri: Option<String>,
    /// Whether the exchange also yields a refresh token (`access_type=offline`).
    pub(crate) offline: bool,
    pub(crate) expires: DateTime<Utc>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_of_older_state_files_live_in_the_default_data_centre() {
        let client: Client = serde_json::from_str(r#"{"client_id":"a","client_secret":"b"}"#).unwrap();
        assert!(client.redirect_uris.is_empty() && !client.multi_dc);
        assert!(client.serves(DataCentre::Us) && !client.serves(DataCentre::Eu));
        let user = r#"{"user_id":1,"email":"","name":"","zsc_key":"","organizations":[],"created":"2026-01-05T20:06:10Z"}"#;
        assert_eq!(serde_json::from_str::<User>(user).unwrap().data_centre, DataCentre::Us);
    }
}
