//! What goes on in the wallet just now, as operators watch it.

use super::acting_as_one;
use super::rate::AlertKind;
use crate::authentication::bank;
use crate::error::{ApiError, ApiResult};
use crate::money::Money;
use crate::transaction::TransactionKind;
use async_graphql::{Context, Object, SimpleObject, Subscription};
use chrono::{DateTime, Utc};
use entity::{money, monitor};
use futures::{Stream, StreamExt};

/// Payments of one kind lately.
#[derive(SimpleObject)]
pub(crate) struct PaymentFlow {
    /// Of which kind.
    kind: TransactionKind,
    /// How many.
    count: i64,
    /// How many a second, rounded.
    per_second: i64,
    /// How much a minute, in euros at the rates of now. What no rate is known for adds nothing.
    money_per_minute: Money,
}

/// Payments that wait for operators.
#[derive(SimpleObject)]
pub(crate) struct HeldPayments {
    /// How many; 5,000 are counted.
    count: i64,
    /// Since when the oldest waits.
    oldest_at: Option<DateTime<Utc>>,
    /// For how many seconds.
    oldest_seconds: Option<i64>,
    /// How much they are, in euros at the rates of now.
    money: Money,
}

/// Open alerts of one kind.
#[derive(SimpleObject)]
pub(crate) struct AlertCount {
    /// Of which kind.
    kind: AlertKind,
    /// How many.
    count: i64,
}

/// Reports of payments that wait for a decision.
#[derive(SimpleObject)]
pub(crate) struct DisputeCount {
    /// How many; 5,000 are counted.
    open: i64,
    /// How many of them should have been decided.
    overdue: i64,
}

/// What goes on in the wallet.
#[derive(SimpleObject)]
pub(crate) struct Activity {
    /// As of when.
    at: DateTime<Utc>,
    /// Lately is since then: for a minute, or less where more than 5,000 payments came in a minute.
    since: DateTime<Utc>,
    /// Payments lately that were made or are under way: one line for each kind.
    flows: Vec<PaymentFlow>,
    /// Payments lately that have failed or were sent back.
    failed: i64,
    /// Payments in the last minute that were refused since they looked like fraud.
    blocked: i64,
    /// Questions before a payment in the last minute.
    challenged: i64,
    /// Payments that wait for operators.
    in_review: HeldPayments,
    /// Open alerts: one line for each kind of which there are some.
    alerts: Vec<AlertCount>,
    /// Reports of payments that wait for a decision.
    disputes: DisputeCount,
    /// Jobs that were given up.
    dead_letters: i64,
}

fn euros(minor: i64) -> Money {
    Money(money::Money { minor, currency: money::Currency::EUR })
}

impl From<monitor::Flow> for PaymentFlow {
    fn from(flow: monitor::Flow) -> Self {
        Self {
            kind: flow.kind.into(),
            count: flow.count,
            per_second: flow.per_second,
            money_per_minute: euros(flow.cents_per_minute),
        }
    }
}

impl From<&monitor::Activity> for Activity {
    fn from(seen: &monitor::Activity) -> Self {
        let held = seen.in_review;
        Self {
            at: seen.at,
            since: seen.since,
            flows: seen.flows.iter().copied().map(PaymentFlow::from).collect(),
            failed: seen.failed,
            blocked: seen.blocked,
            challenged: seen.challenged,
            in_review: HeldPayments {
                count: held.count,
                oldest_at: held.oldest_at,
                oldest_seconds: held.oldest_at.map(|oldest| (seen.at - oldest).num_seconds()),
                money: euros(held.cents),
            },
            alerts: seen.alerts.iter().map(|(kind, count)| (*kind, *count).into()).collect(),
            disputes: DisputeCount { open: seen.disputes, overdue: seen.overdue_disputes },
            dead_letters: seen.dead_letters,
        }
    }
}

impl From<(entity::alert::AlertKind, i64)> for AlertCount {
    fn from((kind, count): (entity::alert::AlertKind, i64)) -> Self {
        Self { kind: kind.into(), count }
    }
}

#[derive(Default)]
pub(crate) struct MonitorQuery;

#[Object]
impl MonitorQuery {
    /// What goes on in the wallet just now, to the second. For engineers and reviewers.
    async fn activity_now(&self, context: &Context<'_>) -> ApiResult<Activity> {
        acting_as_one(context, &monitor::ROLES, None).await?;
        Ok(Activity::from(&*monitor::now(bank(context)?).await?))
    }
}

#[derive(Default)]
pub(crate) struct MonitorSubscription;

#[Subscription]
impl MonitorSubscription {
    /// What goes on in the wallet: how it is at once, and then again and again, until the operator's session ends or it has
    /// none of the roles any more; to follow is no use of the session. For engineers and reviewers. Refuses `PACE_INVALID`.
    async fn activity(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How often: every 1 to 60 seconds.", default = 5)] every_seconds: i32,
    ) -> Result<impl Stream<Item = ApiResult<Activity>> + use<>, ApiError> {
        let officer = acting_as_one(context, &monitor::ROLES, None).await?;
        let pace = monitor::parse_pace(every_seconds)?;
        let seen = monitor::follow(bank(context)?, officer, pace);
        Ok(seen.map(|seen| -> ApiResult<Activity> { Ok(Activity::from(&*seen?)) }))
    }
}
