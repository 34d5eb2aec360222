//! Proposals: what touches money or identity is done by two operators. One proposes it with a reason, another who
//! has the role approves or rejects it.
//!
//! Guarantees: nobody approves what it has proposed itself; the database says so too. There is one open proposal
//! for one thing. A change is made in the transaction that approves it, or not at all.
//!
//! Refuses `ROLE_MISSING`, `REASON_INVALID`, `PROPOSAL_OPEN`, `PROPOSAL_DECIDED`, `SELF_APPROVAL`, and whatever the
//! change is refused with.

use crate::bank::Bank;
use crate::clock::Time;
use crate::error::{Fault, Result, unique_or};
use crate::fee::Schedule;
use crate::id::{ApplicationId, OperatorId, ProposalId, RecoveryId, SheetId, UserId};
use crate::money::Currency;
use crate::operator::{self, Officer, Role};
use crate::page::{Page, Slice};
use crate::refusal::Code;
use crate::seal::Place;
use crate::secret::Secret;
use crate::table::proposal;
use crate::user::parse_text;
use crate::{fee, freeze, kyc, rate, recovery};
use rust_decimal::Decimal;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DatabaseTransaction, DeriveActiveEnum, EntityTrait, EnumIter,
    IntoActiveModel, QueryFilter, QuerySelect,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What is proposed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "kebab-case")]
pub enum Change {
    /// Money may leave a person's accounts again.
    UnfreezeUser {
        /// Whose.
        user: UserId,
    },
    /// A person is known better.
    RaiseLevel {
        /// What it has applied with.
        application: ApplicationId,
    },
    /// A wallet whose handle is lost gets another.
    RecoverHandle {
        /// The case.
        recovery: RecoveryId,
    },
    /// Rates that were held are used.
    AcceptRates {
        /// The sheet.
        sheet: SheetId,
    },
    /// A rate is set by hand for a while.
    SetRate {
        /// What is priced.
        base: Currency,
        /// In what.
        quote: Currency,
        /// How many quote units one base unit costs.
        rate: Decimal,
        /// For so many minutes.
        minutes: i64,
    },
    /// Exchanging costs something else.
    SetFees {
        /// What.
        schedule: Schedule,
    },
    /// Somebody may sign in as an operator, or with other roles, or again with another password and app.
    InviteOperator {
        /// By which name.
        name: String,
        /// To do what.
        roles: Vec<Role>,
        /// The first half of the invitation, which only the proposer is shown.
        half: Secret,
    },
}

/// Whether a proposal was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ProposalState {
    /// It waits.
    Open,
    /// It was done.
    Approved,
    /// It will not be done.
    Rejected,
}

/// A proposal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// Its id.
    pub id: ProposalId,
    /// What is proposed.
    pub change: Change,
    /// Why.
    pub reason: String,
    /// Whether it was decided.
    pub state: ProposalState,
    /// By whom.
    pub proposed_by: OperatorId,
    /// Who has decided it.
    pub decided_by: Option<OperatorId>,
    /// When it was proposed.
    pub created_at: Time,
    /// When it was decided.
    pub decided_at: Option<Time>,
}

impl Change {
    /// What proposes and decides it.
    fn role(&self) -> Role {
        match self {
            Self::UnfreezeUser { .. } | Self::RaiseLevel { .. } | Self::RecoverHandle { .. } => {
                Role::Reviewer
            }
            Self::AcceptRates { .. } | Self::SetRate { .. } | Self::SetFees { .. } => Role::Treasurer,
            Self::InviteOperator { .. } => Role::Admin,
        }
    }

    /// An operator to be invited. Neither who proposes nor who approves can take the invitation up alone.
    pub fn invite(name: String, roles: Vec<Role>) -> Self {
        Self::InviteOperator { name, roles, half: operator::new_half() }
    }

    /// The first half of an invitation.
    pub fn first_half(&self) -> Option<&Secret> {
        if let Self::InviteOperator { half, .. } = self { Some(half) } else { None }
    }

    /// What it is about: a person, an application, a case, or the digest of an operator's name.
    pub fn subject(&self, bank: &Bank) -> Uuid {
        match self {
            Self::UnfreezeUser { user } => user.0,
            Self::RaiseLevel { application } => application.0,
            Self::RecoverHandle { recovery } => recovery.0,
            Self::AcceptRates { sheet } => sheet.0,
            Self::SetRate { base, quote, .. } => {
                bank.vault.digest(&[b"rate", base.code().as_bytes(), quote.code().as_bytes()]).0
            }
            Self::SetFees { .. } => bank.vault.digest(&[b"fees"]).0,
            Self::InviteOperator { name, .. } => bank.vault.digest(&[b"operator", name.as_bytes()]).0,
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::UnfreezeUser { .. } => "UNFREEZE_USER",
            Self::RaiseLevel { .. } => "RAISE_LEVEL",
            Self::RecoverHandle { .. } => "RECOVER_HANDLE",
            Self::AcceptRates { .. } => "ACCEPT_RATES",
            Self::SetRate { .. } => "SET_RATE",
            Self::SetFees { .. } => "SET_FEES",
            Self::InviteOperator { .. } => "INVITE_OPERATOR",
        }
    }

    /// Refuses what could not be done now.
    async fn check(&self, bank: &Bank) -> Result<()> {
        match self {
            Self::UnfreezeUser { user } => freeze::check_frozen(bank, *user).await,
            Self::RaiseLevel { application } => kyc::check_open(bank, *application).await.map(drop),
            Self::RecoverHandle { recovery } => recovery::check_open(bank, *recovery).await.map(drop),
            Self::AcceptRates { sheet } => rate::check_held(bank.db.connection(), *sheet).await.map(drop),
            Self::SetRate { base, quote, rate, .. } => rate::check_by_hand(*base, *quote, *rate),
            // A schedule that could not be in force can't be made.
            Self::SetFees { .. } => Ok(()),
            Self::InviteOperator { name, roles, .. } => {
                operator::parse_name(name)?;
                if roles.is_empty() { Err(Code::RoleMissing.at("roles").into()) } else { Ok(()) }
            }
        }
    }

    /// Does it; an invitation has a second half, which is shown once.
    async fn make(&self, bank: &Bank, tx: &DatabaseTransaction) -> Result<Option<Secret>> {
        match self {
            Self::UnfreezeUser { user } => freeze::set(bank, tx, *user, false).await.map(|_| None),
            Self::RaiseLevel { application } => kyc::approve(bank, tx, *application).await.map(|()| None),
            Self::RecoverHandle { recovery } => recovery::approve(bank, tx, *recovery).await.map(|()| None),
            Self::AcceptRates { sheet } => rate::accept(bank, tx, *sheet).await.map(|()| None),
            Self::SetRate { base, quote, rate, minutes } => {
                rate::set_by_hand(bank, tx, (*base, *quote), *rate, *minutes).await.map(|()| None)
            }
            Self::SetFees { schedule } => fee::set(bank, tx, schedule).await.map(|()| None),
            Self::InviteOperator { name, roles, half } => {
                let other = operator::new_half();
                let token = operator::join_halves(half, &other);
                operator::invite_in(bank, tx, name, roles, &token).await?;
                Ok(Some(other))
            }
        }
    }
}

const CONTENT: &str = "proposals.content";
const REASON: &str = "proposals.reason";

impl Proposal {
    fn read(bank: &Bank, row: &proposal::Model) -> Result<Self, Fault> {
        let open = |column, sealed| bank.vault.house().open_text(Place(column, row.id.0), sealed);
        let change = serde_json::from_str(&open(CONTENT, &row.content)?);
        Ok(Self {
            id: row.id,
            change: change.map_err(|_| Fault::Corrupt("a proposal can't be read"))?,
            reason: open(REASON, &row.reason)?,
            state: row.state,
            proposed_by: row.proposed_by,
            decided_by: row.decided_by,
            created_at: row.created_at,
            decided_at: row.decided_at,
        })
    }
}

/// Proposes a change.
///
/// # Errors
/// See the module.
pub async fn propose(bank: &Bank, officer: &Officer, change: Change, reason: &str) -> Result<Proposal> {
    officer.require(change.role())?;
    let reason = parse_text(reason, Code::ReasonInvalid.at("reason"))?;
    change.check(bank).await?;
    let now = bank.clock.now();
    let id = ProposalId(bank.ids.next(now));
    let seal = |column, text: &str| bank.vault.house().seal_text(Place(column, id.0), text);
    let row = proposal::Model {
        id,
        kind: change.kind().to_owned(),
        subject: change.subject(bank),
        content: seal(CONTENT, &serde_json::to_string(&change).unwrap_or_default())?,
        reason: seal(REASON, &reason)?,
        state: ProposalState::Open,
        proposed_by: officer.id,
        decided_by: None,
        created_at: now,
        decided_at: None,
    };
    let open = unique_or(Code::ProposalOpen.into());
    let insert = proposal::Entity::insert(row.clone().into_active_model());
    insert.exec_without_returning(bank.db.connection()).await.map_err(open)?;
    Ok(Proposal::read(bank, &row)?)
}

/// Approves a proposal of another: it is done. Gives the second half of an invitation, which is shown once.
///
/// # Errors
/// See the module.
pub async fn approve(bank: &Bank, officer: &Officer, id: ProposalId) -> Result<(Proposal, Option<Secret>)> {
    let tx = bank.db.begin().await?;
    let proposal = open(bank, &tx, officer, id).await?;
    refuse_one_alone(bank, &tx, officer, &proposal).await?;
    let token = proposal.change.make(bank, &tx).await?;
    let decided = decide(bank, &tx, officer, proposal, ProposalState::Approved).await?;
    tx.commit().await?;
    bank.bell.ring();
    Ok((decided, token))
}

/// Refuses who has proposed it itself or is to be invited by it, and what was proposed by who may not any more.
async fn refuse_one_alone(
    bank: &Bank,
    tx: &DatabaseTransaction,
    officer: &Officer,
    proposal: &Proposal,
) -> Result<()> {
    let invited = if let Change::InviteOperator { name, .. } = &proposal.change {
        operator::is_named(tx, officer.id, name).await?
    } else {
        false
    };
    if invited || proposal.proposed_by == officer.id {
        return Err(Code::SelfApproval.at("id").into());
    }
    if operator::has_role(tx, proposal.proposed_by, proposal.change.role()).await? {
        return Ok(());
    }
    tracing::warn!(proposal = %proposal.id, at = %bank.clock.now(), "who has proposed it may not any more");
    Err(Code::RoleMissing.at("proposedById").into())
}

/// Rejects a proposal, or takes back one's own.
///
/// # Errors
/// See the module.
pub async fn reject(bank: &Bank, officer: &Officer, id: ProposalId) -> Result<Proposal> {
    let tx = bank.db.begin().await?;
    let proposal = open(bank, &tx, officer, id).await?;
    let decided = decide(bank, &tx, officer, proposal, ProposalState::Rejected).await?;
    tx.commit().await?;
    Ok(decided)
}

/// An open proposal that this operator may decide, locked.
async fn open(bank: &Bank, tx: &DatabaseTransaction, officer: &Officer, id: ProposalId) -> Result<Proposal> {
    let row = proposal::Entity::find_by_id(id).lock_exclusive().one(tx).await?;
    let proposal = Proposal::read(bank, &row.ok_or(Code::NotFound.at("id"))?)?;
    officer.require(proposal.change.role())?;
    if proposal.state == ProposalState::Open {
        Ok(proposal)
    } else {
        Err(Code::ProposalDecided.at("id").into())
    }
}

async fn decide(
    bank: &Bank,
    tx: &DatabaseTransaction,
    officer: &Officer,
    proposal: Proposal,
    state: ProposalState,
) -> Result<Proposal> {
    let (decided_by, decided_at) = (Some(officer.id), Some(bank.clock.now()));
    let set = proposal::ActiveModel {
        state: Set(state),
        decided_by: Set(decided_by),
        decided_at: Set(decided_at),
        ..Default::default()
    };
    proposal::Entity::update_many().set(set).filter(proposal::COLUMN.id.eq(proposal.id)).exec(tx).await?;
    Ok(Proposal { state, decided_by, decided_at, ..proposal })
}

/// One page of the proposals in a state, oldest first.
///
/// # Errors
/// Only faults.
pub async fn list(bank: &Bank, state: ProposalState, page: Page<ProposalId>) -> Result<Slice<Proposal>> {
    let these = proposal::Entity::find().filter(proposal::COLUMN.state.eq(state));
    let query = page.rising(these, proposal::Column::Id);
    let rows = query.all(bank.db.connection()).await?;
    Ok(page.slice(rows)?.try_map(|row| Proposal::read(bank, &row))?)
}
