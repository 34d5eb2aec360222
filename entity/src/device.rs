//! Devices: what a person signs in with, known by a token that the device keeps.
//!
//! Guarantees: a device that was not seen before is told to every handle of the person, with a code that
//! ends all sessions; five times an hour, so that who knows the password can't bury the warnings under each other.
//! The others are in the log, and each code ends all sessions, theirs too. Only the hash of a device's token is kept. A known device has its own count of
//! wrong passwords, so that nobody can shut a person out of its own wallet by guessing.

use crate::bank::Bank;
use crate::error::Result;
use crate::id::{DeviceId, EventId, SessionId, UserId};
use crate::keys;
use crate::notification::{self, Notice};
use crate::origin::Origin;
use crate::refusal::Code;
use crate::secret::Secret;
use crate::security_event::SecurityEventKind;
use crate::session::{self, EndReason};
use crate::table::{device, session as sessions};
use crate::user;
use crate::vault::DataKey;
use chrono::Duration;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, IntoActiveModel,
    PaginatorTrait, QueryFilter,
};
use uuid::Uuid;

/// How long it may be said of a sign-in that it was not one's own.
const REPORTED_FOR: Duration = Duration::days(7);

/// Messages about new devices in an hour.
const TOLD: u64 = 5;

/// The column of a device's program, for its seal.
pub(crate) const AGENT: &str = "devices.agent";

/// The device of a sign-in.
pub(crate) struct Met {
    pub(crate) id: DeviceId,
    /// The token that the device is to keep, if it was not seen before.
    pub(crate) token: Option<Secret>,
    /// Whether the person has used other devices before, and is to be told of this one.
    pub(crate) is_news: bool,
}

/// The device that a client has shown the token of, if it is the person's.
pub(crate) async fn known(
    db: &impl ConnectionTrait,
    user: UserId,
    origin: &Origin,
) -> Result<Option<device::Model>> {
    let Some(token) = &origin.device else {
        return Ok(None);
    };
    let own = device::Entity::find()
        .filter(device::COLUMN.token_hash.eq(session::hash(token.reveal())))
        .filter(device::COLUMN.user_id.eq(user));
    Ok(own.one(db).await?)
}

/// Recognises the device of a sign-in, or gets to know it.
pub(crate) async fn meet(
    bank: &Bank,
    tx: &DatabaseTransaction,
    key: &DataKey,
    origin: &Origin,
) -> Result<Met> {
    let (user, now) = (key.user(), bank.clock.now());
    if let Some(known) = known(tx, user, origin).await? {
        device::Entity::update_many()
            .set(device::ActiveModel { last_seen_at: Set(now), ..Default::default() })
            .filter(device::COLUMN.id.eq(known.id))
            .exec(tx)
            .await?;
        return Ok(Met { id: known.id, token: None, is_news: false });
    }
    // The row of the person is locked: nobody else counts at the same time.
    let own = device::Entity::find().filter(device::COLUMN.user_id.eq(user));
    let others = own.clone().count(tx).await?;
    let recent = own.filter(device::Column::FirstSeenAt.gt(now - Duration::hours(1))).count(tx).await?;
    let id = DeviceId(bank.ids.next(now));
    let token = Secret::new(format!("okd_{}", keys::hex(&keys::random_bytes())));
    let row = device::Model {
        id,
        user_id: user,
        token_hash: session::hash(token.reveal()),
        agent: key.seal(AGENT, id.0, &origin.agent)?,
        first_seen_at: now,
        last_seen_at: now,
    };
    device::Entity::insert(row.into_active_model()).exec_without_returning(tx).await?;
    Ok(Met { id, token: Some(token), is_news: others > 0 && recent < TOLD })
}

/// Tells a person of a session on a new device.
pub(crate) async fn announce(
    bank: &Bank,
    tx: &DatabaseTransaction,
    key: &DataKey,
    session: SessionId,
    origin: &Origin,
) -> Result<()> {
    let country = bank.countries.of(origin).map(|country| format!(" ({country})")).unwrap_or_default();
    let notice = Notice::NewDevice {
        agent: origin.agent.clone(),
        address: format!("{}{country}", origin.shown()),
        token: Some(report_token(bank, session)),
    };
    notification::tell(bank, tx, key, EventId(session.0), &notice).await
}

/// What proves to have got the message about a session.
fn report_token(bank: &Bank, session: SessionId) -> Secret {
    let tag = keys::mac(&bank.vault.derive("it was not me"), &[session.0.as_bytes()]);
    Secret::new(format!("{}{}", session.0.simple(), keys::hex(tag.get(..16).unwrap_or_default())))
}

/// Says of a sign-in that it was not one's own: every session of the person ends, and its devices are
/// new again. The token is from the message about the sign-in, and works for a week.
///
/// # Errors
/// `CODE_EXPIRED`.
pub async fn report(bank: &Bank, token: &str, origin: &Origin) -> Result<()> {
    let expired = Code::CodeExpired.at("token");
    let id = token.trim().get(..32).and_then(|id| Uuid::try_parse(id).ok()).ok_or(expired)?;
    let session = SessionId(id);
    if !keys::same(report_token(bank, session).reveal().as_bytes(), token.trim().as_bytes()) {
        return Err(expired.into());
    }
    let now = bank.clock.now();
    let tx = bank.db.begin().await?;
    let row = sessions::Entity::find_by_id(session).one(&tx).await?;
    let row = row.filter(|row| row.created_at + REPORTED_FOR > now).ok_or(expired)?;
    let (_, key) = user::lock(bank, &tx, row.user_id).await?;
    session::end_all(&tx, row.user_id, None, EndReason::NotMe, now).await?;
    if let Some(reported) = row.device_id {
        let nobody = Set(keys::random_bytes().to_vec());
        device::Entity::update_many()
            .set(device::ActiveModel { token_hash: nobody, ..Default::default() })
            .filter(device::COLUMN.id.eq(reported))
            .exec(&tx)
            .await?;
    }
    notification::warn(bank, &tx, &key, SecurityEventKind::ReportedNotMe, &Notice::ReportedNotMe, origin)
        .await?;
    tx.commit().await?;
    bank.bell.ring();
    Ok(())
}
