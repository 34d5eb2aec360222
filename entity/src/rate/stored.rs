//! Sheets of rates in the database.
//!
//! Guarantees: a sheet is written once, as a whole: its source and time are its name. Costs two indexed reads for each
//! source that is looked at.

use super::sheet::{Sheet, SheetState};
use crate::bank::Bank;
use crate::clock::Time;
use crate::db::{Db, one_of};
use crate::error::{Fault, Result};
use crate::id::SheetId;
use crate::money::Currency;
use crate::table::{rate, rate_sheet};
use chrono::Duration;
use rust_decimal::Decimal;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, IntoActiveModel,
    QueryFilter, QueryOrder, QuerySelect,
};
use std::collections::{BTreeMap, HashMap};

/// How far back the newest sheets are looked for: what is older than a month is no longer even shown.
const SHOWN: Duration = Duration::days(31);

/// Writes a sheet; none, if there is one of its source and time.
pub(super) async fn put(
    bank: &Bank,
    tx: &DatabaseTransaction,
    sheet: &Sheet,
    state: SheetState,
) -> Result<Option<SheetId>> {
    let received_at = bank.clock.now();
    let id = SheetId(bank.ids.next(received_at));
    let row = rate_sheet::Model {
        id,
        source: sheet.source.clone(),
        base: sheet.base,
        as_of: sheet.as_of,
        good_until: sheet.good_until,
        received_at,
        state,
    };
    let insert = rate_sheet::Entity::insert(row.into_active_model())
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .try_insert();
    let sea_orm::TryInsertResult::Inserted(written) = insert.exec_without_returning(tx).await? else {
        return Ok(None);
    };
    if written == 0 {
        return Ok(None);
    }
    let lines = sheet.rates.iter().map(|(currency, per_base)| rate::ActiveModel {
        sheet_id: Set(id),
        currency: Set(*currency),
        per_base: Set(per_base.to_string()),
    });
    rate::Entity::insert_many(lines).exec_without_returning(tx).await?;
    Ok(Some(id))
}

/// The sheets behind these rows.
pub(super) async fn read(
    db: &impl ConnectionTrait,
    rows: Vec<rate_sheet::Model>,
) -> Result<Vec<(SheetId, Sheet)>> {
    let ids = rows.iter().map(|row| row.id.0);
    let lines = rate::Entity::find().filter(one_of(db, rate::Column::SheetId, ids)).all(db).await?;
    join(rows, lines)
}

/// Sheets with their lines.
pub(super) fn join(rows: Vec<rate_sheet::Model>, lines: Vec<rate::Model>) -> Result<Vec<(SheetId, Sheet)>> {
    let mut rates: HashMap<SheetId, BTreeMap<Currency, Decimal>> = HashMap::new();
    for line in lines {
        let per_base = line.per_base.parse().map_err(|_| Fault::Corrupt("an exchange rate can't be read"))?;
        rates.entry(line.sheet_id).or_default().insert(line.currency, per_base);
    }
    let sheet = |row: rate_sheet::Model| {
        let rates = rates.remove(&row.id).unwrap_or_default();
        let rate_sheet::Model { id, source, base, as_of, good_until, .. } = row;
        (id, Sheet { source, base, as_of, good_until, rates })
    };
    Ok(rows.into_iter().map(sheet).collect())
}

pub(super) fn accepted() -> sea_orm::Select<rate_sheet::Entity> {
    rate_sheet::Entity::find().filter(rate_sheet::COLUMN.state.eq(SheetState::Accepted))
}

/// The newest accepted sheet of a source, without its rates.
async fn newest_row(db: &impl ConnectionTrait, source: &str) -> Result<Option<rate_sheet::Model>> {
    let this = accepted().filter(rate_sheet::COLUMN.source.eq(source));
    Ok(this.order_by_desc(rate_sheet::Column::AsOf).one(db).await?)
}

/// The newest accepted sheet of a source.
pub(super) async fn newest_of(db: &impl ConnectionTrait, source: &str) -> Result<Option<Sheet>> {
    let row = newest_row(db, source).await?;
    Ok(read(db, row.into_iter().collect()).await?.pop().map(|(_, sheet)| sheet))
}

/// Until when the newest sheet of a source is good, if it has one.
///
/// # Errors
/// Only faults.
pub async fn good_until(bank: &Bank, source: &str) -> Result<Option<Time>> {
    Ok(newest_row(bank.db.connection(), source).await?.map(|row| row.good_until))
}

/// The newest accepted sheet of each source, of the last month.
pub(super) async fn newest(db: &Db, now: Time) -> Result<Vec<Sheet>> {
    let db = db.connection();
    let sources: Vec<String> = accepted()
        .filter(rate_sheet::Column::AsOf.gt(now - SHOWN))
        .select_only()
        .column(rate_sheet::Column::Source)
        .distinct()
        .into_tuple()
        .all(db)
        .await?;
    let mut sheets = Vec::new();
    for source in sources {
        sheets.extend(newest_of(db, &source).await?);
    }
    Ok(sheets)
}
