//! Contacts: the people of the CRM.

use async_graphql::MaybeUndefined;
use finbridge_domain::name_key;
use finbridge_entity::types::Address;
use finbridge_entity::{account, begin_write, contact};
use sea_orm::Set;
use uuid::Uuid;

use super::error::ServiceResult;
use super::idempotency::Claim;
use super::record::write::{self, CommonChange, CommonNew, Inserted};
use super::validate::{LINE_LENGTH, PHONE_LENGTH, TEXT_LENGTH, change};
use super::{Services, record};

/// Longest given or family name; the finance side takes no longer ones.
const PART_LENGTH: usize = 100;

/// What a contact is made of.
#[derive(Debug, Clone, Default)]
pub struct NewContact {
    /// Given name.
    pub first_name: Option<String>,
    /// Family name.
    pub last_name: String,
    /// E-mail address.
    pub email: Option<String>,
    /// Telephone number.
    pub phone: Option<String>,
    /// Position.
    pub title: Option<String>,
    /// Where letters go.
    pub mailing_address: Option<Address>,
    /// The account the person works for.
    pub account_id: Option<Uuid>,
    /// Free text.
    pub description: Option<String>,
    /// What every create may say.
    pub common: CommonNew,
}

/// What changes: absent fields stay, null clears.
#[derive(Debug, Clone, Default)]
pub struct ContactChange {
    /// What every update may say.
    pub common: CommonChange,
    /// Given name.
    pub first_name: MaybeUndefined<String>,
    /// Family name.
    pub last_name: MaybeUndefined<String>,
    /// E-mail address.
    pub email: MaybeUndefined<String>,
    /// Telephone number.
    pub phone: MaybeUndefined<String>,
    /// Position.
    pub title: MaybeUndefined<String>,
    /// Where letters go.
    pub mailing_address: MaybeUndefined<Address>,
    /// The account the person works for.
    pub account_id: MaybeUndefined<Uuid>,
    /// Free text.
    pub description: MaybeUndefined<String>,
}

/// Makes a contact.
///
/// # Errors
/// What is wrong with the input.
pub async fn create(services: &Services, mut new: NewContact) -> ServiceResult<contact::Model> {
    let key = new.common.idempotency.take();
    write::once::<contact::Entity, _>(services, key, |claim| async move {
        insert(services, new, claim).await?.commit().await
    })
    .await
}

/// Writes a contact and leaves the transaction to whoever has more to write in it.
///
/// # Errors
/// What is wrong with the input.
pub(super) async fn insert(
    services: &Services,
    new: NewContact,
    claim: Option<Claim>,
) -> ServiceResult<Inserted<contact::Entity>> {
    let mut draft = write::draft::<contact::Entity>(services, new.common, claim).await?;
    record::hold::<account::Entity>(services, &draft.transaction, new.account_id).await?;
    let (check, row) = (&mut draft.check, &mut draft.row);
    let first_name = check.optional("firstName", new.first_name.as_deref(), PART_LENGTH);
    let last_name = check.required("lastName", &new.last_name, PART_LENGTH);
    let name = full_name(first_name.as_deref(), &last_name);
    row.first_name = Set(first_name);
    row.last_name = Set(last_name);
    row.name_key = Set(name_key(&name));
    row.name = Set(name);
    let email = check.email("email", new.email.as_deref());
    row.email_key = Set(email.as_deref().map(name_key));
    row.email = Set(email);
    row.phone = Set(check.optional("phone", new.phone.as_deref(), PHONE_LENGTH));
    row.title = Set(check.optional("title", new.title.as_deref(), LINE_LENGTH));
    row.description = Set(check.optional("description", new.description.as_deref(), TEXT_LENGTH));
    row.mailing_address = Set(check.address("mailingAddress", new.mailing_address.as_ref()));
    row.account_id = Set(new.account_id);
    record::refer::<account::Entity>(services, &draft.transaction, check, "accountId", new.account_id)
        .await?;
    draft.insert(services).await
}

/// Changes a contact.
///
/// # Errors
/// What is wrong with the input, or that the contact changed since it was read.
pub async fn update(services: &Services, id: Uuid, new: ContactChange) -> ServiceResult<contact::Model> {
    edit(services, id, new).await?.commit().await
}

/// Writes the change and leaves the transaction to whoever has more to write in it.
///
/// # Errors
/// As `update`.
pub(super) async fn edit(
    services: &Services,
    id: Uuid,
    new: ContactChange,
) -> ServiceResult<Inserted<contact::Entity>> {
    let transaction = begin_write(services.db()).await?;
    write::hold_layout(services, &transaction, &new.common).await?;
    record::hold::<account::Entity>(services, &transaction, new.account_id.value().copied()).await?;
    let mut edit = write::edit_in::<contact::Entity>(services, transaction, id, new.common).await?;
    let (check, row) = (&mut edit.check, &mut edit.row);
    row.first_name = check.optional_change("firstName", &new.first_name, PART_LENGTH);
    row.last_name = check.required_change("lastName", &new.last_name, PART_LENGTH);
    let name = full_name(
        row.first_name.try_as_ref().unwrap_or(&edit.before.first_name).as_deref(),
        row.last_name.try_as_ref().unwrap_or(&edit.before.last_name),
    );
    row.name_key = Set(name_key(&name));
    row.name = Set(name);
    row.email = change(&new.email, |email| check.email("email", Some(email)));
    if let Set(email) = &row.email {
        row.email_key = Set(email.as_deref().map(name_key));
    }
    row.phone = check.optional_change("phone", &new.phone, PHONE_LENGTH);
    row.title = check.optional_change("title", &new.title, LINE_LENGTH);
    row.description = check.optional_change("description", &new.description, TEXT_LENGTH);
    row.mailing_address =
        change(&new.mailing_address, |address| check.address("mailingAddress", Some(address)));
    row.account_id = change(&new.account_id, |account| Some(*account));
    let account = new.account_id.take();
    record::refer::<account::Entity>(services, &edit.transaction, check, "accountId", account).await?;
    edit.save(services).await
}

/// The name of a person as lists show it.
pub(super) fn full_name(first: Option<&str>, last: &str) -> String {
    match first {
        Some(first) => format!("{first} {last}"),
        None => last.to_owned(),
    }
}
