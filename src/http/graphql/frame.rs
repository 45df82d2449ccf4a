//! The messages of `graphql-transport-ws`: what a client may say, read strictly, and what we say. Pure.

use async_graphql::Response;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::operation;
use super::operation::Unclear;
use crate::graphql::Operation;

/// The one subprotocol that is spoken.
pub const PROTOCOL: &str = "graphql-transport-ws";
/// The longest id of an operation.
const ID_BYTES_MAX: usize = 128;

/// What a client says.
#[derive(Clone, Debug)]
pub enum Said {
    Init(Map<String, Value>),
    Ping(Option<Value>),
    Pong,
    Subscribe(String, Operation),
    Complete(String),
}

/// Reads one message; an error says what is wrong with it.
pub fn read(text: &str) -> Result<Said, &'static str> {
    let value: Value = serde_json::from_str(text).map_err(|_| "Invalid message: not JSON")?;
    let Value::Object(mut message) = value else { return Err("Invalid message: not an object") };
    let Some(Value::String(kind)) = message.remove("type") else { return Err("Invalid message: no type") };
    match kind.as_str() {
        "connection_init" => Ok(Said::Init(payload_of(&mut message)?.unwrap_or_default())),
        "ping" => Ok(Said::Ping(payload_of(&mut message)?.map(Value::Object))),
        "pong" => payload_of(&mut message).map(|_| Said::Pong),
        "complete" => id_of(&mut message).map(Said::Complete),
        "subscribe" => {
            let id = id_of(&mut message)?;
            let payload = payload_of(&mut message)?.ok_or("Invalid message: no payload")?;
            Ok(Said::Subscribe(id, operation_of(payload)?))
        }
        _ => Err("Invalid message: unknown type"),
    }
}

fn id_of(message: &mut Map<String, Value>) -> Result<String, &'static str> {
    match message.remove("id") {
        Some(Value::String(id)) if (1..=ID_BYTES_MAX).contains(&id.len()) => Ok(id),
        _ => Err("Invalid message: no id, or not a text of 1 to 128 bytes"),
    }
}

fn payload_of(message: &mut Map<String, Value>) -> Result<Option<Map<String, Value>>, &'static str> {
    match message.remove("payload") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(map)) => Ok(Some(map)),
        Some(_) => Err("Invalid message: the payload is not an object"),
    }
}

fn operation_of(payload: Map<String, Value>) -> Result<Operation, &'static str> {
    operation::of_object(payload).map_err(|unclear| match unclear {
        Unclear::Query | Unclear::Nothing => "Invalid message: no query",
        Unclear::OperationName => "Invalid message: the operation name is not a text",
        Unclear::Variables => "Invalid message: the variables are not an object",
        Unclear::Extensions => "Invalid message: the extensions are not an object",
        Unclear::PersistedQuery => "Invalid message: the persisted query has no version 1 and hash",
    })
}

/// The key or token in the payload of `connection_init`.
pub fn authorization(payload: &Map<String, Value>) -> Option<&str> {
    let found = payload.get("Authorization").or_else(|| payload.get("authorization"));
    found.and_then(Value::as_str)
}

/// The client is let in.
pub fn ack() -> String {
    json!({ "type": "connection_ack" }).to_string()
}

/// The answer to a ping.
pub fn pong(payload: Option<Value>) -> String {
    match payload {
        Some(payload) => json!({ "type": "pong", "payload": payload }).to_string(),
        None => json!({ "type": "pong" }).to_string(),
    }
}

/// An answer of an operation.
pub fn next(id: &str, response: &Response) -> String {
    told(id, "next", response)
}

/// An operation was not run, or cannot go on.
pub fn error(id: &str, response: &Response) -> String {
    told(id, "error", &response.errors)
}

/// What is told of an operation.
#[derive(Serialize)]
struct Told<'a, P> {
    id: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    payload: &'a P,
}

fn told(id: &str, kind: &'static str, payload: &impl Serialize) -> String {
    serde_json::to_string(&Told { id, kind, payload }).unwrap_or_default()
}

/// An operation has given all its answers.
pub fn complete(id: &str) -> String {
    json!({ "id": id, "type": "complete" }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_read_strictly() {
        for text in [
            r#"{"type":"connection_init"}"#,
            r#"{"type":"connection_init","payload":null}"#,
            r#"{"type":"connection_init","payload":{"authorization":"Bearer x"}}"#,
            r#"{"type":"ping"}"#,
            r#"{"type":"ping","payload":{"a":1}}"#,
            r#"{"type":"pong"}"#,
            r#"{"type":"complete","id":"1"}"#,
            r#"{"type":"subscribe","id":"1","payload":{"query":"{ viewer { role } }"}}"#,
            r#"{"type":"subscribe","id":"1","payload":{"query":"","variables":{},"operationName":null,"extensions":{}}}"#,
        ] {
            assert!(read(text).is_ok(), "{text}");
        }
        for text in [
            "",
            "[]",
            "null",
            r#""connection_init""#,
            "{}",
            r#"{"type":7}"#,
            r#"{"type":"start","id":"1","payload":{"query":"{ a }"}}"#,
            r#"{"type":"next","id":"1","payload":{}}"#,
            r#"{"type":"connection_ack"}"#,
            r#"{"type":"connection_init","payload":"Bearer x"}"#,
            r#"{"type":"ping","payload":1}"#,
            r#"{"type":"complete"}"#,
            r#"{"type":"complete","id":""}"#,
            r#"{"type":"complete","id":1}"#,
            r#"{"type":"subscribe","payload":{"query":"{ a }"}}"#,
            r#"{"type":"subscribe","id":"1"}"#,
            r#"{"type":"subscribe","id":"1","payload":{}}"#,
            r#"{"type":"subscribe","id":"1","payload":{"query":1}}"#,
            r#"{"type":"subscribe","id":"1","payload":{"query":"{ a }","variables":[]}}"#,
            r#"{"type":"subscribe","id":"1","payload":{"query":"{ a }","operationName":1}}"#,
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_key_is_found_under_either_spelling() {
        for name in ["Authorization", "authorization"] {
            let Ok(Said::Init(payload)) =
                read(&json!({ "type": "connection_init", "payload": { name: "Bearer x" } }).to_string())
            else {
                panic!("{name}")
            };
            assert_eq!(authorization(&payload), Some("Bearer x"));
        }
    }
}
