//! What pages with transactions cost in statements, whatever the number of rows.

use finbridge_domain::NodeKind;
use finbridge_tests::both_databases;
use serde_json::json;

use super::super::id;
use super::{MANY, Watched, fill};

/// Queries with lists of transactions: what is shown, and the most statements that it may take beside the one that finds out who
/// asks.
const QUERIES: &[(&str, &str, usize)] = &[
    (
        "Q1: a page of transactions with customer and deal",
        "{ transactions(first: 50) { nodes { number kind total { amount } homeTotal { amount }
             customer { name account { name } } deal { name } } } }",
        // A day may be missing, so the page comes in two parts; links, accounts, deals.
        5,
    ),
    (
        "Q2: a page of accounts with their last three transactions, and how many there are",
        "{ accounts(first: 50) { nodes { name transactions(first: 3) { totalCount nodes { number total { amount } } } } } }",
        3,
    ),
    (
        "Q3: a page of deals with the name of the account and the last three transactions",
        "{ deals(first: 50) { nodes { name account { name } transactions(first: 3) { nodes { number total { amount } } } } } }",
        3,
    ),
    (
        "Q4: a page of transactions with their lines and the products in them",
        "{ transactions(first: 50) { nodes { number lines { name product { name } } } } }",
        5,
    ),
    (
        "Q5: a page of transactions by status and with what explains their money",
        "{ transactions(first: 50, filter: { status: { in: [SENT, OVERDUE] } }) { totalCount nodes { status
             moneyExplanation { documentRate crmRate warnings homeTotal { amount } } } } }",
        // The days of the finance organizations for the filter, the page in the two parts that a day which may be missing takes, the
        // number, the time zones for the statuses, and the CRM's rates.
        6,
    ),
    (
        "Q6: contacts and vendors with what is open, overdue first",
        "{ contacts(first: 50) { nodes { transactions(first: 3, statuses: [OVERDUE, SENT]) { nodes { balance { amount } } } } }
           vendors(first: 50) { nodes { transactions(first: 3, kinds: [INVOICE]) { nodes { balance { amount } } } } } }",
        5,
    ),
];

both_databases! {
    async fn pages_with_transactions_cost_few_statements(world: &TestWorld) {
        fill::rows(world).await;
        let watched = Watched::start(world).await;
        for (what, query, most) in QUERIES {
            let (answer, ran) = watched.ask(query, &json!({})).await;
            let numbers = answer["data"].to_string().matches("\"amount\"").count();
            let texts = answer["data"].to_string().matches("\"name\"").count();
            assert!(numbers >= MANY || texts >= MANY, "{what}: too little of it to tell: {answer:#}");
            // The first one finds out who asks.
            assert!(ran.len() <= most + 1, "{what}: {} statements\n{ran:#?}", ran.len());
        }
        watched.server.finish().await;
    }

    async fn one_transaction_with_all_that_belongs_to_it_costs_few_statements(world: &TestWorld) {
        let rows = fill::rows(world).await;
        let watched = Watched::start(world).await;
        let transactions = rows.into_iter().find(|(kind, _)| *kind == NodeKind::Transaction).expect("transactions");
        let query = "query($id: ID!) { transaction(id: $id) { number status deal { name } customer { account { name } }
            lines { name product { name } } taxes { name } applications { transaction { number } } pdfPath } }";
        let (answer, ran) = watched.ask(query, &json!({ "id": id(NodeKind::Transaction, transactions.1[0]) })).await;
        let transaction = &answer["data"]["transaction"];
        assert_eq!(transaction["applications"][0]["transaction"]["number"], transaction["number"], "{answer:#}");
        assert_eq!(transaction["lines"][0]["product"]["name"], transaction["number"], "{answer:#}");
        assert!(ran.len() <= 11, "{} statements\n{ran:#?}", ran.len());
        watched.server.finish().await;
    }
}
