//! Sessions: one sign-in on one device.
//!
//! Guarantees: a refresh token works once (RFC 9700, section 4.14.2). Whoever shows a used one
//! again ends the session, since one of the two who have it is a thief. Only hashes are stored.
//! The access token is made by the api from what is here; it dies with the session, because every
//! request is [`check`]ed, or claims its session to the ledger.

use crate::bank::Bank;
use crate::clock::Time;
use crate::db::{Db, one_of};
use crate::error::Result;
use crate::gather::{Answers, Gather};
use crate::id::{SessionId, UserId};
use crate::keys;
use crate::refusal::Code;
use crate::table::{refresh_token, session};
use chrono::Duration;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, IntoActiveModel,
    QueryFilter, QuerySelect,
};
use sha2::{Digest, Sha256};

/// How long a session lives at most, however often it is refreshed (ASVS 5.0, 7.3.2).
const LIFE: Duration = Duration::days(60);

/// Who acts, and in which session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Who.
    pub user: UserId,
    /// In which session.
    pub session: SessionId,
}

/// What a client is given when it signs in or refreshes.
#[derive(Clone)]
pub struct Tokens {
    /// The session that an access token is made for.
    pub session: SessionId,
    /// Whose it is.
    pub user: UserId,
    /// The token that gets the next access token; it works once.
    pub refresh: String,
}

/// Opens a session for somebody who has just proven to be this person.
pub(crate) async fn open(bank: &Bank, tx: &DatabaseTransaction, user_id: UserId) -> Result<Tokens> {
    let now = bank.clock.now();
    let id = SessionId(bank.ids.next(now));
    let row = session::Model { id, user_id, created_at: now, expires_at: now + LIFE, ended_at: None };
    session::Entity::insert(row.into_active_model()).exec_without_returning(tx).await?;
    issue(tx, id, user_id, now).await
}

async fn issue(tx: &DatabaseTransaction, session_id: SessionId, user: UserId, now: Time) -> Result<Tokens> {
    let refresh = format!("okr_{}", keys::hex(&keys::random_bytes()));
    let row = refresh_token::Model { hash: hash(&refresh), session_id, issued_at: now, used_at: None };
    refresh_token::Entity::insert(row.into_active_model()).exec_without_returning(tx).await?;
    Ok(Tokens { session: session_id, user, refresh })
}

fn hash(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

/// Swaps a refresh token for the next one.
///
/// # Errors
/// `REFRESH_TOKEN_INVALID`; `REFRESH_TOKEN_REUSED`, and then the session is over.
pub async fn refresh(bank: &Bank, token: &str) -> Result<Tokens> {
    let now = bank.clock.now();
    let tx = bank.db.begin().await?;
    let invalid = Code::RefreshTokenInvalid.at("refreshToken");
    let row =
        refresh_token::Entity::find_by_id(hash(token)).lock_exclusive().one(&tx).await?.ok_or(invalid)?;
    let session = session::Entity::find_by_id(row.session_id).one(&tx).await?.ok_or(invalid)?;
    if session.ended_at.is_some() || session.expires_at <= now {
        return Err(invalid.into());
    }
    if row.used_at.is_some() {
        end_in(&tx, row.session_id, now).await?;
        tx.commit().await?;
        tracing::warn!(session = %row.session_id, user = %session.user_id, "a refresh token was used twice");
        return Err(Code::RefreshTokenReused.at("refreshToken").into());
    }
    refresh_token::Entity::update_many()
        .set(refresh_token::ActiveModel { used_at: Set(Some(now)), ..Default::default() })
        .filter(refresh_token::COLUMN.hash.eq(row.hash))
        .exec(&tx)
        .await?;
    let tokens = issue(&tx, session.id, session.user_id, now).await?;
    tx.commit().await?;
    Ok(tokens)
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
    let query = session::Entity::find().filter(one_of(db, session::Column::Id, ids));
    let rows = query.filter(session::COLUMN.ended_at.is_null()).all(db).await?;
    Ok(rows.into_iter().map(|row| (row.id, (row.user_id, row.expires_at))).collect())
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

/// Signs out. Doing it twice is doing it once.
///
/// # Errors
/// Only faults.
pub async fn end(bank: &Bank, id: SessionId) -> Result<()> {
    let tx = bank.db.begin().await?;
    end_in(&tx, id, bank.clock.now()).await?;
    Ok(tx.commit().await?)
}

async fn end_in(tx: &DatabaseTransaction, id: SessionId, now: Time) -> Result<()> {
    session::Entity::update_many()
        .set(session::ActiveModel { ended_at: Set(Some(now)), ..Default::default() })
        .filter(session::COLUMN.id.eq(id))
        .filter(session::COLUMN.ended_at.is_null())
        .exec(tx)
        .await?;
    Ok(())
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
