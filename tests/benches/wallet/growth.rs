//! Growth: the same transfers on a database with many accounts and a long past, and its history.
//!
//! Guarantees: both databases lie on the same server, and each run on one stands beside the same run
//! on the other. What is measured is a database at work, and not the seconds after a checkpoint: so each is at work
//! for a while first. Both are looked through after every round, which takes a while for the large one.

use crate::checker::{self, Log};
use crate::goals::{FRESH, GROWN, PAGE_BIG, PAGE_SMALL};
use crate::grow::{self, Shape};
use crate::history::Pages;
use crate::load::Payees;
use crate::measure::{self, Beside, note};
use crate::people;
use crate::plan::Plan;
use crate::stage;
use crate::table::{Round, Row};
use entity::{Bank, Db};
use std::time::Duration;
use tests::servers::Postgres;

/// How long a database is at work before it is measured, in the time of a figure. After a checkpoint PostgreSQL writes
/// each page whole when it first changes: those of a hundred thousand accounts within two seconds, those of a million
/// within ten to fifteen. The next checkpoint comes after fifteen minutes.
const SETTLING: u32 = 5;

/// One of the two databases.
struct Side {
    bank: Bank,
    people: usize,
    log: Log,
}

/// Both.
pub(crate) struct Growth<'a> {
    plan: &'a Plan,
    server: &'a Postgres,
    fresh: Side,
    grown: Side,
    pages: Pages,
}

impl Side {
    async fn open(plan: &Plan, url: &str, people: usize) -> Result<Self, String> {
        let bank = people::bank(Db::connect(url).await.map_err(|error| error.to_string())?).await?;
        let log = Log::of(url);
        let crowd = measure::counters(&bank, FRESH.1);
        measure::warm_up(plan.warm_up, people, crowd, Some(&log)).await?;
        Ok(Self { bank, people, log })
    }

    async fn drive(&self, time: Duration, clients: usize, beside: Beside<'_>) -> Result<Row, String> {
        let tellers = measure::counters(&self.bank, clients);
        measure::drive_for(time, self.people, tellers, Payees::Uniform, Some(&self.log), beside).await
    }
}

impl<'a> Growth<'a> {
    /// Sets the scene, if it is wanted: this takes minutes.
    pub(crate) async fn open(plan: &'a Plan, server: &'a Postgres) -> Result<Option<Self>, String> {
        let Some(size) = plan.growth else {
            return Ok(None);
        };
        eprintln!("growing {} accounts and {} postings …", size.accounts, size.postings);
        server.create_database("grown", None);
        let url = server.url("grown");
        let shape: Shape = grow::fill(&url, size).await?;
        let fresh = Side::open(plan, &stage::copy(server, "fresh"), plan.people).await?;
        let grown = Side::open(plan, &url, shape.accounts).await?;
        let pages = Pages::prepare(&grown.bank, shape, &grown.log).await?;
        for database in ["fresh", "grown"] {
            // Or PostgreSQL would tidy up after the warm-up by itself, in the first round.
            server.sql(database, "VACUUM ANALYZE")?;
        }
        Ok(Some(Self { plan, server, fresh, grown, pages }))
    }

    /// Measures each figure once, on one database and on the other.
    pub(crate) async fn round(&self, round: &mut Round) -> Result<(), String> {
        self.server.sql("postgres", "CHECKPOINT")?;
        let database = [self.server.pid()];
        let beside = Beside { api: &[], database: &database };
        for (key, side) in [(FRESH, &self.fresh), (GROWN, &self.grown)] {
            if self.plan.wants(key.0) {
                side.drive(self.plan.time * SETTLING, key.1, beside).await?;
                note(round, key, side.drive(self.plan.time, key.1, beside).await?);
            }
        }
        if self.plan.wants(PAGE_SMALL.0) || self.plan.wants(PAGE_BIG.0) {
            let [small, big] = self.pages.measure(&self.grown.bank, self.plan.time).await?;
            note(round, PAGE_SMALL, small);
            note(round, PAGE_BIG, big);
        }
        checker::verify(&[&self.fresh.log, &self.grown.log]).await
    }
}
