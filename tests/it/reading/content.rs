//! Every message that Meta has published, and every one of our own, comes back as a type of its own.

use std::collections::{BTreeMap, BTreeSet};

use pesan::auth::Role;
use serde_json::{Value, json};

use super::{Reader, nodes, operation};
use crate::ingest::samples::{add_numbers, samples};
use crate::support::app::TestApp;

/// The types that a sample has to bring. Reactions, edits and revokes show on their message.
const TYPES: &[&str] = &[
    "AUDIO",
    "BUTTON",
    "BUTTON_REPLY",
    "CALL_PERMISSION",
    "CONTACTS",
    "DOCUMENT",
    "FORM_REPLY",
    "IMAGE",
    "INTERACTIVE",
    "LIST_REPLY",
    "LOCATION",
    "MEDIA_PLACEHOLDER",
    "ORDER",
    "PAYMENT_METHOD",
    "REQUEST_WELCOME",
    "STICKER",
    "SYSTEM",
    "TEMPLATE",
    "TEXT",
    "UNSUPPORTED",
    "VIDEO",
];

fn screaming(kind: &str) -> String {
    let mut name = String::new();
    for letter in kind.chars() {
        if letter.is_ascii_uppercase() {
            name.push('_');
        }
        name.push(letter.to_ascii_uppercase());
    }
    name
}

fn strings(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => {
            found.insert(text.clone());
        }
        Value::Array(values) => values.iter().for_each(|value| strings(value, found)),
        Value::Object(fields) => fields.values().for_each(|value| strings(value, found)),
        _ => {}
    }
}

#[tokio::test]
async fn every_sample_message_comes_back_as_its_type_with_all_its_words() {
    let samples = samples();
    let app = TestApp::start();
    add_numbers(&app, &samples).await;
    let bodies: Vec<String> = samples.into_values().collect();
    app.take(&bodies).await;
    app.settle().await;

    let reader = Reader::new(&app, Role::Viewer).await;
    let mut found: BTreeMap<String, Value> = BTreeMap::new();
    let mut after = Value::Null;
    loop {
        let data = reader.data(&operation("conversations"), json!({ "first": 100, "after": after })).await;
        for conversation in nodes(&data["conversations"]) {
            let variables = json!({ "conversationId": conversation["id"], "first": 100 });
            let page = reader.data(&operation("messages"), variables).await;
            assert_eq!(page["messages"]["pageInfo"]["hasNextPage"], false);
            for message in nodes(&page["messages"]) {
                let id = message["id"].as_str().unwrap().to_owned();
                assert!(found.insert(id.clone(), message).is_none(), "{id} is in one conversation");
            }
        }
        let page = &data["conversations"]["pageInfo"];
        if page["hasNextPage"] == false {
            break;
        }
        after = page["endCursor"].clone();
    }

    let stored = app.all("messages").await;
    assert!(stored.len() > 130, "{}", stored.len());
    let mut types = BTreeSet::new();
    for message in &stored {
        let id = message["_id"].as_str().unwrap();
        let shown = found.remove(id).unwrap_or_else(|| panic!("{id} is in no conversation: {message:#}"));
        let kind = shown["content"]["type"].as_str().unwrap();
        let edited = !shown["edited"].is_null();
        let first = if edited { &shown["edited"]["original"] } else { &shown["content"] };
        assert_eq!(first["type"], screaming(message["kind"].as_str().unwrap()), "{message:#}");
        assert_eq!(shown["direction"] == "INBOUND", message["inbound"] == true);
        assert_eq!(shown["messageId"], message["wamid"]);
        assert!(shown["content"]["mediaUrl"].is_null() && shown["isAutomated"] == false);
        types.insert(kind.to_owned());
        if !edited {
            every_word_is_there(message, &shown["content"]);
        }
    }
    assert_eq!(found.len(), 0, "{found:#?}");
    assert_eq!(types, TYPES.iter().map(|name| (*name).to_owned()).collect());
}

/// What is kept of the content and not shown, or under another name.
const NOT_SHOWN: &[&str] = &[
    "url",
    "link",
    "middleName",
    "prefix",
    "suffix",
    "origin",
    "faults",
    "kind",
    "parentUserId",
    "waId",
    "href",
];

fn prune(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| !NOT_SHOWN.contains(&name.as_str()));
            fields.values_mut().for_each(prune);
        }
        Value::Array(values) => values.iter_mut().for_each(prune),
        _ => {}
    }
}

fn every_word_is_there(stored: &Value, shown: &Value) {
    let mut words = BTreeSet::new();
    let mut content = stored["content"].clone();
    prune(&mut content);
    if content.is_object() {
        strings(&content.as_object().unwrap().values().cloned().collect(), &mut words);
    }
    let mut told = BTreeSet::new();
    strings(shown, &mut told);
    // A kind of change is told by an enum.
    for word in words.iter().filter(|word| !word.is_empty() && *word != "identity") {
        assert!(told.contains(word), "{word:?} is not in {shown:#}");
    }
}
