//! A client of GraphQL over WebSocket, as raw as the protocol: what is said and heard is JSON.

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// How long something is waited for: longer than between two beats of the server.
const PATIENCE: Duration = Duration::from_secs(60);

/// A connection.
pub struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    /// Opens one at an address that begins with `http:`, with the protocols that are offered, if any.
    ///
    /// # Panics
    /// If the server has none.
    pub async fn open(url: &str, protocols: &'static str) -> Self {
        let mut request = url.replacen("http", "ws", 1).into_client_request().expect("an address");
        if !protocols.is_empty() {
            request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static(protocols));
        }
        let (socket, _) = connect_async(request).await.expect("the wallet opens a WebSocket");
        Self(socket)
    }

    /// Whether a page of this origin may open one.
    ///
    /// # Panics
    /// If the server neither lets it nor forbids it.
    pub async fn may_connect(url: &str, origin: &str) -> bool {
        let mut request = url.replacen("http", "ws", 1).into_client_request().expect("an address");
        request.headers_mut().insert("origin", HeaderValue::from_str(origin).expect("an origin"));
        match connect_async(request).await {
            Ok(_) => true,
            Err(Error::Http(response)) if response.status() == 403 => false,
            Err(other) => panic!("{other:?}"),
        }
    }

    /// Opens one, and introduces itself with a token, if it has one.
    pub async fn introduced(url: &str, token: Option<&str>) -> Self {
        let mut socket = Self::open(url, "graphql-transport-ws").await;
        let payload = token.map(|token| json!({ "authorization": format!("Bearer {token}") }));
        socket.say(json!({ "type": "connection_init", "payload": payload })).await;
        assert_eq!(socket.hear().await, Ok(json!({ "type": "connection_ack" })));
        socket
    }

    /// Says something.
    pub async fn say(&mut self, message: Value) {
        self.send(Message::text(message.to_string())).await;
    }

    /// Sends whatever it is.
    ///
    /// # Panics
    /// If the connection is lost.
    pub async fn send(&mut self, message: Message) {
        self.0.send(message).await.expect("the wallet listens");
    }

    /// Begins an operation.
    pub async fn subscribe(&mut self, id: &str, query: &str, variables: Value) {
        let payload = json!({ "query": query, "variables": variables });
        self.say(json!({ "type": "subscribe", "id": id, "payload": payload })).await;
    }

    /// What is heard next, or the code with which the connection was closed.
    ///
    /// # Panics
    /// If nothing is heard, or what is no JSON.
    pub async fn hear(&mut self) -> Result<Value, u16> {
        loop {
            let heard = tokio::time::timeout(PATIENCE, self.0.next()).await;
            match heard.expect("the wallet says something") {
                Some(Ok(Message::Text(text))) => return Ok(serde_json::from_str(&text).expect("JSON")),
                Some(Ok(Message::Close(Some(frame)))) => return Err(frame.code.into()),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("{other:?}"),
            }
        }
    }
}
