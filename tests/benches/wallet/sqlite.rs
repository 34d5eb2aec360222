//! SQLite: what coalescing is worth where there is one writer, in process.
//!
//! Guarantees: both ways to write have a file of their own, copies of one, in one directory of a
//! real disk (wherever temporary files are), and sync in full as in a wallet that is shipped.

use crate::checker::{self, Log};
use crate::goals::{SQLITE, SQLITE_ONE_BY_ONE};
use crate::load::Payees;
use crate::measure::{self, Beside, note};
use crate::people;
use crate::plan::Plan;
use crate::stage;
use crate::table::{Key, Round};
use entity::{Bank, Db, Writing};
use std::path::{Path, PathBuf};

const ALL_PAY_ONE: Key = ("SQLite in process, all pay one", 64);
const ALL_PAY_ONE_EACH: Key = ("SQLite, one each, all pay one", 64);
const CLIENTS: usize = 64;

/// A directory that goes with the scene.
struct Directory(PathBuf);

impl Drop for Directory {
    fn drop(&mut self) {
        let _gone = std::fs::remove_dir_all(&self.0);
    }
}

/// Two banks, each on a file of its own.
pub(crate) struct Sqlite<'a> {
    plan: &'a Plan,
    coalescing: (Bank, Log),
    one_by_one: (Bank, Log),
    _files: Directory,
}

impl<'a> Sqlite<'a> {
    /// Sets the scene; nothing, where none of its figures is wanted.
    pub(crate) async fn open(plan: &'a Plan) -> Result<Option<Self>, String> {
        let figures = [SQLITE, SQLITE_ONE_BY_ONE, ALL_PAY_ONE, ALL_PAY_ONE_EACH];
        if !figures.iter().any(|(name, _)| plan.wants(name)) {
            return Ok(None);
        }
        eprintln!("preparing two SQLite files with {} people …", plan.people);
        let path = std::env::temp_dir().join(format!("okpay-sqlite-{}", std::process::id()));
        std::fs::create_dir_all(&path).map_err(|error| error.to_string())?;
        let files = Directory(path);
        let (first, second) = (files.0.join("coalescing.db"), files.0.join("one-by-one.db"));
        stage::settle(&url(&first), plan.people).await;
        std::fs::copy(&first, &second).map_err(|error| error.to_string())?;
        let coalescing = bank(&url(&first), Writing::Coalescing).await?;
        let one_by_one = bank(&url(&second), Writing::OneByOne).await?;
        for (bank, log) in [&coalescing, &one_by_one] {
            let crowd = measure::counters(bank, CLIENTS);
            measure::warm_up(plan.warm_up / 4, plan.people, crowd, Some(log)).await?;
        }
        Ok(Some(Self { plan, coalescing, one_by_one, _files: files }))
    }

    /// Measures each figure once, one beside the other.
    pub(crate) async fn round(&self, round: &mut Round) -> Result<(), String> {
        for (key, (bank, log), payees) in [
            (SQLITE, &self.coalescing, Payees::Uniform),
            (SQLITE_ONE_BY_ONE, &self.one_by_one, Payees::Uniform),
            (ALL_PAY_ONE, &self.coalescing, Payees::One),
            (ALL_PAY_ONE_EACH, &self.one_by_one, Payees::One),
        ] {
            if self.plan.wants(key.0) {
                let tellers = measure::counters(bank, key.1);
                let row = measure::drive(self.plan, tellers, payees, Some(log), Beside::default()).await?;
                note(round, key, row);
            }
        }
        checker::verify(&[&self.coalescing.1, &self.one_by_one.1]).await
    }
}

fn url(file: &Path) -> String {
    format!("sqlite://{}", file.display())
}

async fn bank(url: &str, writing: Writing) -> Result<(Bank, Log), String> {
    let db = Db::connect(url).await.map_err(|error| error.to_string())?;
    Ok((people::bank_writing(db, writing).await?, Log::of(url)))
}
