//! Keeps `docs/requirements-coverage.md` true.
//!
//! A test proves a requirement by leading its name with the id: `r071_clone_keeps_both` proves R071,
//! `a17_9_suffix_is_no_difference` proves A17.9, `x13_import_calls` proves X13. One test may prove several,
//! as in `r071_r073_policies`. Function names are the register because they are what a failing run prints,
//! and because a list kept by hand would be wrong within a week.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

const REQUIREMENTS: &str = "docs/requirements.md";
const COVERAGE: &str = "docs/requirements-coverage.md";
const UPDATE: &str = "FINBRIDGE_UPDATE";

/// The order of the variants is the order of the rendered table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Family {
    Rule,
    Decision,
    Beyond,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Id {
    family: Family,
    number: u32,
}

impl Id {
    /// Reads the id as the requirements page writes it: `R071`, `A17.9`, `X13`.
    fn from_page(text: &str) -> Option<Self> {
        let (family, digits) = if let Some(digits) = text.strip_prefix("A17.") {
            (Family::Decision, digits)
        } else if let Some(digits) = text.strip_prefix('R') {
            (Family::Rule, digits)
        } else {
            (Family::Beyond, text.strip_prefix('X')?)
        };
        let id = Self { family, number: number(digits)? };
        // `R71` must not pass for `R071`: a search for the id has to find every mention.
        (id.to_string() == text).then_some(id)
    }

    /// Reads one leading id of a function name and returns what follows its underscore.
    ///
    /// The number of digits is bounded so that names such as `x509_chain` or `r2024_report` are no ids, while
    /// a shortened `r71_…` is taken for one and then reported with the others.
    fn from_name(name: &str) -> Option<(Self, &str)> {
        let (family, rest, most_digits) = if let Some(rest) = name.strip_prefix("a17_") {
            (Family::Decision, rest, 2)
        } else if let Some(rest) = name.strip_prefix('r') {
            (Family::Rule, rest, 3)
        } else {
            (Family::Beyond, name.strip_prefix('x')?, 2)
        };
        let (digits, rest) = rest.split_once('_')?;
        if digits.len() > most_digits {
            return None;
        }
        Some((Self { family, number: number(digits)? }, rest))
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.family {
            Family::Rule => write!(f, "R{:03}", self.number),
            Family::Decision => write!(f, "A17.{}", self.number),
            Family::Beyond => write!(f, "X{:02}", self.number),
        }
    }
}

/// `str::parse` alone would also take a sign.
fn number(digits: &str) -> Option<u32> {
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok()
}

fn ids_of_name(name: &str) -> Vec<Id> {
    let mut ids = Vec::new();
    let mut rest = name;
    while let Some((id, after)) = Id::from_name(rest) {
        ids.push(id);
        rest = after;
    }
    ids
}

/// A function that claims at least one requirement.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Claim {
    file: String,
    name: String,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()))
}

/// Every Rust file below `directory`, as paths relative to `root` with forward slashes.
fn rust_files(root: &Path, directory: &Path, found: &mut BTreeSet<String>) {
    let entries = fs::read_dir(directory)
        .unwrap_or_else(|error| panic!("cannot list {}: {error}", directory.display()));
    for entry in entries {
        let path = entry.expect("a readable directory entry").path();
        let name = path.file_name().expect("an entry has a name").to_string_lossy().into_owned();
        if path.is_symlink() {
            continue;
        }
        if path.is_dir() {
            if !matches!(name.as_str(), "target" | ".git" | "node_modules") {
                rust_files(root, &path, found);
            }
        } else if name.ends_with(".rs") {
            let relative = path.strip_prefix(root).expect("the walk stays below the root");
            let parts: Vec<_> =
                relative.components().map(|part| part.as_os_str().to_string_lossy()).collect();
            found.insert(parts.join("/"));
        }
    }
}

fn is_test_file(file: &str) -> bool {
    file.starts_with("tests/") || file.contains("/tests/") || file.ends_with("/tests.rs")
}

/// The lines of `source` that are test code: all of a test file, else the bodies of `#[cfg(test)]` modules.
///
/// rustfmt puts a module's closing brace at the indentation of its `mod`, so indentation tells where it ends
/// and no brace inside a string can mislead us.
fn test_lines(file: &str, source: &str) -> Vec<String> {
    if is_test_file(file) {
        return source.lines().map(str::to_owned).collect();
    }
    let mut lines = Vec::new();
    let mut announced = false;
    let mut closing: Option<String> = None;
    for line in source.lines() {
        let code = line.trim_start();
        if let Some(end) = &closing {
            if line == end {
                closing = None;
            } else {
                lines.push(line.to_owned());
            }
        } else if code.starts_with("#[cfg(test)]") || code.starts_with("#[cfg(all(test") {
            announced = true;
        } else if announced && !code.starts_with("#[") && !code.starts_with("//") {
            announced = false;
            if code.contains("mod ") && code.ends_with('{') {
                closing = Some(format!("{}}}", &line[..line.len() - code.len()]));
            }
        }
    }
    lines
}

/// The name of the function that `line` declares. Text in comments and strings never starts this way.
fn declared_function(line: &str) -> Option<&str> {
    let mut rest = line.trim_start();
    while let Some(after) = ["pub(crate) ", "pub(super) ", "pub ", "async ", "const "]
        .iter()
        .find_map(|modifier| rest.strip_prefix(modifier))
    {
        rest = after;
    }
    let rest = rest.strip_prefix("fn ")?;
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
    Some(&rest[..end])
}

fn claims_of(file: &str, source: &str) -> BTreeMap<Claim, Vec<Id>> {
    let mut claims = BTreeMap::new();
    for line in test_lines(file, source) {
        let Some(name) = declared_function(&line) else { continue };
        let ids = ids_of_name(name);
        if !ids.is_empty() {
            claims.insert(Claim { file: file.to_owned(), name: name.to_owned() }, ids);
        }
    }
    claims
}

fn all_claims() -> BTreeMap<Claim, Vec<Id>> {
    let root = root();
    let mut files = BTreeSet::new();
    rust_files(&root, &root, &mut files);
    files.iter().flat_map(|file| claims_of(file, &read(&root.join(file)))).collect()
}

/// The ids of the page: the first cell of a table row, which no other table of the page fills with an id.
fn ids_of_page(page: &str) -> BTreeSet<Id> {
    let mut ids = BTreeSet::new();
    for line in page.lines() {
        let Some(cell) = line.strip_prefix("| ").and_then(|row| row.split(" |").next()) else { continue };
        if let Some(id) = Id::from_page(cell) {
            assert!(ids.insert(id), "{REQUIREMENTS} has two rows for {id}; keep one");
        }
    }
    assert!(!ids.is_empty(), "{REQUIREMENTS} has no row that starts with an id");
    ids
}

fn render(known: &BTreeSet<Id>, claims: &BTreeMap<Claim, Vec<Id>>) -> String {
    let mut tests: BTreeMap<Id, BTreeSet<&Claim>> = known.iter().map(|id| (*id, BTreeSet::new())).collect();
    for (claim, ids) in claims {
        for id in ids {
            if let Some(claims) = tests.get_mut(id) {
                claims.insert(claim);
            }
        }
    }
    let covered = tests.values().filter(|claims| !claims.is_empty()).count();
    let mut page = format!(
        "# Requirements coverage\n\n\
         <!-- Generated from the names of the tests; do not edit. `make schema` writes it anew. -->\n\n\
         **{covered} of {} ids have tests.** The rules are in [requirements.md](requirements.md).\n\n\
         | id | tests |\n|---|---|\n",
        known.len()
    );
    for (id, claims) in &tests {
        let cell: Vec<_> = claims.iter().map(|claim| format!("`{}::{}`", claim.file, claim.name)).collect();
        let cell = if cell.is_empty() { "–".to_owned() } else { cell.join("<br>") };
        page.push_str(&format!("| {id} | {cell} |\n"));
    }
    page
}

#[test]
fn requirements_coverage_is_current() {
    let expected = render(&ids_of_page(&read(&root().join(REQUIREMENTS))), &all_claims());
    let path = root().join(COVERAGE);
    if std::env::var_os(UPDATE).is_some_and(|value| value == "1") {
        fs::write(&path, expected).unwrap_or_else(|error| panic!("cannot write {}: {error}", path.display()));
        return;
    }
    let actual = fs::read_to_string(&path).unwrap_or_default();
    if actual == expected {
        return;
    }
    let before: BTreeSet<_> = actual.lines().collect();
    let after: BTreeSet<_> = expected.lines().collect();
    let mut difference = String::new();
    for line in before.difference(&after) {
        difference.push_str(&format!("- {line}\n"));
    }
    for line in after.difference(&before) {
        difference.push_str(&format!("+ {line}\n"));
    }
    panic!("{COVERAGE} is not current. Run `make schema` and commit the result.\n{difference}");
}

#[test]
fn test_names_quote_existing_ids_only() {
    let known = ids_of_page(&read(&root().join(REQUIREMENTS)));
    let unknown = unknown_ids(&known, &all_claims());
    assert!(
        unknown.is_empty(),
        "these tests lead with an id that {REQUIREMENTS} lacks; correct the name or add the rule:\n{}",
        unknown.join("\n")
    );
}

fn unknown_ids(known: &BTreeSet<Id>, claims: &BTreeMap<Claim, Vec<Id>>) -> Vec<String> {
    let mut unknown = Vec::new();
    for (claim, ids) in claims {
        for id in ids.iter().filter(|id| !known.contains(id)) {
            unknown.push(format!("  {id} in {}::{}", claim.file, claim.name));
        }
    }
    unknown
}

#[test]
fn names_give_their_leading_ids() {
    let shown = |name| ids_of_name(name).iter().map(Id::to_string).collect::<Vec<_>>();
    assert_eq!(shown("r071_clone_keeps_both"), ["R071"]);
    assert_eq!(shown("a17_9_suffix_2_is_no_difference"), ["A17.9"]);
    assert_eq!(shown("a17_28_sweep"), ["A17.28"]);
    assert_eq!(shown("x13_import_calls"), ["X13"]);
    assert_eq!(shown("r071_r073_a17_16_policies"), ["R071", "R073", "A17.16"]);
    assert_eq!(shown("r71_shortened"), ["R071"], "reported only when no rule has the number");
    for name in
        ["clone_r071_keeps_both", "x509_chain", "r2024_report", "r071", "run_x13_twice", "a17_later", "r_1_"]
    {
        assert!(shown(name).is_empty(), "{name} quotes no id");
    }
}

#[test]
fn only_test_code_is_searched() {
    let source = [
        "    pub async fn r001_in_a_macro(world: TestWorld) {",
        "    // fn r002_in_a_comment() {",
        "    let text = \"fn r003_in_a_string()\";",
        "#[cfg(test)]",
        "#[allow(clippy::float_arithmetic)]",
        "mod tests {",
        "    #[test]",
        "    fn r004_in_a_module() {",
        "    }",
        "}",
        "fn r005_after_the_module() {}",
    ]
    .join("\n");
    let names = |file| claims_of(file, &source).into_keys().map(|claim| claim.name).collect::<Vec<_>>();
    let all = ["r001_in_a_macro", "r004_in_a_module", "r005_after_the_module"];
    assert_eq!(names("tests/it/sync/duplicates.rs"), all);
    assert_eq!(names("sync/tests/duplicates.rs"), all);
    assert_eq!(names("sync/src/plan/tests.rs"), all);
    assert_eq!(names("sync/src/plan.rs"), ["r004_in_a_module"]);
}

#[test]
fn unknown_ids_are_reported_and_not_rendered() {
    let known =
        ids_of_page("| id | rule |\n|---|---|\n| R002 | x |\n| A17.10 | x |\n| A17.9 | x |\n| X01 | x |\n");
    let file = "tests/it/sample.rs";
    let claims =
        claims_of(file, "async fn r002_b() {}\nfn r002_a() {}\nfn r999_c() {}\nfn a17_9_x01_d() {}\n");
    assert_eq!(unknown_ids(&known, &claims), ["  R999 in tests/it/sample.rs::r999_c"]);
    let page = render(&known, &claims);
    assert!(page.contains("**3 of 4 ids have tests.**"), "{page}");
    let rows: Vec<_> = page.lines().filter(|line| line.starts_with("| ")).skip(1).collect();
    assert_eq!(
        rows,
        [
            "| R002 | `tests/it/sample.rs::r002_a`<br>`tests/it/sample.rs::r002_b` |",
            "| A17.9 | `tests/it/sample.rs::a17_9_x01_d` |",
            "| A17.10 | – |",
            "| X01 | `tests/it/sample.rs::a17_9_x01_d` |",
        ]
    );
}
