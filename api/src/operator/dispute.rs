//! Payments that were reported, as reviewers see them.

use super::acting;
use crate::authentication::bank;
use crate::dispute::Dispute;
use crate::error::ApiResult;
use crate::id::Named;
use crate::page::{Pages, connection};
use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::dispute;
use entity::id::DisputeId;
use entity::operator::Role;
use entity::page::Page;

/// The dispute to be decided.
#[derive(InputObject)]
pub(crate) struct DecideDisputeInput {
    /// The global id.
    id: ID,
    /// Whether the payment was not the person's.
    upheld: bool,
    /// Why, for the person to read: at most 100 characters.
    reason: String,
}

/// It is decided, and its person told.
#[derive(SimpleObject)]
pub(crate) struct DecideDisputePayload {
    /// The dispute.
    dispute: Dispute,
}

#[derive(Default)]
pub(crate) struct DisputeQuery;

#[Object]
impl DisputeQuery {
    /// Payments of which their payers say that they were not their own, and that are not decided, oldest first. For reviewers.
    async fn open_disputes(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The first so many: 1 to 100; 20 if nothing is said.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many instead: 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> ApiResult<Pages<Dispute>> {
        acting(context, Role::Reviewer, None).await?;
        let (after, before) =
            (DisputeId::from_cursor(after, "after")?, DisputeId::from_cursor(before, "before")?);
        let slice = dispute::open(bank(context)?, Page::parse(first, last, after, before)?).await?;
        Ok(connection(slice.map(|dispute| (dispute.id.to_cursor(), Dispute::from(dispute)))))
    }
}

#[derive(Default)]
pub(crate) struct DisputeMutation;

#[Object]
impl DisputeMutation {
    /// Decides whether a payment that was reported was its payer's, and tells the person. For reviewers. Refuses `NOT_FOUND`,
    /// `DISPUTE_DECIDED`, `REASON_INVALID`; `CASE_ASSIGNED` where another reviewer has the payment.
    async fn decide_dispute(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which, and how.")] input: DecideDisputeInput,
    ) -> ApiResult<DecideDisputePayload> {
        let id = DisputeId::parse(&input.id, "id")?;
        let officer = acting(context, Role::Reviewer, Some(id.0)).await?;
        let decided = dispute::decide(bank(context)?, officer, id, input.upheld, &input.reason).await?;
        Ok(DecideDisputePayload { dispute: decided.into() })
    }
}
