//! Looks for secrets where none may be, in each form in which one gets about.

use data_encoding::{BASE64, BASE64URL_NOPAD, HEXLOWER, HEXUPPER};
use mongodb::bson::doc;
use mongodb::bson::raw::RawDocumentBuf;

use super::mongo;

/// A secret by a name that may be told.
#[derive(Clone, Debug)]
pub struct Known {
    pub name: &'static str,
    pub value: String,
}

/// Where a secret was found, and in which form.
pub type Found = (&'static str, &'static str);

/// Everything that is to be looked for.
pub struct Scan(Vec<(Found, Vec<u8>)>);

impl Scan {
    pub fn new(secrets: &[Known]) -> Self {
        let forms = secrets.iter().flat_map(|secret| {
            let bytes = secret.value.as_bytes();
            let mut forms: Vec<(&'static str, Vec<u8>)> = vec![
                ("plain", bytes.to_vec()),
                ("hex", HEXLOWER.encode(bytes).into()),
                ("HEX", HEXUPPER.encode(bytes).into()),
                ("percent", percent(bytes)),
            ];
            // Base64 depends on where in a longer text it begins: the middle is the same for one of three places.
            for before in 0..3 {
                let shifted = [vec![0; before], bytes.to_vec()].concat();
                forms.push(("base64", middle(BASE64.encode(&shifted).as_bytes(), before)));
                forms.push(("base64url", middle(BASE64URL_NOPAD.encode(&shifted).as_bytes(), before)));
            }
            forms.into_iter().map(|(form, needle)| ((secret.name, form), needle)).collect::<Vec<_>>()
        });
        Self(forms.collect())
    }

    /// What is in these bytes.
    pub fn find(&self, haystack: &[u8]) -> Vec<Found> {
        let is_in = |needle: &[u8]| {
            needle.len() <= haystack.len() && haystack.windows(needle.len()).any(|window| window == needle)
        };
        self.0.iter().filter(|(_, needle)| is_in(needle)).map(|(found, _)| *found).collect()
    }

    /// What is in a database, by collection. Documents are looked at as they come over the wire, uncompressed.
    pub async fn find_in_database(&self, database: &str) -> Vec<(String, Found)> {
        let database = mongo::raw(database).await;
        let mut all = Vec::new();
        for name in database.list_collection_names().await.unwrap() {
            let mut cursor = database.collection::<RawDocumentBuf>(&name).find(doc! {}).await.unwrap();
            while cursor.advance().await.unwrap() {
                let found = self.find(cursor.current().as_bytes());
                all.extend(found.into_iter().map(|found| (name.clone(), found)));
            }
        }
        all
    }
}

/// The digits of base64 that depend on nothing but the secret.
fn middle(encoded: &[u8], before: usize) -> Vec<u8> {
    let from = (before * 8).div_ceil(6);
    let end = encoded.iter().position(|byte| *byte == b'=').unwrap_or(encoded.len());
    encoded[from..end.saturating_sub(1)].to_vec()
}

/// Every byte that is not a letter or digit, as an address has it.
fn percent(bytes: &[u8]) -> Vec<u8> {
    let mut text = String::new();
    for byte in bytes {
        if byte.is_ascii_alphanumeric() {
            text.push(char::from(*byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text.into_bytes()
}
