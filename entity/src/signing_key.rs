//! Signing keys: what access tokens are signed with, replaced every month without anybody noticing.
//!
//! Guarantees: a new key is known to all apis, and to whoever reads the public keys, for [`NOTICE`] before
//! it signs; the one before verifies for as long as a token of it may live. Any number of workers rotate at
//! once, and one of them does. The seeds lie sealed in the database.

use crate::bank::Bank;
use crate::clock::Time;
use crate::error::{Fault, Result};
use crate::keys;
use crate::seal::Place;
use crate::table::signing_key;
use chrono::Duration;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder};
use std::fmt;
use uuid::Uuid;

/// How long a key signs.
const SIGNS_FOR: Duration = Duration::days(30);
/// How long a key is known before it signs.
pub const NOTICE: Duration = Duration::hours(1);
/// How long a token of a key that signs no more may live; twice the life of an access token.
const OUTLIVES: Duration = Duration::minutes(20);

/// A key. Its seed is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningKey {
    /// Its name, as tokens carry it.
    pub kid: String,
    /// The 32 secret bytes of Ed25519 (RFC 8032).
    pub seed: [u8; 32],
    /// From when it signs.
    pub signs_from: Time,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.kid)
    }
}

const SEED: &str = "signing_keys.seed";

fn place(kid: &str) -> Result<Place, Fault> {
    Ok(Place(SEED, Uuid::try_parse(kid).map_err(|_| Fault::Corrupt("a signing key has no name"))?))
}

/// All keys that sign, will sign or may still verify, the latest first; makes the first.
///
/// # Errors
/// Only faults.
pub async fn ring(bank: &Bank) -> Result<Vec<SigningKey>> {
    let ring = read(bank).await?;
    if !ring.is_empty() {
        return Ok(ring);
    }
    make(bank, FIRST, bank.clock.now()).await?;
    read(bank).await
}

/// The name of the first key: of several processes that start at once one makes it.
const FIRST: Uuid = Uuid::nil();

async fn read(bank: &Bank) -> Result<Vec<SigningKey>> {
    let rows = signing_key::Entity::find().order_by_desc(signing_key::Column::SignsFrom);
    let mut ring: Vec<SigningKey> = Vec::new();
    for row in rows.all(bank.db.connection()).await? {
        // A key signs until the next one does.
        let ended = ring.last().is_some_and(|next| next.signs_from + OUTLIVES <= bank.clock.now());
        if ended {
            break;
        }
        let seed = bank.vault.house().open(place(&row.kid)?, &row.seed)?;
        let seed = seed.try_into().map_err(|_| Fault::Corrupt("a signing key has no 32 bytes"))?;
        ring.push(SigningKey { kid: row.kid, seed, signs_from: row.signs_from });
    }
    Ok(ring)
}

async fn make(bank: &Bank, name: Uuid, signs_from: Time) -> Result<()> {
    let kid = name.to_string();
    let seed = bank.vault.house().seal(place(&kid)?, &keys::random_bytes())?;
    let row = signing_key::Model { kid, seed, signs_from, created_at: bank.clock.now() };
    signing_key::Entity::insert(row.into_active_model())
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .try_insert()
        .exec_without_returning(bank.db.connection())
        .await?;
    Ok(())
}

/// Makes the next key, if the present one has signed for a month, and forgets those that are long over.
/// Says whether it made one.
///
/// # Errors
/// Only faults.
pub async fn rotate(bank: &Bank) -> Result<bool> {
    let now = bank.clock.now();
    let ring = ring(bank).await?;
    let Some(latest) = ring.first() else { return Ok(false) };
    if latest.signs_from + SIGNS_FOR > now {
        return Ok(false);
    }
    // Named after the one that it follows, so that two who rotate at once make the same.
    let digest = bank.vault.digest(&[b"signing key after", latest.kid.as_bytes()]);
    make(bank, digest.0, now + NOTICE).await?;
    let old = signing_key::Entity::delete_many();
    old.filter(signing_key::Column::SignsFrom.lt(now - SIGNS_FOR * 3)).exec(bank.db.connection()).await?;
    Ok(true)
}
