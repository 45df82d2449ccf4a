//! What must be in the database after a load, whatever happened meanwhile: everything that was answered 200, each
//! thing once, under the right person, counted exactly, told once. It is recounted from the documents themselves.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Duration, Instant};

use mongodb::Database;
use mongodb::bson::{Bson, Document, doc};

use super::load::{Item, Webhook, is_half_named};
use super::webhook::PHONE_NUMBER_ID;

/// How many breaches of one kind are named.
const NAMED_MAX: usize = 5;

/// What was held against what.
#[derive(Debug, Default)]
pub struct Findings {
    pub messages: usize,
    pub statuses: usize,
    pub edits: usize,
    pub conversations: usize,
    pub batches: usize,
    pub lanes: usize,
    /// What does not hold, by rule.
    pub breaches: BTreeMap<&'static str, Vec<String>>,
}

impl Findings {
    fn breach(&mut self, rule: &'static str, what: impl std::fmt::Debug) {
        self.breaches.entry(rule).or_default().push(format!("{what:?}"));
    }

    fn expect(&mut self, holds: bool, rule: &'static str, what: impl std::fmt::Debug) {
        if !holds {
            self.breach(rule, what);
        }
    }

    /// How much was looked at: messages, statuses, reactions, conversations, batches of events, lanes.
    pub fn counts(&self) -> [usize; 6] {
        [self.messages, self.statuses, self.edits, self.conversations, self.batches, self.lanes]
    }

    /// The breaches, a line each; empty if there are none.
    pub fn lines(&self) -> Vec<String> {
        self.breaches
            .iter()
            .map(|(rule, all)| {
                let some: Vec<&str> = all.iter().take(NAMED_MAX).map(String::as_str).collect();
                format!("{rule}: {} times: {}", all.len(), some.join("; "))
            })
            .collect()
    }
}

/// What was told by webhooks, each thing once.
#[derive(Debug, Default)]
struct Told {
    /// By key: customer, direction, time.
    messages: BTreeMap<String, (usize, bool, i64)>,
    /// By key of the message, step, time.
    statuses: BTreeSet<(String, String, i64)>,
    /// The key of the reaction, and that of its message.
    edits: BTreeMap<String, String>,
}

impl Told {
    fn by(webhooks: &[Webhook]) -> Self {
        let mut told = Self::default();
        for item in webhooks.iter().flat_map(|webhook| webhook.items.iter().cloned()) {
            match item {
                Item::Message { wamid, customer, is_inbound, at_s } => {
                    told.messages.insert(key(&wamid), (customer, is_inbound, at_s));
                }
                Item::Status { wamid, step, at_s } => {
                    told.statuses.insert((key(&wamid), step.to_owned(), at_s));
                }
                Item::Reaction { wamid, target } => {
                    told.edits.insert(key(&wamid), key(&target));
                }
            }
        }
        told
    }
}

fn key(wamid: &str) -> String {
    format!("{PHONE_NUMBER_ID}:{wamid}")
}

/// Waits until every stored segment is worked off.
pub async fn settle(database: &Database, patience: Duration) {
    let begun = Instant::now();
    loop {
        let open = unfinished(database).await;
        if open.as_ref().is_ok_and(Vec::is_empty) {
            return;
        }
        assert!(begun.elapsed() < patience, "not worked off within {patience:?}: {open:#?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Lanes that are not at their end, each with the segment that they are not past.
async fn unfinished(database: &Database) -> mongodb::error::Result<Vec<String>> {
    let mut marks = HashMap::new();
    for lane in all(database, "lanes").await? {
        marks.insert(lane.get_str("_id").unwrap().to_owned(), lane);
    }
    let mut open: BTreeMap<String, String> = BTreeMap::new();
    let segments = database.collection::<Document>("segments");
    let mut cursor = segments.find(doc! {}).projection(doc! { "_id": 1 }).await?;
    while cursor.advance().await? {
        let segment = cursor.deserialize_current()?;
        let (lane, number) = segment.get_str("_id").unwrap().split_once(':').unwrap();
        let mark = marks.get(lane);
        let folded = mark.map(|mark| mark.get_i64("folded").unwrap());
        if folded.is_none_or(|folded| folded < number.parse::<i64>().unwrap()) {
            open.insert(lane.to_owned(), format!("segment {number} of {mark:?}"));
        }
    }
    Ok(open.into_values().collect())
}

/// Holds the database against what was sent. Everything sent must have been taken, and worked off.
pub async fn examine(database: &Database, taken: &[Webhook]) -> Findings {
    let told = Told::by(taken);
    let stored = Stored::read(database).await;
    let mut findings = Findings {
        messages: stored.messages.len(),
        statuses: stored.statuses.len(),
        edits: stored.edits.len(),
        conversations: stored.conversations.len(),
        batches: stored.events.len(),
        lanes: stored.lanes,
        ..Findings::default()
    };
    check_presence(&told, &stored, &mut findings);
    check_people(&told, &stored, &mut findings);
    check_counts(&stored, &mut findings);
    check_followers(&told, &stored, &mut findings);
    check_log(&told, &stored, &mut findings);
    check_order(&stored, &mut findings);
    for collection in ["dead_letters", "unrecognised", "unrouted"] {
        let aside = database.collection::<Document>(collection).count_documents(doc! {}).await.unwrap();
        findings.expect(aside == 0, "nothing is set aside", (collection, aside));
    }
    findings
}

/// Everything, by key.
struct Stored {
    messages: BTreeMap<String, Document>,
    statuses: BTreeMap<String, Document>,
    edits: BTreeMap<String, Document>,
    conversations: BTreeMap<Vec<u8>, Document>,
    ties: BTreeMap<Vec<u8>, Document>,
    contacts: BTreeMap<Vec<u8>, Document>,
    events: Vec<Document>,
    lanes: usize,
}

impl Stored {
    async fn read(database: &Database) -> Self {
        let by_text = async |collection| -> BTreeMap<String, Document> {
            let found = all(database, collection).await.unwrap();
            found.into_iter().map(|one| (one.get_str("_id").unwrap().to_owned(), one)).collect()
        };
        let by_id = async |collection| -> BTreeMap<Vec<u8>, Document> {
            let found = all(database, collection).await.unwrap();
            found.into_iter().map(|one| (id(&one, "_id").unwrap(), one)).collect()
        };
        Self {
            messages: by_text("messages").await,
            statuses: by_text("statuses").await,
            edits: by_text("edits").await,
            conversations: by_id("conversations").await,
            ties: by_id("conversation_ties").await,
            contacts: by_id("contacts").await,
            events: all(database, "events").await.unwrap(),
            lanes: all(database, "lanes").await.unwrap().len(),
        }
    }

    /// The contact that a contact turned out to be.
    fn contact(&self, contact: &[u8]) -> Vec<u8> {
        let mut last = contact.to_vec();
        for _ in 0..self.contacts.len() {
            match self.contacts.get(&last).and_then(|contact| id(contact, "mergedInto")) {
                Some(into) => last = into,
                None => break,
            }
        }
        last
    }
}

fn check_presence(told: &Told, stored: &Stored, findings: &mut Findings) {
    for key in told.messages.keys() {
        findings.expect(stored.messages.contains_key(key), "no message is missing", key);
    }
    for key in stored.messages.keys() {
        findings.expect(told.messages.contains_key(key), "no message is there that nobody sent", key);
    }
    let statuses: Vec<_> = stored.statuses.values().map(told_status).collect();
    let distinct: BTreeSet<_> = statuses.iter().cloned().collect();
    findings.expect(statuses.len() == distinct.len(), "no status is twice", statuses.len() - distinct.len());
    for status in told.statuses.difference(&distinct) {
        findings.breach("no status is missing", status);
    }
    for status in distinct.difference(&told.statuses) {
        findings.breach("no status is there that nobody sent", status);
    }
    for key in told.edits.keys() {
        findings.expect(stored.edits.contains_key(key), "no reaction is missing", key);
    }
    findings.expect(stored.edits.len() <= told.edits.len(), "no reaction is twice", stored.edits.len());
    for (key, document) in &stored.messages {
        let wamid = document.get_str("wamid").unwrap_or_default();
        findings.expect(key.ends_with(wamid) && !wamid.is_empty(), "a message's key is its own", key);
    }
}

/// Target, step and time of a stored status.
fn told_status(status: &Document) -> (String, String, i64) {
    let step = status.get_document("outcome").ok().and_then(|outcome| outcome.get_str("message").ok());
    let target = status.get_str("target").unwrap_or_default().to_owned();
    (target, step.unwrap_or_default().to_owned(), status.get_i64("atS").unwrap_or_default())
}

fn check_people(told: &Told, stored: &Stored, findings: &mut Findings) {
    let mut customers: HashMap<Vec<u8>, usize> = HashMap::new();
    let mut contacts: HashMap<usize, BTreeSet<Vec<u8>>> = HashMap::new();
    for (key, (customer, is_inbound, at_s)) in &told.messages {
        let Some(message) = stored.messages.get(key) else { continue };
        let facts = (message.get_bool("inbound").ok(), message.get_i64("at").ok());
        findings.expect(facts == (Some(*is_inbound), Some(*at_s)), "a message is what was sent", key);
        let text = message.get_document("content").and_then(|content| content.get_document("text"));
        let text = text.and_then(|text| text.get_str("body")).unwrap_or_default();
        findings.expect(text.starts_with(&format!("{customer} ")), "a message says what was sent", key);
        let contact = stored.contact(&id(message, "contact").unwrap_or_default());
        let other = *customers.entry(contact.clone()).or_insert(*customer);
        findings.expect(other == *customer, "nothing is under another contact", (key, customer, other));
        contacts.entry(*customer).or_default().insert(contact.clone());
        let conversation = stored.conversations.get(&id(message, "conversation").unwrap_or_default());
        let owner = conversation.and_then(|conversation| id(conversation, "contact"));
        let owner = owner.map(|owner| stored.contact(&owner));
        findings.expect(owner == Some(contact), "a message is in its contact's conversation", key);
    }
    for (key, conversation) in &stored.conversations {
        let of =
            |one: &Document| ["workspace", "number", "contact", "mergedInto"].map(|field| id(one, field));
        let tie = stored.ties.get(key).map(of);
        findings.expect(tie == Some(of(conversation)), "a conversation is tied to its contact", key);
    }
    for (customer, contacts) in contacts {
        let is_one = contacts.len() == 1 || is_half_named(customer);
        findings.expect(is_one, "who is always named alike is one contact", customer);
    }
}

/// Recounts what conversations show.
fn check_counts(stored: &Stored, findings: &mut Findings) {
    let mut by_conversation: HashMap<Vec<u8>, Vec<&Document>> = HashMap::new();
    for message in stored.messages.values() {
        // One that others turned out to be shows theirs, too.
        let mut at = id(message, "conversation");
        while let Some(key) = at {
            at = stored.conversations.get(&key).and_then(|conversation| id(conversation, "mergedInto"));
            by_conversation.entry(key).or_default().push(message);
        }
    }
    for (key, conversation) in &stored.conversations {
        let messages = by_conversation.remove(key).unwrap_or_default();
        let is_inbound = |message: &&&Document| message.get_bool("inbound").unwrap_or(false);
        let unread = messages.iter().filter(is_inbound).count();
        let shown = [number(conversation, "unread"), number(conversation, "messages")];
        let counted = [unread, messages.len()].map(|count| i64::try_from(count).unwrap());
        let seen: Vec<&str> = messages.iter().filter_map(|message| message.get_str("_id").ok()).collect();
        let some: Vec<&&str> = seen.iter().take(3).collect();
        findings.expect(shown == counted, "counts are exact", (shown, counted, some));
        let place = |message: &&Document| (number(message, "at"), number(message, "order"));
        let last = messages.iter().copied().max_by_key(place).and_then(|last| last.get_str("_id").ok());
        let shown = conversation.get_document("last").ok().and_then(|last| last.get_str("message").ok());
        findings.expect(shown == last, "the last message is the last", (shown, last));
    }
    for messages in by_conversation.values() {
        findings.breach("every message's conversation is there", messages.len());
    }
}

/// What is about messages has reached them.
fn check_followers(told: &Told, stored: &Stored, findings: &mut Findings) {
    let mut steps: HashMap<&str, BTreeMap<String, i64>> = HashMap::new();
    for (key, status) in &stored.statuses {
        let (target, step, at_s) = told_status(status);
        if let Some((message, _)) = stored.messages.get_key_value(&target) {
            let first = steps.entry(message).or_default().entry(step).or_insert(at_s);
            *first = at_s.min(*first);
            findings.expect(
                !status.contains_key("waiting"),
                "no status waits for a message that is there",
                key,
            );
            findings.expect(
                status.get_str("message").is_ok_and(|known| known == message),
                "a status knows its message",
                key,
            );
        }
    }
    for (key, message) in &stored.messages {
        let expected = steps.remove(key.as_str()).unwrap_or_default();
        let rank = expected.keys().map(|step| rank_of(step)).max();
        let shown = message.get_i32("rank").ok();
        findings.expect(
            shown.unwrap_or(1).max(1) == rank.unwrap_or(1),
            "ranks are right",
            (key, shown, rank),
        );
        let times = message.get_document("times").cloned().unwrap_or_default();
        let shown: BTreeMap<String, i64> =
            times.iter().filter_map(|(step, at)| Some((step.clone(), at.as_i64()?))).collect();
        findings.expect(shown == expected, "the times of the steps are right", (key, shown, expected));
    }
    for (key, target) in &told.edits {
        let (Some(edit), Some(message)) = (stored.edits.get(key), stored.messages.get(target)) else {
            continue;
        };
        findings.expect(!edit.contains_key("waiting"), "no reaction waits for a message that is there", key);
        let shown = message.get_document("reactions").map_or(0, Document::len);
        findings.expect(shown > 0, "a reaction is shown", key);
    }
}

fn rank_of(step: &str) -> i32 {
    match step {
        "sent" => 2,
        "delivered" => 4,
        "read" => 5,
        _ => 1,
    }
}

/// A customer's second message is not told of before the first.
fn check_order(stored: &Stored, findings: &mut Findings) {
    let mut places: Vec<_> = stored
        .events
        .iter()
        .filter(|batch| {
            // What is news about contacts may be so again when a segment goes through once more, after others.
            let happenings = batch.get_array("happenings").unwrap().iter().filter_map(Bson::as_document);
            happenings.flat_map(Document::keys).any(|kind| kind == "message")
        })
        .filter_map(|batch| {
            let lane = (id(batch, "workspace")?, id(batch, "lane")?);
            Some((lane, number(batch, "seq"), number(batch, "segment")))
        })
        .collect();
    places.sort_unstable();
    for (one, next) in places.iter().zip(places.iter().skip(1)) {
        let is_in_order = one.0 != next.0 || one.2 < next.2;
        let these = ((one.1, one.2), (next.1, next.2));
        findings.expect(is_in_order, "a lane's segments are told of in their order", these);
    }
}

/// The log has no gap and repeats nothing, and tells of everything.
fn check_log(told: &Told, stored: &Stored, findings: &mut Findings) {
    let mut numbers: BTreeMap<Vec<u8>, Vec<i64>> = BTreeMap::new();
    let mut sources = BTreeSet::new();
    let mut messages: HashMap<&str, usize> = HashMap::new();
    let mut statuses: HashMap<(String, String, i64), usize> = HashMap::new();
    let mut changed: HashMap<&str, usize> = HashMap::new();
    for batch in &stored.events {
        numbers.entry(id(batch, "workspace").unwrap_or_default()).or_default().push(number(batch, "seq"));
        let source = id(batch, "source");
        findings.expect(
            source.is_none_or(|source| sources.insert(source)),
            "no source is twice",
            batch.get("_id"),
        );
        for happening in batch.get_array("happenings").unwrap().iter().filter_map(Bson::as_document) {
            let (kind, facts) = happening.iter().next().unwrap();
            let facts = facts.as_document().unwrap();
            let message = facts.get_str("message").unwrap_or_default();
            match kind.as_str() {
                "message" => *messages.entry(message).or_default() += 1,
                "messageChanged" => *changed.entry(message).or_default() += 1,
                "status" => {
                    let step = facts.get_str("step").unwrap_or_default().to_owned();
                    *statuses.entry((message.to_owned(), step, number(facts, "atS"))).or_default() += 1;
                }
                _ => {}
            }
        }
    }
    for mut numbers in numbers.into_values() {
        numbers.sort_unstable();
        let is_whole = numbers.iter().zip(1..).all(|(number, expected)| *number == expected);
        findings.expect(is_whole, "the log has no gap", numbers.len());
    }
    for key in stored.messages.keys() {
        let times = messages.remove(key.as_str()).unwrap_or(0);
        findings.expect(times == 1, "each message is told once", (key, times));
    }
    findings.expect(messages.is_empty(), "no message is told that is not there", messages.keys());
    for status in stored.statuses.values().map(told_status) {
        if stored.messages.contains_key(&status.0) {
            let times = statuses.remove(&status).unwrap_or(0);
            findings.expect(times == 1, "each status is told once", (status, times));
        }
    }
    findings.expect(statuses.is_empty(), "no status is told that is not there", statuses.keys());
    let mut edits: HashMap<&str, usize> = HashMap::new();
    for target in told.edits.values().filter(|target| stored.messages.contains_key(*target)) {
        *edits.entry(target).or_default() += 1;
    }
    findings.expect(changed == edits, "each reaction is told once", (changed.len(), edits.len()));
}

async fn all(database: &Database, collection: &str) -> mongodb::error::Result<Vec<Document>> {
    let mut cursor = database.collection::<Document>(collection).find(doc! {}).batch_size(10_000).await?;
    let mut all = Vec::new();
    while cursor.advance().await? {
        all.push(cursor.deserialize_current()?);
    }
    Ok(all)
}

fn id(document: &Document, field: &str) -> Option<Vec<u8>> {
    match document.get(field)? {
        Bson::Binary(binary) => Some(binary.bytes.clone()),
        _ => None,
    }
}

fn number(document: &Document, field: &str) -> i64 {
    match document.get(field) {
        Some(Bson::Int32(number)) => i64::from(*number),
        Some(Bson::Int64(number)) => *number,
        _ => 0,
    }
}
