//! Contact persons as stored, and the rule that exactly one of them is primary.

use serde::{Deserialize, Serialize};

use crate::error::ApiError;
use crate::json::Json;
use crate::resource::field::{self, Fields, Kind};
use crate::resource::packed::{Packed, Value};
use crate::writer::Writer;

/// A contact person.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct ContactPerson {
    pub(crate) contact_person_id: u64,
    pub(crate) is_primary: bool,
    pub(crate) in_portal: bool,
    pub(crate) sms: bool,
    pub(crate) whatsapp: bool,
    /// The CRM contact that the person is linked to.
    #[serde(default)]
    pub(crate) zcrm_contact_id: Option<Box<str>>,
    pub(crate) members: Packed,
}

/// Plain members and their limits in characters.
pub(crate) const PERSON_FIELDS: Fields = &[
    ("salutation", Kind::Text(25)),
    ("first_name", Kind::Text(100)),
    ("last_name", Kind::Text(100)),
    ("email", Kind::Text(100)),
    ("phone", Kind::Text(50)),
    ("mobile", Kind::Text(50)),
    ("skype", Kind::Text(50)),
    ("designation", Kind::Text(100)),
    ("department", Kind::Text(50)),
];

impl ContactPerson {
    /// Takes the members of `body`; absent ones keep their value. Says whether the body asks to be primary.
    pub(crate) fn take(&mut self, body: &Json) -> Result<bool, ApiError> {
        field::take(&mut self.members, PERSON_FIELDS, body, 0)?;
        for name in ["enable_portal", "is_added_in_portal"] {
            self.in_portal = flag(body, name)?.unwrap_or(self.in_portal);
        }
        if let Some(preference) = body.get("communication_preference") {
            self.sms = flag(preference, "is_sms_enabled")?.unwrap_or(self.sms);
            self.whatsapp = flag(preference, "is_whatsapp_enabled")?.unwrap_or(self.whatsapp);
        }
        Ok(flag(body, "is_primary_contact")?.unwrap_or(false))
    }

    /// The text of one plain member.
    pub(crate) fn text(&self, name: &str) -> &str {
        field::text(&self.members, name)
    }

    /// The members that [`ContactPerson::show`] has without a contact, as text.
    pub(crate) fn write(&self, out: &mut Writer) {
        out.id("contact_person_id", self.contact_person_id);
        for (name, _) in PERSON_FIELDS {
            out.value(name, self.members.get(name).unwrap_or(Value::Text("")));
        }
        out.flag("is_primary_contact", self.is_primary);
        out.flag("enable_portal", self.in_portal);
        out.flag("is_added_in_portal", self.in_portal);
        out.text("zcrm_contact_id", self.zcrm_contact_id.as_deref().unwrap_or_default());
        out.open_member("communication_preference", '{');
        out.flag("is_sms_enabled", self.sms);
        out.flag("is_whatsapp_enabled", self.whatsapp);
        out.close('}');
    }

    /// The person as answers show it; `contact_id` leads when given.
    pub(crate) fn show(&self, contact_id: Option<u64>) -> Json {
        let mut object = Vec::with_capacity(PERSON_FIELDS.len() + 7);
        if let Some(contact_id) = contact_id {
            object.push(("contact_id".to_owned(), Json::id(contact_id)));
        }
        object.push(("contact_person_id".to_owned(), Json::id(self.contact_person_id)));
        field::show_all(&mut object, &self.members, PERSON_FIELDS);
        let preference = Json::object([
            ("is_sms_enabled", self.sms.into()),
            ("is_whatsapp_enabled", self.whatsapp.into()),
        ]);
        object.extend([
            ("is_primary_contact".to_owned(), self.is_primary.into()),
            ("enable_portal".to_owned(), self.in_portal.into()),
            ("is_added_in_portal".to_owned(), self.in_portal.into()),
            ("zcrm_contact_id".to_owned(), self.zcrm_contact_id.as_deref().unwrap_or_default().into()),
            ("communication_preference".to_owned(), preference),
        ]);
        Json::Object(object)
    }
}

/// Makes `wanted` the primary person; without a wish the present one stays, and failing that the first becomes it.
pub(crate) fn settle_primary(persons: &mut [ContactPerson], wanted: Option<u64>) {
    let chosen = wanted
        .or_else(|| persons.iter().find(|person| person.is_primary).map(|person| person.contact_person_id))
        .or_else(|| persons.first().map(|person| person.contact_person_id));
    for person in persons {
        person.is_primary = Some(person.contact_person_id) == chosen;
    }
}

fn flag(body: &Json, name: &str) -> Result<Option<bool>, ApiError> {
    match body.get(name) {
        None | Some(Json::Null) => Ok(None),
        Some(Json::Bool(value)) => Ok(Some(*value)),
        Some(Json::Text(text)) if text == "true" || text == "false" => Ok(Some(text == "true")),
        Some(_) => Err(ApiError::invalid(name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_a_person_is_that_of_its_tree() {
        let mut person = ContactPerson { contact_person_id: 7, is_primary: true, ..ContactPerson::default() };
        for sent in [r#"{"first_name":"A \"B\"","phone":null}"#, r#"{"enable_portal":true,"email":"a@b.c"}"#]
        {
            person.take(&Json::parse(sent).unwrap()).unwrap();
            let mut out = Writer::default();
            out.open('{');
            person.write(&mut out);
            out.close('}');
            assert_eq!(out.finish(), person.show(None).to_text());
            person.zcrm_contact_id = Some("007".into());
        }
    }
}
