//! Fields that an organization added.

use finbridge_domain::record::map::canonical;
use finbridge_domain::record::{FieldKey, FieldType, FinanceField, Values};

use crate::wire::body::{Member, Members};
use crate::wire::row::Row;

/// The member that holds their values.
const MEMBER: &str = "custom_fields";

/// Types of fields that the vendor fills itself.
const COMPUTED: [&str; 2] = ["autonumber", "formula"];

/// What a field of the vendor's type holds. A type that is not known is text: it can be read at least.
fn field_type(data_type: &str) -> FieldType {
    match data_type {
        "number" | "decimal" | "amount" | "percent" | "autonumber" => FieldType::Decimal,
        "check_box" => FieldType::Boolean,
        "dropdown" => FieldType::Choice,
        "date" => FieldType::Date,
        _ => FieldType::Text,
    }
}

/// The field that a definition describes; none for one that everybody has, or that is out of use.
pub(crate) fn field(row: &Row) -> Option<FinanceField> {
    let says_no = |member| row.text(member).as_deref() == Some("false");
    if says_no("is_custom_field") || says_no("is_active") {
        return None;
    }
    let name = row.some_text("api_name").or_else(|| row.some_text("field_name"))?;
    let label = row.some_text("label").or_else(|| row.some_text("field_name_formatted"));
    let data_type = row.text("data_type").unwrap_or_default();
    let field_type = field_type(&data_type);
    let options = row.list("values").unwrap_or_default();
    let options = options.iter().filter_map(|option| option.some_text("name"));
    Some(FinanceField {
        key: FieldKey::custom(&name),
        label: label.unwrap_or_else(|| name.clone()),
        field_type,
        options: if field_type == FieldType::Choice { options.collect() } else { Vec::new() },
        max_length: None,
        is_required: row.says_yes("is_mandatory"),
        is_unique: row.says_yes("is_unique"),
        is_read_only: row.says_yes("is_read_only") || COMPUTED.contains(&data_type.as_str()),
    })
}

/// The values that a record tells. Empty fields are not among them.
pub(crate) fn values(row: &Row) -> impl Iterator<Item = (FieldKey, String)> {
    row.list(MEMBER).unwrap_or_default().into_iter().filter_map(|entry| {
        let name = entry.some_text("api_name").or_else(|| entry.some_text("placeholder"))?;
        let field_type = field_type(&entry.text("data_type").unwrap_or_default());
        Some((FieldKey::custom(&name), exact(field_type, &entry.joined("value")?)))
    })
}

/// The canonical form of a value. The vendor may write numbers with an exponent.
pub(crate) fn exact(field_type: FieldType, value: &str) -> String {
    if field_type == FieldType::Decimal
        && let Ok(number) = rust_decimal::Decimal::from_scientific(value.trim())
    {
        return canonical(field_type, &number.to_string());
    }
    canonical(field_type, value)
}

/// Puts the added fields among `values` into a body. Those that it leaves out stay as they are.
pub(crate) fn write(values: &Values, members: &mut Members) {
    let entries: Vec<Members> = values
        .iter()
        .filter_map(|(field, value)| {
            let name = field.custom_name()?;
            let entry = [("api_name", name), ("value", value.as_str())];
            Some(entry.into_iter().map(|(name, value)| (name.to_owned(), Member::from(value))).collect())
        })
        .collect();
    if !entries.is_empty() {
        members.insert(MEMBER.to_owned(), Member::List(entries));
    }
}

/// Tells added fields that were written as empty: a record read back does not show them.
pub(crate) fn tell_emptied(written: &Values, told: &mut Values) {
    for (field, value) in written {
        if field.custom_name().is_some() && value.is_empty() {
            told.entry(field.clone()).or_default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(text: &str) -> Row {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn definitions_tell_types_and_options() {
        let defined = row(
            r#"{"api_name": "cf_region", "label": "Region", "data_type": "dropdown", "is_custom_field": true,
                "values": [{"name": "North", "order": 1}, {"name": "South"}], "is_mandatory": true}"#,
        );
        let field = field(&defined).unwrap();
        assert_eq!((field.key.as_str(), field.label.as_str()), ("customFields.cf_region", "Region"));
        assert_eq!((field.field_type, field.is_required), (FieldType::Choice, true));
        assert_eq!(field.options, ["North", "South"]);
        let counted =
            super::field(&row(r#"{"api_name": "cf_no", "data_type": "autonumber", "is_unique": true}"#));
        let counted = counted.unwrap();
        assert_eq!((counted.is_unique, counted.is_read_only), (true, true));
        assert!(!field.is_unique && !field.is_read_only);
        for other in [
            r#"{"field_name": "contact_name", "is_custom_field": false}"#,
            r#"{"api_name": "cf_old", "is_active": false}"#,
        ] {
            assert!(super::field(&row(other)).is_none(), "{other}");
        }
    }

    #[test]
    fn values_come_in_canonical_form() {
        let told = row(r#"{"custom_fields": [
                {"api_name": "cf_a", "value": 100.50, "data_type": "decimal"},
                {"api_name": "cf_b", "value": true, "data_type": "check_box"},
                {"placeholder": "cf_c", "value": ["x", "y"], "data_type": "multiselect"},
                {"api_name": "cf_d", "value": 1.5e3, "data_type": "amount"},
                {"value": "without a name"}]}"#);
        let told: Vec<_> = values(&told).map(|(field, value)| (field.to_string(), value)).collect();
        let told: Vec<_> = told.iter().map(|(field, value)| (field.as_str(), value.as_str())).collect();
        let expected = [
            ("customFields.cf_a", "100.5"),
            ("customFields.cf_b", "true"),
            ("customFields.cf_c", "x,y"),
            ("customFields.cf_d", "1500"),
        ];
        assert_eq!(told, expected);
    }
}
