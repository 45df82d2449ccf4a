//! The limits of the Cloud API's reference, checked before anything is queued: all that is wrong at once.
//!
//! Owns what a message tells by itself. Windows are in `window`, a template's definition in `domain::template`; what
//! the bytes of a file are nobody knows here. Characters are counted, not bytes, as Meta does.

mod file;
mod interactive;
mod order;
mod plain;
mod template;

use super::breach::{Breach, Found, Judge, Limit};
use super::{Content, ENVELOPE_KEYS, Message, ReadMark, Recipient};
use crate::domain::person;

/// Meta (2026-07): `biz_opaque_callback_data`.
pub const CALLBACK_DATA_CHARS_MAX: usize = 512;

const PHONE: &str = "a plus sign and 5 to 15 digits, the first of them not 0";
const USER_ID: &str = "a business-scoped user id, like US.13491208655302741918";

/// A message, without regard to windows and definitions.
pub fn message(message: &Message) -> Result<(), Vec<Breach>> {
    let mut judge = Judge::default();
    recipient(&mut judge, &message.recipient);
    around(&mut judge, message);
    content(&mut judge, &message.content);
    judge.verdict()
}

pub fn read_mark(mark: &ReadMark) -> Result<(), Vec<Breach>> {
    let mut judge = Judge::default();
    judge.filled("messageId", &mark.message_id);
    judge.verdict()
}

fn recipient(judge: &mut Judge, recipient: &Recipient) {
    match recipient {
        Recipient::Phone(number) => phone(judge, "recipient.phone", number),
        Recipient::UserId(id) => user_id(judge, "recipient.userId", id),
        Recipient::Both { phone: number, user_id: id } => {
            phone(judge, "recipient.both.phone", number);
            user_id(judge, "recipient.both.userId", id);
        }
        Recipient::Group(id) => judge.filled("recipient.group", id),
    }
}

fn phone(judge: &mut Judge, field: &str, number: &str) {
    let digits = number.strip_prefix('+').unwrap_or(number);
    let is_number = (5..=15).contains(&digits.len())
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && !digits.starts_with('0');
    if !is_number {
        judge.breach(field, Limit::Form(PHONE), Found::text(number));
    }
}

fn user_id(judge: &mut Judge, field: &str, id: &str) {
    if !person::is_user_id(id) {
        judge.breach(field, Limit::Form(USER_ID), Found::text(id));
    }
}

/// What the envelope says, and whether the content goes with it.
fn around(judge: &mut Judge, message: &Message) {
    let content = &message.content;
    if let Some(reply_to) = &message.reply_to {
        judge.filled("replyTo", reply_to);
        if matches!(content, Content::Reaction(_)) {
            judge.not_allowed("replyTo", "a reaction names its message itself");
        }
    }
    if let Some(hash) = &message.identity_key_hash {
        judge.filled("identityKeyHash", hash);
    }
    if message.marketing.is_some() {
        if !matches!(content, Content::Template(_)) {
            judge.not_allowed("marketing", "only templates are sent as marketing messages");
        }
        if message.recipient.is_group() {
            judge.not_allowed("marketing", "marketing messages go to one person");
        }
    }
    let field = format!("content.{}", content.kind_name());
    match (message.recipient.is_group(), content) {
        // Meta (2025-10): a group takes texts, media and templates of these; it has pins, and nobody else has.
        (
            true,
            Content::Interactive(_) | Content::Location(_) | Content::Contacts(_) | Content::Reaction(_),
        ) => {
            judge.not_allowed(&field, "a group takes texts, media, templates and pins");
        }
        (false, Content::Pin(_)) => judge.not_allowed(&field, "only a group has pinned messages"),
        _ => {}
    }
}

fn content(judge: &mut Judge, content: &Content) {
    match content {
        Content::Text(text) => plain::text(judge, text),
        Content::Image(image) => plain::captioned(judge, "content.image", file::Kind::Image, image),
        Content::Video(video) => plain::captioned(judge, "content.video", file::Kind::Video, video),
        Content::Audio(audio) => plain::audio(judge, audio),
        Content::Document(document) => plain::document(judge, document),
        Content::Sticker(sticker) => {
            file::check(judge, "content.sticker.file", file::Kind::Sticker, &sticker.file);
        }
        Content::Location(location) => plain::location(judge, "content.location", location),
        Content::Contacts(contacts) => plain::contacts(judge, contacts),
        Content::Reaction(reaction) => plain::reaction(judge, reaction),
        Content::Template(sent) => template::check(judge, sent),
        Content::Interactive(sent) => interactive::check(judge, sent),
        Content::Pin(pin) => plain::pin(judge, pin),
        Content::Raw(body) => {
            if body.is_empty() {
                judge.breach("content.raw", Limit::NotEmpty, Found::Nothing);
            }
            for key in ENVELOPE_KEYS.iter().filter(|key| body.contains_key(**key)) {
                judge.not_allowed(&format!("content.raw.{key}"), "the envelope has it");
            }
            if body.contains_key("status") {
                judge.not_allowed("content.raw.status", "it would make it a mark of reading");
            }
        }
    }
}
