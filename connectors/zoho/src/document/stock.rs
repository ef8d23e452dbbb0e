//! How much of an item is there (X01).

use finbridge_contract::{Connection, Failure, FailureKind, Stock};

use super::read::amount;
use crate::client::{Call, Client, path_id};
use crate::envelope::Answer;
use crate::wire::row::Row;

/// Stock of an item; none of one that is not counted.
pub(crate) async fn stock(
    client: &Client,
    connection: &Connection,
    item_id: &str,
) -> Result<Option<Stock>, Failure> {
    let product = client.product();
    if !product.has_items {
        let message = format!("{} has no items", product.manifest.name);
        return Err(Failure::new(FailureKind::NotSupported, message));
    }
    let path = format!("{}/items/{}", product.root, path_id(item_id)?);
    let answer: Answer<Row> = client.call(connection, Call::get(path)).await?;
    let told = |row: Row| {
        let on_hand = amount(&row, "stock_on_hand")?;
        let available = amount(&row, "available_stock")?;
        Ok(on_hand.map(|on_hand| Stock { on_hand, available }))
    };
    let stock = answer.body.record("item").and_then(told);
    stock.map_err(|failure| Failure { request_id: answer.request_id, ..failure })
}
