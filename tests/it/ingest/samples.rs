//! Every webhook that Meta has published, and every one of our own, through the running service: each ends as typed
//! records, and the second time nothing changes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use pesan::domain::content::Content;
use pesan::domain::event::Event;
use pesan::domain::status::Outcome;
use pesan::ingest::verify::verify;
use pesan::meta::decode::{Item, decode};
use pesan::storage::workspaces::first_workspace;
use serde_json::Value;

use crate::support::app::TestApp;

/// The folders, with the number of files that each has at least.
const FOLDERS: &[(&str, usize)] = &[
    ("fixtures/meta/webhooks-openapi", 14),
    ("fixtures/meta/webhooks-2026", 31),
    ("fixtures/meta/webhooks-reference", 98),
    ("fixtures/webhook", 180),
];
/// The samples that end among what nobody understands, and why. Reviewed.
const UNRECOGNISED: &[(&str, &str)] = &[];
/// The samples that the dashboard's test button sends.
const TESTS: &[&str] = &["meta/webhooks-reference/tracking_events__value"];
/// What webhooks make, but for what is set aside.
const COLLECTIONS: &[&str] = &[
    "accounts",
    "aliases",
    "calls",
    "contacts",
    "conversations",
    "edits",
    "groups",
    "messages",
    "notices",
    "numbers",
    "statuses",
    "templates",
];

/// All samples by name. Meta's use the same message ids for different messages: here each file has its own.
pub fn samples() -> BTreeMap<String, String> {
    let mut samples = BTreeMap::new();
    for (folder, at_least) in FOLDERS {
        let mut count = 0;
        for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "json") {
                let name = path.file_stem().unwrap().to_str().unwrap();
                let name = format!("{}/{name}", folder.trim_start_matches("fixtures/"));
                let text = with_own_ids(&fs::read_to_string(&path).unwrap(), samples.len());
                assert_eq!(samples.insert(name.clone(), text), None, "{name} is there once");
                count += 1;
            }
        }
        assert!(count >= *at_least, "{folder} has {count} files");
    }
    samples
}

fn with_own_ids(text: &str, n: usize) -> String {
    let ids: BTreeSet<String> = decode(text.as_bytes())
        .iter()
        .filter_map(|item| match &item.event {
            Event::Message(message) => Some(message.wamid.to_string()),
            Event::Status(status) => Some(status.wamid.to_string()),
            Event::Call(call) => Some(call.call_id.to_string()),
            _ => None,
        })
        .collect();
    ids.iter().fold(text.to_owned(), |text, id| text.replace(&format!("\"{id}\""), &format!("\"{id}~{n}\"")))
}

pub async fn add_numbers(app: &TestApp, samples: &BTreeMap<String, String>) {
    for text in samples.values() {
        for item in decode(text.as_bytes()).iter().filter(|item| !item.is_test) {
            let account = item.account_id.as_deref();
            if let Some(id) = item.phone_number_id.as_deref() {
                app.storage.ensure_number(first_workspace(), id, account).await.unwrap();
            }
            if let Some(account) = account {
                let id = format!("a number of {account}");
                app.storage.ensure_number(first_workspace(), &id, Some(account)).await.unwrap();
            }
        }
    }
}

/// The stored state by collection, without when each name was last told: who is known already costs no write.
async fn state(app: &TestApp) -> BTreeMap<&'static str, Vec<Value>> {
    let mut state = BTreeMap::new();
    for collection in COLLECTIONS {
        state.insert(*collection, app.all(collection).await);
    }
    for contact in state.get_mut("contacts").unwrap() {
        for field in ["profileName", "waId", "phone", "username", "identityKey"] {
            if let Some(stamp) = contact.get_mut(field).and_then(Value::as_object_mut) {
                stamp.retain(|name, _| name == "value");
            }
        }
    }
    state
}

/// Where the item has to be, as a collection and what its document says.
fn expected(item: &Item<'_>) -> Option<(&'static str, String)> {
    let number = item.phone_number_id.as_deref().unwrap_or_default();
    Some(match &item.event {
        Event::Unrecognised { .. } => return None,
        Event::Message(message) => {
            let is_edit = matches!(
                message.content,
                Content::Reaction { .. } | Content::Edit { .. } | Content::Revoke { .. }
            );
            (if is_edit { "edits" } else { "messages" }, format!("{number}:{}", message.wamid))
        }
        Event::Status(status) if !matches!(status.outcome, Outcome::Call { .. }) => {
            ("statuses", format!("{number}:{}", status.key()))
        }
        // Its threads' messages have the raw JSON.
        Event::HistoryProgress { phase, chunk, percent, .. } if item.raw.is_none() => {
            ("notices", format!("{phase:?} {chunk:?} {percent:?}"))
        }
        _ => ("notices", item.raw.unwrap_or_default().to_owned()),
    })
}

/// By what the stored documents are found: see `expected`.
fn ids(state: &BTreeMap<&'static str, Vec<Value>>) -> BTreeSet<(&'static str, String)> {
    let mut ids = BTreeSet::new();
    for (collection, documents) in state {
        for document in documents {
            let progress = &document["event"]["historyProgress"];
            let id = match (*collection, document["raw"].as_str()) {
                ("notices", Some(raw)) => raw.to_owned(),
                ("notices", None) => {
                    let number = |field: &str| progress[field].as_i64();
                    format!("{:?} {:?} {:?}", number("phase"), number("chunk"), number("percent"))
                }
                _ => document["_id"].as_str().unwrap().to_owned(),
            };
            ids.insert((*collection, id));
        }
    }
    ids
}

#[tokio::test]
async fn every_sample_ends_as_typed_records_and_the_second_time_nothing_changes() {
    let samples = samples();
    let app = TestApp::start();
    add_numbers(&app, &samples).await;
    for text in samples.values() {
        app.take(std::slice::from_ref(text)).await;
    }
    app.settle().await;

    let first = state(&app).await;
    let ids = ids(&first);
    let (mut unrecognised, mut tests) = (Vec::new(), BTreeSet::new());
    for (name, text) in &samples {
        for item in decode(text.as_bytes()) {
            if item.is_test {
                tests.insert(name.as_str());
                continue;
            }
            match expected(&item) {
                Some((collection, id)) if ids.contains(&(collection, id.clone())) => {}
                _ => unrecognised.push((name.as_str(), format!("{:?}", item.event))),
            }
        }
    }
    let names: Vec<&str> = unrecognised.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, UNRECOGNISED.iter().map(|(name, _)| *name).collect::<Vec<_>>(), "{unrecognised:#?}");
    assert_eq!(tests.into_iter().collect::<Vec<_>>(), TESTS);
    assert_eq!(app.all("dead_letters").await, Vec::<Value>::new());
    assert_eq!(app.all("unrouted").await, Vec::<Value>::new());
    let kept = app.all("unrecognised").await.len();
    let files: BTreeSet<&str> = names.iter().copied().collect();
    assert_eq!(kept, files.len());
    for message in &first["messages"] {
        assert_ne!(message["kind"], "unrecognised", "{message:#?}");
        assert!(
            message["content"].is_string() || message["content"].as_object().unwrap().len() == 1,
            "{message:#?}"
        );
        assert!(message["contact"].is_string() && message["conversation"].is_string());
    }

    let told = app.told().await;
    let repeats = repeats(&app).await;
    for text in samples.values() {
        app.take(std::slice::from_ref(text)).await;
    }
    app.settle().await;
    for (collection, documents) in state(&app).await {
        for (now, before) in documents.iter().zip(&first[collection]) {
            assert_eq!(now, before, "{collection}");
        }
        assert_eq!(documents.len(), first[collection].len(), "{collection}");
    }
    assert_eq!(app.told().await, told, "nothing is told twice");
    assert!(self::repeats(&app).await > repeats + 300, "but repeats are counted");
    let account = verify(&app.storage, i64::MIN / 2, i64::MAX / 2).await.unwrap();
    assert!(account.is_complete(), "{account:#?}");
    assert_eq!((account.dead, account.unrouted, account.unrecognised), (0, 0, 0), "{account:#?}");
}

async fn repeats(app: &TestApp) -> u64 {
    let text = app.get("/metrics").await.text().await.unwrap();
    let repeats =
        text.lines().filter(|line| line.starts_with("pesan_ingest_items_total") && line.contains("repeat"));
    repeats.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum()
}
