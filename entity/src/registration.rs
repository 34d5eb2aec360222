//! Signing up: a handle, a name, a password and the accepted terms, then the code that was sent.
//!
//! Guarantees: from outside, a handle that is taken looks like one that is free (ASVS 5.0, 6.3.8):
//! same answer, same work, and the owner is told. The password belongs to the registration, so
//! nobody can prepare an account for somebody else's handle. A code works once, for ten minutes,
//! and dies after five wrong tries.

use crate::bank::Bank;
use crate::clock::Time;
use crate::error::{Result, unique_or};
use crate::handle::Handle;
use crate::id::{RegistrationId, UserId};
use crate::keys;
use crate::outbox::{self, Job};
use crate::password::Password;
use crate::refusal::{Code, Refusal};
use crate::seal::Place;
use crate::session::{self, Tokens};
use crate::table::{self, handle, registration};
use crate::user::{self, HANDLE, NAME, UserState};
use chrono::Duration;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter,
    QuerySelect,
};

/// The terms in force. A new version is a new date.
pub const TERMS_VERSION: &str = "2026-11-01";
/// How long a code works.
const VALID_FOR: Duration = Duration::minutes(10);
/// Wrong codes that a registration survives, and the right one.
const TRIES: i32 = 5;

/// What somebody who signs up says.
pub struct SignUp {
    /// How the person is reached.
    pub handle: Handle,
    /// What it calls itself.
    pub name: String,
    /// Its password.
    pub password: Password,
    /// The terms that it has read.
    pub accepted_terms: String,
}

/// What somebody who signed up is told, whether or not the handle was free.
#[derive(Clone, Copy, Debug)]
pub struct Registration {
    /// What the code has to be shown with.
    pub id: RegistrationId,
    /// Until when.
    pub expires_at: Time,
}

/// A message about a registration, for the worker to send.
#[derive(Clone, Debug)]
pub struct Message {
    /// To whom.
    pub to: Handle,
    /// The code; none, if the handle is taken and its owner is to be told.
    pub code: Option<String>,
}

/// Takes a registration and has its code sent.
///
/// # Errors
/// `TERMS_NOT_ACCEPTED`, `OVERLOADED`.
pub async fn sign_up(bank: &Bank, form: SignUp) -> Result<Registration> {
    if form.accepted_terms != TERMS_VERSION {
        return Err(Code::TermsNotAccepted.at("acceptedTermsVersion").into());
    }
    let password_hash = bank.passwords.hash(form.password).await?;
    let now = bank.clock.now();
    let expires_at = now + VALID_FOR;
    let id = RegistrationId(bank.ids.next(now));
    let user_id = UserId(bank.ids.next(now));
    let tx = bank.db.begin().await?;
    let fingerprint = bank.vault.fingerprint(&form.handle);
    let taken = handle::Entity::find_by_id(fingerprint).one(&tx).await?.is_some();
    if !taken {
        let (key, data_key) = bank.vault.new_data_key(user_id)?;
        let person = table::user::Model {
            id: user_id,
            name: Some(key.seal_own(NAME, &form.name)?),
            data_key: Some(data_key),
            state: UserState::PendingActivation,
            password_hash,
            terms_version: form.accepted_terms,
            terms_accepted_at: now,
            created_at: now,
        };
        table::user::Entity::insert(person.into_active_model()).exec_without_returning(&tx).await?;
    }
    let row = registration::Model {
        id,
        fingerprint,
        kind: form.handle.kind(),
        handle: bank.vault.house().seal_text(Place(SENT_TO, id.0), form.handle.as_str())?,
        user_id: (!taken).then_some(user_id),
        tries_left: TRIES,
        expires_at,
        completed_at: None,
        created_at: now,
    };
    registration::Entity::insert(row.into_active_model()).exec_without_returning(&tx).await?;
    outbox::put(&tx, Job::SendCode { registration: id }, now).await?;
    tx.commit().await?;
    bank.bell.ring();
    Ok(Registration { id, expires_at })
}

/// Shows the code: the person is active, owns the handle, and is signed in.
///
/// # Errors
/// `CODE_WRONG`, `CODE_EXPIRED`.
pub async fn activate(bank: &Bank, id: RegistrationId, code: &str) -> Result<(UserId, Tokens)> {
    let now = bank.clock.now();
    let tx = bank.db.begin().await?;
    let found = registration::Entity::find_by_id(id).lock_exclusive().one(&tx).await?;
    let row = found.ok_or(Code::CodeExpired.at("registrationId"))?;
    if row.completed_at.is_some() || row.expires_at <= now || row.tries_left == 0 {
        return Err(Code::CodeExpired.at("code").into());
    }
    let right = keys::same(code_of(bank, &row).as_bytes(), code.trim().as_bytes());
    let Some(user) = row.user_id.filter(|_| right) else {
        let tries_left = Set(row.tries_left.saturating_sub(1));
        update(&tx, id, registration::ActiveModel { tries_left, ..Default::default() }).await?;
        tx.commit().await?;
        return Err(Code::CodeWrong.at("code").into());
    };
    let completed_at = Set(Some(now));
    update(&tx, id, registration::ActiveModel { completed_at, ..Default::default() }).await?;
    welcome(bank, &tx, user, row).await?;
    let tokens = session::open(bank, &tx, user).await?;
    tx.commit().await?;
    Ok((user, tokens))
}

async fn update(tx: &DatabaseTransaction, id: RegistrationId, row: registration::ActiveModel) -> Result<()> {
    registration::Entity::update_many().set(row).filter(registration::COLUMN.id.eq(id)).exec(tx).await?;
    Ok(())
}

/// Makes the person active and the owner of the handle; the first who shows a code wins.
async fn welcome(
    bank: &Bank,
    tx: &DatabaseTransaction,
    user: UserId,
    row: registration::Model,
) -> Result<()> {
    let key = user::data_key(bank, tx, user).await?;
    let verified = handle::Model {
        fingerprint: row.fingerprint,
        kind: row.kind,
        user_id: user,
        value: key.seal(HANDLE, row.fingerprint.0, sent_to(bank, &row)?.as_str())?,
        verified_at: bank.clock.now(),
    };
    let expired: Refusal = Code::CodeExpired.at("code");
    handle::Entity::insert(verified.into_active_model())
        .exec_without_returning(tx)
        .await
        .map_err(unique_or(expired))?;
    table::user::Entity::update_many()
        .set(table::user::ActiveModel { state: Set(UserState::Active), ..Default::default() })
        .filter(table::user::COLUMN.id.eq(user))
        .filter(table::user::COLUMN.state.eq(UserState::PendingActivation))
        .exec(tx)
        .await?;
    Ok(())
}

/// The message of a registration; none, if there is nothing to say any more.
///
/// # Errors
/// Only faults.
pub async fn message(bank: &Bank, id: RegistrationId) -> Result<Option<Message>> {
    let row = registration::Entity::find_by_id(id).one(bank.db.connection()).await?;
    let open = row.filter(|row| row.completed_at.is_none() && row.expires_at > bank.clock.now());
    open.map(|row| Ok(Message { code: row.user_id.map(|_| code_of(bank, &row)), to: sent_to(bank, &row)? }))
        .transpose()
}

/// The column of the handle, for its seal.
const SENT_TO: &str = "registrations.handle";

fn sent_to(bank: &Bank, row: &registration::Model) -> Result<Handle> {
    let value = bank.vault.house().open_text(Place(SENT_TO, row.id.0), &row.handle)?;
    Ok(Handle::stored(row.kind, value))
}

fn code_of(bank: &Bank, row: &registration::Model) -> String {
    bank.vault.code(row.id.0.as_bytes(), row.created_at)
}

/// The password hash of somebody who has signed up with this handle and not yet shown the code.
pub(crate) async fn pending(bank: &Bank, handle: &Handle) -> Result<Option<String>> {
    let hash = registration::Entity::find()
        .filter(registration::COLUMN.fingerprint.eq(bank.vault.fingerprint(handle)))
        .filter(registration::COLUMN.completed_at.is_null())
        .filter(registration::Column::ExpiresAt.gt(bank.clock.now()))
        .find_also_related(table::user::Entity)
        .one(bank.db.connection())
        .await?;
    Ok(hash.and_then(|(_, user)| user).map(|user| user.password_hash))
}

/// Forgets registrations that came to nothing a day ago, and the people who never arrived.
///
/// # Errors
/// Only faults.
pub async fn forget_expired(bank: &Bank) -> Result<u64> {
    let before = bank.clock.now() - Duration::days(1);
    let tx = bank.db.begin().await?;
    let old = registration::Entity::find()
        .filter(registration::Column::ExpiresAt.lt(before))
        .limit(10_000)
        .all(&tx)
        .await?;
    let people = old.iter().filter(|row| row.completed_at.is_none()).filter_map(|row| row.user_id);
    let people: Vec<UserId> = people.collect();
    let deleted = registration::Entity::delete_many()
        .filter(registration::Column::Id.is_in(old.iter().map(|row| row.id)))
        .exec(&tx)
        .await?;
    table::user::Entity::delete_many()
        .filter(table::user::Column::Id.is_in(people))
        .filter(table::user::COLUMN.state.eq(UserState::PendingActivation))
        .exec(&tx)
        .await?;
    tx.commit().await?;
    Ok(deleted.rows_affected)
}
