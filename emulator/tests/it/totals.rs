//! Totals of documents, against rules that are computed here from what the documents show of their lines.

use finbridge_emulator::Seed;
use proptest::prelude::*;
use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::{Value, json};

use crate::sales::*;
use crate::world::*;

fn decimal(value: &Value) -> Decimal {
    value.to_string().parse().unwrap_or_else(|_| panic!("{value} is no number"))
}

fn rounded(value: Decimal, places: u32) -> Decimal {
    value.round_dp_with_strategy(places, RoundingStrategy::MidpointAwayFromZero)
}

#[derive(Debug, Clone)]
struct Line {
    /// In millionths.
    rate: u64,
    /// In thousandths.
    quantity: u64,
    /// In tenths of a per cent, or an amount in hundredths of the line.
    discount: u32,
    tax: usize,
}

#[derive(Debug, Clone)]
struct Document {
    plural: &'static str,
    lines: Vec<Line>,
    percent: u32,
    by_amount: bool,
    item_level: bool,
    before_tax: bool,
    inclusive: bool,
    shipping: u32,
    adjustment: i32,
    exchange_rate: u64,
    foreign: bool,
}

/// Per cent of the taxes that the tests create; the first stands for none.
const TAXES: [&str; 5] = ["0", "19", "7.5", "8.875", "33.333"];

fn line() -> impl Strategy<Value = Line> {
    (0u64..2_000_000_000, 0u64..50_000, 0u32..=1000, 0..TAXES.len())
        .prop_map(|(rate, quantity, discount, tax)| Line { rate, quantity, discount, tax })
}

fn document() -> impl Strategy<Value = Document> {
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    let plural = prop::sample::select(vec!["estimates", "salesorders", "invoices", "creditnotes"]);
    let numbers = (0u32..=1000, 0u32..100_000, 0i32..100_000, 1u64..5_000_000);
    (plural, prop::collection::vec(line(), 1..6), flags, numbers).prop_map(
        |(plural, lines, (by_amount, item_level, before_tax, inclusive, foreign), numbers)| Document {
            plural,
            lines,
            percent: numbers.0,
            by_amount,
            item_level,
            before_tax,
            inclusive,
            shipping: numbers.1,
            adjustment: numbers.2,
            exchange_rate: numbers.3,
            foreign,
        },
    )
}

fn number(units: u64, scale: u32) -> Value {
    let text = Decimal::new(units.try_into().unwrap(), scale).normalize().to_string();
    serde_json::from_str(&text).unwrap()
}

/// The bodies' gross amounts of the lines, before any discount.
fn gross(document: &Document, places: u32) -> Vec<Decimal> {
    let amount = |line: &Line| {
        Decimal::new(line.rate.try_into().unwrap(), 6) * Decimal::new(line.quantity.try_into().unwrap(), 3)
    };
    document.lines.iter().map(|line| rounded(amount(line), places)).collect()
}

fn body(document: &Document, customer: &str, taxes: &[String], currency: &str, places: u32) -> Value {
    let gross = gross(document, places);
    let lines: Vec<Value> = document
        .lines
        .iter()
        .zip(&gross)
        .map(|(line, gross)| {
            let mut shown =
                json!({"name": "x", "rate": number(line.rate, 6), "quantity": number(line.quantity, 3)});
            if line.tax > 0 {
                shown["tax_id"] = taxes[line.tax - 1].clone().into();
            }
            if document.item_level {
                shown["discount"] = if document.by_amount {
                    rounded(gross * Decimal::new(line.discount.into(), 3), places)
                        .min(*gross)
                        .to_string()
                        .into()
                } else {
                    format!("{}%", Decimal::new(line.discount.into(), 1)).into()
                };
            }
            shown
        })
        .collect();
    let discount = format!("{}%", Decimal::new(document.percent.into(), 1));
    json!({"customer_id": customer, "currency_id": currency, "exchange_rate": number(document.exchange_rate, 5), "line_items": lines,
        "discount_type": if document.item_level { "item_level" } else { "entity_level" },
        "discount": discount, "is_discount_before_tax": document.before_tax,
        "is_inclusive_tax": document.inclusive, "shipping_charge": number(document.shipping.into(), 3),
        "adjustment": number(document.adjustment.unsigned_abs().into(), 3)})
}

fn check(document: &Document, shown: &Value, places: u32, base_places: u32) {
    let amount = |name: &str| decimal(&shown[name]);
    let rate = amount("exchange_rate");
    let (sub, discount, tax) = (amount("sub_total"), amount("discount_amount"), amount("tax_total"));
    let (shipping, adjustment, total) = (amount("shipping_charge"), amount("adjustment"), amount("total"));
    assert_eq!(total, sub - discount + tax + shipping + adjustment, "the total adds up");
    for (name, base) in [
        ("sub_total", "bcy_sub_total"),
        ("discount_amount", "bcy_discount_amount"),
        ("tax_total", "bcy_tax_total"),
        ("total", "bcy_total"),
    ] {
        assert_eq!(rounded(amount(name), places), amount(name), "{name} has the currency's places");
        assert_eq!(amount(base), rounded(amount(name) * rate, base_places), "{base}");
    }
    let lines = shown["line_items"].as_array().unwrap();
    let sum = |values: Vec<&Value>| values.into_iter().map(decimal).sum::<Decimal>();
    assert_eq!(
        sub,
        sum(lines.iter().map(|line| &line["item_total"]).collect()),
        "the lines make the sub-total"
    );
    assert_eq!(tax, sum(shown["taxes"].as_array().unwrap().iter().map(|it| &it["tax_amount"]).collect()));
    let of_lines = lines.iter().flat_map(|line| line["line_item_taxes"].as_array().unwrap());
    assert_eq!(tax, sum(of_lines.map(|it| &it["tax_amount"]).collect()), "the lines' taxes make the tax");

    let gross = gross(document, places);
    let net: Vec<Decimal> =
        gross.iter().zip(lines).map(|(gross, line)| gross - decimal(&line["discount_amount"])).collect();
    let whole: Decimal = net.iter().sum();
    for ((line, gross), given) in lines.iter().zip(&gross).zip(&document.lines) {
        let own = decimal(&line["discount_amount"]);
        assert!(own >= Decimal::ZERO && own <= *gross);
        if document.item_level && !document.by_amount {
            assert_eq!(own, rounded(gross * Decimal::new(given.discount.into(), 3), places));
        }
        if !document.item_level {
            assert_eq!(own, Decimal::ZERO);
        }
    }
    let percent = if document.item_level { Decimal::ZERO } else { Decimal::new(document.percent.into(), 3) };
    if document.inclusive {
        // What the customer pays is what stood on the lines, less the discount; taxes only divide it.
        let paid = whole - rounded(whole * percent, places);
        assert_eq!(total - shipping - adjustment, paid, "inclusive tax changes nothing");
    } else {
        assert_eq!(sub, whole);
        let off = if document.before_tax {
            rounded(sub * percent, places)
        } else {
            rounded((sub + tax) * percent, places)
        };
        assert_eq!(discount, off, "the discount is the share of what it is taken from");
        if percent.is_zero() || !document.before_tax {
            for ((line, net), given) in lines.iter().zip(&net).zip(&document.lines) {
                let own: Decimal = line["line_item_taxes"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|it| decimal(&it["tax_amount"]))
                    .sum();
                let rate: Decimal = TAXES[given.tax].parse().unwrap();
                assert_eq!(own, rounded(net * rate / Decimal::ONE_HUNDRED, places), "the line's tax");
            }
        }
    }
}

/// An organization whose base currency has the given code.
async fn based_on(code: &str) -> (World, String, Vec<String>) {
    let mut seed = Seed::demo();
    seed.organizations[0].currency_code = code.to_owned();
    let w = world_with(seed).await;
    let customer = w.api.named("Bowman").await;
    let mut taxes = Vec::new();
    for percentage in &TAXES[1..] {
        let body = json!({"tax_name": format!("T{percentage}"), "tax_percentage": percentage.parse::<f64>().unwrap()});
        let (status, answer) = w.api.call("POST", "settings/taxes", body).await;
        assert_eq!(status, 201, "{answer}");
        taxes.push(answer["tax"]["tax_id"].as_str().unwrap().to_owned());
    }
    (w, customer, taxes)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn totals_add_up_in_every_currency(
        (base, base_places) in prop::sample::select(vec![("USD", 2u32), ("JPY", 0), ("KWD", 3)]),
        documents in prop::collection::vec(document(), 12),
    ) {
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(async {
            let (w, customer, taxes) = based_on(base).await;
            let contact = w.api.get(&format!("contacts/{customer}")).await;
            let own = contact["contact"]["currency_id"].as_str().unwrap().to_owned();
            // The euro is among the currencies that every organization starts with, in a known order after its base.
            let others = ["AUD", "CAD", "CNY", "EUR", "GBP", "INR", "JPY", "SAR", "USD", "ZAR"];
            let at = others.iter().filter(|code| **code != base).position(|code| *code == "EUR").unwrap();
            let euro = (own.parse::<u64>().unwrap() + 1 + at as u64).to_string();
            for document in documents {
                let (currency, places) = if document.foreign { (&euro, 2) } else { (&own, base_places) };
                let body = body(&document, &customer, &taxes, currency, places);
                let (status, answer) = w.api.call("POST", document.plural, body).await;
                assert_eq!(status, 201, "{answer}");
                let shown = only(&answer);
                assert_eq!(shown["currency_code"], if document.foreign { "EUR" } else { base });
                assert_eq!(shown["exchange_rate"] == json!(1.0), !document.foreign || document.exchange_rate == 100_000);
                check(&document, &shown, places, base_places);
            }
        });
    }
}

#[tokio::test]
async fn halves_are_rounded_away_from_zero_and_shares_lose_no_cent() {
    let (w, customer, taxes) = based_on("USD").await;
    let create = async |body: Value| {
        let mut whole = json!({"customer_id": customer});
        whole.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
        let (status, answer) = w.api.call("POST", "invoices", whole).await;
        assert_eq!(status, 201, "{answer}");
        only(&answer)
    };
    let line = |rate: f64, tax: usize| json!({"name": "x", "rate": rate, "tax_id": taxes[tax]});
    // 1.005 is 1.01; 19 % of it is 0.1919.
    let invoice = create(json!({"line_items": [line(1.005, 0)]})).await;
    assert_eq!(
        (&invoice["sub_total"], &invoice["tax_total"], &invoice["total"]),
        (&json!(1.01), &json!(0.19), &json!(1.2))
    );
    // Ten off three equal lines: 3.33, 3.33 and 3.34, taxed on what is left.
    let body = json!({"discount": 10, "line_items": [line(100.0, 0), line(100.0, 0), line(100.0, 0)]});
    let invoice = create(body).await;
    assert_eq!((&invoice["discount_amount"], &invoice["tax_total"]), (&json!(10.0), &json!(55.11)));
    assert_eq!(invoice["total"], 345.11);
    // After tax, the tax stays whole.
    let body = json!({"discount": "10%", "is_discount_before_tax": false, "line_items": [line(100.0, 0)]});
    let invoice = create(body).await;
    assert_eq!(
        (&invoice["tax_total"], &invoice["discount_amount"], &invoice["total"]),
        (&json!(19.0), &json!(11.9), &json!(107.1))
    );
    // A tax inside the price.
    let body = json!({"is_inclusive_tax": true, "adjustment": -0.005, "line_items": [line(119.0, 0)]});
    let invoice = create(body).await;
    assert_eq!((&invoice["sub_total"], &invoice["tax_total"]), (&json!(100.0), &json!(19.0)));
    assert_eq!((&invoice["adjustment"], &invoice["total"]), (&json!(-0.01), &json!(118.99)));
    // A line below zero, such as a rebate, lowers the total.
    let invoice = create(json!({"line_items": [line(10.0, 0), line(-4.0, 0)]})).await;
    assert_eq!(invoice["total"], 7.14);
    let body = json!({"customer_id": customer, "line_items": [{"name": "x", "rate": -4}]});
    assert_eq!(w.api.call("POST", "invoices", body).await.1["code"], 2);
}
