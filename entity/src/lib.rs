//! The bank: tables, money, the ledger, and every rule about people and their money.
//!
//! # The seven laws
//!
//! 1. Money is an integer count of minor units with a currency; nothing else is money. No float
//!    comes near it. ([`money`])
//! 2. Money moves only in legs; a leg debits one account and credits another by the same positive
//!    amount in one currency. ([`ledger`])
//! 3. A posting is never changed or removed; a mistake is answered by a reversal.
//! 4. One path writes the ledger. Nothing else can: its tables are private to this crate.
//! 5. The same idempotency key is the same act: asked twice, it is answered once, with the first
//!    answer. A refusal is no act, and leaves the key free. ([`transaction`])
//! 6. What must happen later is written now, in the same database transaction. ([`outbox`])
//! 7. A refusal is an answer (closed enum with a stable code), a fault is a retry, a bug is a
//!    crash. ([`refusal`], [`error`])
//!
//! Each law is held three times: by a type, by the database, and by a test or the running
//! [`ledger::audit`].
//!
//! # The map
//!
//! Values, which know nothing: [`money`], [`handle`], [`id`], [`clock`], [`page`], [`refusal`].
//! [`language`], [`origin`], [`secret`]. Secrets: [`keys`], [`vault`],
//! [`signing_key`].
//! People: [`user`], [`verification`], [`registration`], [`terms`], [`sign_in`], [`session`], [`device`],
//! [`password_reset`], [`security_question`], [`recovery`], [`kyc`], [`sanction`], [`challenge`], [`proof`], [`api_key`], [`totp`], [`passkey`], [`recovery_code`], [`password`], [`breach`], [`throttle`], [`security_event`], [`freeze`], [`closing`], [`instrument`]; what they are told:
//! [`notification`], [`message`], [`link`].
//! Operators: [`operator`], [`operator_event`], [`proposal`], [`alert`], [`case`], [`monitor`]. Logs that can't be changed unseen: [`chain`].
//! Money: [`standing`], [`guard`], [`step_up`], [`payee`], [`account`], [`transaction`], [`transfer`], [`deposit`], [`withdrawal`], [`rail`],
//! [`limit`], [`ledger`]. What looks like theft: [`fraud`], [`review`], [`dispute`]. Other currencies: [`rate`], [`fee`], [`price`], [`quote`], [`exchange`], [`conversion`],
//! [`conversion_order`], [`rate_alert`], [`total`]. What people want to be told of: [`alert_rule`]. Before it moves: [`preview`]. What the house has
//! at stake: [`treasury`]. Reading: [`history`], [`annotation`], [`replica`]. Connections: [`db`], `lane`. Later: [`outbox`],
//! [`relay`], [`dead_letter`], [`bell`], [`afterwards`]. The world outside, simulated: [`sandbox`].
//!
//! Every file has one order: types, pure rules, commands, queries, tests. Commands and queries
//! take the open [`Bank`] or its [`Db`]; rules take neither.

pub mod account;
pub mod afterwards;
pub mod alert;
pub mod alert_rule;
pub mod annotation;
pub mod api_key;
pub mod bank;
pub mod bell;
pub mod breach;
pub mod case;
pub mod chain;
pub mod challenge;
pub mod clock;
pub mod closing;
pub mod conversion;
pub mod conversion_order;
pub mod country;
pub mod db;
pub mod dead_letter;
pub mod deposit;
pub mod device;
pub mod dispute;
pub mod error;
pub mod exchange;
pub mod fee;
pub mod fraud;
pub mod freeze;
mod gather;
pub mod guard;
pub mod handle;
pub mod history;
pub mod id;
pub mod instrument;
pub mod keys;
pub mod kyc;
mod lane;
pub mod language;
pub mod ledger;
pub mod limit;
pub mod link;
pub mod message;
mod mill;
pub mod money;
pub mod monitor;
pub mod notification;
pub mod operator;
pub mod operator_event;
pub mod origin;
pub mod outbox;
pub mod page;
pub mod passkey;
pub mod password;
pub mod password_reset;
pub mod payee;
pub mod preview;
pub mod price;
pub mod proof;
pub mod proposal;
pub mod quote;
pub mod rail;
pub mod rate;
pub mod rate_alert;
pub mod recovery;
pub mod recovery_code;
pub mod refusal;
pub mod registration;
pub mod relay;
pub mod replica;
pub mod review;
pub mod sanction;
pub mod sandbox;
mod seal;
mod second_factor;
pub mod secret;
pub mod security_event;
pub mod security_question;
pub mod session;
pub mod sign_in;
pub mod signing_key;
pub mod standing;
pub mod step_up;
mod table;
pub mod terms;
pub mod throttle;
pub mod total;
pub mod totp;
pub mod transaction;
pub mod transfer;
pub mod treasury;
mod turnstile;
pub mod user;
pub mod vault;
pub mod verification;
mod visible;
pub mod withdrawal;

pub use bank::Bank;
pub use db::Db;
pub use error::{Error, Fault, Result};
pub use ledger::Writing;
pub use seal::Sealed;
