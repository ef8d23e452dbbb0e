//! Organizations and what they declare.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::lenient;

/// Answer of the list of organizations.
#[derive(Deserialize)]
pub(crate) struct OrganizationList {
    pub(crate) organizations: Vec<Organization>,
}

/// A row of it.
#[derive(Deserialize)]
pub(crate) struct Organization {
    #[serde(deserialize_with = "lenient::required_text")]
    pub(crate) organization_id: String,
    #[serde(default, deserialize_with = "lenient::text")]
    pub(crate) name: Option<String>,
    #[serde(deserialize_with = "lenient::required_text")]
    pub(crate) currency_code: String,
    #[serde(default, deserialize_with = "lenient::text")]
    pub(crate) country: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    pub(crate) time_zone: Option<String>,
}

/// What an organization declares beyond the public API.
#[derive(Deserialize)]
pub(crate) struct Capabilities {
    #[serde(default, deserialize_with = "lenient::object")]
    pub(crate) capabilities: Option<Map<String, Value>>,
}

/// Answer of the exchange of a service key. A refusal may come with status 200 and without a token.
#[derive(Deserialize)]
pub(crate) struct Exchanged {
    #[serde(default, deserialize_with = "lenient::text")]
    pub(crate) refresh_token: Option<String>,
}
