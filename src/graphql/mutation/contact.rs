//! Work on contacts: editing, merging, blocking.

use async_graphql::{Context, Enum, ID, InputObject, MaybeUndefined, Object, SimpleObject};

use crate::auth::Deed;
use crate::contacts::{AtMeta, Blocking, Error};
use crate::domain::contact::card::Edit;
use crate::graphql::contact::Contact;
use crate::graphql::context::{allowed, services};
use crate::graphql::error::{Failure, UserError, UserErrorCode};
use crate::graphql::mutation::number::given;
use crate::graphql::number;
use crate::graphql::scalar;
use crate::meta::fault;
use crate::storage::merges::MergeOutcome;

/// What is to change. What is not given stays; null takes it away.
#[derive(Debug, InputObject)]
pub struct EditContactInput {
    /// The name that it has in the CRM: it goes before the one that the person has chosen. 200 characters.
    display_name: MaybeUndefined<String>,
    /// The e-mail address. 254 characters.
    email: MaybeUndefined<String>,
    /// The language to write to the person in, like `id` or `pt_BR`.
    language: MaybeUndefined<String>,
    /// Whether the person has told the business to send no marketing.
    marketing_opt_out: MaybeUndefined<bool>,
    /// The attributes that change; those that are not named stay. A contact has 50 at most.
    attributes: Option<Vec<ContactAttributeInput>>,
    /// The `revision` that the caller has read: if somebody else has changed the contact since, nothing is done.
    expected_revision: Option<i64>,
}

/// Something to note about a contact.
#[derive(Debug, InputObject)]
pub struct ContactAttributeInput {
    /// What it is about: from 1 to 64 letters, digits, dashes and underscores.
    key: String,
    /// What it says: 1,000 characters at most; null takes the attribute away.
    value: Option<String>,
}

/// A contact as it is afterwards, or why nothing was done.
#[derive(Debug, SimpleObject)]
pub struct ContactPayload {
    /// The contact as it is now; null if nothing was done.
    pub contact: Option<Contact>,
    /// What the caller can put right; empty if all went well.
    pub user_errors: Vec<UserError>,
}

/// What became of a block, number by number.
#[derive(Debug, SimpleObject)]
pub struct BlockContactPayload {
    /// The contact as it is now; null if nothing was done.
    pub contact: Option<Contact>,
    /// What became of it, for each number.
    pub outcomes: Vec<ContactBlockOutcome>,
    /// What the caller can put right; empty if all went well.
    pub user_errors: Vec<UserError>,
}

/// What became of one number's block.
#[derive(Debug, SimpleObject)]
pub struct ContactBlockOutcome {
    /// The business number.
    pub number_id: ID,
    /// What became of it at Meta's side.
    pub at_meta: BlockAtMeta,
    /// Why Meta did not do it; null if it did.
    pub error: Option<UserError>,
}

/// What became of a block at Meta's side. What is kept here does not depend on it when somebody is blocked; when somebody
/// is unblocked and Meta cannot be asked, the block stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum BlockAtMeta {
    /// Meta has done it.
    Done,
    /// There was nothing to do at Meta's side.
    NotNeeded,
    /// Meta did not do it: only who wrote within 24 hours can be blocked there.
    Refused,
    /// Meta could not be asked, or gave no answer.
    Failed,
}

impl ContactPayload {
    fn refused(user_errors: Vec<UserError>) -> Self {
        Self { contact: None, user_errors }
    }
}

impl BlockContactPayload {
    fn refused(user_errors: Vec<UserError>) -> Self {
        Self { contact: None, outcomes: Vec::new(), user_errors }
    }
}

#[derive(Debug, Default)]
pub struct ContactMutation;

#[Object]
impl ContactMutation {
    /// Changes what the CRM says of a contact. What WhatsApp tells stays as it is.
    async fn edit_contact(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The contact.")] id: ID,
        #[graphql(desc = "What is to change.")] input: EditContactInput,
    ) -> Result<ContactPayload, Failure> {
        let visitor = allowed(context, Deed::EditContacts)?;
        let Some(id) = scalar::uuid(&id) else { return Ok(ContactPayload::refused(vec![no_such("id")])) };
        let attributes = input.attributes.unwrap_or_default();
        let edit = Edit {
            display_name: given(input.display_name),
            email: given(input.email),
            language: given(input.language),
            marketing_opt_out: given(input.marketing_opt_out),
            attributes: attributes.into_iter().map(|one| (one.key, one.value)).collect(),
        };
        let contacts = &services(context)?.contacts;
        match contacts.edit(visitor, id, &edit, input.expected_revision).await {
            Ok(record) => Ok(ContactPayload { contact: Some(record.into()), user_errors: Vec::new() }),
            Err(error) => user_errors(error, "input.", "id").map(ContactPayload::refused),
        }
    }

    /// Lets a contact be another one: both are one person. Lists show the other alone, with the conversations and
    /// messages of both. Nothing is moved, and `undoContactMerge` takes them apart again.
    async fn merge_contacts(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The contact that is no longer shown.")] from_id: ID,
        #[graphql(desc = "The contact that both are from now on.")] into_id: ID,
    ) -> Result<ContactPayload, Failure> {
        let visitor = allowed(context, Deed::MergeContacts)?;
        let refused = |field| Ok(ContactPayload::refused(vec![no_such(field)]));
        let Some(from) = scalar::uuid(&from_id) else { return refused("fromId") };
        let Some(into) = scalar::uuid(&into_id) else { return refused("intoId") };
        match services(context)?.contacts.merge(visitor, from, into).await {
            Ok(record) => Ok(ContactPayload { contact: Some(record.into()), user_errors: Vec::new() }),
            Err(error) => user_errors(error, "", "fromId").map(ContactPayload::refused),
        }
    }

    /// Takes a contact that was merged out again. Each has its own conversations and messages then; what was sent meanwhile
    /// stays with the other. If people had merged it, what came meanwhile is with the contact under whose name it came. If
    /// WhatsApp had told that the two are one, what came meanwhile stays with the other, and so do the names that WhatsApp
    /// has said of both; what WhatsApp tells does not merge the two again.
    async fn undo_contact_merge(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The contact that was merged (`contactMerges`).")] contact_id: ID,
    ) -> Result<ContactPayload, Failure> {
        let visitor = allowed(context, Deed::MergeContacts)?;
        let Some(id) = scalar::uuid(&contact_id) else {
            return Ok(ContactPayload::refused(vec![no_such("contactId")]));
        };
        match services(context)?.contacts.undo_merge(visitor, id).await {
            Ok(record) => Ok(ContactPayload { contact: Some(record.into()), user_errors: Vec::new() }),
            Err(error) => user_errors(error, "", "contactId").map(ContactPayload::refused),
        }
    }

    /// Blocks a contact: nothing is sent to it any more, and Meta is asked to keep it from writing. The block holds here
    /// whatever Meta answers.
    async fn block_contact(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The contact.")] contact_id: ID,
        #[graphql(
            desc = "For these numbers, 20 at most; without them: all that it has a conversation with."
        )]
        number_ids: Option<Vec<ID>>,
    ) -> Result<BlockContactPayload, Failure> {
        let visitor = allowed(context, Deed::BlockContacts)?;
        let Some(id) = scalar::uuid(&contact_id) else {
            return Ok(BlockContactPayload::refused(vec![no_such("contactId")]));
        };
        let numbers = match ids(number_ids) {
            Ok(numbers) => numbers,
            Err(error) => return Ok(BlockContactPayload::refused(vec![error])),
        };
        match services(context)?.contacts.block(visitor, id, numbers).await {
            Ok((record, blockings)) => blocked(record.into(), blockings),
            Err(error) => user_errors(error, "", "contactId").map(BlockContactPayload::refused),
        }
    }

    /// Ends the blocks of a contact. Where Meta could not be asked to let it write again, the block stays.
    async fn unblock_contact(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The contact.")] contact_id: ID,
        #[graphql(desc = "For these numbers, 20 at most; without them: all of the caller's.")]
        number_ids: Option<Vec<ID>>,
    ) -> Result<BlockContactPayload, Failure> {
        let visitor = allowed(context, Deed::BlockContacts)?;
        let Some(id) = scalar::uuid(&contact_id) else {
            return Ok(BlockContactPayload::refused(vec![no_such("contactId")]));
        };
        let numbers = match ids(number_ids) {
            Ok(numbers) => numbers,
            Err(error) => return Ok(BlockContactPayload::refused(vec![error])),
        };
        match services(context)?.contacts.unblock(visitor, id, numbers).await {
            Ok((record, blockings)) => blocked(record.into(), blockings),
            Err(error) => user_errors(error, "", "contactId").map(BlockContactPayload::refused),
        }
    }
}

fn ids(ids: Option<Vec<ID>>) -> Result<Option<Vec<uuid::Uuid>>, UserError> {
    let Some(ids) = ids else { return Ok(None) };
    let all: Option<Vec<_>> = ids.iter().map(scalar::uuid).collect();
    all.map(Some).ok_or_else(|| no_such("numberIds"))
}

fn no_such(field: &str) -> UserError {
    let text = match field {
        "numberIds" => "There is no such number in this workspace.",
        _ => "There is no such contact in this workspace.",
    };
    UserError::new(UserErrorCode::NotFound, text).on(field)
}

fn blocked(contact: Contact, blockings: Vec<Blocking>) -> Result<BlockContactPayload, Failure> {
    let mut outcomes = Vec::with_capacity(blockings.len());
    for blocking in blockings {
        let (at_meta, error) = match blocking.at_meta {
            AtMeta::Done => (BlockAtMeta::Done, None),
            AtMeta::NotNeeded => (BlockAtMeta::NotNeeded, None),
            AtMeta::Refused { code } => (BlockAtMeta::Refused, Some(refusal(code))),
            AtMeta::Failed(error) => (BlockAtMeta::Failed, number::user_errors(error)?.into_iter().next()),
        };
        outcomes.push(ContactBlockOutcome { number_id: scalar::id(blocking.number), at_meta, error });
    }
    Ok(BlockContactPayload { contact: Some(contact), outcomes, user_errors: Vec::new() })
}

fn refusal(code: Option<i64>) -> UserError {
    let entry = code.and_then(fault::look_up);
    let text = entry.map_or("Meta did not do it, and does not say why.", |entry| entry.meaning.en);
    let advice = entry.map_or("Look at the customer's number.", |entry| entry.advice.en);
    let mut error = UserError::new(UserErrorCode::RefusedByMeta, text).next(advice);
    error.meta_code = code.and_then(|code| i32::try_from(code).ok());
    error
}

/// What the caller can put right; everything else is a failure. `within` is the path of what is invalid, `contact` the
/// argument that names the contact.
fn user_errors(error: Error, within: &str, contact: &str) -> Result<Vec<UserError>, Failure> {
    let one = match error {
        Error::NotFound("contactId") => no_such(contact),
        Error::NotFound(field) => no_such(field),
        Error::Invalid(wrongs) => {
            let wrong = |wrong: crate::domain::contact::card::Wrong| {
                UserError::invalid(&format!("{within}{}", wrong.field), wrong.sentence)
            };
            return Ok(wrongs.into_iter().map(wrong).collect());
        }
        Error::Changed { now } => {
            let text = "Somebody else has changed the contact meanwhile. Nothing was done.";
            UserError::new(UserErrorCode::ChangedMeanwhile, text)
                .on("input.expectedRevision")
                .next(format!("Read it again, it is at revision {now} now, and repeat what is still wanted."))
        }
        Error::Hindered(outcome) => hindered(outcome, contact),
        Error::Numbers(error) => return number::user_errors(error),
        Error::Storage(error) => return Err(error.into()),
        error @ Error::Audit(_) => return Err(Failure::internal(error)),
    };
    Ok(vec![one])
}

fn hindered(outcome: MergeOutcome, contact: &str) -> UserError {
    let (text, next_step, field) = match outcome {
        MergeOutcome::FromMerged => (
            "This contact is merged into another one already.",
            "Undo that merge first (undoContactMerge).",
            contact,
        ),
        MergeOutcome::IntoMerged if contact == "contactId" => (
            "The contact that it was merged into is merged into a third one now.",
            "Undo that later merge first (undoContactMerge).",
            contact,
        ),
        MergeOutcome::IntoMerged => (
            "That contact is itself merged into another one.",
            "Merge into the contact that lists show.",
            "intoId",
        ),
        MergeOutcome::TooMany => (
            "Too many contacts or conversations belong to them already.",
            "A contact holds 50 merged ones, four levels deep, and one that is merged has 200 conversations at most.",
            contact,
        ),
        _ => (
            "This contact is not merged into another one.",
            "contactMerges of the other contact shows which ones are.",
            contact,
        ),
    };
    UserError::new(UserErrorCode::WrongState, text).on(field).next(next_step)
}
