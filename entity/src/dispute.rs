//! Disputes: a person says of a payment that it was not its own.
//!
//! Guarantees: with the report the wallet is locked, which ends all other sessions, and a payment that still waits for
//! operators goes back. There is one dispute about a payment, however often it is reported; it is to be decided within
//! [`DUE`] (Directive (EU) 2015/2366, article 73: an unauthorised payment is refunded by the end of the following business
//! day), by a reviewer, once; the person is told.
//!
//! Refuses `NOT_FOUND`; `NOT_PAYER` for what came in; `DISPUTE_DECIDED`, `REASON_INVALID`, `CASE_ASSIGNED` for who decides about
//! a payment that another reviewer [has](crate::case).

use crate::bank::Bank;
use crate::case;
use crate::clock::Time;
use crate::error::Result;
use crate::freeze;
use crate::history;
use crate::id::{DisputeId, EventId, OperatorId, TransactionId, UserId};
use crate::notification::{self, Case, Notice};
use crate::operator::Officer;
use crate::origin::Origin;
use crate::page::{Page, Slice};
use crate::refusal::Code;
use crate::review;
use crate::session::Caller;
use crate::table::dispute::{self, Column};
use crate::transaction::State;
use crate::user::{self, parse_text};
use chrono::Duration;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DeriveActiveEnum, EntityTrait, EnumIter, IntoActiveModel,
    QueryFilter, QueryOrder, QuerySelect,
};

/// How long a decision may take.
const DUE: Duration = Duration::hours(24);
/// Disputes that are listed.
const LISTED: u64 = 100;

/// What has become of a dispute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DisputeState {
    /// It is looked into.
    Open,
    /// The payment was not the person's.
    Upheld,
    /// It was.
    Dismissed,
}

/// A dispute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dispute {
    /// Its id.
    pub id: DisputeId,
    /// The payment.
    pub transaction: TransactionId,
    /// Who says so.
    pub user: UserId,
    /// What has become of it.
    pub state: DisputeState,
    /// When it was said.
    pub opened_at: Time,
    /// By when it is to be decided.
    pub due_at: Time,
    /// When it was decided.
    pub decided_at: Option<Time>,
    /// By whom.
    pub decided_by: Option<OperatorId>,
}

impl From<dispute::Model> for Dispute {
    fn from(row: dispute::Model) -> Self {
        Self {
            id: row.id,
            transaction: row.transaction_id,
            user: row.user_id,
            state: row.state,
            opened_at: row.opened_at,
            due_at: row.due_at,
            decided_at: row.decided_at,
            decided_by: row.decided_by,
        }
    }
}

/// Reports a payment that was not one's own. Doing it twice is doing it once.
///
/// # Errors
/// `NOT_FOUND`, `NOT_PAYER`, `OVERLOADED`.
pub async fn report(bank: &Bank, caller: Caller, id: TransactionId, origin: &Origin) -> Result<Dispute> {
    let payment = history::find(&bank.db, caller.user, id).await?;
    if payment.terms.payer != Some(caller.user) {
        return Err(Code::NotPayer.at("id").into());
    }
    freeze::lock(bank, caller, origin).await?;
    if payment.state == State::InReview {
        review::send_back(bank, &payment).await?;
    }
    let (db, now) = (bank.db.connection(), bank.clock.now());
    let row = dispute::Model {
        id: DisputeId(bank.ids.next(now)),
        transaction_id: id,
        user_id: caller.user,
        state: DisputeState::Open,
        opened_at: now,
        due_at: now + DUE,
        decided_at: None,
        decided_by: None,
    };
    let once = OnConflict::column(Column::TransactionId).do_nothing().to_owned();
    dispute::Entity::insert(row.into_active_model())
        .on_conflict(once)
        .try_insert()
        .exec_without_returning(db)
        .await?;
    Ok(about(db, id).await?.ok_or(Code::NotFound.at("id"))?)
}

/// Decides a dispute, and tells the person.
///
/// # Errors
/// `NOT_FOUND`, `DISPUTE_DECIDED`, `REASON_INVALID`, `CASE_ASSIGNED`.
pub async fn decide(
    bank: &Bank,
    officer: &Officer,
    id: DisputeId,
    upheld: bool,
    reason: &str,
) -> Result<Dispute> {
    let reason = parse_text(reason, Code::ReasonInvalid.at("reason"))?;
    let state = if upheld { DisputeState::Upheld } else { DisputeState::Dismissed };
    let tx = bank.db.begin().await?;
    let row = dispute::Entity::find_by_id(id).lock_exclusive().one(&tx).await?;
    let row = row.ok_or(Code::NotFound.at("id"))?;
    if row.state != DisputeState::Open {
        return Err(Code::DisputeDecided.at("id").into());
    }
    case::check_own(&tx, officer, row.transaction_id).await?;
    let (decided_at, decided_by) = (Some(bank.clock.now()), Some(officer.id));
    let set = dispute::ActiveModel {
        state: Set(state),
        decided_at: Set(decided_at),
        decided_by: Set(decided_by),
        ..Default::default()
    };
    dispute::Entity::update_many().set(set).filter(dispute::COLUMN.id.eq(id)).exec(&tx).await?;
    let (_, key) = user::lock(bank, &tx, row.user_id).await?;
    let notice = Notice::Case(Case::DisputeDecided { upheld, reason });
    notification::tell(bank, &tx, &key, EventId(id.0), &notice).await?;
    tx.commit().await?;
    bank.bell.ring();
    Ok(Dispute { state, decided_at, decided_by, ..row.into() })
}

/// The last hundred disputes of a person, newest first.
///
/// # Errors
/// Only faults.
pub async fn own(bank: &Bank, user: UserId) -> Result<Vec<Dispute>> {
    let own = dispute::Entity::find().filter(dispute::COLUMN.user_id.eq(user));
    let rows = own.order_by_desc(Column::Id).limit(LISTED).all(bank.db.connection()).await?;
    Ok(rows.into_iter().map(Dispute::from).collect())
}

/// The dispute about a payment, if there is one.
pub(crate) async fn about(db: &impl ConnectionTrait, id: TransactionId) -> Result<Option<Dispute>> {
    let about = dispute::Entity::find().filter(dispute::COLUMN.transaction_id.eq(id));
    Ok(about.one(db).await?.map(Dispute::from))
}

/// One page of the open disputes, oldest first.
///
/// # Errors
/// Only faults.
pub async fn open(bank: &Bank, page: Page<DisputeId>) -> Result<Slice<Dispute>> {
    // The words of the condition are those of the index.
    let open = dispute::Entity::find().filter(Expr::cust("state = 'OPEN'"));
    let rows = page.rising(open, Column::Id).all(bank.db.connection()).await?;
    Ok(page.slice(rows)?.map(Dispute::from))
}
