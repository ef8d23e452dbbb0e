//! One operation as a stream of answers, whatever carries them: a subscription's events, or the one answer of a query or
//! mutation.

use std::collections::{HashSet, hash_map};
use std::sync::Arc;

use async_graphql::parser::types::{
    DocumentOperations, ExecutableDocument, Field, OperationDefinition, OperationType, Selection,
};
use async_graphql::{Name, Positioned, Response as Answer, ServerError};
use futures::StreamExt;
use futures::stream::{BoxStream, once, unfold};
use tokio::sync::OwnedSemaphorePermit;

use super::turnstile::Turnstile;
use crate::graphql::guard::refusal::{Manner, Refusal};
use crate::graphql::resume::Resumed;
use crate::http::Shared;
use crate::http::body::Part;
use crate::http::door::{self, Admitted, Asked, Carries, name_request};
use crate::http::sign_in::SignedIn;

/// Name of the type whose fields are subscriptions.
const ROOT: &str = "Subscription";

/// An operation that may be executed.
pub(super) struct Operation {
    /// What it asks for.
    pub kind: OperationType,
    admitted: Admitted,
}

/// One answer of an operation.
pub(super) struct Event {
    /// The answer, complete with codes and the request's id in its errors.
    pub answer: Answer,
    /// Whether the request was refused before anything was executed.
    pub refused: bool,
    /// How far the client has come with this.
    pub cursor: Option<String>,
    /// The place of a query or mutation among the running requests, to be kept until the answer is written.
    pub place: Option<OwnedSemaphorePermit>,
}

impl Operation {
    /// Lets a request in.
    ///
    /// # Errors
    /// Whatever every request is refused for; also a subscription that has not exactly one root field.
    pub async fn admit(
        shared: &Shared,
        signed_in: SignedIn,
        asked: Asked,
        carries: Carries,
    ) -> Result<Self, Refusal> {
        let mut admitted = door::admit(shared, signed_in, asked, carries).await?;
        let kind = admitted.kind;
        if kind == OperationType::Subscription {
            let document = admitted
                .request
                .parsed_query()
                .map_err(|error| Refusal::of(Manner::Request, "GRAPHQL_PARSE_FAILED", error))?;
            let mut document = document.clone();
            single_root_fields(&mut document).inspect_err(|_| admitted.ticket.forfeit())?;
            admitted.request.set_parsed_query(document);
        }
        Ok(Self { kind, admitted })
    }

    /// Begins to execute it. Nothing happens until the stream is asked for its first answer. What the request takes in memory
    /// is counted until it is executed; of a subscription no longer, which may live for hours and has bounds of its own.
    pub fn run(
        self,
        shared: &Shared,
        request_id: String,
        last_event: Option<String>,
        part: Part,
    ) -> BoxStream<'static, Event> {
        let resumed = Resumed::from(last_event);
        let mut admitted = self.admitted;
        admitted.request = admitted.request.data(resumed.clone());
        let event = move |door::Answer { response: mut answer, executed, place }: door::Answer| {
            name_request(&mut answer, &request_id);
            Event { answer, refused: !executed, cursor: resumed.take(), place }
        };
        if self.kind == OperationType::Subscription {
            drop(part);
            let Admitted { request, turns, mut ticket, .. } = admitted;
            let turnstile = Turnstile::new(shared.clone(), ticket.release());
            let ticket = Arc::new(ticket);
            let request = request.data(turnstile.clone());
            let answers = Box::pin(turns.stream(shared.streaming.execute_stream(request)));
            let events = unfold(Some(answers), move |answers| {
                let (turnstile, ticket) = (turnstile.clone(), ticket.clone());
                async move {
                    let mut answers = answers?;
                    let answer = answers.next().await?;
                    if let Some(refusal) = turnstile.refused() {
                        return Some((door::Answer::refused(refusal), None));
                    }
                    let (answer, cost) = ticket.event(answer);
                    turnstile.settle(cost);
                    Some((answer, Some(answers)))
                }
            });
            return events.map(event).boxed();
        }
        let shared = shared.clone();
        let answer = async move {
            let answer = door::run(&shared, admitted).await.unwrap_or_else(door::Answer::refused);
            drop(part);
            answer
        };
        once(answer).map(event).boxed()
    }
}

/// Sees to it that each subscription has exactly one root field, and that it stands there by itself.
///
/// The specification asks for one. The library neither checks that nor looks into fragments at the root: it would answer
/// them with silence. So what they hold is put in their place.
fn single_root_fields(document: &mut ExecutableDocument) -> Result<(), Refusal> {
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
            let failure = ServerError::new(message, Some(pos));
            Refusal::of(Manner::Request, "GRAPHQL_VALIDATION_FAILED", failure)
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
