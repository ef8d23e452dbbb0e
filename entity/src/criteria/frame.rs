//! What criteria are read against: whose records, who asks, and what day it is.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use super::Unusable;
use super::field::{Field, fields};
use crate::scope::Scoped;
use crate::types::RecordType;
use crate::{custom_field, organization};

/// What criteria are read against.
#[derive(Debug, Clone)]
pub struct Frame {
    pub(super) organization_id: Uuid,
    pub(super) record_type: RecordType,
    pub(super) viewer_id: Uuid,
    pub(super) zone: Tz,
    pub(super) today: NaiveDate,
    fields: Vec<Field>,
}

/// Why criteria could not be read or applied.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// The database failed.
    #[error("the database failed")]
    Database(#[from] DbErr),
    /// The criteria cannot be applied any more.
    #[error(transparent)]
    Unusable(#[from] Unusable),
}

impl Frame {
    /// Reads the organization's zone and its own fields. `viewer_id` is whom "mine" means.
    ///
    /// # Errors
    /// The database's, and a zone that is not known.
    pub async fn load(
        db: &impl ConnectionTrait,
        organization_id: Uuid,
        record_type: RecordType,
        viewer_id: Uuid,
        now: DateTime<Utc>,
    ) -> Result<Self, DbErr> {
        let organization = organization::Entity::find_by_id(organization_id)
            .one(db)
            .await?
            .ok_or_else(|| DbErr::RecordNotFound("the organization of criteria".to_owned()))?;
        let zone: Tz = organization
            .time_zone
            .parse()
            .map_err(|_| DbErr::Type(format!("the time zone `{}` is not known", organization.time_zone)))?;
        let custom = custom_field::Entity::of(organization_id)
            .filter(custom_field::Column::RecordType.eq(record_type))
            .order_by_asc(custom_field::Column::Position)
            .order_by_asc(custom_field::Column::Id)
            .all(db)
            .await?;
        Ok(Self {
            organization_id,
            record_type,
            viewer_id,
            zone,
            today: now.with_timezone(&zone).date_naive(),
            fields: fields(record_type, &custom),
        })
    }

    /// What criteria can be about.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }
}
