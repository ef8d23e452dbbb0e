//! CRM users become users of the finance app (X11). One way, and only by invitation: nobody is changed or removed there, and
//! who was removed there is left alone.
//!
//! Nothing is kept of it but what a run tells. Whom to invite follows from who is there, so a run that was cut off, or another
//! one, goes on with whoever is missing.

use std::collections::BTreeSet;

use finbridge_contract::Failure;
use finbridge_entity::{Scoped, crm_user, membership, sync_run};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::apply;
use crate::engine::Engine;
use crate::error::SyncError;
use crate::lease::Lease;
use crate::plan::Subject;

/// People looked at together.
const BATCH: u64 = 200;

/// Failures that are told one by one; the others are counted.
pub const MOST_FAILURES: usize = 20;

/// What came of inviting CRM users.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserSync {
    /// People who were invited.
    pub invited: u32,
    /// Invitations that failed.
    pub failed: u32,
    /// The first of those, and why; never more than [`MOST_FAILURES`].
    pub failures: Vec<UserFailure>,
}

/// Why somebody was not invited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserFailure {
    /// Whom it is about; none when the app did not even tell who is there.
    pub email: Option<String>,
    /// Stable code, as of items.
    pub code: String,
    /// What happened.
    pub message: String,
    /// The finance app's own code.
    pub remote_code: Option<String>,
    /// The finance app's own words.
    pub remote_message: Option<String>,
}

impl UserSync {
    fn fail(&mut self, email: Option<&str>, failure: Failure) {
        self.failed = self.failed.saturating_add(1);
        if self.failures.len() < MOST_FAILURES {
            self.failures.push(UserFailure {
                email: email.map(str::to_owned),
                code: apply::error_code(&failure.kind).to_owned(),
                message: failure.message,
                remote_code: failure.remote_code,
                remote_message: failure.remote_message,
            });
        }
    }
}

/// How far inviting came.
pub(crate) enum Invited {
    /// Everybody was looked at.
    All {
        /// Whether somebody could not be invited.
        has_failures: bool,
    },
    /// Told to stop.
    Stopped,
}

/// What a run tells of it; none when it was not to invite anybody, or did not get that far.
///
/// # Errors
/// When it cannot be read.
pub fn told(run: &sync_run::Model) -> Result<Option<UserSync>, SyncError> {
    let read = |told: &serde_json::Value| serde_json::from_value(told.clone());
    let told = run.crm_users.as_ref().map(read).transpose();
    told.map_err(|source| SyncError::Corrupt { what: "the invited users of a run", source })
}

/// Invites every member of the organization who is no user of the finance app and never was, where the settings say so. Not in
/// runs about single records, nor in those that take one back or carry out a plan that somebody looked at: that names records.
///
/// # Errors
/// What may pass: the run waits and goes on here.
pub(crate) async fn invite(
    lease: &Lease<'_>,
    subject: &Subject<'_>,
    stop: &CancellationToken,
) -> Result<Invited, SyncError> {
    let run = &lease.run;
    let is_part = run.only_record_id.is_some() || run.retry_of_id.is_some() || run.undo_of_id.is_some();
    if !subject.settings.sync_crm_users || is_part || run.plan_hash.is_some() {
        return Ok(Invited::All { has_failures: false });
    }
    // Whoever failed before an interruption is tried again.
    let mut done = UserSync { invited: told(run)?.unwrap_or_default().invited, ..UserSync::default() };
    let (connector, connection) = (&subject.remote.connector, &subject.remote.connection);
    let known = match connector.users(connection).await {
        Ok(known) => known,
        Err(failure) if failure.is_transient() => return Err(failure.into()),
        Err(failure) => {
            // The records were synchronised all the same, so the run does not fail for it.
            done.fail(None, failure);
            keep(lease, &done).await?;
            return Ok(Invited::All { has_failures: true });
        }
    };
    let mut after = None;
    loop {
        let people = missing(lease.engine, run.organization_id, after, &known).await?;
        let Some(last) = people.last else { break };
        after = Some(last);
        for person in people.missing {
            if stop.is_cancelled() {
                return Ok(Invited::Stopped);
            }
            match connector.invite(connection, &person.email, &person.name).await {
                Ok(()) => done.invited = done.invited.saturating_add(1),
                Err(failure) if failure.is_transient() => return Err(failure.into()),
                Err(failure) => done.fail(Some(&person.email), failure),
            }
            keep(lease, &done).await?;
        }
    }
    keep(lease, &done).await?;
    Ok(Invited::All { has_failures: done.failed > 0 })
}

/// Members of the organization who are not known there.
struct People {
    missing: Vec<crm_user::Model>,
    /// The last member looked at; none: there are no more.
    last: Option<Uuid>,
}

async fn missing(
    engine: &Engine,
    organization_id: Uuid,
    after: Option<Uuid>,
    known: &BTreeSet<String>,
) -> Result<People, SyncError> {
    let mut members =
        membership::Entity::of(organization_id).order_by_asc(membership::Column::Id).limit(BATCH);
    if let Some(after) = after {
        members = members.filter(membership::Column::Id.gt(after));
    }
    let members = members.all(&engine.db).await?;
    let last = members.last().map(|member| member.id);
    let mut missing = crm_user::Entity::find()
        .filter(crm_user::Column::Id.is_in(members.iter().map(|member| member.user_id)))
        .order_by_asc(crm_user::Column::Id)
        .all(&engine.db)
        .await?;
    missing.retain(|person| !known.contains(&person.email.to_lowercase()));
    Ok(People { missing, last })
}

/// Keeps what came of it with the run.
async fn keep(lease: &Lease<'_>, done: &UserSync) -> Result<(), SyncError> {
    let told = serde_json::to_value(done)
        .map_err(|source| SyncError::Corrupt { what: "the invited users of a run", source })?;
    lease
        .update()
        .col_expr(sync_run::Column::CrmUsers, Expr::value(Some(told)))
        .exec(&lease.engine.db)
        .await?;
    Ok(())
}
