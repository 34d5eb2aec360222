//! What is learned of a payment that an operator has let go on: its payee is somebody who was paid. The watch has passed it
//! by while it waited, since what waits may still be theft; where it has not come by yet, it learns of it by itself.

use super::known::{known_of, save};
use super::profile::{Event, Profile, Way, other};
use crate::bank::Bank;
use crate::error::Result;
use crate::limit;
use crate::table::posting;
use crate::transaction::Transaction;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};

/// Adds a payment to its payer's profile. Where the watch adds to it at the same time, it is left out.
pub(crate) async fn learn(bank: &Bank, paid: &Transaction) -> Result<()> {
    let terms = &paid.terms;
    let to = terms.payee.map(|id| id.0).or(terms.instrument.map(|id| id.0));
    let (Some(payer), Some(to)) = (terms.payer, to) else { return Ok(()) };
    let cents = limit::worth(bank, terms.amount).await?.unwrap_or(0);
    let found = known_of(bank.db.connection(), &[payer].into()).await?.remove(&payer);
    let Some(mut known) = found else { return Ok(()) };
    if is_unread(bank, paid, &known.profile).await? {
        return Ok(());
    }
    let now = bank.clock.now();
    known.profile.add(Event { at: now.timestamp(), way: Way::Out, cents, other: other(to) });
    let tx = bank.db.begin().await?;
    save(&tx, [(&payer, &known)], now).await?;
    Ok(tx.commit().await?)
}

/// Whether the watch has still to read of it.
async fn is_unread(bank: &Bank, paid: &Transaction, profile: &Profile) -> Result<bool> {
    let Some(read) = profile.read.get(&paid.terms.debit.0) else { return Ok(true) };
    let unread = posting::Entity::find()
        .filter(posting::COLUMN.account_id.eq(paid.terms.debit))
        .filter(posting::COLUMN.seq.gt(*read))
        .filter(posting::COLUMN.transaction_id.eq(paid.terms.id));
    Ok(unread.count(bank.db.connection()).await? > 0)
}
