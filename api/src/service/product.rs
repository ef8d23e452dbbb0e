//! Products: what the organization sells.

use std::collections::BTreeMap;

use async_graphql::MaybeUndefined;
use finbridge_domain::{CurrencyCode, name_key};
use finbridge_entity::{product, product_price};
use rust_decimal::Decimal;
use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, Set};
use uuid::Uuid;

use super::Services;
use super::error::{ErrorCode, ServiceResult};
use super::idempotency::Claim;
use super::product_name;
use super::record::write::{self, CommonChange, CommonNew, Inserted};
use super::validate::{Check, LINE_LENGTH, NAME_LENGTH, TEXT_LENGTH, key_of};

/// Prices of one product in further currencies.
pub const MOST_PRICES: usize = 50;

/// What a product is made of.
#[derive(Debug, Clone)]
pub struct NewProduct {
    /// Name.
    pub name: String,
    /// Product code.
    pub code: Option<String>,
    /// Product line.
    pub family: Option<String>,
    /// Free text.
    pub description: Option<String>,
    /// What it is counted in.
    pub unit: Option<String>,
    /// List price of one.
    pub unit_price: Option<(Decimal, CurrencyCode)>,
    /// List prices in further currencies.
    pub prices: Vec<(Decimal, CurrencyCode)>,
    /// Whether it is sold.
    pub is_active: bool,
    /// Whether sales of it are taxed.
    pub is_taxable: bool,
    /// What every create may say.
    pub common: CommonNew,
}

/// What changes: absent fields stay, null clears.
#[derive(Debug, Clone, Default)]
pub struct ProductChange {
    /// What every update may say.
    pub common: CommonChange,
    /// Name.
    pub name: MaybeUndefined<String>,
    /// Product code.
    pub code: MaybeUndefined<String>,
    /// Product line.
    pub family: MaybeUndefined<String>,
    /// Free text.
    pub description: MaybeUndefined<String>,
    /// What it is counted in.
    pub unit: MaybeUndefined<String>,
    /// List price of one; a further price in its currency goes with it.
    pub unit_price: MaybeUndefined<(Decimal, CurrencyCode)>,
    /// List prices in further currencies; they replace all.
    pub prices: MaybeUndefined<Vec<(Decimal, CurrencyCode)>>,
    /// Whether it is sold.
    pub is_active: Option<bool>,
    /// Whether sales of it are taxed.
    pub is_taxable: Option<bool>,
}

/// Makes a product.
///
/// # Errors
/// What is wrong with the input.
pub async fn create(services: &Services, mut new: NewProduct) -> ServiceResult<product::Model> {
    let key = new.common.idempotency.take();
    write::once::<product::Entity, _>(services, key, |claim| async move {
        insert(services, new, claim).await?.commit().await
    })
    .await
}

/// Writes a product and leaves the transaction to whoever has more to write in it.
///
/// # Errors
/// What is wrong with the input.
pub(super) async fn insert(
    services: &Services,
    new: NewProduct,
    claim: Option<Claim>,
) -> ServiceResult<Inserted<product::Entity>> {
    let (transaction, names) = product_name::begin(services).await?;
    let mut draft = write::draft_in::<product::Entity>(services, transaction, new.common, claim).await?;
    let (check, row) = (&mut draft.check, &mut draft.row);
    let name = check.required("name", &new.name, NAME_LENGTH);
    let key = name_key(&name);
    names.free(services, &draft.transaction, check, "name", &key, draft.id).await?;
    row.name_key = Set(key);
    row.name = Set(name);
    row.code = Set(check.optional("code", new.code.as_deref(), LINE_LENGTH));
    row.code_key = key_of(&row.code);
    row.family = Set(check.optional("family", new.family.as_deref(), LINE_LENGTH));
    row.family_key = key_of(&row.family);
    row.description = Set(check.optional("description", new.description.as_deref(), TEXT_LENGTH));
    row.unit = Set(check.optional("unit", new.unit.as_deref(), LINE_LENGTH));
    row.is_active = Set(new.is_active);
    row.is_taxable = Set(new.is_taxable);
    let prices = check_prices(check, new.unit_price.map(|(_, currency)| currency), &new.prices);
    let (units, currency) = check.money("unitPrice", new.unit_price);
    row.unit_price_units = Set(units);
    row.unit_price_currency_code = Set(currency);
    let id = draft.id;
    let inserted = draft.insert(services).await?;
    insert_prices(services, &inserted.transaction, id, prices).await?;
    Ok(inserted)
}

/// Changes a product.
///
/// # Errors
/// What is wrong with the input, or that the product changed since it was read.
pub async fn update(services: &Services, id: Uuid, new: ProductChange) -> ServiceResult<product::Model> {
    edit(services, id, new).await?.commit().await
}

/// Writes the change and leaves the transaction to whoever has more to write in it.
///
/// # Errors
/// As `update`.
pub(super) async fn edit(
    services: &Services,
    id: Uuid,
    new: ProductChange,
) -> ServiceResult<Inserted<product::Entity>> {
    let (mut edit, names) = match &new.name {
        MaybeUndefined::Undefined => (write::edit::<product::Entity>(services, id, new.common).await?, None),
        MaybeUndefined::Null | MaybeUndefined::Value(_) => {
            let (transaction, names) = product_name::begin(services).await?;
            write::hold_layout(services, &transaction, &new.common).await?;
            let edit = write::edit_in::<product::Entity>(services, transaction, id, new.common).await?;
            (edit, Some(names))
        }
    };
    let (check, row) = (&mut edit.check, &mut edit.row);
    row.name = check.required_change("name", &new.name, NAME_LENGTH);
    if let Set(name) = &row.name {
        let key = name_key(name);
        if let Some(names) = names.filter(|_| key != edit.before.name_key) {
            names.free(services, &edit.transaction, check, "name", &key, id).await?;
        }
        row.name_key = Set(key);
    }
    row.code = check.optional_change("code", &new.code, LINE_LENGTH);
    row.code_key = key_of(&row.code);
    row.family = check.optional_change("family", &new.family, LINE_LENGTH);
    row.family_key = key_of(&row.family);
    row.description = check.optional_change("description", &new.description, TEXT_LENGTH);
    row.unit = check.optional_change("unit", &new.unit, LINE_LENGTH);
    if let Some(is_active) = new.is_active {
        row.is_active = Set(is_active);
    }
    if let Some(is_taxable) = new.is_taxable {
        row.is_taxable = Set(is_taxable);
    }
    let repriced = !new.unit_price.is_undefined();
    if repriced {
        let (units, currency) = check.money("unitPrice", new.unit_price.take());
        row.unit_price_units = Set(units);
        row.unit_price_currency_code = Set(currency);
    }
    let main = match &row.unit_price_currency_code {
        Set(currency) => currency.clone(),
        _ => edit.before.unit_price_currency_code.clone(),
    };
    let main: Option<CurrencyCode> = main.and_then(|currency| currency.parse().ok());
    let replaced = !new.prices.is_undefined();
    let prices = check_prices(check, main, &new.prices.take().unwrap_or_default());
    let saved = edit.save(services).await?;
    if replaced {
        product_price::Entity::delete_many()
            .filter(product_price::Column::OrganizationId.eq(services.organization_id()))
            .filter(product_price::Column::ProductId.eq(id))
            .exec(&saved.transaction)
            .await?;
        insert_prices(services, &saved.transaction, id, prices).await?;
    } else if let Some(main) = main.filter(|_| repriced) {
        // The list price is now the price in its currency.
        product_price::Entity::delete_many()
            .filter(product_price::Column::OrganizationId.eq(services.organization_id()))
            .filter(product_price::Column::ProductId.eq(id))
            .filter(product_price::Column::CurrencyCode.eq(main.as_str()))
            .exec(&saved.transaction)
            .await?;
    }
    Ok(saved)
}

/// One price per currency, and none in the currency of the list price.
fn check_prices(
    check: &mut Check,
    main: Option<CurrencyCode>,
    prices: &[(Decimal, CurrencyCode)],
) -> BTreeMap<String, i64> {
    let mut checked = BTreeMap::new();
    if prices.len() > MOST_PRICES {
        let message = format!("A product takes {MOST_PRICES} prices and these are {}", prices.len());
        check.fault(ErrorCode::Invalid, "prices", message);
        return checked;
    }
    for (place, (amount, currency)) in prices.iter().enumerate() {
        let path = format!("prices.{place}");
        let units = check.amount(&format!("{path}.amount"), *amount);
        let code = currency.as_str();
        if main == Some(*currency) {
            let message = format!("The list price is in {code} already; change `unitPrice` instead");
            check.fault(ErrorCode::Invalid, &format!("{path}.currencyCode"), message);
        } else if checked.insert(code.to_owned(), units.unwrap_or_default()).is_some() {
            let message = format!("There is a price in {code} already; give one for each currency");
            check.fault(ErrorCode::Invalid, &format!("{path}.currencyCode"), message);
        }
    }
    checked
}

async fn insert_prices(
    services: &Services,
    transaction: &DatabaseTransaction,
    product_id: Uuid,
    prices: BTreeMap<String, i64>,
) -> ServiceResult<()> {
    if prices.is_empty() {
        return Ok(());
    }
    let rows = prices.into_iter().map(|(currency_code, amount_units)| product_price::ActiveModel {
        organization_id: Set(services.organization_id()),
        id: Set(services.ids().uuid()),
        product_id: Set(product_id),
        currency_code: Set(currency_code),
        amount_units: Set(amount_units),
    });
    product_price::Entity::insert_many(rows).exec_without_returning(transaction).await?;
    Ok(())
}
