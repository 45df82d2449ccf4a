//! Media: uploaded, looked up, deleted, and read from where Meta keeps it.

use std::fmt;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::Response;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use tokio::sync::OwnedSemaphorePermit;
use tracing::debug;
use url::Url;

use super::answer::{Done, Fields, Read};
use super::call::{Authority, Body, Call};
use super::exchange::no_answer;
use super::{CallError, Credentials, Graph};

const NOUN: &str = "media";
/// The longest that one download may take.
const DOWNLOAD_MAX: Duration = Duration::from_mins(10);

struct Stored(String);

impl Read for Stored {
    fn read(fields: Fields<'_>) -> Option<Self> {
        fields.text("id").map(Self)
    }
}

/// Where a file is, for five minutes, and what it is.
#[derive(Clone, PartialEq, Eq)]
pub struct Location {
    /// For `Graph::open`. It is not printed: it holds a signature.
    pub url: String,
    pub mime_type: Option<String>,
    /// In base64 or in hexadecimal digits.
    pub sha256: Option<String>,
    pub bytes: Option<u64>,
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Location")
            .field("mime_type", &self.mime_type)
            .field("bytes", &self.bytes)
            .finish_non_exhaustive()
    }
}

impl Read for Location {
    fn read(fields: Fields<'_>) -> Option<Self> {
        Some(Self {
            url: fields.text("url")?,
            mime_type: fields.text("mime_type"),
            sha256: fields.text("sha256"),
            bytes: fields.int("file_size").and_then(|size| u64::try_from(size).ok()),
        })
    }
}

/// The calls about media of one number.
#[derive(Clone, Copy, Debug)]
pub struct Calls<'a> {
    graph: &'a Graph,
    by: Authority<'a>,
    number_id: &'a str,
}

impl Graph {
    /// The calls about media of a number.
    pub fn media<'a>(&'a self, credentials: Credentials<'a>, number_id: &'a str) -> Calls<'a> {
        Calls { graph: self, by: Authority::Token(credentials), number_id }
    }

    /// Begins to read a file at an address that Meta gave: of media with the token, of a picture without one. An
    /// address that is not Meta's is refused, and a redirect is not followed.
    pub async fn open(&self, url: &str, credentials: Option<Credentials<'_>>) -> Result<Download, CallError> {
        let url = Url::parse(url).ok().filter(|url| self.0.destination.is_metas(url));
        let url = url.ok_or(CallError::Impossible("the address is not one of Meta's"))?;
        let slot = self.slot().await?;
        let mut request = self.0.client.get(url).timeout(DOWNLOAD_MAX);
        if let Some(credentials) = credentials {
            let header = Authority::Token(credentials).header();
            let header = header.ok_or(CallError::Impossible("the token has characters that no token has"))?;
            if let Some(header) = header {
                request = request.header(AUTHORIZATION, header);
            }
        }
        let wait_max = self.0.call_timeout;
        let response = tokio::time::timeout(wait_max, request.send()).await.map_err(|_| LATE)?;
        let response = response.map_err(|error| no_answer(&error))?;
        let status = response.status().as_u16();
        debug!(noun = NOUN, deed = "open", status, "Meta answered");
        if status != 200 {
            return Err(CallError::Unreadable { status, problem: "no file is there" });
        }
        let header = response.headers().get(CONTENT_TYPE);
        let mime_type = header.and_then(|value| value.to_str().ok()).map(str::to_owned);
        Ok(Download { mime_type, length: response.content_length(), response, wait_max, _slot: slot })
    }
}

const LATE: CallError =
    CallError::NoAnswer { phase: super::Phase::OutcomeUnknown, reason: "it did not come in time" };

/// A file that is being read.
pub struct Download {
    /// As the server calls it.
    pub mime_type: Option<String>,
    /// How long the file is, if the server says so.
    pub length: Option<u64>,
    response: Response,
    wait_max: Duration,
    _slot: OwnedSemaphorePermit,
}

impl fmt::Debug for Download {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Download").field("mime_type", &self.mime_type).finish_non_exhaustive()
    }
}

impl Download {
    /// The next piece; none at the end.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, CallError> {
        let chunk = tokio::time::timeout(self.wait_max, self.response.chunk()).await.map_err(|_| LATE)?;
        chunk.map_err(|error| no_answer(&error))
    }

    /// The whole file, if it is not larger than that.
    pub async fn whole(mut self, bytes_max: usize) -> Result<Bytes, CallError> {
        let too_much = CallError::Unreadable { status: 200, problem: "it is too large" };
        if self.length.is_some_and(|length| length > bytes_max as u64) {
            return Err(too_much);
        }
        let mut bytes = BytesMut::new();
        while let Some(chunk) = self.chunk().await? {
            if bytes.len() + chunk.len() > bytes_max {
                return Err(too_much);
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes.freeze())
    }
}

impl Calls<'_> {
    /// Uploads a file; gives the media id, good for 30 days.
    pub async fn upload(self, name: &str, mime_type: &str, bytes: Bytes) -> Result<String, CallError> {
        let texts = vec![("messaging_product", "whatsapp".to_owned()), ("type", mime_type.to_owned())];
        let body = Body::Form { texts, name: name.to_owned(), mime_type: mime_type.to_owned(), bytes };
        let call = Call::post((NOUN, "upload"), self.by, &[self.number_id, "media"]);
        let Stored(id) = self.graph.read(&call.body(body)).await?;
        Ok(id)
    }

    /// Where a file of this number is.
    pub async fn locate(self, id: &str) -> Result<Location, CallError> {
        let call = Call::get((NOUN, "locate"), self.by, &[id]);
        self.graph.read(&call.query("phone_number_id", self.number_id)).await
    }

    pub async fn delete(self, id: &str) -> Result<(), CallError> {
        let call = Call::delete((NOUN, "delete"), self.by, &[id]);
        let Done = self.graph.read(&call.query("phone_number_id", self.number_id)).await?;
        Ok(())
    }
}
