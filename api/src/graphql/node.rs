//! Everything that has an id, found by it.

use async_graphql::{Context, ID, Interface, Object, Result};
use finbridge_domain::{NodeId, NodeKind};

use super::account::{self, Account};
use super::contact::{self, Contact};
use super::context::Asked;
use super::deal::{self, Deal};
use super::error::{coded, top_level};
use super::integration::Integration;
use super::product::{self, Product};
use super::stage::Stage;
use super::sync::SyncRun;
use super::user::User;
use super::vendor::{self, Vendor};
use super::view::View;
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
    /// A person.
    Contact(Contact),
    /// An opportunity.
    Deal(Deal),
    /// A connection to a finance app.
    Integration(Integration),
    /// A product.
    Product(Product),
    /// A stage that deals go through.
    Stage(Stage),
    /// A run of the sync engine.
    SyncRun(SyncRun),
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
        NodeKind::Product => product::living(ctx, uuid).await?.map(Node::Product),
        NodeKind::Stage => Stage::load(ctx, uuid).await?.map(Node::Stage),
        NodeKind::SyncRun => {
            let run = service::sync::run(ctx.services()?, uuid).await.map_err(top_level)?;
            run.map(|run| Node::SyncRun(run.into()))
        }
        NodeKind::User => User::load(ctx, Some(uuid)).await?.map(Node::User),
        NodeKind::Vendor => vendor::living(ctx, uuid).await?.map(Node::Vendor),
        NodeKind::View => {
            let view = service::view::find(ctx.services()?, uuid).await.map_err(top_level)?;
            view.map(|view| Node::View(view.into()))
        }
        // These are read through what they belong to.
        NodeKind::Organization
        | NodeKind::Membership
        | NodeKind::ApiToken
        | NodeKind::DealLine
        | NodeKind::ProductPrice
        | NodeKind::Pipeline
        | NodeKind::CustomField
        | NodeKind::Layout
        | NodeKind::Tag
        | NodeKind::Note
        | NodeKind::FinanceOrganization
        | NodeKind::SyncRunItem
        | NodeKind::RecordLink => None,
    })
}
