//! What must be true after a storm, whatever happened: the simulator's journal says what Meta has taken, and it is held
//! against the database and against what the API shows.

use std::collections::{BTreeMap, HashMap, HashSet};

use futures_util::StreamExt;
use mongodb::Database;
use mongodb::bson::{Bson, Document, doc};
use serde_json::{Value, json};
use uuid::Uuid;

use super::stage::Caller;

/// How many breaches of one kind are named.
const NAMED_MAX: usize = 5;
const SHOWN_AT_ONCE: usize = 4;
const SECOND_MS: i64 = 1_000;
const PAIR_TOO_FAST: &str = "131056";

/// A request that was to send something, as the simulator's journal has it.
#[derive(Clone, Debug)]
pub struct Request {
    /// Our id of the message.
    pub id: String,
    pub is_taken: bool,
    at_ms: i64,
    fault: Option<String>,
    status: Option<u64>,
    answer: String,
}

impl Request {
    /// From an entry of the journal.
    pub fn of(entry: &Value) -> Self {
        let body: Value = serde_json::from_str(entry["body"].as_str().unwrap()).unwrap();
        let answer = entry["answer"].as_str().unwrap_or_default().to_owned();
        let said: Value = serde_json::from_str(&answer).unwrap_or_default();
        Self {
            id: body["biz_opaque_callback_data"].as_str().unwrap_or_default().to_owned(),
            // Also where the answer was lost.
            is_taken: said["messages"][0]["id"].is_string(),
            at_ms: entry["at_ms"].as_i64().unwrap(),
            fault: entry["fault"].as_str().map(str::to_owned),
            status: entry["status"].as_u64(),
            answer,
        }
    }

    /// Meta took its time: whoever had sent it may have given up by then.
    fn was_late(&self) -> bool {
        matches!(self.fault.as_deref(), Some("Slow" | "StatusFirst"))
    }
}

/// What was held against what.
#[derive(Debug, Default)]
pub struct Findings {
    pub messages: usize,
    pub requests: usize,
    pub taken: usize,
    /// Messages by the sender's last word.
    pub states: BTreeMap<String, usize>,
    /// Requests by what was to go wrong with them.
    pub faults: BTreeMap<String, usize>,
    /// The most requests within any one second.
    pub most_in_a_second: usize,
    breaches: BTreeMap<&'static str, Vec<String>>,
}

impl Findings {
    fn expect(&mut self, holds: bool, rule: &'static str, what: impl std::fmt::Debug) {
        if !holds {
            self.breaches.entry(rule).or_default().push(format!("{what:?}"));
        }
    }

    /// The breaches, a line each; empty if there are none.
    pub fn lines(&self) -> Vec<String> {
        self.breaches
            .iter()
            .map(|(rule, all)| {
                let some: Vec<&str> = all.iter().take(NAMED_MAX).map(String::as_str).collect();
                format!("{rule}: {} times: {}", all.len(), some.join("; "))
            })
            .collect()
    }
}

/// Holds everything against everything. `written`: by our id, which customer it is for, and which of the messages to them
/// it is.
pub async fn reckon(
    database: &Database,
    caller: &Caller,
    written: &HashMap<String, (usize, usize)>,
    requests: &[Request],
) -> Findings {
    let mut findings = Findings {
        messages: written.len(),
        requests: requests.len(),
        most_in_a_second: most_in_a_second(requests),
        ..Findings::default()
    };
    let mut taken: HashMap<&str, usize> = HashMap::new();
    let mut late: HashSet<usize> = HashSet::new();
    for request in requests {
        let fault = request.fault.clone().unwrap_or_else(|| "none".to_owned());
        *findings.faults.entry(fault).or_default() += 1;
        findings.expect(written.contains_key(&request.id), "nothing leaves that nobody asked for", request);
        // What was not ordered is Meta's own judgement: a limit that was not kept.
        let customer = written.get(&request.id).map(|(customer, _)| *customer);
        // Nobody knows when Meta has counted what it was late with: the next may come too soon for the pair.
        let is_pair = request.answer.contains(PAIR_TOO_FAST);
        let is_excused = is_pair && customer.is_some_and(|customer| late.contains(&customer));
        let is_well = request.fault.is_some() || request.status == Some(200) || is_excused;
        late.extend(customer.filter(|_| request.was_late()));
        findings.expect(is_well, "Meta has nothing to refuse by itself", (request, &request.answer));
        if request.is_taken {
            *taken.entry(&request.id).or_default() += 1;
        }
    }
    findings.taken = taken.len();
    for (id, times) in &taken {
        findings.expect(*times == 1, "nothing is taken twice", (id, times));
    }
    check_order(written, requests, &mut findings);
    check_stored(database, written, &taken, &mut findings).await;
    check_shown(database, caller, &taken, &mut findings).await;
    check_rest(database, &mut findings).await;
    findings
}

fn most_in_a_second(requests: &[Request]) -> usize {
    let mut times: Vec<i64> = requests.iter().map(|request| request.at_ms).collect();
    times.sort_unstable();
    let within = |(first, at): (usize, &i64)| times.partition_point(|other| *other < at + SECOND_MS) - first;
    times.iter().enumerate().map(within).max().unwrap_or(0)
}

/// What a customer gets comes in the order in which it was asked for.
fn check_order(written: &HashMap<String, (usize, usize)>, requests: &[Request], findings: &mut Findings) {
    let mut last: HashMap<usize, usize> = HashMap::new();
    for request in requests.iter().filter(|request| request.is_taken) {
        let Some((customer, nth)) = written.get(&request.id) else { continue };
        let before = last.get(customer).copied();
        if before.is_some_and(|before| before > *nth) {
            findings.expect(request.was_late(), "nothing overtakes", (customer, before, nth, request));
        } else {
            last.insert(*customer, *nth);
        }
    }
}

async fn check_stored(
    database: &Database,
    written: &HashMap<String, (usize, usize)>,
    taken: &HashMap<&str, usize>,
    findings: &mut Findings,
) {
    let mut missing: HashMap<&String, &(usize, usize)> = written.iter().collect();
    for message in all(database, "messages").await {
        let Ok(send) = message.get_document("send") else { continue };
        let id = message.get_str("_id").unwrap().to_owned();
        findings.expect(missing.remove(&id).is_some(), "every message is one that was asked for", &id);
        let state = send.get_str("state").unwrap_or_default();
        *findings.states.entry(state.to_owned()).or_default() += 1;
        let words = (&id, state, send.get("reason"), message.get("failure"));
        if taken.contains_key(id.as_str()) {
            findings.expect(state == "accepted", "what Meta has taken is accepted", words);
            let rank = message.get_i32("rank").unwrap_or(0);
            let is_well = matches!(rank, 1 | 2 | 4 | 5) && !message.contains_key("failure");
            findings.expect(is_well, "what Meta has taken has not failed", (rank, words));
        } else {
            let is_told = matches!(state, "refused" | "unconfirmed") && send.contains_key("reason");
            findings.expect(is_told, "what Meta has not taken says why", words);
        }
    }
    findings.expect(missing.is_empty(), "every message that was asked for is there", missing.len());
}

/// What people see of what Meta has taken.
async fn check_shown(
    database: &Database,
    caller: &Caller,
    taken: &HashMap<&str, usize>,
    findings: &mut Findings,
) {
    const QUERY: &str = "query($id: ID!) { messages(conversationId: $id, first: 100) {
        pageInfo { hasNextPage } nodes { id status failure { code } } } }";
    let client = crate::support::client();
    let conversations = all(database, "conversations").await;
    let asks = conversations.iter().map(|conversation| {
        let Some(Bson::Binary(id)) = conversation.get("_id") else { panic!("no id: {conversation}") };
        let id = Uuid::from_slice(&id.bytes).unwrap().to_string();
        let request = client.post(format!("{}/graphql", caller.url)).bearer_auth(caller.key.expose());
        let request = request.json(&json!({ "query": QUERY, "variables": { "id": id } }));
        async move { request.send().await.unwrap().json::<Value>().await.unwrap() }
    });
    let pages: Vec<Value> = futures_util::stream::iter(asks).buffered(SHOWN_AT_ONCE).collect().await;
    let mut seen = 0;
    for page in &pages {
        let messages = &page["data"]["messages"];
        assert_eq!(messages["pageInfo"]["hasNextPage"], false, "{page:#}");
        for message in messages["nodes"].as_array().unwrap() {
            if !taken.contains_key(message["id"].as_str().unwrap()) {
                continue;
            }
            seen += 1;
            let is_well =
                ["ACCEPTED", "SENT", "DELIVERED", "READ"].contains(&message["status"].as_str().unwrap_or(""));
            findings.expect(
                is_well && message["failure"].is_null(),
                "what Meta has taken is not shown as failed",
                message,
            );
        }
    }
    findings.expect(seen == taken.len(), "what Meta has taken is shown", (seen, taken.len()));
}

/// Nothing is left over, and the log is whole.
async fn check_rest(database: &Database, findings: &mut Findings) {
    for turn in all(database, "turns").await {
        let is_idle = !turn.contains_key("holder") && !turn.contains_key("readyAtMs");
        findings.expect(is_idle, "nothing is left in line", &turn);
    }
    for status in all(database, "statuses").await {
        findings.expect(!status.contains_key("waiting"), "no status waits", status.get("_id"));
    }
    let mut seqs: Vec<i64> =
        all(database, "events").await.iter().map(|batch| batch.get_i64("seq").unwrap()).collect();
    seqs.sort_unstable();
    let is_whole = seqs.iter().zip(1..).all(|(seq, nth)| *seq == nth);
    findings.expect(is_whole, "the log has no gap", seqs.len());
}

async fn all(database: &Database, collection: &str) -> Vec<Document> {
    let mut cursor = database.collection::<Document>(collection).find(doc! {}).await.unwrap();
    let mut all = Vec::new();
    while cursor.advance().await.unwrap() {
        all.push(cursor.deserialize_current().unwrap());
    }
    all
}
