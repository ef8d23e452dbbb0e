//! Records as CSV, piece by piece: a piece is a page of records in the order in which they were made, so memory does not
//! grow with their number, and no transaction stays open while a client reads slowly.

mod columns;
mod documents;
mod items;
mod links;
mod row;

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, SecondsFormat, Utc};
use finbridge_domain::record::CrmRecordType;
use finbridge_domain::{NodeId, NodeKind, WireId, name_key};
use finbridge_entity::types::{CustomFieldKind, RecordType};
use finbridge_entity::{Scoped, account, custom_field, custom_value, layout, record_tag, stage, tag};
use sea_orm::{ColumnTrait, Condition, QueryFilter, QueryOrder, QuerySelect, QueryTrait};
use uuid::Uuid;

use self::columns::{Exported, Names};
pub use self::documents::{DocumentExport, DocumentSelection};
pub use self::items::{ItemExport, ItemSelection};
pub use self::links::{LinkExport, LinkSelection};
pub use self::row::Guard;
use self::row::Row;
use super::custom_field::{definition, value};
use super::error::{ServiceError, ServiceResult};
use super::page::Identified as _;
use super::record::any::for_kind;
use super::record::{Record, living, node_kind};
use super::{Services, tag as tags, user};

/// Records in a piece.
const PAGE: u64 = 1_000;

/// Which of the living records of a kind to export; all conditions must hold.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Those that this user looks after.
    pub owner: Option<Uuid>,
    /// Those with the tag of this name.
    pub tag: Option<String>,
    /// Those that were changed later than this.
    pub updated_after: Option<DateTime<Utc>>,
}

impl Selection {
    fn condition<E: Record>(&self, organization_id: Uuid) -> Condition {
        let mut condition = Condition::all();
        if let Some(owner) = self.owner {
            condition = condition.add(E::owner_column().eq(owner));
        }
        if let Some(instant) = self.updated_after {
            condition = condition.add(E::updated_column().gt(instant));
        }
        if let Some(name) = &self.tag {
            // No name has U+0000, and PostgreSQL refuses to compare with one.
            let key = name_key(name).replace('\0', "\u{FFFD}");
            let wanted = tag::Entity::of(organization_id)
                .select_only()
                .column(tag::Column::Id)
                .filter(tag::Column::NameKey.eq(key));
            let tagged = record_tag::Entity::of(organization_id)
                .select_only()
                .column(record_tag::Column::RecordId)
                .filter(record_tag::Column::TagId.in_subquery(wanted.into_query()));
            condition = condition.add(E::id_column().in_subquery(tagged.into_query()));
        }
        condition
    }
}

/// An export of anything, under way.
pub enum Exporting {
    /// Of records.
    Records(Box<Export>),
    /// Of what a run did.
    Items(ItemExport),
    /// Of links.
    Links(LinkExport),
    /// Of documents of finance apps.
    Documents(DocumentExport),
}

impl Exporting {
    /// The next piece of the file, the header row with the first; none at the end.
    ///
    /// # Errors
    /// The database's.
    pub async fn next(&mut self) -> ServiceResult<Option<Vec<u8>>> {
        match self {
            Self::Records(export) => export.next().await,
            Self::Items(export) => export.next().await,
            Self::Links(export) => export.next().await,
            Self::Documents(export) => export.next().await,
        }
    }
}

/// A piece of a file in the making.
struct Piece(csv::Writer<Vec<u8>>);

impl Piece {
    fn new() -> Self {
        Self(csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new()))
    }

    fn finished(self) -> ServiceResult<Vec<u8>> {
        self.0.into_inner().map_err(|error| ServiceError::Internal(Box::new(error.into_error())))
    }
}

/// The id of a record that syncs, as clients see it; empty where this server does not know the kind.
fn synced_id(record_type: &str, id: Uuid) -> Option<NodeId> {
    let kind = match CrmRecordType::by_name(record_type)? {
        CrmRecordType::Account => NodeKind::Account,
        CrmRecordType::Contact => NodeKind::Contact,
        CrmRecordType::Vendor => NodeKind::Vendor,
        CrmRecordType::Product => NodeKind::Product,
    };
    Some(NodeId::new(kind, id))
}

/// An export under way.
pub struct Export {
    services: Services,
    record_type: RecordType,
    selection: Selection,
    guard: Guard,
    fields: Vec<custom_field::Model>,
    names: Names,
    after: Option<Uuid>,
    is_begun: bool,
    is_over: bool,
}

impl Export {
    /// Begins an export of one kind of record.
    ///
    /// # Errors
    /// The database's.
    pub async fn begin(
        services: Services,
        record_type: RecordType,
        selection: Selection,
        guard: Guard,
    ) -> ServiceResult<Self> {
        let (db, here) = (services.db(), services.organization_id());
        let fields = definition::list(&services, record_type).await?;
        let layouts = layout::Entity::of(here)
            .select_only()
            .columns([layout::Column::Id, layout::Column::Name])
            .filter(layout::Column::RecordType.eq(record_type))
            .into_tuple::<(Uuid, String)>()
            .all(db)
            .await?;
        let stages = stage::Entity::of(here)
            .select_only()
            .columns([stage::Column::Id, stage::Column::Name])
            .into_tuple::<(Uuid, String)>()
            .all(db)
            .await?;
        let names = Names {
            layouts: layouts.into_iter().collect(),
            stages: stages.into_iter().collect(),
            accounts: HashMap::new(),
        };
        Ok(Self {
            services,
            record_type,
            selection,
            guard,
            fields,
            names,
            after: None,
            is_begun: false,
            is_over: false,
        })
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
        for_kind!(self.record_type, E => self.piece::<E>(&mut piece.0).await)?;
        piece.finished().map(Some)
    }

    async fn piece<E: Exported>(&mut self, file: &mut csv::Writer<Vec<u8>>) -> ServiceResult<()> {
        if !self.is_begun {
            self.is_begun = true;
            file.write_record(self.header::<E>())?;
        }
        let (db, here) = (self.services.db().clone(), self.services.organization_id());
        let mut records = living::<E>(&self.services).filter(self.selection.condition::<E>(here));
        if let Some(after) = self.after {
            records = records.filter(E::id_column().gt(after));
        }
        let records = records.order_by_asc(E::id_column()).limit(PAGE).all(&db).await?;
        self.after = records.last().map(|record| record.id());
        self.is_over = u64::try_from(records.len()).unwrap_or(u64::MAX) < PAGE;

        let ids: Vec<Uuid> = records.iter().map(|record| record.id()).collect();
        let owners: BTreeSet<Uuid> = records.iter().filter_map(|record| E::common(record).owner_id).collect();
        let owners: Vec<Uuid> = owners.into_iter().collect();
        let emails = user::emails(&db, here, &owners).await?;
        let mut tags = tags::of_records(&db, here, &ids).await?;
        let mut values = match self.fields.is_empty() {
            true => HashMap::new(),
            false => value::of_records(&db, here, &ids).await?,
        };
        self.names.accounts = self.account_names(records.iter().filter_map(E::account).collect()).await?;
        for record in &records {
            let common = E::common(record);
            let mut row = Row::new(self.guard);
            row.plain(NodeId::new(node_kind(E::TYPE), common.id)).plain(WireId(common.wire_id));
            E::cells(record, &self.names, &mut row);
            row.text(common.owner_id.and_then(|owner| emails.get(&owner)).map(String::as_str));
            row.list(tags.remove(&common.id).unwrap_or_default().into_iter().map(|tag| tag.name))?;
            row.text(common.layout_id.and_then(|layout| self.names.layouts.get(&layout)).map(String::as_str));
            row.plain(common.version).time(common.created_at).time(common.updated_at);
            let values: HashMap<Uuid, custom_value::Model> = values
                .remove(&common.id)
                .unwrap_or_default()
                .into_iter()
                .map(|(field, value)| (field.id, value))
                .collect();
            for field in &self.fields {
                custom_cell(&mut row, field.kind, values.get(&field.id));
            }
            file.write_record(row.cells())?;
        }
        Ok(())
    }

    fn header<E: Exported>(&self) -> Vec<String> {
        let first = ["id", "wireId"];
        let last = ["ownerEmail", "tags", "layout", "version", "createdAt", "updatedAt"];
        let standard = first.into_iter().chain(E::COLUMNS.iter().copied()).chain(last);
        let custom = self.fields.iter().map(|field| format!("cf_{}", field.key));
        standard.map(str::to_owned).chain(custom).collect()
    }

    /// Names of those of these accounts that live.
    async fn account_names(&self, ids: BTreeSet<Uuid>) -> ServiceResult<HashMap<Uuid, String>> {
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let names: Vec<(Uuid, String)> = living::<account::Entity>(&self.services)
            .select_only()
            .columns([account::Column::Id, account::Column::Name])
            .filter(account::Column::Id.is_in(ids))
            .into_tuple()
            .all(self.services.db())
            .await?;
        Ok(names.into_iter().collect())
    }
}

fn custom_cell(row: &mut Row, kind: CustomFieldKind, held: Option<&custom_value::Model>) {
    let Some(held) = held else {
        row.text(None);
        return;
    };
    match kind {
        CustomFieldKind::Text | CustomFieldKind::LongText | CustomFieldKind::PickList => {
            row.text(held.text.as_deref())
        }
        CustomFieldKind::Integer | CustomFieldKind::Decimal => {
            row.maybe(held.number_units.map(value::number))
        }
        CustomFieldKind::Boolean => row.maybe(held.number_units.map(|units| units != 0)),
        CustomFieldKind::Date => row.maybe(held.day),
        CustomFieldKind::DateTime => row.maybe(held.instant.map(written)),
    };
}

/// An instant as the GraphQL API writes it.
fn written(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}
