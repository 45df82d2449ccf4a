//! `pesan healthcheck`: for images without a shell or curl.
//!
//! Under TLS the certificate is not checked: it names the public host, not this machine, and it may have been renewed
//! on the disk while the service still shows the old one. Nothing secret is asked or told; the question is whether
//! the service answers, and `pesan_tls_certificate_expires_seconds` says whether its certificate is good.

use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, SignatureScheme};

use super::{Exit, Failure};
use crate::config::{Config, Source};

const WAIT_MAX: Duration = Duration::from_secs(3);
const ANSWER_BYTES_MAX: u64 = 64 * 1024;

/// Asks /health/ready of the service on this machine; exits 0 if it is ready and 1 if not.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// Where the service listens. Unset: as PESAN_BIND says.
    #[arg(long, value_name = "IP:PORT")]
    address: Option<SocketAddr>,
    /// The service speaks TLS. Unset: as PESAN_TLS_CERT says.
    #[arg(long)]
    tls: bool,
}

pub(super) fn run(arguments: &Arguments, source: &Source) -> Result<Exit, Failure> {
    let address = match arguments.address {
        Some(address) => address,
        None => reachable(Config::read(source)?.server.bind),
    };
    let tls = arguments.tls || source.get("PESAN_TLS_CERT").is_some();
    let answer = ask(address, tls)
        .map_err(|error| Failure::new(Exit::Failed, format!("no service answers at {address}: {error}")))?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    println!("{body}");
    let is_ready = head.split_whitespace().nth(1) == Some("200");
    Ok(if is_ready { Exit::Done } else { Exit::Failed })
}

/// An address that listens on every interface is asked on this machine's own.
fn reachable(bind: SocketAddr) -> SocketAddr {
    let ip = match bind.ip() {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, bind.port())
}

fn ask(address: SocketAddr, tls: bool) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, WAIT_MAX)?;
    stream.set_read_timeout(Some(WAIT_MAX))?;
    stream.set_write_timeout(Some(WAIT_MAX))?;
    if tls {
        let mut session = session(address).map_err(std::io::Error::other)?;
        ask_over(&mut rustls::Stream::new(&mut session, &mut stream), address)
    } else {
        ask_over(&mut stream, address)
    }
}

fn ask_over(stream: &mut (impl Read + Write), address: SocketAddr) -> std::io::Result<String> {
    write!(stream, "GET /health/ready HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    stream.flush()?;
    let mut answer = Vec::new();
    match stream.take(ANSWER_BYTES_MAX).read_to_end(&mut answer) {
        // A server that ends the connection without taking leave of TLS has answered all the same.
        Err(error) if error.kind() == ErrorKind::UnexpectedEof && !answer.is_empty() => {}
        read => drop(read?),
    }
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

fn session(address: SocketAddr) -> Result<ClientConnection, rustls::Error> {
    let provider = Arc::new(ring::default_provider());
    let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(AnyCertificate(provider)))
        .with_no_client_auth();
    ClientConnection::new(Arc::new(config), ServerName::from(address.ip()))
}

/// Takes whatever certificate the service on this machine shows; see above.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _own: &CertificateDer<'_>,
        _others: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
