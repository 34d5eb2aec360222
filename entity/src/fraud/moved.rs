//! What has moved in people's accounts since it was last read, along each account's gapless chain.
//!
//! Guarantees: every posting is read once, in the order in which the money moved; of an account that was never read, the
//! newest [`BACKLOG`]. Costs a question for the accounts of a page, and one more for every [`RANGES`] accounts and every
//! [`IDS`] transactions that are not in the page.

use super::known::Known;
use crate::account::Purpose;
use crate::bank::Bank;
use crate::clock::Time;
use crate::db::one_of;
use crate::error::Result;
use crate::id::{AccountId, TransactionId, UserId};
use crate::money::Currency;
use crate::table::{account, posting, transaction};
use crate::transaction::Kind;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter};
use std::collections::{BTreeMap, HashMap, HashSet};

/// Postings that are read of an account at first: more than a profile keeps.
const BACKLOG: i64 = 100;
/// Accounts that one statement asks for.
const RANGES: usize = 200;
/// Transactions that one statement asks for: SQLite takes no more than 32,766 values.
const IDS: usize = 10_000;

/// A posting with its transaction, and in which currency it is.
pub(crate) struct Moved {
    pub(crate) at: Time,
    pub(crate) owner: UserId,
    pub(crate) currency: Currency,
    pub(crate) posting: posting::Model,
    pub(crate) transaction: transaction::Model,
}

/// What has moved in the accounts of these people since they were last looked at, in the order in which it did.
pub(super) async fn moved(
    bank: &Bank,
    people: &mut HashMap<UserId, Known>,
    rows: Vec<transaction::Model>,
) -> Result<Vec<Moved>> {
    let db = bank.db.connection();
    let owners = one_of(db, account::Column::Owner, people.keys().map(|id| id.0));
    let wallets = account::COLUMN.purpose.eq(Purpose::Wallet);
    let accounts = account::Entity::find().filter(owners).filter(wallets).all(db).await?;
    let (mut owner_of, mut ranges) = (HashMap::new(), Vec::new());
    for row in accounts {
        let Some(known) = people.get_mut(&row.owner) else { continue };
        let read = known.profile.read.insert(row.id.0, row.seq);
        let after = read.unwrap_or(row.seq.saturating_sub(BACKLOG));
        if row.seq > after {
            owner_of.insert(row.id, (row.owner, row.currency));
            ranges.push((row.id, after, row.seq));
        }
    }
    let postings = postings(bank, &ranges).await?;
    let mut known: BTreeMap<TransactionId, transaction::Model> =
        rows.into_iter().map(|row| (row.id, row)).collect();
    let missing: HashSet<TransactionId> =
        postings.iter().map(|posting| posting.transaction_id).filter(|id| !known.contains_key(id)).collect();
    for ids in missing.into_iter().collect::<Vec<_>>().chunks(IDS) {
        let these = one_of(db, transaction::Column::Id, ids.iter().map(|id| id.0));
        let others = transaction::Entity::find().filter(these).all(db).await?;
        known.extend(others.into_iter().map(|row| (row.id, row)));
    }
    let join = |posting: posting::Model| {
        let transaction = known.get(&posting.transaction_id)?.clone();
        let at =
            if transaction.kind == Kind::Deposit { transaction.updated_at } else { transaction.created_at };
        let (owner, currency) = *owner_of.get(&posting.account_id)?;
        Some(Moved { at, owner, currency, posting, transaction })
    };
    let mut moved: Vec<Moved> = postings.into_iter().filter_map(join).collect();
    moved.sort_by_key(|moved| (moved.at, moved.transaction.id, moved.posting.account_id, moved.posting.seq));
    moved.dedup_by(|next, first| is_part(next, first));
    Ok(moved)
}

/// An exchange is posted in parts; who pays it, pays once, and the whole.
fn is_part(next: &Moved, first: &mut Moved) -> bool {
    let key = |moved: &Moved| (moved.transaction.id, moved.owner, moved.posting.amount > 0);
    let same = key(next) == key(first);
    if same && next.posting.account_id == first.posting.account_id {
        first.posting.amount = first.posting.amount.saturating_add(next.posting.amount);
        first.posting.balance_after = next.posting.balance_after;
    }
    same
}

/// The postings of accounts, each after one place in its chain and up to another.
async fn postings(bank: &Bank, ranges: &[(AccountId, i64, i64)]) -> Result<Vec<posting::Model>> {
    let mut all = Vec::new();
    for ranges in ranges.chunks(RANGES) {
        let each = ranges.iter().fold(Condition::any(), |any, (account, after, last)| {
            let range = Condition::all()
                .add(posting::COLUMN.account_id.eq(*account))
                .add(posting::COLUMN.seq.gt(*after))
                .add(posting::COLUMN.seq.lte(*last));
            any.add(range)
        });
        all.extend(posting::Entity::find().filter(each).all(bank.db.connection()).await?);
    }
    Ok(all)
}
