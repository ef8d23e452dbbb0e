//! Entities and migrations say the same of every table: each entity can be read from a database that only the
//! migrations made.

use finbridge_entity::PoolSize;
use finbridge_migration::{Migrator, MigratorTrait};
use sea_orm::{DatabaseConnection, EntityTrait};

async fn read_all(db: &DatabaseConnection) {
    macro_rules! read {
        ($($entity:ident),+ $(,)?) => {
            $(finbridge_entity::$entity::Entity::find()
                .one(db)
                .await
                .unwrap_or_else(|error| panic!("{}: {error}", stringify!($entity)));)+
        };
    }
    read!(
        account,
        api_token,
        contact,
        crm_user,
        custom_field,
        custom_value,
        deal,
        deal_line,
        finance_organization,
        idempotency_key,
        import_key,
        integration,
        layout,
        layout_field,
        membership,
        note,
        organization,
        pipeline,
        product,
        product_price,
        record_link,
        record_tag,
        record_word,
        remote_record,
        stage,
        sync_module,
        sync_run,
        sync_run_item,
        sync_run_progress,
        sync_settings,
        tag,
        vendor,
        view,
    );
}

#[tokio::test]
async fn entities_fit_the_migrations_on_sqlite() {
    let db = finbridge_entity::database::open("sqlite::memory:", PoolSize(1)).await.expect("a database");
    Migrator::up(&db, None).await.expect("migrations apply");
    read_all(&db).await;
    Migrator::up(&db, None).await.expect("applying them again changes nothing");
}

#[tokio::test]
async fn entities_fit_the_migrations_on_postgres() {
    let url = finbridge_tests::new_postgres_database().await;
    let db = finbridge_entity::database::open(&url, PoolSize(4)).await.expect("a database");
    Migrator::up(&db, None).await.expect("migrations apply");
    read_all(&db).await;
}
