//! Proposals: what touches money or identity is done by two operators. One proposes it with a reason, another who
//! has the role approves or rejects it.
//!
//! Guarantees: nobody approves what it has proposed itself; the database says so too. There is one open proposal
//! for one thing. A change is made in the transaction that approves it, or not at all. That a payment goes on lapses when
//! the payment has gone back.
//!
//! Refuses `ROLE_MISSING`, `REASON_INVALID`, `PROPOSAL_OPEN`, `PROPOSAL_DECIDED`, `SELF_APPROVAL`, `CASE_ASSIGNED` for
//! who proposes to let a payment go on that another [has](crate::case), and whatever the change is refused with.

mod change;

pub use change::Change;

use crate::bank::Bank;
use crate::case;
use crate::clock::Time;
use crate::error::{Fault, Result, unique_or};
use crate::id::{OperatorId, ProposalId};
use crate::operator::{self, Officer};
use crate::page::{Page, Slice};
use crate::refusal::Code;
use crate::seal::Place;
use crate::secret::Secret;
use crate::table::proposal;
use crate::user::parse_text;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DatabaseTransaction, DeriveActiveEnum, EntityTrait, EnumIter,
    IntoActiveModel, PaginatorTrait, QueryFilter, QuerySelect,
};

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
    /// What it was about has come to its end without it: there was nothing left to decide.
    Lapsed,
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
    /// When it was decided, or lapsed.
    pub decided_at: Option<Time>,
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
    if let Change::ReleasePayment { transaction } = &change {
        case::check_own(bank.db.connection(), officer, *transaction).await?;
    }
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
    let token = proposal.change.make(bank, &tx, proposal.id).await?;
    let decided = decide(bank, &tx, officer, proposal, ProposalState::Approved).await?;
    tx.commit().await?;
    // Who has looked at them meanwhile remembers those of before.
    bank.rates.forget();
    bank.fraud_rules.forget();
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

/// Lets the open proposal to do this with the same subject lapse, if there is one.
pub(crate) async fn lapse(bank: &Bank, tx: &DatabaseTransaction, change: &Change) -> Result<()> {
    let set = proposal::ActiveModel {
        state: Set(ProposalState::Lapsed),
        decided_at: Set(Some(bank.clock.now())),
        ..Default::default()
    };
    let open = proposal::Entity::update_many()
        .filter(proposal::COLUMN.kind.eq(change.kind()))
        .filter(proposal::COLUMN.subject.eq(change.subject(bank)))
        .filter(proposal::COLUMN.state.eq(ProposalState::Open));
    open.set(set).exec(tx).await?;
    Ok(())
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

/// Whether this was approved for the same subject.
pub(crate) async fn is_approved(bank: &Bank, change: &Change) -> Result<bool> {
    let approved = proposal::Entity::find()
        .filter(proposal::COLUMN.kind.eq(change.kind()))
        .filter(proposal::COLUMN.subject.eq(change.subject(bank)))
        .filter(proposal::COLUMN.state.eq(ProposalState::Approved));
    Ok(approved.count(bank.db.connection()).await? > 0)
}

/// The open proposal to do this with the same subject.
pub(crate) async fn open_like(bank: &Bank, change: &Change) -> Result<Option<Proposal>> {
    let like = proposal::Entity::find()
        .filter(proposal::COLUMN.kind.eq(change.kind()))
        .filter(proposal::COLUMN.subject.eq(change.subject(bank)))
        // The words of the condition are those of the index.
        .filter(Expr::cust("state = 'OPEN'"));
    let row = like.one(bank.db.connection()).await?;
    Ok(row.map(|row| Proposal::read(bank, &row)).transpose()?)
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
