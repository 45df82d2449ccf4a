//! Accounts, portfolios and apps: what they are, which apps listen to an account, and where an app listens.

use serde_json::{Map, Value, json};

use super::{Call, page, pick, require, success, text_of, unsupported};
use crate::dev::simulator::platform::Platform;
use crate::dev::simulator::refusal::Refusal;
use crate::dev::simulator::schema;
use crate::dev::simulator::world::account::{FIELDS, MANAGEMENT, Override, Subscription, Token, Waba};
use crate::dev::simulator::world::number::into_map;

const VERIFY_MAX: std::time::Duration = std::time::Duration::from_secs(10);
const NUMBER_FIELDS: &[&str] =
    &["verified_name", "display_phone_number", "quality_rating", "code_verification_status", "id"];

/// Answers for an account.
pub(super) fn waba(
    platform: &Platform,
    call: &Call,
    token: &Token,
    id: &str,
    rest: &[&str],
) -> Result<Value, Refusal> {
    require(token, MANAGEMENT)?;
    match (call.method.as_str(), rest) {
        ("GET", []) => {
            let world = platform.world();
            let waba = world.wabas.get(id).ok_or_else(|| Refusal::unknown_object(id, "GET"))?;
            pick(&node(waba), call, &["id", "name", "timezone_id", "message_template_namespace"])
        }
        ("POST", []) => {
            let body = call.json()?;
            let mut world = platform.world();
            let waba = world.wabas.get_mut(id).ok_or_else(|| Refusal::unknown_object(id, "POST"))?;
            waba.properties.extend(into_map(body));
            Ok(success())
        }
        ("GET", ["phone_numbers"]) => {
            let world = platform.world();
            let numbers = world.numbers.values().filter(|number| number.waba_id == id);
            let nodes: Result<Vec<Value>, Refusal> =
                numbers.map(|number| pick(&number.node(), call, NUMBER_FIELDS)).collect();
            page(nodes?, call)
        }
        (_, ["subscribed_apps"]) => subscribed_apps(platform, call, token, id),
        _ => Err(unsupported(call)),
    }
}

fn node(waba: &Waba) -> Map<String, Value> {
    let mut node = into_map(json!({
        "id": waba.id,
        "name": waba.name,
        "currency": waba.currency,
        "timezone_id": waba.timezone_id,
        "message_template_namespace": waba.namespace,
        "account_review_status": "APPROVED",
        "business_verification_status": "verified",
        "ownership_type": "SELF",
        "status": "ACTIVE",
        "country": "US",
        "owner_business_info": { "id": waba.business_id },
        "on_behalf_of_business_info": { "id": waba.business_id },
        "marketing_messages_onboarding_status": "ELIGIBLE",
        "health_status": { "can_send_message": "AVAILABLE", "entities": [
            { "entity_type": "WABA", "id": waba.id, "can_send_message": "AVAILABLE" },
        ]},
    }));
    node.extend(waba.properties.clone());
    node
}

fn subscribed_apps(platform: &Platform, call: &Call, token: &Token, waba_id: &str) -> Result<Value, Refusal> {
    let mut world = platform.world();
    match call.method.as_str() {
        "GET" => {
            let waba = world.wabas.get(waba_id).ok_or_else(|| Refusal::unknown_object(waba_id, "GET"))?;
            let data: Vec<Value> = waba
                .subscribed_apps
                .iter()
                .filter_map(|(app_id, other)| {
                    let app = world.apps.get(app_id)?;
                    let link = format!("https://www.facebook.com/games/?app_id={app_id}");
                    let mut item = into_map(json!({
                        "whatsapp_business_api_data": { "id": app_id, "link": link, "name": app.name },
                    }));
                    if let Some(other) = other {
                        item.insert("override_callback_uri".to_owned(), json!(other.uri));
                    }
                    Some(Value::Object(item))
                })
                .collect();
            Ok(json!({ "data": data }))
        }
        "POST" => {
            let body = call.json()?;
            schema::validate("POST", "/{WABA-ID}/subscribed_apps", &body)?;
            let other = text_of(&body, "override_callback_uri").map(|uri| Override {
                uri: uri.to_owned(),
                verify_token: text_of(&body, "verify_token").unwrap_or_default().to_owned(),
            });
            if let Some(waba) = world.wabas.get_mut(waba_id) {
                waba.subscribed_apps.insert(token.app_id.clone(), other);
            }
            Ok(success())
        }
        "DELETE" => {
            if let Some(waba) = world.wabas.get_mut(waba_id) {
                waba.subscribed_apps.remove(&token.app_id);
            }
            Ok(success())
        }
        _ => Err(unsupported(call)),
    }
}

/// Answers for a portfolio.
pub(super) fn business(
    platform: &Platform,
    call: &Call,
    token: &Token,
    id: &str,
    rest: &[&str],
) -> Result<Value, Refusal> {
    require(token, MANAGEMENT)?;
    let world = platform.world();
    let business = world.businesses.get(id).ok_or_else(|| Refusal::unknown_object(id, "GET"))?;
    match (call.method.as_str(), rest) {
        ("GET", []) => {
            let node = into_map(json!({
                "id": business.id, "name": business.name, "verification_status": business.verification_status,
            }));
            pick(&node, call, &["id", "name"])
        }
        ("GET", ["owned_whatsapp_business_accounts" | "client_whatsapp_business_accounts"]) => {
            let owned = world.wabas.values().filter(|waba| waba.business_id == id);
            let nodes: Result<Vec<Value>, Refusal> = owned
                .map(|waba| pick(&node(waba), call, &["id", "name", "currency", "timezone_id"]))
                .collect();
            page(nodes?, call)
        }
        _ => Err(unsupported(call)),
    }
}

/// `GET|POST|DELETE /{app}/subscriptions`, with the app's own token: `app_id|app_secret`.
pub(super) async fn subscriptions(platform: &Platform, call: &Call, app_id: &str) -> Result<Value, Refusal> {
    {
        let world = platform.world();
        let app = world.apps.get(app_id).ok_or_else(|| Refusal::unknown_object(app_id, &call.method))?;
        if call.token.as_deref() != Some(&format!("{app_id}|{}", app.secret)) {
            return Err(Refusal::of(190).message("Invalid OAuth access token signature."));
        }
    }
    match call.method.as_str() {
        "GET" => {
            let world = platform.world();
            let data = world.apps.get(app_id).and_then(|app| app.subscription.as_ref()).map(|subscription| {
                let fields: Vec<Value> = subscription
                    .fields
                    .iter()
                    .map(|field| json!({ "name": field, "version": "v25.0" }))
                    .collect();
                json!({
                    "object": "whatsapp_business_account", "callback_url": subscription.callback_url,
                    "active": subscription.active, "fields": fields,
                })
            });
            Ok(json!({ "data": data.into_iter().collect::<Vec<_>>() }))
        }
        "POST" => subscribe(platform, call, app_id).await,
        "DELETE" => {
            if let Some(app) = platform.world().apps.get_mut(app_id) {
                app.subscription = None;
            }
            Ok(success())
        }
        _ => Err(unsupported(call)),
    }
}

/// Asks the callback URL for its word first, as Meta does.
async fn subscribe(platform: &Platform, call: &Call, app_id: &str) -> Result<Value, Refusal> {
    let mut parameters = into_map(call.json()?);
    for (name, value) in call.query.iter().filter(|(name, _)| *name != "access_token") {
        parameters.entry(name.clone()).or_insert_with(|| json!(value));
    }
    let parameters = Value::Object(parameters);
    schema::validate("POST", "/{App-ID}/subscriptions", &parameters)?;
    let text = |name: &str| text_of(&parameters, name).unwrap_or_default().to_owned();
    let fields = text("fields")
        .split(',')
        .map(|field| field.trim().to_owned())
        .filter(|field| !field.is_empty())
        .collect::<std::collections::BTreeSet<_>>();
    if let Some(unknown) = fields.iter().find(|field| !FIELDS.contains(&field.as_str())) {
        return Err(Refusal::of(100)
            .message(format!("(#100) Param fields must be a list of known fields, and {unknown} is none")));
    }
    let (callback_url, verify_token) = (text("callback_url"), text("verify_token"));
    let challenge = platform.world().draw().to_string();
    verify(&callback_url, &verify_token, &challenge).await?;
    if let Some(app) = platform.world().apps.get_mut(app_id) {
        app.subscription = Some(Subscription { callback_url, verify_token, fields, active: true });
    }
    Ok(success())
}

/// Another address for webhooks is asked for its word too, before anything is changed.
pub(super) async fn verify_override(platform: &Platform, call: &Call) -> Result<(), Refusal> {
    if call.method != "POST" {
        return Ok(());
    }
    let body = call.json()?;
    let place = body.get("webhook_configuration").unwrap_or(&body);
    let Some(url) = text_of(place, "override_callback_uri").filter(|url| !url.is_empty()) else {
        return Ok(());
    };
    let challenge = platform.world().draw().to_string();
    verify(url, text_of(place, "verify_token").unwrap_or_default(), &challenge).await
}

async fn verify(callback_url: &str, verify_token: &str, challenge: &str) -> Result<(), Refusal> {
    let refused =
        |why: &str| Refusal::of(2200).message(format!("(#2200) Callback verification failed: {why}"));
    let client = reqwest::Client::builder()
        .timeout(VERIFY_MAX)
        .no_proxy()
        .build()
        .map_err(|_| refused("no client"))?;
    let separator = if callback_url.contains('?') { '&' } else { '?' };
    let encode = |text: &str| -> String {
        text.bytes()
            .map(|byte| {
                if byte.is_ascii_alphanumeric() {
                    char::from(byte).to_string()
                } else {
                    format!("%{byte:02X}")
                }
            })
            .collect()
    };
    let url = format!(
        "{callback_url}{separator}hub.mode=subscribe&hub.challenge={challenge}&hub.verify_token={}",
        encode(verify_token)
    );
    let answer = client.get(url).send().await.map_err(|_| refused("the callback URL cannot be reached"))?;
    if answer.status() != 200 {
        return Err(refused(&format!("the callback URL answered {}", answer.status().as_u16())));
    }
    let body = answer.text().await.map_err(|_| refused("the answer broke off"))?;
    if body == challenge { Ok(()) } else { Err(refused("the answer is not the challenge")) }
}
