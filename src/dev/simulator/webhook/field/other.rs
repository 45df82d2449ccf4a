//! Groups, calls, people's wishes and ids, and the events that Meta derives from conversations.

use serde_json::{Value, json};

use super::context::{set, set_some};
use super::{Context, Kind, kind};

pub(super) const KINDS: &[Kind] = &[
    kind("group_lifecycle_update", "create", group_create),
    kind("group_lifecycle_update", "create_failed", group_create_failed),
    kind("group_lifecycle_update", "delete", |c| group(c, "group_delete", |_| json!({}))),
    kind("group_participants_update", "add", participants_add),
    kind("group_participants_update", "leave", participants_leave),
    kind("group_settings_update", "settings", group_settings),
    kind("group_status_update", "suspend", |c| group(c, "group_suspend", |_| json!({}))),
    kind("calls", "connect", call_connect),
    kind("calls", "terminate", call_terminate),
    kind("calls", "created", call_created),
    kind("calls", "recording", call_recording),
    kind("calls", "transcription", call_transcription),
    kind("user_preferences", "stop", |c| preference(c, "stop")),
    kind("user_preferences", "resume", |c| preference(c, "resume")),
    kind("user_preferences", "signup", |c| preference(c, "signup")),
    kind("user_id_update", "changed", user_id_update),
    kind("automatic_events", "purchase", |c| automatic_event(c, "Purchase")),
    kind("automatic_events", "lead", |c| automatic_event(c, "LeadSubmitted")),
    kind("tracking_events", "sent", tracking_event),
    kind("consumer_profile", "stand_in", |c| {
        let customer = c.customer();
        c.traffic(&[&customer], "consumer_profiles", vec![customer.contact()])
    }),
];

fn group(context: &mut Context<'_>, kind: &str, rest: impl FnOnce(&mut Context<'_>) -> Value) -> Value {
    let mut item = rest(context);
    set(&mut item, "type", kind.into());
    set(&mut item, "group_id", context.group_id().into());
    // Meta (2026-07): a text in most samples, a number in one.
    let timestamp = if context.one_in(3) { context.now_s.into() } else { context.timestamp().into() };
    set(&mut item, "timestamp", timestamp);
    context.traffic(&[], "groups", vec![item])
}

fn rate_error() -> Value {
    let text = "Group operation failed because there were too many group operations from this phone number in a short period.";
    json!({ "code": 131_208, "title": "Group Rate Limit Hit", "message": text, "error_data": { "details": text } })
}

fn group_create(context: &mut Context<'_>) -> Value {
    group(context, "group_create", |context| {
        let member = context.customer_with_phone();
        json!({
            "request_id": context.digits(32), "subject": "Pelanggan setia 🌱", "description": "Kabar terbaru",
            "invite_link": format!("https://chat.whatsapp.com/{}", context.digits(12)),
            "join_approval_mode": context.pick(&["auto_approve", "approval_required"]),
            "added_participants": [{ "input": member.wa_id, "wa_id": member.wa_id }],
        })
    })
}

fn group_create_failed(context: &mut Context<'_>) -> Value {
    group(
        context,
        "group_create",
        |context| json!({ "request_id": context.digits(32), "subject": "Pelanggan", "description": "-", "errors": [rate_error()] }),
    )
}

fn participants_add(context: &mut Context<'_>) -> Value {
    group(context, "group_participants_add", |context| {
        let member = context.customer_with_phone();
        json!({ "reason": "invite_link", "added_participants": [{ "input": member.wa_id, "wa_id": member.wa_id }] })
    })
}

fn participants_leave(context: &mut Context<'_>) -> Value {
    group(context, "group_participants_remove", |context| {
        let member = context.customer_with_phone();
        json!({ "removed_participants": [{ "input": member.wa_id, "wa_id": member.wa_id }], "initiated_by": "participant",
            "request_id": context.digits(32) })
    })
}

fn group_settings(context: &mut Context<'_>) -> Value {
    group(context, "group_settings_update", |context| {
        let failed =
            |text: &str| json!({ "text": text, "update_successful": false, "errors": [rate_error()] });
        json!({
            "request_id": context.digits(32),
            "profile_picture": { "mime_type": "image/jpeg", "update_successful": true, "sha256": context.digest() },
            "group_subject": failed("Judul baru"),
            "group_description": failed("Keterangan baru"),
            "errors": [{
                "code": 131_201, "title": "Request partially succeeded",
                "message": "Not all participant-level operations in the request succeeded.",
                "error_data": { "details": "Not all participant-level operations in the request succeeded." },
            }],
        })
    })
}

fn call(context: &mut Context<'_>, event: &str, direction: Option<&str>, rest: Value) -> Value {
    let customer = context.customer_with_phone();
    let mut call = rest;
    set(&mut call, "id", format!("wacid.{}", context.digest()).into());
    set(&mut call, "event", event.into());
    set(&mut call, "timestamp", context.timestamp().into());
    set_some(&mut call, "direction", direction);
    if direction == Some("BUSINESS_INITIATED") {
        set(&mut call, "from", context.display_phone_number.as_str().into());
        customer.put(&mut call, "to");
    } else {
        customer.put(&mut call, "from");
        if direction.is_some() {
            set(&mut call, "to", context.display_phone_number.as_str().into());
        }
    }
    context.traffic(&[&customer], "calls", vec![call])
}

fn call_connect(context: &mut Context<'_>) -> Value {
    let session = json!({ "session": { "sdp": "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\n", "sdp_type": "offer" } });
    call(context, "connect", Some("USER_INITIATED"), session)
}

fn call_terminate(context: &mut Context<'_>) -> Value {
    let duration = 1 + context.below(600);
    let end = context.now_s + i64::try_from(duration).unwrap_or(0);
    let rest = json!({
        "status": context.pick(&["COMPLETED", "FAILED"]), "start_time": context.timestamp(), "end_time": end.to_string(),
        "duration": duration, "biz_opaque_callback_data": format!("call-{}", context.digits(5)),
    });
    call(context, "terminate", Some("BUSINESS_INITIATED"), rest)
}

fn call_created(context: &mut Context<'_>) -> Value {
    call(context, "call_created", Some("BUSINESS_INITIATED"), json!({}))
}

fn file(context: &mut Context<'_>, mime_type: &str) -> Value {
    let id = context.digits(16);
    json!({
        "id": id, "sha256": context.digest(), "mime_type": mime_type,
        "url": format!("https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid={id}"),
    })
}

fn call_recording(context: &mut Context<'_>) -> Value {
    let audio = file(context, "audio/ogg; codecs=opus");
    call(
        context,
        "call_recording_available",
        None,
        json!({ "call_recording": { "type": "audio", "audio": audio } }),
    )
}

fn call_transcription(context: &mut Context<'_>) -> Value {
    let document = file(context, "application/json");
    call(
        context,
        "call_transcription_available",
        None,
        json!({ "call_transcript": { "document": document } }),
    )
}

fn preference(context: &mut Context<'_>, value: &str) -> Value {
    let customer = context.customer_with_phone();
    let mut preference = json!({
        "wa_id": customer.wa_id,
        "detail": format!("User requested to {value} marketing messages"),
        "category": "marketing_messages",
        "value": value,
        "timestamp": context.now_s,
    });
    if value == "signup" {
        set(&mut preference, "signup_id", context.digits(17).into());
    }
    context.traffic(&[&customer], "user_preferences", vec![preference])
}

fn user_id_update(context: &mut Context<'_>) -> Value {
    let customer = context.customer_with_phone();
    let update = json!({
        "wa_id": customer.wa_id,
        "detail": format!("User id for {} has been updated.", customer.name),
        "user_id": { "previous": format!("ID.{}", context.digits(20)), "current": customer.user_id },
        "parent_user_id": {
            "previous": format!("ID.ENT.{}", context.digits(20)), "current": format!("ID.ENT.{}", context.digits(20)),
        },
        "timestamp": context.timestamp(),
    });
    context.traffic(&[&customer], "user_id_update", vec![update])
}

fn automatic_event(context: &mut Context<'_>, name: &str) -> Value {
    let mut event = json!({
        "id": context.wamid(), "event_name": name, "timestamp": context.now_s,
        "ctwa_clid": format!("Afc3{}", context.digest()),
    });
    if name == "Purchase" {
        set(&mut event, "custom_data", json!({ "currency": "USD", "value": 25_000 }));
    }
    context.traffic(&[], "automatic_events", vec![event])
}

fn tracking_event(context: &mut Context<'_>) -> Value {
    let event = json!({
        "event_name": "sent", "timestamp": context.now_s,
        "tracking_data": { "click_id": context.digits(10), "tracking_token": context.digits(12) },
    });
    context.traffic(&[], "events", vec![event])
}
