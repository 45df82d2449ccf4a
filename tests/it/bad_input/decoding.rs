//! Decoding under bad input, without the service around it.

use pesan::domain::event::Event;
use pesan::meta::decode::{Item, decode};
use serde_json::value::RawValue;

use super::coverage;
use super::mutation::{Corpus, Mutated, Random, mutated};

const SEED: u64 = 0x5E5A;
const BODIES: u64 = 4_000;
const NEIGHBOURS: u64 = 1_500;

#[test]
fn no_mutated_fixture_panics_and_nothing_of_it_is_lost() {
    let corpus = Corpus::read();
    let mut typed = 0;
    for number in 0..BODIES {
        let Mutated { mutation, body, .. } = mutated(&corpus, &mut Random::new(SEED, number));
        let items = decode(&body);
        let faults = coverage::faults(&body, &items);
        assert!(faults.is_empty(), "body {number}, {mutation:?}: {faults:#?}");
        typed += items.iter().filter(|item| !matches!(item.event, Event::Unrecognised { .. })).count();
    }
    // Most of what is spoilt in one place is sound in all others.
    assert!(typed > 2_000, "{typed} typed items");
}

/// The check of the other tests can fail.
#[test]
fn an_item_that_is_taken_away_is_missed() {
    let mut taken_away = 0;
    for original in Corpus::read().0 {
        let items = decode(original.text.as_bytes());
        assert_eq!(coverage::faults(original.text.as_bytes(), &items), [""; 0]);
        for at in 0..items.len() {
            let mut fewer = items.clone();
            fewer.remove(at);
            fewer.iter_mut().zip(0..).for_each(|(item, index)| item.index = index);
            let faults = coverage::faults(original.text.as_bytes(), &fewer);
            assert!(!faults.is_empty(), "{:?} in {}", items[at], original.text);
            taken_away += 1;
        }
    }
    assert!(taken_away > 300, "{taken_away} items");
}

/// What an item says, without its place.
fn says<'a>(items: &[Item<'a>]) -> Vec<(Option<&'a str>, Event<'a>)> {
    items.iter().map(|item| (item.raw, item.event.clone())).collect()
}

#[test]
fn a_spoilt_entry_change_or_message_harms_no_neighbour() {
    let corpus = Corpus::read();
    let message = |name: &str| {
        format!(
            r#"{{"from":"6281298765401","id":"wamid.{name}","timestamp":"1795248000","type":"text","text":{{"body":"{name} 🌺"}}}}"#
        )
    };
    let (first, last) = (message("first"), message("last"));
    let mut tried = 0;
    for number in 0..NEIGHBOURS {
        let Mutated { mutation, body: spoilt, .. } = mutated(&corpus, &mut Random::new(SEED + 1, number));
        let Some(spoilt) = std::str::from_utf8(&spoilt).ok().filter(|text| is_json(text)) else { continue };
        tried += 1;
        for body in [
            format!(r#"{{"entry":[{0},{spoilt},{1}]}}"#, entry(&first), entry(&last)),
            format!(
                r#"{{"entry":[{{"id":"1","changes":[{0},{spoilt},{1}]}}]}}"#,
                change(&first),
                change(&last)
            ),
            format!(r#"{{"entry":[{}]}}"#, entry(&format!("{first},{spoilt},{last}"))),
        ] {
            let items = decode(body.as_bytes());
            let faults = coverage::faults(body.as_bytes(), &items);
            assert!(faults.is_empty(), "body {number}, {mutation:?}: {faults:#?}");
            for message in [&first, &last] {
                let alone = format!(r#"{{"entry":[{}]}}"#, entry(message));
                let alone = decode(alone.as_bytes());
                let there = says(&items).into_iter().filter(|item| *item == says(&alone)[0]).count();
                assert_eq!(
                    there,
                    1,
                    "body {number}, {mutation:?}: {message} in {}",
                    &body[..body.len().min(2_000)]
                );
            }
        }
    }
    assert!(tried > 500, "{tried} of them were JSON");
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<&RawValue>(text).is_ok()
}

fn change(messages: &str) -> String {
    format!(
        r#"{{"field":"messages","value":{{"metadata":{{"phone_number_id":"2"}},"messages":[{messages}]}}}}"#
    )
}

fn entry(messages: &str) -> String {
    format!(r#"{{"id":"1","changes":[{}]}}"#, change(messages))
}
