//! What deposits and withdrawals have in common: the conversation with a rail.
//!
//! An order is given once. Whenever it may have been given before (a second attempt, or any state
//! but REQUESTED), the rail is asked first, and told again only if it says that it never heard of
//! it; it then knows the same key. Each answer goes through the ledger, which takes it once and
//! ends the job with the last one.

use crate::context::{Context, Left};
use crate::gateway::{Known, Order, Unreachable};
use chrono::Duration;
use entity::id::TransactionId;
use entity::outbox::Entry;
use entity::rail::{self, Outcome};
use entity::transaction::{Kind, State, Transaction};
use entity::{deposit, outbox, withdrawal};

/// How long a rail that is at work is left alone.
const ASK_AGAIN: Duration = Duration::seconds(2);

/// Takes one deposit or withdrawal a step further.
pub(crate) async fn advance(context: &Context, entry: &Entry, id: TransactionId) -> Result<(), Left> {
    let (transaction, instrument) = rail::find(&context.bank, id).await?;
    if transaction.state.is_final() {
        return Ok(outbox::finish(&context.bank, entry.id).await?);
    }
    let mut order = Order { transaction, instrument, attempt: entry.attempts };
    let answers = converse(context, &order).await?;
    for outcome in &answers {
        order.transaction = conclude(context, &order.transaction, *outcome).await?;
    }
    if answers.is_empty() {
        conclude(context, &order.transaction, Outcome::Silent).await?;
        return Err(Left::Failed("the rail has not answered".to_owned()));
    }
    if order.transaction.state.is_final() { Ok(()) } else { Err(Left::Pending(ASK_AGAIN)) }
}

/// Tells the rail, or asks it, whichever is safe.
async fn converse(context: &Context, order: &Order) -> Result<Vec<Outcome>, Unreachable> {
    let rail = &context.gateways.rail;
    if order.attempt == 1 && order.transaction.state == State::Requested {
        return rail.submit(order).await;
    }
    match rail.inquire(order).await? {
        Known::Order(answers) => Ok(answers),
        Known::Nothing => rail.submit(order).await,
    }
}

async fn conclude(
    context: &Context,
    transaction: &Transaction,
    outcome: Outcome,
) -> Result<Transaction, Left> {
    Ok(match transaction.terms.kind {
        Kind::Deposit => deposit::conclude(&context.bank, transaction, outcome).await?,
        Kind::Withdrawal => withdrawal::conclude(&context.bank, transaction, outcome).await?,
        Kind::Transfer | Kind::Conversion => {
            return Err(Left::Failed("what stays in the house has no rail".to_owned()));
        }
    })
}
