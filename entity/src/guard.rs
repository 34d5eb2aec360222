//! Guard: for a day after somebody has come back to its wallet without the password, little may leave it.
//!
//! Guarantees: whatever leaves within 24 hours, to whomever and in whatever currency, sums up to no more than a
//! cap in euros; neither an answered question nor a trusted payee is an exemption, and a second reset does not
//! begin the cap anew. It holds under races: a payment takes its share under the lock of the person's row before
//! it is handed to the ledger, under its idempotency key. Whether it was made is what the ledger says: a share
//! counts as long as its payment may still be under way, and after that only if the payment is there and did not
//! fail. A payment that was made before is answered again and takes nothing.
//!
//! Refuses `RECENTLY_RESET`; also for currencies without a known rate. Costs nothing for who is not guarded: the
//! access token tells. Whoever guards somebody has to end all its sessions, since older tokens don't know of it.

use crate::bank::Bank;
use crate::clock::Time;
use crate::error::Result;
use crate::id::UserId;
use crate::limit;
use crate::money::Amount;
use crate::refusal::Code;
use crate::session::{self, Caller};
use crate::standing;
use crate::table::{guarded_payment, transaction, user};
use crate::transaction::{IdempotencyKey, State, is_done};
use crate::user as people;
use chrono::Duration;
use rust_decimal::Decimal;
use sea_orm::sea_query::{OnConflict, Query};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter,
    QuerySelect,
};
use std::collections::HashMap;

/// How long somebody is guarded.
const DAY: Duration = Duration::days(1);
/// How long a payment may be on its way to the ledger: much longer than a request waits for it.
const UNDER_WAY: Duration = Duration::minutes(5);

/// Guards a person from now on, in the transaction that ends all its sessions.
pub(crate) async fn set(tx: &DatabaseTransaction, id: UserId, now: Time) -> Result<()> {
    let set = user::ActiveModel { guarded_until: Set(Some(now + DAY)), ..Default::default() };
    user::Entity::update_many().set(set).filter(user::COLUMN.id.eq(id)).exec(tx).await?;
    Ok(())
}

/// Takes the share of a payment, if its payer is guarded.
///
/// # Errors
/// `RECENTLY_RESET`, `SESSION_ENDED`.
pub(crate) async fn reserve(bank: &Bank, payer: Caller, amount: Amount, key: &IdempotencyKey) -> Result<()> {
    let now = bank.clock.now();
    let standing = match payer.standing {
        Some(standing) => standing,
        None => Box::pin(standing::read(bank.db.connection(), payer.user)).await?,
    };
    if standing.is_guarded(now) { Box::pin(share(bank, payer, amount, key)).await } else { Ok(()) }
}

/// Reserves a share of the little that may leave.
async fn share(bank: &Bank, payer: Caller, amount: Amount, key: &IdempotencyKey) -> Result<()> {
    let now = bank.clock.now();
    // Else who has lost its session could take the shares of who has not.
    session::check(bank, payer).await?;
    let cents = limit::worth(bank, amount).await?;
    let tx = bank.db.begin().await?;
    let (row, _) = people::lock(bank, &tx, payer.user).await?;
    let Some(until) = row.guarded_until.filter(|until| *until > now) else {
        return Ok(());
    };
    if is_done(&tx, payer.user, key).await? {
        return Ok(());
    }
    let mut shares = shares(&tx, payer.user, now).await?;
    // Asked twice for different amounts under one key, either may be the one that is made.
    let own = shares.remove(key.as_str()).unwrap_or_default().max(cents.unwrap_or(i64::MAX));
    let all = shares.into_values().fold(own, i64::saturating_add);
    if cents.is_none() || Decimal::from(all) > bank.reset_cap * Decimal::ONE_HUNDRED {
        let seconds = u32::try_from((until - now).num_seconds().saturating_add(1)).unwrap_or(u32::MAX);
        return Err(Code::RecentlyReset.after(seconds).into());
    }
    put(&tx, payer.user, key, own, now).await?;
    Ok(tx.commit().await?)
}

/// What is taken, by key.
async fn shares(tx: &DatabaseTransaction, id: UserId, now: Time) -> Result<HashMap<String, i64>> {
    let own = guarded_payment::COLUMN.user_id.eq(id);
    let recent = guarded_payment::Entity::find().filter(own.clone());
    let recent = recent.filter(guarded_payment::Column::ReservedAt.gt(now - DAY)).all(tx).await?;
    let keys = Query::select()
        .column(guarded_payment::Column::IdempotencyKey)
        .from(guarded_payment::Entity)
        .and_where(own)
        .to_owned();
    let made: Vec<(String, State)> = transaction::Entity::find()
        .select_only()
        .columns([transaction::Column::IdempotencyKey, transaction::Column::State])
        .filter(transaction::COLUMN.actor.eq(id))
        .filter(transaction::Column::IdempotencyKey.in_subquery(keys))
        .into_tuple()
        .all(tx)
        .await?;
    let made: HashMap<String, State> = made.into_iter().collect();
    let counts = |share: &guarded_payment::Model| match made.get(&share.idempotency_key) {
        Some(state) => *state != State::Failed,
        None => share.reserved_at + UNDER_WAY > now,
    };
    Ok(recent.into_iter().filter(counts).map(|share| (share.idempotency_key, share.cents)).collect())
}

async fn put(
    tx: &DatabaseTransaction,
    user_id: UserId,
    key: &IdempotencyKey,
    cents: i64,
    now: Time,
) -> Result<()> {
    use guarded_payment::Column;
    let idempotency_key = key.as_str().to_owned();
    let row = guarded_payment::Model { user_id, idempotency_key, cents, reserved_at: now };
    guarded_payment::Entity::insert(row.into_active_model())
        .on_conflict(
            OnConflict::columns([Column::UserId, Column::IdempotencyKey])
                .update_columns([Column::Cents, Column::ReservedAt])
                .to_owned(),
        )
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// Forgets shares that are older than a day.
///
/// # Errors
/// Only faults.
pub async fn forget_expired(bank: &Bank) -> Result<u64> {
    let before = bank.clock.now() - DAY;
    let old = guarded_payment::Entity::delete_many();
    let old = old.filter(guarded_payment::Column::ReservedAt.lt(before));
    Ok(old.exec(bank.db.connection()).await?.rows_affected)
}
