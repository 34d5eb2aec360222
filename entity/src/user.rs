//! People: who they are, and whether they may act.

use crate::bank::Bank;
use crate::clock::Time;
use crate::db::{Db, one_of};
use crate::error::{Fault, Result};
use crate::gather::{Answers, Gather};
use crate::handle::{Fingerprint, Handle};
use crate::id::UserId;
use crate::refusal::{Code, Refusal};
use crate::table::{handle, user};
use crate::vault::{DataKey, Vault};
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
    /// What it calls itself; none, if it has left and was forgotten.
    pub name: Option<String>,
    /// Whether it may act.
    pub state: UserState,
    /// The terms that it accepted.
    pub terms_version: String,
    /// When it signed up.
    pub created_at: Time,
}

/// The column of the name, for its seal.
pub(crate) const NAME: &str = "users.name";

impl User {
    /// What a row says.
    pub(crate) fn read(vault: &Vault, row: user::Model) -> Result<Self, Fault> {
        let key = row.data_key.as_ref().map(|sealed| vault.data_key(row.id, sealed)).transpose()?;
        let name = key.zip(row.name).map(|(key, name)| key.open_own(NAME, &name)).transpose()?;
        Ok(Self {
            id: row.id,
            name,
            state: row.state,
            terms_version: row.terms_version,
            created_at: row.created_at,
        })
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
pub async fn find_many(bank: &Bank, ids: &[UserId]) -> Result<HashMap<UserId, User>> {
    let these = user::Column::Id.is_in(ids.iter().copied());
    let rows = user::Entity::find().filter(these).all(bank.db.connection()).await?;
    let people = rows.into_iter().map(|row| Ok((row.id, User::read(&bank.vault, row)?)));
    people.collect()
}

/// The data key of a person.
///
/// # Errors
/// `NOT_FOUND` for one who was forgotten.
pub(crate) async fn data_key(bank: &Bank, db: &impl ConnectionTrait, id: UserId) -> Result<DataKey> {
    let row = user::Entity::find_by_id(id).one(db).await?;
    let sealed = row.and_then(|row| row.data_key).ok_or(Code::NotFound)?;
    Ok(bank.vault.data_key(id, &sealed)?)
}

/// The verified handles of a person, oldest first.
///
/// # Errors
/// Only faults.
pub async fn handles(bank: &Bank, id: UserId) -> Result<Vec<Handle>> {
    let db = bank.db.connection();
    let rows = handle::Entity::find()
        .filter(handle::COLUMN.user_id.eq(id))
        .order_by_asc(handle::Column::VerifiedAt)
        .all(db)
        .await?;
    let key = data_key(bank, db, id).await?;
    let read = |row: handle::Model| {
        let value = key.open(HANDLE, row.fingerprint.0, &row.value)?;
        Ok(Handle::stored(row.kind, value))
    };
    rows.into_iter().map(read).collect()
}

/// The column of a handle, for its seal.
pub(crate) const HANDLE: &str = "handles.value";

/// The question who is reached by a handle.
pub(crate) type ByHandle = Gather<Fingerprint, UserId>;

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
pub(crate) async fn reached(
    db: &impl ConnectionTrait,
    handles: &[Fingerprint],
) -> Answers<Fingerprint, UserId> {
    let these = one_of(db, handle::Column::Fingerprint, handles.iter().map(|handle| handle.0));
    let rows = handle::Entity::find().filter(these).all(db).await?;
    Ok(rows.into_iter().map(|row| (row.fingerprint, row.user_id)).collect())
}

/// Who is reached by a handle.
///
/// # Errors
/// `OVERLOADED`.
pub async fn reached_by(bank: &Bank, handle: &Handle) -> Result<Option<UserId>> {
    bank.by_handle.ask(bank.vault.fingerprint(handle)).await
}
