//! Reports over documents.

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};
use finbridge_domain::{DocumentKind, NodeKind};

use super::FinanceFigure;
use crate::graphql::context::{Asked, uuid};
use crate::graphql::error::{coded, top_level};
use crate::graphql::scalar::Date;
use crate::graphql::stage::Stage;
use crate::service::report::{self, AGES, Age, Month, StageOfPipeline};
use crate::service::tenant;

/// What a report on open balances is about.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AgeingSide {
    /// What customers owe: invoices.
    #[default]
    Receivables,
    /// What is owed to vendors: bills.
    Payables,
}

/// Open documents that have been due for about as long.
#[derive(SimpleObject)]
pub struct AgeingBucket {
    /// At least so many days past the due day; 0 stands for what is not past it, or has none.
    from_days: i32,
    /// At most so many days past it; null in the last bucket, which has no end, and 0 in the first.
    to_days: Option<i32>,
    /// How many documents.
    count: i32,
    /// What is open of them.
    open: FinanceFigure,
}

/// What was invoiced in a month.
#[derive(SimpleObject)]
pub struct InvoicedMonth {
    /// First day of the month.
    begins_on: Date,
    /// Invoices dated in it, without drafts and void ones.
    count: i32,
    /// What they come to, paid or not.
    invoiced: FinanceFigure,
}

/// What is in a stage, and what was invoiced for it.
pub struct PipelineRow {
    row: StageOfPipeline,
    home: String,
}

/// What is in a stage, and what was invoiced for it.
#[Object]
impl PipelineRow {
    /// The stage.
    async fn stage(&self, ctx: &Context<'_>) -> Result<Option<Stage>> {
        Stage::load(ctx, self.row.stage_id).await
    }

    /// Deals in it that are not deleted.
    async fn deal_count(&self) -> i32 {
        count(self.row.count)
    }

    /// What the deals are worth, in their own currencies. Deals have no exchange rate of their own, so `home` is 0 and says nothing.
    async fn worth(&self) -> FinanceFigure {
        FinanceFigure::of(&self.row.worth, &self.home)
    }

    /// Invoices that are linked to these deals, without drafts and void ones.
    async fn invoice_count(&self) -> i32 {
        count(self.row.invoices)
    }

    /// What these invoices come to, paid or not.
    async fn invoiced(&self) -> FinanceFigure {
        FinanceFigure::of(&self.row.invoiced, &self.home)
    }
}

fn count(number: i64) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

/// Reports over documents.
#[derive(Default)]
pub struct ReportQuery;

#[Object]
impl ReportQuery {
    /// What is open by how long it has been due, from what is not due yet to what is oldest: five buckets, also empty ones. For
    /// `RECEIVABLES` it agrees with the sum of `financeSummary.receivables` over all customers.
    async fn report_ageing(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What customers owe, or what is owed to vendors.", default)] side: AgeingSide,
        #[graphql(desc = "Only documents of this finance organization; all when left out.")] organization_id: Option<ID>,
        #[graphql(
            desc = "The day by which ages are counted; today in each finance organization's time zone when left out. Balances \
                          are those of today."
        )]
        on: Option<Date>,
    ) -> Result<Option<Vec<AgeingBucket>>> {
        let kind = match side {
            AgeingSide::Receivables => DocumentKind::Invoice,
            AgeingSide::Payables => DocumentKind::Bill,
        };
        let only = organization(organization_id.as_ref())?;
        let ages =
            report::ageing(ctx.services()?, kind, only, on.map(|day| day.0)).await.map_err(top_level)?;
        let home = home_currency(ctx).await?;
        let bucket = |(place, Age { count: number, open }): (usize, Age)| AgeingBucket {
            from_days: match place {
                0 => 0,
                1 => 1,
                later => count(AGES[later - 2] + 1),
            },
            to_days: match place {
                0 => Some(0),
                some => AGES.get(some - 1).copied().map(count),
            },
            count: count(number),
            open: FinanceFigure::of(&open, &home),
        };
        Ok(Some(ages.into_iter().enumerate().map(bucket).collect()))
    }

    /// What was invoiced month by month, oldest first. Months without an invoice are left out.
    async fn report_invoiced_by_month(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "First day of the period.")] from: Date,
        #[graphql(desc = "Last day of the period: at most ten years after the first.")] to: Date,
        #[graphql(desc = "Only invoices of this finance organization; all when left out.")]
        organization_id: Option<ID>,
    ) -> Result<Option<Vec<InvoicedMonth>>> {
        const LONGEST: i64 = 3_660;
        if to.0 < from.0 || (to.0 - from.0).num_days() > LONGEST {
            return Err(coded(
                "BAD_USER_INPUT",
                "`to` must not be before `from`, nor more than ten years after it",
            ));
        }
        let only = organization(organization_id.as_ref())?;
        let months =
            report::invoiced_by_month(ctx.services()?, only, from.0, to.0).await.map_err(top_level)?;
        let home = home_currency(ctx).await?;
        let month = |Month { begins_on, count: number, invoiced }: Month| InvoicedMonth {
            begins_on: Date(begins_on),
            count: count(number),
            invoiced: FinanceFigure::of(&invoiced, &home),
        };
        Ok(Some(months.into_iter().map(month).collect()))
    }

    /// What is in each stage of the pipelines beside what was invoiced for it, in the order of stages; stages without deals are left out.
    async fn report_pipeline_against_invoiced(&self, ctx: &Context<'_>) -> Result<Option<Vec<PipelineRow>>> {
        let rows = report::pipeline_against_invoiced(ctx.services()?).await.map_err(top_level)?;
        let home = home_currency(ctx).await?;
        Ok(Some(rows.into_iter().map(|row| PipelineRow { row, home: home.clone() }).collect()))
    }
}

fn organization(id: Option<&ID>) -> Result<Option<uuid::Uuid>> {
    id.map(|id| uuid(NodeKind::FinanceOrganization, id)).transpose()
}

/// The home currency, which every finance organization whose documents come has as its base currency.
async fn home_currency(ctx: &Context<'_>) -> Result<String> {
    let organization = tenant::of_viewer(ctx.services()?).await.map_err(top_level)?;
    Ok(organization.map(|organization| organization.home_currency_code).unwrap_or_default())
}
