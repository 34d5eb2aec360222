//! What the relay asks of the outbox: which jobs are due.
//!
//! Guarantees: a job is taken by one relay at a time, and left alone for its lease; one that
//! nobody finished by then is taken again, each time later. One whose attempts are used up is given
//! up instead.

use crate::bank::Bank;
use crate::clock::Time;
use crate::db::{Db, one_of};
use crate::error::Result;
use crate::id::JobId;
use crate::outbox::{ATTEMPTS_MAX, Entry, give_up};
use crate::table::job;
use chrono::Duration;
use sea_orm::sea_query::Expr;
use sea_orm::{DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect, raw_sql};
use std::collections::BTreeMap;

/// How long the first attempt may take before the job is pushed again.
const LEASE: Duration = Duration::seconds(15);
/// How long it is left alone at most.
const LEASE_MAX: Duration = Duration::hours(2);

/// Takes the jobs that are due, at most `limit`, oldest first, and leaves each alone for a while.
/// Jobs whose attempts are used up are given up instead.
///
/// # Errors
/// Only faults; then nothing was taken.
pub async fn claim(bank: &Bank, limit: u64) -> Result<Vec<Entry>> {
    let now = bank.clock.now();
    let tx = bank.db.begin().await?;
    let due = due(&bank.db, &tx, now, limit).await?;
    let (spent, due): (Vec<_>, Vec<_>) = due.into_iter().partition(|row| row.attempts >= ATTEMPTS_MAX);
    for row in spent {
        give_up(&tx, row.id, now, "no attempt came to an end").await?;
    }
    let mut entries = Vec::with_capacity(due.len());
    for (attempts, ids) in by_attempts(&due) {
        let next = [
            (job::Column::Attempts, Expr::value(attempts.saturating_add(1))),
            (job::Column::DueAt, Expr::value(now + lease(attempts))),
        ];
        let update = next
            .into_iter()
            .fold(job::Entity::update_many(), |update, (column, value)| update.col_expr(column, value));
        update.filter(one_of(&tx, job::Column::Id, ids.into_iter().map(|id| id.0))).exec(&tx).await?;
    }
    for mut row in due {
        row.attempts = row.attempts.saturating_add(1);
        let id = row.id;
        match Entry::try_from(row) {
            Ok(entry) => entries.push(entry),
            Err(fault) => give_up(&tx, id, now, &fault.to_string()).await?,
        }
    }
    tx.commit().await?;
    Ok(entries)
}

/// The due rows. PostgreSQL skips those that another relay is just taking; SQLite has one writer.
async fn due(db: &Db, tx: &DatabaseTransaction, now: Time, limit: u64) -> Result<Vec<job::Model>> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = if db.is_postgres() {
        job::Entity::find().from_raw_sql(raw_sql!(
            Postgres,
            "SELECT * FROM jobs WHERE dead_at IS NULL AND due_at <= {now} ORDER BY due_at LIMIT {limit} \
             FOR UPDATE SKIP LOCKED"
        ))
    } else {
        job::Entity::find().from_raw_sql(raw_sql!(
            Sqlite,
            "SELECT * FROM jobs WHERE dead_at IS NULL AND due_at <= {now} ORDER BY due_at LIMIT {limit}"
        ))
    };
    Ok(rows.all(tx).await?)
}

fn by_attempts(rows: &[job::Model]) -> BTreeMap<i32, Vec<JobId>> {
    let mut groups = BTreeMap::<i32, Vec<JobId>>::new();
    for row in rows {
        groups.entry(row.attempts).or_default().push(row.id);
    }
    groups
}

/// Twice as long each time: 15 s, 30 s, 1 min, … up to two hours.
fn lease(attempts: i32) -> Duration {
    let doubled = u32::try_from(attempts).ok().and_then(|attempts| 2_i32.checked_pow(attempts));
    doubled.and_then(|factor| LEASE.checked_mul(factor)).map_or(LEASE_MAX, |lease| lease.min(LEASE_MAX))
}

/// When the next job is due, if one is waiting.
///
/// # Errors
/// Only faults.
pub async fn next_due(db: &Db) -> Result<Option<Time>> {
    let next = job::Entity::find()
        .select_only()
        .column(job::Column::DueAt)
        .filter(job::COLUMN.dead_at.is_null())
        .order_by_asc(job::Column::DueAt)
        .into_tuple()
        .one(db.connection())
        .await?;
    Ok(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lease_doubles_up_to_two_hours() {
        assert_eq!(lease(0), Duration::seconds(15));
        assert_eq!(lease(3), Duration::minutes(2));
        assert_eq!(lease(ATTEMPTS_MAX), LEASE_MAX);
        assert_eq!(lease(i32::MAX), LEASE_MAX);
    }
}
