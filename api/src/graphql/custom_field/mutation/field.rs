//! `customFieldCreate`, `customFieldUpdate`, `customFieldDelete`.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, Result};
use finbridge_domain::NodeKind;

use crate::graphql::context::{self, Asked, uuid};
use crate::graphql::custom_field::{CustomField, CustomFieldKind};
use crate::graphql::error::payload;
use crate::graphql::record::RecordType;
use crate::service::custom_field::definition::{self, FieldChange, NewField};
use crate::service::idempotency::Idempotency;

/// What a custom field is made of.
#[derive(InputObject)]
pub struct CustomFieldCreateInput {
    /// Which records shall have it.
    record_type: RecordType,
    /// Name for programs: lower-case letters, digits and underscores, such as `delivery_terms`; up to 60 characters.
    key: String,
    /// Name for people.
    label: String,
    /// What to fill in, for people.
    help: Option<String>,
    /// What it holds.
    kind: CustomFieldKind,
    /// What can be chosen, in this order, 1 to 500 options; only for pick lists.
    #[graphql(validator(max_items = 500))]
    options: Option<Vec<String>>,
    /// Whether records on a layout that has the field must fill it. Records that are there already keep what they have.
    #[graphql(default)]
    is_required: bool,
    /// Whether no two living records may hold the same.
    #[graphql(default)]
    is_unique: bool,
    /// The layouts that show it; the standard one when not given.
    #[graphql(validator(max_items = 50))]
    layout_ids: Option<Vec<ID>>,
    /// A text of your choice, such as a UUID, under which the same request can be sent again without a second effect, for 24
    /// hours. The same key with another input is refused.
    idempotency_key: Option<String>,
}

payload! {
    /// What came of making a custom field.
    CustomFieldCreatePayload {
        /// The new field; null when there are user errors.
        custom_field: CustomField
    }
}

/// What changes in a custom field: members that are left out stay as they are.
#[derive(InputObject)]
pub struct CustomFieldUpdateInput {
    /// Which field.
    id: ID,
    /// The version the change is based on; refused with VERSION_CONFLICT when the field has a newer one.
    version: Option<i32>,
    /// Name for people.
    label: Option<String>,
    /// What to fill in, for people; null clears it.
    help: MaybeUndefined<String>,
    /// What can be chosen; replaces all options. What records hold stays with them, also when it is no option any more.
    #[graphql(validator(max_items = 500))]
    options: Option<Vec<String>>,
    /// Whether records on a layout that has the field must fill it.
    is_required: Option<bool>,
}

payload! {
    /// What came of changing a custom field.
    CustomFieldUpdatePayload {
        /// The field as it is now; null when there are user errors.
        custom_field: CustomField
    }
}

/// Which custom field to remove.
#[derive(InputObject)]
pub struct CustomFieldDeleteInput {
    /// Which field.
    id: ID,
    /// The version that is to be removed; refused with VERSION_CONFLICT when the field has a newer one.
    version: Option<i32>,
}

payload! {
    /// What came of removing a custom field.
    CustomFieldDeletePayload {
        /// Id of the field that was removed; null when there are user errors.
        deleted_custom_field: ID
    }
}

/// Changing custom fields.
#[derive(Default)]
pub struct FieldMutation;

#[Object]
impl FieldMutation {
    /// Adds a field to one kind of record. For administrators.
    async fn custom_field_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What the field is made of.")] input: CustomFieldCreateInput,
    ) -> Result<Option<CustomFieldCreatePayload>> {
        let idempotency = Idempotency::of("customFieldCreate", input.idempotency_key.as_deref(), &input);
        let layouts = input.layout_ids.unwrap_or_default();
        let new = NewField {
            record_type: input.record_type.into(),
            key: input.key,
            label: input.label,
            help: input.help,
            kind: input.kind.into(),
            options: input.options.unwrap_or_default(),
            is_required: input.is_required,
            is_unique: input.is_unique,
            layout_ids: layouts.iter().map(|id| uuid(NodeKind::Layout, id)).collect::<Result<_>>()?,
            idempotency,
        };
        CustomFieldCreatePayload::of(definition::create(ctx.services()?, new).await, CustomField::from)
            .map(Some)
    }

    /// Changes a field. Its key and kind never change. For administrators.
    async fn custom_field_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which field, and what changes.")] input: CustomFieldUpdateInput,
    ) -> Result<Option<CustomFieldUpdatePayload>> {
        let id = uuid(NodeKind::CustomField, &input.id)?;
        let change = FieldChange {
            version: input.version.map(i64::from),
            label: input.label,
            help: input.help,
            options: input.options,
            is_required: input.is_required,
        };
        CustomFieldUpdatePayload::of(definition::update(ctx.services()?, id, change).await, CustomField::from)
            .map(Some)
    }

    /// Removes a field for good, with everything that records hold in it. For administrators.
    async fn custom_field_delete(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which field to remove.")] input: CustomFieldDeleteInput,
    ) -> Result<Option<CustomFieldDeletePayload>> {
        let id = uuid(NodeKind::CustomField, &input.id)?;
        let deleted = definition::delete(ctx.services()?, id, input.version.map(i64::from)).await;
        CustomFieldDeletePayload::of(deleted, |uuid| context::id(NodeKind::CustomField, uuid)).map(Some)
    }
}
