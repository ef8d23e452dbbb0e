//! What an operation may cost at most: one point for every object that its answer may hold, and ten more for each
//! mutation. A page has as many objects as `first` or `last` ask for.

use std::collections::HashMap;

use async_graphql::parser::types::{
    BaseType, Directive, ExecutableDocument, Field, OperationDefinition, OperationType, Selection,
    SelectionSet,
};
use async_graphql::{Name, Positioned, Variables};
use async_graphql_value::{ConstValue, Value};
use finbridge_entity::criteria;

use super::catalogue::{Catalogue, Composite, Size, named, number};
use crate::service::page;

/// What a mutation costs beside the objects it answers with.
pub const MUTATION: u64 = 10;

/// How many objects of introspection cost one point: they come from memory.
const INTROSPECTION_PER_POINT: u64 = 100;

/// How many objects a tree has on each of its levels at most. Criteria are the only ones, and each of their objects holds at
/// least one of their conditions.
const BRANCHES: u64 = criteria::MOST as u64;

/// What an operation may cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cost {
    /// Objects and mutations, in points.
    pub points: u64,
    /// Objects of introspection.
    pub introspection: u64,
}

impl Cost {
    /// All of it in points, and never nothing.
    pub fn total(self) -> u64 {
        self.points.saturating_add(self.introspection.div_ceil(INTROSPECTION_PER_POINT)).max(1)
    }

    fn add(&mut self, other: Self) {
        self.points = self.points.saturating_add(other.points);
        self.introspection = self.introspection.saturating_add(other.introspection);
    }

    fn times(self, number: u64) -> Self {
        Self {
            points: self.points.saturating_mul(number),
            introspection: self.introspection.saturating_mul(number),
        }
    }

    fn max(self, other: Self) -> Self {
        Self {
            points: self.points.max(other.points),
            introspection: self.introspection.max(other.introspection),
        }
    }
}

/// The values of an operation's variables: those sent, else the defaults of their definitions.
#[derive(Clone, Copy)]
pub struct Values<'a> {
    sent: &'a Variables,
    operation: &'a OperationDefinition,
}

impl<'a> Values<'a> {
    /// What these variables are for this operation.
    pub fn new(sent: &'a Variables, operation: &'a OperationDefinition) -> Self {
        Self { sent, operation }
    }

    fn variable(self, name: &str) -> Option<&'a ConstValue> {
        self.sent.get(name).or_else(|| {
            let definitions = self.operation.variable_definitions.iter();
            let mut named = definitions.filter(|definition| definition.node.name.node == name);
            named
                .next()
                .and_then(|definition| definition.node.default_value.as_ref())
                .map(|value| &value.node)
        })
    }

    fn number(self, value: &Value) -> Option<u64> {
        match value {
            Value::Variable(name) => self.variable(name).and_then(number),
            Value::Number(number) => number.as_u64(),
            _ => None,
        }
    }

    fn length(self, value: &Value) -> u64 {
        match value {
            Value::List(items) => items.len() as u64,
            Value::Variable(name) => match self.variable(name) {
                Some(ConstValue::List(items)) => items.len() as u64,
                _ => 1,
            },
            _ => 1,
        }
    }

    /// Whether `@skip` and `@include` leave this in the answer, as the library reads them.
    pub fn included(self, directives: &[Positioned<Directive>]) -> bool {
        directives.iter().all(|directive| {
            let wanted = match directive.node.name.node.as_str() {
                "skip" => false,
                "include" => true,
                _ => return true,
            };
            let Some(condition) = directive.node.get_argument("if") else { return true };
            let value = match &condition.node {
                Value::Variable(name) => matches!(self.variable(name), Some(ConstValue::Boolean(true))),
                value => matches!(value, Value::Boolean(true)),
            };
            value == wanted
        })
    }
}

/// Prices one operation.
pub struct Pricer<'a> {
    catalogue: &'a Catalogue,
    document: &'a ExecutableDocument,
    values: Values<'a>,
    plain_list: u64,
    /// A fragment on a connection costs by the page it is spread on, so the page is part of the key.
    fragments: HashMap<(&'a str, u64), Cost>,
}

impl<'a> Pricer<'a> {
    /// Prices an operation of this document, whose fragments must not spread themselves.
    pub fn new(
        catalogue: &'a Catalogue,
        document: &'a ExecutableDocument,
        values: Values<'a>,
        plain_list: u64,
    ) -> Self {
        Self { catalogue, document, values, plain_list, fragments: HashMap::new() }
    }

    /// What the operation may cost at most.
    pub fn price(mut self) -> Cost {
        let operation = self.values.operation;
        let root = self.catalogue.root(operation.ty).and_then(|name| self.catalogue.composite(name));
        let Some(root) = root else { return Cost::default() };
        let per_field = if operation.ty == OperationType::Mutation { MUTATION } else { 0 };
        self.selection_set(&operation.selection_set.node, root, 1, per_field)
    }

    fn selection_set(&mut self, set: &'a SelectionSet, on: &'a Composite, page: u64, per_field: u64) -> Cost {
        let mut sum = Cost::default();
        // An object is of one type, so of what is selected for single types only the dearest can come.
        let mut by_type: HashMap<&'a str, Cost> = HashMap::new();
        // A part of a tree has branches of one kind, so of those that are selected only the dearest can come.
        let mut by_branch: HashMap<&'a str, Cost> = HashMap::new();
        for selection in &set.items {
            if !self.values.included(selection.node.directives()) {
                continue;
            }
            match &selection.node {
                Selection::Field(field) => {
                    sum.points = sum.points.saturating_add(per_field);
                    let cost = self.field(&field.node, on, page);
                    let name = field.node.name.node.as_str();
                    let is_branch = on.field(name).is_some_and(|known| known.size == Size::Branches);
                    if is_branch {
                        by_branch.entry(name).or_default().add(cost);
                    } else {
                        sum.add(cost);
                    }
                }
                Selection::InlineFragment(fragment) => {
                    let condition = fragment.node.type_condition.as_ref();
                    let condition = condition.map(|condition| condition.node.on.node.as_str());
                    let inner = condition.map_or(Some(on), |name| self.catalogue.composite(name));
                    let Some(inner) = inner else { continue };
                    let cost = self.selection_set(&fragment.node.selection_set.node, inner, page, per_field);
                    match condition.filter(|_| inner.is_object() && !on.is_object()) {
                        Some(name) => by_type.entry(name).or_default().add(cost),
                        None => sum.add(cost),
                    }
                }
                Selection::FragmentSpread(spread) => {
                    let Some((name, fragment)) =
                        self.document.fragments.get_key_value(&spread.node.fragment_name.node)
                    else {
                        continue;
                    };
                    let condition = fragment.node.type_condition.node.on.node.as_str();
                    let Some(inner) = self.catalogue.composite(condition) else { continue };
                    let key = (name.as_str(), page);
                    let cost = match self.fragments.get(&key) {
                        Some(cost) => *cost,
                        None => {
                            let set = &fragment.node.selection_set.node;
                            let cost = self.selection_set(set, inner, page, per_field);
                            self.fragments.insert(key, cost);
                            cost
                        }
                    };
                    if inner.is_object() && !on.is_object() {
                        by_type.entry(condition).or_default().add(cost);
                    } else {
                        sum.add(cost);
                    }
                }
            }
        }
        for alternatives in [by_type, by_branch] {
            sum.add(alternatives.into_values().reduce(Cost::max).unwrap_or_default());
        }
        sum
    }

    fn field(&mut self, field: &'a Field, on: &'a Composite, page: u64) -> Cost {
        // What the schema does not have is left to validation.
        let Some(known) = on.field(&field.name.node) else { return Cost::default() };
        let name: &'a Name = named(&known.ty);
        let Some(inner) = self.catalogue.composite(name) else { return Cost::default() };
        let argument = |name: &str| field.get_argument(name).map(|value| &value.node);
        let is_list = matches!(known.ty.base, BaseType::List(_));
        let mut inner_page = 1;
        let number = match &known.size {
            Size::One => 1,
            Size::Branches => {
                // `page` is how many parents there are on the level above. What they have together is not many times what
                // one of them may have.
                let each = if is_list { self.plain_list } else { 1 };
                let number = page.saturating_mul(each).min(BRANCHES);
                let mut all = self.selection_set(&field.selection_set.node, inner, number, 0);
                all.points = all.points.saturating_add(number);
                return all;
            }
            Size::OfPage => page,
            Size::Plain => self.plain_list,
            Size::About(number) | Size::AtMost(number) => *number,
            Size::Argument(name) => argument(name).map_or(self.plain_list, |value| self.values.length(value)),
            Size::Page { default } => {
                let asked = ["first", "last"].into_iter().filter_map(argument);
                let asked = asked.filter_map(|value| self.values.number(value)).max();
                // A larger page is refused by the list itself, with a message of its own.
                let size = asked.or(*default).unwrap_or(page::DEFAULT_SIZE).min(page::LARGEST);
                if is_list {
                    size
                } else {
                    inner_page = size;
                    1
                }
            }
        };
        let object = if name.starts_with("__") {
            Cost { points: 0, introspection: 1 }
        } else {
            Cost { points: 1, introspection: 0 }
        };
        let mut each = self.selection_set(&field.selection_set.node, inner, inner_page, 0);
        each.add(object);
        each.times(number)
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;
    use serde_json::json;

    use super::*;

    fn price(text: &str, variables: serde_json::Value) -> Cost {
        let catalogue = Catalogue::read(&crate::graphql::sdl()).unwrap();
        let document = parse_query(text).unwrap();
        let variables = Variables::from_json(variables);
        let (_, operation) = document.operations.iter().next().unwrap();
        let values = Values::new(&variables, &operation.node);
        Pricer::new(&catalogue, &document, values, 10).price()
    }

    fn points(text: &str, variables: serde_json::Value) -> u64 {
        price(text, variables).points
    }

    #[test]
    fn pages_multiply_what_is_within_them() {
        assert_eq!(points("{ viewer { user { name } } }", json!({})), 2);
        assert_eq!(points("{ accounts(first: 40) { totalCount nodes { name } } }", json!({})), 41);
        assert_eq!(points("{ accounts { nodes { name } } }", json!({})), 26, "25 when nothing is said");
        assert_eq!(
            points("{ accounts(last: 3) { edges { node { name } } pageInfo { hasNextPage } } }", json!({})),
            8
        );
        let nested = "{ accounts(first: 10) { nodes { owner { name } deals(first: 5) { nodes { stage { name } } } } } }";
        assert_eq!(points(nested, json!({})), 1 + 10 * (1 + 1 + 1 + 5 * 2));
        assert_eq!(
            points("{ accounts(first: 2147483647) { nodes { name } } }", json!({})),
            101,
            "refused later"
        );
    }

    #[test]
    fn variables_defaults_and_directives_are_applied() {
        let text = "query($n: Int = 7, $more: Boolean = false) { accounts(first: $n) {
            nodes { name owner @include(if: $more) { name } } } }";
        assert_eq!(points(text, json!({})), 8);
        assert_eq!(points(text, json!({ "n": 50 })), 51);
        assert_eq!(points(text, json!({ "n": 50, "more": true })), 101);
        assert_eq!(points(text, json!({ "n": null })), 26);
        assert_eq!(points("query($i: [ID!]!) { nodes(ids: $i) { id } }", json!({ "i": ["a", "b", "c"] })), 3);
        assert_eq!(points("{ nodes(ids: [\"a\", \"b\"]) { id } }", json!({})), 2);
    }

    #[test]
    fn fragments_cost_each_time_and_of_types_only_the_dearest() {
        let text = "{ a: accounts(first: 4) { ...Page } b: accounts(first: 9) { ...Page ...Page } }
            fragment Page on AccountConnection { nodes { owner { name } } }";
        assert_eq!(points(text, json!({})), 1 + 4 * 2 + 1 + 2 * 9 * 2);
        let text = "query($id: ID!) { node(id: $id) { id ... on Account { owner { name } parent { name } }
            ... on Deal { stage { name } } ...Fourth } } fragment Fourth on Contact { account { name } }";
        assert_eq!(points(text, json!({})), 3);
    }

    #[test]
    fn mutations_cost_ten_more_and_plain_lists_what_is_assumed() {
        let text = "mutation($i: AccountCreateInput!) { accountCreate(input: $i) { account { id } userErrors { code } } }";
        assert_eq!(points(text, json!({})), 10 + 1 + 1 + 10);
        assert_eq!(points("{ integrations { id } }", json!({})), 10);
        let lines = "{ deals(first: 100) { nodes { lines { product { owner { name } } } } } }";
        assert_eq!(points(lines, json!({})), 1 + 100 * (1 + 40 * 3), "a deal counts as 40 lines");
        assert_eq!(points("{ accounts(first: 5) { nodes { tags { name } } } }", json!({})), 1 + 5 * (1 + 20));
    }

    #[test]
    fn criteria_cost_no_more_than_they_may_have() {
        let mut parts = "field operator values".to_owned();
        for _ in 1..criteria::DEEPEST {
            parts = format!("field operator values all {{ {parts} }} any {{ {parts} }} not {{ {parts} }}");
        }
        let whole = format!("{{ views(recordType: ACCOUNT) {{ criteria {{ {parts} }} }} }}");
        assert_eq!(points(&whole, json!({})), 10 * (1 + 1 + 10 + 50 + 50 + 50));
        let alias = "{ view(id: \"x\") { criteria { a: all { field } b: all { field } any { field } not { field } } } }";
        assert_eq!(points(alias, json!({})), 1 + 1 + 2 * 10, "a list that is asked for twice costs twice");
        let fragments = "{ view(id: \"x\") { criteria { ...Parts } } } fragment Parts on ViewCriteria { all { all { all { field } } } }";
        assert_eq!(points(fragments, json!({})), 1 + 1 + 10 + 50 + 50);
    }

    #[test]
    fn introspection_is_estimated_by_the_size_of_the_schema() {
        let text = "{ __schema { types { name fields { name } } } }";
        let cost = price(text, json!({}));
        assert!(cost.points == 0 && cost.introspection > 500 && cost.total() >= 5, "{cost:?}");
        let deeper = price(
            "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }",
            json!({}),
        );
        assert!(deeper.introspection > 10 * cost.introspection, "{deeper:?}");
    }
}
