//! Proofs: what somebody who is signed in shows before a change of what guards the wallet.

use crate::bank::Bank;
use crate::challenge::{self, Bound};
use crate::error::Result;
use crate::id::ChallengeId;
use crate::password::Password;
use crate::refusal::Code;
use crate::session::{self, Caller};
use crate::throttle::{By, Counted, forgive, take};
use crate::{second_factor, table, user};
use sea_orm::EntityTrait;

/// What somebody who is signed in shows before a change of what guards the wallet.
#[derive(Debug)]
pub struct Proof {
    /// The password, again.
    pub password: Password,
    /// A question that was answered.
    pub challenge: Option<ChallengeId>,
}

/// Asks somebody who is signed in for the password again (ASVS 5.0, 7.5.1), and for an answered question: always
/// where there is a second factor, and in every session that has shown no more than the password. Else who
/// knows the password could set up a second factor of its own.
///
/// # Errors
/// `PASSWORD_WRONG`, `CHALLENGE_REQUIRED`, `CHALLENGE_INVALID`, `TOO_MANY_TRIES`, `OVERLOADED`.
pub(crate) async fn confirm(bank: &Bank, caller: Caller, proof: Proof) -> Result<()> {
    let db = bank.db.connection();
    let row = table::user::Entity::find_by_id(caller.user).one(db).await?.ok_or(Code::NotFound)?;
    let by = By::user(caller.user);
    take(bank, Counted::Confirm, by).await?;
    if !bank.passwords.verify(proof.password, row.password_hash).await?.is_right() {
        return Err(Code::PasswordWrong.at("password").into());
    }
    forgive(bank, Counted::Confirm, by).await?;
    if let Some(id) = proof.challenge {
        return challenge::spend(bank, caller, id, &Bound::security(caller.session)).await;
    }
    let key = user::data_key(bank, db, caller.user).await?;
    let shown_more = session::is_confirmed(bank, caller.session).await?;
    if shown_more && !second_factor::is_set_up(db, &key).await? {
        Ok(())
    } else {
        Err(Code::ChallengeRequired.at("challengeId").into())
    }
}
