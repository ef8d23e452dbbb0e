//! `contactUpdate`.

use std::convert::identity;

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, Result};
use finbridge_domain::NodeKind;
use uuid::Uuid;

use crate::graphql::account::AddressInput;
use crate::graphql::contact::Contact;
use crate::graphql::context::{Asked, uuid};
use crate::graphql::error::payload;
use crate::graphql::record::input::RecordChangeInput;
use crate::service::contact::{self, ContactChange};
use crate::service::{ServiceResult, Services};

/// What changes in a contact: fields that are left out stay as they are, null clears.
#[derive(InputObject)]
pub struct ContactUpdateInput {
    /// What every update may say.
    #[graphql(flatten)]
    record: RecordChangeInput,
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
    /// Free text; up to 10,000 characters.
    description: MaybeUndefined<String>,
}

payload! {
    /// What came of changing a contact.
    ContactUpdatePayload {
        /// The contact as it is now; null when there are user errors.
        contact: Contact
    }
}

impl ContactUpdateInput {
    /// Which record, and what the service takes.
    pub(super) fn read(self) -> Result<(Uuid, ContactChange)> {
        let (id, common) = self.record.read(NodeKind::Contact)?;
        let change = ContactChange {
            first_name: self.first_name,
            last_name: self.last_name,
            email: self.email,
            phone: self.phone,
            title: self.title,
            mailing_address: self.mailing_address.map_value(Into::into),
            account_id: self.account_id.map_value(|id| uuid(NodeKind::Account, &id)).transpose()?,
            description: self.description,
            common,
        };
        Ok((id, change))
    }
}

pub(super) async fn update(
    services: &Services,
    (id, change): (Uuid, ContactChange),
) -> ServiceResult<Contact> {
    contact::update(services, id, change).await.map(Contact::from)
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
    ) -> Result<Option<ContactUpdatePayload>> {
        ContactUpdatePayload::of(update(ctx.services()?, input.read()?).await, identity).map(Some)
    }
}
