//! The passkeys of a person: what is kept of them, and whether an answer is one of theirs.

use super::relying_party::{Question, Verdict};
use crate::bank::Bank;
use crate::clock::Time;
use crate::error::{Fault, Result};
use crate::id::{PasskeyId, UserId};
use crate::notification::{self, Notice};
use crate::origin::Origin;
use crate::security_event::SecurityEventKind;
use crate::table::passkey;
use crate::user;
use crate::vault::DataKey;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, IntoActiveModel,
    PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, TryInsertResult,
};
use sha2::{Digest, Sha256};
use uuid::Uuid;
use webauthn_rs::prelude::{Passkey, PublicKeyCredential};

const CREDENTIAL: &str = "passkeys.credential";
const NAME: &str = "passkeys.name";

/// A passkey as its person sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnPasskey {
    /// Its id.
    pub id: PasskeyId,
    /// What the person calls it.
    pub name: String,
    /// When it was registered.
    pub created_at: Time,
    /// When it was last used.
    pub last_used_at: Option<Time>,
}

/// The user handle: what devices know a person by. Not its id, which others see and which tells when it signed up,
/// but a digest of it that only the house can make: it says nothing (WebAuthn, level 3, section 14.6.1), is the
/// same for all keys of a person, so that a device keeps one of them, and takes no column.
pub(super) fn handle(bank: &Bank, user: UserId) -> Uuid {
    bank.vault.digest(&[b"passkey user handle", user.0.as_bytes()]).0
}

fn hash(credential: &[u8]) -> Vec<u8> {
    Sha256::digest(credential).to_vec()
}

fn of(user: UserId) -> sea_orm::Select<passkey::Entity> {
    passkey::Entity::find().filter(passkey::COLUMN.user_id.eq(user)).order_by_asc(passkey::Column::Id)
}

fn open(key: &DataKey, row: &passkey::Model) -> Result<Passkey, Fault> {
    let text = key.open(CREDENTIAL, row.id.0, &row.credential)?;
    serde_json::from_str(&text).map_err(|_| Fault::Corrupt("a passkey can't be read"))
}

fn close(key: &DataKey, id: PasskeyId, credential: &Passkey) -> Result<crate::Sealed, Fault> {
    let text = serde_json::to_string(credential).map_err(|_| Fault::Corrupt("a passkey can't be written"))?;
    key.seal(CREDENTIAL, id.0, &text)
}

/// The public keys of a person, oldest first.
pub(super) async fn credentials(db: &impl ConnectionTrait, key: &DataKey) -> Result<Vec<Passkey>> {
    let rows = of(key.user()).all(db).await?;
    rows.iter().map(|row| Ok(open(key, row)?)).collect()
}

/// Keeps a passkey; none, if there is one of this id already, whoever's it is.
pub(super) async fn insert(
    bank: &Bank,
    tx: &DatabaseTransaction,
    key: &DataKey,
    made: &Passkey,
    name: &str,
) -> Result<Option<OwnPasskey>> {
    let now = bank.clock.now();
    let id = PasskeyId(bank.ids.next(now));
    let row = passkey::Model {
        id,
        user_id: key.user(),
        credential_hash: hash(made.cred_id()),
        credential: close(key, id, made)?,
        name: key.seal(NAME, id.0, name)?,
        created_at: now,
        last_used_at: None,
    };
    let inserted = passkey::Entity::insert(row.into_active_model())
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .try_insert()
        .exec_without_returning(tx)
        .await?;
    let own = OwnPasskey { id, name: name.to_owned(), created_at: now, last_used_at: None };
    Ok(matches!(inserted, TryInsertResult::Inserted(1)).then_some(own))
}

/// Removes a passkey, and gives its name; none, if it is not the person's.
pub(super) async fn delete(tx: &DatabaseTransaction, key: &DataKey, id: PasskeyId) -> Result<Option<String>> {
    let Some(row) = of(key.user()).filter(passkey::COLUMN.id.eq(id)).one(tx).await? else {
        return Ok(None);
    };
    passkey::Entity::delete_by_id(id).exec(tx).await?;
    Ok(Some(key.open(NAME, id.0, &row.name)?))
}

/// Whether a person has a passkey.
pub(crate) async fn is_registered(db: &impl ConnectionTrait, user: UserId) -> Result<bool> {
    let own = passkey::Entity::find().filter(passkey::COLUMN.user_id.eq(user));
    Ok(own.count(db).await? > 0)
}

/// Asks for an answer of one of the person's passkeys; none, where it has none.
pub(crate) async fn ask(bank: &Bank, db: &impl ConnectionTrait, key: &DataKey) -> Result<Option<Question>> {
    let among = credentials(db, key).await?;
    if among.is_empty() {
        return Ok(None);
    }
    Ok(Some(bank.relying_party.ask(&among)?))
}

/// Whose a passkey is that has answered.
pub(super) async fn owner(db: &impl ConnectionTrait, shown: &PublicKeyCredential) -> Result<Option<UserId>> {
    let found = passkey::Entity::find().filter(passkey::COLUMN.credential_hash.eq(hash(&shown.raw_id)));
    Ok(found.one(db).await?.map(|row| row.user_id))
}

/// Whether an answer to a question is of a passkey of this person.
pub(crate) async fn is_right(
    bank: &Bank,
    tx: &DatabaseTransaction,
    key: &DataKey,
    state: &str,
    answer: &str,
    origin: &Origin,
) -> Result<bool> {
    let Ok(shown) = serde_json::from_str::<PublicKeyCredential>(answer) else {
        return Ok(false);
    };
    // Devices may leave the handle out where they were told which keys they may use.
    let stranger =
        shown.get_user_unique_id().is_some_and(|shown| shown != handle(bank, key.user()).as_bytes());
    Ok(!stranger && check(bank, tx, key, state, &shown, origin).await?)
}

/// Checks an answer with the public key as it is now, and moves its counter on. If the counter goes back, the
/// person is told.
pub(super) async fn check(
    bank: &Bank,
    tx: &DatabaseTransaction,
    key: &DataKey,
    state: &str,
    shown: &PublicKeyCredential,
    origin: &Origin,
) -> Result<bool> {
    let row = of(key.user()).filter(passkey::COLUMN.credential_hash.eq(hash(&shown.raw_id)));
    let Some(row) = row.lock_exclusive().one(tx).await? else {
        return Ok(false);
    };
    let mut credential = open(key, &row)?;
    match bank.relying_party.check(state, shown, &credential)? {
        Verdict::Wrong => Ok(false),
        Verdict::Copied => {
            let notice = Notice::PasskeyCopied { name: key.open(NAME, row.id.0, &row.name)? };
            notification::warn(bank, tx, key, SecurityEventKind::PasskeyCopied, &notice, origin).await?;
            Ok(false)
        }
        Verdict::Right(result) => {
            credential.update_credential(&result);
            let used = passkey::ActiveModel {
                credential: Set(close(key, row.id, &credential)?),
                last_used_at: Set(Some(bank.clock.now())),
                ..Default::default()
            };
            let own = passkey::Entity::update_many().filter(passkey::COLUMN.id.eq(row.id));
            own.set(used).exec(tx).await?;
            Ok(true)
        }
    }
}

/// The passkeys of a person, oldest first.
///
/// # Errors
/// Only faults.
pub async fn list(bank: &Bank, user: UserId) -> Result<Vec<OwnPasskey>> {
    let db = bank.db.connection();
    let rows = of(user).all(db).await?;
    let key = user::data_key(bank, db, user).await?;
    let read = |row: passkey::Model| {
        Ok(OwnPasskey {
            id: row.id,
            name: key.open(NAME, row.id.0, &row.name)?,
            created_at: row.created_at,
            last_used_at: row.last_used_at,
        })
    };
    rows.into_iter().map(read).collect()
}
