//! One measured run: load, with meters on the processes beside it.
//!
//! Guarantees: what the run was acknowledged is in the log before the next one begins.

use crate::checker::Log;
use crate::load::{self, Counter, Payees, Teller};
use crate::machine::Meter;
use crate::plan::Plan;
use crate::table::{Key, Round, Row};
use entity::Bank;
use std::time::Duration;

/// What a run runs beside.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Beside<'a> {
    /// Processes of apis.
    pub(crate) api: &'a [u32],
    /// First processes of databases.
    pub(crate) database: &'a [u32],
}

/// Load whose acts are real and logged; whose acts leave nothing behind, without a log.
pub(crate) async fn drive<T: Teller>(
    plan: &Plan,
    tellers: Vec<T>,
    payees: Payees,
    log: Option<&Log>,
    beside: Beside<'_>,
) -> Result<Row, String> {
    drive_for(plan.time, plan.people, tellers, payees, log, beside).await
}

/// The same for so long, among so many people.
pub(crate) async fn drive_for<T: Teller>(
    time: Duration,
    people: usize,
    tellers: Vec<T>,
    payees: Payees,
    log: Option<&Log>,
    beside: Beside<'_>,
) -> Result<Row, String> {
    let meter = Meter::start(beside.api, beside.database);
    let run = load::run(tellers, payees, people, time / 4, time).await?;
    let cpu = meter.stop();
    if let Some(log) = log {
        log.append(&run.acknowledged)?;
    }
    let rate = per_second(run.done, run.time);
    Ok(Row { rate, p50: run.quantile(500), p99: run.quantile(990), cpu })
}

/// Has everybody be paid once, or as many as can be in so long: what is measured afterwards is a bank at work, and not
/// one that has just been opened.
pub(crate) async fn warm_up<T: Teller>(
    patience: Duration,
    people: usize,
    tellers: Vec<T>,
    log: Option<&Log>,
) -> Result<(), String> {
    let run = load::run(tellers, Payees::Each, people, patience, Duration::ZERO).await?;
    log.map_or(Ok(()), |log| log.append(&run.acknowledged))
}

/// So many clients that are in the bank itself.
pub(crate) fn counters(bank: &Bank, clients: usize) -> Vec<Counter> {
    (0..clients).map(|_| Counter(bank.clone())).collect()
}

/// How many a second.
pub(crate) fn per_second(count: u64, time: Duration) -> u64 {
    count * 1_000_000 / u64::try_from(time.as_micros()).unwrap_or(u64::MAX).max(1)
}

/// Says what was measured, and keeps it.
pub(crate) fn note(round: &mut Round, key: Key, row: Row) {
    eprintln!("  {:<40} {:>5} clients {:>7}/s  p50 {:?}  p99 {:?}", key.0, key.1, row.rate, row.p50, row.p99);
    round.insert(key, row);
}
