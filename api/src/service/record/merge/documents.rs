//! Finance documents of deals that are merged: they become those of the deal that stays, here at once and on the finance side as soon
//! as it is reached.

use finbridge_domain::DocumentKind;
use finbridge_entity::types::DocumentActKind;
use finbridge_entity::{Scoped, deal, deal_document, document};
use finbridge_sync::act::{self, ActInput, Wish};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use crate::service::Services;
use crate::service::error::ServiceResult;

/// Takes over the documents of the merged deals, and what triggers made for them.
pub(super) async fn take_over(
    services: &Services,
    transaction: &DatabaseTransaction,
    stays: &deal::Model,
    merged: &[deal::Model],
) -> ServiceResult<()> {
    let here = services.organization_id();
    let ids: Vec<Uuid> = merged.iter().map(|deal| deal.id).collect();
    let documents = document::Entity::of(here)
        .filter(document::Column::DealId.is_in(ids.iter().copied()))
        .filter(document::Column::DeletedAt.is_null())
        .order_by_asc(document::Column::Id)
        .all(transaction)
        .await?;
    document::Entity::update_many()
        .col_expr(document::Column::DealId, Expr::value(Some(stays.id)))
        .col_expr(document::Column::Version, Expr::col(document::Column::Version).add(1))
        .col_expr(document::Column::UpdatedAt, Expr::value(services.clock().now()))
        .filter(document::Column::OrganizationId.eq(here))
        .filter(document::Column::DealId.is_in(ids))
        .exec(transaction)
        .await?;
    for one in documents {
        let Some(kind) = DocumentKind::by_name(&one.kind).filter(|kind| kind.takes_deal()) else { continue };
        let wish = Wish {
            organization_id: here,
            integration_id: one.integration_id,
            kind,
            document_id: Some(one.id),
            deal_id: Some(stays.id),
            act: DocumentActKind::Link,
            input: ActInput::Link { deal: Some(stays.id) },
            actor_id: Some(services.viewer.user_id),
        };
        act::ask(&services.engine, transaction, wish).await?;
    }
    claims(services, transaction, stays, merged).await
}

/// Lets triggers go on with what they made for the merged deals, as far as they made nothing of the kind for the one that stays.
async fn claims(
    services: &Services,
    transaction: &DatabaseTransaction,
    stays: &deal::Model,
    merged: &[deal::Model],
) -> ServiceResult<()> {
    let here = services.organization_id();
    let ids = merged.iter().map(|deal| deal.id).chain([stays.id]);
    let mut rows = deal_document::Entity::of(here)
        .filter(deal_document::Column::DealId.is_in(ids))
        .all(transaction)
        .await?;
    rows.sort_by_key(|row| {
        merged.iter().position(|deal| deal.id == row.deal_id).map_or(0, |place| place + 1)
    });
    let mut taken: Vec<(Uuid, String)> = Vec::new();
    for row in rows {
        let what = (row.integration_id, row.kind);
        if taken.contains(&what) {
            continue;
        }
        taken.push(what);
        if row.deal_id == stays.id {
            continue;
        }
        deal_document::Entity::update_many()
            .col_expr(deal_document::Column::DealId, Expr::value(stays.id))
            .filter(deal_document::Column::OrganizationId.eq(here))
            .filter(deal_document::Column::Id.eq(row.id))
            .exec(transaction)
            .await?;
    }
    Ok(())
}
