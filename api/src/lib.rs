//! The GraphQL face of the wallet.
//!
//! It never waits for the outside world: a resolver parses its input, calls one command or query
//! of `entity`, and returns a view. `schema.graphql` and `operator.graphql` are its contracts.
//!
//! - [`server`]: the routes · `http`, `websocket`: how requests come · `execution`, `document`, `known_document`, `answer`:
//!   what becomes of each · `ide`: the page at `/`
//! - [`schema`]: what apps see, composed of its nouns (`user`, `account`, `transfer`, …) ·
//!   [`operator`]: what operators see
//! - [`authentication`]: access tokens, and who may ask for what · `error`: codes · `id`, `page`, `money`: what all nouns use
//! - [`verify`], [`replay`]: reports for auditors, and for who writes rules
//! - [`doorbell`]: wakes workers in other processes · [`settings`]: the environment · [`demo`]: the
//!   main job told over the real HTTP API

mod account;
mod alert_rule;
mod annotation;
mod answer;
mod api_key;
pub mod authentication;
mod challenge;
mod closing;
mod conversion;
mod conversion_order;
pub mod demo;
mod deposit;
mod dispute;
mod document;
pub mod doorbell;
mod error;
mod execution;
mod freeze;
mod handle;
mod history;
mod http;
mod id;
mod ide;
mod instrument;
mod known_document;
mod kyc;
mod limit;
mod listener;
mod loaders;
mod money;
mod node;
mod notification;
pub mod operator;
mod origin;
mod page;
mod passkey;
mod payee;
mod preview;
mod profile;
mod quote;
mod rate;
mod rate_alert;
mod recovery;
mod registration;
pub mod replay;
mod sandbox;
pub mod schema;
mod security_event;
mod security_question;
pub mod server;
mod session;
pub mod settings;
mod terms;
pub mod throttle;
mod totp;
mod transaction;
mod transfer;
mod user;
pub mod verify;
mod websocket;
mod withdrawal;

/// What a request allocates, another thread often frees: glibc's allocator spent a quarter of the api's
/// time on that, this one a tenth.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
