//! The queues between the outbox and the handlers: one apalis queue a kind of job.
//!
//! A [`Ticket`] is a doorbell: it says that a row of the outbox is to be looked at. [`Queues::push`]
//! rings, [`Queues::run`] answers with one apalis worker a kind, on Redis (any number of processes)
//! or in memory (one process, no server).
//!
//! Guarantees: a pushed ticket is answered within milliseconds while a worker is free. A kind never
//! waits for another. A handler that panics harms nobody else; one that has begun is not cut short
//! when Redis fails. A worker that ends is built anew, after a pause. Once answered, a ticket leaves
//! nothing behind in Redis.
//!
//! Refuses to be the truth: a ticket may be lost (`FLUSHALL`, a crash), late or answered twice. The
//! outbox pushes again what nobody finished, so attempts, backoff and dead letters are its own, and
//! apalis always hears that all is well. Tickets are not made unique either: a key that did would
//! refuse the second push of a job that asks to be run again.
//!
//! Costs: two round trips a push of up to 500 tickets and two a ticket; idle, four a second and kind.

mod bell;
mod memory;
mod redis;
mod seat;

use apalis::prelude::{BoxDynError, WorkerError};
use futures::FutureExt;
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
use uuid::Uuid;

/// How long handlers may go on after the end was asked for, unless told otherwise.
const GRACE: Duration = Duration::from_secs(20);
/// The first pause after a worker ended.
const PAUSE_MIN: Duration = Duration::from_millis(100);
/// The longest pause.
const PAUSE_MAX: Duration = Duration::from_secs(1);
/// A worker that ran this long was well, so the pauses begin anew.
const WELL: Duration = Duration::from_secs(10);

/// What travels through a queue: the id of an outbox row, and nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    /// The row.
    pub job: Uuid,
}

/// What answers a ticket. It records failures itself; nothing is done about them here.
pub type Handler = Arc<dyn Fn(Ticket) -> BoxFuture<'static, ()> + Send + Sync>;

/// Why tickets could not be pushed, or the queues not be opened.
#[derive(Debug, thiserror::Error)]
pub enum QueueFault {
    /// Redis does not answer, or not as it should.
    #[error("Redis: {0}")]
    Redis(#[from] ::redis::RedisError),
    /// apalis could not store the tickets.
    #[error("the queue takes no tickets: {0}")]
    Push(#[source] BoxDynError),
    /// The kind was not named when the queues were opened.
    #[error("there is no queue named {0}")]
    Unknown(&'static str),
}

/// The queues, one a kind of job. A clone is the same queues.
#[derive(Clone)]
pub struct Queues {
    kinds: &'static [&'static str],
    backend: Backend,
    grace: Duration,
}

#[derive(Clone)]
enum Backend {
    Redis(redis::Redis),
    Memory(memory::Memory),
}

impl std::fmt::Debug for Queues {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Queues").field("kinds", &self.kinds).finish_non_exhaustive()
    }
}

impl Queues {
    /// Queues on a Redis or Valkey; their keys begin with the namespace.
    ///
    /// # Errors
    /// The address can't be read, or nobody answers there.
    pub async fn redis(
        url: &str,
        namespace: &str,
        kinds: &'static [&'static str],
    ) -> Result<Self, QueueFault> {
        let redis = redis::Redis::open(url, namespace, kinds).await?;
        Ok(Self { kinds, backend: Backend::Redis(redis), grace: GRACE })
    }

    /// Queues within this process.
    pub fn memory(kinds: &'static [&'static str]) -> Self {
        Self { kinds, backend: Backend::Memory(memory::Memory::new(kinds)), grace: GRACE }
    }

    /// The same queues, with this long for handlers to finish after the end was asked for.
    #[must_use]
    pub fn with_grace(self, grace: Duration) -> Self {
        Self { grace, ..self }
    }

    /// Pushes tickets to the queue of a kind.
    ///
    /// # Errors
    /// The kind is unknown, or Redis fails; some of the tickets may have been pushed then.
    pub async fn push(&self, kind: &'static str, tickets: Vec<Ticket>) -> Result<(), QueueFault> {
        if !self.kinds.contains(&kind) {
            return Err(QueueFault::Unknown(kind));
        }
        match &self.backend {
            Backend::Redis(redis) => redis.push(kind, &tickets).await,
            Backend::Memory(memory) => memory.push(kind, &tickets),
        }
    }

    /// Answers tickets, of each kind `concurrency` at once, until `shutdown`; then takes no more
    /// and waits for the handlers that have begun, as long as the grace allows. The same queues
    /// (clones included) are to be run once at a time.
    pub async fn run(self, handler: Handler, concurrency: usize, shutdown: impl Future<Output = ()> + Send) {
        let (stop, stopped) = watch::channel(());
        let mut tasks = JoinSet::new();
        for kind in self.kinds {
            let lane = Lane::new(kind, handler.clone(), concurrency);
            tasks.spawn(keep(lane, self.backend.clone(), stopped.clone()));
        }
        if let Backend::Redis(redis) = &self.backend {
            tasks.spawn(redis.clone().listen(stopped));
        }
        shutdown.await;
        drop(stop);
        let drained = async { while tasks.join_next().await.is_some() {} };
        if timeout(self.grace, drained).await.is_err() {
            tracing::warn!(grace = ?self.grace, "some handlers did not finish in time");
        }
    }
}

/// One kind of job, and who answers its tickets.
#[derive(Clone)]
struct Lane {
    kind: &'static str,
    handler: Handler,
    concurrency: u32,
    /// Held by handlers at work: they outlive the worker that called them, and still count.
    permits: Arc<Semaphore>,
}

impl Lane {
    fn new(kind: &'static str, handler: Handler, concurrency: usize) -> Self {
        let bounded = u16::try_from(concurrency).unwrap_or(u16::MAX).max(1);
        let permits = Arc::new(Semaphore::new(usize::from(bounded)));
        Self { kind, handler, concurrency: u32::from(bounded), permits }
    }

    fn width(&self) -> usize {
        usize::try_from(self.concurrency).unwrap_or(1)
    }

    /// Answers a ticket, then does what comes afterwards, on a task of its own: apalis drops the
    /// future that it waits for when its backend fails.
    async fn answer(self, ticket: Ticket, afterwards: impl Future<Output = ()> + Send + 'static) {
        let Ok(permit) = self.permits.acquire_owned().await else {
            return;
        };
        let answering = tokio::spawn(async move {
            let _permit = permit;
            let answered = AssertUnwindSafe(async { (self.handler)(ticket).await }).catch_unwind().await;
            if let Err(panic) = answered {
                tracing::error!(kind = self.kind, job = %ticket.job, panic = said(&*panic), "a handler panicked");
            }
            afterwards.await;
        });
        // It fails only if the runtime is going down.
        let _ended = answering.await;
    }

    /// Waits for the handlers that are still at work.
    async fn drained(&self) {
        let _all = self.permits.acquire_many(self.concurrency).await;
    }
}

/// What a panic said.
fn said(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no text")
}

/// Keeps a worker running for a lane: any fault of the backend ends it, so it is built anew.
async fn keep(lane: Lane, backend: Backend, stopped: watch::Receiver<()>) {
    let mut pause = PAUSE_MIN;
    loop {
        let began = Instant::now();
        let serving = async {
            match &backend {
                Backend::Redis(redis) => redis.serve(&lane, ended(stopped.clone())).await,
                Backend::Memory(memory) => memory.serve(&lane, ended(stopped.clone())).await,
            }
        };
        let end = AssertUnwindSafe(serving).catch_unwind().await;
        let end = end.unwrap_or_else(|panic| Err(WorkerError::PanicError(said(&*panic).to_owned())));
        if stopped.has_changed().is_err() {
            break;
        }
        if began.elapsed() > WELL {
            pause = PAUSE_MIN;
        }
        report(lane.kind, end, pause);
        tokio::select! {
            () = sleep(pause) => {}
            () = ended(stopped.clone()) => break,
        }
        pause = pause.saturating_mul(2).min(PAUSE_MAX);
    }
    lane.drained().await;
}

/// Says once that a lane is in trouble, and not again at every attempt.
fn report(kind: &'static str, end: Result<(), WorkerError>, pause: Duration) {
    let reason = end.map_or_else(|error| error.to_string(), |()| "it ended by itself".to_owned());
    if pause == PAUSE_MIN {
        tracing::warn!(kind, reason, "a worker ended and is started again");
    } else {
        tracing::debug!(kind, reason, ?pause, "a worker ended again");
    }
}

/// Resolves when the end was asked for.
async fn ended(mut stopped: watch::Receiver<()>) {
    // The sender sends nothing: it is dropped when the time has come.
    while stopped.changed().await.is_ok() {}
}
