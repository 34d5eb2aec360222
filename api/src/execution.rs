//! One request, however it came: read, priced, identified and executed. [`http`](crate::http) and
//! [`websocket`](crate::websocket) are the ways by which it comes, and what comes by either is held to the same.
//!
//! Guarantees: documents are priced before they are walked; whoever asks is known, and its session is open, before
//! anything is executed; so many requests at once and ten seconds a request. A document that was sent before may be named
//! by its SHA-256 instead (`extensions.persistedQuery`, as Apollo's clients do).

use crate::answer::Failure;
use crate::authentication::Authentication;
use crate::document;
use crate::known_document::{self, Documents, KnownDocument, Persisted};
use crate::loaders::Loaders;
use async_graphql::parser::types::OperationType;
use async_graphql::{Executor, Request, Response, Variables};
use entity::operator::{self, Officer};
use entity::origin::Origin;
use entity::refusal::Code;
use entity::session::{self, Caller};
use entity::{Bank, api_key};
use futures::stream::BoxStream;
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// How long a request may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Requests under way at once; what comes beyond is told to come again before it is read.
pub(crate) const UNDER_WAY: usize = 4_096;

/// A JSON object.
pub(crate) type Object = serde_json::Map<String, serde_json::Value>;

/// Who comes in by which door.
#[derive(Clone)]
pub(crate) enum Door {
    /// Apps, with access tokens, and programs, with API keys.
    Apps(Authentication),
    /// Operators, with the token of their session.
    Operators,
}

/// Who asks.
#[derive(Clone)]
pub(crate) enum Identity {
    /// Nobody in particular.
    Nobody,
    /// A person; whether the session is open is still to be checked.
    Person(Caller),
    /// A program, for a person.
    Key(Caller),
    /// An operator.
    Officer(Officer),
}

/// A schema behind its door.
pub(crate) struct Execution<E> {
    schema: E,
    /// The same schema without validation, for what the other has accepted before.
    unchecked: E,
    documents: Documents,
    bank: Bank,
    door: Door,
    /// A place for each request under way.
    places: Semaphore,
}

/// The parameters of a request.
#[derive(Deserialize)]
pub(crate) struct Parameters {
    pub(crate) query: Option<String>,
    #[serde(rename = "operationName")]
    pub(crate) operation: Option<String>,
    pub(crate) variables: Option<Variables>,
    pub(crate) extensions: Option<Extensions>,
}

/// What we know of a request's extensions; the others are left alone.
#[derive(Deserialize)]
pub(crate) struct Extensions {
    #[serde(rename = "persistedQuery")]
    persisted: Option<Persisted>,
}

/// A request that was read.
pub(crate) struct Reading {
    known: Arc<KnownDocument>,
    name: Option<String>,
    variables: Variables,
    shape: Option<String>,
    claims_session: bool,
    /// What it does; none, where it names no operation of the document.
    pub(crate) kind: Option<OperationType>,
}

impl<E: Executor> Execution<E> {
    pub(crate) fn new(schema: E, unchecked: E, bank: Bank, door: Door) -> Self {
        let (documents, places) = (Documents::new(), Semaphore::new(UNDER_WAY));
        Self { schema, unchecked, documents, bank, door, places }
    }

    /// Gives a request a place and its time. Whatever the act was, it goes on in the ledger; only the waiting ends.
    pub(crate) async fn in_place(
        &self,
        request: impl Future<Output = Result<Response, Failure>>,
    ) -> Result<Response, Failure> {
        let Ok(_place) = self.places.try_acquire() else {
            return Err(Failure::overloaded());
        };
        tokio::time::timeout(PATIENCE, request).await.unwrap_or_else(|_| Err(Failure::timeout()))
    }

    /// Reads and prices a request.
    pub(crate) fn read(&self, parameters: Parameters) -> Result<Reading, Failure> {
        let persisted = parameters.extensions.and_then(|extensions| extensions.persisted);
        let known = self.documents.find(parameters.query, persisted)?;
        let name = parameters.operation;
        let variables = parameters.variables.unwrap_or_default();
        let operation = document::operation(&known.document, name.as_deref());
        if let Some(operation) = operation {
            document::check_variables(operation, &variables).map_err(Failure::document)?;
        }
        let kind = operation.map(|operation| operation.ty);
        let claims_session = operation.is_some_and(document::claims_session);
        let shape = known_document::shape(name.as_deref(), &variables);
        Ok(Reading { known, name, variables, shape, claims_session, kind })
    }

    /// Finds out who sends a token. No token is nobody; a wrong token is an error of the whole request.
    pub(crate) async fn identify(&self, token: Option<&str>, origin: &Origin) -> Result<Identity, Failure> {
        let Some(token) = token else { return Ok(Identity::Nobody) };
        match &self.door {
            Door::Apps(_) if token.starts_with(api_key::PREFIX) => {
                let caller = api_key::authenticate(&self.bank, token, origin).await;
                caller.map(Identity::Key).map_err(Failure::token)
            }
            Door::Apps(authentication) => {
                let caller = authentication.caller(&self.bank, token);
                caller.map(Identity::Person).map_err(|code| Failure::token(code.into()))
            }
            Door::Operators => {
                let officer = operator::check(&self.bank, token).await;
                officer.map(Identity::Officer).map_err(Failure::token)
            }
        }
    }

    /// Refuses the whole request of a person whose session is over.
    pub(crate) async fn check(&self, identity: &Identity) -> Result<(), Failure> {
        match identity {
            Identity::Person(caller) => session::check(&self.bank, *caller).await.map_err(Failure::token),
            Identity::Nobody | Identity::Key(_) | Identity::Officer(_) => Ok(()),
        }
    }

    /// Refuses an operator whose session is over. To look is no use of it.
    pub(crate) async fn look(&self, officer: &Officer) -> Result<(), Failure> {
        operator::look(&self.bank, officer).await.map(drop).map_err(Failure::token)
    }

    /// Answers a query or a mutation.
    pub(crate) async fn execute(
        &self,
        mut reading: Reading,
        identity: Identity,
        origin: Origin,
    ) -> Result<Response, Failure> {
        let claims_session = reading.claims_session;
        if !claims_session {
            self.check(&identity).await?;
        }
        let replica = match (&self.door, reading.kind) {
            (Door::Apps(_), Some(OperationType::Query)) => self.bank.reading().await,
            // What operators see is written to their logs.
            (Door::Apps(_) | Door::Operators, _) => None,
        };
        let (known, shape) = (reading.known.clone(), reading.shape.take());
        let request = reading.request(&identity, origin);
        let request = match replica {
            Some(bank) => request.data(bank),
            None => request,
        };
        let response = if known.is_accepted(shape.as_deref()) {
            self.unchecked.execute(request).await
        } else {
            let response = self.schema.execute(request).await;
            known.remember(shape, &response);
            response
        };
        if claims_session && response.is_err() {
            self.check(&identity).await?;
        }
        Ok(response)
    }

    /// Begins a subscription.
    pub(crate) fn subscribe(
        &self,
        reading: Reading,
        identity: &Identity,
        origin: Origin,
    ) -> BoxStream<'static, Response> {
        self.schema.execute_stream(reading.request(identity, origin), None)
    }
}

impl Reading {
    /// The request as the schema wants it.
    fn request(self, identity: &Identity, origin: Origin) -> Request {
        let mut request = Request::new("").variables(self.variables).data(Loaders::default()).data(origin);
        request.set_parsed_query(self.known.document.clone());
        request.operation_name = self.name;
        match identity {
            Identity::Nobody => request,
            Identity::Person(caller) | Identity::Key(caller) => request.data(*caller),
            Identity::Officer(officer) => request.data(officer.clone()),
        }
    }
}

/// The token in an `Authorization` header, or in what stands for one.
pub(crate) fn bearer(header: Option<&str>) -> Result<Option<&str>, Failure> {
    let Some(header) = header else { return Ok(None) };
    let token = header.strip_prefix("Bearer ").map(str::trim);
    token.map(Some).ok_or_else(|| Failure::token(Code::TokenInvalid.into()))
}
