//! Makes the private server a replica set of one, and waits until it takes writes.

use std::time::Duration;

use mongodb::bson::{Document, doc};
use mongodb::options::ClientOptions;
use mongodb::{Client, Database};

use crate::clock::Stopwatch;
use crate::storage::Error;

/// The replica set's name.
pub(super) const NAME: &str = "pesan";

const WRITABLE_MAX: Duration = Duration::from_mins(1);
const POLL_EVERY: Duration = Duration::from_millis(20);
const NOT_YET_INITIALIZED: i32 = 94;

/// Initiates the set if it is new, tells it its port if that has changed, and waits.
pub(super) async fn ensure_writable(port: u16) -> Result<(), Error> {
    let host = format!("127.0.0.1:{port}");
    let mut options = ClientOptions::parse(format!("mongodb://{host}/?directConnection=true")).await?;
    options.server_selection_timeout = Some(Duration::from_secs(5));
    let admin = Client::with_options(options)?.database("admin");
    let watch = Stopwatch::start();
    loop {
        let last = match step(&admin, &host).await {
            Ok(true) => return Ok(()),
            Ok(false) => Error::Unreachable,
            Err(error) => error,
        };
        if watch.elapsed() > WRITABLE_MAX {
            return Err(last);
        }
        tokio::time::sleep(POLL_EVERY).await;
    }
}

/// Does the next thing that is due; true when nothing is.
async fn step(admin: &Database, host: &str) -> Result<bool, Error> {
    match admin.run_command(doc! { "replSetGetConfig": 1 }).await.map_err(Error::from) {
        Err(Error::Refused { code: NOT_YET_INITIALIZED, .. }) => {
            let config = doc! { "_id": NAME, "members": [ { "_id": 0, "host": host } ] };
            admin.run_command(doc! { "replSetInitiate": config }).await?;
            return Ok(false);
        }
        Err(error) => return Err(error),
        Ok(answer) => {
            let config = answer.get_document("config").map_err(|_| malformed())?;
            if host_of(config)? != host {
                let mut config = config.clone();
                let version = config.get_i32("version").map_err(|_| malformed())?;
                config.insert("version", version + 1);
                config.insert("members", vec![doc! { "_id": 0, "host": host }]);
                admin.run_command(doc! { "replSetReconfig": config, "force": true }).await?;
                return Ok(false);
            }
        }
    }
    let hello = admin.run_command(doc! { "hello": 1 }).await?;
    Ok(hello.get_bool("isWritablePrimary").unwrap_or(false))
}

fn host_of(config: &Document) -> Result<&str, Error> {
    let members = config.get_array("members").map_err(|_| malformed())?;
    let first = members.first().and_then(|member| member.as_document()).ok_or_else(malformed)?;
    first.get_str("host").map_err(|_| malformed())
}

fn malformed() -> Error {
    Error::Malformed { what: "the replica set's configuration" }
}
