//! How large the operations of a document are once their fragments are put in. Each fragment is measured once, however
//! often it is spread, so a document that would grow without bound is measured as fast as any other.

use std::collections::{HashMap, HashSet};

use async_graphql::parser::types::{
    BaseType, Directive, ExecutableDocument, Field, OperationDefinition, Selection, SelectionSet, Type,
    VariableDefinition,
};
use async_graphql::{Name, Positioned};
use async_graphql_value::{ConstValue, Value};

/// The size of a part of a document with its fragments put in. Sums stop at the largest number instead of beginning anew.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Measure {
    /// Tokens.
    pub tokens: u64,
    /// Directives.
    pub directives: u64,
    /// Aliases, and `__typename` where it is repeated within a selection.
    pub aliases: u64,
    /// Fields right in this selection.
    pub fields: u64,
    /// Fields within fields.
    pub depth: u64,
    /// Fields within fields of introspection; 0 without any.
    pub introspection_depth: u64,
    /// Brackets within brackets, those of fragments left out: each has its own.
    pub nesting: u64,
}

impl Measure {
    /// What two parts of a document, neither of which is within the other, are together.
    fn add(&mut self, other: Self) {
        self.tokens = self.tokens.saturating_add(other.tokens);
        self.directives = self.directives.saturating_add(other.directives);
        self.aliases = self.aliases.saturating_add(other.aliases);
        self.fields = self.fields.saturating_add(other.fields);
        self.depth = self.depth.max(other.depth);
        self.introspection_depth = self.introspection_depth.max(other.introspection_depth);
        self.nesting = self.nesting.max(other.nesting);
    }

    /// The largest of each, but all tokens: all that can be executed or validated by itself is validated.
    pub fn widen(&mut self, other: Self) {
        self.tokens = self.tokens.saturating_add(other.tokens);
        self.directives = self.directives.max(other.directives);
        self.aliases = self.aliases.max(other.aliases);
        self.fields = self.fields.max(other.fields);
        self.depth = self.depth.max(other.depth);
        self.introspection_depth = self.introspection_depth.max(other.introspection_depth);
        self.nesting = self.nesting.max(other.nesting);
    }
}

/// A fragment that spreads itself, by itself or by others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cycle(pub Name);

/// Measures documents.
pub struct Ruler<'a> {
    document: &'a ExecutableDocument,
    /// None while a fragment is being measured: meeting it then is a cycle.
    fragments: HashMap<&'a str, Option<Measure>>,
    /// Fragments that something measured spreads.
    spread: HashSet<&'a str>,
}

impl<'a> Ruler<'a> {
    /// Measures this document.
    pub fn new(document: &'a ExecutableDocument) -> Self {
        Self { document, fragments: HashMap::new(), spread: HashSet::new() }
    }

    /// The size of everything: each operation, and each fragment that stands in none. No fragment is larger than that in
    /// which it is spread.
    ///
    /// # Errors
    /// When fragments spread themselves.
    pub fn document(&mut self) -> Result<Measure, Cycle> {
        let document = self.document;
        let mut largest = Measure::default();
        for (_, operation) in document.operations.iter() {
            largest.widen(self.operation(&operation.node)?);
        }
        let mut fragments = Vec::new();
        for name in document.fragments.keys() {
            let measure = self.fragment(name)?;
            largest.nesting = largest.nesting.max(measure.nesting);
            fragments.push((name, measure));
        }
        for (name, measure) in fragments {
            if !self.spread.contains(name.as_str()) {
                // It has no root.
                largest.widen(Measure { fields: 0, ..measure });
            }
        }
        Ok(largest)
    }

    /// The size of an operation.
    ///
    /// # Errors
    /// When its fragments spread themselves.
    pub fn operation(&mut self, operation: &'a OperationDefinition) -> Result<Measure, Cycle> {
        let mut measure = self.selection_set(&operation.selection_set.node)?;
        measure.tokens = measure.tokens.saturating_add(2);
        add_directives(&mut measure, &operation.directives);
        for variable in &operation.variable_definitions {
            measure.nesting = measure.nesting.max(1 + variable_nesting(&variable.node));
            measure.tokens = measure.tokens.saturating_add(variable_tokens(&variable.node));
            add_directives(&mut measure, &variable.node.directives);
        }
        Ok(measure)
    }

    /// The size of a fragment, also of one that nobody spreads: it is validated all the same.
    ///
    /// # Errors
    /// When it spreads itself.
    pub fn fragment(&mut self, name: &'a Name) -> Result<Measure, Cycle> {
        match self.fragments.get(name.as_str()) {
            Some(Some(measure)) => return Ok(*measure),
            Some(None) => return Err(Cycle(name.clone())),
            None => {}
        }
        // Validation tells about fragments that are not there.
        let Some(fragment) = self.document.fragments.get(name) else { return Ok(Measure::default()) };
        self.fragments.insert(name, None);
        let mut measure = self.selection_set(&fragment.node.selection_set.node)?;
        add_directives(&mut measure, &fragment.node.directives);
        self.fragments.insert(name, Some(measure));
        Ok(measure)
    }

    fn selection_set(&mut self, set: &'a SelectionSet) -> Result<Measure, Cycle> {
        let mut sum = Measure { tokens: 2, ..Measure::default() };
        let mut typenames = 0_u64;
        for selection in &set.items {
            let measure = match &selection.node {
                Selection::Field(field) => {
                    let plain = field.node.alias.is_none() && field.node.name.node == "__typename";
                    typenames += u64::from(plain);
                    self.field(&field.node)?
                }
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    self.spread.insert(name);
                    let mut measure = self.fragment(name)?;
                    measure.nesting = 0;
                    measure.tokens = measure.tokens.saturating_add(2);
                    add_directives(&mut measure, &spread.node.directives);
                    measure
                }
                Selection::InlineFragment(fragment) => {
                    let mut measure = self.selection_set(&fragment.node.selection_set.node)?;
                    measure.tokens = measure.tokens.saturating_add(3);
                    add_directives(&mut measure, &fragment.node.directives);
                    measure
                }
            };
            sum.add(measure);
        }
        sum.aliases = sum.aliases.saturating_add(typenames.saturating_sub(1));
        sum.nesting += 1;
        Ok(sum)
    }

    fn field(&mut self, field: &'a Field) -> Result<Measure, Cycle> {
        let mut measure = Measure::default();
        if !field.selection_set.node.items.is_empty() {
            measure = self.selection_set(&field.selection_set.node)?;
        }
        let arguments = field.arguments.iter().map(|(_, value)| 2 + value_tokens(&value.node)).sum::<u64>();
        let parentheses = if field.arguments.is_empty() { 0 } else { 2 };
        let alias = u64::from(field.alias.is_some());
        measure.tokens = measure.tokens.saturating_add(1 + 2 * alias + arguments + parentheses);
        measure.aliases = measure.aliases.saturating_add(alias);
        let deepest = field.arguments.iter().map(|(_, value)| 1 + value_nesting(&value.node)).max();
        measure.nesting = measure.nesting.max(deepest.unwrap_or_default());
        measure.fields = 1;
        if matches!(field.name.node.as_str(), "__schema" | "__type") {
            measure.introspection_depth = measure.depth.max(measure.introspection_depth) + 1;
            measure.depth = 1;
        } else {
            measure.depth += 1;
        }
        add_directives(&mut measure, &field.directives);
        Ok(measure)
    }
}

fn add_directives(measure: &mut Measure, directives: &[Positioned<Directive>]) {
    measure.directives = measure.directives.saturating_add(directives.len() as u64);
    for directive in directives {
        let arguments = directive.node.arguments.iter();
        let arguments = arguments.map(|(_, value)| 2 + value_tokens(&value.node)).sum::<u64>();
        let parentheses = if directive.node.arguments.is_empty() { 0 } else { 2 };
        measure.tokens = measure.tokens.saturating_add(2 + arguments + parentheses);
        let deepest = directive.node.arguments.iter().map(|(_, value)| 1 + value_nesting(&value.node)).max();
        measure.nesting = measure.nesting.max(deepest.unwrap_or_default());
    }
}

fn variable_tokens(variable: &VariableDefinition) -> u64 {
    5 + variable.default_value.as_ref().map_or(0, |value| 1 + const_tokens(&value.node))
}

fn value_tokens(value: &Value) -> u64 {
    match value {
        Value::Variable(_) => 2,
        Value::List(items) => 2 + items.iter().map(value_tokens).sum::<u64>(),
        Value::Object(fields) => 2 + fields.values().map(|value| 2 + value_tokens(value)).sum::<u64>(),
        _ => 1,
    }
}

fn const_tokens(value: &ConstValue) -> u64 {
    match value {
        ConstValue::List(items) => 2 + items.iter().map(const_tokens).sum::<u64>(),
        ConstValue::Object(fields) => 2 + fields.values().map(|value| 2 + const_tokens(value)).sum::<u64>(),
        _ => 1,
    }
}

fn value_nesting(value: &Value) -> u64 {
    match value {
        Value::List(items) => 1 + items.iter().map(value_nesting).max().unwrap_or_default(),
        Value::Object(fields) => 1 + fields.values().map(value_nesting).max().unwrap_or_default(),
        _ => 0,
    }
}

fn const_nesting(value: &ConstValue) -> u64 {
    match value {
        ConstValue::List(items) => 1 + items.iter().map(const_nesting).max().unwrap_or_default(),
        ConstValue::Object(fields) => 1 + fields.values().map(const_nesting).max().unwrap_or_default(),
        _ => 0,
    }
}

fn variable_nesting(variable: &VariableDefinition) -> u64 {
    let default = variable.default_value.as_ref().map_or(0, |value| const_nesting(&value.node));
    default.max(type_nesting(&variable.var_type.node))
}

fn type_nesting(ty: &Type) -> u64 {
    match &ty.base {
        BaseType::List(item) => 1 + type_nesting(item),
        BaseType::Named(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    fn measure(text: &str) -> Result<Measure, Cycle> {
        let document = parse_query(text).unwrap();
        let (_, operation) = document.operations.iter().next().unwrap();
        Ruler::new(&document).operation(&operation.node)
    }

    #[test]
    fn fragments_count_as_often_as_they_are_spread() {
        let measured = measure(
            "{ a: x { ...F ...F } y @skip(if: true) { ...F } __typename }
             fragment F on T { b: c { d @include(if: $v) } __typename __typename }",
        )
        .unwrap();
        assert_eq!(measured.aliases, 1 + 3 * 2);
        assert_eq!(measured.directives, 1 + 3);
        assert_eq!(measured.depth, 3);
        assert_eq!(measured.fields, 3);
        assert_eq!(measured.introspection_depth, 0);
    }

    #[test]
    fn introspection_has_a_depth_of_its_own() {
        let measured =
            measure("{ a { b } ...F } fragment F on Query { __schema { types { name } } }").unwrap();
        assert_eq!((measured.depth, measured.introspection_depth), (2, 3));
    }

    #[test]
    fn a_bomb_is_measured_without_going_off() {
        let spread = |n: usize| format!("...F{n} ").repeat(20);
        let mut text = format!("{{ {} }}", spread(0));
        for n in 0..20 {
            text += &format!("fragment F{n} on Query {{ {} }} ", spread(n + 1));
        }
        text += "fragment F20 on Query { a: __typename b }";
        let measured = measure(&text).unwrap();
        assert_eq!((measured.aliases, measured.fields), (u64::MAX, u64::MAX), "20 to the power of 21");
        assert_eq!(measured.tokens, u64::MAX);
    }

    #[test]
    fn fragments_that_spread_themselves_are_found() {
        for text in [
            "{ ...A } fragment A on T { ...A }",
            "{ ...A } fragment A on T { b { ...B } } fragment B on T { ... { ...A } }",
        ] {
            assert_eq!(measure(text), Err(Cycle(Name::new("A"))));
        }
    }
}
