//! What the emulator is measured against: axum handlers that serialize, and parse and store, the same contacts as structs.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

use axum::extract::{Query, State};
use axum::routing::get;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::contact::Contact;
use finbridge_bench::Failure;

/// A row of the list, member by member as the emulator writes it. A member that is not here would be work that only the
/// emulator does.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    contact_id: String,
    contact_name: String,
    contact_type: String,
    customer_sub_type: String,
    status: String,
    source: String,
    is_linked_with_zohocrm: bool,
    zcrm_account_id: String,
    zcrm_contact_id: String,
    zcrm_vendor_id: String,
    currency_id: String,
    currency_code: String,
    currency_symbol: String,
    price_precision: u32,
    outstanding_receivable_amount: f64,
    outstanding_receivable_amount_bcy: f64,
    unused_credits_receivable_amount: f64,
    unused_credits_receivable_amount_bcy: f64,
    outstanding_payable_amount: f64,
    outstanding_payable_amount_bcy: f64,
    unused_credits_payable_amount: f64,
    unused_credits_payable_amount_bcy: f64,
    portal_status: String,
    customer_name: String,
    vendor_name: String,
    contact_type_formatted: String,
    company_name: String,
    website: String,
    payment_terms_label: String,
    facebook: String,
    twitter: String,
    contact_number: String,
    gst_no: String,
    gst_treatment: String,
    place_of_contact: String,
    pan_no: String,
    language_code: String,
    language_code_formatted: String,
    payment_terms: u32,
    first_name: String,
    last_name: String,
    email: String,
    phone: String,
    mobile: String,
    has_attachment: bool,
    ach_supported: bool,
    custom_fields: Vec<Value>,
    custom_field_hash: Map<String, Value>,
    created_time: String,
    last_modified_time: String,
}

#[derive(Serialize)]
struct List<'a> {
    code: u32,
    message: &'static str,
    contacts: &'a [Row],
    page_context: Map<String, Value>,
}

#[derive(Serialize)]
struct One {
    code: u32,
    message: &'static str,
    contact: Contact,
}

#[derive(Deserialize)]
struct Paging {
    per_page: usize,
}

#[derive(Deserialize)]
struct Person {
    first_name: String,
    last_name: String,
    email: String,
    phone: String,
}

#[derive(Deserialize)]
struct Address {
    address: String,
    city: String,
    zip: String,
    country: String,
}

#[derive(Deserialize)]
struct New {
    contact_name: String,
    company_name: String,
    contact_persons: Vec<Person>,
    billing_address: Address,
}

#[derive(Clone)]
struct Shared {
    rows: Arc<Vec<Row>>,
    /// What a new contact has beyond what is sent.
    blank: Arc<Contact>,
    stored: Arc<Mutex<Stored>>,
}

#[derive(Default)]
struct Stored {
    contacts: HashMap<u64, Contact>,
    by_name: BTreeMap<String, u64>,
}

/// Serves `rows`, and makes contacts like `blank`, on a free port of 127.0.0.1, and says which address that is.
pub async fn serve(rows: Vec<Row>, blank: Contact) -> Result<String, Failure> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?.to_string();
    let shared = Shared { rows: Arc::new(rows), blank: Arc::new(blank), stored: Arc::default() };
    let router = Router::new().route("/contacts", get(list).post(create)).with_state(shared);
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(address)
}

async fn list(State(shared): State<Shared>, Query(paging): Query<Paging>) -> axum::response::Response {
    let contacts = &shared.rows[..paging.per_page.min(shared.rows.len())];
    let list = List { code: 0, message: "success", contacts, page_context: Map::new() };
    axum::response::IntoResponse::into_response(Json(list))
}

async fn create(State(shared): State<Shared>, Json(new): Json<New>) -> Result<Json<One>, &'static str> {
    let mut contact = Contact::clone(&shared.blank);
    let Ok(mut stored) = shared.stored.lock() else { return Err("a writer gave up") };
    let key = new.contact_name.to_lowercase();
    if stored.by_name.contains_key(&key) {
        return Err("the name is taken");
    }
    let id = 460_000_000_000_000_000 + u64::try_from(stored.contacts.len()).unwrap_or(u64::MAX);
    contact.contact_id = id.to_string();
    contact.contact_name = new.contact_name;
    contact.company_name = new.company_name;
    contact.billing_address.address = new.billing_address.address;
    contact.billing_address.city = new.billing_address.city;
    contact.billing_address.zip = new.billing_address.zip;
    contact.billing_address.country = new.billing_address.country;
    for (person, sent) in contact.contact_persons.iter_mut().zip(new.contact_persons) {
        person.first_name = sent.first_name;
        person.last_name = sent.last_name;
        person.email = sent.email;
        person.phone = sent.phone;
    }
    stored.by_name.insert(key, id);
    stored.contacts.insert(id, contact.clone());
    Ok(Json(One { code: 0, message: "The contact has been created.", contact }))
}
