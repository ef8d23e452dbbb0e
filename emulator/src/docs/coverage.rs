//! The list of what is emulated, for `COVERAGE.md`.

use std::collections::BTreeMap;

use super::{chapter, operations_of, rank, section};
use crate::product::Product;
use crate::routes::{Coverage, OUTSIDE, Outside, Served, known, operations, shown};

const HEAD: &str = "# Coverage

What the emulator answers, made from its table of operations and from the operations that the vendor's published
descriptions name. **full**: state, rules, errors and shapes. **partial**: what is missing stands beside it. **501**: known,
answered with HTTP 501 and the operation's name; why stands beside it. Invoice and ERP share the implementation of Books. The
section is that of the vendor's documentation.

Do not edit: `make schema` writes this file anew.
";
const COLUMNS: &str = "| call | does | coverage | section |\n|---|---|---|---|\n";

/// One operation of an app.
#[derive(Debug)]
struct Row {
    method: &'static str,
    coverage: Coverage,
    name: &'static str,
    section: &'static str,
}

impl Row {
    fn write(&self, text: &mut String, path: &str) {
        let coverage = match self.coverage {
            Coverage::Full => "full".to_owned(),
            Coverage::Partial(missing) => format!("partial: {missing}"),
            Coverage::Missing(reason) => format!("501: {reason}"),
        };
        let Row { method, name, section, .. } = self;
        text.push_str(&format!("| {method} /{} | {name} | {coverage} | {section} |\n", shown(path)));
    }
}

type Rows = BTreeMap<(String, usize), Row>;

/// `COVERAGE.md`.
pub(crate) fn markdown() -> String {
    let mut text = HEAD.to_owned();
    let tables: Vec<(Product, Rows)> = Product::ALL.map(|product| (product, rows(product))).into();
    text.push_str("\n| app | full | partial | 501 |\n|---|---:|---:|---:|\n");
    for (product, rows) in &tables {
        let count = |wanted: fn(Coverage) -> bool| rows.values().filter(|row| wanted(row.coverage)).count();
        text.push_str(&format!(
            "| {} | {} | {} | {} |\n",
            product.title(),
            count(|it| it == Coverage::Full),
            count(|it| matches!(it, Coverage::Partial(_))),
            count(|it| matches!(it, Coverage::Missing(_))),
        ));
    }
    for (product, rows) in tables {
        text.push_str(&format!("\n## {}, `/{}`\n", product.title(), product.root()));
        let mut current = String::new();
        for ((path, _), row) in rows {
            let chapter = chapter(&path);
            if chapter != current {
                text.push_str(&format!("\n### {chapter}\n\n{COLUMNS}"));
                current = chapter;
            }
            row.write(&mut text, &path);
        }
    }
    text.push_str(&format!("\n## OAuth 2.0, `/oauth/v2`\n\n{COLUMNS}"));
    OUTSIDE
        .iter()
        .filter(|it| it.root == "oauth/v2")
        .for_each(|it| outside(it, "OAuth").write(&mut text, it.path));
    text.push_str(&format!("\n## The fenced surface, `/integration/v1`\n\n{COLUMNS}"));
    let mut fenced: Vec<(&str, Row)> = operations()
        .filter(|it| matches!(it.served, Served::ByIntegration))
        .map(|it| {
            let row = Row { method: it.method, coverage: it.coverage, name: it.name, section: FENCED };
            (it.path, row)
        })
        .collect();
    let others = OUTSIDE.iter().filter(|it| it.root != "oauth/v2");
    fenced.extend(others.map(|it| (it.path, outside(it, FENCED))));
    fenced.sort_by_key(|(path, row)| (*path, rank(row.method)));
    fenced.iter().for_each(|(path, row)| row.write(&mut text, path));
    text
}

/// The section of what no documentation has.
const FENCED: &str = "none (the CRM link's private service)";

fn outside(it: &Outside, section: &'static str) -> Row {
    Row { method: it.method, coverage: Coverage::Full, name: it.name, section }
}

fn rows(product: Product) -> Rows {
    let mut rows = Rows::new();
    let section = |path| section::of(product, path);
    for operation in operations_of(product) {
        let key = (operation.path.to_owned(), rank(operation.method));
        let (method, coverage, name) = (operation.method, operation.coverage, operation.name);
        rows.insert(key, Row { method, coverage, name, section: section(operation.path) });
    }
    for known in known().filter(|it| it.product == product) {
        let key = (known.path.to_owned(), rank(known.method));
        let section = section(known.path);
        let row = Row { method: known.method, coverage: Coverage::Missing(""), name: "", section };
        rows.entry(key).or_insert(row);
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the vendor describes and no table names shows up here without a name.
    #[test]
    fn every_row_has_a_name_a_section_and_where_it_is_not_full_a_reason() {
        for product in Product::ALL {
            for ((path, _), row) in rows(product) {
                let call = format!("{} {} /{path}", product.app(), row.method);
                assert_ne!(row.name, "", "{call} has no name: add it to a table of operations");
                assert_ne!(row.section, "", "{call} has no section: add its path to docs/section.rs");
                let unexplained = matches!(row.coverage, Coverage::Partial("") | Coverage::Missing(""));
                assert!(!unexplained, "{call} does not say what is missing, or why: use because(…)");
            }
        }
    }
}
