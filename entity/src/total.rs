//! Totals: all that a person has, in one currency of its choice.
//!
//! Guarantees: never a sum without a rate, and the rates are named. Refuses `PAIR_UNKNOWN`, `RATE_STALE`,
//! `ACCOUNT_LIMIT`.

use crate::account;
use crate::bank::Bank;
use crate::clock::Time;
use crate::error::Result;
use crate::id::UserId;
use crate::money::{Currency, Money};
use crate::price;
use crate::rate::{self, Rate};
use crate::refusal::Code;

/// All that a person has, in one currency, at the mid rates of now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Total {
    /// The sum, each balance rounded down to a minor unit.
    pub money: Money,
    /// The rates that it was computed with.
    pub rates: Vec<Rate>,
    /// As of when.
    pub as_of: Time,
}

/// All that a person has, in one currency.
///
/// # Errors
/// `PAIR_UNKNOWN`, `RATE_STALE`: never a sum without a rate. `ACCOUNT_LIMIT`, where it is too large to count.
pub async fn of(bank: &Bank, owner: UserId, currency: Currency) -> Result<Total> {
    let now = bank.clock.now();
    let book = rate::book(bank).await?;
    let (mut sum, mut rates) = (0_i64, Vec::new());
    for account in account::list(&bank.db, owner).await? {
        let balance = account.balance;
        let minor = if balance.currency == currency {
            Some(balance.minor)
        } else if balance.minor == 0 {
            Some(0)
        } else {
            let rate = book.fresh(balance.currency, currency, now)?;
            let worth = price::at_mid(balance, currency, rate.rate);
            rates.push(rate);
            worth
        };
        sum = minor.and_then(|minor| sum.checked_add(minor)).ok_or(Code::AccountLimit)?;
    }
    Ok(Total { money: Money { minor: sum, currency }, rates, as_of: now })
}
