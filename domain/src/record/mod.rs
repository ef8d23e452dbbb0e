//! Records as both sides see them: the kinds that travel, their fields, and how fields of one side become fields of the
//! other.

pub mod crm;
pub mod crm_fields;
pub mod finance;
pub mod map;
pub mod schema;
pub mod values;

pub use crm::CrmRecordType;
pub use crm_fields::{CrmField, standard_crm_fields};
pub use finance::{CustomerKind, FieldType, FinanceField, RecordKind};
pub use map::{FieldMap, FieldPair, MapFault, Source};
pub use schema::{Schema, SchemaFault};
pub use values::{FieldChange, FieldKey, Values};
