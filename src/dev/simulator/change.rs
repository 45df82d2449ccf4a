//! What a control call changes in what is there: an app, a number, an account. Things that Meta's own tools do, or
//! that happen to a business.

use serde_json::{Map, Value, json};

use super::people::Outcome;
use super::platform::Platform;
use super::world::World;
use super::world::account::{Override, Subscription};
use super::world::number::into_map;

/// Changes the app.
pub(super) fn app(platform: &Platform, body: &Value) -> Outcome {
    let mut world = platform.world();
    let app = world.apps.values_mut().next().ok_or("there is no app")?;
    if let Some(secret) = body.get("secret").and_then(Value::as_str) {
        secret.clone_into(&mut app.secret);
    }
    if let Some(requires_proof) = body.get("requires_proof").and_then(Value::as_bool) {
        app.requires_proof = requires_proof;
    }
    if body.get("subscribed").and_then(Value::as_bool) == Some(false) {
        app.subscription = None;
    }
    if let Some(usage) = body.get("usage") {
        usage_headers(&mut world, usage);
        return Ok(json!({ "done": true }));
    }
    let Some(Subscription { fields, active, .. }) = &mut app.subscription else {
        return Ok(json!({ "done": true }));
    };
    if let Some(listed) = body.get("fields").and_then(Value::as_array) {
        *fields = listed.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    }
    *active = body.get("active").and_then(Value::as_bool).unwrap_or(*active);
    Ok(json!({ "done": true }))
}

/// How much of the hourly allowances Meta says is used, whatever was called: of the app in percent, and of accounts with
/// the minutes after which they may be called again. What is not said is counted, and not told.
fn usage_headers(world: &mut World, usage: &Value) {
    world.app_usage = usage.get("app").and_then(Value::as_u64);
    let accounts = usage.get("accounts").and_then(Value::as_object);
    world.account_usage = accounts.map(|accounts| {
        let told = accounts.iter().map(|(id, minutes)| {
            let uses = json!([{
                "type": "whatsapp", "call_count": 100, "total_cputime": 0, "total_time": 0,
                "estimated_time_to_regain_access": minutes,
            }]);
            (id.clone(), uses)
        });
        Value::Object(told.collect()).to_string()
    });
}

/// Changes a number.
pub(super) fn number(platform: &Platform, id: &str, body: Value) -> Outcome {
    let mut world = platform.world();
    let number = world.numbers.get_mut(id).ok_or_else(|| format!("there is no number {id}"))?;
    let mut rest: Map<String, Value> = into_map(body);
    let mut take = |name: &str| rest.remove(name);
    if let Some(waba) = take("waba").as_ref().and_then(Value::as_str) {
        waba.clone_into(&mut number.waba_id);
    }
    if let Some(is_registered) = take("registered").as_ref().and_then(Value::as_bool) {
        number.is_registered = is_registered;
    }
    if let Some(is_verified) = take("verified").as_ref().and_then(Value::as_bool) {
        number.is_verified = is_verified;
    }
    if let Some(pin) = take("pin").as_ref().and_then(Value::as_str) {
        number.pin = Some(pin.to_owned());
    }
    if let Some(url) = take("override") {
        number.webhook_override = override_of(&url);
    }
    number.properties.extend(rest);
    Ok(json!({ "done": true }))
}

/// Changes an account.
pub(super) fn waba(platform: &Platform, id: &str, body: &Value) -> Outcome {
    let mut world = platform.world();
    let waba = world.wabas.get_mut(id).ok_or_else(|| format!("there is no account {id}"))?;
    if let Some(url) = body.get("override") {
        for other in waba.subscribed_apps.values_mut() {
            *other = override_of(url);
        }
    }
    Ok(json!({ "done": true }))
}

fn override_of(url: &Value) -> Option<Override> {
    url.as_str().map(|uri| Override { uri: uri.to_owned(), verify_token: String::new() })
}
