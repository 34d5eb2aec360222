//! Exemptions: what may leave a person's accounts unasked, and what a payment does to the count of it. The rules are
//! settings, in euros; a payment counts at its worth, whatever its currency.

use crate::ledger::Balance;
use crate::limit::Spent;
use crate::money::Amount;
use crate::refusal::{Code, Refusal};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

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

/// The same in cents.
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
    /// It is worth so many cents, and may be small enough.
    Small(i64, Allowance),
    /// It may not, unless it was made before.
    Missing,
}

impl Rules {
    /// The same in cents; none, where they are beyond range.
    pub(super) fn in_cents(&self) -> Option<Allowance> {
        let cents = |euros: Decimal| euros.checked_mul(Decimal::ONE_HUNDRED)?.floor().to_i64();
        Some(Allowance { single: cents(self.single)?, total: cents(self.total)?, count: self.count })
    }
}

/// Whether a payment of this worth is small enough, after what has left unasked.
pub(super) fn is_small(spent: Spent, worth: i64, allowance: Allowance) -> bool {
    let total = spent.unasked.saturating_add(worth);
    worth <= allowance.single && total <= allowance.total && spent.unasked_count < allowance.count
}

/// Decides whether a payment may leave this account; says what will have left then.
pub(crate) fn decide(
    account: &Balance,
    amount: Amount,
    consent: Consent,
    spent: Spent,
) -> Result<Spent, Refusal> {
    if account.amount < amount.minor() {
        return Err(Code::InsufficientFunds.at("amount"));
    }
    match consent {
        Consent::Given => Ok(Spent { unasked: 0, unasked_count: 0, ..spent }),
        Consent::Trusted | Consent::Limited => Ok(spent),
        Consent::Small(worth, allowance) if is_small(spent, worth, allowance) => Ok(Spent {
            unasked: spent.unasked.saturating_add(worth),
            unasked_count: spent.unasked_count.saturating_add(1),
            ..spent
        }),
        Consent::Small(..) | Consent::Missing => Err(Code::ChallengeRequired.at("challengeId")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::{AccountState, Purpose};
    use crate::id::UserId;
    use crate::ledger::Proven;
    use crate::money::Currency;
    use uuid::Uuid;

    fn account(amount: i64) -> Balance {
        Balance {
            owner: UserId(Uuid::nil()),
            purpose: Purpose::Wallet,
            currency: Currency::EUR,
            state: AccountState::Open,
            amount,
            seq: 1,
            spent: Spent::default(),
            proven: Proven::default(),
        }
    }

    fn spent(unasked: i64, unasked_count: i64) -> Spent {
        Spent { on: 1, day: 2, month: 3, unasked, unasked_count }
    }

    #[test]
    fn small_payments_pass_until_total_or_count_is_reached() {
        let allowance = Rules::default().in_cents().unwrap();
        let decided = |unasked, count, amount| {
            let consent = Consent::Small(amount, allowance);
            let amount = Amount::try_new(amount, Currency::EUR).unwrap();
            decide(&account(100_000), amount, consent, spent(unasked, count)).map_err(|refusal| refusal.code)
        };
        let required = Err(Code::ChallengeRequired);
        assert_eq!(decided(0, 0, 3_000), Ok(spent(3_000, 1)));
        assert_eq!(decided(0, 0, 3_001), required);
        assert_eq!(decided(7_000, 3, 3_000), Ok(spent(10_000, 4)));
        assert_eq!(decided(7_001, 3, 3_000), required);
        assert_eq!(decided(4, 4, 1), Ok(spent(5, 5)));
        assert_eq!(decided(5, 5, 1), required);
    }

    #[test]
    fn nobody_is_asked_about_money_that_is_not_there() {
        let amount = Amount::try_new(101, Currency::EUR).unwrap();
        let decided = |held, consent| decide(&account(held), amount, consent, spent(9, 9));
        for consent in [Consent::Given, Consent::Trusted, Consent::Missing] {
            assert_eq!(decided(100, consent).unwrap_err().code, Code::InsufficientFunds);
        }
        assert_eq!(decided(101, Consent::Given), Ok(spent(0, 0)));
        assert_eq!(decided(101, Consent::Trusted), Ok(spent(9, 9)));
    }
}
