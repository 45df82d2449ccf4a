//! Who is meant: finds or makes the contact of each person whom a batch of webhooks, or somebody who sends, mentions.
//!
//! A person with a user id whose names are all known already costs nothing. Everybody else is looked up, all of a batch
//! at once, whichever workspace they are in; what is decided for one is known for the next of the same batch. Somebody who was faster makes us look
//! again: nothing is decided on what is not in the database.

pub mod memory;
mod register;

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use uuid::Uuid;

use crate::clock::Clock;
use crate::domain::contact::{Name, names_of};
use crate::domain::person::Person;
use crate::ids::derived;
use crate::storage::Error;
use crate::storage::Storage;
use crate::storage::contacts::{KnownContact, Mention, Merge, NameIn};
use crate::storage::conversations::NewConversation;
use memory::{Digester, Memory, filling};
use register::{Register, twin};

/// How many people are remembered at least.
const REMEMBERED: usize = filling(65_536);
/// How often a lookup is repeated because somebody else was faster.
const TRIES_MAX: usize = 20;
/// How many merges are followed: each points nearer to the last.
const MERGES_MAX: usize = 32;

/// A mention of a person.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    pub workspace: Uuid,
    pub person: &'a Person<'a>,
    /// The names that the person has from now on, when Meta says that they changed.
    pub becomes: Option<&'a Person<'a>>,
    pub at_s: i64,
    pub order: i64,
}

/// A mention of somebody who has to be looked up, and the number of ours with which it makes a conversation.
type Stranger<'a> = (Asked<'a>, Option<Uuid>);

/// Who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    pub contact: Uuid,
    /// Whether the contact may be new or known better than before.
    pub is_touched: bool,
    /// Whether it is certain: a name has become theirs.
    pub is_named: bool,
}

/// Who was found, and which of them have got names by it.
#[derive(Debug)]
struct LookedUp {
    contacts: Vec<Option<Uuid>>,
    /// Whether all names of a mention are that contact's, so that the same mention once more changes nothing.
    is_settled: Vec<bool>,
    named: HashSet<Uuid>,
    /// Who turned out to be somebody else, and who.
    merged: HashMap<Uuid, Uuid>,
}

/// Finds people. One a process.
#[derive(Debug)]
pub struct People {
    storage: Storage,
    clock: Clock,
    digester: Digester,
    known: Mutex<Remembered>,
}

/// The contacts of user ids, and what was last said of contacts.
#[derive(Debug)]
struct Remembered {
    contacts: Memory<u128, Uuid>,
    words: Memory<Uuid, Words>,
}

/// What was last said, in a short form, and when: Meta's second, and our order within it. Zero: nothing yet.
#[derive(Clone, Copy, Debug, Default)]
struct Word {
    mark: u64,
    at: (i64, i64),
}

/// The fields of a person of which the latest word stays, and the parent id.
type Words = [Word; 6];

impl People {
    /// Knows nobody yet.
    pub fn new(storage: &Storage, clock: &Clock) -> Self {
        let (contacts, words) = (Memory::new(REMEMBERED), Memory::new(REMEMBERED));
        let known = Mutex::new(Remembered { contacts, words });
        Self { storage: storage.clone(), clock: clock.clone(), digester: Digester::default(), known }
    }

    /// Finds or makes the contact of each. Nothing for a person without any name.
    pub async fn find(&self, asked: &[Asked<'_>]) -> Result<Vec<Option<Found>>, Error> {
        self.find_at(asked, &[]).await
    }

    /// The same for mentions that make conversations: `numbers` says of each with which number of ours, if it does.
    pub async fn find_at(
        &self,
        asked: &[Asked<'_>],
        numbers: &[Option<Uuid>],
    ) -> Result<Vec<Option<Found>>, Error> {
        let mut found: Vec<Option<Found>> = asked.iter().map(|one| self.remembered(one)).collect();
        let strangers: Vec<usize> = asked
            .iter()
            .zip(&found)
            .enumerate()
            .filter(|(_, (one, found))| found.is_none() && one.person.is_identified())
            .map(|(index, _)| index)
            .collect();
        if strangers.is_empty() {
            return Ok(found);
        }
        let people: Vec<Stranger<'_>> = strangers
            .iter()
            .filter_map(|index| Some((*asked.get(*index)?, numbers.get(*index).copied().flatten())))
            .collect();
        let LookedUp { contacts, is_settled, named, merged } = self.look_up(&people).await?;
        for known in found.iter_mut().flatten() {
            // Whoever was known when the batch came may have turned out to be somebody else in it.
            known.contact = merged.get(&known.contact).copied().unwrap_or(known.contact);
        }
        let looked_up = contacts.into_iter().zip(is_settled);
        for ((index, (one, _)), (contact, is_settled)) in strangers.into_iter().zip(&people).zip(looked_up) {
            if let (Some(slot), Some(contact)) = (found.get_mut(index), contact) {
                *slot = Some(Found { contact, is_touched: true, is_named: named.contains(&contact) });
                self.remember(one, contact, is_settled);
            }
        }
        Ok(found)
    }

    fn remembered(&self, asked: &Asked<'_>) -> Option<Found> {
        if asked.becomes.is_some() {
            return None;
        }
        let key = self.key(asked.workspace, asked.person)?;
        let said = self.words_of(asked.person, (asked.at_s, asked.order));
        let mut known = self.known();
        let contact = known.contacts.get(&key)?;
        let mut words = known.words.get(&contact)?;
        for (word, said) in words.iter_mut().zip(said).filter(|(_, said)| said.mark != 0) {
            if word.mark != said.mark {
                return None;
            }
            // It costs no write; but what was said before this is not the latest any more.
            word.at = word.at.max(said.at);
        }
        known.words.insert(contact, words);
        Some(Found { contact, is_touched: false, is_named: false })
    }

    fn known(&self) -> MutexGuard<'_, Remembered> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Only people with a user id: every other name may be somebody else's tomorrow.
    fn key(&self, workspace: Uuid, person: &Person<'_>) -> Option<u128> {
        person.user_id.as_deref().map(|user_id| self.digester.key(&(workspace, user_id)))
    }

    fn words_of(&self, person: &Person<'_>, at: (i64, i64)) -> Words {
        [
            &person.wa_id,
            &person.phone,
            &person.username,
            &person.name,
            &person.identity_key_hash,
            &person.parent_user_id,
        ]
        .map(|value| Word { mark: value.as_deref().map_or(0, |value| self.digester.mark(value)), at })
    }

    /// The names of a mention that are somebody else's by now may become theirs again the next time.
    fn remember(&self, asked: &Asked<'_>, contact: Uuid, is_settled: bool) {
        if let (Some(key), None) = (self.key(asked.workspace, asked.person), asked.becomes) {
            let mut known = self.known();
            if is_settled {
                known.contacts.insert(key, contact);
            } else {
                known.contacts.remove(&key);
            }
        }
    }

    /// Remembers what was written about contacts.
    fn note(&self, mentions: &[Mention<'_>]) {
        let mut known = self.known();
        for mention in mentions {
            let mut words = known.words.get(&mention.contact).unwrap_or_default();
            let said = self.words_of(&mention.person, (mention.at_s, mention.order));
            for (word, said) in words.iter_mut().zip(said).filter(|(_, said)| said.mark != 0) {
                if word.mark == 0 || said.at > word.at {
                    *word = said;
                }
            }
            known.words.insert(mention.contact, words);
        }
    }

    /// A mention without what was told otherwise later. That was not written again if it was known, so the database would
    /// take the earlier word for the latest.
    fn without_older<'a>(&self, mut mention: Mention<'a>) -> Mention<'a> {
        let Some(words) = self.known().words.get(&mention.contact) else { return mention };
        let said = self.words_of(&mention.person, (mention.at_s, mention.order));
        let person = &mut mention.person;
        let fields = [
            &mut person.wa_id,
            &mut person.phone,
            &mut person.username,
            &mut person.name,
            &mut person.identity_key_hash,
        ];
        for ((field, word), said) in fields.into_iter().zip(words).zip(said) {
            if word.mark != 0 && word.mark != said.mark && said.at < word.at {
                *field = None;
            }
        }
        mention
    }

    /// Forgets whose user ids are: somebody may have been joined, or have other names. What was said of whom is still true.
    fn forget(&self) {
        self.known().contacts.clear();
    }

    async fn look_up(&self, people: &[Stranger<'_>]) -> Result<LookedUp, Error> {
        for _ in 0..TRIES_MAX {
            match self.look_up_once(people).await {
                Err(Error::Conflict) => tokio::task::yield_now().await,
                outcome => return outcome,
            }
        }
        Err(Error::Conflict)
    }

    async fn look_up_once(&self, people: &[Stranger<'_>]) -> Result<LookedUp, Error> {
        let mut register = self.register_of(people).await?;
        let contacts: Vec<Option<Uuid>> = people.iter().map(|(asked, _)| register.enter(asked)).collect();
        let now_ms = self.clock.now_ms();
        self.make_conversations(people, &contacts, &register.merges).await?;
        let merges = self.with_conversations(&register.merges).await?;
        let claimed = self.storage.claim_names(&register.claims, &merges, now_ms).await;
        if !merges.is_empty() || register.claims.iter().any(|claim| claim.from.is_some()) {
            // However it ended: they may be joined now, or a name may have moved, and the next try would not see that
            // it was we who did it.
            self.forget();
        }
        claimed?;
        let mut mentions = Vec::with_capacity(people.len());
        for ((asked, _), contact) in people.iter().zip(&contacts) {
            let Some(contact) = *contact else { continue };
            let before = asked.becomes.map(|becomes| without_what_changes(asked.person, becomes));
            let (workspace, at_s, order) = (asked.workspace, asked.at_s, asked.order);
            let mention = |person| self.without_older(Mention { workspace, contact, person, at_s, order });
            mentions.push(mention(before.unwrap_or_else(|| asked.person.clone())));
            mentions.extend(asked.becomes.map(|person| {
                let mut person = person.clone();
                // Another one may have it by people's word.
                person.user_id = person.user_id.filter(|id| register.may_have(contact, (workspace, id)));
                mention(person)
            }));
        }
        self.storage.note_mentions(&mentions, now_ms).await?;
        self.note(&mentions);
        let owns = |((asked, _), contact): (&Stranger<'_>, &Option<Uuid>)| {
            contact.is_some_and(|contact| register.owns(contact, asked))
        };
        let is_settled = people.iter().zip(&contacts).map(owns).collect();
        let both = register.merges.iter().flat_map(|(_, from, into)| [*from, *into]);
        let named = register.claims.iter().map(|claim| claim.contact).chain(both).collect();
        let merged = register.merges.iter().map(|(_, from, _)| (*from, register.last_of(*from))).collect();
        Ok(LookedUp { contacts, is_settled, named, merged })
    }

    /// What is known of everybody who may be meant.
    async fn register_of(&self, people: &[Stranger<'_>]) -> Result<Register, Error> {
        let names: HashSet<NameIn> = people.iter().flat_map(|(asked, _)| all_names(asked)).collect();
        let names: Vec<NameIn> = names.into_iter().collect();
        let aliases = self.storage.aliases_in(&names).await?;
        let owners: HashSet<Uuid> = aliases
            .values()
            .flat_map(|alias| alias.past.iter().map(|(owner, _)| *owner).chain([alias.contact]))
            .collect();
        let owners: Vec<Uuid> = owners.into_iter().collect();
        let mut contacts = self.storage.contacts_of(&owners).await?;
        self.add_merge_targets(&mut contacts).await?;
        Ok(Register { aliases, contacts, claims: Vec::new(), merges: Vec::new() })
    }

    /// Makes the conversations that are about to be made with contacts who turn out to be others in the same batch. So
    /// they point to the others' like those that were there before.
    async fn make_conversations(
        &self,
        people: &[Stranger<'_>],
        contacts: &[Option<Uuid>],
        merges: &[(Uuid, Uuid, Uuid)],
    ) -> Result<(), Error> {
        let joined: HashSet<Uuid> = merges.iter().map(|(_, from, _)| *from).collect();
        let mut new: HashMap<Uuid, NewConversation> = HashMap::new();
        for ((asked, number), contact) in people.iter().zip(contacts) {
            let (Some(number), Some(contact)) = (*number, contact.filter(|one| joined.contains(one))) else {
                continue;
            };
            let id = conversation_id(number, contact.as_bytes());
            let one = new.entry(id).or_insert(NewConversation {
                id,
                workspace: asked.workspace,
                number,
                contact: Some(contact),
                group_id: None,
                at_s: asked.at_s,
            });
            one.at_s = one.at_s.max(asked.at_s);
        }
        if new.is_empty() {
            return Ok(());
        }
        let new: Vec<NewConversation> = new.into_values().collect();
        self.storage.ensure_conversations(&new, self.clock.now_ms()).await
    }

    async fn with_conversations(&self, merges: &[(Uuid, Uuid, Uuid)]) -> Result<Vec<Merge>, Error> {
        let mut whole = Vec::with_capacity(merges.len());
        for (workspace, from, into) in merges.iter().copied() {
            let conversations = self.storage.conversations_of(from).await?.into_iter();
            let conversations =
                conversations.map(|(id, number)| (id, conversation_id(number, into.as_bytes()))).collect();
            whole.push(Merge { workspace, from, into, conversations });
        }
        Ok(whole)
    }

    async fn add_merge_targets(&self, contacts: &mut HashMap<Uuid, KnownContact>) -> Result<(), Error> {
        for _ in 0..MERGES_MAX {
            let missing: HashSet<Uuid> = contacts
                .values()
                .flat_map(|contact| {
                    contact.merged_into.iter().chain(&contact.merged_by_hand_into).chain(&contact.apart_from)
                })
                .copied()
                .filter(|id| !contacts.contains_key(id))
                .collect();
            if missing.is_empty() {
                break;
            }
            let missing: Vec<Uuid> = missing.into_iter().collect();
            contacts.extend(self.storage.contacts_of(&missing).await?);
        }
        Ok(())
    }
}

/// The conversation of a number with a contact, or with a group by Meta's id.
pub fn conversation_id(number: Uuid, other: &[u8]) -> Uuid {
    derived("conversation", &[number.as_bytes(), other])
}

/// What a mention tells beside the names that it says are no more.
fn without_what_changes<'a>(person: &Person<'a>, becomes: &Person<'_>) -> Person<'a> {
    let mut person = person.clone();
    for (old, new) in [
        (&mut person.wa_id, &becomes.wa_id),
        (&mut person.phone, &becomes.wa_id),
        (&mut person.username, &becomes.username),
    ] {
        if new.is_some() {
            *old = None;
        }
    }
    person
}

/// The names to look up for a mention. A phone number may be known as a `wa_id`, and the other way round.
fn all_names(asked: &Asked<'_>) -> Vec<NameIn> {
    let mut names = names_of(asked.person);
    names.extend(asked.becomes.map(names_of).unwrap_or_default());
    let twins: Vec<Name> = names.iter().filter_map(twin).collect();
    names.extend(twins);
    names.into_iter().map(|name| (asked.workspace, name)).collect()
}
