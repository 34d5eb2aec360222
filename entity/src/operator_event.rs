//! Operator events: what each operator did and saw, for auditors to read.
//!
//! Guarantees: an entry is written before the act or view that it tells of, is never changed or removed, and
//! continues a [`chain`](crate::chain). Refuses nothing. Costs a transaction each.

use crate::bank::Bank;
use crate::chain::START;
use crate::clock::Time;
use crate::error::Result;
use crate::id::OperatorId;
use crate::operator::Officer;
use crate::origin::Origin;
use crate::page::{Page, Slice};
use crate::seal::Place;
use crate::table::{operator, operator_event};
use sea_orm::{
    ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

/// An entry of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperatorEvent {
    /// Its place in the operator's log, from 1.
    pub seq: i64,
    /// What was done or seen: the name of the field in the operators' schema.
    pub kind: String,
    /// Whom or what it was about, if it was one.
    pub subject: Option<Uuid>,
    /// From which address.
    pub address: String,
    /// When.
    pub at: Time,
    /// The hash of this entry and all before it.
    pub hash: Vec<u8>,
}

const DETAIL: &str = "operator_events.detail";

/// Where the detail of an entry belongs.
fn place(operator: OperatorId, seq: i64) -> Place {
    let seq = u128::try_from(seq).unwrap_or_default();
    Place(DETAIL, Uuid::from_u128(operator.0.as_u128() ^ seq))
}

/// Writes that an operator is about to do or to see something.
///
/// # Errors
/// Only faults; then it must not be done.
pub async fn announce(
    bank: &Bank,
    officer: &Officer,
    kind: &str,
    subject: Option<Uuid>,
    origin: &Origin,
) -> Result<()> {
    let tx = bank.db.begin().await?;
    record(bank, &tx, officer.id, kind, subject, origin).await?;
    Ok(tx.commit().await?)
}

/// The same in an open transaction.
pub(crate) async fn record(
    bank: &Bank,
    tx: &DatabaseTransaction,
    id: OperatorId,
    kind: &str,
    subject: Option<Uuid>,
    origin: &Origin,
) -> Result<()> {
    // One entry after the other: the operator's row is the lock of its log.
    operator::Entity::find_by_id(id)
        .select_only()
        .column(operator::Column::Id)
        .lock_exclusive()
        .into_tuple::<OperatorId>()
        .one(tx)
        .await?;
    let last = operator_event::Entity::find()
        .filter(operator_event::COLUMN.operator_id.eq(id))
        .order_by_desc(operator_event::Column::Seq)
        .one(tx)
        .await?;
    let (seq, before) = last.map_or((1, START.to_vec()), |last| (last.seq.saturating_add(1), last.hash));
    let mut row = operator_event::Model {
        operator_id: id,
        seq,
        kind: kind.to_owned(),
        subject,
        detail: bank.vault.house().seal_text(place(id, seq), &origin.shown())?,
        at: bank.clock.now(),
        hash: Vec::new(),
    };
    row.hash = row.link().hash(&before);
    operator_event::Entity::insert(row.into_active_model()).exec_without_returning(tx).await?;
    Ok(())
}

/// One page of an operator's log, newest first.
///
/// # Errors
/// Only faults.
pub async fn list(bank: &Bank, operator: OperatorId, page: Page<i64>) -> Result<Slice<OperatorEvent>> {
    let own = operator_event::Entity::find().filter(operator_event::COLUMN.operator_id.eq(operator));
    let query = page.falling(own, operator_event::Column::Seq);
    let rows = query.all(bank.db.connection()).await?;
    page.slice(rows)?.try_map(|row| {
        let address = bank.vault.house().open_text(place(row.operator_id, row.seq), &row.detail)?;
        let (seq, kind, subject) = (row.seq, row.kind, row.subject);
        Ok(OperatorEvent { seq, kind, subject, address, at: row.at, hash: row.hash })
    })
}
