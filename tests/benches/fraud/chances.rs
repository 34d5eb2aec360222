//! Whether the score means what it says: of what it calls so likely, how much was fraud; and what it would find alone.

use crate::table::{Table, share};
use crate::town::Paid;
use std::fmt;

/// Upper ends of the classes, in thousandths.
const CLASSES: [i64; 7] = [10, 50, 200, 500, 800, 950, 1_000];

/// See the module.
#[derive(Default)]
pub(crate) struct Chances(Vec<Paid>);

impl Chances {
    pub(crate) fn add(&mut self, paid: Paid) {
        self.0.push(paid);
    }

    /// What would be found if the score alone reported, at the height where it is wrong about one honest payment in a thousand.
    pub(crate) fn alone(&self) -> String {
        let mut honest: Vec<i64> =
            self.0.iter().filter(|paid| paid.crime.is_none()).map(|paid| paid.signals.score).collect();
        honest.sort_unstable();
        let height = honest.get(honest.len() - honest.len() / 1_000 - 1).copied().unwrap_or(0);
        let mut table = Table::default();
        self.0.iter().for_each(|paid| table.count(paid, paid.signals.score > height));
        format!("above {height}:\n\n{table}")
    }
}

impl fmt::Display for Chances {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| score | payments | mean score | fraud in a thousand |")?;
        writeln!(f, "| --- | ---: | ---: | ---: |")?;
        let mut from = 0;
        for to in CLASSES {
            let last = i64::from(to == 1_000);
            let class = self.0.iter().filter(|paid| (from..to + last).contains(&paid.signals.score));
            let (mut count, mut fraud, mut sum) = (0_u32, 0_u32, 0_i32);
            for paid in class {
                count += 1;
                fraud += u32::from(paid.crime.is_some());
                sum += i32::try_from(paid.signals.score).unwrap_or(0);
            }
            let (mean, share) = (share(sum, count), share(fraud, count) * 1_000.0);
            writeln!(f, "| {from} to {to} | {count} | {mean:.0} | {share:.0} |")?;
            from = to;
        }
        Ok(())
    }
}
