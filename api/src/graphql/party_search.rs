//! Finding whom a transaction is to be with, while it is written.

use async_graphql::{Context, Enum, ID, Object, Result};
use finbridge_domain::{NodeKind, PartyKind};
use finbridge_entity::types::RecordType;

use super::account::{self, Account};
use super::contact::{self, Contact};
use super::context::{Asked, uuid};
use super::error::top_level;
use super::loader::{PageOf, failed};
use super::sync::SyncSide;
use super::vendor::{self, Vendor};
use crate::service::page::{Page, PageArgs};
use crate::service::party_search::{self as service, CONTACTS, Hit, Key, PartySearch, Place};

/// On which side is looked.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq, Default)]
#[graphql(remote = "Place")]
pub enum PartySearchSource {
    /// On both sides. Whoever is known on both is found once, as one of the finance app.
    #[default]
    #[graphql(name = "ALL")]
    Both,
    /// Among the records of the CRM that are not in the finance app yet; they get there with the first transaction.
    Crm,
    /// Among those in the finance app that can be used in new transactions.
    Finance,
}

/// By what customers are looked for.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq, Default)]
#[graphql(remote = "Key")]
pub enum CustomerSearchKey {
    /// By the name under which they are listed, of companies and persons.
    #[default]
    Name,
    /// By the name of an account. Only in the CRM.
    AccountName,
    /// By the given name of a contact. Only in the CRM.
    FirstName,
    /// By the family name of a contact. Only in the CRM.
    LastName,
}

/// Somebody whom a transaction can be with.
pub struct PartyHit(Hit);

/// Somebody whom a transaction can be with.
#[Object]
impl PartyHit {
    /// Name: the one in the finance app or, of those that are not there yet, the one in the CRM.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Where it was found.
    async fn source(&self) -> SyncSide {
        match self.0.remote_id {
            Some(_) => SyncSide::Finance,
            None => SyncSide::Crm,
        }
    }

    /// Id in the finance app; null for those that are not there yet. `party { remoteKey }` of a transaction takes it.
    async fn remote_key(&self) -> Option<&str> {
        self.0.remote_id.as_deref()
    }

    /// Whether both sides have it and know it to be the same.
    async fn is_linked(&self) -> bool {
        self.0.remote_id.is_some() && self.0.record.is_some()
    }

    /// The account that it is in the CRM; null when it is none.
    async fn account(&self, ctx: &Context<'_>) -> Result<Option<Account>> {
        match self.0.record {
            Some((RecordType::Account, id)) => account::living(ctx, id).await,
            _ => Ok(None),
        }
    }

    /// The contact that it is in the CRM; null when it is none. Where contacts are persons at the customer that their account is, a
    /// transaction with the contact is one with that customer.
    async fn contact(&self, ctx: &Context<'_>) -> Result<Option<Contact>> {
        match self.0.record {
            Some((RecordType::Contact, id)) => contact::living(ctx, id).await,
            _ => Ok(None),
        }
    }

    /// The vendor that it is in the CRM; null when it is none.
    async fn vendor(&self, ctx: &Context<'_>) -> Result<Option<Vendor>> {
        match self.0.record {
            Some((RecordType::Vendor, id)) => vendor::living(ctx, id).await,
            _ => Ok(None),
        }
    }

    /// The people who work at the account, by name, 25 at most; `account { contacts }` pages through all of them. Empty for
    /// everything that is no account.
    async fn contacts(&self, ctx: &Context<'_>) -> Result<Vec<Contact>> {
        let Some((RecordType::Account, account)) = self.0.record else { return Ok(Vec::new()) };
        let args = PageArgs { first: i32::try_from(CONTACTS).ok(), ..PageArgs::default() };
        let key = PageOf { parent: account, filter: (), args };
        let page = ctx.loaders()?.contacts_of_account().load_one(key).await.map_err(failed)?;
        let rows = page.unwrap_or_else(Page::empty).rows.into_iter();
        Ok(rows.map(|(_, row)| Contact::from(row)).collect())
    }
}

/// Finding whom a transaction is to be with.
#[derive(Default)]
pub struct PartySearchQuery;

#[Object]
impl PartySearchQuery {
    /// Whom an estimate, an order, an invoice and the like can be with, by the beginning of a name, in the order of names. The finance
    /// app is known as it was last read and is not asked. Those whom only the CRM has become customers with the first transaction
    /// that is made with them, where the synchronisation of customers is set up. For those who may make transactions; deleted and inactive ones are not found.
    async fn customer_search(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The connection through which the transaction will be made.")] integration_id: ID,
        #[graphql(
            desc = "How it begins, letter case aside: 200 characters at most, with a letter or digit."
        )]
        text: String,
        #[graphql(desc = "On which side is looked; on both when not given.", default)]
        source: PartySearchSource,
        #[graphql(
            desc = "By what; by name when not given. Everything else is known in the CRM only, and found there only.",
            default
        )]
        by: CustomerSearchKey,
        #[graphql(desc = "So many at most; 1 to 100, 25 when not given.")] first: Option<i32>,
    ) -> Result<Option<Vec<PartyHit>>> {
        let search = PartySearch {
            integration_id: uuid(NodeKind::Integration, &integration_id)?,
            party: PartyKind::Customer,
            place: source.into(),
            key: by.into(),
            text,
            first,
        };
        found(ctx, search).await
    }

    /// From whom a purchase order or a bill can be, by the beginning of a name: as `customerSearch`.
    async fn vendor_search(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The connection through which the transaction will be made.")] integration_id: ID,
        #[graphql(
            desc = "How it begins, letter case aside: 200 characters at most, with a letter or digit."
        )]
        text: String,
        #[graphql(desc = "On which side is looked; on both when not given.", default)]
        source: PartySearchSource,
        #[graphql(desc = "So many at most; 1 to 100, 25 when not given.")] first: Option<i32>,
    ) -> Result<Option<Vec<PartyHit>>> {
        let search = PartySearch {
            integration_id: uuid(NodeKind::Integration, &integration_id)?,
            party: PartyKind::Vendor,
            place: source.into(),
            key: Key::Name,
            text,
            first,
        };
        found(ctx, search).await
    }
}

async fn found(ctx: &Context<'_>, search: PartySearch) -> Result<Option<Vec<PartyHit>>> {
    let hits = service::find(ctx.services()?, search).await.map_err(top_level)?;
    Ok(Some(hits.into_iter().map(PartyHit).collect()))
}
