//! The way of one message, told from what is stored: when it came, where it stands in the journal, whether it is
//! applied, what was told of it.

use std::sync::Arc;

use uuid::Uuid;

use super::directory::{Directory, Numbers};
use super::examine::{Finding, examine};
use crate::storage::Error;
use crate::storage::Storage;
use crate::storage::arrivals::Origin;
use crate::storage::aside::{Reason, aside_key};
use crate::storage::events::{Batch, Happening, Source};
use crate::storage::messages::{EDITS, MESSAGES, message_key};
use crate::storage::numbers::Number;
use crate::storage::segments::Place;
use crate::storage::statuses::STATUSES;

/// A step of the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Our time, where the step has one.
    pub at_ms: Option<i64>,
    pub text: String,
}

fn step(at_ms: Option<i64>, text: String) -> Step {
    Step { at_ms, text }
}

/// Whose messages are looked for.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    pub workspace: Uuid,
    /// None: all of the workspace.
    pub numbers: Option<&'a [Uuid]>,
}

impl Scope<'_> {
    fn holds(&self, workspace: Uuid, number: Uuid) -> bool {
        workspace == self.workspace && self.numbers.is_none_or(|numbers| numbers.contains(&number))
    }
}

/// The way of a message, a reaction or an edit by Meta's id, with its statuses; within a scope, or wherever it is.
pub async fn trace_message(
    storage: &Storage,
    wamid: &str,
    scope: Option<Scope<'_>>,
) -> Result<Vec<Step>, Error> {
    let numbers = Directory::new(storage).numbers().await?;
    let mut steps = Vec::new();
    let within = |number: &&Arc<Number>| scope.is_none_or(|scope| scope.holds(number.workspace, number.id));
    for number in numbers.all().filter(within) {
        let key = message_key(&number.phone_number_id, wamid);
        let mut found = vec![(MESSAGES.name, key.clone()), (EDITS.name, key.clone())];
        found.extend(storage.statuses_of(&key).await?.into_iter().map(|key| (STATUSES.name, key)));
        for (collection, key) in found {
            if let Some(scope) = scope {
                // The phone number may have been somebody else's when this came.
                let keys = std::slice::from_ref(&key);
                let of = storage.numbers_of_documents(collection, scope.workspace, keys).await?;
                if !of.contains_key(&key) {
                    continue;
                }
            }
            if let Some(origin) = storage.origins_of(collection, std::slice::from_ref(&key)).await?.get(&key)
            {
                steps.push(step(None, format!("{collection} {key}")));
                let place = Place { lane: origin.lane, number: origin.segment };
                let workspaces = match scope {
                    Some(scope) => vec![scope.workspace],
                    None => numbers.all().map(|number| number.workspace).collect(),
                };
                steps.extend(trace_item(storage, (&numbers, &workspaces), place, &key).await?);
            }
        }
    }
    Ok(steps)
}

async fn trace_item(
    storage: &Storage,
    (numbers, workspaces): (&Numbers, &[Uuid]),
    place: Place,
    key: &str,
) -> Result<Vec<Step>, Error> {
    let mut steps = Vec::new();
    let mark = storage.lane_mark(place.lane).await?;
    match storage.segments().get(&place).await? {
        None if place.number < 0 => steps.push(step(None, "made here: no webhook brought it".to_owned())),
        None => steps.push(step(None, format!("its segment {} is no longer kept", place.key()))),
        Some(segment) => {
            let items = examine(storage, numbers, &segment).await?;
            let item = items.iter().find(|one| one.keys.iter().any(|(_, other)| other == key));
            let received = item.and_then(|item| segment.webhooks.get(item.slot as usize));
            if let (Some(item), Some(webhook)) = (item, received) {
                steps.push(step(Some(webhook.received_ms), "received, its signature good".to_owned()));
                let at = format!(
                    "made durable: segment {}, webhook {}, item {}",
                    place.key(),
                    item.slot,
                    item.index
                );
                steps.push(step(Some(segment.at_ms), at));
                steps.push(step(
                    None,
                    match item.finding {
                        Finding::Waiting => "applied; it waits for its message".to_owned(),
                        _ => "applied".to_owned(),
                    },
                ));
            }
        }
    }
    steps.push(step(
        None,
        match mark {
            Some(mark) if mark >= place.number => "folded into its conversation".to_owned(),
            Some(mark) => format!("not folded yet: its lane is done up to segment {mark}"),
            None => "its lane is no longer kept, so it was folded long ago".to_owned(),
        },
    ));
    let mut sources = vec![Source::Segment(Origin { lane: place.lane, segment: place.number })];
    for collection in [EDITS.name, STATUSES.name] {
        sources.push(Source::Waited { collection, key: key.to_owned() });
    }
    for source in sources {
        for batch in storage.events_of(&source, workspaces).await? {
            steps.extend(told(&batch, key, &source));
        }
    }
    Ok(steps)
}

fn told(batch: &Batch, key: &str, source: &Source) -> Vec<Step> {
    let is_own = matches!(source, Source::Waited { .. });
    let happenings = batch.happenings.iter().enumerate().filter(|(_, happening)| match happening {
        Happening::Message { message, .. }
        | Happening::MessageChanged { message, .. }
        | Happening::Status { message, .. } => is_own || key.starts_with(message.as_str()),
        Happening::Contact { .. }
        | Happening::Conversation { .. }
        | Happening::Work { .. }
        | Happening::Number { .. }
        | Happening::Template { .. }
        | Happening::Notice { .. } => false,
    });
    happenings
        .map(|(index, _)| step(Some(batch.at_ms), format!("told as event {}.{index}", batch.seq)))
        .collect()
}

/// The ways of everything in one webhook of a segment.
pub async fn trace_webhook(storage: &Storage, place: Place, slot: u32) -> Result<Option<Vec<Step>>, Error> {
    let Some(segment) = storage.segments().get(&place).await? else { return Ok(None) };
    let Some(webhook) = segment.webhooks.get(slot as usize) else { return Ok(None) };
    let mut steps = vec![
        step(Some(webhook.received_ms), "received, its signature good".to_owned()),
        step(Some(segment.at_ms), format!("made durable: segment {}, webhook {slot}", place.key())),
    ];
    let is_done = storage.lane_mark(place.lane).await?.is_none_or(|mark| mark >= place.number);
    steps.push(step(None, if is_done { "applied and folded" } else { "not folded yet" }.to_owned()));
    let numbers = Directory::new(storage).numbers().await?;
    for item in examine(storage, &numbers, &segment).await?.iter().filter(|item| item.slot == slot) {
        let became = match &item.finding {
            Finding::Test => "a test of the dashboard: nothing to store".to_owned(),
            Finding::Here => "stored".to_owned(),
            Finding::Waiting => "stored, waiting for its message".to_owned(),
            Finding::Missing { collection } => format!("not in {collection}"),
            Finding::Aside { reason, why } => format!("belongs to {}: {why}", reason.collection()),
        };
        steps.push(step(None, format!("{}: {became}", item.name())));
    }
    let (first_in, first_slot) = webhook.first_at(place, slot);
    let key = aside_key(first_in, first_slot);
    for reason in [Reason::Unrouted, Reason::Unrecognised, Reason::Dead] {
        for aside in storage.asides_of(reason, std::slice::from_ref(&key)).await? {
            for item in &aside.items {
                steps.push(step(
                    None,
                    format!("item {} is in {}: {}", item.index, reason.collection(), item.why),
                ));
            }
        }
    }
    Ok(Some(steps))
}
