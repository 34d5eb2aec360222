//! Transfers on PostgreSQL, beside pgbench on the same server.
//!
//! Guarantees: each way to write has a database of its own, all copies of one; in each round every
//! figure of ours stands beside a run of pgbench, so that both meet the same minutes of the machine.

use crate::baseline::{Baseline, Script};
use crate::checker::{self, Log};
use crate::goals::TPC_B;
use crate::http::{Ceiling, Connection};
use crate::load::{Payees, Tokens};
use crate::measure::{self, Beside, note};
use crate::people;
use crate::plan::Plan;
use crate::stage::{self, Front};
use crate::table::{Round, Row};
use entity::{Bank, Db};
use tests::servers::{Postgres, Redis};

const BASELINES: [(&str, Script); 3] = [
    (TPC_B.0, Script::TpcB),
    ("pgbench transfer, 7 statements", Script::Statements),
    ("pgbench transfer, PL/pgSQL", Script::Function),
];
const COUNTER: [(&str, Payees); 2] =
    [("in process", Payees::Uniform), ("in process, all pay one", Payees::One)];
const SHIPPED: [(&str, Payees); 2] = [("HTTP", Payees::Uniform), ("HTTP, all pay one", Payees::One)];
const ONE_BY_ONE: &str = "HTTP, one transaction each";
const UNSCREENED: &str = "HTTP, unscreened";
const STUBBED: &str = "HTTP, ledger stubbed";
const CEILING: &str = "HTTP, __typename";

/// Clients with which apis are warmed up.
const CROWD: usize = 256;

/// Clients with which ways to write are compared.
const COMPARED: usize = 64;

/// Everything that a round needs.
pub(crate) struct Transfers<'a> {
    plan: &'a Plan,
    server: &'a Postgres,
    baseline: Baseline<'a>,
    shipped: Front,
    one_by_one: Front,
    unscreened: Front,
    nothing: Front,
    bank: Bank,
    /// Of the databases of `bank`, `shipped`, `one_by_one` and `unscreened`.
    logs: [Log; 4],
}

impl<'a> Transfers<'a> {
    /// Sets the scene; nothing, where none of its figures is wanted.
    pub(crate) async fn open(
        plan: &'a Plan,
        server: &'a Postgres,
        redis: &Redis,
    ) -> Result<Option<Self>, String> {
        let ours = [COUNTER, SHIPPED].into_iter().flatten().map(|(name, _)| name);
        let others = [ONE_BY_ONE, UNSCREENED, STUBBED, CEILING];
        let theirs = BASELINES.map(|(name, _)| name);
        if !ours.chain(others).chain(theirs).any(|name| plan.wants(name)) {
            return Ok(None);
        }
        eprintln!("preparing pgbench at scale {} and five apis …", plan.scale);
        let [counter, shipped, one_by_one, unscreened, nothing] =
            ["counter", "shipped", "one_by_one", "unscreened", "nothing"]
                .map(|name| stage::copy(server, name));
        let db = Db::connect(&counter).await.map_err(|error| error.to_string())?;
        let scene = Self {
            plan,
            server,
            baseline: Baseline::prepare(server, plan.scale, plan.people),
            shipped: Front::shipped(&shipped, redis).await,
            one_by_one: Front::writing(&one_by_one, "one-by-one").await,
            unscreened: Front::writing(&unscreened, "unscreened").await,
            nothing: Front::writing(&nothing, "nothing").await,
            bank: people::bank(db).await?,
            logs: [&counter, &shipped, &one_by_one, &unscreened].map(|url| Log::of(url)),
        };
        scene.warm_up().await?;
        Ok(Some(scene))
    }

    async fn warm_up(&self) -> Result<(), String> {
        eprintln!("warming up …");
        let (plan, tokens) = (self.plan, stage::tokens(&self.bank).await);
        if SHIPPED.iter().any(|(name, _)| plan.wants(name)) {
            let crowd = self.shipped.connect(CROWD, &tokens).await?;
            measure::warm_up(plan.warm_up, plan.people, crowd, Some(&self.logs[1])).await?;
        }
        if plan.wants(ONE_BY_ONE) {
            let crowd = self.one_by_one.connect(CROWD, &tokens).await?;
            measure::warm_up(plan.warm_up, plan.people, crowd, Some(&self.logs[2])).await?;
        }
        if plan.wants(UNSCREENED) {
            let crowd = self.unscreened.connect(CROWD, &tokens).await?;
            measure::warm_up(plan.warm_up, plan.people, crowd, Some(&self.logs[3])).await?;
        }
        if plan.wants(STUBBED) {
            let crowd = self.nothing.connect(CROWD, &tokens).await?;
            measure::warm_up(plan.warm_up, plan.people, crowd, None).await?;
        }
        if COUNTER.iter().any(|(name, _)| plan.wants(name)) {
            let crowd = measure::counters(&self.bank, CROWD);
            measure::warm_up(plan.warm_up, plan.people, crowd, Some(&self.logs[0])).await?;
        }
        Ok(())
    }

    /// Measures each figure once, with each number of clients.
    pub(crate) async fn round(&self, round: &mut Round) -> Result<(), String> {
        self.server.sql("postgres", "CHECKPOINT")?;
        let tokens = stage::tokens(&self.bank).await;
        for front in [&self.shipped, &self.one_by_one, &self.unscreened, &self.nothing] {
            front.greet(&tokens).await?;
        }
        // What writes nothing comes first: afterwards the database is still busy with what the others wrote.
        if self.plan.clients.contains(&COMPARED) {
            self.ceiling(&tokens, round).await?;
        }
        for &clients in &self.plan.clients {
            self.measure(clients, &tokens, round).await?;
            if clients == COMPARED {
                self.compare(&tokens, round).await?;
            }
        }
        checker::verify(&self.logs.each_ref()).await
    }

    async fn measure(&self, clients: usize, tokens: &Tokens, round: &mut Round) -> Result<(), String> {
        let plan = self.plan;
        let baselines = BASELINES.into_iter().filter(|(name, _)| clients <= 64 && plan.wants(name));
        for (name, script) in baselines {
            let run = self.baseline.run(script, clients, plan.time);
            let row = Row { rate: run.rate, p50: run.p50, p99: run.p99, ..Row::default() };
            note(round, (name, clients), row);
        }
        let database = [self.server.pid()];
        for (name, payees) in COUNTER.into_iter().filter(|(name, _)| plan.wants(name)) {
            let tellers = measure::counters(&self.bank, clients);
            let beside = Beside { api: &[], database: &database };
            let row = measure::drive(plan, tellers, payees, Some(&self.logs[0]), beside).await?;
            note(round, (name, clients), row);
        }
        for (name, payees) in SHIPPED.into_iter().filter(|(name, _)| plan.wants(name)) {
            let tellers = self.shipped.connect(clients, tokens).await?;
            let row = self.over(&self.shipped, tellers, payees, Some(&self.logs[1])).await?;
            note(round, (name, clients), row);
        }
        Ok(())
    }

    /// The api that writes nothing: what HTTP and GraphQL allow at best.
    async fn ceiling(&self, tokens: &Tokens, round: &mut Round) -> Result<(), String> {
        if self.plan.wants(STUBBED) {
            let tellers = self.nothing.connect(COMPARED, tokens).await?;
            let row = self.over(&self.nothing, tellers, Payees::Uniform, None).await?;
            note(round, (STUBBED, COMPARED), row);
        }
        if self.plan.wants(CEILING) {
            let connections = self.nothing.connect(COMPARED, tokens).await?;
            let tellers: Vec<Ceiling> = connections.into_iter().map(Ceiling).collect();
            let row = self.over(&self.nothing, tellers, Payees::Uniform, None).await?;
            note(round, (CEILING, COMPARED), row);
        }
        Ok(())
    }

    /// The apis that write in other ways.
    async fn compare(&self, tokens: &Tokens, round: &mut Round) -> Result<(), String> {
        let others =
            [(ONE_BY_ONE, &self.one_by_one, &self.logs[2]), (UNSCREENED, &self.unscreened, &self.logs[3])];
        for (name, front, log) in others.into_iter().filter(|(name, _, _)| self.plan.wants(name)) {
            let tellers = front.connect(COMPARED, tokens).await?;
            let row = self.over(front, tellers, Payees::Uniform, Some(log)).await?;
            note(round, (name, COMPARED), row);
        }
        Ok(())
    }

    async fn over<T: crate::load::Teller>(
        &self,
        front: &Front,
        tellers: Vec<T>,
        payees: Payees,
        log: Option<&Log>,
    ) -> Result<Row, String> {
        let beside = Beside { api: &[front.pid()], database: &[self.server.pid()] };
        measure::drive(self.plan, tellers, payees, log, beside).await
    }
}

impl Front {
    /// So many connections to it.
    pub(crate) async fn connect(&self, clients: usize, tokens: &Tokens) -> Result<Vec<Connection>, String> {
        Connection::open(self.address, clients, tokens).await
    }
}
