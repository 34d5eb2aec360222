//! Know your customer: how well a person is known, in four levels, and its applications for the next. What the level
//! allows is in [`limit`](crate::limit).
//!
//! Guarantees: a person has one open application; what it says is sealed with its data key, and read by operators
//! only, each view in their log. A level is raised by two operators (see [`proposal`](crate::proposal)), rejected by
//! one with a reason that the person gets to read, and never lowered. It is raised only after who applies was
//! [screened](crate::sanction), and of nobody who may be on a sanctions list.
//!
//! Refuses `LEVEL_REACHED`, `PROFILE_INVALID`, `DOCUMENTS_INVALID`, `DOCUMENTS_MISSING`, `APPLICATION_OPEN`,
//! `NOT_FOUND`, `REASON_INVALID`, `SANCTION_HIT_OPEN`, `ACTS_UNDER_WAY`.

mod level;
mod profile;

pub use level::Level;
pub use profile::{Document, DocumentKind, Profile};

pub(crate) use profile::check_evidence;

use crate::bank::Bank;
use crate::clock::Time;
use crate::error::{Fault, Result, unique_or};
use crate::id::{ApplicationId, JobId, UserId};
use crate::notification::{self, Case, Notice};
use crate::operator::{Officer, Role};
use crate::origin::Origin;
use crate::outbox::{self, Job};
use crate::page::{Page, Slice};
use crate::refusal::Code;
use crate::sanction;
use crate::security_event::SecurityEventKind;
use crate::table::{kyc_application, user};
use crate::user::{self as people, parse_text};
use crate::vault::DataKey;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DatabaseTransaction, DeriveActiveEnum, EntityTrait, EnumIter,
    IntoActiveModel, QueryFilter, QueryOrder,
};
use serde::{Deserialize, Serialize};

/// What came of an application.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ApplicationState {
    /// Operators look at it.
    Open,
    /// The level is raised.
    Approved,
    /// It is not, and the reason says why.
    Rejected,
    /// The person has taken it back.
    Withdrawn,
}

/// What a person shows for a level.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Form {
    /// Who it says that it is.
    pub profile: Profile,
    /// What shows it.
    pub documents: Vec<Document>,
}

/// An application for a level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Application {
    /// Its id.
    pub id: ApplicationId,
    /// Who applies.
    pub user: UserId,
    /// For which level.
    pub level: Level,
    /// What it shows.
    pub form: Form,
    /// What came of it.
    pub state: ApplicationState,
    /// Why it was rejected.
    pub reason: Option<String>,
    /// When it was made.
    pub created_at: Time,
    /// When it was decided.
    pub decided_at: Option<Time>,
}

const FORM: &str = "kyc_applications.form";
const REASON: &str = "kyc_applications.reason";

pub(crate) fn read(key: &DataKey, row: &kyc_application::Model) -> Result<Application, Fault> {
    let form = serde_json::from_str(&key.open(FORM, row.id.0, &row.form)?);
    let reason = row.reason.as_ref().map(|reason| key.open(REASON, row.id.0, reason));
    Ok(Application {
        id: row.id,
        user: row.user_id,
        level: row.level,
        form: form.map_err(|_| Fault::Corrupt("an application can't be read"))?,
        state: row.state,
        reason: reason.transpose()?,
        created_at: row.created_at,
        decided_at: row.decided_at,
    })
}

/// Applies for a level above the present one.
///
/// # Errors
/// See the module.
pub async fn apply(bank: &Bank, user: UserId, level: Level, form: Form) -> Result<Application> {
    let now = bank.clock.now();
    let form = Form { profile: form.profile.check(now)?, documents: form.documents };
    profile::check_documents(&form.documents, level)?;
    let id = ApplicationId(bank.ids.next(now));
    let tx = bank.db.begin().await?;
    let (person, key) = people::lock(bank, &tx, user).await?;
    if level <= person.kyc_level {
        return Err(Code::LevelReached.at("level").into());
    }
    let row = kyc_application::Model {
        id,
        user_id: user,
        level,
        form: key.seal(FORM, id.0, &serde_json::to_string(&form).unwrap_or_default())?,
        state: ApplicationState::Open,
        reason: None,
        created_at: now,
        decided_at: None,
    };
    let open = unique_or(Code::ApplicationOpen.into());
    let insert = kyc_application::Entity::insert(row.clone().into_active_model());
    insert.exec_without_returning(&tx).await.map_err(open)?;
    outbox::put(&tx, Job::ScreenPerson { user, cause: JobId(id.0) }, now).await?;
    tx.commit().await?;
    bank.bell.ring();
    Ok(read(&key, &row)?)
}

/// Takes the open application back.
///
/// # Errors
/// `NOT_FOUND` where there is none.
pub async fn withdraw(bank: &Bank, user: UserId) -> Result<Application> {
    let tx = bank.db.begin().await?;
    let (_, key) = people::lock(bank, &tx, user).await?;
    let open = kyc_application::Entity::find()
        .filter(kyc_application::COLUMN.user_id.eq(user))
        .filter(kyc_application::COLUMN.state.eq(ApplicationState::Open));
    let row = open.one(&tx).await?.ok_or(Code::NotFound)?;
    let row = decide(bank, &tx, row, ApplicationState::Withdrawn, None).await?;
    tx.commit().await?;
    Ok(read(&key, &row)?)
}

async fn decide(
    bank: &Bank,
    tx: &DatabaseTransaction,
    row: kyc_application::Model,
    state: ApplicationState,
    reason: Option<crate::Sealed>,
) -> Result<kyc_application::Model> {
    let decided_at = Some(bank.clock.now());
    let set = kyc_application::ActiveModel {
        state: Set(state),
        reason: Set(reason.clone()),
        decided_at: Set(decided_at),
        ..Default::default()
    };
    let this = kyc_application::Entity::update_many().filter(kyc_application::COLUMN.id.eq(row.id));
    this.set(set).exec(tx).await?;
    Ok(kyc_application::Model { state, reason, decided_at, ..row })
}

/// The open application of this id, with its person locked.
async fn open(
    bank: &Bank,
    tx: &DatabaseTransaction,
    id: ApplicationId,
) -> Result<(kyc_application::Model, user::Model, DataKey)> {
    let find = || kyc_application::Entity::find_by_id(id);
    let user = find().one(tx).await?.ok_or(Code::NotFound.at("id"))?.user_id;
    let (person, key) = people::lock(bank, tx, user).await?;
    let row = find().one(tx).await?.filter(|row| row.state == ApplicationState::Open);
    Ok((row.ok_or(Code::NotFound.at("id"))?, person, key))
}

/// Refuses an application that is not open, or of somebody who may be on a sanctions list.
pub(crate) async fn check_open(bank: &Bank, id: ApplicationId) -> Result<()> {
    let db = bank.db.connection();
    let row = kyc_application::Entity::find_by_id(id).one(db).await?;
    let row = row.filter(|row| row.state == ApplicationState::Open);
    sanction::refuse_listed(db, row.ok_or(Code::NotFound.at("id"))?.user_id).await
}

/// Raises the level, for two operators who agree.
pub(crate) async fn approve(bank: &Bank, tx: &DatabaseTransaction, id: ApplicationId) -> Result<()> {
    let (row, person, key) = open(bank, tx, id).await?;
    if outbox::is_written(tx, JobId(id.0)).await? {
        // It is not known yet whether this name is on a list.
        return Err(Code::ActsUnderWay.at("id").into());
    }
    sanction::refuse_listed(tx, row.user_id).await?;
    let row = decide(bank, tx, row, ApplicationState::Approved, None).await?;
    let level = row.level.max(person.kyc_level);
    let set = user::ActiveModel { kyc_level: Set(level), ..Default::default() };
    user::Entity::update_many().set(set).filter(user::COLUMN.id.eq(row.user_id)).exec(tx).await?;
    let (kind, notice) = (SecurityEventKind::LevelRaised, Notice::Case(Case::LevelRaised { level }));
    notification::warn(bank, tx, &key, kind, &notice, &Origin::default()).await
}

/// Rejects an application, with a reason for the person.
///
/// # Errors
/// `ROLE_MISSING`, `NOT_FOUND`, `REASON_INVALID`.
pub async fn reject(bank: &Bank, officer: &Officer, id: ApplicationId, reason: &str) -> Result<Application> {
    officer.require(Role::Reviewer)?;
    let reason = parse_text(reason, Code::ReasonInvalid.at("reason"))?;
    let tx = bank.db.begin().await?;
    let (row, _, key) = open(bank, &tx, id).await?;
    let sealed = key.seal(REASON, id.0, &reason)?;
    let row = decide(bank, &tx, row, ApplicationState::Rejected, Some(sealed)).await?;
    let (kind, notice) = (SecurityEventKind::LevelRefused, Notice::Case(Case::LevelRefused { reason }));
    notification::warn(bank, &tx, &key, kind, &notice, &Origin::default()).await?;
    tx.commit().await?;
    bank.bell.ring();
    Ok(read(&key, &row)?)
}

/// The applications of a person, newest first.
///
/// # Errors
/// Only faults.
pub async fn own(bank: &Bank, user: UserId) -> Result<Vec<Application>> {
    let db = bank.db.connection();
    let key = people::data_key(bank, db, user).await?;
    let rows = kyc_application::Entity::find()
        .filter(kyc_application::COLUMN.user_id.eq(user))
        .order_by_desc(kyc_application::Column::Id)
        .all(db)
        .await?;
    rows.into_iter().map(|row| Ok(read(&key, &row)?)).collect()
}

/// An application, for operators.
///
/// # Errors
/// `NOT_FOUND`, also for one whose person was forgotten.
pub async fn find(bank: &Bank, id: ApplicationId) -> Result<Application> {
    let db = bank.db.connection();
    let row = kyc_application::Entity::find_by_id(id).one(db).await?.ok_or(Code::NotFound.at("id"))?;
    let key = people::data_key(bank, db, row.user_id).await?;
    Ok(read(&key, &row)?)
}

/// One page of the open applications, oldest first: who they are of, and for which level.
///
/// # Errors
/// Only faults.
pub async fn waiting(
    bank: &Bank,
    page: Page<ApplicationId>,
) -> Result<Slice<(ApplicationId, UserId, Level)>> {
    let open = kyc_application::COLUMN.state.eq(ApplicationState::Open);
    let query = page.rising(kyc_application::Entity::find().filter(open), kyc_application::Column::Id);
    let rows = query.all(bank.db.connection()).await?;
    Ok(page.slice(rows)?.map(|row| (row.id, row.user_id, row.level)))
}
