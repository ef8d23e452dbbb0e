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
                ["schema", "query:", "mutation:", "subscription:"].iter().any(|word| text.starts_with(word));
            let root = ["type Query {", "type Mutation {", "type Subscription {"].contains(&text);
            let directive = text.starts_with("directive") || root;
            !described && !closes && !frame && !directive
        })
        .map(|(line, _)| line)
        .collect();
    assert!(bare.is_empty(), "without a description:\n{}", bare.join("\n"));
}

#[test]
fn shapes_keep_the_rules() {
    let mut wrong = Vec::new();
    let (mut kind, mut mutation) = (String::new(), String::new());
    let mut arguments = Vec::new();
    for (line, _) in lines() {
        let text = line.trim();
        let depth = line.chars().take_while(|character| *character == '\t').count();
        let name = text.split([':', '(']).next().unwrap_or_default();
        if depth == 0 {
            kind = text.to_owned();
        }
        if text.contains("Float") {
            wrong.push(format!("{kind} {text}: no Float"));
        }
        if kind.starts_with("type ") && depth == 1 && name.ends_with("Id") && name != "wireId" {
            wrong.push(format!("{kind} {text}: refer to objects, not ids"));
        }
        if kind != "type Mutation {" {
            continue;
        }
        match (depth, text.strip_prefix("): ")) {
            (1, Some(answer)) => {
                let pascal = mutation[..1].to_uppercase() + &mutation[1..];
                if arguments != [format!("input: {pascal}Input!")] {
                    wrong
                        .push(format!("{mutation}: one argument `input: {pascal}Input!`, not {arguments:?}"));
                }
                if answer != format!("{pascal}Payload") {
                    wrong.push(format!("{mutation}: answers {pascal}Payload, not {answer}"));
                }
                arguments.clear();
            }
            (1, None) => mutation = name.to_owned(),
            (2, _) => arguments.push(text.trim_end_matches(',').to_owned()),
            _ => {}
        }
    }
    assert!(!mutation.is_empty(), "mutations are looked at");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
