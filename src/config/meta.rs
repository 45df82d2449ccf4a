//! The Graph API: where it is, which version of it is called, and how long a call may take.

use std::time::Duration;

use url::Url;

use super::server::parse_ms;
use super::setting::{Reader, Setting};

pub(super) static BASE_URL: Setting = Setting {
    name: "GRAPH_API_BASE_URL",
    aliases: &[],
    default: Some("https://graph.facebook.com"),
    example: "https://graph.facebook.com",
    expects: "a URL that begins with https:// (http:// for this machine only)",
    secret: false,
    meaning: "Meta's Graph API, or a simulator of it. Access tokens are sent there and nowhere else. `pesan dev` starts a simulator when this is not set; set it to https://graph.facebook.com to work with Meta itself.",
};
static VERSION: Setting = Setting {
    name: "GRAPH_API_VERSION",
    aliases: &[],
    default: Some("v25.0"),
    example: "v25.0",
    expects: "a version like v25.0",
    secret: false,
    meaning: "The version of the Graph API to call.",
};

static CONNECT_TIMEOUT_MS: Setting = Setting {
    name: "GRAPH_API_CONNECT_TIMEOUT_MS",
    aliases: &[],
    default: Some("5000"),
    example: "5000",
    expects: "milliseconds, 100 to 600000",
    secret: false,
    meaning: "How long a connection to the Graph API may take to be made, and how long a call waits for room.",
};
static TIMEOUT_MS: Setting = Setting {
    name: "GRAPH_API_TIMEOUT_MS",
    aliases: &[],
    default: Some("30000"),
    example: "30000",
    expects: "milliseconds, 100 to 600000",
    secret: false,
    meaning: "How long one call may take, from the connection to the last byte of the answer; an upload gets more by its size. What has no answer by then may have been done or not.",
};
static IDLE_TIMEOUT_MS: Setting = Setting {
    name: "GRAPH_API_IDLE_TIMEOUT_MS",
    aliases: &[],
    default: Some("60000"),
    example: "60000",
    expects: "milliseconds, 100 to 600000",
    secret: false,
    meaning: "How long a connection that nobody uses is kept for the next call.",
};
static CALLS_MAX: Setting = Setting {
    name: "GRAPH_API_CALLS_MAX",
    aliases: &[],
    default: Some("256"),
    example: "256",
    expects: "a number from 1 to 4096",
    secret: false,
    meaning: "How many calls of one process may be under way at once; more wait a little and are then put off.",
};

pub(super) const SETTINGS: &[&Setting] =
    &[&BASE_URL, &VERSION, &CONNECT_TIMEOUT_MS, &TIMEOUT_MS, &IDLE_TIMEOUT_MS, &CALLS_MAX];

const TIMEOUT_MIN: Duration = Duration::from_millis(100);
const CALLS_AT_ONCE_MAX: usize = 4_096;

/// The Graph API's settings.
#[derive(Clone, Debug)]
pub struct MetaConfig {
    /// `GRAPH_API_BASE_URL`, without a slash at its end.
    pub base_url: String,
    /// `GRAPH_API_VERSION`.
    pub version: String,
    /// `GRAPH_API_CONNECT_TIMEOUT_MS`.
    pub connect_timeout: Duration,
    /// `GRAPH_API_TIMEOUT_MS`.
    pub call_timeout: Duration,
    /// `GRAPH_API_IDLE_TIMEOUT_MS`.
    pub idle_timeout: Duration,
    /// `GRAPH_API_CALLS_MAX`.
    pub calls_max: usize,
}

impl MetaConfig {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let base_url = reader
            .required(&BASE_URL, |text| is_base_url(text).then(|| text.trim_end_matches('/').to_owned()));
        let version = reader.required(&VERSION, |text| is_version(text).then(|| text.to_owned()));
        let mut timeout = |setting: &'static Setting| {
            reader.required(setting, |text| parse_ms(text).filter(|timeout| *timeout >= TIMEOUT_MIN))
        };
        let (connect_timeout, call_timeout, idle_timeout) =
            (timeout(&CONNECT_TIMEOUT_MS), timeout(&TIMEOUT_MS), timeout(&IDLE_TIMEOUT_MS));
        let calls_max = reader.required(&CALLS_MAX, |text| {
            text.parse().ok().filter(|count| (1..=CALLS_AT_ONCE_MAX).contains(count))
        });
        Some(Self {
            base_url: base_url?,
            version: version?,
            connect_timeout: connect_timeout?,
            call_timeout: call_timeout?,
            idle_timeout: idle_timeout?,
            calls_max: calls_max?,
        })
    }
}

/// Tokens go there, so it must be one host, told plainly, and nobody may listen in on the way.
fn is_base_url(text: &str) -> bool {
    let Ok(url) = Url::parse(text) else { return false };
    let is_plain = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none()
        && !text.contains(char::is_whitespace);
    is_plain && (url.scheme() == "https" || super::is_local(text)) && url.has_host()
}

fn is_version(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    text.strip_prefix('v')
        .and_then(|rest| rest.split_once('.'))
        .is_some_and(|(major, minor)| digits(major) && digits(minor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_go_to_one_host_told_plainly() {
        for good in [
            "https://graph.facebook.com",
            "https://proxy.example/meta/",
            "http://127.0.0.1:4000",
            "http://[::1]:1",
        ] {
            assert!(is_base_url(good), "{good}");
        }
        for bad in [
            "graph.facebook.com",
            "http://graph.facebook.com",
            "http://127.0.0.1.evil.example",
            "http://localhost.evil.example",
            "http://localhost@evil.example",
            "https://user:password@graph.facebook.com",
            "https://graph.facebook.com/?x=1",
            "https://graph.facebook.com/#x",
            "https://graph.face book.com",
            "ftp://127.0.0.1",
        ] {
            assert!(!is_base_url(bad), "{bad}");
        }
    }
}
