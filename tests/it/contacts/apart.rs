//! Two whom WhatsApp has told to be one, and people take apart: each has what is theirs, and it stays so.

use futures_util::future::join_all;
use serde_json::{Value, json};
use uuid::Uuid;

use super::lost::written_to;
use super::{BUDI, Desk, contact, says};
use crate::support::app::TestApp;
use crate::support::eventually;
use crate::support::webhook::{Customer, NOW_S, NUMBER, body, value};

const NUMBER_ALONE: Customer<'static> = Customer { wa_id: "628444", user_id: "", name: "Wati" };
const ID_ALONE: Customer<'static> = Customer { wa_id: "", user_id: "ID.4", name: "Wati" };
pub(super) const PARENT: &str = "ID.ENT.5";
pub(super) const BOTH: Customer<'static> = Customer { wa_id: "628444", user_id: "ID.4", name: "Wati" };

/// Like `says`, of somebody who is introduced with their parent id, too.
pub(super) fn says_with_parent(customer: Customer<'_>, parent: &str, wamid: &str, after: i64) -> Value {
    let mut change = says(customer, wamid, after);
    change["value"]["contacts"][0]["parent_user_id"] = parent.into();
    change
}

/// The contact of a message, as the API writes it.
pub(super) async fn writer(app: &TestApp, wamid: &str) -> Value {
    let messages = app.all("messages").await;
    let message = messages.iter().find(|one| one["wamid"] == wamid).unwrap_or_else(|| panic!("{wamid}"));
    json!(Uuid::parse_str(message["contact"].as_str().unwrap()).unwrap())
}

/// Whose conversations are shown, how many messages and unread ones each has, and the last words.
async fn shown(desk: &Desk<'_>) -> Vec<Value> {
    let shown = desk.shown().await["conversations"]["nodes"].as_array().unwrap().clone();
    let part = |one: &Value| {
        json!([one["contactId"], one["messageCount"], one["unreadCount"], one["lastMessage"]["preview"]])
    };
    shown.iter().map(part).collect()
}

/// Two who were known by one name each, until both names came together: the contact of the number, and of the user id.
pub(super) async fn told_to_be_one(app: &TestApp) -> (Value, Value) {
    app.take_changes(&[says(NUMBER_ALONE, "w1", 10)]).await;
    app.take_changes(&[says(ID_ALONE, "w2", 20)]).await;
    let number = contact(app, NUMBER_ALONE.wa_id).await;
    app.take_changes(&[says(BOTH, "w3", 30)]).await;
    (number, writer(app, "w2").await)
}

#[tokio::test]
async fn each_has_what_came_under_their_names_and_is_joined_no_more() {
    let app = TestApp::start_with_number();
    let (number, user) = told_to_be_one(&app).await;
    let desk = Desk::new(&app).await;
    assert_eq!(shown(&desk).await, [json!([user, 3, 3, "w3"])]);
    let merges = desk.run("contactMerges", json!({ "contactId": user })).await;
    assert_eq!(
        (&merges[0]["fromId"], &merges[0]["intoId"], &merges[0]["by"]),
        (&number, &user, &json!("whatsapp"))
    );

    let undone = desk.done("undoContactMerge", json!({ "contactId": number })).await;
    assert_eq!(undone["contact"]["id"], number);
    let apart = [json!([user, 2, 2, "w3"]), json!([number, 1, 1, "w1"])];
    assert_eq!(shown(&desk).await, apart);
    let conversations = desk.shown().await["conversations"]["nodes"].as_array().unwrap().clone();
    assert_eq!(desk.texts(&conversations[0]["id"]).await, ["w3", "w2"]);
    assert_eq!(desk.texts(&conversations[1]["id"]).await, ["w1"]);
    assert_eq!(conversations[1]["lastInboundAt"], conversations[1]["firstInboundAt"]);
    assert_eq!(desk.run("contactMerges", json!({ "contactId": user })).await, json!([]));
    assert_eq!(
        desk.refused("undoContactMerge", json!({ "contactId": number })).await.0,
        "WRONG_STATE",
        "it is done"
    );

    // WhatsApp says it again and again, here and at another instance that has never heard of it.
    let database = app.database.clone();
    let other = TestApp::start_with(&[NUMBER[0], NUMBER[1], ("PESAN_DATABASE", &database)], true);
    app.take_changes(&[says(BOTH, "w4", 40)]).await;
    other.take_changes(&[says(BOTH, "w5", 50)]).await;
    app.take_changes(&[says(NUMBER_ALONE, "w6", 60)]).await;
    // What is late still belongs to whose the number was at its time.
    other.take_changes(&[says(NUMBER_ALONE, "w0", 5)]).await;
    assert_eq!(writer(&app, "w0").await, number);
    assert_eq!(shown(&desk).await, [json!([user, 5, 5, "w6"]), json!([number, 2, 2, "w1"])]);

    // And a repeat of everything that ever came changes nothing.
    let before = (app.all("contacts").await, app.all("aliases").await, shown(&desk).await);
    for (customer, wamid, after) in [
        (NUMBER_ALONE, "w1", 10),
        (ID_ALONE, "w2", 20),
        (BOTH, "w3", 30),
        (BOTH, "w4", 40),
        (BOTH, "w5", 50),
        (NUMBER_ALONE, "w6", 60),
        (NUMBER_ALONE, "w0", 5),
    ] {
        app.take_changes(&[says(customer, wamid, after)]).await;
    }
    assert_eq!((app.all("contacts").await, app.all("aliases").await, shown(&desk).await), before);
}

/// Two with a user id each, whom a parent id has joined: the first into the second.
pub(super) async fn joined_by_a_parent_id(app: &TestApp, [one, two]: [Customer<'_>; 2]) -> (Value, Value) {
    app.take_changes(&[says(one, "p1", 10)]).await;
    app.take_changes(&[says(two, "q1", 20)]).await;
    let found = (writer(app, "p1").await, writer(app, "q1").await);
    app.take_changes(&[says_with_parent(one, PARENT, "p2", 30)]).await;
    app.take_changes(&[says_with_parent(two, PARENT, "q2", 40)]).await;
    found
}

#[tokio::test]
async fn who_is_written_to_is_who_is_meant() {
    let app = TestApp::start_with_number();
    let (one, two) = (Customer::new("628551", "ID.51"), Customer::new("", "ID.52"));
    let (first, second) = joined_by_a_parent_id(&app, [one, two]).await;
    app.take_changes(&[says_with_parent(one, PARENT, "p3", 50)]).await;
    let written_to = async |contact: &Value| written_to(&app, contact).await;
    assert_eq!(written_to(&second).await, json!(["628551", "ID.51"]), "they are one, and wrote so last");
    let desk = Desk::new(&app).await;
    desk.done("undoContactMerge", json!({ "contactId": first })).await;
    assert_eq!(written_to(&first).await, json!(["628551", "ID.51"]));
    assert_eq!(written_to(&second).await, json!([null, "ID.52"]));
    app.take_changes(&[says_with_parent(two, PARENT, "q3", 60)]).await;
    assert_eq!(written_to(&second).await, json!([null, "ID.52"]));
}

#[tokio::test]
async fn who_was_one_of_them_already_is_not_written_to_either() {
    let app = TestApp::start_with_number();
    let (one, two, three) =
        (Customer::new("628551", "ID.51"), Customer::new("", "ID.52"), Customer::new("", "ID.53"));
    let (_, second) = joined_by_a_parent_id(&app, [one, two]).await;
    app.take_changes(&[says(three, "r1", 50)]).await;
    let third = writer(&app, "r1").await;
    let update = json!({ "field": "user_id_update", "value": value(json!({
        "contacts": [{ "profile": { "name": "Budi" }, "user_id": three.user_id }],
        "user_id_update": [{ "detail": "x", "user_id": { "previous": three.user_id, "current": two.user_id },
            "timestamp": (NOW_S + 60).to_string() }],
    })) });
    app.take_changes(&[update]).await;
    app.take_changes(&[says_with_parent(one, PARENT, "p3", 70)]).await;
    assert_eq!(writer(&app, "p3").await, third);
    let desk = Desk::new(&app).await;
    desk.done("undoContactMerge", json!({ "contactId": second })).await;
    let contacts = app.all("contacts").await;
    let of = |id: &Value| {
        let id = Uuid::parse_str(id.as_str().unwrap()).unwrap().simple().to_string();
        contacts.iter().find(|one| one["_id"].as_str().unwrap().replace('-', "") == id).unwrap()
    };
    let third = of(&third);
    assert!(
        third["waId"].is_null() && !third["userIds"].as_array().unwrap().contains(&json!(one.user_id)),
        "{third:#}"
    );
}

#[tokio::test]
async fn a_third_who_turns_out_to_be_one_of_them_does_not_join_them() {
    let app = TestApp::start_with_number();
    let (one, two) = (Customer::new("", "ID.51"), Customer::new("", "ID.52"));
    let (first, second) = joined_by_a_parent_id(&app, [one, two]).await;
    let desk = Desk::new(&app).await;
    desk.done("undoContactMerge", json!({ "contactId": first })).await;
    app.take_changes(&[says(Customer::new("", "ID.50"), "o1", 50)]).await;
    let third = writer(&app, "o1").await;
    let update = json!({ "field": "user_id_update", "value": value(json!({
        "contacts": [{ "profile": { "name": "Budi" }, "user_id": "ID.51" }],
        "user_id_update": [{ "detail": "x", "user_id": { "previous": "ID.50", "current": "ID.51" },
            "parent_user_id": { "previous": "ID.ENT.0", "current": PARENT },
            "timestamp": (NOW_S + 60).to_string() }],
    })) });
    app.take_changes(&[update]).await;
    app.take_changes(&[says_with_parent(one, PARENT, "p3", 70)]).await;
    app.take_changes(&[says_with_parent(two, PARENT, "q3", 80)]).await;
    assert_eq!(shown(&desk).await, [json!([second, 3, 3, "q3"]), json!([third, 4, 4, "p3"])]);
}

#[tokio::test]
async fn two_with_one_parent_id_stay_two_wherever_they_write() {
    let app = TestApp::start_with_number();
    let database = app.database.clone();
    let other = TestApp::start_with(&[NUMBER[0], NUMBER[1], ("PESAN_DATABASE", &database)], true);
    let (one, two) = (Customer::new("", "ID.51"), Customer::new("", "ID.52"));
    let (first, second) = joined_by_a_parent_id(&app, [one, two]).await;
    let desk = Desk::new(&app).await;
    assert_eq!(shown(&desk).await, [json!([second, 4, 4, "q2"])]);
    // Both instances know by now whom they take the one for.
    for (n, instance) in [&app, &other, &app, &other].into_iter().enumerate() {
        let n = i64::try_from(n).unwrap();
        instance.take_changes(&[says_with_parent(one, PARENT, &format!("p{}", n + 3), 50 + n)]).await;
    }
    assert_eq!(shown(&desk).await, [json!([second, 8, 8, "p6"])]);

    desk.done("undoContactMerge", json!({ "contactId": first })).await;
    // What came when they were one stays with the other.
    assert_eq!(shown(&desk).await, [json!([second, 6, 6, "p6"]), json!([first, 2, 2, "p2"])]);
    let aliases = async || {
        let all = app.all("aliases").await;
        all.into_iter().filter(|one| one["_id"].as_str().unwrap().contains(":parent:")).collect::<Vec<_>>()
    };
    let before = aliases().await;
    for (n, instance) in [&app, &other].into_iter().enumerate() {
        let after = 60 + 10 * i64::try_from(n).unwrap();
        instance.take_changes(&[says_with_parent(one, PARENT, &format!("p1{n}"), after)]).await;
        instance.take_changes(&[says_with_parent(two, PARENT, &format!("q1{n}"), after + 1)]).await;
    }
    assert_eq!(shown(&desk).await, [json!([second, 8, 8, "q11"]), json!([first, 4, 4, "p11"])]);
    assert_eq!(aliases().await, before, "the parent id does not go from hand to hand");

    // People may say that they are one after all. Then WhatsApp's word counts again.
    desk.done("mergeContacts", json!({ "fromId": first, "intoId": second })).await;
    desk.done("undoContactMerge", json!({ "contactId": first })).await;
    assert_eq!(shown(&desk).await.len(), 2);
    other.take_changes(&[says_with_parent(one, PARENT, "p20", 90)]).await;
    app.take_changes(&[says_with_parent(two, PARENT, "q20", 91)]).await;
    let together = shown(&desk).await;
    assert_eq!((together.len(), &together[0][1], &together[0][3]), (1, &json!(14), &json!("q20")));
}

#[tokio::test]
async fn the_later_of_two_merges_is_undone_first_whoever_said_so() {
    let app = TestApp::start_with_number();
    app.take_changes(&[says(BUDI, "b1", 0)]).await;
    let budi = contact(&app, BUDI.wa_id).await;
    let (number, user) = told_to_be_one(&app).await;
    let desk = Desk::new(&app).await;
    let before = shown(&desk).await;
    desk.done("mergeContacts", json!({ "fromId": user, "intoId": budi })).await;
    assert_eq!(shown(&desk).await, [json!([budi, 4, 4, "w3"])]);
    let undo = |id: &Value| json!({ "contactId": id });
    assert_eq!(desk.refused("undoContactMerge", undo(&number)).await.0, "WRONG_STATE");
    desk.done("undoContactMerge", undo(&user)).await;
    assert_eq!(shown(&desk).await, before);
    desk.done("undoContactMerge", undo(&number)).await;
    let apart = [json!([user, 2, 2, "w3"]), json!([number, 1, 1, "w1"]), json!([budi, 1, 1, "b1"])];
    assert_eq!(shown(&desk).await, apart);
}

#[tokio::test]
async fn whom_people_take_apart_while_whatsapp_joins_them_is_counted_once() {
    const PAIRS: i64 = 8;
    const ROUNDS: i64 = 6;
    let one = TestApp::start_with_number();
    let database = one.database.clone();
    let other = TestApp::start_with(&[NUMBER[0], NUMBER[1], ("PESAN_DATABASE", &database)], true);
    let names: Vec<(String, String)> =
        (0..PAIRS).map(|n| (format!("62870{n}"), format!("ID.R{n}"))).collect();
    for (n, (wa_id, user_id)) in names.iter().enumerate() {
        let first = [("", format!("r{n}.id"), user_id.as_str()), (wa_id.as_str(), format!("r{n}.no"), "")];
        for (wa_id, wamid, user_id) in first {
            one.take_changes(&[says(Customer::new(wa_id, user_id), &wamid, 0)]).await;
        }
    }
    let desk = Desk::new(&one).await;
    let (names, desk) = (&names, &desk);
    let webhooks = (0..ROUNDS).flat_map(|round| {
        let instances = [&one, &other];
        (0..PAIRS).map(move |pair| {
            let instance = instances[usize::try_from((round + pair) % 2).unwrap()];
            async move {
                let (wa_id, user_id) = &names[usize::try_from(pair).unwrap()];
                let said = says(Customer::new(wa_id, user_id), &format!("r{pair}.{round}"), 10 + round);
                instance.take(&[body(&[said])]).await;
            }
        })
    });
    let mut numbers = Vec::new();
    for pair in 0..PAIRS {
        numbers.push(writer(&one, &format!("r{pair}.no")).await);
    }
    let undoings = numbers.iter().map(|number| async move {
        eventually("WhatsApp has joined them, and they are taken apart", || async {
            let payload = desk.run("undoContactMerge", json!({ "contactId": number })).await;
            (payload["userErrors"] == json!([])).then_some(())
        })
        .await;
    });
    futures_util::future::join(join_all(webhooks), join_all(undoings)).await;
    one.settle().await;
    other.settle().await;
    eventually("all is counted, each with its own", || async {
        let mut counts: Vec<i64> = shown(desk)
            .await
            .iter()
            .map(|one| one[1].as_i64().unwrap() + 100 * one[2].as_i64().unwrap())
            .collect();
        counts.sort_unstable();
        let all = |messages: i64| 101 * messages;
        let pairs = usize::try_from(PAIRS).unwrap();
        (counts == [vec![all(1); pairs], vec![all(1 + ROUNDS); pairs]].concat()).then_some(())
    })
    .await;
    let contacts = one.all("contacts").await;
    assert!(contacts.iter().all(|one| one["mergedInto"].is_null()), "none was joined once more");
}
