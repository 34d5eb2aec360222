//! How a rate went, for charts: the last of each day, week or month.
//!
//! Refuses `PERIOD_INVALID`: more points than a chart has, or a period that holds nothing. Costs a scan of what the
//! sources said about two currencies in the period.

use super::Sheet;
use super::sheet::SheetState;
use super::stored::join;
use crate::bank::Bank;
use crate::clock::Time;
use crate::error::Result;
use crate::id::SheetId;
use crate::money::Currency;
use crate::refusal::Code;
use crate::table::{rate, rate_sheet};
use chrono::{Datelike, Duration, NaiveDate, NaiveTime};
use rust_decimal::Decimal;
use sea_orm::sea_query::Query;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use std::collections::{BTreeMap, HashSet};

/// Points in a chart at most.
const POINTS: i64 = 400;
/// How long every sheet is kept; after that, the last of each day.
const ALL_KEPT: Duration = Duration::days(2);
/// How far back it is looked for sheets that are too many.
const THINNED: Duration = Duration::days(60);

/// How far the points of a chart lie apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interval {
    /// A point a day.
    Day,
    /// A point a week, which begins on Monday.
    Week,
    /// A point a month.
    Month,
}

impl Interval {
    /// The first day of the interval in which a day lies.
    fn begin(self, day: NaiveDate) -> NaiveDate {
        match self {
            Self::Day => day,
            Self::Week => day.week(chrono::Weekday::Mon).first_day(),
            Self::Month => day.with_day(1).unwrap_or(day),
        }
    }

    fn days(self) -> i64 {
        match self {
            Self::Day => 1,
            Self::Week => 7,
            Self::Month => 28,
        }
    }
}

/// The last rate in an interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    /// The first day of the interval.
    pub on: NaiveDate,
    /// The rate.
    pub rate: Decimal,
    /// As of when.
    pub as_of: Time,
}

/// How a rate went from one day to another, both included, oldest first. Where nobody said anything there is no point.
///
/// # Errors
/// `SAME_CURRENCY`, `PERIOD_INVALID`.
pub async fn history(
    bank: &Bank,
    (base, quote): (Currency, Currency),
    (from, until): (NaiveDate, NaiveDate),
    interval: Interval,
) -> Result<Vec<Point>> {
    if base == quote {
        return Err(Code::SameCurrency.at("quote").into());
    }
    let days = until.signed_duration_since(from).num_days();
    let known = |day: NaiveDate| (1990..=9999).contains(&day.year());
    if !known(from) || !known(until) || days < 0 || days > POINTS.saturating_mul(interval.days()) {
        return Err(Code::PeriodInvalid.at("from").into());
    }
    let mut points: BTreeMap<NaiveDate, Point> = BTreeMap::new();
    for sheet in said(bank, &[base, quote], from, until).await? {
        let on = interval.begin(sheet.as_of.date_naive());
        if let Some(rate) = sheet.rate(base, quote) {
            points.insert(on, Point { on, rate, as_of: sheet.as_of });
        }
    }
    Ok(points.into_values().collect())
}

/// What was said about these currencies in a period, oldest first.
async fn said(bank: &Bank, about: &[Currency], from: NaiveDate, until: NaiveDate) -> Result<Vec<Sheet>> {
    use rate_sheet::Column;
    let at = |day: NaiveDate| day.and_time(NaiveTime::MIN).and_utc();
    let these = Condition::all()
        .add(rate_sheet::COLUMN.state.eq(SheetState::Accepted))
        .add(Column::AsOf.gte(at(from)))
        .add(Column::AsOf.lt(at(until) + Duration::days(1)));
    let db = bank.db.connection();
    let rows = rate_sheet::Entity::find().filter(these.clone()).order_by_asc(Column::AsOf).all(db).await?;
    let ids = Query::select().column(Column::Id).from(rate_sheet::Entity).cond_where(these).to_owned();
    let lines = rate::Entity::find()
        .filter(rate::Column::SheetId.in_subquery(ids))
        .filter(rate::Column::Currency.is_in(about.iter().copied()))
        .all(db)
        .await?;
    Ok(join(rows, lines)?.into_iter().map(|(_, sheet)| sheet).collect())
}

/// Removes all but the last sheet of each day from what is older than two days, so that a source that speaks every
/// minute does not fill the disk.
///
/// # Errors
/// Only faults.
pub async fn thin_out(bank: &Bank) -> Result<u64> {
    use rate_sheet::Column;
    let until = (bank.clock.now() - ALL_KEPT).date_naive().and_time(NaiveTime::MIN).and_utc();
    let db = bank.db.connection();
    let rows: Vec<(SheetId, String, Time)> = rate_sheet::Entity::find()
        .select_only()
        .columns([Column::Id, Column::Source, Column::AsOf])
        .filter(rate_sheet::COLUMN.state.eq(SheetState::Accepted))
        .filter(Column::AsOf.lt(until))
        .filter(Column::AsOf.gt(until - THINNED))
        .order_by_desc(Column::AsOf)
        .into_tuple()
        .all(db)
        .await?;
    let mut kept = HashSet::new();
    let gone = rows.into_iter().filter(|(_, source, at)| !kept.insert((source.clone(), at.date_naive())));
    let gone: Vec<SheetId> = gone.map(|(id, _, _)| id).collect();
    for ids in gone.chunks(1_000) {
        rate_sheet::Entity::delete_many().filter(Column::Id.is_in(ids.to_vec())).exec(db).await?;
    }
    Ok(u64::try_from(gone.len()).unwrap_or(u64::MAX))
}
