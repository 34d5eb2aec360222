//! How like two names are, in parts of a thousand, and why.
//!
//! Each word of one is matched with the one of the other that is most like it (Jaro-Winkler, W. E. Winkler 1990, which
//! forgives slips of the pen, and those near the end more). Words of three letters and fewer have to be equal: nearly all
//! of them are like some other. A letter alone is like any word that begins with it. A word counts by its weight: one that
//! few on the lists have counts more than one that many have; a letter alone counts least.
//!
//! What is matched, over what there is, says how much of a name is covered. The score is two thirds that of the name that is
//! covered better and one third that of the other: so who leaves out a second name is found, and who has one word in
//! common is not. One word alone is enough only where both names have no more, and it is the same.

use super::name::Name;
use num_traits::ToPrimitive;
use serde::{Deserialize, Serialize};

/// A whole, in its parts.
pub(super) const WHOLE: i64 = 1_000;
/// From where on two words are one written differently.
pub(super) const ALIKE: i64 = 850;
/// How like a word its first letter alone is.
const INITIAL: i64 = 900;
/// The weight of a letter alone.
pub(super) const LEAST: i64 = 10;
/// Letters of a word that has to be equal.
const SHORT: usize = 3;

/// One line of an explanation: words that were matched, or one that was not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WordMatch {
    /// The word of the person's name.
    pub given: Option<String>,
    /// The word of the name on the list.
    pub listed: Option<String>,
    /// How like they are, of 1000; none, if it was matched with nothing.
    pub similarity: i64,
    /// How much it counts.
    pub weight: i64,
}

/// How like two names are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Likeness {
    /// Of 1000.
    pub(super) score: i64,
    /// Why.
    pub(super) words: Vec<WordMatch>,
}

impl Likeness {
    /// How many words were matched.
    pub(super) fn matched(&self) -> usize {
        self.words.iter().filter(|word| word.similarity > 0).count()
    }
}

/// How like two words are, of 1000.
pub(super) fn similarity(left: &str, right: &str) -> i64 {
    if left == right {
        return WHOLE;
    }
    if left.len() == 1 || right.len() == 1 {
        return if left.as_bytes().first() == right.as_bytes().first() { INITIAL } else { 0 };
    }
    if left.len() <= SHORT || right.len() <= SHORT {
        return 0;
    }
    in_thousandths(strsim::jaro_winkler(left, right))
}

/// The one place where a float is: from the crate that reckons with them to parts of a thousand. It is of no money.
#[expect(clippy::float_arithmetic, reason = "how like two words are comes as a float")]
fn in_thousandths(share: f64) -> i64 {
    (share * 1_000.0).to_i64().unwrap_or(0).clamp(0, WHOLE)
}

/// Compares the name of a person with one on a list.
pub(super) fn compare(given: &Name, listed: &Name, weight: impl Fn(&str) -> i64) -> Likeness {
    let (given, listed) = (given.joined_like(listed), listed.joined_like(given));
    let weight = |word: &str| if word.len() == 1 { LEAST } else { weight(word).max(LEAST) };
    let mut like: Vec<(i64, i64, usize, usize)> = Vec::new();
    for (at, word) in given.words.iter().enumerate() {
        for (there, other) in listed.words.iter().enumerate() {
            let similarity = similarity(word, other);
            if similarity >= ALIKE {
                // Of a letter and a word the letter says how much is known.
                let alone = word.len() == 1 || other.len() == 1;
                let weight = if alone { LEAST } else { weight(word).max(weight(other)) };
                like.push((similarity, weight, at, there));
            }
        }
    }
    // The best first, each word once.
    like.sort_unstable_by_key(|(similarity, weight, at, there)| {
        (std::cmp::Reverse((*similarity, *weight)), *at, *there)
    });
    let (mut words, mut taken, mut matched) = (Vec::new(), Vec::new(), Vec::new());
    for (similarity, weight, at, there) in like {
        if !taken.contains(&at) && !matched.contains(&there) {
            taken.push(at);
            matched.push(there);
            let word = |name: &Name, at: usize| name.words.get(at).cloned();
            words.push(WordMatch {
                given: word(&given, at),
                listed: word(&listed, there),
                similarity,
                weight,
            });
        }
    }
    let left = |name: &Name, taken: &[usize]| {
        let rest = name.words.iter().enumerate().filter(|(at, _)| !taken.contains(at));
        rest.map(|(_, word)| (word.clone(), weight(word))).collect::<Vec<_>>()
    };
    let (over, missing) = (left(&given, &taken), left(&listed, &matched));
    let score = score(&words, sum(&over), sum(&missing));
    let nothing = |given, listed, weight| WordMatch { given, listed, similarity: 0, weight };
    words.extend(over.into_iter().map(|(word, weight)| nothing(Some(word), None, weight)));
    words.extend(missing.into_iter().map(|(word, weight)| nothing(None, Some(word), weight)));
    Likeness { score, words }
}

fn sum(words: &[(String, i64)]) -> i64 {
    words.iter().map(|(_, weight)| *weight).fold(0, i64::saturating_add)
}

/// The score of what was matched, where so much of the name given and of the name listed was not.
fn score(matched: &[WordMatch], over: i64, missing: i64) -> i64 {
    match matched {
        [] => return 0,
        [only] if over > 0 || missing > 0 || only.similarity < WHOLE => return 0,
        [_, ..] => {}
    }
    let whole: i64 = matched.iter().map(|word| word.weight).fold(0, i64::saturating_add);
    let like =
        matched.iter().map(|word| word.weight.saturating_mul(word.similarity)).fold(0, i64::saturating_add);
    let cover = |rest: i64| like.checked_div(whole.saturating_add(rest)).unwrap_or(0);
    let (best, worst) = (cover(over.min(missing)), cover(over.max(missing)));
    best.saturating_mul(2).saturating_add(worst) / 3
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Where few on the lists have a word, but some.
    fn rarity(word: &str) -> i64 {
        match word {
            "al" | "bin" | "ivan" => 40,
            _ => 120,
        }
    }

    fn like(given: &str, listed: &str) -> i64 {
        compare(&Name::read(given), &Name::read(listed), rarity).score
    }

    #[test]
    fn a_name_is_found_however_it_is_written() {
        for (given, listed, least) in [
            ("Zorblax Vanterpool", "VANTERPOOL, Zorblax", 1000),
            ("Zorblåx Vänterpool", "VANTERPOOL, Zorblax", 1000),
            ("Zorblaks Vanterpol", "VANTERPOOL, Zorblax", 930),
            ("Zorblax Vanterpool", "VANTERPOOL, Zorblax Quentin", 880),
            ("Zorblax Q. Vanterpool", "VANTERPOOL, Zorblax Quentin", 980),
            ("Zorblax Quentin Vanterpool", "VANTERPOOL, Zorblax", 880),
            ("Abdulrahman al-Testi", "AL TESTI, Abdul Rahman", 1000),
            ("Abdul Rahman Altesti", "AL TESTI, Abdulrahman", 1000),
            ("Quentin", "QUENTIN", 1000),
        ] {
            let score = like(given, listed);
            assert!(score >= least, "{given} and {listed}: {score}");
        }
    }

    #[test]
    fn another_name_is_another() {
        for (given, listed) in [
            ("Ivan Petrenko", "Igor Petrov"),
            ("Ivan Nopper", "Ivan Vanterpool"),
            ("Ivan", "IVAN Vanterpool"),
            ("Vanterpool", "VANTERPOOL, Zorblax"),
            ("Quentyn", "QUENTIN"),
            ("Li Wei", "Lin Wei"),
            ("Z V", "Zorblax Quentin Vanterpool Nopper"),
            ("Q. Nopper", "VANTERPOOL, Zorblax Quentin"),
            ("", ""),
            ("", "Ivan"),
        ] {
            let score = like(given, listed);
            assert!(score < 850, "{given} and {listed}: {score}");
        }
    }

    #[test]
    fn the_explanation_says_which_word_was_matched_with_which() {
        let found = compare(&Name::read("Ivan Vanterpol X"), &Name::read("Vanterpool Ivan"), rarity);
        let line = |given: &str, listed: &str| {
            let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
            found.words.iter().find(|word| word.given == text(given) && word.listed == text(listed)).cloned()
        };
        assert_eq!(line("ivan", "ivan").map(|line| (line.similarity, line.weight)), Some((1000, 40)));
        assert_eq!(
            line("vanterpol", "vanterpool").map(|line| (line.similarity, line.weight)),
            Some((980, 120))
        );
        assert_eq!(line("x", "").map(|line| (line.similarity, line.weight)), Some((0, LEAST)));
        assert_eq!(found.words.len(), 3);
    }

    proptest! {
        #[test]
        fn any_two_names_have_a_score_and_a_name_is_like_itself(left in "\\PC{0,40}", right in "\\PC{0,40}") {
            let (one, other) = (Name::read(&left), Name::read(&right));
            let score = compare(&one, &other, rarity).score;
            prop_assert!((0..=WHOLE).contains(&score));
            if !one.words.is_empty() {
                prop_assert_eq!(compare(&one, &one, rarity).score, WHOLE);
            }
        }
    }
}
