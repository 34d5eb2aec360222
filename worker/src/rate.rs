//! Exchange rates: asks every source, takes what it says, and lets follow what waited for it.
//!
//! Guarantees: a source that is down, slow, or says what can't be read changes nothing and harms no other; operators
//! are told, once, and the alert ends by itself when the source speaks again.

use crate::context::{Context, Left};
use crate::gateway::RateSource;
use entity::alert::{self, AlertKind};
use entity::outbox::{self, Entry};
use entity::rate::{self, Taken};
use entity::{Bank, Error, conversion_order, rate_alert};

/// Asks every source that is due.
///
/// # Errors
/// Only faults.
pub(crate) async fn refresh(context: &Context) -> Result<(), Error> {
    for source in &context.gateways.rates {
        ask(&context.bank, source.as_ref()).await?;
    }
    Ok(())
}

async fn ask(bank: &Bank, source: &dyn RateSource) -> Result<(), Error> {
    let (name, now) = (source.name(), bank.clock.now());
    let sheets = match source.sheets().await {
        Ok(sheets) => sheets,
        Err(reason) => {
            alert::raise(bank, AlertKind::RatesFailing, name, &reason.to_string()).await?;
            return stale(bank, name).await;
        }
    };
    for sheet in &sheets {
        if let Taken::Held(why) = rate::take(bank, sheet).await? {
            tracing::warn!(source = name, why, "rates are held for an operator");
        }
    }
    if !sheets.is_empty() {
        alert::clear(bank.db.connection(), now, AlertKind::RatesFailing, name).await?;
    } else if rate::good_until(bank, name).await?.is_none() {
        // Another worker is listening to its first words.
        return Ok(());
    }
    stale(bank, name).await
}

/// Tells operators of a source whose rates are too old to be used, and takes it back.
async fn stale(bank: &Bank, name: &str) -> Result<(), Error> {
    let now = bank.clock.now();
    match rate::good_until(bank, name).await? {
        Some(until) if until > now => {
            alert::clear(bank.db.connection(), now, AlertKind::RatesStale, name).await
        }
        Some(until) => {
            alert::raise(bank, AlertKind::RatesStale, name, &format!("its rates were good until {until}"))
                .await
        }
        None => alert::raise(bank, AlertKind::RatesStale, name, "it has no rates").await,
    }
}

/// Tells who waited for a rate, and converts for who has ordered it.
pub(crate) async fn follow(context: &Context, entry: &Entry) -> Result<(), Left> {
    let bank = &context.bank;
    // What goes wrong with one is no reason to leave the others waiting.
    let told = rate_alert::follow(bank).await;
    conversion_order::follow(bank).await?;
    told?;
    Ok(outbox::finish(bank, entry.id).await?)
}
