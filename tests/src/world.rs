//! A world: one wallet with its database, its queues, its clock and its outside.

use crate::client::Client;
use crate::place::Place;
use crate::servers::{self, Redis};
use api::server::Api;
use api::throttle::Shared;
use chrono::Duration;
use entity::clock::Clock;
use entity::handle::Handle;
use entity::keys::Keys;
use entity::limit::Limits;
use entity::money::Currency;
use entity::step_up::Rules;
use entity::{Bank, ledger, outbox};
use rust_decimal::Decimal;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use std::future::Future;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Instant;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use worker::context::Context;
use worker::gateway::Gateways;
use worker::queue::Queues;
use worker::simulator;

/// How long anything may take before a test gives up on it.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);
/// How often a world is looked at.
const GLANCE: std::time::Duration = std::time::Duration::from_millis(5);

/// What a world runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setup {
    /// A SQLite file, queues in memory.
    Embedded,
    /// A database of its own on the PostgreSQL of this process, and a Redis of its own.
    Real,
}

/// See the module.
pub struct World {
    /// The bank, for looking behind the API.
    pub bank: Bank,
    /// The outside.
    pub gateways: Gateways,
    /// The Redis, on the real setup.
    pub redis: Option<Redis>,
    pub(crate) officer: tokio::sync::Mutex<Option<Client>>,
    address: SocketAddr,
    stop: watch::Sender<bool>,
    served: JoinHandle<()>,
    workers: Vec<JoinHandle<()>>,
    /// Removed last, even by a test that failed.
    place: Place,
}

/// Rules by which nobody is asked before a payment.
pub fn unasked() -> Rules {
    let most = Decimal::from(1_000_000_000);
    Rules { single: most, total: most, count: i64::MAX }
}

/// A bank that looks at payments before they are made, and asks nobody otherwise.
pub fn screened(bank: Bank) -> Bank {
    bank.with_step_up(unasked()).with_screening(true)
}

impl World {
    /// A world with the simulated outside, where nobody is asked before a payment.
    pub async fn open(setup: Setup) -> Self {
        Self::open_with(setup, |gateways| gateways).await
    }

    /// The same with another outside.
    pub async fn open_with(setup: Setup, outside: impl FnOnce(Gateways) -> Gateways) -> Self {
        Self::open_as(setup, |bank| bank.with_step_up(unasked()), outside).await
    }

    /// The same where people are asked by the rules of the house.
    pub async fn open_strict(setup: Setup) -> Self {
        Self::open_as(setup, |bank| bank, |gateways| gateways).await
    }

    /// The same with the limits of the house, where nobody is asked.
    pub async fn open_limited(setup: Setup) -> Self {
        let limited = |bank: Bank| bank.with_step_up(unasked()).with_limits(Limits::default());
        Self::open_as(setup, limited, |gateways| gateways).await
    }

    /// The same where payments are looked at before they are made, and nobody is asked otherwise.
    pub async fn open_screened(setup: Setup) -> Self {
        Self::open_as(setup, screened, |gateways| gateways).await
    }

    /// The same with another bank; without limits and screening, unless it has some.
    pub async fn open_as(
        setup: Setup,
        house: impl FnOnce(Bank) -> Bank,
        outside: impl FnOnce(Gateways) -> Gateways,
    ) -> Self {
        log();
        let (place, db) = Place::new(setup).await;
        let bank =
            Bank::open(db, Keys::new([7; 32]), Clock::adjustable(), true).await.expect("the bank opens");
        let bank = house(bank.with_limits(Limits::NONE).with_screening(false));
        let redis = (setup == Setup::Real).then(Redis::start);
        let bank = match &redis {
            Some(redis) => {
                bank.with_gate(Arc::new(Shared::new(&redis.url(), "test").expect("Redis has an address")))
            }
            None => bank,
        };
        let gateways = outside(simulator::gateways(&bank));
        let (stop, stopped) = watch::channel(false);
        let (address, served) = serve(bank.clone(), stopped).await;
        let officer = tokio::sync::Mutex::default();
        let mut world =
            Self { bank, gateways, redis, officer, address, stop, served, workers: Vec::new(), place };
        world.start_worker().await;
        world.until(|| world.rated()).await;
        world
    }

    /// Starts one more api on the same database, with a bank of its own, as another process has: it remembers nothing of what
    /// this one does. Says where it is.
    pub async fn start_api(&mut self, house: impl FnOnce(Bank) -> Bank) -> String {
        let (db, clock) = (self.bank.db.clone(), self.bank.clock.clone());
        let bank = Bank::open(db, Keys::new([7; 32]), clock, true).await.expect("the bank opens");
        let bank = house(bank.with_limits(Limits::NONE).with_screening(false));
        let (address, served) = serve(bank, self.stop.subscribe()).await;
        self.workers.push(served);
        format!("http://{address}/graphql")
    }

    /// Whether the worker has heard of exchange rates, as it does when it starts: without them there is no price of anything.
    async fn rated(&self) -> Option<()> {
        let book = entity::rate::book(&self.bank).await.expect("the rates");
        (!book.all(Currency::EUR, self.bank.clock.now()).is_empty()).then_some(())
    }

    /// Starts one more worker.
    pub async fn start_worker(&mut self) {
        let context = Context { bank: self.bank.clone(), gateways: self.gateways.clone() };
        let url = self.redis.as_ref().map(Redis::url);
        let queues = match &url {
            Some(url) => Queues::redis(url, "test", worker::KINDS).await.expect("Redis answers"),
            None => Queues::memory(worker::KINDS),
        };
        let doorbell = url.map(|url| (url, "test".to_owned()));
        let stopped = ended(self.stop.subscribe());
        self.workers.push(tokio::spawn(worker::run(context, queues, 8, doorbell, stopped)));
    }

    /// Ends all workers at once, in the middle of whatever they are doing.
    pub async fn crash_workers(&mut self) {
        for worker in self.workers.drain(..) {
            worker.abort();
            assert!(worker.await.is_err_and(|error| error.is_cancelled()));
        }
    }

    /// An app that has not signed in.
    pub fn client(&self) -> Client {
        Client::new(format!("http://{}/graphql", self.address))
    }

    /// The address of a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The messages to a handle, newest first: subject and body.
    pub async fn messages(&self, handle: &Value) -> Vec<(String, String)> {
        self.settle().await;
        let query = "query($to: HandleInput!) { sandboxMessages(to: $to) { subject body } }";
        let answer = self.client().ask(query, json!({ "to": handle })).await;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let messages = answer["sandboxMessages"].as_array().cloned().unwrap_or_default();
        messages.iter().map(|message| (text(&message["subject"]), text(&message["body"]))).collect()
    }

    /// The last code that was sent to a handle.
    pub async fn code(&self, handle: &Value) -> String {
        let client = self.client();
        let query = "query($to: HandleInput!) { sandboxMessages(to: $to) { subject } }";
        let subject = || async {
            let answer = client.ask(query, json!({ "to": handle })).await;
            let subject = answer["sandboxMessages"][0]["subject"].as_str();
            // What was sent before the code may still be the last.
            let first = subject.and_then(|subject| subject.split(' ').next());
            first.filter(|first| first.parse::<u32>().is_ok()).map(str::to_owned)
        };
        self.until(subject).await
    }

    /// A handle as the database knows it, for looking behind the API: an SQL literal.
    pub fn fingerprint(&self, handle: &Value) -> String {
        let email = handle["email"].as_str().expect("an e-mail address");
        let handle = Handle::email(email).expect("an e-mail address");
        let fingerprint = self.bank.vault.fingerprint(&handle).0;
        if self.redis.is_some() { format!("'{fingerprint}'") } else { format!("x'{}'", fingerprint.simple()) }
    }

    /// All that the database holds, as it lies there.
    pub async fn dump(&self) -> String {
        let db = self.bank.db.connection();
        match &self.place {
            Place::File(file) => {
                // What was deleted lies in the file until it is written anew.
                for order in ["VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"] {
                    db.execute_unprepared(order).await.expect("SQLite tidies up");
                }
                String::from_utf8_lossy(&std::fs::read(file).expect("the file")).into_owned()
            }
            Place::Database(name) => {
                let dumped = servers::postgres().program("pg_dump", &["--data-only"], name);
                assert!(dumped.status.success(), "{dumped:?}");
                String::from_utf8_lossy(&dumped.stdout).into_owned()
            }
        }
    }

    /// Looks until there is an answer, while the world's clock runs ahead, so that nobody waits
    /// for a backoff or a lease.
    pub async fn until<T, F: Future<Output = Option<T>>>(&self, look: impl Fn() -> F) -> T {
        let started = Instant::now();
        loop {
            if let Some(seen) = look().await {
                return seen;
            }
            assert!(started.elapsed() < PATIENCE, "nothing was seen within {PATIENCE:?}");
            self.pass(Duration::milliseconds(100)).await;
        }
    }

    /// Lets time pass in this world.
    pub async fn pass(&self, time: Duration) {
        self.bank.clock.advance(time);
        self.bank.bell.ring();
        tokio::time::sleep(GLANCE).await;
    }

    /// Runs what is left beside the answers and in the outbox.
    pub async fn settle(&self) {
        self.bank.afterwards.finish().await;
        self.until(|| async {
            (outbox::waiting(&self.bank.db).await.expect("the outbox") == 0).then_some(())
        })
        .await;
    }

    /// Asserts that the books balance and every law of the ledger holds.
    pub async fn audit(&self) {
        let lines = ledger::audit::trial_balance(&self.bank.db).await.expect("the trial balance");
        let mut sums = std::collections::BTreeMap::<_, i128>::new();
        for line in &lines {
            *sums.entry(line.balance.currency).or_default() += i128::from(line.balance.minor);
        }
        assert!(sums.values().all(|sum| *sum == 0), "{lines:?}");
        assert_eq!(ledger::audit::run(&self.bank).await.expect("the audit"), Vec::new());
    }

    /// Ends the world: runs what is left, audits the books, stops everything.
    pub async fn close(self) {
        self.settle().await;
        self.audit().await;
        let _stopped = self.stop.send(true);
        for task in self.workers.into_iter().chain([self.served]) {
            task.await.expect("no task of the world has crashed");
        }
        self.bank.db.close().await;
    }
}

async fn serve(bank: Bank, stopped: watch::Receiver<bool>) -> (SocketAddr, JoinHandle<()>) {
    let trusted_proxies = vec!["127.0.0.1/32".parse().expect("a network")];
    let api = Api { bank, allowed_origins: Vec::new(), trusted_proxies };
    let bound = api.bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.expect("a free port");
    (bound.address(), tokio::spawn(async move { drop(bound.serve(ended(stopped)).await) }))
}

async fn ended(mut stopped: watch::Receiver<bool>) {
    let _either = stopped.wait_for(|stopped| *stopped).await;
}

/// `LOG=debug cargo test` shows what happens.
fn log() {
    static READY: OnceLock<()> = OnceLock::new();
    READY.get_or_init(|| {
        if let Ok(filter) = std::env::var("LOG") {
            tracing_subscriber::fmt().with_env_filter(filter).with_test_writer().init();
        }
    });
}
