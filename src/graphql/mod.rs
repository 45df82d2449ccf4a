//! The API of CRM front ends. It translates and decides nothing: a resolver authorizes, calls a feature, and wraps what
//! comes back. A file a noun; what changes things is under `mutation`.
//!
//! Everything runs on the main runtime, never on a web worker: `Api::run` is called there.

#![expect(clippy::unused_async, reason = "async-graphql wants every resolver so")]
#![expect(clippy::too_many_arguments, reason = "a list has the arguments that GraphQL's connections have")]

mod api_key;
mod audit;
mod call;
mod contact;
mod content;
mod context;
mod conversation;
pub mod cursor;
pub mod document;
pub mod doctor;
pub mod error;
mod event;
mod failure;
pub mod hub;
mod language;
mod leave;
pub mod limits;
pub mod live;
mod loader;
mod message;
mod mutation;
mod notice;
mod number;
mod outgoing;
mod page;
mod scalar;
mod search;
mod sending;
mod status;
mod subscription;
mod template;
mod timeline;
mod trace;
mod work;
mod workspace;

use std::sync::Arc;
use std::time::Duration;

use async_graphql::parser::types::{DocumentOperations, ExecutableDocument, OperationType};
use async_graphql::{MergedObject, Response, ServerError, Variables};
use serde_json::{Map, Value};

use crate::auth::Visitor;
use crate::error::Code;
use limits::Unfit;
use page::{CallCursor, ContactCursor, MessageCursor, NoteCursor, NoticeCursor, Page, Place, TemplateCursor};

pub use context::Services;
pub use cursor::Cursor;
pub use document::{DocumentHash, Documents};
pub use hub::Hub;
pub use live::{Answer, Answers};
pub use template::sample_answer;

/// How long an operation may take.
const OPERATION_MAX: Duration = Duration::from_secs(30);

/// What can be read. What belongs to another workspace, or to a number that the caller may not touch, is as if it were
/// not there.
#[derive(Debug, Default, MergedObject)]
pub struct Query(
    workspace::WorkspaceQuery,
    api_key::ApiKeyQuery,
    audit::AuditQuery,
    number::NumberQueries,
    doctor::DoctorQuery,
    outgoing::OutgoingQuery,
    sending::SendingQuery,
    subscription::EventQuery,
    Inbox,
);

/// What an inbox reads. Nested, because a flat merge of many does not compile.
#[derive(Debug, Default, MergedObject)]
pub struct Inbox(
    conversation::ConversationQuery,
    message::MessageQuery,
    contact::ContactQuery,
    template::TemplateQuery,
    leave::LeaveQuery,
    call::CallQuery,
    notice::NoticeQuery,
    trace::TraceQuery,
    search::SearchQuery,
    work::NoteQuery,
    work::LabelQuery,
);

/// What can be changed. A payload has what came of it and, in `userErrors`, what the caller can put right; anything else
/// that goes wrong is an error with a code.
#[derive(Debug, Default, MergedObject)]
pub struct Mutation(
    mutation::api_key::ApiKeyMutation,
    mutation::number::NumberMutations,
    mutation::doctor::DoctorMutation,
    mutation::message::MessageMutation,
    mutation::contact::ContactMutation,
    mutation::inbox::InboxMutations,
    mutation::template::TemplateMutations,
    mutation::sending::SendingMutation,
);

type Schema = async_graphql::Schema<Query, Mutation, subscription::Subscription>;

/// One operation that somebody asks for.
#[derive(Clone, Debug, Default)]
pub struct Operation {
    /// Its document; it may be known by its hash alone.
    pub query: Option<String>,
    pub hash: Option<DocumentHash>,
    pub operation_name: Option<String>,
    pub variables: Option<Map<String, Value>>,
}

/// What may be done by the way that an operation came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Queries only.
    Get,
    Post,
}

/// What comes of an operation.
#[derive(Debug)]
pub enum Outcome {
    /// It was run, or its document is not one that can be run: `is_request_error`.
    Response { response: Box<Response>, is_request_error: bool },
    /// It changes something, and came by a way that must not.
    WrongWay,
}

/// The API. Cheap to clone.
#[derive(Clone)]
pub struct Api {
    schema: Schema,
    documents: Documents,
}

impl std::fmt::Debug for Api {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Api")
    }
}

impl Api {
    /// The API over these services.
    pub fn new(services: Services, documents: Documents, allows_introspection: bool) -> Self {
        let builder = builder().data(services);
        let builder = if allows_introspection { builder } else { builder.disable_introspection() };
        Self { schema: builder.finish(), documents }
    }

    /// The document that an operation means, within the limits.
    fn document(&self, operation: &Operation) -> Result<(Arc<str>, ExecutableDocument), Vec<ServerError>> {
        let found = self.documents.find(operation.query.as_deref(), operation.hash);
        let found = found.map_err(|none| error::refusal(none.into()).errors)?;
        let document = self.documents.read(&found).map_err(|unfit| {
            vec![match unfit {
                Unfit::TooMuch(what) => ServerError::new(what.to_string(), None),
                Unfit::Syntax(error) => error.into(),
            }]
        })?;
        let text = Arc::clone(&found.text);
        if operation.hash.is_some() {
            self.documents.remember(found);
        }
        Ok((text, document))
    }

    /// Runs an operation for a visitor.
    pub async fn run(&self, operation: Operation, way: Way, visitor: Visitor, request_id: &str) -> Outcome {
        let refused = |errors: Vec<ServerError>| {
            let mut response = Response::from_errors(errors);
            error::finish(&mut response, request_id);
            Outcome::Response { response: Box::new(response), is_request_error: true }
        };
        let (text, document) = match self.document(&operation) {
            Ok(found) => found,
            Err(errors) => return refused(errors),
        };
        match kind_of(&document, operation.operation_name.as_deref()) {
            Some(OperationType::Mutation) if way == Way::Get => return Outcome::WrongWay,
            Some(OperationType::Subscription) => {
                let text = "Subscriptions are not run over this request.";
                return refused(vec![ServerError::new(text, None)]);
            }
            _ => {}
        }
        let variables = Value::Object(operation.variables.unwrap_or_default());
        let mut request =
            async_graphql::Request::new(&*text).variables(Variables::from_json(variables)).data(visitor);
        request.operation_name = operation.operation_name;
        request.set_parsed_query(document);
        let run = self.schema.execute(request);
        let mut response = match tokio::time::timeout(OPERATION_MAX, run).await {
            Ok(response) => response,
            Err(_) => Response::from_errors(vec![late()]),
        };
        // Nothing was run: the errors are of no field.
        let is_request_error = response.data == async_graphql::Value::Null
            && !response.errors.is_empty()
            && response.errors.iter().all(|error| error.path.is_empty());
        error::finish(&mut response, request_id);
        Outcome::Response { response: Box::new(response), is_request_error }
    }
}

fn late() -> ServerError {
    let mut error = ServerError::new(Code::Unavailable.row().message, None);
    error.extensions.get_or_insert_default().set("code", Code::Unavailable.row().name);
    error
}

/// What the operation does; none if the document has no such operation, which the execution will say.
fn kind_of(document: &ExecutableDocument, name: Option<&str>) -> Option<OperationType> {
    match &document.operations {
        DocumentOperations::Single(operation) => Some(operation.node.ty),
        DocumentOperations::Multiple(operations) => operations.get(name?).map(|operation| operation.node.ty),
    }
}

fn builder() -> async_graphql::SchemaBuilder<Query, Mutation, subscription::Subscription> {
    async_graphql::Schema::build(Query::default(), Mutation::default(), subscription::Subscription)
        .limit_complexity(limits::COMPLEXITY_MAX)
        .limit_depth(limits::DEPTH_MAX)
        .limit_directives(limits::DIRECTIVES_MAX)
        // Connections are a generic type of async-graphql's, which has no description.
        .override_output_type_description::<Page<Place, audit::AuditEntry>>("A page of the audit log.")
        .override_output_type_description::<Page<CallCursor, call::Call>>("A page of calls.")
        .override_output_type_description::<Page<ContactCursor, contact::Contact>>("A page of contacts.")
        .override_output_type_description::<conversation::ConversationPage>("A page of conversations.")
        .override_output_type_description::<Page<MessageCursor, message::Message>>("A page of messages.")
        .override_output_type_description::<Page<NoteCursor, work::Note>>("A page of notes.")
        .override_output_type_description::<Page<NoticeCursor, notice::Notice>>("A page of notices.")
        .override_output_type_description::<Page<TemplateCursor, template::Template>>("A page of templates.")
}

/// The text of `graphql/schema.graphql`.
pub fn sdl() -> String {
    let options = async_graphql::SDLExportOptions::new().sorted_fields().sorted_arguments();
    let mut text = builder().finish().sdl_with_options(options);
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}
