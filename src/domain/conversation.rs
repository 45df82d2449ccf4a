//! What events change in a conversation: many events become one change, and the order in which they are added
//! does not matter.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use super::content::Content;
use super::message::Message;
use super::message::Origin;
use super::position::Position;

/// Meta (2026-07): a customer's message or call opens a window of 24 hours in which anything may be answered.
pub const WINDOW_S: i64 = 24 * 60 * 60;
/// Meta (2026-07): an answer within 24 hours to somebody who came by an advertisement is free of charge, and so is
/// all that follows for 72 hours.
pub const FREE_ENTRY_ANSWER_S: i64 = 24 * 60 * 60;
pub const FREE_ENTRY_S: i64 = 72 * 60 * 60;

/// The message that a list of conversations shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Last {
    pub position: Position,
    pub message: String,
    pub kind: &'static str,
    pub preview: String,
    pub is_inbound: bool,
}

/// How the customer came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub position: Position,
    pub message: String,
    pub ctwa_clid: Option<String>,
    pub source_type: Option<String>,
    pub source_id: Option<String>,
    pub source_url: Option<String>,
    pub headline: Option<String>,
}

/// Who leads the conversation now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handover {
    pub position: Position,
    pub taken: bool,
    pub role: Option<String>,
}

/// What changes in one conversation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    pub last: Option<Last>,
    pub entry: Option<Entry>,
    /// When the customer came by an advertisement: every time, of which `entry` is the last.
    pub entries_s: BTreeSet<i64>,
    pub handover: Option<Handover>,
    pub unread: i64,
    pub messages: i64,
    pub first_inbound_s: Option<i64>,
    pub last_inbound_s: Option<i64>,
    pub first_outbound_s: Option<i64>,
    pub last_outbound_s: Option<i64>,
    pub window_ends_s: Option<i64>,
    /// When something happened that is no message: it too brings the conversation to the front.
    pub active_s: Option<i64>,
}

impl Change {
    /// The change that a message makes. The past makes no noise, and neither does what another partner answers.
    pub fn of_message(message: &Message<'_>, id: &str, position: Position, is_standby: bool) -> Self {
        let is_inbound = message.origin.is_inbound();
        let is_past = matches!(message.origin, Origin::History { .. });
        let at_s = Some(message.at_s);
        let mut change = Self {
            last: Some(Last {
                position,
                message: id.to_owned(),
                kind: message.content.kind_name(),
                preview: message.content.preview(),
                is_inbound,
            }),
            unread: i64::from(is_inbound && !is_past && !is_standby),
            messages: 1,
            ..Self::default()
        };
        if is_inbound {
            (change.first_inbound_s, change.last_inbound_s) = (at_s, at_s);
            // What WhatsApp says about the customer is not the customer's word. Meta (2026-07): in a group, any
            // participant opens the window for all.
            let is_notice = matches!(message.content, Content::System(_));
            change.window_ends_s = (!is_notice).then_some(message.at_s + WINDOW_S);
        } else {
            (change.first_outbound_s, change.last_outbound_s) = (at_s, at_s);
        }
        let owned = |text: &Option<super::Str<'_>>| text.as_deref().map(str::to_owned);
        change.entries_s = message.referral.iter().map(|_| message.at_s).collect();
        change.entry = message.referral.as_ref().map(|referral| Entry {
            position,
            message: id.to_owned(),
            ctwa_clid: owned(&referral.ctwa_clid),
            source_type: owned(&referral.source_type),
            source_id: owned(&referral.source_id),
            source_url: owned(&referral.source_url),
            headline: owned(&referral.headline),
        });
        change
    }

    /// A call by the customer opens the window like a message.
    pub fn of_call(at_s: i64) -> Self {
        Self { window_ends_s: Some(at_s + WINDOW_S), active_s: Some(at_s), ..Self::default() }
    }

    /// The conversation's owner changes.
    pub fn of_handover(position: Position, taken: bool, role: Option<&str>) -> Self {
        let handover = Handover { position, taken, role: role.map(str::to_owned) };
        Self { handover: Some(handover), active_s: Some(position.second), ..Self::default() }
    }

    /// Adds another change of the same conversation.
    pub fn absorb(&mut self, other: Self) {
        latest(&mut self.last, other.last, |one, other| {
            (one.position, &one.message).cmp(&(other.position, &other.message))
        });
        latest(&mut self.entry, other.entry, |one, other| {
            (one.position, &one.message).cmp(&(other.position, &other.message))
        });
        self.entries_s.extend(other.entries_s);
        latest(&mut self.handover, other.handover, |one, other| {
            (one.position, one.taken, &one.role).cmp(&(other.position, other.taken, &other.role))
        });
        self.unread += other.unread;
        self.messages += other.messages;
        self.first_inbound_s = least(self.first_inbound_s, other.first_inbound_s);
        self.first_outbound_s = least(self.first_outbound_s, other.first_outbound_s);
        self.last_inbound_s = self.last_inbound_s.max(other.last_inbound_s);
        self.last_outbound_s = self.last_outbound_s.max(other.last_outbound_s);
        self.window_ends_s = self.window_ends_s.max(other.window_ends_s);
        self.active_s = self.active_s.max(other.active_s);
    }
}

/// What is at the same place is told apart by more of it, in the order in which the database compares.
fn latest<T>(mine: &mut Option<T>, theirs: Option<T>, order: impl Fn(&T, &T) -> Ordering) {
    let Some(theirs) = theirs else { return };
    if mine.as_ref().is_none_or(|mine| order(&theirs, mine).is_gt()) {
        *mine = Some(theirs);
    }
}

fn least(mine: Option<i64>, theirs: Option<i64>) -> Option<i64> {
    match (mine, theirs) {
        (Some(mine), Some(theirs)) => Some(mine.min(theirs)),
        (one, other) => one.or(other),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::content::Content;
    use crate::domain::message::Referral;
    use crate::domain::person::Person;

    fn message(at_s: i64, origin: Origin<'static>) -> Message<'static> {
        Message {
            wamid: "w".into(),
            at_s,
            origin,
            customer: Person::default(),
            group_id: None,
            content: Content::Text { body: "halo".into(), preview_url: false },
            context: None,
            referral: (at_s % 3 == 0).then(|| Box::new(Referral::default())),
            identity: None,
            faults: Vec::new(),
            summary: None,
        }
    }

    fn change(at_s: i64, kind: u8) -> Change {
        let origin = match kind {
            0 => Origin::Customer,
            1 => Origin::Echo,
            _ => Origin::History { outbound: false, status: None },
        };
        Change::of_message(
            &message(at_s, origin),
            "m",
            Position { second: at_s, order: i64::from(kind) },
            false,
        )
    }

    #[test]
    fn only_what_a_customer_writes_now_is_unread() {
        assert_eq!([0, 1, 2].map(|kind| change(5, kind).unread), [1, 0, 0]);
        let standby =
            Change::of_message(&message(5, Origin::Customer), "m", Position { second: 5, order: 0 }, true);
        assert_eq!(standby.unread, 0);
    }

    #[test]
    fn every_coming_by_an_advertisement_is_known_and_the_last_one_is_shown() {
        let mut sum = change(6, 0);
        for other in [change(3, 0), change(4, 0), change(9, 1)] {
            sum.absorb(other);
        }
        assert_eq!(sum.entries_s, BTreeSet::from([3, 6, 9]));
        assert_eq!(sum.entry.map(|entry| entry.position.second), Some(9));
    }

    proptest! {
        #[test]
        fn the_order_of_adding_does_not_matter(
            mut events in proptest::collection::vec((0_i64..50, 0_u8..3), 1..20),
        ) {
            let fold = |events: &[(i64, u8)]| {
                let mut sum = Change::default();
                for (at_s, kind) in events {
                    sum.absorb(change(*at_s, *kind));
                }
                sum
            };
            let forwards = fold(&events);
            events.reverse();
            prop_assert_eq!(fold(&events), forwards);
        }
    }
}
