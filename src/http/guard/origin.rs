//! Which web pages may call the API (CORS).
//!
//! Without an `Origin` no browser asks on behalf of a page, and nothing is checked. A page of this service itself may
//! always. Any other has to be on the list, and not only for what a browser asks about beforehand: a WebSocket is
//! opened without asking.

use actix_web::HttpResponse;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};

use crate::config::AllowedOrigins;

const METHODS: &str = "GET, POST, OPTIONS";
const REQUEST_HEADERS: &str = "authorization, content-type, accept, last-event-id, x-request-id, traceparent, \
     apollo-require-preflight, apollographql-client-name, apollographql-client-version, graphql-preflight";
const ANSWER_HEADERS: &str =
    "x-request-id, retry-after, ratelimit-limit, ratelimit-remaining, ratelimit-reset";
/// For how long a browser need not ask again, in seconds.
const REMEMBERED_S: u32 = 600;

/// The list of origins.
#[derive(Clone, Debug)]
pub struct Origins {
    allowed: AllowedOrigins,
    own: Option<String>,
}

/// Where a request comes from, as far as a browser tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// No page asks, or one of ours.
    Own,
    /// A page that may.
    Allowed(HeaderValue),
    /// A page that may not.
    Foreign,
}

impl Origins {
    /// `public_url` is where our own pages are.
    pub fn new(allowed: &AllowedOrigins, public_url: Option<&str>) -> Self {
        let own = public_url.and_then(|url| url::Url::parse(url).ok());
        Self { allowed: allowed.clone(), own: own.map(|url| url.origin().ascii_serialization()) }
    }

    /// Judges where a request comes from.
    pub fn judge(&self, headers: &HeaderMap) -> Origin {
        let Some(origin) = headers.get(header::ORIGIN) else { return Origin::Own };
        let Ok(text) = origin.to_str() else { return Origin::Foreign };
        let allowed = match &self.allowed {
            AllowedOrigins::Any => return Origin::Allowed(HeaderValue::from_static("*")),
            AllowedOrigins::These(list) => list,
        };
        if allowed.iter().any(|allowed| allowed == text) {
            Origin::Allowed(origin.clone())
        } else if self.own.as_deref() == Some(text) || is_of_this_host(text, headers) {
            Origin::Own
        } else {
            Origin::Foreign
        }
    }

    /// The answer to a browser that asks beforehand, if this is such a question.
    pub fn preflight(method: &Method, headers: &HeaderMap, origin: &Origin) -> Option<HttpResponse> {
        let asks = method == Method::OPTIONS && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
        if !asks || *origin == Origin::Foreign {
            return None;
        }
        let mut answer = HttpResponse::build(StatusCode::NO_CONTENT);
        answer
            .insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, METHODS))
            .insert_header((header::ACCESS_CONTROL_ALLOW_HEADERS, REQUEST_HEADERS))
            .insert_header((header::ACCESS_CONTROL_MAX_AGE, REMEMBERED_S));
        Some(answer.finish())
    }
}

impl Origin {
    /// Says in an answer who may read it.
    pub fn mark(&self, headers: &mut HeaderMap) {
        // A cache between must not give one origin's answer to another.
        headers.append(header::VARY, HeaderValue::from_static("origin"));
        if let Self::Allowed(value) = self {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, value.clone());
            let exposed: HeaderName = header::ACCESS_CONTROL_EXPOSE_HEADERS;
            headers.insert(exposed, HeaderValue::from_static(ANSWER_HEADERS));
        }
    }
}

/// A page that this very host served.
fn is_of_this_host(origin: &str, headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let of_origin = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
    host.is_some() && host == of_origin
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        lines
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap()))
            .collect()
    }

    #[test]
    fn only_pages_of_the_list_and_our_own_may_call() {
        let list = AllowedOrigins::These(vec!["https://crm.example".to_owned()]);
        let origins = Origins::new(&list, Some("https://wa.example/base"));
        let check = |origin: &str, host: &str, expected: Origin| {
            let judged = origins.judge(&headers(&[("origin", origin), ("host", host)]));
            assert_eq!(judged, expected, "{origin} {host}");
        };
        check(
            "https://crm.example",
            "inside:8080",
            Origin::Allowed(HeaderValue::from_static("https://crm.example")),
        );
        check("https://wa.example", "inside:8080", Origin::Own);
        check("http://localhost:8080", "localhost:8080", Origin::Own);
        for foreign in [
            "https://evil.example",
            "http://crm.example",
            "https://crm.example.evil.example",
            "https://crm.example:444",
            "https://CRM.example",
            "null",
            "",
        ] {
            check(foreign, "inside:8080", Origin::Foreign);
        }
        assert_eq!(origins.judge(&headers(&[("host", "x")])), Origin::Own);
        let any = Origins::new(&AllowedOrigins::Any, None);
        assert_eq!(
            any.judge(&headers(&[("origin", "null")])),
            Origin::Allowed(HeaderValue::from_static("*"))
        );
    }
}
