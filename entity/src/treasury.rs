//! Treasury: what the house has at stake in each currency, and what exchanging has earned.
//!
//! The position in a currency is what the house has taken of it less what it has given. Every exchange takes and gives
//! the same worth at the mid rate of its moment, so what all positions together are worth now is what the rates have
//! made since: the result that is not realised. Spread, fees and rounding are the house's own from the moment that they
//! are posted: the result that is. Both are stated in euros at the mid rates of now.
//!
//! Never a sum without a rate: where a currency has none, the report says so and gives no sum. Costs a row for each
//! currency.

use crate::account::Purpose;
use crate::bank::Bank;
use crate::clock::Time;
use crate::error::Result;
use crate::ledger::audit;
use crate::money::{Currency, Money};
use crate::rate;
use rust_decimal::{Decimal, RoundingStrategy};
use std::collections::BTreeMap;

/// What the house has in a currency from exchanging.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// In which currency.
    pub currency: Currency,
    /// What it has taken less what it has given: its exposure.
    pub position: Money,
    /// What it has kept of rates.
    pub spread: Money,
    /// What it has taken as fees.
    pub fee: Money,
    /// What was too little for a minor unit.
    pub rounding: Money,
    /// How many units one euro costs; none, if nobody says.
    pub per_euro: Option<Decimal>,
    /// The exposure in cents of euros.
    pub exposure: Option<i64>,
    /// What was earned, in cents of euros: spread, fees and rounding.
    pub realised: Option<i64>,
}

/// All positions, and what they are together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// By currency code.
    pub positions: Vec<Position>,
    /// What was earned, in euros; none, where a rate is missing.
    pub realised: Option<Money>,
    /// What would be earned or lost if all positions were closed now, in euros; none, where a rate is missing.
    pub unrealised: Option<Money>,
    /// As of when.
    pub as_of: Time,
}

/// What an amount is worth in cents of euros, rounded half to even.
pub(crate) fn worth(minor: i64, currency: Currency, per_euro: Option<Decimal>) -> Option<i64> {
    use rust_decimal::prelude::ToPrimitive;
    let euros = Money { minor, currency }.decimal().checked_div(per_euro?)?;
    let cents = euros.checked_mul(Decimal::ONE_HUNDRED)?;
    cents.round_dp_with_strategy(0, RoundingStrategy::MidpointNearestEven).to_i64()
}

/// What the house has at stake and has earned.
///
/// # Errors
/// Only faults.
pub async fn report(bank: &Bank) -> Result<Report> {
    let now = bank.clock.now();
    let book = rate::book(bank).await?;
    let mut lines: BTreeMap<Currency, [i64; 4]> = BTreeMap::new();
    for line in audit::trial_balance(&bank.db).await? {
        let at = match line.purpose {
            Purpose::FxPosition => 0,
            Purpose::FxSpread => 1,
            Purpose::Fee => 2,
            Purpose::FxRounding => 3,
            Purpose::Wallet | Purpose::BankClearing | Purpose::WithdrawalInTransit | Purpose::InReview => {
                continue;
            }
        };
        lines.entry(line.balance.currency).or_default()[at] = line.balance.minor;
    }
    let positions: Vec<_> = lines
        .into_iter()
        .map(|(currency, sums)| position(currency, sums, book.per_euro(currency, now)))
        .collect();
    let sum = |part: fn(&Position) -> Option<i64>| {
        let cents = positions.iter().map(part).try_fold(0_i64, |sum, part| sum.checked_add(part?));
        cents.map(|minor| Money { minor, currency: Currency::EUR })
    };
    let (realised, unrealised) = (sum(|position| position.realised), sum(|position| position.exposure));
    Ok(Report { realised, unrealised, positions, as_of: now })
}

fn position(currency: Currency, sums: [i64; 4], per_euro: Option<Decimal>) -> Position {
    let [position, spread, fee, rounding] = sums;
    let money = |minor| Money { minor, currency };
    let earned = spread.checked_add(fee).and_then(|sum| sum.checked_add(rounding));
    Position {
        currency,
        position: money(position),
        spread: money(spread),
        fee: money(fee),
        rounding: money(rounding),
        per_euro,
        exposure: worth(position, currency, per_euro),
        realised: earned.and_then(|earned| worth(earned, currency, per_euro)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_worth_what_its_rate_says_or_nothing_is_said() {
        let yen = Currency::parse("JPY").unwrap();
        let per_euro = Some("160".parse().unwrap());
        let report = position(yen, [-16_000, 80, 16, 1], per_euro);
        assert_eq!((report.exposure, report.realised), (Some(-10_000), Some(61)));
        let report = position(yen, [-16_000, 80, 16, 1], None);
        assert_eq!((report.exposure, report.realised), (None, None));
    }
}
