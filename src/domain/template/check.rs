//! A template that is sent against its stored definition: how many parameters, of which names and kinds.
//!
//! Fields are named as in `domain::outgoing::check`, whose limits come on top.

use super::variables::{filled, variables};
use super::{ButtonKind, Definition, Header, Parts};
use crate::domain::outgoing::breach::{Breach, Found, Judge, Limit};
use crate::domain::outgoing::template as sent;
use crate::domain::outgoing::{MARKETING, Recipient};

const AT: &str = "content.template";
const HEADER_CHARS_MAX: usize = 60;
const BODY_CHARS_MAX: usize = 1024;
/// Meta (2026-07): a one-time code.
const CODE_CHARS_MAX: usize = 15;

/// Everything that is wrong with a message that uses the template.
pub fn check(
    definition: &Definition,
    sent: &sent::Template,
    recipient: &Recipient,
    is_marketing: bool,
) -> Result<(), Vec<Breach>> {
    let mut judge = Judge::default();
    whole(&mut judge, definition, sent, recipient, is_marketing);
    if definition.is_authentication() {
        code(&mut judge, sent);
        return judge.verdict();
    }
    let naming = Naming { are_named: definition.are_variables_named };
    naming.parts(
        &mut judge,
        AT,
        &definition.parts,
        &Given { header: sent.header.as_ref(), body: &sent.body, buttons: &sent.buttons },
    );
    offer(&mut judge, definition, sent);
    cards(&mut judge, naming, definition, sent);
    judge.verdict()
}

fn whole(
    judge: &mut Judge,
    definition: &Definition,
    sent: &sent::Template,
    recipient: &Recipient,
    is_marketing: bool,
) {
    let one_of = |option: &str| Limit::OneOf(vec![option.to_owned()]);
    if sent.name != definition.name {
        judge.breach(&format!("{AT}.name"), one_of(&definition.name), Found::text(&sent.name));
    }
    // Callers write a hyphen where Meta lists an underscore.
    if sent.language.code.replace('-', "_") != definition.language.replace('-', "_") {
        let field = format!("{AT}.language.code");
        judge.breach(&field, one_of(&definition.language), Found::text(&sent.language.code));
    }
    match definition.status.as_str() {
        "APPROVED" => {}
        "PAUSED" => judge.not_allowed(&format!("{AT}.name"), "Meta has paused the template"),
        "DISABLED" => judge.not_allowed(&format!("{AT}.name"), "Meta has disabled the template"),
        "REJECTED" => judge.not_allowed(&format!("{AT}.name"), "Meta has rejected the template"),
        "PENDING" | "IN_APPEAL" => {
            judge.not_allowed(&format!("{AT}.name"), "Meta has not approved the template yet");
        }
        _ => judge.not_allowed(&format!("{AT}.name"), "the template is not approved"),
    }
    if is_marketing && definition.category != MARKETING {
        judge.not_allowed(
            "marketing",
            "only templates of the category MARKETING are sent as marketing messages",
        );
    }
    if definition.is_authentication() && recipient.phone().is_none() {
        judge.not_allowed("recipient", "a code is only sent to a phone number");
    }
    if recipient.is_group() && !is_for_groups(definition) {
        judge.not_allowed("recipient", "a group takes templates of texts and media only");
    }
}

/// Meta (2025-10): no commerce, no codes, no calls.
pub fn is_for_groups(definition: &Definition) -> bool {
    let is_plain = |parts: &Parts| {
        !matches!(parts.header, Some(Header::Product))
            && parts.buttons.iter().all(|button| {
                !matches!(
                    button.kind,
                    ButtonKind::Catalog
                        | ButtonKind::MultiProduct
                        | ButtonKind::SingleProduct
                        | ButtonKind::OneTimePassword
                        | ButtonKind::VoiceCall
                        | ButtonKind::OrderDetails
                )
            })
    };
    !definition.is_authentication() && is_plain(&definition.parts) && definition.cards.iter().all(is_plain)
}

/// Meta (2026-07): a GIF in a header leaves by the endpoint of marketing messages only. Gives the fields that have one.
/// Apart from the rest: by which endpoint a message leaves is decided by the category of its template.
pub fn moving_headers(definition: &Definition) -> Vec<String> {
    let is_moving = |parts: &Parts| matches!(parts.header, Some(Header::Gif));
    let own = is_moving(&definition.parts).then(|| format!("{AT}.header"));
    let cards = definition.cards.iter().enumerate().filter(|(_, card)| is_moving(card));
    own.into_iter().chain(cards.map(|(index, _)| format!("{AT}.cards[{index}].header"))).collect()
}

/// What a message brings for a template or a card.
struct Given<'a> {
    header: Option<&'a sent::Header>,
    body: &'a [sent::Parameter],
    buttons: &'a [sent::Button],
}

/// How the variables are called, and so the parameters.
#[derive(Clone, Copy)]
struct Naming {
    are_named: bool,
}

impl Naming {
    fn parts(self, judge: &mut Judge, at: &str, parts: &Parts, given: &Given<'_>) {
        self.header(judge, &format!("{at}.header"), parts.header.as_ref(), given.header);
        let body = parts.body.as_deref().unwrap_or_default();
        self.texts(judge, &format!("{at}.body"), body, given.body, BODY_CHARS_MAX);
        buttons(judge, &format!("{at}.buttons"), parts, given.buttons);
    }

    fn header(self, judge: &mut Judge, at: &str, defined: Option<&Header>, given: Option<&sent::Header>) {
        let Some(defined) = defined else {
            if given.is_some() {
                judge.not_allowed(at, "the template has no header");
            }
            return;
        };
        match (defined, given) {
            (Header::Text(text), Some(sent::Header::Text(parameter))) => {
                // Only one, so it has no number in its name.
                let one = std::slice::from_ref(parameter);
                if variables(text).is_empty() {
                    judge.not_allowed(at, "the header of the template has no variable");
                } else {
                    self.values(judge, &[format!("{at}.text")], text, one);
                    filled_length(judge, at, text, one, HEADER_CHARS_MAX);
                }
            }
            (Header::Text(text), None) if variables(text).is_empty() => {}
            // What it wants is not known.
            (Header::Unknown(_), _)
            | (Header::Image, Some(sent::Header::Image(_)))
            | (Header::Video | Header::Gif, Some(sent::Header::Video(_)))
            | (Header::Document, Some(sent::Header::Document { .. }))
            | (Header::Location, Some(sent::Header::Location(_)))
            | (Header::Product, Some(sent::Header::Product(_))) => {}
            (_, None) => judge.missing(at),
            (defined, Some(given)) => {
                let limit = Limit::OneOf(vec![defined.format().to_ascii_lowercase()]);
                judge.breach(at, limit, Found::text(kind_of(given)));
            }
        }
    }

    fn texts(self, judge: &mut Judge, at: &str, text: &str, given: &[sent::Parameter], chars_max: usize) {
        let expected = variables(text).len();
        if given.len() != expected {
            judge.breach(at, Limit::Items(expected), Found::Items(given.len()));
            return;
        }
        let fields: Vec<String> = (0..given.len()).map(|index| format!("{at}[{index}]")).collect();
        self.values(judge, &fields, text, given);
        filled_length(judge, at, text, given, chars_max);
    }

    /// As many parameters as variables, each in a field of its own.
    fn values(self, judge: &mut Judge, fields: &[String], text: &str, given: &[sent::Parameter]) {
        let names = variables(text);
        let mut seen = Vec::new();
        for (field, parameter) in fields.iter().zip(given) {
            let field = format!("{field}.name");
            match (self.are_named, parameter.name.as_deref()) {
                (true, None) => judge.missing(&field),
                (true, Some(name)) if !names.contains(&name) => {
                    let names = names.iter().map(|name| (*name).to_owned()).collect();
                    judge.breach(&field, Limit::OneOf(names), Found::text(name));
                }
                (true, Some(name)) if seen.contains(&name) => {
                    judge.breach(&field, Limit::Unique, Found::text(name));
                }
                (true, Some(name)) => seen.push(name),
                (false, Some(_)) => {
                    judge.not_allowed(&field, "the variables of the template have numbers, not names");
                }
                (false, None) => {}
            }
        }
    }
}

/// Meta (2026-07): a text may be too long only once it is filled.
fn filled_length(judge: &mut Judge, at: &str, text: &str, given: &[sent::Parameter], chars_max: usize) {
    judge.chars_max(at, &fill(text, given), chars_max);
}

/// The text with the values of a message, whether its variables have numbers or names.
pub(super) fn fill(text: &str, given: &[sent::Parameter]) -> String {
    filled(text, |name| {
        let named = given.iter().find(|parameter| parameter.name.as_deref() == Some(name));
        let place = || name.parse::<usize>().ok().and_then(|number| given.get(number.checked_sub(1)?));
        let parameter = named.or_else(|| place().filter(|parameter| parameter.name.is_none()));
        parameter.map(|parameter| parameter.value.shown())
    })
}

fn kind_of(header: &sent::Header) -> &'static str {
    match header {
        sent::Header::Text(_) => "text",
        sent::Header::Image(_) => "image",
        sent::Header::Video(_) => "video",
        sent::Header::Document { .. } => "document",
        sent::Header::Location(_) => "location",
        sent::Header::Product(_) => "product",
    }
}

fn buttons(judge: &mut Judge, at: &str, parts: &Parts, given: &[sent::Button]) {
    for (place, button) in given.iter().enumerate() {
        let defined = usize::try_from(button.index).ok().and_then(|index| parts.buttons.get(index));
        let Some(defined) = defined else {
            let field = format!("{at}[{place}].index");
            let last = i64::try_from(parts.buttons.len()).unwrap_or(i64::MAX) - 1;
            if last < 0 {
                judge.not_allowed(&field, "the template has no buttons");
            } else {
                judge.breach(&field, Limit::Range(0, last), Found::Number(button.index.into()));
            }
            continue;
        };
        let (expected, _) = wanted(&defined.kind);
        let value = format!("{at}[{place}].value");
        match expected {
            Wanted::Unknown => {}
            Wanted::Nothing => judge.not_allowed(&value, "this button of the template takes no value"),
            Wanted::Value(expected) if expected == value_of(&button.value) => {}
            Wanted::Value(expected) => {
                let limit = Limit::OneOf(vec![expected.to_owned()]);
                judge.breach(&value, limit, Found::text(value_of(&button.value)));
            }
        }
    }
    for (index, button) in parts.buttons.iter().enumerate() {
        let is_given = given.iter().any(|given| usize::try_from(given.index) == Ok(index));
        if let (Wanted::Value(kind), true) = wanted(&button.kind)
            && !is_given
        {
            judge.breach(at, Limit::Button { index, kind }, Found::Nothing);
        }
    }
}

/// What a button takes in a message, in the interface's terms, and whether it must be given. None: nothing, or nobody
/// knows.
pub fn takes(kind: &ButtonKind) -> Option<(&'static str, bool)> {
    match wanted(kind) {
        (Wanted::Value(value), is_required) => Some((value, is_required)),
        (Wanted::Nothing | Wanted::Unknown, _) => None,
    }
}

/// What a button of a template takes.
enum Wanted {
    /// The variant of `ButtonValue`, in the interface's terms.
    Value(&'static str),
    Nothing,
    Unknown,
}

/// And whether it must be there.
fn wanted(kind: &ButtonKind) -> (Wanted, bool) {
    match kind {
        ButtonKind::QuickReply => (Wanted::Value("quickReply"), false),
        ButtonKind::Url { url } if variables(url).is_empty() => (Wanted::Nothing, false),
        ButtonKind::Url { .. } | ButtonKind::OneTimePassword => (Wanted::Value("urlSuffix"), true),
        ButtonKind::CopyCode => (Wanted::Value("copyCode"), true),
        ButtonKind::Flow => (Wanted::Value("flow"), false),
        ButtonKind::Catalog => (Wanted::Value("catalog"), false),
        ButtonKind::MultiProduct => (Wanted::Value("multiProduct"), true),
        ButtonKind::VoiceCall => (Wanted::Value("voiceCall"), false),
        ButtonKind::OrderDetails => (Wanted::Value("orderDetails"), true),
        ButtonKind::PhoneNumber { .. } | ButtonKind::SingleProduct | ButtonKind::RequestContactInfo => {
            (Wanted::Nothing, false)
        }
        ButtonKind::Unknown(_) => (Wanted::Unknown, false),
    }
}

fn value_of(value: &sent::ButtonValue) -> &'static str {
    match value {
        sent::ButtonValue::QuickReply(_) => "quickReply",
        sent::ButtonValue::UrlSuffix(_) => "urlSuffix",
        sent::ButtonValue::CopyCode(_) => "copyCode",
        sent::ButtonValue::Flow { .. } => "flow",
        sent::ButtonValue::Catalog { .. } => "catalog",
        sent::ButtonValue::MultiProduct { .. } => "multiProduct",
        sent::ButtonValue::VoiceCall { .. } => "voiceCall",
        sent::ButtonValue::OrderDetails(_) => "orderDetails",
    }
}

/// A code goes twice: into the text, and into the button that copies it or fills it in.
fn code(judge: &mut Judge, sent: &sent::Template) {
    let at = |part: &str| format!("{AT}.{part}");
    if sent.header.is_some() {
        judge.not_allowed(&at("header"), "the template has no header");
    }
    if !sent.cards.is_empty() {
        judge.not_allowed(&at("cards"), "the template has no carousel");
    }
    if sent.offer_ends_at_ms.is_some() {
        judge.not_allowed(&at("offerEndsAtMs"), "the template has no limited-time offer");
    }
    let [sent::Parameter { name, value: sent::ParameterValue::Text(code) }] = sent.body.as_slice() else {
        if let [_] = sent.body.as_slice() {
            judge.breach(&at("body[0].value"), Limit::OneOf(vec!["text".to_owned()]), Found::Something);
        } else {
            judge.breach(&at("body"), Limit::Items(1), Found::Items(sent.body.len()));
        }
        return;
    };
    if name.is_some() {
        judge.not_allowed(&at("body[0].name"), "the code has no name");
    }
    judge.chars_max(&at("body[0].value.text"), code, CODE_CHARS_MAX);
    match sent.buttons.as_slice() {
        [sent::Button { index: 0, value: sent::ButtonValue::UrlSuffix(suffix) }] if suffix == code => {}
        [sent::Button { index: 0, value: sent::ButtonValue::UrlSuffix(suffix) }] => {
            let limit = Limit::Form("the code, as in the body");
            judge.breach(&at("buttons[0].value.urlSuffix"), limit, Found::text(suffix));
        }
        [sent::Button { index: 0, value }] => {
            let limit = Limit::OneOf(vec!["urlSuffix".to_owned()]);
            judge.breach(&at("buttons[0].value"), limit, Found::text(value_of(value)));
        }
        [button] => {
            judge.breach(&at("buttons[0].index"), Limit::Range(0, 0), Found::Number(button.index.into()));
        }
        buttons => judge.breach(&at("buttons"), Limit::Items(1), Found::Items(buttons.len())),
    }
}

fn offer(judge: &mut Judge, definition: &Definition, sent: &sent::Template) {
    let field = format!("{AT}.offerEndsAtMs");
    match (&definition.offer, sent.offer_ends_at_ms) {
        (Some(offer), None) if offer.has_expiration => judge.missing(&field),
        (None, Some(_)) => judge.not_allowed(&field, "the template has no limited-time offer"),
        _ => {}
    }
}

fn cards(judge: &mut Judge, naming: Naming, definition: &Definition, sent: &sent::Template) {
    let field = format!("{AT}.cards");
    let defined = &definition.cards;
    let Some(first) = defined.first() else {
        if !sent.cards.is_empty() {
            judge.not_allowed(&field, "the template has no carousel");
        }
        return;
    };
    // Product cards are defined once and sent as often as there are products.
    let is_product = first.header == Some(Header::Product);
    if sent.cards.is_empty() {
        judge.missing(&field);
    } else if !is_product && sent.cards.len() != defined.len() {
        judge.breach(&field, Limit::Items(defined.len()), Found::Items(sent.cards.len()));
    }
    for (index, card) in sent.cards.iter().enumerate() {
        let pattern = if is_product { Some(first) } else { defined.get(index) };
        if let Some(pattern) = pattern {
            let given = Given { header: card.header.as_ref(), body: &card.body, buttons: &card.buttons };
            naming.parts(judge, &format!("{field}[{index}]"), pattern, &given);
        }
    }
}
