//! Signing in: a handle and its password open a session, after the second factor where there is one.
//!
//! Guarantees: whatever was wrong, the answer and the work are the same (ASVS 5.0, 6.3.8); who has not
//! shown the code of the sign-up yet has no wallet to sign in to. Tries are counted before the
//! password is looked at: by address, and by person, or by the device if it is one of the person's. When as many
//! wait as may, it is refused before anything is looked up or counted.
//! Wrong passwords are in the person's own log, and it is told of the third in a row, and when they are stopped; all
//! are written beside the answer, since for a handle that nobody has there is nothing to write. A password that was hashed with
//! older parameters is hashed anew when it is right.

use crate::bank::Bank;
use crate::challenge::{self, Act, Bound, Challenge};
use crate::error::{Error, Result};
use crate::handle::Handle;
use crate::id::{EventId, UserId};
use crate::notification::{self, CodePurpose, Notice};
use crate::origin::Origin;
use crate::password::{Password, Verdict};
use crate::refusal::Code;
use crate::security_event::{self, SecurityEventKind};
use crate::session::{self, Tokens};
use crate::table::{handle, user};
use crate::throttle::{By, Counted, forgive, take};
use crate::user::UserState;
use crate::vault::DataKey;
use crate::{device, second_factor, user as people};
use sea_orm::{ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter};

/// Failed sign-ins in a row that a person is told of, once.
const RUN: usize = 3;

/// What a right password leads to.
#[derive(Clone, Debug)]
pub enum SignedIn {
    /// A session.
    Session(Tokens),
    /// A question, where the person has a second factor. Its answer leads to the session.
    Challenge(Challenge),
}

/// Signs in with a handle and its password.
///
/// # Errors
/// `SIGN_IN_FAILED` whatever was wrong; `TOO_MANY_TRIES`, `OVERLOADED`.
pub async fn sign_in(bank: &Bank, handle: &Handle, password: Password, origin: &Origin) -> Result<SignedIn> {
    let place = bank.passwords.queue()?;
    let db = bank.db.connection();
    let fingerprint = bank.vault.fingerprint(handle);
    let found = handle::Entity::find_by_id(fingerprint).find_also_related(user::Entity).one(db).await?;
    let found = found.and_then(|(_, user)| user).filter(|user| user.state != UserState::Closed);
    let known = match &found {
        Some(user) => device::known(db, user.id, origin).await?.map(|device| device.id),
        None => None,
    };
    // A person is counted as one, by whichever of its handles it is tried.
    let by = match (known, &found) {
        (Some(device), _) => By::Device(device),
        (None, Some(user)) => By::user(user.id),
        (None, None) => By::Handle(fingerprint),
    };
    take(bank, Counted::SignIn, By::Address(origin)).await?;
    if let Err(refusal) = take(bank, Counted::SignIn, by).await {
        if let (Some(user), None, Error::Refused(_)) = (found, known, &refusal) {
            let (there, origin) = (bank.clone(), origin.clone());
            bank.afterwards.run(async move { stopped(&there, user.id, &origin).await }).await;
        }
        return Err(refusal);
    }
    let Some(user) = found else {
        bank.passwords.verify_keeping(place, password, None).await?;
        return Err(Code::SignInFailed.into());
    };
    let (verdict, again) =
        bank.passwords.verify_keeping(place, password, Some(user.password_hash.clone())).await?;
    if !verdict.is_right() {
        let (there, origin) = (bank.clone(), origin.clone());
        bank.afterwards.run(async move { failed(&there, user.id, &origin).await }).await;
        return Err(Code::SignInFailed.into());
    }
    forgive(bank, Counted::SignIn, by).await?;
    forgive(bank, Counted::SignIn, By::Address(origin)).await?;
    if verdict == Verdict::Outdated {
        upgrade(bank, &user, again).await?;
    }
    let tx = bank.db.begin().await?;
    let (row, key) = people::lock(bank, &tx, user.id).await.map_err(left_meanwhile)?;
    let signed_in = if second_factor::is_set_up(&tx, &key).await? {
        let bound = Bound { act: Act::SignIn, session: None, words: "sign in".to_owned() };
        let asked = challenge::ask(bank, &tx, &key, &row, bound, CodePurpose::Security);
        SignedIn::Challenge(asked.await?)
    } else {
        security_event::record(bank, &tx, &key, SecurityEventKind::SignedIn, origin).await?;
        SignedIn::Session(session::open(bank, &tx, &key, origin, false).await?)
    };
    tx.commit().await?;
    bank.bell.ring();
    Ok(signed_in)
}

/// Who has left since its handle was looked up is as unknown as anybody.
fn left_meanwhile(error: Error) -> Error {
    match error {
        Error::Refused(_) => Code::SignInFailed.into(),
        Error::Fault(_) => error,
    }
}

/// Records a wrong password.
async fn failed(bank: &Bank, user: UserId, origin: &Origin) -> Result<()> {
    let tx = bank.db.begin().await?;
    let (_, key) = people::lock(bank, &tx, user).await?;
    record_failure(bank, &tx, &key, origin).await?;
    tx.commit().await?;
    bank.bell.ring();
    Ok(())
}

/// Records a sign-in that has failed, and tells its person of the third in a row. A run is told once, however long it
/// gets: messages that come again and again are not read.
pub(crate) async fn record_failure(
    bank: &Bank,
    tx: &DatabaseTransaction,
    key: &DataKey,
    origin: &Origin,
) -> Result<()> {
    security_event::record(bank, tx, key, SecurityEventKind::SignInFailed, origin).await?;
    if !security_event::is_run(tx, key.user(), RUN).await? {
        return Ok(());
    }
    let notice = Notice::SignInsFailed { agent: origin.agent.clone(), address: origin.shown() };
    notification::tell(bank, tx, key, EventId(bank.ids.next(bank.clock.now())), &notice).await
}

/// Tells the person, once an hour, that somebody is guessing.
async fn stopped(bank: &Bank, user: UserId, origin: &Origin) -> Result<()> {
    let tx = bank.db.begin().await?;
    let (_, key) = people::lock(bank, &tx, user).await?;
    let hour = bank.clock.now().format("%Y%m%d%H").to_string();
    let event = EventId(bank.vault.digest(&[b"guessing", user.0.as_bytes(), hour.as_bytes()]).0);
    if notification::is_told(&tx, user, event).await? {
        return Ok(());
    }
    security_event::record(bank, &tx, &key, SecurityEventKind::SignInsStopped, origin).await?;
    notification::tell(bank, &tx, &key, event, &Notice::SignInsStopped).await?;
    tx.commit().await?;
    bank.bell.ring();
    Ok(())
}

/// Hashes a right password with today's parameters.
async fn upgrade(bank: &Bank, user: &user::Model, password: Password) -> Result<()> {
    let hash = bank.passwords.hash(password).await?;
    user::Entity::update_many()
        .set(user::ActiveModel { password_hash: Set(hash), ..Default::default() })
        .filter(user::COLUMN.id.eq(user.id))
        // Unless it was changed meanwhile.
        .filter(user::COLUMN.password_hash.eq(user.password_hash.as_str()))
        .exec(bank.db.connection())
        .await?;
    Ok(())
}
