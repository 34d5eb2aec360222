//! Review: a payment that looks like fraud waits until an operator has looked into it.
//!
//! Guarantees: the money has left the wallet and waits in an account of its own, `in review`; from there it goes on once, to
//! where it was to go and at the price that was quoted, or back to the wallet once. It goes on only by two operators (a
//! [`proposal`](crate::proposal)), and not while its payer is frozen; one alone sends it back, and so does time, [`PATIENCE`]
//! after it was asked for; the payer is told. What went back has counted for its payer's limits all the same.
//!
//! Refuses `NOT_FOUND`, `PAYMENT_DECIDED`, `PAYER_FROZEN`; `CASE_ASSIGNED` for who sends back what another
//! [has](crate::case). Costs a question about each page of what waits.

use crate::account::{self, AccountState, Purpose};
use crate::bank::Bank;
use crate::case;
use crate::clock::Time;
use crate::error::{Error, Result};
use crate::exchange::Exchange;
use crate::fraud::{self, Fired};
use crate::id::{AccountId, EventId, JobId, OperatorId, TransactionId};
use crate::ledger::{Books, Change, Command, Effects};
use crate::notification::{self, Notice};
use crate::operator::Officer;
use crate::outbox::{self, Job};
use crate::page::{Page, Slice};
use crate::proposal::{self, Change as Proposed};
use crate::quote;
use crate::refusal::{Code, Refusal};
use crate::table::{account as account_row, transaction};
use crate::transaction::{Draft, Failure, Kind, State, Transaction};
use crate::user;
use chrono::Duration;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::{Map, Value};

/// How long a payment waits.
pub const PATIENCE: Duration = Duration::hours(24);
/// Payments that are sent back at once at most.
const OVERDUE: u64 = 200;

/// A payment that waits, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// The payment.
    pub payment: Transaction,
    /// The rules that fired.
    pub fired: Vec<Fired>,
    /// What they were asked about: each signal with its value.
    pub signals: Map<String, Value>,
    /// When it is sent back.
    pub until: Time,
    /// Who has it.
    pub assignee: Option<OperatorId>,
}

/// Where a payment goes on to.
#[derive(Clone, Debug)]
pub(crate) enum Onward {
    /// To the payee.
    Payee(AccountId),
    /// To the payee, in another currency.
    Exchanged(Box<Exchange>, AccountId),
    /// To the bank, over the account of what is in transit.
    Bank(AccountId),
}

/// What became of a review.
#[derive(Clone, Debug)]
pub(crate) struct Conclude {
    pub(crate) transaction: TransactionId,
    pub(crate) review: AccountId,
    pub(crate) wallet: AccountId,
    /// Where it goes on to; nowhere but back, if it is rejected.
    pub(crate) onward: Option<Onward>,
    /// The job that is served by this, if it is one.
    pub(crate) job: Option<JobId>,
}

impl Conclude {
    /// The accounts that the decision looks at.
    pub(crate) fn accounts(&self) -> Vec<AccountId> {
        let own = [self.review, self.wallet];
        match &self.onward {
            None => own.to_vec(),
            Some(Onward::Payee(to) | Onward::Bank(to)) => own.into_iter().chain([*to]).collect(),
            Some(Onward::Exchanged(exchange, to)) => {
                own.into_iter().chain([*to]).chain(exchange.accounts()).collect()
            }
        }
    }
}

/// The money leaves the wallet and waits.
pub(crate) fn held(draft: &Draft, review: AccountId) -> Effects {
    Effects::of(Change::Create(draft.clone(), State::InReview)).moving(draft.debit, review, draft.amount)
}

/// Decides what a review leads to: the waiting money goes on, or back.
pub(crate) fn decide(books: &Books, command: &Conclude) -> Result<Effects, Refusal> {
    let act = books.transaction(command.transaction)?;
    let effects = if act.state == State::InReview {
        go(books, act, command)?
    } else {
        Effects::of(Change::Keep(act.terms.id))
    };
    Ok(match command.job {
        Some(job) => effects.ending(job),
        None => effects,
    })
}

fn go(books: &Books, act: &Transaction, command: &Conclude) -> Result<Effects, Refusal> {
    let (id, amount) = (act.terms.id, act.terms.amount);
    let advance = |to, failure| Effects::of(Change::Advance { id, to, failure });
    let refuse_closed = |account| match books.account(account)?.state {
        AccountState::Open | AccountState::Frozen => Ok(()),
        AccountState::Closed => Err(Code::RecipientUnavailable.at("to")),
    };
    if command.onward.is_some() {
        // Who has locked its wallet meanwhile may have done so because of this.
        books.account(command.wallet)?.state.may_pay()?;
    }
    match &command.onward {
        None => Ok(advance(State::Failed, Some(Failure::Rejected))
            .moving(command.review, command.wallet, amount)
            .then(Job::AnnounceRejection { transaction: id })),
        Some(Onward::Payee(to)) => {
            refuse_closed(*to)?;
            Ok(advance(State::Settled, None).moving(command.review, *to, amount))
        }
        Some(Onward::Exchanged(exchange, to)) => {
            refuse_closed(*to)?;
            exchange.moving(advance(State::Settled, None), command.review, *to, act.created_at)
        }
        Some(Onward::Bank(in_transit)) => Ok(advance(State::Requested, None)
            .moving(command.review, *in_transit, amount)
            .then(Job::SettleWithdrawal { transaction: id })),
    }
}

/// Lets a payment go on, for the worker; sends it back where its payee is no longer there.
///
/// # Errors
/// `NOT_FOUND`, `OVERLOADED`.
pub async fn release(bank: &Bank, id: TransactionId, job: JobId) -> Result<Transaction> {
    let payment = find(bank.db.connection(), id).await?;
    let terms = &payment.terms;
    let onward = match (terms.kind, terms.exchanged, terms.payer) {
        (Kind::Withdrawal, _, _) => {
            Onward::Bank(account::house(bank, Purpose::WithdrawalInTransit, terms.amount.currency()).await?)
        }
        (_, Some(exchanged), Some(payer)) => {
            let quote = quote::find(bank.db.connection(), payer, exchanged.quote).await?;
            Onward::Exchanged(Box::new(Exchange::by(bank, &quote).await?), terms.credit)
        }
        _ => Onward::Payee(terms.credit),
    };
    let waited = payment.state == State::InReview;
    let done = conclude(bank, &payment, Some(onward), Some(job)).await;
    match done {
        Err(Error::Refused(refusal)) if refusal.code == Code::RecipientUnavailable => {
            conclude(bank, &payment, None, Some(job)).await
        }
        Ok(done) if waited => {
            if let Err(error) = fraud::learn(bank, &done).await {
                tracing::warn!(%error, "its payee will be new to its payer once more");
            }
            Ok(done)
        }
        done => done,
    }
}

/// Sends a payment back.
///
/// # Errors
/// `NOT_FOUND`, `PAYMENT_DECIDED`, `CASE_ASSIGNED`, `OVERLOADED`.
pub async fn reject(bank: &Bank, officer: &Officer, id: TransactionId) -> Result<Transaction> {
    check_waiting(bank.db.connection(), id).await?;
    case::check_own(bank.db.connection(), officer, id).await?;
    // Two have decided already, and a worker is about to do it.
    if proposal::is_approved(bank, &Proposed::ReleasePayment { transaction: id }).await? {
        return Err(Code::PaymentDecided.at("id").into());
    }
    let payment = find(bank.db.connection(), id).await?;
    let done = conclude(bank, &payment, None, None).await?;
    // Somebody else may have let it go on meanwhile.
    if done.state != State::Failed {
        return Err(Code::PaymentDecided.at("id").into());
    }
    Ok(done)
}

/// Sends back what its payer says was not its own, if it still waits.
pub(crate) async fn send_back(bank: &Bank, payment: &Transaction) -> Result<Transaction> {
    conclude(bank, payment, None, None).await
}

/// Sends back what has waited too long. Doing it twice is doing it once.
///
/// # Errors
/// Only faults.
pub async fn reject_overdue(bank: &Bank) -> Result<usize> {
    let overdue = waiting()
        .filter(transaction::Column::CreatedAt.lte(bank.clock.now() - PATIENCE))
        .order_by_asc(transaction::Column::Id)
        .limit(OVERDUE);
    let rows = overdue.all(bank.db.connection()).await?;
    let count = rows.len();
    for row in rows {
        conclude(bank, &Transaction::try_from(row)?, None, None).await?;
    }
    Ok(count)
}

async fn conclude(
    bank: &Bank,
    payment: &Transaction,
    onward: Option<Onward>,
    job: Option<JobId>,
) -> Result<Transaction> {
    let terms = &payment.terms;
    let review = account::house(bank, Purpose::InReview, terms.amount.currency()).await?;
    let command = Conclude { transaction: terms.id, review, wallet: terms.debit, onward, job };
    bank.ledger.submit(Command::ConcludeReview(command)).await
}

/// Those that wait. The words of the condition are those of the index.
fn waiting() -> sea_orm::Select<transaction::Entity> {
    transaction::Entity::find().filter(Expr::cust("state = 'IN_REVIEW'"))
}

/// Tells a payer that a payment has gone back, and lets lapse what was proposed about it.
///
/// # Errors
/// Only faults.
pub async fn announce(bank: &Bank, id: TransactionId, job: JobId) -> Result<()> {
    let payment = find(bank.db.connection(), id).await?;
    let tx = bank.db.begin().await?;
    if let Some(payer) = payment.terms.payer {
        let (_, key) = user::lock(bank, &tx, payer).await?;
        let notice =
            Notice::Case(notification::Case::PaymentRejected { amount: payment.terms.amount.to_string() });
        notification::tell(bank, &tx, &key, EventId(id.0), &notice).await?;
    }
    proposal::lapse(bank, &tx, &Proposed::ReleasePayment { transaction: id }).await?;
    outbox::done(&tx, job).await?;
    tx.commit().await?;
    bank.bell.ring();
    Ok(())
}

/// Refuses to let a payment go on that doesn't wait, or whose payer is frozen.
///
/// # Errors
/// `NOT_FOUND`, `PAYMENT_DECIDED`, `PAYER_FROZEN`.
pub(crate) async fn check_releasable(db: &impl ConnectionTrait, id: TransactionId) -> Result<()> {
    check_waiting(db, id).await?;
    let wallet = find(db, id).await?.terms.debit;
    let row = account_row::Entity::find_by_id(wallet).one(db).await?.ok_or(Code::NotFound.at("id"))?;
    Ok(row.state.may_pay().map_err(|_| Code::PayerFrozen.at("id"))?)
}

async fn check_waiting(db: &impl ConnectionTrait, id: TransactionId) -> Result<()> {
    let payment = find(db, id).await?;
    if payment.state == State::InReview { Ok(()) } else { Err(Code::PaymentDecided.at("id").into()) }
}

async fn find(db: &impl ConnectionTrait, id: TransactionId) -> Result<Transaction> {
    let row = transaction::Entity::find_by_id(id).one(db).await?.ok_or(Code::NotFound.at("id"))?;
    Ok(row.try_into()?)
}

/// One page of what waits, oldest first.
///
/// # Errors
/// Only faults.
pub async fn list(bank: &Bank, page: Page<TransactionId>) -> Result<Slice<Case>> {
    let db = bank.db.connection();
    let rows = page.rising(waiting(), transaction::Column::Id).all(db).await?;
    Ok(page.slice(cases(db, rows).await?)?)
}

/// What is known of payments: why they were held, and who has them.
pub(crate) async fn cases(db: &impl ConnectionTrait, rows: Vec<transaction::Model>) -> Result<Vec<Case>> {
    let payments: Vec<_> = rows.iter().map(|row| (row.actor, row.idempotency_key.clone())).collect();
    let mut reasons = fraud::reasons(db, &payments).await?;
    let assignees = case::assignees(db, rows.iter().map(|row| row.id)).await?;
    let read = |row: transaction::Model| {
        let reasons = reasons.remove(&(row.actor, row.idempotency_key.clone())).unwrap_or_default();
        let assignee = assignees.get(&row.id).copied();
        let payment = Transaction::try_from(row)?;
        let until = payment.created_at + PATIENCE;
        Ok(Case { payment, fired: reasons.fired, signals: reasons.signals, until, assignee })
    };
    rows.into_iter().map(read).collect()
}
