//! Drafts that keep Meta's limits, at them and one beyond.

use super::*;

fn text(text: &str, examples: &[&str]) -> Text {
    let example = |value: &&str| Example { name: None, value: (*value).to_owned() };
    Text { text: text.to_owned(), examples: examples.iter().map(example).collect() }
}

fn draft(parts: Parts) -> Draft {
    Draft {
        name: "order_ready".to_owned(),
        language: "id".to_owned(),
        category: "UTILITY".to_owned(),
        content: Content::Parts(Box::new(Whole { parts, ..Whole::default() })),
        ..Draft::default()
    }
}

fn body(one: &str, examples: &[&str]) -> Parts {
    Parts { body: Some(text(one, examples)), ..Parts::default() }
}

fn refused(draft: &Draft, field: &str) {
    let fields: Vec<String> = check(draft).unwrap_err().into_iter().map(|breach| breach.field).collect();
    assert_eq!(fields, [field], "{draft:?}");
}

#[test]
fn a_draft_keeps_metas_limits_or_is_refused_with_the_field() {
    let good = draft(body("Hi {{1}}, it is ready.", &["Budi"]));
    assert_eq!(check(&good), Ok(()));
    refused(&Draft { name: "Order".to_owned(), ..good.clone() }, "name");
    refused(&Draft { name: "a".repeat(513), ..good.clone() }, "name");
    refused(&Draft { language: String::new(), ..good.clone() }, "language");
    refused(&Draft { category: "POETRY".to_owned(), ..good.clone() }, "category");
    refused(&Draft { send_ttl_s: Some(29), ..good.clone() }, "sendTtlSeconds");
    assert_eq!(check(&Draft { send_ttl_s: Some(-1), ..good }), Ok(()));
    refused(&draft(body("Hi {{1}}, it is ready.", &[])), "body.examples");
    refused(&draft(body("Hi {{2}}, it is ready.", &["x"])), "body.text");
    refused(&draft(body("{{1}} is ready.", &["x"])), "body.text");
    refused(&draft(body(&"é".repeat(1_025), &[])), "body.text");
    refused(&draft(Parts::default()), "body");
    let with = |header| Parts { header: Some(header), ..body("Hello.", &[]) };
    refused(&draft(with(Header::Text(text(&"é".repeat(61), &[])))), "header.text.text");
    refused(
        &draft(with(Header::Media { format: Media::Image, handle: String::new() })),
        "header.imageHandle",
    );
    refused(&draft(Parts { footer: Some("Bye {{1}}".to_owned()), ..body("Hello.", &[]) }), "footer");
    let mut carousel = draft(body("Hello.", &[]));
    carousel.content = Content::Parts(Box::new(Whole {
        parts: body("Hello.", &[]),
        cards: vec![Parts { header: Some(Header::Product), ..Parts::default() }],
        offer: None,
    }));
    refused(&carousel, "cards");
}

#[test]
fn buttons_are_counted_by_kind_and_labelled() {
    let with = |buttons: Vec<Button>| draft(Parts { buttons, ..body("Hello.", &[]) });
    let reply = || Button::QuickReply { text: "Yes".to_owned() };
    let url = |url: &str, example: Option<&str>| Button::Url {
        text: "See".to_owned(),
        url: url.to_owned(),
        example: example.map(str::to_owned),
    };
    assert_eq!(check(&with(vec![reply(); 10])), Ok(()));
    refused(&with(vec![reply(), url("https://a.b", None), reply()]), "buttons");
    refused(&with(vec![Button::QuickReply { text: "é".repeat(26) }]), "buttons[0].quickReply.text");
    refused(&with(vec![url("https://a.b", None); 3]), "buttons[2].url");
    refused(&with(vec![url("https://a.b/{{1}}", None)]), "buttons[0].url.example");
    refused(&with(vec![url("https://a.b/{{1}}/c", Some("x"))]), "buttons[0].url.url");
    assert_eq!(check(&with(vec![url("https://a.b/{{1}}", Some("x"))])), Ok(()));
    refused(&with(vec![Button::CopyCode { example: "A".repeat(21) }]), "buttons[0].copyCode.example");
}

#[test]
fn a_code_has_its_own_parts() {
    let code = |code: Code| Draft {
        category: "AUTHENTICATION".to_owned(),
        content: Content::Code(code),
        ..draft(Parts::default())
    };
    let copied = Code { way: "COPY_CODE", expires_minutes: Some(90), ..Code::default() };
    assert_eq!(check(&code(copied.clone())), Ok(()));
    refused(
        &code(Code { expires_minutes: Some(91), ..copied.clone() }),
        "authentication.codeExpirationMinutes",
    );
    refused(&code(Code { way: "ONE_TAP", ..copied.clone() }), "authentication.apps");
    let app = App { package_name: "com.example".to_owned(), signature_hash: "short".to_owned() };
    refused(&code(Code { apps: vec![app], ..copied.clone() }), "authentication.apps[0].signatureHash");
    refused(&Draft { category: "UTILITY".to_owned(), ..code(copied) }, "authentication");
    refused(&Draft { category: "AUTHENTICATION".to_owned(), ..draft(body("Hello.", &[])) }, "authentication");
}

/// A button of some kind with this label.
type Labelled = fn(String) -> Button;

/// Kinds of buttons with a label, by their names in the interface.
const LABELLED: [(&str, Labelled); 8] = [
    ("quickReply", |text| Button::QuickReply { text }),
    ("url", |text| Button::Url { text, url: "https://a.b".to_owned(), example: None }),
    ("phoneNumber", |text| Button::PhoneNumber { text, phone_number: "+62218350123".to_owned() }),
    ("flow", |text| Button::Flow { text, flow_id: "1".to_owned(), screen: None }),
    ("catalog", |text| Button::Catalog { text }),
    ("multiProduct", |text| Button::MultiProduct { text }),
    ("voiceCall", |text| Button::VoiceCall { text }),
    ("orderDetails", |text| Button::OrderDetails { text }),
];

fn with_header(header: Header) -> Draft {
    draft(Parts { header: Some(header), ..body("Hello.", &[]) })
}

fn with_buttons(buttons: Vec<Button>) -> Draft {
    draft(Parts { buttons, ..body("Hello.", &[]) })
}

fn with_whole(whole: Whole) -> Draft {
    Draft { content: Content::Parts(Box::new(whole)), ..draft(Parts::default()) }
}

fn of_code(code: Code) -> Draft {
    Draft { category: "AUTHENTICATION".to_owned(), content: Content::Code(code), ..draft(Parts::default()) }
}

fn copied() -> Code {
    Code { way: "COPY_CODE", ..Code::default() }
}

/// Refused for this, and for nothing else.
fn breaks(draft: &Draft, field: &str, limit: Limit) {
    let found: Vec<(String, Limit)> =
        check(draft).unwrap_err().into_iter().map(|breach| (breach.field, breach.limit)).collect();
    assert_eq!(found, [(field.to_owned(), limit)], "{draft:?}");
}

/// So many characters are taken, and one more is not. They are not of ASCII: characters are counted, not bytes.
fn holds(field: &str, chars_max: usize, make: impl Fn(String) -> Draft) {
    assert_eq!(check(&make("é".repeat(chars_max))), Ok(()), "{field}");
    breaks(&make("é".repeat(chars_max + 1)), field, Limit::CharsMax(chars_max));
}

#[test]
fn every_text_is_taken_at_its_length_and_refused_beyond_it() {
    let good = || draft(body("Hello.", &[]));
    let named = |chars: usize| Draft { name: "a".repeat(chars), ..good() };
    assert_eq!(check(&named(512)), Ok(()));
    breaks(&named(513), "name", Limit::CharsMax(512));
    holds("language", 20, |language| Draft { language, ..good() });
    holds("header.text.text", 60, |one| with_header(Header::Text(text(&one, &[]))));
    holds("header.videoHandle", 4_096, |handle| with_header(Header::Media { format: Media::Video, handle }));
    holds("body.text", 1_024, |one| draft(body(&one, &[])));
    holds("body.examples[0].value", 1_024, |one| draft(body("Hi {{1}}, hello.", &[one.as_str()])));
    holds("footer", 60, |footer| draft(Parts { footer: Some(footer), ..body("Hello.", &[]) }));
    holds("limitedTimeOffer.text", 16, |text| {
        let offer = crate::domain::template::Offer { text, has_expiration: false };
        with_whole(Whole { parts: body("Hello.", &[]), offer: Some(offer), cards: Vec::new() })
    });
    holds("authentication.copyText", 25, |one| of_code(Code { copy_text: Some(one), ..copied() }));
    holds("authentication.autofillText", 25, |one| of_code(Code { autofill_text: Some(one), ..copied() }));
}

#[test]
fn every_text_of_a_button_is_taken_at_its_length_and_refused_beyond_it() {
    for (kind, make) in LABELLED {
        holds(&format!("buttons[0].{kind}.text"), 25, |text| with_buttons(vec![make(text)]));
    }
    holds("buttons[0].url.url", 2_000, |letters| {
        // As long as the letters: the beginning of an address in the place of the first ones.
        let rest: String = letters.chars().skip("https://".len()).collect();
        let url = format!("https://{rest}");
        with_buttons(vec![Button::Url { text: "See".to_owned(), url, example: None }])
    });
    holds("buttons[0].phoneNumber.phoneNumber", 20, |phone_number| {
        with_buttons(vec![Button::PhoneNumber { text: "Call".to_owned(), phone_number }])
    });
    holds("buttons[0].copyCode.example", 20, |example| with_buttons(vec![Button::CopyCode { example }]));
    holds("buttons[0].flow.flowId", 64, |flow_id| {
        with_buttons(vec![Button::Flow { text: "Book".to_owned(), flow_id, screen: None }])
    });
}

#[test]
fn a_header_has_one_variable_at_most() {
    assert_eq!(check(&with_header(Header::Text(text("Order {{1}}", &["7"])))), Ok(()));
    let two = with_header(Header::Text(text("Order {{1}} of {{2}}", &["7", "Budi"])));
    breaks(&two, "header.text.text", Limit::ItemsMax(1));
}

#[test]
fn a_template_has_ten_buttons_at_most_and_of_each_kind_what_meta_allows() {
    let reply = || Button::QuickReply { text: "Yes".to_owned() };
    let url = || Button::Url { text: "See".to_owned(), url: "https://a.b".to_owned(), example: None };
    let with_url = |replies: usize| {
        let mut buttons = vec![reply(); replies];
        buttons.push(url());
        with_buttons(buttons)
    };
    assert_eq!(check(&with_url(9)), Ok(()));
    breaks(&with_url(10), "buttons", Limit::ItemsMax(10));
    let eleven = check(&with_buttons(vec![reply(); 11])).unwrap_err();
    let fields: Vec<&str> = eleven.iter().map(|breach| breach.field.as_str()).collect();
    assert_eq!(fields, ["buttons", "buttons[10].quickReply"]);
    assert_eq!(check(&with_buttons(vec![url(); 2])), Ok(()));
    breaks(&with_buttons(vec![url(); 3]), "buttons[2].url", Limit::ItemsInAllMax(2));
    let once = LABELLED.into_iter().filter(|(kind, _)| !["quickReply", "url"].contains(kind));
    let once = once.map(|(kind, make)| (kind, make("Tap".to_owned()))).chain([
        ("copyCode", Button::CopyCode { example: "HEMAT".to_owned() }),
        ("requestContactInfo", Button::RequestContactInfo),
    ]);
    for (kind, button) in once {
        assert_eq!(check(&with_buttons(vec![button.clone()])), Ok(()), "{kind}");
        let field = format!("buttons[1].{kind}");
        breaks(&with_buttons(vec![button; 2]), &field, Limit::ItemsInAllMax(1));
    }
}

#[test]
fn cards_apps_and_raw_components_have_their_numbers() {
    let carousel = |count: usize| {
        let card = Parts { header: Some(Header::Product), ..Parts::default() };
        with_whole(Whole { parts: body("Hello.", &[]), offer: None, cards: vec![card; count] })
    };
    breaks(&carousel(1), "cards", Limit::ItemsMin(2));
    assert_eq!(check(&carousel(2)), Ok(()));
    assert_eq!(check(&carousel(10)), Ok(()));
    breaks(&carousel(11), "cards", Limit::ItemsMax(10));
    let filled_in = |count: usize| {
        let app = App { package_name: "com.example".to_owned(), signature_hash: "K8a/AINcGX7".to_owned() };
        of_code(Code { way: "ONE_TAP", apps: vec![app; count], ..Code::default() })
    };
    assert_eq!(check(&filled_in(5)), Ok(()));
    breaks(&filled_in(6), "authentication.apps", Limit::ItemsMax(5));
    let raw =
        |count: usize| Draft { content: Content::Raw(vec![Value::Null; count]), ..draft(Parts::default()) };
    breaks(&raw(0), "componentsJson", Limit::ItemsMin(1));
    assert_eq!(check(&raw(20)), Ok(()));
    breaks(&raw(21), "componentsJson", Limit::ItemsMax(20));
}

#[test]
fn a_time_to_live_is_one_that_the_category_takes() {
    let of = |category: &str, seconds: i64| {
        let made = if category == "AUTHENTICATION" { of_code(copied()) } else { draft(body("Hello.", &[])) };
        Draft { category: category.to_owned(), send_ttl_s: Some(seconds), ..made }
    };
    for (category, least, most) in
        [("AUTHENTICATION", 30, 900), ("UTILITY", 30, 43_200), ("MARKETING", 43_200, 2_592_000)]
    {
        for within in [least, most] {
            assert_eq!(check(&of(category, within)), Ok(()), "{category} {within}");
            assert_eq!(check_edit(category, false, None, Some(within)), Ok(()), "{category} {within}");
        }
        for beyond in [-2, 0, least - 1, most + 1] {
            breaks(&of(category, beyond), "sendTtlSeconds", Limit::Range(least, most));
            let found = check_edit(category, false, None, Some(beyond)).unwrap_err();
            assert_eq!(found[0].limit, Limit::Range(least, most), "{category} {beyond}");
        }
    }
    // 30 days, where Meta takes that for them.
    assert_eq!(check(&of("AUTHENTICATION", -1)), Ok(()));
    assert_eq!(check(&of("UTILITY", -1)), Ok(()));
    breaks(&of("MARKETING", -1), "sendTtlSeconds", Limit::Range(43_200, 2_592_000));
}

#[test]
fn a_code_expires_within_ninety_minutes() {
    let after = |minutes: u32| of_code(Code { expires_minutes: Some(minutes), ..copied() });
    let (field, limit) = ("authentication.codeExpirationMinutes", Limit::Range(1, 90));
    breaks(&after(0), field, limit.clone());
    assert_eq!(check(&after(1)), Ok(()));
    assert_eq!(check(&after(90)), Ok(()));
    breaks(&after(91), field, limit);
}
