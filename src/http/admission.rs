//! Who may call the webhook route at all, before anything of the request is read: the rules of address and
//! certificate.
//!
//! The address is the connection's. Only when that is a trusted proxy's is `X-Forwarded-For` read, from the right,
//! past further trusted proxies, to the first address that none of ours vouches for. Whatever cannot be decided is
//! refused. The certificate was judged when the connection was made (`tls`); here it is demanded. Neither takes the
//! place of the signature.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderMap, HeaderName};
use actix_web::middleware::Next;
use actix_web::web;
use ipnet::IpNet;
use tracing::{field, warn};

use super::State;
use super::error::ApiError;
use super::tls::{self, Judgement};
use crate::config::{EdgeConfig, TlsConfig};
use crate::error::Code;
use crate::telemetry::Quiet;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// More proxies than this stand in no chain that somebody built on purpose.
const HOPS_MAX: usize = 32;
/// Anybody can provoke a refusal, so it is not logged each time.
const REFUSALS_LOGGED_EVERY: Duration = Duration::from_secs(10);

/// The rules of the webhook route's door.
#[derive(Debug)]
pub struct Admission {
    allowed_networks: Vec<IpNet>,
    trusted_proxies: Vec<IpNet>,
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
            trusted_proxies: edge.trusted_proxies.clone(),
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
        let caller = request.peer_addr().as_ref().map(SocketAddr::ip);
        let address = caller.and_then(|peer| self.address_behind(peer, request.headers()));
        match address {
            None => Err(Refused::NoAddress),
            Some(address) if is_in(address, &self.allowed_networks) => Ok(()),
            Some(address) => Err(Refused::Address(address)),
        }
    }

    /// The address that made the request to the first proxy of ours, or the connection's own if it is no proxy of
    /// ours. `None` if a trusted proxy sent nonsense.
    fn address_behind(&self, peer: IpAddr, headers: &HeaderMap) -> Option<IpAddr> {
        let peer = peer.to_canonical();
        if !is_in(peer, &self.trusted_proxies) {
            return Some(peer);
        }
        let mut hops = Vec::new();
        for line in headers.get_all(FORWARDED_FOR) {
            for hop in line.to_str().ok()?.split(',') {
                if hops.len() == HOPS_MAX {
                    return None;
                }
                hops.push(parse_hop(hop.trim())?);
            }
        }
        let outside = hops.iter().rev().find(|hop| !is_in(**hop, &self.trusted_proxies));
        // Proxies of ours all the way: the first of them asks for itself.
        Some(*outside.or(hops.first()).unwrap_or(&peer))
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

fn is_in(address: IpAddr, networks: &[IpNet]) -> bool {
    networks.iter().any(|network| network.contains(&address))
}

/// An address as proxies write it: plain, in brackets, or with a port.
fn parse_hop(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let address = match bare {
        Some(inside) => inside.parse().ok().map(IpAddr::V6),
        None => text.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|hop| hop.ip())),
    };
    address.map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn address_behind(peer: &str, lines: &[&[u8]]) -> Option<String> {
        let networks = |list: &[&str]| list.iter().map(|text| text.parse().unwrap()).collect();
        let config = EdgeConfig {
            allowed_networks: networks(&["157.240.0.0/16"]),
            trusted_proxies: networks(&["10.0.0.0/8", "fd00::/8"]),
        };
        let admission = Admission::new(&config, None);
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(FORWARDED_FOR, HeaderValue::from_bytes(line).unwrap());
        }
        admission.address_behind(peer.parse().unwrap(), &headers).map(|address| address.to_string())
    }

    #[test]
    fn the_address_is_the_first_from_the_right_that_is_no_proxy_of_ours() {
        let check = |peer: &str, lines: &[&str], expected: &str| {
            let lines: Vec<_> = lines.iter().map(|line| line.as_bytes()).collect();
            assert_eq!(address_behind(peer, &lines).as_deref(), Some(expected), "{peer} {lines:?}");
        };
        check("198.51.100.7", &[], "198.51.100.7");
        check("198.51.100.7", &["157.240.1.1"], "198.51.100.7");
        check("198.51.100.7", &["nonsense"], "198.51.100.7");
        check("::ffff:198.51.100.7", &[], "198.51.100.7");
        check("10.0.0.1", &[], "10.0.0.1");
        check("10.0.0.1", &["157.240.1.1"], "157.240.1.1");
        check("::ffff:10.0.0.1", &["157.240.1.1"], "157.240.1.1");
        check("10.0.0.1", &["157.240.1.1, 198.51.100.7"], "198.51.100.7");
        check("10.0.0.1", &["157.240.1.1, 10.0.0.2,10.0.0.3"], "157.240.1.1");
        check("10.0.0.1", &["6.6.6.6, 157.240.1.1", "10.0.0.2"], "157.240.1.1");
        check("10.0.0.1", &["157.240.1.1", "6.6.6.6"], "6.6.6.6");
        check("10.0.0.1", &["10.0.0.9, 10.0.0.2"], "10.0.0.9");
        check("fd00::1", &["2a03:2880::5, [fd00::2]:443"], "2a03:2880::5");
        check("fd00::1", &["[2a03:2880::5]"], "2a03:2880::5");
        check("fd00::1", &["::ffff:157.240.1.1"], "157.240.1.1");
        check("10.0.0.1", &["157.240.1.1:50123"], "157.240.1.1");
    }

    #[test]
    fn nonsense_from_a_trusted_proxy_gives_no_address() {
        let many = ["10.0.0.2"; HOPS_MAX + 1].join(",");
        for nonsense in [
            &b""[..],
            b"unknown",
            b"157.240.1.1,",
            b",157.240.1.1",
            b"nonsense, 157.240.1.1",
            b"157.240.1.1 10.0.0.2",
            b"157.240.1",
            b"[157.240.1.1]",
            b"fd00::1]",
            b"fe80::1%eth0",
            b"\xff157.240.1.1",
            many.as_bytes(),
        ] {
            assert_eq!(address_behind("10.0.0.1", &[nonsense]), None, "{nonsense:?}");
        }
        assert_eq!(address_behind("10.0.0.1", &[b"nonsense", b"157.240.1.1"]), None);
    }
}
