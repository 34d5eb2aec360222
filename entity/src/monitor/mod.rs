//! The monitor: what goes on in the wallet just now, for operators to watch.
//!
//! Guarantees: the figures are of one second at most before they are shown, and are the same for all who look within that
//! second. Who follows them hears them at once and then at its own pace, as long as its session is open and has one of
//! [`ROLES`]: both are looked at before each time. To follow is no use of a session, which ends as if nobody did.
//!
//! Refuses `PACE_INVALID`, `ROLE_MISSING`, `SESSION_ENDED`.
//!
//! Costs a process eight questions a second, one after the other on one connection, however many follow, and none if
//! nobody does; each looks at 5,000 rows at most, along an index. A follower costs one question about
//! its session each time.

mod figures;

pub use figures::{Activity, Flow, Waiting};

use crate::bank::Bank;
use crate::clock::Time;
use crate::error::{Error, Result};
use crate::operator::{self, Officer, Role};
use crate::refusal::{Code, Refusal};
use chrono::Duration;
use futures::stream::{self, BoxStream, StreamExt};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::time::{Interval, MissedTickBehavior, interval};

/// Who may watch.
pub const ROLES: [Role; 2] = [Role::Engineer, Role::Reviewer];

/// How long the figures are good.
const FRESH: Duration = Duration::seconds(1);

/// How long a follower waits between two looks, at least and at most, in seconds.
const PACE: std::ops::RangeInclusive<u64> = 1..=60;

#[derive(Debug, Default)]
struct Inner {
    seen: Mutex<Option<Arc<Activity>>>,
    /// Held by who looks; the others wait for what it has seen.
    looking: tokio::sync::Mutex<()>,
}

/// The figures as they were last seen. Clones share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Monitor(Arc<Inner>);

impl Monitor {
    fn fresh(&self, now: Time) -> Option<Arc<Activity>> {
        let seen = self.0.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()?;
        (seen.at <= now && now < seen.at + FRESH).then_some(seen)
    }
}

/// How long a follower waits between two looks.
///
/// # Errors
/// `PACE_INVALID`.
pub fn parse_pace(seconds: i32) -> Result<std::time::Duration, Refusal> {
    let seconds = u64::try_from(seconds).ok().filter(|seconds| PACE.contains(seconds));
    seconds.map(std::time::Duration::from_secs).ok_or(Code::PaceInvalid.at("everySeconds"))
}

/// What goes on now.
///
/// # Errors
/// Only faults.
pub async fn now(bank: &Bank) -> Result<Arc<Activity>> {
    let Inner { seen, looking } = &*bank.monitor.0;
    if let Some(activity) = bank.monitor.fresh(bank.clock.now()) {
        return Ok(activity);
    }
    let _looking = looking.lock().await;
    if let Some(activity) = bank.monitor.fresh(bank.clock.now()) {
        return Ok(activity);
    }
    let activity = Arc::new(figures::read(bank).await?);
    *seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(activity.clone());
    Ok(activity)
}

/// Somebody who follows.
struct Follower {
    bank: Bank,
    officer: Officer,
    ticks: Interval,
    is_over: bool,
}

impl Follower {
    /// What goes on, when its time has come; or why that is not shown any more.
    async fn next(mut self) -> Option<(Result<Arc<Activity>>, Self)> {
        if self.is_over {
            return None;
        }
        loop {
            self.ticks.tick().await;
            match look(&self.bank, &self.officer).await {
                // What can't be read now is looked at again the next time.
                Err(Error::Fault(fault)) => tracing::warn!(%fault, "what goes on can't be read"),
                seen => {
                    self.is_over = seen.is_err();
                    return Some((seen, self));
                }
            }
        }
    }
}

/// What goes on now, for an operator who may still know.
async fn look(bank: &Bank, officer: &Officer) -> Result<Arc<Activity>> {
    operator::look(bank, officer).await?.require_one(&ROLES)?;
    now(bank).await
}

/// Follows what goes on: how it is now, and then each time at this pace, until the operator may not any more.
pub fn follow(
    bank: &Bank,
    officer: &Officer,
    pace: std::time::Duration,
) -> BoxStream<'static, Result<Arc<Activity>>> {
    let mut ticks = interval(pace);
    // Who is slow to listen is not told what it has missed.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let follower = Follower { bank: bank.clone(), officer: officer.clone(), ticks, is_over: false };
    stream::unfold(follower, Follower::next).boxed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pace_is_of_a_second_to_a_minute() {
        assert_eq!(parse_pace(1).unwrap().as_secs(), 1);
        assert_eq!(parse_pace(60).unwrap().as_secs(), 60);
        for seconds in [i32::MIN, -1, 0, 61, i32::MAX] {
            assert_eq!(parse_pace(seconds).unwrap_err(), Code::PaceInvalid.at("everySeconds"));
        }
    }
}
