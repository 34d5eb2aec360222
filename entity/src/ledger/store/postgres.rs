//! PostgreSQL: one prepared statement a step, with the batch as arrays.

use super::{Fault, Key, met};
use crate::id::{AccountId, TransactionId};
use crate::ledger::books::Books;
use crate::outbox;
use crate::table::{account, transaction};
use sea_orm::{ActiveEnum, ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait, Statement, Value};
use std::collections::BTreeSet;
use uuid::Uuid;

/// `FOR NO KEY UPDATE`, because ids don't change: foreign keys to these rows need not wait.
const LOCK: &str = "SELECT id, owner, purpose, currency, state, balance, seq, opened_at \
    FROM accounts WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE";

/// `OFFSET 0` keeps the planner from anything but one index look-up a key, even on a table that
/// was never analysed.
const ANSWERED: &str = "SELECT t.* FROM unnest($1::uuid[], $2::text[]) AS asked (actor, key) \
    CROSS JOIN LATERAL (SELECT * FROM transactions t \
        WHERE t.actor = asked.actor AND t.idempotency_key = asked.key OFFSET 0) t";

const CONTINUED: &str = "SELECT * FROM transactions WHERE id = ANY($1)";

/// Arrays have no nulls here: the nil id and the empty text stand for them.
const POST: &str = "WITH created AS ( \
        INSERT INTO transactions (id, kind, state, actor, idempotency_key, currency, amount, \
            debit_account, credit_account, payer, payee, instrument, note, created_at, updated_at) \
        SELECT id, kind, state, actor, idempotency_key, currency, amount, debit_account, credit_account, \
            NULLIF(payer, '00000000-0000-0000-0000-000000000000'), \
            NULLIF(payee, '00000000-0000-0000-0000-000000000000'), \
            NULLIF(instrument, '00000000-0000-0000-0000-000000000000'), \
            NULLIF(note, ''), $1, $1 \
        FROM unnest($2::uuid[], $3::text[], $4::text[], $5::uuid[], $6::text[], $7::text[], $8::bigint[], \
            $9::bigint[], $10::bigint[], $11::uuid[], $12::uuid[], $13::uuid[], $14::text[]) \
            AS new (id, kind, state, actor, idempotency_key, currency, amount, debit_account, \
                credit_account, payer, payee, instrument, note) \
    ), posted AS ( \
        INSERT INTO postings (account_id, seq, transaction_id, amount, balance_after) \
        SELECT * FROM unnest($15::bigint[], $16::bigint[], $17::uuid[], $18::bigint[], $19::bigint[]) \
    ) \
    UPDATE accounts SET balance = moved.balance, seq = moved.seq \
    FROM unnest($20::bigint[], $21::bigint[], $22::bigint[], $23::bigint[]) \
        AS moved (id, seq_before, seq, balance) \
    WHERE accounts.id = moved.id AND accounts.seq = moved.seq_before";

const ADVANCE: &str = "UPDATE transactions SET state = now.state, failure = NULLIF(now.failure, ''), updated_at = $1 \
    FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[]) AS now (id, state_before, state, failure) \
    WHERE transactions.id = now.id AND transactions.state = now.state_before";

const PUT: &str = "INSERT INTO jobs (id, kind, payload, due_at, attempts, created_at) \
    SELECT id, kind, payload, $1, 0, $1 FROM unnest($2::uuid[], $3::text[], $4::text[]) AS new (id, kind, payload)";

const DONE: &str = "DELETE FROM jobs WHERE id = ANY($1)";

fn statement<const N: usize>(sql: &str, values: [Value; N]) -> Statement {
    Statement::from_sql_and_values(DbBackend::Postgres, sql, values)
}

fn array<T>(items: impl Iterator<Item = T>) -> Value
where
    Vec<T>: Into<Value>,
{
    items.collect::<Vec<T>>().into()
}

pub(super) async fn lock(
    tx: &DatabaseTransaction,
    accounts: &BTreeSet<AccountId>,
) -> Result<Vec<account::Model>, Fault> {
    let ids = array(accounts.iter().map(|account| account.0));
    Ok(account::Entity::find().from_raw_sql(statement(LOCK, [ids])).all(tx).await?)
}

pub(super) async fn answered(
    tx: &DatabaseTransaction,
    keys: Vec<Key>,
) -> Result<Vec<transaction::Model>, Fault> {
    let (actors, keys): (Vec<Uuid>, Vec<String>) =
        keys.into_iter().map(|(actor, key)| (actor.0, key)).unzip();
    let found = transaction::Entity::find().from_raw_sql(statement(ANSWERED, [actors.into(), keys.into()]));
    Ok(found.all(tx).await?)
}

pub(super) async fn continued(
    tx: &DatabaseTransaction,
    ids: Vec<TransactionId>,
) -> Result<Vec<transaction::Model>, Fault> {
    let ids = array(ids.into_iter().map(|id| id.0));
    Ok(transaction::Entity::find().from_raw_sql(statement(CONTINUED, [ids])).all(tx).await?)
}

pub(super) async fn write(tx: &DatabaseTransaction, books: &Books) -> Result<(), Fault> {
    let pages = &books.pages;
    if !pages.created.is_empty() || !pages.postings.is_empty() {
        let moved = books.moved().count();
        met(moved, tx.execute_raw(post(books)).await?.rows_affected())?;
    }
    if !pages.advanced.is_empty() {
        met(pages.advanced.len(), tx.execute_raw(advance(books)).await?.rows_affected())?;
    }
    if !pages.jobs_put.is_empty() {
        let rows: Vec<_> = pages.jobs_put.iter().map(|job| outbox::row(*job, books.now)).collect();
        let put = [
            books.now.into(),
            array(rows.iter().map(|row| row.id.0)),
            array(rows.iter().map(|row| row.kind.clone())),
            array(rows.iter().map(|row| row.payload.clone())),
        ];
        tx.execute_raw(statement(PUT, put)).await?;
    }
    if !pages.jobs_done.is_empty() {
        tx.execute_raw(statement(DONE, [array(pages.jobs_done.iter().map(|job| job.0))])).await?;
    }
    Ok(())
}

fn post(books: &Books) -> Statement {
    let created: Vec<transaction::Model> = books.created().collect();
    let postings = &books.pages.postings;
    let moved: Vec<_> = books.moved().collect();
    let nil = |id: Option<Uuid>| id.unwrap_or_default();
    statement(
        POST,
        [
            books.now.into(),
            array(created.iter().map(|row| row.id.0)),
            array(created.iter().map(|row| row.kind.to_value())),
            array(created.iter().map(|row| row.state.to_value())),
            array(created.iter().map(|row| row.actor.0)),
            array(created.iter().map(|row| row.idempotency_key.clone())),
            array(created.iter().map(|row| row.currency.code().to_owned())),
            array(created.iter().map(|row| row.amount)),
            array(created.iter().map(|row| row.debit_account.0)),
            array(created.iter().map(|row| row.credit_account.0)),
            array(created.iter().map(|row| nil(row.payer.map(|user| user.0)))),
            array(created.iter().map(|row| nil(row.payee.map(|user| user.0)))),
            array(created.iter().map(|row| nil(row.instrument.map(|instrument| instrument.0)))),
            array(created.iter().map(|row| row.note.clone().unwrap_or_default())),
            array(postings.iter().map(|posting| posting.account.0)),
            array(postings.iter().map(|posting| posting.seq)),
            array(postings.iter().map(|posting| posting.transaction.0)),
            array(postings.iter().map(|posting| posting.amount)),
            array(postings.iter().map(|posting| posting.balance_after)),
            array(moved.iter().map(|(id, _, _)| id.0)),
            array(moved.iter().map(|(_, seq_before, _)| *seq_before)),
            array(moved.iter().map(|(_, _, balance)| balance.seq)),
            array(moved.iter().map(|(_, _, balance)| balance.amount)),
        ],
    )
}

fn advance(books: &Books) -> Statement {
    let advanced: Vec<_> = books.advanced().collect();
    statement(
        ADVANCE,
        [
            books.now.into(),
            array(advanced.iter().map(|(transaction, _)| transaction.terms.id.0)),
            array(advanced.iter().map(|(_, from)| from.to_value())),
            array(advanced.iter().map(|(transaction, _)| transaction.state.to_value())),
            array(advanced.iter().map(|(transaction, _)| {
                transaction.failure.map(|failure| failure.to_value()).unwrap_or_default()
            })),
        ],
    )
}
