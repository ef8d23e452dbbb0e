//! The plan: what a run does, or would do, with each record. Preview and run share every line of it.

mod crm;
mod finance;
pub mod forecast;
pub mod hash;

use chrono::{DateTime, Utc};
use finbridge_domain::record::{CrmRecordType, FieldMap, RecordKind};
use finbridge_domain::{CapabilityProfile, Direction, Members, Side, SyncModule, SyncSettings};
use finbridge_entity::sync_module;
use sea_orm::{Condition, ConnectionTrait};
use uuid::Uuid;

use crate::decide::{Decision, Policy};
use crate::engine::Remote;
use crate::error::SyncError;
use crate::members;
use crate::merge::{Bases, Rules};
use crate::records::Scope;
use crate::stage::{Stage, stages};
use forecast::{Summary, Summing};

/// Records planned at a time.
pub const BATCH: u64 = 200;

/// What is planned.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// The finance side.
    pub remote: &'a Remote,
    /// The module.
    pub module: SyncModule,
    /// Its settings.
    pub settings: &'a SyncSettings,
    /// Now: views may be about it.
    pub now: DateTime<Utc>,
    /// The one record that it is about.
    pub only: Option<Uuid>,
    /// The one finance record that it is about.
    pub only_remote: Option<&'a str>,
    /// The run whose failures it is about.
    pub retry_of: Option<Uuid>,
    /// The run that it takes back.
    pub undo_of: Option<Uuid>,
    /// Whether pairs are compared that did not change.
    pub is_reconcile: bool,
}

/// How far a plan has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Position {
    /// The stage, from 0.
    pub stage: usize,
    /// The last record of it that was looked at.
    pub after: Option<Uuid>,
}

/// A part of the plan.
#[derive(Debug, Default)]
pub struct Planned {
    /// What to do, stage by stage, in the order of record ids.
    pub steps: Vec<Step>,
    /// Pairs that agree: that is noted and nothing else.
    pub agreed: Vec<Agreed>,
    /// Where to go on; none: the plan is complete.
    pub next: Option<Position>,
}

/// A pair that agrees.
#[derive(Debug, Clone)]
pub struct Agreed {
    /// The link.
    pub link_id: Uuid,
    /// The record it was the link of; a merge may give it to another one at any moment.
    pub record_id: Uuid,
    /// The record's version.
    pub version: i64,
    /// What both sides have, where that is news.
    pub bases: Option<Bases>,
}

/// What to do with one record.
#[derive(Debug, Clone)]
pub struct Step {
    /// The stage in which it is done.
    pub stage: usize,
    /// Where the plan goes on after this record.
    pub after: Uuid,
    /// Kind of the finance record.
    pub kind: RecordKind,
    /// Kind of the CRM record.
    pub record_type: CrmRecordType,
    /// The CRM record; of one that shall be made, the id that it gets.
    pub record_id: Uuid,
    /// Its name.
    pub name: String,
    /// Its version; 0 for one that shall be made.
    pub version: i64,
    /// The finance record that the finance record belongs to, where that is known.
    pub remote_parent_id: Option<String>,
    /// What to do, and why.
    pub decision: Decision,
}

impl Subject<'_> {
    /// What the integration may do.
    ///
    /// # Errors
    /// A profile that this server does not know.
    pub fn profile(&self) -> Result<&'static CapabilityProfile, SyncError> {
        CapabilityProfile::by_key(&self.remote.integration.profile_key)
            .ok_or(SyncError::Missing("the profile of an integration"))
    }

    /// What the plan goes through.
    ///
    /// # Errors
    /// A profile that this server does not know.
    pub fn stages(&self) -> Result<Vec<Stage>, SyncError> {
        let mut stages = stages(self.profile()?, self.module, self.settings);
        if self.only.is_some() {
            stages.retain(|stage| stage.side == Side::Crm);
        }
        if self.undo_of.is_some() {
            // What belongs to something else goes before it.
            stages.reverse();
        }
        Ok(stages)
    }

    /// Whether changes of the finance side are taken.
    pub fn is_both_ways(&self) -> bool {
        self.settings.direction == Direction::BothWays
    }

    /// How records of this stage are decided about.
    pub(crate) fn policy<'b>(&self, kind: RecordKind, map: &'b FieldMap) -> Result<Policy<'b>, SyncError> {
        let profile = self.profile()?;
        Ok(Policy {
            kind,
            duplicates: self.settings.duplicate_policy,
            merge: Rules { policy: self.settings.both_modified_policy, map },
            crm_origin: profile.delete_crm_origin,
            finance_origin: profile.delete_finance_origin,
            is_both_ways: self.is_both_ways(),
        })
    }
}

/// The conditions of the views, kept for as long as a scope refers to them.
#[derive(Debug, Default)]
pub(crate) struct Views {
    members: Option<Condition>,
    accounts: Option<Condition>,
}

impl Views {
    pub(crate) async fn of(
        db: &impl ConnectionTrait,
        subject: &Subject<'_>,
        stage: &Stage,
    ) -> Result<Self, SyncError> {
        let organization_id = subject.remote.organization.organization_id;
        let record_type = stage.lane.source.record_type;
        let members = members::of(db, organization_id, subject.settings, record_type, subject.now).await?;
        let accounts = match stage.lane.members {
            Members::WithAccount => {
                let accounts = CrmRecordType::Account;
                members::of(db, organization_id, subject.settings, accounts, subject.now).await?
            }
            _ => None,
        };
        Ok(Self { members, accounts })
    }

    pub(crate) fn scope<'b>(&'b self, subject: &Subject<'_>, stage: &Stage) -> Scope<'b> {
        Scope {
            organization_id: subject.remote.organization.organization_id,
            finance_organization_id: subject.remote.organization.id,
            lane: stage.lane,
            members: self.members.as_ref(),
            accounts: self.accounts.as_ref(),
            is_both_ways: subject.is_both_ways(),
            is_reconcile: subject.is_reconcile,
            only: subject.only,
            retry_of: subject.retry_of,
        }
    }
}

/// Plans the next records from this position, by the criteria of the views as they are now. Writes nothing.
///
/// # Errors
/// The database's, and a view that cannot be applied any more.
pub async fn next(
    db: &impl ConnectionTrait,
    engine_ids: &finbridge_domain::Ids,
    subject: &Subject<'_>,
    position: Position,
    limit: u64,
) -> Result<Planned, SyncError> {
    let stages = subject.stages()?;
    let mut position = position;
    while let Some(stage) = stages.get(position.stage) {
        let views = Views::of(db, subject, stage).await?;
        let scope = views.scope(subject, stage);
        let batch = match stage.side {
            Side::Crm => crm::batch(db, subject, &scope, position, limit).await?,
            Side::Finance => finance::batch(db, engine_ids, subject, &scope, position, limit).await?,
        };
        match batch.last {
            Some(last) => {
                let next = Some(Position { stage: position.stage, after: Some(last) });
                return Ok(Planned { steps: batch.steps, agreed: batch.agreed, next });
            }
            None => position = Position { stage: position.stage + 1, after: None },
        }
    }
    Ok(Planned::default())
}

/// What would be done with one record of a stage by now: the CRM's, or the one on the finance side. None: nothing.
///
/// # Errors
/// As [`next`].
pub(crate) async fn again(
    db: &impl ConnectionTrait,
    ids: &finbridge_domain::Ids,
    subject: &Subject<'_>,
    stage: usize,
    record_id: Uuid,
    remote_id: Option<&str>,
) -> Result<Option<Step>, SyncError> {
    let stages = subject.stages()?;
    let of = stages.get(stage).ok_or(SyncError::Missing("the stage of an item"))?;
    let alone = match of.side {
        Side::Crm => Subject { only: Some(record_id), ..*subject },
        Side::Finance => Subject { only_remote: remote_id, ..*subject },
    };
    let views = Views::of(db, &alone, of).await?;
    let scope = views.scope(&alone, of);
    let position = Position { stage, after: None };
    let batch = match of.side {
        Side::Crm => crm::batch(db, &alone, &scope, position, 1).await?,
        Side::Finance => finance::batch(db, ids, &alone, &scope, position, 1).await?,
    };
    Ok(batch.steps.into_iter().next())
}

/// The whole plan of this moment, summed up batch by batch: memory does not grow with the number of records. Writes nothing.
///
/// # Errors
/// As [`next`].
pub async fn whole(
    db: &impl ConnectionTrait,
    ids: &finbridge_domain::Ids,
    subject: &Subject<'_>,
    module: &sync_module::Model,
) -> Result<Summary, SyncError> {
    let reading = forecast::reading(db, subject, module, subject.now).await?;
    let mut summing = Summing::begin(subject, module.id, module.settings_version, reading);
    let mut position = Some(Position::default());
    while let Some(from) = position {
        let planned = next(db, ids, subject, from, BATCH).await?;
        for step in &planned.steps {
            summing.step(step)?;
        }
        position = planned.next;
    }
    Ok(summing.end())
}

/// What came of one batch of a stage.
#[derive(Debug, Default)]
struct Batch {
    steps: Vec<Step>,
    agreed: Vec<Agreed>,
    /// The last record looked at; none when the stage has no more.
    last: Option<Uuid>,
}
