//! Limits of interactive messages: what all have in common, by kind what stands around the action, and the action.

use super::super::breach::{Found, Judge, Limit};
use super::super::interactive::{
    Action, Address, CardAction, CardHeader, Flow, FlowName, FlowStart, Header, Interactive, LinkButton,
    ListSection, MediaCard, Product, ProductSection, ReplyButton,
};
use super::{file, order};

const AT: &str = "content.interactive";

const HEADER_CHARS_MAX: usize = 60;
const FOOTER_CHARS_MAX: usize = 60;
const BODY_CHARS_MAX: usize = 1024;
const LIST_BODY_CHARS_MAX: usize = 4096;
const REPLY_BUTTONS_MAX: usize = 3;
pub(super) const BUTTON_ID_CHARS_MAX: usize = 256;
pub(super) const BUTTON_CHARS_MAX: usize = 20;
const SECTIONS_MAX: usize = 10;
const SECTION_TITLE_CHARS_MAX: usize = 24;
const ROWS_IN_ALL_MAX: usize = 10;
const ROW_ID_CHARS_MAX: usize = 200;
const ROW_TITLE_CHARS_MAX: usize = 24;
const ROW_DESCRIPTION_CHARS_MAX: usize = 72;
const PRODUCTS_IN_ALL_MAX: usize = 30;
const FLOW_BUTTON_CHARS_MAX: usize = 30;
const CARDS_MIN: usize = 2;
const CARDS_MAX: usize = 10;
const CARD_BODY_CHARS_MAX: usize = 160;
const CARD_LINE_BREAKS_MAX: usize = 2;
pub(super) const CALL_MINUTES_MAX: i64 = 43_200;
pub(super) const CALL_PAYLOAD_CHARS_MAX: usize = 512;

/// What a kind has above its body.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Top {
    Nothing,
    Text,
    TextAlways,
    TextOrMedium,
}

/// What stands around the action.
struct Around {
    top: Top,
    is_body_required: bool,
    body_chars_max: usize,
    has_footer: bool,
}

fn around(action: &Action) -> Around {
    let usual =
        Around { top: Top::Text, is_body_required: true, body_chars_max: BODY_CHARS_MAX, has_footer: true };
    match action {
        Action::ReplyButtons { .. }
        | Action::CtaUrl(_)
        | Action::Flow(_)
        | Action::OrderDetails(_)
        | Action::OrderStatus(_) => Around { top: Top::TextOrMedium, ..usual },
        Action::List { .. } => Around { body_chars_max: LIST_BODY_CHARS_MAX, ..usual },
        Action::Address(_) | Action::Catalog { .. } | Action::ContactRequest | Action::VoiceCall(_) => usual,
        Action::Product(_) => Around { top: Top::Nothing, is_body_required: false, ..usual },
        Action::ProductList { .. } => Around { top: Top::TextAlways, ..usual },
        Action::LocationRequest | Action::MediaCarousel { .. } | Action::ProductCarousel { .. } => {
            Around { top: Top::Nothing, has_footer: false, ..usual }
        }
        Action::CallPermissionRequest => {
            Around { top: Top::Nothing, is_body_required: false, has_footer: false, ..usual }
        }
    }
}

pub(super) fn check(judge: &mut Judge, sent: &Interactive) {
    let around = around(&sent.action);
    match (&sent.header, around.top) {
        (None, Top::TextAlways) => judge.missing(&format!("{AT}.header")),
        (Some(_), Top::Nothing) => {
            judge.not_allowed(&format!("{AT}.header"), "this kind of message has none");
        }
        (
            Some(Header::Image(_) | Header::Video(_) | Header::Document { .. }),
            Top::Text | Top::TextAlways,
        ) => {
            judge.not_allowed(&format!("{AT}.header"), "the header of this kind of message is a text");
        }
        (Some(sent), _) => header(judge, sent),
        (None, _) => {}
    }
    match &sent.body {
        Some(body) => judge.chars(&format!("{AT}.body"), body, around.body_chars_max),
        None if around.is_body_required => judge.missing(&format!("{AT}.body")),
        None => {}
    }
    match &sent.footer {
        Some(_) if !around.has_footer => {
            judge.not_allowed(&format!("{AT}.footer"), "this kind of message has none");
        }
        Some(footer) => judge.chars(&format!("{AT}.footer"), footer, FOOTER_CHARS_MAX),
        None => {}
    }
    action(judge, &sent.action);
}

fn header(judge: &mut Judge, header: &Header) {
    let at = format!("{AT}.header");
    match header {
        Header::Text { text, sub_text } => {
            judge.chars(&format!("{at}.text.text"), text, HEADER_CHARS_MAX);
            if let Some(sub_text) = sub_text {
                judge.chars(&format!("{at}.text.subText"), sub_text, HEADER_CHARS_MAX);
            }
        }
        Header::Image(image) => file::check(judge, &format!("{at}.image"), file::Kind::Image, image),
        Header::Video(video) => file::check(judge, &format!("{at}.video"), file::Kind::Video, video),
        Header::Document { file, .. } => {
            file::check(judge, &format!("{at}.document.file"), file::Kind::Document, file);
        }
    }
}

fn action(judge: &mut Judge, action: &Action) {
    let at = |name: &str| format!("{AT}.action.{name}");
    match action {
        Action::ReplyButtons { buttons } => reply_buttons(judge, &at("replyButtons.buttons"), buttons),
        Action::List { button, sections } => {
            judge.chars(&at("list.button"), button, BUTTON_CHARS_MAX);
            list(judge, &at("list.sections"), sections);
        }
        Action::CtaUrl(button) => link_button(judge, &at("ctaUrl"), button),
        Action::Flow(sent) => flow(judge, &at("flow"), sent),
        Action::Address(form) => address(judge, &at("address"), form),
        Action::Catalog { thumbnail_product_retailer_id: Some(thumbnail) } => {
            judge.filled(&at("catalog.thumbnailProductRetailerId"), thumbnail);
        }
        Action::Product(one) => product(judge, &at("product"), one),
        Action::ProductList { catalog_id, sections } => {
            judge.filled(&at("productList.catalogId"), catalog_id);
            products(judge, &at("productList.sections"), sections);
        }
        Action::MediaCarousel { cards } => media_cards(judge, &at("mediaCarousel.cards"), cards),
        Action::ProductCarousel { cards } => product_cards(judge, &at("productCarousel.cards"), cards),
        Action::VoiceCall(call) => {
            if let Some(text) = &call.display_text {
                judge.chars(&at("voiceCall.displayText"), text, BUTTON_CHARS_MAX);
            }
            voice_call(judge, &at("voiceCall"), call.ttl_minutes, call.payload.as_deref());
        }
        Action::OrderDetails(details) => order::details(judge, &at("orderDetails"), details),
        Action::OrderStatus(status) => order::status(judge, &at("orderStatus"), status),
        Action::Catalog { thumbnail_product_retailer_id: None }
        | Action::LocationRequest
        | Action::CallPermissionRequest
        | Action::ContactRequest => {}
    }
}

/// What a button that calls carries, in templates too.
pub(super) fn voice_call(judge: &mut Judge, at: &str, ttl_minutes: Option<u32>, payload: Option<&str>) {
    if let Some(minutes) = ttl_minutes {
        judge.range(&format!("{at}.ttlMinutes"), minutes, 1, CALL_MINUTES_MAX);
    }
    if let Some(payload) = payload {
        judge.chars_max(&format!("{at}.payload"), payload, CALL_PAYLOAD_CHARS_MAX);
    }
}

fn reply_buttons(judge: &mut Judge, at: &str, buttons: &[ReplyButton]) {
    judge.items(at, buttons.len(), 1, REPLY_BUTTONS_MAX);
    labels(judge, at, buttons);
    judge.unique(buttons.iter().map(|button| button.id.as_str()), |index| format!("{at}[{index}].id"));
    judge.unique(buttons.iter().map(|button| button.title.as_str()), |index| format!("{at}[{index}].title"));
}

fn labels(judge: &mut Judge, at: &str, buttons: &[ReplyButton]) {
    for (index, button) in buttons.iter().enumerate() {
        judge.chars(&format!("{at}[{index}].id"), &button.id, BUTTON_ID_CHARS_MAX);
        judge.chars(&format!("{at}[{index}].title"), &button.title, BUTTON_CHARS_MAX);
    }
}

fn link_button(judge: &mut Judge, at: &str, button: &LinkButton) {
    judge.chars(&format!("{at}.displayText"), &button.display_text, BUTTON_CHARS_MAX);
    judge.web(&format!("{at}.url"), &button.url);
}

fn list(judge: &mut Judge, at: &str, sections: &[ListSection]) {
    judge.items(at, sections.len(), 1, SECTIONS_MAX);
    titles(judge, at, sections.iter().map(|section| section.title.as_deref()));
    in_all(judge, at, sections.iter().map(|section| section.rows.len()), ROWS_IN_ALL_MAX);
    for (index, section) in sections.iter().enumerate() {
        judge.items(&format!("{at}[{index}].rows"), section.rows.len(), 1, usize::MAX);
        for (row_index, row) in section.rows.iter().enumerate() {
            let at = format!("{at}[{index}].rows[{row_index}]");
            judge.chars(&format!("{at}.id"), &row.id, ROW_ID_CHARS_MAX);
            judge.chars(&format!("{at}.title"), &row.title, ROW_TITLE_CHARS_MAX);
            if let Some(description) = &row.description {
                judge.chars_max(&format!("{at}.description"), description, ROW_DESCRIPTION_CHARS_MAX);
            }
        }
    }
}

/// Several sections need a title each.
fn titles<'a>(judge: &mut Judge, at: &str, titles: impl ExactSizeIterator<Item = Option<&'a str>>) {
    let are_required = titles.len() > 1;
    for (index, title) in titles.enumerate() {
        let field = format!("{at}[{index}].title");
        match title.filter(|title| !title.is_empty()) {
            Some(title) => judge.chars_max(&field, title, SECTION_TITLE_CHARS_MAX),
            None if are_required => judge.missing(&field),
            None => {}
        }
    }
}

fn in_all(judge: &mut Judge, at: &str, counts: impl Iterator<Item = usize>, max: usize) {
    let count: usize = counts.sum();
    if count > max {
        judge.breach(at, Limit::ItemsInAllMax(max), Found::Items(count));
    }
}

/// The products of a list, in templates too.
pub(super) fn products(judge: &mut Judge, at: &str, sections: &[ProductSection]) {
    judge.items(at, sections.len(), 1, SECTIONS_MAX);
    titles(judge, at, sections.iter().map(|section| section.title.as_deref()));
    in_all(judge, at, sections.iter().map(|section| section.product_retailer_ids.len()), PRODUCTS_IN_ALL_MAX);
    for (index, section) in sections.iter().enumerate() {
        let at = format!("{at}[{index}].productRetailerIds");
        judge.items(&at, section.product_retailer_ids.len(), 1, usize::MAX);
        for (index, id) in section.product_retailer_ids.iter().enumerate() {
            judge.filled(&format!("{at}[{index}]"), id);
        }
    }
}

/// One product, in headers of templates too.
pub(super) fn product(judge: &mut Judge, at: &str, product: &Product) {
    judge.filled(&format!("{at}.catalogId"), &product.catalog_id);
    judge.filled(&format!("{at}.productRetailerId"), &product.product_retailer_id);
}

fn flow(judge: &mut Judge, at: &str, flow: &Flow) {
    match &flow.flow {
        FlowName::Id(id) => judge.filled(&format!("{at}.flow.id"), id),
        FlowName::Name(name) => judge.filled(&format!("{at}.flow.name"), name),
    }
    judge.chars(&format!("{at}.button"), &flow.button, FLOW_BUTTON_CHARS_MAX);
    if let Some(FlowStart::Navigate { screen, data }) = &flow.start {
        if let Some(screen) = screen {
            judge.filled(&format!("{at}.start.navigate.screen"), screen);
        }
        if data.as_ref().is_some_and(serde_json::Map::is_empty) {
            judge.breach(&format!("{at}.start.navigate.data"), Limit::NotEmpty, Found::Nothing);
        }
    }
}

/// Meta (2026-07): the table of address fields has India alone.
const ADDRESS_COUNTRIES: &[&str] = &["IN"];

fn address(judge: &mut Judge, at: &str, address: &Address) {
    if !ADDRESS_COUNTRIES.contains(&address.country.as_str()) {
        let known = ADDRESS_COUNTRIES.iter().map(|country| (*country).to_owned()).collect();
        judge.breach(&format!("{at}.country"), Limit::OneOf(known), Found::text(&address.country));
    }
    for (index, saved) in address.saved_addresses.iter().enumerate() {
        judge.filled(&format!("{at}.savedAddresses[{index}].id"), &saved.id);
    }
}

fn media_cards(judge: &mut Judge, at: &str, cards: &[MediaCard]) {
    judge.items(at, cards.len(), CARDS_MIN, CARDS_MAX);
    // Cards have the same kind and number of buttons: none for a link.
    let buttons = |card: &MediaCard| match &card.action {
        CardAction::CtaUrl(_) => None,
        CardAction::QuickReplies(buttons) => Some(buttons.len()),
    };
    let first = cards.first().map(buttons);
    for (index, card) in cards.iter().enumerate() {
        let at = format!("{at}[{index}]");
        if first.is_some_and(|first| first != buttons(card)) {
            judge.breach(&format!("{at}.action"), Limit::LikeTheFirst, Found::Something);
        }
        match &card.header {
            CardHeader::Image(image) => {
                file::check(judge, &format!("{at}.header.image"), file::Kind::Image, image);
            }
            CardHeader::Video(video) => {
                file::check(judge, &format!("{at}.header.video"), file::Kind::Video, video);
            }
        }
        if let Some(body) = &card.body {
            let field = format!("{at}.body");
            judge.chars(&field, body, CARD_BODY_CHARS_MAX);
            let line_breaks = body.matches('\n').count();
            if line_breaks > CARD_LINE_BREAKS_MAX {
                let limit = Limit::LineBreaksMax(CARD_LINE_BREAKS_MAX);
                judge.breach(&field, limit, Found::LineBreaks(line_breaks));
            }
        }
        match &card.action {
            CardAction::CtaUrl(button) => link_button(judge, &format!("{at}.action.ctaUrl"), button),
            CardAction::QuickReplies(buttons) => {
                let at = format!("{at}.action.quickReplies");
                judge.items(&at, buttons.len(), 1, usize::MAX);
                labels(judge, &at, buttons);
            }
        }
    }
}

fn product_cards(judge: &mut Judge, at: &str, cards: &[Product]) {
    judge.items(at, cards.len(), CARDS_MIN, CARDS_MAX);
    let first = cards.first().map(|card| card.catalog_id.as_str());
    for (index, card) in cards.iter().enumerate() {
        let at = format!("{at}[{index}]");
        product(judge, &at, card);
        if first.is_some_and(|first| first != card.catalog_id) {
            judge.breach(&format!("{at}.catalogId"), Limit::LikeTheFirst, Found::text(&card.catalog_id));
        }
    }
}
