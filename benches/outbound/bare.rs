//! The bare loop: the same messages by the same client, with as many under way at once, and no queue, no database and no
//! promise.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use pesan::clock::Clock;
use pesan::config::{Config, Source};
use pesan::ids::Random;
use pesan::meta::client::{Credentials, Graph};
use pesan::meta::encode;
use pesan::secret::Secret;
use pesan::telemetry::Metrics;
use uuid::Uuid;

use crate::meta::{Meta, TOKEN};
use crate::queue::{message_to, phone_of};

/// What the service does too, unless it is set otherwise.
pub const AT_ONCE: usize = 128;

/// Sends so many messages by these numbers.
pub async fn send(meta: &Meta, numbers: &[String], messages: usize) {
    let values = [("MONGODB_URI", "mongodb://nobody"), ("GRAPH_API_BASE_URL", meta.url.as_str())];
    let source = Source::of(values.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let config = Config::read(&source).unwrap();
    let graph = Graph::new(&config.meta, &Clock::system(), &Random::system(), &Metrics::new()).unwrap();
    let (numbers, next) = (Arc::new(numbers.to_vec()), Arc::new(AtomicUsize::new(0)));
    let tasks: Vec<_> = (0..AT_ONCE)
        .map(|_| {
            let (graph, numbers, next) = (graph.clone(), Arc::clone(&numbers), Arc::clone(&next));
            tokio::spawn(async move {
                let token = Secret::new(TOKEN);
                let credentials = Credentials { token: &token, app_secret: None };
                loop {
                    let nth = next.fetch_add(1, Ordering::Relaxed);
                    if nth >= messages {
                        return;
                    }
                    let id = Uuid::now_v7().to_string();
                    let body = encode::message(&message_to(&phone_of(nth), nth), Some(&id));
                    let number = &numbers[nth % numbers.len()];
                    graph.messages(credentials, number).send(&body).await.unwrap();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
}
