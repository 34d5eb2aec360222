//! What is measured: how much of it, and which scenes, round after round.
//!
//! Guarantees: a scene that is not wanted costs nothing; what is compared is measured in the same
//! round, one beside the other. An error of any scene ends the run.

use crate::flood::Flood;
use crate::goals::{GOALS, TPC_B};
use crate::grow::Size;
use crate::growth::Growth;
use crate::jobs::Jobs;
use crate::machine;
use crate::pair::Pair;
use crate::sqlite::Sqlite;
use crate::stage;
use crate::table::{self, Round};
use crate::transfers::Transfers;
use std::time::Duration;
use tests::servers::{Postgres, Redis};

/// How much is measured.
pub(crate) struct Plan {
    /// Rounds of which the median is taken.
    pub(crate) rounds: usize,
    /// How long each figure is measured.
    pub(crate) time: Duration,
    /// People in each database.
    pub(crate) people: usize,
    /// The scale of pgbench.
    pub(crate) scale: usize,
    /// Clients at once.
    pub(crate) clients: Vec<usize>,
    /// Only figures whose name begins with one of these, if there are any.
    pub(crate) only: Vec<String>,
    /// PostgreSQL's `max_wal_size`.
    pub(crate) log: String,
    /// How long a bank may take to have everybody paid once, before it is measured.
    pub(crate) warm_up: Duration,
    /// Deposits, and withdrawals, that are asked for at once.
    pub(crate) burst: usize,
    /// The size of the grown database, if there is to be one.
    pub(crate) growth: Option<Size>,
    /// Whether two apis and two workers are measured.
    pub(crate) two_by_two: bool,
}

/// Those that are wanted.
struct Scenes<'a> {
    transfers: Option<Transfers<'a>>,
    sqlite: Option<Sqlite<'a>>,
    jobs: Option<Jobs<'a>>,
    pair: Option<Pair<'a>>,
    growth: Option<Growth<'a>>,
    flood: Option<Flood<'a>>,
}

impl Plan {
    /// Three rounds of everything, for the README.
    pub(crate) fn long(rounds: usize, seconds: u64) -> Self {
        Self {
            rounds,
            time: Duration::from_secs(seconds),
            people: 100_000,
            scale: 100,
            clients: vec![1, 16, 64, 256, 1024],
            only: Vec::new(),
            log: "8GB".to_owned(),
            warm_up: Duration::from_secs(300),
            burst: 2_000,
            growth: None,
            two_by_two: false,
        }
    }

    /// One small round.
    pub(crate) fn short() -> Self {
        Self {
            people: 10_000,
            scale: 10,
            clients: vec![1, 64],
            warm_up: Duration::from_secs(3),
            burst: 300,
            ..Self::long(1, 1)
        }
    }

    /// The same for figures whose name begins with one of these, with so many clients.
    pub(crate) fn only(mut self, names: Vec<String>, clients: &[usize]) -> Self {
        self.only = names;
        if !clients.is_empty() {
            self.clients = clients.to_vec();
        }
        self
    }

    /// The same with the scenes that take long, and another `max_wal_size`.
    pub(crate) fn with(mut self, growth: Option<Size>, two_by_two: bool, log: String) -> Self {
        self.log = log;
        self.growth = growth;
        self.two_by_two = two_by_two;
        self
    }

    /// Whether this figure is to be measured.
    pub(crate) fn wants(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| name.starts_with(only))
    }

    /// Measures, and prints the table.
    pub(crate) async fn run(&self) -> Result<(), String> {
        eprintln!("preparing PostgreSQL with {} people …", self.people);
        let (server, redis) = (stage::postgres(&self.log), Redis::start());
        stage::database(&server, stage::TEMPLATE, self.people).await;
        let scenes = Scenes::open(self, &server, &redis).await?;
        let mut rounds = Vec::new();
        for number in 1..=self.rounds {
            eprintln!("round {number} of {}", self.rounds);
            rounds.push(scenes.round().await?);
        }
        println!("{}", machine::describe());
        let version = server.sql("postgres", "SELECT version()")?;
        println!("{version}; {}", stage::settings(&self.log).join(", "));
        println!();
        table::print(&rounds, TPC_B);
        println!();
        table::print_goals(&rounds, &GOALS);
        Ok(())
    }
}

impl<'a> Scenes<'a> {
    async fn open(plan: &'a Plan, server: &'a Postgres, redis: &Redis) -> Result<Self, String> {
        Ok(Self {
            growth: Growth::open(plan, server).await?,
            sqlite: Sqlite::open(plan).await?,
            jobs: Jobs::open(plan, server).await?,
            pair: Pair::open(plan, server).await?,
            flood: Flood::open(plan, server, redis).await?,
            // Last, so that nothing comes between its warm-up and its round.
            transfers: Transfers::open(plan, server, redis).await?,
        })
    }

    async fn round(&self) -> Result<Round, String> {
        let mut round = Round::new();
        if let Some(scene) = &self.transfers {
            scene.round(&mut round).await?;
        }
        if let Some(scene) = &self.sqlite {
            scene.round(&mut round).await?;
        }
        if let Some(scene) = &self.jobs {
            scene.round(&mut round).await?;
        }
        if let Some(scene) = &self.pair {
            scene.round(&mut round).await?;
        }
        if let Some(scene) = &self.flood {
            scene.round(&mut round).await?;
        }
        if let Some(scene) = &self.growth {
            scene.round(&mut round).await?;
        }
        Ok(round)
    }
}
