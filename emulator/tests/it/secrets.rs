//! Tokens, codes and keys come from the one source of chance, and none is given twice.

use finbridge_emulator::*;
use finbridge_emulator_client::Control;
use serde_json::Value;

use crate::world::*;

#[tokio::test]
async fn a_restart_with_the_same_number_gives_no_living_token_again() {
    let state = crate::durability::scratch("secrets");
    let start = || Emulator::builder().state_file(state.clone()).seed_number(7).start();
    let emulator = start().await.unwrap();
    let before = Api::login(&emulator.url()).await;
    let refresh = before.refresh_token(DEMO_EMAIL, DEMO_ZSC_KEY, None).await;
    emulator.shutdown().await;
    let emulator = start().await.unwrap();
    let after = Api::login(&emulator.url()).await;
    assert_ne!(before.token, after.token);
    assert_ne!(refresh, after.refresh_token(DEMO_EMAIL, DEMO_ZSC_KEY, None).await);
    let before = Api { url: emulator.url(), ..before };
    before.get("contacts").await;
    before.access_token(&refresh).await;
    emulator.shutdown().await;
}

#[tokio::test]
async fn chance_that_starts_over_gives_no_living_token_again() {
    let w = world().await;
    let control = Control::new(&w.api.url);
    let mut tokens = Vec::new();
    for _ in 0..3 {
        control.restart_random(Some(7)).await.unwrap();
        tokens.push(Api::login(&w.api.url).await.token);
    }
    tokens.sort();
    tokens.dedup();
    assert_eq!(tokens.len(), 3);
    for token in tokens {
        Api { token, ..w.api.clone() }.get("contacts").await;
    }
}

#[tokio::test]
async fn a_new_zsc_key_is_repeatable_and_new() {
    let mut keys = Vec::new();
    for _ in 0..2 {
        let emulator = Emulator::builder().seed_number(7).start().await.unwrap();
        let api = Api::login(&emulator.url()).await;
        let (status, answer) = api.call("POST", "/integration/v1/zsc/key", Value::Null).await;
        assert_eq!(status, 201, "{answer}");
        keys.push(answer["zsc_key"].as_str().unwrap().to_owned());
    }
    assert_eq!((keys[0].len(), &keys[0]), (32, &keys[1]));
}
