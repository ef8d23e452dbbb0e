use finbridge_emulator::Seed;

use crate::world::*;

#[tokio::test]
async fn a_fork_goes_its_own_way() {
    let mut seed = Seed::demo();
    seed.organizations[0].name = "Seeded".to_owned();
    let w = world_with(seed).await;
    let shared = w.api.named("Shared").await;
    let fork = w.emulator.fork().unwrap();
    // The token works there too.
    let api = Api { url: fork.url(), ..w.api.clone() };
    let path = format!("contacts/{shared}");
    assert_eq!(api.get(&path).await, w.api.get(&path).await);
    let (here, there) = (w.api.named("Here").await, api.named("There").await);
    assert_eq!(here, there, "ids go on from the same number");
    assert_eq!(names(&w.api.get("contacts").await), ["Here", "Shared"]);
    assert_eq!(names(&api.get("contacts").await), ["Shared", "There"]);
    fork.reset().unwrap();
    let api = Api::login(&fork.url()).await;
    assert_eq!(names(&api.get("contacts").await), [""; 0]);
    assert_eq!(api.get("organizations").await["organizations"][0]["name"], "Seeded");
    assert_eq!(names(&w.api.get("contacts").await), ["Here", "Shared"]);
}
