//! The lists of an inbox: what each filter holds, and that none reads beyond what it shows.

use mongodb::bson::{Document, doc};
use pesan::storage::number_record::number_id;
use pesan::storage::workspaces::first_workspace;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{AT_S, Desk};
use crate::support::mongo;
use crate::support::mongo::binary;

const MANY: i64 = 600;
const PAGE: usize = 5;

/// Conversations past our own code. Most are resolved, the others open, snoozed, archived; few are somebody's.
async fn fill(desk: &Desk, number: Uuid) {
    let database = mongo::raw(&desk.app.database).await;
    let new = (0..MANY).map(|n| {
        let mut one = doc! {
            "_id": binary(Uuid::from_u128(u128::try_from(n + 1).unwrap() << 64)),
            "v": 1,
            "workspace": binary(first_workspace()),
            "number": binary(number),
            "unread": i64::from(n % 97 == 0),
            "messages": 1_i64,
            "lastAt": AT_S + n,
            "createdAt": mongodb::bson::DateTime::from_millis(AT_S * 1_000),
        };
        // Those that are rare are the oldest.
        let status = match n {
            0..=9 => None,
            10..=19 => Some("snoozed"),
            n if n % 2 == 0 => Some("archived"),
            _ => Some("resolved"),
        };
        if let Some(status) = status {
            one.insert("away", doc! { "as": status, "atMs": 1_i64 });
        }
        if n % 60 == 7 {
            one.insert("assignee", doc! { "user": "siti", "atMs": 1_i64 });
        }
        if n % 60 == 9 {
            one.insert("labels", vec!["vip"]);
        }
        one
    });
    database.collection::<Document>("conversations").insert_many(new.collect::<Vec<_>>()).await.unwrap();
}

const LIST: &str = "query($f: ConversationFilter, $n: Int, $after: String) {
    conversations(filter: $f, first: $n, after: $after) { pageInfo { hasNextPage endCursor }
    nodes { id status labels unreadCount assignee { userId } } } }";

type Holds = Box<dyn Fn(&Value) -> bool>;

fn that(holds: impl Fn(&Value) -> bool + 'static) -> Holds {
    Box::new(holds)
}

fn is(status: &'static str) -> Holds {
    that(move |one| one["status"] == status)
}

/// All conversations, page by page.
async fn everything(desk: &Desk) -> Vec<Value> {
    let filter = json!({ "status": ["OPEN", "SNOOZED", "RESOLVED", "ARCHIVED"] });
    let (mut all, mut after) = (Vec::new(), Value::Null);
    loop {
        let page = desk.app.ask(&desk.key, LIST, json!({ "f": filter, "n": 100, "after": after })).await;
        all.extend(page["nodes"].as_array().unwrap().clone());
        if page["pageInfo"]["hasNextPage"] == false {
            return all;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
}

/// Filters, and what each is to hold.
fn cases(number: Uuid) -> Vec<(Value, Holds)> {
    let others: Vec<String> = (0..39_u128).map(|n| Uuid::from_u128(n + 1).to_string()).collect();
    let numbers: Vec<String> = others.into_iter().chain([number.to_string()]).collect();
    vec![
        (json!({}), that(|one| one["status"] != "ARCHIVED")),
        (json!({ "status": ["OPEN"] }), is("OPEN")),
        (json!({ "status": "SNOOZED" }), is("SNOOZED")),
        (json!({ "status": ["RESOLVED", "RESOLVED"] }), is("RESOLVED")),
        (json!({ "status": ["ARCHIVED"] }), is("ARCHIVED")),
        (json!({ "numberIds": numbers }), that(|one| one["status"] != "ARCHIVED")),
        (json!({ "numberIds": [number], "status": ["OPEN"] }), is("OPEN")),
        (json!({ "isUnread": true }), that(|one| one["status"] != "ARCHIVED" && one["unreadCount"] == 1)),
        (
            json!({ "isUnread": true, "status": "OPEN" }),
            that(|one| one["status"] == "OPEN" && one["unreadCount"] == 1),
        ),
        (
            json!({ "assignee": { "userId": "siti" } }),
            that(|one| one["status"] != "ARCHIVED" && one["assignee"]["userId"] == "siti"),
        ),
        (
            json!({ "assignee": { "userId": "siti" }, "status": "OPEN" }),
            that(|one| one["status"] == "OPEN" && one["assignee"]["userId"] == "siti"),
        ),
        (
            json!({ "label": " VIP" }),
            that(|one| one["status"] != "ARCHIVED" && one["labels"] == json!(["vip"])),
        ),
        (
            json!({ "label": "vip", "status": "OPEN" }),
            that(|one| one["status"] == "OPEN" && one["labels"] == json!(["vip"])),
        ),
        (
            json!({ "assignee": { "nobody": true }, "status": "OPEN" }),
            that(|one| one["status"] == "OPEN" && one["assignee"].is_null()),
        ),
    ]
}

#[tokio::test]
async fn each_filter_holds_what_it_says_and_no_list_reads_beyond_its_page() {
    let desk = Desk::start().await;
    let number = number_id(first_workspace(), crate::support::webhook::PHONE_NUMBER_ID);
    fill(&desk, number).await;
    let all = everything(&desk).await;
    assert_eq!(all.len(), usize::try_from(MANY).unwrap());
    let database = mongo::raw(&desk.app.database).await;
    for (filter, holds) in cases(number) {
        database.run_command(doc! { "profile": 2 }).await.unwrap();
        let page = desk.app.ask(&desk.key, LIST, json!({ "f": filter, "n": PAGE })).await;
        database.run_command(doc! { "profile": 0 }).await.unwrap();
        let expected: Vec<&Value> =
            all.iter().filter(|one| holds(one)).map(|one| &one["id"]).take(PAGE).collect();
        let found: Vec<&Value> = page["nodes"].as_array().unwrap().iter().map(|one| &one["id"]).collect();
        assert_eq!(found, expected, "{filter}");
        let profile = database.collection::<Document>("system.profile");
        let found =
            profile.find_one(doc! { "ns": format!("{}.conversations", desk.app.database), "op": "query" });
        let entry = found.await.unwrap().unwrap();
        let examined = ["docsExamined", "keysExamined"]
            .map(|field| entry.get_i32(field).map(i64::from).or_else(|_| entry.get_i64(field)).unwrap_or(0));
        let plan = entry.get_str("planSummary").unwrap_or_default();
        assert!(
            !plan.contains("COLLSCAN") && !entry.get_bool("hasSortStage").unwrap_or(false),
            "{filter}: {plan}"
        );
        // A page, whether there is more, and a look into each range.
        assert!(examined.iter().all(|count| *count <= 2 * 200), "{filter}: {examined:?} {plan}");
        assert!(examined[0] <= 16, "{filter}: {examined:?} {plan}");
        profile.drop().await.unwrap();
    }
    let none = desk.app.ask(&desk.key, LIST, json!({ "f": { "status": [] } })).await;
    assert_eq!(none["nodes"], json!([]));
    for filter in
        [json!({ "assignee": { "nobody": false } }), json!({ "assignee": { "me": true, "nobody": true } })]
    {
        let answer = desk.app.graphql(&desk.key, LIST, json!({ "f": filter })).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "INVALID_REQUEST", "{filter}");
    }
}
