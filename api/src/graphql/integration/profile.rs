//! What integrations may do, as data.

use async_graphql::{Context, Enum, Object, Result};
use finbridge_domain::{self as domain, CapabilityProfile, profile};

use super::module::SyncFieldMap;
use super::{
    CrmModule, DuplicatePolicy, FinanceApp, ItemMatchKey, SyncDirection, SyncModuleKey, SyncRecordType,
};
use crate::graphql::context::Asked;
use crate::graphql::sync::SyncSide;
use crate::graphql::transaction::TransactionKind;

/// Declares an enum that mirrors one of the profile's.
macro_rules! mirrored {
    ($(#[$doc:meta])* $name:ident of $remote:literal { $($(#[$vdoc:meta])* $variant:ident,)+ }) => {
        $(#[$doc])*
        #[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
        #[graphql(remote = $remote)]
        pub enum $name { $($(#[$vdoc])* $variant,)+ }
    };
}

mirrored! {
    /// How many finance organizations one CRM may sync with.
    MultiOrganization of "profile::MultiOrganization" {
        /// One, never more.
        Never,
        /// One at a time; another may take its place.
        Replaceable,
        /// More only by support, and those one way.
        SupportOneWay,
    }
}

mirrored! {
    /// What connecting tells the CRM of the finance side.
    SharedData of "profile::SharedData" {
        /// The organization's name.
        OrganizationName,
        /// An e-mail address.
        Email,
        /// The organization's country.
        Country,
        /// Details of all users.
        Users,
        /// Details of contacts.
        Contacts,
    }
}

mirrored! {
    /// What connecting takes.
    CredentialKind of "profile::CredentialKind" {
        /// An e-mail address and the finance app's service key.
        FinanceServiceKey,
        /// An e-mail address and the CRM's service key.
        CrmServiceKey,
        /// Picking the CRM organization, without any key.
        PickOrganization,
    }
}

mirrored! {
    /// How documents of the finance app come into the CRM.
    TransactionSync of "profile::TransactionSync" {
        /// When somebody asks for them.
        OnDemand,
        /// At once.
        Instant,
        /// Not at all.
        None,
    }
}

mirrored! {
    /// Whether fields can be mapped.
    FieldMapping of "profile::Mapping" {
        /// Which fields travel is fixed.
        Fixed,
        /// Fields can be mapped, custom ones too.
        Free,
    }
}

mirrored! {
    /// What deals can do to estimates.
    EstimateTrigger of "profile::EstimateTrigger" {
        /// Nothing.
        None,
        /// Stages that make, accept and decline can be chosen.
        ByStage,
        /// Made with the deal, accepted when won, declined when lost.
        DealLife,
    }
}

mirrored! {
    /// What deals can do to invoices.
    InvoiceTrigger of "profile::InvoiceTrigger" {
        /// Nothing.
        None,
        /// Made when won.
        Won,
        /// Made when won, voided when lost.
        WonLost,
    }
}

mirrored! {
    /// What becomes of a finance record when its CRM record is deleted.
    DeletePropagation of "profile::DeletePropagation" {
        /// It is deleted, or made inactive where it has transactions.
        DeleteOrDeactivate,
        /// It stays.
        Keep,
    }
}

mirrored! {
    /// What can be paused.
    PauseScope of "profile::Pause" {
        /// Nothing.
        None,
        /// All modules of an integration together.
        Integration,
        /// Each module by itself.
        Module,
    }
}

mirrored! {
    /// How an integration can be left.
    ExitAction of "profile::ExitAction" {
        /// For one app or for all.
        Deactivate,
        /// For a time.
        Disable,
        /// For good, after it was disabled, converting records.
        DeleteWithConversion,
    }
}

mirrored! {
    /// Editions of the CRM, from small to large.
    CrmEdition of "profile::Edition" {
        /// Free.
        Free,
        /// Standard.
        Standard,
        /// Professional.
        Professional,
        /// Enterprise.
        Enterprise,
    }
}

/// What an integration may do: data, so that every refusal can be explained.
pub struct Profile(pub &'static CapabilityProfile);

/// What an integration may do: data, so that every refusal can be explained.
#[Object(name = "CapabilityProfile")]
impl Profile {
    /// Name of the profile.
    async fn key(&self) -> &str {
        self.0.key
    }

    /// Modules that can be synchronised.
    async fn modules(&self) -> Vec<SyncModuleKey> {
        self.0.modules.iter().copied().map(Into::into).collect()
    }

    /// CRM modules that may feed customers.
    async fn customer_crm_modules(&self) -> Vec<CrmModule> {
        self.0.customer_crm_modules.iter().copied().map(Into::into).collect()
    }

    /// Directions that may be chosen.
    async fn directions(&self) -> Vec<SyncDirection> {
        self.0.directions.iter().copied().map(Into::into).collect()
    }

    /// The direction that holds when none is chosen.
    async fn default_direction(&self) -> SyncDirection {
        self.0.default_direction.into()
    }

    /// Modules whose direction can be chosen.
    async fn extent_modules(&self) -> Vec<SyncModuleKey> {
        self.0.extent_modules.iter().copied().map(Into::into).collect()
    }

    /// What may be done on a duplicate.
    async fn duplicate_policies(&self) -> Vec<DuplicatePolicy> {
        self.0.duplicate_policies.iter().copied().map(Into::into).collect()
    }

    /// The same for items that are matched by SKU.
    async fn sku_duplicate_policies(&self) -> Vec<DuplicatePolicy> {
        self.0.sku_duplicate_policies.iter().copied().map(Into::into).collect()
    }

    /// By what items may be matched; empty where items are not synchronised.
    async fn item_match_keys(&self) -> Vec<ItemMatchKey> {
        self.0.item_match_keys.iter().copied().map(Into::into).collect()
    }

    /// Which side's records a run of this module looks at first.
    async fn first_side(&self, #[graphql(desc = "Which module.")] module: SyncModuleKey) -> SyncSide {
        self.0.first_side(module.into()).into()
    }

    /// CRM records whose sync can be limited by a view.
    async fn views(&self) -> Vec<SyncRecordType> {
        self.0.views.iter().copied().map(Into::into).collect()
    }

    /// Whether fields can be mapped.
    async fn mapping(&self) -> FieldMapping {
        self.0.mapping.into()
    }

    /// The field maps of a module that hold while nobody chose others; where mapping is FIXED, the only ones. In the order in
    /// which records are made; empty for a module that is not offered.
    async fn default_field_maps(
        &self,
        #[graphql(desc = "Which module.")] module: SyncModuleKey,
        #[graphql(desc = "The CRM module that feeds customers; ACCOUNTS when left out.")] crm_module: Option<
            CrmModule,
        >,
    ) -> Vec<SyncFieldMap> {
        let crm_module = crm_module.map(Into::into);
        let map = |source| SyncFieldMap::of(source, self.0.default_map(source, crm_module));
        self.0.sources(module.into(), crm_module).into_iter().map(map).collect()
    }

    /// The fields of these CRM records that travel, where mapping is FIXED; null where fields can be mapped.
    async fn fixed_fields(
        &self,
        #[graphql(desc = "Which records.")] record_type: SyncRecordType,
    ) -> Option<Vec<&'static str>> {
        self.0.fixed_fields(record_type.into())
    }

    /// Whether the duplicate policy also decides about fields that both sides changed, where `bothModifiedPolicy` is not given.
    async fn is_duplicate_policy_shared(&self) -> bool {
        self.0.is_duplicate_policy_shared
    }

    /// Whether contacts without an account can become customers.
    async fn is_unassociated_offered(&self) -> bool {
        self.0.is_unassociated_offered
    }

    /// Whether accounts that alone feed customers become contact persons of them too, by the default field map.
    async fn is_account_also_person(&self) -> bool {
        self.0.is_account_also_person
    }

    /// Whether CRM users become users of the app.
    async fn is_user_sync_offered(&self) -> bool {
        self.0.is_user_sync_offered
    }

    /// Whether only custom fields of the standard layout can be mapped.
    async fn is_standard_layout_only(&self) -> bool {
        self.0.is_standard_layout_only
    }

    /// Most custom fields in the map of vendors; null: any number.
    async fn vendor_custom_field_limit(&self) -> Option<u32> {
        self.0.vendor_custom_field_limit
    }

    /// Hours between automatic runs.
    async fn auto_interval_hours(&self) -> u32 {
        self.0.auto_interval_hours
    }

    /// Whether automatic runs have to be asked for.
    async fn is_auto_opt_in(&self) -> bool {
        self.0.is_auto_opt_in
    }

    /// What can be paused.
    async fn pause(&self) -> PauseScope {
        self.0.pause.into()
    }

    /// Whether a single record can be synchronised again.
    async fn is_single_resync_offered(&self) -> bool {
        self.0.is_single_resync_offered
    }

    /// Whether a module tells its status.
    async fn is_status_check_offered(&self) -> bool {
        self.0.is_status_check_offered
    }

    /// What becomes of a finance record that was made of a CRM record, when that is deleted.
    async fn delete_crm_origin(&self) -> DeletePropagation {
        self.0.delete_crm_origin.into()
    }

    /// The same for records that the finance side had first.
    async fn delete_finance_origin(&self) -> DeletePropagation {
        self.0.delete_finance_origin.into()
    }

    /// How many organizations.
    async fn multi_organization(&self) -> MultiOrganization {
        self.0.multi_organization.into()
    }

    /// What connecting takes.
    async fn credential(&self) -> CredentialKind {
        self.0.credential.into()
    }

    /// What connecting tells the CRM of the finance side.
    async fn shared_data(&self) -> Vec<SharedData> {
        self.0.shared_data.iter().copied().map(Into::into).collect()
    }

    /// How documents come into the CRM.
    async fn transaction_sync(&self) -> TransactionSync {
        self.0.transaction_sync.into()
    }

    /// Which transactions come, where any do.
    async fn transaction_kinds(&self) -> Vec<TransactionKind> {
        self.0.documents.iter().copied().map(Into::into).collect()
    }

    /// What deals do to estimates.
    async fn estimate_trigger(&self) -> EstimateTrigger {
        self.0.estimate_trigger.into()
    }

    /// What deals do to invoices.
    async fn invoice_trigger(&self) -> InvoiceTrigger {
        self.0.invoice_trigger.into()
    }

    /// Whether a status changed by hand stops triggers for a document.
    async fn is_stopped_by_manual_status(&self) -> bool {
        self.0.is_stopped_by_manual_status
    }

    /// Whether documents can be linked to deals and dissociated.
    async fn is_deal_link_offered(&self) -> bool {
        self.0.is_deal_link_offered
    }

    /// How it can be left.
    async fn exit_actions(&self) -> Vec<ExitAction> {
        self.0.exit_actions.iter().copied().map(Into::into).collect()
    }

    /// The smallest edition of the CRM that may connect; null: any.
    async fn min_edition(&self) -> Option<CrmEdition> {
        self.0.min_edition.map(Into::into)
    }

    /// Whether it is there on request only.
    async fn is_on_request(&self) -> bool {
        self.0.is_on_request
    }
}

/// Reading profiles.
#[derive(Default)]
pub struct ProfileQuery;

#[Object]
impl ProfileQuery {
    /// What a connection to this finance app may do, and why it may not do something else: every refusal names a key of
    /// this. Null when there is no such app.
    async fn capability_profile(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Key of the finance app, such as \"books\".")] app: String,
    ) -> Result<Option<Profile>> {
        let connectors = &ctx.services()?.engine.connectors;
        Ok(connectors.get(&app).and_then(|connector| FinanceApp::profile_of(connector.manifest())))
    }

    /// Every profile there is: few, so a plain list.
    async fn capability_profiles(&self) -> Option<Vec<Profile>> {
        Some(domain::CapabilityProfile::ALL.iter().map(Profile).collect())
    }
}
