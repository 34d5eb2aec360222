//! Verification: a code that is sent to a handle shows that whoever has the code reads what is sent there.
//!
//! Guarantees (ASVS 5.0, 6.5 and 6.6): six digits from the operating system's random source, of which
//! only an HMAC is kept, bound to this verification and its purpose. A code works once, for ten minutes,
//! and dies after five wrong tries or when another is sent. How many are sent and shown is counted by
//! handle and by address. A handle that is taken gets a verification without a code: nobody can show it,
//! and it looks from outside like any other.
//!
//! Refuses `CODE_WRONG`, `CODE_EXPIRED`, `TOO_MANY_TRIES`.

use crate::bank::Bank;
use crate::clock::Time;
use crate::error::Result;
use crate::handle::Handle;
use crate::id::{EventId, UserId, VerificationId};
use crate::keys;
use crate::language::Locale;
use crate::message::{self, Letter};
use crate::notification::{CodePurpose, Notice};
use crate::origin::Origin;
use crate::refusal::Code;
use crate::seal::Place;
use crate::secret::Secret;
use crate::table::verification;
use crate::throttle::{By, Counted, take};
use crate::user;
use chrono::Duration;
use rand::Rng;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DatabaseTransaction, DeriveActiveEnum, EntityTrait, EnumIter,
    IntoActiveModel, QueryFilter, QuerySelect,
};

/// How long a code works.
const VALID_FOR: Duration = Duration::minutes(10);
/// Wrong codes that a verification survives, and the right one.
const TRIES: i32 = 5;
/// How long another code may be asked for.
const RESENT_FOR: Duration = Duration::hours(1);

/// What a code is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Purpose {
    /// To open a wallet.
    SignUp,
    /// To add a handle to one's own.
    AddHandle,
    /// To get a wallet back whose handle is lost.
    Recover,
}

/// What somebody who has asked for a code is told, whether or not the handle was free.
#[derive(Clone, Copy, Debug)]
pub struct Verification {
    /// What the code has to be shown with.
    pub id: VerificationId,
    /// Until when.
    pub expires_at: Time,
}

/// What a code is asked for.
pub(crate) struct Ask<'a> {
    pub(crate) purpose: Purpose,
    /// Who asks, if somebody is signed in.
    pub(crate) user: Option<UserId>,
    pub(crate) to: &'a Handle,
    /// Whether the handle belongs to somebody already.
    pub(crate) taken: bool,
    pub(crate) locale: &'a Locale,
    /// The phrase of who asks.
    pub(crate) phrase: Option<String>,
}

const HANDLE: &str = "verifications.handle";

/// Counts that a code is sent.
pub(crate) async fn count(bank: &Bank, to: &Handle, origin: &Origin) -> Result<()> {
    take(bank, Counted::SendCode, By::Address(origin)).await?;
    take(bank, Counted::SendCode, By::Handle(bank.vault.fingerprint(to))).await
}

/// Sends a code, with the change that calls for it.
pub(crate) async fn start(bank: &Bank, tx: &DatabaseTransaction, ask: Ask<'_>) -> Result<Verification> {
    let now = bank.clock.now();
    let id = VerificationId(bank.ids.next(now));
    let code = new_code();
    let row = verification::Model {
        id,
        purpose: ask.purpose,
        user_id: ask.user,
        fingerprint: bank.vault.fingerprint(ask.to),
        kind: ask.to.kind(),
        handle: bank.vault.house().seal_text(Place(HANDLE, id.0), ask.to.as_str())?,
        language: ask.locale.language,
        code: (!ask.taken).then(|| hmac(bank, id, ask.purpose, code.reveal())),
        tries_left: TRIES,
        expires_at: now + VALID_FOR,
        completed_at: None,
        created_at: now,
    };
    let taken = row.code.is_none();
    verification::Entity::insert(row.into_active_model()).exec_without_returning(tx).await?;
    let letter = Letter {
        notice: notice(ask.purpose, taken, code),
        locale: ask.locale.clone(),
        phrase: ask.phrase,
        at: now,
        until: Some(now + VALID_FOR),
    };
    message::put(bank, tx, EventId(id.0), ask.to, letter).await?;
    Ok(Verification { id, expires_at: now + VALID_FOR })
}

/// Six random digits.
pub(crate) fn new_code() -> Secret {
    Secret::new(format!("{:06}", rand::rng().random_range(0..1_000_000)))
}

fn notice(purpose: Purpose, taken: bool, code: Secret) -> Notice {
    match (taken, purpose) {
        (true, Purpose::SignUp | Purpose::AddHandle | Purpose::Recover) => Notice::HandleTaken,
        (false, Purpose::SignUp) => Notice::Code { code, purpose: CodePurpose::SignUp },
        (false, Purpose::Recover) => Notice::Code { code, purpose: CodePurpose::Recover },
        (false, Purpose::AddHandle) => Notice::Code { code, purpose: CodePurpose::AddHandle },
    }
}

fn hmac(bank: &Bank, id: VerificationId, purpose: Purpose, code: &str) -> Vec<u8> {
    let purpose: &[u8] = match purpose {
        Purpose::SignUp => b"sign up",
        Purpose::AddHandle => b"add handle",
        Purpose::Recover => b"recover",
    };
    let key = bank.vault.derive("verification code");
    keys::mac(&key, &[purpose, b":", id.0.as_bytes(), b":", code.as_bytes()]).to_vec()
}

/// Sends another code in place of the last one, within an hour.
///
/// # Errors
/// `CODE_EXPIRED`, `TOO_MANY_TRIES`.
pub async fn resend(bank: &Bank, id: VerificationId, origin: &Origin) -> Result<Verification> {
    let now = bank.clock.now();
    let expired = Code::CodeExpired.at("verificationId");
    let row = verification::Entity::find_by_id(id).one(bank.db.connection()).await?.ok_or(expired)?;
    if row.completed_at.is_some() || row.created_at + RESENT_FOR <= now {
        return Err(expired.into());
    }
    let to = sent_to(bank, &row)?;
    count(bank, &to, origin).await?;
    let (code, expires_at) = (new_code(), now + VALID_FOR);
    let tx = bank.db.begin().await?;
    let row = verification::Entity::find_by_id(id).lock_exclusive().one(&tx).await?.ok_or(expired)?;
    let hashed = row.code.as_ref().map(|_| hmac(bank, id, row.purpose, code.reveal()));
    let taken = hashed.is_none();
    let anew = verification::ActiveModel {
        code: Set(hashed),
        tries_left: Set(TRIES),
        expires_at: Set(expires_at),
        ..Default::default()
    };
    update(&tx, id, anew).await?;
    let phrase = match row.user_id {
        Some(user) => {
            let (person, key) = user::lock(bank, &tx, user).await?;
            user::phrase(&key, &person)?
        }
        None => None,
    };
    let letter = Letter {
        notice: notice(row.purpose, taken, code),
        // A code has no time in its text.
        locale: Locale::stored(row.language, "UTC"),
        phrase,
        at: now,
        until: Some(expires_at),
    };
    message::put(bank, &tx, EventId(bank.ids.next(now)), &to, letter).await?;
    tx.commit().await?;
    bank.bell.ring();
    Ok(Verification { id, expires_at })
}

/// A code that was right, in the open transaction that its effect belongs to.
pub(crate) struct Shown {
    pub(crate) tx: DatabaseTransaction,
    pub(crate) handle: Handle,
    pub(crate) user: Option<UserId>,
}

/// Shows a code. A wrong one costs a try, a right one can't be shown again.
pub(crate) async fn show(
    bank: &Bank,
    purpose: Purpose,
    id: VerificationId,
    code: &str,
    origin: &Origin,
) -> Result<Shown> {
    take(bank, Counted::ShowCode, By::Address(origin)).await?;
    let now = bank.clock.now();
    let tx = bank.db.begin().await?;
    let found = verification::Entity::find_by_id(id).lock_exclusive().one(&tx).await?;
    let row = found.filter(|row| row.purpose == purpose).ok_or(Code::CodeExpired.at("verificationId"))?;
    if row.completed_at.is_some() || row.expires_at <= now || row.tries_left == 0 {
        return Err(Code::CodeExpired.at("code").into());
    }
    let shown = hmac(bank, id, purpose, code.trim());
    if !row.code.as_ref().is_some_and(|right| keys::same(right, &shown)) {
        let tries_left = Set(row.tries_left.saturating_sub(1));
        update(&tx, id, verification::ActiveModel { tries_left, ..Default::default() }).await?;
        tx.commit().await?;
        return Err(Code::CodeWrong.at("code").into());
    }
    let completed_at = Set(Some(now));
    update(&tx, id, verification::ActiveModel { completed_at, ..Default::default() }).await?;
    Ok(Shown { handle: sent_to(bank, &row)?, user: row.user_id, tx })
}

fn sent_to(bank: &Bank, row: &verification::Model) -> Result<Handle> {
    let value = bank.vault.house().open_text(Place(HANDLE, row.id.0), &row.handle)?;
    Ok(Handle::stored(row.kind, value))
}

async fn update(tx: &DatabaseTransaction, id: VerificationId, row: verification::ActiveModel) -> Result<()> {
    verification::Entity::update_many().set(row).filter(verification::COLUMN.id.eq(id)).exec(tx).await?;
    Ok(())
}

/// Forgets verifications that ended a day ago, with what was said at sign-up.
///
/// # Errors
/// Only faults.
pub async fn forget_expired(bank: &Bank) -> Result<u64> {
    let before = bank.clock.now() - Duration::days(1);
    let old = verification::Entity::delete_many().filter(verification::Column::ExpiresAt.lt(before));
    Ok(old.exec(bank.db.connection()).await?.rows_affected)
}
