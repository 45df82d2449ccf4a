//! Sending.

use std::time::Duration;

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

pub(super) const SETTINGS: &[&Setting] = &[&UNCONFIRMED_AFTER_S, &AT_ONCE];

/// Sending.
#[derive(Clone, Debug)]
pub struct OutboundConfig {
    /// `PESAN_UNCONFIRMED_AFTER_S`.
    pub unconfirmed_after: Duration,
    /// `PESAN_SENDS_AT_ONCE`.
    pub at_once: usize,
}

impl OutboundConfig {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let seconds = reader.required(&UNCONFIRMED_AFTER_S, |text| {
            text.parse::<u64>().ok().filter(|seconds| (10..=86_400).contains(seconds))
        });
        let at_once = reader.required(&AT_ONCE, |text| {
            text.parse::<usize>().ok().filter(|count| (1..=2_048).contains(count))
        });
        Some(Self { unconfirmed_after: Duration::from_secs(seconds?), at_once: at_once? })
    }
}
