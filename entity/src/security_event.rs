//! Security events: what happened to a person's sign-in, for the person to read.
//!
//! Guarantees: an entry is never changed or removed, and continues a [`chain`](crate::chain). What an entry tells
//! is sealed with the person's data key: when that is destroyed the chain still holds.

use crate::bank::Bank;
use crate::chain::START;
use crate::clock::Time;
use crate::error::{Fault, Result};
use crate::id::UserId;
use crate::origin::Origin;
use crate::page::{Page, Slice};
use crate::table::{security_event, user};
use crate::vault::DataKey;
use chrono::Duration;
use sea_orm::{
    ActiveEnum, ColumnTrait, DatabaseTransaction, DeriveActiveEnum, EntityTrait, EnumIter, IntoActiveModel,
    Iterable, QueryFilter, QueryOrder, QuerySelect,
};
use serde::{Deserialize, Serialize};

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SecurityEventKind {
    /// The wallet was opened.
    SignedUp,
    /// Somebody signed in.
    SignedIn,
    /// Somebody tried a wrong password or passkey.
    SignInFailed,
    /// Too many wrong passwords: for a while nobody can try another.
    SignInsStopped,
    /// The person signed out.
    SignedOut,
    /// The person ended a session.
    SessionRevoked,
    /// A refresh token was used twice, so its session was ended.
    TokenReused,
    /// Somebody said of a sign-in that it was not theirs: all sessions were ended.
    ReportedNotMe,
    /// The password was changed.
    PasswordChanged,
    /// A handle was added.
    HandleAdded,
    /// A handle was removed.
    HandleRemoved,
    /// Another handle is the primary one.
    PrimaryHandleChanged,
    /// An authenticator app is asked for from now on.
    TotpEnabled,
    /// No authenticator app is asked for any more.
    TotpDisabled,
    /// A passkey was added.
    PasskeyAdded,
    /// A passkey was removed.
    PasskeyRemoved,
    /// A passkey was refused because its counter went back: there may be a copy of it.
    PasskeyCopied,
    /// There are new recovery codes.
    RecoveryCodesRenewed,
    /// A recovery code was used.
    RecoveryCodeUsed,
    /// A forgotten password was replaced.
    PasswordReset,
    /// The person has locked its wallet.
    Locked,
    /// The person has unlocked its wallet.
    Unlocked,
    /// The wallet was closed, and its person forgotten.
    Closed,
    /// A payee is trusted from now on.
    PayeeTrusted,
    /// The person is known better.
    LevelRaised,
    /// The person is not known better.
    LevelRefused,
    /// Somebody says to have lost the handles of the wallet.
    RecoveryOpened,
    /// In three days the wallet has another handle.
    RecoveryApproved,
    /// The wallet keeps its handles.
    RecoveryCancelled,
    /// The wallet has another handle in place of one that was lost.
    WalletRecovered,
    /// A program may act for the person with a key from now on.
    ApiKeyCreated,
    /// The person ended a key.
    ApiKeyRevoked,
    /// A question was answered wrongly.
    ChallengeFailed,
    /// There are other security questions, or none any more.
    SecurityQuestionsChanged,
}

/// An entry of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecurityEvent {
    /// Its place in the person's log, from 1.
    pub seq: i64,
    /// What happened.
    pub kind: SecurityEventKind,
    /// From which address.
    pub address: String,
    /// With which program.
    pub agent: String,
    /// When.
    pub at: Time,
    /// The hash of this entry and all before it.
    pub hash: Vec<u8>,
}

impl SecurityEvent {
    /// What happened, by its stable name.
    pub fn kind_name(&self) -> String {
        self.kind.to_value()
    }
}

/// How long nobody tries before a failed sign-in begins another run.
const RUN: Duration = Duration::days(1);

/// What is sealed of an entry.
#[derive(Serialize, Deserialize)]
struct Detail {
    address: String,
    agent: String,
}

const DETAIL: &str = "security_events.detail";

/// Writes an entry with the change that it tells of.
pub(crate) async fn record(
    bank: &Bank,
    tx: &DatabaseTransaction,
    key: &DataKey,
    kind: SecurityEventKind,
    origin: &Origin,
) -> Result<()> {
    let user = key.user();
    // One entry after the other: the person's row is the lock of its log.
    user::Entity::find_by_id(user)
        .select_only()
        .column(user::Column::Id)
        .lock_exclusive()
        .into_tuple::<UserId>()
        .one(tx)
        .await?;
    let last = security_event::Entity::find()
        .filter(security_event::COLUMN.user_id.eq(user))
        .order_by_desc(security_event::Column::Seq)
        .one(tx)
        .await?;
    let (seq, before) = last.map_or((1, START.to_vec()), |last| (last.seq.saturating_add(1), last.hash));
    let detail = Detail { address: origin.shown(), agent: origin.agent.clone() };
    let detail = serde_json::to_string(&detail).unwrap_or_default();
    let mut row = security_event::Model {
        user_id: user,
        seq,
        kind: kind.to_value(),
        detail: key.seal(DETAIL, place(seq), &detail)?,
        at: bank.clock.now(),
        hash: Vec::new(),
    };
    row.hash = row.link().hash(&before);
    security_event::Entity::insert(row.into_active_model()).exec_without_returning(tx).await?;
    Ok(())
}

fn place(seq: i64) -> uuid::Uuid {
    uuid::Uuid::from_u128(u128::try_from(seq).unwrap_or_default())
}

/// Whether the last sign-ins have failed, exactly so many in a row: none of them after a day without any, nor after one
/// that was right.
pub(crate) async fn is_run(tx: &DatabaseTransaction, user: UserId, length: usize) -> Result<bool> {
    let kinds = [SecurityEventKind::SignInFailed, SecurityEventKind::SignedIn];
    let newest: Vec<(String, Time)> = security_event::Entity::find()
        .select_only()
        .columns([security_event::Column::Kind, security_event::Column::At])
        .filter(security_event::COLUMN.user_id.eq(user))
        .filter(security_event::Column::Kind.is_in(kinds.map(|kind| kind.to_value())))
        .order_by_desc(security_event::Column::Seq)
        .limit(u64::try_from(length).unwrap_or(u64::MAX).saturating_add(1))
        .into_tuple()
        .all(tx)
        .await?;
    let failed = newest.iter().take_while(|(kind, _)| *kind == kinds[0].to_value());
    let times: Vec<Time> = failed.map(|(_, at)| *at).collect();
    let next = times.windows(2).take_while(|pair| pair[0] - pair[1] < RUN).count();
    Ok(!times.is_empty() && next.saturating_add(1) == length)
}

/// One page of a person's log, newest first.
///
/// # Errors
/// Only faults.
pub async fn list(bank: &Bank, user: UserId, page: Page<i64>) -> Result<Slice<SecurityEvent>> {
    let own = security_event::Entity::find().filter(security_event::COLUMN.user_id.eq(user));
    let query = page.falling(own, security_event::Column::Seq);
    let db = bank.db.connection();
    let key = crate::user::data_key(bank, db, user).await?;
    let rows = query.all(db).await?;
    Ok(page.slice(rows)?.try_map(|row| read(&key, row))?)
}

/// A person's whole log, oldest first.
pub(crate) async fn all(bank: &Bank, user: UserId) -> Result<Vec<SecurityEvent>> {
    let db = bank.db.connection();
    let key = crate::user::data_key(bank, db, user).await?;
    let own = security_event::Entity::find().filter(security_event::COLUMN.user_id.eq(user));
    let rows = own.order_by_asc(security_event::Column::Seq).all(db).await?;
    rows.into_iter().map(|row| Ok(read(&key, row)?)).collect()
}

fn read(key: &DataKey, row: security_event::Model) -> Result<SecurityEvent, Fault> {
    let detail = key.open(DETAIL, place(row.seq), &row.detail)?;
    let detail: Detail =
        serde_json::from_str(&detail).map_err(|_| Fault::Corrupt("a security event can't be read"))?;
    let kind = SecurityEventKind::iter().find(|kind| kind.to_value() == row.kind);
    Ok(SecurityEvent {
        seq: row.seq,
        kind: kind.ok_or(Fault::Corrupt("an unknown security event"))?,
        address: detail.address,
        agent: detail.agent,
        at: row.at,
        hash: row.hash,
    })
}
