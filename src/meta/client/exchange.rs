//! One call, carried out: sent, answered within bounds, judged, and tried again where that is safe.

use std::error::Error as _;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::header::{
    ACCEPT, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER,
};
use reqwest::multipart::{Form, Part};
use reqwest::{RequestBuilder, Response};
use serde_json::{Map, Value};
use tokio::sync::OwnedSemaphorePermit;
use tracing::debug;
use url::Url;

use super::Graph;
use super::answer::{Fields, Read};
use super::call::{Body, Call};
use super::error::{CallError, Phase, Refusal};
use crate::clock::Stopwatch;
use crate::limits;
use crate::meta::fault::{Class, Pause};

/// The largest answer that is read. Lists come in pages; a page of large templates stays well below.
const ANSWER_BYTES_MAX: usize = 4 * 1024 * 1024;
/// How often something is tried, the pause after the first time, and the longest pause that is waited for here.
const TRIES_MAX: u32 = 3;
const PAUSE_FIRST: Duration = Duration::from_millis(100);
const PAUSE_FACTOR: u32 = 4;
const PAUSE_MAX: Duration = Duration::from_secs(5);
/// The longest wait that is believed when Meta names one.
const TOLD_PAUSE_MAX: Duration = Duration::from_hours(24);
/// A file gets a second more for each of these bytes.
const BYTES_PER_SECOND_MIN: usize = 128 * 1024;

/// Graph's answer to a call that it did not refuse.
struct Answer {
    status: u16,
    object: Map<String, Value>,
}

impl Graph {
    /// Makes the call and reads its answer.
    pub(super) async fn read<T: Read>(&self, call: &Call<'_>) -> Result<T, CallError> {
        let answer = self.ask(call).await?;
        T::read(Fields::of(&answer.object)).ok_or(CallError::Unreadable {
            status: answer.status,
            problem: "what was asked for is not in it",
        })
    }

    /// Tries, and again where that is safe and may help.
    async fn ask(&self, call: &Call<'_>) -> Result<Answer, CallError> {
        let url = self.url_of(call)?;
        let mut tries = 1;
        loop {
            let watch = Stopwatch::start();
            let result = self.attempt(call, url.clone()).await;
            let elapsed = watch.elapsed();
            self.0.metrics.observe(call.noun, result.as_ref().err(), elapsed);
            let error = match result {
                Ok(answer) => {
                    debug!(noun = call.noun, deed = call.deed, ms = elapsed.as_millis(), "Graph answered");
                    return Ok(answer);
                }
                Err(error) => error,
            };
            let trace = error.refusal().and_then(Refusal::fbtrace_id);
            debug!(noun = call.noun, deed = call.deed, ms = elapsed.as_millis(), trace, %error, "Graph did not");
            let pause = pause_before_retry(&error, tries).filter(|_| call.is_repeatable && tries < TRIES_MAX);
            let Some(pause) = pause else { return Err(error) };
            tokio::time::sleep(self.jittered(pause)).await;
            self.0.metrics.count_retry(call.noun);
            tries += 1;
        }
    }

    async fn attempt(&self, call: &Call<'_>, url: Url) -> Result<Answer, CallError> {
        let _slot = self.slot().await?;
        let request = self.request(call, url)?;
        let response = request.send().await.map_err(|error| no_answer(&error))?;
        let status = response.status().as_u16();
        let credentials = call.authority.credentials();
        let headers = response.headers();
        let barred = self
            .0
            .usage
            .note(credentials.as_ref(), |name| headers.get(name).and_then(|value| value.to_str().ok()));
        let retry_after = told_pause(headers).or(barred);
        let bytes = read_bounded(response, ANSWER_BYTES_MAX).await?;
        judge(call, status, retry_after, &bytes)
    }

    /// Room for one more call.
    pub(super) async fn slot(&self) -> Result<OwnedSemaphorePermit, CallError> {
        let slots = std::sync::Arc::clone(&self.0.slots);
        match tokio::time::timeout(self.0.slot_wait_max, slots.acquire_owned()).await {
            Ok(Ok(slot)) => Ok(slot),
            // The semaphore is never closed.
            Ok(Err(_)) | Err(_) => Err(CallError::Overloaded(limits::RETRY_AFTER)),
        }
    }

    fn url_of(&self, call: &Call<'_>) -> Result<Url, CallError> {
        let destination = &self.0.destination;
        let path = if call.is_beside_graph {
            destination.url_beside(&call.path)
        } else {
            destination.url(&call.path)
        };
        let mut url = path.ok_or(CallError::Impossible("an id is not of the form that Meta's ids have"))?;
        if let Some(query) = call.id_query {
            url.set_query(Some(query));
        }
        let proof = call.authority.proof();
        if !call.query.is_empty() || proof.is_some() {
            let mut pairs = url.query_pairs_mut();
            pairs.extend_pairs(call.query.iter().map(|(name, value)| (*name, value.as_str())));
            if let Some(proof) = proof {
                pairs.append_pair("appsecret_proof", &proof);
            }
        }
        Ok(url)
    }

    fn request(&self, call: &Call<'_>, url: Url) -> Result<RequestBuilder, CallError> {
        let seconds = call.body.len() / BYTES_PER_SECOND_MIN;
        let timeout = self.0.call_timeout + Duration::from_secs(seconds as u64);
        let mut request = self
            .0
            .client
            .request(call.method.clone(), url)
            .header(ACCEPT, HeaderValue::from_static("application/json"))
            .timeout(timeout);
        let authorization = call.authority.header();
        let authorization =
            authorization.ok_or(CallError::Impossible("the token has characters that no token has"))?;
        if let Some(authorization) = authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        Ok(match &call.body {
            Body::Nothing => request,
            Body::Json(bytes) => {
                request.header(CONTENT_TYPE, HeaderValue::from_static("application/json")).body(bytes.clone())
            }
            Body::Raw { offset, bytes } => request
                .header(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"))
                .header("file_offset", HeaderValue::from(*offset))
                .body(bytes.clone()),
            Body::Piecewise(pieces) => {
                let body = pieces.take().ok_or(CallError::Impossible("the file was sent already"))?;
                request
                    .header(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"))
                    .header("file_offset", HeaderValue::from(0))
                    .header(CONTENT_LENGTH, HeaderValue::from(pieces.length()))
                    .body(body)
            }
            Body::Form { texts, name, mime_type, bytes } => {
                let part = Part::stream_with_length(bytes.clone(), bytes.len() as u64)
                    .file_name(name.clone())
                    .mime_str(mime_type)
                    .map_err(|_| CallError::Impossible("the kind of the file is not a MIME type"))?;
                let form = Form::new();
                let form = texts.iter().fold(form, |form, (name, text)| form.text(*name, text.clone()));
                request.multipart(form.part("file", part))
            }
        })
    }

    /// Up to half as long again, so that those who failed together do not come back together.
    pub(super) fn jittered(&self, pause: Duration) -> Duration {
        let spread_ms = u64::try_from(pause.as_millis() / 2).unwrap_or(u64::MAX).max(1);
        pause + Duration::from_millis(self.0.random.number().unwrap_or(0) % spread_ms)
    }
}

/// What an answer means: Graph's error body goes before the HTTP status.
fn judge(
    call: &Call<'_>,
    status: u16,
    retry_after: Option<Duration>,
    bytes: &Bytes,
) -> Result<Answer, CallError> {
    let is_success = (200..300).contains(&status);
    let problem = match serde_json::from_slice(bytes) {
        Ok(Value::Object(object)) => {
            let is_answer = call.answers_with.is_some_and(|key| object.contains_key(key));
            let error = object.get("error").filter(|_| !is_answer);
            if let Some(refusal) =
                error.and_then(|error| Refusal::read(error, status, retry_after, &call.secrets()))
            {
                return Err(CallError::Refused(refusal));
            }
            if is_success || is_answer {
                return Ok(Answer { status, object });
            }
            "an object without an error"
        }
        // Old endpoints say no more than that.
        Ok(Value::Bool(true)) if is_success => {
            let object = std::iter::once(("success".to_owned(), Value::Bool(true))).collect();
            return Ok(Answer { status, object });
        }
        Ok(_) => "not an object",
        Err(_) => "not JSON",
    };
    if status == 429 {
        return Err(CallError::Overloaded(retry_after.unwrap_or(limits::RETRY_AFTER)));
    }
    Err(CallError::Unreadable { status, problem })
}

/// Whether it may help to try again here, and after which pause. Longer waits are the caller's to plan.
fn pause_before_retry(error: &CallError, tries: u32) -> Option<Duration> {
    let growing = PAUSE_FIRST * PAUSE_FACTOR.saturating_pow(tries.saturating_sub(1));
    let pause = match error {
        CallError::NoAnswer { .. } => growing,
        CallError::Unreadable { status, .. } if *status >= 500 => growing,
        CallError::Refused(refusal) => {
            let explanation = refusal.explain();
            let is_passing = refusal.status() >= 500 || refusal.is_transient() == Some(true);
            if explanation.class != Class::Retry || !is_passing {
                return None;
            }
            match (refusal.retry_after(), explanation.pause) {
                (Some(told), _) => told.max(growing),
                (None, Some(Pause::Growing)) => growing,
                (None, Some(Pause::AtLeastS(seconds))) => Duration::from_secs(seconds.into()),
                (None, _) => return None,
            }
        }
        _ => return None,
    };
    (pause <= PAUSE_MAX).then_some(pause)
}

/// `Retry-After` in seconds.
fn told_pause(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(TOLD_PAUSE_MAX))
}

/// Reads a body to its end, or not beyond the bound.
pub(super) async fn read_bounded(mut response: Response, bytes_max: usize) -> Result<Bytes, CallError> {
    let status = response.status().as_u16();
    let too_much = || CallError::Unreadable { status, problem: "it is too large" };
    if response.content_length().is_some_and(|length| length > bytes_max as u64) {
        return Err(too_much());
    }
    let mut bytes = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| no_answer(&error))? {
        if bytes.len() + chunk.len() > bytes_max {
            return Err(too_much());
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes.freeze())
}

/// What became of a request that has no answer. The error itself holds the address and goes no further.
pub(super) fn no_answer(error: &reqwest::Error) -> CallError {
    let has_left = !(error.is_connect() || error.is_builder());
    let phase = if has_left { Phase::OutcomeUnknown } else { Phase::NothingLeft };
    let reason = match (has_left, error.is_timeout()) {
        (_, _) if error.is_builder() => "the request could not be built",
        (false, true) => "no connection was made in time",
        (false, false) if error.is_dns() => "the name of the host is not known",
        (false, false) if has_cause::<rustls::Error>(error) => "TLS failed",
        (false, false) => "no connection could be made",
        (true, true) => "it did not come in time",
        (true, false) => "the connection broke",
    };
    CallError::NoAnswer { phase, reason }
}

fn has_cause<E: std::error::Error + 'static>(error: &reqwest::Error) -> bool {
    let mut cause = error.source();
    while let Some(error) = cause {
        // TLS errors travel inside those of input and output.
        let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        if error.is::<E>() || inner.and_then(|inner| inner.downcast_ref::<E>()).is_some() {
            return true;
        }
        cause = error.source();
    }
    false
}
