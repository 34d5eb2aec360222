//! People: who they are, and whether they may act.

use crate::bank::Bank;
use crate::clock::Time;
use crate::db::Db;
use crate::error::Result;
use crate::gather::{Answers, Gather};
use crate::handle::Handle;
use crate::id::{SessionId, UserId};
use crate::refusal::{Code, Refusal};
use crate::table::{handle, session, user};
use sea_orm::sea_query::extension::postgres::PgFunc;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, DeriveActiveEnum, EntityTrait, EnumIter, QueryFilter, QueryOrder};
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
/// The question whose a session is, and until when.
pub(crate) type BySession = Gather<SessionId, (UserId, Time)>;

/// Starts to answer who is reached by a handle.
pub(crate) fn by_handle(db: Db) -> ByHandle {
    Gather::start(move |handles| Box::pin(reached(db.clone(), handles)))
}

/// Starts to answer whose a session is that was not ended, and when it expires.
pub(crate) fn by_session(db: Db) -> BySession {
    Gather::start(move |sessions| Box::pin(open_sessions(db.clone(), sessions)))
}

async fn reached(db: Db, handles: Vec<Handle>) -> Answers<Handle, UserId> {
    let values: Vec<_> = handles.iter().map(|handle| handle.as_str().to_owned()).collect();
    let query = handle::Entity::find();
    let query = if db.is_postgres() {
        query.filter(Expr::col(handle::Column::Value).eq(PgFunc::any(values)))
    } else {
        query.filter(handle::Column::Value.is_in(values))
    };
    let rows = query.all(db.connection()).await?;
    Ok(rows.into_iter().map(|row| (Handle::stored(row.kind, row.value), row.user_id)).collect())
}

async fn open_sessions(db: Db, ids: Vec<SessionId>) -> Answers<SessionId, (UserId, Time)> {
    let query = session::Entity::find().filter(session::COLUMN.ended_at.is_null());
    let query = if db.is_postgres() {
        let ids: Vec<_> = ids.into_iter().map(|id| id.0).collect();
        query.filter(Expr::col(session::Column::Id).eq(PgFunc::any(ids)))
    } else {
        query.filter(session::Column::Id.is_in(ids))
    };
    let rows = query.all(db.connection()).await?;
    Ok(rows.into_iter().map(|row| (row.id, (row.user_id, row.expires_at))).collect())
}

/// Who is reached by a handle.
///
/// # Errors
/// `OVERLOADED`.
pub async fn reached_by(bank: &Bank, handle: &Handle) -> Result<Option<UserId>> {
    bank.by_handle.ask(handle.clone()).await
}

/// Who acts in a session, if it is still open.
pub(crate) async fn of_session(bank: &Bank, session: SessionId) -> Result<Option<UserId>> {
    let now = bank.clock.now();
    let found = bank.by_session.ask(session).await?;
    Ok(found.filter(|(_, expires_at)| *expires_at > now).map(|(user, _)| user))
}
