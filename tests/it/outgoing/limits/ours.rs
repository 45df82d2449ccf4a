//! Limits that we alone judge: what a message puts into its template is held by the simulator against the template's
//! definition, and some of what must not be empty is let through there.

use pesan::domain::outgoing::Message;
use pesan::domain::outgoing::interactive::ProductSection;
use pesan::domain::outgoing::template::{ButtonValue, Template};
use serde_json::{Value, json};

use super::Bound::{CharsMax, Filled, Items, ItemsInAll, Range, Web};
use super::{Bound, around, base, breaches, judge, refused};
use crate::outgoing::samples::{button, phone, sent, template, text};

/// Limits by the message that they are tried on.
pub(super) const LIMITS: &[(&str, &[(&str, Bound)])] = &[
    (
        "template with a call",
        &[
            ("content.template.buttons[0].value.voiceCall.ttlMinutes", Range(1, 43_200)),
            ("content.template.buttons[0].value.voiceCall.payload", CharsMax(512)),
        ],
    ),
    (
        "template with products",
        &[
            ("content.template.buttons[0].value.multiProduct.thumbnailProductRetailerId", Filled),
            ("content.template.buttons[0].value.multiProduct.sections", Items(1, 10)),
            ("content.template.buttons[0].value.multiProduct.sections[0].title", CharsMax(24)),
            ("content.template.buttons[0].value.multiProduct.sections[0].productRetailerIds", ItemsInAll(30)),
            ("content.template.buttons[0].value.multiProduct.sections[0].productRetailerIds[0]", Filled),
        ],
    ),
    (
        "template with values",
        &[
            ("content.template.body[0].name", Filled),
            ("content.template.body[0].value.text", Filled),
            ("content.template.buttons[0].value.quickReply", Filled),
            ("content.template.buttons[1].value.urlSuffix", Filled),
            ("content.template.buttons[2].value.catalog.thumbnailProductRetailerId", Filled),
            ("content.template.tapTargets[0].url", Web),
            ("content.template.tapTargets[0].title", Filled),
        ],
    ),
    (
        "contact card",
        &[
            ("content.contacts[0].phones[0].phone", Filled),
            ("content.contacts[0].emails[0].email", Filled),
            ("content.contacts[0].urls[0].url", Filled),
        ],
    ),
    (
        "Send_Order_Details_Message",
        &[("content.interactive.action.orderDetails.order.items[0].name", Filled)],
    ),
    ("flow by its name", &[("content.interactive.action.flow.flow.name", Filled)]),
    ("saved address", &[("content.interactive.action.address.savedAddresses[0].id", Filled)]),
    ("text for one key", &[("identityKeyHash", Filled)]),
];

fn stored(content: Value) -> Message {
    Message::new(phone(), serde_json::from_value(content).unwrap())
}

fn texts() -> Vec<(String, Message)> {
    let action = |action: Value| stored(json!({ "interactive": { "body": "Which?", "action": action } }));
    let template = json!({
        "name": "t", "language": { "code": "id" },
        "body": [{ "name": "who", "value": { "text": "Pablo" } }],
        "buttons": [
            { "index": 0, "value": { "quickReply": "yes" } },
            { "index": 1, "value": { "urlSuffix": "a" } },
            { "index": 2, "value": { "catalog": { "thumbnailProductRetailerId": "1" } } },
        ],
        "tapTargets": [{ "url": "https://example.com", "title": "See" }],
    });
    let card = json!({
        "name": { "formattedName": "Pablo", "firstName": "Pablo" },
        "phones": [{ "phone": "+1 650 555 1234" }],
        "emails": [{ "email": "pablo@example.com" }],
        "urls": [{ "url": "https://example.com" }],
    });
    let halo = Message::new(phone(), text("Halo", false));
    let all = [
        ("template with values", stored(json!({ "template": template }))),
        ("contact card", stored(json!({ "contacts": [card] }))),
        ("flow by its name", action(json!({ "flow": { "flow": { "name": "a" }, "button": "Go" } }))),
        (
            "saved address",
            action(json!({ "address": { "country": "IN", "savedAddresses": [{ "id": "1", "value": {} }] } })),
        ),
        ("text for one key", Message { identity_key_hash: Some("k".to_owned()), ..halo }),
    ];
    all.into_iter().map(|(name, message)| (name.to_owned(), message)).collect()
}

/// What no sample shows, or not with one section alone.
pub(super) fn messages() -> Vec<(String, Message)> {
    let named = |name: &str, value: ButtonValue| {
        let content = sent(Template { buttons: vec![button(0, value)], ..template("t", "id") });
        (name.to_owned(), Message::new(phone(), content))
    };
    let call = ButtonValue::VoiceCall { ttl_minutes: Some(100), payload: Some("order-7".to_owned()) };
    let section = ProductSection { title: Some("A".to_owned()), product_retailer_ids: vec!["1".to_owned()] };
    let products =
        ButtonValue::MultiProduct { thumbnail_product_retailer_id: "1".to_owned(), sections: vec![section] };
    let mut all = texts();
    all.extend([named("template with a call", call), named("template with products", products)]);
    all
}

#[test]
fn what_we_alone_judge_has_its_limits() {
    for (name, limits) in LIMITS {
        let message = base(name);
        for (field, bound) in *limits {
            let (at, beyond) = around(&message, field, *bound);
            for message in at {
                assert_eq!(breaches(&message), [], "{field} at {bound:?}");
                assert_eq!(judge(&message), Ok(()), "{field} at {bound:?}");
            }
            for (message, field, limit) in beyond {
                refused(&message, &field, &limit);
            }
        }
    }
}
