//! The table: a row a figure, medians over the rounds, and the ratios that the goals are about.
//!
//! Ratios are taken within a round, to the pgbench run of the same minutes, and then the median;
//! they are counted in hundredths, since nothing here needs a fraction of them.

use crate::machine::Cpu;
use std::collections::BTreeMap;
use std::time::Duration;

/// One measured run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Row {
    /// Acts a second.
    pub(crate) rate: u64,
    /// Half of them took no longer.
    pub(crate) p50: Duration,
    /// 99 of 100 took no longer.
    pub(crate) p99: Duration,
    /// Who took how much of the machine.
    pub(crate) cpu: Cpu,
}

/// What was measured, and with how many clients.
pub(crate) type Key = (&'static str, usize);

/// Everything that one round has measured.
pub(crate) type Round = BTreeMap<Key, Row>;

/// A figure with a bar: a ratio of two, or a time in milliseconds.
pub(crate) struct Goal {
    /// What it says.
    pub(crate) figure: &'static str,
    /// Hundredths that it must reach, and those that are the goal. A bar for latencies is a most.
    pub(crate) must: u64,
    /// See `must`.
    pub(crate) goal: u64,
    /// Whether less is better.
    pub(crate) at_most: bool,
    /// Hundredths in a round; none, where a side of it was not measured.
    pub(crate) ratio: fn(&Round) -> Option<u64>,
}

/// The middle one.
pub(crate) fn median<T: Ord + Copy>(mut values: Vec<T>) -> Option<T> {
    values.sort_unstable();
    values.get(values.len().checked_sub(1)? / 2).copied()
}

/// How many hundredths of the second figure the first one is.
pub(crate) fn hundredths(figure: u64, of: u64) -> Option<u64> {
    (figure * 100).checked_div(of)
}

/// The ratio of two rates of a round.
pub(crate) fn rates(round: &Round, figure: Key, of: Key) -> Option<u64> {
    hundredths(round.get(&figure)?.rate, round.get(&of)?.rate)
}

fn decimal(hundredths: u64) -> String {
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

/// A time in hundredths of a millisecond.
pub(crate) fn hundredths_of_ms(time: Duration) -> u64 {
    u64::try_from(time.as_micros() / 10).unwrap_or(u64::MAX)
}

fn milliseconds(time: Duration) -> String {
    // A burst has a rate and nothing else.
    if time.is_zero() { "-".to_owned() } else { decimal(hundredths_of_ms(time)) }
}

/// Prints the figures of all rounds.
pub(crate) fn print(rounds: &[Round], base: Key) {
    println!(
        "| figure | clients | per second | x TPC-B at {} | p50 ms | p99 ms | CPU api / database / load |",
        base.1
    );
    println!("| --- | ---: | ---: | ---: | ---: | ---: | --- |");
    let Some(first) = rounds.first() else {
        return;
    };
    for key in first.keys() {
        let rows: Vec<&Row> = rounds.iter().filter_map(|round| round.get(key)).collect();
        let of =
            |pick: fn(&Row) -> u64| median(rows.iter().map(|row| pick(row)).collect()).unwrap_or_default();
        let time = |pick: fn(&Row) -> Duration| {
            median(rows.iter().map(|row| pick(row)).collect()).unwrap_or_default()
        };
        let ratio = median(rounds.iter().filter_map(|round| rates(round, *key, base)).collect());
        println!(
            "| {} | {} | {} | {} | {} | {} | {} / {} / {} |",
            key.0,
            key.1,
            of(|row| row.rate),
            ratio.map_or("-".to_owned(), decimal),
            milliseconds(time(|row| row.p50)),
            milliseconds(time(|row| row.p99)),
            decimal(of(|row| row.cpu.api)),
            decimal(of(|row| row.cpu.database)),
            decimal(of(|row| row.cpu.load)),
        );
    }
}

/// Prints each goal with what was reached.
pub(crate) fn print_goals(rounds: &[Round], goals: &[Goal]) {
    println!("| ratio | reached (each round) | must | goal | |");
    println!("| --- | ---: | ---: | ---: | --- |");
    for Goal { figure, must, goal, at_most, ratio } in goals {
        let each: Vec<u64> = rounds.iter().filter_map(ratio).collect();
        let Some(reached) = median(each.clone()) else {
            continue;
        };
        let passes = |bar: u64| if *at_most { reached <= bar } else { reached >= bar };
        let verdict = match (passes(*goal), passes(*must)) {
            (true, _) => "goal",
            (false, true) => "must",
            (false, false) => "missed",
        };
        let each: Vec<String> = each.into_iter().map(decimal).collect();
        println!(
            "| {figure} | {} ({}) | {} | {} | {verdict} |",
            decimal(reached),
            each.join(", "),
            decimal(*must),
            decimal(*goal),
        );
    }
}
