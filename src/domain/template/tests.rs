//! Definitions as Meta stores them, and messages that use them rightly and wrongly.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::check::{check, moving_headers};
use super::preview::preview;
use super::{ButtonKind, Definition, Header, NoTemplate};
use crate::domain::outgoing::Recipient;
use crate::domain::outgoing::breach::{Found, Limit};
use crate::domain::outgoing::interactive::Product;
use crate::domain::outgoing::plain::{File, Location};
use crate::domain::outgoing::template::{self as sent, Button, ButtonValue, Card, Parameter, Template};

fn read(category: &str, format: &str, components: Value) -> Definition {
    Definition::read(&json!({
        "id": "1", "name": "order_update", "language": "id", "status": "APPROVED",
        "category": category, "parameter_format": format, "components": components,
    }))
    .unwrap()
}

fn template() -> Template {
    Template {
        name: "order_update".to_owned(),
        language: sent::Language { code: "id".to_owned(), is_deterministic: false },
        ..Template::default()
    }
}

fn phone() -> Recipient {
    Recipient::Phone("+6281234567890".to_owned())
}

fn texts(texts: &[&str]) -> Vec<Parameter> {
    texts.iter().map(|text| Parameter::text(*text)).collect()
}

fn button(index: u32, value: ButtonValue) -> Button {
    Button { index, value }
}

/// The fields and limits that a message breaks.
fn broken(definition: &Definition, sent: &Template) -> Vec<(String, Limit)> {
    let breaches = check(definition, sent, &phone(), false).err().unwrap_or_default();
    breaches.into_iter().map(|breach| (breach.field, breach.limit)).collect()
}

fn refused(definition: &Definition, sent: &Template, field: &str, limit: Limit) {
    assert_eq!(broken(definition, sent), [(field.to_owned(), limit)]);
}

fn one_of(option: &str) -> Limit {
    Limit::OneOf(vec![option.to_owned()])
}

fn order() -> Definition {
    read(
        "UTILITY",
        "POSITIONAL",
        json!([
            {"type": "HEADER", "format": "TEXT", "text": "Order {{1}}"},
            {"type": "body", "text": "Hi {{1}}, your order of {{2}} is on its way, {{1}}."},
            {"type": "FOOTER", "text": "Lucky Shrub"},
            {"type": "BUTTONS", "buttons": [
                {"type": "QUICK_REPLY", "text": "Thanks"},
                {"type": "URL", "text": "Track", "url": "https://example.com/track/{{1}}"},
                {"type": "URL", "text": "Shop", "url": "https://example.com"},
                {"type": "PHONE_NUMBER", "text": "Call", "phone_number": "+62218350123"},
                {"type": "COPY_CODE", "text": "Copy offer code"},
                {"type": "SOMETHING_NEW", "text": "?"},
            ]},
        ]),
    )
}

fn order_sent() -> Template {
    Template {
        header: Some(sent::Header::Text(Parameter::text("A-1"))),
        body: texts(&["Budi", "three cacti"]),
        buttons: vec![
            button(1, ButtonValue::UrlSuffix("a1".to_owned())),
            button(4, ButtonValue::CopyCode("HEMAT".to_owned())),
        ],
        ..template()
    }
}

#[test]
fn a_definition_is_read_whatever_the_case_of_its_types() {
    let definition = order();
    assert_eq!(definition.parts.header, Some(Header::Text("Order {{1}}".to_owned())));
    assert_eq!(definition.parts.buttons.len(), 6);
    assert_eq!(definition.parts.buttons[5].kind, ButtonKind::Unknown("SOMETHING_NEW".to_owned()));
    assert!(definition.unknown.is_empty() && definition.cards.is_empty() && definition.offer.is_none());
    let strange = read("MARKETING", "", json!([{"type": "HOLOGRAM"}, {"type": "BODY"}, 7]));
    assert_eq!(strange.unknown, ["HOLOGRAM", ""]);
    for node in [json!(null), json!({}), json!({"name": "a", "language": "id"}), json!({"components": []})] {
        assert_eq!(Definition::read(&node), Err(NoTemplate), "{node}");
    }
}

#[test]
fn what_the_template_asks_for_is_accepted_and_shown() {
    let (definition, sent) = (order(), order_sent());
    assert_eq!(broken(&definition, &sent), []);
    let shown = preview(&definition, &sent);
    assert_eq!(shown.header.as_deref(), Some("Order A-1"));
    assert_eq!(shown.body, "Hi Budi, your order of three cacti is on its way, Budi.");
    assert_eq!(shown.footer.as_deref(), Some("Lucky Shrub"));
    let urls: Vec<Option<&str>> = shown.buttons.iter().map(|button| button.url.as_deref()).collect();
    let track = Some("https://example.com/track/a1");
    assert_eq!(urls, [None, track, Some("https://example.com"), Some("tel:+62218350123"), None, None]);
    // Values are not read as templates in their turn.
    let sent = Template { body: texts(&["{{2}}", "x"]), ..sent };
    assert_eq!(preview(&definition, &sent).body, "Hi {{2}}, your order of x is on its way, {{2}}.");
    assert_eq!(preview(&definition, &template()).body, definition.parts.body.unwrap());
}

#[test]
fn another_template_language_or_state_is_refused() {
    let check_one = |definition: &Definition, sent: &Template, field: &str| {
        let broken = broken(definition, sent);
        assert_eq!(broken.len(), 1, "{broken:?}");
        assert_eq!(broken[0].0, field);
    };
    let (definition, sent) = (order(), order_sent());
    check_one(&definition, &Template { name: "other".to_owned(), ..sent.clone() }, "content.template.name");
    let mut english = sent.clone();
    english.language.code = "en".to_owned();
    check_one(&definition, &english, "content.template.language.code");
    for status in ["PAUSED", "DISABLED", "REJECTED", "PENDING", "IN_APPEAL", "DELETED", "", "LIMIT_EXCEEDED"]
    {
        let definition = Definition { status: status.to_owned(), ..definition.clone() };
        check_one(&definition, &sent, "content.template.name");
    }
}

#[test]
fn the_number_of_parameters_is_the_number_of_variables() {
    let (definition, sent) = (order(), order_sent());
    for body in [texts(&[]), texts(&["Budi"]), texts(&["Budi", "x", "y"])] {
        let found = body.len();
        let sent = Template { body, ..sent.clone() };
        let breaches = check(&definition, &sent, &phone(), false).unwrap_err();
        assert_eq!(breaches.len(), 1);
        assert_eq!((&breaches[0].limit, &breaches[0].found), (&Limit::Items(2), &Found::Items(found)));
    }
    refused(
        &definition,
        &Template { header: None, ..sent.clone() },
        "content.template.header",
        Limit::Required,
    );
    let bare = read("UTILITY", "", json!([{"type": "BODY", "text": "Hello."}]));
    assert_eq!(broken(&bare, &template()), []);
    let header = sent.header.clone();
    let limit = Limit::NotAllowed("the template has no header");
    refused(&bare, &Template { header: header.clone(), ..template() }, "content.template.header", limit);
    let fixed = read("UTILITY", "", json!([{"type": "HEADER", "format": "TEXT", "text": "Hi"}]));
    assert_eq!(broken(&fixed, &template()), []);
    let limit = Limit::NotAllowed("the header of the template has no variable");
    refused(&fixed, &Template { header, ..template() }, "content.template.header", limit);
}

#[test]
fn parameters_have_names_where_the_variables_have() {
    let named = read("UTILITY", "named", json!([{"type": "BODY", "text": "Hi {{first}} {{ last }}!"}]));
    let sent = |body| Template { body, ..template() };
    let right = sent(vec![Parameter::named("last", "B"), Parameter::named("first", "A")]);
    assert_eq!(broken(&named, &right), []);
    assert_eq!(preview(&named, &right).body, "Hi A B!");
    let wrong = sent(vec![Parameter::named("first", "A"), Parameter::named("middle", "B")]);
    let limit = Limit::OneOf(vec!["first".to_owned(), "last".to_owned()]);
    refused(&named, &wrong, "content.template.body[1].name", limit);
    let twice = sent(vec![Parameter::named("first", "A"), Parameter::named("first", "B")]);
    refused(&named, &twice, "content.template.body[1].name", Limit::Unique);
    let none = sent(vec![Parameter::named("first", "A"), Parameter::text("B")]);
    refused(&named, &none, "content.template.body[1].name", Limit::Required);
    let numbered = read("UTILITY", "POSITIONAL", json!([{"type": "BODY", "text": "Hi {{1}}!"}]));
    let limit = Limit::NotAllowed("the variables of the template have numbers, not names");
    refused(&numbered, &sent(vec![Parameter::named("1", "A")]), "content.template.body[0].name", limit);
}

#[test]
fn a_text_may_be_too_long_only_once_it_is_filled() {
    let check = |component: Value, chars_max: usize, put: fn(String) -> Template, field: &str| {
        let definition = read("UTILITY", "", json!([component]));
        let rest = "Hi !".chars().count();
        assert_eq!(broken(&definition, &put("é".repeat(chars_max - rest))), [], "{field}");
        let long = put("é".repeat(chars_max - rest + 1));
        refused(&definition, &long, field, Limit::CharsMax(chars_max));
    };
    let body = |text| Template { body: vec![Parameter::text(text)], ..template() };
    check(json!({"type": "BODY", "text": "Hi {{1}}!"}), 1024, body, "content.template.body");
    let header = |text| Template { header: Some(sent::Header::Text(Parameter::text(text))), ..template() };
    let component = json!({"type": "HEADER", "format": "TEXT", "text": "Hi {{1}}!"});
    check(component, 60, header, "content.template.header");
}

#[test]
fn a_header_is_of_the_kind_that_the_template_has() {
    let product = Product { catalog_id: "1".to_owned(), product_retailer_id: "2".to_owned() };
    let headers = [
        ("IMAGE", "image", sent::Header::Image(File::id("1"))),
        ("VIDEO", "video", sent::Header::Video(File::id("1"))),
        ("DOCUMENT", "document", sent::Header::Document { file: File::id("1"), filename: None }),
        ("LOCATION", "location", sent::Header::Location(Location::default())),
        ("PRODUCT", "product", sent::Header::Product(product)),
    ];
    for (format, name, header) in &headers {
        let definition = read("MARKETING", "", json!([{"type": "HEADER", "format": format}]));
        for (_, other_name, other) in &headers {
            let sent = Template { header: Some(other.clone()), ..template() };
            if name == other_name {
                assert_eq!(broken(&definition, &sent), [], "{format}");
            } else {
                refused(&definition, &sent, "content.template.header", one_of(name));
            }
        }
        refused(&definition, &template(), "content.template.header", Limit::Required);
        let text = Template { header: Some(sent::Header::Text(Parameter::text("A"))), ..template() };
        refused(&definition, &text, "content.template.header", one_of(name));
        assert_eq!(
            preview(&definition, &Template { header: Some(header.clone()), ..template() }).header.unwrap(),
            format!("[{name}]")
        );
    }
    let gif = read("MARKETING", "", json!([{"type": "HEADER", "format": "GIF"}]));
    let film = Template { header: Some(sent::Header::Video(File::id("1"))), ..template() };
    assert_eq!(broken(&gif, &film), []);
    assert_eq!(moving_headers(&gif), ["content.template.header"]);
    let new = read("MARKETING", "", json!([{"type": "HEADER", "format": "HOLOGRAM"}]));
    assert_eq!(broken(&new, &film), []);
}

#[test]
fn buttons_have_the_values_that_their_kinds_take() {
    let (definition, sent) = (order(), order_sent());
    let with = |extra: Button| {
        let mut sent = sent.clone();
        sent.buttons.push(extra);
        sent
    };
    assert_eq!(broken(&definition, &with(button(0, ButtonValue::QuickReply("ty".to_owned())))), []);
    assert_eq!(broken(&definition, &with(button(5, ButtonValue::QuickReply("?".to_owned())))), []);
    let suffix = || ButtonValue::UrlSuffix("x".to_owned());
    let nothing = Limit::NotAllowed("this button of the template takes no value");
    refused(&definition, &with(button(2, suffix())), "content.template.buttons[2].value", nothing.clone());
    refused(&definition, &with(button(3, suffix())), "content.template.buttons[2].value", nothing);
    refused(
        &definition,
        &with(button(0, suffix())),
        "content.template.buttons[2].value",
        one_of("quickReply"),
    );
    refused(&definition, &with(button(6, suffix())), "content.template.buttons[2].index", Limit::Range(0, 5));
    for (left_out, kind, index) in [(0, "urlSuffix", 1), (1, "copyCode", 4)] {
        let mut sent = sent.clone();
        sent.buttons.remove(left_out);
        refused(&definition, &sent, "content.template.buttons", Limit::Button { index, kind });
    }
    let bare = read("UTILITY", "", json!([{"type": "BODY", "text": "Hello."}]));
    let limit = Limit::NotAllowed("the template has no buttons");
    let wrong = Template { buttons: vec![button(0, suffix())], ..template() };
    refused(&bare, &wrong, "content.template.buttons[0].index", limit);
}

#[test]
fn a_code_goes_into_the_text_and_the_button_and_only_to_a_phone_number() {
    let definition = read(
        "AUTHENTICATION",
        "",
        json!([
            {"type": "BODY", "add_security_recommendation": true},
            {"type": "FOOTER", "code_expiration_minutes": 10},
            {"type": "BUTTONS", "buttons": [{"type": "OTP", "otp_type": "COPY_CODE", "text": "Copy code"}]},
        ]),
    );
    let of_code = |code: &str| Template::of_code("order_update", "id", code);
    assert_eq!(broken(&definition, &of_code(&"1".repeat(15))), []);
    assert_eq!(preview(&definition, &of_code("123456")).body, "123456");
    refused(
        &definition,
        &of_code(&"1".repeat(16)),
        "content.template.body[0].value.text",
        Limit::CharsMax(15),
    );
    let mut other = of_code("123456");
    other.buttons = vec![button(0, ButtonValue::UrlSuffix("654321".to_owned()))];
    let limit = Limit::Form("the code, as in the body");
    refused(&definition, &other, "content.template.buttons[0].value.urlSuffix", limit);
    other.buttons.clear();
    refused(&definition, &other, "content.template.buttons", Limit::Items(1));
    other.body.clear();
    refused(&definition, &other, "content.template.body", Limit::Items(1));
    let to = |recipient: Recipient| {
        check(&definition, &of_code("1"), &recipient, false).map_err(|found| found.len())
    };
    assert_eq!(to(Recipient::UserId("ID.1".to_owned())), Err(1));
    assert_eq!(to(Recipient::Both { phone: "+62811".to_owned(), user_id: "ID.1".to_owned() }), Ok(()));
    assert_eq!(to(Recipient::Group("g".to_owned())), Err(2));
}

#[test]
fn marketing_messages_and_groups_take_only_their_templates() {
    let (definition, sent) = (order(), order_sent());
    assert!(check(&definition, &sent, &phone(), true).is_err());
    let marketing = Definition { category: "MARKETING".to_owned(), ..definition.clone() };
    assert_eq!(check(&marketing, &sent, &phone(), true), Ok(()));
    let group = Recipient::Group("g".to_owned());
    assert_eq!(check(&definition, &sent, &group, false), Ok(()));
    let catalog =
        read("MARKETING", "", json!([{"type": "BUTTONS", "buttons": [{"type": "CATALOG", "text": "See"}]}]));
    assert_eq!(check(&catalog, &template(), &phone(), false), Ok(()));
    assert_eq!(check(&catalog, &template(), &group, false).unwrap_err()[0].field, "recipient");
}

#[test]
fn an_offer_that_ends_needs_its_end() {
    let offer = |ends: bool| json!([{"type": "LIMITED_TIME_OFFER", "limited_time_offer": {"text": "Soon over", "has_expiration": ends}}]);
    let until = Template { offer_ends_at_ms: Some(1), ..template() };
    let (ends, stays) = (read("MARKETING", "", offer(true)), read("MARKETING", "", offer(false)));
    assert_eq!(broken(&ends, &until), []);
    assert_eq!(broken(&stays, &template()), []);
    refused(&ends, &template(), "content.template.offerEndsAtMs", Limit::Required);
    let limit = Limit::NotAllowed("the template has no limited-time offer");
    refused(&read("MARKETING", "", json!([])), &until, "content.template.offerEndsAtMs", limit);
}

#[test]
fn a_carousel_has_the_cards_of_its_template() {
    let card = json!({"components": [
        {"type": "HEADER", "format": "IMAGE"},
        {"type": "BODY", "text": "Buy {{1}}!"},
        {"type": "BUTTONS", "buttons": [{"type": "URL", "text": "Shop", "url": "https://example.com/{{1}}"}]},
    ]});
    let definition = read("MARKETING", "", json!([{"type": "CAROUSEL", "cards": [card, card]}]));
    let right = Card {
        header: Some(sent::Header::Image(File::id("1"))),
        body: texts(&["aloe"]),
        buttons: vec![button(0, ButtonValue::UrlSuffix("aloe".to_owned()))],
    };
    let sent = |cards| Template { cards, ..template() };
    assert_eq!(broken(&definition, &sent(vec![right.clone(), right.clone()])), []);
    let shown = preview(&definition, &sent(vec![right.clone(), right.clone()]));
    assert_eq!(shown.cards[1].body, "Buy aloe!");
    assert_eq!(shown.cards[1].buttons[0].url.as_deref(), Some("https://example.com/aloe"));
    refused(&definition, &template(), "content.template.cards", Limit::Required);
    refused(&definition, &sent(vec![right.clone(); 3]), "content.template.cards", Limit::Items(2));
    let wrong = Card { body: Vec::new(), ..right.clone() };
    refused(
        &definition,
        &sent(vec![right.clone(), wrong]),
        "content.template.cards[1].body",
        Limit::Items(1),
    );
    let wrong = Card { buttons: Vec::new(), ..right };
    let limit = Limit::Button { index: 0, kind: "urlSuffix" };
    let both = broken(&definition, &sent(vec![wrong.clone(), wrong]));
    let fields = ["content.template.cards[0].buttons", "content.template.cards[1].buttons"];
    assert_eq!(both, fields.map(|field| (field.to_owned(), limit.clone())));

    let product = Product { catalog_id: "1".to_owned(), product_retailer_id: "2".to_owned() };
    let product = Card { header: Some(sent::Header::Product(product)), ..Card::default() };
    let card = json!({"components": [{"type": "HEADER", "format": "PRODUCT"}]});
    let products = read("MARKETING", "", json!([{"type": "CAROUSEL", "cards": [card]}]));
    assert_eq!(broken(&products, &sent(vec![product; 7])), []);
}

proptest! {
    #[test]
    fn whatever_a_definition_and_a_message_say_they_are_judged_and_shown(
        text in "([{}1a é]|\\PC){0,30}",
        url in "[{}1a:/]{0,30}",
        kind in "(URL|OTP|MPM|COPY_CODE|X|)",
        format in "(TEXT|IMAGE|X)",
        category in "(AUTHENTICATION|MARKETING)",
        naming in "(NAMED|POSITIONAL)",
        values in proptest::collection::vec((proptest::option::of("[1a{}]{0,3}"), "\\PC{0,9}"), 0..4),
        indexes in proptest::collection::vec(any::<u32>(), 0..4),
    ) {
        let parts = json!([
            {"type": "HEADER", "format": format, "text": text},
            {"type": "BODY", "text": text},
            {"type": "BUTTONS", "buttons": [{"type": kind, "text": text, "url": url}, text]},
        ]);
        let mut components = parts.as_array().unwrap().clone();
        components.push(json!({"type": "CAROUSEL", "cards": [{"components": parts}, 1]}));
        let definition = read(&category, &naming, json!(components));
        let body: Vec<Parameter> = values
            .iter()
            .map(|(name, value)| Parameter { name: name.clone(), ..Parameter::text(value.clone()) })
            .collect();
        let buttons: Vec<Button> =
            indexes.iter().map(|index| button(*index, ButtonValue::UrlSuffix(url.clone()))).collect();
        let header = body.first().cloned().map(sent::Header::Text);
        let card = Card { header: header.clone(), body: body.clone(), buttons: buttons.clone() };
        let sent = Template { header, body, buttons, cards: vec![card; 2], ..template() };
        for breach in check(&definition, &sent, &phone(), false).err().unwrap_or_default() {
            prop_assert!(breach.field.starts_with("content.template"), "{}", breach.field);
        }
        let shown = preview(&definition, &sent);
        prop_assert!(shown.cards.len() <= 2);
    }
}
