//! What a delivery carries: the record as JSON, chosen members as a form, or a text with placeholders.

use super::model::{Format, Webhook};
use crate::json::Json;

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";
const TEXT: &str = "text/plain; charset=utf-8";

/// A record under its singular key, as a delivery tells of it.
pub(super) struct Told<'a> {
    pub(super) singular: &'a str,
    pub(super) detail: &'a Json,
    /// The members that stand before the record in the format of events.
    pub(super) head: [(&'a str, Json); 3],
}

impl Told<'_> {
    /// Content type and body for a webhook.
    pub(super) fn body(self, webhook: &Webhook) -> (&'static str, String) {
        match webhook.format {
            Format::Default => (JSON, self.keyed().to_text()),
            Format::Event => {
                let data = self.keyed();
                let [id, kind, time] = self.head;
                (JSON, Json::object([id, kind, time, ("data", data)]).to_text())
            }
            Format::Form => {
                let mut form = form_urlencoded::Serializer::new(String::new());
                if webhook.fields.is_empty() {
                    form.append_pair("JSONString", &self.keyed().to_text());
                }
                for field in &webhook.fields {
                    form.append_pair(field, &member(self.detail, field));
                }
                (FORM, form.finish())
            }
            Format::Text => (TEXT, self.filled(&webhook.template)),
        }
    }

    fn keyed(&self) -> Json {
        Json::Object(vec![(self.singular.to_owned(), self.detail.clone())])
    }

    /// A template with its `${MODULE.MEMBER}` filled in. One of another module, and one that the record has not, is empty;
    /// what is not closed stays as it is.
    fn filled(&self, template: &str) -> String {
        let (mut text, mut rest) = (String::with_capacity(template.len()), template);
        while let Some((before, after)) = rest.split_once("${")
            && let Some((placeholder, after)) = after.split_once('}')
        {
            text.push_str(before);
            let wanted = placeholder.trim().split_once('.');
            if let Some((_, path)) = wanted.filter(|(module, _)| module.eq_ignore_ascii_case(self.singular)) {
                text.push_str(&member(self.detail, path));
            }
            rest = after;
        }
        text.push_str(rest);
        text
    }
}

/// A member as text, named without case; points lead into members of members. Lists and objects are JSON.
fn member(record: &Json, path: &str) -> String {
    let mut value = record;
    for name in path.split('.') {
        let Json::Object(members) = value else { return String::new() };
        match members.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
            Some((_, inner)) => value = inner,
            None => return String::new(),
        }
    }
    match value {
        Json::Null => String::new(),
        Json::Text(text) => text.clone(),
        other => other.to_text(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_filled_and_nothing_else() {
        let detail = Json::parse(r#"{"total": 12.5, "name": "A&B", "paid": true, "at": {"city": "Rome"}}"#);
        let detail = detail.unwrap();
        let told = Told {
            singular: "invoice",
            detail: &detail,
            head: ["a", "b", "c"].map(|name| (name, Json::Null)),
        };
        for (template, text) in [
            ("${INVOICE.TOTAL} ${invoice.name}", "12.5 A&B"),
            ("${INVOICE.PAID}/${INVOICE.AT.CITY}/${INVOICE.AT}", r#"true/Rome/{"city":"Rome"}"#),
            ("[${INVOICE.NOTHING}${ITEM.NAME}${INVOICE}]", "[]"),
            ("$5 {x} ${INVOICE.TOTAL", "$5 {x} ${INVOICE.TOTAL"),
            ("", ""),
        ] {
            assert_eq!(told.filled(template), text, "{template}");
        }
    }
}
