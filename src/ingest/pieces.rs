//! The items of a batch of webhooks, sorted by what has to be done with them.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use uuid::Uuid;

use super::announce::conversation_change;
use super::directory::Numbers;
use super::followers::outcome_name;
use super::metrics::IngestMetrics;
use super::news::{News, becomes, news_of};
use super::sort::{Delivery, Home, home_of, keys_of};
use crate::domain::message::Message;
use crate::domain::person::Person;
use crate::domain::position::SECONDS;
use crate::domain::status::Status;
use crate::meta::decode::Item;
use crate::people::{Asked, Found, People};
use crate::storage::Error;
use crate::storage::aside::{AsideItem, Reason};
use crate::storage::messages::Came;
use crate::storage::numbers::Number;

/// Where an item stands in the batch: the delivery, and its place in it.
pub type At = (usize, u32);

/// An item on its way, with where it came in and whose it is.
#[derive(Debug)]
pub struct Piece<'a, T> {
    pub at: At,
    pub key: String,
    pub item: &'a Item<'a>,
    pub number: Arc<Number>,
    pub came: Came,
    pub what: T,
}

/// The pieces of a batch, by kind; each key once.
#[derive(Debug, Default)]
pub struct Pieces<'a> {
    pub messages: Vec<Piece<'a, &'a Message<'a>>>,
    pub edits: Vec<Piece<'a, &'a Message<'a>>>,
    pub statuses: Vec<Piece<'a, &'a Status<'a>>>,
    pub news: Vec<Piece<'a, News<'a>>>,
    pub asides: Vec<(usize, Reason, AsideItem)>,
    /// What came before in the same batch, with the name of its kind.
    pub repeats: Vec<(&'a Item<'a>, &'static str)>,
}

impl<'a> Pieces<'a> {
    /// Sorts the items of all deliveries.
    pub fn sort(deliveries: &'a [Delivery<'a>], numbers: &Numbers, metrics: &IngestMetrics) -> Self {
        let mut pieces = Self::default();
        let mut seen = HashSet::new();
        for (index, delivery) in deliveries.iter().enumerate() {
            if delivery.is_broken {
                let item =
                    AsideItem { index: 0, field: String::new(), owner: None, why: "broken".to_owned() };
                pieces.asides.push((index, Reason::Dead, item));
            }
            for item in &delivery.harmful {
                metrics.count(&item.field, "unknown", "refused");
                pieces.asides.push((index, Reason::Dead, item.clone()));
            }
            for item in &delivery.items {
                pieces.sort_item((index, item.index), delivery, item, numbers, (&mut seen, metrics));
            }
        }
        pieces
    }

    fn sort_item(
        &mut self,
        at: At,
        delivery: &'a Delivery<'a>,
        item: &'a Item<'a>,
        numbers: &Numbers,
        (seen, metrics): (&mut HashSet<(&'static str, String)>, &IngestMetrics),
    ) {
        let home = home_of(numbers, item, delivery.webhook.received_ms);
        let keys = keys_of(&home, item);
        let mut fresh = keys.iter().filter(|key| seen.insert((*key).clone())).cloned();
        match home {
            Home::Test => metrics.count(&item.field, "test", "test"),
            Home::Aside { reason, owner, why } => {
                metrics.count(&item.field, "unknown", reason.collection());
                let field = item.field.as_ref().to_owned();
                self.asides.push((at.0, reason, AsideItem { index: item.index, field, owner, why }));
            }
            Home::Message { number, message } => {
                let came = delivery.came(item, message.at_s);
                match fresh.next() {
                    Some((_, key)) => {
                        self.messages.push(Piece { at, key, item, number, came, what: message });
                    }
                    None => self.repeats.push((item, message.content.kind_name())),
                }
            }
            Home::Edit { number, message } => {
                let came = delivery.came(item, message.at_s);
                match fresh.next() {
                    Some((_, key)) => self.edits.push(Piece { at, key, item, number, came, what: message }),
                    None => self.repeats.push((item, message.content.kind_name())),
                }
            }
            Home::Status { number, status } => {
                let came = delivery.came(item, status.at_s);
                match fresh.next() {
                    Some((_, key)) => self.statuses.push(Piece { at, key, item, number, came, what: status }),
                    None => self.repeats.push((item, outcome_name(status))),
                }
            }
            Home::News { numbers, is_about_number } => {
                for (number, (collection, key)) in numbers.into_iter().zip(keys) {
                    let Some(what) = news_of(item, &number, is_about_number) else { continue };
                    // In one batch, some of an account's workspaces may have it already and others not.
                    if !seen.insert((collection, key.clone())) {
                        self.repeats.push((item, what.kind));
                        continue;
                    }
                    let mut told = [what.at_s, item.entry_time_s].into_iter().flatten();
                    let at_s = told.find(|second| SECONDS.contains(second));
                    let at_s = at_s.unwrap_or_else(|| delivery.received_s());
                    let came = delivery.came(item, at_s);
                    self.news.push(Piece { at, key, item, number, came, what });
                }
            }
        }
    }

    /// Finds the contacts of everybody who is mentioned.
    pub async fn find_people(&self, people: &People) -> Result<HashMap<At, Found>, Error> {
        let becomes: HashMap<At, Person<'_>> =
            self.messages.iter().filter_map(|piece| Some((piece.at, becomes(piece.what)?))).collect();
        let messages = self.messages.iter().map(|piece| (piece, makes_conversation(piece)));
        let messages = messages.chain(self.edits.iter().map(|piece| (piece, false)));
        let messages = messages.map(|(piece, makes)| {
            let new = becomes.get(&piece.at);
            (piece.at, &piece.came, (&piece.number, makes), &piece.what.customer, new)
        });
        let news = self.news.iter().filter_map(|piece| {
            let number =
                (&piece.number, conversation_change(&piece.item.event, piece.came.position).is_some());
            Some((piece.at, &piece.came, number, piece.what.person?, piece.what.becomes))
        });
        let mut asked: Vec<_> = messages.chain(news).collect();
        // In the order of arrival: what is decided for one holds for the next.
        asked.sort_by_key(|(at, ..)| *at);
        let mentions: Vec<Asked<'_>> = asked
            .iter()
            .map(|(_, came, (number, _), person, becomes)| Asked {
                workspace: number.workspace,
                person,
                becomes: *becomes,
                at_s: came.position.second,
                order: came.position.order,
            })
            .collect();
        let numbers: Vec<Option<Uuid>> =
            asked.iter().map(|(_, _, (number, makes), ..)| makes.then_some(number.id)).collect();
        let found = people.find_at(&mentions, &numbers).await?;
        Ok(asked.iter().zip(found).filter_map(|((at, ..), found)| Some((*at, found?))).collect())
    }
}

/// Whether a message is one of a conversation with its writer alone.
fn makes_conversation(piece: &Piece<'_, &Message<'_>>) -> bool {
    piece.what.group_id.is_none()
}
