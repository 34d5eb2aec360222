//! Verdicts: what all rules together say of a payment.
//!
//! Guarantees: the strictest rule decides; every rule that fired is named, with those that only watch apart.

use super::rule::{Outcome, RuleSet};
use super::signal::Signals;
use serde::{Deserialize, Serialize};

/// A rule that fired.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fired {
    /// Its name.
    pub rule: String,
    /// What it would have done about it.
    pub outcome: Outcome,
    /// Whether it only tells.
    pub shadow: bool,
}

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What is done.
    pub outcome: Outcome,
    /// Why.
    pub fired: Vec<Fired>,
}

/// Judges a payment by its signals.
pub fn judge(rules: &RuleSet, signals: &Signals) -> Verdict {
    let numbers = signals.numbers();
    let fires = rules.0.iter().filter(|loaded| loaded.fires(&numbers));
    let fired = fires.map(|loaded| Fired {
        rule: loaded.rule.name.clone(),
        outcome: loaded.rule.outcome,
        shadow: loaded.rule.shadow,
    });
    let fired: Vec<Fired> = fired.collect();
    let strictest = fired.iter().filter(|fired| !fired.shadow).map(|fired| fired.outcome).max();
    Verdict { outcome: strictest.unwrap_or(Outcome::Allow), fired }
}

#[cfg(test)]
mod tests {
    use super::super::rule::Rule;
    use super::*;

    #[test]
    fn the_strictest_decides_and_all_are_named() {
        let rule = |name: &str, outcome, shadow| Rule {
            name: name.to_owned(),
            when: "amount > 100".to_owned(),
            outcome,
            shadow,
        };
        let rules = RuleSet::load(vec![
            rule("ask", Outcome::Challenge, false),
            rule("block", Outcome::Block, true),
            rule("hold", Outcome::Review, false),
        ])
        .unwrap();
        let verdict = judge(&rules, &Signals { amount: 101, ..Signals::default() });
        assert_eq!((verdict.outcome, verdict.fired.len()), (Outcome::Review, 3));
        let quiet = judge(&rules, &Signals { amount: 100, ..Signals::default() });
        assert_eq!((quiet.outcome, quiet.fired.len()), (Outcome::Allow, 0));
    }
}
