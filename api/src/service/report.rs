//! Reports over documents: sums made in the database, in the home currency.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use finbridge_domain::{DocumentKind, DocumentStatus};
use finbridge_entity::{Scoped, deal, document, finance_organization, stage};
use sea_orm::sea_query::{Alias, Cond, Expr, ExprTrait, Order, SelectStatement};
use sea_orm::{ColumnTrait, DbBackend, FromQueryResult, QueryFilter, QueryOrder, QuerySelect, QueryTrait};
use uuid::Uuid;

use super::summary::{Figure, NO_CLAIM, sum, today_in};
use super::{ServiceResult, Services};

/// Ages of what is open, in days past the due day: not due yet, then up to these, then older.
pub const AGES: [i64; 3] = [30, 60, 90];

/// Documents of one age.
#[derive(Debug, Clone, Default)]
pub struct Age {
    /// How many.
    pub count: i64,
    /// What is open of them.
    pub open: Figure,
}

/// What was invoiced in a month.
#[derive(Debug, Clone)]
pub struct Month {
    /// Its first day.
    pub begins_on: NaiveDate,
    /// Invoices dated in it.
    pub count: i64,
    /// What they come to.
    pub invoiced: Figure,
}

/// What is in a stage of the pipeline, and what was invoiced for it.
#[derive(Debug, Clone)]
pub struct StageOfPipeline {
    /// The stage.
    pub stage_id: Uuid,
    /// Deals in it.
    pub count: i64,
    /// What they are worth, in their own currencies.
    pub worth: Figure,
    /// Invoices that are linked to them.
    pub invoices: i64,
    /// What these come to.
    pub invoiced: Figure,
}

#[derive(FromQueryResult)]
struct ByText {
    bucket: String,
    #[sea_orm(nested)]
    sums: Sums,
}

#[derive(FromQueryResult)]
struct ByStage {
    bucket: Uuid,
    #[sea_orm(nested)]
    sums: Sums,
}

#[derive(FromQueryResult)]
struct Sums {
    currency: String,
    n: i64,
    units: Option<i64>,
    whole: Option<i64>,
    nano: Option<i64>,
    unconverted: i64,
}

impl Sums {
    fn add_to(&self, figure: &mut Figure) -> ServiceResult<()> {
        let none = Option::unwrap_or_default;
        figure.add(&self.currency, none(self.units), (none(self.whole), none(self.nano)), self.unconverted)
    }
}

/// Documents of a kind that count, of a finance organization where one is named.
fn counted(
    services: &Services,
    kind: DocumentKind,
    finance_organization: Option<Uuid>,
) -> sea_orm::Select<document::Entity> {
    let rows = document::Entity::of(services.organization_id())
        .filter(document::Column::Kind.eq(kind.as_str()))
        .filter(document::Column::DeletedAt.is_null())
        .filter(document::Column::Status.is_not_in(NO_CLAIM.map(DocumentStatus::as_str)));
    match finance_organization {
        Some(one) => rows.filter(document::Column::FinanceOrganizationId.eq(one)),
        None => rows,
    }
}

/// Sums by bucket and currency.
fn summed(rows: sea_orm::Select<document::Entity>, bucket: Expr, what: &str) -> SelectStatement {
    let mut query = rows.select_only().into_query();
    query
        .expr_as(bucket, "bucket")
        .expr_as(Expr::cust("document.currency_code"), "currency")
        .expr_as(Expr::cust("COUNT(*)"), "n")
        .expr_as(sum(&format!("document.{what}_units")), "units")
        .expr_as(sum(&format!("document.home_{what}_whole")), "whole")
        .expr_as(sum(&format!("document.home_{what}_nano")), "nano")
        .expr_as(
            sum(&format!("CASE WHEN document.home_{what}_whole IS NULL THEN 1 ELSE 0 END")),
            "unconverted",
        )
        .add_group_by([Expr::col(Alias::new("bucket")), Expr::col(Alias::new("currency"))])
        .order_by(Alias::new("bucket"), Order::Asc);
    query
}

async fn read<R: FromQueryResult + Send>(
    services: &Services,
    statement: SelectStatement,
) -> ServiceResult<Vec<R>> {
    let statement = services.db().get_database_backend().build(&statement);
    Ok(R::find_by_statement(statement).all(services.db()).await?)
}

/// The finance organizations of the viewer, or the one of this id.
async fn organizations(
    services: &Services,
    only: Option<Uuid>,
) -> ServiceResult<Vec<finance_organization::Model>> {
    let mut rows = finance_organization::Entity::of(services.organization_id()).all(services.db()).await?;
    rows.retain(|row| only.is_none_or(|only| only == row.id));
    Ok(rows)
}

/// What is open by age: not due yet, then up to each of [`AGES`], then older. Days are those of each finance organization's
/// time zone, at this moment or at the end of a given day.
///
/// # Errors
/// The database's.
pub async fn ageing(
    services: &Services,
    kind: DocumentKind,
    only: Option<Uuid>,
    on: Option<NaiveDate>,
) -> ServiceResult<[Age; AGES.len() + 2]> {
    let now: DateTime<Utc> = services.clock().now();
    let mut ages: [Age; AGES.len() + 2] = Default::default();
    for organization in organizations(services, only).await? {
        let today = on.unwrap_or_else(|| today_in(organization.time_zone.as_deref(), now));
        let mut bucket = Expr::case(
            document::Column::DueOn.is_null().or(document::Column::DueOn.gte(today)),
            Expr::cust("'0'"),
        );
        for (place, age) in AGES.iter().enumerate() {
            // The calendar has a first day, and somebody may ask for it.
            let from = today.checked_sub_signed(TimeDelta::days(*age)).unwrap_or(NaiveDate::MIN);
            bucket = bucket.case(document::Column::DueOn.gte(from), Expr::cust(format!("'{}'", place + 1)));
        }
        let bucket: Expr = bucket.finally(Expr::cust(format!("'{}'", AGES.len() + 1))).into();
        let rows =
            counted(services, kind, Some(organization.id)).filter(document::Column::BalanceUnits.ne(0));
        for ByText { bucket, sums } in read(services, summed(rows, bucket, "balance")).await? {
            let place = bucket.parse::<usize>().unwrap_or_default().min(ages.len() - 1);
            ages[place].count += sums.n;
            sums.add_to(&mut ages[place].open)?;
        }
    }
    Ok(ages)
}

/// What was invoiced month by month, between two days. Months without an invoice are left out.
///
/// # Errors
/// The database's.
pub async fn invoiced_by_month(
    services: &Services,
    only: Option<Uuid>,
    from: NaiveDate,
    to: NaiveDate,
) -> ServiceResult<Vec<Month>> {
    let month = match services.db().get_database_backend() {
        DbBackend::Postgres => "to_char(document.dated_on, 'YYYY-MM')",
        _ => "strftime('%Y-%m', document.dated_on)",
    };
    let rows =
        counted(services, DocumentKind::Invoice, only).filter(document::Column::DatedOn.between(from, to));
    let mut months: Vec<Month> = Vec::new();
    for ByText { bucket, sums } in read(services, summed(rows, Expr::cust(month), "total")).await? {
        let begins_on: NaiveDate = format!("{bucket}-01")
            .parse()
            .map_err(|error: chrono::ParseError| super::ServiceError::Internal(Box::new(error)))?;
        if months.last().is_none_or(|month| month.begins_on != begins_on) {
            months.push(Month { begins_on, count: 0, invoiced: Figure::default() });
        }
        if let Some(month) = months.last_mut() {
            month.count += sums.n;
            sums.add_to(&mut month.invoiced)?;
        }
    }
    Ok(months)
}

/// What is in each stage that has living deals, and what was invoiced for these deals, in the order of stages.
///
/// # Errors
/// The database's.
pub async fn pipeline_against_invoiced(services: &Services) -> ServiceResult<Vec<StageOfPipeline>> {
    let here = services.organization_id();
    let stages = stage::Entity::of(here)
        .order_by_asc(stage::Column::PipelineId)
        .order_by_asc(stage::Column::Position)
        .order_by_asc(stage::Column::Id)
        .all(services.db())
        .await?;
    let mut rows: Vec<StageOfPipeline> = stages
        .into_iter()
        .map(|stage| StageOfPipeline {
            stage_id: stage.id,
            count: 0,
            worth: Figure::default(),
            invoices: 0,
            invoiced: Figure::default(),
        })
        .collect();
    let mut worth =
        deal::Entity::of(here).filter(deal::Column::DeletedAt.is_null()).select_only().into_query();
    worth
        .expr_as(Expr::col(deal::Column::StageId.as_column_ref()), "bucket")
        .expr_as(Expr::cust("deal.currency_code"), "currency")
        .expr_as(Expr::cust("COUNT(*)"), "n")
        .expr_as(sum("deal.amount_units"), "units")
        .expr_as(Expr::cust("CAST(NULL AS BIGINT)"), "whole")
        .expr_as(Expr::cust("CAST(NULL AS BIGINT)"), "nano")
        .expr_as(Expr::cust("CAST(0 AS BIGINT)"), "unconverted")
        .add_group_by([Expr::col(Alias::new("bucket")), Expr::col(Alias::new("currency"))]);
    for ByStage { bucket, sums } in read(services, worth).await? {
        if let Some(row) = rows.iter_mut().find(|row| row.stage_id == bucket) {
            row.count += sums.n;
            sums.add_to(&mut row.worth)?;
        }
    }
    let stage = Expr::col(deal::Column::StageId.as_column_ref());
    let mut invoiced = summed(counted(services, DocumentKind::Invoice, None), stage, "total");
    let linked = Cond::all()
        .add(
            Expr::col(deal::Column::OrganizationId.as_column_ref())
                .equals(document::Column::OrganizationId.as_column_ref()),
        )
        .add(Expr::col(deal::Column::Id.as_column_ref()).equals(document::Column::DealId.as_column_ref()))
        .add(deal::Column::DeletedAt.is_null());
    invoiced.inner_join(deal::Entity, linked);
    for ByStage { bucket, sums } in read(services, invoiced).await? {
        if let Some(row) = rows.iter_mut().find(|row| row.stage_id == bucket) {
            row.invoices += sums.n;
            sums.add_to(&mut row.invoiced)?;
        }
    }
    rows.retain(|row| row.count > 0);
    Ok(rows)
}
