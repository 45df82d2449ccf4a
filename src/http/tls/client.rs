//! The certificate of the webhook's caller: asked for on every connection, judged once for each, demanded by the
//! webhook route alone (`admission`).
//!
//! The handshake proves that the caller holds the key of the certificate that it shows, and no more. Whether the
//! certificate is trusted is decided right after it, so that a bad one is answered, counted and logged instead of
//! being a connection that breaks: that is how an operator learns that Meta has changed its authority. It also
//! holds for connections that resume an earlier session, which a handshake would let pass unseen.

use std::sync::Arc;
use std::time::Duration;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, RootCertStore, SignatureScheme,
};

use super::certificate::Facts;
use crate::clock::Clock;

/// Why the caller's certificate does not admit it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::http) enum Refused {
    #[error("it showed no client certificate")]
    Missing,
    #[error("its client certificate is not trusted: {0}")]
    Untrusted(&'static str),
    #[error("its client certificate does not carry the name PESAN_WEBHOOK_CLIENT_NAME")]
    OtherName,
}

/// The judgement of a connection, kept in its data.
#[derive(Clone, Copy, Debug)]
pub(in crate::http) struct Judgement(pub Result<(), Refused>);

/// Whom the webhook route trusts.
#[derive(Debug)]
pub(super) struct Trust {
    verifier: Arc<dyn ClientCertVerifier>,
    name: String,
    clock: Clock,
}

impl Trust {
    /// Trust in what `authorities` have issued to `name`. `None` if there is no authority.
    pub(super) fn new(
        authorities: RootCertStore,
        name: &str,
        provider: &Arc<CryptoProvider>,
        clock: &Clock,
    ) -> Option<Self> {
        let verifier =
            WebPkiClientVerifier::builder_with_provider(Arc::new(authorities), Arc::clone(provider));
        Some(Self { verifier: verifier.build().ok()?, name: name.to_owned(), clock: clock.clone() })
    }

    /// What the handshake works with.
    pub(super) fn handshake(&self) -> Arc<dyn ClientCertVerifier> {
        Arc::new(Possession(Arc::clone(&self.verifier)))
    }

    /// Judges the certificates that the caller showed, its own first.
    pub(super) fn judge(&self, shown: &[CertificateDer<'_>]) -> Result<(), Refused> {
        let (own, others) = shown.split_first().ok_or(Refused::Missing)?;
        let now = Duration::from_millis(u64::try_from(self.clock.now_ms()).unwrap_or(0));
        self.verifier
            .verify_client_cert(own, others, UnixTime::since_unix_epoch(now))
            .map_err(|error| Refused::Untrusted(reason_of(&error)))?;
        let facts = Facts::read(own).ok_or(Refused::Untrusted(NOT_GOOD))?;
        if facts.carries(&self.name) { Ok(()) } else { Err(Refused::OtherName) }
    }
}

const NOT_GOOD: &str = "it is not a good certificate";

fn reason_of(error: &Error) -> &'static str {
    let Error::InvalidCertificate(error) = error else { return NOT_GOOD };
    match error {
        CertificateError::UnknownIssuer => "none of PESAN_WEBHOOK_CLIENT_CA has issued it",
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "it has expired",
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => "it is not valid yet",
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "it is not made for clients"
        }
        _ => NOT_GOOD,
    }
}

/// Asks for a certificate, lets a caller without one pass, and of one that is shown checks only that the caller has
/// its key. `Trust::judge` decides what it is worth.
#[derive(Debug)]
struct Possession(Arc<dyn ClientCertVerifier>);

impl ClientCertVerifier for Possession {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.0.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        _own: &CertificateDer<'_>,
        _others: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}
