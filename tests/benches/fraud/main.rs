//! How good the eye for fraud is: months of honest customers and of thieves, made by a seed, judged by the rules of the
//! house and by its score. `cargo bench --bench fraud` prints the tables; `-- --seed N --people N` makes another world, `-- --rules
//! FILE` judges by other rules. `-- --teach FILE` learns the score anew and keeps it there; `-- --score FILE` judges by that.
//!
//! What it measures: of all that thieves moved, how much was reported (`recall`, by payments and by money), for each way
//! of stealing; of all reports, how many were right (`precision`); and how many honest payments in a thousand were
//! reported. Profiles, signals and rules are those of the product, in the order in which it would see them.
//!
//! `-- --rules FILE --replay 100000` writes the town's past into a database and shows what these rules would have made of it, as
//! `replay` does for operators.
//!
//! Score and rules were made in towns whose thieves have the [habits](habits) `taught`; they are judged in another one, whose thieves
//! have other habits.
#![expect(clippy::float_arithmetic, reason = "chance and shares of a simulation, no money of anybody")]

mod chance;
mod chances;
mod crime;
mod habits;
mod honest;
mod past;
mod table;
mod teach;
mod town;

use chances::Chances;
use clap::{Parser, ValueEnum};
use entity::fraud::{Outcome, RuleSet, Score, judge};
use habits::Habits;
use std::error::Error;
use std::path::PathBuf;
use table::Table;
use town::{Paid, Town};

/// What is simulated.
#[derive(Parser)]
struct Plan {
    /// What chance begins with
    #[arg(long, default_value_t = 9)]
    seed: u64,
    /// Honest customers
    #[arg(long, default_value_t = 4_000)]
    people: u32,
    /// Days; the first 60 are what profiles are made of
    #[arg(long, default_value_t = 150)]
    days: u32,
    /// What thieves are like
    #[arg(long, default_value = "other")]
    thieves: Thieves,
    /// Devices and sessions are not known
    #[arg(long)]
    no_devices: bool,
    /// A file of rules, instead of those of the house
    #[arg(long)]
    rules: Option<PathBuf>,
    /// Learn the score anew, and keep it in this file
    #[arg(long)]
    teach: Option<PathBuf>,
    /// A file of a score that was learned, instead of that of the house
    #[arg(long)]
    score: Option<PathBuf>,
    /// Show what the rules of `--rules` would have made of so many of the last transactions, beside those of the house
    #[arg(long, requires = "rules", value_name = "TRANSACTIONS")]
    replay: Option<u64>,
    /// What cargo adds for benchmarks
    #[arg(long, hide = true)]
    bench: bool,
}

/// Whose habits thieves have.
#[derive(Clone, Copy, ValueEnum)]
enum Thieves {
    Taught,
    Other,
}

impl Thieves {
    fn habits(self) -> &'static Habits {
        match self {
            Self::Taught => &habits::TAUGHT,
            Self::Other => &habits::OTHER,
        }
    }
}

/// Lives so many days in a town, and shows each payment after the first 60.
fn live(town: &mut Town, days: u32, mut show: impl FnMut(Paid)) {
    for day in 0..days {
        honest::live(town, day);
        crime::commit(town, day);
        for paid in town.settle_day() {
            if day >= 60 {
                show(paid);
            }
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let plan = Plan::parse();
    if let Some(file) = &plan.teach {
        return teach::teach(plan.people, plan.days, file);
    }
    let rules = match &plan.rules {
        Some(file) => RuleSet::parse(&std::fs::read_to_string(file)?)?,
        None => RuleSet::built_in()?,
    };
    let mut town = Town::new(plan.seed, plan.people, plan.thieves.habits(), !plan.no_devices);
    if let Some(last) = plan.replay {
        live(&mut town, plan.days, drop);
        return past::replay(&town, &rules, last);
    }
    let without = rules.written().filter(|rule| !rule.when.contains("score")).cloned();
    let alone = RuleSet::load(without.collect())?;
    let (mut by_rules, mut by_all, mut chances) = (Table::default(), Table::default(), Chances::default());
    let score = match &plan.score {
        Some(file) => Some(Score::parse(&std::fs::read_to_string(file)?)?),
        None => None,
    };
    live(&mut town, plan.days, |mut paid| {
        if let Some(score) = &score {
            paid.signals.score = score.per_mille(&paid.signals);
        }
        by_rules.count(&paid, judge(&alone, &paid.signals).outcome > Outcome::Allow);
        let verdict = judge(&rules, &paid.signals);
        by_all.count(&paid, verdict.outcome > Outcome::Allow);
        by_all.count_rules(&paid, &verdict);
        chances.add(paid);
    });
    println!("{} people, days 60 to {}, seed {}", plan.people, plan.days, plan.seed);
    println!("\nRules alone:\n\n{by_rules}");
    println!("\nThe score alone, {}\n", chances.alone());
    println!("\nRules with the score:\n\n{by_all}\n{}", by_all.rules());
    println!("{chances}");
    Ok(())
}
