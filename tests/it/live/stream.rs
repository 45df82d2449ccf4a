//! `text/event-stream` on `/graphql`.

use pesan::auth::{Role, Visitor};
use pesan::graphql::Cursor;
use pesan::storage::workspaces::first_workspace;
use serde_json::{Value, json};
use tokio::time::timeout;
use url::Url;
use uuid::Uuid;

use super::{EVENTS, LOST_WITHIN, append, key, operation};
use crate::support::PATIENCE;
use crate::support::app::TestApp;

/// An event stream, read as a browser would.
pub struct Stream {
    response: reqwest::Response,
    unread: String,
    pub heartbeats: usize,
}

/// One event of it.
#[derive(Debug)]
pub struct Told {
    pub id: Option<String>,
    pub event: String,
    pub data: Value,
}

impl Stream {
    /// Begins to read an answer.
    pub fn of(response: reqwest::Response) -> Self {
        Self { response, unread: String::new(), heartbeats: 0 }
    }

    /// Follows all events.
    pub async fn following(url: &str, key: &str, after: &str, last_event_id: Option<&str>) -> Self {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let mut request = client
            .post(format!("{url}/graphql"))
            .bearer_auth(key)
            .header("accept", "text/event-stream")
            .json(&operation(EVENTS, json!({ "after": after })));
        if let Some(id) = last_event_id {
            request = request.header("last-event-id", id);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        Self::of(response)
    }

    /// The next event; none at the end.
    pub async fn next(&mut self) -> Option<Told> {
        loop {
            while let Some((block, rest)) = self.unread.split_once("\n\n") {
                let told = told_of(block);
                self.unread = rest.into();
                match told {
                    Some(told) => return Some(told),
                    None => self.heartbeats += 1,
                }
            }
            let chunk = timeout(PATIENCE, self.response.chunk()).await.expect("something comes in time");
            self.unread.push_str(std::str::from_utf8(&chunk.ok()??).unwrap());
        }
    }

    /// The next event, which has to be an answer.
    pub async fn event(&mut self) -> Told {
        let told = self.next().await.expect("the stream goes on");
        assert_eq!(told.event, "next", "{told:?}");
        told
    }
}

fn told_of(block: &str) -> Option<Told> {
    let field =
        |name: &str| block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim);
    Some(Told {
        id: field("id").map(str::to_owned),
        event: field("event")?.to_owned(),
        data: serde_json::from_str(field("data").unwrap_or_default()).unwrap_or_default(),
    })
}

async fn ask(app: &TestApp, key: &str, query: &str) -> reqwest::Response {
    let request = app.client.post(format!("{}/graphql", app.url)).bearer_auth(key);
    request.header("accept", "text/event-stream").json(&operation(query, json!({}))).send().await.unwrap()
}

#[tokio::test]
async fn every_kind_of_operation_is_told_as_events() {
    let app = TestApp::start();
    let key = key(&app).await;
    let response = ask(&app, &key, "{ viewer { role } }").await;
    assert_eq!(response.headers()["content-type"], "text/event-stream; charset=utf-8");
    assert_eq!(response.headers()["cache-control"], "no-store");
    let mut stream = Stream::of(response);
    let told = stream.event().await;
    assert_eq!((told.data, told.id), (json!({ "data": { "viewer": { "role": "AGENT" } } }), None));
    assert_eq!(stream.next().await.unwrap().event, "complete");
    assert!(stream.next().await.is_none());
    for (query, code) in [
        ("{ nothing }", "INVALID_REQUEST"),
        ("subscription { events(after: \"x\") { cursor } }", "INVALID_REQUEST"),
    ] {
        let mut stream = Stream::of(ask(&app, &key, query).await);
        let told = stream.event().await;
        assert_eq!(told.data["errors"][0]["extensions"]["code"], code, "{told:?}");
        assert_eq!(stream.next().await.unwrap().event, "complete");
        assert!(stream.next().await.is_none());
    }
    let ahead = Cursor { seq: 900, index: 0, at_ms: 0 }.to_string();
    let mut stream = Stream::following(&app.url, &key, &ahead, None).await;
    assert_eq!(stream.event().await.data["errors"][0]["extensions"]["code"], "CURSOR_EXPIRED");
    assert_eq!(stream.next().await.unwrap().event, "complete");
}

#[tokio::test]
async fn a_get_subscribes_and_changes_nothing() {
    let app = TestApp::start();
    let key = key(&app).await;
    append(&app, first_workspace(), Uuid::from_u128(1), &["a", "b"]).await;
    let get = |query: String| {
        let url = Url::parse_with_params(&format!("{}/graphql", app.url), [("query", query)]).unwrap();
        app.client.get(url).bearer_auth(&key).header("accept", "text/event-stream")
    };
    let follow = format!("subscription {{ events(after: \"{}\") {{ cursor }} }}", Cursor::BEGINNING);
    let mut stream = Stream::of(get(follow.clone()).send().await.unwrap());
    let first = stream.event().await;
    assert_eq!(first.data["data"]["events"]["cursor"], json!(first.id));
    let second = stream.event().await.id.unwrap();
    let again = get(follow.clone()).header("last-event-id", first.id.unwrap()).send().await.unwrap();
    assert_eq!(Stream::of(again).event().await.id.unwrap(), second);
    let wrong = get(follow).header("last-event-id", "7").send().await.unwrap();
    assert_eq!(wrong.status(), 400);

    let answer = get("mutation { revokeApiKey(id: \"x\") { __typename } }".to_owned()).send().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.headers()["allow"].to_str().unwrap()), (405, "POST"));
    let answer = ask(&app, "psn_live_nobody", "{ viewer { role } }").await;
    assert_eq!(answer.status(), 401);
    assert_eq!(answer.json::<Value>().await.unwrap()["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
}

#[tokio::test]
async fn a_stream_lives_while_nothing_happens_and_ends_with_its_key() {
    let app = TestApp::start();
    let key = app.key(Role::Agent).await;
    let mut stream = Stream::following(&app.url, key.expose(), &Cursor::BEGINNING.to_string(), None).await;
    append(&app, first_workspace(), Uuid::from_u128(1), &["a"]).await;
    stream.event().await;
    assert!(stream.heartbeats > 0, "the first shows at once that the stream is open");
    let id = app.keys().list(first_workspace()).await.unwrap()[0].id;
    let watch = std::time::Instant::now();
    app.keys().revoke(&Visitor::operator(first_workspace()), id).await.unwrap();
    assert_eq!(stream.event().await.data["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
    assert!(watch.elapsed() < LOST_WITHIN, "{:?}", watch.elapsed());
    assert_eq!(stream.next().await.unwrap().event, "complete");
}
