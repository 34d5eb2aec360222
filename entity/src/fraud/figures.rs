//! Figures: how often each rule fired, and how often it was right.
//!
//! A rule was right about a payment if operators sent it back or upheld its payer's report, and wrong if two let it go on
//! or the report was dismissed. Of the others nobody knows; a payment that nobody looked at in time is one of them.
//! Each payment counts once for a rule, before its money moved or after.
//!
//! Refuses `FILTER_INVALID`. Costs the newest [`MOST`] verdicts of the days that are asked for, in memory.

use super::rule::Outcome;
use super::verdict::Fired;
use super::version::Version;
use crate::bank::Bank;
use crate::clock::Time;
use crate::dispute::DisputeState;
use crate::error::{Fault, Result};
use crate::id::UserId;
use crate::refusal::Code;
use crate::review::PATIENCE;
use crate::table::{dispute, fraud_verdict as verdict, transaction};
use crate::transaction::{Failure, State};
use chrono::Duration;
use sea_orm::{
    ColumnTrait, EntityTrait, FromQueryResult, JoinType, QueryFilter, QueryOrder, QuerySelect, RelationDef,
    Select,
};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Verdicts that are looked at, at most.
const MOST: u64 = 50_000;
/// Days that are looked back, at most.
const DAYS: i64 = 90;

/// Payments and their worth in cents of euros.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// How many.
    pub count: u64,
    /// Worth how much.
    pub cents: i64,
}

impl Sum {
    fn add(&mut self, cents: i64) {
        self.count = self.count.saturating_add(1);
        self.cents = self.cents.saturating_add(cents);
    }
}

/// The figures of a rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Payments for which it fired.
    pub hits: Sum,
    /// Those of them that were fraud.
    pub right: Sum,
    /// Those of them that were honest: what the rule has cost good customers.
    pub wrong: Sum,
}

impl Figures {
    fn count(&mut self, cents: i64, was_fraud: Option<bool>) {
        self.hits.add(cents);
        match was_fraud {
            Some(true) => self.right.add(cents),
            Some(false) => self.wrong.add(cents),
            None => {}
        }
    }

    /// Of a hundred payments of which it is known, how many were fraud.
    pub fn precision(&self) -> Option<u64> {
        let known = self.right.count.saturating_add(self.wrong.count);
        self.right.count.saturating_mul(100).checked_div(known)
    }
}

/// A verdict and what became of its payment.
#[derive(Debug, FromQueryResult)]
struct Line {
    payer: UserId,
    idempotency_key: String,
    moved: bool,
    outcome: Outcome,
    fired: String,
    signals: String,
    state: Option<State>,
    failure: Option<Failure>,
    created_at: Option<Time>,
    updated_at: Option<Time>,
    report: Option<DisputeState>,
}

impl Line {
    /// Whether it was fraud, as far as operators have said.
    fn was_fraud(&self) -> Option<bool> {
        match self.report {
            Some(DisputeState::Upheld) => return Some(true),
            Some(DisputeState::Dismissed) => return Some(false),
            Some(DisputeState::Open) | None => {}
        }
        let state = self.state?;
        if self.failure == Some(Failure::Rejected) {
            let waited = self.updated_at?.signed_duration_since(self.created_at?);
            return (waited < PATIENCE).then_some(true);
        }
        let was_held = self.outcome == Outcome::Review && !self.moved;
        (was_held && state != State::InReview).then_some(false)
    }
}

/// The figures of the rules of a version, by their names, over the last days: 1 to 90.
///
/// # Errors
/// `FILTER_INVALID` for other days.
pub async fn figures(bank: &Bank, version: &Version, days: i64) -> Result<BTreeMap<String, Figures>> {
    if !(1..=DAYS).contains(&days) {
        return Err(Code::FilterInvalid.at("days").into());
    }
    let since = bank.clock.now() - Duration::days(days);
    let lines = lines().filter(verdict::Column::Version.eq(version.number));
    let lines = lines.filter(verdict::Column::DecidedAt.gte(since)).order_by_desc(verdict::Column::DecidedAt);
    let lines: Vec<Line> = lines.limit(MOST).into_model().all(bank.db.connection()).await?;
    let mut payments: HashMap<(UserId, String), Judged> = HashMap::new();
    for line in lines {
        let (fired, cents) = found(&line.fired, &line.signals)?;
        let was_fraud = line.was_fraud();
        let payment = payments.entry((line.payer, line.idempotency_key)).or_default();
        payment.cents = cents;
        payment.was_fraud = payment.was_fraud.or(was_fraud);
        payment.rules.extend(fired.into_iter().map(|fired| fired.rule));
    }
    let mut figures: BTreeMap<String, Figures> = BTreeMap::new();
    for payment in payments.into_values() {
        for rule in payment.rules {
            figures.entry(rule).or_default().count(payment.cents, payment.was_fraud);
        }
    }
    Ok(figures)
}

/// A payment, by what was found before it was made and after.
#[derive(Debug, Default)]
struct Judged {
    rules: BTreeSet<String>,
    cents: i64,
    was_fraud: Option<bool>,
}

/// Verdicts with what became of their payments.
fn lines() -> Select<verdict::Entity> {
    use verdict::Column;
    let payment: RelationDef = verdict::Entity::belongs_to(transaction::Entity)
        .from((Column::Payer, Column::IdempotencyKey))
        .to((transaction::Column::Actor, transaction::Column::IdempotencyKey))
        .into();
    let report: RelationDef = transaction::Entity::belongs_to(dispute::Entity)
        .from(transaction::Column::Id)
        .to(dispute::Column::TransactionId)
        .into();
    verdict::Entity::find()
        .select_only()
        .columns([Column::Payer, Column::IdempotencyKey, Column::Moved])
        .columns([Column::Outcome, Column::Fired, Column::Signals])
        .column_as(transaction::Column::State, "state")
        .column_as(transaction::Column::Failure, "failure")
        .column_as(transaction::Column::CreatedAt, "created_at")
        .column_as(transaction::Column::UpdatedAt, "updated_at")
        .column_as(dispute::Column::State, "report")
        .join(JoinType::LeftJoin, payment)
        .join(JoinType::LeftJoin, report)
}

/// The rules that fired, and the worth of the payment in cents.
fn found(fired: &str, signals: &str) -> Result<(Vec<Fired>, i64), Fault> {
    #[derive(Deserialize)]
    struct Worth {
        amount: i64,
    }
    let unreadable = |_| Fault::Corrupt("a verdict can't be read");
    let worth: Worth = serde_json::from_str(signals).map_err(unreadable)?;
    Ok((serde_json::from_str(fired).map_err(unreadable)?, worth.amount))
}
