//! History: a person's transactions, newest first.
//!
//! Guarantees: a page costs two index scans, however long the history is and however deep the
//! page lies; nothing is counted and nothing skipped. Shows only what the person took part in.

use crate::clock::Time;
use crate::db::Db;
use crate::error::Result;
use crate::id::{TransactionId, UserId};
use crate::money::Currency;
use crate::page::{Page, Slice};
use crate::refusal::{Code, Refusal};
use crate::table::transaction::{self, Column};
use crate::transaction::{Kind, State, Transaction};
use chrono::Datelike;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

/// Which transactions; all, where nothing is said.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Of the account in this currency.
    pub currency: Option<Currency>,
    /// Of these kinds.
    pub kinds: Vec<Kind>,
    /// In these states.
    pub states: Vec<State>,
    /// Asked for at this time or later.
    pub from: Option<Time>,
    /// Asked for before this time.
    pub until: Option<Time>,
}

impl Filter {
    /// Refuses a span of time that holds nothing, or years that no database stores.
    ///
    /// # Errors
    /// `FILTER_INVALID`.
    pub fn checked(self) -> Result<Self, Refusal> {
        let known = |time: &Time| (1..=9999).contains(&time.year());
        let stored = self.from.iter().chain(&self.until).all(known);
        let empty = self.from.zip(self.until).is_some_and(|(from, until)| from >= until);
        if stored && !empty { Ok(self) } else { Err(Code::FilterInvalid.at("filter")) }
    }
}

/// One page of a person's history.
///
/// # Errors
/// Only faults.
pub async fn list(
    db: &Db,
    user: UserId,
    filter: &Filter,
    page: Page<TransactionId>,
) -> Result<Slice<Transaction>> {
    let mut rows = Vec::new();
    for party in [Column::Payer, Column::Payee] {
        let query = filtered(transaction::Entity::find().filter(party.eq(user)), filter);
        rows.extend(one_side(query, page).all(db.connection()).await?);
    }
    rows.sort_by_key(|row| row.id);
    if !page.backwards() {
        rows.reverse();
    }
    Ok(page.slice(rows)?.try_map(Transaction::try_from)?)
}

/// Newest first is forwards, so "after" a transaction are those with smaller ids.
fn one_side(
    query: sea_orm::Select<transaction::Entity>,
    page: Page<TransactionId>,
) -> sea_orm::Select<transaction::Entity> {
    let mut query = query.limit(page.fetch());
    if let Some(after) = page.after {
        query = query.filter(transaction::COLUMN.id.lt(after));
    }
    if let Some(before) = page.before {
        query = query.filter(transaction::COLUMN.id.gt(before));
    }
    if page.backwards() { query.order_by_asc(Column::Id) } else { query.order_by_desc(Column::Id) }
}

fn filtered(
    mut query: sea_orm::Select<transaction::Entity>,
    filter: &Filter,
) -> sea_orm::Select<transaction::Entity> {
    if let Some(currency) = filter.currency {
        query = query.filter(transaction::COLUMN.currency.eq(currency));
    }
    if !filter.kinds.is_empty() {
        query = query.filter(Column::Kind.is_in(filter.kinds.iter().copied()));
    }
    if !filter.states.is_empty() {
        query = query.filter(Column::State.is_in(filter.states.iter().copied()));
    }
    if let Some(from) = filter.from {
        query = query.filter(Column::CreatedAt.gte(from));
    }
    if let Some(until) = filter.until {
        query = query.filter(Column::CreatedAt.lt(until));
    }
    query
}

/// One of a person's own transactions.
///
/// # Errors
/// `NOT_FOUND`.
pub async fn find(db: &Db, user: UserId, id: TransactionId) -> Result<Transaction> {
    let row =
        transaction::Entity::find_by_id(id).one(db.connection()).await?.ok_or(Code::NotFound.at("id"))?;
    let transaction = Transaction::try_from(row)?;
    if transaction.concerns(user) { Ok(transaction) } else { Err(Code::NotFound.at("id").into()) }
}
