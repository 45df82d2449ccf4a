//! Master keys: what seals the data keys that seal stored secrets.

use data_encoding::BASE64;

use super::setting::{Reader, Setting};
use crate::secret::Secret;

static MASTER_KEYS: Setting = Setting {
    name: "PESAN_MASTER_KEYS",
    aliases: &[],
    default: None,
    example: "2026-11:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
    expects: "id:base64 of 32 bytes, one or several with commas between them, each id once",
    secret: true,
    meaning: "The keys that protect access tokens in the database. The first one seals, all of them open, so a new key is put in front and the old one taken away when nothing needs it any more.",
};

pub(super) const SETTINGS: &[&Setting] = &[&MASTER_KEYS];

const KEY_BYTES: usize = 32;
const KEY_ID_MAX: usize = 32;

/// The master keys.
#[derive(Clone, Debug)]
pub struct KeysConfig {
    /// `PESAN_MASTER_KEYS`, the sealing one first. Empty: nothing can be sealed.
    pub master_keys: Vec<MasterKey>,
}

/// One master key in its written form.
#[derive(Clone, Debug)]
pub struct MasterKey {
    /// The name that sealed values carry.
    pub id: String,
    /// The key in base64.
    pub base64: Secret,
}

impl KeysConfig {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let master_keys = reader.optional(&MASTER_KEYS, |text| {
            let keys: Vec<MasterKey> =
                text.split(',').map(|part| parse_key(part.trim())).collect::<Option<_>>()?;
            let ids: std::collections::BTreeSet<&str> = keys.iter().map(|key| key.id.as_str()).collect();
            (ids.len() == keys.len()).then_some(keys)
        })?;
        Some(Self { master_keys: master_keys.unwrap_or_default() })
    }
}

fn parse_key(text: &str) -> Option<MasterKey> {
    let (id, base64) = text.split_once(':')?;
    let id_is_plain = (1..=KEY_ID_MAX).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    let key = BASE64.decode(base64.as_bytes()).ok().map(secrecy::SecretBox::<[u8]>::from)?;
    let long_enough = secrecy::ExposeSecret::expose_secret(&key).len() == KEY_BYTES;
    (id_is_plain && long_enough).then(|| MasterKey { id: id.to_owned(), base64: Secret::new(base64) })
}
