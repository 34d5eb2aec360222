//! Raising: what becomes of somebody who was found on a list.
//!
//! Guarantees: what was decided already, or is open and the same, is not raised again; of what is open and has changed there
//! is one hit, brought up to date. Operators are told in the transaction that raises it.

use super::birth::BirthMatch;
use super::found::Found;
use super::hit::{EXPLANATION, Explanation, HitState};
use super::person::Given;
use crate::alert::{self, AlertKind};
use crate::bank::Bank;
use crate::clock::Time;
use crate::error::{Fault, Result};
use crate::handle::Fingerprint;
use crate::id::SanctionHitId;
use crate::table::sanction_hit;
use crate::vault::DataKey;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter,
};

/// What is known already of a person, an entry and a name.
enum Before {
    /// Nothing that is about this.
    Nothing,
    /// The same.
    Same,
    /// Something that is out of date.
    Old(Box<sanction_hit::Model>),
}

fn before(rows: Vec<sanction_hit::Model>, found: &Found<'_>, entry: &str) -> Before {
    let mut open = None;
    for row in rows {
        let same = row.entry == entry;
        let now_same_day = found.birth == BirthMatch::Same && row.birth != BirthMatch::Same;
        match row.state {
            HitState::Confirmed => return Before::Same,
            HitState::Cleared if same && !now_same_day => return Before::Same,
            HitState::Cleared => {}
            HitState::Open if same && row.birth == found.birth && i64::from(row.score) == found.score => {
                return Before::Same;
            }
            HitState::Open => open = Some(Box::new(row)),
        }
    }
    open.map_or(Before::Nothing, Before::Old)
}

/// Raises a hit of a person that is locked, if it is a new one; says whether it is, and so strong that nothing may leave the
/// wallet.
pub(super) async fn raise(
    bank: &Bank,
    tx: &DatabaseTransaction,
    key: &DataKey,
    (given, found): (&Given, &Found<'_>),
) -> Result<bool> {
    let (now, listed) = (bank.clock.now(), found.listed);
    let name = bank.vault.digest(&[b"sanction", key.user().0.as_bytes(), given.name.key().as_bytes()]);
    let entry =
        serde_json::to_string(&listed.entry).map_err(|_| Fault::Corrupt("an entry can't be written"))?;
    let known = sanction_hit::Entity::find()
        .filter(sanction_hit::COLUMN.user_id.eq(key.user()))
        .filter(sanction_hit::COLUMN.source.eq(listed.source))
        .filter(sanction_hit::COLUMN.reference.eq(listed.entry.reference.as_str()))
        .filter(sanction_hit::COLUMN.name.eq(name));
    let id = SanctionHitId(bank.ids.next(now));
    let (id, raised_at, is_new) = match before(known.all(tx).await?, found, &entry) {
        Before::Same => return Ok(false),
        Before::Old(row) => (row.id, row.raised_at, false),
        Before::Nothing => (id, now, true),
    };
    let row = row(key, (id, raised_at), (given, name), (found, entry))?;
    put(tx, row, is_new).await?;
    let strong = if found.strong { ", and the wallet is frozen" } else { "" };
    let detail =
        format!("{} {}: {} of 1000{strong}", listed.source.name(), listed.entry.reference, found.score);
    alert::raise_in(bank, tx, AlertKind::SanctionHit, &id.to_string(), &detail).await?;
    Ok(found.strong)
}

fn row(
    key: &DataKey,
    (id, raised_at): (SanctionHitId, Time),
    (given, name): (&Given, Fingerprint),
    (found, entry): (&Found<'_>, String),
) -> Result<sanction_hit::Model, Fault> {
    let explanation = Explanation {
        given: given.text.clone(),
        listed: found.name.to_owned(),
        name_score: found.likeness.score,
        words: found.likeness.words.clone(),
    };
    let explanation = serde_json::to_string(&explanation).unwrap_or_default();
    Ok(sanction_hit::Model {
        id,
        user_id: key.user(),
        list_id: found.listed.list,
        source: found.listed.source,
        reference: found.listed.entry.reference.clone(),
        entry,
        name,
        field: given.field,
        birth: found.birth,
        score: i32::try_from(found.score).unwrap_or_default(),
        strong: found.strong,
        explanation: key.seal(EXPLANATION, id.0, &explanation)?,
        state: HitState::Open,
        reason: None,
        raised_at,
        decided_at: None,
        decided_by: None,
        overturned_by: None,
    })
}

async fn put(tx: &DatabaseTransaction, row: sanction_hit::Model, is_new: bool) -> Result<()> {
    if is_new {
        sanction_hit::Entity::insert(row.into_active_model()).exec_without_returning(tx).await?;
        return Ok(());
    }
    let set = sanction_hit::ActiveModel {
        list_id: Set(row.list_id),
        entry: Set(row.entry),
        field: Set(row.field),
        birth: Set(row.birth),
        score: Set(row.score),
        strong: Set(row.strong),
        explanation: Set(row.explanation),
        ..Default::default()
    };
    sanction_hit::Entity::update_many().set(set).filter(sanction_hit::COLUMN.id.eq(row.id)).exec(tx).await?;
    Ok(())
}
