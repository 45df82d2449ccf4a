//! Master keys: what seals the data keys that seal stored secrets.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use data_encoding::BASE64;
use zeroize::Zeroizing;

use super::setting::{Reader, Setting};
use crate::secret::Secret;

const EXAMPLE: &str = "2026-11:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

static MASTER_KEYS: Setting = Setting {
    name: "PESAN_MASTER_KEYS",
    aliases: &[],
    default: None,
    example: EXAMPLE,
    expects: "id:base64 of 32 bytes, one or several with commas between them, each id and each key once",
    secret: true,
    meaning: "The keys that protect access tokens in the database; `pesan keys generate` makes one. The first one seals, all of them open. To change keys: put the new one last and restart all instances, then put it first and restart them, and take the old one away when `pesan keys status` says that nothing is left on it.",
};
static MASTER_KEYS_FILE: Setting = Setting {
    name: "PESAN_MASTER_KEYS_FILE",
    aliases: &[],
    default: None,
    example: "/run/secrets/pesan-master-keys",
    expects: "the path of a file with keys as in PESAN_MASTER_KEYS, on lines of their own or with commas between them; # begins a comment",
    secret: false,
    meaning: "The same keys from a file, for secrets that are mounted. Only one of the two may be set. Read once, at the start.",
};

pub(super) const SETTINGS: &[&Setting] = &[&MASTER_KEYS, &MASTER_KEYS_FILE];

const KEY_BYTES: usize = 32;
const KEY_ID_MAX: usize = 32;

/// The master keys.
#[derive(Clone, Debug)]
pub struct KeysConfig {
    /// `PESAN_MASTER_KEYS` or what is in `PESAN_MASTER_KEYS_FILE`, the sealing one first. Empty: nothing can be sealed.
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
        let given = reader.optional(&MASTER_KEYS, |text| {
            let keys = text.split(',').map(|part| parse_key(part.trim())).collect::<Option<Vec<_>>>()?;
            are_distinct(&keys).then_some(keys)
        });
        let file = reader.optional(&MASTER_KEYS_FILE, |text| Some(PathBuf::from(text)));
        let master_keys = match (given?, file?) {
            (Some(_), Some(_)) => {
                reader.note(
                    MASTER_KEYS_FILE.name,
                    format!("is set, and {} too: take one of them away", MASTER_KEYS.name),
                );
                return None;
            }
            (given, None) => given.unwrap_or_default(),
            (None, Some(path)) => match read_file(&path) {
                Ok(keys) => keys,
                Err(problem) => {
                    reader.note(MASTER_KEYS_FILE.name, problem);
                    return None;
                }
            },
        };
        Some(Self { master_keys })
    }

    /// Whether the key of the example file is among them, which everybody knows.
    pub(super) fn hold_the_example(&self) -> bool {
        let known = EXAMPLE.split_once(':').map_or("", |(_, base64)| base64);
        self.master_keys.iter().any(|key| key.base64.matches(known))
    }
}

fn parse_key(text: &str) -> Option<MasterKey> {
    let (id, base64) = text.split_once(':')?;
    let key = Zeroizing::new(BASE64.decode(base64.as_bytes()).ok()?);
    (is_key_id(id) && key.len() == KEY_BYTES)
        .then(|| MasterKey { id: id.to_owned(), base64: Secret::new(base64) })
}

/// Whether a text can be the id of a master key.
pub fn is_key_id(text: &str) -> bool {
    (1..=KEY_ID_MAX).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

/// The same key under two ids would be a rotation that changes nothing.
fn are_distinct(keys: &[MasterKey]) -> bool {
    let ids: BTreeSet<&str> = keys.iter().map(|key| key.id.as_str()).collect();
    let values: BTreeSet<&str> = keys.iter().map(|key| key.base64.expose()).collect();
    ids.len() == keys.len() && values.len() == keys.len()
}

/// The keys in a file, or what is wrong with it. No text of the file is in that.
fn read_file(path: &Path) -> Result<Vec<MasterKey>, String> {
    let text = std::fs::read_to_string(path).map(Zeroizing::new);
    let keys = match &text {
        Ok(text) => parse_lines(text),
        Err(error) => Err(format!("cannot be read: {}", error.kind())),
    };
    keys.map_err(|problem| format!("names {}, which {problem}", path.display()))
}

fn parse_lines(text: &str) -> Result<Vec<MasterKey>, String> {
    let mut keys = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default();
        for part in line.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let wrong =
                || format!("does not have id:base64 of 32 bytes in line {} (it is not shown)", index + 1);
            keys.push(parse_key(part).ok_or_else(wrong)?);
        }
    }
    if keys.is_empty() {
        return Err("holds no key".to_owned());
    }
    if !are_distinct(&keys) {
        return Err("holds an id or a key twice".to_owned());
    }
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use super::super::Source;
    use super::*;

    const A: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    const B: &str = "IAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    fn read(settings: &[(&str, &str)]) -> Result<KeysConfig, String> {
        let source =
            Source::of(settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let mut reader = Reader::new(&source);
        let config = KeysConfig::read(&mut reader);
        reader.finish().map_err(|mistakes| mistakes.to_string()).map(|()| config.unwrap())
    }

    fn ids(settings: &[(&str, &str)]) -> Result<Vec<String>, String> {
        Ok(read(settings)?.master_keys.into_iter().map(|key| key.id).collect())
    }

    #[test]
    fn keys_come_in_their_order() {
        assert_eq!(ids(&[]).unwrap(), Vec::<String>::new());
        assert_eq!(ids(&[("PESAN_MASTER_KEYS", &format!("new:{B}, old:{A}"))]).unwrap(), ["new", "old"]);
    }

    #[test]
    fn what_is_no_key_or_comes_twice_is_a_mistake_that_does_not_show_it() {
        for wrong in [
            "x".to_owned(),
            format!(":{A}"),
            format!("a b:{A}"),
            format!("a:{A},a:{B}"),
            format!("a:{A},b:{A}"),
            format!("a:{A},"),
            "a:c2hvcnQ=".to_owned(),
        ] {
            let mistake = ids(&[("PESAN_MASTER_KEYS", &wrong)]).unwrap_err();
            assert!(mistake.contains("each id and each key once"), "{wrong}: {mistake}");
            assert!(!mistake.contains("AAEC") && !mistake.contains("c2hvcnQ"), "{mistake}");
        }
    }

    #[test]
    fn a_file_has_lines_commas_and_comments() {
        let read = |text: &str| {
            let keys = parse_lines(text)?;
            Ok::<_, String>(keys.into_iter().map(|key| key.id).collect::<Vec<_>>())
        };
        assert_eq!(read(&format!("# ours\n\nnew:{B}  # since May\nold:{A}\n")).unwrap(), ["new", "old"]);
        assert_eq!(read(&format!("new:{B}, old:{A}")).unwrap(), ["new", "old"]);
        for (text, expected) in [
            ("# nothing\n".to_owned(), "holds no key"),
            (format!("new:{B}\nold:{B}\n"), "an id or a key twice"),
            (format!("new:{B}\n\nthe-secret\n"), "in line 3"),
        ] {
            let problem = read(&text).unwrap_err();
            assert!(problem.contains(expected), "{problem}");
            assert!(!problem.contains("the-secret") && !problem.contains("IAEC"), "{problem}");
        }
    }

    #[test]
    fn a_file_that_cannot_be_read_and_one_too_many_are_mistakes() {
        let nowhere = ("PESAN_MASTER_KEYS_FILE", "/nowhere/keys");
        let mistake = ids(&[nowhere]).unwrap_err();
        assert!(mistake.contains("/nowhere/keys, which cannot be read: entity not found"), "{mistake}");
        let both = ids(&[nowhere, ("PESAN_MASTER_KEYS", &format!("a:{A}"))]).unwrap_err();
        assert!(both.contains("PESAN_MASTER_KEYS too"), "{both}");
    }

    #[test]
    fn the_example_is_known() {
        let holds = |key: &str| read(&[("PESAN_MASTER_KEYS", key)]).unwrap().hold_the_example();
        assert!(holds(EXAMPLE));
        assert!(!holds(&format!("2026-11:{B}")));
    }
}
