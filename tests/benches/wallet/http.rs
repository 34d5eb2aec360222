//! One HTTP/1.1 connection that is kept alive: just enough of a client that the load generator
//! takes little of the machine that it measures.

use crate::load::{Act, Teller, Tokens};
use crate::people;
use std::io::Write;
use std::net::SocketAddr;
use std::ops::Range;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What is sent, with the key and the payee in it.
const DOCUMENT: &str = "mutation Send($input: CreateTransferInput!) { createTransfer(input: $input) { transaction { id state } } }";

/// How each request begins.
const HEAD: &str = "POST /graphql HTTP/1.1\r\nHost: wallet\r\nContent-Type: application/json\r\n";

/// A connection to the api.
pub(crate) struct Connection {
    stream: TcpStream,
    sent: Vec<u8>,
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
            let (sent, received) = (Vec::with_capacity(4096), Vec::with_capacity(4096));
            connections.push(Self { stream, sent, received, tokens: tokens.clone() });
        }
        Ok(connections)
    }

    /// Sends a body and gives the status and the body of the answer.
    ///
    /// # Errors
    /// When the connection breaks.
    pub(crate) async fn ask(&mut self, token: Option<&str>, body: &str) -> Result<(u16, &str), String> {
        let header = token.map(|token| ("Authorization: Bearer ", token));
        self.exchange(header, body).await
    }

    /// The same in the name of nobody, through a proxy that says from which address.
    ///
    /// # Errors
    /// When the connection breaks.
    pub(crate) async fn ask_from(&mut self, address: &str, body: &str) -> Result<(u16, &str), String> {
        self.exchange(Some(("X-Forwarded-For: ", address)), body).await
    }

    async fn exchange(&mut self, header: Option<(&str, &str)>, body: &str) -> Result<(u16, &str), String> {
        self.sent.clear();
        self.sent.extend_from_slice(HEAD.as_bytes());
        if let Some((name, value)) = header {
            self.sent.extend_from_slice(name.as_bytes());
            self.sent.extend_from_slice(value.as_bytes());
            self.sent.extend_from_slice(b"\r\n");
        }
        let length = body.len();
        write!(self.sent, "Content-Length: {length}\r\n\r\n{body}").map_err(|error| error.to_string())?;
        self.stream.write_all(&self.sent).await.map_err(|error| error.to_string())?;
        self.received.clear();
        loop {
            let read = self.stream.read_buf(&mut self.received).await.map_err(|error| error.to_string())?;
            if read == 0 {
                return Err("the api hung up".to_owned());
            }
            if let Some((status, body)) = whole(&self.received)? {
                let body = self.received.get(body).ok_or("an answer without a body")?;
                return Ok((status, str::from_utf8(body).map_err(|error| error.to_string())?));
            }
        }
    }
}

/// The status and where the body is, once both are there.
fn whole(received: &[u8]) -> Result<Option<(u16, Range<usize>)>, String> {
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut response = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(start) = response.parse(received).map_err(|error| error.to_string())?
    else {
        return Ok(None);
    };
    let length = response.headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-length"));
    let length = length.and_then(|header| str::from_utf8(header.value).ok()?.parse::<usize>().ok());
    let end = start + length.ok_or("an answer without a length")?;
    let answer = (response.code.unwrap_or_default(), start..end);
    Ok((end <= received.len()).then_some(answer))
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
        if status == 200 && answer.contains(r#""state":"SETTLED""#) { Ok(()) } else { Err(answer.to_owned()) }
    }
}

/// A connection that only asks what it is talking to: the ceiling of the HTTP and GraphQL stack.
pub(crate) struct Ceiling(pub(crate) Connection);

impl Teller for Ceiling {
    async fn act(&mut self, _: Act) -> Result<(), String> {
        let (status, answer) = self.0.ask(None, r#"{"query":"{ __typename }"}"#).await?;
        if status == 200 { Ok(()) } else { Err(answer.to_owned()) }
    }
}
