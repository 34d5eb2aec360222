//! Recovery codes: ten that a person keeps on paper, for the day that the other factors are lost.
//!
//! Guarantees (ASVS 5.0, 6.5.1 and 6.5.2): fifty random bits each, of which only an HMAC is kept; each works
//! once, and the person is told when one was used. New ones replace all that were before.

use crate::bank::Bank;
use crate::error::Result;
use crate::id::EventId;
use crate::keys;
use crate::notification::{self, Notice};
use crate::origin::Origin;
use crate::proof::{self, Proof};
use crate::refusal::Code;
use crate::second_factor;
use crate::secret::Secret;
use crate::security_event::{self, SecurityEventKind};
use crate::session::Caller;
use crate::table::recovery_code;
use crate::user;
use crate::vault::DataKey;
use rand::Rng;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, PaginatorTrait,
    QueryFilter,
};

/// Codes that a person gets.
const CODES: usize = 10;
/// What they are written with: no letter looks like another (Crockford's base 32).
const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

fn new_code() -> String {
    let mut random = rand::rng();
    let letters = (0..10).map(|_| char::from(LETTERS[random.random_range(0..LETTERS.len())]));
    let mut code: String = letters.collect();
    code.insert(5, '-');
    code
}

/// As it was meant: in capitals, without what stands between.
fn meant(code: &str) -> String {
    let letters = code.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_uppercase());
    letters
        .map(|letter| match letter {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        })
        .collect()
}

fn hash(bank: &Bank, key: &DataKey, code: &str) -> Vec<u8> {
    keys::mac(&bank.vault.derive("recovery code"), &[key.user().0.as_bytes(), meant(code).as_bytes()])
        .to_vec()
}

/// Makes ten new codes in place of all before. They are shown once.
///
/// # Errors
/// `TOTP_NOT_ENROLLED`, `PASSWORD_WRONG`, `CHALLENGE_REQUIRED`, `CHALLENGE_INVALID`, `TOO_MANY_TRIES`, `OVERLOADED`.
pub async fn renew(bank: &Bank, caller: Caller, proof: Proof, origin: &Origin) -> Result<Vec<Secret>> {
    proof::confirm(bank, caller, proof).await?;
    let tx = bank.db.begin().await?;
    let (_, key) = user::lock(bank, &tx, caller.user).await?;
    if !second_factor::is_set_up(&tx, &key).await? {
        return Err(Code::TotpNotEnrolled.into());
    }
    let codes = renew_in(bank, &tx, &key).await?;
    notification::warn(
        bank,
        &tx,
        &key,
        SecurityEventKind::RecoveryCodesRenewed,
        &Notice::RecoveryCodesRenewed,
        origin,
    )
    .await?;
    tx.commit().await?;
    bank.bell.ring();
    Ok(codes)
}

pub(crate) async fn renew_in(bank: &Bank, tx: &DatabaseTransaction, key: &DataKey) -> Result<Vec<Secret>> {
    forget(tx, key).await?;
    let codes: Vec<String> = (0..CODES).map(|_| new_code()).collect();
    let rows = codes.iter().map(|code| recovery_code::ActiveModel {
        user_id: Set(key.user()),
        hash: Set(hash(bank, key, code)),
        used_at: Set(None),
    });
    recovery_code::Entity::insert_many(rows).exec_without_returning(tx).await?;
    Ok(codes.into_iter().map(Secret::new).collect())
}

/// Forgets all of them.
pub(crate) async fn forget(tx: &DatabaseTransaction, key: &DataKey) -> Result<()> {
    let own = recovery_code::Entity::delete_many().filter(recovery_code::COLUMN.user_id.eq(key.user()));
    own.exec(tx).await?;
    Ok(())
}

/// How many are left.
pub(crate) async fn left(db: &impl ConnectionTrait, key: &DataKey) -> Result<u64> {
    let own = recovery_code::Entity::find().filter(recovery_code::COLUMN.user_id.eq(key.user()));
    Ok(own.filter(recovery_code::COLUMN.used_at.is_null()).count(db).await?)
}

/// Whether a code is right; then it is not any more, and the person is told.
pub(crate) async fn spend(
    bank: &Bank,
    tx: &DatabaseTransaction,
    key: &DataKey,
    code: &str,
    origin: &Origin,
) -> Result<bool> {
    let now = bank.clock.now();
    let spent = recovery_code::Entity::update_many()
        .set(recovery_code::ActiveModel { used_at: Set(Some(now)), ..Default::default() })
        .filter(recovery_code::COLUMN.user_id.eq(key.user()))
        .filter(recovery_code::COLUMN.hash.eq(hash(bank, key, code)))
        .filter(recovery_code::COLUMN.used_at.is_null())
        .exec(tx)
        .await?;
    if spent.rows_affected == 0 {
        return Ok(false);
    }
    let left = left(tx, key).await?;
    security_event::record(bank, tx, key, SecurityEventKind::RecoveryCodeUsed, origin).await?;
    notification::tell(bank, tx, key, EventId(bank.ids.next(now)), &Notice::RecoveryCodeUsed { left })
        .await?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_as_it_was_meant() {
        assert_eq!(meant(" abcde-1o0il "), "ABCDE10011");
        let code = new_code();
        assert!(code.len() == 11 && meant(&code).len() == 10, "{code}");
        assert_ne!(new_code(), code);
    }
}
