//! The log of what changed, one order for each workspace: `append` for whoever changes something, `follow` for
//! whoever wants to know.
//!
//! A follower keeps its own place (a number of a batch) and reads on from there; what wakes it (`heard`) is only
//! a nudge, so a lost one costs a moment and never an event.

mod channel;
mod company;
mod expiry;
mod follow;
mod news;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Mutex, watch};
use uuid::Uuid;

use crate::clock::Clock;
use crate::storage::Error;
use crate::storage::Storage;
use crate::storage::events::{Appended, NewBatch};

use channel::Channel;
pub use expiry::Expiry;
pub use follow::{Follower, watch_other_instances};
pub use news::News;

/// Somebody else was at the same number: how long until the next try, and how many tries.
const RETRY_PAUSE: Duration = Duration::from_millis(3);
const TRIES_MAX: usize = 1_000;
const LOOK_FOR_FOLLOWERS_EVERY: Duration = Duration::from_millis(250);

/// The log. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Log(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    storage: Storage,
    clock: Clock,
    /// The last number of each workspace that a majority has, as far as this process knows.
    heads: Mutex<HashMap<Uuid, i64>>,
    /// What was heard of the workspaces that somebody follows.
    channels: Channels,
    /// Counts the batches, of whatever workspace, by which some instance may have queued something to send.
    queued: watch::Sender<u64>,
    /// Which workspaces have something new, for whoever looks after all of them.
    news: News,
    /// Its receivers want to hear of other instances' batches, without following a workspace.
    wanted: watch::Sender<()>,
}

type Channels = std::sync::Mutex<HashMap<Uuid, Arc<Channel>>>;

impl Log {
    /// The log of this database.
    pub fn new(storage: &Storage, clock: &Clock) -> Self {
        let (heads, channels) = (Mutex::default(), Channels::default());
        let (queued, wanted) = (watch::Sender::new(0), watch::Sender::new(()));
        let (storage, clock, news) = (storage.clone(), clock.clone(), News::default());
        Self(Arc::new(Inner { storage, clock, heads, channels, queued, news, wanted }))
    }

    /// Appends batches in their order. One whose source is in the log already adds nothing.
    pub async fn append(&self, batches: Vec<NewBatch>) -> Result<(), Error> {
        if batches.is_empty() {
            return Ok(());
        }
        let workspaces: HashSet<Uuid> = batches.iter().map(|batch| batch.workspace).collect();
        let mut heads = self.0.heads.lock().await;
        let outcome = self.append_all(&mut heads, batches).await;
        if outcome.is_err() {
            // Nobody knows what got in: the next append asks.
            heads.clear();
        }
        drop(heads);
        for workspace in workspaces {
            if outcome.is_err() {
                self.nudge(workspace);
            } else {
                self.0.news.note(workspace);
            }
        }
        outcome
    }

    async fn append_all(
        &self,
        heads: &mut HashMap<Uuid, i64>,
        mut batches: Vec<NewBatch>,
    ) -> Result<(), Error> {
        for _ in 0..TRIES_MAX {
            let mut next = HashMap::new();
            let mut numbered = Vec::with_capacity(batches.len());
            for batch in batches {
                let workspace = batch.workspace;
                let head = match heads.get(&workspace) {
                    Some(head) => *head,
                    None => self.0.storage.last_event(workspace).await?,
                };
                heads.insert(workspace, head);
                let seq = next.entry(workspace).or_insert(head);
                *seq += 1;
                numbered.push((*seq, batch));
            }
            let now_ms = self.0.clock.now_ms();
            let appended = self.0.storage.append_events(&numbered, now_ms).await?;
            batches = Vec::new();
            let mut was_taken = false;
            for (index, (seq, batch)) in numbered.into_iter().enumerate() {
                match appended.get(index) {
                    Some(Appended::Done) => {
                        heads.insert(batch.workspace, seq);
                        if let Some(channel) = self.channel(batch.workspace) {
                            channel.appended(batch.appended(seq, now_ms));
                        }
                    }
                    Some(Appended::Known) => {
                        // It got in when nobody was sure of it.
                        if let Some(channel) = self.channel(batch.workspace) {
                            channel.nudge();
                        }
                    }
                    Some(Appended::Taken) => {
                        was_taken = true;
                        heads.remove(&batch.workspace);
                        batches.push(batch);
                    }
                    None => batches.push(batch),
                }
            }
            if batches.is_empty() {
                return Ok(());
            }
            if was_taken {
                tokio::time::sleep(RETRY_PAUSE).await;
            }
        }
        Err(Error::Conflict)
    }

    /// Follows a workspace from after the batch `seq`.
    pub fn follow(&self, workspace: Uuid, seq: i64) -> Follower {
        let mut channels = self.channels();
        channels.retain(|_, channel| channel.is_followed());
        let channel = Arc::clone(channels.entry(workspace).or_insert_with(|| Arc::new(Channel::new())));
        // Under the lock, or it might be let go as one that nobody follows.
        Follower::new(self.0.storage.clone(), channel, workspace, seq)
    }

    /// Says that there may be more of a workspace.
    pub fn nudge(&self, workspace: Uuid) {
        self.0.news.note(workspace);
        if let Some(channel) = self.channel(workspace) {
            channel.nudge();
        }
    }

    /// There is a batch of this number.
    fn hear(&self, workspace: Uuid, seq: i64) {
        self.0.news.note(workspace);
        if let Some(channel) = self.channel(workspace) {
            channel.hear(seq);
        }
    }

    fn channel(&self, workspace: Uuid) -> Option<Arc<Channel>> {
        self.channels().get(&workspace).filter(|channel| channel.is_followed()).cloned()
    }

    /// Changes whenever an instance may have queued something to send, as the stream of new events tells; so what it
    /// misses costs a moment and never a message.
    pub fn queued(&self) -> watch::Receiver<u64> {
        self.0.queued.subscribe()
    }

    /// The workspaces to which something was appended, as far as this process hears of it.
    pub fn news(&self) -> &News {
        &self.0.news
    }

    /// As long as it is kept, this process hears of what other instances append.
    pub fn hear_of_others(&self) -> watch::Receiver<()> {
        self.0.wanted.subscribe()
    }

    fn tell_of_queued(&self) {
        self.0.queued.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Resolves when somebody follows.
    async fn is_followed(&self) {
        // Followers are long-lived, so looking now and then does.
        while !self.has_followers() {
            tokio::time::sleep(LOOK_FOR_FOLLOWERS_EVERY).await;
        }
    }

    /// Resolves when nobody follows any more.
    async fn is_left(&self) {
        while self.has_followers() {
            tokio::time::sleep(LOOK_FOR_FOLLOWERS_EVERY).await;
        }
    }

    fn has_followers(&self) -> bool {
        let mut channels = self.channels();
        channels.retain(|_, channel| channel.is_followed());
        !channels.is_empty() || !self.0.queued.is_closed() || !self.0.wanted.is_closed()
    }

    fn channels(&self) -> MutexGuard<'_, HashMap<Uuid, Arc<Channel>>> {
        self.0.channels.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn storage(&self) -> &Storage {
        &self.0.storage
    }
}
