//! The rules by which payments are screened: what they are, how they have done, and whether others could be loaded.

use super::review::RuleOutcome;
use super::{acting, announce, officer};
use crate::authentication::bank;
use crate::error::ApiResult;
use crate::money::Money;
use async_graphql::{Context, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};
use entity::fraud::{self, Figures, Rule, RuleSet, SIGNALS, Sum};
use entity::money;
use entity::operator::Role;

/// A rule.
#[derive(Clone, SimpleObject, InputObject)]
#[graphql(input_name = "FraudRuleInput", name = "FraudRule")]
pub(crate) struct FraudRule {
    /// What it is called: at most 100 characters, no other rule's name.
    name: String,
    /// When it fires: true or false, in the Common Expression Language, of signals and whole numbers; at most 500 characters.
    when: String,
    /// What is done then.
    outcome: RuleOutcome,
    /// Whether it only tells what it would have done.
    #[graphql(default)]
    shadow: bool,
}

impl From<&Rule> for FraudRule {
    fn from(rule: &Rule) -> Self {
        let (name, when) = (rule.name.clone(), rule.when.clone());
        Self { name, when, outcome: rule.outcome.into(), shadow: rule.shadow }
    }
}

impl From<FraudRule> for Rule {
    fn from(rule: FraudRule) -> Self {
        Self { name: rule.name, when: rule.when, outcome: rule.outcome.into(), shadow: rule.shadow }
    }
}

/// Payments and what they were worth.
#[derive(SimpleObject)]
pub(crate) struct PaymentSum {
    /// How many.
    count: u64,
    /// Worth how many euros.
    worth: Money,
}

impl From<Sum> for PaymentSum {
    fn from(sum: Sum) -> Self {
        let worth = money::Money { minor: sum.cents, currency: money::Currency::EUR };
        Self { count: sum.count, worth: Money(worth) }
    }
}

/// A rule and how it has done.
#[derive(SimpleObject)]
pub(crate) struct RuleFigures {
    /// The rule.
    rule: FraudRule,
    /// Payments for which it fired, whether they were made afterwards or not.
    hits: PaymentSum,
    /// Those that were fraud: operators sent them back, or upheld their payers' reports.
    right: PaymentSum,
    /// Those that were honest: two operators let them go on, or the report was dismissed. What the rule has cost good customers.
    wrong: PaymentSum,
    /// Of a hundred of which that is known, how many were fraud.
    precision: Option<u64>,
}

/// A version of the rules.
#[derive(SimpleObject)]
pub(crate) struct FraudRules {
    /// Its number; 0 for the one that the house begins with.
    version: i32,
    /// Since when it is in force, or was; none for the one that the house begins with.
    since: Option<DateTime<Utc>>,
    /// The rules, and what they have done while it was in force.
    rules: Vec<RuleFigures>,
}

/// What a rule may speak of.
#[derive(SimpleObject)]
pub(crate) struct FraudSignal {
    /// Its name.
    name: &'static str,
    /// Whether it is true or false, and not a whole number.
    is_flag: bool,
    /// What it says.
    says: &'static str,
}

#[derive(Default)]
pub(crate) struct FraudQuery;

#[Object]
impl FraudQuery {
    /// The rules by which payments are screened, and how often each was right. Two reviewers put others in force with `propose`. For
    /// reviewers. Refuses `NOT_FOUND`, `FILTER_INVALID` for other days.
    async fn fraud_rules(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The version; the one in force if nothing is said.")] version: Option<i32>,
        #[graphql(desc = "Figures of the last so many days: 1 to 90.", default = 30)] days: i64,
    ) -> ApiResult<FraudRules> {
        acting(context, Role::Reviewer, None).await?;
        let bank = bank(context)?;
        let version = match version {
            Some(number) => fraud::find(bank, number).await?,
            None => fraud::in_force(bank).await,
        };
        let mut figures = fraud::figures(bank, &version, days).await?;
        let rules = version.rules.written();
        let rules = rules.map(|rule| RuleFigures::of(rule, figures.remove(&rule.name).unwrap_or_default()));
        Ok(FraudRules { version: version.number, since: version.since, rules: rules.collect() })
    }

    /// What rules may speak of. For all operators.
    async fn fraud_signals(&self, context: &Context<'_>) -> ApiResult<Vec<FraudSignal>> {
        announce(context, officer(context)?, None).await?;
        let signal = |signal: &fraud::Signal| {
            let fraud::Signal { name, is_flag, says, .. } = *signal;
            FraudSignal { name, is_flag, says }
        };
        Ok(SIGNALS.iter().map(signal).collect())
    }

    /// Why rules can't be loaded, in words; nothing, if they can. For all operators.
    async fn check_fraud_rules(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The rules, all that are to be in force.")] rules: Vec<FraudRule>,
    ) -> ApiResult<Option<String>> {
        announce(context, officer(context)?, None).await?;
        Ok(RuleSet::load(rules.into_iter().map(Rule::from).collect()).err())
    }
}

impl RuleFigures {
    fn of(rule: &Rule, figures: Figures) -> Self {
        let (hits, right, wrong) = (figures.hits.into(), figures.right.into(), figures.wrong.into());
        Self { rule: rule.into(), hits, right, wrong, precision: figures.precision() }
    }
}
