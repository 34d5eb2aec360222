//! The outbox: what is to be done later, written in the transaction that calls for it.
//!
//! Guarantees: a job exists exactly if its cause was committed, and is gone exactly if its effect
//! was. Pushing it to a queue is only a doorbell: the [`relay`](crate::relay) moves `due_at` ahead, and a job that
//! nobody finishes by then is pushed again, each time later. After [`ATTEMPTS_MAX`] attempts it is
//! a dead letter, which an operator sees and can retry. A job may run twice at once; whatever it
//! does has to be guarded by a state.
//!
//! A job is named by the id of what it is about, so there is never a second one of the same kind
//! for the same thing.

mod kind;

pub use kind::Job;

use crate::bank::Bank;
use crate::clock::Time;
use crate::db::{Db, one_of};
use crate::error::{Fault, Result};
use crate::gather::{Answers, Gather};
use crate::id::JobId;
use crate::table::job;
use chrono::Duration;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, IntoActiveModel,
    PaginatorTrait, QueryFilter,
};

/// Attempts before a job is a dead letter: with the backoff below, after about nine hours.
pub const ATTEMPTS_MAX: i32 = 12;
/// How long a job waits between attempts at most.
const BACKOFF_MAX: Duration = Duration::hours(2);

/// A job and how often it was tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub id: JobId,
    /// What is to be done.
    pub job: Job,
    /// How often it was pushed, this time included.
    pub attempts: i32,
    /// What went wrong the last time.
    pub last_error: Option<String>,
    /// When it was given up, if it was.
    pub dead_at: Option<Time>,
    /// When it was written.
    pub created_at: Time,
}

impl TryFrom<job::Model> for Entry {
    type Error = Fault;

    fn try_from(row: job::Model) -> Result<Self, Fault> {
        let job = serde_json::from_str(&row.payload).map_err(|_| Fault::Corrupt("a job can't be read"))?;
        Ok(Self {
            id: row.id,
            job,
            attempts: row.attempts,
            last_error: row.last_error,
            dead_at: row.dead_at,
            created_at: row.created_at,
        })
    }
}

/// The row of a new job.
pub(crate) fn row(job: Job, now: Time) -> job::Model {
    job::Model {
        id: job.id(),
        kind: job.kind().to_owned(),
        // A closed enum of ids always has a JSON text.
        payload: serde_json::to_string(&job).unwrap_or_default(),
        due_at: now,
        attempts: 0,
        last_error: None,
        dead_at: None,
        created_at: now,
    }
}

/// Writes a job with the change that calls for it: it takes the open transaction. The bell is
/// rung by whoever commits.
pub(crate) async fn put(tx: &DatabaseTransaction, job: Job, now: Time) -> Result<()> {
    job::Entity::insert(row(job, now).into_active_model()).exec_without_returning(tx).await?;
    Ok(())
}

/// Whether a job is still to be done, or was given up.
pub(crate) async fn is_written(db: &impl ConnectionTrait, id: JobId) -> Result<bool> {
    Ok(job::Entity::find_by_id(id).count(db).await? > 0)
}

/// Removes a job with the change that it effected.
pub(crate) async fn done(tx: &DatabaseTransaction, job: JobId) -> Result<()> {
    job::Entity::delete_by_id(job).exec(tx).await?;
    Ok(())
}

/// Removes a job that has nothing to change.
///
/// # Errors
/// Only faults.
pub async fn finish(bank: &Bank, job: JobId) -> Result<()> {
    let tx = bank.db.begin().await?;
    done(&tx, job).await?;
    Ok(tx.commit().await?)
}

/// Four times as long each time: 1 s, 4 s, 16 s, … up to two hours. Most faults are over at once;
/// the others last for hours.
fn backoff(attempts: i32) -> Duration {
    let power = u32::try_from(attempts.saturating_sub(1)).ok().and_then(|power| 4_i64.checked_pow(power));
    power.and_then(Duration::try_seconds).map_or(BACKOFF_MAX, |wait| wait.min(BACKOFF_MAX))
}

pub(crate) async fn give_up(tx: &impl ConnectionTrait, id: JobId, now: Time, error: &str) -> Result<()> {
    tracing::error!(job = %id, error, "a job is a dead letter now");
    job::Entity::update_many()
        .col_expr(job::Column::DeadAt, Expr::value(now))
        .col_expr(job::Column::LastError, Expr::value(error))
        .filter(job::COLUMN.id.eq(id))
        .exec(tx)
        .await?;
    Ok(())
}

/// The question what is to be done for a job.
pub(crate) type ById = Gather<JobId, Entry>;

/// Starts to answer what is to be done. Nothing of it is remembered: a job is done once.
pub(crate) fn by_id(db: Db) -> ById {
    Gather::start(0, move |ids| Box::pin(waiting_among(db.clone(), ids)))
}

async fn waiting_among(db: Db, ids: Vec<JobId>) -> Answers<JobId, Entry> {
    let db = db.connection();
    let these = one_of(db, job::Column::Id, ids.into_iter().map(|id| id.0));
    let rows = job::Entity::find().filter(these).filter(job::COLUMN.dead_at.is_null()).all(db).await?;
    // The relay gives up what can't be read; it is not to harm what can.
    Ok(rows.into_iter().filter_map(|row| Some((row.id, Entry::try_from(row).ok()?))).collect())
}

/// The job of this id; none, if it was finished or given up.
///
/// # Errors
/// `OVERLOADED`.
pub async fn find(bank: &Bank, id: JobId) -> Result<Option<Entry>> {
    bank.by_job.ask(id).await
}

/// Records that an attempt failed: the job is due again after its backoff, or given up.
///
/// # Errors
/// Only faults.
pub async fn failed(bank: &Bank, entry: &Entry, error: &str) -> Result<()> {
    let now = bank.clock.now();
    if entry.attempts >= ATTEMPTS_MAX {
        return give_up(bank.db.connection(), entry.id, now, error).await;
    }
    tracing::warn!(job = %entry.id, attempts = entry.attempts, error, "a job failed and is tried again");
    due_again(bank, entry.id, now + backoff(entry.attempts), None, Some(error)).await
}

/// Has the job run again after a while. It is no failure, so its attempts start anew: a rail said
/// that it is at work.
///
/// # Errors
/// Only faults.
pub async fn ask_again(bank: &Bank, entry: &Entry, after: Duration) -> Result<()> {
    due_again(bank, entry.id, bank.clock.now() + after, Some(1), None).await
}

async fn due_again(
    bank: &Bank,
    id: JobId,
    at: Time,
    attempts: Option<i32>,
    error: Option<&str>,
) -> Result<()> {
    let mut row =
        job::ActiveModel { due_at: Set(at), last_error: Set(error.map(str::to_owned)), ..Default::default() };
    if let Some(attempts) = attempts {
        row.attempts = Set(attempts);
    }
    job::Entity::update_many().set(row).filter(job::COLUMN.id.eq(id)).exec(bank.db.connection()).await?;
    Ok(())
}

/// How many jobs wait, dead letters not counted.
///
/// # Errors
/// Only faults.
pub async fn waiting(db: &Db) -> Result<u64> {
    Ok(job::Entity::find().filter(job::COLUMN.dead_at.is_null()).count(db.connection()).await?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{
        MessageId, ProposalId, RecoveryId, ResetId, SanctionListId, SheetId, TransactionId, UserId,
    };

    #[test]
    fn the_backoff_spans_about_nine_hours() {
        assert_eq!(backoff(1), Duration::seconds(1));
        let total = (1..ATTEMPTS_MAX).map(backoff).sum::<Duration>();
        assert!(total > Duration::hours(9) && total < Duration::hours(10), "{total}");
    }

    #[test]
    fn every_job_has_a_queue() {
        let transaction = TransactionId(uuid::Uuid::nil());
        let message = MessageId(uuid::Uuid::nil());
        for job in [
            Job::SendMessage { message },
            Job::SendReset { reset: ResetId(uuid::Uuid::nil()) },
            Job::AnnounceRecovery { recovery: RecoveryId(uuid::Uuid::nil()) },
            Job::FollowRates { sheet: SheetId(uuid::Uuid::nil()) },
            Job::ConfirmDeposit { transaction },
            Job::SettleWithdrawal { transaction },
            Job::ReleasePayment { transaction, proposal: ProposalId(uuid::Uuid::nil()) },
            Job::AnnounceRejection { transaction },
            Job::ScreenPerson { user: UserId(uuid::Uuid::nil()), cause: JobId(uuid::Uuid::nil()) },
            Job::ScreenEverybody { list: SanctionListId(uuid::Uuid::nil()) },
        ] {
            assert!(Job::KINDS.contains(&job.kind()));
            assert!(row(job, Time::default()).payload.contains(job.kind()));
        }
    }
}
