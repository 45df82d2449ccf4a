//! Sending.

use std::time::Duration;

#[cfg(feature = "dev")]
use super::meta;
use super::setting::{Reader, Setting};

static UNCONFIRMED_AFTER_S: Setting = Setting {
    name: "PESAN_UNCONFIRMED_AFTER_S",
    aliases: &[],
    default: Some("600"),
    example: "600",
    expects: "a number of seconds from 10 to 86400",
    secret: false,
    meaning: "How long a status is waited for after Meta gave no answer to a message. After that the workspace's setting decides: the message stays unconfirmed and that is told (so it is if nothing is set), it counts as failed, or it is sent again.",
};
static AT_ONCE: Setting = Setting {
    name: "PESAN_SENDS_AT_ONCE",
    aliases: &[],
    default: Some("128"),
    example: "128",
    expects: "a number from 1 to 2048",
    secret: false,
    meaning: "In how many conversations one process sends at once. Within a conversation messages leave one after the other.",
};

#[cfg(feature = "dev")]
pub(super) static RATE: Setting = Setting {
    name: "PESAN_DEV_SEND_RATE",
    aliases: &[],
    default: None,
    example: "100000",
    expects: "a number from 1 to 1000000, and a Graph API on this machine (GRAPH_API_BASE_URL)",
    secret: false,
    meaning: "For benchmarks: how many messages a second every number may send, whatever Meta allows. Refused unless the Graph API is a simulator on this machine.",
};

pub(super) const SETTINGS: &[&Setting] = &[&UNCONFIRMED_AFTER_S, &AT_ONCE];

/// Sending.
#[derive(Clone, Debug)]
pub struct OutboundConfig {
    /// `PESAN_UNCONFIRMED_AFTER_S`.
    pub unconfirmed_after: Duration,
    /// `PESAN_SENDS_AT_ONCE`.
    pub at_once: usize,
    /// `PESAN_DEV_SEND_RATE`; none in a build without the feature `dev`.
    pub rate: Option<f64>,
}

impl OutboundConfig {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let seconds = reader.required(&UNCONFIRMED_AFTER_S, |text| {
            text.parse::<u64>().ok().filter(|seconds| (10..=86_400).contains(seconds))
        });
        let at_once = reader.required(&AT_ONCE, |text| {
            text.parse::<usize>().ok().filter(|count| (1..=2_048).contains(count))
        });
        let rate = Self::read_rate(reader);
        Some(Self { unconfirmed_after: Duration::from_secs(seconds?), at_once: at_once?, rate: rate? })
    }

    #[cfg(feature = "dev")]
    #[expect(
        clippy::option_option,
        reason = "outside: a mistake was noted; inside: the setting is not given"
    )]
    fn read_rate(reader: &mut Reader<'_>) -> Option<Option<f64>> {
        let is_simulated = reader.text(&meta::BASE_URL).is_some_and(super::is_local);
        reader.optional(&RATE, |text| {
            let rate = text.parse::<u32>().ok().filter(|rate| (1..=1_000_000).contains(rate));
            rate.filter(|_| is_simulated).map(f64::from)
        })
    }

    #[cfg(not(feature = "dev"))]
    #[expect(
        clippy::option_option,
        clippy::unnecessary_wraps,
        reason = "as with the feature `dev`, where there is something to read"
    )]
    fn read_rate(_: &mut Reader<'_>) -> Option<Option<f64>> {
        Some(None)
    }
}
