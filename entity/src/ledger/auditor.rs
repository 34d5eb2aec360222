//! The independent auditor of the seeded [workload](super::workload): what must follow from each command, from the
//! rules as a person would state them and with none of the ledger's code.

use super::Books;
use super::workload::{CLEARING, IN_REVIEW, IN_TRANSIT, LIMIT, NO_CONVERSIONS, PEOPLE, wallet};
use crate::id::{AccountId, UserId};
use crate::rail::Outcome;
use crate::refusal::Code;
use crate::transaction::{Draft, Kind, State};
use std::collections::HashMap;

/// What the auditor knows of an act.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) draft: Draft,
    pub(super) owner: u64,
    state: State,
}

/// The independent account of what must be.
#[derive(Default)]
pub(super) struct Auditor {
    balances: HashMap<AccountId, i128>,
    pub(super) acts: Vec<Known>,
    keys: HashMap<(UserId, String), usize>,
    /// What each person has sent away.
    sent: HashMap<u64, i128>,
}

impl Auditor {
    fn balance(&self, account: AccountId) -> i128 {
        self.balances.get(&account).copied().unwrap_or(0)
    }

    fn move_money(&mut self, from: AccountId, to: AccountId, amount: i128) {
        *self.balances.entry(from).or_default() -= amount;
        *self.balances.entry(to).or_default() += amount;
    }

    /// What a request must be answered with.
    pub(super) fn expect_request(&mut self, draft: &Draft, owner: u64, is_held: bool) -> Result<State, Code> {
        let key = (draft.actor, draft.key.as_str().to_owned());
        if let Some(first) = self.keys.get(&key).map(|at| &self.acts[*at]) {
            let same = Draft { id: first.draft.id, ..draft.clone() } == first.draft;
            return if same { Ok(first.state) } else { Err(Code::IdempotencyKeyReused) };
        }
        let leaves = draft.kind != Kind::Deposit;
        if leaves && owner + 1 == PEOPLE {
            return Err(Code::UserFrozen);
        }
        let amount = i128::from(draft.amount.minor());
        let sent = self.sent.entry(owner).or_default();
        if leaves && owner == 0 && *sent + amount > i128::from(LIMIT) {
            return Err(Code::LimitExceeded);
        }
        if leaves && self.balance(draft.debit) < amount {
            return Err(Code::InsufficientFunds);
        }
        if leaves {
            *self.sent.entry(owner).or_default() += amount;
        }
        let state = match draft.kind {
            Kind::Transfer | Kind::Withdrawal if is_held => State::InReview,
            Kind::Transfer => State::Settled,
            Kind::Withdrawal | Kind::Deposit | Kind::Conversion => State::Requested,
        };
        match draft.kind {
            Kind::Transfer | Kind::Withdrawal if is_held => self.move_money(draft.debit, IN_REVIEW, amount),
            Kind::Transfer => self.move_money(draft.debit, draft.credit, amount),
            Kind::Withdrawal => self.move_money(draft.debit, IN_TRANSIT, amount),
            Kind::Deposit => {}
            Kind::Conversion => unreachable!("{NO_CONVERSIONS}"),
        }
        self.keys.insert(key, self.acts.len());
        self.acts.push(Known { draft: draft.clone(), owner, state });
        Ok(state)
    }

    /// What a rail's answer must lead to.
    pub(super) fn expect_conclusion(&mut self, at: usize, outcome: Outcome) -> State {
        let Known { draft, owner, state } = self.acts[at].clone();
        if matches!(state, State::Settled | State::Failed | State::InReview) {
            return state;
        }
        let amount = i128::from(draft.amount.minor());
        let state = match (outcome, draft.kind) {
            (Outcome::Accepted, _) => State::Submitted,
            (Outcome::Silent, _) => State::Unknown,
            (Outcome::Settled, Kind::Deposit) => {
                self.move_money(CLEARING, wallet(owner), amount);
                State::Settled
            }
            (Outcome::Settled, _) => {
                self.move_money(IN_TRANSIT, CLEARING, amount);
                State::Settled
            }
            (Outcome::Failed(_), Kind::Withdrawal) => {
                self.move_money(IN_TRANSIT, wallet(owner), amount);
                State::Failed
            }
            (Outcome::Failed(_), _) => State::Failed,
        };
        self.acts[at].state = state;
        state
    }

    /// What operators must bring about: once, and only while it waits for them.
    pub(super) fn expect_review(&mut self, at: usize, released: bool) -> State {
        let Known { draft, owner, state } = self.acts[at].clone();
        if state != State::InReview {
            return state;
        }
        let (to, state) = match (released, draft.kind) {
            (false, _) => (wallet(owner), State::Failed),
            (true, Kind::Withdrawal) => (IN_TRANSIT, State::Requested),
            (true, _) => (draft.credit, State::Settled),
        };
        self.move_money(IN_REVIEW, to, i128::from(draft.amount.minor()));
        self.acts[at].state = state;
        state
    }

    pub(super) fn check(&self, books: &Books, step: u64) {
        for (id, account) in &books.accounts {
            assert_eq!(i128::from(account.amount), self.balance(*id), "step {step}, {id:?}");
            assert!(account.amount >= 0 || *id == CLEARING, "step {step}, {id:?}");
        }
        for number in 0..PEOPLE {
            let sent = self.sent.get(&number).copied().unwrap_or(0);
            assert_eq!(i128::from(books.accounts[&wallet(number)].spent.month), sent, "step {step}");
        }
        assert_eq!(self.balances.values().sum::<i128>(), 0);
    }
}
