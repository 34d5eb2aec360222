//! Rules: what is done about a payment when something is true of its signals. They are data, in the Common Expression
//! Language, such as `new_payee && amount >= 100000 && wallet_days < 30`.
//!
//! Guarantees: a rule that is loaded can be asked about any signals, and answers with true or false in a time that its
//! length bounds: it may add, compare and join what signals there are, and divide by a number other than zero. A
//! number beyond range is the last one within it.
//!
//! Refuses, in words: what can't be read, is longer than [`LENGTH`], has a name that can't be seen, speaks of what there is not, calls functions, loops,
//! divides by what may be zero, or is neither true nor false. The language is that of the crate `cel`, kept by the
//! authors of its Rust port, because operators know it from other systems and it has no loops but over lists, of which
//! there are none here.

use super::expression::Flag;
use crate::visible::is_visible;
use sea_orm::{DeriveActiveEnum, EnumIter};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::sync::Arc;

/// Characters in a rule.
const LENGTH: usize = 500;
/// Brackets that may be open at once; the parser recurses into each.
const BRACKETS: usize = 20;
/// Characters in a rule's name.
const NAME: usize = 100;
/// Rules in a set.
const RULES: usize = 100;

/// What is to be done about a payment, the mildest first.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, EnumIter, DeriveActiveEnum,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Outcome {
    /// Nothing.
    Allow,
    /// The payer is asked.
    Challenge,
    /// It waits for an operator.
    Review,
    /// It is refused.
    Block,
}

/// A rule as it is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// What it is called.
    pub name: String,
    /// When it fires.
    pub when: String,
    /// What is done then.
    pub outcome: Outcome,
    /// Whether it only tells what it would have done.
    #[serde(default)]
    pub shadow: bool,
}

/// A rule that can be asked.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) rule: Rule,
    when: Flag,
}

/// Rules that were loaded together.
#[derive(Debug)]
pub struct RuleSet(pub(super) Vec<Loaded>);

/// The rules that the house begins with.
const BUILT_IN: &str = include_str!("rules.json");

impl RuleSet {
    /// Loads rules.
    ///
    /// # Errors
    /// The first rule that is refused, and why, in words.
    pub fn load(rules: Vec<Rule>) -> Result<Self, String> {
        if rules.is_empty() {
            return Err("there are no rules".to_owned());
        }
        if rules.len() > RULES {
            return Err(format!("there are more than {RULES} rules"));
        }
        let mut names = HashSet::new();
        if let Some(twice) = rules.iter().find(|rule| !names.insert(rule.name.clone())) {
            return Err(format!("there are two rules {}", twice.name));
        }
        let load = |rule: Rule| {
            let refused = |why: String| format!("{}: {why}", rule.name);
            if rule.name.trim().is_empty() {
                return Err(refused("a rule has no name".to_owned()));
            }
            if !is_visible(&rule.name) {
                return Err(refused("its name has characters that can't be shown".to_owned()));
            }
            if rule.name.chars().count() > NAME {
                return Err(refused(format!("its name is longer than {NAME} characters")));
            }
            let when = read(&rule.when).map_err(refused)?;
            Ok(Loaded { rule, when })
        };
        rules.into_iter().map(load).collect::<Result<_, _>>().map(Self)
    }

    /// Loads rules from JSON: a list of objects with `name`, `when`, `outcome` and `shadow`.
    ///
    /// # Errors
    /// The same.
    pub fn parse(json: &str) -> Result<Self, String> {
        Self::load(serde_json::from_str(json).map_err(|error| error.to_string())?)
    }

    /// Loads rules from a file.
    ///
    /// # Errors
    /// The same, or why the file can't be read.
    pub fn open(path: &str) -> Result<Arc<Self>, String> {
        let json = std::fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
        Self::parse(&json).map(Arc::new)
    }

    /// Whether no rule fires, whatever the signals are that are not known.
    pub(super) fn is_silent(&self, signals: &[Option<i64>]) -> bool {
        self.0.iter().all(|loaded| loaded.when.holds(signals) == Some(false))
    }

    /// The rules as they were written.
    pub fn written(&self) -> impl Iterator<Item = &Rule> {
        self.0.iter().map(|loaded| &loaded.rule)
    }

    /// The rules that the house begins with.
    ///
    /// # Errors
    /// None: a test loads them.
    pub fn built_in() -> Result<Self, String> {
        Self::parse(BUILT_IN)
    }
}

impl Loaded {
    /// Whether it fires.
    pub(super) fn fires(&self, signals: &[Option<i64>]) -> bool {
        self.when.holds(signals) == Some(true)
    }
}

fn read(text: &str) -> Result<Flag, String> {
    if text.len() > LENGTH {
        return Err(format!("it is longer than {LENGTH} characters"));
    }
    let mut open = 0_usize;
    for letter in text.chars() {
        match letter {
            '(' | '[' | '{' => open = open.saturating_add(1),
            ')' | ']' | '}' => open = open.saturating_sub(1),
            _ => {}
        }
        if open > BRACKETS {
            return Err("too many brackets are open at once".to_owned());
        }
    }
    Flag::read(text)
}

#[cfg(test)]
mod tests {
    use super::super::signal::Signals;
    use super::*;
    use std::time::{Duration, Instant};

    fn refused(when: &str) -> String {
        let rule = Rule { name: "r".into(), when: when.into(), outcome: Outcome::Block, shadow: false };
        RuleSet::load(vec![rule]).err().unwrap_or_default()
    }

    #[test]
    fn whatever_could_go_wrong_later_is_refused_when_it_is_loaded() {
        for (when, why) in [
            ("", "r: "),
            ("amount >", "r: "),
            ("amount", "neither true nor false"),
            ("amounts > 1", "there is no signal amounts"),
            ("amount / idle_days > 1", "divide by a number other than zero"),
            ("amount / 0 > 1", "divide by a number other than zero"),
            ("amount % (1 - 1) > 1", "divide by a number other than zero"),
            ("new_payee > 1", "> joins what does not fit"),
            ("amount && new_payee", "&& joins what does not fit"),
            ("amount == new_payee", "== joins what does not fit: a flag is no number"),
            ("night ? amount > 1 : amount > 2", "there is no ?:"),
            ("amount > 1.5", "whole numbers only"),
            ("[1, 2].all(x, x > 0)", "whole numbers only"),
            ("size('abc') > 1", "whole numbers only"),
            ("amount in [1]", "whole numbers only"),
            ("amount.abc > 1", "whole numbers only"),
            ("duration('1s') > duration('2s')", "whole numbers only"),
            ("max(amount, 1) > 1", "there is no max"),
            ("{'a': 1}.a == 1", "whole numbers only"),
            ("amount + 9223372036854775807 > 1", "a number is beyond"),
        ] {
            assert!(refused(when).contains(why), "{when}: {}", refused(when));
        }
        assert!(refused(&format!("amount > 1{}", " && amount > 1".repeat(60))).contains("longer"));
        assert!(refused(&format!("{}amount > 1{}", "(".repeat(30), ")".repeat(30))).contains("brackets"));
        assert_eq!(refused("new_payee && !night || amount * 3 / 2 - -5 >= 7 && leaves == false"), "");
        let rule = Rule { name: "r".into(), when: "night".into(), outcome: Outcome::Block, shadow: false };
        assert!(RuleSet::load(vec![rule.clone(), rule]).unwrap_err().contains("two rules"));
        for json in ["", "{}", r#"[{"name":"a"}]"#, r#"[{"name":"a","when":"night","outcome":"KILL"}]"#] {
            assert!(RuleSet::parse(json).is_err(), "{json}");
        }
    }

    #[test]
    fn no_numbers_make_a_rule_go_wrong() {
        let rule = Rule {
            name: "r".into(),
            when: "amount * amount * amount > 1 || night".into(),
            outcome: Outcome::Block,
            shadow: false,
        };
        let set = RuleSet::load(vec![rule]).unwrap();
        let asked = |amount| set.0[0].fires(&Signals { amount, ..Signals::default() }.numbers());
        assert!(asked(2) && !asked(1));
        assert!(asked(i64::MAX), "the largest amounts are no way around it");
    }

    #[test]
    fn what_fires_in_no_case_needs_nothing_to_be_known() {
        let loaded = |when: &str| {
            let rule = Rule { name: "r".into(), when: when.into(), outcome: Outcome::Block, shadow: false };
            RuleSet::load(vec![rule]).unwrap()
        };
        let payment = super::super::signal::tests::payment(10_000, 7);
        let known = payment.signals();
        for (when, silent) in [
            ("new_payee && amount > 10000", true),
            ("amount > 10000 && idle_days > 1 || leaves", true),
            ("amount >= 10000 && new_payee", false),
            ("idle_days + amount > 1", false),
            ("!(new_payee || amount >= 10000)", true),
        ] {
            assert_eq!(loaded(when).is_silent(&known), silent, "{when}");
        }
    }

    #[test]
    fn the_rules_of_the_house_load_and_cost_little() {
        let set = RuleSet::built_in().unwrap();
        assert!(set.0.len() >= 8);
        let signals = Signals { amount: 500_000, ..Signals::default() };
        let started = Instant::now();
        for _ in 0..100 {
            let numbers = signals.numbers();
            assert!(set.0.iter().filter(|loaded| loaded.fires(&numbers)).count() < set.0.len());
        }
        // A hundred payments, unoptimised; what it costs is measured elsewhere.
        assert!(started.elapsed() < Duration::from_secs(20));
    }
}
