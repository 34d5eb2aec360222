//! The goals: what a figure must reach, and what it should.

use crate::table::{self, Goal, Key, Round};

/// The denominator of most ratios.
pub(crate) const TPC_B: Key = ("pgbench TPC-B", 64);
/// SQLite as it is shipped.
pub(crate) const SQLITE: Key = ("SQLite in process", 64);
/// SQLite without coalescing.
pub(crate) const SQLITE_ONE_BY_ONE: Key = ("SQLite, one transaction each", 64);
/// From the commit of a deposit to the call of its bank.
pub(crate) const JOB_START: Key = ("job start after commit, 500/s", 1);
/// Transfers among the people that every database of the benchmark has.
pub(crate) const FRESH: Key = ("in process, fresh", 64);
/// Transfers among many more, with a long past.
pub(crate) const GROWN: Key = ("in process, grown", 64);
/// A page of somebody who has little more than one.
pub(crate) const PAGE_SMALL: Key = ("history page, small", 1);
/// A page of the merchant.
pub(crate) const PAGE_BIG: Key = ("history page, big at random depth", 1);

/// Payments at a steady pace.
pub(crate) const QUIET: Key = ("HTTP at 400/s", 8);
/// The same while sign-ins flood the api.
pub(crate) const FLOODED: Key = ("HTTP at 400/s in a flood of sign-ins", 8);

fn flooded(round: &Round) -> Option<u64> {
    let (flooded, quiet) = (round.get(&FLOODED)?, round.get(&QUIET)?);
    table::hundredths(table::hundredths_of_ms(flooded.p99), table::hundredths_of_ms(quiet.p99))
}

fn p99_of_p50(round: &Round) -> Option<u64> {
    let row = round.get(&("HTTP", 64))?;
    table::hundredths(table::hundredths_of_ms(row.p99), table::hundredths_of_ms(row.p50))
}

fn alone(round: &Round) -> Option<u64> {
    let (ours, theirs) = (round.get(&("HTTP", 1))?, round.get(&(TPC_B.0, 1))?);
    table::hundredths(table::hundredths_of_ms(ours.p50), table::hundredths_of_ms(theirs.p50))
}

/// A figure that is the better the higher it is.
const fn at_least(figure: &'static str, must: u64, goal: u64, ratio: fn(&Round) -> Option<u64>) -> Goal {
    Goal { figure, must, goal, at_most: false, ratio }
}

/// A figure that is the better the lower it is.
const fn at_most(figure: &'static str, must: u64, goal: u64, ratio: fn(&Round) -> Option<u64>) -> Goal {
    Goal { figure, must, goal, at_most: true, ratio }
}

/// All of them, in hundredths.
pub(crate) const GOALS: [Goal; 15] = [
    at_least("HTTP at 64 / TPC-B at 64", 300, 500, |round| table::rates(round, ("HTTP", 64), TPC_B)),
    at_least("HTTP at 256 / TPC-B at 64", 400, 600, |round| table::rates(round, ("HTTP", 256), TPC_B)),
    at_least("HTTP at 64 / one transaction each over HTTP", 400, 800, |round| {
        table::rates(round, ("HTTP", 64), ("HTTP, one transaction each", 64))
    }),
    at_least("in process at 64 / TPC-B at 64", 600, 1000, |round| {
        table::rates(round, ("in process", 64), TPC_B)
    }),
    at_least("all pay one / uniform, HTTP at 64", 90, 120, |round| {
        table::rates(round, ("HTTP, all pay one", 64), ("HTTP", 64))
    }),
    at_most("p99 / p50, HTTP at 64", 400, 250, p99_of_p50),
    at_most("p50 alone over HTTP / pgbench TPC-B alone", 150, 100, alone),
    at_least("ledger stubbed / __typename, HTTP at 64", 50, 75, |round| {
        table::rates(round, ("HTTP, ledger stubbed", 64), ("HTTP, __typename", 64))
    }),
    at_least("HTTP at 64 / the same unscreened", 90, 97, |round| {
        table::rates(round, ("HTTP", 64), ("HTTP, unscreened", 64))
    }),
    at_least("SQLite coalesced / one transaction each, in process at 64", 200, 400, |round| {
        table::rates(round, SQLITE, SQLITE_ONE_BY_ONE)
    }),
    at_most("p99 of payments at 400/s, in a flood of sign-ins / quiet", 200, 120, flooded),
    at_most("job start after commit at 500/s, p50 in ms", 2_000, 500, |round| {
        Some(table::hundredths_of_ms(round.get(&JOB_START)?.p50))
    }),
    at_most("job start after commit at 500/s, p99 in ms", 10_000, 5_000, |round| {
        Some(table::hundredths_of_ms(round.get(&JOB_START)?.p99))
    }),
    at_least("1,000,000 accounts and 10,000,000 postings / 100,000 fresh, at 64", 60, 85, |round| {
        table::rates(round, GROWN, FRESH)
    }),
    at_least("history page, big at random depth / small", 90, 100, |round| {
        table::rates(round, PAGE_BIG, PAGE_SMALL)
    }),
];
