//! Following the documents of a tenant, a customer or a deal: what was read anew, and what was found to be gone.

use std::collections::{HashMap, VecDeque};

use chrono::{DateTime, TimeDelta, Utc};
use finbridge_entity::{Scoped, account, deal, document};
use finbridge_sync::event::{Subject, Topic};
use futures::Stream;
use futures::stream::unfold;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, Condition, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::Services;
use super::document::{Holder, visible};
use super::error::{ServiceError, ServiceResult};
use super::follow::{Pace, patiently};

/// Documents that are read at once.
const PAGE: u64 = 200;

/// How long a change may take to be committed after the instant that is written in it. What is older is not looked for again.
const LATEST: TimeDelta = TimeDelta::seconds(30);

/// Each document that changes from now on, as it then is; those that are gone too. What changes twice in a moment comes once.
///
/// # Errors
/// No such deal or account in this organization. In the stream: a database that stays away.
pub async fn watch(
    services: &Services,
    deal_id: Option<Uuid>,
    account_id: Option<Uuid>,
) -> ServiceResult<impl Stream<Item = ServiceResult<document::Model>> + Send + 'static + use<>> {
    let here = services.organization_id();
    let mut which = Condition::all();
    if let Some(id) = deal_id {
        let found = deal::Entity::one_of(here, id).filter(deal::Column::DeletedAt.is_null());
        found.one(services.db()).await?.ok_or_else(|| missing("deal"))?;
        which = which.add(Holder::Deal.holds(here, &[id]));
    }
    if let Some(id) = account_id {
        let found = account::Entity::one_of(here, id).filter(account::Column::DeletedAt.is_null());
        found.one(services.db()).await?.ok_or_else(|| missing("account"))?;
        which = which.add(Holder::Account.holds(here, &[id]));
    }
    if let Some(kinds) = visible(services, None)? {
        which = which.add(document::Column::Kind.is_in(kinds.iter().map(|kind| kind.as_str())));
    }
    // Watching begins before the first look, so that nothing happens unseen in between.
    let watch = services.engine.events.watch(Topic::all(here, Subject::Transaction));
    let mut reader = Reader {
        services: services.clone(),
        which,
        pace: Pace::new(watch),
        seen: HashMap::new(),
        newest: services.clock().now(),
        after: None,
        is_at_end: true,
        changed: VecDeque::new(),
    };
    reader.begin();
    while !reader.is_at_end {
        reader.read().await?;
    }
    // What there was before is no change.
    reader.changed.clear();
    Ok(unfold(reader, |mut reader| async move { Some((reader.next().await?, reader)) }))
}

fn missing(what: &str) -> ServiceError {
    ServiceError::BadInput(format!("There is no {what} of this id; `{what}s` lists those that there are"))
}

struct Reader {
    services: Services,
    which: Condition,
    pace: Pace,
    /// What was told already of what may still be found again: version, and when it changed.
    seen: HashMap<Uuid, (i64, DateTime<Utc>)>,
    /// The latest change that was found.
    newest: DateTime<Utc>,
    /// How far this look has come.
    after: Option<(DateTime<Utc>, Uuid)>,
    is_at_end: bool,
    changed: VecDeque<document::Model>,
}

impl Reader {
    async fn next(&mut self) -> Option<ServiceResult<document::Model>> {
        loop {
            if let Some(row) = self.changed.pop_front() {
                return Some(Ok(row));
            }
            if self.is_at_end {
                self.pace.wait().await;
                self.begin();
            }
            if let Err(error) = self.read().await {
                return Some(Err(error));
            }
        }
    }

    /// Begins to look, from a little before the latest change: another one may have been committed late.
    fn begin(&mut self) {
        let since = self.newest - LATEST;
        self.seen.retain(|_, (_, changed_at)| *changed_at >= since);
        self.after = Some((since, Uuid::nil()));
        self.is_at_end = false;
    }

    /// Reads on, a page.
    async fn read(&mut self) -> ServiceResult<()> {
        use document::Column;
        let Some((time, id)) = self.after else { return Ok(()) };
        let row = Expr::tuple([
            Expr::col(Column::UpdatedAt.as_column_ref()),
            Expr::col(Column::Id.as_column_ref()),
        ]);
        let further = row.gt(Expr::tuple([Expr::value(time), Expr::value(id)]));
        let query = document::Entity::of(self.services.organization_id())
            .filter(self.which.clone())
            .filter(further)
            .order_by_asc(Column::UpdatedAt)
            .order_by_asc(Column::Id)
            .limit(PAGE);
        let rows = patiently("documents that are followed", || async {
            Ok(query.clone().all(self.services.db()).await?)
        })
        .await?;
        self.is_at_end = u64::try_from(rows.len()).unwrap_or(u64::MAX) < PAGE;
        for row in rows {
            self.after = Some((row.updated_at, row.id));
            self.newest = Ord::max(self.newest, row.updated_at);
            let told = self.seen.insert(row.id, (row.version, row.updated_at));
            if told.is_none_or(|(version, _)| version != row.version) {
                self.changed.push_back(row);
            }
        }
        Ok(())
    }
}
