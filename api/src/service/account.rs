//! Accounts: the companies of the CRM.

use async_graphql::MaybeUndefined;
use finbridge_domain::{CurrencyCode, name_key};
use finbridge_entity::types::Address;
use finbridge_entity::{Scoped, account, begin_write};
use rust_decimal::Decimal;
use sea_orm::{ConnectionTrait, Set};
use uuid::Uuid;

use super::error::{ErrorCode, ServiceResult};
use super::idempotency::Claim;
use super::record::write::{self, CommonChange, CommonNew, Inserted};
use super::validate::{Check, LINE_LENGTH, NAME_LENGTH, PHONE_LENGTH, TEXT_LENGTH, change, key_of};
use super::{Services, record};

/// How deep a hierarchy of accounts may be; also where a search for cycles ends.
pub(super) const DEEPEST: usize = 50;

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
    /// What every create may say.
    pub common: CommonNew,
}

/// What changes: absent fields stay, null clears.
#[derive(Debug, Clone, Default)]
pub struct AccountChange {
    /// What every update may say.
    pub common: CommonChange,
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
}

/// Makes an account.
///
/// # Errors
/// What is wrong with the input.
pub async fn create(services: &Services, mut new: NewAccount) -> ServiceResult<account::Model> {
    let key = new.common.idempotency.take();
    write::once::<account::Entity, _>(services, key, |claim| async move {
        insert(services, new, claim).await?.commit().await
    })
    .await
}

/// Writes an account and leaves the transaction to whoever has more to write in it.
///
/// # Errors
/// What is wrong with the input.
pub(super) async fn insert(
    services: &Services,
    new: NewAccount,
    claim: Option<Claim>,
) -> ServiceResult<Inserted<account::Entity>> {
    let transaction = begin_write(services.db()).await?;
    if new.parent_id.is_some() {
        record::in_turn(services, &transaction).await?;
    }
    let mut draft = write::draft_in::<account::Entity>(services, transaction, new.common, claim).await?;
    let (check, row) = (&mut draft.check, &mut draft.row);
    let name = check.required("name", &new.name, NAME_LENGTH);
    row.name_key = Set(name_key(&name));
    row.name = Set(name);
    row.industry = Set(check.optional("industry", new.industry.as_deref(), LINE_LENGTH));
    row.industry_key = key_of(&row.industry);
    row.website = Set(check.optional("website", new.website.as_deref(), LINE_LENGTH));
    row.phone = Set(check.optional("phone", new.phone.as_deref(), PHONE_LENGTH));
    row.description = Set(check.optional("description", new.description.as_deref(), TEXT_LENGTH));
    plausible(check, new.year_established, new.employee_count);
    row.year_established = Set(new.year_established);
    row.employee_count = Set(new.employee_count);
    let (revenue, currency) = check.money("annualRevenue", new.annual_revenue);
    row.annual_revenue_units = Set(revenue);
    row.annual_revenue_currency_code = Set(currency);
    row.billing_address = Set(check.address("billingAddress", new.billing_address.as_ref()));
    row.shipping_address = Set(check.address("shippingAddress", new.shipping_address.as_ref()));
    row.parent_id = Set(new.parent_id);
    parent(services, &draft.transaction, check, draft.id, new.parent_id).await?;
    draft.insert(services).await
}

/// Changes an account.
///
/// # Errors
/// What is wrong with the input, or that the account changed since it was read.
pub async fn update(services: &Services, id: Uuid, new: AccountChange) -> ServiceResult<account::Model> {
    edit(services, id, new).await?.commit().await
}

/// Writes the change and leaves the transaction to whoever has more to write in it.
///
/// # Errors
/// As `update`.
pub(super) async fn edit(
    services: &Services,
    id: Uuid,
    new: AccountChange,
) -> ServiceResult<Inserted<account::Entity>> {
    let transaction = begin_write(services.db()).await?;
    if new.parent_id.is_value() {
        record::in_turn(services, &transaction).await?;
    }
    write::hold_layout(services, &transaction, &new.common).await?;
    let mut edit = write::edit_in::<account::Entity>(services, transaction, id, new.common).await?;
    let (check, row) = (&mut edit.check, &mut edit.row);
    row.name = check.required_change("name", &new.name, NAME_LENGTH);
    if let Set(name) = &row.name {
        row.name_key = Set(name_key(name));
    }
    row.industry = check.optional_change("industry", &new.industry, LINE_LENGTH);
    row.industry_key = key_of(&row.industry);
    row.website = check.optional_change("website", &new.website, LINE_LENGTH);
    row.phone = check.optional_change("phone", &new.phone, PHONE_LENGTH);
    row.description = check.optional_change("description", &new.description, TEXT_LENGTH);
    row.year_established = change(&new.year_established, |year| Some(*year));
    row.employee_count = change(&new.employee_count, |count| Some(*count));
    plausible(check, new.year_established.take(), new.employee_count.take());
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
    parent(services, &edit.transaction, check, id, new.parent_id.take()).await?;
    edit.save(services).await
}

fn plausible(check: &mut Check, year: Option<i32>, employees: Option<i32>) {
    if year.is_some_and(|year| !(1000..=2200).contains(&year)) {
        check.fault(ErrorCode::Invalid, "yearEstablished", "Give the year of foundation with four digits");
    }
    if employees.is_some_and(|employees| employees < 0) {
        check.fault(ErrorCode::Invalid, "employeeCount", "Give a number of employees that is not negative");
    }
}

/// The parent lives, and the account is not among its ancestors. Further up, tombstones are followed like the living: one of
/// them may be restored, and must not find itself in a cycle then. Whoever names a parent has taken its turn: of two moves that
/// would make a cycle together, the second sees what the first did.
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
        let row = account::Entity::one_of(services.organization_id(), ancestor).one(db).await?;
        let named = parent_id == Some(ancestor);
        if named && row.as_ref().is_none_or(|row| row.deleted_at.is_some()) {
            record::absent::<account::Entity>(check, "parentId");
            return Ok(());
        }
        next = row.and_then(|row| row.parent_id);
    }
    check.fault(
        ErrorCode::Cycle,
        "parentId",
        format!("Hierarchies deeper than {DEEPEST} accounts are not kept"),
    );
    Ok(())
}
