//! Blocking a contact: here, so that nothing is sent any more, and at Meta, so that the person can no longer write.
//!
//! Meta blocks by number, and only who has written within 24 hours. What it does not do leaves the block here as it is.

use uuid::Uuid;

use super::{Contacts, Error};
use crate::auth::{Deed, Visitor};
use crate::domain::contact::card::Wrong;
use crate::domain::person::Person;
use crate::meta::client::block::Outcome;
use crate::numbers;
use crate::storage::contact_record::{Block, ContactRecord};

/// With how many numbers something is done at once: each is a request to Meta.
const NUMBERS_MAX: usize = 20;

/// What became of one number's block.
#[derive(Debug)]
pub struct Blocking {
    pub number: Uuid,
    pub at_meta: AtMeta,
}

/// What became of it at Meta's side.
#[derive(Debug)]
pub enum AtMeta {
    Done,
    /// There was nothing to do there.
    NotNeeded,
    /// Meta did not do it: its code, where it gave one.
    Refused {
        code: Option<i64>,
    },
    /// Meta could not be asked, or gave no answer.
    Failed(numbers::Error),
}

impl Contacts {
    /// Blocks a contact for these numbers; for all that it has a conversation with, if none are named.
    pub async fn block(
        &self,
        by: &Visitor,
        id: Uuid,
        numbers: Option<Vec<Uuid>>,
    ) -> Result<(ContactRecord, Vec<Blocking>), Error> {
        let record = self.visible(by, id).await?;
        let numbers = match numbers {
            Some(numbers) => numbers,
            None => self.numbers_of(by, &record).await?,
        };
        let numbers = self.checked(by, numbers).await?;
        let (names, names_then) = (self.names_of(&record).await?, self.names_ever(&record).await?);
        let mut blockings = Vec::with_capacity(numbers.len());
        for number in numbers {
            let (workspace, who) = (by.workspace, by.who.to_string());
            if !self.0.storage.block_contact(workspace, record.id, number, &who, self.now_ms()).await? {
                return Err(Error::NotFound("contactId"));
            }
            // Nobody else is blocked because of a number that was this one's.
            let at_meta = if names.is_empty() {
                AtMeta::NotNeeded
            } else {
                outcome(self.0.numbers.block_customers(by, number, &names).await)?
            };
            if matches!(at_meta, AtMeta::Done) {
                let storage = &self.0.storage;
                let is_older = |block: &Block| block.number == number && names_unknown(block);
                let older = if record.blocks.iter().any(is_older) { names_then.as_slice() } else { &[] };
                let names = [&names, older].concat();
                storage.note_block_at_meta(workspace, record.id, number, &names, self.now_ms()).await?;
            }
            let number_text = number.to_string();
            self.note(by, Deed::BlockContacts, record.id, &[("blocked", None, Some(&number_text))]).await?;
            blockings.push(Blocking { number, at_meta });
        }
        Ok((self.visible(by, record.id).await?, blockings))
    }

    /// Ends the blocks of a contact for these numbers; all that the caller may touch, if none are named. Where Meta could
    /// not be asked, the block stays.
    pub async fn unblock(
        &self,
        by: &Visitor,
        id: Uuid,
        numbers: Option<Vec<Uuid>>,
    ) -> Result<(ContactRecord, Vec<Blocking>), Error> {
        let record = self.visible(by, id).await?;
        if let Some(numbers) = &numbers {
            self.checked(by, numbers.clone()).await?;
        }
        let is_meant = |block: &&Block| match &numbers {
            Some(numbers) => numbers.contains(&block.number),
            None => by.may_touch(block.number),
        };
        let names_then = self.names_ever(&record).await?;
        let mut blockings = Vec::new();
        for block in record.blocks.iter().filter(is_meant).take(NUMBERS_MAX) {
            let blocked = if names_unknown(block) { &names_then } else { &block.names_at_meta };
            let at_meta = if block.is_at_meta && !blocked.is_empty() {
                outcome(self.0.numbers.unblock_customers(by, block.number, blocked).await)?
            } else {
                AtMeta::NotNeeded
            };
            if !matches!(at_meta, AtMeta::Failed(_)) {
                let storage = &self.0.storage;
                storage.unblock_contact(by.workspace, record.id, block.number, self.now_ms()).await?;
                let number = block.number.to_string();
                self.note(by, Deed::BlockContacts, record.id, &[("blocked", Some(&number), None)]).await?;
            }
            blockings.push(Blocking { number: block.number, at_meta });
        }
        Ok((self.visible(by, record.id).await?, blockings))
    }

    async fn numbers_of(&self, by: &Visitor, record: &ContactRecord) -> Result<Vec<Uuid>, Error> {
        let conversations = self.0.storage.conversations_of(record.id).await?;
        let numbers = conversations.into_iter().map(|(_, number)| number);
        Ok(numbers.filter(|number| by.may_touch(*number)).collect())
    }

    /// Numbers of the visitor's, each once.
    async fn checked(&self, by: &Visitor, mut numbers: Vec<Uuid>) -> Result<Vec<Uuid>, Error> {
        numbers.sort_unstable();
        numbers.dedup();
        if numbers.is_empty() || numbers.len() > NUMBERS_MAX {
            let sentence = "Name from 1 to 20 numbers.";
            return Err(Error::Invalid(vec![Wrong { field: "numberIds", sentence }]));
        }
        for number in &numbers {
            let is_there = self.0.numbers.find(by.workspace, *number).await?.is_some();
            if !is_there || !by.may_touch(*number) {
                return Err(Error::NotFound("numberIds"));
            }
        }
        Ok(numbers)
    }

    /// The names under which Meta knows a contact and those that people have merged into it, without numbers that are
    /// somebody else's by now.
    async fn names_of(&self, record: &ContactRecord) -> Result<Vec<String>, Error> {
        let storage = &self.0.storage;
        let mut names = Vec::new();
        for (id, person) in self.family_of(record).await? {
            let known = (record.workspace, id, record.id);
            names.extend(name_of(storage.without_lost_numbers(known, person).await?));
        }
        Ok(names)
    }

    /// The same with those numbers: what was blocked at Meta is blocked there until somebody lifts it.
    async fn names_ever(&self, record: &ContactRecord) -> Result<Vec<String>, Error> {
        let family = self.family_of(record).await?.into_iter();
        Ok(family.filter_map(|(_, person)| name_of(person)).collect())
    }

    async fn family_of(&self, record: &ContactRecord) -> Result<Vec<(Uuid, Person<'static>)>, Error> {
        let storage = &self.0.storage;
        let mut family = vec![record.clone()];
        // What WhatsApp told to be one has its names there.
        let merged = storage.merged_into(record.workspace, record.id).await?.into_iter();
        for merged in merged.filter(|merged| merged.by.is_some()) {
            family.extend(storage.read_contact(record.workspace, merged.from).await?);
        }
        let person = |ContactRecord { id, wa_id, phone, mut user_ids, .. }| {
            let person = Person {
                wa_id: wa_id.map(Into::into),
                phone: phone.map(Into::into),
                user_id: user_ids.pop().map(Into::into),
                ..Person::default()
            };
            (id, person)
        };
        Ok(family.into_iter().map(person).collect())
    }
}

/// Under which name Meta is asked to block somebody.
fn name_of(Person { wa_id, phone, user_id, .. }: Person<'_>) -> Option<String> {
    wa_id.or(phone).or(user_id).map(String::from)
}

/// Whether a block at Meta is from before its names were kept.
const fn names_unknown(block: &Block) -> bool {
    block.is_at_meta && block.names_at_meta.is_empty()
}

fn outcome(outcome: Result<Outcome, numbers::Error>) -> Result<AtMeta, Error> {
    match outcome {
        Ok(Outcome { failed, .. }) => Ok(match failed.first() {
            None => AtMeta::Done,
            Some(failed) => AtMeta::Refused { code: failed.codes.first().copied() },
        }),
        Err(error @ (numbers::Error::Storage(_) | numbers::Error::Audit(_) | numbers::Error::Random(_))) => {
            Err(error.into())
        }
        Err(error) => Ok(AtMeta::Failed(error)),
    }
}
