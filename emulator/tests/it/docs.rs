//! The documentation that the emulator makes of itself.

use std::collections::HashSet;
use std::path::Path;

use serde_json::Value;

use crate::world::{World, world};

const APPS: [&str; 5] = ["books", "invoice", "erp", "expense", "billing"];

async fn text(world: &World, path: &str) -> String {
    let answer = world.api.http.get(format!("{}/_emulator/{path}", world.api.url)).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{path}");
    answer.text().await.unwrap()
}

/// `FINBRIDGE_UPDATE=1` writes the file anew.
#[tokio::test]
async fn the_coverage_file_is_what_the_emulator_says() {
    let world = world().await;
    let said = text(&world, "coverage.md").await;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("COVERAGE.md");
    if std::env::var_os("FINBRIDGE_UPDATE").is_some() {
        std::fs::write(&path, &said).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == said, "emulator/COVERAGE.md is out of date; run `make schema`");
}

#[tokio::test]
async fn openapi_documents_are_whole() {
    let world = world().await;
    for app in APPS {
        let document: Value =
            serde_json::from_str(&text(&world, &format!("openapi/{app}.json")).await).unwrap();
        assert_eq!(document["openapi"], "3.1.0");
        let mut ids = HashSet::new();
        for (path, methods) in document["paths"].as_object().unwrap() {
            for (method, operation) in methods.as_object().unwrap() {
                let id = operation["operationId"].as_str().unwrap();
                assert!(ids.insert(id.to_owned()), "{app}: {id} occurs twice");
                assert_ne!(operation["summary"], "", "{app} {method} {path} says nothing");
                let parameters = operation["parameters"].as_array().unwrap();
                let named: Vec<&str> = parameters.iter().map(|it| it["name"].as_str().unwrap()).collect();
                let unique: HashSet<&&str> = named.iter().collect();
                assert_eq!(
                    unique.len(),
                    named.len(),
                    "{app} {method} {path} names a parameter twice: {named:?}"
                );
                for segment in path.split('/').filter_map(|it| it.strip_prefix('{')) {
                    assert!(
                        named.contains(&segment.trim_end_matches('}')),
                        "{app} {method} {path}: {segment}"
                    );
                }
            }
        }
        for reference in references(&document) {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{app}: {reference} leads nowhere");
        }
    }
}

#[tokio::test]
async fn pages_can_be_read_offline() {
    let world = world().await;
    let index = text(&world, "docs").await;
    for app in APPS {
        assert!(index.contains(&format!("/_emulator/docs/app/{app}")));
        let page = text(&world, &format!("docs/app/{app}")).await;
        assert!(!page.contains("<script") && !page.contains("https://"), "{app} needs the network");
    }
    let books = text(&world, "docs/app/books").await;
    assert!(
        books.contains("/books/v3/items/{id}") && books.contains("text, at most 100 characters, required")
    );
}

fn references(value: &Value) -> Vec<String> {
    match value {
        Value::Object(members) => members
            .iter()
            .flat_map(|(name, value)| match value {
                Value::String(target) if name == "$ref" => vec![target.clone()],
                other => references(other),
            })
            .collect(),
        Value::Array(items) => items.iter().flat_map(references).collect(),
        _ => Vec::new(),
    }
}
