//! The sessions of a person, to see and to end.
//!
//! Guarantees: what ended a session is kept, and is in the person's log. The sessions that carry API keys are not
//! among them: [`api_key`](crate::api_key) lists and ends those. What ends all sessions ends them too.

use super::{ADDRESS, Caller, EndReason};
use crate::bank::Bank;
use crate::clock::Time;
use crate::device;
use crate::error::{Fault, Result};
use crate::id::{SessionId, UserId};
use crate::origin::Origin;
use crate::refusal::Code;
use crate::security_event::{self, SecurityEventKind};
use crate::table::{self, session};
use crate::user;
use crate::vault::DataKey;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, UpdateMany,
};

/// An open session, as its person sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenSession {
    /// Its id.
    pub id: SessionId,
    /// How the client's program called itself.
    pub agent: String,
    /// Whether the person has shown in it more than the password.
    pub is_confirmed: bool,
    /// From which address it was opened.
    pub address: String,
    /// In which country that is (ISO 3166-1 alpha-2), where it is known.
    pub country: Option<String>,
    /// When it was opened.
    pub created_at: Time,
    /// When it was last refreshed.
    pub refreshed_at: Time,
    /// When it expires, if it is not refreshed.
    pub expires_at: Time,
}

/// Signs out. Doing it twice is doing it once.
///
/// # Errors
/// Only faults.
pub async fn sign_out(bank: &Bank, caller: Caller, origin: &Origin) -> Result<()> {
    end(bank, caller.user, caller.session, EndReason::SignedOut, origin).await.map(drop)
}

/// Ends another session of the person's own.
///
/// # Errors
/// `NOT_FOUND`.
pub async fn revoke(bank: &Bank, caller: Caller, id: SessionId, origin: &Origin) -> Result<()> {
    let ended = end(bank, caller.user, id, EndReason::Revoked, origin).await?;
    if ended > 0 { Ok(()) } else { Err(Code::NotFound.at("id").into()) }
}

/// Ends all other sessions of the person, but no API keys; says how many.
///
/// # Errors
/// Only faults.
pub async fn revoke_others(bank: &Bank, caller: Caller, origin: &Origin) -> Result<u64> {
    let tx = bank.db.begin().await?;
    let (_, key) = user::lock(bank, &tx, caller.user).await?;
    let now = bank.clock.now();
    let others = ending(caller.user, Some(caller.session), EndReason::Revoked, now);
    let others = others.filter(session::COLUMN.device_id.is_not_null());
    let ended = others.exec(&tx).await?.rows_affected;
    if ended > 0 {
        security_event::record(bank, &tx, &key, SecurityEventKind::SessionRevoked, origin).await?;
    }
    tx.commit().await?;
    Ok(ended)
}

/// Ends all sessions of a person in the name of an operator; says how many.
///
/// # Errors
/// `NOT_FOUND`.
pub async fn revoke_all(bank: &Bank, user: UserId, origin: &Origin) -> Result<u64> {
    let tx = bank.db.begin().await?;
    let (_, key) = user::lock(bank, &tx, user).await?;
    let ended = end_all(&tx, user, None, EndReason::Revoked, bank.clock.now()).await?;
    if ended > 0 {
        security_event::record(bank, &tx, &key, SecurityEventKind::SessionRevoked, origin).await?;
    }
    tx.commit().await?;
    Ok(ended)
}

async fn end(bank: &Bank, user: UserId, id: SessionId, why: EndReason, origin: &Origin) -> Result<u64> {
    let tx = bank.db.begin().await?;
    let (_, key) = user::lock(bank, &tx, user).await?;
    let own = session::Entity::find_by_id(id).filter(session::COLUMN.user_id.eq(user)).one(&tx).await?;
    if own.is_none() {
        return Ok(0);
    }
    let ended = end_one(&tx, id, why, bank.clock.now()).await?;
    if ended > 0 {
        let kind = match why {
            EndReason::SignedOut => SecurityEventKind::SignedOut,
            EndReason::Revoked
            | EndReason::TokenReused
            | EndReason::NotMe
            | EndReason::PasswordChanged
            | EndReason::PasswordReset
            | EndReason::Locked
            | EndReason::Closed
            | EndReason::FactorChanged => SecurityEventKind::SessionRevoked,
        };
        security_event::record(bank, &tx, &key, kind, origin).await?;
    }
    tx.commit().await?;
    Ok(ended)
}

pub(crate) async fn end_one(
    tx: &DatabaseTransaction,
    id: SessionId,
    why: EndReason,
    now: Time,
) -> Result<u64> {
    let ended = session::Entity::update_many()
        .set(session::ActiveModel {
            ended_at: Set(Some(now)),
            end_reason: Set(Some(why)),
            ..Default::default()
        })
        .filter(session::COLUMN.id.eq(id))
        .filter(session::COLUMN.ended_at.is_null())
        .exec(tx)
        .await?;
    Ok(ended.rows_affected)
}

/// Ends all sessions of a person but one, and all API keys.
pub(crate) async fn end_all(
    tx: &DatabaseTransaction,
    user: UserId,
    but: Option<SessionId>,
    why: EndReason,
    now: Time,
) -> Result<u64> {
    Ok(ending(user, but, why, now).exec(tx).await?.rows_affected)
}

fn ending(user: UserId, but: Option<SessionId>, why: EndReason, now: Time) -> UpdateMany<session::Entity> {
    let ended = session::Entity::update_many()
        .set(session::ActiveModel {
            ended_at: Set(Some(now)),
            end_reason: Set(Some(why)),
            ..Default::default()
        })
        .filter(session::COLUMN.user_id.eq(user))
        .filter(session::COLUMN.ended_at.is_null());
    match but {
        Some(but) => ended.filter(session::COLUMN.id.ne(but)),
        None => ended,
    }
}

/// The open sessions of a person, newest first.
///
/// # Errors
/// Only faults.
pub async fn list(bank: &Bank, user: UserId) -> Result<Vec<OpenSession>> {
    let db = bank.db.connection();
    let rows = session::Entity::find()
        .find_also_related(table::device::Entity)
        .filter(session::COLUMN.user_id.eq(user))
        .filter(session::COLUMN.device_id.is_not_null())
        .filter(session::COLUMN.ended_at.is_null())
        .filter(session::Column::ExpiresAt.gt(bank.clock.now()))
        .order_by_desc(session::Column::Id)
        .all(db)
        .await?;
    let key = user::data_key(bank, db, user).await?;
    rows.into_iter().map(|(row, device)| Ok(read(&key, row, device)?)).collect()
}

fn read(
    key: &DataKey,
    row: session::Model,
    device: Option<table::device::Model>,
) -> Result<OpenSession, Fault> {
    let agent = device.map(|device| key.open(device::AGENT, device.id.0, &device.agent)).transpose()?;
    let address = row.address.map(|address| key.open(ADDRESS, row.id.0, &address)).transpose()?;
    Ok(OpenSession {
        id: row.id,
        agent: agent.unwrap_or_default(),
        address: address.unwrap_or_default(),
        country: row.country,
        is_confirmed: row.confirmed_at.is_some(),
        created_at: row.created_at,
        refreshed_at: row.refreshed_at,
        expires_at: row.expires_at,
    })
}
