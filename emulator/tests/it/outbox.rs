use chrono::Duration;
use finbridge_emulator_client::{Control, ControlError, MailQuery};
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

#[tokio::test]
async fn the_typed_client_lists_gets_saves_and_forgets() {
    let w = world().await;
    let control = Control::new(&w.api.url);
    let contact = w.api.customer("Buyer").await;
    let path = format!("contacts/{contact}/email");
    let letter = |subject: &str| json!({"to_mail_ids": ["a@b.co"], "cc_mail_ids": ["c@d.co"], "subject": subject, "body": "Words"});
    assert_eq!(w.api.call("POST", &path, letter("Old")).await.0, 200);
    w.clock.advance(Duration::minutes(10));
    let file = b"%PDF-1.7 \xff\x00 not text".as_slice();
    let sent = w.api.upload("POST", &path, &[("attachments", "s.pdf", file)], letter("New")).await;
    assert_eq!(sent.0, 200, "{}", sent.1);

    let all = control.mails(&MailQuery::default()).await.unwrap();
    assert_eq!(all.iter().map(|it| it.subject.as_str()).collect::<Vec<_>>(), ["New", "Old"]);
    let new = &all[0];
    assert_eq!((&new.to, &new.cc), (&vec!["a@b.co".to_owned()], &vec!["c@d.co".to_owned()]));
    assert_eq!((new.document.kind.as_str(), &new.document.id), ("contact", &contact));
    for (query, count) in [
        (MailQuery { to: Some("C@D".to_owned()), ..MailQuery::default() }, 2),
        (MailQuery { subject: Some("old".to_owned()), ..MailQuery::default() }, 1),
        (MailQuery { document_id: Some("1".to_owned()), ..MailQuery::default() }, 0),
        (MailQuery { since: Some(new.time), ..MailQuery::default() }, 1),
        (MailQuery { limit: Some(1), ..MailQuery::default() }, 1),
    ] {
        assert_eq!(control.mails(&query).await.unwrap().len(), count, "{query:?}");
    }
    assert_eq!(control.mail(&new.id).await.unwrap(), *new);
    let attached = new.attachments.iter().find(|it| it.name == "s.pdf").unwrap();
    assert_eq!(attached.size, file.len() as u64);
    assert_eq!(control.mail_file(&new.id, attached.number).await.unwrap(), file);
    for missing in [control.mail("1").await.map(|_| ()), control.mail_file(&new.id, 9).await.map(|_| ())] {
        assert!(matches!(missing, Err(ControlError::Refused { status: 404, .. })), "{missing:?}");
    }
    control.clear_mails().await.unwrap();
    assert!(control.mails(&MailQuery::default()).await.unwrap().is_empty());
}
