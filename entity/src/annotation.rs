//! Annotations: what one party of a transaction notes for itself. The other side never sees them.

use crate::bank::Bank;
use crate::db::Db;
use crate::error::{Fault, Result};
use crate::history;
use crate::id::{TransactionId, UserId};
use crate::refusal::{Code, Refusal};
use crate::table::annotation::{self, Column};
use crate::user::is_printable;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};
use std::collections::HashMap;

/// A private note and tags.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Annotation {
    /// The note.
    pub note: Option<String>,
    /// The tags, in the order given.
    pub tags: Vec<String>,
}

impl Annotation {
    /// A note of at most 500 characters (blank is none) and at most 20 different tags of at most 50.
    ///
    /// # Errors
    /// `NOTE_INVALID`, `TAGS_INVALID`.
    pub fn parse(note: Option<&str>, tags: Vec<String>) -> Result<Self, Refusal> {
        let note = note.map(str::trim).filter(|note| !note.is_empty());
        let printable = |text: &str| text.lines().all(is_printable);
        if note.is_some_and(|note| note.chars().count() > 500 || !printable(note)) {
            return Err(Code::NoteInvalid.at("note"));
        }
        let mut kept: Vec<String> = Vec::new();
        for tag in tags {
            let tag = tag.trim().to_owned();
            let fits = (1..=50).contains(&tag.chars().count()) && is_printable(&tag);
            if !fits || kept.contains(&tag) || kept.len() == 20 {
                return Err(Code::TagsInvalid.at("tags"));
            }
            kept.push(tag);
        }
        Ok(Self { note: note.map(str::to_owned), tags: kept })
    }
}

/// Puts the person's own annotation on a transaction, in place of the one before.
///
/// # Errors
/// `NOT_FOUND` for a transaction that is not one's own.
pub async fn put(
    bank: &Bank,
    user: UserId,
    transaction: TransactionId,
    annotation: Annotation,
) -> Result<()> {
    history::find(&bank.db, user, transaction).await?;
    let row = annotation::Model {
        user_id: user,
        transaction_id: transaction,
        note: annotation.note,
        tags: serde_json::to_string(&annotation.tags).unwrap_or_default(),
        updated_at: bank.clock.now(),
    };
    let own = [Column::UserId, Column::TransactionId];
    let replaced = [Column::Note, Column::Tags, Column::UpdatedAt];
    annotation::Entity::insert(row.into_active_model())
        .on_conflict(OnConflict::columns(own).update_columns(replaced).to_owned())
        .exec_without_returning(bank.db.connection())
        .await?;
    Ok(())
}

/// The person's own annotations on these transactions.
///
/// # Errors
/// Only faults.
pub async fn find_many(
    db: &Db,
    user: UserId,
    ids: &[TransactionId],
) -> Result<HashMap<TransactionId, Annotation>> {
    let rows = annotation::Entity::find()
        .filter(annotation::COLUMN.user_id.eq(user))
        .filter(Column::TransactionId.is_in(ids.iter().copied()))
        .all(db.connection())
        .await?;
    rows.into_iter()
        .map(|row| {
            let tags = serde_json::from_str(&row.tags).map_err(|_| Fault::Corrupt("tags can't be read"))?;
            Ok((row.transaction_id, Annotation { note: row.note, tags }))
        })
        .collect()
}
