//! Challenges: a question that only the person can answer, before an act that matters.
//!
//! Guarantees: an answer is good for one act of one person in one session and nothing else: it is bound to
//! a digest of the act, for a payment of its payee, amount, currency and key (dynamic linking, Regulation
//! (EU) 2018/389, article 5). It is good for five minutes, and a question for five wrong answers. Answers are
//! counted by session, device or person, and by address. Who has a second factor (a passkey, an authenticator app) is
//! asked for it or for a recovery code; who has none gets a code at its primary handle, which says what it is for.
//! What passkeys are asked is random, sealed in the row of the question, and gone with the right answer.
//!
//! Refuses `ANSWER_WRONG`, `CHALLENGE_EXPIRED`, `CHALLENGE_INVALID`, `METHOD_UNAVAILABLE`, `TOO_MANY_TRIES`.

mod answer;

pub use answer::{Answer, answer};

use crate::bank::Bank;
use crate::clock::Time;
use crate::error::{Fault, Result};
use crate::handle::own;
use crate::id::{ChallengeId, EventId, SessionId, UserId};
use crate::keys;
use crate::message::{self, Letter};
use crate::notification::{CodePurpose, Notice};
use crate::refusal::Code;
use crate::seal::Place;
use crate::session::Caller;
use crate::table::{challenge, user as people};
use crate::throttle::{By, Counted, take};
use crate::vault::DataKey;
use crate::{passkey, recovery_code, second_factor, totp, user, verification};
use chrono::Duration;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, DeriveActiveEnum, EntityTrait,
    EnumIter, IntoActiveModel, QueryFilter, QuerySelect,
};
use sha2::{Digest, Sha256};

/// How long a question and its answer are good.
const VALID_FOR: Duration = Duration::minutes(5);
/// Wrong answers that a question survives, and the right one.
const TRIES: i32 = 5;

/// What is asked before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Act {
    /// A session is opened.
    SignIn,
    /// Money leaves.
    Payment,
    /// What guards the wallet is changed.
    Security,
}

/// How it can be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// With a passkey.
    Passkey,
    /// With the six digits of an authenticator app.
    Totp,
    /// With one of the recovery codes.
    RecoveryCode,
    /// With the six digits that were sent to the primary handle.
    Code,
}

/// A question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// Its id.
    pub id: ChallengeId,
    /// What is asked before.
    pub act: Act,
    /// How it can be answered.
    pub methods: Vec<Method>,
    /// What passkeys are asked, as JSON for the browser; none, where the person has none.
    pub passkey_options: Option<String>,
    /// Until when.
    pub expires_at: Time,
}

/// The column of what passkeys were asked, for its seal.
const PASSKEY: &str = "challenges.passkey";

/// What a question is bound to.
pub(crate) struct Bound {
    pub(crate) act: Act,
    pub(crate) session: Option<SessionId>,
    /// The act in words that mean it and nothing else.
    pub(crate) words: String,
}

impl Bound {
    fn digest(&self) -> Vec<u8> {
        Sha256::digest(self.words.as_bytes()).to_vec()
    }

    /// A change of what guards the wallet, in this session.
    pub(crate) fn security(session: SessionId) -> Self {
        Self { act: Act::Security, session: Some(session), words: "security".to_owned() }
    }
}

/// How a person can answer.
pub(crate) async fn methods(db: &impl ConnectionTrait, key: &DataKey) -> Result<Vec<Method>> {
    if !second_factor::is_set_up(db, key).await? {
        return Ok(vec![Method::Code]);
    }
    let ways = [
        (Method::Passkey, passkey::is_registered(db, key.user()).await?),
        (Method::Totp, totp::is_enrolled(db, key).await?),
        (Method::RecoveryCode, recovery_code::left(db, key).await? > 0),
    ];
    Ok(ways.into_iter().filter_map(|(method, open)| open.then_some(method)).collect())
}

/// Asks. Where a code has to be sent, it says what it is for.
pub(crate) async fn ask(
    bank: &Bank,
    tx: &DatabaseTransaction,
    key: &DataKey,
    row: &people::Model,
    bound: Bound,
    purpose: CodePurpose,
) -> Result<Challenge> {
    let now = bank.clock.now();
    let (id, expires_at) = (ChallengeId(bank.ids.next(now)), now + VALID_FOR);
    let methods = methods(tx, key).await?;
    let question = passkey::ask(bank, tx, key).await?;
    let seal =
        |question: &passkey::Question| bank.vault.house().seal_text(Place(PASSKEY, id.0), &question.state);
    let mut code = None;
    if methods.contains(&Method::Code) {
        let fresh = verification::new_code();
        code = Some(hmac(bank, id, fresh.reveal()));
        let handles = own::all(tx, key).await?;
        let primary = handles.into_iter().find(|own| own.is_primary).map(|own| own.handle);
        let to = primary.ok_or(Fault::Corrupt("a person has no primary handle"))?;
        let letter = Letter {
            notice: Notice::Code { code: fresh, purpose },
            locale: user::locale(row),
            phrase: user::phrase(key, row)?,
            at: now,
            until: Some(expires_at),
        };
        message::put(bank, tx, EventId(id.0), &to, letter).await?;
    }
    let asked = challenge::Model {
        id,
        user_id: key.user(),
        session_id: bound.session,
        act: bound.act,
        digest: bound.digest(),
        code,
        tries_left: TRIES,
        expires_at,
        passed_at: None,
        spent_at: None,
        created_at: now,
        passkey: question.as_ref().map(seal).transpose()?,
    };
    challenge::Entity::insert(asked.into_active_model()).exec_without_returning(tx).await?;
    let passkey_options = question.map(|question| question.options);
    Ok(Challenge { id, act: bound.act, methods, passkey_options, expires_at })
}

fn hmac(bank: &Bank, id: ChallengeId, code: &str) -> Vec<u8> {
    keys::mac(&bank.vault.derive("challenge code"), &[id.0.as_bytes(), code.as_bytes()]).to_vec()
}

/// Counts a code that is going to be sent, where one is: a confirmed session by itself, so that who knows
/// only the password can't keep it from asking.
pub(crate) async fn count(bank: &Bank, caller: Caller) -> Result<()> {
    let db = bank.db.connection();
    let key = user::data_key(bank, db, caller.user).await?;
    if second_factor::is_set_up(db, &key).await? {
        return Ok(());
    }
    let by = if caller.confirmed { By::Session(caller.session) } else { By::user(caller.user) };
    take(bank, Counted::SendQuestion, by).await
}

/// Asks before a change of what guards the wallet.
///
/// # Errors
/// `TOO_MANY_TRIES`.
pub async fn ask_security(bank: &Bank, caller: Caller) -> Result<Challenge> {
    count(bank, caller).await?;
    let tx = bank.db.begin().await?;
    let (row, key) = user::lock(bank, &tx, caller.user).await?;
    let bound = Bound::security(caller.session);
    let asked = ask(bank, &tx, &key, &row, bound, CodePurpose::Security).await?;
    tx.commit().await?;
    bank.bell.ring();
    Ok(asked)
}

async fn update(tx: &DatabaseTransaction, id: ChallengeId, row: challenge::ActiveModel) -> Result<()> {
    challenge::Entity::update_many().set(row).filter(challenge::COLUMN.id.eq(id)).exec(tx).await?;
    Ok(())
}

/// Whether the answer to a question is good for this act of this person now.
pub(crate) async fn is_passed(
    db: &impl ConnectionTrait,
    user: UserId,
    id: ChallengeId,
    bound: &Bound,
    now: Time,
) -> Result<bool> {
    let row = challenge::Entity::find_by_id(id).one(db).await?;
    Ok(row.is_some_and(|row| {
        row.user_id == user
            && row.session_id == bound.session
            && row.act == bound.act
            && row.digest == bound.digest()
            && row.passed_at.is_some()
            && row.spent_at.is_none()
            && row.expires_at > now
    }))
}

/// Uses up the answer to a question; it is good for one act.
pub(crate) async fn spend(bank: &Bank, caller: Caller, id: ChallengeId, bound: &Bound) -> Result<()> {
    let now = bank.clock.now();
    let tx = bank.db.begin().await?;
    challenge::Entity::find_by_id(id).lock_exclusive().one(&tx).await?;
    if !is_passed(&tx, caller.user, id, bound, now).await? {
        return Err(Code::ChallengeInvalid.at("challengeId").into());
    }
    update(&tx, id, challenge::ActiveModel { spent_at: Set(Some(now)), ..Default::default() }).await?;
    Ok(tx.commit().await?)
}

/// Forgets questions that ended a day ago.
///
/// # Errors
/// Only faults.
pub async fn forget_expired(bank: &Bank) -> Result<u64> {
    let before = bank.clock.now() - Duration::days(1);
    let old = challenge::Entity::delete_many().filter(challenge::Column::ExpiresAt.lt(before));
    Ok(old.exec(bank.db.connection()).await?.rows_affected)
}
