//! What wakes a worker on Redis.
//!
//! apalis-redis looks for tickets when its worker is polled, so something has to wake that. The
//! strategies of apalis lose wake-ups (a stream that was read while a look was under way is not
//! waited for again), hence one of our own.

use apalis::prelude::{PollSnapshot, PollStrategy};
use futures::task::AtomicWaker;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Interval, MissedTickBehavior, interval};

/// How often a worker looks for tickets that it was not woken for.
const LOOK: Duration = Duration::from_millis(250);
/// A look may be under way when the bell rings, and miss the ticket: so it looks again.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// Wakes the worker of one kind, whichever is sitting there.
#[derive(Default)]
pub(super) struct Bell {
    rung: AtomicBool,
    sleeper: AtomicWaker,
}

impl Bell {
    pub(super) fn ring(&self) {
        self.rung.store(true, Ordering::Release);
        self.sleeper.wake();
    }
}

/// When a worker looks for tickets: when the bell rings, a little later, and regularly.
pub(super) struct Wakes {
    bell: Arc<Bell>,
    looks: Interval,
}

impl Wakes {
    pub(super) fn new(bell: Arc<Bell>) -> Self {
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { bell, looks }
    }
}

impl PollStrategy for Wakes {
    fn poll_drive(&mut self, cx: &mut Context<'_>, _: &PollSnapshot) -> Poll<Option<()>> {
        self.bell.sleeper.register(cx.waker());
        let rung = self.bell.rung.swap(false, Ordering::AcqRel);
        if rung {
            self.looks.reset_after(LOOK_AGAIN);
        }
        let due = self.looks.poll_tick(cx).is_ready();
        if !(rung || due) {
            return Poll::Pending;
        }
        // The look that this poll starts, or the next one if this poll ends a look.
        cx.waker().wake_by_ref();
        Poll::Ready(Some(()))
    }
}
