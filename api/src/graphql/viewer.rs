//! Who asks.

use async_graphql::{Context, ID, Object, Result, SimpleObject};
use finbridge_domain::NodeKind;
use finbridge_entity::organization;
use uuid::Uuid;

use super::context::{Asked, id};
use super::error::top_level;
use super::scalar::{CurrencyCode, DateTime};
use super::user::User;
use crate::service::tenant;

/// The organization whose data a token reaches.
pub struct Organization(organization::Model);

impl From<organization::Model> for Organization {
    fn from(row: organization::Model) -> Self {
        Self(row)
    }
}

/// The organization whose data a token reaches.
#[Object]
impl Organization {
    /// Global id.
    pub async fn id(&self) -> ID {
        id(NodeKind::Organization, self.0.id)
    }

    /// Name.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The currency in which totals are kept; null when it is not one that ISO 4217 knows.
    async fn home_currency_code(&self) -> Option<CurrencyCode> {
        self.0.home_currency_code.parse().ok().map(CurrencyCode)
    }

    /// IANA time zone, by which days begin and end.
    async fn time_zone(&self) -> &str {
        &self.0.time_zone
    }

    /// Whether no two living products may have the same name; `productNamesSetUnique` changes it. Matching items by SKU needs
    /// it.
    async fn is_product_name_unique(&self) -> bool {
        self.0.is_product_name_unique
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }
}

impl Organization {
    /// The organization of this id, if it is the viewer's.
    ///
    /// # Errors
    /// The database's.
    pub async fn load(ctx: &Context<'_>, uuid: Uuid) -> Result<Option<Self>> {
        let services = ctx.services()?;
        if services.organization_id() != uuid {
            return Ok(None);
        }
        tenant::of_viewer(services).await.map(|row| row.map(Self)).map_err(top_level)
    }
}

/// Who asks: the person behind the token, and the organization it is bound to.
#[derive(SimpleObject)]
pub struct Viewer {
    /// The person.
    user: Option<User>,
    /// The organization.
    organization: Option<Organization>,
}

/// Reading who asks.
#[derive(Default)]
pub struct ViewerQuery;

#[Object]
impl ViewerQuery {
    /// Who asks: the person behind the token, and the organization it is bound to.
    async fn viewer(&self, ctx: &Context<'_>) -> Result<Option<Viewer>> {
        let services = ctx.services()?;
        let user = User::load(ctx, Some(services.viewer.user_id)).await?;
        let organization = Organization::load(ctx, services.organization_id()).await?;
        Ok(Some(Viewer { user, organization }))
    }
}
