//! GraphQL over HTTP, after the GraphQL-over-HTTP specification.
//!
//! Guarantees: `application/graphql-response+json` and `application/json` with the status codes of
//! each; POST takes only `application/json`, and GET only queries, so that no other site's form can
//! act (CSRF); bodies up to 128 KiB. Refuses batches. Every answer has a request id, in `x-request-id` and in each error.
//! Whoever asks to speak [GraphQL over WebSocket](crate::websocket) on the same route does.

use crate::answer::{Answer, Failure, Media};
use crate::error::{ErrorCode, request_error, request_refusal};
use crate::execution::{Door, Execution, Parameters, bearer};
use crate::origin::{self, Trusted};
use crate::websocket;
use async_graphql::Executor;
use async_graphql::parser::types::OperationType;
use entity::Bank;
use entity::Error;
use entity::refusal::Code;
use poem::error::ReadBodyError;
use poem::http::{Method, StatusCode, header};
use poem::{Endpoint, Request, Response};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use tracing::Instrument;
use uuid::Uuid;

/// Bytes in a body.
pub(crate) const BODY: usize = 128 * 1024;

/// A schema at its route.
pub(crate) struct GraphQl<E> {
    execution: Arc<Execution<E>>,
    trusted: Arc<Trusted>,
}

impl<E: Executor> GraphQl<E> {
    pub(crate) fn new(schema: E, unchecked: E, bank: Bank, door: Door, trusted: Arc<Trusted>) -> Self {
        Self { execution: Arc::new(Execution::new(schema, unchecked, bank, door)), trusted }
    }
}

/// The parameters in a query string, where objects are JSON texts.
#[derive(Deserialize)]
struct QueryString {
    query: Option<String>,
    #[serde(rename = "operationName")]
    operation: Option<String>,
    variables: Option<String>,
    extensions: Option<String>,
}

impl<E: Executor> Endpoint for GraphQl<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        if websocket::is_asked_for(&request) {
            return websocket::open(self.execution.clone(), request, &self.trusted).await;
        }
        let request_id = Uuid::new_v4().to_string();
        let span = tracing::info_span!("request", id = request_id);
        let Some(media) = Media::accepted(request.headers().get(header::ACCEPT)) else {
            return Ok(StatusCode::NOT_ACCEPTABLE.into());
        };
        let result = self.execution.in_place(self.answer(request)).instrument(span).await;
        Ok(Answer { media, result, request_id }.into_response())
    }
}

impl<E: Executor> GraphQl<E> {
    async fn answer(&self, mut request: Request) -> Result<async_graphql::Response, Failure> {
        let method = request.method().clone();
        let parameters = parameters(&method, &mut request).await?;
        let reading = self.execution.read(parameters)?;
        match reading.kind {
            Some(OperationType::Mutation) if method != Method::POST => {
                return Err(Failure::method("A mutation has to be sent by POST."));
            }
            Some(OperationType::Subscription) => {
                return Err(Failure::malformed("A subscription has to be sent over a WebSocket."));
            }
            Some(OperationType::Query | OperationType::Mutation) | None => {}
        }
        let origin = origin::of(&request, &self.trusted.proxies);
        let header = request.headers().get(header::AUTHORIZATION);
        // What can't be read as text is no token of ours.
        let header = header.map(|value| value.to_str().unwrap_or_default());
        let identity = self.execution.identify(bearer(header)?, &origin).await?;
        self.execution.execute(reading, identity, origin).await
    }
}

/// Reads the parameters from wherever the method has them.
async fn parameters(method: &Method, request: &mut Request) -> Result<Parameters, Failure> {
    if method == Method::GET {
        let parsed: QueryString =
            request.params().map_err(|_| Failure::malformed("The URL has no query."))?;
        return Ok(Parameters {
            query: parsed.query,
            operation: parsed.operation,
            variables: object(parsed.variables.as_deref())?,
            extensions: object(parsed.extensions.as_deref())?,
        });
    }
    if method != Method::POST {
        return Err(Failure::method("Use POST, or GET for queries."));
    }
    if !is_json(request) {
        let error =
            request_error(ErrorCode::RequestMalformed, "The content type has to be application/json.");
        return Err(Failure { status: StatusCode::UNSUPPORTED_MEDIA_TYPE, error: Box::new(error) });
    }
    let body = request.take_body().into_bytes_limit(BODY).await.map_err(|error| match error {
        ReadBodyError::PayloadTooLarge => {
            let error = request_error(ErrorCode::BodyTooLarge, "The body is larger than 128 KiB.");
            Failure { status: StatusCode::PAYLOAD_TOO_LARGE, error: Box::new(error) }
        }
        ReadBodyError::BodyHasBeenTaken | ReadBodyError::Utf8(_) | ReadBodyError::Io(_) => {
            Failure::malformed("The body can't be read.")
        }
    })?;
    serde_json::from_slice(&body)
        .map_err(|_| Failure::malformed("The body has to be a JSON object with a query, and no batch."))
}

/// A JSON object in a query string.
fn object<T: DeserializeOwned>(text: Option<&str>) -> Result<Option<T>, Failure> {
    let malformed = |_| Failure::malformed("variables and extensions have to be JSON objects.");
    text.map(serde_json::from_str).transpose().map_err(malformed)
}

fn is_json(request: &Request) -> bool {
    let Some(content_type) = request.content_type() else {
        return false;
    };
    let mut parts = content_type.split(';').map(str::trim);
    let json = parts.next().is_some_and(|kind| kind.eq_ignore_ascii_case("application/json"));
    json && parts.all(|parameter| match parameter.split_once('=') {
        Some((name, value)) if name.trim().eq_ignore_ascii_case("charset") => {
            value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
        }
        Some(_) | None => true,
    })
}

impl Failure {
    pub(crate) fn malformed(text: &str) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            error: Box::new(request_error(ErrorCode::RequestMalformed, text)),
        }
    }

    fn method(text: &str) -> Self {
        Self {
            status: StatusCode::METHOD_NOT_ALLOWED,
            error: Box::new(request_error(ErrorCode::RequestMalformed, text)),
        }
    }

    pub(crate) fn timeout() -> Self {
        let error = request_error(ErrorCode::RequestTimeout, "The request took too long.");
        Self { status: StatusCode::SERVICE_UNAVAILABLE, error: Box::new(error) }
    }

    pub(crate) fn overloaded() -> Self {
        let error = request_refusal(Code::Overloaded.into());
        Self { status: StatusCode::SERVICE_UNAVAILABLE, error: Box::new(error) }
    }

    pub(crate) fn token(error: Error) -> Self {
        let status = match error {
            Error::Refused(refusal) if refusal.code == Code::Overloaded => StatusCode::SERVICE_UNAVAILABLE,
            Error::Refused(refusal) if refusal.code == Code::AddressNotAllowed => StatusCode::FORBIDDEN,
            Error::Refused(_) => StatusCode::UNAUTHORIZED,
            Error::Fault(_) => StatusCode::SERVICE_UNAVAILABLE,
        };
        Self { status, error: Box::new(request_refusal(error)) }
    }
}
