//! A worker in a process of its own whose bank only notes when it is called.
//!
//! Guarantees: everything but the bank is the worker that is shipped. The time is that of the system's
//! clock, which all processes of a machine share; a line on standard output says which act and when.

use crate::jobs::NAMESPACE;
use crate::people;
use async_trait::async_trait;
use chrono::DateTime;
use entity::Db;
use entity::clock::{Clock, Time};
use entity::id::TransactionId;
use entity::rail::Outcome;
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tests::deployment::Process;
use worker::context::Context;
use worker::gateway::{Gateways, Known, Order, Rail, Unreachable};
use worker::queue::Queues;
use worker::simulator;

/// Jobs of one kind at once, as by default.
const CONCURRENCY: usize = 16;

/// When each act came to its bank for the first time.
type Starts = HashMap<TransactionId, Time>;

/// The process, and what it has said.
pub(crate) struct Witness {
    _process: Process,
    starts: Arc<Mutex<Starts>>,
}

impl Witness {
    /// Starts this program again as a worker.
    ///
    /// # Errors
    /// When it can't be started.
    pub(crate) fn start(database: &str, redis: &str) -> Result<Self, String> {
        let mut child = Command::new(std::env::current_exe().map_err(|error| error.to_string())?)
            .args(["work", database, redis])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| error.to_string())?;
        let said = child.stdout.take().ok_or("the worker has no output")?;
        let starts = Arc::new(Mutex::new(Starts::new()));
        let noted = starts.clone();
        // It ends with the process.
        std::thread::spawn(move || {
            for (id, at) in BufReader::new(said).lines().map_while(Result::ok).filter_map(|line| read(&line))
            {
                noted.lock().unwrap_or_else(PoisonError::into_inner).entry(id).or_insert(at);
            }
        });
        Ok(Self { _process: Process(child), starts })
    }

    /// Waits until all of these have come to their bank: when each did.
    ///
    /// # Errors
    /// When that takes too long.
    pub(crate) async fn all(&self, ids: &[TransactionId], patience: Duration) -> Result<Starts, String> {
        let since = Instant::now();
        loop {
            let starts = self.starts.lock().unwrap_or_else(PoisonError::into_inner).clone();
            if ids.iter().all(|id| starts.contains_key(id)) {
                return Ok(starts);
            }
            if since.elapsed() > patience {
                return Err(format!("{} jobs have started of {}", starts.len(), ids.len()));
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

fn read(line: &str) -> Option<(TransactionId, Time)> {
    let (id, nanoseconds) = line.split_once(' ')?;
    let at = DateTime::from_timestamp_nanos(nanoseconds.parse().ok()?);
    Some((TransactionId(id.parse().ok()?), at))
}

/// The bank that it works for.
struct Stopwatch(Clock);

#[async_trait]
impl Rail for Stopwatch {
    async fn submit(&self, order: &Order) -> Result<Vec<Outcome>, Unreachable> {
        let now = self.0.now().timestamp_nanos_opt().unwrap_or_default();
        // Nobody is there to read it any more, perhaps.
        let _said = writeln!(std::io::stdout(), "{} {now}", order.transaction.terms.id);
        Ok(vec![Outcome::Settled])
    }

    async fn inquire(&self, _order: &Order) -> Result<Known, Unreachable> {
        Ok(Known::Nothing)
    }
}

/// Works until it is killed; this is what [`Witness::start`] starts.
pub(crate) async fn work(database: &str, redis: &str) -> Result<(), String> {
    let bank = people::bank(Db::connect(database).await.map_err(|error| error.to_string())?).await?;
    let queues = Queues::redis(redis, NAMESPACE, worker::KINDS).await.map_err(|fault| fault.to_string())?;
    let rail = Arc::new(Stopwatch(Clock::system()));
    let context = Context { gateways: Gateways { rail, ..simulator::gateways(&bank) }, bank };
    let heard = Some((redis.to_owned(), NAMESPACE.to_owned()));
    worker::run(context, queues, CONCURRENCY, heard, std::future::pending()).await;
    Ok(())
}
