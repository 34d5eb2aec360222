//! Money that is still on its way to people with rules: a deposit that the bank has not answered, a payment that waits for an
//! operator. It moves in the account long after the watch has passed its transaction, so the watch looks again when that
//! has ended. Of what goes nothing is kept here: it leaves the account at once.
//!
//! Costs a row for each such transaction, for people with rules alone, and at each look a question for those that have ended.

use crate::bank::Bank;
use crate::error::{Fault, Result};
use crate::id::{TransactionId, UserId};
use crate::table::{alert_rule_wait, transaction};
use crate::transaction::State;
use sea_orm::sea_query::{Expr, OnConflict, Query};
use sea_orm::{
    ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
};

/// Transactions that are looked at again at once.
const PAGE: u64 = 500;

/// What was waited for and has ended, the oldest first.
pub(crate) async fn ended(bank: &Bank) -> Result<Vec<transaction::Model>> {
    let waits = Query::select()
        .column(alert_rule_wait::Column::TransactionId)
        .from(alert_rule_wait::Entity)
        .to_owned();
    let ended = transaction::Entity::find()
        .filter(transaction::Column::Id.in_subquery(waits))
        .filter(transaction::Column::State.is_in([State::Settled, State::Failed]))
        .order_by_asc(transaction::Column::Id)
        .limit(PAGE);
    Ok(ended.all(bank.db.connection()).await?)
}

/// Waits for all that is on its way to a person whose first rule this may be. The words of the condition are those of
/// the index.
pub(super) async fn for_all_open(tx: &DatabaseTransaction, user: UserId) -> Result<()> {
    let open: Vec<TransactionId> = transaction::Entity::find()
        .select_only()
        .column(transaction::Column::Id)
        .filter(transaction::Column::Payee.eq(user))
        .filter(Expr::cust("state <> 'SETTLED'"))
        .filter(transaction::Column::State.ne(State::Failed))
        .into_tuple()
        .all(tx)
        .await?;
    Ok(begin(tx, &open).await?)
}

/// Waits for transactions. Doing it twice is doing it once.
pub(super) async fn begin(tx: &DatabaseTransaction, ids: &[TransactionId]) -> Result<(), Fault> {
    if ids.is_empty() {
        return Ok(());
    }
    let row = |id: &TransactionId| alert_rule_wait::Model { transaction_id: *id }.into_active_model();
    alert_rule_wait::Entity::insert_many(ids.iter().map(row))
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .try_insert()
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// Waits for transactions no longer.
pub(super) async fn end(tx: &DatabaseTransaction, ids: &[TransactionId]) -> Result<(), Fault> {
    if ids.is_empty() {
        return Ok(());
    }
    let these = alert_rule_wait::Column::TransactionId.is_in(ids.iter().copied());
    alert_rule_wait::Entity::delete_many().filter(these).exec(tx).await?;
    Ok(())
}
