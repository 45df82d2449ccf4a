//! MongoDB: where it is and how patient we are with it.

use std::time::Duration;

use super::server::parse_ms;
use super::setting::{Reader, Setting};
use crate::secret::Secret;

static URI: Setting = Setting {
    name: "MONGODB_URI",
    aliases: &[],
    default: None,
    example: "mongodb://user:password@db1,db2,db3/?replicaSet=rs0",
    expects: "a MongoDB connection string of a replica set or sharded cluster, mongodb://… or mongodb+srv://…",
    secret: true,
    meaning: "The database: a replica set (one member is enough) or a sharded cluster, MongoDB 6.0 or newer. `pesan dev` starts a private one when this is not set.",
};
static DATABASE: Setting = Setting {
    name: "PESAN_DATABASE",
    aliases: &[],
    default: Some("pesan"),
    example: "pesan",
    expects: "a database name of letters, digits, - and _, at most 63 long",
    secret: false,
    meaning: "The name of the database on that server.",
};
static TIMEOUT_MS: Setting = Setting {
    name: "PESAN_MONGODB_TIMEOUT_MS",
    aliases: &[],
    default: Some("4000"),
    example: "4000",
    expects: "milliseconds, 100 to 600000",
    secret: false,
    meaning: "How long to look for a usable server, and how long a durable write may take, before the work counts as failed.",
};
static POOL_MAX: Setting = Setting {
    name: "PESAN_MONGODB_POOL_MAX",
    aliases: &[],
    default: Some("32"),
    example: "32",
    expects: "a number from 1 to 1000",
    secret: false,
    meaning: "The most connections that this process opens to each server, for each of what comes in, what is done, and what is asked for.",
};

pub(super) const SETTINGS: &[&Setting] = &[&URI, &DATABASE, &TIMEOUT_MS, &POOL_MAX];

const DATABASE_NAME_MAX: usize = 63;
const TIMEOUT_MIN: Duration = Duration::from_millis(100);
const POOL_LIMIT: u32 = 1_000;

/// MongoDB's settings.
#[derive(Clone, Debug)]
pub struct MongoConfig {
    /// `MONGODB_URI`; it may hold a password.
    pub uri: Secret,
    /// `PESAN_DATABASE`.
    pub database: String,
    /// `PESAN_MONGODB_TIMEOUT_MS`.
    pub timeout: Duration,
    /// `PESAN_MONGODB_POOL_MAX`.
    pub pool_max: u32,
}

impl MongoConfig {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let uri = reader.required(&URI, |text| {
            (text.starts_with("mongodb://") || text.starts_with("mongodb+srv://")).then(|| Secret::new(text))
        });
        let database = reader.required(&DATABASE, |text| is_database_name(text).then(|| text.to_owned()));
        let timeout =
            reader.required(&TIMEOUT_MS, |text| parse_ms(text).filter(|limit| *limit >= TIMEOUT_MIN));
        let pool_max =
            reader.required(&POOL_MAX, |text| text.parse().ok().filter(|n| (1..=POOL_LIMIT).contains(n)));
        Some(Self { uri: uri?, database: database?, timeout: timeout?, pool_max: pool_max? })
    }
}

fn is_database_name(text: &str) -> bool {
    text.len() <= DATABASE_NAME_MAX
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}
