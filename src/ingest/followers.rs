//! What is about another message: statuses, reactions, edits, revokes. Their message may be here, or may come
//! later; each side stores its own first and looks for the other then, so neither waits for ever.

use std::collections::HashMap;

use tracing::error;
use uuid::Uuid;

use super::apply::{Applier, Tally, belongs, conversation_of};
use super::pieces::{At, Piece, Pieces};
use crate::domain::message::Message;
use crate::domain::outgoing::window::WINDOW_CLOSED;
use crate::domain::status::{Outcome, Status};
use crate::storage::Error;
use crate::storage::arrivals::Arrival;
use crate::storage::events::Happening;
use crate::storage::messages::{EDITS, Target, edit_target, message_key, new_edit};
use crate::storage::numbers::Number;
use crate::storage::statuses::{Advance, STATUSES, new_status};

impl Applier {
    /// Stores the statuses of a batch. Those whose message is not here yet wait for it.
    pub(super) async fn store_statuses(
        &self,
        pieces: &[&Piece<'_, &Status<'_>>],
        tally: &mut Tally<'_>,
    ) -> Result<(), Error> {
        if pieces.is_empty() {
            return Ok(());
        }
        let mut found = self.targets.find(pieces.iter().map(|piece| status_target(piece))).await?;
        self.name_ours(pieces, &mut found).await?;
        let (mut fresh, mut places) = (Vec::with_capacity(pieces.len()), Vec::with_capacity(pieces.len()));
        for piece in pieces {
            let (target, number) = (found.get(&status_target(piece)), &piece.number);
            let (workspace, id) = (number.workspace, number.id);
            match new_status(workspace, id, &number.phone_number_id, &piece.came, piece.what, target) {
                Ok(document) => {
                    fresh.push(document);
                    places.push((*piece, target));
                }
                Err(error) => tally.refuse(piece, &error),
            }
        }
        let arrivals = self.arrivals.store(STATUSES.name, fresh, &mut tally.seen).await?;
        let mut waiting = Vec::new();
        let mut resumed = Vec::new();
        for ((piece, target), arrival) in places.into_iter().zip(arrivals) {
            self.count(piece, outcome_name(piece.what), &arrival);
            match (&arrival, target) {
                (Arrival::Refused(error), _) => tally.refuse(piece, error),
                (Arrival::New, None) => waiting.push(piece),
                (Arrival::New, Some(target)) => advance(piece, target, tally),
                (Arrival::Again, _) => resumed.push(piece),
                (Arrival::Repeat, _) => {}
            }
        }
        waiting.extend(self.resume(resumed, tally).await?);
        self.close_windows(pieces, &found).await?;
        self.look_again(&waiting, tally).await
    }

    /// Meta tells by a status, too, that a customer's window was closed when we took it to be open.
    async fn close_windows(
        &self,
        pieces: &[&Piece<'_, &Status<'_>>],
        found: &HashMap<String, Target>,
    ) -> Result<(), Error> {
        let is_closed =
            |status: &Status<'_>| status.faults.iter().any(|fault| fault.code == Some(WINDOW_CLOSED));
        for piece in pieces.iter().filter(|piece| is_closed(piece.what)) {
            if let Some(target) = found.get(&status_target(piece)) {
                let at_s = piece.what.at_s;
                self.storage.close_window_opened_before(target.conversation, at_s).await?;
            }
        }
        Ok(())
    }

    /// A status carries our own id of its message. If Meta's is not known yet, because the answer to the request is still
    /// to come or was lost, it is known now.
    async fn name_ours(
        &self,
        pieces: &[&Piece<'_, &Status<'_>>],
        found: &mut HashMap<String, Target>,
    ) -> Result<(), Error> {
        let mut named = Vec::new();
        for piece in pieces {
            let id = piece.what.callback_data.as_deref().and_then(|id| Uuid::try_parse(id).ok());
            let Some(id) = id else { continue };
            let target = status_target(piece);
            if found.contains_key(&target) || named.contains(&target) {
                continue;
            }
            let number = (piece.number.workspace, piece.number.id);
            self.storage.name_outgoing(number, id, &piece.what.wamid, self.clock.now_ms()).await?;
            named.push(target);
        }
        if !named.is_empty() {
            found.extend(self.targets.find(named.into_iter()).await?);
        }
        Ok(())
    }

    /// What was stored before an interruption, or by somebody who applies the same segment: what was early then is
    /// told as such, whatever is here by now, and the rest as a part of its segment. Gives those that were early.
    async fn resume<'p, 'a>(
        &self,
        resumed: Vec<&'p Piece<'a, &'a Status<'a>>>,
        tally: &mut Tally<'_>,
    ) -> Result<Vec<&'p Piece<'a, &'a Status<'a>>>, Error> {
        if resumed.is_empty() {
            return Ok(Vec::new());
        }
        let keys: Vec<String> = resumed.iter().map(|piece| piece.key.clone()).collect();
        let early = self.storage.early_statuses(&keys).await?;
        let (early, rest): (Vec<_>, Vec<_>) =
            resumed.into_iter().partition(|piece| early.contains(&piece.key));
        let found = self.targets.find(rest.iter().map(|piece| status_target(piece))).await?;
        for piece in rest {
            // Its message was here when it was stored.
            advance(piece, found.get(&status_target(piece)).ok_or(Error::Conflict)?, tally);
        }
        Ok(early)
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
        let mut advances = Vec::new();
        for (piece, target) in here {
            let (of, what) = ((piece.at, piece.number.workspace), (STATUSES.name, piece.key.clone()));
            if tally.settle(of, what, &target.message, Some(told(piece, target))) {
                advances.push((target.message.clone(), Advance::of(piece.what)));
            }
        }
        self.advance_waited(&advances).await
    }

    /// Moves messages forward by what waited for them. At once: when the waiting has ended, nobody would find it again
    /// for a fold that was interrupted, or that somebody else had made before without it.
    async fn advance_waited(&self, advances: &[(String, Advance)]) -> Result<(), Error> {
        for (message, error) in self.storage.advance_messages(advances).await? {
            error!(%error, message, "a message cannot be moved forward; it stays as it is");
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
        let keys: Vec<String> = here.keys().map(|key| (*key).to_owned()).collect();
        let mut edits = Vec::with_capacity(keys.len());
        for edit in self.storage.edits(&keys).await? {
            let Some((piece, target)) = here.get(edit.key.as_str()) else { continue };
            tell_of_edit((piece.at, &piece.number), &edit.key, target, tally);
            edits.push((edit, (*target).clone()));
        }
        self.storage.apply_edits(&edits).await
    }

    /// Whatever waited for the batch's messages waits no longer.
    pub(super) async fn welcome(&self, pieces: &Pieces<'_>, tally: &mut Tally<'_>) -> Result<(), Error> {
        if pieces.messages.is_empty() {
            return Ok(());
        }
        // Those that are stored, and where: one that the database refused is waited for in vain.
        let here = self.targets.find(pieces.messages.iter().map(|piece| piece.key.clone())).await?;
        let mut hosts: HashMap<&str, (At, &Number, Uuid)> = HashMap::new();
        for piece in &pieces.messages {
            if let Some(target) = here.get(&piece.key) {
                hosts.insert(&piece.key, (piece.at, &piece.number, target.conversation));
            }
        }
        let keys: Vec<String> = hosts.keys().map(|key| (*key).to_owned()).collect();
        let (statuses, edits) = tokio::try_join!(
            self.storage.statuses_waiting_for(&keys),
            self.storage.edits_waiting_for(&keys)
        )?;
        let mut advances = Vec::new();
        for status in statuses {
            let Some((at, number, conversation)) = hosts.get(status.target.as_str()) else { continue };
            let (message, conversation, number_id) = (status.target.clone(), *conversation, number.id);
            let happening = status.step.map(|(step, at_s)| Happening::Status {
                message,
                conversation,
                number: number_id,
                step,
                at_s,
            });
            let of = (*at, number.workspace);
            if tally.settle(of, (STATUSES.name, status.key), &status.target, happening) {
                advances.push((status.target, status.advance));
            }
        }
        self.advance_waited(&advances).await?;
        let mut due = Vec::new();
        for edit in edits {
            let Some((at, number, conversation)) = hosts.get(edit.target.as_str()) else { continue };
            let target = Target { message: edit.target.clone(), conversation: *conversation };
            tell_of_edit((*at, number), &edit.key, &target, tally);
            due.push((edit, target));
        }
        self.storage.apply_edits(&due).await
    }
}

pub(super) fn status_target(piece: &Piece<'_, &Status<'_>>) -> String {
    message_key(&piece.number.phone_number_id, &piece.what.wamid)
}

fn edit_target_key(piece: &Piece<'_, &Message<'_>>) -> String {
    message_key(&piece.number.phone_number_id, edit_target(&piece.what.content).unwrap_or_default())
}

pub(super) fn outcome_name(status: &Status<'_>) -> &'static str {
    match &status.outcome {
        Outcome::Message(step) => step.name(),
        Outcome::Payment { .. } => "payment",
        Outcome::Call { .. } => "call",
        Outcome::Unrecognised { .. } => "unrecognised",
    }
}

fn advance(piece: &Piece<'_, &Status<'_>>, target: &Target, tally: &mut Tally<'_>) {
    tally.applied.advances.push((target.message.clone(), Advance::of(piece.what)));
    tally.happenings.push((piece.at, piece.number.workspace, told(piece, target)));
}

fn told(piece: &Piece<'_, &Status<'_>>, target: &Target) -> Happening {
    Happening::Status {
        message: target.message.clone(),
        conversation: target.conversation,
        number: piece.number.id,
        step: outcome_name(piece.what).to_owned(),
        at_s: piece.what.at_s,
    }
}

fn tell_of_edit((at, number): (At, &Number), key: &str, target: &Target, tally: &mut Tally<'_>) {
    let happening = Happening::MessageChanged {
        message: target.message.clone(),
        conversation: target.conversation,
        number: number.id,
    };
    tally.settle((at, number.workspace), (EDITS.name, key.to_owned()), &target.message, Some(happening));
}
