//! Transfers: from one person to another, named by e-mail address or phone number.
//!
//! Guarantees: done at once or not at all; the payee's account in that currency opens by itself.
//! Refuses: unknown recipients, oneself, frozen payers, and more than there is.

use crate::account::{self, AccountState};
use crate::bank::Bank;
use crate::error::Result;
use crate::handle::Handle;
use crate::id::{TransactionId, UserId};
use crate::ledger::{Books, Change, Command, Effects};
use crate::money::Amount;
use crate::refusal::{Code, Refusal};
use crate::transaction::{Draft, IdempotencyKey, Kind, State, Transaction};
use crate::user;

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
}

/// A transfer, ready to be decided.
#[derive(Clone, Debug)]
pub(crate) struct Create {
    pub(crate) draft: Draft,
}

/// Decides a transfer.
pub(crate) fn decide(books: &Books, command: &Create) -> Result<Effects, Refusal> {
    let draft = &command.draft;
    books.account(draft.debit)?.state.may_pay()?;
    match books.account(draft.credit)?.state {
        AccountState::Open | AccountState::Frozen => {}
        AccountState::Closed => return Err(Code::RecipientUnavailable.at("to")),
    }
    let settled = Change::Create(draft.clone(), State::Settled);
    Ok(Effects::of(settled).moving(draft.debit, draft.credit, draft.amount))
}

/// Sends money.
///
/// # Errors
/// `RECIPIENT_UNKNOWN`, `RECIPIENT_UNAVAILABLE`, `SELF_TRANSFER`, `USER_FROZEN`,
/// `INSUFFICIENT_FUNDS`, `IDEMPOTENCY_KEY_REUSED`, `OVERLOADED`.
pub async fn create(bank: &Bank, payer: UserId, order: Order) -> Result<Transaction> {
    let payee = user::reached_by(bank, &order.to).await?.ok_or(Code::RecipientUnknown.at("to"))?;
    if payee == payer {
        return Err(Code::SelfTransfer.at("to").into());
    }
    let currency = order.amount.currency();
    let draft = Draft {
        id: TransactionId(bank.ids.next(bank.clock.now())),
        kind: Kind::Transfer,
        actor: payer,
        key: order.key,
        amount: order.amount,
        debit: account::wallet(bank, payer, currency).await?,
        credit: account::wallet(bank, payee, currency).await?,
        payer: Some(payer),
        payee: Some(payee),
        instrument: None,
        note: order.note,
    };
    bank.ledger.submit(Command::Transfer(Create { draft })).await
}
