//! The bank: everything that commands and queries need, opened once.

use crate::bell::Bell;
use crate::clock::Clock;
use crate::db::Db;
use crate::id::Ids;
use crate::keys::Keys;
use crate::ledger::Ledger;
use crate::password::Passwords;

/// An open bank. Clones share it.
#[derive(Clone, Debug)]
pub struct Bank {
    /// For queries.
    pub db: Db,
    /// What tells the time.
    pub clock: Clock,
    /// Rung when there is something to do later.
    pub bell: Bell,
    /// The secrets of the house.
    pub keys: Keys,
    /// Whether the world outside is simulated.
    pub sandbox: bool,
    pub(crate) ids: Ids,
    pub(crate) ledger: Ledger,
    pub(crate) passwords: Passwords,
}

impl Bank {
    /// Opens the bank on a database that has been migrated. Needs a Tokio runtime: the ledger's
    /// writer starts here and ends with the last clone.
    pub fn open(db: Db, keys: Keys, clock: Clock, sandbox: bool) -> Self {
        let bell = Bell::new();
        Self {
            ledger: Ledger::start(db.clone(), clock.clone(), bell.clone()),
            ids: Ids::default(),
            passwords: Passwords::new(),
            db,
            clock,
            bell,
            keys,
            sandbox,
        }
    }
}
