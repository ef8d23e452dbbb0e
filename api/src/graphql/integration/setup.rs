//! How far an integration is set up (R004).

use async_graphql::{Context, Enum, Result, SimpleObject};
use finbridge_domain::CapabilityProfile;
use finbridge_domain::profile::{EstimateTrigger, InvoiceTrigger};
use finbridge_entity::integration;
use finbridge_entity::types::IntegrationState;

use crate::graphql::context::Asked;
use crate::graphql::error::top_level;
use crate::graphql::loader::failed;
use crate::service::ServiceError;

/// A step of setting an integration up.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetupStepKey {
    /// Connecting the finance app, and having it switched on.
    Enable,
    /// Choosing which transactions come into the CRM.
    Modules,
    /// Saying how records are synchronised.
    SyncSettings,
    /// Saying what deals do to transactions.
    Trigger,
    /// Saying who may see, make and mail transactions.
    Permissions,
}

/// How a step stands.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetupStepState {
    /// It was done; doing it again changes what was chosen.
    Done,
    /// Nobody did it yet, or it is undone.
    Open,
    /// The profile does not offer what it is about, so there is nothing to do.
    NotOffered,
}

/// A step of setting an integration up.
#[derive(SimpleObject)]
pub struct IntegrationSetupStep {
    /// Which step.
    key: SetupStepKey,
    /// How it stands.
    state: SetupStepState,
    /// What does it, for people.
    hint: &'static str,
}

/// How far an integration is set up.
#[derive(SimpleObject)]
pub struct IntegrationSetup {
    /// The five steps, in the order in which they are usually done. Each is done by itself, in any order.
    steps: Vec<IntegrationSetupStep>,
    /// Whether none of them is open.
    is_complete: bool,
}

impl IntegrationSetup {
    /// How far this integration is set up.
    ///
    /// # Errors
    /// The database's.
    pub async fn load(ctx: &Context<'_>, row: &integration::Model) -> Result<Self> {
        let profile = CapabilityProfile::by_key(&row.profile_key)
            .ok_or_else(|| top_level(ServiceError::Internal("an integration without a profile".into())))?;
        let loaders = ctx.loaders()?;
        let (modules, feeds, triggers) = futures::try_join!(
            loaders.modules_of_integration().load_one(row.id),
            loaders.feeds_of_integration().load_one(row.id),
            loaders.triggers().load_one(row.id),
        )
        .map_err(failed)?;
        let has = |is_there: bool| if is_there { SetupStepState::Done } else { SetupStepState::Open };
        let offered = |is_offered: bool, is_there: bool| match is_offered {
            true => has(is_there),
            false => SetupStepState::NotOffered,
        };
        let has_documents = !profile.documents_of(row.is_one_way).is_empty();
        let has_triggers = has_documents
            && (profile.estimate_trigger != EstimateTrigger::None
                || profile.invoice_trigger != InvoiceTrigger::None);
        let step = |key, state, hint| IntegrationSetupStep { key, state, hint };
        let steps = vec![
            step(
                SetupStepKey::Enable,
                has(row.state == IntegrationState::Active),
                "Connect it with `integrationConnect`; one that was switched off goes on with `integrationEnable`.",
            ),
            step(
                SetupStepKey::Modules,
                offered(has_documents, feeds.is_some_and(|feeds| !feeds.is_empty())),
                "Choose with `transactionKinds` of `integrationConnect`, or have kinds read with `transactionsFetch`.",
            ),
            step(
                SetupStepKey::SyncSettings,
                offered(!profile.modules.is_empty(), modules.is_some_and(|modules| !modules.is_empty())),
                "Configure customers, vendors or items with `syncModuleConfigure`.",
            ),
            step(
                SetupStepKey::Trigger,
                offered(has_triggers, triggers.is_some_and(|triggers| !triggers.is_empty())),
                "Say with `integrationTriggerSet` what deals make; NONE is an answer too.",
            ),
            step(
                SetupStepKey::Permissions,
                SetupStepState::Done,
                "Nothing has to be set: administrators may do everything, others see, make, change and mail transactions.",
            ),
        ];
        let is_complete = steps.iter().all(|step| step.state != SetupStepState::Open);
        Ok(Self { steps, is_complete })
    }
}
