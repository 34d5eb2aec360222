//! Rates that somebody waits for.

use crate::authentication::{bank, caller};
use crate::error::ApiResult;
use crate::id::Named;
use crate::money::{Currency, Decimal};
use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};
use entity::id::RateAlertId;
use entity::rate_alert::{self, parse_rate};

/// From which side a rate is to come.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "rate_alert::Direction")]
pub(crate) enum RateDirection {
    /// It is to be at least so much.
    Above,
    /// It is to be at most so much.
    Below,
}

/// What has become of an alert.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "rate_alert::AlertState")]
pub(crate) enum RateAlertState {
    /// It waits.
    Open,
    /// The rate was reached, and the person told.
    Reached,
    /// It was cancelled.
    Cancelled,
}

/// A rate that the person waits for; it is told once.
#[derive(SimpleObject)]
pub(crate) struct RateAlert {
    /// The global id.
    id: ID,
    /// What is priced.
    base: Currency,
    /// In what.
    quote: Currency,
    /// From which side.
    direction: RateDirection,
    /// For which rate, in the middle.
    rate: Decimal,
    /// What has become of it.
    state: RateAlertState,
    /// When it was made.
    created_at: DateTime<Utc>,
    /// When it ended.
    ended_at: Option<DateTime<Utc>>,
}

impl From<rate_alert::RateAlert> for RateAlert {
    fn from(alert: rate_alert::RateAlert) -> Self {
        Self {
            id: alert.id.to_global().to_id(),
            base: alert.base.into(),
            quote: alert.quote.into(),
            direction: alert.direction.into(),
            rate: Decimal(alert.rate.to_string()),
            state: alert.state.into(),
            created_at: alert.created_at,
            ended_at: alert.ended_at,
        }
    }
}

/// A rate to wait for.
#[derive(InputObject)]
pub(crate) struct CreateRateAlertInput {
    /// What is priced.
    base: Currency,
    /// In what.
    quote: Currency,
    /// From which side.
    direction: RateDirection,
    /// For which rate: at most twelve decimal digits.
    rate: Decimal,
}

/// The person is told when the rate is reached.
#[derive(SimpleObject)]
pub(crate) struct CreateRateAlertPayload {
    /// The alert.
    alert: RateAlert,
}

/// The alert to be cancelled.
#[derive(InputObject)]
pub(crate) struct CancelRateAlertInput {
    /// The global id.
    id: ID,
}

/// It waits no longer.
#[derive(SimpleObject)]
pub(crate) struct CancelRateAlertPayload {
    /// The alert.
    alert: RateAlert,
}

#[derive(Default)]
pub(crate) struct RateAlertQuery;

#[Object]
impl RateAlertQuery {
    /// The last hundred rate alerts, newest first.
    async fn rate_alerts(&self, context: &Context<'_>) -> ApiResult<Vec<RateAlert>> {
        let alerts = rate_alert::list(bank(context)?, caller(context)?.user).await?;
        Ok(alerts.into_iter().map(RateAlert::from).collect())
    }
}

#[derive(Default)]
pub(crate) struct RateAlertMutation;

#[Object]
impl RateAlertMutation {
    /// Tells the person, once, when a rate is reached. Refuses `SAME_CURRENCY`, `PAIR_UNKNOWN`, `RATE_INVALID`, `ORDER_LIMIT`.
    async fn create_rate_alert(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The rate to wait for.")] input: CreateRateAlertInput,
    ) -> ApiResult<CreateRateAlertPayload> {
        let user = caller(context)?.user;
        let pair = (input.base.parse_currency()?, input.quote.parse_currency()?);
        let rate = parse_rate(&input.rate.0)?;
        let alert = rate_alert::create(bank(context)?, user, pair, input.direction.into(), rate).await?;
        Ok(CreateRateAlertPayload { alert: alert.into() })
    }

    /// Waits no longer. Refuses `NOT_FOUND`.
    async fn cancel_rate_alert(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which.")] input: CancelRateAlertInput,
    ) -> ApiResult<CancelRateAlertPayload> {
        let (user, id) = (caller(context)?.user, RateAlertId::parse(&input.id, "id")?);
        let alert = rate_alert::cancel(bank(context)?, user, id).await?;
        Ok(CancelRateAlertPayload { alert: alert.into() })
    }
}
