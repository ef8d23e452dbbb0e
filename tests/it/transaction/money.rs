//! Home amounts: exact, by the rate on the document, to the ninth decimal.

use finbridge_domain::{DocumentKind, HomeAmount};
use finbridge_entity::{Scoped, document};
use finbridge_tests::{TestWorld, both_databases};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use sea_orm::QuerySelect;
use sea_orm::prelude::Decimal;
use sea_orm::sea_query::Expr;
use serde_json::{Value, json};

use super::kept::{Kept, decimal, document as plain, id_of, number};

/// Documents that are drawn.
const DRAWN: usize = 240;

/// An amount, a rate and what the result has to be.
#[derive(Debug, Clone)]
struct Case {
    currency: &'static str,
    amount: Decimal,
    rate: Decimal,
    /// Billionths of the home currency.
    nanos: i128,
}

/// What the product of an amount and a rate is in billionths, ties away from zero: by whole numbers alone, and on another way than the
/// one that is tested.
fn product(amount: Decimal, rate: Decimal) -> i128 {
    let digits = amount.scale() + rate.scale();
    let exact = amount.mantissa() * rate.mantissa();
    if digits <= 9 {
        return exact * 10_i128.pow(9 - digits);
    }
    let unit = 10_i128.pow(digits - 9);
    let up = (exact.abs() * 2 + unit) / (unit * 2);
    up * exact.signum()
}

/// Amounts of currencies with none, two and three decimals, and rates from the smallest to large ones.
fn cases() -> Vec<Case> {
    let amount = prop_oneof![
        (Just(("JPY", 0_u32)), -10_i64.pow(9)..10_i64.pow(9)),
        (Just(("INR", 2)), -10_i64.pow(11)..10_i64.pow(11)),
        (Just(("KWD", 3)), -10_i64.pow(9)..10_i64.pow(9)),
    ];
    let rate = (1_i64..10_i64.pow(12), 0_u32..12);
    let case = (amount, rate).prop_map(|(((currency, places), units), (mantissa, scale))| {
        let (amount, rate) = (Decimal::new(units, places), Decimal::new(mantissa, scale));
        Case { currency, amount, rate, nanos: product(amount, rate) }
    });
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let fits = |case: &Case| case.nanos.abs() < 10_i128.pow(9 + 15);
    let drawn = std::iter::repeat_with(|| case.new_tree(&mut runner).expect("a case").current());
    drawn.filter(fits).take(DRAWN).collect()
}

const SHOWN: &str = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Transaction { total { amount currencyCode }
    homeTotal { amount currencyCode } homeBalance { amount } source { total balance currencyCode exchangeRate } } } }";

async fn shown(world: &TestWorld, ids: &[String]) -> Vec<Value> {
    let mut all = Vec::new();
    for some in ids.chunks(100) {
        let mut data = world.data(SHOWN, json!({ "ids": some })).await;
        all.append(data["nodes"].as_array_mut().expect("nodes"));
    }
    all
}

both_databases! {
    async fn r177_r178_r179_home_amounts_are_the_exact_product_to_nine_decimals(world: &TestWorld) {
        let kept = Kept::new(world, "USD", "UTC").await;
        let cases = cases();
        let documents: Vec<_> = cases
            .iter()
            .enumerate()
            .map(|(place, case)| finbridge_contract::RemoteDocument {
                currency_code: case.currency.to_owned(),
                exchange_rate: Some(case.rate),
                total: case.amount,
                balance: Some(case.amount),
                ..plain(world, &format!("D{place:03}"), "0")
            })
            .collect();
        let rows = kept.keep(DocumentKind::Invoice, &documents).await;
        let place_of = |row: &document::Model| row.remote_id[1..].parse::<usize>().expect("a place");
        assert_eq!(rows.len(), cases.len());
        let ids: Vec<_> = rows.iter().map(id_of).collect();
        for (row, answer) in rows.iter().zip(shown(world, &ids).await) {
            let case = &cases[place_of(row)];
            let home = Decimal::from_i128_with_scale(case.nanos, 9).normalize();
            assert_eq!(number(&answer["homeTotal"]["amount"]), home, "{case:?}\n{answer:#}");
            assert_eq!(number(&answer["homeBalance"]["amount"]), home, "{case:?}\n{answer:#}");
            assert_eq!(answer["homeTotal"]["currencyCode"], "USD");
            assert_eq!(number(&answer["total"]["amount"]), case.amount, "{case:?}");
            assert_eq!(number(&answer["source"]["total"]), case.amount, "{case:?}");
            assert_eq!(number(&answer["source"]["exchangeRate"]), case.rate, "{case:?}");
            assert_eq!(answer["source"]["currencyCode"], case.currency);
        }

        // What the database sums up is what the single amounts come to, to the last digit.
        let sum = |column| Expr::cust(format!("CAST(SUM({column}) AS BIGINT)"));
        let (whole, nano): (i64, i64) = document::Entity::of(world.viewer.organization_id)
            .select_only()
            .expr_as(sum("home_total_whole"), "whole")
            .expr_as(sum("home_total_nano"), "nano")
            .into_tuple()
            .one(&world.app.engine.db)
            .await
            .expect("a sum")
            .expect("a row");
        let wanted: i128 = cases.iter().map(|case| case.nanos).sum();
        assert_eq!(HomeAmount::from_parts(whole, nano).to_decimal(), Decimal::from_i128_with_scale(wanted, 9).normalize());
        let query = "{ reportInvoicedByMonth(from: \"2026-01-01\", to: \"2026-01-31\") { count invoiced { unconvertedCount
            home { amount } byCurrency { amount currencyCode } } } }";
        let data = world.data(query, json!({})).await;
        let month = &data["reportInvoicedByMonth"][0];
        assert_eq!(month["count"], json!(DRAWN), "{data:#}");
        assert_eq!(number(&month["invoiced"]["home"]["amount"]), Decimal::from_i128_with_scale(wanted, 9).normalize());
        for one in month["invoiced"]["byCurrency"].as_array().expect("currencies") {
            let of_currency = cases.iter().filter(|case| one["currencyCode"] == case.currency);
            assert_eq!(number(&one["amount"]), of_currency.map(|case| case.amount).sum::<Decimal>(), "{one}");
        }
    }

    async fn r178_a17_22_the_rate_on_the_document_decides_and_ties_go_up(world: &TestWorld) {
        let kept = Kept::new(world, "USD", "UTC").await;
        let cases = [
            ("100000", "0.015", "1500"),
            ("1", "0.0166666666", "0.016666667"),
            ("1", "0.0000000005", "0.000000001"),
            ("-1", "0.0000000005", "-0.000000001"),
            ("1", "0.0000000004999", "0"),
            ("1054.75", "0.015", "15.82125"),
        ];
        for (place, (total, rate, wanted)) in cases.into_iter().enumerate() {
            let one = finbridge_contract::RemoteDocument {
                currency_code: "INR".to_owned(),
                exchange_rate: Some(decimal(rate)),
                ..plain(world, &format!("T{place}"), total)
            };
            let rows = kept.keep(DocumentKind::Invoice, &[one]).await;
            let answer = shown(world, &[id_of(&rows[0])]).await.remove(0);
            assert_eq!(number(&answer["homeTotal"]["amount"]), decimal(wanted), "{total} x {rate}");
        }
    }

    async fn a17_21_without_a_rate_there_is_no_home_amount_and_no_other_rate_takes_its_place(world: &TestWorld) {
        let kept = Kept::new(world, "USD", "UTC").await;
        let set = "mutation { exchangeRateSet(input: { currencyCode: \"INR\", rate: \"60\" }) { exchangeRate { rate } userErrors { code } } }";
        assert_eq!(world.data(set, json!({})).await["exchangeRateSet"]["exchangeRate"]["rate"], "60");
        let foreign = |id: &str, rate: Option<&str>| finbridge_contract::RemoteDocument {
            currency_code: "INR".to_owned(),
            exchange_rate: rate.map(decimal),
            ..plain(world, id, "100000")
        };
        let documents = [foreign("none", None), foreign("zero", Some("0")), foreign("right", Some("0.015")), plain(world, "home", "100000")];
        let rows = kept.keep(DocumentKind::Invoice, &documents).await;
        let query = "query($id: ID!) { transaction(id: $id) { homeTotal { amount } homeBalance { amount }
            moneyExplanation { documentRate documentRateDirection crmRate crmRateDirection rounding homeTotal { amount } warnings } } }";
        for row in rows {
            let mut data = world.data(query, json!({ "id": id_of(&row) })).await;
            let one = data["transaction"].take();
            let explained = &one["moneyExplanation"];
            assert_eq!(explained["homeTotal"], one["homeTotal"]);
            let (home, warnings) = match row.remote_id.as_str() {
                "none" => (Value::Null, json!(["EXCHANGE_RATE_MISSING"])),
                "zero" => (Value::Null, json!(["EXCHANGE_RATE_UNUSABLE"])),
                "right" => (json!({ "amount": "1500" }), json!([])),
                _ => (json!({ "amount": "100000" }), json!([])),
            };
            assert_eq!((&one["homeTotal"], &one["homeBalance"], &explained["warnings"]), (&home, &home, &warnings), "{one:#}");
            if row.remote_id == "right" {
                assert_eq!(explained["documentRateDirection"], "1 INR = 0.015 USD");
                assert_eq!(explained["crmRateDirection"], "1 USD = 60 INR");
            }
        }
        let data = world.data("{ reportInvoicedByMonth(from: \"2026-01-01\", to: \"2026-01-31\") { count invoiced { unconvertedCount home { amount } } } }", json!({})).await;
        let month = &data["reportInvoicedByMonth"][0];
        assert_eq!((&month["count"], &month["invoiced"]["unconvertedCount"]), (&json!(4), &json!(2)), "{data:#}");
        assert_eq!(number(&month["invoiced"]["home"]["amount"]), decimal("101500"));
    }
}
