//! Whole imports into a database in memory.

mod crm_sales;
mod interrupted;
mod mappings;
mod rows;
mod users;

use std::collections::{BTreeSet, HashMap};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::TimeDelta;
use finbridge_domain::{Clock, Ids, VirtualClock};
use finbridge_entity::database::{self, PoolSize};
use finbridge_entity::{
    account, contact, crm_user, deal, deal_line, import_key, organization, product, stage, vendor,
};
use finbridge_migration::{Migrator, MigratorTrait};
use sea_orm::{ActiveModelTrait, ConnectionTrait, DatabaseConnection, EntityTrait, Set, Statement};
use tempfile::TempDir;
use uuid::Uuid;

use super::*;

/// A database with one organization, and a folder for files.
struct World {
    db: DatabaseConnection,
    clock: Arc<VirtualClock>,
    ids: Ids,
    organization_id: Uuid,
    folder: TempDir,
}

impl World {
    async fn new() -> Self {
        let db = database::open("sqlite::memory:", PoolSize(1)).await.unwrap();
        Migrator::up(&db, None).await.unwrap();
        let clock = Arc::new(VirtualClock::starting_at("2026-01-05T12:00:00Z".parse().unwrap()));
        let ids = Ids::new(clock.clone());
        let mut world =
            Self { db, clock, ids, organization_id: Uuid::nil(), folder: tempfile::tempdir().unwrap() };
        world.organization_id = world.organization("Acme").await;
        world
    }

    async fn organization(&self, name: &str) -> Uuid {
        let organization = organization::ActiveModel {
            id: Set(self.ids.uuid()),
            name: Set(name.to_owned()),
            home_currency_code: Set("USD".to_owned()),
            time_zone: Set("UTC".to_owned()),
            is_product_name_unique: Set(false),
            created_at: Set(self.clock.now()),
        };
        organization.insert(&self.db).await.unwrap().id
    }

    fn importer(&self) -> Importer<'_> {
        Importer {
            db: &self.db,
            clock: &*self.clock,
            ids: &self.ids,
            organization_id: self.organization_id,
            fires_triggers: false,
        }
    }

    /// Imports from this world's folder, an hour after whatever happened before.
    async fn import(&self) -> Report {
        self.try_import().await.unwrap_or_else(|error| panic!("{error}: {error:?}"))
    }

    async fn try_import(&self) -> Result<Report, ImportError> {
        self.clock.advance(TimeDelta::hours(1));
        self.importer().run(&self.path("mapping.toml"), &NoProgress, &mut NoNotes).await
    }

    fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    fn write(&self, file: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.path(file), content).unwrap();
    }

    /// Puts the example into the folder.
    fn copy_example(&self) {
        for entry in std::fs::read_dir(example()).unwrap() {
            let path = entry.unwrap().path();
            std::fs::copy(&path, self.path(path.file_name().unwrap().to_str().unwrap())).unwrap();
        }
    }

    /// Changes the text of a file.
    fn edit(&self, file: &str, from: &str, to: &str) {
        let text = std::fs::read_to_string(self.path(file)).unwrap();
        assert!(text.contains(from), "{file} has no {from}");
        self.write(file, text.replacen(from, to, 1));
    }

    /// Rows that this connection has written, ever.
    async fn changes(&self) -> i64 {
        let sql = Statement::from_string(self.db.get_database_backend(), "SELECT total_changes() AS n");
        self.db.query_one_raw(sql).await.unwrap().unwrap().try_get("", "n").unwrap()
    }

    async fn account(&self, name: &str) -> account::Model {
        let accounts = account::Entity::find().all(&self.db).await.unwrap();
        accounts.into_iter().find(|account| account.name == name).unwrap()
    }

    /// Everything an import writes, without ids and times.
    async fn state(&self) -> BTreeSet<String> {
        let db = &self.db;
        let mut names: HashMap<Uuid, String> = HashMap::new();
        let mut state = BTreeSet::new();
        for user in crm_user::Entity::find().all(db).await.unwrap() {
            names.insert(user.id, user.email.clone());
            state.insert(format!("user {} {}", user.email, user.name));
        }
        for stage in stage::Entity::find().all(db).await.unwrap() {
            names.insert(stage.id, stage.name.clone());
            state.insert(format!("stage {} {:?} {}", stage.name, stage.kind, stage.position));
        }
        let accounts = account::Entity::find().all(db).await.unwrap();
        names.extend(accounts.iter().map(|account| (account.id, account.name.clone())));
        for a in accounts {
            let parent = a.parent_id.map(|id| names[&id].clone());
            state
                .insert(format!("account {} {parent:?} {:?} v{}", a.name, a.annual_revenue_units, a.version));
        }
        for product in product::Entity::find().all(db).await.unwrap() {
            names.insert(product.id, product.name.clone());
            state.insert(format!("product {} {:?}", product.name, product.unit_price_units));
        }
        for contact in contact::Entity::find().all(db).await.unwrap() {
            let account = contact.account_id.map(|id| names[&id].clone());
            state.insert(format!("contact {} {:?} {account:?}", contact.name, contact.email));
        }
        for vendor in vendor::Entity::find().all(db).await.unwrap() {
            state.insert(format!("vendor {} {:?}", vendor.name, vendor.address));
        }
        let mut lines: HashMap<Uuid, Vec<String>> = HashMap::new();
        for line in deal_line::Entity::find().all(db).await.unwrap() {
            let text = format!("{} × {} at {:?}", line.quantity.0, names[&line.product_id], line.unit_price);
            lines.entry(line.deal_id).or_default().push(text);
        }
        for d in deal::Entity::find().all(db).await.unwrap() {
            let account = d.account_id.map(|id| names[&id].clone());
            let owner = d.owner_id.map(|id| names[&id].clone());
            let (stage, lines) = (&names[&d.stage_id], lines.remove(&d.id));
            state.insert(format!(
                "deal {} {account:?} {owner:?} {stage} {:?} {:?} {:?} v{} {lines:?}",
                d.name, d.amount_units, d.opened_on, d.closed_on, d.version
            ));
        }
        for key in import_key::Entity::find().all(db).await.unwrap() {
            state.insert(format!("key {} {} {}", key.record_type, key.external_key, key.row_hash));
        }
        state
    }
}

fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/crm-sales")
}

/// A report's counts as `read created updated unchanged adjusted rejected`.
fn counts(report: &Report, file: &str) -> [u64; 6] {
    let f = report.files.iter().find(|report| report.file == file).unwrap();
    assert_eq!(f.read, f.created + f.updated + f.unchanged + f.rejected, "{file}");
    [f.read, f.created, f.updated, f.unchanged, f.adjusted, f.rejected]
}

/// Keeps notes as `kind line field reason before after`.
#[derive(Default)]
struct Collected(Vec<String>);

impl NoteSink for Collected {
    fn note(&mut self, _file: &str, _record: RecordType, note: &Note) -> io::Result<()> {
        let after = note.after.as_ref().map(|after| format!(" → {after}")).unwrap_or_default();
        let before = note.before.as_deref().unwrap_or_default();
        self.0.push(format!("{} {} {}: {before}{after}: {}", note.kind, note.line, note.field, note.reason));
        Ok(())
    }
}
