//! Limits of what a message puts into the buttons of its template. The simulator holds that against the template's
//! definition alone, so here is only our own judgement of what is beyond them.

use pesan::domain::outgoing::Message;
use pesan::domain::outgoing::interactive::ProductSection;
use pesan::domain::outgoing::template::{ButtonValue, Template};

use super::Bound::{CharsMax, Filled, Items, ItemsInAll, Range};
use super::{Bound, around, base, breaches, judge, refused};
use crate::outgoing::samples::{button, phone, sent, template};

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
];

/// Templates whose buttons no sample shows, or not with one section alone.
pub(super) fn messages() -> Vec<(String, Message)> {
    let named = |name: &str, value: ButtonValue| {
        let content = sent(Template { buttons: vec![button(0, value)], ..template("t", "id") });
        (name.to_owned(), Message::new(phone(), content))
    };
    let call = ButtonValue::VoiceCall { ttl_minutes: Some(100), payload: Some("order-7".to_owned()) };
    let section = ProductSection { title: Some("A".to_owned()), product_retailer_ids: vec!["1".to_owned()] };
    let products =
        ButtonValue::MultiProduct { thumbnail_product_retailer_id: "1".to_owned(), sections: vec![section] };
    vec![named("template with a call", call), named("template with products", products)]
}

#[test]
fn what_is_put_into_the_buttons_of_a_template_has_its_limits() {
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
