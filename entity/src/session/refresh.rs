//! Refresh tokens: each gets the next one, once.
//!
//! Guarantees: of a token only the hash is kept. Who shows a used one again ends the session, since one of the two who have
//! it is a thief (RFC 9700, section 4.14.2), and the person is told. A session goes on for [`IDLE`] from here, but not beyond [`LIFE`].

use super::{EndReason, IDLE, LIFE, Tokens, end_one};
use crate::bank::Bank;
use crate::clock::Time;
use crate::error::{Error, Result};
use crate::id::{EventId, SessionId};
use crate::keys;
use crate::notification::{self, Notice};
use crate::origin::Origin;
use crate::refusal::Code;
use crate::secret::Secret;
use crate::security_event::{self, SecurityEventKind};
use crate::standing;
use crate::table::{refresh_token, session};
use crate::user;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter,
    QuerySelect,
};
use sha2::{Digest, Sha256};

/// Makes a token of a session.
pub(super) async fn issue(tx: &DatabaseTransaction, session_id: SessionId, now: Time) -> Result<Secret> {
    let refresh = format!("okr_{}", keys::hex(&keys::random_bytes()));
    let row = refresh_token::Model { hash: hash(&refresh), session_id, issued_at: now, used_at: None };
    refresh_token::Entity::insert(row.into_active_model()).exec_without_returning(tx).await?;
    Ok(Secret::new(refresh))
}

/// What is kept of a token of 256 random bits, for which no slow hash is needed.
pub(crate) fn hash(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

/// Swaps a refresh token for the next one.
///
/// # Errors
/// `REFRESH_TOKEN_INVALID`; `REFRESH_TOKEN_REUSED`, and then the session is over.
pub async fn refresh(bank: &Bank, token: &str, origin: &Origin) -> Result<Tokens> {
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
        return Err(stolen(bank, tx, &session, origin).await);
    }
    refresh_token::Entity::update_many()
        .set(refresh_token::ActiveModel { used_at: Set(Some(now)), ..Default::default() })
        .filter(refresh_token::COLUMN.hash.eq(row.hash))
        .exec(&tx)
        .await?;
    // Never sooner than before, should this clock be behind another's: what was found open till then is taken to be.
    let expires_at = (now + IDLE).min(session.created_at + LIFE).max(session.expires_at);
    let refreshed = session::Entity::update_many()
        .set(session::ActiveModel {
            refreshed_at: Set(now),
            expires_at: Set(expires_at),
            ..Default::default()
        })
        .filter(session::COLUMN.id.eq(session.id))
        .filter(session::COLUMN.ended_at.is_null())
        .exec(&tx)
        .await?;
    if refreshed.rows_affected == 0 {
        return Err(invalid.into());
    }
    let refresh = issue(&tx, session.id, now).await?;
    let standing = standing::read(&tx, session.user_id).await?;
    tx.commit().await?;
    let confirmed = session.confirmed_at.is_some();
    Ok(Tokens { session: session.id, user: session.user_id, confirmed, standing, refresh, device: None })
}

/// Ends a session whose refresh token was used twice, and tells its person.
async fn stolen(bank: &Bank, tx: DatabaseTransaction, session: &session::Model, origin: &Origin) -> Error {
    let ended = async {
        let (_, key) = user::lock(bank, &tx, session.user_id).await?;
        end_one(&tx, session.id, EndReason::TokenReused, bank.clock.now()).await?;
        security_event::record(bank, &tx, &key, SecurityEventKind::TokenReused, origin).await?;
        notification::tell(bank, &tx, &key, EventId(session.id.0), &Notice::TokenReused).await
    };
    if let Err(error) = ended.await {
        return error;
    }
    match tx.commit().await {
        Ok(()) => {
            bank.bell.ring();
            tracing::warn!(session = %session.id, user = %session.user_id, "a refresh token was used twice");
            Code::RefreshTokenReused.at("refreshToken").into()
        }
        Err(error) => error.into(),
    }
}
