//! What Finbridge is measured against: handlers that ask the database one thing and write down typed rows. They know one
//! organization, sign nobody in, check nothing and limit nothing.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use finbridge_bench::Failure;
use finbridge_domain::{Amount, HomeAmount, NodeId, NodeKind};
use serde::{Deserialize, Serialize};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Row, Statement};
use uuid::Uuid;

use crate::bare_sql::{self, TEXTS};
use crate::fill::connect;
use crate::peer::POOL;

/// The word that makes the program such a server.
pub const WORD: &str = "bare";

/// Rows of a page.
const PAGE: usize = 50;

/// Where a page ends: the value that it is ordered by, and the id.
#[derive(Debug, Clone)]
pub struct Mark {
    pub key: String,
    pub id: Uuid,
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", URL_SAFE_NO_PAD.encode(format!("{}{}", self.id.simple(), self.key)))
    }
}

impl FromStr for Mark {
    type Err = Failure;

    fn from_str(text: &str) -> Result<Self, Failure> {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(text)?)?;
        let (id, key) = text.split_at_checked(32).ok_or("no cursor")?;
        Ok(Self { key: key.to_owned(), id: id.parse()? })
    }
}

/// A connection with its prepared statements.
struct Connection {
    client: Client,
    statements: Vec<Statement>,
}

struct Shared {
    organization: Uuid,
    connections: Vec<Connection>,
    next: AtomicUsize,
}

type Answer<T> = Result<Json<Data<T>>, (StatusCode, String)>;

impl Shared {
    async fn rows(
        &self,
        statement: bare_sql::Name,
        rest: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, (StatusCode, String)> {
        let connection =
            &self.connections[self.next.fetch_add(1, Ordering::Relaxed) % self.connections.len()];
        let mut values: Vec<&(dyn ToSql + Sync)> = vec![&self.organization];
        values.extend_from_slice(rest);
        connection.client.query(&connection.statements[statement as usize], &values).await.map_err(failed)
    }
}

fn failed(error: impl fmt::Display) -> (StatusCode, String) {
    (StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
}

/// Serves until it is ended.
pub async fn serve(url: &str, port: u16) -> Result<(), Failure> {
    let mut connections = Vec::with_capacity(POOL);
    for _ in 0..POOL {
        let client = connect(url).await?;
        let mut statements = Vec::with_capacity(TEXTS.len());
        for sql in TEXTS {
            statements.push(client.prepare(sql).await?);
        }
        connections.push(Connection { client, statements });
    }
    let organization = connections[0].client.query_one("SELECT id FROM organization", &[]).await?.get(0);
    let shared = Arc::new(Shared { organization, connections, next: AtomicUsize::new(0) });
    let router = Router::new()
        .route("/account/{id}", get(account))
        .route("/accounts", get(accounts))
        .route("/deals", get(deals))
        .route("/transactions", get(transactions))
        .route("/receivables/{id}", get(receivables))
        .route("/deal/{id}/stage/{stage}", post(moved))
        .with_state(shared);
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    axum::serve(listener, router).await?;
    Ok(())
}

#[derive(Serialize)]
struct Data<T> {
    data: T,
}

fn answer<T>(data: T) -> Answer<T> {
    Ok(Json(Data { data }))
}

#[derive(Deserialize)]
struct After {
    after: Option<String>,
}

impl After {
    fn mark(self) -> Result<Option<Mark>, (StatusCode, String)> {
        self.after.as_deref().map(str::parse).transpose().map_err(failed)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Money {
    amount: String,
    currency_code: String,
}

fn money(units: Option<i64>, currency_code: Option<String>) -> Option<Money> {
    Some(Money { amount: amount(units?), currency_code: currency_code? })
}

fn amount(units: i64) -> String {
    Amount::from_units(units).to_decimal().normalize().to_string()
}

fn name(kind: NodeKind, id: Uuid) -> String {
    NodeId::new(kind, id).to_string()
}

fn instant(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

fn uuid_of(text: &str) -> Result<Uuid, (StatusCode, String)> {
    Ok(text.parse::<NodeId>().map_err(failed)?.uuid)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Account {
    id: String,
    name: String,
    industry: Option<String>,
    website: Option<String>,
    phone: Option<String>,
    description: Option<String>,
    year_established: Option<i32>,
    employee_count: Option<i32>,
    annual_revenue: Option<Money>,
    created_at: String,
}

#[derive(Serialize)]
struct OneAccount<T> {
    account: Option<T>,
}

async fn account(State(shared): State<Arc<Shared>>, Path(id): Path<String>) -> Answer<OneAccount<Account>> {
    let rows = shared.rows(bare_sql::Name::Account, &[&uuid_of(&id)?]).await?;
    let account = rows.first().map(|row| Account {
        id: name(NodeKind::Account, row.get(0)),
        name: row.get(1),
        industry: row.get(2),
        website: row.get(3),
        phone: row.get(4),
        description: row.get(5),
        year_established: row.get(6),
        employee_count: row.get(7),
        annual_revenue: money(row.get(8), row.get(9)),
        created_at: instant(row.get(10)),
    });
    answer(OneAccount { account })
}

#[derive(Serialize)]
struct Edge<T> {
    cursor: String,
    node: T,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PageInfo {
    has_next_page: bool,
    end_cursor: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Edges<T> {
    edges: Vec<Edge<T>>,
    page_info: PageInfo,
}

impl<T> Edges<T> {
    fn of(has_next_page: bool, edges: Vec<Edge<T>>) -> Self {
        let end_cursor = edges.last().map(|edge| edge.cursor.clone());
        Self { edges, page_info: PageInfo { has_next_page, end_cursor } }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Short {
    id: String,
    name: String,
    industry: Option<String>,
    website: Option<String>,
    phone: Option<String>,
    employee_count: Option<i32>,
}

#[derive(Serialize)]
struct Accounts {
    accounts: Edges<Short>,
}

async fn accounts(State(shared): State<Arc<Shared>>, Query(after): Query<After>) -> Answer<Accounts> {
    let rows = match after.mark()? {
        None => shared.rows(bare_sql::Name::Accounts, &[]).await?,
        Some(mark) => shared.rows(bare_sql::Name::AccountsAfter, &[&mark.key, &mark.id]).await?,
    };
    let edges = rows.iter().take(PAGE).map(|row| {
        let id: Uuid = row.get(0);
        let node = Short {
            id: name(NodeKind::Account, id),
            name: row.get(2),
            industry: row.get(3),
            website: row.get(4),
            phone: row.get(5),
            employee_count: row.get(6),
        };
        Edge { cursor: Mark { key: row.get(1), id }.to_string(), node }
    });
    answer(Accounts { accounts: Edges::of(rows.len() > PAGE, edges.collect()) })
}

#[derive(Serialize)]
struct Named {
    name: String,
}

#[derive(Serialize)]
struct Nodes<T> {
    nodes: Vec<T>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Last {
    number: Option<String>,
    dated_on: Option<NaiveDate>,
    total: Option<Money>,
}

#[derive(Serialize)]
struct Deal {
    id: String,
    name: String,
    account: Option<Named>,
    transactions: Nodes<Last>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DealPage {
    nodes: Vec<Deal>,
    page_info: PageInfo,
}

#[derive(Serialize)]
struct Deals {
    deals: DealPage,
}

async fn deals(State(shared): State<Arc<Shared>>, Query(after): Query<After>) -> Answer<Deals> {
    let rows = match after.mark()? {
        None => shared.rows(bare_sql::Name::Deals, &[]).await?,
        Some(mark) => shared.rows(bare_sql::Name::DealsAfter, &[&mark.key, &mark.id]).await?,
    };
    let mut nodes: Vec<Deal> = Vec::with_capacity(PAGE);
    let (mut before, mut mark, mut has_next_page) = (None, None, false);
    for row in &rows {
        let id: Uuid = row.get(0);
        if before != Some(id) {
            if nodes.len() == PAGE {
                has_next_page = true;
                break;
            }
            before = Some(id);
            mark = Some(Mark { key: row.get(1), id });
            let account: Option<String> = row.get(3);
            nodes.push(Deal {
                id: name(NodeKind::Deal, id),
                name: row.get(2),
                account: account.map(|name| Named { name }),
                transactions: Nodes { nodes: Vec::with_capacity(3) },
            });
        }
        let transaction: Option<Uuid> = row.get(4);
        if let (Some(_), Some(deal)) = (transaction, nodes.last_mut()) {
            let last =
                Last { number: row.get(5), dated_on: row.get(6), total: money(row.get(7), row.get(8)) };
            deal.transactions.nodes.push(last);
        }
    }
    let end_cursor = mark.map(|mark| mark.to_string());
    answer(Deals { deals: DealPage { nodes, page_info: PageInfo { has_next_page, end_cursor } } })
}

#[derive(Serialize)]
struct Customer {
    account: Option<Named>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Transaction {
    id: String,
    number: Option<String>,
    kind: String,
    status: String,
    dated_on: Option<NaiveDate>,
    total: Option<Money>,
    customer: Option<Customer>,
}

#[derive(Serialize)]
struct Transactions {
    transactions: Edges<Transaction>,
}

async fn transactions(State(shared): State<Arc<Shared>>, Query(after): Query<After>) -> Answer<Transactions> {
    let rows = match after.mark()? {
        None => shared.rows(bare_sql::Name::Transactions, &[&"PAID"]).await?,
        Some(mark) => {
            let day: NaiveDate = mark.key.parse().map_err(failed)?;
            shared.rows(bare_sql::Name::TransactionsAfter, &[&"PAID", &day, &mark.id]).await?
        }
    };
    let edges = rows.iter().take(PAGE).map(|row| {
        let id: Uuid = row.get(0);
        let dated_on: Option<NaiveDate> = row.get(4);
        let (customer, account): (Option<String>, Option<String>) = (row.get(7), row.get(8));
        let node = Transaction {
            id: name(NodeKind::Transaction, id),
            number: row.get(1),
            kind: row.get(2),
            status: row.get(3),
            dated_on,
            total: money(row.get(5), row.get(6)),
            customer: customer.map(|_| Customer { account: account.map(|name| Named { name }) }),
        };
        let key = dated_on.map(|day| day.to_string()).unwrap_or_default();
        Edge { cursor: Mark { key, id }.to_string(), node }
    });
    answer(Transactions { transactions: Edges::of(rows.len() > PAGE, edges.collect()) })
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Figure {
    by_currency: Vec<Money>,
    home: Money,
    unconverted_count: i64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    as_of: Option<String>,
    receivables: Figure,
    overdue: Figure,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Owing {
    finance_summary: Option<Summary>,
}

/// The figure of the columns that begin here: units, whole and billionths of the home currency, documents without a rate.
fn figure(rows: &[Row], place: usize) -> Result<Figure, (StatusCode, String)> {
    let (mut home, mut unconverted_count) = (HomeAmount::from_parts(0, 0), 0);
    let mut by_currency = Vec::with_capacity(rows.len());
    for row in rows {
        let Some(currency) = row.get::<_, Option<String>>(0) else { continue };
        by_currency.push(Money { amount: amount(row.get(place)), currency_code: currency });
        home = home.plus(HomeAmount::from_parts(row.get(place + 1), row.get(place + 2))).map_err(failed)?;
        unconverted_count += row.get::<_, i64>(place + 3);
    }
    let currency = rows.first().map(|row| row.get(1)).unwrap_or_default();
    let home = Money { amount: home.to_decimal().normalize().to_string(), currency_code: currency };
    Ok(Figure { by_currency, home, unconverted_count })
}

async fn receivables(State(shared): State<Arc<Shared>>, Path(id): Path<String>) -> Answer<OneAccount<Owing>> {
    let rows = shared.rows(bare_sql::Name::Receivables, &[&uuid_of(&id)?]).await?;
    let finance_summary = match rows.first() {
        None => None,
        Some(row) => Some(Summary {
            as_of: row.get::<_, Option<DateTime<Utc>>>(2).map(instant),
            receivables: figure(&rows, 3)?,
            overdue: figure(&rows, 7)?,
        }),
    };
    answer(OneAccount { account: Some(Owing { finance_summary }) })
}

#[derive(Serialize)]
struct MovedDeal {
    id: String,
    stage: Named,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Payload {
    deal: Option<MovedDeal>,
    user_errors: [(); 0],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Moved {
    deal_move_to_stage: Payload,
}

async fn moved(
    State(shared): State<Arc<Shared>>,
    Path((id, stage)): Path<(String, String)>,
) -> Answer<Moved> {
    let rows = shared.rows(bare_sql::Name::Move, &[&uuid_of(&id)?, &uuid_of(&stage)?]).await?;
    let deal = rows
        .first()
        .map(|row| MovedDeal { id: name(NodeKind::Deal, row.get(0)), stage: Named { name: row.get(1) } });
    answer(Moved { deal_move_to_stage: Payload { deal, user_errors: [] } })
}
