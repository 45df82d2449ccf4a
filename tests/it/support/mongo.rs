//! One real mongod for the whole run, and a database of its own for each test.

use std::sync::OnceLock;
use std::sync::mpsc::sync_channel;

use mongodb::bson::Binary;
use mongodb::bson::spec::BinarySubtype;
use pesan::config::dev::DevConfig;
use pesan::config::{Config, Source};
use pesan::dev::mongod::{MEMORY_MB, Options, PrivateMongod};
use pesan::storage::Storage;
use uuid::Uuid;

use super::program::PROGRAM;

/// Where the shared MongoDB is: the one that MONGODB_URI names, or a private one.
pub fn uri() -> &'static str {
    static URI: OnceLock<String> = OnceLock::new();
    URI.get_or_init(|| match std::env::var("MONGODB_URI") {
        Ok(uri) => uri,
        Err(_) => start_private(),
    })
}

/// Starts it on a thread that lives as long as the process; then its guard ends the server.
fn start_private() -> String {
    let (send, receive) = sync_channel(1);
    std::thread::spawn(move || {
        let config = DevConfig::from_source(&Source::environment()).unwrap();
        let options = Options { guard: PROGRAM.into(), data: None, memory_mb: MEMORY_MB, config };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let started = PrivateMongod::start(&options, &mut |text| println!("{text}")).await;
            let mongod = started.map_err(|error| error.to_string());
            send.send(mongod.as_ref().map(|mongod| mongod.uri().to_owned()).map_err(Clone::clone)).unwrap();
            if mongod.is_ok() {
                std::future::pending::<()>().await;
            }
        });
    });
    receive.recv().unwrap().unwrap_or_else(|error| panic!("no MongoDB for the tests: {error}"))
}

/// A name for a database that nobody else has.
pub fn database_name() -> String {
    format!("test-{}", Uuid::now_v7().simple())
}

/// A database of a server, as the service sees it.
pub async fn storage(uri: &str, database: &str) -> Storage {
    let values = [("MONGODB_URI", uri), ("PESAN_DATABASE", database)];
    let source = Source::of(values.map(|(name, value)| (name.to_owned(), value.to_owned())));
    Storage::connect(&Config::read(&source).unwrap().mongo).await.unwrap()
}

/// An id as the database holds it.
pub fn binary(id: Uuid) -> Binary {
    Binary { subtype: BinarySubtype::Uuid, bytes: id.as_bytes().to_vec() }
}

/// The database itself, past our own code, for looking at what is really there.
pub async fn raw(database: &str) -> mongodb::Database {
    mongodb::Client::with_uri_str(uri()).await.unwrap().database(database)
}
