//! The upload of samples for templates and of profile pictures, which can go on where it broke off.

use bytes::Bytes;

use super::answer::{Fields, Read};
use super::call::{Authority, Body, Call};
use super::{CallError, Credentials, Graph, Pieces};

const NOUN: &str = "upload";

/// A file that is to be uploaded.
#[derive(Clone, Copy, Debug)]
pub struct File<'a> {
    pub name: &'a str,
    pub mime_type: &'a str,
    pub length: u64,
}

/// An upload that was begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    id: String,
}

/// How far an upload is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// It goes on at this byte.
    At(u64),
    /// All is there: the handle that a template or a profile names.
    Done(String),
}

impl Read for Session {
    fn read(fields: Fields<'_>) -> Option<Self> {
        fields.text("id").filter(|id| id.starts_with("upload:")).map(|id| Self { id })
    }
}

impl Read for Progress {
    fn read(fields: Fields<'_>) -> Option<Self> {
        let at = || fields.int("file_offset").and_then(|at| u64::try_from(at).ok()).map(Self::At);
        fields.text("h").map(Self::Done).or_else(at)
    }
}

impl Session {
    /// The path and the query that the id is made of.
    fn parts(&self) -> (&str, Option<&str>) {
        match self.id.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (&self.id, None),
        }
    }
}

/// Of an upload that was sent whole.
fn handle_of(progress: Progress) -> Result<String, CallError> {
    match progress {
        Progress::Done(handle) => Ok(handle),
        Progress::At(_) => {
            Err(CallError::Unreadable { status: 200, problem: "what was asked for is not in it" })
        }
    }
}

/// The calls about uploads of one app.
#[derive(Clone, Copy, Debug)]
pub struct Calls<'a> {
    graph: &'a Graph,
    credentials: Credentials<'a>,
    app_id: &'a str,
}

impl Graph {
    /// The calls about uploads of an app.
    pub fn uploads<'a>(&'a self, credentials: Credentials<'a>, app_id: &'a str) -> Calls<'a> {
        Calls { graph: self, credentials, app_id }
    }
}

impl Calls<'_> {
    /// Uploads a whole file; gives its handle.
    pub async fn whole(self, name: &str, mime_type: &str, bytes: Bytes) -> Result<String, CallError> {
        let file = File { name, mime_type, length: bytes.len() as u64 };
        let session = self.start(file).await?;
        handle_of(self.send(&session, 0, bytes).await?)
    }

    /// The same of a file that is passed on while it comes.
    pub async fn piecewise(self, name: &str, mime_type: &str, pieces: Pieces) -> Result<String, CallError> {
        let file = File { name, mime_type, length: pieces.length() };
        let session = self.start(file).await?;
        let (path, query) = session.parts();
        let call = Call::post((NOUN, "send"), Authority::OAuth(self.credentials), &[path]);
        let call = Call { id_query: query, ..call.body(Body::Piecewise(pieces)) };
        handle_of(self.graph.read(&call).await?)
    }

    pub async fn start(self, file: File<'_>) -> Result<Session, CallError> {
        let by = Authority::Token(self.credentials);
        let call = Call::post((NOUN, "start"), by, &[self.app_id, "uploads"])
            .query("file_name", file.name)
            .query("file_length", file.length.to_string())
            .query("file_type", file.mime_type);
        self.graph.read(&call.repeatable()).await
    }

    /// Sends the bytes from an offset on.
    pub async fn send(self, session: &Session, offset: u64, bytes: Bytes) -> Result<Progress, CallError> {
        let (path, query) = session.parts();
        let call = Call::post((NOUN, "send"), Authority::OAuth(self.credentials), &[path]);
        let call = Call { id_query: query, ..call.body(Body::Raw { offset, bytes }) };
        self.graph.read(&call).await
    }

    /// How much is there, after a send that broke.
    pub async fn progress(self, session: &Session) -> Result<Progress, CallError> {
        let (path, query) = session.parts();
        let call = Call::get((NOUN, "progress"), Authority::OAuth(self.credentials), &[path]);
        self.graph.read(&Call { id_query: query, ..call }).await
    }
}
