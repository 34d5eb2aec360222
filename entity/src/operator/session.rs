//! Sessions of operators: opened with name, password and authenticator app, short, and looked up for every request.
//!
//! Guarantees: whatever was wrong, the answer and the work are the same; tries are counted by name and address. A
//! session ends half an hour after it was last used, eight hours after it began, when its operator signs
//! out or is dismissed (ASVS 5.0, 7.3). A code of the app works once.

use super::{OperatorState, Role, TOTP, stored_roles};
use crate::bank::Bank;
use crate::clock::Time;
use crate::error::{Error, Result};
use crate::id::{OperatorId, SessionId};
use crate::operator_event;
use crate::origin::Origin;
use crate::password::Password;
use crate::refusal::Code;
use crate::seal::Place;
use crate::secret::Secret;
use crate::session::hash;
use crate::table::{operator, operator_session};
use crate::throttle::{By, Counted, forgive, take};
use crate::{keys, totp};
use chrono::Duration;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter,
    QuerySelect,
};

/// How long a session lives at most.
const LIFE: Duration = Duration::hours(8);
/// How long a session lives without being used.
const IDLE: Duration = Duration::minutes(30);
/// How exactly its last use is known.
const TOUCH: Duration = Duration::minutes(1);

/// An operator who has signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Officer {
    /// Who.
    pub id: OperatorId,
    /// In which session.
    pub session: SessionId,
    roles: Vec<Role>,
}

impl Officer {
    /// Refuses whoever does not have a role.
    ///
    /// # Errors
    /// `ROLE_MISSING`.
    pub fn require(&self, role: Role) -> Result<()> {
        self.require_one(&[role])
    }

    /// Refuses whoever has none of these roles.
    ///
    /// # Errors
    /// `ROLE_MISSING`.
    pub fn require_one(&self, roles: &[Role]) -> Result<()> {
        let has = roles.iter().any(|role| self.roles.contains(role));
        if has { Ok(()) } else { Err(Code::RoleMissing.into()) }
    }
}

/// Signs an operator in; gives the token of its requests and until when it works at most.
///
/// # Errors
/// `SIGN_IN_FAILED` whatever was wrong; `TOO_MANY_TRIES`, `OVERLOADED`.
pub async fn sign_in(
    bank: &Bank,
    name: &str,
    password: Password,
    code: &str,
    origin: &Origin,
) -> Result<(Secret, Time)> {
    let place = bank.passwords.queue()?;
    let by = By::Handle(bank.vault.digest(&[b"operator", name.as_bytes()]));
    take(bank, Counted::SignIn, By::Address(origin)).await?;
    take(bank, Counted::SignIn, by).await?;
    let found = operator::Entity::find().filter(operator::COLUMN.name.eq(name));
    let found = found.one(bank.db.connection()).await?;
    let known = found.filter(|row| row.state == OperatorState::Active);
    let password_hash = known.as_ref().and_then(|row| row.password_hash.clone());
    let (verdict, _) = bank.passwords.verify_keeping(place, password, password_hash).await?;
    let Some(known) = known else { return Err(Code::SignInFailed.into()) };
    let opened = if verdict.is_right() { try_code(bank, known.id, code, origin).await? } else { None };
    let Some(opened) = opened else {
        // Afterwards, so that a name that is somebody's takes no longer than one that is nobody's.
        let (there, origin) = (bank.clone(), origin.clone());
        bank.afterwards.run(async move { record_failure(&there, known.id, &origin).await }).await;
        return Err(Code::SignInFailed.into());
    };
    forgive(bank, Counted::SignIn, by).await?;
    Ok(opened)
}

/// Opens a session, if the code of the app is right.
async fn try_code(
    bank: &Bank,
    id: OperatorId,
    code: &str,
    origin: &Origin,
) -> Result<Option<(Secret, Time)>> {
    let tx = bank.db.begin().await?;
    let row = operator::Entity::find_by_id(id).lock_exclusive().one(&tx).await?;
    let Some(row) = row.filter(|row| row.state == OperatorState::Active) else { return Ok(None) };
    let Some(step) = step(bank, &row, code)? else { return Ok(None) };
    let set = operator::ActiveModel { totp_step: Set(step), ..Default::default() };
    operator::Entity::update_many().set(set).filter(operator::COLUMN.id.eq(id)).exec(&tx).await?;
    let opened = open(bank, &tx, id).await?;
    operator_event::record(bank, &tx, id, "signIn", None, origin).await?;
    tx.commit().await?;
    Ok(Some(opened))
}

async fn record_failure(bank: &Bank, id: OperatorId, origin: &Origin) -> Result<()> {
    let tx = bank.db.begin().await?;
    operator_event::record(bank, &tx, id, "signInFailed", None, origin).await?;
    Ok(tx.commit().await?)
}

/// The step of a code that is right now.
fn step(bank: &Bank, row: &operator::Model, code: &str) -> Result<Option<i64>> {
    let Some(sealed) = &row.totp_secret else { return Ok(None) };
    let secret = bank.vault.house().open(Place(TOTP, row.id.0), sealed)?;
    Ok(totp::step_of(&secret, code, row.totp_step, bank.clock.now())?)
}

async fn open(bank: &Bank, tx: &DatabaseTransaction, operator_id: OperatorId) -> Result<(Secret, Time)> {
    let now = bank.clock.now();
    let token = Secret::new(format!("oko_{}", keys::hex(&keys::random_bytes())));
    let row = operator_session::Model {
        id: SessionId(bank.ids.next(now)),
        operator_id,
        token_hash: hash(token.reveal()),
        created_at: now,
        used_at: now,
        ended_at: None,
    };
    operator_session::Entity::insert(row.into_active_model()).exec_without_returning(tx).await?;
    Ok((token, now + LIFE))
}

/// Who sends this token.
///
/// # Errors
/// `TOKEN_INVALID`, `SESSION_ENDED`.
pub async fn check(bank: &Bank, token: &str) -> Result<Officer> {
    let (db, now) = (bank.db.connection(), bank.clock.now());
    let found = operator_session::Entity::find()
        .filter(operator_session::COLUMN.token_hash.eq(hash(token)))
        .find_also_related(operator::Entity)
        .one(db)
        .await?;
    let (session, row) = found.ok_or(Code::TokenInvalid)?;
    let officer = open_officer(&session, row, now)?;
    if session.used_at + TOUCH <= now {
        let used = operator_session::ActiveModel { used_at: Set(now), ..Default::default() };
        let own = operator_session::Entity::update_many().filter(operator_session::COLUMN.id.eq(session.id));
        own.set(used).exec(db).await?;
    }
    Ok(officer)
}

/// Who an operator is now, with the roles of now. To look is no use of its session, which ends as if nobody had.
///
/// # Errors
/// `SESSION_ENDED`.
pub async fn look(bank: &Bank, officer: &Officer) -> Result<Officer> {
    let own = operator_session::Entity::find_by_id(officer.session).find_also_related(operator::Entity);
    let (session, row) = own.one(bank.db.connection()).await?.ok_or(Code::SessionEnded)?;
    open_officer(&session, row, bank.clock.now())
}

/// The operator of a session that is open.
fn open_officer(
    session: &operator_session::Model,
    row: Option<operator::Model>,
    now: Time,
) -> Result<Officer> {
    let row = row.filter(|row| row.state == OperatorState::Active);
    let is_open =
        session.ended_at.is_none() && session.created_at + LIFE > now && session.used_at + IDLE > now;
    let row = row.filter(|_| is_open).ok_or(Error::from(Code::SessionEnded))?;
    Ok(Officer { id: row.id, session: session.id, roles: stored_roles(&row.roles)? })
}

/// Ends the session of who asks.
///
/// # Errors
/// Only faults.
pub async fn sign_out(bank: &Bank, officer: &Officer) -> Result<()> {
    let own = operator_session::Entity::update_many().filter(operator_session::COLUMN.id.eq(officer.session));
    own.set(ended(bank.clock.now())).exec(bank.db.connection()).await?;
    Ok(())
}

/// Ends all sessions of an operator.
pub(super) async fn end_all(tx: &DatabaseTransaction, id: OperatorId, now: Time) -> Result<()> {
    let open = operator_session::Entity::update_many()
        .filter(operator_session::COLUMN.operator_id.eq(id))
        .filter(operator_session::COLUMN.ended_at.is_null());
    open.set(ended(now)).exec(tx).await?;
    Ok(())
}

fn ended(now: Time) -> operator_session::ActiveModel {
    operator_session::ActiveModel { ended_at: Set(Some(now)), ..Default::default() }
}
