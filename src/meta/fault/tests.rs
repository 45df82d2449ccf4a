//! The catalogue against the reference, and its own rules.

use super::*;

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
                || code == 803;
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
        check(&family.entries.iter().collect::<Vec<_>>(), family.name);
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
    &["BSUID", "WABA", "PNID", "CSW", "OBO", "SDP", "API", "payload", "parameter", "cursor"];

#[test]
fn every_sentence_is_one_plain_short_sentence() {
    for entry in TABLE.iter().copied().chain(range::ENTRIES).chain([&range::UNKNOWN]) {
        for sentence in [entry.meaning, entry.advice] {
            let code = entry.first;
            assert!(sentence.ends_with('.') && !sentence.contains(". "), "{code}: {sentence}");
            assert!(sentence.starts_with(|letter: char| letter.is_uppercase()), "{code}: {sentence}");
            assert!(sentence.len() <= 120, "{code}: {} letters: {sentence}", sentence.len());
            assert!(!sentence.contains(['|', '\n', '\\', '#', '*', '_']), "{code}: {sentence}");
            for word in JARGON {
                assert!(!sentence.contains(word), "{code}: {word}: {sentence}");
            }
        }
    }
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
    check(Some(138_025), Basis::Neighbours, Class::ChangeRequest);
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
fn the_document_names_every_entry() {
    let document = document();
    for entry in TABLE.iter() {
        assert!(document.contains(&format!("\n| {}", entry.first)), "{}", entry.first);
    }
    for class in Class::ALL {
        assert!(document.contains(&format!("\n| {} | ", class.name())), "{class:?}");
    }
    let rows = document.lines().filter(|line| line.starts_with("| ")).map(|line| line.matches(" | ").count());
    assert!(rows.clone().all(|columns| columns == 1 || columns == 4), "{:?}", rows.collect::<Vec<_>>());
}
