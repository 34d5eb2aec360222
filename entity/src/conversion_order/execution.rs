//! How orders are executed: when there are new rates, each that is reached, once.
//!
//! Guarantees: nobody can cancel what is being executed, and what was executed is not executed again, for the order's
//! id is the idempotency key of its conversion. One that goes wrong harms no other.

use super::{ConversionOrder, OrderState, change, ended, open, to};
use crate::bank::Bank;
use crate::conversion;
use crate::error::{Error, Fault, Result};
use crate::id::{EventId, OrderId, TransactionId, UserId};
use crate::notification::{self, Notice, Waited};
use crate::quote::{self, Ask, Quote};
use crate::refusal::{Code, Refusal};
use crate::table::conversion_order::{self, Column};
use crate::table::transaction;
use crate::transaction::IdempotencyKey;
use crate::user as people;
use rust_decimal::Decimal;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

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
    let tx = bank.db.begin().await?;
    let (_, key) = people::lock(bank, &tx, order.user).await?;
    let set = conversion_order::ActiveModel { ended_at: Set(Some(bank.clock.now())), ..set };
    if !change(&tx, order.id, OrderState::Executing, set).await? {
        return Ok(false);
    }
    notification::tell(bank, &tx, &key, EventId(order.id.0), &Notice::Waited(told)).await?;
    tx.commit().await?;
    Ok(true)
}
