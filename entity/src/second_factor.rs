//! The second factor: whether a person has one, whatever it is, and what follows when one comes or goes.
//!
//! Guarantees: with the first one every other session ends, since it was opened without it, and so it is
//! when one is taken away (ASVS 5.0, 7.4.3). Who has a factor has recovery codes; who has none has none.

use crate::bank::Bank;
use crate::error::Result;
use crate::secret::Secret;
use crate::session::{self, Caller, EndReason};
use crate::vault::DataKey;
use crate::{passkey, recovery_code, totp};
use sea_orm::{ConnectionTrait, DatabaseTransaction};

/// Whether a person is asked for more than the password.
pub(crate) async fn is_set_up(db: &impl ConnectionTrait, key: &DataKey) -> Result<bool> {
    Ok(totp::is_enrolled(db, key).await? || passkey::is_registered(db, key.user()).await?)
}

/// Makes way for a factor, before it is written. Gives the recovery codes, where there are none yet.
pub(crate) async fn add(
    bank: &Bank,
    tx: &DatabaseTransaction,
    key: &DataKey,
    caller: Caller,
) -> Result<Vec<Secret>> {
    if !is_set_up(tx, key).await? {
        end_others(bank, tx, caller).await?;
    }
    if recovery_code::left(tx, key).await? > 0 {
        return Ok(Vec::new());
    }
    recovery_code::renew_in(bank, tx, key).await
}

/// Tidies up after a factor, once it is gone.
pub(crate) async fn removed(
    bank: &Bank,
    tx: &DatabaseTransaction,
    key: &DataKey,
    caller: Caller,
) -> Result<()> {
    end_others(bank, tx, caller).await?;
    if !is_set_up(tx, key).await? {
        recovery_code::forget(tx, key).await?;
    }
    Ok(())
}

async fn end_others(bank: &Bank, tx: &DatabaseTransaction, caller: Caller) -> Result<()> {
    let now = bank.clock.now();
    session::end_all(tx, caller.user, Some(caller.session), EndReason::FactorChanged, now).await?;
    Ok(())
}
