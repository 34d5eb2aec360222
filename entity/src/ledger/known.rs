//! Balances as this process last saw them, so that most batches need not read before they write.
//!
//! Guarantees nothing: another process may have moved on. A batch that is decided on them is
//! written only where they still hold, and a refusal is never decided on them. Bounded.

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
