//! What simulated people do: write, send files, tap, choose, react, edit, revoke, block, move; by hand over the control
//! API, or by a scenario when its time has come.

use std::sync::{MutexGuard, PoisonError};

use data_encoding::{BASE64, HEXLOWER};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tracing::warn;

use super::platform::{Platform, customer_of};
use super::scenario::{Plan, Scenario};
use super::webhook::field;
use super::world::NUMBER_ID;
use super::world::content::{Media, RECEIVED_MS};
use super::world::person::Person;

/// What came of a deed, or why it could not be done.
pub(super) type Outcome = Result<Value, String>;

/// Lets the people of a scenario come in, and plans what they do.
pub(super) fn play(platform: &Platform, scenario: Scenario) {
    for person in scenario.people {
        platform.world().add_person(person);
    }
    let mut plan = plan(platform);
    plan.start_ms = platform.clock.now_ms();
    plan.steps = scenario.steps.into();
}

fn plan(platform: &Platform) -> MutexGuard<'_, Plan> {
    platform.plan.lock().unwrap_or_else(PoisonError::into_inner)
}

/// When somebody does something next.
pub(super) fn next_step_ms(platform: &Platform) -> Option<i64> {
    let plan = plan(platform);
    plan.steps.front().map(|step| plan.start_ms + step.at_ms)
}

/// Does what is due in the plan.
pub(super) fn act_due(platform: &Platform) {
    loop {
        let (step, message) = {
            let mut plan = plan(platform);
            let now_ms = platform.clock.now_ms() - plan.start_ms;
            let Some(step) = plan.steps.pop_front_if(|step| step.at_ms <= now_ms) else { return };
            let message = step.after.as_ref().and_then(|after| plan.messages.get(after)).cloned();
            (step, message)
        };
        let mut with = step.with;
        if let Some(message) = message {
            with.insert("message".to_owned(), json!(message));
        }
        match act(platform, &step.who, &step.does, &Value::Object(with)) {
            Ok(done) => {
                if let (Some(name), Some(message)) = (step.name, done.get("message").and_then(Value::as_str))
                {
                    plan(platform).messages.insert(name, message.to_owned());
                }
            }
            Err(why) => warn!(who = step.who, does = step.does, why, "a step of the scenario failed"),
        }
    }
}

/// A text that a deed cannot do without.
pub(super) fn need<'b>(body: &'b Value, key: &str) -> Result<&'b str, String> {
    body.get(key).and_then(Value::as_str).ok_or_else(|| format!("{key} is missing"))
}

/// The number that a call is about: the one named, or the default world's first.
pub(super) fn number_of<'b>(platform: &Platform, body: &'b Value) -> Result<&'b str, String> {
    let id = body.get("number").and_then(Value::as_str).unwrap_or(NUMBER_ID);
    if platform.world().numbers.contains_key(id) { Ok(id) } else { Err(format!("there is no number {id}")) }
}

/// What a person does.
pub(super) fn act(platform: &Platform, key: &str, deed: &str, body: &Value) -> Outcome {
    let number = number_of(platform, body)?;
    let person =
        platform.world().find_person(key).cloned().ok_or_else(|| format!("there is nobody called {key}"))?;
    if deed == "block" {
        let blocked = body.get("blocked").and_then(Value::as_bool).unwrap_or(true);
        platform.world().add_person(Person { has_blocked_us: blocked, ..person });
        return Ok(json!({ "done": true }));
    }
    if deed == "change_number" {
        return change_number(platform, number, person, need(body, "phone")?);
    }
    let mut content = match deed {
        "write" => match body.get("content") {
            Some(content) => content.clone(),
            None => json!({ "type": "text", "text": { "body": need(body, "text")? } }),
        },
        "send" => file(platform, number, body)?,
        "tap" => {
            json!({ "type": "button", "button": { "payload": need(body, "payload")?, "text": need(body, "text")? } })
        }
        "choose" => {
            let mut choice = json!({ "id": need(body, "id")?, "title": need(body, "title")? });
            field::context::set_some(
                &mut choice,
                "description",
                body.get("description").and_then(Value::as_str),
            );
            field::message::interactive(need(body, "kind")?, choice)
        }
        "react" => {
            let mut reaction = json!({ "message_id": need(body, "message")? });
            field::context::set_some(&mut reaction, "emoji", body.get("emoji").and_then(Value::as_str));
            json!({ "type": "reaction", "reaction": reaction })
        }
        "edit" => json!({ "type": "edit", "edit": {
            "original_message_id": need(body, "message")?,
            "message": { "type": "text", "text": { "body": need(body, "text")? }, "context": { "id": "M0" } },
        }}),
        "revoke" => json!({ "type": "revoke", "revoke": { "original_message_id": need(body, "message")? } }),
        _ => return Err(format!("nobody can {deed}; GET /_sim lists what people do")),
    };
    if matches!(deed, "tap" | "choose") {
        let from = platform.world().numbers.get(number).map(|number| number.phone.clone());
        field::context::set(&mut content, "context", json!({ "from": from, "id": need(body, "message")? }));
    }
    if let Some(context) = body.get("context") {
        field::context::set(&mut content, "context", context.clone());
    }
    let wamid = platform.receive(&person, number, &content).ok_or("the message could not be made")?;
    Ok(json!({ "message": wamid }))
}

/// Meta (2026-07): a new phone number brings a new user id, told as a system message and by the field `user_id_update`.
fn change_number(platform: &Platform, number: &str, person: Person, phone: &str) -> Outcome {
    let now_ms = platform.clock.now_ms();
    let digits = platform.world().draw_between(1_000_000_000, 9_999_999_999);
    let country = person.user_id.split('.').next().unwrap_or("US");
    let moved = Person {
        phone: Some(phone.to_owned()),
        user_id: format!("{country}.1349{digits}{digits}"),
        ..person.clone()
    };
    let old = person.phone.clone().ok_or("only somebody with a phone number can change it")?;
    let told = platform.make(number, now_ms, |context| {
        let system = json!({
            "body": format!("User {} changed from {old} to {phone}", person.name), "wa_id": phone, "type": "user_changed_number",
        });
        let message = field::message::system(context, &old, system);
        let update = json!({
            "wa_id": phone, "detail": format!("User id for {} has been updated.", person.name),
            "user_id": { "previous": person.user_id, "current": moved.user_id }, "timestamp": context.timestamp(),
        });
        let contact = customer_of(&moved);
        (message, context.traffic(&[&contact], "user_id_update", vec![update]))
    });
    let (message, update) = told.ok_or("the news could not be made")?;
    platform.tell(number, "messages", message, now_ms);
    platform.tell(number, "user_id_update", update, now_ms);
    platform.world().add_person(moved);
    Ok(json!({ "done": true }))
}

/// A file that a person sends: stored, so that it can be fetched.
fn file(platform: &Platform, number: &str, body: &Value) -> Result<Value, String> {
    let kind = need(body, "kind")?;
    let bytes = BASE64.decode(need(body, "base64")?.as_bytes()).map_err(|_| "base64 is not base64")?;
    let mime_type = need(body, "mime_type")?;
    let mut world = platform.world();
    let (id, now_ms) = (world.new_id(), world.now_ms());
    let digest = Sha256::digest(&bytes);
    let mut media = json!({ "id": id, "mime_type": mime_type, "sha256": BASE64.encode(&digest) });
    for name in ["caption", "filename"] {
        field::context::set_some(&mut media, name, body.get(name).and_then(Value::as_str));
    }
    world.media.insert(
        id.clone(),
        Media {
            id: id.clone(),
            number_id: number.to_owned(),
            mime_type: mime_type.to_owned(),
            sha256: HEXLOWER.encode(&digest),
            bytes: bytes.into(),
            expires_at_ms: now_ms + RECEIVED_MS,
            urls: Vec::new(),
        },
    );
    Ok(json!({ "type": kind, kind: media }))
}
