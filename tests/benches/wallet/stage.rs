//! The stage: a durable PostgreSQL of its own, databases with people in them, and apis in front.

use crate::http::Connection;
use crate::load::Tokens;
use crate::machine;
use crate::people;
use entity::{Bank, Db, Writing};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tests::deployment::Process;
use tests::servers::{self, Postgres, Redis};

/// How long an api may take to answer for the first time.
const PATIENCE: Duration = Duration::from_secs(60);

/// Connections on which the first requests come.
const GREETERS: usize = 64;

/// Settings of the PostgreSQL that everything is measured on, with so much log between two checkpoints; SCALING.md
/// says why.
pub(crate) fn settings(log: &str) -> Vec<String> {
    // A quarter of the memory, as PostgreSQL's manual has it for a server of its own.
    let buffers = (machine::kibibytes() >> 22).max(1);
    vec![
        format!("shared_buffers={buffers}GB"),
        "checkpoint_timeout=15min".to_owned(),
        "max_connections=1200".to_owned(),
        "synchronous_commit=on".to_owned(),
        format!("max_wal_size={log}"),
    ]
}

/// A durable PostgreSQL with them.
pub(crate) fn postgres(log: &str) -> Postgres {
    let settings = settings(log);
    Postgres::start_with(true, &settings.iter().map(String::as_str).collect::<Vec<_>>())
}

/// A new database on it with so many people, and its address.
pub(crate) async fn database(server: &Postgres, name: &str, count: usize) -> String {
    server.create_database(name, None);
    let url = server.url(name);
    settle(&url, count).await;
    url
}

/// The database that all others are copies of.
pub(crate) const TEMPLATE: &str = "wallet";

/// A copy of the template, and its address.
pub(crate) fn copy(server: &Postgres, name: &str) -> String {
    server.create_database(name, Some(TEMPLATE));
    server.url(name)
}

/// Migrates a database and makes so many people in it.
pub(crate) async fn settle(url: &str, count: usize) {
    let db = Db::connect(url).await.expect("the database answers");
    migration::run(db.connection()).await.expect("migrations run");
    people::settle(&db, count).await.expect("people settle");
    db.close().await;
}

/// An api in a process of its own.
pub(crate) struct Front {
    /// The process.
    pub(crate) process: Process,
    /// Where it listens.
    pub(crate) address: SocketAddr,
}

impl Front {
    /// The api as it is shipped, with Redis beside it.
    pub(crate) async fn shipped(database: &str, redis: &Redis) -> Self {
        let address = address();
        let (redis, listen) = (redis.url(), address.to_string());
        let settings = [
            ("DATABASE_URL", database),
            ("REDIS_URL", redis.as_str()),
            ("MASTER_KEY", people::MASTER_KEY),
            ("LISTEN", listen.as_str()),
            ("TRUSTED_PROXIES", "127.0.0.1"),
            ("STEP_UP_SINGLE", "1000000000"),
            ("STEP_UP_TOTAL", "1000000000"),
            ("STEP_UP_COUNT", "1000000000"),
            (
                "LIMITS",
                "1000000000/1000000000,1000000000/1000000000,1000000000/1000000000,1000000000/1000000000",
            ),
            ("LOG", "warn"),
        ];
        Self::ready(Process::start("api", &settings), address).await
    }

    /// An api that writes in another way, or looks at no payment before it is made, to compare with.
    pub(crate) async fn writing(database: &str, writing: &str) -> Self {
        let address = address();
        let child = Command::new(std::env::current_exe().expect("this program"))
            .args(["serve", writing, database, &address.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .expect("this program again");
        Self::ready(Process(child), address).await
    }

    async fn ready(process: Process, address: SocketAddr) -> Self {
        let started = Instant::now();
        let url = format!("http://{address}/health/ready");
        let client = reqwest::Client::new();
        while !client.get(&url).send().await.is_ok_and(|answer| answer.status() == 204) {
            assert!(started.elapsed() < PATIENCE, "the api does not answer");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        Self { process, address }
    }

    /// Has everybody who is signed in ask for a first time, as an app does when it is opened.
    pub(crate) async fn greet(&self, tokens: &Tokens) -> Result<(), String> {
        let connections = Connection::open(self.address, GREETERS, tokens).await?;
        let greeters: Vec<_> = connections
            .into_iter()
            .enumerate()
            .map(|(first, mut connection)| {
                let tokens = tokens.clone();
                tokio::spawn(async move {
                    for token in tokens.iter().skip(first).step_by(GREETERS) {
                        connection.ask(Some(token), r#"{"query":"{ __typename }"}"#).await?;
                    }
                    Ok::<(), String>(())
                })
            })
            .collect();
        for greeter in greeters {
            greeter.await.map_err(|error| error.to_string())??;
        }
        Ok(())
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.process.0.id()
    }
}

/// What a worker is told.
pub(crate) fn worker_settings<'a>(database: &'a str, redis: &'a str) -> [(&'static str, &'a str); 4] {
    [
        ("DATABASE_URL", database),
        ("REDIS_URL", redis),
        ("MASTER_KEY", people::MASTER_KEY),
        ("LOG", "warn,apalis_core=off"),
    ]
}

fn address() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, servers::free_port()))
}

/// Serves the API in another way; this is what [`Front::writing`] starts.
pub(crate) async fn serve(way: &str, database: &str, listen: SocketAddr) -> Result<(), String> {
    let (writing, screening) = match way {
        "one-by-one" => (Writing::OneByOne, true),
        "nothing" => (Writing::Nothing, true),
        "unscreened" => (Writing::Coalescing, false),
        other => return Err(format!("{other} is no way to serve")),
    };
    let db = Db::connect(database).await.map_err(|error| error.to_string())?;
    let bank = people::bank_writing(db, writing).await?.with_screening(screening);
    let api = api::server::Api { bank, allowed_origins: Vec::new(), trusted_proxies: Vec::new() };
    let bound = api.bind(listen).await?;
    bound.serve(std::future::pending()).await.map_err(|error| error.to_string())
}

/// Tokens that are good for as long as a round takes, in every copy of the template.
pub(crate) async fn tokens(bank: &Bank) -> Tokens {
    Arc::new(people::tokens(bank, people::SIGNED_IN).await)
}
