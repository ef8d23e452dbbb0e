//! What can be mapped.

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};
use finbridge_domain::record::{self, CrmField, FieldKey, FinanceField};
use finbridge_domain::{NodeKind, map_key};

use super::{CrmModule, SyncModuleKey, SyncRecordType};
use crate::graphql::context::{Asked, uuid};
use crate::graphql::error::top_level;
use crate::graphql::syncable::ExternalKind;
use crate::service::mapping::{self, Mappable};

/// What a field holds.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "record::FieldType")]
pub enum MappableFieldType {
    /// Text.
    Text,
    /// One of a list of texts.
    Choice,
    /// An exact number.
    Decimal,
    /// Yes or no.
    Boolean,
    /// A day.
    Date,
}

/// A field of either side.
#[derive(SimpleObject, Debug, Clone)]
pub struct MappableField {
    /// Its name for programs: what `SyncFieldPairInput` takes. Of CRM fields the path in the schema.
    key: String,
    /// Its name for people.
    label: String,
    /// What it holds. Values fit a field of the same type and one of text; texts fit a list as far as it has them.
    #[graphql(name = "type")]
    field_type: MappableFieldType,
    /// What can be chosen; empty for every type but CHOICE.
    options: Vec<String>,
    /// Most characters; null when the side does not say so.
    max_length: Option<u32>,
    /// Whether a record cannot be without it.
    is_required: bool,
    /// Whether no two records may hold the same.
    is_unique: bool,
    /// Whether nothing can be written to it: a CRM field can only go out, a finance field cannot be mapped.
    is_read_only: bool,
    /// Whether the organization added it.
    is_custom: bool,
}

impl From<CrmField> for MappableField {
    fn from(field: CrmField) -> Self {
        Self {
            is_custom: field.key.custom_name().is_some(),
            key: text(&field.key),
            label: field.label,
            field_type: field.field_type.into(),
            options: field.options,
            max_length: None,
            is_required: field.is_required,
            is_unique: field.is_unique,
            is_read_only: field.is_read_only,
        }
    }
}

impl From<FinanceField> for MappableField {
    fn from(field: FinanceField) -> Self {
        Self {
            is_custom: field.key.custom_name().is_some(),
            key: text(&field.key),
            label: field.label,
            field_type: field.field_type.into(),
            options: field.options,
            max_length: field.max_length,
            is_required: field.is_required,
            is_unique: field.is_unique,
            is_read_only: field.is_read_only,
        }
    }
}

fn text(key: &FieldKey) -> String {
    key.as_str().to_owned()
}

/// The fields of both sides for CRM records of one kind that become finance records of one kind.
#[derive(SimpleObject, Debug, Clone)]
pub struct MappableFields {
    /// Names the map, such as `CONTACT:CONTACT_PERSON`.
    key: String,
    /// The CRM records.
    record_type: SyncRecordType,
    /// What they become.
    kind: ExternalKind,
    /// The CRM's fields, the organization's own after the others; 230 at most, so they come without pages.
    crm_fields: Vec<MappableField>,
    /// The finance side's fields, the organization's own after the others; as many as the app lists at once, some hundred.
    finance_fields: Vec<MappableField>,
}

impl From<Mappable> for MappableFields {
    fn from(mappable: Mappable) -> Self {
        let Mappable { source, schema } = mappable;
        Self {
            key: map_key(source),
            record_type: source.record_type.into(),
            kind: source.kind.into(),
            crm_fields: schema.crm.into_iter().map(Into::into).collect(),
            finance_fields: schema.finance.into_iter().map(Into::into).collect(),
        }
    }
}

/// Reading what can be mapped.
#[derive(Default)]
pub struct MappingQuery;

#[Object]
impl MappingQuery {
    /// The fields that can be mapped, for everything that the module makes: three kinds at most. The finance app is asked at
    /// once, so a field that was just made there is among them; UNAVAILABLE when it does not answer within 5 seconds. Custom
    /// fields of the CRM that are not on the standard layout are left out where the profile takes no others. For
    /// administrators.
    async fn mappable_fields(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which integration.")] integration_id: ID,
        #[graphql(desc = "Which of its modules.")] module: SyncModuleKey,
        #[graphql(
            desc = "The CRM module that feeds customers; must be given for customers, and for nothing else."
        )]
        crm_module: Option<CrmModule>,
    ) -> Result<Option<Vec<MappableFields>>> {
        let id = uuid(NodeKind::Integration, &integration_id)?;
        let crm_module = crm_module.map(Into::into);
        let read = mapping::mappable(ctx.services()?, id, module.into(), crm_module).await;
        Ok(Some(read.map_err(top_level)?.into_iter().map(Into::into).collect()))
    }
}
