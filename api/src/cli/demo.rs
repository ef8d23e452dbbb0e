//! The sample tenant of the first start. Every step looks before it acts, so a start that was cut off is finished by the
//! next one, and a start after that changes nothing.

use std::fs::File;
use std::path::Path;

use finbridge_domain::{
    CrmModule, CurrencyCode, Direction, DuplicatePolicy, NodeId, NodeKind, SettingsWish, SyncModule,
};
use finbridge_emulator::{DEMO_EMAIL, DEMO_USER_NAME, DEMO_ZSC_KEY};
use finbridge_entity::{Scoped, api_token, begin_write, import_key};
use finbridge_sync::outcome::Totals;
use sea_orm::{ActiveModelTrait, ColumnTrait, QueryFilter, QueryOrder, Set};
use secrecy::SecretString;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::progress::ImportBars;
use crate::app::App;
use crate::auth::Viewer;
use crate::auth::token::{self, TokenFor};
use crate::config::Config;
use crate::import::{CsvNotes, Importer};
use crate::secrets::write_private;
use crate::service::integration::{self, Connect};
use crate::service::tenant::{self, Administrator, Tenant};

/// Name of the sample tenant.
const ORGANIZATION: &str = "Sample CRM";

/// Under which source it is remembered that the sample was imported whole.
const COMPLETE: &str = "finbridge:complete";

/// Three queries worth pasting.
pub const QUERIES: [&str; 3] = [
    r#"# The CRM: accounts with the deals behind them, and the customer each became in Books.
query AccountsWithDeals {
  accounts(first: 10, orderBy: { field: ANNUAL_REVENUE, direction: DESC }) {
    totalCount
    nodes {
      name
      industry
      annualRevenue { amount currencyCode }
      owner { name }
      deals(first: 3) { totalCount nodes { name amount { amount currencyCode } stage { name kind } } }
      externalReferences { remoteKey organization { name } }
    }
  }
}
"#,
    r#"# The largest deals that were won, page by page: pass endCursor as `after`.
query LargestWonDeals {
  deals(first: 10, filter: { stageKind: { eq: WON } }, orderBy: { field: AMOUNT, direction: DESC }) {
    totalCount
    pageInfo { hasNextPage endCursor }
    nodes { name amount { amount currencyCode } closedOn account { name } owner { name } lines { product { name } quantity } }
  }
}
"#,
    r#"# The sync history: what each run did, record by record.
query SyncHistory {
  syncRuns(first: 5) {
    nodes {
      state
      trigger
      startedAt
      finishedAt
      totals { planned added updated deleted skipped failed }
      items(first: 5) { totalCount nodes { recordName action reason outcome remoteKey changes { field before after } } }
    }
  }
}
"#,
];

/// What the start needs to know of the sample tenant.
pub struct Demo {
    /// Its administrator.
    pub viewer: Viewer,
    /// The administrator's token.
    pub token: String,
    /// The first sync run.
    pub first_run: Option<Uuid>,
    /// Whether this start began it.
    pub began_first_run: bool,
    /// The integration.
    pub integration: NodeId,
}

/// Makes what is missing of the sample tenant: organization, administrator, token, CRM, connection, first sync.
pub async fn prepare(app: &App, config: &Config) -> Result<Demo, Box<dyn std::error::Error + Send + Sync>> {
    let engine = &app.engine;
    let transaction = begin_write(&engine.db).await?;
    let wish =
        Tenant { name: ORGANIZATION, home_currency: CurrencyCode::USD, time_zone: "America/Los_Angeles" };
    let person = Administrator { email: DEMO_EMAIL, name: DEMO_USER_NAME };
    let viewer = tenant::ensure(&transaction, engine.clock.as_ref(), &engine.ids, wish, person).await?;
    transaction.commit().await?;
    let token = demo_token(app, viewer, &config.data.dir.join("demo-token")).await?;
    import_sample(app, viewer, config).await?;

    let services = app.services(viewer);
    let integration = match integration::list(&services).await?.into_iter().next() {
        Some(connected) => connected,
        None => {
            let wish = Connect {
                app_key: "books".to_owned(),
                email: DEMO_EMAIL.to_owned(),
                zsc_key: SecretString::from(DEMO_ZSC_KEY),
                remote_organization_id: None,
                transaction_kinds: None,
                transaction_history_days: None,
            };
            integration::connect(&services, wish).await?
        }
    };
    let began_first_run = integration::modules(&services, integration.id).await?.is_empty();
    if began_first_run {
        let settings = SettingsWish {
            crm_module: Some(CrmModule::Accounts),
            direction: Some(Direction::BothWays),
            duplicate_policy: Some(DuplicatePolicy::Skip),
            ..SettingsWish::default()
        };
        integration::configure(&services, integration.id, SyncModule::Customers, settings, true).await?;
    }
    let first_run = finbridge_entity::sync_run::Entity::of(viewer.organization_id)
        .order_by_asc(finbridge_entity::sync_run::Column::CreatedAt)
        .one(&engine.db)
        .await?;
    let integration = NodeId::new(NodeKind::Integration, integration.id);
    Ok(Demo { viewer, token, first_run: first_run.map(|run| run.id), began_first_run, integration })
}

/// The demo token: in a file that only its owner can read, because the database keeps a hash alone.
async fn demo_token(
    app: &App,
    viewer: Viewer,
    path: &Path,
) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
    let token = match std::fs::read_to_string(path) {
        Ok(token) if !token.trim().is_empty() => token.trim().to_owned(),
        _ => {
            let token = token::generate();
            write_private(path, &token)?;
            token
        }
    };
    let engine = &app.engine;
    let stored = api_token::Entity::of(viewer.organization_id)
        .filter(api_token::Column::TokenHash.eq(token::hash(&token)))
        .one(&engine.db)
        .await?;
    if stored.is_none() {
        let wish = TokenFor {
            organization_id: viewer.organization_id,
            user_id: viewer.user_id,
            name: "demo".to_owned(),
            expires_at: None,
        };
        token::store(&engine.db, engine.clock.as_ref(), &engine.ids, wish, &token).await?;
    }
    Ok(token)
}

/// Imports the sample CRM, unless exactly this mapping was imported whole before.
async fn import_sample(
    app: &App,
    viewer: Viewer,
    config: &Config,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let mapping = &config.demo.mapping;
    let text = std::fs::read(mapping).map_err(|error| {
        format!(
            "the sample CRM's mapping {} cannot be read: {error}\nStart in Finbridge's own folder, or name the file with FINBRIDGE_DEMO_MAPPING",
            mapping.display()
        )
    })?;
    let fingerprint: String = Sha256::digest(&text).iter().map(|byte| format!("{byte:02x}")).collect();
    let engine = &app.engine;
    let complete = import_key::Entity::of(viewer.organization_id)
        .filter(import_key::Column::Source.eq(COMPLETE))
        .filter(import_key::Column::ExternalKey.eq(&fingerprint))
        .one(&engine.db)
        .await?;
    if complete.is_some() {
        return Ok(());
    }
    eprintln!("Importing the sample CRM from {}", mapping.display());
    let importer = Importer {
        db: &engine.db,
        clock: engine.clock.as_ref(),
        ids: &engine.ids,
        organization_id: viewer.organization_id,
        fires_triggers: false,
    };
    let notes = config.data.dir.join("import-notes.csv");
    let mut sink = CsvNotes::new(File::create(&notes)?)?;
    let report = importer.run(mapping, &ImportBars::default(), &mut sink).await?;
    println!("{report}");
    println!("Every adjusted and rejected row: {}\n", notes.display());
    import_key::ActiveModel {
        organization_id: Set(viewer.organization_id),
        id: Set(engine.ids.uuid()),
        source: Set(COMPLETE.to_owned()),
        record_type: Set("mapping".to_owned()),
        external_key: Set(fingerprint.clone()),
        record_id: Set(viewer.organization_id),
        row_hash: Set(fingerprint),
        imported_at: Set(engine.clock.now()),
    }
    .insert(&engine.db)
    .await?;
    Ok(())
}

/// Says what there is to open and to try.
pub fn greet(config: &Config, emulator: &str, demo: &Demo, synced: Option<Totals>) {
    if let Some(totals) = synced {
        let Totals { added, updated, skipped, failed, .. } = totals;
        println!("First sync: {added} added, {updated} updated, {skipped} skipped, {failed} failed\n");
    }
    println!("GraphiQL: http://{}/graphiql", config.server.listen);
    println!("Emulator: {emulator}/_emulator");
    println!("Token: {}", demo.token);
    println!("\nThree queries worth pasting (GraphiQL has them as tabs):\n");
    for query in QUERIES {
        println!("{query}");
    }
    println!(
        "To sync again, run: mutation {{ syncRunStart(input: {{ integrationId: \"{}\", module: CUSTOMERS }}) {{ syncRun {{ id state }} userErrors {{ message }} }} }}",
        demo.integration
    );
    println!("\nCtrl-C stops. Everything is kept in {}.", config.data.dir.display());
}
