use finbridge_entity::membership;
use finbridge_entity::types::Role;

use super::*;

const USERS: &str = r#"
source = "test"
[[files]]
path = "users.csv"
record = "user"
key = "id"
[files.columns]
name = "name"
email = "email"
team = "team"
"#;

async fn people(world: &World) -> Vec<(String, String)> {
    let mut people: Vec<_> = crm_user::Entity::find().all(&world.db).await.unwrap();
    people.sort_by_key(|person| person.email.clone());
    people.into_iter().map(|person| (person.email, person.name)).collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
}

#[tokio::test]
async fn people_are_known_by_their_address_and_belong_to_several_organizations() {
    let mut world = World::new().await;
    world.write("mapping.toml", USERS);
    world.write("users.csv", "id,name,email,team\n1,Ann,Ann@example.com,East\n2,Bob,bob@example.com,West\n");
    world.import().await;
    let first = world.organization_id;

    world.organization_id = world.organization("Other").await;
    world.write(
        "users.csv",
        "id,name,email,team\n1,Annie,ann@example.com,North\n2,Cy,cy@example.com,\n3,Cy again,CY@example.com,\n",
    );
    assert_eq!(counts(&world.import().await, "users.csv"), [3, 3, 0, 0, 0, 0]);
    let expected = [("ann@example.com", "Ann"), ("bob@example.com", "Bob"), ("cy@example.com", "Cy")];
    assert_eq!(people(&world).await, pairs(&expected));

    let places = membership::Entity::find().all(&world.db).await.unwrap();
    assert!(places.iter().all(|place| place.role == Role::Standard));
    let mut names: Vec<_> = places
        .iter()
        .map(|place| (place.organization_id == first, place.name_key.as_str(), place.team.as_deref()))
        .collect();
    names.sort();
    let expected = [
        (false, "annie", Some("North")),
        (false, "cy", None),
        (true, "ann", Some("East")),
        (true, "bob", Some("West")),
    ];
    assert_eq!(names, expected);
}

#[tokio::test]
async fn an_update_renames_nobody_for_other_organizations_and_changes_no_sign_in() {
    let mut world = World::new().await;
    world.write("mapping.toml", USERS);
    world.write("users.csv", "id,name,email,team\n1,Ann,ann@example.com,East\n");
    world.import().await;
    world.organization_id = world.organization("Other").await;
    world.write("users.csv", "id,name,email,team\n1,Ann,ann@example.com,\n2,Bob,bob@example.com,\n");
    world.import().await;

    world.write("users.csv", "id,name,email,team\n1,Eve,ann@example.com,Spies\n2,Robert,eve@example.com,\n");
    let mut notes = Collected::default();
    let report = world.importer().run(&world.path("mapping.toml"), &NoProgress, &mut notes).await.unwrap();
    assert_eq!(counts(&report, "users.csv"), [2, 0, 2, 0, 1, 0]);
    assert_eq!(people(&world).await, pairs(&[("ann@example.com", "Ann"), ("bob@example.com", "Robert")]));
    assert_eq!(notes.0.len(), 1);
    assert!(notes.0[0].starts_with("ADJUSTED 3 email: "), "{:?}", notes.0);
}
