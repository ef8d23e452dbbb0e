//! Reading documents of finance apps as they were last mirrored (R001).

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use finbridge_contract::FailureKind;
use finbridge_domain::record::RecordKind;
use finbridge_domain::{DocumentKind, DocumentStatus};
use finbridge_entity::types::LinkState;
use finbridge_entity::{Scoped, document, finance_organization, record_link};
use finbridge_sync::SyncError;
use finbridge_sync::document::read;
use sea_orm::sea_query::{Alias, CaseStatement, Expr, ExprTrait, Query, SelectStatement};
use sea_orm::{
    ActiveEnum, ColumnTrait, Condition, DatabaseConnection, PaginatorTrait, QueryFilter, QuerySelect, Select,
};
use uuid::Uuid;

use super::error::ServiceResult;
use super::page::{Listing, Page, PageArgs, SortKey, SortValue};
use super::permit::{Act, Object};
use super::summary::today_in;
use super::{Services, remote};

/// Which documents are meant, by what can be told of each without regard to its neighbours. No list of kinds or statuses: all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Wanted {
    /// Of these kinds.
    pub kinds: Option<Vec<DocumentKind>>,
    /// That stand like this today.
    pub statuses: Option<Vec<DocumentStatus>>,
}

/// The CRM record that documents are looked at from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Holder {
    /// The customer that an account is.
    Account,
    /// The customer that a contact is, or is a contact person of.
    Contact,
    /// The vendor that a vendor of the CRM is.
    Vendor,
    /// The deal that they are linked to.
    Deal,
}

/// The name under which [`Holder::parties`] is joined, and its columns.
pub const PARTIES: &str = "held";
/// The CRM record.
pub const HELD_RECORD: &str = "held_record";
const HELD_ORGANIZATION: &str = "held_organization";
const HELD_PARTY: &str = "held_party";

impl Wanted {
    /// The conditions in SQL. What the calendar decides goes by the day in each document's finance organization.
    ///
    /// # Errors
    /// The database's.
    pub async fn condition(
        &self,
        db: &DatabaseConnection,
        organization_id: Uuid,
        now: DateTime<Utc>,
    ) -> ServiceResult<Condition> {
        let mut condition = Condition::all();
        if let Some(kinds) = &self.kinds {
            condition = condition.add(document::Column::Kind.is_in(kinds.iter().map(|kind| kind.as_str())));
        }
        if let Some(statuses) = &self.statuses {
            let today = match statuses.iter().any(|status| status.is_up_to_the_calendar()) {
                true => Today::read(db, organization_id, now).await?,
                false => Today(Vec::new()),
            };
            condition = condition.add(of_statuses(statuses, &today));
        }
        Ok(condition)
    }
}

/// Documents that stand like one of these. Every condition is true or false and never unknown, so that it can be turned round.
fn of_statuses(statuses: &[DocumentStatus], today: &Today) -> Condition {
    let (mut stored, mut as_stored): (Vec<&str>, Vec<&str>) = (Vec::new(), Vec::new());
    let mut any = Condition::any();
    for status in statuses {
        match status {
            DocumentStatus::Overdue => any = any.add(today.overdue()),
            DocumentStatus::Expired => {
                any = any.add(today.expired());
                stored.push(status.as_str());
            }
            status if status.is_up_to_the_calendar() => stored.push(status.as_str()),
            status => as_stored.push(status.as_str()),
        }
    }
    if !as_stored.is_empty() {
        any = any.add(document::Column::Status.is_in(as_stored));
    }
    if !stored.is_empty() {
        let in_time = Condition::all()
            .add(document::Column::Status.is_in(stored))
            .add(today.overdue().not())
            .add(today.expired().not());
        any = any.add(in_time);
    }
    any
}

/// The day that it is in each finance organization of a tenant, at this moment: three different ones at most.
struct Today(Vec<(NaiveDate, Vec<Uuid>)>);

impl Today {
    async fn read(db: &DatabaseConnection, organization_id: Uuid, now: DateTime<Utc>) -> ServiceResult<Self> {
        let zones: Vec<(Uuid, Option<String>)> = finance_organization::Entity::of(organization_id)
            .select_only()
            .columns([finance_organization::Column::Id, finance_organization::Column::TimeZone])
            .into_tuple()
            .all(db)
            .await?;
        let mut days: Vec<(NaiveDate, Vec<Uuid>)> = Vec::new();
        for (id, zone) in zones {
            let today = today_in(zone.as_deref(), now);
            match days.iter_mut().find(|(day, _)| *day == today) {
                Some((_, organizations)) => organizations.push(id),
                None => days.push((today, vec![id])),
            }
        }
        Ok(Self(days))
    }

    /// Whether the due day has passed.
    fn is_past(&self) -> Condition {
        use document::Column;
        let mut any = Condition::any().add(Expr::value(false));
        for (day, organizations) in &self.0 {
            let within = match self.0.len() {
                1 => Condition::all(),
                _ => Condition::all().add(Column::FinanceOrganizationId.is_in(organizations.iter().copied())),
            };
            any = any.add(within.add(Column::DueOn.lt(*day)));
        }
        Condition::all().add(Column::DueOn.is_not_null()).add(any)
    }

    /// As [`DocumentStatus::on`] has it.
    fn overdue(&self) -> Condition {
        use document::Column;
        let claims = [DocumentKind::Invoice, DocumentKind::Bill].map(DocumentKind::as_str);
        let open = Condition::all()
            .add(Column::Kind.is_in(claims))
            .add(Column::Status.is_in(DocumentStatus::MAY_BE_OVERDUE.iter().map(|status| status.as_str())))
            .add(Column::BalanceUnits.is_not_null())
            // The index of what is open knows it in this form.
            .add(Column::BalanceUnits.ne(0))
            .add(Column::BalanceUnits.gt(0));
        let orders = Condition::all()
            .add(Column::Kind.eq(DocumentKind::SalesOrder.as_str()))
            .add(Column::Status.eq(DocumentStatus::Open.as_str()));
        Condition::all().add(self.is_past()).add(Condition::any().add(open).add(orders))
    }

    /// As [`DocumentStatus::on`] has it.
    fn expired(&self) -> Condition {
        use document::Column;
        let open = [DocumentStatus::Sent, DocumentStatus::Viewed].map(DocumentStatus::as_str);
        Condition::all()
            .add(Column::Kind.eq(DocumentKind::Estimate.as_str()))
            .add(Column::Status.is_in(open))
            .add(self.is_past())
    }
}

/// How a document stands at this moment. Where the calendar has a say, `time_zone` tells the day; none where it is not needed,
/// as [`is_decided_by_zone`] says.
pub fn status_of(row: &document::Model, time_zone: Option<&str>, now: DateTime<Utc>) -> DocumentStatus {
    status_on(row, today_in(time_zone, now))
}

/// Whether a document stands differently on different sides of the earth at this moment.
pub fn is_decided_by_zone(row: &document::Model, now: DateTime<Utc>) -> bool {
    let [first, last] = [-1, 1].map(|days| status_on(row, (now + TimeDelta::days(days)).date_naive()));
    first != last
}

fn status_on(row: &document::Model, today: NaiveDate) -> DocumentStatus {
    let stored = DocumentStatus::by_name(&row.status);
    let Some(kind) = DocumentKind::by_name(&row.kind) else { return stored };
    stored.on(kind, row.due_on, row.balance_units.is_some_and(|units| units > 0), today)
}

impl Holder {
    /// The side that linked records of this holder stand on; none for deals, which documents name themselves.
    fn column(self) -> Option<document::Column> {
        match self {
            Self::Account | Self::Contact => Some(document::Column::CustomerId),
            Self::Vendor => Some(document::Column::VendorId),
            Self::Deal => None,
        }
    }

    /// The parties on the finance side that these records are: record, finance organization and remote id, each once.
    fn parties(self, organization_id: Uuid, records: &[Uuid]) -> SelectStatement {
        use record_link::Column;
        let kinds: &[RecordKind] = match self {
            Self::Contact => &[RecordKind::Customer, RecordKind::ContactPerson],
            Self::Vendor => &[RecordKind::Vendor],
            Self::Account | Self::Deal => &[RecordKind::Customer],
        };
        let customer_of_person = CaseStatement::new()
            .case(Column::Kind.eq(RecordKind::ContactPerson.as_str()), Expr::col(Column::RemoteParentId))
            .finally(Expr::col(Column::RemoteId));
        Query::select()
            .distinct()
            .expr_as(Expr::col(Column::RecordId), Alias::new(HELD_RECORD))
            .expr_as(Expr::col(Column::FinanceOrganizationId), Alias::new(HELD_ORGANIZATION))
            .expr_as(customer_of_person, Alias::new(HELD_PARTY))
            .from(record_link::Entity)
            .and_where(Column::OrganizationId.eq(organization_id))
            .and_where(Column::RecordId.is_in(records.iter().copied()))
            .and_where(Column::Kind.is_in(kinds.iter().map(|kind| kind.as_str())))
            .and_where(Column::RemoteId.is_not_null())
            .and_where(Column::State.ne(LinkState::Deleted.to_value()))
            .take()
    }

    /// Documents of one of these records.
    pub fn holds(self, organization_id: Uuid, records: &[Uuid]) -> Expr {
        let Some(column) = self.column() else {
            return document::Column::DealId.is_in(records.iter().copied());
        };
        let parties = Query::select()
            .columns([Alias::new(HELD_ORGANIZATION), Alias::new(HELD_PARTY)])
            .from_subquery(self.parties(organization_id, records), Alias::new(PARTIES))
            .take();
        let organization = document::Column::FinanceOrganizationId.as_column_ref();
        Expr::tuple([Expr::col(organization), Expr::col(column.as_column_ref())]).in_subquery(parties)
    }

    /// Joins the records to a query of documents, and says which column names the record.
    pub fn join(self, query: &mut SelectStatement, organization_id: Uuid, records: &[Uuid]) -> Expr {
        let Some(column) = self.column() else {
            query.and_where(document::Column::DealId.is_in(records.iter().copied()));
            return Expr::col(document::Column::DealId.as_column_ref());
        };
        let held = |column: &'static str| Expr::col((Alias::new(PARTIES), Alias::new(column)));
        let on = Condition::all()
            .add(
                Expr::col(document::Column::FinanceOrganizationId.as_column_ref())
                    .eq(held(HELD_ORGANIZATION)),
            )
            .add(Expr::col(column.as_column_ref()).eq(held(HELD_PARTY)));
        let parties = self.parties(organization_id, records);
        query.join_subquery(sea_orm::JoinType::InnerJoin, parties, Alias::new(PARTIES), on);
        held(HELD_RECORD)
    }
}

/// The documents of a tenant that are there.
pub fn living(organization_id: Uuid) -> Select<document::Entity> {
    document::Entity::of(organization_id).filter(document::Column::DeletedAt.is_null())
}

/// Documents of a record, newest first; those without a day come last.
pub fn newest() -> Listing<document::Entity> {
    Listing { name: "recordTransactions", key: by_day(), descending: true }
}

/// Order by day; documents without one come last.
pub fn by_day() -> SortKey<document::Entity> {
    SortKey {
        name: "DATED_ON",
        column: document::Column::DatedOn,
        nullable: true,
        value: |row: &document::Model| SortValue::Date(row.dated_on),
    }
}

/// A page of documents.
///
/// # Errors
/// Bad page arguments.
pub async fn page(
    services: &Services,
    filter: Condition,
    listing: &Listing<document::Entity>,
    args: &PageArgs,
) -> ServiceResult<Page<document::Model>> {
    let rows = living(services.organization_id()).filter(filter);
    listing.window(args)?.read(services.db(), rows).await
}

/// How many documents there are.
///
/// # Errors
/// The database's.
pub async fn count(services: &Services, filter: Condition) -> ServiceResult<u64> {
    Ok(living(services.organization_id()).filter(filter).count(services.db()).await?)
}

/// A document that was asked for by itself.
#[derive(Debug, Clone)]
pub struct Read {
    /// The document.
    pub row: document::Model,
    /// Why the rest of it, which was wanted, could not be read now.
    pub unread: Option<Unread>,
}

/// Why a document could not be read whole now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unread {
    /// Its integration is not active, so nothing is asked of the finance app.
    Inactive,
    /// The finance app did not answer, or not in time; and what it said.
    Unavailable(String),
}

/// The document of this id; none when it is gone, or another tenant's. What lists leave out is read now where it is wanted and was
/// not read yet: somebody waits for it, for five seconds at most.
///
/// # Errors
/// The database's; kinds that the viewer may not see.
pub async fn find(services: &Services, id: Uuid, is_whole_wanted: bool) -> ServiceResult<Option<Read>> {
    let here = services.organization_id();
    let Some(row) = living(here).filter(document::Column::Id.eq(id)).one(services.db()).await? else {
        return Ok(None);
    };
    let kind = DocumentKind::by_name(&row.kind).map(|kind| vec![kind]).unwrap_or_default();
    expect_visible(services, &kind)?;
    if row.is_whole || !is_whole_wanted {
        return Ok(Some(Read { row, unread: None }));
    }
    match read::whole(&services.engine, row.clone(), remote::PATIENCE).await {
        Ok(row) => {
            let unread = (!row.is_whole).then_some(Unread::Inactive);
            Ok(Some(Read { row, unread }))
        }
        Err(SyncError::Finance(failure)) if failure.kind == FailureKind::NotFound => Ok(None),
        Err(SyncError::Finance(failure)) => {
            let why =
                format!("The finance app could not be asked for the rest of it: {failure}; try again later");
            Ok(Some(Read { row, unread: Some(Unread::Unavailable(why)) }))
        }
        Err(error) => Err(error.into()),
    }
}

/// Which of these kinds the viewer may see; none: all that there are.
///
/// # Errors
/// Kinds that were named and may not be seen.
pub fn visible(
    services: &Services,
    kinds: Option<Vec<DocumentKind>>,
) -> ServiceResult<Option<Vec<DocumentKind>>> {
    if let Some(kinds) = kinds {
        expect_visible(services, &kinds)?;
        return Ok(Some(kinds));
    }
    let all = DocumentKind::ALL;
    let seen: Vec<_> = all.iter().copied().filter(|kind| is_visible(services, *kind)).collect();
    Ok((seen.len() < all.len()).then_some(seen))
}

/// Lets those pass who may see documents of these kinds.
///
/// # Errors
/// `FORBIDDEN`.
pub fn expect_visible(services: &Services, kinds: &[DocumentKind]) -> ServiceResult<()> {
    kinds.iter().try_for_each(|kind| services.permit(Act::View, Object::Transactions(*kind)))
}

/// Whether the viewer may see documents of this kind.
pub fn is_visible(services: &Services, kind: DocumentKind) -> bool {
    expect_visible(services, &[kind]).is_ok()
}
