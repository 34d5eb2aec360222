//! GraphQL over WebSocket: the protocol `graphql-transport-ws` of the library graphql-ws, which most clients speak.
//! [`connection`] is the way of one connection.
//!
//! Guarantees: whoever comes shows its token once, in `connection_init` as `{ "authorization": "Bearer …" }` or in the
//! header of that name, and is held to what holds over HTTP: each operation asks anew what the token is good for. A
//! connection whose session or key ends is closed within [`BEAT`]; what is followed goes on when a token has expired whose
//! session is open. Queries and mutations may be sent too. Messages up to 128 KiB, [`OPERATIONS`] at once.
//!
//! Refuses by closing: 4400 what is no message, 4401 who asks before it was acknowledged, 4403 a token that is not good (or
//! no more), 4406 another protocol, 4408 who does not introduce itself, 4409 a second operation of a name, 4429 who
//! introduces itself twice. Pages of origins that are not allowed get 403. Clients that are silent, or don't read, are left.
//!
//! Costs: a task a connection. The loop is our own, as the library's has other codes and no times.

mod connection;
mod message;

use crate::execution::Execution;
use crate::http::BODY;
use crate::origin::{self, Trusted};
use async_graphql::Executor;
use connection::Connection;
use message::Close;
use poem::http::{StatusCode, header};
use poem::web::websocket::{WebSocket, WebSocketConfig, WebSocketStream};
use poem::{FromRequest, IntoResponse, Request, Response};
use std::sync::Arc;
use std::time::Duration;

/// The name of the protocol.
const PROTOCOL: &str = "graphql-transport-ws";
/// How long a client may take to introduce itself.
const INTRODUCTION: Duration = Duration::from_secs(3);
/// How often it is asked whether the client is still there, and its session open; less than what the listener bears.
const BEAT: Duration = Duration::from_secs(20);
/// How long a client may take to read a message.
const READING: Duration = Duration::from_secs(10);
/// Operations under way at once on a connection.
const OPERATIONS: usize = 32;

/// Whether a request asks for a WebSocket.
pub(crate) fn is_asked_for(request: &Request) -> bool {
    let upgrade = request.headers().get(header::UPGRADE).and_then(|value| value.to_str().ok());
    upgrade.is_some_and(|protocol| protocol.eq_ignore_ascii_case("websocket"))
}

/// Opens one.
///
/// # Errors
/// When the handshake is not that of RFC 6455.
pub(crate) async fn open<E: Executor>(
    execution: Arc<Execution<E>>,
    request: Request,
    trusted: &Trusted,
) -> poem::Result<Response> {
    if !trusted.may_connect(&request) {
        return Ok(StatusCode::FORBIDDEN.into());
    }
    let text = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
    let offered = text(header::SEC_WEBSOCKET_PROTOCOL).unwrap_or_default();
    let is_spoken = offered.split(',').any(|protocol| protocol.trim() == PROTOCOL);
    let token = text(header::AUTHORIZATION).map(str::to_owned);
    let origin = origin::of(&request, &trusted.proxies);
    let socket = WebSocket::from_request_without_body(&request).await?;
    let limits = WebSocketConfig::default().max_message_size(Some(BODY)).max_frame_size(Some(BODY));
    let socket = socket.protocols([PROTOCOL]).config(limits);
    let speak = move |socket: WebSocketStream| async move {
        if is_spoken {
            Connection::new(execution, origin, token).run(socket).await;
        } else {
            Close::new(4406, "Subprotocol not acceptable").send(socket).await;
        }
    };
    Ok(socket.on_upgrade(speak).into_response())
}
