//! Limits of a template that is sent, as far as they do not depend on its definition.

use super::super::breach::{Found, Judge, Limit};
use super::super::template::{Button, ButtonValue, Header, Parameter, ParameterValue, Template};
use super::{file, interactive, order, plain};

const AT: &str = "content.template";

const NAME_CHARS_MAX: usize = 512;
const BUTTON_INDEX_MAX: i64 = 9;
const COUPON_CHARS_MAX: usize = 20;
const CARDS_MIN: usize = 2;
const CARDS_MAX: usize = 10;

pub(super) fn check(judge: &mut Judge, sent: &Template) {
    judge.chars(&format!("{AT}.name"), &sent.name, NAME_CHARS_MAX);
    judge.filled(&format!("{AT}.language.code"), &sent.language.code);
    parts(judge, AT, sent.header.as_ref(), &sent.body, &sent.buttons);
    if !sent.cards.is_empty() {
        judge.items(&format!("{AT}.cards"), sent.cards.len(), CARDS_MIN, CARDS_MAX);
    }
    for (index, card) in sent.cards.iter().enumerate() {
        parts(judge, &format!("{AT}.cards[{index}]"), card.header.as_ref(), &card.body, &card.buttons);
    }
    for (index, target) in sent.tap_targets.iter().enumerate() {
        judge.web(&format!("{AT}.tapTargets[{index}].url"), &target.url);
        judge.filled(&format!("{AT}.tapTargets[{index}].title"), &target.title);
    }
}

/// What a template and a card of a carousel have alike.
fn parts(judge: &mut Judge, at: &str, top: Option<&Header>, body: &[Parameter], buttons: &[Button]) {
    if let Some(top) = top {
        header(judge, &format!("{at}.header"), top);
    }
    for (index, one) in body.iter().enumerate() {
        parameter(judge, &format!("{at}.body[{index}]"), one);
    }
    for (index, one) in buttons.iter().enumerate() {
        let field = format!("{at}.buttons[{index}]");
        judge.range(&format!("{field}.index"), one.index, 0, BUTTON_INDEX_MAX);
        if buttons.iter().take(index).any(|other| other.index == one.index) {
            judge.breach(&format!("{field}.index"), Limit::Unique, Found::Number(one.index.into()));
        }
        button(judge, &format!("{field}.value"), &one.value);
    }
}

fn header(judge: &mut Judge, at: &str, header: &Header) {
    match header {
        Header::Text(one) => parameter(judge, &format!("{at}.text"), one),
        Header::Image(image) => file::check(judge, &format!("{at}.image"), file::Kind::Image, image),
        Header::Video(video) => file::check(judge, &format!("{at}.video"), file::Kind::Video, video),
        Header::Document { file, .. } => {
            file::check(judge, &format!("{at}.document.file"), file::Kind::Document, file);
        }
        Header::Location(location) => plain::location(judge, &format!("{at}.location"), location),
        Header::Product(product) => interactive::product(judge, &format!("{at}.product"), product),
    }
}

fn parameter(judge: &mut Judge, at: &str, parameter: &Parameter) {
    if let Some(name) = &parameter.name {
        judge.filled(&format!("{at}.name"), name);
    }
    let field = match &parameter.value {
        ParameterValue::Text(_) => "text",
        ParameterValue::Currency { .. } => "currency.fallbackValue",
        ParameterValue::DateTime(_) => "dateTime.fallbackValue",
        ParameterValue::GroupId(_) => "groupId",
    };
    judge.filled(&format!("{at}.value.{field}"), parameter.value.shown());
}

fn button(judge: &mut Judge, at: &str, value: &ButtonValue) {
    match value {
        ButtonValue::QuickReply(payload) => judge.filled(&format!("{at}.quickReply"), payload),
        ButtonValue::UrlSuffix(suffix) => {
            let field = format!("{at}.urlSuffix");
            judge.filled(&field, suffix);
            if suffix.contains(char::is_whitespace) {
                judge.breach(&field, Limit::Form("percent-encoded"), Found::text(suffix));
            }
        }
        ButtonValue::CopyCode(code) => judge.chars(&format!("{at}.copyCode"), code, COUPON_CHARS_MAX),
        ButtonValue::Catalog { thumbnail_product_retailer_id: Some(thumbnail) } => {
            judge.filled(&format!("{at}.catalog.thumbnailProductRetailerId"), thumbnail);
        }
        ButtonValue::MultiProduct { thumbnail_product_retailer_id, sections } => {
            let at = format!("{at}.multiProduct");
            judge.filled(&format!("{at}.thumbnailProductRetailerId"), thumbnail_product_retailer_id);
            interactive::products(judge, &format!("{at}.sections"), sections);
        }
        ButtonValue::VoiceCall { ttl_minutes, payload } => {
            interactive::voice_call(judge, &format!("{at}.voiceCall"), *ttl_minutes, payload.as_deref());
        }
        ButtonValue::OrderDetails(details) => order::details(judge, &format!("{at}.orderDetails"), details),
        ButtonValue::Catalog { thumbnail_product_retailer_id: None } | ButtonValue::Flow { .. } => {}
    }
}
