//! Changing custom fields and layouts.

mod field;
mod layout;

/// Changing custom fields and layouts.
#[derive(async_graphql::MergedObject, Default)]
pub struct CustomFieldMutation(field::FieldMutation, layout::LayoutMutation);
