//! The guard in front of the schema: what a request may be and cost, found out on the parsed document before the library
//! validates or executes anything. The library's own checks put fragments in one by one, so a kilobyte can hang them.

pub mod bucket;
pub mod catalogue;
pub mod complete;
pub mod cost;
pub mod lexer;
pub mod measure;
pub mod merge;
pub mod refusal;
pub mod weight;

use std::sync::Arc;

use async_graphql::parser::types::{
    DocumentOperations, ExecutableDocument, OperationDefinition, OperationType,
};
use async_graphql::parser::{Error as ParseError, parse_query};
use async_graphql::{Name, Pos, ServerError, Variables};
use moka::sync::Cache;

use self::catalogue::Catalogue;
use self::complete::{Completed, Source};
use self::cost::{Cost, Pricer, Values};
use self::measure::{Cycle, Ruler};
use self::refusal::{Manner, Refusal};
use super::Introspection;
use crate::config::Limits;

/// Longest name. Nobody needs one, and suggestions compare every name with every other.
const LONGEST_NAME: u64 = 200;

/// A document within the limits, parsed.
pub struct Examined {
    document: ExecutableDocument,
    hidden: Name,
    /// Names of operations that ask for introspection; none for the nameless one.
    introspecting: Vec<Option<Name>>,
    weight: u32,
}

/// The guard.
pub struct Guard {
    catalogue: Catalogue,
    limits: Limits,
    introspection: Introspection,
    documents: Cache<Arc<str>, Arc<Examined>>,
}

impl Guard {
    /// A guard for the schema with this definition.
    ///
    /// # Errors
    /// When the definition cannot be read.
    pub fn new(sdl: &str, introspection: Introspection, limits: &Limits) -> Result<Self, ParseError> {
        let documents = Cache::builder()
            .max_capacity(limits.document_cache_bytes)
            .weigher(|_: &Arc<str>, examined: &Arc<Examined>| examined.weight)
            .build();
        Ok(Self { catalogue: Catalogue::read(sdl)?, limits: limits.clone(), introspection, documents })
    }

    /// Reads a document and checks it against every limit that does not depend on variables. Texts that passed are
    /// remembered.
    ///
    /// # Errors
    /// When it cannot be parsed or exceeds a limit.
    pub fn examine(&self, text: &str) -> Result<Arc<Examined>, Refusal> {
        if let Some(known) = self.documents.get(text) {
            return Ok(known);
        }
        let lexed = lexer::document(text);
        let limits = &self.limits;
        check(
            lexed.longest_name,
            LONGEST_NAME,
            "NAME_LENGTH",
            || "has a name that is longer than any of the schema; shorten it",
        )?;
        check(lexed.nesting, limits.nesting, "NESTING", || "nests brackets too deep; flatten it")?;
        check(lexed.tokens, limits.tokens, "TOKENS", || "is too long, counted in tokens; split it")?;
        if let Some(at) = lexed.unclosed {
            let message = "The document is not GraphQL: a block string begins here and does not end";
            let error = ServerError::new(message, Some(position(text, at)));
            return Err(Refusal::of(Manner::Request, "GRAPHQL_PARSE_FAILED", error));
        }
        let mut document = parse_query(text)
            .map_err(|error| Refusal::of(Manner::Request, "GRAPHQL_PARSE_FAILED", told(error.into())))?;
        let introspecting = self.measure(&document)?;
        let mut hidden = "__concrete".to_owned();
        while text.contains(&hidden) {
            hidden.push('_');
        }
        let hidden = Name::new(hidden);
        complete::ask_for_types(&mut document, &self.catalogue, &hidden);
        let weight = weight::document(&document).saturating_add(2 * text.len());
        let weight = u32::try_from(weight).unwrap_or(u32::MAX);
        let examined = Arc::new(Examined { document, hidden, introspecting, weight });
        self.documents.insert(Arc::from(text), examined.clone());
        Ok(examined)
    }

    fn measure(&self, document: &ExecutableDocument) -> Result<Vec<Option<Name>>, Refusal> {
        let cyclic = |Cycle(name): Cycle| {
            let message = format!("The fragment `{name}` spreads itself; take the circle out");
            Refusal::new(Manner::Request, "GRAPHQL_VALIDATION_FAILED", message)
        };
        let mut ruler = Ruler::new(document);
        let largest = ruler.document().map_err(cyclic)?;
        let mut introspecting = Vec::new();
        for (name, operation) in document.operations.iter() {
            if ruler.operation(&operation.node).map_err(cyclic)?.introspection_depth > 0 {
                introspecting.push(name.cloned());
            }
        }
        let limits = &self.limits;
        // Once more: the lexer reads what the parser read, and this is what everything from here on will see.
        check(largest.nesting, limits.nesting, "NESTING", || "nests brackets too deep; flatten it")?;
        check(
            largest.fields,
            limits.root_fields,
            "ROOT_FIELDS",
            || "has too many root fields; split it into several requests",
        )?;
        check(largest.depth, limits.depth, "DEPTH", || "nests fields too deep; ask in several steps")?;
        check(
            largest.introspection_depth,
            limits.introspection_depth,
            "INTROSPECTION_DEPTH",
            || "nests introspection too deep; ask in several steps",
        )?;
        check(
            largest.aliases,
            limits.aliases,
            "ALIASES",
            || "has too many aliases, its fragments put in; repeated `__typename` count too. Use lists, or split it",
        )?;
        check(
            largest.directives,
            limits.directives,
            "DIRECTIVES",
            || "has too many directives, its fragments put in; leave some out",
        )?;
        check(
            largest.tokens,
            limits.tokens,
            "TOKENS",
            || "is too long once its fragments are put in, counted in tokens; spread fewer fragments, or split it",
        )?;
        Ok(introspecting)
    }

    /// What the operation of this name may cost at most.
    ///
    /// # Errors
    /// When there is no such operation, it costs more than a request may, or asks for an introspection that is off or
    /// too large.
    pub fn price(
        &self,
        examined: &Examined,
        operation_name: Option<&str>,
        variables: &Variables,
    ) -> Result<Cost, Refusal> {
        let operation = examined.operation(operation_name)?;
        let introspects = examined.introspecting.iter().any(|name| match (name, operation_name) {
            (Some(name), Some(chosen)) => name == chosen,
            _ => true,
        });
        if introspects && self.introspection == Introspection::Refused {
            let message = "Introspection is switched off on this server; read the schema from api/schema.graphql of the release, or set server.introspection";
            return Err(Refusal::new(Manner::Request, "GRAPHQL_VALIDATION_FAILED", message)
                .with("limit", "INTROSPECTION"));
        }
        let values = Values::new(variables, operation);
        let plain_list = self.limits.cost_plain_list;
        let cost = Pricer::new(&self.catalogue, &examined.document, values, plain_list).price();
        check(
            cost.introspection,
            self.limits.introspection_objects,
            "INTROSPECTION_OBJECTS",
            || "asks introspection for too many objects, by estimate; ask for less at a time",
        )?;
        check(
            cost.total(),
            self.limits.cost_per_request,
            "COST",
            || "may cost too many points: one for each object its answer can hold; ask for smaller pages (`first`), fewer lists within lists, or split it",
        )?;
        Ok(cost)
    }

    /// What the library is to execute, which consumes it: a copy in which no field is selected twice.
    pub fn executable(
        &self,
        examined: &Examined,
        operation_name: Option<&str>,
        variables: &Variables,
    ) -> ExecutableDocument {
        let Ok(operation) = examined.operation(operation_name) else { return examined.document.clone() };
        let values = Values::new(variables, operation);
        merge::document(&examined.document, operation_name, values, &self.catalogue, &examined.hidden)
    }

    /// Brings data into the form of the specification.
    pub fn complete(
        &self,
        examined: &Examined,
        operation_name: Option<&str>,
        variables: &Variables,
        data: async_graphql::Value,
        errors: &[async_graphql::ServerError],
    ) -> Completed {
        let Ok(operation) = examined.operation(operation_name) else {
            return Completed { data, cost: Cost::default(), bytes: 0 };
        };
        let source = Source {
            catalogue: &self.catalogue,
            document: &examined.document,
            operation,
            values: Values::new(variables, operation),
            hidden: &examined.hidden,
        };
        complete::complete(source, data, errors)
    }
}

impl Examined {
    /// The operation that a request means.
    ///
    /// # Errors
    /// When there is none of that name, or several and no name.
    pub fn operation(&self, name: Option<&str>) -> Result<&OperationDefinition, Refusal> {
        let wrong = |message: String| Refusal::new(Manner::Request, "GRAPHQL_VALIDATION_FAILED", message);
        match (&self.document.operations, name) {
            (DocumentOperations::Single(operation), None) => Ok(&operation.node),
            (DocumentOperations::Multiple(operations), Some(name)) => {
                operations.get(name).map(|operation| &operation.node).ok_or_else(|| {
                    wrong(format!("The document has no operation named `{name}`; check operationName"))
                })
            }
            (DocumentOperations::Multiple(operations), None) => match operations.values().next() {
                Some(operation) if operations.len() == 1 => Ok(&operation.node),
                _ => Err(wrong(
                    "The document has several operations; say which one with operationName".to_owned(),
                )),
            },
            (DocumentOperations::Single(_), Some(name)) => Err(wrong(format!(
                "The document's operation has no name, and operationName is `{name}`; name it, or leave operationName out"
            ))),
        }
    }

    /// Gives variables that were not sent the default values of their definitions. The library does so for arguments, and
    /// forgets it for `@skip` and `@include`.
    ///
    /// # Errors
    /// When there is no such operation.
    pub fn fill_in_defaults(&self, name: Option<&str>, variables: &mut Variables) -> Result<(), Refusal> {
        for definition in &self.operation(name)?.variable_definitions {
            let definition = &definition.node;
            if let Some(default) = &definition.default_value
                && !variables.contains_key(&definition.name.node)
            {
                variables.insert(definition.name.node.clone(), default.node.clone());
            }
        }
        Ok(())
    }

    /// What the request asks for. One that does not say which of its operations is meant counts as a query; executing it
    /// tells the fault.
    pub fn kind(&self, name: Option<&str>) -> OperationType {
        self.operation(name).map_or(OperationType::Query, |operation| operation.ty)
    }

    /// Whether every operation that the request may mean is a query.
    pub fn is_query(&self, name: Option<&str>) -> bool {
        match (self.operation(name), name) {
            (Ok(operation), _) => operation.ty == OperationType::Query,
            (Err(_), Some(_)) => true,
            (Err(_), None) => self
                .document
                .operations
                .iter()
                .all(|(_, operation)| operation.node.ty == OperationType::Query),
        }
    }
}

/// The parser draws the place of a fault over several lines; a sentence and `locations` tell the same.
fn told(mut error: ServerError) -> ServerError {
    if let Some((_, expected)) = error.message.rsplit_once("\n  = ") {
        error.message = format!("The document is not GraphQL: {expected}");
    }
    error
}

/// Line and column of a place in a text.
fn position(text: &str, at: usize) -> Pos {
    let before = text.get(..at).unwrap_or_default();
    let line = before.rsplit('\n').next().unwrap_or_default();
    Pos { line: before.matches('\n').count() + 1, column: line.chars().count() + 1 }
}

fn check(
    found: u64,
    maximum: u64,
    limit: &'static str,
    fault: impl Fn() -> &'static str,
) -> Result<(), Refusal> {
    if found <= maximum {
        return Ok(());
    }
    let count = if found == u64::MAX { "more than can be counted".to_owned() } else { found.to_string() };
    let message = format!("The document {}. It has {count}, and {maximum} are allowed ({limit})", fault());
    Err(Refusal::limit("COST_LIMIT", limit, found, maximum, message))
}
