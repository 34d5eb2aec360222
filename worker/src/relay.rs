//! The relay: from the outbox to the queues.
//!
//! It wakes at the bell, when the next job is due, and every few seconds in any case. Several
//! relays may run at once: each takes different jobs. What it pushed and nobody finished comes up
//! again by itself, so it need not know what became of it.

use crate::queue::{Queues, Ticket};
use entity::bell::Listener;
use entity::outbox::Job;
use entity::{Bank, Error, relay};
use std::collections::HashMap;
use std::time::Duration;

/// Jobs pushed at a time.
const ROUND: u64 = 500;
/// How long it sleeps at most: a ring that was lost costs no more than this.
const NAP_MAX: Duration = Duration::from_secs(1);
/// How long it waits after a fault.
const PAUSE: Duration = Duration::from_secs(1);

/// Pushes due jobs until it is dropped.
pub(crate) async fn run(bank: Bank, queues: Queues, mut bell: Listener) {
    loop {
        match push_due(&bank, &queues).await {
            Ok(pushed) if pushed == ROUND => {}
            Ok(_) => {
                tokio::select! {
                    // Under load it has rung meanwhile, and nobody asks when the next job is due.
                    biased;
                    () = bell.rung() => {}
                    () = nap(&bank) => {}
                }
            }
            Err(reason) => {
                tracing::error!(reason, "the relay could not push");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// Pushes what is due now, at most one round; says how many jobs were taken.
pub(crate) async fn push_due(bank: &Bank, queues: &Queues) -> Result<u64, String> {
    let text = |error: Error| error.to_string();
    let entries = relay::claim(bank, ROUND).await.map_err(text)?;
    let mut by_kind: HashMap<&'static str, Vec<Ticket>> = HashMap::new();
    for entry in &entries {
        by_kind.entry(Job::kind(entry.job)).or_default().push(Ticket { job: entry.id.0 });
    }
    for (kind, tickets) in by_kind {
        queues.push(kind, tickets).await.map_err(|fault| fault.to_string())?;
    }
    Ok(u64::try_from(entries.len()).unwrap_or(ROUND))
}

/// Sleeps until the next job is due.
async fn nap(bank: &Bank) {
    let time = match relay::next_due(&bank.db).await {
        Ok(Some(due)) => (due - bank.clock.now()).to_std().unwrap_or_default().min(NAP_MAX),
        Ok(None) | Err(_) => NAP_MAX,
    };
    tokio::time::sleep(time).await;
}
