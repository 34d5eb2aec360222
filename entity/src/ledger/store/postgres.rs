//! PostgreSQL: one prepared statement for each look, with the batch as arrays. What writes is [`super::statement`].

use super::{Fault, Key};
use crate::id::{AccountId, TransactionId};
use crate::table::{account, transaction};
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait, FromQueryResult, IdenStatic, Iterable,
    Statement, Value,
};
use std::collections::BTreeSet;
use std::sync::LazyLock;
use uuid::Uuid;

/// Accounts, and acts that were done before.
type Seen = (Vec<account::Model>, Vec<transaction::Model>);

/// `FOR NO KEY UPDATE`, because ids don't change: foreign keys to these rows need not wait.
const LOCK: &str = "SELECT id, owner, purpose, currency, state, balance, seq, unasked, unasked_count, spent_on, \
    spent_day, spent_month, revocations, opened_at \
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

fn statement<const N: usize>(sql: &str, values: [Value; N]) -> Statement {
    Statement::from_sql_and_values(DbBackend::Postgres, sql, values)
}

pub(super) fn array<T>(items: impl Iterator<Item = T>) -> Value
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
