//! Services that send, as programs of their own on one database, with the simulator as Meta and a token in its place.

use std::collections::HashMap;
use std::time::Duration;

use mongodb::bson::{Document, doc};
use pesan::auth::Role;
use pesan::storage::Storage;
use pesan::storage::workspaces::first_workspace;

use super::stage::{Caller, Meta, give_token, key_of, settings};
use crate::support::fleet::Fleet;
use crate::support::{mongo, within};

/// Services on one database whose number can send.
pub struct Senders {
    pub fleet: Fleet,
    pub meta: Meta,
    /// A caller of each service.
    pub callers: Vec<Caller>,
}

impl Senders {
    /// So many services, all of them running. The simulator tells statuses to the last one.
    pub async fn new(services: usize, limits_lifted: bool, more: &[(&str, &str)]) -> Self {
        Self::on(mongo::uri(), services, limits_lifted, more).await
    }

    /// The same on a MongoDB of their own.
    pub async fn on(uri: &str, services: usize, limits_lifted: bool, more: &[(&str, &str)]) -> Self {
        let meta = Meta::start(limits_lifted);
        meta.add_template().await;
        let more = more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let settings: Vec<(String, String)> = settings(&meta).into_iter().chain(more).collect();
        let mut fleet = Fleet::with(uri, services, &settings).await;
        let storage = mongo::storage(uri, fleet.database.name()).await;
        let key = key_of(&storage, first_workspace(), Role::Admin).await;
        let callers = fleet.urls().into_iter().map(|url| Caller { url, key: key.clone() }).collect();
        // The first start makes the number; the token is put there before anything is queued.
        fleet.start().await;
        let numbers = fleet.database.collection::<Document>("numbers");
        assert_eq!(numbers.count_documents(doc! {}).await.unwrap(), 1);
        give_token(&storage, &fleet.database).await;
        meta.tell(&fleet.instances.last().unwrap().url);
        storage.close().await;
        Self { fleet, meta, callers }
    }

    /// Waits until nothing is queued or under way any more; gives state by id.
    pub async fn states(&self, ids: &[String], patience: Duration) -> HashMap<String, String> {
        let caller = self.callers.last().unwrap();
        within(patience, "everything has ended", || async {
            let mut states = HashMap::new();
            for id in ids {
                let message = caller.message(id).await;
                let state = message["state"].as_str().unwrap().to_owned();
                if state == "QUEUED" || state == "LEAVING" {
                    return None;
                }
                states.insert(id.clone(), state);
            }
            Some(states)
        })
        .await
    }
}

/// The database of these services, as they see it.
pub async fn storage(database: &str) -> Storage {
    mongo::storage(mongo::uri(), database).await
}
