//! The tables as sea-orm sees them. Private to this crate: nobody else can write them.
#![expect(
    unreachable_pub,
    clippy::disallowed_methods,
    reason = "sea-orm derives public items, and helpers of its own that begin transactions"
)]

pub(crate) mod account;
pub(crate) mod annotation;
pub(crate) mod exchange_rate;
pub(crate) mod handle;
pub(crate) mod house_secret;
pub(crate) mod instrument;
pub(crate) mod job;
pub(crate) mod posting;
pub(crate) mod refresh_token;
pub(crate) mod registration;
pub(crate) mod sandbox_message;
pub(crate) mod sandbox_order;
pub(crate) mod session;
pub(crate) mod transaction;
pub(crate) mod user;
