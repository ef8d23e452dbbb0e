//! `contactCreate`.

use async_graphql::{Context, ID, InputObject, Object, Result};
use finbridge_domain::NodeKind;

use crate::graphql::account::AddressInput;
use crate::graphql::contact::Contact;
use crate::graphql::context::{Asked, uuid};
use crate::graphql::error::payload;
use crate::service::contact::{self, NewContact};

/// What a contact is made of.
#[derive(InputObject)]
pub struct ContactCreateInput {
    /// Given name; up to 100 characters.
    first_name: Option<String>,
    /// Family name; up to 100 characters.
    last_name: String,
    /// E-mail address, as name@example.com; up to 250 characters.
    email: Option<String>,
    /// Telephone number; up to 50 characters.
    phone: Option<String>,
    /// Position in the company; up to 250 characters.
    title: Option<String>,
    /// Where letters to the person go.
    mailing_address: Option<AddressInput>,
    /// The account the person works for.
    account_id: Option<ID>,
    /// The user who looks after the contact; whoever creates it when not given.
    owner_id: Option<ID>,
}

payload! {
    /// What came of creating a contact.
    ContactCreatePayload {
        /// The new contact; null when there are user errors.
        contact: Contact
    }
}

/// `contactCreate`.
#[derive(Default)]
pub struct ContactCreate;

#[Object]
impl ContactCreate {
    /// Makes a contact. Nothing stops two contacts of the same name or e-mail address.
    async fn contact_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What the contact is made of.")] input: ContactCreateInput,
    ) -> Result<ContactCreatePayload> {
        let new = NewContact {
            first_name: input.first_name,
            last_name: input.last_name,
            email: input.email,
            phone: input.phone,
            title: input.title,
            mailing_address: input.mailing_address.map(Into::into),
            account_id: input.account_id.map(|id| uuid(NodeKind::Account, &id)).transpose()?,
            owner_id: input.owner_id.map(|id| uuid(NodeKind::User, &id)).transpose()?,
        };
        ContactCreatePayload::of(contact::create(ctx.services()?, new).await, Contact::from)
    }
}
