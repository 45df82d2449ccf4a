//! What is about another message: statuses, reactions, edits, revokes. Their message may be here, or may come
//! later; each side stores its own first and looks for the other then, so neither waits for ever.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::apply::{Applier, Tally, belongs, conversation_of};
use super::pieces::{At, Piece, Pieces};
use crate::domain::message::Message;
use crate::domain::status::{Outcome, Status};
use crate::storage::Error;
use crate::storage::arrivals::{Arrival, Origin};
use crate::storage::events::Happening;
use crate::storage::messages::{EDITS, Target, edit_target, message_key, new_edit};
use crate::storage::numbers::Number;
use crate::storage::statuses::{Advance, STATUSES, new_status};

impl Applier {
    /// Stores the statuses of a batch. Those whose message is not here yet wait for it.
    pub(super) async fn store_statuses(
        &self,
        pieces: &Pieces<'_>,
        tally: &mut Tally<'_>,
    ) -> Result<(), Error> {
        if pieces.statuses.is_empty() {
            return Ok(());
        }
        // A message of the same batch is as good as here: either both are stored in the end, or the batch goes
        // through again.
        let mut found = self.targets.find(pieces.statuses.iter().map(status_target)).await?;
        for piece in &pieces.messages {
            let conversation = conversation_of(piece, tally.contact(piece.at));
            let target = Target { message: piece.key.clone(), conversation };
            found.entry(piece.key.clone()).or_insert(target);
        }
        let (mut fresh, mut places) =
            (Vec::with_capacity(pieces.statuses.len()), Vec::with_capacity(pieces.statuses.len()));
        for piece in &pieces.statuses {
            let (target, number) = (found.get(&status_target(piece)), &piece.number);
            let (workspace, id) = (number.workspace, number.id);
            match new_status(workspace, id, &number.phone_number_id, &piece.came, piece.what, target) {
                Ok(document) => {
                    fresh.push(document);
                    places.push((piece, target));
                }
                Err(error) => tally.refuse(piece, &error),
            }
        }
        let arrivals = self.arrivals.store(STATUSES.name, fresh, &mut tally.seen).await?;
        let mut waiting = Vec::new();
        for ((piece, target), arrival) in places.into_iter().zip(arrivals) {
            self.count(piece, outcome_name(piece.what), &arrival);
            match (&arrival, target) {
                (Arrival::Refused(error), _) => tally.refuse(piece, error),
                // What was stored before an interruption may be waiting still.
                (Arrival::New, None) | (Arrival::Again, _) => waiting.push(piece),
                (Arrival::New, Some(target)) => advance(piece, target, tally),
                (Arrival::Repeat, _) => {}
            }
        }
        self.look_again(&waiting, tally).await
    }

    /// Stores the edits of a batch: all of them wait until their message is looked for, which is at once.
    pub(super) async fn store_edits(
        &self,
        pieces: &[Piece<'_, &Message<'_>>],
        tally: &mut Tally<'_>,
    ) -> Result<(), Error> {
        let (mut fresh, mut places) = (Vec::new(), Vec::new());
        for piece in pieces {
            let conversation = conversation_of(piece, tally.contact(piece.at));
            let document =
                new_edit(&belongs(piece, conversation, tally), &piece.came, piece.what, piece.item.raw);
            match document {
                Ok(Some(document)) => {
                    fresh.push(document);
                    places.push(piece);
                }
                Ok(None) => {}
                Err(error) => tally.refuse(piece, &error),
            }
        }
        let arrivals = self.arrivals.store(EDITS.name, fresh, &mut tally.seen).await?;
        let mut waiting = Vec::new();
        for (piece, arrival) in places.into_iter().zip(arrivals) {
            self.count(piece, piece.what.content.kind_name(), &arrival);
            match &arrival {
                Arrival::Refused(error) => tally.refuse(piece, error),
                Arrival::New | Arrival::Again => {
                    tally.ours.insert(piece.at);
                    waiting.push(piece);
                }
                Arrival::Repeat => {}
            }
        }
        self.look_again_for_edits(&waiting, tally).await
    }

    /// The message may have come while the status was stored.
    async fn look_again(
        &self,
        waiting: &[&Piece<'_, &Status<'_>>],
        tally: &mut Tally<'_>,
    ) -> Result<(), Error> {
        if waiting.is_empty() {
            return Ok(());
        }
        let found = self.targets.find(waiting.iter().map(|piece| status_target(piece))).await?;
        let here = waiting.iter().filter_map(|piece| Some((*piece, found.get(&status_target(piece))?)));
        let here: Vec<_> = here.collect();
        let keys = here.iter().map(|(piece, _)| (piece.came.origin, piece.key.clone()));
        let claimed = self.claim(STATUSES.name, keys).await?;
        for (piece, target) in here {
            if claimed.contains(&piece.key) && tally.settle(STATUSES.name, piece.key.clone(), &target.message)
            {
                advance(piece, target, tally);
            }
        }
        Ok(())
    }

    async fn look_again_for_edits(
        &self,
        waiting: &[&Piece<'_, &Message<'_>>],
        tally: &mut Tally<'_>,
    ) -> Result<(), Error> {
        if waiting.is_empty() {
            return Ok(());
        }
        let found = self.targets.find(waiting.iter().map(|piece| edit_target_key(piece))).await?;
        let here: HashMap<&str, (&Piece<'_, &Message<'_>>, &Target)> = waiting
            .iter()
            .filter_map(|piece| Some((piece.key.as_str(), (*piece, found.get(&edit_target_key(piece))?))))
            .collect();
        let keys = here.values().map(|(piece, _)| (piece.came.origin, piece.key.clone()));
        let claimed = self.claim(EDITS.name, keys).await?;
        let claimed: Vec<String> = claimed.into_iter().collect();
        let mut edits = Vec::with_capacity(claimed.len());
        for edit in self.storage.edits(&claimed).await? {
            let Some((piece, target)) = here.get(edit.key.as_str()) else { continue };
            tell_of_edit((piece.at, &piece.number), &edit.key, target, tally);
            edits.push((edit, (*target).clone()));
        }
        self.storage.apply_edits(&edits).await
    }

    /// Whatever waited for the batch's messages waits no longer.
    pub(super) async fn welcome(&self, pieces: &Pieces<'_>, tally: &mut Tally<'_>) -> Result<(), Error> {
        let mut hosts: HashMap<String, (At, &Number, Uuid, Origin)> = HashMap::new();
        for piece in &pieces.messages {
            let conversation = conversation_of(piece, tally.contact(piece.at));
            hosts.insert(piece.key.clone(), (piece.at, &piece.number, conversation, piece.came.origin));
        }
        if hosts.is_empty() {
            return Ok(());
        }
        let keys: Vec<String> = hosts.keys().cloned().collect();
        let (statuses, edits) = tokio::try_join!(
            self.storage.statuses_waiting_for(&keys),
            self.storage.edits_waiting_for(&keys)
        )?;
        let origin_of = |target: &String| hosts.get(target).map(|(.., origin)| *origin);
        let waiting = statuses.iter().filter_map(|one| Some((origin_of(&one.target)?, one.key.clone())));
        let claimed = self.claim(STATUSES.name, waiting).await?;
        for status in statuses.into_iter().filter(|one| claimed.contains(&one.key)) {
            let Some((at, number, conversation, _)) = hosts.get(&status.target) else { continue };
            if !tally.settle(STATUSES.name, status.key, &status.target) {
                continue;
            }
            if let Some((step, at_s)) = status.step {
                let message = status.target.clone();
                let (conversation, number_id) = (*conversation, number.id);
                let happening = Happening::Status { message, conversation, number: number_id, step, at_s };
                tally.happenings.push((*at, number.workspace, happening));
            }
            tally.applied.advances.push((status.target, status.advance));
        }
        let waiting = edits.iter().filter_map(|one| Some((origin_of(&one.target)?, one.key.clone())));
        let claimed = self.claim(EDITS.name, waiting).await?;
        let mut due = Vec::new();
        for edit in edits.into_iter().filter(|one| claimed.contains(&one.key)) {
            let Some((at, number, conversation, _)) = hosts.get(&edit.target) else { continue };
            let target = Target { message: edit.target.clone(), conversation: *conversation };
            tell_of_edit((*at, number), &edit.key, &target, tally);
            due.push((edit, target));
        }
        self.storage.apply_edits(&due).await
    }

    /// Of what waited, the part that the segments of this batch are to tell of.
    async fn claim(
        &self,
        collection: &'static str,
        waiting: impl Iterator<Item = (Origin, String)>,
    ) -> Result<HashSet<String>, Error> {
        let mut by_segment: HashMap<Origin, Vec<String>> = HashMap::new();
        for (origin, key) in waiting {
            by_segment.entry(origin).or_default().push(key);
        }
        let mut claimed = HashSet::new();
        for (origin, keys) in by_segment {
            claimed.extend(self.storage.claim_waiting(collection, &keys, origin).await?);
        }
        Ok(claimed)
    }
}

fn status_target(piece: &Piece<'_, &Status<'_>>) -> String {
    message_key(&piece.number.phone_number_id, &piece.what.wamid)
}

fn edit_target_key(piece: &Piece<'_, &Message<'_>>) -> String {
    message_key(&piece.number.phone_number_id, edit_target(&piece.what.content).unwrap_or_default())
}

fn outcome_name(status: &Status<'_>) -> &'static str {
    match &status.outcome {
        Outcome::Message(step) => step.name(),
        Outcome::Payment { .. } => "payment",
        Outcome::Call { .. } => "call",
        Outcome::Unrecognised { .. } => "unrecognised",
    }
}

fn advance(piece: &Piece<'_, &Status<'_>>, target: &Target, tally: &mut Tally<'_>) {
    tally.applied.advances.push((target.message.clone(), Advance::of(piece.what)));
    let happening = Happening::Status {
        message: target.message.clone(),
        conversation: target.conversation,
        number: piece.number.id,
        step: outcome_name(piece.what).to_owned(),
        at_s: piece.what.at_s,
    };
    tally.happenings.push((piece.at, piece.number.workspace, happening));
}

fn tell_of_edit((at, number): (At, &Number), key: &str, target: &Target, tally: &mut Tally<'_>) {
    if !tally.settle(EDITS.name, key.to_owned(), &target.message) {
        return;
    }
    let happening = Happening::MessageChanged {
        message: target.message.clone(),
        conversation: target.conversation,
        number: number.id,
    };
    tally.happenings.push((at, number.workspace, happening));
}
