//! Exchange rates, to be read and followed.

use crate::authentication::bank;
use crate::error::{ApiError, ApiResult};
use crate::money::{Currency, Decimal};
use async_graphql::{Context, Enum, Object, SimpleObject, Subscription};
use chrono::{DateTime, NaiveDate, Utc};
use entity::rate;
use futures::{Stream, StreamExt};

/// What one unit of a currency costs in another.
#[derive(SimpleObject)]
pub(crate) struct ExchangeRate {
    /// What is priced.
    base: Currency,
    /// In what.
    quote: Currency,
    /// How many quote units one base unit costs, in the middle between buying and selling: the quotient of what a euro costs in
    /// both, with twelve significant digits, so that no way through other currencies brings more.
    rate: Decimal,
    /// Who says so.
    source: String,
    /// As of when.
    as_of: DateTime<Utc>,
    /// Whether it is too old to be used: nothing is priced with it.
    stale: bool,
}

impl From<rate::Rate> for ExchangeRate {
    fn from(rate: rate::Rate) -> Self {
        Self {
            base: rate.base.into(),
            quote: rate.quote.into(),
            rate: Decimal(rate.rate.to_string()),
            source: rate.source,
            as_of: rate.as_of,
            stale: rate.stale,
        }
    }
}

/// How far the points of a chart lie apart.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "rate::Interval")]
pub(crate) enum RateInterval {
    /// A point a day.
    Day,
    /// A point a week, which begins on Monday.
    Week,
    /// A point a month.
    Month,
}

/// The last rate in an interval.
#[derive(SimpleObject)]
pub(crate) struct RatePoint {
    /// The first day of the interval.
    on: NaiveDate,
    /// How many quote units one base unit cost.
    rate: Decimal,
    /// As of when.
    as_of: DateTime<Utc>,
}

impl From<rate::Point> for RatePoint {
    fn from(point: rate::Point) -> Self {
        Self { on: point.on, rate: Decimal(point.rate.to_string()), as_of: point.as_of }
    }
}

#[derive(Default)]
pub(crate) struct RateQuery;

#[Object]
impl RateQuery {
    /// What one unit of a currency costs in another. Refuses `PAIR_UNKNOWN`, `CURRENCY_UNKNOWN`.
    async fn rate(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The currency that is priced.")] base: Currency,
        #[graphql(desc = "The currency of the price.")] quote: Currency,
    ) -> ApiResult<ExchangeRate> {
        let (base, quote) = (base.parse_currency()?, quote.parse_currency()?);
        let bank = bank(context)?;
        Ok(rate::book(bank).await?.rate(base, quote, bank.clock.now())?.into())
    }

    /// The rates of a currency in all others, by their codes. Refuses `CURRENCY_UNKNOWN`.
    async fn exchange_rates(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The currency that is priced.")] base: Currency,
    ) -> ApiResult<Vec<ExchangeRate>> {
        let (base, bank) = (base.parse_currency()?, bank(context)?);
        let rates = rate::book(bank).await?.all(base, bank.clock.now());
        Ok(rates.into_iter().map(ExchangeRate::from).collect())
    }

    /// How a rate went, for a chart: the last of each interval, oldest first, at most 400 points. Refuses `SAME_CURRENCY`,
    /// `PERIOD_INVALID`.
    async fn rate_history(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The currency that is priced.")] base: Currency,
        #[graphql(desc = "The currency of the price.")] quote: Currency,
        #[graphql(desc = "The first day.")] from: NaiveDate,
        #[graphql(desc = "The last day.")] until: NaiveDate,
        #[graphql(desc = "How far the points lie apart.", default_with = "RateInterval::Day")]
        interval: RateInterval,
    ) -> ApiResult<Vec<RatePoint>> {
        let pair = (base.parse_currency()?, quote.parse_currency()?);
        let points = rate::history(bank(context)?, pair, (from, until), interval.into()).await?;
        Ok(points.into_iter().map(RatePoint::from).collect())
    }
}

#[derive(Default)]
pub(crate) struct RateSubscription;

#[Subscription]
impl RateSubscription {
    /// What one unit of a currency costs in another: how it is at once, and then whenever a source speaks of it
    /// again or it becomes stale. Who comes back after a lost connection hears how it is then, and so has missed nothing. Refuses `PAIR_UNKNOWN`,
    /// `CURRENCY_UNKNOWN`.
    async fn rate_changed(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The currency that is priced.")] base: Currency,
        #[graphql(desc = "The currency of the price.")] quote: Currency,
    ) -> Result<impl Stream<Item = ExchangeRate> + use<>, ApiError> {
        let (base, quote) = (base.parse_currency()?, quote.parse_currency()?);
        let rates = rate::follow(bank(context)?, base, quote).await?;
        Ok(rates.map(ExchangeRate::from))
    }
}
