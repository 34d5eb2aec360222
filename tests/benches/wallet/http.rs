//! One HTTP/1.1 connection that is kept alive: just enough of a client that the load generator
//! takes little of the machine that it measures.

use crate::load::{Act, Teller, Tokens};
use crate::people;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What is sent, with the key and the payee in it.
const DOCUMENT: &str = "mutation Send($input: CreateTransferInput!) { createTransfer(input: $input) { transaction { id state } } }";

/// A connection to the api.
pub(crate) struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
    tokens: Tokens,
}

impl Connection {
    /// Opens so many.
    ///
    /// # Errors
    /// When nobody listens there.
    pub(crate) async fn open(
        address: SocketAddr,
        count: usize,
        tokens: &Tokens,
    ) -> Result<Vec<Self>, String> {
        let mut connections = Vec::with_capacity(count);
        for _ in 0..count {
            let stream = TcpStream::connect(address).await.map_err(|error| error.to_string())?;
            stream.set_nodelay(true).map_err(|error| error.to_string())?;
            connections.push(Self { stream, received: Vec::with_capacity(4096), tokens: tokens.clone() });
        }
        Ok(connections)
    }

    /// Sends a body and gives the status and the body of the answer.
    ///
    /// # Errors
    /// When the connection breaks.
    pub(crate) async fn ask(&mut self, token: Option<&str>, body: &str) -> Result<(u16, String), String> {
        let authorization = token.map(|token| format!("Authorization: Bearer {token}\r\n"));
        self.exchange(&authorization.unwrap_or_default(), body).await
    }

    /// The same in the name of nobody, through a proxy that says from which address.
    ///
    /// # Errors
    /// When the connection breaks.
    pub(crate) async fn ask_from(&mut self, address: &str, body: &str) -> Result<(u16, String), String> {
        self.exchange(&format!("X-Forwarded-For: {address}\r\n"), body).await
    }

    async fn exchange(&mut self, header: &str, body: &str) -> Result<(u16, String), String> {
        let request = format!(
            "POST /graphql HTTP/1.1\r\nHost: wallet\r\nContent-Type: application/json\r\n{header}Content-Length: {}\r\n\r\n{body}",
            body.len(),
        );
        self.stream.write_all(request.as_bytes()).await.map_err(|error| error.to_string())?;
        self.received.clear();
        loop {
            let read = self.stream.read_buf(&mut self.received).await.map_err(|error| error.to_string())?;
            if read == 0 {
                return Err("the api hung up".to_owned());
            }
            if let Some(answer) = whole(&self.received)? {
                return Ok(answer);
            }
        }
    }
}

/// The status and the body, once both are there.
fn whole(received: &[u8]) -> Result<Option<(u16, String)>, String> {
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut response = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(start) = response.parse(received).map_err(|error| error.to_string())?
    else {
        return Ok(None);
    };
    let length = response.headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-length"));
    let length = length.and_then(|header| std::str::from_utf8(header.value).ok()?.parse::<usize>().ok());
    let length = length.ok_or("an answer without a length")?;
    let Some(body) = received.get(start..start + length) else {
        return Ok(None);
    };
    Ok(Some((response.code.unwrap_or_default(), String::from_utf8_lossy(body).into_owned())))
}

/// The body of a transfer.
fn transfer(act: Act) -> String {
    format!(
        r#"{{"query":"{DOCUMENT}","variables":{{"input":{{"to":{{"email":"{}"}},"money":{{"amount":"0.01","currency":"EUR"}},"idempotencyKey":"{}"}}}}}}"#,
        people::email(act.payee),
        act.key(),
    )
}

impl Teller for Connection {
    async fn act(&mut self, act: Act) -> Result<(), String> {
        let tokens = self.tokens.clone();
        let token = tokens.get(act.payer).map(String::as_str);
        let (status, answer) = self.ask(token, &transfer(act)).await?;
        if status == 200 && answer.contains(r#""state":"SETTLED""#) { Ok(()) } else { Err(answer) }
    }
}

/// A connection that only asks what it is talking to: the ceiling of the HTTP and GraphQL stack.
pub(crate) struct Ceiling(pub(crate) Connection);

impl Teller for Ceiling {
    async fn act(&mut self, _: Act) -> Result<(), String> {
        let (status, answer) = self.0.ask(None, r#"{"query":"{ __typename }"}"#).await?;
        if status == 200 { Ok(()) } else { Err(answer) }
    }
}
