//! Signing in: a handle and its password open a session.
//!
//! Guarantees: whatever was wrong, the answer and the work are the same (ASVS 5.0, 6.3.8); only who
//! knows the right password learns that the code has not been shown yet.

use crate::bank::Bank;
use crate::error::Result;
use crate::handle::Handle;
use crate::password::Password;
use crate::refusal::Code;
use crate::registration;
use crate::session::{self, Tokens};
use crate::table::{handle, user};
use crate::user::UserState;
use sea_orm::EntityTrait;

/// Signs in with a handle and its password.
///
/// # Errors
/// `SIGN_IN_FAILED` whatever was wrong; `USER_NOT_ACTIVE` for the right password of somebody who
/// has not shown the code yet; `OVERLOADED`.
pub async fn sign_in(bank: &Bank, handle: &Handle, password: Password) -> Result<Tokens> {
    let found = handle::Entity::find_by_id(bank.vault.fingerprint(handle))
        .find_also_related(user::Entity)
        .one(bank.db.connection())
        .await?
        .and_then(|(_, user)| user);
    let Some(user) = found else {
        let pending = registration::pending(bank, handle).await?;
        let known = bank.passwords.verify(password, pending).await?;
        return Err(if known { Code::UserNotActive } else { Code::SignInFailed }.into());
    };
    let right = bank.passwords.verify(password, Some(user.password_hash)).await?;
    if !right || user.state == UserState::Closed {
        return Err(Code::SignInFailed.into());
    }
    let tx = bank.db.begin().await?;
    let tokens = session::open(bank, &tx, user.id).await?;
    tx.commit().await?;
    Ok(tokens)
}
