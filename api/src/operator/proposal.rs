//! What one operator proposes and another decides.

use super::account::Role;
use super::treasury::FeeRule;
use super::{announce, officer};
use crate::authentication::bank;
use crate::error::ApiResult;
use crate::id::Named;
use crate::money::{Currency, Decimal};
use crate::page::{Pages, connection};
use async_graphql::{Context, Enum, ID, InputObject, Object, OneofObject, SimpleObject, Union};
use chrono::{DateTime, Utc};
use entity::fee::Schedule;
use entity::id::{ApplicationId, ProposalId, RecoveryId, SheetId, UserId};
use entity::page::Page;
use entity::proposal::{self, Change as Proposed};
use entity::rate_alert::parse_rate;

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
}

/// A person whose money may leave again.
#[derive(SimpleObject)]
pub(crate) struct UnfreezeUser {
    /// The global id of the person.
    user_id: ID,
}

/// A person that is known better.
#[derive(SimpleObject)]
pub(crate) struct RaiseLevel {
    /// The global id of the application.
    application_id: ID,
}

/// A wallet whose handle is lost, and that gets another.
#[derive(SimpleObject)]
pub(crate) struct RecoverHandle {
    /// The global id of the case.
    recovery_case_id: ID,
}

/// Somebody who may sign in as an operator, or with other roles, or again with another password and app.
#[derive(SimpleObject)]
pub(crate) struct InviteOperator {
    /// The name to sign in with.
    name: String,
    /// What it may do.
    roles: Vec<Role>,
}

/// Rates that were held, and are to be used.
#[derive(SimpleObject)]
pub(crate) struct AcceptRates {
    /// The global id of the rates.
    rates_id: ID,
}

/// A rate that is set by hand for a while.
#[derive(SimpleObject, InputObject)]
#[graphql(input_name = "SetRateInput", name = "SetRate")]
pub(crate) struct SetRate {
    /// What is priced.
    base: Currency,
    /// In what.
    quote: Currency,
    /// How many quote units one base unit costs: at most twelve decimal digits.
    rate: Decimal,
    /// For so many minutes: 1 to 10080, a week.
    minutes: i32,
}

/// What exchanging is to cost.
#[derive(SimpleObject)]
pub(crate) struct SetFees {
    /// The rules; the first that fits counts.
    rules: Vec<FeeRule>,
}

/// What is proposed.
#[derive(Union)]
pub(crate) enum Change {
    /// Reviewers decide.
    UnfreezeUser(UnfreezeUser),
    /// Reviewers decide.
    RaiseLevel(RaiseLevel),
    /// Reviewers decide.
    RecoverHandle(RecoverHandle),
    /// Treasurers decide.
    AcceptRates(AcceptRates),
    /// Treasurers decide.
    SetRate(SetRate),
    /// Treasurers decide.
    SetFees(SetFees),
    /// Admins decide.
    InviteOperator(InviteOperator),
}

impl From<Proposed> for Change {
    fn from(change: Proposed) -> Self {
        match change {
            Proposed::UnfreezeUser { user } => {
                Self::UnfreezeUser(UnfreezeUser { user_id: user.to_global().to_id() })
            }
            Proposed::RaiseLevel { application } => {
                Self::RaiseLevel(RaiseLevel { application_id: application.to_global().to_id() })
            }
            Proposed::RecoverHandle { recovery } => {
                Self::RecoverHandle(RecoverHandle { recovery_case_id: recovery.to_global().to_id() })
            }
            Proposed::AcceptRates { sheet } => {
                Self::AcceptRates(AcceptRates { rates_id: sheet.to_global().to_id() })
            }
            Proposed::SetRate { base, quote, rate, minutes } => Self::SetRate(SetRate {
                base: base.into(),
                quote: quote.into(),
                rate: Decimal(rate.to_string()),
                minutes: i32::try_from(minutes).unwrap_or(i32::MAX),
            }),
            Proposed::SetFees { schedule } => {
                Self::SetFees(SetFees { rules: schedule.rules().iter().map(FeeRule::from).collect() })
            }
            Proposed::InviteOperator { name, roles, .. } => {
                let roles = roles.into_iter().map(Into::into).collect();
                Self::InviteOperator(InviteOperator { name, roles })
            }
        }
    }
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
    /// When it was decided.
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

/// Somebody to be invited.
#[derive(InputObject)]
pub(crate) struct InviteOperatorInput {
    /// 2 to 40 small letters, digits, points and hyphens.
    name: String,
    /// What it may do.
    roles: Vec<Role>,
}

/// What is proposed: exactly one of them.
#[derive(OneofObject)]
pub(crate) enum ChangeInput {
    /// The global id of a frozen person whose money may leave again. For reviewers.
    UnfreezeUser(ID),
    /// The global id of an application whose person is to be known better. For reviewers.
    RaiseLevel(ID),
    /// The global id of a case whose wallet is to have the new handle. For reviewers.
    RecoverHandle(ID),
    /// The global id of rates that were held, and are to be used. For treasurers.
    AcceptRates(ID),
    /// A rate to be set by hand. For treasurers.
    SetRate(SetRate),
    /// What exchanging is to cost: the first rule that fits counts, and the last is for everything. For treasurers.
    SetFees(Vec<FeeRule>),
    /// An operator to be invited, or invited anew. For admins.
    InviteOperator(InviteOperatorInput),
}

impl ChangeInput {
    fn parse(self) -> ApiResult<Proposed> {
        Ok(match self {
            Self::UnfreezeUser(id) => {
                Proposed::UnfreezeUser { user: UserId::parse(&id, "change.unfreezeUser")? }
            }
            Self::RaiseLevel(id) => {
                Proposed::RaiseLevel { application: ApplicationId::parse(&id, "change.raiseLevel")? }
            }
            Self::RecoverHandle(id) => {
                Proposed::RecoverHandle { recovery: RecoveryId::parse(&id, "change.recoverHandle")? }
            }
            Self::AcceptRates(id) => {
                Proposed::AcceptRates { sheet: SheetId::parse(&id, "change.acceptRates")? }
            }
            Self::SetRate(SetRate { base, quote, rate, minutes }) => Proposed::SetRate {
                base: base.parse_currency()?,
                quote: quote.parse_currency()?,
                rate: parse_rate(&rate.0)?,
                minutes: minutes.into(),
            },
            Self::SetFees(rules) => {
                let rules = rules.into_iter().map(FeeRule::parse).collect::<ApiResult<_>>()?;
                Proposed::SetFees { schedule: Schedule::new(rules)? }
            }
            Self::InviteOperator(InviteOperatorInput { name, roles }) => {
                Proposed::invite(name, roles.into_iter().map(Into::into).collect())
            }
        })
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
    /// `REASON_INVALID`, `PROPOSAL_OPEN`, `NOT_FOUND`, `NOT_LOCKED`, `NAME_INVALID`.
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
