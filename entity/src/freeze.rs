//! Freezing: no money leaves a person's accounts until it is ended. Money may still come in.
//!
//! Guarantees: the person and all its accounts change together, in the order in which the ledger
//! locks accounts; an act is decided either before or after it, never halfway.

use crate::account::{self, AccountState};
use crate::bank::Bank;
use crate::error::Result;
use crate::id::UserId;
use crate::refusal::Code;
use crate::table::user;
use crate::user::{User, UserState};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

/// Freezes a person and all its accounts, or makes it active again.
///
/// # Errors
/// `NOT_FOUND`; `USER_CLOSED`, `USER_NOT_ACTIVE` for one who has left or not yet come.
pub async fn set(bank: &Bank, id: UserId, frozen: bool) -> Result<User> {
    let (user_state, account_state) = if frozen {
        (UserState::Frozen, AccountState::Frozen)
    } else {
        (UserState::Active, AccountState::Open)
    };
    let tx = bank.db.begin().await?;
    let row = user::Entity::find_by_id(id).lock_exclusive().one(&tx).await?.ok_or(Code::NotFound.at("id"))?;
    match row.state {
        UserState::Active | UserState::Frozen => {}
        UserState::Closed => return Err(Code::UserClosed.at("id").into()),
    }
    user::Entity::update_many()
        .set(user::ActiveModel { state: Set(user_state), ..Default::default() })
        .filter(user::COLUMN.id.eq(id))
        .exec(&tx)
        .await?;
    account::set_state(&tx, id, account_state).await?;
    tx.commit().await?;
    tracing::warn!(user = %id, frozen, "an operator changed the state of a person");
    Ok(User { state: user_state, ..User::read(&bank.vault, row)? })
}
