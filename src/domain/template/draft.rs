//! A template as somebody wants to have it, before Meta has seen it: its parts with examples, and Meta's limits.
//!
//! Fields are named as an interface has them: `header.text`, `buttons[1].url`.

use serde_json::Value;

use super::variables;
use crate::domain::outgoing::breach::{Breach, Found, Judge, Limit};

const NAME_CHARS_MAX: usize = 512;
const LANGUAGE_CHARS_MAX: usize = 20;
const HEADER_CHARS_MAX: usize = 60;
const BODY_CHARS_MAX: usize = 1_024;
const FOOTER_CHARS_MAX: usize = 60;
const LABEL_CHARS_MAX: usize = 25;
const URL_CHARS_MAX: usize = 2_000;
const COUPON_CHARS_MAX: usize = 20;
const EXAMPLE_CHARS_MAX: usize = 1_024;
const HANDLE_CHARS_MAX: usize = 4_096;
const BUTTONS_MAX: usize = 10;
const CARDS: (usize, usize) = (2, 10);
const APPS_MAX: usize = 5;
const SIGNATURE_HASH_CHARS: usize = 11;
const RAW_COMPONENTS_MAX: usize = 20;

pub const CATEGORIES: [&str; 3] = ["AUTHENTICATION", "MARKETING", "UTILITY"];

/// Meta (2026-07): the time to live in seconds by category, and whether -1 stands for 30 days.
const TTLS: [(&str, i64, i64, bool); 3] = [
    ("AUTHENTICATION", 30, 900, true),
    ("UTILITY", 30, 43_200, true),
    ("MARKETING", 43_200, 2_592_000, false),
];

/// A template that is to be handed in.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Draft {
    pub name: String,
    pub language: String,
    /// In capitals.
    pub category: String,
    pub are_variables_named: bool,
    pub content: Content,
    /// How long it is tried to be delivered.
    pub send_ttl_s: Option<i64>,
}

/// What a template consists of.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    Parts(Box<Whole>),
    /// Meta writes the text itself.
    Code(Code),
    /// Components in Meta's own JSON. What they are, Meta judges.
    Raw(Vec<Value>),
}

impl Default for Content {
    fn default() -> Self {
        Self::Parts(Box::default())
    }
}

/// The parts, and what only a whole template has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Whole {
    pub parts: Parts,
    pub offer: Option<super::Offer>,
    /// The cards of a carousel.
    pub cards: Vec<Parts>,
}

/// What a template and a card of a carousel have alike.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    pub header: Option<Header>,
    pub body: Option<Text>,
    pub footer: Option<String>,
    pub buttons: Vec<Button>,
}

/// A text, with an example for each of its variables.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    pub text: String,
    pub examples: Vec<Example>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Example {
    /// The variable's name, where variables have names.
    pub name: Option<String>,
    pub value: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Header {
    Text(Text),
    /// The handle of a sample that was uploaded.
    Media {
        format: Media,
        handle: String,
    },
    Location,
    Product,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Media {
    Image,
    Video,
    Gif,
    Document,
}

impl Media {
    /// As Meta names its format.
    pub fn format(self) -> &'static str {
        match self {
            Self::Image => "IMAGE",
            Self::Video => "VIDEO",
            Self::Gif => "GIF",
            Self::Document => "DOCUMENT",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Image => "imageHandle",
            Self::Video => "videoHandle",
            Self::Gif => "gifHandle",
            Self::Document => "documentHandle",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Button {
    QuickReply { text: String },
    Url { text: String, url: String, example: Option<String> },
    PhoneNumber { text: String, phone_number: String },
    CopyCode { example: String },
    Flow { text: String, flow_id: String, screen: Option<String> },
    Catalog { text: String },
    MultiProduct { text: String },
    VoiceCall { text: String },
    OrderDetails { text: String },
    RequestContactInfo,
}

/// What goes around a code.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Code {
    pub recommends_security: bool,
    pub expires_minutes: Option<u32>,
    /// As Meta names it.
    pub way: &'static str,
    /// The label of the button that copies it.
    pub copy_text: Option<String>,
    pub autofill_text: Option<String>,
    pub apps: Vec<App>,
    pub are_terms_accepted: bool,
}

/// An app that fills the code in by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct App {
    pub package_name: String,
    pub signature_hash: String,
}

impl Button {
    /// Its name in the interface, and how many of it a template may have. Meta (2026-07): kinds without a published
    /// number, one.
    fn kind(&self) -> (&'static str, usize) {
        match self {
            Self::QuickReply { .. } => ("quickReply", 10),
            Self::Url { .. } => ("url", 2),
            Self::PhoneNumber { .. } => ("phoneNumber", 1),
            Self::CopyCode { .. } => ("copyCode", 1),
            Self::Flow { .. } => ("flow", 1),
            Self::Catalog { .. } => ("catalog", 1),
            Self::MultiProduct { .. } => ("multiProduct", 1),
            Self::VoiceCall { .. } => ("voiceCall", 1),
            Self::OrderDetails { .. } => ("orderDetails", 1),
            Self::RequestContactInfo => ("requestContactInfo", 1),
        }
    }

    fn label(&self) -> Option<&str> {
        match self {
            Self::QuickReply { text }
            | Self::Url { text, .. }
            | Self::PhoneNumber { text, .. }
            | Self::Flow { text, .. }
            | Self::Catalog { text }
            | Self::MultiProduct { text }
            | Self::VoiceCall { text }
            | Self::OrderDetails { text } => Some(text),
            Self::CopyCode { .. } | Self::RequestContactInfo => None,
        }
    }
}

/// Everything that is wrong with a draft.
pub fn check(draft: &Draft) -> Result<(), Vec<Breach>> {
    let mut judge = Judge::default();
    name(&mut judge, &draft.name);
    judge.chars("language", &draft.language, LANGUAGE_CHARS_MAX);
    around(&mut judge, &draft.category, draft.send_ttl_s);
    content(&mut judge, &draft.category, draft.are_variables_named, &draft.content);
    judge.verdict()
}

/// Everything that is wrong with what is to change in a template. `category` is the one that it will have.
pub fn check_edit(
    category: &str,
    are_variables_named: bool,
    new: Option<&Content>,
    send_ttl_s: Option<i64>,
) -> Result<(), Vec<Breach>> {
    let mut judge = Judge::default();
    around(&mut judge, category, send_ttl_s);
    if let Some(new) = new {
        content(&mut judge, category, are_variables_named, new);
    }
    judge.verdict()
}

fn name(judge: &mut Judge, name: &str) {
    judge.chars("name", name, NAME_CHARS_MAX);
    let is_right = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
    if !name.chars().all(is_right) {
        let limit = Limit::Form("of lower-case letters, digits and underscores");
        judge.breach("name", limit, Found::text(name));
    }
}

fn around(judge: &mut Judge, category: &str, send_ttl_s: Option<i64>) {
    if !CATEGORIES.contains(&category) {
        let limit = Limit::OneOf(CATEGORIES.map(str::to_owned).to_vec());
        judge.breach("category", limit, Found::text(category));
    }
    let ttl = TTLS.into_iter().find(|(name, ..)| *name == category);
    if let (Some(seconds), Some((_, least, most, has_usual))) = (send_ttl_s, ttl)
        && !(has_usual && seconds == -1)
    {
        judge.range("sendTtlSeconds", seconds, least, most);
    }
}

fn content(judge: &mut Judge, category: &str, are_named: bool, content: &Content) {
    let is_code = category == "AUTHENTICATION";
    match content {
        Content::Parts(_) if is_code => {
            judge.breach("authentication", Limit::Required, Found::Nothing);
        }
        Content::Parts(whole) => check_whole(judge, are_named, whole),
        Content::Code(_) if !is_code => {
            judge.not_allowed("authentication", "only templates of the category AUTHENTICATION carry codes");
        }
        Content::Code(code) => check_code(judge, code),
        Content::Raw(components) => {
            judge.items("componentsJson", components.len(), 1, RAW_COMPONENTS_MAX);
        }
    }
}

fn check_whole(judge: &mut Judge, are_named: bool, whole: &Whole) {
    if whole.parts.body.is_none() {
        judge.missing("body");
    }
    check_parts(judge, are_named, "", &whole.parts);
    if let Some(offer) = &whole.offer {
        judge.chars("limitedTimeOffer.text", &offer.text, 16);
    }
    if whole.cards.is_empty() {
        return;
    }
    judge.items("cards", whole.cards.len(), CARDS.0, CARDS.1);
    for (index, card) in whole.cards.iter().enumerate() {
        let at = format!("cards[{index}].");
        if card.header.is_none() {
            judge.missing(&format!("{at}header"));
        }
        if card.footer.is_some() {
            judge.not_allowed(&format!("{at}footer"), "a card has no footer");
        }
        check_parts(judge, are_named, &at, card);
    }
}

fn check_parts(judge: &mut Judge, are_named: bool, at: &str, parts: &Parts) {
    match &parts.header {
        Some(Header::Text(text)) => {
            let field = format!("{at}header.text");
            if variables(&text.text).len() > 1 {
                judge.breach(
                    &format!("{field}.text"),
                    Limit::ItemsMax(1),
                    Found::Items(variables(&text.text).len()),
                );
            }
            check_text(judge, are_named, &field, text, HEADER_CHARS_MAX);
        }
        Some(Header::Media { format, handle }) => {
            judge.chars(&format!("{at}header.{}", format.name()), handle, HANDLE_CHARS_MAX);
        }
        Some(Header::Location | Header::Product) | None => {}
    }
    if let Some(body) = &parts.body {
        let field = format!("{at}body");
        check_text(judge, are_named, &field, body, BODY_CHARS_MAX);
        let trimmed = body.text.trim();
        if trimmed.starts_with("{{") || trimmed.ends_with("}}") {
            let limit = Limit::Form("a text that neither begins nor ends with a variable");
            judge.breach(&format!("{field}.text"), limit, Found::text(trimmed));
        }
    }
    if let Some(footer) = &parts.footer {
        let field = format!("{at}footer");
        judge.chars(&field, footer, FOOTER_CHARS_MAX);
        if !variables(footer).is_empty() {
            judge.not_allowed(&field, "a footer has no variables");
        }
    }
    check_buttons(judge, &format!("{at}buttons"), &parts.buttons);
}

/// Numbers are counted from 1 without a gap; names are of lower-case letters, digits and underscores.
fn check_text(judge: &mut Judge, are_named: bool, at: &str, text: &Text, chars_max: usize) {
    let field = format!("{at}.text");
    judge.chars(&field, &text.text, chars_max);
    let names = variables(&text.text);
    for (index, name) in names.iter().enumerate() {
        let is_right = if are_named {
            let is_letter = |one: char| one.is_ascii_lowercase() || one.is_ascii_digit() || one == '_';
            name.chars().next().is_some_and(|first| !first.is_ascii_digit()) && name.chars().all(is_letter)
        } else {
            names.contains(&(index + 1).to_string().as_str())
        };
        if !is_right {
            let form = if are_named {
                "with variables of lower-case letters, digits and underscores"
            } else {
                "with variables that are numbered from {{1}} on"
            };
            judge.breach(&field, Limit::Form(form), Found::text(name));
            return;
        }
    }
    let at = format!("{at}.examples");
    if text.examples.len() != names.len() {
        judge.breach(&at, Limit::Items(names.len()), Found::Items(text.examples.len()));
        return;
    }
    for (index, example) in text.examples.iter().enumerate() {
        judge.chars(&format!("{at}[{index}].value"), &example.value, EXAMPLE_CHARS_MAX);
        let field = format!("{at}[{index}].name");
        match (are_named, example.name.as_deref()) {
            (true, None) => judge.missing(&field),
            (true, Some(name)) if !names.contains(&name) => {
                let names = names.iter().map(|name| (*name).to_owned()).collect();
                judge.breach(&field, Limit::OneOf(names), Found::text(name));
            }
            (false, Some(_)) => judge.not_allowed(&field, "the variables have numbers, not names"),
            _ => {}
        }
    }
}

fn check_buttons(judge: &mut Judge, at: &str, buttons: &[Button]) {
    judge.items(at, buttons.len(), 0, BUTTONS_MAX);
    let kinds: Vec<(&str, usize)> = buttons.iter().map(Button::kind).collect();
    for (index, (kind, most)) in kinds.iter().enumerate() {
        let count = kinds.iter().take(index + 1).filter(|(other, _)| other == kind).count();
        if count == most + 1 {
            judge.breach(&format!("{at}[{index}].{kind}"), Limit::ItemsInAllMax(*most), Found::Items(count));
        }
    }
    let is_reply = |(kind, _): &(&str, usize)| *kind == "quickReply";
    let changes =
        kinds.windows(2).filter(|pair| matches!(pair, [one, other] if is_reply(one) != is_reply(other)));
    if changes.count() > 1 {
        judge.breach(at, Limit::Form("with the quick replies side by side"), Found::Something);
    }
    for (index, button) in buttons.iter().enumerate() {
        check_button(judge, &format!("{at}[{index}].{}", button.kind().0), button);
    }
}

fn check_button(judge: &mut Judge, at: &str, button: &Button) {
    if let Some(label) = button.label() {
        judge.chars(&format!("{at}.text"), label, LABEL_CHARS_MAX);
    }
    match button {
        Button::Url { url, example, .. } => {
            let field = format!("{at}.url");
            judge.chars_max(&field, url, URL_CHARS_MAX);
            judge.web(&field, url);
            let names = variables(url);
            if names.len() > 1 || (names.len() == 1 && !url.ends_with("}}")) {
                judge.breach(&field, Limit::Form("with one variable at most, at its end"), Found::text(url));
            }
            if !names.is_empty() && example.as_deref().is_none_or(str::is_empty) {
                judge.missing(&format!("{at}.example"));
            }
        }
        Button::PhoneNumber { phone_number, .. } => {
            judge.chars(&format!("{at}.phoneNumber"), phone_number, 20);
        }
        Button::CopyCode { example } => judge.chars(&format!("{at}.example"), example, COUPON_CHARS_MAX),
        Button::Flow { flow_id, .. } => judge.chars(&format!("{at}.flowId"), flow_id, 64),
        _ => {}
    }
}

fn check_code(judge: &mut Judge, code: &Code) {
    if let Some(minutes) = code.expires_minutes {
        judge.range("authentication.codeExpirationMinutes", minutes, 1, 90);
    }
    for (field, text) in [("copyText", &code.copy_text), ("autofillText", &code.autofill_text)] {
        if let Some(text) = text {
            judge.chars(&format!("authentication.{field}"), text, LABEL_CHARS_MAX);
        }
    }
    judge.items("authentication.apps", code.apps.len(), 0, APPS_MAX);
    if code.way != "COPY_CODE" && code.apps.is_empty() {
        judge.missing("authentication.apps");
    }
    if code.way == "ZERO_TAP" && !code.are_terms_accepted {
        judge.missing("authentication.zeroTapTermsAccepted");
    }
    for (index, app) in code.apps.iter().enumerate() {
        judge.filled(&format!("authentication.apps[{index}].packageName"), &app.package_name);
        if app.signature_hash.chars().count() != SIGNATURE_HASH_CHARS {
            let field = format!("authentication.apps[{index}].signatureHash");
            judge.breach(&field, Limit::Form("of 11 characters"), Found::text(&app.signature_hash));
        }
    }
}

#[cfg(test)]
mod tests;
