//! People: who they are, and whether they may act.

use crate::bank::Bank;
use crate::clock::Time;
use crate::db::{Db, one_of};
use crate::error::{Fault, Result};
use crate::gather::{Answers, Gather};
use crate::handle::own::{self, OwnHandle};
use crate::handle::{Fingerprint, Handle};
use crate::id::UserId;
use crate::kyc::Level;
use crate::language::{Language, Locale};
use crate::notification::{self, Notice};
use crate::origin::Origin;
use crate::password::NewPassword;
use crate::proof::{self, Proof};
use crate::refusal::{Code, Refusal};
use crate::seal::Sealed;
use crate::security_event::SecurityEventKind;
use crate::session::{self, Caller, EndReason};
use crate::table::{handle, user};
use crate::vault::{DataKey, Vault};
use crate::visible::is_visible;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, DeriveActiveEnum, EntityTrait,
    EnumIter, QueryFilter, QuerySelect,
};
use std::collections::HashMap;

/// Whether a person may act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum UserState {
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
    /// How it is spoken to.
    pub locale: Locale,
    /// The phrase by which it knows that a message is from us.
    pub phrase: Option<String>,
    /// When it chose its password.
    pub password_set_at: Time,
    /// How well it is known.
    pub level: Level,
    /// The terms that it accepted.
    pub terms_version: String,
    /// When it signed up.
    pub created_at: Time,
    /// Until when little may leave its wallet.
    pub guarded_until: Option<Time>,
}

/// The column of the name, for its seal.
pub(crate) const NAME: &str = "users.name";
/// The column of the phrase, for its seal.
pub(crate) const PHRASE: &str = "users.phrase";

impl User {
    /// What a row says.
    pub(crate) fn read(vault: &Vault, row: user::Model) -> Result<Self, Fault> {
        let key = row.data_key.as_ref().map(|sealed| vault.data_key(row.id, sealed)).transpose()?;
        let open = |column, sealed: Option<&Sealed>| {
            let both = key.as_ref().zip(sealed);
            both.map(|(key, sealed)| key.open_own(column, sealed)).transpose()
        };
        Ok(Self {
            id: row.id,
            name: open(NAME, row.name.as_ref())?,
            phrase: open(PHRASE, row.phrase.as_ref())?,
            locale: locale(&row),
            password_set_at: row.password_set_at,
            state: row.state,
            level: row.kyc_level,
            terms_version: row.terms_version,
            created_at: row.created_at,
            guarded_until: row.guarded_until,
        })
    }
}

/// A name of 1 to 100 characters that can be seen.
///
/// # Errors
/// `NAME_INVALID`.
pub fn parse_name(text: &str) -> Result<String, Refusal> {
    parse_text(text, Code::NameInvalid.at("name"))
}

/// The same rule for other short texts.
pub(crate) fn parse_text(text: &str, refusal: Refusal) -> Result<String, Refusal> {
    let text = text.trim();
    let fits = (1..=100).contains(&text.chars().count()) && is_printable(text) && is_visible(text);
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
pub async fn handles(bank: &Bank, id: UserId) -> Result<Vec<OwnHandle>> {
    let db = bank.db.connection();
    let key = data_key(bank, db, id).await?;
    own::all(db, &key).await
}

/// Locks a person's row for a change, and opens its data key.
pub(crate) async fn lock(
    bank: &Bank,
    tx: &DatabaseTransaction,
    id: UserId,
) -> Result<(user::Model, DataKey)> {
    let row = user::Entity::find_by_id(id).lock_exclusive().one(tx).await?.ok_or(Code::NotFound)?;
    let sealed = row.data_key.as_ref().ok_or(Code::NotFound)?;
    let key = bank.vault.data_key(id, sealed)?;
    Ok((row, key))
}

/// How a person is spoken to.
pub(crate) fn locale(row: &user::Model) -> Locale {
    Locale::stored(row.language, &row.time_zone)
}

/// The phrase by which a person knows that a message is from us.
pub(crate) fn phrase(key: &DataKey, row: &user::Model) -> Result<Option<String>, Fault> {
    row.phrase.as_ref().map(|phrase| key.open_own(PHRASE, phrase)).transpose()
}

/// Changes the password; all other sessions end.
///
/// # Errors
/// `PASSWORD_WRONG`, `PASSWORD_BREACHED`, `PASSWORD_COMMON`, `PASSWORD_WEAK`, `CHALLENGE_REQUIRED`, `CHALLENGE_INVALID`,
/// `TOO_MANY_TRIES`, `OVERLOADED`.
pub async fn change_password(
    bank: &Bank,
    caller: Caller,
    proof: Proof,
    new: NewPassword,
    origin: &Origin,
) -> Result<()> {
    proof::confirm(bank, caller, proof).await?;
    let hash = bank.passwords.hash_new(new, hints(bank, caller.user).await?).await?;
    let now = bank.clock.now();
    let tx = bank.db.begin().await?;
    let (_, key) = lock(bank, &tx, caller.user).await?;
    let set = user::ActiveModel { password_hash: Set(hash), password_set_at: Set(now), ..Default::default() };
    user::Entity::update_many().set(set).filter(user::COLUMN.id.eq(caller.user)).exec(&tx).await?;
    session::end_all(&tx, caller.user, Some(caller.session), EndReason::PasswordChanged, now).await?;
    notification::warn(bank, &tx, &key, SecurityEventKind::PasswordChanged, &Notice::PasswordChanged, origin)
        .await?;
    tx.commit().await?;
    bank.bell.ring();
    Ok(())
}

/// Words about a person that its password must not be made of.
pub(crate) async fn hints(bank: &Bank, id: UserId) -> Result<Vec<String>> {
    let person = find_many(bank, &[id]).await?.remove(&id).ok_or(Code::NotFound)?;
    let mut hints: Vec<String> = person.name.into_iter().collect();
    hints.extend(handles(bank, id).await?.into_iter().map(|own| own.handle.to_string()));
    Ok(hints)
}

/// What a person wants to be otherwise; what is none stays as it is.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// In which language it is spoken to.
    pub language: Option<Language>,
    /// In which time zone it lives.
    pub time_zone: Option<String>,
    /// The phrase in every message; none of it, if the text is empty.
    pub phrase: Option<String>,
}

/// Changes a person's settings.
///
/// # Errors
/// `TIME_ZONE_UNKNOWN`, `PHRASE_INVALID`.
pub async fn change_settings(bank: &Bank, id: UserId, wanted: Settings) -> Result<User> {
    let tx = bank.db.begin().await?;
    let (row, key) = lock(bank, &tx, id).await?;
    let zone = wanted.time_zone.as_deref().unwrap_or(&row.time_zone);
    let locale = Locale::parse(wanted.language.unwrap_or(row.language), Some(zone))?;
    let phrase = match wanted.phrase.as_deref().map(str::trim) {
        None => row.phrase.clone(),
        Some("") => None,
        Some(text) => {
            Some(key.seal_own(PHRASE, &parse_text(text, Code::PhraseInvalid.at("antiPhishingPhrase"))?)?)
        }
    };
    let set = user::ActiveModel {
        language: Set(locale.language),
        time_zone: Set(locale.zone().to_owned()),
        phrase: Set(phrase),
        ..Default::default()
    };
    user::Entity::update_many().set(set).filter(user::COLUMN.id.eq(id)).exec(&tx).await?;
    let row = user::Entity::find_by_id(id).one(&tx).await?.ok_or(Code::NotFound)?;
    tx.commit().await?;
    Ok(User::read(&bank.vault, row)?)
}

/// The question who is reached by a handle.
pub(crate) type ByHandle = Gather<Fingerprint, UserId>;

/// Starts to answer who is reached by a handle. So many are remembered.
pub(crate) fn by_handle(db: Db, remembered: usize) -> ByHandle {
    Gather::start(remembered, move |handles| {
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
