//! Configuration: read once at the start, checked whole, then passed on as typed values.
//!
//! A file a section; each section owns its settings (`Setting`) and the struct they become. `SETTINGS` is the
//! one table of all of them: `.env.local.example` is printed from it, an unknown name is checked against it, and
//! a test sees that every row is really read. Nothing else in the program reads the environment.

mod access;
mod edge;
mod example;
mod graphql;
mod journal;
mod keys;
mod meta;
mod mongo;
mod outbound;
mod server;
mod setting;
mod source;
mod telemetry;
mod tls;
mod whatsapp;

#[cfg(feature = "dev")]
pub mod dev;

pub use access::{AccessConfig, AllowedOrigins, JwtConfig, JwtKey, RateLimitConfig};
pub use edge::EdgeConfig;
pub use example::example;
pub use graphql::GraphqlConfig;
pub use journal::JournalConfig;
pub use keys::{KeysConfig, MasterKey, is_key_id};
pub use meta::MetaConfig;
pub use mongo::MongoConfig;
pub use outbound::OutboundConfig;
pub use server::ServerConfig;
pub use setting::{Mistake, Mistakes, Reader, Setting};
pub use source::{Source, SourceError};
pub use telemetry::{LogFormat, TelemetryConfig};
pub use tls::{TlsConfig, WebhookClientConfig};
pub use whatsapp::WhatsappConfig;

/// Every setting, section by section, in the order in which a person meets them.
pub const SETTINGS: &[(&str, &[&Setting])] = &[
    ("Meta's side: what the app dashboard and WhatsApp Manager show", whatsapp::SETTINGS),
    ("Where the Graph API is", meta::SETTINGS),
    ("MongoDB", mongo::SETTINGS),
    ("The journal of webhooks", journal::SETTINGS),
    ("Keys that seal stored secrets", keys::SETTINGS),
    ("Sending", outbound::SETTINGS),
    ("The server", server::SETTINGS),
    ("TLS without a proxy", tls::SETTINGS),
    ("The edge: who may call the webhook", edge::SETTINGS),
    ("Access to the API", access::SETTINGS),
    ("The GraphQL API", graphql::SETTINGS),
    ("Logs and traces", telemetry::SETTINGS),
    #[cfg(feature = "dev")]
    ("Development: `pesan dev` and the tests", dev::SETTINGS),
];

/// The whole configuration of a serving process.
#[derive(Clone, Debug)]
pub struct Config {
    pub server: ServerConfig,
    /// None: plain HTTP, a proxy stands in front.
    pub tls: Option<TlsConfig>,
    pub edge: EdgeConfig,
    pub access: AccessConfig,
    pub graphql: GraphqlConfig,
    pub mongo: MongoConfig,
    pub journal: JournalConfig,
    pub whatsapp: WhatsappConfig,
    pub meta: MetaConfig,
    pub keys: KeysConfig,
    pub outbound: OutboundConfig,
    pub telemetry: TelemetryConfig,
}

impl Config {
    /// Reads and checks everything; the error holds every mistake, not only the first.
    pub fn read(source: &Source) -> Result<Self, Mistakes> {
        let mut reader = Reader::new(source);
        let sections = (
            ServerConfig::read(&mut reader),
            TlsConfig::read(&mut reader),
            EdgeConfig::read(&mut reader),
            AccessConfig::read(&mut reader),
            GraphqlConfig::read(&mut reader),
            MongoConfig::read(&mut reader),
            JournalConfig::read(&mut reader),
            WhatsappConfig::read(&mut reader),
            MetaConfig::read(&mut reader),
            KeysConfig::read(&mut reader),
            OutboundConfig::read(&mut reader),
            TelemetryConfig::read(&mut reader),
        );
        reader.refuse_unknown();
        match (sections, reader.finish()) {
            (
                (
                    Some(server),
                    Some(tls),
                    Some(edge),
                    Some(access),
                    Some(graphql),
                    Some(mongo),
                    Some(journal),
                    Some(whatsapp),
                    Some(meta),
                    Some(keys),
                    Some(outbound),
                    Some(telemetry),
                ),
                Ok(()),
            ) => Ok(Self {
                server,
                tls,
                edge,
                access,
                graphql,
                mongo,
                journal,
                whatsapp,
                meta,
                keys,
                outbound,
                telemetry,
            }),
            (_, Err(mistakes)) => Err(mistakes),
            // A section is absent only after it has reported a mistake.
            (_, Ok(())) => Err(Mistakes::default()),
        }
    }

    /// What works but is worth a word at the start.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if self.whatsapp.app_secrets.is_empty() {
            warnings.push("WHATSAPP_APP_SECRET is not set: every webhook is refused, because its signature cannot be checked".to_owned());
        }
        if self.whatsapp.verify_token.is_none() {
            warnings.push("WHATSAPP_VERIFY_TOKEN is not set: Meta cannot verify the callback URL".to_owned());
        }
        if self.keys.master_keys.is_empty() {
            warnings.push("PESAN_MASTER_KEYS is not set: nothing can be sealed, so no access token can be stored or used; `pesan keys generate` makes a key".to_owned());
        }
        if self.keys.hold_the_example() {
            warnings.push("PESAN_MASTER_KEYS holds the key of the example file, which everybody knows: it protects nothing".to_owned());
        }
        match &self.server.public_url {
            None => {}
            Some(url) if url.starts_with("https://") || is_local(url) => {}
            Some(url) => warnings.push(format!(
                "PESAN_PUBLIC_URL is plain HTTP ({url}): Meta delivers webhooks to HTTPS with a public certificate only"
            )),
        }
        warnings
    }
}

/// Plain HTTP that does not leave this machine.
fn is_local(text: &str) -> bool {
    let Ok(url) = url::Url::parse(text) else { return false };
    let is_here = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    is_here && url.scheme() == "http" && url.username().is_empty() && url.password().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &[(&str, &str)] = &[
        ("MONGODB_URI", "mongodb://app:mongo-password@db.example/pesan"),
        ("WHATSAPP_APP_SECRET", "app-secret-one, app-secret-two"),
        ("WHATSAPP_VERIFY_TOKEN", "verify-token-value"),
        ("WHATSAPP_ACCESS_TOKEN", "EAAG-access-token"),
        ("PESAN_MASTER_KEYS", "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="),
    ];

    fn read(extra: &[(&str, &str)]) -> Result<Config, Mistakes> {
        let all = GOOD.iter().chain(extra).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Config::read(&Source::of(all))
    }

    #[test]
    fn a_debug_print_shows_no_secret() {
        let shown = format!("{:#?}", read(&[]).unwrap());
        for secret in ["mongo-password", "app-secret", "verify-token-value", "EAAG", "AAECAw"] {
            assert!(!shown.contains(secret), "{secret} in {shown}");
        }
    }

    #[test]
    fn all_mistakes_are_reported_at_once_and_name_what_is_expected() {
        let mistakes = read(&[
            ("PESAN_BIND", "everywhere"),
            ("WHATSAPP_PHONE_NUMBER_ID", "+62 811"),
            ("GRAPH_API_VERSION", "25"),
            ("PESAN_SHUTDOWN_GRACE_MS", "soon"),
            ("PESAN_BINDD", "127.0.0.1:80"),
            ("WHATSAPP_APP_SECRET", "a b"),
            ("PESAN_MASTER_KEYS", "k1:c2hvcnQ="),
        ])
        .unwrap_err();
        insta::assert_snapshot!(mistakes.to_string());
    }

    #[test]
    fn a_missing_database_is_a_mistake() {
        let mistakes = Config::read(&Source::of([])).unwrap_err();
        assert_eq!(mistakes.iter().map(|mistake| mistake.name.as_str()).collect::<Vec<_>>(), ["MONGODB_URI"]);
    }

    #[test]
    fn host_and_port_are_read_as_aliases_of_the_bind_address() {
        for (given, expected) in [
            (&[("HOST", "0.0.0.0"), ("PORT", "3000")][..], "0.0.0.0:3000"),
            (&[("PORT", "3000")][..], "127.0.0.1:3000"),
            (&[("PORT", "3000"), ("PESAN_BIND", "127.0.0.2:4000")][..], "127.0.0.2:4000"),
            (&[("PESAN_BIND", "[::1]:4000")][..], "[::1]:4000"),
            (&[][..], "127.0.0.1:8080"),
        ] {
            assert_eq!(read(given).unwrap().server.bind.to_string(), expected, "{given:?}");
        }
    }

    #[test]
    fn an_empty_value_is_no_value() {
        assert!(
            read(&[("WHATSAPP_APP_ID", ""), ("PESAN_PUBLIC_URL", " ")]).unwrap().server.public_url.is_none()
        );
    }

    #[test]
    fn every_setting_of_the_table_is_read_and_every_one_read_is_in_the_table() {
        let source = Source::of([]);
        let mut reader = Reader::new(&source);
        drop((
            ServerConfig::read(&mut reader),
            TlsConfig::read(&mut reader),
            EdgeConfig::read(&mut reader),
            AccessConfig::read(&mut reader),
            GraphqlConfig::read(&mut reader),
            MongoConfig::read(&mut reader),
            JournalConfig::read(&mut reader),
            WhatsappConfig::read(&mut reader),
            MetaConfig::read(&mut reader),
            KeysConfig::read(&mut reader),
            OutboundConfig::read(&mut reader),
            TelemetryConfig::read(&mut reader),
        ));
        #[cfg(feature = "dev")]
        drop(dev::DevConfig::read(&mut reader));
        let mut table: Vec<_> =
            SETTINGS.iter().flat_map(|(_, settings)| settings.iter()).map(|setting| setting.name).collect();
        table.sort_unstable();
        assert_eq!(reader.names_read(), table);
    }

    #[test]
    fn master_keys_that_protect_nothing_are_warned_of() {
        let warned = |keys: &str| {
            let warnings = read(&[("PESAN_MASTER_KEYS", keys)]).unwrap().warnings();
            warnings.into_iter().filter(|warning| warning.contains("PESAN_MASTER_KEYS")).collect::<String>()
        };
        assert!(warned("").contains("is not set"));
        assert!(warned("k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").contains("everybody knows"));
        assert_eq!(warned("k1:IAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="), "");
    }

    #[test]
    fn plain_http_is_warned_of_unless_it_is_this_machine() {
        let warned = |url: &str| {
            let warnings = read(&[("PESAN_PUBLIC_URL", url)]).unwrap().warnings();
            warnings.iter().filter(|warning| warning.contains("PESAN_PUBLIC_URL")).count()
        };
        assert_eq!(warned("http://crm.example"), 1);
        assert_eq!(warned("https://crm.example"), 0);
        assert_eq!(warned("http://127.0.0.1:8080"), 0);
    }
}
