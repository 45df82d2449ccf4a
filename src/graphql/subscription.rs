//! What is told as it happens. Every field reads the workspace's log of events from a cursor on, in order, and shows
//! each visitor what is theirs; a field that is narrower than `events` is the same log, sifted.

use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::{Context, Error, ID, Object, Subscription as Subscribed};
use futures_util::Stream;
use futures_util::stream::unfold;
use uuid::Uuid;

use super::context::{allowed, allowed_on, services};
use super::conversation;
use super::cursor::Cursor;
use super::error::Failure;
use super::event::{ConversationChangedEvent, Event, NumberChangedEvent, conversation_of, event, number_of};
use super::hub::{Broken, Reader};
use super::scalar;
use super::template::failure_of;
use crate::auth::{Deed, Visitor};
use crate::error::Code;
use crate::storage::events::{Batch, Happening};
use crate::templates::Templates;

/// How far ahead in a batch one looks for a later change of the same conversation.
const LOOK_AHEAD: usize = 64;

impl From<Broken> for Failure {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::Expired => Code::CursorExpired.into(),
            Broken::Left => Code::Unavailable.into(),
            Broken::Storage(error) => error.into(),
        }
    }
}

/// The last cursor that a subscription has come to, for whoever carries its answers.
#[derive(Clone, Debug, Default)]
pub struct Track(Arc<Mutex<Option<Cursor>>>);

impl Track {
    /// The cursor of the answer that came last.
    pub fn cursor(&self) -> Option<Cursor> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, cursor: Cursor) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(cursor);
    }
}

/// Where a subscription goes on although its text says otherwise: `Last-Event-ID`.
#[derive(Clone, Copy, Debug)]
pub struct GoOnAfter(pub Cursor);

/// A subscriber on its way through the log.
struct Following<S> {
    reader: Reader,
    visitor: Visitor,
    track: Track,
    /// The batch that it is in, and the index of the next event.
    batch: Option<(Arc<Batch>, usize)>,
    sieve: S,
    templates: Templates,
    /// The accounts of a visitor who is limited to some numbers, as they were at a batch.
    accounts: Option<(i64, Vec<String>)>,
    /// Whether what is told has to be visible in the conversations first.
    waits_for_fold: bool,
    has_ended: bool,
}

impl<T, S> Following<S>
where
    S: Fn(&Batch, usize, &Happening) -> Option<T>,
{
    async fn next(&mut self) -> Option<Result<T, Error>> {
        if self.has_ended {
            return None;
        }
        match self.find().await {
            Ok(found) => Some(Ok(found)),
            Err(failure) => {
                self.has_ended = true;
                Some(Err(failure.into()))
            }
        }
    }

    async fn find(&mut self) -> Result<T, Failure> {
        loop {
            let (batch, index) = match self.batch.take() {
                Some(place) => place,
                None => self.reader.next().await?,
            };
            let Some(happening) = batch.happenings.get(index) else { continue };
            let may_see = self.may_see(&batch, happening).await?;
            let found = if may_see { (self.sieve)(&batch, index, happening) } else { None };
            if let Some(found) = found {
                if self.waits_for_fold
                    && let Some(origin) = batch.source
                {
                    // Boxed here and below: a subscription spends its life waiting, and need not keep room for this.
                    Box::pin(self.reader.hub().folded(origin)).await?;
                }
                self.track.note(Cursor::within(&batch, index));
                self.batch = Some((batch, index + 1));
                return Ok(found);
            }
            self.batch = Some((batch, index + 1));
        }
    }

    async fn may_see(&mut self, batch: &Batch, happening: &Happening) -> Result<bool, Failure> {
        Ok(match (number_of(happening), happening) {
            (Some(number), _) => self.visitor.may_touch(number),
            (None, _) if self.visitor.numbers.is_none() => true,
            (None, Happening::Template { account, .. }) => {
                Box::pin(self.has_account(batch.seq, account)).await?
            }
            (None, _) => false,
        })
    }

    /// Whether a number of the visitor's is of this account. Asked once for each batch that tells of templates: numbers
    /// come and go.
    async fn has_account(&mut self, seq: i64, account: &str) -> Result<bool, Failure> {
        let accounts = match self.accounts.take().filter(|(asked_seq, _)| *asked_seq == seq) {
            Some((_, accounts)) => accounts,
            None => self.templates.accounts_of(&self.visitor).await.map_err(failure_of)?.unwrap_or_default(),
        };
        let is_theirs = accounts.iter().any(|theirs| theirs == account);
        self.accounts = Some((seq, accounts));
        Ok(is_theirs)
    }
}

async fn follow<T, S>(
    context: &Context<'_>,
    visitor: &Visitor,
    after: Option<Cursor>,
    waits_for_fold: bool,
    sieve: S,
) -> Result<impl Stream<Item = Result<T, Error>> + use<T, S>, Failure>
where
    S: Fn(&Batch, usize, &Happening) -> Option<T> + Send + 'static,
    T: Send + 'static,
{
    let after = context.data_opt::<GoOnAfter>().map(|place| place.0).or(after);
    let reader = Box::pin(services(context)?.hub.read(visitor.workspace, after)).await?;
    let track = context.data_opt::<Track>().cloned().unwrap_or_default();
    let following = Box::new(Following {
        reader,
        visitor: visitor.clone(),
        track,
        batch: None,
        sieve,
        templates: services(context)?.templates.clone(),
        accounts: None,
        waits_for_fold,
        has_ended: false,
    });
    Ok(unfold(following, async |mut following| following.next().await.map(|found| (found, following))))
}

/// What an argument limits a subscription to. None: nothing. An id that cannot be one of ours is nobody's.
fn limit_of(id: Option<&ID>) -> Result<Option<Uuid>, Failure> {
    id.map(|id| scalar::uuid(id).ok_or(Code::NotFound)).transpose().map_err(Failure::from)
}

fn admitted<'ctx>(context: &Context<'ctx>, number: Option<Uuid>) -> Result<&'ctx Visitor, Failure> {
    match number {
        Some(number) => allowed_on(context, Deed::FollowEvents, number),
        None => allowed(context, Deed::FollowEvents),
    }
}

#[derive(Debug, Default)]
pub struct Subscription;

/// What is told as it happens, in order, nothing twice. Each event has a `cursor`; whoever comes back with the last one
/// as `after`, to any instance, gets exactly what they missed. Without `after` it begins now. The error
/// `CURSOR_EXPIRED` says that the log does not reach back so far (30 days): load anew, and begin at `eventsCursor`. The
/// error `RESUME` says that events were not taken fast enough: come back with the cursor that is with it.
#[Subscribed]
impl Subscription {
    /// Everything that changes in the workspace, as far as the caller may see it.
    async fn events(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The cursor of the last event that was seen.")] after: Option<Cursor>,
    ) -> Result<impl Stream<Item = Result<Event, Error>>, Failure> {
        let visitor = allowed(context, Deed::FollowEvents)?;
        follow(context, visitor, after, false, |batch, index, happening| Some(event(batch, index, happening)))
            .await
    }

    /// Conversations that are new or have changed. Told when the conversation shows the change; changes of one
    /// conversation that come together may be told as one.
    async fn conversation_changed(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Only those of this number.")] number_id: Option<ID>,
        #[graphql(desc = "The cursor of the last event that was seen.")] after: Option<Cursor>,
    ) -> Result<impl Stream<Item = Result<ConversationChangedEvent, Error>>, Failure> {
        let wanted = limit_of(number_id.as_ref())?;
        let visitor = admitted(context, wanted)?;
        follow(context, visitor, after, true, move |batch, index, happening| {
            let conversation = conversation_of(happening)?;
            let number =
                number_of(happening).filter(|number| wanted.is_none_or(|wanted| wanted == *number))?;
            let later = batch.happenings.iter().skip(index + 1).take(LOOK_AHEAD);
            if later.into_iter().any(|later| conversation_of(later) == Some(conversation)) {
                return None;
            }
            Some(ConversationChangedEvent {
                cursor: Cursor::within(batch, index),
                at: scalar::moment(batch.at_ms),
                conversation_id: scalar::id(conversation),
                number_id: scalar::id(number),
            })
        })
        .await
    }

    /// What happens to the messages of one conversation: new ones, their steps, and what else changes in them.
    async fn message_changed(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Our id of the conversation.")] conversation_id: ID,
        #[graphql(desc = "The cursor of the last event that was seen.")] after: Option<Cursor>,
    ) -> Result<impl Stream<Item = Result<Event, Error>>, Failure> {
        let visitor = allowed(context, Deed::FollowEvents)?;
        let asked = scalar::uuid(&conversation_id).ok_or(Code::NotFound)?;
        // Also those that turned out to be this one: what happened to them before tells their ids.
        let wanted = match conversation::find(context, visitor, &conversation_id).await? {
            Some(found) => {
                services(context)?.storage.ids_of_conversation(visitor.workspace, found.id).await?
            }
            None => vec![asked],
        };
        follow(context, visitor, after, false, move |batch, index, happening| {
            if matches!(happening, Happening::Work { .. }) {
                return None;
            }
            let conversation = conversation_of(happening)?;
            wanted.contains(&conversation).then(|| event(batch, index, happening))
        })
        .await
    }

    /// Numbers that were added, changed or deleted, and what Meta tells of them.
    async fn number_changed(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Only this number.")] number_id: Option<ID>,
        #[graphql(desc = "The cursor of the last event that was seen.")] after: Option<Cursor>,
    ) -> Result<impl Stream<Item = Result<NumberChangedEvent, Error>>, Failure> {
        let wanted = limit_of(number_id.as_ref())?;
        let visitor = admitted(context, wanted)?;
        follow(context, visitor, after, false, move |batch, index, happening| {
            let number =
                number_of(happening).filter(|number| wanted.is_none_or(|wanted| wanted == *number))?;
            let (notice_id, notice_kind) = match happening {
                Happening::Number { .. } => (None, None),
                Happening::Notice { notice, kind, .. } => (Some(ID(notice.clone())), Some(kind.clone())),
                _ => return None,
            };
            Some(NumberChangedEvent {
                cursor: Cursor::within(batch, index),
                at: scalar::moment(batch.at_ms),
                number_id: scalar::id(number),
                notice_id,
                notice_kind,
            })
        })
        .await
    }
}

#[derive(Debug, Default)]
pub struct EventQuery;

#[Object]
impl EventQuery {
    /// The end of the workspace's log of events. Asked for before, or in the same request as, what a page shows, and
    /// given to a subscription as `after`, it leaves no gap between the two.
    async fn events_cursor(&self, context: &Context<'_>) -> Result<Cursor, Failure> {
        let visitor = allowed(context, Deed::FollowEvents)?;
        Ok(services(context)?.hub.end(visitor.workspace).await?)
    }
}
