//! TLS of our own, for whoever runs without a proxy: loads the files that the settings name, says until when they
//! are good, and hands the server what it needs. Files are read once, at the start. ring is the only provider.

mod certificate;
mod client;

use std::any::Any;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use actix_tls::accept::rustls_0_23::TlsStream;
use actix_web::dev::Extensions;
use actix_web::rt::net::TcpStream;
use prometheus_client::metrics::gauge::Gauge;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{RootCertStore, ServerConfig};

use self::certificate::Facts;
use self::client::Trust;
use crate::clock::{Clock, Timestamp};
use crate::config::{TlsConfig, WebhookClientConfig};
use crate::secret::Secret;
use crate::telemetry::Metrics;

pub(super) use client::{Judgement, Refused};

const CERT: &str = "PESAN_TLS_CERT";
const KEY: &str = "PESAN_TLS_KEY";
const CLIENT_CA: &str = "PESAN_WEBHOOK_CLIENT_CA";

/// A certificate that ends within this many days is warned of at the start.
const WARN_DAYS: i64 = 30;

/// A file that a setting names and that is of no use: a mistake in the configuration.
#[derive(Debug, thiserror::Error)]
#[error("{setting}: {} {problem}", .path.display())]
pub struct Unusable {
    setting: &'static str,
    path: PathBuf,
    problem: &'static str,
    #[source]
    source: Option<std::io::Error>,
}

/// TLS as the settings want it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Tls {
    server: ServerConfig,
    expires: Timestamp,
    client: Option<Client>,
}

/// The trust file of the webhook's caller.
#[derive(Clone, Debug)]
struct Client {
    trust: Arc<Trust>,
    /// The soonest of its certificates.
    expires: Timestamp,
}

impl Tls {
    /// Loads the files.
    pub fn load(config: &TlsConfig, clock: &Clock) -> Result<Self, Unusable> {
        let provider = Arc::new(ring::default_provider());
        let chain = certificates(CERT, &config.certificate)?;
        let key = private_key(&config.key)?;
        let client = match &config.webhook_client {
            Some(client) => Some(Client::load(client, &provider, clock)?),
            None => None,
        };
        let (_, facts) = chain.first().ok_or_else(|| no_certificate(CERT, &config.certificate))?;
        let expires = facts.expires;
        let chain = chain.into_iter().map(|(der, _)| der).collect();
        let server = server_config(chain, key, client.as_ref(), provider).map_err(|error| match error {
            rustls::Error::InconsistentKeys(_) => {
                unusable(KEY, &config.key, "does not belong to the certificate in PESAN_TLS_CERT")
            }
            rustls::Error::InvalidCertificate(_) => {
                unusable(CERT, &config.certificate, "begins with a certificate that cannot be used")
            }
            _ => unusable(
                KEY,
                &config.key,
                "holds a key of another kind than RSA, ECDSA P-256 or P-384, Ed25519",
            ),
        })?;
        Ok(Self { server, expires, client })
    }

    /// What ends soon or has ended.
    pub fn warnings(&self, now: Timestamp) -> Vec<String> {
        let client_ca = self.client.as_ref().map(|client| (CLIENT_CA, client.expires));
        std::iter::once((CERT, self.expires))
            .chain(client_ca)
            .filter_map(|(setting, expires)| ending(setting, expires, now))
            .collect()
    }

    /// Shows in the metrics until when the files are good.
    pub fn register(&self, metrics: &Metrics) {
        let show = |name, help, expires: Timestamp| {
            let gauge: Gauge = metrics.register(name, help, Gauge::default());
            gauge.set(expires.as_second());
        };
        show(
            "tls_certificate_expires_seconds",
            "Unix time at which the server's certificate ends",
            self.expires,
        );
        if let Some(client) = &self.client {
            show(
                "webhook_client_ca_expires_seconds",
                "Unix time at which the first certificate of the webhook callers' trust file ends",
                client.expires,
            );
        }
    }

    /// What the listener works with.
    pub(super) fn server_config(&self) -> ServerConfig {
        self.server.clone()
    }

    /// Judges the certificate of a new connection and keeps the judgement with it.
    pub(super) fn judge(&self, connection: &dyn Any, data: &mut Extensions) {
        let Some(client) = &self.client else { return };
        let Some(stream) = connection.downcast_ref::<TlsStream<TcpStream>>() else { return };
        let (_, session) = stream.get_ref();
        data.insert(Judgement(client.trust.judge(session.peer_certificates().unwrap_or_default())));
    }
}

impl Client {
    fn load(
        config: &WebhookClientConfig,
        provider: &Arc<CryptoProvider>,
        clock: &Clock,
    ) -> Result<Self, Unusable> {
        let path = &config.authorities;
        let certificates = certificates(CLIENT_CA, path)?;
        let mut authorities = RootCertStore::empty();
        let mut soonest = Timestamp::MAX;
        for (der, facts) in certificates {
            soonest = soonest.min(facts.expires);
            authorities
                .add(der)
                .map_err(|_| unusable(CLIENT_CA, path, "holds a certificate that cannot be an authority"))?;
        }
        let trust = Trust::new(authorities, &config.name, provider, clock)
            .ok_or_else(|| no_certificate(CLIENT_CA, path))?;
        Ok(Self { trust: Arc::new(trust), expires: soonest })
    }
}

fn server_config(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    client: Option<&Client>,
    provider: Arc<CryptoProvider>,
) -> Result<ServerConfig, rustls::Error> {
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let builder = match client {
        Some(client) => builder.with_client_cert_verifier(client.trust.handshake()),
        None => builder.with_no_client_auth(),
    };
    builder.with_single_cert(chain, key)
}

/// Every certificate of a PEM file, at least one.
fn certificates(
    setting: &'static str,
    path: &Path,
) -> Result<Vec<(CertificateDer<'static>, Facts)>, Unusable> {
    let text = std::fs::read(path).map_err(|error| unreadable(setting, path, error))?;
    let broken = |what| unusable(setting, path, what);
    let mut found = Vec::new();
    for der in CertificateDer::pem_slice_iter(&text) {
        let der = der.map_err(|_| broken("is not whole: its PEM cannot be read to the end"))?;
        let facts = Facts::read(&der).ok_or_else(|| broken("holds a certificate that cannot be read"))?;
        found.push((der, facts));
    }
    if found.is_empty() { Err(no_certificate(setting, path)) } else { Ok(found) }
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, Unusable> {
    let text = std::fs::read_to_string(path).map_err(|error| unreadable(KEY, path, error))?;
    let text = Secret::new(text);
    PrivateKeyDer::from_pem_slice(text.expose().as_bytes())
        .map_err(|_| unusable(KEY, path, "holds no private key in PEM without a password"))
}

fn no_certificate(setting: &'static str, path: &Path) -> Unusable {
    unusable(setting, path, "holds no certificate in PEM")
}

fn unusable(setting: &'static str, path: &Path, problem: &'static str) -> Unusable {
    Unusable { setting, path: path.to_owned(), problem, source: None }
}

fn unreadable(setting: &'static str, path: &Path, error: std::io::Error) -> Unusable {
    let problem = match error.kind() {
        std::io::ErrorKind::NotFound => "is not there",
        std::io::ErrorKind::PermissionDenied => "may not be read by this user",
        std::io::ErrorKind::InvalidData => "is not a text file",
        _ => "cannot be read",
    };
    Unusable { source: Some(error), ..unusable(setting, path, problem) }
}

fn ending(setting: &str, expires: Timestamp, now: Timestamp) -> Option<String> {
    let days = expires.duration_since(now).as_hours().div_euclid(24);
    let first = if setting == CLIENT_CA { "the first certificate in it" } else { "the certificate" };
    if expires < now {
        Some(format!("{setting}: {first} has expired at {expires}"))
    } else {
        (days < WARN_DAYS).then(|| format!("{setting}: {first} expires in {days} days, at {expires}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_within_thirty_days_is_warned_of() {
        let check = |expires: &str, expected: Option<&str>| {
            let now = "2026-11-21T08:00:00Z".parse().unwrap();
            assert_eq!(ending(CERT, expires.parse().unwrap(), now).as_deref(), expected, "{expires}");
        };
        check("2026-12-21T08:00:00Z", None);
        check(
            "2026-12-21T07:59:59Z",
            Some("PESAN_TLS_CERT: the certificate expires in 29 days, at 2026-12-21T07:59:59Z"),
        );
        check(
            "2026-11-21T08:00:00Z",
            Some("PESAN_TLS_CERT: the certificate expires in 0 days, at 2026-11-21T08:00:00Z"),
        );
        check(
            "2026-11-21T07:59:59Z",
            Some("PESAN_TLS_CERT: the certificate has expired at 2026-11-21T07:59:59Z"),
        );
        assert_eq!(ending(CERT, Timestamp::MAX, Timestamp::UNIX_EPOCH), None);
    }
}
