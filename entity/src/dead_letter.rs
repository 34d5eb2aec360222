//! Dead letters: jobs that were given up. An operator sees them and can have them tried again;
//! until then whatever they were about stays as it is, and the money in its named account.

use crate::bank::Bank;
use crate::db::Db;
use crate::error::Result;
use crate::id::JobId;
use crate::outbox::{self, Entry};
use crate::page::{Page, Slice};
use crate::refusal::Code;
use crate::table::job;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};

/// One page of them, oldest first.
///
/// # Errors
/// Only faults.
pub async fn list(db: &Db, page: Page<JobId>) -> Result<Slice<Entry>> {
    let dead = job::Entity::find().filter(job::Column::DeadAt.is_not_null());
    let query = page.rising(dead, job::Column::Id);
    let rows = query.all(db.connection()).await?;
    Ok(page.slice(rows)?.try_map(Entry::try_from)?)
}

/// Brings a dead letter back to life, with all its attempts before it.
///
/// # Errors
/// `JOB_NOT_DEAD`.
pub async fn retry(bank: &Bank, id: JobId) -> Result<Entry> {
    let updated = job::Entity::update_many()
        .set(job::ActiveModel {
            dead_at: Set(None),
            // Not the first attempt: the outside may know of it, and is asked before it is told.
            attempts: Set(1),
            due_at: Set(bank.clock.now()),
            ..Default::default()
        })
        .filter(job::COLUMN.id.eq(id))
        .filter(job::Column::DeadAt.is_not_null())
        .exec(bank.db.connection())
        .await?;
    if updated.rows_affected == 0 {
        return Err(Code::JobNotDead.at("id").into());
    }
    bank.bell.ring();
    outbox::find(bank, id).await?.ok_or(Code::JobNotDead.into())
}
