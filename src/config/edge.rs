//! The edge: which addresses may call the webhook. Who is believed about an address is part of that.

use std::net::IpAddr;

use ipnet::IpNet;

use super::setting::{Reader, Setting};

static ALLOWED_NETWORKS: Setting = Setting {
    name: "PESAN_WEBHOOK_ALLOWED_NETWORKS",
    aliases: &[],
    default: None,
    example: "31.13.64.0/18,157.240.0.0/16,2a03:2880::/32",
    expects: "networks like 157.240.0.0/16 or 2a03:2880::/32 with commas between them, no bits set after the prefix",
    secret: false,
    meaning: "The networks from which /api/webhooks/whatsapp may be called; any other address gets 403. Unset: all of them. Meta's networks (AS32934) change often and without notice, so the signature stays the real proof.",
};
static TRUSTED_PROXIES: Setting = Setting {
    name: "PESAN_TRUSTED_PROXIES",
    aliases: &[],
    default: None,
    example: "10.0.0.0/8,fd00::/8",
    expects: "networks like 10.0.0.0/8 or fd00::/8 with commas between them, no bits set after the prefix, and not the whole Internet",
    secret: false,
    meaning: "The proxies whose X-Forwarded-For is believed; from anybody else the header is not read. Each of them must append the address that it saw. Unset: the address of the connection counts.",
};

pub(super) const SETTINGS: &[&Setting] = &[&ALLOWED_NETWORKS, &TRUSTED_PROXIES];

/// The settings of the edge.
#[derive(Clone, Debug)]
pub struct EdgeConfig {
    /// `PESAN_WEBHOOK_ALLOWED_NETWORKS`. Empty: everybody.
    pub allowed_networks: Vec<IpNet>,
    /// `PESAN_TRUSTED_PROXIES`. Empty: nobody.
    pub trusted_proxies: Vec<IpNet>,
}

impl EdgeConfig {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let allowed_networks = reader.optional(&ALLOWED_NETWORKS, parse_networks);
        // Trust in everybody would let everybody choose an address.
        let trusted_proxies = reader.optional(&TRUSTED_PROXIES, |text| {
            parse_networks(text).filter(|networks| networks.iter().all(|network| network.prefix_len() > 0))
        });
        Some(Self {
            allowed_networks: allowed_networks?.unwrap_or_default(),
            trusted_proxies: trusted_proxies?.unwrap_or_default(),
        })
    }
}

/// Networks with commas between them.
pub(super) fn parse_networks(text: &str) -> Option<Vec<IpNet>> {
    text.split(',').map(str::trim).map(parse_network).collect()
}

/// A network, or a single address. Bits after the prefix are more likely a wrong prefix than a wish, and an IPv4
/// network in IPv6 clothes would match nobody: addresses are compared in their plain form.
fn parse_network(text: &str) -> Option<IpNet> {
    let network: IpNet = text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))?;
    let is_plain = network.addr().to_canonical() == network.addr();
    (is_plain && network.addr() == network.network()).then_some(network)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_read_strictly() {
        let check = |text: &str, expected: Option<&[&str]>| {
            let read = parse_networks(text)
                .map(|networks| networks.iter().map(ToString::to_string).collect::<Vec<_>>());
            assert_eq!(
                read.as_deref(),
                expected.map(|e| e.iter().map(|e| (*e).to_owned()).collect::<Vec<_>>()).as_deref(),
                "{text}"
            );
        };
        check("157.240.0.0/16", Some(&["157.240.0.0/16"]));
        check("10.0.0.0/8 , 2a03:2880::/32", Some(&["10.0.0.0/8", "2a03:2880::/32"]));
        check("10.1.2.3", Some(&["10.1.2.3/32"]));
        check("::1", Some(&["::1/128"]));
        check("0.0.0.0/0,::/0", Some(&["0.0.0.0/0", "::/0"]));
        for wrong in [
            "10.0.0.1/8",
            "10.0.0.0/33",
            "10.0.0/8",
            "meta",
            "10.0.0.0/8,",
            ",",
            "2a03:2880::1/32",
            "::ffff:10.0.0.0/104",
        ] {
            check(wrong, None);
        }
    }
}
