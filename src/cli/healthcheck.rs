//! `pesan healthcheck`: for images without a shell or curl.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

use clap::Args;

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
}

pub(super) fn run(arguments: &Arguments, source: &Source) -> Result<Exit, Failure> {
    let address = match arguments.address {
        Some(address) => address,
        None => reachable(Config::read(source)?.server.bind),
    };
    let answer = ask(address)
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

fn ask(address: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, WAIT_MAX)?;
    stream.set_read_timeout(Some(WAIT_MAX))?;
    stream.set_write_timeout(Some(WAIT_MAX))?;
    write!(stream, "GET /health/ready HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.take(ANSWER_BYTES_MAX).read_to_string(&mut answer)?;
    Ok(answer)
}
