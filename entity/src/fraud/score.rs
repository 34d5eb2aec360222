//! The score: how likely it is that a payment is fraud, in thousandths, from all its signals together. It is a signal
//! itself, so that rules speak of it: it is held, measured, replayed and put in force like all they say.
//!
//! It is a forest of decision trees that was learned from labelled payments, with the crate `forust-ml`, because it is small,
//! explains what it says, and writes what it has learned as a file. `score.json` was learned by
//! `cargo bench --bench fraud -- --teach`, which says of what; whoever has payments of its own that were found out makes its own.
//!
//! Guarantees: no I/O; the same signals have the same score; where more is asked, or a wallet or a device is younger, all else the
//! same, it is not lower, but for some thousandths. What each signal adds can be shown. Costs some microseconds. The
//! numbers with a point in here are chances: no money is made of them.
#![expect(clippy::float_arithmetic, reason = "chances, no money")]

use super::signal::{SIGNALS, Signals};
use forust_ml::constraints::{Constraint, ConstraintMap};
use forust_ml::gradientbooster::{ContributionsMethod, GrowPolicy};
use forust_ml::sampler::SampleMethod;
use forust_ml::{GradientBooster, Matrix};
use std::sync::LazyLock;

/// Its own name among the signals.
const OWN: &str = "score";
/// Where the names of the signals are kept that were learned from, in the order of their numbers.
const NAMES: &str = "signals";
/// Trees, how many ends each has at most, and how much of what is left each explains.
const TREES: usize = 90;
const ENDS: usize = 12;
const PACE: f32 = 0.12;
/// Signals that make fraud likelier the more there is of them, and the less.
const MORE: [&str; 6] =
    ["amount", "new_payee", "usual_percent", "most_percent", "out_count_hour", "payee_payers_day"];
const LESS: [&str; 5] = ["wallet_days", "payee_days", "device_days", "country_days", "session_minutes"];

/// See the module.
pub struct Score {
    forest: GradientBooster,
    /// Places among the signals of what was learned from.
    places: Vec<usize>,
}

/// What was learned last.
static IN_FORCE: LazyLock<Option<Score>> = LazyLock::new(|| Score::parse(include_str!("score.json")).ok());

impl Score {
    /// Whether what was learned last can be read: a house that scores nothing would not say so.
    pub(crate) fn is_readable() -> bool {
        IN_FORCE.is_some()
    }

    /// The score of these signals, in thousandths.
    pub(super) fn of(signals: &Signals) -> i64 {
        IN_FORCE.as_ref().map_or(0, |score| score.per_mille(signals))
    }

    /// What each signal adds to the score or takes from it, in hundredths of the logarithm of its odds, in the order of
    /// [`SIGNALS`]: that of a signal that was not learned from is not known.
    pub fn reasons(values: &[i64]) -> Vec<Option<i64>> {
        let mut reasons = vec![None; SIGNALS.len()];
        let Some(score) = IN_FORCE.as_ref() else { return reasons };
        let row = score.row(values);
        let matrix = Matrix::new(&row, 1, row.len());
        let added = score.forest.predict_contributions(&matrix, ContributionsMethod::Shapley, false);
        for (place, added) in score.places.iter().zip(added) {
            if let Some(reason) = reasons.get_mut(*place) {
                *reason = Some(whole(added * 100.0));
            }
        }
        reasons
    }

    /// The score of these signals by what this one has learned, in thousandths.
    pub fn per_mille(&self, signals: &Signals) -> i64 {
        let values: Vec<i64> = signals.values().map(|(_, value)| value).collect();
        let row = self.row(&values);
        let odds = self.forest.predict(&Matrix::new(&row, 1, row.len()), false);
        odds.first().map_or(0, |odds| whole(1_000.0 / (1.0 + (-odds).exp())))
    }

    fn row(&self, values: &[i64]) -> Vec<f64> {
        self.places.iter().map(|place| number(values.get(*place).copied().unwrap_or(0))).collect()
    }

    /// Learns from payments of which it is known whether they were fraud.
    ///
    /// # Errors
    /// Why nothing can be learned from them, in words.
    pub fn learn(labelled: &[(Signals, bool)]) -> Result<Self, String> {
        let places: Vec<usize> = (0..SIGNALS.len()).filter(|place| SIGNALS[*place].name != OWN).collect();
        let rows: Vec<Vec<i64>> =
            labelled.iter().map(|(signals, _)| signals.values().map(|(_, value)| value).collect()).collect();
        let columns: Vec<f64> =
            places.iter().flat_map(|place| rows.iter().map(|row| number(row[*place]))).collect();
        let labels: Vec<f64> = labelled.iter().map(|(_, fraud)| f64::from(u8::from(*fraud))).collect();
        let matrix = Matrix::new(&columns, rows.len(), places.len());
        let mut forest = seed().set_monotone_constraints(Some(ways(&places)));
        forest.fit_unweighted(&matrix, &labels, None).map_err(|error| error.to_string())?;
        let names: Vec<&str> = places.iter().map(|place| SIGNALS[*place].name).collect();
        forest.insert_metadata(NAMES.to_owned(), names.join(" "));
        Ok(Self { forest, places })
    }

    /// What was learned, to be kept in a file.
    ///
    /// # Errors
    /// None but those of the crate.
    pub fn to_text(&self) -> Result<String, String> {
        self.forest.json_dump().map_err(|error| error.to_string())
    }

    /// Reads what was learned.
    ///
    /// # Errors
    /// Why it can't be read, in words: it is no such text, or speaks of a signal that there is not.
    pub fn parse(text: &str) -> Result<Self, String> {
        let forest = GradientBooster::from_json(text).map_err(|error| error.to_string())?;
        let names = forest.get_metadata(&NAMES.to_owned()).ok_or("it does not say what it learned from")?;
        let place = |name: &str| {
            let place = SIGNALS.iter().position(|signal| signal.name == name && name != OWN);
            place.ok_or_else(|| format!("there is no signal {name}"))
        };
        let places = names.split(' ').map(place).collect::<Result<_, _>>()?;
        Ok(Self { forest, places })
    }
}

/// What trees are to be like.
fn seed() -> GradientBooster {
    let mut forest = GradientBooster::default()
        .set_iterations(TREES)
        .set_max_leaves(ENDS)
        .set_learning_rate(PACE)
        .set_max_depth(6)
        .set_min_leaf_weight(4.0)
        .set_sample_method(SampleMethod::Random)
        .set_subsample(0.7)
        .set_seed(1);
    forest.grow_policy = GrowPolicy::LossGuide;
    forest
}

fn ways(places: &[usize]) -> ConstraintMap {
    let way = |(column, place): (usize, &usize)| {
        let name = &SIGNALS[*place].name;
        if MORE.contains(name) {
            Some((column, Constraint::Positive))
        } else if LESS.contains(name) {
            Some((column, Constraint::Negative))
        } else {
            None
        }
    };
    places.iter().enumerate().filter_map(way).collect()
}

/// A whole number as one with a point; beyond what 32 bits hold, all are alike.
fn number(value: i64) -> f64 {
    f64::from(i32::try_from(value).unwrap_or(if value < 0 { i32::MIN } else { i32::MAX }))
}

/// The nearest whole number.
#[expect(clippy::as_conversions, clippy::cast_possible_truncation, reason = "some thousands at most")]
fn whole(value: f64) -> i64 {
    value.round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    fn values(signals: &Signals) -> Vec<i64> {
        signals.values().map(|(_, value)| value).collect()
    }

    /// A payment of everyday life, and one with which a wallet is emptied by another device.
    fn two() -> (Signals, Signals) {
        let everyday = Signals {
            amount: 2_400,
            wallet_days: 400,
            payee_days: 500,
            session_minutes: 5_000,
            device_days: 300,
            country_days: 300,
            balance_percent: 2,
            usual_percent: 110,
            most_percent: 10,
            paid_before: 80,
            out_count_hour: 1,
            out_count_day: 1,
            out_day: 2_400,
            payees_day: 1,
            alike_day: 1,
            ..Signals::default()
        };
        let emptied = Signals {
            amount: 150_000,
            new_payee: 1,
            payee_days: 3,
            session_minutes: 10,
            device_days: 0,
            balance_percent: 90,
            usual_percent: 5_000,
            most_percent: 300,
            out_day: 150_000,
            ..everyday.clone()
        };
        (everyday, emptied)
    }

    #[test]
    fn what_was_learned_tells_theft_from_everyday_life_and_says_why() {
        let score = Score::parse(include_str!("score.json")).unwrap();
        let (everyday, emptied) = two();
        assert!(score.per_mille(&everyday) < 20, "{}", score.per_mille(&everyday));
        assert!(score.per_mille(&emptied) > 800, "{}", score.per_mille(&emptied));
        let reasons = Score::reasons(&values(&emptied));
        let of = |name: &str| reasons[SIGNALS.iter().position(|signal| signal.name == name).unwrap()];
        assert!(of("payee_days").unwrap() > 0 && of("score").is_none());
        // What each adds, and what all begin with, is the score.
        let begin = Score::reasons(&values(&everyday)).into_iter().flatten().sum::<i64>();
        assert!(reasons.into_iter().flatten().sum::<i64>() > begin);
    }

    type Change<'a> = &'a dyn Fn(&mut Signals, i64);

    #[test]
    fn more_money_a_younger_wallet_or_device_is_never_less_suspicious() {
        let (_, emptied) = two();
        let score = |change: Change, value| {
            let mut signals = emptied.clone();
            change(&mut signals, value);
            Score::of(&signals)
        };
        let rising: [Change; 4] = [
            &|signals, value| signals.amount = value * 1_000,
            &|signals, value| signals.wallet_days = 1_000 - value,
            &|signals, value| signals.payee_days = 1_000 - value,
            &|signals, value| signals.device_days = 1_000 - value,
        ];
        for change in rising {
            let scores: Vec<i64> = (0..1_000).step_by(10).map(|value| score(change, value)).collect();
            let falls = scores.windows(2).any(|pair| pair[1] < pair[0] - 10);
            assert!(!falls, "{scores:?}");
        }
    }

    #[test]
    fn what_can_be_learned_is_learned_kept_and_read_again() {
        let payment = |amount: i64| Signals { amount, ..Signals::default() };
        let labelled: Vec<(Signals, bool)> =
            (0..2_000).map(|amount| (payment(amount), amount >= 1_000)).collect();
        let learned = Score::learn(&labelled).unwrap();
        let read = Score::parse(&learned.to_text().unwrap()).unwrap();
        assert!(read.per_mille(&payment(100)) < 50 && read.per_mille(&payment(1_900)) > 950);
        assert_eq!(read.per_mille(&payment(1_001)), learned.per_mille(&payment(1_001)));
        assert!(Score::parse("{}").is_err());
        let other = learned.to_text().unwrap().replace("payee_days", "payee_nights");
        assert!(Score::parse(&other).err().unwrap().contains("payee_nights"));
    }

    #[test]
    fn it_costs_microseconds() {
        let (_, emptied) = two();
        let begin = Instant::now();
        let all: i64 = (0..1_000).map(|_| Score::of(&emptied)).sum();
        println!("{all} {:?} for a thousand", begin.elapsed());
    }
}
