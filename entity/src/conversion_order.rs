//! Conversion orders: a person's own money is converted as soon as it brings at least so much.
//!
//! Guarantees: executed once, whoever looks and however often: it is a [conversion](crate::conversion) under the
//! order's own idempotency key. What counts is what arrives for what is paid, after spread and fee; a stale rate
//! executes nothing. The money is not held back: if it is not there at that moment, the order fails, and the person
//! is told. Asking for the same order twice, by the same key, is asking once.
//!
//! Refuses `SAME_CURRENCY`, `PAIR_UNKNOWN`, `RATE_INVALID`, `EXPIRY_INVALID`, `ORDER_LIMIT`,
//! `IDEMPOTENCY_KEY_REUSED`, `NOT_FOUND`.

use crate::bank::Bank;
use crate::clock::Time;
use crate::conversion;
use crate::error::{Error, Fault, Result};
use crate::id::{EventId, OrderId, TransactionId, UserId};
use crate::money::{Amount, Currency};
use crate::notification::{self, Notice, Waited};
use crate::quote::{self, Ask, Quote};
use crate::rate;
use crate::refusal::{Code, Refusal};
use crate::session::Caller;
use crate::table::conversion_order::{self, Column};
use crate::table::transaction;
use crate::terms;
use crate::transaction::IdempotencyKey;
use crate::user as people;
use chrono::Duration;
use rust_decimal::Decimal;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DatabaseTransaction, DeriveActiveEnum, EntityTrait, EnumIter,
    IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};

/// Open orders of a person at most.
const OPEN_MAX: u64 = 50;
/// Orders that are listed.
const LISTED: u64 = 100;
/// How long an order may wait at most.
const LONGEST: Duration = Duration::days(366);

/// What has become of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OrderState {
    /// It waits.
    Open,
    /// Its rate is reached, and it is being executed.
    Executing,
    /// It was executed.
    Done,
    /// It could not be executed when its rate was reached.
    Failed,
    /// The person has cancelled it.
    Cancelled,
    /// Its rate was not reached in time.
    Expired,
}

/// What is ordered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// What is paid.
    pub source: Amount,
    /// Into which currency.
    pub target: Currency,
    /// What one unit has to bring at least, after spread and fee.
    pub rate: Decimal,
    /// Until when it waits.
    pub expires_at: Time,
}

/// A conversion that waits for a rate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConversionOrder {
    /// Its id.
    pub id: OrderId,
    /// Whose.
    pub user: UserId,
    /// What is ordered.
    pub terms: Terms,
    /// What has become of it.
    pub state: OrderState,
    /// The code of the refusal that it failed with.
    pub failure: Option<String>,
    /// The conversion that executed it.
    pub transaction: Option<TransactionId>,
    /// When it was made.
    pub created_at: Time,
    /// When it ended.
    pub ended_at: Option<Time>,
}

impl TryFrom<conversion_order::Model> for ConversionOrder {
    type Error = Fault;

    fn try_from(row: conversion_order::Model) -> std::result::Result<Self, Fault> {
        let source = Amount::try_new(row.source_amount, row.source_currency);
        Ok(Self {
            id: row.id,
            user: row.user_id,
            terms: Terms {
                source: source.map_err(|_| Fault::Corrupt("an order's amount is not positive"))?,
                target: row.target_currency,
                rate: row.limit_rate.parse().map_err(|_| Fault::Corrupt("an order's rate can't be read"))?,
                expires_at: row.expires_at,
            },
            state: row.state,
            failure: row.failure,
            transaction: row.transaction_id,
            created_at: row.created_at,
            ended_at: row.ended_at,
        })
    }
}

/// Orders a conversion; by the same key, the same order.
///
/// # Errors
/// See the module.
pub async fn create(
    bank: &Bank,
    caller: Caller,
    terms: Terms,
    key: &IdempotencyKey,
) -> Result<ConversionOrder> {
    terms::require(bank, caller, key).await?;
    let (now, user) = (bank.clock.now(), caller.user);
    if terms.source.currency() == terms.target {
        return Err(Code::SameCurrency.at("target").into());
    }
    let name = bank.vault.digest(&[b"order", user.0.as_bytes(), key.as_str().as_bytes()]);
    // Not within the transaction: it takes a connection of its own.
    let book = rate::book(bank).await?;
    let tx = bank.db.begin().await?;
    people::lock(bank, &tx, user).await?;
    if let Some(row) = conversion_order::Entity::find_by_id(OrderId(name.0)).one(&tx).await? {
        let first = ConversionOrder::try_from(row)?;
        let same = first.terms == terms;
        return if same { Ok(first) } else { Err(Code::IdempotencyKeyReused.at("idempotencyKey").into()) };
    }
    if terms.expires_at <= now || terms.expires_at > now + LONGEST {
        return Err(Code::ExpiryInvalid.at("expiresAt").into());
    }
    book.rate(terms.source.currency(), terms.target, now)?;
    if own(user).filter(conversion_order::COLUMN.state.eq(OrderState::Open)).count(&tx).await? >= OPEN_MAX {
        return Err(Code::OrderLimit.into());
    }
    let row = conversion_order::Model {
        id: OrderId(name.0),
        user_id: user,
        source_currency: terms.source.currency(),
        source_amount: terms.source.minor(),
        target_currency: terms.target,
        limit_rate: terms.rate.to_string(),
        state: OrderState::Open,
        failure: None,
        transaction_id: None,
        created_at: now,
        expires_at: terms.expires_at,
        ended_at: None,
    };
    conversion_order::Entity::insert(row.clone().into_active_model()).exec_without_returning(&tx).await?;
    tx.commit().await?;
    Ok(row.try_into()?)
}

fn own(user: UserId) -> sea_orm::Select<conversion_order::Entity> {
    conversion_order::Entity::find().filter(conversion_order::COLUMN.user_id.eq(user))
}

fn open() -> sea_orm::Select<conversion_order::Entity> {
    conversion_order::Entity::find().filter(conversion_order::COLUMN.ended_at.is_null())
}

/// Changes an order that is in this state; says whether it was.
async fn change(
    db: &impl sea_orm::ConnectionTrait,
    id: OrderId,
    from: OrderState,
    set: conversion_order::ActiveModel,
) -> Result<bool> {
    let this = conversion_order::Entity::update_many().set(set).filter(conversion_order::COLUMN.id.eq(id));
    Ok(this.filter(conversion_order::COLUMN.state.eq(from)).exec(db).await?.rows_affected > 0)
}

fn to(state: OrderState) -> conversion_order::ActiveModel {
    conversion_order::ActiveModel { state: Set(state), ..Default::default() }
}

fn ended(state: OrderState, now: Time) -> conversion_order::ActiveModel {
    conversion_order::ActiveModel { ended_at: Set(Some(now)), ..to(state) }
}

/// Waits no longer.
///
/// # Errors
/// `NOT_FOUND`, also for one that has ended or is being executed.
pub async fn cancel(bank: &Bank, user: UserId, id: OrderId) -> Result<ConversionOrder> {
    let db = bank.db.connection();
    let find = || own(user).filter(conversion_order::COLUMN.id.eq(id));
    find().one(db).await?.ok_or(Code::NotFound.at("id"))?;
    change(db, id, OrderState::Open, ended(OrderState::Cancelled, bank.clock.now())).await?;
    let row = find().one(db).await?.filter(|row| row.state == OrderState::Cancelled);
    Ok(row.ok_or(Code::NotFound.at("id"))?.try_into()?)
}

/// The last hundred of a person's orders, newest first.
///
/// # Errors
/// Only faults.
pub async fn list(bank: &Bank, user: UserId) -> Result<Vec<ConversionOrder>> {
    let rows = own(user).order_by_desc(Column::CreatedAt).limit(LISTED).all(bank.db.connection()).await?;
    rows.into_iter().map(|row| Ok(row.try_into()?)).collect()
}

/// The key under which an order is executed. No person can choose it, for it has a space.
fn key(id: OrderId) -> String {
    format!("order {}", id.0.simple())
}

/// The conversion that has executed an order.
async fn executed(
    db: &impl sea_orm::ConnectionTrait,
    user: UserId,
    id: OrderId,
) -> Result<Option<TransactionId>> {
    let this = transaction::Entity::find().filter(transaction::COLUMN.actor.eq(user));
    let this = this.filter(transaction::COLUMN.idempotency_key.eq(key(id))).one(db).await?;
    Ok(this.map(|row| row.id))
}

/// Executes every order whose rate is reached, and ends those whose time is over; says how many were executed.
///
/// # Errors
/// Only faults; what was executed is not executed again.
pub async fn follow(bank: &Bank) -> Result<u64> {
    let now = bank.clock.now();
    let (mut done, mut failed) = (0_u64, None);
    for row in open().order_by_asc(Column::CreatedAt).all(bank.db.connection()).await? {
        let order = ConversionOrder::try_from(row)?;
        let db = bank.db.connection();
        if order.terms.expires_at <= now && executed(db, order.user, order.id).await?.is_none() {
            change(db, order.id, order.state, ended(OrderState::Expired, now)).await?;
            continue;
        }
        match execute(bank, &order).await {
            Ok(new) => done = done.saturating_add(new.into()),
            // It harms nobody else, and is tried again.
            Err(error) => failed = Some(error),
        }
    }
    bank.bell.ring();
    failed.map_or(Ok(done), Err)
}

/// Executes an order, if its rate is reached. From `EXECUTING` on nobody can cancel it; a worker that dies there
/// leaves it to the next.
async fn execute(bank: &Bank, order: &ConversionOrder) -> Result<bool> {
    let (db, terms) = (bank.db.connection(), &order.terms);
    if executed(db, order.user, order.id).await?.is_none() {
        let Some(priced) = reached(bank, order).await? else { return Ok(false) };
        if order.state == OrderState::Open
            && !change(db, order.id, OrderState::Open, to(OrderState::Executing)).await?
        {
            return Ok(false);
        }
        quote::keep(bank, &priced).await?;
        let key = IdempotencyKey::of_house(key(order.id));
        match conversion::convert(bank, order.user, &priced, key, None).await {
            // Another worker was first.
            Err(Error::Refused(Refusal { code: Code::IdempotencyKeyReused, .. })) | Ok(_) => {}
            // Nothing is wrong with the order: it is tried again with the next rates.
            Err(Error::Refused(Refusal { code: Code::Overloaded | Code::QuoteExpired, .. })) => {
                return Ok(false);
            }
            Err(Error::Refused(refusal)) => return fail(bank, order, refusal).await.map(|()| false),
            Err(fault) => return Err(fault),
        }
    }
    let done = executed(db, order.user, order.id).await?;
    let id = done.ok_or(Fault::Corrupt("a conversion that was just made is missing"))?;
    let set = conversion_order::ActiveModel { transaction_id: Set(Some(id)), ..to(OrderState::Done) };
    let paid = terms.source.to_string();
    conclude(bank, order, set, Waited::OrderDone { paid, currency: terms.target.to_string() }).await
}

/// Whether what arrives is at least so much for each unit that is paid, with all that is taken of it.
fn brings(priced: &Quote, rate: Decimal) -> bool {
    let wanted = priced.price.source.money().decimal().checked_mul(rate);
    wanted.is_some_and(|wanted| priced.price.target.money().decimal() >= wanted)
}

/// The price of an order now, if it is good enough.
async fn reached(bank: &Bank, order: &ConversionOrder) -> Result<Option<Quote>> {
    match quote::price(bank, order.user, Ask::Paying(order.terms.source, order.terms.target)).await {
        Ok(priced) => Ok(Some(priced).filter(|priced| brings(priced, order.terms.rate))),
        Err(Error::Refused(_)) => Ok(None),
        Err(fault) => Err(fault),
    }
}

async fn fail(bank: &Bank, order: &ConversionOrder, refusal: Refusal) -> Result<()> {
    let code = refusal.code.as_str().to_owned();
    let set = conversion_order::ActiveModel { failure: Set(Some(code.clone())), ..to(OrderState::Failed) };
    let paid = order.terms.source.to_string();
    let failed = Waited::OrderFailed { paid, currency: order.terms.target.to_string(), code };
    conclude(bank, order, set, failed).await.map(drop)
}

/// Ends an order that is being executed and tells its person; says whether it was.
async fn conclude(
    bank: &Bank,
    order: &ConversionOrder,
    set: conversion_order::ActiveModel,
    told: Waited,
) -> Result<bool> {
    let tx: DatabaseTransaction = bank.db.begin().await?;
    let (_, key) = people::lock(bank, &tx, order.user).await?;
    let set = conversion_order::ActiveModel { ended_at: Set(Some(bank.clock.now())), ..set };
    if !change(&tx, order.id, OrderState::Executing, set).await? {
        return Ok(false);
    }
    notification::tell(bank, &tx, &key, EventId(order.id.0), &Notice::Waited(told)).await?;
    tx.commit().await?;
    Ok(true)
}
