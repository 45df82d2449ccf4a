//! The state of the simulated platform: what exists (`account`, `number`, `content`, `person`) and what time
//! does to it (`rate`).
//!
//! All of it is behind one lock, held only for plain computation. Ids, times and choices come from the injected
//! clock and randomness, so the same seed and the same calls give the same world. Memory is bounded: the oldest
//! messages are forgotten.

pub mod account;
pub mod content;
pub mod number;
pub mod person;
pub mod rate;

use std::collections::{BTreeMap, VecDeque};

use data_encoding::BASE64;
use serde_json::{Map, Value, json};

use crate::clock::Clock;
use crate::ids::Random;

use account::{App, Business, Code, Subscription, Token, Waba};
use content::{Direction, Media, Message, Template, Upload};
use number::Number;
use person::Person;

use super::Options;

/// The ids of the default world: the same in every run, so that a configuration can name them.
pub const BUSINESS_ID: &str = "506914307656634";
pub const WABA_ID: &str = "102290129340398";
pub const NUMBER_ID: &str = "106540352242922";
pub const SECOND_NUMBER_ID: &str = "106540352242923";

/// How many messages are remembered.
const MESSAGES_MAX: usize = 100_000;

/// Limits that a control call can lift.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Lifted {
    pub window: bool,
    pub pair: bool,
    pub throughput: bool,
    pub registrations: bool,
    pub templates: bool,
    /// A closed window is told by a failed status, not by the answer.
    pub window_by_status: bool,
}

impl Default for Lifted {
    fn default() -> Self {
        Self::all(false)
    }
}

impl Lifted {
    /// All limits lifted, or none.
    pub fn all(lifted: bool) -> Self {
        Self {
            window: lifted,
            pair: lifted,
            throughput: lifted,
            registrations: lifted,
            templates: lifted,
            window_by_status: false,
        }
    }
}

/// Everything that exists.
#[derive(Debug)]
pub struct World {
    clock: Clock,
    random: Random,
    undrawn: u64,
    pub base_url: String,
    pub lifted: Lifted,
    pub app_calls: u64,
    /// What the usage headers tell, if that was ordered: of the app in percent, of accounts as it stands in the header.
    pub app_usage: Option<u64>,
    pub account_usage: Option<String>,
    pub apps: BTreeMap<String, App>,
    pub businesses: BTreeMap<String, Business>,
    pub wabas: BTreeMap<String, Waba>,
    pub numbers: BTreeMap<String, Number>,
    pub templates: BTreeMap<String, Template>,
    pub media: BTreeMap<String, Media>,
    pub uploads: BTreeMap<String, Upload>,
    pub tokens: BTreeMap<String, Token>,
    pub codes: BTreeMap<String, Code>,
    pub people: BTreeMap<String, Person>,
    messages: BTreeMap<String, Message>,
    message_order: VecDeque<String>,
}

impl World {
    /// The default world: one app, one portfolio, one account with two numbers, templates, a system user's token
    /// and three people.
    pub fn new(options: &Options, base_url: &str, clock: Clock, random: Random) -> Self {
        let mut world = Self {
            clock,
            random,
            undrawn: 0,
            base_url: base_url.to_owned(),
            lifted: Lifted::all(options.limits_lifted),
            app_calls: 0,
            app_usage: None,
            account_usage: None,
            apps: BTreeMap::new(),
            businesses: BTreeMap::new(),
            wabas: BTreeMap::new(),
            numbers: BTreeMap::new(),
            templates: BTreeMap::new(),
            media: BTreeMap::new(),
            uploads: BTreeMap::new(),
            tokens: BTreeMap::new(),
            codes: BTreeMap::new(),
            people: BTreeMap::new(),
            messages: BTreeMap::new(),
            message_order: VecDeque::new(),
        };
        world.add_default_accounts(options);
        world.add_default_templates();
        world.add_default_people();
        world
    }

    fn add_default_accounts(&mut self, options: &Options) {
        let now_ms = self.now_ms();
        let subscription = options.callback_url.as_ref().map(|url| Subscription {
            callback_url: url.clone(),
            verify_token: options.verify_token.expose().to_owned(),
            fields: account::FIELDS.iter().map(|field| (*field).to_owned()).collect(),
            active: true,
        });
        let app = App {
            id: options.app_id.clone(),
            name: "Lucky Shrub CRM".to_owned(),
            secret: options.app_secret.expose().to_owned(),
            requires_proof: options.requires_proof,
            subscription,
            calls: 0,
        };
        let business = Business {
            id: BUSINESS_ID.to_owned(),
            name: "Lucky Shrub".to_owned(),
            verification_status: "verified".to_owned(),
        };
        let mut waba = Waba::new(WABA_ID, BUSINESS_ID, "Lucky Shrub", self.draw_hex(16));
        waba.subscribed_apps.insert(app.id.clone(), None);
        let token = Token::system_user(options.access_token.expose(), &app.id, now_ms);
        self.tokens.insert(token.value.clone(), token);
        self.apps.insert(app.id.clone(), app);
        self.businesses.insert(business.id.clone(), business);
        self.wabas.insert(waba.id.clone(), waba);
        for (id, phone, name) in [
            (NUMBER_ID, "15550783881", "Lucky Shrub"),
            (SECOND_NUMBER_ID, "15550783882", "Lucky Shrub Support"),
        ] {
            self.numbers.insert(id.to_owned(), Number::ready(id, WABA_ID, phone, name, now_ms));
        }
    }

    fn add_default_templates(&mut self) {
        let definitions = [
            json!({ "name": "hello_world", "language": "en_US", "category": "UTILITY", "components": [
                { "type": "HEADER", "format": "TEXT", "text": "Hello World" },
                { "type": "BODY", "text": "Welcome and congratulations!!" },
                { "type": "FOOTER", "text": "WhatsApp Business Platform sample message" },
            ]}),
            json!({ "name": "order_confirmation", "language": "en_US", "category": "UTILITY", "components": [
                { "type": "BODY", "text": "Thank you, {{1}}! Your order {{2}} is confirmed.",
                  "example": { "body_text": [["Pablo", "860198-230332"]] } },
                { "type": "BUTTONS", "buttons": [
                    { "type": "URL", "text": "Track", "url": "https://www.luckyshrub.com/orders/{{1}}",
                      "example": ["860198-230332"] },
                ] },
            ]}),
            json!({ "name": "appointment_reminder", "language": "en_US", "category": "UTILITY",
                "parameter_format": "NAMED", "components": [
                { "type": "BODY", "text": "Hi {{first_name}}, we expect you on {{day}}. See you then!",
                  "example": { "body_text_named_params": [
                    { "param_name": "first_name", "example": "Jessica" },
                    { "param_name": "day", "example": "Monday" },
                ] } },
                { "type": "BUTTONS", "buttons": [
                    { "type": "QUICK_REPLY", "text": "Confirm" },
                    { "type": "QUICK_REPLY", "text": "Cancel" },
                ] },
            ]}),
            json!({ "name": "seasonal_promotion", "language": "en_US", "category": "MARKETING", "components": [
                { "type": "HEADER", "format": "TEXT", "text": "Our {{1}} is on!",
                  "example": { "header_text": ["Summer Sale"] } },
                { "type": "BODY", "text": "Shop now through {{1}} and use code {{2}} to get {{3}} off.",
                  "example": { "body_text": [["the end of August", "25OFF", "25%"]] } },
                { "type": "FOOTER", "text": "Use the buttons below to manage your subscriptions" },
                { "type": "BUTTONS", "buttons": [
                    { "type": "QUICK_REPLY", "text": "Unsubscribe from Promos" },
                    { "type": "QUICK_REPLY", "text": "Unsubscribe from All" },
                ] },
            ]}),
            json!({ "name": "verification_code", "language": "en_US", "category": "AUTHENTICATION", "components": [
                { "type": "BODY", "text": "*{{1}}* is your verification code.",
                  "add_security_recommendation": true },
                { "type": "FOOTER", "text": "This code expires in 10 minutes.", "code_expiration_minutes": 10 },
                { "type": "BUTTONS", "buttons": [
                    { "type": "URL", "text": "Copy code", "otp_type": "COPY_CODE",
                      "url": "https://www.whatsapp.com/otp/code/?otp_type=COPY_CODE&code=otp{{1}}" },
                ] },
            ]}),
        ];
        for (index, definition) in definitions.into_iter().enumerate() {
            let id = (1_689_556_908_129_830 + index).to_string();
            let template = Template::new(id, WABA_ID, "APPROVED", number::into_map(definition));
            self.templates.insert(template.id.clone(), template);
        }
    }

    fn add_default_people(&mut self) {
        for (key, name, phone, user_id, username) in [
            ("pablo", "Pablo M.", Some("16505551234"), "US.13491208655302741918", Some("pablomorales")),
            ("barbara", "Barbara J.", Some("16505559999"), "US.13491208655302741919", None),
            ("kerry", "Kerry F.", None, "US.13491208655302741920", Some("kerry.fisher")),
        ] {
            self.add_person(Person {
                key: key.to_owned(),
                name: name.to_owned(),
                phone: phone.map(str::to_owned),
                user_id: user_id.to_owned(),
                username: username.map(str::to_owned),
                read_receipts: true,
                also_reached_by: None,
                has_blocked_us: false,
                refuses_marketing: false,
            });
        }
    }

    /// The time now.
    pub fn now_ms(&self) -> i64 {
        self.clock.now_ms()
    }

    /// A random number.
    pub fn draw(&mut self) -> u64 {
        // Without randomness the simulator goes on with a counter: ids stay unique, nothing here is secret.
        self.undrawn += 1;
        self.random.number().unwrap_or(self.undrawn)
    }

    /// A random number from `from` up to, not including, `to`.
    pub fn draw_between(&mut self, from: i64, to: i64) -> i64 {
        let span = u64::try_from(to - from).unwrap_or(1).max(1);
        from + i64::try_from(self.draw() % span).unwrap_or(0)
    }

    /// Random lower-case hexadecimal digits.
    pub fn draw_hex(&mut self, digits: usize) -> String {
        let mut text = String::new();
        while text.len() < digits {
            text.push_str(&format!("{:016x}", self.draw()));
        }
        text.chars().take(digits).collect()
    }

    /// An id as Meta makes them: sixteen digits.
    pub fn new_id(&mut self) -> String {
        (1_000_000_000_000_000 + self.draw() % 9_000_000_000_000_000).to_string()
    }

    /// A message id. Meta's hold the other side's name and a random part.
    pub fn new_wamid(&mut self, peer: &str, direction: Direction) -> String {
        let (mark, digits) = match direction {
            Direction::Sent => (0x11, 18),
            Direction::Received => (0x12, 20),
        };
        let peer: String = peer.chars().take(100).collect();
        let mut bytes = vec![0x1c, 0x18, u8::try_from(peer.len()).unwrap_or(u8::MAX)];
        bytes.extend(peer.bytes());
        bytes.extend([0x15, 0x02, 0x00, mark, 0x18, digits]);
        bytes.extend(self.draw_hex(usize::from(digits)).to_ascii_uppercase().bytes());
        bytes.push(0x00);
        format!("wamid.{}", BASE64.encode(&bytes))
    }

    /// The trace id of an answer.
    pub fn new_trace_id(&mut self) -> String {
        let bytes = [self.draw().to_be_bytes(), self.draw().to_be_bytes()].concat();
        format!("A{}", data_encoding::BASE64URL_NOPAD.encode(&bytes))
    }

    /// Adds a person, or replaces the one with the same key.
    pub fn add_person(&mut self, person: Person) {
        self.people.insert(person.key.clone(), person);
    }

    /// The person behind a phone number, a user id or a key.
    pub fn find_person(&self, name: &str) -> Option<&Person> {
        let digits = person::digits_of(name);
        self.people.get(name).or_else(|| {
            self.people
                .values()
                .find(|person| person.user_id == name || (digits.is_some() && person.phone == digits))
        })
    }

    /// Remembers a message.
    pub fn record(&mut self, message: Message) {
        if self.message_order.len() >= MESSAGES_MAX
            && let Some(oldest) = self.message_order.pop_front()
        {
            self.messages.remove(&oldest);
        }
        self.message_order.push_back(message.id.clone());
        self.messages.insert(message.id.clone(), message);
    }

    /// A message that passed.
    pub fn find_message(&self, id: &str) -> Option<&Message> {
        self.messages.get(id)
    }

    /// A message that passed, to change its status.
    pub fn find_message_mut(&mut self, id: &str) -> Option<&mut Message> {
        self.messages.get_mut(id)
    }

    /// The messages that passed, oldest first.
    pub fn messages(&self) -> impl Iterator<Item = &Message> {
        self.message_order.iter().filter_map(|id| self.messages.get(id))
    }

    /// The template that a message names, in the account of its number.
    pub fn find_template(&self, waba_id: &str, name: &str, language: &str) -> Option<&Template> {
        self.templates.values().find(|template| {
            template.waba_id == waba_id && template.name == name && template.language == language
        })
    }

    /// What exists, as the control API shows it. Secrets are left out.
    pub fn snapshot(&self) -> Value {
        let tokens: Vec<Value> = self
            .tokens
            .values()
            .map(|token| {
                let mut shown = number::into_map(serde_json::to_value(token).unwrap_or_default());
                let ending: String = token.value.chars().rev().take(4).collect();
                shown.insert("ends_with".to_owned(), json!(ending.chars().rev().collect::<String>()));
                Value::Object(shown)
            })
            .collect();
        json!({
            "now_ms": self.now_ms(),
            "base_url": self.base_url,
            "limits_lifted": self.lifted,
            "apps": self.apps.values().collect::<Vec<_>>(),
            "businesses": self.businesses.values().collect::<Vec<_>>(),
            "wabas": self.wabas.values().collect::<Vec<_>>(),
            "numbers": self.numbers.values().collect::<Vec<_>>(),
            "templates": self.templates.values().map(Template::node).collect::<Vec<Map<_, _>>>(),
            "media": self.media.values().collect::<Vec<_>>(),
            "uploads": self.uploads.values().map(Upload::shown).collect::<Vec<_>>(),
            "people": self.people.values().collect::<Vec<_>>(),
            "tokens": tokens,
            "messages": self.message_order.len(),
        })
    }
}
