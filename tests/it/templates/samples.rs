//! Samples that do not fit into a request of GraphQL: by HTTP, passed on to Meta while they come.

use pesan::auth::Role;
use pesan::secret::Secret;
use pesan::storage::number_record::number_id;
use pesan::storage::workspaces::first_workspace;
use reqwest::{Body, Response};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{Desk, key};
use crate::support::eventually;
use crate::support::webhook::ACCOUNT_ID;

const PATH: &str = "/api/templates/samples";
const MB: usize = 1024 * 1024;

/// Sends a sample; gives status and body.
async fn send(desk: &Desk, key: &Secret, query: &str, mime_type: &str, body: Vec<u8>) -> (u16, Value) {
    let request = desk.app.client.post(format!("{}{PATH}?{query}", desk.app.url)).bearer_auth(key.expose());
    told(request.header("content-type", mime_type).body(body).send().await.unwrap()).await
}

async fn told(answer: Response) -> (u16, Value) {
    (answer.status().as_u16(), answer.json().await.unwrap())
}

fn of_account() -> String {
    format!("accountId={ACCOUNT_ID}&fileName=promo.mp4")
}

/// What Meta has of its uploads: type, length, and the bytes that came.
async fn uploads(desk: &Desk) -> Vec<(String, usize, usize)> {
    let world = desk.meta.world().await;
    let uploads = world["uploads"].as_array().unwrap().iter();
    let number = |value: &Value| usize::try_from(value.as_u64().unwrap()).unwrap();
    uploads
        .map(|upload| {
            let file_type = upload["file_type"].as_str().unwrap().to_owned();
            (file_type, number(&upload["length"]), number(&upload["received_bytes"]))
        })
        .collect()
}

#[tokio::test]
async fn a_film_of_five_megabytes_becomes_the_header_of_a_template() {
    let desk = Desk::start().await;
    let film: Vec<u8> = (0..5 * MB).map(|n| u8::try_from(n % 251).unwrap()).collect();
    let (status, body) = send(&desk, &desk.key, &of_account(), "video/mp4", film).await;
    assert_eq!((status, &body["userErrors"]), (201, &json!([])), "{body}");
    assert_eq!(uploads(&desk).await, [("video/mp4".to_owned(), 5 * MB, 5 * MB)]);
    let content = json!({
        "header": { "videoHandle": body["handle"] },
        "body": { "text": "Lihat koleksi baru kami." },
    });
    let input = json!({
        "accountId": ACCOUNT_ID, "name": "film", "language": "id", "category": "MARKETING", "content": content,
    });
    let made = desk.done("createTemplate", json!({ "input": input })).await["template"].clone();
    assert_eq!(made["status"], "PENDING");
    let audit = "{ auditLog(first: 1) { nodes { deed changes { field to } } } }";
    let noted = desk.app.ask(&desk.key, audit, json!({})).await;
    assert_eq!(noted["nodes"][0]["deed"], "change-templates", "{noted}");

    // By one of the account's numbers, and with as many bytes as a picture may have.
    let by_number = format!("numberId={}&fileName=a.png", desk.number);
    let (status, body) = send(&desk, &desk.key, &by_number, "image/png", vec![7; 5 * MB]).await;
    assert_eq!(status, 201, "{body}");
    let (status, body) = send(&desk, &desk.key, &by_number, "image/png; x=y", vec![7; 5 * MB + 1]).await;
    assert_eq!((status, &body["error"]["code"]), (413, &json!("PAYLOAD_TOO_LARGE")));
    assert!(body["error"]["message"].as_str().unwrap().contains("5242880"), "{body}");
}

#[tokio::test]
async fn whoever_may_not_make_templates_sends_no_sample_and_learns_nothing() {
    let desk = Desk::start().await;
    let film = || vec![1; 64];
    let agent = desk.app.key(Role::Agent).await;
    let (status, body) = send(&desk, &agent, &of_account(), "video/mp4", film()).await;
    assert_eq!((status, &body["error"]["code"]), (403, &json!("FORBIDDEN")), "{body}");
    let (status, body) = send(&desk, &Secret::new("pesan_wrong"), &of_account(), "video/mp4", film()).await;
    assert_eq!((status, &body["error"]["code"]), (401, &json!("UNAUTHENTICATED")), "{body}");
    let stranger = desk.stranger().await;
    desk.app.storage.ensure_number(first_workspace(), "555", Some("another")).await.unwrap();
    let limited = key(Role::Admin, Some(vec![number_id(first_workspace(), "555")]));
    let limited = desk.app.key_for(first_workspace(), limited).await.text;
    let by_number = format!("numberId={}&fileName=a.mp4", desk.number);
    for theirs in [&stranger, &limited] {
        for (query, field) in [(of_account(), "accountId"), (by_number.clone(), "numberId")] {
            let (status, body) = send(&desk, theirs, &query, "video/mp4", film()).await;
            let error = &body["userErrors"][0];
            assert_eq!((status, &error["code"], &error["field"]), (404, &json!("NOT_FOUND"), &json!(field)));
            assert_eq!(body["handle"], Value::Null);
        }
    }
    // A page elsewhere may not, whatever it shows.
    let request = desk.app.client.post(format!("{}{PATH}?{}", desk.app.url, of_account()));
    let request = request.bearer_auth(desk.key.expose()).header("content-type", "video/mp4");
    let answer = request.header("origin", "https://evil.example").body(film()).send().await.unwrap();
    assert_eq!(answer.status(), 403);
    assert_eq!(uploads(&desk).await, []);
}

#[tokio::test]
async fn what_is_no_sample_is_refused_before_meta_is_asked() {
    let desk = Desk::start().await;
    let check = async |query: &str, mime_type: &str, body: Vec<u8>, expected: u16, says: &str| {
        let (status, body) = send(&desk, &desk.key, query, mime_type, body).await;
        assert_eq!(status, expected, "{body}");
        assert!(body.to_string().contains(says), "{says}: {body}");
    };
    let one = || vec![1];
    let account = of_account();
    check(&account, "text/plain", one(), 415, "image/jpeg").await;
    check(&account, "multipart/form-data; boundary=x", one(), 415, "image/jpeg").await;
    check(&account, "application/x-www-form-urlencoded", one(), 415, "image/jpeg").await;
    check("fileName=a.mp4", "video/mp4", one(), 400, "which account").await;
    check(&format!("{account}&numberId={}", desk.number), "video/mp4", one(), 400, "which account").await;
    check(&format!("accountId={ACCOUNT_ID}"), "video/mp4", one(), 400, "fileName").await;
    check(&format!("{account}&x=1"), "video/mp4", one(), 400, "fileName").await;
    check(&format!("accountId={ACCOUNT_ID}&fileName="), "video/mp4", one(), 400, "240").await;
    check(&format!("accountId={ACCOUNT_ID}&fileName=a%0Ab"), "video/mp4", one(), 400, "one line").await;
    let empty =
        desk.app.client.post(format!("{}{PATH}?{account}", desk.app.url)).bearer_auth(desk.key.expose());
    let empty = empty.header("content-type", "video/mp4").header("content-length", "0");
    let (status, body) = told(empty.send().await.unwrap()).await;
    assert_eq!(status, 400, "{body}");
    // Nobody knows how long a stream will be.
    let pieces = futures_util::stream::iter([Ok::<_, std::io::Error>(one())]);
    let request = desk.app.client.post(format!("{}{PATH}?{account}", desk.app.url));
    let request = request.bearer_auth(desk.key.expose()).header("content-type", "video/mp4");
    let (status, body) = told(request.body(Body::wrap_stream(pieces)).send().await.unwrap()).await;
    assert_eq!(status, 411, "{body}");
    assert_eq!(desk.app.get(PATH).await.status(), 405);
    assert_eq!(uploads(&desk).await, []);
}

#[tokio::test]
async fn what_meta_says_of_a_sample_is_passed_on() {
    let desk = Desk::start().await;
    desk.meta.fail("server_error", "/uploads").await;
    desk.meta.fail("server_error", "/upload:").await;
    let (status, body) = send(&desk, &desk.key, &of_account(), "video/mp4", vec![1; 100]).await;
    assert_eq!(status, 502, "{body}");
    assert_eq!(body["handle"], Value::Null);
    assert!(body["userErrors"][0]["code"].as_str().unwrap().contains("META"), "{body}");
    let (status, _) = send(&desk, &desk.key, &of_account(), "video/mp4", vec![1; 100]).await;
    assert_eq!(status, 201);
}

/// Begins a sample and sends the first half of it.
async fn begin(desk: &Desk) -> TcpStream {
    let address = desk.app.url.strip_prefix("http://").unwrap().to_owned();
    let mut socket = TcpStream::connect(&address).await.unwrap();
    let head = format!(
        "POST {PATH}?{} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {}\r\nContent-Type: video/mp4\r\n\
         Content-Length: {}\r\n\r\n",
        of_account(),
        desk.key.expose(),
        2 * MB
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    socket.write_all(&vec![7; MB]).await.unwrap();
    socket
}

#[tokio::test]
async fn half_a_sample_is_none() {
    let desk = Desk::start().await;
    let mut socket = begin(&desk).await;
    eventually("Meta is asked", || async { (!uploads(&desk).await.is_empty()).then_some(()) }).await;
    socket.shutdown().await.unwrap();
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).await.ok();
    let answer = String::from_utf8_lossy(&answer);
    assert!(!answer.starts_with("HTTP/1.1 201"), "{answer}");
    let half = uploads(&desk).await.into_iter().find(|(_, length, _)| *length == 2 * MB).unwrap();
    assert_eq!(half.2, 0, "an upload that broke off left nothing");
}

#[tokio::test]
async fn a_few_are_on_their_way_at_once_and_whoever_goes_away_makes_room() {
    let desk = Desk::start().await;
    let mut sockets = Vec::new();
    for _ in 0..4 {
        sockets.push(begin(&desk).await);
    }
    eventually("all are on their way", || async { (uploads(&desk).await.len() == 4).then_some(()) }).await;
    let small = || send(&desk, &desk.key, "accountId=1&fileName=a.png", "image/png", vec![1; 100]);
    let (status, body) = small().await;
    assert_eq!((status, &body["error"]["code"]), (503, &json!("OVERLOADED")), "{body}");
    // What is about something else goes on.
    desk.sync().await;
    sockets.clear();
    eventually("there is room again", || async { (small().await.0 == 404).then_some(()) }).await;
    for _ in 0..5 {
        let (status, body) = send(&desk, &desk.key, &of_account(), "video/mp4", vec![1; 100]).await;
        assert_eq!(status, 201, "{body}");
    }
}
