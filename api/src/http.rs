//! GraphQL over HTTP, after the GraphQL-over-HTTP specification.
//!
//! Guarantees: `application/graphql-response+json` and `application/json` with the status codes of
//! each; POST takes only `application/json`, and GET only queries, so that no other site's form can
//! act (CSRF); bodies up to 128 KiB, documents priced before they are walked, ten seconds a request,
//! and at most so many at once. A document that was sent before may be named by its SHA-256 instead
//! (`extensions.persistedQuery`, as Apollo's clients do). Refuses batches. Every answer has a request
//! id, in `x-request-id` and in each error.

use crate::answer::{Answer, Failure, Media};
use crate::authentication::Authentication;
use crate::error::{ErrorCode, request_error, request_refusal};
use crate::known_document::{self, Documents, Persisted};
use crate::{document, loaders::Loaders, origin};
use async_graphql::parser::types::{ExecutableDocument, OperationType};
use async_graphql::{Executor, Request as GraphQlRequest, Variables};
use entity::api_key;
use entity::origin::Origin;
use entity::refusal::Code;
use entity::session::{self, Caller};
use entity::{Bank, Error, operator};
use ipnet::IpNet;
use poem::error::ReadBodyError;
use poem::http::{Method, StatusCode, header};
use poem::{Endpoint, Request, Response};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tracing::Instrument;
use uuid::Uuid;

/// Bytes in a body.
const BODY: usize = 128 * 1024;
/// How long a request may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Requests under way at once; what comes beyond is told to come again before it is read.
pub(crate) const UNDER_WAY: usize = 4_096;

/// Who comes in by which door.
#[derive(Clone)]
pub(crate) enum Door {
    /// Apps, with access tokens, and programs, with API keys.
    Apps(Authentication),
    /// Operators, with the token of their session.
    Operators,
}

/// A schema behind its door.
pub(crate) struct GraphQl<E> {
    schema: E,
    /// The same schema without validation, for what the other has accepted before.
    unchecked: E,
    documents: Documents,
    bank: Bank,
    door: Door,
    proxies: Arc<[IpNet]>,
    places: Semaphore,
}

impl<E> GraphQl<E> {
    pub(crate) fn new(schema: E, unchecked: E, bank: Bank, door: Door, proxies: Arc<[IpNet]>) -> Self {
        let (documents, places) = (Documents::new(), Semaphore::new(UNDER_WAY));
        Self { schema, unchecked, documents, bank, door, proxies, places }
    }
}

/// The parameters of a request.
#[derive(Deserialize)]
struct Parameters {
    query: Option<String>,
    #[serde(rename = "operationName")]
    operation: Option<String>,
    variables: Option<Object>,
    extensions: Option<Extensions>,
}

/// What we know of a request's extensions; the others are left alone.
#[derive(Deserialize)]
struct Extensions {
    #[serde(rename = "persistedQuery")]
    persisted: Option<Persisted>,
}

/// The same in a query string, where objects are JSON texts.
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
        let request_id = Uuid::new_v4().to_string();
        let span = tracing::info_span!("request", id = request_id);
        let Some(media) = Media::accepted(request.headers().get(header::ACCEPT)) else {
            return Ok(StatusCode::NOT_ACCEPTABLE.into());
        };
        let Ok(_place) = self.places.try_acquire() else {
            let result = Err(Failure::overloaded());
            return Ok(Answer { media, result, request_id }.into_response());
        };
        // Whatever the act was, it goes on in the ledger; only the waiting ends.
        let answered = tokio::time::timeout(PATIENCE, self.answer(request)).instrument(span).await;
        let result = answered.unwrap_or_else(|_| Err(Failure::timeout()));
        Ok(Answer { media, result, request_id }.into_response())
    }
}

impl<E: Executor> GraphQl<E> {
    async fn answer(&self, mut request: Request) -> Result<async_graphql::Response, Failure> {
        let method = request.method().clone();
        let parameters = parameters(&method, &mut request).await?;
        let persisted = parameters.extensions.and_then(|extensions| extensions.persisted);
        let text = self.documents.text(parameters.query, persisted)?;
        let document = self.documents.read(&text).map_err(Failure::document)?;
        let variables = serde_json::Value::Object(parameters.variables.unwrap_or_default());
        let variables = Variables::from_json(variables);
        let operation = document::operation(&document, parameters.operation.as_deref());
        if let Some(operation) = operation {
            if method != Method::POST && operation.ty != OperationType::Query {
                return Err(Failure::method("A mutation has to be sent by POST."));
            }
            document::check_variables(operation, &variables).map_err(Failure::document)?;
        }
        let claims_session = operation.is_some_and(document::claims_session);
        let shape = known_document::shape(&text, parameters.operation.as_deref(), &variables);
        let mut prepared = GraphQlRequest::new("").variables(variables).data(Loaders::default());
        let origin = origin::of(&request, &self.proxies);
        prepared.set_parsed_query(ExecutableDocument::clone(&document));
        prepared.operation_name = parameters.operation;
        let (prepared, caller) = self.identify(&request, prepared, &origin).await?;
        let prepared = prepared.data(origin);
        if !claims_session {
            self.check(caller).await?;
        }
        let reading = operation.is_some_and(|operation| operation.ty == OperationType::Query);
        let prepared = match if reading { self.bank.reading().await } else { None } {
            Some(bank) => prepared.data(bank),
            None => prepared,
        };
        let response = if self.documents.is_accepted(shape.as_deref()) {
            self.unchecked.execute(prepared).await
        } else {
            let response = self.schema.execute(prepared).await;
            self.documents.remember(shape, &response);
            response
        };
        if claims_session && response.is_err() {
            self.check(caller).await?;
        }
        Ok(response)
    }

    /// Refuses the whole request of a caller whose session is over.
    async fn check(&self, caller: Option<Caller>) -> Result<(), Failure> {
        match caller {
            Some(caller) => session::check(&self.bank, caller).await.map_err(Failure::token),
            None => Ok(()),
        }
    }

    /// Finds out who asks, and whose session is still to be checked. No token is nobody; a wrong token is an error of
    /// the whole request.
    async fn identify(
        &self,
        request: &Request,
        prepared: GraphQlRequest,
        origin: &Origin,
    ) -> Result<(GraphQlRequest, Option<Caller>), Failure> {
        let Some(header) = request.headers().get(header::AUTHORIZATION) else {
            return Ok((prepared, None));
        };
        let token = header.to_str().ok().and_then(|text| text.strip_prefix("Bearer "));
        let token = token.ok_or_else(|| Failure::token(Code::TokenInvalid.into()))?.trim();
        match &self.door {
            Door::Apps(_) if token.starts_with(api_key::PREFIX) => {
                let caller = api_key::authenticate(&self.bank, token, origin).await;
                Ok((prepared.data(caller.map_err(Failure::token)?), None))
            }
            Door::Apps(authentication) => {
                let caller = authentication.caller(&self.bank, token);
                let caller = caller.map_err(|code| Failure::token(code.into()))?;
                Ok((prepared.data(caller), Some(caller)))
            }
            Door::Operators => {
                let officer = operator::check(&self.bank, token).await.map_err(Failure::token)?;
                Ok((prepared.data(officer), None))
            }
        }
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

type Object = serde_json::Map<String, serde_json::Value>;

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

    fn timeout() -> Self {
        let error = request_error(ErrorCode::RequestTimeout, "The request took too long.");
        Self { status: StatusCode::SERVICE_UNAVAILABLE, error: Box::new(error) }
    }

    fn overloaded() -> Self {
        let error = request_refusal(Code::Overloaded.into());
        Self { status: StatusCode::SERVICE_UNAVAILABLE, error: Box::new(error) }
    }

    fn token(error: Error) -> Self {
        let status = match error {
            Error::Refused(refusal) if refusal.code == Code::Overloaded => StatusCode::SERVICE_UNAVAILABLE,
            Error::Refused(refusal) if refusal.code == Code::AddressNotAllowed => StatusCode::FORBIDDEN,
            Error::Refused(_) => StatusCode::UNAUTHORIZED,
            Error::Fault(_) => StatusCode::SERVICE_UNAVAILABLE,
        };
        Self { status, error: Box::new(request_refusal(error)) }
    }
}
