//! Balances as this process last saw them, so that most batches need not read before they write.
//!
//! Guarantees nothing of the balances: another process may have moved on. A batch that is decided on them is
//! written only where they still hold, and a refusal is never decided on them. But what is proven of an owner
//! was true at the number that stands beside it: only [`Books::prove`](super::Books::prove) says so, after the
//! commit of a statement that found that number. Bounded.

use super::books::Balance;
use crate::id::AccountId;
use quick_cache::sync::Cache;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

/// See the module. Clones share it.
#[derive(Clone)]
pub(crate) struct Known(Arc<Cache<AccountId, Balance>>);

impl fmt::Debug for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Known")
    }
}

impl Known {
    /// So many are remembered.
    pub(crate) fn new(remembered: usize) -> Self {
        Self(Arc::new(Cache::new(remembered)))
    }

    /// Those of these accounts that are remembered.
    pub(crate) fn of(&self, accounts: &BTreeSet<AccountId>) -> BTreeMap<AccountId, Balance> {
        accounts.iter().filter_map(|id| Some((*id, self.0.get(id)?))).collect()
    }

    /// Whether one of these balances, which were just read, was moved by another process.
    pub(crate) fn is_behind(&self, balances: &BTreeMap<AccountId, Balance>) -> bool {
        balances.iter().any(|(id, read)| self.0.peek(id).is_some_and(|known| known.seq != read.seq))
    }

    /// Says of balances that were just read what is proven of their owners.
    pub(crate) fn prove(&self, balances: &mut BTreeMap<AccountId, Balance>) {
        for (id, balance) in balances {
            if let Some(known) = self.0.peek(id)
                && known.proven.revocations == balance.proven.revocations
            {
                balance.proven = known.proven;
            }
        }
    }

    /// Remembers balances that were just read or written.
    pub(crate) fn keep(&self, balances: &BTreeMap<AccountId, Balance>) {
        for (id, balance) in balances {
            self.0.insert(*id, balance.clone());
        }
    }

    /// Remembers a balance that was read in passing, unless one is known that may be newer.
    pub(crate) fn meet(&self, id: AccountId, balance: Balance) {
        if self.0.peek(&id).is_none() {
            self.0.insert(id, balance);
        }
    }

    /// Forgets what may be out of date.
    pub(crate) fn forget(&self, accounts: &BTreeSet<AccountId>) {
        for id in accounts {
            self.0.remove(id);
        }
    }
}
