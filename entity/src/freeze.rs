//! Freezing: no money leaves a person's accounts until it is ended. Money may still come in.
//!
//! An operator can freeze a person, and a person itself, at once and without a question (the panic switch).
//! What a person has locked it can unlock, an hour later, with its password and an answered question; what
//! an operator has frozen only two operators can (see [`proposal`](crate::proposal)).
//!
//! Guarantees: the person and all its accounts change together, in the order in which the ledger
//! locks accounts; an act is decided either before or after it, never halfway.

use crate::account::{self, AccountState};
use crate::bank::Bank;
use crate::clock::Time;
use crate::error::Result;
use crate::id::UserId;
use crate::notification::{self, Notice};
use crate::origin::Origin;
use crate::proof::{self, Proof};
use crate::refusal::Code;
use crate::security_event::SecurityEventKind;
use crate::session::{self, Caller, EndReason};
use crate::table::user;
use crate::user::{self as people, User, UserState};
use chrono::Duration;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DatabaseTransaction, DeriveActiveEnum, EntityTrait, EnumIter, QueryFilter,
    QuerySelect,
};

/// How long a person that has locked itself has to wait.
const LOCKED_FOR: Duration = Duration::hours(1);

/// Who has frozen a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FrozenBy {
    /// The person itself.
    Person,
    /// An operator.
    Operator,
}

/// Freezes a person and all its accounts in the name of an operator.
///
/// # Errors
/// `NOT_FOUND`; `USER_CLOSED` for one who has left.
pub async fn freeze(bank: &Bank, id: UserId) -> Result<User> {
    let tx = bank.db.begin().await?;
    let user = set(bank, &tx, id, true).await?;
    tx.commit().await?;
    Ok(user)
}

/// Freezes a person and all its accounts, or makes it active again, whoever has frozen it.
pub(crate) async fn set(bank: &Bank, tx: &DatabaseTransaction, id: UserId, frozen: bool) -> Result<User> {
    let row = user::Entity::find_by_id(id).lock_exclusive().one(tx).await?.ok_or(Code::NotFound.at("id"))?;
    if row.state == UserState::Closed {
        return Err(Code::UserClosed.at("id").into());
    }
    let user_state = put(tx, id, frozen.then_some((FrozenBy::Operator, bank.clock.now()))).await?;
    tracing::warn!(user = %id, frozen, "an operator changed the state of a person");
    Ok(User { state: user_state, ..User::read(&bank.vault, row)? })
}

/// Refuses to unfreeze who is not frozen.
pub(crate) async fn check_frozen(bank: &Bank, id: UserId) -> Result<()> {
    let row = user::Entity::find_by_id(id).one(bank.db.connection()).await?.ok_or(Code::NotFound.at("id"))?;
    if row.state == UserState::Frozen { Ok(()) } else { Err(Code::NotLocked.at("id").into()) }
}

async fn put(tx: &DatabaseTransaction, id: UserId, frozen: Option<(FrozenBy, Time)>) -> Result<UserState> {
    let (user_state, account_state) = match frozen {
        Some(_) => (UserState::Frozen, AccountState::Frozen),
        None => (UserState::Active, AccountState::Open),
    };
    let row = user::ActiveModel {
        state: Set(user_state),
        frozen_by: Set(frozen.map(|(by, _)| by)),
        frozen_at: Set(frozen.map(|(_, at)| at)),
        ..Default::default()
    };
    user::Entity::update_many().set(row).filter(user::COLUMN.id.eq(id)).exec(tx).await?;
    account::set_state(tx, id, account_state).await?;
    Ok(user_state)
}

/// Locks the wallet of who asks: no money leaves it, and all other sessions end. Doing it twice is doing it
/// once.
///
/// # Errors
/// Only faults.
pub async fn lock(bank: &Bank, caller: Caller, origin: &Origin) -> Result<()> {
    let now = bank.clock.now();
    let tx = bank.db.begin().await?;
    let (row, key) = people::lock(bank, &tx, caller.user).await?;
    session::end_all(&tx, caller.user, Some(caller.session), EndReason::Locked, now).await?;
    if row.state == UserState::Active {
        put(&tx, caller.user, Some((FrozenBy::Person, now))).await?;
        notification::warn(bank, &tx, &key, SecurityEventKind::Locked, &Notice::Locked, origin).await?;
    }
    tx.commit().await?;
    bank.bell.ring();
    Ok(())
}

/// Unlocks the wallet of who has locked it an hour ago.
///
/// # Errors
/// `NOT_LOCKED`, `USER_FROZEN` for who was frozen by an operator, `LOCKED_STILL`, `PASSWORD_WRONG`,
/// `CHALLENGE_REQUIRED`, `CHALLENGE_INVALID`, `TOO_MANY_TRIES`, `OVERLOADED`.
pub async fn unlock(bank: &Bank, caller: Caller, proof: Proof, origin: &Origin) -> Result<()> {
    if proof.challenge.is_none() {
        return Err(Code::ChallengeRequired.at("challengeId").into());
    }
    proof::confirm(bank, caller, proof).await?;
    let now = bank.clock.now();
    let tx = bank.db.begin().await?;
    let (row, key) = people::lock(bank, &tx, caller.user).await?;
    match (row.frozen_by, row.frozen_at) {
        (Some(FrozenBy::Person), Some(at)) if at + LOCKED_FOR <= now => {}
        (Some(FrozenBy::Person), _) => return Err(Code::LockedStill.into()),
        (Some(FrozenBy::Operator), _) => return Err(Code::UserFrozen.into()),
        (None, _) => return Err(Code::NotLocked.into()),
    }
    put(&tx, caller.user, None).await?;
    notification::warn(bank, &tx, &key, SecurityEventKind::Unlocked, &Notice::Unlocked, origin).await?;
    tx.commit().await?;
    bank.bell.ring();
    Ok(())
}
