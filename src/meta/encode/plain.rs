//! Content that is neither interactive nor a template.

use serde_json::{Value, json};

use super::Object;
use crate::domain::outgoing::plain::{
    Audio, Captioned, Contact, ContactAddress, Document, File, Location, Pin, PinChange, Reaction, Source,
    Text,
};

pub(super) fn text(text: &Text) -> Value {
    json!({ "body": text.body, "preview_url": text.preview_url })
}

fn source(file: &File) -> Object {
    let mut object = Object::new();
    match &file.source {
        Source::Id(id) => object.put("id", id.as_str()),
        Source::Link(link) => object.put("link", link.as_str()),
    }
    object
}

pub(super) fn file(file: &File) -> Value {
    source(file).into()
}

pub(super) fn named_file(file: &File, filename: Option<&str>) -> Value {
    let mut object = source(file);
    object.maybe("filename", filename);
    object.into()
}

pub(super) fn captioned(content: &Captioned) -> Value {
    let mut object = source(&content.file);
    object.maybe("caption", content.caption.as_deref());
    object.into()
}

pub(super) fn audio(audio: &Audio) -> Value {
    let mut object = source(&audio.file);
    object.maybe("voice", audio.is_voice.then_some(true));
    object.into()
}

pub(super) fn document(document: &Document) -> Value {
    let mut object = source(&document.file);
    object.maybe("caption", document.caption.as_deref());
    object.maybe("filename", document.filename.as_deref());
    object.into()
}

pub(super) fn location(location: &Location) -> Value {
    let mut object = Object::new();
    object.put("latitude", location.latitude);
    object.put("longitude", location.longitude);
    object.maybe("name", location.name.as_deref());
    object.maybe("address", location.address.as_deref());
    object.into()
}

pub(super) fn contacts(contacts: &[Contact]) -> Value {
    contacts.iter().map(contact).collect()
}

fn contact(contact: &Contact) -> Value {
    let mut name = Object::new();
    name.put("formatted_name", contact.name.formatted_name.as_str());
    name.maybe("first_name", contact.name.first_name.as_deref());
    name.maybe("last_name", contact.name.last_name.as_deref());
    name.maybe("middle_name", contact.name.middle_name.as_deref());
    name.maybe("prefix", contact.name.prefix.as_deref());
    name.maybe("suffix", contact.name.suffix.as_deref());
    let mut org = Object::new();
    org.maybe("company", contact.company.as_deref());
    org.maybe("department", contact.department.as_deref());
    org.maybe("title", contact.title.as_deref());

    let mut object = Object::new();
    object.put("name", name);
    object.maybe("birthday", contact.birthday.as_deref());
    object.maybe("org", (!org.0.is_empty()).then_some(org));
    let phones = contact.phones.iter().map(|phone| {
        let mut entry = labelled("phone", &phone.phone, phone.kind.as_deref());
        entry.maybe("wa_id", phone.wa_id.as_deref());
        entry.into()
    });
    object.list("phones", phones.collect());
    let emails =
        contact.emails.iter().map(|email| labelled("email", &email.email, email.kind.as_deref()).into());
    object.list("emails", emails.collect());
    let urls = contact.urls.iter().map(|url| labelled("url", &url.url, url.kind.as_deref()).into());
    object.list("urls", urls.collect());
    object.list("addresses", contact.addresses.iter().map(address).collect());
    object.into()
}

fn labelled(key: &str, value: &str, kind: Option<&str>) -> Object {
    let mut object = Object::new();
    object.put(key, value);
    object.maybe("type", kind);
    object
}

fn address(address: &ContactAddress) -> Value {
    let mut object = Object::new();
    object.maybe("street", address.street.as_deref());
    object.maybe("city", address.city.as_deref());
    object.maybe("state", address.state.as_deref());
    object.maybe("zip", address.zip.as_deref());
    object.maybe("country", address.country.as_deref());
    object.maybe("country_code", address.country_code.as_deref());
    object.maybe("type", address.kind.as_deref());
    object.into()
}

pub(super) fn reaction(reaction: &Reaction) -> Value {
    // An empty emoji takes the reaction back.
    json!({ "message_id": reaction.message_id, "emoji": reaction.emoji.as_deref().unwrap_or_default() })
}

pub(super) fn pin(pin: &Pin) -> Value {
    let mut object = Object::new();
    match pin.change {
        PinChange::Pin { expiration_days } => {
            object.put("type", "pin");
            object.maybe("expiration_days", expiration_days);
        }
        PinChange::Unpin => object.put("type", "unpin"),
    }
    object.put("message_id", pin.message_id.as_str());
    object.into()
}
