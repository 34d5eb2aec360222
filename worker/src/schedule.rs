//! What happens by the clock: rates are refreshed, the ledger is audited, what has expired is
//! forgotten. Every task may run in several workers at once and does no harm twice.

use crate::context::Context;
use crate::{rate, sanction};
use apalis::prelude::{Data, WorkerBuilder};
use apalis_cron::{CronScheduler, Tick};
use cron::Schedule;
use entity::{
    Bank, Error, api_key, challenge, fraud, guard, ledger, message, operator, passkey, password_reset, quote,
    recovery, review, session, signing_key, throttle, vault, verification,
};
use std::future::Future;
use std::str::FromStr;

/// Each task and when it runs: second, minute, hour, day, month, weekday.
const TASKS: [(Task, &str); 9] = [
    (Task::RefreshRates, "*/15 * * * * *"),
    (Task::WatchPayments, "*/5 * * * * *"),
    (Task::EndReviews, "20 * * * * *"),
    (Task::ReadSanctionLists, "5 * * * * *"),
    (Task::AuditLedger, "30 */10 * * * *"),
    (Task::ForgetExpired, "45 7 * * * *"),
    (Task::FinishRecoveries, "10 * * * * *"),
    (Task::Reseal, "15 3 * * * *"),
    (Task::RotateKeys, "20 4 * * * *"),
];

/// What happens by the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// Asks the sources of exchange rates.
    RefreshRates,
    /// Looks at what has moved, and tells operators of what looks like fraud.
    WatchPayments,
    /// Sends back what has waited too long for operators.
    EndReviews,
    /// Reads the sanctions lists whose files have changed.
    ReadSanctionLists,
    /// Checks every law of the ledger.
    AuditLedger,
    /// Removes codes, messages, counters, sessions and keys that are long over.
    ForgetExpired,
    /// Gives wallets whose handles are lost another one, three days after it was approved.
    FinishRecoveries,
    /// Seals with the master key in use what older ones have sealed.
    Reseal,
    /// Makes the next signing key when its time has come.
    RotateKeys,
}

/// Does a task now.
///
/// # Errors
/// A text for the log; the task comes round again.
pub async fn perform(context: &Context, task: Task) -> Result<(), String> {
    let text = |error: Error| error.to_string();
    let bank: &Bank = &context.bank;
    match task {
        Task::RefreshRates => rate::refresh(context).await.map_err(text),
        Task::WatchPayments => {
            let seen = fraud::watch(bank).await.map_err(text)?;
            if seen.reported > 0 {
                tracing::warn!(seen.judged, seen.reported, "payments look like fraud");
            }
            Ok(())
        }
        Task::EndReviews => {
            let rejected = review::reject_overdue(bank).await.map_err(text)?;
            if rejected > 0 {
                tracing::warn!(rejected, "payments were sent back, since no operator has looked into them");
            }
            Ok(())
        }
        Task::ReadSanctionLists => sanction::read_lists(context).await.map_err(text),
        Task::AuditLedger => ledger::audit::run(bank).await.map(drop).map_err(text),
        Task::ForgetExpired => {
            let codes = verification::forget_expired(bank).await.map_err(text)?;
            let messages = message::forget_sent(bank).await.map_err(text)?;
            api_key::forget_expired(bank).await.map_err(text)?;
            challenge::forget_expired(bank).await.map_err(text)?;
            passkey::forget_expired(bank).await.map_err(text)?;
            password_reset::forget_expired(bank).await.map_err(text)?;
            guard::forget_expired(bank).await.map_err(text)?;
            throttle::forget_expired(bank).await.map_err(text)?;
            operator::forget_expired(bank).await.map_err(text)?;
            recovery::forget_expired(bank).await.map_err(text)?;
            let quotes = quote::forget_expired(bank).await.map_err(text)?;
            let sheets = entity::rate::thin_out(bank).await.map_err(text)?;
            let sessions = session::forget_expired(bank).await.map_err(text)?;
            tracing::info!(codes, messages, quotes, sheets, sessions, "forgot what has expired");
            Ok(())
        }
        Task::FinishRecoveries => {
            let done = recovery::finish_due(bank).await.map_err(text)?;
            if done > 0 {
                tracing::info!(done, "wallets have another handle");
            }
            Ok(())
        }
        Task::RotateKeys => {
            if signing_key::rotate(bank).await.map_err(text)? {
                tracing::info!("there is a new signing key");
            }
            Ok(())
        }
        Task::Reseal => {
            let written = vault::reseal(bank).await.map_err(text)?;
            if written > 0 {
                tracing::info!(written, "sealed anew; the older master keys are needed no more");
            }
            Ok(())
        }
    }
}

async fn tick(_tick: Tick, job: Data<(Context, Task)>) {
    let (context, task) = &*job;
    if let Err(reason) = perform(context, *task).await {
        tracing::error!(?task, reason, "a scheduled task failed");
    }
}

/// Runs all tasks at their times, and the rates and the lists once at the start, until `shutdown`.
pub(crate) async fn run(context: Context, shutdown: impl Future<Output = ()>) {
    if let Err(reason) = perform(&context, Task::RefreshRates).await {
        tracing::warn!(reason, "no exchange rates at start");
    }
    if let Err(reason) = perform(&context, Task::ReadSanctionLists).await {
        tracing::warn!(reason, "no sanctions lists at start");
    }
    let workers = TASKS.into_iter().filter_map(|(task, when)| {
        let schedule = Schedule::from_str(when).ok()?;
        let worker = WorkerBuilder::new(format!("{task:?}"))
            .backend(CronScheduler::new(schedule))
            .data((context.clone(), task))
            .build(tick);
        Some(async move {
            if let Err(error) = worker.run().await {
                tracing::error!(?task, %error, "a schedule stopped");
            }
        })
    });
    tokio::select! {
        _ended = futures::future::join_all(workers) => {}
        () = shutdown => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_task_has_a_time_that_can_be_read() {
        for (task, when) in TASKS {
            assert!(Schedule::from_str(when).is_ok(), "{task:?} {when}");
        }
    }
}
