//! Criteria as clients write and read them.

use async_graphql::{Enum, InputObject, SimpleObject};
use finbridge_entity::criteria::{self as entity, Comparison, Criteria, Draft};

/// How a field is compared. Texts are compared without regard to letter case and surrounding blanks; days begin and end
/// by the organization's zone. Which operators a field takes is told by `viewFields`.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "entity::Operator")]
pub enum ViewOperator {
    /// Is this.
    Eq,
    /// Is not this. What is empty is not this either.
    Ne,
    /// Is one of these, 100 at most.
    In,
    /// Is none of these, 100 at most. What is empty is none of them either.
    NotIn,
    /// Is more or later than this.
    Gt,
    /// Is this, more or later.
    Gte,
    /// Is less or earlier than this.
    Lt,
    /// Is this, less or earlier.
    Lte,
    /// Is one of two values or between them; the smaller one stands first.
    Between,
    /// Has this text somewhere.
    Contains,
    /// Begins with this text.
    StartsWith,
    /// Holds nothing. Takes no value.
    IsEmpty,
    /// Holds something. Takes no value.
    IsNotEmpty,
    /// Is today. Takes no value.
    Today,
    /// Is yesterday. Takes no value.
    Yesterday,
    /// Is tomorrow. Takes no value.
    Tomorrow,
    /// Is in the present week, Monday to Sunday. Takes no value.
    ThisWeek,
    /// Is in the present calendar month. Takes no value.
    ThisMonth,
    /// Is in the present calendar year. Takes no value.
    ThisYear,
    /// Is today or on one of the days before, as many in all as the value says, 1 to 3650.
    LastNDays,
    /// Is today or on one of the days after, as many in all as the value says, 1 to 3650.
    NextNDays,
}

/// Which records are in a view: exactly one of `all`, `any`, `not`, or a `field` with its `operator` and `values`. At most
/// 50 conditions, nested at most 5 deep.
#[derive(InputObject, Debug, Clone)]
pub struct ViewCriteriaInput {
    /// All of these hold.
    all: Option<Vec<ViewCriteriaInput>>,
    /// At least one of these holds.
    any: Option<Vec<ViewCriteriaInput>>,
    /// This does not hold. A comparison with an empty field does not hold, so its opposite does.
    not: Option<Box<ViewCriteriaInput>>,
    /// The field that is compared, by the key that `viewFields` tells.
    field: Option<String>,
    /// How it is compared.
    operator: Option<ViewOperator>,
    /// With what: as many values as the operator takes, in the form of the field's kind. Texts as they are, numbers as
    /// "1054.5", yes and no as "true" and "false", days as "2026-01-05", instants in RFC 3339, records by global id. Where a
    /// person is meant, "VIEWER" stands for whoever uses the view.
    values: Option<Vec<String>>,
}

impl From<ViewCriteriaInput> for Draft {
    fn from(input: ViewCriteriaInput) -> Self {
        let parts = |parts: Option<Vec<ViewCriteriaInput>>| {
            parts.map(|parts| parts.into_iter().map(Self::from).collect())
        };
        Self {
            all: parts(input.all),
            any: parts(input.any),
            not: input.not.map(|part| Box::new(Self::from(*part))),
            field: input.field,
            operator: input.operator.map(Into::into),
            values: input.values,
        }
    }
}

/// Which records are in a view. Exactly one of `all`, `any`, `not` and `field` is not null.
#[derive(SimpleObject, Default)]
pub struct ViewCriteria {
    /// All of these hold.
    all: Option<Vec<ViewCriteria>>,
    /// At least one of these holds.
    any: Option<Vec<ViewCriteria>>,
    /// This does not hold.
    not: Option<Box<ViewCriteria>>,
    /// Key of the field that is compared, as `viewFields` tells it.
    field: Option<String>,
    /// How it is compared; null without a field.
    operator: Option<ViewOperator>,
    /// With what; empty for operators that take no value, null without a field.
    values: Option<Vec<String>>,
}

impl From<Criteria> for ViewCriteria {
    fn from(criteria: Criteria) -> Self {
        let parts = |parts: Vec<Criteria>| Some(parts.into_iter().map(Self::from).collect());
        match criteria {
            Criteria::All(all) => Self { all: parts(all), ..Self::default() },
            Criteria::Any(any) => Self { any: parts(any), ..Self::default() },
            Criteria::Not(not) => Self { not: Some(Box::new(Self::from(*not))), ..Self::default() },
            Criteria::Condition(Comparison { field, operator, values }) => Self {
                field: Some(field),
                operator: Some(operator.into()),
                values: Some(values),
                ..Self::default()
            },
        }
    }
}
