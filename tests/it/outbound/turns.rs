//! Turns of conversations, as the database keeps them: what is asked for while one is taken.

use std::borrow::Cow;
use std::time::Duration;

use mongodb::bson::{Document, doc};
use pesan::domain::content::Content;
use pesan::domain::person::Person;
use pesan::domain::position::Position;
use pesan::domain::sending::Priority;
use pesan::storage::Storage;
use pesan::storage::outgoing::NewOutgoing;
use pesan::storage::workspaces::first_workspace;
use uuid::Uuid;

use crate::support::mongo::{self, database_name, storage};
use crate::support::ordeal::{arm, start_mongod};

const NUMBER: Uuid = Uuid::from_u128(1);
const CONVERSATION: Uuid = Uuid::from_u128(2);
const HOLDER: Uuid = Uuid::from_u128(3);
const NOW_MS: i64 = 1_795_248_000_000;
const LEASE_MS: i64 = 10_000;
/// Time enough for a turn to be taken and worked off.
const COMMIT_HELD_UP_FOR: Duration = Duration::from_secs(2);

fn message(nth: u128) -> NewOutgoing<'static> {
    let second = NOW_MS.div_euclid(1_000);
    NewOutgoing {
        id: Uuid::from_u128(100 + nth),
        workspace: first_workspace(),
        number: NUMBER,
        phone_number_id: "106540352242922",
        conversation: CONVERSATION,
        is_known: false,
        contact: None,
        addressee: None,
        group_id: None,
        position: Position::new(second, NOW_MS, 0, u32::try_from(nth).unwrap()),
        now_ms: NOW_MS,
        send_at_ms: None,
        priority: Priority::Reply,
        customer: Person::default(),
        content: Content::Text { body: Cow::Borrowed("Selamat pagi"), preview_url: false },
        reply_to: None,
        reaction: None,
        initiates: false,
        message: String::new(),
        by: "a test".to_owned(),
        idempotency_key: None,
        repeats: None,
        body_digest: String::new(),
    }
}

async fn ask(storage: &Storage, nth: u128) {
    assert!(storage.change_and_tell(&message(nth).told().unwrap(), NOW_MS).await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_asked_for_while_its_conversations_turn_is_taken_leaves() {
    let mongod = start_mongod(None).await;
    let storage = storage(mongod.uri(), "turns").await;
    let admin = mongodb::Client::with_uri_str(mongod.uri()).await.unwrap().database("admin");

    ask(&storage, 1).await;
    let hold_up = doc! {
        "failCommands": ["commitTransaction"], "appName": "pesan",
        "blockConnection": true, "blockTimeMS": i64::try_from(COMMIT_HELD_UP_FOR.as_millis()).unwrap(),
    };
    let held_up = arm(&admin, &hold_up, 1).await;
    let asking = tokio::spawn({
        let storage = storage.clone();
        async move { ask(&storage, 2).await }
    });
    held_up.all_happened().await;

    // The conversation is in line for the first message, and the second one is not there yet.
    let due = storage.due_turns(NUMBER, NOW_MS, 10).await.unwrap();
    assert_eq!(due, [CONVERSATION]);
    let claim = Uuid::from_u128(4);
    let mut turns = storage.claim_turns(&due, HOLDER, claim, LEASE_MS).await.unwrap();
    let turn = turns.pop().expect("nobody else has it");
    let seen = storage.open_outgoing(CONVERSATION, None, 10).await.unwrap().len();
    asking.await.unwrap();
    storage.release_turns(&[(turn, None)]).await.unwrap();

    let still_due = storage.due_turns(NUMBER, NOW_MS, 10).await.unwrap();
    assert!(seen == 2 || still_due == [CONVERSATION], "seen: {seen}, in line: {still_due:?}");
    storage.close().await;
    mongod.stop().await;
}

#[tokio::test]
async fn what_is_written_lasts_whatever_the_address_says() {
    let name = database_name();
    let uri = mongo::uri();
    let weak = format!("{uri}{}w=1&journal=false", if uri.contains('?') { '&' } else { '?' });
    let storage = storage(&weak, &name).await;
    let database = mongo::raw(&name).await;
    ask(&storage, 1).await;
    database.run_command(doc! { "profile": 2 }).await.unwrap();
    let turns = storage.claim_turns(&[CONVERSATION], HOLDER, Uuid::from_u128(4), LEASE_MS).await.unwrap();
    assert_eq!(turns.len(), 1);
    database.run_command(doc! { "profile": 0 }).await.unwrap();
    let profile = database.collection::<Document>("system.profile");
    let claim = profile.find_one(doc! { "command.findAndModify": "turns" }).await.unwrap().unwrap();
    let concern = claim.get_document("command").unwrap().get_document("writeConcern").unwrap();
    assert_eq!(*concern, doc! { "w": "majority", "j": true });
    storage.close().await;
    database.drop().await.unwrap();
}
