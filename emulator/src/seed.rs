//! What an emulator holds when it starts for the first time.

use chrono::DateTime;
use serde::{Deserialize, Serialize};

use crate::host::DataCentre;
use crate::oauth;
use crate::store::{Transaction, seeding};

/// OAuth client id of [`Seed::demo`].
pub const DEMO_CLIENT_ID: &str = "1000.DEMOFINBRIDGEEMULATORCLIENT001";
/// OAuth client secret of [`Seed::demo`]. It is public: it opens nothing but an emulator.
pub const DEMO_CLIENT_SECRET: &str = "demo0client0secret0of0the0finbridge0emulator";
/// E-mail address of the demo administrator.
pub const DEMO_EMAIL: &str = "admin@example.com";
/// Name of the demo administrator.
pub const DEMO_USER_NAME: &str = "Demo Administrator";
/// ZSC key of the demo administrator.
pub const DEMO_ZSC_KEY: &str = "demo-zsc-key-0001";
/// Id of the demo organization.
pub const DEMO_ORGANIZATION_ID: &str = "10234695";
/// Name of the demo organization.
pub const DEMO_ORGANIZATION_NAME: &str = "Finbridge Demo Inc.";

/// The first content of an emulator. Ids of users and of records are assigned in the order given here, so the same
/// seed and the same calls always lead to the same ids.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seed {
    /// People who may hold tokens.
    #[serde(default)]
    pub users: Vec<SeedUser>,
    /// Registered OAuth clients.
    #[serde(default)]
    pub clients: Vec<SeedClient>,
    /// Organizations.
    #[serde(default)]
    pub organizations: Vec<SeedOrganization>,
}

/// A user of a [`Seed`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedUser {
    /// E-mail address; unique, compared without case.
    pub email: String,
    /// Display name.
    pub name: String,
    /// Key that `POST /integration/v1/zsc/exchange` trades for a refresh token.
    pub zsc_key: String,
    /// Ids of the organizations the user belongs to; the first is the default one.
    #[serde(default)]
    pub organizations: Vec<String>,
    /// Where the user's tokens work; all their organizations live there too.
    #[serde(default)]
    pub data_centre: DataCentre,
}

/// An OAuth client of a [`Seed`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedClient {
    /// Client id.
    pub client_id: String,
    /// Client secret.
    pub client_secret: String,
    /// Redirects that the consent page may end with, `http` or `https`; empty allows any.
    #[serde(default)]
    pub redirect_uris: Vec<String>,
    /// Where the client is registered.
    #[serde(default)]
    pub data_centre: DataCentre,
    /// Whether the client works in every data centre and not only where it is registered.
    #[serde(default)]
    pub multi_dc: bool,
}

/// An organization of a [`Seed`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedOrganization {
    /// 8 to 11 digits.
    pub organization_id: String,
    /// Name.
    pub name: String,
    /// E-mail address of the organization.
    #[serde(default)]
    pub email: String,
    /// ISO 4217 code of the base currency.
    pub currency_code: String,
    /// Country, by its English name.
    #[serde(default)]
    pub country: String,
    /// IANA zone; timestamps are written with its offset.
    pub time_zone: String,
    /// `FREE`, `STANDARD`, `PROFESSIONAL`, `PREMIUM`, `ELITE`, `ULTIMATE` or `TRIAL`.
    #[serde(default = "default_plan")]
    pub plan_name: String,
    /// Finance apps the organization was added to, such as `books`. Books serves only organizations that list it.
    #[serde(default = "default_apps")]
    pub apps: Vec<String>,
    /// Whether the private link service answers for this organization (capability `crm_link`).
    #[serde(default = "default_crm_link")]
    pub crm_link: bool,
    /// Whether sales tax is switched on. Without it the calls that write taxes answer code 110817.
    #[serde(default = "default_sales_tax")]
    pub sales_tax: bool,
    /// Where the organization lives.
    #[serde(default)]
    pub data_centre: DataCentre,
    /// Definitions of custom fields, which the public API cannot create.
    #[serde(default)]
    pub custom_fields: Vec<SeedCustomField>,
}

/// A custom field of an organization of a [`Seed`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedCustomField {
    /// What has the field: `contact`, `item`, `invoice` and so on.
    pub entity: String,
    /// Label, unique within the entity.
    pub label: String,
    /// `cf_` and a name; made from the label when empty.
    #[serde(default)]
    pub api_name: String,
    /// `string`, `number`, `dropdown` and so on.
    #[serde(default = "default_data_type")]
    pub data_type: String,
    /// Whether no two records may hold the same value.
    #[serde(default)]
    pub is_unique: bool,
    /// Whether new records must hold a value.
    #[serde(default)]
    pub is_mandatory: bool,
    /// Choices of a `dropdown` or `multiselect`.
    #[serde(default)]
    pub values: Vec<String>,
}

fn default_data_type() -> String {
    "string".to_owned()
}

fn default_plan() -> String {
    "PREMIUM".to_owned()
}

fn default_apps() -> Vec<String> {
    vec!["books".to_owned()]
}

fn default_sales_tax() -> bool {
    true
}

fn default_crm_link() -> bool {
    true
}

impl Seed {
    /// One organization, one administrator, one client, all with well-known credentials for development.
    pub fn demo() -> Self {
        Self {
            users: vec![SeedUser {
                email: DEMO_EMAIL.to_owned(),
                name: DEMO_USER_NAME.to_owned(),
                zsc_key: DEMO_ZSC_KEY.to_owned(),
                organizations: vec![DEMO_ORGANIZATION_ID.to_owned()],
                data_centre: DataCentre::Us,
            }],
            clients: vec![SeedClient {
                client_id: DEMO_CLIENT_ID.to_owned(),
                client_secret: DEMO_CLIENT_SECRET.to_owned(),
                redirect_uris: Vec::new(),
                data_centre: DataCentre::Us,
                multi_dc: false,
            }],
            organizations: vec![SeedOrganization {
                organization_id: DEMO_ORGANIZATION_ID.to_owned(),
                name: DEMO_ORGANIZATION_NAME.to_owned(),
                email: DEMO_EMAIL.to_owned(),
                currency_code: "USD".to_owned(),
                country: "United States".to_owned(),
                time_zone: "America/Los_Angeles".to_owned(),
                plan_name: default_plan(),
                apps: ["books", "invoice", "erp", "expense", "billing"].map(str::to_owned).to_vec(),
                crm_link: true,
                sales_tax: true,
                data_centre: DataCentre::Us,
                custom_fields: Vec::new(),
            }],
        }
    }
}

impl Seed {
    /// Says what contradicts itself, if anything does.
    pub(crate) fn check(&self) -> Result<(), String> {
        for organization in &self.organizations {
            let id = &organization.organization_id;
            let digits = (8..=11).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_digit());
            if !digits {
                return Err(format!("the organization id \"{id}\" is not 8 to 11 digits"));
            }
            if organization.time_zone.parse::<chrono_tz::Tz>().is_err() {
                return Err(format!("\"{}\" is not an IANA time zone", organization.time_zone));
            }
            if iso_currency::Currency::from_code(&organization.currency_code).is_none() {
                return Err(format!("\"{}\" is not an ISO 4217 currency", organization.currency_code));
            }
        }
        for user in &self.users {
            for id in &user.organizations {
                let email = &user.email;
                match self.organizations.iter().find(|it| it.organization_id == *id) {
                    None => {
                        return Err(format!(
                            "{email} belongs to the organization {id}, which is not in the seed"
                        ));
                    }
                    Some(own) if own.data_centre != user.data_centre => {
                        return Err(format!(
                            "{email} belongs to the organization {id}, which lives in another data centre"
                        ));
                    }
                    Some(_) => {}
                }
            }
        }
        for client in &self.clients {
            if let Some(uri) = client.redirect_uris.iter().find(|uri| !oauth::web_address(uri)) {
                return Err(format!("\"{uri}\" is no redirect: it must be an http or https address"));
            }
        }
        let mut emails: Vec<String> = self.users.iter().map(|user| user.email.to_ascii_lowercase()).collect();
        emails.sort();
        match emails.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(format!("the e-mail address {} occurs twice", pair[0])),
            None => self.rehearse(),
        }
    }

    /// Plants the seed into a state that is thrown away: what its records contradict, only their own rules know.
    fn rehearse(&self) -> Result<(), String> {
        let mut transaction = Transaction::scratch();
        seeding::plant(&mut transaction, self, DateTime::UNIX_EPOCH).map_err(|error| error.message)
    }
}
