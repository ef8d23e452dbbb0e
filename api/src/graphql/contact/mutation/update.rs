//! `contactUpdate`.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, Result};
use finbridge_domain::NodeKind;

use crate::graphql::account::AddressInput;
use crate::graphql::contact::Contact;
use crate::graphql::context::{Asked, uuid};
use crate::graphql::error::payload;
use crate::service::contact::{self, ContactChange};

/// What changes in a contact: fields that are left out stay as they are, null clears.
#[derive(InputObject)]
pub struct ContactUpdateInput {
    /// Which contact.
    id: ID,
    /// The version the change is based on; refused with VERSION_CONFLICT when the contact has a newer one. Leave it out
    /// to change whatever is there.
    version: Option<i32>,
    /// Given name; up to 100 characters.
    first_name: MaybeUndefined<String>,
    /// Family name; up to 100 characters. It cannot be cleared.
    last_name: MaybeUndefined<String>,
    /// E-mail address, as name@example.com; up to 250 characters.
    email: MaybeUndefined<String>,
    /// Telephone number; up to 50 characters.
    phone: MaybeUndefined<String>,
    /// Position in the company; up to 250 characters.
    title: MaybeUndefined<String>,
    /// Where letters to the person go; replaces the address as a whole.
    mailing_address: MaybeUndefined<AddressInput>,
    /// The account the person works for.
    account_id: MaybeUndefined<ID>,
    /// The user who looks after the contact.
    owner_id: MaybeUndefined<ID>,
}

payload! {
    /// What came of changing a contact.
    ContactUpdatePayload {
        /// The contact as it is now; null when there are user errors.
        contact: Contact
    }
}

/// `contactUpdate`.
#[derive(Default)]
pub struct ContactUpdate;

#[Object]
impl ContactUpdate {
    /// Changes a contact.
    async fn contact_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which contact, and what changes.")] input: ContactUpdateInput,
    ) -> Result<ContactUpdatePayload> {
        let change = ContactChange {
            version: input.version.map(i64::from),
            first_name: input.first_name,
            last_name: input.last_name,
            email: input.email,
            phone: input.phone,
            title: input.title,
            mailing_address: input.mailing_address.map_value(Into::into),
            account_id: input.account_id.map_value(|id| uuid(NodeKind::Account, &id)).transpose()?,
            owner_id: input.owner_id.map_value(|id| uuid(NodeKind::User, &id)).transpose()?,
        };
        let id = uuid(NodeKind::Contact, &input.id)?;
        ContactUpdatePayload::of(contact::update(ctx.services()?, id, change).await, Contact::from)
    }
}
