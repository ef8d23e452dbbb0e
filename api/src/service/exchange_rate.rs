//! The CRM's own exchange rates: 1 unit of the home currency = so many of a foreign one (R176). Documents bring rates of their own,
//! which read the other way round; neither is ever computed from the other.

use finbridge_domain::CurrencyCode;
use finbridge_entity::types::ExactDecimal;
use finbridge_entity::{Scoped, begin_write, crm_exchange_rate, organization};
use rust_decimal::Decimal;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, Set,
};

use super::Services;
use super::error::{ErrorCode, ServiceResult, UserError};
use super::permit::{Act, Object};
use super::record::in_turn;

/// Most digits after the decimal point of a rate.
const MOST_DECIMALS: u32 = 12;

/// The largest rate: currencies of this world stay far below.
const LARGEST: Decimal = Decimal::from_parts(1_410_065_408, 2, 0, false, 0);

/// The rates of the organization, by currency.
///
/// # Errors
/// `FORBIDDEN`.
pub async fn list(services: &Services) -> ServiceResult<Vec<crm_exchange_rate::Model>> {
    services.permit(Act::View, Object::ExchangeRates)?;
    Ok(crm_exchange_rate::Entity::of(services.organization_id())
        .order_by_asc(crm_exchange_rate::Column::CurrencyCode)
        .all(services.db())
        .await?)
}

/// Sets the rate of a currency: 1 unit of the home currency = `rate` of this one.
///
/// # Errors
/// `INVALID` for a rate that is not above zero, has more than twelve decimals or is above ten thousand million, and for the home
/// currency itself.
pub async fn set(
    services: &Services,
    currency: CurrencyCode,
    rate: Decimal,
) -> ServiceResult<crm_exchange_rate::Model> {
    services.permit(Act::Configure, Object::ExchangeRates)?;
    let rate = rate.normalize();
    if rate <= Decimal::ZERO || rate > LARGEST || rate.scale() > MOST_DECIMALS {
        let message = format!(
            "Give how many units of the foreign currency one unit of the home currency is: above zero, {MOST_DECIMALS} decimals at most"
        );
        return Err(UserError::of(ErrorCode::Invalid, "rate", message).into());
    }
    let (here, now) = (services.organization_id(), services.clock().now());
    let transaction = begin_write(services.db()).await?;
    // Two who set the first rate of a currency at once would both insert it.
    in_turn(services, &transaction).await?;
    let organization = organization::Entity::find_by_id(here).one(&transaction).await?;
    let organization =
        organization.ok_or_else(|| DbErr::RecordNotFound("the viewer's organization".to_owned()))?;
    if organization.home_currency_code == currency.as_str() {
        let message =
            format!("{} is the home currency, whose rate is 1; name a foreign one", currency.as_str());
        return Err(UserError::of(ErrorCode::Invalid, "currencyCode", message).into());
    }
    let known = crm_exchange_rate::Entity::of(here)
        .filter(crm_exchange_rate::Column::CurrencyCode.eq(currency.as_str()))
        .one(&transaction)
        .await?;
    let row = match known {
        Some(known) if known.rate == ExactDecimal(rate) => known,
        Some(known) => {
            let version = known.version;
            let mut row = known.into_active_model();
            row.rate = Set(ExactDecimal(rate));
            row.version = Set(version + 1);
            row.updated_at = Set(now);
            row.update(&transaction).await?
        }
        None => {
            let row = crm_exchange_rate::ActiveModel {
                organization_id: Set(here),
                id: Set(services.ids().uuid()),
                currency_code: Set(currency.as_str().to_owned()),
                rate: Set(ExactDecimal(rate)),
                version: Set(1),
                created_at: Set(now),
                updated_at: Set(now),
            };
            row.insert(&transaction).await?
        }
    };
    transaction.commit().await?;
    Ok(row)
}
