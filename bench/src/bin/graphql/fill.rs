//! A CRM of the size that is measured, written by the database itself.

use std::fmt;

use finbridge_bench::Failure;
use tokio_postgres::{Client, NoTls};

/// What is written. psql runs it as well.
const SQL: &str = include_str!("../../../graphql/fill.sql");

/// Rows of each kind.
#[derive(Debug, Clone, Copy)]
pub struct Sizes {
    pub accounts: u64,
    pub contacts: u64,
    pub deals: u64,
    pub transactions: u64,
}

impl Default for Sizes {
    fn default() -> Self {
        Self { accounts: 100_000, contacts: 200_000, deals: 200_000, transactions: 500_000 }
    }
}

impl fmt::Display for Sizes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { accounts, contacts, deals, transactions } = self;
        write!(f, "{accounts} accounts, {contacts} contacts, {deals} deals, {transactions} transactions")
    }
}

/// Fills a database that has its tables and one organization, unless there are accounts in it, and returns a connection to it.
pub async fn fill(url: &str, sizes: Sizes) -> Result<Client, Failure> {
    let client = connect(url).await?;
    if client.query_opt("SELECT FROM account LIMIT 1", &[]).await?.is_some() {
        return Ok(client);
    }
    // Nothing that is written refers to what is not there, and looking that up a million times takes longer than writing it.
    client.batch_execute("SET session_replication_role = replica").await?;
    let sql = [
        (":accounts", sizes.accounts),
        (":contacts", sizes.contacts),
        (":deals", sizes.deals),
        (":transactions", sizes.transactions),
    ];
    let sql = sql.iter().fold(SQL.to_owned(), |sql, (name, size)| sql.replace(name, &size.to_string()));
    client.batch_execute(&sql).await?;
    client.batch_execute("SET session_replication_role = DEFAULT").await?;
    client.batch_execute("VACUUM ANALYZE").await?;
    Ok(client)
}

/// A connection that is served until it is dropped.
pub async fn connect(url: &str) -> Result<Client, Failure> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            eprintln!("a connection to the database broke: {error}");
        }
    });
    Ok(client)
}
