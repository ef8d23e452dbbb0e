//! What money is spent on: accounts of Books, categories of Expense.

use finbridge_contract::{Connection, ExpenseCategory, Failure, FailureKind};
use finbridge_domain::DocumentKind;

use super::words::{Content, DocumentWords};
use crate::adapter::table::{PER_PAGE, has_more};
use crate::client::{Call, Client};
use crate::envelope::Answer;
use crate::wire::row::Row;

/// Most pages of categories that are read.
const PAGE_LIMIT: usize = 50;

/// How an app spells the list of its categories.
struct Words {
    path: &'static str,
    plural: &'static str,
    filter: &'static str,
    id: &'static str,
    name: &'static str,
    /// The member that says whether it takes new expenses.
    is_active: &'static str,
}

static ACCOUNTS: Words = Words {
    path: "chartofaccounts",
    plural: "chartofaccounts",
    filter: "AccountType.Expense",
    id: "account_id",
    name: "account_name",
    is_active: "is_active",
};

static CATEGORIES: Words = Words {
    path: "expensecategories",
    plural: "expense_accounts",
    filter: "Status.Active",
    id: "category_id",
    name: "category_name",
    is_active: "is_enabled",
};

fn words(documents: &[DocumentWords]) -> Option<&'static Words> {
    match documents.iter().find(|words| words.kind == DocumentKind::Expense)?.content {
        Content::Expense("account_id") => Some(&ACCOUNTS),
        Content::Expense(_) => Some(&CATEGORIES),
        _ => None,
    }
}

/// The categories that a new expense can have, by name.
pub(crate) async fn categories(
    client: &Client,
    connection: &Connection,
) -> Result<Vec<ExpenseCategory>, Failure> {
    let product = client.product();
    let Some(words) = words(product.documents) else {
        let message = format!("{} has no expenses", product.manifest.name);
        return Err(Failure::new(FailureKind::NotSupported, message));
    };
    let mut categories = Vec::new();
    for page in 1..=PAGE_LIMIT {
        let call = Call::get(format!("{}/{}", product.root, words.path)).with("filter_by", words.filter);
        let call = call.with("sort_column", words.name).with("per_page", PER_PAGE).with("page", page);
        let answer: Answer<Row> = client.call(connection, call).await?;
        let named = |failure| Failure { request_id: answer.request_id.clone(), ..failure };
        let rows = answer.body.rows(words.plural).map_err(named)?;
        for row in rows.iter().filter(|row| row.text(words.is_active).as_deref() != Some("false")) {
            let remote_id = row.required(words.id).map_err(named)?;
            categories.push(ExpenseCategory { remote_id, name: row.required(words.name).map_err(named)? });
        }
        if !has_more(&answer.body, rows.len()) {
            break;
        }
    }
    Ok(categories)
}
