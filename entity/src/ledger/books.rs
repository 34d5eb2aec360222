//! The books that lie open while a batch is decided: the balances, the acts done before, the claims
//! that are not true, and what has been decided so far in this batch.
//!
//! Guarantees: [`Books::decide`] either applies all of a command's effects or none; a wallet never
//! falls below zero and no balance overflows, whichever decider asked for it.
#![deny(clippy::arithmetic_side_effects)]

use super::claim::{Claim, Proven};
use super::{Change, Command, Effects, Leg};
use crate::account::{AccountState, Purpose};
use crate::clock::Time;
use crate::id::{AccountId, JobId, TransactionId, UserId};
use crate::limit::Spent;
use crate::money::Currency;
use crate::outbox::Job;
use crate::refusal::{Code, Refusal};
use crate::table::transaction;
use crate::transaction::{Draft, State, Transaction};
use std::collections::{BTreeMap, HashMap, HashSet};

/// One account as it is to be decided on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Balance {
    pub(crate) owner: UserId,
    pub(crate) purpose: Purpose,
    pub(crate) currency: Currency,
    pub(crate) state: AccountState,
    pub(crate) amount: i64,
    pub(crate) seq: i64,
    /// What its owner has sent away lately, should this be its first account.
    pub(crate) spent: Spent,
    /// What is known to be its owner's.
    pub(crate) proven: Proven,
}

/// Half a leg, as it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Posting {
    pub(crate) account: AccountId,
    pub(crate) seq: i64,
    pub(crate) transaction: TransactionId,
    pub(crate) amount: i64,
    pub(crate) balance_after: i64,
}

/// What a batch adds to the books; the store writes exactly this.
#[derive(Debug, Default)]
pub(crate) struct Pages {
    pub(crate) created: Vec<TransactionId>,
    pub(crate) advanced: BTreeMap<TransactionId, State>,
    pub(crate) postings: Vec<Posting>,
    /// The accounts that change, as they were: the end of the chain, and what had been spent.
    pub(crate) before: BTreeMap<AccountId, (i64, Spent)>,
    pub(crate) jobs_put: Vec<Job>,
    pub(crate) jobs_done: Vec<JobId>,
}

impl Pages {
    /// Whether there is nothing to write.
    pub(crate) fn is_empty(&self) -> bool {
        self.created.is_empty()
            && self.advanced.is_empty()
            && self.before.is_empty()
            && self.jobs_put.is_empty()
            && self.jobs_done.is_empty()
    }
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Books {
    pub(crate) now: Time,
    pub(crate) accounts: BTreeMap<AccountId, Balance>,
    pub(crate) transactions: HashMap<TransactionId, Transaction>,
    keys: HashMap<(UserId, String), TransactionId>,
    /// Claims that were looked up and are not true.
    pub(crate) broken: HashSet<Claim>,
    pub(crate) pages: Pages,
}

impl Books {
    /// Open books with these balances.
    pub(crate) fn open(now: Time, accounts: BTreeMap<AccountId, Balance>) -> Self {
        Self { now, accounts, ..Self::default() }
    }

    /// Lays in an act that was done before.
    pub(crate) fn remember(&mut self, transaction: Transaction) {
        let terms = &transaction.terms;
        self.keys.insert((terms.actor, terms.key.as_str().to_owned()), terms.id);
        self.transactions.insert(terms.id, transaction);
    }

    /// The account of this id.
    ///
    /// # Errors
    /// `NOT_FOUND`, should it be closed to this batch: a command that did not name it.
    pub(crate) fn account(&self, id: AccountId) -> Result<&Balance, Refusal> {
        self.accounts.get(&id).ok_or(Code::NotFound.into())
    }

    /// The act of this id.
    ///
    /// # Errors
    /// `NOT_FOUND`.
    pub(crate) fn transaction(&self, id: TransactionId) -> Result<&Transaction, Refusal> {
        self.transactions.get(&id).ok_or(Code::NotFound.into())
    }

    /// The rows of the acts that are new.
    pub(crate) fn created(&self) -> impl Iterator<Item = transaction::Model> + '_ {
        self.pages.created.iter().filter_map(|id| self.transactions.get(id)).map(transaction::Model::from)
    }

    /// The acts that came further, with the state that they left.
    pub(crate) fn advanced(&self) -> impl Iterator<Item = (&Transaction, State)> {
        let pages = self.pages.advanced.iter();
        pages.filter_map(|(id, from)| self.transactions.get(id).map(|transaction| (transaction, *from)))
    }

    /// The accounts that change, each with the end of its chain and what had been spent before this batch.
    pub(crate) fn moved(&self) -> impl Iterator<Item = (AccountId, (i64, Spent), &Balance)> {
        let before = self.pages.before.iter();
        before.filter_map(|(id, before)| self.accounts.get(id).map(|balance| (*id, *before, balance)))
    }

    /// Those of these claims that no account that changes has proven.
    pub(crate) fn unproven(&self, claims: &HashSet<Claim>) -> HashSet<Claim> {
        let moved = self.moved().map(|(_, _, balance)| balance);
        let proven = moved.flat_map(|balance| balance.proven.claims(balance.owner, self.now));
        let proven: HashSet<Claim> = proven.collect();
        claims.difference(&proven).cloned().collect()
    }

    /// Takes note that these claims were true when the accounts changed, and the sessions of them open until then.
    pub(crate) fn prove(&mut self, claims: &HashSet<Claim>, until: Option<Time>) {
        let mut by_owner: HashMap<UserId, Vec<&Claim>> = HashMap::new();
        for claim in claims {
            by_owner.entry(claim.user()).or_default().push(claim);
        }
        for (_, balance) in self.accounts.iter_mut().filter(|(id, _)| self.pages.before.contains_key(id)) {
            let own = by_owner.get(&balance.owner);
            own.into_iter().flatten().for_each(|claim| balance.proven.keep(claim, until));
        }
    }

    /// The accounts that were looked at and do not change.
    pub(crate) fn unmoved(&self) -> impl Iterator<Item = (AccountId, &Balance)> {
        let accounts = self.accounts.iter().map(|(id, balance)| (*id, balance));
        accounts.filter(|(id, _)| !self.pages.before.contains_key(id))
    }

    /// Decides one command and applies what follows; the answer is the transaction as it then is.
    pub(crate) fn decide(&mut self, command: &Command) -> Result<Transaction, Refusal> {
        let broken = command.claims().iter().find(|claim| self.broken.contains(*claim));
        if let Some(session @ Claim::Session(..)) = broken {
            return Err(session.refusal());
        }
        if let Some(first) = command.draft().and_then(|draft| self.first_answer(draft)) {
            return first;
        }
        if let Some(claim) = broken {
            return Err(claim.refusal());
        }
        let effects = command.decide(self)?;
        let id = match &effects.change {
            Change::Create(draft, _) => draft.id,
            Change::Advance { id, .. } | Change::Keep(id) => *id,
        };
        self.post(id, &effects.legs)?;
        self.count(&effects);
        self.turn(effects);
        self.transaction(id).cloned()
    }

    /// What the same key was answered before: the same act, or another one.
    fn first_answer(&self, draft: &Draft) -> Option<Result<Transaction, Refusal>> {
        let id = self.keys.get(&(draft.actor, draft.key.as_str().to_owned()))?;
        let first = self.transactions.get(id)?;
        Some(if first.answers(draft) {
            Ok(first.clone())
        } else {
            Err(Code::IdempotencyKeyReused.at("idempotencyKey"))
        })
    }

    /// Posts the legs of one act, all or none.
    fn post(&mut self, transaction: TransactionId, legs: &[Leg]) -> Result<(), Refusal> {
        let mut after = BTreeMap::new();
        let mut postings = Vec::new();
        for leg in legs {
            for (account, amount) in
                [(leg.debit, leg.amount.minor().checked_neg()), (leg.credit, Some(leg.amount.minor()))]
            {
                let amount = amount.ok_or(Code::AccountLimit)?;
                let mut balance = match after.remove(&account) {
                    Some(balance) => balance,
                    None => self.account(account)?.clone(),
                };
                assert_eq!(balance.currency, leg.amount.currency(), "a leg stays in one currency");
                balance.amount = balance.amount.checked_add(amount).ok_or(Code::AccountLimit)?;
                balance.seq = balance.seq.checked_add(1).ok_or(Code::AccountLimit)?;
                postings.push(Posting {
                    account,
                    seq: balance.seq,
                    transaction,
                    amount,
                    balance_after: balance.amount,
                });
                after.insert(account, balance);
            }
        }
        if after.values().any(|balance| balance.amount < 0 && !balance.purpose.may_be_negative()) {
            return Err(Code::InsufficientFunds.at("amount"));
        }
        for (account, balance) in after {
            self.replace(account, balance);
        }
        self.pages.postings.extend(postings);
        Ok(())
    }

    /// Puts a changed account in place of what it was.
    fn replace(&mut self, id: AccountId, balance: Balance) {
        if let Some(was) = self.accounts.insert(id, balance) {
            self.pages.before.entry(id).or_insert((was.seq, was.spent));
        }
    }

    /// Counts what has left.
    fn count(&mut self, effects: &Effects) {
        if let Some((home, spent)) = effects.spent
            && let Some(balance) = self.accounts.get(&home).cloned()
        {
            self.replace(home, Balance { spent, ..balance });
        }
    }

    /// Turns the page: the transaction's new state, jobs put and jobs done.
    fn turn(&mut self, effects: Effects) {
        match effects.change {
            Change::Create(terms, state) => {
                self.pages.created.push(terms.id);
                if let Some(exchanged) = terms.exchanged {
                    // A quote is used once, in this batch too.
                    self.broken.insert(Claim::Quote(exchanged.quote, terms.actor));
                }
                let (created_at, updated_at) = (self.now, self.now);
                self.remember(Transaction { terms, state, failure: None, created_at, updated_at });
            }
            Change::Advance { id, to, failure } => {
                if let Some(transaction) = self.transactions.get_mut(&id) {
                    self.pages.advanced.entry(id).or_insert(transaction.state);
                    transaction.state = to;
                    transaction.failure = failure;
                    transaction.updated_at = self.now;
                }
            }
            Change::Keep(_) => {}
        }
        self.pages.jobs_put.extend(effects.put);
        self.pages.jobs_done.extend(effects.done);
    }
}
