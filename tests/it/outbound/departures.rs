//! What left, as the simulator's journal has it: to whom, when, and what came of it.

use serde_json::Value;

use super::stage::Meta;
use crate::support::client;

/// A request that was to send something.
#[derive(Clone, Debug)]
pub struct Departure {
    pub to: String,
    /// When the simulator had judged it.
    pub at_ms: i64,
    pub status: Option<u64>,
    pub answer: String,
}

/// All of them, in their order.
pub async fn departures(meta: &Meta) -> Vec<Departure> {
    let url = format!("{}/_sim/journal?kind=request&contains=/messages", meta.running.url());
    let journal: Value = client().get(url).send().await.unwrap().json().await.unwrap();
    assert_eq!(journal["dropped"], 0, "the journal has forgotten some");
    let departures = journal["entries"].as_array().unwrap().iter().map(|entry| {
        let body: Value = serde_json::from_str(entry["body"].as_str().unwrap()).unwrap();
        Departure {
            to: body["to"].as_str().unwrap_or_default().to_owned(),
            at_ms: entry["at_ms"].as_i64().unwrap(),
            status: entry["status"].as_u64(),
            answer: entry["answer"].as_str().unwrap_or_default().to_owned(),
        }
    });
    departures.collect()
}

/// The most of these times within any stretch of so long.
pub fn most_within(times_ms: &[i64], stretch_ms: i64) -> usize {
    let mut times = times_ms.to_vec();
    times.sort_unstable();
    let within = |(first, at): (usize, &i64)| times.partition_point(|other| *other < at + stretch_ms) - first;
    times.iter().enumerate().map(within).max().unwrap_or(0)
}
