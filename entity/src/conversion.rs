//! Conversions: from one of a person's own accounts to another, at a quoted price.
//!
//! Guarantees: done at once and as quoted, or not at all; the account in the other currency opens by itself. Nobody is
//! asked, for the money stays with the person (Regulation (EU) 2018/389, article 15), and no limit counts it.
//! Refuses `QUOTE_EXPIRED` with a fresh quote for the same, `QUOTE_USED`, and whatever a payment is refused with.

use crate::account;
use crate::bank::Bank;
use crate::error::{Error, Result};
use crate::exchange::Exchange;
use crate::id::{QuoteId, TransactionId, UserId};
use crate::ledger::{Books, Change, Claim, Command, Effects};
use crate::quote::{self, Quote};
use crate::refusal::{Code, Refusal};
use crate::session::Caller;
use crate::terms;
use crate::transaction::{Draft, IdempotencyKey, Kind, State, Transaction};

/// A conversion, ready to be decided.
#[derive(Clone, Debug)]
pub(crate) struct Create {
    pub(crate) draft: Draft,
    pub(crate) claims: Vec<Claim>,
    pub(crate) exchange: Exchange,
}

/// Decides a conversion.
pub(crate) fn decide(books: &Books, command: &Create) -> Result<Effects, Refusal> {
    let draft = &command.draft;
    books.account(draft.debit)?.state.may_pay()?;
    let settled = Effects::of(Change::Create(draft.clone(), State::Settled));
    command.exchange.moving(settled, draft.debit, draft.credit, books.now)
}

/// Converts as quoted.
///
/// # Errors
/// `TERMS_NOT_ACCEPTED`, `NOT_FOUND` for a quote that is not one's own, `QUOTE_EXPIRED`, `QUOTE_USED`, `USER_FROZEN`,
/// `USER_CLOSED`, `SESSION_ENDED`, `INSUFFICIENT_FUNDS`, `IDEMPOTENCY_KEY_REUSED`, `OVERLOADED`.
pub async fn create(bank: &Bank, caller: Caller, id: QuoteId, key: IdempotencyKey) -> Result<Transaction> {
    terms::require(bank, caller, &key).await?;
    let quote = quote::find(bank.db.connection(), caller.user, id).await?;
    let session = Claim::Session(caller.session, caller.user);
    let done = convert(bank, caller.user, &quote, key, Some(session)).await;
    renewed(bank, &quote, done).await
}

/// Converts by a quote. What was done under the same key is the answer.
pub(crate) async fn convert(
    bank: &Bank,
    user: UserId,
    quote: &Quote,
    key: IdempotencyKey,
    session: Option<Claim>,
) -> Result<Transaction> {
    let exchange = Exchange::by(bank, quote).await?;
    let price = quote.price;
    let draft = Draft {
        id: TransactionId(bank.ids.next(bank.clock.now())),
        kind: Kind::Conversion,
        actor: user,
        key,
        amount: price.source,
        exchanged: Some(exchange.exchanged()),
        debit: account::wallet(bank, user, price.source.currency()).await?,
        credit: account::wallet(bank, user, price.target.currency()).await?,
        payer: Some(user),
        payee: Some(user),
        instrument: None,
        note: None,
    };
    let claims = session.into_iter().chain([exchange.claim(user)]).collect();
    bank.ledger.submit(Command::Convert(Create { draft, claims, exchange })).await
}

/// Attaches a fresh quote to the refusal of an expired one, if there can be one.
pub(crate) async fn renewed<T>(bank: &Bank, quote: &Quote, done: Result<T>) -> Result<T> {
    match done {
        Err(Error::Refused(refusal)) if refusal.code == Code::QuoteExpired => {
            match quote::create(bank, quote.user, quote.ask()).await {
                Ok(fresh) => Err(refusal.with_quote(fresh.id).into()),
                Err(Error::Refused(_)) => Err(refusal.into()),
                Err(fault) => Err(fault),
            }
        }
        done => done,
    }
}
