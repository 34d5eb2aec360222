//! Sanctions: nobody may be dealt with whom the United States, the European Union or the United Nations have put on a list.
//!
//! Who signs up, says who it is ([`kyc`](crate::kyc)) or links a bank account is screened a moment later, by a job that is
//! written with it: nobody waits for it. When a list has changed, everybody is screened again. A name is compared with all
//! on the [lists](list) as [words](score), by their [rarity](index); a hit tells operators why. While one is open or
//! confirmed, its person is known no better; a strong one freezes the wallet at once: a name that is very near, or one
//! that is near and born on the same day. A birth date that contradicts takes so much off that a name alone is no hit.
//!
//! The person is told nothing, not even in what it can take along of its data: it is a crime to warn somebody who is looked
//! into (Directive (EU) 2015/849, article 39). The frozen wallet says what any frozen wallet says.
//!
//! Guarantees: whoever was there when a list came, or has come since, was screened against it: the job is written with what
//! calls for it, and is a dead letter that operators see if it can't be done. An application is not approved before its
//! person was screened.

mod birth;
mod form;
mod found;
mod hit;
mod index;
mod list;
mod name;
mod person;
mod raise;
mod record;
mod score;
mod version;

pub use birth::{Birth, BirthMatch};
pub use hit::{Explanation, Field, Hit, HitState, clear, confirm, list};
pub use list::{Entry, EntryKind, Source};
pub use score::WordMatch;
pub use version::{ListVersion, Taken, lists, take};

pub(crate) use hit::{check_confirmed, is_open, overturn, refuse_listed};
pub(crate) use version::Made;

use crate::bank::Bank;
use crate::error::{Error, Result};
use crate::freeze;
use crate::id::{JobId, SanctionListId, UserId};
use crate::outbox;
use crate::refusal::Code;
use crate::table::{sanction_list, user};
use crate::user as people;
use found::Found;
use index::Index;
use person::{Given, Person};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use std::collections::HashSet;

/// People that are read together.
const PAGE: u64 = 200;
/// Pages before the job rests, well within its lease.
const PAGES: u32 = 10;

/// Screens a person against the lists in force, for the worker.
///
/// # Errors
/// Only faults.
pub async fn screen(bank: &Bank, id: UserId, job: JobId) -> Result<()> {
    if let Some(index) = version::index(bank).await? {
        let row = user::Entity::find_by_id(id).one(bank.db.connection()).await?;
        for person in person::named(bank, row.into_iter().collect()).await? {
            record(bank, &person, &index).await?;
        }
    }
    outbox::finish(bank, job).await
}

/// Screens the next people against a list that has come into force, for the worker; says whether those were the last. What
/// was done stays done.
///
/// # Errors
/// Only faults.
pub async fn screen_everybody(bank: &Bank, list: SanctionListId, job: JobId) -> Result<bool> {
    for _ in 0..PAGES {
        if !next_page(bank, list).await? {
            outbox::finish(bank, job).await?;
            return Ok(true);
        }
    }
    Ok(false)
}

/// One page; says whether there may be another.
async fn next_page(bank: &Bank, list: SanctionListId) -> Result<bool> {
    let db = bank.db.connection();
    let row = sanction_list::Entity::find_by_id(list).one(db).await?;
    // Of one that was replaced the next has a job of its own.
    let Some(row) = row.filter(|row| row.replaced_at.is_none()) else { return Ok(false) };
    let Some(index) = version::index(bank).await? else { return Ok(false) };
    let here = user::Entity::find().filter(user::COLUMN.data_key.is_not_null());
    let next = row.screened_to.iter().fold(here, |here, id| here.filter(user::Column::Id.gt(*id)));
    let rows = next.order_by_asc(user::Column::Id).limit(PAGE).all(db).await?;
    let last = rows.last().map(|row| row.id);
    for person in person::named(bank, rows).await? {
        record(bank, &person, &index).await?;
    }
    let set = match last {
        Some(last) => sanction_list::ActiveModel { screened_to: Set(Some(last)), ..Default::default() },
        None => sanction_list::ActiveModel { screened_at: Set(Some(bank.clock.now())), ..Default::default() },
    };
    sanction_list::Entity::update_many().set(set).filter(sanction_list::COLUMN.id.eq(list)).exec(db).await?;
    Ok(last.is_some())
}

/// Raises what is found of a person.
async fn record(bank: &Bank, person: &Person, index: &Index) -> Result<()> {
    let found = best(person, index);
    if found.is_empty() {
        return Ok(());
    }
    let tx = bank.db.begin().await?;
    let key = match people::lock(bank, &tx, person.user).await {
        Ok((_, key)) => key,
        // It has left meanwhile.
        Err(Error::Refused(refusal)) if refusal.code == Code::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let mut strong = false;
    for (given, found) in &found {
        strong |= raise::raise(bank, &tx, &key, (given, found)).await?;
    }
    if strong {
        freeze::set(bank, &tx, person.user, true).await?;
    }
    Ok(tx.commit().await?)
}

/// Whom a person may be, by which of its names. A name that was given with several birth dates counts with the one that fits
/// best.
fn best<'a>(person: &'a Person, index: &'a Index) -> Vec<(&'a Given, Found<'a>)> {
    let found =
        |given: &'a Given| index.screen(&given.name, given.born).into_iter().map(move |found| (given, found));
    let mut found: Vec<_> = person.names.iter().flat_map(found).collect();
    found.sort_by_key(|(_, found)| std::cmp::Reverse((found.score, found.strong)));
    let mut seen = HashSet::new();
    found.retain(|(given, found)| {
        let listed = found.listed;
        seen.insert((listed.source, listed.entry.reference.clone(), given.name.key()))
    });
    found
}
