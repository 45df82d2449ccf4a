//! What is told as it happens: how much memory a subscription takes that has nothing to tell, and how soon subscribers
//! hear of a webhook. The service is the real program, in a process of its own.

use std::collections::HashMap;
use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use hmac::{Hmac, KeyInit, Mac};
use pesan::auth::{ApiKeys, NewApiKey, Role, Visitor};
use pesan::clock::Clock;
use pesan::ids::{Random, derived};
use pesan::storage::Storage;
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::connect;
use crate::histogram::Histogram;
use crate::proc::{cpu_s, memory_mb};

const PROGRAM: &str = env!("CARGO_BIN_EXE_pesan");
const READY_MAX: Duration = Duration::from_secs(30);
/// What is not heard by then is lost.
const HEARD_MAX: Duration = Duration::from_secs(20);
/// What is allocated once is allocated by the first few.
const FIRST_FEW: usize = 50;
const EVENTS: &str = "subscription { events { __typename cursor at
    ... on MessageAddedEvent { messageId conversationId numberId inbound } } }";

/// A service of its own process over a database of its own.
struct Service {
    process: Child,
    address: SocketAddr,
    storage: Storage,
    /// A workspace, its number and a key for it.
    places: Vec<(String, String)>,
}

impl Service {
    async fn start(uri: &str, name: &str, workspaces: usize) -> Self {
        let storage = connect(uri, name).await;
        storage.migrate(&Clock::system(), &mut |_| {}).await.unwrap();
        let keys = ApiKeys::new(&storage, &Clock::system(), &Random::system());
        let mut places = Vec::new();
        for nth in 0..workspaces {
            let workspace = derived("workspace", &[nth.to_string().as_bytes()]);
            let phone_number_id = format!("10654035{nth:07}");
            storage.ensure_workspace(workspace, "bench").await.unwrap();
            storage.ensure_number(workspace, &phone_number_id, Some("102290129340398")).await.unwrap();
            let new = NewApiKey {
                name: "bench".to_owned(),
                role: Role::Viewer,
                scopes: None,
                numbers: None,
                expires_ms: None,
            };
            let key = keys.create(&Visitor::operator(workspace), new).await.unwrap().text;
            places.push((phone_number_id, key.expose().to_owned()));
        }
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let mut command = Command::new(PROGRAM);
        command.arg("serve").env_clear().stdout(Stdio::null()).stderr(Stdio::null());
        command.env("MONGODB_URI", uri).env("PESAN_DATABASE", name).env("PESAN_BIND", address.to_string());
        command.env("PESAN_SHUTDOWN_DELAY_MS", "0").env("WHATSAPP_APP_SECRET", "bench");
        command.env("API_RATE_LIMIT", "0");
        let process = command.spawn().unwrap();
        let service = Self { process, address, storage, places };
        let (client, begun) = (reqwest::Client::builder().no_proxy().build().unwrap(), Instant::now());
        let url = format!("http://{address}/health/ready");
        while !client.get(&url).send().await.is_ok_and(|answer| answer.status() == 200) {
            assert!(begun.elapsed() < READY_MAX, "the service is ready");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        service
    }

    /// A connection with so many subscriptions, all in place.
    async fn follow(&self, key: &str, subscriptions: usize) -> WebSocketStream<TcpStream> {
        let stream = TcpStream::connect(self.address).await.unwrap();
        let mut request = format!("ws://{}/graphql/ws", self.address).into_client_request().unwrap();
        let protocol = HeaderValue::from_static("graphql-transport-ws");
        request.headers_mut().insert("sec-websocket-protocol", protocol);
        let (mut socket, _) = client_async(request, stream).await.unwrap();
        let init =
            json!({ "type": "connection_init", "payload": { "Authorization": format!("Bearer {key}") } });
        say(&mut socket, init).await;
        assert_eq!(hear(&mut socket).await["type"], "connection_ack");
        for id in 0..subscriptions {
            let payload = json!({ "query": EVENTS });
            say(&mut socket, json!({ "id": id.to_string(), "type": "subscribe", "payload": payload })).await;
        }
        // What is asked later is answered later.
        say(&mut socket, json!({ "type": "ping" })).await;
        assert_eq!(hear(&mut socket).await["type"], "pong");
        socket
    }

    async fn stop(mut self) {
        Command::new("kill").arg(self.process.id().to_string()).status().unwrap();
        assert!(self.process.wait().unwrap().success(), "the service ends in order");
        self.storage.drop_database().await.unwrap();
        self.storage.close().await;
    }
}

async fn say(socket: &mut WebSocketStream<TcpStream>, message: Value) {
    socket.send(Message::text(message.to_string())).await.unwrap();
}

async fn hear(socket: &mut WebSocketStream<TcpStream>) -> Value {
    loop {
        let heard = tokio::time::timeout(HEARD_MAX, socket.next()).await.expect("it is heard in time");
        if let Some(Ok(Message::Text(text))) = heard {
            return serde_json::from_str(&text).unwrap();
        }
    }
}

/// Memory of subscriptions that have nothing to tell.
pub async fn memory(uri: &str, is_quick: bool) {
    let all = if is_quick { 100 } else { 1_000 };
    println!("\nmemory of {all} idle subscriptions");
    for on_each in [1, 10] {
        let service = Service::start(uri, &format!("memory_{on_each}"), 1).await;
        let key = service.places[0].1.clone();
        let mut first = Vec::new();
        for _ in 0..FIRST_FEW {
            first.push(service.follow(&key, on_each).await);
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        let before = memory_mb(service.process.id()).0;
        let mut sockets = Vec::new();
        for _ in 0..all / on_each {
            sockets.push(service.follow(&key, on_each).await);
        }
        tokio::time::sleep(Duration::from_secs(2)).await;
        let after = memory_mb(service.process.id()).0;
        let kb = (after - before) * 1_024.0 / all as f64;
        println!(
            "{on_each:>3} on a connection: {kb:.1} KB a subscription ({before:.1} MB before, {after:.1} MB after)"
        );
        drop((first, sockets));
        service.stop().await;
    }
}

/// What a run of webhooks knows: when each was sent, and what was heard of it.
#[derive(Default)]
struct Heard {
    sent: HashMap<String, Instant>,
    delays: Histogram,
    count: usize,
}

/// How soon subscribers hear of webhooks: 200 subscribers over 40 workspaces, so 5 hear of each.
pub async fn delivery(uri: &str, is_quick: bool) {
    const WORKSPACES: usize = 40;
    const EACH: usize = 5;
    let (rate, seconds) = if is_quick { (50, 2) } else { (500, 20) };
    println!(
        "\ndelivery: {rate} webhooks/s for {seconds} s to {} subscribers over {WORKSPACES} workspaces",
        WORKSPACES * EACH
    );
    let service = Service::start(uri, "delivery", WORKSPACES).await;
    let heard: Arc<Mutex<Heard>> = Arc::default();
    let mut listeners = Vec::new();
    for (_, key) in &service.places {
        for _ in 0..EACH {
            let (mut socket, heard) = (service.follow(key, 1).await, Arc::clone(&heard));
            listeners.push(tokio::spawn(async move { listen(&mut socket, &heard).await }));
        }
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let cpu_before = cpu_s(service.process.id());
    let mut pace = tokio::time::interval(Duration::from_micros(1_000_000 / rate as u64));
    let mut posts = Vec::new();
    for nth in 0..rate * seconds {
        pace.tick().await;
        let number = service.places[nth % WORKSPACES].0.clone();
        let (body, id) = webhook(&number, nth);
        heard.lock().unwrap().sent.insert(id, Instant::now());
        let url = format!("http://{}/api/webhooks/whatsapp", service.address);
        let request = client.post(url).header("content-type", "application/json");
        let request = request.header("x-hub-signature-256", sign(body.as_bytes())).body(body);
        posts.push(tokio::spawn(async move { request.send().await.unwrap().status() }));
    }
    for post in posts {
        assert_eq!(post.await.unwrap(), 200);
    }
    let wanted = rate * seconds * EACH;
    let begun = Instant::now();
    while heard.lock().unwrap().count < wanted {
        assert!(begun.elapsed() < HEARD_MAX, "{} of {wanted} were heard", heard.lock().unwrap().count);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let cpu = (cpu_s(service.process.id()) - cpu_before) * 1e6 / (rate * seconds) as f64;
    listeners.iter().for_each(tokio::task::JoinHandle::abort);
    let heard = std::mem::take(&mut *heard.lock().unwrap());
    assert_eq!(heard.count, wanted, "each hears of each once");
    println!(
        "webhook sent to subscriber: p50 {:.1}  p99 {:.1}  p99.9 {:.1}  max {:.1} ms (n = {}); service {cpu:.0} us of CPU a webhook",
        heard.delays.ms(0.5),
        heard.delays.ms(0.99),
        heard.delays.ms(0.999),
        heard.delays.max_ms(),
        heard.count,
    );
    service.stop().await;
}

async fn listen(socket: &mut WebSocketStream<TcpStream>, heard: &Mutex<Heard>) {
    while let Some(Ok(message)) = socket.next().await {
        let Message::Text(text) = message else { continue };
        let now = Instant::now();
        let told: Value = serde_json::from_str(&text).unwrap();
        let event = &told["payload"]["data"]["events"];
        let Some(id) = event["messageId"].as_str() else { continue };
        let mut heard = heard.lock().unwrap();
        let sent = heard.sent[id];
        heard.delays.record(now - sent);
        heard.count += 1;
    }
}

/// A customer's text, and the id that its message will have.
fn webhook(phone_number_id: &str, nth: usize) -> (String, String) {
    let wamid = format!("wamid.HBgNNjI4MTI5ODc2NTQwMRUCABEYEj{nth:012}");
    let (wa_id, at) = (format!("62812{:08}", nth % 2_000), 1_790_000_000 + nth / 500);
    let body = json!({ "object": "whatsapp_business_account", "entry": [{ "id": "102290129340398", "changes": [{
        "field": "messages", "value": {
            "messaging_product": "whatsapp",
            "metadata": { "display_phone_number": "15550783881", "phone_number_id": phone_number_id },
            "contacts": [{ "profile": { "name": "Rahmawati" }, "wa_id": wa_id, "user_id": format!("ID.{wa_id}") }],
            "messages": [{ "from": wa_id, "id": wamid, "timestamp": at.to_string(), "type": "text",
                "text": { "body": "Halo kak, apakah barang ini masih tersedia?" } }],
        } }] }] });
    (body.to_string(), format!("{phone_number_id}:{wamid}"))
}

fn sign(body: &[u8]) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(b"bench").unwrap().chain_update(body);
    format!("sha256={}", data_encoding::HEXLOWER.encode(&mac.finalize().into_bytes()))
}
