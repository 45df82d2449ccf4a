//! A conversation's turn: its messages leave one after the other, each once the one before it has ended.
//!
//! The order of steps decides what an interruption means. Before the mark `leaving` nothing has left: the message goes
//! back to the line with its conversation. After it nobody knows: the message is unconfirmed until a status tells.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use super::desk::Waited;
use super::line::Line;
use super::seats::Seat;
use super::sender::Equipment;
use super::tier::JUDGED_FOR_MS;
use super::verdict::{Limited, Verdict};
use super::{pair, verdict};
use crate::domain::number::BlockReason;
use crate::domain::outgoing;
use crate::domain::outgoing::window::WINDOW_CLOSED;
use crate::domain::sending::{Attempt, Reason, State};
use crate::meta::client::message::Sent;
use crate::meta::client::{CallError, Credentials};
use crate::meta::encode;
use crate::runtime::crash;
use crate::storage::Error;
use crate::storage::events::{Happening, NewBatch, Source};
use crate::storage::messages::{EDITS, Target, message_key};
use crate::storage::outgoing::Outgoing;
use crate::storage::statuses::STATUSES;
use crate::storage::turns::Turn;
use tracing::{error, warn};
use uuid::Uuid;

/// How many messages leave before others have their turn.
const MESSAGES_MAX: usize = 20;
/// After trouble of our own.
const TROUBLE_PAUSE_MS: i64 = 1_000;
/// How often the end of a request is stored, until the database takes it.
const STORE_TRIES: u32 = 8;
const STORE_PAUSE: Duration = Duration::from_millis(250);
/// 45 messages in six seconds each are paid for after so many departures.
const DEPARTURES_RECALLED: i64 = 50;
/// One of the latest messages of a turn that was lost may have been named without a look at what waited for the name.
const NAMES_RECALLED: i64 = 50;

/// What follows a message.
enum Next {
    /// The one behind it.
    GoOn,
    /// Nothing of this conversation before then.
    At(i64),
}

impl Equipment {
    /// Works a turn off and gives it back.
    pub(super) async fn take_turn(&self, mut turn: Turn, line: Arc<Line>, seat: Option<Seat>) {
        turn.claimed_ms = self.clock.now_ms();
        let ready_at_ms = match self.work_off(&mut turn, &line, seat).await {
            Ok(ready_at_ms) => ready_at_ms,
            Err(error) => {
                warn!(%error, conversation = %turn.conversation, "a conversation's messages cannot be sent now");
                // Nobody knows how far it came, so whoever is next looks as after a death.
                turn.was_lost = true;
                Some(self.clock.now_ms() + TROUBLE_PAUSE_MS)
            }
        };
        if let Err(error) = self.desk.release(turn, ready_at_ms).await {
            warn!(%error, "a turn cannot be given back; it comes back as a stray");
        }
        if let Some(at_ms) = ready_at_ms {
            self.alarm.set(at_ms);
        }
    }

    /// Gives when the conversation is to be looked at again; none when it has nothing to send.
    async fn work_off(
        &self,
        turn: &mut Turn,
        line: &Arc<Line>,
        mut seat: Option<Seat>,
    ) -> Result<Option<i64>, Error> {
        if turn.was_lost {
            let departures = self.storage.last_departures(turn.conversation, DEPARTURES_RECALLED).await?;
            turn.pair = pair::recall(&departures);
            self.welcome_late(turn.conversation).await?;
            turn.was_lost = false;
        }
        let Some(credentials) = line.credentials() else { return Ok(Some(self.clock.now_ms())) };
        // The turn came with one token of the number's allowance.
        let mut has_token = true;
        let (open, is_all) = self.open(turn.conversation).await?;
        let mut next_due_ms: Option<i64> = None;
        for mut message in open {
            let now_ms = self.clock.now_ms();
            if message.due_ms > now_ms {
                next_due_ms = Some(next_due_ms.map_or(message.due_ms, |due_ms| due_ms.min(message.due_ms)));
                continue;
            }
            if message.state == State::Leaving {
                self.lose(message, now_ms).await?;
                continue;
            }
            if self.ends_astray(&message, now_ms).await? {
                continue;
            }
            let ready_at_ms =
                message.not_before_ms.unwrap_or(now_ms).max(pair::ready_at_ms(&turn.pair, now_ms));
            if ready_at_ms > now_ms {
                return Ok(Some(ready_at_ms));
            }
            if let Some(pause) = self.graph.pause(&credentials, line.account_id.as_deref()) {
                return Ok(Some(now_ms + millis(pause)));
            }
            if let Some(at_ms) = self.wait_for_place(line, (&mut message, &mut seat), now_ms).await? {
                return Ok(Some(at_ms));
            }
            if seat.is_none() {
                seat = self.seats.take().await;
            }
            if !has_token && !self.desk.token(line.number, self.rate_of(line)).await? {
                return Ok(Some(now_ms));
            }
            if self.supervisor.stop_signal().is_requested() || !self.lease.covers(turn.lease) {
                return Ok(Some(now_ms));
            }
            match self.send(turn, &message, (line, credentials), &mut seat).await? {
                Some(Next::GoOn) => has_token = false,
                Some(Next::At(at_ms)) => return Ok(Some(at_ms)),
                // It was taken back meanwhile.
                None if message.initiates => {
                    self.storage.give_place_up(message.conversation, message.id).await?;
                }
                None => {}
            }
        }
        if is_all { Ok(next_due_ms) } else { self.storage.next_due_ms(turn.conversation).await }
    }

    /// What a conversation has to send now, and whether that is all it has. What is asked for meanwhile puts it in line
    /// once more.
    async fn open(&self, conversation: Uuid) -> Result<(Vec<Outgoing>, bool), Error> {
        let open = match self.desk.open(conversation).await? {
            Some(open) => open,
            None => self.storage.open_outgoing(conversation, None, MESSAGES_MAX + 1).await?,
        };
        if open.len() <= MESSAGES_MAX {
            return Ok((open, true));
        }
        let now_ms = self.clock.now_ms();
        Ok((self.storage.open_outgoing(conversation, Some(now_ms), MESSAGES_MAX).await?, false))
    }

    /// Whoever was to send it is gone, and nobody knows how far they came.
    async fn lose(&self, mut message: Outgoing, now_ms: i64) -> Result<(), Error> {
        let reason = Reason {
            meaning: "The service stopped while the message was on its way; Meta may have taken it."
                .to_owned(),
            next_step: Some(
                "Wait for the status, or ask the customer whether it has come, before sending it again."
                    .to_owned(),
            ),
            ..Reason::default()
        };
        let attempt = message.attempts.pop().map(|attempt| Attempt {
            ended_ms: Some(now_ms),
            state: Some(State::Unconfirmed),
            reason: Some(reason.clone()),
            ..attempt
        });
        let told = message.ended(State::Unconfirmed, &reason, attempt.as_ref(), now_ms)?;
        self.ledger.enter(told).await.map(drop)
    }

    /// Ends what has waited while the number that it was to go to became somebody else's.
    async fn ends_astray(&self, message: &Outgoing, now_ms: i64) -> Result<bool, Error> {
        let is_judged = now_ms - message.requested_ms < JUDGED_FOR_MS;
        let Some(meant) = message.addressee.or(message.contact).filter(|_| !is_judged) else {
            return Ok(false);
        };
        let asked = serde_json::from_str::<outgoing::Message>(&message.message).ok();
        let phone = asked.as_ref().and_then(|asked| asked.recipient.phone());
        match phone {
            Some(phone) if !self.storage.may_have_line(message.workspace, meant, phone).await? => {}
            _ => return Ok(false),
        }
        let reason = Reason {
            meaning: "The phone number that it was to go to is somebody else's by now.".to_owned(),
            next_step: Some("Write to the contact anew: it goes to where they are reached now.".to_owned()),
            ..Reason::default()
        };
        self.ledger.enter(message.ended(State::Refused, &reason, None, now_ms)?).await?;
        if message.initiates {
            self.storage.give_place_up(message.conversation, message.id).await?;
        }
        Ok(true)
    }

    async fn send(
        &self,
        turn: &mut Turn,
        message: &Outgoing,
        (line, credentials): (&Line, Credentials<'_>),
        seat: &mut Option<Seat>,
    ) -> Result<Option<Next>, Error> {
        let left_ms = self.clock.now_ms();
        let mut attempt = Attempt::leaving(turn.claimed_ms, left_ms);
        let Ok(content) = serde_json::from_str::<outgoing::Message>(&message.message) else {
            let reason = Reason {
                meaning: "The stored message cannot be read by this version of the service.".to_owned(),
                ..Reason::default()
            };
            let told = message.ended(State::Refused, &reason, None, left_ms)?;
            self.ledger.enter(told).await?;
            return Ok(Some(Next::GoOn));
        };
        if !self.desk.mark(message.mark(turn, &attempt)).await? {
            return Ok(None);
        }
        crash::pass("after-leaving");
        let marked_ms = self.clock.now_ms();
        let ready_at_ms = pair::ready_at_ms(&turn.pair, marked_ms);
        if !self.lease.covers(turn.lease) || ready_at_ms > marked_ms {
            // It took so long that another process goes on with the conversation, or that the pair's burst is over.
            let reason = Reason {
                meaning: "The service was held up before it could send; it sends a little later.".to_owned(),
                ..Reason::default()
            };
            (attempt.ended_ms, attempt.state) = (Some(marked_ms), Some(State::Queued));
            self.storage.put_back(message, &reason, &attempt, (ready_at_ms, false)).await?;
            return Ok(Some(Next::At(ready_at_ms)));
        }
        pair::leave(&mut turn.pair, marked_ms);
        let body = encode::message(&content, Some(&message.id.to_string()));
        let calls = self.graph.messages(credentials, &line.phone_number_id);
        let outcome = match encode::Edge::of(&content) {
            encode::Edge::Messages => calls.send(&body).await,
            encode::Edge::MarketingMessages => calls.send_marketing(&body).await,
        };
        *seat = None;
        crash::pass("after-answer");
        let now_ms = self.clock.now_ms();
        attempt.ended_ms = Some(now_ms);
        let next = match outcome {
            Ok(sent) => {
                pair::answered(&mut turn.pair, now_ms);
                let next = self.accept(message, &sent, attempt, now_ms).await?;
                self.acquaint(message, &sent, now_ms).await;
                next
            }
            Err(error) => self.conclude((turn, line), message, &error, attempt).await?,
        };
        crash::pass("after-outcome");
        Ok(Some(next))
    }

    async fn accept(
        &self,
        message: &Outgoing,
        sent: &Sent,
        mut attempt: Attempt,
        now_ms: i64,
    ) -> Result<Next, Error> {
        attempt.state = Some(State::Accepted);
        attempt.pacing = verdict::pacing_of(sent);
        let told = message.accepted(&sent.wamid, Some(&attempt), now_ms)?;
        let mut outcome = Ok(false);
        for _ in 0..STORE_TRIES {
            outcome = self.ledger.enter(told.clone()).await;
            match &outcome {
                Err(error) if error.is_transient() => tokio::time::sleep(STORE_PAUSE).await,
                _ => break,
            }
        }
        match outcome {
            Ok(true) => {}
            // A status was faster: it has told already, and left to us what waited for the name.
            Ok(false) => {
                self.welcome(message, &sent.wamid).await?;
                self.storage.welcomed(message).await?;
                return Ok(Next::GoOn);
            }
            Err(Error::Duplicate) => {
                error!(message = %message.id, "Meta gave a message the name of another one");
            }
            Err(error) => return Err(error),
        }
        crash::pass("after-acceptance");
        self.welcome(message, &sent.wamid).await?;
        Ok(Next::GoOn)
    }

    /// Whoever had the turn before may have stored the name of a message and not looked at what waited for it.
    async fn welcome_late(&self, conversation: Uuid) -> Result<(), Error> {
        let named = self.storage.last_accepted(conversation, NAMES_RECALLED).await?;
        let named: HashMap<String, &Outgoing> = named
            .iter()
            .filter_map(|message| {
                Some((message_key(&message.phone_number_id, message.wamid.as_deref()?), message))
            })
            .collect();
        let keys: Vec<String> = named.keys().cloned().collect();
        let (statuses, edits) = tokio::try_join!(
            self.storage.statuses_waiting_for(&keys),
            self.storage.edits_waiting_for(&keys)
        )?;
        let targets = statuses.into_iter().map(|status| status.target);
        let targets: HashSet<String> = targets.chain(edits.into_iter().map(|edit| edit.target)).collect();
        for message in targets.iter().filter_map(|key| named.get(key)) {
            self.welcome(message, message.wamid.as_deref().unwrap_or_default()).await?;
        }
        Ok(())
    }

    /// What came before Meta's name of the message was known waits no longer.
    pub(super) async fn welcome(&self, message: &Outgoing, wamid: &str) -> Result<(), Error> {
        let Waited { statuses, edits } =
            self.desk.waited(message_key(&message.phone_number_id, wamid)).await?;
        if statuses.is_empty() && edits.is_empty() {
            return Ok(());
        }
        let id = message.id.to_string();
        let mut batches = Vec::new();
        let mut batch = |collection: &'static str, key: &str, happening: Option<Happening>| {
            batches.extend(happening.map(|happening| NewBatch {
                workspace: message.workspace,
                source: Some(Source::Waited { collection, key: key.to_owned() }),
                happenings: vec![happening],
            }));
        };
        let (conversation, number) = (message.conversation, message.number);
        let (mut advances, mut statuses_settled, mut edits_settled) = (Vec::new(), Vec::new(), Vec::new());
        for status in statuses {
            let happening = status.step.map(|(step, at_s)| Happening::Status {
                message: id.clone(),
                conversation,
                number,
                step,
                at_s,
            });
            batch(STATUSES.name, &status.key, happening);
            advances.push((id.clone(), status.advance));
            statuses_settled.push((status.key, id.clone()));
        }
        let mut due = Vec::new();
        for edit in edits {
            let happening = Happening::MessageChanged { message: id.clone(), conversation, number };
            batch(EDITS.name, &edit.key, Some(happening));
            edits_settled.push((edit.key.clone(), id.clone()));
            due.push((edit, Target { message: id.clone(), conversation }));
        }
        for (message, error) in self.storage.advance_messages(&advances).await? {
            error!(%error, message, "a message cannot be moved forward; it stays as it is");
        }
        self.storage.apply_edits(&due).await?;
        self.log.append(batches).await?;
        self.storage.stop_waiting(STATUSES.name, &statuses_settled).await?;
        self.storage.stop_waiting(EDITS.name, &edits_settled).await
    }

    /// The request ended otherwise than with an acceptance.
    async fn conclude(
        &self,
        (turn, line): (&mut Turn, &Line),
        message: &Outgoing,
        error: &CallError,
        mut attempt: Attempt,
    ) -> Result<Next, Error> {
        let now_ms = self.clock.now_ms();
        let dice = self.random.number().unwrap_or(0);
        let verdict = verdict::of(error, message.tries.saturating_add(1), dice % 1_000);
        let verdict = verdict.after(message.attempts.len());
        if !matches!(verdict, Verdict::PairTooFast(_)) {
            pair::answered(&mut turn.pair, now_ms);
        }
        let (state, reason) = match &verdict {
            Verdict::Unconfirmed(reason) => (State::Unconfirmed, reason),
            Verdict::Refused(reason) => (State::Refused, reason),
            Verdict::Again { reason, .. }
            | Verdict::Held { reason, .. }
            | Verdict::PairTooFast(reason)
            | Verdict::Block(_, reason) => (State::Queued, reason),
        };
        attempt.state = Some(state);
        attempt.reason = Some(reason.clone());
        if state != State::Queued {
            self.ledger.enter(message.ended(state, reason, Some(&attempt), now_ms)?).await?;
            if reason.code == Some(WINDOW_CLOSED) {
                self.storage.close_window(turn.conversation, now_ms.div_euclid(1_000)).await?;
            }
            return Ok(Next::GoOn);
        }
        let at_ms = match &verdict {
            Verdict::Again { after, is_whole_number, .. } => {
                if *is_whole_number {
                    self.storage.pause_allowance(turn.number, millis(*after)).await?;
                }
                now_ms + millis(*after)
            }
            Verdict::Held { whose, at_least, .. } => now_ms + millis(self.hold(line, *whose, *at_least)),
            Verdict::PairTooFast(_) => {
                pair::refused(&mut turn.pair, now_ms);
                pair::ready_at_ms(&turn.pair, now_ms)
            }
            _ => now_ms,
        };
        let counts = !matches!(verdict, Verdict::Block(..) | Verdict::Held { .. });
        self.storage.put_back(message, reason, &attempt, (at_ms, counts)).await?;
        if let Verdict::Block(kind, reason) = &verdict {
            self.block(line, *kind, reason).await?;
        }
        Ok(Next::At(at_ms))
    }

    /// Holds everything that the limit is about, on all instances; gives how long. An account that nobody knows is as good
    /// as the app.
    fn hold(&self, line: &Line, whose: Limited, at_least: Duration) -> Duration {
        let Some(credentials) = line.credentials() else { return at_least };
        let account = line.account_id.as_deref().filter(|_| whose == Limited::Account);
        let hold = self.graph.hold(&credentials, account, at_least);
        warn!(number = %line.number, ?whose, ms = millis(hold), "Meta takes no more calls for a while");
        hold
    }

    /// The number sends nothing until somebody has mended the reason; what is queued stays so. Unless it was mended while
    /// the request was on its way.
    async fn block(&self, line: &Line, kind: BlockReason, reason: &Reason) -> Result<(), Error> {
        let record = self.storage.find_number(line.workspace, line.number).await?;
        let Some(record) = record.filter(|record| record.access_token == line.seal) else {
            self.lines.forget(line.number);
            return Ok(());
        };
        warn!(number = %line.number, code = ?reason.code, subcode = ?reason.subcode, "sending is blocked until the token is mended");
        let codes = reason.code.map(|code| (code, reason.subcode));
        self.lines.block(&record, kind, codes).await;
        self.lines.forget(line.number);
        Ok(())
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
