//! The routes, and a server that can be stopped.

use crate::authentication::Authentication;
use crate::execution::Door;
use crate::http::GraphQl;
use crate::listener::{self, Bounded};
use crate::origin::Trusted;
use crate::{ide, operator, schema};
use async_graphql::ValidationMode;
use entity::{Bank, Db, rate};
use ipnet::IpNet;
use poem::http::{StatusCode, header};
use poem::listener::{Acceptor, Listener, TcpListener};
use poem::middleware::Cors;
use poem::{Endpoint, EndpointExt, IntoEndpoint, Route, Server, get, handler};
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// How long requests under way may take after a stop.
const GRACE: Duration = Duration::from_secs(15);

/// After how long the signing keys are read again: much sooner than a new one signs.
const RELOAD: Duration = Duration::from_secs(60);

/// What the api serves.
pub struct Api {
    /// The open bank.
    pub bank: Bank,
    /// Origins whose pages may use the API.
    pub allowed_origins: Vec<String>,
    /// Proxies that say where a request came from.
    pub trusted_proxies: Vec<IpNet>,
}

/// A server that is bound to its address and does not serve yet.
pub struct Bound {
    routes: poem::endpoint::BoxEndpoint<'static>,
    acceptor: Bounded<poem::listener::TcpAcceptor>,
    address: SocketAddr,
}

/// The process lives.
#[handler]
fn live() -> StatusCode {
    StatusCode::NO_CONTENT
}

/// The process can serve: its database answers.
struct Ready(Db);

impl Endpoint for Ready {
    type Output = StatusCode;

    async fn call(&self, _request: poem::Request) -> poem::Result<StatusCode> {
        Ok(if self.0.answers().await { StatusCode::NO_CONTENT } else { StatusCode::SERVICE_UNAVAILABLE })
    }
}

/// The public keys of access tokens (RFC 7517).
struct PublicKeys(Authentication);

impl Endpoint for PublicKeys {
    type Output = poem::Response;

    async fn call(&self, _request: poem::Request) -> poem::Result<poem::Response> {
        let keys = serde_json::to_vec(&self.0.public()).unwrap_or_default();
        let answer = poem::Response::builder().content_type("application/jwk-set+json");
        Ok(answer.header(header::CACHE_CONTROL, "public, max-age=300").body(keys))
    }
}

/// Reads the signing keys again from time to time; ends with the process.
async fn keep_keys(authentication: Authentication, bank: Bank) {
    loop {
        tokio::time::sleep(RELOAD).await;
        if let Err(error) = authentication.reload(&bank).await {
            tracing::warn!(%error, "the signing keys can't be read");
        }
    }
}

impl Api {
    async fn routes(self) -> Result<poem::endpoint::BoxEndpoint<'static>, String> {
        let authentication = Authentication::open(&self.bank).await;
        let authentication = authentication.map_err(|error| format!("DATABASE_URL: {error}"))?;
        tokio::spawn(keep_keys(authentication.clone(), self.bank.clone()));
        tokio::spawn(rate::keep(self.bank.clone()));
        let (proxies, origins) = (self.trusted_proxies, self.allowed_origins.clone());
        let trusted = Arc::new(Trusted { proxies, origins });
        let apps = || schema::builder().data(self.bank.clone()).data(authentication.clone());
        let apps = GraphQl::new(
            apps().finish(),
            apps().validation_mode(ValidationMode::Fast).finish(),
            self.bank.clone(),
            Door::Apps(authentication.clone()),
            trusted.clone(),
        );
        let operators = || operator::builder().data(self.bank.clone());
        let operators = GraphQl::new(
            operators().finish(),
            operators().validation_mode(ValidationMode::Fast).finish(),
            self.bank.clone(),
            Door::Operators,
            trusted,
        );
        let routes = Route::new()
            .at("/graphql", apps)
            .at("/operator/graphql", operators)
            .at("/.well-known/jwks.json", get(PublicKeys(authentication)))
            .at("/health/live", get(live))
            .at("/health/ready", Ready(self.bank.db.clone()))
            .nest("/", ide::routes());
        if self.allowed_origins.is_empty() {
            return Ok(routes.into_endpoint().boxed());
        }
        let cors = Cors::new()
            .allow_origins(self.allowed_origins.iter().map(String::as_str))
            .allow_methods([poem::http::Method::GET, poem::http::Method::POST])
            .allow_headers([header::AUTHORIZATION, header::CONTENT_TYPE])
            .allow_credentials(false)
            .max_age(3_600);
        Ok(routes.with(cors).map_to_response().boxed())
    }

    /// Binds the address, so that it is known before anything is served.
    ///
    /// # Errors
    /// A text that names the setting.
    pub async fn bind(self, listen: SocketAddr) -> Result<Bound, String> {
        self.bind_with(listen, listener::places(), listener::PATIENCE).await
    }

    /// The same with so many connections at most, each of which has to be answered within a time.
    async fn bind_with(self, listen: SocketAddr, places: usize, patience: Duration) -> Result<Bound, String> {
        let text = |error: std::io::Error| format!("LISTEN {listen}: {error}");
        let acceptor = TcpListener::bind(listen).into_acceptor().await.map_err(text)?;
        let local = acceptor.local_addr().into_iter().find_map(|local| local.as_socket_addr().copied());
        let acceptor = Bounded::new(acceptor, places, patience);
        Ok(Bound { routes: self.routes().await?, acceptor, address: local.unwrap_or(listen) })
    }
}

impl Bound {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `shutdown`, then lets requests under way finish.
    ///
    /// # Errors
    /// When the network fails.
    pub async fn serve(self, shutdown: impl Future<Output = ()>) -> std::io::Result<()> {
        Server::new_with_acceptor(self.acceptor)
            .run_with_graceful_shutdown(self.routes, shutdown, Some(GRACE))
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::execution::UNDER_WAY;
    use entity::clock::Clock;
    use entity::keys::Keys;
    use futures::future::join_all;
    use futures::stream;
    use poem::{Body, Request};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    fn request(body: Body) -> Request {
        let request = Request::builder().method(poem::http::Method::POST);
        request.uri_str("/graphql").content_type("application/json").body(body)
    }

    /// A bank in a file of its own.
    async fn api() -> (Api, std::path::PathBuf) {
        let file = std::env::temp_dir().join(format!("server_{}.db", uuid::Uuid::new_v4().simple()));
        let db = Db::connect(&format!("sqlite://{}", file.display())).await.unwrap();
        migration::run(db.connection()).await.unwrap();
        let bank = Bank::open(db, Keys::new([7; 32]), Clock::adjustable(), true).await.unwrap();
        let (allowed_origins, trusted_proxies) = (Vec::new(), Vec::new());
        (Api { bank, allowed_origins, trusted_proxies }, file)
    }

    fn remove(file: &std::path::Path) {
        for end in ["", "-wal", "-shm"] {
            let _gone = std::fs::remove_file(format!("{}{end}", file.display()));
        }
    }

    #[tokio::test]
    async fn whoever_finds_every_place_taken_is_told_to_come_again() {
        let (api, file) = api().await;
        let routes = api.routes().await.unwrap();
        // Bodies that never come hold their places.
        let slow = || Body::from_bytes_stream(stream::pending::<std::io::Result<Vec<u8>>>());
        let mut held = Box::pin(join_all((0..UNDER_WAY).map(|_| routes.call(request(slow())))));
        let taken = futures::poll!(&mut held);
        assert!(taken.is_pending());
        let query = || request(Body::from_string(r#"{"query":"{__typename}"}"#.to_owned()));
        let mut refused = routes.call(query()).await.unwrap();
        assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(refused.header(header::RETRY_AFTER), Some("1"));
        let body = refused.take_body().into_string().await.unwrap();
        assert!(body.contains(r#""code":"OVERLOADED""#) && body.contains(r#""retryAfter":1"#), "{body}");
        drop(held);
        assert_eq!(routes.call(query()).await.unwrap().status(), StatusCode::OK);
        remove(&file);
    }

    #[tokio::test]
    async fn connections_that_say_nothing_make_room_for_others() {
        let (api, file) = api().await;
        let listen = SocketAddr::from(([127, 0, 0, 1], 0));
        let bound = api.bind_with(listen, 4, Duration::from_millis(300)).await.unwrap();
        let address = bound.address();
        let serving = tokio::spawn(bound.serve(std::future::pending()));
        let mut idle = Vec::new();
        for beginning in ["", "POST /graphql HTTP/1.1\r\n", "GET /health/live HTTP/1.1\r\nhost: x\r\n", "G"] {
            let mut socket = tokio::net::TcpStream::connect(address).await.unwrap();
            socket.write_all(beginning.as_bytes()).await.unwrap();
            idle.push(socket);
        }
        // All four places are taken; the fifth is answered when they have run out of time.
        let answer = reqwest::get(format!("http://{address}/health/live")).await.unwrap();
        assert_eq!(answer.status().as_u16(), 204);
        for mut socket in idle {
            let mut rest = Vec::new();
            // An end or an error, but no waiting for ever.
            let _closed = socket.read_to_end(&mut rest).await;
        }
        serving.abort();
        remove(&file);
    }
}
