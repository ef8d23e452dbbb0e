//! Vendors: whom the organization buys from.

use async_graphql::MaybeUndefined;
use finbridge_domain::name_key;
use finbridge_entity::types::Address;
use finbridge_entity::vendor;
use sea_orm::Set;
use uuid::Uuid;

use super::Services;
use super::error::ServiceResult;
use super::idempotency::Claim;
use super::record::write::{self, CommonChange, CommonNew, Inserted};
use super::validate::{LINE_LENGTH, NAME_LENGTH, PHONE_LENGTH, TEXT_LENGTH, change};

/// What a vendor is made of.
#[derive(Debug, Clone, Default)]
pub struct NewVendor {
    /// Name.
    pub name: String,
    /// E-mail address.
    pub email: Option<String>,
    /// Telephone number.
    pub phone: Option<String>,
    /// Address on the web.
    pub website: Option<String>,
    /// Postal address.
    pub address: Option<Address>,
    /// Free text.
    pub description: Option<String>,
    /// What every create may say.
    pub common: CommonNew,
}

/// What changes: absent fields stay, null clears.
#[derive(Debug, Clone, Default)]
pub struct VendorChange {
    /// What every update may say.
    pub common: CommonChange,
    /// Name.
    pub name: MaybeUndefined<String>,
    /// E-mail address.
    pub email: MaybeUndefined<String>,
    /// Telephone number.
    pub phone: MaybeUndefined<String>,
    /// Address on the web.
    pub website: MaybeUndefined<String>,
    /// Postal address.
    pub address: MaybeUndefined<Address>,
    /// Free text.
    pub description: MaybeUndefined<String>,
}

/// Makes a vendor.
///
/// # Errors
/// What is wrong with the input.
pub async fn create(services: &Services, mut new: NewVendor) -> ServiceResult<vendor::Model> {
    let key = new.common.idempotency.take();
    write::once::<vendor::Entity, _>(services, key, |claim| async move {
        insert(services, new, claim).await?.commit().await
    })
    .await
}

/// Writes a vendor and leaves the transaction to whoever has more to write in it.
///
/// # Errors
/// What is wrong with the input.
pub(super) async fn insert(
    services: &Services,
    new: NewVendor,
    claim: Option<Claim>,
) -> ServiceResult<Inserted<vendor::Entity>> {
    let mut draft = write::draft::<vendor::Entity>(services, new.common, claim).await?;
    let (check, row) = (&mut draft.check, &mut draft.row);
    let name = check.required("name", &new.name, NAME_LENGTH);
    row.name_key = Set(name_key(&name));
    row.name = Set(name);
    row.email = Set(check.email("email", new.email.as_deref()));
    row.phone = Set(check.optional("phone", new.phone.as_deref(), PHONE_LENGTH));
    row.website = Set(check.optional("website", new.website.as_deref(), LINE_LENGTH));
    row.address = Set(check.address("address", new.address.as_ref()));
    row.description = Set(check.optional("description", new.description.as_deref(), TEXT_LENGTH));
    draft.insert(services).await
}

/// Changes a vendor.
///
/// # Errors
/// What is wrong with the input, or that the vendor changed since it was read.
pub async fn update(services: &Services, id: Uuid, new: VendorChange) -> ServiceResult<vendor::Model> {
    edit(services, id, new).await?.commit().await
}

/// Writes the change and leaves the transaction to whoever has more to write in it.
///
/// # Errors
/// As `update`.
pub(super) async fn edit(
    services: &Services,
    id: Uuid,
    new: VendorChange,
) -> ServiceResult<Inserted<vendor::Entity>> {
    let mut edit = write::edit::<vendor::Entity>(services, id, new.common).await?;
    let (check, row) = (&mut edit.check, &mut edit.row);
    row.name = check.required_change("name", &new.name, NAME_LENGTH);
    if let Set(name) = &row.name {
        row.name_key = Set(name_key(name));
    }
    row.email = change(&new.email, |email| check.email("email", Some(email)));
    row.phone = check.optional_change("phone", &new.phone, PHONE_LENGTH);
    row.website = check.optional_change("website", &new.website, LINE_LENGTH);
    row.address = change(&new.address, |address| check.address("address", Some(address)));
    row.description = check.optional_change("description", &new.description, TEXT_LENGTH);
    edit.save(services).await
}
