//! Contacts in GraphQL.

pub mod filter;
pub mod mutation;
pub mod query;

use async_graphql::{Context, ID, Object, Result};
use finbridge_domain::{NodeKind, WireId};
use finbridge_entity::contact;

pub use filter::of_account;

use super::account::{self, Account, Address};
use super::context::{Asked, id};
use super::loader::failed;
use super::scalar::DateTime;
use super::user::User;

/// A person that the organization deals with.
#[derive(Clone)]
pub struct Contact(contact::Model);

impl From<contact::Model> for Contact {
    fn from(row: contact::Model) -> Self {
        Self(row)
    }
}

super::connection::connection!(ContactConnection, ContactEdge, Contact, contact::Model, "contacts");

/// A person that the organization deals with.
#[Object]
impl Contact {
    /// Global id.
    pub async fn id(&self) -> ID {
        id(NodeKind::Contact, self.0.id)
    }

    /// The 18-digit number by which finance apps know the contact. Never changes.
    async fn wire_id(&self) -> String {
        WireId(self.0.wire_id).to_string()
    }

    /// Given name; null when not known.
    async fn first_name(&self) -> Option<&str> {
        self.0.first_name.as_deref()
    }

    /// Family name.
    async fn last_name(&self) -> &str {
        &self.0.last_name
    }

    /// Given name and family name in one, as contacts are listed; the family name alone when the given name is not known.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// E-mail address, as it was typed; null when not known. Several contacts may share one.
    async fn email(&self) -> Option<&str> {
        self.0.email.as_deref()
    }

    /// Telephone number; null when not known.
    async fn phone(&self) -> Option<&str> {
        self.0.phone.as_deref()
    }

    /// Position in the company, such as "Head of Purchasing"; null when not known.
    async fn title(&self) -> Option<&str> {
        self.0.title.as_deref()
    }

    /// Where letters to the person go; null when not known.
    async fn mailing_address(&self) -> Option<Address> {
        self.0.mailing_address.clone().map(Address::from)
    }

    /// The company the person works for; null when there is none or it was deleted.
    async fn account(&self, ctx: &Context<'_>) -> Result<Option<Account>> {
        let Some(account) = self.0.account_id else { return Ok(None) };
        account::living(ctx, account).await
    }

    /// Who looks after the contact; null when nobody does.
    async fn owner(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        User::load(ctx, self.0.owner_id).await
    }

    /// Ascends with every change; send it along with an update to refuse overwriting somebody else's change.
    async fn version(&self) -> i32 {
        i32::try_from(self.0.version).unwrap_or(i32::MAX)
    }

    /// When the contact was made.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When the contact was last changed.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.0.updated_at)
    }
}

/// The contact, unless it was deleted or is another tenant's.
pub async fn living(ctx: &Context<'_>, uuid: uuid::Uuid) -> Result<Option<Contact>> {
    let row = ctx.loaders()?.contacts.load_one(uuid).await.map_err(failed)?;
    Ok(row.filter(|row| row.deleted_at.is_none()).map(Contact))
}
