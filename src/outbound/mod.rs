//! Sending: from what somebody asks for to what Meta has taken, once.
//!
//! `ask` checks and queues, in one durable write, to whom `address` finds, `change` takes back and puts off, `again` tries anew, `leave` says
//! beforehand what may be sent; `sender` takes turns of conversations, `turn` sends their messages one after the other,
//! `verdict` says what follows from an answer. `seats` bounds the requests under way, `hands` finds turns that were left
//! lying, `lease` tells those that may be somebody else's by now; `pair`, `pace`, `tier` and `line` keep Meta's limits, `usage` the pauses that any instance was told of. `desk` and
//! `ledger` ask and change for many turns at once, `acquaint` learns what Meta calls a customer, `doubts` looks after
//! what Meta never answered, `wake` hears of other instances. What was queued is in the database and nowhere else;
//! `alarm` is when to look at it again.
//!
//! Invariants: nothing leaves without the durable mark before it; nothing that may have been taken is sent again by
//! itself, unless the workspace has chosen so; within a conversation nothing overtakes.

mod acquaint;
mod address;
mod again;
mod alarm;
mod ask;
mod change;
mod desk;
mod doubts;
mod gather;
mod hands;
mod lease;
mod leave;
mod ledger;
mod line;
mod pace;
mod pair;
mod seats;
mod sender;
mod tier;
mod turn;
mod usage;
mod verdict;
mod wake;

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};

use uuid::Uuid;

use crate::clock::Clock;
use crate::config::Config;
use crate::events::Log;
use crate::ids::Random;
use crate::meta::client::Graph;
use crate::numbers::Numbers;
use crate::people::People;
use crate::runtime::{Nudge, Supervisor, Worker};
use crate::storage::Storage;
use crate::templates::Templates;
use alarm::Alarm;
use desk::Desk;
use hands::Hands;
use lease::Lease;
use ledger::Ledger;
use line::Lines;
use seats::Seats;
use sender::{Equipment, SURE_FOR};
use tier::Tiers;

pub use ask::{Ask, Error, To};
pub use doubts::Doubts;
pub use leave::{Hold, Leave, Whom};
pub use pace::Pace;
pub use sender::Sender;

/// Sending. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Outbound(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    storage: Storage,
    clock: Clock,
    random: Random,
    templates: Templates,
    ledger: Ledger,
    nudge: Nudge,
    /// Tells the messages of one millisecond apart.
    counter: AtomicU64,
    sender: Sender,
}

impl Outbound {
    /// Ready to take messages; `Sender::live` sends them.
    pub fn start(
        supervisor: &Supervisor,
        storage: &Storage,
        (clock, random): (&Clock, &Random),
        (graph, numbers, log): (&Graph, &Numbers, &Log),
        (config, instance, templates): (&Config, Uuid, &Templates),
    ) -> Self {
        let ledger = Ledger::start(supervisor, storage, clock, log);
        let nudge = Nudge::default();
        let sender = Sender(Arc::new(Equipment {
            storage: storage.clone(),
            clock: clock.clone(),
            random: random.clone(),
            people: People::new(storage, clock),
            graph: graph.clone(),
            lines: Lines::new(storage, numbers),
            ledger: ledger.clone(),
            log: log.clone(),
            config: config.outbound.clone(),
            instance,
            lease: Lease::new(SURE_FOR),
            hands: Hands::default(),
            served: Mutex::default(),
            desk: Desk::start(supervisor, storage, &nudge),
            alarm: Alarm::default(),
            tiers: Tiers::start(supervisor, storage, clock),
            seats: Seats::new(config.outbound.at_once),
            nudge: nudge.clone(),
            heard: usage::Heard::default(),
            supervisor: supervisor.clone(),
        }));
        usage::share(&sender, supervisor);
        Self(Arc::new(Inner {
            storage: storage.clone(),
            clock: clock.clone(),
            random: random.clone(),
            templates: templates.clone(),
            ledger,
            nudge,
            counter: AtomicU64::new(0),
            sender,
        }))
    }

    /// Sends what is queued.
    pub fn sender(&self) -> &Sender {
        &self.0.sender
    }

    /// The rounds around it.
    pub fn workers(&self) -> Vec<Arc<dyn Worker>> {
        vec![Arc::new(Doubts(self.0.sender.clone()))]
    }
}
