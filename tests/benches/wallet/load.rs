//! Closed-loop load: each client sends, waits for the answer, and sends again.
//!
//! Guarantees: every request is a new act with a new key, paid from an account that has the money,
//! and counts only once it was acknowledged; each acknowledged key is logged for the checker.

use crate::people::{self, SIGNED_IN};
use entity::id::UserId;
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Who is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Payees {
    /// Anybody.
    Uniform,
    /// One for all.
    One,
    /// Everybody once.
    Each,
}

/// One transfer of one cent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Act {
    /// The number of the person who pays; it is signed in.
    pub(crate) payer: usize,
    /// The number of the person who is paid.
    pub(crate) payee: usize,
    /// What its key is made of; never used twice.
    pub(crate) number: u64,
}

impl Act {
    /// A new one, from one person to another.
    pub(crate) fn new(payer: usize, payee: usize) -> Self {
        Self { payer, payee, number: NUMBERS.fetch_add(1, Ordering::Relaxed) }
    }

    /// The idempotency key.
    pub(crate) fn key(&self) -> String {
        format!("bench-{}", self.number)
    }
}

/// What can carry out an act: a connection, or the bank itself.
pub(crate) trait Teller: Send + 'static {
    /// Whether another process carries it out.
    const ELSEWHERE: bool = true;

    /// Does it, and says whether it was acknowledged.
    fn act(&mut self, act: Act) -> impl Future<Output = Result<(), String>> + Send;

    /// Waits until the next act is due, and says since when: at once.
    fn due(&mut self) -> impl Future<Output = Instant> + Send {
        std::future::ready(Instant::now())
    }
}

/// What a run has shown.
#[derive(Clone, Debug, Default)]
pub(crate) struct Run {
    /// Acknowledged acts.
    pub(crate) done: u64,
    /// How long it took.
    pub(crate) time: Duration,
    /// The latency of each, sorted.
    pub(crate) latencies: Vec<Duration>,
    /// What was acknowledged: who paid, with which key.
    pub(crate) acknowledged: Vec<(UserId, String)>,
}

impl Run {
    /// The latency that this share (in thousandths) of the acts did not exceed.
    pub(crate) fn quantile(&self, thousandths: usize) -> Duration {
        let last = self.latencies.len().saturating_sub(1);
        self.latencies.get(last.saturating_mul(thousandths) / 1000).copied().unwrap_or_default()
    }
}

/// Loads under way that another process carries out, and that leave it the cores.
static GIVING_WAY: AtomicUsize = AtomicUsize::new(0);

/// What load runs on: one thread, which takes less of the machine that it measures. Before it waits for another process
/// it leaves its core: woken by each answer, it would take a core from the api at once, to find just that one.
pub(crate) fn runtime() -> tokio::runtime::Builder {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.on_thread_park(|| {
        if GIVING_WAY.load(Ordering::Relaxed) > 0 {
            std::thread::yield_now();
        }
    });
    runtime
}

static NUMBERS: AtomicU64 = AtomicU64::new(0);
/// Runs that have drawn lots.
static RUNS: AtomicU64 = AtomicU64::new(0);

/// The lots of a run: others than those of the runs before it, so that it does not find at hand what they touched, and
/// the same whenever the benchmark is started.
pub(crate) fn lots() -> SmallRng {
    SmallRng::seed_from_u64(RUNS.fetch_add(1, Ordering::Relaxed))
}

/// Has every teller act for so long, after a warm-up whose acts are not timed (but logged).
pub(crate) async fn run<T: Teller>(
    tellers: Vec<T>,
    payees: Payees,
    people: usize,
    warm_up: Duration,
    time: Duration,
) -> Result<Run, String> {
    let begin = Instant::now() + warm_up;
    let end = begin + time;
    let payers = SIGNED_IN.min(people);
    let paid = Arc::new(AtomicUsize::new(0));
    let mut lots = lots();
    GIVING_WAY.fetch_add(usize::from(T::ELSEWHERE), Ordering::Relaxed);
    let clients: Vec<_> = tellers
        .into_iter()
        .map(|teller| {
            let random = SmallRng::from_rng(&mut lots);
            let choice = Choice { random, payees, payers, people, paid: paid.clone() };
            tokio::spawn(work(teller, choice, begin, end))
        })
        .collect();
    let mut total = Run { time, ..Run::default() };
    for client in clients {
        let run = client.await.map_err(|error| error.to_string())??;
        total.done += run.done;
        total.latencies.extend(run.latencies);
        total.acknowledged.extend(run.acknowledged);
    }
    GIVING_WAY.fetch_sub(usize::from(T::ELSEWHERE), Ordering::Relaxed);
    total.latencies.sort_unstable();
    Ok(total)
}

struct Choice {
    random: SmallRng,
    payees: Payees,
    payers: usize,
    people: usize,
    /// How many were paid, where everybody is once.
    paid: Arc<AtomicUsize>,
}

impl Choice {
    /// The next act; none, where everybody was paid.
    fn next(&mut self) -> Option<Act> {
        // The one who is paid by all does not pay.
        let payer = self.random.random_range(1..self.payers);
        let payee = match self.payees {
            Payees::One => 0,
            Payees::Uniform => self.random.random_range(0..self.people),
            Payees::Each => self.paid.fetch_add(1, Ordering::Relaxed),
        };
        // Nobody pays itself.
        let payer = if payer == payee { 1 + payer % (self.payers - 1) } else { payer };
        (payee < self.people).then(|| Act::new(payer, payee))
    }
}

async fn work<T: Teller>(
    mut teller: T,
    mut choice: Choice,
    begin: Instant,
    end: Instant,
) -> Result<Run, String> {
    let mut run = Run::default();
    loop {
        let sent = teller.due().await;
        if sent >= end {
            return Ok(run);
        }
        let Some(act) = choice.next() else { return Ok(run) };
        teller.act(act).await?;
        let answered = Instant::now();
        run.acknowledged.push((people::user(act.payer), act.key()));
        if sent >= begin && answered <= end {
            run.done += 1;
            run.latencies.push(answered - sent);
        }
    }
}

/// The bank itself, without HTTP.
pub(crate) struct Counter(pub(crate) entity::Bank);

impl Teller for Counter {
    const ELSEWHERE: bool = false;

    async fn act(&mut self, act: Act) -> Result<(), String> {
        let text = |error: entity::refusal::Refusal| error.to_string();
        let order = entity::transfer::Order {
            to: entity::handle::Handle::email(&people::email(act.payee)).map_err(text)?,
            amount: entity::money::Amount::try_new(1, entity::money::Currency::parse("EUR").map_err(text)?)
                .map_err(text)?,
            preview: None,
            quote: None,
            note: None,
            key: entity::transaction::IdempotencyKey::parse(&act.key()).map_err(text)?,
            challenge: None,
        };
        let done = entity::transfer::create(&self.0, people::caller(act.payer), order).await;
        done.map(drop).map_err(|error| error.to_string())
    }
}

/// Tokens shared by all connections.
pub(crate) type Tokens = Arc<Vec<String>>;
