//! Holds the house up: which crate may use which, and how long a file may grow.
//!
//! The compiler already refuses what a crate does not declare, so the declarations are what has to be
//! watched, and `cargo metadata` is where they can be read without building anything. The reasons behind the
//! directions are in `docs/architecture.md`; each rule below repeats its own in the failure's message.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

const DOMAIN: &str = "finbridge-domain";
const ENTITY: &str = "finbridge-entity";
const MIGRATION: &str = "finbridge-migration";
const CONTRACT: &str = "finbridge-contract";
const ZOHO: &str = "finbridge-zoho";
const SYNC: &str = "finbridge-sync";
const API: &str = "finbridge";
const EMULATOR: &str = "finbridge-emulator";
const EMULATOR_CLIENT: &str = "finbridge-emulator-client";
const TESTS: &str = "finbridge-tests";
const BENCH: &str = "finbridge-bench";

/// A crate of the workspace and the crates of ours that it may name.
struct Place {
    name: &'static str,
    directory: &'static str,
    uses: &'static [&'static str],
    /// Allowed as dev-dependencies on top of `uses`.
    uses_in_tests: &'static [&'static str],
}

/// A crate that is planned may stand here before it exists.
const PLACES: &[Place] = &[
    Place { name: DOMAIN, directory: "domain", uses: &[], uses_in_tests: &[] },
    Place { name: ENTITY, directory: "entity", uses: &[DOMAIN], uses_in_tests: &[MIGRATION] },
    // No crate of ours, not even in tests: a migration has to mean the same thing for ever.
    Place { name: MIGRATION, directory: "migration", uses: &[], uses_in_tests: &[] },
    Place { name: CONTRACT, directory: "connectors/contract", uses: &[DOMAIN], uses_in_tests: &[] },
    Place { name: ZOHO, directory: "connectors/zoho", uses: &[DOMAIN, CONTRACT], uses_in_tests: &[] },
    // Its tests need tables to work on, hence the migrations.
    Place { name: SYNC, directory: "sync", uses: &[DOMAIN, ENTITY, CONTRACT], uses_in_tests: &[MIGRATION] },
    Place {
        name: API,
        directory: "api",
        uses: &[DOMAIN, ENTITY, MIGRATION, CONTRACT, ZOHO, SYNC, EMULATOR],
        uses_in_tests: &[],
    },
    Place { name: EMULATOR, directory: "emulator", uses: &[], uses_in_tests: &[EMULATOR_CLIENT] },
    // It shares no type with the emulator, so that it also tests whether the control surface is enough.
    Place { name: EMULATOR_CLIENT, directory: "emulator/client", uses: &[], uses_in_tests: &[] },
    Place {
        name: TESTS,
        directory: "tests",
        uses: &[DOMAIN, ENTITY, MIGRATION, CONTRACT, ZOHO, SYNC, API, EMULATOR, EMULATOR_CLIENT],
        uses_in_tests: &[],
    },
    // The server's benchmarks reach the emulator through the embedded one or the test world, so that both measure
    // the same thing; the emulator's own benchmark starts it alone.
    Place {
        name: BENCH,
        directory: "bench",
        uses: &[DOMAIN, ENTITY, MIGRATION, CONTRACT, ZOHO, SYNC, API, EMULATOR, TESTS],
        uses_in_tests: &[],
    },
];

/// Crates from the registry that only some of ours may name.
struct Reserved {
    what: &'static str,
    /// An entry that ends with `-` stands for every name that starts so.
    names: &'static [&'static str],
    users: &'static [&'static str],
    users_in_tests: &'static [&'static str],
    reason: &'static str,
}

const RESERVED: &[Reserved] = &[
    Reserved {
        what: "sea-orm",
        names: &["sea-orm", "sea-query", "sea-orm-cli", "seaography"],
        users: &[ENTITY, SYNC, API, TESTS, BENCH],
        users_in_tests: &[],
        reason: "rows stay behind entity; domain, contract and connectors know no database",
    },
    Reserved {
        what: "sea-orm-migration",
        names: &["sea-orm-migration", "sea-schema"],
        users: &[MIGRATION, API, TESTS, BENCH],
        users_in_tests: &[ENTITY, SYNC],
        reason: "schema changes live in migration and are only applied elsewhere",
    },
    Reserved {
        what: "async-graphql",
        names: &["async-graphql", "async-graphql-"],
        users: &[API],
        users_in_tests: &[],
        reason: "GraphQL is one way to reach the engine, which must not depend on it",
    },
    Reserved {
        what: "an HTTP client",
        names: &["reqwest", "reqwest-", "ureq", "isahc", "surf", "attohttpc", "curl", "awc"],
        users: &[ZOHO, EMULATOR, EMULATOR_CLIENT, TESTS, BENCH],
        users_in_tests: &[API],
        reason: "only a connector talks to a finance app, the emulator to a webhook's receiver, its client to it",
    },
    Reserved {
        what: "metrics and trace exporters",
        names: &[
            "metrics",
            "metrics-",
            "opentelemetry",
            "opentelemetry-",
            "opentelemetry_sdk",
            "tracing-opentelemetry",
        ],
        users: &[API],
        users_in_tests: &[],
        reason: "engine and connectors speak tracing; the server decides what is counted and what leaves it",
    },
];

/// What would give `domain` a way to the outside.
const INPUT_OUTPUT: &[&str] =
    &["tokio", "tokio-", "async-std", "axum", "hyper", "hyper-", "sqlx", "sqlx-", "rusqlite"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Normal,
    Build,
    Dev,
}

struct Dependency {
    name: String,
    kind: Kind,
}

struct Package {
    name: String,
    directory: String,
    dependencies: Vec<Dependency>,
}

fn root() -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    path.canonicalize().unwrap_or_else(|error| panic!("cannot resolve {}: {error}", path.display()))
}

fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or_else(|| panic!("cargo metadata has no text in {key}: {value}")).to_owned()
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().unwrap_or_else(|| panic!("cargo metadata has no list in {key}"))
}

/// The workspace's packages. Without dependencies of dependencies, since only what a crate names itself is
/// judged.
fn packages() -> Vec<Package> {
    let root = root();
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(&root)
        .output()
        .expect("cargo can be started");
    assert!(output.status.success(), "cargo metadata failed: {}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo metadata answers JSON");
    list(&metadata, "packages").iter().map(|package| read_package(&root, package)).collect()
}

fn read_package(root: &Path, package: &Value) -> Package {
    let manifest = PathBuf::from(text(package, "manifest_path"));
    let directory = manifest.parent().expect("a manifest has a directory");
    let directory = directory.strip_prefix(root).unwrap_or(directory);
    let dependencies = list(package, "dependencies")
        .iter()
        .map(|dependency| Dependency {
            // `name` is the package even where the manifest renames it, so a rename hides nothing.
            name: text(dependency, "name"),
            kind: match dependency["kind"].as_str() {
                None => Kind::Normal,
                Some("build") => Kind::Build,
                Some("dev") => Kind::Dev,
                Some(other) => panic!("cargo metadata knows a new kind of dependency: {other}"),
            },
        })
        .collect();
    Package { name: text(package, "name"), directory: directory.display().to_string(), dependencies }
}

fn place(name: &str) -> Option<&'static Place> {
    PLACES.iter().find(|place| place.name == name)
}

fn is_ours(name: &str) -> bool {
    name == API || name.starts_with("finbridge-")
}

fn names(patterns: &[&str], name: &str) -> bool {
    patterns.iter().any(|pattern| name == *pattern || (pattern.ends_with('-') && name.starts_with(pattern)))
}

/// Uses of our own crates that the table does not allow.
fn wrong_directions(packages: &[Package]) -> Vec<String> {
    let mut wrong = Vec::new();
    for package in packages {
        let Some(place) = place(&package.name) else { continue };
        for dependency in package.dependencies.iter().filter(|dependency| is_ours(&dependency.name)) {
            let name = dependency.name.as_str();
            let allowed = place.uses.contains(&name)
                || (dependency.kind == Kind::Dev
                    && (place.uses_in_tests.contains(&name) || name == package.name));
            if !allowed {
                wrong.push(format!(
                    "{} may not use {name} ({:?}); it may use {:?}",
                    package.name, dependency.kind, place.uses
                ));
            }
        }
    }
    wrong
}

fn wrong_users(packages: &[Package]) -> Vec<String> {
    let mut wrong = Vec::new();
    for package in packages {
        let user = package.name.as_str();
        for dependency in &package.dependencies {
            for reserved in RESERVED.iter().filter(|reserved| names(reserved.names, &dependency.name)) {
                let allowed = reserved.users.contains(&user)
                    || (dependency.kind == Kind::Dev && reserved.users_in_tests.contains(&user));
                if !allowed {
                    wrong.push(format!(
                        "{user} may not use {} ({:?}): {} is for {:?}, because {}",
                        dependency.name, dependency.kind, reserved.what, reserved.users, reserved.reason
                    ));
                }
            }
            if user == DOMAIN && names(INPUT_OUTPUT, &dependency.name) {
                wrong.push(format!(
                    "{user} may not use {}: the domain does no input or output",
                    dependency.name
                ));
            }
        }
    }
    wrong
}

fn is_skipped(name: &str) -> bool {
    matches!(name, "target" | ".git" | "node_modules")
}

fn files(directory: &Path, found: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(directory)
        .unwrap_or_else(|error| panic!("cannot list {}: {error}", directory.display()));
    for entry in entries {
        let entry = entry.expect("a readable directory entry");
        let path = entry.path();
        let name = entry.file_name();
        if path.is_symlink() {
            continue;
        }
        if path.is_dir() {
            if !is_skipped(&name.to_string_lossy()) {
                files(&path, found);
            }
        } else {
            found.push(path);
        }
    }
    found.sort();
}

fn relative(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).display().to_string()
}

#[test]
fn every_crate_has_its_place() {
    for package in packages() {
        let Some(place) = place(&package.name) else {
            panic!(
                "{} in {} is new to the workspace. Add it to PLACES in {} with the crates it may use, and to \
                 the picture in docs/architecture.md",
                package.name,
                package.directory,
                file!()
            );
        };
        assert_eq!(
            package.directory, place.directory,
            "{} has moved; PLACES says where it belongs",
            package.name
        );
    }
}

#[test]
fn crates_depend_in_one_direction_only() {
    let wrong = wrong_directions(&packages());
    assert!(wrong.is_empty(), "crates of ours are used against the direction:\n{}", wrong.join("\n"));
}

#[test]
fn libraries_stay_where_they_belong() {
    let wrong = wrong_users(&packages());
    assert!(wrong.is_empty(), "libraries are used outside their crates:\n{}", wrong.join("\n"));
}

/// What the table must go on saying whoever edits it next.
#[test]
fn the_table_keeps_its_promises() {
    let users = |name| {
        let uses = |place: &&Place| place.uses.contains(&name) || place.uses_in_tests.contains(&name);
        PLACES.iter().filter(uses).map(|place| place.name).collect::<Vec<_>>()
    };
    let all = |name| {
        let place = place(name).expect("a crate of the table");
        [place.uses, place.uses_in_tests].concat()
    };
    assert!(all(DOMAIN).is_empty() && all(EMULATOR_CLIENT).is_empty() && all(MIGRATION).is_empty());
    assert_eq!(all(EMULATOR), [EMULATOR_CLIENT], "the emulator knows its client in tests only");
    assert_eq!(users(EMULATOR), [API, TESTS, BENCH], "the emulator shares no type with a connector");
    assert_eq!(users(ZOHO), [API, TESTS, BENCH], "the engine sees the contract, never an app");
}

#[test]
fn wrong_dependencies_are_found() {
    let package = |name: &str, dependencies: &[(&str, Kind)]| Package {
        name: name.to_owned(),
        directory: String::new(),
        dependencies: dependencies
            .iter()
            .map(|(name, kind)| Dependency { name: (*name).to_owned(), kind: *kind })
            .collect(),
    };
    let right = [
        package(SYNC, &[(CONTRACT, Kind::Normal), (MIGRATION, Kind::Dev), ("sea-orm", Kind::Normal)]),
        package(
            API,
            &[(EMULATOR, Kind::Normal), ("async-graphql-axum", Kind::Normal), ("reqwest", Kind::Dev)],
        ),
        package(MIGRATION, &[("sea-orm-migration", Kind::Normal)]),
    ];
    assert!(wrong_directions(&right).is_empty());
    assert!(wrong_users(&right).is_empty());
    for (user, dependency, kind) in [
        (SYNC, ZOHO, Kind::Normal),
        (SYNC, MIGRATION, Kind::Normal),
        (MIGRATION, ENTITY, Kind::Dev),
        (ZOHO, EMULATOR, Kind::Dev),
        (EMULATOR, DOMAIN, Kind::Build),
    ] {
        let wrong = wrong_directions(&[package(user, &[(dependency, kind)])]);
        assert_eq!(wrong.len(), 1, "{user} uses {dependency}");
    }
    for (user, dependency, kind) in [
        (API, "reqwest", Kind::Normal),
        (CONTRACT, "sea-orm", Kind::Dev),
        (MIGRATION, "sea-orm", Kind::Normal),
        (SYNC, "async-graphql", Kind::Normal),
        (TESTS, "async-graphql", Kind::Normal),
        (DOMAIN, "tokio", Kind::Normal),
    ] {
        let wrong = wrong_users(&[package(user, &[(dependency, kind)])]);
        assert_eq!(wrong.len(), 1, "{user} uses {dependency}");
    }
}

/// A limit somewhat above what we aim at, so that it bites when a file has two subjects and not when it has
/// one field more.
#[test]
fn no_rust_file_is_over_500_lines() {
    const MOST: usize = 500;
    let root = root();
    let mut found = Vec::new();
    files(&root, &mut found);
    let mut long = Vec::new();
    for path in found.iter().filter(|path| path.extension().is_some_and(|extension| extension == "rs")) {
        let source = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let lines = source.lines().count();
        if lines > MOST {
            long.push(format!("  {lines} {}", relative(&root, path)));
        }
    }
    assert!(long.is_empty(), "split these files by subject, {MOST} lines is the most:\n{}", long.join("\n"));
}

/// A connector that used the emulator's control surface would work against nothing else.
#[test]
fn connectors_and_sync_know_no_emulator_control() {
    let root = root();
    let mut found = Vec::new();
    for directory in ["connectors", "sync"] {
        files(&root.join(directory), &mut found);
    }
    assert!(!found.is_empty(), "connectors and sync have moved; correct this test");
    let mut wrong = Vec::new();
    for path in &found {
        let bytes = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        if String::from_utf8_lossy(&bytes).contains("/_emulator") {
            wrong.push(format!("  {}", relative(&root, path)));
        }
    }
    assert!(wrong.is_empty(), "the emulator's control surface is for tests only:\n{}", wrong.join("\n"));
}
