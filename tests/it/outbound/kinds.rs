//! Everything that Meta's reference shows is asked for through the API, and crosses the wire as the reference has it; and
//! what breaks a limit is refused before anything is queued, with the field as the caller has written it.

mod unsampled;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use pesan::domain::outgoing::plain::Source;
use pesan::domain::outgoing::{Content, Message, ProductPolicy, Recipient, check};
use pesan::meta::encode::Edge;
use serde_json::{Map, Value, json};

use super::stage::{Stage, number, text};
use crate::outgoing::accepted::{definition_of, file_of, mime_type_of, upload_to};
use crate::outgoing::judge_body;
use crate::outgoing::limits::beyond_limits;
use crate::outgoing::samples::{Made, compare, rows};
use crate::support::client;
use crate::support::eventually;
use crate::support::webhook;
use crate::support::webhook::Customer;

/// A message as a client writes it: in the domain's own form, and where the input is shorter, in that.
fn input_of(message: &Message) -> Value {
    let kept = serde_json::to_value(message).unwrap();
    let to = match &message.recipient {
        Recipient::Phone(phone) => json!({ "phone": international(phone) }),
        Recipient::UserId(id) => json!({ "userId": id }),
        Recipient::Both { phone, user_id } => {
            json!({ "both": { "phone": international(phone), "userId": user_id } })
        }
        Recipient::Group(id) => json!({ "groupId": id }),
    };
    let mut input = json!({ "numberId": number(), "to": to, "content": written(&kept["content"]) });
    input["replyTo"] = kept["replyTo"].clone();
    input["identityKeyHash"] = kept["identityKeyHash"].clone();
    if let Some(marketing) = &message.marketing {
        let policy = marketing.product_policy.map(|policy| match policy {
            ProductPolicy::CloudApiFallback => "CLOUD_API_FALLBACK",
            ProductPolicy::Strict => "STRICT",
        });
        input["marketing"] = json!({ "productPolicy": policy, "sharesActivity": marketing.shares_activity });
    }
    input
}

fn international(phone: &str) -> String {
    if phone.is_empty() { String::new() } else { format!("+{}", phone.trim_start_matches('+')) }
}

fn written(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(written).collect(),
        Value::Object(object) if object.contains_key("source") => written(&object["source"]),
        Value::Object(object) => {
            let mut fields = Map::new();
            for (key, value) in object {
                write_field(object, key, value, &mut fields);
            }
            fields.into()
        }
        other => other.clone(),
    }
}

fn write_field(object: &Map<String, Value>, key: &str, value: &Value, fields: &mut Map<String, Value>) {
    let time = |ms: i64| pesan::clock::Timestamp::from_millisecond(ms).unwrap().to_string();
    let mut put = |key: &str, value: Value| drop(fields.insert(key.to_owned(), value));
    match (key, value) {
        // JSON objects of Meta's own.
        ("data" | "values" | "validationErrors" | "paymentSettings", value) => put(key, value.clone()),
        ("isVoice", value) => put("voice", value.clone()),
        ("language", Value::Object(language)) => {
            put("language", language["code"].clone());
            put("isLanguageDeterministic", language["isDeterministic"].clone());
        }
        ("offerEndsAtMs", Value::Number(ms)) => put("offerEndsAt", time(ms.as_i64().unwrap()).into()),
        ("atS", Value::Number(seconds)) => put("at", time(seconds.as_i64().unwrap() * 1_000).into()),
        ("action" | "change" | "start", Value::String(kind)) => put(key, json!({ kind: true })),
        ("mode", Value::String(mode)) => put(key, mode.to_uppercase().into()),
        ("kind", Value::String(kind)) if kind == "digitalGoods" => put(key, "DIGITAL_GOODS".into()),
        ("kind", Value::String(kind)) if kind == "physicalGoods" => put(key, "PHYSICAL_GOODS".into()),
        // A parameter says its value beside its name; a button and an address say theirs apart.
        ("value", Value::Object(value)) if !object.contains_key("index") && !object.contains_key("id") => {
            for (key, value) in value {
                put(key, written(value));
            }
        }
        (key, value) => put(key, written(value)),
    }
}

/// Opens the window of everybody whom a sample is for.
async fn open_windows(stage: &Stage, messages: &[&Message]) {
    let now_s = stage.app.clock.clock().now_ms() / 1_000;
    let mut said = BTreeMap::new();
    for message in messages {
        let change = |wa_id: &str, user_id: &str, group: Option<&str>| {
            let wamid = format!("wamid.opens.{wa_id}.{}", group.unwrap_or_default());
            let mut content = webhook::text("Hi");
            if let Some(group) = group {
                content["group_id"] = group.into();
            }
            (wamid.clone(), webhook::inbound(Customer::new(wa_id, user_id), &wamid, now_s, content))
        };
        let (wamid, change) = match &message.recipient {
            Recipient::Phone(phone) => change(phone.trim_start_matches('+'), "", None),
            Recipient::Both { phone, user_id } => change(phone.trim_start_matches('+'), user_id, None),
            Recipient::Group(id) => change("16505550000", "", Some(id)),
            Recipient::UserId(id) => change("", id, None),
        };
        said.insert(wamid, change);
    }
    stage.app.take_changes(&said.into_values().collect::<Vec<_>>()).await;
}

/// What crossed the wire, by our id: where it went, and the body.
async fn sent_bodies(stage: &Stage) -> BTreeMap<String, (Edge, Value)> {
    let url = format!("{}/_sim/journal?kind=request&contains=messages&limit=20000", stage.meta.running.url());
    let journal: Value = client().get(url).send().await.unwrap().json().await.unwrap();
    let entries = journal["entries"].as_array().unwrap().iter();
    let sent = entries.filter_map(|entry| {
        let mut body: Value = serde_json::from_str(entry["body"].as_str()?).ok()?;
        let id = body.as_object_mut()?.remove("biz_opaque_callback_data")?;
        let is_marketing = entry["path"].as_str()?.contains("/marketing_messages");
        let edge = if is_marketing { Edge::MarketingMessages } else { Edge::Messages };
        Some((id.as_str()?.to_owned(), (edge, body)))
    });
    sent.collect()
}

/// The samples that are messages, with files that are there and templates that they fit.
async fn prepared(stage: &Stage) -> Vec<(String, Value, Message)> {
    let url = stage.meta.running.url();
    let mut all = Vec::new();
    for (index, (name, mut sample, made)) in rows().into_iter().enumerate() {
        let Made::Message(message) = made else { continue };
        let mut message = *message;
        let mime_type = mime_type_of(&message.content);
        let kind = sample["type"].as_str().unwrap_or_default().to_owned();
        if let Some(file) = file_of(&mut message.content)
            && matches!(file.source, Source::Id(_))
        {
            let id = upload_to(&client(), &url, mime_type).await;
            sample[&kind]["id"] = id.as_str().into();
            file.source = Source::Id(id);
        }
        if let Content::Template(template) = &mut message.content {
            // Samples of the same name use different templates.
            template.name = format!("sample_{index}");
            sample["template"]["name"] = template.name.as_str().into();
            stage.meta.control("templates", definition_of(template, message.marketing.is_some())).await;
        }
        all.push((name, sample, message));
    }
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_sample_goes_through_the_api_without_raw_and_crosses_the_wire_as_meta_has_it() {
    let stage = Stage::start().await;
    stage.hear().await;
    let samples = prepared(&stage).await;
    assert!(samples.len() > 68, "{} samples", samples.len());
    let sync = "mutation($n: ID!) { syncTemplates(numberId: $n) { userErrors { code message } } }";
    let synced = stage.caller.ask(sync, json!({ "n": number() })).await;
    assert_eq!(synced["data"]["syncTemplates"]["userErrors"], json!([]), "{synced}");
    open_windows(&stage, &samples.iter().map(|(_, _, message)| message).collect::<Vec<_>>()).await;
    let mut ids = Vec::new();
    for (name, _, message) in &samples {
        let input = input_of(message);
        assert_eq!(input["content"].get("raw"), None, "{name}");
        let payload = stage.caller.send(input).await;
        assert_eq!(payload["userErrors"], json!([]), "{name}: {payload:#}");
        ids.push(payload["message"]["id"].as_str().unwrap().to_owned());
    }
    for ((name, ..), id) in samples.iter().zip(&ids) {
        eventually(&format!("{name} is taken"), || async {
            let message = stage.caller.message(id).await;
            assert_ne!(message["state"], "REFUSED", "{name}: {message:#}");
            // Most go to one person, who takes a burst of 45.
            stage.app.clock.advance(Duration::from_secs(7));
            (message["state"] == "ACCEPTED").then_some(())
        })
        .await;
    }
    let bodies = sent_bodies(&stage).await;
    let (mut wrong, mut deviations) = (Vec::new(), BTreeSet::new());
    for ((name, sample, _), id) in samples.iter().zip(&ids) {
        let (edge, body) = &bodies[id];
        compare(name, body, sample, &mut wrong, &mut deviations);
        if let Err(refusal) = judge_body(*edge, body) {
            wrong.push(format!("{name}: the schema says {refusal}"));
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

/// Where a field of an error is in the input.
fn place<'a>(input: &'a Value, field: &str) -> Option<&'a Value> {
    input.pointer(&format!("/{}", field.replace('[', "/").replace(']', "").replace('.', "/")))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_beyond_a_limit_by_one_is_refused_with_the_field_as_the_caller_wrote_it() {
    let stage = Stage::start().await;
    stage.hear().await;
    let beyond = beyond_limits();
    assert!(beyond.len() > 120, "{} messages", beyond.len());
    let mut kinds = BTreeSet::new();
    for (name, message, field) in &beyond {
        let input = input_of(message);
        let payload = stage.caller.send(input.clone()).await;
        assert_eq!(payload["message"], Value::Null, "{name}: {field}");
        let errors = payload["userErrors"].as_array().unwrap();
        let last = field.rsplit('.').next().unwrap();
        let found = errors.iter().filter_map(|error| error["field"].as_str()).any(|told| {
            let is_meant = told.ends_with(last) || last == "code" && told.ends_with("language");
            is_meant && place(&input, told).is_some()
        });
        assert!(found, "{name}: {field} in {errors:#?} of {input:#}");
        assert!(errors.iter().all(|error| error["code"] == "INVALID"), "{name}: {errors:#?}");
        // The limit itself is told as well; a recipient is judged in the caller's own spelling.
        let sentences: Vec<&str> = errors.iter().filter_map(|error| error["message"].as_str()).collect();
        let breaches = check::message(message).expect_err("it is beyond a limit").into_iter();
        for breach in breaches.filter(|breach| breach.field.starts_with("content")) {
            let limit = breach.limit.to_string();
            assert!(sentences.iter().any(|told| told.contains(&limit)), "{name}: {limit} in {sentences:?}");
        }
        kinds.insert(message.content.kind_name());
    }
    assert!(kinds.len() >= 12, "{kinds:?}");
    assert_eq!(stage.meta.sends().await.len(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_makes_no_sense_is_named() {
    let stage = Stage::start().await;
    let conversation = stage.hear().await;
    let to = json!({ "conversationId": conversation });
    let check = async |input: Value, field: &str, code: &str| {
        let payload = stage.caller.send(input).await;
        let error = &payload["userErrors"][0];
        assert_eq!((&error["field"], &error["code"]), (&json!(field), &json!(code)), "{payload:#}");
    };
    let content = |content: Value| json!({ "to": to, "content": content });
    let action = |action: Value| content(json!({ "interactive": { "body": "?", "action": action } }));
    let template = |more: Value| {
        let mut template = json!({ "name": "a", "language": "id" });
        template.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        content(json!({ "template": template }))
    };
    check(content(json!({ "raw": [1] })), "content.raw", "INVALID").await;
    check(content(json!({ "raw": { "to": "1", "type": "text" } })), "content.raw.to", "INVALID").await;
    check(
        action(json!({ "locationRequest": false })),
        "content.interactive.action.locationRequest",
        "INVALID",
    )
    .await;
    let flow = json!({ "flow": { "id": "1" }, "button": "Go", "start": { "navigate": { "data": [] } } });
    check(action(json!({ "flow": flow })), "content.interactive.action.flow.start.navigate.data", "INVALID")
        .await;
    check(template(json!({ "body": [{ "name": "a" }] })), "content.template", "INVALID").await;
    check(template(json!({ "body": [{ "text": "a", "groupId": "b" }] })), "content.template", "INVALID")
        .await;
    let pin = json!({ "pin": { "messageId": "wamid.A", "change": { "pin": { "expirationDays": 7 } } } });
    check(content(pin), "content.pin", "INVALID").await;
    let mut marketing = text(&conversation, "Halo");
    marketing["marketing"] = json!({});
    check(marketing, "marketing", "INVALID").await;
    let mut keyed = text(&conversation, "Halo");
    keyed["idempotencyKey"] = "k".repeat(201).into();
    check(keyed, "idempotencyKey", "INVALID").await;
    let mut of_another_number = text(&conversation, "Halo");
    of_another_number["numberId"] = json!(uuid::Uuid::from_u128(5));
    check(of_another_number, "numberId", "INVALID").await;
    stage.meta.control("people/kerry/write", json!({ "text": "Ahoy" })).await;
    let theirs = eventually("they have written", || async {
        let all = stage.app.all("messages").await;
        let theirs = all.iter().find(|one| one["content"]["text"]["body"] == "Ahoy")?;
        Some(theirs["wamid"].clone())
    })
    .await;
    let reaction = json!({ "reaction": { "messageId": theirs, "emoji": "👍" } });
    check(content(reaction), "content.reaction.messageId", "INVALID").await;
    let emoji = json!({ "reaction": { "messageId": "wamid.A", "emoji": "👍".repeat(33) } });
    check(content(emoji), "content.reaction.emoji", "INVALID").await;
    let mut elsewhere = content(json!({ "text": { "body": "Halo" } }));
    elsewhere["numberId"] = number().to_string().into();
    for (to, field) in [
        (json!({ "groupId": "" }), "to.groupId"),
        (json!({ "groupId": "g".repeat(257) }), "to.groupId"),
        (json!({ "userId": "me" }), "to.userId"),
        (json!({ "both": { "phone": "+16505551234", "userId": "me" } }), "to.both.userId"),
    ] {
        elsewhere["to"] = to;
        check(elsewhere.clone(), field, "INVALID").await;
    }
    elsewhere["to"] = json!({ "groupId": "nobody-knows" });
    check(elsewhere.clone(), "content", "WINDOW_CLOSED").await;
    for to in [json!({ "conversationId": "x" }), json!({ "contactId": uuid::Uuid::from_u128(5) })] {
        let field = format!("to.{}", to.as_object().unwrap().keys().next().unwrap());
        elsewhere["to"] = to;
        check(elsewhere.clone(), &field, "NOT_FOUND").await;
    }
    assert_eq!(stage.meta.sends().await.len(), 0);
}
