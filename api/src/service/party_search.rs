//! Finding whom a document is to be with, while it is written: customers and vendors of the finance app as they were last read, and
//! records of the CRM that are none there yet and become one when they are chosen (R143–R147). No finance app is asked.

use std::collections::HashMap;

use finbridge_domain::record::RecordKind;
use finbridge_domain::{DocumentKind, PartyKind, SyncModule, name_key, name_words};
use finbridge_entity::types::{LinkState, RecordType};
use finbridge_entity::{
    Scoped, account, contact, integration, record_link, record_word, remote_record, vendor,
};
use sea_orm::sea_query::{Expr, ExprTrait, LikeExpr};
use sea_orm::{
    ActiveEnum, ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
};
use uuid::Uuid;

use super::error::{ErrorCode, ServiceError, ServiceResult, UserError};
use super::finance_party::kind_of;
use super::page::size;
use super::permit::{Act, Object};
use super::record::{Record, living};
use super::search::find::beyond;
use super::{Services, integration as integrations};

/// Longest text, in characters: as long as names may be.
const LONGEST: usize = 200;

/// Rows that are read beyond those wanted where the last word on them is spoken after they were read.
const SPARE: u64 = 100;

/// States of links whose finance record can be used in documents.
const USABLE: [LinkState; 4] =
    [LinkState::Claimed, LinkState::Linked, LinkState::Deactivated, LinkState::Merged];

/// Most contacts that stand with an account that was found.
pub const CONTACTS: u64 = 25;

/// On which side is looked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// On both.
    Both,
    /// Among records of the CRM that are no customer or vendor there yet.
    Crm,
    /// Among customers or vendors of the finance app.
    Finance,
}

/// By what is looked (R146).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// By the name under which it is listed.
    Name,
    /// By the name of an account.
    AccountName,
    /// By the given name of a contact.
    FirstName,
    /// By the family name of a contact.
    LastName,
}

/// What somebody looks for.
#[derive(Debug, Clone)]
pub struct PartySearch {
    /// The connection through which the document will be made.
    pub integration_id: Uuid,
    /// Customers or vendors.
    pub party: PartyKind,
    /// Where.
    pub place: Place,
    /// By what.
    pub key: Key,
    /// How it begins.
    pub text: String,
    /// So many at most.
    pub first: Option<i32>,
}

/// Somebody who was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// Name: the finance app's, or else the CRM's.
    pub name: String,
    /// The record of the CRM; none for those that only the finance app has.
    pub record: Option<(RecordType, Uuid)>,
    /// The id in the finance app; none for those that only the CRM has.
    pub remote_id: Option<String>,
    key: String,
}

/// Lets those pass who may see documents with parties of this kind.
///
/// # Errors
/// `FORBIDDEN`.
pub fn may_see(services: &Services, party: PartyKind) -> ServiceResult<()> {
    permit_any(services, Act::View, party)
}

/// Lets those pass who may do this with documents of some kind that is with such a party.
fn permit_any(services: &Services, act: Act, party: PartyKind) -> ServiceResult<()> {
    let mut refused = Ok(());
    for kind in DocumentKind::ALL.iter().filter(|kind| kind.party() == party) {
        refused = services.permit(act, Object::Transactions(*kind));
        if refused.is_ok() {
            break;
        }
    }
    refused
}

/// Those whose names begin so, by name.
///
/// # Errors
/// `FORBIDDEN` for those who may not make such documents; `NOT_FOUND` and `MODULE_NOT_SUPPORTED` for the integration; texts without a
/// letter or digit, or too long; keys that the finance side cannot be searched by.
pub async fn find(services: &Services, search: PartySearch) -> ServiceResult<Vec<Hit>> {
    permit_any(services, Act::CreateEdit, search.party)?;
    let integration = integrations::find(services, services.db(), search.integration_id).await?;
    expect_offered(&integration, search.party)?;
    if search.place == Place::Finance && search.key != Key::Name {
        let message =
            "The finance app lists its customers under one name: search there by NAME, or search in the CRM";
        return Err(ServiceError::BadInput(message.to_owned()));
    }
    let limit = size(search.first, None)?;
    let text = Text::read(&search.text)?;
    let mut hits = Vec::new();
    if search.place != Place::Finance {
        let here = Crm { services, integration: &integration, limit };
        match search.party {
            PartyKind::Customer => here.customers(search.key, &text, &mut hits).await?,
            PartyKind::Vendor => {
                hits.extend(here.named::<vendor::Entity>(&text).await?.into_iter().map(of_vendor))
            }
        }
    }
    if search.place != Place::Crm && search.key == Key::Name {
        hits.extend(finance(services, &integration, search.party, &text, limit).await?);
    }
    hits.sort_by(|a, b| (&a.key, a.remote_id.is_some()).cmp(&(&b.key, b.remote_id.is_some())));
    hits.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(hits)
}

/// Those that the profile synchronises can be found, whether or not their documents come into the CRM.
fn expect_offered(row: &integration::Model, party: PartyKind) -> ServiceResult<()> {
    let profile = integrations::profile(row)?;
    let module = match party {
        PartyKind::Customer => SyncModule::Customers,
        PartyKind::Vendor => SyncModule::Vendors,
    };
    if profile.modules.contains(&module) {
        return Ok(());
    }
    let message = format!("The profile {} does not offer {} (modules)", profile.key, module.as_str());
    Err(UserError::of(ErrorCode::ModuleNotSupported, "integrationId", message).into())
}

/// How names begin.
struct Text {
    /// As names are compared.
    key: String,
    /// Its longest word.
    word: String,
}

impl Text {
    fn read(text: &str) -> ServiceResult<Self> {
        let length = text.chars().count();
        if length > LONGEST {
            let message = format!("`text` takes {LONGEST} characters and this has {length}; shorten it");
            return Err(ServiceError::BadInput(message));
        }
        if text.contains('\0') {
            let message = "`text` holds the character U+0000, which no name has; remove it";
            return Err(ServiceError::BadInput(message.to_owned()));
        }
        let key = name_key(text);
        let word = name_words(&key).max_by_key(|word| word.len()).map(str::to_owned);
        let Some(word) = word else {
            let message = "Give `text` at least one letter or digit, such as the beginning of a name";
            return Err(ServiceError::BadInput(message.to_owned()));
        };
        Ok(Self { key, word })
    }

    /// The range of an index that holds the names which begin so.
    fn begins(&self, column: impl ColumnTrait) -> Condition {
        Condition::all().add(column.gte(self.key.as_str())).add(column.lt(beyond(&self.key)))
    }

    /// The same somewhere after the first word.
    fn further_on(&self, column: impl ColumnTrait) -> Expr {
        let mut pattern = "% ".to_owned();
        for letter in self.key.chars() {
            if matches!(letter, '%' | '_' | '\\') {
                pattern.push('\\');
            }
            pattern.push(letter);
        }
        pattern.push('%');
        column.like(LikeExpr::new(pattern).escape('\\'))
    }

    fn is_start_of(&self, name: &str) -> bool {
        name_key(name).starts_with(&self.key)
    }
}

/// The CRM's side of a search.
struct Crm<'a> {
    services: &'a Services,
    integration: &'a integration::Model,
    limit: u64,
}

impl Crm<'_> {
    async fn customers(&self, key: Key, text: &Text, hits: &mut Vec<Hit>) -> ServiceResult<()> {
        use contact::Column;
        match key {
            Key::Name => {
                hits.extend(self.named::<account::Entity>(text).await?.into_iter().map(of_account));
                hits.extend(self.named::<contact::Entity>(text).await?.into_iter().map(of_contact));
            }
            Key::AccountName => {
                hits.extend(self.named::<account::Entity>(text).await?.into_iter().map(of_account));
            }
            Key::FirstName => {
                let which = text.begins(Column::NameKey).add(Column::FirstName.is_not_null());
                let rows = self.rows::<contact::Entity>(which, SPARE).await?.into_iter();
                let fits = |row: &contact::Model| {
                    row.first_name.as_deref().is_some_and(|name| text.is_start_of(name))
                };
                hits.extend(rows.filter(fits).map(of_contact));
            }
            Key::LastName => {
                let words = record_word::Entity::find()
                    .select_only()
                    .column(record_word::Column::RecordId)
                    .filter(record_word::Column::OrganizationId.eq(self.services.organization_id()))
                    .filter(record_word::Column::RecordType.eq(RecordType::Contact))
                    .filter(record_word::Column::Word.gte(text.word.as_str()))
                    .filter(record_word::Column::Word.lt(beyond(&text.word)));
                let alone = text.begins(Column::NameKey).add(Column::FirstName.is_null());
                let which = Condition::all()
                    .add(Column::Id.in_subquery(words.into_query()))
                    .add(Condition::any().add(alone).add(text.further_on(Column::NameKey)));
                let rows = self.rows::<contact::Entity>(which, SPARE).await?.into_iter();
                hits.extend(rows.filter(|row| text.is_start_of(&row.last_name)).map(of_contact));
            }
        }
        Ok(())
    }

    async fn named<E: Record>(&self, text: &Text) -> ServiceResult<Vec<E::Model>> {
        self.rows::<E>(text.begins(E::name_key_column()), 0).await
    }

    /// Living records that are no customer, contact person or vendor of this finance organization, by name.
    async fn rows<E: Record>(&self, which: Condition, spare: u64) -> ServiceResult<Vec<E::Model>> {
        use record_link::Column;
        let here = self.services.organization_id();
        let kinds = [RecordKind::Customer, RecordKind::ContactPerson, RecordKind::Vendor];
        let linked = record_link::Entity::of(here)
            .select_only()
            .expr(Expr::cust("1"))
            .filter(Column::FinanceOrganizationId.eq(self.integration.finance_organization_id))
            .filter(Column::Kind.is_in(kinds.map(RecordKind::as_str)))
            .filter(Expr::col(Column::RecordId.as_column_ref()).equals(E::id_column().as_column_ref()))
            .filter(Column::RemoteId.is_not_null())
            // Those whose finance record is gone too: they become no customers until they are unlinked.
            .filter(Column::State.ne(LinkState::Deleted));
        Ok(living::<E>(self.services)
            .filter(which)
            .filter(Expr::exists(linked.into_query()).not())
            .order_by_asc(E::name_key_column())
            .order_by_asc(E::id_column())
            .limit(self.limit + spare)
            .all(self.services.db())
            .await?)
    }
}

/// Customers or vendors that can be used in new documents, and what they are in the CRM.
async fn finance(
    services: &Services,
    integration: &integration::Model,
    party: PartyKind,
    text: &Text,
    limit: u64,
) -> ServiceResult<Vec<Hit>> {
    use remote_record::Column;
    let here = services.organization_id();
    let kind = kind_of(party);
    let rows = remote_record::Entity::of(here)
        .filter(Column::FinanceOrganizationId.eq(integration.finance_organization_id))
        .filter(Column::Kind.eq(kind.as_str()))
        .filter(Column::IsActive.eq(true))
        .filter(text.begins(Column::NameKey))
        .order_by_asc(Column::NameKey)
        .order_by_asc(Column::Id)
        .limit(limit)
        .all(services.db())
        .await?;
    let links = record_link::Entity::of(here)
        .filter(record_link::Column::FinanceOrganizationId.eq(integration.finance_organization_id))
        .filter(record_link::Column::Kind.eq(kind.as_str()))
        .filter(record_link::Column::RemoteId.is_in(rows.iter().map(|row| row.remote_id.as_str())))
        .filter(record_link::Column::State.is_in(USABLE))
        .all(services.db())
        .await?;
    let of_remote: HashMap<&str, &record_link::Model> =
        links.iter().filter_map(|link| Some((link.remote_id.as_deref()?, link))).collect();
    let record = |remote_id: &str| {
        let link = of_remote.get(remote_id)?;
        Some((RecordType::try_from_value(&link.record_type).ok()?, link.record_id))
    };
    let hit = |row: &remote_record::Model| Hit {
        name: row.name.clone(),
        record: record(&row.remote_id),
        remote_id: Some(row.remote_id.clone()),
        key: row.name_key.clone(),
    };
    Ok(rows.iter().map(hit).collect())
}

fn of_account(row: account::Model) -> Hit {
    Hit { name: row.name, record: Some((RecordType::Account, row.id)), remote_id: None, key: row.name_key }
}

fn of_contact(row: contact::Model) -> Hit {
    Hit { name: row.name, record: Some((RecordType::Contact, row.id)), remote_id: None, key: row.name_key }
}

fn of_vendor(row: vendor::Model) -> Hit {
    Hit { name: row.name, record: Some((RecordType::Vendor, row.id)), remote_id: None, key: row.name_key }
}
