//! What a parsed document takes in memory, by what its lists and texts have room for.

use async_graphql::parser::types::{
    Directive, ExecutableDocument, Field, FragmentDefinition, OperationDefinition, Selection, SelectionSet,
    VariableDefinition,
};
use async_graphql::{Name, Positioned};
use async_graphql_value::{ConstValue, Value};

/// What an allocation takes beside what was asked for, with the counters of a shared one.
const ALLOCATION: usize = 32;

/// A map's bookkeeping for each place, and what of it stays empty.
const PLACE: usize = 32;

/// Bytes of a document.
pub fn document(document: &ExecutableDocument) -> usize {
    let operations = document.operations.iter().map(|(name, operation)| {
        let name = name.map_or(0, heap_of_name);
        size_of::<(Name, Positioned<OperationDefinition>)>() + PLACE + name + of_operation(&operation.node)
    });
    let fragments = document.fragments.iter().map(|(name, fragment)| {
        let fragment = &fragment.node;
        let itself = size_of::<(Name, Positioned<FragmentDefinition>)>() + PLACE + heap_of_name(name);
        let condition = heap_of_name(&fragment.type_condition.node.on.node);
        itself + condition + of_directives(&fragment.directives) + of_set(&fragment.selection_set.node)
    });
    operations.sum::<usize>() + fragments.sum::<usize>()
}

fn of_operation(operation: &OperationDefinition) -> usize {
    let variables = operation.variable_definitions.iter().map(|variable| {
        let variable = &variable.node;
        let default = variable.default_value.as_ref().map_or(0, |value| heap_of_constant(&value.node));
        // The type is a name, or few of them within one another.
        let ty = 4 * ALLOCATION;
        heap_of_name(&variable.name.node) + ty + default + of_directives(&variable.directives)
    });
    of_room::<Positioned<VariableDefinition>>(operation.variable_definitions.capacity())
        + variables.sum::<usize>()
        + of_directives(&operation.directives)
        + of_set(&operation.selection_set.node)
}

fn of_set(set: &SelectionSet) -> usize {
    let selections = set.items.iter().map(|selection| match &selection.node {
        Selection::Field(field) => of_field(&field.node),
        Selection::FragmentSpread(spread) => {
            heap_of_name(&spread.node.fragment_name.node) + of_directives(&spread.node.directives)
        }
        Selection::InlineFragment(fragment) => {
            let condition = fragment.node.type_condition.as_ref();
            condition.map_or(0, |condition| heap_of_name(&condition.node.on.node))
                + of_directives(&fragment.node.directives)
                + of_set(&fragment.node.selection_set.node)
        }
    });
    of_room::<Positioned<Selection>>(set.items.capacity()) + selections.sum::<usize>()
}

fn of_field(field: &Field) -> usize {
    let alias = field.alias.as_ref().map_or(0, |alias| heap_of_name(&alias.node));
    heap_of_name(&field.name.node)
        + alias
        + of_arguments(&field.arguments)
        + of_directives(&field.directives)
        + of_set(&field.selection_set.node)
}

fn of_directives(directives: &Vec<Positioned<Directive>>) -> usize {
    let each = directives
        .iter()
        .map(|directive| heap_of_name(&directive.node.name.node) + of_arguments(&directive.node.arguments));
    of_room::<Positioned<Directive>>(directives.capacity()) + each.sum::<usize>()
}

fn of_arguments(arguments: &Vec<(Positioned<Name>, Positioned<Value>)>) -> usize {
    let each = arguments.iter().map(|(name, value)| heap_of_name(&name.node) + heap_of_value(&value.node));
    of_room::<(Positioned<Name>, Positioned<Value>)>(arguments.capacity()) + each.sum::<usize>()
}

fn of_room<T>(room: usize) -> usize {
    if room == 0 { 0 } else { room * size_of::<T>() + ALLOCATION }
}

fn heap_of_name(name: &Name) -> usize {
    name.len() + ALLOCATION
}

fn heap_of_value(value: &Value) -> usize {
    match value {
        Value::Variable(name) | Value::Enum(name) => heap_of_name(name),
        Value::String(text) => of_room::<u8>(text.capacity()),
        Value::List(items) => {
            of_room::<Value>(items.capacity()) + items.iter().map(heap_of_value).sum::<usize>()
        }
        Value::Object(fields) => {
            let each = fields.iter().map(|(name, value)| heap_of_name(name) + heap_of_value(value));
            fields.capacity() * (size_of::<(Name, Value)>() + PLACE) + each.sum::<usize>()
        }
        Value::Binary(bytes) => of_room::<u8>(bytes.len()),
        Value::Null | Value::Number(_) | Value::Boolean(_) => 0,
    }
}

fn heap_of_constant(value: &ConstValue) -> usize {
    match value {
        ConstValue::Enum(name) => heap_of_name(name),
        ConstValue::String(text) => of_room::<u8>(text.capacity()),
        ConstValue::List(items) => {
            of_room::<ConstValue>(items.capacity()) + items.iter().map(heap_of_constant).sum::<usize>()
        }
        ConstValue::Object(fields) => {
            let each = fields.iter().map(|(name, value)| heap_of_name(name) + heap_of_constant(value));
            fields.capacity() * (size_of::<(Name, ConstValue)>() + PLACE) + each.sum::<usize>()
        }
        ConstValue::Binary(bytes) => of_room::<u8>(bytes.len()),
        ConstValue::Null | ConstValue::Number(_) | ConstValue::Boolean(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    fn bytes(text: &str) -> usize {
        document(&parse_query(text).unwrap())
    }

    #[test]
    fn every_value_and_every_selection_weighs_what_it_takes() {
        let numbers = bytes(&format!("{{a(b:[{}])}}", "0".repeat(10_000)));
        let each = size_of::<Value>();
        assert!((10_000 * each..30_000 * each).contains(&numbers), "{numbers}");
        let defaults = bytes(&format!("query($a:[Int]=[{}]){{a}}", "0".repeat(10_000)));
        assert!((10_000 * each..30_000 * each).contains(&defaults), "{defaults}");
        let fields = bytes(&format!("{{{}}}", "a ".repeat(1_000)));
        assert!(fields >= 1_000 * size_of::<Positioned<Selection>>(), "{fields}");
        let unused = bytes("{a} fragment F on T { b(c: \"some text that is somewhat long\") { d } }");
        assert!(unused > bytes("{a}") + 4 * size_of::<Positioned<Selection>>() / 2, "{unused}");
    }
}
