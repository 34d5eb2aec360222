//! Sessions: one sign-in on one device, or one API key.
//!
//! Guarantees: a refresh token works once (RFC 9700, section 4.14.2). Whoever shows a used one
//! again ends the session, since one of the two who have it is a thief, and the person is told; without a time of
//! grace, in which a thief would go unseen (ASVS 5.0, 10.4.5). Only hashes are stored. A session ends when it was not refreshed for [`IDLE`], and after [`LIFE`] in any
//! case (ASVS 5.0, 7.3.1 and 7.3.2). The access token is made by the api from what is here; it dies with
//! the session, because every request is [`check`]ed, or claims its session to the ledger. An API key is carried
//! by a session without a device, which is never refreshed.

mod own;
mod refresh;

use crate::api_key::Scopes;
use crate::bank::Bank;
use crate::clock::Time;
use crate::country;
use crate::db::{Db, one_of};
use crate::device;
use crate::error::Result;
use crate::gather::{Answers, Gather};
use crate::id::{SessionId, UserId};
use crate::origin::Origin;
use crate::refusal::Code;
use crate::secret::Secret;
use crate::standing::{self, Standing};
use crate::table::session;
use crate::vault::DataKey;
use chrono::Duration;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, DeriveActiveEnum, EntityTrait,
    EnumIter, IntoActiveModel, QueryFilter, QuerySelect,
};

pub use own::{OpenSession, list, revoke, revoke_all, revoke_others, sign_out};
pub use refresh::refresh;

pub(crate) use own::{end_all, end_one};
pub(crate) use refresh::hash;

use refresh::issue;

/// How long a session lives at most, however often it is refreshed.
const LIFE: Duration = Duration::days(60);
/// How long a session lives without being refreshed.
const IDLE: Duration = Duration::days(14);

/// Who acts, and in which session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Who.
    pub user: UserId,
    /// In which session.
    pub session: SessionId,
    /// Whether the person has shown in it more than the password, when the access token was made.
    pub confirmed: bool,
    /// How the person stood when the access token was made; none, if it does not say.
    pub standing: Option<Standing>,
    /// What it may, if it is an API key of the person and not the person itself.
    pub scopes: Option<Scopes>,
}

/// What a client is given when it signs in or refreshes.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// The session that an access token is made for.
    pub session: SessionId,
    /// Whose it is.
    pub user: UserId,
    /// Whether the person has shown in it more than the password.
    pub confirmed: bool,
    /// How the person stands.
    pub standing: Standing,
    /// The token that gets the next access token; it works once.
    pub refresh: Secret,
    /// The token that the device is to keep, if it was not seen before.
    pub device: Option<Secret>,
}

/// Why a session ended before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EndReason {
    /// The person signed out.
    SignedOut,
    /// The person ended it from another session.
    Revoked,
    /// Its refresh token was used twice.
    TokenReused,
    /// Somebody said of a sign-in that it was not theirs.
    NotMe,
    /// The password was changed.
    PasswordChanged,
    /// The password was forgotten and replaced.
    PasswordReset,
    /// The person has locked its wallet.
    Locked,
    /// The wallet was closed.
    Closed,
    /// The second factor was changed.
    FactorChanged,
}

/// The column of the address, for its seal.
const ADDRESS: &str = "sessions.address";

/// Opens a session for somebody who has just proven to be this person; confirmed, if by more than the
/// password.
pub(crate) async fn open(
    bank: &Bank,
    tx: &DatabaseTransaction,
    key: &DataKey,
    origin: &Origin,
    confirmed: bool,
) -> Result<Tokens> {
    let (user_id, now) = (key.user(), bank.clock.now());
    let id = SessionId(bank.ids.next(now));
    let device = device::meet(bank, tx, key, origin).await?;
    let country = bank.countries.of(origin);
    if let Some(country) = &country {
        country::meet(tx, user_id, country, now).await?;
    }
    let row = session::Model {
        id,
        user_id,
        device_id: Some(device.id),
        address: Some(key.seal(ADDRESS, id.0, &origin.shown())?),
        country,
        created_at: now,
        refreshed_at: now,
        expires_at: now + IDLE,
        confirmed_at: confirmed.then_some(now),
        ended_at: None,
        end_reason: None,
    };
    session::Entity::insert(row.into_active_model()).exec_without_returning(tx).await?;
    if device.is_news {
        device::announce(bank, tx, key, id, origin).await?;
    }
    let refresh = issue(tx, id, now).await?;
    let standing = standing::read(tx, user_id).await?;
    Ok(Tokens { session: id, user: user_id, confirmed, standing, refresh, device: device.token })
}

/// Opens the session that carries an API key until it expires. Nobody has shown anything in it.
pub(crate) async fn open_for_key(
    tx: &DatabaseTransaction,
    id: SessionId,
    user_id: UserId,
    expires_at: Time,
    now: Time,
) -> Result<()> {
    let row = session::Model {
        id,
        user_id,
        device_id: None,
        address: None,
        country: None,
        created_at: now,
        refreshed_at: now,
        expires_at,
        confirmed_at: None,
        ended_at: None,
        end_reason: None,
    };
    session::Entity::insert(row.into_active_model()).exec_without_returning(tx).await?;
    Ok(())
}

/// Whether the person has shown more than the password in this session.
pub(crate) async fn is_confirmed(bank: &Bank, id: SessionId) -> Result<bool> {
    let row = session::Entity::find_by_id(id).one(bank.db.connection()).await?;
    Ok(row.is_some_and(|row| row.confirmed_at.is_some()))
}

/// Records that the person has shown more than the password in this session.
pub(crate) async fn confirm(tx: &DatabaseTransaction, id: SessionId, now: Time) -> Result<()> {
    session::Entity::update_many()
        .set(session::ActiveModel { confirmed_at: Set(Some(now)), ..Default::default() })
        .filter(session::COLUMN.id.eq(id))
        .exec(tx)
        .await?;
    Ok(())
}

/// The question whose a session is that was not ended, and when it expires.
pub(crate) type BySession = Gather<SessionId, (UserId, Time)>;

/// Starts to answer whose a session is. Nothing of it is remembered: it may end at any moment.
pub(crate) fn by_session(db: Db) -> BySession {
    Gather::start(0, move |sessions| {
        let db = db.clone();
        Box::pin(async move { among(db.connection(), &sessions).await })
    })
}

/// Those of these sessions that were not ended.
pub(crate) async fn among(
    db: &impl ConnectionTrait,
    sessions: &[SessionId],
) -> Answers<SessionId, (UserId, Time)> {
    let ids = sessions.iter().map(|session| session.0);
    let rows: Vec<(SessionId, UserId, Time)> = session::Entity::find()
        .select_only()
        .columns([session::Column::Id, session::Column::UserId, session::Column::ExpiresAt])
        .filter(one_of(db, session::Column::Id, ids))
        .filter(session::COLUMN.ended_at.is_null())
        .into_tuple()
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|(id, user, expires_at)| (id, (user, expires_at))).collect())
}

/// Refuses a caller whose session is not its own, or not open any more.
///
/// # Errors
/// `SESSION_ENDED`, `OVERLOADED`.
pub async fn check(bank: &Bank, caller: Caller) -> Result<()> {
    let found = bank.by_session.ask(caller.session).await?;
    let (user, expires_at) = found.ok_or(Code::SessionEnded)?;
    let good = user == caller.user && expires_at > bank.clock.now();
    if good { Ok(()) } else { Err(Code::SessionEnded.into()) }
}

/// Forgets sessions that ended by age a month ago, with their tokens.
///
/// # Errors
/// Only faults.
pub async fn forget_expired(bank: &Bank) -> Result<u64> {
    let before = bank.clock.now() - Duration::days(30);
    let tx = bank.db.begin().await?;
    let deleted =
        session::Entity::delete_many().filter(session::Column::ExpiresAt.lt(before)).exec(&tx).await?;
    tx.commit().await?;
    Ok(deleted.rows_affected)
}
