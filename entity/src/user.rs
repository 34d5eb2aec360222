//! People: who they are, and whether they may act.

use crate::clock::Time;
use crate::db::Db;
use crate::error::Result;
use crate::handle::{Handle, HandleKind};
use crate::id::UserId;
use crate::refusal::{Code, Refusal};
use crate::table::{handle, session, user};
use sea_orm::{ColumnTrait, DeriveActiveEnum, EntityTrait, EnumIter, QueryFilter, QueryOrder, QuerySelect};
use std::collections::HashMap;

/// Whether a person may act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum UserState {
    /// Has signed up and not yet shown the code.
    PendingActivation,
    /// May do everything.
    Active,
    /// May look and be paid; no money leaves.
    Frozen,
    /// Has left.
    Closed,
}

/// A person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Its id.
    pub id: UserId,
    /// What it calls itself.
    pub name: String,
    /// Whether it may act.
    pub state: UserState,
    /// The terms that it accepted.
    pub terms_version: String,
    /// When it signed up.
    pub created_at: Time,
}

impl From<user::Model> for User {
    fn from(row: user::Model) -> Self {
        Self {
            id: row.id,
            name: row.name,
            state: row.state,
            terms_version: row.terms_version,
            created_at: row.created_at,
        }
    }
}

/// A name of 1 to 100 printable characters.
///
/// # Errors
/// `NAME_INVALID`.
pub fn parse_name(text: &str) -> Result<String, Refusal> {
    parse_text(text, Code::NameInvalid.at("name"))
}

/// The same rule for other short texts.
pub(crate) fn parse_text(text: &str, refusal: Refusal) -> Result<String, Refusal> {
    let text = text.trim();
    let fits = (1..=100).contains(&text.chars().count()) && is_printable(text);
    if fits { Ok(text.to_owned()) } else { Err(refusal) }
}

/// Whether a text shows as what it is: no control characters (PostgreSQL stores no NUL either), and
/// none that turn the direction of what follows (Unicode TR 36, section 2.5).
pub(crate) fn is_printable(text: &str) -> bool {
    !text.chars().any(|letter| {
        letter.is_control() || matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    })
}

/// The people of these ids.
///
/// # Errors
/// Only faults.
pub async fn find_many(db: &Db, ids: &[UserId]) -> Result<HashMap<UserId, User>> {
    let rows =
        user::Entity::find().filter(user::Column::Id.is_in(ids.iter().copied())).all(db.connection()).await?;
    Ok(rows.into_iter().map(|row| (row.id, row.into())).collect())
}

/// The verified handles of a person, oldest first.
///
/// # Errors
/// Only faults.
pub async fn handles(db: &Db, id: UserId) -> Result<Vec<Handle>> {
    let rows = handle::Entity::find()
        .filter(handle::COLUMN.user_id.eq(id))
        .order_by_asc(handle::Column::VerifiedAt)
        .all(db.connection())
        .await?;
    Ok(rows.into_iter().map(|row| Handle::stored(row.kind, row.value)).collect())
}

/// Who is reached by a handle.
///
/// # Errors
/// Only faults.
pub async fn reached_by(db: &Db, handle: &Handle) -> Result<Option<UserId>> {
    let kind: HandleKind = handle.kind();
    let id = handle::Entity::find()
        .select_only()
        .column(handle::Column::UserId)
        .filter(handle::COLUMN.value.eq(handle.as_str()))
        .filter(handle::COLUMN.kind.eq(kind))
        .into_tuple()
        .one(db.connection())
        .await?;
    Ok(id)
}

/// Who acts in a session, if it is still open.
pub(crate) async fn of_session(db: &Db, session: crate::id::SessionId, now: Time) -> Result<Option<UserId>> {
    let user = session::Entity::find_by_id(session)
        .select_only()
        .column(session::Column::UserId)
        .filter(session::COLUMN.ended_at.is_null())
        .filter(session::Column::ExpiresAt.gt(now))
        .into_tuple()
        .one(db.connection())
        .await?;
    Ok(user)
}
