//! Users of an app, as far as a CRM makes them: who is there, and inviting whoever is not.

use std::collections::BTreeSet;

use finbridge_contract::{Connection, Failure, FailureKind};

use super::table::{PER_PAGE, acknowledged, has_more};
use crate::client::{Call, Client};
use crate::envelope::Answer;
use crate::wire::body::Members;
use crate::wire::row::Row;

/// Pages of users that are read before the answer is taken for one that never ends.
const MOST_PAGES: usize = 1_000;

/// Users that are, and users that were: who was removed by somebody there is not to be invited anew. The first filter leaves
/// out the second.
const FILTERS: [&str; 2] = ["Status.All", "Status.Deleted"];

fn path(client: &Client) -> Result<String, Failure> {
    let product = client.product();
    if product.takes_users {
        return Ok(format!("{}/users", product.root));
    }
    let message = format!("{} takes no users from a CRM", product.manifest.name);
    Err(Failure::new(FailureKind::NotSupported, message))
}

/// The addresses of everybody who is or was a user.
pub(crate) async fn addresses(client: &Client, connection: &Connection) -> Result<BTreeSet<String>, Failure> {
    let path = path(client)?;
    let mut addresses = BTreeSet::new();
    for filter in FILTERS {
        let mut page = 1;
        loop {
            let call = Call::get(path.clone())
                .with("filter_by", filter)
                .with("per_page", PER_PAGE)
                .with("page", page);
            let answer: Answer<Row> = client.call(connection, call).await?;
            let named = |failure| Failure { request_id: answer.request_id.clone(), ..failure };
            let rows = answer.body.rows("users").map_err(named)?;
            for row in &rows {
                addresses.insert(row.required("email").map_err(named)?.trim().to_lowercase());
            }
            if !has_more(&answer.body, rows.len()) {
                break;
            }
            if page == MOST_PAGES {
                let message = format!("{} lists users without an end", client.product().manifest.name);
                return Err(named(Failure::new(FailureKind::Malformed, message)));
            }
            page += 1;
        }
    }
    Ok(addresses)
}

/// Invites somebody who is none of them.
pub(crate) async fn invite(
    client: &Client,
    connection: &Connection,
    email: &str,
    name: &str,
) -> Result<(), Failure> {
    let members = Members::from([("name".to_owned(), name.into()), ("email".to_owned(), email.into())]);
    acknowledged(client, connection, Call::post(path(client)?).with_body(members)).await
}
