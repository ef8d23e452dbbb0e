//! Entities and migrations say the same of every table: each entity can be read from a database that only the
//! migrations made.

use chrono::{DateTime, Utc};
use finbridge_domain::name_key;
use finbridge_entity::PoolSize;
use finbridge_migration::{Migrator, MigratorTrait};
use sea_orm::prelude::Uuid;
use sea_orm::sea_query::Query;
use sea_orm::{ConnectionTrait, DatabaseConnection, EntityTrait};

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
        access_token,
        account,
        api_token,
        circuit_breaker,
        contact,
        crm_user,
        custom_field,
        custom_value,
        deal,
        deal_line,
        field_lineage,
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
        request_budget,
        stage,
        sync_module,
        sync_run,
        sync_run_item,
        sync_run_progress,
        sync_settings,
        sync_wake,
        tag,
        vendor,
        view,
        webhook_endpoint,
    );
}

/// An account that was there before texts were kept in the form in which they are compared.
async fn texts_get_their_forms(db: &DatabaseConnection) {
    Migrator::up(db, Some(10)).await.expect("the first migrations");
    let (here, now) = (Uuid::from_u128(1), DateTime::<Utc>::UNIX_EPOCH);
    let organization = Query::insert()
        .into_table("organization")
        .columns(["id", "name", "home_currency_code", "time_zone", "created_at"])
        .values_panic([here.into(), "x".into(), "USD".into(), "UTC".into(), now.into()])
        .take();
    let account = Query::insert()
        .into_table("account")
        .columns([
            "organization_id",
            "id",
            "wire_id",
            "version",
            "created_at",
            "updated_at",
            "name",
            "name_key",
            "industry",
        ])
        .values_panic([
            here.into(),
            here.into(),
            1.into(),
            1.into(),
            now.into(),
            now.into(),
            "ΟΔΟΣ".into(),
            "οδος".into(),
            "ÖSTERREICH  Straße".into(),
        ])
        .take();
    for row in [organization, account] {
        db.execute(&row).await.expect("a row");
    }
    Migrator::up(db, None).await.expect("the other migrations");
    let account =
        finbridge_entity::account::Entity::find().one(db).await.expect("a read").expect("the account");
    assert_eq!(account.name_key, name_key(&account.name));
    assert_eq!(account.industry_key, account.industry.as_deref().map(name_key));
}

#[tokio::test]
async fn texts_get_the_forms_in_which_they_are_compared_on_sqlite() {
    let db = finbridge_entity::database::open("sqlite::memory:", PoolSize(1)).await.expect("a database");
    texts_get_their_forms(&db).await;
}

#[tokio::test]
async fn texts_get_the_forms_in_which_they_are_compared_on_postgres() {
    let url = finbridge_tests::new_postgres_database().await;
    texts_get_their_forms(&finbridge_entity::database::open(&url, PoolSize(4)).await.expect("a database"))
        .await;
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
