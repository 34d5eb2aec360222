//! Exchanges: money that leaves in one currency and arrives in another, through the house's positions.
//!
//! Guarantees: all of it is one ledger transaction. What is paid enters the house's position in that currency whole;
//! from there the spread, the fee and what is too little for a minor unit go to accounts of their own, so that what
//! stays is worth what is received; and that leaves the position in the other currency. A quote is used once: the
//! transaction names it, and no two name the same.
//!
//! Refuses `QUOTE_EXPIRED`, `QUOTE_USED`.

use crate::account::{self, Purpose};
use crate::bank::Bank;
use crate::clock::Time;
use crate::error::Result;
use crate::id::{AccountId, QuoteId};
use crate::ledger::{Claim, Effects};
use crate::money::{Amount, Currency};
use crate::price::Price;
use crate::quote::Quote;
use crate::refusal::{Code, Refusal};

/// What an act exchanges: it names its quote, and what arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exchanged {
    /// The quote.
    pub quote: QuoteId,
    /// What arrives.
    pub target: Amount,
}

/// An exchange, ready to be decided.
#[derive(Clone, Debug)]
pub(crate) struct Exchange {
    quote: QuoteId,
    expires_at: Time,
    price: Price,
    desk: Desk,
}

/// The house's accounts that an exchange goes through.
#[derive(Clone, Copy, Debug)]
struct Desk {
    taken: AccountId,
    given: AccountId,
    spread: AccountId,
    fee: AccountId,
    rounding: AccountId,
}

impl Exchange {
    /// By a quote.
    pub(crate) async fn by(bank: &Bank, quote: &Quote) -> Result<Self> {
        let (source, target) = (quote.price.source.currency(), quote.price.target.currency());
        let house = |purpose, currency: Currency| account::house(bank, purpose, currency);
        let desk = Desk {
            taken: house(Purpose::FxPosition, source).await?,
            given: house(Purpose::FxPosition, target).await?,
            spread: house(Purpose::FxSpread, source).await?,
            fee: house(Purpose::Fee, source).await?,
            rounding: house(Purpose::FxRounding, source).await?,
        };
        Ok(Self { quote: quote.id, expires_at: quote.expires_at, price: quote.price, desk })
    }

    /// What the act says of it.
    pub(crate) fn exchanged(&self) -> Exchanged {
        Exchanged { quote: self.quote, target: self.price.target }
    }

    /// The house's accounts that it goes through.
    pub(crate) fn accounts(&self) -> [AccountId; 5] {
        let Desk { taken, given, spread, fee, rounding } = self.desk;
        [taken, given, spread, fee, rounding]
    }

    /// What has to be true still: that the quote was not used.
    pub(crate) fn claim(&self, user: crate::id::UserId) -> Claim {
        Claim::Quote(self.quote, user)
    }

    /// Refuses a price that the house stands by no longer.
    pub(crate) fn refuse_expired(&self, now: Time) -> Result<(), Refusal> {
        if self.expires_at <= now { Err(Code::QuoteExpired.at("quoteId")) } else { Ok(()) }
    }

    /// Moves the money, from the account where it leaves to the one where it arrives.
    pub(crate) fn moving(
        &self,
        effects: Effects,
        debit: AccountId,
        credit: AccountId,
        now: Time,
    ) -> Result<Effects, Refusal> {
        self.refuse_expired(now)?;
        let Price { source, target, parts } = self.price;
        let desk = self.desk;
        let mut effects = effects.moving(debit, desk.taken, source);
        for (account, part) in
            [(desk.spread, parts.spread), (desk.fee, parts.fee), (desk.rounding, parts.rounding)]
        {
            if let Ok(part) = Amount::try_new(part, source.currency()) {
                effects = effects.moving(desk.taken, account, part);
            }
        }
        Ok(effects.moving(desk.given, credit, target))
    }
}
