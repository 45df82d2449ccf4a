//! The catalogue against the reference, and its own rules.

use super::*;
use crate::domain::language::Language;

/// Every code that the reference names (2026-11-21: its tables and the text around them), as it names them.
const CODES: &[i64] = &[
    0, 1, 2, 3, 4, 10, 17, 32, 33, 100, 102, 190, 368, 458, 460, 463, 467, 613, 1026, 2500, 80_007, 80_008,
    130_403, 130_429, 130_472, 130_497, 131_000, 131_005, 131_008, 131_009, 131_016, 131_020, 131_021,
    131_026, 131_030, 131_031, 131_037, 131_041, 131_042, 131_044, 131_045, 131_047, 131_048, 131_049,
    131_050, 131_051, 131_052, 131_053, 131_055, 131_056, 131_057, 131_059, 131_060, 131_062, 131_063,
    131_064, 131_201, 131_202, 131_203, 131_204, 131_207, 131_208, 131_209, 131_210, 131_211, 131_212,
    131_213, 131_214, 131_215, 132_000, 132_001, 132_005, 132_007, 132_008, 132_012, 132_015, 132_016,
    132_018, 132_068, 132_069, 133_000, 133_004, 133_005, 133_006, 133_008, 133_009, 133_010, 133_015,
    133_016, 134_011, 134_100, 134_101, 134_102, 134_103, 135_000, 136_024, 137_000, 139_006, 141_002,
    1_752_041, 2_388_001, 2_388_012, 2_388_019, 2_388_023, 2_388_024, 2_388_040, 2_388_047, 2_388_072,
    2_388_073, 2_388_091, 2_388_093, 2_388_103, 2_388_293, 2_388_299, 2_494_100, 2_494_191, 2_593_079,
    2_593_085, 2_593_107, 2_593_108, 2_593_109,
];

/// Codes of the Graph API at large, and those that only Meta's interface description of v23 has.
const OTHERS: &[i64] =
    &[101, 104, 459, 464, 492, 803, 2200, 36_007, 36_008, 36_009, 136_025, 141_006, 141_010, 141_014];

/// The runs that it names by their ends.
const RUNS: &[(i64, i64)] = &[
    (200, 299),
    (138_000, 138_024),
    (139_000, 139_004),
    (139_100, 139_103),
    (147_001, 147_005),
    (200_005, 200_007),
    (2_494_164, 2_494_179),
];

fn fault(code: impl Into<Option<i64>>) -> Fault<'static> {
    Fault { code: code.into(), ..Fault::default() }
}

#[test]
fn every_code_of_the_reference_is_there() {
    let missing: Vec<i64> = CODES
        .iter()
        .chain(OTHERS)
        .copied()
        .chain(RUNS.iter().flat_map(|(first, last)| *first..=*last))
        .filter(|code| look_up(*code).is_none())
        .collect();
    assert_eq!(missing, Vec::<i64>::new());
}

#[test]
fn every_entry_is_of_the_reference_or_of_the_graph_api_at_large() {
    for entry in TABLE.iter() {
        for code in entry.first..=entry.last {
            let is_named = CODES.contains(&code)
                || RUNS.iter().any(|(first, last)| (*first..=*last).contains(&code))
                || OTHERS.contains(&code);
            assert!(is_named, "{code}");
        }
    }
}

#[test]
fn the_tables_are_sorted_and_no_code_stands_twice() {
    let check = |entries: &[&Entry], name: &str| {
        assert!(!entries.is_empty(), "{name}");
        for entry in entries {
            assert!(entry.first <= entry.last, "{name}: {}", entry.first);
        }
        for pair in entries.windows(2) {
            assert!(pair[0].last < pair[1].first, "{name}: {} and {}", pair[0].last, pair[1].first);
        }
    };
    check(&TABLE, "all");
    check(&range::ENTRIES.iter().collect::<Vec<_>>(), "ranges");
    for family in FAMILIES {
        check(&family.entries.iter().collect::<Vec<_>>(), family.name.en);
    }
}

#[test]
fn a_look_up_finds_the_entry_of_the_code_and_no_other() {
    for entry in TABLE.iter() {
        assert_eq!(look_up(entry.first), Some(*entry));
        assert_eq!(look_up(entry.last), Some(*entry));
    }
    for code in [i64::MIN, -1, 5, 199, 300, 130_428, 131_206, 139_005, 2_494_163, 2_494_180, i64::MAX] {
        assert_eq!(look_up(code), None, "{code}");
    }
}

/// Words of Meta's and of programmers that an agent need not know.
const JARGON: &[&str] =
    &["BSUID", "WABA", "PNID", "CSW", "OBO", "SDP", "API", "payload", "parameter", "cursor", "endpoint"];

/// What an Indonesian reader should not have to read, for there is an Indonesian word.
const NOT_INDONESIAN: &[&str] = &[
    "template",
    "access token",
    "account",
    "number",
    "customer",
    "business setting",
    "display name",
    "payment",
    "silahkan",
    "di karenakan",
    "nomer",
    "ijin",
    "resiko",
    "merubah",
    "jaman",
];

fn all_said() -> impl Iterator<Item = &'static Entry> {
    TABLE.iter().copied().chain(range::ENTRIES).chain([&range::UNKNOWN, &access::WRONG_APP_SECRET])
}

#[test]
fn every_sentence_is_one_plain_short_sentence_in_each_language() {
    for entry in all_said() {
        for (language, chars_max) in [(Language::English, 120), (Language::Indonesian, 125)] {
            for sentence in [entry.meaning, entry.advice].map(|words| words.in_language(language)) {
                let code = entry.first;
                let chars = sentence.chars().count();
                assert!(sentence.ends_with('.') && !sentence.contains(". "), "{code}: {sentence}");
                assert!(sentence.starts_with(|letter: char| letter.is_uppercase()), "{code}: {sentence}");
                assert!(chars <= chars_max, "{code}: {chars} letters: {sentence}");
                assert!(!sentence.contains(['|', '\n', '\\', '#', '*', '_']), "{code}: {sentence}");
                assert!(!sentence.contains("  "), "{code}: {sentence}");
                for word in JARGON {
                    assert!(!sentence.contains(word), "{code}: {word}: {sentence}");
                }
            }
        }
    }
}

#[test]
fn the_indonesian_is_indonesian_and_says_the_same_where_the_english_does() {
    let mut said: std::collections::HashMap<&str, &str> = std::collections::HashMap::new();
    for entry in all_said() {
        for words in [entry.meaning, entry.advice] {
            assert_ne!(words.en, words.id, "{}", entry.first);
            let lower = words.id.to_lowercase();
            for word in NOT_INDONESIAN {
                assert!(!lower.contains(word), "{}: {word}: {}", entry.first, words.id);
            }
            let before = *said.entry(words.en).or_insert(words.id);
            assert_eq!(before, words.id, "{}: {}", entry.first, words.en);
        }
    }
}

#[test]
fn who_must_act_fits_the_remedy() {
    for entry in all_said() {
        let fits = match entry.class {
            Class::Retry => entry.actor == Actor::Nobody,
            Class::FixToken => entry.actor == Actor::Admin,
            Class::ActOnAccount => entry.actor != Actor::Developer,
            Class::Wait | Class::Never | Class::ChangeRequest => true,
        };
        assert!(fits, "{}: {:?}, {:?}", entry.first, entry.class, entry.actor);
    }
    let actor = |code| look_up(code).unwrap().actor;
    assert_eq!(actor(131_047), Actor::Author);
    assert_eq!(actor(131_026), Actor::Customer);
    assert_eq!(actor(131_042), Actor::Business);
    assert_eq!(actor(133_010), Actor::Admin);
    assert_eq!(actor(132_000), Actor::Developer);
    assert_eq!(actor(138_013), Actor::Meta);
    assert_eq!(actor(131_049), Actor::Nobody);
}

#[test]
fn only_what_meta_itself_could_not_do_is_in_doubt() {
    let in_doubt: Vec<i64> =
        TABLE.iter().filter(|entry| entry.is_in_doubt).map(|entry| entry.first).collect();
    assert_eq!(in_doubt, [1, 2, 131_000, 131_016, 138_004, 138_007]);
    for entry in all_said().filter(|entry| entry.is_in_doubt) {
        assert_eq!(entry.class, Class::Retry, "{}", entry.first);
    }
}

#[test]
fn a_limit_that_refuses_at_the_door_is_sure_and_may_be_repeated() {
    for code in [4, 17, 613, 80_007, 80_008, 130_429, 131_056, 131_057] {
        let entry = look_up(code).unwrap();
        assert_eq!((entry.class, entry.is_in_doubt), (Class::Retry, false), "{code}");
    }
}

#[test]
fn a_subcode_of_a_vague_code_says_more_and_others_change_nothing() {
    let check = |code: i64, subcode: i64, expected: i64| {
        let fault = fault(code);
        let explanation = explain_answer(&fault, Some(subcode));
        let entry = look_up(expected).unwrap();
        assert_eq!((explanation.code, explanation.basis), (Some(code), Basis::Code), "{code}/{subcode}");
        assert_eq!(
            (explanation.meaning, explanation.class, explanation.actor),
            (entry.meaning, entry.class, entry.actor),
            "{code}/{subcode}"
        );
    };
    check(190, 460, 460);
    check(190, 463, 463);
    check(190, 492, 492);
    check(100, 33, 33);
    check(100, 2_388_024, 2_388_024);
    check(100, 36_007, 36_007);
    check(100, 2_446_079, 100);
    check(100, 2_388_999, 100);
    check(4, 2_390_008, 4);
    check(130_429, 33, 130_429);
    check(200, 1, 200);
}

#[test]
fn a_wrong_app_secret_is_no_mistake_of_the_message() {
    let check = |message: &'static str, class: Class, basis: Basis| {
        let fault = Fault { code: Some(100), message: Some(message.into()), ..Fault::default() };
        let explanation = explain(&fault);
        assert_eq!((explanation.code, explanation.class, explanation.basis), (Some(100), class, basis));
    };
    check("Invalid appsecret_proof provided in the API argument", Class::FixToken, Basis::Words);
    check("API calls from the server require an appsecret_proof argument", Class::FixToken, Basis::Words);
    check("(#100) Invalid parameter", Class::ChangeRequest, Basis::Code);
    let elsewhere =
        Fault { code: Some(131_009), message: Some("appsecret_proof".into()), ..Fault::default() };
    assert_eq!(explain(&elsewhere).class, Class::ChangeRequest);
}

#[test]
fn who_waits_is_said_how_long_or_has_no_fixed_time() {
    for entry in TABLE.iter() {
        match entry.class {
            // Meta ends these two when it finds the quality better.
            Class::Wait if [131_048, 131_064].contains(&entry.first) => assert_eq!(entry.pause, None),
            Class::Retry | Class::Wait => assert!(entry.pause.is_some(), "{}", entry.first),
            _ => assert_eq!(entry.pause, None, "{}", entry.first),
        }
    }
    let pause = |code| look_up(code).unwrap().pause;
    assert_eq!(pause(131_056), Some(Pause::PowersOfFour));
    assert_eq!(pause(131_049), Some(Pause::AtLeastS(86_400)));
    assert_eq!(pause(133_015), Some(Pause::AtLeastS(300)));
    assert_eq!(pause(133_016), Some(Pause::AtLeastS(259_200)));
    assert_eq!(pause(134_101), Some(Pause::AtLeastS(600)));
}

#[test]
fn an_unknown_code_is_judged_by_its_neighbours_and_else_fails_alone() {
    let check = |code: Option<i64>, basis: Basis, class: Class| {
        let fault = fault(code);
        let explanation = explain(&fault);
        assert_eq!(
            (explanation.code, explanation.basis, explanation.class),
            (code, basis, class),
            "{code:?}"
        );
    };
    check(Some(190), Basis::Code, Class::FixToken);
    check(Some(250), Basis::Code, Class::FixToken);
    check(Some(80_004), Basis::Neighbours, Class::Retry);
    check(Some(131_206), Basis::Neighbours, Class::ChangeRequest);
    check(Some(133_099), Basis::Neighbours, Class::ActOnAccount);
    check(Some(136_000), Basis::Neighbours, Class::ChangeRequest);
    check(Some(138_025), Basis::Neighbours, Class::ChangeRequest);
    check(Some(141_000), Basis::Neighbours, Class::ActOnAccount);
    check(Some(2_388_500), Basis::Neighbours, Class::ChangeRequest);
    check(Some(999), Basis::Nothing, Class::ChangeRequest);
    check(Some(-1), Basis::Nothing, Class::ChangeRequest);
    check(Some(i64::MIN), Basis::Nothing, Class::ChangeRequest);
    check(None, Basis::Nothing, Class::ChangeRequest);
}

#[test]
fn metas_words_are_all_there_and_each_once() {
    let check = |title: &'static str, message: &'static str, details: &'static str, expected: &str| {
        let part = |text: &'static str| (!text.is_empty()).then(|| text.into());
        for code in [Some(131_047), Some(999), None] {
            let fault = Fault {
                code,
                title: part(title),
                message: part(message),
                details: part(details),
                href: Some("https://example.org/errors".into()),
            };
            let explanation = explain(&fault);
            assert_eq!(explanation.meta_words, expected);
            assert_eq!(explanation.href, Some("https://example.org/errors"));
        }
    };
    check("", "", "", "");
    check("Rate limit hit", "", "", "Rate limit hit");
    check("Rate limit hit", "Rate limit hit", "", "Rate limit hit");
    check("Rate limit hit", "(#130429) Rate limit hit", "", "(#130429) Rate limit hit");
    check("Title", "Message.", "Details", "Title. Message. Details");
    check("Same", "Same", "Same", "Same");
    check("Long title here", "title", "", "Long title here. title");
    check(" ", "Message", "  Details  ", "Message. Details");
    check("Title", "Other", "Title", "Title. Other");
    check("no", "unknown", "now", "no. unknown. now");
    check("Title", "Why: Title", "More: Why: Title", "More: Why: Title");
}

#[test]
fn the_document_names_every_entry_in_each_language() {
    for language in Language::ALL {
        let document = document(language);
        for entry in TABLE.iter() {
            assert!(document.contains(&format!("\n| {}", entry.first)), "{language:?}: {}", entry.first);
            assert!(document.contains(entry.advice.in_language(language)), "{language:?}: {}", entry.first);
        }
        for class in Class::ALL {
            let name = class.name().in_language(language);
            assert!(document.contains(&format!("\n| {name} | ")), "{class:?}");
        }
        for actor in Actor::ALL {
            let name = actor.name().in_language(language);
            assert!(document.contains(&format!("\n| {name} | ")), "{actor:?}");
        }
        for line in document.lines().filter(|line| line.starts_with("| ")) {
            assert!([1, 5].contains(&line.matches(" | ").count()), "{line}");
        }
    }
}
