//! SQLite: the write lock was taken when the transaction began, so reading is locking.

use super::{Fault, Key};
use crate::id::{AccountId, TransactionId};
use crate::ledger::books::Books;
use crate::outbox;
use crate::table::{account, job, posting, transaction};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ActiveEnum, ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter,
};
use std::collections::BTreeSet;

/// Rows in one INSERT, so that a batch stays below SQLite's 32,766 parameters.
const ROWS: usize = 1_000;

pub(super) async fn lock(
    tx: &DatabaseTransaction,
    accounts: &BTreeSet<AccountId>,
) -> Result<Vec<account::Model>, Fault> {
    let ids = accounts.iter().copied();
    Ok(account::Entity::find().filter(account::Column::Id.is_in(ids)).all(tx).await?)
}

pub(super) async fn answered(
    tx: &DatabaseTransaction,
    keys: &[Key],
) -> Result<Vec<transaction::Model>, Fault> {
    use transaction::Column::{Actor, IdempotencyKey};
    let pair = Expr::tuple([Expr::col(Actor), Expr::col(IdempotencyKey)]);
    let found = transaction::Entity::find().filter(pair.in_tuples(keys.iter().cloned()));
    Ok(found.all(tx).await?)
}

pub(super) async fn continued(
    tx: &DatabaseTransaction,
    ids: &[TransactionId],
) -> Result<Vec<transaction::Model>, Fault> {
    Ok(transaction::Entity::find().filter(transaction::Column::Id.is_in(ids.iter().copied())).all(tx).await?)
}

pub(super) async fn write(tx: &DatabaseTransaction, books: &Books) -> Result<(), Fault> {
    write_transactions(tx, books).await?;
    write_postings(tx, books).await?;
    let jobs: Vec<_> =
        books.pages.jobs_put.iter().map(|job| outbox::row(*job, books.now).into_active_model()).collect();
    if !jobs.is_empty() {
        job::Entity::insert_many(jobs).exec_without_returning(tx).await?;
    }
    if !books.pages.jobs_done.is_empty() {
        let done = job::Column::Id.is_in(books.pages.jobs_done.iter().copied());
        job::Entity::delete_many().filter(done).exec(tx).await?;
    }
    Ok(())
}

async fn write_transactions(tx: &DatabaseTransaction, books: &Books) -> Result<(), Fault> {
    let rows: Vec<_> = books.created().map(|row| row.into_active_model()).collect();
    for rows in rows.chunks(ROWS) {
        transaction::Entity::insert_many(rows.to_vec()).exec_without_returning(tx).await?;
    }
    for (transaction, from) in books.advanced() {
        let updated = transaction::Entity::update_many()
            .set(transaction::ActiveModel {
                state: Set(transaction.state),
                failure: Set(transaction.failure.map(|failure| failure.to_value())),
                updated_at: Set(transaction.updated_at),
                ..Default::default()
            })
            .filter(transaction::COLUMN.id.eq(transaction.terms.id))
            .filter(transaction::COLUMN.state.eq(from))
            .exec(tx)
            .await?;
        met(updated.rows_affected)?;
    }
    Ok(())
}

async fn write_postings(tx: &DatabaseTransaction, books: &Books) -> Result<(), Fault> {
    let rows = books.pages.postings.iter().map(|posting| posting::ActiveModel {
        account_id: Set(posting.account),
        seq: Set(posting.seq),
        transaction_id: Set(posting.transaction),
        amount: Set(posting.amount),
        balance_after: Set(posting.balance_after),
    });
    for rows in rows.collect::<Vec<_>>().chunks(ROWS) {
        posting::Entity::insert_many(rows.to_vec()).exec_without_returning(tx).await?;
    }
    for (id, (seq_before, _), balance) in books.moved() {
        let updated = account::Entity::update_many()
            .set(account::ActiveModel {
                balance: Set(balance.amount),
                seq: Set(balance.seq),
                unasked: Set(balance.spent.unasked),
                unasked_count: Set(balance.spent.unasked_count),
                spent_on: Set(balance.spent.on),
                spent_day: Set(balance.spent.day),
                spent_month: Set(balance.spent.month),
                ..Default::default()
            })
            .filter(account::COLUMN.id.eq(id))
            .filter(account::COLUMN.seq.eq(seq_before))
            .exec(tx)
            .await?;
        met(updated.rows_affected)?;
    }
    Ok(())
}

/// A guarded update must meet its row: the write lock says that nobody else can have changed it.
fn met(rows_affected: u64) -> Result<(), Fault> {
    if rows_affected == 1 { Ok(()) } else { Err(Fault::Corrupt("a guarded update missed its row")) }
}
