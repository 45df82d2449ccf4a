//! A phone number: its fields, registration, codes, PIN, settings, profile, QR codes, blocks, automation, user name.

use actix_web::web::Bytes;
use data_encoding::BASE64;
use serde_json::{Map, Value, json};

use super::{Answer, Call, page, pick, require, success, text_of, unsupported};
use crate::dev::simulator::limits;
use crate::dev::simulator::platform::Platform;
use crate::dev::simulator::refusal::Refusal;
use crate::dev::simulator::schema;
use crate::dev::simulator::world::account::{MANAGEMENT, MESSAGING, Override, Token};
use crate::dev::simulator::world::number::{Number, QrCode, into_map};

/// Meta (2026-07): ten registrations in 72 hours; the fields that are told when none are asked for.
const REGISTRATIONS_MAX: usize = 10;
const REGISTRATIONS_MS: i64 = 72 * 3_600_000;
const PIN_FAILURES_MAX: usize = 5;
const PIN_FAILURES_MS: i64 = 3_600_000;
const FIELDS: &[&str] = &[
    "verified_name",
    "code_verification_status",
    "display_phone_number",
    "quality_rating",
    "platform_type",
    "throughput",
    "last_onboarded_time",
    "id",
];
/// The code that every SMS of the simulator brings.
const CODE: &str = "123456";
const OVERRIDE_URL_MAX: usize = 200;
const QR_SVG: &[u8] =
    br#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><path d="M0 0h1v1H0z"/></svg>"#;
/// One black pixel, in base64.
const QR_PNG: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABAQAAAAA3bvkkAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==";

/// Answers for a number; `rest` is what follows its id.
pub(super) fn answer(
    platform: &Platform,
    call: &Call,
    token: &Token,
    id: &str,
    rest: &[&str],
) -> Result<Value, Refusal> {
    let scope = if matches!(rest, ["message_qrdls" | "block_users", ..]) { MESSAGING } else { MANAGEMENT };
    require(token, scope)?;
    match (call.method.as_str(), rest) {
        ("GET", []) => node(platform, call, id),
        ("POST", []) => change(platform, call, id),
        ("POST", ["register"]) => register(platform, call, id),
        ("POST", ["deregister"]) => deregister(platform, id),
        ("POST", ["request_code"]) => request_code(platform, call, id),
        ("POST", ["verify_code"]) => verify_code(platform, call, id),
        ("GET", ["settings"]) => with(platform, id, |number| Ok(Value::Object(number.settings.clone()))),
        ("POST", ["settings"]) => settings(platform, call, id),
        ("GET", ["whatsapp_business_profile"]) => profile(platform, call, id),
        ("POST", ["whatsapp_business_profile"]) => change_profile(platform, call, id),
        (_, ["message_qrdls", rest @ ..]) => qr_codes(platform, call, id, rest),
        (_, ["block_users"]) => block_users(platform, call, id),
        ("POST", ["conversational_automation"]) => automation(platform, call, id),
        (_, ["username"]) => username(platform, call, id),
        ("GET", ["username_suggestions"]) => username_suggestions(platform, id),
        ("POST", ["smb_app_data"]) => smb_app_data(platform, call, id),
        _ => Err(unsupported(call)),
    }
}

/// Runs `change` on the number.
fn with<T>(
    platform: &Platform,
    id: &str,
    change: impl FnOnce(&mut Number) -> Result<T, Refusal>,
) -> Result<T, Refusal> {
    let mut world = platform.world();
    let number = world.numbers.get_mut(id).ok_or_else(|| Refusal::unknown_object(id, "GET"))?;
    change(number)
}

fn node(platform: &Platform, call: &Call, id: &str) -> Result<Value, Refusal> {
    let world = platform.world();
    let number = world.numbers.get(id).ok_or_else(|| Refusal::unknown_object(id, "GET"))?;
    let mut node = number.node();
    let waba = world.wabas.get(&number.waba_id);
    let overridden = waba.and_then(|waba| waba.subscribed_apps.values().flatten().next());
    let app = world.apps.values().find_map(|app| app.subscription.as_ref());
    let mut configuration = Map::new();
    for (name, url) in [
        ("phone_number", number.webhook_override.as_ref().map(|other| &other.uri)),
        ("whatsapp_business_account", overridden.map(|other| &other.uri)),
        ("application", app.map(|subscription| &subscription.callback_url)),
    ] {
        if let Some(url) = url {
            configuration.insert(name.to_owned(), json!(url));
        }
    }
    node.insert("webhook_configuration".to_owned(), Value::Object(configuration));
    pick(&node, call, FIELDS)
}

/// `POST /{number}`: the two-step PIN, or another address for webhooks.
fn change(platform: &Platform, call: &Call, id: &str) -> Result<Value, Refusal> {
    let body = call.json()?;
    if let Some(pin) = text_of(&body, "pin") {
        ensure_pin(pin)?;
        return with(platform, id, |number| {
            number.pin = Some(pin.to_owned());
            Ok(success())
        });
    }
    let Some(configuration) = body.get("webhook_configuration") else {
        return Err(Refusal::of(100).message("(#100) Nothing to change was given."));
    };
    let url = text_of(configuration, "override_callback_uri").unwrap_or_default();
    if url.len() > OVERRIDE_URL_MAX {
        return Err(Refusal::of(100).details("override_callback_uri is longer than 200 characters."));
    }
    let verify_token = text_of(configuration, "verify_token").unwrap_or_default().to_owned();
    with(platform, id, |number| {
        number.webhook_override = (!url.is_empty()).then(|| Override { uri: url.to_owned(), verify_token });
        Ok(success())
    })
}

fn ensure_pin(pin: &str) -> Result<(), Refusal> {
    let is_pin = pin.len() == 6 && pin.bytes().all(|byte| byte.is_ascii_digit());
    if is_pin { Ok(()) } else { Err(Refusal::of(100).details("The PIN has six digits.")) }
}

fn register(platform: &Platform, call: &Call, id: &str) -> Result<Value, Refusal> {
    let body = call.json()?;
    schema::validate("POST", "/{Phone-Number-ID}/register", &body)?;
    let pin = text_of(&body, "pin").unwrap_or_default().to_owned();
    ensure_pin(&pin)?;
    let (now_ms, lifted) = {
        let world = platform.world();
        (world.now_ms(), world.lifted.registrations)
    };
    with(platform, id, |number| {
        if !number.is_verified {
            return Err(Refusal::of(133_006));
        }
        if number.pin.as_ref().is_some_and(|known| *known != pin) && !number.is_registered {
            let may_try = number.pin_failures.take(now_ms, PIN_FAILURES_MAX, PIN_FAILURES_MS);
            return Err(Refusal::of(if may_try { 133_005 } else { 133_008 }));
        }
        // Meta (2026-06): a number that is registered stays as it is, PIN and all.
        if !number.is_registered {
            if !lifted && !number.registrations.take(now_ms, REGISTRATIONS_MAX, REGISTRATIONS_MS) {
                return Err(Refusal::of(133_016));
            }
            number.is_registered = true;
            number.pin = Some(pin);
        }
        Ok(success())
    })
}

fn deregister(platform: &Platform, id: &str) -> Result<Value, Refusal> {
    with(platform, id, |number| {
        if number.is_on_biz_app {
            return Err(Refusal::of(100)
                .details("A number that is used in the WhatsApp Business app cannot be deregistered."));
        }
        number.is_registered = false;
        Ok(success())
    })
}

fn request_code(platform: &Platform, call: &Call, id: &str) -> Result<Value, Refusal> {
    let body = call.json()?;
    schema::validate("POST", "/{Phone-Number-ID}/request_code", &body)?;
    with(platform, id, |number| {
        if number.is_verified {
            return Err(Refusal::of(136_024).details("The number is verified already."));
        }
        number.code_sent = Some(CODE.to_owned());
        Ok(success())
    })
}

fn verify_code(platform: &Platform, call: &Call, id: &str) -> Result<Value, Refusal> {
    let body = call.json()?;
    schema::validate("POST", "/{Phone-Number-ID}/verify_code", &body)?;
    let code = text_of(&body, "code").unwrap_or_default().replace('-', "");
    with(platform, id, |number| {
        if number.code_sent.as_ref() != Some(&code) {
            return Err(Refusal::of(136_025).details("The code is not the one that was sent."));
        }
        number.is_verified = true;
        number.code_sent = None;
        Ok(success())
    })
}

fn settings(platform: &Platform, call: &Call, id: &str) -> Result<Value, Refusal> {
    let body = call.json()?;
    schema::validate("POST", "/{Phone-Number-ID}/settings", &body)?;
    with(platform, id, |number| {
        number.settings.extend(into_map(body));
        Ok(success())
    })
}

fn profile(platform: &Platform, call: &Call, id: &str) -> Result<Value, Refusal> {
    let asked = call.text("fields").map(|fields| fields.split(',').map(str::trim).collect::<Vec<_>>());
    with(platform, id, |number| {
        let shown: Map<String, Value> = number
            .profile
            .iter()
            .filter(|(name, _)| {
                let name = name.as_str();
                name == "messaging_product" || asked.as_ref().is_none_or(|asked| asked.contains(&name))
            })
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        Ok(json!({ "data": [shown] }))
    })
}

fn change_profile(platform: &Platform, call: &Call, id: &str) -> Result<Value, Refusal> {
    let body = call.json()?;
    schema::validate("POST", "/{Phone-Number-ID}/whatsapp_business_profile", &body)?;
    limits::business_profile(&body)?;
    with(platform, id, |number| {
        number.profile.extend(into_map(body));
        Ok(success())
    })
}

fn qr_codes(platform: &Platform, call: &Call, id: &str, rest: &[&str]) -> Result<Value, Refusal> {
    let base_url = platform.world().base_url.clone();
    match (call.method.as_str(), rest) {
        ("GET", []) => {
            let nodes = with(platform, id, |number| {
                Ok(number.qr_codes.values().map(|code| Number::qr_node(code, &base_url)).collect())
            })?;
            page(nodes, call)
        }
        ("GET", [code]) => with(platform, id, |number| {
            let found: Vec<Value> =
                number.qr_codes.get(*code).iter().map(|code| Number::qr_node(code, &base_url)).collect();
            Ok(json!({ "data": found }))
        }),
        ("POST", []) => {
            let body = call.json()?;
            schema::validate("POST", "/{Phone-Number-ID}/message_qrdls", &body)?;
            limits::qr_code(&body)?;
            let new = platform.world().draw_hex(14).to_ascii_uppercase();
            with(platform, id, |number| {
                let code = text_of(&body, "code").map_or(new, str::to_owned);
                let is_known = number.qr_codes.contains_key(&code);
                if text_of(&body, "code").is_some() && !is_known {
                    return Err(Refusal::of(100).details("There is no such QR code."));
                }
                if !is_known && number.qr_codes.len() >= limits::QR_CODES_MAX {
                    return Err(Refusal::of(100).details("A number has at most 2,000 QR codes."));
                }
                let stored = QrCode {
                    code: code.clone(),
                    prefilled_message: text_of(&body, "prefilled_message").unwrap_or_default().to_owned(),
                    image_format: text_of(&body, "generate_qr_image").map(str::to_owned),
                };
                let node = Number::qr_node(&stored, &base_url);
                number.qr_codes.insert(code, stored);
                Ok(node)
            })
        }
        ("DELETE", [code]) => with(platform, id, |number| {
            number
                .qr_codes
                .remove(*code)
                .map(|_| success())
                .ok_or_else(|| Refusal::of(100).details("There is no such QR code."))
        }),
        _ => Err(unsupported(call)),
    }
}

fn block_users(platform: &Platform, call: &Call, id: &str) -> Result<Value, Refusal> {
    if call.method == "GET" {
        let world = platform.world();
        let number = world.numbers.get(id).ok_or_else(|| Refusal::unknown_object(id, "GET"))?;
        let blocked = number.blocked.iter().filter_map(|key| world.people.get(key));
        let shown = blocked.map(|person| match &person.phone {
            Some(phone) => json!({ "messaging_product": "whatsapp", "wa_id": phone }),
            None => json!({ "messaging_product": "whatsapp", "user_id": person.user_id }),
        });
        return page(shown.collect(), call);
    }
    let body = call.json()?;
    if call.method == "POST" {
        schema::validate("POST", "/{Phone-Number-ID}/block_users", &body)?;
    }
    limits::block_users(&body)?;
    let (mut done, mut failed) = (Vec::new(), Vec::new());
    let mut world = platform.world();
    for user in body.get("block_users").and_then(Value::as_array).into_iter().flatten() {
        let name = text_of(user, "user").or(text_of(user, "user_id")).unwrap_or_default();
        match world.find_person(name).map(|person| (person.key.clone(), person.phone.clone())) {
            Some((key, phone)) => {
                if let Some(number) = world.numbers.get_mut(id) {
                    if call.method == "DELETE" {
                        number.blocked.remove(&key)
                    } else {
                        number.blocked.insert(key)
                    };
                }
                done.push(json!({ "input": name, "wa_id": phone }));
            }
            None => failed.push(json!({ "input": name, "errors": [Refusal::of(131_021).event()] })),
        }
    }
    let list = if call.method == "DELETE" { "removed_users" } else { "added_users" };
    let mut result = json!({ "messaging_product": "whatsapp", "block_users": { list: done } });
    if !failed.is_empty()
        && let Some(users) = result.get_mut("block_users").and_then(Value::as_object_mut)
    {
        users.insert("failed_users".to_owned(), json!(failed));
    }
    Ok(result)
}

fn automation(platform: &Platform, call: &Call, id: &str) -> Result<Value, Refusal> {
    let body = call.json()?;
    schema::validate("POST", "/{Phone-Number-ID}/conversational_automation", &body)?;
    limits::automation(&body)?;
    with(platform, id, |number| {
        number.automation.extend(into_map(body));
        Ok(success())
    })
}

fn username(platform: &Platform, call: &Call, id: &str) -> Result<Value, Refusal> {
    match call.method.as_str() {
        "GET" => with(platform, id, |number| {
            Ok(number
                .username
                .as_ref()
                .map_or_else(|| json!({}), |username| json!({ "username": username, "status": "approved" })))
        }),
        "DELETE" => with(platform, id, |number| {
            number.username = None;
            Ok(success())
        }),
        _ => {
            let body = call.json()?;
            schema::validate("POST", "/{Phone-Number-ID}/username", &body)?;
            let wanted = text_of(&body, "username").unwrap_or_default().to_owned();
            let is_taken = platform.world().numbers.values().any(|other| {
                other.id != id
                    && other.username.as_ref().is_some_and(|name| name.eq_ignore_ascii_case(&wanted))
            });
            if is_taken {
                return Err(Refusal::of(100).details("The user name is taken."));
            }
            with(platform, id, |number| {
                number.username = Some(wanted);
                Ok(json!({ "status": "approved" }))
            })
        }
    }
}

/// Names made of the verified one that no other number has. The shape is a third party's: Meta's page was not found.
fn username_suggestions(platform: &Platform, id: &str) -> Result<Value, Refusal> {
    let world = platform.world();
    let number = world.numbers.get(id).ok_or_else(|| Refusal::unknown_object(id, "GET"))?;
    let plain: String =
        number.verified_name.to_ascii_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
    let is_free = |name: &String| world.numbers.values().all(|other| other.username.as_ref() != Some(name));
    let names: Vec<String> = ["", ".id", "_official"].map(|end| format!("{plain}{end}")).into();
    let free: Vec<String> = names.into_iter().filter(is_free).collect();
    Ok(json!({ "data": [{ "username_suggestions": free }] }))
}

/// The picture of a QR code, as far as a program looks at it: of the right kind, and not to be scanned.
pub(super) fn qr_image(platform: &Platform, file: &str) -> Answer {
    let (code, extension) = file.split_once('.').unwrap_or((file, ""));
    let world = platform.world();
    let format = world
        .numbers
        .values()
        .find_map(|number| number.qr_codes.get(code)?.image_format.clone())
        .filter(|format| format.eq_ignore_ascii_case(extension));
    let picture = match format.as_deref() {
        Some("SVG") => ("image/svg+xml", Bytes::from_static(QR_SVG)),
        Some("PNG") => ("image/png", Bytes::from(BASE64.decode(QR_PNG.as_bytes()).unwrap_or_default())),
        _ => return Answer::Status(404, Refusal::unknown_object(code, "GET")),
    };
    Answer::File { mime_type: picture.0.to_owned(), bytes: picture.1 }
}

/// The sync of a number that is used in the app too: each kind once, within a day of the onboarding.
fn smb_app_data(platform: &Platform, call: &Call, id: &str) -> Result<Value, Refusal> {
    const DAY_MS: i64 = 24 * 3_600_000;
    let body = call.json()?;
    schema::validate("POST", "/{Phone-Number-ID}/smb_app_data", &body)?;
    let kind = text_of(&body, "sync_type").unwrap_or_default().to_owned();
    let (request_id, now_ms) = {
        let mut world = platform.world();
        (world.draw_hex(32), world.now_ms())
    };
    with(platform, id, |number| {
        if now_ms - number.onboarded_at_ms > DAY_MS {
            return Err(Refusal::of(2_593_108).details("The time for the sync is over."));
        }
        if !number.synced.insert(kind.clone()) {
            return Err(Refusal::of(2_593_107).details("The sync was asked for already."));
        }
        Ok(())
    })?;
    let (field, variant) =
        if kind == "history" { ("history", "chunk") } else { ("smb_app_state_sync", "contacts") };
    if let Some(value) = platform.produce(id, field, Some(variant)) {
        platform.tell(id, field, value, now_ms);
    }
    Ok(json!({ "messaging_product": "whatsapp", "request_id": request_id }))
}
