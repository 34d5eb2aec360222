//! Transfers: from one person to another, named by e-mail address or phone number.
//!
//! Guarantees: done at once or not at all; the payee's account in that currency opens by itself. The
//! payer's session is open and the handle is the payee's at the moment of the transfer itself.
//! The payer is asked first, unless the payment is exempt ([`step_up`](crate::step_up)).
//! Refuses: unknown recipients, oneself, frozen payers, ended sessions, more than there is, and more than the payer's
//! level allows ([`limit`]).

use crate::account::{self, AccountState};
use crate::bank::Bank;
use crate::error::{Error, Result};
use crate::handle::Handle;
use crate::id::{ChallengeId, TransactionId, UserId};
use crate::ledger::{Books, Change, Claim, Command, Effects};
use crate::limit::{self, Measure};
use crate::money::Amount;
use crate::refusal::{Code, Refusal};
use crate::session::Caller;
use crate::step_up::{self, Consent, Paid, Payment};
use crate::terms;
use crate::throttle::{By, Counted, take};
use crate::transaction::{Draft, IdempotencyKey, Kind, State};

/// What the payer says.
#[derive(Clone, Debug)]
pub struct Order {
    /// To whom.
    pub to: Handle,
    /// How much.
    pub amount: Amount,
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
    pub(crate) claims: [Claim; 2],
    pub(crate) consent: Consent,
    pub(crate) measure: Measure,
}

/// Decides a transfer.
pub(crate) fn decide(books: &Books, command: &Create) -> Result<Effects, Refusal> {
    let draft = &command.draft;
    books.account(draft.debit)?.state.may_pay()?;
    match books.account(draft.credit)?.state {
        AccountState::Open | AccountState::Frozen => {}
        AccountState::Closed => return Err(Code::RecipientUnavailable.at("to")),
    }
    let spent = limit::decide(books, command.measure)?;
    let toll = step_up::decide(books.account(draft.debit)?, draft.amount, command.consent)?;
    let settled = Change::Create(draft.clone(), State::Settled);
    Ok(Effects::of(settled)
        .moving(draft.debit, draft.credit, draft.amount)
        .counting(draft.debit, toll)
        .spending(command.measure.home, spent))
}

/// Sends money, or asks the payer first.
///
/// # Errors
/// `TERMS_NOT_ACCEPTED`, `RECIPIENT_UNKNOWN`, `RECIPIENT_UNAVAILABLE`, `SELF_TRANSFER`, `USER_FROZEN`, `SESSION_ENDED`,
/// `INSUFFICIENT_FUNDS`, `LIMIT_EXCEEDED`, `IDEMPOTENCY_KEY_REUSED`, `RECENTLY_RESET`, `CHALLENGE_INVALID`, `TOO_MANY_TRIES`, `OVERLOADED`.
pub async fn create(bank: &Bank, payer: Caller, order: Order) -> Result<Paid> {
    terms::require(bank, payer, &order.key).await?;
    let done = pay(bank, payer, &order).await;
    match done {
        // The handle may have come to somebody else since it was remembered.
        Err(Error::Refused(refusal))
            if refusal.code == Code::RecipientUnknown
                && bank.by_handle.forget(&bank.vault.fingerprint(&order.to)) =>
        {
            pay(bank, payer, &order).await
        }
        // Who asks for many that nobody is, is looking for those that somebody is.
        Err(Error::Refused(refusal)) if refusal.code == Code::RecipientUnknown => {
            take(bank, Counted::UnknownPayee, By::user(payer.user)).await?;
            Err(refusal.into())
        }
        done => done,
    }
}

async fn pay(bank: &Bank, payer: Caller, order: &Order) -> Result<Paid> {
    let to = bank.vault.fingerprint(&order.to);
    let payee = bank.by_handle.recall(to).await?.ok_or(Code::RecipientUnknown.at("to"))?;
    if payee == payer.user {
        return Err(Code::SelfTransfer.at("to").into());
    }
    let payment = Payment {
        payer,
        amount: order.amount,
        payee: payee.0,
        shown: order.to.to_string(),
        key: order.key.clone(),
        challenge: order.challenge,
    };
    let draft = draft(bank, payer, payee, order).await?;
    let claims = [Claim::Session(payer.session, payer.user), Claim::Handle(to, payee)];
    step_up::pay(bank, payment, |consent, measure| {
        let create = Create { draft: draft.clone(), claims: claims.clone(), consent, measure };
        bank.ledger.submit(Command::Transfer(create))
    })
    .await
}

async fn draft(bank: &Bank, payer: Caller, payee: UserId, order: &Order) -> Result<Draft> {
    let currency = order.amount.currency();
    Ok(Draft {
        id: TransactionId(bank.ids.next(bank.clock.now())),
        kind: Kind::Transfer,
        actor: payer.user,
        key: order.key.clone(),
        amount: order.amount,
        debit: account::wallet(bank, payer.user, currency).await?,
        credit: account::wallet(bank, payee, currency).await?,
        payer: Some(payer.user),
        payee: Some(payee),
        instrument: None,
        note: order.note.clone(),
    })
}
