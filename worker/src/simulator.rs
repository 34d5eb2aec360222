//! The simulated world: a bank, a mail service and a rate source, for development and the demo.
//!
//! The bank does as it is told, except for bank accounts whose IBAN ends in a magic number (see
//! [`Magic`]); the README lists them. It keeps what it was told in the sandbox tables, so that it
//! knows an order again after a restart, and executes none twice.

use crate::gateway::{Gateways, Known, Messenger, Order, Rail, RateSource, Unreachable};
use async_trait::async_trait;
use chrono::{Duration, DurationRound};
use entity::message::Outgoing;
use entity::money::Currency;
use entity::rail::Outcome;
use entity::rate::Sheet;
use entity::transaction::Failure;
use entity::{Bank, Error, sandbox};
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use std::sync::Arc;

/// How long a delayed order takes.
const DELAY: Duration = Duration::seconds(2);
/// How long simulated rates are good.
const GOOD_FOR: Duration = Duration::hours(36);

/// Units of each currency for one euro, in hundred-thousandths.
const PER_EURO: [(&str, i64); 9] = [
    ("USD", 116_250),
    ("GBP", 88_040),
    ("CHF", 92_870),
    ("JPY", 17_912_000),
    ("CNY", 827_400),
    ("KWD", 35_710),
    ("SEK", 1_093_500),
    ("PLN", 424_600),
    ("INR", 10_318_000),
];

/// How the simulated bank treats an account, by the last four digits of its IBAN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Magic {
    /// `0001`: declines.
    Decline,
    /// `0002`: says that the account is closed.
    Closed,
    /// `0003`: accepts, and settles two seconds later.
    Delay,
    /// `0004`: executes, but its answer is lost.
    AnswerLost,
    /// `0005`: answers twice.
    Twice,
    /// `0006`: the first order is lost on its way.
    OrderLost,
    /// `0007`: can't be reached.
    Down,
    /// Anything else: settles at once.
    Settle,
}

impl Magic {
    fn of(order: &Order) -> Self {
        match order.instrument.iban.get(order.instrument.iban.len().saturating_sub(4)..) {
            Some("0001") => Self::Decline,
            Some("0002") => Self::Closed,
            Some("0003") => Self::Delay,
            Some("0004") => Self::AnswerLost,
            Some("0005") => Self::Twice,
            Some("0006") => Self::OrderLost,
            Some("0007") => Self::Down,
            Some(_) | None => Self::Settle,
        }
    }
}

/// See the module.
#[derive(Clone, Debug)]
pub struct Simulator {
    bank: Bank,
}

/// The whole simulated world, on the sandbox tables of this bank.
pub fn gateways(bank: &Bank) -> Gateways {
    let simulator = Arc::new(Simulator { bank: bank.clone() });
    Gateways {
        rail: simulator.clone(),
        mail: simulator.clone(),
        sms: simulator.clone(),
        rates: vec![simulator],
        lists: Vec::new(),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it stands behind map_err")]
fn unreachable(error: Error) -> Unreachable {
    Unreachable(error.to_string())
}

#[async_trait]
impl Rail for Simulator {
    async fn submit(&self, order: &Order) -> Result<Vec<Outcome>, Unreachable> {
        let magic = Magic::of(order);
        if magic == Magic::Down {
            return Err(Unreachable("the simulated bank is down for this account".to_owned()));
        }
        if magic == Magic::OrderLost && order.attempt == 1 {
            return Ok(Vec::new());
        }
        let taken = sandbox::take_order(&self.bank, &order.transaction, &order.instrument);
        taken.await.map_err(unreachable)?;
        Ok(match magic {
            Magic::Decline => vec![Outcome::Failed(Failure::Declined)],
            Magic::Closed => vec![Outcome::Failed(Failure::AccountClosed)],
            Magic::Delay => vec![Outcome::Accepted],
            Magic::AnswerLost => Vec::new(),
            Magic::Twice => vec![Outcome::Settled, Outcome::Settled],
            Magic::OrderLost | Magic::Down | Magic::Settle => vec![Outcome::Settled],
        })
    }

    async fn inquire(&self, order: &Order) -> Result<Known, Unreachable> {
        let magic = Magic::of(order);
        if magic == Magic::Down {
            return Err(Unreachable("the simulated bank is down for this account".to_owned()));
        }
        let found = sandbox::find_order(&self.bank, order.transaction.terms.id);
        let Some(found) = found.await.map_err(unreachable)? else {
            return Ok(Known::Nothing);
        };
        let ready = self.bank.clock.now() >= found.received_at + DELAY;
        Ok(Known::Order(vec![match magic {
            Magic::Decline => Outcome::Failed(Failure::Declined),
            Magic::Closed => Outcome::Failed(Failure::AccountClosed),
            Magic::Delay if !ready => Outcome::Accepted,
            Magic::Delay
            | Magic::AnswerLost
            | Magic::Twice
            | Magic::OrderLost
            | Magic::Down
            | Magic::Settle => Outcome::Settled,
        }]))
    }
}

#[async_trait]
impl Messenger for Simulator {
    async fn send(&self, message: &Outgoing) -> Result<(), Unreachable> {
        sandbox::deliver(&self.bank, message).await.map_err(unreachable)
    }
}

#[async_trait]
impl RateSource for Simulator {
    fn name(&self) -> &str {
        "SIMULATOR"
    }

    /// A little more or less each minute, by up to a fifth of a percent.
    async fn sheets(&self) -> Result<Vec<Sheet>, Unreachable> {
        let now = self.bank.clock.now();
        let as_of =
            now.duration_trunc(Duration::minutes(1)).map_err(|error| Unreachable(error.to_string()))?;
        let wiggle = |at: i64| (as_of.timestamp() / 60 + at).wrapping_mul(7_919).rem_euclid(41) - 20;
        let mut rates = BTreeMap::new();
        for (at, (code, rate)) in (0..).zip(PER_EURO) {
            let currency = Currency::parse(code).map_err(|refusal| Unreachable(refusal.to_string()))?;
            let now = rate + rate * wiggle(at) / 10_000;
            rates.insert(currency, Decimal::new(now, 5));
        }
        let sheet = Sheet::new(self.name(), Currency::EUR, (as_of, GOOD_FOR), rates, now);
        Ok(vec![sheet.map_err(Unreachable)?])
    }
}
