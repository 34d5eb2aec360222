//! Cases: payments that reviewers look into, who has them, and what was noted.
//!
//! Guarantees: a case comes to be when it is first given to somebody or noted on. It is with one reviewer or with nobody; any
//! reviewer takes it, hands it on, or lets it go, and each time is kept. Who doesn't have it may look and note, but neither
//! sends the payment back nor proposes to let it go on; approving what was proposed takes another by law, and so is free.
//! Notes are sealed, stay in order, and are never changed or removed; the database says so too.
//!
//! Refuses `NOT_FOUND`, `ROLE_MISSING` for who is to have it and is no reviewer, `NOTE_INVALID`, `CASE_ASSIGNED`.

mod file;

pub use file::{CaseFile, Party, file};

use crate::bank::Bank;
use crate::clock::Time;
use crate::error::{Fault, Result};
use crate::id::{AssignmentId, NoteId, OperatorId, TransactionId};
use crate::operator::{self, Officer, Role};
use crate::refusal::{Code, Refusal};
use crate::seal::Place;
use crate::table::{case, case_assignment, case_note, transaction};
use crate::user::is_printable;
use crate::visible::is_visible;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, IntoActiveModel,
    QueryFilter, QueryOrder, QuerySelect,
};
use std::collections::HashMap;
use uuid::Uuid;

/// Characters in a note.
const NOTE: usize = 2_000;
/// Notes that are shown, and times that a case was given to somebody: the newest.
const SHOWN: u64 = 100;

/// A time that a case was given to somebody, or to nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// To whom; to nobody, where it was let go.
    pub assignee: Option<OperatorId>,
    /// By whom.
    pub by: OperatorId,
    /// When.
    pub at: Time,
}

/// What a reviewer has noted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Who.
    pub author: OperatorId,
    /// What.
    pub text: String,
    /// When.
    pub at: Time,
}

const TEXT: &str = "case_notes.text";

/// Where a note belongs: to its row, and to its case.
fn place(case: TransactionId, note: NoteId) -> Place {
    Place(TEXT, Uuid::from_u128(case.0.as_u128() ^ note.0.as_u128()))
}

impl Note {
    fn read(bank: &Bank, row: &case_note::Model) -> Result<Self, Fault> {
        let text = bank.vault.house().open_text(place(row.transaction_id, row.id), &row.text)?;
        Ok(Self { author: row.author, text, at: row.at })
    }
}

/// A text of 1 to 2,000 characters that can be seen, on any number of lines.
fn parse_note(text: &str) -> Result<String, Refusal> {
    let text = text.trim();
    let fits = (1..=NOTE).contains(&text.chars().count()) && text.lines().all(is_printable);
    if fits && text.lines().any(is_visible) { Ok(text.to_owned()) } else { Err(Code::NoteInvalid.at("text")) }
}

/// Gives a case to a reviewer, or to nobody. Doing it twice is doing it once.
///
/// # Errors
/// `NOT_FOUND`, `ROLE_MISSING`.
pub async fn assign(
    bank: &Bank,
    officer: &Officer,
    id: TransactionId,
    assignee: Option<OperatorId>,
) -> Result<()> {
    let tx = bank.db.begin().await?;
    if let Some(reviewer) = assignee
        && !operator::has_role(&tx, reviewer, Role::Reviewer).await?
    {
        return Err(Code::RoleMissing.at("operatorId").into());
    }
    if open(bank, &tx, id).await?.assignee == assignee {
        return Ok(());
    }
    let at = bank.clock.now();
    let set = case::ActiveModel {
        assignee: Set(assignee),
        assigned_at: Set(assignee.map(|_| at)),
        ..Default::default()
    };
    case::Entity::update_many().set(set).filter(case::COLUMN.transaction_id.eq(id)).exec(&tx).await?;
    let row = case_assignment::Model {
        id: AssignmentId(bank.ids.next(at)),
        transaction_id: id,
        assignee,
        assigned_by: officer.id,
        at,
    };
    case_assignment::Entity::insert(row.into_active_model()).exec_without_returning(&tx).await?;
    Ok(tx.commit().await?)
}

/// Notes something on a case.
///
/// # Errors
/// `NOT_FOUND`, `NOTE_INVALID`.
pub async fn note(bank: &Bank, officer: &Officer, id: TransactionId, text: &str) -> Result<Note> {
    let text = parse_note(text)?;
    let tx = bank.db.begin().await?;
    // Locked, so that notes on it are in the order of their ids.
    open(bank, &tx, id).await?;
    let at = bank.clock.now();
    let note = NoteId(bank.ids.next(at));
    let row = case_note::Model {
        id: note,
        transaction_id: id,
        author: officer.id,
        text: bank.vault.house().seal_text(place(id, note), &text)?,
        at,
    };
    case_note::Entity::insert(row.into_active_model()).exec_without_returning(&tx).await?;
    tx.commit().await?;
    Ok(Note { author: officer.id, text, at })
}

/// The case of a payment, locked; made, if there is none.
async fn open(bank: &Bank, tx: &DatabaseTransaction, id: TransactionId) -> Result<case::Model> {
    transaction::Entity::find_by_id(id).one(tx).await?.ok_or(Code::NotFound.at("transactionId"))?;
    let opened_at = bank.clock.now();
    let row = case::Model { transaction_id: id, assignee: None, assigned_at: None, opened_at };
    case::Entity::insert(row.into_active_model())
        .on_conflict(OnConflict::column(case::Column::TransactionId).do_nothing().to_owned())
        .try_insert()
        .exec_without_returning(tx)
        .await?;
    let row = case::Entity::find_by_id(id).lock_exclusive().one(tx).await?;
    Ok(row.ok_or(Fault::Corrupt("a case is missing"))?)
}

/// Refuses who decides about a payment that another has.
///
/// # Errors
/// `CASE_ASSIGNED`.
pub(crate) async fn check_own(db: &impl ConnectionTrait, officer: &Officer, id: TransactionId) -> Result<()> {
    match assignees(db, [id]).await?.get(&id) {
        Some(other) if *other != officer.id => Err(Code::CaseAssigned.at("id").into()),
        Some(_) | None => Ok(()),
    }
}

/// Who has which of these payments; those that nobody has are not there.
pub(crate) async fn assignees(
    db: &impl ConnectionTrait,
    ids: impl IntoIterator<Item = TransactionId>,
) -> Result<HashMap<TransactionId, OperatorId>> {
    let rows = case::Entity::find()
        .filter(case::Column::TransactionId.is_in(ids))
        .filter(case::COLUMN.assignee.is_not_null())
        .all(db)
        .await?;
    Ok(rows.into_iter().filter_map(|row| Some((row.transaction_id, row.assignee?))).collect())
}

/// The last hundred notes on a case, oldest first.
async fn notes(bank: &Bank, id: TransactionId) -> Result<Vec<Note>> {
    let on_it = case_note::Entity::find().filter(case_note::COLUMN.transaction_id.eq(id));
    let newest = on_it.order_by_desc(case_note::Column::Id).limit(SHOWN);
    let rows = newest.all(bank.db.connection()).await?;
    Ok(rows.iter().rev().map(|row| Note::read(bank, row)).collect::<Result<_, _>>()?)
}

/// The last hundred times that it was given to somebody, oldest first.
async fn assignments(db: &impl ConnectionTrait, id: TransactionId) -> Result<Vec<Assignment>> {
    let of_it = case_assignment::Entity::find().filter(case_assignment::COLUMN.transaction_id.eq(id));
    let newest = of_it.order_by_desc(case_assignment::Column::Id).limit(SHOWN);
    let rows = newest.all(db).await?.into_iter().rev();
    let read =
        |row: case_assignment::Model| Assignment { assignee: row.assignee, by: row.assigned_by, at: row.at };
    Ok(rows.map(read).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_can_be_read_and_is_not_too_long() {
        assert_eq!(parse_note(" called her\nshe knows nothing ").unwrap(), "called her\nshe knows nothing");
        assert!(parse_note(&"x".repeat(NOTE)).is_ok());
        for text in ["", " \n ", "\u{200b}", "a\u{202e}b", "a\0b", &"x".repeat(NOTE + 1)] {
            assert_eq!(parse_note(text).unwrap_err(), Code::NoteInvalid.at("text"), "{text:?}");
        }
    }
}
