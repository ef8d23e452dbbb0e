use finbridge_entity::types::{Address, StageKind};

use super::*;

#[tokio::test]
async fn the_example_is_imported_whole_and_every_adjustment_is_named() {
    let world = World::new().await;
    world.copy_example();
    let mut csv = Vec::new();
    let mut notes = CsvNotes::new(&mut csv).unwrap();
    let report = world.importer().run(&world.path("mapping.toml"), &NoProgress, &mut notes).await.unwrap();
    drop(notes);

    assert_eq!(counts(&report, "mapping.toml"), [4, 4, 0, 0, 0, 0]);
    assert_eq!(counts(&report, "sales_teams.csv"), [35, 35, 0, 0, 0, 0]);
    assert_eq!(counts(&report, "accounts.csv"), [85, 85, 0, 0, 13, 0]);
    assert_eq!(counts(&report, "products.csv"), [7, 7, 0, 0, 0, 0]);
    assert_eq!(counts(&report, "contacts.csv"), [30, 30, 0, 0, 0, 0]);
    assert_eq!(counts(&report, "vendors.csv"), [5, 5, 0, 0, 0, 0]);
    // 3,236 deals have a misspelt product, or no account and so no close value, or only no close value.
    assert_eq!(counts(&report, "sales_pipeline.csv"), [8_800, 8_800, 0, 0, 3_236, 0]);

    let groups: Vec<String> = report
        .summary
        .groups()
        .iter()
        .map(|group| format!("{} {}: {} × {}", group.file, group.field, group.count, group.reason))
        .collect();
    assert_eq!(
        groups,
        [
            "accounts.csv sector: 12 × technolgy → technology",
            "accounts.csv office_location: 1 × Philipines → Philippines",
            "sales_pipeline.csv product: 1480 × GTXPro → GTX Pro",
            "sales_pipeline.csv account: 1425 × no account: imported without one",
            "sales_pipeline.csv close_value: 2089 × no close value: imported without an amount",
        ]
    );
    let csv = String::from_utf8(csv).unwrap();
    assert_eq!(csv.lines().count(), 1 + 12 + 1 + 1_480 + 1_425 + 2_089);
    assert!(csv.contains(
        "ADJUSTED,sales_pipeline.csv,3,deal,Z063OYW0,product,GTXPro,GTX Pro,replaced as the mapping says"
    ));

    let db = &world.db;
    let stages = stage::Entity::find().all(db).await.unwrap();
    let won = stages.iter().find(|stage| stage.name == "Won").unwrap();
    assert_eq!((stages.len(), won.kind, won.position), (4, StageKind::Won, 3));
    assert_eq!(membership_names(&world).await.len(), 35);
    assert_eq!(deal_line::Entity::find().all(db).await.unwrap().len(), 8_800);

    let state = world.state().await;
    for line in [
        "user mei.mei.johns@example.com Mei-Mei Johns",
        "account Acme Corporation None Some(11000400000000) v1",
        "product GTX Plus Pro Some(54820000)",
        "deal GTX Plus Basic for Cancity (1C1I7A6R) Some(\"Cancity\") Some(\"moses.frase@example.com\") Won \
         Some(10540000) Some(2016-10-20) Some(2017-03-01) v1 \
         Some([\"1 × GTX Plus Basic at Some(ExactDecimal(1054))\"])",
    ] {
        assert!(state.contains(line), "{line}");
    }
    let without_account: Vec<_> =
        state.iter().filter(|line| line.starts_with("deal ") && line.contains(") None Some(")).collect();
    assert_eq!(without_account.len(), 1_425);
    assert!(without_account.iter().all(|line| !line.contains(" for ")), "{without_account:?}");

    let acme = world.account("Acme Corporation").await;
    assert_eq!(acme.industry.as_deref(), Some("technology"));
    assert_eq!(acme.billing_address.unwrap().country.as_deref(), Some("United States"));
    let codehow = world.account("Codehow").await;
    assert_eq!(codehow.parent_id, Some(acme.id));
    // Its parent stands further down in the file.
    let dambase = world.account("dambase").await;
    assert_eq!(dambase.parent_id, Some(world.account("Inity").await.id));
}

async fn membership_names(world: &World) -> Vec<String> {
    let members = finbridge_entity::membership::Entity::find().all(&world.db).await.unwrap();
    members.into_iter().map(|member| member.name_key).collect()
}

#[tokio::test]
async fn importing_again_writes_nothing_and_edits_survive() {
    let world = World::new().await;
    world.copy_example();
    world.import().await;
    let mut acme: account::ActiveModel = world.account("Acme Corporation").await.into();
    acme.industry = Set(Some("conglomerate".to_owned()));
    acme.update(&world.db).await.unwrap();
    let (state, changes) = (world.state().await, world.changes().await);

    let report = world.import().await;

    assert_eq!(world.changes().await, changes);
    assert_eq!(world.state().await, state);
    assert_eq!(report.total(), [8_966, 0, 0, 8_966, 3_249, 0]);
    assert_eq!(world.account("Acme Corporation").await.industry.as_deref(), Some("conglomerate"));
}

#[tokio::test]
async fn a_changed_row_updates_the_mapped_fields_and_no_others() {
    let world = World::new().await;
    world.copy_example();
    world.import().await;
    let before = world.account("Bioholding").await;
    let mut edited: account::ActiveModel = before.clone().into();
    edited.phone = Set(Some("+63 2 555 0100".to_owned()));
    edited.billing_address =
        Set(Some(Address { city: Some("Manila".to_owned()), country: None, ..Address::default() }));
    edited.update(&world.db).await.unwrap();

    world.edit("accounts.csv", "587.34,1356", "600.5,1400");
    world.edit("sales_pipeline.csv", "Won,2016-10-25,2017-03-11,4514", "Won,2016-10-25,2017-03-11,4600");
    let report = world.import().await;
    assert_eq!(counts(&report, "accounts.csv"), [85, 0, 1, 84, 13, 0]);
    assert_eq!(counts(&report, "sales_pipeline.csv"), [8_800, 0, 1, 8_799, 3_236, 0]);

    let after = world.account("Bioholding").await;
    assert_eq!((after.id, after.wire_id, after.created_at), (before.id, before.wire_id, before.created_at));
    assert_eq!((after.version, after.updated_at), (2, world.clock.now()));
    assert_eq!((after.annual_revenue_units, after.employee_count), (Some(6_005_000_000_000), Some(1400)));
    assert_eq!(after.phone.as_deref(), Some("+63 2 555 0100"));
    let address = after.billing_address.unwrap();
    assert_eq!((address.city.as_deref(), address.country.as_deref()), (Some("Manila"), Some("Philippines")));
    assert_eq!(deal_line::Entity::find().all(&world.db).await.unwrap().len(), 8_800);
    let state = world.state().await;
    assert!(state.iter().any(|line| line.contains("(Z063OYW0)")
        && line.contains("Some(46000000)")
        && line.contains("v2 Some([\"1 × GTX Pro at Some(ExactDecimal(4600))\"])")));
}
