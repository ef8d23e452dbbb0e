//! Which record is which on the finance side, as CSV (X18).

use std::collections::HashMap;

use finbridge_domain::record::CrmRecordType;
use finbridge_domain::{NodeId, NodeKind, WireId};
use finbridge_entity::{Scoped, finance_organization, integration, record_link};
use finbridge_sync::records;
use sea_orm::{ActiveEnum, ColumnTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::row::{Guard, Row};
use super::{PAGE, Piece, synced_id};
use crate::service::Services;
use crate::service::error::ServiceResult;

const COLUMNS: [&str; 14] = [
    "id",
    "recordType",
    "recordId",
    "wireId",
    "name",
    "organization",
    "kind",
    "remoteKey",
    "remoteParentKey",
    "origin",
    "state",
    "nameSuffix",
    "linkedAt",
    "updatedAt",
];

/// Which links to export.
#[derive(Debug, Clone, Copy, Default)]
pub struct LinkSelection {
    /// Those to the organization that this integration is connected to; none: all.
    pub integration: Option<Uuid>,
}

/// An export of links, in the order in which they were made, those of deleted records too.
pub struct LinkExport {
    services: Services,
    /// The organizations on the finance side, by id, as they are known there.
    organizations: HashMap<Uuid, String>,
    /// Only links to this one. A foreign or unknown integration has none.
    only: Option<Option<Uuid>>,
    guard: Guard,
    after: Option<Uuid>,
    is_begun: bool,
    is_over: bool,
}

impl LinkExport {
    /// Begins an export.
    ///
    /// # Errors
    /// The database's.
    pub async fn begin(services: Services, selection: LinkSelection, guard: Guard) -> ServiceResult<Self> {
        let here = services.organization_id();
        let only = match selection.integration {
            None => None,
            Some(id) => {
                let found = integration::Entity::one_of(here, id).one(services.db()).await?;
                Some(found.map(|integration| integration.finance_organization_id))
            }
        };
        let organizations: Vec<(Uuid, String)> = finance_organization::Entity::of(here)
            .select_only()
            .columns([finance_organization::Column::Id, finance_organization::Column::RemoteId])
            .into_tuple()
            .all(services.db())
            .await?;
        let organizations = organizations.into_iter().collect();
        Ok(Self { services, organizations, only, guard, after: None, is_begun: false, is_over: false })
    }

    /// The next piece of the file, the header row with the first; none at the end.
    ///
    /// # Errors
    /// The database's.
    pub async fn next(&mut self) -> ServiceResult<Option<Vec<u8>>> {
        if self.is_over {
            return Ok(None);
        }
        let mut piece = Piece::new();
        if !self.is_begun {
            self.is_begun = true;
            piece.0.write_record(COLUMNS)?;
        }
        let links = self.read().await?;
        self.after = links.last().map(|link| link.id);
        self.is_over = u64::try_from(links.len()).unwrap_or(u64::MAX) < PAGE;
        let named = self.named(&links).await?;
        for link in &links {
            piece.0.write_record(self.row(link, named.get(&link.record_id)).cells())?;
        }
        piece.finished().map(Some)
    }

    async fn read(&self) -> ServiceResult<Vec<record_link::Model>> {
        let mut links = record_link::Entity::of(self.services.organization_id());
        match self.only {
            None => {}
            Some(None) => return Ok(Vec::new()),
            Some(Some(organization)) => {
                links = links.filter(record_link::Column::FinanceOrganizationId.eq(organization));
            }
        }
        if let Some(after) = self.after {
            links = links.filter(record_link::Column::Id.gt(after));
        }
        Ok(links.order_by_asc(record_link::Column::Id).limit(PAGE).all(self.services.db()).await?)
    }

    /// Numbers and names of the records of these links, deleted ones too.
    async fn named(&self, links: &[record_link::Model]) -> ServiceResult<HashMap<Uuid, (i64, String)>> {
        let mut named = HashMap::new();
        for record_type in CrmRecordType::ALL {
            let of_type = links.iter().filter(|link| link.record_type == record_type.as_str());
            let ids: Vec<Uuid> = of_type.map(|link| link.record_id).collect();
            if ids.is_empty() {
                continue;
            }
            let (db, here) = (self.services.db(), self.services.organization_id());
            let records = records::load(db, here, *record_type, &[], &ids).await?;
            named.extend(records.into_iter().map(|record| (record.id, (record.wire_id, record.name))));
        }
        Ok(named)
    }

    fn row(&self, link: &record_link::Model, named: Option<&(i64, String)>) -> Row {
        let mut row = Row::new(self.guard);
        row.plain(NodeId::new(NodeKind::RecordLink, link.id))
            .plain(&link.record_type)
            .maybe(synced_id(&link.record_type, link.record_id))
            .maybe(named.map(|(wire_id, _)| WireId(*wire_id)))
            .text(named.map(|(_, name)| name.as_str()))
            .text(self.organizations.get(&link.finance_organization_id).map(String::as_str))
            .plain(&link.kind)
            .text(link.remote_id.as_deref())
            .text(link.remote_parent_id.as_deref())
            .plain(link.origin.to_value())
            .plain(link.state.to_value())
            .text(link.name_suffix.as_deref())
            .time(link.created_at)
            .time(link.updated_at);
        row
    }
}
