//! The journal: how long raw webhooks are kept.

use std::time::Duration;

use super::setting::{Reader, Setting};

static RETENTION_DAYS: Setting = Setting {
    name: "PESAN_JOURNAL_RETENTION_DAYS",
    aliases: &[],
    default: Some("30"),
    example: "30",
    expects: "a number of days from 1 to 3650",
    secret: false,
    meaning: "How long raw webhooks are kept after everything in them is stored. As long as they are there, `pesan replay` can repair what was made of them.",
};

pub(super) const SETTINGS: &[&Setting] = &[&RETENTION_DAYS];

/// The journal.
#[derive(Clone, Debug)]
pub struct JournalConfig {
    /// `PESAN_JOURNAL_RETENTION_DAYS`.
    pub retention: Duration,
}

impl JournalConfig {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let days = reader.required(&RETENTION_DAYS, |text| {
            text.parse::<u64>().ok().filter(|days| (1..=3_650).contains(days))
        });
        Some(Self { retention: Duration::from_hours(24 * days?) })
    }
}
