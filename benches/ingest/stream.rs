//! What is sent: a stream of webhooks that follows from a few numbers, so that the process that sends it and the
//! one that checks what became of it agree without talking.
//!
//! One message of a customer to three statuses of a message that is stored already, one update a body, as Meta
//! writes them in 2026. In life the three statuses of a message come seconds apart, so the stream is shuffled;
//! only their order among themselves is kept.

use std::fmt::Write;

use data_encoding::{BASE64, HEXLOWER};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

pub const PHONE_NUMBER_ID: &str = "106540352242922";
pub const ACCOUNT_ID: &str = "102290129340398";
pub const APP_SECRET: &str = "5d1f3c0a9b8e7d6c5b4a39281706f5e4";
pub const STEPS: [&str; 3] = ["sent", "delivered", "read"];
const PATH: &str = "/api/webhooks/whatsapp";

/// As Meta writes them: everything beyond ASCII, and the slash, escaped.
const TEXTS: [&str; 6] = [
    r"Halo kak, kopi susu gula aren masih ada? \u2615\ufe0f Mau pesan 2 untuk sore ini \ud83d\ude4f",
    r"Terima kasih banyak! Barangnya sudah sampai \ud83d\udce6 dan kondisinya bagus sekali \ud83d\ude0d\ud83d\ude0d",
    r"\u0645\u0631\u062d\u0628\u0627\u060c \u0647\u0644 \u064a\u0645\u0643\u0646\u0643\u0645 \u0627\u0644\u062a\u0648\u0635\u064a\u0644 \u0625\u0644\u0649 \u062c\u062f\u0629\u061f",
    r"Bonjour, o\u00f9 en est ma commande n\u00b0 48213 pass\u00e9e le 3\/11 ? Merci d\u2019avance",
    r"\u4f60\u597d\uff0c\u8bf7\u95ee\u8fd9\u4e2a\u989c\u8272\u8fd8\u6709\u8d27\u5417\uff1f\u8c22\u8c22",
    r"oke siap \ud83d\udc4d",
];
const NAMES: [&str; 5] = [
    "Siti Rahmawati",
    r"Jos\u00e9 Mu\u00f1oz",
    r"\u0623\u062d\u0645\u062f \ud83c\udf19",
    "Budi",
    r"\u738b\u82b3",
];
/// Contacts of the probes are not those of the stream.
const PROBES_FROM: usize = 50_000_000;

/// What a stream follows from.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Spec {
    pub seed: u64,
    pub webhooks: usize,
    pub conversations: usize,
    /// Meta's second.
    pub at_s: i64,
}

/// One webhook of a stream.
#[derive(Clone, Copy, Debug)]
pub enum Item {
    /// The `number`th message of a customer.
    Message { number: usize, contact: usize },
    /// The status `STEPS[step]` of the `number`th stored message.
    Status { number: usize, step: usize },
}

impl Spec {
    /// How many messages have to be stored before.
    pub fn stored(&self) -> usize {
        self.webhooks / 4
    }

    /// The stream, in its order.
    pub fn items(&self) -> Vec<Item> {
        let stored = self.stored();
        let messages = self.webhooks - stored * 3;
        let mut slots: Vec<usize> =
            (0..messages).chain((0..stored * 3).map(|slot| messages + slot % stored)).collect();
        let mut random = self.seed;
        for at in (1..slots.len()).rev() {
            random = random.wrapping_add(1);
            slots.swap(at, usize::try_from(mixed(random) % (at as u64 + 1)).unwrap());
        }
        let mut steps = vec![0; stored];
        let item = |slot: usize| {
            if let Some(number) = slot.checked_sub(messages) {
                steps[number] += 1;
                return Item::Status { number, step: steps[number] - 1 };
            }
            let contact = mixed(self.seed ^ (slot as u64) << 20) % self.conversations as u64;
            Item::Message { number: slot, contact: usize::try_from(contact).unwrap() }
        };
        slots.into_iter().map(item).collect()
    }

    /// Meta's id of a customer's message.
    pub fn message_wamid(&self, number: usize) -> String {
        wamid(self.seed, "HBgN", number)
    }

    /// Meta's id of a stored message.
    pub fn stored_wamid(&self, number: usize) -> String {
        wamid(self.seed, "HBgM", number)
    }

    /// The body of a webhook.
    pub fn body(&self, item: Item) -> String {
        match item {
            Item::Message { number, contact } => {
                self.message_body(contact, &self.message_wamid(number), TEXTS[number % TEXTS.len()])
            }
            Item::Status { number, step } => self.status_body(number, step),
        }
    }

    /// A message apart from the stream, of a customer of its own.
    pub fn probe(&self, number: usize) -> (String, String) {
        let wamid = wamid(self.seed, "HBgP", number);
        let body = self.message_body(Self::probe_contact(number), &wamid, TEXTS[0]);
        (wamid, body)
    }

    /// Who sends a probe.
    pub fn probe_contact(number: usize) -> usize {
        PROBES_FROM + number % 16
    }

    /// Webhooks of many messages each, by which every conversation comes into being.
    pub fn openings(&self) -> impl Iterator<Item = String> {
        const A_BODY: usize = 100;
        (0..self.conversations).step_by(A_BODY).map(|first| {
            let contacts = first..(first + A_BODY).min(self.conversations);
            let (mut people, mut messages) = (String::new(), String::new());
            for contact in contacts {
                let comma = if people.is_empty() { "" } else { "," };
                write!(people, "{comma}{}", person(contact)).unwrap();
                let wamid = wamid(self.seed, "HBgO", contact);
                write!(messages, "{comma}{}", message(contact, &wamid, self.at_s - 60, TEXTS[5])).unwrap();
            }
            envelope(&format!(r#""contacts":[{people}],"messages":[{messages}]"#))
        })
    }

    fn message_body(&self, contact: usize, wamid: &str, text: &str) -> String {
        let (person, message) = (person(contact), message(contact, wamid, self.at_s, text));
        envelope(&format!(r#""contacts":[{person}],"messages":[{message}]"#))
    }

    fn status_body(&self, number: usize, step: usize) -> String {
        let contact = number % self.conversations;
        let (id, status, at_s) = (self.stored_wamid(number), STEPS[step], self.at_s + step as i64);
        let pricing = if step == 2 {
            ""
        } else {
            r#","pricing":{"billable":false,"pricing_model":"PMP","category":"service","type":"free_customer_service"}"#
        };
        let (person, wa_id, user_id) = (person(contact), wa_id(contact), user_id(contact));
        envelope(&format!(
            r#""contacts":[{person}],"statuses":[{{"id":"{id}","status":"{status}","timestamp":"{at_s}","recipient_id":"{wa_id}","recipient_user_id":"{user_id}"{pricing}}}]"#
        ))
    }
}

pub fn wa_id(contact: usize) -> String {
    format!("62812{contact:08}")
}

fn user_id(contact: usize) -> String {
    format!("ID.{:017}", 13_491_208_655_000_000 + contact)
}

fn person(contact: usize) -> String {
    let (name, wa_id, user_id) = (NAMES[contact % NAMES.len()], wa_id(contact), user_id(contact));
    format!(r#"{{"profile":{{"name":"{name}"}},"wa_id":"{wa_id}","user_id":"{user_id}"}}"#)
}

fn message(contact: usize, wamid: &str, at_s: i64, text: &str) -> String {
    let (wa_id, user_id) = (wa_id(contact), user_id(contact));
    format!(
        r#"{{"from":"{wa_id}","from_user_id":"{user_id}","id":"{wamid}","timestamp":"{at_s}","text":{{"body":"{text}"}},"type":"text"}}"#
    )
}

fn envelope(value: &str) -> String {
    format!(
        r#"{{"object":"whatsapp_business_account","entry":[{{"id":"{ACCOUNT_ID}","changes":[{{"value":{{"messaging_product":"whatsapp","metadata":{{"display_phone_number":"15550783881","phone_number_id":"{PHONE_NUMBER_ID}"}},{value}}},"field":"messages"}}]}}]}}"#
    )
}

/// Looks like Meta's: base64, as long as theirs, and in no order.
fn wamid(seed: u64, kind: &str, number: usize) -> String {
    let unique = mixed(seed.wrapping_mul(0x0001_0000_0001).wrapping_add(number as u64)).to_be_bytes();
    let mut bytes = seed.to_be_bytes().to_vec();
    bytes.extend(unique);
    bytes.extend(b"\x15\x02\x00\x12\x18\x14");
    bytes.extend(mixed(number as u64).to_be_bytes());
    format!("wamid.{kind}{}", BASE64.encode(&bytes))
}

/// A number that looks random, another one for each `from`.
fn mixed(from: u64) -> u64 {
    let mut x = from.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

/// Makes signed requests of bodies.
#[derive(Clone)]
pub struct Signer(Hmac<Sha256>);

impl Signer {
    pub fn new() -> Self {
        Self(Hmac::new_from_slice(APP_SECRET.as_bytes()).unwrap())
    }

    /// The whole request.
    pub fn request(&self, body: &str) -> Vec<u8> {
        let signature = HEXLOWER.encode(&self.0.clone().chain_update(body).finalize().into_bytes());
        let length = body.len();
        format!(
            "POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: facebookexternalua\r\nAccept: */*\r\n\
             Content-Type: application/json\r\nX-Hub-Signature-256: sha256={signature}\r\n\
             Content-Length: {length}\r\n\r\n{body}"
        )
        .into_bytes()
    }
}
