//! `POST /{number}/messages` and `/marketing_messages`: judged, limited, remembered, and told on.

use serde_json::{Value, json};

use super::{ACCEPTED, Call, PAUSED, require, success, text_of};
use crate::dev::simulator::limits;
use crate::dev::simulator::platform::{Platform, customer_of};
use crate::dev::simulator::refusal::Refusal;
use crate::dev::simulator::schema;
use crate::dev::simulator::webhook::field::status::{self, About};
use crate::dev::simulator::world::account::{MESSAGING, Token};
use crate::dev::simulator::world::content::{Direction, Message};
use crate::dev::simulator::world::person::Person;
use crate::dev::simulator::world::rate::WINDOW_MS;
use crate::dev::simulator::world::{World, person};

/// When the statuses follow, in milliseconds after the answer: at least, and less than.
const SENT_MS: (i64, i64) = (40, 160);
const DELIVERED_MS: (i64, i64) = (200, 900);
const READ_MS: (i64, i64) = (1_500, 6_000);
/// And so much later where the template is judged first.
const JUDGED_MS: (i64, i64) = (1_500, 2_500);

/// What the simulator cannot say before it has looked at everything: who gets it, and what will become of it.
struct Recipient {
    /// As the sender wrote it.
    input: String,
    person: Option<Person>,
    by_user_id: bool,
    /// A group: nobody in particular, so nothing is told of it.
    is_group: bool,
}

/// Sends a message, marks one as read, or shows that somebody types.
pub(super) fn send(
    platform: &Platform,
    call: &Call,
    token: &Token,
    number_id: &str,
    is_marketing: bool,
) -> Result<Value, Refusal> {
    require(token, MESSAGING)?;
    let body = call.json()?;
    let operation =
        if is_marketing { "/{Phone-Number-ID}/marketing_messages" } else { "/{Phone-Number-ID}/messages" };
    schema::validate("POST", operation, &body)?;
    if text_of(&body, "status") == Some("read") {
        return mark_read(platform, number_id, &body);
    }
    if is_marketing {
        limits::marketing_message(&body)?;
    } else {
        limits::message(&body)?;
    }
    let (recipient, wamid, category) = {
        let mut world = platform.world();
        ensure_registered(&world, number_id)?;
        let category = judge_template(&world, number_id, &body, is_marketing)?;
        let recipient = recipient_of(&world, &body)?;
        take_tokens(&mut world, number_id, &recipient)?;
        ensure_media(&world, number_id, &body)?;
        ensure_window(&world, number_id, &recipient, &body)?;
        let peer = recipient
            .person
            .as_ref()
            .and_then(|person| person.phone.clone())
            .unwrap_or(recipient.input.clone());
        let wamid = world.new_wamid(&peer, Direction::Sent);
        remember(&mut world, number_id, &wamid, &recipient, &body);
        (recipient, wamid, category)
    };
    let message_status = (text_of(&body, "type") == Some("template")).then_some(call.message_status);
    let accepted = Accepted {
        number_id,
        wamid: &wamid,
        recipient: &recipient,
        body: &body,
        category: &category,
        message_status,
    };
    tell_statuses(platform, call.is_status_first, &accepted);
    Ok(answer(&recipient, &wamid, message_status))
}

fn answer(recipient: &Recipient, wamid: &str, message_status: Option<&str>) -> Value {
    let mut contact = json!({ "input": recipient.input });
    if let Some(contact) = contact.as_object_mut() {
        let phone = recipient.person.as_ref().and_then(|person| person.phone.clone());
        if recipient.by_user_id {
            contact.insert("user_id".to_owned(), json!(recipient.input));
        } else {
            let digits = person::digits_of(&recipient.input).unwrap_or(recipient.input.clone());
            contact.insert("wa_id".to_owned(), json!(phone.unwrap_or(digits)));
        }
    }
    let mut message = json!({ "id": wamid });
    if let (Some(status), Some(message)) = (message_status, message.as_object_mut()) {
        message.insert("message_status".to_owned(), json!(status));
    }
    json!({ "messaging_product": "whatsapp", "contacts": [contact], "messages": [message] })
}

fn mark_read(platform: &Platform, number_id: &str, body: &Value) -> Result<Value, Refusal> {
    let wamid = text_of(body, "message_id").unwrap_or_default();
    let mut world = platform.world();
    match world.find_message_mut(wamid) {
        Some(message) if message.number_id == number_id && message.direction == Direction::Received => {
            "read".clone_into(&mut message.status);
            Ok(success())
        }
        _ => {
            Err(Refusal::of(131_009)
                .details("The message to mark as read is not one that this number received."))
        }
    }
}

fn ensure_registered(world: &World, number_id: &str) -> Result<(), Refusal> {
    let is_registered = world.numbers.get(number_id).is_some_and(|number| number.is_registered);
    if is_registered { Ok(()) } else { Err(Refusal::of(133_010)) }
}

/// Judges a template send against the stored template; gives the category that the message is priced as.
fn judge_template(
    world: &World,
    number_id: &str,
    body: &Value,
    is_marketing: bool,
) -> Result<String, Refusal> {
    let Some(template) = body.get("template").filter(|_| text_of(body, "type") == Some("template")) else {
        return Ok("service".to_owned());
    };
    let name = text_of(template, "name").unwrap_or_default();
    let language = template.pointer("/language/code").and_then(Value::as_str).unwrap_or_default();
    let waba_id = world.numbers.get(number_id).map(|number| number.waba_id.as_str()).unwrap_or_default();
    let Some(stored) = world.find_template(waba_id, name, language) else {
        let details = format!("template name ({name}) does not exist in {language}");
        return Err(Refusal::of(132_001).details(details));
    };
    let definition = Value::Object(stored.node());
    limits::template_send(&definition, body)?;
    if is_marketing {
        limits::marketing_template(&definition)?;
    }
    Ok(stored.category.to_ascii_lowercase())
}

fn recipient_of(world: &World, body: &Value) -> Result<Recipient, Refusal> {
    if let Some(user_id) = text_of(body, "recipient") {
        let person = world.people.values().find(|person| person.user_id == user_id).cloned();
        return Ok(Recipient { input: user_id.to_owned(), person, by_user_id: true, is_group: false });
    }
    let to = text_of(body, "to").unwrap_or_default();
    if text_of(body, "recipient_type") == Some("group") {
        return Ok(Recipient { input: to.to_owned(), person: None, by_user_id: false, is_group: true });
    }
    // Meta (2026-07): a user id belongs into `recipient`; the limits have refused one in `to` already.
    let Some(digits) = person::digits_of(to) else {
        return Err(Refusal::of(131_009).details("Parameter to is not a phone number."));
    };
    let person = world.people.values().find(|person| person.is_reached_by(&digits)).cloned();
    Ok(Recipient { input: to.to_owned(), person, by_user_id: false, is_group: false })
}

/// The limits that time gives: of the number, and of the pair.
fn take_tokens(world: &mut World, number_id: &str, recipient: &Recipient) -> Result<(), Refusal> {
    let (now_ms, lifted) = (world.now_ms(), world.lifted);
    let Some(number) = world.numbers.get_mut(number_id) else { return Ok(()) };
    if !lifted.throughput && !number.bucket.take(now_ms) {
        return Err(Refusal::of(130_429).details(
            "Message failed to send because there were too many messages sent from this phone number in a short period of time",
        ));
    }
    let key = recipient.person.as_ref().map_or(&recipient.input, |person| &person.key);
    if !lifted.pair && !number.pairs.entry(key.clone()).or_default().take(now_ms) {
        return Err(Refusal::of(131_056));
    }
    Ok(())
}

/// A media id has to be one of this number's.
fn ensure_media(world: &World, number_id: &str, body: &Value) -> Result<(), Refusal> {
    let kind = text_of(body, "type").unwrap_or_default();
    let Some(id) = body.get(kind).and_then(|part| text_of(part, "id")) else { return Ok(()) };
    if !["image", "video", "audio", "document", "sticker"].contains(&kind) {
        return Ok(());
    }
    let now_ms = world.now_ms();
    match world.media.get(id) {
        Some(media) if media.number_id == number_id && media.expires_at_ms > now_ms => Ok(()),
        _ => Err(Refusal::of(131_053).details(format!("The media id {id} is not one of this number."))),
    }
}

/// Free-form messages only within 24 hours of the person's last one.
fn ensure_window(world: &World, number_id: &str, recipient: &Recipient, body: &Value) -> Result<(), Refusal> {
    let is_free = text_of(body, "type") != Some("template");
    let (Some(person), true) =
        (&recipient.person, is_free && !world.lifted.window && !world.lifted.window_by_status)
    else {
        return Ok(());
    };
    if is_open(world, number_id, person) { Ok(()) } else { Err(closed()) }
}

fn is_open(world: &World, number_id: &str, person: &Person) -> bool {
    let last = world.numbers.get(number_id).and_then(|number| number.windows.get(&person.key));
    last.is_some_and(|last| world.now_ms() - last < WINDOW_MS)
}

fn closed() -> Refusal {
    Refusal::of(131_047).details(
        "Message failed to send because more than 24 hours have passed since the customer last replied to this number.",
    )
}

fn remember(world: &mut World, number_id: &str, wamid: &str, recipient: &Recipient, body: &Value) {
    let at_ms = world.now_ms();
    world.record(Message {
        id: wamid.to_owned(),
        number_id: number_id.to_owned(),
        person: recipient.person.as_ref().map_or(recipient.input.clone(), |person| person.key.clone()),
        direction: Direction::Sent,
        kind: text_of(body, "type").unwrap_or("text").to_owned(),
        at_ms,
        status: "accepted".to_owned(),
        body: body.clone(),
    });
}

/// A message that was taken.
struct Accepted<'a> {
    number_id: &'a str,
    wamid: &'a str,
    recipient: &'a Recipient,
    body: &'a Value,
    category: &'a str,
    message_status: Option<&'static str>,
}

/// What will become of the message, and when that is told.
fn tell_statuses(platform: &Platform, is_first_at_once: bool, accepted: &Accepted<'_>) {
    let recipient = accepted.recipient;
    if recipient.is_group {
        return;
    }
    let (mut at_ms, fate) = {
        let world = platform.world();
        (world.now_ms(), fate(&world, accepted))
    };
    if accepted.message_status.is_some_and(|status| status != ACCEPTED) {
        at_ms += draw(platform, JUDGED_MS);
    }
    let steps = match fate {
        Fate::Failed(refusal) => vec![("failed", SENT_MS, Some(refusal))],
        Fate::Steps(steps) => steps.into_iter().map(|(step, span)| (step, span, None)).collect(),
    };
    let person = recipient.person.clone().unwrap_or_else(|| stranger(&recipient.input));
    for (index, (step, span, refusal)) in steps.into_iter().enumerate() {
        at_ms += if is_first_at_once && index == 0 { 0 } else { draw(platform, span) };
        tell_step(platform, accepted, &person, step, refusal, at_ms);
    }
}

/// Nobody is known under that name: only what the sender wrote is told back.
fn stranger(input: &str) -> Person {
    Person {
        key: input.to_owned(),
        name: String::new(),
        phone: person::digits_of(input),
        user_id: input.to_owned(),
        username: None,
        read_receipts: false,
        also_reached_by: None,
        has_blocked_us: false,
        refuses_marketing: false,
    }
}

enum Fate {
    Failed(Refusal),
    Steps(Vec<(&'static str, (i64, i64))>),
}

fn fate(world: &World, accepted: &Accepted<'_>) -> Fate {
    let Accepted { number_id, recipient, body, category, .. } = *accepted;
    if accepted.message_status == Some(PAUSED) {
        return Fate::Failed(Refusal::of(132_015));
    }
    let Some(person) = &recipient.person else { return Fate::Failed(Refusal::of(131_026)) };
    let is_free = text_of(body, "type") != Some("template");
    if is_free && world.lifted.window_by_status && !is_open(world, number_id, person) {
        return Fate::Failed(closed());
    }
    if category == "marketing" && person.refuses_marketing {
        return Fate::Failed(Refusal::of(131_050));
    }
    if person.has_blocked_us {
        return Fate::Failed(Refusal::of(131_026));
    }
    let mut steps = vec![("sent", SENT_MS), ("delivered", DELIVERED_MS)];
    if person.read_receipts {
        steps.push(("read", READ_MS));
    }
    Fate::Steps(steps)
}

fn draw(platform: &Platform, (from, to): (i64, i64)) -> i64 {
    platform.world().draw_between(from, to)
}

fn tell_step(
    platform: &Platform,
    accepted: &Accepted<'_>,
    person: &Person,
    step: &str,
    refusal: Option<Refusal>,
    due_ms: i64,
) {
    let about = About {
        wamid: accepted.wamid.to_owned(),
        callback_data: text_of(accepted.body, "biz_opaque_callback_data").map(str::to_owned),
        category: accepted.category.to_owned(),
        by_user_id: accepted.recipient.by_user_id,
    };
    let (customer, error) = (customer_of(person), refusal.map(|refusal| refusal.event()));
    let number_id = accepted.number_id;
    let value =
        platform.make(number_id, due_ms, |context| status::value(context, &customer, &about, step, error));
    if let Some(value) = value {
        platform.tell(number_id, "messages", value, due_ms);
    }
    if let Some(message) = platform.world().find_message_mut(accepted.wamid) {
        step.clone_into(&mut message.status);
    }
}
