//! What an integration's deals do.

use finbridge_domain::profile::{EstimateTrigger, InvoiceTrigger};
use finbridge_domain::{CapabilityProfile, DocumentKind};
use finbridge_entity::trigger_setting;
use finbridge_entity::types::{DealEventKind, StageKind, TriggerAction, TriggerPoint};
use uuid::Uuid;

use crate::error::SyncError;

/// What an integration's deals do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// What is triggered.
    pub point: TriggerPoint,
    /// Stages that make a document.
    pub create: Vec<Uuid>,
    /// Stages that have an estimate accepted.
    pub accept: Vec<Uuid>,
    /// Stages that have an estimate declined.
    pub invalidate: Vec<Uuid>,
    /// Whether documents count as sent at once.
    pub is_sent: bool,
}

impl Setting {
    /// As it is stored.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn of(row: &trigger_setting::Model) -> Result<Self, SyncError> {
        let stages = |value: &serde_json::Value| {
            serde_json::from_value(value.clone())
                .map_err(|source| SyncError::Corrupt { what: "the stages of a trigger", source })
        };
        Ok(Self {
            point: row.trigger,
            create: stages(&row.create_stages)?,
            accept: stages(&row.accept_stages)?,
            invalidate: stages(&row.invalidate_stages)?,
            is_sent: row.is_sent,
        })
    }

    /// What kind of document is triggered.
    pub fn kind(&self) -> Option<DocumentKind> {
        match self.point {
            TriggerPoint::None => None,
            TriggerPoint::Estimate => Some(DocumentKind::Estimate),
            TriggerPoint::Invoice => Some(DocumentKind::Invoice),
        }
    }

    /// What a deal does that comes into a stage. [`TriggerAction::None`]: nothing.
    pub fn action(
        &self,
        profile: &CapabilityProfile,
        event: DealEventKind,
        stage_id: Uuid,
        stage: StageKind,
    ) -> TriggerAction {
        match (self.point, profile.estimate_trigger, profile.invoice_trigger) {
            (TriggerPoint::Estimate, EstimateTrigger::DealLife, _) => match (event, stage) {
                (_, StageKind::Won) => TriggerAction::Accept,
                (_, StageKind::Lost) => TriggerAction::Invalidate,
                (DealEventKind::Created, StageKind::Open) => TriggerAction::Create,
                _ => TriggerAction::None,
            },
            (TriggerPoint::Estimate, EstimateTrigger::ByStage, _) => {
                let chosen = |stages: &[Uuid]| stages.contains(&stage_id);
                match () {
                    () if chosen(&self.accept) => TriggerAction::Accept,
                    () if chosen(&self.invalidate) => TriggerAction::Invalidate,
                    () if chosen(&self.create) => TriggerAction::Create,
                    () => TriggerAction::None,
                }
            }
            (TriggerPoint::Invoice, _, InvoiceTrigger::Won | InvoiceTrigger::WonLost)
                if stage == StageKind::Won =>
            {
                TriggerAction::Create
            }
            (TriggerPoint::Invoice, _, InvoiceTrigger::WonLost) if stage == StageKind::Lost => {
                TriggerAction::Invalidate
            }
            _ => TriggerAction::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use finbridge_domain::profile::{BILLING, BOOKS_2013, BOOKS_NOW};

    use super::*;

    fn setting(point: TriggerPoint) -> Setting {
        let stage = |n| vec![Uuid::from_u128(n)];
        Setting { point, create: stage(1), accept: stage(2), invalidate: stage(3), is_sent: false }
    }

    fn action(
        profile: &CapabilityProfile,
        point: TriggerPoint,
        event: DealEventKind,
        stage: (u128, StageKind),
    ) -> TriggerAction {
        setting(point).action(profile, event, Uuid::from_u128(stage.0), stage.1)
    }

    #[test]
    fn r124_chosen_stages_make_accept_and_invalidate() {
        let moved = |stage| {
            action(&BOOKS_NOW, TriggerPoint::Estimate, DealEventKind::Moved, (stage, StageKind::Open))
        };
        let wanted =
            [TriggerAction::Create, TriggerAction::Accept, TriggerAction::Invalidate, TriggerAction::None];
        assert_eq!([1, 2, 3, 4].map(moved), wanted);
    }

    #[test]
    fn r125_in_2013_the_life_of_the_deal_decides() {
        let of = |event, stage| action(&BOOKS_2013, TriggerPoint::Estimate, event, (9, stage));
        assert_eq!(of(DealEventKind::Created, StageKind::Open), TriggerAction::Create);
        assert_eq!(of(DealEventKind::Moved, StageKind::Open), TriggerAction::None);
        assert_eq!(of(DealEventKind::Moved, StageKind::Won), TriggerAction::Accept);
        assert_eq!(of(DealEventKind::Moved, StageKind::Lost), TriggerAction::Invalidate);
    }

    #[test]
    fn r126_won_makes_an_invoice_and_lost_voids_it_where_the_profile_says_so() {
        let of = |profile, stage| action(profile, TriggerPoint::Invoice, DealEventKind::Moved, (9, stage));
        assert_eq!(of(&BOOKS_NOW, StageKind::Won), TriggerAction::Create);
        assert_eq!(of(&BOOKS_NOW, StageKind::Lost), TriggerAction::Invalidate);
        assert_eq!(of(&BILLING, StageKind::Lost), TriggerAction::None);
        assert_eq!(of(&BOOKS_NOW, StageKind::Open), TriggerAction::None);
        let none = action(&BOOKS_NOW, TriggerPoint::None, DealEventKind::Moved, (9, StageKind::Won));
        assert_eq!(none, TriggerAction::None);
    }
}
