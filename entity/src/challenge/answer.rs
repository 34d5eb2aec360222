//! Answers to questions: what is right, what a wrong one costs, and what a right one opens.

use super::{Act, Method, PASSKEY, hmac, methods, update};
use crate::bank::Bank;
use crate::error::{Error, Result};
use crate::id::ChallengeId;
use crate::keys;
use crate::origin::Origin;
use crate::refusal::Code;
use crate::seal::Place;
use crate::security_event::{self, SecurityEventKind};
use crate::session::{self, Caller, Tokens};
use crate::table::challenge;
use crate::throttle::{By, Counted, forgive, take};
use crate::vault::DataKey;
use crate::{device, passkey, recovery_code, totp, user};
use sea_orm::{ActiveValue::Set, DatabaseTransaction, EntityTrait, QuerySelect};

/// An answer.
#[derive(Clone, Debug)]
pub enum Answer {
    /// What a passkey has signed, as JSON from the browser.
    Passkey(String),
    /// The six digits of an authenticator app.
    Totp(String),
    /// One of the recovery codes.
    RecoveryCode(String),
    /// The six digits that were sent.
    Code(String),
}

/// Answers. For a sign-in, gives the session.
///
/// # Errors
/// See the module.
pub async fn answer(
    bank: &Bank,
    caller: Option<Caller>,
    id: ChallengeId,
    answer: Answer,
    origin: &Origin,
) -> Result<Option<Tokens>> {
    take(bank, Counted::ShowCode, By::Address(origin)).await?;
    let now = bank.clock.now();
    let found = challenge::Entity::find_by_id(id).one(bank.db.connection()).await?;
    let asked = found.ok_or(Code::ChallengeInvalid.at("challengeId"))?;
    let own = asked.session_id == caller.map(|caller| caller.session) || asked.act == Act::SignIn;
    if !own {
        return Err(Code::ChallengeInvalid.at("challengeId").into());
    }
    let by = answered_by(bank, &asked, origin).await?;
    take(bank, Counted::Answer, by).await?;
    let tx = bank.db.begin().await?;
    let (_, key) = user::lock(bank, &tx, asked.user_id).await?;
    let asked = challenge::Entity::find_by_id(id).lock_exclusive().one(&tx).await?;
    let asked = asked.ok_or(Code::ChallengeInvalid.at("challengeId"))?;
    if asked.passed_at.is_some() || asked.expires_at <= now || asked.tries_left == 0 {
        return Err(Code::ChallengeExpired.at("challengeId").into());
    }
    if !is_right(bank, &tx, &key, &asked, &answer, origin).await? {
        return Err(wrong(bank, tx, &key, &asked, origin).await);
    }
    let passed =
        challenge::ActiveModel { passed_at: Set(Some(now)), passkey: Set(None), ..Default::default() };
    update(&tx, id, passed).await?;
    let tokens = match asked.session_id {
        Some(session) => {
            session::confirm(&tx, session, now).await?;
            None
        }
        None => Some(signed_in(bank, &tx, &key, id, origin).await?),
    };
    tx.commit().await?;
    forgive(bank, Counted::Answer, by).await?;
    bank.bell.ring();
    Ok(tokens)
}

/// By what answers are counted: the session, or for a sign-in a device that is known, or else the person.
async fn answered_by(bank: &Bank, asked: &challenge::Model, origin: &Origin) -> Result<By<'static>> {
    if let Some(session) = asked.session_id {
        return Ok(By::Session(session));
    }
    let known = device::known(bank.db.connection(), asked.user_id, origin).await?;
    Ok(known.map_or(By::user(asked.user_id), |device| By::Device(device.id)))
}

async fn is_right(
    bank: &Bank,
    tx: &DatabaseTransaction,
    key: &DataKey,
    asked: &challenge::Model,
    answer: &Answer,
    origin: &Origin,
) -> Result<bool> {
    let methods = methods(tx, key).await?;
    let method = match answer {
        Answer::Passkey(_) => Method::Passkey,
        Answer::Totp(_) => Method::Totp,
        Answer::RecoveryCode(_) => Method::RecoveryCode,
        Answer::Code(_) => Method::Code,
    };
    if !methods.contains(&method) {
        return Err(Code::MethodUnavailable.at("answer").into());
    }
    match answer {
        Answer::Passkey(answer) => {
            let Some(sealed) = &asked.passkey else {
                return Ok(false);
            };
            let state = bank.vault.house().open_text(Place(PASSKEY, asked.id.0), sealed)?;
            passkey::is_right(bank, tx, key, &state, answer, origin).await
        }
        Answer::Totp(code) => totp::check(bank, tx, key, code).await,
        Answer::RecoveryCode(code) => recovery_code::spend(bank, tx, key, code, origin).await,
        Answer::Code(code) => {
            let shown = hmac(bank, asked.id, code.trim());
            Ok(asked.code.as_ref().is_some_and(|right| keys::same(right, &shown)))
        }
    }
}

/// A wrong answer costs a try, and is in the person's log.
async fn wrong(
    bank: &Bank,
    tx: DatabaseTransaction,
    key: &DataKey,
    asked: &challenge::Model,
    origin: &Origin,
) -> Error {
    let recorded = async {
        let tries_left = Set(asked.tries_left.saturating_sub(1));
        update(&tx, asked.id, challenge::ActiveModel { tries_left, ..Default::default() }).await?;
        security_event::record(bank, &tx, key, SecurityEventKind::ChallengeFailed, origin).await
    };
    match recorded.await {
        Ok(()) => {
            let ended = tx.commit().await;
            bank.bell.ring();
            ended.map_or_else(Error::from, |()| Code::AnswerWrong.at("answer").into())
        }
        Err(error) => error,
    }
}

async fn signed_in(
    bank: &Bank,
    tx: &DatabaseTransaction,
    key: &DataKey,
    id: ChallengeId,
    origin: &Origin,
) -> Result<Tokens> {
    let now = bank.clock.now();
    update(tx, id, challenge::ActiveModel { spent_at: Set(Some(now)), ..Default::default() }).await?;
    let tokens = session::open(bank, tx, key, origin, true).await?;
    security_event::record(bank, tx, key, SecurityEventKind::SignedIn, origin).await?;
    Ok(tokens)
}
