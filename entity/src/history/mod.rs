//! History: a person's transactions, newest first.
//!
//! It is woven from strands: for each account its chain of postings, in the order in which the money
//! moved, and one of what has not (yet) moved any: a deposit that is under way, or has failed. A
//! deposit takes its place when it settles, everything else when it is asked for.
//!
//! Guarantees: a page costs one index scan a strand, however long the history is and however deep the
//! page lies; nothing is counted and nothing skipped. All strands are read at one moment. Shows only what
//! the person took part in, and each transaction once. The chain that guards the balance is the index:
//! there is no other to keep. A filter by kind, state or time searches along it, at a microsecond a row,
//! few at a time; more are refused with `OVERLOADED`.

mod place;

pub use place::Place;

use crate::account::Purpose;
use crate::bank::Bank;
use crate::clock::Time;
use crate::db::Db;
use crate::error::Result;
use crate::id::{TransactionId, UserId};
use crate::money::Currency;
use crate::page::{Page, Slice};
use crate::refusal::{Code, Refusal};
use crate::table::posting::Column as Posting;
use crate::table::transaction::{self, Column};
use crate::table::{account, posting};
use crate::transaction::{Kind, State, Transaction};
use chrono::Datelike;
use place::{Position, Strand};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, Condition, DatabaseTransaction, EntityTrait, FromQueryResult, JoinType, QueryFilter,
    QueryOrder, QuerySelect, RelationDef, Select,
};
use std::collections::{BTreeMap, VecDeque};

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

    /// Whether the history has to be searched for what is let through.
    pub fn searches(&self) -> bool {
        !self.kinds.is_empty() || !self.states.is_empty() || self.from.is_some() || self.until.is_some()
    }
}

/// A transaction, and where it is in its strand.
#[derive(FromQueryResult)]
struct Row {
    seq: i64,
    #[sea_orm(nested)]
    transaction: transaction::Model,
}

/// What is read of one strand, in reading order.
type Read = VecDeque<(Position, Transaction)>;

/// Whose history is read, and which part of it.
struct Reader<'a> {
    db: &'a DatabaseTransaction,
    user: UserId,
    filter: &'a Filter,
    page: &'a Page<Place>,
}

/// One page of a person's history, each item with its place.
///
/// # Errors
/// `OVERLOADED`, where it has to be searched and too many are.
pub async fn list(
    bank: &Bank,
    user: UserId,
    filter: &Filter,
    page: &Page<Place>,
) -> Result<Slice<(Place, Transaction)>> {
    let _pass = if filter.searches() { Some(bank.scans.enter().await?) } else { None };
    // All strands at one moment: a deposit that settles meanwhile is in one of them, and not in both.
    let tx = bank.db.snapshot().await?;
    let reader = Reader { db: &tx, user, filter, page };
    let (mut strands, mut standing) = (BTreeMap::new(), BTreeMap::new());
    for account in reader.accounts().await? {
        let strand = Strand::Posted(account.id);
        standing.insert(strand, reader.stands(strand, place::of_seq(account.seq.saturating_add(1))));
        strands.insert(strand, reader.posted(&account).await?);
    }
    let unposted = reader.unposted().await?;
    let top = unposted.front().map_or(0, |(position, _)| position.saturating_add(1));
    standing.insert(Strand::Unposted, reader.stands(Strand::Unposted, top));
    strands.insert(Strand::Unposted, unposted);
    let items = reader.weave(strands, standing);
    tx.commit().await?;
    Ok(page.slice(items)?)
}

impl Reader<'_> {
    /// The accounts of the person.
    async fn accounts(&self) -> Result<Vec<account::Model>> {
        let mut query = account::Entity::find()
            .filter(account::COLUMN.owner.eq(self.user))
            .filter(account::COLUMN.purpose.eq(Purpose::Wallet));
        if let Some(currency) = self.filter.currency {
            query = query.filter(account::COLUMN.currency.eq(currency));
        }
        Ok(query.all(self.db).await?)
    }

    /// Where reading begins in a strand: where the page says, or at its end.
    fn stands(&self, strand: Strand, top: Position) -> Position {
        match (self.page.backwards(), &self.page.after, &self.page.before) {
            (false, Some(after), _) => after.older(strand),
            (false, None, _) => top,
            (true, _, Some(before)) => before.newer(strand),
            (true, _, None) => 0,
        }
    }

    /// Items of a strand from this position to below that one.
    fn bounds(&self, strand: Strand) -> (Position, Position) {
        let lowest = self.page.before.as_ref().map_or(0, |before| before.newer(strand));
        let end = self.page.after.as_ref().map_or(Position::MAX, |after| after.older(strand));
        (lowest, end)
    }

    /// What is posted to an account. Who pays sees it where the money left, and who is only paid where
    /// it came: so what went from one own account to another, or out and back, is there once.
    async fn posted(&self, account: &account::Model) -> Result<Read> {
        let (lowest, end) = self.bounds(Strand::Posted(account.id));
        let left = Condition::all().add(Column::Payer.eq(self.user)).add(Posting::Amount.lt(0));
        let other = Condition::any().add(Column::Payer.is_null()).add(Column::Payer.ne(self.user));
        // Who looks at one account alone sees there what came from another of its own.
        let other = match self.filter.currency {
            Some(_) => other.add(transaction::COLUMN.kind.eq(Kind::Conversion)),
            None => other,
        };
        let came = Condition::all().add(other).add(Posting::Amount.gt(0));
        let query = self
            .filtered()
            .join_rev(JoinType::InnerJoin, of_transaction())
            .column_as(Posting::Seq, "seq")
            .filter(Posting::AccountId.eq(account.id))
            .filter(Posting::Seq.gte(place::to_seq(lowest)))
            .filter(Posting::Seq.lt(place::to_seq(end)))
            .filter(Condition::any().add(left).add(came));
        let query = match self.page.backwards() {
            true => query.order_by_asc(Posting::Seq),
            false => query.order_by_desc(Posting::Seq),
        };
        let rows = query.into_model::<Row>().all(self.db).await?;
        let read = |row: Row| Ok((place::of_seq(row.seq), Transaction::try_from(row.transaction)?));
        rows.into_iter().map(read).collect()
    }

    /// What the person is to be paid and has not been. Only deposits wait, and there is an index of
    /// what waits: the words of the condition are those of the index.
    async fn unposted(&self) -> Result<Read> {
        let (lowest, end) = self.bounds(Strand::Unposted);
        let query = self
            .filtered()
            .filter(Column::Payee.eq(self.user))
            .filter(transaction::COLUMN.kind.eq(Kind::Deposit))
            .filter(match self.filter.currency {
                Some(currency) => transaction::COLUMN.currency.eq(currency),
                None => Expr::value(true),
            })
            .filter(Expr::cust("state <> 'SETTLED'"))
            .filter(transaction::COLUMN.id.gte(place::to_id(lowest)))
            .filter(transaction::COLUMN.id.lt(place::to_id(end)));
        let query = match self.page.backwards() {
            true => query.order_by_asc(Column::Id),
            false => query.order_by_desc(Column::Id),
        };
        let rows = query.all(self.db).await?;
        let read = |row: transaction::Model| Ok((place::of_id(row.id), Transaction::try_from(row)?));
        rows.into_iter().map(read).collect()
    }

    /// Those that the filter lets through, as many as the page needs.
    fn filtered(&self) -> Select<transaction::Entity> {
        let filter = self.filter;
        let mut query = transaction::Entity::find().limit(self.page.fetch());
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

    /// Takes from all strands what comes first, until the page is full.
    fn weave(
        &self,
        mut strands: BTreeMap<Strand, Read>,
        mut standing: BTreeMap<Strand, Position>,
    ) -> Vec<(Place, Transaction)> {
        let backwards = self.page.backwards();
        let mut items = Vec::new();
        while u64::try_from(items.len()).is_ok_and(|count| count < self.page.fetch()) {
            let heads = strands.iter().filter_map(|(strand, read)| {
                let key =
                    |transaction: &Transaction| (moved_at(transaction, self.user), transaction.terms.id);
                read.front().map(|(_, transaction)| (key(transaction), *strand))
            });
            let next = if backwards { heads.min() } else { heads.max() };
            let Some((_, strand)) = next else { break };
            let Some((position, transaction)) = strands.get_mut(&strand).and_then(Read::pop_front) else {
                break;
            };
            items.push((Place::of(strand, position, &standing), transaction));
            standing.insert(strand, position.saturating_add(u128::from(backwards)));
        }
        items
    }
}

/// When the money moved for this person, or the request came that it has not followed.
fn moved_at(transaction: &Transaction, user: UserId) -> Time {
    match (transaction.terms.kind, transaction.state) {
        (Kind::Deposit, State::Settled) => transaction.updated_at,
        // It may have waited for an operator.
        (Kind::Transfer, State::Settled) if transaction.terms.payer != Some(user) => transaction.updated_at,
        _ => transaction.created_at,
    }
}

fn of_transaction() -> RelationDef {
    let relation = posting::Entity::belongs_to(transaction::Entity);
    relation.from(Posting::TransactionId).to(Column::Id).into()
}

/// One of a person's own transactions.
///
/// # Errors
/// `NOT_FOUND`.
pub async fn find(db: &Db, user: UserId, id: TransactionId) -> Result<Transaction> {
    let row =
        transaction::Entity::find_by_id(id).one(db.connection()).await?.ok_or(Code::NotFound.at("id"))?;
    let transaction = Transaction::try_from(row)?;
    // Who is paid hears of a payment when it is there.
    let is_seen = transaction.terms.payer == Some(user)
        || transaction.terms.kind == Kind::Deposit
        || transaction.state == State::Settled;
    if is_seen && transaction.concerns(user) { Ok(transaction) } else { Err(Code::NotFound.at("id").into()) }
}
