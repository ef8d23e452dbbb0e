//! The kinds of records.

use finbridge_entity::types::RecordType;
use finbridge_entity::{account, contact, deal, product, vendor};
use sea_orm::{IntoActiveModel, Set};
use uuid::Uuid;

use super::{Common, Record, Slots};
use crate::service::Services;
use crate::service::page::{SortKey, SortValue};

macro_rules! records {
    ($($entity:ident => $kind:ident),+ $(,)?) => {
        $(impl Record for $entity::Entity {
            type Active = $entity::ActiveModel;
            const TYPE: RecordType = RecordType::$kind;
            const NAME: &'static str = stringify!($entity);

            fn deleted_column() -> Self::Column {
                Self::Column::DeletedAt
            }

            fn name_key_column() -> Self::Column {
                Self::Column::NameKey
            }

            fn owner_column() -> Self::Column {
                Self::Column::OwnerId
            }

            fn created_column() -> Self::Column {
                Self::Column::CreatedAt
            }

            fn updated_column() -> Self::Column {
                Self::Column::UpdatedAt
            }

            fn merged_into_column() -> Self::Column {
                Self::Column::MergedIntoId
            }

            fn by_name() -> SortKey<Self> {
                let value = |row: &Self::Model| SortValue::Text(row.name_key.clone());
                SortKey { name: "NAME", column: Self::Column::NameKey, nullable: false, value }
            }

            fn by_created_at() -> SortKey<Self> {
                let value = |row: &Self::Model| SortValue::Time(row.created_at);
                SortKey { name: "CREATED_AT", column: Self::Column::CreatedAt, nullable: false, value }
            }

            fn by_updated_at() -> SortKey<Self> {
                let value = |row: &Self::Model| SortValue::Time(row.updated_at);
                SortKey { name: "UPDATED_AT", column: Self::Column::UpdatedAt, nullable: false, value }
            }

            fn draft(services: &Services, id: Uuid) -> Self::Active {
                let now = services.clock().now();
                $entity::ActiveModel {
                    organization_id: Set(services.organization_id()),
                    id: Set(id),
                    wire_id: Set(services.ids().wire_id().0),
                    version: Set(1),
                    created_at: Set(now),
                    updated_at: Set(now),
                    ..Default::default()
                }
            }

            fn active(model: Self::Model) -> Self::Active {
                model.into_active_model()
            }

            fn common(model: &Self::Model) -> Common {
                Common {
                    record_type: Self::TYPE,
                    id: model.id,
                    wire_id: model.wire_id,
                    owner_id: model.owner_id,
                    layout_id: model.layout_id,
                    deleted_at: model.deleted_at,
                    merged_into_id: model.merged_into_id,
                    version: model.version,
                    created_at: model.created_at,
                    updated_at: model.updated_at,
                }
            }

            fn name_key(model: &Self::Model) -> &str {
                &model.name_key
            }

            fn slots(active: &mut Self::Active) -> Slots<'_> {
                Slots {
                    owner_id: &mut active.owner_id,
                    layout_id: &mut active.layout_id,
                    deleted_at: &mut active.deleted_at,
                    merged_into_id: &mut active.merged_into_id,
                    version: &mut active.version,
                    updated_at: &mut active.updated_at,
                }
            }
        })+
    };
}

records!(account => Account, contact => Contact, deal => Deal, product => Product, vendor => Vendor);
