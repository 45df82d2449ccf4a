//! Calls to our own public address, as Meta makes them: is it there, is it ours, and does it pass bytes on unchanged.
//!
//! Nothing but the configured address is called; redirects are not followed; each call and each answer has a bound.

use std::error::Error as _;
use std::io;
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, LOCATION};
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder};
use url::Url;

use crate::clock::Stopwatch;
use crate::meta::signature;
use crate::secret::Secret;

/// Where webhooks go, below the public address.
pub const WEBHOOK_PATH: &str = "/api/webhooks/whatsapp";

const CONNECT_MAX: Duration = Duration::from_secs(3);
const ANSWER_MAX: Duration = Duration::from_secs(5);
const ANSWER_BYTES_MAX: usize = 16 * 1024;
/// Letters of several scripts, composed and not, beyond the basic plane, and a backslash escape: what re-encoding changes.
const TEXT: &str = "caf\u{e9} cafe\u{301} \u{645}\u{631}\u{62d}\u{628}\u{627} \u{4f60}\u{597d} \u{1f44b}\u{1f3fd} \\u00e9 \\/";

/// Calls the public address.
#[derive(Clone, Debug)]
pub struct Door {
    client: Client,
    url: Url,
}

/// What the address answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub body: String,
    /// Where it sends callers on.
    pub location: Option<String>,
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Silence {
    UnknownName,
    BadCertificate,
    Refused,
    TimeOut,
}

/// What came of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Knock {
    pub outcome: Result<Answer, Silence>,
    pub elapsed: Duration,
}

impl Door {
    /// The address of the webhook below `public_url`. None: it is no address, or nothing can be called from here.
    pub fn of(public_url: &str) -> Option<Self> {
        Url::parse(public_url).ok()?;
        let url = Url::parse(&format!("{public_url}{WEBHOOK_PATH}")).ok()?;
        // Already there when another part of the process chose it first: the same one.
        rustls::crypto::ring::default_provider().install_default().ok();
        let client = Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT_MAX)
            .timeout(ANSWER_MAX)
            .pool_max_idle_per_host(0)
            .build()
            .ok()?;
        Some(Self { client, url })
    }

    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Asks for the challenge, as Meta does when somebody enters the address there.
    pub async fn verify(&self, verify_token: &str, challenge: &str) -> Knock {
        let mut url = self.url.clone();
        url.query_pairs_mut()
            .append_pair("hub.mode", "subscribe")
            .append_pair("hub.verify_token", verify_token)
            .append_pair("hub.challenge", challenge);
        knock(self.client.get(url)).await
    }

    /// Delivers a body with its signature, as Meta delivers webhooks.
    pub async fn deliver(&self, body: Vec<u8>, app_secret: &Secret) -> Knock {
        let signature = signature::sign(app_secret, &body).unwrap_or_default();
        let request = self
            .client
            .post(self.url.clone())
            .header(CONTENT_TYPE, "application/json")
            .header(signature::HEADER, signature)
            .body(body);
        knock(request).await
    }
}

/// A webhook that tells nothing and holds what is easily changed on the way. `id` makes it one of its kind.
pub fn body(id: &str) -> Vec<u8> {
    // Written by hand: the escapes in it are part of the test.
    format!("{{\"object\": \"pesan_probe\",\"id\":\"{id}\",\r\n \"text\":\"{TEXT}\"}}").into_bytes()
}

async fn knock(request: RequestBuilder) -> Knock {
    let watch = Stopwatch::start();
    let outcome = answer(request).await.map_err(|error| silence(&error));
    Knock { outcome, elapsed: watch.elapsed() }
}

async fn answer(request: RequestBuilder) -> Result<Answer, reqwest::Error> {
    let mut response = request.send().await?;
    let status = response.status().as_u16();
    let location = response.headers().get(LOCATION).and_then(|location| location.to_str().ok());
    let location = location.map(str::to_owned);
    let mut body = Vec::new();
    while body.len() < ANSWER_BYTES_MAX {
        match response.chunk().await? {
            Some(chunk) => body.extend_from_slice(&chunk),
            None => break,
        }
    }
    body.truncate(ANSWER_BYTES_MAX);
    Ok(Answer { status, body: String::from_utf8_lossy(&body).into_owned(), location })
}

fn silence(error: &reqwest::Error) -> Silence {
    if error.is_timeout() {
        return Silence::TimeOut;
    }
    if error.is_dns() {
        return Silence::UnknownName;
    }
    let mut cause = error.source();
    while let Some(error) = cause {
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        if error.is::<rustls::Error>()
            || inner.is_some_and(<dyn std::error::Error + Send + Sync>::is::<rustls::Error>)
        {
            return Silence::BadCertificate;
        }
        cause = error.source();
    }
    Silence::Refused
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meta::decode::PROBE_OBJECT;

    #[test]
    fn a_probe_is_json_that_no_other_writer_would_write_so() {
        let body = body("x");
        let value: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(value["object"], PROBE_OBJECT);
        assert_ne!(serde_json::to_vec(&value).unwrap(), body);
        assert!(!body.is_ascii());
    }

    #[test]
    fn the_webhook_is_below_the_public_address() {
        let url = |text| Door::of(text).map(|door| door.url().to_string());
        assert_eq!(url("https://x.example/crm").unwrap(), "https://x.example/crm/api/webhooks/whatsapp");
        assert_eq!(url("https://"), None);
    }
}
