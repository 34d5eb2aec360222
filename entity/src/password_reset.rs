//! Forgotten passwords: who reads a verified handle can choose another, with the token that is sent there.
//!
//! Guarantees: asking does the same for a handle that is known as for one that is not: who it belongs to is
//! found out by a worker (ASVS 5.0, 6.3.8). The token has 256 random bits, of which only the SHA-256 is kept;
//! it works once, for ten minutes. The second factor is asked for all the same (6.4.3); [`ask`] says which. All
//! sessions end, and every handle hears of it. For a day little may leave the wallet ([`guard`]).
//!
//! Refuses `CODE_EXPIRED`, `CHALLENGE_REQUIRED`, `ANSWER_WRONG`, `METHOD_UNAVAILABLE`, `PASSWORD_BREACHED`, `PASSWORD_COMMON`,
//! `PASSWORD_WEAK`, `TOO_MANY_TRIES`, `OVERLOADED`.

use crate::bank::Bank;
use crate::challenge::{self, Answer, Method};
use crate::error::{Fault, Result};
use crate::guard;
use crate::handle::Handle;
use crate::id::{EventId, JobId, ResetId, UserId};
use crate::keys;
use crate::message::{self, Letter};
use crate::notification::{self, Notice};
use crate::origin::Origin;
use crate::outbox::{self, Job};
use crate::password::NewPassword;
use crate::refusal::Code;
use crate::seal::Place;
use crate::secret::Secret;
use crate::security_event::SecurityEventKind;
use crate::session::{self, EndReason};
use crate::table::{handle, password_reset, user};
use crate::throttle::{By, Counted, forgive, take};
use crate::user::{self as people, UserState};
use crate::{passkey, recovery_code, second_factor, totp, verification};
use chrono::Duration;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter,
    QuerySelect,
};

/// How long a token works.
const VALID_FOR: Duration = Duration::minutes(10);
/// Wrong answers of the second factor that a token survives, and the right one.
const TRIES: i32 = 5;

const HANDLE: &str = "password_resets.handle";
const PASSKEY: &str = "password_resets.passkey";

/// What is asked for beside the token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// How it can be answered; not at all, where the token is enough.
    pub methods: Vec<Method>,
    /// What passkeys are asked, as JSON for the browser; none, where the person has none.
    pub passkey_options: Option<String>,
}

/// Asks for a token to be sent to a handle, if it is somebody's.
///
/// # Errors
/// `TOO_MANY_TRIES`.
pub async fn start(bank: &Bank, to: &Handle, origin: &Origin) -> Result<()> {
    verification::count(bank, to, origin).await?;
    let now = bank.clock.now();
    let id = ResetId(bank.ids.next(now));
    let row = password_reset::Model {
        id,
        fingerprint: bank.vault.fingerprint(to),
        kind: to.kind(),
        handle: bank.vault.house().seal_text(Place(HANDLE, id.0), to.as_str())?,
        user_id: None,
        token_hash: None,
        tries_left: TRIES,
        expires_at: now + VALID_FOR,
        used_at: None,
        created_at: now,
        passkey: None,
    };
    let tx = bank.db.begin().await?;
    password_reset::Entity::insert(row.into_active_model()).exec_without_returning(&tx).await?;
    outbox::put(&tx, Job::SendReset { reset: id }, now).await?;
    tx.commit().await?;
    bank.bell.ring();
    Ok(())
}

/// Sends the token, if the handle is somebody's, and ends the job.
///
/// # Errors
/// Only faults.
pub async fn send(bank: &Bank, job: JobId, id: ResetId) -> Result<()> {
    let tx = bank.db.begin().await?;
    if let Some(row) = password_reset::Entity::find_by_id(id).lock_exclusive().one(&tx).await?
        && row.token_hash.is_none()
        && row.expires_at > bank.clock.now()
    {
        let owner =
            handle::Entity::find_by_id(row.fingerprint).find_also_related(user::Entity).one(&tx).await?;
        let owner = owner.and_then(|(_, owner)| owner).filter(|owner| owner.state != UserState::Closed);
        if let Some(owner) = owner {
            send_to(bank, &tx, &row, &owner).await?;
        }
    }
    outbox::done(&tx, job).await?;
    tx.commit().await?;
    bank.bell.ring();
    Ok(())
}

async fn send_to(
    bank: &Bank,
    tx: &DatabaseTransaction,
    row: &password_reset::Model,
    owner: &user::Model,
) -> Result<()> {
    let token = Secret::new(format!("okp_{}", keys::hex(&keys::random_bytes())));
    let set = password_reset::ActiveModel {
        user_id: Set(Some(owner.id)),
        token_hash: Set(Some(session::hash(token.reveal()))),
        ..Default::default()
    };
    password_reset::Entity::update_many()
        .set(set)
        .filter(password_reset::COLUMN.id.eq(row.id))
        .exec(tx)
        .await?;
    let (_, key) = people::lock(bank, tx, owner.id).await?;
    let to = Handle::stored(row.kind, bank.vault.house().open_text(Place(HANDLE, row.id.0), &row.handle)?);
    let letter = Letter {
        notice: Notice::PasswordReset { token },
        locale: people::locale(owner),
        phrase: people::phrase(&key, owner)?,
        at: row.created_at,
        until: Some(row.expires_at),
    };
    message::put(bank, tx, EventId(row.id.0), &to, letter).await
}

/// Asks for the second factor, where there is one. What passkeys were asked before is asked no longer.
///
/// # Errors
/// `CODE_EXPIRED`, `TOO_MANY_TRIES`.
pub async fn ask(bank: &Bank, token: &str, origin: &Origin) -> Result<Asked> {
    take(bank, Counted::ShowCode, By::Address(origin)).await?;
    let tx = bank.db.begin().await?;
    let row = open(bank, &tx, &session::hash(token.trim())).await?;
    let user = row.user_id.ok_or(Code::CodeExpired.at("token"))?;
    let (_, key) = people::lock(bank, &tx, user).await?;
    if !second_factor::is_set_up(&tx, &key).await? {
        return Ok(Asked { methods: Vec::new(), passkey_options: None });
    }
    let methods = challenge::methods(&tx, &key).await?;
    let question = passkey::ask(bank, &tx, &key).await?;
    let seal = |question: &passkey::Question| {
        bank.vault.house().seal_text(Place(PASSKEY, row.id.0), &question.state)
    };
    let passkey = Set(question.as_ref().map(seal).transpose()?);
    update(&tx, row.id, password_reset::ActiveModel { passkey, ..Default::default() }).await?;
    tx.commit().await?;
    Ok(Asked { methods, passkey_options: question.map(|question| question.options) })
}

/// The row of a token that still works, locked.
async fn open(bank: &Bank, tx: &DatabaseTransaction, hash: &[u8]) -> Result<password_reset::Model> {
    let row = password_reset::Entity::find().filter(password_reset::COLUMN.token_hash.eq(hash.to_vec()));
    let row = row.lock_exclusive().one(tx).await?;
    let works = |row: &password_reset::Model| {
        row.used_at.is_none() && row.expires_at > bank.clock.now() && row.tries_left > 0
    };
    Ok(row.filter(works).ok_or(Code::CodeExpired.at("token"))?)
}

/// Chooses another password with the token, and with the second factor where there is one.
///
/// # Errors
/// See the module.
pub async fn finish(
    bank: &Bank,
    token: &str,
    new: NewPassword,
    answer: Option<Answer>,
    origin: &Origin,
) -> Result<()> {
    take(bank, Counted::ShowCode, By::Address(origin)).await?;
    let hash = session::hash(token.trim());
    let found = password_reset::Entity::find().filter(password_reset::COLUMN.token_hash.eq(hash.clone()));
    let found = found.one(bank.db.connection()).await?;
    let user = found.and_then(|row| row.user_id).ok_or(Code::CodeExpired.at("token"))?;
    take(bank, Counted::Answer, By::user(user)).await?;
    let hints = people::hints(bank, user).await?;
    let password_hash = bank.passwords.hash_new(new, hints).await?;
    let tx = bank.db.begin().await?;
    let row = open(bank, &tx, &hash).await?;
    if !is_answered(bank, &tx, &row, user, answer, origin).await? {
        let tries_left = Set(row.tries_left.saturating_sub(1));
        update(&tx, row.id, password_reset::ActiveModel { tries_left, ..Default::default() }).await?;
        tx.commit().await?;
        bank.bell.ring();
        return Err(Code::AnswerWrong.at("answer").into());
    }
    replace(bank, &tx, row.id, user, password_hash, origin).await?;
    tx.commit().await?;
    // What was guessed at was the old one.
    forgive(bank, Counted::SignIn, By::user(user)).await?;
    forgive(bank, Counted::Answer, By::user(user)).await?;
    bank.bell.ring();
    Ok(())
}

/// Whether the second factor was shown, where there is one.
async fn is_answered(
    bank: &Bank,
    tx: &DatabaseTransaction,
    row: &password_reset::Model,
    user: UserId,
    answer: Option<Answer>,
    origin: &Origin,
) -> Result<bool> {
    let (_, key) = people::lock(bank, tx, user).await?;
    if !second_factor::is_set_up(tx, &key).await? {
        return Ok(true);
    }
    match answer {
        None => Err(Code::ChallengeRequired.at("answer").into()),
        Some(Answer::Passkey(answer)) => {
            let sealed = row.passkey.as_ref().ok_or(Code::MethodUnavailable.at("answer"))?;
            let state = bank.vault.house().open_text(Place(PASSKEY, row.id.0), sealed)?;
            passkey::is_right(bank, tx, &key, &state, &answer, origin).await
        }
        Some(Answer::Totp(code)) if totp::is_enrolled(tx, &key).await? => {
            totp::check(bank, tx, &key, &code).await
        }
        Some(Answer::RecoveryCode(code)) => recovery_code::spend(bank, tx, &key, &code, origin).await,
        Some(Answer::Totp(_) | Answer::Code(_)) => Err(Code::MethodUnavailable.at("answer").into()),
    }
}

async fn replace(
    bank: &Bank,
    tx: &DatabaseTransaction,
    id: ResetId,
    user: UserId,
    password_hash: String,
    origin: &Origin,
) -> Result<()> {
    let now = bank.clock.now();
    let used =
        password_reset::ActiveModel { used_at: Set(Some(now)), passkey: Set(None), ..Default::default() };
    update(tx, id, used).await?;
    let (_, key) = people::lock(bank, tx, user).await?;
    let set = user::ActiveModel {
        password_hash: Set(password_hash),
        password_set_at: Set(now),
        ..Default::default()
    };
    let changed = user::Entity::update_many().set(set).filter(user::COLUMN.id.eq(user)).exec(tx).await?;
    if changed.rows_affected != 1 {
        return Err(Fault::Corrupt("a person is missing").into());
    }
    session::end_all(tx, user, None, EndReason::PasswordReset, now).await?;
    guard::set(tx, user, now).await?;
    notification::warn(bank, tx, &key, SecurityEventKind::PasswordReset, &Notice::PasswordChanged, origin)
        .await
}

async fn update(tx: &DatabaseTransaction, id: ResetId, row: password_reset::ActiveModel) -> Result<()> {
    password_reset::Entity::update_many().set(row).filter(password_reset::COLUMN.id.eq(id)).exec(tx).await?;
    Ok(())
}

/// Forgets tokens that ended a day ago.
///
/// # Errors
/// Only faults.
pub async fn forget_expired(bank: &Bank) -> Result<u64> {
    let before = bank.clock.now() - Duration::days(1);
    let old = password_reset::Entity::delete_many().filter(password_reset::Column::ExpiresAt.lt(before));
    Ok(old.exec(bank.db.connection()).await?.rows_affected)
}
