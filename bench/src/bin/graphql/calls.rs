//! The operations, and how each server is asked for them.

use chrono::NaiveDate;
use finbridge_bench::Failure;
use finbridge_domain::{NodeId, NodeKind};
use serde_json::{Value, json};
use tokio_postgres::Client;
use uuid::Uuid;

use crate::bare::Mark;
use crate::peer::{Kind, Server};

/// Different records, and pages, that are asked for in turn.
const RECORDS: i64 = 256;
const PAGES: usize = 16;
/// Transactions of a page, and how many there are before the far one.
pub const PAGE: usize = 50;
const FAR: usize = 50_000;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    Account,
    Accounts,
    Deals,
    Transactions,
    Receivables,
    Move,
}

pub const OPERATIONS: [Operation; 6] = [
    Operation::Account,
    Operation::Accounts,
    Operation::Deals,
    Operation::Transactions,
    Operation::Receivables,
    Operation::Move,
];

impl Operation {
    pub fn name(self) -> &'static str {
        match self {
            Self::Account => "Q1",
            Self::Accounts => "Q2",
            Self::Deals => "Q3",
            Self::Transactions => "Q4",
            Self::Receivables => "Q5",
            Self::Move => "M1",
        }
    }

    pub fn tells(self) -> &'static str {
        match self {
            Self::Account => "an account by its id, ten fields",
            Self::Accounts => "50 accounts by name, six fields, cursors",
            Self::Deals => "50 deals, each with its account and its last three transactions",
            Self::Transactions => {
                "50 paid transactions from far down the list, newest first, with their accounts"
            }
            Self::Receivables => "what an account owes",
            Self::Move => "a deal is moved to a stage",
        }
    }

    /// The field of the answer.
    fn root(self) -> &'static str {
        match self {
            Self::Account | Self::Receivables => "account",
            Self::Accounts => "accounts",
            Self::Deals => "deals",
            Self::Transactions => "transactions",
            Self::Move => "dealMoveToStage",
        }
    }

    fn ours(self) -> &'static str {
        match self {
            Self::Account => {
                "query($id: ID!) { account(id: $id) { id name industry website phone description yearEstablished employeeCount
                   annualRevenue { amount currencyCode } createdAt } }"
            }
            Self::Accounts => {
                "query($after: String) { accounts(first: 50, after: $after, orderBy: { field: NAME }) {
                   edges { cursor node { id name industry website phone employeeCount } } pageInfo { hasNextPage endCursor } } }"
            }
            Self::Deals => {
                "query($after: String) { deals(first: 50, after: $after, orderBy: { field: NAME }) {
                   nodes { id name account { name } transactions(first: 3) { nodes { number datedOn total { amount currencyCode } } } }
                   pageInfo { hasNextPage endCursor } } }"
            }
            Self::Transactions => {
                "query($after: String) { transactions(first: 50, after: $after, filter: { status: { eq: PAID } }) {
                   edges { cursor node { id number kind status datedOn total { amount currencyCode } customer { account { name } } } }
                   pageInfo { hasNextPage endCursor } } }"
            }
            Self::Receivables => {
                "query($id: ID!) { account(id: $id) { financeSummary { asOf
                   receivables { byCurrency { amount currencyCode } home { amount currencyCode } unconvertedCount }
                   overdue { byCurrency { amount currencyCode } home { amount currencyCode } unconvertedCount } } } }"
            }
            Self::Move => {
                "mutation($id: ID!, $stage: ID!) { dealMoveToStage(input: { id: $id, stageId: $stage }) {
                   deal { id stage { name } } userErrors { message } } }"
            }
        }
    }

    fn postgraphile(self) -> &'static str {
        match self {
            Self::Account => {
                "query($org: UUID!, $id: UUID!) { account: accountByOrganizationIdAndRowId(organizationId: $org, rowId: $id) {
                   id: rowId name industry website phone description yearEstablished employeeCount annualRevenueUnits
                   annualRevenueCurrencyCode createdAt } }"
            }
            Self::Accounts => {
                "query($org: UUID!, $after: Cursor) { accounts: allAccounts(first: 50, after: $after,
                   orderBy: [NAME_KEY_ASC, PRIMARY_KEY_ASC], condition: { organizationId: $org, deletedAt: null }) {
                   edges { cursor node { id: rowId name industry website phone employeeCount } } pageInfo { hasNextPage endCursor } } }"
            }
            Self::Deals => {
                "query($org: UUID!, $after: Cursor) { deals: allDeals(first: 50, after: $after,
                   orderBy: [NAME_KEY_ASC, PRIMARY_KEY_ASC], condition: { organizationId: $org, deletedAt: null }) {
                   nodes { id: rowId name account { name } transactions(first: 3, orderBy: [DATED_ON_DESC, PRIMARY_KEY_DESC],
                     condition: { deletedAt: null }) { nodes { number datedOn totalUnits currencyCode } } }
                   pageInfo { hasNextPage endCursor } } }"
            }
            Self::Transactions => {
                "query($org: UUID!, $after: Cursor) { transactions: allDocuments(first: 50, after: $after,
                   orderBy: [DATED_ON_DESC, PRIMARY_KEY_DESC], condition: { organizationId: $org, status: \"PAID\", deletedAt: null }) {
                   edges { cursor node { id: rowId number kind status datedOn totalUnits currencyCode customer { account { name } } } }
                   pageInfo { hasNextPage endCursor } } }"
            }
            Self::Receivables => {
                "query($org: UUID!, $id: UUID!, $today: Date!) {
                   account: accountByOrganizationIdAndRowId(organizationId: $org, rowId: $id) { receivables(today: $today) { nodes {
                     currencyCode homeCurrencyCode asOf openUnits openHomeWhole openHomeNano overdueUnits overdueHomeWhole
                     overdueHomeNano unconverted } } } }"
            }
            Self::Move => {
                "mutation($org: UUID!, $id: UUID!, $stage: UUID!) { dealMoveToStage: updateDealByOrganizationIdAndRowId(
                   input: { organizationId: $org, rowId: $id, dealPatch: { stageId: $stage } }) { deal { id: rowId stage { name } } } }"
            }
        }
    }
}

/// A request.
#[derive(Debug, Clone)]
pub struct Call {
    pub method: &'static str,
    pub path: String,
    pub body: String,
}

/// What is in the database and is asked for.
pub struct Facts {
    organization: Uuid,
    accounts: Vec<Uuid>,
    deals: Vec<Uuid>,
    stages: [Uuid; 2],
    /// Paid transactions before the far page.
    pub far: usize,
    /// The last of them.
    mark: Mark,
    today: NaiveDate,
}

impl Facts {
    pub async fn read(database: &Client) -> Result<Self, Failure> {
        let organization: Uuid = database.query_one("SELECT id FROM organization", &[]).await?.get(0);
        // Spread over the whole table, always the same ones.
        let some = async |table: &str| -> Result<Vec<Uuid>, Failure> {
            let sql = format!("SELECT id FROM {table} ORDER BY md5(id::text) LIMIT $1");
            Ok(database.query(&sql, &[&RECORDS]).await?.iter().map(|row| row.get(0)).collect())
        };
        let paid: i64 =
            database.query_one("SELECT count(*) FROM document WHERE status = 'PAID'", &[]).await?.get(0);
        let far = FAR.min(usize::try_from(paid)? / 2 / PAGE * PAGE);
        let last = i64::try_from(far)? - 1;
        let mark = database
            .query_one(
                "SELECT dated_on, id FROM document WHERE status = 'PAID' ORDER BY dated_on DESC, id DESC LIMIT 1 OFFSET $1",
                &[&last],
            )
            .await?;
        let stages =
            database.query("SELECT id FROM stage WHERE kind = 'OPEN' ORDER BY position LIMIT 2", &[]).await?;
        let [one, other] = &stages[..] else { return Err("there are no two stages".into()) };
        let today = database.query_one("SELECT current_date", &[]).await?.get(0);
        Ok(Self {
            organization,
            accounts: some("account").await?,
            deals: some("deal").await?,
            stages: [one.get(0), other.get(0)],
            far,
            mark: Mark { key: mark.get::<_, NaiveDate>(0).to_string(), id: mark.get(1) },
            today,
        })
    }
}

/// The requests for each of the operations.
pub async fn plan(server: &Server, facts: &Facts) -> Result<Vec<Vec<Call>>, Failure> {
    let mut plan = Vec::with_capacity(OPERATIONS.len());
    for operation in OPERATIONS {
        let calls = match operation {
            Operation::Account | Operation::Receivables => {
                facts.accounts.iter().map(|id| by_id(server.kind, operation, facts, *id)).collect()
            }
            Operation::Accounts | Operation::Deals => pages(server, operation, facts, None).await?,
            Operation::Transactions => {
                let far = far(server, facts, facts.far).await?;
                pages(server, operation, facts, far).await?
            }
            Operation::Move => {
                let moves =
                    facts.stages.iter().flat_map(|stage| facts.deals.iter().map(|deal| (*deal, *stage)));
                moves.map(|(deal, stage)| moved(server.kind, facts, deal, stage)).collect()
            }
        };
        plan.push(calls);
    }
    Ok(plan)
}

fn graphql(query: &str, variables: Value) -> Call {
    // As clients send it: in one line.
    let query = query.split_whitespace().collect::<Vec<_>>().join(" ");
    let body = json!({ "query": query, "variables": variables }).to_string();
    Call { method: "POST", path: "/graphql".to_owned(), body }
}

fn get(path: String) -> Call {
    Call { method: "GET", path, body: String::new() }
}

fn by_id(kind: Kind, operation: Operation, facts: &Facts, id: Uuid) -> Call {
    let name = NodeId::new(NodeKind::Account, id).to_string();
    match kind {
        Kind::Ours => graphql(operation.ours(), json!({ "id": name })),
        Kind::Bare if operation == Operation::Account => get(format!("/account/{name}")),
        Kind::Bare => get(format!("/receivables/{name}")),
        Kind::Postgraphile => {
            let mut variables = json!({ "org": facts.organization, "id": id });
            if operation == Operation::Receivables {
                variables["today"] = json!(facts.today);
            }
            graphql(operation.postgraphile(), variables)
        }
    }
}

fn moved(kind: Kind, facts: &Facts, deal: Uuid, stage: Uuid) -> Call {
    let (deal_name, stage_name) = (NodeId::new(NodeKind::Deal, deal), NodeId::new(NodeKind::Stage, stage));
    match kind {
        Kind::Ours => {
            let variables = json!({ "id": deal_name.to_string(), "stage": stage_name.to_string() });
            graphql(Operation::Move.ours(), variables)
        }
        Kind::Bare => Call {
            method: "POST",
            path: format!("/deal/{deal_name}/stage/{stage_name}"),
            body: String::new(),
        },
        Kind::Postgraphile => {
            let variables = json!({ "org": facts.organization, "id": deal, "stage": stage });
            graphql(Operation::Move.postgraphile(), variables)
        }
    }
}

/// A page of a list, after a cursor of this server.
pub fn page(kind: Kind, operation: Operation, facts: &Facts, after: Option<&str>) -> Call {
    match kind {
        Kind::Ours => graphql(operation.ours(), json!({ "after": after })),
        Kind::Bare => {
            let after = after.map_or_else(String::new, |after| format!("?after={after}"));
            get(format!("/{}{after}", operation.root()))
        }
        Kind::Postgraphile => {
            graphql(operation.postgraphile(), json!({ "org": facts.organization, "after": after }))
        }
    }
}

/// Pages that follow each other.
async fn pages(
    server: &Server,
    operation: Operation,
    facts: &Facts,
    mut after: Option<String>,
) -> Result<Vec<Call>, Failure> {
    let mut calls = Vec::with_capacity(PAGES);
    for _ in 0..PAGES {
        let call = page(server.kind, operation, facts, after.as_deref());
        after = Some(end_cursor(server, operation, &call).await?);
        calls.push(call);
    }
    Ok(calls)
}

async fn end_cursor(server: &Server, operation: Operation, call: &Call) -> Result<String, Failure> {
    let answer = server.ask(call).await?;
    let cursor = answer["data"][operation.root()]["pageInfo"]["endCursor"].as_str();
    Ok(cursor.ok_or_else(|| format!("no page in {answer}"))?.to_owned())
}

/// The cursor after so many paid transactions.
pub async fn far(server: &Server, facts: &Facts, transactions: usize) -> Result<Option<String>, Failure> {
    match server.kind {
        Kind::Bare => Ok(Some(facts.mark.to_string())),
        Kind::Postgraphile => {
            let query = Operation::Transactions.postgraphile();
            let query = query.replace("first: 50, after: $after", "first: 1, offset: $offset");
            let query = query.replace("$after: Cursor", "$offset: Int");
            let call = graphql(&query, json!({ "org": facts.organization, "offset": transactions - 1 }));
            Ok(Some(end_cursor(server, Operation::Transactions, &call).await?))
        }
        Kind::Ours => {
            let query = "query($after: String) { transactions(first: 50, after: $after, filter: { status: { eq: PAID } }) {
                pageInfo { endCursor } } }";
            let mut after = None;
            for _ in 0..transactions / PAGE {
                let call = graphql(query, json!({ "after": after }));
                after = Some(end_cursor(server, Operation::Transactions, &call).await?);
            }
            Ok(after)
        }
    }
}
