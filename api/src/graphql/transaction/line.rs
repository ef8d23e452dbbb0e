//! Lines of transactions.

use async_graphql::{Context, ID, Object, Result};
use finbridge_domain::NodeKind;
use finbridge_domain::record::RecordKind;
use finbridge_entity::{document, document_line};
use uuid::Uuid;

use super::Transaction;
use crate::graphql::account::Money;
use crate::graphql::context::{Asked, id};
use crate::graphql::loader::{RemoteKey, failed};
use crate::graphql::product::{self, Product};
use crate::graphql::scalar::{CurrencyCode, Decimal};

/// A line of a transaction.
#[derive(Clone)]
pub struct TransactionLine {
    row: document_line::Model,
    finance_organization_id: Uuid,
    currency_code: Option<CurrencyCode>,
}

/// A line of a transaction.
#[Object]
impl TransactionLine {
    /// Global id. Reading the transaction again may give its lines new ones.
    pub async fn id(&self) -> ID {
        id(NodeKind::TransactionLine, self.row.id)
    }

    /// What it is called on the document.
    async fn name(&self) -> &str {
        &self.row.name
    }

    /// What is said about it; null when nothing is.
    async fn description(&self) -> Option<&str> {
        self.row.description.as_deref()
    }

    /// The product that its item is in the CRM; null when it is no item of the catalogue, is linked to nothing, or was deleted
    /// here.
    async fn product(&self, ctx: &Context<'_>) -> Result<Option<Product>> {
        let Some(item) = self.row.item_id.clone() else { return Ok(None) };
        let key = RemoteKey {
            finance_organization_id: self.finance_organization_id,
            kind: RecordKind::Item,
            remote_id: item,
        };
        match ctx.loaders()?.links_of_remote().load_one(key).await.map_err(failed)? {
            Some(link) => product::living(ctx, link.record_id).await,
            None => Ok(None),
        }
    }

    /// The item's id in the finance app; null when the line is no item of the catalogue.
    async fn item_key(&self) -> Option<&str> {
        self.row.item_id.as_deref()
    }

    /// How many; not always whole.
    async fn quantity(&self) -> Decimal {
        Decimal(self.row.quantity.0)
    }

    /// Of what unit; null when not told.
    async fn unit(&self) -> Option<&str> {
        self.row.unit.as_deref()
    }

    /// Price of one, in the transaction's currency: as the finance app has it, with as many decimals. Null when the currency is
    /// none of ISO 4217.
    async fn unit_price(&self) -> Option<Money> {
        Some(Money { amount: Decimal(self.row.unit_price.0), currency_code: self.currency_code? })
    }

    /// What is taken off the line, as the finance app writes it: an amount such as "10", or per cent such as "5%". Null when
    /// nothing is.
    async fn discount(&self) -> Option<&str> {
        self.row.discount.as_deref()
    }

    /// The tax on it, by name; null when there is none.
    async fn tax_name(&self) -> Option<&str> {
        self.row.tax_name.as_deref()
    }

    /// The tax on it, in per cent; null when there is none.
    async fn tax_percent(&self) -> Option<Decimal> {
        self.row.tax_percent.map(|percent| Decimal(percent.0))
    }

    /// What it comes to before tax, in the transaction's currency. Null when the currency is none of ISO 4217.
    async fn total(&self) -> Option<Money> {
        Some(Money { amount: Decimal::of_units(self.row.total_units), currency_code: self.currency_code? })
    }
}

impl TransactionLine {
    pub(super) fn new(row: document_line::Model, document: &document::Model) -> Self {
        Self {
            row,
            finance_organization_id: document.finance_organization_id,
            currency_code: super::currency(document),
        }
    }

    /// The line of this id, unless its transaction is gone or it is another tenant's.
    ///
    /// # Errors
    /// The database's.
    pub async fn load(ctx: &Context<'_>, uuid: Uuid) -> Result<Option<Self>> {
        let Some(row) = ctx.loaders()?.document_lines_by_id().load_one(uuid).await.map_err(failed)? else {
            return Ok(None);
        };
        let document = Transaction::load(ctx, row.document_id).await?;
        Ok(document.map(|document| Self::new(row, &document.row)))
    }
}
