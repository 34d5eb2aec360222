//! What a decision does. A decider can say nothing else, so an unbalanced posting can't be written.

use crate::id::{AccountId, JobId, TransactionId};
use crate::limit::Spent;
use crate::money::Amount;
use crate::outbox::Job;
use crate::transaction::{Draft, Failure, State};

/// Moves one amount from one account to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Leg {
    /// Where it leaves.
    pub(crate) debit: AccountId,
    /// Where it enters.
    pub(crate) credit: AccountId,
    /// How much, above zero.
    pub(crate) amount: Amount,
}

/// What becomes of the transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// There is a new one.
    Create(Draft, State),
    /// One comes further.
    Advance { id: TransactionId, to: State, failure: Option<Failure> },
    /// One stays as it is; the answer was given before.
    Keep(TransactionId),
}

/// All that follows from one command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Effects {
    /// What becomes of the transaction.
    pub(crate) change: Change,
    /// The money that moves.
    pub(crate) legs: Vec<Leg>,
    /// What the payer will have sent away lately, and the account that keeps the count.
    pub(crate) spent: Option<(AccountId, Spent)>,
    /// What is to be done later.
    pub(crate) put: Option<Job>,
    /// The job that has been served by this.
    pub(crate) done: Option<JobId>,
}

impl Effects {
    /// A change that nothing else follows from.
    pub(crate) fn of(change: Change) -> Self {
        Self { change, legs: Vec::new(), spent: None, put: None, done: None }
    }

    /// With money that moves.
    pub(crate) fn moving(mut self, debit: AccountId, credit: AccountId, amount: Amount) -> Self {
        self.legs.push(Leg { debit, credit, amount });
        self
    }

    /// With what the payer will have sent away lately.
    pub(crate) fn spending(mut self, home: AccountId, spent: Spent) -> Self {
        self.spent = Some((home, spent));
        self
    }

    /// With something to be done later.
    pub(crate) fn then(mut self, job: Job) -> Self {
        self.put = Some(job);
        self
    }

    /// With the end of the job that called for it.
    pub(crate) fn ending(mut self, job: JobId) -> Self {
        self.done = Some(job);
        self
    }
}
