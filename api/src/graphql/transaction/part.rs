//! What belongs to transactions beside their lines: taxes, terms of subscriptions, and what payments were used for.

use async_graphql::{Context, Object, Result, SimpleObject};
use finbridge_domain::DocumentKind;
use finbridge_entity::document;

use super::Transaction;
use crate::graphql::account::Money;
use crate::graphql::context::Asked;
use crate::graphql::loader::{RemoteDocumentKey, failed};
use crate::graphql::scalar::{Date, Decimal};

/// A tax of a transaction, summed over its lines.
#[derive(SimpleObject)]
pub struct TransactionTax {
    /// Its name, with the rate in it where the finance app writes it so.
    pub(super) name: String,
    /// How much, in the transaction's currency; null when that is no currency of ISO 4217.
    pub(super) amount: Option<Money>,
}

/// When a subscription bills.
#[derive(SimpleObject)]
pub struct TransactionTerm {
    /// What is subscribed to; null when not told.
    pub(super) plan_name: Option<String>,
    /// First day of the present term; null when not told.
    pub(super) starts_on: Option<Date>,
    /// Last day of the present term; null when not told, or it has no end.
    pub(super) ends_on: Option<Date>,
    /// Day of the next bill; null when not told, or there will be none.
    pub(super) next_billing_on: Option<Date>,
}

/// What a payment or a credit was used for.
pub struct TransactionApplication {
    pub(super) of: document::Model,
    pub(super) remote_id: String,
    pub(super) amount: rust_decimal::Decimal,
}

/// What a payment or a credit was used for.
#[Object]
impl TransactionApplication {
    /// The invoice, by its id in the finance app.
    async fn remote_key(&self) -> &str {
        &self.remote_id
    }

    /// The invoice; null while it was not read.
    async fn transaction(&self, ctx: &Context<'_>) -> Result<Option<Transaction>> {
        let key = RemoteDocumentKey {
            finance_organization_id: self.of.finance_organization_id,
            kind: DocumentKind::Invoice,
            remote_id: self.remote_id.clone(),
        };
        let row = ctx.loaders()?.documents_of_remote().load_one(key).await.map_err(failed)?;
        Transaction::shown(ctx, row)
    }

    /// How much of it, in the invoice's currency, which is that of the payment or credit; null when that is no currency of
    /// ISO 4217.
    async fn amount(&self) -> Option<Money> {
        Some(Money { amount: Decimal(self.amount), currency_code: super::currency(&self.of)? })
    }
}
