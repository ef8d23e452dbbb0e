//! OpenAPI 3.1 of one app.

use super::{chapter, has_body, operations_of, schema, section};
use crate::engine::spec::{Resource, Spec};
use crate::json::Json;
use crate::product::Product;
use crate::routes::{Coverage, Handler, Operation};

type Object = Vec<(String, Json)>;

/// The document. `url` is the emulator's own address.
pub(crate) fn document(product: Product, url: &str) -> Json {
    let mut paths: Vec<(String, Object)> = Vec::new();
    for operation in operations_of(product) {
        let path = format!("/{}", named(operation.path));
        let described = (operation.method.to_ascii_lowercase(), describe(product, operation));
        match paths.iter_mut().find(|(known, _)| *known == path) {
            Some((_, methods)) => methods.push(described),
            None => paths.push((path, vec![described])),
        }
    }
    let paths = paths.into_iter().map(|(path, methods)| (path, Json::Object(methods))).collect();
    Json::object([
        ("openapi", "3.1.0".into()),
        (
            "info",
            Json::object([
                ("title", format!("{} as emulated by Finbridge", product.title()).into()),
                ("version", env!("CARGO_PKG_VERSION").into()),
            ]),
        ),
        ("servers", vec![Json::object([("url", format!("{url}/{}", product.root()).into())])].into()),
        ("security", vec![Json::object([("token", Vec::new().into())])].into()),
        ("paths", Json::Object(paths)),
        ("components", components(url)),
    ])
}

/// `a/*/b/*` with a name of its own for each id.
fn named(path: &str) -> String {
    let mut count = 0;
    let segments = path.split('/').map(|segment| {
        if segment == "*" {
            count += 1;
            format!("{{id{count}}}")
        } else {
            segment.to_owned()
        }
    });
    segments.collect::<Vec<_>>().join("/")
}

fn describe(product: Product, operation: &Operation) -> Json {
    let mut members: Object = vec![
        ("operationId".to_owned(), id(operation).into()),
        ("summary".to_owned(), operation.name.into()),
        ("tags".to_owned(), vec![Json::from(chapter(operation.path))].into()),
    ];
    let (coverage, missing) = match operation.coverage {
        Coverage::Full => ("full", None),
        Coverage::Partial(missing) => ("partial", Some(missing)),
        Coverage::Missing(reason) => ("missing", Some(reason)),
    };
    members.push(("x-coverage".to_owned(), coverage.into()));
    members.push(("x-section".to_owned(), section::of(product, operation.path).into()));
    if let Some(missing) = missing {
        let answer = if coverage == "missing" { "Answers 501: " } else { "" };
        members.push(("description".to_owned(), format!("{answer}{missing}").into()));
    }
    if let Some((module, act)) = operation.need {
        members.push((
            "x-scope".to_owned(),
            format!("{}.{module}.{}", product.service(), act.to_uppercase()).into(),
        ));
    }
    members.push(("parameters".to_owned(), parameters(operation).into()));
    if has_body(operation) {
        members.push(("requestBody".to_owned(), body(operation)));
    }
    members.push(("responses".to_owned(), responses(operation)));
    Json::Object(members)
}

/// `put_contacts_id_address_id`: stable, and unique because method and path are.
fn id(operation: &Operation) -> String {
    let path = operation.path.replace('*', "id").replace('/', "_");
    format!("{}_{path}", operation.method.to_ascii_lowercase())
}

fn parameter(place: &str, name: &str, described: &str, schema: Json) -> Json {
    Json::object([
        ("name", name.into()),
        ("in", place.into()),
        ("required", (place == "path").into()),
        ("description", described.into()),
        ("schema", schema),
    ])
}

fn text() -> Json {
    Json::object([("type", "string".into())])
}

fn words(words: &[&str]) -> Json {
    let listed: Vec<Json> = words.iter().map(|word| Json::from(*word)).collect();
    Json::object([("type", "string".into()), ("enum", listed.into())])
}

fn parameters(operation: &Operation) -> Vec<Json> {
    let ids = operation.path.split('/').filter(|segment| *segment == "*").count();
    let mut all: Vec<Json> =
        (1..=ids).map(|at| parameter("path", &format!("id{at}"), "Id of a record.", text())).collect();
    if operation.scoped {
        let described = "The organization; without it the user's default one.";
        all.push(parameter("query", "organization_id", described, text()));
    }
    match operation.handler {
        Handler::List(resource) => all.extend(list_parameters(resource.spec())),
        Handler::DeleteMany(resource) => {
            let name = format!("{}s", resource.spec().id);
            all.push(parameter("query", &name, "Ids with commas between them.", text()));
        }
        Handler::Upsert(_) => {
            for (name, described) in [
                ("X-Unique-Identifier-Key", "API name of a unique custom field."),
                ("X-Unique-Identifier-Value", "Its value."),
                ("X-Upsert", "true creates the record when none has the value."),
            ] {
                all.push(parameter("header", name, described, text()));
            }
        }
        _ => {}
    }
    all
}

fn list_parameters(spec: &'static Spec) -> Vec<Json> {
    let whole = || Json::object([("type", "integer".into()), ("minimum", 1u64.into())]);
    let query = |name: &str, described: &str, schema| parameter("query", name, described, schema);
    let sorts: Vec<&str> = spec.sorts.iter().copied().chain(["created_time", "last_modified_time"]).collect();
    let mut all = vec![
        query("page", "From 1.", whole()),
        query("per_page", "At most 200.", whole()),
        query("sort_column", "The order.", words(&sorts)),
        query("sort_order", "A or D.", words(&["A", "D"])),
        query("last_modified_time", "Rows changed at or after the instant.", text()),
        query("search_text", "Text that a row contains.", text()),
        query("filter_by", "A saved filter.", words(spec.filters.filter_by)),
    ];
    if !spec.filters.statuses.is_empty() {
        all.push(query("status", "The status.", words(spec.filters.statuses)));
    }
    for (names, suffixes) in [
        (spec.filters.texts, &["", "_startswith", "_contains"][..]),
        (spec.filters.numbers, &["", "_less_than", "_less_equals", "_greater_than", "_greater_equals"][..]),
        (spec.filters.dates, &["", "_start", "_end", "_before", "_after"][..]),
        (spec.filters.exact, &[""][..]),
    ] {
        for name in names {
            for suffix in suffixes {
                all.push(query(&format!("{name}{suffix}"), "Narrows the list.", text()));
            }
        }
    }
    all
}

fn body(operation: &Operation) -> Json {
    let schema = match operation.handler {
        Handler::Create(resource) => schema::writable(resource.spec(), true),
        Handler::Update(resource) | Handler::Upsert(resource) => schema::writable(resource.spec(), false),
        _ => Json::object([("type", "object".into())]),
    };
    let content = Json::object([
        ("application/json", Json::object([("schema", schema)])),
        (
            "application/x-www-form-urlencoded",
            Json::object([("schema", schema::object(vec![("JSONString".to_owned(), text())], &[]))]),
        ),
    ]);
    Json::object([("content", content)])
}

fn responses(operation: &Operation) -> Json {
    let one = |resource: &dyn Resource| {
        let spec = resource.spec();
        enveloped(vec![(spec.singular.to_owned(), schema::shown(spec, spec.detail))])
    };
    let (status, schema) = match operation.handler {
        Handler::Create(resource) => ("201", one(resource)),
        Handler::Read(resource) | Handler::Update(resource) | Handler::Upsert(resource) => {
            ("200", one(resource))
        }
        Handler::List(resource) => {
            let spec = resource.spec();
            let rows = Json::object([("type", "array".into()), ("items", schema::shown(spec, spec.row))]);
            let context = Json::object([("$ref", "#/components/schemas/PageContext".into())]);
            ("200", enveloped(vec![(spec.plural.to_owned(), rows), ("page_context".to_owned(), context)]))
        }
        Handler::Missing => ("501", enveloped(Vec::new())),
        _ => ("200", enveloped(Vec::new())),
    };
    let content = Json::object([("application/json", Json::object([("schema", schema)]))]);
    let good = Json::object([("description", "The answer.".into()), ("content", content)]);
    let failed = Json::object([("$ref", "#/components/responses/Error".into())]);
    Json::object([(status, good), ("default", failed)])
}

fn enveloped(mut members: Object) -> Json {
    let mut all =
        vec![("code".to_owned(), Json::object([("type", "integer".into())])), ("message".to_owned(), text())];
    all.append(&mut members);
    schema::object(all, &["code", "message"])
}

fn components(url: &str) -> Json {
    let whole = || Json::object([("type", "integer".into())]);
    let context = schema::object(
        vec![
            ("page".to_owned(), whole()),
            ("per_page".to_owned(), whole()),
            ("has_more_page".to_owned(), Json::object([("type", "boolean".into())])),
            ("report_name".to_owned(), text()),
            ("applied_filter".to_owned(), text()),
            ("sort_column".to_owned(), text()),
            ("sort_order".to_owned(), words(&["A", "D"])),
        ],
        &["page", "per_page", "has_more_page"],
    );
    let error = Json::object([
        ("description", "A code that is not 0, and a sentence.".into()),
        ("content", Json::object([("application/json", Json::object([("schema", enveloped(Vec::new()))]))])),
    ]);
    let flow = Json::object([
        ("authorizationUrl", format!("{url}/oauth/v2/auth").into()),
        ("tokenUrl", format!("{url}/oauth/v2/token").into()),
        ("scopes", Json::Object(Vec::new())),
    ]);
    let token = Json::object([
        ("type", "oauth2".into()),
        ("description", "Authorization: Zoho-oauthtoken <token>, or Bearer <token>.".into()),
        ("flows", Json::object([("authorizationCode", flow)])),
    ]);
    Json::object([
        ("schemas", Json::object([("PageContext", context)])),
        ("responses", Json::object([("Error", error)])),
        ("securitySchemes", Json::object([("token", token)])),
    ])
}
