//! What is said in the protocol, by either side.

use super::READING;
use crate::answer::Body;
use crate::execution::{Object, Parameters};
use async_graphql::ServerError;
use futures::{Sink, SinkExt};
use poem::web::websocket::Message;
use serde::{Deserialize, Serialize};
use tokio::time::timeout;

/// Bytes in the reason of an end (RFC 6455, section 5.5).
const REASON: usize = 123;

/// What a client says.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Heard {
    /// Who it is.
    ConnectionInit {
        #[serde(default)]
        payload: Option<Object>,
    },
    /// Asks whether we are there.
    Ping {
        #[serde(default)]
        payload: Option<Object>,
    },
    /// Is there.
    Pong {
        #[serde(rename = "payload", default)]
        _payload: Option<Object>,
    },
    /// Begins an operation.
    Subscribe { id: String, payload: Parameters },
    /// Ends an operation.
    Complete { id: String },
}

/// What we say.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Said {
    /// It is known who the client is.
    ConnectionAck,
    /// We are there.
    Pong {
        #[serde(skip_serializing_if = "Option::is_none")]
        payload: Option<Object>,
    },
    /// An answer.
    Next { id: String, payload: Body },
    /// The operation was refused; it is over.
    Error { id: String, payload: Vec<ServerError> },
    /// The operation is over.
    Complete { id: String },
}

impl Said {
    /// Whether no more is said of this operation.
    pub(super) fn is_last(&self) -> bool {
        matches!(self, Self::Error { .. } | Self::Complete { .. })
    }

    /// Sends it; false, if the client does not take it.
    pub(super) async fn send(&self, sink: &mut (impl Sink<Message> + Unpin)) -> bool {
        // These always have a JSON text.
        let text = serde_json::to_string(self).unwrap_or_default();
        send(Message::text(text), sink).await
    }
}

/// Sends a message; false, if the client does not take it in time.
pub(super) async fn send(message: Message, sink: &mut (impl Sink<Message> + Unpin)) -> bool {
    matches!(timeout(READING, sink.send(message)).await, Ok(Ok(())))
}

/// Why a connection is closed.
pub(super) struct Close {
    code: u16,
    reason: String,
}

impl Close {
    pub(super) fn new(code: u16, reason: impl Into<String>) -> Self {
        Self { code, reason: reason.into() }
    }

    /// What was sent is no message of the protocol.
    pub(super) fn malformed() -> Self {
        Self::new(4400, "Invalid message received")
    }

    /// Says it, and is gone.
    pub(super) async fn send(self, mut sink: impl Sink<Message> + Unpin) {
        let reason = if self.reason.len() <= REASON { self.reason } else { String::new() };
        send(Message::close_with(self.code, reason), &mut sink).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_message_is_not_taken_for_one() {
        let read = |text: &str| serde_json::from_str::<Heard>(text).is_ok();
        for text in [
            r#"{"type":"connection_init"}"#,
            r#"{"type":"connection_init","payload":null}"#,
            r#"{"type":"pong","payload":{}}"#,
            r#"{"type":"subscribe","id":"1","payload":{"query":"{a}","variables":null}}"#,
        ] {
            assert!(read(text), "{text}");
        }
        for text in [
            "",
            "null",
            "[]",
            "{}",
            r#"{"type":"start","id":"1","payload":{"query":"{a}"}}"#,
            r#"{"type":"subscribe","payload":{"query":"{a}"}}"#,
            r#"{"type":"subscribe","id":1,"payload":{"query":"{a}"}}"#,
            r#"{"type":"subscribe","id":"1"}"#,
            r#"{"type":"subscribe","id":"1","payload":{"query":{}}}"#,
            r#"{"type":"subscribe","id":"1","payload":{"query":"{a}","variables":"x"}}"#,
            r#"{"type":"ping","payload":1}"#,
            r#"{"type":"complete"}"#,
        ] {
            assert!(!read(text), "{text}");
        }
    }
}
