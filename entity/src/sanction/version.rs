//! The lists that are in force, and those that were: each with the digest of its file, so that it can be shown later against
//! what somebody was screened.
//!
//! Guarantees: one list of each source is in force; a file that can't be read leaves the one before it there. With a new one
//! a job is written that screens everybody against it. The index is made once in a process for the lists in force, and
//! whoever screens asks first whether they still are.
//!
//! Costs: what a list says lies in the database once, in one row; an index of twenty thousand entries some ten megabytes.

use super::found::Listed;
use super::index::Index;
use super::list::{self, Entry, Source};
use crate::bank::Bank;
use crate::clock::Time;
use crate::db::one_of;
use crate::error::{Fault, Result};
use crate::id::SanctionListId;
use crate::keys;
use crate::outbox::{self, Job};
use crate::table::{sanction_content, sanction_list};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect, TryInsertResult,
};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use tokio::sync::Mutex;

/// Lists that are shown.
const LISTED: u64 = 100;

/// What became of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It is in force already.
    Same,
    /// It is in force from now on, with so many entries.
    New(usize),
    /// It is not, and why.
    Refused(String),
}

/// A list that is or was in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListVersion {
    /// Whose it is.
    pub source: Source,
    /// The SHA-256 of its file.
    pub version: String,
    /// How many entries it has.
    pub size: i64,
    /// When it came into force.
    pub loaded_at: Time,
    /// When another took its place.
    pub replaced_at: Option<Time>,
    /// When everybody had been screened against it.
    pub screened_at: Option<Time>,
}

impl From<sanction_list::Model> for ListVersion {
    fn from(row: sanction_list::Model) -> Self {
        let sanction_list::Model { source, version, size, loaded_at, replaced_at, screened_at, .. } = row;
        Self { source, version, size, loaded_at, replaced_at, screened_at }
    }
}

/// The lists that an index was made of, in order.
type Of = Vec<SanctionListId>;
/// An index, and of what it was made.
type IndexOf = (Of, Arc<Index>);

/// The index that was made last. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct Made(Arc<Mutex<Option<IndexOf>>>);

impl fmt::Debug for Made {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Made")
    }
}

/// The lists in force. The words of the condition are those of the index.
fn in_force() -> sea_orm::Select<sanction_list::Entity> {
    sanction_list::Entity::find().filter(sanction_list::COLUMN.replaced_at.is_null())
}

/// Takes a file of a list: it is in force from now on, if it can be read and is not already.
///
/// # Errors
/// Only faults.
pub async fn take(bank: &Bank, source: Source, text: String) -> Result<Taken> {
    let version = keys::hex(&Sha256::digest(text.as_bytes()));
    let known = in_force().filter(sanction_list::COLUMN.source.eq(source)).one(bank.db.connection()).await?;
    if known.is_some_and(|known| known.version == version) {
        return Ok(Taken::Same);
    }
    let read = tokio::task::spawn_blocking(move || list::parse(source, &text)).await;
    match read.map_err(|_| Fault::Stopped("the reader of lists"))? {
        Ok(entries) => put(bank, source, version, &entries).await,
        Err(why) => Ok(Taken::Refused(why)),
    }
}

async fn put(bank: &Bank, source: Source, version: String, entries: &[Entry]) -> Result<Taken> {
    let now = bank.clock.now();
    let size = i64::try_from(entries.len()).map_err(|_| Fault::Corrupt("a list is too long"))?;
    let content = serde_json::to_string(entries).map_err(|_| Fault::Corrupt("a list can't be written"))?;
    let row = sanction_list::Model {
        id: SanctionListId(bank.ids.next(now)),
        source,
        version,
        size,
        loaded_at: now,
        replaced_at: None,
        screened_to: None,
        screened_at: None,
    };
    let id = row.id;
    let tx = bank.db.begin().await?;
    let before = in_force().filter(sanction_list::COLUMN.source.eq(source)).lock_exclusive().one(&tx).await?;
    if let Some(before) = before {
        let set = sanction_list::ActiveModel { replaced_at: Set(Some(now)), ..Default::default() };
        let this = sanction_list::Entity::update_many().filter(sanction_list::COLUMN.id.eq(before.id));
        this.set(set).exec(&tx).await?;
        sanction_content::Entity::delete_by_id(before.id).exec(&tx).await?;
    }
    let insert = sanction_list::Entity::insert(row.into_active_model())
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .try_insert();
    // Another worker has read the same file.
    if let TryInsertResult::Conflicted = insert.exec_without_returning(&tx).await? {
        return Ok(Taken::Same);
    }
    let content = sanction_content::Model { list_id: id, entries: content };
    sanction_content::Entity::insert(content.into_active_model()).exec_without_returning(&tx).await?;
    outbox::put(&tx, Job::ScreenEverybody { list: id }, now).await?;
    tx.commit().await?;
    bank.bell.ring();
    Ok(Taken::New(entries.len()))
}

/// The last hundred lists, newest first.
///
/// # Errors
/// Only faults.
pub async fn lists(bank: &Bank) -> Result<Vec<ListVersion>> {
    let newest = sanction_list::Entity::find().order_by_desc(sanction_list::Column::Id).limit(LISTED);
    Ok(newest.all(bank.db.connection()).await?.into_iter().map(ListVersion::from).collect())
}

async fn ids_in_force(db: &impl ConnectionTrait) -> Result<Of> {
    let ids =
        in_force().select_only().column(sanction_list::Column::Id).order_by_asc(sanction_list::Column::Id);
    Ok(ids.into_tuple().all(db).await?)
}

/// The index of the lists in force; none, where there are no lists.
pub(super) async fn index(bank: &Bank) -> Result<Option<Arc<Index>>> {
    let mut made = bank.sanctions.0.lock().await;
    let ids = ids_in_force(bank.db.connection()).await?;
    if ids.is_empty() {
        return Ok(None);
    }
    if let Some((of, index)) = &*made
        && *of == ids
    {
        return Ok(Some(index.clone()));
    }
    let (ids, index) = make(bank).await?;
    tracing::info!(entries = index.len(), "an index of the sanctions lists was made");
    let index = Arc::new(index);
    *made = Some((ids, index.clone()));
    Ok(Some(index))
}

async fn make(bank: &Bank) -> Result<(Of, Index)> {
    // One moment: a list that is replaced loses what it says.
    let tx = bank.db.snapshot().await?;
    let rows = in_force().order_by_asc(sanction_list::Column::Id).all(&tx).await?;
    let these = one_of(&tx, sanction_content::Column::ListId, rows.iter().map(|row| row.id.0));
    let contents = sanction_content::Entity::find().filter(these).all(&tx).await?;
    tx.commit().await?;
    let ids: Of = rows.iter().map(|row| row.id).collect();
    let sources: HashMap<_, _> = rows.into_iter().map(|row| (row.id, row.source)).collect();
    let make = move || {
        let mut all = Vec::new();
        for content in contents {
            let entries: Vec<Entry> = serde_json::from_str(&content.entries).ok()?;
            let (list, source) = (content.list_id, *sources.get(&content.list_id)?);
            all.extend(entries.into_iter().map(|entry| Listed { list, source, entry }));
        }
        Some(Index::new(all))
    };
    let made = tokio::task::spawn_blocking(make).await.map_err(|_| Fault::Stopped("the maker of indexes"))?;
    Ok((ids, made.ok_or(Fault::Corrupt("a sanctions list can't be read"))?))
}
