//! Organizations of an app beyond the first: records go to them and never come from them (R022, X05). And base currencies, which
//! have to be equal for all but these (R025, R160).

use finbridge_domain::profile::MultiOrganization;
use finbridge_domain::{Direction, SettingsWish, SyncModule};
use finbridge_entity::{Scoped, finance_organization, integration, organization};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use super::error::{ErrorCode, ServiceError, ServiceResult, UserError};
use super::{Services, integration as integrations};

/// Whether an organization that is connected now is a further one of its app.
///
/// # Errors
/// `MULTI_ORG_UNSUPPORTED` where the profile takes one organization and never more (R023).
pub(super) async fn expect_room(
    services: &Services,
    db: &impl ConnectionTrait,
    app_key: &str,
) -> ServiceResult<bool> {
    let connected = integration::Entity::of(services.organization_id())
        .filter(integration::Column::AppKey.eq(app_key))
        .all(db)
        .await?;
    let mut is_one_way = false;
    for integration in &connected {
        let profile = integrations::profile(integration)?;
        match profile.multi_organization {
            MultiOrganization::Never => {
                let message = format!(
                    "The profile {} synchronises one organization with this CRM and never more (multiOrg), and one is connected already; connect that one again instead",
                    profile.key
                );
                let refused = UserError::of(ErrorCode::MultiOrgUnsupported, "financeOrganization", message);
                return Err(refused.into());
            }
            MultiOrganization::SupportOneWay => is_one_way = true,
            MultiOrganization::Replaceable => {}
        }
    }
    Ok(is_one_way)
}

/// The currencies of both sides.
pub(super) struct Currencies {
    home: String,
    base: String,
    there: String,
}

impl Currencies {
    /// Those of the CRM and of this organization.
    pub(super) async fn of(
        services: &Services,
        db: &impl ConnectionTrait,
        there: &finance_organization::Model,
    ) -> ServiceResult<Self> {
        let home = organization::Entity::find_by_id(services.organization_id()).one(db).await?;
        let home = home.ok_or_else(|| {
            ServiceError::BadInput("The organization of this token no longer exists".to_owned())
        })?;
        Ok(Self {
            home: home.home_currency_code,
            base: there.base_currency_code.clone(),
            there: there.name.clone(),
        })
    }

    /// Refuses to connect an organization that goes both ways and has another currency (R160).
    pub(super) fn check_connection(&self, is_one_way: bool) -> ServiceResult<()> {
        let remedy = "they must be equal. Change the base currency there, or connect another organization";
        if is_one_way { Ok(()) } else { self.check(None, remedy) }
    }

    /// Refuses what unequal currencies rule out: everything, where one of them was changed after connecting (R025); items, where
    /// records only go there, because their prices are in the base currency (X05).
    fn check_module(&self, is_one_way: bool, module: SyncModule) -> ServiceResult<()> {
        match (is_one_way, module) {
            (true, SyncModule::Customers | SyncModule::Vendors) => Ok(()),
            (true, SyncModule::Items) => self.check(
                Some("module"),
                "items have their prices in it, so they cannot be synchronised there. Synchronise other modules",
            ),
            (false, _) => self.check(
                Some("module"),
                "they must be equal. Change the base currency there, then connect it again",
            ),
        }
    }

    fn check(&self, field: Option<&str>, remedy: &str) -> ServiceResult<()> {
        if self.home == self.base {
            return Ok(());
        }
        let message = format!(
            "The CRM's home currency is {} and the base currency of {} is {}; {remedy}",
            self.home, self.there, self.base
        );
        let code = ErrorCode::BaseCurrencyMismatch;
        Err(match field {
            Some(field) => UserError::of(code, field, message),
            None => UserError::whole(code, message),
        }
        .into())
    }
}

/// Whether the module can be synchronised with the integration's organization by the currencies of both sides.
///
/// # Errors
/// `BASE_CURRENCY_MISMATCH`.
pub(super) async fn check_module(
    services: &Services,
    db: &impl ConnectionTrait,
    integration: &integration::Model,
    module: SyncModule,
) -> ServiceResult<()> {
    let there = finance_organization::Entity::one_of(
        integration.organization_id,
        integration.finance_organization_id,
    )
    .one(db)
    .await?
    .ok_or_else(|| ServiceError::Internal("an integration without its organization".into()))?;
    Currencies::of(services, db, &there).await?.check_module(integration.is_one_way, module)
}

/// What somebody wishes for, within what the integration can do: one way is what holds for a further organization, chosen or not.
///
/// # Errors
/// `POLICY_NOT_ALLOWED` for both ways.
pub(super) fn within(integration: &integration::Model, wish: SettingsWish) -> ServiceResult<SettingsWish> {
    if !integration.is_one_way {
        return Ok(wish);
    }
    if wish.direction == Some(Direction::BothWays) {
        let message = "Another organization of this app goes both ways; records only go to further ones (isOneWay). Choose FETCH_FROM_CRM, or leave `direction` out";
        return Err(UserError::of(ErrorCode::PolicyNotAllowed, "direction", message).into());
    }
    Ok(SettingsWish { direction: Some(Direction::FetchFromCrm), ..wish })
}
