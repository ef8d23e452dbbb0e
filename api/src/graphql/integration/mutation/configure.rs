//! `syncModuleConfigure`.

use std::collections::BTreeMap;

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use finbridge_domain::record::{CrmRecordType, FieldKey, FieldMap, FieldPair, Source};
use finbridge_domain::{NodeKind, SettingsWish, ViewChoice, map_key};

use crate::graphql::context::{Asked, uuid};
use crate::graphql::error;
use crate::graphql::integration::module::{BothModifiedPolicy, CompareNameWith};
use crate::graphql::integration::{
    CrmModule, DuplicatePolicy, ItemMatchKey, SyncDirection, SyncModule, SyncModuleKey, SyncRecordType,
};
use crate::graphql::sync::SyncRun;
use crate::graphql::syncable::ExternalKind;
use crate::service::{UserError, integration};

/// Which fields of CRM records become which fields of finance records.
#[derive(InputObject)]
pub struct SyncFieldMapInput {
    /// The CRM records.
    record_type: SyncRecordType,
    /// What they become.
    kind: ExternalKind,
    /// The pairs; they replace the default ones. A CRM field comes back from one finance field at most.
    #[graphql(validator(max_items = 200))]
    pairs: Vec<SyncFieldPairInput>,
}

/// A CRM field and the finance field that it goes to.
#[derive(InputObject)]
pub struct SyncFieldPairInput {
    /// Path of the CRM field in the schema: `billingAddress.city`, `customFields.region`.
    crm: String,
    /// Name of the finance field.
    finance: String,
    /// Whether a change on the finance side comes back, where records travel both ways.
    #[graphql(default = true)]
    comes_back: bool,
}

/// How a module shall be synchronised. What the integration's profile does not offer is refused with the key that says so.
#[derive(InputObject)]
pub struct SyncModuleConfigureInput {
    /// Which integration.
    integration_id: ID,
    /// Which module.
    module: SyncModuleKey,
    /// The CRM module that feeds customers; must be chosen for customers, and for nothing else.
    crm_module: Option<CrmModule>,
    /// Whether contacts without an account become customers too, where accounts and contacts feed customers.
    include_unassociated: Option<bool>,
    /// Which way records travel; the profile's default when left out, or one way where the integration is.
    direction: Option<SyncDirection>,
    /// What happens when an unlinked record of the same name stands on the finance side; must be chosen.
    duplicate_policy: Option<DuplicatePolicy>,
    /// What happens when both sides changed the same field; OVERWRITE when left out.
    both_modified_policy: Option<BothModifiedPolicy>,
    /// By what items are matched; NAME when left out.
    item_match_key: Option<ItemMatchKey>,
    /// What an item's name is compared with; NAME when left out.
    compare_name_with: Option<CompareNameWith>,
    /// The view that limits which accounts are synchronised, one that `views` lists for accounts; all of them when left out. An
    /// account that leaves the view stays linked and gets no more updates.
    account_view_id: Option<ID>,
    /// The view that limits which contacts are synchronised.
    contact_view_id: Option<ID>,
    /// The view that limits which vendors are synchronised.
    vendor_view_id: Option<ID>,
    /// The view that limits which products are synchronised.
    product_view_id: Option<ID>,
    /// Field maps other than the default ones, one for each of the records that the module makes. `mappableFields` lists what
    /// can be mapped; both sides are asked whether they have the fields and whether values fit.
    #[graphql(validator(max_items = 10))]
    field_maps: Option<Vec<SyncFieldMapInput>>,
    /// Whether CRM users become users of the finance app too, where the profile offers that; no when left out. Runs of this module
    /// invite whoever is none and was not removed there; they get mail from the app, and may take a licence. Nobody is changed or
    /// removed there.
    sync_crm_users: Option<bool>,
    /// Whether runs start by themselves; yes when left out, unless the profile wants it to be asked for.
    is_automatic: Option<bool>,
    /// Share of the linked records, 0 to 100 per cent, beyond which deletions wait for approval; 20 when left out.
    #[graphql(validator(minimum = 0, maximum = 100))]
    deletion_guard_percent: Option<i32>,
    /// True: save and sync. False: save, and sync later.
    start: bool,
}

impl SyncModuleConfigureInput {
    fn wish(&self, viewer_id: uuid::Uuid) -> Result<SettingsWish> {
        let mut views = BTreeMap::new();
        for (record_type, view) in [
            (CrmRecordType::Account, &self.account_view_id),
            (CrmRecordType::Contact, &self.contact_view_id),
            (CrmRecordType::Vendor, &self.vendor_view_id),
            (CrmRecordType::Product, &self.product_view_id),
        ] {
            if let Some(view) = view {
                views.insert(record_type, ViewChoice { view_id: uuid(NodeKind::View, view)?, viewer_id });
            }
        }
        let pair = |pair: &SyncFieldPairInput| FieldPair {
            crm: FieldKey::from(pair.crm.clone()),
            finance: FieldKey::from(pair.finance.clone()),
            to_crm: pair.comes_back,
        };
        let maps = self.field_maps.iter().flatten().map(|map| {
            let source = Source { record_type: map.record_type.into(), kind: map.kind.into() };
            (map_key(source), FieldMap(map.pairs.iter().map(pair).collect()))
        });
        let field_maps: BTreeMap<String, FieldMap> = maps.collect();
        if field_maps.len() != self.field_maps.as_ref().map_or(0, Vec::len) {
            let message = "`fieldMaps` has two maps for the same records; give one for each";
            return Err(error::coded("BAD_USER_INPUT", message));
        }
        Ok(SettingsWish {
            crm_module: self.crm_module.map(Into::into),
            include_unassociated: self.include_unassociated,
            direction: self.direction.map(Into::into),
            duplicate_policy: self.duplicate_policy.map(Into::into),
            both_modified_policy: self.both_modified_policy.map(Into::into),
            item_match_key: self.item_match_key.map(Into::into),
            compare_name_with: self.compare_name_with.map(Into::into),
            views,
            field_maps,
            sync_crm_users: self.sync_crm_users,
            is_automatic: self.is_automatic,
            deletion_guard_percent: self.deletion_guard_percent.and_then(|share| u8::try_from(share).ok()),
        })
    }
}

/// What came of configuring a module.
#[derive(SimpleObject)]
pub struct SyncModuleConfigurePayload {
    /// The module with its new settings; null when there are user errors.
    sync_module: Option<SyncModule>,
    /// The run that was started; null when none was asked for, or there are user errors.
    sync_run: Option<SyncRun>,
    /// What a person has to mend; empty when the mutation did what was asked.
    user_errors: Vec<UserError>,
}

/// `syncModuleConfigure`.
#[derive(Default)]
pub struct SyncModuleConfigure;

#[Object]
impl SyncModuleConfigure {
    /// Saves a module's settings as a new version and, where wished, starts a run. A run under way keeps the settings it
    /// began with. Where field maps are given the finance app is asked about them, for 5 seconds at most; when it cannot be
    /// asked, nothing is saved. For administrators.
    async fn sync_module_configure(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which module, and how.")] input: SyncModuleConfigureInput,
    ) -> Result<Option<SyncModuleConfigurePayload>> {
        let services = ctx.services()?;
        let wish = input.wish(services.viewer.user_id)?;
        let id = uuid(NodeKind::Integration, &input.integration_id)?;
        let result = integration::configure(services, id, input.module.into(), wish, input.start).await;
        let (configured, user_errors) = error::split(result)?;
        Ok(Some(match configured {
            Some(done) => SyncModuleConfigurePayload {
                sync_module: Some(SyncModule { row: done.module, settings: done.settings }),
                sync_run: done.run.map(SyncRun::from),
                user_errors,
            },
            None => SyncModuleConfigurePayload { sync_module: None, sync_run: None, user_errors },
        }))
    }
}
