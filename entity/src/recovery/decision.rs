//! What becomes of a case: its person is found and told, operators decide, and three days later it is done.

use super::{Answers, Claim, DELAY, Recovery, RecoveryState, cancel_token, closed};
use crate::bank::Bank;
use crate::clock::Time;
use crate::error::{Error, Fault, Result};
use crate::handle::{Handle, own};
use crate::id::{EventId, JobId, RecoveryId, UserId};
use crate::notification::{self, Case, Notice};
use crate::operator::{Officer, Role};
use crate::origin::Origin;
use crate::outbox;
use crate::refusal::Code;
use crate::security_event::SecurityEventKind;
use crate::session::{self, EndReason};
use crate::table::{handle, passkey, recovery_case, recovery_code, totp_secret};
use crate::user::{self, UserState};
use crate::vault::DataKey;
use crate::{guard, security_question};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter,
    QuerySelect,
};

/// Finds out whose handle is said to be lost, tells that person, and ends the job.
///
/// # Errors
/// Only faults.
pub async fn announce(bank: &Bank, job: JobId, id: RecoveryId) -> Result<()> {
    let claimed = claimed(bank, id).await?;
    let tx = bank.db.begin().await?;
    let row = recovery_case::Entity::find_by_id(id).lock_exclusive().one(&tx).await?;
    if let Some((owner, claim, found)) = claimed
        && row.is_some_and(|row| row.state == RecoveryState::Open && row.user_id.is_none())
    {
        let (_, key) = user::lock(bank, &tx, owner).await?;
        let known = recovery_case::ActiveModel {
            user_id: Set(Some(owner)),
            claim: Set(Some(claim.seal(bank, id, &found)?)),
            ..Default::default()
        };
        update(&tx, id, known).await?;
        let notice = Notice::Case(Case::RecoveryOpened {
            handle: found.masked(),
            token: Some(cancel_token(bank, id)),
        });
        warn(bank, &tx, &key, SecurityEventKind::RecoveryOpened, &notice).await?;
    }
    outbox::done(&tx, job).await?;
    tx.commit().await?;
    bank.bell.ring();
    Ok(())
}

/// Whose handle is said to be lost, what was said, with the answers looked at, and the new handle.
async fn claimed(bank: &Bank, id: RecoveryId) -> Result<Option<(UserId, Claim, Handle)>> {
    let db = bank.db.connection();
    let Some(row) = recovery_case::Entity::find_by_id(id).one(db).await? else { return Ok(None) };
    let Some(owner) = handle::Entity::find_by_id(row.lost).one(db).await? else { return Ok(None) };
    let read = Recovery::read(bank, &row)?;
    let Some((mut claim, found)) = read.claim.zip(read.found) else { return Ok(None) };
    if let Answers::Given(answers) = &claim.answers {
        let answers: Vec<_> = answers.iter().map(|answer| answer.reveal().to_owned()).collect();
        let right = match security_question::check(bank, owner.user_id, &answers).await {
            Err(Error::Refused(refusal)) if refusal.code == Code::TooManyTries => None,
            checked => checked?,
        };
        claim.answers = Answers::Checked(right.filter(|_| !answers.is_empty()));
    }
    Ok(Some((owner.user_id, claim, found)))
}

async fn update(tx: &DatabaseTransaction, id: RecoveryId, row: recovery_case::ActiveModel) -> Result<()> {
    recovery_case::Entity::update_many().set(row).filter(recovery_case::COLUMN.id.eq(id)).exec(tx).await?;
    Ok(())
}

/// Nobody of whom we know an address is behind it.
async fn warn(
    bank: &Bank,
    tx: &DatabaseTransaction,
    key: &DataKey,
    kind: SecurityEventKind,
    notice: &Notice,
) -> Result<()> {
    notification::warn(bank, tx, key, kind, notice, &Origin::default()).await
}

/// Refuses a case that is not open, is nobody's, or can't be done any more.
pub(crate) async fn check_open(bank: &Bank, id: RecoveryId) -> Result<UserId> {
    let db = bank.db.connection();
    let row = recovery_case::Entity::find_by_id(id).one(db).await?;
    let row = row.filter(|row| row.state == RecoveryState::Open).ok_or(Code::NotFound.at("id"))?;
    if !can_be_done(db, &row).await? {
        return Err(Code::NotFound.at("id").into());
    }
    Ok(row.user_id.ok_or(Code::NotFound.at("id"))?)
}

/// Whether the lost handle is still this person's, and the new one nobody's.
async fn can_be_done(db: &impl ConnectionTrait, row: &recovery_case::Model) -> Result<bool> {
    let owner = handle::Entity::find_by_id(row.lost).one(db).await?.map(|lost| lost.user_id);
    let is_taken = handle::Entity::find_by_id(row.found).one(db).await?.is_some();
    Ok(owner.is_some() && owner == row.user_id && !is_taken)
}

/// Approves a case, for two operators who agree: it takes effect three days from now.
pub(crate) async fn approve(bank: &Bank, tx: &DatabaseTransaction, id: RecoveryId) -> Result<()> {
    let user = check_open(bank, id).await?;
    let (_, key) = user::lock(bank, tx, user).await?;
    let row = recovery_case::Entity::find_by_id(id).lock_exclusive().one(tx).await?;
    let row = row.filter(|row| row.state == RecoveryState::Open).ok_or(Code::NotFound.at("id"))?;
    if !can_be_done(tx, &row).await? {
        return Err(Code::NotFound.at("id").into());
    }
    let effective_at = bank.clock.now() + DELAY;
    let set = recovery_case::ActiveModel {
        state: Set(RecoveryState::Approved),
        effective_at: Set(Some(effective_at)),
        ..Default::default()
    };
    update(tx, id, set).await?;
    let notice = Notice::Case(Case::RecoveryApproved { token: Some(cancel_token(bank, id)) });
    warn(bank, tx, &key, SecurityEventKind::RecoveryApproved, &notice).await
}

/// Rejects a case.
///
/// # Errors
/// `ROLE_MISSING`, `NOT_FOUND` for one that is over.
pub async fn reject(bank: &Bank, officer: &Officer, id: RecoveryId) -> Result<Recovery> {
    officer.require(Role::Reviewer)?;
    let rejected = recovery_case::Entity::update_many()
        .set(closed(RecoveryState::Rejected, bank.clock.now()))
        .filter(recovery_case::COLUMN.id.eq(id))
        .filter(recovery_case::Column::State.is_in([RecoveryState::Open, RecoveryState::Approved]))
        .exec(bank.db.connection())
        .await?;
    if rejected.rows_affected == 0 {
        Err(Code::NotFound.at("id").into())
    } else {
        super::find(bank, id).await
    }
}

/// Does what was approved three days ago and not cancelled; says how many wallets have another handle.
///
/// # Errors
/// Only faults; what was done stays done.
pub async fn finish_due(bank: &Bank) -> Result<u64> {
    let due = recovery_case::Entity::find()
        .select_only()
        .column(recovery_case::Column::Id)
        .filter(recovery_case::COLUMN.state.eq(RecoveryState::Approved))
        .filter(recovery_case::Column::EffectiveAt.lte(bank.clock.now()));
    let due: Vec<RecoveryId> = due.into_tuple().all(bank.db.connection()).await?;
    let mut done: u64 = 0;
    for id in due {
        done = done.saturating_add(u64::from(finish(bank, id).await?));
    }
    Ok(done)
}

async fn finish(bank: &Bank, id: RecoveryId) -> Result<bool> {
    let now = bank.clock.now();
    let tx = bank.db.begin().await?;
    let find = || recovery_case::Entity::find_by_id(id);
    let Some(user) = find().one(&tx).await?.and_then(|row| row.user_id) else { return Ok(false) };
    let (person, key) = match user::lock(bank, &tx, user).await {
        Ok(locked) => locked,
        // Whoever has left needs no handle.
        Err(Error::Refused(_)) => return over(tx, id, RecoveryState::Cancelled, now).await,
        Err(fault) => return Err(fault),
    };
    let row = find().lock_exclusive().one(&tx).await?.filter(|row| row.state == RecoveryState::Approved);
    let Some(row) = row else { return Ok(false) };
    if person.state == UserState::Closed || !can_be_done(&tx, &row).await? {
        let notice = Notice::Case(Case::RecoveryCancelled);
        warn(bank, &tx, &key, SecurityEventKind::RecoveryCancelled, &notice).await?;
        return over(tx, id, RecoveryState::Rejected, now).await;
    }
    let read = Recovery::read(bank, &row)?;
    let (found, claim) = read.found.zip(read.claim).ok_or(Fault::Corrupt("a claim is missing"))?;
    replace(bank, &tx, &key, &row, &found).await?;
    if claim.second_factor_lost {
        forget_factors(&tx, user).await?;
    }
    session::end_all(&tx, user, None, EndReason::FactorChanged, now).await?;
    guard::set(&tx, user, now).await?;
    update(&tx, id, closed(RecoveryState::Done, now)).await?;
    let notice = Notice::Case(Case::WalletRecovered { handle: found.masked() });
    let event = SecurityEventKind::WalletRecovered;
    warn(bank, &tx, &key, event, &notice).await?;
    tx.commit().await?;
    bank.by_handle.forget(&row.lost);
    bank.bell.ring();
    Ok(true)
}

async fn over(tx: DatabaseTransaction, id: RecoveryId, state: RecoveryState, now: Time) -> Result<bool> {
    update(&tx, id, closed(state, now)).await?;
    tx.commit().await?;
    Ok(false)
}

/// The new handle in place of the lost one; it is the primary one.
async fn replace(
    bank: &Bank,
    tx: &DatabaseTransaction,
    key: &DataKey,
    row: &recovery_case::Model,
    found: &Handle,
) -> Result<()> {
    let (user, lost) = (key.user(), row.lost);
    // Told before it is gone: whoever reads it now is to know.
    let notice = Notice::HandleRemoved { handle: lost_name(bank, row)? };
    let event = EventId(bank.ids.next(bank.clock.now()));
    notification::tell(bank, tx, key, event, &notice).await?;
    let own_lost = handle::Entity::delete_many().filter(handle::COLUMN.user_id.eq(user));
    own_lost.filter(handle::COLUMN.fingerprint.eq(lost)).exec(tx).await?;
    let others = handle::Entity::update_many().filter(handle::COLUMN.user_id.eq(user));
    others.set(handle::ActiveModel { is_primary: Set(false), ..Default::default() }).exec(tx).await?;
    Ok(own::insert(bank, tx, key, found, true).await?)
}

fn lost_name(bank: &Bank, row: &recovery_case::Model) -> Result<String, Fault> {
    let claim = Recovery::read(bank, row)?.claim.ok_or(Fault::Corrupt("a claim is missing"))?;
    Ok(claim.lost.masked())
}

/// The second factor is asked for no more.
async fn forget_factors(tx: &DatabaseTransaction, user: UserId) -> Result<()> {
    totp_secret::Entity::delete_by_id(user).exec(tx).await?;
    passkey::Entity::delete_many().filter(passkey::COLUMN.user_id.eq(user)).exec(tx).await?;
    recovery_code::Entity::delete_many().filter(recovery_code::COLUMN.user_id.eq(user)).exec(tx).await?;
    Ok(())
}
