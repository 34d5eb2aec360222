//! Two by two: two apis and two workers on one database and one Redis, under load at once.
//!
//! Guarantees: the clients and the withdrawals are split over both apis, and both workers run. In the
//! end every act is there once, the books balance, and no withdrawal is unfinished.

use crate::checker::{self, Acknowledged, Log};
use crate::http::Connection;
use crate::jobs::{self, LINKED};
use crate::load::{Payees, Tokens};
use crate::measure::{self, Beside, note};
use crate::people;
use crate::plan::Plan;
use crate::stage::{self, Front};
use crate::table::{Key, Round, Row};
use entity::{Bank, Db};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;
use tests::deployment::Process;
use tests::servers::{Postgres, Redis};

const TRANSFERS: Key = ("HTTP, two apis and two workers", 64);
const WITHDRAWALS: Key = ("withdrawals meanwhile, two by two", 8);
/// Withdrawals in a burst.
const BURST: usize = 500;
/// The database.
const NAME: &str = "pair";
const DOCUMENT: &str = "mutation Pay($input: RequestWithdrawalInput!) { requestWithdrawal(input: $input) { transaction { id } } }";
/// The ids of bank accounts as the api says them, in the order of people.
const INSTRUMENTS: &str = "SELECT translate(encode(convert_to('instrument:' || id, 'UTF8'), 'base64'), \
    E'+/=\\n', '-_') FROM instruments ORDER BY id";

/// Two of each.
pub(crate) struct Pair<'a> {
    plan: &'a Plan,
    server: &'a Postgres,
    fronts: [Front; 2],
    _workers: [Process; 2],
    _redis: Redis,
    bank: Bank,
    instruments: Vec<String>,
    log: Log,
}

impl<'a> Pair<'a> {
    /// Sets the scene, if it is wanted.
    pub(crate) async fn open(plan: &'a Plan, server: &'a Postgres) -> Result<Option<Self>, String> {
        if !plan.two_by_two {
            return Ok(None);
        }
        eprintln!("preparing two apis and two workers …");
        let (redis, url) = (Redis::start(), stage::copy(server, NAME));
        let db = Db::connect(&url).await.map_err(|error| error.to_string())?;
        let bank = people::bank(db).await?;
        people::link(&bank, LINKED).await?;
        let worker = || Process::start("worker", &stage::worker_settings(&url, &redis.url()));
        let scene = Self {
            plan,
            server,
            fronts: [Front::shipped(&url, &redis).await, Front::shipped(&url, &redis).await],
            _workers: [worker(), worker()],
            bank,
            instruments: server.sql(NAME, INSTRUMENTS)?.lines().map(str::to_owned).collect(),
            log: Log::of(&url),
            _redis: redis,
        };
        let tokens = scene.greet().await?;
        for front in &scene.fronts {
            let crowd = front.connect(TRANSFERS.1, &tokens).await?;
            measure::warm_up(plan.warm_up, plan.people, crowd, Some(&scene.log)).await?;
        }
        Ok(Some(scene))
    }

    /// Measures both figures at once, and looks whether all is well.
    pub(crate) async fn round(&self, round: &mut Round) -> Result<(), String> {
        let apis = [self.fronts[0].pid(), self.fronts[1].pid()];
        let database = [self.server.pid()];
        let beside = Beside { api: &apis, database: &database };
        let tokens = self.greet().await?;
        let tellers = self.connect(TRANSFERS.1, &tokens).await?;
        let transfers = measure::drive(self.plan, tellers, Payees::Uniform, Some(&self.log), beside);
        let (transfers, withdrawals) = tokio::join!(transfers, self.withdraw(&tokens));
        note(round, TRANSFERS, transfers?);
        note(round, WITHDRAWALS, Row { rate: withdrawals?, ..Row::default() });
        checker::verify(&[&self.log]).await?;
        let open = "SELECT count(*) FROM transactions WHERE state NOT IN ('SETTLED', 'FAILED')";
        match self.server.sql(NAME, open)?.as_str() {
            "0" => Ok(()),
            open => Err(format!("{open} withdrawals are unfinished")),
        }
    }

    /// Everybody who is signed in is known to both, with these tokens.
    async fn greet(&self) -> Result<Tokens, String> {
        let tokens = stage::tokens(&self.bank).await;
        for front in &self.fronts {
            front.greet(&tokens).await?;
        }
        Ok(tokens)
    }

    /// Connections to both, in turn.
    async fn connect(&self, count: usize, tokens: &Tokens) -> Result<Vec<Connection>, String> {
        let [first, second] = &self.fronts;
        let (first, second) =
            (first.connect(count / 2, tokens).await?, second.connect(count - count / 2, tokens).await?);
        Ok(first.into_iter().zip(second).flat_map(|(first, second)| [first, second]).collect())
    }

    /// Asks for the withdrawals and waits until all are done: how many a second.
    async fn withdraw(&self, tokens: &Tokens) -> Result<u64, String> {
        let connections = self.connect(WITHDRAWALS.1, tokens).await?;
        let (began, next) = (Instant::now(), AtomicUsize::new(0));
        let asking = connections.into_iter().map(async |mut connection: Connection| {
            let mut acknowledged = Acknowledged::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= BURST {
                    return Ok::<_, String>(acknowledged);
                }
                let person = 1 + number % (LINKED - 1);
                let (key, instrument) = (key(), self.instruments.get(person).ok_or("no bank account")?);
                let token = tokens.get(person).map(String::as_str);
                let (status, answer) = connection.ask(token, &body(instrument, &key)).await?;
                if status != 200 || answer.contains("\"errors\"") {
                    return Err(answer);
                }
                acknowledged.push((people::user(person), key));
            }
        });
        for acknowledged in futures::future::try_join_all(asking).await? {
            self.log.append(&acknowledged)?;
        }
        jobs::idle(&self.bank).await?;
        Ok(measure::per_second(u64::try_from(BURST).unwrap_or_default(), began.elapsed()))
    }
}

fn key() -> String {
    static NUMBERS: AtomicUsize = AtomicUsize::new(0);
    format!("pair-{}", NUMBERS.fetch_add(1, Ordering::Relaxed))
}

fn body(instrument: &str, key: &str) -> String {
    format!(
        r#"{{"query":"{DOCUMENT}","variables":{{"input":{{"instrumentId":"{instrument}","money":{{"amount":"0.01","currency":"EUR"}},"idempotencyKey":"{key}"}}}}}}"#
    )
}
