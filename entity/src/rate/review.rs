//! What operators have to do with rates: sheets that are held, and rates that are set by hand.
//!
//! Guarantees: two operators accept what is held, or set a rate by hand (see [`proposal`](crate::proposal)); one
//! rejects. A rate that is set by hand is a sheet of its own source, and good for as long as they say.
//!
//! Refuses `ROLE_MISSING`, `NOT_FOUND`, `RATE_INVALID`.

use super::BY_HAND;
use super::sheet::{Sheet, SheetState, follow};
use super::stored::{put, read};
use crate::alert::{self, AlertKind};
use crate::bank::Bank;
use crate::clock::Time;
use crate::error::Result;
use crate::id::SheetId;
use crate::money::Currency;
use crate::operator::{Officer, Role};
use crate::refusal::Code;
use crate::table::rate_sheet;
use chrono::Duration;
use rust_decimal::Decimal;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect,
};
use std::collections::BTreeMap;

/// For how long a rate may be set by hand: a week.
const MINUTES_MAX: i64 = 10_080;

/// The sheets that wait for operators, oldest first.
///
/// # Errors
/// Only faults.
pub async fn waiting(bank: &Bank) -> Result<Vec<(SheetId, Sheet)>> {
    let held = rate_sheet::Entity::find().filter(rate_sheet::COLUMN.state.eq(SheetState::Held));
    let db = bank.db.connection();
    let rows = held.order_by_asc(rate_sheet::Column::Id).limit(100).all(db).await?;
    read(db, rows).await
}

/// Refuses a sheet that does not wait.
pub(crate) async fn check_held(db: &impl ConnectionTrait, id: SheetId) -> Result<rate_sheet::Model> {
    let row = rate_sheet::Entity::find_by_id(id).one(db).await?;
    Ok(row.filter(|row| row.state == SheetState::Held).ok_or(Code::NotFound.at("id"))?)
}

async fn decide(
    bank: &Bank,
    tx: &DatabaseTransaction,
    id: SheetId,
    state: SheetState,
) -> Result<rate_sheet::Model> {
    let row = check_held(tx, id).await?;
    let set = rate_sheet::ActiveModel { state: Set(state), ..Default::default() };
    let this = rate_sheet::Entity::update_many().set(set).filter(rate_sheet::COLUMN.id.eq(id));
    this.exec(tx).await?;
    alert::clear(tx, bank.clock.now(), AlertKind::RatesHeld, &id.to_string()).await?;
    Ok(row)
}

/// Accepts a sheet that was held, for two operators who agree.
///
/// # Errors
/// `NOT_FOUND`.
pub(crate) async fn accept(bank: &Bank, tx: &DatabaseTransaction, id: SheetId) -> Result<()> {
    let row = decide(bank, tx, id, SheetState::Accepted).await?;
    bank.rates.forget();
    follow(tx, id, row.good_until, bank.clock.now()).await
}

/// Rejects a sheet that was held.
///
/// # Errors
/// `ROLE_MISSING`, `NOT_FOUND`.
pub async fn reject(bank: &Bank, officer: &Officer, id: SheetId) -> Result<()> {
    officer.require(Role::Treasurer)?;
    let tx = bank.db.begin().await?;
    decide(bank, &tx, id, SheetState::Rejected).await?;
    Ok(tx.commit().await?)
}

/// Refuses what can't be set by hand.
pub(crate) fn check_by_hand(base: Currency, quote: Currency, rate: Decimal, minutes: i64) -> Result<()> {
    if base == quote {
        return Err(Code::SameCurrency.at("quote").into());
    }
    if !(1..=MINUTES_MAX).contains(&minutes) {
        return Err(Code::RateInvalid.at("minutes").into());
    }
    let now = Time::default();
    let sheet = Sheet::new(BY_HAND, base, (now, Duration::minutes(1)), BTreeMap::from([(quote, rate)]), now);
    sheet.map(drop).map_err(|_| Code::RateInvalid.at("rate").into())
}

/// Sets a rate by hand for so many minutes, for two operators who agree.
///
/// # Errors
/// `RATE_INVALID`.
pub(crate) async fn set_by_hand(
    bank: &Bank,
    tx: &DatabaseTransaction,
    (base, quote): (Currency, Currency),
    rate: Decimal,
    minutes: i64,
) -> Result<()> {
    let (now, source) = (bank.clock.now(), format!("{BY_HAND} {base}/{quote}"));
    let good_for = Duration::minutes(minutes.clamp(1, MINUTES_MAX));
    let sheet = Sheet::new(&source, base, (now, good_for), BTreeMap::from([(quote, rate)]), now);
    let sheet = sheet.map_err(|_| Code::RateInvalid.at("rate"))?;
    if let Some(id) = put(bank, tx, &sheet, SheetState::Accepted).await? {
        follow(tx, id, sheet.good_until, now).await?;
    }
    bank.rates.forget();
    Ok(())
}
