//! Alerts: what operators have to know, and look into.
//!
//! Guarantees: there is one open alert for one thing; what happens again while it is open is counted in it. It is
//! cleared when its cause is gone, or by an operator who has looked into it.
//!
//! Engineers dismiss what they have looked into, and reviewers what is about a payment, if no other has its [case].
//!
//! Refuses `ROLE_MISSING`, `NOT_FOUND`, `CASE_ASSIGNED`. Costs a row for each thing that is wrong, not for each time.

use crate::bank::Bank;
use crate::case;
use crate::clock::Time;
use crate::error::Result;
use crate::id::{AlertId, OperatorId, TransactionId};
use crate::operator::{Officer, Role};
use crate::page::{Page, Slice};
use crate::refusal::Code;
use crate::table::operator_alert::{self, Column};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DeriveActiveEnum, EntityTrait, EnumIter, IntoActiveModel,
    QueryFilter,
};
use uuid::Uuid;

/// Characters in what happened.
const DETAIL: usize = 1_000;

/// What kind of thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AlertKind {
    /// A source of exchange rates can't be reached, or what it says can't be read.
    RatesFailing,
    /// A source of exchange rates has said nothing new for too long.
    RatesStale,
    /// A rate has jumped, and waits for an operator.
    RatesHeld,
    /// A payment looks like fraud.
    PaymentSuspicious,
    /// The name of a person is like one on a sanctions list.
    SanctionHit,
    /// A sanctions list can't be read.
    SanctionListFailing,
}

/// An alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alert {
    /// Its id.
    pub id: AlertId,
    /// What kind of thing.
    pub kind: AlertKind,
    /// About what.
    pub subject: String,
    /// What happened, the last time.
    pub detail: String,
    /// How often.
    pub times: i32,
    /// When first.
    pub raised_at: Time,
    /// When last.
    pub last_at: Time,
    /// When it was cleared, if it was.
    pub cleared_at: Option<Time>,
    /// Who has the payment that it is about, if it is about one.
    pub assignee: Option<OperatorId>,
}

impl Alert {
    fn read(row: operator_alert::Model, assignee: Option<OperatorId>) -> Self {
        Self {
            assignee,
            id: row.id,
            kind: row.kind,
            subject: row.subject,
            detail: row.detail,
            times: row.times,
            raised_at: row.raised_at,
            last_at: row.last_at,
            cleared_at: row.cleared_at,
        }
    }

    /// The payment that it is about, if it is about one.
    pub fn payment(&self) -> Option<TransactionId> {
        payment(self.kind, &self.subject)
    }
}

/// The payment that an alert of this kind and subject is about.
fn payment(kind: AlertKind, subject: &str) -> Option<TransactionId> {
    match kind {
        AlertKind::PaymentSuspicious => Uuid::parse_str(subject).ok().map(TransactionId),
        AlertKind::RatesFailing
        | AlertKind::RatesStale
        | AlertKind::RatesHeld
        | AlertKind::SanctionHit
        | AlertKind::SanctionListFailing => None,
    }
}

/// What rows say, with who has the payments that they are about.
async fn read(db: &impl ConnectionTrait, rows: Vec<operator_alert::Model>) -> Result<Vec<Alert>> {
    let about = |row: &operator_alert::Model| payment(row.kind, &row.subject);
    let assignees = case::assignees(db, rows.iter().filter_map(about)).await?;
    let read = |row: operator_alert::Model| {
        let assignee = about(&row).and_then(|payment| assignees.get(&payment).copied());
        Alert::read(row, assignee)
    };
    Ok(rows.into_iter().map(read).collect())
}

fn open(kind: AlertKind, subject: &str) -> impl Fn() -> sea_orm::sea_query::SimpleExpr {
    let subject = subject.to_owned();
    move || {
        let same =
            operator_alert::COLUMN.kind.eq(kind).and(operator_alert::COLUMN.subject.eq(subject.as_str()));
        same.and(operator_alert::COLUMN.cleared_at.is_null())
    }
}

/// Raises an alert, or counts it in the one that is open.
///
/// # Errors
/// Only faults.
pub async fn raise(bank: &Bank, kind: AlertKind, subject: &str, detail: &str) -> Result<()> {
    raise_in(bank, bank.db.connection(), kind, subject, detail).await
}

/// The same, in a transaction of which it is a part.
pub(crate) async fn raise_in(
    bank: &Bank,
    db: &impl ConnectionTrait,
    kind: AlertKind,
    subject: &str,
    detail: &str,
) -> Result<()> {
    let now = bank.clock.now();
    let detail: String = detail.chars().take(DETAIL).collect();
    let again = operator_alert::Entity::update_many()
        .col_expr(Column::Times, Expr::col(Column::Times).add(1))
        .col_expr(Column::Detail, Expr::value(detail.clone()))
        .col_expr(Column::LastAt, Expr::value(now))
        .filter(open(kind, subject)());
    if again.exec(db).await?.rows_affected > 0 {
        return Ok(());
    }
    tracing::warn!(?kind, subject, detail, "an alert for operators");
    let row = operator_alert::Model {
        id: AlertId(bank.ids.next(now)),
        kind,
        subject: subject.to_owned(),
        detail,
        times: 1,
        raised_at: now,
        last_at: now,
        cleared_at: None,
    };
    // Two at once are one.
    let insert = operator_alert::Entity::insert(row.into_active_model())
        .on_conflict(sea_orm::sea_query::OnConflict::new().do_nothing().to_owned())
        .try_insert();
    insert.exec_without_returning(db).await?;
    Ok(())
}

/// Clears the alert about something whose cause is gone.
///
/// # Errors
/// Only faults.
pub async fn clear(db: &impl ConnectionTrait, now: Time, kind: AlertKind, subject: &str) -> Result<()> {
    let set = operator_alert::ActiveModel { cleared_at: Set(Some(now)), ..Default::default() };
    operator_alert::Entity::update_many().set(set).filter(open(kind, subject)()).exec(db).await?;
    Ok(())
}

/// Clears an alert that an operator has looked into.
///
/// # Errors
/// `ROLE_MISSING`, `CASE_ASSIGNED`, `NOT_FOUND` for one that is not open.
pub async fn dismiss(bank: &Bank, officer: &Officer, id: AlertId) -> Result<Alert> {
    officer.require_one(&[Role::Engineer, Role::Reviewer])?;
    let db = bank.db.connection();
    let row = operator_alert::Entity::find_by_id(id).one(db).await?.ok_or(Code::NotFound.at("id"))?;
    if let (AlertKind::PaymentSuspicious, Ok(payment)) = (row.kind, row.subject.parse()) {
        case::check_own(db, officer, TransactionId(payment)).await?;
    } else {
        officer.require(Role::Engineer)?;
    }
    let set = operator_alert::ActiveModel { cleared_at: Set(Some(bank.clock.now())), ..Default::default() };
    let this = operator_alert::Entity::update_many().set(set).filter(operator_alert::COLUMN.id.eq(id));
    let this = this.filter(operator_alert::COLUMN.cleared_at.is_null());
    if this.exec(db).await?.rows_affected == 0 {
        return Err(Code::NotFound.at("id").into());
    }
    let row = operator_alert::Entity::find_by_id(id).all(db).await?;
    Ok(read(db, row).await?.pop().ok_or(Code::NotFound.at("id"))?)
}

/// The open alert about something, if there is one.
pub(crate) async fn open_about(
    db: &impl ConnectionTrait,
    kind: AlertKind,
    subject: &str,
) -> Result<Option<Alert>> {
    let rows = operator_alert::Entity::find().filter(open(kind, subject)()).all(db).await?;
    Ok(read(db, rows).await?.pop())
}

/// One page of the open alerts, oldest first.
///
/// # Errors
/// Only faults.
pub async fn list(bank: &Bank, page: Page<AlertId>) -> Result<Slice<Alert>> {
    let open = operator_alert::COLUMN.cleared_at.is_null();
    let query = page.rising(operator_alert::Entity::find().filter(open), Column::Id);
    let db = bank.db.connection();
    Ok(page.slice(read(db, query.all(db).await?).await?)?)
}
