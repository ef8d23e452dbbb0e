//! What hangs on a record of any kind.

use finbridge_domain::Clock;
use finbridge_entity::types::RecordType;
use finbridge_entity::{custom_value, note, record_tag};
use finbridge_tests::TestWorld;
use sea_orm::prelude::Uuid;
use sea_orm::{ActiveModelTrait, Set};

use super::super::db;

/// What hangs on a record of any kind.
pub(super) struct Hung {
    pub(super) owner: Uuid,
    pub(super) field: Uuid,
    pub(super) tag: Uuid,
}

pub(super) async fn hang(world: &TestWorld, record_type: RecordType, record: Uuid, hung: &Hung) -> Uuid {
    let now = world.clock.now();
    row!(
        world,
        custom_value {
            field_id: hung.field,
            record_id: record,
            text: Some("x".to_owned()),
            text_key: Some("x".to_owned())
        }
    );
    row!(world, record_tag { tag_id: hung.tag, record_id: record, record_type: record_type });
    row!(
        world,
        note {
            record_type: record_type,
            record_id: record,
            body: "x".to_owned(),
            author_id: Some(hung.owner),
            version: 1,
            created_at: now,
            updated_at: now,
        }
    )
}
