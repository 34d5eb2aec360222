//! The ledger: the one path on which money moves.
//!
//! An auditor may read this header aloud; the code below it says the same.
//!
//! **What it is.** Every act that moves money is a [`Command`]. A command is handed to the
//! [`Ledger`], which gathers all that wait at this moment into one batch, lays open the [`Books`]
//! (the balances that the batch names, and the acts that were done before), lets each command be
//! decided, one after the other, by a pure function that sees only these books, and writes all
//! transactions, postings, balances and jobs in one database transaction, which takes effect only if
//! the books still say what was decided on. Where they don't, the balances are locked, in one order,
//! and all is decided again. Only after the commit is anybody answered.
//!
//! **What it guarantees.**
//! - Money moves only in legs: the same positive amount leaves one account and enters another, in
//!   the same currency. Therefore the sum of all postings is zero, for every currency, always.
//!   On PostgreSQL the database adds up the postings of every statement again.
//! - No wallet falls below zero. It is checked for every leg here, and by the database again.
//! - No money moves for a session that has ended or a handle that has a new owner: what an act was
//!   built on is a [`Claim`], checked in the moment that it is written.
//! - A posting is never changed or removed. The postings of an account are numbered without a gap,
//!   and each carries the balance after it; two writers can't continue the same chain.
//! - The same idempotency key is the same act, however often and wherever it is asked. A refusal is
//!   no act: it moves nothing, and its key stays free.
//! - What follows from an act (a job) is written with it, and what a job effects is written with
//!   the job's end.
//! - An act is answered after it is durable. If the answer to a COMMIT is lost, the batch is done
//!   again; every command finds what it did the first time, and is answered with that.
//!
//! **What it refuses.** Any command by itself, with a code; its neighbours in the batch go on. A
//! batch that the database refuses is halved until the command that causes it stands alone.
//!
//! **What it costs.** One statement for a batch of up to 512 commands, if this process knows the
//! balances; two if it has to read them; seven behind locks. No timer and no polling: while a batch
//! is under way the next one gathers. Four batches run at once when they name different accounts (one
//! on SQLite, which has one writer). Correctness does not rest on being the only process: it comes
//! from guards and row locks on PostgreSQL, the write lock on SQLite, and the unique keys and CHECKs
//! of both.

pub mod audit;
#[cfg(test)]
mod auditor;
mod batch;
mod books;
mod claim;
mod command;
mod effects;
mod known;
mod store;
#[cfg(test)]
mod workload;
mod writer;

pub(crate) use books::{Balance, Books};
pub(crate) use claim::Claim;
#[cfg(test)]
pub(crate) use claim::Proven;
pub(crate) use command::Command;
pub(crate) use effects::{Change, Effects, Leg};
pub(crate) use known::Known;
pub(crate) use writer::Ledger;
pub use writer::Writing;
