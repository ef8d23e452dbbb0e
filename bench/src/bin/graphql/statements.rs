//! How many SQL statements a request takes, as the database counts them.

use std::time::Duration;

use finbridge_bench::Failure;
use tokio_postgres::Client;

use crate::calls::Call;
use crate::peer::Server;

/// Requests that are looked at.
const REQUESTS: usize = 20;
/// How long it takes until every connection of the database heard of a setting.
const HEARD: Duration = Duration::from_millis(300);

/// The log that `scripts/with-postgres` has the server write, in its own folder.
const LOG: &str = "log";

/// Statements of a request, `BEGIN` and `COMMIT` included, and of them those that find out who asks. Of a few requests one after
/// the other the most usual number counts, so that whatever else a server does meanwhile is left out.
pub async fn count(database: &Client, server: &Server, calls: &[Call]) -> Result<(usize, usize), Failure> {
    database.batch_execute("ALTER SYSTEM SET log_statement = 'all'").await?;
    database.batch_execute("SELECT pg_reload_conf()").await?;
    tokio::time::sleep(HEARD).await;
    let mut counts = Vec::with_capacity(REQUESTS);
    let mut client = server.connect().await?;
    for call in calls.iter().cycle().take(REQUESTS) {
        let from = end(database).await?;
        client.call(call.method, &call.path, &call.body).await?;
        let text: String = database
            .query_one("SELECT pg_read_file($1, $2, (pg_stat_file($1)).size - $2)", &[&LOG, &from])
            .await?
            .get(0);
        let ran: Vec<&str> = text.lines().filter(|line| is_statement(line)).collect();
        counts.push((ran.len(), ran.iter().filter(|line| line.contains("api_token")).count()));
    }
    database.batch_execute("ALTER SYSTEM RESET log_statement").await?;
    database.batch_execute("SELECT pg_reload_conf()").await?;
    tokio::time::sleep(HEARD).await;
    let times = |count: &(usize, usize)| counts.iter().filter(|other| *other == count).count();
    counts.iter().copied().max_by_key(times).ok_or_else(|| "nothing was asked".into())
}

async fn end(database: &Client) -> Result<i64, Failure> {
    Ok(database.query_one("SELECT (pg_stat_file($1)).size", &[&LOG]).await?.get(0))
}

/// A statement of the server's, and not one that reads the log.
fn is_statement(line: &str) -> bool {
    let ran = line.contains("LOG:  execute ") || line.contains("LOG:  statement: ");
    ran && !line.contains("pg_stat_file") && !line.contains("pg_reload_conf")
}
