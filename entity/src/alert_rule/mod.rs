//! Alert rules: what a person wants to be told of its money, by rules of its own.
//!
//! Guarantees: what a rule is about is told once, however many workers look and whenever one of them dies: the
//! [watch](crate::fraud::watch) reads each posting once, and what is told is written with the place to which it has read.
//! The posting alone says whether it is reached. A rule is about what moves after it was made; what moved more than a day
//! ago is no news. Two rules of one kind that are reached by the same payment are told once. Nobody who pays waits for it.
//!
//! It is told by the channels that the person has chosen for payments. What is about security needs no rule, and
//! can't be muted ([`notification`](crate::notification)).
//!
//! Refuses `ALERT_RULE_LIMIT`, `NOT_FOUND`. Costs what [`News`] says.

mod news;
mod wait;

use crate::bank::Bank;
use crate::clock::Time;
use crate::error::{Fault, Result};
use crate::id::{AlertRuleId, UserId};
use crate::money::Amount;
use crate::refusal::Code;
use crate::table::alert_rule::{self, Column};
use crate::user as people;
use sea_orm::{
    ColumnTrait, DeriveActiveEnum, EntityTrait, EnumIter, IntoActiveModel, QueryFilter, QueryOrder,
};
use serde::{Deserialize, Serialize};

pub(crate) use news::News;
pub(crate) use wait::ended;

/// Rules of a person at most.
const RULES_MAX: usize = 20;

/// What a rule is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RuleKind {
    /// At least so much goes at once to a person or a bank.
    MoneyOutAtLeast,
    /// At least so much comes at once from a person or a bank.
    MoneyInAtLeast,
    /// The balance falls to so much or less, from more.
    BalanceAtMost,
}

/// What a person wants to be told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertRule {
    /// Its id.
    pub id: AlertRuleId,
    /// What it is about.
    pub kind: RuleKind,
    /// How much, and so in which of the person's accounts.
    pub limit: Amount,
    /// When it was made.
    pub created_at: Time,
}

impl TryFrom<alert_rule::Model> for AlertRule {
    type Error = Fault;

    fn try_from(row: alert_rule::Model) -> std::result::Result<Self, Fault> {
        let limit = Amount::try_new(row.amount, row.currency);
        let limit = limit.map_err(|_| Fault::Corrupt("an alert rule's amount is not positive"))?;
        Ok(Self { id: row.id, kind: row.kind, limit, created_at: row.created_at })
    }
}

/// Tells a person from now on. The same rule made twice is one.
///
/// # Errors
/// `ALERT_RULE_LIMIT`.
pub async fn create(bank: &Bank, user: UserId, kind: RuleKind, limit: Amount) -> Result<AlertRule> {
    let now = bank.clock.now();
    let tx = bank.db.begin().await?;
    people::lock(bank, &tx, user).await?;
    let mut rules = own(user).all(&tx).await?;
    let same = |rule: &alert_rule::Model| {
        (rule.kind, rule.currency, rule.amount) == (kind, limit.currency(), limit.minor())
    };
    if let Some(known) = rules.iter().position(same) {
        return Ok(rules.swap_remove(known).try_into()?);
    }
    if rules.len() >= RULES_MAX {
        return Err(Code::AlertRuleLimit.into());
    }
    let row = alert_rule::Model {
        id: AlertRuleId(bank.ids.next(now)),
        user_id: user,
        kind,
        currency: limit.currency(),
        amount: limit.minor(),
        created_at: now,
    };
    alert_rule::Entity::insert(row.clone().into_active_model()).exec_without_returning(&tx).await?;
    wait::for_all_open(&tx, user).await?;
    tx.commit().await?;
    Ok(row.try_into()?)
}

/// Tells a person no longer.
///
/// # Errors
/// `NOT_FOUND`.
pub async fn delete(bank: &Bank, user: UserId, id: AlertRuleId) -> Result<()> {
    let this = alert_rule::Entity::delete_many().filter(alert_rule::COLUMN.id.eq(id));
    let own = this.filter(alert_rule::COLUMN.user_id.eq(user));
    let removed = own.exec(bank.db.connection()).await?.rows_affected;
    if removed > 0 { Ok(()) } else { Err(Code::NotFound.at("id").into()) }
}

fn own(user: UserId) -> sea_orm::Select<alert_rule::Entity> {
    alert_rule::Entity::find().filter(alert_rule::COLUMN.user_id.eq(user))
}

/// A person's rules, newest first.
///
/// # Errors
/// Only faults.
pub async fn list(bank: &Bank, user: UserId) -> Result<Vec<AlertRule>> {
    let rows = own(user).order_by_desc(Column::Id).all(bank.db.connection()).await?;
    rows.into_iter().map(|row| Ok(row.try_into()?)).collect()
}
