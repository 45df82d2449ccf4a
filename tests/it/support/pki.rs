//! Certificates made for a test, good and bad, and clients that show them.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, ExtendedKeyUsagePurpose,
    IsCa, KeyPair, SanType,
};
use rustls::ClientConfig;
use rustls::client::ResolvesClientCert;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

use super::PATIENCE;

/// The first and last day of what is not made to be wrong in just that.
const FROM: (i32, u8, u8) = (2020, 1, 1);
const UNTIL: (i32, u8, u8) = (2040, 1, 1);

/// Somebody who issues certificates.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    /// What leads from those that it issues to the root, which is not in it.
    chain: String,
}

/// A certificate to be issued.
pub struct Wanted<'name> {
    pub dns_names: &'name [&'name str],
    pub common_name: &'name str,
    pub purpose: ExtendedKeyUsagePurpose,
    pub from: (i32, u8, u8),
    pub until: (i32, u8, u8),
}

impl<'name> Wanted<'name> {
    /// A good certificate of a client.
    pub fn client(dns_names: &'name [&'name str]) -> Self {
        let purpose = ExtendedKeyUsagePurpose::ClientAuth;
        Self { dns_names, common_name: "somebody", purpose, from: FROM, until: UNTIL }
    }
}

/// An issued certificate with what leads to the root, and its key, in PEM.
#[derive(Clone)]
pub struct Issued {
    pub certificates: String,
    pub key: String,
}

impl Authority {
    /// A root of its own.
    pub fn new(name: &str) -> Self {
        Self::until(name, UNTIL)
    }

    /// A root that ends on this day.
    pub fn until(name: &str, until: (i32, u8, u8)) -> Self {
        let issuer =
            CertifiedIssuer::self_signed(authority(name, until), KeyPair::generate().unwrap()).unwrap();
        Self { issuer, chain: String::new() }
    }

    /// An authority below this one.
    pub fn intermediate(&self, name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let issuer = CertifiedIssuer::signed_by(authority(name, UNTIL), key, &self.issuer).unwrap();
        let chain = format!("{}{}", issuer.pem(), self.chain);
        Self { issuer, chain }
    }

    /// Its own certificate in PEM.
    pub fn pem(&self) -> String {
        self.issuer.pem()
    }

    pub fn issue(&self, wanted: &Wanted<'_>) -> Issued {
        let names: Vec<_> = wanted.dns_names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, wanted.common_name);
        params.extended_key_usages = vec![wanted.purpose.clone()];
        params.not_before = rcgen::date_time_ymd(wanted.from.0, wanted.from.1, wanted.from.2);
        params.not_after = rcgen::date_time_ymd(wanted.until.0, wanted.until.1, wanted.until.2);
        self.sign(&params)
    }

    /// A server's certificate for this machine.
    pub fn issue_server(&self) -> Issued {
        self.sign(&server())
    }

    /// The same, with so many days to go by the real clock.
    pub fn issue_server_for(&self, days: u64) -> Issued {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        let mut params = server();
        params.not_after = rcgen::date_time_ymd(1970, 1, 1) + now + Duration::from_hours(days * 24 + 1);
        self.sign(&params)
    }

    fn sign(&self, params: &CertificateParams) -> Issued {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let certificates = format!("{}{}", certificate.pem(), self.chain);
        Issued { certificates, key: key.serialize_pem() }
    }
}

fn authority(name: &str, until: (i32, u8, u8)) -> CertificateParams {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.not_before = rcgen::date_time_ymd(FROM.0, FROM.1, FROM.2);
    params.not_after = rcgen::date_time_ymd(until.0, until.1, until.2);
    params
}

fn server() -> CertificateParams {
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    params.subject_alt_names.push(SanType::IpAddress("127.0.0.1".parse().unwrap()));
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.not_before = rcgen::date_time_ymd(FROM.0, FROM.1, FROM.2);
    params.not_after = rcgen::date_time_ymd(UNTIL.0, UNTIL.1, UNTIL.2);
    params
}

/// What a client does when it is asked for a certificate.
pub enum Shows<'issued> {
    Nothing,
    Own(&'issued Issued),
    /// The certificate of the first, with the key of the second.
    Stolen(&'issued Issued, &'issued Issued),
}

/// TLS as a client speaks it that trusts servers of `root`; it keeps sessions to resume them.
pub fn tls(
    root: &Authority,
    shows: &Shows<'_>,
    version: &'static rustls::SupportedProtocolVersion,
) -> ClientConfig {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(root.issuer.der().clone()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(roots);
    match shows {
        Shows::Nothing => config.with_no_client_auth(),
        Shows::Own(issued) => config.with_client_auth_cert(chain(issued), key(issued)).unwrap(),
        Shows::Stolen(certificate, other) => {
            let key = ring::sign::any_supported_type(&key(other)).unwrap();
            let always = Always(Arc::new(CertifiedKey::new(chain(certificate), key)));
            config.with_client_cert_resolver(Arc::new(always))
        }
    }
}

/// An HTTP client over it.
pub fn client(
    root: &Authority,
    shows: &Shows<'_>,
    version: &'static rustls::SupportedProtocolVersion,
) -> reqwest::Client {
    let builder = reqwest::Client::builder().tls_backend_preconfigured(tls(root, shows, version));
    builder.timeout(PATIENCE).no_proxy().build().unwrap()
}

fn chain(issued: &Issued) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_slice_iter(issued.certificates.as_bytes()).collect::<Result<_, _>>().unwrap()
}

fn key(issued: &Issued) -> PrivateKeyDer<'static> {
    PrivateKeyDer::from_pem_slice(issued.key.as_bytes()).unwrap()
}

/// Shows one certificate, whether or not the key is its own.
#[derive(Debug)]
struct Always(Arc<CertifiedKey>);

impl ResolvesClientCert for Always {
    fn resolve(&self, _hints: &[&[u8]], _schemes: &[rustls::SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }

    fn has_certs(&self) -> bool {
        true
    }
}
