//! Criteria as a condition in SQL.

use finbridge_domain::name_key;
use sea_orm::sea_query::{BinOper, Expr, ExprTrait, SelectStatement};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect, QueryTrait};

use super::field::{At, Field, Place};
use super::frame::Frame;
use super::operator::Operator;
use super::text::TextShape;
use super::value::{self, Operand};
use super::{Comparison, Criteria, Unusable, calendar};
use crate::scope::Scoped;
use crate::types::CustomFieldKind;
use crate::{custom_value, record_tag, stage, tag};

/// Ten-thousandths in one.
const UNITS: i64 = 10_000;

/// In what a column's values are compared.
#[derive(Clone, Copy)]
enum Shape {
    Text(TextShape),
    Integer,
    Units,
    /// 0 and 1 in a column of numbers.
    Bit,
    Boolean,
    Day,
    Instant,
    Record,
}

impl Frame {
    /// The condition on the table of these records. It refers to the table by its name and is never unknown for a record
    /// that it matches, so it can be put into any statement over that table.
    ///
    /// # Errors
    /// Fields that were removed since the criteria were saved.
    pub fn condition(&self, criteria: &Criteria) -> Result<Condition, Unusable> {
        Ok(match criteria {
            Criteria::All(parts) => self.parts(Condition::all(), parts)?,
            Criteria::Any(parts) => self.parts(Condition::any(), parts)?,
            Criteria::Not(part) => Condition::all().add(not(self.condition(part)?)),
            Criteria::Condition(comparison) => Condition::all().add(self.comparison(comparison)?),
        })
    }

    fn parts(&self, start: Condition, parts: &[Criteria]) -> Result<Condition, Unusable> {
        parts.iter().try_fold(start, |sum, part| Ok(sum.add(self.condition(part)?)))
    }

    fn comparison(&self, comparison: &Comparison) -> Result<Expr, Unusable> {
        let Comparison { field: key, operator, values } = comparison;
        let field = self.fields().iter().find(|field| field.key == *key).ok_or_else(|| {
            let kind = self.record_type.plural();
            Unusable(format!("the field `{key}` of {kind} was removed; change the criteria of the view"))
        })?;
        let again = |what: String| Unusable(format!("{what}; change the criteria of the view"));
        if !field.takes(*operator) {
            return Err(again(format!("`{key}` does not take {} any more", operator.as_str())));
        }
        let operands: Vec<_> = values
            .iter()
            .map(|text| value::read(field, *operator, text))
            .collect::<Result<_, _>>()
            .map_err(again)?;
        let (operator, is_negated) = operator.positive();
        let holds = self.holds(field, operator, &operands);
        Ok(if is_negated { not(holds) } else { holds })
    }

    fn holds(&self, field: &Field, operator: Operator, operands: &[Operand]) -> Expr {
        let column = |column: &At| Expr::col(column.clone());
        match &field.place {
            Place::Text(at, shape) => self.compare(column(at), Shape::Text(*shape), operator, operands),
            Place::Part(at, part) => {
                // Both databases spell it so; the part's name is our own, not a client's.
                let part = Expr::cust(format!("'{part}'"));
                let value = column(at).binary(BinOper::Custom("->>"), part);
                self.compare(value, Shape::Text(TextShape::Plain), operator, operands)
            }
            Place::Integer(at) => self.compare(column(at), Shape::Integer, operator, operands),
            Place::Units(at) => self.compare(column(at), Shape::Units, operator, operands),
            Place::Boolean(at) => self.compare(column(at), Shape::Boolean, operator, operands),
            Place::Day(at) => self.compare(column(at), Shape::Day, operator, operands),
            Place::Instant(at) => self.compare(column(at), Shape::Instant, operator, operands),
            Place::Record(at) => self.compare(column(at), Shape::Record, operator, operands),
            Place::StageKind(at) => column(at).in_subquery(self.stages(operands)),
            Place::Tags(id) => column(id).in_subquery(self.tagged(operands)),
            Place::Custom(id, field_id, kind) => {
                let (held, shape) = kept(*kind);
                let mut values = custom_value::Entity::of(self.organization_id)
                    .select_only()
                    .column(custom_value::Column::RecordId)
                    .filter(custom_value::Column::FieldId.eq(*field_id));
                // A field that holds nothing has no row.
                if operator != Operator::IsNotEmpty {
                    values =
                        values.filter(self.compare(column(&held.as_column_ref()), shape, operator, operands));
                }
                column(id).in_subquery(values.into_query())
            }
        }
    }

    fn stages(&self, operands: &[Operand]) -> SelectStatement {
        let mut stages = stage::Entity::of(self.organization_id).select_only().column(stage::Column::Id);
        if !operands.is_empty() {
            let kinds = texts(operands).map(str::to_uppercase);
            stages = stages.filter(Expr::col(stage::Column::Kind.as_column_ref()).is_in(kinds));
        }
        stages.into_query()
    }

    fn tagged(&self, operands: &[Operand]) -> SelectStatement {
        let mut records = record_tag::Entity::find()
            .select_only()
            .column(record_tag::Column::RecordId)
            .filter(record_tag::Column::OrganizationId.eq(self.organization_id));
        if !operands.is_empty() {
            let tags = tag::Entity::of(self.organization_id)
                .select_only()
                .column(tag::Column::Id)
                .filter(tag::Column::NameKey.is_in(texts(operands).map(name_key)));
            records = records.filter(record_tag::Column::TagId.in_subquery(tags.into_query()));
        }
        records.into_query()
    }

    /// Compares one value. Operators come without their "not".
    fn compare(&self, value: Expr, shape: Shape, operator: Operator, operands: &[Operand]) -> Expr {
        let each = || operands.iter().map(|operand| self.bound(shape, operand));
        let only = || each().next().unwrap_or_else(|| Expr::val(None::<String>));
        match (operator, shape) {
            (Operator::Eq | Operator::In, Shape::Text(shape)) => shape.is_in(value, texts(operands)),
            (Operator::Eq | Operator::In, _) => value.is_in(each()),
            (Operator::Contains, Shape::Text(shape)) => texts(operands)
                .fold(Condition::any(), |any, text| any.add(shape.contains(&value, text)))
                .into(),
            (Operator::StartsWith, Shape::Text(shape)) => texts(operands)
                .fold(Condition::any(), |any, text| any.add(shape.starts_with(&value, text)))
                .into(),
            (Operator::Gt, _) => value.gt(only()),
            (Operator::Gte, _) => value.gte(only()),
            (Operator::Lt, _) => value.lt(only()),
            (Operator::Lte, _) => value.lte(only()),
            (Operator::Between, _) => {
                let high = each().nth(1).unwrap_or_else(only);
                value.clone().gte(only()).and(value.lte(high))
            }
            (Operator::IsNotEmpty, Shape::Text(_)) => value.clone().is_not_null().and(value.ne("")),
            (Operator::IsNotEmpty, _) => value.is_not_null(),
            (relative, shape) => {
                let n = operands.iter().find_map(|operand| match operand {
                    Operand::Days(n) => Some(*n),
                    _ => None,
                });
                let (first, last) = calendar::days(relative, n.unwrap_or(1), self.today);
                if matches!(shape, Shape::Instant) {
                    let end = last.succ_opt().unwrap_or(last);
                    let (begin, end) = (calendar::begin(self.zone, first), calendar::begin(self.zone, end));
                    value.clone().gte(begin).and(value.lt(end))
                } else {
                    value.clone().gte(first).and(value.lte(last))
                }
            }
        }
    }

    fn bound(&self, shape: Shape, operand: &Operand) -> Expr {
        match (operand, shape) {
            (Operand::Number(units), Shape::Integer) => Expr::val(units / UNITS),
            (Operand::Number(units), _) => Expr::val(*units),
            (Operand::Boolean(yes), Shape::Bit) => Expr::val(i64::from(*yes)),
            (Operand::Boolean(yes), _) => Expr::val(*yes),
            (Operand::Day(day), _) => Expr::val(*day),
            (Operand::Instant(instant), _) => Expr::val(*instant),
            (Operand::Record(id), _) => Expr::val(*id),
            (Operand::Viewer, _) => Expr::val(self.viewer_id),
            (Operand::Text(text), _) => Expr::val(text.as_str()),
            (Operand::Days(days), _) => Expr::val(*days),
        }
    }
}

/// The column of `custom_value` that a kind of field uses.
fn kept(kind: CustomFieldKind) -> (custom_value::Column, Shape) {
    use custom_value::Column;
    match kind {
        CustomFieldKind::Text | CustomFieldKind::PickList => (Column::TextKey, Shape::Text(TextShape::Key)),
        CustomFieldKind::LongText => (Column::Text, Shape::Text(TextShape::Plain)),
        CustomFieldKind::Integer | CustomFieldKind::Decimal => (Column::NumberUnits, Shape::Units),
        CustomFieldKind::Boolean => (Column::NumberUnits, Shape::Bit),
        CustomFieldKind::Date => (Column::Day, Shape::Day),
        CustomFieldKind::DateTime => (Column::Instant, Shape::Instant),
    }
}

fn texts(operands: &[Operand]) -> impl Iterator<Item = &str> {
    operands.iter().filter_map(|operand| match operand {
        Operand::Text(text) => Some(text.as_str()),
        _ => None,
    })
}

/// What is false or, for want of a value, unknown.
fn not(condition: impl Into<Expr>) -> Expr {
    condition.into().is_not(Expr::Constant(true.into()))
}
