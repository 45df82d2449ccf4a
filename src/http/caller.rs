//! Whose request is it: the address that counts for admission and for limits.
//!
//! The address is the connection's. Only when that is a trusted proxy's is `X-Forwarded-For` read, from the right,
//! past further trusted proxies, to the first address that none of ours vouches for.

use std::net::{IpAddr, SocketAddr};

use actix_web::http::header::{HeaderMap, HeaderName};
use ipnet::IpNet;

use crate::config::EdgeConfig;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// More proxies than this stand in no chain that somebody built on purpose.
const HOPS_MAX: usize = 32;

/// The proxies that are believed.
#[derive(Clone, Debug)]
pub struct Proxies(Vec<IpNet>);

impl Proxies {
    /// Those of the configuration.
    pub fn new(edge: &EdgeConfig) -> Self {
        Self(edge.trusted_proxies.clone())
    }

    /// The address that a request came from. `None` if the connection has none, or a trusted proxy sent nonsense.
    pub fn address_of(&self, peer: Option<SocketAddr>, headers: &HeaderMap) -> Option<IpAddr> {
        self.address_behind(peer?.ip(), headers)
    }

    /// The address that made the request to the first proxy of ours, or the connection's own if it is no proxy of
    /// ours. `None` if a trusted proxy sent nonsense.
    fn address_behind(&self, peer: IpAddr, headers: &HeaderMap) -> Option<IpAddr> {
        let peer = peer.to_canonical();
        if !is_in(peer, &self.0) {
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
        let outside = hops.iter().rev().find(|hop| !is_in(**hop, &self.0));
        // Proxies of ours all the way: the first of them asks for itself.
        Some(*outside.or(hops.first()).unwrap_or(&peer))
    }
}

/// Whether the address is in one of the networks.
pub fn is_in(address: IpAddr, networks: &[IpNet]) -> bool {
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
        let proxies = Proxies::new(&config);
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(FORWARDED_FOR, HeaderValue::from_bytes(line).unwrap());
        }
        proxies
            .address_of(Some(SocketAddr::new(peer.parse().unwrap(), 1)), &headers)
            .map(|address| address.to_string())
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
