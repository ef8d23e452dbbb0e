//! Brings what was executed into the form that the GraphQL specification asks for: fields in the order of the query,
//! failed fields as null, and a null where none may be taken up to the next place where one may (6.4.4).
//!
//! The library leaves failed fields out, answers in the order in which resolvers end, and answers null for an object of
//! which nothing is left. Where an object's type is not known from the schema, or nothing of it may be left, a hidden
//! `__typename` is asked for beforehand.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::fmt::Write;
use std::rc::Rc;

use async_graphql::parser::types::{
    BaseType, ExecutableDocument, Field, OperationDefinition, OperationType, Selection, SelectionSet, Type,
};
use async_graphql::{Name, PathSegment, Pos, Positioned, ServerError, Value};

use super::catalogue::{Catalogue, named};
use super::cost::{Cost, MUTATION, Values};

/// Asks for the types that are not known beforehand, under this name, which must not occur in the document.
pub fn ask_for_types(document: &mut ExecutableDocument, catalogue: &Catalogue, hidden: &Name) {
    for fragment in document.fragments.values_mut() {
        let on = fragment.node.type_condition.node.on.node.clone();
        ask_within(&mut fragment.node.selection_set.node, &on, catalogue, hidden);
    }
    let ask = |operation: &mut OperationDefinition| {
        if let Some(root) = catalogue.root(operation.ty).cloned() {
            ask_within(&mut operation.selection_set.node, &root, catalogue, hidden);
        }
    };
    use async_graphql::parser::types::DocumentOperations::{Multiple, Single};
    match &mut document.operations {
        Single(operation) => ask(&mut operation.node),
        Multiple(operations) => operations.values_mut().map(|operation| &mut operation.node).for_each(ask),
    }
}

fn ask_within(set: &mut SelectionSet, on: &str, catalogue: &Catalogue, hidden: &Name) {
    for selection in &mut set.items {
        match &mut selection.node {
            Selection::FragmentSpread(_) => {}
            Selection::InlineFragment(fragment) => {
                let condition = fragment.node.type_condition.as_ref().map(|on| on.node.on.node.clone());
                let on = condition.as_deref().unwrap_or(on);
                ask_within(&mut fragment.node.selection_set.node, on, catalogue, hidden);
            }
            Selection::Field(field) => {
                let known = catalogue.composite(on).and_then(|on| on.field(&field.node.name.node));
                let Some(name) = known.map(|known| named(&known.ty)) else { continue };
                let Some(ty) = catalogue.composite(name) else { continue };
                let set = &mut field.node.selection_set.node;
                ask_within(set, name, catalogue, hidden);
                let certain = set.items.iter().any(
                    |item| matches!(&item.node, Selection::Field(field) if field.node.directives.is_empty()),
                );
                let told = ty.is_object() && certain;
                if !(told || set.items.is_empty()) {
                    set.items.push(typename(hidden));
                }
            }
        }
    }
}

/// The hidden `__typename`.
pub fn typename(alias: &Name) -> Positioned<Selection> {
    let at = Pos::default();
    let field = Field {
        alias: Some(Positioned::new(alias.clone(), at)),
        name: Positioned::new(Name::new("__typename"), at),
        arguments: Vec::new(),
        directives: Vec::new(),
        selection_set: Positioned::new(SelectionSet::default(), at),
    };
    Positioned::new(Selection::Field(Positioned::new(field, at)), at)
}

/// An answer's data in the form of the specification, and what it cost.
pub struct Completed {
    /// The data.
    pub data: Value,
    /// Objects that it holds, and mutations that were carried out.
    pub cost: Cost,
    /// Bytes that it takes as JSON.
    pub bytes: u64,
}

/// Where the data comes from.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    /// The schema.
    pub catalogue: &'a Catalogue,
    /// The document.
    pub document: &'a ExecutableDocument,
    /// The operation that was executed, with its variables.
    pub operation: &'a OperationDefinition,
    /// Its variables, of which only the boolean ones are looked at.
    pub values: Values<'a>,
    /// The name under which types were asked for.
    pub hidden: &'a str,
}

/// Brings data into the form of the specification.
pub fn complete(source: Source<'_>, data: Value, errors: &[ServerError]) -> Completed {
    let mut completer = Completer {
        source,
        failed: ancestors(errors),
        some_failed: !errors.is_empty(),
        path: String::new(),
        cost: Cost::default(),
        bytes: 0,
    };
    let Some(root) = source.catalogue.root(source.operation.ty) else {
        return Completed { data, cost: Cost::default(), bytes: 0 };
    };
    let plan = completer.plan(&[&source.operation.selection_set.node], root);
    if source.operation.ty == OperationType::Mutation {
        completer.cost.points = MUTATION.saturating_mul(plan.0.len() as u64);
    }
    let data = completer.root(&plan, data);
    Completed { data, cost: completer.cost, bytes: completer.bytes }
}

/// The fields that an object of one type is to have, in order.
struct Plan<'a>(Vec<Slot<'a>>);

struct Slot<'a> {
    key: &'a Name,
    ty: Option<&'a Type>,
    /// Whether it holds no objects.
    leaf: bool,
    sets: Vec<&'a SelectionSet>,
    /// Plans for what the field holds, by type: made once, for however many objects.
    plans: RefCell<HashMap<&'a str, Rc<Plan<'a>>>>,
}

/// A null where none may be.
struct Bubble;

struct Completer<'a> {
    source: Source<'a>,
    /// Places within which something failed.
    failed: HashSet<String>,
    some_failed: bool,
    path: String,
    cost: Cost,
    bytes: u64,
}

impl<'a> Completer<'a> {
    fn plan(&self, sets: &[&'a SelectionSet], on: &'a str) -> Rc<Plan<'a>> {
        let mut slots = Vec::new();
        let (mut seen, mut spread) = (HashMap::new(), HashSet::new());
        for set in sets {
            self.collect(set, on, &mut slots, &mut seen, &mut spread);
        }
        Rc::new(Plan(slots))
    }

    fn collect(
        &self,
        set: &'a SelectionSet,
        on: &'a str,
        slots: &mut Vec<Slot<'a>>,
        seen: &mut HashMap<&'a str, usize>,
        spread: &mut HashSet<&'a str>,
    ) {
        let Source { catalogue, document, values, .. } = self.source;
        for selection in &set.items {
            if !values.included(selection.node.directives()) {
                continue;
            }
            match &selection.node {
                Selection::Field(field) => {
                    let key = &field.node.response_key().node;
                    if key == self.source.hidden {
                        continue;
                    }
                    let index = *seen.entry(key).or_insert_with(|| {
                        let known = catalogue.composite(on).and_then(|on| on.field(&field.node.name.node));
                        let ty = known.map(|known| &known.ty);
                        let leaf = ty.is_none_or(|ty| catalogue.composite(named(ty)).is_none());
                        slots.push(Slot { key, ty, leaf, sets: Vec::new(), plans: RefCell::default() });
                        slots.len() - 1
                    });
                    slots[index].sets.push(&field.node.selection_set.node);
                }
                Selection::InlineFragment(fragment) => {
                    let condition = fragment.node.type_condition.as_ref().map(|on| on.node.on.node.as_str());
                    if condition.is_none_or(|condition| catalogue.applies(condition, on)) {
                        self.collect(&fragment.node.selection_set.node, on, slots, seen, spread);
                    }
                }
                Selection::FragmentSpread(selected) => {
                    let name = &selected.node.fragment_name.node;
                    let Some(fragment) = document.fragments.get(name) else { continue };
                    let condition = &fragment.node.type_condition.node.on.node;
                    if catalogue.applies(condition, on) && spread.insert(name) {
                        self.collect(&fragment.node.selection_set.node, on, slots, seen, spread);
                    }
                }
            }
        }
    }

    /// A null stops at the root's fields even where they are declared not to be null: what one mutation did must not be
    /// hidden because the next one failed.
    fn root(&mut self, plan: &Plan<'a>, value: Value) -> Value {
        let fields = self.fields(plan, value).into_iter();
        Value::Object(fields.map(|(key, value)| (key, value.unwrap_or_default())).collect())
    }

    fn object(&mut self, plan: &Plan<'a>, value: Value) -> Result<Value, Bubble> {
        let fields = self.fields(plan, value).into_iter();
        let fields: Result<_, Bubble> = fields.map(|(key, value)| Ok((key, value?))).collect();
        fields.map(Value::Object)
    }

    fn fields(&mut self, plan: &Plan<'a>, value: Value) -> Vec<(Name, Result<Value, Bubble>)> {
        let mut found = match value {
            Value::Object(fields) => fields,
            _ => Default::default(),
        };
        let slots = plan.0.iter().filter_map(|slot| {
            let value = match found.swap_remove(slot.key) {
                Some(value) => value,
                None if self.some_failed => Value::Null,
                // Where nothing failed, the library had a reason of its own to leave it out.
                None => return None,
            };
            let quotes_colon_and_comma = 4;
            self.bytes += size(slot.key.len()) + quotes_colon_and_comma;
            if slot.leaf {
                self.bytes += weigh(&value);
            }
            let value = match slot.ty {
                Some(ty) => self.within(slot.key, |this| this.value(slot, ty, value)),
                None => Ok(value),
            };
            Some((slot.key.clone(), value))
        });
        slots.collect()
    }

    fn value(&mut self, slot: &Slot<'a>, ty: &'a Type, value: Value) -> Result<Value, Bubble> {
        let value = match (&ty.base, value) {
            (BaseType::List(item), Value::List(items))
                if self.source.catalogue.composite(named(ty)).is_some() =>
            {
                let items = items.into_iter().enumerate();
                let items: Result<Vec<_>, _> = items
                    .map(|(index, value)| self.within(index, |this| this.value(slot, item, value)))
                    .collect();
                items.map_or(Value::Null, Value::List)
            }
            (BaseType::Named(name), value) => self.named(slot, name, value).unwrap_or_default(),
            (_, value) => value,
        };
        if matches!(value, Value::Null) && !ty.nullable { Err(Bubble) } else { Ok(value) }
    }

    fn named(&mut self, slot: &Slot<'a>, name: &'a Name, value: Value) -> Result<Value, Bubble> {
        let catalogue = self.source.catalogue;
        let Some(ty) = catalogue.composite(name) else { return Ok(value) };
        let is_object = match &value {
            Value::Object(_) => true,
            Value::Null => !self.failed.is_empty() && self.failed.contains(&self.path),
            _ => false,
        };
        if !is_object {
            return Ok(value);
        }
        let object = if ty.is_object() {
            name
        } else {
            let Value::Object(fields) = &value else { return Ok(value) };
            let Some(Value::String(told)) = fields.get(self.source.hidden) else { return Ok(value) };
            let Some(object) = catalogue.name(told) else { return Ok(value) };
            object
        };
        let known = slot.plans.borrow().get(object.as_str()).cloned();
        let plan = known.unwrap_or_else(|| {
            let plan = self.plan(&slot.sets, object);
            slot.plans.borrow_mut().insert(object, plan.clone());
            plan
        });
        if object.starts_with("__") {
            self.cost.introspection += 1;
        } else {
            self.cost.points += 1;
        }
        self.object(&plan, value)
    }

    /// Goes one step down the path, which is only kept where something failed.
    fn within<T>(&mut self, step: impl std::fmt::Display, work: impl FnOnce(&mut Self) -> T) -> T {
        if self.failed.is_empty() {
            return work(self);
        }
        let length = self.path.len();
        // Writing to a text cannot fail.
        let _ = write!(self.path, "/{step}");
        let done = work(self);
        self.path.truncate(length);
        done
    }
}

fn size(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// Bytes that a value takes as JSON.
fn weigh(value: &Value) -> u64 {
    match value {
        Value::Null | Value::Boolean(_) => 5,
        Value::Number(number) => size(number.to_string().len()),
        Value::Enum(name) => size(name.len()) + 2,
        Value::Binary(bytes) => size(bytes.len()) * 4 + 2,
        Value::List(items) => items.iter().map(|item| weigh(item) + 1).sum::<u64>() + 2,
        Value::Object(fields) => {
            fields.iter().map(|(key, value)| size(key.len()) + 4 + weigh(value)).sum::<u64>() + 2
        }
        Value::String(text) => {
            let bytes = text.bytes().map(|byte| match byte {
                b'"' | b'\\' | b'\n' | b'\r' | b'\t' => 2,
                0..0x20 => 6,
                _ => 1,
            });
            bytes.sum::<u64>() + 2
        }
    }
}

/// Every place that has an error within it, but not the places of the errors themselves.
fn ancestors(errors: &[ServerError]) -> HashSet<String> {
    let mut places = HashSet::new();
    for error in errors {
        let mut place = String::new();
        for segment in error.path.iter().take(error.path.len().saturating_sub(1)) {
            // Writing to a text cannot fail.
            let _ = match segment {
                PathSegment::Field(name) => write!(place, "/{name}"),
                PathSegment::Index(index) => write!(place, "/{index}"),
            };
            places.insert(place.clone());
        }
    }
    places
}
