//! Templates in the simulator: what a definition must be, and what a message must bring for a stored one.

#![expect(clippy::needless_pass_by_value, reason = "tables of JSON literals")]

use pesan::dev::simulator::refusal::Refusal;
use pesan::dev::simulator::{limits, schema};
use serde_json::{Value, json};

const DEFINITIONS: &str = "/{WABA-ID}/message_templates";
const MESSAGES: &str = "/{Phone-Number-ID}/messages";

/// What Meta's reference gives for the lengths, the header, the body and the footer of a definition.
const LENGTH: u32 = 2_388_040;
const HEADER: u32 = 2_388_047;
const BODY: u32 = 2_388_072;
const FOOTER: u32 = 2_388_073;

fn define(body: &Value) -> Result<(), Refusal> {
    schema::validate("POST", DEFINITIONS, body)?;
    limits::template_definition(body)
}

fn definition(components: Value) -> Value {
    json!({"name": "order_update", "category": "MARKETING", "language": "en_US", "components": components})
}

fn body(text: &str) -> Value {
    json!({"type": "BODY", "text": text})
}

fn with_buttons(buttons: Value) -> Value {
    definition(json!([body("Hello"), {"type": "BUTTONS", "buttons": buttons}]))
}

/// Accepted, or refused with 100 and this subcode (100 stands for no subcode).
fn check(definition: Value, expected: Result<(), u32>) {
    let got = define(&definition).map_err(|refusal| {
        assert_eq!(refusal.code(), 100, "{definition}");
        refusal.error_subcode().unwrap_or(100)
    });
    assert_eq!(got, expected, "{definition}");
}

#[test]
fn the_keys_of_a_definition_are_required() {
    let good = definition(json!([body("Hello")]));
    check(good.clone(), Ok(()));
    for key in ["name", "category", "language", "components"] {
        let mut without = good.clone();
        without.as_object_mut().unwrap().remove(key);
        check(without, Err(100));
    }
    let with = |key: &str, value: Value| {
        let mut other = good.clone();
        other[key] = value;
        other
    };
    check(with("name", json!("a".repeat(512))), Ok(()));
    check(with("name", json!("a".repeat(513))), Err(LENGTH));
    for name in ["Order", "order-update", "order update", ""] {
        check(with("name", json!(name)), Err(100));
    }
    check(with("category", json!("POETRY")), Err(100));
    check(with("parameter_format", json!("ROMAN")), Err(100));
    check(with("components", json!([])), Err(100));
    check(with("components", json!([body("Hello"), body("Hello")])), Err(100));
    check(with("components", json!([body("Hello"), {"type": "POEM"}])), Err(100));
}

#[test]
fn texts_are_as_long_as_meta_takes_them() {
    let header =
        |text: String| definition(json!([{"type": "HEADER", "format": "TEXT", "text": text}, body("Hello")]));
    let footer = |text: String| definition(json!([body("Hello"), {"type": "FOOTER", "text": text}]));
    let button = |text: String| with_buttons(json!([{"type": "QUICK_REPLY", "text": text}]));
    let url = |chars: usize| {
        let url = format!("{:x<chars$}", "https://example.com/");
        with_buttons(json!([{"type": "URL", "text": "See", "url": url}]))
    };
    let long = |chars: usize| "é".repeat(chars);
    check(header(long(60)), Ok(()));
    check(header(long(61)), Err(LENGTH));
    check(definition(json!([body(&long(1024))])), Ok(()));
    check(definition(json!([body(&long(1025))])), Err(LENGTH));
    check(footer(long(60)), Ok(()));
    check(footer(long(61)), Err(LENGTH));
    check(button(long(25)), Ok(()));
    check(button(long(26)), Err(LENGTH));
    check(url(2000), Ok(()));
    check(url(2001), Err(LENGTH));
}

#[test]
fn variables_stand_inside_in_order_and_not_too_dense() {
    let check_body = |text: &str, expected| check(definition(json!([body(text)])), expected);
    check_body("Hi {{1}}, your order {{2}} is here.", Ok(()));
    check_body("", Err(BODY));
    check_body("{{1}} is here.", Err(2_388_299));
    check_body("Your order is {{1}}", Err(2_388_299));
    check_body("Hi {{1}} {{2}}, {{3}}!", Err(2_388_293));
    check_body("Hi {{2}}, your order is here.", Err(BODY));
    check_body("Hi {{name}}, your order is here.", Err(BODY));
    let header = |format: &str, text: &str| {
        definition(json!([{"type": "HEADER", "format": format, "text": text}, body("Hello")]))
    };
    check(header("TEXT", "Our {{1}} is on!"), Ok(()));
    check(header("TEXT", "Our {{1}} and {{2}}!"), Err(HEADER));
    check(header("TEXT", ""), Err(HEADER));
    check(header("SMELL", ""), Err(HEADER));
    check(header("LOCATION", ""), Ok(()));
    check(definition(json!([body("Hello"), {"type": "FOOTER", "text": "Bye {{1}}"}])), Err(FOOTER));
    let mut named = definition(json!([body("Hi {{first_name}}, your order is here.")]));
    named["parameter_format"] = json!("NAMED");
    check(named.clone(), Ok(()));
    named["components"][0]["text"] = json!("Hi {{FirstName}}, your order is here.");
    check(named, Err(BODY));
    let example = |examples: Value| {
        let text = "Hi {{1}}, your order {{2}} is here.";
        definition(json!([{"type": "BODY", "text": text, "example": {"body_text": [examples]}}]))
    };
    check(example(json!(["Ann", "7"])), Ok(()));
    check(example(json!(["Ann"])), Err(BODY));
}

#[test]
fn buttons_are_counted_by_kind_and_quick_replies_stand_together() {
    let quick = || json!({"type": "QUICK_REPLY", "text": "Yes"});
    let url = || json!({"type": "URL", "text": "See", "url": "https://example.com"});
    let phone = || json!({"type": "PHONE_NUMBER", "text": "Call", "phone_number": "16505551234"});
    let copy = || json!({"type": "COPY_CODE", "example": "WINTER25"});
    let times = |button: Value, count: usize| with_buttons(json!(vec![button; count]));
    check(times(quick(), 10), Ok(()));
    check(times(quick(), 11), Err(100));
    check(times(url(), 2), Ok(()));
    check(times(url(), 3), Err(100));
    check(times(phone(), 1), Ok(()));
    check(times(phone(), 2), Err(100));
    check(times(copy(), 1), Ok(()));
    check(times(copy(), 2), Err(100));
    check(with_buttons(json!([quick(), quick(), url(), phone()])), Ok(()));
    check(with_buttons(json!([url(), quick(), quick()])), Ok(()));
    check(with_buttons(json!([quick(), url(), quick()])), Err(100));
    check(with_buttons(json!([{"type": "POEM", "text": "Read"}])), Err(100));
    check(with_buttons(json!([{"type": "QUICK_REPLY"}])), Err(100));
    check(with_buttons(json!([{"type": "URL", "text": "See"}])), Err(100));
    let address = |url: &str| with_buttons(json!([{"type": "URL", "text": "See", "url": url}]));
    check(address("https://example.com/{{1}}"), Ok(()));
    check(address("https://example.com/{{1}}/x"), Err(100));
}

#[test]
fn a_carousel_has_two_to_ten_cards_with_headers() {
    let card = || json!({"components": [{"type": "HEADER", "format": "IMAGE"}, body("A plant")]});
    let carousel =
        |cards: Vec<Value>| definition(json!([body("Hello"), {"type": "CAROUSEL", "cards": cards}]));
    check(carousel(vec![card(); 2]), Ok(()));
    check(carousel(vec![card(); 10]), Ok(()));
    check(carousel(vec![card(); 1]), Err(100));
    check(carousel(vec![card(); 11]), Err(100));
    check(carousel(vec![card(), json!({"components": [body("A plant")]})]), Err(100));
}

#[test]
fn authentication_templates_have_no_text_of_their_own_and_one_button() {
    let app = || json!({"package_name": "com.example", "signature_hash": "K8a/AINcGX7"});
    let template = |minutes: u32, button: Value| {
        let mut body = definition(json!([
            {"type": "BODY", "add_security_recommendation": true},
            {"type": "FOOTER", "code_expiration_minutes": minutes},
            {"type": "BUTTONS", "buttons": [button]},
        ]));
        body["category"] = json!("AUTHENTICATION");
        body
    };
    let button = |apps: Vec<Value>| json!({"type": "OTP", "otp_type": "ONE_TAP", "supported_apps": apps});
    check(template(1, button(vec![app()])), Ok(()));
    check(template(90, button(vec![app(); 5])), Ok(()));
    check(template(0, button(vec![app()])), Err(100));
    check(template(91, button(vec![app()])), Err(100));
    check(template(1, button(vec![app(); 6])), Err(100));
    check(template(1, button(vec![])), Err(100));
    check(
        template(1, button(vec![json!({"package_name": "com.example", "signature_hash": "short"})])),
        Err(100),
    );
    check(template(1, json!({"type": "OTP", "otp_type": "COPY_CODE"})), Ok(()));
    check(template(1, json!({"type": "OTP", "otp_type": "GUESS"})), Err(100));
    check(template(1, json!({"type": "QUICK_REPLY", "text": "Yes"})), Err(100));
    let zero = |accepted: bool| {
        let mut button = button(vec![app()]);
        button["otp_type"] = json!("ZERO_TAP");
        button["zero_tap_terms_accepted"] = json!(accepted);
        template(1, button)
    };
    check(zero(true), Ok(()));
    check(zero(false), Err(100));
    let mut texted = template(1, json!({"type": "OTP", "otp_type": "COPY_CODE"}));
    texted["components"][0]["text"] = json!("Your code");
    check(texted, Err(BODY));
}

#[test]
fn the_time_to_live_depends_on_the_category() {
    let otp =
        json!([{"type": "BODY"}, {"type": "BUTTONS", "buttons": [{"type": "OTP", "otp_type": "COPY_CODE"}]}]);
    let check_ttl = |category: &str, seconds: i64, is_taken: bool| {
        let components = if category == "AUTHENTICATION" { otp.clone() } else { json!([body("Hello")]) };
        let mut template = definition(components);
        template["category"] = json!(category);
        template["message_send_ttl_seconds"] = json!(seconds);
        check(template, if is_taken { Ok(()) } else { Err(100) });
    };
    for (category, from, to) in
        [("AUTHENTICATION", 30, 900), ("UTILITY", 30, 43_200), ("MARKETING", 43_200, 2_592_000)]
    {
        check_ttl(category, from, true);
        check_ttl(category, to, true);
        check_ttl(category, from - 1, false);
        check_ttl(category, to + 1, false);
        check_ttl(category, -1, category != "MARKETING");
    }
}

#[test]
fn the_category_of_an_approved_template_stays() {
    let mut stored = definition(json!([body("Hello")]));
    stored["status"] = json!("APPROVED");
    let edit = |stored: &Value, body: Value| {
        limits::template_edit(stored, &body)
            .map_err(|refusal| refusal.error_subcode().unwrap_or(refusal.code()))
    };
    assert_eq!(edit(&stored, json!({"components": [body("Good day")]})), Ok(()));
    assert_eq!(edit(&stored, json!({"category": "MARKETING"})), Ok(()));
    assert_eq!(edit(&stored, json!({"category": "UTILITY"})), Err(100));
    assert_eq!(edit(&stored, json!({"components": [body("{{1}} is here.")]})), Err(2_388_299));
    stored["status"] = json!("REJECTED");
    assert_eq!(edit(&stored, json!({"category": "UTILITY"})), Ok(()));
}

/// A stored template, and messages that use it.
struct Sending {
    stored: Value,
}

impl Sending {
    fn of(components: Value) -> Self {
        let mut stored = definition(components);
        stored["status"] = json!("APPROVED");
        Self { stored }
    }

    fn with(mut self, key: &str, value: Value) -> Self {
        self.stored[key] = value;
        self
    }

    fn check(&self, components: Value, expected: Result<(), u32>) {
        let message = json!({
            "messaging_product": "whatsapp",
            "to": "+16505551234",
            "type": "template",
            "template": {"name": "order_update", "language": {"code": "en_US"}, "components": components},
        });
        self.check_message(message, expected);
    }

    fn check_message(&self, message: Value, expected: Result<(), u32>) {
        let judged = schema::validate("POST", MESSAGES, &message)
            .and_then(|()| limits::message(&message))
            .and_then(|()| limits::template_send(&self.stored, &message));
        assert_eq!(judged.map_err(|refusal| refusal.code()), expected, "{} {message}", self.stored);
    }
}

fn texts(kind: &str, texts: &[&str]) -> Value {
    let parameters: Vec<Value> = texts.iter().map(|text| json!({"type": "text", "text": text})).collect();
    json!({"type": kind, "parameters": parameters})
}

#[test]
fn the_body_takes_as_many_parameters_as_variables() {
    let two = Sending::of(json!([body("Hi {{1}}, your order {{2}} is here.")]));
    two.check(json!([texts("body", &["Ann", "7"])]), Ok(()));
    two.check(json!([texts("body", &["Ann"])]), Err(132_000));
    two.check(json!([texts("body", &["Ann", "7", "8"])]), Err(132_000));
    two.check(json!([]), Err(132_000));
    two.check(json!([texts("body", &["Ann", ""])]), Err(131_008));
    let image = json!({"type": "image", "image": {"id": "1"}});
    two.check(
        json!([{"type": "body", "parameters": [{"type": "text", "text": "Ann"}, image]}]),
        Err(132_012),
    );
    let currency = json!({"fallback_value": "$1", "code": "USD", "amount_1000": 1000});
    two.check(
        json!([{"type": "body", "parameters": [
            {"type": "currency", "currency": currency},
            {"type": "date_time", "date_time": {"fallback_value": "May 25"}},
        ]}]),
        Ok(()),
    );
    let none = Sending::of(json!([body("Hello")]));
    none.check(json!([]), Ok(()));
    none.check(json!([texts("body", &["Ann"])]), Err(132_000));
    none.check(json!([texts("header", &["Ann"])]), Err(132_000));
}

#[test]
fn a_filled_text_may_not_become_too_long() {
    let one = Sending::of(json!([
        {"type": "HEADER", "format": "TEXT", "text": "Our {{1}}"},
        body("Hello {{1}}!"),
    ]));
    let send = |header: usize, body: usize| {
        json!([texts("header", &[&"é".repeat(header)]), texts("body", &[&"é".repeat(body)])])
    };
    one.check(send(60 - "Our ".len(), 1024 - "Hello !".len()), Ok(()));
    one.check(send(61 - "Our ".len(), 1), Err(132_005));
    one.check(send(1, 1025 - "Hello !".len()), Err(132_005));
}

#[test]
fn named_parameters_bear_the_names_of_the_template() {
    let named = Sending::of(json!([body("Hi {{name}}, order {{number}} is here.")]))
        .with("parameter_format", json!("NAMED"));
    let send = |names: [&str; 2]| {
        let parameters = names.map(|name| json!({"type": "text", "text": "x", "parameter_name": name}));
        json!([{"type": "body", "parameters": parameters}])
    };
    named.check(send(["name", "number"]), Ok(()));
    named.check(send(["number", "name"]), Ok(()));
    named.check(send(["name", "surname"]), Err(132_012));
    named.check(send(["name", "name"]), Err(132_012));
    named.check(json!([texts("body", &["Ann", "7"])]), Err(132_012));
}

#[test]
fn a_header_takes_what_it_was_defined_with() {
    let check = |format: &str, parameter: Option<Value>, expected| {
        let parameters: Vec<Value> = parameter.into_iter().collect();
        let header = if parameters.is_empty() {
            json!([])
        } else {
            json!([{"type": "header", "parameters": parameters}])
        };
        Sending::of(json!([{"type": "HEADER", "format": format}, body("Hello")])).check(header, expected);
    };
    let medium = |kind: &str| json!({"type": kind, kind: {"id": "1"}});
    let location = json!({"type": "location", "location": {"latitude": "1", "longitude": "2"}});
    let product = json!({"type": "product", "product": {"product_retailer_id": "1", "catalog_id": "2"}});
    for (format, kind) in [("IMAGE", "image"), ("VIDEO", "video"), ("GIF", "video"), ("DOCUMENT", "document")]
    {
        check(format, Some(medium(kind)), Ok(()));
        check(format, Some(location.clone()), Err(132_012));
        check(format, None, Err(132_012));
    }
    check("LOCATION", Some(location), Ok(()));
    check("PRODUCT", Some(product), Ok(()));
    check("LOCATION", Some(medium("image")), Err(132_012));
}

#[test]
fn buttons_take_what_they_were_defined_with() {
    let button = |sub_type: &str, index: Value, parameter: Value| json!([{"type": "button", "sub_type": sub_type, "index": index, "parameters": [parameter]}]);
    let text = json!({"type": "text", "text": "suffix"});
    let payload = json!({"type": "payload", "payload": "p"});
    let coupon = json!({"type": "coupon_code", "coupon_code": "WINTER25"});
    let action = json!({"type": "action", "action": {}});
    let of = |button: Value| Sending::of(with_buttons(json!([button]))["components"].clone());

    let url = of(json!({"type": "URL", "text": "See", "url": "https://example.com/{{1}}"}));
    url.check(button("url", json!("0"), text.clone()), Ok(()));
    url.check(button("url", json!(0), text.clone()), Ok(()));
    url.check(button("url", json!(1), text.clone()), Err(132_012));
    url.check(button("quick_reply", json!(0), payload.clone()), Err(132_012));
    url.check(button("url", json!(0), payload.clone()), Err(132_012));
    url.check(json!([]), Err(131_008));
    let plain = of(json!({"type": "URL", "text": "See", "url": "https://example.com"}));
    plain.check(json!([]), Ok(()));
    plain.check(button("url", json!(0), text.clone()), Err(132_000));

    let quick = of(json!({"type": "QUICK_REPLY", "text": "Yes"}));
    quick.check(button("quick_reply", json!(0), payload.clone()), Ok(()));
    quick.check(json!([]), Ok(()));
    quick.check(button("quick_reply", json!(0), text), Err(132_012));
    let copy = of(json!({"type": "COPY_CODE"}));
    copy.check(button("copy_code", json!(0), coupon), Ok(()));
    copy.check(json!([]), Err(131_008));
    for (kind, is_required) in [("FLOW", false), ("CATALOG", false), ("MPM", true)] {
        let one = of(json!({"type": kind, "text": "Open"}));
        one.check(button(&kind.to_ascii_lowercase(), json!(0), action.clone()), Ok(()));
        one.check(json!([]), if is_required { Err(131_008) } else { Ok(()) });
    }
    let phone = of(json!({"type": "PHONE_NUMBER", "text": "Call", "phone_number": "1"}));
    phone.check(json!([]), Ok(()));
    phone.check(button("quick_reply", json!(0), payload), Err(132_012));
}

#[test]
fn a_code_goes_twice_and_only_to_a_phone_number() {
    let otp = Sending::of(json!([
        {"type": "BODY"},
        {"type": "BUTTONS", "buttons": [{"type": "OTP", "otp_type": "COPY_CODE"}]},
    ]))
    .with("category", json!("AUTHENTICATION"));
    let send = |code: &str| {
        let parameters = json!([{"type": "text", "text": code}]);
        json!([
            texts("body", &[code]),
            {"type": "button", "sub_type": "url", "index": "0", "parameters": parameters},
        ])
    };
    otp.check(send(&"1".repeat(15)), Ok(()));
    otp.check(send(&"1".repeat(16)), Err(132_005));
    otp.check(json!([texts("body", &["123"])]), Err(131_008));
    otp.check(json!([]), Err(132_000));
    let to_a_scoped_id = json!({
        "messaging_product": "whatsapp",
        "recipient": "US.13491208655302741918",
        "type": "template",
        "template": {"name": "code", "language": {"code": "en_US"}, "components": send("123")},
    });
    otp.check_message(to_a_scoped_id, Err(131_062));
}

#[test]
fn offers_and_carousels_are_sent_as_defined() {
    let offer = Sending::of(json!([
        body("Hello"),
        {"type": "LIMITED_TIME_OFFER", "limited_time_offer": {"text": "Soon over", "has_expiration": true}},
    ]));
    let ends = json!([{"type": "limited_time_offer", "parameters": [
        {"type": "limited_time_offer", "limited_time_offer": {"expiration_time_ms": 1}},
    ]}]);
    offer.check(ends.clone(), Ok(()));
    offer.check(json!([]), Err(131_008));
    Sending::of(json!([body("Hello")])).check(ends, Err(132_000));

    let card = json!({"components": [{"type": "HEADER", "format": "IMAGE"}, body("A {{1}} plant")]});
    let carousel = Sending::of(json!([body("Hello"), {"type": "CAROUSEL", "cards": [card, card]}]));
    let image = json!({"type": "header", "parameters": [{"type": "image", "image": {"id": "1"}}]});
    let cards = |components: Vec<Value>| {
        let card = |(index, components)| json!({"card_index": index, "components": components});
        json!([{"type": "carousel", "cards": components.into_iter().enumerate().map(card).collect::<Vec<_>>()}])
    };
    let good = || json!([image, texts("body", &["green"])]);
    carousel.check(cards(vec![good(), good()]), Ok(()));
    carousel.check(cards(vec![good(), good(), good()]), Err(132_000));
    carousel.check(cards(vec![good(), json!([image])]), Err(132_000));
    carousel.check(cards(vec![good(), json!([texts("body", &["green"])])]), Err(132_012));
    carousel.check(json!([]), Err(132_000));
}

#[test]
fn only_an_approved_template_is_sent() {
    for (status, expected) in [
        ("APPROVED", Ok(())),
        ("PAUSED", Err(132_015)),
        ("DISABLED", Err(132_016)),
        ("PENDING", Err(132_001)),
        ("REJECTED", Err(132_001)),
    ] {
        Sending::of(json!([body("Hello")])).with("status", json!(status)).check(json!([]), expected);
    }
    let marketing = definition(json!([body("Hello")]));
    assert_eq!(limits::marketing_template(&marketing), Ok(()));
    let refusal = limits::marketing_template(&json!({"category": "UTILITY"})).unwrap_err();
    assert_eq!(refusal.code(), 134_100);
}
