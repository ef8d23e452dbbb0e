//! Customers and vendors.

use rand::Rng;
use rand::rngs::StdRng;

use super::place::{self, REGIONS, Region};
use super::{percent, pick, under_free_name};
use crate::engine::desk::Desk;
use crate::error::ApiError;
use crate::json::Json;
use crate::resource::contact::rules;

/// Days and label of the usual terms.
const TERMS: [(u64, &str); 6] =
    [(0, "Due on Receipt"), (7, "Net 7"), (14, "Net 14"), (15, "Net 15"), (30, "Net 30"), (60, "Net 60")];

/// Creates one contact and gives back its id.
pub(super) fn create(desk: &mut Desk<'_>, chance: &mut StdRng, serial: u64) -> Result<u64, ApiError> {
    let region = pick(chance, &REGIONS);
    let individual = percent(chance, 20);
    let (given, family) = (pick(chance, region.given), pick(chance, region.family));
    let company = region.company(chance);
    let name = if individual { region.person(given, family) } else { company.clone() };
    let body = body(desk, chance, serial, region, individual, (given, family), &company);
    under_free_name(&name, serial, |name| {
        let mut body = body.clone();
        body.insert(0, ("contact_name".to_owned(), name.into()));
        let body = Json::Object(body);
        let mut contact = rules::blank(desk);
        rules::take(desk, &mut contact, &body)?;
        rules::save(desk, contact).map(|contact| contact.contact_id)
    })
}

fn body(
    desk: &Desk<'_>,
    chance: &mut StdRng,
    serial: u64,
    region: &Region,
    individual: bool,
    (given, family): (&str, &str),
    company: &str,
) -> Vec<(String, Json)> {
    // The first is a customer, so that an order with one contact has somebody to sell to.
    let vendor = serial % 5 == 4;
    let currencies = &desk.organization.currencies;
    let currency = currencies.iter().find(|it| it.code == region.currency).or(currencies.first());
    let (days, label) = pick(chance, &TERMS);
    let address = place::address(chance, region, &region.person(given, family));
    let mut body = vec![
        ("contact_type", if vendor { "vendor" } else { "customer" }.into()),
        ("payment_terms", days.into()),
        ("payment_terms_label", label.into()),
        ("language_code", region.language.into()),
        ("website", if individual { "" } else { "https://www.example.com" }.into()),
        ("billing_address", address.clone()),
        ("contact_persons", people(chance, serial, region, (given, family)).into()),
    ];
    if let Some(currency) = currency {
        body.push(("currency_id", Json::id(currency.currency_id)));
    }
    if !vendor {
        body.push(("customer_sub_type", if individual { "individual" } else { "business" }.into()));
    }
    if !individual {
        body.push(("company_name", company.into()));
    }
    let elsewhere = percent(chance, 25);
    let shipping = if elsewhere { place::address(chance, region, company) } else { address };
    body.push(("shipping_address", shipping));
    if percent(chance, 30) {
        body.push(("credit_limit", Json::Number((chance.random_range(1..=50u32) * 1_000).to_string())));
    }
    body.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// One to three people; the first is the primary one.
fn people(chance: &mut StdRng, serial: u64, region: &Region, first: (&str, &str)) -> Vec<Json> {
    let count = chance.random_range(1..=3);
    let mut people = Vec::new();
    for number in 0..count {
        let (given, family) =
            if number == 0 { first } else { (pick(chance, region.given), pick(chance, region.family)) };
        people.push(Json::object([
            ("first_name", given.into()),
            ("last_name", family.into()),
            ("email", format!("person{}.{}@example.com", serial + 1, number + 1).into()),
            ("phone", place::digits(chance, region.phone).into()),
            ("mobile", place::digits(chance, region.phone).into()),
            ("is_primary_contact", (number == 0).into()),
        ]));
    }
    people
}
