//! Puts selections of the same field into one, as the specification collects fields (6.3.2). The library does not: it would
//! execute `a { x } a { y }` twice and lay the answers over one another, so that a mutation happens twice, and two reads
//! between which something changed make one list of both.
//!
//! What `@skip` and `@include` leave out stays where it is, because validation looks at it. Everything else that is selected
//! on the type itself comes into one place, and what is selected on another type into one place for each.

use std::collections::{HashMap, HashSet};

use async_graphql::parser::types::{
    Directive, DocumentOperations, ExecutableDocument, Field, FragmentDefinition, InlineFragment,
    OperationDefinition, Selection, SelectionSet, TypeCondition,
};
use async_graphql::{Name, Pos, Positioned};

use super::catalogue::{Catalogue, named};
use super::complete::typename;
use super::cost::Values;

/// What is known of the document.
struct Merger<'a> {
    catalogue: &'a Catalogue,
    fragments: &'a HashMap<Name, Positioned<FragmentDefinition>>,
    values: Values<'a>,
    hidden: &'a Name,
}

/// Selections that are being put together.
#[derive(Default)]
struct Merged {
    items: Vec<Positioned<Selection>>,
    /// Where the field of a response key is.
    fields: HashMap<Name, usize>,
    /// Where that is which is selected on another type.
    types: HashMap<Name, usize>,
    /// Fragments that are in already.
    spread: HashSet<Name>,
}

/// A copy of the document in which the operation of this name selects no field twice. Fragments must not spread themselves;
/// they are left out where nothing spreads them any more.
pub fn document(
    source: &ExecutableDocument,
    name: Option<&str>,
    values: Values<'_>,
    catalogue: &Catalogue,
    hidden: &Name,
) -> ExecutableDocument {
    let mut document = source.clone();
    // A document with fragments that nobody spreads is refused, and validation should see it as it was sent.
    if reached(source).len() < source.fragments.len() {
        return document;
    }
    let operation = match (&mut document.operations, name) {
        (DocumentOperations::Single(operation), _) => Some(operation),
        (DocumentOperations::Multiple(operations), Some(name)) => operations.get_mut(name),
        (DocumentOperations::Multiple(operations), None) => operations.values_mut().next(),
    };
    let Some(OperationDefinition { ty, selection_set, .. }) = operation.map(|operation| &mut operation.node)
    else {
        return document;
    };
    let Some(root) = catalogue.root(*ty) else { return document };
    let merger = Merger { catalogue, fragments: &source.fragments, values, hidden };
    merger.set(&mut selection_set.node, root);
    let left: HashSet<Name> = reached(&document).into_iter().cloned().collect();
    document.fragments.retain(|name, _| left.contains(name));
    document
}

impl Merger<'_> {
    /// Puts together what a selection set has on objects of the type `on`.
    fn set(&self, set: &mut SelectionSet, on: &Name) {
        let mut merged = Merged::default();
        self.add(std::mem::take(&mut set.items), on, &mut merged);
        let Merged { mut items, fields, types, .. } = merged;
        for at in fields.into_values() {
            if let Some(Selection::Field(field)) = items.get_mut(at).map(|item| &mut item.node) {
                let known = self.catalogue.composite(on).and_then(|on| on.field(&field.node.name.node));
                let inner = known.map(|known| named(&known.ty));
                if let Some(inner) = inner.filter(|inner| self.catalogue.composite(inner).is_some()) {
                    self.set(&mut field.node.selection_set.node, inner);
                }
            }
        }
        for (condition, at) in types {
            if let Some(Selection::InlineFragment(fragment)) = items.get_mut(at).map(|item| &mut item.node) {
                self.set(&mut fragment.node.selection_set.node, &condition);
            }
        }
        set.items = items;
    }

    fn add(&self, selections: Vec<Positioned<Selection>>, on: &Name, merged: &mut Merged) {
        for selection in selections {
            let pos = selection.pos;
            let directives = selection.node.directives();
            if !self.values.included(directives) || !directives.iter().all(is_switch) {
                merged.items.push(selection);
                continue;
            }
            match selection.node {
                Selection::Field(field) => self.add_field(field, pos, merged),
                Selection::InlineFragment(fragment) => {
                    let condition = fragment.node.type_condition.as_ref().map(|on| on.node.on.node.clone());
                    let condition = condition.unwrap_or_else(|| on.clone());
                    if !self.catalogue.meet(&condition, on) {
                        merged.items.push(Positioned::new(Selection::InlineFragment(fragment), pos));
                        continue;
                    }
                    let InlineFragment { directives, selection_set, .. } = fragment.node;
                    self.keep_using(directives, pos, merged);
                    self.add_on(selection_set.node.items, (&condition, on), pos, merged);
                }
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    let fragment =
                        self.fragments.get(name).map(|fragment| &fragment.node).filter(|fragment| {
                            fragment.directives.is_empty()
                                && self.catalogue.meet(&fragment.type_condition.node.on.node, on)
                        });
                    let Some(fragment) = fragment else {
                        merged.items.push(Positioned::new(Selection::FragmentSpread(spread), pos));
                        continue;
                    };
                    let is_new = merged.spread.insert(name.clone());
                    self.keep_using(spread.node.directives, pos, merged);
                    if is_new {
                        let condition = &fragment.type_condition.node.on.node;
                        let items = fragment.selection_set.node.items.clone();
                        self.add_on(items, (condition, on), pos, merged);
                    }
                }
            }
        }
    }

    fn add_field(&self, field: Positioned<Field>, pos: Pos, merged: &mut Merged) {
        let key = field.node.response_key().node.clone();
        let Some(at) = merged.fields.get(&key).copied() else {
            merged.fields.insert(key, merged.items.len());
            merged.items.push(Positioned::new(Selection::Field(field), pos));
            return;
        };
        match merged.items.get_mut(at).map(|item| &mut item.node) {
            Some(Selection::Field(first)) if is_same(&first.node, &field.node) => {
                let Field { directives, selection_set, .. } = field.node;
                first.node.selection_set.node.items.extend(selection_set.node.items);
                self.keep_using(directives, pos, merged);
            }
            // They do not fit together, which validation tells.
            _ => merged.items.push(Positioned::new(Selection::Field(field), pos)),
        }
    }

    /// Adds what is selected on the type `condition`, of which objects of the type `on` may be.
    fn add_on(
        &self,
        items: Vec<Positioned<Selection>>,
        (condition, on): (&Name, &Name),
        pos: Pos,
        merged: &mut Merged,
    ) {
        if condition == on {
            return self.add(items, on, merged);
        }
        let at = *merged.types.entry(condition.clone()).or_insert_with(|| {
            let on = TypeCondition { on: Positioned::new(condition.clone(), pos) };
            merged.items.push(inline(Some(on), Vec::new(), Vec::new(), pos));
            merged.items.len() - 1
        });
        if let Some(Selection::InlineFragment(fragment)) = merged.items.get_mut(at).map(|item| &mut item.node)
        {
            fragment.node.selection_set.node.items.extend(items);
        }
    }

    /// Keeps directives whose selection went elsewhere, with the hidden `__typename`: validation looks at them, and would
    /// miss the use of their variables.
    fn keep_using(&self, directives: Vec<Positioned<Directive>>, pos: Pos, merged: &mut Merged) {
        if !directives.is_empty() {
            merged.items.push(inline(None, directives, vec![typename(self.hidden)], pos));
        }
    }
}

fn inline(
    type_condition: Option<TypeCondition>,
    directives: Vec<Positioned<Directive>>,
    items: Vec<Positioned<Selection>>,
    pos: Pos,
) -> Positioned<Selection> {
    let type_condition = type_condition.map(|condition| Positioned::new(condition, pos));
    let selection_set = Positioned::new(SelectionSet { items }, pos);
    let fragment = InlineFragment { type_condition, directives, selection_set };
    Positioned::new(Selection::InlineFragment(Positioned::new(fragment, pos)), pos)
}

fn is_switch(directive: &Positioned<Directive>) -> bool {
    matches!(directive.node.name.node.as_str(), "skip" | "include")
}

/// Whether two fields fit together. One that selects nothing within it does not fit to one that does.
fn is_same(one: &Field, other: &Field) -> bool {
    one.name.node == other.name.node
        && one.selection_set.node.items.is_empty() == other.selection_set.node.items.is_empty()
        && one.arguments.len() == other.arguments.len()
        && one
            .arguments
            .iter()
            .all(|(name, value)| other.get_argument(&name.node).is_some_and(|other| other.node == value.node))
}

/// Fragments that operations spread, by themselves or by other fragments.
fn reached(document: &ExecutableDocument) -> HashSet<&Name> {
    let mut reached = HashSet::new();
    let mut sets: Vec<&SelectionSet> =
        document.operations.iter().map(|(_, operation)| &operation.node.selection_set.node).collect();
    while let Some(set) = sets.pop() {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) => sets.push(&field.node.selection_set.node),
                Selection::InlineFragment(fragment) => sets.push(&fragment.node.selection_set.node),
                Selection::FragmentSpread(spread) => {
                    let known = document.fragments.get_key_value(&spread.node.fragment_name.node);
                    if let Some((name, fragment)) = known
                        && reached.insert(name)
                    {
                        sets.push(&fragment.node.selection_set.node);
                    }
                }
            }
        }
    }
    reached
}

#[cfg(test)]
mod tests {
    use async_graphql::Variables;
    use async_graphql::parser::parse_query;
    use serde_json::json;

    use super::*;

    /// The selections of the first operation, without arguments, and with a `?` where there are directives.
    fn merged(text: &str) -> String {
        let catalogue = Catalogue::read(&crate::graphql::sdl()).unwrap();
        let parsed = parse_query(text).unwrap();
        let (name, operation) = parsed.operations.iter().next().unwrap();
        let variables = Variables::from_json(json!({ "yes": true, "no": false }));
        let values = Values::new(&variables, &operation.node);
        let name = name.map(Name::as_str);
        let document = document(&parsed, name, values, &catalogue, &Name::new("hidden"));
        let (_, operation) = document.operations.iter().next().unwrap();
        let mut fragments: Vec<_> = document.fragments.keys().map(Name::as_str).collect();
        fragments.sort_unstable();
        format!("{} {}", shown(&operation.node.selection_set.node), fragments.join(" ")).trim_end().to_owned()
    }

    fn shown(set: &SelectionSet) -> String {
        let items = set.items.iter().map(|item| {
            let (name, inner) = match &item.node {
                Selection::Field(field) => {
                    (field.node.response_key().node.to_string(), Some(&field.node.selection_set.node))
                }
                Selection::FragmentSpread(spread) => (format!("...{}", spread.node.fragment_name.node), None),
                Selection::InlineFragment(fragment) => {
                    let on = fragment.node.type_condition.as_ref().map(|on| on.node.on.node.to_string());
                    (format!("...on {}", on.unwrap_or_default()), Some(&fragment.node.selection_set.node))
                }
            };
            let mark = if item.node.directives().is_empty() { "" } else { "?" };
            let inner = inner.filter(|set| !set.items.is_empty()).map(shown).unwrap_or_default();
            format!("{name}{mark}{inner}")
        });
        format!("{{{}}}", items.collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn the_same_field_is_selected_once_at_every_depth() {
        for (text, wanted) in [
            ("{ viewer { user { id } } }", "{viewer{user{id}}}"),
            ("{ viewer { user { id } } viewer { user { name } user { id } } }", "{viewer{user{id name}}}"),
            ("{ a: viewer { user { id } } viewer { user { id } } }", "{a{user{id}} viewer{user{id}}}"),
            ("{ node(id: 1) { id } node(id: 1) { __typename id } }", "{node{id __typename}}"),
            ("{ node(id: 1) { id } node(id: 2) { id } }", "{node{id} node{id}}"),
            ("{ viewer viewer { user { id } } }", "{viewer viewer{user{id}}}"),
        ] {
            assert_eq!(merged(text), wanted, "{text}");
        }
    }

    #[test]
    fn fragments_are_put_in_by_the_type_they_are_on() {
        for (text, wanted) in [
            (
                "{ ...A viewer { user { id } } ... { ...A } } fragment A on Query { viewer { user { ...B } } }
                 fragment B on User { name }",
                "{viewer{user{name id}}}",
            ),
            (
                "{ node(id: 1) { ...A ... on Deal { name } ...B } } fragment A on Account { owner { id } }
                 fragment B on Account { owner { name } ... on Node { id } }",
                "{node{...on Account{owner{id name} ...on Node{id}} ...on Deal{name}}}",
            ),
            (
                "{ viewer { user { ...A ...Missing } } } fragment A on Account { name }",
                "{viewer{user{...A ...Missing}}} A",
            ),
            ("{ viewer { user { id } } ...A } fragment A on Query @b { viewer { user { name } } }",
                "{viewer{user{id}} ...A} A"),
        ] {
            assert_eq!(merged(text), wanted, "{text}");
        }
        let unused = "{ viewer { user { id } } viewer { user { id } } } fragment A on Query { viewer { user { id } } }";
        assert_eq!(merged(unused), "{viewer{user{id}} viewer{user{id}}} A", "refused anyway");
    }

    #[test]
    fn what_is_left_out_stays_and_what_is_not_keeps_its_variables() {
        for (text, wanted) in [
            (
                "query($yes: Boolean!, $no: Boolean!) { viewer { user { id } } viewer @include(if: $yes) { user { name } }
                 viewer @include(if: $no) { user { role } } }",
                "{viewer{user{id name}} ...on ?{hidden} viewer?{user{role}}}",
            ),
            (
                "query($yes: Boolean!) { viewer @skip(if: false) { user { id } } ...A @include(if: $yes) ...A }
                 fragment A on Query { viewer { user { name } } }",
                "{viewer?{user{id name}} ...on ?{hidden}}",
            ),
            (
                "query($no: Boolean!) { ...A @include(if: $no) ...A } fragment A on Query { viewer { user { name } } }",
                "{...A? viewer{user{name}}} A",
            ),
            ("{ viewer { user { id } } viewer @b { user { id } } }", "{viewer{user{id}} viewer?{user{id}}}"),
        ] {
            assert_eq!(merged(text), wanted, "{text}");
        }
    }
}
