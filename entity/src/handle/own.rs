//! The handles of a person: added with a code that was sent there, one of them primary, one of them at
//! least kept.
//!
//! Guarantees: a handle that is taken looks, when it is added, like one that is free. All handles of the
//! person hear of every change, also the one that is removed. Every change asks for the password again
//! (ASVS 5.0, 7.5.1).

use super::{Fingerprint, Handle};
use crate::bank::Bank;
use crate::clock::Time;
use crate::error::{Error, Result, unique_or};
use crate::id::VerificationId;
use crate::notification::{self, Notice};
use crate::origin::Origin;
use crate::proof::{self, Proof};
use crate::refusal::Code;
use crate::security_event::SecurityEventKind;
use crate::session::Caller;
use crate::table::handle;
use crate::user;
use crate::vault::DataKey;
use crate::verification::{self, Ask, Purpose, Verification};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait, IntoActiveModel,
    QueryFilter, QueryOrder,
};

/// Handles that one person may have.
const HANDLES: usize = 10;

/// A verified handle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnHandle {
    /// Which.
    pub handle: Handle,
    /// Whether it is the primary one.
    pub is_primary: bool,
    /// When its code was shown.
    pub verified_at: Time,
}

const VALUE: &str = "handles.value";

/// All of a person, oldest first.
pub(crate) async fn all(db: &impl ConnectionTrait, key: &DataKey) -> Result<Vec<OwnHandle>> {
    let rows = handle::Entity::find()
        .filter(handle::COLUMN.user_id.eq(key.user()))
        .order_by_asc(handle::Column::VerifiedAt)
        .all(db)
        .await?;
    let read = |row: handle::Model| {
        let handle = Handle::stored(row.kind, key.open(VALUE, row.fingerprint.0, &row.value)?);
        Ok(OwnHandle { handle, is_primary: row.is_primary, verified_at: row.verified_at })
    };
    rows.into_iter().map(read).collect()
}

/// Writes a handle that was verified.
pub(crate) async fn insert(
    bank: &Bank,
    tx: &DatabaseTransaction,
    key: &DataKey,
    handle: &Handle,
    is_primary: bool,
) -> Result<(), DbErr> {
    let fingerprint = bank.vault.fingerprint(handle);
    let value = key.seal(VALUE, fingerprint.0, handle.as_str());
    let value = value.map_err(|fault| DbErr::Custom(fault.to_string()))?;
    let row = handle::Model {
        fingerprint,
        kind: handle.kind(),
        user_id: key.user(),
        value,
        is_primary,
        verified_at: bank.clock.now(),
    };
    handle::Entity::insert(row.into_active_model()).exec_without_returning(tx).await.map(drop)
}

/// Sends a code to a handle that is to be added.
///
/// # Errors
/// `PASSWORD_WRONG`, `CHALLENGE_REQUIRED`, `CHALLENGE_INVALID`, `HANDLE_LIMIT`, `TOO_MANY_TRIES`, `OVERLOADED`.
pub async fn add(
    bank: &Bank,
    caller: Caller,
    to: Handle,
    proof: Proof,
    origin: &Origin,
) -> Result<Verification> {
    proof::confirm(bank, caller, proof).await?;
    verification::count(bank, &to, origin).await?;
    let tx = bank.db.begin().await?;
    let (row, key) = user::lock(bank, &tx, caller.user).await?;
    if all(&tx, &key).await?.len() >= HANDLES {
        return Err(Code::HandleLimit.at("handle").into());
    }
    let taken = handle::Entity::find_by_id(bank.vault.fingerprint(&to)).one(&tx).await?.is_some();
    let ask = Ask {
        purpose: Purpose::AddHandle,
        user: Some(caller.user),
        to: &to,
        taken,
        locale: &user::locale(&row),
        phrase: user::phrase(&key, &row)?,
    };
    let started = verification::start(bank, &tx, ask).await?;
    tx.commit().await?;
    bank.bell.ring();
    Ok(started)
}

/// Shows the code that was sent to a handle: it is the person's own now.
///
/// # Errors
/// `CODE_WRONG`, `CODE_EXPIRED`, `TOO_MANY_TRIES`.
pub async fn verify(
    bank: &Bank,
    caller: Caller,
    id: VerificationId,
    code: &str,
    origin: &Origin,
) -> Result<()> {
    let shown = verification::show(bank, Purpose::AddHandle, id, code, origin).await?;
    if shown.user != Some(caller.user) {
        return Err(Code::CodeExpired.at("verificationId").into());
    }
    let tx = &shown.tx;
    let (_, key) = user::lock(bank, tx, caller.user).await?;
    insert(bank, tx, &key, &shown.handle, false).await.map_err(unique_or(Code::CodeExpired.at("code")))?;
    let notice = Notice::HandleAdded { handle: shown.handle.masked() };
    notification::warn(bank, tx, &key, SecurityEventKind::HandleAdded, &notice, origin).await?;
    shown.tx.commit().await?;
    bank.bell.ring();
    Ok(())
}

/// Makes one of the person's handles the primary one.
///
/// # Errors
/// `NOT_FOUND`, `PASSWORD_WRONG`, `CHALLENGE_REQUIRED`, `CHALLENGE_INVALID`, `OVERLOADED`.
pub async fn make_primary(
    bank: &Bank,
    caller: Caller,
    handle: &Handle,
    proof: Proof,
    origin: &Origin,
) -> Result<()> {
    proof::confirm(bank, caller, proof).await?;
    let tx = bank.db.begin().await?;
    let (_, key) = user::lock(bank, &tx, caller.user).await?;
    let own = find(bank, &tx, &key, handle).await?;
    if own.is_primary {
        return Ok(());
    }
    let every = handle::Entity::update_many().filter(handle::COLUMN.user_id.eq(caller.user));
    every.set(handle::ActiveModel { is_primary: Set(false), ..Default::default() }).exec(&tx).await?;
    handle::Entity::update_many()
        .set(handle::ActiveModel { is_primary: Set(true), ..Default::default() })
        .filter(handle::COLUMN.fingerprint.eq(bank.vault.fingerprint(handle)))
        .exec(&tx)
        .await?;
    let notice = Notice::PrimaryHandleChanged { handle: handle.masked() };
    notification::warn(bank, &tx, &key, SecurityEventKind::PrimaryHandleChanged, &notice, origin).await?;
    tx.commit().await?;
    bank.bell.ring();
    Ok(())
}

/// Removes one of the person's handles, not the primary one. It is free for others then.
///
/// # Errors
/// `NOT_FOUND`, `HANDLE_PRIMARY`, `PASSWORD_WRONG`, `CHALLENGE_REQUIRED`, `CHALLENGE_INVALID`, `OVERLOADED`.
pub async fn remove(
    bank: &Bank,
    caller: Caller,
    handle: &Handle,
    proof: Proof,
    origin: &Origin,
) -> Result<()> {
    proof::confirm(bank, caller, proof).await?;
    let tx = bank.db.begin().await?;
    let (_, key) = user::lock(bank, &tx, caller.user).await?;
    if find(bank, &tx, &key, handle).await?.is_primary {
        return Err(Code::HandlePrimary.at("handle").into());
    }
    // Told before it is gone, so that it hears of it too.
    let notice = Notice::HandleRemoved { handle: handle.masked() };
    notification::warn(bank, &tx, &key, SecurityEventKind::HandleRemoved, &notice, origin).await?;
    handle::Entity::delete_by_id(bank.vault.fingerprint(handle)).exec(&tx).await?;
    tx.commit().await?;
    bank.by_handle.forget(&bank.vault.fingerprint(handle));
    bank.bell.ring();
    Ok(())
}

async fn find(
    bank: &Bank,
    tx: &DatabaseTransaction,
    key: &DataKey,
    handle: &Handle,
) -> Result<handle::Model> {
    let fingerprint: Fingerprint = bank.vault.fingerprint(handle);
    let own = handle::Entity::find_by_id(fingerprint).filter(handle::COLUMN.user_id.eq(key.user()));
    own.one(tx).await?.ok_or_else(|| Error::from(Code::NotFound.at("handle")))
}
