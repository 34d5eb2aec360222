//! Rate alerts: a person is told once when a rate reaches what it waits for.
//!
//! Guarantees: told once, however often the rates come and whoever looks: the alert ends in the transaction that
//! tells. The rate is the one in the middle; a stale one reaches nothing.
//!
//! Refuses `SAME_CURRENCY`, `PAIR_UNKNOWN`, `RATE_INVALID`, `ORDER_LIMIT`, `NOT_FOUND`.

use crate::bank::Bank;
use crate::clock::Time;
use crate::error::{Fault, Result};
use crate::id::{EventId, RateAlertId, UserId};
use crate::money::Currency;
use crate::notification::{self, Notice, Waited};
use crate::rate;
use crate::refusal::{Code, Refusal};
use crate::table::rate_alert::{self, Column};
use crate::user as people;
use rust_decimal::Decimal;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DeriveActiveEnum, EntityTrait, EnumIter, IntoActiveModel, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect,
};

/// Open alerts of a person at most.
const OPEN_MAX: u64 = 50;
/// Alerts that are listed.
const LISTED: u64 = 100;

/// From which side the rate is to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Direction {
    /// It is to be at least so much.
    Above,
    /// It is to be at most so much.
    Below,
}

/// What has become of an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AlertState {
    /// It waits.
    Open,
    /// The rate was reached, and the person told.
    Reached,
    /// The person has cancelled it.
    Cancelled,
}

/// A rate that somebody waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateAlert {
    /// Its id.
    pub id: RateAlertId,
    /// Who waits.
    pub user: UserId,
    /// What is priced.
    pub base: Currency,
    /// In what.
    pub quote: Currency,
    /// From which side.
    pub direction: Direction,
    /// For which rate.
    pub rate: Decimal,
    /// What has become of it.
    pub state: AlertState,
    /// When it was made.
    pub created_at: Time,
    /// When it ended.
    pub ended_at: Option<Time>,
}

impl RateAlert {
    fn is_reached(&self, rate: Decimal) -> bool {
        match self.direction {
            Direction::Above => rate >= self.rate,
            Direction::Below => rate <= self.rate,
        }
    }
}

impl TryFrom<rate_alert::Model> for RateAlert {
    type Error = Fault;

    fn try_from(row: rate_alert::Model) -> std::result::Result<Self, Fault> {
        Ok(Self {
            id: row.id,
            user: row.user_id,
            base: row.base,
            quote: row.quote,
            direction: row.direction,
            rate: row.rate.parse().map_err(|_| Fault::Corrupt("a rate alert can't be read"))?,
            state: row.state,
            created_at: row.created_at,
            ended_at: row.ended_at,
        })
    }
}

/// A rate that somebody may wait for: above zero, with at most twelve digits.
///
/// # Errors
/// `RATE_INVALID`.
pub fn parse_rate(text: &str) -> Result<Decimal, Refusal> {
    let trillion = Decimal::from(1_000_000_000_000_i64);
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let rate = text
        .parse()
        .ok()
        .filter(|rate: &Decimal| plain && *rate > Decimal::ZERO && *rate <= trillion && rate.scale() <= 12);
    rate.map(|rate| rate.normalize()).ok_or(Code::RateInvalid.at("rate"))
}

/// Waits for a rate.
///
/// # Errors
/// See the module.
pub async fn create(
    bank: &Bank,
    user: UserId,
    (base, quote): (Currency, Currency),
    direction: Direction,
    rate: Decimal,
) -> Result<RateAlert> {
    if base == quote {
        return Err(Code::SameCurrency.at("quote").into());
    }
    let now = bank.clock.now();
    rate::book(bank).await?.rate(base, quote, now)?;
    let id = RateAlertId(bank.ids.next(now));
    let tx = bank.db.begin().await?;
    people::lock(bank, &tx, user).await?;
    if own(user).filter(rate_alert::COLUMN.state.eq(AlertState::Open)).count(&tx).await? >= OPEN_MAX {
        return Err(Code::OrderLimit.into());
    }
    let row = rate_alert::Model {
        id,
        user_id: user,
        base,
        quote,
        direction,
        rate: rate.to_string(),
        state: AlertState::Open,
        created_at: now,
        ended_at: None,
    };
    rate_alert::Entity::insert(row.clone().into_active_model()).exec_without_returning(&tx).await?;
    tx.commit().await?;
    Ok(row.try_into()?)
}

fn own(user: UserId) -> sea_orm::Select<rate_alert::Entity> {
    rate_alert::Entity::find().filter(rate_alert::COLUMN.user_id.eq(user))
}

/// Ends an open alert; says whether it was open.
async fn end(
    db: &impl sea_orm::ConnectionTrait,
    id: RateAlertId,
    state: AlertState,
    now: Time,
) -> Result<bool> {
    let set = rate_alert::ActiveModel { state: Set(state), ended_at: Set(Some(now)), ..Default::default() };
    let this = rate_alert::Entity::update_many().set(set).filter(rate_alert::COLUMN.id.eq(id));
    Ok(this.filter(rate_alert::COLUMN.state.eq(AlertState::Open)).exec(db).await?.rows_affected > 0)
}

/// Waits no longer.
///
/// # Errors
/// `NOT_FOUND`, also for one that has ended.
pub async fn cancel(bank: &Bank, user: UserId, id: RateAlertId) -> Result<RateAlert> {
    let db = bank.db.connection();
    let find = || own(user).filter(rate_alert::COLUMN.id.eq(id));
    find().one(db).await?.ok_or(Code::NotFound.at("id"))?;
    end(db, id, AlertState::Cancelled, bank.clock.now()).await?;
    let row = find().one(db).await?.filter(|row| row.state == AlertState::Cancelled);
    Ok(row.ok_or(Code::NotFound.at("id"))?.try_into()?)
}

/// The last hundred of a person's alerts, newest first.
///
/// # Errors
/// Only faults.
pub async fn list(bank: &Bank, user: UserId) -> Result<Vec<RateAlert>> {
    let rows = own(user).order_by_desc(Column::Id).limit(LISTED).all(bank.db.connection()).await?;
    rows.into_iter().map(|row| Ok(row.try_into()?)).collect()
}

/// Tells everybody whose rate is reached; says how many.
///
/// # Errors
/// Only faults; who was told is not told again.
pub async fn follow(bank: &Bank) -> Result<u64> {
    let (db, now) = (bank.db.connection(), bank.clock.now());
    let book = rate::book(bank).await?;
    let open = rate_alert::Entity::find().filter(rate_alert::COLUMN.state.eq(AlertState::Open));
    let (mut told, mut failed) = (0_u64, None);
    for row in open.order_by_asc(Column::Id).all(db).await? {
        let alert = RateAlert::try_from(row)?;
        let Ok(rate) = book.fresh(alert.base, alert.quote, now) else { continue };
        if !alert.is_reached(rate.rate) {
            continue;
        }
        match tell(bank, &alert, rate.rate).await {
            Ok(new) => told = told.saturating_add(new.into()),
            // It harms nobody else, and is tried again.
            Err(error) => failed = Some(error),
        }
    }
    bank.bell.ring();
    failed.map_or(Ok(told), Err)
}

async fn tell(bank: &Bank, alert: &RateAlert, rate: Decimal) -> Result<bool> {
    let tx = bank.db.begin().await?;
    let (_, key) = people::lock(bank, &tx, alert.user).await?;
    if !end(&tx, alert.id, AlertState::Reached, bank.clock.now()).await? {
        return Ok(false);
    }
    let pair = format!("{}/{}", alert.base, alert.quote);
    let notice = Notice::Waited(Waited::RateReached { pair, rate: rate.to_string() });
    notification::tell(bank, &tx, &key, EventId(alert.id.0), &notice).await?;
    tx.commit().await?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_plain_numbers() {
        assert_eq!(parse_rate("1.1500").map(|rate| rate.to_string()), Ok("1.15".to_owned()));
        for wrong in ["", "0", "-1", "+1", "1e3", "1_000", "1.2345678901234", "1000000000001", "."] {
            assert!(parse_rate(wrong).is_err(), "{wrong}");
        }
    }
}
