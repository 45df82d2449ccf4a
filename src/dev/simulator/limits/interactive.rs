//! Interactive messages: lengths and counts by kind, and what the parts of one message owe each other.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::refusal::Refusal;
use super::rule::Bound::{Absent, Chars, Items, Number, OneOf, Present, Web};
use super::rule::{Rule, check, invalid, items, missing, text};

/// Meta (2026-07): what every kind has in common.
const COMMON: &[Rule] = &[
    ("interactive.header.text", Chars(1, 60)),
    ("interactive.header.sub_text", Chars(1, 60)),
    ("interactive.header.image.link", Web),
    ("interactive.header.video.link", Web),
    ("interactive.header.document.link", Web),
    ("interactive.footer.text", Chars(1, 60)),
];

const BODY: Rule = ("interactive.body.text", Chars(1, 1024));
const NO_HEADER: Rule = ("interactive.header", Absent);
const NO_FOOTER: Rule = ("interactive.footer", Absent);
const TEXT_HEADER: Rule = ("interactive.header.type", OneOf(&["text"]));

const BY_KIND: &[(&str, &[Rule])] = &[
    (
        "button",
        &[
            BODY,
            ("interactive.action.buttons", Items(1, 3)),
            ("interactive.action.buttons[].reply.id", Chars(1, 256)),
            ("interactive.action.buttons[].reply.title", Chars(1, 20)),
        ],
    ),
    (
        "list",
        &[
            TEXT_HEADER,
            ("interactive.body.text", Chars(1, 4096)),
            ("interactive.action.button", Chars(1, 20)),
            ("interactive.action.sections", Items(1, 10)),
            ("interactive.action.sections[].title", Chars(0, 24)),
            ("interactive.action.sections[].rows[].id", Chars(1, 200)),
            ("interactive.action.sections[].rows[].title", Chars(1, 24)),
            ("interactive.action.sections[].rows[].description", Chars(0, 72)),
        ],
    ),
    (
        "cta_url",
        &[
            BODY,
            ("interactive.action.parameters.display_text", Chars(1, 20)),
            ("interactive.action.parameters.url", Web),
        ],
    ),
    ("flow", &[BODY, ("interactive.action.parameters.flow_cta", Chars(1, 30))]),
    ("location_request_message", &[BODY, NO_HEADER, NO_FOOTER]),
    // Meta (2026-07): the table of address fields has India alone.
    ("address_message", &[BODY, TEXT_HEADER, ("interactive.action.parameters.country", OneOf(&["IN"]))]),
    ("catalog_message", &[BODY, TEXT_HEADER]),
    ("product", &[BODY, NO_HEADER]),
    (
        "product_list",
        &[
            BODY,
            ("interactive.header", Present),
            TEXT_HEADER,
            ("interactive.action.sections", Items(1, 10)),
            ("interactive.action.sections[].title", Chars(0, 24)),
        ],
    ),
    (
        "carousel",
        &[
            BODY,
            NO_HEADER,
            NO_FOOTER,
            ("interactive.action.cards", Items(2, 10)),
            ("interactive.action.cards[].header.type", OneOf(&["image", "video"])),
            ("interactive.action.cards[].body.text", Chars(1, 160)),
            ("interactive.action.cards[].action.parameters.display_text", Chars(1, 20)),
            ("interactive.action.cards[].action.parameters.url", Web),
            ("interactive.action.cards[].action.buttons[].quick_reply.id", Chars(1, 256)),
            ("interactive.action.cards[].action.buttons[].quick_reply.title", Chars(1, 20)),
        ],
    ),
    ("call_permission_request", &[BODY, NO_HEADER, NO_FOOTER]),
    (
        "voice_call",
        &[
            BODY,
            TEXT_HEADER,
            ("interactive.action.parameters.display_text", Chars(1, 20)),
            ("interactive.action.parameters.ttl_minutes", Number(1, 43_200)),
            ("interactive.action.parameters.payload", Chars(0, 512)),
        ],
    ),
    ("request_contact_info", &[BODY, TEXT_HEADER]),
    ("order_details", &[BODY]),
    ("order_status", &[BODY]),
];

const LIST_ROWS_MAX: usize = 10;
const PRODUCTS_MAX: usize = 30;
const CARD_LINE_BREAKS_MAX: usize = 2;

/// A message whose `interactive` the schema has accepted.
pub(super) fn check_kind(body: &Value) -> Result<(), Refusal> {
    let kind = text(body, "interactive.type");
    check(COMMON, body)?;
    let rules = BY_KIND.iter().find(|(listed, _)| *listed == kind).map_or(&[][..], |(_, rules)| rules);
    check(rules, body)?;
    match kind {
        "button" => buttons(items(body, "interactive.action.buttons")),
        "list" => sections(items(body, "interactive.action.sections"), "rows", LIST_ROWS_MAX),
        "product_list" => sections(items(body, "interactive.action.sections"), "product_items", PRODUCTS_MAX),
        "carousel" => cards(items(body, "interactive.action.cards")),
        _ => Ok(()),
    }
}

fn buttons(buttons: &[Value]) -> Result<(), Refusal> {
    for key in ["id", "title"] {
        let distinct: BTreeSet<&str> = buttons.iter().map(|button| reply(button, key)).collect();
        if distinct.len() < buttons.len() {
            return Err(invalid(&format!("interactive.action.buttons: the same {key} twice")));
        }
    }
    Ok(())
}

fn reply<'body>(button: &'body Value, key: &str) -> &'body str {
    button.get("reply").map_or("", |reply| text(reply, key))
}

/// Items are counted over all sections; several sections need titles.
fn sections(sections: &[Value], key: &str, items_max: usize) -> Result<(), Refusal> {
    let count: usize = sections.iter().map(|section| items(section, key).len()).sum();
    if count > items_max {
        return Err(invalid(&format!(
            "interactive.action.sections: {count} {key}, at most {items_max} in all"
        )));
    }
    if sections.len() > 1 && sections.iter().any(|section| text(section, "title").is_empty()) {
        return Err(missing("interactive.action.sections.title"));
    }
    Ok(())
}

/// What the cards of one carousel share: their type, and the kind and number of buttons, or the catalog.
fn cards(cards: &[Value]) -> Result<(), Refusal> {
    let buttons = |card: &Value| items(card, "action.buttons").len();
    let same: BTreeSet<_> = cards
        .iter()
        .map(|card| (text(card, "type"), buttons(card), text(card, "action.catalog_id")))
        .collect();
    if same.len() > 1 {
        return Err(invalid("interactive.action.cards differ in type, buttons or catalog"));
    }
    let mut indexes: Vec<u64> =
        cards.iter().filter_map(|card| card.get("card_index").and_then(Value::as_u64)).collect();
    indexes.sort_unstable();
    indexes.dedup();
    if indexes.len() < cards.len() {
        return Err(invalid("interactive.action.cards: the same card_index twice"));
    }
    if cards.iter().any(|card| text(card, "body.text").matches('\n').count() > CARD_LINE_BREAKS_MAX) {
        return Err(invalid("interactive.action.cards: a body has at most two line breaks"));
    }
    Ok(())
}
