//! What a value is made from: the number that it is about, the time, and a seeded stream of choices.

use data_encoding::BASE64;
use serde_json::{Value, json};

use crate::ids::Random;

const FIRST_NAMES: &[&str] =
    &["Budi", "Siti", "Dewi", "Agus", "Putri", "Lucía", "Łukasz", "Нина", "愛子", "Zoë", "Wayan", "Nur"];
const LAST_NAMES: &[&str] =
    &["Santoso", "Wijaya", "Lestari", "Gómez", "Nowak", "Иванова", "鈴木", "O'Neill", "Hidayat", "Pratama"];
const COUNTRIES: &[(&str, &str)] = &[("ID", "62"), ("US", "1"), ("BR", "55"), ("IN", "91"), ("DE", "49")];

/// The number that a value is about, and where its content comes from.
#[derive(Debug)]
pub struct Context<'a> {
    pub random: &'a Random,
    pub now_s: i64,
    pub waba_id: String,
    pub business_id: String,
    pub phone_number_id: String,
    pub display_phone_number: String,
}

/// A customer, as far as Meta would tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Customer {
    /// Absent for people with a user name whom the number does not know by phone.
    pub wa_id: Option<String>,
    pub user_id: String,
    /// Only for portfolios that have asked for it.
    pub parent_user_id: Option<String>,
    pub name: String,
    pub username: Option<String>,
}

impl Context<'_> {
    /// A number below `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        // A seeded stream does not fail; the system's may, and then content matters least.
        self.random.number().unwrap_or(0) % bound.max(1)
    }

    /// One of `choices`.
    pub fn pick<T: Copy + Default>(&mut self, choices: &[T]) -> T {
        let index = usize::try_from(self.below(choices.len() as u64)).unwrap_or(0);
        choices.get(index).copied().unwrap_or_default()
    }

    /// True in one of `times` cases.
    pub fn one_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    /// So many digits, the first not zero.
    pub fn digits(&mut self, count: usize) -> String {
        let mut digits = (1 + self.below(9)).to_string();
        while digits.len() < count {
            digits.push_str(&self.below(10).to_string());
        }
        digits
    }

    /// Random bytes in base64, as Meta writes digests.
    pub fn digest(&mut self) -> String {
        BASE64.encode(&self.random.bytes::<32>().unwrap_or_default())
    }

    /// A message id of Meta's form.
    pub fn wamid(&mut self) -> String {
        let mut bytes = b"\x1d\x18\x0d".to_vec();
        let mut drawn = [0; 33];
        // Without randomness the id is still an id; only the system's source can fail.
        self.random.fill(&mut drawn).ok();
        bytes.extend(drawn);
        format!("wamid.{}", BASE64.encode(&bytes))
    }

    /// A group's id.
    pub fn group_id(&mut self) -> String {
        format!("Y2FwaV9ncm91cDo{}ZD", self.digits(32))
    }

    /// Now, as Meta mostly writes it: a text of seconds.
    pub fn timestamp(&self) -> String {
        self.now_s.to_string()
    }

    /// A customer whom nobody has met.
    pub fn customer(&mut self) -> Customer {
        let (country, code) = self.pick(COUNTRIES);
        let user_id = format!("{country}.{}", self.digits(20));
        let name = format!("{} {}", self.pick(FIRST_NAMES), self.pick(LAST_NAMES));
        let username = self.one_in(3).then(|| format!("user_{}", self.digits(6)));
        let wa_id = (username.is_none() || self.one_in(2)).then(|| format!("{code}8{}", self.digits(9)));
        let parent_user_id = self.one_in(4).then(|| format!("{country}.ENT.{}", self.digits(20)));
        Customer { wa_id, user_id, parent_user_id, name, username }
    }

    /// A customer with a phone number.
    pub fn customer_with_phone(&mut self) -> Customer {
        let customer = self.customer();
        let wa_id = customer.wa_id.clone().or_else(|| Some(format!("628{}", self.digits(9))));
        Customer { wa_id, ..customer }
    }

    /// `metadata`.
    pub fn metadata(&self) -> Value {
        json!({ "display_phone_number": self.display_phone_number, "phone_number_id": self.phone_number_id })
    }

    /// A value of a number's traffic, with `key` holding its items.
    pub fn traffic(&self, contacts: &[&Customer], key: &str, items: Vec<Value>) -> Value {
        let mut value = json!({ "messaging_product": "whatsapp", "metadata": self.metadata() });
        if !contacts.is_empty() {
            set(
                &mut value,
                "contacts",
                contacts.iter().map(|customer| customer.contact()).collect::<Vec<_>>().into(),
            );
        }
        set(&mut value, key, items.into());
        value
    }
}

impl Customer {
    /// The entry in `contacts[]`.
    pub fn contact(&self) -> Value {
        let mut contact = json!({ "profile": { "name": self.name }, "user_id": self.user_id });
        if let Some(username) = &self.username
            && let Some(profile) = contact.get_mut("profile")
        {
            set(profile, "username", username.as_str().into());
        }
        set_some(&mut contact, "wa_id", self.wa_id.as_deref());
        set_some(&mut contact, "parent_user_id", self.parent_user_id.as_deref());
        contact
    }

    /// Puts the customer's ids into an item, under `PREFIX`, `PREFIX_user_id`, `PREFIX_parent_user_id`.
    pub fn put(&self, item: &mut Value, prefix: &str) {
        set_some(item, prefix, self.wa_id.as_deref());
        set(item, &format!("{prefix}_user_id"), self.user_id.as_str().into());
        set_some(item, &format!("{prefix}_parent_user_id"), self.parent_user_id.as_deref());
    }
}

/// Puts a key into an object.
pub fn set(object: &mut Value, key: &str, value: Value) {
    if let Some(object) = object.as_object_mut() {
        object.insert(key.to_owned(), value);
    }
}

/// Puts a key into an object if there is a value: Meta leaves out what it does not know.
pub fn set_some(object: &mut Value, key: &str, value: Option<&str>) {
    if let Some(value) = value {
        set(object, key, value.into());
    }
}
