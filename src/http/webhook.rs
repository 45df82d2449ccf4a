//! Meta's webhooks: the verification of the callback URL, and the deliveries.
//!
//! A delivery is answered 200 after its bytes are durable, and 503 when that is not certain. The signature is
//! checked over the bytes as they came, before anything looks into them.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, ContentType, HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use serde::Deserialize;
use tracing::warn;

use super::State;
use super::body::Bodies;
use super::error::ApiError;
use super::request::Rest;
use crate::config::Config;
use crate::error::Code;
use crate::ingest::Directory;
use crate::limits;
use crate::meta::signature::{self, Refused, Verifier};
use crate::numbers::probe::WEBHOOK_PATH;
use crate::runtime::Supervisor;
use crate::runtime::rounds;
use crate::secret::Secret;
use crate::telemetry::{Metrics, Quiet};

/// The one address for Meta.
pub const PATH: &str = WEBHOOK_PATH;

const SIGNATURE: HeaderName = HeaderName::from_static(signature::HEADER);

/// Anybody can provoke a refusal, so it is not logged each time.
const REFUSALS_LOGGED_EVERY: Duration = Duration::from_secs(10);

/// What is needed to know Meta, and what is counted of their visits.
#[derive(Debug)]
pub struct Webhooks {
    verifier: Verifier,
    verify_token: Option<Secret>,
    bodies: Bodies,
    supervisor: Supervisor,
    directory: Directory,
    received: Family<OutcomeLabels, Counter>,
    refusals: Quiet,
    wrong_tokens: Quiet,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabels {
    outcome: &'static str,
}

impl Webhooks {
    /// Takes the app secrets, the verify token and the time for a body from the configuration.
    pub fn new(config: &Config, metrics: &Metrics, supervisor: &Supervisor, directory: &Directory) -> Self {
        Self {
            supervisor: supervisor.clone(),
            directory: directory.clone(),
            verifier: Verifier::new(&config.whatsapp.app_secrets),
            verify_token: config.whatsapp.verify_token.clone(),
            bodies: Bodies::new(
                limits::WEBHOOK_BODIES_BYTES_MAX,
                config.server.webhook_body_timeout,
                metrics,
            ),
            received: metrics.register("webhooks_received", "Webhooks by outcome", Family::default()),
            refusals: Quiet::new(REFUSALS_LOGGED_EVERY),
            wrong_tokens: Quiet::new(REFUSALS_LOGGED_EVERY),
        }
    }

    /// Whether it is the verify token of one of the numbers.
    async fn is_token_of_a_number(&self, token: String) -> bool {
        let directory = self.directory.clone();
        // Not here: connections to the database belong to the main runtime.
        let asked = self.supervisor.run("verify-token", async move { directory.numbers().await });
        match asked.await {
            Ok(Ok(numbers)) => numbers.know_verify_token(&token),
            _ => false,
        }
    }

    pub(super) fn count(&self, outcome: &'static str) {
        self.received.get_or_create(&OutcomeLabels { outcome }).inc();
    }
}

/// The parameters with which Meta verifies a callback URL.
#[derive(Deserialize)]
pub struct Subscription {
    #[serde(rename = "hub.mode")]
    mode: Option<String>,
    #[serde(rename = "hub.verify_token")]
    verify_token: Option<String>,
    #[serde(rename = "hub.challenge")]
    challenge: Option<String>,
}

/// Answers the challenge to whoever knows the verify token.
pub async fn verify_subscription(
    state: web::Data<State>,
    query: Option<web::Query<Subscription>>,
) -> Result<HttpResponse, ApiError> {
    let query = query.ok_or(Code::InvalidRequest)?.into_inner();
    let (Some("subscribe"), Some(token), Some(challenge)) =
        (query.mode.as_deref(), query.verify_token, query.challenge)
    else {
        return Err(Code::Forbidden.into());
    };
    let is_first = state.webhooks.verify_token.as_ref().is_some_and(|expected| expected.matches(&token));
    if is_first || state.webhooks.is_token_of_a_number(token).await {
        Ok(HttpResponse::build(StatusCode::OK).content_type(ContentType::plaintext()).body(challenge))
    } else {
        if let Some(kept_back) = state.webhooks.wrong_tokens.allow() {
            warn!(kept_back, "somebody asked to verify the callback URL with a wrong verify token");
        }
        state.webhooks.count("verify_token_wrong");
        Err(Code::Forbidden.into())
    }
}

/// Takes a delivery in.
pub async fn receive(
    state: web::Data<State>,
    request: HttpRequest,
    mut payload: web::Payload,
) -> Result<HttpResponse, ApiError> {
    let received_ms = state.clock.now_ms();
    let body = match state.webhooks.bodies.read(announced_length(&request), &mut payload).await {
        Ok(body) => body,
        Err(unread) => {
            state.webhooks.count(unread.outcome());
            let mut answer = HttpResponse::from_error(ApiError(unread.code()));
            answer.extensions_mut().insert(Rest(payload));
            return Ok(answer);
        }
    };
    let signature = request.headers().get(SIGNATURE).map(HeaderValue::as_bytes);
    if let Err(refused) = state.webhooks.verifier.verify(signature, &body) {
        if let Some(kept_back) = state.webhooks.refusals.allow() {
            warn!(%refused, kept_back, "a webhook was refused; if it came from Meta, WHATSAPP_APP_SECRET is not the app's");
        }
        state.webhooks.count(match refused {
            Refused::Missing => "signature_missing",
            Refused::Malformed => "signature_malformed",
            Refused::Wrong => "signature_wrong",
        });
        return Err(Code::Unauthenticated.into());
    }
    match state.journal.accept(body, received_ms).await {
        Ok(()) => {
            state.webhooks.count("stored");
            Ok(HttpResponse::Ok().finish())
        }
        Err(rounds::Refused::Full) => {
            state.webhooks.count("queue_full");
            Err(Code::Overloaded.into())
        }
        Err(rounds::Refused::Closed | rounds::Refused::BrokenOff) => {
            state.webhooks.count("not_stored");
            Err(Code::Unavailable.into())
        }
    }
}

fn announced_length(request: &HttpRequest) -> Option<usize> {
    request.headers().get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
