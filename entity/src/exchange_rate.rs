//! Exchange rates: the last that each source gave. Read by people; nothing is converted yet.

use crate::bank::Bank;
use crate::clock::Time;
use crate::db::Db;
use crate::error::{Fault, Result};
use crate::money::Currency;
use crate::table::exchange_rate::{self, Column};
use chrono::Duration;
use quick_cache::sync::Cache;
use rust_decimal::Decimal;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder};
use std::fmt;
use std::sync::Arc;

/// One base unit costs so many quote units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExchangeRate {
    /// What is priced.
    pub base: Currency,
    /// In what.
    pub quote: Currency,
    /// How many quote units one base unit costs; above zero.
    pub rate: Decimal,
    /// Who says so.
    pub source: String,
    /// As of when.
    pub as_of: Time,
}

/// Takes new rates in place of the older ones; an older rate never replaces a newer one.
///
/// # Errors
/// Only faults; then none was taken.
pub async fn refresh(bank: &Bank, rates: Vec<ExchangeRate>) -> Result<()> {
    let mut rates = rates;
    // One order for all writers, so that two refreshes at once don't wait for each other.
    rates.sort_by_key(|rate| (rate.base, rate.quote));
    let tx = bank.db.begin().await?;
    for rate in rates {
        let known = exchange_rate::Entity::find_by_id((rate.base, rate.quote)).one(&tx).await?;
        if known.is_some_and(|known| known.as_of >= rate.as_of) {
            continue;
        }
        let row = exchange_rate::Model {
            base: rate.base,
            quote: rate.quote,
            rate: rate.rate.to_string(),
            source: rate.source,
            as_of: rate.as_of,
        };
        let pair = OnConflict::columns([Column::Base, Column::Quote])
            .update_columns([Column::Rate, Column::Source, Column::AsOf])
            .to_owned();
        exchange_rate::Entity::insert(row.into_active_model())
            .on_conflict(pair)
            .exec_without_returning(&tx)
            .await?;
    }
    Ok(tx.commit().await?)
}

/// How long a rate is remembered for what is measured in euros.
const FRESH: Duration = Duration::minutes(1);

/// What one euro costs, remembered for a minute. Clones share it.
#[derive(Clone)]
pub(crate) struct Rates(Arc<Cache<Currency, (Time, Option<Decimal>)>>);

impl Default for Rates {
    fn default() -> Self {
        Self(Arc::new(Cache::new(512)))
    }
}

impl fmt::Debug for Rates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Rates")
    }
}

impl Rates {
    /// How many units of a currency one euro costs, as far as is known.
    pub(crate) async fn per_euro(&self, bank: &Bank, currency: Currency) -> Result<Option<Decimal>> {
        if currency == Currency::EUR {
            return Ok(Some(Decimal::ONE));
        }
        let now = bank.clock.now();
        if let Some((at, known)) = self.0.get(&currency)
            && at + FRESH > now
        {
            return Ok(known);
        }
        let rate = per_euro(&bank.db, currency).await?;
        self.0.insert(currency, (now, rate));
        Ok(rate)
    }
}

async fn per_euro(db: &Db, quote: Currency) -> Result<Option<Decimal>> {
    let row = exchange_rate::Entity::find_by_id((Currency::EUR, quote)).one(db.connection()).await?;
    Ok(row.and_then(|row| row.rate.parse().ok()))
}

/// The rates of a base currency, by quote currency.
///
/// # Errors
/// Only faults.
pub async fn list(db: &Db, base: Currency) -> Result<Vec<ExchangeRate>> {
    let rows = exchange_rate::Entity::find()
        .filter(exchange_rate::COLUMN.base.eq(base))
        .order_by_asc(Column::Quote)
        .all(db.connection())
        .await?;
    rows.into_iter()
        .map(|row| {
            let rate = row.rate.parse().map_err(|_| Fault::Corrupt("an exchange rate can't be read"))?;
            Ok(ExchangeRate { base: row.base, quote: row.quote, rate, source: row.source, as_of: row.as_of })
        })
        .collect()
}
