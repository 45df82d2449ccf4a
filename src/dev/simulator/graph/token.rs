//! Tokens: what one is good for, and the exchange of an embedded sign-up's code for one.

use serde_json::{Value, json};

use super::{Call, authorize};
use crate::dev::simulator::platform::Platform;
use crate::dev::simulator::refusal::Refusal;
use crate::dev::simulator::schema;
use crate::dev::simulator::world::World;
use crate::dev::simulator::world::account::Token;

/// `GET /debug_token?input_token=…`, with the app's own token (`app_id|app_secret`) or one of the same app.
pub(super) fn debug(platform: &Platform, call: &Call) -> Result<Value, Refusal> {
    schema::validate("GET", "/debug_token", &json!(call.query))?;
    let world = platform.world();
    let viewer = viewing_app(&world, call)?;
    let input = call.text("input_token").unwrap_or_default();
    let is_foreign = world.tokens.get(input).is_some_and(|token| token.app_id != viewer);
    if is_foreign {
        let message = "(#100) The App_id in the input_token did not match the Viewing App";
        return Err(Refusal::of(100).message(message));
    }
    let Some(token) = world.tokens.get(input) else {
        let error = json!({ "code": 190, "message": "Invalid OAuth access token." });
        return Ok(json!({ "data": { "is_valid": false, "error": error, "scopes": [] } }));
    };
    let app_name = world.apps.get(&token.app_id).map(|app| app.name.as_str()).unwrap_or_default();
    Ok(json!({ "data": token.described(app_name, world.now_ms()) }))
}

/// The app that asks.
fn viewing_app(world: &World, call: &Call) -> Result<String, Refusal> {
    let Some((id, secret)) = call.token.as_deref().and_then(|token| token.split_once('|')) else {
        return authorize(world, call).map(|token| token.app_id);
    };
    match world.apps.get(id) {
        Some(app) if app.secret == secret => Ok(app.id.clone()),
        _ => Err(Refusal::of(190).message("Invalid OAuth access token signature.")),
    }
}

/// `GET|POST /oauth/access_token`: a code, once and within 30 s, for a token of a business integration.
pub(super) fn exchange(platform: &Platform, call: &Call) -> Result<Value, Refusal> {
    let mut parameters = call.json()?;
    if let Some(object) = parameters.as_object_mut() {
        for (name, value) in &call.query {
            object.entry(name.clone()).or_insert_with(|| json!(value));
        }
    }
    schema::validate("GET", "/oauth/access_token", &parameters)?;
    let text = |name: &str| parameters.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut world = platform.world();
    let (app_id, now_ms) = (text("client_id"), world.now_ms());
    let is_app = world.apps.get(&app_id).is_some_and(|app| app.secret == text("client_secret"));
    if !is_app {
        return Err(
            Refusal::of(101).message("Error validating application. Invalid application ID or secret.")
        );
    }
    let code = world.codes.remove(&text("code"));
    let Some(code) = code.filter(|code| code.app_id == app_id && code.expires_at_ms > now_ms) else {
        return Err(Refusal::of(100)
            .subcode(36_009)
            .message("This authorization code has expired or was used."));
    };
    let value = format!("EAAG{}", world.draw_hex(40));
    let token = Token { waba_ids: code.waba_ids, ..Token::system_user(&value, &app_id, now_ms) };
    world.tokens.insert(value.clone(), token);
    Ok(json!({ "access_token": value, "token_type": "bearer" }))
}
