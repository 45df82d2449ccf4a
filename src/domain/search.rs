//! Words as they are searched: what a text is found by, and what a search looks for.
//!
//! Letters are compared without case and accents, and in one form where Unicode has several. A word of a script that
//! is written with spaces is found whole, and by its beginning while it is being typed. Scripts without spaces (Chinese,
//! Japanese, Thai and their like, and Korean, which puts endings on its words) are found by their single letters and
//! pairs of letters. There is no stemming: Indonesian prefixes change what a word means.

mod excerpt;

use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

pub use excerpt::{Excerpt, Part, excerpt};

/// The letters of the tokens for what something belongs to; that of the conversation is the first in order, and sorts
/// before every word.
pub const CONVERSATION: char = 'c';
pub const NUMBER: char = 'n';
/// A longer search is refused.
pub const QUERY_CHARS_MAX: usize = 200;
/// More words of a search are refused.
pub const QUERY_WORDS_MAX: usize = 8;
/// So much of a text is found at most.
pub const TEXT_CHARS_MAX: usize = 8_192;
/// A text has so many tokens at most; what comes after is not found.
pub const TOKENS_MAX: usize = 512;
/// A word is as good as its beginning of so many letters.
const WORD_CHARS_MAX: usize = 32;
/// The beginnings of a word by which it is found, in letters. A beginning of another length is found by the next
/// shorter one, and compared with the whole words then.
const BEGINNINGS: &[usize] = &[2, 3, 5, 8];

/// A piece of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Word(String),
    /// Letters of a script without spaces, in a row.
    Run(Vec<char>),
}

/// What a search looks for. An item is found that has every token, and for each beginning a word that begins so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// Tokens that the item has to have, each once.
    pub tokens: Vec<String>,
    /// What one of its words has to begin with, as a token of a whole word: where the tokens alone do not say it.
    pub beginning: Option<String>,
}

/// Why a search is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    #[error("A search has from 1 to {QUERY_CHARS_MAX} characters.")]
    Length,
    #[error("A search has at most {QUERY_WORDS_MAX} words.")]
    Words,
    #[error("There is no letter or digit in the search.")]
    Empty,
}

/// A whole word.
fn whole(word: &str) -> String {
    format!("={word}")
}

/// The beginning of a word.
fn beginning(word: &str, chars: usize) -> String {
    word.chars().take(chars).collect()
}

/// The tokens by which texts are found together.
pub fn tokens<'a>(texts: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    let mut tokens = BTreeSet::new();
    let mut left = TEXT_CHARS_MAX;
    for text in texts {
        let part: String = text.chars().take(left).collect();
        left -= part.chars().count();
        for piece in pieces(&part) {
            let mut add = |token: String| {
                if tokens.len() < TOKENS_MAX {
                    tokens.insert(token);
                }
            };
            match piece {
                Piece::Word(word) => {
                    let length = word.chars().count();
                    for chars in BEGINNINGS.iter().filter(|chars| **chars <= length) {
                        add(beginning(&word, *chars));
                    }
                    add(whole(&word));
                }
                Piece::Run(letters) => {
                    for letter in &letters {
                        add(whole(&letter.to_string()));
                    }
                    for pair in letters.windows(2) {
                        add(whole(&pair.iter().collect::<String>()));
                    }
                }
            }
        }
    }
    tokens
}

/// The tokens of an id, which is a word as it stands.
pub fn id_token(kind: char, id: &str) -> String {
    format!("#{kind}{id}")
}

/// What a search looks for. The last word may be unfinished, unless something comes after it.
pub fn query(text: &str) -> Result<Query, Unfit> {
    let count = text.chars().count();
    if count == 0 || count > QUERY_CHARS_MAX {
        return Err(Unfit::Length);
    }
    let pieces = pieces(text);
    if pieces.is_empty() {
        return Err(Unfit::Empty);
    }
    if pieces.len() > QUERY_WORDS_MAX {
        return Err(Unfit::Words);
    }
    let mut found = Query::default();
    let mut tokens = BTreeSet::new();
    let ends_within =
        text.chars().next_back().is_some_and(|last| last.is_alphanumeric() || is_combining_mark(last));
    let unfinished = ends_within.then(|| pieces.len() - 1);
    for (index, piece) in pieces.into_iter().enumerate() {
        match piece {
            Piece::Run(letters) => match letters.as_slice() {
                [one] => {
                    tokens.insert(whole(&one.to_string()));
                }
                many => tokens.extend(many.windows(2).map(|pair| whole(&pair.iter().collect::<String>()))),
            },
            Piece::Word(word) => {
                let length = word.chars().count();
                let kept = BEGINNINGS.iter().rev().find(|chars| **chars <= length);
                match kept.filter(|_| Some(index) == unfinished && length < WORD_CHARS_MAX) {
                    Some(chars) => {
                        tokens.insert(beginning(&word, *chars));
                        if *chars < length {
                            found.beginning = Some(whole(&word));
                        }
                    }
                    // A single letter begins half of all words: it is looked for as a word.
                    None => {
                        tokens.insert(whole(&word));
                    }
                }
            }
        }
    }
    found.tokens = tokens.into_iter().collect();
    Ok(found)
}

fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let (mut word, mut run) = (String::new(), Vec::new());
    let mut length = 0;
    for letter in normal(text) {
        let is_own = has_no_spaces(letter);
        if !is_own && !run.is_empty() {
            pieces.push(Piece::Run(std::mem::take(&mut run)));
        }
        let is_letter = letter.is_alphanumeric() || is_combining_mark(letter);
        if (is_own || !is_letter) && !word.is_empty() {
            pieces.push(Piece::Word(std::mem::take(&mut word)));
            length = 0;
        }
        if is_own {
            run.push(letter);
        } else if is_letter && length < WORD_CHARS_MAX {
            word.push(letter);
            length += 1;
        }
    }
    if !word.is_empty() {
        pieces.push(Piece::Word(word));
    }
    if !run.is_empty() {
        pieces.push(Piece::Run(run));
    }
    pieces
}

/// The letters without case, accents and what only shapes them, in one form.
fn normal(text: &str) -> impl Iterator<Item = char> {
    let small = text.chars().flat_map(char::to_lowercase);
    let apart: String = small.nfkd().filter(|letter| !is_left_out(*letter)).collect();
    // Decomposition can give capitals, in letters that are numbers or symbols.
    let together: String = apart.nfc().flat_map(char::to_lowercase).collect();
    let plain: String = together.chars().flat_map(plain).collect();
    plain.chars().collect::<Vec<_>>().into_iter()
}

/// Accents and vowel signs that are usually left away, and what is not to be seen. Apostrophes stand within words:
/// Jum'at and Jumat are one.
fn is_left_out(letter: char) -> bool {
    matches!(
        letter,
        '\u{300}'..='\u{36f}'
            | '\u{591}'..='\u{5c7}'
            | '\u{610}'..='\u{61a}'
            | '\u{640}'
            | '\u{64b}'..='\u{65f}'
            | '\u{670}'
            | '\u{6d6}'..='\u{6ed}'
            | '\u{ad}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2064}'
            | '\u{feff}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\''
            | '\u{2018}'
            | '\u{2019}'
            | '\u{2bc}'
            | '`'
    )
}

/// Letters that are written in two ways, and have no accent that could be taken off.
fn plain(letter: char) -> impl Iterator<Item = char> {
    let text = match letter {
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'ø' => "o",
        'đ' | 'ð' => "d",
        'ł' => "l",
        'ı' => "i",
        'þ' => "th",
        'ς' => "σ",
        // Arabic: forms of alef, yeh and teh marbuta.
        'ٱ' => "ا",
        'ى' | 'ی' => "ي",
        'ة' => "ه",
        'ک' => "ك",
        _ => "",
    };
    let same = text.is_empty().then_some(letter);
    text.chars().chain(same)
}

/// Scripts whose words are not parted by spaces, and Korean.
fn has_no_spaces(letter: char) -> bool {
    matches!(
        letter,
        '\u{e00}'..='\u{eff}'
            | '\u{1000}'..='\u{109f}'
            | '\u{1100}'..='\u{11ff}'
            | '\u{1780}'..='\u{17d3}'
            | '\u{2e80}'..='\u{2fd5}'
            | '\u{3005}'..='\u{3007}'
            | '\u{3041}'..='\u{309f}'
            | '\u{30a1}'..='\u{30ff}'
            | '\u{3105}'..='\u{312f}'
            | '\u{31f0}'..='\u{31ff}'
            | '\u{3400}'..='\u{4dbf}'
            | '\u{4e00}'..='\u{9fff}'
            | '\u{ac00}'..='\u{d7a3}'
            | '\u{f900}'..='\u{faff}'
            | '\u{20000}'..='\u{3ffff}'
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// As the database does it.
    fn finds(search: &str, text: &str) -> bool {
        let (tokens, query) = (tokens([text]), query(search).unwrap());
        query.tokens.iter().all(|token| tokens.contains(token))
            && query.beginning.is_none_or(|start| tokens.iter().any(|token| token.starts_with(&start)))
    }

    #[test]
    fn all_words_and_the_beginning_of_the_last() {
        let text = "Halo Kak, pesanan bunga-nya sudah dikirim hari Jum'at ya?";
        for search in [
            "halo",
            "HALO kak",
            "pesanan bunga",
            "bunga pesanan",
            "pe",
            "pes",
            "pesa",
            "pesana",
            "halo diki",
            "dikirim",
            "jumat",
            "jum'at",
            "Jum\u{2019}at",
            "kak, ",
            "ya",
        ] {
            assert!(finds(search, text), "{search}");
        }
        assert!(finds("pesan", text) && !finds("pesan ", text), "a word that is finished is a whole one");
        for search in ["pesananku", "hal kak", "pesam", "bunga mawar", "p", "kirim", "dikirimkan"] {
            assert!(!finds(search, text), "{search}");
        }
    }

    #[test]
    fn case_accents_and_forms_make_no_difference() {
        for (search, text) in [
            ("cafe", "CAFÉ"),
            ("café", "cafe\u{301}"),
            ("straße", "STRASSE"),
            ("istanbul", "İSTANBUL"),
            ("isik", "ışık"),
            ("ellada", "ellada"),
            ("ΟΔΟΣ", "οδός"),
            ("naive", "naïve"),
            ("ﬁle", "file"),
            ("ＡＢＣ１２３", "abc123"),
            ("Ｈａｌｏ", "halo"),
            ("مرحبا", "مَرْحَبًا"),
            ("हिन्दी", "हिन्दी भाषा"),
            ("soft\u{ad}hyphen", "softhyphen"),
            ("lodz", "Łódź"),
            ("smorrebrod", "Smørrebrød"),
        ] {
            assert!(finds(search, text), "{search} in {text}");
        }
        assert!(!finds("हिन्दा", "हिन्दी"), "vowel signs are letters there");
    }

    #[test]
    fn scripts_without_spaces_are_found_by_any_part() {
        for (search, text) in [
            ("发货", "请问什么时候发货？"),
            ("货", "请问什么时候发货？"),
            ("注文", "ご注文ありがとうございます"),
            ("ｱﾘｶﾞﾄｳ", "アリガトウ"),
            ("배송", "언제배송되나요"),
            ("안", "안녕하세요"),
            ("สวัสดี", "สวัสดีครับ"),
            ("order 发货", "order 123 发货"),
        ] {
            assert!(finds(search, text), "{search} in {text}");
        }
        assert!(!finds("货发", "请问什么时候发货？"));
        assert!(!finds("发错", "请问什么时候发货？"));
    }

    #[test]
    fn a_search_and_a_text_have_bounds() {
        assert_eq!(query(""), Err(Unfit::Length));
        assert_eq!(query(&"x".repeat(201)), Err(Unfit::Length));
        assert_eq!(query("?! 🌸 …"), Err(Unfit::Empty));
        assert_eq!(query("a b c d e f g h i"), Err(Unfit::Words));
        assert_eq!(query(&"发".repeat(200)).unwrap().tokens, ["=发发"]);
        let many = (0..5_000).map(|n| format!("kata{n}")).collect::<Vec<String>>().join(" ");
        assert_eq!(tokens([many.as_str()]).len(), TOKENS_MAX);
        let long = "x".repeat(100);
        assert!(finds(&long, &long) && finds(&"x".repeat(40), &long));
        assert!(tokens([long.as_str()]).iter().all(|token| token.chars().count() <= WORD_CHARS_MAX + 1));
        assert_eq!(query("a").unwrap().tokens, ["=a"]);
    }

    proptest! {
        #[test]
        fn nothing_panics_and_what_is_searched_as_it_stands_is_found(text in "\\PC{0,80}") {
            if query(&text).is_ok() {
                prop_assert!(finds(&text, &text), "{:?} {:?}", tokens([text.as_str()]), query(&text));
            }
        }
    }
}
