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

/// Whoever has it may wait.
#[derive(Debug)]
pub(crate) struct Place {
    working: Arc<Semaphore>,
    wait: OwnedSemaphorePermit,
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

    /// Takes a place among those who wait, without waiting yet.
    ///
    /// # Errors
    /// `OVERLOADED`.
    pub(crate) fn queue(&self) -> Result<Place> {
        let wait = self.waiting.clone().try_acquire_owned().map_err(|_| Code::Overloaded)?;
        Ok(Place { working: self.working.clone(), wait })
    }

    /// Waits until it may work.
    ///
    /// # Errors
    /// `OVERLOADED`.
    pub(crate) async fn enter(&self) -> Result<Pass> {
        self.queue()?.enter().await
    }
}

impl Place {
    /// Waits until it may work.
    pub(crate) async fn enter(self) -> Result<Pass> {
        let work = self.working.acquire_owned().await.map_err(|_| Fault::Stopped("a turnstile"))?;
        Ok(Pass { _work: work, _wait: self.wait })
    }
}
