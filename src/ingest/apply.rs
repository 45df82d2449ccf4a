//! From raw webhooks to what a conversation shows: everything of a batch but the folding of conversations.
//!
//! Each document goes in under a key that follows from what it tells, with the segment that brought it. So the
//! same batch again, here or elsewhere, after any interruption, ends the same: what is ours is ours again, and
//! what a batch changes in conversations is counted from that and from nothing else.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use uuid::Uuid;

use super::arrivals::{Arrivals, Seen};
use super::directory::{Directory, Numbers};
use super::followers::status_target;
use super::metrics::IngestMetrics;
use super::pieces::{At, Piece, Pieces};
use super::signs::Signs;
use super::sort::{Delivery, Harmful};
use super::targets::Targets;
use crate::clock::Clock;
use crate::domain::conversation::Change;
use crate::domain::message::Message;
use crate::events::Log;
use crate::people::memory::{Memory, filling};
use crate::people::{Found, People, conversation_id};
use crate::runtime::crash;
use crate::storage::Error;
use crate::storage::Storage;
use crate::storage::arrivals::{Arrival, Origin};
use crate::storage::aside::{Aside, AsideItem, MetaId, Reason};
use crate::storage::conversations::NewConversation;
use crate::storage::events::{Happening, NewBatch, Source};
use crate::storage::messages::{Belongs, MESSAGES, Target, new_message};
use crate::storage::segments::{Place, Segment};
use crate::storage::statuses::Advance;

/// How many conversations are remembered at least.
const CONVERSATIONS_REMEMBERED: usize = filling(65_536);

/// Applies segments. One a process; all the lanes that it works on share it.
#[derive(Debug)]
pub struct Applier {
    pub(super) storage: Storage,
    pub(super) clock: Clock,
    pub(super) directory: Directory,
    pub(super) arrivals: Arrivals,
    pub(super) targets: Targets,
    pub(super) metrics: IngestMetrics,
    pub(super) signs: Signs,
    people: People,
    log: Log,
    conversations: Mutex<Memory<Uuid, ()>>,
}

/// What a batch leaves for its conversations and messages.
#[derive(Debug, Default)]
pub struct Applied {
    pub changes: Vec<(Uuid, Change)>,
    pub advances: Vec<(String, Advance)>,
}

/// What a batch has come to so far.
#[derive(Debug)]
pub(super) struct Tally<'a> {
    pub deliveries: &'a [Delivery<'a>],
    pub people: Arc<HashMap<At, Found>>,
    pub applied: Applied,
    pub happenings: Vec<(At, Uuid, Happening)>,
    /// The same of what waited: each has its own source.
    pub waited: Vec<(At, NewBatch)>,
    pub asides: Vec<(usize, Reason, AsideItem)>,
    pub seen: Seen,
    /// The items that this batch has brought.
    pub ours: HashSet<At>,
    /// What waited and is told of in this batch: the collection and its key, and its message.
    pub settled: HashMap<(&'static str, String), String>,
}

impl<'a> Tally<'a> {
    fn new(deliveries: &'a [Delivery<'a>], people: HashMap<At, Found>) -> Self {
        Self {
            deliveries,
            people: Arc::new(people),
            applied: Applied::default(),
            happenings: Vec::new(),
            waited: Vec::new(),
            asides: Vec::new(),
            seen: Seen::default(),
            ours: HashSet::new(),
            settled: HashMap::new(),
        }
    }

    /// Another tally of the same batch, for work that goes on beside.
    fn beside(&self) -> Self {
        let people = Arc::clone(&self.people);
        Self { people, ..Self::new(self.deliveries, HashMap::new()) }
    }

    fn absorb(&mut self, other: Self) {
        self.applied.changes.extend(other.applied.changes);
        self.applied.advances.extend(other.applied.advances);
        self.happenings.extend(other.happenings);
        self.waited.extend(other.waited);
        self.asides.extend(other.asides);
        self.seen.absorb(other.seen);
        self.ours.extend(other.ours);
        self.settled.extend(other.settled);
    }

    /// Something that waited is told of, unless this batch has told of it already.
    pub(super) fn settle(
        &mut self,
        (at, workspace): (At, Uuid),
        (collection, key): (&'static str, String),
        message: &str,
        happening: Option<Happening>,
    ) -> bool {
        let is_first = self.settled.insert((collection, key.clone()), message.to_owned()).is_none();
        if let (true, Some(happening)) = (is_first, happening) {
            let source = Some(Source::Waited { collection, key });
            self.waited.push((at, NewBatch { workspace, source, happenings: vec![happening] }));
        }
        is_first
    }

    pub(super) fn contact(&self, at: At) -> Option<Uuid> {
        self.people.get(&at).map(|found| found.contact)
    }

    /// The database does not take an item: it is set aside with the reason.
    pub(super) fn refuse<T>(&mut self, piece: &Piece<'_, T>, error: &Error) {
        let item = AsideItem {
            index: piece.item.index,
            field: piece.item.field.as_ref().to_owned(),
            owner: Some(MetaId::Number(piece.number.phone_number_id.clone())),
            why: error.to_string(),
        };
        self.asides.push((piece.at.0, Reason::Dead, item));
    }
}

impl Applier {
    /// Knows nothing yet.
    pub fn new(
        storage: &Storage,
        clock: &Clock,
        directory: &Directory,
        log: &Log,
        metrics: IngestMetrics,
    ) -> Self {
        Self {
            storage: storage.clone(),
            clock: clock.clone(),
            directory: directory.clone(),
            arrivals: Arrivals::new(storage),
            targets: Targets::new(storage),
            metrics,
            signs: Signs::default(),
            people: People::new(storage, clock),
            log: log.clone(),
            conversations: Mutex::new(Memory::new(CONVERSATIONS_REMEMBERED)),
        }
    }

    /// Applies segments of one lane, in their order. Items that are known to do harm are set aside.
    pub async fn apply(&self, segments: &[Arc<Segment>], harmful: &Harmful) -> Result<Applied, Error> {
        let webhooks = segments.iter().flat_map(|segment| {
            (0_u32..).zip(&segment.webhooks).map(|(slot, webhook)| (segment.place, slot, webhook))
        });
        let deliveries: Vec<Delivery<'_>> = webhooks
            .map(|(place, slot, webhook)| Delivery::read(place, slot, webhook).without(harmful))
            .collect();
        let tally = self.store(&deliveries).await?;
        self.finish(tally).await
    }

    /// Applies a webhook without telling anybody: whether it can be applied at all.
    pub async fn rehearse(&self, delivery: Delivery<'_>) -> Result<(), Error> {
        self.store(&[delivery]).await.map(drop)
    }

    async fn store<'a>(&self, deliveries: &'a [Delivery<'a>]) -> Result<Tally<'a>, Error> {
        let numbers = self.numbers_for(deliveries).await?;
        let mut pieces = Pieces::sort(deliveries, &numbers, &self.metrics);
        let people = pieces.find_people(&self.people).await?;
        let mut tally = Tally::new(deliveries, people);
        tally.asides = std::mem::take(&mut pieces.asides);
        // Statuses are most of what comes: they need not wait for the messages of the same batch, unless they are about
        // one of them. A status that names its message must not be stored before it: after an interruption the two
        // may come in different batches, and nobody would look for it.
        let new: HashSet<&str> = pieces.messages.iter().map(|piece| piece.key.as_str()).collect();
        let (after, at_once): (Vec<_>, Vec<_>) =
            pieces.statuses.iter().partition(|piece| new.contains(status_target(piece).as_str()));
        let mut beside = tally.beside();
        tokio::try_join!(
            self.store_messages(&pieces.messages, &mut tally),
            self.store_statuses(&at_once, &mut beside),
        )?;
        tally.absorb(beside);
        self.store_statuses(&after, &mut tally).await?;
        self.store_edits(&pieces.edits, &mut tally).await?;
        self.welcome(&pieces, &mut tally).await?;
        self.store_news(&pieces.news, &mut tally).await?;
        self.note_signs(&pieces).await?;
        tell_of_people(&pieces, &mut tally);
        for (item, kind) in pieces.repeats {
            self.metrics.count(&item.field, kind, "repeat");
        }
        Ok(tally)
    }

    async fn numbers_for(&self, deliveries: &[Delivery<'_>]) -> Result<Arc<Numbers>, Error> {
        let numbers = self.directory.numbers().await?;
        let is_stranger = |id: &str| !numbers.knows(id);
        let items = || deliveries.iter().flat_map(|delivery| &delivery.items);
        let has_stranger = items().any(|item| {
            item.phone_number_id.as_deref().or(item.account_id.as_deref()).is_some_and(is_stranger)
        });
        // What Meta shows last holds: one by one, each webhook would have changed what the one before it said.
        let mut last_shown: HashMap<&str, &str> = HashMap::new();
        for item in items().filter(|item| !item.is_test) {
            if let (Some(id), Some(display)) = (&item.phone_number_id, &item.display_phone_number) {
                last_shown.insert(id, display);
            }
        }
        let shown: HashMap<Uuid, String> = last_shown
            .into_iter()
            .filter_map(|(id, display)| Some((numbers.lacking_display(id, display)?.id, display.to_owned())))
            .collect();
        if !shown.is_empty() {
            self.storage.note_display_phone_numbers(&shown).await?;
            return self.directory.numbers_now().await;
        }
        if has_stranger { self.directory.numbers_for_stranger().await } else { Ok(numbers) }
    }

    async fn store_messages(
        &self,
        pieces: &[Piece<'_, &Message<'_>>],
        tally: &mut Tally<'_>,
    ) -> Result<(), Error> {
        let (mut fresh, mut places) = (Vec::with_capacity(pieces.len()), Vec::with_capacity(pieces.len()));
        let mut new = Vec::new();
        let ours = self.sent_by_us(pieces).await?;
        for piece in pieces.iter().filter(|piece| !ours.contains(&piece.key)) {
            let conversation = conversation_of(piece, tally.contact(piece.at));
            new.push(NewConversation {
                id: conversation,
                workspace: piece.number.workspace,
                number: piece.number.id,
                contact: tally.contact(piece.at).filter(|_| piece.what.group_id.is_none()),
                group_id: piece.what.group_id.as_deref().map(str::to_owned),
                at_s: piece.came.position.second,
            });
            match new_message(&belongs(piece, conversation, tally), &piece.came, piece.what, piece.item.raw) {
                Ok(document) => {
                    fresh.push(document);
                    places.push((piece, conversation));
                }
                Err(error) => tally.refuse(piece, &error),
            }
        }
        self.ensure_conversations(new).await?;
        let arrivals = self.arrivals.store(MESSAGES.name, fresh, &mut tally.seen).await?;
        crash::pass("after-message-insert");
        // What is there already is in the conversation in which it was put: who wrote it may be somebody else by now.
        let there = places.iter().zip(&arrivals).filter(|(_, arrival)| arrival.is_there());
        let there = self.targets.find(there.map(|((piece, _), _)| piece.key.clone())).await?;
        let mut here = Vec::with_capacity(places.len());
        for ((piece, conversation), arrival) in places.into_iter().zip(arrivals) {
            self.count(piece, piece.what.content.kind_name(), &arrival);
            if let Arrival::Refused(error) = &arrival {
                tally.refuse(piece, error);
                continue;
            }
            let conversation = match there.get(&piece.key) {
                Some(target) => target.conversation,
                None if arrival == Arrival::New => conversation,
                // It was, and is not: a new primary did not have it. The batch goes through again.
                None => return Err(Error::Conflict),
            };
            let target = Target { message: piece.key.clone(), conversation };
            here.push((piece.key.as_str(), target));
            if arrival.is_ours() {
                tally.ours.insert(piece.at);
                let change =
                    Change::of_message(piece.what, &piece.key, piece.came.position, piece.came.is_standby);
                tally.applied.changes.push((conversation, change));
                let happening = Happening::Message {
                    message: piece.key.clone(),
                    conversation,
                    number: piece.number.id,
                    inbound: piece.what.origin.is_inbound(),
                };
                tally.happenings.push((piece.at, piece.number.workspace, happening));
            }
        }
        self.targets.remember(here.into_iter());
        Ok(())
    }

    /// Echoes of what we have sent ourselves: those messages are here, under our own ids.
    async fn sent_by_us(&self, pieces: &[Piece<'_, &Message<'_>>]) -> Result<HashSet<String>, Error> {
        let echoes = pieces.iter().filter(|piece| !piece.what.origin.is_inbound());
        let echoes: Vec<String> = echoes.map(|piece| piece.key.clone()).collect();
        if echoes.is_empty() {
            return Ok(HashSet::new());
        }
        let found = self.targets.find(echoes.into_iter()).await?;
        Ok(found.into_iter().filter(|(key, target)| target.message != *key).map(|(key, _)| key).collect())
    }

    /// Makes the conversations that are not there yet.
    pub(super) async fn ensure_conversations(&self, wanted: Vec<NewConversation>) -> Result<(), Error> {
        let mut new: HashMap<Uuid, NewConversation> = HashMap::new();
        {
            let mut known = self.conversations.lock().unwrap_or_else(PoisonError::into_inner);
            for one in wanted {
                if known.get(&one.id).is_none() {
                    let at_s = new.get(&one.id).map_or(i64::MIN, |other| other.at_s).max(one.at_s);
                    new.insert(one.id, NewConversation { at_s, ..one });
                }
            }
        }
        if new.is_empty() {
            return Ok(());
        }
        let new: Vec<NewConversation> = new.into_values().collect();
        match self.storage.ensure_conversations(&new, self.clock.now_ms()).await {
            // Somebody else makes the same ones; now they are there.
            Err(Error::Conflict) => self.storage.ensure_conversations(&new, self.clock.now_ms()).await?,
            outcome => outcome?,
        }
        let mut known = self.conversations.lock().unwrap_or_else(PoisonError::into_inner);
        for one in &new {
            known.insert(one.id, ());
        }
        Ok(())
    }

    pub(super) fn count<T>(&self, piece: &Piece<'_, T>, kind: &'static str, arrival: &Arrival) {
        let outcome = match arrival {
            Arrival::New => "stored",
            Arrival::Again => "resumed",
            Arrival::Repeat => "repeat",
            Arrival::Refused(_) => "refused",
        };
        self.metrics.count(&piece.item.field, kind, outcome);
    }

    /// Sets aside what has to be, tells what happened, and ends what waited.
    async fn finish(&self, mut tally: Tally<'_>) -> Result<Applied, Error> {
        let asides = gather_asides(tally.deliveries, std::mem::take(&mut tally.asides));
        if !asides.is_empty() {
            self.storage.set_aside(&asides, self.clock.now_ms()).await?;
        }
        self.log.append(tell(&mut tally)).await?;
        crash::pass("after-event-append");
        let mut settled: BTreeMap<&'static str, Vec<(String, String)>> = BTreeMap::new();
        for ((collection, key), message) in tally.settled {
            settled.entry(collection).or_default().push((key, message));
        }
        for (collection, settled) in settled {
            self.storage.stop_waiting(collection, &settled).await?;
        }
        self.arrivals.remember(tally.seen);
        Ok(tally.applied)
    }
}

/// The conversation of a message: with its customer, or with its group.
pub(super) fn conversation_of(piece: &Piece<'_, &Message<'_>>, contact: Option<Uuid>) -> Uuid {
    match (&piece.what.group_id, contact) {
        (Some(group_id), _) => conversation_id(piece.number.id, group_id.as_bytes()),
        (None, contact) => conversation_id(piece.number.id, contact.unwrap_or_default().as_bytes()),
    }
}

pub(super) fn belongs<'a>(
    piece: &'a Piece<'_, &Message<'_>>,
    conversation: Uuid,
    tally: &Tally<'_>,
) -> Belongs<'a> {
    Belongs {
        workspace: piece.number.workspace,
        number: piece.number.id,
        phone_number_id: &piece.number.phone_number_id,
        conversation,
        contact: tally.contact(piece.at).unwrap_or_default(),
    }
}

/// Contacts come before what they did. What comes again tells of nobody who has not got a name by it.
fn tell_of_people(pieces: &Pieces<'_>, tally: &mut Tally<'_>) {
    let mut seen = HashSet::new();
    let mut told = Vec::new();
    let messages = pieces.messages.iter().chain(&pieces.edits).map(|piece| (piece.at, &piece.number));
    let news = pieces.news.iter().map(|piece| (piece.at, &piece.number));
    for (at, number) in messages.chain(news) {
        let Some(found) = tally.people.get(&at) else { continue };
        let is_news = found.is_named || found.is_touched && tally.ours.contains(&at);
        if is_news && seen.insert(found.contact) {
            told.push((at, number.workspace, Happening::Contact { contact: found.contact }));
        }
    }
    told.append(&mut tally.happenings);
    tally.happenings = told;
}

/// What is to be told: a batch a segment and workspace, and then what had waited.
fn tell(tally: &mut Tally<'_>) -> Vec<NewBatch> {
    tally.happenings.sort_by_key(|(at, ..)| *at);
    tally.waited.sort_by_key(|(at, _)| *at);
    let deliveries = tally.deliveries;
    let audible = |index: usize| {
        deliveries.get(index).filter(|one| !one.webhook.again.is_some_and(|again| again.is_silent))
    };
    let mut batches: BTreeMap<(i64, Uuid), NewBatch> = BTreeMap::new();
    for ((index, _), workspace, happening) in std::mem::take(&mut tally.happenings) {
        let Some(delivery) = audible(index) else { continue };
        let Place { lane, number } = delivery.place;
        let source = Some(Source::Segment(Origin { lane, segment: number }));
        let batch = batches.entry((number, workspace)).or_insert(NewBatch {
            workspace,
            source,
            happenings: Vec::new(),
        });
        batch.happenings.push(happening);
    }
    let waited = std::mem::take(&mut tally.waited).into_iter();
    let waited = waited.filter(|((index, _), _)| audible(*index).is_some()).map(|(_, batch)| batch);
    batches.into_values().chain(waited).collect()
}

fn gather_asides(deliveries: &[Delivery<'_>], items: Vec<(usize, Reason, AsideItem)>) -> Vec<Aside> {
    let mut asides: BTreeMap<(usize, Reason), Vec<AsideItem>> = BTreeMap::new();
    for (delivery, reason, item) in items {
        asides.entry((delivery, reason)).or_default().push(item);
    }
    asides
        .into_iter()
        .filter_map(|((index, reason), items)| {
            let delivery = deliveries.get(index)?;
            let (place, slot) = delivery.webhook.first_at(delivery.place, delivery.slot);
            let (by, webhook) = (delivery.place, delivery.webhook.clone());
            Some(Aside { reason, place, slot, by, webhook, items })
        })
        .collect()
}
