//! What has to hold after every run: each acknowledged act is there once, and the books balance.

use entity::id::UserId;
use entity::{Bank, ledger};
use std::fmt::Write as _;
use std::path::PathBuf;
use tests::servers::Postgres;

/// The log of what was acknowledged: a line each, who paid and with which key.
pub(crate) struct Log(PathBuf);

impl Log {
    /// A new one.
    pub(crate) fn new() -> Self {
        Self(std::env::temp_dir().join(format!("okpay-acknowledged-{}.csv", std::process::id())))
    }

    /// Writes down what a run was acknowledged.
    pub(crate) fn append(&self, acknowledged: &[(UserId, String)]) -> std::io::Result<()> {
        let mut text = String::new();
        for (payer, key) in acknowledged {
            // Writing to a string can't fail.
            let _written = writeln!(text, "{payer},{key}");
        }
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(&self.0)?;
        std::io::Write::write_all(&mut file, text.as_bytes())
    }

    /// Looks each of them up in a database, and empties the log: how many there were.
    ///
    /// # Errors
    /// What is missing, or there twice.
    pub(crate) fn check(&self, server: &Postgres, database: &str) -> Result<u64, String> {
        if !self.0.exists() {
            return Ok(0);
        }
        let copy = format!(
            "CREATE TEMP TABLE acknowledged (actor uuid, key text);\n\\copy acknowledged from '{}' csv\n\
             SELECT count(*), count(t.id), count(DISTINCT t.id) FROM acknowledged a LEFT JOIN transactions t \
             ON t.actor = a.actor AND t.idempotency_key = a.key AND t.state = 'SETTLED';\n",
            self.0.display()
        );
        let said = server.script(database, &copy)?;
        let counts: Vec<u64> = said.trim().split('|').filter_map(|count| count.parse().ok()).collect();
        let &[asked, found, different] = counts.as_slice() else {
            return Err(format!("the checker can't read {said}"));
        };
        if asked != found || asked != different {
            return Err(format!("{asked} acts were acknowledged; {found} are there, {different} different"));
        }
        std::fs::remove_file(&self.0).map_err(|error| error.to_string())?;
        Ok(asked)
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        let _gone = std::fs::remove_file(&self.0);
    }
}

/// Audits the books.
///
/// # Errors
/// The laws that do not hold.
pub(crate) async fn audit(bank: &Bank) -> Result<(), String> {
    let breaches = ledger::audit::run(bank).await.map_err(|error| error.to_string())?;
    if breaches.is_empty() { Ok(()) } else { Err(format!("the audit found {breaches:?}")) }
}
