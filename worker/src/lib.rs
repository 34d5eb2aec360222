//! The worker: what happens later.
//!
//! It never answers a client. It takes jobs from the outbox in the database (the truth), rings
//! for them through apalis queues on Redis (the doorbell), talks to the world outside, and records
//! the effect of each job in the transaction that ends it.
//!
//! - [`dispatch`]: from a ticket to its handler · `message`, `password_reset`, `recovery`, `rail`, `rate`,
//!   [`sanction`]: the handlers
//! - `relay`: from the outbox to the queues · [`queue`]: the queues · `doorbell`: rings from api
//! - [`schedule`]: what happens by the clock
//! - [`gateway`]: the world outside, as traits · [`simulator`]: as a simulation · [`mail`], [`sms`], [`feed`]: the
//!   real one · [`outside`]: which of them
//!
//! Guarantees: a worker may be killed at any instant, Redis may be flushed at any instant; every
//! job is done in the end, and has one effect.

pub mod context;
pub mod dispatch;
mod doorbell;
mod ecb;
pub mod feed;
pub mod gateway;
pub mod mail;
mod message;
pub mod outside;
mod password_reset;
pub mod queue;
mod rail;
mod rate;
mod recovery;
mod relay;
pub mod sanction;
pub mod schedule;
pub mod settings;
pub mod simulator;
pub mod sms;

use context::Context;
use entity::id::JobId;
use entity::outbox::Job;
use queue::Queues;
use std::future::Future;
use std::sync::Arc;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Runs relay, queues and schedules until `shutdown`, then lets what is under way finish.
///
/// With `redis_url`, it also hears the bell of apis in other processes.
pub async fn run(
    context: Context,
    queues: Queues,
    concurrency: usize,
    redis: Option<(String, String)>,
    shutdown: impl Future<Output = ()> + Send,
) {
    let (stop, stopped) = watch::channel(());
    let bell = context.bank.bell.clone();
    // Ends with this function, however that ends.
    let mut helpers = JoinSet::new();
    helpers.spawn(relay::run(context.bank.clone(), queues.clone(), bell.listen()));
    if let Some((url, namespace)) = redis {
        helpers.spawn(doorbell::hear(url, namespace, bell));
    }
    let schedules = schedule::run(context.clone(), ended(stopped.clone()));
    let handler: queue::Handler = Arc::new(move |ticket| {
        let context = context.clone();
        Box::pin(async move { dispatch::answer(&context, JobId(ticket.job)).await })
    });
    let waiting = async {
        shutdown.await;
        drop(stop);
    };
    futures::join!(queues.run(handler, concurrency, ended(stopped)), schedules, waiting);
}

/// Resolves when the sender is dropped; it sends nothing.
async fn ended(mut stopped: watch::Receiver<()>) {
    while stopped.changed().await.is_ok() {}
}

/// The queues, one a kind of job.
pub const KINDS: &[&str] = Job::KINDS;
