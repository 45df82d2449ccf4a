//! What Meta tells about templates, numbers, accounts, groups and calls: each piece kept as it came, and the latest of
//! each kind on the record of what it is about, in whatever order it comes.

use pesan::storage::aside::Reason;
use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::webhook::{ACCOUNT_ID, NOW_S, body_at, inbound, text, value};
use crate::support::webhook::{Customer, PHONE_NUMBER_ID};

const BUDI: Customer<'static> = Customer { wa_id: "628111", user_id: "ID.111", name: "Budi" };
const DAY: i64 = 24 * 60 * 60;

fn change(field: &str, value: Value) -> Value {
    json!({ "field": field, "value": value })
}

/// Posts each as a webhook of its own, at Meta's times, and waits until all are visible.
async fn take_at(app: &TestApp, changes: &[(i64, Value)]) {
    for (at_s, change) in changes {
        app.take(&[body_at(std::slice::from_ref(change), *at_s)]).await;
    }
    app.settle().await;
}

fn template(field: &str, parts: Value) -> Value {
    let mut value = json!({
        "message_template_id": 1_689_556_908_129_832_i64, "message_template_name": "pesanan_dikirim",
        "message_template_language": "id",
    });
    value.as_object_mut().unwrap().extend(parts.as_object().unwrap().clone());
    change(field, value)
}

#[tokio::test]
async fn a_template_has_the_latest_of_each_kind_in_whatever_order_it_comes() {
    let status = |event: &str| template("message_template_status_update", json!({ "event": event }));
    let news = [
        (NOW_S, status("APPROVED")),
        (NOW_S + 50, status("PAUSED")),
        (NOW_S + 10, status("PENDING")),
        (
            NOW_S + 20,
            template(
                "message_template_quality_update",
                json!({ "previous_quality_score": "GREEN", "new_quality_score": "YELLOW" }),
            ),
        ),
        (
            NOW_S + 30,
            template(
                "message_template_components_update",
                json!({ "message_template_element": "Pesanan {{1}} dikirim", "message_template_footer": "Toko" }),
            ),
        ),
        (
            NOW_S + 40,
            template(
                "template_category_update",
                json!({ "previous_category": "UTILITY", "new_category": "MARKETING" }),
            ),
        ),
        (
            NOW_S + 41,
            template(
                "template_correct_category_detection",
                json!({ "category": "UTILITY", "correct_category": "MARKETING" }),
            ),
        ),
    ];
    let mut backwards = news.clone();
    backwards.reverse();
    for news in [news, backwards] {
        let app = TestApp::start_with_number();
        take_at(&app, &news).await;
        let stored = app.only("templates").await;
        assert_eq!(
            (&stored["templateId"], &stored["accountId"]),
            (&json!("1689556908129832"), &json!(ACCOUNT_ID))
        );
        let change = |kind: &str| stored["latest"][kind]["is"]["template"]["change"].clone();
        assert_eq!(change("status")["status"]["status"], "PAUSED", "the latest by Meta's time");
        assert_eq!(stored["latest"]["status"]["at"], NOW_S + 50);
        assert_eq!(change("quality")["quality"]["new"], "YELLOW");
        assert_eq!(change("components")["components"]["body"], "Pesanan {{1}} dikirim");
        assert_eq!(change("category")["category"]["new"], "MARKETING");
        assert_eq!(change("wrongCategory")["wrongCategory"]["correct"], "MARKETING");
        assert_eq!(app.all("notices").await.len(), news.len());

        let told = app.told().await;
        take_at(&app, &news).await;
        assert_eq!(app.all("notices").await.len(), news.len(), "each once, however often it comes");
        assert_eq!(app.only("templates").await, stored);
        assert_eq!(app.told().await, told);
    }
}

#[tokio::test]
async fn an_account_has_what_meta_last_said_of_it() {
    let update = |parts: Value| change("account_update", parts);
    let news = [
        (
            NOW_S,
            update(json!({ "event": "ACCOUNT_RESTRICTION", "restriction_info": [
                { "restriction_type": "RESTRICTED_BIZ_INITIATED_MESSAGING", "expiration": NOW_S + DAY }
            ]})),
        ),
        (
            NOW_S + 1,
            update(json!({ "event": "ACCOUNT_VIOLATION", "violation_info": { "violation_type": "ADULT" } })),
        ),
        (
            NOW_S + 2,
            update(json!({ "event": "DISABLED_UPDATE", "ban_info": {
                "waba_ban_state": "SCHEDULE_FOR_DISABLE", "waba_ban_date": "November 30, 2026"
            }})),
        ),
        (
            NOW_S + 3,
            change(
                "account_alerts",
                json!({ "entity_type": "BUSINESS", "entity_id": 506, "alert_info": {
                    "alert_severity": "INFORMATIONAL", "alert_status": "NONE", "alert_type": "OBA_APPROVED",
                    "alert_description": "x"
                }}),
            ),
        ),
        (NOW_S + 4, change("account_review_update", json!({ "decision": "APPROVED" }))),
        (
            NOW_S + 5,
            change(
                "business_capability_update",
                json!({ "max_daily_conversations_per_business": "TIER_10K", "max_phone_numbers_per_business": 25 }),
            ),
        ),
        (NOW_S - 9, change("account_review_update", json!({ "decision": "PENDING" }))),
    ];
    let app = TestApp::start_with_number();
    take_at(&app, &news).await;
    take_at(&app, &news).await;
    let account = app.only("accounts").await;
    assert_eq!(account["accountId"], ACCOUNT_ID);
    let latest = |kind: &str| account["latest"][kind]["is"]["account"].clone();
    let restriction = latest("update_account_restriction")["update"]["restrictions"][0].clone();
    assert_eq!(restriction["kind"], "RESTRICTED_BIZ_INITIATED_MESSAGING");
    assert_eq!(restriction["untilS"], NOW_S + DAY);
    assert_eq!(latest("update_account_violation")["update"]["violation"], "ADULT");
    let ban = latest("update_disabled_update")["update"].clone();
    assert_eq!(
        (&ban["banStates"], &ban["banDate"]),
        (&json!(["SCHEDULE_FOR_DISABLE"]), &json!("November 30, 2026"))
    );
    assert_eq!(latest("alert_oba_approved")["alert"]["severity"], "INFORMATIONAL");
    assert_eq!(latest("review")["review"]["decision"], "APPROVED", "the later one, which came first");
    let capability = latest("capability")["capability"].clone();
    assert_eq!((&capability["dailyLimit"], &capability["numbersMax"]), (&json!("TIER_10K"), &json!(25)));
    let notices = app.all("notices").await;
    assert_eq!(notices.len(), news.len(), "each once");
    assert!(notices.iter().all(|one| one["accountId"] == ACCOUNT_ID && one["number"].is_null()));
    assert_eq!(app.told().await.len(), news.len());
}

#[tokio::test]
async fn news_of_an_account_reach_each_workspace_that_has_a_number_of_it_once() {
    let app = TestApp::start_with_number();
    for (n, number) in [(7, "9001"), (7, "9002"), (8, "9003")] {
        let workspace = uuid::Uuid::from_u128(n);
        app.storage.ensure_number(workspace, number, Some(ACCOUNT_ID)).await.unwrap();
    }
    app.storage.ensure_number(uuid::Uuid::from_u128(9), "9009", Some("another account")).await.unwrap();
    take_at(&app, &[(NOW_S, change("account_review_update", json!({ "decision": "APPROVED" })))]).await;
    let accounts = app.all("accounts").await;
    assert_eq!(accounts.len(), 3, "{accounts:#?}");
    assert_eq!(app.all("notices").await.len(), 3);
}

#[tokio::test]
async fn news_of_a_number_are_on_it_whether_it_is_named_by_id_or_as_it_is_displayed() {
    let display = "15550783881";
    let settings = json!({ "type": "phone_number_settings", "timestamp": NOW_S + 5, "phone_number_settings": {
        "phone_number_id": PHONE_NUMBER_ID, "calling": { "status": "ENABLED" }
    }});
    let quality = |event: &str, limit: &str| {
        change(
            "phone_number_quality_update",
            json!({ "display_phone_number": display, "event": event, "current_limit": limit }),
        )
    };
    let news = [
        (NOW_S + 9, quality("DOWNGRADE", "TIER_1K")),
        (NOW_S, quality("UPGRADE", "TIER_10K")),
        (
            NOW_S + 1,
            change(
                "phone_number_name_update",
                json!({ "display_phone_number": display, "decision": "APPROVED", "requested_verified_name": "Toko" }),
            ),
        ),
        (
            NOW_S + 2,
            change(
                "security",
                json!({ "display_phone_number": "+1 555-078-3881", "event": "PIN_CHANGED", "requester": "1" }),
            ),
        ),
        (
            NOW_S + 3,
            change(
                "business_username_updates",
                json!({ "display_phone_number": display, "username": "toko", "status": "approved" }),
            ),
        ),
        (NOW_S + 4, change("account_settings_update", settings)),
    ];
    let app = TestApp::start_with_number();
    // The account has a second number: what follows must not land there.
    let workspace = pesan::storage::workspaces::first_workspace();
    app.storage.ensure_number(workspace, "999", Some(ACCOUNT_ID)).await.unwrap();
    // The first message tells how the number is displayed.
    app.take_changes(&[inbound(BUDI, "wamid.1", NOW_S, text("halo"))]).await;
    take_at(&app, &news).await;
    take_at(&app, &news).await;

    let numbers = app.all("numbers").await;
    let number = numbers.iter().find(|one| one["phoneNumberId"] == PHONE_NUMBER_ID).unwrap();
    assert_eq!(number["displayPhoneNumber"], display);
    let latest = |kind: &str| number["latest"][kind]["is"]["number"][kind].clone();
    assert_eq!(latest("quality")["event"], "DOWNGRADE", "the later one, which came first");
    assert_eq!(latest("quality")["limit"], "TIER_1K");
    assert_eq!(
        (&latest("name")["decision"], &latest("name")["requested"]),
        (&json!("APPROVED"), &json!("Toko"))
    );
    assert_eq!(latest("security")["event"], "PIN_CHANGED");
    assert_eq!(
        (&latest("username")["username"], &latest("username")["status"]),
        (&json!("toko"), &json!("approved"))
    );
    assert_eq!(latest("settings")["calling"], "ENABLED");
    let other = numbers.iter().find(|one| one["phoneNumberId"] == "999").unwrap();
    assert!(other["latest"].is_null());
    assert_eq!(app.all("accounts").await.len(), 0);

    let notices = app.all("notices").await;
    assert_eq!(notices.len(), news.len(), "each once");
    assert!(notices.iter().all(|one| one["number"] == number["_id"]), "{notices:#?}");
    let told = app.all("events").await;
    let told = told.iter().flat_map(|batch| batch["happenings"].as_array().unwrap().clone());
    let told: Vec<Value> = told.filter_map(|one| one.get("notice").cloned()).collect();
    assert!(told.iter().all(|one| one["number"].is_string()), "{told:#?}");
}

#[tokio::test]
async fn an_error_about_the_number_as_a_whole_is_kept_on_it() {
    let app = TestApp::start_with_number();
    let errors = json!({ "errors": [
        { "code": 130_429, "title": "Rate limit hit", "message": "Rate limit hit", "error_data": { "details": "slow" } }
    ]});
    app.take_changes(&[change("messages", value(errors))]).await;
    let number = app.only("numbers").await;
    let fault = &number["latest"]["numberFault"]["is"]["numberFault"];
    assert_eq!((&fault["code"], &fault["details"]), (&json!(130_429), &json!("slow")));
    assert_eq!(app.only("notices").await["kind"], "numberFault");
    assert_eq!(app.all("conversations").await.len(), 0);
}

fn call(event: &str, at_s: i64, direction: &str, parts: Value) -> Value {
    let mut call = json!({
        "id": "wacid.1", "from": BUDI.wa_id, "from_user_id": BUDI.user_id, "to": "15550783881", "event": event,
        "direction": direction, "timestamp": at_s.to_string(),
    });
    if direction == "BUSINESS_INITIATED" {
        call["from"] = "15550783881".into();
        call["from_user_id"] = Value::Null;
        call["to"] = BUDI.wa_id.into();
        call["to_user_id"] = BUDI.user_id.into();
    }
    call.as_object_mut().unwrap().extend(parts.as_object().unwrap().clone());
    change("calls", value(json!({ "contacts": [contact()], "calls": [call] })))
}

fn contact() -> Value {
    json!({ "profile": { "name": BUDI.name }, "wa_id": BUDI.wa_id, "user_id": BUDI.user_id })
}

#[tokio::test]
async fn a_time_that_no_calendar_has_is_not_taken_for_one() {
    let app = TestApp::start_with_number();
    for at_s in [i64::MAX, -1, 253_402_000_001] {
        app.take_changes(&[inbound(BUDI, &format!("w{at_s}"), at_s, text("x"))]).await;
        take_at(
            &app,
            &[(at_s, call("connect", at_s, "USER_INITIATED", json!({ "id": format!("c{at_s}") })))],
        )
        .await;
    }
    assert_eq!(app.all("messages").await.len(), 0, "nobody could say where they stand");
    assert_eq!(app.storage.count_asides(Reason::Unrecognised).await.unwrap(), 3, "so people look at them");
    let window = async || app.only("conversations").await["windowEndsAt"].clone();
    let received_s = app.clock.clock().now_ms() / 1_000;
    assert_eq!(window().await, received_s + DAY, "the calls have the time at which they came");
    let last = 253_402_000_000;
    app.take_changes(&[inbound(BUDI, "w-last", last, text("x"))]).await;
    assert_eq!(window().await, last + DAY);
    assert_eq!(app.storage.count_asides(Reason::Dead).await.unwrap(), 0);
}

#[tokio::test]
async fn a_customers_call_is_one_record_and_opens_the_window() {
    let connect =
        call("connect", NOW_S, "USER_INITIATED", json!({ "session": { "sdp_type": "offer", "sdp": "v=0" } }));
    let terminate = call(
        "terminate",
        NOW_S + 90,
        "USER_INITIATED",
        json!({ "status": "COMPLETED", "start_time": NOW_S + 5, "end_time": NOW_S + 90, "duration": 85 }),
    );
    for calls in [[&connect, &terminate], [&terminate, &connect]] {
        let app = TestApp::start_with_number();
        for call in calls.iter().chain(&calls) {
            app.take_changes(std::slice::from_ref(*call)).await;
        }
        let stored = app.only("calls").await;
        let contact = app.only("contacts").await;
        assert_eq!((&stored["callId"], &stored["contact"]), (&json!("wacid.1"), &contact["_id"]));
        assert_eq!(stored["number"], app.only("numbers").await["_id"]);
        let latest = |kind: &str| stored["latest"][kind]["is"]["call"].clone();
        assert_eq!(latest("connect")["sdp"], "v=0");
        assert_eq!(
            (&latest("terminate")["status"], &latest("terminate")["durationS"]),
            (&json!("COMPLETED"), &json!(85))
        );
        let conversation = app.only("conversations").await;
        assert_eq!(conversation["contact"], contact["_id"]);
        assert_eq!(conversation["windowEndsAt"], NOW_S + 90 + DAY);
        assert_eq!(conversation["unread"], 0, "a call is no message");
        assert_eq!(app.all("notices").await.len(), 2);
    }
}

#[tokio::test]
async fn our_call_opens_nothing_and_its_statuses_are_on_its_record() {
    let status = |status: &str, at_s: i64| {
        let status = json!({
            "id": "wacid.1", "type": "call", "status": status, "timestamp": at_s.to_string(),
            "recipient_id": BUDI.wa_id, "recipient_user_id": BUDI.user_id,
        });
        change("calls", value(json!({ "contacts": [contact()], "statuses": [status] })))
    };
    let app = TestApp::start_with_number();
    app.take_changes(&[status("ACCEPTED", NOW_S + 7)]).await;
    app.take_changes(&[
        call("connect", NOW_S, "BUSINESS_INITIATED", json!({})),
        status("RINGING", NOW_S + 2),
    ])
    .await;
    app.take_changes(&[status("RINGING", NOW_S + 2)]).await;
    let stored = app.only("calls").await;
    assert_eq!(stored["contact"], app.only("contacts").await["_id"]);
    let mut kinds: Vec<&String> = stored["latest"].as_object().unwrap().keys().collect();
    kinds.sort();
    assert_eq!(kinds, ["accepted", "connect", "ringing"]);
    assert_eq!(stored["latest"]["accepted"]["at"], NOW_S + 7);
    assert_eq!(app.all("statuses").await.len(), 0, "none waits for a message that never comes");
    assert_eq!(app.all("conversations").await.len(), 0);
    assert_eq!(app.all("notices").await.len(), 3);
}

#[tokio::test]
async fn a_group_has_the_latest_of_each_kind_of_news() {
    let app = TestApp::start_with_number();
    let news = |field: &str, at_s: i64, kind: &str, parts: Value| {
        let mut group = json!({ "group_id": "GROUP1", "timestamp": at_s, "type": kind });
        group.as_object_mut().unwrap().extend(parts.as_object().unwrap().clone());
        change(field, value(json!({ "groups": [group] })))
    };
    let left = news(
        "group_participants_update",
        NOW_S + 2,
        "group_participants_remove",
        json!({
            "removed_participants": [{ "wa_id": BUDI.wa_id }], "initiated_by": "participant"
        }),
    );
    let joined = news(
        "group_participants_update",
        NOW_S + 1,
        "group_participants_add",
        json!({
            "added_participants": [{ "input": BUDI.wa_id, "wa_id": BUDI.wa_id }], "reason": "invite_link"
        }),
    );
    let created = news(
        "group_lifecycle_update",
        NOW_S,
        "group_create",
        json!({
            "subject": "Pelanggan", "invite_link": "https://chat.whatsapp.com/x", "request_id": "r1"
        }),
    );
    for one in [&left, &joined, &created, &left] {
        app.take_changes(std::slice::from_ref(one)).await;
    }
    let group = app.only("groups").await;
    assert_eq!(group["groupId"], "GROUP1");
    let latest = |kind: &str| group["latest"][kind]["is"]["group"].clone();
    assert_eq!(latest("group_create")["subject"], "Pelanggan");
    assert_eq!(latest("group_participants_add")["added"][0]["waId"], BUDI.wa_id);
    assert_eq!(latest("group_participants_remove")["removed"][0]["waId"], BUDI.wa_id);
    assert_eq!(latest("group_participants_remove")["initiatedBy"], "participant");
    assert_eq!(app.all("notices").await.len(), 3);
}

#[tokio::test]
async fn a_group_is_called_what_was_last_done_and_not_what_was_refused() {
    let settings = |at_s: i64, subject: Value| {
        let group = json!({
            "group_id": "GROUP1", "timestamp": at_s, "type": "group_settings_update", "group_subject": subject
        });
        change("group_settings_update", value(json!({ "groups": [group] })))
    };
    let errors = json!([{ "code": 131_208, "title": "Group Rate Limit Hit", "message": "Slow down" }]);
    let create = |at_s: i64, errors: Value| {
        let group = json!({
            "group_id": "GROUP1", "timestamp": at_s, "type": "group_create", "subject": "Pelanggan",
            "description": "Kabar", "errors": errors
        });
        change("group_lifecycle_update", value(json!({ "groups": [group] })))
    };
    let created = create(NOW_S, json!([]));
    let renamed = settings(NOW_S + 1, json!({ "text": "Pelanggan setia", "update_successful": true }));
    let refused =
        settings(NOW_S + 2, json!({ "text": "Reseller", "update_successful": false, "errors": errors }));
    let not_made = create(NOW_S + 3, errors.clone());
    let news = [&created, &renamed, &refused, &not_made];
    for news in [news, [&refused, &not_made, &renamed, &created]] {
        let app = TestApp::start_with_number();
        for one in news {
            app.take_changes(std::slice::from_ref(one)).await;
        }
        app.settle().await;
        let group = app.only("groups").await;
        let (subject, description) = (&group["subject"], &group["description"]);
        assert_eq!((&subject["value"], &subject["at"]), (&json!("Pelanggan setia"), &json!(NOW_S + 1)));
        assert_eq!((&description["value"], &description["at"]), (&json!("Kabar"), &json!(NOW_S)));
        let latest = &group["latest"]["group_settings_update"]["is"]["group"];
        assert!(latest["subject"].is_null(), "{latest:#}");
        let change = &latest["subjectChange"];
        assert_eq!((&change["text"], &change["isDone"]), (&json!("Reseller"), &json!(false)));
        assert_eq!(change["faults"][0]["code"], 131_208);
    }
}

#[tokio::test]
async fn a_join_request_says_who_asks_and_a_refusal_why() {
    let app = TestApp::start_with_number();
    let news = |parts: Value| {
        let mut group = json!({ "group_id": "GROUP1", "timestamp": NOW_S });
        group.as_object_mut().unwrap().extend(parts.as_object().unwrap().clone());
        change("group_participants_update", value(json!({ "contacts": [contact()], "groups": [group] })))
    };
    app.take_changes(&[
        news(json!({ "type": "group_join_request_created", "join_request_id": "jr_1", "wa_id": BUDI.wa_id,
            "user_id": BUDI.user_id })),
        news(json!({ "type": "group_participants_remove", "initiated_by": "business",
            "failed_participants": [{ "input": "628222", "errors": [{ "code": 131_203, "title": "Not found" }] }] })),
    ])
    .await;
    app.settle().await;
    let group = app.only("groups").await;
    let latest = |kind: &str| group["latest"][kind]["is"]["group"].clone();
    let request = latest("group_join_request_created");
    assert_eq!(request["joinRequestId"], "jr_1");
    assert_eq!(
        request["applicant"],
        json!({ "waId": BUDI.wa_id, "userId": BUDI.user_id, "name": BUDI.name })
    );
    assert_eq!(
        latest("group_participants_remove")["failed"],
        json!([{ "phone": "628222", "faults": [{ "code": 131_203, "title": "Not found" }] }])
    );
    let notices = app.all("notices").await;
    let told = notices.iter().find(|one| one["event"]["group"]["joinRequestId"] == "jr_1").unwrap();
    assert_eq!(told["event"]["group"]["applicant"]["waId"], BUDI.wa_id);
}

#[tokio::test]
async fn a_handover_is_kept_and_shown_on_its_conversation() {
    let app = TestApp::start_with_number();
    let handover = |kind: &str, at_s: i64, role: &str| {
        change(
            "messaging_handovers",
            json!({
                "messaging_product": "whatsapp", "sender": { "phone_number": BUDI.wa_id, "user_id": BUDI.user_id },
                "recipient": { "phone_number_id": PHONE_NUMBER_ID, "display_phone_number": "15550783881" },
                "type": kind, "timestamp": at_s.to_string(),
                kind: { "previous_owner_role": "ai_agent", "new_owner_role": role, "metadata": "minta manusia" }
            }),
        )
    };
    app.take_changes(&[inbound(BUDI, "wamid.1", NOW_S, text("halo"))]).await;
    app.take_changes(&[handover("control_taken", NOW_S + 20, "escalation")]).await;
    app.take_changes(&[handover("control_passed", NOW_S + 10, "customer_service")]).await;
    let conversation = app.only("conversations").await;
    let shown = &conversation["handover"];
    assert_eq!(
        (&shown["taken"], &shown["role"], &shown["at"]),
        (&json!(true), &json!("escalation"), &json!(NOW_S + 20))
    );
    assert_eq!(conversation["unread"], 1);
    let notices = app.all("notices").await;
    assert_eq!(notices.len(), 2);
    assert!(notices.iter().all(|one| one["event"]["handover"]["note"] == "minta manusia"));
    assert!(notices.iter().all(|one| one["contact"] == conversation["contact"]));
}
