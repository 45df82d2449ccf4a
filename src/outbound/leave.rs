//! What may be sent to somebody now, and why not more: asked before anything is written.

use uuid::Uuid;

use super::ask::{Error, windows_of};
use crate::auth::{Deed, Visitor, authorize_number};
use crate::clock::Clock;
use crate::domain::number::Block;
use crate::domain::outgoing::Recipient;
use crate::domain::outgoing::window;
use crate::domain::outgoing::window::{Category, Charge, Windows, charge};
use crate::people::conversation_id;
use crate::storage::Storage;
use crate::storage::addressee::Addressee;
use crate::storage::number_record::NumberRecord;

/// To whom something is to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whom {
    Conversation(Uuid),
    /// With a number of ours; whether they have ever written does not matter.
    Contact {
        contact: Uuid,
        number: Uuid,
    },
}

/// Why nothing leaves now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hold {
    /// Somebody has paused the number.
    Paused,
    /// Something has to be mended first.
    Blocked(Block),
    NoToken,
    /// Somebody has blocked the contact.
    ContactBlocked,
    /// There is nothing by which WhatsApp would find the contact.
    NoAddress,
}

/// What may be sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Leave {
    pub number: NumberRecord,
    pub windows: Windows,
    /// By the windows alone.
    pub leave: window::Leave,
    /// Nothing leaves because of this, whatever the windows say.
    pub hold: Option<Hold>,
    pub at_s: i64,
}

impl Leave {
    /// What a message of a category costs if it is delivered now.
    pub fn charge(&self, category: Category) -> Charge {
        charge(self.windows, category, self.at_s)
    }

    /// What may be sent to somebody now.
    pub async fn of(storage: &Storage, clock: &Clock, visitor: &Visitor, whom: Whom) -> Result<Self, Error> {
        let (number, conversation, contact) = match whom {
            Whom::Conversation(id) => {
                let found = storage.find_conversation(visitor.workspace, id).await?;
                let found = found.filter(|conversation| visitor.may_touch(conversation.number));
                let conversation = found.ok_or(Error::NotFound("conversationId"))?;
                let contact = match conversation.contact {
                    Some(contact) => storage.find_person(visitor.workspace, contact).await?,
                    None => None,
                };
                (conversation.number, Some(conversation), contact)
            }
            Whom::Contact { contact, number } => {
                let found = storage.find_person(visitor.workspace, contact).await?;
                let found = found.ok_or(Error::NotFound("contactId"))?;
                let id = conversation_id(number, found.contact.as_bytes());
                let conversation = storage.find_conversation(visitor.workspace, id).await?;
                // Whoever is limited to some numbers knows the contacts of those.
                if visitor.numbers.is_some() && conversation.is_none() {
                    return Err(Error::NotFound("contactId"));
                }
                (number, conversation, Some(found))
            }
        };
        authorize_number(visitor, Deed::SeeConversations, number)?;
        let number = storage.find_number(visitor.workspace, number).await?;
        let number = number.ok_or(Error::NotFound("numberId"))?;
        let windows = conversation.as_ref().map(windows_of).unwrap_or_default();
        let at_s = clock.now_ms().div_euclid(1_000);
        let leave = window::can_send(windows, at_s);
        let hold = match (hold_of(&number), contact) {
            (None, Some(Addressee { contact, person, .. })) => {
                if storage.is_blocked(visitor.workspace, contact, number.id).await? {
                    Some(Hold::ContactBlocked)
                } else {
                    Recipient::of(&person).is_none().then_some(Hold::NoAddress)
                }
            }
            (hold, _) => hold,
        };
        Ok(Self { number, windows, leave, hold, at_s })
    }
}

fn hold_of(number: &NumberRecord) -> Option<Hold> {
    if number.access_token.is_none() {
        return Some(Hold::NoToken);
    }
    if let Some(block) = &number.block {
        return Some(Hold::Blocked(block.clone()));
    }
    number.paused_at_ms.map(|_| Hold::Paused)
}
