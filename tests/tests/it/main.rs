//! Every test of the whole wallet, in one binary: the servers start once.

#![expect(clippy::unwrap_used, reason = "a test that meets the unexpected has failed")]

mod api_key;
mod authenticator;
mod closing;
mod conversion;
mod conversion_order;
mod crash;
mod deposit;
mod dispute;
mod fraud;
mod guard;
mod handle;
mod history;
mod http;
mod kyc;
mod laws;
mod limit;
mod message;
mod operator;
mod passkey;
mod passkey_forgery;
mod password_reset;
mod processes;
mod racing;
mod rate;
mod rate_changed;
mod recovery;
mod registration;
mod replica;
mod review;
mod scope;
mod security_event;
mod security_question;
mod session;
mod shape;
mod signing_key;
mod spend_limit;
mod step_up;
mod terms;
mod throttle;
mod totp;
mod transfer;
mod vault;
mod websocket;
mod withdrawal;
