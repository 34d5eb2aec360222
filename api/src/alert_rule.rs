//! What a person wants to be told of its money, by rules of its own.

use crate::authentication::{bank, caller};
use crate::error::ApiResult;
use crate::id::Named;
use crate::money::{Money, MoneyInput};
use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};
use entity::alert_rule;
use entity::id::AlertRuleId;

/// What a rule is about.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "alert_rule::RuleKind")]
pub(crate) enum AlertRuleKind {
    /// At least so much goes at once to a person or a bank.
    MoneyOutAtLeast,
    /// At least so much comes at once from a person or a bank.
    MoneyInAtLeast,
    /// The balance falls to so much or less, from more; again only after it was above.
    BalanceAtMost,
}

/// What the person wants to be told of, by the channels that it has chosen for payments.
#[derive(SimpleObject)]
pub(crate) struct AlertRule {
    /// The global id.
    id: ID,
    /// What it is about.
    kind: AlertRuleKind,
    /// How much; it is about the account in this currency.
    money: Money,
    /// When it was made.
    created_at: DateTime<Utc>,
}

impl From<alert_rule::AlertRule> for AlertRule {
    fn from(rule: alert_rule::AlertRule) -> Self {
        Self {
            id: rule.id.to_global().to_id(),
            kind: rule.kind.into(),
            money: Money(rule.limit.money()),
            created_at: rule.created_at,
        }
    }
}

/// What to be told of.
#[derive(InputObject)]
pub(crate) struct CreateAlertRuleInput {
    /// What it is about.
    kind: AlertRuleKind,
    /// How much; it is about the account in this currency.
    money: MoneyInput,
}

/// The person is told from now on.
#[derive(SimpleObject)]
pub(crate) struct CreateAlertRulePayload {
    /// The rule.
    rule: AlertRule,
}

/// The rule to be deleted.
#[derive(InputObject)]
pub(crate) struct DeleteAlertRuleInput {
    /// The global id.
    id: ID,
}

/// The person is told no longer.
#[derive(SimpleObject)]
pub(crate) struct DeleteAlertRulePayload {
    /// The rules that are left, newest first.
    rules: Vec<AlertRule>,
}

async fn rules(context: &Context<'_>) -> ApiResult<Vec<AlertRule>> {
    let rules = alert_rule::list(bank(context)?, caller(context)?.user).await?;
    Ok(rules.into_iter().map(AlertRule::from).collect())
}

#[derive(Default)]
pub(crate) struct AlertRuleQuery;

#[Object]
impl AlertRuleQuery {
    /// What the person wants to be told of its money, newest first.
    async fn alert_rules(&self, context: &Context<'_>) -> ApiResult<Vec<AlertRule>> {
        rules(context).await
    }
}

#[derive(Default)]
pub(crate) struct AlertRuleMutation;

#[Object]
impl AlertRuleMutation {
    /// Tells the person of what moves from now on and reaches the rule. The same rule made twice is one. Refuses
    /// `AMOUNT_ZERO`, `AMOUNT_NEGATIVE`, `AMOUNT_SCALE`, `AMOUNT_MALFORMED`, `AMOUNT_TOO_LARGE`, `CURRENCY_UNKNOWN`,
    /// `ALERT_RULE_LIMIT`.
    async fn create_alert_rule(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "What to be told of.")] input: CreateAlertRuleInput,
    ) -> ApiResult<CreateAlertRulePayload> {
        let (user, limit) = (caller(context)?.user, input.money.parse()?);
        let rule = alert_rule::create(bank(context)?, user, input.kind.into(), limit).await?;
        Ok(CreateAlertRulePayload { rule: rule.into() })
    }

    /// Tells the person no longer. Refuses `NOT_FOUND`.
    async fn delete_alert_rule(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which.")] input: DeleteAlertRuleInput,
    ) -> ApiResult<DeleteAlertRulePayload> {
        let (user, id) = (caller(context)?.user, AlertRuleId::parse(&input.id, "id")?);
        alert_rule::delete(bank(context)?, user, id).await?;
        Ok(DeleteAlertRulePayload { rules: rules(context).await? })
    }
}
