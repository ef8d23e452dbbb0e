//! Imports, which trigger nothing unless they are told to.

use std::path::Path;

use finbridge::import::{Importer, NoNotes, NoProgress};
use finbridge_tests::{TestWorld, both_databases};
use serde_json::{Value, json};

use super::desk::{Desk, said};

const MAPPING: &str = r#"
source = "test"

[[stages]]
name = "Prospects"
kind = "OPEN"
position = 21

[[stages]]
name = "Bought"
kind = "WON"
position = 22

[[files]]
path = "accounts.csv"
record = "account"
key = "id"

[files.columns]
name = "name"

[[files]]
path = "deals.csv"
record = "deal"
key = "id"

[files.columns]
name = "name"
stage = { column = "stage", reference = "stage" }
account = { column = "account", reference = "account" }
amount = "amount"
currency = { value = "USD" }
"#;

async fn import(world: &TestWorld, folder: &Path, deals: &str, fires_triggers: bool) {
    let write = |file: &str, content: &str| std::fs::write(folder.join(file), content).unwrap();
    write("mapping.toml", MAPPING);
    write("accounts.csv", "id,name\n1,Imported\n");
    write("deals.csv", &format!("id,name,stage,account,amount\n{deals}"));
    let engine = &world.app.engine;
    let importer = Importer {
        db: &engine.db,
        clock: engine.clock.as_ref(),
        ids: &engine.ids,
        organization_id: world.viewer.organization_id,
        fires_triggers,
    };
    let report =
        importer.run(&folder.join("mapping.toml"), &NoProgress, &mut NoNotes).await.expect("an import");
    assert!(report.files.iter().all(|file| file.rejected == 0), "{report:?}");
}

async fn deal_named(world: &TestWorld, name: &str) -> String {
    let data = world
        .data(
            "query($name: String!) { deals(filter: { name: { eq: $name } }) { nodes { id } } }",
            json!({ "name": name }),
        )
        .await;
    data["deals"]["nodes"][0]["id"].as_str().unwrap_or_else(|| panic!("{data:#}")).to_owned()
}

both_databases! {
    async fn a17_3_an_import_triggers_nothing_unless_it_is_told_to(world: &TestWorld) {
        let desk = Desk::of(world).await;
        desk.invoices().await;
        let folder = tempfile::tempdir().unwrap();
        import(world, folder.path(), "1,Quiet,Bought,1,10\n2,Mover,Prospects,1,20\n", false).await;
        let own = desk.deal("Own", &desk.won).await;
        desk.newest(&own, 1).await;
        let (quiet, mover) = (deal_named(world, "Quiet").await, deal_named(world, "Mover").await);
        for deal in [&quiet, &mover] {
            assert_eq!(desk.entries(deal).await, Vec::<Value>::new());
        }
        assert_eq!(desk.listed("invoices").await.len(), 1);

        import(world, folder.path(), "1,Quiet,Bought,1,11\n2,Mover,Bought,1,20\n3,Fresh,Bought,1,30\n", true).await;
        let fresh = deal_named(world, "Fresh").await;
        for deal in [&mover, &fresh] {
            let entry = desk.newest(deal, 1).await;
            assert_eq!(said(&entry), ("CREATE", "DONE", None), "{entry:#}");
        }
        assert_eq!(desk.entries(&quiet).await, Vec::<Value>::new(), "it was won before");
        assert_eq!(desk.listed("invoices").await.len(), 3);
        assert_eq!(world.contacts().await.len(), 2, "the account became a customer once");
    }
}
