use super::*;

/// What is wrong with a mapping, and that nothing was written.
async fn refused(mapping: &str) -> String {
    let world = World::new().await;
    world.write("mapping.toml", mapping);
    world.write("a.csv", "id,name,name,parent\n1,One,Uno,\n");
    world.write("empty.csv", "");
    let changes = world.changes().await;
    let error = world.try_import().await.unwrap_err();
    assert_eq!(world.changes().await, changes);
    assert!(matches!(error, ImportError::Mapping { .. }), "{error:?}");
    error.to_string()
}

fn file(record: &str, rest: &str) -> String {
    format!("source = \"s\"\n[[files]]\npath = \"a.csv\"\nrecord = \"{record}\"\nkey = \"id\"\n{rest}")
}

#[tokio::test]
async fn wrong_mappings_are_refused_with_place_and_remedy_before_anything_is_written() {
    let account = |columns: &str| file("account", &format!("[files.columns]\nname = \"id\"\n{columns}"));
    for (mapping, fragments) in [
        ("source = 1".to_owned(), vec!["line 1", "invalid type"]),
        ("source = \"\"".to_owned(), vec!["source: give the source a name", "files: there is none"]),
        (file("acount", ""), vec!["line 4", "unknown variant `acount`", "`account`"]),
        (file("stage", "[files.columns]"), vec!["a.csv: stages come from no file"]),
        (account("parent = { colum = \"parent\" }"), vec!["line 8", "unknown field `colum`", "`column`"]),
        (account("nmae = \"id\""), vec!["a.csv: columns.nmae is not a field of account records", "year_established"]),
        (account("phone = \"tel\""), vec!["columns.phone: `tel` is not a column of a.csv; its columns are id, name, name"]),
        (account("phone = \"name\""), vec!["`name` is the name of two columns"]),
        (account("phone = { template = \"{tel}\" }"), vec!["columns.phone: template: `tel` is not a column"]),
        (account("phone = { column = \"id\", value = \"1\" }"), vec!["exactly one of column, template and value"]),
        (account("annual_revenue = \"id\""), vec!["columns.annual_revenue needs columns.annual_revenue_currency"]),
        (account("employee_count = { column = \"id\", scale = \"k\" }"), vec!["scale: `k` is not a number"]),
        (account("phone = { column = \"id\", scale = \"10\" }"), vec!["scale is for numbers only"]),
        (account("employee_count = { column = \"id\", default = \"few\" }"), vec!["`few`: not a number"]),
        (account("phone = { column = \"id\", reference = \"user\" }"), vec!["phone does not refer to another record"]),
        (account("parent = { column = \"id\", reference = \"user\" }"), vec!["write reference = \"account\""]),
        (account("parent = { column = \"id\", required = true }"), vec!["could never be imported"]),
        (account("owner = \"id\""), vec!["a.csv: owner refers to user records, which no file provides"]),
        (file("account", "[files.columns]\nphone = \"id\""), vec!["columns.name is missing"]),
        (file("account", "delimiter = \"é\"\n[files.columns]\nname = \"id\""), vec!["single ASCII character"]),
        (account("[files.corrections]\nsector = { a = \"b\" }"), vec!["corrections.`sector` is not a column"]),
        (
            file("deal", "[files.columns]\nname=\"id\"\nstage=\"id\"\ncurrency={value=\"usd\"}\nclosed_on={column=\"id\",format=\"%Q\"}"),
            vec!["stage needs stages", "`usd`: not an ISO 4217 code", "`%Q` is not a date format"],
        ),
        (
            "source = \"s\"\n[[stages]]\nname = \"Won\"\nkind = \"WON\"\nposition = 1\n[[stages]]\nname = \"won \"\nkind = \"WON\"\n\
             position = 2\n[[files]]\npath = \"empty.csv\"\nrecord = \"account\"\nkey = []\n[files.columns]\n[[files]]\n\
             path = \"none.csv\"\nrecord = \"account\"\nkey = \"a\"\n[files.columns]"
                .to_owned(),
            vec!["`won ` and `Won` are the same name", "empty.csv: is empty", "none.csv: cannot be read"],
        ),
    ] {
        let error = refused(&mapping).await;
        for fragment in fragments {
            assert!(error.contains(fragment), "{mapping}\n\n{error}\n\nlacks: {fragment}");
        }
    }
}

#[tokio::test]
async fn files_in_the_wrong_order_are_told_apart_from_missing_ones() {
    let contact = "[[files]]\npath = \"a.csv\"\nrecord = \"contact\"\nkey = \"id\"\n[files.columns]\nlast_name = \"id\"\n\
                   account = \"parent\"\n";
    let account =
        "[[files]]\npath = \"a.csv\"\nrecord = \"account\"\nkey = \"id\"\n[files.columns]\nname = \"id\"\n";
    let error = refused(&format!("source = \"s\"\n{contact}{account}")).await;
    assert!(error.contains("account refers to account records, which are imported later"), "{error}");
    let error = refused(&format!("source = \"s\"\n{contact}")).await;
    assert!(error.contains("add a file with record = \"account\" before"), "{error}");
}

#[tokio::test]
async fn a_mapping_that_is_not_there_is_named() {
    let world = World::new().await;
    let error = world.try_import().await.unwrap_err();
    assert!(matches!(&error, ImportError::Read { .. }), "{error:?}");
    assert!(error.to_string().contains("mapping.toml"), "{error}");
}
