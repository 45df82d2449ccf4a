//! Bodies that are wrong in every way that we could think of, made from the fixtures by a seeded generator: the same
//! seed and number give the same body on every machine.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

/// Where the bodies come from.
const FOLDERS: &[&str] = &[
    "fixtures/webhook",
    "fixtures/meta/webhooks-2026",
    "fixtures/meta/webhooks-openapi",
    "fixtures/meta/webhooks-reference",
];

/// The limit of the service, as its interface promises it.
pub const BODY_BYTES_MAX: usize = 4 * 1024 * 1024;

/// What stands for the place of a replacement; no fixture has it.
const PLACE: &str = "@@here@@";

/// A source of numbers that is the same everywhere (SplitMix64).
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The numbers of the body with that number under that seed.
    pub fn new(seed: u64, number: u64) -> Self {
        let mut random = Self(seed ^ number.wrapping_mul(0xA24B_AED4_963E_E407));
        random.next();
        random
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, which is not zero.
    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).unwrap()
    }

    pub fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}

/// A fixture, ready to be spoilt.
pub struct Original {
    pub text: String,
    value: Value,
    /// The place of each of its values but the body itself, as JSON pointers.
    pointers: Vec<String>,
}

/// Every fixture.
pub struct Corpus(pub Vec<Original>);

impl Corpus {
    /// Reads them, in the order of their names.
    pub fn read() -> Self {
        let mut paths: Vec<_> = FOLDERS
            .iter()
            .flat_map(|folder| fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap())
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
            .collect();
        paths.sort();
        assert!(paths.len() > 300, "the fixtures are there: {}", paths.len());
        let originals = paths.iter().map(|path| {
            let value: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
            let mut pointers = Vec::new();
            collect_pointers(&value, "", &mut pointers);
            Original { text: value.to_string(), value, pointers }
        });
        Self(originals.collect())
    }
}

fn collect_pointers(value: &Value, pointer: &str, found: &mut Vec<String>) {
    let mut child = |key: &str, value: &Value| {
        let pointer = format!("{pointer}/{key}");
        collect_pointers(value, &pointer, found);
        found.push(pointer);
    };
    match value {
        Value::Object(object) => object.iter().for_each(|(key, value)| child(key, value)),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, value)| child(&index.to_string(), value));
        }
        _ => {}
    }
}

/// A way to spoil a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mutation {
    /// None at all: what is sound has to pass among what is not.
    Untouched,
    BitsFlipped,
    Truncated,
    Spliced,
    SpanRemoved,
    SpanRepeated,
    NulBytes,
    InvalidUtf8,
    LoneSurrogates,
    DeepNesting,
    LongString,
    HugeNumber,
    DuplicatedKey,
    WrongType,
    MemberRemoved,
    MemberMoved,
    ManyItems,
    NotJson,
    BeyondLimit,
}

/// How often each of them comes: the large ones seldom, for they cost a thousand times as much.
const WEIGHTS: &[(Mutation, usize)] = &[
    (Mutation::Untouched, 60),
    (Mutation::BitsFlipped, 90),
    (Mutation::Truncated, 60),
    (Mutation::Spliced, 60),
    (Mutation::SpanRemoved, 60),
    (Mutation::SpanRepeated, 50),
    (Mutation::NulBytes, 60),
    (Mutation::InvalidUtf8, 60),
    (Mutation::LoneSurrogates, 50),
    (Mutation::DeepNesting, 50),
    (Mutation::HugeNumber, 70),
    (Mutation::DuplicatedKey, 80),
    (Mutation::WrongType, 100),
    (Mutation::MemberRemoved, 60),
    (Mutation::MemberMoved, 60),
    (Mutation::ManyItems, 10),
    (Mutation::NotJson, 16),
    (Mutation::LongString, 2),
    (Mutation::BeyondLimit, 2),
];

impl Mutation {
    /// One of them, by weight.
    pub fn pick(random: &mut Random) -> Self {
        let mut at = random.below(WEIGHTS.iter().map(|(_, weight)| weight).sum());
        for (mutation, weight) in WEIGHTS {
            match at.checked_sub(*weight) {
                Some(rest) => at = rest,
                None => return *mutation,
            }
        }
        Self::Untouched
    }

    /// Spoils a fixture.
    fn apply(self, original: &Original, corpus: &Corpus, random: &mut Random) -> Vec<u8> {
        let bytes = original.text.clone().into_bytes();
        match self {
            Self::Untouched => bytes,
            Self::BitsFlipped => flip_bits(bytes, random),
            Self::Truncated => bytes[..random.below(bytes.len())].to_vec(),
            Self::Spliced => splice(&bytes, random.pick(&corpus.0).text.as_bytes(), random),
            Self::SpanRemoved | Self::SpanRepeated => change_span(bytes, self, random),
            Self::NulBytes => insert(bytes, random, &[b"\0", b"\0\0\0\0", br"\u0000", b"\x01", b"\x1f\x7f"]),
            Self::InvalidUtf8 => {
                let sequences: &[&[u8]] =
                    &[b"\xff", b"\xc3", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xef\xbb\xbf"];
                insert(bytes, random, sequences)
            }
            Self::LoneSurrogates => {
                let surrogates = ["\"\\ud83d\"", "\"\\ude00x\"", "\"a\\ud83d\\ud83d\"", "\"\\uZZZZ\""];
                replace(original, random, |random, _| (*random.pick(&surrogates)).to_owned())
            }
            Self::DeepNesting => replace(original, random, |random, _| nesting(random)),
            Self::LongString => replace(original, random, |random, _| long_string(random)),
            Self::HugeNumber => replace(original, random, |random, _| huge_number(random)),
            Self::DuplicatedKey => duplicate_key(original, random),
            Self::WrongType => replace(original, random, wrong_type),
            Self::MemberRemoved => remove_member(original, random),
            Self::MemberMoved => {
                let other = random.pick(&corpus.0);
                let part = other.value.pointer(random.pick::<String>(&other.pointers)).unwrap().to_string();
                replace(original, random, |_, _| part)
            }
            Self::ManyItems => many_items(original, random),
            Self::NotJson => not_json(bytes, random),
            Self::BeyondLimit => beyond_limit(bytes, random),
        }
    }
}

/// A body that was spoilt.
pub struct Mutated<'a> {
    pub original: &'a Original,
    pub mutation: Mutation,
    pub body: Vec<u8>,
}

/// Spoils one of the fixtures, and sometimes flips some bits on top.
pub fn mutated<'a>(corpus: &'a Corpus, random: &mut Random) -> Mutated<'a> {
    let original = random.pick(&corpus.0);
    let mutation = Mutation::pick(random);
    let mut body = mutation.apply(original, corpus, random);
    if mutation != Mutation::Untouched && !body.is_empty() && random.one_in(10) {
        body = flip_bits(body, random);
    }
    Mutated { original, mutation, body }
}

fn flip_bits(mut bytes: Vec<u8>, random: &mut Random) -> Vec<u8> {
    for _ in 0..=random.below(8) {
        let at = random.below(bytes.len());
        bytes[at] ^= 1 << random.below(8);
    }
    bytes
}

/// The head of one body and the tail of another.
fn splice(head: &[u8], tail: &[u8], random: &mut Random) -> Vec<u8> {
    let (end, start) = (random.below(head.len()), random.below(tail.len()));
    [&head[..end], &tail[start..]].concat()
}

fn change_span(bytes: Vec<u8>, mutation: Mutation, random: &mut Random) -> Vec<u8> {
    let start = random.below(bytes.len());
    let end = (start + 1 + random.below(64)).min(bytes.len());
    let repeats = if mutation == Mutation::SpanRemoved { 0 } else { 2 + random.below(6) };
    [&bytes[..start], &bytes[start..end].repeat(repeats), &bytes[end..]].concat()
}

fn insert(mut bytes: Vec<u8>, random: &mut Random, pieces: &[&[u8]]) -> Vec<u8> {
    for _ in 0..=random.below(3) {
        let at = random.below(bytes.len() + 1);
        let piece = *random.pick(pieces);
        bytes.splice(at..at, piece.iter().copied());
    }
    bytes
}

/// Puts other text in the place of one value.
fn replace(
    original: &Original,
    random: &mut Random,
    text: impl FnOnce(&mut Random, &Value) -> String,
) -> Vec<u8> {
    let mut body = original.value.clone();
    let value = body.pointer_mut(random.pick::<String>(&original.pointers)).unwrap();
    let text = text(random, &std::mem::replace(value, json!(PLACE)));
    body.to_string().replace(&format!("\"{PLACE}\""), &text).into_bytes()
}

fn nesting(random: &mut Random) -> String {
    let depth = *random.pick(&[20, 126, 127, 128, 129, 1_000, 20_000, 60_000]);
    match random.below(3) {
        0 => format!("{}{}", "[".repeat(depth), "]".repeat(depth)),
        1 => format!("{}1{}", "{\"messages\":".repeat(depth), "}".repeat(depth)),
        _ => "[".repeat(depth),
    }
}

fn long_string(random: &mut Random) -> String {
    let unit = *random.pick(&["a", "\u{1f600}", "\\u0041", "\\\\"]);
    let bytes = *random.pick(&[64 * 1024, 1024 * 1024, BODY_BYTES_MAX - 64 * 1024, BODY_BYTES_MAX]);
    format!("\"{}\"", unit.repeat(bytes / unit.len()))
}

fn huge_number(random: &mut Random) -> String {
    let numbers = [
        "1e400",
        "-1e400",
        "1e-400",
        "18446744073709551616",
        "-9223372036854775809",
        "9223372036854775807",
        "0.1e99999",
        "-0",
        "-0.0",
        "1795248000.5",
        "\"18446744073709551616\"",
        "01",
        "NaN",
    ];
    if random.one_in(8) { "9".repeat(1 + random.below(5_000)) } else { (*random.pick(&numbers)).to_owned() }
}

/// A value of another type than the one that stood there.
fn wrong_type(random: &mut Random, value: &Value) -> String {
    let others = [
        json!(null),
        json!(true),
        json!(17),
        json!(-1.5),
        json!("teks \u{1f33a}"),
        json!([]),
        json!({}),
        json!([null, 7, "x", [], {}]),
        json!({ "messages": [7], "type": {}, "id": [] }),
        Value::Array(vec![value.clone(), value.clone()]),
        json!({ "value": value }),
        json!(value.to_string()),
    ];
    random.pick(&others).to_string()
}

/// The same key once more in its object, with the same value or another.
fn duplicate_key(original: &Original, random: &mut Random) -> Vec<u8> {
    let members: Vec<_> =
        original.pointers.iter().filter(|pointer| last_key(pointer).parse::<usize>().is_err()).collect();
    let pointer = *random.pick(&members);
    let mut body = original.value.clone();
    let value = std::mem::replace(body.pointer_mut(pointer).unwrap(), json!(PLACE));
    let second = if random.one_in(2) { value.to_string() } else { wrong_type(random, &value) };
    let text = format!("{value},\"{}\":{second}", last_key(pointer));
    body.to_string().replace(&format!("\"{PLACE}\""), &text).into_bytes()
}

fn last_key(pointer: &str) -> &str {
    pointer.rsplit('/').next().unwrap_or_default()
}

fn remove_member(original: &Original, random: &mut Random) -> Vec<u8> {
    let pointer = random.pick::<String>(&original.pointers);
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    let mut body = original.value.clone();
    match body.pointer_mut(parent).unwrap() {
        Value::Object(object) => drop(object.remove(key)),
        Value::Array(items) => drop(items.remove(key.parse().unwrap())),
        leaf => panic!("{leaf} has no members"),
    }
    body.to_string().into_bytes()
}

/// An array with its items over and over, good ones and spoilt ones.
fn many_items(original: &Original, random: &mut Random) -> Vec<u8> {
    let mut body = original.value.clone();
    let arrays: Vec<_> = original
        .pointers
        .iter()
        .filter(|pointer| {
            body.pointer(pointer).is_some_and(|value| value.as_array().is_some_and(|a| !a.is_empty()))
        })
        .collect();
    let items = body.pointer_mut(random.pick::<&String>(&arrays)).unwrap().as_array_mut().unwrap();
    let first = items[0].clone();
    for _ in 0..*random.pick(&[10, 100, 1_000]) {
        items.push(if random.one_in(4) { json!(random.below(9)) } else { first.clone() });
    }
    body.to_string().into_bytes()
}

fn not_json(bytes: Vec<u8>, random: &mut Random) -> Vec<u8> {
    match random.below(8) {
        0 => Vec::new(),
        1 => b"\xef\xbb\xbf".iter().copied().chain(bytes).collect(),
        2 => String::from_utf8(bytes).unwrap().encode_utf16().flat_map(u16::to_le_bytes).collect(),
        3 => b"entry=1&object=whatsapp_business_account".to_vec(),
        4 => [&bytes[..], &bytes[..]].concat(),
        5 => vec![b' '; 1 + random.below(100_000)],
        6 => (0..random.below(4_096)).map(|_| random.next().to_le_bytes()[0]).collect(),
        _ => random.pick(&[&b"null"[..], b"7", b"\"x\"", b"[]", b"{}", b"{\"entry\":{}}"]).to_vec(),
    }
}

/// One byte more than is taken, or many.
fn beyond_limit(mut bytes: Vec<u8>, random: &mut Random) -> Vec<u8> {
    let wanted = BODY_BYTES_MAX + *random.pick(&[1, 4_096, 1024 * 1024]);
    bytes.resize(wanted, b' ');
    bytes
}
