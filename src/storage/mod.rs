//! MongoDB: the one engine. A file a collection, with its indexes beside the queries that need them.
//!
//! Only this module (with `blob` and the private mongod of `dev`) touches the driver. Durable writes are those of
//! `durable()`: a majority has them in its journal before anybody is told.

pub mod access;
pub mod addressee;
mod adoption;
pub mod allowances;
pub mod arrivals;
pub mod aside;
pub mod audit;
pub mod call_record;
pub mod clean;
pub mod contact_record;
pub mod contact_work;
pub mod contacts;
pub mod conversation_record;
pub mod conversation_work;
pub mod conversations;
pub mod data_keys;
pub mod error;
pub mod events;
pub mod index;
pub mod initiations;
pub mod instances;
mod joined;
pub mod labels;
pub mod lanes;
pub mod leaving;
pub mod merges;
pub mod message_record;
pub mod messages;
pub mod migrate;
pub mod notes;
pub mod notice_record;
pub mod notices;
pub mod number_health;
pub mod number_record;
pub mod numbers;
pub mod outgoing;
pub mod outgoing_changes;
pub mod page;
pub mod read_mark;
pub mod sealed;
pub mod search;
pub mod segments;
pub mod snoozes;
pub mod statuses;
mod stir;
pub mod survey;
pub mod template_record;
pub mod template_state;
pub mod template_sync;
pub mod ties;
pub mod told;
mod transaction;
pub mod turns;
pub mod usage_pauses;
mod value;
mod ways;
pub mod workspaces;
mod write;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use mongodb::bson::{Document, doc};
use mongodb::options::{Acknowledgment, ClientOptions, ReadPreference, WriteConcern};
use mongodb::{Client, Database};

use crate::config::MongoConfig;
pub use error::Error;
use index::Collection;
pub use segments::Segments;
use stir::Joined;
pub use ways::Ways;

/// Every collection that we own.
pub const COLLECTIONS: &[&Collection] = &[
    &migrate::MIGRATIONS_COLLECTION,
    &workspaces::WORKSPACES,
    &instances::INSTANCES,
    &access::API_KEYS,
    &audit::AUDIT,
    &numbers::NUMBERS,
    &data_keys::COLLECTION,
    &lanes::COLLECTION,
    &segments::COLLECTION,
    &contacts::CONTACTS,
    &contacts::ALIASES,
    &conversations::COLLECTION,
    &ties::TIES,
    &snoozes::SNOOZES,
    &notes::NOTES,
    &labels::LABELS,
    &messages::MESSAGES,
    &messages::EDITS,
    &turns::TURNS,
    &usage_pauses::USAGE_PAUSES,
    &allowances::ALLOWANCES,
    &initiations::INITIATIONS,
    &statuses::STATUSES,
    &notices::NOTICES,
    &notices::ACCOUNTS,
    &notices::TEMPLATES,
    &notices::CALLS,
    &notices::GROUPS,
    &events::EVENTS,
    &search::ITEMS,
    &search::STANDINGS,
    &aside::UNROUTED,
    &aside::UNRECOGNISED,
    &aside::DEAD_LETTERS,
];

/// What the server knows us as, if the address does not say.
const APP_NAME: &str = "pesan";
/// How long we wait for the server to take our goodbye.
const GOODBYE_MAX: Duration = Duration::from_secs(5);
/// The oldest server that has what we use.
const SERVER_MAJOR_MIN: i32 = 6;

/// The database. Cheap to clone.
#[derive(Clone)]
pub struct Storage {
    database: Database,
    timeout: Duration,
    /// By this name the server knows our connections.
    app_name: Arc<str>,
    joined: Joined,
}

impl Storage {
    /// Connects, and sees that the server is one that we can work with.
    pub async fn connect(config: &MongoConfig) -> Result<Self, Error> {
        Self::open(ClientOptions::parse(config.uri.expose()).await?, config)?.checked().await
    }

    /// Asks the server nothing yet.
    fn open(mut options: ClientOptions, config: &MongoConfig) -> Result<Self, Error> {
        let app_name = Arc::from(options.app_name.get_or_insert_with(|| APP_NAME.to_owned()).as_str());
        options.server_selection_timeout = Some(config.timeout);
        options.connect_timeout = Some(config.timeout);
        options.max_pool_size = Some(config.pool_max);
        let joined = Joined::default();
        options.cmap_event_handler = Some(joined.listener());
        // Whatever the URI says: who has written something has to find it, and it has to stay.
        options.selection_criteria = Some(ReadPreference::Primary.into());
        options.write_concern =
            Some(WriteConcern::builder().w(Acknowledgment::Majority).journal(true).build());
        Ok(Self {
            database: Client::with_options(options)?.database(&config.database),
            timeout: config.timeout,
            app_name,
            joined,
        })
    }

    async fn checked(self) -> Result<Self, Error> {
        match self.check_server().await {
            Ok(()) => Ok(self),
            Err(error) => {
                self.close().await;
                Err(error)
            }
        }
    }

    /// Ends all connections. Without it the driver's own tasks may still be at work when their runtime ends.
    pub async fn close(&self) {
        let goodbye = self.database.client().clone().shutdown().immediate(true).into_future();
        // A server that hangs does not answer it.
        tokio::time::timeout(GOODBYE_MAX, goodbye).await.ok();
    }

    /// Asks the server for a sign of life.
    pub async fn ping(&self) -> Result<(), Error> {
        self.run(doc! { "ping": 1 }).await.map(drop)
    }

    /// The journal's segments.
    pub fn segments(&self) -> Segments {
        Segments::new(self.database.collection(segments::COLLECTION.name), self.timeout)
    }

    /// The database's name.
    pub fn name(&self) -> &str {
        self.database.name()
    }

    /// Removes the whole database.
    pub async fn drop_database(&self) -> Result<(), Error> {
        Ok(self.database.drop().await?)
    }

    async fn check_server(&self) -> Result<(), Error> {
        let hello = self.run(doc! { "hello": 1 }).await?;
        let is_router = hello.get_str("msg").is_ok_and(|msg| msg == "isdbgrid");
        if !is_router && !hello.contains_key("setName") {
            return Err(Error::Standalone);
        }
        let build = self.run(doc! { "buildInfo": 1 }).await?;
        let version = build.get_str("version").unwrap_or("unknown").to_owned();
        let major = version.split('.').next().and_then(|major| major.parse::<i32>().ok()).unwrap_or(0);
        if major < SERVER_MAJOR_MIN { Err(Error::TooOld { version }) } else { Ok(()) }
    }

    async fn run(&self, command: Document) -> Result<Document, Error> {
        Ok(self.database.run_command(command).await?)
    }
}

impl fmt::Debug for Storage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Storage").field("database", &self.database.name()).finish_non_exhaustive()
    }
}

/// The write concern behind every promise: a majority of members has it in its journal.
fn durable(timeout: Duration) -> WriteConcern {
    WriteConcern::builder().w(Acknowledgment::Majority).journal(true).w_timeout(timeout).build()
}

/// The write concern of what need not outlive the primary.
fn on_the_primary() -> WriteConcern {
    WriteConcern::builder().w(Acknowledgment::Nodes(1)).build()
}
