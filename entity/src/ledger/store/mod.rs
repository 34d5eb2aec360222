//! The ledger's SQL: lock, read, write. Each engine gets the statements it is fastest with;
//! what they mean is the same, and one suite tests both.
//!
//! PostgreSQL takes whole batches as arrays, so that every batch is the same prepared statement,
//! whatever its size. SQLite has no round trips to save, and gets plain typed statements.

mod postgres;
mod sqlite;

use super::books::{Balance, Books};
use crate::error::Fault;
use crate::id::{AccountId, TransactionId, UserId};
use crate::table;
use crate::transaction::Transaction;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend};
use std::collections::{BTreeMap, BTreeSet};

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
pub(super) async fn answered(tx: &DatabaseTransaction, keys: Vec<Key>) -> Result<Vec<Transaction>, Fault> {
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
    ids: Vec<TransactionId>,
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

/// Writes what the batch added to the books; nothing, if it added nothing.
pub(super) async fn write(tx: &DatabaseTransaction, books: &Books) -> Result<(), Fault> {
    if is_postgres(tx) { postgres::write(tx, books).await } else { sqlite::write(tx, books).await }
}

/// A guarded update must meet every row that it was meant for: the locks say that nobody else
/// can have changed them.
fn met(expected: usize, rows_affected: u64) -> Result<(), Fault> {
    if u64::try_from(expected) == Ok(rows_affected) {
        Ok(())
    } else {
        Err(Fault::Corrupt("a guarded update missed its row"))
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
        }
    }
}
