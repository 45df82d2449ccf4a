//! TLS without a proxy in front: our own certificate, and the one that the webhook's caller has to show.
//!
//! Only the paths are read here. Whether the files are good is found when they are loaded (`http::Tls`), which
//! `pesan config check` does as well.

use std::path::PathBuf;

use super::setting::{Reader, Setting};

static CERT: Setting = Setting {
    name: "PESAN_TLS_CERT",
    aliases: &[],
    default: None,
    example: "/etc/pesan/tls/fullchain.pem",
    expects: "the path of a PEM file: the server's certificate, then those that lead to its authority",
    secret: false,
    meaning: "Makes the server speak HTTPS, and nothing else, on PESAN_BIND. Meta demands a certificate of a public authority. Read once, at the start: a renewed file needs a restart.",
};
static KEY: Setting = Setting {
    name: "PESAN_TLS_KEY",
    aliases: &[],
    default: None,
    example: "/etc/pesan/tls/privkey.pem",
    expects: "the path of a PEM file with the private key of PESAN_TLS_CERT, without a password",
    secret: false,
    meaning: "The private key that goes with PESAN_TLS_CERT.",
};
static CLIENT_CA: Setting = Setting {
    name: "PESAN_WEBHOOK_CLIENT_CA",
    aliases: &[],
    default: None,
    example: "/etc/pesan/tls/meta-outbound-api-ca-2025-12.pem",
    expects: "the path of a PEM file with one certificate or several",
    secret: false,
    meaning: "Mutual TLS: the authorities of which one must have issued the certificate that the caller of /api/webhooks/whatsapp shows. The other routes ask for none. Turn it on in the app dashboard first. Needs PESAN_TLS_CERT. Read once, at the start.",
};
// Meta (2026-11): the documented check is of the subject's common name.
static CLIENT_NAME: Setting = Setting {
    name: "PESAN_WEBHOOK_CLIENT_NAME",
    aliases: &[],
    default: Some("client.webhooks.fbclientcerts.com"),
    example: "client.webhooks.fbclientcerts.com",
    expects: "a DNS name like client.webhooks.fbclientcerts.com",
    secret: false,
    meaning: "The name that this certificate must carry: as a DNS name, or, if it has no DNS names, as its common name.",
};

pub(super) const SETTINGS: &[&Setting] = &[&CERT, &KEY, &CLIENT_CA, &CLIENT_NAME];

const DNS_NAME_MAX: usize = 253;

/// The settings of our own TLS.
#[derive(Clone, Debug)]
pub struct TlsConfig {
    /// `PESAN_TLS_CERT`.
    pub certificate: PathBuf,
    /// `PESAN_TLS_KEY`.
    pub key: PathBuf,
    /// None: the webhook's caller needs no certificate.
    pub webhook_client: Option<WebhookClientConfig>,
}

/// What the webhook's caller has to show.
#[derive(Clone, Debug)]
pub struct WebhookClientConfig {
    /// `PESAN_WEBHOOK_CLIENT_CA`.
    pub authorities: PathBuf,
    /// `PESAN_WEBHOOK_CLIENT_NAME`.
    pub name: String,
}

impl TlsConfig {
    /// Half a setup is a mistake: whoever asks for a certificate must not get a service that does not.
    #[expect(clippy::option_option, reason = "outside: a mistake was noted; inside: no TLS of our own")]
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Option<Self>> {
        let path = |text: &str| Some(PathBuf::from(text));
        let certificate = reader.optional(&CERT, path);
        let key = reader.optional(&KEY, path);
        let authorities = reader.optional(&CLIENT_CA, path);
        let name = reader.required(&CLIENT_NAME, parse_name);
        let (certificate, key, authorities, name) = (certificate?, key?, authorities?, name?);
        if authorities.is_none() && reader.is_given(&CLIENT_NAME) {
            reader.note(CLIENT_NAME.name, format!("is of no use without {}", CLIENT_CA.name));
            return None;
        }
        match (certificate, key) {
            (Some(certificate), Some(key)) => {
                let webhook_client = authorities.map(|authorities| WebhookClientConfig { authorities, name });
                Some(Some(Self { certificate, key, webhook_client }))
            }
            (None, None) if authorities.is_none() => Some(None),
            (certificate, key) => {
                for (setting, is_absent) in [(&CERT, certificate.is_none()), (&KEY, key.is_none())] {
                    if is_absent {
                        let also = if authorities.is_some() { CLIENT_CA.name } else { "its other half" };
                        reader.note(
                            setting.name,
                            format!("is not set, though {also} is; expects {}", setting.expects),
                        );
                    }
                }
                None
            }
        }
    }
}

/// Without wildcards: one caller has one name.
fn parse_name(text: &str) -> Option<String> {
    let is_label = |label: &str| {
        !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    (text.len() <= DNS_NAME_MAX && text.split('.').all(is_label)).then(|| text.to_ascii_lowercase())
}
