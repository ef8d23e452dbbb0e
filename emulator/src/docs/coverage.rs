//! The list of what is emulated, for `COVERAGE.md`.

use std::collections::BTreeMap;

use super::{chapter, operations_of, rank};
use crate::product::Product;
use crate::routes::{Coverage, Served, known, operations, shown};

const HEAD: &str = "# Coverage

What the emulator answers, made from its table of operations and from the operations that the vendor's published
descriptions name. **full**: state, rules, errors and shapes. **partial**: what is missing stands beside it. **501**: known,
answered with HTTP 501 and the operation's name. Invoice and ERP share the implementation of Books.

Do not edit: `make schema` writes this file anew.
";

type Rows = BTreeMap<(String, usize), (&'static str, Coverage, String)>;

/// `COVERAGE.md`.
pub(crate) fn markdown() -> String {
    let mut text = HEAD.to_owned();
    let tables: Vec<(Product, Rows)> = Product::ALL.map(|product| (product, rows(product))).into();
    text.push_str("\n| app | full | partial | 501 |\n|---|---:|---:|---:|\n");
    for (product, rows) in &tables {
        let count = |wanted: fn(Coverage) -> bool| rows.values().filter(|row| wanted(row.1)).count();
        text.push_str(&format!(
            "| {} | {} | {} | {} |\n",
            product.title(),
            count(|it| it == Coverage::Full),
            count(|it| matches!(it, Coverage::Partial(_))),
            count(|it| it == Coverage::Missing),
        ));
    }
    for (product, rows) in tables {
        text.push_str(&format!("\n## {}, `/{}`\n", product.title(), product.root()));
        let mut current = String::new();
        for ((path, _), (method, coverage, name)) in rows {
            let section = chapter(&path);
            if section != current {
                text.push_str(&format!("\n### {section}\n\n| call | does | coverage |\n|---|---|---|\n"));
                current = section;
            }
            let coverage = match coverage {
                Coverage::Full => "full".to_owned(),
                Coverage::Partial(missing) => format!("partial: {missing}"),
                Coverage::Missing => "501".to_owned(),
            };
            text.push_str(&format!("| {method} /{} | {name} | {coverage} |\n", shown(&path)));
        }
    }
    text.push_str("\n## The fenced surface, `/integration/v1`\n\n| call | does |\n|---|---|\n");
    let mut fenced: Vec<_> = operations().filter(|it| matches!(it.served, Served::ByIntegration)).collect();
    fenced.sort_by_key(|it| (it.path, rank(it.method)));
    for operation in fenced {
        text.push_str(&format!("| {} /{} | {} |\n", operation.method, shown(operation.path), operation.name));
    }
    text
}

fn rows(product: Product) -> Rows {
    let mut rows = Rows::new();
    for operation in operations_of(product) {
        let key = (operation.path.to_owned(), rank(operation.method));
        rows.insert(key, (operation.method, operation.coverage, operation.name.to_owned()));
    }
    for known in known().filter(|it| it.product == product) {
        let key = (known.path.to_owned(), rank(known.method));
        rows.entry(key).or_insert((known.method, Coverage::Missing, String::new()));
    }
    rows
}
