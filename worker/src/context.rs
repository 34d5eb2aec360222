//! What every handler works with, and how it leaves a job unfinished.

use crate::gateway::{Gateways, Unreachable};
use chrono::Duration;
use entity::{Bank, Error};

/// What a handler works with.
#[derive(Clone)]
pub struct Context {
    /// The bank.
    pub bank: Bank,
    /// The world outside.
    pub gateways: Gateways,
}

/// Why a handler left its job unfinished.
#[derive(Debug)]
pub(crate) enum Left {
    /// The outside is at work; ask it again after this time.
    Pending(Duration),
    /// It did not work; try again with backoff.
    Failed(String),
}

impl From<Error> for Left {
    fn from(error: Error) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<Unreachable> for Left {
    fn from(Unreachable(reason): Unreachable) -> Self {
        Self::Failed(reason)
    }
}
