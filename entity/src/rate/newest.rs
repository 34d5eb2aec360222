//! The newest sheets: remembered for a second, and followed.
//!
//! Guarantees: who follows a rate hears what it is, and then, within two seconds, whenever a source speaks of it again or
//! it becomes stale; who comes back later hears how it is then. Costs one look at the database a second, however many follow, and none
//! if nobody does.

use super::{Book, Rate, stored};
use crate::bank::Bank;
use crate::clock::Time;
use crate::error::Result;
use crate::money::Currency;
use chrono::Duration;
use futures::stream::{self, BoxStream, StreamExt};
use rust_decimal::Decimal;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::watch;

/// How long the newest sheets are remembered.
const FRESH: Duration = Duration::seconds(1);

/// How often they are looked at for those who follow.
const LOOK: std::time::Duration = std::time::Duration::from_secs(1);

/// The newest sheets, and when they were looked at.
type Seen = Option<(Time, Arc<Book>)>;

/// What tells one state of the book from another: of each sheet its source, its times, and whether it is good.
type Mark = Vec<(String, Time, Time, bool)>;

#[derive(Debug, Default)]
struct Inner {
    seen: Mutex<Seen>,
    /// Held by who looks; the others wait for what it has seen.
    looking: tokio::sync::Mutex<()>,
    followed: watch::Sender<Mark>,
}

/// The newest sheets, remembered for a second. Clones share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rates(Arc<Inner>);

impl Rates {
    /// The newest sheets.
    pub(crate) async fn book(&self, bank: &Bank) -> Result<Arc<Book>> {
        let now = bank.clock.now();
        if let Some(book) = self.fresh(now) {
            return Ok(book);
        }
        let _looking = self.0.looking.lock().await;
        if let Some(book) = self.fresh(now) {
            return Ok(book);
        }
        let book = Arc::new(Book(Box::pin(stored::newest(&bank.db, now)).await?));
        *self.0.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some((now, book.clone()));
        Ok(book)
    }

    fn fresh(&self, now: Time) -> Option<Arc<Book>> {
        let (at, book) = self.0.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()?;
        (at <= now && now < at + FRESH).then_some(book)
    }

    /// Forgets them, after a change.
    pub(crate) fn forget(&self) {
        *self.0.seen.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// How many units of a currency one euro costs, as far as is known and however old that is: for limits, which
    /// need a worth and no price.
    pub(crate) async fn per_euro(&self, bank: &Bank, currency: Currency) -> Result<Option<Decimal>> {
        if currency == Currency::EUR {
            return Ok(Some(Decimal::ONE));
        }
        Ok(self.book(bank).await?.per_euro(currency, bank.clock.now()))
    }
}

impl Book {
    fn mark(&self, now: Time) -> Mark {
        let sheets = self.0.iter();
        let mark = |sheet: &super::Sheet| {
            (sheet.source.clone(), sheet.as_of, sheet.good_until, sheet.good_until > now)
        };
        sheets.map(mark).collect()
    }
}

/// The newest sheets.
///
/// # Errors
/// Only faults.
pub async fn book(bank: &Bank) -> Result<Arc<Book>> {
    bank.rates.book(bank).await
}

/// Looks at the newest sheets for those who follow; ends with the process.
pub async fn keep(bank: Bank) {
    loop {
        tokio::time::sleep(LOOK).await;
        let followed = &bank.rates.0.followed;
        if followed.receiver_count() == 0 {
            continue;
        }
        match book(&bank).await {
            Ok(book) => {
                let mark = book.mark(bank.clock.now());
                followed.send_if_modified(|last| {
                    let changed = *last != mark;
                    *last = mark;
                    changed
                });
            }
            Err(error) => tracing::warn!(%error, "the rates that are followed can't be read"),
        }
    }
}

/// What a follower knows.
struct Follower {
    bank: Bank,
    changes: watch::Receiver<Mark>,
    last: Rate,
}

impl Follower {
    /// The rate when it has changed.
    async fn next(mut self) -> Option<(Rate, Self)> {
        loop {
            self.changes.changed().await.ok()?;
            let now = self.bank.clock.now();
            // What can't be read now is looked at again with the next change.
            let Ok(book) = book(&self.bank).await else { continue };
            match book.rate(self.last.base, self.last.quote, now) {
                Ok(rate) if rate != self.last => {
                    self.last = rate.clone();
                    return Some((rate, self));
                }
                Ok(_) | Err(_) => {}
            }
        }
    }
}

/// Follows the rate between two currencies: how it is, and then each change.
///
/// # Errors
/// `PAIR_UNKNOWN`.
pub async fn follow(bank: &Bank, base: Currency, quote: Currency) -> Result<BoxStream<'static, Rate>> {
    let changes = bank.rates.0.followed.subscribe();
    let first = book(bank).await?.rate(base, quote, bank.clock.now())?;
    let follower = Follower { bank: bank.clone(), changes, last: first.clone() };
    Ok(stream::iter([first]).chain(stream::unfold(follower, Follower::next)).boxed())
}
