//! What is left of a person's limits, for it to see.

use crate::account;
use crate::bank::Bank;
use crate::clock::Time;
use crate::error::Result;
use crate::id::UserId;
use crate::money::{Currency, Money};
use crate::standing;

/// What is left of a limit, in euros.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    /// The most.
    pub limit: Money,
    /// What has left already.
    pub used: Money,
    /// What may still leave.
    pub remaining: Money,
    /// When the window ends.
    pub resets_at: Time,
}

/// The most that a person may send in one payment, in euros.
///
/// # Errors
/// `NOT_FOUND`.
pub async fn once(bank: &Bank, user: UserId) -> Result<Money> {
    let level = standing::read(bank.db.connection(), user).await?.level;
    Ok(Money { minor: bank.limits.of(level).once, currency: Currency::EUR })
}

/// What is left of a person's limits: of today's and of this month's.
///
/// # Errors
/// `NOT_FOUND`.
pub async fn left(bank: &Bank, user: UserId) -> Result<[Left; 2]> {
    let now = bank.clock.now();
    let level = standing::read(bank.db.connection(), user).await?.level;
    let limit = bank.limits.of(level);
    let spent = account::spent(&bank.db, user).await?.as_of(now);
    let (day_ends, month_ends) = spent.ends().unwrap_or((now, now));
    let euros = |minor| Money { minor, currency: Currency::EUR };
    let left = |limit: i64, used: i64, resets_at| {
        let remaining = limit.saturating_sub(used).max(0);
        Left { limit: euros(limit), used: euros(used), remaining: euros(remaining), resets_at }
    };
    let [day, month] = [left(limit.day, spent.day, day_ends), left(limit.month, spent.month, month_ends)];
    // Nothing more leaves today than may leave in this month.
    let remaining = if month.remaining.minor < day.remaining.minor { month.remaining } else { day.remaining };
    Ok([Left { remaining, ..day }, month])
}
