//! What is known of people at this moment: their profiles as the [watch](super::watch) has kept them and what has moved since, and
//! where their sessions were opened.
//!
//! Guarantees: what had left a person's accounts is as of before its postings were read, so that whoever finds it unchanged has
//! seen all that left. Costs some questions, gathered with those of other payments.

use super::known::{Known, known_of};
use super::moved::{Moved, Reach, accounts_of, moved};
use super::profile::{Profile, other};
use crate::bank::Bank;
use crate::clock::Time;
use crate::db::{Db, one_of};
use crate::error::Result;
use crate::gather::{Answers, Gather};
use crate::id::{SessionId, UserId};
use crate::limit::Spent;
use crate::refusal::Code;
use crate::table::{device, known_country, session};
use sea_orm::sea_query::{Expr, ExprTrait, IntoCondition};
use sea_orm::{EntityTrait, JoinType, QueryFilter, QuerySelect, RelationDef, RelationTrait};
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;
use tokio::sync::{Mutex, OwnedMutexGuard};

/// Sessions whose device is remembered.
const SESSIONS: usize = 65_536;
/// Payers who may be looked at at once.
const TURNS: usize = 1_024;

/// What payments are screened with. Clones share it.
#[derive(Clone)]
pub(crate) struct Screen {
    people: Gather<UserId, Arc<Recent>>,
    /// Where sessions were opened: that never changes.
    places: Gather<SessionId, Place>,
    /// Payers whose payments are looked at one after the other; some share one.
    turns: Arc<[Arc<Mutex<()>>]>,
}

/// Until it is dropped no other payment of the same payer is looked at in this process, but such as no rule is asked about.
pub(crate) type Turn = Option<OwnedMutexGuard<()>>;

/// Since when the device of a session is known, and the country of its person, in seconds of Unix time.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Place {
    pub(super) device_since: Option<i64>,
    pub(super) country_since: Option<i64>,
}

/// What the watch knows of a person, and what has moved since.
struct Recent {
    known: Known,
    moved: Vec<Moved>,
    /// What had left its accounts; none, where it has none.
    spent: Option<Spent>,
}

impl fmt::Debug for Screen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Screen")
    }
}

impl Screen {
    /// Starts to answer what is known.
    pub(crate) fn start(db: Db) -> Self {
        let other = db.clone();
        Self {
            people: Gather::start(0, move |ids| Box::pin(people(db.clone(), ids))),
            places: Gather::start(SESSIONS, move |ids| Box::pin(places(other.clone(), ids))),
            turns: (0..TURNS).map(|_| Arc::default()).collect(),
        }
    }

    /// Waits until nobody else of this process looks at a payment of this payer.
    pub(super) async fn turn(&self, payer: UserId) -> Turn {
        let place = other(payer.0).checked_rem(u64::try_from(self.turns.len()).ok()?)?;
        let turn = self.turns.get(usize::try_from(place).ok()?)?;
        Some(turn.clone().lock_owned().await)
    }

    /// A person's profile as of this moment, and what had left its accounts.
    pub(super) async fn profile(&self, bank: &Bank, id: UserId) -> Result<(Profile, Option<Spent>)> {
        let recent = self.people.ask(id).await?.ok_or(Code::NotFound)?;
        let mut profile = recent.known.profile.clone();
        for moved in &recent.moved {
            moved.event(bank).await?.into_iter().for_each(|event| profile.add(event));
        }
        Ok((profile, recent.spent))
    }

    /// Where a session was opened.
    pub(super) async fn place(&self, session: SessionId) -> Result<Place> {
        Ok(self.places.recall(session).await?.unwrap_or_default())
    }
}

async fn people(db: Db, ids: Vec<UserId>) -> Answers<UserId, Arc<Recent>> {
    let db = db.connection();
    let mut known = known_of(db, &ids.into_iter().collect()).await?;
    let accounts = accounts_of(db, known.keys().copied()).await?;
    // A person's first account keeps the count.
    let first: BTreeMap<_, _> = accounts.iter().map(|row| (row.id, row)).collect();
    let mut spent: HashMap<UserId, Spent> = HashMap::new();
    for row in first.into_values() {
        spent.entry(row.owner).or_insert_with(|| row.into());
    }
    let mut lately: HashMap<UserId, Vec<Moved>> = HashMap::new();
    for moved in moved(db, &mut known, accounts, Vec::new(), Reach::Lately).await? {
        lately.entry(moved.owner).or_default().push(moved);
    }
    let recent = |(id, known)| {
        let moved = lately.remove(&id).unwrap_or_default();
        (id, Arc::new(Recent { known, moved, spent: spent.remove(&id) }))
    };
    Ok(known.into_iter().map(recent).collect())
}

async fn places(db: Db, ids: Vec<SessionId>) -> Answers<SessionId, Place> {
    let these = one_of(db.connection(), session::Column::Id, ids.into_iter().map(|id| id.0));
    let country: RelationDef = session::Entity::belongs_to(known_country::Entity)
        .from(session::Column::UserId)
        .to(known_country::Column::UserId)
        .on_condition(|session, known| {
            let of = Expr::col((session, session::Column::Country));
            of.equals((known, known_country::Column::Country)).into_condition()
        })
        .into();
    let rows: Vec<(SessionId, Option<Time>, Option<Time>)> = session::Entity::find()
        .select_only()
        .column(session::Column::Id)
        .column(device::Column::FirstSeenAt)
        .column_as(known_country::Column::FirstSeenAt, "country_since")
        .join(JoinType::LeftJoin, session::Relation::Device.def())
        .join(JoinType::LeftJoin, country)
        .filter(these)
        .into_tuple()
        .all(db.connection())
        .await?;
    let since = |time: Option<Time>| time.map(|time| time.timestamp());
    let place = |(id, device, country): (SessionId, Option<Time>, Option<Time>)| {
        (id, Place { device_since: since(device), country_since: since(country) })
    };
    Ok(rows.into_iter().map(place).collect::<HashMap<_, _>>())
}
