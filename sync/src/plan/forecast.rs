//! What carrying out a plan comes to: records by what is done with them, requests as the connector makes them, and the
//! time that they take under the finance app's quota.

use chrono::{DateTime, TimeDelta, Utc};
use finbridge_contract::{Act, Connection, Cost, Quota, RecordAdapter};
use finbridge_domain::BothModifiedPolicy;
use finbridge_domain::record::{FieldChange, RecordKind, Values, values};
use finbridge_entity::types::{ItemAction, ItemState};
use finbridge_entity::{Scoped, remote_record, sync_module, sync_run_item};
use sea_orm::{ActiveEnum, ColumnTrait, ConnectionTrait, PaginatorTrait, QueryFilter};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::hash::{Contents, Hashing, Outline, PlanHash};
use super::{Step, Subject};
use crate::apply::PARALLEL;
use crate::budget::{COUNTED, Priority, usable};
use crate::error::SyncError;
use crate::{decide, pull};

/// How long a finance app takes for an answer, on the whole.
const ANSWER: TimeDelta = TimeDelta::milliseconds(200);

/// How long an access token lasts; renewing one is no request of the quota.
const TOKEN_LASTS: TimeDelta = TimeDelta::hours(1);

/// A look at what the app knows of the integration's settings: the first thing that a run asks.
const SETTINGS: Cost = Cost::of(1, 0);

/// How long so many requests take a run, which nobody waits for: the first are made at once, the quota is whole, and nobody
/// else uses it.
fn duration(quota: Quota, requests: u64) -> TimeDelta {
    let Some(before_the_last) = requests.checked_sub(1) else { return TimeDelta::zero() };
    let most = |limit: u32| match limit {
        0 => u64::MAX,
        limit => u64::from(usable(limit, Priority::Background)),
    };
    let (per_day, per_minute) = (most(quota.per_day), most(quota.per_minute));
    let (days, of_day) = (before_the_last / per_day, before_the_last % per_day);
    let (minutes, of_minute) = (of_day / per_minute, of_day % per_minute);
    let rounds = (of_minute + 1).div_ceil(PARALLEL as u64);
    let times = |unit: TimeDelta, n: u64| unit * i32::try_from(n).unwrap_or(i32::MAX);
    times(TimeDelta::days(1), days) + times(TimeDelta::seconds(COUNTED), minutes) + times(ANSWER, rounds)
}

/// Records with which the same is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// What is done, by the name under which it is stored.
    pub action: String,
    /// What the records are on the finance side.
    pub kind: String,
    /// How many there are.
    pub records: u64,
    /// What that takes.
    pub cost: Cost,
}

/// What carrying out a plan comes to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outlook {
    /// What is done with how many records, in the order in which the plan has the first of each.
    pub lines: Vec<Line>,
    /// What the run reads before.
    pub reading: Cost,
    /// How long it takes under the quota of the finance app, in seconds.
    pub seconds: i64,
}

impl Outlook {
    /// What all of it takes.
    pub fn cost(&self) -> Cost {
        self.lines.iter().fold(self.reading, |sum, line| sum + line.cost)
    }

    /// Access tokens that are renewed meanwhile, at most.
    pub fn renewals(&self) -> i64 {
        self.seconds / TOKEN_LASTS.num_seconds() + 1
    }

    fn add(&mut self, action: ItemAction, kind: &str, cost: Cost) {
        let action = action.to_value();
        match self.lines.iter_mut().find(|line| line.action == action && line.kind == kind) {
            Some(line) => {
                line.records += 1;
                line.cost += cost;
            }
            None => self.lines.push(Line { action, kind: kind.to_owned(), records: 1, cost }),
        }
    }
}

/// A plan as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// What makes it the plan that it is.
    pub hash: PlanHash,
    /// What carrying it out comes to.
    pub outlook: Outlook,
}

/// Sums a plan up while its steps go by.
pub(crate) struct Summing<'a> {
    subject: &'a Subject<'a>,
    hashing: Hashing,
    outlook: Outlook,
}

impl<'a> Summing<'a> {
    /// Begins with a module under this version of its settings, and what its run would read first.
    pub(crate) fn begin(
        subject: &'a Subject<'a>,
        module_id: Uuid,
        settings_version: i32,
        reading: Cost,
    ) -> Self {
        let outlook = Outlook { reading, ..Outlook::default() };
        Self { subject, hashing: Hashing::begin(module_id, settings_version), outlook }
    }

    /// Goes on with a step.
    pub(crate) fn step(&mut self, step: &Step) -> Result<(), SyncError> {
        self.hashing.add(&Outline::of_step(step))?;
        let decision = &step.decision;
        let deed = Deed {
            action: decision.action,
            rule: decision.rule,
            changes: &decision.changes,
            has_conflicts: !decision.conflicts.is_empty(),
        };
        let cost = deed.cost(self.subject, step.kind)?;
        self.outlook.add(decision.action, step.kind.as_str(), cost);
        Ok(())
    }

    /// The same with a step that was stored.
    pub(crate) fn item(&mut self, item: &sync_run_item::Model, contents: &Contents) -> Result<(), SyncError> {
        self.hashing.add(&Outline::of_item(item, contents))?;
        let kind = RecordKind::by_name(&item.kind).ok_or(SyncError::Missing("the kind of an item"))?;
        let deed = Deed {
            action: item.action,
            rule: &item.rule,
            changes: &contents.changes,
            has_conflicts: !contents.conflicts.is_empty(),
        };
        // What waits for approval is not done.
        let cost = match item.state {
            ItemState::Pending => deed.cost(self.subject, kind)?,
            _ => Cost::NONE,
        };
        self.outlook.add(item.action, &item.kind, cost);
        Ok(())
    }

    pub(crate) fn end(self) -> Summary {
        let mut outlook = self.outlook;
        let takes = duration(self.subject.remote.connector.quota(), outlook.cost().requests());
        // A second that has begun counts.
        outlook.seconds = (takes + TimeDelta::milliseconds(999)).num_seconds();
        Summary { hash: self.hashing.end(), outlook }
    }
}

/// What a run of the module would read before it applies anything, as little changes meanwhile.
///
/// # Errors
/// The database's.
pub(crate) async fn reading(
    db: &impl ConnectionTrait,
    subject: &Subject<'_>,
    module: &sync_module::Model,
    now: DateTime<Utc>,
) -> Result<Cost, SyncError> {
    let kind = subject.module.kinds().first().copied().unwrap_or(RecordKind::Customer);
    let adapter = pull::adapter(subject.remote, kind)?;
    let connection = &subject.remote.connection;
    let mut cost = SETTINGS + adapter.cost(connection, Act::ListChanged);
    if pull::is_sweep_due(module, now) {
        let records = remote_record::Entity::of(module.organization_id)
            .filter(remote_record::Column::FinanceOrganizationId.eq(subject.remote.organization.id))
            .filter(remote_record::Column::Kind.eq(kind.as_str()))
            .count(db)
            .await?;
        cost += adapter.cost(connection, Act::ListIds { records });
    }
    Ok(cost)
}

/// What a run does with a record, as far as it costs requests.
struct Deed<'a> {
    action: ItemAction,
    rule: &'a str,
    changes: &'a [FieldChange],
    has_conflicts: bool,
}

impl Deed<'_> {
    /// Requests as applying makes them, where nothing is in the way.
    fn cost(&self, subject: &Subject<'_>, kind: RecordKind) -> Result<Cost, SyncError> {
        let asked =
            Asked { adapter: pull::adapter(subject.remote, kind)?, connection: &subject.remote.connection };
        let values = values::after(self.changes);
        Ok(match self.action {
            // An earlier run began it, so it is looked for first.
            ItemAction::Create | ItemAction::Clone if self.rule == "CLAIMED" => {
                asked.of(Act::Find) + asked.create(&values)
            }
            ItemAction::Create | ItemAction::Clone => asked.create(&values),
            ItemAction::Overwrite => asked.of(Act::Fetch) + asked.of(Act::Link) + asked.write(&values),
            ItemAction::Adopt => asked.of(Act::Fetch) + asked.write(&values),
            ItemAction::Update => asked.update(subject, self, &values),
            ItemAction::Delete => asked.of(Act::Remove),
            ItemAction::CreateInCrm => asked.of(Act::Link) + asked.of(Act::Fetch),
            ItemAction::Move => {
                asked.of(Act::Find) + asked.of(Act::Unlink) + asked.create(&values) + asked.of(Act::Remove)
            }
            ItemAction::Detach if self.rule == "ACCOUNT_NOT_SYNCED" => asked.of(Act::Unlink),
            ItemAction::Detach
            | ItemAction::Keep
            | ItemAction::Skip
            | ItemAction::Ambiguous
            | ItemAction::DeleteInCrm => Cost::NONE,
            // Only what takes a run back does these, and that is started without a plan to look at.
            ItemAction::Revert
            | ItemAction::Unlink
            | ItemAction::Remove
            | ItemAction::RemoveInCrm
            | ItemAction::RestoreInCrm => Cost::NONE,
        })
    }
}

/// Who is asked.
struct Asked<'a> {
    adapter: &'a dyn RecordAdapter,
    connection: &'a Connection,
}

impl Asked<'_> {
    fn of(&self, act: Act<'_>) -> Cost {
        self.adapter.cost(self.connection, act)
    }

    fn create(&self, values: &Values) -> Cost {
        self.of(Act::Create { is_linked: true, values })
    }

    /// Nothing is written where nothing differs.
    fn write(&self, values: &Values) -> Cost {
        if values.is_empty() { Cost::NONE } else { self.of(Act::Update(values)) }
    }

    fn update(&self, subject: &Subject<'_>, deed: &Deed<'_>, values: &Values) -> Cost {
        let mut cost = match subject.is_both_ways() {
            true => self.of(Act::Fetch) + self.write(values),
            false => self.of(Act::Update(values)),
        };
        match deed.rule {
            decide::MERGED => cost += self.of(Act::Fetch) + self.of(Act::Unlink) + self.of(Act::Link),
            decide::IMPORTED => cost += self.of(Act::Fetch) + self.of(Act::Link),
            _ => {}
        }
        if deed.has_conflicts && subject.settings.both_modified_policy == BothModifiedPolicy::Clone {
            cost += self.of(Act::Create { is_linked: false, values });
        }
        cost
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_wait_for_the_minute_and_for_the_day() {
        // A twentieth is kept back for people.
        let quota = Quota { per_minute: 100, per_day: 1_000, concurrent: 10, renewals: 10 };
        let (day, minute) = (TimeDelta::days(1), TimeDelta::seconds(COUNTED));
        for (requests, expected) in [
            (0, TimeDelta::zero()),
            (1, ANSWER),
            (4, ANSWER),
            (5, ANSWER * 2),
            (95, ANSWER * 24),
            (96, minute + ANSWER),
            (950, minute * 9 + ANSWER * 24),
            (951, day + ANSWER),
            (2_000, day * 2 + minute + ANSWER * 2),
        ] {
            assert_eq!(duration(quota, requests), expected, "{requests}");
        }
        assert_eq!(duration(Quota::UNLIMITED, 1_000), ANSWER * 250);
    }
}
