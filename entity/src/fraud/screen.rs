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
//! Profiles are as of when the [watch](super::watch) last came by, some seconds ago, and with what this process has paid
//! meanwhile; what other processes have paid in these seconds is not in them. The limits, which no race gets past, are
//! the ledger's.
//!
//! Where nothing can be known within [`PATIENCE`], payments worth up to [`BLIND`] pass and larger ones are refused.
//! Refuses `PAYMENT_BLOCKED`, `SCREENING_UNAVAILABLE`. Costs some microseconds for the rules; where one could fire a question
//! about both profiles, gathered with those of other payments; a row where one does.

use super::kept::{Judged, keep};
use super::known::{Known, begun, known_of, since};
use super::profile::{Event, Way, other};
use super::rule::Outcome;
use super::signal::{self, Signals};
use super::verdict::judge;
use crate::bank::Bank;
use crate::clock::Time;
use crate::db::{Db, one_of};
use crate::error::{Error, Result};
use crate::gather::{Answers, Gather};
use crate::id::{SessionId, TransactionId, UserId};
use crate::limit;
use crate::money::Amount;
use crate::refusal::Code;
use crate::step_up::Payment;
use crate::table::{account, device, session};
use crate::transaction::{Transaction, is_done};
use quick_cache::sync::Cache;
use sea_orm::{EntityTrait, JoinType, QueryFilter, QuerySelect, RelationTrait};
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// How long a payment waits for what is known.
const PATIENCE: Duration = Duration::from_secs(2);
/// What may be paid, in cents of euros, where nothing can be known.
const BLIND: i64 = 10_000;
/// People whose last payments are remembered, and how many payments of each.
const PEOPLE: usize = 32_768;
const LAST: usize = 16;
/// Sessions whose device is remembered.
const SESSIONS: usize = 65_536;

/// What payments are screened with. Clones share it.
#[derive(Clone)]
pub(crate) struct Screen {
    people: Gather<UserId, Arc<Known>>,
    /// Since when the device of a session is known, in seconds of Unix time, if it has one: that never changes.
    devices: Gather<SessionId, Option<i64>>,
    lately: Arc<Cache<UserId, Vec<(TransactionId, Event)>>>,
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
            devices: Gather::start(SESSIONS, move |ids| Box::pin(devices(other.clone(), ids))),
            lately: Arc::new(Cache::new(PEOPLE)),
        }
    }

    fn add(&self, id: UserId, paid: TransactionId, event: Event) {
        let mut events = self.lately.get(&id).unwrap_or_default();
        if events.iter().any(|(known, _)| *known == paid) {
            // It was asked for again.
            return;
        }
        if events.len() >= LAST {
            events.remove(0);
        }
        events.push((paid, event));
        self.lately.insert(id, events);
    }

    async fn known(&self, id: UserId) -> Result<Known> {
        let mut known = self.people.ask(id).await?.map(Arc::unwrap_or_clone).ok_or(Code::NotFound)?;
        if let Some(events) = self.lately.get(&id) {
            known.profile.catch_up(events.into_iter().map(|(_, event)| event));
        }
        Ok(known)
    }
}

async fn people(db: Db, ids: Vec<UserId>) -> Answers<UserId, Arc<Known>> {
    let known = known_of(db.connection(), &ids.into_iter().collect()).await?;
    Ok(known.into_iter().map(|(id, known)| (id, Arc::new(known))).collect())
}

async fn devices(db: Db, ids: Vec<SessionId>) -> Answers<SessionId, Option<i64>> {
    let these = one_of(db.connection(), session::Column::Id, ids.into_iter().map(|id| id.0));
    let seen: Vec<(SessionId, Option<Time>)> = session::Entity::find()
        .select_only()
        .column(session::Column::Id)
        .column(device::Column::FirstSeenAt)
        .join(JoinType::LeftJoin, session::Relation::Device.def())
        .filter(these)
        .into_tuple()
        .all(db.connection())
        .await?;
    let since = |(id, since): (SessionId, Option<Time>)| (id, since.map(|since| since.timestamp()));
    Ok(seen.into_iter().map(since).collect::<HashMap<_, _>>())
}

/// Remembers a payment until the watch has seen it.
pub(crate) async fn remember(bank: &Bank, paid: &Transaction) {
    let terms = &paid.terms;
    let to = terms.payee.map(|id| id.0).or(terms.instrument.map(|id| id.0));
    let (Some(payer), Some(to), true) = (terms.payer, to, bank.screening) else { return };
    let worth = limit::worth(bank, terms.amount).await;
    let (at, cents) = (paid.created_at.timestamp(), worth.ok().flatten().unwrap_or(0));
    bank.screen.add(payer, terms.id, Event { at, way: Way::Out, cents, other: other(to) });
    if let Some(payee) = terms.payee {
        bank.screen.add(payee, terms.id, Event { at, way: Way::In, cents, other: other(payer.0) });
    }
}

/// What is to be done about a payment: ALLOW, CHALLENGE or REVIEW.
///
/// # Errors
/// `PAYMENT_BLOCKED`, `SCREENING_UNAVAILABLE`.
pub(crate) async fn screen(bank: &Bank, payment: &Payment) -> Result<Outcome> {
    if !bank.screening {
        return Ok(Outcome::Allow);
    }
    let cents = limit::worth(bank, payment.amount).await?;
    let version = bank.fraud_rules.in_force(bank).await;
    let looked_at = payment_of(bank, payment, cents.unwrap_or(0));
    if version.rules.is_silent(&looked_at.signals()) {
        return Ok(Outcome::Allow);
    }
    let signals = match tokio::time::timeout(PATIENCE, signals(bank, payment, looked_at)).await {
        Ok(Ok(signals)) => signals,
        Ok(Err(error)) => return blind(cents, Some(&error)),
        Err(_) => return blind(cents, None),
    };
    let verdict = judge(&version.rules, &signals);
    let (payer, key, db) = (payment.payer, &payment.key, bank.db.connection());
    if verdict.fired.is_empty() || is_done(db, payer.user, key).await? {
        return Ok(Outcome::Allow);
    }
    let (outcome, key) = (verdict.outcome, key.as_str().to_owned());
    let judged = Judged { payer: payer.user, key, moved: false, version: version.number, verdict, signals };
    keep(db, bank.clock.now(), &[judged]).await?;
    match outcome {
        Outcome::Block => Err(Code::PaymentBlocked.into()),
        Outcome::Challenge if payer.scopes.is_some() => Ok(Outcome::Review),
        outcome @ (Outcome::Allow | Outcome::Challenge | Outcome::Review) => Ok(outcome),
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

/// The payment, as far as it is known without a question.
fn payment_of(bank: &Bank, payment: &Payment, cents: i64) -> signal::Payment {
    signal::Payment {
        at: bank.clock.now().timestamp(),
        cents,
        leaves: payment.person.is_none(),
        payee: other(payment.payee),
        payer_since: since(payment.payer.user),
        payee_since: payment.person.map(since),
        balance_before: 0,
        session_since: begun(payment.payer.session.0),
        device_since: None,
    }
}

async fn signals(bank: &Bank, payment: &Payment, looked_at: signal::Payment) -> Result<Signals> {
    let (screen, payer) = (&bank.screen, payment.payer);
    let payee = async {
        match payment.person {
            Some(person) => screen.known(person).await.map(Some),
            None => Ok(None),
        }
    };
    let device = async {
        match payer.scopes {
            Some(_) => Ok(None),
            None => Ok(screen.devices.recall(payer.session).await?.flatten()),
        }
    };
    let (known, payee, device_since, balance_before) =
        tokio::try_join!(screen.known(payer.user), payee, device, balance(bank, payment))?;
    let looked_at = signal::Payment { balance_before, device_since, ..looked_at };
    Ok(Signals::of(&looked_at, &known.profile, payee.as_ref().map(|payee| &payee.profile)))
}

/// What is in the account, in cents of euros: as this process remembers it, or as it is.
async fn balance(bank: &Bank, payment: &Payment) -> Result<i64> {
    let minor = match bank.balances.of(&[payment.from].into()).remove(&payment.from) {
        Some(balance) => balance.amount,
        None => {
            let row = account::Entity::find_by_id(payment.from).one(bank.db.connection()).await?;
            row.map_or(0, |row| row.balance)
        }
    };
    match Amount::try_new(minor, payment.amount.currency()) {
        Ok(amount) => Ok(limit::worth(bank, amount).await?.unwrap_or(0)),
        Err(_) => Ok(0),
    }
}
