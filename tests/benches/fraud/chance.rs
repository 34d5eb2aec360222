//! Chance, from a seed.

use crate::habits::Bounds;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// See the module.
pub(crate) struct Chance(StdRng);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(StdRng::seed_from_u64(seed))
    }

    /// A number from one to below another.
    pub(crate) fn between(&mut self, from: i64, to: i64) -> i64 {
        if from < to { self.0.random_range(from..to) } else { from }
    }

    /// A number within bounds.
    pub(crate) fn within(&mut self, (from, to): Bounds) -> i64 {
        self.between(from, to)
    }

    /// One of so many.
    pub(crate) fn one_of(&mut self, count: usize) -> usize {
        self.0.random_range(0..count.max(1))
    }

    /// True so many times in a thousand.
    pub(crate) fn thousandth(&mut self, times: u32) -> bool {
        self.0.random_range(0..1_000) < times
    }

    /// An amount around a middle, as prices are: many below it, few far above.
    pub(crate) fn price(&mut self, middle: i64) -> i64 {
        // The product of some even chances is near enough to a log-normal one.
        let factor: f64 = (0..4).map(|_| self.0.random_range(0.55..1.75)).product();
        #[expect(
            clippy::as_conversions,
            clippy::cast_possible_truncation,
            clippy::cast_precision_loss,
            reason = "an amount of some thousands"
        )]
        let cents = (middle as f64 * factor) as i64;
        cents.max(50)
    }
}
