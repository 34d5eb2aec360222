//! Payments that look like fraud and wait for operators.

use super::acting;
use crate::authentication::bank;
use crate::error::ApiResult;
use crate::id::Named;
use crate::money::Money;
use crate::page::{Pages, connection};
use crate::transaction::{TransactionKind, TransactionState};
use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};
use entity::fraud;
use entity::id::TransactionId;
use entity::operator::Role;
use entity::page::Page;
use entity::review;
use serde_json::{Map, Value};

/// What a rule does about a payment, the mildest first.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "fraud::Outcome")]
pub(crate) enum RuleOutcome {
    /// Nothing.
    Allow,
    /// The payer is asked.
    Challenge,
    /// It waits for operators.
    Review,
    /// It is refused.
    Block,
}

/// A rule that has fired.
#[derive(SimpleObject)]
pub(crate) struct FiredRule {
    /// What it is called.
    rule: String,
    /// What it does.
    outcome: RuleOutcome,
    /// Whether it only tells what it would have done.
    shadow: bool,
}

impl From<fraud::Fired> for FiredRule {
    fn from(fired: fraud::Fired) -> Self {
        Self { rule: fired.rule, outcome: fired.outcome.into(), shadow: fired.shadow }
    }
}

/// What a rule was asked about.
#[derive(SimpleObject)]
pub(crate) struct SignalValue {
    /// The signal.
    name: String,
    /// What it says.
    says: &'static str,
    /// Its value: a whole number; money is in cents of euros, and a flag is 0 or 1.
    value: i64,
    /// What it adds to the signal `score` or takes from it, in hundredths of the logarithm of its odds, as the score is made now.
    score_weight: Option<i64>,
}

/// A payment that waits, and why.
#[derive(SimpleObject)]
pub(crate) struct PaymentInReview {
    /// The global id of the transaction.
    id: ID,
    /// What kind of act.
    kind: TransactionKind,
    /// The global id of who pays.
    payer_id: Option<ID>,
    /// The global id of who is paid, if it is a person.
    payee_id: Option<ID>,
    /// How much.
    money: Money,
    /// The payer's words to the payee.
    note: Option<String>,
    /// When it was asked for.
    created_at: DateTime<Utc>,
    /// When it goes back to its payer, unless it goes on before.
    until: DateTime<Utc>,
    /// The rules that fired.
    rules: Vec<FiredRule>,
    /// What they were asked about.
    signals: Vec<SignalValue>,
    /// The global id of the reviewer who has the case, if one does.
    assignee_id: Option<ID>,
}

/// What rules were asked about, as it was kept.
pub(crate) fn signals(kept: &Map<String, Value>) -> Vec<SignalValue> {
    let value = |signal: &fraud::Signal| kept.get(signal.name).and_then(Value::as_i64);
    let known: Vec<i64> = fraud::SIGNALS.iter().map(|signal| value(signal).unwrap_or(0)).collect();
    let weights = fraud::Score::reasons(&known);
    let read = |(signal, score_weight): (&fraud::Signal, Option<i64>)| {
        let (name, says) = (signal.name.to_owned(), signal.says);
        Some(SignalValue { name, says, value: value(signal)?, score_weight })
    };
    fraud::SIGNALS.iter().zip(weights).filter_map(read).collect()
}

impl From<review::Case> for PaymentInReview {
    fn from(case: review::Case) -> Self {
        let terms = case.payment.terms;
        Self {
            id: terms.id.to_global().to_id(),
            kind: terms.kind.into(),
            payer_id: terms.payer.map(|id| id.to_global().to_id()),
            payee_id: terms.payee.map(|id| id.to_global().to_id()),
            money: Money(terms.amount.money()),
            note: terms.note,
            created_at: case.payment.created_at,
            until: case.until,
            rules: case.fired.into_iter().map(FiredRule::from).collect(),
            signals: signals(&case.signals),
            assignee_id: case.assignee.map(|id| id.to_global().to_id()),
        }
    }
}

/// The payment to be rejected.
#[derive(InputObject)]
pub(crate) struct RejectPaymentInput {
    /// The global id of the transaction.
    id: ID,
}

/// The money is back in its payer's wallet.
#[derive(SimpleObject)]
pub(crate) struct RejectPaymentPayload {
    /// How far it has come.
    state: TransactionState,
}

#[derive(Default)]
pub(crate) struct ReviewQuery;

#[Object]
impl ReviewQuery {
    /// Payments that look like fraud and wait, oldest first. For reviewers.
    async fn payments_in_review(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The first so many: 1 to 100; 20 if nothing is said.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many instead: 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> ApiResult<Pages<PaymentInReview>> {
        acting(context, Role::Reviewer, None).await?;
        let (after, before) =
            (TransactionId::from_cursor(after, "after")?, TransactionId::from_cursor(before, "before")?);
        let slice = review::list(bank(context)?, Page::parse(first, last, after, before)?).await?;
        Ok(connection(slice.map(|case| (case.payment.terms.id.to_cursor(), PaymentInReview::from(case)))))
    }
}

#[derive(Default)]
pub(crate) struct ReviewMutation;

#[Object]
impl ReviewMutation {
    /// Sends a payment that waits back to its payer. For reviewers; letting it go on takes a proposal and another operator.
    /// Refuses `NOT_FOUND`, `PAYMENT_DECIDED`; `CASE_ASSIGNED` where another reviewer has the case.
    async fn reject_payment(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which.")] input: RejectPaymentInput,
    ) -> ApiResult<RejectPaymentPayload> {
        let id = TransactionId::parse(&input.id, "id")?;
        let officer = acting(context, Role::Reviewer, Some(id.0)).await?;
        Ok(RejectPaymentPayload { state: review::reject(bank(context)?, officer, id).await?.state.into() })
    }
}
