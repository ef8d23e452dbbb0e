use std::sync::Arc;

use finbridge_emulator::{Emulator, ManualClock};
use serde_json::{Value, json};

use crate::calls::*;
use crate::world::*;

/// Everything that settings and items consist of comes back from the state file as it was, its indexes included.
#[tokio::test]
async fn settings_survive_a_restart() {
    let dir = std::env::temp_dir().join(format!("finbridge-emulator-it-{}-settings", std::process::id()));
    let _ = std::fs::remove_dir_all(&dir);
    std::fs::create_dir_all(&dir).unwrap();
    let start = || {
        let clock = Arc::new(ManualClock::new(start_time()));
        Emulator::builder().clock(clock).state_file(dir.join("state.log")).start()
    };
    let emulator = start().await.unwrap();
    let api = Api::login(&emulator.url()).await;
    let field = json!({"entity": "item", "label": "Ref", "is_unique": true});
    done(&api, 201, "POST", "/integration/v1/customfields", field).await;
    let tax = json!({"tax_name": "VAT", "tax_percentage": 19});
    let tax = text(&done(&api, 201, "POST", "settings/taxes", tax).await["tax"], "tax_id");
    let group = json!({"tax_group_name": "Both", "taxes": tax});
    let group =
        text(&done(&api, 201, "POST", "settings/taxgroups", group).await["tax_group"], "tax_group_id");
    let body =
        json!({"name": "A", "rate": 1, "tax_id": group, "custom_fields": [{"label": "Ref", "value": "R"}]});
    let item = text(&done(&api, 201, "POST", "items", body).await["item"], "item_id");
    let currency = json!({"currency_code": "CHF", "currency_format": "1'234.00"});
    let currency = done(&api, 201, "POST", "settings/currencies", currency).await;
    let rates = format!("settings/currencies/{}/exchangerates", text(&currency["currency"], "currency_id"));
    done(&api, 201, "POST", &rates, json!({"rate": 1.1})).await;
    done(&api, 200, "POST", "users", json!({"name": "New", "email": "new@x.test"})).await;
    let paths = [
        "items".to_owned(),
        format!("items/{item}"),
        "settings/fields?entity=item".to_owned(),
        "settings/currencies".to_owned(),
        rates,
        "settings/taxes".to_owned(),
        format!("settings/taxgroups/{group}"),
        "users".to_owned(),
        "users/me".to_owned(),
        "chartofaccounts".to_owned(),
        "organizations".to_owned(),
    ];
    let mut before = Vec::new();
    for path in &paths {
        before.push(api.get(path).await);
    }
    emulator.shutdown().await;

    let emulator = start().await.unwrap();
    let api = Api::login(&emulator.url()).await;
    for (path, before) in paths.iter().zip(before) {
        assert_eq!(api.get(path).await, before, "{path}");
    }
    let twice = json!({"name": "B", "rate": 1, "custom_fields": [{"label": "Ref", "value": "r"}]});
    refused(&api, "POST", "items", twice, 400, 4, "Ref already exists.").await;
    let used = "Both is used by other records and cannot be deleted.";
    refused(&api, "DELETE", &format!("settings/taxgroups/{group}"), Value::Null, 400, 36, used).await;
    // A reset brings back the first state, ids included.
    emulator.reset().unwrap();
    let api = Api::login(&emulator.url()).await;
    assert_eq!(api.get("items").await["items"], json!([]));
    assert_eq!(api.get("chartofaccounts").await, world().await.api.get("chartofaccounts").await);
    emulator.shutdown().await;
    let _ = std::fs::remove_dir_all(&dir);
}
