//! The Graph API: where it is and which version of it is called.

use super::setting::{Reader, Setting};

static BASE_URL: Setting = Setting {
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

pub(super) const SETTINGS: &[&Setting] = &[&BASE_URL, &VERSION];

/// The Graph API's settings.
#[derive(Clone, Debug)]
pub struct MetaConfig {
    /// `GRAPH_API_BASE_URL`, without a slash at its end.
    pub base_url: String,
    /// `GRAPH_API_VERSION`.
    pub version: String,
}

impl MetaConfig {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let base_url = reader.required(&BASE_URL, |text| {
            let secure = text.starts_with("https://") || super::is_local(text);
            (secure && !text.contains(char::is_whitespace)).then(|| text.trim_end_matches('/').to_owned())
        });
        let version = reader.required(&VERSION, |text| is_version(text).then(|| text.to_owned()));
        Some(Self { base_url: base_url?, version: version? })
    }
}

fn is_version(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    text.strip_prefix('v')
        .and_then(|rest| rest.split_once('.'))
        .is_some_and(|(major, minor)| digits(major) && digits(minor))
}
