//! The screen: looks at a payment before the money moves.
//!
//! Guarantees: the strictest rule that fires decides. CHALLENGE asks the payer, whatever exemption there is; REVIEW lets
//! the money wait for an operator ([`review`](crate::review)); BLOCK refuses. A program with an API key can't be asked, so
//! that what would be asked of it waits. What fired is kept before the payment is made, with the signals.
//! What was done before under the same key is answered again, whatever is thought of it now.
//!
//! Rules are asked twice: first of what the payment alone says, such as how much it is and how old both wallets are. Most
//! payments could then make no rule fire, whatever else is known of their people, and go on without a question to the database.
//!
//! Profiles are as of when the [watch](super::watch) last came by, and with what has come and gone since. Payments of one payer are
//! looked at and made one after the other, so that each sees those before; two that come to two processes in the same
//! moment don't see each other. The limits, which no race gets past, are the ledger's.
//!
//! Where nothing can be known within [`PATIENCE`], payments worth up to [`BLIND`] pass and larger ones are refused.
//! Refuses `PAYMENT_BLOCKED`, `SCREENING_UNAVAILABLE`. Costs some microseconds for the rules; where one could fire some questions
//! about both sides, gathered with those of other payments; a row where one does.

use super::kept::{Judged, keep};
use super::known::{Known, begun, known_of, since};
use super::moved::{Moved, Reach, moved, worth};
use super::profile::{Profile, other};
use super::rule::Outcome;
use super::signal::{self, Signals};
use super::verdict::judge;
use super::version::Version;
use crate::bank::Bank;
use crate::clock::Time;
use crate::db::{Db, one_of};
use crate::error::{Error, Result};
use crate::gather::{Answers, Gather};
use crate::id::{AccountId, SessionId, UserId};
use crate::limit;
use crate::money::Amount;
use crate::refusal::Code;
use crate::session::Caller;
use crate::table::{account, device, known_country, session};
use crate::transaction::{IdempotencyKey, is_done};
use sea_orm::sea_query::{Expr, ExprTrait, IntoCondition};
use sea_orm::{EntityTrait, JoinType, QueryFilter, QuerySelect, RelationDef, RelationTrait};
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, OwnedMutexGuard};
use uuid::Uuid;

/// How long a payment waits for what is known.
const PATIENCE: Duration = Duration::from_secs(2);
/// What may be paid, in cents of euros, where nothing can be known.
const BLIND: i64 = 10_000;
/// Sessions whose device is remembered.
const SESSIONS: usize = 65_536;
/// Payers who may be looked at at once.
const TURNS: usize = 1_024;

/// Money that is to leave, as far as rules look at it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outgoing {
    pub(crate) payer: Caller,
    pub(crate) amount: Amount,
    /// The account that it leaves.
    pub(crate) from: AccountId,
    /// The person or bank account that is paid.
    pub(crate) payee: Uuid,
    /// The person, if it is one.
    pub(crate) person: Option<UserId>,
}

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
struct Place {
    device_since: Option<i64>,
    country_since: Option<i64>,
}

/// What the watch knows of a person, and what has moved since.
struct Recent {
    known: Known,
    moved: Vec<Moved>,
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

    async fn turn(&self, payer: UserId) -> Turn {
        let place = other(payer.0).checked_rem(u64::try_from(self.turns.len()).ok()?)?;
        let turn = self.turns.get(usize::try_from(place).ok()?)?;
        Some(turn.clone().lock_owned().await)
    }

    async fn profile(&self, bank: &Bank, id: UserId) -> Result<Profile> {
        let recent = self.people.ask(id).await?.ok_or(Code::NotFound)?;
        let mut profile = recent.known.profile.clone();
        for moved in &recent.moved {
            moved.event(bank).await?.into_iter().for_each(|event| profile.add(event));
        }
        Ok(profile)
    }
}

async fn people(db: Db, ids: Vec<UserId>) -> Answers<UserId, Arc<Recent>> {
    let db = db.connection();
    let mut known = known_of(db, &ids.into_iter().collect()).await?;
    let mut lately: HashMap<UserId, Vec<Moved>> = HashMap::new();
    for moved in moved(db, &mut known, Vec::new(), Reach::Lately).await? {
        lately.entry(moved.owner).or_default().push(moved);
    }
    let recent =
        |(id, known)| (id, Arc::new(Recent { known, moved: lately.remove(&id).unwrap_or_default() }));
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

/// What is to be done about a payment: ALLOW, CHALLENGE or REVIEW; and the turn, to be kept until it is made.
///
/// # Errors
/// `PAYMENT_BLOCKED`, `SCREENING_UNAVAILABLE`.
pub(crate) async fn screen(bank: &Bank, payment: &Outgoing, key: &IdempotencyKey) -> Result<(Outcome, Turn)> {
    if !bank.screening {
        return Ok((Outcome::Allow, None));
    }
    let cents = limit::worth(bank, payment.amount).await?;
    let version = bank.fraud_rules.in_force(bank).await;
    let Some(looked_at) = looked_at(bank, payment, &version, cents) else {
        return Ok((Outcome::Allow, None));
    };
    let turn = bank.screen.turn(payment.payer.user).await;
    let signals = match tokio::time::timeout(PATIENCE, signals(bank, payment, looked_at)).await {
        Ok(Ok(signals)) => signals,
        Ok(Err(error)) => return blind(cents, Some(&error)).map(|outcome| (outcome, turn)),
        Err(_) => return blind(cents, None).map(|outcome| (outcome, turn)),
    };
    let verdict = judge(&version.rules, &signals);
    let (payer, db) = (payment.payer, bank.db.connection());
    if verdict.fired.is_empty() || is_done(db, payer.user, key).await? {
        return Ok((Outcome::Allow, turn));
    }
    let (outcome, key) = (verdict.outcome, key.as_str().to_owned());
    let judged = Judged { payer: payer.user, key, moved: false, version: version.number, verdict, signals };
    keep(db, bank.clock.now(), &[judged]).await?;
    match outcome {
        Outcome::Block => Err(Code::PaymentBlocked.into()),
        Outcome::Challenge if payer.scopes.is_some() => Ok((Outcome::Review, turn)),
        outcome @ (Outcome::Allow | Outcome::Challenge | Outcome::Review) => Ok((outcome, turn)),
    }
}

/// Nothing is known: what is small passes.
fn blind(cents: Option<i64>, error: Option<&Error>) -> Result<Outcome> {
    tracing::error!(?error, "a payment can't be screened");
    if cents.is_some_and(|cents| cents <= BLIND) {
        Ok(Outcome::Allow)
    } else {
        Err(Code::ScreeningUnavailable.into())
    }
}

/// The payment, as far as it is known without a question; none, where that alone lets no rule fire.
fn looked_at(
    bank: &Bank,
    payment: &Outgoing,
    version: &Version,
    cents: Option<i64>,
) -> Option<signal::Payment> {
    let looked_at = signal::Payment {
        at: bank.clock.now().timestamp(),
        cents: cents.unwrap_or(0),
        leaves: payment.person.is_none(),
        payee: other(payment.payee),
        payer_since: since(payment.payer.user),
        payee_since: payment.person.map(since),
        balance_before: 0,
        session_since: begun(payment.payer.session.0),
        device_since: None,
        country_since: None,
    };
    (!version.rules.is_silent(&looked_at.signals())).then_some(looked_at)
}

/// Whether the payer would be asked about a payment because of what the rules say; nothing is kept.
pub(crate) async fn would_challenge(bank: &Bank, payment: &Outgoing) -> Result<bool> {
    if !bank.screening {
        return Ok(false);
    }
    let cents = limit::worth(bank, payment.amount).await?;
    let version = bank.fraud_rules.in_force(bank).await;
    let Some(looked_at) = looked_at(bank, payment, &version, cents) else { return Ok(false) };
    let signals = signals(bank, payment, looked_at).await?;
    Ok(judge(&version.rules, &signals).outcome == Outcome::Challenge)
}

async fn signals(bank: &Bank, payment: &Outgoing, looked_at: signal::Payment) -> Result<Signals> {
    let (screen, payer) = (&bank.screen, payment.payer);
    let payee = async {
        match payment.person {
            Some(person) => screen.profile(bank, person).await.map(Some),
            None => Ok(None),
        }
    };
    let place = async {
        match payer.scopes {
            Some(_) => Ok(Place::default()),
            None => Ok(screen.places.recall(payer.session).await?.unwrap_or_default()),
        }
    };
    let (known, payee, place, balance_before) =
        tokio::try_join!(screen.profile(bank, payer.user), payee, place, balance(bank, payment))?;
    let Place { device_since, country_since } = place;
    let looked_at = signal::Payment { balance_before, device_since, country_since, ..looked_at };
    Ok(Signals::of(&looked_at, &known, payee.as_ref()))
}

/// What is in the account, in cents of euros: as this process remembers it, or as it is.
async fn balance(bank: &Bank, payment: &Outgoing) -> Result<i64> {
    let minor = match bank.balances.of(&[payment.from].into()).remove(&payment.from) {
        Some(balance) => balance.amount,
        None => {
            let row = account::Entity::find_by_id(payment.from).one(bank.db.connection()).await?;
            row.map_or(0, |row| row.balance)
        }
    };
    worth(bank, minor, payment.amount.currency()).await
}
