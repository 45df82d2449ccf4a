//! To whom a message goes: from what the caller names to the id that Meta is given, and the conversation that shows it.

use uuid::Uuid;

use super::Outbound;
use super::ask::{Error, To, windows_of};
use crate::domain::outgoing::Recipient;
use crate::domain::outgoing::window::Windows;
use crate::domain::person::{Person, is_user_id};
use crate::domain::phone::{NoNumber, Phone};
use crate::people::{Asked, conversation_id};
use crate::storage;
use crate::storage::addressee::Addressee;
use crate::storage::conversation_record::ConversationRecord;
use crate::storage::number_record::NumberRecord;

const GROUP_ID_CHARS_MAX: usize = 256;
/// Longer than a write waits for a majority.
const SETTLED_AFTER_MS: i64 = 60_000;

/// Whom it goes to, and where it shows.
pub(super) struct Address {
    pub conversation: Uuid,
    /// Whether that conversation is there, and stays.
    pub is_known: bool,
    pub contact: Option<Uuid>,
    /// Whose address it is, if that is another contact, which people have merged with this one.
    pub addressee: Option<Uuid>,
    pub is_blocked: bool,
    pub group_id: Option<String>,
    pub person: Person<'static>,
    pub recipient: Recipient,
    pub windows: Windows,
}

/// What somebody says about the id that a message is to go to.
pub(super) enum Given {
    Nothing,
    /// For whoever has never written: others are answered under the id that they write from.
    Unless(Recipient),
    /// For everybody whose number, if it has one, is not somebody else's.
    Exactly(Recipient),
}

impl Outbound {
    pub(super) async fn address(
        &self,
        to: &To,
        number: &NumberRecord,
        (conversation, given): (Option<ConversationRecord>, Given),
    ) -> Result<Address, Error> {
        if let Some(conversation) = conversation {
            if let Some(group_id) = conversation.group_id.clone() {
                return Ok(address_of_group(group_id, conversation.id, Some(&conversation)));
            }
            let contact = conversation.contact.ok_or(Error::NotFound("to.conversationId"))?;
            return self.address_of((number, Some(conversation)), contact, given, "to.conversationId").await;
        }
        match to {
            To::Conversation(_) => Err(Error::NotFound("to.conversationId")),
            To::Contact(contact) => self.address_of((number, None), *contact, given, "to.contactId").await,
            To::Phone(spelling) => {
                let phone = Phone::parse(spelling, None).map_err(|why| no_number(why, "to.phone"))?;
                self.address_by_phone(number, &phone, "to.phone").await
            }
            To::Both { phone, user_id } => {
                let phone = Phone::parse(phone, None).map_err(|why| no_number(why, "to.both.phone"))?;
                ensure_user_id(user_id, "to.both.userId")?;
                let person = Person {
                    user_id: Some(user_id.clone().into()),
                    phone: Some(phone.as_str().to_owned().into()),
                    ..Person::default()
                };
                let contact = self.contact_of(number.workspace, &person).await?;
                let both = Recipient::Both { phone: phone.as_str().to_owned(), user_id: user_id.clone() };
                self.address_of((number, None), contact, Given::Exactly(both), "to.both").await
            }
            To::Group(id) => {
                if !(1..=GROUP_ID_CHARS_MAX).contains(&id.chars().count()) {
                    let sentence = "Meta's id of a group has from 1 to 256 characters.".to_owned();
                    return Err(Error::Invalid { field: "to.groupId", sentence });
                }
                let conversation = conversation_id(number.id, id.as_bytes());
                let record = self.0.storage.find_conversation(number.workspace, conversation).await?;
                Ok(address_of_group(id.clone(), conversation, record.as_ref()))
            }
            To::UserId(id) => {
                ensure_user_id(id, "to.userId")?;
                let person = Person { user_id: Some(id.clone().into()), ..Person::default() };
                let contact = self.contact_of(number.workspace, &person).await?;
                let recipient = Recipient::UserId(id.clone());
                self.address_of((number, None), contact, Given::Exactly(recipient), "to.userId").await
            }
        }
    }

    /// The address of a contact.
    async fn address_of(
        &self,
        (number, seen): (&NumberRecord, Option<ConversationRecord>),
        contact: Uuid,
        given: Given,
        field: &'static str,
    ) -> Result<Address, Error> {
        let found = self.0.storage.find_person(number.workspace, contact).await?;
        let found = found.ok_or(Error::NotFound(field))?;
        self.address_with((number, seen), (contact, found), given, field).await
    }

    /// The same of whom was found under the contact that was asked for.
    async fn address_with(
        &self,
        (number, seen): (&NumberRecord, Option<ConversationRecord>),
        (asked, found): (Uuid, Addressee),
        given: Given,
        field: &'static str,
    ) -> Result<Address, Error> {
        let given = match given {
            Given::Exactly(recipient) if self.is_lost(number.workspace, asked, &recipient).await? => {
                Given::Nothing
            }
            given => given,
        };
        let Addressee { contact, known, person } = found;
        let (recipient, whose) = match given {
            Given::Exactly(recipient) => (Some(recipient), asked),
            Given::Unless(recipient) if person.wa_id.is_none() => (Some(recipient), asked),
            Given::Unless(_) | Given::Nothing => (Recipient::of(&person), known),
        };
        let recipient = recipient.ok_or(Error::NoAddress(field))?;
        let conversation = conversation_id(number.id, contact.as_bytes());
        let (storage, workspace) = (&self.0.storage, number.workspace);
        let record = async {
            match seen.filter(|seen| seen.id == conversation) {
                Some(seen) => Ok(Some(seen)),
                None => storage.find_conversation(workspace, conversation).await,
            }
        };
        let (record, is_blocked) =
            tokio::try_join!(record, storage.is_blocked(workspace, contact, number.id))?;
        Ok(Address {
            conversation: record.as_ref().map_or(conversation, |record| record.id),
            is_known: record.as_ref().is_some_and(|record| self.is_settled(record)),
            contact: Some(contact),
            addressee: (whose != contact).then_some(whose),
            is_blocked,
            group_id: None,
            person,
            recipient,
            windows: record.as_ref().map(windows_of).unwrap_or_default(),
        })
    }

    /// Whether the number that Meta would send to is somebody else's.
    async fn is_lost(
        &self,
        workspace: Uuid,
        contact: Uuid,
        recipient: &Recipient,
    ) -> Result<bool, storage::Error> {
        match recipient.phone() {
            Some(phone) => Ok(!self.0.storage.may_have_line(workspace, contact, phone).await?),
            None => Ok(false),
        }
    }

    /// Whether a conversation stays whichever member of the database leads: what has just been made may be undone.
    fn is_settled(&self, conversation: &ConversationRecord) -> bool {
        conversation.created_ms + SETTLED_AFTER_MS < self.0.clock.now_ms()
    }

    /// The address of a line, by whichever id WhatsApp knows it; of a new contact if it has never been heard of.
    async fn address_by_phone(
        &self,
        number: &NumberRecord,
        phone: &Phone,
        field: &'static str,
    ) -> Result<Address, Error> {
        let (storage, workspace) = (&self.0.storage, number.workspace);
        let given = || Given::Unless(Recipient::Phone(phone.as_str().to_owned()));
        let owners = storage.owners_of_lines(workspace, &[phone.digits()]).await?;
        let owner = owners.into_iter().next().flatten();
        let line = owner.as_ref().map_or(phone.digits(), |(name, _)| name.value.as_str());
        let person = Person { phone: Some(format!("+{line}").into()), ..Person::default() };
        if let Some((_, owner)) = &owner
            && let Some(found) = storage.find_person(workspace, *owner).await?
            && found.person.phone == person.phone
        {
            let address = self.address_with((number, None), (*owner, found), given(), field).await?;
            if address.is_known {
                return Ok(address);
            }
        }
        // Whoever has just been made may be undone, or made by somebody else at this moment, as anybody new.
        let contact = self.contact_of(workspace, &person).await?;
        self.address_of((number, None), contact, given(), field).await
    }

    async fn contact_of(&self, workspace: Uuid, person: &Person<'_>) -> Result<Uuid, Error> {
        let position = self.position(self.0.clock.now_ms());
        let (at_s, order) = (position.second, position.order);
        let asked = [Asked { workspace, person, becomes: None, at_s, order }];
        let found = self.0.sender.0.people.find(&asked).await?.into_iter().next().flatten();
        Ok(found.ok_or(storage::Error::Conflict)?.contact)
    }
}

fn address_of_group(group_id: String, conversation: Uuid, record: Option<&ConversationRecord>) -> Address {
    let unknown = Windows { is_group: true, ..Windows::default() };
    Address {
        recipient: Recipient::Group(group_id.clone()),
        person: Person::default(),
        windows: record.map_or(unknown, windows_of),
        conversation,
        is_known: record.is_some(),
        contact: None,
        addressee: None,
        is_blocked: false,
        group_id: Some(group_id),
    }
}

fn ensure_user_id(id: &str, field: &'static str) -> Result<(), Error> {
    if is_user_id(id) {
        return Ok(());
    }
    let sentence = "A business-scoped user id is like US.13491208655302741918.".to_owned();
    Err(Error::Invalid { field, sentence })
}

fn no_number(error: NoNumber, field: &'static str) -> Error {
    let sentence = match error {
        NoNumber::Letters => {
            "A phone number has digits, and only spaces, brackets, dots and dashes around them."
        }
        NoNumber::NoRegion => "Write the number with its country code, like +62 812 3456 7890.",
        NoNumber::Invalid => "There is no such phone number.",
    };
    Error::Invalid { field, sentence: sentence.to_owned() }
}
