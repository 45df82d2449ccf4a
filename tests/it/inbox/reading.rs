//! The unread count: exact, whoever marks and whatever comes meanwhile.

use std::sync::atomic::{AtomicBool, Ordering};

use mongodb::bson::{Document, doc};
use serde_json::{Value, json};

use super::{AT_S, BUDI, Desk, of};
use crate::support::mongo;
use crate::support::webhook::{body, echo, inbound, text};

/// How many messages of the customer lie behind the mark.
async fn behind_the_mark(desk: &Desk) -> i64 {
    let conversation = desk.app.only("conversations").await;
    let mark =
        conversation.get("read").map(|read| (read["at"].as_i64().unwrap(), read["order"].as_i64().unwrap()));
    let messages = desk.app.all("messages").await;
    let behind = messages.iter().filter(|one| {
        let place = (one["at"].as_i64().unwrap(), one["order"].as_i64().unwrap());
        one["source"] == "customer" && mark.is_none_or(|mark| place > mark)
    });
    i64::try_from(behind.count()).unwrap()
}

fn message_id(wamid: &str) -> String {
    format!("{}:{wamid}", crate::support::webhook::PHONE_NUMBER_ID)
}

#[tokio::test]
async fn what_lies_behind_the_mark_is_unread_and_nothing_else() {
    let desk = Desk::start().await;
    let mut conversation = String::new();
    for n in 1..=5 {
        conversation = desk.hear(&format!("wamid.{n}"), AT_S + n).await;
    }
    let read = desk.mark_read(&conversation, Some(&message_id("wamid.3"))).await;
    assert_eq!((&read["unreadCount"], read["readAt"].is_string()), (&json!(2), true));
    assert_eq!(desk.mark_read(&conversation, Some(&message_id("wamid.1"))).await["unreadCount"], 2);
    assert_eq!(desk.unread().await, 2, "a mark never goes back");
    assert_eq!(desk.mark_read(&conversation, None).await["unreadCount"], 0);
    assert_eq!(desk.mark_read(&conversation, None).await["unreadCount"], 0);
    assert_eq!(desk.told().await, ["read", "read"], "what changes nothing is not told");

    // The same webhook once more, and what the business itself says, count nothing.
    desk.app.take_changes(&[inbound(BUDI, "wamid.5", AT_S + 5, text("wamid.5"))]).await;
    desk.app.take_changes(&[echo(BUDI, "wamid.own", AT_S + 6, text("kami"))]).await;
    assert_eq!(desk.unread().await, 0);
    // A mark may be at our own message: it means what the customer wrote before it.
    desk.hear("wamid.6", AT_S + 7).await;
    desk.app.take_changes(&[echo(BUDI, "wamid.own2", AT_S + 8, text("kami"))]).await;
    desk.hear("wamid.7", AT_S + 9).await;
    let read = desk.mark_read(&conversation, Some(&message_id("wamid.own2"))).await;
    assert_eq!(read["unreadCount"], 1);
    // One that comes late has been seen by nobody.
    desk.hear("wamid.late", AT_S + 2).await;
    assert_eq!(desk.unread().await, 2);
    assert_eq!(desk.mark_read(&conversation, Some(&message_id("wamid.7"))).await["unreadCount"], 0);
}

#[tokio::test]
async fn a_conversation_is_marked_unread_by_its_last_message() {
    let desk = Desk::start().await;
    for n in 1..=3 {
        desk.hear(&format!("wamid.{n}"), AT_S + n).await;
    }
    let conversation = desk.conversation().await;
    let unread = |one: Value| one["unreadCount"].as_i64().unwrap();
    assert_eq!(unread(desk.done("markConversationUnread", of(&conversation)).await), 3, "as it is");
    desk.mark_read(&conversation, None).await;
    assert_eq!(unread(desk.done("markConversationUnread", of(&conversation)).await), 1);
    desk.hear("wamid.4", AT_S + 4).await;
    assert_eq!(desk.unread().await, 2);
    assert_eq!(unread(desk.mark_read(&conversation, Some(&message_id("wamid.3"))).await), 1);
    assert_eq!(unread(desk.mark_read(&conversation, None).await), 0);
    assert_eq!(desk.told().await, ["read", "unread", "read", "read"]);

    // Where the customer has written nothing there is nothing to read.
    let siti = crate::support::webhook::Customer { wa_id: "628222", user_id: "ID.222", name: "Siti" };
    desk.app.take_changes(&[echo(siti, "wamid.own", AT_S, text("halo"))]).await;
    let conversations = desk.app.all("conversations").await;
    let silent = conversations.iter().find(|one| one.get("lastInboundAt").is_none()).unwrap();
    let silent = uuid::Uuid::parse_str(silent["_id"].as_str().unwrap()).unwrap().to_string();
    assert_eq!(desk.refused("markConversationUnread", of(&silent)).await.0, "WRONG_STATE");
    assert_eq!(unread(desk.mark_read(&silent, None).await), 0);
}

#[tokio::test]
async fn what_is_read_before_it_is_counted_is_not_unread_afterwards() {
    let desk = Desk::start().await;
    for n in 1..=3 {
        desk.hear(&format!("wamid.{n}"), AT_S + n).await;
    }
    let conversation = desk.conversation().await;
    // As it is in the moment between the storing of the last message and its fold.
    let database = mongo::raw(&desk.app.database).await;
    let (lanes, conversations) =
        (database.collection::<Document>("lanes"), database.collection::<Document>("conversations"));
    let fold = async |by: i64| {
        lanes.update_many(doc! {}, doc! { "$inc": { "folded": by } }).await.unwrap();
        conversations.update_one(doc! {}, doc! { "$inc": { "unread": by, "messages": by } }).await.unwrap();
    };
    fold(-1).await;
    assert_eq!(desk.unread().await, 2);
    let read = desk.mark_read(&conversation, Some(&message_id("wamid.3"))).await;
    assert_eq!((read["unreadCount"].as_i64(), desk.unread().await), (Some(0), -1));
    desk.mark_read(&conversation, None).await;
    assert_eq!(desk.unread().await, -1, "the same again takes nothing off again");
    fold(1).await;
    assert_eq!((desk.unread().await, behind_the_mark(&desk).await), (0, 0));
    desk.hear("wamid.4", AT_S + 4).await;
    assert_eq!(desk.unread().await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_count_stays_exact_while_webhooks_come_and_two_agents_read() {
    let desk = Desk::start().await;
    let conversation = desk.hear("wamid.0", AT_S).await;
    let is_done = AtomicBool::new(false);
    let come = async {
        for n in 1..=600_i64 {
            // On a busy machine they read seldom.
            if n > 60 && desk.told().await.len() > 3 {
                break;
            }
            let said = inbound(BUDI, &format!("wamid.{n}"), AT_S + n, text("halo"));
            desk.app.take(&[body(std::slice::from_ref(&said))]).await;
            if n % 7 == 0 {
                desk.app.take(&[body(&[said])]).await;
            }
        }
        is_done.store(true, Ordering::Relaxed);
    };
    let read = async {
        while !is_done.load(Ordering::Relaxed) {
            let shown = desk.mark_read(&conversation, None).await["unreadCount"].as_i64().unwrap();
            assert!(shown >= 0);
        }
    };
    tokio::join!(come, read, async {
        while !is_done.load(Ordering::Relaxed) {
            desk.mark_read(&conversation, None).await;
        }
    });
    desk.app.settle().await;
    assert_eq!(desk.unread().await, behind_the_mark(&desk).await);
    assert!(desk.told().await.len() > 3, "they did read in between");
    let input = json!({ "conversationId": conversation, "upToMessageId": message_id("wamid.40") });
    let both = [(); 2].map(|()| desk.done("markConversationRead", json!({ "input": input })));
    futures_util::future::join_all(both).await;
    assert_eq!(desk.unread().await, behind_the_mark(&desk).await);
    desk.hear("wamid.61", AT_S + 61).await;
    assert_eq!(desk.unread().await, behind_the_mark(&desk).await);
}
