//! The audit: reads the whole ledger and checks each law again, without trusting the code that
//! wrote it. Read-only, in one snapshot on PostgreSQL; costs a scan of all postings.

use crate::account::Purpose;
use crate::bank::Bank;
use crate::db::Db;
use crate::error::Result;
use crate::money::{Currency, Money};
use crate::table::account;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ConnectionTrait, EntityTrait, FromQueryResult, QueryOrder, QuerySelect, Statement};

/// The sum of all accounts of one purpose in one currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrialLine {
    /// What the accounts are for.
    pub purpose: Purpose,
    /// The sum of their balances.
    pub balance: Money,
}

/// The trial balance: its lines sum to zero in every currency.
///
/// # Errors
/// Only faults.
pub async fn trial_balance(db: &Db) -> Result<Vec<TrialLine>> {
    // PostgreSQL sums bigints to numeric; the cast is a range check too.
    let sum = Expr::col(account::Column::Balance).sum().cast_as("bigint");
    let lines: Vec<(Purpose, Currency, i64)> = account::Entity::find()
        .select_only()
        .column(account::Column::Purpose)
        .column(account::Column::Currency)
        .column_as(sum, "sum")
        .group_by(account::Column::Currency)
        .group_by(account::Column::Purpose)
        .order_by_asc(account::Column::Currency)
        .order_by_asc(account::Column::Purpose)
        .into_tuple()
        .all(db.connection())
        .await?;
    Ok(lines
        .into_iter()
        .map(|(purpose, currency, minor)| TrialLine { purpose, balance: Money { minor, currency } })
        .collect())
}

/// A law that does not hold, and how many rows break it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breach {
    /// The law, in words.
    pub law: &'static str,
    /// Rows that break it.
    pub count: i64,
}

/// Each law as a count of the rows that break it.
const LAWS: [(&str, &str); 9] = [
    (
        "the postings of every transaction sum to zero in each currency",
        "SELECT count(*) AS count FROM (SELECT p.transaction_id FROM postings p \
            JOIN accounts a ON a.id = p.account_id \
            GROUP BY p.transaction_id, a.currency HAVING sum(p.amount) <> 0) AS broken",
    ),
    (
        "a balance is the sum of its postings and its number the count of them",
        "SELECT count(*) AS count FROM accounts a LEFT JOIN (SELECT account_id, sum(amount) AS total, \
            count(*) AS number FROM postings GROUP BY account_id) p ON p.account_id = a.id \
            WHERE a.balance <> coalesce(p.total, 0) OR a.seq <> coalesce(p.number, 0)",
    ),
    (
        "each posting continues the balance of the one before it",
        "SELECT count(*) AS count FROM (SELECT amount, balance_after, seq, \
            lag(balance_after, 1, 0) OVER chain AS before, lag(seq, 1, 0) OVER chain AS seq_before \
            FROM postings WINDOW chain AS (PARTITION BY account_id ORDER BY seq)) AS chained \
            WHERE balance_after <> before + amount OR seq <> seq_before + 1",
    ),
    (
        "the balances of each currency sum to zero",
        "SELECT count(*) AS count FROM (SELECT currency FROM accounts GROUP BY currency \
            HAVING sum(balance) <> 0) AS broken",
    ),
    (
        "no balance is below zero but where it mirrors money at a bank or a position in a currency",
        "SELECT count(*) AS count FROM accounts WHERE balance < 0 AND purpose NOT IN ('BANK_CLEARING', 'FX_POSITION')",
    ),
    (
        "a settled transaction moved exactly its amount, a failed one nothing",
        "SELECT count(*) AS count FROM transactions t \
            LEFT JOIN (SELECT transaction_id, account_id, sum(amount) AS total FROM postings \
                GROUP BY transaction_id, account_id) d \
                ON d.transaction_id = t.id AND d.account_id = t.debit_account \
            LEFT JOIN (SELECT transaction_id, account_id, sum(amount) AS total FROM postings \
                GROUP BY transaction_id, account_id) c \
                ON c.transaction_id = t.id AND c.account_id = t.credit_account \
            WHERE (t.state = 'SETTLED' AND (coalesce(d.total, 0) <> -t.amount OR coalesce(c.total, 0) <> coalesce(t.target_amount, t.amount))) \
                OR (t.state = 'FAILED' AND (coalesce(d.total, 0) <> 0 OR coalesce(c.total, 0) <> 0))",
    ),
    (
        "what is exchanged is what was quoted, and each part of the price is where it belongs",
        "SELECT count(*) AS count FROM transactions t JOIN quotes q ON q.id = t.quote_id \
            LEFT JOIN (SELECT p.transaction_id, \
                sum(CASE WHEN a.purpose = 'FX_SPREAD' THEN p.amount ELSE 0 END) AS spread, \
                sum(CASE WHEN a.purpose = 'FEE' THEN p.amount ELSE 0 END) AS fee, \
                sum(CASE WHEN a.purpose = 'FX_ROUNDING' THEN p.amount ELSE 0 END) AS rounding, \
                sum(CASE WHEN a.purpose = 'FX_POSITION' AND p.amount > 0 THEN p.amount ELSE 0 END) AS taken \
                FROM postings p JOIN accounts a ON a.id = p.account_id GROUP BY p.transaction_id) m \
                ON m.transaction_id = t.id \
            WHERE t.actor <> q.user_id OR t.amount <> q.source_amount OR t.target_amount <> q.target_amount \
                OR t.currency <> q.source_currency OR t.target_currency <> q.target_currency \
                OR (t.state = 'SETTLED' AND (m.taken <> q.source_amount OR m.spread <> q.spread OR m.fee <> q.fee \
                    OR m.rounding <> q.rounding)) \
                OR (t.state <> 'SETTLED' AND coalesce(m.taken, 0) <> 0)",
    ),
    (
        "what is in transit is what the open withdrawals say",
        "SELECT count(*) AS count FROM (SELECT a.currency, a.balance - coalesce((SELECT sum(t.amount) \
            FROM transactions t WHERE t.kind = 'WITHDRAWAL' AND t.currency = a.currency \
            AND t.state NOT IN ('SETTLED', 'FAILED', 'IN_REVIEW')), 0) AS difference \
            FROM accounts a WHERE a.purpose = 'WITHDRAWAL_IN_TRANSIT') AS compared WHERE difference <> 0",
    ),
    (
        "what waits in review is what the payments in review say",
        "SELECT count(*) AS count FROM (SELECT a.currency, a.balance - coalesce((SELECT sum(t.amount) \
            FROM transactions t WHERE t.state = 'IN_REVIEW' AND t.currency = a.currency), 0) AS difference \
            FROM accounts a WHERE a.purpose = 'IN_REVIEW') AS compared WHERE difference <> 0",
    ),
];

#[derive(FromQueryResult)]
struct Count {
    count: i64,
}

/// Checks every law; an empty list is a clean audit. What breaks is logged as an error.
///
/// # Errors
/// Only faults.
pub async fn run(bank: &Bank) -> Result<Vec<Breach>> {
    let tx = bank.db.snapshot().await?;
    let mut breaches = Vec::new();
    for (law, sql) in LAWS {
        let statement = Statement::from_string(tx.get_database_backend(), sql);
        let count = Count::find_by_statement(statement).one(&tx).await?.map_or(0, |row| row.count);
        if count != 0 {
            tracing::error!(law, count, "the audit found a broken law");
            breaches.push(Breach { law, count });
        }
    }
    tx.rollback().await?;
    Ok(breaches)
}
