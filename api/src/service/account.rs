//! Accounts: the companies of the CRM.

use async_graphql::MaybeUndefined;
use finbridge_domain::{CurrencyCode, name_key};
use finbridge_entity::types::Address;
use finbridge_entity::{account, begin_write};
use rust_decimal::Decimal;
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, IntoActiveModel, QueryFilter, Set};
use uuid::Uuid;

use super::error::{ErrorCode, ServiceResult};
use super::validate::{Check, LINE_LENGTH, NAME_LENGTH, TEXT_LENGTH, change};
use super::{Services, record};

/// How deep a hierarchy of accounts may be; also where a search for cycles ends.
const DEEPEST: usize = 50;

/// What an account is made of.
#[derive(Debug, Clone, Default)]
pub struct NewAccount {
    /// Name.
    pub name: String,
    /// Line of business.
    pub industry: Option<String>,
    /// Address on the web.
    pub website: Option<String>,
    /// Telephone number.
    pub phone: Option<String>,
    /// Free text.
    pub description: Option<String>,
    /// Year of foundation.
    pub year_established: Option<i32>,
    /// Number of employees.
    pub employee_count: Option<i32>,
    /// Annual revenue.
    pub annual_revenue: Option<(Decimal, CurrencyCode)>,
    /// Where bills go.
    pub billing_address: Option<Address>,
    /// Where goods go.
    pub shipping_address: Option<Address>,
    /// The account this one belongs to.
    pub parent_id: Option<Uuid>,
    /// Who owns it; the viewer when absent.
    pub owner_id: Option<Uuid>,
}

/// What changes: absent fields stay, null clears.
#[derive(Debug, Clone, Default)]
pub struct AccountChange {
    /// The version the change is based on; a newer one in the database refuses it.
    pub version: Option<i64>,
    /// Name.
    pub name: MaybeUndefined<String>,
    /// Line of business.
    pub industry: MaybeUndefined<String>,
    /// Address on the web.
    pub website: MaybeUndefined<String>,
    /// Telephone number.
    pub phone: MaybeUndefined<String>,
    /// Free text.
    pub description: MaybeUndefined<String>,
    /// Year of foundation.
    pub year_established: MaybeUndefined<i32>,
    /// Number of employees.
    pub employee_count: MaybeUndefined<i32>,
    /// Annual revenue.
    pub annual_revenue: MaybeUndefined<(Decimal, CurrencyCode)>,
    /// Where bills go.
    pub billing_address: MaybeUndefined<Address>,
    /// Where goods go.
    pub shipping_address: MaybeUndefined<Address>,
    /// The account this one belongs to.
    pub parent_id: MaybeUndefined<Uuid>,
    /// Who owns it.
    pub owner_id: MaybeUndefined<Uuid>,
}

/// Makes an account.
///
/// # Errors
/// What is wrong with the input.
pub async fn create(services: &Services, new: NewAccount) -> ServiceResult<account::Model> {
    let mut check = Check::default();
    let name = check.required("name", &new.name, NAME_LENGTH);
    let (revenue, currency) = check.money("annualRevenue", new.annual_revenue);
    plausible(&mut check, new.year_established, new.employee_count);
    let now = services.clock().now();
    let id = services.ids().uuid();
    let row = account::ActiveModel {
        organization_id: Set(services.organization_id()),
        id: Set(id),
        wire_id: Set(services.ids().wire_id().0),
        name_key: Set(name_key(&name)),
        name: Set(name),
        owner_id: Set(Some(new.owner_id.unwrap_or(services.viewer.user_id))),
        deleted_at: Set(None),
        version: Set(1),
        created_at: Set(now),
        updated_at: Set(now),
        industry: Set(check.optional("industry", new.industry.as_deref(), LINE_LENGTH)),
        website: Set(check.optional("website", new.website.as_deref(), LINE_LENGTH)),
        phone: Set(check.optional("phone", new.phone.as_deref(), 50)),
        description: Set(check.optional("description", new.description.as_deref(), TEXT_LENGTH)),
        year_established: Set(new.year_established),
        employee_count: Set(new.employee_count),
        annual_revenue_units: Set(revenue),
        annual_revenue_currency_code: Set(currency),
        billing_address: Set(check.address("billingAddress", new.billing_address.as_ref())),
        shipping_address: Set(check.address("shippingAddress", new.shipping_address.as_ref())),
        parent_id: Set(new.parent_id),
    };
    let transaction = begin_write(services.db()).await?;
    parent(services, &transaction, &mut check, id, new.parent_id).await?;
    record::owner(services, &transaction, &mut check, new.owner_id).await?;
    check.finish()?;
    let account = row.insert(&transaction).await?;
    transaction.commit().await?;
    Ok(account)
}

/// Changes an account.
///
/// # Errors
/// What is wrong with the input, or that the account changed since it was read.
pub async fn update(services: &Services, id: Uuid, new: AccountChange) -> ServiceResult<account::Model> {
    let transaction = begin_write(services.db()).await?;
    let current = record::find::<account::Entity>(services, &transaction, id).await?;
    record::expect_version(new.version, current.version)?;
    let mut check = Check::default();
    let version = current.version;
    let mut row = current.into_active_model();
    row.name = check.required_change("name", &new.name, NAME_LENGTH);
    if let Set(name) = &row.name {
        row.name_key = Set(name_key(name));
    }
    row.industry = check.optional_change("industry", &new.industry, LINE_LENGTH);
    row.website = check.optional_change("website", &new.website, LINE_LENGTH);
    row.phone = check.optional_change("phone", &new.phone, 50);
    row.description = check.optional_change("description", &new.description, TEXT_LENGTH);
    row.year_established = change(&new.year_established, |year| Some(*year));
    row.employee_count = change(&new.employee_count, |count| Some(*count));
    plausible(&mut check, new.year_established.take(), new.employee_count.take());
    if !new.annual_revenue.is_undefined() {
        let (units, currency) = check.money("annualRevenue", new.annual_revenue.take());
        row.annual_revenue_units = Set(units);
        row.annual_revenue_currency_code = Set(currency);
    }
    row.billing_address =
        change(&new.billing_address, |address| check.address("billingAddress", Some(address)));
    row.shipping_address =
        change(&new.shipping_address, |address| check.address("shippingAddress", Some(address)));
    row.parent_id = change(&new.parent_id, |parent| Some(*parent));
    parent(services, &transaction, &mut check, id, new.parent_id.take()).await?;
    row.owner_id = change(&new.owner_id, |owner| Some(*owner));
    record::owner(services, &transaction, &mut check, new.owner_id.take()).await?;
    check.finish()?;
    row.version = Set(version + 1);
    row.updated_at = Set(services.clock().now());
    let account = row.update(&transaction).await?;
    transaction.commit().await?;
    Ok(account)
}

/// Deletes an account: it becomes a tombstone, and the next sync removes what it made on the finance side (R116, R117).
///
/// # Errors
/// When it does not exist, or changed since it was read.
pub async fn delete(services: &Services, id: Uuid, version: Option<i64>) -> ServiceResult<Uuid> {
    let transaction = begin_write(services.db()).await?;
    let current = record::find::<account::Entity>(services, &transaction, id).await?;
    record::expect_version(version, current.version)?;
    let now = services.clock().now();
    let version = current.version;
    let mut row = current.into_active_model();
    row.deleted_at = Set(Some(now));
    row.updated_at = Set(now);
    row.version = Set(version + 1);
    row.update(&transaction).await?;
    transaction.commit().await?;
    Ok(id)
}

fn plausible(check: &mut Check, year: Option<i32>, employees: Option<i32>) {
    if year.is_some_and(|year| !(1000..=2200).contains(&year)) {
        check.fault(ErrorCode::Invalid, "yearEstablished", "Give the year of foundation with four digits");
    }
    if employees.is_some_and(|employees| employees < 0) {
        check.fault(ErrorCode::Invalid, "employeeCount", "Give a number of employees that is not negative");
    }
}

/// The parent exists, and the account is not among its ancestors.
async fn parent(
    services: &Services,
    db: &impl ConnectionTrait,
    check: &mut Check,
    id: Uuid,
    parent_id: Option<Uuid>,
) -> ServiceResult<()> {
    let mut next = parent_id;
    for _ in 0..DEEPEST {
        let Some(ancestor) = next else { return Ok(()) };
        if ancestor == id {
            check.fault(
                ErrorCode::Cycle,
                "parentId",
                "An account cannot belong to itself or to one of its own children",
            );
            return Ok(());
        }
        let accounts = record::living::<account::Entity>(services);
        let Some(row) = accounts.filter(account::Column::Id.eq(ancestor)).one(db).await? else {
            record::absent::<account::Entity>(check, "parentId");
            return Ok(());
        };
        next = row.parent_id;
    }
    check.fault(
        ErrorCode::Cycle,
        "parentId",
        format!("Hierarchies deeper than {DEEPEST} accounts are not kept"),
    );
    Ok(())
}
