//! Pages: each entry once and in order, whichever way, also while new ones come; filters; forged cursors.

use std::time::Duration;

use pesan::auth::Role;
use serde_json::{Value, json};

use super::{CLOCK_S, Reader, nodes};
use crate::support::app::TestApp;
use crate::support::webhook::{Customer, PHONE_NUMBER_ID, echo, inbound, text};

const BUDI: Customer<'static> = Customer { wa_id: "628111", user_id: "ID.111", name: "Budi" };

/// A message to any number of the account.
pub fn to_number(mut change: Value, phone_number_id: &str) -> Value {
    change["value"]["metadata"]["phone_number_id"] = phone_number_id.into();
    change
}

const PAGE: &str = "query($id: ID!, $first: Int, $after: String, $last: Int, $before: String) {
    messages(conversationId: $id, first: $first, after: $after, last: $last, before: $before) {
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor } nodes { messageId } } }";

fn names(page: &Value) -> Vec<String> {
    nodes(page).iter().map(|node| node["messageId"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn messages_are_visited_once_in_order_both_ways_while_new_ones_come() {
    let app = TestApp::start_with_number();
    let name = |n: usize| format!("wamid.{n:03}");
    // Several to the second: the order within it is the order in which they came.
    for chunk in (0..40).collect::<Vec<usize>>().chunks(8) {
        let said = chunk.iter().map(|n| {
            let at_s = CLOCK_S + i64::try_from(n / 5).unwrap();
            match n % 3 {
                0 => echo(BUDI, &name(*n), at_s, text("ya")),
                _ => inbound(BUDI, &name(*n), at_s, text("halo")),
            }
        });
        app.take_changes(&said.collect::<Vec<_>>()).await;
        app.clock.advance(Duration::from_millis(3));
    }
    let reader = Reader::new(&app, Role::Viewer).await;
    let list = reader.data("{ conversations { nodes { id messageCount } } }", json!({})).await;
    let id = &list["conversations"]["nodes"][0]["id"];
    assert_eq!(list["conversations"]["nodes"][0]["messageCount"], 40);

    let (mut seen, mut after, mut late) = (Vec::new(), Value::Null, 40);
    let mut bottom = Value::Null;
    loop {
        let data = reader.data(PAGE, json!({ "id": id, "first": 7, "after": after })).await;
        let page = &data["messages"];
        assert_eq!(page["pageInfo"]["hasPreviousPage"], !after.is_null());
        seen.extend(names(page));
        bottom = page["pageInfo"]["startCursor"].clone().as_str().map_or(bottom, Value::from);
        // Something comes after each page, and all of it stands at one position.
        app.take_changes(&[inbound(BUDI, &name(late), CLOCK_S + 100, text("lagi"))]).await;
        late += 1;
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
    assert_eq!(seen, (0..40).rev().map(name).collect::<Vec<_>>());

    let (mut seen, mut before) = (Vec::new(), bottom);
    loop {
        let data = reader.data(PAGE, json!({ "id": id, "last": 9, "before": before })).await;
        let page = &data["messages"];
        assert_eq!(page["pageInfo"]["hasNextPage"], true);
        let mut above = names(page);
        above.append(&mut seen);
        seen = above;
        if page["pageInfo"]["hasPreviousPage"] == false {
            break;
        }
        before = page["pageInfo"]["startCursor"].clone();
    }
    // The last page down held the oldest five; going up begins above them.
    assert_eq!(seen, (5..late).rev().map(name).collect::<Vec<_>>());
}

#[tokio::test]
async fn conversations_and_contacts_are_visited_once_and_filters_hold() {
    let app = TestApp::start_with_number();
    app.storage
        .ensure_number(pesan::storage::workspaces::first_workspace(), "700", Some("800"))
        .await
        .unwrap();
    let ids: Vec<(String, String)> = (0..12).map(|n| (format!("62810{n:02}"), format!("ID.{n}"))).collect();
    for (n, (wa_id, user_id)) in ids.iter().enumerate() {
        let customer = Customer { wa_id, user_id, name: "Pelanggan" };
        let wamid = format!("wamid.{n}");
        // All in one second, so that only ids tell them apart; some long ago, some that we wrote.
        let at_s = if n % 4 == 0 { CLOCK_S - 200_000 } else { CLOCK_S - 10 };
        let change = match n % 3 {
            0 => echo(customer, &wamid, at_s, text("ya")),
            _ => inbound(customer, &wamid, at_s, text("halo")),
        };
        let number = if n % 2 == 0 { PHONE_NUMBER_ID } else { "700" };
        app.take_changes(&[to_number(change, number)]).await;
    }
    let reader = Reader::new(&app, Role::Viewer).await;
    for list in ["conversations", "contacts"] {
        let (mut seen, mut after) = (Vec::new(), Value::Null);
        let query = format!(
            "query($after: String) {{ {list}(first: 5, after: $after) {{
                pageInfo {{ hasNextPage endCursor }} nodes {{ id }} }} }}"
        );
        loop {
            let data = reader.data(&query, json!({ "after": after })).await;
            seen.extend(nodes(&data[list]).iter().map(|node| node["id"].as_str().unwrap().to_owned()));
            if data[list]["pageInfo"]["hasNextPage"] == false {
                break;
            }
            after = data[list]["pageInfo"]["endCursor"].clone();
        }
        let count = seen.len();
        seen.sort();
        seen.dedup();
        assert_eq!((count, seen.len()), (12, 12), "{list}");
    }

    let all = reader
        .data("{ conversations { nodes { id numberId contactId unreadCount window { open } } } }", json!({}))
        .await;
    let all = nodes(&all["conversations"]);
    assert_eq!(all.len(), 12);
    let check = async |filter: Value, holds: &dyn Fn(&Value) -> bool| {
        let query = "query($filter: ConversationFilter) { conversations(filter: $filter) { nodes { id } } }";
        let data = reader.data(query, json!({ "filter": filter })).await;
        let found: Vec<Value> = nodes(&data["conversations"]).iter().map(|one| one["id"].clone()).collect();
        let expected: Vec<Value> = all.iter().filter(|one| holds(one)).map(|one| one["id"].clone()).collect();
        assert!(!expected.is_empty() && expected.len() < all.len(), "{filter}");
        assert_eq!(found, expected, "{filter}");
    };
    let (number, contact) = (all[0]["numberId"].clone(), all[0]["contactId"].clone());
    check(json!({ "numberIds": [number] }), &|one| one["numberId"] == number).await;
    check(json!({ "contactId": contact }), &|one| one["contactId"] == contact).await;
    check(json!({ "isUnread": true }), &|one| one["unreadCount"] != 0).await;
    check(json!({ "isUnread": false }), &|one| one["unreadCount"] == 0).await;
    check(json!({ "windowOpen": true }), &|one| one["window"]["open"] == true).await;
    check(json!({ "windowOpen": false }), &|one| one["window"]["open"] == false).await;
    check(json!({ "numberIds": [number], "isUnread": true, "windowOpen": true }), &|one| {
        one["numberId"] == number && one["unreadCount"] != 0 && one["window"]["open"] == true
    })
    .await;
}

#[tokio::test]
async fn forged_cursors_and_impossible_pages_are_refused_with_a_code() {
    let app = TestApp::start_with_number();
    app.take_changes(&[inbound(BUDI, "wamid.1", CLOCK_S, text("halo"))]).await;
    let reader = Reader::new(&app, Role::Admin).await;
    let list = "{ conversations { pageInfo { endCursor } nodes { id } } }";
    let data = reader.data(list, json!({})).await;
    let of_another_list = &data["conversations"]["pageInfo"]["endCursor"];
    let id = &data["conversations"]["nodes"][0]["id"];
    let long = "A".repeat(20_000);
    for cursor in
        [json!("x"), json!(""), json!("bgAAAA"), json!("AAAA AAAA"), json!(long), of_another_list.clone()]
    {
        for side in ["after", "before"] {
            let code = reader.code(PAGE, json!({ "id": id, side: cursor })).await;
            assert_eq!(code, "INVALID_REQUEST", "{side} {cursor}");
        }
    }
    for list in ["conversations", "contacts", "calls", "notices", "auditLog", "templates(accountId: 1)"] {
        let with = if list.contains('(') {
            list.replace(')', ", after: \"x\")")
        } else {
            format!("{list}(after: \"x\")")
        };
        assert_eq!(
            reader.code(&format!("{{ {with} {{ edges {{ cursor }} }} }}"), json!({})).await,
            "INVALID_REQUEST"
        );
    }
    for variables in [
        json!({ "id": id, "first": -1 }),
        json!({ "id": id, "first": 1, "last": 1 }),
        json!({ "id": id, "after": of_another_list, "last": 1 }),
    ] {
        assert_eq!(reader.code(PAGE, variables).await, "INVALID_REQUEST");
    }
    let many = reader.data(PAGE, json!({ "id": id, "first": 1_000_000 })).await;
    assert_eq!(nodes(&many["messages"]).len(), 1);
}
