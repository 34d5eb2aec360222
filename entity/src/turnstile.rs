//! Turnstiles: so many at work at once, so many waiting, and no more.
//!
//! Guarantees that what is dear can't take everything: whoever comes when all have to wait already is
//! refused at once, with `OVERLOADED`.

use crate::error::{Fault, Result};
use crate::refusal::Code;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// See the module. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Turnstile {
    working: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

/// Whoever has it may work.
#[derive(Debug)]
pub(crate) struct Pass {
    _work: OwnedSemaphorePermit,
    _wait: OwnedSemaphorePermit,
}

impl Turnstile {
    /// For so many at work, and so many who are at work or wait.
    pub(crate) fn new(working: usize, waiting: usize) -> Self {
        Self { working: Arc::new(Semaphore::new(working)), waiting: Arc::new(Semaphore::new(waiting)) }
    }

    /// Waits for a place.
    ///
    /// # Errors
    /// `OVERLOADED`.
    pub(crate) async fn enter(&self) -> Result<Pass> {
        let wait = self.waiting.clone().try_acquire_owned().map_err(|_| Code::Overloaded)?;
        let work = self.working.clone().acquire_owned().await.map_err(|_| Fault::Stopped("a turnstile"))?;
        Ok(Pass { _work: work, _wait: wait })
    }
}
