//! The way of one connection: who it is, what it asks for, and what comes of it.

use super::message::{Close, Heard, Said, send};
use super::{BEAT, INTRODUCTION, OPERATIONS};
use crate::answer::{Body, Failure, completed, is_refused};
use crate::error::code;
use crate::execution::{Execution, Identity, Object, Parameters, bearer};
use async_graphql::parser::types::OperationType;
use async_graphql::{Executor, Response, ServerError, Value};
use entity::origin::Origin;
use futures::stream::{self, BoxStream};
use futures::{FutureExt, StreamExt};
use poem::web::websocket::{Message, WebSocketStream};
use std::sync::Arc;
use tokio::time::{Instant, interval_at, sleep};
use tokio_stream::StreamMap;
use uuid::Uuid;

/// What comes of an operation, one after the other.
type Answers = BoxStream<'static, Result<Response, Vec<ServerError>>>;

/// See the module.
pub(super) struct Connection<E> {
    execution: Arc<Execution<E>>,
    origin: Origin,
    /// What the handshake had in its header `Authorization`, until the client introduces itself with something else.
    header: Option<String>,
    /// Who it was when it introduced itself. Each operation asks anew who it is.
    identity: Option<Identity>,
    /// What is said of each operation.
    under_way: StreamMap<String, BoxStream<'static, Said>>,
    /// Whether anything was heard since the last beat.
    is_alive: bool,
}

impl<E: Executor> Connection<E> {
    pub(super) fn new(execution: Arc<Execution<E>>, origin: Origin, header: Option<String>) -> Self {
        let under_way = StreamMap::new();
        Self { execution, origin, header, identity: None, under_way, is_alive: true }
    }

    /// Speaks with the client until one of both has had enough.
    pub(super) async fn run(mut self, socket: WebSocketStream) {
        let (mut sink, mut messages) = socket.split();
        let mut late = Box::pin(sleep(INTRODUCTION));
        let mut beat = interval_at(Instant::now() + BEAT, BEAT);
        let close = loop {
            let said = tokio::select! {
                message = messages.next() => match message {
                    None | Some(Ok(Message::Close(_))) => return,
                    Some(message) => self.hear(message).await,
                },
                Some((id, said)) = self.under_way.next(), if !self.under_way.is_empty() => {
                    if said.is_last() {
                        self.under_way.remove(&id);
                    }
                    Ok(Some(said))
                }
                () = &mut late, if self.identity.is_none() => {
                    Err(Close::new(4408, "Connection initialisation timeout"))
                }
                _ = beat.tick() => {
                    if !self.is_alive || !send(Message::ping(Vec::new()), &mut sink).await {
                        return;
                    }
                    self.beat().await
                }
            };
            match said {
                Ok(None) => {}
                Ok(Some(said)) if said.send(&mut sink).await => {}
                Ok(Some(_)) => return,
                Err(close) => break close,
            }
        };
        close.send(sink).await;
    }

    /// Asks whether the session is still open.
    async fn beat(&mut self) -> Result<Option<Said>, Close> {
        self.is_alive = false;
        let open = match self.identity.clone() {
            Some(person @ Identity::Person(_)) => self.execution.check(&person).await,
            Some(Identity::Key(_)) => self.identify().await.map(drop),
            Some(Identity::Officer(officer)) => self.execution.look(&officer).await,
            Some(Identity::Nobody) | None => Ok(()),
        };
        open.map(|()| None).map_err(|failure| forbidden(&failure))
    }

    /// Who the client is now: keys are revoked, tokens expire and sessions end while it is connected.
    async fn identify(&mut self) -> Result<Identity, Failure> {
        self.execution.identify(bearer(self.header.as_deref())?, &self.origin).await
    }

    async fn hear(&mut self, message: Result<Message, std::io::Error>) -> Result<Option<Said>, Close> {
        self.is_alive = true;
        let text = match message {
            Ok(Message::Text(text)) => text,
            Ok(Message::Ping(_) | Message::Pong(_) | Message::Close(_)) => return Ok(None),
            Ok(Message::Binary(_)) => return Err(Close::malformed()),
            Err(_) => return Err(Close::new(1009, "Message too large, or no message at all")),
        };
        match serde_json::from_str(&text).map_err(|_| Close::malformed())? {
            Heard::ConnectionInit { payload } => self.introduce(payload).await.map(Some),
            Heard::Ping { payload } => Ok(Some(Said::Pong { payload })),
            Heard::Pong { .. } => Ok(None),
            Heard::Subscribe { id, payload } => self.begin(id, payload),
            Heard::Complete { id } => {
                self.under_way.remove(&id);
                Ok(None)
            }
        }
    }

    async fn introduce(&mut self, payload: Option<Object>) -> Result<Said, Close> {
        if self.identity.is_some() {
            return Err(Close::new(4429, "Too many initialisation requests"));
        }
        let payload = payload.unwrap_or_default();
        let said = payload.iter().find(|(name, _)| name.eq_ignore_ascii_case("authorization"));
        if let Some((_, value)) = said {
            // What is no text is no token of ours.
            self.header = Some(value.as_str().unwrap_or_default().to_owned());
        }
        let identity = self.identify().await.map_err(|failure| forbidden(&failure))?;
        self.execution.check(&identity).await.map_err(|failure| forbidden(&failure))?;
        self.identity = Some(identity);
        Ok(Said::ConnectionAck)
    }

    fn begin(&mut self, id: String, parameters: Parameters) -> Result<Option<Said>, Close> {
        if self.identity.is_none() {
            return Err(Close::new(4401, "Unauthorized"));
        }
        if id.is_empty() {
            return Err(Close::malformed());
        }
        if self.under_way.contains_key(&id) {
            return Err(Close::new(4409, format!("Subscriber for {id} already exists")));
        }
        let answers = if self.under_way.len() < OPERATIONS {
            self.answers(parameters)
        } else {
            refused(Failure::overloaded())
        };
        self.under_way.insert(id.clone(), said(id, answers));
        Ok(None)
    }

    fn answers(&self, parameters: Parameters) -> Answers {
        let (execution, origin, header) = (self.execution.clone(), self.origin.clone(), self.header.clone());
        let reading = match execution.read(parameters) {
            Ok(reading) => reading,
            Err(failure) => return refused(failure),
        };
        if reading.kind != Some(OperationType::Subscription) {
            let answer = async move {
                let answered = async {
                    let identity = execution.identify(bearer(header.as_deref())?, &origin).await?;
                    execution.execute(reading, identity, origin.clone()).await
                };
                match execution.in_place(answered).await {
                    Ok(response) if is_refused(&response) => Err(response.errors),
                    Ok(response) => Ok(response),
                    Err(failure) => Err(vec![*failure.error]),
                }
            };
            return answer.into_stream().boxed();
        }
        let begun = async move {
            let token = bearer(header.as_deref())?;
            let identity = execution.identify(token, &origin).await?;
            execution.check(&identity).await?;
            Ok(execution.subscribe(reading, &identity, origin))
        };
        let answers = begun.map(|begun: Result<_, Failure>| match begun {
            Ok(answers) => answers.map(followed).boxed(),
            Err(failure) => refused(failure),
        });
        answers.flatten_stream().boxed()
    }
}

/// What is followed has a value each time; without one it can't be followed, and the errors say why.
fn followed(response: Response) -> Result<Response, Vec<ServerError>> {
    if response.data == Value::Null { Err(response.errors) } else { Ok(response) }
}

fn refused(failure: Failure) -> Answers {
    stream::iter([Err(vec![*failure.error])]).boxed()
}

/// The answers as the protocol has them.
fn said(id: String, answers: Answers) -> BoxStream<'static, Said> {
    let (request_id, end) = (Uuid::new_v4().to_string(), Said::Complete { id: id.clone() });
    let said = answers.map(move |answer| match answer {
        Ok(response) => {
            let payload = Body::new(response.errors, Some(response.data), &request_id);
            Said::Next { id: id.clone(), payload }
        }
        Err(errors) => Said::Error { id: id.clone(), payload: completed(errors, &request_id) },
    });
    said.chain(stream::iter([end])).boxed()
}

/// The end of a connection whose token is not good.
fn forbidden(failure: &Failure) -> Close {
    Close::new(4403, format!("Forbidden: {}", code(&failure.error)))
}
