//! `recordLinksImport`.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use finbridge_domain::NodeKind;
use finbridge_entity::types::Origin;

use super::{SyncSide, synced_record};
use crate::graphql::context::{Asked, uuid};
use crate::graphql::error::split;
use crate::graphql::record::items::Items;
use crate::graphql::syncable::{ExternalKind, ExternalReference};
use crate::service::UserError;
use crate::service::link_map::{self, ImportLink, RecordName};

/// Two records that are the same thing.
#[derive(InputObject)]
pub struct RecordLinkImportInput {
    /// The account, contact, vendor or product: its global id, or its 18-digit `wireId`.
    record_id: ID,
    /// What it is on the finance side.
    kind: ExternalKind,
    /// The finance record's id there.
    remote_key: String,
    /// Which side had the record first: what becomes of the other when one is deleted goes by it. FINANCE when not given, which
    /// never deletes the finance record.
    origin: Option<SyncSide>,
    /// What the finance record carries after its name, such as " (2)"; up to 20 characters.
    name_suffix: Option<String>,
}

/// Which links to bring in.
#[derive(InputObject)]
pub struct RecordLinksImportInput {
    /// The integration to whose organization they lead.
    integration_id: ID,
    /// The links, 100 at most.
    #[graphql(validator(min_items = 1, max_items = 100))]
    links: Vec<RecordLinkImportInput>,
}

/// What came of one link.
#[derive(SimpleObject)]
pub struct RecordLinkImportResult {
    /// The link, new or as it was; null when there are user errors.
    record_link: Option<ExternalReference>,
    /// What a person has to mend about this one; empty when the two are linked.
    user_errors: Vec<UserError>,
}

/// What came of bringing links in.
#[derive(SimpleObject)]
pub struct RecordLinksImportPayload {
    /// What came of each, in the order of the input.
    results: Option<Vec<RecordLinkImportResult>>,
    /// What a person has to mend about the input as a whole.
    user_errors: Vec<UserError>,
}

/// `recordLinksImport`.
#[derive(Default)]
pub struct RecordLinksImport;

#[Object]
impl RecordLinksImport {
    /// Links CRM records to finance records that are known to be the same, such as those of `/export/record-links.csv`. Both must
    /// be there, and neither linked to anything else; a person must belong to the customer that the contact's account is linked
    /// to. Repeating it changes nothing. The next run compares the two by the rule IMPORTED. For administrators.
    async fn record_links_import(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which links.")] input: RecordLinksImportInput,
    ) -> Result<Option<RecordLinksImportPayload>> {
        let services = ctx.services()?;
        let integration = uuid(NodeKind::Integration, &input.integration_id)?;
        // Before anything is linked: what is no id at all is a mistake in the request, not in one of its items.
        let wishes = input.links.into_iter().map(RecordLinkImportInput::read).collect::<Result<Vec<_>>>()?;
        let mut items = Items::default();
        let mut results = Vec::with_capacity(wishes.len());
        for wish in wishes {
            let done = items.attempt(link_map::import(services, integration, wish)).await;
            let (link, user_errors) = split(done)?;
            results.push(RecordLinkImportResult { record_link: link.map(Into::into), user_errors });
        }
        Ok(Some(RecordLinksImportPayload { results: Some(results), user_errors: Vec::new() }))
    }
}

impl RecordLinkImportInput {
    fn read(self) -> Result<ImportLink> {
        let record = match wire_id(&self.record_id) {
            Some(wire_id) => RecordName::Wire(wire_id),
            None => {
                let (id, record_type) = synced_record(&self.record_id)?;
                RecordName::Id(record_type, id)
            }
        };
        let origin = match self.origin {
            Some(SyncSide::Crm) => Origin::Crm,
            Some(SyncSide::Finance) | None => Origin::Finance,
        };
        Ok(ImportLink {
            record,
            kind: self.kind.into(),
            remote_id: self.remote_key,
            origin,
            name_suffix: self.name_suffix.filter(|suffix| !suffix.is_empty()),
        })
    }
}

/// The number that finance apps know a record by, where this is one.
fn wire_id(id: &ID) -> Option<i64> {
    let text = id.as_str();
    let is_number = text.len() == 18 && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}
