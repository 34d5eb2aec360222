//! Versions of the rules: two reviewers put a new one in force, and the older ones stay to be read.
//!
//! Guarantees: a version that can't be loaded is never in force. Every process judges by a new version within a
//! second, and each verdict names the one that it was made by. Where versions can't be read, the last that was
//! read stays in force.
//!
//! Refuses `FRAUD_RULES_INVALID`. Costs one indexed row, twice a second where payments come; they wait for it after a
//! second without any.

use super::rule::{Rule, RuleSet};
use crate::bank::Bank;
use crate::clock::Time;
use crate::error::{Fault, Result};
use crate::id::ProposalId;
use crate::refusal::{Code, Refusal};
use crate::table::fraud_rule_version::{self as row, Column};
use chrono::Duration;
use sea_orm::{ConnectionTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryOrder};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How long the newest version is remembered before somebody looks again.
const FRESH: Duration = Duration::milliseconds(500);
/// How long the others judge by it meanwhile.
const USABLE: Duration = Duration::seconds(1);
/// How long a look may take.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(1);

/// Rules and since when they are in force.
#[derive(Clone, Debug)]
pub struct Version {
    /// From 1; 0 for those that the house begins with.
    pub number: i32,
    /// The rules.
    pub rules: Arc<RuleSet>,
    /// Since when; none for those that the house begins with.
    pub since: Option<Time>,
}

#[derive(Debug)]
struct Inner {
    /// What the house begins with.
    first: Version,
    seen: Mutex<Option<(Time, Version)>>,
    /// Held by who looks.
    looking: tokio::sync::Mutex<()>,
}

/// The rules in force, remembered for a second. Clones share them.
#[derive(Clone, Debug)]
pub(crate) struct Rules(Arc<Inner>);

impl Rules {
    /// Begins with these.
    pub(crate) fn new(rules: Arc<RuleSet>) -> Self {
        let first = Version { number: 0, rules, since: None };
        Self(Arc::new(Inner { first, seen: Mutex::default(), looking: tokio::sync::Mutex::default() }))
    }

    /// Those in force.
    pub(crate) async fn in_force(&self, bank: &Bank) -> Version {
        if let Some(version) = self.seen_within(bank, FRESH) {
            return version;
        }
        let _looking = match (self.0.looking.try_lock(), self.seen_within(bank, USABLE)) {
            (Ok(looking), _) => looking,
            // Somebody looks; what was in force a moment ago will do.
            (Err(_), Some(version)) => return version,
            (Err(_), None) => self.0.looking.lock().await,
        };
        // Somebody may have looked meanwhile.
        if let Some(version) = self.seen_within(bank, FRESH) {
            return version;
        }
        let now = bank.clock.now();
        let newest = Box::pin(tokio::time::timeout(PATIENCE, newest(bank.db.connection()))).await;
        let version = match newest {
            Ok(Ok(newest)) => newest.unwrap_or_else(|| self.0.first.clone()),
            unread => {
                let error = unread.ok().and_then(Result::err);
                tracing::error!(?error, "the newest rules can't be read; the last ones stay in force");
                self.seen().clone().map_or_else(|| self.0.first.clone(), |(_, version)| version)
            }
        };
        *self.seen() = Some((now, version.clone()));
        version
    }

    fn seen(&self) -> MutexGuard<'_, Option<(Time, Version)>> {
        self.0.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The version that was seen last, if that is no longer ago.
    fn seen_within(&self, bank: &Bank, time: Duration) -> Option<Version> {
        let now = bank.clock.now();
        let (at, version) = self.seen().clone()?;
        (at <= now && now < at + time).then_some(version)
    }

    /// Looks anew the next time, after a change.
    pub(crate) fn forget(&self) {
        *self.seen() = None;
    }
}

impl TryFrom<row::Model> for Version {
    type Error = Fault;

    fn try_from(row: row::Model) -> Result<Self, Fault> {
        let rules = RuleSet::parse(&row.rules).map_err(|_| Fault::Corrupt("rules can't be loaded"))?;
        Ok(Self { number: row.version, rules: Arc::new(rules), since: Some(row.created_at) })
    }
}

async fn newest(db: &impl ConnectionTrait) -> Result<Option<Version>> {
    let row = row::Entity::find().order_by_desc(Column::Version).one(db).await?;
    Ok(row.map(Version::try_from).transpose()?)
}

/// The rules in force.
pub async fn in_force(bank: &Bank) -> Version {
    bank.fraud_rules.in_force(bank).await
}

/// The rules of a version that was in force.
///
/// # Errors
/// `NOT_FOUND`.
pub async fn find(bank: &Bank, number: i32) -> Result<Version> {
    if number == 0 {
        return Ok(bank.fraud_rules.0.first.clone());
    }
    let row = row::Entity::find_by_id(number).one(bank.db.connection()).await?;
    Ok(row.ok_or(Code::NotFound.at("version"))?.try_into()?)
}

/// Refuses rules that can't be loaded.
///
/// # Errors
/// `FRAUD_RULES_INVALID`.
pub(crate) fn check(rules: &[Rule]) -> Result<(), Refusal> {
    RuleSet::load(rules.to_vec()).map(drop).map_err(|_| Code::FraudRulesInvalid.at("rules"))
}

/// Puts rules in force, for two operators who agree.
pub(crate) async fn set(
    bank: &Bank,
    tx: &DatabaseTransaction,
    rules: &[Rule],
    proposal: ProposalId,
) -> Result<()> {
    check(rules)?;
    let last = row::Entity::find().order_by_desc(Column::Version).one(tx).await?;
    let row = row::Model {
        version: last.map_or(0, |row| row.version).saturating_add(1),
        rules: serde_json::to_string(rules).map_err(|_| Fault::Corrupt("rules have no text"))?,
        proposal_id: proposal,
        created_at: bank.clock.now(),
    };
    row::Entity::insert(row.into_active_model()).exec_without_returning(tx).await?;
    Ok(())
}
