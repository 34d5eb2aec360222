//! Rails: the way between a wallet and a bank. What deposits and withdrawals have in common.
//!
//! A rail is told once what to do and may answer at once, later, never, or twice. Each answer is
//! an [`Outcome`]; [`next`] is the whole of what it can change.

use crate::bank::Bank;
use crate::db::{Db, one_of};
use crate::error::Result;
use crate::gather::{Answers, Gather};
use crate::id::{InstrumentId, JobId, TransactionId};
use crate::instrument::{self, Instrument};
use crate::money::Amount;
use crate::refusal::Code;
use crate::table::transaction;
use crate::transaction::{Failure, IdempotencyKey, State, Transaction};
use crate::vault::Vault;
use sea_orm::{EntityTrait, QueryFilter};

/// What a person says who wants money from a bank, or at one.
#[derive(Clone, Debug)]
pub struct Order {
    /// The bank account at the other end.
    pub instrument: InstrumentId,
    /// How much.
    pub amount: Amount,
    /// The person's name for this act.
    pub key: IdempotencyKey,
}

/// What a rail says of an order, or that it says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It has the order and will say more later.
    Accepted,
    /// It is done.
    Settled,
    /// It will not be done.
    Failed(Failure),
    /// No answer came. Whether the order arrived is unknown.
    Silent,
}

/// The state that an outcome leads to; none, if it changes nothing.
pub(crate) fn next(state: State, outcome: Outcome) -> Option<(State, Option<Failure>)> {
    if state.is_final() || state == State::InReview {
        return None;
    }
    let (to, failure) = match outcome {
        Outcome::Accepted => (State::Submitted, None),
        Outcome::Silent => (State::Unknown, None),
        Outcome::Settled => (State::Settled, None),
        Outcome::Failed(failure) => (State::Failed, Some(failure)),
    };
    (to != state).then_some((to, failure))
}

/// The job that an act on a rail is served by.
pub(crate) fn job_of(transaction: TransactionId) -> JobId {
    JobId(transaction.0)
}

/// The question what an act on a rail is, and which bank account is at its other end.
pub(crate) type ByAct = Gather<TransactionId, (Transaction, Instrument)>;

/// Starts to answer what an act on a rail is. Nothing of it is remembered: its state changes.
pub(crate) fn by_act(db: Db, vault: Vault) -> ByAct {
    Gather::start(0, move |ids| Box::pin(acts(db.clone(), vault.clone(), ids)))
}

async fn acts(
    db: Db,
    vault: Vault,
    ids: Vec<TransactionId>,
) -> Answers<TransactionId, (Transaction, Instrument)> {
    let connection = db.connection();
    let these = one_of(connection, transaction::Column::Id, ids.into_iter().map(|id| id.0));
    let rows = transaction::Entity::find().filter(these).all(connection).await?;
    let linked: Vec<_> = rows.iter().filter_map(|row| row.instrument).collect();
    let instruments = instrument::find_many(&db, &vault, &linked).await?;
    // An act that is none on a rail is not found; it is not to harm those that are.
    let act = |row: transaction::Model| {
        let instrument = instruments.get(&row.instrument?)?.clone();
        Some((row.id, (Transaction::try_from(row).ok()?, instrument)))
    };
    Ok(rows.into_iter().filter_map(act).collect())
}

/// An act on a rail, with the bank account at its other end, for the worker.
///
/// # Errors
/// `NOT_FOUND`, `OVERLOADED`.
pub async fn find(bank: &Bank, id: TransactionId) -> Result<(Transaction, Instrument)> {
    Ok(bank.by_act.ask(id).await?.ok_or(Code::NotFound)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATES: [State; 6] =
        [State::InReview, State::Requested, State::Submitted, State::Unknown, State::Settled, State::Failed];
    const OUTCOMES: [Outcome; 4] =
        [Outcome::Accepted, Outcome::Settled, Outcome::Failed(Failure::Declined), Outcome::Silent];

    #[test]
    fn an_end_is_final_and_nothing_goes_back_to_requested() {
        for state in STATES {
            for outcome in OUTCOMES {
                let to = next(state, outcome).map(|(to, _)| to);
                assert_ne!(to, Some(State::Requested));
                let is_told = !state.is_final() && state != State::InReview;
                assert!(is_told || to.is_none(), "{state:?} {outcome:?}");
            }
        }
    }

    #[test]
    fn the_same_answer_twice_changes_something_once() {
        for outcome in OUTCOMES {
            let (to, _) = next(State::Requested, outcome).unwrap();
            assert_eq!(next(to, outcome), None);
        }
    }

    #[test]
    fn only_a_failure_has_a_reason() {
        for state in STATES {
            for outcome in OUTCOMES {
                if let Some((to, failure)) = next(state, outcome) {
                    assert_eq!(to == State::Failed, failure.is_some());
                }
            }
        }
    }
}
