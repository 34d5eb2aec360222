//! Payments that somebody says were not its own.

use crate::authentication::{bank, caller, origin};
use crate::error::ApiResult;
use crate::id::Named;
use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};
use entity::dispute;
use entity::id::TransactionId;

/// What has become of a dispute.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "dispute::DisputeState")]
pub(crate) enum DisputeState {
    /// It is looked into.
    Open,
    /// The payment was not the person's.
    Upheld,
    /// It was.
    Dismissed,
}

/// A payment of which its payer says that it was not its own.
#[derive(SimpleObject)]
pub(crate) struct Dispute {
    /// The global id.
    id: ID,
    /// The global id of the payment.
    transaction_id: ID,
    /// The global id of who says so.
    user_id: ID,
    /// What has become of it.
    state: DisputeState,
    /// When it was said.
    opened_at: DateTime<Utc>,
    /// By when it is to be decided: a day later.
    due_at: DateTime<Utc>,
    /// When it was decided.
    decided_at: Option<DateTime<Utc>>,
}

impl From<dispute::Dispute> for Dispute {
    fn from(dispute: dispute::Dispute) -> Self {
        Self {
            id: dispute.id.to_global().to_id(),
            transaction_id: dispute.transaction.to_global().to_id(),
            user_id: dispute.user.to_global().to_id(),
            state: dispute.state.into(),
            opened_at: dispute.opened_at,
            due_at: dispute.due_at,
            decided_at: dispute.decided_at,
        }
    }
}

/// The payment that was not one's own.
#[derive(InputObject)]
pub(crate) struct ReportTransactionInput {
    /// The global id of the transaction.
    id: ID,
}

/// The wallet is locked, and operators look into it.
#[derive(SimpleObject)]
pub(crate) struct ReportTransactionPayload {
    /// The dispute.
    dispute: Dispute,
}

#[derive(Default)]
pub(crate) struct DisputeQuery;

#[Object]
impl DisputeQuery {
    /// The last hundred disputes of the person who asks, newest first.
    async fn disputes(&self, context: &Context<'_>) -> ApiResult<Vec<Dispute>> {
        let own = dispute::own(bank(context)?, caller(context)?.user).await?;
        Ok(own.into_iter().map(Dispute::from).collect())
    }
}

#[derive(Default)]
pub(crate) struct DisputeMutation;

#[Object]
impl DisputeMutation {
    /// Reports a payment out of one's wallet that was not one's own: the wallet is locked and all other sessions end, as with
    /// `lockUser`; if the payment waits for operators it goes back; and operators decide within a day. Refuses
    /// `NOT_FOUND`, `NOT_PAYER`, `OVERLOADED`.
    async fn report_transaction(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which.")] input: ReportTransactionInput,
    ) -> ApiResult<ReportTransactionPayload> {
        let (caller, id) = (caller(context)?, TransactionId::parse(&input.id, "id")?);
        let dispute = dispute::report(bank(context)?, caller, id, &origin(context)).await?;
        Ok(ReportTransactionPayload { dispute: dispute.into() })
    }
}
