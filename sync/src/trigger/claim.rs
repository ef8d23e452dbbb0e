//! The claim on the one document of a deal, a connection and a kind: it stands before anything is made.

use finbridge_domain::DocumentStatus;
use finbridge_entity::{begin_write, deal_document};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, UpdateMany,
};

use super::assess::Case;
use super::hold::{Held, Stop};
use crate::error::SyncError;

impl Case<'_> {
    /// The claim on the deal's document, and whether nobody can have made it yet.
    pub(super) async fn claimed(&self, held: &Held<'_>) -> Result<(deal_document::Model, bool), Stop> {
        use deal_document::Column;
        let now = self.engine.clock.now();
        let letter = &self.kind.as_str()[..1];
        let reference = format!("FB-{:018}-{letter}", self.deal.wire_id);
        let row = deal_document::Model {
            organization_id: self.deal.organization_id,
            id: self.engine.ids.uuid(),
            deal_id: self.deal.id,
            integration_id: self.integration.id,
            kind: self.kind.as_str().to_owned(),
            reference: reference.clone(),
            remote_id: None,
            intended_status: None,
            written_status: None,
            stopped_at: None,
            created_at: now,
            updated_at: now,
        };
        let transaction = begin_write(&self.engine.db).await?;
        held.renew(&transaction).await?;
        let made = deal_document::Entity::insert(row.clone().into_active_model().reset_all())
            .on_conflict(
                OnConflict::columns([
                    Column::OrganizationId,
                    Column::DealId,
                    Column::IntegrationId,
                    Column::Kind,
                ])
                .do_nothing()
                .to_owned(),
            )
            .exec_without_returning(&transaction)
            .await?;
        if made == 1 {
            transaction.commit().await?;
            // Another connection of the same finance organization may have begun it, under the same reference.
            return Ok((row, self.claims_elsewhere().await?.is_empty()));
        }
        let known = self.claims().one(&transaction).await?;
        let known = known.ok_or(SyncError::Missing("the claim of a document"))?;
        if known.remote_id.is_none() {
            transaction.commit().await?;
            return Ok((known, false));
        }
        // Another one takes the place of what is void or gone; its reference tells them apart. Whoever lost the event meanwhile must
        // not take the new one from the claim.
        let reference = format!("{reference}-{}", &held.event.id.simple().to_string()[20..]);
        let claim = deal_document::Model { id: known.id, created_at: known.created_at, reference, ..row };
        claim.clone().into_active_model().reset_all().update(&transaction).await?;
        transaction.commit().await?;
        Ok((claim, false))
    }

    /// Triggers leave the document alone from now on (R128). Only whoever has the event may say so: to others its acts look like
    /// somebody else's.
    pub(super) async fn stop(&self, held: &Held<'_>) -> Result<(), Stop> {
        let transaction = begin_write(&self.engine.db).await?;
        held.renew(&transaction).await?;
        if let Some(claim) = self.claims().one(&transaction).await? {
            of(&claim)
                .col_expr(deal_document::Column::StoppedAt, Expr::value(Some(self.engine.clock.now())))
                .filter(deal_document::Column::StoppedAt.is_null())
                .exec(&transaction)
                .await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Nothing is meant to be done with the document any more, or somebody else is about it.
    pub(super) async fn forget_intent(&self, held: &Held<'_>) -> Result<(), Stop> {
        let transaction = begin_write(&self.engine.db).await?;
        held.renew(&transaction).await?;
        if let Some(claim) = self.claims().one(&transaction).await? {
            intend(&transaction, &claim, None).await?;
        }
        transaction.commit().await?;
        Ok(())
    }
}

/// Notes the status that the document is about to be given; none: it is not any more.
pub(super) async fn intend(
    db: &impl ConnectionTrait,
    claim: &deal_document::Model,
    status: Option<DocumentStatus>,
) -> Result<(), SyncError> {
    let status = status.map(DocumentStatus::as_str);
    of(claim).col_expr(deal_document::Column::IntendedStatus, Expr::value(status)).exec(db).await?;
    Ok(())
}

/// A change of the claim.
pub(super) fn of(claim: &deal_document::Model) -> UpdateMany<deal_document::Entity> {
    deal_document::Entity::update_many()
        .filter(deal_document::Column::OrganizationId.eq(claim.organization_id))
        .filter(deal_document::Column::Id.eq(claim.id))
}
