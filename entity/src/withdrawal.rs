//! Withdrawals: money from the wallet to a person's bank.
//!
//! Guarantees: the money leaves the wallet with the request and waits in an account of its own,
//! `withdrawal in transit`; from there it goes on to the bank once, or back to the wallet once. What looks like fraud
//! waits before that for an operator ([`review`]).

use crate::account::{self, Purpose};
use crate::bank::Bank;
use crate::error::Result;
use crate::id::{AccountId, ChallengeId, TransactionId};
use crate::instrument;
use crate::ledger::{Books, Change, Command, Effects};
use crate::outbox::Job;
use crate::rail::{self, Order, Outcome};
use crate::refusal::Refusal;
use crate::review;
use crate::session::Caller;
use crate::step_up::{self, Paid, Payment, Permit};
use crate::terms;
use crate::transaction::{Draft, Kind, State, Transaction};

/// A withdrawal, ready to be decided.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) draft: Draft,
    pub(crate) in_transit: AccountId,
    pub(crate) permit: Permit,
}

/// What the rail said of a withdrawal.
#[derive(Clone, Debug)]
pub(crate) struct Conclude {
    pub(crate) transaction: TransactionId,
    pub(crate) outcome: Outcome,
    pub(crate) wallet: AccountId,
    pub(crate) in_transit: AccountId,
    pub(crate) clearing: AccountId,
}

/// Decides a request: the money leaves the wallet and waits; the rail is to be told.
pub(crate) fn decide_request(books: &Books, command: &Request) -> Result<Effects, Refusal> {
    let draft = &command.draft;
    books.account(draft.debit)?.state.may_pay()?;
    let (home, spent) = step_up::decide(books, draft, command.permit)?;
    let effects = match command.permit.review {
        Some(review) => review::held(draft, review),
        None => Effects::of(Change::Create(draft.clone(), State::Requested))
            .moving(draft.debit, command.in_transit, draft.amount)
            .then(Job::SettleWithdrawal { transaction: draft.id }),
    };
    Ok(effects.spending(home, spent))
}

/// Decides what the rail's answer changes: the waiting money goes on, or back.
pub(crate) fn decide_conclusion(books: &Books, command: &Conclude) -> Result<Effects, Refusal> {
    let withdrawal = books.transaction(command.transaction)?;
    let (id, amount, job) = (withdrawal.terms.id, withdrawal.terms.amount, rail::job_of(withdrawal.terms.id));
    let Some((to, failure)) = rail::next(withdrawal.state, command.outcome) else {
        let kept = Effects::of(Change::Keep(id));
        return Ok(if withdrawal.state.is_final() { kept.ending(job) } else { kept });
    };
    let effects = Effects::of(Change::Advance { id, to, failure });
    Ok(match to {
        State::Settled => effects.moving(command.in_transit, command.clearing, amount).ending(job),
        State::Failed => effects.moving(command.in_transit, command.wallet, amount).ending(job),
        State::InReview | State::Requested | State::Submitted | State::Unknown => effects,
    })
}

/// Asks for money at a linked bank account, or asks the person first.
///
/// # Errors
/// `TERMS_NOT_ACCEPTED`, `NOT_FOUND` for an instrument that is not one's own, `USER_FROZEN`, `USER_CLOSED`, `INSUFFICIENT_FUNDS`,
/// `PAYMENT_TOO_LARGE`, `LIMIT_EXCEEDED`, `IDEMPOTENCY_KEY_REUSED`, `RECENTLY_RESET`, `CHALLENGE_INVALID`, `TOO_MANY_TRIES`, `PAYMENT_BLOCKED`,
/// `SCREENING_UNAVAILABLE`, `PAYMENTS_AT_ONCE`, `OVERLOADED`.
pub async fn request(
    bank: &Bank,
    payer: Caller,
    order: Order,
    challenge: Option<ChallengeId>,
) -> Result<Paid> {
    terms::require(bank, payer, &order.key).await?;
    let (user, currency) = (payer.user, order.amount.currency());
    let instrument = instrument::find(bank, user, order.instrument).await?;
    let wallet = account::paying(bank, user, currency).await?;
    let payment = Payment {
        payer,
        amount: order.amount,
        from: wallet,
        arrives: None,
        payee: instrument.id.0,
        person: None,
        shown: instrument.masked_iban(),
        key: order.key.clone(),
        challenge,
    };
    let draft = Draft {
        id: TransactionId(bank.ids.next(bank.clock.now())),
        kind: Kind::Withdrawal,
        actor: user,
        key: order.key,
        amount: order.amount,
        exchanged: None,
        debit: wallet.id,
        credit: account::house(bank, Purpose::BankClearing, currency).await?,
        payer: Some(user),
        payee: None,
        instrument: Some(instrument.id),
        note: None,
    };
    let in_transit = account::house(bank, Purpose::WithdrawalInTransit, currency).await?;
    step_up::pay(bank, payment, |permit| {
        let request = Request { draft: draft.clone(), in_transit, permit };
        bank.ledger.submit(Command::RequestWithdrawal(request))
    })
    .await
}

/// Takes an answer of the rail; taking it twice is taking it once.
///
/// # Errors
/// `NOT_FOUND`, `OVERLOADED`.
pub async fn conclude(bank: &Bank, withdrawal: &Transaction, outcome: Outcome) -> Result<Transaction> {
    let currency = withdrawal.terms.amount.currency();
    let command = Conclude {
        transaction: withdrawal.terms.id,
        outcome,
        wallet: withdrawal.terms.debit,
        in_transit: account::house(bank, Purpose::WithdrawalInTransit, currency).await?,
        clearing: withdrawal.terms.credit,
    };
    bank.ledger.submit(Command::ConcludeWithdrawal(command)).await
}
