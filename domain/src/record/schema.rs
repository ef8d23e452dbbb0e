//! A field map, held against the fields that both sides have at this moment (R092, R094, R096).

use super::crm_fields::CrmField;
use super::finance::{FieldType, FinanceField};
use super::map::FieldMap;
use super::values::FieldKey;

/// What both sides have for one source, added fields included.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Schema {
    /// The CRM's fields that can be mapped.
    pub crm: Vec<CrmField>,
    /// The CRM's fields that are there and cannot be mapped: no layout that counts has them.
    pub hidden: Vec<FieldKey>,
    /// The finance side's fields.
    pub finance: Vec<FinanceField>,
}

/// Why a pair of a map does not fit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SchemaFault {
    /// The CRM has no such field.
    #[error(
        "the CRM has no field `{0}`; `mappableFields` lists those that there are, and `customFieldCreate` adds one"
    )]
    CrmMissing(FieldKey),
    /// The finance side has no such field.
    #[error(
        "the finance app has no field `{0}`; `mappableFields` lists those that there are. Create it in the finance app first, then save again"
    )]
    FinanceMissing(FieldKey),
    /// No layout that counts has the field.
    #[error(
        "`{0}` is not on the standard layout, and only its fields can be mapped; put it there with `layoutUpdate`, or map another"
    )]
    Hidden(FieldKey),
    /// The finance app fills the field itself.
    #[error("the finance app fills `{0}` itself and takes no values for it; map another field")]
    ReadOnly(FieldKey),
    /// The CRM takes nothing from the finance side for this field.
    #[error("`{0}` takes nothing from the finance side; set `comesBack: false` for it")]
    NoWayBack(FieldKey),
    /// What one field holds is not what the other takes.
    #[error("`{from}` holds {} and `{to}` takes {}; {remedy}", from_type.spoken(), to_type.spoken())]
    TypeMismatch {
        /// Where values come from.
        from: FieldKey,
        /// What it holds.
        from_type: FieldType,
        /// Where they go.
        to: FieldKey,
        /// What it takes.
        to_type: FieldType,
        /// What to do.
        remedy: &'static str,
    },
}

impl Schema {
    /// What of this map does not fit, pair by pair; nothing when it can be followed. `takes_back` says whether values of the
    /// finance side come into the CRM at all.
    pub fn check(&self, map: &FieldMap, takes_back: bool) -> Vec<SchemaFault> {
        let mut faults = Vec::new();
        for pair in &map.0 {
            let crm = self.crm.iter().find(|field| field.key == pair.crm);
            let finance = self.finance.iter().find(|field| field.key == pair.finance);
            if crm.is_none() {
                let key = pair.crm.clone();
                let is_hidden = self.hidden.contains(&key);
                faults.push(if is_hidden { SchemaFault::Hidden(key) } else { SchemaFault::CrmMissing(key) });
            }
            if finance.is_none() {
                faults.push(SchemaFault::FinanceMissing(pair.finance.clone()));
            }
            let (Some(crm), Some(finance)) = (crm, finance) else { continue };
            if finance.is_read_only {
                faults.push(SchemaFault::ReadOnly(finance.key.clone()));
            } else if !crm.field_type.fits(finance.field_type) {
                faults.push(SchemaFault::TypeMismatch {
                    from: crm.key.clone(),
                    from_type: crm.field_type,
                    to: finance.key.clone(),
                    to_type: finance.field_type,
                    remedy: "map a field of the same type, or one that takes text",
                });
            } else if takes_back && pair.to_crm && crm.is_read_only {
                faults.push(SchemaFault::NoWayBack(crm.key.clone()));
            } else if takes_back && pair.to_crm && !finance.field_type.fits(crm.field_type) {
                faults.push(SchemaFault::TypeMismatch {
                    from: finance.key.clone(),
                    from_type: finance.field_type,
                    to: crm.key.clone(),
                    to_type: crm.field_type,
                    remedy: "set `comesBack: false`, or map a field of the same type",
                });
            }
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::super::crm_fields::standard_crm_fields;
    use super::super::finance::standard_fields;
    use super::super::map::{FieldPair, Source};
    use super::*;

    fn schema(source: Source) -> Schema {
        Schema {
            crm: standard_crm_fields(source.record_type),
            hidden: vec![FieldKey::custom("partner_only")],
            finance: standard_fields(source.kind),
        }
    }

    fn check(crm: &'static str, finance: &'static str, to_crm: bool, takes_back: bool) -> Vec<SchemaFault> {
        let pair = FieldPair { crm: FieldKey::of(crm), finance: FieldKey::of(finance), to_crm };
        schema(Source::PRODUCTS).check(&FieldMap(vec![pair]), takes_back)
    }

    #[test]
    fn r093_default_maps_fit_the_fields_that_everybody_has() {
        for source in Source::ALL {
            assert_eq!(schema(*source).check(&FieldMap::default_of(*source), true), [], "{source:?}");
        }
    }

    #[test]
    fn r094_r096_fields_that_are_missing_or_hidden_are_told_apart() {
        let missing = FieldKey::of("customFields.cf_nope");
        assert_eq!(
            check("family", "customFields.cf_nope", true, true),
            [SchemaFault::FinanceMissing(missing)]
        );
        let missing = FieldKey::of("customFields.nope");
        assert_eq!(check("customFields.nope", "unit", true, true), [SchemaFault::CrmMissing(missing)]);
        let hidden = FieldKey::custom("partner_only");
        assert_eq!(check("customFields.partner_only", "unit", true, true), [SchemaFault::Hidden(hidden)]);
    }

    #[test]
    fn r092_types_have_to_fit_there_and_back_where_values_come_back() {
        assert!(matches!(check("family", "rate", true, true)[..], [SchemaFault::TypeMismatch { .. }]));
        assert_eq!(check("unitPrice", "description", false, true), [], "anything can be written down");
        assert!(matches!(
            check("unitPrice", "description", true, true)[..],
            [SchemaFault::TypeMismatch { from_type: FieldType::Text, to_type: FieldType::Decimal, .. }]
        ));
        assert_eq!(check("unitPrice", "description", true, false), [], "nothing comes back one way");
        assert_eq!(check("family", "productType", true, true), [], "texts can be what a list has");
    }
}
