//! One operation as a stream of answers, whatever carries them: a subscription's events, or the one answer of a query or
//! mutation.

use std::collections::{HashSet, hash_map};

use async_graphql::parser::parse_query;
use async_graphql::parser::types::{
    DocumentOperations, ExecutableDocument, Field, OperationDefinition, OperationType, Selection,
};
use async_graphql::{Name, Positioned, Request, Response as Answer, ServerError, Variables};
use futures::StreamExt;
use futures::stream::{BoxStream, once};

use crate::auth::Viewer;
use crate::graphql::loader::{Loaders, Turns};
use crate::graphql::resume::Resumed;
use crate::http::graphql::{Asked, completed, error, name_request};
use crate::http::{EXECUTION_LIMIT, Shared};

/// Name of the type whose fields are subscriptions.
const ROOT: &str = "Subscription";

/// A request that could be read.
pub(super) struct Parsed {
    asked: Asked,
    document: ExecutableDocument,
    /// What it asks for. A request that does not say which of its operations is meant counts as a query; executing it
    /// tells the fault.
    pub kind: OperationType,
}

/// One answer of an operation.
pub(super) struct Event {
    /// The answer, complete with codes and the request's id in its errors.
    pub answer: Answer,
    /// Whether the request was refused before anything was executed.
    pub refused: bool,
    /// How far the client has come with this.
    pub cursor: Option<String>,
}

impl Parsed {
    /// Reads a request.
    ///
    /// # Errors
    /// With its code: the query is not GraphQL, or a subscription has not exactly one root field.
    pub fn of(asked: Asked) -> Result<Self, ServerError> {
        let mut document = parse_query(&asked.query).map_err(|failure| {
            let mut failure = ServerError::from(failure);
            failure.extensions.get_or_insert_default().set("code", "GRAPHQL_PARSE_FAILED");
            failure
        })?;
        let kind = kind(&document, asked.operation_name.as_deref());
        if kind == OperationType::Subscription {
            single_root_fields(&mut document)?;
        }
        Ok(Self { asked, document, kind })
    }

    /// Begins to execute it for this person. Nothing happens until the stream is asked for its first answer.
    pub fn run(
        self,
        shared: &Shared,
        viewer: Viewer,
        request_id: String,
        last_event: Option<String>,
    ) -> BoxStream<'static, Event> {
        let services = shared.app.services(viewer);
        let turns = Turns::default();
        let loaders = Loaders::new(&services, &turns);
        let resumed = Resumed::from(last_event);
        let variables =
            self.asked.variables.map(|variables| Variables::from_json(variables.into())).unwrap_or_default();
        let mut request = Request::new(self.asked.query).variables(variables);
        request = request.data(services).data(loaders).data(resumed.clone());
        if let Some(name) = self.asked.operation_name {
            request = request.operation_name(name);
        }
        request.set_parsed_query(self.document);
        let schema = shared.schema.clone();
        let event = move |answer| {
            let (mut answer, refused) = completed(answer);
            name_request(&mut answer, &request_id);
            Event { answer, refused, cursor: resumed.take() }
        };
        if self.kind == OperationType::Subscription {
            return turns.stream(schema.execute_stream(request)).map(event).boxed();
        }
        let answer = async move {
            let executed = tokio::time::timeout(EXECUTION_LIMIT, turns.run(schema.execute(request))).await;
            executed.unwrap_or_else(|_| {
                let message =
                    "The request took longer than 10 seconds and was given up; ask for less at a time";
                Answer::from_errors(vec![error("UNAVAILABLE", message)])
            })
        };
        once(answer).map(event).boxed()
    }
}

fn kind(document: &ExecutableDocument, name: Option<&str>) -> OperationType {
    let operation = match (&document.operations, name) {
        (DocumentOperations::Single(operation), _) => Some(operation),
        (DocumentOperations::Multiple(operations), Some(name)) => operations.get(name),
        (DocumentOperations::Multiple(operations), None) if operations.len() == 1 => {
            operations.values().next()
        }
        (DocumentOperations::Multiple(_), None) => None,
    };
    operation.map_or(OperationType::Query, |operation| operation.node.ty)
}

/// Sees to it that each subscription has exactly one root field, and that it stands there by itself.
///
/// The specification asks for one. The library neither checks that nor looks into fragments at the root: it would answer
/// them with silence. So what they hold is put in their place.
fn single_root_fields(document: &mut ExecutableDocument) -> Result<(), ServerError> {
    let mut used = HashSet::new();
    let fragments = &document.fragments;
    let operations: Vec<&mut Positioned<OperationDefinition>> = match &mut document.operations {
        DocumentOperations::Single(operation) => vec![operation],
        DocumentOperations::Multiple(operations) => operations.values_mut().collect(),
    };
    for operation in
        operations.into_iter().filter(|operation| operation.node.ty == OperationType::Subscription)
    {
        let pos = operation.pos;
        let refuse = |message: &str| {
            let mut failure = error("GRAPHQL_VALIDATION_FAILED", message);
            failure.locations.push(pos);
            failure
        };
        let mut visited: HashSet<Name> = HashSet::new();
        let mut fields: Vec<Positioned<Field>> = Vec::new();
        let mut left: Vec<Positioned<Selection>> = Vec::new();
        let root = &mut operation.node.selection_set.node.items;
        left.extend(root.drain(..).rev());
        while let Some(selection) = left.pop() {
            let directives = selection.node.directives();
            if directives.iter().any(|directive| matches!(&*directive.node.name.node, "skip" | "include")) {
                return Err(refuse(
                    "@skip and @include are not for the root field of a subscription; leave the operation out instead",
                ));
            }
            match selection.node {
                Selection::Field(field) if field.node.name.node.starts_with("__") => {
                    return Err(refuse(
                        "The root field of a subscription is one of those that the type Subscription has",
                    ));
                }
                Selection::Field(field) => match fields.first_mut() {
                    Some(first) if first.node.response_key().node != field.node.response_key().node => {
                        return Err(refuse(
                            "A subscription has exactly one root field; send an operation for each",
                        ));
                    }
                    // The same field again: whether the two fit together is for validation, which has seen both.
                    Some(first)
                        if first.node.arguments == field.node.arguments
                            && first.node.name == field.node.name =>
                    {
                        let more = field.node.selection_set.node.items;
                        first.node.selection_set.node.items.extend(more);
                    }
                    Some(_) => {
                        return Err(refuse(
                            "The root field of a subscription stands there twice, with different arguments",
                        ));
                    }
                    None => fields.push(field),
                },
                Selection::InlineFragment(inline)
                    if inline.node.type_condition.as_ref().is_none_or(|on| on.node.on.node == ROOT) =>
                {
                    left.extend(inline.node.selection_set.node.items.into_iter().rev());
                }
                Selection::FragmentSpread(spread)
                    if fragments
                        .get(&spread.node.fragment_name.node)
                        .is_some_and(|fragment| fragment.node.type_condition.node.on.node == ROOT) =>
                {
                    let name = spread.node.fragment_name.node;
                    if let (true, Some(fragment)) = (visited.insert(name.clone()), fragments.get(&name)) {
                        left.extend(fragment.node.selection_set.node.items.iter().rev().cloned());
                    }
                }
                // Of another type, or not there: validation refuses it.
                other => root.push(Positioned::new(other, selection.pos)),
            }
        }
        root.extend(fields.into_iter().map(|field| {
            let pos = field.pos;
            Positioned::new(Selection::Field(field), pos)
        }));
        used.extend(visited);
    }
    for name in used {
        if let hash_map::Entry::Occupied(fragment) = document.fragments.entry(name) {
            fragment.remove();
        }
    }
    Ok(())
}
