//! The committed schema is the one that the code makes, and it keeps the rules of the house.

use std::path::Path;

fn committed() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../api/schema.graphql")
}

#[test]
fn schema_is_current() {
    let current = finbridge::graphql::sdl();
    if std::env::var("FINBRIDGE_UPDATE").is_ok() {
        std::fs::write(committed(), &current).expect("the schema can be written");
    }
    let stored = std::fs::read_to_string(committed()).unwrap_or_default();
    assert!(
        stored == current,
        "api/schema.graphql is not what the code makes; run `make schema` and look at the difference"
    );
}

/// Lines of the definition language, each with whether a description stands right before it.
fn lines() -> Vec<(String, bool)> {
    let sdl = finbridge::graphql::sdl();
    let mut described = false;
    let mut within = false;
    let mut lines = Vec::new();
    for line in sdl.lines() {
        let text = line.trim();
        if text == "\"\"\"" {
            within = !within;
            described = !within;
            continue;
        }
        if within || text.is_empty() {
            continue;
        }
        lines.push((line.to_owned(), described));
        described = false;
    }
    lines
}

#[test]
fn everything_is_described() {
    let bare: Vec<_> = lines()
        .into_iter()
        .filter(|(line, described)| {
            let text = line.trim();
            let closes = text.starts_with('}') || text.starts_with(')');
            let frame =
                text.starts_with("schema") || text.starts_with("query:") || text.starts_with("mutation:");
            let directive =
                text.starts_with("directive") || text == "type Query {" || text == "type Mutation {";
            !described && !closes && !frame && !directive
        })
        .map(|(line, _)| line)
        .collect();
    assert!(bare.is_empty(), "without a description:\n{}", bare.join("\n"));
}

#[test]
fn shapes_keep_the_rules() {
    let mut wrong = Vec::new();
    let mut kind = String::new();
    for (line, _) in lines() {
        let text = line.trim();
        if !line.starts_with('\t') && !line.starts_with(' ') {
            kind = text.to_owned();
        }
        let field = text.split([':', '(']).next().unwrap_or_default();
        if kind.starts_with("type ") && line.starts_with('\t') && field.ends_with("Id") && field != "wireId" {
            wrong.push(format!("{kind} {text}: refer to objects, not ids"));
        }
        if text.contains("Float") {
            wrong.push(format!("{kind} {text}: no Float"));
        }
        if kind.starts_with("type Mutation") && line.starts_with('\t') && text.contains('(') {
            let name = field.to_owned();
            let pascal = name[..1].to_uppercase() + &name[1..];
            if !text.contains(&format!("input: {pascal}Input!")) && !text.ends_with('(') {
                wrong.push(format!("{text}: one argument `input: {pascal}Input!`"));
            }
            if !text.contains(&format!("{pascal}Payload!")) && !text.ends_with('(') {
                wrong.push(format!("{text}: answers {pascal}Payload"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
