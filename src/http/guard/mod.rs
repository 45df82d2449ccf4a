//! The door of the API: which pages may call, how often anybody may, and who it is that calls.
//!
//! `admit` stands around a route of the API and knows a request by its address alone; `recognise` is for the handler,
//! which knows where the key is. Every request counts against its address, one that shows a good key against the key
//! too, and one that shows a bad one ten times against its address. The counts are this instance's. The webhook has a
//! door of its own (`admission`) and is never limited.

mod origin;
mod rate;

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpRequest, HttpResponse, web};
use ipnet::IpNet;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;

use super::caller::{Proxies, is_in};
use super::error::{ApiError, Wording};
use crate::auth::{Access, Refused, Visitor, Who};
use crate::clock::Clock;
use crate::config::{Config, RateLimitConfig};
use crate::error::Code;
use crate::runtime::Supervisor;
use crate::telemetry::Metrics;
use origin::{Origin, Origins};
pub use rate::Allowance;
use rate::{Counts, Neighbourhood};

const LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("ratelimit-reset");
const BEARER: &str = "bearer ";
/// How often somebody who stays is looked at again.
const ASKED_AGAIN_EVERY: Duration = Duration::from_secs(4);
/// What a wrong key costs its address.
const FAILURE_COSTS: u32 = 10;

/// The rules of the door, and its counts. Cheap to clone.
#[derive(Clone)]
pub struct Guard(Arc<Inner>);

struct Inner {
    access: Access,
    supervisor: Supervisor,
    clock: Clock,
    proxies: Proxies,
    origins: Origins,
    exempt: Vec<IpNet>,
    wording: Wording,
    by_address: Counts<Neighbourhood>,
    by_visitor: Counts<(uuid::Uuid, Who)>,
    turned_away: Family<WhyLabels, Counter>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct WhyLabels {
    why: &'static str,
}

/// Where a request comes from, for whoever recognises it later: a WebSocket shows its key in a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caller {
    address: IpAddr,
    is_exempt: bool,
}

/// Why somebody is not let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TurnedAway {
    /// No key, or not a good one.
    Unauthenticated,
    /// They asked too much.
    Limited(Allowance),
    /// Who it is cannot be found out now.
    Unavailable,
}

impl TurnedAway {
    /// The code of the closed table that says so.
    pub fn code(&self) -> Code {
        match self {
            Self::Unauthenticated => Code::Unauthenticated,
            Self::Limited(_) => Code::RateLimited,
            Self::Unavailable => Code::Unavailable,
        }
    }
}

impl Guard {
    /// Takes the rules from the configuration.
    pub fn new(
        config: &Config,
        access: &Access,
        clock: &Clock,
        supervisor: &Supervisor,
        metrics: &Metrics,
    ) -> Self {
        let RateLimitConfig { requests, window, exempt, message, status } = &config.access.rate_limit;
        let row = Code::RateLimited.row();
        let wording = Wording {
            status: StatusCode::from_u16(*status).unwrap_or(StatusCode::TOO_MANY_REQUESTS),
            message: message.clone().unwrap_or_else(|| row.message.to_owned()),
        };
        let help = "Requests of the API that were turned away at the door";
        Self(Arc::new(Inner {
            access: access.clone(),
            supervisor: supervisor.clone(),
            clock: clock.clone(),
            proxies: Proxies::new(&config.edge),
            origins: Origins::new(&config.access.allowed_origins, config.server.public_url.as_deref()),
            exempt: exempt.clone(),
            wording,
            by_address: Counts::new(*requests, *window),
            by_visitor: Counts::new(*requests, *window),
            turned_away: metrics.register("api_turned_away", help, Family::default()),
        }))
    }

    /// Where a request comes from.
    pub fn caller(&self, request: &HttpRequest) -> Caller {
        self.caller_at(request.peer_addr(), request.headers())
    }

    /// Finds out who shows this key or token, and counts it. Awaits a channel alone, so a handler may call it.
    pub async fn recognise(&self, caller: Caller, bearer: Option<&str>) -> Result<Visitor, TurnedAway> {
        let recognised = match bearer {
            None => Err(Refused::Unknown),
            Some(bearer) => {
                let (access, bearer) = (self.0.access.clone(), zeroize::Zeroizing::new(bearer.to_owned()));
                // Not here: connections to the database belong to the main runtime.
                let asked = self.0.supervisor.run("access", async move { access.recognise(&bearer).await });
                asked.await.unwrap_or(Err(Refused::Unavailable))
            }
        };
        match recognised {
            Ok(visitor) => self.count(caller, &visitor).map(|_| visitor),
            Err(Refused::Unknown) => {
                if bearer.is_some() {
                    // The refusal is the same whether this was one too many or not; the next request shows it.
                    self.count_address(caller, FAILURE_COSTS).ok();
                }
                self.note("unauthenticated");
                Err(TurnedAway::Unauthenticated)
            }
            Err(Refused::Unavailable) => {
                self.note("unavailable");
                Err(TurnedAway::Unavailable)
            }
        }
    }

    /// Resolves when somebody who was let in would not be any more, or not as they were: the key was revoked or has
    /// expired, or may less. Asked again and again, and not counted. While it cannot be found out, they stay.
    pub async fn loses_access(self, bearer: zeroize::Zeroizing<String>, visitor: Visitor) {
        let mut look = tokio::time::interval(ASKED_AGAIN_EVERY);
        look.reset();
        loop {
            look.tick().await;
            let (access, bearer) = (self.0.access.clone(), bearer.clone());
            let asked = self.0.supervisor.run("access", async move { access.recognise(&bearer).await });
            match asked.await {
                Ok(Ok(now)) if now == visitor => {}
                Ok(Err(Refused::Unavailable)) | Err(_) => {}
                Ok(Ok(_) | Err(Refused::Unknown)) => return,
            }
        }
    }

    /// Counts one request of somebody who is known: each operation of a WebSocket is one.
    pub fn count(&self, caller: Caller, visitor: &Visitor) -> Result<Option<Allowance>, TurnedAway> {
        if caller.is_exempt {
            return Ok(None);
        }
        let who = (visitor.workspace, visitor.who.clone());
        match self.0.by_visitor.take(who, 1, self.0.clock.now_ms()) {
            Ok(allowance) => Ok(Some(allowance)),
            Err(allowance) => {
                self.note("limited_key");
                Err(TurnedAway::Limited(allowance))
            }
        }
    }

    /// The answer to whoever is turned away, in the one form; `request::wrap` writes it out.
    pub fn answer(&self, turned_away: &TurnedAway) -> HttpResponse {
        let error: ApiError = turned_away.code().into();
        let mut answer = HttpResponse::from_error(error);
        match turned_away {
            TurnedAway::Limited(allowance) => {
                *answer.status_mut() = self.0.wording.status;
                answer.extensions_mut().insert(self.0.wording.clone());
                tell(*allowance, answer.headers_mut());
                let wait = HeaderValue::from(allowance.reset_s.max(1));
                answer.headers_mut().insert(header::RETRY_AFTER, wait);
            }
            TurnedAway::Unauthenticated => {
                let scheme = HeaderValue::from_static("Bearer");
                answer.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
            }
            TurnedAway::Unavailable => {}
        }
        answer
    }

    /// What whoever is over the limit reads.
    pub fn limited_message(&self) -> &str {
        &self.0.wording.message
    }

    fn caller_at(&self, peer: Option<std::net::SocketAddr>, headers: &HeaderMap) -> Caller {
        let behind = self.0.proxies.address_of(peer, headers);
        // What a trusted proxy does not tell rightly counts against the proxy.
        let address = behind.or(peer.map(|peer| peer.ip())).unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        let is_exempt = behind.is_some_and(|address| is_in(address, &self.0.exempt));
        Caller { address, is_exempt }
    }

    fn count_address(&self, caller: Caller, cost: u32) -> Result<Option<Allowance>, Allowance> {
        if caller.is_exempt {
            return Ok(None);
        }
        let taken = self.0.by_address.take(Neighbourhood::of(caller.address), cost, self.0.clock.now_ms());
        if self.0.by_address.is_full() {
            self.note("not_counted");
        }
        taken.map(Some)
    }

    fn note(&self, why: &'static str) {
        self.0.turned_away.get_or_create(&WhyLabels { why }).inc();
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard").field("origins", &self.0.origins).finish_non_exhaustive()
    }
}

/// The key or token of a request.
pub fn bearer(request: &HttpRequest) -> Option<&str> {
    bearer_in(request.headers().get(header::AUTHORIZATION)?.to_str().ok()?)
}

/// The key or token in what an `Authorization` header, or what stands for one, says.
pub fn bearer_in(value: &str) -> Option<&str> {
    let (scheme, bearer) = value.split_at_checked(BEARER.len())?;
    scheme.eq_ignore_ascii_case(BEARER).then(|| bearer.trim()).filter(|bearer| !bearer.is_empty())
}

/// Lets a request of the API through, or answers it here; says in every answer who may read it and what is left.
pub async fn admit(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let Some(guard) = request.app_data::<web::Data<Guard>>().cloned() else {
        return Ok(request.error_response(ApiError(Code::Internal)));
    };
    let origin = guard.0.origins.judge(request.headers());
    if origin == Origin::Foreign {
        guard.note("foreign_origin");
        let mut answer = request.error_response(ApiError(Code::Forbidden));
        origin.mark(answer.headers_mut());
        return Ok(answer);
    }
    if let Some(mut answer) = Origins::preflight(request.method(), request.headers(), &origin) {
        origin.mark(answer.headers_mut());
        return Ok(request.into_response(answer));
    }
    let caller = guard.caller_at(request.peer_addr(), request.headers());
    let (mut answer, allowance) = match guard.count_address(caller, 1) {
        Err(allowance) => {
            guard.note("limited_address");
            let answer = guard.answer(&TurnedAway::Limited(allowance));
            (request.into_response(answer), None)
        }
        Ok(allowance) => {
            request.extensions_mut().insert(caller);
            (next.call(request).await?.map_into_boxed_body(), allowance)
        }
    };
    // What the handler says of the key goes before what is said of the address.
    if let Some(allowance) = allowance.filter(|_| !answer.headers().contains_key(LIMIT)) {
        tell(allowance, answer.headers_mut());
    }
    origin.mark(answer.headers_mut());
    Ok(answer)
}

fn tell(allowance: Allowance, headers: &mut HeaderMap) {
    if allowance.limit > 0 {
        headers.insert(LIMIT, HeaderValue::from(allowance.limit));
        headers.insert(REMAINING, HeaderValue::from(allowance.remaining));
        headers.insert(RESET, HeaderValue::from(allowance.reset_s));
    }
}
