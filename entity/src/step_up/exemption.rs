//! Exemptions: what may leave a wallet unasked, and what a payment does to the count of it. The rules are settings, in
//! euros.

use crate::bank::Bank;
use crate::error::Result;
use crate::ledger::Balance;
use crate::money::{Amount, Currency, minor_units};
use crate::refusal::{Code, Refusal};
use rust_decimal::Decimal;

/// What may leave unasked, in euros.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// At once.
    pub single: Decimal,
    /// Since the last answer.
    pub total: Decimal,
    /// How many payments since the last answer.
    pub count: i64,
}

impl Default for Rules {
    /// What the regulation allows at most.
    fn default() -> Self {
        Self { single: Decimal::from(30), total: Decimal::from(100), count: 5 }
    }
}

/// The same in minor units of a currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Allowance {
    pub(crate) single: i64,
    pub(crate) total: i64,
    pub(crate) count: i64,
}

/// Why a payment may be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Consent {
    /// The person has answered for it.
    Given,
    /// The person trusts the payee.
    Trusted,
    /// It is made with an API key, within its limit.
    Limited,
    /// It may be small enough.
    Small(Allowance),
    /// It may not, unless it was made before.
    Missing,
}

/// What a payment does to the count of what has left unasked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Toll {
    /// Nothing.
    Free,
    /// It adds to it.
    Counted,
    /// It begins anew.
    Reset,
}

/// Whether a payment is small enough, after what has left unasked in so many payments.
pub(crate) fn is_small(unasked: i64, count: i64, amount: Amount, allowance: Allowance) -> bool {
    let total = unasked.saturating_add(amount.minor());
    amount.minor() <= allowance.single && total <= allowance.total && count < allowance.count
}

/// Decides whether a payment may leave this account.
pub(crate) fn decide(account: &Balance, amount: Amount, consent: Consent) -> Result<Toll, Refusal> {
    if account.amount < amount.minor() {
        return Err(Code::InsufficientFunds.at("amount"));
    }
    match consent {
        Consent::Given => Ok(Toll::Reset),
        Consent::Trusted | Consent::Limited => Ok(Toll::Free),
        Consent::Missing => Err(Code::ChallengeRequired.at("challengeId")),
        Consent::Small(allowance) => {
            if is_small(account.unasked, account.unasked_count, amount, allowance) {
                Ok(Toll::Counted)
            } else {
                Err(Code::ChallengeRequired.at("challengeId"))
            }
        }
    }
}

/// What may leave unasked in a currency; none, where nobody knows its rate.
pub(super) async fn allowance(bank: &Bank, currency: Currency) -> Result<Option<Allowance>> {
    let rate = bank.rates.per_euro(bank, currency).await?;
    Ok(rate.and_then(|rate| bank.step_up.in_units(rate, currency)))
}

impl Rules {
    fn in_units(&self, rate: Decimal, currency: Currency) -> Option<Allowance> {
        let units = |euros: Decimal| {
            minor_units(euros.checked_mul(rate)?.trunc_with_scale(currency.exponent()), currency)
        };
        Some(Allowance { single: units(self.single)?, total: units(self.total)?, count: self.count })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::{AccountState, Purpose};
    use crate::id::UserId;
    use crate::limit::Spent;
    use uuid::Uuid;

    fn euros() -> Currency {
        Currency::parse("EUR").unwrap()
    }

    fn account(amount: i64, unasked: i64, unasked_count: i64) -> Balance {
        let (owner, purpose, currency) = (UserId(Uuid::nil()), Purpose::Wallet, euros());
        Balance {
            owner,
            purpose,
            currency,
            state: AccountState::Open,
            amount,
            seq: 1,
            unasked,
            unasked_count,
            spent: Spent::default(),
        }
    }

    #[test]
    fn small_payments_pass_until_total_or_count_is_reached() {
        let small = Consent::Small(Allowance { single: 3_000, total: 10_000, count: 5 });
        let decided = |unasked, count, amount| {
            let amount = Amount::try_new(amount, euros()).unwrap();
            decide(&account(100_000, unasked, count), amount, small).map_err(|refusal| refusal.code)
        };
        let required = Err(Code::ChallengeRequired);
        assert_eq!(decided(0, 0, 3_000), Ok(Toll::Counted));
        assert_eq!(decided(0, 0, 3_001), required);
        assert_eq!(decided(7_000, 3, 3_000), Ok(Toll::Counted));
        assert_eq!(decided(7_001, 3, 3_000), required);
        assert_eq!(decided(4, 4, 1), Ok(Toll::Counted));
        assert_eq!(decided(5, 5, 1), required);
    }

    #[test]
    fn nobody_is_asked_about_money_that_is_not_there() {
        let amount = Amount::try_new(101, euros()).unwrap();
        for consent in [Consent::Given, Consent::Trusted, Consent::Missing] {
            assert_eq!(
                decide(&account(100, 0, 0), amount, consent).unwrap_err().code,
                Code::InsufficientFunds
            );
        }
        assert_eq!(decide(&account(101, 9, 9), amount, Consent::Given), Ok(Toll::Reset));
        assert_eq!(decide(&account(101, 9, 9), amount, Consent::Trusted), Ok(Toll::Free));
    }

    #[test]
    fn the_rules_mean_as_much_in_every_currency() {
        let rules = Rules::default();
        let yen = rules.in_units("179.12".parse().unwrap(), Currency::parse("JPY").unwrap()).unwrap();
        assert_eq!(yen, Allowance { single: 5_373, total: 17_912, count: 5 });
        let dinar = rules.in_units("0.3571".parse().unwrap(), Currency::parse("KWD").unwrap()).unwrap();
        assert_eq!(dinar.single, 10_713);
    }
}
