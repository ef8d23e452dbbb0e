//! What is particular to merges of each kind of record.

use std::collections::HashSet;

use finbridge_domain::name_key;
use finbridge_entity::{Scoped, account, contact, deal, deal_line, product, product_price, vendor};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ColumnTrait, DatabaseTransaction, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait, Set,
};
use uuid::Uuid;

use super::{Mergeable, documents};
use crate::service::Services;
use crate::service::account::DEEPEST;
use crate::service::contact::full_name;
use crate::service::error::{ErrorCode, ServiceResult};
use crate::service::product::MOST_PRICES;
use crate::service::validate::Check;

/// Fills columns that are empty in the one that stays.
macro_rules! fill {
    ($stays:ident, $merged:ident: $($column:ident),+ $(,)?) => {
        $(if $stays.$column.is_none() {
            $stays.$column.clone_from(&$merged.$column);
        })+
    };
}

/// Lets living and deleted records refer to the one that stays instead of the merged ones, which is a change of theirs.
macro_rules! refer {
    ($services:ident, $transaction:ident, $entity:ident.$column:ident, $stays:expr, $merged:expr) => {
        $entity::Entity::update_many()
            .col_expr($entity::Column::$column, Expr::value($stays))
            .col_expr($entity::Column::Version, Expr::col($entity::Column::Version).add(1))
            .col_expr($entity::Column::UpdatedAt, Expr::value($services.clock().now()))
            .filter($entity::Column::OrganizationId.eq($services.organization_id()))
            .filter($entity::Column::$column.is_in($merged.iter().map(|row| row.id)))
            .filter($entity::Column::Id.ne($stays))
            .filter($entity::Column::Id.is_not_in($merged.iter().map(|row| row.id)))
            .exec($transaction)
            .await?
    };
}

impl Mergeable for account::Entity {
    fn fill(stays: &mut account::Model, merged: &account::Model) {
        fill!(stays, merged: owner_id, industry, industry_key, website, phone, description, year_established, employee_count,
            billing_address, shipping_address);
        if stays.annual_revenue_units.is_none() {
            stays.annual_revenue_units = merged.annual_revenue_units;
            stays.annual_revenue_currency_code.clone_from(&merged.annual_revenue_currency_code);
        }
    }

    async fn take_over(
        services: &Services,
        transaction: &DatabaseTransaction,
        _: &mut Check,
        stays: &mut account::Model,
        merged: &[account::Model],
    ) -> ServiceResult<()> {
        stays.parent_id = parent(services, transaction, stays, merged).await?;
        refer!(services, transaction, account.ParentId, stays.id, merged);
        refer!(services, transaction, contact.AccountId, stays.id, merged);
        refer!(services, transaction, deal.AccountId, stays.id, merged);
        Ok(())
    }
}

/// The account that the one that stays belongs to: its own parent, or else one that a merged account belonged to, as long
/// as it does not lead back to one of them.
async fn parent(
    services: &Services,
    transaction: &DatabaseTransaction,
    stays: &account::Model,
    merged: &[account::Model],
) -> ServiceResult<Option<Uuid>> {
    let one: HashSet<Uuid> = merged.iter().map(|row| row.id).chain([stays.id]).collect();
    let mut parents = vec![stays.parent_id];
    parents.extend(merged.iter().map(|row| row.parent_id));
    for candidate in parents.into_iter().flatten() {
        if !one.contains(&candidate) && !leads_back(services, transaction, candidate, &one).await? {
            return Ok(Some(candidate));
        }
    }
    Ok(None)
}

async fn leads_back(
    services: &Services,
    transaction: &DatabaseTransaction,
    from: Uuid,
    to: &HashSet<Uuid>,
) -> ServiceResult<bool> {
    let mut next = Some(from);
    for _ in 0..DEEPEST {
        let Some(ancestor) = next else { return Ok(false) };
        if to.contains(&ancestor) {
            return Ok(true);
        }
        let row = account::Entity::one_of(services.organization_id(), ancestor).one(transaction).await?;
        next = row.and_then(|row| row.parent_id);
    }
    Ok(next.is_some())
}

impl Mergeable for contact::Entity {
    fn fill(stays: &mut contact::Model, merged: &contact::Model) {
        // The given name of somebody who is called otherwise would make a third person of the two.
        if stays.first_name.is_none() && name_key(&stays.last_name) == name_key(&merged.last_name) {
            stays.first_name.clone_from(&merged.first_name);
            stays.name = full_name(stays.first_name.as_deref(), &stays.last_name);
            stays.name_key = name_key(&stays.name);
        }
        fill!(stays, merged: owner_id, email, email_key, phone, title, mailing_address, account_id, description);
    }
}

impl Mergeable for vendor::Entity {
    fn fill(stays: &mut vendor::Model, merged: &vendor::Model) {
        fill!(stays, merged: owner_id, email, phone, website, address, description);
    }
}

impl Mergeable for product::Entity {
    fn fill(stays: &mut product::Model, merged: &product::Model) {
        fill!(stays, merged: owner_id, code, code_key, family, family_key, unit, description);
    }

    async fn take_over(
        services: &Services,
        transaction: &DatabaseTransaction,
        check: &mut Check,
        stays: &mut product::Model,
        merged: &[product::Model],
    ) -> ServiceResult<()> {
        prices(services, transaction, check, stays, merged).await?;
        let here = services.organization_id();
        let ids = || merged.iter().map(|row| row.id);
        let sold = deal_line::Entity::of(here)
            .select_only()
            .column(deal_line::Column::DealId)
            .filter(deal_line::Column::ProductId.is_in(ids()));
        deal::Entity::update_many()
            .col_expr(deal::Column::Version, Expr::col(deal::Column::Version).add(1))
            .col_expr(deal::Column::UpdatedAt, Expr::value(services.clock().now()))
            .filter(deal::Column::OrganizationId.eq(here))
            .filter(deal::Column::Id.in_subquery(sold.into_query()))
            .exec(transaction)
            .await?;
        deal_line::Entity::update_many()
            .col_expr(deal_line::Column::ProductId, Expr::value(stays.id))
            .filter(deal_line::Column::OrganizationId.eq(here))
            .filter(deal_line::Column::ProductId.is_in(ids()))
            .exec(transaction)
            .await?;
        Ok(())
    }
}

/// Takes over the prices in currencies in which the one that stays has none.
async fn prices(
    services: &Services,
    transaction: &DatabaseTransaction,
    check: &mut Check,
    stays: &mut product::Model,
    merged: &[product::Model],
) -> ServiceResult<()> {
    let here = services.organization_id();
    let rows = product_price::Entity::of(here)
        .filter(product_price::Column::ProductId.is_in(merged.iter().map(|row| row.id).chain([stays.id])))
        .order_by_asc(product_price::Column::CurrencyCode)
        .all(transaction)
        .await?;
    let mut priced: HashSet<String> =
        rows.iter().filter(|row| row.product_id == stays.id).map(|row| row.currency_code.clone()).collect();
    let mut further = priced.len();
    priced.extend(stays.unit_price_currency_code.clone());
    for other in merged {
        let main = other.unit_price_currency_code.clone().zip(other.unit_price_units);
        if let Some((currency, units)) = main.filter(|(currency, _)| priced.insert(currency.clone())) {
            if stays.unit_price_units.is_none() {
                stays.unit_price_units = Some(units);
                stays.unit_price_currency_code = Some(currency);
            } else {
                further += 1;
                let row = product_price::ActiveModel {
                    organization_id: Set(here),
                    id: Set(services.ids().uuid()),
                    product_id: Set(stays.id),
                    currency_code: Set(currency),
                    amount_units: Set(units),
                };
                product_price::Entity::insert(row).exec_without_returning(transaction).await?;
            }
        }
        let own = rows.iter().filter(|row| row.product_id == other.id);
        let moving: Vec<Uuid> =
            own.filter(|row| priced.insert(row.currency_code.clone())).map(|row| row.id).collect();
        further += moving.len();
        if moving.is_empty() {
            continue;
        }
        product_price::Entity::update_many()
            .col_expr(product_price::Column::ProductId, Expr::value(stays.id))
            .filter(product_price::Column::OrganizationId.eq(here))
            .filter(product_price::Column::Id.is_in(moving))
            .exec(transaction)
            .await?;
    }
    if further > MOST_PRICES {
        let message = format!(
            "Together the products have prices in {further} further currencies and a product takes {MOST_PRICES}; remove some first"
        );
        check.fault(ErrorCode::Invalid, "mergedIds", message);
    }
    Ok(())
}

impl Mergeable for deal::Entity {
    fn fill(stays: &mut deal::Model, merged: &deal::Model) {
        fill!(stays, merged: owner_id, account_id, opened_on, closed_on, description);
        // A number means nothing in another currency, and nothing is converted.
        if stays.currency_code == merged.currency_code {
            fill!(stays, merged: amount_units);
        }
    }

    async fn take_over(
        services: &Services,
        transaction: &DatabaseTransaction,
        _: &mut Check,
        stays: &mut deal::Model,
        merged: &[deal::Model],
    ) -> ServiceResult<()> {
        documents::take_over(services, transaction, stays, merged).await?;
        let here = services.organization_id();
        let lines = |deal: Uuid| deal_line::Entity::of(here).filter(deal_line::Column::DealId.eq(deal));
        if lines(stays.id).count(transaction).await? > 0 {
            return Ok(());
        }
        for other in merged.iter().filter(|other| other.currency_code == stays.currency_code) {
            let moved = deal_line::Entity::update_many()
                .col_expr(deal_line::Column::DealId, Expr::value(stays.id))
                .filter(deal_line::Column::OrganizationId.eq(here))
                .filter(deal_line::Column::DealId.eq(other.id))
                .exec(transaction)
                .await?;
            if moved.rows_affected > 0 {
                break;
            }
        }
        Ok(())
    }
}
