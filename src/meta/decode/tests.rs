//! What decoding makes of single payloads; that no input panics and none is lost. `corpus` asks the same of every
//! fixture.

mod corpus;
mod leaves;
mod told;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Item, decode};
use crate::domain::account::GroupNews;
use crate::domain::content::{Content, SystemChange};
use crate::domain::event::{Event, Why};
use crate::domain::message::{Message, Origin};
use crate::domain::status::{Outcome, Step};

fn sample(name: &str) -> String {
    let mut samples = corpus::files(corpus::SAMPLES);
    samples.remove(&format!("{name}.json")).unwrap()
}

fn own(name: &str) -> String {
    corpus::files(corpus::OWN).remove(&format!("{name}.json")).unwrap()
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
    let body = own("messages__text_from_number_written_otherwise");
    let items = decode(body.as_bytes());
    let customer = &message(&items[0]).customer;
    assert_eq!(customer.user_id.as_deref(), Some("BR.20837465019988746501"));
    assert_eq!(customer.wa_id.as_deref(), Some("5511987650001"));
    assert_eq!(customer.phone.as_deref(), Some("551187650001"));
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

fn group<'a>(item: &'a Item<'a>) -> &'a GroupNews<'a> {
    match &item.event {
        Event::Group(news) => news,
        event => panic!("not about a group: {event:?}"),
    }
}

#[test]
fn a_refused_change_of_a_group_is_told_as_refused_and_is_not_how_the_group_is_called() {
    let body = sample("groups__settings_update_partial_fail");
    let items = decode(body.as_bytes());
    let news = group(&items[0]);
    assert_eq!((news.subject.as_deref(), news.description.as_deref()), (None, None));
    for (change, text) in
        [(&news.subject_change, "Test Subject"), (&news.description_change, "Test Description")]
    {
        let change = change.as_ref().unwrap();
        assert_eq!((change.text.as_deref(), change.is_done), (Some(text), false));
        assert_eq!(change.faults[0].code, Some(131_208));
        assert!(change.faults[0].details.is_some());
    }
    let picture = news.picture_change.as_ref().unwrap();
    assert_eq!((picture.mime_type.as_deref(), picture.is_done), (Some("image/jpeg"), true));
    assert_eq!(picture.sha256.as_deref(), Some("Y9vvGyeo3n76ptkXu3CwDBsnzbRFqpjHskQdMGSVqas="));
    assert_eq!(news.faults[0].code, Some(131_201));

    let body = own("group_settings_update__all");
    let items = decode(body.as_bytes());
    let news = group(&items[0]);
    assert_eq!(news.names(), (Some("Reseller Batik Sekar ꦧꦠꦶꦏ꧀"), Some("Hanya untuk reseller")));
    assert!(news.subject_change.as_ref().unwrap().is_done);
    // Nobody says whether it was done, and there is no error.
    let body = sample("Group_Settings_Update");
    assert!(group(&decode(body.as_bytes())[0]).picture_change.as_ref().unwrap().is_done);
    let body = own("group_lifecycle_update__create_failed");
    let items = decode(body.as_bytes());
    assert_eq!(group(&items[0]).subject.as_deref(), Some("Reseller"));
    assert_eq!(group(&items[0]).names(), (None, None), "there is no such group");
}

#[test]
fn who_asks_to_join_a_group_and_who_was_not_let_in_or_out_is_told() {
    for name in ["join_request", "join_request_taken_back"] {
        let body = own(&format!("group_participants_update__{name}"));
        let items = decode(body.as_bytes());
        let news = group(&items[0]);
        let who = news.applicant.as_ref().unwrap();
        assert_eq!(news.join_request_id.as_deref(), Some("jr_0190"), "{name}");
        assert_eq!(
            (who.wa_id.as_deref(), who.user_id.as_deref()),
            (Some("6287711223344"), Some("ID.90017744602231885570"))
        );
    }
    let body = own("group_participants_update__remove");
    let items = decode(body.as_bytes());
    let news = group(&items[0]);
    assert_eq!(news.applicant, None);
    assert_eq!(news.failed[0].person.phone.as_deref(), Some("6281200000000"));
    assert_eq!(news.failed[0].faults[0].code, Some(131_203));
}

#[test]
fn a_call_tells_of_its_files() {
    let call = |name: &str| {
        let body = own(name);
        let items = decode(body.as_bytes());
        match &items[0].event {
            Event::Call(call) => serde_json::to_value(call).unwrap(),
            event => panic!("{event:?}"),
        }
    };
    let recording = call("calls__recording");
    assert_eq!(recording["recordingId"], "3777056544873483");
    assert_eq!(recording["recording"]["kind"], "audio");
    assert_eq!(recording["recording"]["mimeType"], "audio/ogg; codecs=opus");
    assert_eq!(recording["recording"]["sha256"], "V1uPJXIWtMr5si0A+JSFc8qhF+hsgC89qorOkDvmvT0=");
    assert!(recording["recording"]["url"].as_str().unwrap().starts_with("https://lookaside"));
    assert!(recording["transcript"].is_null() && recording["transcriptId"].is_null());
    let transcript = call("calls__transcript");
    assert_eq!(transcript["transcriptId"], "1115321067674063");
    assert_eq!(transcript["transcript"]["mimeType"], "application/json");
}

/// What is stored of the only event of one of our own payloads about an account.
fn account_news(name: &str) -> Value {
    let body = own(name);
    let items = decode(body.as_bytes());
    assert_eq!(items.len(), 1, "{name}");
    serde_json::to_value(&items[0].event).unwrap()["account"].take()
}

#[test]
fn an_account_update_tells_all_that_belongs_to_its_event() {
    let update = |name: &str| account_news(&format!("account_update__{name}"))["update"].take();
    assert_eq!(
        update("partner_certification")["certification"],
        json!({ "businessId": "550066770088", "status": "FAILED",
            "rejectionReasons": ["ADDRESS_NOT_MATCHING", "LEGAL_NAME_NOT_MATCHING"] })
    );
    assert_eq!(
        update("auth_international_rates")["internationalRates"],
        json!({ "fromS": 1_795_300_000, "exceptions": [{ "country": "ID", "fromS": 1_795_400_000 }] })
    );
    assert_eq!(
        update("volume_tier")["volumeTier"],
        json!({ "category": "UTILITY", "tier": "25000001:50000000", "month": "2026-12", "region": "Indonesia",
            "changedAtS": 1_795_300_000 })
    );
    let added = update("partner_added");
    assert_eq!(added["solutionId"], "228811445577009");
    assert_eq!(added["solutionPartnerIds"], json!(["440011220033", "440011220044"]));
    assert_eq!(update("partner_app_installed_in_the_entry")["partnerAppId"], "771122334455667");
    assert_eq!(update("ad_account_linked")["adAccountId"], "120200300400500");
    let plain = update("deleted");
    let names: Vec<&String> = plain.as_object().unwrap().keys().collect();
    assert_eq!(names.len(), 3, "nothing is stored of what is not told: {names:?}");
}

#[test]
fn an_alert_of_a_flow_tells_what_was_measured() {
    let flow = |name: &str| account_news(&format!("flows__{name}"))["flow"].take();
    let errors = flow("client_errors");
    assert_eq!((&errors["threshold"], &errors["errorRate"]), (&json!(5.0), &json!(14.28)));
    assert_eq!(errors["errors"], json!([{ "kind": "INVALID_SCREEN_TRANSITION", "rate": 66.66, "count": 2 }]));
    let latency = flow("latency");
    assert_eq!((&latency["p50Latency"], &latency["p90Latency"]), (&json!(420.0), &json!(1250.5)));
    assert_eq!((&latency["requests"], &latency["threshold"]), (&json!(3417), &json!(1000.0)));
    assert_eq!(flow("availability")["availability"], 71.5);
    assert!(flow("status")["threshold"].is_null());
}

#[test]
fn an_interactive_message_keeps_the_file_of_its_header_and_its_product() {
    let sent = |name: &str| {
        let body = own(&format!("message_echoes__interactive_{name}"));
        let items = decode(body.as_bytes());
        match &message(&items[0]).content {
            Content::Interactive(sent) => serde_json::to_value(sent).unwrap(),
            content => panic!("{content:?}"),
        }
    };
    let picture = sent("buttons")["headerMedia"].take();
    assert_eq!((&picture["kind"], &picture["id"]), (&json!("image"), &json!("4255497020563612")));
    let document = sent("cta_url")["headerMedia"].take();
    assert_eq!((&document["kind"], &document["filename"]), (&json!("document"), &json!("katalog.pdf")));
    assert_eq!(document["link"], "https://batiksekar.example/katalog.pdf");
    let product = sent("product");
    assert_eq!(product["catalogId"], "418800112233445");
    assert_eq!(product["productRetailerId"], "PIE-SUSU-12");
    assert!(product["headerMedia"].is_null() && sent("list")["headerMedia"].is_null());
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
fn a_field_is_found_beside_its_changes_and_inside_its_value() {
    for name in ["in_the_entry", "field_in_the_entry"] {
        let body = own(&format!("account_update__partner_app_installed_{name}"));
        let items = decode(body.as_bytes());
        assert_eq!((items.len(), items[0].field.as_ref()), (1, "account_update"), "{name}");
    }
    let body = br#"{"entry":[{"id":"1","field":"account_review_update","value":{"decision":"APPROVED"},
        "changes":[{"value":{"decision":"DEFERRED"}},{"field":"security","value":{"event":"PIN_CHANGED"}},
        {"value":{"field":"flows","event":"FLOW_STATUS_CHANGE"}},{"value":{"field":""}}]}]}"#;
    let items = decode(body);
    let fields: Vec<_> = items.iter().map(|item| item.field.as_ref()).collect();
    // The nearest name counts.
    let review = "account_review_update";
    assert_eq!(fields, [review, review, "security", "flows", review]);
    assert_eq!(decode(br#"{"entry":[{"changes":[{"value":{"field":"flows"}}]}]}"#)[0].field, "flows");
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
    check(
        r#"{"entry":[{"changes":[{"field":"messages","value":{"messages":[
        {"id":"w","timestamp":"9223372036854775807","type":"text","text":{"body":"no such time"}}],
        "statuses":[{"id":"w","timestamp":-1,"status":"sent","recipient_id":"628"}]}}]}]}"#,
        &[Some(Why::NoKey), Some(Why::NoKey)],
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
fn what_stands_beside_the_known_is_kept_unless_it_is_a_plain_value() {
    let check = |body: &str, expected: &[&str]| {
        let items = decode(body.as_bytes());
        let kept: Vec<_> = items
            .iter()
            .filter(|item| matches!(item.event, Event::Unrecognised { why: Why::Member | Why::Shape }))
            .map(|item| item.raw.unwrap())
            .collect();
        assert_eq!(kept, expected, "{body}");
        assert!(items.iter().any(|item| matches!(item.event, Event::Message(_))), "{body}");
    };
    let message = r#"{"from":"62811","id":"w","timestamp":"1","type":"text","text":{"body":"ok"}}"#;
    let value = format!(
        r#""field":"messages","value":{{"new":[1],"contacts":[7,{{"wa_id":"62811"}}],"messages":[{message}],"n":{{"a":1}},
        "plain":1,"none":null,"empty":[ ],"bare":{{}}}}"#
    );
    check(
        &format!(r#"{{"entry":[{{"id":"1","e":[2],"changes":[{{{value},"c":{{"b":[]}}}}]}}],"o":["x"]}}"#),
        &["7", "[1]", r#"{"a":1}"#, r#"{"b":[]}"#, "[2]", r#"["x"]"#],
    );
    check(
        &format!(
            r#"{{"entry":[{{"id":"1","changes":[{{"field":"standby","value":{{"standby":{{
            "messages":[{message}],"new":[1],"contacts":[[]]}}}}}}]}}]}}"#
        ),
        &["[]", "[1]"],
    );
    check(
        &format!(
            r#"{{"entry":[{{"id":"1","changes":[{{"field":"history","value":{{"history":[{{"new":[1],
            "threads":[{{"id":"62811","t":[2],"messages":[{message}]}},7]}}]}}}}]}}]}}"#
        ),
        &["[2]", "7", "[1]"],
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

#[test]
fn a_probe_of_our_own_is_one_item_that_creates_nothing_and_nothing_else_passes_for_one() {
    let items = decode("{\"object\":\"pesan_probe\",\"text\":\"\u{1f600}\"}".as_bytes());
    assert_eq!(
        items.iter().map(|item| (item.is_test, item.field.as_ref())).collect::<Vec<_>>(),
        [(true, "probe")]
    );
    for body in [
        r#"{"object":"pesan_probes"}"#,
        r#"{"object":["pesan_probe"],"entry":[{"id":"1","changes":[{"field":"messages","value":{"x":[1]}}]}]}"#,
        r#"{"object":5,"entry":[{"id":"1","changes":[{"field":"probe","value":{}}]}]}"#,
        r#"{"entry":[{"changes":[{"field":"probe","value":{}}]}]}"#,
    ] {
        let items = decode(body.as_bytes());
        assert!(!items.is_empty() && items.iter().all(|item| !item.is_test), "{body}: {items:?}");
    }
}

proptest! {
    #[test]
    fn no_bytes_panic_and_none_are_without_an_item(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(!decode(&bytes).is_empty());
    }

    #[test]
    fn no_mutated_sample_panics(which in 0_usize..47, at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>()) {
        let samples = corpus::files(corpus::SAMPLES);
        let mut bytes = samples.values().nth(which).unwrap().clone().into_bytes();
        let at = at.index(bytes.len());
        if cut { bytes.truncate(at) } else { bytes[at] = byte }
        prop_assert!(!decode(&bytes).is_empty());
    }
}
