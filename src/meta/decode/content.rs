//! What is in a message: by its `type`, and by the part of that name.

use super::people::faults;
use super::{int, text};
use crate::domain::Str;
use crate::domain::content::{
    Card, CardAddress, CardEntry, CardPhone, Choice, Content, Interactive, Location, Media, MediaKind, Order,
    OrderItem, System, SystemChange,
};
use crate::meta::wire;

/// Takes the content out of a message.
pub(super) fn content<'a>(message: &mut wire::Message<'a>) -> Content<'a> {
    let kind = text(message.kind.take());
    known(kind.as_deref().unwrap_or_default(), message).unwrap_or(Content::Unrecognised { kind })
}

/// The content, if its kind is known and its part is there.
fn known<'a>(kind: &str, message: &mut wire::Message<'a>) -> Option<Content<'a>> {
    Some(match kind {
        "text" => {
            let part = message.text.take()?;
            Content::Text { body: part.body?.0, preview_url: wire::is_true(part.preview_url) }
        }
        "image" => media(MediaKind::Image, message.image.take()?),
        "video" => media(MediaKind::Video, message.video.take()?),
        "audio" => media(MediaKind::Audio, message.audio.take()?),
        "document" => media(MediaKind::Document, message.document.take()?),
        "sticker" => media(MediaKind::Sticker, message.sticker.take()?),
        "location" => location(message.location.take()?),
        "contacts" => Content::Contacts(message.contacts.take()?.into_iter().map(card).collect()),
        "reaction" => {
            let part = message.reaction.take()?;
            Content::Reaction { target: text(part.message_id)?, emoji: text(part.emoji) }
        }
        "button" => {
            let part = message.button.take()?;
            Content::Button { payload: text(part.payload), text: text(part.text) }
        }
        "interactive" => interactive(message.interactive.take()?),
        "order" => order(message.order.take()?),
        "system" => system(message.system.take()?),
        "request_welcome" => Content::RequestWelcome,
        "edit" => {
            let part = message.edit.take()?;
            let mut edited = wire::read::<wire::Message<'a>>(part.message?).ok()?;
            let content = match edited.kind.as_deref() {
                // Nobody edits an edit.
                Some("edit") => Content::Unrecognised { kind: text(edited.kind) },
                _ => content(&mut edited),
            };
            Content::Edit { target: text(part.original_message_id)?, content: Box::new(content) }
        }
        "revoke" => Content::Revoke { target: text(message.revoke.take()?.original_message_id)? },
        "media_placeholder" => Content::MediaPlaceholder,
        "template" => template(message.template.take()?),
        "unsupported" => Content::Unsupported {
            kind: text(message.unsupported.take().and_then(|part| part.kind)),
            faults: faults(message.errors.take()),
        },
        _ => return None,
    })
}

fn media(kind: MediaKind, media: wire::Media<'_>) -> Content<'_> {
    Content::Media(file(kind, media))
}

fn file(kind: MediaKind, media: wire::Media<'_>) -> Media<'_> {
    Media {
        kind,
        id: text(media.id),
        mime_type: text(media.mime_type),
        sha256: text(media.sha256),
        url: text(media.url),
        link: text(media.link),
        caption: text(media.caption),
        filename: text(media.filename),
        is_voice: wire::is_true(media.voice),
        is_animated: wire::is_true(media.animated),
    }
}

fn location(location: wire::Location<'_>) -> Content<'_> {
    Content::Location(Location {
        latitude: location.latitude.map(|real| real.0),
        longitude: location.longitude.map(|real| real.0),
        name: text(location.name),
        address: text(location.address),
        url: text(location.url),
    })
}

fn card(card: wire::ContactCard<'_>) -> Card<'_> {
    let name = card.name.unwrap_or_default();
    let organisation = card.org.unwrap_or_default();
    let entry = |value, kind| CardEntry { value: text(value), kind: text(kind) };
    Card {
        formatted_name: text(name.formatted_name),
        first_name: text(name.first_name),
        last_name: text(name.last_name),
        middle_name: text(name.middle_name),
        prefix: text(name.prefix),
        suffix: text(name.suffix),
        company: text(organisation.company),
        department: text(organisation.department),
        title: text(organisation.title),
        birthday: text(card.birthday),
        phones: list(card.phones, |phone: wire::ContactPhone<'_>| CardPhone {
            phone: text(phone.phone),
            wa_id: text(phone.wa_id),
            kind: text(phone.kind),
        }),
        emails: list(card.emails, |email| entry(email.email, email.kind)),
        urls: list(card.urls, |url| entry(url.url, url.kind)),
        addresses: list(card.addresses, |address: wire::ContactAddress<'_>| CardAddress {
            street: text(address.street),
            city: text(address.city),
            state: text(address.state),
            zip: text(address.zip),
            country: text(address.country),
            country_code: text(address.country_code),
            kind: text(address.kind),
        }),
        vcard: text(card.vcard),
        origin: text(card.origin),
    }
}

fn list<T, U>(items: Option<Vec<T>>, convert: impl FnMut(T) -> U) -> Vec<U> {
    items.unwrap_or_default().into_iter().map(convert).collect()
}

fn choice(choice: wire::Choice<'_>) -> Choice<'_> {
    Choice { id: text(choice.id), title: text(choice.title), description: text(choice.description) }
}

/// An answer to an interactive message, or, in an echo, the message itself.
fn interactive(part: wire::Interactive<'_>) -> Content<'_> {
    match part.kind.as_deref() {
        Some("button_reply") if part.button_reply.is_some() => {
            Content::ButtonReply(choice(part.button_reply.unwrap_or_default()))
        }
        Some("list_reply") if part.list_reply.is_some() => {
            Content::ListReply(choice(part.list_reply.unwrap_or_default()))
        }
        Some("nfm_reply") if part.nfm_reply.is_some() => {
            let reply = part.nfm_reply.unwrap_or_default();
            Content::FormReply {
                name: text(reply.name),
                body: text(reply.body),
                response_json: text(reply.response_json),
            }
        }
        Some("call_permission_reply") if part.call_permission_reply.is_some() => {
            let reply = part.call_permission_reply.unwrap_or_default();
            Content::CallPermission {
                response: text(reply.response),
                is_permanent: wire::is_true(reply.is_permanent),
                expires_at_s: int(reply.expiration_timestamp),
                by: text(reply.response_source),
            }
        }
        Some("payment_method") if part.payment_method.is_some() => {
            let method = part.payment_method.unwrap_or_default();
            Content::PaymentMethod {
                method: text(method.payment_method),
                reference_id: text(method.reference_id),
                last_four_digits: text(method.last_four_digits),
                credential_id: text(method.credential_id),
                at_s: int(method.payment_timestamp),
            }
        }
        _ if part.action.is_some() || part.body.is_some() => sent_interactive(part),
        _ => Content::Unrecognised { kind: text(part.kind) },
    }
}

fn sent_interactive(part: wire::Interactive<'_>) -> Content<'_> {
    let header = part.header.unwrap_or_default();
    let action = part.action.unwrap_or_default();
    let files = [
        (MediaKind::Image, header.image),
        (MediaKind::Video, header.video),
        (MediaKind::Document, header.document),
    ];
    Content::Interactive(Interactive {
        kind: text(part.kind),
        header_kind: text(header.kind),
        header_text: text(header.text),
        header_media: files.into_iter().find_map(|(kind, media)| Some(Box::new(file(kind, media?)))),
        body: text_only(part.body),
        footer: text_only(part.footer),
        action_name: text(action.name),
        button: text(action.button),
        buttons: list(action.buttons, |button: wire::ActionButton<'_>| {
            choice(button.reply.unwrap_or_default())
        }),
        catalog_id: text(action.catalog_id),
        product_retailer_id: text(action.product_retailer_id),
        parameters_json: action.parameters.map(|json| json.get().into()),
        sections_json: action.sections.map(|json| json.get().into()),
    })
}

fn text_only(part: Option<wire::TextOnly<'_>>) -> Option<Str<'_>> {
    part.and_then(|part| text(part.text))
}

fn order(order: wire::Order<'_>) -> Content<'_> {
    Content::Order(Order {
        catalog_id: text(order.catalog_id),
        text: text(order.text),
        items: list(order.product_items, |item: wire::OrderItem<'_>| OrderItem {
            product_retailer_id: text(item.product_retailer_id),
            quantity: item.quantity.map(|real| real.0),
            price: item.item_price.map(|real| real.0),
            currency: text(item.currency),
        }),
    })
}

fn system(system: wire::System<'_>) -> Content<'_> {
    let kind = text(system.kind);
    let change = match kind.as_deref() {
        // Meta (2026-07): the second name is that of older versions.
        Some("user_changed_number" | "customer_changed_number") => {
            SystemChange::Number { new_wa_id: text(system.wa_id).or(text(system.new_wa_id)) }
        }
        Some("user_changed_user_id") => SystemChange::UserId {
            user_id: text(system.user_id),
            parent_user_id: text(system.parent_user_id),
            wa_id: text(system.wa_id),
        },
        Some("customer_identity_changed") => SystemChange::Identity,
        _ => SystemChange::Unrecognised { kind },
    };
    Content::System(System { change, body: text(system.body) })
}

fn template(template: wire::Template<'_>) -> Content<'_> {
    Content::Template {
        name: text(template.name),
        language: text(template.language.and_then(|language| language.code)),
        components_json: template.components.map(|json| json.get().into()),
        text: None,
    }
}
