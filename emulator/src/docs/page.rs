//! Pages to read the documentation offline, without scripts.

use super::{chapter, operations_of};
use crate::engine::spec::{Resource, Spec};
use crate::product::Product;
use crate::resource::field::Kind;
use crate::routes::{Coverage, Handler, Operation, Served, operations, shown};

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1f24}\
summary{cursor:pointer;padding:.25rem 0}code{background:#f2f4f7;padding:.1rem .3rem;border-radius:.2rem}\
table{border-collapse:collapse;margin:.5rem 0 1rem}td,th{border-bottom:1px solid #d8dde3;padding:.2rem .8rem .2rem 0;text-align:left;vertical-align:top}\
.m{display:inline-block;width:4.5rem;font-weight:600}.x{color:#8a5a00}nav a{margin-right:1rem}\
@media(prefers-color-scheme:dark){body{background:#14171a;color:#e4e7eb}code{background:#262b31}a{color:#8ab4f8}td,th{border-color:#39414a}.x{color:#f0b95a}}";

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn framed(title: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{title}</title><style>{STYLE}</style><body>{body}</body></html>",
        title = escaped(title)
    )
}

/// The list of apps, and the fenced surface.
pub(crate) fn index() -> String {
    let mut body = "<h1>What the emulator answers</h1><ul>".to_owned();
    for product in Product::ALL {
        let app = product.app();
        body.push_str(&format!(
            "<li><a href=\"/_emulator/docs/app/{app}\">{}</a> at <code>/{}</code>, \
             <a href=\"/_emulator/openapi/{app}.json\">OpenAPI 3.1</a></li>",
            product.title(),
            product.root()
        ));
    }
    body.push_str(
        "</ul><p><a href=\"/_emulator/coverage.md\">Coverage</a> · <a href=\"/_emulator/docs/control\">Control calls</a> · <a href=\"/_emulator\">Status</a></p>\
         <h2>The fenced surface, <code>/integration/v1</code></h2>\
         <p>It stands for the vendor's private service that joins CRM and finance records.</p><table>",
    );
    for operation in operations().filter(|it| matches!(it.served, Served::ByIntegration)) {
        body.push_str(&format!(
            "<tr><td class=m>{}</td><td><code>/{}</code></td><td>{}</td></tr>",
            operation.method,
            shown(operation.path),
            escaped(operation.name)
        ));
    }
    body.push_str("</table>");
    framed("Finbridge emulator", &body)
}

/// The operations of one app.
pub(crate) fn product(product: Product) -> String {
    let operations = operations_of(product);
    let mut body =
        format!("<p><a href=\"/_emulator/docs\">All apps</a></p><h1>{}</h1><nav>", product.title());
    let mut chapters: Vec<String> = operations.iter().map(|it| chapter(it.path)).collect();
    chapters.dedup();
    for name in &chapters {
        body.push_str(&format!("<a href=\"#{name}\">{name}</a>"));
    }
    body.push_str("</nav>");
    let mut current = String::new();
    for operation in operations {
        let name = chapter(operation.path);
        if name != current {
            body.push_str(&format!("<h2 id=\"{name}\">{name}</h2>"));
            current = name;
        }
        body.push_str(&described(product, operation));
    }
    framed(product.title(), &body)
}

fn described(product: Product, operation: &Operation) -> String {
    let note = match operation.coverage {
        Coverage::Full => String::new(),
        Coverage::Partial(missing) => format!(" <span class=x>partial: {}</span>", escaped(missing)),
        Coverage::Missing(reason) => format!(" <span class=x>501: {}</span>", escaped(reason)),
    };
    let mut text = format!(
        "<details><summary><span class=m>{}</span> <code>/{}/{}</code> {}{note}</summary>",
        operation.method,
        product.root(),
        shown(operation.path),
        escaped(operation.name)
    );
    if let Some((module, act)) = operation.need {
        text.push_str(&format!(
            "<p>Scope <code>{}.{module}.{}</code></p>",
            product.service(),
            act.to_uppercase()
        ));
    }
    match operation.handler {
        Handler::Create(resource) | Handler::Update(resource) | Handler::Upsert(resource) => {
            text.push_str(&fields(resource));
        }
        Handler::List(resource) => text.push_str(&filters(resource.spec())),
        Handler::Read(resource) => {
            let names: Vec<String> =
                resource.spec().detail.iter().map(|it| format!("<code>{it}</code>")).collect();
            text.push_str(&format!(
                "<p>Shows <code>{}</code>: {}</p>",
                resource.spec().singular,
                names.join(" ")
            ));
        }
        _ => {}
    }
    text.push_str("</details>");
    text
}

fn fields(resource: &dyn Resource) -> String {
    let spec = resource.spec();
    let mut text = "<table><tr><th>member</th><th>holds</th></tr>".to_owned();
    for (name, kind) in spec.fields {
        let required = if spec.required.contains(name) { ", required" } else { "" };
        text.push_str(&format!("<tr><td><code>{name}</code></td><td>{}{required}</td></tr>", holds(*kind)));
    }
    text.push_str("</table>");
    text
}

fn holds(kind: Kind) -> String {
    match kind {
        Kind::Text(max) => format!("text, at most {max} characters"),
        Kind::Free => "text".to_owned(),
        Kind::Code => "text or whole number".to_owned(),
        Kind::Id => "id of a record".to_owned(),
        Kind::Flag => "true or false".to_owned(),
        Kind::Whole => "whole number".to_owned(),
        Kind::Money => "amount, rounded half up to the currency's places".to_owned(),
        Kind::Number | Kind::Rate => "number".to_owned(),
        Kind::Date => "date, yyyy-MM-dd".to_owned(),
        Kind::Choice(words) => words.join(", "),
        Kind::Object => "object".to_owned(),
        Kind::List | Kind::Entries => "list".to_owned(),
    }
}

fn filters(spec: &Spec) -> String {
    let listed =
        |names: &[&str]| names.iter().map(|it| format!("<code>{it}</code>")).collect::<Vec<_>>().join(" ");
    let mut text = "<table>".to_owned();
    for (title, names) in [
        ("text: exact, _startswith, _contains", spec.filters.texts),
        ("number: exact, _less_than, _less_equals, _greater_than, _greater_equals", spec.filters.numbers),
        ("date: exact, _start, _end, _before, _after", spec.filters.dates),
        ("exact", spec.filters.exact),
        ("status", spec.filters.statuses),
        ("filter_by", spec.filters.filter_by),
        ("sort_column", spec.sorts),
        ("row", spec.row),
    ] {
        if !names.is_empty() {
            text.push_str(&format!("<tr><td>{title}</td><td>{}</td></tr>", listed(names)));
        }
    }
    text.push_str("</table>");
    text
}
