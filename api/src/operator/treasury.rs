//! What the house has at stake in each currency, and what exchanging has earned and costs.

use super::{acting, announce, officer};
use crate::authentication::bank;
use crate::error::ApiResult;
use crate::kyc::Level;
use crate::money::{Currency, Decimal, Money};
use async_graphql::{Context, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};
use entity::operator::Role;
use entity::{fee, money, treasury};

/// What the house has in a currency from exchanging.
#[derive(SimpleObject)]
pub(crate) struct Position {
    /// In which currency.
    currency: Currency,
    /// What it has taken less what it has given: its exposure.
    position: Money,
    /// What it has kept of rates.
    spread: Money,
    /// What it has taken as fees.
    fee: Money,
    /// What was too little for a minor unit.
    rounding: Money,
    /// How many units one euro costs; none, if nobody says.
    per_euro: Option<Decimal>,
    /// The exposure in euros; none, where nobody says the rate.
    exposure: Option<Money>,
    /// What was earned, in euros: spread, fee and rounding; none, where nobody says the rate.
    realised: Option<Money>,
}

impl From<treasury::Position> for Position {
    fn from(position: treasury::Position) -> Self {
        let euros = |minor| Money(money::Money { minor, currency: money::Currency::EUR });
        Self {
            currency: position.currency.into(),
            position: Money(position.position),
            spread: Money(position.spread),
            fee: Money(position.fee),
            rounding: Money(position.rounding),
            per_euro: position.per_euro.map(|rate| Decimal(rate.to_string())),
            exposure: position.exposure.map(euros),
            realised: position.realised.map(euros),
        }
    }
}

/// All positions, and what they are together at the mid rates of now.
#[derive(SimpleObject)]
pub(crate) struct TreasuryReport {
    /// By currency code.
    positions: Vec<Position>,
    /// What was earned, in euros; none, where a rate is missing.
    realised: Option<Money>,
    /// What would be earned or lost if all positions were closed now, in euros; none, where a rate is missing.
    unrealised: Option<Money>,
    /// As of when.
    as_of: DateTime<Utc>,
}

/// What exchanging costs, where it fits.
#[derive(SimpleObject, InputObject)]
#[graphql(input_name = "FeeRuleInput", name = "FeeRule")]
pub(crate) struct FeeRule {
    /// Out of this currency; out of any, where there is none.
    source: Option<Currency>,
    /// Into this currency; into any, where there is none.
    target: Option<Currency>,
    /// For who is known at this level; for all, where there is none.
    level: Option<Level>,
    /// The share of the rate that the house keeps, in hundredths of a percent: at most 2,000.
    spread: u16,
    /// What is taken once, in euros: at most 1,000, with two decimal digits.
    fixed: Decimal,
    /// What is taken of what is exchanged, in hundredths of a percent: at most 2,000.
    share: u16,
}

impl From<&fee::Rule> for FeeRule {
    fn from(rule: &fee::Rule) -> Self {
        Self {
            source: rule.source.map(Into::into),
            target: rule.target.map(Into::into),
            level: rule.level.map(Into::into),
            spread: rule.spread,
            fixed: Decimal(rule.fixed.to_string()),
            share: rule.share,
        }
    }
}

impl FeeRule {
    /// The rule, if it can be one.
    pub(crate) fn parse(self) -> ApiResult<fee::Rule> {
        let currency = |currency: Option<Currency>| currency.map(|code| code.parse_currency()).transpose();
        Ok(fee::Rule {
            source: currency(self.source)?,
            target: currency(self.target)?,
            level: self.level.map(Into::into),
            spread: self.spread,
            fixed: fee::parse_fixed(&self.fixed.0)?,
            share: self.share,
        })
    }
}

/// What exchanging costs: the first rule that fits counts.
#[derive(SimpleObject)]
pub(crate) struct FeeSchedule {
    /// The rules.
    rules: Vec<FeeRule>,
    /// Since when it is in force; none for the one that is built in.
    since: Option<DateTime<Utc>>,
}

#[derive(Default)]
pub(crate) struct TreasuryQuery;

#[Object]
impl TreasuryQuery {
    /// What the house has at stake in each currency, and what exchanging has earned. For treasurers.
    async fn treasury(&self, context: &Context<'_>) -> ApiResult<TreasuryReport> {
        acting(context, Role::Treasurer, None).await?;
        let report = treasury::report(bank(context)?).await?;
        Ok(TreasuryReport {
            positions: report.positions.into_iter().map(Position::from).collect(),
            realised: report.realised.map(Money),
            unrealised: report.unrealised.map(Money),
            as_of: report.as_of,
        })
    }

    /// What exchanging costs at present. Two treasurers change it with `propose`. For all operators.
    async fn fee_schedule(&self, context: &Context<'_>) -> ApiResult<FeeSchedule> {
        announce(context, officer(context)?, None).await?;
        let in_force = fee::in_force(bank(context)?.db.connection()).await?;
        let rules = in_force.schedule.rules().iter().map(FeeRule::from).collect();
        Ok(FeeSchedule { rules, since: in_force.since })
    }
}
