//! Sheets: what one source of rates said at one time.
//!
//! Guarantees: a sheet is taken once, as a whole; an older one never takes the place of a newer. One in which a rate
//! has jumped by more than the house allows since the last of the same source, or in which many currencies are
//! missing, is held: nothing is priced with it until two operators accept it, and what came before leads on until it
//! is stale ([`review`](super::review)).
//!
//! Refuses what can't be rates ([`Sheet::new`]).

use super::stored::{newest_of, put};
use super::{Value, cross};
use crate::alert::{self, AlertKind};
use crate::bank::Bank;
use crate::clock::Time;
use crate::error::Result;
use crate::id::SheetId;
use crate::money::Currency;
use crate::outbox::{self, Job};
use chrono::Duration;
use rust_decimal::Decimal;
use sea_orm::{DatabaseTransaction, DeriveActiveEnum, EnumIter};
use std::collections::BTreeMap;

/// A sheet without a quarter of the currencies of the one before is suspicious.
const KEPT_PERCENT: usize = 75;

/// What has become of a sheet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SheetState {
    /// It is used while it is good.
    Accepted,
    /// It waits for operators.
    Held,
    /// It is not used.
    Rejected,
}

/// What a source said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sheet {
    /// Who.
    pub source: String,
    /// What is priced.
    pub base: Currency,
    /// As of when.
    pub as_of: Time,
    /// Until when it is used.
    pub good_until: Time,
    /// How many units of each currency one of the base costs.
    pub rates: BTreeMap<Currency, Decimal>,
}

impl Sheet {
    /// Refuses what can't be rates: none at all, one that is not between a trillionth and a trillion, one of the base
    /// itself, or a time that is still to come.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn new(
        source: &str,
        base: Currency,
        (as_of, good_for): (Time, Duration),
        rates: BTreeMap<Currency, Decimal>,
        now: Time,
    ) -> std::result::Result<Self, String> {
        let trillion = Decimal::from(1_000_000_000_000_i64);
        let possible =
            |rate: &Decimal| *rate <= trillion && *rate >= Decimal::new(1, 12) && rate.scale() <= 12;
        if let Some((currency, rate)) = rates.iter().find(|(_, rate)| !possible(rate)) {
            return Err(format!("{rate} is no rate of {currency}"));
        }
        if rates.is_empty() || rates.contains_key(&base) {
            return Err(format!("there are no rates of {base}"));
        }
        if as_of > now + Duration::days(1) {
            return Err(format!("the rates are of {as_of}, which is still to come"));
        }
        let rates = rates.into_iter().map(|(currency, rate)| (currency, rate.normalize())).collect();
        Ok(Self { source: source.to_owned(), base, as_of, good_until: as_of + good_for, rates })
    }

    /// How many units of `quote` one of `base` costs, if it says so.
    pub(super) fn rate(&self, base: Currency, quote: Currency) -> Option<Decimal> {
        let per_base = |currency| self.rates.get(&currency).copied();
        if base == quote {
            None
        } else if base == self.base {
            per_base(quote)
        } else if quote == self.base {
            cross(per_base(base)?, Decimal::ONE)
        } else {
            cross(per_base(base)?, per_base(quote)?)
        }
    }

    /// What its base is worth: by its own rate of the euro, or by what others say of it.
    pub(super) fn base_value(&self, known: &BTreeMap<Currency, Value>) -> Option<Value> {
        let of_this = |per_euro| Value {
            per_euro,
            source: self.source.clone(),
            as_of: self.as_of,
            good_until: self.good_until,
        };
        if self.base == Currency::EUR {
            return Some(of_this(Decimal::ONE));
        }
        if let Some(euros) = self.rates.get(&Currency::EUR) {
            return Decimal::ONE.checked_div(*euros).map(of_this);
        }
        let base = known.get(&self.base)?;
        let good_until = self.good_until.min(base.good_until);
        Some(Value { good_until, ..of_this(base.per_euro) })
    }

    /// What is suspicious about this, after that was said; `jump` is a share of the rate, such as 0.1.
    fn suspicion(&self, last: &Self, jump: Decimal) -> Option<String> {
        let kept = last.rates.keys().filter(|currency| self.rates.contains_key(currency)).count();
        if kept.saturating_mul(100) < last.rates.len().saturating_mul(KEPT_PERCENT) {
            return Some(format!("{kept} of {} currencies are left", last.rates.len()));
        }
        self.rates.iter().find_map(|(currency, rate)| {
            let before = last.rates.get(currency)?;
            let change = rate.checked_div(*before)?.checked_sub(Decimal::ONE)?.abs();
            (change > jump).then(|| format!("{}/{currency} went from {before} to {rate}", self.base))
        })
    }
}

/// What became of a sheet that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It is used.
    Accepted,
    /// It waits for operators, because of this.
    Held(String),
    /// It had been taken before.
    Known,
}

/// Takes a sheet. A rate that jumps by more than the house allows holds it back.
///
/// # Errors
/// Only faults.
pub async fn take(bank: &Bank, sheet: &Sheet) -> Result<Taken> {
    let now = bank.clock.now();
    let tx = bank.db.begin().await?;
    let last = newest_of(&tx, &sheet.source).await?;
    // What is too old to be used can't do harm: it is history.
    let suspicion =
        last.filter(|_| sheet.good_until > now).and_then(|last| sheet.suspicion(&last, bank.rate_jump));
    let state = if suspicion.is_some() { SheetState::Held } else { SheetState::Accepted };
    let Some(id) = put(bank, &tx, sheet, state).await? else { return Ok(Taken::Known) };
    if state == SheetState::Accepted {
        follow(&tx, id, sheet.good_until, now).await?;
    }
    tx.commit().await?;
    bank.rates.forget();
    bank.bell.ring();
    let Some(suspicion) = suspicion else { return Ok(Taken::Accepted) };
    let subject = id.to_string();
    alert::raise(bank, AlertKind::RatesHeld, &subject, &format!("{}: {suspicion}", sheet.source)).await?;
    Ok(Taken::Held(suspicion))
}

/// Lets follow what waits for rates.
pub(super) async fn follow(tx: &DatabaseTransaction, id: SheetId, good_until: Time, now: Time) -> Result<()> {
    if good_until > now { outbox::put(tx, Job::FollowRates { sheet: id }, now).await } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(rates: &[(&str, &str)]) -> std::result::Result<Sheet, String> {
        let now = Time::from_timestamp(1_000_000, 0).unwrap();
        let rates = rates.iter().map(|(code, rate)| (Currency::parse(code).unwrap(), rate.parse().unwrap()));
        Sheet::new("TEST", Currency::EUR, (now, Duration::hours(1)), rates.collect(), now)
    }

    #[test]
    fn what_can_not_be_rates_is_refused() {
        assert!(of(&[("USD", "1.1"), ("JPY", "170")]).is_ok());
        for wrong in
            [&[][..], &[("USD", "0")], &[("USD", "-1")], &[("EUR", "1")], &[("USD", "1000000000001")]]
        {
            assert!(of(wrong).is_err(), "{wrong:?}");
        }
        let now = Time::from_timestamp(1_000_000, 0).unwrap();
        let rates = BTreeMap::from([(Currency::parse("USD").unwrap(), Decimal::ONE)]);
        let late = (now + Duration::days(2), Duration::hours(1));
        assert!(Sheet::new("TEST", Currency::EUR, late, rates, now).is_err());
    }

    #[test]
    fn a_jump_and_a_gap_are_suspicious() {
        let jump = Decimal::new(1, 1);
        let last = of(&[("USD", "1.00"), ("JPY", "170"), ("GBP", "0.8"), ("CHF", "0.9")]).unwrap();
        let same = |rates: &[(&str, &str)]| of(rates).unwrap().suspicion(&last, jump);
        assert_eq!(same(&[("USD", "1.10"), ("JPY", "153"), ("GBP", "0.8"), ("SEK", "11")]), None);
        let jumped = same(&[("USD", "1.101"), ("JPY", "170"), ("GBP", "0.8"), ("CHF", "0.9")]);
        assert_eq!(jumped.as_deref(), Some("EUR/USD went from 1 to 1.101"));
        assert!(same(&[("USD", "1.00"), ("JPY", "170")]).unwrap().contains("2 of 4"));
    }
}
