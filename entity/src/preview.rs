//! Previews: what a transfer or a withdrawal would cost and do, before it is made.
//!
//! Guarantees: nothing moves and nobody is asked. What is shown of a transfer is signed for the person, the payee and the amounts:
//! with the token the price is binding, and a token that was changed, or is for something else, is refused. A transfer
//! that is made without one is priced all the same.
//!
//! Refuses what the payment would be refused with but for `INSUFFICIENT_FUNDS`, `PAYMENT_TOO_LARGE` and `LIMIT_EXCEEDED`, which
//! it shows; `PREVIEW_INVALID`, `PREVIEW_EXPIRED`.

use crate::account;
use crate::bank::Bank;
use crate::clock::Time;
use crate::error::{Error, Result};
use crate::fraud::Outgoing;
use crate::handle::{Fingerprint, Handle};
use crate::id::{InstrumentId, QuoteId, UserId};
use crate::instrument;
use crate::keys;
use crate::limit::{self, Left};
use crate::money::{Amount, Money};
use crate::quote::{self, Ask, Quote};
use crate::refusal::{Code, Refusal};
use crate::session::Caller;
use crate::step_up;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use chrono::{Datelike, Duration, NaiveTime, Weekday};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// How long what is shown is binding.
const BINDING: Duration = Duration::minutes(2);

/// What is to be paid: an amount as it is, or one that becomes another on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// This leaves, and this arrives.
    Plain(Amount),
    /// At a price.
    Exchanged(Ask),
}

/// How a payment leaves its payer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outlook {
    /// What is left in the account then; below zero, if there is not enough.
    pub balance_after: Money,
    /// What is left of the limits before it, of the day and of the month.
    pub limits: [Left; 2],
    /// Whether the person is asked first.
    pub asks: bool,
    /// When it has arrived.
    pub arrives_at: Time,
}

/// What a transfer would cost and do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// What leaves.
    pub source: Amount,
    /// What arrives.
    pub target: Amount,
    /// The price, where it is another currency.
    pub quote: Option<Quote>,
    /// How the payer is then.
    pub outlook: Outlook,
    /// What makes this price binding.
    pub token: String,
    /// Until when.
    pub expires_at: Time,
}

/// What a token says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Shown {
    user: UserId,
    to: Uuid,
    amount: i64,
    currency: crate::money::Currency,
    quote: Option<QuoteId>,
    expires_at: Time,
}

impl Shown {
    fn signed(&self, bank: &Bank) -> String {
        let text = BASE64.encode(serde_json::to_string(self).unwrap_or_default());
        format!("{text}.{}", tag(bank, &text))
    }

    fn read(bank: &Bank, token: &str) -> Option<Self> {
        let (text, signed) = token.split_once('.')?;
        if !keys::same(tag(bank, text).as_bytes(), signed.as_bytes()) {
            return None;
        }
        serde_json::from_slice(&BASE64.decode(text).ok()?).ok()
    }
}

fn tag(bank: &Bank, text: &str) -> String {
    bank.vault.digest(&[b"preview", text.as_bytes()]).0.simple().to_string()
}

/// Shows what a transfer would cost and do.
///
/// # Errors
/// See the module.
pub async fn transfer(bank: &Bank, payer: Caller, to: &Handle, wish: Wish) -> Result<Preview> {
    let (now, fingerprint) = (bank.clock.now(), bank.vault.fingerprint(to));
    let payee = bank.by_handle.recall(fingerprint).await?;
    if payee == Some(payer.user) {
        return Err(Code::SelfTransfer.at("to").into());
    }
    let Some(payee) = payee else {
        crate::transfer::count_unknown(bank, payer).await?;
        return Err(Code::RecipientUnknown.at("to").into());
    };
    let (source, target, quote) = match wish {
        Wish::Plain(amount) => (amount, amount, None),
        Wish::Exchanged(ask) => {
            let quote = quote::create(bank, payer.user, ask).await?;
            (quote.price.source, quote.price.target, Some(quote))
        }
    };
    let until = quote.as_ref().map_or(now + BINDING, |quote| quote.expires_at.min(now + BINDING));
    let shown = Shown {
        user: payer.user,
        to: fingerprint.0,
        amount: source.minor(),
        currency: source.currency(),
        quote: quote.as_ref().map(|quote| quote.id),
        expires_at: until,
    };
    Ok(Preview {
        source,
        target,
        quote,
        outlook: outlook(bank, payer, (payee.0, Some(payee)), source, now).await?,
        token: shown.signed(bank),
        expires_at: until,
    })
}

/// Shows what a withdrawal would do; nothing is taken of it.
///
/// # Errors
/// `NOT_FOUND` for an instrument that is not one's own.
pub async fn withdrawal(
    bank: &Bank,
    payer: Caller,
    instrument: InstrumentId,
    amount: Amount,
) -> Result<Outlook> {
    let instrument = instrument::find(bank, payer.user, instrument).await?;
    let arrives_at = next_working_day(bank.clock.now());
    outlook(bank, payer, (instrument.id.0, None), amount, arrives_at).await
}

/// The end of the next day that is not of a weekend: by then a bank has credited what it was sent (Directive (EU)
/// 2015/2366, article 83).
fn next_working_day(now: Time) -> Time {
    let mut day = now + Duration::days(1);
    while matches!(day.weekday(), Weekday::Sat | Weekday::Sun) {
        day += Duration::days(1);
    }
    (day + Duration::days(1)).date_naive().and_time(NaiveTime::MIN).and_utc()
}

async fn outlook(
    bank: &Bank,
    payer: Caller,
    (payee, person): (Uuid, Option<UserId>),
    amount: Amount,
    arrives_at: Time,
) -> Result<Outlook> {
    let own = match account::find(&bank.db, payer.user, amount.currency()).await {
        Ok(account) => Some(account),
        Err(Error::Refused(Refusal { code: Code::NotFound, .. })) => None,
        Err(error) => return Err(error),
    };
    if let Some(own) = &own {
        own.state.may_pay()?;
    }
    limit::measurable(bank, payer.user, amount).await?;
    let balance = own.as_ref().map_or(0, |own| own.balance.minor);
    let asks = match own {
        Some(_) => {
            let from = account::wallet(bank, payer.user, amount.currency()).await?;
            let outgoing = Outgoing { payer, amount, from, payee, person };
            step_up::would_ask(bank, &outgoing).await?
        }
        // Who has nothing in this currency is refused before it is asked.
        None => false,
    };
    Ok(Outlook {
        balance_after: Money { minor: balance.saturating_sub(amount.minor()), currency: amount.currency() },
        limits: limit::left(bank, payer.user).await?,
        asks,
        arrives_at,
    })
}

/// The quote that a token binds, if any; refuses a token that is not for this transfer, and one that has expired unless
/// it may be late.
///
/// # Errors
/// `PREVIEW_INVALID`, `PREVIEW_EXPIRED`.
pub(crate) fn bound(
    bank: &Bank,
    user: UserId,
    to: Fingerprint,
    amount: Amount,
    token: &str,
    late: bool,
) -> Result<Option<QuoteId>, Refusal> {
    let shown = Shown::read(bank, token).ok_or(Code::PreviewInvalid.at("previewToken"))?;
    let same = shown.user == user
        && shown.to == to.0
        && (shown.amount, shown.currency) == (amount.minor(), amount.currency());
    if !same {
        Err(Code::PreviewInvalid.at("previewToken"))
    } else if shown.expires_at <= bank.clock.now() && !late {
        Err(Code::PreviewExpired.at("previewToken"))
    } else {
        Ok(shown.quote)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn banks_rest_at_the_weekend() {
        let arrives = |day: &str| next_working_day(format!("{day}T23:00:00Z").parse().unwrap()).to_rfc3339();
        assert_eq!(arrives("2026-11-26"), "2026-11-28T00:00:00+00:00", "Thursday: by the end of Friday");
        assert_eq!(arrives("2026-11-27"), "2026-12-01T00:00:00+00:00", "Friday: by the end of Monday");
        assert_eq!(arrives("2026-11-29"), "2026-12-01T00:00:00+00:00", "Sunday");
    }
}
