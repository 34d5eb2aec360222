//! The table: what was reported, and what should have been.

use crate::town::{Crime, Paid};
use entity::fraud::Verdict;
use std::collections::BTreeMap;
use std::fmt;

/// Payments and their money, all and those that were reported.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    all: u32,
    all_cents: i64,
    hit: u32,
    hit_cents: i64,
}

impl Tally {
    fn add(&mut self, cents: i64, reported: bool) {
        self.all += 1;
        self.all_cents += cents;
        if reported {
            self.hit += 1;
            self.hit_cents += cents;
        }
    }
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Table {
    honest: Tally,
    crimes: BTreeMap<Crime, Tally>,
    /// Right and wrong reports of each rule.
    rules: BTreeMap<String, (u32, u32)>,
}

impl Table {
    pub(crate) fn count(&mut self, paid: &Paid, reported: bool) {
        match paid.crime {
            Some(crime) => self.crimes.entry(crime).or_default().add(paid.cents, reported),
            None => self.honest.add(paid.cents, reported),
        }
    }

    pub(crate) fn count_rules(&mut self, paid: &Paid, verdict: &Verdict) {
        for fired in &verdict.fired {
            let (right, wrong) = self.rules.entry(fired.rule.clone()).or_default();
            *(if paid.crime.is_some() { right } else { wrong }) += 1;
        }
    }

    /// How often each rule was right and wrong.
    pub(crate) fn rules(&self) -> String {
        let line =
            |(rule, (right, wrong)): (&String, &(u32, u32))| format!("| {rule} | {right} | {wrong} |\n");
        let lines: String = self.rules.iter().map(line).collect();
        format!("| rule | right | wrong |\n| --- | ---: | ---: |\n{lines}")
    }
}

pub(crate) fn share(part: impl Into<f64>, of: impl Into<f64>) -> f64 {
    let of = of.into();
    if of > 0.0 { part.into() / of } else { 0.0 }
}

/// Cents as a number of euros, for a share.
fn euros(cents: i64) -> f64 {
    i32::try_from(cents / 100).map_or(f64::from(i32::MAX), f64::from)
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| way | payments | reported | recall | recall of the money |")?;
        writeln!(f, "| --- | ---: | ---: | ---: | ---: |")?;
        let mut all = Tally::default();
        for (crime, tally) in &self.crimes {
            let Tally { all: payments, all_cents, hit, hit_cents } = *tally;
            all = Tally {
                all: all.all + payments,
                all_cents: all.all_cents + all_cents,
                hit: all.hit + hit,
                hit_cents: all.hit_cents + hit_cents,
            };
            let (recall, money) = (share(hit, payments), share(euros(hit_cents), euros(all_cents)));
            writeln!(f, "| {crime:?} | {payments} | {hit} | {recall:.2} | {money:.2} |")?;
        }
        let (recall, money) = (share(all.hit, all.all), share(euros(all.hit_cents), euros(all.all_cents)));
        writeln!(f, "| all | {} | {} | {recall:.2} | {money:.2} |", all.all, all.hit)?;
        let (wrong, honest) = (self.honest.hit, self.honest.all);
        writeln!(
            f,
            "\nOf {honest} honest payments {wrong} were reported, {:.2} in a thousand; precision {:.2}.",
            share(wrong, honest) * 1_000.0,
            share(all.hit, all.hit + wrong)
        )?;
        Ok(())
    }
}
