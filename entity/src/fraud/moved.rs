//! What has moved in people's accounts since it was last read, along each account's gapless chain.
//!
//! Guarantees: every posting is read once, in the order in which the money moved; of an account that was never read, the
//! newest [`BACKLOG`], which are also all that is read where it is only to be known what happened [`Reach::Lately`]. Costs a question for the accounts of a page, and one more for every [`RANGES`] accounts and every
//! [`IDS`] transactions that are not in the page.

use super::known::Known;
use super::profile::{Event, Way, other};
use crate::account::Purpose;
use crate::bank::Bank;
use crate::clock::Time;
use crate::db::one_of;
use crate::error::{Fault, Result};
use crate::id::{AccountId, TransactionId, UserId};
use crate::limit;
use crate::money::{Amount, Currency};
use crate::table::{account, posting, transaction};
use crate::transaction::{Kind, State};
use sea_orm::{ColumnTrait, Condition, DatabaseConnection, EntityTrait, QueryFilter};
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

/// How far back what has moved is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// To where it was read before.
    All,
    /// No further than the newest of each account, whatever was read before.
    Lately,
}

impl Moved {
    /// What it is to its owner's profile. Nothing, where it is one's own money that changes or comes back, or what waits for an
    /// operator or was sent back: who tries twice pays somebody new twice.
    pub(super) async fn event(&self, bank: &Bank) -> Result<Option<Event>> {
        let (row, came) = (&self.transaction, self.posting.amount > 0);
        let own = row.payer == Some(self.owner);
        if own && matches!(row.state, State::InReview | State::Failed) {
            return Ok(None);
        }
        let (way, side) = match (row.kind, came) {
            (Kind::Transfer, true) if own => return Ok(None),
            (Kind::Transfer, false) => (Way::Out, row.payee.map(|id| id.0)),
            (Kind::Withdrawal, false) => (Way::Out, row.instrument.map(|id| id.0)),
            (Kind::Transfer, true) => (Way::In, row.payer.map(|id| id.0)),
            (Kind::Deposit, true) => (Way::In, row.instrument.map(|id| id.0)),
            (Kind::Conversion, _) | (Kind::Withdrawal, true) | (Kind::Deposit, false) => return Ok(None),
        };
        let (amount, currency) = match (way, row.target_amount, row.target_currency) {
            (Way::In, Some(amount), Some(currency)) => (amount, currency),
            (Way::In | Way::Out, _, _) => (row.amount, row.currency),
        };
        let cents = worth(bank, amount, currency).await?;
        Ok(Some(Event { at: self.at.timestamp(), way, cents, other: side.map(other).unwrap_or_default() }))
    }

    /// What was in the account before, in cents of euros.
    pub(super) async fn balance_before(&self, bank: &Bank) -> Result<i64> {
        let before = self.posting.balance_after.saturating_sub(self.posting.amount);
        worth(bank, before, self.currency).await
    }
}

/// What an amount is worth in cents of euros; nothing, where no rate is known.
pub(super) async fn worth(bank: &Bank, minor: i64, currency: Currency) -> Result<i64> {
    match Amount::try_new(minor, currency) {
        Ok(amount) => Ok(limit::worth(bank, amount).await?.unwrap_or(0)),
        Err(_) => Ok(0),
    }
}

/// The accounts of these people, as of one moment.
pub(super) async fn accounts_of(
    db: &DatabaseConnection,
    people: impl Iterator<Item = UserId>,
) -> Result<Vec<account::Model>, Fault> {
    let owners = one_of(db, account::Column::Owner, people.map(|id| id.0));
    let wallets = account::COLUMN.purpose.eq(Purpose::Wallet);
    Ok(account::Entity::find().filter(owners).filter(wallets).all(db).await?)
}

/// What has moved in the accounts of these people since they were last looked at, in the order in which it did.
pub(super) async fn moved(
    db: &DatabaseConnection,
    people: &mut HashMap<UserId, Known>,
    accounts: Vec<account::Model>,
    rows: Vec<transaction::Model>,
    reach: Reach,
) -> Result<Vec<Moved>, Fault> {
    let (mut owner_of, mut ranges) = (HashMap::new(), Vec::new());
    for row in accounts {
        let Some(known) = people.get_mut(&row.owner) else { continue };
        let (read, newest) = (known.profile.read.insert(row.id.0, row.seq), row.seq.saturating_sub(BACKLOG));
        let after = match reach {
            Reach::All => read.unwrap_or(newest),
            Reach::Lately => read.unwrap_or(newest).max(newest),
        };
        if row.seq > after {
            owner_of.insert(row.id, (row.owner, row.currency));
            ranges.push((row.id, after, row.seq));
        }
    }
    let postings = postings(db, &ranges).await?;
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
async fn postings(
    db: &DatabaseConnection,
    ranges: &[(AccountId, i64, i64)],
) -> Result<Vec<posting::Model>, Fault> {
    let mut all = Vec::new();
    for ranges in ranges.chunks(RANGES) {
        let each = ranges.iter().fold(Condition::any(), |any, (account, after, last)| {
            let range = Condition::all()
                .add(posting::COLUMN.account_id.eq(*account))
                .add(posting::COLUMN.seq.gt(*after))
                .add(posting::COLUMN.seq.lte(*last));
            any.add(range)
        });
        all.extend(posting::Entity::find().filter(each).all(db).await?);
    }
    Ok(all)
}
