//! Fees: what exchanging money costs, by what is exchanged and who asks.
//!
//! A schedule is a list of rules, and the first that fits counts. It is data: two operators put a new one in force,
//! and the older ones stay to be read. A quote names the schedule that it was made with. Nothing but an exchange
//! costs anything: what is held is spent as it is.
//!
//! Refuses `SCHEDULE_INVALID`. Costs one indexed row for a quote.

use crate::bank::Bank;
use crate::clock::Time;
use crate::error::{Fault, Result};
use crate::id::ScheduleId;
use crate::kyc::Level;
use crate::money::Currency;
use crate::refusal::{Code, Refusal};
use crate::table::fee_schedule;
use rust_decimal::Decimal;
use sea_orm::{ConnectionTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryOrder};
use serde::{Deserialize, Serialize};

/// Rules in a schedule at most.
const RULES: usize = 200;

/// What exchanging costs, where it fits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// Out of this currency; out of any, where there is none.
    pub source: Option<Currency>,
    /// Into this currency; into any, where there is none.
    pub target: Option<Currency>,
    /// For who is known at this level; for all, where there is none.
    pub level: Option<Level>,
    /// The share of the rate that the house keeps, in hundredths of a percent.
    pub spread: u16,
    /// What is taken once, in euros.
    pub fixed: Decimal,
    /// What is taken of what is exchanged, in hundredths of a percent.
    pub share: u16,
}

impl Rule {
    fn fits(&self, source: Currency, target: Currency, level: Level) -> bool {
        self.source.is_none_or(|only| only == source)
            && self.target.is_none_or(|only| only == target)
            && self.level.is_none_or(|only| only == level)
    }

    fn possible(&self) -> bool {
        let fixed =
            self.fixed >= Decimal::ZERO && self.fixed <= Decimal::ONE_THOUSAND && self.fixed.scale() <= 2;
        self.spread <= 2_000 && self.share <= 2_000 && fixed
    }
}

/// The rules, the first that fits counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Schedule(Vec<Rule>);

impl Default for Schedule {
    /// Half a percent of the rate, and nothing else.
    fn default() -> Self {
        let (source, target, level) = (None, None, None);
        Self(vec![Rule { source, target, level, spread: 50, fixed: Decimal::ZERO, share: 0 }])
    }
}

impl Schedule {
    /// Refuses what does not say for everything what it costs, or takes more than a fifth or a thousand euros.
    ///
    /// # Errors
    /// `SCHEDULE_INVALID`.
    pub fn new(rules: Vec<Rule>) -> Result<Self, Refusal> {
        let for_all = |rule: &Rule| rule.source.is_none() && rule.target.is_none() && rule.level.is_none();
        let whole = rules.last().is_some_and(for_all) && rules.len() <= RULES;
        if whole && rules.iter().all(Rule::possible) {
            Ok(Self(rules))
        } else {
            Err(Code::ScheduleInvalid.at("rules"))
        }
    }

    /// The rules.
    pub fn rules(&self) -> &[Rule] {
        &self.0
    }

    /// What counts.
    pub(crate) fn rule(&self, source: Currency, target: Currency, level: Level) -> Option<&Rule> {
        self.0.iter().find(|rule| rule.fits(source, target, level))
    }
}

/// What is taken once, in euros: digits with at most two after the point.
///
/// # Errors
/// `SCHEDULE_INVALID`.
pub fn parse_fixed(text: &str) -> Result<Decimal, Refusal> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    text.parse().ok().filter(|_| plain).ok_or(Code::ScheduleInvalid.at("rules"))
}

/// A schedule and since when it is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InForce {
    /// Its id; none for the one that is built in.
    pub id: Option<ScheduleId>,
    /// The rules.
    pub schedule: Schedule,
    /// Since when; none for the one that is built in.
    pub since: Option<Time>,
}

/// The schedule in force.
///
/// # Errors
/// Only faults.
pub async fn in_force(db: &impl ConnectionTrait) -> Result<InForce> {
    let newest = fee_schedule::Entity::find().order_by_desc(fee_schedule::Column::Id).one(db).await?;
    let Some(row) = newest else {
        return Ok(InForce { id: None, schedule: Schedule::default(), since: None });
    };
    let schedule =
        serde_json::from_str(&row.rules).map_err(|_| Fault::Corrupt("a fee schedule can't be read"))?;
    Ok(InForce { id: Some(row.id), schedule, since: Some(row.created_at) })
}

/// Puts a schedule in force, for two operators who agree.
pub(crate) async fn set(bank: &Bank, tx: &DatabaseTransaction, schedule: &Schedule) -> Result<()> {
    let now = bank.clock.now();
    let row = fee_schedule::Model {
        id: ScheduleId(bank.ids.next(now)),
        rules: serde_json::to_string(schedule).unwrap_or_default(),
        created_at: now,
    };
    fee_schedule::Entity::insert(row.into_active_model()).exec_without_returning(tx).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(source: Option<&str>, target: Option<&str>, level: Option<Level>, spread: u16) -> Rule {
        let currency = |code: &str| Currency::parse(code).unwrap();
        let (source, target) = (source.map(currency), target.map(currency));
        Rule { source, target, level, spread, fixed: Decimal::ZERO, share: 0 }
    }

    #[test]
    fn the_first_rule_that_fits_counts() {
        let rules = vec![
            rule(Some("EUR"), Some("USD"), Some(Level::Full), 10),
            rule(Some("EUR"), Some("USD"), None, 20),
            rule(None, Some("JPY"), None, 30),
            rule(None, None, None, 40),
        ];
        let schedule = Schedule::new(rules).unwrap();
        let text = serde_json::to_string(&schedule).unwrap();
        assert_eq!(serde_json::from_str::<Schedule>(&text).unwrap(), schedule);
        let spread = |source: &str, target: &str, level| {
            let currency = |code: &str| Currency::parse(code).unwrap();
            schedule.rule(currency(source), currency(target), level).map(|rule| rule.spread)
        };
        assert_eq!(spread("EUR", "USD", Level::Full), Some(10));
        assert_eq!(spread("EUR", "USD", Level::Unknown), Some(20));
        assert_eq!(spread("USD", "JPY", Level::Full), Some(30));
        assert_eq!(spread("USD", "EUR", Level::Full), Some(40));
    }

    #[test]
    fn a_schedule_with_gaps_or_greed_is_refused() {
        assert!(Schedule::new(vec![]).is_err());
        assert!(Schedule::new(vec![rule(Some("EUR"), None, None, 1)]).is_err());
        assert!(Schedule::new(vec![rule(None, None, None, 2_001)]).is_err());
        let negative = Rule { fixed: Decimal::NEGATIVE_ONE, ..rule(None, None, None, 1) };
        assert!(Schedule::new(vec![negative]).is_err());
    }
}
