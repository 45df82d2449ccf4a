//! The way in for tests and people: `/_sim/…`, JSON both ways. `GET /_sim` lists it.

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Map, Value, json};

use super::change;
use super::faults::Fault;
use super::journal::Filter;
use super::people::{self, need, number_of};
use super::platform::Platform;
use super::time;
use super::webhook::field;
use super::world::account::{Code, Token, Waba};
use super::world::content::Template;
use super::world::number::{Number, into_map};
use super::world::person::Person;
use super::world::{BUSINESS_ID, Lifted, WABA_ID};

/// What there is, as `GET /_sim` tells it.
const HELP: &[(&str, &str)] = &[
    ("GET /_sim/world", "everything that exists; secrets left out"),
    ("GET /_sim/kinds", "every webhook field and variant that /_sim/emit can make"),
    (
        "GET /_sim/journal?since=&kind=request|webhook|unwanted&contains=&limit=",
        "what crossed the wire, with answers",
    ),
    (
        "POST /_sim/people",
        "{key, name, phone?, also_reached_by?, user_id, username?, read_receipts?, has_blocked_us?, refuses_marketing?}",
    ),
    (
        "POST /_sim/people/{key}/write",
        "{number?, text} or {number?, content: {type, …}, context?}: a message",
    ),
    (
        "POST /_sim/people/{key}/send",
        "{number?, kind: image|video|audio|document|sticker, mime_type, base64, caption?, filename?}",
    ),
    ("POST /_sim/people/{key}/tap", "{number?, message, payload, text}: a template's quick-reply button"),
    (
        "POST /_sim/people/{key}/choose",
        "{number?, message, kind: button_reply|list_reply, id, title, description?}",
    ),
    (
        "POST /_sim/people/{key}/react",
        "{number?, message, emoji?}: without an emoji the reaction is taken back",
    ),
    ("POST /_sim/people/{key}/edit", "{number?, message, text}"),
    ("POST /_sim/people/{key}/revoke", "{number?, message}"),
    ("POST /_sim/people/{key}/block", "{blocked: true|false}: whether the person has blocked the business"),
    (
        "POST /_sim/people/{key}/change_number",
        "{number?, phone}: moves to another phone number, with a new user id",
    ),
    ("POST /_sim/emit", "{number?, field, variant?, value?, count?}: a webhook of any field"),
    ("POST /_sim/wabas", "{id, name?}"),
    ("POST /_sim/numbers", "{id, phone, waba?, name?, registered?, verified?, biz_app?}"),
    (
        "POST /_sim/app",
        "{secret?, requires_proof?, fields?, active?, subscribed?, usage: {app?, accounts?: {id: minutes}}?}: changes the app; subscribed: false takes its webhook away; usage: what the headers tell, in percent, and the minutes for which an account is barred",
    ),
    (
        "POST /_sim/numbers/{id}",
        "{waba?, registered?, verified?, pin?, override?, …}: changes a number; anything else goes before what it says of itself; override: where its webhooks go, null for nowhere else",
    ),
    ("POST /_sim/wabas/{id}", "{override?}: where the account's webhooks go, null for nowhere else"),
    (
        "POST /_sim/templates",
        "{waba?, name, language, category, components, status?, …}: approved at once, or of that status",
    ),
    ("POST /_sim/tokens", "{value, scopes?, wabas?, expires_at_ms?, revoked?}; an existing one is replaced"),
    ("POST /_sim/codes", "{code, wabas?}: an embedded sign-up's code, good for 30 s"),
    ("POST /_sim/callback", "{url}: where webhooks go"),
    (
        "POST /_sim/limits",
        "{window, pair, throughput, registrations, templates, window_by_status}: true lifts",
    ),
    (
        "GET|POST|DELETE /_sim/faults",
        "{kind: slow|server_error|gateway_error|rate_limited|expired_token|dropped_response|network_cut|status_first|nameless_status_first|held_for_quality|template_paused|duplicate|reorder, place?, target?, count?, percent?, delay_ms?, status?, code?}",
    ),
    ("POST /_sim/clock", "{advance_ms}: moves the virtual time, delivering what becomes due"),
    ("POST /_sim/flush", "delivers what is due and waits for it"),
    ("POST /_sim/reset", "back to the beginning"),
];

const CODE_MS: i64 = 30_000;
const EMIT_MAX: u64 = 100_000;

type Outcome = people::Outcome;

/// Answers a control call: 200, or 400 with what is wrong.
pub(super) async fn handle(platform: &Platform, request: &HttpRequest, body: &web::Bytes) -> HttpResponse {
    let path: Vec<&str> = request.path().split('/').filter(|part| !part.is_empty()).skip(1).collect();
    let body = if body.is_empty() { Ok(json!({})) } else { serde_json::from_slice::<Value>(body) };
    let outcome = match body {
        Ok(body) => answer(platform, request, &path, body).await,
        Err(error) => Err(format!("the body is not JSON: {error}")),
    };
    match outcome {
        Ok(value) => HttpResponse::Ok().json(value),
        Err(why) => HttpResponse::BadRequest().json(json!({ "error": why })),
    }
}

async fn answer(platform: &Platform, request: &HttpRequest, path: &[&str], body: Value) -> Outcome {
    match (request.method().as_str(), path) {
        ("GET", []) => Ok(
            json!({ "calls": HELP.iter().map(|(call, what)| json!({ "call": call, "what": what })).collect::<Vec<_>>() }),
        ),
        ("GET", ["world"]) => Ok(platform.world().snapshot()),
        ("GET", ["kinds"]) => {
            Ok(field::kinds().map(|kind| json!({ "field": kind.field, "variant": kind.variant })).collect())
        }
        ("GET", ["journal"]) => Ok(journal(platform, request)),
        ("GET", ["faults"]) => Ok(json!(platform.faults().list())),
        ("POST", ["faults"]) => {
            let fault: Fault = read(body)?;
            platform.faults().add(fault);
            done()
        }
        ("DELETE", ["faults"]) => {
            platform.faults().clear();
            done()
        }
        ("POST", ["clock"]) => {
            let by_ms = body.get("advance_ms").and_then(Value::as_i64).ok_or("advance_ms is missing")?;
            if !time::advance(platform, by_ms).await {
                return Err("time is real here; start with --clock virtual to move it".to_owned());
            }
            Ok(json!({ "now_ms": platform.clock.now_ms() }))
        }
        ("POST", ["flush"]) => {
            time::flush(platform).await;
            done()
        }
        ("POST", ["reset"]) => {
            platform.reset();
            done()
        }
        ("POST", ["callback"]) => {
            platform.set_callback(need(&body, "url")?);
            done()
        }
        ("POST", ["limits"]) => {
            let lifted: Lifted = read(body)?;
            platform.world().lifted = lifted;
            done()
        }
        ("POST", ["emit"]) => emit(platform, &body),
        ("POST", ["people"]) => {
            let person: Person = read(body)?;
            platform.world().add_person(person);
            done()
        }
        ("POST", ["people", key, deed]) => people::act(platform, key, deed, &body),
        ("POST", ["app"]) => change::app(platform, &body),
        ("POST", ["numbers", id]) => change::number(platform, id, body),
        ("POST", ["wabas", id]) => change::waba(platform, id, &body),
        ("POST", [noun]) => add(platform, noun, body),
        _ => Err("there is no such call; GET /_sim lists them".to_owned()),
    }
}

#[expect(clippy::unnecessary_wraps, reason = "the end of every call that answers nothing else")]
fn done() -> Outcome {
    Ok(json!({ "done": true }))
}

fn read<T: serde::de::DeserializeOwned>(body: Value) -> Result<T, String> {
    serde_json::from_value(body).map_err(|error| error.to_string())
}

fn journal(platform: &Platform, request: &HttpRequest) -> Value {
    let query = web::Query::<std::collections::BTreeMap<String, String>>::from_query(request.query_string())
        .map(web::Query::into_inner)
        .unwrap_or_default();
    let filter = Filter {
        since: query.get("since").and_then(|since| since.parse().ok()).unwrap_or(0),
        kind: query.get("kind").cloned(),
        contains: query.get("contains").cloned(),
        limit: query.get("limit").and_then(|limit| limit.parse().ok()),
    };
    platform.journal.read(&filter)
}

fn emit(platform: &Platform, body: &Value) -> Outcome {
    let number = number_of(platform, body)?;
    let field = need(body, "field")?;
    let variant = body.get("variant").and_then(Value::as_str);
    let count = body.get("count").and_then(Value::as_u64).unwrap_or(1).min(EMIT_MAX);
    let now_ms = platform.clock.now_ms();
    for _ in 0..count {
        let value = match body.get("value") {
            Some(value) => value.clone(),
            None => platform
                .produce(number, field, variant)
                .ok_or("there is no such field or variant; GET /_sim/kinds lists them")?,
        };
        platform.tell(number, field, value, now_ms);
    }
    Ok(json!({ "told": count }))
}

/// Adds to the world.
fn add(platform: &Platform, noun: &str, body: Value) -> Outcome {
    let mut world = platform.world();
    let now_ms = world.now_ms();
    let text = |key: &str| body.get(key).and_then(Value::as_str);
    let list = |key: &str| -> Option<std::collections::BTreeSet<String>> {
        let items = body.get(key)?.as_array()?;
        Some(items.iter().filter_map(Value::as_str).map(str::to_owned).collect())
    };
    match noun {
        "wabas" => {
            let (id, namespace) = (need(&body, "id")?, world.draw_hex(16));
            let mut waba = Waba::new(id, BUSINESS_ID, text("name").unwrap_or("Lucky Shrub"), namespace);
            waba.subscribed_apps = world.apps.keys().map(|app| (app.clone(), None)).collect();
            world.wabas.insert(id.to_owned(), waba);
        }
        "numbers" => {
            let (id, waba) = (need(&body, "id")?, text("waba").unwrap_or(WABA_ID));
            if !world.wabas.contains_key(waba) {
                return Err(format!("there is no account {waba}"));
            }
            let mut number =
                Number::ready(id, waba, need(&body, "phone")?, text("name").unwrap_or("Lucky Shrub"), now_ms);
            number.is_registered = body.get("registered").and_then(Value::as_bool).unwrap_or(true);
            number.is_verified = body.get("verified").and_then(Value::as_bool).unwrap_or(true);
            number.is_on_biz_app = body.get("biz_app").and_then(Value::as_bool).unwrap_or(false);
            if !number.is_registered {
                number.pin = None;
            }
            world.numbers.insert(id.to_owned(), number);
        }
        "templates" => {
            let (waba, id) = (text("waba").unwrap_or(WABA_ID).to_owned(), world.new_id());
            let mut definition: Map<String, Value> = into_map(body);
            definition.remove("waba");
            let status = definition.remove("status");
            let status = status.as_ref().and_then(Value::as_str).unwrap_or("APPROVED");
            world.templates.insert(id.clone(), Template::new(id.clone(), &waba, status, definition));
            return Ok(json!({ "id": id }));
        }
        "tokens" => {
            let value = need(&body, "value")?;
            let app_id = world.apps.keys().next().cloned().unwrap_or_default();
            let mut token = Token::system_user(value, &app_id, now_ms);
            token.scopes = list("scopes").unwrap_or(token.scopes);
            token.waba_ids = list("wabas").unwrap_or_default();
            token.expires_at_ms = body.get("expires_at_ms").and_then(Value::as_i64);
            token.revoked = body.get("revoked").and_then(Value::as_bool).unwrap_or(false);
            world.tokens.insert(value.to_owned(), token);
        }
        "codes" => {
            let app_id = world.apps.keys().next().cloned().unwrap_or_default();
            let code =
                Code { app_id, waba_ids: list("wabas").unwrap_or_default(), expires_at_ms: now_ms + CODE_MS };
            world.codes.insert(need(&body, "code")?.to_owned(), code);
        }
        _ => return Err("there is no such call; GET /_sim lists them".to_owned()),
    }
    done()
}
