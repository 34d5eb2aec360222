//! PostgreSQL: one prepared statement a step, with the batch as arrays.

use super::{Claim, Fault, Key};
use crate::id::{AccountId, TransactionId};
use crate::ledger::books::Books;
use crate::money::Currency;
use crate::outbox;
use crate::table::{account, transaction};
use crate::transaction::Transaction;
use sea_orm::{
    ActiveEnum, ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait, FromQueryResult, IdenStatic,
    Iterable, Statement, Value,
};
use std::collections::{BTreeSet, HashSet};
use std::sync::LazyLock;
use uuid::Uuid;

/// Accounts, and acts that were done before.
type Seen = (Vec<account::Model>, Vec<transaction::Model>);

/// `FOR NO KEY UPDATE`, because ids don't change: foreign keys to these rows need not wait.
const LOCK: &str = "SELECT id, owner, purpose, currency, state, balance, seq, unasked, unasked_count, spent_on, \
    spent_day, spent_month, opened_at \
    FROM accounts WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE";

/// `OFFSET 0` keeps the planner from anything but one index look-up a key, even on a table that
/// was never analysed.
const ANSWERED: &str = "SELECT t.* FROM unnest($1::uuid[], $2::text[]) AS asked (actor, key) \
    CROSS JOIN LATERAL (SELECT * FROM transactions t \
        WHERE t.actor = asked.actor AND t.idempotency_key = asked.key OFFSET 0) t";

/// Both questions in one: rows of accounts without a transaction, and transactions without an
/// account.
static LOOK: LazyLock<String> = LazyLock::new(|| {
    let columns = format!("{}, {}", columns::<account::Column>("a"), columns::<transaction::Column>("t"));
    format!(
        "SELECT {columns} FROM accounts a LEFT JOIN transactions t ON false WHERE a.id = ANY($1) \
        UNION ALL \
        SELECT {columns} FROM transactions t LEFT JOIN accounts a ON false WHERE t.id = ANY($2)"
    )
});

/// The columns of a table, each with the table's letter before its name.
fn columns<C: Iterable + IdenStatic>(table: &str) -> String {
    let named = C::iter().map(|column| format!("{table}.{0} AS {table}_{0}", column.as_str()));
    named.collect::<Vec<_>>().join(", ")
}

const CONTINUED: &str = "SELECT * FROM transactions WHERE id = ANY($1)";

/// Everything that a batch writes, in one statement, which is one database transaction: it takes
/// effect as a whole or not at all, locked or not. The last lines are the guard: where an account, a
/// transaction or a claim is no longer what the batch was decided on, it divides by zero.
///
/// Arrays have no nulls here: the nil id and the empty text stand for them.
const WRITE: &str = "WITH created AS ( \
        INSERT INTO transactions (id, kind, state, actor, idempotency_key, currency, amount, \
            debit_account, credit_account, payer, payee, instrument, note, quote_id, target_currency, \
            target_amount, created_at, updated_at) \
        SELECT id, kind, state, actor, idempotency_key, currency, amount, debit_account, credit_account, \
            NULLIF(payer, '00000000-0000-0000-0000-000000000000'), \
            NULLIF(payee, '00000000-0000-0000-0000-000000000000'), \
            NULLIF(instrument, '00000000-0000-0000-0000-000000000000'), \
            NULLIF(note, ''), NULLIF(quote_id, '00000000-0000-0000-0000-000000000000'), \
            NULLIF(target_currency, ''), NULLIF(target_amount, 0), $1, $1 \
        FROM unnest($2::uuid[], $3::text[], $4::text[], $5::uuid[], $6::text[], $7::text[], $8::bigint[], \
            $9::bigint[], $10::bigint[], $11::uuid[], $12::uuid[], $13::uuid[], $14::text[], $15::uuid[], $16::text[], \
            $17::bigint[]) \
            AS new (id, kind, state, actor, idempotency_key, currency, amount, debit_account, \
                credit_account, payer, payee, instrument, note, quote_id, target_currency, target_amount) \
    ), posted AS ( \
        INSERT INTO postings (account_id, seq, transaction_id, amount, balance_after) \
        SELECT * FROM unnest($18::bigint[], $19::bigint[], $20::uuid[], $21::bigint[], $22::bigint[]) \
    ), moved AS ( \
        UPDATE accounts SET balance = now.balance, seq = now.seq, unasked = now.unasked, \
            unasked_count = now.unasked_count, spent_on = now.spent_on, spent_day = now.spent_day, \
            spent_month = now.spent_month \
        FROM unnest($23::bigint[], $24::bigint[], $25::text[], $26::bigint[], $27::bigint[], \
            $28::bigint[], $29::bigint[], $30::int[], $31::bigint[], $32::bigint[], $33::int[], $34::bigint[], \
            $35::bigint[], $36::bigint[]) \
            AS now (id, seq_before, state, seq, balance, unasked, unasked_count, spent_on, spent_day, \
                spent_month, spent_on_before, spent_month_before, unasked_before, unasked_count_before) \
        WHERE accounts.id = now.id AND accounts.seq = now.seq_before AND accounts.state = now.state \
            AND accounts.spent_on = now.spent_on_before AND accounts.spent_month = now.spent_month_before \
            AND accounts.unasked = now.unasked_before AND accounts.unasked_count = now.unasked_count_before \
        RETURNING 1 \
    ), advanced AS ( \
        UPDATE transactions SET state = now.state, failure = NULLIF(now.failure, ''), updated_at = $1 \
        FROM unnest($37::uuid[], $38::text[], $39::text[], $40::text[]) AS now (id, state_before, state, failure) \
        WHERE transactions.id = now.id AND transactions.state = now.state_before \
        RETURNING 1 \
    ), put AS ( \
        INSERT INTO jobs (id, kind, payload, due_at, attempts, created_at) \
        SELECT id, kind, payload, $1, 0, $1 \
        FROM unnest($41::uuid[], $42::text[], $43::text[]) AS new (id, kind, payload) \
    ), done AS ( \
        DELETE FROM jobs WHERE id = ANY($44::uuid[]) \
    ) \
    SELECT 1 / (CASE WHEN (SELECT count(*) FROM moved) = cardinality($23::bigint[]) \
        AND (SELECT count(*) FROM advanced) = cardinality($37::uuid[]) \
        AND (SELECT count(*) FROM unnest($45::bigint[], $46::text[]) AS seen (id, state) \
            JOIN accounts USING (id, state)) = cardinality($45::bigint[]) \
        AND (SELECT count(*) FROM unnest($47::uuid[], $48::uuid[]) AS open (id, user_id) \
            JOIN sessions USING (id, user_id) WHERE ended_at IS NULL AND expires_at > $1) \
            = cardinality($47::uuid[]) \
        AND (SELECT count(*) FROM unnest($49::uuid[], $50::uuid[]) AS reached (fingerprint, user_id) \
            JOIN handles USING (fingerprint, user_id)) = cardinality($49::uuid[]) \
        AND (SELECT count(*) FROM unnest($51::uuid[], $52::uuid[]) AS unused (id, user_id) \
            JOIN quotes USING (id, user_id) \
            WHERE NOT EXISTS (SELECT 1 FROM transactions t WHERE t.quote_id = quotes.id)) \
            = cardinality($51::uuid[]) \
        THEN 1 ELSE 0 END)";

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
    keys: &[Key],
) -> Result<Vec<transaction::Model>, Fault> {
    let (actors, keys): (Vec<Uuid>, Vec<String>) =
        keys.iter().map(|(actor, key)| (actor.0, key.clone())).unzip();
    let found = transaction::Entity::find().from_raw_sql(statement(ANSWERED, [actors.into(), keys.into()]));
    Ok(found.all(tx).await?)
}

pub(super) async fn continued(
    tx: &DatabaseTransaction,
    ids: &[TransactionId],
) -> Result<Vec<transaction::Model>, Fault> {
    let ids = array(ids.iter().map(|id| id.0));
    Ok(transaction::Entity::find().from_raw_sql(statement(CONTINUED, [ids])).all(tx).await?)
}

/// Reads accounts and transactions in one statement, which sees one moment.
pub(super) async fn look(
    db: &impl ConnectionTrait,
    accounts: &BTreeSet<AccountId>,
    continued: &[TransactionId],
) -> Result<Seen, Fault> {
    let ids = array(accounts.iter().map(|account| account.0));
    let continued = array(continued.iter().map(|id| id.0));
    let asked = statement(&LOOK, [ids, continued]);
    let (mut accounts, mut transactions) = (Vec::new(), Vec::new());
    for row in db.query_all_raw(asked).await? {
        match account::Model::from_query_result_optional(&row, "a_")? {
            Some(account) => accounts.push(account),
            None => transactions.push(transaction::Model::from_query_result(&row, "t_")?),
        }
    }
    Ok((accounts, transactions))
}

/// Writes the pages in one round trip, or nothing.
pub(super) async fn write(
    db: &impl ConnectionTrait,
    books: &Books,
    claims: &HashSet<Claim>,
) -> Result<(), Fault> {
    db.execute_raw(written(books, claims)).await.map(drop).map_err(Fault::from)
}

/// The values of [`WRITE`], in the order of its parts.
fn written(books: &Books, claims: &HashSet<Claim>) -> Statement {
    let mut values = vec![books.now.into()];
    values.extend(created(books));
    values.extend(posted(books));
    values.extend(moved(books));
    values.extend(advanced(books));
    values.extend(later(books));
    values.extend(claimed(books, claims));
    Statement::from_sql_and_values(DbBackend::Postgres, WRITE, values)
}

fn created(books: &Books) -> [Value; 16] {
    let created: Vec<transaction::Model> = books.created().collect();
    let nil = |id: Option<Uuid>| id.unwrap_or_default();
    let code = |currency: Option<Currency>| currency.map(|it| it.code().to_owned()).unwrap_or_default();
    [
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
        array(created.iter().map(|row| nil(row.quote_id.map(|quote| quote.0)))),
        array(created.iter().map(|row| code(row.target_currency))),
        array(created.iter().map(|row| row.target_amount.unwrap_or_default())),
    ]
}

fn posted(books: &Books) -> [Value; 5] {
    let postings = &books.pages.postings;
    [
        array(postings.iter().map(|posting| posting.account.0)),
        array(postings.iter().map(|posting| posting.seq)),
        array(postings.iter().map(|posting| posting.transaction.0)),
        array(postings.iter().map(|posting| posting.amount)),
        array(postings.iter().map(|posting| posting.balance_after)),
    ]
}

fn moved(books: &Books) -> [Value; 14] {
    let moved: Vec<_> = books.moved().collect();
    [
        array(moved.iter().map(|(id, _, _)| id.0)),
        array(moved.iter().map(|(_, (seq_before, _), _)| *seq_before)),
        array(moved.iter().map(|(_, _, balance)| balance.state.to_value())),
        array(moved.iter().map(|(_, _, balance)| balance.seq)),
        array(moved.iter().map(|(_, _, balance)| balance.amount)),
        array(moved.iter().map(|(_, _, balance)| balance.spent.unasked)),
        array(moved.iter().map(|(_, _, balance)| balance.spent.unasked_count)),
        array(moved.iter().map(|(_, _, balance)| balance.spent.on)),
        array(moved.iter().map(|(_, _, balance)| balance.spent.day)),
        array(moved.iter().map(|(_, _, balance)| balance.spent.month)),
        array(moved.iter().map(|(_, (_, before), _)| before.on)),
        array(moved.iter().map(|(_, (_, before), _)| before.month)),
        array(moved.iter().map(|(_, (_, before), _)| before.unasked)),
        array(moved.iter().map(|(_, (_, before), _)| before.unasked_count)),
    ]
}

fn advanced(books: &Books) -> [Value; 4] {
    let advanced: Vec<_> = books.advanced().collect();
    let failure = |transaction: &Transaction| transaction.failure.map(|failure| failure.to_value());
    [
        array(advanced.iter().map(|(transaction, _)| transaction.terms.id.0)),
        array(advanced.iter().map(|(_, from)| from.to_value())),
        array(advanced.iter().map(|(transaction, _)| transaction.state.to_value())),
        array(advanced.iter().map(|(transaction, _)| failure(transaction).unwrap_or_default())),
    ]
}

/// Jobs put, and jobs done.
fn later(books: &Books) -> [Value; 4] {
    let put = books.pages.jobs_put.iter();
    let put: Vec<_> = put.map(|job| outbox::row(*job, books.now)).collect();
    [
        array(put.iter().map(|row| row.id.0)),
        array(put.iter().map(|row| row.kind.clone())),
        array(put.iter().map(|row| row.payload.clone())),
        array(books.pages.jobs_done.iter().map(|job| job.0)),
    ]
}

/// All that has to hold still: accounts that were looked at, and claims.
fn claimed(books: &Books, claims: &HashSet<Claim>) -> [Value; 8] {
    let unmoved: Vec<_> = books.unmoved().collect();
    let sessions: Vec<_> = claims.iter().filter_map(Claim::session_of).collect();
    let handles: Vec<_> = claims.iter().filter_map(Claim::handle_of).collect();
    let quotes: Vec<_> = claims.iter().filter_map(Claim::quote_of).collect();
    [
        array(unmoved.iter().map(|(id, _)| id.0)),
        array(unmoved.iter().map(|(_, balance)| balance.state.to_value())),
        array(sessions.iter().map(|(session, _)| session.0)),
        array(sessions.iter().map(|(_, user)| user.0)),
        array(handles.iter().map(|(handle, _)| handle.0)),
        array(handles.iter().map(|(_, user)| user.0)),
        array(quotes.iter().map(|(quote, _)| quote.0)),
        array(quotes.iter().map(|(_, user)| user.0)),
    ]
}
