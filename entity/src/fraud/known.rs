//! What is known of people: their profiles as they are kept.
//!
//! Guarantees: a profile is written only over the version that was read, so that of two who read the same postings one
//! has done nothing. Costs a question for all people of a page, and a statement for every [`AT_ONCE`] that are kept.

use super::profile::Profile;
use crate::bank::Bank;
use crate::clock::Time;
use crate::db::one_of;
use crate::error::{Fault, Result};
use crate::id::UserId;
use crate::table::fraud_profile::{self, Column};
use crate::table::transaction;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ConnectionTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter};
use std::collections::{BTreeMap, HashMap, HashSet};
use uuid::Uuid;

/// Profiles that one statement keeps: SQLite takes no more than 32,766 values.
const AT_ONCE: usize = 1_000;

/// What is known of a person.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) profile: Profile,
    /// The profile's version in the database; none, where there is no row.
    version: Option<i64>,
}

/// Since when a person has a wallet, in seconds of Unix time: its id says so.
pub(super) fn since(id: UserId) -> i64 {
    begun(id.0).unwrap_or(i64::MAX)
}

/// When an id was made, in seconds of Unix time (RFC 9562, section 5.7).
pub(super) fn begun(id: Uuid) -> Option<i64> {
    i64::try_from(id.get_timestamp()?.to_unix().0).ok()
}

/// What is known of all who took part.
pub(super) async fn known(bank: &Bank, rows: &[transaction::Model]) -> Result<HashMap<UserId, Known>> {
    let ids: HashSet<UserId> = rows.iter().flat_map(|row| [row.payer, row.payee]).flatten().collect();
    Ok(known_of(bank.db.connection(), &ids).await?)
}

/// What is known of these people.
pub(super) async fn known_of(
    db: &impl ConnectionTrait,
    ids: &HashSet<UserId>,
) -> Result<HashMap<UserId, Known>, Fault> {
    let these = one_of(db, Column::UserId, ids.iter().map(|id| id.0));
    let kept = fraud_profile::Entity::find().filter(these).all(db).await?;
    let mut kept: HashMap<UserId, fraud_profile::Model> =
        kept.into_iter().map(|row| (row.user_id, row)).collect();
    let known = |id: UserId| {
        let row = kept.remove(&id);
        let version = row.as_ref().map(|row| row.version);
        // One that can't be read, because it is of another version, is made anew: no payment waits for it.
        let profile = row.and_then(|row| serde_json::from_str(&row.profile).ok()).unwrap_or_default();
        (id, Known { profile, version })
    };
    Ok(ids.iter().copied().map(known).collect())
}

/// Keeps profiles, each if nobody else has meanwhile; says whether all are kept. They are written in the order of their
/// people's ids, so that two who do it never wait for each other.
pub(super) async fn save<'a>(
    tx: &DatabaseTransaction,
    people: impl IntoIterator<Item = (&'a UserId, &'a Known)>,
    now: Time,
) -> Result<bool> {
    let row = |(id, known): (&UserId, &Known)| {
        let profile =
            serde_json::to_string(&known.profile).map_err(|_| Fault::Corrupt("a profile has no text"))?;
        let version = known.version.unwrap_or(0).saturating_add(1);
        Ok(fraud_profile::Model { user_id: *id, profile, version, updated_at: now }.into_active_model())
    };
    let people: BTreeMap<&UserId, &Known> = people.into_iter().collect();
    let rows: Vec<_> = people.into_iter().map(row).collect::<Result<_, Fault>>()?;
    for rows in rows.chunks(AT_ONCE) {
        let mut over = OnConflict::column(Column::UserId);
        over.update_columns([Column::Profile, Column::Version, Column::UpdatedAt])
            .action_and_where(Expr::cust("fraud_profiles.version = excluded.version - 1"));
        let insert = fraud_profile::Entity::insert_many(rows.to_vec()).on_conflict(over);
        let written = insert.exec_without_returning(tx).await?;
        if usize::try_from(written).ok() != Some(rows.len()) {
            return Ok(false);
        }
    }
    Ok(true)
}
