//! The ledger's SQL: lock, read, write; or look and write at once. Each engine gets the statements
//! that it is fastest with; what they mean is the same, and one suite tests both.
//!
//! PostgreSQL takes whole batches as arrays, so that every batch of a kind is the same prepared statement,
//! whatever its size. SQLite has no round trips to save, and gets plain typed statements.

mod postgres;
mod sqlite;
mod statement;

use super::books::{Balance, Books};
use super::claim::{Claim, Proven};
use crate::clock::Time;
use crate::db::Db;
use crate::error::Fault;
use crate::id::{AccountId, TransactionId, UserId};
use crate::limit::Spent;
use crate::transaction::Transaction;
use crate::{quote, session, table, user};
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend};
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// The constraint by which a key is used once.
const KEYS: &str = "transactions_actor_idempotency_key_key";
/// The one by which a quote is.
const QUOTES: &str = "transactions_quote_id_key";

/// A person and the key that it chose.
pub(super) type Key = (UserId, String);

fn is_postgres(tx: &DatabaseTransaction) -> bool {
    tx.get_database_backend() == DbBackend::Postgres
}

/// Locks the balances in the order of their ids and reads them.
pub(super) async fn lock(
    tx: &DatabaseTransaction,
    accounts: &BTreeSet<AccountId>,
) -> Result<BTreeMap<AccountId, Balance>, Fault> {
    let rows = if is_postgres(tx) {
        postgres::lock(tx, accounts).await?
    } else {
        sqlite::lock(tx, accounts).await?
    };
    Ok(rows.into_iter().map(|row| (row.id, Balance::from(row))).collect())
}

/// The acts that these keys were used for before.
pub(super) async fn answered(tx: &DatabaseTransaction, keys: &[Key]) -> Result<Vec<Transaction>, Fault> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let rows = if is_postgres(tx) {
        postgres::answered(tx, keys).await?
    } else {
        sqlite::answered(tx, keys).await?
    };
    rows.into_iter().map(Transaction::try_from).collect()
}

/// The acts of these ids.
pub(super) async fn continued(
    tx: &DatabaseTransaction,
    ids: &[TransactionId],
) -> Result<Vec<Transaction>, Fault> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = if is_postgres(tx) {
        postgres::continued(tx, ids).await?
    } else {
        sqlite::continued(tx, ids).await?
    };
    rows.into_iter().map(Transaction::try_from).collect()
}

/// Those of the claims that are not true.
pub(super) async fn broken(
    tx: &DatabaseTransaction,
    now: Time,
    claims: &HashSet<Claim>,
) -> Result<HashSet<Claim>, Fault> {
    if claims.is_empty() {
        return Ok(HashSet::new());
    }
    let sessions: Vec<_> = claims.iter().filter_map(Claim::session_of).map(|(id, _)| id).collect();
    let handles: Vec<_> = claims.iter().filter_map(Claim::handle_of).map(|(handle, _)| handle).collect();
    let mut open = session::among(tx, &sessions).await?;
    open.retain(|_, (_, expires_at)| *expires_at > now);
    let reached = user::reached(tx, &handles).await?;
    let quotes: Vec<_> = claims.iter().filter_map(Claim::quote_of).map(|(quote, _)| quote).collect();
    let unused = quote::unused(tx, &quotes).await?;
    let is_true = |claim: &Claim| match claim {
        Claim::Session(session, user) => open.get(session).is_some_and(|(owner, _)| owner == user),
        Claim::Handle(handle, user) => reached.get(handle) == Some(user),
        Claim::Quote(quote, user) => unused.get(quote) == Some(user),
    };
    Ok(claims.iter().filter(|claim| !is_true(claim)).cloned().collect())
}

/// Writes what the batch added to the books; nothing, if it added nothing.
pub(super) async fn write(tx: &DatabaseTransaction, books: &Books) -> Result<(), Fault> {
    if books.pages.is_empty() {
        Ok(())
    } else if is_postgres(tx) {
        Ok(tx.execute_raw(statement::written(books, &HashSet::new())).await.map(drop)?)
    } else {
        sqlite::write(tx, books).await
    }
}

/// What a batch is decided on, read without a lock (PostgreSQL only): these accounts, and the acts
/// that it continues.
pub(super) async fn look(
    db: &Db,
    accounts: &BTreeSet<AccountId>,
    continued: &[TransactionId],
) -> Result<(BTreeMap<AccountId, Balance>, Vec<Transaction>), Fault> {
    let (accounts, transactions) = postgres::look(db.ledger(), accounts, continued).await?;
    let balances = accounts.into_iter().map(|row| (row.id, Balance::from(row))).collect();
    let transactions: Result<_, _> = transactions.into_iter().map(Transaction::try_from).collect();
    Ok((balances, transactions?))
}

/// What became of a batch that was decided without a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// All of it is durable, and the sessions that it rests on stay open until then, as far as they were looked up.
    All(Option<Time>),
    /// Nothing: one of its keys or quotes was used before.
    KeyUsed,
    /// Nothing: what it was decided on is no longer so.
    Rival,
}

/// Writes what the batch added to books that are not locked, where all that they and these claims say still
/// holds (PostgreSQL only).
pub(super) async fn write_at_once(db: &Db, books: &Books, claims: &HashSet<Claim>) -> Result<Written, Fault> {
    if books.pages.is_empty() {
        return Ok(Written::All(None));
    }
    match db.execute_ledger(statement::written(books, claims)).await.map_err(Fault::from) {
        Ok(until) => Ok(Written::All(until)),
        Err(fault) if fault.is_about(KEYS) || fault.is_about(QUOTES) => Ok(Written::KeyUsed),
        Err(fault) if fault.is_rivalry() => Ok(Written::Rival),
        Err(fault) => Err(fault),
    }
}

impl From<table::account::Model> for Balance {
    fn from(row: table::account::Model) -> Self {
        Self {
            owner: row.owner,
            purpose: row.purpose,
            currency: row.currency,
            state: row.state,
            amount: row.balance,
            seq: row.seq,
            spent: Spent::from(&row),
            proven: Proven::at(row.revocations),
        }
    }
}

impl From<&table::account::Model> for Spent {
    fn from(row: &table::account::Model) -> Self {
        Self {
            on: row.spent_on,
            day: row.spent_day,
            month: row.spent_month,
            unasked: row.unasked,
            unasked_count: row.unasked_count,
        }
    }
}
