//! Sending, the pure half: every sample of Meta's is made from our own types, every limit holds exactly, and the
//! simulator, which knows neither, agrees.

pub mod accepted;
pub mod limits;
pub mod samples;

use pesan::dev::simulator::{limits as simulated, schema};
use pesan::domain::outgoing::Message;
use pesan::meta::encode::{self, Edge};
use serde_json::Value;

/// What the simulator says to the encoded message.
fn judge(message: &Message) -> Result<(), String> {
    judge_body(Edge::of(message), &encode::message(message, Some("our-own-id")))
}

pub fn judge_body(edge: Edge, body: &Value) -> Result<(), String> {
    let path = format!("/{{Phone-Number-ID}}/{}", edge.name());
    let limits = if edge == Edge::Messages { simulated::message } else { simulated::marketing_message };
    schema::validate("POST", &path, body)
        .and_then(|()| limits(body))
        .map_err(|refusal| format!("{} {}", refusal.code(), refusal.told()))
}
