//! What has to hold after every round: each acknowledged act is there once, and the books balance.
//!
//! Guarantees: nothing that was acknowledged is left out, warm-ups included; a key that is missing,
//! there twice or not settled ends the benchmark, and so does any finding of the audit.

use crate::people;
use entity::id::UserId;
use entity::{Db, ledger};
use sea_orm::{DbBackend, FromQueryResult, Statement};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

/// Keys that are looked up at a time.
const CHUNK: usize = 2_000;

/// What was acknowledged: who paid, with which key.
pub(crate) type Acknowledged = Vec<(UserId, String)>;

/// The log of what one database has acknowledged: a line each, who paid and with which key.
pub(crate) struct Log {
    file: PathBuf,
    url: String,
}

#[derive(FromQueryResult)]
struct Found {
    found: i64,
    different: i64,
}

impl Log {
    /// A new one, of the database at this address.
    pub(crate) fn of(url: &str) -> Self {
        static LOGS: AtomicU32 = AtomicU32::new(0);
        let (process, number) = (std::process::id(), LOGS.fetch_add(1, Ordering::Relaxed));
        let file = std::env::temp_dir().join(format!("okpay-acknowledged-{process}-{number}.csv"));
        Self { file, url: url.to_owned() }
    }

    /// Writes down what a run was acknowledged.
    pub(crate) fn append(&self, acknowledged: &[(UserId, String)]) -> Result<(), String> {
        let mut text = String::new();
        for (payer, key) in acknowledged {
            // Writing to a string can't fail.
            let _written = writeln!(text, "{payer},{key}");
        }
        let file = std::fs::OpenOptions::new().create(true).append(true).open(&self.file);
        let written = file.and_then(|mut file| std::io::Write::write_all(&mut file, text.as_bytes()));
        written.map_err(|error| error.to_string())
    }

    /// Looks each of them up, and empties the log: how many there were.
    async fn check(&self, db: &Db) -> Result<usize, String> {
        let text = std::fs::read_to_string(&self.file).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        for chunk in lines.chunks(CHUNK) {
            let statement = lookup(db.connection().get_database_backend(), chunk)?;
            let row = Found::find_by_statement(statement).one(db.connection()).await;
            let Found { found, different } =
                row.map_err(|error| error.to_string())?.ok_or("the checker got no answer")?;
            let asked = chunk.len();
            if Ok(asked) != usize::try_from(found) || found != different {
                return Err(format!(
                    "of {asked} acts that were acknowledged, {found} are there, {different} of them different"
                ));
            }
        }
        let _gone = std::fs::remove_file(&self.file);
        Ok(lines.len())
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        let _gone = std::fs::remove_file(&self.file);
    }
}

/// The question how many of these acts are there and settled.
fn lookup(backend: DbBackend, lines: &[&str]) -> Result<Statement, String> {
    let mut asked = String::new();
    for line in lines {
        let (payer, key) = line.split_once(',').ok_or("the log can't be read")?;
        let comma = if asked.is_empty() { "" } else { ", " };
        let payer = if backend == DbBackend::Postgres {
            format!("'{payer}'::uuid")
        } else {
            format!("x'{}'", payer.replace('-', ""))
        };
        let _written = write!(asked, "{comma}({payer}, '{key}')");
    }
    let sql = format!(
        "WITH acknowledged (actor, key) AS (VALUES {asked}) \
         SELECT count(t.id) AS found, count(DISTINCT t.id) AS different FROM acknowledged a \
         JOIN transactions t ON t.actor = a.actor AND t.idempotency_key = a.key AND t.state = 'SETTLED'"
    );
    Ok(Statement::from_string(backend, sql))
}

/// Looks up what these databases have acknowledged, and audits their books.
///
/// # Errors
/// What is missing, or there twice; the laws that do not hold.
pub(crate) async fn verify(logs: &[&Log]) -> Result<(), String> {
    let mut checked = 0;
    for log in logs {
        let db = Db::connect(&log.url).await.map_err(|error| error.to_string())?;
        checked += log.check(&db).await.map_err(|error| format!("{}: {error}", log.url))?;
        audit(&db).await.map_err(|error| format!("{}: {error}", log.url))?;
        db.close().await;
    }
    eprintln!("  {checked} acknowledged acts are there once each; the audit is clean");
    Ok(())
}

/// Audits the books.
///
/// # Errors
/// The laws that do not hold.
pub(crate) async fn audit(db: &Db) -> Result<(), String> {
    let bank = people::bank(db.clone()).await?;
    let breaches = ledger::audit::run(&bank).await.map_err(|error| error.to_string())?;
    if breaches.is_empty() { Ok(()) } else { Err(format!("the audit found {breaches:?}")) }
}
