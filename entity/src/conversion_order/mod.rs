//! Conversion orders: a person's own money is converted as soon as it brings at least so much.
//!
//! Guarantees: executed once, whoever looks and however often: it is a [conversion](crate::conversion) under the
//! order's own idempotency key. What counts is what arrives for what is paid, after spread and fee; a stale rate
//! executes nothing. The money is not held back: if it is not there at that moment, the order fails, and the person
//! is told. Asking for the same order twice, by the same key, is asking once.
//!
//! Refuses `SAME_CURRENCY`, `PAIR_UNKNOWN`, `RATE_INVALID`, `EXPIRY_INVALID`, `ORDER_LIMIT`,
//! `IDEMPOTENCY_KEY_REUSED`, `NOT_FOUND`.

mod execution;

pub use execution::follow;

use crate::bank::Bank;
use crate::clock::Time;
use crate::error::{Fault, Result};
use crate::id::{OrderId, TransactionId, UserId};
use crate::money::{Amount, Currency};
use crate::rate;
use crate::refusal::Code;
use crate::session::Caller;
use crate::table::conversion_order::{self, Column};
use crate::terms;
use crate::transaction::IdempotencyKey;
use crate::user as people;
use chrono::Duration;
use rust_decimal::Decimal;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DeriveActiveEnum, EntityTrait, EnumIter, IntoActiveModel, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect,
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
