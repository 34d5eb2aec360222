//! The vault: the secrets of the house, and what opens what is sealed.
//!
//! One random secret, the root, lies in the database under the master key; each use has a key derived
//! from it (HMAC-SHA-256 of the purpose, the expand step of HKDF, RFC 5869), so that learning one tells
//! nothing of the others. Every person has a data key, also under the master key: what is known of the
//! person is sealed with it, and is gone for good when it is destroyed.
//!
//! Guarantees: another master key changes nothing but the envelopes of the root and the data keys, which
//! [`reseal`] writes anew. A handle is found by its fingerprint, without being readable.

use crate::bank::Bank;
use crate::clock::Time;
use crate::db::Db;
use crate::error::{Error, Fault, Result};
use crate::handle::{Fingerprint, Handle, HandleKind};
use crate::id::UserId;
use crate::keys::{Keys, mac, random_bytes};
use crate::seal::{Key, KeyId, Place, Sealed};
use crate::table::{house_secret, user};
use sea_orm::sea_query::{Expr, ExprTrait, Func, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
};
use std::fmt;
use std::sync::Arc;
use uuid::Uuid;

/// The name of the root among the secrets.
const ROOT: &str = "root";
const ROOT_PLACE: Place = Place("house_secrets.sealed", Uuid::nil());
/// People whose data keys are sealed anew in one transaction.
const RESEAL: u64 = 500;

/// See the module. Clones share it.
#[derive(Clone)]
pub struct Vault(Arc<Inner>);

struct Inner {
    keys: Keys,
    root: [u8; 32],
    house: Key,
    fingerprints: [u8; 32],
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Vault({:?})", self.0.keys)
    }
}

impl Vault {
    /// Opens the vault of a database; makes the root, if there is none yet.
    pub(crate) async fn open(db: &Db, keys: Keys, now: Time) -> Result<Self> {
        let find = || house_secret::Entity::find_by_id(ROOT).one(db.connection());
        let row = match find().await? {
            Some(row) => row,
            None => {
                let sealed = keys.seal(ROOT_PLACE, &random_bytes())?;
                let row = house_secret::Model { name: ROOT.to_owned(), sealed, created_at: now };
                // Of several processes that start at once one makes it, and all read the same.
                house_secret::Entity::insert(row.into_active_model())
                    .on_conflict(OnConflict::new().do_nothing().to_owned())
                    .try_insert()
                    .exec_without_returning(db.connection())
                    .await?;
                find().await?.ok_or(Fault::Corrupt("the root secret is missing"))?
            }
        };
        let root = keys.open(ROOT_PLACE, &row.sealed)?;
        let root: [u8; 32] =
            root.try_into().map_err(|_| Fault::Corrupt("the root secret has no 32 bytes"))?;
        let derive = |purpose: &str| mac(&root, &[purpose.as_bytes()]);
        let (house, fingerprints) = (Key::new(KeyId([0; 4]), &derive("house data")), derive("fingerprint"));
        Ok(Self(Arc::new(Inner { keys, root, house, fingerprints })))
    }

    /// The secret of one purpose.
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        mac(&self.0.root, &[purpose.as_bytes()])
    }

    /// By what a handle is found: the first half of an HMAC-SHA-256 (RFC 2104, section 5), so that who
    /// reads the database can't try handles out.
    pub fn fingerprint(&self, handle: &Handle) -> Fingerprint {
        let kind: &[u8] = match handle.kind() {
            HandleKind::Email => b"EMAIL",
            HandleKind::Phone => b"PHONE",
        };
        self.digest(&[kind, handle.as_str().as_bytes()])
    }

    /// By what another text is found.
    pub(crate) fn digest(&self, parts: &[&[u8]]) -> Fingerprint {
        let parts: Vec<&[u8]> = parts.iter().flat_map(|part| [*part, b"\0"]).collect();
        let tag = mac(&self.0.fingerprints, &parts);
        Fingerprint(Uuid::from_bytes(tag.first_chunk().copied().unwrap_or_default()))
    }

    /// What seals that which belongs to nobody.
    pub(crate) fn house(&self) -> &Key {
        &self.0.house
    }

    /// A data key for a new person, and its envelope.
    pub fn new_data_key(&self, user: UserId) -> Result<(DataKey, Sealed)> {
        let secret = random_bytes();
        Ok((DataKey::new(user, &secret), self.0.keys.seal(DataKey::place(user), &secret)?))
    }

    /// The data key of a person.
    pub(crate) fn data_key(&self, user: UserId, sealed: &Sealed) -> Result<DataKey, Fault> {
        let secret = self.0.keys.open(DataKey::place(user), sealed)?;
        let secret = secret.try_into().map_err(|_| Fault::Corrupt("a data key has no 32 bytes"))?;
        Ok(DataKey::new(user, &secret))
    }
}

/// The key of one person's data. Never printed.
#[derive(Clone, Debug)]
pub struct DataKey {
    user: UserId,
    key: Key,
}

impl DataKey {
    fn new(user: UserId, secret: &[u8; 32]) -> Self {
        Self { user, key: Key::new(KeyId([0; 4]), secret) }
    }

    /// Whose it is.
    pub(crate) fn user(&self) -> UserId {
        self.user
    }

    fn place(user: UserId) -> Place {
        Place("users.data_key", user.0)
    }

    /// Seals a text of the person's own row.
    pub fn seal_own(&self, column: &'static str, text: &str) -> Result<Sealed, Fault> {
        self.key.seal_text(Place(column, self.user.0), text)
    }

    /// Opens a text of the person's own row.
    pub(crate) fn open_own(&self, column: &'static str, sealed: &Sealed) -> Result<String, Fault> {
        self.key.open_text(Place(column, self.user.0), sealed)
    }

    /// Seals a text of another row about the person.
    pub fn seal(&self, column: &'static str, row: Uuid, text: &str) -> Result<Sealed, Fault> {
        self.key.seal_text(Place(column, row), text)
    }

    /// Opens a text of another row about the person.
    pub(crate) fn open(&self, column: &'static str, row: Uuid, sealed: &Sealed) -> Result<String, Fault> {
        self.key.open_text(Place(column, row), sealed)
    }
}

/// Seals with the master key in use what older keys have sealed; says how many envelopes it wrote.
/// Several processes may do it at once.
///
/// # Errors
/// Only faults; what was done stays done.
pub async fn reseal(bank: &Bank) -> Result<u64> {
    let inner = &bank.vault.0;
    if !inner.keys.has_old() {
        return Ok(0);
    }
    let mut written = reseal_root(bank).await?;
    loop {
        let batch = reseal_people(bank).await?;
        written = written.saturating_add(batch);
        if batch == 0 {
            return Ok(written);
        }
    }
}

async fn reseal_root(bank: &Bank) -> Result<u64> {
    let keys = &bank.vault.0.keys;
    let tx = bank.db.begin().await?;
    let row = house_secret::Entity::find_by_id(ROOT).lock_exclusive().one(&tx).await?;
    let row = row.ok_or(Fault::Corrupt("the root secret is missing"))?;
    if row.sealed.key() == Some(keys.current()) {
        return Ok(0);
    }
    let sealed = Set(keys.seal(ROOT_PLACE, &bank.vault.0.root)?);
    house_secret::Entity::update_many()
        .set(house_secret::ActiveModel { sealed, ..Default::default() })
        .filter(house_secret::COLUMN.name.eq(ROOT))
        .exec(&tx)
        .await?;
    tx.commit().await?;
    Ok(1)
}

async fn reseal_people(bank: &Bank) -> Result<u64> {
    let keys = &bank.vault.0.keys;
    let key_of = Func::cust("substr").arg(Expr::col(user::Column::DataKey)).arg(2).arg(4);
    let tx = bank.db.begin().await?;
    let rows = user::Entity::find()
        .filter(user::COLUMN.data_key.is_not_null())
        .filter(Expr::expr(key_of).ne(keys.current().0.to_vec()))
        .order_by_asc(user::Column::Id)
        .limit(RESEAL)
        .lock_exclusive()
        .all(&tx)
        .await?;
    for row in &rows {
        let Some(sealed) = &row.data_key else { continue };
        let place = DataKey::place(row.id);
        let anew = keys.seal(place, &keys.open(place, sealed)?)?;
        user::Entity::update_many()
            .set(user::ActiveModel { data_key: Set(Some(anew)), ..Default::default() })
            .filter(user::COLUMN.id.eq(row.id))
            .exec(&tx)
            .await?;
    }
    tx.commit().await?;
    u64::try_from(rows.len()).map_err(|_| Error::from(Fault::Corrupt("too many rows")))
}
