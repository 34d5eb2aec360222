//! What a worker holds in Redis, and how it is cleaned up.
//!
//! apalis-redis would keep every ticket with its result, or, told not to keep results, believe that
//! the worker is still at work on each of them. So an answered ticket is removed here ([`Seat::forget`]),
//! and so is a worker that ended ([`Seat::leave`]). A process that was killed leaves what it took: other
//! workers put it back after a few minutes, and the rest expires within a day.

use apalis::prelude::{TaskId, WorkerContext};
use apalis_redis::Config;
use redis::aio::ConnectionManager;
use redis::{RedisResult, Script};
use std::sync::LazyLock;

/// How long a worker that crashed is listed, in seconds.
const LISTED: i64 = 86_400;

/// Removes a worker. The tickets that it took and did not answer go back to the queue, if it ended
/// well; otherwise they are dropped, for one of them may be what ended it.
static LEAVE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "for _, id in ipairs(redis.call('SMEMBERS', KEYS[1])) do
           if ARGV[2] == '1' then
             redis.call('RPUSH', KEYS[2], id)
           else
             redis.call('HDEL', KEYS[3], id)
             redis.call('DEL', KEYS[4] .. ':' .. id)
           end
         end
         redis.call('ZREM', KEYS[5], ARGV[1])
         redis.call('DEL', KEYS[1], KEYS[6])",
    )
});

/// What a worker holds in Redis.
#[derive(Clone)]
pub(super) struct Seat {
    connection: ConnectionManager,
    name: String,
    taken: String,
    ready: String,
    tickets: String,
    details: String,
    workers: String,
    listing: String,
}

impl Seat {
    pub(super) fn new(connection: ConnectionManager, config: &Config, worker: &WorkerContext) -> Self {
        Self {
            connection,
            name: worker.name().to_owned(),
            taken: config.inflight_set_for(worker),
            ready: config.active_jobs_list(),
            tickets: config.job_data_hash(),
            details: config.job_meta_hash(),
            workers: config.workers_set(),
            listing: config.worker_metadata_key(worker),
        }
    }

    /// Has the listing expire, which apalis writes next: a process that is killed can't remove it.
    pub(super) async fn enter(&self) -> RedisResult<()> {
        let mut enter = redis::pipe();
        enter.hset(&self.listing, "service", "worker").ignore().expire(&self.listing, LISTED).ignore();
        enter.query_async(&mut self.connection.clone()).await
    }

    /// Removes a ticket that was answered. If that fails it comes back, and is answered again.
    pub(super) async fn forget(mut self, id: TaskId) {
        let id = id.to_string();
        let mut forget = redis::pipe();
        forget.srem(&self.taken, &id).ignore().hdel(&self.tickets, &id).ignore();
        forget.del(format!("{}:{id}", self.details)).ignore();
        if let Err(error) = forget.query_async::<()>(&mut self.connection).await {
            tracing::debug!(%error, "an answered ticket could not be removed");
        }
    }

    pub(super) async fn leave(mut self, well: bool) {
        let mut leave = LEAVE.prepare_invoke();
        leave.key(&self.taken).key(&self.ready).key(&self.tickets).key(&self.details);
        leave.key(&self.workers).key(&self.listing).arg(&self.name).arg(well);
        if let Err(error) = leave.invoke_async::<()>(&mut self.connection).await {
            tracing::debug!(%error, "a worker could not be removed");
        }
    }
}
