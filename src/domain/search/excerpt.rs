//! The words around what was found, for whoever shows them: plain text in parts, each of which was found or not. Nothing
//! is escaped here, because only the reader knows for what.

use std::collections::{BTreeSet, HashMap};

use unicode_normalization::char::{canonical_combining_class, decompose_compatible, is_combining_mark};

use super::{Piece, Query, TEXT_CHARS_MAX, has_no_spaces, is_left_out, normal, pieces, whole};

/// An excerpt has so many characters at most.
pub const EXCERPT_CHARS_MAX: usize = 160;
/// How much of it may stand before the first word that was found.
const BEFORE_CHARS_MAX: usize = 40;
/// More places in one text are not looked at.
const HITS_MAX: usize = 400;

/// A piece of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    pub text: String,
    pub is_found: bool,
}

/// A piece of a text with what was found in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Excerpt {
    /// In their order; put together they are the excerpt.
    pub parts: Vec<Part>,
    /// Whether the text has something before it, or after it.
    pub is_cut_before: bool,
    pub is_cut_after: bool,
}

/// What a letter belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Word,
    /// A script without spaces.
    Own,
    /// Letters of both kinds in one, like ㋀.
    Both,
    /// It is left out wherever it stands.
    Silent,
    Between,
}

/// Where something was found, in letters, and which token of the search it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Hit {
    from: usize,
    to: usize,
    token: usize,
}

/// The excerpt with the most of what was searched, from the first text that has it. None: no text has a word of it.
pub fn excerpt<'a>(texts: impl IntoIterator<Item = &'a str>, query: &Query) -> Option<Excerpt> {
    let tokens = query.tokens.iter().enumerate().map(|(index, token)| (token.as_str(), index)).collect();
    let mut best: Option<(usize, Excerpt)> = None;
    for text in texts {
        let letters: Vec<char> = text.chars().take(TEXT_CHARS_MAX).collect();
        let is_whole = text.chars().nth(TEXT_CHARS_MAX).is_none();
        let hits = hits(&letters, query, &tokens);
        let Some((kinds, first)) = best_place(&hits) else { continue };
        if best.as_ref().is_none_or(|(most, _)| *most < kinds) {
            best = Some((kinds, cut(&letters, &hits, first, is_whole)));
        }
    }
    best.map(|(_, excerpt)| excerpt)
}

fn class(letter: char) -> Class {
    if is_left_out(letter) {
        return Class::Silent;
    }
    if has_no_spaces(letter) {
        return Class::Own;
    }
    let is_letter = |letter: char| letter.is_alphanumeric() || is_combining_mark(letter);
    let mut is_as_it_stands = true;
    decompose_compatible(letter, |part| is_as_it_stands &= part == letter);
    if is_as_it_stands {
        return if letter.to_lowercase().any(is_letter) { Class::Word } else { Class::Between };
    }
    // One letter can stand for several, with something around them: ⑴ and ㈱ have brackets.
    let of = |part| match part {
        _ if has_no_spaces(part) => Class::Own,
        _ if is_letter(part) => Class::Word,
        _ => Class::Between,
    };
    normal(letter.encode_utf8(&mut [0; 4])).map(of).fold(Class::Silent, |all, one| match (all, one) {
        (Class::Silent | Class::Between, one) => one,
        (Class::Own, Class::Word) | (Class::Word, Class::Own) => Class::Both,
        (all, _) => all,
    })
}

/// Whether a letter is written onto the one before it: such letters may change places with each other, whatever their
/// classes are.
fn is_written_on(letter: char) -> bool {
    let mut first = None;
    decompose_compatible(letter, |part| first = first.or(Some(part)));
    first.is_some_and(|part| canonical_combining_class(part) != 0)
}

/// Where a text has what is searched.
fn hits(letters: &[char], query: &Query, tokens: &HashMap<&str, usize>) -> Vec<Hit> {
    let mut hits = Vec::new();
    let (mut from, mut within) = (0, Class::Between);
    for at in 0..=letters.len() {
        let now = letters.get(at).map_or(Class::Between, |letter| class(*letter));
        if within != Class::Between && now != Class::Between {
            let is_on = || letters.get(at).is_some_and(|letter| is_written_on(*letter));
            if now == Class::Both {
                within = now;
            }
            if now == within || within == Class::Both || now == Class::Silent || is_on() {
                continue;
            }
        } else if now == within {
            continue;
        }
        if let Some(span) = letters.get(from..at).filter(|_| within != Class::Between) {
            let span = without_quotes(span);
            hits.extend(hits_in_span(span, query, tokens).into_iter().map(|hit| Hit {
                from: hit.from + from,
                to: hit.to + from,
                ..hit
            }));
            if hits.len() >= HITS_MAX {
                return hits;
            }
        }
        (from, within) = (at, if now == Class::Silent { Class::Between } else { now });
    }
    hits
}

/// A word without the quotation marks after it, which could be apostrophes too.
fn without_quotes(span: &[char]) -> &[char] {
    let is_quote = |letter: &char| matches!(letter, '\'' | '\u{2018}' | '\u{2019}' | '`');
    let end = span.iter().rposition(|letter| !is_quote(letter)).map_or(0, |last| last + 1);
    span.get(..end).unwrap_or_default()
}

/// A span is a word, or a run of letters of a script without spaces.
fn hits_in_span(span: &[char], query: &Query, tokens: &HashMap<&str, usize>) -> Vec<Hit> {
    let all = |token| Hit { from: 0, to: span.len(), token };
    let mut hits = Vec::new();
    for piece in pieces(&span.iter().collect::<String>()) {
        match piece {
            Piece::Word(word) => hits.extend(token_of(&word, query, tokens).map(all)),
            Piece::Run(letters) => {
                // A letter that is written as two cannot be pointed at: then it is the whole run.
                let is_even = letters.len() == span.len();
                for (at, _) in letters.iter().enumerate() {
                    for length in [1, 2] {
                        let part = letters.get(at..at + length);
                        let part = part.map(|part| whole(&part.iter().collect::<String>()));
                        let Some(token) = part.and_then(|part| tokens.get(part.as_str())) else { continue };
                        hits.push(if is_even {
                            Hit { from: at, to: at + length, token: *token }
                        } else {
                            all(*token)
                        });
                    }
                }
            }
        }
    }
    hits.truncate(HITS_MAX);
    hits
}

/// Which token of the search a word is.
fn token_of(word: &str, query: &Query, tokens: &HashMap<&str, usize>) -> Option<usize> {
    let as_whole = whole(word);
    if let Some(token) = tokens.get(as_whole.as_str()) {
        return Some(*token);
    }
    let begins = |token: &&String| !token.starts_with('=') && word.starts_with(token.as_str());
    let token = query.tokens.iter().position(|token| begins(&token))?;
    query.beginning.as_ref().is_none_or(|beginning| as_whole.starts_with(beginning)).then_some(token)
}

/// The hit from which an excerpt has the most of what is searched: how much, and which hit.
fn best_place(hits: &[Hit]) -> Option<(usize, usize)> {
    let mut best: Option<(usize, usize)> = None;
    for (index, first) in hits.iter().enumerate() {
        let end = first.from + EXCERPT_CHARS_MAX - BEFORE_CHARS_MAX;
        let within = hits.iter().skip(index).take_while(|hit| hit.to <= end);
        // One that is longer than an excerpt is found all the same.
        let kinds = within.map(|hit| hit.token).collect::<BTreeSet<_>>().len().max(1);
        if best.is_none_or(|(most, _)| most < kinds) {
            best = Some((kinds, index));
        }
    }
    best
}

fn cut(letters: &[char], hits: &[Hit], first: usize, is_whole: bool) -> Excerpt {
    let is_space = |at: usize| letters.get(at).is_some_and(|letter| letter.is_whitespace());
    let hits = hits.get(first..).unwrap_or_default();
    let found = hits.first().map_or(0, |hit| hit.from);
    let mut from = found.saturating_sub(BEFORE_CHARS_MAX);
    if from > 0 {
        from = (from..found).find(|at| is_space(*at)).map_or(found, |space| space + 1);
    }
    let mut to = letters.len().min(from + EXCERPT_CHARS_MAX);
    if to < letters.len() {
        let last = hits.iter().map(|hit| hit.to).take_while(|end| *end <= to).max().unwrap_or(to);
        to = (last..=to).rev().find(|at| is_space(*at)).unwrap_or(to);
    }
    let mut excerpt =
        Excerpt { parts: Vec::new(), is_cut_before: from > 0, is_cut_after: to < letters.len() || !is_whole };
    let mut at = from;
    let mut part = |range: std::ops::Range<usize>, is_found| {
        let text: String = letters.get(range).unwrap_or_default().iter().collect();
        match excerpt.parts.last_mut() {
            _ if text.is_empty() => {}
            Some(last) if last.is_found == is_found => last.text.push_str(&text),
            _ => excerpt.parts.push(Part { text, is_found }),
        }
    };
    for hit in hits.iter().filter(|hit| hit.from < to) {
        part(at..hit.from.max(at), false);
        part(hit.from.max(at)..hit.to.min(to).max(at), true);
        at = at.max(hit.to.min(to));
    }
    part(at..to, false);
    excerpt
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::query;
    use super::*;

    /// With what was found in brackets.
    fn shown(search: &str, text: &str) -> Option<String> {
        let excerpt = excerpt([text], &query(search).unwrap())?;
        let parts = excerpt
            .parts
            .iter()
            .map(|part| if part.is_found { format!("[{}]", part.text) } else { part.text.clone() });
        let (before, after) = (excerpt.is_cut_before, excerpt.is_cut_after);
        let dots = |is_cut: bool| if is_cut { "…" } else { "" };
        Some(format!("{}{}{}", dots(before), parts.collect::<String>(), dots(after)))
    }

    #[test]
    fn words_that_were_found_are_told_from_the_others() {
        for (search, text, expected) in [
            ("pesan", "Halo, pesanan bunga", "Halo, [pesanan] bunga"),
            ("pesanan bunga", "Halo, Pesanan BUNGA-nya!", "Halo, [Pesanan] [BUNGA]-nya!"),
            ("bunga ", "bungaku bunga", "bungaku [bunga]"),
            ("jumat", "hari Jum'at ya", "hari [Jum'at] ya"),
            ("cafe", "Un Café🌸 <b>café</b>", "Un [Café]🌸 <b>[café]</b>"),
            ("cafe", "cafe\u{301}!", "[cafe\u{301}]!"),
            ("发货", "请问什么时候发货？", "请问什么时候[发货]？"),
            ("货", "发货，货", "发[货]，[货]"),
            ("ガ", "ｱﾘｶﾞﾄｳ ok", "[ｱﾘｶﾞﾄｳ] ok"),
            ("مرحبا", "قل مَرْحَبًا لك", "قل [مَرْحَبًا] لك"),
            ("abc", "x ＡＢＣ y", "x [ＡＢＣ] y"),
            ("order 发货", "order123 order发货", "order123 [order发货]"),
            ("kg", "5㎏ kg ㎏", "5㎏ [kg] [㎏]"),
            ("bunga", "'bunga'", "'[bunga]'"),
            ("jumat", "hari Jum\u{ff07}at ya", "hari [Jum\u{ff07}at] ya"),
            ("a", "\u{1f110} b", "[\u{1f110}] b"),
            ("株", "x ㈱ y", "x [㈱] y"),
        ] {
            assert_eq!(shown(search, text).as_deref(), Some(expected), "{search} in {text}");
        }
        for (search, text) in [("mawar", "melati"), ("pesan ", "pesanan"), ("🌸a", "🌸"), ("a", "")] {
            assert_eq!(shown(search, text), None, "{search} in {text}");
        }
    }

    #[test]
    fn a_long_text_is_cut_where_most_was_found() {
        let filler = "kata lain lagi ".repeat(40);
        let text = format!("bunga {filler}bunga mawar {filler}");
        let shown = shown("bunga mawar", &text).unwrap();
        assert!(shown.starts_with('…') && shown.ends_with('…'), "{shown}");
        assert!(shown.contains("lagi [bunga] [mawar] kata"), "{shown}");
        assert!(shown.chars().count() <= EXCERPT_CHARS_MAX + 6, "{shown}");
        let none = "x".repeat(20_000);
        assert_eq!(shown_length(&format!("{none} bunga"), "bunga"), None, "that far is not searched");
        assert_eq!(shown_length(&format!("bunga{none}"), "bunga"), Some(EXCERPT_CHARS_MAX));
        assert_eq!(shown_length(&"发".repeat(9_000), "发"), Some(EXCERPT_CHARS_MAX));
    }

    fn shown_length(text: &str, search: &str) -> Option<usize> {
        let excerpt = excerpt([text], &query(search).unwrap())?;
        Some(excerpt.parts.iter().map(|part| part.text.chars().count()).sum())
    }

    #[test]
    fn the_text_with_the_most_is_shown_and_the_first_of_those() {
        let texts = ["bunga", "mawar bunga", "bunga mawar"];
        let excerpt = excerpt(texts, &query("bunga mawar").unwrap()).unwrap();
        assert_eq!(excerpt.parts.first().unwrap().text, "mawar");
    }

    #[test]
    fn whatever_letter_is_searched_is_shown_by_itself_and_between_others() {
        let mut hidden = Vec::new();
        for letter in ('\0'..=char::MAX).filter(|letter| !is_hardly_a_letter(*letter)) {
            for text in [letter.to_string(), format!("a{letter}b"), format!("発{letter}発")] {
                let Ok(query) = query(&text) else { continue };
                let tokens =
                    query.tokens.iter().enumerate().map(|(at, token)| (token.as_str(), at)).collect();
                let hits = hits(&text.chars().collect::<Vec<_>>(), &query, &tokens);
                let found: BTreeSet<usize> = hits.iter().map(|hit| hit.token).collect();
                if found.len() < query.tokens.len() {
                    hidden.push((text, query));
                }
            }
        }
        assert!(
            hidden.is_empty(),
            "{} are not shown: {:?}",
            hidden.len(),
            hidden.get(..20).unwrap_or(&hidden)
        );
    }

    /// Of what is the same for thousands of letters, a few are enough: Chinese, Korean, and those without a meaning.
    fn is_hardly_a_letter(letter: char) -> bool {
        let code = u32::from(letter);
        let is_one_of_many =
            matches!(code, 0x3400..=0x9fff | 0xac00..=0xd7a3 | 0x1_2000..=0x1_cfff | 0x2_0000..);
        is_one_of_many && code % 97 != 0
    }

    proptest! {
        #[test]
        fn nothing_panics_and_an_excerpt_is_a_part_of_its_text(text in "\\PC{0,300}", search in "\\PC{1,20}") {
            if let Ok(query) = query(&search)
                && let Some(excerpt) = excerpt([text.as_str()], &query)
            {
                let whole: String = excerpt.parts.iter().map(|part| part.text.as_str()).collect();
                prop_assert!(text.contains(&whole));
                prop_assert!(whole.chars().count() <= EXCERPT_CHARS_MAX);
                prop_assert!(excerpt.parts.iter().any(|part| part.is_found));
            }
        }

        #[test]
        fn whatever_is_found_by_a_text_of_its_own_is_shown(text in "\\PC{1,60}") {
            if let Ok(query) = query(&text) {
                prop_assert!(excerpt([text.as_str()], &query).is_some(), "{:?}", query);
            }
        }
    }
}
