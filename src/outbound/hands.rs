//! The turns that this process works on. What it holds in the database and does not work on is a stray: the claim's
//! answer was lost, or the turn could not be given back. As long as the process lives it would renew a stray and never
//! look at it, so it goes back in line.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use uuid::Uuid;

use crate::clock::Stopwatch;

/// So long something is held before it is a stray: a claim whose answer is slow is none.
const STRAY_AFTER: Duration = Duration::from_secs(10);

/// All turns in hand. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Hands(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// The conversations, and how often: one that was lost in a stand-still may be in hand once more.
    full: HashMap<Uuid, usize>,
    /// Conversation and claim of what is held and not in hand, since it was first seen so.
    strays: HashMap<(Uuid, Uuid), Stopwatch>,
}

/// A turn in hand, until it is dropped.
#[derive(Debug)]
pub struct InHand {
    hands: Hands,
    conversation: Uuid,
}

impl Hands {
    /// Takes a conversation's turn in hand.
    pub fn take(&self, conversation: Uuid) -> InHand {
        self.with(|state| *state.full.entry(conversation).or_default() += 1);
        InHand { hands: self.clone(), conversation }
    }

    /// Of what is held now, the strays.
    pub fn strays(&self, held: &[(Uuid, Uuid)]) -> Vec<(Uuid, Uuid)> {
        self.with(|state| {
            let mut before = std::mem::take(&mut state.strays);
            for one in held.iter().filter(|(conversation, _)| !state.full.contains_key(conversation)) {
                let since = before.remove(one).unwrap_or_else(Stopwatch::start);
                state.strays.insert(*one, since);
            }
            let old = state.strays.iter().filter(|(_, since)| since.elapsed() >= STRAY_AFTER);
            old.map(|(one, _)| *one).collect()
        })
    }

    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for InHand {
    fn drop(&mut self) {
        self.hands.with(|state| {
            if let Some(count) = state.full.get_mut(&self.conversation) {
                *count = count.saturating_sub(1);
            }
            if state.full.get(&self.conversation) == Some(&0) {
                state.full.remove(&self.conversation);
            }
        });
    }
}
