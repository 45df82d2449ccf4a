//! Operations that are answered bit by bit: whatever comes over a connection that stays open. A subscription gives
//! answers until it ends; a query or a mutation gives one.

use async_graphql::parser::types::{DocumentOperations, ExecutableDocument, OperationType, Selection};
use async_graphql::{Response, ServerError, Variables};
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use serde_json::Value;

use super::cursor::Cursor;
use super::error;
use super::subscription::{GoOnAfter, Track};
use super::{Api, Operation, Outcome, Way, kind_of};
use crate::auth::Visitor;
use crate::error::Code;

/// What comes of an operation, one answer after the other.
pub struct Answers {
    source: Source,
    track: Track,
    request_id: String,
}

enum Source {
    /// The one answer, if it has not been given out.
    Once(Option<Box<Answer>>),
    Stream(BoxStream<'static, Response>),
}

/// One answer.
#[derive(Debug)]
pub struct Answer {
    pub response: Response,
    /// Where a subscription is with it.
    pub cursor: Option<Cursor>,
    /// Nothing was run, or the subscription cannot go on: there is no answer after this one.
    pub is_refusal: bool,
}

impl std::fmt::Debug for Answers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answers").field("track", &self.track).finish_non_exhaustive()
    }
}

impl Answers {
    /// One answer that refuses.
    pub fn refuse(code: Code, request_id: &str) -> Self {
        Self::refuse_with(error::refusal(code), request_id)
    }

    /// The words of a refusal.
    pub fn refusal(code: Code, request_id: &str) -> Response {
        let mut response = error::refusal(code);
        error::finish(&mut response, request_id);
        response
    }

    fn refuse_with(mut response: Response, request_id: &str) -> Self {
        error::finish(&mut response, request_id);
        Self::once(Answer { response, cursor: None, is_refusal: true }, request_id)
    }

    fn once(answer: Answer, request_id: &str) -> Self {
        Self {
            source: Source::Once(Some(Box::new(answer))),
            track: Track::default(),
            request_id: request_id.to_owned(),
        }
    }

    /// The next answer; none after the last. May be dropped at any await without losing anything.
    pub async fn next(&mut self) -> Option<Answer> {
        let stream = match &mut self.source {
            Source::Once(answer) => return answer.take().map(|answer| *answer),
            Source::Stream(stream) => stream,
        };
        let mut response = stream.next().await?;
        // A subscription that has failed has no data: its stream ends, and what it was is told as a refusal.
        let is_refusal = response.data == async_graphql::Value::Null && !response.errors.is_empty();
        error::finish(&mut response, &self.request_id);
        if is_refusal {
            self.source = Source::Once(None);
        }
        Some(Answer { response, cursor: self.track.cursor(), is_refusal })
    }

    /// What a subscriber is told who does not take what it has asked for.
    pub fn resume(cursor: Option<Cursor>, request_id: &str) -> Response {
        let mut response = error::refusal(Code::Resume);
        for error in &mut response.errors {
            if let (Some(values), Some(cursor)) = (error.extensions.as_mut(), cursor) {
                values.set("cursor", cursor.to_string());
            }
        }
        error::finish(&mut response, request_id);
        response
    }
}

impl Api {
    /// Starts an operation of any kind. None: it changes something, and came by a way that must not. A subscription
    /// goes on after `go_on_after`, if that is given, whatever its text says.
    pub async fn start(
        &self,
        operation: Operation,
        way: Way,
        visitor: Visitor,
        go_on_after: Option<Cursor>,
        request_id: &str,
    ) -> Option<Answers> {
        let (text, document) = match self.document(&operation) {
            Ok(found) => found,
            Err(errors) => {
                return Some(Answers::refuse_with(Response::from_errors(errors), request_id));
            }
        };
        let name = operation.operation_name.as_deref();
        if kind_of(&document, name) != Some(OperationType::Subscription) {
            return match self.run(operation, way, visitor, request_id).await {
                Outcome::WrongWay => None,
                Outcome::Response { response, is_request_error } => {
                    let answer = Answer { response: *response, cursor: None, is_refusal: is_request_error };
                    Some(Answers::once(answer, request_id))
                }
            };
        }
        if !has_one_root(&document, name) {
            let error = ServerError::new("A subscription selects exactly one field at the top.", None);
            return Some(Answers::refuse_with(Response::from_errors(vec![error]), request_id));
        }
        let track = Track::default();
        let variables = Value::Object(operation.variables.unwrap_or_default());
        let mut request = async_graphql::Request::new(&*text)
            .variables(Variables::from_json(variables))
            .data(visitor)
            .data(track.clone());
        if let Some(cursor) = go_on_after {
            request = request.data(GoOnAfter(cursor));
        }
        request.operation_name = operation.operation_name;
        request.set_parsed_query(document);
        let stream = self.schema.execute_stream(request);
        Some(Answers { source: Source::Stream(stream), track, request_id: request_id.to_owned() })
    }
}

/// What the specification demands of a subscription. Fragments at the top are not looked into; none is needed there.
fn has_one_root(document: &ExecutableDocument, name: Option<&str>) -> bool {
    let operation = match &document.operations {
        DocumentOperations::Single(operation) => Some(operation),
        DocumentOperations::Multiple(operations) => name.and_then(|name| operations.get(name)),
    };
    operation.is_some_and(|operation| {
        matches!(
            operation.node.selection_set.node.items.as_slice(),
            [only] if matches!(only.node, Selection::Field(_))
        )
    })
}
