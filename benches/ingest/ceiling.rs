//! The raw ceilings of the same database server: the bodies of the same webhooks, stored durably and nothing else.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use mongodb::bson::raw::{RawDocumentBuf, cstr};
use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{RawBinaryRef, rawdoc};
use mongodb::options::{Acknowledgment, CollectionOptions, WriteConcern};
use mongodb::{Client, Collection};

use crate::stream::Spec;

pub const MANY: usize = 1_000;

/// The write concern of everything that is compared here.
pub fn durable() -> WriteConcern {
    WriteConcern::builder().w(Acknowledgment::Majority).journal(true).build()
}

/// A collection for bare bodies.
#[derive(Clone, Debug)]
pub struct Ceiling {
    collection: Collection<RawDocumentBuf>,
    bodies: Arc<Vec<String>>,
    next: Arc<AtomicI64>,
}

impl Ceiling {
    pub fn new(client: &Client, name: &str, spec: &Spec) -> Self {
        let options = CollectionOptions::builder().write_concern(durable()).build();
        let bodies = spec.items().into_iter().take(MANY).map(|item| spec.body(item)).collect();
        let collection = client.database(name).collection_with_options("webhooks", options);
        Self { collection, bodies: Arc::new(bodies), next: Arc::default() }
    }

    /// The cheapest key there is: a number that counts up.
    fn document(&self) -> RawDocumentBuf {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let body = &self.bodies[usize::try_from(id).unwrap() % self.bodies.len()];
        let body = RawBinaryRef { subtype: BinarySubtype::Generic, bytes: body.as_bytes() };
        let mut document = rawdoc! { "_id": id, "t": id };
        document.append(cstr!("b"), body);
        document
    }

    /// One durable insert, alone: how long it takes.
    pub async fn insert_one(&self) -> Duration {
        let (document, begin) = (self.document(), Instant::now());
        self.collection.insert_one(document).await.unwrap();
        begin.elapsed()
    }

    /// Documents a second, one an insert, so many inserts at once.
    pub async fn one_by_one(&self, at_once: usize, seconds: f64) -> f64 {
        self.rate(at_once, seconds, 1).await
    }

    /// Documents a second, a thousand an insert, so many inserts at once.
    pub async fn many(&self, at_once: usize, seconds: f64) -> f64 {
        self.rate(at_once, seconds, MANY).await
    }

    async fn rate(&self, at_once: usize, seconds: f64, an_insert: usize) -> f64 {
        self.insert_one().await;
        let begin = Instant::now();
        let inserts: Vec<_> = (0..at_once)
            .map(|_| {
                let ceiling = self.clone();
                tokio::spawn(async move {
                    let mut stored = 0;
                    while begin.elapsed().as_secs_f64() < seconds {
                        let documents: Vec<_> = (0..an_insert).map(|_| ceiling.document()).collect();
                        if an_insert == 1 {
                            ceiling.collection.insert_one(&documents[0]).await.unwrap();
                        } else {
                            ceiling.collection.insert_many(documents).await.unwrap();
                        }
                        stored += an_insert;
                    }
                    stored
                })
            })
            .collect();
        let mut stored = 0;
        for insert in inserts {
            stored += insert.await.unwrap();
        }
        stored as f64 / begin.elapsed().as_secs_f64()
    }
}
