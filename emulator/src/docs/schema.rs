//! JSON Schema of members, from the field tables.

use crate::engine::spec::Spec;
use crate::json::Json;
use crate::resource::field::{Fields, Kind};

/// The schema of one kind of member.
pub(crate) fn of(kind: Kind) -> Json {
    let typed = |name: &str| Json::object([("type", name.into())]);
    match kind {
        Kind::Text(max) => Json::object([("type", "string".into()), ("maxLength", (max as u64).into())]),
        Kind::Free | Kind::Code => typed("string"),
        Kind::Id => Json::object([("type", "string".into()), ("description", "Id of a record.".into())]),
        Kind::Flag => typed("boolean"),
        Kind::Whole => typed("integer"),
        Kind::Money => Json::object([
            ("type", "number".into()),
            ("description", "Rounded half up to the places of the currency.".into()),
        ]),
        Kind::Number | Kind::Rate => typed("number"),
        Kind::Date => Json::object([("type", "string".into()), ("format", "date".into())]),
        Kind::Choice(words) => Json::object([
            ("type", "string".into()),
            ("enum", words.iter().map(|word| Json::from(*word)).collect::<Vec<_>>().into()),
        ]),
        Kind::Object => typed("object"),
        Kind::List | Kind::Entries => typed("array"),
    }
}

/// An object of the given members.
pub(crate) fn object(members: Vec<(String, Json)>, required: &[&str]) -> Json {
    let mut schema =
        vec![("type".to_owned(), "object".into()), ("properties".to_owned(), Json::Object(members))];
    if !required.is_empty() {
        let names: Vec<Json> = required.iter().map(|name| Json::from(*name)).collect();
        schema.push(("required".to_owned(), names.into()));
    }
    Json::Object(schema)
}

/// What a client writes.
pub(crate) fn writable(spec: &Spec, creating: bool) -> Json {
    let members = spec.fields.iter().map(|(name, kind)| ((*name).to_owned(), of(*kind))).collect();
    object(members, if creating { spec.required } else { &[] })
}

/// What an answer shows.
pub(crate) fn shown(spec: &Spec, names: &[&str]) -> Json {
    let mut members = vec![(spec.id.to_owned(), of(Kind::Id))];
    members.extend(names.iter().map(|name| ((*name).to_owned(), member(spec.fields, spec.computed, name))));
    for time in ["created_time", "last_modified_time"] {
        let schema =
            [("type", "string".into()), ("examples", vec![Json::from("2026-01-05T12:06:10+0530")].into())];
        members.push((time.to_owned(), Json::object(schema)));
    }
    object(members, &[])
}

fn member(fields: Fields, computed: Fields, name: &str) -> Json {
    let known = fields.iter().chain(computed).find(|(known, _)| *known == name);
    known.map_or_else(|| Json::Object(Vec::new()), |(_, kind)| of(*kind))
}
