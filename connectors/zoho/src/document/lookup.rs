//! What documents need to know besides: currencies, and what day it is where the organization is.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use chrono::NaiveDate;
use chrono_tz::Tz;
use finbridge_contract::{Connection, Failure, FailureKind, RemoteDocument};
use finbridge_domain::PartyKind;
use moka::sync::Cache;
use rust_decimal::Decimal;

use super::read::amount;
use crate::adapter::table::{PER_PAGE, has_more};
use crate::client::{Call, Client, path_id};
use crate::envelope::Answer;
use crate::wire::row::Row;

/// Customers whose currency is remembered. It cannot change any more once a customer has documents.
const CAPACITY: u64 = 200_000;

/// How long an organization's time zone is believed.
const ZONE_LIFE: Duration = Duration::from_secs(60 * 60);

/// Customers that are asked about one by one before a list of them is read.
const FEW: usize = 3;

/// A currency of the organization.
pub(crate) struct Currency {
    /// Its id there.
    pub(crate) id: String,
    /// 1 unit of it = so many of the base currency; none for the base currency itself, and where nobody entered a rate: then
    /// the app tells one that holds from no day.
    pub(crate) rate: Option<Decimal>,
}

/// An organization's id, and a customer's.
type CustomerKey = (String, String);

/// What was looked up already.
pub(crate) struct Lookup {
    client: Arc<Client>,
    of_customers: Cache<CustomerKey, String>,
    zones: Cache<String, Tz>,
}

impl Lookup {
    pub(crate) fn new(client: Arc<Client>) -> Self {
        let zones = Cache::builder().max_capacity(CAPACITY).time_to_live(ZONE_LIFE).build();
        Self { client, of_customers: Cache::new(CAPACITY), zones }
    }

    fn root(&self) -> &'static str {
        self.client.product().root
    }

    /// The currency of this code.
    ///
    /// # Errors
    /// [`FailureKind::Refused`] where the organization does not have it.
    pub(crate) async fn currency(&self, connection: &Connection, code: &str) -> Result<Currency, Failure> {
        let list = Call::get(format!("{}/settings/currencies", self.root()));
        let answer: Answer<Row> = self.client.call(connection, list).await?;
        let named = |failure| Failure { request_id: answer.request_id.clone(), ..failure };
        let rows = answer.body.rows("currencies").map_err(named)?;
        let Some(row) = rows.iter().find(|row| row.text("currency_code").as_deref() == Some(code)) else {
            let app = self.client.product().manifest.name;
            let message = format!("the organization has no currency {code}: add it in {app}, then try again");
            return Err(named(Failure::new(FailureKind::Refused, message)));
        };
        let rate = amount(row, "exchange_rate").map_err(named)?;
        let is_entered = row.some_text("effective_date").is_some() && !row.says_yes("is_base_currency");
        let rate = rate.filter(|rate| *rate > Decimal::ZERO && is_entered);
        Ok(Currency { id: row.required("currency_id").map_err(named)?, rate })
    }

    /// The present day in the organization's time zone.
    pub(super) async fn today(&self, connection: &Connection) -> Result<NaiveDate, Failure> {
        let id = &connection.organization_id;
        let zone = match self.zones.get(id) {
            Some(zone) => zone,
            None => {
                let path = format!("{}/organizations/{}", self.root(), path_id(id)?);
                let answer: Answer<Row> = self.client.call(connection, Call::get(path)).await?;
                let told = answer.body.record("organization")?.some_text("time_zone");
                let zone = told.and_then(|zone| zone.parse().ok()).unwrap_or(Tz::UTC);
                self.zones.insert(id.clone(), zone);
                zone
            }
        };
        Ok(self.client.now().with_timezone(&zone).date_naive())
    }

    /// The currency of a customer.
    pub(super) async fn currency_of(
        &self,
        connection: &Connection,
        customer_id: &str,
    ) -> Result<String, Failure> {
        let key = (connection.organization_id.clone(), customer_id.to_owned());
        if let Some(known) = self.of_customers.get(&key) {
            return Ok(known);
        }
        let words = &self.client.product().contacts.list;
        let path = format!("{}/{}/{}", self.root(), words.path, path_id(customer_id)?);
        let answer: Answer<Row> = self.client.call(connection, Call::get(path)).await?;
        let code = answer.body.record(words.singular)?.required("currency_code")?;
        self.of_customers.insert(key, code.clone());
        Ok(code)
    }

    /// Tells of each document that does not tell its currency that of its customer, in which payments are.
    pub(super) async fn tell_currencies(
        &self,
        connection: &Connection,
        documents: &mut [RemoteDocument],
    ) -> Result<(), Failure> {
        let lacking = documents.iter().filter(|one| one.currency_code.is_empty()).filter_map(customer);
        let customers: BTreeSet<String> = lacking.map(str::to_owned).collect();
        self.read_list(connection, &customers).await?;
        for one in documents.iter_mut().filter(|one| one.currency_code.is_empty()) {
            let Some(id) = customer(one).map(str::to_owned) else { continue };
            match self.currency_of(connection, &id).await {
                Ok(code) => one.currency_code = code,
                Err(failure) if failure.kind == FailureKind::NotFound => {}
                Err(failure) => return Err(failure),
            }
        }
        Ok(())
    }

    /// Reads pages of customers while that may save requests: a page tells many, and each that is missing afterwards takes
    /// a request of its own.
    async fn read_list(&self, connection: &Connection, wanted: &BTreeSet<String>) -> Result<(), Failure> {
        let organization = &connection.organization_id;
        let key = |id: &str| (organization.clone(), id.to_owned());
        let words = &self.client.product().contacts.list;
        let mut page = 1;
        loop {
            let unknown = wanted.iter().filter(|id| !self.of_customers.contains_key(&key(id))).count();
            if unknown <= FEW.max(page) {
                return Ok(());
            }
            let call = Call::get(format!("{}/{}", self.root(), words.path));
            let call = call.with("sort_column", "created_time").with("sort_order", "A");
            let call = call.with("per_page", PER_PAGE).with("page", page);
            let answer: Answer<Row> = self.client.call(connection, call).await?;
            let rows = answer.body.rows(words.plural)?;
            for row in &rows {
                if let (Some(id), Some(code)) = (row.some_text(words.id), row.some_text("currency_code")) {
                    self.of_customers.insert(key(&id), code);
                }
            }
            if !has_more(&answer.body, rows.len()) {
                return Ok(());
            }
            page += 1;
        }
    }
}

fn customer(document: &RemoteDocument) -> Option<&str> {
    let customer = document.parties.iter().find(|party| party.kind == PartyKind::Customer);
    customer.map(|party| party.remote_id.as_str())
}
