//! What one operator proposes and another decides.

use super::change::{Change, ChangeInput};
use super::{announce, officer};
use crate::authentication::bank;
use crate::error::ApiResult;
use crate::id::Named;
use crate::page::{Pages, connection};
use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};
use entity::id::ProposalId;
use entity::page::Page;
use entity::proposal;

/// Whether a proposal was decided.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "proposal::ProposalState")]
pub(crate) enum ProposalState {
    /// It waits.
    Open,
    /// It was done.
    Approved,
    /// It will not be done.
    Rejected,
    /// The payment that was to go on has gone back: there was nothing left to decide.
    Lapsed,
}

/// A proposal.
#[derive(SimpleObject)]
pub(crate) struct Proposal {
    /// The global id.
    id: ID,
    /// What is proposed.
    change: Change,
    /// Why.
    reason: String,
    /// Whether it was decided.
    state: ProposalState,
    /// The global id of the operator who has proposed it.
    proposed_by_id: ID,
    /// The global id of the operator who has decided it.
    decided_by_id: Option<ID>,
    /// When it was proposed.
    created_at: DateTime<Utc>,
    /// When it was decided, or lapsed.
    decided_at: Option<DateTime<Utc>>,
}

impl From<proposal::Proposal> for Proposal {
    fn from(proposal: proposal::Proposal) -> Self {
        Self {
            id: proposal.id.to_global().to_id(),
            change: proposal.change.into(),
            reason: proposal.reason,
            state: proposal.state.into(),
            proposed_by_id: proposal.proposed_by.to_global().to_id(),
            decided_by_id: proposal.decided_by.map(|id| id.to_global().to_id()),
            created_at: proposal.created_at,
            decided_at: proposal.decided_at,
        }
    }
}

/// What is proposed, and why.
#[derive(InputObject)]
pub(crate) struct ProposeInput {
    /// What.
    change: ChangeInput,
    /// Why: at most 100 characters.
    reason: String,
}

/// The proposal waits for another operator.
#[derive(SimpleObject)]
pub(crate) struct ProposePayload {
    /// The proposal.
    proposal: Proposal,
    /// For an invitation, the first half of its token, to hand to whoever is invited. It is shown once.
    first_half: Option<String>,
}

/// The proposal to be decided.
#[derive(InputObject)]
pub(crate) struct ApproveProposalInput {
    /// The global id.
    id: ID,
}

/// It is done.
#[derive(SimpleObject)]
pub(crate) struct ApproveProposalPayload {
    /// The proposal.
    proposal: Proposal,
    /// For an invitation, the second half of its token, to hand to whoever is invited; both, one after the other, work once,
    /// for a day. It is shown once.
    second_half: Option<String>,
}

/// The proposal to be rejected.
#[derive(InputObject)]
pub(crate) struct RejectProposalInput {
    /// The global id.
    id: ID,
}

/// It will not be done.
#[derive(SimpleObject)]
pub(crate) struct RejectProposalPayload {
    /// The proposal.
    proposal: Proposal,
}

#[derive(Default)]
pub(crate) struct ProposalQuery;

#[Object]
impl ProposalQuery {
    /// Proposals, oldest first. For all operators.
    async fn proposals(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "In which state.", default_with = "ProposalState::Open")] state: ProposalState,
        #[graphql(desc = "The first so many: 1 to 100; 20 if nothing is said.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "The last so many instead: 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> ApiResult<Pages<Proposal>> {
        announce(context, officer(context)?, None).await?;
        let (after, before) =
            (ProposalId::from_cursor(after, "after")?, ProposalId::from_cursor(before, "before")?);
        let page = Page::parse(first, last, after, before)?;
        let slice = proposal::list(bank(context)?, state.into(), page).await?;
        Ok(connection(slice.map(|one| (one.id.to_cursor(), Proposal::from(one)))))
    }
}

#[derive(Default)]
pub(crate) struct ProposalMutation;

#[Object]
impl ProposalMutation {
    /// Proposes what touches money or identity, for another operator to decide. Refuses `ROLE_MISSING`,
    /// `REASON_INVALID`, `PROPOSAL_OPEN`, `NOT_FOUND`, `NOT_LOCKED`, `NAME_INVALID`, `PAYMENT_DECIDED`,
    /// `SANCTION_HIT_OPEN`, `SANCTION_HIT_DECIDED`; `PAYER_FROZEN` for a payment whose payer is locked, `CASE_ASSIGNED` for one that another reviewer has.
    async fn propose(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "What, and why.")] input: ProposeInput,
    ) -> ApiResult<ProposePayload> {
        let (officer, change) = (officer(context)?, input.change.parse()?);
        let bank = bank(context)?;
        announce(context, officer, Some(change.subject(bank))).await?;
        let proposal = proposal::propose(bank, officer, change, &input.reason).await?;
        let first_half = proposal.change.first_half().map(|half| half.reveal().to_owned());
        Ok(ProposePayload { proposal: proposal.into(), first_half })
    }

    /// Approves what another operator has proposed: it is done. Refuses `NOT_FOUND`, `ROLE_MISSING`, `SELF_APPROVAL`,
    /// `PROPOSAL_DECIDED`, and whatever the change is refused with.
    async fn approve_proposal(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which.")] input: ApproveProposalInput,
    ) -> ApiResult<ApproveProposalPayload> {
        let (officer, id) = (officer(context)?, ProposalId::parse(&input.id, "id")?);
        announce(context, officer, Some(id.0)).await?;
        let (proposal, token) = proposal::approve(bank(context)?, officer, id).await?;
        let second_half = token.map(|token| token.reveal().to_owned());
        Ok(ApproveProposalPayload { proposal: proposal.into(), second_half })
    }

    /// Rejects a proposal, or takes back one's own. Refuses `NOT_FOUND`, `ROLE_MISSING`, `PROPOSAL_DECIDED`.
    async fn reject_proposal(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which.")] input: RejectProposalInput,
    ) -> ApiResult<RejectProposalPayload> {
        let (officer, id) = (officer(context)?, ProposalId::parse(&input.id, "id")?);
        announce(context, officer, Some(id.0)).await?;
        Ok(RejectProposalPayload { proposal: proposal::reject(bank(context)?, officer, id).await?.into() })
    }
}
