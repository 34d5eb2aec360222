//! The watch: looks at money after it has moved, keeps the profiles, and tells operators of what looks like fraud.
//!
//! Guarantees: what moved in an account is read once, along the account's gapless chain, from where the profile says it
//! was read to; so a payment that was still being written when the watch came by is read with the next. Profiles, reports,
//! what people are told by [rules of their own](crate::alert_rule), and the place of the watch are written together. Two
//! watches at once do no harm: one of them has done nothing. Nobody who pays waits for it.
//!
//! What is older than [`JUDGED`] is learned from and not judged: there is nobody to stop any more.
//!
//! Costs: some questions and statements for a page of [`PAGE`] transactions, with a row for each person in it.

use super::kept::{Judged, keep};
use super::known::{Known, known, save, since};
use super::moved::{Moved, Reach, accounts_of, moved};
use super::profile::Way;
use super::rule::Outcome;
use super::signal::{Payment, Signals};
use super::verdict::judge;
use super::version::Version;
use crate::alert::{self, AlertKind};
use crate::alert_rule::{self, News};
use crate::bank::Bank;
use crate::error::Result;
use crate::id::{TransactionId, UserId};
use crate::table::{fraud_watch, transaction};
use crate::transaction::Kind;
use chrono::Duration;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder, QuerySelect,
};
use std::collections::{BTreeSet, HashMap};
use uuid::Uuid;

/// Transactions in a page.
const PAGE: u64 = 500;
/// Pages before it rests: with the next look five seconds later, what it costs at most.
const PAGES: u32 = 20;
/// How old a transaction is before it is looked at: by then it is written, or nearly always.
const SETTLING: Duration = Duration::seconds(2);
/// How old what is judged may be.
const JUDGED: Duration = Duration::days(1);

/// What the watch has seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Watched {
    /// Payments that were judged.
    pub judged: usize,
    /// Payments that operators were told of.
    pub reported: usize,
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
    let last = rows.last().map_or(place, |row| row.id);
    let ended = alert_rule::ended(bank).await?;
    let rows = [rows, ended.clone()].concat();
    if rows.is_empty() {
        return Ok(None);
    }
    let mut people = known(bank, &rows).await?;
    let accounts = accounts_of(db, people.keys().copied()).await?;
    let moved = moved(db, &mut people, accounts, rows.clone(), Reach::All).await?;
    let news = News::of(bank, &rows, &ended, &moved).await?;
    let rules = bank.fraud_rules.in_force(bank).await;
    let (mut changed, mut found, mut judged) = (BTreeSet::new(), Vec::new(), 0_usize);
    for moved in &moved {
        changed.insert(moved.owner);
        if let Some(payment) = take(bank, &rules, &mut people, moved).await? {
            judged = judged.saturating_add(1);
            if !payment.verdict.fired.is_empty() {
                found.push((moved.transaction.id, payment));
            }
        }
    }
    people.retain(|id, _| changed.contains(id));
    let reported = write(bank, (place, last), &people, &news, found).await?;
    Ok(reported.map(|reported| Watched { judged, reported }))
}

/// Writes what a page has told, with the place of the watch; says what was reported. Nothing, where another watch has read it
/// meanwhile.
async fn write(
    bank: &Bank,
    (place, last): (TransactionId, TransactionId),
    people: &HashMap<UserId, Known>,
    news: &News,
    found: Vec<(TransactionId, Judged)>,
) -> Result<Option<usize>> {
    let (tx, now) = (bank.db.begin().await?, bank.clock.now());
    let told = news.tell(bank, &tx).await?;
    if !save(&tx, people, now).await? {
        return Ok(None);
    }
    let mut reported = 0_usize;
    for (transaction, judged) in &found {
        if judged.verdict.outcome > Outcome::Allow {
            reported = reported.saturating_add(1);
            let (subject, text) = (transaction.to_string(), words(judged));
            alert::raise_in(bank, &tx, AlertKind::PaymentSuspicious, &subject, &text).await?;
        }
    }
    let found: Vec<Judged> = found.into_iter().map(|(_, judged)| judged).collect();
    keep(&tx, now, &found).await?;
    go_on(&tx, place, last).await?;
    tx.commit().await?;
    if told > 0 {
        bank.bell.ring();
    }
    Ok(Some(reported))
}

/// Judges what is a payment of its owner, and adds to the profile what came or went.
async fn take(
    bank: &Bank,
    rules: &Version,
    people: &mut HashMap<UserId, Known>,
    moved: &Moved,
) -> Result<Option<Judged>> {
    let Some(event) = moved.event(bank).await? else { return Ok(None) };
    let (row, balance_before) = (&moved.transaction, moved.balance_before(bank).await?);
    let is_judged = event.way == Way::Out && moved.at > bank.clock.now() - JUDGED;
    let judged = is_judged.then(|| {
        let payee = row.payee.filter(|_| row.kind == Kind::Transfer);
        let payer = people.get(&moved.owner)?;
        let payment = Payment {
            at: event.at,
            cents: event.cents,
            leaves: row.kind == Kind::Withdrawal,
            payee: event.other,
            payer_since: since(moved.owner),
            payee_since: payee.map(since),
            balance_before,
            session_since: None,
            device_since: None,
            country_since: None,
        };
        let payee = payee.and_then(|payee| people.get(&payee));
        let signals = Signals::of(&payment, &payer.profile, payee.map(|payee| &payee.profile));
        Some(Judged {
            payer: moved.owner,
            key: row.idempotency_key.clone(),
            moved: true,
            version: rules.number,
            verdict: judge(&rules.rules, &signals),
            signals,
        })
    });
    if let Some(known) = people.get_mut(&moved.owner) {
        known.profile.add(event);
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

/// Why a payment is reported: the rules that fired, and the signals that say anything.
fn words(Judged { verdict, signals, .. }: &Judged) -> String {
    let rules: Vec<&str> =
        verdict.fired.iter().filter(|fired| !fired.shadow).map(|fired| fired.rule.as_str()).collect();
    let said = signals.values().filter(|(signal, value)| *value != 0 && Some(*value) != signal.unknown);
    let said: Vec<String> = said.map(|(signal, value)| format!("{} {value}", signal.name)).collect();
    format!("{:?}: {}; {}", verdict.outcome, rules.join(", "), said.join(", "))
}
