//! Replay: what other rules would have made of the payments of the past, beside what those in force make of them.
//!
//! Guarantees: reads only, and judges as the [screen](super::screen) does, each payment by what had happened before it. The
//! profiles are made anew, out of as many transactions before those that are judged. Devices, sessions and countries are not known
//! any more. What was held or sent back is judged too; what was blocked is no transaction. Money is worth what it is worth now.
//!
//! Costs the rows of twice the transactions and the profiles of their people, in memory: some 200 MB for 100,000.

use super::known::since;
use super::moved::worth;
use super::profile::{Event, Profile, Way, other};
use super::rule::{Outcome, RuleSet};
use super::signal::{Payment, Signals};
use super::verdict::{Verdict, judge};
use crate::bank::Bank;
use crate::error::Result;
use crate::id::{AccountId, TransactionId, UserId};
use crate::table::{account, transaction};
use crate::transaction::{Kind, State};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Ids that one statement asks for: SQLite takes no more than 32,766 values.
const IDS: usize = 10_000;
/// Payments that are named, the newest.
const NAMED: usize = 50;

/// How often something was so: with the rules in force, and with the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// With the rules in force.
    pub before: u64,
    /// With the others.
    pub after: u64,
}

/// A payment that the others would have treated differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Changed {
    /// Which.
    pub transaction: TransactionId,
    /// What the rules in force make of it.
    pub before: Outcome,
    /// What the others do.
    pub after: Outcome,
}

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replay {
    /// Payments that were judged.
    pub judged: u64,
    /// How often each rule fires, by its name.
    pub rules: BTreeMap<String, Count>,
    /// How often each outcome is the strictest.
    pub outcomes: BTreeMap<Outcome, Count>,
    /// How many payments change their outcome, and the newest of them.
    pub changes: u64,
    /// See [`Self::changes`].
    pub changed: Vec<Changed>,
}

/// What is known of the past while it is gone through.
struct Past {
    profiles: HashMap<UserId, Profile>,
    balances: HashMap<AccountId, i64>,
}

/// Judges the payments among so many of the last transactions by the rules in force and by others.
///
/// # Errors
/// Only faults.
pub async fn replay(bank: &Bank, rules: &RuleSet, last: u64) -> Result<Replay> {
    let newest = transaction::Entity::find().order_by_desc(transaction::Column::Id);
    let mut rows = newest.limit(last.saturating_mul(2)).all(bank.db.connection()).await?;
    rows.reverse();
    let skipped = rows.len().saturating_sub(usize::try_from(last).unwrap_or(usize::MAX));
    let mut past = Past::of(bank, &rows).await?;
    let in_force = bank.fraud_rules.in_force(bank).await;
    let mut replay = Replay::default();
    for (number, row) in rows.iter().enumerate() {
        if let Some(signals) = past.take(bank, row).await?
            && number >= skipped
        {
            replay.compare(row.id, &judge(&in_force.rules, &signals), &judge(rules, &signals));
        }
    }
    let known = replay.changed.len().saturating_sub(NAMED);
    replay.changed.drain(..known);
    Ok(replay)
}

impl Replay {
    fn compare(&mut self, transaction: TransactionId, before: &Verdict, after: &Verdict) {
        self.judged = self.judged.saturating_add(1);
        let add = |count: &mut u64| *count = count.saturating_add(1);
        for fired in &before.fired {
            add(&mut self.rules.entry(fired.rule.clone()).or_default().before);
        }
        for fired in &after.fired {
            add(&mut self.rules.entry(fired.rule.clone()).or_default().after);
        }
        add(&mut self.outcomes.entry(before.outcome).or_default().before);
        add(&mut self.outcomes.entry(after.outcome).or_default().after);
        if before.outcome != after.outcome {
            add(&mut self.changes);
            self.changed.push(Changed { transaction, before: before.outcome, after: after.outcome });
        }
    }
}

impl Past {
    /// As it was before these transactions.
    async fn of(bank: &Bank, rows: &[transaction::Model]) -> Result<Self> {
        let db = bank.db.connection();
        let mut balances = HashMap::new();
        let accounts: BTreeSet<AccountId> =
            rows.iter().flat_map(|row| [row.debit_account, row.credit_account]).collect();
        for ids in accounts.into_iter().collect::<Vec<_>>().chunks(IDS) {
            let these = account::Column::Id.is_in(ids.iter().copied());
            let columns = account::Entity::find().select_only();
            let columns = columns.columns([account::Column::Id, account::Column::Balance]);
            let found: Vec<(AccountId, i64)> = columns.filter(these).into_tuple().all(db).await?;
            balances.extend(found);
        }
        let mut past = Self { profiles: HashMap::new(), balances };
        rows.iter().for_each(|row| past.book(row, -1));
        Ok(past)
    }

    /// Moves what a transaction has moved, forward or back.
    fn book(&mut self, row: &transaction::Model, way: i64) {
        let left = row.kind != Kind::Deposit && row.state != State::Failed;
        let came = row.state == State::Settled;
        let arrived = row.target_amount.unwrap_or(row.amount);
        for (account, amount, moved) in
            [(row.debit_account, row.amount.saturating_neg(), left), (row.credit_account, arrived, came)]
        {
            if moved && let Some(balance) = self.balances.get_mut(&account) {
                *balance = balance.saturating_add(amount.saturating_mul(way));
            }
        }
    }

    /// Goes past a transaction; gives its signals, if it is a payment of somebody.
    async fn take(&mut self, bank: &Bank, row: &transaction::Model) -> Result<Option<Signals>> {
        if row.kind == Kind::Conversion {
            self.book(row, 1);
            return Ok(None);
        }
        let cents = worth(bank, row.amount, row.currency).await?;
        let before = self.balances.get(&row.debit_account).copied().unwrap_or(0);
        let before = worth(bank, before, row.currency).await?;
        let signals = self.signals(row, cents, before);
        self.book(row, 1);
        // What was not let through is judged, but nothing to learn from.
        if !matches!(row.state, State::Failed | State::InReview) {
            self.learn(row, cents);
        }
        Ok(signals)
    }

    fn signals(&self, row: &transaction::Model, cents: i64, balance_before: i64) -> Option<Signals> {
        let payer = row.payer?;
        let to = row.payee.map(|id| id.0).or(row.instrument.map(|id| id.0))?;
        let payment = Payment {
            at: row.created_at.timestamp(),
            cents,
            leaves: row.payee.is_none(),
            payee: other(to),
            payer_since: since(payer),
            payee_since: row.payee.map(since),
            balance_before,
            session_since: None,
            device_since: None,
            country_since: None,
        };
        let (new, payee) = (Profile::default(), row.payee.map(|id| self.profiles.get(&id)));
        let payee = payee.map(|known| known.unwrap_or(&new));
        Some(Signals::of(&payment, self.profiles.get(&payer).unwrap_or(&new), payee))
    }

    fn learn(&mut self, row: &transaction::Model, cents: i64) {
        let instrument = row.instrument.map(|id| id.0);
        let sides = [
            (row.payer, Way::Out, row.payee.map(|id| id.0), row.created_at),
            (
                row.payee.filter(|_| row.state == State::Settled),
                Way::In,
                row.payer.map(|id| id.0),
                row.updated_at,
            ),
        ];
        for (owner, way, side, at) in sides {
            let (Some(owner), Some(side)) = (owner, side.or(instrument)) else { continue };
            let event = Event { at: at.timestamp(), way, cents, other: other(side) };
            self.profiles.entry(owner).or_default().add(event);
        }
    }
}
