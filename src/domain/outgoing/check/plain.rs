//! Limits of content that is neither interactive nor a template.

use super::super::breach::{Found, Judge, Limit};
use super::super::plain::{Audio, Captioned, Contact, Document, Location, Pin, PinChange, Reaction, Text};
use super::file;

const TEXT_CHARS_MAX: usize = 4096;
const CAPTION_CHARS_MAX: usize = 1024;
const CONTACTS_MAX: usize = 257;
const LATITUDE_MAX: u32 = 90;
const LONGITUDE_MAX: u32 = 180;
const PIN_DAYS_MAX: i64 = 30;
/// One emoji can be a family of several, each with its skin.
const EMOJI_CHARS_MAX: usize = 32;

pub(super) fn text(judge: &mut Judge, text: &Text) {
    judge.chars("content.text.body", &text.body, TEXT_CHARS_MAX);
}

pub(super) fn captioned(judge: &mut Judge, at: &str, kind: file::Kind, content: &Captioned) {
    file::check(judge, &format!("{at}.file"), kind, &content.file);
    caption(judge, at, content.caption.as_deref());
}

pub(super) fn audio(judge: &mut Judge, audio: &Audio) {
    let kind = if audio.is_voice { file::Kind::Voice } else { file::Kind::Audio };
    file::check(judge, "content.audio.file", kind, &audio.file);
}

pub(super) fn document(judge: &mut Judge, document: &Document) {
    file::check(judge, "content.document.file", file::Kind::Document, &document.file);
    caption(judge, "content.document", document.caption.as_deref());
}

fn caption(judge: &mut Judge, at: &str, caption: Option<&str>) {
    if let Some(caption) = caption {
        judge.chars_max(&format!("{at}.caption"), caption, CAPTION_CHARS_MAX);
    }
}

pub(super) fn location(judge: &mut Judge, at: &str, location: &Location) {
    for (name, degrees, max) in
        [("latitude", location.latitude, LATITUDE_MAX), ("longitude", location.longitude, LONGITUDE_MAX)]
    {
        // What is no number is not within anything either.
        let is_within = degrees.abs() <= f64::from(max);
        if !is_within {
            judge.breach(&format!("{at}.{name}"), Limit::Degrees(max), Found::Degrees(degrees));
        }
    }
}

pub(super) fn contacts(judge: &mut Judge, contacts: &[Contact]) {
    judge.items("content.contacts", contacts.len(), 1, CONTACTS_MAX);
    for (index, one) in contacts.iter().enumerate() {
        contact(judge, &format!("content.contacts[{index}]"), one);
    }
}

fn contact(judge: &mut Judge, at: &str, contact: &Contact) {
    let name = &contact.name;
    judge.filled(&format!("{at}.name.formattedName"), &name.formatted_name);
    let parts = [&name.first_name, &name.last_name, &name.middle_name, &name.prefix, &name.suffix];
    if parts.iter().all(|part| part.as_deref().is_none_or(str::is_empty)) {
        judge.missing(&format!("{at}.name.firstName"));
    }
    if let Some(birthday) = &contact.birthday
        && !is_date(birthday)
    {
        let limit = Limit::Form("a date as YYYY-MM-DD");
        judge.breach(&format!("{at}.birthday"), limit, Found::text(birthday));
    }
    for (index, phone) in contact.phones.iter().enumerate() {
        judge.filled(&format!("{at}.phones[{index}].phone"), &phone.phone);
    }
    for (index, email) in contact.emails.iter().enumerate() {
        judge.filled(&format!("{at}.emails[{index}].email"), &email.email);
    }
    for (index, url) in contact.urls.iter().enumerate() {
        judge.filled(&format!("{at}.urls[{index}].url"), &url.url);
    }
}

/// Exactly `YYYY-MM-DD`, and a day that there is.
fn is_date(text: &str) -> bool {
    let has_form = text.len() == 10
        && text.bytes().enumerate().all(|(index, byte)| match index {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    has_form && text.parse::<jiff::civil::Date>().is_ok()
}

pub(super) fn reaction(judge: &mut Judge, reaction: &Reaction) {
    judge.filled("content.reaction.messageId", &reaction.message_id);
    if let Some(emoji) = &reaction.emoji {
        judge.chars_max("content.reaction.emoji", emoji, EMOJI_CHARS_MAX);
    }
}

pub(super) fn pin(judge: &mut Judge, pin: &Pin) {
    judge.filled("content.pin.messageId", &pin.message_id);
    if let PinChange::Pin { expiration_days: Some(days) } = pin.change {
        judge.range("content.pin.change.pin.expirationDays", days, 1, PIN_DAYS_MAX);
    }
}
