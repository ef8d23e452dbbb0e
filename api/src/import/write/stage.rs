//! Stages: they come from the mapping, not from a file.

use std::collections::HashMap;

use finbridge_domain::name_key;
use finbridge_entity::{Scoped, stage};
use sea_orm::{ActiveModelTrait, ColumnTrait, DbErr, QueryFilter, Set};
use sha2::{Digest, Sha256};

use super::Context;
use crate::import::fields::RecordType;
use crate::import::plan::StagePlan;
use crate::import::report::FileReport;
use crate::import::resolve::Memory;
use crate::import::row::hex;

/// Makes the stages, or takes over those of the same name that the organization already has.
pub(in crate::import) async fn write(
    context: &Context<'_>,
    memory: Memory<'_>,
    stages: &[StagePlan],
    report: &mut FileReport,
) -> Result<(), DbErr> {
    let names: Vec<String> = stages.iter().map(|stage| stage.name.clone()).collect();
    let mut remembered = memory.of(context.tx, RecordType::Stage, &names).await?;
    let existing = stage::Entity::of(context.organization_id)
        .filter(stage::Column::PipelineId.eq(context.organization_id))
        .all(context.tx)
        .await?;
    let by_name: HashMap<&str, &stage::Model> =
        existing.iter().map(|stage| (stage.name_key.as_str(), stage)).collect();
    for plan in stages {
        report.read += 1;
        let hash = hash(plan);
        let key = remembered.remove(&plan.name);
        // A stage that was removed in the meantime is made again: deals of the source need it.
        let known = key.as_ref().and_then(|key| existing.iter().find(|stage| stage.id == key.record_id));
        if known.is_some() && key.as_ref().is_some_and(|key| key.row_hash == hash) {
            report.unchanged += 1;
            continue;
        }
        let current = known.or_else(|| by_name.get(name_key(&plan.name).as_str()).copied());
        let id = match current {
            Some(current) if current.kind == plan.kind && current.position == plan.position => {
                report.unchanged += 1;
                current.id
            }
            Some(current) => {
                report.updated += 1;
                let mut active: stage::ActiveModel = current.clone().into();
                (active.kind, active.position) = (Set(plan.kind), Set(plan.position));
                active.update(context.tx).await?.id
            }
            None => {
                report.created += 1;
                let active = stage::ActiveModel {
                    organization_id: Set(context.organization_id),
                    id: Set(context.ids.uuid()),
                    // The first pipeline of an organization has its id.
                    pipeline_id: Set(context.organization_id),
                    name: Set(plan.name.clone()),
                    name_key: Set(name_key(&plan.name)),
                    kind: Set(plan.kind),
                    position: Set(plan.position),
                };
                active.insert(context.tx).await?.id
            }
        };
        match key {
            Some(key) => memory.renew(context, &key, id, hash).await?,
            None => {
                let key = memory.new_key(context, RecordType::Stage, &plan.name, id, hash);
                key.insert(context.tx).await?;
            }
        }
    }
    Ok(())
}

fn hash(stage: &StagePlan) -> String {
    hex(&Sha256::digest(format!("{}\u{1f}{:?}\u{1f}{}", stage.name, stage.kind, stage.position)))
}
