//! `contactCreate`.

use std::convert::identity;

use async_graphql::{Context, ID, InputObject, Object, Result};
use finbridge_domain::NodeKind;

use crate::graphql::account::AddressInput;
use crate::graphql::contact::Contact;
use crate::graphql::context::{Asked, uuid};
use crate::graphql::error::payload;
use crate::graphql::record::input::RecordNewInput;
use crate::service::contact::{self, NewContact};
use crate::service::{ServiceResult, Services};

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
    /// Free text; up to 10,000 characters.
    description: Option<String>,
    /// What every create may say.
    #[graphql(flatten)]
    record: RecordNewInput,
}

payload! {
    /// What came of creating a contact.
    ContactCreatePayload {
        /// The new contact; null when there are user errors.
        contact: Contact
    }
}

impl ContactCreateInput {
    /// What the service takes.
    pub(super) fn read(self) -> Result<NewContact> {
        let common = self.record.read("contactCreate", &self)?;
        Ok(NewContact {
            first_name: self.first_name,
            last_name: self.last_name,
            email: self.email,
            phone: self.phone,
            title: self.title,
            mailing_address: self.mailing_address.map(Into::into),
            account_id: self.account_id.map(|id| uuid(NodeKind::Account, &id)).transpose()?,
            description: self.description,
            common,
        })
    }
}

pub(super) async fn create(services: &Services, new: NewContact) -> ServiceResult<Contact> {
    contact::create(services, new).await.map(Contact::from)
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
    ) -> Result<Option<ContactCreatePayload>> {
        ContactCreatePayload::of(create(ctx.services()?, input.read()?).await, identity).map(Some)
    }
}
