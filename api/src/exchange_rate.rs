//! Exchange rates, to be read.

use crate::authentication::bank;
use crate::error::ApiResult;
use crate::money::{Currency, Decimal};
use async_graphql::{Context, Object, SimpleObject};
use chrono::{DateTime, Utc};
use entity::exchange_rate;

/// What one unit of a currency costs in another.
#[derive(SimpleObject)]
pub(crate) struct ExchangeRate {
    /// What is priced.
    base: Currency,
    /// In what.
    quote: Currency,
    /// How many quote units one base unit costs.
    rate: Decimal,
    /// Who says so.
    source: String,
    /// As of when.
    as_of: DateTime<Utc>,
}

impl From<exchange_rate::ExchangeRate> for ExchangeRate {
    fn from(rate: exchange_rate::ExchangeRate) -> Self {
        Self {
            base: rate.base.into(),
            quote: rate.quote.into(),
            rate: Decimal(rate.rate.to_string()),
            source: rate.source,
            as_of: rate.as_of,
        }
    }
}

#[derive(Default)]
pub(crate) struct ExchangeRateQuery;

#[Object]
impl ExchangeRateQuery {
    /// The last known rates of a currency, by quote currency. For reading: nothing is converted yet.
    async fn exchange_rates(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The currency that is priced.")] base: Currency,
    ) -> ApiResult<Vec<ExchangeRate>> {
        let rates = exchange_rate::list(&bank(context)?.db, base.parse_currency()?).await?;
        Ok(rates.into_iter().map(ExchangeRate::from).collect())
    }
}
