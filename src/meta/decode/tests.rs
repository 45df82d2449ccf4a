//! Every published sample becomes typed events, leaf by leaf; no input panics and none is lost.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use proptest::prelude::*;
use serde_json::Value;

use super::{Item, decode};
use crate::domain::content::{Content, SystemChange};
use crate::domain::event::{Event, Why};
use crate::domain::message::{Message, Origin};
use crate::domain::status::{Outcome, Step};
use crate::meta::wire;

const FOLDERS: &[&str] = &["fixtures/meta/webhooks-openapi", "fixtures/meta/webhooks-2026"];

/// Leaves that are kept as JSON and not typed further: parts of what a business itself sent, repeated in an echo.
const KEPT_AS_JSON: &[(&str, &str)] = &[
    ("/message/template/components/", "a send request's own parameters, as another partner sent them"),
    ("/template/components/", "the whole template as stored at Meta; templates are synced by their own call"),
    ("/message/interactive/action/parameters/", "differs by kind of interactive message"),
];

fn samples() -> BTreeMap<String, String> {
    let mut samples = BTreeMap::new();
    for folder in FOLDERS {
        for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap().flatten() {
            let name = entry.file_name().into_string().unwrap();
            samples.insert(name, fs::read_to_string(entry.path()).unwrap());
        }
    }
    assert!(samples.len() >= 47, "the samples are there: {}", samples.len());
    samples
}

fn sample(name: &str) -> String {
    samples().remove(&format!("{name}.json")).unwrap()
}

/// The leaves of a JSON value by path; a number and its text are the same leaf.
fn leaves(value: &Value, path: &str, found: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                leaves(value, &format!("{path}/{key}"), found);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                leaves(value, &format!("{path}/{index}"), found);
            }
        }
        Value::String(text) => drop(found.insert(path.to_owned(), text.clone())),
        Value::Number(number) => {
            drop(found.insert(path.to_owned(), number.as_f64().unwrap().to_string()));
        }
        Value::Bool(truth) => drop(found.insert(path.to_owned(), truth.to_string())),
        Value::Null => {}
    }
}

fn same_leaf(a: &str, b: &str) -> bool {
    a == b
        || matches!((a.parse::<f64>(), b.parse::<f64>()), (Ok(a), Ok(b)) if (a - b).abs() < f64::EPSILON * a.abs())
}

/// Replaces the raw items of an array by what their type has taken.
macro_rules! typed_items {
    ($typed:expr, $($key:literal => $shape:ident),* $(,)?) => {
        $(
            if let Some(items) = $typed.get_mut($key).and_then(Value::as_array_mut) {
                for item in items {
                    let text = item.to_string();
                    let read: wire::$shape<'_> = serde_json::from_str(&text).unwrap();
                    *item = serde_json::to_value(read).unwrap();
                }
            }
        )*
    };
}

/// What the types take of a value of that field.
fn taken(field: &str, raw: &str) -> Value {
    macro_rules! as_shape {
        ($shape:ident) => {
            serde_json::to_value(serde_json::from_str::<wire::$shape<'_>>(raw).unwrap()).unwrap()
        };
    }
    match field {
        "messaging_handovers" => as_shape!(Handover),
        "business_username_updates" => as_shape!(UsernameUpdate),
        "account_update" => as_shape!(AccountUpdate),
        _ if field.contains("template") => as_shape!(TemplateNews),
        _ => {
            let mut typed = as_shape!(Value);
            typed_items!(typed,
                "contacts" => Contact, "messages" => Message, "message_echoes" => Message, "statuses" => Status,
                "errors" => Fault, "calls" => Call, "groups" => Group, "state_sync" => StateSync,
                "history" => HistoryChunk, "user_preferences" => UserPreference, "user_id_update" => UserIdUpdate,
            );
            for chunk in typed["history"].as_array_mut().into_iter().flatten() {
                for thread in chunk["threads"].as_array_mut().into_iter().flatten() {
                    typed_items!(thread, "messages" => Message);
                }
            }
            if let Some(standby) = typed.get_mut("standby").filter(|standby| standby.is_object()) {
                typed_items!(standby,
                    "contacts" => Contact, "messages" => Message, "statuses" => Status,
                    "message_echoes" => StandbyEcho,
                );
            }
            typed
        }
    }
}

#[test]
fn every_leaf_of_every_published_sample_lands_in_a_typed_field() {
    let mut used = vec![false; KEPT_AS_JSON.len()];
    for (name, text) in samples() {
        let body: Value = serde_json::from_str(&text).unwrap();
        for change in
            body["entry"].as_array().unwrap().iter().flat_map(|entry| entry["changes"].as_array().unwrap())
        {
            let field = change["field"].as_str().unwrap();
            let (mut expected, mut found) = (BTreeMap::new(), BTreeMap::new());
            leaves(&change["value"], "", &mut expected);
            leaves(&taken(field, &change["value"].to_string()), "", &mut found);
            for (path, leaf) in expected {
                if let Some(row) = KEPT_AS_JSON.iter().position(|(part, _)| path.contains(part)) {
                    used[row] = true;
                    continue;
                }
                let taken = found.get(&path).unwrap_or_else(|| panic!("{name}: {path} is in no typed field"));
                assert!(same_leaf(taken, &leaf), "{name}: {path} is {leaf}, and was taken as {taken}");
            }
        }
    }
    assert!(used.iter().all(|used| *used), "a row of KEPT_AS_JSON is needed by no sample: {used:?}");
}

#[test]
fn every_published_sample_is_recognised_and_routed() {
    for (name, text) in samples() {
        let items = decode(text.as_bytes());
        assert!(!items.is_empty(), "{name}");
        for item in &items {
            assert!(!matches!(item.event, Event::Unrecognised { .. }), "{name}: {item:?}");
            if let Event::Message(message) = &item.event {
                assert!(!matches!(message.content, Content::Unrecognised { .. }), "{name}: {message:?}");
                assert!(
                    message.customer.is_identified() || message.group_id.is_some(),
                    "{name}: {message:?}"
                );
            }
            assert!(item.account_id.is_some(), "{name}");
        }
    }
}

fn message<'a>(item: &'a Item<'a>) -> &'a Message<'a> {
    match &item.event {
        Event::Message(message) => message,
        event => panic!("not a message: {event:?}"),
    }
}

#[test]
fn a_text_message_is_what_it_says() {
    let body = sample("Text_Message");
    let items = decode(body.as_bytes());
    assert_eq!(items.len(), 1);
    let item = &items[0];
    assert_eq!(item.phone_number_id.as_deref(), Some("106540352242922"));
    assert_eq!(item.account_id.as_deref(), Some("419561257915477"));
    let message = message(item);
    assert_eq!(message.at_s, 1_749_416_383);
    assert_eq!(message.customer.wa_id.as_deref(), Some("16505551234"));
    assert_eq!(message.customer.name.as_deref(), Some("Sheena Nelson"));
    assert_eq!(
        message.content,
        Content::Text { body: "Does it come in another color?".into(), preview_url: false }
    );
    assert!(serde_json::from_str::<Value>(item.raw.unwrap()).unwrap()["id"].is_string());
}

#[test]
fn a_person_without_a_phone_number_is_found_by_user_id() {
    let body = sample("bsuid__contacts_shared_vcard_no_wa_id");
    let items = decode(body.as_bytes());
    let customer = &message(&items[0]).customer;
    assert_eq!(
        (customer.wa_id.as_deref(), customer.user_id.as_deref()),
        (None, Some("US.13491208655302741918"))
    );
    assert_eq!(customer.username.as_deref(), Some("pablomorales"));
}

#[test]
fn a_from_that_is_written_otherwise_keeps_the_contacts_wa_id() {
    let body = br#"{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"messages","value":{
        "metadata":{"phone_number_id":"2"},"contacts":[{"wa_id":"5511987654321","profile":{"name":"Ana"}}],
        "messages":[{"from":"551187654321","id":"wamid.1","timestamp":"1","type":"text","text":{"body":"oi"}}]}}]}]}"#;
    let items = decode(body);
    let customer = &message(&items[0]).customer;
    assert_eq!(customer.wa_id.as_deref(), Some("5511987654321"));
    assert_eq!(customer.phone.as_deref(), Some("551187654321"));
}

#[test]
fn two_messages_with_one_contact_entry_are_not_mixed_up() {
    let body = br#"{"entry":[{"id":"1","changes":[{"field":"messages","value":{"metadata":{"phone_number_id":"2"},
        "contacts":[{"wa_id":"62811","user_id":"ID.1","profile":{"name":"Budi"}},
                    {"wa_id":"62822","user_id":"ID.2","profile":{"name":"Siti"}}],
        "messages":[{"from":"62822","from_user_id":"ID.2","id":"wamid.2","timestamp":"1","type":"text","text":{"body":"b"}},
                    {"from":"62811","from_user_id":"ID.1","id":"wamid.1","timestamp":"1","type":"text","text":{"body":"a"}},
                    {"from":"62833","id":"wamid.3","timestamp":"1","type":"text","text":{"body":"c"}}]}}]}]}"#;
    let items = decode(body);
    let names: Vec<_> = items.iter().map(|item| message(item).customer.name.as_deref()).collect();
    assert_eq!(names, [Some("Siti"), Some("Budi"), None]);
}

#[test]
fn group_statuses_name_their_participants_whatever_the_spelling() {
    let body = sample("messages__group_statuses_aggregated_quirks");
    let items = decode(body.as_bytes());
    let statuses: Vec<_> = items
        .iter()
        .map(|item| match &item.event {
            Event::Status(status) => status,
            event => panic!("{event:?}"),
        })
        .collect();
    let participants: Vec<_> = statuses.iter().map(|status| status.recipient.wa_id.as_deref()).collect();
    assert_eq!(participants, [Some("16505551234"), Some("16505551235"), Some("16505551236")]);
    assert!(statuses.iter().all(|status| status.group_id.is_some() && status.pricing.is_some()));
    assert_eq!(statuses[2].outcome, Outcome::Message(Step::Delivered));
    let mut keys: Vec<String> = statuses.iter().map(|status| status.key()).collect();
    keys.dedup();
    assert_eq!(keys.len(), 3);
}

#[test]
fn the_past_tells_who_wrote_what() {
    let body = br#"{"entry":[{"id":"1","changes":[{"field":"history","value":{
        "metadata":{"display_phone_number":"15550783881","phone_number_id":"2"},
        "history":[{"metadata":{"phase":0,"chunk_order":1,"progress":55},"threads":[{"id":"16505551234","messages":[
            {"from":"15550783881","id":"wamid.a","timestamp":"1","type":"text","text":{"body":"out"},"history_context":{"status":"READ"}},
            {"from":"16505551234","id":"wamid.b","timestamp":"2","type":"media_placeholder","history_context":{"status":"PLAYED"}},
            {"id":"wamid.c"}]}]}]}}]}]}"#;
    let items = decode(body);
    assert!(matches!(items[0].event, Event::HistoryProgress { percent: Some(55), .. }));
    assert_eq!(message(&items[1]).origin, Origin::History { outbound: true, status: Some("READ".into()) });
    assert_eq!(message(&items[2]).origin, Origin::History { outbound: false, status: Some("PLAYED".into()) });
    assert_eq!(message(&items[1]).customer.wa_id.as_deref(), Some("16505551234"));
    assert_eq!(items[3].event, Event::Unrecognised { why: Why::NoKey });
}

#[test]
fn standby_and_echoes_are_marked() {
    let body = sample("routing__standby_text_echo");
    let items = decode(body.as_bytes());
    assert!(items[0].is_standby);
    let echo = message(&items[0]);
    assert_eq!((&echo.origin, echo.customer.wa_id.as_deref()), (&Origin::Echo, Some("16505551234")));
    assert!(echo.context.as_ref().unwrap().wamid.is_some());
    let body = sample("bsuid__smb_message_echoes");
    let items = decode(body.as_bytes());
    assert_eq!(message(&items[0]).customer.username.as_deref(), Some("realsheenanelson"));
}

#[test]
fn a_changed_number_and_a_changed_id_are_told_apart() {
    let change = |name: &str| {
        let body = sample(name);
        let items = decode(body.as_bytes());
        match &message(&items[0]).content {
            Content::System(system) => format!("{:?}", system.change),
            content => panic!("{content:?}"),
        }
    };
    assert_eq!(
        change("System_Message"),
        format!("{:?}", SystemChange::Number { new_wa_id: Some("12195555358".into()) })
    );
    assert!(change("bsuid__system_user_changed_user_id").starts_with("UserId"));
}

#[test]
fn what_is_odd_is_kept_and_harms_no_neighbour() {
    let check = |body: &str, expected: &[Option<Why>]| {
        let items = decode(body.as_bytes());
        let whys: Vec<Option<Why>> = items
            .iter()
            .map(|item| match item.event {
                Event::Unrecognised { why } => Some(why),
                _ => None,
            })
            .collect();
        assert_eq!(whys, expected, "{body}");
        assert!(
            items.iter().all(|item| item.raw.is_some() || !matches!(item.event, Event::Unrecognised { .. }))
        );
    };
    check("", &[Some(Why::NotJson)]);
    check("{\"entry\":", &[Some(Why::NotJson)]);
    check("[]", &[Some(Why::Shape)]);
    check("{}", &[Some(Why::Empty)]);
    check(r#"{"entry":7}"#, &[Some(Why::Shape)]);
    check(
        r#"{"entry":[7,{"id":"1"},{"changes":[8,{"field":"x","value":{}}]}]}"#,
        &[Some(Why::Shape), Some(Why::Empty), Some(Why::Shape), Some(Why::Field)],
    );
    check(
        r#"{"entry":[{"changes":[{"field":"messages","value":{"messages":[
        7,{"id":"w","timestamp":"x"},{"id":"w","timestamp":"1","type":"text","text":{"body":"ok"}},{"timestamp":"1"}]}}]}]}"#,
        &[Some(Why::Shape), Some(Why::Shape), None, Some(Why::NoKey)],
    );
    check(r#"{"entry":[{"changes":[{"field":"messages","value":{"metadata":{}}}]}]}"#, &[Some(Why::Empty)]);
    let deep = format!(
        r#"{{"entry":[{{"changes":[{{"field":"messages","value":{{"messages":[{}{}]}}}}]}}]}}"#,
        "[".repeat(5_000),
        "]".repeat(5_000)
    );
    assert_eq!(decode(deep.as_bytes()).len(), 1);
    let not_text = decode(b"{\"entry\":[\xff]}");
    assert_eq!(
        (not_text[0].event.clone(), not_text[0].raw),
        (Event::Unrecognised { why: Why::NotJson }, None)
    );
}

#[test]
fn a_kind_or_status_of_tomorrow_is_a_message_or_status_all_the_same() {
    let body = br#"{"entry":[{"id":"1","changes":[{"field":"messages","value":{"messages":[
        {"from":"62811","id":"w1","timestamp":1,"type":"hologram","hologram":{"a":1}},
        {"from":"62811","id":"w2","timestamp":1,"type":"interactive"}],
        "statuses":[{"id":"w3","status":"imagined","timestamp":"2","recipient_id":"62811"}]}}]}]}"#;
    let items = decode(body);
    assert_eq!(message(&items[0]).content, Content::Unrecognised { kind: Some("hologram".into()) });
    assert_eq!(message(&items[1]).content, Content::Unrecognised { kind: Some("interactive".into()) });
    assert!(
        matches!(&items[2].event, Event::Status(status) if matches!(status.outcome, Outcome::Unrecognised { .. }))
    );
}

#[test]
fn the_dashboards_test_button_is_recognised() {
    let body = sample("Text_Message");
    assert!(!decode(body.as_bytes())[0].is_test);
    let test = body.replace("106540352242922", "123456123");
    assert!(decode(test.as_bytes())[0].is_test);
    let test = body.replace("419561257915477", "0");
    assert!(decode(test.as_bytes())[0].is_test);
}

proptest! {
    #[test]
    fn no_bytes_panic_and_none_are_without_an_item(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(!decode(&bytes).is_empty());
    }

    #[test]
    fn no_mutated_sample_panics(which in 0_usize..47, at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>()) {
        let samples = samples();
        let mut bytes = samples.values().nth(which).unwrap().clone().into_bytes();
        let at = at.index(bytes.len());
        if cut { bytes.truncate(at) } else { bytes[at] = byte }
        prop_assert!(!decode(&bytes).is_empty());
    }
}
