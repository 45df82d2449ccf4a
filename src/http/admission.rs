//! Who may call the webhook route at all, before anything of the request is read: the rules of address and
//! certificate.
//!
//! Whose address counts is `caller`'s to say. Whatever cannot be decided is refused. The certificate was judged when the
//! connection was made (`tls`); here it is demanded. Neither takes the place of the signature.

use std::net::IpAddr;
use std::time::Duration;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::web;
use ipnet::IpNet;
use tracing::{field, warn};

use super::State;
use super::caller::{Proxies, is_in};
use super::error::ApiError;
use super::tls::{self, Judgement};
use crate::config::{EdgeConfig, TlsConfig};
use crate::error::Code;
use crate::telemetry::Quiet;

/// Anybody can provoke a refusal, so it is not logged each time.
const REFUSALS_LOGGED_EVERY: Duration = Duration::from_secs(10);

/// The rules of the webhook route's door.
#[derive(Debug)]
pub struct Admission {
    allowed_networks: Vec<IpNet>,
    proxies: Proxies,
    certificate_demanded: bool,
    address_refusals: Quiet,
    certificate_refusals: Quiet,
}

/// Why a call is turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum Refused {
    #[error("its address is in no network of PESAN_WEBHOOK_ALLOWED_NETWORKS")]
    Address(IpAddr),
    #[error(
        "the connection has no address, or its trusted proxy sent an X-Forwarded-For that is not a list of addresses"
    )]
    NoAddress,
    #[error(transparent)]
    Certificate(#[from] tls::Refused),
}

impl Refused {
    fn address(self) -> Option<IpAddr> {
        if let Self::Address(address) = self { Some(address) } else { None }
    }

    fn outcome(self) -> &'static str {
        match self {
            Self::Address(_) | Self::NoAddress => "address_refused",
            Self::Certificate(tls::Refused::Missing) => "certificate_missing",
            Self::Certificate(tls::Refused::Untrusted(_)) => "certificate_untrusted",
            Self::Certificate(tls::Refused::OtherName) => "certificate_other_name",
        }
    }

    /// Whoever proves nothing is not authenticated; whoever proves to be somebody else may not.
    fn code(self) -> Code {
        match self {
            Self::Certificate(tls::Refused::Missing | tls::Refused::Untrusted(_)) => Code::Unauthenticated,
            Self::Address(_) | Self::NoAddress | Self::Certificate(tls::Refused::OtherName) => {
                Code::Forbidden
            }
        }
    }
}

impl Admission {
    /// Takes the rules from the configuration.
    pub fn new(edge: &EdgeConfig, tls: Option<&TlsConfig>) -> Self {
        Self {
            allowed_networks: edge.allowed_networks.clone(),
            proxies: Proxies::new(edge),
            certificate_demanded: tls.is_some_and(|tls| tls.webhook_client.is_some()),
            address_refusals: Quiet::new(REFUSALS_LOGGED_EVERY),
            certificate_refusals: Quiet::new(REFUSALS_LOGGED_EVERY),
        }
    }

    fn check(&self, request: &ServiceRequest) -> Result<(), Refused> {
        self.check_address(request)?;
        if self.certificate_demanded {
            // A connection that was not judged showed nothing.
            request.conn_data::<Judgement>().map_or(Err(tls::Refused::Missing), |judgement| judgement.0)?;
        }
        Ok(())
    }

    fn check_address(&self, request: &ServiceRequest) -> Result<(), Refused> {
        if self.allowed_networks.is_empty() {
            return Ok(());
        }
        match self.proxies.address_of(request.peer_addr(), request.headers()) {
            None => Err(Refused::NoAddress),
            Some(address) if is_in(address, &self.allowed_networks) => Ok(()),
            Some(address) => Err(Refused::Address(address)),
        }
    }
}

/// Lets the request through, or answers it here.
pub async fn admit(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let Some(state) = request.app_data::<web::Data<State>>().cloned() else {
        return Ok(request.error_response(ApiError(Code::Internal)));
    };
    let Err(refused) = state.admission.check(&request) else {
        return next.call(request).await.map(ServiceResponse::map_into_boxed_body);
    };
    let quiet = match refused {
        Refused::Certificate(_) => &state.admission.certificate_refusals,
        Refused::Address(_) | Refused::NoAddress => &state.admission.address_refusals,
    };
    if let Some(kept_back) = quiet.allow() {
        let peer = request.peer_addr().map(|peer| field::display(peer.ip()));
        let address = refused.address().map(field::display);
        warn!(%refused, peer, address, kept_back, "a call of the webhook was turned away");
    }
    state.webhooks.count(refused.outcome());
    Ok(request.error_response(ApiError(refused.code())))
}
