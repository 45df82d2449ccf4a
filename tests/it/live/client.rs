//! A client of `graphql-transport-ws` that is not ours but for its words.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use super::{EVENTS, operation};
use crate::support::PATIENCE;

/// One connection.
pub struct Socket(pub WebSocketStream<TcpStream>);

/// What comes from the service.
#[derive(Debug, PartialEq)]
pub enum Heard {
    Message(Value),
    Closed(u16, String),
    /// Cut without a word.
    Cut,
}

impl Socket {
    /// Opens a connection; `buffer` bounds what the system keeps of what is not read.
    pub async fn open_with(
        url: &str,
        headers: &[(&'static str, &str)],
        buffer: Option<u32>,
    ) -> Result<Self, Error> {
        let address: SocketAddr = url.strip_prefix("http://").unwrap().parse().unwrap();
        let socket = TcpSocket::new_v4().unwrap();
        if let Some(buffer) = buffer {
            socket.set_recv_buffer_size(buffer).unwrap();
        }
        let stream = socket.connect(address).await.unwrap();
        let mut request = format!("ws://{address}/graphql/ws").into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, HeaderValue::from_str(value).unwrap());
        }
        client_async(request, stream).await.map(|(socket, _)| Self(socket))
    }

    /// Opens a connection that speaks the protocol.
    pub async fn open(url: &str) -> Self {
        Self::open_with(url, &[PROTOCOL], None).await.unwrap()
    }

    /// A connection whose client is let in.
    pub async fn let_in(url: &str, key: &str) -> Self {
        let mut socket = Self::open(url).await;
        socket.init(key).await;
        socket
    }

    /// Says who it is; has to be let in.
    pub async fn init(&mut self, key: &str) {
        self.say(init(key)).await;
        assert_eq!(self.hear().await, Heard::Message(json!({ "type": "connection_ack" })));
    }

    /// A connection that is let in and follows all events after a cursor.
    pub async fn following(url: &str, key: &str, after: Option<&str>) -> Self {
        let mut socket = Self::let_in(url, key).await;
        socket.subscribe("1", operation(EVENTS, json!({ "after": after }))).await;
        socket
    }

    pub async fn say(&mut self, message: Value) {
        self.0.send(Message::text(message.to_string())).await.unwrap();
    }

    pub async fn subscribe(&mut self, id: &str, payload: Value) {
        self.say(json!({ "id": id, "type": "subscribe", "payload": payload })).await;
    }

    /// The next thing that is said, pings of the connection aside.
    pub async fn hear(&mut self) -> Heard {
        loop {
            let came = timeout(PATIENCE, self.0.next()).await.expect("something is said in time");
            return match came {
                Some(Ok(Message::Text(text))) => Heard::Message(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
                Some(Ok(Message::Close(Some(close)))) => {
                    Heard::Closed(close.code.into(), close.reason.to_string())
                }
                Some(Ok(Message::Close(None)) | Err(_)) | None => Heard::Cut,
                Some(Ok(other)) => panic!("{other:?}"),
            };
        }
    }

    /// The next message.
    pub async fn message(&mut self) -> Value {
        match self.hear().await {
            Heard::Message(message) => message,
            other => panic!("{other:?}"),
        }
    }

    /// The next event of the subscription `1`.
    pub async fn event(&mut self) -> Value {
        let message = self.message().await;
        assert_eq!((&message["type"], &message["id"]), (&json!("next"), &json!("1")), "{message}");
        assert_eq!(message["payload"].get("errors"), None, "{message}");
        let data = message["payload"]["data"].as_object().unwrap();
        data.values().next().unwrap().clone()
    }

    /// What is told until nothing has been for so long; the first may take longer.
    pub async fn told_until_silent(&mut self, first: Duration, silence: Duration) -> Vec<Value> {
        let (mut told, mut wait) = (Vec::new(), first);
        while let Ok(message) = timeout(wait, self.message()).await {
            if message["type"] == "next" {
                told.push(message["payload"]["data"].clone());
                wait = silence;
            }
        }
        told
    }

    /// The error that ends the subscription.
    pub async fn error(&mut self, id: &str) -> Value {
        let message = self.message().await;
        assert_eq!((&message["type"], &message["id"]), (&json!("error"), &json!(id)), "{message}");
        message["payload"][0].clone()
    }

    /// Waits until the subscriptions made before are in place: what is asked later is answered later.
    pub async fn settle(&mut self) {
        self.say(json!({ "type": "ping" })).await;
        assert_eq!(self.message().await, json!({ "type": "pong" }));
    }
}

/// The header that asks for the protocol.
pub const PROTOCOL: (&str, &str) = ("sec-websocket-protocol", "graphql-transport-ws");

/// The first message.
pub fn init(key: &str) -> Value {
    json!({ "type": "connection_init", "payload": { "Authorization": format!("Bearer {key}") } })
}
