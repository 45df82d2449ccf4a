//! What the service stores, as far as the benchmark puts messages there and checks what became of webhooks: the
//! one place here that knows the names of collections and fields.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use mongodb::bson::raw::RawDocumentBuf;
use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{Binary, Bson, DateTime, Document, doc};
use mongodb::{Collection, Database};

use crate::stream::{Item, PHONE_NUMBER_ID, Spec, wa_id};

const PAUSE: Duration = Duration::from_millis(10);
/// Nothing may take longer to become visible once the load has ended.
const VISIBLE_MAX: Duration = Duration::from_mins(1);
const BATCH: usize = 1_000;
/// The last conversations of a run are looked at before all are counted: that is much cheaper.
const LAST: usize = 100;
/// What a stored message has before its first status.
const RANK_BEFORE: i64 = 1;
const RANKS: [i64; 3] = [2, 4, 5];

/// The database of a service that runs.
#[derive(Clone, Debug)]
pub struct Stored {
    database: Database,
}

/// What must be there in the end, no more and no less.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    pub messages: u64,
    pub statuses: u64,
    /// How many conversations have how much unread.
    pub unread: BTreeMap<i64, u64>,
    /// How many stored messages have come how far.
    pub ranks: BTreeMap<i64, u64>,
    /// Events by kind.
    pub events: BTreeMap<String, u64>,
}

/// A state, and the conversations by which it is known cheaply to be near.
#[derive(Clone, Debug)]
pub struct Expected {
    state: State,
    last_messages: Vec<String>,
    last_unread: i64,
}

impl Expected {
    /// What follows from the webhooks that were acknowledged, and from `probes` messages beside them.
    pub fn of(spec: &Spec, acknowledged: &[Item], probes: usize) -> Self {
        let mut unread = vec![1_i64; spec.conversations];
        let mut ranks = vec![RANK_BEFORE; spec.stored()];
        let (mut messages, mut statuses) = ((spec.conversations + probes) as u64, 0);
        let mut last = Vec::new();
        for item in acknowledged {
            match *item {
                Item::Message { number, contact } => {
                    messages += 1;
                    unread[contact] += 1;
                    last.push((number, contact));
                }
                Item::Status { number, step } => {
                    statuses += 1;
                    ranks[number] = ranks[number].max(RANKS[step]);
                }
            }
        }
        let last = last.split_off(last.len().saturating_sub(LAST));
        let last_contacts: HashMap<usize, i64> =
            last.iter().map(|(_, contact)| (*contact, unread[*contact])).collect();
        let last_messages = last.iter().map(|(number, _)| key(&spec.message_wamid(*number))).collect();
        let probed = (0..probes).fold(BTreeMap::<usize, i64>::new(), |mut probed, number| {
            *probed.entry(Spec::probe_contact(number)).or_default() += 1;
            probed
        });
        unread.extend(probed.into_values());
        let events = [("message", messages), ("status", statuses)];
        let state = State {
            messages: messages + spec.stored() as u64,
            statuses,
            unread: counted(unread),
            ranks: counted(ranks),
            events: events
                .into_iter()
                .filter(|(_, n)| *n > 0)
                .map(|(kind, n)| (kind.to_owned(), n))
                .collect(),
        };
        Self { state, last_messages, last_unread: last_contacts.into_values().sum() }
    }
}

fn counted(values: Vec<i64>) -> BTreeMap<i64, u64> {
    values.into_iter().fold(BTreeMap::new(), |mut counts, value| {
        *counts.entry(value).or_default() += 1;
        counts
    })
}

fn key(wamid: &str) -> String {
    format!("{PHONE_NUMBER_ID}:{wamid}")
}

impl Stored {
    /// `database` has to read from a majority.
    pub fn new(database: Database) -> Self {
        Self { database }
    }

    fn collection(&self, name: &str) -> Collection<Document> {
        self.database.collection(name)
    }

    /// Puts the messages there that statuses will be about: sent by us, named by Meta.
    pub async fn put_sent_messages(&self, spec: &Spec) {
        let numbers = self.collection("numbers");
        let number = numbers.find_one(doc! { "phoneNumberId": PHONE_NUMBER_ID }).await.unwrap().unwrap();
        let id_from = |what: u8, from: usize| {
            let bytes = [&[what; 8], (from as u64).to_be_bytes().as_slice()].concat();
            Binary { subtype: BinarySubtype::Uuid, bytes }
        };
        let message = |index: usize| {
            let (wamid, contact) = (spec.stored_wamid(index), index % spec.conversations);
            let id = format!("{:016x}{index:016x}", spec.seed);
            doc! {
                "_id": id, "v": 1, "own": true, "workspace": number.get("workspace"), "number": number.get("_id"),
                "conversation": id_from(1, contact), "contact": id_from(2, contact),
                "phoneNumberId": PHONE_NUMBER_ID, "at": spec.at_s - 30, "order": index as i64,
                "receivedAt": DateTime::from_millis(spec.at_s * 1_000), "inbound": false, "source": "us",
                "kind": "text", "rank": 1, "wamid": wamid, "customer": { "waId": wa_id(contact) },
                "content": { "text": { "body": "Siap kak, pesanan sudah kami kirim ☕", "previewUrl": false } },
            }
        };
        for first in (0..spec.stored()).step_by(BATCH) {
            let batch = (first..(first + BATCH).min(spec.stored())).map(message);
            self.collection("messages").insert_many(batch).await.unwrap();
        }
    }

    /// Waits until all that is expected can be read, and gives what `read` read at that moment, before it was
    /// counted. Anything else in the end is a loss, or something twice: the benchmark fails.
    pub async fn wait_visible<T>(&self, expected: &Expected, read: impl Fn() -> T) -> T {
        let begin = Instant::now();
        loop {
            if self.is_near(expected).await {
                let (asked, clocks) = (Instant::now(), read());
                let state = self.state().await;
                if state == expected.state {
                    return clocks;
                }
                assert!(
                    begin.elapsed() < VISIBLE_MAX,
                    "not what was sent is stored:\nexpected {:?}\nfound    {state:?}",
                    expected.state
                );
                // Looking is not to cost more than what is looked at.
                tokio::time::sleep(asked.elapsed()).await;
            }
            assert!(
                begin.elapsed() < VISIBLE_MAX,
                "what was sent does not become visible:\nexpected {:?}\nfound    {:?}",
                expected.state,
                self.state().await
            );
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn is_near(&self, expected: &Expected) -> bool {
        for (name, count) in [("messages", expected.state.messages), ("statuses", expected.state.statuses)] {
            if self.collection(name).estimated_document_count().await.unwrap() < count {
                return false;
            }
        }
        let of_last = doc! { "_id": { "$in": &expected.last_messages } };
        let conversations = self.collection("messages").distinct("conversation", of_last).await.unwrap();
        let of_last = doc! { "$match": { "_id": { "$in": conversations } } };
        let sum = doc! { "$group": { "_id": null, "n": { "$sum": "$unread" } } };
        let unread: u64 =
            self.groups("conversations", vec![of_last, sum]).await.into_iter().map(|(_, n)| n).sum();
        unread.cast_signed() == expected.last_unread
    }

    async fn state(&self) -> State {
        let by = |field: &str| doc! { "$group": { "_id": field, "n": { "$sum": 1 } } };
        let number = |(value, n): (Bson, u64)| {
            (value.as_i64().or(value.as_i32().map(i64::from)).unwrap_or(i64::MIN), n)
        };
        let sent = doc! { "$match": { "own": true } };
        // An event is a field named after its kind.
        let kinds = vec![
            doc! { "$unwind": "$happenings" },
            doc! { "$project": { "kind": { "$first": { "$objectToArray": "$happenings" } } } },
            doc! { "$match": { "kind.k": { "$in": ["message", "status"] } } },
            by("$kind.k"),
        ];
        let events = self.groups("events", kinds).await;
        State {
            messages: self.collection("messages").count_documents(doc! {}).await.unwrap(),
            statuses: self.collection("statuses").count_documents(doc! {}).await.unwrap(),
            unread: self.groups("conversations", vec![by("$unread")]).await.into_iter().map(number).collect(),
            ranks: self.groups("messages", vec![sent, by("$rank")]).await.into_iter().map(number).collect(),
            events: events.into_iter().map(|(kind, n)| (kind.as_str().unwrap().to_owned(), n)).collect(),
        }
    }

    async fn groups(&self, name: &str, pipeline: Vec<Document>) -> Vec<(Bson, u64)> {
        let mut cursor = self.collection(name).aggregate(pipeline).await.unwrap();
        let mut groups = Vec::new();
        while cursor.advance().await.unwrap() {
            let mut group = cursor.deserialize_current().unwrap();
            let n = group.get_i64("n").or_else(|_| group.get_i32("n").map(i64::from)).unwrap();
            groups.push((group.remove("_id").unwrap(), n.cast_unsigned()));
        }
        groups
    }

    /// The conversation of a message that is there.
    pub async fn conversation_of(&self, wamid: &str) -> Option<Bson> {
        let message = self.collection("messages").find_one(doc! { "_id": key(wamid) }).await.unwrap()?;
        message.get("conversation").cloned()
    }

    /// Whether a conversation shows this message as its last.
    pub async fn shows(&self, conversation: &Bson, wamid: &str) -> bool {
        let found = self.collection("conversations").find_one(doc! { "_id": conversation }).await.unwrap();
        found.is_some_and(|found| {
            found
                .get_document("last")
                .is_ok_and(|last| last.get_str("message").is_ok_and(|message| message == key(wamid)))
        })
    }

    /// Whether the log, after `place`, has an event that names this; moves the place on.
    pub async fn has_event(&self, place: &mut Option<Bson>, wamid: &str) -> bool {
        let after = place.as_ref().map_or(doc! {}, |place| doc! { "_id": { "$gt": place } });
        let events = self.database.collection::<RawDocumentBuf>("events");
        let mut cursor = events.find(after).sort(doc! { "_id": 1 }).await.unwrap();
        while cursor.advance().await.unwrap() {
            let batch = cursor.current();
            let is_named = batch.as_bytes().windows(wamid.len()).any(|window| window == wamid.as_bytes());
            *place = Some(batch.get("_id").unwrap().unwrap().try_into().unwrap());
            if is_named {
                return true;
            }
        }
        false
    }

    /// The end of the log.
    pub async fn last_event(&self) -> Option<Bson> {
        let last = self.collection("events").find_one(doc! {}).sort(doc! { "_id": -1 }).await.unwrap();
        last.map(|mut last| last.remove("_id").unwrap())
    }
}
