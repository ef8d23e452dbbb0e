//! What tests need that play through many runs: runs without a wait, and tenants beside the world's own.

use std::time::{Duration, Instant};

use finbridge::auth::Viewer;
use finbridge::auth::token::{self, TokenFor};
use finbridge::service::tenant::{self, Administrator, Tenant};
use finbridge_domain::{Clock, CurrencyCode, NodeId};
use finbridge_emulator::DEMO_EMAIL;
use finbridge_entity::types::RunTrigger;
use finbridge_entity::{Scoped, begin_write, sync_module, sync_run};
use finbridge_sync::run::{self, StartRun, Started};
use sea_orm::prelude::Uuid;
use sea_orm::{ColumnTrait, QueryFilter};
use tokio_util::sync::CancellationToken;

use crate::{PATIENCE, TestWorld};

/// Between two looks at a run that the world's worker has in hand.
const LOOK: Duration = Duration::from_millis(5);

impl TestWorld {
    /// A tenant of its own in this world, and its administrator's token.
    pub async fn tenant(&self, name: &str) -> (Viewer, String) {
        let (engine, clock) = (&self.app.engine, self.clock.as_ref());
        let wish = Tenant { name, home_currency: CurrencyCode::USD, time_zone: "America/Los_Angeles" };
        let person = Administrator { email: DEMO_EMAIL, name: "Ada Administrator" };
        let viewer = tenant::ensure(&engine.db, clock, &engine.ids, wish, person).await.expect("a tenant");
        let secret = token::generate();
        let wish = TokenFor {
            organization_id: viewer.organization_id,
            user_id: viewer.user_id,
            name: "test".to_owned(),
            expires_at: None,
        };
        token::store(&engine.db, clock, &engine.ids, wish, &secret).await.expect("a token");
        (viewer, secret)
    }

    /// The row of an integration's module that was configured: `module` as it is stored, `integration` as GraphQL tells it.
    pub async fn module_id(&self, organization_id: Uuid, integration: &str, module: &str) -> Uuid {
        let integration_id = integration.parse::<NodeId>().expect("the id of an integration").uuid;
        let row = sync_module::Entity::of(organization_id)
            .filter(sync_module::Column::IntegrationId.eq(integration_id))
            .filter(sync_module::Column::Module.eq(module))
            .one(&self.app.engine.db)
            .await;
        row.expect("the database answers").expect("the module is configured").id
    }

    /// Starts a run and carries it to its end by the same steps as a worker, without a worker's pauses. Where the run has
    /// to wait, the clock moves to when it goes on.
    pub async fn driven(&self, organization_id: Uuid, sync_module_id: Uuid) -> sync_run::Model {
        let engine = &self.app.engine;
        let transaction = begin_write(&engine.db).await.expect("a transaction");
        let wish = StartRun::of(organization_id, sync_module_id, RunTrigger::Instant);
        let started = run::start(engine, &transaction, wish).await.expect("the database answers");
        let Started::Queued(queued) = started else { panic!("the run does not start: {started:?}") };
        transaction.commit().await.expect("committed");
        let (begun, stop) = (Instant::now(), CancellationToken::new());
        loop {
            // The world's own worker may have the run in hand; then this returns at once. What interrupts it is noted in
            // the run, and the next turn goes on.
            let interrupted = Box::pin(run::go_on(engine, organization_id, queued.id, &stop)).await.err();
            let row = sync_run::Entity::one_of(organization_id, queued.id).one(&engine.db).await;
            let row = row.expect("the database answers").expect("the run is there");
            if row.state.is_final() {
                return row;
            }
            // Whoever holds it is at work, however long that takes.
            assert!(
                row.lease_owner.is_some() || begun.elapsed() < PATIENCE,
                "the run did not end; {interrupted:?} interrupted it last: {row:#?}"
            );
            let now = self.clock.now();
            match (&row.lease_owner, row.resume_at) {
                (None, Some(at)) if at > now => self.advance(at - now),
                _ => tokio::time::sleep(LOOK).await,
            }
        }
    }
}
