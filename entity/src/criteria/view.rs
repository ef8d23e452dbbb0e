//! Views: criteria under a name.

use chrono::{DateTime, Utc};
use sea_orm::{Condition, ConnectionTrait, DbErr, Iterable};
use uuid::Uuid;

use super::frame::{Frame, FrameError};
use super::value::VIEWER;
use super::{Comparison, Criteria, Operator};
use crate::scope::Scoped;
use crate::types::RecordType;
use crate::view;

/// The views that every organization has on every kind of record. They are no rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Predefined {
    /// Every record.
    All,
    /// Records whose owner asks.
    Mine,
    /// Records made on this day or one of the six before.
    RecentlyCreated,
}

/// Days that "recently" means.
const RECENT: &str = "7";

impl Predefined {
    /// Every predefined view, in the order in which they are listed.
    pub const ALL: [Self; 3] = [Self::All, Self::Mine, Self::RecentlyCreated];

    /// The id of the view in this organization: the organization's own UUID with the last two bytes replaced by the kind
    /// of record and the kind of view. It is the same at every time and on every server, without a row.
    pub fn id(self, organization_id: Uuid, record_type: RecordType) -> Uuid {
        let mut bytes = organization_id.into_bytes();
        bytes[14] = match record_type {
            RecordType::Account => 1,
            RecordType::Contact => 2,
            RecordType::Vendor => 3,
            RecordType::Product => 4,
            RecordType::Deal => 5,
        };
        bytes[15] = match self {
            Self::All => 1,
            Self::Mine => 2,
            Self::RecentlyCreated => 3,
        };
        Uuid::from_bytes(bytes)
    }

    /// Which predefined view of this organization has the id.
    pub fn of(organization_id: Uuid, id: Uuid) -> Option<(RecordType, Self)> {
        RecordType::iter()
            .flat_map(|record_type| Self::ALL.map(|one| (record_type, one)))
            .find(|(record_type, one)| one.id(organization_id, *record_type) == id)
    }

    fn name(self, record_type: RecordType) -> String {
        let records = record_type.plural();
        match self {
            Self::All => format!("All {records}"),
            Self::Mine => format!("My {records}"),
            Self::RecentlyCreated => format!("Recently created {records}"),
        }
    }

    fn criteria(self) -> Option<Criteria> {
        match self {
            Self::All => None,
            Self::Mine => Some(Comparison::of("owner", Operator::Eq, &[VIEWER])),
            Self::RecentlyCreated => Some(Comparison::of("createdAt", Operator::LastNDays, &[RECENT])),
        }
    }
}

/// A view, be it a row or predefined.
#[derive(Debug, Clone, PartialEq)]
pub struct View {
    /// The tenant.
    pub organization_id: Uuid,
    /// Its id.
    pub id: Uuid,
    /// Which records it is on.
    pub record_type: RecordType,
    /// Its name.
    pub name: String,
    /// Which records are in it; none: all.
    pub criteria: Option<Criteria>,
    /// What only rows have.
    pub made: Option<Made>,
    /// Which of the predefined views it is.
    pub predefined: Option<Predefined>,
}

/// What only views have that somebody made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Made {
    /// Who made it.
    pub owner_id: Uuid,
    /// Whether everybody sees it.
    pub is_shared: bool,
    /// Ascends with every change.
    pub version: i64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

impl View {
    /// A predefined view.
    pub fn predefined(organization_id: Uuid, record_type: RecordType, kind: Predefined) -> Self {
        Self {
            organization_id,
            id: kind.id(organization_id, record_type),
            record_type,
            name: kind.name(record_type),
            criteria: kind.criteria(),
            made: None,
            predefined: Some(kind),
        }
    }

    /// The view of a row.
    ///
    /// # Errors
    /// Criteria that cannot be read.
    pub fn of(row: view::Model) -> Result<Self, DbErr> {
        let criteria = serde_json::from_value(row.criteria)
            .map_err(|error| DbErr::Json(format!("the criteria of a view: {error}")))?;
        Ok(Self {
            organization_id: row.organization_id,
            id: row.id,
            record_type: row.record_type,
            name: row.name,
            criteria: Some(criteria),
            made: Some(Made {
                owner_id: row.owner_id,
                is_shared: row.is_shared,
                version: row.version,
                created_at: row.created_at,
                updated_at: row.updated_at,
            }),
            predefined: None,
        })
    }

    /// The view of this id in the organization, whoever may see it.
    ///
    /// # Errors
    /// The database's.
    pub async fn find(
        db: &impl ConnectionTrait,
        organization_id: Uuid,
        id: Uuid,
    ) -> Result<Option<Self>, DbErr> {
        if let Some((record_type, kind)) = Predefined::of(organization_id, id) {
            return Ok(Some(Self::predefined(organization_id, record_type, kind)));
        }
        view::Entity::one_of(organization_id, id).one(db).await?.map(Self::of).transpose()
    }

    /// Whether this person sees it.
    pub fn is_visible_to(&self, user_id: Uuid) -> bool {
        self.made.is_none_or(|made| made.is_shared || made.owner_id == user_id)
    }

    /// Which records are in it, as a condition on their table; `viewer_id` is whom "mine" means.
    ///
    /// # Errors
    /// Criteria that cannot be applied any more.
    pub async fn members(
        &self,
        db: &impl ConnectionTrait,
        viewer_id: Uuid,
        now: DateTime<Utc>,
    ) -> Result<Condition, FrameError> {
        let Some(criteria) = &self.criteria else { return Ok(Condition::all()) };
        let frame = Frame::load(db, self.organization_id, self.record_type, viewer_id, now).await?;
        Ok(frame.condition(criteria)?)
    }

    /// Which records are in it, where the frame is known already.
    ///
    /// # Errors
    /// Criteria that cannot be applied any more.
    pub fn within(&self, frame: &Frame) -> Result<Condition, super::Unusable> {
        self.criteria.as_ref().map_or_else(|| Ok(Condition::all()), |criteria| frame.condition(criteria))
    }
}
