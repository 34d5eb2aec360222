//! Limits: what the person may still send away.

use crate::money::Money;
use async_graphql::{Enum, SimpleObject};
use chrono::{DateTime, Utc};
use entity::limit::Left;

/// A window in which payments count together, in UTC.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
pub(crate) enum LimitPeriod {
    /// From midnight to midnight.
    Day,
    /// From the first of the month to the next.
    Month,
}

/// What may leave in a window: to whomever, in whatever currency, at its worth in euros when it left.
#[derive(SimpleObject)]
pub(crate) struct Limit {
    /// The window.
    period: LimitPeriod,
    /// The most that may leave.
    limit: Money,
    /// What has left.
    used: Money,
    /// What may still leave.
    remaining: Money,
    /// When the window ends and the next begins with nothing used.
    resets_at: DateTime<Utc>,
}

impl Limit {
    /// The limit of a window.
    pub(crate) fn new(period: LimitPeriod, left: Left) -> Self {
        Self {
            period,
            limit: Money(left.limit),
            used: Money(left.used),
            remaining: Money(left.remaining),
            resets_at: left.resets_at,
        }
    }
}
