//! Quotes: a price for an exchange that the house stands by for a while.
//!
//! Guarantees: a quote is its person's, is used once, and not after it has expired; what it says is never changed, and
//! its parts sum to what is paid. It survives a restart. It keeps what the other sources said when it was made.
//!
//! Refuses `SAME_CURRENCY`, `PAIR_UNKNOWN`, `RATE_STALE`, `AMOUNT_TOO_SMALL`, `AMOUNT_TOO_LARGE`, `TOO_MANY_TRIES`.
//! Costs three indexed reads and a row.

mod stored;

pub(crate) use stored::unused;
pub use stored::{find, find_many, forget_expired};

use crate::bank::Bank;
use crate::clock::Time;
use crate::error::{Fault, Result};
use crate::fee::{self, Rule};
use crate::id::{QuoteId, ScheduleId, UserId};
use crate::money::{Amount, Currency};
use crate::price::{self, Price, Terms};
use crate::rate::{self, Rate};
use crate::refusal::{Code, Refusal};
use crate::standing;
use crate::table::quote;
use crate::throttle::{By, Counted, take};
use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};
use sea_orm::{DeriveActiveEnum, EntityTrait, EnumIter, IntoActiveModel};

/// Which amount is fixed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Side {
    /// What is paid.
    Source,
    /// What is received.
    Target,
}

/// What is asked for: one fixed amount, and the currency of the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// To pay exactly this.
    Paying(Amount, Currency),
    /// To receive exactly this.
    Receiving(Currency, Amount),
}

impl Ask {
    fn pair(self) -> (Currency, Currency) {
        match self {
            Self::Paying(source, target) => (source.currency(), target),
            Self::Receiving(source, target) => (source, target.currency()),
        }
    }

    fn side(self) -> Side {
        match self {
            Self::Paying(..) => Side::Source,
            Self::Receiving(..) => Side::Target,
        }
    }

    fn priced(self, terms: Terms) -> Result<Price, Refusal> {
        match self {
            Self::Paying(source, target) => price::paying(source, target, terms),
            Self::Receiving(source, target) => price::receiving(source, target, terms),
        }
    }
}

/// A price that the house stands by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    /// Its id.
    pub id: QuoteId,
    /// Whose it is.
    pub user: UserId,
    /// Which amount was fixed.
    pub side: Side,
    /// What is paid and received, and where each minor unit goes.
    pub price: Price,
    /// The rate in the middle.
    pub mid: Decimal,
    /// The rate that is left after the spread.
    pub rate: Decimal,
    /// Whose rate it is.
    pub rate_source: String,
    /// As of when.
    pub rate_as_of: Time,
    /// What each source said by itself, in words.
    pub others: String,
    /// The fee schedule; none for the one that is built in.
    pub schedule: Option<ScheduleId>,
    /// When it was made.
    pub created_at: Time,
    /// Until when it can be used.
    pub expires_at: Time,
}

impl Quote {
    /// The same question again.
    pub(crate) fn ask(&self) -> Ask {
        match self.side {
            Side::Source => Ask::Paying(self.price.source, self.price.target.currency()),
            Side::Target => Ask::Receiving(self.price.source.currency(), self.price.target),
        }
    }
}

/// What a rule means at a rate. The fixed fee is rounded down to a minor unit.
async fn terms(bank: &Bank, rule: &Rule, rate: &Rate) -> Result<Terms> {
    let per_euro = bank.rates.per_euro(bank, rate.base).await?;
    let fixed = |per_euro: Decimal| {
        let ten = Decimal::from(10_i64.checked_pow(rate.base.exponent())?);
        rule.fixed.checked_mul(per_euro)?.checked_mul(ten)?.floor().to_i64()
    };
    let fee_fixed = match (rule.fixed.is_zero(), per_euro) {
        (true, _) => 0,
        (false, Some(per_euro)) => fixed(per_euro).ok_or(Code::AmountTooLarge.at("amount"))?,
        (false, None) => return Err(Code::PairUnknown.into()),
    };
    Ok(Terms { mid: rate.rate, spread: rule.spread, fee_fixed, fee_share: rule.share })
}

/// The rate that is left after the spread, as it is shown.
fn after(mid: Decimal, spread: u16) -> Decimal {
    let kept = Decimal::ONE.checked_sub(Decimal::new(spread.into(), 4));
    let rate = kept.and_then(|kept| mid.checked_mul(kept));
    let shown = rate.and_then(|rate| rate.round_sf_with_strategy(rate::DIGITS, RoundingStrategy::ToZero));
    shown.unwrap_or(mid).normalize()
}

/// A price for now, which nobody stands by.
///
/// # Errors
/// See the module.
pub async fn price(bank: &Bank, user: UserId, ask: Ask) -> Result<Quote> {
    let (source, target) = ask.pair();
    if source == target {
        return Err(Code::SameCurrency.at("currency").into());
    }
    let now = bank.clock.now();
    let book = rate::book(bank).await?;
    let rate = book.fresh(source, target, now)?;
    let in_force = fee::in_force(bank.db.connection()).await?;
    let level = standing::read(bank.db.connection(), user).await?.level;
    let rule = in_force.schedule.rule(source, target, level);
    let rule = rule.ok_or(Fault::Corrupt("a fee schedule does not say what it costs"))?;
    Ok(Quote {
        id: QuoteId(bank.ids.next(now)),
        user,
        side: ask.side(),
        price: ask.priced(terms(bank, rule, &rate).await?)?,
        mid: rate.rate,
        rate: after(rate.rate, rule.spread),
        rate_source: rate.source,
        rate_as_of: rate.as_of,
        others: book.said(source, target),
        schedule: in_force.id,
        created_at: now,
        expires_at: now + bank.quote_ttl,
    })
}

/// A price that the house stands by for a while.
///
/// # Errors
/// See the module.
pub async fn create(bank: &Bank, user: UserId, ask: Ask) -> Result<Quote> {
    take(bank, Counted::Quote, By::user(user)).await?;
    let quote = price(bank, user, ask).await?;
    keep(bank, &quote).await?;
    Ok(quote)
}

/// Stands by a price from now on.
pub(crate) async fn keep(bank: &Bank, quote: &Quote) -> Result<()> {
    let row = quote::Model::from(quote.clone());
    quote::Entity::insert(row.into_active_model()).exec_without_returning(bank.db.connection()).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_after_the_spread_is_never_better_than_it_is() {
        let of = |mid: &str, spread| after(mid.parse().unwrap(), spread).to_string();
        assert_eq!(of("1.1172", 50), "1.111614");
        assert_eq!(of("175.68", 0), "175.68");
        assert_eq!(of("0.00635928961749", 1), "0.00635865368852");
    }
}
