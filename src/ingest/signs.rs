//! What webhooks say of a number beside what they tell: that they arrive at all, and that Meta sees the number, or
//! its account, differently from now on, so that it is worth checking.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};

use uuid::Uuid;

use super::apply::Applier;
use super::pieces::Pieces;
use crate::domain::event::Event;
use crate::storage::Error;

/// A number's latest webhook is noted no more exactly than this, so that it is no write for each.
const NOTED_EVERY_MS: i64 = 60_000;

/// When the latest webhook of each number was noted by this process.
#[derive(Debug, Default)]
pub(super) struct Signs(Mutex<HashMap<Uuid, i64>>);

impl Signs {
    /// Those of the numbers whose latest webhook is to be noted.
    fn due(&self, seen: &HashMap<Uuid, i64>) -> Vec<(Uuid, i64)> {
        let noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = |id: &Uuid, at_ms: i64| noted.get(id).is_none_or(|last| at_ms - last >= NOTED_EVERY_MS);
        seen.iter().map(|(id, at_ms)| (*id, *at_ms)).filter(|(id, at_ms)| is_due(id, *at_ms)).collect()
    }

    fn remember(&self, noted: Vec<(Uuid, i64)>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(noted);
    }
}

impl Applier {
    /// Notes that webhooks arrive, and which numbers are worth checking.
    pub(super) async fn note_signs(&self, pieces: &Pieces<'_>) -> Result<(), Error> {
        let mut seen: HashMap<Uuid, i64> = HashMap::new();
        let people = pieces.messages.iter().chain(&pieces.edits).map(|piece| (piece.number.id, &piece.came));
        let statuses = pieces.statuses.iter().map(|piece| (piece.number.id, &piece.came));
        let news = pieces.news.iter().map(|piece| (piece.number.id, &piece.came));
        for (id, came) in people.chain(statuses).chain(news) {
            let latest = seen.entry(id).or_insert(i64::MIN);
            *latest = came.received_ms.max(*latest);
        }
        let due = self.signs.due(&seen);
        if let Some(latest) = due.iter().map(|(_, at_ms)| *at_ms).max() {
            let ids: Vec<Uuid> = due.iter().map(|(id, _)| *id).collect();
            self.storage.note_webhooks_seen(&ids, latest).await?;
            self.signs.remember(due);
        }
        let changed = pieces.news.iter().filter(|piece| {
            matches!(piece.item.event, Event::Number(_) | Event::Account(_) | Event::NumberFault(_))
        });
        let (mut numbers, mut accounts) = (BTreeSet::new(), BTreeSet::new());
        for piece in changed {
            match (piece.what.is_about_number, piece.item.account_id.as_deref()) {
                (false, Some(account)) => drop(accounts.insert(account)),
                _ => drop(numbers.insert(piece.number.id)),
            }
        }
        if numbers.is_empty() && accounts.is_empty() {
            return Ok(());
        }
        let (numbers, accounts): (Vec<Uuid>, Vec<&str>) =
            (numbers.into_iter().collect(), accounts.into_iter().collect());
        self.storage.hasten_number_checks(&numbers, &accounts).await
    }
}
