//! The figures of the monitor, and how they are found out.
//!
//! Guarantees: no question looks at more than [`MOST`] rows, each along an index: ids are ordered by time, so that what
//! came lately is the end of a primary key, and what is open has an index of its own. So no sum of amounts can be too
//! large for 64 bits, either. Where more has come in the last minute, the rates are those of the time in which the last
//! [`MOST`] came; of what is open, so many are counted. What no rate is known for is counted, and adds no money.

use crate::alert::AlertKind;
use crate::bank::Bank;
use crate::challenge::Act;
use crate::clock::Time;
use crate::error::{Error, Fault, Result};
use crate::fraud::Outcome;
use crate::id::{ChallengeId, TransactionId};
use crate::money::Currency;
use crate::rate::{self, Book};
use crate::table::{challenge, dispute, fraud_verdict, job, operator_alert, transaction};
use crate::transaction::{Kind, State};
use crate::treasury::worth;
use chrono::Duration;
use sea_orm::sea_query::{Expr, ExprTrait, Query, SelectStatement};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, Iterable, QueryFilter, QueryOrder,
    QuerySelect, Select,
};
use std::cmp::max;
use uuid::{Builder, Uuid};

/// Rows that a question looks at: so many of the largest amounts are less than 2^63.
pub(super) const MOST: u64 = 5_000;
/// What came lately, came in this time.
const LATELY: Duration = Duration::minutes(1);

/// Payments of one kind lately.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flow {
    /// Of which kind.
    pub kind: Kind,
    /// How many.
    pub count: i64,
    /// How many a second, rounded.
    pub per_second: i64,
    /// How much a minute, in cents of euros.
    pub cents_per_minute: i64,
}

/// Payments that wait for operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// How many.
    pub count: i64,
    /// Since when the oldest waits.
    pub oldest_at: Option<Time>,
    /// How much they are, in cents of euros.
    pub cents: i64,
}

/// What goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activity {
    /// As of when.
    pub at: Time,
    /// What is said of lately, is said of the time since then.
    pub since: Time,
    /// Payments lately that were made or are under way, a line for each kind.
    pub flows: Vec<Flow>,
    /// Payments lately that have failed or were sent back.
    pub failed: i64,
    /// Payments in the last minute that were refused since they looked like fraud.
    pub blocked: i64,
    /// Questions before a payment in the last minute.
    pub challenged: i64,
    /// Payments that wait.
    pub in_review: Waiting,
    /// Open alerts, a line for each kind of which there are some.
    pub alerts: Vec<(AlertKind, i64)>,
    /// Open disputes.
    pub disputes: i64,
    /// Those that should have been decided.
    pub overdue_disputes: i64,
    /// Jobs that were given up.
    pub dead_letters: i64,
}

/// Payments of one kind, state and currency.
#[derive(FromQueryResult)]
struct Line {
    kind: Kind,
    state: State,
    currency: Currency,
    count: i64,
    sum: i64,
    oldest: Time,
}

impl Line {
    fn cents(&self, book: &Book, now: Time) -> i64 {
        worth(self.sum, self.currency, book.per_euro(self.currency, now)).unwrap_or(0)
    }

    /// Whether its money moves, or has moved.
    fn flows(&self) -> bool {
        match self.state {
            State::Requested | State::Submitted | State::Unknown | State::Settled => true,
            State::InReview | State::Failed => false,
        }
    }
}

/// Open alerts of one kind.
#[derive(FromQueryResult)]
struct Alerts {
    kind: AlertKind,
    count: i64,
}

/// What goes on now.
pub(super) async fn read(bank: &Bank) -> Result<Activity> {
    let (db, at) = (bank.db.connection(), bank.clock.now());
    let (book, from) = (rate::book(bank).await?, at - LATELY);
    let first = first_of(from)?;
    let lately = transaction::Entity::find().filter(transaction::COLUMN.id.gte(TransactionId(first)));
    let lately = lines(db, lately.order_by_desc(transaction::Column::Id)).await?;
    let held = transaction::Entity::find().filter(Expr::cust("state = 'IN_REVIEW'"));
    let held = lines(db, held.order_by_asc(transaction::Column::Id)).await?;
    let since = since(&lately, from);
    let blocked = fraud_verdict::Entity::find()
        .filter(fraud_verdict::Column::DecidedAt.gte(from))
        .filter(fraud_verdict::COLUMN.outcome.eq(Outcome::Block))
        .filter(fraud_verdict::COLUMN.moved.eq(false));
    let asked = challenge::Entity::find()
        .filter(challenge::COLUMN.id.gte(ChallengeId(first)))
        .filter(challenge::COLUMN.act.eq(Act::Payment));
    let disputes = || dispute::Entity::find().filter(Expr::cust("state = 'OPEN'"));
    let overdue = disputes().filter(dispute::Column::DueAt.lte(at));
    let dead = job::Entity::find().filter(job::COLUMN.dead_at.is_not_null());
    Ok(Activity {
        at,
        since,
        flows: Kind::iter().map(|kind| flow(kind, &lately, &book, (since, at))).collect(),
        failed: lately.iter().filter(|line| line.state == State::Failed).map(|line| line.count).sum(),
        blocked: count(db, blocked, fraud_verdict::Column::Outcome).await?,
        challenged: count(db, asked, challenge::Column::Act).await?,
        in_review: waiting(&held, &book, at),
        alerts: alerts(db).await?,
        disputes: count(db, disputes(), dispute::Column::State).await?,
        overdue_disputes: count(db, overdue, dispute::Column::State).await?,
        dead_letters: count(db, dead, job::Column::Kind).await?,
    })
}

/// The least id that is made at this time.
fn first_of(time: Time) -> Result<Uuid, Error> {
    let millis = u64::try_from(time.timestamp_millis()).map_err(|_| Fault::Corrupt("the clock"))?;
    Ok(Builder::from_unix_timestamp_millis(millis, &[0; 10]).into_uuid())
}

/// Since when all that came was looked at.
fn since(lately: &[Line], from: Time) -> Time {
    let count: i64 = lately.iter().map(|line| line.count).sum();
    let all = u64::try_from(count).is_ok_and(|count| count < MOST);
    let oldest = lately.iter().map(|line| line.oldest).min().filter(|_| !all);
    oldest.map_or(from, |oldest| max(oldest, from))
}

fn flow(kind: Kind, lately: &[Line], book: &Book, (since, at): (Time, Time)) -> Flow {
    let lines = || lately.iter().filter(|line| line.kind == kind && line.flows());
    let count: i64 = lines().map(|line| line.count).sum();
    let cents = lines().fold(0_i64, |sum, line| sum.saturating_add(line.cents(book, at)));
    let millis = max((at - since).num_milliseconds(), 1);
    let per_second = per(count, 1_000, millis);
    Flow { kind, count, per_second, cents_per_minute: per(cents, 60_000, millis) }
}

/// How much of something is to be expected in one time, if so much came in another; rounded.
fn per(count: i64, one: i64, other: i64) -> i64 {
    let other = i128::from(other);
    let all = i128::from(count).saturating_mul(one.into());
    let rounded = all.saturating_add(other / 2).checked_div(other).unwrap_or_default();
    i64::try_from(rounded).unwrap_or(i64::MAX)
}

fn waiting(held: &[Line], book: &Book, now: Time) -> Waiting {
    Waiting {
        count: held.iter().map(|line| line.count).sum(),
        oldest_at: held.iter().map(|line| line.oldest).min(),
        cents: held.iter().fold(0, |sum, line| sum.saturating_add(line.cents(book, now))),
    }
}

/// The first of these payments, by kind, state and currency.
async fn lines(db: &impl ConnectionTrait, these: Select<transaction::Entity>) -> Result<Vec<Line>> {
    use transaction::Column::{Amount, CreatedAt, Currency, Kind, State};
    let these = these.select_only().columns([Kind, State, Currency, Amount, CreatedAt]).limit(MOST);
    let mut query = among(these);
    query.columns([Kind, State, Currency]).group_by_columns([Kind, State, Currency]);
    query.expr_as(Expr::col(Kind).count(), "count");
    // PostgreSQL sums bigints to numeric.
    query.expr_as(Expr::col(Amount).sum().cast_as("bigint"), "sum");
    query.expr_as(Expr::col(CreatedAt).min(), "oldest");
    Ok(Line::find_by_statement(db.get_database_backend().build(&query)).all(db).await?)
}

/// How many open alerts there are of each kind.
async fn alerts(db: &impl ConnectionTrait) -> Result<Vec<(AlertKind, i64)>> {
    use operator_alert::Column::Kind;
    let open = operator_alert::Entity::find().filter(operator_alert::COLUMN.cleared_at.is_null());
    let mut query = among(open.select_only().column(Kind).limit(MOST));
    query.column(Kind).group_by_col(Kind).order_by(Kind, sea_orm::Order::Asc);
    query.expr_as(Expr::col(Kind).count(), "count");
    let counted = Alerts::find_by_statement(db.get_database_backend().build(&query)).all(db).await?;
    Ok(counted.into_iter().map(|line| (line.kind, line.count)).collect())
}

/// How many of these there are, by a column that all have.
async fn count<E: EntityTrait>(
    db: &impl ConnectionTrait,
    these: Select<E>,
    column: E::Column,
) -> Result<i64> {
    let mut query = among(these.select_only().column(column).limit(MOST));
    query.expr_as(Expr::col(column).count(), "count");
    let row = db.query_one(&query).await?.ok_or(Fault::Corrupt("a count without a row"))?;
    Ok(row.try_get("", "count")?)
}

/// A question about rows that were chosen.
fn among<E: EntityTrait>(these: Select<E>) -> SelectStatement {
    Query::select().from_subquery(sea_orm::QueryTrait::into_query(these), "these").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::AMOUNT_MAX;

    fn time(seconds: i64) -> Time {
        Time::from_timestamp(seconds, 0).unwrap()
    }

    fn line(kind: Kind, state: State, count: i64, sum: i64, oldest: i64) -> Line {
        Line { kind, state, currency: Currency::EUR, count, sum, oldest: time(oldest) }
    }

    #[test]
    fn no_sum_is_too_large() {
        assert!(AMOUNT_MAX.checked_mul(i64::try_from(MOST).unwrap()).is_some());
    }

    #[test]
    fn rates_are_of_the_time_that_was_looked_at() {
        let few = [
            line(Kind::Transfer, State::Settled, 90, 6_000, 50),
            line(Kind::Transfer, State::Failed, 5, 999, 41),
        ];
        assert_eq!(since(&few, time(40)), time(40));
        let flow = |lines: &[Line], since| flow(Kind::Transfer, lines, &Book::default(), (since, time(100)));
        let seen = flow(&few, time(40));
        assert_eq!((seen.count, seen.per_second, seen.cents_per_minute), (90, 2, 6_000));
        // In the last ten seconds came more than is looked at.
        let many = [line(Kind::Transfer, State::Settled, 5_000, 100_000, 90)];
        assert_eq!(since(&many, time(40)), time(90));
        let seen = flow(&many, time(90));
        assert_eq!((seen.per_second, seen.cents_per_minute), (500, 600_000));
        assert_eq!(per(i64::MAX, 60_000, 1), i64::MAX);
    }

    #[test]
    fn the_least_id_of_a_time_is_not_above_any_of_it() {
        let (now, next) = (time(1_800_000_000), |time| crate::id::Ids::default().next(time));
        let first = first_of(now).unwrap();
        assert!(first <= next(now) && first > next(now - Duration::milliseconds(1)));
    }
}
