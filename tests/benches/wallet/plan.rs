//! What is measured, in which order: in each round every figure of ours stands beside a run of
//! pgbench, so that both meet the same minutes of the machine.

use crate::baseline::{Baseline, Script};
use crate::checker::{self, Log};
use crate::http::{Ceiling, Connection};
use crate::load::{self, Counter, Payees, Teller};
use crate::machine::{self, Meter};
use crate::people;
use crate::stage::{self, Front};
use crate::table::{self, Goal, Round, Row};
use entity::Db;
use std::time::Duration;
use tests::servers::{Postgres, Redis};

/// The denominator of most ratios.
const TPC_B: (&str, usize) = ("pgbench TPC-B", 64);

/// How much is measured.
pub(crate) struct Plan {
    rounds: usize,
    time: Duration,
    people: usize,
    scale: usize,
    clients: Vec<usize>,
}

/// Everything that a round needs.
struct Scene<'a> {
    plan: &'a Plan,
    server: &'a Postgres,
    baseline: Baseline<'a>,
    shipped: Front,
    one_by_one: Front,
    nothing: Front,
    bank: entity::Bank,
    log: Log,
}

impl Plan {
    /// Three rounds of everything, for the README.
    pub(crate) fn long(rounds: usize, seconds: u64) -> Self {
        let (time, clients) = (Duration::from_secs(seconds), vec![1, 16, 64, 256, 1024]);
        Self { rounds, time, people: 100_000, scale: 100, clients }
    }

    /// One small round.
    pub(crate) fn short() -> Self {
        let (time, clients) = (Duration::from_secs(1), vec![1, 64]);
        Self { rounds: 1, time, people: 10_000, scale: 10, clients }
    }

    /// Measures, and prints the table.
    pub(crate) async fn run(&self) -> Result<(), String> {
        eprintln!("preparing PostgreSQL, pgbench at scale {}, and {} people …", self.scale, self.people);
        let (server, redis) = (stage::postgres(), Redis::start());
        let database = stage::database(&server, "wallet", self.people).await;
        let scene = Scene {
            plan: self,
            baseline: Baseline::prepare(&server, self.scale, self.people),
            shipped: Front::shipped(&database, &redis).await,
            one_by_one: Front::writing(&database, "one-by-one").await,
            nothing: Front::writing(&database, "nothing").await,
            bank: people::bank(Db::connect(&database).await.map_err(|error| error.to_string())?),
            log: Log::new(),
            server: &server,
        };
        let mut rounds = Vec::new();
        for number in 1..=self.rounds {
            eprintln!("round {number} of {}", self.rounds);
            rounds.push(scene.round().await?);
        }
        println!("{}", machine::describe());
        println!("{}; {}", server.sql("postgres", "SELECT version()")?, stage::SETTINGS.join(", "));
        println!();
        table::print(&rounds, TPC_B);
        println!();
        table::print_goals(&rounds, &GOALS);
        Ok(())
    }
}

impl Scene<'_> {
    async fn round(&self) -> Result<Round, String> {
        let mut round = Round::new();
        self.server.sql("postgres", "CHECKPOINT")?;
        for &clients in &self.plan.clients {
            self.measure(clients, &mut round).await?;
        }
        let checked = self.log.check(self.server, "wallet")?;
        checker::audit(&self.bank).await?;
        eprintln!("  {checked} acknowledged acts are there once each; the audit is clean");
        Ok(round)
    }

    async fn measure(&self, clients: usize, round: &mut Round) -> Result<(), String> {
        if clients <= 64 {
            for (name, script) in [
                (TPC_B.0, Script::TpcB),
                ("pgbench transfer, 7 statements", Script::Statements),
                ("pgbench transfer, PL/pgSQL", Script::Function),
            ] {
                let run = self.baseline.run(script, clients, self.plan.time);
                note(
                    round,
                    (name, clients),
                    Row { rate: run.rate, p50: run.p50, p99: run.p99, ..Row::default() },
                );
            }
        }
        let counters = |_| Counter(self.bank.clone());
        for (name, payees) in [("in process", Payees::Uniform), ("in process, all pay one", Payees::One)] {
            let tellers = (0..clients).map(counters).collect();
            let row = self.load(tellers, payees, None).await?;
            note(round, (name, clients), row);
        }
        for (name, payees) in [("HTTP", Payees::Uniform), ("HTTP, all pay one", Payees::One)] {
            let row =
                self.load(self.connect(&self.shipped, clients).await?, payees, Some(&self.shipped)).await?;
            note(round, (name, clients), row);
        }
        if clients != 64 {
            return Ok(());
        }
        let front = &self.one_by_one;
        let row = self.load(self.connect(front, clients).await?, Payees::Uniform, Some(front)).await?;
        note(round, ("HTTP, one transaction each", clients), row);
        let front = &self.nothing;
        let stubbed = self.connect(front, clients).await?;
        let row = self.quiet(stubbed, front).await?;
        note(round, ("HTTP, ledger stubbed", clients), row);
        let ceiling = self.connect(front, clients).await?.into_iter().map(Ceiling).collect();
        let row = self.quiet(ceiling, front).await?;
        note(round, ("HTTP, __typename", clients), row);
        Ok(())
    }

    async fn connect(&self, front: &Front, clients: usize) -> Result<Vec<Connection>, String> {
        Connection::open(front.address, clients, &stage::tokens()).await
    }

    /// Load whose acts are real.
    async fn load<T: Teller>(
        &self,
        tellers: Vec<T>,
        payees: Payees,
        front: Option<&Front>,
    ) -> Result<Row, String> {
        let (row, acknowledged) = self.drive(tellers, payees, front).await?;
        self.log.append(&acknowledged).map_err(|error| error.to_string())?;
        Ok(row)
    }

    /// Load that leaves nothing behind.
    async fn quiet<T: Teller>(&self, tellers: Vec<T>, front: &Front) -> Result<Row, String> {
        Ok(self.drive(tellers, Payees::Uniform, Some(front)).await?.0)
    }

    async fn drive<T: Teller>(
        &self,
        tellers: Vec<T>,
        payees: Payees,
        front: Option<&Front>,
    ) -> Result<(Row, Vec<(entity::id::UserId, String)>), String> {
        let api: Vec<u32> = front.map(Front::pid).into_iter().collect();
        let meter = Meter::start(&api, &[self.server.pid()]);
        let run = load::run(tellers, payees, self.plan.people, self.plan.time / 4, self.plan.time).await?;
        let cpu = meter.stop();
        let rate = run.done * 1000 / u64::try_from(run.time.as_millis()).unwrap_or(u64::MAX);
        Ok((Row { rate, p50: run.quantile(500), p99: run.quantile(990), cpu }, run.acknowledged))
    }
}

fn note(round: &mut Round, key: table::Key, row: Row) {
    eprintln!("  {:<32} {:>5} clients {:>7}/s  p50 {:?}  p99 {:?}", key.0, key.1, row.rate, row.p50, row.p99);
    round.insert(key, row);
}

fn p99_of_p50(round: &Round) -> Option<u64> {
    let row = round.get(&("HTTP", 64))?;
    table::hundredths(micros(row.p99), micros(row.p50))
}

fn alone(round: &Round) -> Option<u64> {
    let (ours, theirs) = (round.get(&("HTTP", 1))?, round.get(&(TPC_B.0, 1))?);
    table::hundredths(micros(ours.p50), micros(theirs.p50))
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

const GOALS: [Goal; 8] = [
    Goal {
        figure: "HTTP at 64 / TPC-B at 64",
        must: 300,
        goal: 500,
        at_most: false,
        ratio: |round| table::rates(round, ("HTTP", 64), TPC_B),
    },
    Goal {
        figure: "HTTP at 256 / TPC-B at 64",
        must: 400,
        goal: 600,
        at_most: false,
        ratio: |round| table::rates(round, ("HTTP", 256), TPC_B),
    },
    Goal {
        figure: "HTTP at 64 / one transaction each over HTTP",
        must: 400,
        goal: 800,
        at_most: false,
        ratio: |round| table::rates(round, ("HTTP", 64), ("HTTP, one transaction each", 64)),
    },
    Goal {
        figure: "in process at 64 / TPC-B at 64",
        must: 600,
        goal: 1000,
        at_most: false,
        ratio: |round| table::rates(round, ("in process", 64), TPC_B),
    },
    Goal {
        figure: "all pay one / uniform, HTTP at 64",
        must: 90,
        goal: 120,
        at_most: false,
        ratio: |round| table::rates(round, ("HTTP, all pay one", 64), ("HTTP", 64)),
    },
    Goal { figure: "p99 / p50, HTTP at 64", must: 400, goal: 250, at_most: true, ratio: p99_of_p50 },
    Goal {
        figure: "p50 alone over HTTP / pgbench TPC-B alone",
        must: 150,
        goal: 100,
        at_most: true,
        ratio: alone,
    },
    Goal {
        figure: "ledger stubbed / __typename, HTTP at 64",
        must: 50,
        goal: 75,
        at_most: false,
        ratio: |round| table::rates(round, ("HTTP, ledger stubbed", 64), ("HTTP, __typename", 64)),
    },
];
