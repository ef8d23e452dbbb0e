//! Contacts: customers and vendors share one list.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::lenient;

/// A contact, in detail or as a row of a list. Rows carry fewer members. Enumerations stay as written: new values
/// appear without notice.
#[derive(Deserialize)]
pub(crate) struct Contact {
    #[serde(deserialize_with = "lenient::required_text")]
    pub(crate) contact_id: String,
    #[serde(default, deserialize_with = "lenient::text")]
    pub(crate) contact_name: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    pub(crate) company_name: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    pub(crate) website: Option<String>,
    /// `customer` or `vendor`.
    #[serde(default, deserialize_with = "lenient::text")]
    pub(crate) contact_type: Option<String>,
    /// `business` or `individual`.
    #[serde(default, deserialize_with = "lenient::text")]
    pub(crate) customer_sub_type: Option<String>,
    /// `active`, `inactive`, `crm` or `duplicate`.
    #[serde(default, deserialize_with = "lenient::text")]
    pub(crate) status: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    pub(crate) zcrm_account_id: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    pub(crate) zcrm_contact_id: Option<String>,
    /// Kept whole, because a change has to send the whole of it back.
    #[serde(default, deserialize_with = "lenient::object")]
    pub(crate) billing_address: Option<Map<String, Value>>,
    /// The same.
    #[serde(default, deserialize_with = "lenient::object")]
    pub(crate) shipping_address: Option<Map<String, Value>>,
    #[serde(deserialize_with = "lenient::required_text")]
    pub(crate) last_modified_time: String,
}

/// Answer with one contact.
#[derive(Deserialize)]
pub(crate) struct ContactAnswer {
    pub(crate) contact: Contact,
}

/// Answer with a page of contacts.
#[derive(Deserialize)]
pub(crate) struct ContactList {
    pub(crate) contacts: Vec<Contact>,
    #[serde(default, deserialize_with = "lenient::object")]
    page_context: Option<Map<String, Value>>,
}

/// Rows asked for in one page: the most that the vendor gives.
pub(crate) const PER_PAGE: usize = 200;

impl ContactList {
    /// Whether rows follow after this page. A page that does not say so is followed when it is full.
    pub(crate) fn has_more(&self) -> bool {
        let told = self.page_context.as_ref().and_then(|context| context.get("has_more_page"));
        let told = told.and_then(lenient::as_text).and_then(|text| text.parse().ok());
        told.unwrap_or(self.contacts.len() >= PER_PAGE)
    }
}

/// Answer of an import from the CRM.
#[derive(Deserialize)]
pub(crate) struct ImportAnswer {
    pub(crate) data: Imported,
}

/// What was made, or was there already. One of the two names is used.
#[derive(Deserialize)]
pub(crate) struct Imported {
    #[serde(default, deserialize_with = "lenient::text")]
    contact_id: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    customer_id: Option<String>,
}

impl Imported {
    /// The contact's id.
    pub(crate) fn id(self) -> Option<String> {
        let told = |id: Option<String>| id.filter(|id| !id.is_empty());
        told(self.contact_id).or(told(self.customer_id))
    }
}
