//! Checking criteria when they are saved. Every fault is found, each with the path to what is wrong.

use finbridge_domain::name_key;

use super::field::{Field, FieldKind};
use super::operator::{Arity, Operator};
use super::{Comparison, Criteria, DEEPEST, MOST, MOST_VALUES, value};

/// Criteria as somebody sent them.
#[derive(Debug, Clone, Default)]
pub struct Draft {
    /// All of these hold.
    pub all: Option<Vec<Draft>>,
    /// At least one of these holds.
    pub any: Option<Vec<Draft>>,
    /// This does not hold.
    pub not: Option<Box<Draft>>,
    /// Key of the field of a condition.
    pub field: Option<String>,
    /// Operator of a condition.
    pub operator: Option<Operator>,
    /// Values of a condition.
    pub values: Option<Vec<String>>,
}

/// What kind of fault it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// Something is not there that has to be.
    Required,
    /// There is no such field.
    Unknown,
    /// Something is not of the form that is asked for.
    Invalid,
}

/// A fault in criteria.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What kind of fault.
    pub kind: FaultKind,
    /// Path to what is wrong, such as `criteria.all.0.values.1`.
    pub path: String,
    /// What is wrong and what to do; for people.
    pub message: String,
}

/// Checks criteria against the fields they can be about.
///
/// # Errors
/// All faults found.
pub fn check(draft: Draft, fields: &[Field], path: &str) -> Result<Criteria, Vec<Fault>> {
    let mut checking = Checking { fields, faults: Vec::new(), conditions: 0 };
    let criteria = checking.criteria(draft, path, 1);
    if checking.conditions > MOST {
        let message = format!(
            "Criteria take {MOST} conditions and these have {}; IN compares with many values at once",
            checking.conditions
        );
        checking.fault(FaultKind::Invalid, path.to_owned(), message);
    }
    match criteria {
        Some(criteria) if checking.faults.is_empty() => Ok(criteria),
        _ => Err(checking.faults),
    }
}

struct Checking<'a> {
    fields: &'a [Field],
    faults: Vec<Fault>,
    conditions: usize,
}

impl Checking<'_> {
    fn fault(&mut self, kind: FaultKind, path: String, message: impl Into<String>) {
        self.faults.push(Fault { kind, path, message: message.into() });
    }

    fn criteria(&mut self, draft: Draft, path: &str, depth: usize) -> Option<Criteria> {
        if depth > DEEPEST {
            let message = format!("Criteria are nested {DEEPEST} deep at most; write them flatter");
            self.fault(FaultKind::Invalid, path.to_owned(), message);
            return None;
        }
        let is_condition = draft.field.is_some() || draft.operator.is_some() || draft.values.is_some();
        match (draft.all, draft.any, draft.not, is_condition) {
            (Some(parts), None, None, false) => {
                self.parts(parts, &format!("{path}.all"), depth).map(Criteria::All)
            }
            (None, Some(parts), None, false) => {
                self.parts(parts, &format!("{path}.any"), depth).map(Criteria::Any)
            }
            (None, None, Some(part), false) => {
                let part = self.criteria(*part, &format!("{path}.not"), depth + 1)?;
                Some(Criteria::Not(Box::new(part)))
            }
            (None, None, None, true) => {
                self.comparison(draft.field, draft.operator, draft.values, path).map(Criteria::Condition)
            }
            _ => {
                let message = "Give exactly one of `all`, `any`, `not`, or a `field` with its `operator`";
                self.fault(FaultKind::Invalid, path.to_owned(), message);
                None
            }
        }
    }

    fn parts(&mut self, parts: Vec<Draft>, path: &str, depth: usize) -> Option<Vec<Criteria>> {
        if parts.is_empty() {
            self.fault(FaultKind::Required, path.to_owned(), "Give at least one condition");
            return None;
        }
        // All of them are looked at, so that all faults are told.
        let checked: Vec<_> = parts
            .into_iter()
            .enumerate()
            .map(|(place, part)| self.criteria(part, &format!("{path}.{place}"), depth + 1))
            .collect();
        checked.into_iter().collect()
    }

    fn comparison(
        &mut self,
        key: Option<String>,
        operator: Option<Operator>,
        values: Option<Vec<String>>,
        path: &str,
    ) -> Option<Comparison> {
        self.conditions += 1;
        let Some(key) = key else {
            self.fault(
                FaultKind::Required,
                format!("{path}.field"),
                "Name the field; `viewFields` lists them",
            );
            return None;
        };
        let Some(field) = self.fields.iter().find(|field| field.key == key) else {
            let key: String = key.chars().take(64).collect();
            let message = format!("There is no field `{key}` here; `viewFields` lists them");
            self.fault(FaultKind::Unknown, format!("{path}.field"), message);
            return None;
        };
        let taken = || {
            let names: Vec<_> = field.kind.operators().into_iter().map(Operator::as_str).collect();
            names.join(", ")
        };
        let Some(operator) = operator else {
            let message = format!("Say how `{key}` is compared: {}", taken());
            self.fault(FaultKind::Required, format!("{path}.operator"), message);
            return None;
        };
        if !field.takes(operator) {
            let message = format!("`{key}` does not take {}; it takes {}", operator.as_str(), taken());
            self.fault(FaultKind::Invalid, format!("{path}.operator"), message);
            return None;
        }
        let values: Vec<_> =
            values.unwrap_or_default().into_iter().map(|value| value.trim().to_owned()).collect();
        let before = self.faults.len();
        self.values(field, operator, &values, &format!("{path}.values"));
        (self.faults.len() == before).then_some(Comparison { field: key, operator, values })
    }

    fn values(&mut self, field: &Field, operator: Operator, values: &[String], path: &str) {
        let name = operator.as_str();
        let (fits, wanted) = match operator.arity() {
            Arity::None => (values.is_empty(), "no values".to_owned()),
            Arity::One => (values.len() == 1, "one value".to_owned()),
            Arity::Two => (values.len() == 2, "two values, the smaller one first".to_owned()),
            Arity::Many => ((1..=MOST_VALUES).contains(&values.len()), format!("1 to {MOST_VALUES} values")),
            Arity::Days => (values.len() == 1, "a number of days as its value".to_owned()),
        };
        if !fits {
            let kind = if values.is_empty() { FaultKind::Required } else { FaultKind::Invalid };
            let message = format!("{name} takes {wanted} and has {}", values.len());
            self.fault(kind, path.to_owned(), message);
            return;
        }
        let mut operands = Vec::new();
        for (place, text) in values.iter().enumerate() {
            let path = format!("{path}.{place}");
            match value::read(field, operator, text) {
                Err(message) => self.fault(FaultKind::Invalid, path, message),
                Ok(_) if field.kind == FieldKind::PickList && !is_option(field, text) => {
                    let message = format!("`{}` takes one of: {}", field.key, field.options.join(", "));
                    self.fault(FaultKind::Invalid, path, message);
                }
                Ok(operand) => operands.push(operand),
            }
        }
        if let [low, high] = operands.as_slice()
            && operator == Operator::Between
            && high.is_before(low)
        {
            let message = "BETWEEN takes the smaller value first; exchange the two";
            self.fault(FaultKind::Invalid, path.to_owned(), message);
        }
    }
}

fn is_option(field: &Field, text: &str) -> bool {
    field.options.iter().any(|option| name_key(option) == name_key(text))
}
