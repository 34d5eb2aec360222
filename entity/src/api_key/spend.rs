//! What a key may spend: so much in a day, week or month of the calendar, in UTC.
//!
//! Guarantees: what a payment costs is reserved behind a lock on the key's row before the payment is handed in,
//! so that neither races nor several apis gain anything, and given back when it is refused. The same act (the
//! same idempotency key and amount) costs once in each window in which it is asked for. Where nobody knows what
//! came of it, because the process or its patience ended in between, it stays counted, made or not.

use crate::bank::Bank;
use crate::clock::Time;
use crate::error::{Error, Fault, Result};
use crate::handle::Fingerprint;
use crate::id::ApiKeyId;
use crate::money::{Amount, Money};
use crate::refusal::Code;
use crate::step_up::Payment;
use crate::table::{api_key, api_key_spend};
use crate::transaction::Transaction;
use chrono::{Datelike, Days, Duration, Months, NaiveDate, NaiveTime, Weekday};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DatabaseTransaction, DeriveActiveEnum, EntityTrait, EnumIter,
    IntoActiveModel, QueryFilter, QuerySelect,
};

/// After this no window is open any more in which an act was counted.
const FORGOTTEN: Duration = Duration::days(32);

/// How long a window is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Interval {
    /// From midnight, in UTC.
    Day,
    /// From Monday.
    Week,
    /// From the first day.
    Month,
}

impl Interval {
    /// When the window of a moment began, and when the next one does.
    fn window(self, now: Time) -> (Time, Time) {
        let today = now.date_naive();
        let (first, next) = match self {
            Self::Day => (today, today.succ_opt()),
            Self::Week => {
                let monday = today.week(Weekday::Mon).first_day();
                (monday, monday.checked_add_days(Days::new(7)))
            }
            Self::Month => {
                let first = today.with_day(1).unwrap_or(today);
                (first, first.checked_add_months(Months::new(1)))
            }
        };
        let midnight = |day: NaiveDate| day.and_time(NaiveTime::MIN).and_utc();
        (midnight(first), next.map_or(Time::MAX_UTC, midnight))
    }
}

/// How much may leave by a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpendLimit {
    /// So much.
    pub amount: Amount,
    /// In so long.
    pub interval: Interval,
}

impl SpendLimit {
    pub(super) fn of(row: &api_key::Model) -> Result<Option<Self>, Fault> {
        let (Some(minor), Some(currency), Some(interval)) =
            (row.spend_limit, row.spend_currency, row.spend_interval)
        else {
            return Ok(None);
        };
        let amount = Amount::try_new(minor, currency);
        let amount = amount.map_err(|_| Fault::Corrupt("a spend limit is not positive"))?;
        Ok(Some(Self { amount, interval }))
    }
}

/// A limit, and what is used up of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spending {
    /// The limit.
    pub limit: SpendLimit,
    /// What has left in the window of now, or may be about to.
    pub spent: Money,
    /// When the next window begins.
    pub resets_at: Time,
}

impl Spending {
    pub(super) fn of(row: &api_key::Model, now: Time) -> Result<Option<Self>, Fault> {
        let Some(limit) = SpendLimit::of(row)? else {
            return Ok(None);
        };
        let (window, resets_at) = limit.interval.window(now);
        let spent = Money { minor: spent_since(row, window), currency: limit.amount.currency() };
        Ok(Some(Self { limit, spent, resets_at }))
    }
}

fn spent_since(row: &api_key::Model, window: Time) -> i64 {
    if row.window_start == Some(window) { row.spent } else { 0 }
}

/// What is held for an act while it is under way.
struct Reservation {
    key: ApiKeyId,
    act: Fingerprint,
    window: Time,
}

/// Makes a payment in the name of a key, within its limit.
///
/// # Errors
/// `SPEND_LIMIT_EXCEEDED`, also for other currencies than the limit's; whatever the payment is refused with.
pub(crate) async fn pay<F: Future<Output = Result<Transaction>>>(
    bank: &Bank,
    payment: &Payment,
    submit: impl FnOnce() -> F,
) -> Result<Transaction> {
    let reserved = reserve(bank, payment).await?;
    let done = submit().await;
    // After a fault nobody knows whether it was made.
    if let Err(Error::Refused(_)) = &done {
        release(bank, &reserved).await?;
    }
    done
}

async fn locked(tx: &DatabaseTransaction, id: ApiKeyId) -> Result<api_key::Model> {
    let row = api_key::Entity::find_by_id(id).lock_exclusive().one(tx).await?;
    Ok(row.ok_or(Code::ApiKeyInvalid)?)
}

async fn reserve(bank: &Bank, payment: &Payment) -> Result<Reservation> {
    let (key, amount) = (ApiKeyId(payment.payer.session.0), payment.amount);
    let act = bank.vault.digest(&[b"spend", payment.key.as_str().as_bytes(), amount.to_string().as_bytes()]);
    let tx = bank.db.begin().await?;
    let row = locked(&tx, key).await?;
    let limit = SpendLimit::of(&row)?.ok_or(Code::SpendLimitExceeded)?;
    if limit.amount.currency() != amount.currency() {
        return Err(Code::SpendLimitExceeded.at("currency").into());
    }
    // A clock that is a little behind that of another process opens no window anew.
    let (window, _) = limit.interval.window(bank.clock.now());
    let window = row.window_start.map_or(window, |begun| begun.max(window));
    let known = api_key_spend::Entity::find_by_id((key, act)).one(&tx).await?;
    let (cost, attempts) = match known.filter(|known| known.window_start == window) {
        Some(known) => (0, known.attempts.saturating_add(1)),
        None => (amount.minor(), 1),
    };
    let spent = spent_since(&row, window).saturating_add(cost);
    if spent > limit.amount.minor() {
        return Err(Code::SpendLimitExceeded.at("amount").into());
    }
    set_spent(&tx, key, window, spent).await?;
    let minor = amount.minor();
    put(&tx, api_key_spend::Model { key_id: key, act, amount: minor, window_start: window, attempts })
        .await?;
    tx.commit().await?;
    Ok(Reservation { key, act, window })
}

async fn set_spent(tx: &DatabaseTransaction, key: ApiKeyId, window: Time, spent: i64) -> Result<()> {
    let set =
        api_key::ActiveModel { window_start: Set(Some(window)), spent: Set(spent), ..Default::default() };
    api_key::Entity::update_many().set(set).filter(api_key::COLUMN.id.eq(key)).exec(tx).await?;
    Ok(())
}

async fn put(tx: &DatabaseTransaction, row: api_key_spend::Model) -> Result<()> {
    use api_key_spend::Column;
    api_key_spend::Entity::insert(row.into_active_model())
        .on_conflict(
            OnConflict::columns([Column::KeyId, Column::Act])
                .update_columns([Column::WindowStart, Column::Attempts])
                .to_owned(),
        )
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// Gives back what was held for an attempt that came to nothing, unless others of the same act go on.
async fn release(bank: &Bank, reserved: &Reservation) -> Result<()> {
    let tx = bank.db.begin().await?;
    let row = locked(&tx, reserved.key).await?;
    let held = api_key_spend::Entity::find_by_id((reserved.key, reserved.act)).one(&tx).await?;
    // In another window it stands for another attempt.
    let Some(held) = held.filter(|held| held.window_start == reserved.window) else {
        return Ok(());
    };
    if held.attempts > 1 {
        let attempts = held.attempts.saturating_sub(1);
        put(&tx, api_key_spend::Model { attempts, ..held }).await?;
    } else {
        api_key_spend::Entity::delete_by_id((reserved.key, reserved.act)).exec(&tx).await?;
        if row.window_start == Some(reserved.window) {
            set_spent(&tx, reserved.key, reserved.window, row.spent.saturating_sub(held.amount)).await?;
        }
    }
    Ok(tx.commit().await?)
}

/// Forgets what was spent in windows that are over.
///
/// # Errors
/// Only faults.
pub async fn forget_expired(bank: &Bank) -> Result<u64> {
    let before = bank.clock.now() - FORGOTTEN;
    let old = api_key_spend::Entity::delete_many().filter(api_key_spend::Column::WindowStart.lt(before));
    Ok(old.exec(bank.db.connection()).await?.rows_affected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_follow_the_calendar_without_gaps() {
        let at = |text: &str| text.parse::<Time>().unwrap();
        let midnight = |day: &str| at(&format!("{day}T00:00:00Z"));
        let now = at("2028-02-29T23:59:59.999999Z");
        for (interval, first, next) in [
            (Interval::Day, "2028-02-29", "2028-03-01"),
            (Interval::Week, "2028-02-28", "2028-03-06"),
            (Interval::Month, "2028-02-01", "2028-03-01"),
        ] {
            assert_eq!(interval.window(now), (midnight(first), midnight(next)));
            assert_eq!(interval.window(midnight(first)).0, midnight(first));
            assert_eq!(interval.window(midnight(next)).0, midnight(next));
        }
        assert!(FORGOTTEN > Duration::days(31));
    }
}
