//! Jobs through Redis: how soon one starts after its commit, and how many a second are done.
//!
//! Guarantees: the worker is a process of its own. A job starts when its handler calls the bank, so
//! that everything between is in the figure: the doorbell, the outbox, the queue and the handler's
//! own reads. The second figure is of the `worker` that is shipped, with the simulated bank, from the
//! first request of a burst to the moment at which nothing waits; all are settled then.

use crate::checker::{self, Acknowledged, Log};
use crate::goals::JOB_START;
use crate::measure::{self, note};
use crate::people;
use crate::plan::Plan;
use crate::stage;
use crate::table::{Key, Round, Row};
use crate::witness::Witness;
use entity::clock::{Clock, Time};
use entity::id::{InstrumentId, TransactionId, UserId};
use entity::money::{Amount, Currency};
use entity::rail::Order;
use entity::step_up::Paid;
use entity::transaction::{IdempotencyKey, Transaction};
use entity::{Bank, Db, deposit, outbox, withdrawal};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tests::deployment::Process;
use tests::servers::{Postgres, Redis};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::MissedTickBehavior;

/// People who have linked a bank account.
pub(crate) const LINKED: usize = 1_000;
/// What keys in Redis begin with.
pub(crate) const NAMESPACE: &str = "okpay";
const DEPOSITS: Key = ("deposits end to end", CLIENTS);
const WITHDRAWALS: Key = ("withdrawals end to end", CLIENTS);
/// Who ask for a burst.
const CLIENTS: usize = 64;
/// Requests a second whose jobs are timed: one every two milliseconds.
const RATE: u64 = 500;
/// How long jobs may take before something is wrong.
const PATIENCE: Duration = Duration::from_secs(60);

/// Which way the money goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    In,
    Out,
}

/// A database with linked bank accounts, and a Redis beside it.
pub(crate) struct Jobs<'a> {
    plan: &'a Plan,
    redis: Redis,
    url: String,
    bank: Bank,
    linked: Arc<[InstrumentId]>,
    log: Log,
    doorbell: AbortHandle,
}

impl Drop for Jobs<'_> {
    fn drop(&mut self) {
        self.doorbell.abort();
    }
}

impl<'a> Jobs<'a> {
    /// Sets the scene; nothing, where none of its figures is wanted.
    pub(crate) async fn open(plan: &'a Plan, server: &'a Postgres) -> Result<Option<Self>, String> {
        if ![JOB_START, DEPOSITS, WITHDRAWALS].iter().any(|(name, _)| plan.wants(name)) {
            return Ok(None);
        }
        eprintln!("preparing Redis and {LINKED} bank accounts …");
        let (redis, url) = (Redis::start(), stage::copy(server, "jobs"));
        let db = Db::connect(&url).await.map_err(|error| error.to_string())?;
        let bank = people::bank(db).await?;
        let linked = people::link(&bank, LINKED).await?.into();
        let (address, bell) = (redis.url(), bank.bell.listen());
        let doorbell = tokio::spawn(async move { api::doorbell::publish(&address, NAMESPACE, bell).await });
        let log = Log::of(&url);
        let jobs = Self { plan, redis, url, bank, linked, log, doorbell: doorbell.abort_handle() };
        // Whoever links a bank account is screened: that is over before anything is measured.
        let _worker = jobs.worker();
        jobs.idle().await?;
        Ok(Some(jobs))
    }

    /// Measures each figure once.
    pub(crate) async fn round(&self, round: &mut Round) -> Result<(), String> {
        if self.plan.wants(JOB_START.0) {
            let row = self.start_of_jobs().await?;
            note(round, JOB_START, row);
        }
        let wanted: Vec<(Key, Way)> = [(DEPOSITS, Way::In), (WITHDRAWALS, Way::Out)]
            .into_iter()
            .filter(|((name, _), _)| self.plan.wants(name))
            .collect();
        if !wanted.is_empty() {
            let _worker = self.worker();
            // The first of all waits until the worker is there.
            self.burst(Way::In, 1).await?;
            for (key, way) in wanted {
                let rate = self.burst(way, self.plan.burst).await?;
                note(round, key, Row { rate, ..Row::default() });
            }
        }
        checker::verify(&[&self.log]).await
    }

    fn worker(&self) -> Process {
        let redis = self.redis.url();
        Process::start("worker", &stage::worker_settings(&self.url, &redis))
    }

    /// From the answer to a deposit to the call of its bank.
    async fn start_of_jobs(&self) -> Result<Row, String> {
        let witness = Witness::start(&self.url, &self.redis.url())?;
        let first = ask(&self.bank, &self.linked, Way::In, 0).await?;
        witness.all(&[first.id], PATIENCE).await?;
        let before = u64::try_from((self.plan.time / 4).as_millis()).unwrap_or_default() * RATE / 1_000;
        let timed = u64::try_from(self.plan.time.as_millis()).unwrap_or_default() * RATE / 1_000;
        let mut ticks = tokio::time::interval(Duration::from_micros(1_000_000 / RATE));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let (mut asking, mut began) = (JoinSet::new(), Instant::now());
        for number in 0..before + timed {
            ticks.tick().await;
            if number == before {
                began = Instant::now();
            }
            let (bank, linked) = (self.bank.clone(), self.linked.clone());
            asking.spawn(async move {
                let asked = ask(&bank, &linked, Way::In, usize::try_from(number).unwrap_or_default()).await?;
                Ok::<_, String>((number >= before, asked))
            });
        }
        let took = began.elapsed();
        let (mut acknowledged, mut commits) = (vec![(first.user, first.key)], Vec::new());
        while let Some(asked) = asking.join_next().await {
            let (is_timed, asked) = asked.map_err(|error| error.to_string())??;
            acknowledged.push((asked.user, asked.key));
            commits.push((is_timed, asked.id, asked.at));
        }
        self.log.append(&acknowledged)?;
        let ids: Vec<TransactionId> = commits.iter().map(|(_, id, _)| *id).collect();
        let starts = witness.all(&ids, PATIENCE).await?;
        let mut latencies: Vec<Duration> = commits
            .iter()
            .filter(|(is_timed, _, _)| *is_timed)
            .filter_map(|(_, id, at)| Some(starts.get(id)?.signed_duration_since(*at)))
            // A job may start before the answer to its request is read.
            .map(|latency| latency.to_std().unwrap_or_default())
            .collect();
        latencies.sort_unstable();
        self.idle().await?;
        let at = |thousandths: usize| {
            let last = latencies.len().saturating_sub(1);
            latencies.get(last * thousandths / 1000).copied().unwrap_or_default()
        };
        let rate = measure::per_second(timed, took);
        Ok(Row { rate, p50: at(500), p99: at(990), ..Row::default() })
    }

    /// Asks for so many at once and waits until all are done: how many a second.
    async fn burst(&self, way: Way, count: usize) -> Result<u64, String> {
        let began = Instant::now();
        let next = Arc::new(AtomicUsize::new(0));
        let mut asking = JoinSet::new();
        for _ in 0..CLIENTS.min(count) {
            let (bank, linked, next) = (self.bank.clone(), self.linked.clone(), next.clone());
            asking.spawn(async move {
                let mut acknowledged = Acknowledged::new();
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        return Ok::<_, String>(acknowledged);
                    }
                    let asked = ask(&bank, &linked, way, number).await?;
                    acknowledged.push((asked.user, asked.key));
                }
            });
        }
        while let Some(asked) = asking.join_next().await {
            self.log.append(&asked.map_err(|error| error.to_string())??)?;
        }
        self.idle().await?;
        Ok(measure::per_second(u64::try_from(count).unwrap_or_default(), began.elapsed()))
    }

    async fn idle(&self) -> Result<(), String> {
        idle(&self.bank).await
    }
}

/// Waits until nothing is left to be done later. A job ends in the transaction that settles its act.
pub(crate) async fn idle(bank: &Bank) -> Result<(), String> {
    let since = Instant::now();
    while outbox::waiting(&bank.db).await.map_err(|error| error.to_string())? > 0 {
        if since.elapsed() > PATIENCE {
            return Err("there are jobs that nobody ends".to_owned());
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Ok(())
}

/// A request that was answered.
struct Asked {
    id: TransactionId,
    user: UserId,
    key: String,
    at: Time,
}

/// A cent, by the person whose turn it is.
async fn ask(bank: &Bank, linked: &[InstrumentId], way: Way, turn: usize) -> Result<Asked, String> {
    static NUMBERS: AtomicUsize = AtomicUsize::new(0);
    let text = |error: entity::refusal::Refusal| error.to_string();
    let (person, key) = (turn % linked.len(), format!("job-{}", NUMBERS.fetch_add(1, Ordering::Relaxed)));
    let user = people::user(person);
    let order = Order {
        instrument: linked[person],
        amount: Amount::try_new(1, Currency::parse("EUR").map_err(text)?).map_err(text)?,
        key: IdempotencyKey::parse(&key).map_err(text)?,
    };
    let asked: entity::Result<Transaction> = match way {
        Way::In => deposit::request(bank, people::caller(person), order).await,
        Way::Out => match withdrawal::request(bank, people::caller(person), order, None).await {
            Ok(Paid::Done(done)) => Ok(done),
            Ok(Paid::Asked(_)) => return Err("a withdrawal was asked about".to_owned()),
            Err(error) => Err(error),
        },
    };
    let at = Clock::system().now();
    Ok(Asked { id: asked.map_err(|error| error.to_string())?.terms.id, user, key, at })
}
