//! Verdicts as they are kept: each with the signals that it was made of and the version of the rules, so that it can be
//! explained and made again. Those of which no rule had anything to say are not kept.

use super::signal::Signals;
use super::verdict::{Fired, Verdict};
use crate::clock::Time;
use crate::error::{Fault, Result};
use crate::id::UserId;
use crate::table::fraud_verdict::{Column, Entity, Model};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter};
use serde_json::{Map, Value};
use std::collections::HashMap;

/// Verdicts that one statement keeps: SQLite takes no more than 32,766 values.
const AT_ONCE: usize = 1_000;

/// A verdict and what it is about.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) payer: UserId,
    pub(super) key: String,
    /// Whether the money has moved.
    pub(super) moved: bool,
    /// The version of the rules.
    pub(super) version: i32,
    pub(super) verdict: Verdict,
    pub(super) signals: Signals,
}

impl Judged {
    fn row(&self, now: Time) -> Result<Model> {
        let text =
            |text: serde_json::Result<String>| text.map_err(|_| Fault::Corrupt("a verdict has no text"));
        Ok(Model {
            payer: self.payer,
            idempotency_key: self.key.clone(),
            moved: self.moved,
            version: self.version,
            outcome: self.verdict.outcome,
            fired: text(serde_json::to_string(&self.verdict.fired))?,
            signals: text(serde_json::to_string(&self.signals))?,
            decided_at: now,
        })
    }
}

/// Keeps verdicts. What is judged again under the same key replaces what was found the time before.
pub(super) async fn keep(db: &impl ConnectionTrait, now: Time, judged: &[Judged]) -> Result<()> {
    for some in judged.chunks(AT_ONCE) {
        let rows: Vec<_> =
            some.iter().map(|judged| judged.row(now).map(Model::into_active_model)).collect::<Result<_>>()?;
        let again = OnConflict::columns([Column::Payer, Column::IdempotencyKey, Column::Moved])
            .update_columns([
                Column::Version,
                Column::Outcome,
                Column::Fired,
                Column::Signals,
                Column::DecidedAt,
            ])
            .to_owned();
        Entity::insert_many(rows).on_conflict(again).exec_without_returning(db).await?;
    }
    Ok(())
}

/// Why a payment was held or asked about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reasons {
    /// The rules that fired.
    pub(crate) fired: Vec<Fired>,
    /// What they were asked about: each signal with its value.
    pub(crate) signals: Map<String, Value>,
}

/// Why payments were held or asked about before they were made, by their payers and keys.
pub(crate) async fn reasons(
    db: &impl ConnectionTrait,
    payments: &[(UserId, String)],
) -> Result<HashMap<(UserId, String), Reasons>> {
    let rows = Entity::find()
        .filter(Column::Payer.is_in(payments.iter().map(|(payer, _)| *payer)))
        .filter(Column::IdempotencyKey.is_in(payments.iter().map(|(_, key)| key.as_str())))
        .filter(Column::Moved.eq(false))
        .all(db)
        .await?;
    let unreadable = |_| Fault::Corrupt("a verdict can't be read");
    let reasons = |row: Model| {
        let fired = serde_json::from_str(&row.fired).map_err(unreadable)?;
        let signals = serde_json::from_str(&row.signals).map_err(unreadable)?;
        Ok(((row.payer, row.idempotency_key), Reasons { fired, signals }))
    };
    rows.into_iter().map(reasons).collect()
}
