//! Limits: what a person may send away at once, in a day and in a month, by how well it is known.
//!
//! Guarantees: all that leaves, to whomever, in whatever currency and by whatever means, counts together, at its
//! worth in euros when it left. The count is kept in the row of the person's first account, its *home*, and
//! decided and written with the payment itself, so that racing payments can't pass together. Days and months are
//! those of UTC. A payment that was made before is answered again and counts nothing. Money that a bank sends
//! back was sent away all the same, and stays counted until the window ends.
//!
//! There is no limit for a currency: who exchanges its money first would be past it.
//!
//! Refuses `PAYMENT_TOO_LARGE`, which no day will allow; `LIMIT_EXCEEDED`, with the seconds until the window ends; `PAIR_UNKNOWN` for a currency without a rate.
//! Costs nothing more than the payment for who pays from its home; from another account, one row more. The access
//! token says the level, and only who would exceed its limit is looked up, for a level may have been raised since.
#![deny(clippy::arithmetic_side_effects)]

mod left;

pub use left::{Left, left, once};

use crate::bank::Bank;
use crate::clock::Time;
use crate::error::{Error, Result};
use crate::id::{AccountId, UserId};
use crate::kyc::Level;
use crate::ledger::Books;
use crate::money::Amount;
use crate::refusal::{Code, Refusal};
use crate::session::Caller;
use crate::standing;
use chrono::{Datelike, Days, Months, NaiveDate, NaiveTime};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

/// The most that may leave, in cents of euros.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// In one payment.
    pub once: i64,
    /// In a day.
    pub day: i64,
    /// In a month.
    pub month: i64,
}

impl Limit {
    /// Whether nobody reaches it, so that what something is worth need not be known.
    fn is_none(self) -> bool {
        self.month == i64::MAX
    }
}

/// The limits of the levels, the lowest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits([Limit; 4]);

impl Default for Limits {
    /// 150 for who is known by a handle alone (Directive (EU) 2018/843, article 12), and more for who is better known.
    fn default() -> Self {
        let euros = |day: i64, month: i64| {
            let (day, month) = (day.saturating_mul(100), month.saturating_mul(100));
            Limit { once: day, day, month }
        };
        Self([euros(150, 150), euros(1_000, 2_500), euros(10_000, 25_000), euros(100_000, 250_000)])
    }
}

impl Limits {
    /// Limits that nobody reaches.
    pub const NONE: Self = Self([Limit { once: i64::MAX, day: i64::MAX, month: i64::MAX }; 4]);

    /// Reads `DAY/MONTH` or `ONCE/DAY/MONTH` for each level, in euros with commas between, such as
    /// `150/150,1000/2500,5000/10000/25000,50000/100000/250000`. None, should a month allow less than a day, a day less than a
    /// payment, or a level less than the one below.
    pub fn parse(text: &str) -> Option<Self> {
        let cents = |euros: &str| euros.parse::<i64>().ok().filter(|euros| *euros >= 0)?.checked_mul(100);
        let limit = |windows: &str| {
            let windows: Option<Vec<i64>> = windows.split('/').map(cents).collect();
            let limit = match windows?[..] {
                [day, month] => Limit { once: day, day, month },
                [once, day, month] => Limit { once, day, month },
                _ => return None,
            };
            (limit.once <= limit.day && limit.day <= limit.month).then_some(limit)
        };
        let limits: Option<Vec<Limit>> = text.split(',').map(limit).collect();
        let limits: [Limit; 4] = limits?.try_into().ok()?;
        let rises = limits.is_sorted_by(|low, high| {
            low.once <= high.once && low.day <= high.day && low.month <= high.month
        });
        rises.then_some(Self(limits))
    }

    /// The limit of a level.
    pub fn of(&self, level: Level) -> Limit {
        let [unknown, declared, identified, full] = self.0;
        match level {
            Level::Unknown => unknown,
            Level::Declared => declared,
            Level::Identified => identified,
            Level::Full => full,
        }
    }
}

/// What has left a person's accounts, in cents of euros, as of the day of the last payment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Spent {
    /// The day, by number from the first of the common era.
    pub(crate) on: i32,
    /// On that day.
    pub(crate) day: i64,
    /// In its month so far.
    pub(crate) month: i64,
    /// Since the person last answered for a payment, without being asked.
    pub(crate) unasked: i64,
    /// In how many payments.
    pub(crate) unasked_count: i64,
}

impl Spent {
    /// The same as of this moment: a new day begins with nothing, and so does a new month. A clock that is behind
    /// opens no window anew.
    pub(crate) fn as_of(self, now: Time) -> Self {
        let (today, on) = (now.date_naive(), now.date_naive().num_days_from_ce());
        let month = |date: NaiveDate| (date.year(), date.month());
        match NaiveDate::from_num_days_from_ce_opt(self.on) {
            Some(last) if last >= today => self,
            Some(last) if month(last) == month(today) => Self { on, day: 0, ..self },
            Some(_) | None => Self { on, day: 0, month: 0, ..self },
        }
    }

    /// When the day and the month end in which this was spent.
    fn ends(self) -> Option<(Time, Time)> {
        let day = NaiveDate::from_num_days_from_ce_opt(self.on)?;
        let tomorrow = day.checked_add_days(Days::new(1))?;
        let next = day.with_day(1)?.checked_add_months(Months::new(1))?;
        let midnight = |date: NaiveDate| date.and_time(NaiveTime::MIN).and_utc();
        Some((midnight(tomorrow), midnight(next)))
    }
}

/// What a payment is measured by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measure {
    /// The account that keeps the count.
    pub(crate) home: AccountId,
    /// What the payment is worth in cents of euros, above zero; none, where nobody knows.
    pub(crate) worth: Option<i64>,
    /// What may leave.
    pub(crate) limit: Limit,
}

/// Decides whether a payment is within its payer's limit; says what will have left then.
pub(crate) fn decide(books: &Books, measure: Measure) -> Result<Spent, Refusal> {
    let spent = books.account(measure.home)?.spent.as_of(books.now);
    let Some(worth) = measure.worth else {
        return if measure.limit.is_none() { Ok(spent) } else { Err(Code::PairUnknown.at("currency")) };
    };
    let (day, month) = (spent.day.saturating_add(worth), spent.month.saturating_add(worth));
    let (day_ends, month_ends) = spent.ends().unwrap_or((books.now, books.now));
    let exceeded = |ends: Time| {
        let left = ends.signed_duration_since(books.now).num_seconds().saturating_add(1);
        let retry_after = Some(u32::try_from(left).unwrap_or(u32::MAX));
        Err(Refusal { retry_after, ..Code::LimitExceeded.at("amount") })
    };
    if worth > measure.limit.once {
        // No day will allow it.
        Err(Code::PaymentTooLarge.at("amount"))
    } else if month > measure.limit.month {
        exceeded(month_ends)
    } else if day > measure.limit.day {
        exceeded(day_ends)
    } else {
        Ok(Spent { day, month, ..spent })
    }
}

/// Pays so much, in cents of euros, within the limit of the payer's level: of the one that its access token says, or that it
/// has reached since. Its first account keeps the count.
///
/// # Errors
/// `PAYMENT_TOO_LARGE`, `LIMIT_EXCEEDED`, and whatever the payment is refused with.
pub(crate) async fn within<T, F: Future<Output = Result<T>>>(
    bank: &Bank,
    payer: Caller,
    (home, worth): (AccountId, Option<i64>),
    pay: impl Fn(Measure) -> F,
) -> Result<T> {
    let measure = |level| Measure { home, worth, limit: bank.limits.of(level) };
    let read =
        async || Ok::<_, Error>(Box::pin(standing::read(bank.db.connection(), payer.user)).await?.level);
    let Some(standing) = payer.standing else {
        return pay(measure(read().await?)).await;
    };
    match pay(measure(standing.level)).await {
        Err(Error::Refused(refusal))
            if matches!(refusal.code, Code::LimitExceeded | Code::PaymentTooLarge) =>
        {
            match read().await? {
                level if level > standing.level => pay(measure(level)).await,
                _ => Err(refusal.into()),
            }
        }
        done => done,
    }
}

/// What an amount is worth in cents of euros, rounded up; none, where no rate is known.
pub(crate) async fn worth(bank: &Bank, amount: Amount) -> Result<Option<i64>> {
    let rate = bank.rates.per_euro(bank, amount.currency()).await?;
    let cents = |rate: Decimal| {
        let euros = amount.money().decimal().checked_div(rate)?;
        euros.checked_mul(Decimal::ONE_HUNDRED)?.ceil().to_i64()
    };
    Ok(rate.and_then(cents).map(|cents| cents.max(1)))
}

/// Refuses an amount that nobody knows the worth of, if there is a limit that it would count for.
///
/// # Errors
/// `PAIR_UNKNOWN`.
pub(crate) async fn measurable(bank: &Bank, payer: UserId, amount: Amount) -> Result<()> {
    if worth(bank, amount).await?.is_some() {
        return Ok(());
    }
    let level = standing::read(bank.db.connection(), payer).await?.level;
    if bank.limits.of(level).is_none() { Ok(()) } else { Err(Code::PairUnknown.at("currency").into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Time {
        text.parse().unwrap()
    }

    #[test]
    fn windows_begin_with_nothing_and_never_again() {
        let eve = Spent::default().as_of(at("2028-02-28T23:59:59.999Z"));
        let spent = Spent { day: 3, month: 5, ..eve };
        assert_eq!(spent.as_of(at("2028-02-28T00:00:00Z")), spent);
        let leap = spent.as_of(at("2028-02-29T00:00:00Z"));
        assert_eq!((leap.day, leap.month), (0, 5));
        assert_eq!(leap.ends(), Some((at("2028-03-01T00:00:00Z"), at("2028-03-01T00:00:00Z"))));
        let march = spent.as_of(at("2028-03-01T00:00:00Z"));
        assert_eq!((march.day, march.month), (0, 0));
        assert_eq!(spent.as_of(at("2029-02-28T12:00:00Z")).month, 0, "the month of another year");
        // A clock that is behind: the windows that have begun go on.
        assert_eq!(march.as_of(at("2028-02-29T23:59:59Z")), march);
    }

    #[test]
    fn settings_are_read_or_refused() {
        let text = "150/150,1000/2500,10000/25000,100000/250000";
        assert_eq!(Limits::parse(text), Some(Limits::default()));
        let once = Limits::parse("50/150/150,1000/2500,1000/1000/2500,1000/2500")
            .map(|limits| limits.of(Level::Unknown));
        assert_eq!(once, Some(Limit { once: 5_000, day: 15_000, month: 15_000 }));
        for wrong in [
            "",
            "150/150",
            "150,1000/2500,10000/25000,100000/250000",
            "150/100,1000/2500,10000/25000,100000/250000",
            "150/150,100/2500,10000/25000,100000/250000",
            "-1/150,1000/2500,10000/25000,100000/250000",
            "1.5/150,1000/2500,10000/25000,100000/250000",
            "1/1,1/1,1/1,1/9223372036854775807",
            "1/1,1/1,1/1,1/1,1/1",
            "2/1/1,2/2,2/2,2/2",
            "1/1/1/1,2/2,2/2,2/2",
            "2/2/2,1/2/2,2/2,2/2",
        ] {
            assert_eq!(Limits::parse(wrong), None, "{wrong}");
        }
    }
}
