//! Logs and traces.

use super::setting::{Reader, Setting};

static LOG: Setting = Setting {
    name: "PESAN_LOG",
    aliases: &[],
    default: Some("info,actix_server=warn"),
    example: "info,pesan::ingest=debug",
    expects: "a level (error, warn, info, debug, trace) or a list like info,pesan::http=debug",
    secret: false,
    meaning: "What is logged.",
};
static LOG_FORMAT: Setting = Setting {
    name: "PESAN_LOG_FORMAT",
    aliases: &[],
    default: Some("json"),
    example: "json",
    expects: "json or pretty",
    secret: false,
    meaning: "One JSON object a line for machines, or lines for people.",
};
static OTLP_ENDPOINT: Setting = Setting {
    name: "OTEL_EXPORTER_OTLP_ENDPOINT",
    aliases: &[],
    default: None,
    example: "http://127.0.0.1:4318",
    expects: "the URL of an OTLP collector that speaks HTTP; needs a pesan built with the feature `otel`",
    secret: false,
    meaning: "Where traces are sent.",
};

pub(super) const SETTINGS: &[&Setting] = &[&LOG, &LOG_FORMAT, &OTLP_ENDPOINT];

/// How a log line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    Json,
    Pretty,
}

/// The settings of logs and traces.
#[derive(Clone, Debug)]
pub struct TelemetryConfig {
    /// `PESAN_LOG`.
    pub log: String,
    /// `PESAN_LOG_FORMAT`.
    pub log_format: LogFormat,
    /// `OTEL_EXPORTER_OTLP_ENDPOINT`.
    pub otlp_endpoint: Option<String>,
}

impl TelemetryConfig {
    /// Reads this section alone, for commands that need no other.
    pub fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let log = reader.required(&LOG, |text| {
            text.parse::<tracing_subscriber::filter::Targets>().ok().map(|_| text.to_owned())
        });
        let log_format = reader.required(&LOG_FORMAT, |text| match text {
            "json" => Some(LogFormat::Json),
            "pretty" => Some(LogFormat::Pretty),
            _ => None,
        });
        let otlp_endpoint = reader.optional(&OTLP_ENDPOINT, |text| {
            let is_url = text.starts_with("http://") || text.starts_with("https://");
            (cfg!(feature = "otel") && is_url).then(|| text.to_owned())
        });
        Some(Self { log: log?, log_format: log_format?, otlp_endpoint: otlp_endpoint? })
    }
}
