//! What every create and every update of a record may say.

use async_graphql::{ID, InputObject, InputType, MaybeUndefined, Result};
use finbridge_domain::NodeKind;

use crate::graphql::context::uuid;
use crate::graphql::custom_field::CustomFieldValueInput;
use crate::service::idempotency::Idempotency;
use crate::service::record::write::{CommonChange, CommonNew};

/// What every create of a record may say.
#[derive(InputObject, Default)]
pub struct RecordNewInput {
    /// The user who looks after it; whoever creates it when not given.
    owner_id: Option<ID>,
    /// The layout that says which of the organization's own fields it shows; the standard one when not given.
    layout_id: Option<ID>,
    /// Names of tags to put on it, at most 20; tags that are not there yet are made.
    tags: Option<Vec<String>>,
    /// What it holds in the organization's own fields.
    #[graphql(validator(max_items = 200))]
    custom_fields: Option<Vec<CustomFieldValueInput>>,
    /// A text of your choice, such as a UUID, under which the same request can be sent again without a second effect, for 24
    /// hours. The same key with another input is refused.
    idempotency_key: Option<String>,
}

impl RecordNewInput {
    /// What the service takes; `whole` is the input of the operation of which this is a part.
    ///
    /// # Errors
    /// Ids of another kind.
    pub fn read(&self, operation: &'static str, whole: &impl InputType) -> Result<CommonNew> {
        Ok(CommonNew {
            id: None,
            owner_id: self.owner_id.as_ref().map(|id| uuid(NodeKind::User, id)).transpose()?,
            layout_id: self.layout_id.as_ref().map(|id| uuid(NodeKind::Layout, id)).transpose()?,
            tags: self.tags.clone().unwrap_or_default(),
            custom_fields: CustomFieldValueInput::read_all(self.custom_fields.as_deref())?,
            idempotency: Idempotency::of(operation, self.idempotency_key.as_deref(), whole),
        })
    }
}

/// What every update of a record may say.
#[derive(InputObject)]
pub struct RecordChangeInput {
    /// Which record.
    id: ID,
    /// The version the change is based on; refused with VERSION_CONFLICT when the record has a newer one. Leave it out to
    /// change whatever is there.
    version: Option<i32>,
    /// The user who looks after it.
    owner_id: MaybeUndefined<ID>,
    /// The layout that says which of the organization's own fields it shows; null gives it the standard one.
    layout_id: MaybeUndefined<ID>,
    /// Names of tags; they replace those it has.
    tags: MaybeUndefined<Vec<String>>,
    /// What it holds in the organization's own fields; fields that are not named stay as they are.
    #[graphql(validator(max_items = 200))]
    custom_fields: Option<Vec<CustomFieldValueInput>>,
}

impl RecordChangeInput {
    /// Which record, and what the service takes.
    ///
    /// # Errors
    /// Ids of another kind.
    pub fn read(self, kind: NodeKind) -> Result<(uuid::Uuid, CommonChange)> {
        let change = CommonChange {
            version: self.version.map(i64::from),
            owner_id: self.owner_id.map_value(|id| uuid(NodeKind::User, &id)).transpose()?,
            layout_id: self.layout_id.map_value(|id| uuid(NodeKind::Layout, &id)).transpose()?,
            tags: self.tags,
            custom_fields: CustomFieldValueInput::read_all(self.custom_fields.as_deref())?,
        };
        Ok((uuid(kind, &self.id)?, change))
    }
}
