//! Deposits: money from a person's bank into the wallet.
//!
//! Guarantees: the wallet is credited once, when the rail says that the money has come, and never
//! before. A failed deposit has moved nothing.

use crate::account::{self, AccountState, Purpose};
use crate::bank::Bank;
use crate::error::Result;
use crate::id::{AccountId, TransactionId};
use crate::instrument;
use crate::ledger::{Books, Change, Command, Effects};
use crate::outbox::Job;
use crate::rail::{self, Order, Outcome};
use crate::refusal::{Code, Refusal};
use crate::session::Caller;
use crate::terms;
use crate::transaction::{Draft, Kind, State, Transaction};

/// A deposit, ready to be decided.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) draft: Draft,
}

/// What the rail said of a deposit.
#[derive(Clone, Debug)]
pub(crate) struct Conclude {
    pub(crate) transaction: TransactionId,
    pub(crate) outcome: Outcome,
    pub(crate) wallet: AccountId,
    pub(crate) clearing: AccountId,
}

/// Decides a request: nothing moves yet, the rail is to be asked.
pub(crate) fn decide_request(books: &Books, command: &Request) -> Result<Effects, Refusal> {
    let draft = &command.draft;
    if books.account(draft.credit)?.state == AccountState::Closed {
        return Err(Code::UserClosed.into());
    }
    let requested = Change::Create(draft.clone(), State::Requested);
    Ok(Effects::of(requested).then(Job::ConfirmDeposit { transaction: draft.id }))
}

/// Decides what the rail's answer changes: once settled, the money enters the wallet.
pub(crate) fn decide_conclusion(books: &Books, command: &Conclude) -> Result<Effects, Refusal> {
    let deposit = books.transaction(command.transaction)?;
    let (id, amount, job) = (deposit.terms.id, deposit.terms.amount, rail::job_of(deposit.terms.id));
    let Some((to, failure)) = rail::next(deposit.state, command.outcome) else {
        let kept = Effects::of(Change::Keep(id));
        return Ok(if deposit.state.is_final() { kept.ending(job) } else { kept });
    };
    let effects = Effects::of(Change::Advance { id, to, failure });
    Ok(match to {
        State::Settled => effects.moving(command.clearing, command.wallet, amount).ending(job),
        State::Failed => effects.ending(job),
        State::InReview | State::Requested | State::Submitted | State::Unknown => effects,
    })
}

/// Asks for money from a linked bank account.
///
/// # Errors
/// `TERMS_NOT_ACCEPTED`, `NOT_FOUND` for an instrument that is not one's own, `USER_CLOSED`, `IDEMPOTENCY_KEY_REUSED`,
/// `OVERLOADED`.
pub async fn request(bank: &Bank, caller: Caller, order: Order) -> Result<Transaction> {
    terms::require(bank, caller, &order.key).await?;
    let user = caller.user;
    let currency = order.amount.currency();
    let draft = Draft {
        id: TransactionId(bank.ids.next(bank.clock.now())),
        kind: Kind::Deposit,
        actor: user,
        key: order.key,
        amount: order.amount,
        exchanged: None,
        debit: account::house(bank, Purpose::BankClearing, currency).await?,
        credit: account::wallet(bank, user, currency).await?,
        payer: None,
        payee: Some(user),
        instrument: Some(instrument::find(bank, user, order.instrument).await?.id),
        note: None,
    };
    bank.ledger.submit(Command::RequestDeposit(Request { draft })).await
}

/// Takes an answer of the rail; taking it twice is taking it once.
///
/// # Errors
/// `NOT_FOUND`, `OVERLOADED`.
pub async fn conclude(bank: &Bank, deposit: &Transaction, outcome: Outcome) -> Result<Transaction> {
    let command = Conclude {
        transaction: deposit.terms.id,
        outcome,
        wallet: deposit.terms.credit,
        clearing: deposit.terms.debit,
    };
    bank.ledger.submit(Command::ConcludeDeposit(command)).await
}
