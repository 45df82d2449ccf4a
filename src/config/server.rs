//! The server: where it listens, what its public address is, how it stops.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::setting::{Reader, Setting};

static BIND: Setting = Setting {
    name: "PESAN_BIND",
    aliases: &[],
    default: Some("127.0.0.1:8080"),
    example: "0.0.0.0:8080",
    expects: "an IP address and a port, like 127.0.0.1:8080 or [::]:8080",
    secret: false,
    meaning: "Where the server listens. In production a TLS proxy stands in front of it, or PESAN_TLS_CERT is set. HOST and PORT are read when this is not set.",
};
static HOST: Setting = Setting {
    name: "HOST",
    aliases: &[],
    default: None,
    example: "0.0.0.0",
    expects: "an IP address, like 0.0.0.0",
    secret: false,
    meaning: "The address of PESAN_BIND, for platforms that set it apart.",
};
static PORT: Setting = Setting {
    name: "PORT",
    aliases: &[],
    default: None,
    example: "8080",
    expects: "a port number, like 8080",
    secret: false,
    meaning: "The port of PESAN_BIND, for platforms that set it apart.",
};
static PUBLIC_URL: Setting = Setting {
    name: "PESAN_PUBLIC_URL",
    aliases: &["BASE_URL"],
    default: None,
    example: "https://whatsapp.example.com",
    expects: "a URL that begins with https:// (http:// is taken with a warning)",
    secret: false,
    meaning: "The address under which Meta and browsers reach the server. The callback URL for Meta is this plus /api/webhooks/whatsapp.",
};
static HTTP_WORKERS: Setting = Setting {
    name: "PESAN_HTTP_WORKERS",
    aliases: &[],
    default: None,
    example: "2",
    expects: "a number from 1 to 256",
    secret: false,
    meaning: "How many threads answer HTTP requests. Unset: one for each core.",
};
static SHUTDOWN_DELAY_MS: Setting = Setting {
    name: "PESAN_SHUTDOWN_DELAY_MS",
    aliases: &[],
    default: Some("1000"),
    example: "5000",
    expects: "milliseconds, 0 to 600000",
    secret: false,
    meaning: "After SIGTERM, how long the server goes on taking requests with /health/ready at 503, so that a load balancer sees it before the door closes.",
};
static SHUTDOWN_GRACE_MS: Setting = Setting {
    name: "PESAN_SHUTDOWN_GRACE_MS",
    aliases: &[],
    default: Some("20000"),
    example: "20000",
    expects: "milliseconds, 0 to 600000",
    secret: false,
    meaning: "How long requests and background work may take to finish after that delay. What is not done then is cut, and repeated by whoever starts next.",
};
static WEBHOOK_BODY_TIMEOUT_MS: Setting = Setting {
    name: "PESAN_WEBHOOK_BODY_TIMEOUT_MS",
    aliases: &[],
    default: Some("30000"),
    example: "30000",
    expects: "milliseconds, 100 to 600000",
    secret: false,
    meaning: "How long the body of a webhook may take to come. Whoever is slower gets 408 and is cut off; Meta repeats. It bounds how long a stranger holds memory, because nobody is known before the last byte.",
};

pub(super) const SETTINGS: &[&Setting] = &[
    &BIND,
    &HOST,
    &PORT,
    &PUBLIC_URL,
    &HTTP_WORKERS,
    &SHUTDOWN_DELAY_MS,
    &SHUTDOWN_GRACE_MS,
    &WEBHOOK_BODY_TIMEOUT_MS,
];

const DURATION_MS_MAX: u64 = 600_000;
const BODY_TIMEOUT_MIN: Duration = Duration::from_millis(100);
const HTTP_WORKERS_MAX: usize = 256;

/// The server's settings.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// `PESAN_BIND`, or `HOST` and `PORT`.
    pub bind: SocketAddr,
    /// `PESAN_PUBLIC_URL`, without a slash at its end.
    pub public_url: Option<String>,
    /// `PESAN_HTTP_WORKERS`.
    pub http_workers: Option<usize>,
    /// `PESAN_SHUTDOWN_DELAY_MS`.
    pub shutdown_delay: Duration,
    /// `PESAN_SHUTDOWN_GRACE_MS`.
    pub shutdown_grace: Duration,
    /// `PESAN_WEBHOOK_BODY_TIMEOUT_MS`.
    pub webhook_body_timeout: Duration,
}

impl ServerConfig {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let bind = read_bind(reader);
        let public_url = reader.optional(&PUBLIC_URL, |text| {
            let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"))?;
            (!host.is_empty() && !text.contains(char::is_whitespace))
                .then(|| text.trim_end_matches('/').to_owned())
        });
        let http_workers = reader
            .optional(&HTTP_WORKERS, |text| text.parse().ok().filter(|n| (1..=HTTP_WORKERS_MAX).contains(n)));
        let shutdown_delay = reader.required(&SHUTDOWN_DELAY_MS, parse_ms);
        let shutdown_grace = reader.required(&SHUTDOWN_GRACE_MS, parse_ms);
        let webhook_body_timeout = reader.required(&WEBHOOK_BODY_TIMEOUT_MS, |text| {
            parse_ms(text).filter(|limit| *limit >= BODY_TIMEOUT_MIN)
        });
        Some(Self {
            bind: bind?,
            public_url: public_url?,
            http_workers: http_workers?,
            shutdown_delay: shutdown_delay?,
            shutdown_grace: shutdown_grace?,
            webhook_body_timeout: webhook_body_timeout?,
        })
    }
}

fn read_bind(reader: &mut Reader<'_>) -> Option<SocketAddr> {
    let host: Option<Option<IpAddr>> = reader.optional(&HOST, |text| text.parse().ok());
    let port: Option<Option<u16>> = reader.optional(&PORT, |text| text.parse().ok());
    let bind: SocketAddr = reader.required(&BIND, |text| text.parse().ok())?;
    if reader.is_given(&BIND) {
        return Some(bind);
    }
    Some(SocketAddr::new(host?.unwrap_or(bind.ip()), port?.unwrap_or(bind.port())))
}

pub(super) fn parse_ms(text: &str) -> Option<Duration> {
    text.parse().ok().filter(|ms| *ms <= DURATION_MS_MAX).map(Duration::from_millis)
}
