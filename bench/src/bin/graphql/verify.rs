//! All servers answer the same, or nothing is measured.

use finbridge_bench::Failure;
use serde_json::Value;

use crate::calls::{Call, OPERATIONS, Operation};
use crate::peer::Server;

/// Members that every server has in its own way.
const OWN: [&str; 2] = ["cursor", "endCursor"];
/// Members that PostGraphile has under the same names as the others.
const SHARED: [&str; 8] =
    ["name", "industry", "website", "phone", "number", "datedOn", "yearEstablished", "employeeCount"];

/// Compares the answers to every request: the first two servers' word for word, the last one's by what it calls the same.
pub async fn same(servers: &[Server; 3], plans: &[Vec<Vec<Call>>]) -> Result<(), Failure> {
    for (place, operation) in OPERATIONS.into_iter().enumerate() {
        for n in 0..plans[0][place].len() {
            let mut answers = Vec::with_capacity(servers.len());
            for (server, plan) in servers.iter().zip(plans) {
                let mut answer = server.ask(&plan[place][n]).await?["data"].take();
                strip(&mut answer);
                answers.push(answer);
            }
            if answers[0] != answers[1] {
                return Err(format!(
                    "{}: {}\nbut the bare handler: {}",
                    operation.name(),
                    answers[0],
                    answers[1]
                )
                .into());
            }
            let told = |answer: &Value| {
                let mut told = Vec::new();
                collect(answer, &mut told);
                told
            };
            let (ours, theirs) = (told(&answers[0]), told(&answers[2]));
            if ours != theirs || (ours.is_empty() && operation != Operation::Receivables) {
                return Err(format!(
                    "{}: {}\nbut PostGraphile: {}",
                    operation.name(),
                    answers[0],
                    answers[2]
                )
                .into());
            }
        }
    }
    Ok(())
}

fn strip(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for own in OWN {
                members.remove(own);
            }
            members.values_mut().for_each(strip);
        }
        Value::Array(items) => items.iter_mut().for_each(strip),
        _ => {}
    }
}

fn collect(value: &Value, told: &mut Vec<Value>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                if SHARED.contains(&name.as_str()) {
                    told.push(value.clone());
                }
                collect(value, told);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, told)),
        _ => {}
    }
}
