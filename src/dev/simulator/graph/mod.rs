//! The Graph side: what a request asks for, whether its token may, and which noun answers. A file a noun.

mod account;
mod media;
mod messages;
mod number;
mod template;
mod token;

use std::collections::BTreeMap;

use actix_web::web::Bytes;
use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Map, Value, json};
use sha2::Sha256;

use super::platform::Platform;
use super::refusal::Refusal;
use super::world::World;
use super::world::account::Token;

/// Meta (2026-11): the versions that answer.
const VERSIONS: std::ops::RangeInclusive<u32> = 21..=26;

/// A request as the nouns see it.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub method: String,
    pub path: String,
    pub token: Option<String>,
    pub content_type: String,
    pub file_offset: usize,
    pub query: BTreeMap<String, String>,
    pub body: Bytes,
    /// The first status of a message is told before its answer.
    pub is_status_first: bool,
    /// What the answer says of a template message that is taken.
    pub message_status: &'static str,
}

/// Meta (2026-07): what is done with a template message that is taken.
pub(super) const ACCEPTED: &str = "accepted";
pub(super) const HELD: &str = "held_for_quality_assessment";
pub(super) const PAUSED: &str = "paused";

/// What comes back.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    Json(Value),
    File {
        mime_type: String,
        bytes: Bytes,
    },
    /// A refusal under another status than its own.
    Status(u16, Refusal),
    /// A page of something on the way, which knows nothing of the request.
    Page(u16),
}

impl Call {
    /// The body as JSON; a form becomes an object of texts, and with no body at all the query is meant.
    fn json(&self) -> Result<Value, Refusal> {
        if self.content_type.starts_with("application/x-www-form-urlencoded") {
            let form = actix_web::web::Query::<BTreeMap<String, String>>::from_query(
                std::str::from_utf8(&self.body).unwrap_or_default(),
            );
            return Ok(json!(form.map(actix_web::web::Query::into_inner).unwrap_or_default()));
        }
        if self.body.is_empty() {
            let named =
                self.query.iter().filter(|(name, _)| *name != "access_token" && *name != "appsecret_proof");
            return Ok(Value::Object(named.map(|(name, value)| (name.clone(), json!(value))).collect()));
        }
        serde_json::from_slice(&self.body)
            .map_err(|_| Refusal::of(100).details("The body is not valid JSON."))
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str)
    }

    /// The path without its version, in parts.
    fn segments(&self) -> Result<Vec<&str>, Refusal> {
        let mut segments: Vec<&str> = self.path.split('/').filter(|part| !part.is_empty()).collect();
        let version =
            segments.first().and_then(|first| first.strip_prefix('v')).and_then(|rest| rest.split_once('.'));
        if let Some((major, minor)) = version {
            let known = major.parse().is_ok_and(|major: u32| VERSIONS.contains(&major)) && minor == "0";
            if !known {
                return Err(Refusal::of(2500).message("Unknown path components"));
            }
            segments.remove(0);
        }
        Ok(segments)
    }
}

/// Answers a request.
pub(super) async fn answer(platform: &Platform, call: &Call) -> Result<Answer, Refusal> {
    let segments = call.segments()?;
    platform.world().app_calls += 1;
    if let ["oauth", "access_token"] = segments.as_slice() {
        return token::exchange(platform, call).map(Answer::Json);
    }
    // These stand for Meta's hosts of files. A signed address takes no further parameter, so no proof either.
    if let ["_media", id, key] = segments.as_slice() {
        token_of(&platform.world(), call)?;
        return Ok(media::download(platform, id, key));
    }
    if let ["qr", file] = segments.as_slice() {
        return Ok(number::qr_image(platform, file));
    }
    if let ["debug_token"] = segments.as_slice() {
        return token::debug(platform, call).map(Answer::Json);
    }
    // An app's own token, for what is the app's.
    if let [app_id, "subscriptions"] = segments.as_slice() {
        return account::subscriptions(platform, call, app_id).await.map(Answer::Json);
    }
    let token = authorize(&platform.world(), call)?;
    let (method, session) = (call.method.as_str(), segments.first().copied().unwrap_or_default());
    match segments.as_slice() {
        [_, "uploads"] if method == "POST" => media::start_upload(platform, call, session).map(Answer::Json),
        [id] if id.starts_with("upload:") => media::upload(platform, call, id).map(Answer::Json),
        [id, rest @ ..] => object(platform, call, &token, id, rest).await,
        [] => Err(Refusal::of(2500).message("Unknown path components")),
    }
}

/// Finds what the id is of, and lets that noun answer.
async fn object(
    platform: &Platform,
    call: &Call,
    token: &Token,
    id: &str,
    rest: &[&str],
) -> Result<Answer, Refusal> {
    enum Noun {
        Number(String),
        Waba,
        Business,
        Template(String),
        Media,
        Nothing,
    }
    let noun = {
        let world = platform.world();
        if let Some(number) = world.numbers.get(id) {
            Noun::Number(number.waba_id.clone())
        } else if world.wabas.contains_key(id) {
            Noun::Waba
        } else if world.businesses.contains_key(id) {
            Noun::Business
        } else if let Some(template) = world.templates.get(id) {
            Noun::Template(template.waba_id.clone())
        } else if world.media.contains_key(id) {
            Noun::Media
        } else {
            Noun::Nothing
        }
    };
    let reach = |waba_id: &str| {
        if token.reaches(waba_id) { Ok(()) } else { Err(Refusal::unknown_object(id, &call.method)) }
    };
    match noun {
        Noun::Number(waba_id) => {
            reach(&waba_id)?;
            if rest.is_empty() {
                account::verify_override(platform, call).await?;
            }
            match (call.method.as_str(), rest) {
                ("POST", ["messages"]) => messages::send(platform, call, token, id, false).map(Answer::Json),
                ("POST", ["marketing_messages"]) => {
                    messages::send(platform, call, token, id, true).map(Answer::Json)
                }
                ("POST", ["media"]) => media::store(platform, call, token, id).map(Answer::Json),
                _ => number::answer(platform, call, token, id, rest).map(Answer::Json),
            }
        }
        Noun::Waba => {
            reach(id)?;
            if rest == ["subscribed_apps"] {
                account::verify_override(platform, call).await?;
            }
            match rest {
                ["message_templates"] => template::collection(platform, call, token, id).map(Answer::Json),
                ["message_templates", edge @ ("archive" | "unarchive")] => {
                    template::archive(platform, call, token, (id, edge)).map(Answer::Json)
                }
                _ => account::waba(platform, call, token, id, rest).map(Answer::Json),
            }
        }
        Noun::Business => account::business(platform, call, token, id, rest).map(Answer::Json),
        Noun::Template(waba_id) => {
            reach(&waba_id)?;
            match rest {
                [] => template::one(platform, call, token, id).map(Answer::Json),
                ["unpause"] => template::unpause(platform, call, token, id).map(Answer::Json),
                _ => Err(unsupported(call)),
            }
        }
        Noun::Media => media::one(platform, call, token, id).map(Answer::Json),
        Noun::Nothing => Err(Refusal::unknown_object(id, &call.method)),
    }
}

/// The token behind a request, if it is good and proven.
fn authorize(world: &World, call: &Call) -> Result<Token, Refusal> {
    let token = token_of(world, call)?;
    let app = world.apps.get(&token.app_id);
    let is_proven = match (call.text("appsecret_proof"), app) {
        (Some(proof), Some(app)) => proof == proof_of(&app.secret, &token.value),
        (Some(_), None) => false,
        (None, app) => !app.is_some_and(|app| app.requires_proof),
    };
    if !is_proven {
        return Err(Refusal::of(100).message("Invalid appsecret_proof provided in the API argument"));
    }
    Ok(token)
}

/// The token behind a request, if it is good.
fn token_of(world: &World, call: &Call) -> Result<Token, Refusal> {
    let Some(value) = call.token.as_deref() else {
        return Err(Refusal::of(2500)
            .message("An active access token must be used to query information about the current user."));
    };
    let Some(token) = world.tokens.get(value) else {
        return Err(Refusal::of(190).message("Invalid OAuth access token - Cannot parse access token"));
    };
    if token.revoked {
        return Err(Refusal::of(190).subcode(460));
    }
    if token.is_expired(world.now_ms()) {
        return Err(Refusal::of(190).subcode(463));
    }
    Ok(token.clone())
}

/// `appsecret_proof`: the token, signed with the app's secret.
fn proof_of(app_secret: &str, token: &str) -> String {
    Hmac::<Sha256>::new_from_slice(app_secret.as_bytes())
        .map(|mac| HEXLOWER.encode(&mac.chain_update(token).finalize().into_bytes()))
        .unwrap_or_default()
}

/// Whether the token has the permission.
fn require(token: &Token, scope: &str) -> Result<(), Refusal> {
    if token.scopes.contains(scope) {
        return Ok(());
    }
    Err(Refusal::of(10).details(format!("The token lacks the permission {scope}.")))
}

/// A method that the path does not have.
fn unsupported(call: &Call) -> Refusal {
    let method = call.method.to_ascii_lowercase();
    Refusal::of(100).message(format!("Unsupported {method} request. Please read the Graph API documentation"))
}

/// The fields that a request asks for, or those of `default`.
fn pick(node: &Map<String, Value>, call: &Call, default: &[&str]) -> Result<Value, Refusal> {
    let asked: Vec<&str> = match call.text("fields") {
        Some(fields) => split_fields(fields),
        None => default.to_vec(),
    };
    let mut picked = Map::new();
    for field in asked {
        let name = field.split(['{', '.', '(']).next().unwrap_or_default();
        match node.get(name) {
            Some(value) => drop(picked.insert(name.to_owned(), value.clone())),
            None if KNOWN_ABSENT.contains(&name) => {}
            None => {
                let message = format!("Tried accessing nonexisting field ({name})");
                return Err(Refusal::of(100).message(message));
            }
        }
    }
    if let Some(id) = node.get("id") {
        picked.insert("id".to_owned(), id.clone());
    }
    Ok(Value::Object(picked))
}

/// Fields that exist and have no value on this object.
const KNOWN_ABSENT: &[&str] = &[
    "username",
    "webhook_configuration",
    "certificate",
    "rejected_reason",
    "error",
    "previous_category",
    "correct_category",
    "sub_category",
    "message_send_ttl_seconds",
];

/// Splits at commas that are not inside braces.
fn split_fields(fields: &str) -> Vec<&str> {
    let mut depth = 0_u32;
    fields
        .split(|letter: char| {
            match letter {
                '{' => depth += 1,
                '}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            letter == ',' && depth == 0
        })
        .map(str::trim)
        .filter(|field| !field.is_empty())
        .collect()
}

/// A list with cursors: `limit` and `after` count from the front.
fn page(items: Vec<Value>, call: &Call) -> Result<Value, Refusal> {
    let number = |name: &str, usual: usize, refusal: u32| match call.text(name) {
        None => Ok(usual),
        Some(text) => {
            text.parse().map_err(|_| Refusal::of(refusal).details(format!("{name} is not usable.")))
        }
    };
    let limit = number("limit", 25, 100)?.clamp(1, 1_000);
    // Meta (2025-10): a cursor that is none of theirs has a code of its own.
    let start = number("after", 0, 131_059)?;
    let total = items.len();
    let data: Vec<Value> = items.into_iter().skip(start).take(limit).collect();
    let end = start + data.len();
    let mut page = json!({ "data": data });
    if total > 0 {
        let mut paging = json!({ "cursors": { "before": start.to_string(), "after": end.to_string() } });
        if end < total
            && let Some(paging) = paging.as_object_mut()
        {
            paging.insert("next".to_owned(), json!(format!("{}?after={end}&limit={limit}", call.path)));
        }
        if let Some(page) = page.as_object_mut() {
            page.insert("paging".to_owned(), paging);
        }
    }
    Ok(page)
}

/// What most changes answer.
fn success() -> Value {
    json!({ "success": true })
}

/// A text of a JSON object.
fn text_of<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    value.get(key).and_then(Value::as_str)
}
