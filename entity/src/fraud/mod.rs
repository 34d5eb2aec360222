//! Fraud: what is known of how people use their wallets, and what of it looks like theft.
//!
//! Of each person a bounded [profile](Profile) is kept: what came and went lately, and what is usual. Out of the
//! profiles of both sides [signals](Signals) are made for a payment: counts, sums and shares, all whole numbers.
//! One of them is the [score](Score), which is learned. [Rules](rule) are data in the Common Expression Language and speak of signals only. The strictest rule that fires
//! decides, and all that fired are kept with the signals, so that every decision can be explained and made again.
//!
//! Guarantees: profile, signals and rules have no I/O and no clock of their own: the same events in the same order give
//! the same verdict, live, in a replay and in a test. A rule that can't be read, that speaks of what there is not,
//! or could divide by zero or run long, is refused when it is loaded.
//!
//! It is asked twice: the [screen] before the money moves, and the [watch] after it has, which keeps the profiles and tells
//! operators. Rules have [versions](Version), which two reviewers put in force; a [replay] shows what others would have
//! done, and [figures](Figures) how often each was right. Costs a person's profile of at most some kilobytes; what else, is said there.

mod expression;
mod figures;
mod kept;
mod known;
mod learned;
mod moved;
mod profile;
mod recent;
mod replay;
mod rule;
mod score;
mod screen;
mod signal;
mod verdict;
mod version;
mod watch;

pub use figures::{Figures, Sum, figures};
pub use profile::{Event, Profile, Way};
pub use replay::{Changed, Count, Replay, replay};
pub use rule::{Outcome, Rule, RuleSet};
pub use score::Score;
pub use signal::{Payment, SIGNALS, Signal, Signals};
pub use verdict::{Fired, Verdict, judge};
pub use version::{Version, find, in_force};
pub use watch::{Watched, watch};

pub(crate) use kept::reasons;
pub(crate) use learned::learn;
pub(crate) use moved::Moved;
pub(crate) use recent::Screen;
pub(crate) use screen::{Outgoing, screen, would_challenge};
pub(crate) use version::{Rules, check, set};
