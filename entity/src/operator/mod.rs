//! Operators: the people who run the wallet, each with an account of its own.
//!
//! Guarantees: nobody begins with a password that another knows. An operator is invited with a token that works
//! once, for a day, and chooses its own password and authenticator app with it; both are asked for at every
//! sign-in. The first is invited by a command on the server, all others by two who have the role for it.
//! Everything an operator does or sees is in its [`log`](crate::operator_event) before it is done or seen.
//!
//! Refuses `OPERATOR_NAME_TAKEN`, `NAME_INVALID`, `CODE_EXPIRED`, `NOT_FOUND`, `ROLE_MISSING`.

pub mod session;

use crate::bank::Bank;
use crate::clock::Time;
use crate::db::Db;
use crate::error::{Fault, Result, unique_or};
use crate::id::OperatorId;
use crate::keys;
use crate::operator_event;
use crate::origin::Origin;
use crate::password::NewPassword;
use crate::refusal::{Code, Refusal};
use crate::seal::Place;
use crate::secret::Secret;
use crate::session::hash;
use crate::table::{operator, operator_session};
use crate::throttle::{By, Counted, take};
use crate::totp::{self, Enrolment};
use chrono::Duration;
use sea_orm::{
    ActiveEnum, ActiveModelTrait, ActiveValue::Set, ColumnTrait, DatabaseTransaction, DeriveActiveEnum,
    EntityTrait, EnumIter, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
};
use serde::{Deserialize, Serialize};

pub use session::{Officer, check, look, sign_in, sign_out};

/// How long an invitation works.
const INVITED_FOR: Duration = Duration::days(1);

/// What an operator may do.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, EnumIter, DeriveActiveEnum, Serialize, Deserialize,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Role {
    /// Invites and dismisses operators.
    Admin,
    /// Reads the books and what operators did.
    Auditor,
    /// Looks after jobs.
    Engineer,
    /// Decides who somebody is.
    Reviewer,
    /// Looks people up, and freezes them.
    Support,
    /// Looks after rates, fees and positions.
    Treasurer,
}

/// Whether an operator may sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OperatorState {
    /// Has not taken up the invitation.
    Invited,
    /// May sign in.
    Active,
    /// May not any more.
    Dismissed,
}

/// Somebody who runs the wallet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operator {
    /// Its id.
    pub id: OperatorId,
    /// The name that it signs in with.
    pub name: String,
    /// What it may do.
    pub roles: Vec<Role>,
    /// Whether it may sign in.
    pub state: OperatorState,
    /// When it was first invited.
    pub created_at: Time,
}

impl TryFrom<operator::Model> for Operator {
    type Error = Fault;

    fn try_from(row: operator::Model) -> Result<Self, Fault> {
        let roles = stored_roles(&row.roles)?;
        Ok(Self { id: row.id, name: row.name, roles, state: row.state, created_at: row.created_at })
    }
}

impl Role {
    /// Reads a role by its name, in whatever case.
    pub fn parse(text: &str) -> Option<Self> {
        Self::try_from_value(&text.to_uppercase()).ok()
    }
}

/// The roles of a column.
fn stored_roles(text: &str) -> Result<Vec<Role>, Fault> {
    let roles = text.split(',').map(|role| Role::try_from_value(&role.to_owned()));
    roles.collect::<Result<_, _>>().map_err(|_| Fault::Corrupt("an unknown role"))
}

fn join(roles: &[Role]) -> String {
    let mut roles = roles.to_vec();
    roles.sort_unstable();
    roles.dedup();
    roles.iter().map(ActiveEnum::to_value).collect::<Vec<_>>().join(",")
}

/// A name to sign in with: 2 to 40 small letters, digits, points and hyphens.
///
/// # Errors
/// `NAME_INVALID`.
pub fn parse_name(text: &str) -> Result<String, Refusal> {
    let fits = (2..=40).contains(&text.len())
        && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-'));
    if fits { Ok(text.to_owned()) } else { Err(Code::NameInvalid.at("name")) }
}

/// Invites an operator in the name of who owns the server. Somebody who was invited before, or has lost password or
/// app, is invited anew: what it had no longer works.
///
/// # Errors
/// `NAME_INVALID`, `ROLE_MISSING` without a role.
pub async fn invite(bank: &Bank, name: &str, roles: &[Role]) -> Result<Secret> {
    let tx = bank.db.begin().await?;
    let token = join_halves(&new_half(), &new_half());
    invite_in(bank, &tx, &parse_name(name)?, roles, &token).await?;
    tx.commit().await?;
    tracing::warn!(name, "an operator was invited");
    Ok(token)
}

/// Half of the token of an invitation: 256 random bits.
pub(crate) fn new_half() -> Secret {
    Secret::new(keys::hex(&keys::random_bytes()))
}

/// The token of both halves, as whoever is invited writes them one after the other.
pub(crate) fn join_halves(first: &Secret, second: &Secret) -> Secret {
    Secret::new(format!("{}{}", first.reveal(), second.reveal()))
}

/// Whether an operator has this name.
pub(crate) async fn is_named(tx: &DatabaseTransaction, id: OperatorId, name: &str) -> Result<bool> {
    Ok(operator::Entity::find_by_id(id).one(tx).await?.is_some_and(|row| row.name == name))
}

/// Whether an operator may sign in and has a role.
pub(crate) async fn has_role(tx: &DatabaseTransaction, id: OperatorId, role: Role) -> Result<bool> {
    let row = operator::Entity::find_by_id(id).one(tx).await?;
    let row = row.filter(|row| row.state == OperatorState::Active);
    Ok(row.map(|row| stored_roles(&row.roles)).transpose()?.is_some_and(|roles| roles.contains(&role)))
}

/// The same in an open transaction.
pub(crate) async fn invite_in(
    bank: &Bank,
    tx: &DatabaseTransaction,
    name: &str,
    roles: &[Role],
    token: &Secret,
) -> Result<()> {
    if roles.is_empty() {
        return Err(Code::RoleMissing.at("roles").into());
    }
    let now = bank.clock.now();
    let known = operator::Entity::find().filter(operator::COLUMN.name.eq(name)).lock_exclusive();
    let known = known.one(tx).await?;
    let row = operator::Model {
        id: known.as_ref().map_or_else(|| OperatorId(bank.ids.next(now)), |known| known.id),
        name: name.to_owned(),
        roles: join(roles),
        state: OperatorState::Invited,
        invitation_hash: Some(hash(token.reveal())),
        invited_until: Some(now + INVITED_FOR),
        password_hash: None,
        totp_secret: None,
        totp_step: 0,
        created_at: known.as_ref().map_or(now, |known| known.created_at),
    };
    if known.is_some() {
        session::end_all(tx, row.id, now).await?;
        operator::Entity::update(row.into_active_model().reset_all()).exec(tx).await?;
    } else {
        let taken = unique_or(Code::NameInvalid.at("name"));
        operator::Entity::insert(row.into_active_model()).exec_without_returning(tx).await.map_err(taken)?;
    }
    Ok(())
}

const TOTP: &str = "operators.totp_secret";

/// Takes up an invitation: chooses a password, and gives what the authenticator app has to know.
///
/// # Errors
/// `CODE_EXPIRED`, `PASSWORD_COMMON`, `PASSWORD_WEAK`, `TOO_MANY_TRIES`, `OVERLOADED`.
pub async fn accept(bank: &Bank, token: &str, new: NewPassword, origin: &Origin) -> Result<Enrolment> {
    take(bank, Counted::ShowCode, By::Address(origin)).await?;
    let invitation = hash(token.trim());
    let found = || operator::Entity::find().filter(operator::COLUMN.invitation_hash.eq(invitation.clone()));
    let expired = Code::CodeExpired.at("token");
    let known = found().one(bank.db.connection()).await?.ok_or(expired)?;
    let password_hash = bank.passwords.hash_new(new, vec![known.name]).await?;
    let tx = bank.db.begin().await?;
    let row = found().lock_exclusive().one(&tx).await?.ok_or(expired)?;
    if row.invited_until.is_none_or(|until| until <= bank.clock.now()) {
        return Err(expired.into());
    }
    let secret = totp::new_secret();
    let sealed = bank.vault.house().seal(Place(TOTP, row.id.0), &secret)?;
    let set = operator::ActiveModel {
        state: Set(OperatorState::Active),
        invitation_hash: Set(None),
        invited_until: Set(None),
        password_hash: Set(Some(password_hash)),
        totp_secret: Set(Some(sealed)),
        totp_step: Set(0),
        ..Default::default()
    };
    operator::Entity::update_many().set(set).filter(operator::COLUMN.id.eq(row.id)).exec(&tx).await?;
    operator_event::record(bank, &tx, row.id, "acceptInvitation", None, origin).await?;
    tx.commit().await?;
    Ok(totp::enrolment(&secret, &row.name)?)
}

/// Dismisses an operator: all its sessions end.
///
/// # Errors
/// `NOT_FOUND`; `SELF_APPROVAL` for oneself, so that one is left.
pub async fn dismiss(bank: &Bank, officer: &Officer, id: OperatorId) -> Result<Operator> {
    if officer.id == id {
        return Err(Code::SelfApproval.at("id").into());
    }
    let tx = bank.db.begin().await?;
    let row = operator::Entity::find_by_id(id).lock_exclusive().one(&tx).await?;
    let row = row.ok_or(Code::NotFound.at("id"))?;
    let set = operator::ActiveModel {
        state: Set(OperatorState::Dismissed),
        invitation_hash: Set(None),
        invited_until: Set(None),
        ..Default::default()
    };
    operator::Entity::update_many().set(set).filter(operator::COLUMN.id.eq(id)).exec(&tx).await?;
    session::end_all(&tx, id, bank.clock.now()).await?;
    tx.commit().await?;
    Ok(Operator { state: OperatorState::Dismissed, ..Operator::try_from(row)? })
}

/// All operators, by name.
///
/// # Errors
/// Only faults.
pub async fn list(db: &Db) -> Result<Vec<Operator>> {
    let rows = operator::Entity::find().order_by_asc(operator::Column::Name).all(db.connection()).await?;
    Ok(rows.into_iter().map(Operator::try_from).collect::<Result<_, _>>()?)
}

/// Operators who may sign in and have a role, by name.
///
/// # Errors
/// Only faults.
pub async fn active(db: &Db, role: Role) -> Result<Vec<Operator>> {
    let all = list(db).await?.into_iter();
    Ok(all.filter(|one| one.state == OperatorState::Active && one.roles.contains(&role)).collect())
}

/// Forgets sessions that began a month ago.
///
/// # Errors
/// Only faults.
pub async fn forget_expired(bank: &Bank) -> Result<u64> {
    let before = bank.clock.now() - Duration::days(30);
    let old = operator_session::Entity::delete_many().filter(operator_session::Column::CreatedAt.lt(before));
    Ok(old.exec(bank.db.connection()).await?.rows_affected)
}
