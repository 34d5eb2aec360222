//! Time as a parameter. Nothing in the house reads the system's clock but [`Clock::system`].
//!
//! Times have microseconds, as PostgreSQL stores them, so that what was written is what is read.

use chrono::{DateTime, Duration, DurationRound, Utc};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// A moment in UTC, to the microsecond.
pub type Time = DateTime<Utc>;

/// What tells the time.
#[derive(Clone)]
pub struct Clock(Source);

#[derive(Clone)]
enum Source {
    System,
    /// The system's time plus so many microseconds: a test moves ahead without waiting.
    Ahead(Arc<AtomicI64>),
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// The machine's clock, which [`Clock::advance`] can put forward.
    pub fn adjustable() -> Self {
        Self(Source::Ahead(Arc::default()))
    }

    /// The time now.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the system's clock")]
    pub fn now(&self) -> Time {
        let now = Utc::now();
        let now = now.duration_trunc(Duration::microseconds(1)).unwrap_or(now);
        match &self.0 {
            Source::System => now,
            Source::Ahead(micros) => now + Duration::microseconds(micros.load(Ordering::SeqCst)),
        }
    }

    /// Puts an adjustable clock forward; the machine's clock is left alone.
    pub fn advance(&self, by: Duration) {
        if let Source::Ahead(micros) = &self.0 {
            micros.fetch_add(by.num_microseconds().unwrap_or(0), Ordering::SeqCst);
        }
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}
