//! Rails that a test can steer.

use async_trait::async_trait;
use entity::id::TransactionId;
use entity::rail::Outcome;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Semaphore;
use worker::gateway::{Known, Order, Rail, Unreachable};

/// A bank that executes every order once, however often it is given, and counts how often it was
/// told. It answers only as long as its gate lets calls through.
#[derive(Clone)]
pub struct CountingRail {
    told: Arc<Mutex<HashMap<TransactionId, u32>>>,
    gate: Arc<Semaphore>,
}

impl CountingRail {
    /// An open bank.
    pub fn open() -> Self {
        Self { told: Arc::default(), gate: Arc::new(Semaphore::new(Semaphore::MAX_PERMITS)) }
    }

    /// A bank that takes orders and does not answer until [`CountingRail::answer`].
    pub fn silent() -> Self {
        Self { told: Arc::default(), gate: Arc::new(Semaphore::new(0)) }
    }

    /// From now on the bank answers.
    pub fn answer(&self) {
        self.gate.add_permits(Semaphore::MAX_PERMITS);
    }

    /// How often the bank was told each order.
    pub fn told(&self) -> HashMap<TransactionId, u32> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn pass(&self) -> Result<(), Unreachable> {
        let pass = self.gate.acquire().await;
        pass.map(drop).map_err(|error| Unreachable(error.to_string()))
    }
}

#[async_trait]
impl Rail for CountingRail {
    async fn submit(&self, order: &Order) -> Result<Vec<Outcome>, Unreachable> {
        {
            let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
            let times = told.entry(order.transaction.terms.id).or_default();
            *times = times.saturating_add(1);
        }
        self.pass().await?;
        Ok(vec![Outcome::Settled])
    }

    async fn inquire(&self, order: &Order) -> Result<Known, Unreachable> {
        self.pass().await?;
        let known = self.told().contains_key(&order.transaction.terms.id);
        Ok(if known { Known::Order(vec![Outcome::Settled]) } else { Known::Nothing })
    }
}
