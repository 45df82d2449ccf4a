//! What time it is at Meta.

use jiff::fmt::rfc2822::DateTimeParser;
use reqwest::header::DATE;

use super::exchange::no_answer;
use super::{CallError, Graph};
use crate::clock::Timestamp;

impl Graph {
    /// Meta's time, to the second: what the head of any answer says, whatever is asked for and whoever asks.
    pub async fn time_ms(&self) -> Result<i64, CallError> {
        let url = self.0.destination.url(&["me"]);
        let url = url.ok_or(CallError::Impossible("the address of the Graph API has no path"))?;
        let _slot = self.slot().await?;
        let request = self.0.client.get(url).timeout(self.0.call_timeout);
        let response = request.send().await.map_err(|error| no_answer(&error))?;
        let unreadable =
            CallError::Unreadable { status: response.status().as_u16(), problem: "it has no date" };
        let date = response.headers().get(DATE).and_then(|date| date.to_str().ok());
        let time = date.and_then(|date| DateTimeParser::new().parse_timestamp(date).ok());
        time.map(Timestamp::as_millisecond).ok_or(unreadable)
    }
}
