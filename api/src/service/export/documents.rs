//! Documents of finance apps as CSV, as they were last read.

use std::collections::HashMap;

use finbridge_domain::{CapabilityProfile, DocumentKind, HomeAmount, NodeId, NodeKind};
use finbridge_entity::{Scoped, document, finance_organization, integration};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::row::{Guard, Row};
use super::{PAGE, Piece};
use crate::service::Services;
use crate::service::document::{living, status_of, visible};
use crate::service::error::ServiceResult;

const COLUMNS: [&str; 24] = [
    "id",
    "kind",
    "number",
    "reference",
    "status",
    "remoteStatus",
    "organization",
    "remoteKey",
    "customerKey",
    "vendorKey",
    "party",
    "dealId",
    "datedOn",
    "dueOn",
    "currency",
    "total",
    "balance",
    "exchangeRate",
    "homeCurrency",
    "homeTotal",
    "homeBalance",
    "problem",
    "remoteModifiedAt",
    "readAt",
];

/// Which documents to export; all conditions must hold.
#[derive(Debug, Clone, Copy, Default)]
pub struct DocumentSelection {
    /// Those that this integration shows.
    pub integration: Option<Uuid>,
    /// Those of this kind.
    pub kind: Option<DocumentKind>,
}

/// An export of documents that are there, in the order in which they were first read.
pub struct DocumentExport {
    services: Services,
    /// The organizations on the finance side, by id: as they are known there, and their time zones.
    organizations: HashMap<Uuid, (String, Option<String>)>,
    /// Only documents of this organization.
    only: Option<Uuid>,
    /// Only these kinds; none: all.
    kinds: Option<Vec<DocumentKind>>,
    guard: Guard,
    after: Option<Uuid>,
    is_begun: bool,
    is_over: bool,
}

impl DocumentExport {
    /// Begins an export. A foreign or unknown integration shows nothing.
    ///
    /// # Errors
    /// The database's; kinds that the viewer may not see.
    pub async fn begin(
        services: Services,
        selection: DocumentSelection,
        guard: Guard,
    ) -> ServiceResult<Self> {
        let here = services.organization_id();
        let mut kinds = visible(&services, selection.kind.map(|kind| vec![kind]))?;
        let mut only = None;
        if let Some(id) = selection.integration {
            let row = integration::Entity::one_of(here, id).one(services.db()).await?;
            let shown = row.as_ref().and_then(|row| {
                Some(CapabilityProfile::by_key(&row.profile_key)?.documents_of(row.is_one_way))
            });
            let shown = shown.unwrap_or_default().iter().copied();
            only = row.map(|row| row.finance_organization_id);
            kinds = Some(match kinds {
                Some(kinds) => shown.filter(|kind| kinds.contains(kind)).collect(),
                None => shown.collect(),
            });
        }
        let organizations: Vec<(Uuid, String, Option<String>)> = finance_organization::Entity::of(here)
            .select_only()
            .columns([
                finance_organization::Column::Id,
                finance_organization::Column::RemoteId,
                finance_organization::Column::TimeZone,
            ])
            .into_tuple()
            .all(services.db())
            .await?;
        let organizations = organizations.into_iter().map(|(id, key, zone)| (id, (key, zone))).collect();
        Ok(Self { services, organizations, only, kinds, guard, after: None, is_begun: false, is_over: false })
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
        let mut rows = living(self.services.organization_id());
        if let Some(organization) = self.only {
            rows = rows.filter(document::Column::FinanceOrganizationId.eq(organization));
        }
        if let Some(kinds) = &self.kinds {
            rows = rows.filter(document::Column::Kind.is_in(kinds.iter().map(|kind| kind.as_str())));
        }
        if let Some(after) = self.after {
            rows = rows.filter(document::Column::Id.gt(after));
        }
        let rows = rows.order_by_asc(document::Column::Id).limit(PAGE).all(self.services.db()).await?;
        self.after = rows.last().map(|row| row.id);
        self.is_over = u64::try_from(rows.len()).unwrap_or(u64::MAX) < PAGE;
        for row in &rows {
            piece.0.write_record(self.row(row).cells())?;
        }
        piece.finished().map(Some)
    }

    fn row(&self, of: &document::Model) -> Row {
        let organization = self.organizations.get(&of.finance_organization_id);
        let zone = organization.and_then(|(_, zone)| zone.as_deref());
        let home =
            |whole: Option<i64>, nano: Option<i64>| Some(HomeAmount::from_parts(whole?, nano?).to_decimal());
        let amount = crate::service::custom_field::value::number;
        let mut row = Row::new(self.guard);
        row.plain(NodeId::new(NodeKind::Transaction, of.id))
            .plain(&of.kind)
            .text(of.number.as_deref())
            .text(of.reference.as_deref())
            .plain(status_of(of, zone, self.services.clock().now()).as_str())
            .text(Some(&of.remote_status))
            .text(organization.map(|(key, _)| key.as_str()))
            .text(Some(&of.remote_id))
            .text(of.customer_id.as_deref())
            .text(of.vendor_id.as_deref())
            .text(of.party_name.as_deref())
            .maybe(of.deal_id.map(|deal| NodeId::new(NodeKind::Deal, deal)))
            .maybe(of.dated_on)
            .maybe(of.due_on)
            .text(Some(&of.currency_code))
            .plain(amount(of.total_units))
            .maybe(of.balance_units.map(amount))
            .maybe(of.exchange_rate.map(|rate| rate.0))
            .text(Some(&of.home_currency_code))
            .maybe(home(of.home_total_whole, of.home_total_nano))
            .maybe(home(of.home_balance_whole, of.home_balance_nano))
            .text(of.problem.as_deref())
            .time(of.remote_modified_at)
            .time(of.read_at);
        row
    }
}
