use chrono::Duration;
use serde_json::{Value, json};

use crate::papers::*;
use crate::world::*;

#[tokio::test]
async fn the_outbox_is_searched_and_emptied() {
    let w = world().await;
    let (one, two) = (w.api.customer("One").await, w.api.customer("Two").await);
    for (contact, to, subject) in [
        (&one, "a@x.example", "First offer"),
        (&two, "b@y.example", "Second Offer"),
        (&two, "c@y.example", "Bill"),
    ] {
        let body = json!({"to_mail_ids": [to], "subject": subject, "body": "b"});
        assert_eq!(w.api.call("POST", &format!("contacts/{contact}/email"), body).await.0, 200);
        w.clock.advance(Duration::minutes(10));
    }
    let found = |query: &'static str| {
        let api = w.api.clone();
        async move { each(&json!(api.outbox(query).await), "subject") }
    };
    assert_eq!(found("").await, ["Bill", "Second Offer", "First offer"]);
    assert_eq!(found("?to=Y.EXAMPLE").await, ["Bill", "Second Offer"]);
    assert_eq!(found("?subject=offer").await, ["Second Offer", "First offer"]);
    assert_eq!(found("?limit=1").await, ["Bill"]);
    assert_eq!(found("?since=2026-01-05T20:16:10Z").await, ["Bill", "Second Offer"]);
    assert_eq!(found("?since=2026-01-05T21:26:10+01:00&subject=bill").await, ["Bill"]);
    assert_eq!(w.api.outbox(&format!("?document_id={one}")).await.len(), 1);
    for bad in ["?limit=x", "?since=yesterday"] {
        assert_eq!(w.api.call("GET", &format!("/_emulator/outbox{bad}"), Value::Null).await.0, 400);
    }
    let first = w.api.outbox("?limit=1").await[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(w.api.get(&format!("/_emulator/outbox/{first}")).await["subject"], "Bill");
    for missing in ["1", "x", &format!("{first}/attachments/0"), &format!("{first}/attachments/x"), "1/2/3/4"]
    {
        assert_eq!(
            w.api.call("GET", &format!("/_emulator/outbox/{missing}"), Value::Null).await.0,
            404,
            "{missing}"
        );
    }
    assert_eq!(w.api.call("POST", "/_emulator/outbox", Value::Null).await.0, 405);
    assert_eq!(w.api.call("DELETE", "/_emulator/outbox", Value::Null).await.0, 200);
    assert!(w.api.outbox("").await.is_empty());
    assert_eq!(w.api.get("/_emulator/outbox").await["total"], 0);
}

#[tokio::test]
async fn mails_and_their_files_survive_a_restart() {
    let state = crate::durability::scratch("outbox");
    let start = || finbridge_emulator::Emulator::builder().state_file(state.clone()).start();
    let emulator = start().await.unwrap();
    let api = Api::login(&emulator.url()).await;
    let contact = api.customer("Buyer").await;
    let path = format!("contacts/{contact}/email");
    let letter = json!({"to_mail_ids": ["a@b.co"], "subject": "Hello", "body": "Words"});
    // Random bytes several times over make the state file be rewritten on the way.
    let scan: Vec<u8> = (0..3_000_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    for n in 0..4u8 {
        let mut bytes = scan.clone();
        bytes[0] = n;
        let (status, body) =
            api.upload("POST", &path, &[("attachments", "s.png", &bytes)], letter.clone()).await;
        assert_eq!(status, 200, "{body}");
    }
    let before = api.outbox("").await;
    emulator.shutdown().await;
    let emulator = start().await.unwrap();
    let api = Api { url: emulator.url(), ..api };
    assert_eq!(api.outbox("").await, before);
    let (_, _, bytes) =
        api.download(&format!("/_emulator/outbox/{}/attachments/0", before[1]["id"].as_str().unwrap())).await;
    assert_eq!((bytes[0], bytes[1..] == scan[1..]), (2, true));
    emulator.reset().unwrap();
    assert!(api.outbox("").await.is_empty());
}
