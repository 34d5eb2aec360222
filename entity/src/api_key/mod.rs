//! API keys: with them programs act for a person, as far as each is allowed.
//!
//! Guarantees: the secret is shown once and kept as SHA-256 (256 random bits, ASVS 5.0, 7.2.3). A key is a session
//! of its own, without a device and never refreshed, so that whatever ends sessions ends keys, and the ledger
//! makes sure that it is open in the moment that money moves. It may what its scopes name and nothing else, from the
//! addresses that it is bound to, for a year at most. To make one takes the password and an answered question;
//! its payments are not asked about, but bounded by a limit ([`spend`]).
//!
//! Refuses `API_KEY_INVALID` for a key that is unknown, was revoked, or has expired, and `ADDRESS_NOT_ALLOWED`.

mod access;
mod scope;
mod spend;

pub use access::{authenticate, parse_networks};
pub use scope::{Scope, Scopes};
pub use spend::{Interval, SpendLimit, Spending, forget_expired};

pub(crate) use access::ApiKeys;
pub(crate) use spend::pay;

use access::networks;

use crate::bank::Bank;
use crate::clock::Time;
use crate::error::{Fault, Result};
use crate::id::{ApiKeyId, SessionId, UserId};
use crate::keys;
use crate::notification::{self, Notice};
use crate::origin::Origin;
use crate::proof::{self, Proof};
use crate::refusal::Code;
use crate::secret::Secret;
use crate::security_event::SecurityEventKind;
use crate::session::{self, Caller, EndReason};
use crate::table::{api_key, session as sessions};
use crate::user;
use crate::vault::DataKey;
use chrono::Duration;
use ipnet::IpNet;
use sea_orm::{
    ColumnTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder, SelectTwo,
};

/// How long a key lives at most.
const LIFE: Duration = Duration::days(366);
/// Open keys of a person.
const KEYS_MAX: u64 = 20;
/// Letters of the end of a secret that are kept to know it by.
const SHOWN: usize = 4;

const NAME: &str = "api_keys.name";
/// The column of the networks, for its seal.
const NETWORKS: &str = "api_keys.networks";

/// What every secret of a key begins with, so that scanners of source code find it.
pub const PREFIX: &str = "wk_";

/// A key as its person wants it.
#[derive(Clone, Debug)]
pub struct NewApiKey {
    /// What the person calls it.
    pub name: String,
    /// What it may.
    pub scopes: Scopes,
    /// From where it may be used; from anywhere, if there is none.
    pub networks: Vec<IpNet>,
    /// How much may leave by it.
    pub limit: Option<SpendLimit>,
    /// Until when.
    pub expires_at: Time,
}

/// An open key, as its person sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// Its id.
    pub id: ApiKeyId,
    /// What the person calls it.
    pub name: String,
    /// The beginning and the end of its secret.
    pub hint: String,
    /// What it may.
    pub scopes: Scopes,
    /// From where it may be used; from anywhere, if there is none.
    pub networks: Vec<IpNet>,
    /// How much may leave by it, and has left.
    pub spending: Option<Spending>,
    /// When it was made.
    pub created_at: Time,
    /// Until when it works.
    pub expires_at: Time,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Time>,
}

/// Makes a key, and gives its secret, this once.
///
/// # Errors
/// `SPEND_LIMIT_REQUIRED` where money can leave by it, `EXPIRY_INVALID`, `API_KEY_LIMIT`, `PASSWORD_WRONG`,
/// `CHALLENGE_REQUIRED`, `CHALLENGE_INVALID`, `TOO_MANY_TRIES`, `OVERLOADED`.
pub async fn create(
    bank: &Bank,
    caller: Caller,
    wanted: NewApiKey,
    proof: Proof,
    origin: &Origin,
) -> Result<(Secret, ApiKey)> {
    let now = bank.clock.now();
    if wanted.expires_at <= now || wanted.expires_at > now + LIFE {
        return Err(Code::ExpiryInvalid.at("expiresAt").into());
    }
    if wanted.scopes.can_pay() && wanted.limit.is_none() {
        return Err(Code::SpendLimitRequired.at("spendLimit").into());
    }
    if proof.challenge.is_none() {
        return Err(Code::ChallengeRequired.at("challengeId").into());
    }
    proof::confirm(bank, caller, proof).await?;
    let kind = if bank.sandbox { "test_" } else { "live_" };
    let secret = format!("{PREFIX}{kind}{}", keys::hex(&keys::random_bytes()));
    let tx = bank.db.begin().await?;
    let (_, key) = user::lock(bank, &tx, caller.user).await?;
    if open(caller.user, now).count(&tx).await? >= KEYS_MAX {
        return Err(Code::ApiKeyLimit.into());
    }
    let id = ApiKeyId(bank.ids.next(now));
    session::open_for_key(&tx, SessionId(id.0), caller.user, wanted.expires_at, now).await?;
    let row = row(&key, id, &wanted, &secret, now)?;
    api_key::Entity::insert(row.clone().into_active_model()).exec_without_returning(&tx).await?;
    let notice = Notice::ApiKeyCreated { name: wanted.name, hint: row.hint.clone() };
    notification::warn(bank, &tx, &key, SecurityEventKind::ApiKeyCreated, &notice, origin).await?;
    tx.commit().await?;
    bank.bell.ring();
    Ok((Secret::new(secret), read(&key, row, wanted.expires_at, now)?))
}

fn row(key: &DataKey, id: ApiKeyId, wanted: &NewApiKey, secret: &str, now: Time) -> Result<api_key::Model> {
    let networks = wanted.networks.iter().map(IpNet::to_string).collect::<Vec<_>>().join(" ");
    let (begin, end) = (PREFIX.len() + 5, secret.len().saturating_sub(SHOWN));
    let hint = [secret.get(..begin), Some("…"), secret.get(end..)].into_iter().flatten().collect();
    Ok(api_key::Model {
        id,
        user_id: key.user(),
        secret_hash: session::hash(secret),
        hint,
        name: key.seal(NAME, id.0, &wanted.name)?,
        scopes: wanted.scopes.to_text(),
        networks: key.seal(NETWORKS, id.0, &networks)?,
        spend_currency: wanted.limit.map(|limit| limit.amount.currency()),
        spend_limit: wanted.limit.map(|limit| limit.amount.minor()),
        spend_interval: wanted.limit.map(|limit| limit.interval),
        window_start: None,
        spent: 0,
        created_at: now,
        last_used_at: None,
    })
}

/// Ends a key of the person's own, at once.
///
/// # Errors
/// `NOT_FOUND`.
pub async fn revoke(bank: &Bank, caller: Caller, id: ApiKeyId, origin: &Origin) -> Result<()> {
    let now = bank.clock.now();
    let tx = bank.db.begin().await?;
    let (_, key) = user::lock(bank, &tx, caller.user).await?;
    let own = open(caller.user, now).filter(api_key::COLUMN.id.eq(id)).one(&tx).await?;
    let (row, _) = own.ok_or(Code::NotFound.at("id"))?;
    session::end_one(&tx, SessionId(id.0), EndReason::Revoked, now).await?;
    let notice = Notice::ApiKeyRevoked { name: key.open(NAME, id.0, &row.name)?, hint: row.hint };
    notification::warn(bank, &tx, &key, SecurityEventKind::ApiKeyRevoked, &notice, origin).await?;
    tx.commit().await?;
    bank.bell.ring();
    Ok(())
}

/// The keys of a person whose sessions are open.
fn open(user: UserId, now: Time) -> SelectTwo<api_key::Entity, sessions::Entity> {
    api_key::Entity::find()
        .find_also_related(sessions::Entity)
        .filter(api_key::COLUMN.user_id.eq(user))
        .filter(sessions::COLUMN.ended_at.is_null())
        .filter(sessions::Column::ExpiresAt.gt(now))
}

fn read(key: &DataKey, row: api_key::Model, expires_at: Time, now: Time) -> Result<ApiKey, Fault> {
    Ok(ApiKey {
        id: row.id,
        name: key.open(NAME, row.id.0, &row.name)?,
        scopes: Scopes::read(&row.scopes)?,
        networks: networks(key, &row)?,
        spending: Spending::of(&row, now)?,
        hint: row.hint,
        created_at: row.created_at,
        expires_at,
        last_used_at: row.last_used_at,
    })
}

/// The open keys of a person, newest first.
///
/// # Errors
/// Only faults.
pub async fn list(bank: &Bank, user: UserId) -> Result<Vec<ApiKey>> {
    let (db, now) = (bank.db.connection(), bank.clock.now());
    let rows = open(user, now).order_by_desc(api_key::Column::Id).all(db).await?;
    let key = user::data_key(bank, db, user).await?;
    let read = |(row, session): (api_key::Model, Option<sessions::Model>)| {
        let session = session.ok_or(Fault::Corrupt("a key has no session"))?;
        Ok(read(&key, row, session.expires_at, now)?)
    };
    rows.into_iter().map(read).collect()
}
