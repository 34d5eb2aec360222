//! Queues on Redis, on the backend of apalis-redis.
//!
//! What that leaves to us: it looks for tickets only when it is woken ([`super::bell`]); it keeps
//! what was answered, and workers that ended, for ever ([`super::seat`]); it schedules every ticket
//! by the clock of whoever pushes, and chokes on 8,000 scheduled ones ([`RING`]).
//!
//! Refuses Redis Cluster: apalis' scripts name keys of several slots.

use super::bell::{Bell, Wakes};
use super::seat::Seat;
use super::{Lane, QueueFault, Ticket, ended};
use apalis::prelude::{
    BackendExt, TaskId, TaskSink, WorkerBuilder, WorkerBuilderExt, WorkerContext, WorkerError,
};
use apalis_redis::{Config, RedisStorage};
use futures::StreamExt;
use redis::aio::{ConnectionManager, ConnectionManagerConfig, PubSub};
use redis::io::tcp::TcpSettings;
use redis::{Client, IntoConnectionInfo, RedisResult, Script};
use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

/// Tickets that one script stores: it has to stay well below what Lua can unpack.
const ROUND: usize = 500;
/// Tickets that a worker takes at once. Tickets that are taken one by one, one after the other, come no faster than Redis
/// answers; those that are taken together ask the database together. No more, for they wait where no other worker sees them.
const HANDFUL: usize = 8;
/// How long Redis may take for an answer or a connection.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long the listener waits before it connects again.
const PAUSE: Duration = Duration::from_secs(1);
/// A connection whose other end vanished is silent: after this long the listener makes a new one.
const SILENCE: Duration = Duration::from_secs(30);
/// Heartbeats that a worker may miss, ten seconds each, before others take over its tickets.
const MISSED_MAX: usize = 30;

/// Makes every scheduled ticket ready, and wakes the workers.
static RING: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local due = redis.call('ZPOPMIN', KEYS[1], 1000)
         while #due > 0 do
           for i = 1, #due, 2 do redis.call('RPUSH', KEYS[2], due[i]) end
           due = redis.call('ZPOPMIN', KEYS[1], 1000)
         end
         redis.call('PUBLISH', ARGV[1], ARGV[2])",
    )
});

/// The queues.
#[derive(Clone)]
pub(super) struct Redis {
    client: Client,
    connection: Arc<RwLock<ConnectionManager>>,
    namespace: Arc<str>,
    bells: Arc<HashMap<&'static str, Arc<Bell>>>,
}

async fn connect(client: &Client) -> RedisResult<ConnectionManager> {
    let config = ConnectionManagerConfig::new()
        .set_number_of_retries(1)
        .set_connection_timeout(Some(PATIENCE))
        .set_response_timeout(Some(PATIENCE));
    client.get_connection_manager_with_config(config).await
}

impl Redis {
    pub(super) async fn open(url: &str, namespace: &str, kinds: &[&'static str]) -> RedisResult<Self> {
        // Small messages are not to wait for each other.
        let settings = TcpSettings::default().set_nodelay(true);
        let client = Client::open(url.into_connection_info()?.set_tcp_settings(settings))?;
        let connection = Arc::new(RwLock::new(connect(&client).await?));
        let bells = kinds.iter().map(|kind| (*kind, Arc::default())).collect();
        Ok(Self { client, connection, namespace: namespace.into(), bells: Arc::new(bells) })
    }

    fn connection(&self) -> ConnectionManager {
        self.connection.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A connection that answers. It makes a new one for all if it must: the manager gives up a
    /// connection that was closed, but not one whose other end vanished.
    async fn tried(&self) -> RedisResult<ConnectionManager> {
        let mut connection = self.connection();
        if redis::cmd("PING").query_async::<()>(&mut connection).await.is_ok() {
            return Ok(connection);
        }
        let connection = connect(&self.client).await?;
        *self.connection.write().unwrap_or_else(PoisonError::into_inner) = connection.clone();
        Ok(connection)
    }

    fn config(&self, kind: &str) -> Config {
        Config::default()
            .queue(format!("{}:{kind}", self.namespace))
            .batch_size(HANDFUL)
            .heartbeat_interval(Duration::from_secs(10))
            .missed_heartbeats(MISSED_MAX)
            .lock_tasks(false)
            .persist_results(false)
            .emit_events(false)
    }

    fn channel(&self) -> String {
        format!("{}:wake", self.namespace)
    }

    pub(super) async fn push(&self, kind: &'static str, tickets: &[Ticket]) -> Result<(), QueueFault> {
        let config = self.config(kind);
        let mut ring = RING.prepare_invoke();
        ring.key(config.scheduled_jobs_set()).key(config.active_jobs_list()).arg(self.channel()).arg(kind);
        let mut connection = self.connection();
        let mut storage = RedisStorage::<Ticket>::new(connection.clone()).with_config(config);
        for round in tickets.chunks(ROUND) {
            storage.push_bulk(round.to_vec()).await.map_err(|error| QueueFault::Push(error.into()))?;
            ring.invoke_async::<()>(&mut connection).await?;
        }
        Ok(())
    }

    /// Answers tickets until the end is asked for, or Redis fails.
    pub(super) async fn serve(
        &self,
        lane: &Lane,
        ended: impl Future<Output = ()>,
    ) -> Result<(), WorkerError> {
        let Some(bell) = self.bells.get(lane.kind) else {
            return Ok(());
        };
        let config = self.config(lane.kind);
        // apalis refuses a name that it knows, so each worker has a new one.
        let context = WorkerContext::new(&format!("{}-{}", lane.kind, Uuid::now_v7()));
        let unready = |error: redis::RedisError| WorkerError::BackendError(error.into());
        let connection = self.tried().await.map_err(unready)?;
        let seat = Seat::new(connection.clone(), &config, &context);
        seat.enter().await.map_err(unready)?;
        let (answering, forgetting) = (lane.clone(), seat.clone());
        let worker = WorkerBuilder::new(&context)
            .backend(
                RedisStorage::<Ticket>::new(connection)
                    .with_config(config)
                    .poll_with_strategy(Wakes::new(bell.clone())),
            )
            .concurrency(lane.width())
            .build(move |ticket: Ticket, id: TaskId| {
                answering.clone().answer(ticket, forgetting.clone().forget(id))
            });
        let mut running = pin!(worker.run());
        let end = tokio::select! {
            // It has to be started before it can be stopped.
            biased;
            end = &mut running => end,
            () = ended => {
                context.stop()?;
                running.await
            }
        };
        seat.leave(end.is_ok()).await;
        end
    }

    /// Rings the bells for what is pushed anywhere, until the end is asked for. A ring that was
    /// missed is made good by the next look.
    pub(super) async fn listen(self, stopped: watch::Receiver<()>) {
        let listening = async {
            loop {
                match self.hear().await {
                    Ok(()) => tracing::debug!("nothing was heard for a while; listening anew"),
                    Err(error) => {
                        tracing::warn!(%error, "the queues can't be heard; they are looked at instead");
                        sleep(PAUSE).await;
                    }
                }
            }
        };
        tokio::select! {
            () = listening => {}
            () = ended(stopped) => {}
        }
    }

    async fn hear(&self) -> RedisResult<()> {
        let channel = timeout(PATIENCE, self.subscribe()).await.map_err(io::Error::from)??;
        let mut messages = channel.into_on_message();
        while let Ok(message) = timeout(SILENCE, messages.next()).await {
            let message = message.ok_or_else(|| io::Error::from(io::ErrorKind::ConnectionAborted))?;
            if let Some(bell) = self.bells.get(message.get_payload::<String>()?.as_str()) {
                bell.ring();
            }
        }
        Ok(())
    }

    async fn subscribe(&self) -> RedisResult<PubSub> {
        let mut channel = self.client.get_async_pubsub().await?;
        channel.subscribe(self.channel()).await?;
        Ok(channel)
    }
}
