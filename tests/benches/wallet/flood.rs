//! A flood of sign-ins: twice as many as passwords can be hashed, each with a handle and an address of its own, so
//! that no limit shuts them out. Meanwhile people pay at a steady pace, which is compared with the same pace in quiet.
//!
//! Guarantees: the flood keeps coming at its pace whatever is answered, and begins before the payments are timed.

use crate::checker::{self, Log};
use crate::goals::{FLOODED, QUIET};
use crate::http::Connection;
use crate::load::{Act, Payees, Teller, Tokens};
use crate::measure::{self, Beside, note};
use crate::people;
use crate::plan::Plan;
use crate::stage::{self, Front};
use crate::table::{Key, Round, Row};
use entity::{Bank, Db};
use std::time::{Duration, Instant};
use tests::servers::{Postgres, Redis};

/// As many as can be hashed.
const CAPACITY: Key = ("sign-ins, as many as can be", 8);
/// Twice as many.
const FLOOD: Key = ("sign-ins in a flood", 256);
/// Payments a second.
const PACE: u64 = 400;
/// How long each figure is measured at least: the slowest of 100 need many.
const TIME: Duration = Duration::from_secs(5);

/// An api of its own.
pub(crate) struct Flood<'a> {
    plan: &'a Plan,
    server: &'a Postgres,
    front: Front,
    bank: Bank,
    log: Log,
}

impl<'a> Flood<'a> {
    /// Sets the scene, if it is wanted.
    pub(crate) async fn open(
        plan: &'a Plan,
        server: &'a Postgres,
        redis: &Redis,
    ) -> Result<Option<Self>, String> {
        if ![CAPACITY, FLOOD, QUIET, FLOODED].iter().any(|(name, _)| plan.wants(name)) {
            return Ok(None);
        }
        eprintln!("preparing an api to be flooded …");
        let url = stage::copy(server, "flood");
        let db = Db::connect(&url).await.map_err(|error| error.to_string())?;
        let (front, bank) = (Front::shipped(&url, redis).await, people::bank(db).await?);
        let scene = Self { plan, server, front, bank, log: Log::of(&url) };
        let crowd = scene.front.connect(64, &stage::tokens(&scene.bank).await).await?;
        measure::warm_up(plan.warm_up, plan.people, crowd, Some(&scene.log)).await?;
        Ok(Some(scene))
    }

    /// Pays in quiet, finds out how many sign-ins there can be, and pays again in the flood.
    pub(crate) async fn round(&self, round: &mut Round) -> Result<(), String> {
        let tokens = stage::tokens(&self.bank).await;
        self.front.greet(&tokens).await?;
        let time = self.plan.time.max(TIME);
        note(round, QUIET, self.pay(time, &tokens).await?);
        let capacity = self.sign_in(CAPACITY.1, Duration::ZERO, time / 2, &tokens).await?;
        let rate = capacity.rate.max(1) * 2;
        note(round, CAPACITY, capacity);
        let clients = u64::try_from(FLOOD.1).unwrap_or(u64::MAX);
        let period = Duration::from_micros(1_000_000 * clients / rate);
        let (paid, flooded) =
            tokio::join!(self.pay(time, &tokens), self.sign_in(FLOOD.1, period, time, &tokens));
        note(round, FLOODED, paid?);
        note(round, FLOOD, flooded?);
        checker::verify(&[&self.log]).await
    }

    async fn pay(&self, time: Duration, tokens: &Tokens) -> Result<Row, String> {
        let connections = self.front.connect(QUIET.1, tokens).await?;
        let clients = u64::try_from(QUIET.1).unwrap_or(u64::MAX);
        let tellers = paced(connections, Duration::from_micros(1_000_000 * clients / PACE));
        let (api, database) = ([self.front.pid()], [self.server.pid()]);
        let beside = Beside { api: &api, database: &database };
        measure::drive_for(time, self.plan.people, tellers, Payees::Uniform, Some(&self.log), beside).await
    }

    /// Signs in with so many clients, each once in a period.
    async fn sign_in(
        &self,
        clients: usize,
        period: Duration,
        time: Duration,
        tokens: &Tokens,
    ) -> Result<Row, String> {
        let connections = self.front.connect(clients, tokens).await?;
        let tellers = paced(connections.into_iter().map(SignIn).collect(), period);
        measure::drive_for(time, self.plan.people, tellers, Payees::Uniform, None, Beside::default()).await
    }
}

/// Signs in as somebody who is unknown, from somewhere.
struct SignIn(Connection);

impl Teller for SignIn {
    async fn act(&mut self, act: Act) -> Result<(), String> {
        let [.., a, b, c] = act.number.to_be_bytes();
        let body = format!(
            r#"{{"query":"mutation {{ signIn(input: {{ handle: {{ email: \"{}@flood.example\" }}, password: \"not the password\" }}) {{ user {{ id }} }} }}"}}"#,
            act.key(),
        );
        let (_, answer) = self.0.ask_from(&format!("10.{a}.{b}.{c}"), &body).await?;
        let expected = ["SIGN_IN_FAILED", "OVERLOADED"].iter().any(|code| answer.contains(code));
        if expected { Ok(()) } else { Err(answer) }
    }
}

/// Acts once in a period, or as soon as it can.
struct Paced<T> {
    teller: T,
    next: Instant,
    period: Duration,
}

/// All of them, one after the other within a period.
fn paced<T: Teller>(tellers: Vec<T>, period: Duration) -> Vec<Paced<T>> {
    let count = u32::try_from(tellers.len()).unwrap_or(u32::MAX).max(1);
    let (now, mut wait) = (Instant::now(), Duration::ZERO);
    let each = tellers.into_iter().map(|teller| {
        wait += period / count;
        Paced { teller, next: now + wait, period }
    });
    each.collect()
}

impl<T: Teller> Teller for Paced<T> {
    const ELSEWHERE: bool = T::ELSEWHERE;

    async fn act(&mut self, act: Act) -> Result<(), String> {
        self.teller.act(act).await
    }

    /// Who comes late, because the last answer did, has waited since it was due.
    async fn due(&mut self) -> Instant {
        if self.period.is_zero() {
            return Instant::now();
        }
        let due = self.next;
        self.next += self.period;
        if Instant::now() > due {
            return due;
        }
        tokio::time::sleep_until(due.into()).await;
        Instant::now()
    }
}
