//! Modules of integrations: their settings and how their sync stands.

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};
use finbridge_domain::record::{FieldMap, Source};
use finbridge_domain::{self as domain, NodeKind};
use finbridge_entity::sync_module;
use finbridge_entity::types::ModuleState;

use super::{
    CrmModule, DuplicatePolicy, ItemMatchKey, SyncDirection, SyncModuleKey, SyncRecordType, module_key,
};
use crate::graphql::context::{Asked, id};
use crate::graphql::loader::{PageOf, failed};
use crate::graphql::scalar::DateTime;
use crate::graphql::sync::{SyncRun, SyncRunState};
use crate::graphql::syncable::ExternalKind;
use crate::graphql::user::User;
use crate::graphql::view::View;
use crate::service::page::PageArgs;

/// Whether a module's runs may start.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "ModuleState")]
pub enum SyncModuleState {
    /// They may.
    Active,
    /// They may not, once the one under way has ended.
    Pausing,
    /// They may not, neither by themselves nor by hand.
    Paused,
}

/// What happens when both sides changed the same field.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "domain::BothModifiedPolicy")]
pub enum BothModifiedPolicy {
    /// The CRM's value is written over the finance side's.
    Overwrite,
    /// Both sides keep what they have; that they differ is recorded.
    Skip,
    /// The finance side's version stays as an unlinked copy, and the linked record takes the CRM's values.
    Clone,
    /// Both sides keep what they have until a person decides.
    Ask,
}

/// What the name of an item is compared with.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "domain::CompareNameWith")]
pub enum CompareNameWith {
    /// The product's name.
    Name,
    /// The product's code.
    Code,
}

/// A CRM field and the finance field that it goes to.
#[derive(SimpleObject, Debug, Clone)]
pub struct SyncFieldPair {
    /// Path of the CRM field in the schema: `billingAddress.city`, `customFields.region`.
    pub crm: String,
    /// Name of the finance field.
    pub finance: String,
    /// Whether a change on the finance side comes back, where records travel both ways.
    pub comes_back: bool,
}

/// Which fields of CRM records become which fields of finance records.
#[derive(SimpleObject, Debug, Clone)]
pub struct SyncFieldMap {
    /// The CRM records.
    pub record_type: SyncRecordType,
    /// What they become.
    pub kind: ExternalKind,
    /// The pairs.
    pub pairs: Vec<SyncFieldPair>,
}

impl SyncFieldMap {
    /// The map of a source.
    pub fn of(source: Source, map: FieldMap) -> Self {
        let pair = |pair: domain::record::FieldPair| SyncFieldPair {
            crm: pair.crm.as_str().to_owned(),
            finance: pair.finance.as_str().to_owned(),
            comes_back: pair.to_crm,
        };
        Self {
            record_type: source.record_type.into(),
            kind: source.kind.into(),
            pairs: map.0.into_iter().map(pair).collect(),
        }
    }
}

/// A module of an integration: its settings and how its sync stands.
pub struct SyncModule {
    /// The row.
    pub row: sync_module::Model,
    /// The settings in force.
    pub settings: domain::SyncSettings,
}

async fn view(ctx: &Context<'_>, choice: Option<domain::ViewChoice>) -> Result<Option<View>> {
    let Some(choice) = choice else { return Ok(None) };
    // It is shown to everybody who sees the settings, private or not.
    Ok(ctx.loaders()?.views().load_one(choice.view_id).await.map_err(failed)?.map(View::from))
}

/// A module of an integration: its settings and how its sync stands.
#[Object]
impl SyncModule {
    /// Global id.
    pub async fn id(&self) -> ID {
        id(NodeKind::SyncModule, self.row.id)
    }

    /// Which module.
    async fn module(&self) -> Result<SyncModuleKey> {
        module_key(&self.row.module)
    }

    /// Whether its runs may start.
    async fn state(&self) -> SyncModuleState {
        self.row.state.into()
    }

    /// The CRM module that feeds customers; null for other modules.
    async fn crm_module(&self) -> Option<CrmModule> {
        self.settings.crm_module.map(Into::into)
    }

    /// Whether contacts without an account become customers too.
    async fn include_unassociated(&self) -> bool {
        self.settings.include_unassociated
    }

    /// Which way records travel.
    async fn direction(&self) -> SyncDirection {
        self.settings.direction.into()
    }

    /// What happens on a duplicate.
    async fn duplicate_policy(&self) -> DuplicatePolicy {
        self.settings.duplicate_policy.into()
    }

    /// What happens when both sides changed the same field.
    async fn both_modified_policy(&self) -> BothModifiedPolicy {
        self.settings.both_modified_policy.into()
    }

    /// By what items and products are taken for the same thing; means nothing for other modules.
    async fn item_match_key(&self) -> ItemMatchKey {
        self.settings.item_match_key.into()
    }

    /// What an item's name is compared with; means nothing for other modules.
    async fn compare_name_with(&self) -> CompareNameWith {
        self.settings.compare_name_with.into()
    }

    /// The view that limits which accounts are synchronised; null when all of them are. Its criteria are read when a run is
    /// planned. An account that leaves the view stays linked and gets no more updates; it is not deleted on the finance side.
    async fn account_view(&self, ctx: &Context<'_>) -> Result<Option<View>> {
        view(ctx, self.settings.account_view).await
    }

    /// The view that limits which contacts are synchronised; null when all of them are.
    async fn contact_view(&self, ctx: &Context<'_>) -> Result<Option<View>> {
        view(ctx, self.settings.contact_view).await
    }

    /// The view that limits which vendors are synchronised; null when all of them are.
    async fn vendor_view(&self, ctx: &Context<'_>) -> Result<Option<View>> {
        view(ctx, self.settings.vendor_view).await
    }

    /// The view that limits which products are synchronised; null when all of them are.
    async fn product_view(&self, ctx: &Context<'_>) -> Result<Option<View>> {
        view(ctx, self.settings.product_view).await
    }

    /// Whom "my" and VIEWER mean in the account view: whoever chose it. Null without a view.
    async fn account_viewer(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        User::load(ctx, self.settings.account_view.map(|choice| choice.viewer_id)).await
    }

    /// Which fields become which, for everything that the module makes: the chosen maps, else the default ones.
    async fn field_maps(&self) -> Vec<SyncFieldMap> {
        let module = domain::SyncModule::by_name(&self.row.module);
        let lanes = module.map(|module| self.settings.lanes(module)).unwrap_or_default();
        let map = |lane: domain::Lane| SyncFieldMap::of(lane.source, self.settings.field_map(lane.source));
        lanes.into_iter().map(map).collect()
    }

    /// Whether CRM users become users of the finance app.
    async fn sync_crm_users(&self) -> bool {
        self.settings.sync_crm_users
    }

    /// Whether runs start by themselves.
    async fn is_automatic(&self) -> bool {
        self.settings.is_automatic
    }

    /// Share of the linked records, in per cent, beyond which deletions wait for approval.
    async fn deletion_guard_percent(&self) -> i32 {
        i32::from(self.settings.deletion_guard_percent)
    }

    /// Version of these settings; a run keeps the version it began with.
    async fn settings_version(&self) -> i32 {
        self.row.settings_version
    }

    /// State of the newest run; null before the first.
    async fn status(&self, ctx: &Context<'_>) -> Result<Option<SyncRunState>> {
        let args = PageArgs { first: Some(1), ..PageArgs::default() };
        let newest = PageOf { parent: self.row.id, filter: (), args };
        let page = ctx.loaders()?.runs_of_module().load_one(newest).await.map_err(failed)?;
        Ok(page.and_then(|page| page.rows.into_iter().next()).map(|(_, run)| run.state.into()))
    }

    /// The run that is queued or running; null when there is none.
    async fn active_run(&self, ctx: &Context<'_>) -> Result<Option<SyncRun>> {
        let Some(id) = self.row.active_run_id else { return Ok(None) };
        Ok(ctx.loaders()?.runs().load_one(id).await.map_err(failed)?.map(SyncRun::from))
    }

    /// When the first sync completed; null before.
    async fn initial_sync_at(&self) -> Option<DateTime> {
        self.row.initial_sync_at.map(DateTime)
    }

    /// When the next automatic run is due; null before the first sync, while it is paused, and where runs do not start by
    /// themselves.
    async fn next_due_at(&self) -> Option<DateTime> {
        self.row.next_due_at.map(DateTime)
    }
}
