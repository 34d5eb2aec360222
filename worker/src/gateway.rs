//! Gateways: our connectors to the world outside, as traits. A test, the simulator and a real
//! bank are the same to the handlers.
//!
//! A call carries a key derived from our id, so that an order given twice is executed once. No
//! call is made inside a database transaction.

use crate::sanction::ListFile;
use async_trait::async_trait;
use entity::instrument::Instrument;
use entity::message::Outgoing;
use entity::rail::Outcome;
use entity::rate::Sheet;
use entity::transaction::Transaction;
use std::sync::Arc;

/// The outside could not be asked; it is asked again later.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Unreachable(pub String);

/// What a rail is to do, or is asked about.
#[derive(Clone, Debug)]
pub struct Order {
    /// The act; its id is the rail's idempotency key.
    pub transaction: Transaction,
    /// The bank account at the other end.
    pub instrument: Instrument,
    /// How often the order was worked on, this time included.
    pub attempt: i32,
}

/// What a rail knows of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known {
    /// It has it, and says these things, in order: usually one, none if the answer does not come,
    /// two if it repeats itself.
    Order(Vec<Outcome>),
    /// It never got it.
    Nothing,
}

/// A way to a bank.
#[async_trait]
pub trait Rail: Send + Sync {
    /// Gives the order. Its answers are those that came in time: none, one or several.
    async fn submit(&self, order: &Order) -> Result<Vec<Outcome>, Unreachable>;

    /// Asks what became of an order that may have been given before.
    async fn inquire(&self, order: &Order) -> Result<Known, Unreachable>;
}

/// What carries messages to people.
#[async_trait]
pub trait Messenger: Send + Sync {
    /// Sends one. The same id is the same message.
    async fn send(&self, message: &Outgoing) -> Result<(), Unreachable>;
}

/// Where exchange rates come from.
#[async_trait]
pub trait RateSource: Send + Sync {
    /// Its name, in the books.
    fn name(&self) -> &str;

    /// What it says that may be new, oldest first; nothing, if it was asked a moment ago.
    async fn sheets(&self) -> Result<Vec<Sheet>, Unreachable>;
}

/// All that is outside.
#[derive(Clone)]
pub struct Gateways {
    /// For deposits and withdrawals.
    pub rail: Arc<dyn Rail>,
    /// For messages to e-mail addresses.
    pub mail: Arc<dyn Messenger>,
    /// For messages to phones.
    pub sms: Arc<dyn Messenger>,
    /// For exchange rates.
    pub rates: Vec<Arc<dyn RateSource>>,
    /// For sanctions lists.
    pub lists: Vec<Arc<ListFile>>,
}
