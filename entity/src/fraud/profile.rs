//! What is remembered of how a person uses the wallet.
//!
//! Guarantees: bounded, however much happens: the newest [`EVENTS`] events and the newest [`OTHERS`] people of each side
//! are kept, and totals of the rest. Windows that reach beyond the events that are kept count no more than those.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};
use uuid::Uuid;

/// Events that are kept.
const EVENTS: usize = 64;
/// People who were paid, and who have paid, that are kept.
const OTHERS: usize = 128;

/// Whether money came or went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Way {
    /// It came.
    In,
    /// It went.
    Out,
}

/// Money that has moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// When, in seconds of Unix time.
    pub at: i64,
    /// Whether it came or went.
    pub way: Way,
    /// Its worth in cents of euros.
    pub cents: i64,
    /// Who or what is on the other side: a person, or a bank account.
    pub other: u64,
}

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// How far each account was read.
    pub(super) read: BTreeMap<i64, i64>,
    events: VecDeque<Event>,
    payees: VecDeque<u64>,
    payers: VecDeque<u64>,
    /// How often and how much has gone, ever, and the most at once.
    pub(super) out_count: i64,
    pub(super) out_cents: i64,
    pub(super) out_most: i64,
}

/// What stands for somebody in a profile. Ids are random beyond their time, so half of one is enough.
pub(super) fn other(id: Uuid) -> u64 {
    id.as_u64_pair().1
}

impl Profile {
    /// Adds what has happened, after what happened before.
    pub fn add(&mut self, event: Event) {
        let others = match event.way {
            Way::In => &mut self.payers,
            Way::Out => {
                self.out_count = self.out_count.saturating_add(1);
                self.out_cents = self.out_cents.saturating_add(event.cents);
                self.out_most = self.out_most.max(event.cents);
                &mut self.payees
            }
        };
        others.retain(|known| *known != event.other);
        others.push_back(event.other);
        if others.len() > OTHERS {
            others.pop_front();
        }
        self.events.push_back(event);
        if self.events.len() > EVENTS {
            self.events.pop_front();
        }
    }

    /// Whether this one was paid before.
    pub(super) fn has_paid(&self, other: u64) -> bool {
        self.payees.contains(&other)
    }

    /// What went or came in so many seconds before a moment, and since: another process may have a clock that is ahead.
    pub(super) fn within(&self, way: Way, now: i64, seconds: i64) -> impl Iterator<Item = &Event> {
        let from = now.saturating_sub(seconds);
        self.events.iter().filter(move |event| event.way == way && event.at > from)
    }

    /// When anything last happened.
    pub(super) fn last_at(&self) -> Option<i64> {
        self.events.back().map(|event| event.at)
    }

    /// What goes at once, as a rule.
    pub(super) fn usual(&self) -> i64 {
        self.out_cents.checked_div(self.out_count).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_bounded_and_forgets_the_oldest() {
        let mut profile = Profile::default();
        for number in 0..1_000_u32 {
            let way = if number % 2 == 0 { Way::Out } else { Way::In };
            profile.add(Event { at: i64::from(number), way, cents: 100, other: u64::from(number) });
        }
        assert_eq!(
            (profile.events.len(), profile.payees.len(), profile.payers.len()),
            (EVENTS, OTHERS, OTHERS)
        );
        assert!(profile.has_paid(998) && !profile.has_paid(0) && !profile.has_paid(999));
        assert_eq!((profile.out_count, profile.usual(), profile.last_at()), (500, 100, Some(999)));
        assert_eq!(profile.within(Way::Out, 999, 10).count(), 5);
        let text = serde_json::to_string(&profile).unwrap();
        assert!(text.len() < 12_000, "{}", text.len());
        assert_eq!(serde_json::from_str::<Profile>(&text).unwrap(), profile);
    }
}
