//! People: who they are, and whether they may act.

use crate::bank::Bank;
use crate::clock::Time;
use crate::db::{Db, one_of};
use crate::error::Result;
use crate::gather::{Answers, Gather};
use crate::handle::Handle;
use crate::id::UserId;
use crate::refusal::{Code, Refusal};
use crate::table::{handle, user};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DeriveActiveEnum, EntityTrait, EnumIter, QueryFilter, QueryOrder,
};
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

/// The question who is reached by a handle.
pub(crate) type ByHandle = Gather<Handle, UserId>;

/// Handles that are remembered: some megabytes.
const HANDLES: usize = 131_072;

/// Starts to answer who is reached by a handle.
pub(crate) fn by_handle(db: Db) -> ByHandle {
    Gather::start(HANDLES, move |handles| {
        let db = db.clone();
        Box::pin(async move { reached(db.connection(), &handles).await })
    })
}

/// Who is reached by each of these handles.
pub(crate) async fn reached(db: &impl ConnectionTrait, handles: &[Handle]) -> Answers<Handle, UserId> {
    let values = handles.iter().map(|handle| handle.as_str().to_owned());
    let rows = handle::Entity::find().filter(one_of(db, handle::Column::Value, values)).all(db).await?;
    Ok(rows.into_iter().map(|row| (Handle::stored(row.kind, row.value), row.user_id)).collect())
}

/// Who is reached by a handle.
///
/// # Errors
/// `OVERLOADED`.
pub async fn reached_by(bank: &Bank, handle: &Handle) -> Result<Option<UserId>> {
    bank.by_handle.ask(handle.clone()).await
}
