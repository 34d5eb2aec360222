//! Recovery: a wallet whose handles are lost gets another handle, after people have looked at the evidence.
//!
//! Guarantees: opening a case does the same for a handle that is known as for one that is not; whose it is, is found
//! out by a worker (ASVS 5.0, 6.3.8). Two operators decide by the evidence; then three days pass. From the first day
//! on every verified handle of the person is told, each time with a code that cancels the case, and so can
//! whoever is signed in. Nothing changes before the three days are over, and little may leave the wallet on the day
//! after (see [`guard`](crate::guard)). Answers to security questions are one
//! signal among others, never enough. What was said is sealed, and forgotten with the case.
//!
//! Refuses `CODE_WRONG`, `CODE_EXPIRED`, `STATEMENT_INVALID`, `DOCUMENTS_INVALID`, `DOCUMENTS_MISSING`,
//! `TOO_MANY_TRIES`, `NOT_FOUND`.

mod claim;
mod decision;

pub use claim::{Answers, Claim, Recovery};
pub use decision::{announce, finish_due, reject};
pub(crate) use decision::{approve, check_open};

use crate::bank::Bank;
use crate::clock::Time;
use crate::error::Result;
use crate::handle::{Fingerprint, Handle};
use crate::id::{RecoveryId, UserId, VerificationId};
use crate::keys;
use crate::language::Locale;
use crate::notification::{self, Case, Notice};
use crate::origin::Origin;
use crate::outbox::{self, Job};
use crate::page::{Page, Slice};
use crate::refusal::Code;
use crate::secret::Secret;
use crate::security_event::SecurityEventKind;
use crate::session::hash;
use crate::table::{handle, recovery_case};
use crate::throttle::{By, Counted, take};
use crate::user::{self, is_printable};
use crate::verification::{self, Ask, Purpose, Verification};
use chrono::Duration;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DatabaseTransaction, DeriveActiveEnum, EntityTrait, EnumIter,
    IntoActiveModel, PaginatorTrait, QueryFilter,
};

/// How long a decided case waits, for its person to cancel it.
pub(crate) const DELAY: Duration = Duration::hours(72);
/// How long a case that nobody decides stays open.
const OPEN_FOR: Duration = Duration::days(30);
/// Cases about one handle in a day.
const CASES: u64 = 3;
/// Letters in a statement.
const STATEMENT: usize = 2_000;

/// Where a case stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RecoveryState {
    /// Operators look at it.
    Open,
    /// It will be done when its time has come, unless it is cancelled.
    Approved,
    /// The wallet has the new handle.
    Done,
    /// It will not be done.
    Rejected,
    /// The person has cancelled it.
    Cancelled,
}

/// Sends a code to the handle that a wallet is to have.
///
/// # Errors
/// `TOO_MANY_TRIES`.
pub async fn start(bank: &Bank, found: &Handle, locale: &Locale, origin: &Origin) -> Result<Verification> {
    verification::count(bank, found, origin).await?;
    let tx = bank.db.begin().await?;
    let taken = is_taken(&tx, bank.vault.fingerprint(found)).await?;
    let ask = Ask { purpose: Purpose::Recover, user: None, to: found, taken, locale, phrase: None };
    let started = verification::start(bank, &tx, ask).await?;
    tx.commit().await?;
    bank.bell.ring();
    Ok(started)
}

async fn is_taken(tx: &DatabaseTransaction, found: Fingerprint) -> Result<bool> {
    Ok(handle::Entity::find_by_id(found).one(tx).await?.is_some())
}

/// Opens a case with the code that was sent to the new handle; gives the token that asks for its state.
///
/// # Errors
/// See the module.
pub async fn open(
    bank: &Bank,
    id: VerificationId,
    code: &str,
    claim: Claim,
    origin: &Origin,
) -> Result<Secret> {
    let fits = (1..=STATEMENT).contains(&claim.statement.trim().chars().count());
    if !fits || !claim.statement.lines().all(is_printable) {
        return Err(Code::StatementInvalid.at("statement").into());
    }
    crate::kyc::check_evidence(&claim.documents)?;
    let lost = bank.vault.fingerprint(&claim.lost);
    take(bank, Counted::OpenCase, By::Address(origin)).await?;
    let shown = verification::show(bank, Purpose::Recover, id, code, origin).await?;
    let now = bank.clock.now();
    refuse_unless_few(&shown.tx, lost, now).await?;
    let (id, token) =
        (RecoveryId(bank.ids.next(now)), Secret::new(format!("okq_{}", keys::hex(&keys::random_bytes()))));
    let row = recovery_case::Model {
        id,
        token_hash: hash(token.reveal()),
        lost,
        found: bank.vault.fingerprint(&shown.handle),
        claim: Some(claim.seal(bank, id, &shown.handle)?),
        user_id: None,
        state: RecoveryState::Open,
        opened_at: now,
        effective_at: None,
        closed_at: None,
    };
    recovery_case::Entity::insert(row.into_active_model()).exec_without_returning(&shown.tx).await?;
    outbox::put(&shown.tx, Job::AnnounceRecovery { recovery: id }, now).await?;
    shown.tx.commit().await?;
    bank.bell.ring();
    Ok(token)
}

/// Refuses one more case about a handle that had some today. Who has not shown a code of its own is not counted, so that
/// nobody is shut out by guesses.
async fn refuse_unless_few(tx: &DatabaseTransaction, lost: Fingerprint, now: Time) -> Result<()> {
    let today = recovery_case::Entity::find()
        .filter(recovery_case::COLUMN.lost.eq(lost))
        .filter(recovery_case::Column::OpenedAt.gt(now - Duration::days(1)));
    if today.count(tx).await? >= CASES { Err(Code::TooManyTries.after(86_400).into()) } else { Ok(()) }
}

/// Where the case of a token stands, and when it takes effect.
///
/// # Errors
/// `NOT_FOUND`.
pub async fn state(bank: &Bank, token: &str) -> Result<(RecoveryState, Option<Time>)> {
    let case = recovery_case::Entity::find().filter(recovery_case::COLUMN.token_hash.eq(hash(token.trim())));
    let row = case.one(bank.db.connection()).await?.ok_or(Code::NotFound.at("token"))?;
    // Only somebody can cancel: a case about nobody never is.
    let state = if row.state == RecoveryState::Cancelled { RecoveryState::Rejected } else { row.state };
    Ok((state, row.effective_at))
}

/// What proves to have got a message about a case.
fn cancel_token(bank: &Bank, id: RecoveryId) -> Secret {
    let tag = keys::mac(&bank.vault.derive("cancel a recovery"), &[id.0.as_bytes()]);
    Secret::new(format!("{}{}", id.0.simple(), keys::hex(tag.get(..16).unwrap_or_default())))
}

/// Cancels a case with the code of a message about it.
///
/// # Errors
/// `CODE_EXPIRED` for a case that is over, or none.
pub async fn cancel(bank: &Bank, token: &str, origin: &Origin) -> Result<()> {
    let (token, expired) = (token.trim(), Code::CodeExpired.at("token"));
    let id = token.get(..32).and_then(|id| uuid::Uuid::try_parse(id).ok()).map(RecoveryId).ok_or(expired)?;
    if !keys::same(cancel_token(bank, id).reveal().as_bytes(), token.as_bytes()) {
        return Err(expired.into());
    }
    let row = recovery_case::Entity::find_by_id(id).one(bank.db.connection()).await?;
    let user = row.and_then(|row| row.user_id).ok_or(expired)?;
    if cancel_where(bank, user, Some(id), origin).await? == 0 { Err(expired.into()) } else { Ok(()) }
}

/// Cancels all cases about the wallet of who is signed in; says how many.
///
/// # Errors
/// Only faults.
pub async fn cancel_own(bank: &Bank, user: UserId, origin: &Origin) -> Result<u64> {
    cancel_where(bank, user, None, origin).await
}

async fn cancel_where(bank: &Bank, user: UserId, id: Option<RecoveryId>, origin: &Origin) -> Result<u64> {
    let tx = bank.db.begin().await?;
    let (_, key) = user::lock(bank, &tx, user).await?;
    let mut open = recovery_case::Entity::update_many()
        .set(closed(RecoveryState::Cancelled, bank.clock.now()))
        .filter(recovery_case::COLUMN.user_id.eq(user))
        .filter(recovery_case::Column::State.is_in([RecoveryState::Open, RecoveryState::Approved]));
    if let Some(id) = id {
        open = open.filter(recovery_case::COLUMN.id.eq(id));
    }
    let cancelled = open.exec(&tx).await?.rows_affected;
    if cancelled > 0 {
        let (kind, notice) = (SecurityEventKind::RecoveryCancelled, Notice::Case(Case::RecoveryCancelled));
        notification::warn(bank, &tx, &key, kind, &notice, origin).await?;
    }
    tx.commit().await?;
    bank.bell.ring();
    Ok(cancelled)
}

/// A case that is over: what was said is forgotten.
fn closed(state: RecoveryState, now: Time) -> recovery_case::ActiveModel {
    recovery_case::ActiveModel {
        state: Set(state),
        claim: Set(None),
        closed_at: Set(Some(now)),
        ..Default::default()
    }
}

/// A case, for operators.
///
/// # Errors
/// `NOT_FOUND`.
pub async fn find(bank: &Bank, id: RecoveryId) -> Result<Recovery> {
    let row = recovery_case::Entity::find_by_id(id).one(bank.db.connection()).await?;
    Ok(Recovery::read(bank, &row.ok_or(Code::NotFound.at("id"))?)?)
}

/// One page of the cases in a state, oldest first.
///
/// # Errors
/// Only faults.
pub async fn list(bank: &Bank, state: RecoveryState, page: Page<RecoveryId>) -> Result<Slice<Recovery>> {
    let these = recovery_case::Entity::find().filter(recovery_case::COLUMN.state.eq(state));
    let query = page.rising(these, recovery_case::Column::Id);
    let rows = query.all(bank.db.connection()).await?;
    Ok(page.slice(rows)?.try_map(|row| Recovery::read(bank, &row))?)
}

/// Rejects cases that nobody has decided for a month.
///
/// # Errors
/// Only faults.
pub async fn forget_expired(bank: &Bank) -> Result<u64> {
    let now = bank.clock.now();
    let old = recovery_case::Entity::update_many()
        .set(closed(RecoveryState::Rejected, now))
        .filter(recovery_case::COLUMN.state.eq(RecoveryState::Open))
        .filter(recovery_case::Column::OpenedAt.lt(now - OPEN_FOR));
    Ok(old.exec(bank.db.connection()).await?.rows_affected)
}
