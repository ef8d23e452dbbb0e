//! Everything that has an id, found by it.

use async_graphql::{Context, ID, Interface, Object, Result};
use finbridge_domain::{NodeId, NodeKind};

use super::account::{self, Account};
use super::contact::{self, Contact};
use super::context::Asked;
use super::custom_field::{CustomField, Layout};
use super::deal::{self, Deal, DealLine};
use super::error::coded;
use super::exchange_rate::ExchangeRate;
use super::integration::{FinanceOrganization, Integration, SyncModule};
use super::loader::failed;
use super::note::Note;
use super::pipeline::Pipeline;
use super::product::{self, Product};
use super::record::CrmRecord;
use super::stage::Stage;
use super::sync::SyncRun;
use super::sync::conflict::SyncConflict;
use super::sync::item::SyncRunItem;
use super::sync::lineage::FieldLineage;
use super::syncable::{ExternalReference, Syncable};
use super::tag::Tag;
use super::token::ApiToken;
use super::transaction::job::TransactionJob;
use super::transaction::{Transaction, TransactionLine};
use super::trigger::log::TriggerLogEntry;
use super::user::User;
use super::vendor::{self, Vendor};
use super::view::View;
use super::viewer::Organization;
use crate::service;

/// Something that is stored and has an id.
#[derive(Interface)]
#[graphql(field(
    name = "id",
    ty = "ID",
    desc = "Global id: opaque, sortable by time of making, good for `node`."
))]
pub enum Node {
    /// A company.
    Account(Account),
    /// A token by which a program acts for a person.
    ApiToken(ApiToken),
    /// A person.
    Contact(Contact),
    /// A record of the CRM, whatever its kind.
    CrmRecord(CrmRecord),
    /// A field that the organization added to its records.
    CustomField(CustomField),
    /// An opportunity.
    Deal(Deal),
    /// So many of one product, as part of a deal.
    DealLine(DealLine),
    /// A record's counterpart on the finance side.
    ExternalReference(ExternalReference),
    /// One of the CRM's own exchange rates.
    ExchangeRate(ExchangeRate),
    /// Where the value of a field of a linked record came from.
    FieldLineage(FieldLineage),
    /// An organization on the finance side.
    FinanceOrganization(FinanceOrganization),
    /// A connection to a finance app.
    Integration(Integration),
    /// Which custom fields a record shows.
    Layout(Layout),
    /// Something that somebody wrote down about a record.
    Note(Note),
    /// The organization whose data a token reaches.
    Organization(Organization),
    /// An order of stages.
    Pipeline(Pipeline),
    /// A product.
    Product(Product),
    /// A stage that deals go through.
    Stage(Stage),
    /// A record that is kept in step with finance apps.
    Syncable(Syncable),
    /// A field that both sides of a pair changed.
    SyncConflict(SyncConflict),
    /// A module of an integration.
    SyncModule(SyncModule),
    /// A run of the sync engine.
    SyncRun(SyncRun),
    /// What a run did with one record.
    SyncRunItem(SyncRunItem),
    /// A short name on records.
    Tag(Tag),
    /// A document of a finance app.
    Transaction(Transaction),
    /// Something that was asked of a finance app about a transaction.
    TransactionJob(TransactionJob),
    /// A line of a transaction.
    TransactionLine(TransactionLine),
    /// What a trigger did, or did not do and why.
    TriggerLogEntry(TriggerLogEntry),
    /// A person who signs in.
    User(User),
    /// A supplier.
    Vendor(Vendor),
    /// Criteria kept under a name.
    View(View),
}

/// Finding things by id.
#[derive(Default)]
pub struct NodeQuery;

#[Object]
impl NodeQuery {
    /// What has this id; null when nothing has, or it belongs to another organization: the two look the same.
    async fn node(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "A global id.")] id: ID,
    ) -> Result<Option<Node>> {
        find(ctx, &id).await
    }

    /// What has these ids, in their order, with null where nothing has.
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Global ids, 100 at most.", validator(max_items = 100))] ids: Vec<ID>,
    ) -> Result<Option<Vec<Option<Node>>>> {
        futures::future::try_join_all(ids.iter().map(|id| find(ctx, id))).await.map(Some)
    }
}

async fn find(ctx: &Context<'_>, id: &ID) -> Result<Option<Node>> {
    let node: NodeId = id.parse().map_err(|error| coded("BAD_USER_INPUT", format!("{error}")))?;
    let uuid = node.uuid;
    Ok(match node.kind {
        NodeKind::Account => account::living(ctx, uuid).await?.map(Node::Account),
        NodeKind::Contact => contact::living(ctx, uuid).await?.map(Node::Contact),
        NodeKind::Deal => deal::living(ctx, uuid).await?.map(Node::Deal),
        NodeKind::Integration => Integration::load(ctx, uuid).await?.map(Node::Integration),
        NodeKind::Note => Note::load(ctx, uuid).await?.map(Node::Note),
        NodeKind::Pipeline => Pipeline::load(ctx, uuid).await?.map(Node::Pipeline),
        NodeKind::Product => product::living(ctx, uuid).await?.map(Node::Product),
        NodeKind::Stage => Stage::load(ctx, uuid).await?.map(Node::Stage),
        NodeKind::SyncRun => {
            let run = ctx.loaders()?.runs().load_one(uuid).await.map_err(failed)?;
            run.map(|run| Node::SyncRun(run.into()))
        }
        NodeKind::Tag => Tag::load(ctx, uuid).await?.map(Node::Tag),
        NodeKind::User => User::load(ctx, Some(uuid)).await?.map(Node::User),
        NodeKind::Vendor => vendor::living(ctx, uuid).await?.map(Node::Vendor),
        NodeKind::ApiToken => {
            let services = ctx.services()?;
            let token = ctx.loaders()?.api_tokens().load_one(uuid).await.map_err(failed)?;
            token
                .filter(|token| service::token::may_see(services, token))
                .map(|token| Node::ApiToken(token.into()))
        }
        NodeKind::CustomField => {
            let field = ctx.loaders()?.custom_fields().load_one(uuid).await.map_err(failed)?;
            field.map(|field| Node::CustomField(field.into()))
        }
        NodeKind::DealLine => DealLine::load(ctx, uuid).await?.map(Node::DealLine),
        NodeKind::FieldLineage => {
            let row = ctx.loaders()?.lineage().load_one(uuid).await.map_err(failed)?;
            row.map(|row| Node::FieldLineage(row.into()))
        }
        NodeKind::FinanceOrganization => {
            let row = ctx.loaders()?.finance_organizations().load_one(uuid).await.map_err(failed)?;
            row.map(|row| Node::FinanceOrganization(row.into()))
        }
        NodeKind::Layout => {
            let layout = ctx.loaders()?.layouts().load_one(uuid).await.map_err(failed)?;
            layout.map(|layout| Node::Layout(layout.into()))
        }
        NodeKind::Organization => Organization::load(ctx, uuid).await?.map(Node::Organization),
        NodeKind::RecordLink => {
            let link = ctx.loaders()?.links_by_id().load_one(uuid).await.map_err(failed)?;
            link.map(|link| Node::ExternalReference(link.into()))
        }
        NodeKind::SyncConflict => {
            let conflict = ctx.loaders()?.conflicts().load_one(uuid).await.map_err(failed)?;
            conflict.map(|conflict| Node::SyncConflict(conflict.into()))
        }
        NodeKind::SyncModule => {
            let module = ctx.loaders()?.modules().load_one(uuid).await.map_err(failed)?;
            module.map(|(row, settings)| Node::SyncModule(SyncModule { row, settings }))
        }
        NodeKind::SyncRunItem => {
            let item = ctx.loaders()?.run_items().load_one(uuid).await.map_err(failed)?;
            item.map(|item| Node::SyncRunItem(item.into()))
        }
        NodeKind::View => {
            let viewer = ctx.services()?.viewer.user_id;
            let view = ctx.loaders()?.views().load_one(uuid).await.map_err(failed)?;
            view.filter(|view| view.is_visible_to(viewer)).map(|view| Node::View(view.into()))
        }
        NodeKind::Transaction => Transaction::load(ctx, uuid).await?.map(Node::Transaction),
        NodeKind::TransactionLine => TransactionLine::load(ctx, uuid).await?.map(Node::TransactionLine),
        NodeKind::TransactionJob => TransactionJob::load(ctx, uuid).await?.map(Node::TransactionJob),
        NodeKind::TriggerLogEntry => TriggerLogEntry::load(ctx, uuid).await?.map(Node::TriggerLogEntry),
        NodeKind::ExchangeRate => ExchangeRate::load(ctx, uuid).await?.map(Node::ExchangeRate),
        // These are never handed out.
        NodeKind::Membership | NodeKind::ProductPrice => None,
    })
}
