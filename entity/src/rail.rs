//! Rails: the way between a wallet and a bank. What deposits and withdrawals have in common.
//!
//! A rail is told once what to do and may answer at once, later, never, or twice. Each answer is
//! an [`Outcome`]; [`next`] is the whole of what it can change.

use crate::db::Db;
use crate::error::{Fault, Result};
use crate::id::{InstrumentId, JobId, TransactionId};
use crate::instrument::{self, Instrument};
use crate::money::Amount;
use crate::refusal::Code;
use crate::table::transaction;
use crate::transaction::{Failure, IdempotencyKey, State, Transaction};
use sea_orm::EntityTrait;

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
    if state.is_final() {
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

/// An act on a rail, with the bank account at its other end, for the worker.
///
/// # Errors
/// `NOT_FOUND`.
pub async fn find(db: &Db, id: TransactionId) -> Result<(Transaction, Instrument)> {
    let row = transaction::Entity::find_by_id(id).one(db.connection()).await?.ok_or(Code::NotFound)?;
    let transaction = Transaction::try_from(row)?;
    let linked = transaction.terms.instrument.ok_or(Fault::Corrupt("an act on a rail has no instrument"))?;
    let instrument = instrument::find_any(db, linked).await?;
    Ok((transaction, instrument))
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATES: [State; 5] =
        [State::Requested, State::Submitted, State::Unknown, State::Settled, State::Failed];
    const OUTCOMES: [Outcome; 4] =
        [Outcome::Accepted, Outcome::Settled, Outcome::Failed(Failure::Declined), Outcome::Silent];

    #[test]
    fn an_end_is_final_and_nothing_goes_back_to_requested() {
        for state in STATES {
            for outcome in OUTCOMES {
                let to = next(state, outcome).map(|(to, _)| to);
                assert_ne!(to, Some(State::Requested));
                assert!(!state.is_final() || to.is_none(), "{state:?} {outcome:?}");
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
