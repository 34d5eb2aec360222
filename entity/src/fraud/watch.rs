//! The watch: looks at money after it has moved, keeps the profiles, and tells operators of what looks like fraud.
//!
//! Guarantees: what moved in an account is read once, along the account's gapless chain, from where the profile says it
//! was read to; so a payment that was still being written when the watch came by is read with the next. Profiles, reports
//! and the place of the watch are written together. Two watches at once do no harm: one of them has done nothing.
//! Nobody who pays waits for it.
//!
//! Costs: five questions for a page of [`PAGE`] transactions, and a row for each person in it. Of an account with
//! more than [`BACKLOG`] postings that nobody has read, only the newest are.

use super::profile::{Event, Profile, Way, other};
use super::rule::Outcome;
use super::signal::{Payment, Signals};
use super::verdict::{Verdict, judge};
use crate::account::Purpose;
use crate::alert::{self, AlertKind};
use crate::bank::Bank;
use crate::clock::Time;
use crate::db::one_of;
use crate::error::{Fault, Result};
use crate::id::{AccountId, TransactionId, UserId};
use crate::limit;
use crate::money::Amount;
use crate::table::{account, fraud_profile, fraud_watch, posting, transaction, user};
use crate::transaction::Kind;
use chrono::Duration;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder, QuerySelect,
};
use std::collections::{BTreeMap, HashMap, HashSet};
use uuid::Uuid;

/// Transactions in a page.
const PAGE: u64 = 500;
/// Pages before it rests: with the next look five seconds later, what it costs at most.
const PAGES: u32 = 4;
/// How old a transaction is before it is looked at: by then it is written, or nearly always.
const SETTLING: Duration = Duration::seconds(2);
/// Postings of one account that are read at once.
const BACKLOG: i64 = 500;
/// Accounts that one statement asks for.
const RANGES: usize = 200;

/// What the watch has seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Watched {
    /// Payments that were judged.
    pub judged: usize,
    /// Payments that operators were told of.
    pub reported: usize,
}

/// What is known of a person.
struct Known {
    profile: Profile,
    /// The profile's version in the database; none, where there is no row.
    version: Option<i64>,
    since: i64,
}

/// A posting with its transaction.
struct Moved {
    at: Time,
    owner: UserId,
    posting: posting::Model,
    transaction: transaction::Model,
}

/// A payment that operators are told of.
struct Report {
    transaction: TransactionId,
    text: String,
}

/// Looks at what has moved since it last looked.
///
/// # Errors
/// Only faults.
pub async fn watch(bank: &Bank) -> Result<Watched> {
    let mut all = Watched::default();
    for _ in 0..PAGES {
        let Some(page) = look(bank).await? else { break };
        all.judged = all.judged.saturating_add(page.judged);
        all.reported = all.reported.saturating_add(page.reported);
    }
    Ok(all)
}

/// One page; none, where there is nothing new.
async fn look(bank: &Bank) -> Result<Option<Watched>> {
    let (db, now) = (bank.db.connection(), bank.clock.now());
    let place = fraud_watch::Entity::find().one(db).await?.map(|row| row.place);
    let Some(place) = place else { return begin(bank).await };
    let rows = transaction::Entity::find()
        .filter(transaction::COLUMN.id.gt(place))
        .order_by_asc(transaction::Column::Id)
        .limit(PAGE)
        .all(db)
        .await?;
    let rows: Vec<_> = rows.into_iter().take_while(|row| row.created_at <= now - SETTLING).collect();
    let Some(last) = rows.last().map(|row| row.id) else { return Ok(None) };
    let mut people = known(bank, &rows).await?;
    let moved = moved(bank, &mut people, rows).await?;
    let (mut seen, mut changed, mut reports) = (Watched::default(), HashSet::new(), Vec::new());
    for moved in &moved {
        changed.insert(moved.owner);
        if let Some((transaction, verdict, signals)) = take(bank, &mut people, moved).await? {
            seen.judged = seen.judged.saturating_add(1);
            if verdict.outcome > Outcome::Allow {
                seen.reported = seen.reported.saturating_add(1);
                reports.push(Report { transaction, text: words(&verdict, &signals) });
            }
        }
    }
    let tx = bank.db.begin().await?;
    for id in changed {
        if let Some(known) = people.get(&id)
            && !save(&tx, id, known, now).await?
        {
            // Another watch has read it meanwhile.
            return Ok(None);
        }
    }
    for Report { transaction, text } in &reports {
        let subject = transaction.to_string();
        alert::raise_in(bank, &tx, AlertKind::PaymentSuspicious, &subject, text).await?;
    }
    go_on(&tx, place, last).await?;
    tx.commit().await?;
    Ok(Some(seen))
}

/// What is known of all who took part.
async fn known(bank: &Bank, rows: &[transaction::Model]) -> Result<HashMap<UserId, Known>> {
    let db = bank.db.connection();
    let ids: HashSet<UserId> = rows.iter().flat_map(|row| [row.payer, row.payee]).flatten().collect();
    let these = one_of(db, user::Column::Id, ids.iter().map(|id| id.0));
    let since: Vec<(UserId, Time)> = user::Entity::find()
        .select_only()
        .columns([user::Column::Id, user::Column::CreatedAt])
        .filter(these)
        .into_tuple()
        .all(db)
        .await?;
    let these = one_of(db, fraud_profile::Column::UserId, ids.iter().map(|id| id.0));
    let kept = fraud_profile::Entity::find().filter(these).all(db).await?;
    let mut kept: HashMap<UserId, fraud_profile::Model> =
        kept.into_iter().map(|row| (row.user_id, row)).collect();
    let known = |(id, since): (UserId, Time)| {
        let row = kept.remove(&id);
        let version = row.as_ref().map(|row| row.version);
        let profile = match row {
            Some(row) => {
                serde_json::from_str(&row.profile).map_err(|_| Fault::Corrupt("a profile can't be read"))?
            }
            None => Profile::default(),
        };
        Ok((id, Known { profile, version, since: since.timestamp() }))
    };
    since.into_iter().map(known).collect()
}

/// What has moved in the accounts of these people since they were last looked at, in the order in which it did.
async fn moved(
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
        let read = known.profile.read.insert(row.id.0, row.seq).unwrap_or(0);
        if row.seq > read {
            owner_of.insert(row.id, row.owner);
            ranges.push((row.id, read.max(row.seq.saturating_sub(BACKLOG)), row.seq));
        }
    }
    let postings = postings(bank, &ranges).await?;
    let mut known: BTreeMap<TransactionId, transaction::Model> =
        rows.into_iter().map(|row| (row.id, row)).collect();
    let missing: HashSet<TransactionId> =
        postings.iter().map(|posting| posting.transaction_id).filter(|id| !known.contains_key(id)).collect();
    let these = one_of(db, transaction::Column::Id, missing.iter().map(|id| id.0));
    let others = transaction::Entity::find().filter(these).all(db).await?;
    known.extend(others.into_iter().map(|row| (row.id, row)));
    let join = |posting: posting::Model| {
        let transaction = known.get(&posting.transaction_id)?.clone();
        let at =
            if transaction.kind == Kind::Deposit { transaction.updated_at } else { transaction.created_at };
        Some(Moved { at, owner: *owner_of.get(&posting.account_id)?, posting, transaction })
    };
    let mut moved: Vec<Moved> = postings.into_iter().filter_map(join).collect();
    moved.sort_by_key(|moved| (moved.at, moved.transaction.id, moved.posting.account_id, moved.posting.seq));
    // An exchange is posted in parts; who pays it, pays once.
    moved.dedup_by_key(|moved| (moved.transaction.id, moved.owner, moved.posting.amount > 0));
    Ok(moved)
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

/// Judges what is a payment of its owner, and adds to the profile what came or went.
async fn take(
    bank: &Bank,
    people: &mut HashMap<UserId, Known>,
    moved: &Moved,
) -> Result<Option<(TransactionId, Verdict, Signals)>> {
    let (row, came) = (&moved.transaction, moved.posting.amount > 0);
    let (way, side) = match (row.kind, came) {
        (Kind::Transfer, false) => (Way::Out, row.payee.map(|id| id.0)),
        (Kind::Withdrawal, false) => (Way::Out, row.instrument.map(|id| id.0)),
        (Kind::Transfer, true) => (Way::In, row.payer.map(|id| id.0)),
        (Kind::Deposit, true) => (Way::In, row.instrument.map(|id| id.0)),
        // One's own money that changes, or comes back.
        (Kind::Conversion, _) | (Kind::Withdrawal, true) | (Kind::Deposit, false) => return Ok(None),
    };
    let (amount, currency) = match (way, row.target_amount, row.target_currency) {
        (Way::In, Some(amount), Some(currency)) => (amount, currency),
        (Way::In | Way::Out, _, _) => (row.amount, row.currency),
    };
    let before = moved.posting.balance_after.saturating_sub(moved.posting.amount);
    let worth = async |minor: i64| match Amount::try_new(minor, currency) {
        Ok(amount) => Ok::<_, crate::error::Error>(limit::worth(bank, amount).await?.unwrap_or(0)),
        Err(_) => Ok(0),
    };
    let (cents, balance_before) = (worth(amount).await?, worth(before).await?);
    let (at, side) = (moved.at.timestamp(), side.map(other).unwrap_or_default());
    let judged = (way == Way::Out).then(|| {
        let payee = row.payee.filter(|_| row.kind == Kind::Transfer).and_then(|id| people.get(&id));
        let payer = people.get(&moved.owner)?;
        let payment = Payment {
            at,
            cents,
            leaves: row.kind == Kind::Withdrawal,
            payee: side,
            payer_since: payer.since,
            payee_since: payee.map(|payee| payee.since),
            balance_before,
        };
        let signals = Signals::of(&payment, &payer.profile, payee.map(|payee| &payee.profile));
        Some((row.id, judge(&bank.fraud_rules, &signals), signals))
    });
    if let Some(known) = people.get_mut(&moved.owner) {
        known.profile.add(Event { at, way, cents, other: side });
    }
    Ok(judged.flatten())
}

/// Begins the watch with what moves from now on: what was before is read of each account when it next moves.
async fn begin(bank: &Bank) -> Result<Option<Watched>> {
    let db = bank.db.connection();
    let last = transaction::Entity::find().order_by_desc(transaction::Column::Id).one(db).await?;
    let place = last.map_or(TransactionId(Uuid::nil()), |row| row.id);
    let insert = fraud_watch::Entity::insert(fraud_watch::Model { id: 1, place }.into_active_model());
    insert.on_conflict(OnConflict::new().do_nothing().to_owned()).exec_without_returning(db).await?;
    Ok(None)
}

/// Moves the place of the watch, if nobody else has meanwhile.
async fn go_on(tx: &DatabaseTransaction, from: TransactionId, to: TransactionId) -> Result<()> {
    let set = fraud_watch::ActiveModel { place: Set(to), ..Default::default() };
    let unmoved = fraud_watch::COLUMN.place.eq(from);
    fraud_watch::Entity::update_many().set(set).filter(unmoved).exec(tx).await?;
    Ok(())
}

/// Keeps a profile, if nobody else has meanwhile.
async fn save(tx: &DatabaseTransaction, id: UserId, known: &Known, now: Time) -> Result<bool> {
    let profile =
        serde_json::to_string(&known.profile).map_err(|_| Fault::Corrupt("a profile has no text"))?;
    let Some(version) = known.version else {
        let row = fraud_profile::Model { user_id: id, profile, version: 1, updated_at: now };
        let insert = fraud_profile::Entity::insert(row.into_active_model());
        let insert = insert.on_conflict(OnConflict::new().do_nothing().to_owned());
        return Ok(insert.exec_without_returning(tx).await? > 0);
    };
    let updated = fraud_profile::Entity::update_many()
        .col_expr(fraud_profile::Column::Profile, Expr::value(profile))
        .col_expr(fraud_profile::Column::Version, Expr::value(version.saturating_add(1)))
        .col_expr(fraud_profile::Column::UpdatedAt, Expr::value(now))
        .filter(fraud_profile::COLUMN.user_id.eq(id))
        .filter(fraud_profile::COLUMN.version.eq(version))
        .exec(tx)
        .await?;
    Ok(updated.rows_affected > 0)
}

/// Why a payment is reported: the rules that fired, and the signals that say anything.
fn words(verdict: &Verdict, signals: &Signals) -> String {
    let rules: Vec<&str> =
        verdict.fired.iter().filter(|fired| !fired.shadow).map(|fired| fired.rule.as_str()).collect();
    let said = signals.values().filter(|(_, value)| *value != 0);
    let said: Vec<String> = said.map(|(signal, value)| format!("{} {value}", signal.name)).collect();
    format!("{:?}: {}; {}", verdict.outcome, rules.join(", "), said.join(", "))
}
