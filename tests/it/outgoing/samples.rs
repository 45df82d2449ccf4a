//! Every sample of Meta's for `messages` and `marketing_messages`, made from our own types without `raw`, and
//! compared leaf by leaf.

#![expect(clippy::too_many_lines, clippy::unnecessary_wraps, reason = "tables, a row a sample")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use pesan::domain::outgoing::check;
use pesan::domain::outgoing::interactive::{
    Action, CardAction, CardHeader, Flow, FlowMode, FlowName, FlowStart, Header, Interactive, LinkButton,
    ListRow, ListSection, MediaCard, Product, ProductSection, ReplyButton, VoiceCall,
};
use pesan::domain::outgoing::order::{
    Amount, Charge, Discount, GoodsKind, Order, OrderDetails, OrderItem, OrderStatus,
};
use pesan::domain::outgoing::plain::{
    Audio, Captioned, Contact, ContactAddress, ContactEmail, ContactName, ContactPhone, ContactUrl, Document,
    File, Location, Reaction, Sticker, Text,
};
use pesan::domain::outgoing::template::{
    self, Button, ButtonValue, Card, DateTime, Language, Parameter, ParameterValue, Template,
};
use pesan::domain::outgoing::{Content, Marketing, Message, ProductPolicy, ReadMark, Recipient};
use pesan::meta::encode;
use serde_json::{Map, Value, json};

use super::judge;
use crate::simulator_schema::fill;

/// What a sample is made from.
pub enum Made {
    Message(Box<Message>),
    Read(ReadMark),
}

/// Where a sample itself is wrong: the leaf, what we send instead, and why.
const DEVIATIONS: &[(&str, &str, Option<&str>, &str)] = &[
    (
        "Send_Reply_to_List_Message",
        "/type",
        Some("\"interactive\""),
        "without a type it is a text, and one without a body: a slip of the sample",
    ),
    (
        "Send_Sample_Issue_Resolution_Template",
        "/template/components/1/parameters/0/type",
        Some("\"payload\""),
        "a quick reply has a payload; the document itself has no booleans as texts",
    ),
    ("Send_Sample_Issue_Resolution_Template", "/template/components/1/parameters/0/text", None, "see type"),
    (
        "Send_Sample_Issue_Resolution_Template",
        "/template/components/1/parameters/0/payload",
        Some("\"true\""),
        "see type",
    ),
    (
        "Send_Sample_Issue_Resolution_Template",
        "/template/components/2/parameters/0/type",
        Some("\"payload\""),
        "see type",
    ),
    ("Send_Sample_Issue_Resolution_Template", "/template/components/2/parameters/0/text", None, "see type"),
    (
        "Send_Sample_Issue_Resolution_Template",
        "/template/components/2/parameters/0/payload",
        Some("\"false\""),
        "see type",
    ),
];

/// Leaves that say the same in another way; each was looked up in the reference.
fn is_alike(pointer: &str, ours: Option<&Value>, theirs: Option<&Value>) -> bool {
    let key = pointer.rsplit('/').next().unwrap_or_default();
    match (key, ours, theirs) {
        // The defaults, written out.
        ("recipient_type", Some(ours), None) => ours == "individual",
        ("type", Some(ours), None) if pointer == "/type" => ours == "text",
        // With the plus sign always: without it Meta puts the country of the business in front.
        ("to", Some(ours), Some(theirs)) => {
            ours.as_str().unwrap().trim_start_matches('+') == theirs.as_str().unwrap().trim_start_matches('+')
        }
        // A number or a text, as one likes.
        ("index" | "latitude" | "longitude", Some(ours), Some(theirs)) => plain(ours) == plain(theirs),
        // Samples write both cases.
        ("sub_type", Some(ours), Some(theirs)) => {
            ours.as_str().unwrap().eq_ignore_ascii_case(theirs.as_str().unwrap())
        }
        (_, ours, theirs) => ours == theirs,
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn leaves(value: &Value, pointer: &str, found: &mut BTreeMap<String, Value>) {
    match value {
        Value::Object(object) if !object.is_empty() => {
            for (key, inner) in object {
                leaves(inner, &format!("{pointer}/{key}"), found);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for (index, inner) in items.iter().enumerate() {
                leaves(inner, &format!("{pointer}/{index}"), found);
            }
        }
        leaf => {
            found.insert(pointer.to_owned(), leaf.clone());
        }
    }
}

const PHONE: &str = "+16505551234";
const LINK: &str = "https://example.com/file";

pub fn phone() -> Recipient {
    Recipient::Phone(PHONE.to_owned())
}

fn to_phone(content: Content) -> Message {
    Message::new(phone(), content)
}

fn answering(reply_to: &str, message: Message) -> Message {
    Message { reply_to: Some(reply_to.to_owned()), ..message }
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn object(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

pub fn text(body: &str, preview_url: bool) -> Content {
    Content::Text(Text { body: body.to_owned(), preview_url })
}

fn audio(file: File) -> Content {
    Content::Audio(Audio { file, is_voice: false })
}

fn image(file: File) -> Content {
    Content::Image(Captioned { file, caption: None })
}

fn video(file: File) -> Content {
    Content::Video(Captioned { file, caption: some("video_caption_text") })
}

fn document(file: File, caption: &str, filename: Option<&str>) -> Content {
    Content::Document(Document { file, caption: some(caption), filename: filename.map(str::to_owned) })
}

fn sticker(file: File) -> Content {
    Content::Sticker(Sticker { file })
}

fn headquarters() -> Content {
    Content::Location(Location {
        latitude: 37.758_056,
        longitude: -122.425_332,
        name: some("META HQ"),
        address: some("1 Hacker Way, Menlo Park, CA 94025"),
    })
}

fn address(street: &str, country_code: &str, kind: &str) -> ContactAddress {
    ContactAddress {
        street: some(street),
        city: some("Menlo Park"),
        state: some("CA"),
        zip: some("94025"),
        country: some("United States"),
        country_code: some(country_code),
        kind: some(kind),
    }
}

fn email(email: &str, kind: &str) -> ContactEmail {
    ContactEmail { email: email.to_owned(), kind: some(kind) }
}

fn url(url: &str, kind: &str) -> ContactUrl {
    ContactUrl { url: url.to_owned(), kind: some(kind) }
}

fn contact_phone(phone: &str, kind: &str, wa_id: Option<&str>) -> ContactPhone {
    ContactPhone { phone: phone.to_owned(), kind: some(kind), wa_id: wa_id.map(str::to_owned) }
}

fn john() -> Content {
    Content::Contacts(vec![Contact {
        name: ContactName {
            formatted_name: "John Smith".to_owned(),
            first_name: some("John"),
            last_name: some("Smith"),
            middle_name: some("D."),
            prefix: some("Dr"),
            suffix: some("Jr"),
        },
        birthday: some("2012-08-18"),
        company: some("WhatsApp"),
        department: some("Design"),
        title: some("Manager"),
        phones: vec![
            contact_phone("+1 (940) 555-1234", "HOME", None),
            contact_phone("+1 (650) 555-1234", "WORK", Some("16505551234")),
        ],
        emails: vec![email("test@fb.com", "WORK"), email("test@whatsapp.com", "HOME")],
        urls: vec![url("https://www.facebook.com", "WORK"), url("https://www.whatsapp.com", "HOME")],
        addresses: vec![address("1 Hacker Way", "us", "HOME"), address("200 Jefferson Dr", "us", "WORK")],
    }])
}

fn barbara() -> Content {
    Content::Contacts(vec![Contact {
        name: ContactName {
            formatted_name: "Barbara J. Johnson".to_owned(),
            first_name: some("Barbara"),
            last_name: some("Johnson"),
            middle_name: some("Joana"),
            prefix: some("Dr."),
            suffix: some("Esq."),
        },
        birthday: some("1999-01-23"),
        company: some("Lucky Shrub"),
        department: some("Legal"),
        title: some("Lead Counsel"),
        phones: vec![
            contact_phone("+16505559999", "Landline", None),
            contact_phone("+19175559999", "Mobile", Some("19175559999")),
        ],
        emails: vec![
            email("bjohnson@luckyshrub.com", "Work"),
            email("bjohnson@luckyshrubplants.com", "Work (old)"),
        ],
        urls: vec![
            url("https://www.luckyshrub.com", "Company"),
            url("https://www.facebook.com/luckyshrubplants", "Company (FB)"),
        ],
        addresses: vec![
            address("1 Lucky Shrub Way", "US", "Office"),
            address("1 Hacker Way", "US", "Pop-Up"),
        ],
    }])
}

fn reaction(message_id: &str) -> Content {
    Content::Reaction(Reaction { message_id: message_id.to_owned(), emoji: some("😀") })
}

pub fn interactive(header: Option<Header>, body: &str, footer: Option<&str>, action: Action) -> Content {
    let body = Some(body.to_owned());
    Content::Interactive(Box::new(Interactive { header, body, footer: footer.map(str::to_owned), action }))
}

pub fn text_header(text: &str) -> Option<Header> {
    Some(Header::Text { text: text.to_owned(), sub_text: None })
}

pub fn reply_button(id: &str, title: &str) -> ReplyButton {
    ReplyButton { id: id.to_owned(), title: title.to_owned() }
}

fn row(id: &str, title: &str, description: &str) -> ListRow {
    ListRow { id: id.to_owned(), title: title.to_owned(), description: some(description) }
}

fn list() -> Content {
    let section = |number: usize| ListSection {
        title: Some(format!("list_section_{number}_title")),
        rows: (1..=2)
            .map(|index| {
                row(
                    &format!("list_section_{number}_row_{index}_id"),
                    &format!("section_{number}_row_{index}_title"),
                    &format!("section_{number}_row_{index}_desc"),
                )
            })
            .collect(),
    };
    let action = Action::List { button: "button_text".to_owned(), sections: vec![section(1), section(2)] };
    interactive(text_header("header_text"), "body_text", Some("footer_text"), action)
}

fn shipping_list() -> Content {
    let section = |title: &str, rows| ListSection { title: some(title), rows };
    let action = Action::List {
        button: "Shipping Options".to_owned(),
        sections: vec![
            section(
                "I want it ASAP!",
                vec![
                    row("priority_express", "Priority Mail Express", "Next Day to 2 Days"),
                    row("priority_mail", "Priority Mail", "1–3 Days"),
                ],
            ),
            section(
                "I can wait a bit",
                vec![
                    row("usps_ground_advantage", "USPS Ground Advantage", "2–5 Days"),
                    row("media_mail", "Media Mail", "2–8 Days"),
                ],
            ),
        ],
    };
    interactive(
        text_header("Choose Shipping Option"),
        "Which shipping option do you prefer?",
        Some("Lucky Shrub: Your gateway to succulents™"),
        action,
    )
}

fn flow(flow: FlowName, mode: Option<FlowMode>) -> Content {
    let draft = "Not shown in draft mode";
    let (button, header, body, footer) = if mode.is_some() {
        (draft, draft, draft, draft)
    } else {
        ("Open Flow!", "header_text", "body_text", "footer_text")
    };
    let action = Action::Flow(Flow {
        flow,
        button: button.to_owned(),
        token: some("flow_token"),
        mode,
        start: Some(FlowStart::Navigate {
            screen: some("screen_id"),
            data: Some(object(json!({ "<CUSTOM_KEY>": "custom_value" }))),
        }),
    });
    interactive(text_header(header), body, Some(footer), action)
}

fn flow_id() -> FlowName {
    FlowName::Id("{{Flow-ID}}".to_owned())
}

fn flow_name() -> FlowName {
    FlowName::Name("{{Flow-Name}}".to_owned())
}

fn product_list() -> Content {
    let section = |number: usize| ProductSection {
        title: Some(format!("section{number}_title")),
        product_retailer_ids: vec![
            format!("your_product{number}_sku_in_catalog"),
            format!("your_second_product{number}_sku_in_catalog"),
        ],
    };
    let action = Action::ProductList {
        catalog_id: "146265584024623".to_owned(),
        sections: vec![section(1), section(2)],
    };
    interactive(
        text_header("your_text_header_content"),
        "your_text_body_content",
        Some("your_text_footer_content"),
        action,
    )
}

fn order_details() -> Content {
    let amount = |value| Amount { value, offset: 100 };
    let charge = || Some(Charge { amount: amount(100), description: some("optional_text") });
    let details = OrderDetails {
        reference_id: "unique-reference-id".to_owned(),
        kind: GoodsKind::DigitalGoods,
        payment_type: some("upi"),
        payment_configuration: some("my-payment-config-name"),
        payment_settings: Vec::new(),
        currency: "INR".to_owned(),
        total_amount: amount(1100),
        order: Order {
            status: "pending".to_owned(),
            catalog_id: None,
            expiration: None,
            items: vec![OrderItem {
                retailer_id: some("1234567"),
                name: "bread".to_owned(),
                amount: amount(1500),
                sale_amount: Some(amount(1000)),
                quantity: 1,
                country_of_origin: None,
                importer_name: None,
            }],
            subtotal: Some(amount(1000)),
            tax: charge(),
            shipping: charge(),
            discount: Some(Discount {
                amount: amount(100),
                description: some("optional_text"),
                program_name: some("optional_text"),
            }),
        },
    };
    let bread = "https://upload.wikimedia.org/wikipedia/commons/thumb/3/3b/Home_made_sour_dough_bread.jpg/640px-Home_made_sour_dough_bread.jpg";
    interactive(
        Some(Header::Image(File::link(bread))),
        "your-text-body-content",
        Some("your-text-footer-content"),
        Action::OrderDetails(Box::new(details)),
    )
}

fn order_status() -> Content {
    let action = Action::OrderStatus(OrderStatus {
        reference_id: "unique-reference-id-from-order-details-msg".to_owned(),
        status: "processing".to_owned(),
        description: some("optional-text"),
    });
    interactive(None, "your-text-body-content", None, action)
}

fn plants() -> Content {
    let card = |key: &str, picture: &str, body: &str| MediaCard {
        header: CardHeader::Image(File::link(format!("https://www.luckyshrub.com/assets/{picture}.jpeg"))),
        body: some(body),
        action: CardAction::QuickReplies(vec![
            reply_button(&format!("learn-{key}"), "Learn more"),
            reply_button(&format!("fav-{key}"), "Add to favorites"),
        ]),
    };
    let cards = vec![
        card(
            "blue-echeveria",
            "blue-echeveria",
            "*Blue Echeveria*\n\nA rosette-shaped succulent with powdery blue leaves, perfect for brightening up any space.",
        ),
        card(
            "zebra-haworthia",
            "zebra-haworthia",
            "*Zebra Haworthia*\n\nStriking white stripes on deep green leaves give this compact succulent a bold, modern look.",
        ),
        card(
            "panda-plant",
            "panda-plant",
            "*Panda Plant*\n\nSoft, fuzzy leaves with chocolate-brown edges—adorable and easy to care for.",
        ),
    ];
    let body = "Of course! Here are three of our latest arrivals, each under $25:";
    interactive(None, body, None, Action::MediaCarousel { cards })
}

pub fn template(name: &str, language: &str) -> Template {
    Template {
        name: name.to_owned(),
        language: Language { code: language.to_owned(), is_deterministic: false },
        ..Template::default()
    }
}

pub fn sent(template: Template) -> Content {
    Content::Template(Box::new(template))
}

fn currency(amount_1000: i64, fallback: &str) -> Parameter {
    let value =
        ParameterValue::Currency { fallback_value: fallback.to_owned(), code: "USD".to_owned(), amount_1000 };
    Parameter { name: None, value }
}

/// The text, the amount and the time of three samples.
fn everything() -> Template {
    let time = DateTime {
        fallback_value: "February 25, 1977".to_owned(),
        day_of_week: Some(5),
        year: Some(1977),
        month: Some(2),
        day_of_month: Some(25),
        hour: Some(15),
        minute: Some(33),
        calendar: some("GREGORIAN"),
    };
    let time = Parameter { name: None, value: ParameterValue::DateTime(Box::new(time)) };
    Template {
        body: vec![Parameter::text("text-string"), currency(100_990, "$100.99"), time],
        ..template("template-name", "language-and-locale-code")
    }
}

fn pictured() -> Template {
    Template { header: Some(template::Header::Image(File::link(LINK))), ..everything() }
}

pub fn button(index: u32, value: ButtonValue) -> Button {
    Button { index, value }
}

fn quick_reply(index: u32, payload: &str) -> Button {
    button(index, ButtonValue::QuickReply(payload.to_owned()))
}

fn flow_template() -> Content {
    let data = Some(object(json!({ "<CUSTOM_KEY>": "custom_value" })));
    let value = ButtonValue::Flow { token: some("flow_token"), data };
    sent(Template { buttons: vec![button(0, value)], ..template("template_name", "en_US") })
}

fn issue() -> Content {
    let mut template = Template {
        body: vec![Parameter::text("*Mr. Jones*")],
        buttons: vec![quick_reply(0, "true"), quick_reply(1, "false")],
        ..template("sample_issue_resolution", "en_US")
    };
    template.language.is_deterministic = true;
    sent(template)
}

fn catalog_template() -> Content {
    let thumbnail_product_retailer_id = some("2lc20305pt");
    sent(Template {
        body: ["100", "400", "3"].map(Parameter::text).to_vec(),
        buttons: vec![button(0, ButtonValue::Catalog { thumbnail_product_retailer_id })],
        ..template("intro_catalog_offer", "en_US")
    })
}

fn marketing(template: Template, marketing: Marketing) -> Message {
    Message {
        marketing: Some(marketing),
        ..Message::new(Recipient::Phone("16315552222".to_owned()), sent(template))
    }
}

/// The file of a sample, without the operation before and the ending behind.
fn published() -> Vec<(&'static str, Made)> {
    let quoted = "msgid_of_msg_you_are_replying_to";
    let previous = "msgid_of_prev_msg";
    let by_id = || File::id("media_object_id");
    let rows: Vec<(&str, Message)> = vec![
        ("Send_Audio_Message_by_ID", to_phone(audio(File::id("audio_object_id")))),
        ("Send_Audio_Message_by_URL", to_phone(audio(File::link(LINK)))),
        (
            "Send_Catalog_Message",
            to_phone(interactive(
                None,
                "Hello! Thanks for your interest. Ordering is easy. Just visit our catalog and add items to purchase.",
                Some("Best grocery deals on WhatsApp!"),
                Action::Catalog { thumbnail_product_retailer_id: some("2lc20305pt") },
            )),
        ),
        ("Send_Catalog_Template_Message", to_phone(catalog_template())),
        ("Send_Contact_Message", to_phone(john())),
        (
            "Send_Document_Message_by_ID",
            to_phone(document(
                File::id("document_object_id"),
                "document_caption_to_send",
                Some("document_filename"),
            )),
        ),
        ("Send_Document_Message_by_URL", to_phone(document(File::link(LINK), "document-caption-text", None))),
        ("Send_Draft_Flow_by_ID", to_phone(flow(flow_id(), Some(FlowMode::Draft)))),
        ("Send_Draft_Flow_by_Name", to_phone(flow(flow_name(), Some(FlowMode::Draft)))),
        ("Send_Flow_Template_Message", to_phone(flow_template())),
        ("Send_Image_Message_by_ID", to_phone(image(File::id("image_object_id")))),
        ("Send_Image_Message_by_URL", to_phone(image(File::link(LINK)))),
        ("Send_List_Message", to_phone(list())),
        ("Send_Location_Message", to_phone(headquarters())),
        (
            "Send_Message_Template_Interactive",
            to_phone(sent(Template {
                buttons: vec![
                    quick_reply(0, "aGlzIHRoaXMgaXMgY29v"),
                    quick_reply(1, "9rwnB8RbYmPF5t2Mn09x4h"),
                ],
                ..pictured()
            })),
        ),
        ("Send_Message_Template_Media", to_phone(sent(pictured()))),
        ("Send_Message_Template_Text", to_phone(sent(everything()))),
        ("Send_Multi-Product_Message", to_phone(product_list())),
        ("Send_Order_Details_Message", to_phone(order_details())),
        ("Send_Order_Status_Message", to_phone(order_status())),
        ("Send_Published_Flow_by_ID", to_phone(flow(flow_id(), None))),
        ("Send_Published_Flow_by_Name", to_phone(flow(flow_name(), None))),
        (
            "Send_Reply_Button",
            to_phone(interactive(
                None,
                "button_text",
                None,
                Action::ReplyButtons {
                    buttons: vec![
                        reply_button("unique_button_id_1", "button_title_1"),
                        reply_button("unique_button_id_2", "button_title_2"),
                    ],
                },
            )),
        ),
        (
            "Send_Reply_to_Audio_Message_by_ID",
            answering(quoted, to_phone(audio(File::id("audio_object_id")))),
        ),
        ("Send_Reply_to_Audio_Message_by_URL", answering(quoted, to_phone(audio(File::link(LINK))))),
        ("Send_Reply_to_Contact_Message", answering(previous, to_phone(john()))),
        (
            "Send_Reply_to_Document_Message_by_ID",
            answering(
                quoted,
                to_phone(document(
                    File::id("document_object_id"),
                    "document_caption_to_send",
                    Some("document_filename"),
                )),
            ),
        ),
        (
            "Send_Reply_to_Document_Message_by_URL",
            answering(quoted, to_phone(document(File::link(LINK), "document_caption_text", None))),
        ),
        (
            "Send_Reply_to_Image_Message_by_ID",
            answering(previous, to_phone(image(File::id("image_object_id")))),
        ),
        ("Send_Reply_to_Image_Message_by_URL", answering(previous, to_phone(image(File::link(LINK))))),
        ("Send_Reply_to_List_Message", answering(previous, to_phone(list()))),
        ("Send_Reply_to_Location_Message", answering(previous, to_phone(headquarters()))),
        ("Send_Reply_to_Sticker_Message_by_ID", answering(quoted, to_phone(sticker(by_id())))),
        ("Send_Reply_to_Sticker_Message_by_URL", answering(quoted, to_phone(sticker(File::link(LINK))))),
        ("Send_Reply_to_Text_Message", answering(previous, to_phone(text("text_msg_content", false)))),
        (
            "Send_Reply_to_Video_Message_by_ID",
            answering(quoted, to_phone(video(File::id("video_object_id")))),
        ),
        ("Send_Reply_to_Video_Message_by_URL", answering(quoted, to_phone(video(File::link(LINK))))),
        ("Send_Reply_with_Reaction_Message", to_phone(reaction("wamid.HBgLM..."))),
        ("Send_Sample_Issue_Resolution_Template", to_phone(issue())),
        (
            "Send_Sample_Shipping_Confirmation_Template",
            Message::new(Recipient::Phone("+16315555555".to_owned()), sent(everything())),
        ),
        (
            "Send_Single_Product_Message",
            to_phone(interactive(
                None,
                "optional_body_text",
                Some("optional_footer_text"),
                Action::Product(Product {
                    catalog_id: "367025965434465".to_owned(),
                    product_retailer_id: "id_test_item_1".to_owned(),
                }),
            )),
        ),
        ("Send_Sticker_Message_by_ID", to_phone(sticker(by_id()))),
        ("Send_Sticker_Message_by_URL", to_phone(sticker(File::link(LINK)))),
        ("Send_Test_Message", to_phone(sent(template("hello_world", "en_US")))),
        ("Send_Text_Message", to_phone(text("text-message-content", false))),
        (
            "Send_Text_Message_with_Preview_URL",
            to_phone(text("Please visit https://youtu.be/hpltvTEiRrY.", true)),
        ),
        ("Send_Video_Message_by_ID", to_phone(video(File::id("video_object_id")))),
        ("Send_Video_Message_by_URL", to_phone(video(File::link(LINK)))),
        (
            "Parameterized_Template",
            marketing(
                Template {
                    body: vec![Parameter::text("John Doe"), currency(25_000, "$25.00")],
                    ..template("promotional_offer", "en")
                },
                Marketing { product_policy: Some(ProductPolicy::Strict), shares_activity: Some(false) },
            ),
        ),
        ("Simple_Template_Message", marketing(template("hello_world", "en"), Marketing::default())),
        (
            "Template_with_Product_Policy",
            marketing(
                template("welcome_offer", "en_US"),
                Marketing {
                    product_policy: Some(ProductPolicy::CloudApiFallback),
                    shares_activity: Some(true),
                },
            ),
        ),
    ];
    let read = ReadMark {
        message_id: "wamid.HBgLMTY1MDM4Nzk0MzkVAgASGBQzQUYzMjEzNDM2RTZGQ0MzMDJBRgA=".to_owned(),
        is_typing: true,
    };
    let mut rows: Vec<(&str, Made)> =
        rows.into_iter().map(|(name, message)| (name, Made::Message(Box::new(message)))).collect();
    rows.push(("Send_typing_indicator_and_read_receipt", Made::Read(read)));
    rows
}

fn workshop() -> Content {
    interactive(
        Some(Header::Image(File::id("2762702990552401"))),
        "Hi Pablo! Your gardening workshop is scheduled for 9am tomorrow. Use the buttons if you need to reschedule. Thank you!",
        Some("Lucky Shrub: Your gateway to succulents!™"),
        Action::ReplyButtons {
            buttons: vec![reply_button("change-button", "Change"), reply_button("cancel-button", "Cancel")],
        },
    )
}

fn dates() -> Content {
    interactive(
        Some(Header::Image(File::link("https://www.luckyshrub.com/assets/lucky-shrub-banner-logo-v1.png"))),
        "Tap the button below to see available dates.",
        Some("Dates subject to change."),
        Action::CtaUrl(LinkButton {
            display_text: "See Dates".to_owned(),
            url: "https://www.luckyshrub.com?clickID=kqDGWd24Q5TRwoEQTICY7W1JKoXvaZOXWAS7h1P76s0R7Paec4"
                .to_owned(),
        }),
    )
}

fn call() -> Message {
    let action = Action::VoiceCall(VoiceCall {
        display_text: some("Call on WhatsApp"),
        ttl_minutes: Some(100),
        payload: some("payload data"),
    });
    let recipient =
        Recipient::Both { phone: "14085551234".to_owned(), user_id: "US.13491208655302741918".to_owned() };
    Message::new(
        recipient,
        interactive(None, "You can call us on WhatsApp now for faster service!", None, action),
    )
}

fn delivery() -> Content {
    let mut template = Template {
        header: Some(template::Header::Location(Location {
            latitude: 37.442_116_765_623_61,
            longitude: -122.161_559_600_831_24,
            name: some("Philz Coffee"),
            address: some("101 Forest Ave, Palo Alto, CA 94301"),
        })),
        body: vec![Parameter::named("customer_name", "Jane"), Parameter::named("order_number", "892104")],
        ..template("order_delivery_update", "en_US")
    };
    template.language.is_deterministic = true;
    sent(template)
}

fn product_carousel() -> Content {
    let card = |id: &str| Card {
        header: Some(template::Header::Product(Product {
            catalog_id: "194836987003835".to_owned(),
            product_retailer_id: id.to_owned(),
        })),
        ..Card::default()
    };
    sent(Template {
        body: vec![Parameter::text("Pablo")],
        cards: ["vrpj01fvwp", "va2l5ioeat", "sqpjv0mgde"].map(card).to_vec(),
        ..template("carousel_template_product_cards_v1", "en_US")
    })
}

fn abandoned_cart() -> Content {
    let section = |title: &str, ids: &[&str]| ProductSection {
        title: some(title),
        product_retailer_ids: ids.iter().map(|id| (*id).to_owned()).collect(),
    };
    let value = ButtonValue::MultiProduct {
        thumbnail_product_retailer_id: "2lc20305pt".to_owned(),
        sections: vec![
            section("Popular Bundles", &["2lc20305pt", "nseiw1x3ch"]),
            section("Premium Packages", &["n6k6x0y7oe"]),
        ],
    };
    sent(Template {
        header: Some(template::Header::Text(Parameter::text("Pablo"))),
        body: vec![Parameter::text("10OFF")],
        buttons: vec![button(0, value)],
        ..template("abandoned_cart", "en_US")
    })
}

fn limited_offer() -> Content {
    sent(Template {
        header: Some(template::Header::Image(File::id("1602186516975000"))),
        body: vec![Parameter::text("Pablo"), Parameter::text("CARIBE25")],
        offer_ends_at_ms: Some(1_209_600_000),
        buttons: vec![
            button(0, ButtonValue::CopyCode("CARIBE25".to_owned())),
            button(1, ButtonValue::UrlSuffix("n3mtql".to_owned())),
        ],
        ..template("limited_time_offer_caribbean_pkg_2023", "en_US")
    })
}

fn coupon() -> Content {
    sent(Template {
        body: vec![Parameter::named("coupon_code", "WINTER25"), Parameter::named("discount", "30%")],
        buttons: vec![button(1, ButtonValue::CopyCode("WINTER25".to_owned()))],
        ..template("winter_sale_coupon", "en_US")
    })
}

/// The lines of `messages.jsonl`, in their order.
fn printed() -> Vec<Made> {
    let to = |phone: &str, content| Message::new(Recipient::Phone(phone.to_owned()), content);
    let group = Recipient::Group("Y2FwaV9ncm91cDoxNzA1NTU1MDEzOToxMjAzNjM0MDQ2OTQyMzM4MjAZD".to_owned());
    let quest = "As requested, here's the link to our latest product: https://www.meta.com/quest/quest-3/";
    let trip = "This is another destination option: https://www.luckytravel.com/DDLmU5F1Pw";
    let pickup = "Let's start with your pickup. You can either manually *enter an address* or *share your current location*.";
    let voice = Content::Audio(Audio { file: File::id("1013859600285441"), is_voice: true });
    let confirmation =
        document(File::id("1376223850470843"), "Your order confirmation (PDF)", Some("order_abc123.pdf"));
    let confirmed = sent(Template {
        body: vec![
            Parameter::named("first_name", "Jessica"),
            Parameter::named("order_number", "SKBUP2-4CPIG9"),
        ],
        ..template("order_confirmation", "en_US")
    });
    let before = vec![
        to_phone(text(quest, true)),
        to_phone(voice),
        to_phone(confirmation),
        to_phone(barbara()),
        to_phone(reaction("wamid.HBgLMTY0NjcwNDM1OTUVAgASGBQzQUZCMTY0MDc2MUYwNzBDNTY5MAA=")),
    ];
    let read = ReadMark {
        message_id: "wamid.HBgLMTY1MDM4Nzk0MzkVAgARGBJDQjZCMzlEQUE4OTJBMTE4RTUA".to_owned(),
        is_typing: true,
    };
    let after = vec![
        Message::new(group, text(trip, true)),
        to_phone(workshop()),
        to_phone(shipping_list()),
        to_phone(dates()),
        to_phone(flow(flow_id(), None)),
        to_phone(interactive(None, pickup, None, Action::LocationRequest)),
        to_phone(product_list()),
        to_phone(plants()),
        call(),
        to_phone(order_details()),
        to_phone(confirmed),
        to_phone(delivery()),
        to_phone(coupon()),
        to("16505555555", limited_offer()),
        to("12015553931", sent(Template::of_code("verification_code", "en_US", "J$FpnYnP"))),
        to_phone(flow_template()),
        to_phone(product_carousel()),
        to_phone(abandoned_cart()),
    ];
    let message = |message| Made::Message(Box::new(message));
    let mut all: Vec<Made> = before.into_iter().map(message).collect();
    all.push(Made::Read(read));
    all.extend(after.into_iter().map(message));
    all
}

/// Every sample with its row: name, body as Meta has it, what it is made from.
pub fn rows() -> Vec<(String, Value, Made)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/meta");
    let mut made: BTreeMap<&str, Made> = published().into_iter().collect();
    let mut rows = Vec::new();
    for entry in fs::read_dir(root.join("requests-openapi")).unwrap() {
        let path = entry.unwrap().path();
        let file = path.file_name().unwrap().to_str().unwrap().to_owned();
        let (operation, name) = file.split_once("__").unwrap();
        if !["post.Phone-Number-ID.messages", "post.Phone-Number-ID.marketing_messages"].contains(&operation)
        {
            continue;
        }
        let name = name.strip_suffix(".json").unwrap();
        let row = made.remove(name).unwrap_or_else(|| panic!("{file} has no row"));
        let body = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        rows.push((name.to_owned(), body, row));
    }
    assert!(made.is_empty(), "rows without a sample: {:?}", made.keys());
    let lines = fs::read_to_string(root.join("requests-2026/messages.jsonl")).unwrap();
    let printed = printed();
    assert_eq!(lines.lines().count(), printed.len(), "a line of messages.jsonl has no row");
    for (index, (line, row)) in lines.lines().zip(printed).enumerate() {
        rows.push((format!("messages.jsonl:{}", index + 1), serde_json::from_str(line).unwrap(), row));
    }
    for (_, body, _) in &mut rows {
        fill(body);
    }
    rows.sort_by(|left, right| left.0.cmp(&right.0));
    rows
}

/// Compares a body with its sample, leaf by leaf: what is wrong, and what deviates on purpose.
pub fn compare(
    name: &str,
    body: &Value,
    sample: &Value,
    wrong: &mut Vec<String>,
    deviations: &mut BTreeSet<(&'static str, &'static str)>,
) {
    let (mut ours, mut theirs) = (BTreeMap::new(), BTreeMap::new());
    leaves(body, "", &mut ours);
    leaves(sample, "", &mut theirs);
    let pointers: BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
    for pointer in pointers {
        let (mine, theirs) = (ours.get(pointer), theirs.get(pointer));
        if is_alike(pointer, mine, theirs) {
            continue;
        }
        let row = DEVIATIONS.iter().find(|(sample, place, ..)| *sample == name && place == pointer);
        match row {
            Some((sample, place, expected, _)) if mine.map(Value::to_string).as_deref() == *expected => {
                deviations.insert((*sample, *place));
            }
            _ => wrong.push(format!("{name}: {pointer} is {mine:?}, the sample has {theirs:?}")),
        }
    }
}

/// The messages of all samples, with their names.
pub fn messages() -> Vec<(String, Message)> {
    let message = |(name, _, made)| match made {
        Made::Message(message) => Some((name, *message)),
        Made::Read(_) => None,
    };
    rows().into_iter().filter_map(message).collect()
}

#[test]
fn every_sample_is_made_leaf_by_leaf_without_raw() {
    let mut wrong = Vec::new();
    let mut deviations = BTreeSet::new();
    let rows = rows();
    assert!(rows.len() > 70, "{} samples", rows.len());
    for (name, sample, made) in &rows {
        let body = match made {
            Made::Message(message) => {
                assert!(!matches!(message.content, Content::Raw(_)), "{name}");
                encode::message(message, None)
            }
            Made::Read(mark) => encode::read_mark(mark),
        };
        compare(name, &body, sample, &mut wrong, &mut deviations);
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
    for (sample, place, _, reason) in DEVIATIONS {
        assert!(deviations.contains(&(sample, place)), "{sample} {place} does not deviate any more");
        assert!(!reason.is_empty());
    }
}

#[test]
fn every_sample_keeps_our_limits_and_those_of_the_simulator() {
    for (name, message) in messages() {
        assert_eq!(check::message(&message), Ok(()), "{name}");
        assert_eq!(judge(&message), Ok(()), "{name}");
    }
}

#[test]
fn a_message_is_kept_and_read_again_as_it_was_and_encoded_in_the_same_order() {
    for (name, message) in messages() {
        let kept = serde_json::to_string(&message).unwrap();
        let again: Message = serde_json::from_str(&kept).unwrap();
        assert_eq!(again, message, "{name}");
        let body = |message| encode::message(message, Some("id")).to_string();
        assert_eq!(body(&again), body(&message), "{name}");
    }
}
