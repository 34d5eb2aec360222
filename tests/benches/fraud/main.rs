//! How good the eye for fraud is: months of honest customers and of thieves, made by a seed, judged by the rules of the
//! house. `cargo bench --bench fraud` prints the table; `-- --seed N --people N` makes another world, and `-- --rules FILE`
//! judges by other rules.
//!
//! What it measures: of all that thieves moved, how much was reported (`recall`, by payments and by money), for each way
//! of stealing; of all reports, how many were right (`precision`); and how many honest payments in a thousand were
//! reported. Profiles, signals and rules are those of the product, in the order in which it would see them.
#![expect(clippy::float_arithmetic, reason = "chance and shares of a simulation, no money of anybody")]

mod chance;
mod crime;
mod honest;
mod table;
mod town;

use clap::Parser;
use entity::fraud::{Outcome, RuleSet, judge};
use std::error::Error;
use std::path::PathBuf;
use table::Table;
use town::Town;

/// What is simulated.
#[derive(Parser)]
struct Plan {
    /// What chance begins with
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// Honest customers
    #[arg(long, default_value_t = 4_000)]
    people: u32,
    /// Days
    #[arg(long, default_value_t = 150)]
    days: u32,
    /// A file of rules, instead of those of the house
    #[arg(long)]
    rules: Option<PathBuf>,
    /// What cargo adds for benchmarks
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> Result<(), Box<dyn Error>> {
    let plan = Plan::parse();
    let rules = match &plan.rules {
        Some(file) => RuleSet::parse(&std::fs::read_to_string(file)?)?,
        None => RuleSet::built_in()?,
    };
    let mut town = Town::new(plan.seed, plan.people);
    let mut table = Table::default();
    // The first two months are what the profiles are made of.
    for day in 0..plan.days {
        honest::live(&mut town, day);
        crime::commit(&mut town, day);
        for paid in town.settle_day() {
            if day >= 60 {
                let verdict = judge(&rules, &paid.signals);
                table.count(&paid, verdict.outcome > Outcome::Allow, &verdict);
            }
        }
    }
    println!("{} people, days 60 to {}, seed {}\n", plan.people, plan.days, plan.seed);
    println!("{table}");
    Ok(())
}
