//! Throttles: how often something may be tried, by handle, person, address, device or session.
//!
//! Guarantees: a try is counted before it is made, in the database, so that neither aliases nor many
//! connections nor several apis gain anything. When a window is spent the next one is twice as long,
//! up to [`STRIKES_MAX`] times. What is shut is also remembered by the [`Gate`], so that a flood does not
//! reach the database; without the gate the same holds, more slowly.
//!
//! Refuses `TOO_MANY_TRIES`, with the seconds after which to come again.

use crate::bank::Bank;
use crate::clock::Time;
use crate::error::{Error, Result};
use crate::handle::Fingerprint;
use crate::id::{DeviceId, SessionId, UserId};
use crate::origin::Origin;
use crate::refusal::Code;
use crate::table::throttle;
use async_trait::async_trait;
use chrono::Duration;
use quick_cache::sync::Cache;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect};
use std::fmt;

/// Doublings of a window at most: eight times as long.
const STRIKES_MAX: i32 = 3;
/// After so long without a spent window the next one is short again.
const FORGIVEN: Duration = Duration::days(1);
/// Shut keys that a process remembers.
const SHUT_MAX: usize = 65_536;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counted {
    /// Passwords shown.
    SignIn,
    /// Codes sent.
    SendCode,
    /// Codes shown.
    ShowCode,
    /// Answers to questions.
    Answer,
    /// Questions asked with a code that is sent.
    SendQuestion,
    /// Passwords shown again in a session.
    Confirm,
    /// Sign-ins with a passkey begun.
    Ceremony,
    /// Payees that nobody is.
    UnknownPayee,
    /// Wallets said to have lost their handle.
    OpenCase,
    /// Answers to security questions.
    SecurityQuestions,
    /// Prices that the house is to stand by.
    Quote,
}

/// By what it is counted.
#[derive(Clone, Copy, Debug)]
pub(crate) enum By<'a> {
    /// The handle that is tried.
    Handle(Fingerprint),
    /// The client's address.
    Address(&'a Origin),
    /// A device that has signed in before, so that others can't shut its owner out.
    Device(DeviceId),
    /// A session, so that another one of the same person can't shut it out.
    Session(SessionId),
}

impl By<'_> {
    /// A person who is known already.
    pub(crate) fn user(user: UserId) -> Self {
        Self::Handle(Fingerprint(user.0))
    }
}

/// So many in so long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Rule {
    tries: i32,
    window: Duration,
}

/// The rules. The README states them.
fn rule(counted: Counted, by: By<'_>) -> Rule {
    let (tries, window) = match (counted, by) {
        (Counted::SignIn, By::Handle(_) | By::Device(_) | By::Session(_)) => (5, Duration::minutes(15)),
        (Counted::SignIn, By::Address(_)) => (20, Duration::hours(6)),
        (Counted::SendCode, By::Handle(_) | By::Device(_) | By::Session(_)) => (3, Duration::hours(1)),
        (Counted::SendCode, By::Address(_)) => (10, Duration::hours(1)),
        (Counted::ShowCode, By::Handle(_) | By::Device(_) | By::Session(_)) => (10, Duration::hours(1)),
        (Counted::ShowCode, By::Address(_)) => (30, Duration::hours(1)),
        (Counted::Confirm, _) => (5, Duration::minutes(15)),
        (Counted::Ceremony, _) => (60, Duration::hours(1)),
        (Counted::Quote, _) => (60, Duration::minutes(1)),
        (Counted::SendQuestion | Counted::UnknownPayee, _) => (20, Duration::hours(1)),
        (Counted::OpenCase, _) => (3, Duration::days(1)),
        (Counted::Answer, _) => (10, Duration::hours(1)),
        (Counted::SecurityQuestions, _) => (5, Duration::days(1)),
    };
    Rule { tries, window }
}

/// A counter as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Count {
    used: i32,
    strikes: i32,
    ends_at: Time,
}

/// Counts one try; beyond the rule, the counter is shut until its window ends.
fn count(before: Option<Count>, rule: Rule, now: Time) -> (Count, bool) {
    match before {
        Some(open) if open.ends_at > now => {
            let used = open.used.saturating_add(1).min(rule.tries.saturating_add(1));
            (Count { used, ..open }, used <= rule.tries)
        }
        over => {
            let recent = over.filter(|over| over.ends_at + FORGIVEN > now);
            let strikes = recent.map_or(0, |over| {
                let spent = over.used > rule.tries;
                if spent { over.strikes.saturating_add(1).min(STRIKES_MAX) } else { over.strikes }
            });
            let window = (0..strikes).fold(rule.window, |window, _| window * 2);
            (Count { used: 1, strikes, ends_at: now + window }, true)
        }
    }
}

/// Remembers what is shut, quickly and perhaps not at all.
#[async_trait]
pub trait Gate: Send + Sync + fmt::Debug {
    /// Until when a key is shut, as far as is remembered.
    async fn shut_until(&self, key: Fingerprint) -> Option<Time>;
    /// Remembers that a key is shut.
    async fn shut(&self, key: Fingerprint, until: Time, now: Time);
    /// Forgets that a key is shut.
    async fn open(&self, key: Fingerprint);
}

/// What one process remembers.
pub(crate) struct Memory(Cache<Fingerprint, Time>);

impl Default for Memory {
    fn default() -> Self {
        Self(Cache::new(SHUT_MAX))
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Memory")
    }
}

#[async_trait]
impl Gate for Memory {
    async fn shut_until(&self, key: Fingerprint) -> Option<Time> {
        self.0.get(&key)
    }

    async fn shut(&self, key: Fingerprint, until: Time, _now: Time) {
        self.0.insert(key, until);
    }

    async fn open(&self, key: Fingerprint) {
        self.0.remove(&key);
    }
}

fn key(bank: &Bank, counted: Counted, by: By<'_>) -> Option<Fingerprint> {
    let name = format!("throttle {counted:?}");
    let digest = |kind: &[u8], value: &[u8]| bank.vault.digest(&[name.as_bytes(), kind, value]);
    Some(match by {
        By::Handle(handle) => digest(b"handle", handle.0.as_bytes()),
        By::Device(device) => digest(b"device", device.0.as_bytes()),
        By::Session(session) => digest(b"session", session.0.as_bytes()),
        By::Address(origin) => digest(b"address", origin.counted()?.to_string().as_bytes()),
    })
}

/// Counts a try before it is made.
///
/// # Errors
/// `TOO_MANY_TRIES`.
pub(crate) async fn take(bank: &Bank, counted: Counted, by: By<'_>) -> Result<()> {
    let Some(key) = key(bank, counted, by) else {
        return Ok(());
    };
    let now = bank.clock.now();
    if let Some(until) = bank.gate.shut_until(key).await.filter(|until| *until > now) {
        return Err(refused(until, now));
    }
    let (count, open) = record(bank, key, rule(counted, by), now).await?;
    if open {
        return Ok(());
    }
    bank.gate.shut(key, count.ends_at, now).await;
    Err(refused(count.ends_at, now))
}

fn refused(until: Time, now: Time) -> Error {
    let seconds = u32::try_from((until - now).num_seconds().saturating_add(1)).unwrap_or(u32::MAX);
    Code::TooManyTries.after(seconds).into()
}

async fn record(bank: &Bank, key: Fingerprint, rule: Rule, now: Time) -> Result<(Count, bool)> {
    let tx = bank.db.begin().await?;
    let fresh = throttle::Model { key, used: 0, strikes: 0, ends_at: now };
    throttle::Entity::insert(fresh.into_active_model())
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .try_insert()
        .exec_without_returning(&tx)
        .await?;
    let row = throttle::Entity::find_by_id(key).lock_exclusive().one(&tx).await?;
    let before = row.map(|row| Count { used: row.used, strikes: row.strikes, ends_at: row.ends_at });
    let (after, open) = count(before, rule, now);
    let Count { used, strikes, ends_at } = after;
    let set = throttle::ActiveModel {
        used: Set(used),
        strikes: Set(strikes),
        ends_at: Set(ends_at),
        ..Default::default()
    };
    throttle::Entity::update_many().set(set).filter(throttle::COLUMN.key.eq(key)).exec(&tx).await?;
    tx.commit().await?;
    Ok((after, open))
}

/// Forgets the tries of who has shown to be right.
pub(crate) async fn forgive(bank: &Bank, counted: Counted, by: By<'_>) -> Result<()> {
    if let Some(key) = key(bank, counted, by) {
        throttle::Entity::delete_by_id(key).exec(bank.db.connection()).await?;
        bank.gate.open(key).await;
    }
    Ok(())
}

/// Forgets counters that ended long ago.
///
/// # Errors
/// Only faults.
pub async fn forget_expired(bank: &Bank) -> Result<u64> {
    let before = bank.clock.now() - FORGIVEN;
    let old = throttle::Entity::delete_many().filter(throttle::Column::EndsAt.lt(before));
    Ok(old.exec(bank.db.connection()).await?.rows_affected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_spent_window_doubles_the_next_and_a_quiet_day_forgives() {
        let rule = Rule { tries: 3, window: Duration::minutes(10) };
        let start = Time::default();
        let mut state = None;
        let mut made = Vec::new();
        // Somebody tries every minute for a day.
        for minute in 0..24 * 60 {
            let (after, open) = count(state, rule, start + Duration::minutes(minute));
            state = Some(after);
            if open {
                made.push(minute);
            }
        }
        assert_eq!(made[..9], [0, 1, 2, 10, 11, 12, 30, 31, 32]);
        assert!(made.len() <= 3 * 21, "{made:?}");
        let later = state.unwrap().ends_at + FORGIVEN;
        let (after, open) = count(state, rule, later);
        assert!(open && after.strikes == 0 && after.ends_at == later + rule.window);
    }

    #[test]
    fn a_window_that_was_not_spent_is_no_strike() {
        let rule = Rule { tries: 3, window: Duration::minutes(10) };
        let (first, _) = count(None, rule, Time::default());
        let (second, open) = count(Some(first), rule, first.ends_at);
        assert!(open && second.strikes == 0);
    }
}
