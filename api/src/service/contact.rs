//! Contacts: the people of the CRM.

use async_graphql::MaybeUndefined;
use finbridge_domain::name_key;
use finbridge_entity::types::Address;
use finbridge_entity::{account, begin_write, contact};
use sea_orm::{ActiveModelTrait, IntoActiveModel, Set};
use uuid::Uuid;

use super::error::ServiceResult;
use super::validate::{Check, LINE_LENGTH, change};
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
    /// Who owns the contact; the viewer when absent.
    pub owner_id: Option<Uuid>,
}

/// What changes: absent fields stay, null clears.
#[derive(Debug, Clone, Default)]
pub struct ContactChange {
    /// The version the change is based on; a newer one in the database refuses it.
    pub version: Option<i64>,
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
    /// Who owns the contact.
    pub owner_id: MaybeUndefined<Uuid>,
}

/// Makes a contact.
///
/// # Errors
/// What is wrong with the input.
pub async fn create(services: &Services, new: NewContact) -> ServiceResult<contact::Model> {
    let mut check = Check::default();
    let first_name = check.optional("firstName", new.first_name.as_deref(), PART_LENGTH);
    let last_name = check.required("lastName", &new.last_name, PART_LENGTH);
    let name = full_name(first_name.as_deref(), &last_name);
    let email = check.email("email", new.email.as_deref());
    let now = services.clock().now();
    let row = contact::ActiveModel {
        organization_id: Set(services.organization_id()),
        id: Set(services.ids().uuid()),
        wire_id: Set(services.ids().wire_id().0),
        name_key: Set(name_key(&name)),
        name: Set(name),
        owner_id: Set(Some(new.owner_id.unwrap_or(services.viewer.user_id))),
        deleted_at: Set(None),
        version: Set(1),
        created_at: Set(now),
        updated_at: Set(now),
        first_name: Set(first_name),
        last_name: Set(last_name),
        email_key: Set(email.as_deref().map(name_key)),
        email: Set(email),
        phone: Set(check.optional("phone", new.phone.as_deref(), 50)),
        title: Set(check.optional("title", new.title.as_deref(), LINE_LENGTH)),
        mailing_address: Set(check.address("mailingAddress", new.mailing_address.as_ref())),
        account_id: Set(new.account_id),
    };
    let transaction = begin_write(services.db()).await?;
    record::refer::<account::Entity>(services, &transaction, &mut check, "accountId", new.account_id).await?;
    record::owner(services, &transaction, &mut check, new.owner_id).await?;
    check.finish()?;
    let contact = row.insert(&transaction).await?;
    transaction.commit().await?;
    Ok(contact)
}

/// Changes a contact.
///
/// # Errors
/// What is wrong with the input, or that the contact changed since it was read.
pub async fn update(services: &Services, id: Uuid, new: ContactChange) -> ServiceResult<contact::Model> {
    let transaction = begin_write(services.db()).await?;
    let current = record::find::<contact::Entity>(services, &transaction, id).await?;
    record::expect_version(new.version, current.version)?;
    let mut check = Check::default();
    let version = current.version;
    let first_name = check.optional_change("firstName", &new.first_name, PART_LENGTH);
    let last_name = check.required_change("lastName", &new.last_name, PART_LENGTH);
    let name = full_name(
        first_name.try_as_ref().unwrap_or(&current.first_name).as_deref(),
        last_name.try_as_ref().unwrap_or(&current.last_name),
    );
    let mut row = current.into_active_model();
    row.first_name = first_name;
    row.last_name = last_name;
    row.name_key = Set(name_key(&name));
    row.name = Set(name);
    row.email = change(&new.email, |email| check.email("email", Some(email)));
    if let Set(email) = &row.email {
        row.email_key = Set(email.as_deref().map(name_key));
    }
    row.phone = check.optional_change("phone", &new.phone, 50);
    row.title = check.optional_change("title", &new.title, LINE_LENGTH);
    row.mailing_address =
        change(&new.mailing_address, |address| check.address("mailingAddress", Some(address)));
    row.account_id = change(&new.account_id, |account| Some(*account));
    let account = new.account_id.take();
    record::refer::<account::Entity>(services, &transaction, &mut check, "accountId", account).await?;
    row.owner_id = change(&new.owner_id, |owner| Some(*owner));
    record::owner(services, &transaction, &mut check, new.owner_id.take()).await?;
    check.finish()?;
    row.version = Set(version + 1);
    row.updated_at = Set(services.clock().now());
    let contact = row.update(&transaction).await?;
    transaction.commit().await?;
    Ok(contact)
}

fn full_name(first: Option<&str>, last: &str) -> String {
    match first {
        Some(first) => format!("{first} {last}"),
        None => last.to_owned(),
    }
}
