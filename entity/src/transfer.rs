//! Transfers: from one person to another, named by e-mail address or phone number.
//!
//! Guarantees: done at once or not at all, but for what looks like fraud, which waits for an operator ([`review`]). The
//! payee's account in that currency opens by itself; with a quote it arrives in another currency, as quoted. The payer's
//! session is open and the handle is the payee's at the moment of the transfer itself. The payer is asked first, unless the
//! payment is exempt ([`step_up`](crate::step_up)).
//! Refuses: unknown recipients, oneself, frozen payers, ended sessions, more than there is, more than the payer's level
//! allows ([`limit`](crate::limit)), and what rules block.

use crate::account::{self, AccountState};
use crate::bank::Bank;
use crate::conversion;
use crate::error::{Error, Result};
use crate::exchange::Exchange;
use crate::handle::{Fingerprint, Handle};
use crate::id::{AccountId, ChallengeId, QuoteId, TransactionId, UserId};
use crate::ledger::{Books, Change, Claim, Command, Effects};
use crate::money::{Amount, Currency};
use crate::preview;
use crate::quote::{self, Quote};
use crate::refusal::{Code, Refusal};
use crate::review;
use crate::session::Caller;
use crate::step_up::{self, Paid, Payment, Permit};
use crate::terms;
use crate::throttle::{By, Counted, take};
use crate::transaction::{Draft, IdempotencyKey, Kind, State, is_done, paid};

/// What the payer says.
#[derive(Clone, Debug)]
pub struct Order {
    /// To whom.
    pub to: Handle,
    /// How much.
    pub amount: Amount,
    /// What was shown before, and is binding.
    pub preview: Option<String>,
    /// The price at which it becomes another currency on its way.
    pub quote: Option<QuoteId>,
    /// Words to the payee.
    pub note: Option<String>,
    /// The payer's name for this act.
    pub key: IdempotencyKey,
    /// A question about this act that was answered.
    pub challenge: Option<ChallengeId>,
}

/// A transfer, ready to be decided.
#[derive(Clone, Debug)]
pub(crate) struct Create {
    pub(crate) draft: Draft,
    pub(crate) claims: Vec<Claim>,
    pub(crate) exchange: Option<Exchange>,
    pub(crate) permit: Permit,
}

/// Decides a transfer.
pub(crate) fn decide(books: &Books, command: &Create) -> Result<Effects, Refusal> {
    let draft = &command.draft;
    books.account(draft.debit)?.state.may_pay()?;
    match books.account(draft.credit)?.state {
        AccountState::Open | AccountState::Frozen => {}
        AccountState::Closed => return Err(Code::RecipientUnavailable.at("to")),
    }
    let settled = Effects::of(Change::Create(draft.clone(), State::Settled));
    let moved = match (command.permit.review, &command.exchange) {
        (None, Some(exchange)) => exchange.moving(settled, draft.debit, draft.credit, books.now)?,
        (None, None) => settled.moving(draft.debit, draft.credit, draft.amount),
        (Some(review), exchange) => {
            // The price stands, however long it waits.
            exchange.iter().try_for_each(|exchange| exchange.refuse_expired(books.now))?;
            review::held(draft, review)
        }
    };
    let (home, spent) = step_up::decide(books, draft, command.permit)?;
    Ok(moved.spending(home, spent))
}

/// Sends money, or asks the payer first.
///
/// # Errors
/// `TERMS_NOT_ACCEPTED`, `RECIPIENT_UNKNOWN`, `RECIPIENT_UNAVAILABLE`, `SELF_TRANSFER`, `USER_FROZEN`, `SESSION_ENDED`,
/// `INSUFFICIENT_FUNDS`, `PAYMENT_TOO_LARGE`, `LIMIT_EXCEEDED`, `IDEMPOTENCY_KEY_REUSED`, `RECENTLY_RESET`, `CHALLENGE_INVALID`,
/// `TOO_MANY_TRIES`, `QUOTE_EXPIRED` with a fresh quote, `QUOTE_USED`, `QUOTE_MISMATCH`, `PREVIEW_INVALID`,
/// `PREVIEW_EXPIRED`, `PAYMENT_BLOCKED`, `SCREENING_UNAVAILABLE`, `PAYMENTS_AT_ONCE`, `OVERLOADED`.
pub async fn create(bank: &Bank, payer: Caller, order: Order) -> Result<Paid> {
    terms::require(bank, payer, &order.key).await?;
    let to = bank.vault.fingerprint(&order.to);
    let known = bank.by_handle.recall(to).await?;
    let mut done = pay_reached(bank, payer, &order, known).await;
    // The handle may have come to somebody else since it was remembered. Many may find that out at once.
    if known.is_some() && is_unknown(&done) {
        bank.by_handle.forget(&to);
        done = pay_reached(bank, payer, &order, bank.by_handle.ask(to).await?).await;
    }
    if is_unknown(&done) {
        // Who asks for many that nobody is, is looking for those that somebody is.
        Box::pin(count_unknown(bank, payer)).await?;
        // What was done is answered again, though its payee goes by that name no more.
        if let Some(payee) = Box::pin(paid(bank.db.connection(), payer.user, &order.key)).await? {
            return Box::pin(pay(bank, payer, &order, payee)).await;
        }
    }
    done
}

fn is_unknown(done: &Result<Paid>) -> bool {
    matches!(done, Err(Error::Refused(refusal)) if refusal.code == Code::RecipientUnknown)
}

/// Counts a payee that nobody is.
pub(crate) async fn count_unknown(bank: &Bank, payer: Caller) -> Result<()> {
    take(bank, Counted::UnknownPayee, By::user(payer.user)).await
}

async fn pay_reached(bank: &Bank, payer: Caller, order: &Order, payee: Option<UserId>) -> Result<Paid> {
    match payee.ok_or(Code::RecipientUnknown.at("to"))? {
        oneself if oneself == payer.user => Err(Code::SelfTransfer.at("to").into()),
        payee => pay(bank, payer, order, payee).await,
    }
}

async fn pay(bank: &Bank, payer: Caller, order: &Order, payee: UserId) -> Result<Paid> {
    let to = bank.vault.fingerprint(&order.to);
    let quote = quoted(bank, payer.user, to, order).await?;
    let from = account::paying(bank, payer.user, order.amount.currency()).await?;
    let payment = Payment {
        payer,
        amount: order.amount,
        from,
        arrives: quote.as_ref().map(|quote| quote.price.target.currency()),
        payee: payee.0,
        person: Some(payee),
        shown: order.to.to_string(),
        key: order.key.clone(),
        challenge: order.challenge,
    };
    let exchange = match &quote {
        Some(quote) => Some(Box::pin(Exchange::by(bank, quote)).await?),
        None => None,
    };
    let draft = draft(bank, (payer, from.id), payee, order, exchange.as_ref()).await?;
    let mut claims = vec![Claim::Session(payer.session, payer.user), Claim::Handle(to, payee)];
    claims.extend(exchange.as_ref().map(|exchange| exchange.claim(payer.user)));
    let done = step_up::pay(bank, payment, |permit| {
        let (draft, claims, exchange) = (draft.clone(), claims.clone(), exchange.clone());
        bank.ledger.submit(Command::Transfer(Create { draft, claims, exchange, permit }))
    })
    .await;
    match &quote {
        Some(quote) => Box::pin(conversion::renewed(bank, quote, done)).await,
        None => done,
    }
}

/// The payee's account, opened if need be; but not for who could not pay anyhow, or anybody could open accounts for others.
async fn credited(
    bank: &Bank,
    payer: Caller,
    amount: Amount,
    (payee, currency): (UserId, Currency),
) -> Result<AccountId> {
    if let Some(known) = account::known(bank, payee, currency).await? {
        return Ok(known);
    }
    let held = match Box::pin(account::find(&bank.db, payer.user, amount.currency())).await {
        Ok(account) => account.balance.minor,
        Err(Error::Refused(Refusal { code: Code::NotFound, .. })) => 0,
        Err(error) => return Err(error),
    };
    if held < amount.minor() {
        return Err(Code::InsufficientFunds.at("amount").into());
    }
    account::wallet(bank, payee, currency).await
}

/// The price at which it becomes another currency, if it does.
async fn quoted(bank: &Bank, payer: UserId, to: Fingerprint, order: &Order) -> Result<Option<Quote>> {
    let id = match &order.preview {
        Some(token) => {
            // What was done is answered again, however late.
            let late = Box::pin(is_done(bank.db.connection(), payer, &order.key)).await?;
            let bound = preview::bound(bank, payer, to, order.amount, token, late)?;
            if order.quote.is_some() && order.quote != bound {
                return Err(Code::PreviewInvalid.at("previewToken").into());
            }
            bound
        }
        None => order.quote,
    };
    let Some(id) = id else { return Ok(None) };
    let quote = Box::pin(quote::find(bank.db.connection(), payer, id)).await?;
    if quote.price.source == order.amount {
        Ok(Some(quote))
    } else {
        Err(Code::QuoteMismatch.at("money").into())
    }
}

async fn draft(
    bank: &Bank,
    (payer, debit): (Caller, AccountId),
    payee: UserId,
    order: &Order,
    exchange: Option<&Exchange>,
) -> Result<Draft> {
    let currency = order.amount.currency();
    let exchanged = exchange.map(Exchange::exchanged);
    let arrives = exchanged.map_or(currency, |exchanged| exchanged.target.currency());
    Ok(Draft {
        id: TransactionId(bank.ids.next(bank.clock.now())),
        kind: Kind::Transfer,
        actor: payer.user,
        key: order.key.clone(),
        amount: order.amount,
        exchanged,
        debit,
        credit: credited(bank, payer, order.amount, (payee, arrives)).await?,
        payer: Some(payer.user),
        payee: Some(payee),
        instrument: None,
        note: order.note.clone(),
    })
}
