//! Development: where the private MongoDB's program comes from.

use std::path::PathBuf;

use super::Source;
use super::outbound;
use super::setting::{Mistakes, Reader, Setting};
use crate::secret::Secret;

static MONGOD: Setting = Setting {
    name: "PESAN_MONGOD",
    aliases: &[],
    default: None,
    example: "/usr/bin/mongod",
    expects: "the path of a mongod program, 6.0 or newer",
    secret: false,
    meaning: "The MongoDB server that `pesan dev` and the tests start. Unset: the one on PATH, or else one that is downloaded once.",
};
static CACHE_DIR: Setting = Setting {
    name: "PESAN_CACHE_DIR",
    aliases: &[],
    default: None,
    example: "/var/cache/pesan",
    expects: "a folder that can be written",
    secret: false,
    meaning: "Where the downloaded MongoDB server is kept. Unset: pesan below XDG_CACHE_HOME, or below ~/.cache.",
};

static CRASH_AT: Setting = Setting {
    name: "PESAN_DEV_CRASH_AT",
    aliases: &[],
    default: None,
    example: "inside-fold:3",
    expects: "a point's name, a colon, and a count from 1",
    secret: false,
    meaning: "For tests of crashes: `pesan serve` dies at this point (after-journal-write, after-message-insert, after-event-append, before-mark or inside-fold; when it sends, after-queued, after-claim, after-leaving, after-answer or after-outcome), the given time that it gets there.",
};

static API_KEY: Setting = Setting {
    name: "PESAN_DEV_API_KEY",
    aliases: &[],
    default: None,
    example: "psn_live_...",
    expects: "an API key as `pesan api-key create` prints it",
    secret: true,
    meaning: "The owner key that `pesan dev` sees to being there, for scripts. Unset: one is made once and kept in .data/dev.env.",
};

pub(super) const SETTINGS: &[&Setting] = &[&MONGOD, &CACHE_DIR, &CRASH_AT, &API_KEY, &outbound::RATE];

/// The settings of development.
#[derive(Clone, Debug)]
pub struct DevConfig {
    /// `PESAN_DEV_CRASH_AT`.
    pub crash_at: Option<(String, u64)>,
    /// `PESAN_DEV_API_KEY`.
    pub api_key: Option<Secret>,
    /// `PESAN_MONGOD`.
    pub mongod: Option<PathBuf>,
    /// `PATH`, for looking programs up.
    pub path: Vec<PathBuf>,
    /// `PESAN_CACHE_DIR`, or the user's own cache folder.
    pub cache_dir: PathBuf,
}

impl DevConfig {
    /// Reads this section alone: the guard and the tests need no other.
    pub fn from_source(source: &Source) -> Result<Self, Mistakes> {
        let mut reader = Reader::new(source);
        let config = Self::read(&mut reader);
        reader.finish()?;
        config.ok_or_else(Mistakes::default)
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let mongod = reader.optional(&MONGOD, |text| Some(PathBuf::from(text)));
        let crash_at = reader.optional(&CRASH_AT, |text| {
            let (point, nth) = text.split_once(':')?;
            let nth = nth.parse().ok().filter(|nth| *nth > 0)?;
            Some((point.to_owned(), nth))
        });
        let api_key = reader.optional(&API_KEY, |text| Some(Secret::new(text)));
        let cache_dir = reader.optional(&CACHE_DIR, |text| Some(PathBuf::from(text)));
        let user_cache = || {
            let below =
                |name, rest: &str| reader.foreign(name).map(|folder| PathBuf::from(folder).join(rest));
            below("XDG_CACHE_HOME", "pesan").or_else(|| below("HOME", ".cache/pesan"))
        };
        let cache_dir =
            cache_dir?.or_else(user_cache).unwrap_or_else(|| std::env::temp_dir().join("pesan-cache"));
        let path =
            reader.foreign("PATH").map(|text| std::env::split_paths(text).collect()).unwrap_or_default();
        Some(Self { crash_at: crash_at?, api_key: api_key?, mongod: mongod?, path, cache_dir })
    }
}
