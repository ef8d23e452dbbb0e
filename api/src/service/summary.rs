//! What customers owe and what is owed to vendors, summed up in the database (R140, R141).

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use finbridge_domain::record::RecordKind;
use finbridge_domain::{Amount, DocumentKind, DocumentStatus, HomeAmount};
use finbridge_entity::types::LinkState;
use finbridge_entity::{document, finance_organization, record_link};
use sea_orm::sea_query::{Alias, Cond, Expr, ExprTrait, Func, JoinType, Query, SelectStatement, SimpleExpr};
use sea_orm::{ActiveEnum, ColumnTrait, DatabaseConnection, FromQueryResult};
use uuid::Uuid;

use super::error::{ServiceError, ServiceResult};

/// Documents that are nobody's claim: not given to anybody, or without effect.
pub(super) const NO_CLAIM: [DocumentStatus; 5] = [
    DocumentStatus::Draft,
    DocumentStatus::PendingApproval,
    DocumentStatus::Approved,
    DocumentStatus::Rejected,
    DocumentStatus::Void,
];

/// Whose documents are summed up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// Those of accounts and contacts that are customers: invoices.
    Customer,
    /// Those of vendors: bills.
    Vendor,
}

impl Side {
    fn linked_as(self) -> RecordKind {
        match self {
            Self::Customer => RecordKind::Customer,
            Self::Vendor => RecordKind::Vendor,
        }
    }

    fn kind(self) -> DocumentKind {
        match self {
            Self::Customer => DocumentKind::Invoice,
            Self::Vendor => DocumentKind::Bill,
        }
    }

    fn column(self) -> document::Column {
        match self {
            Self::Customer => document::Column::CustomerId,
            Self::Vendor => document::Column::VendorId,
        }
    }
}

/// A sum over documents.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figure {
    /// In the documents' own currencies, by code.
    pub by_currency: BTreeMap<String, Amount>,
    /// In the home currency, by the documents' own rates, without those that have none.
    pub home: HomeAmount,
    /// Documents that have no home amount, because their rate is not known (A17.21).
    pub unconverted: i64,
}

impl Figure {
    pub(super) fn add(
        &mut self,
        currency: &str,
        units: i64,
        home: (i64, i64),
        unconverted: i64,
    ) -> ServiceResult<()> {
        let sum = self.by_currency.entry(currency.to_owned()).or_insert(Amount::from_units(0));
        let total = sum.units().checked_add(units).ok_or_else(|| beyond("a sum of documents"))?;
        *sum = Amount::from_units(total);
        let home = HomeAmount::from_parts(home.0, home.1);
        self.home = self.home.plus(home).map_err(|_| beyond("a sum in the home currency"))?;
        self.unconverted += unconverted;
        Ok(())
    }
}

fn beyond(what: &str) -> ServiceError {
    ServiceError::Internal(format!("{what} is beyond what can be told").into())
}

/// What is open with somebody, and what was billed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// What is open: of customers receivables, of vendors payables.
    pub open: Figure,
    /// What of it is past its due day, by the calendar of the finance organization.
    pub overdue: Figure,
    /// What was billed in all, paid or not.
    pub billed: Figure,
    /// The home currency.
    pub home_currency_code: String,
    /// The state of the finance side that it tells: when its documents were last read to the end. None: not yet.
    pub as_of: Option<DateTime<Utc>>,
}

#[derive(FromQueryResult)]
struct Row {
    record_id: Uuid,
    time_zone: Option<String>,
    home_currency_code: String,
    currency_code: Option<String>,
    as_of: Option<DateTime<Utc>>,
    total: Option<i64>,
    home_total_whole: Option<i64>,
    home_total_nano: Option<i64>,
    total_unconverted: i64,
    balance: Option<i64>,
    home_balance_whole: Option<i64>,
    home_balance_nano: Option<i64>,
    late_0: Option<i64>,
    late_whole_0: Option<i64>,
    late_nano_0: Option<i64>,
    late_unconverted_0: i64,
    late_1: Option<i64>,
    late_whole_1: Option<i64>,
    late_nano_1: Option<i64>,
    late_unconverted_1: i64,
    late_2: Option<i64>,
    late_whole_2: Option<i64>,
    late_nano_2: Option<i64>,
    late_unconverted_2: i64,
}

/// The summaries of these records: one statement, however many there are. A record that is linked to nothing has none.
///
/// # Errors
/// The database's.
pub async fn of_records(
    db: &DatabaseConnection,
    organization_id: Uuid,
    side: Side,
    records: &[Uuid],
    now: DateTime<Utc>,
) -> ServiceResult<HashMap<Uuid, Summary>> {
    let days = days(now);
    let statement = db.get_database_backend().build(&sums(organization_id, side, records, days));
    let mut summaries: HashMap<Uuid, Summary> = HashMap::new();
    for row in Row::find_by_statement(statement).all(db).await? {
        let is_first = !summaries.contains_key(&row.record_id);
        let summary = summaries.entry(row.record_id).or_default();
        summary.home_currency_code.clone_from(&row.home_currency_code);
        // Of several organizations the one that was read longest ago tells how old the whole is.
        summary.as_of = match is_first {
            true => row.as_of,
            false => summary.as_of.zip(row.as_of).map(|(one, other)| Ord::min(one, other)),
        };
        let Some(currency) = row.currency_code.as_deref() else { continue };
        let none = Option::unwrap_or_default;
        let home_total = (none(row.home_total_whole), none(row.home_total_nano));
        summary.billed.add(currency, none(row.total), home_total, row.total_unconverted)?;
        let home_balance = (none(row.home_balance_whole), none(row.home_balance_nano));
        let unconverted = row.total_unconverted;
        summary.open.add(currency, none(row.balance), home_balance, unconverted)?;
        let today = today_in(row.time_zone.as_deref(), now);
        let (late, whole, nano, unconverted) = match days.iter().position(|day| *day == today) {
            Some(0) => (row.late_0, row.late_whole_0, row.late_nano_0, row.late_unconverted_0),
            Some(2) => (row.late_2, row.late_whole_2, row.late_nano_2, row.late_unconverted_2),
            _ => (row.late_1, row.late_whole_1, row.late_nano_1, row.late_unconverted_1),
        };
        summary.overdue.add(currency, none(late), (none(whole), none(nano)), unconverted)?;
    }
    Ok(summaries)
}

/// The days that it can be anywhere on earth.
pub(super) fn days(now: DateTime<Utc>) -> [NaiveDate; 3] {
    [-1, 0, 1].map(|days| (now + TimeDelta::days(days)).date_naive())
}

/// The day that it is in a time zone; by UTC where it is not known.
pub(super) fn today_in(time_zone: Option<&str>, now: DateTime<Utc>) -> NaiveDate {
    let zone = time_zone.and_then(|zone| zone.parse::<chrono_tz::Tz>().ok());
    zone.map_or_else(|| now.date_naive(), |zone| now.with_timezone(&zone).date_naive())
}

fn sums(organization_id: Uuid, side: Side, records: &[Uuid], days: [NaiveDate; 3]) -> SelectStatement {
    use document::Column as Of;
    let link = |column: record_link::Column| column.as_column_ref();
    let joined = Cond::all()
        .add(Expr::col(Of::OrganizationId.as_column_ref()).equals(link(record_link::Column::OrganizationId)))
        .add(
            Expr::col(Of::FinanceOrganizationId.as_column_ref())
                .equals(link(record_link::Column::FinanceOrganizationId)),
        )
        .add(Expr::col(side.column().as_column_ref()).equals(link(record_link::Column::RemoteId)))
        .add(Of::Kind.eq(side.kind().as_str()))
        .add(Of::DeletedAt.is_null())
        .add(Of::Status.is_not_in(NO_CLAIM.map(DocumentStatus::as_str)));
    let mut query = Query::select();
    query
        .expr_as(Expr::col(link(record_link::Column::RecordId)), "record_id")
        .expr_as(Expr::cust("finance_organization.time_zone"), "time_zone")
        .expr_as(Expr::cust("finance_organization.base_currency_code"), "home_currency_code")
        .expr_as(Expr::cust("document.currency_code"), "currency_code")
        .expr_as(read_at(side.kind()), "as_of")
        .expr_as(sum("document.total_units"), "total")
        .expr_as(sum("document.home_total_whole"), "home_total_whole")
        .expr_as(sum("document.home_total_nano"), "home_total_nano")
        .expr_as(
            sum("CASE WHEN document.id IS NOT NULL AND document.home_total_whole IS NULL THEN 1 ELSE 0 END"),
            "total_unconverted",
        )
        .expr_as(sum("document.balance_units"), "balance")
        .expr_as(sum("document.home_balance_whole"), "home_balance_whole")
        .expr_as(sum("document.home_balance_nano"), "home_balance_nano");
    for (place, day) in days.into_iter().enumerate() {
        let late = |what: &str| {
            let is_late = document::Column::DueOn.lt(day).and(document::Column::BalanceUnits.gt(0));
            let sum = Func::sum(Expr::case(is_late, Expr::cust(what.to_owned())).finally(0));
            Func::cast_as(sum, Alias::new("BIGINT"))
        };
        query
            .expr_as(late("document.balance_units"), Alias::new(format!("late_{place}")))
            .expr_as(late("document.home_balance_whole"), Alias::new(format!("late_whole_{place}")))
            .expr_as(late("document.home_balance_nano"), Alias::new(format!("late_nano_{place}")))
            .expr_as(
                late("CASE WHEN document.home_balance_whole IS NULL THEN 1 ELSE 0 END"),
                Alias::new(format!("late_unconverted_{place}")),
            );
    }
    query
        .from(record_link::Entity)
        .join(
            JoinType::InnerJoin,
            finance_organization::Entity,
            Cond::all()
                .add(
                    Expr::col(finance_organization::Column::OrganizationId.as_column_ref())
                        .equals(link(record_link::Column::OrganizationId)),
                )
                .add(
                    Expr::col(finance_organization::Column::Id.as_column_ref())
                        .equals(link(record_link::Column::FinanceOrganizationId)),
                ),
        )
        .join(JoinType::LeftJoin, document::Entity, joined)
        .and_where(record_link::Column::OrganizationId.eq(organization_id))
        .and_where(record_link::Column::RecordId.is_in(records.iter().copied()))
        .and_where(record_link::Column::Kind.eq(side.linked_as().as_str()))
        .and_where(record_link::Column::RemoteId.is_not_null())
        .and_where(record_link::Column::State.ne(LinkState::Deleted.to_value()))
        .add_group_by([
            Expr::col(link(record_link::Column::RecordId)),
            Expr::cust("finance_organization.organization_id"),
            Expr::cust("finance_organization.id"),
            Expr::cust("finance_organization.time_zone"),
            Expr::cust("finance_organization.base_currency_code"),
            Expr::cust("document.currency_code"),
        ]);
    query.take()
}

/// A sum as a whole number; PostgreSQL makes a fractional one of it otherwise.
pub(super) fn sum(what: &str) -> SimpleExpr {
    Expr::cust(format!("CAST(SUM({what}) AS BIGINT)"))
}

/// When documents of a kind were last read to the end in every integration of the finance organization.
fn read_at(kind: DocumentKind) -> SimpleExpr {
    Expr::cust(format!(
        "(SELECT MIN(f.fetched_at) FROM document_feed f JOIN integration i ON i.organization_id = f.organization_id \
         AND i.id = f.integration_id WHERE f.organization_id = finance_organization.organization_id \
         AND i.finance_organization_id = finance_organization.id AND f.kind = '{}')",
        kind.as_str()
    ))
}
