//! Access to the API: the tokens of the CRM's own users, the origins of its pages, and how much anybody may ask.

use std::collections::BTreeMap;
use std::time::Duration;

use ipnet::IpNet;
use url::{Host, Url};

use super::edge::parse_networks;
use super::setting::{Reader, Setting};
use crate::secret::Secret;

static JWT_SECRET: Setting = Setting {
    name: "JWT_SECRET",
    aliases: &[],
    default: None,
    example: "a-long-random-text-of-at-least-32-characters",
    expects: "a text of at least 32 characters",
    secret: true,
    meaning: "The secret with which the CRM signs the tokens (JWT) of its users by HS256. Give one of JWT_SECRET, JWT_PUBLIC_KEY and JWT_JWKS_URL; with none of them only API keys are let in.",
};
static JWT_PUBLIC_KEY: Setting = Setting {
    name: "JWT_PUBLIC_KEY",
    aliases: &[],
    default: None,
    example: "/etc/pesan/crm-public-key.pem",
    expects: "a public key in PEM (RSA of at least 2048 bits, P-256 or Ed25519), or the path of a file with one",
    secret: false,
    meaning: "The public key of the CRM's tokens. Its kind decides the algorithm: RS256, ES256 or EdDSA; a token that names another is refused. In an env file write line breaks as \\n inside double quotes.",
};
static JWT_JWKS_URL: Setting = Setting {
    name: "JWT_JWKS_URL",
    aliases: &[],
    default: None,
    example: "https://login.crm.example/.well-known/jwks.json",
    expects: "a URL that begins with https:// (http:// for this machine only)",
    secret: false,
    meaning: "Where the CRM publishes the public keys of its tokens. They are read again every 10 minutes, and when a token names an unknown key, at most every 10 seconds; while they cannot be read the last ones count for a day.",
};
static JWT_ISSUER: Setting = Setting {
    name: "JWT_ISSUER",
    aliases: &[],
    default: None,
    example: "https://login.crm.example/",
    expects: "the text that tokens carry as iss",
    secret: false,
    meaning: "Who issues the tokens; any other is refused. Must be set if tokens are taken.",
};
static JWT_AUDIENCE: Setting = Setting {
    name: "JWT_AUDIENCE",
    aliases: &[],
    default: None,
    example: "pesan",
    expects: "one text or several with commas between them, one of which tokens carry in aud",
    secret: false,
    meaning: "For whom the tokens are made; any other is refused. Must be set if tokens are taken.",
};
static JWT_WORKSPACE_CLAIM: Setting = Setting {
    name: "JWT_WORKSPACE_CLAIM",
    aliases: &[],
    default: Some("workspace"),
    example: "https://crm.example/tenant",
    expects: CLAIM,
    secret: false,
    meaning: "The claim that names the workspace: by its id, or by the external id that `pesan workspace create` was given. A workspace that is not there is refused.",
};
static JWT_WORKSPACE: Setting = Setting {
    name: "JWT_WORKSPACE",
    aliases: &[],
    default: None,
    example: "first",
    expects: "the word first, or a workspace's id or external id",
    secret: false,
    meaning: "The workspace of tokens that have no workspace claim. Unset: such tokens are refused.",
};
static JWT_USER_CLAIM: Setting = Setting {
    name: "JWT_USER_CLAIM",
    aliases: &[],
    default: Some("sub"),
    example: "sub",
    expects: CLAIM,
    secret: false,
    meaning: "The claim that names the user, as the audit log shows them.",
};
static JWT_ROLE_CLAIM: Setting = Setting {
    name: "JWT_ROLE_CLAIM",
    aliases: &[],
    default: Some("role"),
    example: "realm_access.roles",
    expects: CLAIM,
    secret: false,
    meaning: "The claim that names the role: owner, admin, agent or viewer, or a name of JWT_ROLE_NAMES. Of a list the highest one counts. A token without any is refused.",
};
static JWT_ROLE_NAMES: Setting = Setting {
    name: "JWT_ROLE_NAMES",
    aliases: &[],
    default: None,
    example: "supervisor=admin,staff=agent",
    expects: "pairs like supervisor=admin with commas between them, the second being owner, admin, agent or viewer",
    secret: false,
    meaning: "What the CRM calls the roles, if it has words of its own. These go instead of the four names.",
};
static ALLOWED_ORIGINS: Setting = Setting {
    name: "ALLOWED_ORIGINS",
    aliases: &[],
    default: None,
    example: "https://crm.example,http://localhost:3000",
    expects: "origins like https://crm.example with commas between them, no path; or *",
    secret: false,
    meaning: "The web pages that may call the API from a browser, by origin. Unset: only pages of this service itself. * lets every page call it, which still needs a key.",
};
static API_RATE_LIMIT: Setting = Setting {
    name: "API_RATE_LIMIT",
    aliases: &[],
    default: Some("1200"),
    example: "1200",
    expects: "a number from 0 to 1000000000",
    secret: false,
    meaning: "How many requests one key (or user) and one address may make in a window of API_RATE_WINDOW, in each instance. A failed proof of identity costs an address ten. 0: as many as they like. The webhook is never limited.",
};
static API_RATE_WINDOW: Setting = Setting {
    name: "API_RATE_WINDOW",
    aliases: &[],
    default: Some("60s"),
    example: "60s",
    expects: "a time with its unit from 1s to 24h, like 60s, 15m or 900000ms",
    secret: false,
    meaning: "The window of API_RATE_LIMIT.",
};
static RATE_LIMIT_WHITELIST: Setting = Setting {
    name: "RATE_LIMIT_WHITELIST",
    aliases: &[],
    default: None,
    example: "10.0.0.0/8,203.0.113.7",
    expects: "networks like 10.0.0.0/8 or addresses with commas between them, no bits set after the prefix",
    secret: false,
    meaning: "Whoever calls from here is not limited.",
};
static RATE_LIMIT_MESSAGE: Setting = Setting {
    name: "RATE_LIMIT_MESSAGE",
    aliases: &[],
    default: None,
    example: "Too many requests; try again shortly.",
    expects: "a sentence of at most 500 characters",
    secret: false,
    meaning: "What whoever is over the limit reads. Unset: the sentence of RATE_LIMITED in docs/ERRORS.md.",
};
static RATE_LIMIT_STATUS_CODE: Setting = Setting {
    name: "RATE_LIMIT_STATUS_CODE",
    aliases: &[],
    default: Some("429"),
    example: "429",
    expects: "an HTTP status from 400 to 599",
    secret: false,
    meaning: "The HTTP status that goes with it.",
};

const CLAIM: &str = "a claim's name, or a path to it with dots between the names";

pub(super) const SETTINGS: &[&Setting] = &[
    &JWT_SECRET,
    &JWT_PUBLIC_KEY,
    &JWT_JWKS_URL,
    &JWT_ISSUER,
    &JWT_AUDIENCE,
    &JWT_WORKSPACE_CLAIM,
    &JWT_WORKSPACE,
    &JWT_USER_CLAIM,
    &JWT_ROLE_CLAIM,
    &JWT_ROLE_NAMES,
    &ALLOWED_ORIGINS,
    &API_RATE_LIMIT,
    &API_RATE_WINDOW,
    &RATE_LIMIT_WHITELIST,
    &RATE_LIMIT_MESSAGE,
    &RATE_LIMIT_STATUS_CODE,
];

const SECRET_CHARS_MIN: usize = 32;
const MESSAGE_CHARS_MAX: usize = 500;
const REQUESTS_MAX: u32 = 1_000_000_000;
const WINDOW_MIN: Duration = Duration::from_secs(1);
const WINDOW_MAX: Duration = Duration::from_hours(24);

/// Who may call the API, and how often.
#[derive(Clone, Debug)]
pub struct AccessConfig {
    /// None: only API keys are let in.
    pub jwt: Option<JwtConfig>,
    pub allowed_origins: AllowedOrigins,
    pub rate_limit: RateLimitConfig,
}

/// The tokens of the CRM's users.
#[derive(Clone, Debug)]
pub struct JwtConfig {
    pub key: JwtKey,
    pub issuer: String,
    pub audiences: Vec<String>,
    pub workspace_claim: String,
    /// The workspace of tokens without that claim.
    pub workspace: Option<String>,
    pub user_claim: String,
    pub role_claim: String,
    /// The CRM's word, and the name of our role.
    pub role_names: BTreeMap<String, String>,
}

/// What tells a good token.
#[derive(Clone, Debug)]
pub enum JwtKey {
    /// HS256.
    Secret(Secret),
    /// PEM, or the path of a file with it.
    Public(String),
    /// The keys that are published there.
    Published(Url),
}

/// The origins from which browsers may call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AllowedOrigins {
    Any,
    /// As browsers write them.
    These(Vec<String>),
}

/// How much anybody may ask.
#[derive(Clone, Debug)]
pub struct RateLimitConfig {
    /// Requests in a window; zero: no limit.
    pub requests: u32,
    pub window: Duration,
    pub exempt: Vec<IpNet>,
    pub message: Option<String>,
    pub status: u16,
}

impl AccessConfig {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let jwt = read_jwt(reader);
        let allowed_origins = reader.optional(&ALLOWED_ORIGINS, parse_origins);
        let rate_limit = read_rate_limit(reader);
        Some(Self {
            jwt: jwt?,
            allowed_origins: allowed_origins?.unwrap_or(AllowedOrigins::These(Vec::new())),
            rate_limit: rate_limit?,
        })
    }
}

#[expect(clippy::option_option, reason = "outside: a mistake was noted; inside: no tokens are taken")]
fn read_jwt(reader: &mut Reader<'_>) -> Option<Option<JwtConfig>> {
    let secret = reader.optional(&JWT_SECRET, |text| {
        (text.chars().count() >= SECRET_CHARS_MIN).then(|| JwtKey::Secret(Secret::new(text)))
    });
    let public = reader.optional(&JWT_PUBLIC_KEY, |text| Some(JwtKey::Public(text.to_owned())));
    let published = reader.optional(&JWT_JWKS_URL, |text| parse_url(text).map(JwtKey::Published));
    let issuer = reader.optional(&JWT_ISSUER, |text| Some(text.to_owned()));
    let audiences = reader.optional(&JWT_AUDIENCE, parse_list);
    let workspace_claim = reader.required(&JWT_WORKSPACE_CLAIM, |text| Some(text.to_owned()));
    let workspace = reader.optional(&JWT_WORKSPACE, |text| Some(text.to_owned()));
    let user_claim = reader.required(&JWT_USER_CLAIM, |text| Some(text.to_owned()));
    let role_claim = reader.required(&JWT_ROLE_CLAIM, |text| Some(text.to_owned()));
    let role_names = reader.optional(&JWT_ROLE_NAMES, parse_role_names);
    let mut keys = [secret?, public?, published?].into_iter().flatten();
    let Some(key) = keys.next() else { return Some(None) };
    if keys.next().is_some() {
        let problem = "is set beside another one of JWT_SECRET, JWT_PUBLIC_KEY and JWT_JWKS_URL; give one";
        let second = if reader.is_given(&JWT_JWKS_URL) { &JWT_JWKS_URL } else { &JWT_PUBLIC_KEY };
        reader.note(second.name, problem.to_owned());
        return None;
    }
    let (issuer, audiences) = (issuer?, audiences?);
    for (setting, is_missing) in [(&JWT_ISSUER, issuer.is_none()), (&JWT_AUDIENCE, audiences.is_none())] {
        if is_missing {
            reader
                .note(setting.name, format!("is not set, and tokens are taken; expects {}", setting.expects));
        }
    }
    Some(Some(JwtConfig {
        key,
        issuer: issuer?,
        audiences: audiences?,
        workspace_claim: workspace_claim?,
        workspace: workspace?,
        user_claim: user_claim?,
        role_claim: role_claim?,
        role_names: role_names?.unwrap_or_default(),
    }))
}

fn read_rate_limit(reader: &mut Reader<'_>) -> Option<RateLimitConfig> {
    let requests = reader
        .required(&API_RATE_LIMIT, |text| text.parse().ok().filter(|requests| *requests <= REQUESTS_MAX));
    let window = reader.required(&API_RATE_WINDOW, parse_window);
    let exempt = reader.optional(&RATE_LIMIT_WHITELIST, parse_networks);
    let message = reader.optional(&RATE_LIMIT_MESSAGE, |text| {
        (text.chars().count() <= MESSAGE_CHARS_MAX).then(|| text.to_owned())
    });
    let status = reader
        .required(&RATE_LIMIT_STATUS_CODE, |text| text.parse().ok().filter(|code| (400..600).contains(code)));
    Some(RateLimitConfig {
        requests: requests?,
        window: window?,
        exempt: exempt?.unwrap_or_default(),
        message: message?,
        status: status?,
    })
}

fn parse_list(text: &str) -> Option<Vec<String>> {
    let part = |part: &str| (!part.is_empty()).then(|| part.to_owned());
    text.split(',').map(str::trim).map(part).collect()
}

/// Keys decide who is let in, so nobody on the way may change them.
fn parse_url(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let is_here = match url.host()? {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    };
    let is_safe = url.scheme() == "https" || (url.scheme() == "http" && is_here);
    (is_safe && url.username().is_empty() && url.password().is_none()).then_some(url)
}

fn parse_role_names(text: &str) -> Option<BTreeMap<String, String>> {
    let pair = |pair: &str| {
        let (theirs, ours) = pair.split_once('=')?;
        let (theirs, ours) = (theirs.trim(), ours.trim());
        let is_role = ["owner", "admin", "agent", "viewer"].contains(&ours);
        (is_role && !theirs.is_empty()).then(|| (theirs.to_owned(), ours.to_owned()))
    };
    text.split(',').map(pair).collect()
}

fn parse_origins(text: &str) -> Option<AllowedOrigins> {
    if text == "*" {
        return Some(AllowedOrigins::Any);
    }
    let origins: Option<Vec<String>> = text.split(',').map(str::trim).map(parse_origin).collect();
    origins.map(AllowedOrigins::These)
}

/// An origin as browsers write it: anything that they would write otherwise could never match.
fn parse_origin(text: &str) -> Option<String> {
    let url = Url::parse(text).ok().filter(|url| ["https", "http"].contains(&url.scheme()))?;
    let origin = url.origin().ascii_serialization();
    (text.trim_end_matches('/') == origin).then_some(origin)
}

fn parse_window(text: &str) -> Option<Duration> {
    let at = text.find(|letter: char| !letter.is_ascii_digit())?;
    let (count, unit) = text.split_at_checked(at)?;
    let count: u64 = count.parse().ok()?;
    let ms = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    let window = Duration::from_millis(count.checked_mul(ms)?);
    (WINDOW_MIN..=WINDOW_MAX).contains(&window).then_some(window)
}

#[cfg(test)]
mod tests {
    use super::super::Source;
    use super::*;

    const SECRET: &str = "0123456789abcdef0123456789abcdef";

    fn read(values: &[(&str, &str)]) -> Result<AccessConfig, Vec<String>> {
        let source = Source::of(values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let mut reader = Reader::new(&source);
        let config = AccessConfig::read(&mut reader);
        match reader.finish() {
            Ok(()) => Ok(config.unwrap()),
            Err(mistakes) => Err(mistakes.iter().map(|mistake| mistake.name.clone()).collect()),
        }
    }

    #[test]
    fn tokens_need_one_key_an_issuer_and_an_audience() {
        assert!(read(&[]).unwrap().jwt.is_none());
        assert!(read(&[("JWT_ISSUER", "crm")]).unwrap().jwt.is_none());
        let (issuer, audience) = (("JWT_ISSUER", "crm"), ("JWT_AUDIENCE", "pesan, other"));
        let jwt = read(&[("JWT_SECRET", SECRET), issuer, audience]).unwrap().jwt.unwrap();
        assert_eq!(jwt.audiences, ["pesan", "other"]);
        assert_eq!((jwt.user_claim.as_str(), jwt.role_claim.as_str()), ("sub", "role"));
        assert_eq!(read(&[("JWT_SECRET", SECRET)]).unwrap_err(), ["JWT_ISSUER", "JWT_AUDIENCE"]);
        assert_eq!(read(&[("JWT_SECRET", "short"), issuer, audience]).unwrap_err(), ["JWT_SECRET"]);
        let two = [("JWT_SECRET", SECRET), ("JWT_JWKS_URL", "https://a.example/k"), issuer, audience];
        assert_eq!(read(&two).unwrap_err(), ["JWT_JWKS_URL"]);
        assert!(!format!("{jwt:?}").contains(SECRET));
    }

    #[test]
    fn keys_are_fetched_safely_or_from_this_machine() {
        let check = |text: &str, good: bool| assert_eq!(parse_url(text).is_some(), good, "{text}");
        check("https://login.crm.example/keys", true);
        check("http://127.0.0.1:8080/keys", true);
        check("http://localhost/keys", true);
        check("http://[::1]/keys", true);
        check("http://localhost.evil.example/keys", false);
        check("http://127.0.0.1.evil.example/keys", false);
        check("http://login.crm.example/keys", false);
        check("https://user:pass@login.crm.example/keys", false);
        check("file:///etc/passwd", false);
        check("keys", false);
    }

    #[test]
    fn origins_are_taken_as_browsers_write_them() {
        let check = |text: &str, expected: Option<&[&str]>| {
            let expected =
                expected.map(|all| AllowedOrigins::These(all.iter().map(|one| (*one).to_owned()).collect()));
            assert_eq!(parse_origins(text), expected, "{text}");
        };
        check("https://crm.example", Some(&["https://crm.example"]));
        check(
            "https://crm.example/, http://localhost:3000",
            Some(&["https://crm.example", "http://localhost:3000"]),
        );
        for wrong in [
            "https://crm.example/app",
            "crm.example",
            "https://crm.example:443",
            "null",
            "https://a.example,*",
            "",
        ] {
            check(wrong, None);
        }
        assert_eq!(parse_origins("*"), Some(AllowedOrigins::Any));
    }

    #[test]
    fn a_window_has_a_unit() {
        let check = |text: &str, ms: Option<u64>| {
            assert_eq!(parse_window(text), ms.map(Duration::from_millis), "{text}");
        };
        check("60s", Some(60_000));
        check("15m", Some(900_000));
        check("900000ms", Some(900_000));
        check("24h", Some(86_400_000));
        for wrong in ["60", "0s", "999ms", "25h", "s", "1.5m", "-1s", "60 s", "99999999999999999999s"] {
            check(wrong, None);
        }
    }

    #[test]
    fn the_crm_has_words_of_its_own_for_roles() {
        assert_eq!(parse_role_names("supervisor=admin, staff = agent").unwrap()["staff"], "agent");
        for wrong in ["supervisor", "supervisor=root", "=admin", "a=admin,"] {
            assert!(parse_role_names(wrong).is_none(), "{wrong}");
        }
    }
}
