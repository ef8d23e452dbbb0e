//! What tests need that have documents made, changed and mailed: asking, and waiting for what comes of it.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::{PATIENCE, TestWorld};

/// Between two looks at a job.
const LOOK: Duration = Duration::from_millis(20);

/// Every field of a job.
const JOB: &str = "id state act createdAt finishedAt error { code message remoteCode remoteMessage }
    transaction { id kind number status remoteStatus reference deal { id } customer { name remoteKey } total { amount currencyCode } }";

impl TestWorld {
    /// Asks something about a document with this mutation, such as `transactionVoid`, and returns the payload.
    pub async fn ask(&self, mutation: &str, input: Value) -> Value {
        let type_name = format!("{}{}Input", mutation[..1].to_uppercase(), &mutation[1..]);
        let query = format!(
            "mutation($input: {type_name}!) {{ {mutation}(input: $input) {{ job {{ id state }} userErrors {{ code message field }} }} }}"
        );
        self.data(&query, json!({ "input": input })).await[mutation].take()
    }

    /// The same, where it has to be taken; returns the job's id.
    pub async fn asked(&self, mutation: &str, input: Value) -> String {
        let payload = self.ask(mutation, input).await;
        assert_eq!(payload["userErrors"], json!([]), "{mutation}: {payload:#}");
        payload["job"]["id"].as_str().unwrap_or_else(|| panic!("no job in {payload:#}")).to_owned()
    }

    /// The job as it is now.
    pub async fn job(&self, job: &str) -> Value {
        let query = format!("query($id: ID!) {{ transactionJob(id: $id) {{ {JOB} }} }}");
        self.data(&query, json!({ "id": job })).await["transactionJob"].take()
    }

    /// Waits until the job has ended, without moving the clock, and returns it.
    pub async fn job_ended(&self, job: &str) -> Value {
        let begun = Instant::now();
        loop {
            let now = self.job(job).await;
            if now["state"] == "SUCCEEDED" || now["state"] == "FAILED" {
                return now;
            }
            assert!(begun.elapsed() < PATIENCE, "the job did not end: {now:#}");
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Asks, waits, and returns the job, which must have been done.
    pub async fn done(&self, mutation: &str, input: Value) -> Value {
        let job = self.asked(mutation, input).await;
        let job = self.job_ended(&job).await;
        assert_eq!(
            (&job["state"], &job["error"]),
            (&json!("SUCCEEDED"), &Value::Null),
            "{mutation}: {job:#}"
        );
        job
    }

    /// Asks, waits, and returns the code of the error with which the job must have ended.
    pub async fn not_done(&self, mutation: &str, input: Value) -> String {
        let job = self.asked(mutation, input).await;
        let job = self.job_ended(&job).await;
        assert_eq!(job["state"], "FAILED", "{mutation}: {job:#}");
        job["error"]["code"].as_str().unwrap_or_else(|| panic!("no code in {job:#}")).to_owned()
    }

    /// Every document of a list of the finance side, such as `/invoices`, as lists show them.
    pub async fn listed(&self, list: &str) -> Vec<Value> {
        let key = list.trim_start_matches('/');
        let mut documents = Vec::new();
        for page in 1.. {
            let answer = self.books("GET", &format!("{list}?page={page}&per_page=200"), None).await;
            documents.extend(answer[key].as_array().unwrap_or_else(|| panic!("{answer:#}")).iter().cloned());
            if answer["page_context"]["has_more_page"] != true {
                break;
            }
        }
        documents
    }

    /// The mails that the finance side has sent, newest first.
    pub async fn mails(&self) -> Vec<Value> {
        let url = format!("{}/_emulator/outbox", self.emulator.url());
        let answer = self.http().get(url).send().await.expect("an answer");
        let answer: Value = answer.json().await.expect("JSON");
        answer["mails"].as_array().unwrap_or_else(|| panic!("{answer:#}")).clone()
    }
}

/// A document of one line: one tea for 100.
pub fn tea(integration: &str, kind: &str, party: Value) -> Value {
    json!({ "integrationId": integration, "kind": kind, "party": party,
        "lines": [{ "name": "Tea", "quantity": "1", "unitPrice": "100" }] })
}
