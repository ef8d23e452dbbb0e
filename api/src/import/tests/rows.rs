use finbridge_entity::product_price;
use finbridge_entity::types::StageKind;

use super::*;

const ACCOUNTS: &str = r#"
source = "test"
[[files]]
path = "accounts.csv"
record = "account"
key = "id"
[files.columns]
name = "name"
employee_count = "staff"
parent = { column = "parent", reference = "account" }
"#;

const DEALS: &str = r#"
source = "test"
[[stages]]
name = "Open"
kind = "OPEN"
position = 1
[[files]]
path = "products.csv"
record = "product"
key = ["range", "product"]
[files.columns]
name = "product"
[[files]]
path = "deals.csv"
record = "deal"
key = "id"
delimiter = ";"
[files.columns]
name = "id"
stage = "stage"
currency = { value = "EUR" }
amount = { column = "amount", remove = ["€", " "], decimal_mark = "," }
closed_on = { column = "closed", format = "%d.%m.%Y" }
line_product = { template = "{range}|{product}", required = true }
"#;

async fn collect(world: &World) -> (Report, Vec<String>) {
    let mut notes = Collected::default();
    let report = world.importer().run(&world.path("mapping.toml"), &NoProgress, &mut notes).await.unwrap();
    (report, notes.0)
}

#[tokio::test]
async fn a_dirty_file_costs_its_dirty_rows_and_no_others() {
    let world = World::new().await;
    world.write("mapping.toml", ACCOUNTS);
    world.write(
        "accounts.csv",
        b"id,name,staff,parent\n1,One,10,\n2,Two\n3,Three,many,\n4,F\xffur,1,\n1,Again,1,\n 6 , Six,6,99\n,None,1,\n\
          8,,1,\n9,\"Nine,1,\n10,Ten\0,1.5,\n11,Eleven,1,\n",
    );
    let (report, notes) = collect(&world).await;
    assert_eq!(counts(&report, "accounts.csv"), [11, 3, 0, 0, 1, 8]);
    assert_eq!(
        notes,
        [
            "REJECTED 3 : : 2 columns instead of 4; look for a missing or stray delimiter",
            "REJECTED 4 staff: many: not a number; write digits only, or set decimal_mark or remove in the mapping",
            "REJECTED 5 : : not UTF-8; save the file with that encoding",
            "REJECTED 6 : : accounts.csv has the same key on line 2; keep one of the two",
            "ADJUSTED 7 id:  6  → 6: blanks around the value removed",
            "ADJUSTED 7 name:  Six → Six: blanks around the value removed",
            "REJECTED 8 : : the key is empty, so nothing identifies the row; fill it in",
            "REJECTED 9 name: : empty, but needed; fill it in or give the mapping a default",
            "REJECTED 10 : : a quotation mark opens a field that nothing closes; close it or double it",
            "REJECTED 11 name: Ten\0: contains a NUL character; remove it",
            "REJECTED 11 staff: 1.5: not a whole number",
            "ADJUSTED 7 parent: 99: no such account was imported; import it or correct the value",
        ]
    );
    assert_eq!(report.rejected(), 8);
}

#[tokio::test]
async fn other_peoples_formats_are_a_matter_of_the_mapping() {
    let world = World::new().await;
    world.write("mapping.toml", DEALS);
    world.write("products.csv", "range,product\nA,Saw\nB,Saw\n");
    world.write(
        "deals.csv",
        "\u{feff}id;stage;amount;closed;range;product\r\nD1;Open;€ 1 054,50;01.03.2017;B;Saw\r\nD2;Lost;1;;A;Saw\r\n\
         D3;Open;1.5;31.02.2017;A;Saw\r\nD4;Open;;;A;Axe\r\nD5;Open;1,00001;;A;Saw\r\n",
    );
    let (report, notes) = collect(&world).await;
    assert_eq!(counts(&report, "deals.csv"), [5, 1, 0, 0, 0, 4]);
    assert_eq!(
        notes,
        [
            "REJECTED 3 stage: Lost: no such stage; add it to [[stages]] or map the value to one of them",
            "REJECTED 4 amount: 1.5: not a number; write digits only, or set decimal_mark or remove in the mapping",
            "REJECTED 4 closed: 31.02.2017: not a date as in %d.%m.%Y; correct it or set format in the mapping",
            "REJECTED 5 line_product: A|Axe: no such product was imported; import it or correct the value",
            "REJECTED 6 amount: 1,00001: more than four digits after the decimal point; round it in the file",
        ]
    );
    let state = world.state().await;
    let deal = "deal D1 None None Open Some(10545000) None Some(2017-03-01) v1 Some([\"1 × Saw at None\"])";
    assert!(state.contains(deal), "{state:?}");
}

#[tokio::test]
async fn rows_may_refer_to_later_rows_to_each_other_and_to_rows_that_come_with_a_later_file() {
    let world = World::new().await;
    world.write("mapping.toml", ACCOUNTS);
    world.write("accounts.csv", "id,name,staff,parent\n1,One,1,2\n2,Two,2,1\n3,Three,3,3\n4,Four,4,5\n");
    let report = world.import().await;
    assert_eq!(counts(&report, "accounts.csv"), [4, 4, 0, 0, 2, 0]);
    let parents = async |name: &str| world.account(name).await.parent_id;
    let id = async |name: &str| Some(world.account(name).await.id);
    assert_eq!(parents("One").await, id("Two").await);
    assert_eq!(parents("Two").await, id("One").await);
    assert_eq!((parents("Three").await, parents("Four").await), (None, None));

    let changes = world.changes().await;
    assert_eq!(counts(&world.import().await, "accounts.csv"), [4, 0, 0, 4, 2, 0]);
    assert_eq!(world.changes().await, changes);

    world.write(
        "accounts.csv",
        "id,name,staff,parent\n1,One,1,2\n2,Two,2,1\n3,Three,3,3\n4,Four,4,5\n5,Five,5,\n",
    );
    assert_eq!(counts(&world.import().await, "accounts.csv"), [5, 1, 1, 3, 1, 0]);
    assert_eq!(parents("Four").await, id("Five").await);
}

#[tokio::test]
async fn a_deleted_record_stays_deleted() {
    let world = World::new().await;
    world.write("mapping.toml", ACCOUNTS);
    world.write("accounts.csv", "id,name,staff,parent\n1,One,1,\n");
    world.import().await;
    let mut one: account::ActiveModel = world.account("One").await.into();
    one.deleted_at = Set(Some(world.clock.now()));
    one.update(&world.db).await.unwrap();

    assert_eq!(counts(&world.import().await, "accounts.csv"), [1, 0, 0, 1, 0, 0]);
    world.write("accounts.csv", "id,name,staff,parent\n1,Uno,1,\n");
    assert_eq!(counts(&world.import().await, "accounts.csv"), [1, 0, 0, 0, 0, 1]);
    assert!(world.account("One").await.deleted_at.is_some());
}

#[tokio::test]
async fn a_stage_that_is_there_is_taken_over_and_a_changed_one_follows_the_mapping() {
    let world = World::new().await;
    let stage = stage::ActiveModel {
        organization_id: Set(world.organization_id),
        id: Set(world.ids.uuid()),
        pipeline_id: Set(world.organization_id),
        name: Set("OPEN".to_owned()),
        name_key: Set("open".to_owned()),
        kind: Set(StageKind::Open),
        position: Set(1),
    };
    let stage = stage.insert(&world.db).await.unwrap();
    world.write("mapping.toml", DEALS);
    world.write("products.csv", "range,product\nA,Saw\n");
    world.write("deals.csv", "id;stage;amount;closed;range;product\nD1;Open;;;A;Saw\n");
    assert_eq!(counts(&world.import().await, "mapping.toml"), [1, 0, 0, 1, 0, 0]);
    let deal = deal::Entity::find().one(&world.db).await.unwrap().unwrap();
    assert_eq!((deal.stage_id, deal.amount_units), (stage.id, None));

    world.edit("mapping.toml", "position = 1", "position = 7");
    assert_eq!(counts(&world.import().await, "mapping.toml"), [1, 0, 1, 0, 0, 0]);
    let stages = stage::Entity::find().all(&world.db).await.unwrap();
    assert_eq!((stages.len(), stages[0].position), (1, 7));
}

#[tokio::test]
async fn the_parts_of_a_row_are_inserted_in_statements_of_bounded_size() {
    let world = World::new().await;
    world.write("mapping.toml", ACCOUNTS);
    let rows: String = (0..1_203).map(|n| format!("{n},Name {n},{n},\n")).collect();
    world.write("accounts.csv", format!("id,name,staff,parent\n{rows}"));
    assert_eq!(counts(&world.import().await, "accounts.csv"), [1_203, 1_203, 0, 0, 0, 0]);
    assert_eq!(account::Entity::find().all(&world.db).await.unwrap().len(), 1_203);
}

#[tokio::test]
async fn a_list_price_that_an_import_brings_is_the_only_price_in_its_currency() {
    let world = World::new().await;
    world.write(
        "mapping.toml",
        r#"
source = "test"
[[files]]
path = "products.csv"
record = "product"
key = "name"
[files.columns]
name = "name"
unit_price = "price"
unit_price_currency = "currency"
"#,
    );
    world.write("products.csv", "name,price,currency\nGTX,550,USD\nMG,50,USD\n");
    world.import().await;
    for product in product::Entity::find().all(&world.db).await.unwrap() {
        for currency in ["EUR", "JPY"] {
            let price = product_price::ActiveModel {
                organization_id: Set(world.organization_id),
                id: Set(world.ids.uuid()),
                product_id: Set(product.id),
                currency_code: Set(currency.to_owned()),
                amount_units: Set(10_000),
            };
            price.insert(&world.db).await.unwrap();
        }
    }
    world.write("products.csv", "name,price,currency\nGTX,500,EUR\nMG,50,USD\n");
    let report = world.import().await;
    assert_eq!(report.files[0].updated, 1);
    let products = product::Entity::find().all(&world.db).await.unwrap();
    let name = |id: Uuid| products.iter().find(|product| product.id == id).unwrap().name.clone();
    let prices = product_price::Entity::find().all(&world.db).await.unwrap();
    let mut prices: Vec<_> =
        prices.into_iter().map(|price| (name(price.product_id), price.currency_code)).collect();
    prices.sort();
    let pair = |name: &str, currency: &str| (name.to_owned(), currency.to_owned());
    assert_eq!(prices, [pair("GTX", "JPY"), pair("MG", "EUR"), pair("MG", "JPY")]);
}
