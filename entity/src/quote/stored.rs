//! Quotes in the database. Those that were used stay for ever, as evidence.

use super::Quote;
use crate::bank::Bank;
use crate::error::{Fault, Result};
use crate::id::{QuoteId, UserId};
use crate::money::Amount;
use crate::price::{Parts, Price};
use crate::refusal::Code;
use crate::table::{quote, transaction};
use chrono::Duration;
use sea_orm::sea_query::Query;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use std::collections::HashMap;

/// How long an expired quote that was not used is kept.
const KEPT: Duration = Duration::days(1);

impl From<Quote> for quote::Model {
    fn from(quote: Quote) -> Self {
        let Price { source, target, parts } = quote.price;
        Self {
            id: quote.id,
            user_id: quote.user,
            side: quote.side,
            source_currency: source.currency(),
            source_amount: source.minor(),
            target_currency: target.currency(),
            target_amount: target.minor(),
            net: parts.net,
            spread: parts.spread,
            fee: parts.fee,
            rounding: parts.rounding,
            mid: quote.mid.to_string(),
            rate: quote.rate.to_string(),
            rate_source: quote.rate_source,
            rate_as_of: quote.rate_as_of,
            others: quote.others,
            schedule: quote.schedule,
            created_at: quote.created_at,
            expires_at: quote.expires_at,
        }
    }
}

impl TryFrom<quote::Model> for Quote {
    type Error = Fault;

    fn try_from(row: quote::Model) -> Result<Self, Fault> {
        let amount = |minor, currency| {
            Amount::try_new(minor, currency).map_err(|_| Fault::Corrupt("a quote's amount is not positive"))
        };
        let number = |text: &str| text.parse().map_err(|_| Fault::Corrupt("a quote's rate can't be read"));
        let parts = Parts {
            source: row.source_amount,
            net: row.net,
            spread: row.spread,
            fee: row.fee,
            rounding: row.rounding,
            target: row.target_amount,
        };
        Ok(Self {
            id: row.id,
            user: row.user_id,
            side: row.side,
            price: Price {
                source: amount(row.source_amount, row.source_currency)?,
                target: amount(row.target_amount, row.target_currency)?,
                parts,
            },
            mid: number(&row.mid)?,
            rate: number(&row.rate)?,
            rate_source: row.rate_source,
            rate_as_of: row.rate_as_of,
            others: row.others,
            schedule: row.schedule,
            created_at: row.created_at,
            expires_at: row.expires_at,
        })
    }
}

/// One of a person's own quotes.
///
/// # Errors
/// `NOT_FOUND`.
pub async fn find(db: &impl ConnectionTrait, user: UserId, id: QuoteId) -> Result<Quote> {
    let row = quote::Entity::find_by_id(id).one(db).await?.filter(|row| row.user_id == user);
    Ok(row.ok_or(Code::NotFound.at("quoteId"))?.try_into()?)
}

/// Quotes by their ids.
///
/// # Errors
/// Only faults.
pub async fn find_many(db: &impl ConnectionTrait, ids: &[QuoteId]) -> Result<HashMap<QuoteId, Quote>> {
    let rows = quote::Entity::find().filter(quote::Column::Id.is_in(ids.iter().copied())).all(db).await?;
    rows.into_iter().map(|row| Ok((row.id, row.try_into()?))).collect()
}

/// Those of these quotes that nobody has used, and whose they are.
pub(crate) async fn unused(
    db: &impl ConnectionTrait,
    ids: &[QuoteId],
) -> Result<HashMap<QuoteId, UserId>, Fault> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let used = Query::select()
        .column(transaction::Column::QuoteId)
        .from(transaction::Entity)
        .and_where(transaction::Column::QuoteId.is_in(ids.iter().copied()))
        .to_owned();
    let rows = quote::Entity::find()
        .filter(quote::Column::Id.is_in(ids.iter().copied()))
        .filter(quote::Column::Id.not_in_subquery(used))
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.user_id)).collect())
}

/// Forgets quotes that have expired a day ago and were not used.
///
/// # Errors
/// Only faults.
pub async fn forget_expired(bank: &Bank) -> Result<u64> {
    let used = Query::select()
        .column(transaction::Column::QuoteId)
        .from(transaction::Entity)
        .and_where(transaction::Column::QuoteId.is_not_null())
        .to_owned();
    let old = quote::Entity::delete_many()
        .filter(quote::Column::ExpiresAt.lt(bank.clock.now() - KEPT))
        .filter(quote::Column::Id.not_in_subquery(used));
    Ok(old.exec(bank.db.connection()).await?.rows_affected)
}
