//! Hits: a person whose name is like one on a list, and what an operator has made of it.
//!
//! Guarantees: there is one open hit for a person, an entry and a name; what changes of the entry while it is open is brought
//! up to date in it. One that was cleared is not raised again, unless the entry says something else, or the person is now
//! known to be born on the same day. Why it was raised is told with all that made the score, sealed with the person's
//! data key. One that is decided stays decided, with who has decided it and why; but that a confirmed one was a mistake, or
//! that its entry has left the list, two say with a [`proposal`](crate::proposal), which is kept beside.
//!
//! Refuses `NOT_FOUND`, `SANCTION_HIT_DECIDED`, `SANCTION_HIT_OPEN`, `REASON_INVALID`.

use super::birth::BirthMatch;
use super::list::{Entry, Source};
use super::score::WordMatch;
use crate::alert::{self, AlertKind};
use crate::bank::Bank;
use crate::clock::Time;
use crate::error::{Fault, Result};
use crate::freeze;
use crate::id::{OperatorId, ProposalId, SanctionHitId, UserId};
use crate::operator::{Officer, Role};
use crate::page::{Page, Slice};
use crate::refusal::Code;
use crate::table::sanction_hit::{self, Column};
use crate::table::{sanction_list, user};
use crate::user::{self as people, parse_text};
use crate::vault::DataKey;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, DeriveActiveEnum, EntityTrait,
    EnumIter, PaginatorTrait, QueryFilter,
};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// Which of a person's names it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Field {
    /// What it calls itself.
    DisplayName,
    /// What it is called in its documents.
    FullName,
    /// In whose name its bank account is.
    AccountHolder,
}

/// What has become of a hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum HitState {
    /// Somebody has to look.
    Open,
    /// The person is somebody else.
    Cleared,
    /// The person is who is on the list.
    Confirmed,
}

/// Why a hit was raised.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// The person's name, as it has written it.
    pub given: String,
    /// The name on the list that is most like it.
    pub listed: String,
    /// How like they are, of 1000.
    pub name_score: i64,
    /// What made the score, word by word.
    pub words: Vec<WordMatch>,
}

impl std::fmt::Debug for Explanation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Explanation")
    }
}

/// A hit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Its id.
    pub id: SanctionHitId,
    /// Whose name it is.
    pub user: UserId,
    /// Which name.
    pub field: Field,
    /// Whose list.
    pub source: Source,
    /// The SHA-256 of the file of the list.
    pub version: String,
    /// The entry as it stood there.
    pub entry: Entry,
    /// How the births fit.
    pub birth: BirthMatch,
    /// Of name and birth, of 1000.
    pub score: i32,
    /// Whether it has frozen the wallet.
    pub strong: bool,
    /// Why; none, if the person was forgotten.
    pub explanation: Option<Explanation>,
    /// What has become of it.
    pub state: HitState,
    /// Why it was decided so.
    pub reason: Option<String>,
    /// When it was raised.
    pub raised_at: Time,
    /// When it was decided.
    pub decided_at: Option<Time>,
    /// By whom.
    pub decided_by: Option<OperatorId>,
    /// By which proposal it was cleared after it had been confirmed.
    pub overturned_by: Option<ProposalId>,
}

pub(super) const EXPLANATION: &str = "sanction_hits.explanation";
const REASON: &str = "sanction_hits.reason";

fn read(key: Option<&DataKey>, version: &str, row: &sanction_hit::Model) -> Result<Hit, Fault> {
    let open = |column, sealed: Option<&crate::Sealed>| {
        let both = key.zip(sealed);
        both.map(|(key, sealed)| key.open(column, row.id.0, sealed)).transpose()
    };
    let explanation = open(EXPLANATION, Some(&row.explanation))?.map(|text| serde_json::from_str(&text));
    Ok(Hit {
        explanation: explanation.transpose().map_err(|_| Fault::Corrupt("a hit can't be read"))?,
        reason: open(REASON, row.reason.as_ref())?,
        entry: serde_json::from_str(&row.entry).map_err(|_| Fault::Corrupt("an entry can't be read"))?,
        version: version.to_owned(),
        id: row.id,
        user: row.user_id,
        field: row.field,
        source: row.source,
        birth: row.birth,
        score: row.score,
        strong: row.strong,
        state: row.state,
        raised_at: row.raised_at,
        decided_at: row.decided_at,
        decided_by: row.decided_by,
        overturned_by: row.overturned_by,
    })
}

/// Clears a hit: the person is somebody else. It is remembered. That money may leave again takes a proposal and another
/// operator.
///
/// # Errors
/// See the module.
pub async fn clear(bank: &Bank, officer: &Officer, id: SanctionHitId, reason: &str) -> Result<Hit> {
    decide(bank, officer, (id, HitState::Cleared), reason).await
}

/// Confirms a hit: the person is who is on the list. Nothing may leave its wallet.
///
/// # Errors
/// See the module.
pub async fn confirm(bank: &Bank, officer: &Officer, id: SanctionHitId, reason: &str) -> Result<Hit> {
    decide(bank, officer, (id, HitState::Confirmed), reason).await
}

async fn decide(
    bank: &Bank,
    officer: &Officer,
    (id, state): (SanctionHitId, HitState),
    reason: &str,
) -> Result<Hit> {
    officer.require(Role::Reviewer)?;
    let reason = parse_text(reason, Code::ReasonInvalid.at("reason"))?;
    let (now, find) = (bank.clock.now(), || sanction_hit::Entity::find_by_id(id));
    let tx = bank.db.begin().await?;
    let user = find().one(&tx).await?.ok_or(Code::NotFound.at("id"))?.user_id;
    let (_, key) = people::lock(bank, &tx, user).await?;
    let open = sanction_hit::COLUMN.state.eq(HitState::Open);
    let set = sanction_hit::ActiveModel {
        state: Set(state),
        reason: Set(Some(key.seal(REASON, id.0, &reason)?)),
        decided_at: Set(Some(now)),
        decided_by: Set(Some(officer.id)),
        ..Default::default()
    };
    let this = sanction_hit::Entity::update_many().filter(sanction_hit::COLUMN.id.eq(id)).filter(open);
    if this.set(set).exec(&tx).await?.rows_affected == 0 {
        return Err(Code::SanctionHitDecided.at("id").into());
    }
    if state == HitState::Confirmed {
        freeze::set(bank, &tx, user, true).await?;
    }
    alert::clear(&tx, now, AlertKind::SanctionHit, &id.to_string()).await?;
    let row = find().one(&tx).await?.ok_or(Code::NotFound.at("id"))?;
    let list = sanction_list::Entity::find_by_id(row.list_id).one(&tx).await?;
    tx.commit().await?;
    Ok(read(Some(&key), &list.map(|list| list.version).unwrap_or_default(), &row)?)
}

/// Refuses to clear by a proposal what was not confirmed.
///
/// # Errors
/// `NOT_FOUND`; `SANCTION_HIT_OPEN`, which one decides alone; `SANCTION_HIT_DECIDED`.
pub(crate) async fn check_confirmed(db: &impl ConnectionTrait, id: SanctionHitId) -> Result<()> {
    let row = sanction_hit::Entity::find_by_id(id).one(db).await?.ok_or(Code::NotFound.at("id"))?;
    match row.state {
        HitState::Confirmed => Ok(()),
        HitState::Open => Err(Code::SanctionHitOpen.at("id").into()),
        HitState::Cleared => Err(Code::SanctionHitDecided.at("id").into()),
    }
}

/// Clears a hit that was confirmed, for two operators who agree. The wallet stays frozen until two more say otherwise.
pub(crate) async fn overturn(tx: &DatabaseTransaction, id: SanctionHitId, by: ProposalId) -> Result<()> {
    let set = sanction_hit::ActiveModel {
        state: Set(HitState::Cleared),
        overturned_by: Set(Some(by)),
        ..Default::default()
    };
    let this = sanction_hit::Entity::update_many().filter(sanction_hit::COLUMN.id.eq(id));
    let confirmed = this.filter(sanction_hit::COLUMN.state.eq(HitState::Confirmed));
    match confirmed.set(set).exec(tx).await?.rows_affected {
        0 => Err(Code::SanctionHitDecided.at("id").into()),
        _ => Ok(()),
    }
}

/// Whether somebody still has to look at a hit of this person.
pub(crate) async fn is_open(db: &impl ConnectionTrait, user: UserId) -> Result<bool> {
    let own = sanction_hit::Entity::find().filter(sanction_hit::COLUMN.user_id.eq(user));
    Ok(own.filter(sanction_hit::COLUMN.state.eq(HitState::Open)).count(db).await? > 0)
}

/// Refuses to know a person better who may be on a list, or is.
pub(crate) async fn refuse_listed(db: &impl ConnectionTrait, user: UserId) -> Result<()> {
    let own = sanction_hit::Entity::find().filter(sanction_hit::COLUMN.user_id.eq(user));
    let listed = own.filter(sanction_hit::COLUMN.state.ne(HitState::Cleared));
    if listed.count(db).await? > 0 { Err(Code::SanctionHitOpen.at("id").into()) } else { Ok(()) }
}

/// One page of the hits in a state, oldest first.
///
/// # Errors
/// Only faults.
pub async fn list(bank: &Bank, state: HitState, page: Page<SanctionHitId>) -> Result<Slice<Hit>> {
    let db = bank.db.connection();
    let these = sanction_hit::Entity::find().filter(sanction_hit::COLUMN.state.eq(state));
    let rows = page.rising(these, Column::Id).all(db).await?;
    let people = user::Column::Id.is_in(rows.iter().map(|row| row.user_id));
    let people = user::Entity::find().filter(people).all(db).await?;
    let lists = sanction_list::Column::Id.is_in(rows.iter().map(|row| row.list_id));
    let lists = sanction_list::Entity::find().filter(lists).all(db).await?;
    let lists: HashMap<_, _> = lists.into_iter().map(|list| (list.id, list.version)).collect();
    let key = |row: &user::Model| row.data_key.as_ref().map(|sealed| bank.vault.data_key(row.id, sealed));
    let keys = people.iter().filter_map(|row| Some(key(row)?.map(|key| (row.id, key))));
    let keys: HashMap<_, _> = keys.collect::<Result<_, Fault>>()?;
    let version = |row: &sanction_hit::Model| lists.get(&row.list_id).map(String::as_str).unwrap_or_default();
    Ok(page.slice(rows)?.try_map(|row| read(keys.get(&row.user_id), version(&row), &row))?)
}
