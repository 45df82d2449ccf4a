//! Every limit of the reference: kept at the limit, broken by one beyond it, in our own judgement and in the
//! simulator's, which is written independently.

mod ours;

use pesan::domain::outgoing::breach::{Breach, Found, Limit};
use pesan::domain::outgoing::check;
use pesan::domain::outgoing::interactive::{
    Action, Address, CardAction, CardHeader, Header, LinkButton, MediaCard, Product,
};
use pesan::domain::outgoing::plain::{Captioned, File, Pin, PinChange};
use pesan::domain::outgoing::template::{ButtonValue, Card, Template};
use pesan::domain::outgoing::{Content, Message, ReadMark, Recipient};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::judge;
use super::samples::{button, interactive, messages, phone, reply_button, sent, template, text};

#[derive(Clone, Copy, Debug)]
enum Bound {
    /// From one character to so many.
    Chars(usize),
    /// From none.
    CharsMax(usize),
    Filled,
    Web,
    Items(usize, usize),
    /// Counted over all sections.
    ItemsInAll(usize),
    Range(i64, i64),
    Degrees(u32),
}

use Bound::{Chars, CharsMax, Degrees, Filled, Items, ItemsInAll, Range, Web};

/// Limits by the message that they are tried on: a sample, or one of `more`.
const LIMITS: &[(&str, &[(&str, Bound)])] = &[
    ("Send_Text_Message", &[("content.text.body", Chars(4096))]),
    ("Send_Reply_to_Image_Message_by_URL", &[("content.image.file.source.link", Web), ("replyTo", Filled)]),
    ("Send_Reply_to_Image_Message_by_ID", &[("content.image.file.source.id", Filled)]),
    ("captioned image", &[("content.image.caption", CharsMax(1024))]),
    ("Send_Video_Message_by_URL", &[("content.video.caption", CharsMax(1024))]),
    ("Send_Document_Message_by_ID", &[("content.document.caption", CharsMax(1024))]),
    ("Send_Sticker_Message_by_URL", &[("content.sticker.file.source.link", Web)]),
    ("Send_Audio_Message_by_URL", &[("content.audio.file.source.link", Web)]),
    (
        "Send_Location_Message",
        &[("content.location.latitude", Degrees(90)), ("content.location.longitude", Degrees(180))],
    ),
    (
        "Send_Contact_Message",
        &[("content.contacts", Items(1, 257)), ("content.contacts[0].name.formattedName", Filled)],
    ),
    ("Send_Reply_with_Reaction_Message", &[("content.reaction.messageId", Filled)]),
    ("pin", &[("content.pin.change.pin.expirationDays", Range(1, 30)), ("content.pin.messageId", Filled)]),
    (
        "titled buttons",
        &[
            ("content.interactive.header.text.text", Chars(60)),
            ("content.interactive.header.text.subText", Chars(60)),
            ("content.interactive.body", Chars(1024)),
            ("content.interactive.footer", Chars(60)),
            ("content.interactive.action.replyButtons.buttons", Items(1, 3)),
            ("content.interactive.action.replyButtons.buttons[0].id", Chars(256)),
            ("content.interactive.action.replyButtons.buttons[0].title", Chars(20)),
        ],
    ),
    (
        "Send_List_Message",
        &[
            ("content.interactive.body", Chars(4096)),
            ("content.interactive.action.list.button", Chars(20)),
            ("content.interactive.action.list.sections[0].rows[1].id", Chars(200)),
            ("content.interactive.action.list.sections[0].rows[1].title", Chars(24)),
            ("content.interactive.action.list.sections[1].rows[0].description", CharsMax(72)),
        ],
    ),
    (
        "short list",
        &[
            ("content.interactive.action.list.sections", Items(1, 10)),
            ("content.interactive.action.list.sections[0].rows", ItemsInAll(10)),
            ("content.interactive.action.list.sections[0].title", CharsMax(24)),
        ],
    ),
    (
        "messages.jsonl:10",
        &[
            ("content.interactive.body", Chars(1024)),
            ("content.interactive.action.ctaUrl.displayText", Chars(20)),
            ("content.interactive.action.ctaUrl.url", Web),
            ("content.interactive.header.image.source.link", Web),
        ],
    ),
    (
        "Send_Published_Flow_by_ID",
        &[
            ("content.interactive.body", Chars(1024)),
            ("content.interactive.action.flow.button", Chars(30)),
            ("content.interactive.action.flow.flow.id", Filled),
            ("content.interactive.action.flow.start.navigate.screen", Filled),
        ],
    ),
    ("messages.jsonl:12", &[("content.interactive.body", Chars(1024))]),
    ("address", &[("content.interactive.body", Chars(1024))]),
    (
        "Send_Catalog_Message",
        &[
            ("content.interactive.body", Chars(1024)),
            ("content.interactive.footer", Chars(60)),
            ("content.interactive.action.catalog.thumbnailProductRetailerId", Filled),
        ],
    ),
    (
        "Send_Single_Product_Message",
        &[
            ("content.interactive.body", Chars(1024)),
            ("content.interactive.footer", Chars(60)),
            ("content.interactive.action.product.catalogId", Filled),
            ("content.interactive.action.product.productRetailerId", Filled),
        ],
    ),
    (
        "short product list",
        &[
            ("content.interactive.body", Chars(1024)),
            ("content.interactive.header.text.text", Chars(60)),
            ("content.interactive.action.productList.catalogId", Filled),
            ("content.interactive.action.productList.sections", Items(1, 10)),
            ("content.interactive.action.productList.sections[0].title", CharsMax(24)),
            ("content.interactive.action.productList.sections[0].productRetailerIds", ItemsInAll(30)),
            ("content.interactive.action.productList.sections[0].productRetailerIds[0]", Filled),
        ],
    ),
    (
        "messages.jsonl:14",
        &[
            ("content.interactive.body", Chars(1024)),
            ("content.interactive.action.mediaCarousel.cards", Items(2, 10)),
            ("content.interactive.action.mediaCarousel.cards[1].body", Chars(160)),
            ("content.interactive.action.mediaCarousel.cards[1].action.quickReplies[0].id", Chars(256)),
            ("content.interactive.action.mediaCarousel.cards[1].action.quickReplies[0].title", Chars(20)),
        ],
    ),
    (
        "carousel of links",
        &[
            ("content.interactive.action.mediaCarousel.cards[0].action.ctaUrl.displayText", Chars(20)),
            ("content.interactive.action.mediaCarousel.cards[0].action.ctaUrl.url", Web),
        ],
    ),
    ("carousel of products", &[("content.interactive.action.productCarousel.cards", Items(2, 10))]),
    ("call permission", &[("content.interactive.body", Chars(1024))]),
    (
        "contact request",
        &[("content.interactive.body", Chars(1024)), ("content.interactive.footer", Chars(60))],
    ),
    (
        "messages.jsonl:15",
        &[
            ("content.interactive.body", Chars(1024)),
            ("content.interactive.action.voiceCall.displayText", Chars(20)),
            ("content.interactive.action.voiceCall.ttlMinutes", Range(1, 43_200)),
            ("content.interactive.action.voiceCall.payload", CharsMax(512)),
        ],
    ),
    (
        "Send_Order_Details_Message",
        &[
            ("content.interactive.body", Chars(1024)),
            ("content.interactive.action.orderDetails.referenceId", Filled),
            ("content.interactive.action.orderDetails.currency", Filled),
            ("content.interactive.action.orderDetails.order.status", Filled),
        ],
    ),
    (
        "Send_Order_Status_Message",
        &[
            ("content.interactive.body", Chars(1024)),
            ("content.interactive.action.orderStatus.referenceId", Filled),
            ("content.interactive.action.orderStatus.status", Filled),
        ],
    ),
    (
        "messages.jsonl:19",
        &[
            ("content.template.name", Chars(512)),
            ("content.template.language.code", Filled),
            ("content.template.buttons[0].value.copyCode", Chars(20)),
            ("content.template.buttons[0].index", Range(0, 9)),
        ],
    ),
    ("template carousel", &[("content.template.cards", Items(2, 10))]),
    ("Send_Message_Template_Media", &[("content.template.header.image.source.link", Web)]),
    ("Send_Reply_to_Text_Message", &[("recipient.phone", Filled)]),
];

/// What no sample shows.
fn more() -> Vec<(String, Message)> {
    let product = || Product { catalog_id: "1".to_owned(), product_retailer_id: "2".to_owned() };
    let link_card = || MediaCard {
        header: CardHeader::Video(File::id("1")),
        body: None,
        action: CardAction::CtaUrl(LinkButton {
            display_text: "See".to_owned(),
            url: "https://example.com".to_owned(),
        }),
    };
    let header = Header::Text { text: "H".to_owned(), sub_text: Some("S".to_owned()) };
    let buttons = Action::ReplyButtons { buttons: vec![reply_button("1", "Yes")] };
    let list = json!({ "list": { "button": "See", "sections": [
        { "title": "A", "rows": [{ "id": "1", "title": "One" }] },
    ]}});
    let products = json!({ "productList": { "catalogId": "1", "sections": [
        { "title": "A", "productRetailerIds": ["1"] },
    ]}});
    let action = |value: Value| serde_json::from_value::<Action>(value).unwrap();
    let titled = |text: &str| Some(Header::Text { text: text.to_owned(), sub_text: None });
    let captioned = Captioned { file: File::id("1"), caption: Some("C".to_owned()) };
    let kinds = vec![
        ("captioned image", Content::Image(captioned)),
        ("titled buttons", interactive(Some(header), "Which?", Some("F"), buttons)),
        ("short list", interactive(None, "Which?", None, action(list))),
        ("short product list", interactive(titled("H"), "Which?", None, action(products))),
        (
            "carousel of links",
            interactive(None, "B", None, Action::MediaCarousel { cards: vec![link_card(), link_card()] }),
        ),
        (
            "carousel of products",
            interactive(None, "B", None, Action::ProductCarousel { cards: vec![product(), product()] }),
        ),
        ("call permission", interactive(None, "May we?", None, Action::CallPermissionRequest)),
        ("contact request", interactive(None, "Who?", Some("F"), Action::ContactRequest)),
        (
            "address",
            interactive(
                None,
                "Where?",
                None,
                Action::Address(Address { country: "IN".to_owned(), ..Address::default() }),
            ),
        ),
        (
            "template carousel",
            sent(Template { cards: vec![Card::default(), Card::default()], ..template("t", "id") }),
        ),
    ];
    let mut all: Vec<(String, Message)> =
        kinds.into_iter().map(|(name, content)| (name.to_owned(), Message::new(phone(), content))).collect();
    let pin = Pin { message_id: "wamid.A".to_owned(), change: PinChange::Pin { expiration_days: Some(7) } };
    let group = Recipient::Group("Y2FwaV9ncm91cDox".to_owned());
    all.push(("pin".to_owned(), Message::new(group, Content::Pin(pin))));
    all
}

fn bases() -> Vec<(String, Message)> {
    let mut all = messages();
    all.extend(more());
    all
}

fn base(name: &str) -> Message {
    let mut all = bases().into_iter().chain(ours::messages());
    all.find(|(listed, _)| listed == name).unwrap_or_else(|| panic!("no {name}")).1
}

fn pointer(field: &str) -> String {
    format!("/{}", field.replace('[', "/").replace(']', "").replace('.', "/"))
}

/// The message with another value at a field, if it still is a message.
fn with(message: &Message, field: &str, value: Value) -> Message {
    let mut kept = serde_json::to_value(message).unwrap();
    *kept.pointer_mut(&pointer(field)).unwrap_or_else(|| panic!("no {field}")) = value;
    serde_json::from_value(kept).unwrap()
}

/// The first item so many times, numbered where items must differ.
fn repeated(message: &Message, field: &str, count: usize) -> Message {
    let kept = serde_json::to_value(message).unwrap();
    let first = &kept.pointer(&pointer(field)).unwrap()[0];
    let numbered = |index: usize| {
        let mut item = first.clone();
        for key in ["id", "title"] {
            if let Some(text) = item.get(key).and_then(Value::as_str) {
                item[key] = json!(format!("{text}{index}"));
            }
        }
        item
    };
    with(message, field, (0..count).map(numbered).collect())
}

/// Messages at the limit, and those beyond it with the field and the limit that they break.
fn around(message: &Message, field: &str, bound: Bound) -> (Vec<Message>, Vec<(Message, String, Limit)>) {
    let set = |value: Value| with(message, field, value);
    // Not in ASCII: characters are counted, not bytes.
    let chars = |count: usize| set(json!("é".repeat(count)));
    let beyond = |message, limit| (message, field.to_owned(), limit);
    match bound {
        Chars(max) => (
            vec![chars(1), chars(max)],
            vec![beyond(chars(0), Limit::NotEmpty), beyond(chars(max + 1), Limit::CharsMax(max))],
        ),
        CharsMax(max) => (vec![chars(0), chars(max)], vec![beyond(chars(max + 1), Limit::CharsMax(max))]),
        Filled if field == "recipient.phone" => {
            let limit = Limit::Form("a plus sign and 5 to 15 digits, the first of them not 0");
            (vec![set(json!("+12345"))], vec![beyond(set(json!("")), limit)])
        }
        Filled => (vec![set(json!("x"))], vec![beyond(set(json!("")), Limit::NotEmpty)]),
        Web => {
            let limit = || Limit::Form("an address that begins with http:// or https://");
            let wrong = ["", "example.com", "ftp://example.com", "https://"];
            (
                ["https://e", "http://e"].map(|link| set(json!(link))).to_vec(),
                wrong.map(|link| beyond(set(json!(link)), limit())).to_vec(),
            )
        }
        Items(min, max) => (
            vec![repeated(message, field, min), repeated(message, field, max)],
            vec![
                beyond(repeated(message, field, min - 1), Limit::ItemsMin(min)),
                beyond(repeated(message, field, max + 1), Limit::ItemsMax(max)),
            ],
        ),
        ItemsInAll(max) => {
            let sections = field.rsplit_once('[').unwrap().0.to_owned();
            (
                vec![repeated(message, field, 1), repeated(message, field, max)],
                vec![
                    beyond(repeated(message, field, 0), Limit::ItemsMin(1)),
                    (repeated(message, field, max + 1), sections, Limit::ItemsInAllMax(max)),
                ],
            )
        }
        Range(min, max) => {
            let below = (min > 0).then(|| beyond(set(json!(min - 1)), Limit::Range(min, max)));
            let above = beyond(set(json!(max + 1)), Limit::Range(min, max));
            (vec![set(json!(min)), set(json!(max))], below.into_iter().chain([above]).collect())
        }
        Degrees(max) => {
            let at = f64::from(max);
            let beyond = |degrees: f64| beyond(set(json!(degrees)), Limit::Degrees(max));
            (vec![set(json!(at)), set(json!(-at))], vec![beyond(at + 0.1), beyond(-at - 0.1)])
        }
    }
}

/// Every message that is beyond a limit, with its name and the field that breaks it.
pub fn beyond_limits() -> Vec<(String, Message, String)> {
    let mut all = Vec::new();
    for (name, limits) in LIMITS.iter().chain(ours::LIMITS) {
        let message = base(name);
        for (field, bound) in *limits {
            let (_, beyond) = around(&message, field, *bound);
            all.extend(beyond.into_iter().map(|(message, field, _)| ((*name).to_owned(), message, field)));
        }
    }
    all
}

fn breaches(message: &Message) -> Vec<Breach> {
    check::message(message).err().unwrap_or_default()
}

#[test]
fn every_limit_holds_exactly_and_the_simulator_agrees() {
    let mut wrong = Vec::new();
    let mut tried = 0;
    for (name, limits) in LIMITS {
        let message = base(name);
        for (field, bound) in *limits {
            let (at, beyond) = around(&message, field, *bound);
            for message in at {
                tried += 1;
                if !breaches(&message).is_empty() {
                    wrong.push(format!("{name}: {field} at {bound:?}: {:?}", breaches(&message)));
                }
                if let Err(refusal) = judge(&message) {
                    wrong.push(format!("{name}: {field} at {bound:?}: the simulator says {refusal}"));
                }
            }
            for (message, field, limit) in beyond {
                tried += 1;
                let found = breaches(&message);
                if !found.iter().any(|breach| breach.field == field && breach.limit == limit) {
                    wrong.push(format!("{name}: {field} beyond {limit:?}: {found:?}"));
                }
                if judge(&message).is_ok() {
                    wrong.push(format!("{name}: {field} beyond {limit:?}: the simulator takes it"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
    assert!(tried > 250, "{tried} messages");
}

#[test]
fn what_stands_around_an_action_is_what_its_kind_has() {
    let kinds: Vec<(String, Message)> = bases()
        .into_iter()
        .filter(|(_, message)| matches!(message.content, Content::Interactive(_)))
        .collect();
    let file = json!({ "source": { "id": "1" } });
    let headers = [
        Value::Null,
        json!({ "text": { "text": "H" } }),
        json!({ "image": file }),
        json!({ "video": file }),
        json!({ "document": { "file": file, "filename": "a.pdf" } }),
    ];
    let texts = &[Value::Null, json!("T"), json!("")];
    let mut wrong = Vec::new();
    let (mut taken, mut refused) = (0, 0);
    for (name, message) in &kinds {
        for (header, body, footer) in headers.iter().flat_map(|header| {
            texts.iter().flat_map(move |body| texts.iter().map(move |footer| (header, body, footer)))
        }) {
            let mut kept = serde_json::to_value(message).unwrap();
            for (key, value) in [("header", header), ("body", body), ("footer", footer)] {
                kept["content"]["interactive"][key] = value.clone();
            }
            let message: Message = serde_json::from_value(kept).unwrap();
            let (ours, theirs) = (check::message(&message), judge(&message));
            if ours.is_ok() == theirs.is_ok() {
                *(if ours.is_ok() { &mut taken } else { &mut refused }) += 1;
            } else {
                wrong.push(format!("{name} {header} {body} {footer}: {ours:?}, the simulator {theirs:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
    assert!(taken > 100 && refused > 300, "{taken} taken, {refused} refused");
}

/// One message, and exactly what is wrong with it.
fn refused(message: &Message, field: &str, limit: &Limit) {
    let found = breaches(message);
    assert_eq!(found.len(), 1, "{field}: {found:?}");
    assert_eq!((found[0].field.as_str(), &found[0].limit), (field, limit));
}

#[test]
fn what_goes_together_is_checked_together() {
    let group = || Recipient::Group("Y2FwaV9ncm91cDox".to_owned());
    let not_in_group = Limit::NotAllowed("a group takes texts, media, templates and pins");
    for name in [
        "Send_List_Message",
        "Send_Location_Message",
        "Send_Contact_Message",
        "Send_Reply_with_Reaction_Message",
    ] {
        let message = Message { recipient: group(), ..base(name) };
        refused(&message, &format!("content.{}", message.content.kind_name()), &not_in_group);
        assert!(judge(&message).is_err(), "{name}: the simulator takes it");
    }
    for name in ["Send_Text_Message", "Send_Image_Message_by_URL", "Send_Message_Template_Text"] {
        assert_eq!(breaches(&Message { recipient: group(), ..base(name) }), [], "{name}");
    }
    let pin = Message { recipient: phone(), ..base("pin") };
    refused(&pin, "content.pin", &Limit::NotAllowed("only a group has pinned messages"));
    let reaction =
        Message { reply_to: Some("wamid.B".to_owned()), ..base("Send_Reply_with_Reaction_Message") };
    refused(&reaction, "replyTo", &Limit::NotAllowed("a reaction names its message itself"));
    let marketing = base("Simple_Template_Message");
    let limit = Limit::NotAllowed("only templates are sent as marketing messages");
    refused(&Message { content: text("halo", false), ..marketing.clone() }, "marketing", &limit);
    let limit = Limit::NotAllowed("marketing messages go to one person");
    refused(&Message { recipient: group(), ..marketing }, "marketing", &limit);
    for message in [&pin, &reaction] {
        assert!(judge(message).is_err());
    }
}

#[test]
fn buttons_rows_cards_and_titles_owe_each_other_something() {
    let check = |name: &str, field: &str, value: Value, breach: &str, limit: Limit| {
        let message = with(&base(name), field, value);
        refused(&message, breach, &limit);
        assert!(judge(&message).is_err(), "{breach}: the simulator takes it");
    };
    let at = "content.interactive.action.replyButtons.buttons";
    let reply = "Send_Reply_Button";
    check(reply, &format!("{at}[1].id"), json!("unique_button_id_1"), &format!("{at}[1].id"), Limit::Unique);
    check(
        reply,
        &format!("{at}[1].title"),
        json!("button_title_1"),
        &format!("{at}[1].title"),
        Limit::Unique,
    );
    let at = "content.interactive.action.list.sections[1].title";
    check("Send_List_Message", at, Value::Null, at, Limit::Required);
    let at = "content.interactive.action.productList.sections[0].title";
    check("Send_Multi-Product_Message", at, json!(""), at, Limit::Required);
    let at = "content.interactive.action.mediaCarousel.cards[1]";
    let plants = "messages.jsonl:14";
    let one = json!({ "quickReplies": [{ "id": "1", "title": "T" }] });
    check(plants, &format!("{at}.action"), one, &format!("{at}.action"), Limit::LikeTheFirst);
    check(plants, &format!("{at}.body"), json!("a\nb\nc\nd"), &format!("{at}.body"), Limit::LineBreaksMax(2));
    assert_eq!(breaches(&with(&base(plants), &format!("{at}.body"), json!("a\nb\nc"))), []);
    let at = "content.interactive.action.productCarousel.cards[1].catalogId";
    check("carousel of products", at, json!("9"), at, Limit::LikeTheFirst);
    let at = "content.interactive.action.address.country";
    check("address", at, json!("US"), at, Limit::OneOf(vec!["IN".to_owned()]));
    let at = "content.interactive.action.flow.start.navigate.data";
    check("Send_Published_Flow_by_ID", at, json!({}), at, Limit::NotEmpty);
    let at = "content.template.buttons[1].index";
    check("Send_Message_Template_Interactive", at, json!(0), at, Limit::Unique);
    let name = "content.contacts[0].name";
    let alone = json!({ "formattedName": "John" });
    check("Send_Contact_Message", name, alone, &format!("{name}.firstName"), Limit::Required);
    for day in ["23.1.1999", "1999-1-23", "19990123", "1999-02-30", "1999-13-01", "tomorrow", "１999-01-1"] {
        let at = "content.contacts[0].birthday";
        let limit = Limit::Form("a date as YYYY-MM-DD");
        let message = with(&base("Send_Contact_Message"), at, json!(day));
        refused(&message, at, &limit);
    }
}

#[test]
fn a_recipient_is_a_number_an_id_or_a_group() {
    let to = |recipient| Message { recipient, ..base("Send_Text_Message") };
    let phone = |phone: &str| to(Recipient::Phone(phone.to_owned()));
    for good in ["+6281234567890", "6281234567890", "551187654321", "+12345", "+123456789012345"] {
        assert_eq!(breaches(&phone(good)), [], "{good}");
    }
    let limit = Limit::Form("a plus sign and 5 to 15 digits, the first of them not 0");
    for bad in [
        "",
        "+",
        "+1234",
        "+1234567890123456",
        "081234567890",
        "+62 812",
        "US.13491208655302741918",
        "++62812345",
    ] {
        refused(&phone(bad), "recipient.phone", &limit);
    }
    let user = |id: &str| to(Recipient::UserId(id.to_owned()));
    let limit = Limit::Form("a business-scoped user id, like US.13491208655302741918");
    for good in ["US.13491208655302741918", "US.ENT.11815799212886844830"] {
        assert_eq!(breaches(&user(good)), [], "{good}");
        assert_eq!(judge(&user(good)), Ok(()));
    }
    for bad in ["", "13491208655302741918", "us.1", "+6281234567890"] {
        refused(&user(bad), "recipient.userId", &limit);
        assert!(judge(&user(bad)).is_err(), "{bad}");
    }
    refused(&to(Recipient::Group(String::new())), "recipient.group", &Limit::NotEmpty);
    assert!(check::read_mark(&ReadMark { message_id: String::new(), is_typing: true }).is_err());
}

#[test]
fn a_file_is_of_a_type_and_a_size_that_its_message_takes() {
    const MB: u64 = 1024 * 1024;
    let file = |kind: &str| {
        let names = [
            ("image", "Send_Image_Message_by_ID"),
            ("video", "Send_Video_Message_by_ID"),
            ("audio", "Send_Audio_Message_by_ID"),
            ("document", "Send_Document_Message_by_ID"),
            ("sticker", "Send_Sticker_Message_by_ID"),
        ];
        base(names.iter().find(|(listed, _)| *listed == kind).unwrap().1)
    };
    let told = |kind: &str, told: Value| {
        let mut message = serde_json::to_value(file(kind)).unwrap();
        let told = told.as_object().unwrap().clone();
        message["content"][kind]["file"].as_object_mut().unwrap().extend(told);
        breaches(&serde_json::from_value(message).unwrap())
    };
    let sizes = [
        ("image", 5 * MB),
        ("video", 16 * MB),
        ("audio", 16 * MB),
        ("document", 100 * MB),
        ("sticker", 500 * 1024),
    ];
    for (kind, bytes_max) in sizes {
        assert_eq!(told(kind, json!({ "bytesLen": bytes_max })), [], "{kind}");
        let found = told(kind, json!({ "bytesLen": bytes_max + 1 }));
        assert_eq!(found[0].field, format!("content.{kind}.file.bytesLen"));
        assert_eq!(found[0].limit, Limit::BytesMax(bytes_max), "{kind}");
        assert_eq!(found[0].found, Found::Bytes(bytes_max + 1));
        assert_eq!(told(kind, json!({ "bytesLen": 0 }))[0].limit, Limit::NotEmpty);
    }
    assert_eq!(told("sticker", json!({ "bytesLen": 102_400, "isAnimated": false })), []);
    assert_eq!(
        told("sticker", json!({ "bytesLen": 102_401, "isAnimated": false }))[0].limit,
        Limit::BytesMax(102_400)
    );
    let types = [
        ("image", "image/jpeg", true),
        ("image", "image/png", true),
        ("image", "IMAGE/PNG", true),
        ("image", "image/webp", false),
        ("image", "image/gif", false),
        ("video", "video/mp4", true),
        ("video", "video/3gpp", true),
        ("video", "video/quicktime", false),
        ("audio", "audio/aac", true),
        ("audio", "audio/amr", true),
        ("audio", "audio/mpeg", true),
        ("audio", "audio/mp4", true),
        ("audio", "audio/ogg", true),
        ("audio", "audio/ogg; codecs=opus", true),
        ("audio", "audio/ogg; codecs=\"vorbis\"", false),
        ("audio", "audio/opus", false),
        ("audio", "audio/wav", false),
        ("document", "application/pdf", true),
        ("document", "application/zip", true),
        ("document", "pdf", false),
        ("sticker", "image/webp", true),
        ("sticker", "image/png", false),
    ];
    for (kind, mime_type, is_taken) in types {
        let found = told(kind, json!({ "mimeType": mime_type }));
        assert_eq!(found.is_empty(), is_taken, "{kind} {mime_type}: {found:?}");
        // The simulator's table of files; of documents it lists what can be uploaded, and any may be linked.
        let theirs = pesan::dev::simulator::limits::media_for(kind, mime_type, 1);
        assert_eq!(theirs.is_ok(), is_taken, "{kind} {mime_type}: {theirs:?}");
    }
}

#[test]
fn a_voice_message_is_ogg_with_opus() {
    let voice = with(&base("Send_Audio_Message_by_ID"), "content.audio.isVoice", json!(true));
    let voice = |mime_type: &str| {
        let mut message = serde_json::to_value(&voice).unwrap();
        message["content"]["audio"]["file"]["mimeType"] = json!(mime_type);
        breaches(&serde_json::from_value(message).unwrap())
    };
    assert_eq!(voice("audio/ogg; codecs=opus"), []);
    assert_eq!(voice("audio/mpeg")[0].field, "content.audio.file.mimeType");
}

#[test]
fn a_raw_body_is_taken_as_it_is_but_for_the_envelope() {
    let raw = |body: Value| Message::new(phone(), Content::Raw(body.as_object().unwrap().clone()));
    let message = raw(json!({ "type": "text", "text": { "body": "halo", "new_key": 1 } }));
    assert_eq!(breaches(&message), []);
    let body = pesan::meta::encode::message(&message, Some("ours"));
    assert_eq!(
        body,
        json!({
            "messaging_product": "whatsapp", "recipient_type": "individual", "to": "+16505551234",
            "biz_opaque_callback_data": "ours", "type": "text", "text": { "body": "halo", "new_key": 1 },
        })
    );
    refused(&raw(json!({})), "content.raw", &Limit::NotEmpty);
    for key in
        ["to", "recipient", "messaging_product", "context", "biz_opaque_callback_data", "recipient_type"]
    {
        let message = raw(json!({ key: "x", "type": "text" }));
        refused(&message, &format!("content.raw.{key}"), &Limit::NotAllowed("the envelope has it"));
        assert_ne!(pesan::meta::encode::message(&message, Some("ours"))[key], "x");
    }
    assert_eq!(breaches(&raw(json!({ "status": "read" }))).len(), 1);
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    let buttons = vec![
        button(0, ButtonValue::CopyCode("x".repeat(21))),
        button(0, ButtonValue::UrlSuffix("a b".to_owned())),
    ];
    let content = sent(Template { buttons, ..template("", "") });
    let found = breaches(&Message::new(Recipient::Phone("1".to_owned()), content));
    let fields: Vec<&str> = found.iter().map(|breach| breach.field.as_str()).collect();
    assert_eq!(
        fields,
        [
            "recipient.phone",
            "content.template.name",
            "content.template.language.code",
            "content.template.buttons[0].value.copyCode",
            "content.template.buttons[1].index",
            "content.template.buttons[1].value.urlSuffix",
        ]
    );
    assert_eq!(
        found[3].to_string(),
        "content.template.buttons[0].value.copyCode may have at most 20 characters; found 21 characters."
    );
}

/// The places of a value that are not objects, and arrays as well.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            for (key, inner) in object {
                places(inner, &format!("{at}/{key}"), found);
            }
        }
        Value::Array(items) => {
            found.push(at.to_owned());
            for (index, inner) in items.iter().enumerate() {
                places(inner, &format!("{at}/{index}"), found);
            }
        }
        _ => found.push(at.to_owned()),
    }
}

fn any_leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(|number| json!(number)),
        "\\PC{0,40}".prop_map(Value::from),
        "[a-z0-9+./:é\\n ]{0,40}".prop_map(Value::from),
        (0_usize..6000).prop_map(|count| json!("é".repeat(count))),
        Just(json!([])),
        (0_usize..300).prop_map(|count| json!("again").to_string().repeat(count).into()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    /// Judged and encoded without a panic; and what is wrong is named by a field that is there.
    #[test]
    fn whatever_is_in_a_message_it_is_judged(
        which in any::<prop::sample::Index>(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any_leaf(), 0_usize..40), 1..4),
    ) {
        thread_local! {
            static BASES: Vec<Value> =
                bases().iter().map(|(_, message)| serde_json::to_value(message).unwrap()).collect();
        }
        let mut kept = BASES.with(|bases| which.get(bases).clone());
        for (place, leaf, count) in changes {
            let mut found = Vec::new();
            places(&kept, "", &mut found);
            let target = kept.pointer_mut(place.get::<String>(&found)).unwrap();
            match target {
                Value::Array(items) if !items.is_empty() => *target = json!(vec![items[0].clone(); count]),
                _ => *target = leaf,
            }
        }
        let Ok(message) = serde_json::from_value::<Message>(kept.clone()) else { return Ok(()) };
        let kept = serde_json::to_value(&message).unwrap();
        let judged = check::message(&message);
        let simulated = judge(&message);
        match judged {
            // What we take, the simulator takes.
            Ok(()) => prop_assert_eq!(simulated, Ok(()), "{}", kept),
            Err(breaches) => {
                prop_assert!(!breaches.is_empty());
                for breach in breaches {
                    let place = pointer(&breach.field);
                    let place = match breach.limit {
                        Limit::Required => place.rsplit_once('/').unwrap().0,
                        _ => place.as_str(),
                    };
                    prop_assert!(kept.pointer(place).is_some(), "{} in {}", breach.field, kept);
                    prop_assert!(breach.to_string().starts_with(&breach.field));
                }
            }
        }
    }
}
