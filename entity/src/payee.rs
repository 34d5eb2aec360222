//! Trusted payees: people and bank accounts that a person is not asked about again.
//!
//! Guarantees (Regulation (EU) 2018/389, article 13): to trust somebody takes an answered question, and all
//! of the person's handles hear of it; to trust nobody any more takes nothing.

use crate::bank::Bank;
use crate::challenge::{self, Bound};
use crate::clock::Time;
use crate::db::Db;
use crate::error::{Error, Result};
use crate::handle::Handle;
use crate::id::{ChallengeId, InstrumentId, UserId};
use crate::instrument;
use crate::notification::{self, Notice};
use crate::origin::Origin;
use crate::refusal::Code;
use crate::security_event::SecurityEventKind;
use crate::session::Caller;
use crate::table::trusted_payee;
use crate::user;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder};
use uuid::Uuid;

/// Who is paid.
#[derive(Clone, Debug)]
pub enum Payee {
    /// A person, by one of its handles.
    Person(Handle),
    /// A linked bank account of one's own.
    Instrument(InstrumentId),
}

/// A payee that a person trusts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedPayee {
    /// How it was named, with most of it hidden.
    pub name: String,
    /// Since when.
    pub since: Time,
}

const NAME: &str = "trusted_payees.name";

async fn resolve(bank: &Bank, caller: Caller, payee: &Payee) -> Result<(Uuid, String)> {
    Ok(match payee {
        Payee::Person(handle) => {
            let found = user::reached_by(bank, handle).await?.ok_or(Code::RecipientUnknown.at("payee"))?;
            (found.0, handle.masked())
        }
        Payee::Instrument(id) => (id.0, instrument::find(bank, caller.user, *id).await?.masked_iban()),
    })
}

/// Trusts a payee from now on.
///
/// # Errors
/// `RECIPIENT_UNKNOWN`, `NOT_FOUND`, `CHALLENGE_INVALID`.
pub async fn trust(
    bank: &Bank,
    caller: Caller,
    payee: &Payee,
    challenge: ChallengeId,
    origin: &Origin,
) -> Result<()> {
    // First, so that nobody asks who is known without an answer.
    challenge::spend(bank, caller, challenge, &Bound::security(caller.session)).await?;
    let (id, name) = resolve(bank, caller, payee).await?;
    let now = bank.clock.now();
    let tx = bank.db.begin().await?;
    let (_, key) = user::lock(bank, &tx, caller.user).await?;
    let sealed = key.seal(NAME, id, &name)?;
    let row = trusted_payee::Model { user_id: caller.user, payee: id, name: sealed, created_at: now };
    trusted_payee::Entity::insert(row.into_active_model())
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .try_insert()
        .exec_without_returning(&tx)
        .await?;
    let notice = Notice::PayeeTrusted { payee: name };
    notification::warn(bank, &tx, &key, SecurityEventKind::PayeeTrusted, &notice, origin).await?;
    tx.commit().await?;
    bank.bell.ring();
    Ok(())
}

/// Trusts a payee no longer. Doing it twice is doing it once.
///
/// # Errors
/// Only faults: whoever it is, it is not trusted any more.
pub async fn distrust(bank: &Bank, caller: Caller, payee: &Payee) -> Result<()> {
    let id = match resolve(bank, caller, payee).await {
        Ok((id, _)) => id,
        Err(Error::Refused(_)) => return Ok(()),
        Err(fault) => return Err(fault),
    };
    trusted_payee::Entity::delete_by_id((caller.user, id)).exec(bank.db.connection()).await?;
    Ok(())
}

/// Whether a person trusts a payee.
pub(crate) async fn is_trusted(db: &Db, user: UserId, payee: Uuid) -> Result<bool> {
    Ok(trusted_payee::Entity::find_by_id((user, payee)).one(db.connection()).await?.is_some())
}

/// All that a person trusts, the latest first.
///
/// # Errors
/// Only faults.
pub async fn list(bank: &Bank, user: UserId) -> Result<Vec<TrustedPayee>> {
    let db = bank.db.connection();
    let rows = trusted_payee::Entity::find()
        .filter(trusted_payee::COLUMN.user_id.eq(user))
        .order_by_desc(trusted_payee::Column::CreatedAt)
        .all(db)
        .await?;
    let key = user::data_key(bank, db, user).await?;
    let read = |row: trusted_payee::Model| {
        Ok(TrustedPayee { name: key.open(NAME, row.payee, &row.name)?, since: row.created_at })
    };
    rows.into_iter().map(read).collect()
}
